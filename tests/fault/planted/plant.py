#!/usr/bin/env python3
"""Puts bugs into tracer, runtime and viewer, one at a time, and sees whether the rows of ./dev test fault and ./dev test fuzz find them.

    plant.py [--write] [NAME ...]        all bugs of this folder, or those named; exit status 0 if all are found

See ../README.md. Each row that a bug's file names must pass without a bug; then, with it, it must fail, with the count that the file gives. --write puts
what rows said into FOUND.md. Without NAME each row of both tables must have a bug."""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

import planting  # noqa: E402
import rows  # noqa: E402

LIMIT = 240  # seconds for one row with one bug: what hangs is found, too
TABLES = ("fault", "fuzz")
LIST = HERE / "FOUND.md"
PREFACE = """# Rows and the bugs that they found

Written by `plant.py --write`: what each row said when the bug was in, and passed again when it was out.

| row | count | bug | what was said |
|---|---|---|---|
"""


def table_rows(table, names):
    return rows.read_rows(planting.ROOT / "tests" / table / "rows.txt", "dev", names)


class Finding(planting.Bug):
    """A bug, and the rows that find it: lines `found by: TABLE/ROW COUNT` stand last before its file."""

    def __init__(self, path):
        super().__init__(path)
        self.why, *found = self.why.split("\nfound by: ")
        self.why = " ".join(self.why.split())
        self.rows = []
        for one in found:
            place, count = one.split()
            table, _, name = place.partition("/")
            row = table_rows(table, [name])[0]
            row.limit, row.small_count = LIMIT, count
            self.rows.append(row)


def targets(row):
    """The program, what the scripts of the room fault run, and the row's own test."""
    room, behaviour = row.test.split(".")[0].split("/")
    has_script = (planting.ROOT / f"tests/{room}/test_{behaviour}.sh").exists()
    return ["telltale-program"] + (["fault-ends", "fault-soak", "example-tour"] if has_script else [f"test-{room}-{behaviour}"])


def make(tree, some_rows):
    tree.make(*{target for row in some_rows for target in targets(row)})


def verdict(tree, row):
    """(status, what it said) of the row with its small count."""
    listed = subprocess.run(["ctest", "--test-dir", tree.build, "--show-only=json-v1"], capture_output=True, text=True, check=True)
    known = rows.named_tests(json.loads(listed.stdout))
    if row.test not in known:
        raise rows.Misused(f"there is no test {row.test}")
    command, environment = known[row.test]
    os.environ["TT_COUNT"] = row.small_count
    return rows.run(row, command, environment)


def complaint(status, output):
    """What tells best why a row failed, as one line."""
    if status is None:
        return f"took longer than {LIMIT} s"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    told = [line for line in lines if re.search(r"ERROR|WARNING: ThreadSanitizer|^not |expected|!=", line)]
    told = [re.sub(r"^\[ *ERROR *\] ---|^ERROR:|^\d+: ", "", line).strip() for line in told]
    told = [line for line in told if line] or lines[-1:] or [f"ended with status {status}"]
    if told[0].endswith(":"): # what was asked stands before it, what came behind
        at = lines.index(told[0]) if told[0] in lines else 0
        told[0] = " / ".join(lines[max(at - 1, 0):at + 5])
    return told[0].replace("|", "\\\\|").replace("`", "'")[:150]


def try_bug(tree, bug, said):
    """Whether all its rows find it; what each said goes to SAID."""
    is_found = True
    try:
        tree.plant(bug)
    except planting.Stale as error:
        print(error, flush=True)
        return False
    try:
        make(tree, bug.rows)
        for row in bug.rows:
            started = time.monotonic()
            status, output = verdict(tree, row)
            if status in (0, rows.SKIPPED):
                is_found = False
                print(f"{bug.name:52} not found by {row.name}", flush=True)
                continue
            said[row.name] = (row.small_count, bug, complaint(status, output))
            print(f"{bug.name:52} {row.name:26} {time.monotonic() - started:5.0f} s  {said[row.name][2]}", flush=True)
    finally:
        tree.mend(bug)
    return is_found


def passes_without(tree, bugs):
    """The bugs whose rows all pass in the tree as it is."""
    make(tree, [row for bug in bugs for row in bug.rows])
    known = {}
    for bug in bugs:
        for row in bug.rows:
            key = (row.name, row.small_count)
            if key not in known:
                known[key], output = verdict(tree, row)
                if known[key] != 0:
                    print(f"{row.name} {row.small_count} does not pass without a bug: {complaint(known[key], output)}", flush=True)
    return [bug for bug in bugs if all(known[row.name, row.small_count] == 0 for row in bug.rows)]


def write_list(said):
    lines = {}
    if LIST.exists():
        lines = {line.split("|")[1].strip().strip("`"): line for line in LIST.read_text().splitlines() if line.startswith("| `")}
    for name, (count, bug, text) in said.items():
        lines[name] = f"| `{name}` | {count} | [{bug.name}]({bug.name}.bug) | `{text}` |"
    order = [row.name for table in TABLES for row in table_rows(table, [])]
    LIST.write_text(PREFACE + "".join(lines[name] + "\n" for name in order if name in lines))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--build", type=pathlib.Path, default=planting.ROOT / "build/planted-fault")
    options = parser.parse_args()
    bugs = [Finding(path) for path in sorted(HERE.glob("*.bug")) if not options.names or path.stem in options.names]
    found = {row.name for bug in bugs for row in bug.rows}
    missing = [] if options.names else [row.name for table in TABLES for row in table_rows(table, []) if row.name not in found]
    said, missed = {}, []
    for preset in ("dev", "tsan"):
        own = [bug for bug in bugs if bug.rows[0].preset == preset]
        if not own:
            continue
        wanted = ["-DTELLTALE_LTTNG=ON"] # for the rows about traces
        if preset == "tsan":
            wanted += ["-DTELLTALE_SANITIZE=thread", "-DTELLTALE_TEST_PATIENCE=20"]
        tree = planting.Tree(options.build.resolve() / preset, *wanted, build_type="Debug")
        sound = passes_without(tree, own)
        missed += [bug.name for bug in own if bug not in sound]
        missed += [bug.name for bug in sound if not try_bug(tree, bug, said)]
        if options.write:
            write_list(said)
    print(f"{len(bugs) - len(missed)} of {len(bugs)} found" + "".join("\nnot found: " + name for name in missed))
    print("".join(f"no bug for row {name}\n" for name in missing), end="")
    return bool(missed or missing)


if __name__ == "__main__":
    try:
        sys.exit(int(main()))
    except (planting.Stale, rows.Misused) as error:
        print(f"plant: {error}", file=sys.stderr)
        sys.exit(2)
