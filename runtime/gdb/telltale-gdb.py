# telltale-gdb.py: tasks in gdb, of a process and of a core file.
#
#   telltale tasks                 the tasks that are not done, of all loops that are open: state, name, coroutine, place
#   telltale bt TASK [OPTION...]   where TASK, a number as `tasks` shows it or a name, stands: as gdb's own bt, with its options
#
# How. A suspended task's registers lie on its stack, where tt__coro_switch_stacks pushed them (switch_x86_64.S and
# switch_aarch64.S draw it), or in a ucontext. A core file's registers cannot be set; so gdb's innermost frame is given
# another caller while the command runs, the suspended task, and gdb unwinds from there on by itself. Nothing in the
# process is changed, and nothing of it is called.
#
# What it needs: debugging information of libtelltale, for the layout of its structures. gdb loads this file by itself where it
# is installed for that (auto-load); else: source .../telltale-gdb.py
import re

import gdb

PHASES = {0: "ready", 1: "running", 2: "waiting", 3: "ended"}  # enum tt_task_phase

LIBRARY_MISSING = "telltale: no loops are known: libtelltale is not loaded, or its debugging information is missing"


def text(value, limit=200):
    """A C string for a terminal, with whatever is not plain replaced; None for NULL."""
    if int(value) == 0:
        return None
    try:
        string = value.string("utf-8", errors="replace", length=-1)
    except gdb.MemoryError:
        return "?"
    return "".join(c if c.isprintable() else "?" for c in string)[:limit]


def place(site):
    """FILE:LINE in FUNCTION."""
    if int(site) == 0:
        return "unknown place"
    site = site.dereference()
    return "%s:%d in %s" % (text(site["file"]), int(site["line"]), text(site["func"]))


def word_of(enumeration, number):
    """The word of a value of an enumeration of events.def, or its number where the compiler left that out."""
    try:
        fields = gdb.lookup_type("enum " + enumeration).fields()
    except gdb.error:
        return str(number)
    prefix = "TT_" + enumeration[3:].upper() + "_"
    for field in fields:
        if field.enumval == number:
            name = field.name[len(prefix):] if field.name.startswith(prefix) else field.name
            return name.lower().replace("_", " ")
    return str(number)


def first_dumper():
    """The head of the tracer's list of those that tell what is (tracer/dump.c): each open loop is one of them."""
    for symbol in gdb.lookup_static_symbols("first_dumper"):
        if symbol.type.code != gdb.TYPE_CODE_PTR or symbol.type.target().tag != "tt_trace_dumper":
            continue
        # Where the library was optimised as a whole there is also one that says what it is, and not where.
        value = symbol.value()
        if not value.is_optimized_out:
            return value
    raise gdb.GdbError(LIBRARY_MISSING)


def loops():
    """The loops that are open, the oldest first."""
    found, dumper = [], first_dumper()
    while int(dumper) != 0:
        block = gdb.block_for_pc(int(dumper["fn"]))
        while block is not None and block.function is None:
            block = block.superblock
        # The file is that of the line: a function of a library that was optimised as a whole is of a file "<artificial>".
        source = gdb.find_pc_line(int(dumper["fn"])).symtab
        if block is not None and block.function.name == "request" and source is not None and source.filename.endswith("state_dump.c"):
            found.append(dumper["argument"].cast(gdb.lookup_type("struct tt_loop").pointer()).dereference())
        dumper = dumper["tt__next"]
    return reversed(found)


def tasks_of(loop):
    task = loop["first_task"]
    while int(task) != 0:
        yield Task(task.dereference())
        task = task["next"]


class Task:
    """One struct tt_task_object that is not done."""

    def __init__(self, value):
        self.value = value
        self.number = int(value["future"]["id"])
        self.state = PHASES.get(int(value["phase"]), "?")
        self.name = text(value["name"]) or "Task-%d" % int(value["name_number"])
        self.has_started = bool(value["has_started"])

    def coroutine(self):
        site = self.value["future"]["created_site"]
        return (text(site.dereference()["text"]) if int(site) != 0 else None) or "?"

    def wait(self):
        """What it waits for, in words."""
        waiter = self.value["waiter"]
        if self.state != "waiting" or int(waiter) == 0:
            return ""
        label = waiter.dereference()["label"]
        kind, what = word_of("tt_wait_kind", int(label["kind"])), int(label["object"])
        return kind if what == 0 else "%s %d" % (kind, what)

    def place(self):
        if not self.has_started:
            return "created at " + place(self.value["future"]["created_site"])
        return place(self.value["last_site"])

    def registers(self):
        """Those that a suspended task goes on with, by gdb's names; the stack pointer included."""
        coro = self.value["coro"]
        names = [field.name for field in coro.type.fields()]
        if "context" in names:
            return registers_of_context(coro["context"])
        return registers_on_stack(int(coro["sp"]))


def read_words(address, count):
    word = gdb.lookup_type("unsigned long")
    pointer = gdb.Value(address).cast(word.pointer())
    return [int(pointer[i]) for i in range(count)]


def architecture():
    try:
        return gdb.selected_frame().architecture().name()
    except gdb.error:
        raise gdb.GdbError("telltale: there is no process and no core file")


def registers_on_stack(sp):
    name = architecture()
    if name.startswith("i386:x86-64"):
        words = read_words(sp, 7)
        registers = dict(zip(("r15", "r14", "r13", "r12", "rbx", "rbp", "rip"), words))
        registers["rsp"] = sp + 56
        return registers
    if name.startswith("aarch64"):
        words = read_words(sp, 12)
        order = ("x29", "x30") + tuple("x%d" % i for i in range(19, 29))
        registers = dict(zip(order, words))
        registers["pc"] = registers["x30"]
        registers["sp"] = sp + 160
        return registers
    raise gdb.GdbError("telltale: suspended tasks of %s are not known" % name)


def registers_of_context(context):
    machine = context["uc_mcontext"]
    if architecture().startswith("i386:x86-64"):
        numbers = {"r12": 4, "r13": 5, "r14": 6, "r15": 7, "rbp": 10, "rbx": 11, "rsp": 15, "rip": 16}
        return {name: int(machine["gregs"][number]) & (1 << 64) - 1 for name, number in numbers.items()}
    if architecture().startswith("aarch64"):
        registers = {"x%d" % i: int(machine["regs"][i]) for i in range(19, 31)}
        registers["pc"], registers["sp"] = int(machine["pc"]), int(machine["sp"])
        return registers
    raise gdb.GdbError("telltale: suspended tasks of %s are not known" % architecture())


# ------------------------------------------------------------------------------------------------- another caller


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class TaskUnwinder:
    """While `registers` is set, the innermost frame's caller is the suspended task."""

    name = "telltale-task"
    enabled = True

    def __init__(self):
        self.registers = None

    def __call__(self, pending):
        if self.registers is None or pending.level() != 0:
            return None
        is_arm = "pc" in self.registers
        sp = self.registers["sp" if is_arm else "rsp"]
        pc_type = gdb.lookup_type("void").pointer()
        # The innermost frame seems to be called by what lies above it on a stack: gdb would take any other order for damage.
        frame_id = FrameId(gdb.Value(sp - 256).cast(pc_type), pending.read_register("pc"))
        info = pending.create_unwind_info(frame_id)
        for name, number in self.registers.items():
            model = pending.read_register(name)
            info.add_saved_register(name, gdb.Value(number).cast(model.type))
        return info


unwinder = TaskUnwinder()


def backtrace(task, options):
    """gdb's backtrace of a suspended task, as a text."""
    thread_frame = gdb.newest_frame()
    thread_frame.select()
    unwinder.registers = task.registers()
    gdb.invalidate_cached_frames()
    try:
        lines = gdb.execute("backtrace " + options, to_string=True).splitlines()
    finally:
        unwinder.registers = None
        gdb.invalidate_cached_frames()
    shown, is_task = [], False
    for line in lines:
        match = re.match(r"#(\d+)( +)(.*)", line)
        if match:
            is_task = int(match.group(1)) > 0  # frame 0 is the thread's own
            line = "#%-3d%s" % (int(match.group(1)) - 1, match.group(3))
        if is_task or not match and shown:
            shown.append(line)
    return "\n".join(shown)


# -------------------------------------------------------------------------------------------------------- commands


class Telltale(gdb.Command):
    """Tasks of the telltale runtime: telltale tasks, telltale bt TASK."""

    def __init__(self):
        super().__init__("telltale", gdb.COMMAND_STACK, prefix=True)


class Tasks(gdb.Command):
    """Lists the tasks that are not done, of all loops that are open.
usage: telltale tasks"""

    def __init__(self):
        super().__init__("telltale tasks", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        if argument:
            raise gdb.GdbError("telltale tasks takes no argument")
        for loop in loops():
            tasks = list(tasks_of(loop))
            thread = int(loop["running_thread"]) if bool(loop["is_running"]) else 0
            print("loop #%d, created at %s, %s, %d task%s" % (
                int(loop["id"]), place(loop["created_site"]),
                "running on thread %d" % thread if thread else "not running", len(tasks), "" if len(tasks) == 1 else "s"))
            rows = [("#%d" % t.number, t.state, t.name, t.coroutine(), t.wait(), t.place()) for t in tasks]
            rows.insert(0, ("ID", "STATE", "NAME", "COROUTINE", "WAITS FOR", "AT"))
            widths = [max(len(row[i]) for row in rows) for i in range(5)]
            for row in rows if tasks else []:
                print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)) + "  " + row[5])


class Backtrace(gdb.Command):
    """Shows where a suspended task stands, live or in a core file.
usage: telltale bt TASK [OPTION...]
TASK is a number as `telltale tasks` shows it, or a name. Options are those of gdb's backtrace: full, -frame-info ..., a count."""

    def __init__(self):
        super().__init__("telltale bt", gdb.COMMAND_STACK)

    def find(self, wanted):
        found = [task for loop in loops() for task in tasks_of(loop)
                 if wanted == str(task.number) or wanted == "#%d" % task.number or wanted == task.name]
        if not found:
            raise gdb.GdbError("telltale: there is no task %s; see: telltale tasks" % wanted)
        if len(found) > 1:
            raise gdb.GdbError("telltale: %s are called %s" % (", ".join("#%d" % task.number for task in found), wanted))
        return found[0]

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if not words:
            raise gdb.GdbError("usage: telltale bt TASK [OPTION...]")
        task = self.find(words[0])
        if task.state == "running":
            raise gdb.GdbError("telltale: #%d runs: its thread's bt shows it" % task.number)
        if not task.has_started:
            raise gdb.GdbError("telltale: #%d has not begun: it has no stack; it was %s" % (task.number, task.place()))
        print(backtrace(task, " ".join(words[1:])))

    def complete(self, text_so_far, word):
        try:
            names = [name for loop in loops() for task in tasks_of(loop) for name in (str(task.number), task.name)]
        except gdb.error:
            return []
        return [name for name in names if name.startswith(text_so_far)]


import gdb.unwinder

gdb.unwinder.register_unwinder(None, unwinder, replace=True)
Telltale()
Tasks()
Backtrace()
