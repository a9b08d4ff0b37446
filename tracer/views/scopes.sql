-- Timeouts and task groups: which task entered them where, what became of them, and what they hold now.
CREATE VIEW scopes AS
SELECT
    -- The scope, unique in the recording.
    s.scope_id AS scope_id,
    -- Its id as it is printed: #17, in the recording's second process p1#17.
    iif(s.scope_id >> 40 = 0, '#', 'p' || (s.scope_id >> 40) || '#') || (s.scope_id & 1099511627775) AS id_text,
    -- Its process.
    s.scope_id >> 40 AS process_id,
    -- What it is: timeout or group.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'object_kind' AND w.number = s.kind) AS kind,
    -- The task that entered it.
    s.task_id AS task_id,
    -- That task: #3 "main".
    coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.task_id),
        iif(s.task_id >> 40 = 0, '#', 'p' || (s.task_id >> 40) || '#') || (s.task_id & 1099511627775)) AS task_text,
    -- The scope around it in its task.
    s.outer_id AS outer_id,
    -- open: its task is inside, or was when its process ended; left; abandoned: its loop was closed over the task.
    CASE
        WHEN s.exited_ns IS NOT NULL THEN 'left'
        WHEN (SELECT t.abandoned_ns FROM task AS t WHERE t.task_id = s.task_id) IS NOT NULL THEN 'abandoned'
        ELSE 'open'
    END AS state,
    -- When it was entered.
    s.entered_ns AS entered_ns,
    -- Where it was entered: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.entered_site_id) AS entered_at,
    -- When it was left.
    s.exited_ns AS exited_ns,
    -- Where it was left.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.exited_site_id) AS exited_at,
    -- How long its task was inside: until it left, its process's end, or now.
    max(0, coalesce(s.exited_ns, (SELECT t.abandoned_ns FROM task AS t WHERE t.task_id = s.task_id),
        p.goodbye_ns, p.gone_ns, p.seen_ns) - s.entered_ns) AS lasted_ns,
    -- How it ended: returned, raised; a timeout that expired: converted (to TimeoutError), passed (CancelledError went
    -- on, since somebody else had asked too), overruled (another exception won), swallowed (the body returned all the
    -- same); NULL while it has not been left.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'scope_end' AND w.number = s.ending) AS ending,
    -- Type of the exception that came out of it.
    (SELECT e.type FROM exception AS e WHERE e.exception_id = s.exception_id) AS exception_type,
    -- Text of the exception that came out of it.
    (SELECT e.message FROM exception AS e WHERE e.exception_id = s.exception_id) AS exception_message,
    -- 1 when the program did not leave it: an outer scope, or the end of the task, did.
    coalesce(s.is_left_open, 0) AS left_open,
    -- A timeout's deadline; NULL when it has none.
    nullif(s.deadline_ns, 9223372036854775807) AS deadline_ns,
    -- When it was given that deadline, if not at its entry.
    s.rescheduled_ns AS rescheduled_ns,
    -- When its deadline came and it cancelled its task.
    s.expired_ns AS expired_ns,
    -- A group: 1 when its tasks go on when one of them fails.
    s.is_keep_going AS keep_going,
    -- A group: tasks that were added to it.
    CASE WHEN s.kind = 6 THEN max(coalesce(s.child_count, 0),
        (SELECT count(*) FROM scope_member AS m WHERE m.scope_id = s.scope_id)) END AS child_count,
    -- A group: of these, those that have not ended.
    CASE WHEN s.kind = 6 THEN iif(s.exited_ns IS NOT NULL, 0,
        (SELECT count(*) FROM scope_member AS m LEFT JOIN task AS t ON t.task_id = m.task_id
         WHERE m.scope_id = s.scope_id AND t.ended_ns IS NULL AND t.abandoned_ns IS NULL)) END AS pending_count,
    -- A group: of these, those that failed.
    CASE WHEN s.kind = 6 THEN max(coalesce(s.failed_count, 0),
        (SELECT count(*) FROM scope_member AS m JOIN failure AS f ON f.failure_id = m.task_id
         WHERE m.scope_id = s.scope_id)) END AS failed_count,
    -- A group: when it cancelled its tasks.
    s.aborted_ns AS aborted_ns,
    -- A group: why: failure (one of its tasks failed), body (its body raised), cancelled (its task was cancelled).
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'abort_reason' AND w.number = s.abort_reason) AS abort_reason,
    -- A group: the task whose failure was the reason, #4 "x".
    (SELECT l.label FROM task_labels AS l WHERE l.task_id = s.aborted_by_id) AS aborted_by
FROM scope AS s
LEFT JOIN process AS p ON p.process_id = s.scope_id >> 40;
