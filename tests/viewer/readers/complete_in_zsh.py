"""What zsh offers for a line: complete_in_zsh.py SCRIPT LINE

A zsh on a terminal of its own loads the completion script SCRIPT; LINE is typed into it and the choices are listed. Prints what is
on the terminal then, without its control sequences. Ends with 1 when zsh does not answer within a minute."""
import os
import pty
import re
import select
import sys
import tempfile
import time

script, line = sys.argv[1:3]
LISTED = "choices are listed"


def spawn(folder):
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(ZDOTDIR=folder, HOME=folder, TERM="dumb", COLUMNS="200", LINES="500", PS1="")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    return process, terminal


def read_until(terminal, text):
    seen, end = "", time.monotonic() + 60
    while text not in seen:
        if time.monotonic() > end or not select.select([terminal], [], [], 60)[0]:
            sys.exit(f"zsh does not answer; it said: {seen}")
        try:
            seen += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            sys.exit(f"zsh has ended; it said: {seen}")
    return seen


with tempfile.TemporaryDirectory() as folder:
    process, terminal = spawn(folder)
    setup = [
        "unsetopt zle_bracketed_paste 2>/dev/null; stty cols 200 rows 500 -echo",
        "autoload -U compinit; compinit -D -u",
        f". {os.path.abspath(script)}",
        "LISTMAX=10000; setopt NO_beep; zstyle ':completion:*' verbose yes",
        # Lists the choices, then says so, so that the end of the list is known.
        f"tell() {{ zle list-choices; zle -R; zle -I; print -r -- '{LISTED[:7]}'' ''{LISTED[8:]}' }}; zle -N tell; bindkey '^T' tell",
        "print -r -- 'set'' ''up'",
    ]
    for command in setup:
        os.write(terminal, command.encode() + b"\n")
    read_until(terminal, "set up\r")
    os.write(terminal, line.encode() + b"\x14")
    seen = read_until(terminal, LISTED)
    os.write(terminal, b"\x03exit\n")
    os.close(terminal)
    os.waitpid(process, 0)
    print(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", seen))
