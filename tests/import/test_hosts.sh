#!/bin/sh
# test_hosts.sh: programs of several hosts are one recording: one tree, each event's host, and clocks that agree.
# shellcheck source-path=SCRIPTDIR source=relay.sh disable=SC2154,SC2317 # variables of relay.sh; cases are called by name
. "$(dirname "$0")/relay.sh"

caller=$TELLTALE_TEST_BUILD/tests/import/caller
monotonic_s=100000 # what the second host's clock is ahead
same_boot=''       # else both say that they are of this machine's boot

# Two hosts, ada and bob, whose commands are written to descriptors 7 and 8.
start_hosts() {
    [ "$(id -u)" -eq 0 ] || skip 'other names for hosts, and other clocks, are root'"'"'s to give'
    unshare --uts --time --monotonic "$monotonic_s" --boottime "$monotonic_s" --fork true 2>/dev/null ||
        skip 'this kernel gives no namespaces for names and time, or does not permit them'
    start_relay
    mkfifo "$work/ada.commands" "$work/bob.commands"
    unshare --uts --mount sh "$TELLTALE_TEST_SOURCE/tests/import/host.sh" ada "$work" "$control" "$data" "$same_boot" &
    ada=$!
    unshare --uts --mount --time --monotonic "$monotonic_s" --boottime "$monotonic_s" --fork --kill-child \
        sh "$TELLTALE_TEST_SOURCE/tests/import/host.sh" bob "$work" "$control" "$data" "$same_boot" &
    bob=$!
    background="$background $ada $bob"
    exec 7>"$work/ada.commands" 8>"$work/bob.commands"
    wait_until test -e "$work/ada.ready"
    wait_until test -e "$work/bob.ready"
}

# Both have done what they were told to, their sessions have ended, and so has the follower.
end_hosts() {
    exec 7>&- 8>&-
    wait "$ada" "$bob"
    end_follower
    expect_status 0 'the end of both sessions'
    [ ! -e "$work/ada.failed" ] || fail "$(cat "$work/ada.failed")"
    [ ! -e "$work/bob.failed" ] || fail "$(cat "$work/bob.failed")"
}

case_two_hosts_are_one_tree_and_each_event_has_its_host() {
    start_hosts
    follow "$relay"
    expect_equal "$(sed -n 's|.*/host/\([a-z]*/[a-z]*\);.*|\1|p' "$work/following" | sort | tr '\n' ' ')" 'ada/web bob/web ' 'sessions'
    mkfifo "$work/said" "$work/hold"
    echo "$caller ask <$work/hold >$work/said" >&7
    exec 6>"$work/hold"
    read -r link <"$work/said"
    wait_until says "SELECT count(*) FROM tasks WHERE name = 'request'" 1 # also while the other host is silent
    echo "echo $link | $caller answer" >&8
    echo "TELLTALE_PARENT=$link $caller plain" >&8
    wait_until says "SELECT count(*) FROM tasks WHERE name = 'work' AND outcome = 'returned'" 2
    exec 6>&-
    end_hosts
    expect_says 'SELECT host, count(*), max(end_text), min(is_balanced) FROM processes GROUP BY host ORDER BY host' 'ada|1|exited|1
bob|2|exited|1'
    expect_says 'SELECT count(*) FROM losses' 0
    expect_says "SELECT count(*) FROM event WHERE name = 'task_linked'" 2
    expect_says "SELECT DISTINCT p.host, t.name FROM tasks AS t JOIN processes AS p USING (process_id) WHERE t.name IN ('request', 'serve', 'work') ORDER BY 1, 2" \
        'ada|request
bob|serve
bob|work'
    must "$telltale" tree --json run.telltale
    python3 - "$work/out" <<'END' || fail 'the tree'
import json, sys
rows = json.load(open(sys.argv[1]))
above, lines = [], []
for row in rows:
    depth = row['depth']
    above[depth:] = [row['name']]
    lines.append('/'.join(above) + ' ' + row['host'])
names = sorted(line for line in lines if 'request' in line)
assert [line.split('/', 1)[1] for line in names] == ['request ada', 'request/Task-1 bob', 'request/Task-1/serve bob',
    'request/Task-1/serve/work bob', 'request/serve bob', 'request/serve/work bob'], names
END
    must "$telltale" ps run.telltale
    expect_text out 'HOST'
    # The clocks are a day apart, and the boots are others; what came later on the other host is later.
    expect_equal "$(ask run.telltale 'SELECT count(DISTINCT boot_id), min(clock_shift_ns) FROM process')" \
        "2|-${monotonic_s}000000000" 'boots and clocks'
    expect_says "SELECT count(*) FROM tasks AS r, tasks AS s WHERE r.name = 'request' AND s.name = 'serve' AND s.created_ns > r.started_ns AND s.ended_ns < r.ended_ns" 2
    expect_says 'SELECT max(started_ns) < 600e9 FROM processes' 1
}

# Containers of one machine: one boot, and one of them has a time namespace.
case_hosts_of_one_boot_are_on_one_line_of_time_whatever_their_time_namespaces() {
    same_boot=same
    start_hosts
    follow "$relay"
    mkfifo "$work/said" "$work/hold"
    echo "$caller ask <$work/hold >$work/said" >&7
    exec 6>"$work/hold"
    read -r link <"$work/said"
    echo "echo $link | $caller answer" >&8
    wait_until says "SELECT count(*) FROM tasks WHERE name = 'work' AND outcome = 'returned'" 1
    exec 6>&-
    end_hosts
    expect_equal "$(ask run.telltale 'SELECT count(DISTINCT boot_id), group_concat(clock_shift_ns) FROM process')" "1|-${monotonic_s}000000000" 'one boot'
    expect_says "SELECT count(*) FROM tasks AS r, tasks AS s WHERE r.name = 'request' AND s.name = 'serve' AND s.created_ns > r.started_ns AND s.ended_ns < r.ended_ns" 1
    expect_says "SELECT max(abs(time_ns)) < 600e9 FROM event" 1
    expect_equal "$(ask run.telltale 'SELECT max(started_boottime_ns - started_monotonic_ns) - min(started_boottime_ns - started_monotonic_ns) < 1e9 FROM process')" 1 'boottime'
}

# What follows from links in a recording of telltale's own is the same, without LTTng.
case_a_link_holds_in_a_recording_of_arenas() {
    unset TELLTALE_LTTNG
    # shellcheck disable=SC2016 # the other shell's
    must "$telltale" record -- sh -c '"$0" ask </dev/null >link; "$0" answer <link; TELLTALE_PARENT=$(cat link) "$0" plain' "$caller"
    must "$telltale" tree run.telltale
    expect_says "SELECT t.name, replace(l.cause_text, '\"', ''), l.place IS NULL FROM links AS l JOIN tasks AS t USING (task_id) ORDER BY t.process_id" \
        'serve|#3 request|0
Task-1|#3 request|1'
    run sh -c 'echo "1-2-x" | "$0" answer' "$caller"
    expect_text err 'ValueError: 1-2-x is no link'
    must "$telltale" ps run.telltale
    ! grep -q HOST "$work/out" || fail 'a host where there is only one'
}

# Two hosts whose clocks count from different boots, 50 us apart by the wall.
case_processes_of_one_boot_share_one_line_of_time() {
    python3 - <<'END' || fail 'no traces'
import os, sys, uuid
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
trace = make_trace.Trace(uuid.UUID(int=77))
make_trace.whole(trace, 5000, 20, 0)
trace.write('traces/a')
make_trace.BOOT = uuid.UUID('0c0c0c0c-1111-4222-8333-444444444444')
make_trace.START_NS, make_trace.OFFSET_NS = 9_000_000_000_000, make_trace.OFFSET_NS - 4_000_000_000_000
trace = make_trace.Trace(uuid.UUID(int=78))
process = make_trace.Process(trace, 5001, 21)
process.ns = 49000
process.tell(50000)
process.end()
process = make_trace.Process(trace, 5002, 22)
process.ns = 69000
process.tell(70000, realtime_ns=make_trace.OFFSET_NS + make_trace.START_NS + 70000 + 3000)  # the wall clock was set
process.end()
trace.write('traces/b')
END
    must "$telltale" import traces
    expect_says 'SELECT pid, started_ns FROM processes ORDER BY pid' '5000|0
5001|50000
5002|70000'
}

# Two traces of one boot, the second one of a container whose clock is 500,000 s ahead; the wall clock was set forward by an hour in between. 5002 does
# not tell who it is, and 5003 only after its first event.
make_namespaces() {
    python3 - <<'END' || fail 'no traces'
import os, sys, uuid
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
AHEAD, HOUR = 500_000_000_000_000, 3_600_000_000_000
trace = make_trace.Trace(uuid.UUID(int=77))
make_trace.whole(trace, 5000, 20, 0)
trace.write('traces/a')
make_trace.START_NS += AHEAD
make_trace.OFFSET_NS -= AHEAD - HOUR
told = {'monotonic_ahead_ns': AHEAD, 'boottime_ahead_ns': AHEAD}
trace = make_trace.Trace(uuid.UUID(int=78))
one, silent, late = (make_trace.Process(trace, 5000 + n, 20 + n) for n in (1, 2, 3))
one.ns = 49000
one.tell(50000, is_repeated=0, listener_first=1, listener_set=1, listener_new=1, **told)
silent.emit('note', ns=60000, key='silent')
late.emit('note', ns=70000, key='early')
late.tell(71000, **told)
late.emit('note', key='later', ns=72000)
one.emit('note', key='one', ns=80000)
trace.write('traces/b')
one.trace = make_trace.Trace(uuid.UUID(int=79))
one.emit('note', key='two', ns=90000)
one.end()
one.trace.write('next/c')
END
}

case_a_time_namespace_is_taken_off_whatever_the_wall_clock_shows() {
    make_namespaces
    must "$telltale" import traces
    expect_equal "$(ask run.telltale 'SELECT key, noted_ns FROM note ORDER BY noted_ns')" 'silent|60000
early|70000
later|72000
one|80000' 'notes'
    expect_says 'SELECT started_ns FROM processes WHERE pid IN (5000, 5001) ORDER BY pid' '0
50000'
    must "$telltale" import --append next
    expect_equal "$(ask run.telltale "SELECT key, noted_ns FROM note WHERE key IN ('one', 'two') ORDER BY noted_ns")" 'one|80000
two|90000' 'notes of both imports'
    expect_says "SELECT DISTINCT from_ns, to_ns FROM losses WHERE what = 'paused'" '80000|90000'
}

run_case "$@"
