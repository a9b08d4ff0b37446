#!/usr/bin/env python3
"""The counterpart of runtime/examples/threads_and_processes.c for asyncio: same structure, same output."""
import asyncio
import subprocess
import threading


def fail_in_thread():
    raise LookupError("from the executor's thread")


async def fail_elsewhere():
    await asyncio.sleep(0.1)
    raise ArithmeticError(f"from the loop in {threading.current_thread().name}")


async def ask_second_loop():
    other = asyncio.new_event_loop()
    thread = threading.Thread(target=other.run_forever, name="second-thread")
    thread.start()
    future = asyncio.run_coroutine_threadsafe(fail_elsewhere(), other)
    try:
        await asyncio.to_thread(future.result)
    except ArithmeticError as error:
        print(f"second loop: {error}", flush=True)
    other.call_soon_threadsafe(other.stop)
    thread.join()
    other.close()


async def ask_child():
    child = subprocess.Popen(["sh", "-c", "exit 3"])
    print(f"child process: exit status {await asyncio.to_thread(child.wait)}", flush=True)


async def run():
    try:
        await asyncio.to_thread(fail_in_thread)
    except LookupError as error:
        print(f"executor: {error}", flush=True)
    await ask_second_loop()
    await ask_child()


if __name__ == "__main__":
    asyncio.run(run())
