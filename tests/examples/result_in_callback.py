#!/usr/bin/env python3
"""The counterpart of runtime/examples/result_in_callback.c for asyncio: same structure, same output."""
import asyncio

results = []


def when_done(task):
    error = task.exception()
    if isinstance(error, TimeoutError):
        print(f"log: {task.get_name()} timed out (text '{error}')", flush=True)
    elif error:
        print(f"log: {task.get_name()} failed: {error}", flush=True)
    results.append(task.result())


async def good():
    await asyncio.sleep(0.1)
    return 42


async def bad():
    try:
        await asyncio.sleep(0.2)
        raise ValueError("not a number")
    except ValueError as error:
        raise RuntimeError(f"guarded: {error}")


async def late():
    await asyncio.wait_for(asyncio.sleep(5), 0.3)


def on_error(loop, context):
    print(f"handler: {context['message']}", flush=True)
    print(f"  exception: {context['exception']!r}, keys: {', '.join(sorted(context))}", flush=True)


async def run():
    asyncio.get_running_loop().set_exception_handler(on_error)
    for work in (good, bad, late):
        asyncio.create_task(work(), name=work.__name__).add_done_callback(when_done)
    await asyncio.sleep(0.6)
    for result in results:
        print(f"result: {result}", flush=True)


if __name__ == "__main__":
    asyncio.run(run())
