#!/usr/bin/env python3
"""The counterpart of runtime/examples/graceful_shutdown.c for asyncio: same structure, same output."""
import asyncio
import gc
import os
import signal
import sys

WORKER_NAMES = ("worker-1", "worker-2", "worker-3")

tasks_at_work = set()  # asyncio itself holds tasks weakly only


def spawn(loop, coroutine, name):
    task = loop.create_task(coroutine, name=name)
    tasks_at_work.add(task)
    task.add_done_callback(tasks_at_work.discard)


async def cancel_others(looks):
    # all_tasks() is a set; the names are in the order of creation
    others = sorted(asyncio.all_tasks() - {asyncio.current_task()}, key=creation_rank)
    for task in others:
        task.cancel()
    print(f"cancelled {len(others)} tasks", flush=True)
    results = await asyncio.gather(*others, return_exceptions=True)
    if looks:
        for number, result in enumerate(results, 1):
            print(f"  task {number} ended with {type(result).__name__}", flush=True)


def creation_rank(task):
    return ("good-worker", "bad-worker", *WORKER_NAMES).index(task.get_name())


async def shut_down(loop, signal_number):
    if signal_number is not None:
        print(f"{signal.Signals(signal_number).name}: shutting down", flush=True)
    await cancel_others(signal_number is not None)
    loop.stop()


async def work():
    while True:
        await asyncio.sleep(0.05)


def run_until_signal(signal_number):
    loop = asyncio.new_event_loop()

    def start_shutdown(number):
        spawn(loop, shut_down(loop, number), "shutdown")

    for caught in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(caught, start_shutdown, caught)
    workers = [loop.create_task(work(), name=name) for name in WORKER_NAMES]
    loop.call_later(0.2, os.kill, os.getpid(), signal_number)
    loop.run_forever()
    all_cancelled = all(worker.cancelled() for worker in workers)
    print(f"all were cancelled: {'yes' if all_cancelled else 'no'}", flush=True)
    loop.close()


def run_signals():
    for signal_number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        run_until_signal(signal_number)


def on_error(loop, context):
    what = context.get("exception", context["message"])
    print(f"handler: {what} (keys: {', '.join(sorted(context))})", flush=True)
    spawn(loop, shut_down(loop, None), "shutdown")


async def work_and_say(name):
    try:
        await work()
    except asyncio.CancelledError:
        print(f"{name} is cancelled", flush=True)
        raise


async def fail():
    await asyncio.sleep(0.2)
    raise OSError("the disk has vanished")


def run_handler():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)
    for name in WORKER_NAMES:
        spawn(loop, work_and_say(name), name)
    loop.create_task(fail(), name="fails")
    loop.run_forever()
    loop.close()


async def wait_for_nothing():
    await asyncio.get_running_loop().create_future()


def run_orphan():
    other = asyncio.new_event_loop()
    loop = asyncio.new_event_loop()
    other.set_exception_handler(lambda _, context: on_error(loop, context))
    orphans = [other.create_task(wait_for_nothing(), name="orphan")]
    other.call_soon(other.stop)
    other.run_forever()

    def close_loop():
        other.close()
        orphans.clear()  # what is destroyed with its loop in C is destroyed here when nobody holds it
        gc.collect()

    spawn(loop, work_and_say(WORKER_NAMES[0]), WORKER_NAMES[0])
    loop.call_later(0.2, close_loop)
    loop.run_forever()
    loop.close()


async def work_and_fail_in_cleanup():
    try:
        await work()
    finally:
        print("the cleanup fails", flush=True)
        raise ValueError("cannot clean up")


def run_bad_cleanup():
    loop = asyncio.new_event_loop()

    def start_blind_shutdown():
        print("SIGTERM: shutting down", flush=True)
        spawn(loop, shut_down(loop, None), "shutdown")

    loop.add_signal_handler(signal.SIGTERM, start_blind_shutdown)
    loop.set_exception_handler(on_error)
    spawn(loop, work(), "good-worker")
    spawn(loop, work_and_fail_in_cleanup(), "bad-worker")
    loop.call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)
    loop.run_forever()
    loop.close()


def main():
    run = {(): run_signals, ("--handler",): run_handler, ("--orphan",): run_orphan,
           ("--bad-cleanup",): run_bad_cleanup}[tuple(sys.argv[1:])]
    run()
    print("end", flush=True)


if __name__ == "__main__":
    main()
