# since 3.12
"""What exception handlers are told, in each case that C has too: the message, the keys, the context it runs in."""
import asyncio
import contextvars
import gc
import logging
import re

where = contextvars.ContextVar("where", default="nowhere")


class Log(logging.Handler):
    """What the default handler logs, without the values, which are about Python's objects."""

    def emit(self, record):
        lines = record.getMessage().split("\n")
        print("default:", re.sub(r"callback .*", "callback", lines[0]))
        for line in lines[1:]:
            key = re.match(r"([a-z_]+): ", line)
            if key:
                print("  key", key[1])
        if record.exc_info:
            print(f"  {record.exc_info[0].__name__}: {record.exc_info[1]}")


logging.getLogger("asyncio").handlers = [Log()]
logging.getLogger("asyncio").propagate = False


def handler(loop, context):
    message = re.sub(r"callback .*", "callback", context["message"])
    print(f"handler: {message} [{', '.join(sorted(context))}] in {where.get()}")


def case(name, *, custom=True, debug=False):
    """Runs the function with a loop, which it may close."""
    def run(function):
        print(f"-- {name}")
        loop = asyncio.new_event_loop()
        loop.set_debug(debug)
        if custom:
            loop.set_exception_handler(handler)
        where.set("the main program")
        try:
            function(loop)
        except BaseException as error:
            print(f"raised {type(error).__name__}: {error}")
        gc.collect()
        loop.close()
        return function
    return run


def turns(loop, count=1):
    for _ in range(count):
        loop.stop()
        loop.run_forever()


async def fails():
    where.set("the task")
    raise ValueError("boom")


def raises(*_):
    where.set("the callback")
    raise ValueError("boom")


async def waits():
    where.set("the task")
    await asyncio.sleep(1000)


async def fails_when_cancelled():
    try:
        await asyncio.sleep(1000)
    except asyncio.CancelledError:
        raise ValueError("boom") from None


@case("a task is dropped")
def _(loop):
    loop.create_task(fails())
    turns(loop)


@case("a future is dropped")
def _(loop):
    future = loop.create_future()
    future.set_exception(ValueError("boom"))


@case("a gather is dropped")
def _(loop):
    async def main():
        asyncio.gather(fails())
        for _ in range(4):
            await asyncio.sleep(0)
    loop.run_until_complete(main())


@case("a task is dropped after its loop was closed")
def _(loop):
    task = loop.create_task(fails())
    turns(loop)
    loop.close()
    print("closed")
    del task


@case("a task is destroyed")
def _(loop):
    loop.create_task(waits())
    turns(loop)
    loop.close()


@case("a callback raises")
def _(loop):
    loop.call_soon(raises)
    turns(loop)


@case("a timer raises")
def _(loop):
    loop.call_later(-1, raises)
    turns(loop)


@case("a done-callback raises")
def _(loop):
    future = loop.create_future()
    future.add_done_callback(raises)
    future.set_result(None)
    turns(loop)


@case("a task fails while the runner shuts down")
def _(loop):
    loop.close()

    async def main():
        asyncio.get_running_loop().set_exception_handler(handler)
        asyncio.create_task(fails_when_cancelled())
        await asyncio.sleep(0)
    asyncio.run(main())


@case("the program calls it")
def _(loop):
    loop.call_exception_handler({"message": "hello"})


@case("default: a task is dropped", custom=False)
def _(loop):
    loop.create_task(fails())
    turns(loop)


@case("default: a task is destroyed", custom=False)
def _(loop):
    loop.create_task(waits())
    turns(loop)
    loop.close()


@case("default: a callback raises", custom=False)
def _(loop):
    loop.call_soon(raises)
    turns(loop)


@case("default: no message", custom=False)
def _(loop):
    loop.call_exception_handler({"message": ""})


@case("default: debug mode, a task is dropped", custom=False, debug=True)
def _(loop):
    loop.create_task(fails())
    turns(loop)


@case("default: debug mode, a callback raises", custom=False, debug=True)
def _(loop):
    loop.call_soon(raises)
    turns(loop)


@case("default: debug mode, a callback calls it", custom=False, debug=True)
def _(loop):
    loop.call_soon(lambda: loop.call_exception_handler({"message": "hello"}))
    turns(loop)


@case("debug mode, a task is dropped", debug=True)
def _(loop):
    loop.create_task(fails())
    turns(loop)


@case("debug mode, a callback raises", debug=True)
def _(loop):
    loop.call_soon(raises)
    turns(loop)


@case("debug mode, a task is destroyed", debug=True)
def _(loop):
    loop.create_task(waits())
    turns(loop)
    loop.close()


def raise_from_handler(error):
    def broken(loop, context):
        print("handler:", context["message"])
        raise error
    return broken


@case("the handler raises")
def _(loop):
    loop.set_exception_handler(raise_from_handler(KeyError("broken")))
    loop.call_exception_handler({"message": "hello"})


@case("the handler exits")
def _(loop):
    loop.set_exception_handler(raise_from_handler(SystemExit(3)))
    loop.call_soon(lambda: loop.call_exception_handler({"message": "hello"}))
    turns(loop)


@case("the handler is interrupted")
def _(loop):
    loop.set_exception_handler(raise_from_handler(KeyboardInterrupt()))
    loop.call_soon(lambda: loop.call_exception_handler({"message": "hello"}))
    turns(loop)


@case("the handler is taken away")
def _(loop):
    loop.set_exception_handler(None)
    loop.call_exception_handler({"message": "hello"})
