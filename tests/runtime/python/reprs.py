"""What stands in the reprs of tasks and in what the default exception handler writes: escaped, and whole."""
import asyncio
import io
import logging
import sys

sys.stdout.reconfigure(encoding="utf-8")
TEXTS = [
    "plain", "", "a\nb", "\r\t", "\x1b[31m", "\x7f", "\x01", "back\\slash", "it's", 'say "it"', "both'\"", "é", "\x9b",
    "\u200b", "\u202e", "\U0001f600", "\U000e0001", "\\'", "a" * 300 + "'",
]
written = io.StringIO()
logging.getLogger("asyncio").addHandler(logging.StreamHandler(written))
logging.getLogger("asyncio").propagate = False


async def fails(text):
    raise ValueError(text)


def between(text, begin, end):
    at = text.index(begin)
    print(text[at:text.index(end, at)])


def show_written(begin, end):
    between(written.getvalue(), begin, end)
    written.truncate(0)
    written.seek(0)


async def main():
    loop = asyncio.get_running_loop()
    for text in TEXTS:
        task = loop.create_task(fails(text), name=text)
        between(repr(task), " name=", " coro=")
        await asyncio.sleep(0)
        print(repr(task)[repr(task).index(" exception="):])
        task.exception()
    for text in ["x" * 400, "é" * 400, "\n" * 5000]:
        task = loop.create_task(fails(text))
        await asyncio.sleep(0)
        print(repr(task)[repr(task).index(" exception="):])
        del task
        await asyncio.sleep(0)
        show_written(" exception=", "\nTraceback")
    for text in TEXTS:
        future = loop.create_future()
        future.set_exception(KeyError(text))
        future.exception()
        inner = {"message": text, "exception": ValueError(text), "future": future}
        loop.default_exception_handler({"message": "outer", "context": inner})
        show_written("context: ", "\n")

asyncio.run(main())
