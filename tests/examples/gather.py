#!/usr/bin/env python3
"""The counterpart of runtime/examples/gather.c for asyncio: same structure, same output."""
import asyncio
import sys


class A(Exception):
    pass


class B(Exception):
    pass


async def fail(name, kind, delay):
    await asyncio.sleep(delay)
    print(f"{name} ran", flush=True)
    raise ExceptionGroup(f"group {name}", [kind(f"{name} trouble")])


async def value(number):
    print("C ran", flush=True)
    return number


def print_part(part):
    for error in part.exceptions:
        print(f"got {type(error).__name__}: {error}", flush=True)


def create_all(a_delay, b_delay):
    return [asyncio.create_task(fail("A", A, a_delay), name="A"),
            asyncio.create_task(fail("B", B, b_delay), name="B"),
            asyncio.create_task(value(3), name="C")]


async def gather_all(*delays):
    tasks = create_all(*delays)
    try:
        await asyncio.gather(*tasks)
    except* A as part:
        print_part(part)
    except* B as part:
        print_part(part)
    print(f"C's value unread: {'yes' if tasks[2].done() else 'no'}", flush=True)


async def gather_and_go_on(*delays):
    calls = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: calls.append(context))
    await gather_all(*delays)
    await asyncio.sleep(0.3)
    print(f"handler calls: {len(calls)}", flush=True)


async def gather_values(*delays):
    results = await asyncio.gather(*create_all(*delays), return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            print(f"exception {result!r}", flush=True)
        else:
            print(f"value {result}", flush=True)


def main():
    if sys.argv[1:] == ["--goes-on"]:
        asyncio.run(gather_and_go_on(0.1, 0.3))
    elif sys.argv[1:] == ["--values"]:
        asyncio.run(gather_values(0.3, 0.1))
    else:
        print("--- A first", flush=True)
        asyncio.run(gather_all(0.1, 0.3))
        print("--- B first", flush=True)
        asyncio.run(gather_all(0.3, 0.1))


if __name__ == "__main__":
    main()
