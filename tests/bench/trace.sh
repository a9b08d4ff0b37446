#!/bin/sh
# Runs the measurement PROGRAM with LTTng daemons of its own and a session "bench", which PROGRAM starts and stops: as root in
# namespaces of its own, else with an LTTNG_HOME of its own. Exits as PROGRAM does; 2 when it could not be run.
set -eu
if [ "$(id -u)" -eq 0 ] && [ -z "${TELLTALE_BENCH_ISOLATED-}" ]; then
    export TELLTALE_BENCH_ISOLATED=1
    exec unshare --mount --pid --fork --kill-child --mount-proc sh "$0" "$@"
fi
program=${1:?usage: tests/bench/trace.sh PROGRAM}
command -v lttng-sessiond >/dev/null || { echo 'skipped: trace: lttng-tools are not installed'; exit 0; }
folder=$(mktemp -d /tmp/ttb.XXXXXX) # paths of sockets are short
sessiond=''
end() {
    [ -z "$sessiond" ] || kill "$sessiond" 2>/dev/null || :
    rm -rf "$folder"
}
trap end EXIT
export LTTNG_HOME="$folder" TELLTALE_BENCH_STORE="$folder/run.telltale"
if [ "$(id -u)" -eq 0 ]; then
    mount -t tmpfs none /run
    mount -t tmpfs none /dev/shm
fi
lttng-sessiond --no-kernel >"$folder/log" 2>&1 </dev/null &
sessiond=$!
tries=0
until timeout 5 lttng --no-sessiond list >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { echo 'trace: the session daemon does not answer' >&2; exit 2; }
    sleep 0.1
done
lttng --no-sessiond create bench --output="$folder/trace" >/dev/null
lttng --no-sessiond enable-channel --session=bench -u ch --subbuf-size=4M --num-subbuf=8 >/dev/null
lttng --no-sessiond enable-event --session=bench -u -c ch 'telltale:*' >/dev/null
code=0
"$program" || code=$?
discarded=$(timeout 10 lttng --no-sessiond list bench | sed -n 's/.*[Dd]iscarded events: *\([0-9]*\).*/\1/p' | head -n 1)
[ "${discarded:-0}" -eq 0 ] || {
    echo "FAILED: LTTng discarded $discarded events, so emitting was measured too cheap"
    code=1
}
timeout 20 lttng --no-sessiond destroy bench >/dev/null 2>&1 || :
exit "$code"
