"""How a run ends: what still runs when main has returned, raised or exited, and what is reported."""
import asyncio
import gc


def handler(loop, context):
    print("handler:", context["message"], repr(context.get("exception")))


def run(name, main):
    print(f"-- {name}")
    text = ""
    try:
        asyncio.run(main())
    except BaseException as error:
        text = f"raised {error!r} context {error.__context__!r}"
    gc.collect()  # the exception held the tasks through its traceback until now
    if text:
        print(text)


def begin(count):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(handler)

    def again(left):
        print("callback", left)
        if left:
            loop.call_soon(again, left - 1)

    if count:
        loop.call_soon(again, count)


async def returns():
    begin(10)


async def fails():
    begin(10)
    raise ValueError("boom")


async def exits():
    begin(10)
    raise SystemExit(3)


async def sleeps(name):
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError as error:
        print(name, repr(error))
        raise


async def leaves():
    begin(0)
    asyncio.create_task(sleeps("left"))
    await asyncio.sleep(0)


async def fails_in_cleanup():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        raise ValueError("cleanup")


async def leaves_failing():
    begin(0)
    asyncio.create_task(fails_in_cleanup())
    asyncio.create_task(sleeps("beside"))
    await asyncio.sleep(0)


async def exits_in_cleanup():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        raise SystemExit(4)


async def leaves_exiting():
    begin(0)
    asyncio.create_task(exits_in_cleanup())
    await asyncio.sleep(0)


async def swallows():
    try:
        await asyncio.sleep(100)
    except asyncio.CancelledError:
        print("swallowed")
    await asyncio.sleep(0)
    print("ended")


async def leaves_swallowing():
    begin(0)
    asyncio.create_task(swallows())
    await asyncio.sleep(0)


async def quickly(name):
    print(name)


async def leaves_unstarted():
    begin(0)
    asyncio.create_task(quickly("never"))


async def cancels_itself():
    begin(0)
    asyncio.current_task().cancel("self")
    await asyncio.sleep(0)


async def loses():
    begin(0)

    async def fail():
        raise ValueError("lost")

    asyncio.create_task(fail())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    print("main ends")


for case in (returns, fails, exits, leaves, leaves_failing, leaves_exiting, leaves_swallowing, leaves_unstarted,
             cancels_itself, loses):
    run(case.__name__, case)
