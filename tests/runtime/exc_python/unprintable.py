"""Writes runtime/unprintable.def: the code points from 0x80 on that repr() escapes, as the Unicode of CPython 3.13 has
them. `python3.13 unprintable.py >unprintable.def`.
"""
import sys
import unicodedata


def ranges():
    first = None
    for point in range(0x80, 0x110001):
        escaped = point < 0x110000 and not chr(point).isprintable()
        if escaped and first is None:
            first = point
        elif not escaped and first is not None:
            yield first, point - 1
            first = None


def main():
    if unicodedata.unidata_version != "15.1.0":
        sys.exit("unprintable.py: this Python has Unicode %s, not 15.1.0" % unicodedata.unidata_version)
    print("/* unprintable.def: the code points from 0x80 on that Python's repr escapes, in order: categories Cc, Cf, Cs, Co, Cn,")
    print(" * Zl, Zp and Zs of Unicode 15.1. Written by tests/runtime/exc_python/unprintable.py. */")
    line = ""
    for first, last in ranges():
        word = "R(%#x, %#x)" % (first, last)
        if len(line) + len(word) + 1 > 116:
            print(line)
            line = ""
        line += (" " if line else "") + word
    print(line)


main()
