# since 3.13
"""Random programs: tasks, futures and gathers that wait for, cancel, complete and look at each other in an order drawn from a seed.

../test_python_random.c draws the same numbers and does the same with telltale; its hashes must be the same. What is logged: each
operation with its outcome, the exceptions with type and text, and at the end the state of everything, asyncio's bit included.

A task awaits only tasks with a higher number than its own, so there are no circles.
"""
import asyncio

from random_program import RandomProgram, describe, run_command_line, state

TASKS_MAX = 14
FUTURES = 4


class Program(RandomProgram):
    def __init__(self, seed):
        super().__init__(seed)
        self.futures = []
        self.gathers = []  # (gather, lowest number of a task in it)

    # ------------------------------------------------------------------------------------------------- what tasks do

    def later_task(self, number):
        """A task with a higher number, or None."""
        count = len(self.tasks) - number - 1
        return self.tasks[number + 1 + self.draw(count)] if count > 0 else None

    def any_task(self):
        return self.tasks[self.draw(len(self.tasks))]

    def any_future(self):
        return self.futures[self.draw(FUTURES)]

    def make_gather(self, number):
        count = 1 + self.draw(3)
        lowest = TASKS_MAX
        children = []
        for _ in range(count):
            task = self.later_task(number)
            if task is None or self.draw(3) == 0:
                children.append(self.any_future())
            else:
                children.append(task)
                lowest = min(lowest, self.tasks.index(task))
        gather = asyncio.gather(*children, return_exceptions=self.draw(2) == 1)
        self.gathers.append((gather, lowest))
        self.log(f"gather {len(self.gathers) - 1} of {count} {'done' if gather.done() else 'pending'}")
        return gather

    def log_result(self, what, result):
        if isinstance(result, list):
            for item in result:
                self.log(f"{what} item {describe(item) if isinstance(item, BaseException) else item}")
        else:
            self.log(f"{what} {result}")

    async def operate(self, number, operation):
        if operation == 0:
            await asyncio.sleep(0)
        elif operation == 1:
            await asyncio.sleep(1e-9)
        elif operation == 2:
            if len(self.tasks) < TASKS_MAX:
                self.create()
        elif operation == 3:
            task = self.later_task(number)
            if task is not None:
                self.log_result("task", await task)
        elif operation == 4:
            self.log(f"cancel {self.any_task().cancel(f'c{number}')}")
        elif operation == 5:
            self.log(f"uncancel {self.any_task().uncancel()}")
        elif operation == 6:
            self.log_result("future", await self.any_future())
        elif operation == 7:
            self.any_future().set_result(number)
        elif operation == 8:
            self.any_future().set_exception(ValueError(f"f{number}"))
        elif operation == 9:
            self.log(f"cancel future {self.any_future().cancel(f'x{number}')}")
        elif operation == 10:
            self.log_result("gathered", await self.make_gather(number))
        elif operation == 11:
            self.make_gather(number)
        elif operation == 12:
            if self.gathers:
                self.log(f"cancel gather {self.gathers[self.draw(len(self.gathers))][0].cancel(f'g{number}')}")
        elif operation == 13:
            if self.gathers:
                gather, lowest = self.gathers[self.draw(len(self.gathers))]
                if number < lowest:
                    self.log_result("gathered", await gather)
        elif operation == 14:
            asyncio.get_running_loop().call_soon(self.log, f"soon {number}")
        elif operation == 15:
            asyncio.get_running_loop().call_later(0, self.log, f"later {number}")
        elif operation == 16:
            self.any_task().add_done_callback(lambda task: self.log(f"done callback {number}"))
        elif operation == 17:
            self.any_future().add_done_callback(lambda future: self.log(f"future callback {number}"))
        elif operation == 18:
            task = self.any_task()
            self.log(f"exception {describe(task.exception())}")
        elif operation == 19:
            self.log_result("result", self.any_future().result())
        elif operation == 20:
            raise ValueError(f"r{number}")
        elif operation == 21:
            asyncio.current_task().cancel(f"s{number}")
        else:
            await asyncio.sleep(0)

    async def body(self, number):
        for step in range(1 + self.draw(6)):
            operation = self.draw(24)
            self.log(f"{number}.{step} {operation}")
            try:
                await self.operate(number, operation)
            except BaseException as error:
                self.log(f"{number}.{step} raised {describe(error)}")
                answer = self.draw(4)
                if answer == 0:
                    raise
                if answer == 1:
                    raise KeyError(f"k{number}")
        return number

    # ---------------------------------------------------------------------------------------------------- the whole

    def log_state(self):
        for number, task in enumerate(self.tasks):
            self.log(f"task {number} {state(task)} {task.cancelling()} {bit(task)}")
        for number, future in enumerate(self.futures):
            self.log(f"future {number} {state(future)} {bit(future)}")
        for number, (gather, _) in enumerate(self.gathers):
            self.log(f"gather {number} {state(gather)} {bit(gather)}")

    async def main(self):
        self.futures = [asyncio.get_running_loop().create_future() for _ in range(FUTURES)]
        for _ in range(3):
            self.create()
        for _ in range(25):
            await asyncio.sleep(0)
        self.log_state()
        for _ in range(100):
            if not self.cancel_pending():
                break
            for _ in range(4):
                await asyncio.sleep(0)
        self.log_state()


def bit(future):
    return "unread" if future._log_traceback else "-"


if __name__ == "__main__":
    run_command_line(Program)
