# shellcheck shell=sh source-path=SCRIPTDIR disable=SC1091,SC2034,SC2154 # variables of case.sh, and for those who source this
# given.sh: stores out of given rows, for the scripts of this folder.
. "$(dirname "$0")/../e2e/case.sh"

LC_ALL=C.UTF-8 # trees and bars are drawn with the characters of the locale
export LC_ALL
make_store=$TELLTALE_TEST_BUILD/tests/viewer/make_store
traced_program=$TELLTALE_TEST_BUILD/tests/viewer/traced
rows=$TELLTALE_TEST_SOURCE/tests/viewer/stores
screens=$TELLTALE_TEST_SOURCE/tests/viewer/expected

# Makes the store run.telltale in this folder out of NAME.sql. What runs there is recorded: somebody has the lock of a recorder.
given() { # NAME
    rm -f run.telltale
    "$make_store" run.telltale "$rows/$1.sql" || fail "cannot make the store $1"
    case $1 in
    live | circle)
        flock --no-fork run.telltale sleep 600 &
        background="${background-} $!"
        wait_until is_locked run.telltale
        ;;
    esac
}

is_locked() { # FILE
    ! flock --nonblock "$1" true
}

# Records a program that waits (`traced hold`, or another of its parts) into STORE, and goes on when it has said that it is there. Its input is
# descriptor 9: it ends when that is closed. $record is the supervisor, $recorder what writes, $traced the program.
start_recording() { # STORE [PART]
    mkfifo input
    "$telltale" record -o "$1" -- "$traced_program" "${2-hold}" <input >output 2>messages &
    record=$!
    background="$background $record"
    exec 9>input
    wait_until has_line output
    recorder=$(find_child "$record" "$telltale")
    traced=$(find_child "$record" "$traced_program")
    background="$background $recorder $traced"
}

# Lets the program of start_recording end, and waits for its recording; $status is that of record.
end_recording() {
    exec 9>&-
    status=0
    wait "$record" || status=$?
}

# The failure that `traced hold` holds is in the store.
await_failure() { # STORE
    wait_until sh -c '[ "$(sqlite3 -batch "$1" "SELECT count(*) FROM failure")" = 1 ]' sh "$1"
}

# The folder of the arenas of STORE, into $arenas.
find_arenas() { # STORE
    arenas=$(dirname "$(grep -slxF "$PWD/$1" "/dev/shm/telltale-$(id -u)"/*/store)")
}

# Runs telltale and compares its output, its messages and its exit status with the file expected/NAME.txt.
# TELLTALE_TEST_WRITE=1 writes that file instead: read the difference before it is committed.
expect_screen() { # NAME ARGUMENT...
    screen=$screens/$1.txt
    shift
    run "$telltale" "$@"
    {
        printf '$ telltale'
        printf ' %s' "$@"
        printf '\n'
        cat "$work/out"
        sed 's/^/stderr: /' "$work/err"
        printf 'exit status %s\n' "$status"
    } >"$work/screen"
    if [ -n "${TELLTALE_TEST_WRITE:-}" ]; then
        cp "$work/screen" "$screen"
    elif ! diff -u "$screen" "$work/screen" >"$work/difference"; then
        cat "$work/difference" >&2
        fail "the screen is not that of $screen"
    fi
}
