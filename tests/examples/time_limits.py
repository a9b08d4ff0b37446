#!/usr/bin/env python3
"""The counterpart of runtime/examples/time_limits.c for asyncio: same structure, same output."""
import asyncio


async def slow(name):
    try:
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        print(f"{name} was cancelled", flush=True)
        raise


async def stubborn(_):
    try:
        await asyncio.sleep(5)
    except asyncio.CancelledError:
        raise KeyError("cleanup") from None


async def quick(value):
    await asyncio.sleep(0.1)
    return value


async def call(work, arg, limit):
    print(f"in time: {await asyncio.wait_for(work(arg), limit)}", flush=True)


async def print_caught(awaitable, who):
    try:
        await awaitable
    except Exception as error:
        cause = type(error.__cause__).__name__ if error.__cause__ else None
        text = error.args[0] if error.args else ""
        print(f"{who}: {error!r}, text '{text}', cause {cause}", flush=True)


async def block():
    global limit
    async with asyncio.timeout(0.2) as limit:
        await slow("block")


async def run():
    await print_caught(call(slow, "call", 0.2), "call")
    await print_caught(block(), "block")
    print(f"expired: {'yes' if limit.expired() else 'no'}", flush=True)
    await print_caught(call(stubborn, None, 0.2), "stubborn")
    await call(quick, "a value", 1)
    print(f"main cancelling: {asyncio.current_task().cancelling()}", flush=True)


if __name__ == "__main__":
    asyncio.run(run())
