#!/usr/bin/env python3
"""The counterpart of runtime/examples/done_callback.c for asyncio: same structure, same output."""
import asyncio
import sys


def on_error(loop, context):
    print(f"handler: {context['exception']}", flush=True)
    print(f"  message: {context['message']}", flush=True)
    print(f"  keys: {', '.join(sorted(context))}", flush=True)
    loop.stop()


async def job():
    await asyncio.sleep(0.2)
    print("the job fails", flush=True)
    raise RuntimeError("the job went wrong")


def when_done(task):
    error = task.exception()
    if error is not None:
        print(f"callback: {error}", flush=True)
        raise error


def raise_in_callback():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)
    task = loop.create_task(job(), name="job")
    task.add_done_callback(when_done)
    del task
    loop.run_forever()
    loop.close()
    print("end", flush=True)


async def fail_at_once():
    raise ValueError("as arranged")


async def await_too():
    is_seen = False

    def note_end(task):
        nonlocal is_seen
        print("callback runs", flush=True)
        is_seen = True
        try:
            task.result()
        except ValueError as error:
            print(f"callback: {error}", flush=True)

    print("starting the job", flush=True)
    task = asyncio.create_task(fail_at_once(), name="job")
    task.add_done_callback(note_end)
    try:
        await task
    except Exception as error:
        print(f"awaiter: {error}; the callback came first: {'yes' if is_seen else 'no'}", flush=True)
    print(f"done: {'yes' if task.done() else 'no'}, cancelled: {'yes' if task.cancelled() else 'no'}, "
          f"exception: {task.exception()!r}", flush=True)


async def await_bare():
    task = asyncio.create_task(fail_at_once(), name="job")
    task.add_done_callback(lambda task: print(f"callback: {task.exception()}", flush=True))
    await task


def main():
    if sys.argv[1:] == ["--await"]:
        asyncio.run(await_too())
    elif sys.argv[1:] == ["--bare"]:
        asyncio.run(await_bare())
    else:
        raise_in_callback()


if __name__ == "__main__":
    main()
