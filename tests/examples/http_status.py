#!/usr/bin/env python3
"""The counterpart of runtime/examples/http_status.c for asyncio: same structure, same output."""
import asyncio
import socket
import sys

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def receive_until(connection, end):
    text = b""
    while end not in text:
        received = await asyncio.get_running_loop().sock_recv(connection, 255)
        if not received:
            break
        text += received
    return text


class Server:
    async def answer(self, connection):
        request = await receive_until(connection, b"\r\n\r\n")
        if b" /two " in request:
            await asyncio.sleep(0.2)
        await asyncio.get_running_loop().sock_sendall(connection, NOT_FOUND)
        connection.close()

    async def accept_connections(self):
        while True:
            connection, _ = await asyncio.get_running_loop().sock_accept(self.listener)
            connection.setblocking(False)
            asyncio.create_task(self.answer(connection))

    def start(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.accepting = asyncio.create_task(self.accept_connections(), name="server")

    async def stop(self):
        self.accepting.cancel()
        try:
            await self.accepting
        except asyncio.CancelledError:
            pass
        self.listener.close()


async def get(port, path):
    connection = socket.socket()
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    print(f"GET {path}", flush=True)
    try:
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        line = (await receive_until(connection, b"\r\n")).split(b"\r\n")[0]
    except OSError as error:
        raise RuntimeError(f"{path}: {type(error).__name__}")
    finally:
        connection.close()
    status = line.decode().split(" ", 1)[1]
    if int(status.split()[0]) >= 400:
        raise RuntimeError(f"{path}: {status}")


async def fill(port, name):
    await get(port, "/" + name)


async def gather_both(tasks):
    try:
        await asyncio.gather(*tasks)
    except RuntimeError as error:
        caught = error
    tasks.clear()
    await asyncio.sleep(0.4)
    print("both requests have failed by now", flush=True)
    print(f"caught {caught!r}", flush=True)
    return 1


async def gather_values(tasks):
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for name, result in zip(("one", "two"), results):
        print(f"{name}: {result!r}", flush=True)
    return 0


async def wait_for_both(tasks):
    done, pending = await asyncio.wait(tasks)
    print(f"wait returned: {len(done)} done, {len(pending)} pending", flush=True)
    del done
    while tasks:
        print(f"letting go of {tasks[0].get_name()}", flush=True)
        del tasks[0]
    return 0


async def wait_and_read(tasks):
    await asyncio.wait(tasks)
    for task in tasks:
        try:
            task.result()
        except RuntimeError as error:
            print(f"{task.get_name()}: {error}", flush=True)
    return 0


async def refused(port):
    task = asyncio.create_task(fill(port, "one"), name="fill-one")
    try:
        await asyncio.gather(task)
    except RuntimeError as error:
        print(f"context: {type(error.__context__).__name__}", flush=True)
        print(f"caught {error!r}", flush=True)
        return 1


async def run(how):
    server = Server()
    server.start()
    if how == "--refused":
        await server.stop()
        return await refused(server.port)
    ways = {"--values": gather_values, "--wait": wait_for_both, "--wait-read": wait_and_read}
    tasks = [asyncio.create_task(fill(server.port, name), name="fill-" + name) for name in ("one", "two")]
    status = await ways.get(how, gather_both)(tasks)
    await server.stop()
    return status


if __name__ == "__main__":
    sys.exit(asyncio.run(run(sys.argv[1] if len(sys.argv) > 1 else "")))
