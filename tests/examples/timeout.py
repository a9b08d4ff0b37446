#!/usr/bin/env python3
"""The counterpart of runtime/examples/timeout.c for asyncio: same structure, same output."""
import asyncio
import sys


async def query():
    print("query begins", flush=True)
    try:
        await asyncio.sleep(0.4)
    except asyncio.CancelledError:
        print("query is cancelled", flush=True)
        raise
    print("query ends", flush=True)


async def be_impatient():
    try:
        async with asyncio.timeout(0.1):
            await query()
    except TimeoutError:
        print("the query took too long", flush=True)


async def read_rows():
    try:
        try:
            async with asyncio.timeout(0.15) as timeout:
                for row in range(1, 4):
                    await asyncio.sleep(0.1)
                    print(f"row {row}", flush=True)
                    timeout.reschedule(asyncio.get_running_loop().time() + 0.15)
                await asyncio.sleep(10)
        finally:
            print(f"expired: {int(timeout.expired())}", flush=True)
    except TimeoutError:
        print("the next row took too long", flush=True)


async def nest():
    try:
        async with asyncio.timeout(0.25):
            for _ in range(10):
                await be_impatient()
    except TimeoutError:
        print("all of them took too long", flush=True)


async def deaf_query():
    try:
        await asyncio.sleep(0.4)
    except BaseException:
        pass


async def be_deaf():
    await asyncio.wait_for(asyncio.create_task(deaf_query(), name="deaf"), 0.1)
    print("returned", flush=True)


async def app(mode):
    modes = {"--progress": read_rows, "--nested": nest, "--deaf": be_deaf}
    await modes.get(mode, be_impatient)()


asyncio.run(app(sys.argv[1] if len(sys.argv) > 1 else ""))
