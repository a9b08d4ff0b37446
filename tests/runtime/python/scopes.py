# since 3.13
"""Random programs of timeouts, task groups and wait_for, nested in each other and cancelled from outside: who does what when.

Times are multiples of 1/512 s, which floats hold exactly, so that equal deadlines are equal here and in C.
"""
import asyncio

UNIT = 1 / 512
state = 0


def draw(below):
    global state
    state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
    return (state >> 33) % below


class Tasks(dict):
    """In the order of creation, where asyncio's set has none."""

    def add(self, task):
        self[task] = None

    def discard(self, task):
        self.pop(task, None)


def tree(error):
    if isinstance(error, BaseExceptionGroup):
        base = "" if isinstance(error, ExceptionGroup) else "base"
        return base + "[" + ", ".join(map(tree, error.exceptions)) + "]"
    return repr(error)


def now():
    return round((asyncio.get_running_loop().time() - began) / UNIT)


async def inner(label, depth, duration, act):
    await asyncio.sleep(duration * UNIT)
    if act == 7:
        raise ValueError(label)
    if depth < 4 and act in (4, 5):
        await body(label + "i", depth + 1)


async def body(label, depth):
    print(f"{now()} {label} begins")
    kind, duration, act, limit, children = draw(4) if depth < 4 else 3, draw(40), draw(8), draw(60), 1 + draw(3)
    try:
        if kind == 0:
            async with asyncio.timeout(limit * UNIT):
                await inner(label, depth, duration, act)
        elif kind == 1:
            async with asyncio.TaskGroup() as group:
                group._tasks = Tasks()
                for i in range(children):
                    group.create_task(body(f"{label}{i}", depth + 1))
                await inner(label, depth, duration, act)
        elif kind == 2:
            await asyncio.wait_for(asyncio.create_task(body(label + "w", depth + 1)), limit * UNIT)
        else:
            await inner(label, depth, duration, act)
    except BaseException as error:
        print(f"{now()} {label} {tree(error)} cancelling {asyncio.current_task().cancelling()}")
        if act == 6:
            return
        raise
    print(f"{now()} {label} returns, cancelling {asyncio.current_task().cancelling()}")


async def main():
    global state, began
    began = asyncio.get_running_loop().time()
    for program in range(150):
        state = program
        task = asyncio.create_task(body(f"{program}:", 0))
        if draw(2):
            await asyncio.sleep(draw(50) * UNIT)
            task.cancel()
        try:
            await task
        except BaseException as error:
            print(f"{now()} {program} {tree(error)}")


asyncio.run(main())
