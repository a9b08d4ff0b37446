#!/usr/bin/env python3
"""The counterpart of the situations in C: how asyncio, with its one bit, sees each way to lose a failure.

    situations.py NAME     plays one, with the same steps as in C, and prints what reached the loop's exception handler
    situations.py          plays all of them, each in a process of its own

What asyncio's handler says is the same in telltale; what telltale's report says beside it stands in situations.expected.
"""
import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys


def say(*words):
    print(*words, flush=True)


def on_error(loop, context):
    message = context["message"]
    if message.startswith("Exception in callback"):
        message = "Exception in callback"  # its name and place differ between languages
    say("handler:", message + (f": {context['exception']!r}" if "exception" in context else ""))


async def fail(text):
    raise ValueError(text)


async def fail_later(text, turns=3):
    for _ in range(turns):
        await asyncio.sleep(0)
    raise ValueError(text)


async def fail_in_cleanup(text, ends_after=0):
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        for _ in range(ends_after):
            await asyncio.sleep(0)
        raise ValueError(text) from None


async def swallow():
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        say("swallowed")


async def turns(count):
    for _ in range(count):
        await asyncio.sleep(0)


def create(coroutine, name="failing"):
    return asyncio.create_task(coroutine, name=name)


# ------------------------------------------------------------------------------------------------------ references

async def dropped():
    task = create(fail("boom"))
    await turns(2)
    del task


async def dropped_future():
    asyncio.get_running_loop().create_future().set_exception(ValueError("boom"))


held = []


async def held_by_a_list():
    held.append(create(fail("boom")))
    await turns(2)
    os._exit(0)


async def killed():
    held.append(create(fail("boom")))
    await turns(2)
    os.kill(os.getpid(), signal.SIGKILL)


async def cancelled_after_its_failure():
    task = create(fail("boom"))
    await turns(2)
    say("cancel:", "accepted" if task.cancel() else "refused")


async def looked_at_by_an_observer():
    task = create(fail("boom"))
    task.add_done_callback(lambda task: say("observer:", repr(task.exception())))
    await turns(3)


# ---------------------------------------------------------------------------------------------- gather, wait, shield

async def second_failure_of_a_gather():
    tasks = [create(fail("first"), "first"), create(fail_later("second"), "second")]
    try:
        await asyncio.gather(*tasks)
    except ValueError as error:
        say("caught:", repr(error))
    await turns(4)


async def cancelled_gather_whose_children_fail():
    async def gather():
        await asyncio.gather(create(fail_in_cleanup("first"), "first"), create(fail_in_cleanup("second"), "second"))

    task = create(gather(), "gathering")
    await turns(2)
    task.cancel()
    try:
        await task
    except ValueError as error:
        say("caught:", repr(error), "cancelled:", task.cancelled())


async def gather_that_nobody_awaits():
    outer = asyncio.gather(create(fail("first"), "first"), create(fail_later("second"), "second"))
    await turns(6)
    del outer


async def values_of_a_gather_that_nobody_reads():
    await asyncio.gather(create(fail("first"), "first"), create(fail("second"), "second"), return_exceptions=True)


async def values_of_a_gather_of_which_one_is_read():
    values = await asyncio.gather(create(fail("first"), "first"), create(fail("second"), "second"), return_exceptions=True)
    say("read:", repr(values[0]))


async def wait_beside_another(when):
    waiting = create(asyncio.sleep(1000), "waiting")
    failing = create(fail("boom"))
    done, pending = await asyncio.wait([failing, waiting], return_when=when)
    say("done:", len(done), "pending:", len(pending))
    waiting.cancel()
    return failing


async def wait_for_the_first_exception():
    await wait_beside_another(asyncio.FIRST_EXCEPTION)


async def wait_for_the_first_exception_and_read():
    failing = await wait_beside_another(asyncio.FIRST_EXCEPTION)
    try:
        failing.result()
    except ValueError as error:
        say("caught:", repr(error))


async def wait_for_the_first_one():
    await wait_beside_another(asyncio.FIRST_COMPLETED)


async def wait_whose_last_one_fails():
    failing = create(fail("boom"))
    done, pending = await asyncio.wait([failing], return_when=asyncio.FIRST_EXCEPTION)
    say("done:", len(done), "pending:", len(pending))


async def wait_for_all():
    failing = create(fail("boom"))
    done, pending = await asyncio.wait([failing])
    say("done:", len(done), "pending:", len(pending))


async def as_completed_that_is_left():
    first = create(asyncio.sleep(0), "first")
    failing = create(fail_later("boom"))
    for next_one in asyncio.as_completed([first, failing]):
        await next_one
        break
    del next_one
    await turns(6)


async def as_completed_whose_time_is_up():
    failing = create(fail_later("boom", 4))
    for next_one in asyncio.as_completed([failing], timeout=0):
        try:
            await next_one
        except TimeoutError as error:
            say("caught:", repr(error))
    await turns(8)


async def as_completed_that_is_awaited():
    for next_one in asyncio.as_completed([create(fail("boom"))]):
        try:
            await next_one
        except ValueError as error:
            say("caught:", repr(error))


async def shielded_and_dropped():
    failing = create(fail_later("boom", 4))

    async def wait():
        await asyncio.shield(failing)

    waiter = create(wait(), "waiter")
    await turns(2)
    waiter.cancel()
    await turns(6)
    say("inner done:", failing.done())


async def shielded_and_awaited_later():
    failing = create(fail_later("boom", 4))

    async def wait():
        await asyncio.shield(failing)

    waiter = create(wait(), "waiter")
    await turns(2)
    waiter.cancel()
    await turns(6)
    try:
        await failing
    except ValueError as error:
        say("caught:", repr(error))


async def shield_that_is_awaited():
    try:
        await asyncio.shield(create(fail_later("boom")))
    except ValueError as error:
        say("caught:", repr(error))


async def shield_cancelled_in_the_turn_of_the_failure():
    inner = asyncio.get_running_loop().create_future()
    shield = asyncio.shield(inner)
    inner.set_exception(ValueError("boom"))
    shield.cancel()
    await turns(2)


# ----------------------------------------------------------------------------------------------------------- threads

async def thread_future_that_is_dropped():
    def submit(loop):
        asyncio.run_coroutine_threadsafe(fail("boom"), loop)

    await asyncio.to_thread(submit, asyncio.get_running_loop())
    await asyncio.sleep(0.02)


async def executor_future_that_is_dropped():
    def work():
        raise ValueError("boom")

    asyncio.get_running_loop().run_in_executor(None, work)
    await asyncio.sleep(0.05)


# ------------------------------------------------------------------------------------------------------------ scopes

async def group_that_waits_for_a_sibling():
    async def linger():
        try:
            await asyncio.sleep(1000)
        finally:
            say("the sibling hangs in its cleanup")
            await asyncio.sleep(0.05)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail_later("boom", 1), name="failing")
            group.create_task(linger(), name="sibling")
    except* ValueError as error:
        say("caught:", repr(error))


async def group_whose_body_exits():
    async with asyncio.TaskGroup() as group:
        group.create_task(fail_in_cleanup("boom"), name="failing")
        await turns(2)
        raise SystemExit("3")


async def limit_that_is_answered_with_an_error():
    try:
        await asyncio.wait_for(fail_in_cleanup("cannot clean up"), 0.01)
    except ValueError as error:
        chain = []
        context = error
        while context:
            chain.append(type(context).__name__)
            context = context.__context__
        say("caught:", " <- ".join(chain))


async def limit_that_is_swallowed():
    await asyncio.wait_for(swallow(), 0.01)
    say("no timeout is seen")


# -------------------------------------------------------------------------------------------------------------- ends

async def swallowed_at_the_shutdown():
    held.append(create(swallow(), "stubborn"))
    await turns(2)


async def done_callback_that_raises():
    def callback(task):
        raise ValueError("boom in the callback")

    task = create(asyncio.sleep(0), "fine")
    task.add_done_callback(callback)
    task.add_done_callback(lambda task: say("the other callback runs"))
    await turns(4)


async def signal_handler_that_raises():
    def handler():
        raise ValueError("boom in the handler")

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, handler)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.sleep(0.02)


async def system_exit_in_a_task():
    async def leave():
        raise SystemExit("3")

    held.append(create(leave(), "leaving"))
    await turns(3)


def stopped_early():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)
    loop.call_soon(loop.stop)
    task = loop.create_task(asyncio.sleep(1000), name="main")
    try:
        loop.run_until_complete(task)
    except RuntimeError as error:
        say("caught:", repr(error))
    loop.close()
    del task
    gc.collect()


def pending_and_destroyed():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)
    task = loop.create_task(asyncio.sleep(1000), name="pending")
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    del task
    gc.collect()


def children_of_a_gather_destroyed():
    loop = asyncio.new_event_loop()
    loop.set_exception_handler(on_error)

    async def gather():
        await asyncio.gather(asyncio.sleep(1000))

    task = loop.create_task(gather(), name="gathering")
    loop.call_later(0.01, loop.stop)
    loop.run_forever()
    loop.close()
    del task
    gc.collect()


async def never_started():
    task = create(fail("never"), "early")
    task.cancel()
    await turns(2)
    say("ran: no, cancelled:", task.cancelled())


async def tests_that_capture_what_is_logged():
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    task = create(fail("boom"))
    await turns(2)
    del task


async def cycle():
    tasks = []

    async def await_the_other(index):
        await tasks[1 - index]

    tasks += [create(await_the_other(0), "left"), create(await_the_other(1), "right")]
    await turns(3)
    say("both wait:", not tasks[0].done() and not tasks[1].done())
    try:
        tasks[0].cancel()
        say("cancel ends it")
    except RecursionError:
        say("cancel: RecursionError")
        os._exit(0)


def play(name):
    situation = globals()[name]
    if not inspect.iscoroutinefunction(situation):
        situation()
        return

    async def main():
        asyncio.get_running_loop().set_exception_handler(on_error)
        await situation()
        gc.collect()

    asyncio.run(main())
    held.clear()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        play(sys.argv[1])
    else:
        for line in open(os.path.join(os.path.dirname(__file__), "situations.list")):
            name = line.split()[1]
            say("##", name)
            subprocess.run([sys.executable, __file__, name])
