#!/usr/bin/env python3
"""The counterpart of runtime/examples/echo_server.c for asyncio: same structure, same output."""
import argparse
import asyncio
import logging
import signal
import socket

LINE_BYTES = 4096

held = []         # --hold: the tasks of the clients
connections = []  # C closes nothing that goes out of sight, so nothing here may go out of sight
log = logging.getLogger("echo_server")  # nobody configures it: the bare message and the traceback go to stderr


class Input:
    """What has been received of a client and not been sent back."""

    def __init__(self):
        self.data = b""

    async def receive_line(self, connection):
        while b"\n" not in self.data and len(self.data) < LINE_BYTES:
            received = await asyncio.get_running_loop().sock_recv(connection, LINE_BYTES - len(self.data))
            if not received:
                return b""
            self.data += received
        length = self.data.find(b"\n") + 1 or LINE_BYTES
        line, self.data = self.data[:length], self.data[length:]
        return line


async def echo(connection):
    data = Input()
    while line := await data.receive_line(connection):
        if line == b"boom\r\n":
            raise RuntimeError("Unexpected network error")
        await asyncio.get_running_loop().sock_sendall(connection, line)
    connection.close()


async def echo_log_and_close(connection):
    try:
        await echo(connection)
    except Exception as error:
        log.exception("%s: %s", asyncio.current_task().get_name(), error)
    finally:
        connection.close()


async def listen_for_connections(listener, arguments):
    client_count = 0
    while True:
        connection, _ = await asyncio.get_running_loop().sock_accept(listener)
        connection.setblocking(False)
        connections.append(connection)
        client_count += 1
        serve_client = echo_log_and_close if arguments.log_and_close else echo
        task = asyncio.create_task(serve_client(connection), name=f"client-{client_count}")
        if arguments.hold or arguments.await_held:
            held.append(task)
        del task


async def await_held():
    for task in held:
        if not task.done():
            task.cancel()
        try:
            await task
        except (asyncio.CancelledError, RuntimeError) as error:
            print(f"{task.get_name()}: {error!r}", flush=True)


async def serve(arguments):
    listener = socket.create_server(("127.0.0.1", arguments.port))
    listener.setblocking(False)
    print(listener.getsockname()[1], flush=True)
    listening = asyncio.create_task(listen_for_connections(listener, arguments), name="listen")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, listening.cancel)
    try:
        await listening
    except asyncio.CancelledError:
        if asyncio.current_task().cancelling():
            raise
        print("stopping", flush=True)
        if arguments.await_held:
            await await_held()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--hold", action="store_true")
    parser.add_argument("--await", action="store_true", dest="await_held")
    parser.add_argument("--log-and-close", action="store_true")
    asyncio.run(serve(parser.parse_args()))
    held.clear()  # after an interrupt the interpreter lets go of them, at its very end


if __name__ == "__main__":
    main()
