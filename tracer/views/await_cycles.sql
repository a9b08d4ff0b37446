-- Tasks that wait for each other in a circle, and those that did until a cancellation broke it: one row for each task of a
-- circle, from its smallest task on. Of tasks that are entangled in several circles a shortest one through the smallest
-- task is told. Circles of more than 256 tasks are not looked for.
CREATE VIEW await_cycles AS
WITH RECURSIVE
    -- Who cannot go on before whom. (SQLite expands a name at each mention, so the few mentions below are on purpose.)
    edge AS MATERIALIZED (
        SELECT DISTINCT a.task_id AS task_id, a.awaited_task_id AS awaited_id
        FROM awaits AS a WHERE a.is_needed AND a.awaited_task_id IS NOT NULL
            -- What a task waited for when it was told last proves nothing if its end may be missing since.
            AND NOT EXISTS (SELECT 1 FROM process AS p JOIN task AS t ON t.task_id = a.task_id
                WHERE p.process_id = a.process_id AND p.is_boardless AND max(coalesce(p.vital_drop_last_ns, p.selected_last_ns), coalesce(p.selected_last_ns, p.vital_drop_last_ns)) >= t.dumped_ns
                AND t.abandoned_ns IS NULL)
    ),
    -- Every circle has an edge from a younger task, or the same, to its smallest one: only from there a walk begins, and it
    -- stays among younger ones, until it is back.
    ahead (start_id, task_id, distance) AS MATERIALIZED (
        SELECT e.awaited_id, e.awaited_id, 0 FROM edge AS e WHERE e.awaited_id <= e.task_id
        UNION
        SELECT w.start_id, e.awaited_id, w.distance + 1
        FROM ahead AS w JOIN edge AS e ON e.task_id = w.task_id
        WHERE e.awaited_id >= w.start_id AND (w.task_id <> w.start_id OR w.distance = 0) AND w.distance < 256
    ),
    -- From where the shortest walk came back, step by step to where it began.
    pending (start_id, task_count, position, task_id, awaited_id) AS (
        SELECT w.start_id, min(w.distance), min(w.distance), w.start_id, NULL
        FROM ahead AS w WHERE w.task_id = w.start_id AND w.distance > 0 GROUP BY w.start_id
        UNION ALL
        SELECT p.start_id, p.task_count, p.position - 1,
            (SELECT min(w.task_id) FROM ahead AS w JOIN edge AS e ON e.task_id = w.task_id
             WHERE w.start_id = p.start_id AND w.distance = p.position - 1 AND e.awaited_id = p.task_id), p.task_id
        FROM pending AS p WHERE p.position > 0
    ),
    -- Those that were broken, from their smallest task on.
    broken (cycle_id, start_id, task_count, position, task_id, awaited_id) AS (
        SELECT m.cycle_id, m.task_id, (SELECT count(*) FROM cycle_member AS x WHERE x.cycle_id = m.cycle_id), 0, m.task_id,
            m.awaited_id
        FROM cycle_member AS m
        WHERE m.task_id = (SELECT min(x.task_id) FROM cycle_member AS x WHERE x.cycle_id = m.cycle_id)
        UNION ALL
        SELECT b.cycle_id, b.start_id, b.task_count, b.position + 1, m.task_id, m.awaited_id
        FROM broken AS b JOIN cycle_member AS m ON m.cycle_id = b.cycle_id AND m.task_id = b.awaited_id
        WHERE b.awaited_id <> b.start_id AND b.position < b.task_count
    ),
    member AS (
        SELECT 0 AS cycle_id, p.start_id AS start_id, p.task_count AS task_count, p.position AS position,
            p.task_id AS task_id, p.awaited_id AS awaited_id,
            -- The smallest start of all circles that the task is in.
            min(p.start_id) OVER (PARTITION BY p.task_id) AS first_start_id
        FROM pending AS p WHERE p.awaited_id IS NOT NULL
        UNION ALL
        SELECT b.cycle_id, b.start_id, b.task_count, b.position, b.task_id, b.awaited_id, b.start_id FROM broken AS b
    ),
    way AS (
        SELECT m.*,
            -- What is inside the circle of a smaller task was told with that.
            max(m.position = 0 AND m.first_start_id < m.start_id) OVER (PARTITION BY m.cycle_id, m.start_id) AS is_inner,
            group_concat(m.task_id) OVER (PARTITION BY m.cycle_id, m.start_id ORDER BY m.position
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS tasks
        FROM member AS m
    ),
    -- A circle that several cancellations met is one, and so is one that was built again after it was broken.
    told AS (
        SELECT w.*, min(w.cycle_id) OVER (PARTITION BY w.tasks) AS first_cycle_id FROM way AS w WHERE NOT w.is_inner
    )
SELECT
    -- The circle: its smallest task.
    k.start_id AS cycle_id,
    -- The process.
    k.start_id >> 40 AS process_id,
    -- How many tasks are in it.
    k.task_count AS task_count,
    -- The place of this task in it, from 0.
    k.position AS position,
    -- The task.
    k.task_id AS task_id,
    -- The task of the circle that it waits for.
    k.awaited_id AS awaited_id,
    -- What it awaits itself: task, gather, wait, shield, group; and its id.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'wait_kind'
        AND w.number = iif(k.cycle_id = 0, (SELECT t.wait_kind FROM task_facts AS t WHERE t.task_id = k.task_id), c.wait_kind)) AS wait_kind,
    iif(k.cycle_id = 0, (SELECT t.wait_object FROM task_facts AS t WHERE t.task_id = k.task_id), c.wait_object) AS wait_object,
    -- Since when; NULL when that is not known.
    CASE WHEN k.cycle_id = 0 THEN (SELECT t.wait_since_ns FROM task_facts AS t WHERE t.task_id = k.task_id) END AS since_ns,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id
        = iif(k.cycle_id = 0, (SELECT t.wait_site_id FROM task_facts AS t WHERE t.task_id = k.task_id), c.site_id)) AS wait_at,
    -- When a cancellation broke the circle, which each task of it tells a moment later; NULL when none did.
    (SELECT min(x.broken_ns) FROM cycle_member AS x WHERE x.cycle_id = k.cycle_id) AS broken_ns
FROM told AS k
LEFT JOIN cycle_member AS c ON c.cycle_id = k.cycle_id AND c.task_id = k.task_id
WHERE k.cycle_id = k.first_cycle_id;
