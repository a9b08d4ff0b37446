# since 3.13
"""Who comes before whom when several futures are waited for: wait, shield, as_completed, eager tasks."""
import asyncio


def tick(last):
    """Counts turns aloud until the last one."""
    loop = asyncio.get_running_loop()

    def once(now):
        print("turn", now)
        if now < last:
            loop.call_soon(once, now + 1)

    loop.call_soon(once, 1)


def say_done(name):
    return lambda future: print("done", name)


def pending():
    return asyncio.get_running_loop().create_future()


async def settle(turns):
    for _ in range(turns):
        await asyncio.sleep(0)


async def wait_and_say(futures, when, timeout, name):
    done, rest = await asyncio.wait(futures, return_when=when, timeout=timeout)
    print(name, "returned", len(done), len(rest))


async def wait_section():
    print("-- wait")
    a, b, c, d = pending(), pending(), pending(), pending()
    tasks = [asyncio.create_task(wait_and_say([a], asyncio.FIRST_COMPLETED, None, "w1"))]
    await settle(2)
    tick(4)
    a.add_done_callback(say_done("a-after"))
    a.set_result(None)
    await settle(8)
    tasks.append(asyncio.create_task(wait_and_say([a], asyncio.ALL_COMPLETED, None, "done already")))
    tick(4)
    await settle(8)
    tasks.append(asyncio.create_task(wait_and_say([b], asyncio.ALL_COMPLETED, 0, "timeout 0")))
    tick(5)
    await settle(8)
    tasks.append(asyncio.create_task(wait_and_say([b, c], asyncio.FIRST_EXCEPTION, None, "exc")))
    await settle(2)
    tick(4)
    b.cancel()
    await settle(8)
    tick(4)
    c.set_exception(ValueError("x"))
    await settle(8)
    c.exception()
    tasks.append(asyncio.create_task(wait_and_say([d], asyncio.FIRST_COMPLETED, None, "never")))
    await settle(2)
    tick(4)
    d.set_result(None)
    print("cancel", tasks[4].cancel("m"))
    tasks[4].add_done_callback(say_done("t"))
    await settle(8)
    print(tasks[4].cancelled())


async def await_and_say(awaitable):
    try:
        print("value", await awaitable)
    except BaseException as error:
        print(repr(error))


async def shield_section():
    print("-- shield")
    a = pending()
    s = asyncio.shield(a)
    s.add_done_callback(say_done("s"))
    a.add_done_callback(say_done("a"))
    task = asyncio.create_task(await_and_say(s))
    await settle(2)
    tick(4)
    a.set_result(7)
    await settle(8)

    a = pending()
    s = asyncio.shield(a)
    s.add_done_callback(say_done("s"))
    a.add_done_callback(say_done("a"))
    task = asyncio.create_task(await_and_say(s))
    await settle(2)
    tick(4)
    print(task.cancel("why"))
    await settle(8)
    print(a.done())
    a.cancel("inner")
    await settle(8)

    a = pending()
    s = asyncio.shield(a)
    task = asyncio.create_task(await_and_say(s))
    await settle(2)
    tick(4)
    a.cancel("inner")
    await settle(8)


async def consume_futures(futures, timeout):
    iterator = asyncio.as_completed(futures, timeout=timeout)
    while True:
        try:
            print("got", (await anext(iterator)).result())
        except TimeoutError as error:
            print(repr(error))
        except StopAsyncIteration:
            break
    if timeout is not None:
        print("end")


async def consume_awaitables(futures):
    for awaitable in asyncio.as_completed(futures):
        await await_and_say(awaitable)


async def completed_section():
    print("-- as_completed")
    first, second, third = [pending() for _ in range(3)], [pending() for _ in range(2)], [pending() for _ in range(2)]
    tasks = [asyncio.create_task(consume_futures(first, None))]
    await settle(2)
    tick(5)
    first[1].set_result("one")
    first[0].set_result("zero")
    await settle(8)
    tick(4)
    first[2].set_result("two")
    await settle(8)
    tasks.append(asyncio.create_task(consume_awaitables(second)))
    await settle(2)
    tick(4)
    second[1].set_exception(KeyError("k"))
    await settle(8)
    tick(4)
    second[0].cancel("c")
    await settle(8)
    tasks.append(asyncio.create_task(consume_futures(third, 0)))
    third[1].set_result("early")
    tick(6)
    await settle(8)


async def be_child(number, future):
    print("child", number, "begins")
    if future is not None:
        await future
    print("child", number, "ends")


async def say_twice():
    print("z1")
    await asyncio.sleep(0)
    print("z2")


def create_eagerly(coroutine, name):
    task = asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)
    task.add_done_callback(say_done(name))
    return task


async def eager_section():
    print("-- eager")
    future = pending()
    tick(5)
    a = create_eagerly(be_child(1, None), "a")
    b = create_eagerly(be_child(2, future), "b")
    c = asyncio.create_task(be_child(3, None))
    c.add_done_callback(say_done("c"))
    print("created", a.done(), b.done())
    future.set_result(None)
    await settle(8)
    gather = asyncio.gather(a, b)
    gather.add_done_callback(say_done("g"))
    print(gather.done())
    tick(3)
    print("gathered", len(await gather))
    tick(4)
    create_eagerly(say_twice(), "z")
    await settle(8)


async def main():
    await wait_section()
    await shield_section()
    await completed_section()
    await eager_section()


asyncio.run(main())
