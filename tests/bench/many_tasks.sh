#!/bin/sh
# What a recording of very many tasks takes: tests/bench/many_tasks.sh PROGRAM, or ./dev bench many_tasks. Minutes, and 2 GB in
# $TMPDIR; so ./dev bench alone leaves it out. No figure has a least here: bench store and bench viewer see to that.
#
#   TT_COUNT   tasks that end, six events each: 10,000,000
#   TT_ALIVE   tasks that are alive at once: 1,000,000
set -eu
program=${1:?usage: tests/bench/many_tasks.sh PROGRAM}
telltale=${TELLTALE_PROGRAM:?TELLTALE_PROGRAM is not set}
count=${TT_COUNT:-10000000}
alive=${TT_ALIVE:-1000000}
folder=$(mktemp -d "${TMPDIR:-/tmp}/telltale-bench-XXXXXX")
supervisor=''
input=/dev/null
kill_all() {
    # shellcheck disable=SC2046 # a list
    [ -z "$supervisor" ] || kill -9 "$supervisor" $(pgrep -P "$supervisor") 2>/dev/null || :
    supervisor=''
}
end() {
    kill_all
    rm -rf "$folder"
}
trap end EXIT
now() { date +%s.%N; }
since() { # BEGIN
    awk -v begin="$1" -v end="$(now)" 'BEGIN { printf "%.2f", end - begin }'
}
tell() { # NAME VALUE
    printf '  %-36s %14s\n' "$1" "$2"
    printf 'figure %s %s\n' "$1" "$2"
}
ask() { # SQL
    "$telltale" query "$store" "$1" | tail -n 1
}
said() { # KEY
    awk -v key="$1" '$1 == key { print $2 }' "$folder/said"
}
start() { # STORE ARGUMENT...
    store=$folder/$1.telltale
    shift
    rm -f "$folder/said"
    "$telltale" record --events +step --ring-bytes 64M -o "$store" -- "$program" "$@" <"$input" >"$folder/said" 2>"$folder/log" 9>&- &
    supervisor=$!
}
wait_for() { # KEY
    until grep -q "^$1" "$folder/said" 2>/dev/null; do
        kill -0 "$supervisor" 2>/dev/null || { cat "$folder/log" >&2; exit 2; }
        sleep 0.02
    done
}

begin=$(now)
start whole "$count"
wait "$supervisor" || { cat "$folder/log" >&2; exit 2; }
supervisor=''
tell tasks "$(said tasks)"
tell events "$(said events)"
tell dropped "$(said dropped)"
tell seconds_until_all_was_recorded "$(said record_seconds)"
tell seconds_until_the_store_was_finished "$(since "$begin")"
tell store_bytes "$(stat -c %s "$store")"

# Everything is killed when the last event was emitted, and the ring has not been read to its end.
rm -f "$store"
start killed "$count"
wait_for emit_seconds
kill_all
begin=$(now)
ask 'SELECT 1 FROM recording' >/dev/null
tell seconds_to_recovery "$(since "$begin")"
tell recovered_tasks "$(ask 'SELECT count(*) FROM task')"
tell recovered_tasks_that_ended "$(ask 'SELECT count(*) FROM task WHERE outcome IS NOT NULL')"

mkfifo "$folder/gate"
exec 9<>"$folder/gate" # the tasks end when nobody has it open for writing
input=$folder/gate
start alive "$alive" alive
wait_for alive$
tell alive_tasks "$(said alive_tasks)"
tell alive_bytes_each "$(said alive_bytes_each)"
begin=$(now)
"$telltale" ps "$store" --limit 20 >"$folder/ps"
tell seconds_of_ps "$(since "$begin")"
tell lines_of_ps "$(wc -l <"$folder/ps")"
tell alive_tasks_of_the_store "$(ask 'SELECT count(*) FROM task WHERE outcome IS NULL')"
exec 9>&-
wait "$supervisor" || { cat "$folder/log" >&2; exit 2; }
supervisor=''
tell alive_tasks_that_ended "$(ask 'SELECT count(*) FROM task WHERE outcome IS NOT NULL')"
