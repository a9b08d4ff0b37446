-- Every task: who created it, how it ended, or what it is doing.
CREATE VIEW tasks AS
SELECT
    -- The task, unique in the recording.
    t.task_id AS task_id,
    -- The id as it is printed: #17, in the recording's second process p1#17.
    iif(t.task_id >> 40 = 0, '#', 'p' || (t.task_id >> 40) || '#') || (t.task_id & 1099511627775) AS id_text,
    -- Its process.
    t.task_id >> 40 AS process_id,
    -- Its name, the default name Task-N included.
    t.name AS name,
    -- The function that it runs.
    (SELECT s.text FROM site AS s WHERE s.site_id = t.created_site_id) AS coroutine,
    -- How it ended: returned, failed, cancelled, abandoned (its loop was closed over it); pending when it had not
    -- ended, also when its process was killed; unknown when the event that says so may be missing.
    CASE t.outcome
        WHEN 1 THEN 'returned'
        WHEN 2 THEN 'failed'
        WHEN 3 THEN 'cancelled'
        -- The rest costs more, and is asked for few tasks: of those that ended nothing is looked up.
        ELSE (SELECT o.outcome FROM task_outcomes AS o WHERE o.task_id = t.task_id)
    END AS outcome,
    -- What it does, or did when its process ended: ready, running, waiting; done when it has ended; NULL when not
    -- known.
    CASE
        WHEN t.ended_ns IS NOT NULL OR EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = t.task_id) THEN 'done'
        ELSE (SELECT w.word FROM word AS w WHERE w.enumeration = 'task_state' AND w.number = t.board_state)
    END AS state,
    -- When it was created.
    t.created_ns AS created_ns,
    -- When its first step began.
    t.started_ns AS started_ns,
    -- When it ended or was abandoned; NULL while it is pending.
    t.ended_ns AS ended_ns,
    -- How long it has lived: until its end, its process's end, or now.
    t.until_ns - t.created_ns AS age_ns,
    -- Time that it ran.
    t.busy_ns + iif(t.since_ns IS NOT NULL AND t.board_state = 2, max(0, t.until_ns - t.since_ns), 0) AS busy_ns,
    -- Time that it could have run and waited for its turn.
    t.ready_ns + iif(t.since_ns IS NOT NULL AND t.board_state = 1, max(0, t.until_ns - t.since_ns), 0) AS ready_ns,
    -- Time that it was suspended.
    max(0, t.until_ns - t.created_ns - t.busy_ns - t.ready_ns
        - iif(t.since_ns IS NOT NULL AND t.board_state IN (1, 2), max(0, t.until_ns - t.since_ns), 0)) AS waiting_ns,
    -- Its longest uninterrupted run; known when it has ended.
    t.longest_step_ns AS longest_step_ns,
    -- How many steps it began.
    t.step_count AS step_count,
    -- Where it was created: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.created_site_id) AS created_at,
    -- Of that, the file.
    (SELECT s.file FROM site AS s WHERE s.site_id = t.created_site_id) AS created_file,
    -- Of that, the line.
    (SELECT s.line FROM site AS s WHERE s.site_id = t.created_site_id) AS created_line,
    -- Of that, the function.
    (SELECT s.func FROM site AS s WHERE s.site_id = t.created_site_id) AS created_func,
    -- What kind of code created it: main, task, callback, signal, thread ...
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = t.parent_kind) AS parent_kind,
    -- The task, signal number or kernel thread id that goes with it.
    t.parent_id AS parent_id,
    -- Who created it, in words: #3 "main", signal SIGTERM, callback, main program.
    CASE t.parent_kind
        WHEN 0 THEN 'main program'
        WHEN 1 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = t.parent_id),
            iif(t.parent_id >> 40 = 0, '#', 'p' || (t.parent_id >> 40) || '#') || (t.parent_id & 1099511627775))
        WHEN 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = t.parent_id), t.parent_id)
        WHEN 4 THEN 'thread ' || t.parent_id
        ELSE (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = t.parent_kind)
    END AS parent_text,
    -- What a pending or abandoned task waits for, or an unknown one waited for when its process last told it: sleep, task, future, gather, accept, recv, send, connect, wait, shield,
    -- as_completed, group, lock, event, condition, semaphore, barrier, queue_get, queue_put, queue_join,
    -- read, write, resolve, write_turn,
    -- file, process, signal.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'wait_kind' AND w.number = nullif(t.wait_kind, 0)) AS wait_kind,
    -- The id or descriptor that goes with it.
    CASE WHEN t.wait_kind > 1 AND t.wait_kind NOT IN (32, 40) THEN t.wait_object END AS wait_object,
    -- Where it waits.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.wait_site_id) AS wait_at,
    -- Since when it has waited.
    t.wait_since_ns AS wait_since_ns,
    -- How long it has waited: until its process's end, its loop's end, or now.
    max(0, t.until_ns - t.wait_since_ns) AS wait_ns,
    -- What it waits for, in words: sleep, recv on descriptor 7, task #4 "x", lock #9, 3 tasks
    -- (first exception).
    (SELECT coalesce(
        (SELECT o.text FROM wait_objects AS o WHERE o.wait_kind = k.wait_kind AND o.object_id = t.wait_object),
        k.text || coalesce(k.before_object || iif(k.is_id,
            iif(t.wait_object >> 40 = 0, '#', 'p' || (t.wait_object >> 40) || '#') || (t.wait_object & 1099511627775),
            t.wait_object), ''))
        FROM wait_kinds AS k WHERE k.number = t.wait_kind)
        || coalesce((SELECT ' (' || g.pending_count || ' of ' || g.child_count || iif(g.child_count = 1, ' task', ' tasks') || ' pending)'
            FROM scopes AS g WHERE t.wait_kind = 12 AND g.scope_id = t.wait_object AND g.child_count > 0), '') AS wait_text,
    -- Its loop.
    t.loop_id AS loop_id,
    -- Its failure, when it failed: the same number as task_id.
    (SELECT f.failure_id FROM failure AS f WHERE f.failure_id = t.task_id) AS failure_id,
    -- 1 when its creator got a handle, 0 when it was spawned without one.
    t.has_handle AS has_handle,
    -- How much of its stack it used at most, at least so much; NULL when it has not ended, or nobody asked (category stack).
    t.stack_used_bytes AS stack_used_bytes,
    -- The size of its stack.
    t.stack_bytes AS stack_bytes
FROM task_facts AS t;
