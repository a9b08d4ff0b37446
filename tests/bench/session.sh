# shellcheck shell=sh
# session.sh: LTTng daemons and a session "bench" for a measurement, its own and nobody else's. A script sources this file: as root
# it goes on in namespaces of its own, since root's daemon has its place in /run; else with an LTTNG_HOME of its own. All of it
# ends with the script.
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_BENCH_ISOLATED-}" ]; then
    export TELLTALE_BENCH_ISOLATED=1
    exec unshare --mount --pid --fork --kill-child --mount-proc sh "$0" "$@"
fi
folder=$(mktemp -d /tmp/ttb.XXXXXX) # paths of sockets are short
sessiond=''
end() {
    [ -z "$sessiond" ] || kill "$sessiond" 2>/dev/null || :
    rm -rf "$folder"
}
trap end EXIT
export LTTNG_HOME="$folder"

# Starts the daemon, on the cores given, and creates the session, which is not started yet. Exits with 2 where that cannot be.
create_session() { # CORES
    if [ "$(id -u)" -eq 0 ]; then
        mount -t tmpfs none /run
        mount -t tmpfs none /dev/shm
    fi
    taskset -c "$1" lttng-sessiond --no-kernel >"$folder/log" 2>&1 </dev/null &
    sessiond=$!
    tries=0
    until timeout 5 lttng --no-sessiond list >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "${0##*/}: the session daemon does not answer" >&2; exit 2; }
        sleep 0.1
    done
    lttng --no-sessiond create bench --output="$folder/trace" >/dev/null
    lttng --no-sessiond enable-channel --session=bench -u ch --subbuf-size=4M --num-subbuf=8 >/dev/null
    lttng --no-sessiond enable-event --session=bench -u -c ch 'telltale:*' >/dev/null
}

# Ends the session. False, with a line, when events were discarded: then emitting was measured too cheap.
end_session() {
    discarded=$(timeout 10 lttng --no-sessiond list bench | sed -n 's/.*[Dd]iscarded events: *\([0-9]*\).*/\1/p' | head -n 1)
    timeout 60 lttng --no-sessiond destroy --no-wait bench >/dev/null 2>&1 || :
    [ "${discarded:-0}" -eq 0 ] || {
        echo "FAILED: LTTng discarded $discarded events, so emitting was measured too cheap"
        return 1
    }
}
