# shellcheck shell=sh disable=SC2034 # the variables are for the scripts that source this file
# case.sh: what the scripts of this folder share.
#
# A script sources this file, defines each of its cases as a function called case_SENTENCE, and ends with `run_case "$@"`. CTest
# gives each case a process of its own; by hand: TELLTALE_TEST_BIN=build/dev/bin sh tests/e2e/test_X.sh SENTENCE.
# A case has passed when it comes to its end; skip ends it as skipped. It starts in an empty folder of its own below $work,
# which is removed at the end; processes whose ids it has added to $background are ended then.
set -eu

: "${TELLTALE_TEST_BIN:?is not set: the folder with the programs}"
TELLTALE_TEST_BIN=$(cd "$TELLTALE_TEST_BIN" && pwd -P)
TELLTALE_TEST_BUILD=$(dirname "$TELLTALE_TEST_BIN")
TELLTALE_TEST_SOURCE=${TELLTALE_TEST_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd -P)}
telltale=$TELLTALE_TEST_BIN/telltale
work=$(mktemp -d)
background=''
status=0

clean_up() {
    for process in $background; do
        kill -KILL "$process" 2>/dev/null || :
    done
    # Ring dirs outlive their recordings: what belongs to a store of this case goes with it.
    grep -lsF "$work/" "/dev/shm/telltale-$(id -u)"/*/store | while IFS= read -r store; do
        rm -rf "${store%/store}"
    done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# Ends the case; shows what the last command wrote.
fail() { # WHY...
    printf 'failed: %s\n' "$*" >&2
    for stream in out err; do
        if [ -s "$work/$stream" ]; then
            printf -- '--- std%s of the last command\n' "$stream" >&2
            head -c 20000 "$work/$stream" >&2
        fi
    done
    exit 1
}

skip() { # WHY...
    printf 'skipped: %s\n' "$*" >&2
    exit 77
}

# Runs COMMAND; its exit status goes to $status, what it writes to $work/out and $work/err.
run() { # COMMAND...
    status=0
    "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
}

# Runs COMMAND, which must succeed.
must() { # COMMAND...
    run "$@"
    expect_status 0 "$@"
}

expect_status() { # STATUS [WHAT...]
    [ "$status" -eq "$1" ] || {
        expected=$1
        shift
        fail "exit status $status, expected $expected: $*"
    }
}

expect_text() { # out|err TEXT
    grep -qF -- "$2" "$work/$1" || fail "std$1 does not say: $2"
}

expect_equal() { # ACTUAL EXPECTED WHAT
    [ "$1" = "$2" ] || fail "$3:
--- is
$1
--- expected
$2"
}

# A third of the limit of time of the case: long enough for what a loaded machine and a tool make slow, and the case still says what it
# waited for in vain.
patience_s=$((${TELLTALE_TEST_SECONDS:-60} / 3))

# Tries COMMAND every 50 ms, for $patience_s, until it succeeds.
wait_until() { # COMMAND...
    deadline_s=$(($(date +%s) + patience_s))
    until "$@" >/dev/null 2>&1; do
        [ "$(date +%s)" -le "$deadline_s" ] || fail "has not become true within $patience_s s: $*"
        sleep 0.05
    done
}

# Asks a store in plain SQL, by sqlite3 alone. It may have to wait for the instant in which a recorder closes the store.
ask() { # STORE SQL
    sqlite3 -batch -cmd '.timeout 10000' "$1" "$2"
}

has_line() { # FILE
    [ "$(wc -l <"$1")" -gt 0 ]
}

# The process whose parent is PARENT and whose executable is PROGRAM. Only where the kernel does not list children are all processes looked
# at, which takes seconds where there are many.
find_child() { # PARENT PROGRAM
    for child in $(cat "/proc/$1/task/"*/children 2>/dev/null || ls /proc); do
        if [ "$(readlink "/proc/$child/exe" 2>/dev/null)" = "$2" ] && grep -qs "^PPid:[[:space:]]*$1\$" "/proc/$child/status"; then
            printf '%s\n' "$child"
            return
        fi
    done
    return 1
}

# Whether PROCESS has ended, and let go of all that it had: who is killed does so when it gets a processor.
is_dead() { # PROCESS
    state=$(sed 's/^.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) || return 0
    [ "$state" = Z ] || [ -z "$state" ]
}

# Kills the programs $recorder and $traced of `record`, which is $record and starts no other recorder; its input, descriptor 9, is closed.
kill_recording() {
    kill -STOP "$record"
    kill -KILL "$recorder" "$traced"
    kill -KILL "$record"
    wait "$record" || :
    exec 9>&-
    wait_until is_dead "$recorder"
    wait_until is_dead "$traced"
}

# What a program of others that loads a library of ours needs from the beginning on: in builds with a sanitizer, its runtime. Prints its
# path.
sanitizer_runtime() {
    case ${TELLTALE_TEST_SANITIZE-} in
    *address*) "$TELLTALE_TEST_COMPILER" -print-file-name=libasan.so ;;
    *thread*) "$TELLTALE_TEST_COMPILER" -print-file-name=libtsan.so ;;
    esac
}

# Runs COMMAND, such a program. What the program itself leaks is its own affair.
must_load() { # COMMAND...
    must env LD_PRELOAD="$(sanitizer_runtime)" ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" "$@"
}

# Installs what is under test to $prefix, where pkg-config finds it.
install_prefix() {
    prefix=$work/prefix
    must cmake --install "$TELLTALE_TEST_BUILD" --prefix "$prefix"
    PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name telltale.pc)")
    export PKG_CONFIG_PATH
    libraries=$(pkg-config --variable=libdir telltale)
}

sanitizer_flags() {
    [ -z "${TELLTALE_TEST_SANITIZE-}" ] || printf -- '-fsanitize=%s' "$TELLTALE_TEST_SANITIZE"
}

# Builds ./program with what pkg-config says of PACKAGE, after install_prefix.
compile() { # PACKAGE SOURCE
    # shellcheck disable=SC2046 # lists of options
    must "${TELLTALE_TEST_COMPILER:-cc}" -std=gnu11 -Wall -Wextra -Werror -g $(sanitizer_flags) -o program "$2" \
        $(pkg-config --cflags --libs "$1") "-Wl,-rpath,$libraries"
}

# A word of random letters and digits that C takes as a name.
random_word() {
    printf 'w%s' "$(od -An -N6 -tx1 /dev/urandom | tr -d ' \n')"
}

random_number() { # LEAST MOST
    number=$(od -An -N2 -tu2 /dev/urandom | tr -d ' \n')
    printf '%s' "$(($1 + number % ($2 - $1 + 1)))"
}

run_case() { # NAME
    mkdir "$work/here"
    cd "$work/here"
    [ $# -eq 1 ] || fail "usage: $0 CASE"
    command -v "case_$1" >/dev/null || fail "no case is called $1"
    "case_$1"
}
