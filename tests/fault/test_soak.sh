#!/bin/sh
# test_soak.sh: 10,000 tasks a second for a while, recorded, three viewers looking: no memory and no descriptor is lost on the way, and all
# counts are exact.
#
# TT_COUNT seconds instead of 6. What memory does is judged from 60 s on: a line through the second half of what was measured.
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh disable=SC2154 # variables of case.sh
. "$(dirname "$0")/../e2e/case.sh"

soak=$TELLTALE_TEST_BUILD/tests/fault/soak

# Private memory, in KiB, and descriptors of PROCESS. With a sanitizer, memory says something about the sanitizer.
measure() { # PROCESS
    memory=$(awk '/^RssAnon:/ { print $2 }' "/proc/$1/status" 2>/dev/null) || return 1
    descriptors=$(find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l)
    [ -n "$memory" ] && printf '%s %s %s\n' "$(date +%s.%N)" "$memory" "$descriptors"
}

# A line through the second half of FILE rises by less than 1 MiB an hour, and by 256 KiB more: in two minutes an allocator that takes a step or two
# cannot be told from a leak, in an hour (TT_COUNT=7200) it can. Descriptors stay.
expect_flat() { # FILE WHAT
    python3 - "$1" <<'END' || fail "$2: $(tail -n 1 flat)"
import sys
rows = [tuple(map(float, line.split())) for line in open(sys.argv[1])]
half = rows[len(rows) // 2:]
times, memory = [row[0] for row in half], [row[1] for row in half]
middle, mean = sum(times) / len(times), sum(memory) / len(memory)
spread = sum((time - middle) ** 2 for time in times)
slope = 3600 * sum((time - middle) * (kib - mean) for time, kib in zip(times, memory)) / spread if spread else 0
descriptors = {row[2] for row in half}
with open('flat', 'a') as log:
    print(f'{len(half)} measurements, memory {memory[0]:.0f} to {memory[-1]:.0f} KiB, {slope:.0f} KiB an hour, descriptors {sorted(descriptors)}', file=log)
rise = slope * (times[-1] - times[0]) / 3600
sys.exit(rise > 256 + 1024 * (times[-1] - times[0]) / 3600 or max(descriptors) > min(descriptors) + 1)
END
}

look_on() { # COMMAND...
    while kill -0 "$recording" 2>/dev/null; do
        "$telltale" "$@" >/dev/null 2>>looks.err || printf '%s: status %s\n' "$1" "$?" >>looks.bad
        printf '.' >>looks
        sleep 1
    done
}

case_memory_and_descriptors_stay_as_they_are_and_counts_are_exact() {
    seconds=${TT_COUNT:-6}
    "$telltale" record -o run.telltale -- "$soak" "$seconds" >made 2>record.err &
    recording=$!
    background="$background $recording"
    has_program() { program=$(find_child "$recording" "$soak"); }
    has_recorder() { recorder=$(find_child "$recording" "$telltale"); }
    wait_until has_recorder
    wait_until has_program
    wait_until ask run.telltale 'SELECT 1 FROM task'
    for question in 'SELECT count(*) FROM processes' 'SELECT max(task_id) FROM tasks' 'SELECT count(*) FROM losses'; do
        look_on query run.telltale "$question" &
        background="$background $!"
    done
    while measure "$program" >>program.rows && measure "$recorder" >>recorder.rows; do
        sleep 0.5
    done
    status=0
    wait "$recording" || status=$?
    expect_status 0 record
    tasks=$(($(cat made) + 1))
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM task')" "$tasks" 'the tasks in the store'
    expect_equal "$(ask run.telltale 'SELECT drop_count, is_balanced FROM processes')" '0|1' 'the counts'
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM failure')" "$(((tasks + 98) / 100))" 'the failures in the store'
    [ ! -e looks.bad ] || fail "viewers: $(cat looks.bad looks.err)"
    [ -s looks ] || fail 'nobody has looked'
    if [ "$seconds" -ge 60 ] && [ -z "${TELLTALE_TEST_SANITIZE-}" ]; then
        expect_flat program.rows 'the program'
        expect_flat recorder.rows 'the recorder'
        cat flat >&2
    fi
    printf '%s tasks in %s s, %s looks\n' "$tasks" "$seconds" "$(wc -c <looks)" >&2
}

run_case "$@"
