#!/usr/bin/env python3
"""The counterpart of runtime/examples/callback_future.c for asyncio: same structure, same output."""
import asyncio


def ring(seconds):
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def rang():
        if not future.done():
            future.set_result(None)

    timer = loop.call_later(seconds, rang)
    future.add_done_callback(lambda done: timer.cancel())
    return future


async def main():
    await ring(0.02)
    print("the bell rang", flush=True)
    try:
        async with asyncio.timeout(0.02):
            await ring(1000)
    except TimeoutError:
        print("nobody waits for the other one any more", flush=True)


asyncio.run(main())
