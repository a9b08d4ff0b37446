#!/usr/bin/env python3
"""The counterpart of runtime/examples/tcp_client.c for asyncio: same structure, same output."""
import asyncio
import sys


async def send_input(writer):
    loop = asyncio.get_running_loop()
    while data := await loop.run_in_executor(None, sys.stdin.buffer.read1, 4096):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def print_answers(reader):
    while line := await reader.readline():
        print("> " + line.decode(), end="", flush=True)


async def run(arguments):
    if len(arguments) == 2:
        reader, writer = await asyncio.open_connection(arguments[0], int(arguments[1]), happy_eyeballs_delay=0.25)
    else:
        reader, writer = await asyncio.open_unix_connection(arguments[0])
    async with asyncio.TaskGroup() as group:
        group.create_task(send_input(writer))
        await print_answers(reader)
    writer.close()


asyncio.run(run(sys.argv[1:]))
