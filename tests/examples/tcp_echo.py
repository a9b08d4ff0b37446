#!/usr/bin/env python3
"""The counterpart of runtime/examples/tcp_echo.c for asyncio: same structure, same output."""
import asyncio
import signal
import sys

clients = set()


async def echo(reader, writer):
    clients.add(asyncio.current_task())
    try:
        while line := await reader.readline():
            if line.startswith(b"boom"):
                raise RuntimeError("Unexpected network error")
            writer.write(line)
            await writer.drain()
    finally:
        clients.discard(asyncio.current_task())
        writer.close()


def close_server(server):
    print("stopping", flush=True)
    server.close()


async def serve(port):
    server = await asyncio.start_server(echo, "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, close_server, server)
    try:
        await server.serve_forever()
    except asyncio.CancelledError:
        if asyncio.current_task().cancelling():
            raise
    finally:
        left = set(clients)
        if left:
            _, left = await asyncio.wait(left, timeout=0.5)
        for client in left:
            client.cancel()


asyncio.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
