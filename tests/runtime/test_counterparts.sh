#!/bin/sh
# test_counterparts.sh: counterparts/ lists CPython's own tests whose claims are made by tests of ours, one file an area:
#
#     test_locks.LockTests.test_cancel_race  runtime/lock.a_waiter_that_is_cancelled_loses_no_wake_up
#
# A claim that needs several tests of ours has a line for each. The lists are true as far as a machine can see: every test of
# ours that they name exists, and a test of CPython's is counted once.
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh
. "$(dirname "$0")/../e2e/case.sh"

lists=$TELLTALE_TEST_SOURCE/tests/runtime/counterparts

entries() {
    cat "$lists"/*.txt | grep -vE '^ *(#|$)'
}

case_every_entry_has_two_names() {
    entries | awk 'NF != 2 || $1 !~ /^(test_asyncio\.)?test_[a-z0-9_]+\.[A-Za-z0-9_]+\.test[A-Za-z0-9_]*$/ || $2 !~ /^[a-z0-9_]+\/[a-z0-9_]+\.[a-z0-9_]+$/' >bad
    [ ! -s bad ] || fail "these lines are not a test of CPython's and one of ours: $(cat bad)"
}

case_every_test_of_ours_exists() {
    # From a folder of its own: in the build's, it would begin the log anew of the ctest that runs this.
    printf 'subdirs("%s")\n' "$TELLTALE_TEST_BUILD" >CTestTestfile.cmake
    ctest -N | sed -n 's/^ *Test *#[0-9]*: //p' | sort >ours
    [ -s ours ] || fail 'ctest lists no tests'
    entries | awk '{ print $2 }' | sort -u | comm -23 - ours >missing
    [ ! -s missing ] || fail "these tests do not exist: $(cat missing)"
}

case_no_line_stands_there_twice() {
    entries | awk '{ print $1, $2 }' | sort | uniq -d >twice
    [ ! -s twice ] || fail "these are listed twice: $(cat twice)"
}

case_there_are_300_and_more() {
    count=$(entries | awk '{ print $1 }' | sort -u | wc -l)
    printf '%s of CPython'\''s tests have a counterpart, in %s of ours\n' "$count" "$(entries | awk '{ print $2 }' | sort -u | wc -l)"
    for list in "$lists"/*.txt; do
        printf '%5d  %s\n' "$(grep -vE '^ *(#|$)' "$list" | awk '{ print $1 }' | sort -u | wc -l)" "$(basename "$list" .txt)"
    done
    [ "$count" -ge 300 ] || fail 'fewer than 300'
}

run_case "$@"
