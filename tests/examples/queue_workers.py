#!/usr/bin/env python3
"""The counterpart of runtime/examples/queue_workers.c for asyncio: same structure, same output."""
# since 3.13: queues that can be shut down
import asyncio
import sys

JOBS = 7
WORKERS = 3


async def work_on(job):
    for _ in range(job):
        await asyncio.sleep(0)
    if job % 3 == 0:
        raise ValueError(f"job {job} is bad")


async def do_job(number, queue, job):
    try:
        await work_on(job)
        print(f"worker {number} did job {job}", flush=True)
    except ValueError as error:
        print(f"worker {number}: {error}", flush=True)
    finally:
        queue.task_done()


async def run_worker(number, queue):
    try:
        while True:
            await do_job(number, queue, await queue.get())
    except asyncio.QueueShutDown:
        print(f"worker {number} goes home", flush=True)


async def produce(queue):
    for job in range(1, JOBS + 1):
        await queue.put(job)
        print(f"job {job} is in the queue", flush=True)


async def app(is_impatient):
    queue = asyncio.Queue(2)
    workers = [asyncio.create_task(run_worker(number, queue)) for number in range(1, WORKERS + 1)]
    await produce(queue)
    if not is_impatient:
        await queue.join()
    print(f"jobs left: {queue.qsize()}", flush=True)
    if is_impatient:
        for job in list(queue._queue):  # asyncio tells nobody
            print(f"job {job} is given up", flush=True)
    queue.shutdown(is_impatient)
    for worker in workers:
        await worker


asyncio.run(app(sys.argv[1:] == ["--impatient"]))
