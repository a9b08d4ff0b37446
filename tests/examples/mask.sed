# mask.sed: what may differ between two runs of an example, and between the example in C and its counterpart in Python.
#
# The only place with such rules; each has its reason. Whatever no rule touches is compared byte by byte, and
# test_mask.c shows that a changed, moved or missing line does not get through. Run with: sed -E -f mask.sed

# Frames of a traceback. Python's name a line in another file and quote it, with carets in some versions. What stays
# of a frame is the function, because the way that an exception took must be the same.
/^  File "/ {
    :source
    $!N
    s/\n    [^\n]*$//
    t source
    # Frames of Python's own library: the library in C shows none of its own.
    /^  File "[^"]*\/lib[^"]*\/python3[^"]*"/D
    # What runs the loop. In Python the library's frames end before it where the library catches an exception, in C
    # there are none and the place of the call stands for them; and only Python has code outside of functions.
    /^[^\n]*, in (main|<module>)(\n|$)/D
    # They call another coroutine as a function, in the same task. C's traceback has the places where an exception was
    # raised and where it came out of an await, and a call is neither.
    /^[^\n]*, in (echo_log_and_close|fill|show_chain)(\n|$)/D
    s/^[^\n]*, in ([^\n]*)/  in \1/
    P
    D
}

# The first line of a server is its port, whichever was free.
1s/^[0-9]+$/<port>/

# Addresses.
s/0x[0-9a-f]+/<address>/g

# A task that is done shows where its coroutine is defined; C does not know that line, and shows where the task was
# created.
s/(coro=<[a-z_]+\(\) done), (defined|created) at/\1, from/

# Places: the folder, the ending and the line. The name of the file stays.
s/([^ "]*\/)?([a-z_]+)\.(c|py):[0-9]+/\2:<line>/g

# Python 3.11 and 3.12 show the arguments of the callback, shortened; 3.13 and C do not.
s/(Exception in callback [a-z_]+)\(<Task finishe\.\.\.[^>]*>\) at /\1() at /

# Types of C are in no module.
s/^asyncio\.exceptions\.CancelledError/CancelledError/

# Python sends itself the interrupt once more to end by it; tt_run returns what a shell makes of that.
s/^ended by signal 2$/exit status 130/
