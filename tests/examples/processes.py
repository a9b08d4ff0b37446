#!/usr/bin/env python3
"""The counterpart of runtime/examples/processes.c for asyncio: same structure, same output."""
import asyncio
import os
import tempfile
from asyncio.subprocess import PIPE


async def talk():
    process = await asyncio.create_subprocess_exec("tr", "a-z", "A-Z", stdin=PIPE, stdout=PIPE)
    out, _ = await process.communicate(b"hello child\n")
    print(f"tr: {process.returncode} {out.decode()}", end="", flush=True)


async def lose_patience():
    process = await asyncio.create_subprocess_exec("sleep", "1000")
    try:
        await asyncio.wait_for(process.wait(), 0.05)
    except asyncio.TimeoutError:
        print("sleep: takes too long", flush=True)
        process.kill()
        print(f"sleep: {await process.wait()}", flush=True)


async def start_nothing():
    try:
        await asyncio.create_subprocess_exec("/no/such/program")
    except FileNotFoundError:
        print("/no/such/program: not found", flush=True)


def write_and_read():
    descriptor, path = tempfile.mkstemp()
    os.close(descriptor)
    with open(path, "w") as file:
        file.write("kept\n")
    with open(path) as file:
        data = file.read()
    os.unlink(path)
    return data


async def main():
    task = asyncio.create_task(asyncio.to_thread(write_and_read))
    await talk()
    await lose_patience()
    await start_nothing()
    print(f"file: {await task}", end="", flush=True)


asyncio.run(main())
