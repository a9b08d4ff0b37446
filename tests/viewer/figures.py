#!/usr/bin/env python3
"""figures.py TELLTALE EXTENSION STORE COMMAND...: whether each figure that COMMAND prints of STORE is what its queries give, where it stands.

The queries are those that COMMAND --explain-sql prints. They are asked with the program sqlite3, as anybody may: with telltale's EXTENSION loaded;
FIGURES_PRELOAD names a library that it needs before that, and Python could not bear. A figure is a number with its unit, if it has one;
what a query gives may be on the screen as it is, as a duration or as an instant.

A table shows the rows of one answer, all of them, in their order (a tree: in any), and each row shows the values of all columns in their order. CSV is
the answer itself. All figures of another line stand in one row, but of the lines that say what several rows come to (SUMS), and of
exports: of those each figure is somewhere in the answers. (A figure that stands for another one of the same row would pass there.) Prints each line that is none of that, and exits with 1; with 2 when nothing could be compared."""
import csv
import io
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


# Lines whose figures come out of several rows.
SUMS = re.compile(r'SUMMARY: |  \d+ more like it: |  \d+ like it: |    created  |  and \d+ more|[A-Z -]+: \d+ |telltale: ')

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


def ask(extension, store, queries):
    """The rows of each query."""
    script = ['.bail on', f'.load {extension}', '.mode json']
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


def shape_of(value):
    """What a cell of a table may be that shows VALUE, as a regular expression."""
    if value is None:
        return '-?'
    if isinstance(value, str):
        return re.escape(value.strip()) if value.strip() else '-?'
    shapes = {str(value), f'{value:g}'}
    if isinstance(value, int):
        shapes |= {duration(value), f'{value / 1e9:.3f} s'}
    else:
        shapes |= {f'{value:.1f}', f'{value:.0f}'}
    return '(?:' + '|'.join(re.escape(shape) for shape in shapes) + ')'


def shows(line, row):
    """Whether LINE of a table shows ROW: the values of all columns, in their order."""
    cells = [shape_of(value) for name, value in row.items() if name != 'depth']  # that is told by the branches of a tree
    return re.fullmatch(r'[\s│├└─]*' + r'\s+'.join(cells) + r'[\s#]*', line) is not None


def tables_of(lines):
    """First line, behind the headings, and end of each table."""
    first = None
    for number, line in enumerate(lines + ['']):
        if first is None and re.fullmatch(r'(?:[A-Z][A-Z0-9]*|%| )+', line):
            first = number + 1
        elif first is not None and not line.strip():
            yield first, number
            first = None


def compare_table(lines, answer, is_tree):
    """What is wrong with a table that shows ANSWER: its lines that show no row, in their order unless it is a tree, and rows that no line shows."""
    left, wrong = list(answer), []
    for line in lines:
        found = next((row for row in (left if is_tree else left[:1]) if shows(line, row)), None)
        if found is None:
            wrong.append(line)
        if left and not (is_tree and found is None):
            left.remove(found or left[0])
    return wrong + [f'not on the screen: {row}' for row in left]


def compare_csv(text, answers):
    """What is wrong with CSV that is to be one of the answers."""
    headings, *lines = csv.reader(io.StringIO(text))
    shown = [[None if cell == '' else cell for cell in line] for line in lines]
    told = [[[None if value is None or value == '' else str(value) for value in row.values()] for row in answer] for answer in answers]
    if any(list(answer[0]) == headings and rows == shown for answer, rows in zip(answers, told) if answer) or not shown:
        return []
    return ['no answer has these rows: ' + text]


def compare_line(line, answers, told_rows, told, is_export):
    """Whether the figures of a line are in one row, or, of a sum or an export, anywhere."""
    figures = set(figures_of(line))
    if any(figures <= row for row in told_rows):
        return []
    if not is_export and not SUMS.match(line):
        return [line]
    left_out = set(LEFT_OUT.findall(line))
    unknown = [figure for figure in figures - told if not (figure in left_out and any(str(int(figure) + shown) in told for shown in SHOWN))]
    return [f'{", ".join(unknown)}: {line}'] if unknown else []


def main():
    telltale, extension, store, *command = sys.argv[1:]
    environment = dict(os.environ, TELLTALE_PAGER='cat')
    screen = subprocess.run([telltale, *command], text=True, capture_output=True, env=environment)
    explained = subprocess.run([telltale, *command, '--explain-sql'], text=True, capture_output=True, env=environment)
    queries = [query for query in explained.stdout.split('\n;\n') if query.strip()]
    if screen.returncode not in (0, 1) or not queries:
        print('exit status', screen.returncode, screen.stderr, len(queries), 'queries')
        sys.exit(2)
    answers = ask(extension, store, queries)
    told_rows = [set().union({str(len(answer))}, *map(told_by, row.values())) for answer in answers for row in answer]
    told = set().union(*told_rows)
    lines, wrong, in_tables = screen.stdout.splitlines(), [], set()
    if command[0] == 'export' and command[-2:] == ['--format', 'csv']:
        wrong += compare_csv(screen.stdout, answers)
        in_tables.update(range(len(lines)))
    elif command[0] in ('ps', 'failures', 'tree', 'stats'):
        for first, end in tables_of(lines):
            wrong += min((compare_table(lines[first:end], answer, command[0] == 'tree') for answer in answers if answer), key=len)
            in_tables.update(range(first, end))
    elif command[0] == 'timeline':
        in_tables.add(0)  # the axis: figures of the drawing
    for number, line in enumerate(lines):
        if number not in in_tables:
            wrong += compare_line(line, answers, told_rows, told, command[0] in ('export', 'diff'))
    print('\n'.join(wrong))
    count = sum(len(figures_of(line)) for line in lines)
    print(f'{count} figures on the screen, {len(queries)} queries, {len(told_rows)} rows')
    sys.exit(1 if wrong else 0)


main()
