#!/usr/bin/env python3
"""Puts bugs into tracer and runtime, one at a time, and sees whether the rows of ./dev test fault and ./dev test fuzz find them.

    plant.py [NAME ...]        all bugs of this folder, or those named; exit status 0 if all are found

See ../README.md. Each row must pass without a bug; then, with it, the same row must fail, with the count that the bug's file gives."""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

import planting  # noqa: E402
import rows  # noqa: E402

LIMIT = 240  # seconds for one row with one bug: what hangs is found, too


class Finding(planting.Bug):
    """A bug, and the row that finds it: `found by: TABLE/ROW COUNT` is the last line before its file."""

    def __init__(self, path):
        super().__init__(path)
        self.why, _, row = self.why.rpartition("\nfound by: ")
        table, _, row = row.partition("/")
        name, self.count = row.split()
        self.row = rows.read_rows(planting.ROOT / "tests" / table / "rows.txt", "dev", [name])[0]
        self.row.limit = LIMIT


TARGETS = (
    "telltale-program fault-ends fault-soak test-fault-recorder_calls test-fault-disk test-fault-memory test-fault-memory_reading test-fault-memory_import test-fault-viewers test-fault-descent"
    " test-fuzz-arenas test-fuzz-stores test-tracer-store_kill test-tracer-kill test-tracer-limits test-tracer-fork"
    " test-tracer-threads test-tracer-signals"
).split()


def verdict(tree, bug):
    """Whether the bug's row passes in the tree."""
    listed = subprocess.run(["ctest", "--test-dir", tree.build, "--show-only=json-v1"], capture_output=True, text=True, check=True)
    command, environment = rows.named_tests(json.loads(listed.stdout))[bug.row.test]
    os.environ["TT_COUNT"] = bug.count
    status, _ = rows.run(bug.row, command, environment)
    return status


def try_bug(tree, bug):
    started = time.monotonic()
    if verdict(tree, bug) != 0:
        print(f"{bug.name:44} its row {bug.row.name} does not pass without it", flush=True)
        return False
    tree.plant(bug)
    try:
        tree.make(*TARGETS)
        is_found = verdict(tree, bug) not in (0, rows.SKIPPED)
    finally:
        tree.mend(bug)
    result = f"found by {bug.row.name}" if is_found else "not found"
    print(f"{bug.name:44} {result:34} {time.monotonic() - started:5.0f} s  {bug.why}", flush=True)
    tree.make(*TARGETS)
    return is_found


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--build", type=pathlib.Path, default=planting.ROOT / "build/planted-fault")
    options = parser.parse_args()
    bugs = [Finding(path) for path in sorted(HERE.glob("*.bug")) if not options.names or path.stem in options.names]
    tree = planting.Tree(options.build.resolve(), build_type="Debug")
    tree.make(*TARGETS)
    missed = [bug.name for bug in bugs if not try_bug(tree, bug)]
    print(f"{len(bugs) - len(missed)} of {len(bugs)} found" + "".join("\nnot found: " + name for name in missed))
    return bool(missed)


if __name__ == "__main__":
    try:
        sys.exit(int(main()))
    except (planting.Stale, rows.Misused) as error:
        print(f"plant: {error}", file=sys.stderr)
        sys.exit(2)
