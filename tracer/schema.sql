-- schema.sql: the tables of a store, schema version 2. This text is what gets embedded into the library and executed.
--
-- What it is for. One store is one SQLite file and holds one recording: what one or more processes did. Tables hold
-- facts, one row for each object or happening, written by ingest only. Meaning is derived by the views in views/,
-- which are the public interface; tables may change with the schema version, views keep their columns.
--
-- What it leaves to others. What is in a chunk of the event stream: tracer/chunk.h.
--
-- Rules. Ids of objects are (process_id << 40) | local id. Times end in _ns: nanoseconds since
-- recording.origin_realtime_ns, and may be slightly negative for a process that began before the first one was found.
-- NULL means not happened, or not known: rows are filled from events in whatever order they arrive, so any column but
-- the key can still be NULL. Columns that hold a word of events.def hold its number; table word translates it.
--
-- A fact that came from an event carries thread_id and sequence (the number of the attempt to emit it in its thread):
-- the order of two facts of one thread is that of their sequences; of two threads there is no order but explicit links.

-- The recording itself: exactly one row.
CREATE TABLE recording (
    -- Always 1.
    recording_id INTEGER PRIMARY KEY CHECK (recording_id = 1),
    -- Random, 16 bytes; names this recording.
    uuid BLOB NOT NULL,
    -- Version of telltale that created the store.
    telltale_version TEXT NOT NULL,
    -- Wall clock when the store was created, nanoseconds since 1970.
    created_realtime_ns INTEGER NOT NULL,
    -- Wall clock at time 0 of this recording, nanoseconds since 1970: the start of its first process.
    origin_realtime_ns INTEGER,
    -- CLOCK_MONOTONIC at time 0, nanoseconds; valid for processes of the same boot.
    origin_monotonic_ns INTEGER,
    -- The kernel's boot in which time 0 was, 16 bytes.
    origin_boot_id BLOB,
    -- 1 when what programs say in their own words is left out (--redact messages).
    is_redacted INTEGER,
    -- What its recorder was told last: bytes that the store may have, seconds that what is over is kept; NULL: the default,
    -- and for ever.
    bytes_max INTEGER,
    seconds_max INTEGER
) STRICT;

-- One row for each traced process.
CREATE TABLE process (
    -- Ordinal of the process in the recording: 0, 1, 2, ...
    process_id INTEGER PRIMARY KEY,
    -- Random, 16 bytes; names the process's arena or trace.
    uuid BLOB NOT NULL UNIQUE,
    -- Process id, in the process's own pid namespace.
    pid INTEGER,
    -- Process id of the parent.
    parent_pid INTEGER,
    -- User id.
    uid INTEGER,
    -- Start time of the process as the kernel counts it (field 22 of /proc/PID/stat); with the pid it identifies the
    -- process.
    start_ticks INTEGER,
    -- The kernel's boot in which it ran, 16 bytes.
    boot_id BLOB,
    -- Host name.
    host TEXT,
    -- Path of the executable.
    program TEXT,
    -- Command line, words separated by spaces.
    command TEXT,
    -- When it began to be traced.
    started_ns INTEGER,
    -- Wall clock at started_ns, nanoseconds since 1970.
    started_realtime_ns INTEGER,
    -- CLOCK_MONOTONIC at started_ns, nanoseconds.
    started_monotonic_ns INTEGER,
    -- CLOCK_BOOTTIME at started_ns, nanoseconds.
    started_boottime_ns INTEGER,
    -- What was added to its own CLOCK_MONOTONIC, here and in all its times, because it ran in a time namespace; NULL when
    -- nothing was.
    clock_shift_ns INTEGER,
    -- The latest instant at which it was seen alive or emitted an event.
    seen_ns INTEGER,
    -- When its board was read last; NULL when that never happened.
    board_ns INTEGER,
    -- When it said goodbye (event process_ended).
    goodbye_ns INTEGER,
    -- What it said then: word end_reason.
    goodbye_reason INTEGER,
    -- When it was found to be gone.
    gone_ns INTEGER,
    -- 1 when it went on as another program (exec): then gone_ns says when that was found.
    is_replaced INTEGER,
    -- Its exit status, when a parent told the recorder.
    exit_status INTEGER,
    -- The number of the signal that ended it, when a parent told the recorder.
    signal INTEGER,
    -- Events that its threads tried to emit.
    attempt_count INTEGER,
    -- Of these, those that were read.
    record_count INTEGER,
    -- Of these, those that found their ring full.
    drop_count INTEGER,
    -- Of these, those that were being written when the process ended: their emit calls never returned.
    hole_count INTEGER,
    -- Events that are missing and may have been about failures, cancellations or ends of tasks.
    vital_drop_count INTEGER,
    -- The latest instant at which such an event may have been lost; NULL when none was.
    vital_drop_last_ns INTEGER,
    -- Tasks that found the board full: nothing is known about their waits.
    board_drop_count INTEGER,
    -- Places whose definition found the dictionary full.
    dictionary_drop_count INTEGER,
    -- 1 when it was read to its end and attempts = records + drops + holes held in each thread; 0 when it was read
    -- and that did not hold, or nobody will read it to its end (gap has a row cut_off then).
    is_balanced INTEGER,
    -- 1 when its events came through LTTng, which carries no board: what a task does between two events is not known.
    is_boardless INTEGER,
    -- Bytes of each thread's ring.
    ring_bytes INTEGER,
    -- What an emit call does that finds its ring full: word ring_policy. With block: for how many milliseconds.
    ring_policy INTEGER,
    block_ms INTEGER,
    -- Categories of events that were on when it began: 1 << n for category n of events.def; 1 << 28: of these vital events alone.
    categories INTEGER,
    -- Names of those that were off although answers rest on their events, separated by commas; NULL when none was.
    categories_lacking TEXT,
    -- Steps were told of one task in so many.
    step_every INTEGER,
    -- 1 when it left out of its events what it says in its own words.
    is_redacted INTEGER,
    -- When it was selected last, while it ran, what is recorded; 9223372036854775807 when since then events are off that answers
    -- rest on. NULL when it never was.
    selected_last_ns INTEGER,
    -- Children that had something to say and could have no arena to say it in: nothing of them is recorded.
    child_drop_count INTEGER
) STRICT;

-- One row for each thread that emitted events.
CREATE TABLE thread (
    -- (process_id << 40) | ordinal of the thread in its process; ordinal 0 stands for the process's emergency ring.
    thread_id INTEGER PRIMARY KEY,
    -- Kernel thread id; 0 for the emergency ring.
    tid INTEGER,
    -- Name of the thread.
    name TEXT,
    -- When it emitted its first event.
    attached_ns INTEGER,
    -- When it ended.
    detached_ns INTEGER,
    -- Events that it tried to emit, as far as they are accounted for.
    attempt_count INTEGER,
    -- Of these, those that were read.
    record_count INTEGER,
    -- Of these, those that found the ring full.
    drop_count INTEGER,
    -- Of these, those that were being written when the process ended.
    hole_count INTEGER,
    -- How long it waited for room in its ring, all in all.
    wait_ns INTEGER
) STRICT;

-- Where the recorder, or an import, goes on reading: one row for each ring of each process, written in one transaction with
-- the rows that came out of the ring up to there. Of LTTng: for each thread, whose ordinal stands for the ring, whose lowest
-- number is attempt_base, and the next one expected position.
CREATE TABLE cursor (
    -- The process.
    process_id INTEGER NOT NULL,
    -- Index of the ring in the process's arena.
    ring INTEGER NOT NULL,
    -- Ordinal of the thread that uses the ring.
    ordinal INTEGER NOT NULL,
    -- Every slot before this position is in the store.
    position INTEGER NOT NULL,
    -- Attempts and drops of the ring's earlier threads, which count no more.
    attempt_base INTEGER NOT NULL,
    drop_base INTEGER NOT NULL,
    -- Number of the next attempt that is expected.
    attempt_next INTEGER NOT NULL,
    -- Records of the present thread read so far.
    record_count INTEGER NOT NULL,
    -- Attempts of the present thread that rows of gap tell of.
    missing_count INTEGER NOT NULL,
    -- Vital drops of the ring that process.vital_drop_count has already.
    vital_drop_count INTEGER NOT NULL,
    -- Time of the last record read.
    last_ns INTEGER,
    PRIMARY KEY (process_id, ring)
) STRICT, WITHOUT ROWID;

-- Events that are missing: one row for a run of them in one thread.
CREATE TABLE gap (
    -- Its number.
    gap_id INTEGER PRIMARY KEY,
    -- The thread.
    thread_id INTEGER NOT NULL,
    -- How many; NULL when nobody knows.
    count INTEGER,
    -- Time of the last event before them; NULL when there was none.
    from_ns INTEGER,
    -- Time of the first event after them; NULL when there was none.
    to_ns INTEGER,
    -- Number of the first attempt that is missing.
    first_sequence INTEGER,
    -- Why: 'dropped' (the ring was full), 'in_flight' (being written when the process ended), 'overwritten' (nobody
    -- read in time and the ring was set to overwrite), 'unreadable' (the record was damaged), 'unbalanced' (the
    -- counts of the ring do not add up; a count below zero says that more was read than tried), 'discarded' (LTTng had
    -- no room and counted them), 'missing' (their numbers are missing from an LTTng trace that does not say why),
    -- 'paused' (LTTng's session did not listen: the process told anew who it is; or nobody followed it), 'cut_off' (the LTTng trace ends, and
    -- it does not say how the process did), 'late' (what was before the LTTng trace begins, or before its session did; with a count: numbers
    -- of this thread), 'not_recorded' (the session did not ask for all vital events), 'incomplete' (the trace is known not to have
    -- all), 'unattributed' (LTTng discarded them, and no process of the trace lacks
    -- them, or several may; the thread is one that was there).
    what TEXT NOT NULL,
    -- 1 when an event about failures, cancellations or ends of tasks may be among them.
    is_vital INTEGER NOT NULL DEFAULT 0,
    -- not_recorded: names of the events, separated by commas; NULL otherwise, or when not known.
    detail TEXT
) STRICT;

-- Runs of events that found their ring full, as the threads that lost them tell it when there is room again.
CREATE TABLE ring_gap (
    -- Its number.
    ring_gap_id INTEGER PRIMARY KEY,
    -- When there was room again, in which thread, and the number of the event that says so.
    told_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- When the first of them was to be written.
    first_ns INTEGER,
    -- How many.
    count INTEGER,
    -- Of these, those about failures, cancellations and ends.
    vital_count INTEGER
) STRICT;

CREATE INDEX ring_gap_thread ON ring_gap (thread_id, sequence);

-- What was selected to be recorded while processes ran. What was on before the first one stands in process.
CREATE TABLE selection (
    -- Its number.
    selection_id INTEGER PRIMARY KEY,
    -- When, by which thread, and the number of the event that says so.
    selected_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- Categories of events that are on from then on: as in process.
    categories INTEGER NOT NULL,
    -- Steps are told of one task in so many.
    step_every INTEGER,
    -- Who selected it: word selector.
    by INTEGER
) STRICT;

-- The clocks of processes, read together.
CREATE TABLE clock_sample (
    -- Its number.
    clock_sample_id INTEGER PRIMARY KEY,
    -- When they were read, in which thread, and the number of the event that tells it.
    sampled_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- CLOCK_MONOTONIC, the wall clock since 1970, CLOCK_BOOTTIME, all in nanoseconds.
    monotonic_ns INTEGER,
    realtime_ns INTEGER,
    boottime_ns INTEGER,
    -- Why: word sample_reason.
    why INTEGER
) STRICT;

-- What recorders did, from one report to the next.
CREATE TABLE metric (
    -- Its number.
    metric_id INTEGER PRIMARY KEY,
    -- When it was told.
    told_ns INTEGER NOT NULL,
    -- The recorder's process id.
    pid INTEGER,
    -- Processes that it read.
    process_count INTEGER,
    -- The time that this is about, which ends at told_ns.
    interval_ns INTEGER,
    -- Events that it read, transactions that it committed, and those that failed and were tried again.
    event_count INTEGER,
    batch_count INTEGER,
    failed_count INTEGER,
    -- Processor time that it used.
    cpu_ns INTEGER,
    -- The oldest event that it found in a ring had waited for so long.
    lag_ns INTEGER,
    -- How long it read nothing, because nothing could be written, and why: word pause_reason; NULL: it did not.
    paused_ns INTEGER,
    pause_reason INTEGER,
    -- Who kept the write-ahead log long: process id and name of a reader; NULL: nobody.
    reader_pid INTEGER,
    reader TEXT,
    -- At the end: bytes of the store that are in use, of the write-ahead log, of the recorder's memory.
    store_bytes INTEGER,
    log_bytes INTEGER,
    memory_bytes INTEGER
) STRICT;

-- What was deleted because the store had its greatest size, or because it was too old; and what was never written because a reader kept
-- the write-ahead log long.
CREATE TABLE pruned (
    -- What: 'stream' (events of chunks), 'io' (what tasks did at descriptors), 'task' (tasks that are over, with what belongs
    -- to them), 'note', 'failure' (failures that nobody can read any more, with what belongs to them).
    what TEXT NOT NULL,
    -- Why: 'size', 'age' or, of the stream, 'log'.
    why TEXT NOT NULL,
    -- The process whose they were.
    process_id INTEGER NOT NULL,
    -- How many.
    count INTEGER NOT NULL,
    -- Nothing of the kind that is gone ended before first_ns, or after last_ns.
    first_ns INTEGER,
    last_ns INTEGER,
    PRIMARY KEY (what, why, process_id)
) STRICT, WITHOUT ROWID;

-- Events as their writers describe them.
CREATE TABLE event_type (
    -- Number of the event; never reused.
    event_type_id INTEGER PRIMARY KEY,
    -- Its name.
    name TEXT NOT NULL,
    -- Its category.
    category TEXT NOT NULL,
    -- Its fields: NAME:KIND, separated by spaces.
    fields TEXT NOT NULL
) STRICT;

-- Words: what the numbers of an enumeration mean, as their writers describe them.
CREATE TABLE word (
    -- Name of the enumeration.
    enumeration TEXT NOT NULL,
    -- The number that stands in other tables.
    number INTEGER NOT NULL,
    -- The word that stands in views.
    word TEXT NOT NULL,
    PRIMARY KEY (enumeration, number)
) STRICT, WITHOUT ROWID;

-- Places in the source.
CREATE TABLE site (
    -- Small number of the place in this store.
    site_id INTEGER PRIMARY KEY,
    -- Content hash of the four columns below: the place's id in events.
    hash INTEGER NOT NULL UNIQUE,
    -- File, as the compiler was given it; NULL when the definition of the place is missing.
    file TEXT,
    -- Line.
    line INTEGER,
    -- Function.
    func TEXT,
    -- What stands there, if that helps: where a task is created, the name of its coroutine.
    text TEXT
) STRICT;

-- Programs and libraries that calls of stacks are in, as they were then. A row of site whose file is empty keeps its
-- number, and that of a stack.
CREATE TABLE module (
    -- Its number in this store.
    module_id INTEGER PRIMARY KEY,
    -- What tells it from a later build with the same path, in hexadecimal digits; NULL when it has none.
    build_id TEXT,
    -- Where it was.
    path TEXT
) STRICT;

-- The calls that were open when something happened; the same calls are one row.
CREATE TABLE stack (
    -- Its number in this store.
    stack_id INTEGER PRIMARY KEY,
    -- How many calls are told, the innermost ones.
    call_count INTEGER,
    -- 1 when there were more.
    is_cut INTEGER
) STRICT;

-- The calls of stacks.
CREATE TABLE call (
    -- The stack.
    stack_id INTEGER NOT NULL,
    -- Its place in it: 0 is the innermost.
    position INTEGER NOT NULL,
    -- The program or library that it is in.
    module_id INTEGER,
    -- Address of the instruction, as the symbols of that file have it.
    address INTEGER,
    PRIMARY KEY (stack_id, position)
) STRICT, WITHOUT ROWID;

-- One row for each event loop.
CREATE TABLE loop (
    -- The loop.
    loop_id INTEGER PRIMARY KEY,
    -- When and where it was created.
    created_ns INTEGER,
    created_site_id INTEGER,
    -- When it was last started, and where.
    started_ns INTEGER,
    started_site_id INTEGER,
    -- The thread that ran it last; NULL when it never ran.
    thread_id INTEGER,
    -- When it last left its run.
    stopped_ns INTEGER,
    -- When and where it was closed.
    closed_ns INTEGER,
    closed_site_id INTEGER,
    -- Tasks that were pending when it was closed.
    pending_count INTEGER,
    -- When it was first asked to tell its tasks and the failures that are held, for somebody who began to listen to
    -- LTTng; NULL when it never was.
    asked_ns INTEGER,
    -- When it had last told them all; NULL when it never did, because it was blocked.
    dumped_ns INTEGER
) STRICT;

-- One row for each task. What is summed over all of them stands first: SQLite walks over the columns in front of one that it reads.
CREATE TABLE task (
    -- The task.
    task_id INTEGER PRIMARY KEY,
    -- When it was created.
    created_ns INTEGER,
    -- When it ended.
    ended_ns INTEGER,
    -- When it was destroyed while pending, because its loop was closed.
    abandoned_ns INTEGER,
    -- How it ended: word outcome; NULL while it is pending.
    outcome INTEGER,
    -- Where it was created.
    created_site_id INTEGER,
    -- When its first step began.
    started_ns INTEGER,
    -- Time that it ran.
    busy_ns INTEGER,
    -- Time that it could have run and waited for its turn.
    ready_ns INTEGER,
    -- Its longest uninterrupted run.
    longest_step_ns INTEGER,
    -- How many steps it made.
    step_count INTEGER,
    -- Its loop.
    loop_id INTEGER,
    -- Who created it: word actor, and the id or number that goes with it.
    parent_kind INTEGER,
    parent_id INTEGER,
    -- Name that it was given when it was created; NULL when it has the default name Task-N.
    name TEXT,
    -- N of the default name.
    name_number INTEGER,
    -- Name that it was given later.
    new_name TEXT,
    -- 1 when its creator got a handle, 0 when it was spawned without one.
    has_handle INTEGER,
    -- What it waited for when it was abandoned: word wait_kind, and the id or descriptor that goes with it.
    wait_kind INTEGER,
    wait_object INTEGER,
    -- Where it waited then.
    wait_site_id INTEGER,
    -- When its process last told again that it has not ended (event task_dumped).
    dumped_ns INTEGER,
    -- How much of its stack it used at most, as far as that can be seen: at least so much. NULL: not measured.
    stack_used_bytes INTEGER,
    -- The size of its stack.
    stack_bytes INTEGER,
    -- The calls that were open where it was created; 0 when there was no room for them, NULL when they were not asked for.
    stack_id INTEGER
) STRICT;

-- Those that have not said how they ended, so that nobody needs to look at all the others for them.
CREATE INDEX task_open ON task (task_id) WHERE outcome IS NULL;

-- Summaries of tasks that lie side by side, made when a recording is finished, all or none; a store that is being written
-- has none. Who looks for tasks of one time passes over the others by them.
CREATE TABLE task_span (
    -- The first of these tasks, and the last.
    first_task_id INTEGER PRIMARY KEY,
    last_task_id INTEGER NOT NULL,
    -- How many there are.
    task_count INTEGER NOT NULL,
    -- When the first of them was created, and when the last of them ended or was abandoned; NULL when that is not known of
    -- each.
    created_first_ns INTEGER,
    ended_last_ns INTEGER
) STRICT;

-- Summaries of tasks that were created at one place in one process, made when a recording is finished, all or none.
CREATE TABLE task_origin (
    -- The process.
    process_id INTEGER NOT NULL,
    -- The place.
    site_id INTEGER NOT NULL,
    -- How many tasks there are.
    task_count INTEGER NOT NULL,
    -- The first of those of which it is known when they were created; NULL when there is none.
    first_task_id INTEGER,
    -- How many of these were alive at once at most, and when they were for the first time.
    alive_max INTEGER,
    alive_max_ns INTEGER,
    PRIMARY KEY (process_id, site_id)
) STRICT, WITHOUT ROWID;

-- What is: one row for each task that lived when the board of its process was last copied, or that was told again when a
-- session of LTTng began. A row of the board goes when the last reference to its task goes.
CREATE TABLE board (
    -- The task.
    task_id INTEGER PRIMARY KEY,
    -- Slot of the board that it stands in; a slot is used again. -1 when it was told by an event (task_dumped).
    slot INTEGER NOT NULL,
    -- What the task does: word task_state.
    state INTEGER NOT NULL,
    -- What it waits for, when it waits: word wait_kind, and the id or descriptor that goes with it.
    wait_kind INTEGER,
    wait_object INTEGER,
    -- Where it waits.
    wait_site_id INTEGER,
    -- Since when it has been in this state.
    since_ns INTEGER,
    -- Time that it ran until then.
    busy_ns INTEGER,
    -- Time that it could have run and waited for its turn until then.
    ready_ns INTEGER,
    -- Steps begun until then.
    step_count INTEGER
) STRICT;

-- One row for each exception that was raised or stored.
CREATE TABLE exception (
    -- The exception.
    exception_id INTEGER PRIMARY KEY,
    -- Name of its type.
    type TEXT,
    -- Its text.
    message TEXT,
    -- Its text with numbers and addresses taken out, the same for failures of one kind; NULL when there is nothing to
    -- take out.
    pattern TEXT,
    -- When and where it was raised first.
    raised_ns INTEGER,
    raised_site_id INTEGER,
    -- The task that raised it.
    task_id INTEGER,
    -- Its cause, set by raise-from.
    cause_id INTEGER,
    -- Its context: what was being handled.
    context_id INTEGER,
    -- The calls that were open where it was raised; 0 when there was no room for them, NULL when they were not asked for.
    stack_id INTEGER
) STRICT;

-- Members of exception groups, told when the group is first raised or stored.
CREATE TABLE exception_member (
    -- Its number.
    exception_member_id INTEGER PRIMARY KEY,
    -- The group: an exception.
    group_id INTEGER NOT NULL,
    -- When it was told, in which thread, and its number there.
    told_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- The member's place among the others, from 0.
    position INTEGER NOT NULL,
    -- The member: an exception, which can be a group itself.
    member_id INTEGER
) STRICT;

CREATE INDEX exception_member_group ON exception_member (group_id);
CREATE INDEX exception_member_member ON exception_member (member_id);

-- One row for each future or task that ended with an exception.
CREATE TABLE failure (
    -- The id of the future or task.
    failure_id INTEGER PRIMARY KEY,
    -- What it is: word object_kind.
    kind INTEGER,
    -- How it came to fail: word failure_how.
    how INTEGER,
    -- The exception.
    exception_id INTEGER,
    -- Who created the future or task: word actor, and the id or number that goes with it.
    parent_kind INTEGER,
    parent_id INTEGER,
    -- Its loop.
    loop_id INTEGER,
    -- Its name; NULL when it has the default name Task-N or none.
    name TEXT,
    -- N of the default name.
    name_number INTEGER,
    -- Where the future or task was created.
    created_site_id INTEGER,
    -- Where the exception was raised.
    raised_site_id INTEGER,
    -- The last place where the coroutine raised, awaited or was asked to.
    last_site_id INTEGER,
    -- When it failed; NULL when the event that says so is missing.
    stored_ns INTEGER,
    -- Handles that the program held then; where that is missing, when it was told again.
    stored_handle_count INTEGER,
    -- When and to which handler (word handler_kind) it was reported as never retrieved, and where the last reference
    -- was released.
    reported_ns INTEGER,
    reported_kind INTEGER,
    reported_site_id INTEGER,
    -- When and where the last reference went; NULL while somebody can still read it.
    released_ns INTEGER,
    released_site_id INTEGER,
    -- 1 when its process had counted what follows when it was released, so that events that are missing do not matter.
    is_counted INTEGER,
    -- What its process summed up then, or when it was told again: reads by user code, by the library, and failures that it was forwarded to.
    user_touch_count INTEGER,
    library_touch_count INTEGER,
    forward_count INTEGER,
    -- asyncio's bit: 1 when its message is not due.
    is_retrieved INTEGER,
    -- 1 when closing the loop released it.
    is_loop_closed INTEGER,
    -- When its process last told again that somebody holds it (event failure_dumped).
    dumped_ns INTEGER,
    -- 1 when user code had said by then that it does not matter; NULL when nothing was told again.
    is_discarded INTEGER
) STRICT;

-- Reads of failures.
CREATE TABLE touch (
    -- Its number.
    touch_id INTEGER PRIMARY KEY,
    -- The failure.
    failure_id INTEGER NOT NULL,
    -- When, in which thread, and its number there.
    touched_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- Who read it: word actor, and the id or number that goes with it.
    by INTEGER NOT NULL,
    by_id INTEGER,
    -- By which call: word touch_how.
    how INTEGER NOT NULL,
    -- 1 when user code received it, 0 when only the library saw it.
    is_user INTEGER NOT NULL,
    -- Where.
    site_id INTEGER
) STRICT;

CREATE INDEX touch_failure ON touch (failure_id);

-- Failures that live on in other ones.
CREATE TABLE forward (
    -- Its number.
    forward_id INTEGER PRIMARY KEY,
    -- The failure.
    failure_id INTEGER NOT NULL,
    -- The failure that it lives on in; NULL when that is none (a callback raised it again).
    to_id INTEGER,
    -- When, in which thread, and its number there.
    forwarded_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- By what: word forward_how.
    how INTEGER NOT NULL,
    -- Where.
    site_id INTEGER
) STRICT;

CREATE INDEX forward_failure ON forward (failure_id);
CREATE INDEX forward_to ON forward (to_id);

-- One row for each task, and each process, that said which task of another process caused what it does. View links.
CREATE TABLE link (
    -- The task; local id 0: what the process's main program creates.
    task_id INTEGER PRIMARY KEY,
    -- When and where that was said.
    linked_ns INTEGER NOT NULL,
    -- The first 8 bytes of the other process's uuid, in its arena and in LTTng's traces; all 0 where it has none.
    cause_arena BLOB NOT NULL,
    cause_lttng BLOB NOT NULL,
    -- The task there, local to its process; 0 for none.
    cause_task_id INTEGER NOT NULL,
    -- Where.
    site_id INTEGER
) STRICT;

-- Futures and tasks of which user code said that their failure does not matter; they need not have failed.
CREATE TABLE discard (
    -- The future or task.
    object_id INTEGER PRIMARY KEY,
    -- When and where.
    discarded_ns INTEGER NOT NULL,
    site_id INTEGER,
    -- Why.
    reason TEXT
) STRICT;

-- Handles of failed futures and tasks, taken and released. Those taken before the failure are told when it happens.
CREATE TABLE reference (
    -- Its number.
    reference_id INTEGER PRIMARY KEY,
    -- The future or task.
    object_id INTEGER NOT NULL,
    -- When it was told, in which thread, and its number there.
    happened_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- 1 when it was taken, 0 when it was released.
    is_taken INTEGER NOT NULL,
    -- Where.
    site_id INTEGER,
    -- Handles after it.
    handle_count INTEGER
) STRICT;

CREATE INDEX reference_object ON reference (object_id);

-- Requests to cancel.
CREATE TABLE cancellation (
    -- Its number.
    cancellation_id INTEGER PRIMARY KEY,
    -- The task or future.
    task_id INTEGER NOT NULL,
    -- When, in which thread, and its number there.
    requested_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- Who asked: word actor, and the id or number that goes with it.
    by INTEGER NOT NULL,
    by_id INTEGER,
    -- Where.
    site_id INTEGER,
    -- 0 when the task or future was done already.
    is_accepted INTEGER NOT NULL,
    -- Requests that were outstanding then, this one included.
    request_count INTEGER,
    -- The message of the cancellation; NULL when there was none.
    reason TEXT
) STRICT;

CREATE INDEX cancellation_task ON cancellation (task_id);

-- What became of requests to cancel.
CREATE TABLE cancellation_effect (
    -- Its number.
    cancellation_effect_id INTEGER PRIMARY KEY,
    -- The task.
    task_id INTEGER NOT NULL,
    -- When, in which thread, and its number there.
    happened_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- 'delivered' (raised in the task), 'swallowed' (the task returned all the same), 'converted' (it ended with
    -- another exception) or 'uncancelled' (a request was taken back).
    what TEXT NOT NULL,
    -- delivered: where the task was suspended, NULL when it never began. uncancelled: where.
    site_id INTEGER,
    -- delivered: 1 when its coroutine never ran.
    is_before_start INTEGER,
    -- swallowed and uncancelled: requests that remain.
    request_count INTEGER,
    -- converted: the exception it ended with.
    exception_id INTEGER
) STRICT;

CREATE INDEX cancellation_effect_task ON cancellation_effect (task_id);

-- Gathers over several futures.
CREATE TABLE gather (
    -- Its outer future.
    gather_id INTEGER PRIMARY KEY,
    -- When and where it was created.
    created_ns INTEGER,
    created_site_id INTEGER,
    -- Who created it: word actor, and the id or number that goes with it.
    by INTEGER,
    by_id INTEGER,
    -- How many futures it waits for.
    child_count INTEGER,
    -- 1 when failures become values of its list.
    is_returning_exceptions INTEGER
) STRICT;

-- Waits for some or all of several futures, and iterators over them as they are completed.
CREATE TABLE wait (
    -- The wait, or the iterator.
    wait_id INTEGER PRIMARY KEY,
    -- When and where it began.
    started_ns INTEGER,
    started_site_id INTEGER,
    -- Who waits: word actor, and the id or number that goes with it.
    by INTEGER,
    by_id INTEGER,
    -- What ends it: word wait_until.
    until INTEGER,
    -- For how many futures, each counted once.
    child_count INTEGER,
    -- 1 when all of them are tasks.
    is_for_tasks INTEGER,
    -- After how many nanoseconds it ends in any case; NULL when there is no such limit.
    timeout_ns INTEGER
) STRICT;

-- Futures that others wait for so that cancellation does not pass.
CREATE TABLE shield (
    -- Its outer future.
    shield_id INTEGER PRIMARY KEY,
    -- The future or task behind it.
    inner_id INTEGER,
    -- When and where it was created.
    created_ns INTEGER,
    created_site_id INTEGER,
    -- Who created it: word actor, and the id or number that goes with it.
    by INTEGER,
    by_id INTEGER
) STRICT;

-- Timeouts and task groups: what a task enters and leaves.
CREATE TABLE scope (
    -- The group or timeout.
    scope_id INTEGER PRIMARY KEY,
    -- What it is: word object_kind, group or timeout.
    kind INTEGER,
    -- The task that entered it.
    task_id INTEGER,
    -- The scope around it in its task.
    outer_id INTEGER,
    -- When and where it was entered.
    entered_ns INTEGER,
    entered_site_id INTEGER,
    -- A timeout's present deadline; the greatest of all integers when it has none.
    deadline_ns INTEGER,
    -- A timeout: when it was given another deadline last.
    rescheduled_ns INTEGER,
    -- A timeout: when its deadline came and it cancelled its task.
    expired_ns INTEGER,
    -- A group: 1 when its tasks go on when one of them fails.
    is_keep_going INTEGER,
    -- A group: when it cancelled its tasks, why (word abort_reason), the task whose failure was the reason, and how many
    -- tasks were asked.
    aborted_ns INTEGER,
    abort_reason INTEGER,
    aborted_by_id INTEGER,
    aborted_count INTEGER,
    -- When and where its task left it.
    exited_ns INTEGER,
    exited_site_id INTEGER,
    -- How it ended: word scope_end.
    ending INTEGER,
    -- The exception that came out of it.
    exception_id INTEGER,
    -- 1 when the program did not leave it: an outer scope, or the end of the task, did.
    is_left_open INTEGER,
    -- A group: tasks that were its, and those of them that failed.
    child_count INTEGER,
    failed_count INTEGER
) STRICT;

CREATE INDEX scope_task ON scope (task_id);

-- Tasks of task groups.
CREATE TABLE scope_member (
    -- The task; it is a member of one group.
    task_id INTEGER PRIMARY KEY,
    -- The group.
    scope_id INTEGER NOT NULL,
    -- When and where it was added.
    added_ns INTEGER,
    site_id INTEGER
) STRICT;

CREATE INDEX scope_member_scope ON scope_member (scope_id);

-- What gathers, waits and iterators over futures wait for; of a wait for the first one that is done only the first eight.
CREATE TABLE child (
    -- Its number.
    child_id INTEGER PRIMARY KEY,
    -- The gather, the wait or the iterator.
    owner_id INTEGER NOT NULL,
    -- When it was told, in which thread, and its number there.
    told_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- The future or task, which was pending then.
    future_id INTEGER NOT NULL
) STRICT;

CREATE INDEX child_owner ON child (owner_id);

-- Tasks that waited for each other in a circle, until a cancellation broke it.
CREATE TABLE cycle_member (
    -- Its number.
    cycle_member_id INTEGER PRIMARY KEY,
    -- The circle: an id of its own.
    cycle_id INTEGER NOT NULL,
    -- When it was broken, in which thread, and the number of the event there.
    broken_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- One of its tasks, and the one that it waited for.
    task_id INTEGER NOT NULL,
    awaited_id INTEGER,
    -- What it waited for: word wait_kind, and the id that goes with it.
    wait_kind INTEGER,
    wait_object INTEGER,
    -- Where it waited.
    site_id INTEGER
) STRICT;

CREATE INDEX cycle_member_cycle ON cycle_member (cycle_id);

-- Steps and callbacks that ran so long that they held up their loops.
CREATE TABLE stall (
    -- Its number.
    stall_id INTEGER PRIMARY KEY,
    -- When it ended, in which thread, and its number there.
    ended_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- Whose turn it held up.
    loop_id INTEGER,
    -- For how long it ran.
    duration_ns INTEGER,
    -- What ran: word actor, and the id or number that goes with it.
    by INTEGER,
    by_id INTEGER,
    -- Where the task went on, or was created; where the callback was registered.
    site_id INTEGER,
    -- Where the task suspended again; NULL when it ended, and for callbacks.
    end_site_id INTEGER
) STRICT;

-- What tasks did at descriptors; only when the category io was on.
CREATE TABLE io (
    -- The operation.
    io_id INTEGER PRIMARY KEY,
    -- Whose it is.
    task_id INTEGER,
    -- What: word io_kind.
    what INTEGER,
    -- The descriptor; accept, open, mkstemp: the new one, once there is one; -1: none.
    descriptor INTEGER,
    -- Where.
    site_id INTEGER,
    -- Bytes asked for.
    size INTEGER,
    -- When it began, and ended; NULL when the event that says so is missing.
    started_ns INTEGER,
    finished_ns INTEGER,
    -- How it ended: word io_end.
    status INTEGER,
    -- Bytes read or written.
    byte_count INTEGER,
    -- The error: a value of errno, or of getaddrinfo, which are negative; NULL: none.
    error INTEGER,
    -- The path, or the name or address that is looked up; NULL: there is none.
    name TEXT
) STRICT;

-- Calls of exception handlers of loops.
CREATE TABLE handler_call (
    -- Its number.
    handler_call_id INTEGER PRIMARY KEY,
    -- When, in which thread, and its number there.
    called_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- The loop.
    loop_id INTEGER,
    -- Which handler: word handler_kind.
    kind INTEGER,
    -- The task or future of the context, and what it is: word object_kind.
    object_id INTEGER,
    object_kind INTEGER,
    -- The exception of the context.
    exception_id INTEGER,
    -- The message of the context.
    message TEXT
) STRICT;

-- What programs said about themselves.
CREATE TABLE note (
    -- Its number.
    note_id INTEGER PRIMARY KEY,
    -- When, in which thread, and its number there.
    noted_ns INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    -- The task that said it.
    task_id INTEGER,
    -- Where.
    site_id INTEGER,
    -- What the text is about; NULL when about nothing in particular.
    key TEXT,
    -- What it says.
    text TEXT
) STRICT;

-- Tests that programs told.
CREATE TABLE test (
    -- The test.
    test_id INTEGER PRIMARY KEY,
    -- The thread that began it; NULL when its beginning was not recorded: the rest was told later, to a session that began in the middle.
    thread_id INTEGER,
    -- Its name.
    name TEXT,
    -- When it began, and where that was said.
    began_ns INTEGER,
    began_site_id INTEGER,
    -- When it was over, tear-down included, and where that was said.
    ended_ns INTEGER,
    ended_site_id INTEGER,
    -- What became of it: word test_outcome; NULL before its end.
    outcome INTEGER,
    -- What it said about that; NULL: nothing.
    text TEXT
) STRICT;

-- Locks, events, conditions, semaphores, barriers and queues; only when the category resource was on.
CREATE TABLE resource (
    -- The resource.
    resource_id INTEGER PRIMARY KEY,
    -- What it is: word resource_kind.
    kind INTEGER,
    -- Units of a semaphore, room of a queue, parties of a barrier; NULL: it has none, or no limit.
    capacity INTEGER,
    -- When and where it was created.
    created_ns INTEGER,
    created_site_id INTEGER,
    -- Who created it: word actor, and the id or number that goes with it.
    by INTEGER,
    by_id INTEGER,
    -- A lock: the task that got it last, 0 when it was given back; when and where it got it, and when it was given back last.
    holder_id INTEGER,
    held_ns INTEGER,
    held_site_id INTEGER,
    released_ns INTEGER
) STRICT;

-- The event stream: events of one thread, packed together. It has all events of processes that record more than is on by
-- default (steps, turns, io, resources), and of imported traces. Read it through the virtual table event, which a plain
-- sqlite3 gets from libtelltale-sqlite.so.
CREATE TABLE chunk (
    -- Of two chunks of a thread the later one has the greater number.
    chunk_id INTEGER PRIMARY KEY,
    -- The thread.
    thread_id INTEGER NOT NULL,
    -- How many events are in it.
    event_count INTEGER NOT NULL,
    -- The earliest and the latest time in it.
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    -- The least and the greatest number of an attempt in it.
    first_sequence INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL,
    -- The least and the greatest task that events in it are about; NULL when none is about a task.
    first_task_id INTEGER,
    last_task_id INTEGER,
    -- Bit N is set when an event in it has a number that leaves N when divided by 64.
    number_set INTEGER NOT NULL,
    -- Bytes before they were compressed.
    plain_bytes INTEGER NOT NULL,
    -- Over data and all of the above but chunk_id; its upper 32 bits over the latter alone, so that no damage has a chunk passed over.
    checksum INTEGER NOT NULL,
    -- Columns of events, compressed by zstd.
    data BLOB NOT NULL
) STRICT;

-- Names of signals, so that views need not know numbers.
INSERT INTO word (enumeration, number, word) VALUES
    ('signal', 1, 'SIGHUP'), ('signal', 2, 'SIGINT'), ('signal', 3, 'SIGQUIT'), ('signal', 4, 'SIGILL'),
    ('signal', 5, 'SIGTRAP'), ('signal', 6, 'SIGABRT'), ('signal', 7, 'SIGBUS'), ('signal', 8, 'SIGFPE'),
    ('signal', 9, 'SIGKILL'), ('signal', 10, 'SIGUSR1'), ('signal', 11, 'SIGSEGV'), ('signal', 12, 'SIGUSR2'),
    ('signal', 13, 'SIGPIPE'), ('signal', 14, 'SIGALRM'), ('signal', 15, 'SIGTERM'), ('signal', 16, 'SIGSTKFLT'),
    ('signal', 17, 'SIGCHLD'), ('signal', 18, 'SIGCONT'), ('signal', 19, 'SIGSTOP'), ('signal', 20, 'SIGTSTP'),
    ('signal', 21, 'SIGTTIN'), ('signal', 22, 'SIGTTOU'), ('signal', 23, 'SIGURG'), ('signal', 24, 'SIGXCPU'),
    ('signal', 25, 'SIGXFSZ'), ('signal', 26, 'SIGVTALRM'), ('signal', 27, 'SIGPROF'), ('signal', 28, 'SIGWINCH'),
    ('signal', 29, 'SIGIO'), ('signal', 30, 'SIGPWR'), ('signal', 31, 'SIGSYS');
