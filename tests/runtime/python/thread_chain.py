"""run_coroutine_threadsafe: who cancels whom, what begins, who hears of failures."""
import asyncio
import gc


def handler(loop, context):
    print("handler:", context["message"], repr(context.get("exception")))


async def settle():
    for _ in range(8):
        await asyncio.sleep(0)


async def body(name):
    print(name, "begins")
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError as error:
        print(name, repr(error))
        raise


async def fails(text):
    raise ValueError(text)


async def swallows_and_fails():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        pass
    raise ValueError("after the cancellation")


def describe(future):
    if not future.done():
        return "pending"
    if future.cancelled():
        return "cancelled"
    return f"{future.exception()!r} {future.result() if not future.exception() else ''}".strip()


async def main():
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)

    print("-- cancelled before its task exists")
    future = asyncio.run_coroutine_threadsafe(body("early"), loop)
    print(future.cancel(), describe(future))
    await settle()

    print("-- cancelled while it runs")
    future = asyncio.run_coroutine_threadsafe(body("late"), loop)
    future.add_done_callback(lambda done: print("callback", describe(done)))
    await settle()
    print(future.cancel(), future.cancel(), describe(future))
    await settle()

    print("-- a failure")
    future = asyncio.run_coroutine_threadsafe(fails("boom"), loop)
    future.add_done_callback(lambda done: print("callback", describe(done)))
    print(describe(future))
    await settle()
    print(describe(future), future.cancel())

    print("-- a failure that nobody looks at")
    future = asyncio.run_coroutine_threadsafe(fails("unseen"), loop)
    await settle()
    del future
    gc.collect()

    print("-- a failure after the cancellation")
    future = asyncio.run_coroutine_threadsafe(swallows_and_fails(), loop)
    await settle()
    print(future.cancel())
    await settle()
    del future  # it holds the task
    gc.collect()


asyncio.run(main())
