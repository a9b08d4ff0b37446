"""Random programs of the oracle's language: the same from the same seed, on every machine and in every version of Python.

    python3 generate.py FIRST COUNT     programs on stdout

What keeps programs finite: bodies stand in one order, and each may start or schedule only those behind it. What makes
them interesting: few slots and few different delays, so that tasks get in each other's way and deadlines are equal; a
theme each, that makes some families of operations frequent; and two operations each that follow one another, so that all
pairs come up.
"""
import sys

import language
from language import Body, Program, Statement

# How frequent an operation is, by family; a theme multiplies families.
FAMILIES = {
    "tasks": "spawn:7 eager:2 await:8 sleep:9 cancel:6 uncancel:2 cancelling:1 drop:2 result:1 exception:1 on:2 off:1 return:1",
    "futures": "future:4 set:5 fail:4 cancel:2 await:3 on:2 result:1 exception:1",
    "several": "gather:4 gather_all:4 shield:4 wait_all:3 wait_first:3 wait_exception:3 completed:3 originals:2",
    "scopes": "timeout:6 wait_for:4 reschedule:3 expired:1 when:1",
    "groups": "group:6 child:9",
    "locks": "acquire:4 release:5 locked:1 with:4 set_event:3 clear_event:1 is_set:1 wait_event:3 wait_condition:3 notify:3 "
    "notify_all:1 arrive:2 reset:1 abort:0.5",
    "queues": "put:5 get:5 put_now:3 get_now:3 task_done:3 join:2 shutdown:1 shutdown_now:0.5 size:1",
    "variables": "setvar:4 getvar:4",
    "loop": "soon:4 later:4 unschedule:2 forget:1 handler:1 stop:0.3",
    "thread": "threadsafe:3 thread_result:2 thread_exception:2 thread_cancel:2 thread_done:1 thread_drop:1",
    "exceptions": "raise:6 raise_from:2 raise_from_none:1 throw:3 reraise:2 keep:4 new:2 new_group:3 split:2 note:1 show:1 discard:1",
    "blocks": "try:9",
}
THEME_FACTOR = 6
# In a handler: nothing that makes new failures, whose reports would call it again without end, and nothing exit-class,
# which CPython loses when the handler was called by a destructor.
IN_HANDLERS = {"cancel", "uncancel", "cancelling", "set", "fail", "result", "exception", "drop", "raise", "keep", "discard",
               "show", "unschedule", "forget", "thread_cancel", "thread_drop", "setvar", "getvar", "set_event", "notify_all"}
RAISED_IN_HANDLERS = "ValueError:8 KeyError:5 CancelledError:2 Urgent:1"
OPERATIONS_USED = sorted({pair.split(":")[0] for family in FAMILIES.values() for pair in family.split()} - {"try"})

# Types that are raised, and those that clauses catch.
RAISED = "ValueError:8 KeyError:5 RuntimeError:2 TimeoutError:1 CancelledError:2 Urgent:1 KeyboardInterrupt:0.3 SystemExit:0.3"
CAUGHT = "ValueError:4 KeyError:3 Exception:4 CancelledError:6 BaseException:5 TimeoutError:2 LookupError:1 RuntimeError:1 QueueShutDown:0.5"
DELAYS = "0:3 1:6 2:5 3:3 5:1"

# Sequences that lead to where things are close: two requests on one task, a waiter that is woken and cancelled in the same turn,
# scopes around groups. {T} and {U} are different tasks' slots, {B} is a body behind, {N} and {M} are delays.
IDIOMS = {
    "tasks": [
        '{T} = spawn {B}\ncancel {T} "a"\ncancel {T} "b"',
        'cancel {T} "a"\nsleep 0\ncancel {T} "b"\nawait {T}',
        "{T} = spawn {B}\n{U} = spawn {B}\nsleep {N}\ncancel {T} \"c\"\nawait {U}",
        'try:\n  sleep {N}\nexcept CancelledError:\n  uncancel main\n  sleep {M}\n  raise ValueError "late"',
        'cancel main "self"\nuncancel main\nsleep 0',
    ],
    "futures": ['on {F} {C}\non {F} {C}\nset {F} 1\nsleep 0', "{F} = future\n{H} = later {N} {C}\nawait {F}"],
    "several": [
        '{R} = shield {T}\ncancel {T} "s"\nsleep {N}\nresult {R}',
        "{R} = gather_all {T} {F} {U}\ncancel {R} \"g\"\nset {F} 1\nsleep {N}\nawait {R}",
        "{R} = gather {T} {U}\nsleep {N}\ncancel {R} \"g\"\nawait {R}",
        "{R} = gather_all {T} {U}\ncancel {U} \"u\"\ncancel {R} \"g\"\nawait {R}",
        'cancel {U} "w"\nwait_exception {N} {T} {U} {T}',
        "originals {N} {T} {U} {T}",
    ],
    "scopes": [
        "{O} = timeout {N}:\n  {P} = timeout {N}:\n    sleep 5",
        "{O} = timeout {N}:\n  {G} = group:\n    {T} = child {G} {B}\n    {U} = child {G} {B}",
        "{O} = timeout {N}:\n  try:\n    sleep 5\n  finally:\n    raise KeyError \"foreign\"",
        "{O} = timeout {N}:\n  reschedule {O} {M}\n  sleep 2\n  reschedule {O} -\n  sleep {M}",
        "try:\n  wait_for {N} {T}\nexcept TimeoutError:\n  wait_for 0 {U}",
    ],
    "groups": [
        "{G} = group:\n  {T} = child {G} {B}\n  {U} = child {G} {B}\n  sleep {N}",
        "try:\n  {G} = group:\n    {T} = child {G} {B}\n    raise ValueError \"body\"\nexcept* ValueError:\n  keep x0",
        "try:\n  sleep {N}\nfinally:\n  sleep {M}\n  raise ValueError \"cleanup\"",
        "try:\n  sleep 5\nexcept CancelledError:\n  {T} = child {G} {B}\n  sleep 1",
    ],
    "locks": [
        "with {L}:\n  sleep {N}",
        'acquire {L}\nsleep {N}\nrelease {L}\ncancel {T} "woken"\nsleep {M}',
        "acquire s0\nacquire s1\nsleep {N}\nrelease s0\nrelease s1\nrelease s0",
        "acquire s0\nrelease s0\nrelease s0\ncancel {T} \"s\"",
        "with c0:\n  wait_condition c0\n  sleep {N}",
        "acquire c0\nnotify c0 1\ncancel {T} \"n\"\nsleep {N}\ncancel {T} \"m\"\nrelease c0",
        "acquire c0\nnotify c0 2\ncancel {T} \"n\"\nrelease c0",
        "wait_event e0\nclear_event e0",
        'set_event e0\ncancel {T} "e"',
        "arrive b0\narrive b0",
    ],
    "queues": [
        'put_now q0 1\ncancel {T} "q"\nsleep {N}',
        "put_now q0 2\nput_now q0 1\ncancel {T} \"q\"",
        "get q0\nsleep {N}\ntask_done q0",
        "put q0 3\nput q0 1\nput q0 2\njoin q0",
        'get_now q0\ncancel {U} "p"\nsleep 0',
        "get q0\nget q0",
    ],
    "variables": ["setvar v0 {N}\n{T} = spawn {B}\n{H} = soon {C}\nsetvar v0 {M}\ngetvar v0"],
}

# How many slots of each kind there are, and their letters.
SLOTS = {"T": 4, "F": 3, "R": 2, "P": 1, "H": 2, "X": 3, "G": 2, "O": 2, "V": 2, "E": 1, "C": 1, "Q": 1, "B": 1}
LETTERS = {kind: kind.lower() for kind in SLOTS}
LOCKS = ("l0", "s0", "s1", "c0")

# What is declared of each letter: one of these.
DECLARED = {
    "l": ["lock"],
    "s": ["semaphore {} 1", "semaphore {} 2", "bounded {} 1", "bounded {} 2"],
    "e": ["event"],
    "c": ["condition", "condition {} l0"],
    "q": ["queue {} fifo", "queue {} fifo 1", "queue {} fifo 2", "queue {} lifo 1", "queue {} lifo", "queue {} priority 2"],
    "b": ["barrier {} 2", "barrier {} 3"],
    "v": ["variable {} 0"],
}


class Draw:
    """Numbers from a seed: splitmix64."""

    def __init__(self, seed):
        self.state = (seed * 0x9E3779B97F4A7C15 + 0x1234567) % 2**64

    def below(self, limit):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        word = self.state
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) % 2**64
        return ((word ^ (word >> 31)) >> 11) % limit

    def chance(self, percent):
        return self.below(100) < percent

    def one(self, items):
        return items[self.below(len(items))]

    def weighted(self, weights):
        """WEIGHTS: a list of (item, weight in tenths)."""
        place = self.below(sum(weight for _, weight in weights))
        for item, weight in weights:
            place -= weight
            if place < 0:
                return item


def weights_of(text, factor=1):
    pairs = (pair.split(":") for pair in text.split())
    return [(item, int(float(weight) * 10 * factor)) for item, weight in pairs]


class Unit:
    """A body to be: which ones stand behind it."""

    def __init__(self, kind, name, place):
        self.kind = kind
        self.name = name
        self.place = place


class Generator:
    def __init__(self, seed):
        self.draw = Draw(seed)
        self.program = Program(f"seed-{seed}")
        self.pair = self.pair_of(seed)
        self.filled = []  # slots, in the order in which statements that fill them were made

    def pair_of(self, seed):
        """Seeds in succession go through all pairs, in an order that does not follow the table."""
        count = len(OPERATIONS_USED)
        number = seed * 7919 % (count * count)
        return OPERATIONS_USED[number // count], OPERATIONS_USED[number % count]

    def make(self):
        draw = self.draw
        themes = sorted({self.draw.one(sorted(FAMILIES)) for _ in range(2)})
        self.weights = self.make_weights(themes)
        self.idioms = [idiom for theme in themes for idiom in IDIOMS.get(theme, ())]
        self.units = [Unit("task", "main", 0)]
        tasks, callbacks = 1 + draw.below(4), draw.below(4)
        names = {"task": iter("abcdefgh"), "callback": iter("uvwxyz")}
        while tasks or callbacks:
            kind = "task" if draw.below(tasks + callbacks) < tasks else "callback"
            tasks, callbacks = tasks - (kind == "task"), callbacks - (kind == "callback")
            self.units.append(Unit(kind, next(names[kind]), len(self.units)))
        for kind, name in (("task", "z"), ("callback", "q"), ("handler", "n")):  # there is always one behind
            self.units.append(Unit(kind, name, len(self.units)))
        where = 0 if draw.chance(85) else draw.below(len([unit for unit in self.units if unit.kind == "task"]) - 1)
        for unit in self.units:
            self.unit = unit
            self.left = 3 + draw.below(8) + (4 if unit.place == 0 else 0)
            statements = self.prelude() if unit.place == 0 else []
            if unit.kind == "task":
                where -= 1
            if where == -1 and unit.kind == "task":
                self.in_handler = self.in_finally = False
                statements += self.focused()
                where = -2
            statements += self.block(0)
            self.program.bodies.append(Body(unit.kind, unit.name, statements))
        self.declare()
        return self.program

    def declare(self):
        """Declares the things that statements name."""
        names = set()
        for body in self.program.bodies:
            for statement in language.walk(body.statements):
                kinds = language.BY_NAME[statement.operation].kinds
                names |= {name for name, kind in zip(statement.arguments, kinds) if kind in "LECQBV"}
        words = {name: self.draw.one(DECLARED[name[0]]) for name in sorted(names)}
        if "l0" in "".join(words.values()):
            words.setdefault("l0", "lock")
        for name in sorted(words, key=lambda name: (name[0] == "c", name)):  # a condition's lock comes before it
            text = words[name]
            self.program.declarations.append((text.format(name) if "{}" in text else f"{text} {name}").split())

    def make_weights(self, themes):
        total = {}
        for family, text in FAMILIES.items():
            for name, weight in weights_of(text, THEME_FACTOR if family in themes else 1):
                total[name] = total.get(name, 0) + weight
        return sorted(total.items())

    # ------------------------------------------------------------------------------------------ statements

    def prelude(self):
        """main begins with tasks and futures, so that there is something to work on; often the tasks are of one body."""
        statements = [self.statement("future", slot=f"f{number}") for number in range(1 + self.draw.below(2))]
        body = self.argument("BODY")
        is_alike = self.draw.chance(50)
        for number in range(1 + self.draw.below(4)):
            statements.append(self.statement("spawn", slot=f"t{number}"))
            if is_alike:
                statements[-1].arguments = [body]
        return statements

    def idiom(self):
        """The statements of one of the sequences; none where it cannot stand."""
        text = self.draw.one(self.idioms) if self.idioms and self.unit.kind == "task" else ""
        bodies, callbacks = self.behind("BODY"), self.behind("CALLBACK")
        if not text or ("{B}" in text and not bodies) or ("{C}" in text and not callbacks):
            return []
        task = self.draw.below(SLOTS["T"])
        names = {
            "T": f"t{task}",
            "U": f"t{(task + 1 + self.draw.below(SLOTS['T'] - 1)) % SLOTS['T']}",
            "O": "o0",
            "P": "o1",
            "L": self.draw.one(LOCKS),
            "N": self.draw.one("0123"),
            "M": self.draw.one("0123"),
            "B": self.draw.one(bodies) if bodies else "",
            "C": self.draw.one(callbacks) if callbacks else "",
        }
        for kind in "FRGH":
            names[kind] = self.slot(kind)
        lines = "".join(f"  {line}\n" for line in text.format(**names).split("\n"))
        return language.read("task main:\n" + lines).bodies[0].statements

    def block(self, depth, least=1):
        statements = []
        for _ in range(least + self.draw.below(4 if depth else 8)):
            if self.left <= 0 and len(statements) >= least:
                break
            self.left -= 1
            if self.draw.chance(20) and depth < 2 and (idiom := self.idiom()):
                statements += idiom
                continue
            statement = self.any(depth)
            statements.append(statement)
            if statement.operation in ("return", "raise", "reraise", "throw"):
                break
        return statements

    def any(self, depth):
        while True:
            name = self.draw.weighted(self.weights)
            if self.is_allowed(name, depth):
                return self.statement(name, depth)

    def is_allowed(self, name, depth):
        operation = language.BY_NAME[name]
        if operation.suspends and self.unit.kind != "task":
            return False
        if not all(self.behind(kind) for kind in operation.kinds if kind in ("BODY", "CALLBACK")):
            return False
        if name in language.BLOCKS and depth >= 3:
            return False
        if any(kind in "OGPHXR" and not self.has(kind) for kind in operation.kinds) and self.draw.chance(80):
            return False
        if name == "return" and (self.unit.kind != "task" or self.in_finally):
            return False
        if name == "reraise" and not self.in_handler:
            return self.draw.chance(5)
        if self.unit.kind == "handler" and name not in IN_HANDLERS:
            return False
        return True

    def focused(self):
        """The two operations of the pair, the second after the first whatever becomes of that, where both can do their work."""
        first, second = self.pair
        kinds = {kind for name in self.pair for kind in language.BY_NAME[name].kinds}
        self.in_finally = False
        if first == "return":
            clauses = [("finally", [], [self.statement(second, 1)])] if second != "return" else []
        else:
            self.in_handler = True
            clauses = [(*head, [self.statement(second, 1)]) for head in (("except", ["BaseException"]), ("else", []))]
            self.in_handler = False
        begins = self.statement(first, 3)
        if begins.clauses:
            begins.clauses = [(first, [], [self.statement(second, 3)])]
        statements = [Statement(0, None, "try", [], [("try", [], [begins]), *clauses])] if clauses else [begins]
        if "X" in kinds:
            statements[:0] = [self.statement("new", slot=f"x{number}") for number in range(SLOTS["X"])]
        for kind, operation in (("O", "timeout"), ("G", "group")):
            if kind in kinds:
                for number in range(SLOTS[kind]):
                    statement = self.statement(operation, 3, slot=f"{kind.lower()}{number}")
                    statement.clauses = [(operation, [], statements)]
                    statements = [statement]
        return statements

    def statement(self, name, depth=0, slot=None):
        operation = language.BY_NAME[name]
        if operation.has_slot and slot is None:
            slot = self.slot(operation.slot_kind)
        if slot and slot not in self.filled:
            self.filled.append(slot)
        if name == "keep" and "x0" not in self.filled:
            self.filled.append("x0")
        arguments = []
        for kind in operation.kinds:
            if kind == "TEXT" and name == "cancel" and self.draw.chance(40):
                continue
            arguments.append(self.argument(kind))
        if operation.repeats:
            for _ in range(self.draw.below(3)):
                arguments.append(self.argument(operation.kinds[-1]))
        if name == "try":
            return self.make_try(depth)
        statement = Statement(0, slot, name, arguments)
        if name in language.BLOCKS:
            statement.clauses.append((name, [], self.block(depth + 1)))
        return statement

    def make_try(self, depth):
        draw, clauses = self.draw, [("try", [], self.block(depth + 1))]
        before = self.in_handler
        shape = draw.below(10)
        head = "except*" if draw.chance(12) else "except"
        if shape < 8:
            for _ in range(1 + (draw.below(4) == 0)):
                types = sorted({draw.weighted(weights_of(CAUGHT)) for _ in range(1 + draw.below(2))})
                self.in_handler = True
                was_finally, self.in_finally = self.in_finally, self.in_finally or head == "except*"
                clauses.append((head, types, self.block(depth + 1)))
                self.in_finally = was_finally
                self.in_handler = before
            if draw.chance(15):
                clauses.append(("else", [], self.block(depth + 1)))
        if shape >= 6:
            was_finally, self.in_finally = self.in_finally, True
            clauses.append(("finally", [], self.block(depth + 1)))
            self.in_finally = was_finally
        return Statement(0, None, "try", [], clauses)

    # ------------------------------------------------------------------------------------------ arguments

    in_handler = in_finally = False

    def has(self, kind):
        """Whether something has put a thing of that kind into a slot so far."""
        return any(name[0] == LETTERS[kind] for name in self.filled)

    def slot(self, kind, is_read=False):
        """A slot; to be READ, most often one that something fills."""
        filled = [name for name in self.filled if name[0] == LETTERS[kind]] if is_read and self.draw.chance(85) else []
        return self.draw.one(filled) if filled else LETTERS[kind] + str(self.draw.below(SLOTS[kind]))

    def argument(self, kind):
        draw = self.draw
        if kind == "W":
            kind = draw.weighted([("T", 55), ("F", 25), ("R", 20)])
        if kind == "T" and draw.chance(6):
            return "main"
        if kind == "L":
            return draw.one(LOCKS)
        if kind in LETTERS:
            return self.slot(kind, is_read=True)
        if kind in ("N", "D"):
            if kind == "D" and draw.chance(15):
                return "-"
            return draw.weighted(weights_of(DELAYS))
        if kind == "TEXT":
            return '"' + ("" if draw.chance(8) else draw.one("abcdefghijkl"))
        if kind == "TYPE":
            return draw.weighted(weights_of(RAISED if self.unit.kind != "handler" else RAISED_IN_HANDLERS))
        if kind == "HANDLER":
            return "default" if draw.chance(20) or not self.behind(kind) else draw.one(self.behind(kind))
        return draw.one(self.behind(kind))

    def behind(self, kind):
        return [unit.name for unit in self.units[self.unit.place + 1 :] if unit.kind == KINDS[kind]]


KINDS = {"BODY": "task", "CALLBACK": "callback", "HANDLER": "handler"}


def generate(seed):
    return Generator(seed).make()


def main(arguments):
    first, count = int(arguments[0]), int(arguments[1])
    for seed in range(first, first + count):
        program = generate(seed)
        sys.stdout.write(f"program {program.name}\n{language.write(program)}")


if __name__ == "__main__":
    main(sys.argv[1:])
