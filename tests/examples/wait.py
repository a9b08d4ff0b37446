#!/usr/bin/env python3
"""The counterpart of runtime/examples/wait.c for asyncio: same structure, same output."""
import asyncio
import sys

DOWNLOADS = (("slow", 0.3, False), ("quick", 0.05, False), ("broken", 0.1, True))


async def run(name, duration, fails):
    await asyncio.sleep(duration)
    if fails:
        raise RuntimeError(f"{name}: no such file")
    return name


def read_end(task):
    try:
        task.result()
        print(f"{task.get_name()}: done", flush=True)
    except RuntimeError as error:
        print(f"{task.get_name()}: failed, {error}", flush=True)


def in_order(tasks, done):
    return [task for task in tasks if task in done]


async def wait_again_and_again(tasks):
    pending = tasks
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in in_order(tasks, done):
            read_end(task)


async def wait_for_exception(tasks, reads):
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    print(f"{len(done)} are done", flush=True)
    for task in in_order(tasks, done) if reads else ():
        read_end(task)
    for task in pending:
        task.cancel()
    await asyncio.sleep(0)


async def wait_with_timeout(tasks):
    done, pending = await asyncio.wait(tasks, timeout=0.15)
    for task in in_order(tasks, done):
        read_end(task)
    for task in pending:
        print(f"{task.get_name()}: takes too long", flush=True)


async def iterate(tasks):
    for first in asyncio.as_completed(tasks, timeout=0.15):
        try:
            print(f"{await first}: done", flush=True)
        except asyncio.TimeoutError:
            print("one takes too long", flush=True)
        except RuntimeError as error:
            print(f"one failed, {error}", flush=True)


async def app(mode):
    tasks = [asyncio.create_task(run(*download), name=download[0]) for download in DOWNLOADS]
    if mode in ("--exception", "--unread"):
        await wait_for_exception(tasks, mode == "--exception")
    elif mode == "--timeout":
        await wait_with_timeout(tasks)
    elif mode == "--completed":
        await iterate(tasks)
    else:
        await wait_again_and_again(tasks)


asyncio.run(app(sys.argv[1] if len(sys.argv) > 1 else ""))
