-- What may be a mistake and may be nothing: one row for each case, with the amount that a threshold is compared with. They are
-- not findings; leaks has those.
CREATE VIEW hints AS
-- Tasks of which something may be told, in one list, so that what follows is planned once.
WITH remarkable AS MATERIALIZED (
    SELECT 'stall' AS lint, a.task_id AS task_id FROM task AS a
    WHERE a.longest_step_ns >= 1000000 AND a.task_id NOT IN (SELECT s.by_id FROM stall AS s WHERE s.by = 1)
    UNION ALL
    SELECT 'never-yielded', a.task_id FROM task AS a WHERE iif(a.step_count = 1, a.busy_ns, 0) >= 1000000
    UNION ALL
    SELECT 'never-yielded', a.task_id FROM task AS a
    WHERE a.outcome IS NULL AND a.abandoned_ns IS NULL AND a.started_ns IS NOT NULL
        AND NOT coalesce(iif(a.step_count = 1, a.busy_ns, 0) >= 1000000, 0)
        AND NOT EXISTS (SELECT 1 FROM board AS b WHERE b.task_id = a.task_id)
    UNION ALL
    SELECT 'busy-loop', a.task_id FROM task AS a WHERE a.step_count >= 1000
    UNION ALL
    SELECT 'busy-loop', b.task_id FROM board AS b WHERE b.step_count >= 1000
        AND NOT EXISTS (SELECT 1 FROM task AS a WHERE a.task_id = b.task_id AND a.step_count >= 1000)
    UNION ALL
    SELECT 'stack-nearly-full', a.task_id FROM task AS a
    WHERE a.stack_used_bytes * 2 - a.stack_bytes >= 0 AND a.stack_bytes > 0
)
-- A step or callback during which nothing else of its loop could run.
SELECT
    -- What was found: stall, never-yielded, slow-cancel, never-woken, task-flood, busy-loop, stack-nearly-full.
    'stall' AS lint,
    -- 0: it may be nothing.
    0 AS is_definite,
    -- The process.
    s.process_id AS process_id,
    -- The task that it is about, or the loop.
    coalesce(s.task_id, s.loop_id) AS object_id,
    -- Its id as it is printed: #17, in the recording's second process p1#17.
    coalesce((SELECT l.id_text FROM task_labels AS l WHERE l.task_id = s.task_id), s.by_text) AS id_text,
    -- Its name.
    (SELECT l.name FROM task_labels AS l WHERE l.task_id = s.task_id) AS name,
    -- The same for cases of one kind.
    'stall | ' || coalesce(s.by, 'unknown') || ' | from ' || coalesce(s.from_at, 'unknown place')
        || coalesce(' | to ' || s.to_at, '') AS fingerprint,
    -- When it began; NULL when that is not known.
    s.began_ns AS since_ns,
    -- How long it lasted, or has lasted until now; NULL where that is not what it is about.
    s.duration_ns AS lasted_ns,
    -- What happened, in one sentence.
    coalesce(s.by_text, 'something') || CASE WHEN NOT s.is_over THEN ' has run for ' || round(s.duration_ns / 1e6, 1)
            || ' ms and is not over' ELSE iif(s.by = 'task', ' ran from ', ', registered at ')
        || coalesce(s.from_at, 'unknown place') || coalesce(' to ' || s.to_at, '') || iif(s.by = 'task', '', ', ran')
        || ' for ' || round(s.duration_ns / 1e6, 1) || ' ms' END AS sentence,
    -- What a threshold is compared with: nanoseconds, tasks, steps, percent.
    s.duration_ns AS amount
FROM stalls AS s
UNION ALL
-- What single tasks did that few do: their longest step was too short to be told at once, and is known from their end; they let nobody
-- else have a turn from their beginning on; they were ready again after nearly each of their steps; they used much of their stack,
-- where that was measured.
SELECT k.lint, 0, t.process_id, t.task_id, t.id_text, t.name,
    CASE k.lint WHEN 'stall' THEN 'stall | task' ELSE k.lint END || ' | created at ' || coalesce(t.created_at, 'unknown place'),
    CASE k.lint WHEN 'stall' THEN NULL WHEN 'stack-nearly-full' THEN coalesce(t.started_ns, t.created_ns) ELSE t.started_ns END,
    CASE k.lint WHEN 'stall' THEN t.longest_step_ns WHEN 'never-yielded' THEN t.busy_ns WHEN 'busy-loop' THEN t.age_ns END,
    CASE k.lint
        WHEN 'stall' THEN 'its longest step ran for ' || round(t.longest_step_ns / 1e6, 1) || ' ms'
        WHEN 'never-yielded' THEN iif(t.ended_ns IS NULL, 'it has run since it began and has not let others have their turn',
            'it ran from its beginning to its end and never let others have their turn')
            || ': ' || round(t.busy_ns / 1e6, 1) || ' ms'
        WHEN 'busy-loop' THEN 'it made ' || t.step_count || ' steps, and waited for less than a hundredth of its life'
        ELSE 'it used ' || t.stack_used_bytes || ' of the ' || t.stack_bytes || ' bytes of its stack, '
            || (t.stack_used_bytes * 100 / t.stack_bytes) || ' %'
    END,
    CASE k.lint WHEN 'stall' THEN t.longest_step_ns WHEN 'never-yielded' THEN t.busy_ns WHEN 'busy-loop' THEN t.step_count
        ELSE t.stack_used_bytes * 100 / t.stack_bytes END
FROM remarkable AS k CROSS JOIN tasks AS t ON t.task_id = k.task_id
WHERE CASE k.lint
    WHEN 'never-yielded' THEN t.busy_ns >= 1000000 AND (t.ended_ns IS NOT NULL OR t.state = 'running')
    WHEN 'busy-loop' THEN t.step_count >= 1000 AND t.waiting_ns * 100 < t.age_ns
    ELSE 1 END
UNION ALL
-- A task that went on for long after it had been cancelled.
SELECT 'slow-cancel', 0, t.task_id >> 40, t.task_id, c.id_text, c.name,
    'slow-cancel | created at ' || coalesce((SELECT pl.place FROM places AS pl WHERE pl.site_id = t.created_site_id), 'unknown place')
        || ' | delivered at ' || coalesce(c.delivered_at, 'unknown place'),
    c.requested_ns, iif(t.ended_ns IS NULL AND t.created_ns IS NULL, NULL, t.until_ns) - c.requested_ns,
    'it was cancelled at ' || coalesce(c.requested_at, 'unknown place')
        || iif(t.ended_ns IS NULL, ' and has not ended for ', ' and ended only after ')
        || round((iif(t.ended_ns IS NULL AND t.created_ns IS NULL, NULL, t.until_ns) - c.requested_ns) / 1e6, 1) || ' ms',
    iif(t.ended_ns IS NULL AND t.created_ns IS NULL, NULL, t.until_ns) - c.requested_ns
-- Of each task the first request that was not taken back; the others of its row, as SQLite has it.
FROM (SELECT x.*, min(x.cancellation_id) FROM cancellations AS x
    WHERE x.accepted AND x.ending IN ('cancelled', 'converted', 'swallowed', 'pending') GROUP BY x.task_id) AS c
JOIN task_facts AS t ON t.task_id = c.task_id
UNION ALL
-- Tasks that wait for what only code of their loop can bring, a future, a lock, an event, a queue, when all tasks of that loop
-- do: only a callback, another thread or a signal can wake them. Not those that wait for each other in a circle.
SELECT 'never-woken', 0, t.process_id, t.task_id, t.id_text, t.name,
    'never-woken | waiting at ' || coalesce(t.wait_at, 'unknown place') || ' | for ' || t.wait_kind,
    t.wait_since_ns, t.wait_ns,
    'it waits for ' || t.wait_text || ', and no task of its loop can bring that: all of them wait as it does', t.wait_ns
FROM tasks AS t
WHERE t.task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL)
    AND t.outcome = 'pending' AND t.wait_kind IN ('future', 'lock', 'event', 'condition', 'semaphore', 'barrier', 'queue_get',
        'queue_put', 'queue_join')
    AND t.loop_id IN (
        SELECT f.loop_id FROM task_facts AS f
        WHERE f.task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL AND a.abandoned_ns IS NULL)
            AND NOT EXISTS (SELECT 1 FROM failure AS x WHERE x.failure_id = f.task_id)
        GROUP BY f.loop_id
        HAVING min(f.board_state IS 3 AND f.wait_kind IN (2, 3, 4, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21)
            -- A time limit will end it.
            AND NOT EXISTS (SELECT 1 FROM wait AS w WHERE w.wait_id = f.wait_object AND w.timeout_ns IS NOT NULL)
            AND NOT EXISTS (SELECT 1 FROM scope AS s WHERE s.task_id = f.task_id AND s.kind = 8 AND s.exited_ns IS NULL
                AND s.expired_ns IS NULL AND s.deadline_ns < 9223372036854775807)))
UNION ALL
-- Places that had very many tasks alive at once. Whoever created fewer than 100 there is passed over.
SELECT 'task-flood', 0, n.process_id, n.task_id,
    iif(n.task_id >> 40 = 0, '#', 'p' || (n.task_id >> 40) || '#') || (n.task_id & 1099511627775),
    (SELECT l.name FROM task_labels AS l WHERE l.task_id = n.task_id),
    'task-flood | created at ' || coalesce(pl.place, 'unknown place'), n.at_ns, NULL,
    n.alive_count || ' tasks that were created at ' || coalesce(pl.place, 'unknown place') || ' were alive at once', n.alive_count
FROM (
    -- As it was counted when the recording was finished.
    SELECT o.process_id AS process_id, o.site_id AS site_id, o.first_task_id AS task_id, o.alive_max AS alive_count,
        o.alive_max_ns AS at_ns
    FROM task_origin AS o
    WHERE o.alive_max IS NOT NULL
        AND o.site_id IN (SELECT x.site_id FROM task_origin AS x GROUP BY x.site_id HAVING sum(x.task_count) >= 100)
    UNION ALL
    -- As long as it is not.
    SELECT m.process_id AS process_id, m.site_id AS site_id, min(m.task_id) AS task_id, max(m.alive_count) AS alive_count,
        -- Of the row with the greatest count, as SQLite has it.
        m.at_ns AS at_ns
    FROM (SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM task_origin)) AS uncounted CROSS JOIN (
        SELECT e.process_id, e.site_id, e.task_id, e.at_ns,
            sum(e.step) OVER (PARTITION BY e.process_id, e.site_id ORDER BY e.at_ns, e.step
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS alive_count
        FROM (
            SELECT a.task_id >> 40 AS process_id, a.created_site_id AS site_id, a.task_id AS task_id, a.created_ns AS at_ns,
                1 AS step
            FROM task AS a WHERE a.created_ns IS NOT NULL AND a.created_site_id IN (
                SELECT b.created_site_id FROM task AS b GROUP BY b.created_site_id HAVING count(*) >= 100)
            UNION ALL
            SELECT a.task_id >> 40, a.created_site_id, a.task_id, coalesce(a.ended_ns, a.abandoned_ns), -1
            FROM task AS a WHERE a.created_ns IS NOT NULL AND coalesce(a.ended_ns, a.abandoned_ns) IS NOT NULL
                AND a.created_site_id IN (
                SELECT b.created_site_id FROM task AS b GROUP BY b.created_site_id HAVING count(*) >= 100)
        ) AS e
    ) AS m
    GROUP BY m.process_id, m.site_id
) AS n
LEFT JOIN places AS pl ON pl.site_id = n.site_id;
