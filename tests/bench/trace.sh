#!/bin/sh
# Runs the measurement PROGRAM with LTTng daemons of its own and a session "bench", which PROGRAM starts and stops. Exits as PROGRAM
# does; 2 when it could not be run.
set -eu
program=${1:?usage: tests/bench/trace.sh PROGRAM}
command -v lttng-sessiond >/dev/null || { echo 'skipped: trace: lttng-tools are not installed'; exit 0; }
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"
create_session "0-$(($(nproc) - 1))"
export TELLTALE_BENCH_STORE="$folder/run.telltale"
code=0
"$program" || code=$?
end_session || code=1
exit "$code"
