#!/bin/sh
# test_events.sh: what an event looks like in a trace of LTTng. The contract: tracer/lttng/README.md.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1

case_every_event_of_the_table_is_in_the_trace_with_its_fields_in_order() {
    start_daemon
    start_session s
    must env TELLTALE_EVENTS=all "$programs/emitter" every
    end_session s
    sed -n 's/ tt_process = [^,]*, tt_thread = 1, tt_sequence = [0-9]*//p' "$work/s.txt" |
        grep -vE '^(process|thread)_' >"$work/is"
    diff "$work/out" "$work/is" >"$work/diff" || fail "events differ:
$(cat "$work/diff")"
    [ "$(wc -l <"$work/is")" -gt 20 ] || fail 'there are hardly any events'
    expect_no_gap s
}

case_a_process_says_who_it_is_before_anything_else() {
    start_daemon
    start_session s
    must "$programs/emitter" notes 1
    end_session s
    expect_equal "$(awk '{ print $1 }' "$work/s.txt" | paste -sd ' ')" \
        'process_started thread_attached note process_ended' 'events'
    started=$(head -n 1 "$work/s.txt")
    low=$(printf '%s' "$started" | sed 's/.*uuid_low = \([0-9]*\),.*/\1/')
    process=$(printf '%s' "$started" | sed 's/.*tt_process = 0x\([0-9A-F]*\),.*/\1/')
    expect_equal "$(printf '%s' "$process" | sed 's/^0*//')" "$(printf '%X' "$low" 2>/dev/null || echo "obase=16; $low" | bc)" 'process'
    boot=$(tr -d '-' </proc/sys/kernel/random/boot_id)
    expect_equal "$(printf '%s' "$started" | python3 -c '
import re, sys
f = dict(re.findall(r"(\w+) = (\d+)", sys.stdin.read()))
print((int(f["boot_id_low"]).to_bytes(8, "little") + int(f["boot_id_high"]).to_bytes(8, "little")).hex(), f["uid"])')" \
        "$boot $(id -u)" 'the boot and the user'
    expect_count s "^process_started .*command = \"$programs/emitter notes 1\"" 1
    expect_count s '^process_ended .*reason = \( "exit" : container = 1 \), attempt_count = 4$' 1
}

# The limits are those of the arena; the strings of places are cut further when an event would not fit into 4 KiB.
case_long_texts_are_cut_in_front_of_a_character_and_no_event_is_dropped() {
    start_daemon
    lttng_must create s --output="$work/s" # a sub-buffer of 4 KiB, the smallest of LTTng's defaults
    lttng_must enable-channel --session=s --userspace --buffers-pid ch --subbuf-size=4k --num-subbuf=64
    lttng_must enable-event --session=s --userspace --channel=ch 'telltale:*'
    lttng_must start s
    must "$programs/emitter" long
    end_session s
    python3 - "$work/s.txt" <<'END' || fail 'texts are wrong'
import re, sys
lines = {line.split()[0]: dict(re.findall(r'(\w+) = "([^"]*)"', line)) for line in open(sys.argv[1], errors="replace")}
note = lines["note"]
assert len(note["key"]) == 63 and note["text"] == "t" * 1021, (len(note["key"]), len(note["text"]))
stored = lines["failure_stored"]
assert len(stored["name"]) == 127 and len(stored["message"]) == 1021 and len(stored["type"]) == 127, {k: len(v) for k, v in stored.items()}
assert stored["created_site_file"] == stored["last_site_text"] == "p" * 191, len(stored["created_site_file"])
assert lines["task_renamed"]["name"] == "-"
assert lines["task_created"]["site_file"] == "p" * 1023 and lines["task_created"]["name"] == "-"
END
    expect_no_gap s
}

# The sum of what a task's steps took, in nanoseconds, against what its program measured.
case_durations_are_nanoseconds() {
    start_daemon
    start_session s
    must "$TELLTALE_TEST_BIN/examples/first"
    end_session s
    python3 - "$work/s.raw" <<'END' || fail 'durations are wrong'
import re, sys
began, fetched = {}, 0
for line in open(sys.argv[1]):
    if "telltale:task_" not in line:
        continue
    time = float(re.match(r"\[(\d+\.\d+)\]", line).group(1))
    task = re.search(r"task_id = (\d+)", line).group(1)
    if "task_started" in line:
        began[task] = time
    if "task_finished" in line:
        busy = int(re.search(r"busy = (\d+)", line).group(1)) / 1e9
        longest = int(re.search(r"longest_step = (\d+)", line).group(1)) / 1e9
        assert 0 < longest <= busy <= time - began[task] + 1e-3, (busy, longest, time - began[task])
        assert busy > 1e-7, busy
        fetched += 1
assert fetched > 0
END
}

case_events_that_no_session_wants_are_not_counted() {
    start_daemon
    lttng_must create s --output="$work/s"
    lttng_must enable-event --session=s --userspace 'telltale:process*'
    lttng_must start s
    must "$programs/emitter" notes 1000
    end_session s
    expect_equal "$(awk '{ print $1 }' "$work/s.txt" | paste -sd ' ')" 'process_started process_ended' 'events'
    expect_no_gap s
}

case_an_arena_and_a_session_get_the_same_events() {
    start_daemon
    start_session s
    must "$telltale" record -o run.telltale -- "$programs/emitter" notes 500
    end_session s
    expect_count s '^note ' 500
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM note')" 500 'notes in the store'
}

# LTTng allocates what it has for each thread; a handler that emits in the middle of that would wait for its own thread for ever.
case_no_handler_comes_in_the_middle_of_what_lttng_allocates_for_a_thread() {
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip 'a sanitizer has an allocator of its own'
    start_daemon
    start_session s
    TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=30000 must "$programs/first_event"
    end_session s
    expect_count s '^note ' 3
}

run_case "$@"
