-- Who waits for whom: for each task that waits, waited when its loop was closed over it, or waited when it was told last and may
-- have ended since (outcome unknown), one row for each thing that it waits for in the end, behind gathers, waits, shields and task
-- groups; behind a lock, when it is known, the task that has it.
CREATE VIEW awaits AS
WITH RECURSIVE lost AS MATERIALIZED (
    SELECT d.process_id AS process_id, d.until_ns AS until_ns FROM detail_losses AS d WHERE d.category = 'resource'
),
-- Who has a lock, where that is certain: given back unseen, it is another task's.
held AS NOT MATERIALIZED (
    SELECT r.resource_id AS resource_id, r.holder_id AS holder_id FROM resource AS r
    WHERE r.holder_id <> 0 AND NOT EXISTS (SELECT 1 FROM lost AS d WHERE d.process_id = r.resource_id >> 40 AND d.until_ns >= r.held_ns)
),
thing (task_id, kind, id, is_needed) AS (
    SELECT t.task_id, t.wait_kind,
        -- What has no id: time, a file, the addresses of a name.
        CASE WHEN t.wait_kind NOT IN (1, 32, 40) THEN t.wait_object END,
        -- A time limit ends the wait in any case.
        NOT EXISTS (SELECT 1 FROM scope AS s WHERE s.task_id = t.task_id AND s.kind = 8 AND s.exited_ns IS NULL
            AND s.expired_ns IS NULL AND s.deadline_ns < 9223372036854775807)
    FROM task_facts AS t
    WHERE t.wait_kind > 0 AND t.task_id IN (
        SELECT b.task_id FROM board AS b WHERE b.state = 3
        UNION ALL SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL AND a.abandoned_ns IS NOT NULL)
    UNION
    -- Behind a gather, a wait, an iterator: those that have not ended. A wait that goes on when one of several is done
    -- needs none of them, nor one with a time limit.
    SELECT o.task_id,
        CASE
            WHEN EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = c.future_id) THEN 2
            WHEN EXISTS (SELECT 1 FROM gather AS x WHERE x.gather_id = c.future_id) THEN 4
            WHEN EXISTS (SELECT 1 FROM shield AS x WHERE x.shield_id = c.future_id) THEN 10
            ELSE 3
        END, c.future_id,
        o.is_needed AND coalesce((SELECT (w.until = 1 OR w.child_count = 1) AND w.timeout_ns IS NULL FROM wait AS w
            WHERE w.wait_id = o.id), o.kind = 4)
    FROM thing AS o JOIN child AS c ON c.owner_id = o.id
    WHERE o.kind IN (4, 9, 11)
        AND NOT EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = c.future_id AND x.outcome IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM failure AS x WHERE x.failure_id = c.future_id)
    UNION
    -- Behind a shield.
    SELECT o.task_id,
        CASE
            WHEN EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = h.inner_id) THEN 2
            WHEN EXISTS (SELECT 1 FROM gather AS x WHERE x.gather_id = h.inner_id) THEN 4
            WHEN EXISTS (SELECT 1 FROM shield AS x WHERE x.shield_id = h.inner_id) THEN 10
            ELSE 3
        END, h.inner_id, o.is_needed
    FROM thing AS o JOIN shield AS h ON h.shield_id = o.id
    WHERE o.kind = 10 AND h.inner_id IS NOT NULL
    UNION
    -- The task that has a lock, where that was recorded.
    SELECT o.task_id, 2, r.holder_id, o.is_needed
    FROM thing AS o JOIN held AS r ON r.resource_id = o.id
    WHERE o.kind = 13
    UNION
    -- The tasks of a group that have not ended.
    SELECT o.task_id, 2, m.task_id, o.is_needed
    FROM thing AS o JOIN scope_member AS m ON m.scope_id = o.id
    WHERE o.kind = 12
        AND NOT EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = m.task_id AND x.outcome IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM failure AS x WHERE x.failure_id = m.task_id)
)
SELECT
    -- The task that waits.
    o.task_id AS task_id,
    -- Its process.
    o.task_id >> 40 AS process_id,
    -- What it awaits itself: word wait_kind, as in tasks; the id or descriptor that goes with it.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'wait_kind' AND w.number = t.wait_kind) AS wait_kind,
    CASE WHEN t.wait_kind NOT IN (1, 32, 40) THEN t.wait_object END AS wait_object,
    -- Since when: NULL when it was abandoned.
    t.wait_since_ns AS since_ns,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.wait_site_id) AS wait_at,
    -- What it waits for in the end: task, future, sleep, recv, lock ...; gather, wait, as_completed or group when it is not
    -- known what is behind it.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'wait_kind' AND w.number = o.kind) AS awaited_kind,
    -- The id or descriptor that goes with it.
    o.id AS awaited_id,
    -- The task, when it is one.
    CASE WHEN o.kind = 2 THEN o.id END AS awaited_task_id,
    -- 1 when it cannot go on before that has ended; 0 when something else may end its wait: another one of several, or a time
    -- limit.
    o.is_needed AS is_needed
FROM thing AS o JOIN task_facts AS t ON t.task_id = o.task_id
-- What has something behind it is not the end.
WHERE CASE
    WHEN o.kind IN (4, 9, 11) THEN NOT EXISTS (SELECT 1 FROM child AS c WHERE c.owner_id = o.id
        AND NOT EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = c.future_id AND x.outcome IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM failure AS x WHERE x.failure_id = c.future_id))
    WHEN o.kind = 13 THEN NOT EXISTS (SELECT 1 FROM held AS r WHERE r.resource_id = o.id)
    WHEN o.kind = 10 THEN NOT EXISTS (SELECT 1 FROM shield AS h WHERE h.shield_id = o.id AND h.inner_id IS NOT NULL)
    WHEN o.kind = 12 THEN NOT EXISTS (SELECT 1 FROM scope_member AS m WHERE m.scope_id = o.id
        AND NOT EXISTS (SELECT 1 FROM task AS x WHERE x.task_id = m.task_id AND x.outcome IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM failure AS x WHERE x.failure_id = m.task_id))
    ELSE 1
END;
