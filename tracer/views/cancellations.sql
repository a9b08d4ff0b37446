-- Every request to cancel: who asked, from where, why, when it arrived in the task, and how it ended.
CREATE VIEW cancellations AS
WITH request AS (
    SELECT
        c.*,
        -- How the timeout that asked was left: word scope_end.
        (SELECT s.ending FROM scope AS s WHERE s.scope_id = c.by_id AND c.by = 9) AS scope_ending,
        -- Asked by a task group of the task that was inside, and has left it: the request has served.
        coalesce((SELECT s.exited_ns IS NOT NULL AND s.task_id = c.task_id FROM scope AS s
            WHERE s.scope_id = c.by_id AND c.by = 10), 0) AS has_served,
        -- How its task ended; NULL for a plain future.
        (SELECT o.outcome FROM task_outcomes AS o WHERE o.task_id = c.task_id) AS outcome,
        -- The first delivery after it; several requests can share one.
        (SELECT e.cancellation_effect_id FROM cancellation_effect AS e
         WHERE e.task_id = c.task_id AND e.what = 'delivered' AND c.is_accepted
            AND iif(e.thread_id = c.thread_id, e.sequence > c.sequence, e.happened_ns >= c.requested_ns)
         ORDER BY e.happened_ns, e.sequence LIMIT 1) AS delivery_id,
        -- Vital events after it may be missing.
        coalesce((SELECT max(coalesce(p.vital_drop_last_ns, p.selected_last_ns), coalesce(p.selected_last_ns, p.vital_drop_last_ns)) >= c.requested_ns FROM process AS p
            WHERE p.process_id = c.task_id >> 40), 0) AS may_have_lost_events,
        -- Taken back: fewer requests remained than it made, while the task could still go on.
        EXISTS (SELECT 1 FROM cancellation_effect AS e
         LEFT JOIN task AS t ON t.task_id = e.task_id
         WHERE e.task_id = c.task_id AND coalesce(t.ended_ns > e.happened_ns, 1) AND e.what = 'uncancelled'
             AND e.request_count < c.request_count
            AND iif(e.thread_id = c.thread_id, e.sequence > c.sequence, e.happened_ns >= c.requested_ns))
                AS is_uncancelled
    FROM cancellation AS c
)
SELECT
    -- The request.
    c.cancellation_id AS cancellation_id,
    -- The task or future that was to be cancelled.
    c.task_id AS task_id,
    -- Its id as it is printed: #17, in the recording's second process p1#17.
    iif(c.task_id >> 40 = 0, '#', 'p' || (c.task_id >> 40) || '#') || (c.task_id & 1099511627775) AS id_text,
    -- Its name.
    (SELECT l.name FROM task_labels AS l WHERE l.task_id = c.task_id) AS name,
    -- When it was asked for.
    c.requested_ns AS requested_ns,
    -- What kind of code asked: main, task, callback, signal, thread, gather, runner, awaiter, timeout, group ...
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = c.by) AS by,
    -- The task, gather, timeout, group, signal number or kernel thread id that goes with it.
    c.by_id AS by_id,
    -- Who asked, in words: #3 "main", signal SIGTERM, awaiter #4 "x", timeout #7, task group #8, runner. Timeouts and
    -- groups ask from where they were entered.
    CASE
        WHEN c.by = 0 THEN 'main program'
        WHEN c.by IN (1, 5, 7, 9, 10) THEN CASE c.by WHEN 5 THEN 'gather ' WHEN 7 THEN 'awaiter ' WHEN 9 THEN 'timeout '
            WHEN 10 THEN 'task group ' ELSE '' END || coalesce(
            (SELECT l.label FROM task_labels AS l WHERE l.task_id = c.by_id),
            iif(c.by_id >> 40 = 0, '#', 'p' || (c.by_id >> 40) || '#') || (c.by_id & 1099511627775))
        WHEN c.by = 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = c.by_id), c.by_id)
        WHEN c.by = 4 THEN 'thread ' || c.by_id
        ELSE (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = c.by)
    END AS by_text,
    -- The message of the cancellation.
    c.reason AS reason,
    -- Where it was asked for.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = c.site_id) AS requested_at,
    -- 0 when the task or future was done already.
    c.is_accepted AS accepted,
    -- When it was raised in the task.
    d.happened_ns AS delivered_ns,
    -- Where the task was suspended then.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = d.site_id) AS delivered_at,
    -- From request to delivery.
    max(0, d.happened_ns - c.requested_ns) AS latency_ns,
    -- 1 when the task's coroutine never ran.
    coalesce(d.is_before_start, 0) AS before_start,
    -- How it ended: cancelled, timed_out (the timeout that asked made its TimeoutError of it), swallowed (the task
    -- returned, or the body of the timeout that asked), converted (the task, or the body, ended with another exception),
    -- ignored (it was done already), uncancelled (the request was taken back, or its task has left
    -- the task group that made it), pending (the task has not ended), unknown
    -- (events are missing).
    CASE
        WHEN NOT c.is_accepted THEN 'ignored'
        WHEN c.by = 9 AND c.scope_ending = 3 THEN 'timed_out'
        WHEN c.by = 9 AND c.scope_ending = 5 THEN 'converted'
        WHEN c.by = 9 AND c.scope_ending = 6 THEN 'swallowed'
        -- Who leaves a timeout takes its request back, in any case: how it was left may be missing.
        WHEN c.by = 9 AND c.scope_ending IS NULL AND c.is_uncancelled AND c.may_have_lost_events THEN 'unknown'
        WHEN c.is_uncancelled OR c.has_served THEN 'uncancelled'
        WHEN EXISTS (SELECT 1 FROM cancellation_effect AS e WHERE e.task_id = c.task_id AND e.what = 'swallowed')
            THEN 'swallowed'
        WHEN EXISTS (SELECT 1 FROM cancellation_effect AS e WHERE e.task_id = c.task_id AND e.what = 'converted')
            THEN 'converted'
        ELSE CASE c.outcome
            WHEN 'cancelled' THEN 'cancelled'
            WHEN 'pending' THEN 'pending'
            WHEN 'abandoned' THEN 'pending'
            WHEN 'failed' THEN iif(d.cancellation_effect_id IS NOT NULL, 'converted', 'unknown')
            WHEN 'returned' THEN 'unknown'
            WHEN 'unknown' THEN 'unknown'
            -- A plain future.
            ELSE CASE
                WHEN EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = c.task_id) THEN 'converted'
                WHEN c.may_have_lost_events THEN 'unknown'
                ELSE 'cancelled'
            END
        END
    END AS ending
FROM request AS c
LEFT JOIN cancellation_effect AS d ON d.cancellation_effect_id = c.delivery_id;
