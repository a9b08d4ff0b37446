#!/usr/bin/env python3
"""The counterpart of runtime/examples/guest.c for asyncio: same structure, same output."""
import asyncio

TICKS = 5
tick_count = 0


async def main():
    loop = asyncio.get_running_loop()
    third_tick = loop.create_future()
    last_tick = loop.create_future()

    def tick():
        global tick_count
        tick_count += 1
        print(f"callback: tick {tick_count}", flush=True)
        if tick_count == 3:
            third_tick.set_result(None)
        if tick_count == TICKS:
            last_tick.set_result(None)
        else:
            loop.call_later(0.04, tick)

    async def look():
        print("task: begins", flush=True)
        await asyncio.sleep(0.06)
        print(f"task: {tick_count} tick by now", flush=True)
        await third_tick
        print("task: the third tick has come", flush=True)

    loop.call_later(0.04, tick)
    task = asyncio.create_task(look())
    await last_tick
    await task


asyncio.run(main())
