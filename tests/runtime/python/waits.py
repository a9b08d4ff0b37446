# since 3.13
"""Who comes before whom when several futures are waited for: wait, shield, as_completed, eager tasks."""
import asyncio
def P(*a):
    print(*a, flush=True)

def tick(n, prefix="turn"):
    loop=asyncio.get_running_loop()
    def f(i):
        P(prefix, i)
        if i<n: loop.call_soon(f,i+1)
    loop.call_soon(f,1)
def done(name): return lambda f: P("done", name)
async def settle(n=8):
    for _ in range(n): await asyncio.sleep(0)
async def waiter(fs, when, timeout=None, name="w"):
    d,p = await asyncio.wait(fs, return_when=when, timeout=timeout)
    P(name, "returned", len(d), len(p))
async def fut(): return asyncio.get_running_loop().create_future()
async def section_wait():
    P("-- wait")
    loop=asyncio.get_running_loop()
    a,b,c=[loop.create_future() for _ in range(3)]
    t=asyncio.create_task(waiter([a],asyncio.FIRST_COMPLETED,name="w1"))
    await settle(2)
    tick(4)
    a.add_done_callback(done("a-after"))
    a.set_result(1)
    await settle()
    t=asyncio.create_task(waiter([a],asyncio.ALL_COMPLETED,name="done already"))
    tick(4)
    await settle()
    t=asyncio.create_task(waiter([b],asyncio.ALL_COMPLETED,0,name="timeout 0"))
    tick(5)
    await settle()
    t=asyncio.create_task(waiter([b,c],asyncio.FIRST_EXCEPTION,name="exc"))
    await settle(2)
    tick(4)
    b.cancel()
    await settle()
    tick(4)
    c.set_exception(ValueError("x"))
    await settle()
    c.exception()
    # cancel the waiting task in the turn in which it is done
    d=loop.create_future()
    t=asyncio.create_task(waiter([d],asyncio.FIRST_COMPLETED,name="never"))
    await settle(2)
    tick(4)
    d.set_result(1)
    P("cancel", t.cancel("m"))
    t.add_done_callback(done("t"))
    await settle()
    P(t.cancelled())
async def section_shield():
    P("-- shield")
    loop=asyncio.get_running_loop()
    a=loop.create_future()
    s=asyncio.shield(a)
    s.add_done_callback(done("s")); a.add_done_callback(done("a"))
    async def aw():
        try:
            P("value", await s)
        except asyncio.CancelledError as e: P(repr(e))
    t=asyncio.create_task(aw())
    await settle(2)
    tick(4)
    a.set_result(7)
    await settle()
    a=loop.create_future(); s=asyncio.shield(a)
    s.add_done_callback(done("s")); a.add_done_callback(done("a"))
    async def aw2():
        try: P("value", await s)
        except asyncio.CancelledError as e: P(repr(e))
    t=asyncio.create_task(aw2())
    await settle(2)
    tick(4)
    P(t.cancel("why"))
    await settle()
    P(a.done())
    a.cancel("inner"); await settle()
    a=loop.create_future(); s=asyncio.shield(a)
    async def aw3():
        try: P("value", await s)
        except asyncio.CancelledError as e: P(repr(e))
    t=asyncio.create_task(aw3())
    await settle(2)
    tick(4)
    a.cancel("inner")
    await settle()
async def section_completed():
    P("-- as_completed")
    loop=asyncio.get_running_loop()
    fs=[loop.create_future() for _ in range(3)]
    async def consume():
        async for f in asyncio.as_completed(fs):
            P("got", f.result())
    t=asyncio.create_task(consume())
    await settle(2)
    tick(5)
    fs[1].set_result("one"); fs[0].set_result("zero")
    await settle()
    tick(4)
    fs[2].set_result("two")
    await settle()
    fs2=[loop.create_future() for _ in range(2)]
    async def consume2():
        for c in asyncio.as_completed(fs2):
            try: P("value", await c)
            except BaseException as e: P(repr(e))
    t=asyncio.create_task(consume2())
    await settle(2)
    tick(4)
    fs2[1].set_exception(KeyError("k"))
    await settle()
    tick(4)
    fs2[0].cancel("c")
    await settle()
    fs3=[loop.create_future() for _ in range(2)]
    async def consume3():
        it=asyncio.as_completed(fs3, timeout=0)
        while True:
            try: P("got", (await it.__anext__()).result())
            except TimeoutError as e: P(repr(e))
            except StopAsyncIteration: P("end"); break
    t=asyncio.create_task(consume3())
    fs3[1].set_result("early")
    tick(6)
    await settle()
async def section_eager():
    P("-- eager")
    loop=asyncio.get_running_loop()
    async def child(n, f):
        P("child", n, "begins")
        if f: await f
        P("child", n, "ends")
        return n
    f=loop.create_future()
    tick(5)
    a=asyncio.Task(child(1,None), loop=loop, eager_start=True)
    a.add_done_callback(done("a"))
    b=asyncio.Task(child(2,f), loop=loop, eager_start=True)
    b.add_done_callback(done("b"))
    c=asyncio.create_task(child(3,None)); c.add_done_callback(done("c"))
    P("created", a.done(), b.done())
    f.set_result(None)
    await settle()
    g=asyncio.gather(a,b); g.add_done_callback(done("g")); P(g.done())
    tick(3)
    P("gathered", len(await g))
    async def z():
        P("z1"); await asyncio.sleep(0); P("z2")
    tick(4)
    asyncio.Task(z(), loop=loop, eager_start=True).add_done_callback(done("z"))
    await settle()
async def main():
    await section_wait(); await section_shield(); await section_completed(); await section_eager()
asyncio.run(main())
