#!/usr/bin/env python3
"""The counterpart of runtime/examples/semaphore.c for asyncio: same structure, same output."""
import asyncio

REQUESTS = 5
AT_ONCE = 2
running = 0


async def perform(number):
    global running
    running += 1
    print(f"request {number} begins, running: {running}", flush=True)
    try:
        for _ in range(3):
            await asyncio.sleep(0)
    finally:
        running -= 1
    if number == 2:
        raise ConnectionResetError("request 2 was refused")
    print(f"request {number} ends", flush=True)


async def run_request(limit, number):
    async with limit:
        await perform(number)


async def app():
    limit = asyncio.Semaphore(AT_ONCE)
    tasks = [asyncio.create_task(run_request(limit, number)) for number in range(1, REQUESTS + 1)]
    await asyncio.sleep(0)
    tasks[3].cancel("too late")
    for number, outcome in enumerate(await asyncio.gather(*tasks, return_exceptions=True), 1):
        print(f"{number}: {'done' if outcome is None else type(outcome).__name__}", flush=True)
    print(f"free again: {'no' if limit.locked() else 'yes'}", flush=True)


asyncio.run(app())
