#!/usr/bin/env python3
"""The counterpart of runtime/examples/exceptions.c: same structure, same output."""
import sys
import traceback


class A(Exception):
    pass


class B(Exception):
    pass


class C(Exception):
    pass


# chains

def fail_while_handling():
    try:
        raise A("first trouble")
    except A:
        raise B("second trouble")


def show_chain():
    try:
        fail_while_handling()
    except B as error:
        print(f"caught: {type(error).__name__}")
        print(f"its context: {error.__context__!r}")
        print(f"its cause: {error.__cause__!r}")
        print("--- printed")
        traceback.print_exception(error, file=sys.stdout)


# trees

def show_part(title, part):
    print(f"--- {title}")
    traceback.print_exception(part, file=sys.stdout)


def show_tree():
    left = ExceptionGroup("left", [TypeError("2"), ValueError("3")])
    right = ExceptionGroup("right", [OSError("4")])
    tree = ExceptionGroup("top", [TypeError("1"), left, right])
    show_part("whole tree", tree)
    only_types = tree.subgroup(lambda error: isinstance(error, TypeError))
    show_part("subgroup: TypeError", only_types)
    print("--- its members")
    for member in only_types.exceptions:
        print(repr(member))
    show_part("split: the rest", tree.split(TypeError)[1])
    print(f"--- no match: {tree.subgroup(KeyError)}")


# except*

def fail_at_level_1():
    raise ExceptionGroup("level 1", [A("a")])


def fail_at_level_2():
    try:
        fail_at_level_1()
    except ExceptionGroup as group:
        raise ExceptionGroup("level 2", [group, B("b")])


def fail_at_level_3():
    try:
        fail_at_level_2()
    except ExceptionGroup as group:
        raise ExceptionGroup("level 3", [group, C("c")])


def show_star():
    try:
        fail_at_level_3()
    except* A as part:
        print(f"A part: {part!r}")
    except* B as part:
        print(f"B part: {part!r}")
    except* C as part:
        print(f"C part: {part!r}")
    print("all parts handled")


if __name__ == "__main__":
    {"--tree": show_tree, "--star": show_star}.get(sys.argv[-1], show_chain)()
