#!/bin/sh
# host.sh: a host of a case's own: another name, another boot unless SAME is given, another CLOCK_MONOTONIC, a session daemon with
# a live session that goes to a relay. Started by test_hosts.sh, in namespaces for names, mounts and time.
#
#     host.sh NAME WORK CONTROL DATA [SAME]    runs each line of WORK/NAME.commands, a pipe, as a command; ends when that does
set -eu
name=$1 work=$2 control=$3 data=$4
hostname "$name"
mount -t tmpfs none /run
mount -t tmpfs none /dev/shm
[ -n "${5-}" ] || {
    cat /proc/sys/kernel/random/uuid >"$work/$name.boot"
    mount --bind "$work/$name.boot" /proc/sys/kernel/random/boot_id
}
export LTTNG_HOME="$work/$name.home" TELLTALE_LTTNG=1 LTTNG_UST_REGISTER_TIMEOUT=10000
mkdir "$LTTNG_HOME"
lttng-sessiond --no-kernel >"$work/$name.sessiond" 2>&1 </dev/null &
sessiond=$!
until timeout 10 lttng --no-sessiond list >/dev/null 2>&1; do
    sleep 0.05
done
ask() {
    timeout 60 lttng --no-sessiond "$@" >>"$work/$name.lttng" 2>&1
}
ask create web --live=100000 --set-url="net://127.0.0.1:$control:$data"
ask enable-event --session=web --userspace 'telltale:*'
ask start web
: >"$work/$name.ready"
while read -r command; do
    eval "$command" || echo "$command: exit status $?" >>"$work/$name.failed"
done <"$work/$name.commands"
ask destroy web || echo 'cannot destroy the session' >>"$work/$name.failed"
kill "$sessiond"
wait "$sessiond" || :
