"""exceptions.py NAME: raises an exception and prints its repr and traceback, to compare test_exc_python.c with.

Each function below raises, or returns, one exception; NAME is one of them, or "texts" or "code_points". Places are
masked, source lines and modules of types are taken out: in these the two differ on purpose.

Python 3.8 and later print all of this alike.
"""
import asyncio
import errno
import os
import re
import sys
import traceback
import unicodedata


class NetworkError(OSError):
    pass


def plain():
    raise ValueError("boom")


def without_text():
    raise ValueError()


def several_lines():
    raise RuntimeError("one\ntwo\n\nthree")


def own_type():
    raise NetworkError("the network is broken")


def key():
    raise KeyError("it's not there")


def from_errno():
    raise OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


def from_errno_with_detail():
    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), "alpha")


def cancelled():
    raise asyncio.CancelledError("too slow")


def cancelled_without_text():
    raise asyncio.CancelledError()


def never_raised():
    return ValueError("made")


def context():
    try:
        raise KeyError("first")
    except KeyError:
        raise ValueError("second")


def cause():
    try:
        raise KeyError("first")
    except KeyError as error:
        raise ValueError("second") from error


def cause_that_was_never_raised():
    try:
        raise KeyError("context")
    except KeyError:
        raise ValueError("second") from TypeError("cause")


def from_nothing():
    try:
        raise KeyError("first")
    except KeyError:
        raise ValueError("second") from None


def chain_of_both():
    try:
        try:
            try:
                raise KeyError("first")
            except KeyError as error:
                raise ValueError("second") from error
        except ValueError:
            raise TypeError("third")
    except TypeError as error:
        raise RuntimeError() from error


def nested_handlers():
    try:
        raise KeyError("outer")
    except KeyError:
        try:
            raise ValueError("inner")
        except ValueError:
            pass
        raise TypeError("after the inner one")


def raised_in_a_nested_handler():
    try:
        raise KeyError("outer")
    except KeyError:
        try:
            raise ValueError("inner")
        except ValueError:
            raise TypeError("in both")


def reraised():
    try:
        raise ValueError("again")
    except ValueError:
        raise


def raised_again():
    try:
        raise ValueError("again")
    except ValueError as error:
        raise error


def first_of_the_chain_again():
    try:
        raise KeyError("first")
    except KeyError as error:
        first = error
        try:
            raise ValueError("second")
        except ValueError:
            try:
                raise TypeError("third")
            except TypeError:
                raise first


def cause_again():
    first = None
    try:
        try:
            raise KeyError("cause")
        except KeyError as error:
            first = error
            raise ValueError("effect") from error
    except ValueError:
        raise first


def raised_in_cleanup():
    try:
        raise ValueError("body")
    finally:
        raise TypeError("cleanup")


def handled_in_cleanup():
    try:
        raise ValueError("body")
    finally:
        try:
            raise TypeError("cleanup")
        except TypeError:
            pass


def caught_outside_of_cleanup():
    try:
        try:
            raise ValueError("body")
        finally:
            raise TypeError("cleanup")
    except TypeError:
        raise KeyError("outside")


def inner():
    raise ValueError("from deep inside")


def middle():
    inner()


def passed_on():
    middle()


TEXTS = [
    "plain", "it's", 'say "it"', 'it\'s "it"', "back\\slash", "\\'", "tab\tnew\nreturn\r", "\x01\x1f\x7f",
    "caf\u00e9", "\u4e00\u4e8c", "\U0001f600", "\u00a0\u00ad\u200b\u2028\ufeff", "\u202eright to left", " ", "'", '"',
    "''\"\"", "%s %d", "\U000e0001", "e\u0301",
]


def mask(text):
    """Takes source lines and the marks below them out, and places; the rest stays word for word."""
    lines, below_place = [], False
    for line in text.split("\n"):
        if below_place and re.match(r"    ", line):
            continue
        below_place = line.startswith('  File "')
        lines.append(re.sub(r'^  File ".*", line \d+, in (.*)$', r'  File "*", line *, in \1', line))
    return "\n".join(lines).replace("asyncio.exceptions.", "")


def print_exception(function):
    try:
        error = function()
    except BaseException as raised:
        error = raised.with_traceback(raised.__traceback__.tb_next)
    print(repr(error))
    print(mask("".join(traceback.format_exception(type(error), error, error.__traceback__))), end="")


def print_texts():
    for text in TEXTS:
        print(repr(ValueError(text)))


def print_code_points():
    """Ranges of code points, with 1 where a repr shows the character itself: all of them by the Unicode of CPython 3.13;
    by an older one those that it knows, by a newer one those that were known long ago."""
    version = tuple(map(int, unicodedata.unidata_version.split(".")))
    unknown = ("Cs",) if version == (15, 1, 0) else ("Cn", "Cs")
    table = unicodedata if version <= (15, 1, 0) else unicodedata.ucd_3_2_0
    first, shown = None, None
    for point in range(0x20, 0x110001):
        known = point < 0x110000 and table.category(chr(point)) not in unknown
        now = chr(point).isprintable() if known else None
        if now != shown:
            if shown is not None:
                print("%x %x %d" % (first, point - 1, shown))
            first, shown = point, now


def main():
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    name = sys.argv[1]
    if name == "texts":
        print_texts()
    elif name == "code_points":
        print_code_points()
    else:
        print_exception(globals()[name])


main()
