#!/usr/bin/env python3
"""The counterpart of runtime/examples/exception_handler.c for asyncio: same structure, same output."""
import asyncio
import os
import sys

handler_calls = 0
background = []  # asyncio itself holds tasks weakly only


def on_error(loop, context):
    global handler_calls
    handler_calls += 1
    print(f"handler: {context['message']}: {context['exception']}", flush=True)
    loop.stop()


async def job(number):
    await asyncio.sleep(0.1 * number)
    print(f"job {number} fails", flush=True)
    raise RuntimeError(f"job {number} went wrong")


def yes_or_no(is_yes):
    return "yes" if is_yes else "no"


def keep_two(loop):
    first = loop.create_task(job(1), name="job-1")
    second = loop.create_task(job(2), name="job-2")
    loop.create_task(job(3), name="job-3")
    loop.run_forever()
    print(f"stopped; job 1 is done: {yes_or_no(first.done())}, job 2 is done: {yes_or_no(second.done())}", flush=True)
    loop.close()
    del first
    del second


async def stop_later():
    await asyncio.sleep(0.6)
    asyncio.get_running_loop().stop()


def keep_all(loop):
    held = [loop.create_task(job(number), name=f"job-{number}") for number in (1, 2, 3)]
    background.append(loop.create_task(stop_later(), name="stop"))
    loop.run_forever()
    all_done = all(task.done() for task in held)
    print(f"stopped by a task; all are done: {yes_or_no(all_done)}; handler calls: {handler_calls}", flush=True)
    loop.close()
    print("end", flush=True)
    os._exit(0)  # a program in C frees nothing when it ends


def release_later(loop):
    held = {number: loop.create_task(job(number), name=f"job-{number}") for number in (1, 2, 3)}

    async def release_all():
        await asyncio.sleep(0.5)
        for number in (2, 1, 3):
            print(f"releasing job {number}", flush=True)
            del held[number]
        print("all are released", flush=True)

    background.append(loop.create_task(release_all(), name="release"))
    loop.run_forever()
    loop.close()


def main():
    run = {(): keep_two, ("--all-kept",): keep_all, ("--released-later",): release_later}[tuple(sys.argv[1:])]
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)
    run(loop)
    print("end", flush=True)


if __name__ == "__main__":
    main()
