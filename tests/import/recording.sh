# shellcheck shell=sh disable=SC2034,SC2154 # variables of case.sh, and for the scripts that source this file
# recording.sh: what the scripts about record --lttng share: daemons of a case's own, and programs that are recorded.
#
# Root has one session daemon a mount namespace; so as root each case gets one of its own. Others have LTTNG_HOME.
# shellcheck source-path=SCRIPTDIR source=traces.sh
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_TEST_ISOLATED-}" ]; then
    exec env TELLTALE_TEST_ISOLATED=1 unshare -m sh -c 'mount -t tmpfs t /run && mount -t tmpfs t /dev/shm && exec sh "$0" "$@"' "$0" "$@"
fi
. "$(dirname "$0")/traces.sh"

traced=$TELLTALE_TEST_BUILD/tests/viewer/traced
emitter=$TELLTALE_TEST_BUILD/tests/import/emitter
LTTNG_HOME=$(mktemp -d /tmp/tt-XXXXXX) # a socket's name is short
TMPDIR=$work
export LTTNG_HOME TMPDIR
trap 'end_daemons; rm -rf "$LTTNG_HOME"; clean_up' EXIT

# Processes of LTTng in this mount namespace and of this user, as process ids.
daemons() {
    for folder in /proc/[0-9]*; do
        case $(readlink "$folder/exe" 2>/dev/null) in
        */lttng-sessiond | */lttng-consumerd) ;;
        *) continue ;;
        esac
        [ "$(readlink "$folder/ns/mnt")" = "$(readlink /proc/self/ns/mnt)" ] || continue
        [ "$(id -u)" -eq 0 ] || grep -qz "LTTNG_HOME=$LTTNG_HOME" "$folder/environ" 2>/dev/null || continue
        printf '%s\n' "${folder#/proc/}"
    done
}

end_daemons() {
    for daemon in $(daemons); do
        kill -KILL "$daemon" 2>/dev/null || :
    done
}

start_daemon() {
    lttng-sessiond --daemonize --no-kernel --pidfile="$work/pid" >"$work/daemon.log" 2>&1 </dev/null || fail 'no lttng-sessiond'
    daemon=$(cat "$work/pid")
}

# Whether all threads of PROCESS are stopped. The signal is for one of them, which tells the others when it gets a processor.
is_frozen() { # PROCESS
    ! cat "/proc/$1"/task/*/stat | sed 's/.*) //' | grep -qv '^T'
}

freeze() { # PROCESS
    kill -STOP "$1"
    wait_until is_frozen "$1"
}

has_no_daemons() {
    [ -z "$(daemons)" ]
}

expect_nothing_left() {
    has_no_daemons || fail "daemons are left: $(daemons | tr '\n' ' ')"
    expect_equal "$(find "$work" -maxdepth 1 -name 'telltale-*')" '' 'private folders'
}

# Starts `record --lttng -- emitter COUNT hold` and waits until it is ready; its input ends when descriptor 9 is closed.
record_emitter() { # COUNT [OPTION...]
    count=$1
    shift
    mkfifo input
    "$telltale" record --lttng "$@" -- "$emitter" "$count" hold <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
}

# Whether LTTng has written COUNT notes, which it does when the timer of its buffers says so.
has_written() { # COUNT
    [ "$(babeltrace2 "$(find "$work" -type d -name trace)" 2>/dev/null | grep -c telltale:note)" -ge "$1" ]
}

# Ends what record_emitter has begun, or what has ended already; the exit status goes to $status.
end_emitter() {
    exec 9>&-
    status=0
    wait "$record" || status=$?
    cp messages "$work/err"
}

# The consumer daemons that DAEMON has started; each thread has children of its own.
consumer_of() { # DAEMON
    for list in "/proc/$1"/task/*/children; do
        for child in $(cat "$list"); do
            [ "$(cat "/proc/$child/comm")" != lttng-consumerd ] || printf '%s\n' "$child"
        done
    done
}

# The verdict of doctor on PROBE.
verdict() { # PROBE
    awk -v name="$1" '$1 ~ /^(ok|note|BAD)$/ && $2 == name { print $1 }' "$work/out"
}
