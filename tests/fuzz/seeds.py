#!/usr/bin/env python3
"""Makes inputs to begin with for the entries of this folder, out of real recordings and traces.

    seeds.py BUILD FOLDER      BUILD: a build with telltale and the examples, such as build/dev; seeds of NAME go to FOLDER/NAME"""
import ctypes
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
EXAMPLES = ['gather', 'task_group', 'timeout', 'shield', 'semaphore', 'exceptions']


def put(folder, entry, name, content):
    (folder / entry).mkdir(parents=True, exist_ok=True)
    (folder / entry / name).write_bytes(content)


def chunk_seeds(folder, store, name):
    """Each chunk as it is in the store, and unpacked."""
    zstd = ctypes.CDLL('libzstd.so.1')
    zstd.ZSTD_decompress.restype = ctypes.c_size_t
    connection = sqlite3.connect(store)
    for number, count, plain_bytes, data in connection.execute('SELECT chunk_id, event_count, plain_bytes, data FROM chunk LIMIT 4'):
        head = count.to_bytes(2, 'little') + plain_bytes.to_bytes(3, 'little')
        plain = ctypes.create_string_buffer(plain_bytes)
        if zstd.ZSTD_decompress(plain, plain_bytes, data, len(data)) != plain_bytes:
            sys.exit('seeds: a chunk cannot be unpacked')
        put(folder, 'chunk', f'{name}-{number}-packed', b'\0' + head + data)
        put(folder, 'chunk', f'{name}-{number}-plain', b'\1' + head + plain.raw)


def ctf_seeds(folder, work):
    """Traces as LTTng writes them."""
    script = HERE.parent / 'import/make_trace.py'
    for scenario in re.findall(r'^def trace_(\w+)\(', script.read_text(), re.M)[:40]:
        target = work / scenario
        if subprocess.run([sys.executable, script, scenario, target], capture_output=True, env=os.environ | {'TELLTALE_TEST_SOURCE': str(SOURCE)}).returncode:
            continue
        for metadata in target.rglob('metadata'):
            text = metadata.read_bytes()
            streams = [path for path in sorted(metadata.parent.iterdir()) if path.is_file() and path != metadata]
            if len(text) < 65536 and streams:
                put(folder, 'ctf', scenario, len(text).to_bytes(2, 'little') + text + streams[0].read_bytes()[:65536])


def option_seeds(folder):
    """Lines of the manual pages and of the README that call telltale."""
    commands = re.findall(r'&tt__command_(\w+)', (SOURCE / 'viewer/main.c').read_text())
    lines = set()
    for page in [SOURCE / 'README.md', SOURCE / 'viewer/FIRST_HOUR.md', *(SOURCE / 'viewer/man').glob('*.scd')]:
        lines.update(re.findall(r'telltale ((?:%s) [^\n|`"*]+)' % '|'.join(commands), page.read_text()))
    for number, line in enumerate(sorted(lines)):
        words = line.split()
        put(folder, 'options', f'line-{number}', bytes([commands.index(words[0])]) + b'\0'.join(word.encode() for word in words[1:]))
    put(folder, 'options', 'lints', bytes([commands.index('check')]) + b'-W\0stall\0-A\0all\0--lint\0stall=25ms\0--lint=slow_task=1.5s')


def sql_seeds(folder):
    """The text of each view."""
    for path in (SOURCE / 'tracer/views').rglob('*.sql'):
        text = path.read_text()
        put(folder, 'sql', path.stem, text[text.index('SELECT'):].encode())
    put(folder, 'sql', 'tables', b"SELECT * FROM event WHERE task_id IN (1, 2); SELECT * FROM steps(5); SELECT * FROM instant(7); SELECT * FROM turns")


def main():
    build, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        for name in EXAMPLES:
            store = work / f'{name}.telltale'
            subprocess.run([build / 'bin/telltale', 'record', '-o', store, '--events', 'all', '--', build / 'bin/examples' / name],
                           capture_output=True, cwd=work)
            chunk_seeds(folder, store, name)
        ctf_seeds(folder, work)
    option_seeds(folder)
    sql_seeds(folder)
    # What is changed is in these entries themselves.
    put(folder, 'arena', 'sound', b'')
    put(folder, 'arena', 'record', bytes([5, 64, 0, 0, 15]) + bytes(range(16)))
    put(folder, 'store', 'sound', b'\0')
    put(folder, 'store', 'schema', bytes([3, 0, 100, 0, 0, 3]) + b'\x0d\0\0\x01')
    for question in range(0, 60, 4):
        put(folder, 'rows', str(question), bytes([question, question, 0, question, 0, 3]) + b'\x0d\0\0\x01')
    put(folder, 'text', 'escapes', 'plain \x1b[31mred\x07 é 漢 \u202e \u2066'.encode() + b'\xff\xc0\x80\xed\xa0\x80')


if __name__ == '__main__':
    main()
