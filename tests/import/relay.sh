# shellcheck shell=sh disable=SC2034,SC2154 # variables of session.sh and case.sh, and for the scripts that source this file
# relay.sh: a relay daemon of a case's own, on ports of its own, and sessions that go through it.
# shellcheck source-path=SCRIPTDIR source=../lttng/session.sh
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_TEST_NETWORK-}" ] && unshare --net true 2>/dev/null; then
    export TELLTALE_TEST_NETWORK=1
    exec unshare --net sh "$0" "$@" # else another case may take a port between a look at it and its use
fi
. "$(dirname "$0")/../lttng/session.sh"

emitter=$TELLTALE_TEST_BUILD/tests/import/emitter
relayd=''
export TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=10000

# Sets the loopback interface of a network of the case's own up.
start_network() {
    python3 - <<'END'
import fcntl, socket, struct
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    name, flags = struct.unpack('16sH', fcntl.ioctl(one, SIOCGIFFLAGS, struct.pack('16sH14x', b'lo', 0))[:18])
    fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack('16sH14x', b'lo', flags | IFF_UP))
END
}
[ -z "${TELLTALE_TEST_NETWORK-}" ] || start_network

# Ports that are free now.
find_ports() {
    python3 - <<'END'
import socket
sockets = [socket.socket() for _ in range(3)]
for one in sockets:
    one.bind(('127.0.0.1', 0))
print(*(one.getsockname()[1] for one in sockets))
END
}

answers_live() {
    babeltrace2 query source.ctf.lttng-live sessions -p "url=\"$relay\"" >/dev/null 2>&1
}

# Starts the relay daemon; its live connections are at $relay.
start_relay() {
    command -v lttng-relayd >/dev/null || fail 'lttng-relayd is not installed'
    # shellcheck disable=SC2046 # three words
    set -- $(find_ports)
    control=$1 data=$2
    relay=net://127.0.0.1:$3
    lttng-relayd --output="$work/relay" --control-port="tcp://127.0.0.1:$1" --data-port="tcp://127.0.0.1:$2" \
        --live-port="tcp://127.0.0.1:$3" >"$work/relayd" 2>&1 </dev/null &
    relayd=$!
    background="$background $relayd"
    wait_until answers_live
}

# Creates a live session NAME of all of telltale's events, with SUBBUF bytes for a sub-buffer, and starts it.
start_live_session() { # NAME [SUBBUF]
    lttng_must create "$1" --live=100000 --set-url="net://127.0.0.1:$control:$data"
    lttng_must enable-channel --session="$1" --userspace ch --subbuf-size="${2-1M}" --num-subbuf=4
    lttng_must enable-event --session="$1" --userspace --channel=ch 'telltale:*'
    lttng_must start "$1"
}

# Follows URL... into run.telltale; returns when it does. Pipes to programs end here, not there.
follow() { # [OPTION...] URL...
    "$telltale" import "$@" >"$work/followed" 2>"$work/following" </dev/null 6>&- 7>&- 8>&- 9>&- &
    follower=$!
    background="$background $follower"
    wait_until grep -q 'Ctrl-C ends that' "$work/following"
}

# The end of following; the exit status goes to $status, what was said to $work/err.
end_follower() {
    status=0
    wait "$follower" || status=$?
    cp "$work/following" "$work/err"
}

# Starts an emitter of COUNT notes that stays until descriptor 9 is closed, and says one more for each byte written to it.
start_emitter() { # COUNT
    rm -f input
    mkfifo input
    "$emitter" "$1" hold <input >output &
    program=$!
    background="$background $program"
    exec 9>input
    wait_until has_line output
}

end_emitter() {
    exec 9>&-
    wait "$program" || fail "the emitter exited with $?"
}

# Whether SQL says so of run.telltale, which is being written.
says() { # SQL EXPECTED
    [ "$("$telltale" query --format csv run.telltale "$1" 2>/dev/null | sed 1d | tr ',' '|')" = "$2" ]
}

expect_says() { # SQL EXPECTED
    expect_equal "$("$telltale" query --format csv run.telltale "$1" | sed 1d | tr ',' '|')" "$2" "$1"
}
