#!/bin/sh
# test_completion.sh: what shells offer, and what the manual says, is what telltale takes.
# shellcheck source-path=SCRIPTDIR source=given.sh disable=SC2154,SC2317 # variables of case.sh; cases are called by name
. "$(dirname "$0")/given.sh"

pages=$TELLTALE_TEST_SOURCE/viewer/man

list_commands() {
    "$telltale" help | sed -n 's|^  \([a-z]*\) .*|\1|p' | grep -vx 'telltale\|help'
}

# The options of a command, with and without their letters, one a line.
list_options() { # COMMAND
    "$telltale" "$1" --help | sed -n 's/^  \(-[a-zA-Z]\), \(--[a-z-]*\).*/\1\n\2/p; s/^      \(--[a-z-]*\).*/\1/p' | LC_ALL=C sort
}

has_shell() { # NAME
    command -v "$1" >/dev/null || skip "$1 is not installed"
    must "$telltale" completion "$1"
    cp "$work/out" script
}

# What bash offers for the last of WORDS, one a line.
offer_in_bash() { # WORDS
    # shellcheck disable=SC2016 # for bash
    bash -c '. ./script; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { echo "compopt $*"; }; _telltale; printf "%s\n" "${COMPREPLY[@]}"' bash "$@" |
        sed '/^$/d' | LC_ALL=C sort
}

case_bash_knows_that_telltale_has_a_completion() {
    has_shell bash
    must bash -c '. ./script; complete -p telltale'
    expect_equal "$(cat "$work/out")" 'complete -F _telltale telltale' 'what bash says'
}

case_bash_offers_each_option_of_each_command() {
    has_shell bash
    commands=$(list_commands)
    [ "$(printf '%s\n' "$commands" | wc -l)" -ge 15 ] || fail "these are not all commands: $commands"
    for command in $commands; do
        expect_equal "$(offer_in_bash telltale "$command" -)" "$(list_options "$command")" "options of $command"
    done
    expect_equal "$(offer_in_bash telltale ps --f)" "--filter
--follow
--format" 'options that begin so'
    expect_equal "$(offer_in_bash telltale '')" "$(printf '%s\n' --help --version help $commands | LC_ALL=C sort)" 'commands'
    expect_equal "$(offer_in_bash telltale help di)" diff 'commands to be helped with'
}

case_bash_offers_words_and_files() {
    has_shell bash
    expect_equal "$(offer_in_bash telltale export store --format '')" "chrome
csv
dot
ndjson
perfetto" 'formats'
    expect_equal "$(offer_in_bash telltale export store --format = p)" perfetto 'the same behind ='
    expect_equal "$(offer_in_bash telltale tree --by =)" "await
parent" 'nothing yet behind ='
    expect_equal "$(offer_in_bash telltale export -o '')" 'compopt -o default' 'files behind -o'
    expect_equal "$(offer_in_bash telltale ps '')" 'compopt -o default' 'files as arguments'
    expect_equal "$(offer_in_bash telltale ps -f '')" '' 'nothing for what only the user knows'
    expect_equal "$(offer_in_bash telltale completion z)" zsh 'shells'
    offer_in_bash telltale record bas | grep -qx bash || fail 'record runs commands'
}

case_zsh_offers_each_option_of_each_command() {
    has_shell zsh
    for command in $(list_commands); do
        must python3 "$TELLTALE_TEST_SOURCE/tests/viewer/readers/complete_in_zsh.py" script "telltale $command -"
        for option in $(list_options "$command"); do
            grep -qE -- "(^|[ ,])$option([ ,]|\$)" "$work/out" || fail "zsh does not offer $option of $command"
        done
    done
    must python3 "$TELLTALE_TEST_SOURCE/tests/viewer/readers/complete_in_zsh.py" script 'telltale tree --by '
    expect_text out await
    must python3 "$TELLTALE_TEST_SOURCE/tests/viewer/readers/complete_in_zsh.py" script 'telltale '
    for command in $(list_commands); do
        expect_text out "$command"
    done
}

case_fish_offers_each_option_of_each_command() {
    has_shell fish
    HOME=$work
    export HOME
    for command in $(list_commands); do
        must fish --no-config -c "source script; complete -C 'telltale $command -'; complete -C 'telltale $command --'"
        for option in $(list_options "$command"); do
            cut -f1 "$work/out" | grep -qx -- "$option" || fail "fish does not offer $option of $command"
        done
    done
    must fish --no-config -c "source script; complete -C 'telltale tree --by '"
    expect_equal "$(cut -f1 "$work/out" | LC_ALL=C sort | tr '\n' ' ')" 'await parent ' 'words'
    must fish --no-config -c "source script; complete -C 'telltale '"
    for command in $(list_commands) help; do
        cut -f1 "$work/out" | grep -qx "$command" || fail "fish does not offer $command"
    done
}

case_scripts_are_installed_where_shells_look() {
    install_prefix
    for file in bash-completion/completions/telltale zsh/site-functions/_telltale fish/vendor_completions.d/telltale.fish; do
        [ -s "$prefix/share/$file" ] || fail "$file is not installed"
    done
    must "$telltale" completion bash
    cmp -s "$work/out" "$prefix/share/bash-completion/completions/telltale" || fail 'it is not what the program prints'
    run "$telltale" completion tcsh
    expect_status 2 'another shell'
}

case_the_manual_has_the_synopsis_and_the_options_of_each_command() {
    for command in $(list_commands); do
        page=$pages/telltale-$command.1.scd
        [ -f "$page" ] || fail "there is no page of $command"
        "$telltale" "$command" --help | sed -n 's/^usage: //p' >usage
        sed -n '/^# SYNOPSIS/,/^# DESCRIPTION/s/^\*telltale.*/&/p' "$page" | head -n 1 | sed 's/[*_\\]//g' >synopsis
        cmp -s usage synopsis || fail "the synopsis of $command is $(cat synopsis), its usage $(cat usage)"
        case $command in # of their own, or common
        record | import | export) output= ;;
        *) output='\|-o\|--output' ;;
        esac
        list_options "$command" | grep -vx -- "-h\|--help\|--color\|--explain-sql\|--timeout\|--no-pager\|--follow$output" >taken || :
        sed -n 's/^\(\*-.*\)/\1/p' "$page" | grep -oE '\*--?[a-zA-Z][a-z-]*\*' | tr -d '*' | LC_ALL=C sort -u >told || :
        expect_equal "$(cat told)" "$(cat taken)" "options in the manual page of $command"
    done
    for option in --output --color --explain-sql --timeout --no-pager --follow; do
        grep -q "^\*$option\*\|^\*-o\*, \*$option\*" "$pages/telltale.1.scd" || fail "telltale(1) says nothing of $option"
    done
    for command in $(list_commands); do
        grep -q "^\*$command\* " "$pages/telltale.1.scd" || fail "telltale(1) says nothing of $command"
    done
}

run_case "$@"
