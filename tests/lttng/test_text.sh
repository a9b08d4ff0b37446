#!/bin/sh
# test_text.sh: what babeltrace2 prints of a trace is true, also of texts that are absent; and what is imported is what was emitted.
# shellcheck source-path=SCRIPTDIR source=session.sh
. "$(dirname "$0")/session.sh"

export TELLTALE_LTTNG=1

# babeltrace2 2.0.4 shows in the place of an empty string what another event had there, of whatever program.
case_two_programs_in_one_session_have_each_its_own_names_and_places() {
    start_daemon
    start_session s
    must "$TELLTALE_TEST_BIN/examples/exception_handler"
    must "$TELLTALE_TEST_BIN/examples/gather"
    end_session s
    expect_count s ' = ""' 0
    python3 - "$work/s.txt" <<'END' || fail 'names or places are wrong'
import re, sys
programs, names, places = {}, {}, set()
for line in open(sys.argv[1]):
    event, rest = line.split(None, 1)
    fields = dict(re.findall(r'(\w+) = (?:"((?:[^"\\]|\\.)*)"|(?=(?!")))', rest))
    numbers = dict(re.findall(r'(\w+) = (\w+)', rest))
    process = numbers["tt_process"]
    if event == "process_started":
        programs[process] = fields["program"].rsplit("/", 1)[1]
    for field in [f[:-5] for f in fields if f.endswith("_file")]:
        place = [fields[field + part] for part in ("_file", "_func", "_text")]
        if numbers[field + "_line"] == "0":
            assert place == ["-", "-", "-"], (event, field, place)
        else:
            assert "-" not in place[:2], (event, field, place)
            places.add((programs[process], place[0].rsplit("/", 1)[1]))
    if "name_number" in numbers and event.startswith("task_"):
        expected = "Task-" + numbers["name_number"]
        assert (fields["name"] == expected) == (numbers["name_number"] != "0"), line
        names.setdefault(programs[process], set()).add(fields["name"])
    if event == "failure_stored" and numbers["name_number"] != "0":
        assert fields["name"] == "Task-" + numbers["name_number"], line
assert names["gather"] == {"Task-1", "Task-2"} | {name for name in names["gather"] if not name.startswith("Task-")}, names
assert names["exception_handler"] & names["gather"] == {"Task-1"} or names["exception_handler"] != names["gather"], names
assert ("gather", "exception_handler.c") not in places and ("exception_handler", "gather.c") not in places, places
assert {("gather", "gather.c"), ("exception_handler", "exception_handler.c")} <= places, places
END
}

case_absent_texts_are_a_dash_and_default_names_are_written_in_full() {
    start_daemon
    start_session s
    must "$programs/emitter" absent
    end_session s
    expect_count s ' = ""' 0
    nowhere='site_file = "-", site_line = 0, site_func = "-", site_text = "-"'
    marked='site_file = "--", site_line = 7, site_func = "---", site_text = "-> there"'
    expect_count s "^note .*$marked, key = \"--\", text = \"---\"\$" 1
    expect_count s "^note .*$nowhere, key = \"-\", text = \"--\"\$" 1
    expect_count s "^note .*$nowhere, key = \"-x\", text = \"-\"\$" 1
    expect_count s '^note .*, text = "-{1023}"$' 1
    expect_count s '^task_created .*task_id = 1, .*name_number = 4294967295,.*name = "Task-4294967295"$' 1
    expect_count s '^task_created .*task_id = 2, .*name_number = 0,.*name = "Task-7"$' 1
    expect_count s '^task_created .*task_id = 3, .*name_number = 0,.*name = "--"$' 1
    expect_count s '^task_dumped .*name_number = 10,.*name = "Task-10"$' 1
    expect_count s '^failure_stored .*name_number = 10,.*name = "Task-10", type = "ValueError", message = "-"$' 1
    expect_count s '^failure_dumped .*name_number = 205,.*name = "Task-205", type = "ValueError", message = "--"$' 1
}

case_imported_they_are_what_was_emitted() {
    start_daemon
    start_session s
    must env TELLTALE_LTTNG=1 "$telltale" record -o one.telltale -- "$programs/emitter" absent
    end_session s
    must "$telltale" import -o other.telltale "$work/s"
    for ask in 'SELECT task_id & 255, name, name_number FROM task WHERE task_id & 255 < 4 ORDER BY 1' 'SELECT key, text FROM note ORDER BY key, text' \
        'SELECT file, line, func, text FROM site WHERE line > 0 ORDER BY line, file, func, text' \
        'SELECT failure_id & 255, name, name_number FROM failure WHERE failure_id & 255 = 4'; do
        sqlite3 one.telltale "$ask" >expected
        sqlite3 other.telltale "$ask" | sed 's/-\{1022\}$/&-/' >is # the longest text has given a byte for the mark
        [ -s expected ] || fail "there is nothing: $ask"
        diff expected is >difference || fail "$ask
$(cat difference)"
    done
    expect_equal "$(sqlite3 other.telltale "SELECT coalesce(name, 'none'), name_number FROM task WHERE task_id & 255 IN (1, 2, 4) ORDER BY 1, 2")" \
        'Task-7|
none|10
none|4294967295' 'names'
    expect_equal "$(sqlite3 other.telltale "SELECT coalesce(name, 'none'), name_number FROM failure WHERE failure_id & 255 = 5")" \
        'none|205' 'name of a failure that was told again'
}

run_case "$@"
