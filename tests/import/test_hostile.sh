#!/bin/sh
# test_hostile.sh: traces that were cut short or changed on purpose: import ends, says so, and keeps what can be kept.
#
# TT_COUNT mutations instead of 100, from number TT_FIRST on; TT_SEED repeats a run.
# shellcheck source-path=SCRIPTDIR source=traces.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/traces.sh"

# import of DIR ends within its limits, with a status of its own, one line at least when it is not clean, and no crash.
expect_sane() { # DIR WHAT
    rm -f run.telltale
    run timeout 60 "$telltale" import --cpu-seconds 3 "$1"
    case $status in
    0) "$telltale" report run.telltale >/dev/null 2>&1 || [ $? -le 1 ] || fail "$2: the store cannot be read" ;;
    3 | 5)
        [ -s "$work/err" ] || fail "$2: no word about status $status"
        [ ! -e run.telltale ] || "$telltale" report run.telltale >/dev/null 2>&1 || [ $? -le 1 ] || fail "$2: the store cannot be read"
        ;;
    *) fail "$2: exit status $status" ;;
    esac
    # babeltrace2 may abort; what is ours must not, and a sanitizer ends the reader so.
    ! grep -q 'ended without a word' "$work/err" || fail "$2: the reader broke off"
}

case_metadata_that_is_cut_short_is_refused_at_every_length() {
    make_trace whole
    size=$(stat -c %s whole/metadata)
    cp whole/metadata complete
    step=$((size / 60))
    for length in 0 1 3 4 20 36 37 38 100 4095 4096 4097 8192 $(seq 200 "$step" "$((size - 1))") "$((size - 1))"; do
        head -c "$length" complete >whole/metadata
        run timeout 20 "$telltale" import whole
        expect_status 3 "metadata of $length bytes"
        grep -qE 'metadata is (cut short|not that of)' "$work/err" || fail "metadata of $length bytes: $(cat "$work/err")"
        # What a session that still runs looks like.
        ! grep -q 'cut short' "$work/err" || expect_text err 'stop or destroy the session first'
    done
    [ ! -e run.telltale ] || fail 'a store was written'
}

case_metadata_as_text_is_read_and_refused_when_it_is_cut() {
    make_trace whole
    python3 - <<'END'
import os, sys
sys.path.insert(0, os.path.join(os.environ['TELLTALE_TEST_SOURCE'], 'tests/import'))
import make_trace
open('text', 'wb').write(make_trace.Trace().text())
END
    cp text whole/metadata
    must "$telltale" import whole
    size=$(stat -c %s text)
    for length in 5 100 $(seq 150 "$((size / 20))" "$((size - 3))"); do
        head -c "$length" text >whole/metadata
        case $(tail -c 3 whole/metadata) in
        *'};') continue ;; # whole sentences: nobody can tell that there were more
        esac
        run timeout 20 "$telltale" import whole
        expect_status 3 "text of $length bytes"
        expect_text err 'its metadata is cut short'
    done
}

case_a_stream_file_that_is_no_stream_is_refused() {
    make_trace whole
    printf 'this is no stream' >whole/ch_0
    run "$telltale" import whole
    expect_status 3 import
    expect_text err 'its stream file ch_0 does not begin as one'
}

# The first packets are sound: what they say is kept, and what rests on silence is unknown.
case_what_was_read_before_the_damage_is_kept_and_marked() {
    make_trace many
    python3 - <<'END'
with open('many/ch_0', 'r+b') as file:
    data = bytearray(file.read())
    # Ids of events in the middle become such as the trace does not describe.
    middle = len(data) // 2 // 4096 * 4096
    data[middle + 84:middle + 86] = b'\xff\x7f'
    file.seek(0)
    file.write(data)
END
    run "$telltale" import many
    expect_status 3 import
    expect_text err 'the trace is damaged'
    expect_text err 'is kept'
    count=$(view run.telltale 'SELECT count(*) FROM tasks')
    { [ "$count" -gt 200 ] && [ "$count" -lt 1800 ]; } || fail "$count tasks were kept"
    expect_rows run.telltale 'SELECT is_balanced FROM processes' 0
    expect_rows run.telltale "SELECT count(*) FROM failures WHERE state <> 'unknown'" 0
}

# A full disk, or a crash, leaves a file that ends anywhere. babeltrace2 would read nothing of it.
case_of_a_stream_file_that_was_cut_short_the_complete_packets_are_read() {
    make_trace many sound
    size=$(stat -c %s sound/ch_0)
    last=1
    mkdir tmp
    TMPDIR=$PWD/tmp
    export TMPDIR
    cp -r sound cut
    truncate -s 4100 cut/ch_0
    run "$telltale" import cut
    expect_status 3 'no complete packet'
    [ ! -e run.telltale ] || fail 'a store was written'
    for length in $((size / 5)) $((size / 2 + 70)) $((size - 4096 * 7 - 1)) $((size - 1)); do
        rm -rf cut run.telltale
        cp -r sound cut
        truncate -s "$length" cut/ch_0
        run "$telltale" import cut
        expect_status 3 "a stream file of $length bytes"
        kept=$(sed -n "s/.*cut: stream file ch_0 was cut short: \([0-9]*\) of its $length bytes, the complete packets, are read$/\1/p" "$work/err")
        [ "${kept:-$length}" -lt "$length" ] && [ $((length - kept)) -lt 65536 ] || fail "$length bytes: $(cat "$work/err")"
        expect_text err 'is kept'
        count=$(view run.telltale 'SELECT count(*) FROM tasks')
        [ "$count" -ge "$last" ] || fail "$count tasks in $length bytes, $last in fewer"
        last=$count
        expect_rows run.telltale 'SELECT is_balanced FROM processes' 0
        expect_rows run.telltale "SELECT count(*) FROM failures WHERE state <> 'unknown'" 0
    done
    [ "$last" -gt 1900 ] || fail "$last tasks in all bytes but one"
    expect_equal "$(ls tmp)" '' 'folders that are left'
}

# A reader that takes too long is stopped, and what it had committed is settled. Until then a terminal is told that it takes long.
case_a_reader_that_takes_too_long_is_stopped() {
    make_trace long
    seconds=2 # so that it has been more than one when somebody looks
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || seconds=8 # it has to come as far as its first commit
    # On a machine that gives it but a small part of a processor, the limit of the clock on the wall comes first: once more then.
    read_it() {
        rm -f run.telltale
        run "$TELLTALE_TEST_SOURCE/tests/viewer/on_terminal.py" "$telltale" import --cpu-seconds "$seconds" long
        mv "$work/out" "$work/err"
        ! grep -q 'it took too long' "$work/err"
    }
    wait_until read_it
    expect_status 3 import
    expect_text err "the reader was stopped after $seconds s of processor time"
    grep -q 'telltale: reading .*long: [0-9]* s' "$work/err" || fail 'nothing is said while it reads'
    expect_text err 'is kept'
    expect_rows run.telltale 'SELECT state FROM failures' unknown
    expect_rows run.telltale 'SELECT end_reason, is_balanced FROM processes' 'unknown|0'
    expect_rows run.telltale 'SELECT count, to_ns, what, is_vital FROM losses' '||cut_off|1'
}

# Valgrind keeps its hand on some limits.
case_under_valgrind_a_trace_is_imported_as_ever() {
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || skip 'a sanitizer does not run under valgrind'
    command -v valgrind >/dev/null || skip 'no valgrind'
    make_trace whole
    must valgrind --quiet --error-exitcode=99 --leak-check=full --trace-children=no "$telltale" import whole
    expect_rows run.telltale 'SELECT count(*) FROM losses' 0
}

# Sends SIGNAL to the reader of a trace that has committed something, and sees what is said, and that this much is kept.
end_by() { # SIGNAL TEXT
    [ -d long ] || make_trace long
    rm -f run.telltale
    "$telltale" import --cpu-seconds 600 long 2>"$work/err" &
    import=$!
    background="$background $import"
    has_reader() { reading=$(find_child "$import" "$reader"); }
    wait_until has_reader
    has_committed() { [ "$(cat run.telltale.new-*/store | wc -c)" -gt 4000000 ]; }
    wait_until has_committed
    kill -s "$1" "$reading"
    status=0
    wait "$import" || status=$?
    expect_status 3 "$1"
    expect_text err "$2"
    ! grep -q -- --cpu-seconds "$work/err" || fail "$1 is taken for a limit"
    grep -qE 'what was read of it, [0-9]{5,} events, is kept' "$work/err" || fail "$1: nothing is kept"
    expect_rows run.telltale 'SELECT state FROM failures' unknown
    expect_rows run.telltale 'SELECT count, to_ns, what, is_vital FROM losses' '||cut_off|1'
}

# Whoever ends it: each has a word of his own, and what was committed by then is settled.
case_a_reader_that_is_ended_from_outside_is_told_from_one_that_met_a_limit() {
    end_by KILL 'the reader was killed from outside (SIGKILL)'
    end_by TERM 'the reader was interrupted (Terminated)'
    end_by USR1 'the reader was ended from outside by a signal (User defined signal 1)'
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || return 0 # which has handlers for these
    end_by ABRT 'MiB of memory are not enough for it: the reader gave up (Aborted)'
    end_by SEGV 'the trace is damaged: the reader fell over it (Segmentation fault)'
}

# It would stand still for ever: neither processor time nor a word is no progress, whoever stopped it.
case_a_reader_that_is_frozen_is_ended_and_what_it_has_read_is_kept() {
    end_by STOP 'the reader stood still for 30 s and was ended'
}

case_mutated_traces_neither_hang_nor_crash() {
    make_trace discarded sound
    cat >mutate.py <<'END'
import os, random, shutil, sys
seed, first, last = map(int, sys.argv[1:])
for number in range(first, last + 1):
    choose = random.Random(seed * 1000003 + number)
    folder = 'mutant-%d' % number
    shutil.copytree('sound', folder)
    path = os.path.join(folder, choose.choice(['metadata', 'ch_0', 'ch_0', 'ch_1']))
    data = bytearray(open(path, 'rb').read())
    what = choose.randrange(5)
    for _ in range(choose.choice([1, 1, 2, 8, 40])):
        at = choose.randrange(len(data))
        if what == 0:
            data[at] = choose.randrange(256)
        elif what == 1:
            data[at] ^= 1 << choose.randrange(8)
        elif what == 2:
            data[at:at + 8] = choose.choice([b'\0' * 8, b'\xff' * 8, choose.randbytes(8)])[:len(data) - at]
        elif what == 3:
            at = choose.randrange(min(len(data), 160))
            data[at] = choose.randrange(256)
        else:
            del data[at:]
            break
    open(path, 'wb').write(data)
END
    seed=${TT_SEED:-$(random_number 1 60000)}
    first=${TT_FIRST:-1}
    last=$((first + ${TT_COUNT:-100} - 1))
    for number in $(seq "$first" "$last"); do
        # Python takes longer to start than to change a trace.
        if [ $(((number - first) % 50)) -eq 0 ]; then
            must python3 mutate.py "$seed" "$number" "$((number + 49 < last ? number + 49 : last))"
        fi
        expect_sane "mutant-$number" "mutation $number; repeat with TT_COUNT=1 TT_FIRST=$number TT_SEED=$seed"
        rm -rf "mutant-$number"
    done
}

run_case "$@"
