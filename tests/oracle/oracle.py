#!/usr/bin/env python3
"""Compares telltale's runtime with CPython's asyncio, program by program. See README.md.

    oracle.py random [--first N] [--count N] [--jobs N]   random programs on both sides; coverage; shrinks what differs
    oracle.py corpus [--rewrite]                          the judge on the corpus and its expected logs
    oracle.py expected [FILE]                             the library on the corpus: no judge is needed
    oracle.py golden [--first N] [--count N]              the library on programs of golden.txt: no judge is needed
    oracle.py golden --rewrite                            writes golden.txt anew
    oracle.py compare FILE|SEED                           both logs of one program, as a difference
    oracle.py shrink FILE|SEED                            the smallest program that still differs

--library names the program `oracle` (build/dev/tests/oracle/oracle), --build a folder for the npm package (build).
Exit status: 0 no difference, 1 differences, 2 misused or something is missing."""
import argparse
import concurrent.futures
import difflib
import os
import pathlib
import queue
import sys
import tempfile
import time
import zlib

import generate
import language
import sides
from coverage import Coverage
from shrink import shrink

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 250
DIFFERENCES_SHRUNK_MAX = 5
GOLDEN = HERE / "golden.txt"
GOLDEN_COUNT = 8000
PAIRS_FROM = 20000  # programs, within which all pairs must have come up


class Session:
    """Judges, one for each job, and the library."""

    def __init__(self, options):
        self.library = sides.Library(options.library, options.launcher)
        self.scratch = tempfile.TemporaryDirectory(prefix="oracle-")
        self.judges = queue.Queue()
        self.all_judges = [sides.Judge(options.build, self.scratch.name) for _ in range(options.jobs)]
        for judge in self.all_judges:
            self.judges.put(judge)
        self.pool = concurrent.futures.ThreadPoolExecutor(options.jobs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.shutdown()
        for judge in self.all_judges:
            judge.stop()
        self.scratch.cleanup()

    def outcomes(self, programs):
        """(judge's, library's) outcomes of a batch."""
        judge = self.judges.get()
        try:
            return judge.outcomes(programs), self.library.outcomes(programs)
        finally:
            self.judges.put(judge)

    def batches(self, programs):
        """The outcomes of PROGRAMS, an iterable of (name, text), batch by batch: (programs, judge's, library's)."""
        batch, running = {}, []
        for name, text in programs:
            batch[name] = text
            if len(batch) == BATCH:
                running.append((batch, self.pool.submit(self.outcomes, batch)))
                batch = {}
            while len(running) > 2 * len(self.all_judges):
                done, future = running.pop(0)
                yield done, *future.result()
        if batch:
            running.append((batch, self.pool.submit(self.outcomes, batch)))
        for done, future in running:
            yield done, *future.result()

    def differing(self, programs):
        """Names of PROGRAMS, {name: text}, on which the sides differ, the judge's own failures left out."""
        names = set()
        for batch, judged, made in self.batches(programs.items()):
            names |= {name for name in batch if judged[name] != made.get(name) and judged[name].crc not in ("failed", "died")}
        return names

    def difference(self, text):
        judge = self.judges.get()
        try:
            expected = judge.logs({"it": text}).get("it", "the judge died").splitlines()
        finally:
            self.judges.put(judge)
        made = self.library.logs({"it": text}).get("it", "").splitlines()
        return "\n".join(difflib.unified_diff(expected, made, "CPython", "telltale", lineterm="", n=8))


def random_programs(session, options):
    coverage, differing, failed = Coverage(), {}, []
    started, count = time.monotonic(), 0
    seeds = range(options.first, options.first + options.count)
    programs = ((f"seed-{seed}", language.write(generate.generate(seed))) for seed in seeds)
    for batch, judged, made in session.batches(programs):
        count += len(batch)
        for name, text in batch.items():
            coverage.add(judged[name].operations)
            if judged[name].crc in ("failed", "died"):
                failed.append(name)
            elif judged[name] != made.get(name):
                differing[name] = text
        if sys.stderr.isatty():
            print(f"\r{count} programs, {len(differing)} differ", end="", file=sys.stderr)
    print(f"{count} programs in {time.monotonic() - started:.0f} s: {len(differing)} differ, the judge failed on {len(failed)}")
    print(coverage.table())
    for name in failed[:5]:
        print(f"the judge fails: oracle.py compare {name.removeprefix('seed-')}")
    for name, text in list(differing.items())[:DIFFERENCES_SHRUNK_MAX]:
        report_difference(session, name, text, options)
    is_covered = options.count < PAIRS_FROM or not (coverage.missing_pairs() or coverage.missing_operations())
    if not is_covered:
        print("not all operations and pairs were used: see generate.py")
    return bool(differing or failed) or not is_covered


def report_difference(session, name, text, options):
    """Prints a difference, and leaves the smallest program that has it in the build folder, ready for the corpus."""
    text = shrink(text, session.differing)
    folder = pathlib.Path(options.build) / "differences"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.txt"
    path.write_text(f"# found by {name}\n{text}")
    print(f"\n{name} differs (repeat: oracle.py compare {name.removeprefix('seed-')}); shrunk to {path}:\n{text}")
    print(session.difference(text))


def corpus_programs():
    return {path.stem: path.read_text() for path in sorted((HERE / "corpus").glob("*.txt"))}


def check_corpus(session, options):
    """The corpus' logs are the judge's."""
    programs = corpus_programs()
    judge = session.judges.get()
    logs = judge.logs(programs)
    session.judges.put(judge)
    stale = 0
    for name in programs:
        path = HERE / "corpus" / f"{name}.expected"
        log = logs.get(name, "the judge died") + "\n"
        if "judge failed" in log:
            print(f"{name}: the judge fails: {log[log.index('judge failed') :]}")
            stale += 1
        elif options.rewrite:
            path.write_text(log)
        elif not path.exists() or path.read_text() != log:
            print(f"{name}: the expected log is not CPython's: oracle.py corpus --rewrite")
            stale += 1
    print(f"corpus: {len(programs)} programs, {stale} not as CPython runs them")
    return stale > 0


def check_expected(options):
    """The library's logs are the corpus' expected ones."""
    library = sides.Library(options.library, options.launcher)
    paths = [pathlib.Path(options.program)] if options.program else sorted((HERE / "corpus").glob("*.txt"))
    wrong = 0
    for path in paths:
        log = library.logs({path.stem: path.read_text()}).get(path.stem, "") + "\n"
        expected = path.with_suffix(".expected").read_text()
        if log != expected:
            wrong += 1
            lines = difflib.unified_diff(expected.splitlines(), log.splitlines(), "CPython", "telltale", lineterm="", n=8)
            print(f"{path.name} differs:", *lines, sep="\n")
    return wrong > 0


def seeded(options):
    """{name: text} of the programs that the options name."""
    seeds = range(options.first, options.first + options.count)
    return {f"seed-{seed}": language.write(generate.generate(seed)) for seed in seeds}


def check_golden(options):
    """golden.txt: for each seed from 1 on, the crc of its program's text and that of the judge's log."""
    golden = GOLDEN.read_text().split("\n")
    programs = seeded(options)
    outcomes = sides.Library(options.library, options.launcher).outcomes(programs)
    wrong = 0
    for number, (name, text) in enumerate(programs.items(), options.first):
        text_crc, log_crc = golden[number - 1].split()
        if text_crc != f"{zlib.crc32(text.encode()):08x}":
            print("the generator makes other programs than those of golden.txt: oracle.py golden --rewrite")
            return 1
        if outcomes[name].crc != log_crc:
            wrong += 1
            print(f"{name} does not run as in CPython ({outcomes[name].crc}): oracle.py shrink {number}, oracle.py compare {number}")
    return wrong > 0


def rewrite_golden(session, options):
    lines, failed = [], 0
    options.first, options.count = 1, GOLDEN_COUNT
    for batch, judged, _ in session.batches(seeded(options).items()):
        lines += [f"{zlib.crc32(text.encode()):08x} {judged[name].crc}" for name, text in batch.items()]
        failed += sum(judged[name].crc in ("failed", "died") for name in batch)
    GOLDEN.write_text("\n".join(lines) + "\n")
    print(f"golden.txt: {len(lines)} programs, the judge failed on {failed}")
    return failed > 0


def program_named(name):
    """A file's text, or the program of a seed."""
    if name.isdigit():
        return language.write(generate.generate(int(name)))
    text = pathlib.Path(name).read_text()
    return text.partition("\n")[2] if text.startswith("program ") else text


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("command", choices=("random", "corpus", "expected", "golden", "compare", "shrink"))
    parser.add_argument("program", nargs="?")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=PAIRS_FROM)
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--rewrite", action="store_true")
    parser.add_argument("--library", default=sides.ROOT / "build/dev/tests/oracle/oracle")
    parser.add_argument("--launcher", default="", help="a program, with options, under which the library runs")
    parser.add_argument("--build", default=sides.ROOT / "build/oracle")
    options = parser.parse_args()
    if options.command != "expected" and (options.command in ("compare", "shrink")) != (options.program is not None):
        parser.error("compare and shrink take a program")
    if options.command == "expected":
        return check_expected(options)
    if options.command == "golden" and not options.rewrite:
        return check_golden(options)
    if options.command in ("corpus", "compare"):
        options.jobs = 1
    with Session(options) as session:
        if options.command == "compare":
            difference = session.difference(program_named(options.program))
            print(difference or "no difference")
            return bool(difference)
        if options.command == "shrink":
            print(shrink(program_named(options.program), session.differing, lambda text: print(text, file=sys.stderr)), end="")
            return 0
        commands = {"random": random_programs, "corpus": check_corpus, "golden": rewrite_golden}
        return commands[options.command](session, options)


if __name__ == "__main__":
    try:
        sys.exit(int(main()))
    except sides.Missing as error:
        print(f"oracle: {error}", file=sys.stderr)
        sys.exit(2)
