#!/bin/sh
# test_situations.sh: what asyncio's one bit makes of each way to lose a failure, and what telltale says beside it.
#
# situations.list names them. Each is played in C, recorded; asyncio.expected has what CPython 3.13 prints for the same
# steps, and where there is a python3 (3.11 or later) the counterpart is played as well. situations.expected is the table of both
# verdicts; TELLTALE_TEST_WRITE=1 writes it anew.
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh
. "$(dirname "$0")/../e2e/case.sh"

here=$TELLTALE_TEST_SOURCE/tests/situations
situations=$TELLTALE_TEST_BUILD/tests/situations/situations

# What a recording says: failures, cancellations that did not end as such, tasks that were never done, callbacks that failed.
verdicts="
SELECT coalesce(name, kind) || ' ' || state || coalesce(' (' || reason || ')', '')
       || CASE WHEN reported_to IS NULL THEN '' ELSE ', reported' END AS verdict
  FROM failures WHERE coalesce(name, kind) NOT IN ('Task-1')
UNION ALL
SELECT 'cancellation of ' || name || ' ' || ending FROM cancellations WHERE ending IN ('swallowed', 'converted') AND name IS NOT NULL
UNION ALL
SELECT name || ' abandoned' FROM tasks WHERE outcome = 'abandoned'
UNION ALL
SELECT 'await cycle of ' || group_concat(name, ' and ') FROM (SELECT c.cycle_id, l.name FROM await_cycles AS c JOIN task_labels AS l USING (task_id)
    WHERE EXISTS (SELECT 1 FROM leaks AS k WHERE k.lint = 'await-cycle' AND k.object_id = c.cycle_id)) GROUP BY cycle_id
UNION ALL
SELECT 'failed callback, told' FROM handler_call WHERE message LIKE 'Exception in callback%'
ORDER BY 1"

ask() { # STORE
    "$telltale" query --format csv "$1" "$verdicts" | tail -n +2 | tr -d '"'
}

# The section of NAME in FILE, whose sections begin with "## NAME".
section() { # FILE NAME
    awk -v name="$2" '/^## / { found = $2 == name; next } found' "$1"
}

# The situations: number, name, text.
each_situation() { # FUNCTION
    while read -r number name text; do
        "$1" "$number" "$name" "$text"
    done <"$here/situations.list"
}

# Plays NAME in C under the recorder: what it prints goes to NAME.out, the store is NAME.telltale. While it stands still, in
# the situations that do, NAME.meanwhile gets what the recording says then.
record() { # NAME
    cat >look.sh <<END
for try in \$(seq 100); do
    '$telltale' query --format csv '$PWD/$1.telltale' "$verdicts" 2>/dev/null | tail -n +2 | tr -d '"' >'$PWD/$1.meanwhile'
    grep -q failing '$PWD/$1.meanwhile' && exit 0
    sleep 0.1
done
exit 1
END
    SITUATION_LOOK="sh $PWD/look.sh" "$telltale" record -o "$1.telltale" -- "$situations" "$1" >"$1.out" 2>"$1.err" </dev/null || :
}

print_verdict() { # NUMBER NAME TEXT
    record "$2"
    printf '%-5s %s\n' "$1" "$3"
    printf '      asyncio    %s\n' "$(section "$here/asyncio.expected" "$2" |
        awk '/^handler: / { sub(/^handler: /, ""); print; said = 1 } /^# / { sub(/^# /, ""); print; said = 1 } END { if (!said) print "silent" }' |
        paste -sd ';' | sed 's/;/; /g')"
    if [ -s "$2.meanwhile" ]; then
        printf '      meanwhile  %s\n' "$(paste -sd ';' "$2.meanwhile" | sed 's/;/; /g')"
    fi
    verdict=$(ask "$2.telltale" | paste -sd ';' | sed 's/;/; /g')
    printf '      telltale   %s\n\n' "${verdict:-nothing to tell}"
}

case_the_table_of_both_verdicts_is_as_expected() {
    each_situation print_verdict >table
    cat table
    if [ -n "${TELLTALE_TEST_WRITE:-}" ]; then
        cp table "$here/situations.expected"
    fi
    diff "$here/situations.expected" table || fail 'the table has changed'
}

# A failure that went on through something that stands for its task says through what.
travels_through() { # NAME WHAT
    record "$1"
    "$telltale" query --format csv "$1.telltale" "SELECT forwarded_to FROM failures WHERE name = 'failing'" >"$1.forwards"
    grep -q "$2" "$1.forwards" || fail "$1: $(cat "$1.forwards")"
}

case_what_a_failure_travelled_through_is_named() {
    travels_through shield_that_is_awaited '(shield)'
    travels_through as_completed_that_is_awaited 'as_completed'
}

# What asyncio prints for the same steps, where there is something to compare.
compare_with_expected() { # NUMBER NAME TEXT
    "$situations" "$2" >"$2.out" 2>"$2.err" </dev/null || :
    section "$here/asyncio.expected" "$2" | grep -v '^# ' >"$2.asyncio" || :
    if section "$here/asyncio.expected" "$2" | grep -q '^# '; then
        return
    fi
    diff "$2.asyncio" "$2.out" >difference || {
        cat difference
        fail "$2 prints something else than asyncio"
    }
}

case_the_handler_hears_what_asyncios_handler_hears() {
    each_situation compare_with_expected
}

compare_with_python() { # NUMBER NAME TEXT
    if section "$here/asyncio.expected" "$2" | grep -q '^# '; then
        return
    fi
    # The chain of a time limit has TimeoutError since 3.13.
    if [ "$2" = limit_that_is_answered_with_an_error ] && ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 13))'; then
        return
    fi
    python3 "$here/situations.py" "$2" >"$2.python" 2>"$2.err" </dev/null || :
    section "$here/asyncio.expected" "$2" | diff - "$2.python" >difference || {
        cat difference
        fail "asyncio prints something else than expected for $2"
    }
}

case_asyncio_prints_what_is_expected_of_it() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || skip 'no python3 of version 3.11 or later'
    each_situation compare_with_python
}

case_every_situation_is_in_the_list() {
    sed -n 's/^    {"\([a-z_]*\)".*/\1/p' "$here"/*.c | sort >in_c
    awk '{ print $2 }' "$here/situations.list" | sort >in_list
    diff in_c in_list || fail 'the programs and the list differ'
}

run_case "$@"
