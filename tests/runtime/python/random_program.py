"""What programs that are drawn from a seed share: the numbers, the log, and the command line.

    python3 NAME.py [FIRST [COUNT]]      a line for each seed: the seed, and a hash of the program's log
    python3 NAME.py --log SEED           the log itself

../random_program.c draws the same numbers.
"""
import asyncio
import sys


class RandomProgram:
    expected = 2000  # seeds in NAME.expected

    def __init__(self, seed):
        self.state = seed
        self.lines = []
        self.tasks = []
        for _ in range(3):
            self.draw(2)

    def draw(self, below):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % below

    def log(self, text):
        self.lines.append(text)

    def create(self):
        number = len(self.tasks)
        self.tasks.append(asyncio.create_task(self.body(number), name=f"t{number}"))

    def cancel_pending(self):
        pending = [task for task in self.tasks if not task.done()]
        for task in pending:
            task.cancel("end")
        return bool(pending)

    async def silent_main(self):
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        await self.main()

    def run(self):
        asyncio.run(self.silent_main())
        return self.lines


def describe(error):
    """Type and text, and those of the contexts."""
    texts = []
    while error is not None and len(texts) < 5:
        texts.append(f"{type(error).__name__}({error.args[0] if error.args else ''})")
        error = error.__context__
    return " < ".join(texts) if texts else "None"


def state(future):
    if not future.done():
        return "pending"
    if future.cancelled():
        return "cancelled"
    error = future._exception
    return "finished" if error is None else f"failed {describe(error)}"


def hash_of(lines):
    value = 0xCBF29CE484222325
    for byte in "".join(line + "\n" for line in lines).encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def run_command_line(program):
    if sys.argv[1:2] == ["--log"]:
        print("\n".join(program(int(sys.argv[2])).run()))
        return
    first = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    count = int(sys.argv[2]) if len(sys.argv) > 2 else program.expected
    for seed in range(first, first + count):
        print(f"{seed} {hash_of(program(seed).run()):016x}")
