#!/bin/sh
# test_losses.sh: what is missing from a trace is counted exactly, nothing twice, and makes answers unknown, not wrong.
# shellcheck source-path=SCRIPTDIR source=traces.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/traces.sh"

losses='SELECT thread_id & 255 AS thread, count, from_ns, to_ns, what, is_vital FROM losses'
sums='SELECT attempt_count, record_count, drop_count, is_balanced FROM processes'

case_discarded_events_stand_where_numbers_are_missing_and_are_not_counted_twice() {
    import_trace discarded
    expect_text err 'LTTng discarded 8 events'
    expect_rows discarded.telltale "$losses" '1|5|14000|20000|discarded|1
0|3||29000|discarded|1'
    expect_rows discarded.telltale "$sums" '30|22|8|1'
}

case_failures_are_unknown_only_where_events_may_be_missing() {
    import_trace discarded
    expect_rows discarded.telltale 'SELECT id_text, state, reason FROM failures' '#2|lost|dropped
#4|unknown|
#6|unknown|'
    run "$telltale" report --strict discarded.telltale
    expect_status 1 'the report'
}

# What the process tells somebody else, whose session begins, is no pause; and what ends is none.
case_only_a_pause_of_this_session_is_one() {
    import_trace listeners
    expect_text err '(1 pause)'
    expect_rows listeners.telltale "SELECT what, count, to_ns - from_ns FROM losses" 'paused||2000001000'
    expect_rows listeners.telltale 'SELECT state FROM failures' unknown
}

# A state dump tells what was so then; that a task did not end since is known only if nothing is missing since.
case_a_task_whose_end_may_be_missing_since_it_was_told_is_unknown() {
    import_trace dumped
    expect_rows dumped.telltale 'SELECT what, count FROM losses' 'paused|
late|'
    expect_rows dumped.telltale 'SELECT name, outcome, state, wait_text, wait_ns FROM tasks ORDER BY task_id' \
        'forgotten|unknown||sleep|400
told again|pending|waiting|sleep|1400'
}

case_what_is_left_of_lttngs_counts_is_nobodys_whose_own_count_is_complete() {
    import_trace surplus
    expect_rows surplus.telltale 'SELECT process_id, attempt_count - record_count, is_balanced FROM processes' '0|5|1
1|2|1'
    expect_rows surplus.telltale "SELECT process_id, count, what FROM losses WHERE count > 0" '1|2|discarded
0|5|discarded'
}

case_lttngs_counts_explain_as_many_missing_events_as_they_can() {
    import_trace overlapping
    expect_rows overlapping.telltale 'SELECT thread_id, sum(count), what FROM losses GROUP BY thread_id, what' '1|5|discarded
2|5|discarded'
}

case_what_lttng_discarded_of_a_program_that_is_not_in_the_trace_is_told_too() {
    import_trace unattributed
    expect_text err 'LTTng discarded 7 events'
    expect_rows unattributed.telltale "SELECT count, what FROM losses" '2|discarded
5|unattributed'
    expect_rows unattributed.telltale 'SELECT attempt_count - record_count, is_balanced FROM processes' '2|1'
    expect_rows unattributed.telltale 'SELECT state, reason FROM failures' 'lost|held_at_exit' # nothing of it can be among them
    run "$telltale" report --strict unattributed.telltale
    expect_text out '5 events lost, of which process is not known'
}

# What is left of LTTng's counts may be theirs who flood the channel, or those of a telltale program of which nothing was recorded; so it is
# vital, and makes nothing uncertain of a process whose own count is complete.
case_a_flood_of_somebody_elses_events_in_the_channel_is_nobodys_and_harms_no_answer() {
    import_trace flood
    expect_text err 'LTTng discarded 902 events'
    expect_rows flood.telltale 'SELECT count, what, is_vital FROM losses' '2|discarded|1
900|unattributed|1'
    expect_rows flood.telltale 'SELECT attempt_count - record_count, is_balanced FROM processes' '2|1'
    expect_rows flood.telltale 'SELECT state, reason FROM failures' 'lost|held_at_exit'
    expect_rows flood.telltale 'SELECT outcome FROM tasks ORDER BY task_id' 'returned
failed'
}

# A process was there before the first event that the trace has of it, if that is not its beginning; and it cannot lack more than it had.
case_what_was_discarded_before_the_first_event_of_a_process_is_its_own() {
    import_trace headless
    expect_rows headless.telltale 'SELECT process_id, thread_id & 255 AS thread, count, to_ns, what FROM losses ORDER BY 1, what, thread' \
        '0|0|3|4000|unattributed
1|0|4|4000|discarded
1|1|2|9000|discarded
1|0||9000|late'
    expect_rows headless.telltale "$sums" '3|3|0|1
8|2|6|1'
}

# Two processes may lack them: they are nobody's, and both are uncertain.
case_what_several_processes_may_lack_is_put_down_to_none() {
    import_trace two_cut_off
    expect_rows two_cut_off.telltale "SELECT count, what FROM losses WHERE what <> 'cut_off'" '7|unattributed'
    expect_rows two_cut_off.telltale 'SELECT process_id, attempt_count - record_count FROM processes' '0|0
1|0'
    expect_rows two_cut_off.telltale 'SELECT id_text, outcome FROM tasks' '#2|unknown
p1#2|unknown'
    run "$telltale" report --strict two_cut_off.telltale
    expect_text out '7 events lost, of which process is not known between'
}

# Somebody listened before, since the start; what that one was told this session, which began soon after, lacks.
case_what_was_before_a_second_session_is_told_however_young_the_process_is() {
    import_trace second_session
    expect_text err 'of 1 process the beginning is not in the trace'
    ! grep -q 'does not say why' "$work/err" || fail 'it is known why'
    expect_rows second_session.telltale "$losses" '0||0|250001000|late|1
1|500||250000000|late|1'
    expect_rows second_session.telltale 'SELECT drop_count, record_count FROM processes' '500|6'
    expect_rows second_session.telltale 'SELECT outcome FROM tasks' returned
    run "$telltale" check --strict second_session.telltale
    expect_status 4 'check --strict'
    run "$telltale" report second_session.telltale
    expect_text out '  the first 250.0 ms were not recorded; failures of that time are unknown'
    expect_text out '  500 events not recorded before 0.250 s'
}

# What LTTng counted is of the time of the trace, and explains nothing of what was before.
case_what_was_before_a_session_hides_nothing_that_lttng_discarded() {
    import_trace late_and_discarded
    expect_rows late_and_discarded.telltale 'SELECT count, what FROM losses ORDER BY what, count' '|cut_off
7|discarded
|late
500|late'
}

# Nobody listened before, so its numbers begin at 0 in the only session, however late that came; what was before has none. LTTng has the
# process emit some events before it records, which are no loss of the session; what is missing after its word to the session is.
case_what_is_missing_before_the_first_event_of_the_only_session_is_told() {
    import_trace only_session
    expect_text err '2 events missing, and the trace does not say why'
    expect_rows only_session.telltale 'SELECT thread_id & 255 AS thread, count, what FROM losses ORDER BY thread' '0||late
1|3|late
2|2|missing'
}

# Numbers tell nothing of events that no session asked for; the trace's metadata does.
case_what_a_session_did_not_ask_for_is_no_evidence() {
    import_trace partial
    expect_text err "recorded only a part of telltale's events of 1 process"
    expect_rows partial.telltale 'SELECT what, count, is_vital FROM losses' 'not_recorded||1'
    expect_rows partial.telltale 'SELECT id_text, state, reason FROM failures' '#3|unknown|'
    run "$telltale" check --strict partial.telltale
    expect_status 4 'check --strict'
    run "$telltale" report partial.telltale
    expect_text out "events that LTTng's session did not ask for"
    import_trace plain_partial
    expect_rows plain_partial.telltale 'SELECT count(*) FROM losses' 0
    expect_rows plain_partial.telltale 'SELECT id_text, state, reason FROM failures' '#3|lost|held_at_exit'
}

case_missing_numbers_count_without_a_word_of_lttng() {
    import_trace missing
    expect_text err '12 events missing, and the trace does not say why'
    expect_rows missing.telltale "$losses" '1|4|6000|11000|missing|1
2|2||15000|missing|1
0|6||22000|missing|1'
    expect_rows missing.telltale "$sums" '23|11|12|1'
    expect_rows missing.telltale 'SELECT state FROM failures' unknown
}

# A writer that does not say who listens.
case_what_was_before_a_session_is_told_as_far_as_numbers_tell() {
    import_trace late
    expect_rows late.telltale "$losses" '0||0|60000001000|late|1
1|5000||60000000000|late|1
2|77||60000002000|late|1
0||60000005000||cut_off|1'
    expect_rows late.telltale 'SELECT attempt_count, drop_count, started_ns FROM processes' '5083|5077|0'
}

case_a_counter_that_steps_back_is_summed_up_as_it_ends() {
    import_trace stepping
    expect_rows stepping.telltale "SELECT sum(count) FROM losses WHERE what = 'discarded'" 6
    expect_rows stepping.telltale 'SELECT attempt_count - record_count FROM processes' 6
}

case_events_may_come_late_or_twice() {
    import_trace disordered
    expect_text err '1 event told more than once by the traces'
    expect_rows disordered.telltale "$losses" ''
    expect_equal "$(sqlite3 disordered.telltale 'SELECT sequence, text FROM note ORDER BY noted_ns')" '3|inner
2|outer' 'the notes'
}

case_parts_of_a_rotated_trace_are_one_and_its_counter_goes_on() {
    import_trace parts
    expect_text err 'LTTng discarded 2 events'
    expect_rows parts.telltale 'SELECT sum(count), max(what) FROM losses' '2|discarded'
    expect_rows parts.telltale "$sums" '9|7|2|1'
    expect_rows parts.telltale "SELECT outcome FROM tasks" returned
}

# Whatever is lost of a trace, the numbers tell how many: attempts are records and losses.
case_random_losses_are_counted_exactly() {
    cat >random_losses.py <<'END'
import os, random, sys
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
seed = int(sys.argv[1])
choose = random.Random(seed)
trace = make_trace.Trace()
process = make_trace.Process(trace)
process.start()
lost = told = 0
for number in range(400):
    is_lost = choose.random() < 0.2
    cpu = choose.randrange(3)
    thread = choose.randrange(1, 4)
    process.emit('note', thread=thread, cpu=cpu, lost=is_lost, text=str(number))
    if is_lost:
        lost += 1
        if choose.random() < 0.7:      # LTTng noticed it
            trace.discarded = getattr(trace, 'discarded', {})
            trace.discarded[cpu] = trace.discarded.get(cpu, 0) + 1
            told += 1
    if choose.random() < 0.05 and trace.packets.get(cpu):
        trace.end_packet(cpu, getattr(trace, 'discarded', {}).get(cpu, 0))
process.end()
for cpu in range(3):
    if cpu in trace.packets:
        trace.end_packet(cpu, getattr(trace, 'discarded', {}).get(cpu, 0))
    elif getattr(trace, 'discarded', {}).get(cpu, 0):
        trace.end_packet(cpu, trace.discarded[cpu])
trace.write('random')
print(lost)
END
    for round in $(seq "${TT_COUNT:-12}"); do
        seed=${TT_SEED:-$(random_number 1 60000)}
        rm -rf random random.telltale
        lost=$(python3 random_losses.py "$seed") || fail "seed $seed: no trace"
        must "$telltale" import random -o random.telltale
        expect_rows random.telltale "SELECT $seed, coalesce(sum(count), 0) FROM losses" "$seed|$lost"
        expect_rows random.telltale "SELECT $seed, attempt_count - record_count FROM processes" "$seed|$lost"
        [ "$round" -gt 0 ]
    done
}

# LTTng leaves the file empty of a processor on which nothing happened, so that alone is no damage. What was in one that was
# emptied is missing from the numbers of the events, which is said; a file that ends within a packet was cut, whatever it had.
case_a_stream_file_of_no_bytes_is_honest_and_one_of_a_hundred_is_cut() {
    make_trace whole
    : >whole/ch_9
    run "$telltale" import whole
    expect_status 0 'a processor without events'
    ! grep -q import: "$work/err" || fail "that is no damage: $(cat "$work/err")"
    rm whole/ch_9
    make_trace discarded
    : >discarded/ch_1
    run "$telltale" import discarded -o emptied.telltale
    expect_status 0 'a stream file that was emptied'
    grep -qE '[0-9]+ events? missing, and the trace does not say why' "$work/err" || fail "what is missing is not told: $(cat "$work/err")"
    expect_rows emptied.telltale "SELECT sum(count) > 0 FROM losses WHERE what = 'missing'" 1
    head -c 100 whole/ch_0 >whole/ch_9
    run "$telltale" import whole -o cut.telltale
    expect_status 3 'a stream file of 100 bytes'
    expect_text err 'whole: stream file ch_9 was cut short: 0 of its 100 bytes, the complete packets, are read'
}

run_case "$@"
