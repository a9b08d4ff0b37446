#!/usr/bin/env python3
"""The counterpart of runtime/examples/blocking_server.c for asyncio: same structure, same output."""
import asyncio
import select
import socket
import sys
import threading


def shown(line):
    return line.decode().replace("\r\n", "$")


def receive(connection, patience=None):
    if not select.select([connection], [], [], patience)[0]:
        return None
    return connection.recv(63)


def be_one_client(address, how):
    with socket.create_connection(address) as client:
        if how == "--hang-up":
            client.sendall(b"half")
        else:
            client.sendall(b"orange7\r\n")
            print(f"client got {shown(receive(client))}", flush=True)


def be_two_clients(address, how):
    first = socket.create_connection(address)
    first.sendall(b"one\r\n")
    print(f"first got {shown(receive(first))}", flush=True)
    second = socket.create_connection(address)
    second.sendall(b"two\r\n")
    if receive(second, 0.3) is None:
        print("second got nothing in 0.3 s", flush=True)
    first.sendall(b"more\r\n")
    print(f"after first sent again: first got {shown(receive(first))}, second got {shown(receive(second))}", flush=True)
    first.close()
    second.close()


def read_line(connection, is_telling):
    line = b""
    while line[-2:] != b"\r\n":
        piece = connection.recv(2)
        if not piece:
            if is_telling:
                print("end of stream", flush=True)
            break
        if is_telling:
            print(f"piece of {len(piece)}", flush=True)
        line += piece
    return line


async def serve_one(server, how):
    print("waiting for a client", flush=True)
    connection, _ = server.accept()
    line = read_line(connection, True)
    print(f"line {shown(line)}", flush=True)
    if how != "--hang-up":
        connection.sendall(line)
    connection.close()


async def serve_two(server, how):
    connections = []
    while len(connections) < 2:
        connections.append(server.accept()[0])
        print(f"server: connection {len(connections)}", flush=True)
        for number, connection in enumerate(connections, 1):
            line = read_line(connection, False)
            print(f"server: line {shown(line)} from {number}", flush=True)
            connection.sendall(line)


async def run(how):
    is_two = how == "--two"
    server = socket.create_server(("127.0.0.1", 0))
    arguments = (server.getsockname(), how)
    clients = threading.Thread(target=be_two_clients if is_two else be_one_client, args=arguments)
    clients.start()
    await asyncio.create_task((serve_two if is_two else serve_one)(server, how), name="serve")
    clients.join()
    server.close()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1] if len(sys.argv) > 1 else ""))
