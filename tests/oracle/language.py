"""The language of the oracle's programs: reading, writing, and the table of operations. See README.md.

A program is declarations and bodies; a body is a list of statements; a statement has an operation, arguments, perhaps a slot
that takes its value, and perhaps blocks. The C side (program.c) reads the same text.
"""


class Statement:
    __slots__ = ("line", "slot", "operation", "arguments", "clauses")

    def __init__(self, line, slot, operation, arguments, clauses=None):
        self.line = line
        self.slot = slot  # name, or None
        self.operation = operation
        self.arguments = arguments  # texts; a quoted one begins with "
        self.clauses = clauses or []  # of blocks: (head, arguments, [Statement])


class Body:
    __slots__ = ("kind", "name", "statements")

    def __init__(self, kind, name, statements):
        self.kind = kind  # task, callback or handler
        self.name = name
        self.statements = statements


class Program:
    __slots__ = ("name", "declarations", "bodies")

    def __init__(self, name):
        self.name = name
        self.declarations = []  # lists of texts
        self.bodies = []  # the first is main


class Operation:
    """One line of the table. FORM is how it is written: capitals are arguments (KINDS), [..] may be missing, ... repeats.
    PYTHON is what it means: {0}, {1} are its arguments, {all} the list of them from the first that repeats, {slot} the slot.
    SUSPENDS: it may, so it cannot stand in a callback."""

    __slots__ = ("name", "form", "python", "suspends", "has_slot", "slot_kind", "kinds", "least", "repeats")

    def __init__(self, form, python, suspends=False):
        words = form.split()
        self.form = form
        self.python = python
        self.suspends = suspends
        self.has_slot = "=" in words
        self.slot_kind = words[0] if self.has_slot else None
        if self.has_slot:
            words = words[2:]
        self.name = words[0].rstrip(":")
        kinds = [word.rstrip(":") for word in words[1:]]
        self.repeats = bool(kinds) and kinds[-1] == "..."
        if self.repeats:
            kinds.pop()
        self.least = sum(not kind.startswith("[") for kind in kinds)
        self.kinds = [kind.strip("[]") for kind in kinds]


# The arguments of operations. W: whatever can be awaited: a task (T), a plain future (F), or what was made from others (R);
# P: a thread-side future; H: a handle; X: an exception; G: a task group; O: a timeout scope; V: a context variable; L: lock, semaphore or
# condition; E: event; C: condition; Q: queue; B: barrier; BODY, CALLBACK, HANDLER: names; N: a number; D: a delay, or - for
# none; TEXT: "quoted"; TYPE: a type of exception.
OPERATIONS = [
    # tasks and futures
    Operation("T = spawn BODY", "spawn({slot}, {0})"),
    Operation("T = eager BODY", "eager({slot}, {0})"),
    Operation("F = future", "put({slot}, loop.create_future())"),
    Operation("R = gather W ...", "gather({slot}, {all}, False)"),
    Operation("R = gather_all W ...", "gather({slot}, {all}, True)"),
    Operation("R = shield W", "shield({slot}, {0})"),
    Operation("P = threadsafe BODY", "threadsafe({slot}, {0})"),
    Operation("await W", "value(await get_younger(me, {0}))", True),
    Operation("sleep N", "await asyncio.sleep({0})", True),
    Operation("cancel W [TEXT]", "value(get({0}).cancel({1}))"),
    Operation("uncancel T", "value(get({0}).uncancel())"),
    Operation("cancelling T", "value(get({0}).cancelling())"),
    Operation("set F N", "get({0}).set_result({1})"),
    Operation("fail F TYPE TEXT", "get({0}).set_exception({1}({2}))"),
    Operation("result W", "value(get({0}).result())"),
    Operation("exception W", "value(get({0}).exception())"),
    Operation("on W CALLBACK", "get({0}).add_done_callback({1})"),
    Operation("off W CALLBACK", "value(get({0}).remove_done_callback({1}))"),
    Operation("drop W", "drop({0})"),
    Operation("return N", "return {0}"),
    # waiting for several, or not for ever
    Operation("wait_all D W ...", "waited(await asyncio.wait({all}, timeout={0}))", True),
    Operation("wait_first D W ...", "waited(await asyncio.wait({all}, timeout={0}, return_when='FIRST_COMPLETED'))", True),
    Operation(
        "wait_exception D W ...", "waited(await asyncio.wait({all}, timeout={0}, return_when='FIRST_EXCEPTION'))", True
    ),
    Operation("wait_for D W", "value(await asyncio.wait_for(get_younger(me, {1}), {0}))", True),
    Operation("completed D W ...", "await completed({all}, {0})", True),
    Operation("originals D W ...", "await originals({all}, {0})", True),
    Operation("O = timeout D:", "", True),
    Operation("reschedule O D", "reschedule({0}, {1})"),
    Operation("expired O", "value(get({0}).expired())"),
    Operation("when O", "value(get({0}).when())"),
    Operation("G = group:", "", True),
    Operation("T = child G BODY", "child({slot}, {0}, {1})"),
    # the loop
    Operation("H = soon CALLBACK", "put({slot}, loop.call_soon({0}))"),
    Operation("H = later N CALLBACK", "put({slot}, loop.call_later({0}, {1}))"),
    Operation("unschedule H", "get({0}).cancel()"),
    Operation("forget H", "drop({0})"),
    Operation("handler HANDLER", "loop.set_exception_handler({0})"),
    Operation("stop", "loop.stop()"),
    Operation("setvar V N", "set_variable({0}, {1})"),
    Operation("getvar V", "value(get_variable({0}))"),
    # the thread-side future
    Operation("thread_result P", "value(of_thread(get({0}).result))"),
    Operation("thread_exception P", "value(of_thread(get({0}).exception))"),
    Operation("thread_cancel P", "value(get({0}).cancel())"),
    Operation("thread_done P", "value(get({0}).done())"),
    Operation("thread_drop P", "drop({0})"),
    # exceptions
    Operation("raise TYPE TEXT", "raise {0}({1})"),
    Operation("raise_from X TYPE TEXT", "raise {1}({2}) from get({0})"),
    Operation("raise_from_none TYPE TEXT", "raise {0}({1}) from None"),
    Operation("throw X", "raise get({0})"),
    Operation("reraise", "raise"),
    Operation("keep X", "keep({0})"),
    Operation("X = new TYPE TEXT", "put({slot}, {0}({1}))"),
    Operation("X = new_group TEXT X ...", "put({slot}, BaseExceptionGroup({0}, {all}))"),
    Operation("split X TYPE", "split({0}, {1})"),
    Operation("note X TEXT", "get({0}).add_note({1})"),
    Operation("show X", "value(get({0}))"),
    Operation("discard X", "drop({0})"),
    # locks and queues
    Operation("acquire L", "value(await get({0}).acquire())", True),
    Operation("release L", "get({0}).release()"),
    Operation("locked L", "value(get({0}).locked())"),
    Operation("with L:", "", True),
    Operation("set_event E", "get({0}).set()"),
    Operation("clear_event E", "get({0}).clear()"),
    Operation("is_set E", "value(get({0}).is_set())"),
    Operation("wait_event E", "value(await get({0}).wait())", True),
    Operation("wait_condition C", "value(await get({0}).wait())", True),
    Operation("notify C N", "get({0}).notify({1})"),
    Operation("notify_all C", "get({0}).notify_all()"),
    Operation("put Q N", "await get({0}).put({1})", True),
    Operation("get Q", "value(await get({0}).get())", True),
    Operation("put_now Q N", "get({0}).put_nowait({1})"),
    Operation("get_now Q", "value(get({0}).get_nowait())"),
    Operation("task_done Q", "get({0}).task_done()"),
    Operation("join Q", "await get({0}).join()", True),
    Operation("shutdown Q", "get({0}).shutdown()"),
    Operation("shutdown_now Q", "get({0}).shutdown(immediate=True)"),
    Operation("size Q", "value(get({0}).qsize())"),
    Operation("arrive B", "value(await get({0}).wait())", True),
    Operation("reset B", "await get({0}).reset()", True),
    Operation("abort B", "await get({0}).abort()", True),
    # try, and its clauses
    Operation("try:", ""),
]
BY_NAME = {operation.name: operation for operation in OPERATIONS}
CLAUSES = ("except", "except*", "else", "finally")
BLOCKS = ("try", "timeout", "group", "with")
BODY_KINDS = ("task", "callback", "handler")

# Declarations, in the order of their names: what stands behind the name.
DECLARATIONS = {
    "lock": "asyncio.Lock()",
    "semaphore": "asyncio.Semaphore({0})",
    "bounded": "asyncio.BoundedSemaphore({0})",
    "event": "asyncio.Event()",
    "condition": "asyncio.Condition({0})",
    "queue": "{0}({1})",
    "barrier": "asyncio.Barrier({0})",
    "variable": "contextvars.ContextVar('v', default={0})",
}
QUEUES = {"fifo": "asyncio.Queue", "lifo": "asyncio.LifoQueue", "priority": "asyncio.PriorityQueue"}


class Malformed(Exception):
    pass


def words_of(text):
    """"cancel t0 "stop it"" -> cancel, t0, "stop it (the opening quote stays, as the mark)."""
    words, rest = [], text
    while rest := rest.lstrip(" "):
        if rest[0] == '"':
            end = rest.find('"', 1)
            if end < 0:
                raise Malformed(f"a quote is not closed: {text}")
            words.append(rest[:end])
            rest = rest[end + 1 :]
        else:
            word, _, rest = rest.partition(" ")
            words.append(word.rstrip(","))
    return words


def read(text, name=""):
    """The Program that TEXT is."""
    program = Program(name)
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.lstrip(" ")
        if stripped and not stripped.startswith("#"):
            lines.append((number, len(line) - len(stripped), stripped.rstrip()))
    lines.append((0, -2, ""))
    position = 0
    while lines[position][1] == 0:
        number, _, text = lines[position]
        words = words_of(text.rstrip(":"))
        position += 1
        if words[0] in BODY_KINDS and len(words) == 2 and text.endswith(":"):
            statements, position = read_block(lines, position, 2)
            program.bodies.append(Body(words[0], words[1], statements))
        elif words[0] in DECLARATIONS:
            program.declarations.append(words)
        else:
            raise Malformed(f"line {number}: neither a declaration nor a body: {text}")
    if lines[position][1] >= 0:
        raise Malformed(f"line {lines[position][0]}: indented too far")
    if not program.bodies or program.bodies[0].kind != "task":
        raise Malformed("the first body must be a task")
    return program


def read_block(lines, position, depth):
    statements = []
    while lines[position][1] == depth:
        statement, position = read_statement(lines, position, depth)
        statements.append(statement)
    if lines[position][1] > depth:
        raise Malformed(f"line {lines[position][0]}: indented too far")
    if not statements:
        raise Malformed(f"line {lines[position - 1][0]}: an empty block")
    return statements, position


def read_statement(lines, position, depth):
    number, _, text = lines[position]
    words = words_of(text.removesuffix(":"))
    slot = None
    if len(words) > 2 and words[1] == "=":
        slot, words = words[0], words[2:]
    name, arguments = words[0], words[1:]
    operation = BY_NAME.get(name)
    if operation is None:
        raise Malformed(f"line {number}: there is no operation {name}")
    if operation.has_slot != (slot is not None):
        raise Malformed(f"line {number}: written {operation.form}")
    if len(arguments) < operation.least or (len(arguments) > len(operation.kinds) and not operation.repeats):
        raise Malformed(f"line {number}: written {operation.form}")
    statement = Statement(number, slot, name, arguments)
    position += 1
    if name not in BLOCKS:
        return statement, position
    block, position = read_block(lines, position, depth + 2)
    statement.clauses.append((name, [], block))
    while name == "try" and lines[position][1] == depth:
        words = words_of(lines[position][2].removesuffix(":"))
        if words[0] not in CLAUSES:
            break
        block, position = read_block(lines, position + 1, depth + 2)
        statement.clauses.append((words[0], words[1:], block))
    return statement, position


def write(program):
    """The text of PROGRAM."""
    lines = [" ".join(declaration) for declaration in program.declarations]
    for body in program.bodies:
        lines.append(f"{body.kind} {body.name}:")
        write_block(lines, body.statements, 2)
    return "\n".join(lines) + "\n"


def write_block(lines, statements, depth):
    indent = " " * depth
    for statement in statements:
        words = [statement.slot, "="] if statement.slot else []
        words.append(statement.operation)
        words.extend(word + '"' if word.startswith('"') else word for word in statement.arguments)
        lines.append(indent + " ".join(words) + (":" if statement.clauses else ""))
        for number, (head, arguments, block) in enumerate(statement.clauses):
            if number > 0:
                lines.append(indent + " ".join([head] + [", ".join(arguments)] * bool(arguments)) + ":")
            write_block(lines, block, depth + 2)


def walk(statements):
    """All statements of a block, also those in blocks."""
    for statement in statements:
        yield statement
        for _, _, block in statement.clauses:
            yield from walk(block)
