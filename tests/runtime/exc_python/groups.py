"""groups.py [SEED | NAME]: exception groups, to compare test_exc_groups_python.c with. Needs Python 3.13.

Without argument it writes what groups.expected is: what each function of NAMED raises, and for each of SEEDS seeds
the hash of what a random program leaves. With a seed, or a name, it writes that one's text.

Places are masked, source lines are taken out; of random programs all places are.
"""
import re
import sys
import traceback

SEEDS = 400


class Derived(ExceptionGroup):
    def derive(self, excs):
        return Derived(self.message, excs)


class Plain(ExceptionGroup):
    pass


class AnyErrors(BaseExceptionGroup):
    def derive(self, excs):
        return AnyErrors(self.message, excs)


# ---------------------------------------------------------------------------------------------------- by name


def basic():
    raise ExceptionGroup("outer", [ValueError("a"), TypeError("b")])


def one_member():
    raise ExceptionGroup("eg", [ValueError("a")])


def never_raised():
    return ExceptionGroup("made", [ValueError("a"), KeyError("b")])


def nested():
    raise ExceptionGroup("outer", [ValueError("a"), ExceptionGroup("inner", [TypeError("b"), KeyError("c")])])


def nested_last_and_more():
    inner = ExceptionGroup("inner", [ExceptionGroup("innermost", [TypeError("b")]), KeyError("c")])
    raise ExceptionGroup("outer", [inner, ValueError("a")])


def of_anything():
    raise BaseExceptionGroup("any", [KeyboardInterrupt(), SystemExit("3")])


def own_type():
    raise Derived("own", [ValueError("a")])


def several_lines():
    raise ExceptionGroup("one\ntwo", [ValueError("three\nfour\n\nfive"), TypeError("six\r\nseven\x0beight\u2028nine")])


def without_text():
    raise ExceptionGroup("", [ValueError(), KeyError("k")])


def notes():
    inner = ValueError("a")
    inner.add_note("of a")
    inner.add_note("two\nlines of a")
    group = ExceptionGroup("g", [inner, TypeError("b")])
    group.add_note("of the group")
    group.add_note("")
    raise group


def notes_alone():
    error = ValueError()
    error.add_note("first")
    error.add_note("second\nthird")
    raise error


def sixteen_members():
    raise ExceptionGroup("wide", [ValueError("%d" % i) for i in range(16)])


def seventeen_members():
    raise ExceptionGroup("wide", [ValueError("%d" % i) for i in range(17)])


def fifteen_members():
    raise ExceptionGroup("wide", [ValueError("%d" % i) for i in range(15)])


def deep(depth):
    error = ValueError("leaf")
    for i in range(depth):
        error = ExceptionGroup("eg%d" % i, [error, TypeError("beside")])
    return error


def ten_deep():
    return deep(10)


def eleven_deep():
    return deep(11)


def thirty_deep():
    return deep(30)


def cause():
    try:
        raise ExceptionGroup("cause", [ValueError("a")])
    except ExceptionGroup as error:
        raise TypeError("effect") from error


def context():
    try:
        raise KeyError("context")
    except KeyError:
        raise ExceptionGroup("group", [ValueError("a"), TypeError("b")])


def group_of_context_of_group():
    try:
        try:
            raise ExceptionGroup("first", [ValueError("a")])
        except ExceptionGroup:
            raise ExceptionGroup("second", [ValueError("b")])
    except ExceptionGroup as error:
        raise ExceptionGroup("third", [ValueError("c")]) from error


def raised_members():
    errors = []
    for kind in (ZeroDivisionError, ValueError):
        try:
            raise kind("1")
        except Exception as error:
            errors.append(error)
    try:
        raise ExceptionGroup("eg1", errors)
    except ExceptionGroup as error:
        inner = error
    raise ExceptionGroup("eg2", [inner, ValueError("2")])


def context_with_context():
    try:
        try:
            raise ExceptionGroup("eg1", [ValueError("1"), TypeError("2")])
        except ExceptionGroup:
            raise ExceptionGroup("eg2", [ValueError("3"), TypeError("4")])
    except ExceptionGroup:
        raise LookupError("5")


def nested_in_context():
    try:
        try:
            raise ExceptionGroup("nested", [TypeError("2"), TypeError("3")])
        except ExceptionGroup as error:
            inner = error
        raise ExceptionGroup("eg", [ValueError("1"), inner, ValueError("4")])
    except ExceptionGroup:
        raise ExceptionGroup("top", [ValueError("5")])


def chain_in_member():
    try:
        try:
            raise ExceptionGroup("first", [ValueError("a")])
        except ExceptionGroup:
            raise TypeError("in between")
    except TypeError as error:
        raise ExceptionGroup("second", [KeyError("k"), error]) from None


def chain_in_first_member():
    try:
        try:
            raise ExceptionGroup("first", [ValueError("a")])
        except ExceptionGroup:
            raise TypeError("in between")
    except TypeError as error:
        raise ExceptionGroup("second", [error, KeyError("k")]) from None


def context_shared_by_members():
    try:
        raise KeyError("shared")
    except KeyError:
        members = []
        for text in "ab":
            try:
                raise ValueError(text)
            except ValueError as error:
                members.append(error)
    raise ExceptionGroup("group", members)


def member_of_the_handled():
    try:
        raise ExceptionGroup("group", [ValueError("a"), TypeError("b")])
    except ExceptionGroup as error:
        raise error.exceptions[1]


def one_member_twice():
    try:
        raise KeyError("context")
    except KeyError:
        try:
            raise ValueError("twice")
        except ValueError as error:
            member = error
    raise ExceptionGroup("group", [member, member])


def star_unmatched():
    try:
        raise ExceptionGroup("eg", [ValueError("a"), TypeError("b")])
    except* KeyError:
        pass


def star_some():
    try:
        raise ExceptionGroup("eg", [ValueError("a"), TypeError("b"), ExceptionGroup("in", [ValueError("c")])])
    except* ValueError:
        pass


def star_in():
    try:
        raise ExceptionGroup("eg", [ValueError("a"), TypeError("b"), KeyError("c")])
    except* ValueError:
        raise IndexError("1")
    except* TypeError as error:
        raise IndexError("2") from error


def star_raising():
    star_in()


def star_reraising():
    try:
        raise ExceptionGroup("eg", [ValueError("a"), TypeError("b"), KeyError("c")])
    except* ValueError:
        raise
    except* TypeError:
        pass


def star_naked():
    try:
        raise ValueError("naked")
    except* ValueError:
        raise


def star_naked_raising():
    try:
        raise ValueError("naked")
    except* ValueError:
        raise KeyError("in the arm")


def star_naked_unmatched():
    try:
        raise ValueError("naked")
    except* TypeError:
        pass


def star_own_type():
    try:
        raise Plain("eg", [ValueError("a"), TypeError("b")])
    except* ValueError:
        pass


NAMED = [
    basic, one_member, never_raised, nested, nested_last_and_more, of_anything, own_type, several_lines, without_text,
    notes, notes_alone, fifteen_members, sixteen_members, seventeen_members, ten_deep, eleven_deep, thirty_deep, cause,
    context, group_of_context_of_group, raised_members, context_with_context, nested_in_context, chain_in_member, chain_in_first_member, context_shared_by_members,
    member_of_the_handled, one_member_twice, star_unmatched, star_some, star_raising, star_reraising, star_naked,
    star_naked_raising, star_naked_unmatched, star_own_type,
]


def mask(text):
    """Takes source lines and the marks below them out, and places; the rest stays word for word."""
    lines, indent = [], None
    for line in re.split("(?<=\n)", text):
        place = re.match(r'^([ |]*)  File ".*", line \d+, in (\w+)$', line)
        if place:
            indent = place.group(1) + "    "
            lines.append('%s  File "*", line *, in %s\n' % place.groups())
        elif indent is None or not line.startswith(indent):
            indent = None
            lines.append(line)
    return "".join(lines).replace("star_in\n", "star_raising\n")


def named_text(function):
    try:
        error = function()
    except BaseException as raised:
        error = raised.with_traceback(raised.__traceback__.tb_next)
    return "%r\n%s" % (error, mask("".join(traceback.format_exception(error))).replace("__main__.", ""))


# ------------------------------------------------------------------------------------------- random programs

TEXTS = ["plain", "two\nlines", "", "a\rb\r\nc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k", "it's", "\n"]
TYPES = [ValueError, TypeError, OSError, KeyError, KeyboardInterrupt, ConnectionError]
CAUGHT = [ValueError, TypeError, OSError, LookupError, Exception, BaseException]
GROUPS = [BaseExceptionGroup, ExceptionGroup, Derived, Plain, AnyErrors]
POOL = 7


class Program:
    def __init__(self, seed):
        self.seed = seed
        self.pool = [ValueError("first")] * POOL

    def draw(self, below):
        self.seed = (self.seed * 1664525 + 1013904223) & 0xffffffff
        return (self.seed >> 8) % below

    def drawn(self):
        return self.pool[self.draw(POOL)]

    def put(self, error):
        where = self.draw(POOL)
        if error is not None:
            self.pool[where] = error

    def new(self):
        kind, text = TYPES[self.draw(len(TYPES))], TEXTS[self.draw(len(TEXTS))]
        self.put(kind(text) if text else kind())

    def group(self, count):
        kind, text = GROUPS[self.draw(len(GROUPS))], TEXTS[self.draw(len(TEXTS))]
        members = [self.drawn() for _ in range(count)]
        try:
            self.put(kind(text, members))
        except Exception as error:
            self.put(error)

    def wrap(self):
        error = self.drawn()
        for _ in range(self.draw(14)):
            error = BaseExceptionGroup("wrapped", [error])
        self.put(error)

    def handle(self):
        handled, error = self.drawn(), self.drawn()
        try:
            raise handled
        except BaseException:
            try:
                raise error
            except BaseException as raised:
                self.put(raised)

    def raise_from(self):
        error, reason = self.drawn(), self.drawn()
        if self.draw(4) == 0:
            reason = None
        try:
            raise error from reason
        except BaseException as raised:
            self.put(raised)

    def note(self):
        self.drawn().add_note(TEXTS[self.draw(len(TEXTS))])

    def split(self):
        error, kind = self.drawn(), CAUGHT[self.draw(len(CAUGHT))]
        if isinstance(error, BaseExceptionGroup):
            match, rest = error.split(kind)
            self.put(match)
            self.put(rest)

    def star(self):
        error = self.drawn()
        type1, arm1 = CAUGHT[self.draw(len(CAUGHT))], self.draw(6)
        type2, arm2 = CAUGHT[self.draw(len(CAUGHT))], self.draw(6)
        try:
            try:
                raise error
            except* type1 as match:
                if arm1 == 1:
                    raise
                if arm1 == 2:
                    raise KeyError("in the arm")
                if arm1 == 3:
                    raise match.exceptions[0]
                if arm1 == 4:
                    raise match
                if arm1 == 5:
                    raise TypeError("from") from match
            except* type2 as match:
                if arm2 == 1:
                    raise
                if arm2 == 2:
                    raise KeyError("in the arm")
                if arm2 == 3:
                    raise match.exceptions[0]
                if arm2 == 4:
                    raise match
                if arm2 == 5:
                    raise TypeError("from") from match
        except BaseException as raised:
            self.put(raised)

    def step(self):
        which = self.draw(12)
        if which < 2:
            self.new()
        elif which < 4:
            self.group(1 + self.draw(4))
        elif which == 4:
            self.group(14 + self.draw(5) if self.draw(4) == 0 else 2)
        elif which == 5:
            if self.draw(3) == 0:
                self.wrap()
        elif which == 6:
            self.handle()
        elif which == 7:
            self.raise_from()
        elif which == 8:
            self.note()
        elif which == 9:
            self.split()
        else:
            self.star()


def forget_tracebacks(error, seen):
    queue = [error]
    while queue:
        error = queue.pop()
        if error is None or id(error) in seen:
            continue
        seen[id(error)] = error
        error.__traceback__ = None
        queue += [error.__cause__, error.__context__]
        queue += getattr(error, "exceptions", ())


def leaf_count(error):
    """Cut at 200: more than that is neither built on nor printed."""
    if not isinstance(error, BaseExceptionGroup):
        return 1
    return min(200, sum(leaf_count(member) for member in error.exceptions))


def random_text(seed):
    program = Program(seed)
    for _ in range(30):
        program.step()
        program.pool = [ValueError("too many") if leaf_count(error) == 200 else error for error in program.pool]
    for error in program.pool:
        forget_tracebacks(error, {})
    return "".join("%r\n%s" % (error, "".join(traceback.format_exception(error)).replace("__main__.", ""))
                   for error in program.pool)


def hashed(text):
    value = 0xcbf29ce484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 & 0xffffffffffffffff
    return value


def main():
    if len(sys.argv) > 1:
        sys.stdout.write(random_text(int(sys.argv[1])) if sys.argv[1].isdigit() else named_text(globals()[sys.argv[1]]))
        return
    for function in NAMED:
        sys.stdout.write("== %s\n%s" % (function.__name__, named_text(function)))
    sys.stdout.write("== random\n")
    for seed in range(SEEDS):
        text = random_text(seed)
        sys.stdout.write("%d %d %016x\n" % (seed, len(text.encode()), hashed(text)))


main()
