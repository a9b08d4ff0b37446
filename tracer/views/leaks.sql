-- Findings: what failed and nobody saw, cancellations that were swallowed, tasks that were destroyed while pending or never
-- began, tasks that wait for each other, timeouts and groups that were left open. One row each. What may be nothing is in
-- hints.
CREATE VIEW leaks AS
-- Tasks over which their loop was closed, or their process ended, in one list, so that what follows is planned once.
WITH unfinished AS MATERIALIZED (
    SELECT 'destroyed-pending' AS lint, a.task_id AS task_id FROM task AS a
    WHERE a.outcome IS NULL AND a.abandoned_ns IS NOT NULL AND NOT (a.started_ns IS NULL
        AND a.wait_kind = 0 AND NOT EXISTS (SELECT 1 FROM cancellation AS c WHERE c.task_id = a.task_id))
    UNION ALL
    SELECT 'never-started', a.task_id FROM task AS a
    WHERE a.outcome IS NULL AND a.abandoned_ns IS NOT NULL AND a.started_ns IS NULL AND a.wait_kind = 0
        AND NOT EXISTS (SELECT 1 FROM cancellation AS c WHERE c.task_id = a.task_id)
    UNION ALL
    SELECT 'never-started', f.task_id FROM task_facts AS f JOIN process AS p ON p.process_id = f.task_id >> 40
    WHERE f.task_id IN (SELECT a.task_id FROM task AS a WHERE a.started_ns IS NULL AND a.outcome IS NULL)
        AND p.goodbye_reason = 1 AND f.ended_ns IS NULL AND f.board_state = 1 AND f.step_count = 0
        AND NOT EXISTS (SELECT 1 FROM cancellation AS c WHERE c.task_id = f.task_id)
)
SELECT
    -- What was found: lost-failure, absorbed-failure, held-failure, swallowed-cancel, scope-left-open,
    -- destroyed-pending, never-started, await-cycle.
    f.state || '-failure' AS lint,
    -- 1 when it is a finding in any case, 0 when it may turn out well.
    f.state <> 'held' AS is_definite,
    -- The process.
    f.process_id AS process_id,
    -- The failure or task that it is about.
    f.failure_id AS object_id,
    -- Its id as it is printed: #17, in the recording's second process p1#17.
    f.id_text AS id_text,
    -- Its name.
    f.name AS name,
    -- The same for findings of one kind.
    f.fingerprint AS fingerprint,
    -- When it began.
    f.stored_ns AS since_ns,
    -- How long it lasted, or has lasted until now.
    f.unread_ns AS lasted_ns,
    -- What happened, in one sentence.
    CASE f.state
        WHEN 'held' THEN 'nobody has looked at the failure yet, and '
            || iif(f.reason = 'group', 'its task group keeps it until all of its tasks have ended', 'somebody still holds it')
        WHEN 'absorbed' THEN 'the library looked at the failure, user code never did'
            || CASE
                WHEN f.reason = 'thread_chain' THEN ': it went to the future of another thread, which nobody asked'
                WHEN f.forward_count > 0 THEN ': it went on to a failure that user code never saw either'
                WHEN f.reason = 'gather' THEN ': gather read it and passed on nothing of it'
                WHEN f.reason = 'unread_value' THEN ': it is a value of a list of gather, and its slot was never read'
                WHEN f.reason = 'wait' THEN ': wait looked at it in order to return, and passed on nothing of it'
                WHEN f.reason = 'shield' THEN ': a shield that was cancelled read it and passed on nothing of it'
                WHEN f.reason = 'group' THEN iif((SELECT s.exited_ns FROM scope_member AS m
                    JOIN scope AS s ON s.scope_id = m.scope_id WHERE m.task_id = f.failure_id) IS NULL,
                    ': its task group kept it for when all of its tasks have ended, which never was',
                    ': its task group ended with another exception and passed on nothing of it')
                WHEN f.reason = 'cancel_after_done' THEN ': cancel was called when it had failed already'
                ELSE coalesce(': ' || f.reason, '')
            END
        ELSE CASE f.reason
            WHEN 'dropped' THEN 'the last reference went and nobody had looked at the failure'
            WHEN 'ignored' THEN 'a coroutine went on with the exception pending, and nobody looked at its failure'
            WHEN 'loop_closed' THEN 'the loop was closed and nobody had looked at the failure'
            WHEN 'held_at_exit' THEN 'the process exited while the failure was held, and nobody had looked at it'
            WHEN 'killed' THEN 'the process was killed and nobody had looked at the failure'
            ELSE 'the last reference went and nobody had looked at the failure'
        END
    END AS sentence,
    -- What a threshold is compared with; NULL when there is none.
    CASE WHEN f.state = 'held' THEN f.unread_ns END AS amount
FROM failures AS f
WHERE f.state IN ('lost', 'absorbed', 'held') AND NOT f.is_told_elsewhere
UNION ALL
SELECT 'swallowed-cancel', 1, c.task_id >> 40, c.task_id, c.id_text, c.name,
    'swallowed-cancel | created at ' || coalesce((SELECT pl.place FROM task AS t JOIN places AS pl ON pl.site_id = t.created_site_id
        WHERE t.task_id = c.task_id), 'unknown place')
        || ' | delivered at ' || coalesce(c.delivered_at, 'unknown place'),
    c.requested_ns, max(0, (SELECT t.ended_ns FROM task_facts AS t WHERE t.task_id = c.task_id) - c.requested_ns),
    'the task was cancelled and returned all the same', NULL
-- Of each task the first request; the others of its row, as SQLite has it.
FROM (SELECT x.*, min(x.cancellation_id) FROM cancellations AS x
    -- Few tasks swallow anything: only those are looked at closely.
    WHERE x.task_id IN (SELECT e.task_id FROM cancellation_effect AS e WHERE e.what = 'swallowed') AND x.ending = 'swallowed'
    GROUP BY x.task_id) AS c
UNION ALL
-- A timeout that cancelled its task, and nobody noticed.
SELECT 'swallowed-cancel', 1, s.process_id, s.task_id, l.id_text, l.name,
    'swallowed-cancel | timeout entered at ' || coalesce(s.entered_at, 'unknown place')
        || ' | delivered at ' || coalesce(c.delivered_at, 'unknown place'),
    s.expired_ns, max(0, s.exited_ns - s.expired_ns),
    'a timeout expired, and its body returned all the same', NULL
FROM scopes AS s
JOIN task_labels AS l ON l.task_id = s.task_id
-- Where the task awaits another one, that one got the cancellation, and is the finding.
JOIN cancellations AS c ON c.task_id = s.task_id AND c.by_id = s.scope_id AND c.by = 'timeout'
    AND c.delivered_ns <= s.exited_ns
WHERE s.scope_id IN (SELECT x.scope_id FROM scope AS x WHERE x.ending = 6)
UNION ALL
SELECT 'scope-left-open', 1, s.process_id, s.task_id, l.id_text, l.name,
    'scope-left-open | ' || s.kind || ' entered at ' || coalesce(s.entered_at, 'unknown place'),
    s.entered_ns, s.lasted_ns,
    iif(s.kind = 'group', 'a task group', 'a timeout') || ' entered at ' || coalesce(s.entered_at, 'unknown place')
        || ' was left open', NULL
FROM scopes AS s
JOIN task_labels AS l ON l.task_id = s.task_id
WHERE s.scope_id IN (SELECT x.scope_id FROM scope AS x WHERE x.is_left_open)
UNION ALL
-- Tasks over which their loop was closed, which says so; of these, those that nobody cancelled and that never got their first turn,
-- and such whose process exited while they were ready.
SELECT k.lint, 1, t.process_id, t.task_id, t.id_text, t.name,
    iif(k.lint = 'never-started', 'never-started | created at ' || coalesce(t.created_at, 'unknown place'),
        'destroyed-pending | created at ' || coalesce(t.created_at, 'unknown place') || ' | waiting at '
        || coalesce(t.wait_at, 'unknown place')),
    iif(k.lint = 'never-started', t.created_ns, t.ended_ns), t.age_ns,
    CASE
        WHEN k.lint = 'destroyed-pending'
            THEN 'the loop was closed while the task was pending' || coalesce(', waiting for ' || t.wait_text, '')
        WHEN t.outcome = 'abandoned' THEN 'the loop was closed before the task began'
        ELSE 'the process exited before the task began'
    END, NULL
FROM unfinished AS k CROSS JOIN tasks AS t ON t.task_id = k.task_id
WHERE k.lint = 'never-started' OR t.outcome = 'abandoned'
UNION ALL
SELECT 'await-cycle', 1, c.process_id, c.cycle_id,
    iif(c.cycle_id >> 40 = 0, '#', 'p' || (c.cycle_id >> 40) || '#') || (c.cycle_id & 1099511627775),
    (SELECT l.name FROM task_labels AS l WHERE l.task_id = c.cycle_id),
    'await-cycle | ' || group_concat(CASE WHEN c.position < 8 THEN 'waiting at ' || coalesce(c.wait_at, 'unknown place') END, ' | '),
    coalesce(max(c.since_ns), c.broken_ns),
    max(0, coalesce((SELECT coalesce(p.goodbye_ns, p.gone_ns, p.seen_ns) FROM process AS p
        WHERE p.process_id = c.process_id) - max(c.since_ns), 0)),
    CASE WHEN c.broken_ns IS NULL
            THEN iif(c.task_count = 1, 'the task waits for itself: ', c.task_count || ' tasks wait for each other: ')
            ELSE 'until a cancellation broke the circle, '
                || iif(c.task_count = 1, 'the task waited for itself: ', c.task_count || ' tasks waited for each other: ')
        END
        -- A long one is told in part.
        || group_concat(CASE WHEN c.position < 8 THEN c.label || coalesce(' (at ' || c.wait_at || ')', '')
            WHEN c.position = 8 THEN '...' END, ' -> ')
        || ' -> ' || iif(c.cycle_id >> 40 = 0, '#', 'p' || (c.cycle_id >> 40) || '#') || (c.cycle_id & 1099511627775),
    NULL
FROM (SELECT y.*, coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = y.task_id), '#' || y.task_id) AS label
    FROM await_cycles AS y ORDER BY y.cycle_id, y.broken_ns, y.position) AS c
GROUP BY c.cycle_id, c.broken_ns;
