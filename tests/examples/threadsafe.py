#!/usr/bin/env python3
"""The counterpart of runtime/examples/threadsafe.c for asyncio: same structure, same output."""
import asyncio
import sys
import threading

handler_calls = 0


def on_error(loop, context):
    global handler_calls
    handler_calls += 1
    print(f"handler in {threading.current_thread().name}: {context['exception']}", flush=True)
    print(f"  keys: {', '.join(sorted(context))}", flush=True)
    loop.stop()


async def job():
    await asyncio.sleep(0.4)
    print("the job fails", flush=True)
    raise RuntimeError("the job went wrong")


async def pass_time():
    await asyncio.sleep(0.8)


def stop_loop(loop, thread):
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def wait_for_job(loop, thread):
    future = asyncio.run_coroutine_threadsafe(job(), loop)
    try:
        future.result()
    except RuntimeError as error:
        print(f"the result: {error}", flush=True)
        print(f"the exception is the same: {'yes' if future.exception() is error else 'no'}", flush=True)
    stop_loop(loop, thread)


def drop_future(loop, thread):
    asyncio.run_coroutine_threadsafe(job(), loop)
    asyncio.run_coroutine_threadsafe(pass_time(), loop).result()
    stop_loop(loop, thread)


def raise_again(task):
    error = task.exception()
    if error is not None:
        print(f"callback in {threading.current_thread().name}: {error}", flush=True)
        raise error


async def start_job():
    asyncio.create_task(job(), name="job").add_done_callback(raise_again)
    return "started"


def submit_wrapper(loop, thread):
    value = asyncio.run_coroutine_threadsafe(start_job(), loop).result()
    thread.join()  # the handler stops the loop
    print(f"the wrapper returned: {value}", flush=True)


def raise_outside(future):
    error = future.exception()
    if error is not None:
        print(f"callback in {threading.current_thread().name}: {error}", flush=True)
        raise error


def watch_thread_future(loop, thread):
    asyncio.run_coroutine_threadsafe(job(), loop).add_done_callback(raise_outside)
    asyncio.run_coroutine_threadsafe(pass_time(), loop).result()
    print(f"the loop runs on: {'yes' if loop.is_running() else 'no'}", flush=True)
    stop_loop(loop, thread)


def main():
    variant = {
        (): wait_for_job,
        ("--dropped",): drop_future,
        ("--callback",): submit_wrapper,
        ("--callback-on-thread-future",): watch_thread_future,
    }[tuple(sys.argv[1:])]
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)
    thread = threading.Thread(target=loop.run_forever, name="loop-thread")
    thread.start()
    variant(loop, thread)
    loop.close()
    print(f"handler calls: {handler_calls}", flush=True)


if __name__ == "__main__":
    main()
