#!/bin/sh
# test_counts.sh: what LTTng discards of programs that fill its buffers is counted exactly, whatever is discarded.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=-1
threads=4
notes=5000
main="(command IS NULL OR command NOT LIKE '% notes 0')" # not the program that made the buffers

# Runs PROGRAMS at once in a session NAME with buffers of BYTES, with the consumer daemon stopped if FROZEN is not empty.
record() { # NAME BYTES PROGRAMS [FROZEN]
    lttng_must create "$1" --output="$work/$1"
    lttng_must enable-channel --session="$1" --userspace ch --subbuf-size="$(($2 / 4))" --num-subbuf=4
    lttng_must enable-event --session="$1" --userspace --channel=ch 'telltale:*'
    lttng_must start "$1"
    # The first program of a session makes its buffers, which the consumer daemon takes part in.
    "$programs/emitter" notes 0 >/dev/null 2>&1
    consumers=$(pgrep lttng-consumerd || :)
    [ -z "${4-}" ] || kill -STOP $consumers
    started=''
    for number in $(seq "$3"); do
        "$programs/emitter" threads "$threads" "$notes" >/dev/null 2>&1 &
        started="$started $!"
    done
    for number in $started; do
        wait "$number" || fail 'a program failed'
    done
    [ -z "${4-}" ] || kill -CONT $consumers
    lttng_must stop "$1"
    lttng_must destroy "$1"
    must "$telltale" import "$work/$1" -o "$1.telltale"
}

# Attempts of a program, counted where nothing is lost: notes, threads that come and go, the process itself.
find_truth() {
    record whole 8388608 1
    truth=$(ask whole.telltale "SELECT attempt_count FROM processes WHERE $main")
    expect_equal "$(ask whole.telltale 'SELECT count(*) FROM losses')" 0 'losses of the measurement'
    [ "$truth" -ge $((threads * notes + 2 * threads + 3)) ] || fail "only $truth attempts"
}

# In each round the buffers are another size; in every other one they are sure to be full from some moment on, the goodbye included.
count_exactly() { # PROGRAMS
    start_daemon
    find_truth
    lost_sum=0
    for round in $(seq "${TT_COUNT:-4}"); do
        frozen=''
        [ $((round % 2)) -eq 0 ] || frozen=frozen
        record "r$round" $((16384 << (round / 2 % 3))) "$1" "$frozen"
        store=r$round.telltale
        rows=$(ask "$store" "SELECT sum(record_count) FROM processes WHERE $main")
        small=$(ask "$store" "SELECT coalesce(sum(attempt_count - record_count), 0) FROM processes WHERE NOT $main")
        lost=$(ask "$store" 'SELECT coalesce(sum(count), 0) FROM losses')
        expect_equal "$small" 0 'losses of the program that came first'
        expect_equal "$lost" $(($1 * truth - rows)) "missing in round $round, $frozen"
        expect_equal "$(ask "$store" "SELECT count(*) FROM processes WHERE attempt_count <> $truth AND end_reason = 'exit' AND pid > 0 AND $main")" 0 'programs whose own count was not believed'
        expect_equal "$(ask "$store" "SELECT count(*) FROM losses WHERE what = 'missing'")" 0 'losses that LTTng did not count'
        # What is discarded beside the numbers may be of any of several programs that did not say when they began or how many they had, or
        # of one of which nothing was recorded.
        expect_equal "$(ask "$store" "SELECT count(*) FROM losses WHERE what = 'unattributed'
            AND (SELECT count(*) FROM processes WHERE end_reason <> 'exit' OR coalesce(pid, 0) = 0) < 2
            AND (SELECT count(*) FROM processes WHERE $main) = $1")" 0 'losses that are put down to nobody'
        lost_sum=$((lost_sum + lost))
    done
    [ "$lost_sum" -gt 0 ] || fail 'nothing was lost at all'
}

case_what_is_missing_of_one_program_is_counted_exactly() {
    count_exactly 1
}

case_what_is_missing_of_two_programs_is_counted_exactly() {
    count_exactly 2
}

# The thread that ends the process may not have said who it is: it does so on the way, and is counted.
case_the_goodbye_counts_the_thread_that_says_it() {
    start_daemon
    start_session s
    "$programs/emitter" threads 2 1 >/dev/null
    end_session s
    expect_count s '^thread_attached ' 3
    expect_count s "^process_ended .*attempt_count = $(wc -l <"$work/s.txt")\$" 1
    expect_no_gap s
}

run_case "$@"
