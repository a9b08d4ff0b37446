"""What CPython leaves open, made definite, so that a program has one log:

- Task groups, wait and as_completed hold their children in sets, whose order is that of addresses: here, that of arrival.
- What circles hold is destroyed when the collector passes: judge.py has it pass between any two lines of the log.
- Tracebacks keep the frames of asyncio's functions, and so the tasks that these mention, alive: they are taken off an exception
  wherever it passes through a body of the program. The library has no frames that hold anything.
- A concurrent.futures.Future keeps its callbacks after it has called them, the futures of as_completed keep the iterator
  after the loop over it has ended, and a gather its pending futures after it has its result: here they do not.

And what the library does otherwise because an exception belongs to one thread: see "copies" in deviations.txt.
"""
import asyncio
import concurrent.futures
import copy
import inspect
import re
import sys
from asyncio import taskgroups, tasks


class OrderedSet(dict):
    """A set that iterates in the order of arrival."""

    def __init__(self, items=()):
        super().__init__((item, None) for item in items)

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)

    def remove(self, item):
        del self[item]


def define_order():
    """Has asyncio use OrderedSet. as_completed writes its set as a comprehension, so its class is compiled anew."""
    taskgroups.set = tasks.set = OrderedSet
    source = inspect.getsource(tasks._AsCompletedIterator)
    changed = source.replace(
        "{ensure_future(aw, loop=loop) for aw in set(aws)}", "set(ensure_future(aw, loop=loop) for aw in set(aws))"
    )
    assert changed != source
    exec(changed, tasks.__dict__)


def let_go_of_callbacks():
    """A concurrent.futures.Future keeps its callbacks, and so the task that it stands for, after it has called them."""
    invoke = concurrent.futures.Future._invoke_callbacks

    def invoke_and_forget(future):
        invoke(future)
        future._done_callbacks.clear()

    concurrent.futures.Future._invoke_callbacks = invoke_and_forget


def identity_of(exception):
    """What EXCEPTION and its copies have in common: a dictionary, for whatever is to be known of all of them."""
    return exception.__dict__.setdefault("_identity", {})


def is_copy(exception, other):
    """Whether these are two objects for one exception; either may be None."""
    return exception is not other and None not in (exception, other) and identity_of(exception) is identity_of(other)


def copy_of(exception):
    """A copy of EXCEPTION and of all that hangs together with it, circles included, without tracebacks."""
    twins = {}

    def twin(original):
        if original is None or id(original) in twins:
            return twins.get(id(original))
        identity_of(original)
        if isinstance(original, BaseExceptionGroup):
            made = original.derive([twin(member) for member in original.exceptions])
            made.__dict__.update(original.__dict__)
        else:
            made = copy.copy(original)
        if hasattr(original, "__notes__"):
            made.__notes__ = list(original.__notes__)
        twins[id(original)] = made
        made.__cause__ = twin(original.__cause__)
        made.__context__ = twin(original.__context__)
        made.__suppress_context__ = original.__suppress_context__
        return made

    return twin(exception)


def copy_failures():
    """A concurrent.futures.Future that has failed keeps a copy of the failure, gives one to each who reads the result, and
    another, always the same, to those who ask for the exception."""
    keep = concurrent.futures.Future.set_exception

    def set_exception(future, exception):
        future._kept = copy_of(exception)
        keep(future, copy_of(exception))

    def get_result(future):
        if not future._exception:
            return future._result
        failure, handled = copy_of(future._kept), sys.exception()
        context = failure.__context__
        try:
            raise failure
        except BaseException:
            if is_copy(failure, handled):
                failure.__context__ = context  # to the library, what is raised is what is being handled
            raise
        finally:
            future = failure = handled = context = None

    concurrent.futures.Future.set_exception = set_exception
    concurrent.futures.Future._Future__get_result = get_result


def let_go_of_gather():
    """A gather keeps its futures after it has its result, also those that are pending. Here it holds each of these again when it ends."""
    source = inspect.getsource(tasks.gather)
    before = "    def _done_callback(fut):\n"
    after = (
        "    def _done_callback(fut):\n"
        "        was_done = outer.done()\n"
        "        count(fut)\n"
        "        if was_done:\n"
        "            children.append(fut)\n"
        "        elif outer.done():\n"
        "            children[:] = [child for child in children if child.done()]\n\n"
        "    def count(fut):\n"
    )
    assert source.count(before) == 1
    exec(source.replace(before, after), tasks.__dict__)
    asyncio.gather = tasks.gather


def let_go_of_iterator(iterator, futures):
    """The end of a loop over as_completed. FUTURES, a list, goes as lists do: from its last to its first."""
    for future in futures:
        future.remove_done_callback(iterator._handle_completion)
    del future
    if iterator._timeout_handle is not None:
        iterator._timeout_handle.cancel()
    iterator._todo.clear()
    iterator._done._queue.clear()
    while futures:
        futures.pop()


def clean(text):
    """Without what differs from run to run: reprs, and what stands behind the callback's name."""
    text = re.sub(r"<.*>", "<>", text)
    return re.sub(r"^(Exception in callback).*", r"\1", text)


def strip(exception):
    """Takes the tracebacks off EXCEPTION and all that hangs together with it."""
    seen, left = set(), [exception]
    while left:
        exception = left.pop()
        if exception is None or id(exception) in seen:
            continue
        seen.add(id(exception))
        exception.__traceback__ = None
        left += [exception.__context__, exception.__cause__]
        if isinstance(exception, BaseExceptionGroup):
            left += exception.exceptions
