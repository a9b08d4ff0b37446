#!/bin/sh
# test_invariants.sh: what must stay absent, as far as a machine can see it. ARCHITECTURE.md says why.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

source=$TELLTALE_TEST_SOURCE

# Lists the C files below the FOLDERS.
c_files() { # FOLDER...
    (cd "$source" && find "$@" -name '*.[chS]' -o -name '*.def') | sort
}

# Prints "FILE:LINE: TEXT" for what matches REGEX in the files named on stdin.
matches() { # REGEX
    (cd "$source" && xargs -r grep -nHE -- "$1") || :
}

expect_nothing() { # FOUND WHAT
    [ -z "$1" ] || fail "$2:
$1"
}

libraries() {
    find "$TELLTALE_TEST_BUILD/lib" -name 'lib*.so.*.*.*'
}

# The private headers of ROOM as a regular expression.
private_headers() { # ROOM
    (cd "$source/$1" && find . -maxdepth 2 -name '*.h' ! -path './include/*' -printf '%P\n') | sort | paste -sd '|' | sed 's/\./\\./g'
}

# Prints the lines of the files named on stdin that include what REGEX describes.
includes() { # REGEX
    matches "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]([^>\"]*/)?($1)[>\"]"
}

case_headers_have_names_of_their_own() {
    expect_nothing "$(c_files runtime tracer viewer | grep '\.h$' | sed 's|.*/||' | sort | uniq -d)" 'names of two headers'
}

case_the_tracer_knows_neither_libuv_nor_the_runtime() {
    expect_nothing "$(c_files tracer | includes 'uv\.h|uv/.*')" 'libuv in the tracer'
    expect_nothing "$(c_files tracer | includes 'telltale/.*' | grep -v 'telltale/trace\.h[>"]')" 'the runtime in the tracer'
    expect_nothing "$(c_files tracer | includes "$(private_headers runtime)")" 'private headers of the runtime in the tracer'
    expect_nothing "$(c_files tracer | includes "$(private_headers viewer)")" 'the viewer in the tracer'
}

case_the_viewer_knows_nothing_of_the_runtime() {
    expect_nothing "$(c_files viewer | includes 'uv\.h|uv/.*')" 'libuv in the viewer'
    expect_nothing "$(c_files viewer | includes 'telltale/.*' | grep -v 'telltale/trace\.h[>"]')" 'the runtime in the viewer'
    expect_nothing "$(c_files viewer | includes "$(private_headers runtime)")" 'private headers of the runtime in the viewer'
    expect_nothing "$(readelf -d "$telltale" | grep -E 'NEEDED.*(libtelltale\.so|libuv)')" 'the program is linked with'
}

case_the_runtime_includes_of_the_tracer_only_what_emits() {
    expect_nothing "$(c_files runtime | includes "$(private_headers tracer)")" 'private headers of the tracer in the runtime'
    expect_nothing "$(c_files runtime | includes "$(private_headers viewer)")" 'the viewer in the runtime'
}

case_sqlite_is_known_to_the_store_and_to_the_viewers_session_only() {
    expect_nothing "$(c_files runtime tracer viewer | includes 'sqlite3(ext)?\.h' |
        grep -vE '^(tracer/s(tore|ql)[^/]*|viewer/session[^/]*|viewer/query[^/]*)\.[ch]:')" 'sqlite3.h'
}

# A thread's state is reached without a call, which might allocate, in signal handlers too: all of it is initial-exec.
case_state_of_threads_is_reached_without_a_call() {
    for library in $(libraries); do
        expect_nothing "$(readelf -rW "$library" | grep -E 'DTPMOD|DTPOFF|TLSDESC')" "$library has thread-local variables of another kind"
        expect_nothing "$(nm -D --undefined-only "$library" | grep __tls_get_addr)" "$library calls"
    done
}

case_libraries_of_the_traced_process_bring_no_sqlite() {
    [ "$(libraries | wc -l)" -eq 2 ] || fail "not two libraries: $(libraries)"
    for library in $(libraries); do
        expect_nothing "$(readelf -d "$library" | grep -E 'NEEDED.*(sqlite|smartcols)')" "$library is linked with"
    done
    expect_nothing "$(readelf -d "$TELLTALE_TEST_BUILD/lib/libtelltale-trace.so" | grep -E 'NEEDED.*libuv')" 'libtelltale-trace is linked with'
}

case_headers_of_lttng_and_babeltrace_stay_in_their_places() {
    expect_nothing "$(c_files runtime tracer viewer | includes 'lttng/.*' | grep -v '^tracer/lttng/')" 'LTTng'
    expect_nothing "$(c_files runtime tracer viewer | includes 'elfutils/.*|dwarf\.h' | grep -v '^viewer/symbol_reader\.c:')" 'elfutils'
    expect_nothing "$(c_files runtime tracer viewer | includes 'babeltrace.*' |
        grep -v '^tracer/import_ctf')" 'babeltrace2'
}

case_lttng_and_babeltrace_are_linked_by_what_cannot_do_without_only() {
    for file in "$telltale" "$TELLTALE_TEST_BUILD/lib/libtelltale.so" "$TELLTALE_TEST_BUILD/lib/libtelltale-trace.so"; do
        expect_nothing "$(readelf -d "$file" | grep -E 'NEEDED.*(lttng|babeltrace|glib|libdw|libelf)')" "$file is linked with"
    done
}

case_stacks_are_switched_in_one_place() {
    expect_nothing "$(c_files runtime tracer viewer | matches '\b(__asm__|__asm|asm)\b[[:space:]]*(__volatile__|volatile)?[[:space:]]*\(' |
        grep -vE '^runtime/(coro|switch)[^/]*:')" 'assembly'
    expect_nothing "$(c_files runtime tracer viewer | grep '\.S$' | grep -vE '^runtime/switch_[^/]*\.S$')" 'assembly files'
    expect_nothing "$(c_files runtime tracer viewer | matches '\b(swapcontext|makecontext|setcontext|sigaltstack|__sanitizer_(start|finish)_switch_fiber|__tsan_switch_to_fiber)[[:space:]]*\(' |
        grep -vE '^runtime/(coro|switch|stack)[^/]*:')" 'stack switching'
}

case_the_emit_path_neither_allocates_nor_locks_nor_prints() {
    for file in emit ring dictionary clock; do
        object=$(find "$TELLTALE_TEST_BUILD" -path "*telltale_trace_objects.dir/$file.c.o")
        [ -n "$object" ] || fail "there is no object of $file.c"
        # Once and for all: what decides between the clocks is read when the arena is made.
        once=''
        [ "$file" != clock ] || once='|open|read|close|strstr'
        expect_nothing "$(nm -u "$object" | awk '{ print $NF }' |
            grep -vxE "tt_.*|mem(cpy|move|set|cmp)|strn?len|clock_gettime|__errno_location|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__[atul]?.?san_.*|__sanitizer_.*|__tls_get_addr$once")" \
            "$file.c uses"
    done
}

case_libraries_never_print_to_stdout_and_never_exit() {
    for library in $(libraries); do
        expect_nothing "$(nm -D --undefined-only "$library" | grep -wE 'printf|vprintf|puts|putchar|perror|exit|quick_exit|stdout')" "$library uses"
    done
    expect_nothing "$(nm -D --undefined-only "$TELLTALE_TEST_BUILD/lib/libtelltale-trace.so" | grep -wE 'fprintf|vfprintf|fputs|fwrite|stderr')" \
        'libtelltale-trace uses'
}

case_exported_symbols_begin_with_tt() {
    for library in $(libraries); do
        expect_nothing "$(nm -D --defined-only "$library" | awk '$NF !~ /^(tt_[a-zA-Z]|__odr_asan)/ { print $NF }')" "$library exports"
        [ "$(nm -D --defined-only "$library" | grep -c ' tt_')" -gt 10 ] || fail "$library exports nothing"
    done
}

case_every_viewer_command_leaves_the_store_as_it_is() {
    must "$telltale" record -o run.telltale -- "$TELLTALE_TEST_BIN/examples/exception_handler"
    chmod 400 run.telltale
    find . -name 'run.telltale*' -exec cksum {} + | sort >before
    for command in report check ps; do
        run "$telltale" "$command" run.telltale
        [ "$status" -le 1 ] || fail "$command ended with $status"
    done
    must "$telltale" query run.telltale 'SELECT count(*) FROM tasks'
    find . -name 'run.telltale*' -exec cksum {} + | sort >after
    expect_equal "$(cat after)" "$(cat before)" 'the files of the store'
    expect_nothing "$(c_files viewer | matches 'SQLITE_OPEN_(READWRITE|CREATE)')" 'a viewer opens for writing'
}

case_events_have_numbers_of_their_own_and_are_emitted_and_ingested() {
    events=$(grep -oE '^TT_EVENT\([0-9]+, [a-z_]+' "$source/tracer/events.def" | sed 's/^TT_EVENT(//; s/,//')
    [ -n "$events" ] || fail 'there are no events'
    expect_nothing "$(printf '%s\n' "$events" | cut -d' ' -f1 | sort | uniq -d)" 'numbers of two events'
    for event in $(printf '%s\n' "$events" | cut -d' ' -f2); do
        [ -n "$(c_files runtime tracer | matches "TT_EMIT(_AT)?\(.*\b${event}\b|tt_(emit|ingest)_${event} *\(")" ] ||
            fail "nothing emits $event"
        [ -n "$(c_files tracer | grep '^tracer/ingest' | matches "\b(TT_EVENT_)?$event\b")" ] || fail "ingest does not know $event"
        grep -rqw -- "$event" "$source/tests" || fail "no test names $event"
    done
}

case_the_top_folders_are_the_four_rooms() {
    expect_nothing "$(cd "$source" && find . -mindepth 1 -maxdepth 1 -type d ! -name '.*' ! -name build |
        grep -vE '^\./(runtime|tracer|viewer|tests)$')" 'another folder'
    expect_nothing "$(cd "$source" && find runtime tracer viewer tests -type d |
        grep -E '(^|/)(utils?|common|misc|helpers?)$')" 'a folder whose name says nothing'
}

# A file may be longer when its opening comment says why it is past 600 lines.
case_files_are_short_enough_to_be_read() {
    expect_nothing "$(c_files runtime tracer viewer tests | while read -r file; do
        lines=$(wc -l <"$source/$file")
        [ "$lines" -le 600 ] || sed '/\*\//q' "$source/$file" | grep -q '600 lines' || printf '%s: %s lines\n' "$file" "$lines"
    done)" 'files past 600 lines, without a reason'
}

case_every_file_says_what_it_is_for() {
    expect_nothing "$(c_files runtime tracer viewer tests | grep '\.[ch]$' | while read -r file; do
        head -n 1 "$source/$file" | grep -q '^/\*' || printf '%s\n' "$file"
    done)" 'files without an opening comment'
}

# By its own name, its header's, or the pattern of its family.
case_every_file_of_the_tracer_stands_on_its_opening_page() {
    words=$(sed -n '/^| read /,/^$/ s/^| \([^|]*\) | .*/\1/p' "$source/tracer/README.md" | tr -c 'a-z0-9_.*' '\n' | sort -u)
    expect_nothing "$(c_files tracer | grep '^tracer/[^/]*\.c$' | while read -r file; do
        name=$(basename "$file" .c)
        found=
        set -f
        for word in $words; do
            # shellcheck disable=SC2254 # a pattern
            case $name.c in $word) found=1 ;; esac
            [ "$word" != "$name.h" ] || found=1
        done
        [ -n "$found" ] || printf '%s\n' "$file"
    done)" 'files that tracer/README.md does not name'
}

case_no_file_has_two_versions_of_itself() {
    expect_nothing "$(cd "$source" && find . -path ./build -prune -o -path ./.git -prune -o -type f -exec grep -lE '^(<{7}|>{7}) ' {} +)" 'marks of a merge'
}

run_case "$@"
