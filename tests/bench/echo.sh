#!/bin/sh
# Runs the measurement PROGRAM with LTTng daemons of its own and a session "bench" that records, if LTTng is installed: on the cores
# that neither the servers nor their load have. Exits as PROGRAM does; 2 when it could not be run.
set -eu
program=${1:?usage: tests/bench/echo.sh PROGRAM}
if ! command -v lttng-sessiond >/dev/null; then
    exec "$program"
fi
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"
last=$(($(nproc) - 1))
create_session "$((last >= 2 ? 2 : 0))-$last"
lttng --no-sessiond start bench >/dev/null
export TELLTALE_BENCH_SESSION=bench
code=0
"$program" || code=$?
end_session || code=1
exit "$code"
