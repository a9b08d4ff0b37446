"""golden.py: what golden.c did, by its own log, against what telltale says about it.

    golden.py whole LOG STORE         all of it is said, and nothing else
    golden.py lossy LOG RING_DIR HOW  single records are taken out of the arena in RING_DIR, again and again: what is said is true or
                                      "unknown", and what is missing is said. HOW: thousandth (each record with that probability, 24
                                      times), first, middle, last (of each kind of event that one)
    golden.py steps LOG RING_DIR HOW  the same of what each task did when, as steps tell it: what is said of the whole arena is so

TELLTALE is the program. Exit status 1 and a line for each lie.
"""
import glob
import json
import mmap
import os
import random
import re
import struct
import subprocess
import sys

TELLTALE = os.environ["TELLTALE"]
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NONE = "-"
lies = []


def lie(*words):
    lies.append(" ".join(str(word) for word in words))


def ask(store, *arguments, expected=(0,)):
    done = subprocess.run([TELLTALE, arguments[0], store, *arguments[1:]], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode not in expected:
        sys.exit(f"{arguments}: exit status {done.returncode}: {done.stderr}")
    return done.stdout + (done.stderr if "--format" not in arguments else "")


def rows(store, *arguments, expected=(0,)):
    return json.loads(ask(store, *arguments, "--format", "json", expected=expected))


def query(store, sql):
    return rows(store, "query", sql)


# --------------------------------------------------------------------------------------------------------------- the log


class Truth:
    def __init__(self, path):
        self.tasks, self.failures, self.cancels, self.marks = {}, {}, [], {}
        ids, created, ledger, raised, answers = {}, {}, {}, {}, {}
        alive = set()
        with open(path, encoding="utf-8") as log:
            lines = log.read().split("\n")
        assert lines[-2:] == ["kill", ""], "the program did not come to its end"
        for line in lines[:-2]:
            kind, *fields = line.split("\t")
            if kind == "create":
                created[fields[0]] = fields[1:]
            elif kind == "id":
                ids[fields[0]] = int(fields[1])
                if fields[0] in created:
                    alive.add(fields[0])
            elif kind == "end":
                created[fields[0]].append(fields[1])
                alive.remove(fields[0])
            elif kind == "fail":
                raised[fields[0]] = fields[1:]
            elif kind == "ledger":
                ledger[fields[0]] = fields[1:]
            elif kind == "cancel":
                self.cancels.append(fields)
            elif kind == "answer":
                answers[fields[0]] = fields[1]
            elif kind == "mark":
                self.marks[fields[0]] = set(alive)
        self.marks = {mark: {ids[name] for name in names} for mark, names in self.marks.items()}
        for name, (creator, function, line, *outcome) in created.items():
            by = {"main": "main program", "callback": "callback"}.get(creator) or f'#{ids[creator]} "{creator}"'
            self.tasks[ids[name]] = {"name": name, "by": by, "coroutine": function, "line": int(line), "creator": ids.get(creator),
                                     "outcome": outcome[0] if outcome else "pending"}
        for name, (exception, message, line) in raised.items():
            state, reason = ledger[name]
            self.failures[ids[name]] = {"name": name if name in created else None, "type": exception, "message": message,
                                        "line": None if line == NONE else int(line), "state": state,
                                        "reason": None if reason == NONE else reason}
        # Who is in the scope that asks is what BY says; a signal is its own name.
        self.cancels = [(ids[name], kind, by if kind == "signal" else ids[by], None if message == NONE else message,
                         answers.get(name, "cancelled")) for name, kind, by, message in self.cancels]


# --------------------------------------------------------------------------------------------------- what is said of it


def same(what, said, true, is_whole, unknown=(None, "unknown")):
    if said != true and (is_whole or said not in unknown):
        lie(what, "is said to be", repr(said), "and is", repr(true))


def same_keys(what, said, true, is_whole):
    for key in sorted(set(said) - set(true)):
        lie(what, key, "is said, and is not so")
    if is_whole:
        for key in sorted(set(true) - set(said)):
            lie(what, key, "is not said")


def line_of(place):
    found = re.search(r"golden\.c:(\d+) in ", place or "")
    return int(found.group(1)) if found else None


def number(text):
    return int(text.lstrip("#"))


def check_tasks(truth, store, is_whole):
    said = {number(row["id"]): row for row in rows(store, "ps", "-C", "id,name,by,coroutine,created,outcome,state")}
    same_keys("task", said, truth.tasks, is_whole)
    for task, row in said.items():
        true = truth.tasks.get(task, {})
        # A task that was created unseen has the name that the event of its end, or the board, gives it, or none.
        for column in ("name", "by", "coroutine", "outcome"):
            same(f"{column} of task {task} {true.get('name')}", row[column], true.get(column), is_whole)
        same(f"line of task {task}", line_of(row["created"]), true.get("line"), is_whole)


def check_failures(truth, store, is_whole):
    said = {number(row["id"]): row for row in rows(store, "failures", "-C", "id,state,reason,name,type,message,raised")}
    same_keys("failure", said, truth.failures, is_whole)
    for failure, row in said.items():
        true = truth.failures.get(failure, {})
        for column in ("name", "state", "reason", "type", "message"):
            same(f"{column} of failure {failure} {true.get('name')}", row[column], true.get(column), is_whole)
        if true.get("line"):
            same(f"line of failure {failure}", line_of(row["raised"]), true["line"], is_whole)


def check_cancellations(truth, store, is_whole):
    said = query(store, "SELECT c.task_id, c.by, c.by_id, s.task_id AS inside, c.by_text, c.reason, c.ending FROM cancellations AS c "
                 "LEFT JOIN scopes AS s ON s.scope_id = c.by_id ORDER BY c.cancellation_id")
    left = list(truth.cancels)
    for row in said:
        by = {"signal": row["by_text"].removeprefix("signal "), "timeout": row["inside"], "group": row["inside"]}.get(row["by"], row["by_id"])
        found = [true for true in left if true[0] == row["task_id"] and true[1] == row["by"] and by in (true[2], None if not is_whole else true[2])]
        if not found:
            lie("cancellation", row, "is not so")
            continue
        left.remove(found[0])
        same(f"message to {row['task_id']}", row["reason"], found[0][3], is_whole)
        same(f"answer of {row['task_id']}", row["ending"], found[0][4], is_whole)
    if is_whole:
        for true in left:
            lie("cancellation", true, "is not said")


def findings(truth):
    found = {(f"{true['state']}-failure", failure) for failure, true in truth.failures.items() if true["state"] in ("lost", "absorbed")}
    return found | {("swallowed-cancel", cancel[0]) for cancel in truth.cancels if cancel[4] == "swallowed"}


def check_report(truth, store, is_whole):
    said = {(row["lint"], row["object_id"]) for row in rows(store, "report", expected=(0, 1)) if row["is_definite"]}
    true = findings(truth)
    same_keys("finding", said, true, is_whole)
    text = ask(store, "report", expected=(0, 1))
    summary = re.search(r"^SUMMARY: telltale: (.*)$", text, re.M).group(1)
    for word, lint in (("lost failure", "lost-failure"), ("absorbed", "absorbed-failure"), ("swallowed", "swallowed-cancel")):
        found = re.search(rf"(\d+) {word}", summary)
        count = sum(1 for each in said if each[0] == lint)
        if (int(found.group(1)) if found else 0) != count:
            lie("the summary:", summary, "and there are", count, lint)
    pending = sum(1 for task in truth.tasks.values() if task["outcome"] == "pending")
    found = re.search(r"(\d+) tasks? pending", summary)
    if int(found.group(1)) > pending or (is_whole and int(found.group(1)) != pending):
        lie("the summary:", summary, "and", pending, "are pending")
    return text


def check_tree(truth, store, is_whole, turn):
    notes = query(store, "SELECT text, noted_ns FROM note WHERE key = 'mark' ORDER BY noted_ns")
    if is_whole and len(notes) != len(truth.marks):
        lie("not each mark is there")
    for note in notes if is_whole else [notes[turn % len(notes)]]:
        living = truth.marks[note["text"]]
        said = {number(row["id"]): row for row in rows(store, "tree", "--at", f"{note['noted_ns']}ns", "-n", "0", "-C", "id,name,parent,state")}
        what = f"at mark {note['text']} task"
        ended = {task for task, row in said.items() if row["state"] in ("returned", "failed", "cancelled", "abandoned", "done")}
        unknown = {task for task, row in said.items() if row["state"] in (None, "unknown")}
        # Whoever created those that are shown is, too, and has ended.
        above = set()
        for task in living | unknown:
            while (task := truth.tasks[task]["creator"]) is not None:
                above.add(task)
        same_keys(what, set(said) - unknown, living | above, is_whole)
        same_keys(f"{what} that lives", set(said) - ended - unknown, living, is_whole)
        for task, row in said.items():
            true = truth.tasks[task]
            parent = f"#{true['creator']}" if true["creator"] is not None else None
            same(f"{what} {task}: who created it", row["parent"], parent, is_whole)


# What the last line of a story is called.
def verdict(truth, task):
    if task in truth.failures:
        return truth.failures[task]["state"]
    if any(cancel[0] == task and cancel[4] == "swallowed" for cancel in truth.cancels):
        return "swallowed"
    return truth.tasks[task]["outcome"]


def check_story(truth, task, story, is_whole):
    true, failure = truth.tasks[task], truth.failures.get(task)
    own = [row for row in story if row["object_id"] == task]
    by_kind = {}
    for row in own:
        by_kind.setdefault(row["kind"], []).append(row)
    what = f"story of {task} {true['name']}:"
    by = {"main program": "the main program", "callback": "a callback"}.get(true["by"], true["by"])
    for row in by_kind.get("created", []):
        creator, _, rest = row["sentence"].partition(" created it")
        if creator != by and (is_whole or creator not in ("somebody", f"#{true['creator']}")):
            lie(what, row["sentence"], "; it was", by)
        if is_whole and f"to run {true['coroutine']}()" not in rest:
            lie(what, row["sentence"], "; it runs", true["coroutine"])
    for row in by_kind.get("failed", []):
        if failure is None or (failure["type"] not in row["sentence"] and (is_whole or "an exception" not in row["sentence"])):
            lie(what, row["sentence"])
    for row in by_kind.get("ended", []):
        outcome = {"it returned": "returned", "it ended as cancelled": "cancelled"}.get(row["sentence"].split(",")[0])
        if outcome is not None and outcome != true["outcome"]:
            lie(what, row["sentence"], "; it has", true["outcome"])
    asked = [cancel for cancel in truth.cancels if cancel[0] == task]
    if len(by_kind.get("asked", [])) > len(asked) or (is_whole and len(by_kind.get("asked", [])) != len(asked)):
        lie(what, "asked", len(by_kind.get("asked", [])), "times; it was", len(asked))
    if is_whole:
        for kind, is_due in (("created", True), ("failed", failure is not None), ("discarded", failure and failure["state"] == "discarded")):
            if bool(by_kind.get(kind)) != bool(is_due):
                lie(what, "the sentence", kind, "is" if not is_due else "is not", "there")
        for row, cancel in zip(by_kind.get("asked", []), asked):
            if cancel[3] and f'"{cancel[3]}"' not in row["sentence"]:
                lie(what, row["sentence"], "; the message was", cancel[3])
    for row in by_kind.get("verdict", []):
        # Who swallowed a cancellation has returned, and that stays known: its cancellation is what is unknown then.
        same(f"{what} verdict", row["event"], verdict(truth, task), is_whole, (None, "unknown", true["outcome"] if failure is None else None))


def check_explain(truth, store, is_whole):
    """By the program for those to whom something happened; for all by the views it prints."""
    special = set(truth.failures) | {cancel[0] for cancel in truth.cancels}
    for task in sorted(special & set(truth.tasks)) if is_whole else []:
        story = rows(store, "explain", f"#{task}")
        if [row["kind"] for row in story][-1:] != ["verdict"]:
            lie("story of", task, "has no verdict")
        check_story(truth, task, story, is_whole)
    stories = {}
    for row in query(store, "SELECT object_id, kind, sentence, event FROM story") + query(
            store, "SELECT object_id, 'verdict' AS kind, NULL AS sentence, verdict AS event FROM verdicts"):
        stories.setdefault(row["object_id"], []).append(row)
    for task, story in stories.items():
        if task in truth.tasks:
            check_story(truth, task, story, is_whole)


# What each task did when: at instants all over the recording, and in the cells of a timeline.
CELLS = 400


class Steps:
    def __init__(self, store):
        self.marks, self.shift_ns = self.read_marks(store), 0
        # In the midst of the longest steps, and all over the recording.
        longest = query(store, "SELECT began_ns, (began_ns + ended_ns) / 2 AS ns FROM (SELECT *, ntile(6) OVER (ORDER BY began_ns) AS part FROM steps) "
                        "GROUP BY part HAVING max(ended_ns - began_ns) ORDER BY 1")
        self.began_ns, self.ended_ns = longest[0]["began_ns"], longest[-1]["ns"]
        self.begun = {row["id"]: row["ns"] for row in query(store, "SELECT task_id AS id, min(began_ns) AS ns FROM steps GROUP BY 1")}
        self.ended = {row["id"]: row for row in query(store, "SELECT task_id AS id, outcome, ended_ns FROM tasks WHERE ended_ns IS NOT NULL")}
        self.states = {at: self.at(store, at) for at in (row["ns"] for row in longest)}
        self.bars = self.timeline(store)
        assert {state for rows in self.states.values() for state, *_ in rows.values()} >= {"running", "waiting", "ready"}
        assert set("".join(self.bars.values())) >= set(" .-+|XC")

    # The clock of an arena is told by itself, and anew each time that it is read: all of it a little earlier or later.
    def read_marks(self, store):
        return {row["text"]: row["noted_ns"] for row in query(store, "SELECT text, noted_ns FROM note WHERE key = 'mark'")}

    def at(self, store, at):
        return {number(row["id"]): (row["state"], row["for"], row["at"])
                for row in rows(store, "tree", "--at", f"{at + self.shift_ns}ns", "-n", "0", "-C", "id,state,for,at")}

    def timeline(self, store):
        done = subprocess.run([TELLTALE, "timeline", store, "--since", f"{self.began_ns + self.shift_ns}ns", "--until",
                               f"{self.ended_ns + self.shift_ns}ns", "-w",
                               str(CELLS + 37)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True,
                              env={**os.environ, "LC_ALL": "C", "NO_COLOR": "1"})
        lines = done.stdout.split("\n")
        return {number(line.split()[0]): line[22:22 + CELLS] for line in lines if re.match(r"#\d", line)}

    def check(self, store):
        self.shift_ns = next(ns - self.marks[mark] for mark, ns in self.read_marks(store).items())
        for at, true in self.states.items():
            for task, (state, what, place) in self.at(store, at).items():
                was = true.get(task, (None, None, None))
                # Whoever created one that is unknown is shown with it.
                if was[0] is None and task in self.ended and self.ended[task]["ended_ns"] <= at:
                    was = (self.ended[task]["outcome"], None, None)
                begun = was[0] in ("running", "waiting", "ready") and self.begun.get(task, at + 1) <= at
                if state not in (was[0], "unknown", None) and not (state == "started" and begun):
                    lie(f"at {at} ns task {task} is said to be", state, "and is", was[0])
                elif state == was[0]:
                    same(f"what task {task} waits for at {at} ns", what, was[1], False)
                    same(f"where task {task} waits at {at} ns", place, was[2], False)
        for task, bar in self.timeline(store).items():
            for cell, (said, was) in enumerate(zip(bar, self.bars[task])):
                began = (self.begun.get(task, self.ended_ns) - self.began_ns) * CELLS // (self.ended_ns - self.began_ns)
                # A task that has not begun is alive and ready, too; and the end of one may be unknown, but not what came before.
                is_weaker = (said == "=" and was in ".-+#") or (said == "." and was == "+" and cell <= began) or (said in "=-+#" and was in "|XC")
                # Without the event of its end a task has failed when its failure was put down; without that of its creation its bar is cut.
                is_weaker |= (said == "X" and "X" in self.bars[task][cell - 1:cell]) or (said == ">" and task not in self.ended)
                if said not in (was, "?") and not is_weaker:
                    lie(f"cell {cell} of the bar of task {task} is", repr(said), "and was", repr(was), bar, self.bars[task])
                    break


def check(truth, store, is_whole, turn=0):
    check_tasks(truth, store, is_whole)
    check_failures(truth, store, is_whole)
    check_cancellations(truth, store, is_whole)
    check_tree(truth, store, is_whole, turn)
    check_explain(truth, store, is_whole)
    return check_report(truth, store, is_whole)


# ------------------------------------------------------------------------------------------------------------ the arena

# Offsets of tracer/arena.h.
RINGS, RING_COUNT, RING_HEAD, SLOT = 1544, 1596, 4096, 64


class Arena:
    """The rings of a dead process, as they were; and as they would be had records found no room."""

    def __init__(self, path):
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 0)
        offset, stride = struct.unpack_from("=QQ", self.map, RINGS)
        (count,) = struct.unpack_from("=I", self.map, RING_COUNT)
        self.heads = {}
        self.records = []  # ring, event, slots
        for ring in range(offset, offset + count * stride, stride):
            head, attempts, drops, _, slots = struct.unpack_from("=5Q", self.map, ring)
            assert head < slots and drops == 0, "the ring was full"
            self.heads[ring] = (head, drops, struct.unpack_from("=Q", self.map, ring + 56)[0])
            position = 0
            while position < head:
                at = ring + RING_HEAD + position * SLOT
                commit, event, length = struct.unpack_from("=Q12xHB", self.map, at)
                assert commit == (position + 1) << 1 | 1, "a record is missing"
                self.records.append((ring, event, self.map[at:at + length * SLOT]))
                position += length
            assert attempts == sum(1 for record in self.records if record[0] == ring)
        with open(os.path.join(SOURCE, "tracer", "events.def"), encoding="utf-8") as events:
            self.names = {int(found[0]): (found[1], found[2] == "VITAL") for found in re.findall(
                r"^TT_EVENT\((\d+), (\w+), \w+, TT_LEVEL_(\w+)", events.read(), re.M)}

    def without(self, dropped):
        for ring, (_, drops, vital_drops) in self.heads.items():
            position = 0
            for number, (of, event, slots) in enumerate(self.records):
                if of == ring and number in dropped:
                    drops += 1
                    vital_drops += self.names[event][1]
                elif of == ring:
                    for first in range(0, len(slots), SLOT):
                        at = ring + RING_HEAD + position * SLOT
                        self.map[at:at + SLOT] = struct.pack("=Q", (position + 1) << 1 | (first == 0)) + slots[first + 8:first + SLOT]
                        position += 1
            struct.pack_into("=Q", self.map, ring, position)
            struct.pack_into("=Q", self.map, ring + 16, drops)
            struct.pack_into("=Q", self.map, ring + 56, vital_drops)

    def choices(self, how):
        if how == "thousandth":
            for seed in range(1, 25):
                chance = random.Random(seed)
                chosen = {i for i in range(len(self.records)) if chance.random() < 0.001}
                yield chosen or {chance.randrange(len(self.records))}
        else:
            kinds = {}
            for number, (_, event, _) in enumerate(self.records):
                kinds.setdefault(event, []).append(number)
            for numbers in kinds.values():
                yield {numbers[{"first": 0, "middle": len(numbers) // 2, "last": -1}[how]]}


def check_lossy(truth, ring_dir, how, has_steps):
    (path,) = glob.glob(os.path.join(glob.escape(ring_dir), "*.arena"))
    arena = Arena(path)
    unknowns = 0
    for turn, dropped in enumerate([set(), *arena.choices(how)]):
        store = f"drop{turn}.telltale"
        before = len(lies)
        arena.without(dropped)
        subprocess.run([TELLTALE, "recorder", "--store", store, "--ring-dir", ring_dir, "--recover", "--keep"], check=True)
        if has_steps and not dropped:
            check(truth, store, True)
            steps = Steps(store)
        elif has_steps:
            steps.check(store)
        report = ask(store, "report", expected=(0, 1)) if has_steps else check(truth, store, not dropped, turn)
        missing = sum(row["count"] for row in query(store, "SELECT count FROM losses WHERE what = 'dropped'"))
        same("count of lost events", missing, len(dropped), True)
        if dropped and not re.search(rf"\b{len(dropped)} events? lost", report):
            lie("the report does not say that", len(dropped), "are lost")
        unknowns += query(store, "SELECT (SELECT count(*) FROM failures WHERE state = 'unknown') + "
                          "(SELECT count(*) FROM tasks WHERE outcome = 'unknown') AS n")[0]["n"]
        for i in range(before, len(lies)):
            print(f"without {[(number, self_name(arena, number)) for number in sorted(dropped)]}: {lies[i]}", flush=True)
        os.remove(store)
    if unknowns == 0:
        lie("nothing was ever unknown: the losses had no effect")
        print(lies[-1])


def self_name(arena, number):
    return arena.names[arena.records[number][1]][0]


def main():
    mode, log, where = sys.argv[1:4]
    truth = Truth(log)
    assert len(truth.tasks) >= 200
    if mode == "whole":
        check(truth, where, True)
        same("losses", query(where, "SELECT count(*) AS n FROM losses")[0]["n"], 0, True)
        print("\n".join(lies))
    else:
        check_lossy(truth, where, sys.argv[4], mode == "steps")
    return 1 if lies else 0


if __name__ == "__main__":
    sys.exit(main())
