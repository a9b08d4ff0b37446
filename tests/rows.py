#!/usr/bin/env python3
"""Runs tests with the counts of a table, one row after the other, and says how each went.

    rows.py TABLE [--preset NAME] [ROW ...]      TABLE is tests/fault/rows.txt or tests/fuzz/rows.txt

A row is: name, TT_COUNT, limit in seconds, test as CTest calls it, and perhaps a preset of its own, which is built first. TT_COUNT in the
environment takes the place of the counts of the rows that run; TT_SEED goes to the tests. Exit status: 0 all passed, 1 one failed, 2 misused."""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = 77


class Misused(Exception):
    pass


class Row:
    def __init__(self, line, preset):
        words = line.split()
        if len(words) not in (4, 5):
            raise Misused(f"not a row: {line}")
        self.name, self.count, self.limit, self.test = words[0], words[1], int(words[2]), words[3]
        self.preset = words[4] if len(words) == 5 else preset
        self.has_own_preset = len(words) == 5 and self.preset != preset


def read_rows(path, preset, names):
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    rows = [Row(line, preset) for line in lines]
    for name in names:
        if name not in {row.name for row in rows}:
            raise Misused(f"{path.name} has no row {name}; it has {' '.join(row.name for row in rows)}")
    return [row for row in rows if not names or row.name in names]


def build(row):
    """A preset of the row's own: the program of its test, and no more."""
    room, behaviour = row.test.split(".")[0].split("/")
    configured = subprocess.run(["cmake", "--preset", row.preset], cwd=ROOT, capture_output=True, text=True)
    built = configured.returncode == 0 and subprocess.run(
        ["cmake", "--build", "--preset", row.preset, "--target", f"test-{room}-{behaviour}"], cwd=ROOT, capture_output=True, text=True
    )
    if not built or built.returncode:
        raise Misused(f"cannot build {row.test} with preset {row.preset}:\n{(built or configured).stdout[-2000:]}")


def tests_of(preset):
    """What CTest knows: {name: (command, environment)}."""
    listed = subprocess.run(["ctest", "--preset", preset, "--show-only=json-v1"], cwd=ROOT, capture_output=True, text=True, check=True)
    return named_tests(json.loads(listed.stdout))


def named_tests(listed):
    tests = {}
    for test in listed["tests"]:
        environment = dict(os.environ)
        for one in test.get("properties", []):
            if one["name"] == "ENVIRONMENT":
                environment.update(pair.split("=", 1) for pair in one["value"])
            elif one["name"] == "ENVIRONMENT_MODIFICATION":
                for change in one["value"]:
                    environment.pop(change.split("=", 1)[0], None)
        tests[test["name"]] = (test.get("command"), environment)
    return tests


def run(row, command, environment):
    """(status, output); status None: it took too long."""
    count = os.environ.get("TT_COUNT", row.count)
    environment = environment | {"TT_COUNT": count, "TELLTALE_TEST_SECONDS": str(row.limit)}
    process = subprocess.Popen(
        command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True
    )
    try:
        output, _ = process.communicate(timeout=row.limit + 30)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return None, process.communicate()[0]


def again(row, output):
    """One command that repeats the last round of what failed."""
    said = re.findall(r"repeat with ((?:TT_[A-Z]+=\S+ ?)+)", output)
    return f"{said[-1].strip() + ' ' if said else ''}ctest --preset {row.preset} -R '^{re.escape(row.test)}$'"


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("table", type=pathlib.Path)
    parser.add_argument("rows", nargs="*")
    parser.add_argument("--preset", default="dev")
    options = parser.parse_intermixed_args()
    rows = read_rows(options.table, options.preset, options.rows)
    known, failed, skipped, begun = {}, [], [], time.monotonic()
    for row in rows:
        if row.has_own_preset:
            build(row)
        if row.preset not in known:
            known[row.preset] = tests_of(row.preset)
        command, environment = known[row.preset].get(row.test, (None, None))
        if not command:
            raise Misused(f"CTest knows no test {row.test} that was built")
        started = time.monotonic()
        status, output = run(row, command, environment)
        verdict = "passed" if status == 0 else "skipped" if status == SKIPPED else "FAILED" if status is not None else "TOO LONG"
        told = [line for line in output.splitlines() if re.match(r"(storm: )?\d+ ", line)]
        line = f"{row.name:28} {os.environ.get('TT_COUNT', row.count):>9} {time.monotonic() - started:7.1f} s  {verdict:8}"
        print(line + (f"  {told[-1]}" if told else ""), flush=True)
        if verdict == "skipped":
            skipped.append(row.name)
            print("    " + "".join(re.findall(r"skipped: .*", output)[:1]))
        elif verdict != "passed":
            failed.append(row.name)
            print(output[-4000:], f"\nrepeat: {again(row, output)}", sep="", flush=True)
    print(f"\n{len(rows) - len(failed) - len(skipped)} of {len(rows)} rows passed, {len(skipped)} skipped, in {time.monotonic() - begun:.0f} s")
    if failed:
        print("failed: " + " ".join(failed))
    return bool(failed)


if __name__ == "__main__":
    try:
        sys.exit(int(main()))
    except Misused as error:
        print(f"rows: {error}", file=sys.stderr)
        sys.exit(2)
