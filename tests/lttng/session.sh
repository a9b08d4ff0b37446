# shellcheck shell=sh disable=SC2034 # the variables are for the scripts that source this file
# session.sh: LTTng's daemons for one case, its own and nobody else's. A script sources this file instead of case.sh.
#
# As root the case runs in namespaces of its own for mounts and processes, since root's daemon has its place in /run; all that it
# started ends with it. As another user it has an LTTNG_HOME of its own, and ends the daemon by its process id. Every wait for
# LTTng has a limit: a daemon can hang when its program was killed.
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_TEST_ISOLATED-}" ]; then
    export TELLTALE_TEST_ISOLATED=1
    exec unshare --mount --pid --fork --kill-child --mount-proc sh "$0" "$@"
fi
. "$(dirname "$0")/../e2e/case.sh"

limit_s=$patience_s
programs=$(cd "$TELLTALE_TEST_BUILD/tests/lttng" && pwd -P)
sessiond=''
# LTTng's library starts its threads anew in the child of a fork. The thread sanitizer does not support that: it ends such a child, unless
# it is told not to, and even then some, with "dup thread with used id".
export TSAN_OPTIONS="${TSAN_OPTIONS-}:die_after_fork=0"
skip_under_thread_sanitizer() {
    case ${TELLTALE_TEST_SANITIZE-} in
    *thread*) skip 'the thread sanitizer does not support threads that are started in the child of a fork, as LTTng does' ;;
    esac
}
unset TELLTALE_LTTNG TELLTALE_LTTNG_DUMP LTTNG_UST_REGISTER_TIMEOUT LD_PRELOAD

if [ "$(id -u)" -eq 0 ]; then
    mount -t tmpfs none /run || fail 'no /run of its own'
    mount -t tmpfs none /dev/shm || fail 'no /dev/shm of its own'
    client_socket=/var/run/lttng/client-lttng-sessiond
    export LTTNG_HOME="$work"
else
    LTTNG_HOME=$(mktemp -d /tmp/tt.XXXXXX) # paths of sockets are short
    export LTTNG_HOME
    client_socket=$LTTNG_HOME/.lttng/client-lttng-sessiond
fi

# Ends the daemon, at the end of the case too.
end_daemon() {
    [ -n "$sessiond" ] || return 0
    kill -CONT "$sessiond" 2>/dev/null || :
    kill -TERM "$sessiond" 2>/dev/null || :
    tries=0
    while kill -0 "$sessiond" 2>/dev/null && [ "$tries" -lt 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
    kill -KILL "$sessiond" 2>/dev/null || :
    sessiond=''
}

clean_up_session() {
    end_daemon
    clean_up
    [ "$(id -u)" -eq 0 ] || rm -rf "$LTTNG_HOME"
}
trap clean_up_session EXIT

# Starts the daemon, and waits until it answers.
start_daemon() {
    command -v lttng-sessiond >/dev/null || fail 'lttng-sessiond is not installed'
    lttng-sessiond --no-kernel >"$work/sessiond" 2>&1 </dev/null &
    sessiond=$!
    wait_until test -S "$client_socket"
    wait_until ask_lttng list
}

# Runs lttng within the limit of time.
ask_lttng() { # ARGUMENT...
    timeout "$limit_s" lttng --no-sessiond "$@" >"$work/lttng" 2>&1
}

lttng_must() { # ARGUMENT...
    ask_lttng "$@" || {
        cat "$work/lttng" >&2
        fail "lttng $*"
    }
}

# Programs that start from here on wait until the daemon has told them who listens, also on a busy machine: the limit that telltale sets
# is short, and what a program says before it is told is not in a trace.
register_whatever_it_takes() {
    export LTTNG_UST_REGISTER_TIMEOUT=30000
}

# Starts a program whose standard input is a socket, which a loop can poll; what is written to descriptor 9 comes there. Returns when it has
# said "ready".
start_program() { # PROGRAM ARGUMENT...
    mkfifo "$work/feed"
    python3 - "$work/feed" "$@" >"$work/said" 2>"$work/complaints" <<'END' &
import socket, subprocess, sys
ours, theirs = socket.socketpair()
process = subprocess.Popen(sys.argv[2:], stdin=theirs)
theirs.close()
feed = open(sys.argv[1], 'rb', buffering=0)
while byte := feed.read(1):
    ours.send(byte)
ours.close()
sys.exit(process.wait())
END
    program=$!
    background="$background $program"
    exec 9>"$work/feed"
    wait_until grep -q ready "$work/said"
}

# Closes its standard input, which ends it.
finish_program() {
    exec 9>&-
    wait "$program" || fail "exit status $?"
}

# A trace that is being written cannot be read as a whole, but strings in it can be found.
is_written() { # NAME TEXT
    grep -raqF -- "$2" "$work/$1"
}

# A session NAME that records all of telltale's events to $work/NAME.
create_session() { # NAME
    lttng_must create "$1" --output="$work/$1"
    lttng_must enable-channel --session="$1" --userspace ch --subbuf-size=1M --num-subbuf=8 --switch-timer=100000
    lttng_must enable-event --session="$1" --userspace --channel=ch 'telltale:*'
}

# The same, and recording.
start_session() { # NAME
    create_session "$1"
    lttng_must start "$1"
}

# Ends the session; what it recorded is then in $work/NAME.txt, an event a line.
end_session() { # NAME
    lttng_must stop "$1"
    lttng_must destroy "$1"
    tries=0
    until read_trace "$1"; do # the consumer daemon may still be writing the metadata
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || {
            cat "$work/babeltrace2" >&2
            fail 'babeltrace2 cannot read the trace, or not all of it is there'
        }
        sleep 0.1
    done
}

# Reads what was written of a session so far, unless that cannot be read yet, or LTTng has discarded events.
read_trace() { # NAME
    timeout "$limit_s" babeltrace2 --clock-seconds "$work/$1" >"$work/$1.raw" 2>"$work/babeltrace2" || return 1
    ! grep -q 'discarded' "$work/babeltrace2" || return 1
    sed -n 's/^.* telltale:\([a-z_]*\): { cpu_id = [0-9]* }, { \(.*\) }$/\1 \2/p' "$work/$1.raw" >"$work/$1.txt"
}

# How many events of the trace have the extended regular expression in them.
count() { # NAME REGEX
    grep -cE -- "$2" "$work/$1.txt" || :
}

expect_count() { # NAME REGEX COUNT
    expect_equal "$(count "$1" "$2")" "$3" "events like '$2'
$(head -n 200 "$work/$1.txt")"
}

# Every thread of every process counted its events from 0, without a gap; thread 0, which belongs to many, without a missing one.
expect_no_gap() { # NAME
    gaps=$(awk '{
            match($0, /tt_process = [^,]*, tt_thread = [0-9]+, tt_sequence = [0-9]+/)
            split(substr($0, RSTART, RLENGTH), f, /[ ,]+/)
            key = f[3] " " f[6]
            n = f[9]
            if (key in seen && f[6] != 0 && n != last[key] + 1) print key ": " last[key] " then " n
            if (!(key in seen) && f[6] != 0 && n != 0) print key ": begins with " n
            last[key] = n; seen[key]++
            if (n > most[key]) most[key] = n
        }
        END { for (key in seen) if (seen[key] != most[key] + 1) print key ": " seen[key] " events, numbers up to " most[key] }
    ' "$work/$1.txt")
    [ -z "$gaps" ] || fail "gaps: $gaps"
}
