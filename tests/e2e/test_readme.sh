#!/bin/sh
# test_readme.sh: README.md and viewer/FIRST_HOUR.md are true. The program of each is compiled and run by the very commands that stand there, and what they
# print is what stands below them; only times, process ids and addresses are masked, by mask.sed.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

here=$TELLTALE_TEST_SOURCE/tests/e2e

# Prints the blocks of PAGE that are marked with LANGUAGE.
blocks() { # LANGUAGE PAGE
    awk -v begin="\`\`\`$1" '$0 == begin { inside = 1; next } /^```/ { inside = 0 } inside' "$TELLTALE_TEST_SOURCE/$2"
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

# Runs the commands of the file screen, and compares what is printed. What SED masks is masked, too.
expect_screen() { # PAGE [SED]
    grep -q '^\$ telltale report' screen || fail "$1 has no screen with the report"
    grep '^\$ ' screen | cut -c3- | while IFS= read -r command; do
        printf '$ %s\n' "$command"
        sh -c "$command" 2>&1 </dev/null || :
    done >printed
    sed -E -f "$here/mask.sed" -e "${2-}" screen >expected
    # On a machine that is busy with something else any step may take long, which the report hints at.
    awk '/^STALL: / { inside = 1 } !inside; /^$/ { inside = 0 }' printed | sed -E -f "$here/mask.sed" -e "${2-}" >masked
    diff -u expected masked >&2 || fail "$1 shows something else; what was printed:
$(cat printed)"
}

case_the_program_prints_what_the_readme_shows() {
    install_for_reader
    blocks c README.md >fetch.c
    blocks console README.md >screen
    expect_screen README.md
}

# Bars and columns are as wide as times are long.
case_the_first_hour_shows_what_is_printed() {
    install_for_reader
    LC_ALL=C.UTF-8
    export LC_ALL
    blocks c viewer/FIRST_HOUR.md >shop.c
    blocks console viewer/FIRST_HOUR.md >screen
    for command in record report tree explain timeline stats; do
        grep -q "^\$ telltale $command " screen || fail "the first hour has no $command"
    done
    expect_screen viewer/FIRST_HOUR.md 's/[0-9]+%/SHARE/g; /^#[0-9]+ "/s/[┄─█▒]+/BAR/g; /┫ returned/s/[┄█▒] [a-z ]+//g; s/ +/ /g'
}

case_the_program_is_short() {
    [ "$(blocks c README.md | grep -c .)" -le 15 ] || fail 'the program of README.md is not short'
}

case_every_name_in_the_guide_from_asyncio_is_in_a_header() {
    grep -oE '\btt_[A-Za-z_]+' "$TELLTALE_TEST_SOURCE/runtime/ASYNCIO.md" | sort -u >named
    [ "$(wc -l <named)" -gt 100 ] || fail 'the guide names nothing'
    cat "$TELLTALE_TEST_SOURCE"/runtime/include/telltale/*.h | grep -oE '\btt_[A-Za-z_]+|X\([A-Za-z]+' | sed 's/^X(/tt_/' | sort -u >declared
    comm -23 named declared >unknown
    [ ! -s unknown ] || fail "the guide names what no header has: $(cat unknown)"
}

# What a program of asyncio's does with connections, sockets and children.
case_each_way_of_asyncio_to_read_and_write_is_in_the_guide() {
    grep -oE '^\|[^|]*\|' "$TELLTALE_TEST_SOURCE/runtime/ASYNCIO.md" >left
    for name in open_connection open_unix_connection start_server start_unix_server serve_forever wait_closed \
        read readexactly readuntil readline at_eof IncompleteReadError LimitOverrunError \
        write writelines drain write_eof can_write_eof close get_extra_info \
        sock_accept sock_connect sock_recv sock_recv_into sock_recvfrom sock_recvfrom_into sock_sendall sock_sendto \
        sendfile create_datagram_endpoint connect_read_pipe connect_write_pipe \
        create_subprocess_exec create_subprocess_shell communicate send_signal terminate kill returncode; do
        grep -qE "[\`. ]$name[\`(]" left || fail "the guide from asyncio has no row for $name"
    done
}

case_the_files_that_pages_name_exist() {
    (cd "$TELLTALE_TEST_SOURCE" && find . -name '*.md' ! -path './build/*' -exec grep -oHE '\]\([^)#: ]+' {} +) >named
    grep -q '^./README.md:' named || fail 'README.md links nothing'
    while IFS= read -r line; do
        page=${line%%:*} file=${line#*](}
        [ -e "$TELLTALE_TEST_SOURCE/${page%/*}/$file" ] || fail "$page: there is no $file"
    done <named
}

run_case "$@"
