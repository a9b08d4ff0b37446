"""echo.py asyncio|uvloop: the echo server of bench_echo.c in Python: a task for each connection, by streams. Its listener is
descriptor 3. Exits with 3 where there is no uvloop."""
import asyncio
import socket
import sys

if sys.argv[1] == "uvloop":
    try:
        import uvloop
    except ImportError:
        sys.exit(3)
    uvloop.install()


async def echo(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(echo, sock=socket.socket(fileno=3))
    await server.serve_forever()


asyncio.run(main())
