#!/usr/bin/env python3
"""on_terminal.py [--stderr-to FILE] COMMAND...: runs COMMAND with a terminal of its own as stdout and stderr, and prints what came out of it.

The exit status is COMMAND's."""
import os
import pty
import sys

arguments = sys.argv[1:]
stderr_to = None
if arguments[0] == '--stderr-to':
    stderr_to, arguments = arguments[1], arguments[2:]
process, terminal = pty.fork()
if process == 0:
    if stderr_to:
        os.dup2(os.open(stderr_to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 2)
    os.environ['TERM'] = 'xterm'
    os.execvp(arguments[0], arguments)
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # the terminal's other end is closed
        break
    if not piece:
        break
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
