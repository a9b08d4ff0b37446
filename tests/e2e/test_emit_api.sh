#!/bin/sh
# test_emit_api.sh: a program with tasks of its own kind, tracer/examples/jobs.c, built with nothing but the installed trace library, and
# what the commands say about it.
# shellcheck source-path=SCRIPTDIR source=case.sh
. "$(dirname "$0")/case.sh"

# Builds the example as somebody else would, and records it into run.telltale.
record_jobs() {
    install_prefix
    cp "$TELLTALE_TEST_SOURCE/tracer/examples/jobs.c" jobs.c
    compile telltale-trace jobs.c
    must "$prefix/bin/telltale" record -o run.telltale -- ./program
    expect_text out 'import: june.csv is not there'
}

line_of() { # TEXT
    grep -nF -- "$1" jobs.c | cut -d: -f1
}

case_it_needs_neither_libuv_nor_the_runtime() {
    record_jobs
    needed=$(readelf -d program | grep NEEDED)
    case $needed in *libtelltale-trace.so*) ;; *) fail "not linked with the trace library: $needed" ;; esac
    case $needed in *libtelltale.so* | *libuv* | *sqlite*) fail "linked with more than the trace library: $needed" ;; esac
}

case_the_report_names_the_failure_that_nobody_read() {
    record_jobs
    run "$prefix/bin/telltale" report run.telltale
    expect_status 1 report
    expect_text out 'LOST FAILURE: 1 failure of 1 task'
    expect_text out 'ParseError: july.csv, line 3: no price'
    expect_text out "jobs.c:$(line_of 'line 3: no price') in read_file"
    expect_text out "\"july.csv\" created at jobs.c:$(line_of 'MAKE_JOB(read_file') in import"
    expect_text out "released at jobs.c:$(line_of 'drop_job(job->children') in import"
    expect_text out 'created by    #1 "import"'
    expect_text out 'PENDING AT THE END: 1 task'
    expect_text out "waited for    signal SIGHUP at jobs.c:$(line_of 'TT_WAIT_KIND_SIGNAL') in watch"
    ! grep -q 'june.csv is not there' "$work/out" || fail 'a failure that was read is in the report'
}

case_views_have_what_it_said() {
    record_jobs
    expect_equal "$(ask run.telltale 'SELECT name, coroutine, outcome, step_count, parent_text FROM tasks ORDER BY task_id')" \
        'import|import|returned|4|main program
watch|watch|pending|5|main program
june.csv|read_file|failed|1|#1 "import"
july.csv|read_file|failed|3|#1 "import"
august.csv|read_file|returned|3|#1 "import"' 'the tasks'
    expect_equal "$(ask run.telltale 'SELECT name, state, reason FROM failures ORDER BY failure_id')" \
        'june.csv|delivered|
july.csv|lost|dropped' 'the failures'
    expect_equal "$(ask run.telltale "SELECT t.name, n.key, n.text FROM note AS n JOIN tasks AS t USING (task_id)")" \
        'august.csv|rows|17' 'the notes'
    expect_equal "$(ask run.telltale 'SELECT count(*) FROM losses')" 0 'losses'
}

case_ps_and_tree_show_its_tasks() {
    record_jobs
    must "$prefix/bin/telltale" ps run.telltale
    for text in '#1 returned import' '#2 waiting  watch' '#4 failed   july.csv' 'signal SIGHUP'; do
        expect_text out "$text"
    done
    must "$prefix/bin/telltale" tree run.telltale
    expect_text out '├─#4 "july.csv"   failed'
    expect_text out '#2 "watch"'
}

case_it_runs_as_well_when_nobody_records_it() {
    install_prefix
    cp "$TELLTALE_TEST_SOURCE/tracer/examples/jobs.c" jobs.c
    compile telltale-trace jobs.c
    must ./program
    expect_equal "$(cat "$work/out" "$work/err")" 'import: june.csv is not there' 'what it prints'
    must env TELLTALE_STORE=/nowhere/run.telltale ./program
    expect_text err 'jobs: not recorded: the folder of the store or of the ring dir does not exist'
    expect_text out 'import: june.csv is not there'
}

run_case "$@"
