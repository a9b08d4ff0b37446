# shellcheck shell=sh disable=SC2034,SC2154 # variables of case.sh, and for the scripts that source this file
# traces.sh: what the scripts of this folder share: traces made by make_trace.py, and the end of a store.
# shellcheck source-path=SCRIPTDIR source=../e2e/case.sh
. "$(dirname "$0")/../e2e/case.sh"

reader=$TELLTALE_TEST_BUILD/libexec/telltale/telltale-ctf-reader
plugins=$TELLTALE_TEST_BUILD/lib/babeltrace2/plugins

# Makes the trace of SCENARIO in the folder of that name, or FOLDER.
make_trace() { # SCENARIO [FOLDER]
    python3 "$TELLTALE_TEST_SOURCE/tests/import/make_trace.py" "$1" "${2-$1}" || fail "no trace of $1"
}

# Makes a trace and imports it into SCENARIO.telltale.
import_trace() { # SCENARIO
    make_trace "$1"
    must "$telltale" import "$1" -o "$1.telltale"
}

# Asks a view of STORE; rows as lines, columns separated by |.
view() { # STORE SQL
    "$telltale" query --format csv "$1" "$2" | sed 1d | tr ',' '|'
}

# Runs the program babeltrace2 with telltale's plugin, whose sanitizer, if it has one, has to be there first.
run_babeltrace2() { # ARGUMENT...
    preload=''
    case ${TELLTALE_TEST_SANITIZE-} in
    *address*) preload=$("${TELLTALE_TEST_COMPILER:-cc}" -print-file-name=libasan.so) ;;
    *thread*) preload=$("${TELLTALE_TEST_COMPILER:-cc}" -print-file-name=libtsan.so) ;;
    esac
    # babeltrace2 itself leaks.
    run env ${preload:+LD_PRELOAD="$preload"} ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" babeltrace2 "$@"
}

expect_rows() { # STORE SQL EXPECTED
    expect_equal "$(view "$1" "$2")" "$3" "$2"
}
