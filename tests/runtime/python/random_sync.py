# since 3.13
"""Random programs of synchronisation: tasks that lock, wait, notify, put and get in an order drawn from a seed, and cancel each other.

../test_python_sync.c draws the same numbers and does the same with telltale; its hashes must be the same. What is logged: each
operation with its outcome, the exceptions with type and text, and the state of every object, waiters included.
"""
import asyncio
import re

from random_program import RandomProgram, describe, run_command_line, state

TASKS_MAX = 12

# Most operations of a program are of one kind, so that its tasks meet.
THEMES = [
    [0, 1, 1, 2, 2, 3],
    [7, 7, 8, 8, 9, 9, 10, 11, 12],
    [13, 14, 14, 15, 16],
    [17, 17, 17, 17, 20, 21],
    [22, 22, 22, 22, 45, 45, 26, 32],
    [26, 26, 26, 26, 44, 44, 22, 32],
    [22, 22, 26, 26, 25, 29, 30, 30, 31, 31],
    [25, 25, 25, 26, 26, 29, 33],
    [4, 5, 6],
]


class Item:
    """Two items may be equal for the priority queue, and still not the same."""

    def __init__(self, number):
        self.number = number

    def __lt__(self, other):
        return self.number % 3 < other.number % 3


class Program(RandomProgram):
    def __init__(self, seed):
        super().__init__(seed)
        self.value = 0

    # ------------------------------------------------------------------------------------------------- what tasks do

    def any_lock(self):
        return self.locks[self.draw(2)]

    def any_semaphore(self):
        return self.semaphores[self.draw(2)]

    def any_queue(self):
        return self.queues[self.favourite if self.draw(4) else self.draw(3)]

    def cancel_any(self, number):
        task = self.tasks[self.draw(len(self.tasks))]
        self.log(f"cancel {task.cancel(f'c{number}')}")

    async def stay(self, number):
        for _ in range(self.draw(3)):
            await asyncio.sleep(0)
        if self.draw(4) == 0:
            raise ValueError(f"w{number}")

    async def operate(self, number, operation):
        if operation == 0:
            await self.any_lock().acquire()
        elif operation == 1:
            self.any_lock().release()
        elif operation <= 3:
            async with self.any_lock():
                await self.stay(number)
        elif operation == 4:
            await self.event.wait()
        elif operation == 5:
            self.event.set()
        elif operation == 6:
            self.event.clear()
        elif operation == 7:
            async with self.condition:
                await self.condition.wait()
        elif operation == 8:
            async with self.condition:
                least = self.draw(4)
                self.log(f"value {await self.condition.wait_for(lambda: self.value >= least and self.value)}")
        elif operation == 9:
            async with self.condition:
                self.value += self.draw(3)
                self.condition.notify(self.draw(3))
                await self.stay(number)
        elif operation == 10:
            async with self.condition:
                self.condition.notify_all()
        elif operation == 11:
            await self.condition.wait()
        elif operation == 12:
            self.condition.notify()
        elif operation == 13:
            await self.any_semaphore().acquire()
        elif operation == 14:
            self.any_semaphore().release()
        elif operation <= 16:
            async with self.any_semaphore():
                await self.stay(number)
        elif operation <= 19:
            self.log(f"party {await self.barrier.wait()}")
        elif operation == 20:
            await self.barrier.reset()
        elif operation == 21:
            if self.draw(2):
                await self.barrier.abort()
        elif operation <= 24:
            await self.any_queue().put(Item(self.draw(30)))
        elif operation == 25:
            self.any_queue().put_nowait(Item(self.draw(30)))
        elif operation <= 28:
            self.log(f"item {(await self.any_queue().get()).number}")
        elif operation == 29:
            self.log(f"item {self.any_queue().get_nowait().number}")
        elif operation == 30:
            self.any_queue().task_done()
        elif operation == 31:
            await self.any_queue().join()
        elif operation == 32:
            if self.draw(6) == 0:
                self.any_queue().shutdown(self.draw(2) == 1)
        elif operation <= 36:
            self.cancel_any(number)
        elif operation <= 39:
            if len(self.tasks) < TASKS_MAX:
                self.create()
        elif operation == 40:
            asyncio.current_task().cancel(f"s{number}")
        elif operation == 41:
            self.log_objects()
        elif operation == 44:  # who is woken is perhaps cancelled
            self.any_queue().put_nowait(Item(self.draw(30)))
            self.cancel_any(number)
        elif operation == 45:
            self.any_queue().get_nowait()
            self.cancel_any(number)
        else:
            await asyncio.sleep(0)

    def any_operation(self):
        kind = self.draw(12)
        if kind < 2:
            return self.draw(48)
        if kind < 4:
            return 33  # cancel
        if kind < 6:
            return 43  # sleep
        theme = THEMES[self.theme]
        return theme[self.draw(len(theme))]

    async def body(self, number):
        for step in range(1 + self.draw(8)):
            operation = self.any_operation()
            self.log(f"{number}.{step} {operation}")
            try:
                await self.operate(number, operation)
                self.log(f"{number}.{step} done")
            except BaseException as error:
                self.log(f"{number}.{step} raised {describe(error)}")
                answer = self.draw(6)
                if answer == 0:
                    raise
                if answer == 1:
                    raise KeyError(f"k{number}")

    # ---------------------------------------------------------------------------------------------------- the whole

    def log_objects(self):
        for thing in (*self.locks, self.event, self.condition, *self.semaphores, self.barrier, *self.queues):
            text = re.sub(r" at 0x[0-9a-f]+", "", repr(thing))
            self.log(re.sub(r" _queue=\[[^]]*\]", "", text))
        self.log(" ".join(str(queue.qsize()) for queue in self.queues))

    def log_state(self):
        self.log_objects()
        for number, task in enumerate(self.tasks):
            self.log(f"task {number} {state(task)} {task.cancelling()}")

    async def main(self):
        self.theme = self.draw(len(THEMES))
        self.favourite = self.draw(3)
        self.locks = [asyncio.Lock() for _ in range(2)]
        self.event = asyncio.Event()
        self.condition = asyncio.Condition(self.locks[1] if self.draw(2) else None)
        self.semaphores = [asyncio.Semaphore(self.draw(3)), asyncio.BoundedSemaphore(1 + self.draw(2))]
        self.barrier = asyncio.Barrier(1 + self.draw(3))
        self.queues = [asyncio.Queue(self.draw(3)), asyncio.LifoQueue(self.draw(3)), asyncio.PriorityQueue(self.draw(8))]
        for _ in range(6):
            self.create()
        for _ in range(40):
            await asyncio.sleep(0)
        self.log_state()
        for _ in range(200):
            if not self.cancel_pending():
                break
            for _ in range(3):
                await asyncio.sleep(0)
            for lock in (*self.locks, self.condition):
                if lock.locked():
                    lock.release()
        self.log_state()


if __name__ == "__main__":
    run_command_line(Program)
