#!/bin/sh
# test_readme.sh: README.md is true. Its program is compiled and run by the very commands that stand there, and what they
# print is what stands below them; only times, process ids and addresses are masked, by mask.sed.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

here=$TELLTALE_TEST_SOURCE/tests/e2e

# Prints the first block of README.md that is marked with LANGUAGE.
block() { # LANGUAGE
    awk -v begin="\`\`\`$1" '$0 == begin { inside = 1; next } inside && /^```/ { exit } inside' "$TELLTALE_TEST_SOURCE/README.md"
}

# What README's reader has: the programs and the library in the places where compilers and shells look.
install_for_reader() {
    install_prefix
    LD_LIBRARY_PATH=$libraries
    export LD_LIBRARY_PATH
    printf '#!/bin/sh\nexec %s %s "$@"\n' "${TELLTALE_TEST_COMPILER:-/usr/bin/cc}" \
        "$(sanitizer_flags)" >"$prefix/bin/cc"
    chmod 755 "$prefix/bin/cc"
    PATH=$prefix/bin:$PATH
}

case_the_program_prints_what_the_readme_shows() {
    install_for_reader
    block c >fetch.c
    block console >screen
    grep -q '^\$ telltale report' screen || fail 'README.md has no screen with the report'
    grep '^\$ ' screen | cut -c3- | while IFS= read -r command; do
        printf '$ %s\n' "$command"
        sh -c "$command" 2>&1 </dev/null || :
    done >printed
    sed -E -f "$here/mask.sed" screen >expected
    # On a machine that is busy with something else any step may take long, which the report hints at.
    awk '/^STALL: / { inside = 1 } !inside; /^$/ { inside = 0 }' printed | sed -E -f "$here/mask.sed" >masked
    diff -u expected masked >&2 || fail 'README.md shows something else; what was printed:
'"$(cat printed)"
}

case_the_program_is_short() {
    [ "$(block c | grep -c .)" -le 15 ] || fail 'the program of README.md is not short'
}

case_every_name_in_the_guide_from_asyncio_is_in_a_header() {
    grep -oE '\btt_[A-Za-z_]+' "$TELLTALE_TEST_SOURCE/runtime/ASYNCIO.md" | sort -u >named
    [ "$(wc -l <named)" -gt 100 ] || fail 'the guide names nothing'
    cat "$TELLTALE_TEST_SOURCE"/runtime/include/telltale/*.h | grep -oE '\btt_[A-Za-z_]+|X\([A-Za-z]+' | sed 's/^X(/tt_/' | sort -u >declared
    comm -23 named declared >unknown
    [ ! -s unknown ] || fail "the guide names what no header has: $(cat unknown)"
}

case_the_files_that_the_readme_names_exist() {
    grep -oE '\]\([^)#:]+\)' "$TELLTALE_TEST_SOURCE/README.md" "$TELLTALE_TEST_SOURCE/ARCHITECTURE.md" |
        sed -E 's/^.*\]\(([^)]+)\)$/\1/' | sort -u >named
    [ -s named ] || fail 'README.md links nothing'
    while IFS= read -r file; do
        [ -e "$TELLTALE_TEST_SOURCE/$file" ] || fail "there is no $file"
    done <named
}

run_case "$@"
