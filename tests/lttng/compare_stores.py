#!/usr/bin/env python3
"""compare_stores.py A B: whether two stores say the same of one run, times apart.

Compares every table row by row, and what the public views make of them. Ids of objects are those of the process, so they are the
same in both stores; places are compared by what they are, not by their number. Left out: times and what is computed from
them, how a carrier numbers threads and events, what only one of the two carriers has (the board, cursors, counts of
losses). Of a process that was killed, a recorder knows that nothing of it is missing, and LTTng does not (a row cut_off): what
rests on absence is expected to be unknown there. Prints the differences, and for each table how many rows there were, as TABLE=COUNT; exits 1 if there are differences.
"""
import collections
import sqlite3
import sys

# Whole tables that belong to a carrier, or describe the store itself.
LEFT_OUT = {"recording", "chunk", "cursor", "gap", "board", "thread", "site", "word", "event_type", "sqlite_sequence",
            "metric", "ring_gap", "clock_sample", "pruned"}
# Columns of rows that are numbered as they come, and of the carrier.
COLUMNS_LEFT_OUT = {"thread_id", "sequence", "uuid", "attempt_count", "record_count", "drop_count", "hole_count",
                    "vital_drop_count", "board_drop_count", "dictionary_drop_count", "is_balanced", "exit_status", "signal",
                    "is_replaced", "is_boardless", "ring_bytes", "ring_policy", "block_ms", "categories", "step_every",
                    "is_redacted"}
VIEWS = {
    "tasks": "id_text, name, coroutine, outcome, iif(outcome = 'pending', NULL, step_count), created_at, parent_kind, parent_text, failure_id, has_handle, "
             "iif(outcome = 'abandoned', wait_text, NULL), iif(outcome = 'abandoned', wait_at, NULL)",
    "failures": "id_text, kind, name, coroutine, type, message, how, raised_at, created_at, last_at, released_at, reported_to, "
                "state, reason",
    "cancellations": "*",
    "leaks": "*",
}


def columns_of(store, table):
    found = store.execute(f"SELECT name, pk FROM pragma_table_info('{table}')").fetchall()
    numbered = table + "_id" in (name for name, _ in found) and table in (
        "touch", "forward", "reference", "child", "cycle_member", "cancellation", "cancellation_effect", "handler_call", "note", "gap", "stall")
    for name, _ in found:
        if name.endswith("_ns") or name in COLUMNS_LEFT_OUT or (numbered and name == table + "_id"):
            continue
        yield name


def rows_of(store, table):
    picked = []
    for name in columns_of(store, table):
        if name.endswith("site_id"):
            picked.append(f"(SELECT file || ':' || line || ' ' || func || ' ' || coalesce(text, '-') FROM site "
                          f"WHERE site_id = t.{name}) AS {name}")
        elif (table, name) == ("task", "name"):  # a board has the present name, and may be looked at before the event is read
            picked.append("iif(t.new_name IS NULL, t.name, NULL) AS name")
        else:
            picked.append(f"t.{name}")
    cursor = store.execute(f"SELECT {', '.join(picked)} FROM {table} AS t")
    names = [column[0] for column in cursor.description]
    return collections.Counter(tuple(zip(names, row)) for row in cursor)


def processes_cut_off(store):
    return {process for (process,) in store.execute("SELECT process_id FROM losses WHERE what = 'cut_off'")}


def without_absence(names, row, cut_off):
    """ROW of a view as it is to be where the last events of the processes CUT_OFF may be missing; None: it is not to be there."""
    fields = dict(zip(names, row))
    process = int(fields["id_text"][1:].split("#")[0]) if fields.get("id_text", "").startswith("p") else 0
    if process in cut_off and fields.get("outcome") == "pending":
        fields["outcome"] = "unknown"
    if process in cut_off and fields.get("reason") == "killed":
        fields["state"], fields["reason"] = "unknown", None
    is_killed = fields.get("lint") == "lost-failure" and fields["process_id"] in cut_off and "was killed" in fields["sentence"]
    return None if is_killed else tuple(fields.values())


def view_of(store, view, columns, cut_off):
    cursor = store.execute(f"SELECT {columns} FROM {view}")
    names = [column[0] for column in cursor.description]
    rows = filter(None, (without_absence(names, row, cut_off) for row in cursor))
    kept = [i for i, name in enumerate(names) if not name.endswith(("_ns", "_text_age")) and name not in COLUMNS_LEFT_OUT]
    return collections.Counter(tuple((names[i], row[i]) for i in kept) for row in rows)


def show(row):
    return ", ".join(f"{name}={value!r}" for name, value in row if value is not None)


def main():
    stores = [sqlite3.connect(f"file:{path}?mode=ro", uri=True) for path in sys.argv[1:3]]
    tables = [name for (name,) in stores[0].execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
              if name not in LEFT_OUT and not name.startswith("sqlite_")]
    is_same = True
    for name in tables + ["view " + view for view in VIEWS]:
        if name.startswith("view "):
            view = name.split()[1]
            cut_off = processes_cut_off(stores[1])
            a, b = view_of(stores[0], view, VIEWS[view], cut_off), view_of(stores[1], view, VIEWS[view], set())
        else:
            a, b = (rows_of(store, name) for store in stores)
            print(f"{name}={sum(a.values())}")
        for sign, rows in (("-", a - b), ("+", b - a)):
            for row, count in sorted(rows.items(), key=repr):
                is_same = False
                print(f"{sign} {name} {count}x: {show(row)}", file=sys.stderr)
    sys.exit(0 if is_same else 1)


main()
