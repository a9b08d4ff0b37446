#!/usr/bin/env python3
"""The counterpart of runtime/examples/group_failures.c for asyncio: same structure, same output."""
import asyncio
import sys


async def wait_until(when):
    loop = asyncio.get_running_loop()
    due = loop.create_future()
    timer = loop.call_at(when, lambda: due.done() or due.set_result(None))
    try:
        await due
    finally:
        timer.cancel()


async def run_child(when, error):
    try:
        await wait_until(when)
    except asyncio.CancelledError:
        print("child cancelled", flush=True)
        raise
    print("child runs to its end", flush=True)
    if error:
        raise error


async def run(plan):
    start = asyncio.get_running_loop().time()
    try:
        async with asyncio.TaskGroup() as group:
            for tenths, error in plan:
                group.create_task(run_child(start + tenths / 10, error))
    except ExceptionGroup as errors:
        print(errors, flush=True)
        for error in errors.exceptions:
            print(f"  {error!r}", flush=True)


if __name__ == "__main__":
    wrong_type, wrong_value = (lambda: TypeError("wrong type")), ValueError("wrong value")
    if sys.argv[1:] == ["--at-once"]:
        asyncio.run(run([(3, None), (4, None), (1, wrong_type()), (1, wrong_type()), (2, wrong_value)]))
    else:
        asyncio.run(run([(3, None), (4, None), (2, wrong_type()), (5, wrong_type()), (1, wrong_value)]))
