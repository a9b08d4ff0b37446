"""The order in which timers come up, equal ones too, while others are cancelled: the heap's, step by step.

The loop's clock is a number that the program sets, and it polls nothing; everything else is asyncio's own _run_once.
"""
import asyncio


class Selector:
    def select(self, timeout):
        return []


class Loop(asyncio.SelectorEventLoop):
    now = 0

    def time(self):
        return self.now


def main():
    state = 12345

    def draw(below):
        nonlocal state
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (state >> 33) % below

    loop = Loop()
    real_selector, loop._selector = loop._selector, Selector()
    handles = []
    order = []
    for round_number in range(400):
        for _ in range(draw(60)):
            number = len(handles)
            handles.append(loop.call_at(loop.now + 1 + draw(40), order.append, number))
        for _ in range(draw(70) if handles else 0):
            handles[len(handles) - 1 - draw(min(len(handles), 300))].cancel()
        if round_number % 3 == 0:
            loop.now += draw(25)
        loop._run_once()
        loop._run_once()
        print(round_number, len(loop._scheduled), *order)
        order.clear()
    for handle in handles:
        handle.cancel()
    loop._selector = real_selector
    loop.close()


main()
