#!/usr/bin/env python3
"""Puts bugs into the runtime, one at a time, and tells within how many random programs the comparison with CPython finds each.

    plant.py [NAME ...]        all bugs of this folder, or those named; exit status 0 if all are found

See README.md. CPython itself is not needed: the runtime without a bug must agree with golden.txt, and what it logs is
what the others are compared with."""
import argparse
import pathlib
import sys
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]

import generate  # noqa: E402
import language  # noqa: E402
import planting  # noqa: E402
import sides  # noqa: E402

PROGRAMS_MAX = 20000
BATCH = 250


class Tree(planting.Tree):
    """A copy of the sources, and the oracle of its build."""

    def __init__(self, folder):
        super().__init__(folder)
        self.library = sides.Library(self.build / "tests/oracle/oracle")

    def make(self):
        super().make("test-oracle")


def batches(count):
    """Texts of the programs, {name: text} each."""
    for first in range(1, count + 1, BATCH):
        seeds = range(first, min(first + BATCH, count + 1))
        yield {f"seed-{seed}": language.write(generate.generate(seed)) for seed in seeds}


def check_golden(programs, outcomes):
    """The runtime without a bug runs as CPython did."""
    golden = (HERE.parent / "golden.txt").read_text().split("\n")
    for line, (name, text) in zip(golden, programs.items()):
        if line and line != f"{zlib.crc32(text.encode()):08x} {outcomes[name].crc}":
            raise sides.Missing(f"{name}: without a bug the runtime does not run as golden.txt says")


def first_difference(tree, files, expected):
    """How many programs were run until one differed; None if none did."""
    count = 0
    for text in files:
        outcomes = sides.read_outcomes(tree.library.ask(text))
        for name, outcome in expected[count : count + BATCH]:
            count += 1
            if outcomes.get(name) is None or outcomes[name] != outcome:
                return count
    return None


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=sides.ROOT / "build/planted")
    parser.add_argument("--count", type=int, default=PROGRAMS_MAX)
    options = parser.parse_args()
    bugs = [planting.Bug(path) for path in sorted(HERE.glob("*.bug")) if not options.names or path.stem in options.names]
    tree = Tree(options.build.resolve())
    tree.make()
    files, expected, programs = [], [], {}
    for batch in batches(options.count):
        programs.update(batch)
        files.append(sides.join(batch))
        expected += tree.library.outcomes(batch).items()
    check_golden(programs, dict(expected))
    missed = [bug.name for bug in bugs if not try_bug(tree, bug, files, expected)]
    print(f"{len(bugs) - len(missed)} of {len(bugs)} found within {len(expected)} programs" + "".join("\nnot found: " + name for name in missed))
    return bool(missed)


def try_bug(tree, bug, files, expected):
    started = time.monotonic()
    tree.plant(bug)
    try:
        tree.make()
        found = first_difference(tree, files, expected)
    finally:
        tree.mend(bug)
    result = f"program {found}" if found else "not found"
    print(f"{bug.name:40} {result:16} {time.monotonic() - started:5.1f} s  {bug.why}", flush=True)
    return found is not None


if __name__ == "__main__":
    try:
        sys.exit(int(main()))
    except (sides.Missing, planting.Stale) as error:
        print(f"plant: {error}", file=sys.stderr)
        sys.exit(2)
