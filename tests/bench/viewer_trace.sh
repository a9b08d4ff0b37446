#!/bin/sh
# Records PROGRAM through LTTng, with daemons of its own, into FOLDER, which is made. Exits with 1 where events were discarded, 2 when it
# could not be done.
set -eu
traced=${1:?usage: tests/bench/viewer_trace.sh FOLDER PROGRAM...}
command -v lttng-sessiond >/dev/null || { echo 'skipped: an LTTng trace: lttng-tools are not installed'; exit 2; }
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"
shift
create_session "0-$(($(nproc) - 1))"
lttng --no-sessiond start bench >/dev/null
TELLTALE_LTTNG=1 TELLTALE_EVENTS=+step LTTNG_UST_REGISTER_TIMEOUT=-1 "$@" >/dev/null || exit 2
timeout 60 lttng --no-sessiond stop bench >/dev/null
end_session || exit 1
cp -r "$folder/trace" "$traced"
