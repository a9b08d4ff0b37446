-- Tasks that wait for each other in a circle, and those that did until a cancellation broke it: one row for each task of a
-- circle, from its smallest task on. Of tasks that are entangled in several circles the shortest one through the smallest
-- task is told.
CREATE VIEW await_cycles AS
WITH RECURSIVE
    -- Who cannot go on before whom.
    edge AS MATERIALIZED (
        SELECT DISTINCT a.task_id AS task_id, a.awaited_task_id AS awaited_id
        FROM awaits AS a WHERE a.is_needed AND a.awaited_task_id IS NOT NULL
    ),
    -- Every circle has an edge from a younger task, or the same, to its smallest one: only from there a walk begins, and it
    -- stays among younger ones.
    ahead (start_id, task_id) AS MATERIALIZED (
        SELECT e.awaited_id, e.awaited_id FROM edge AS e WHERE e.awaited_id <= e.task_id
        UNION
        SELECT w.start_id, e.awaited_id FROM ahead AS w JOIN edge AS e ON e.task_id = w.task_id
        WHERE e.awaited_id >= w.start_id
    ),
    -- The circles' smallest tasks: not in reach of a smaller one that they reach themselves.
    closed AS MATERIALIZED (
        SELECT DISTINCT w.start_id AS start_id, (SELECT count(*) FROM ahead AS x WHERE x.start_id = w.start_id) AS reach
        FROM ahead AS w JOIN edge AS e ON e.task_id = w.task_id
        WHERE e.awaited_id = w.start_id
    ),
    -- How far it is from each task back to the smallest one. No way is longer than there are tasks.
    back (start_id, reach, task_id, distance) AS (
        SELECT c.start_id, c.reach, c.start_id, 0 FROM closed AS c
        UNION
        SELECT b.start_id, b.reach, e.task_id, b.distance + 1
        FROM back AS b
        JOIN edge AS e ON e.awaited_id = b.task_id
        JOIN ahead AS w ON w.start_id = b.start_id AND w.task_id = e.task_id
        WHERE e.task_id <> b.start_id
            AND b.distance < b.reach
    ),
    nearest AS MATERIALIZED (
        SELECT b.start_id AS start_id, b.task_id AS task_id, min(b.distance) AS distance FROM back AS b GROUP BY 1, 2
    ),
    -- From the smallest task the shortest way back to it.
    pending (start_id, position, task_id, awaited_id) AS (
        SELECT c.start_id, 0, c.start_id,
            (SELECT e.awaited_id FROM edge AS e JOIN nearest AS n ON n.start_id = c.start_id AND n.task_id = e.awaited_id
             WHERE e.task_id = c.start_id ORDER BY n.distance, e.awaited_id LIMIT 1)
        FROM closed AS c
        -- Inside the circle of a smaller one it was told with that.
        WHERE c.start_id NOT IN (SELECT n.task_id FROM nearest AS n WHERE n.start_id < n.task_id)
        UNION ALL
        SELECT p.start_id, p.position + 1, p.awaited_id,
            (SELECT e.awaited_id FROM edge AS e JOIN nearest AS n ON n.start_id = p.start_id AND n.task_id = e.awaited_id
             WHERE e.task_id = p.awaited_id ORDER BY n.distance, e.awaited_id LIMIT 1)
        FROM pending AS p WHERE p.awaited_id <> p.start_id
    ),
    -- Those that were broken, from their smallest task on.
    broken (cycle_id, start_id, position, task_id, awaited_id) AS (
        SELECT m.cycle_id, m.task_id, 0, m.task_id, m.awaited_id FROM cycle_member AS m
        WHERE m.task_id = (SELECT min(x.task_id) FROM cycle_member AS x WHERE x.cycle_id = m.cycle_id)
        UNION ALL
        SELECT b.cycle_id, b.start_id, b.position + 1, m.task_id, m.awaited_id
        FROM broken AS b JOIN cycle_member AS m ON m.cycle_id = b.cycle_id AND m.task_id = b.awaited_id
        WHERE b.awaited_id <> b.start_id
            AND b.position < (SELECT count(*) FROM cycle_member AS x WHERE x.cycle_id = b.cycle_id)
    ),
    -- A circle that several cancellations met is one, and so is one that was built again after it was broken.
    known AS (
        SELECT min(k.cycle_id) AS cycle_id, k.start_id AS start_id, k.way AS way
        FROM (
            SELECT NULL AS cycle_id, p.start_id AS start_id, group_concat(p.task_id) AS way
            FROM (SELECT * FROM pending ORDER BY start_id, position) AS p GROUP BY p.start_id
            UNION ALL
            SELECT b.cycle_id, b.start_id, group_concat(b.task_id)
            FROM (SELECT * FROM broken ORDER BY cycle_id, position) AS b GROUP BY b.cycle_id) AS k
        GROUP BY k.way HAVING count(k.cycle_id) = count(*)
        UNION ALL
        SELECT NULL, p.start_id, NULL FROM pending AS p WHERE p.position = 0
    ),
    member AS (
        SELECT k.start_id AS start_id, p.position AS position, p.task_id AS task_id, p.awaited_id AS awaited_id,
            t.wait_kind AS wait_kind, t.wait_object AS wait_object, t.wait_since_ns AS since_ns, NULL AS broken_ns,
            t.wait_site_id AS site_id, count(*) OVER (PARTITION BY k.start_id) AS task_count
        FROM known AS k JOIN pending AS p ON p.start_id = k.start_id JOIN task_facts AS t ON t.task_id = p.task_id
        WHERE k.cycle_id IS NULL
        UNION ALL
        SELECT k.start_id, b.position, b.task_id, b.awaited_id, m.wait_kind, m.wait_object, NULL, m.broken_ns, m.site_id,
            count(*) OVER (PARTITION BY k.cycle_id)
        FROM known AS k JOIN broken AS b ON b.cycle_id = k.cycle_id
        JOIN cycle_member AS m ON m.cycle_id = b.cycle_id AND m.task_id = b.task_id
    )
SELECT
    -- The circle: its smallest task.
    m.start_id AS cycle_id,
    -- The process.
    m.start_id >> 40 AS process_id,
    -- How many tasks are in it.
    m.task_count AS task_count,
    -- The place of this task in it, from 0.
    m.position AS position,
    -- The task.
    m.task_id AS task_id,
    -- The task of the circle that it waits for.
    m.awaited_id AS awaited_id,
    -- What it awaits itself: task, gather, wait, shield, group; and its id.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'wait_kind' AND w.number = m.wait_kind) AS wait_kind,
    m.wait_object AS wait_object,
    -- Since when; NULL when that is not known.
    m.since_ns AS since_ns,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = m.site_id) AS wait_at,
    -- When a cancellation broke the circle; NULL when none did.
    m.broken_ns AS broken_ns
FROM member AS m;
