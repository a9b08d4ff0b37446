#!/usr/bin/env python3
"""figures.py TELLTALE EXTENSION VIEWS STORE COMMAND...: whether each figure that COMMAND prints of STORE is one that its queries give.

The queries are those that COMMAND --explain-sql prints. They are asked with the program sqlite3, as anybody may: with telltale's EXTENSION loaded,
and with the views over the event stream, which are in the folder VIEWS, made as temporary ones; FIGURES_PRELOAD names a library that it
needs before that, and Python could not bear. A figure is a number with its unit, if it has one;
what a query gives may be on the screen as it is, as a duration or as an instant. Prints each figure that is none of that, with its line, and exits
with 1; with 2 when nothing could be compared."""
import glob
import json
import os
import re
import subprocess
import sys

MARK = 'end of an answer'

# Numbers that the program's own words have: nothing is said of the recording by them.
OWN_WORDS = ['--limit 0', 'first 20', 'longest 20', 'exit 0', 'P50', 'P90', 'P99', 'LAT50', 'LAT99', '#1, #2']

# What an export says of itself, and the numbers that it gives threads which have none, beyond all that Linux gives.
OWN_NUMBERS = re.compile(r'"producer":"telltale [^"]*"|"tid":4194\d{3}\b')

# A number, and the unit behind it. Digits that a word, a file name or a hexadecimal number has belong to that.
FIGURE = re.compile(r'(?<![\w.])-?\d+(?:\.\d+)?(?: (?:ns|us|ms|s|min|h)\b)?(?![\w]*[A-Za-z_])')


def duration(ns):
    """As tt__text_duration."""
    sign, ns = '-' if ns < 0 else '', abs(ns)
    seconds = ns // 10**9
    if ns < 1000:
        return f'{sign}{ns} ns'
    if ns < 10**6:
        return f'{sign}{ns // 100 / 10:.1f} us'
    if ns < 10**9:
        return f'{sign}{ns // 10**5 / 10:.1f} ms'
    if seconds < 600:
        return f'{sign}{ns // 10**6 / 1000:.3f} s'
    if seconds < 36000:
        return f'{sign}{seconds // 60} min {seconds % 60} s'
    return f'{sign}{seconds // 3600} h {seconds // 60 % 60} min'


# What a screen leaves out: a number that is told, without as many as are shown.
LEFT_OUT = re.compile(r'\b(\d+) (?:more|shorter)\b')
SHOWN = (1, 4, 5, 8, 10, 20, 50)


def figures_of(text):
    text = OWN_NUMBERS.sub(' ', text)
    for words in OWN_WORDS:
        text = re.sub(re.escape(words) + r'(?![\d.])', ' ', text)
    return FIGURE.findall(text)


def told_by(value):
    """All figures that a value of a query may be on a screen, or in an export: Chrome counts microseconds."""
    if isinstance(value, bool) or value is None:
        return set()
    if isinstance(value, int):
        told = {str(value), f'{value / 1e9:.3f} s', f'{value / 1e9:.1f} s', f'{value // 1000}.{value % 1000:03d}'}
        told.update(figures_of(duration(value)))
        if value >= 2**40 or value >= 0:
            told.add(str(value & (2**40 - 1)))  # #17 of an id
        return told
    if isinstance(value, float):
        return {repr(value), f'{value:g}', f'{value:.1f}', str(int(value)) if value == int(value) else repr(value)}
    return set(figures_of(str(value)))


def ask(extension, views, store, queries):
    """The rows of each query."""
    script = ['.bail on', f'.load {extension}', '.mode json']
    for path in sorted(glob.glob(views + '/*.sql')):
        with open(path, encoding='utf-8') as file:
            script.append(file.read().replace('CREATE VIEW', 'CREATE TEMP VIEW', 1))
    for query in queries:
        script += [query + ';', f'.print {MARK}']
    environment = dict(os.environ)
    if preload := environment.pop('FIGURES_PRELOAD', ''):
        environment |= {'LD_PRELOAD': preload, 'ASAN_OPTIONS': environment.get('ASAN_OPTIONS', '') + ':detect_leaks=0'}
    run = subprocess.run(['sqlite3', '-readonly', '-batch', store], input='\n'.join(script), text=True, capture_output=True, env=environment)
    if run.returncode != 0 or run.stderr:
        print('sqlite3:', run.stderr[:2000])
        sys.exit(2)
    answers = run.stdout.split(MARK + '\n')[:-1]
    if len(answers) != len(queries):
        print(f'{len(queries)} queries, {len(answers)} answers')
        sys.exit(2)
    return [json.loads(answer) if answer.strip() else [] for answer in answers]


def main():
    telltale, extension, views, store, *command = sys.argv[1:]
    environment = dict(os.environ, TELLTALE_PAGER='cat')
    screen = subprocess.run([telltale, *command], text=True, capture_output=True, env=environment)
    explained = subprocess.run([telltale, *command, '--explain-sql'], text=True, capture_output=True, env=environment)
    queries = [query for query in explained.stdout.split('\n;\n') if query.strip()]
    if screen.returncode not in (0, 1) or not queries:
        print('exit status', screen.returncode, screen.stderr, len(queries), 'queries')
        sys.exit(2)
    told, rows = set(), 0
    for answer in ask(extension, views, store, queries):
        told.add(str(len(answer)))  # how many rows there are
        for row in answer:
            rows += 1
            for value in row.values():
                told |= told_by(value)
    wrong, count = 0, 0
    for number, line in enumerate(screen.stdout.splitlines()):
        if command[0] == 'timeline' and number == 0:
            continue  # the axis: figures of the drawing
        left_out = set(LEFT_OUT.findall(line))
        for figure in figures_of(line):
            count += 1
            if figure not in told and not (figure in left_out and any(str(int(figure) + shown) in told for shown in SHOWN)):
                wrong += 1
                print(f'{figure}: {line}')
    print(f'{count} figures on the screen, {len(queries)} queries, {rows} rows')
    sys.exit(1 if wrong else 0)


main()
