"""The situations of losses.c in Python: what asyncio's exception handler hears."""
import asyncio
import gc
import sys
import threading


def on_exception(loop, context):
    print("handler:", context["message"], "|", repr(context.get("exception")))


async def fail_now(text):
    raise ValueError(text)


async def fail_later(text):
    await asyncio.sleep(0.005)
    raise ValueError(text)


async def fail_when_cancelled(text):
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        raise ValueError(text)


async def settle():
    await asyncio.sleep(0.02)
    gc.collect()


def create(coroutine, name=None):
    return asyncio.create_task(coroutine, name=name)


async def seen(awaitable):
    try:
        await awaitable
    except BaseException:
        pass


async def cancel_after_failure():
    task = create(fail_now("boom"))
    await settle()
    task.cancel()


async def second_failure_of_gather():
    await seen(asyncio.gather(create(fail_now("one")), create(fail_later("two"))))
    await settle()


async def cancelled_gather():
    gather = asyncio.gather(create(fail_when_cancelled("one")), create(fail_when_cancelled("two")))
    await settle()
    gather.cancel()
    await seen(gather)


async def dropped_gather():
    gather = asyncio.gather(create(fail_now("one")), create(fail_now("two")))
    del gather
    await settle()


async def unread_values():
    await asyncio.gather(create(fail_now("one")), create(fail_now("two")), return_exceptions=True)


async def wait_and_ignore(when, with_pending):
    tasks = [create(fail_now("boom")), create(asyncio.sleep(1000))]
    await asyncio.wait(tasks if with_pending else tasks[:1], return_when=when, timeout=0.05)
    tasks[1].cancel()
    await settle()


async def wait_first_exception():
    await wait_and_ignore(asyncio.FIRST_EXCEPTION, True)


async def wait_first_exception_of_one():
    await wait_and_ignore(asyncio.FIRST_EXCEPTION, False)


async def wait_first_completed():
    await wait_and_ignore(asyncio.FIRST_COMPLETED, True)


async def wait_all_completed():
    await wait_and_ignore(asyncio.ALL_COMPLETED, False)


async def wait_and_read():
    tasks = [create(fail_now("boom")), create(asyncio.sleep(1000))]
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    await seen(done.pop())
    tasks[1].cancel()
    await settle()


async def break_of_as_completed():
    tasks = [create(fail_now("one")), create(fail_later("two"))]
    for first in asyncio.as_completed(tasks):
        await seen(first)
        break
    await settle()


async def timeout_of_as_completed():
    for first in asyncio.as_completed([create(fail_later("late"))], timeout=0.001):
        await seen(first)
    await settle()


async def awaitable_of_as_completed():
    for first in asyncio.as_completed([create(fail_now("boom"))]):
        await seen(first)


async def dropped_thread_future():
    loop = asyncio.get_running_loop()

    def run_and_drop():
        asyncio.run_coroutine_threadsafe(fail_now("boom"), loop)

    thread = threading.Thread(target=run_and_drop)
    thread.start()
    thread.join()
    await settle()


async def dropped_future():
    asyncio.get_running_loop().create_future().set_exception(ValueError("boom"))


def fail_in_thread(text):
    raise ValueError(text)


async def dropped_executor_future():
    future = asyncio.get_running_loop().run_in_executor(None, fail_in_thread, "boom")
    while not future.done():
        await asyncio.sleep(0.001)


async def shield_and_cancel(reads):
    task = create(fail_later("late"))
    outer = asyncio.shield(task)
    outer.cancel()
    await seen(outer)
    await settle()
    if reads:
        await seen(task)


async def cancelled_shield():
    await shield_and_cancel(False)


async def cancelled_shield_read_later():
    await shield_and_cancel(True)


async def awaited_shield():
    await seen(asyncio.shield(create(fail_later("boom"))))


async def shield_cancelled_in_the_same_turn():
    inner = asyncio.get_running_loop().create_future()
    outer = asyncio.shield(inner)
    inner.set_exception(ValueError("now"))
    outer.cancel()
    await settle()


async def main(situation):
    asyncio.get_running_loop().set_exception_handler(on_exception)
    await situation()


asyncio.run(main(globals()[sys.argv[1]]))
gc.collect()
