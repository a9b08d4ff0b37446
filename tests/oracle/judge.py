"""Runs programs of the oracle's language on CPython's asyncio, in virtual time, and writes the log of each.

    python3.13 judge.py                 reads lines "PROGRAMS LOGS" from stdin: names of files; answers "done" to each
    python3.13 judge.py FILE [--python] the logs of a file's programs on stdout, or the Python that they become

What CPython leaves open is made definite: see definite.py.
"""
import asyncio
import builtins
import collections
import concurrent.futures
import contextvars
import gc
import logging
import re
import sys
import traceback
import zlib
from asyncio import base_events, events, tasks

import language
import translate
from definite import clean, copy_failures, define_order, identity_of, is_copy, strip
from definite import let_go_of_callbacks, let_go_of_gather, let_go_of_iterator

HORIZON = 1000  # seconds: when nothing else is left to wait for
ROUNDS = 60  # of cancelling what is left


class Loop(base_events.BaseEventLoop):
    """asyncio's own loop; its clock is a number, and its selector moves it to the next timer."""

    def __init__(self, run):
        super().__init__()
        self.run = run
        self.now = 0
        self._selector = self
        self._clock_resolution = 1e-9

    def time(self):
        return self.now

    def select(self, timeout):
        self.run.collect()
        self.run.leave()
        if timeout is None:
            raise AssertionError("nothing is left to wait for")
        if timeout > 0:
            self.now = self._scheduled[0]._when
        return []

    def _process_events(self, event_list):
        pass

    def _write_to_self(self):
        pass

    def default_exception_handler(self, context):
        strip(context.get("exception"))
        self.run.log(f'default handler "{clean(context["message"])}"')


class Urgent(BaseException):
    """A BaseException of the program's own."""


class Slot:
    __slots__ = ("value", "rank")

    def __init__(self, value, rank):
        self.value = value
        self.rank = rank  # number of the oldest task that it stands for


YOUNGEST = 1 << 30


class Run:
    """One program and its log."""

    def __init__(self, program):
        self.program = program
        self.lines = []
        self.slots = {}
        self.shown = {}  # what watch() wrote last, by slot
        self.exceptions = 0
        self.task_count = 0
        self.counts = collections.Counter()
        self.alive = {}  # label: task that has begun and not ended
        self.ranks = {}  # label: number
        self.operations = []
        self.leaving = None

    # ---------------------------------------------------------------------------------------------- the log

    def collect(self):
        gc.collect()

    def not_to_be_raised(self, event):
        """A handler that was called by a finalizer raised KeyboardInterrupt or SystemExit; see ended-by-handler in deviations.txt."""
        if isinstance(event.exc_value, (KeyboardInterrupt, SystemExit)):
            if self.loop.is_running():
                self.leaving = event.exc_value
            else:
                self.loop.default_exception_handler({"message": "Unhandled error in exception handler", "exception": event.exc_value})

    def leave(self):
        """Between two callbacks: ends the run if a handler wants that."""
        leaving, self.leaving = self.leaving, None
        if leaving is not None:
            raise leaving

    def log(self, text):
        self.lines.append(text)

    def number(self, exception):
        identity = identity_of(exception)
        if "number" not in identity:
            self.exceptions += 1
            identity["number"] = self.exceptions
        return identity["number"]

    def describe(self, exception, seen=None):
        """Type, number, text, and what it hangs together with; each once. A context that is a copy of what was described is not
        shown: see copies in deviations.txt."""
        if exception is None:
            return "None"
        seen = {} if seen is None else seen
        name = f"{type(exception).__name__}#{self.number(exception)}"
        if id(exception) in seen:
            return name
        seen[id(exception)] = exception
        if isinstance(exception, BaseExceptionGroup):
            members = ", ".join(self.describe(member, seen) for member in exception.exceptions)
            text = f"{name}({exception.message!r} [{members}])"
        else:
            text = f"{name}({repr(clean(str(exception.args[0]))) if exception.args else ''})"
        for note in getattr(exception, "__notes__", ()):
            text += f" noted {note!r}"
        if exception.__cause__ is not None:
            text += f" from <{self.describe(exception.__cause__, seen)}>"
        elif exception.__suppress_context__:
            text += " from None"
        context = exception.__context__
        if context not in (None, exception.__cause__) and not any(is_copy(context, other) for other in seen.values()):
            text += f" while <{self.describe(context, seen)}>"
        return text

    def value_text(self, value):
        if isinstance(value, BaseException):
            return self.describe(value)
        if isinstance(value, list):  # of a gather; one inside of another keeps its list for itself
            return "[" + ", ".join("None" if isinstance(item, list) else self.value_text(item) for item in value) + "]"
        return str(value)

    def value(self, value):
        self.log("  = " + self.value_text(value))

    def state(self, thing):
        """What watch() writes of a task or future."""
        if not thing.done():
            text = "pending"
        elif thing.cancelled():
            text = "cancelled"
        elif thing._exception is not None:
            text = f"failed {type(thing._exception).__name__}#{self.number(thing._exception)}"
        else:
            text = "finished"
        if thing._log_traceback:
            text += " unread"
        if isinstance(thing, asyncio.Task):
            if thing.cancelling():
                text += f" cancelling={thing.cancelling()}"
            if thing._must_cancel:
                text += " must_cancel"
        return text

    def watch(self):
        """Writes what has changed in the tasks and futures that are in slots."""
        self.collect()
        for name in self.watched:
            slot = self.slots.get(name)
            text = self.state(slot.value) if slot else "empty"
            if self.shown.get(name, "empty") != text:
                self.shown[name] = text
                self.log(f"~ {name} {text}")

    def told(self, who, context):
        """What an exception handler was told."""
        strip(context.get("exception"))
        self.collect()
        text = f'{who} "{clean(context["message"])}" [{", ".join(sorted(context))}]'
        if "exception" in context:
            text += " " + self.describe(context["exception"])
        for key in ("future", "task"):
            if isinstance(context.get(key), asyncio.Task):
                text += f" {key}={re.sub('^Task-.*', 'unnamed', context[key].get_name())}"
        if "context" in context:
            text += f' of "{clean(context["context"]["message"])}"'
        self.log(text)

    # ---------------------------------------------------------------------------------------------- running

    def run(self):
        self.loop = Loop(self)
        sys.unraisablehook = self.not_to_be_raised
        code = compile(translate.translate(self.program), self.program.name, "exec")
        names = self.vocabulary()
        exec(code, names)
        self.watched = sorted(
            {
                statement.slot
                for body in self.program.bodies
                for statement in language.walk(body.statements)
                if statement.slot and statement.slot[0] in "tfr"
            }
            | {"main"}
        )
        self.loop.set_exception_handler(lambda _, context: self.told("handler", context))
        names["declare"]()
        first = self.program.bodies[0].name
        names["spawn"]("main", names["task_" + first])
        for number in range(ROUNDS):
            self.run_until_quiet()
            self.log(f"quiet at {self.loop.now}")
            self.watch()
            if not self.end_what_is_left():
                break
        self.log("over")
        name = ""
        while names := [other for other in self.slots if other > name]:  # handlers may change them
            name = min(names)
            self.log("dropped " + name)
            del self.slots[name]
            self.collect()
        self.loop.close()
        events.set_event_loop(None)
        self.log("closed")

    def end_what_is_left(self):
        """Cancels the tasks, and when all have ended the plain futures, of which gathers may wait for ever. False if nothing is left."""
        left = list(self.alive.values())
        if not left:
            names = [name for name in sorted(self.slots) if name[0] == "f" and not self.slots[name].value.done()]
            left = [self.slots[name].value for name in names]
        for future in left:
            future.cancel("end")
        self.unlock()
        return bool(left)

    def unlock(self):
        """Opens the locks that nobody will open any more: who waits to get one back for a condition cannot be cancelled."""
        for name in sorted(self.slots):
            if isinstance(self.slots[name].value, asyncio.Lock) and self.slots[name].value.locked():
                self.slots[name].value.release()
        for name in sorted(self.slots):
            if isinstance(self.slots[name].value, asyncio.Condition) and self.slots[name].value.locked():
                self.slots[name].value.release()

    def run_until_quiet(self):
        is_quiet = []

        def stop():
            is_quiet.append(True)
            self.loop.stop()

        self.loop.call_later(HORIZON, stop)
        while not is_quiet:
            raised = None
            try:
                self.loop.run_forever()
            except (KeyboardInterrupt, SystemExit) as error:
                raised = error
            if raised:
                traceback.clear_frames(raised.__traceback__)  # other tracebacks lead to them, and one has the last handle
                strip(raised)
                self.watch()
                self.log("loop raised " + self.describe(raised))
            elif not is_quiet:
                self.log("stopped")

    # ------------------------------------------------------------------------ what programs call

    def vocabulary(self):
        """The names that a translated program may use."""
        names = {
            name: value
            for name, value in vars(builtins).items()
            if isinstance(value, type) and issubclass(value, BaseException)
        }
        for name in (
            "step entered handling handled aside task_body callback_body handler_body of_thread told_by put keep get get_younger drop value spawn eager "
            "gather shield threadsafe waited completed originals scope reschedule child set_variable get_variable split"
        ).split():
            names[name] = getattr(self, name)
        names["told"] = lambda loop, context: self.told_by(context)
        names.update(asyncio=asyncio, contextvars=contextvars, sys=sys, loop=self.loop, Urgent=Urgent)
        names.update(CancelledError=asyncio.CancelledError, QueueShutDown=asyncio.QueueShutDown)
        return names

    def told_by(self, context):
        self.told("handler", context)

    def number_of_frame(self, me):
        return self.ranks.get(me, 0)

    def step(self, me, line, operation):
        return Step(self, me, line, operation)

    def entered(self, me, line):
        self.watch()
        self.log(f"{self.loop.now} {me}:{line} entered")

    def handled(self):
        """Which exception is being handled."""
        return id(sys.exception())

    def aside(self, before):
        return Aside(before)

    def handling(self, me, line, exception):
        strip(exception)
        self.watch()
        self.log(f"{self.loop.now} {me}:{line} handles {self.describe(exception)}")

    def task_body(self, me):
        return TaskBody(self, me)

    def callback_body(self, me):
        return SyncBody(self, me)

    handler_body = callback_body

    def put(self, name, value, rank=YOUNGEST):
        """Nothing but the slot holds VALUE when what was there goes, for that may call a handler."""
        slot = Slot(value, rank)
        del value
        before = self.slots.get(name)
        self.slots[name] = slot
        del slot
        del before

    def get(self, name):
        slot = self.slots.get(name)
        if slot is None:
            raise LookupError(f"{name} is empty")
        return slot.value

    def get_younger(self, me, name):
        """What is awaited must not stand for a task that is older: awaiting each other in a circle is not in the language."""
        value = self.get(name)
        if self.slots[name].rank <= self.ranks[me]:
            raise LookupError(f"{name} is older")
        return value

    def keep(self, name):
        """What is being handled; nothing may be."""
        exception = sys.exception()
        if exception is not None:
            self.put(name, exception)
        else:
            self.slots.pop(name, None)

    def drop(self, name):
        self.get(name)
        del self.slots[name]

    def label(self, function):
        name = function.__name__.removeprefix("task_")
        self.counts[name] += 1
        label = f"{name}.{self.counts[name]}"
        self.task_count += 1
        self.ranks[label] = self.task_count
        return label, self.task_count

    def spawn(self, name, function):
        label, rank = self.label(function)
        self.put(name, self.loop.create_task(function(label), name=label), rank)

    def eager(self, name, function):
        label, rank = self.label(function)
        self.put(name, asyncio.Task(function(label), loop=self.loop, name=label, eager_start=True), rank)

    def child(self, name, group, function):
        group = self.get(group)
        label, rank = self.label(function)
        self.put(name, group.create_task(function(label), name=label), rank)

    def threadsafe(self, name, function):
        label, _ = self.label(function)
        self.put(name, asyncio.run_coroutine_threadsafe(function(label), self.loop))

    def gather(self, name, names, return_exceptions):
        futures = [self.get(each) for each in names]
        rank = min(self.slots[each].rank for each in names)
        self.put(name, asyncio.gather(*futures, return_exceptions=return_exceptions), rank)

    def shield(self, name, of):
        inner = self.get(of)
        self.refuse_gather(of)
        self.put(name, asyncio.shield(inner), self.slots[of].rank)

    def of_thread(self, function):
        """concurrent.futures has a CancelledError of its own; the library has one for both."""
        try:
            return function(timeout=0)
        except concurrent.futures.CancelledError:
            pass
        raise asyncio.CancelledError

    def refuse_gather(self, name):
        """What a gather gives is a list, which the library keeps in the gather: only there can it be read."""
        if isinstance(self.get(name), tasks._GatheringFuture):
            raise LookupError(f"{name} is a gather")

    def names_of(self, futures):
        """The names of slots that hold FUTURES, sorted; of several for one, the first."""
        names = []
        for name in self.watched:
            if name in self.slots and self.slots[name].value in futures:
                names.append(name)
        return names

    def waited(self, sets):
        done, pending = sets
        self.log(f"  = done {' '.join(self.names_of(done))} pending {' '.join(self.names_of(pending))}")

    async def completed(self, names, timeout):
        futures = [self.get(name) for name in names]
        for name in names:
            self.refuse_gather(name)
        iterator = asyncio.as_completed(futures, timeout=timeout)
        try:
            for each in iterator:
                self.value(await each)
        finally:
            let_go_of_iterator(iterator, futures)

    async def originals(self, futures, timeout):
        iterator = asyncio.as_completed(futures, timeout=timeout)
        try:
            async for each in iterator:
                self.log(f"  = {' '.join(self.names_of([each]))}")
                del each
        finally:
            let_go_of_iterator(iterator, futures)

    def scope(self, name, manager):
        return Scope(self, name, manager)

    def reschedule(self, name, delay):
        scope = self.get(name)
        scope.reschedule(None if delay is None else self.loop.time() + delay)

    def set_variable(self, name, value):
        self.get(name).set(value)

    def get_variable(self, name):
        return self.get(name).get()

    def split(self, name, kind):
        exception = self.get(name)
        if not isinstance(exception, BaseExceptionGroup):
            raise LookupError(f"{name} is no group")
        for half in exception.split(kind):
            self.value(half)


class Step:
    """A statement at work: writes where it begins and what it raises."""

    __slots__ = ("run", "me", "line", "operation")

    def __init__(self, run, me, line, operation):
        self.run = run
        self.me = me
        self.line = line
        self.operation = operation

    def __enter__(self):
        run = self.run
        run.watch()
        run.log(f"{run.loop.now} {self.me}:{self.line} {self.operation}")
        run.operations.append(f"{run.number_of_frame(self.me)}:{self.operation}")

    def __exit__(self, kind, exception, traceback):
        run = self.run
        if exception is not None and kind is not GeneratorExit:
            del traceback
            strip(exception)
            run.watch()
            run.log(f"{run.loop.now} {self.me}:{self.line} ! {run.describe(exception)}")


class Aside:
    """A finally clause: what it put aside becomes a context of what comes out of it; see kept-aside in deviations.txt."""

    __slots__ = ("before", "exception")

    def __init__(self, before):
        self.before = before

    def __enter__(self):
        exception = sys.exception()
        self.exception = exception if id(exception) != self.before else None

    def __exit__(self, kind, exception, traceback):
        del traceback
        aside, self.exception = self.exception, None
        if None not in (exception, aside) and kind is not GeneratorExit and exception is not aside and exception.__context__ is None:
            exception.__context__ = aside


class SyncBody:
    """The body of a callback or handler."""

    __slots__ = ("run", "me")

    def __init__(self, run, me):
        self.run = run
        self.me = me

    def __enter__(self):
        self.run.watch()
        self.run.log(f"{self.run.loop.now} {self.me} begins")

    def __exit__(self, kind, exception, traceback):
        run = self.run
        if kind is GeneratorExit:
            return
        del traceback
        strip(exception)
        run.watch()
        run.log(f"{run.loop.now} {self.me} " + (f"raises {run.describe(exception)}" if exception else "ends"))


class TaskBody(SyncBody):
    __slots__ = ()

    def __enter__(self):
        self.run.alive[self.me] = asyncio.current_task()
        super().__enter__()

    def __exit__(self, kind, exception, traceback):
        self.run.alive.pop(self.me, None)
        del traceback
        super().__exit__(kind, exception, None)


class Scope:
    """A timeout or group that is in its slot while the block runs."""

    __slots__ = ("run", "name", "manager", "slot")

    def __init__(self, run, name, manager):
        self.run = run
        self.name = name
        self.manager = manager

    async def __aenter__(self):
        await self.manager.__aenter__()
        self.run.put(self.name, self.manager)
        self.slot = self.run.slots[self.name]

    async def __aexit__(self, *raised):
        try:
            return await self.manager.__aexit__(*raised)
        finally:
            if self.run.slots.get(self.name) is self.slot:
                del self.run.slots[self.name]
            self.manager = self.slot = raised = None


def judge(text, name):
    """The log of the program, and its operations in the order in which they began."""
    run = Run(language.read(text, name))
    try:
        run.run()
    except BaseException as error:
        run.log(f"judge failed: {error!r}")
        if "--debug" in sys.argv:
            raise
    events._set_running_loop(None)
    return "\n".join(run.lines) + "\n", run.operations


def programs_of(path):
    """(name, text) of each program in the file: each begins with a line "program NAME"."""
    with open(path) as file:
        for part in ("\n" + file.read()).split("\nprogram ")[1:]:
            name, _, text = part.partition("\n")
            yield name, text


def let_runs_be_left():
    """See Run.leave."""
    run_callback = events.Handle._run

    def run_and_leave(handle):
        run_callback(handle)
        handle._loop.run.leave()

    events.Handle._run = run_and_leave


def prepare():
    logging.disable(logging.CRITICAL)
    asyncio._set_running_loop(None)
    define_order()
    let_go_of_callbacks()
    let_go_of_gather()
    copy_failures()
    let_runs_be_left()
    gc.collect()
    gc.disable()
    gc.freeze()


def serve(lines, answer):
    """For each line "PROGRAMS LOGS", writes a line into LOGS for each program, "NAME CRC LENGTH OPERATIONS", or the logs as
    they are when a word "logs" follows."""
    for line in lines:
        source, target, *how = line.split()
        with open(target, "w") as file:
            for name, text in programs_of(source):
                log, operations = judge(text, name)
                if how:
                    file.write(f"program {name}\n{log}")
                else:
                    crc = "failed" if "judge failed" in log else f"{zlib.crc32(log.encode()):08x}"
                    file.write(f"{name} {crc} {len(log)} {','.join(operations)}\n")
        answer("done")


def main(arguments):
    prepare()
    if not arguments:
        serve(sys.stdin, lambda text: print(text, flush=True))
    elif "--python" in arguments:
        for name, text in programs_of(arguments[0]):
            print(f"# {name}\n{translate.translate(language.read(text, name))}")
    else:
        for name, text in programs_of(arguments[0]):
            print(f"program {name}\n{judge(text, name)[0]}", end="")


if __name__ == "__main__":
    main(sys.argv[1:])
