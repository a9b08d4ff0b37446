-- Locks, events, conditions, semaphores, barriers and queues: who has them, and how many tasks wait. Empty unless the
-- category resource was recorded (record --events +resource).
CREATE VIEW resources AS
WITH lost AS MATERIALIZED (SELECT d.process_id AS process_id, d.until_ns AS until_ns FROM detail_losses AS d WHERE d.category = 'resource')
SELECT
    -- The resource, as tasks.wait_object names it.
    r.resource_id AS resource_id,
    -- Its process.
    r.resource_id >> 40 AS process_id,
    -- What it is: lock, event, condition, semaphore, barrier, queue; NULL when its creation is missing.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'resource_kind' AND w.number = r.kind) AS kind,
    -- Units of a semaphore, room of a queue, parties of a barrier.
    r.capacity AS capacity,
    -- When and where it was created: "FILE:LINE in FUNCTION".
    r.created_ns AS created_ns,
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = r.created_site_id) AS created_at,
    -- Of a lock, the task that has it, and what it is called; NULL when nobody has it, or that is not known. Whoever gets a lock last
    -- has it until it is given back, by whomever.
    nullif(r.holder_id, 0) AS holder_id,
    CASE WHEN r.holder_id <> 0 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = r.holder_id),
        iif(r.holder_id >> 40 = 0, '#', 'p' || (r.holder_id >> 40) || '#') || (r.holder_id & 1099511627775)) END AS holder_text,
    -- Since when it has it, and where it got it.
    CASE WHEN r.holder_id <> 0 THEN r.held_ns END AS held_ns,
    CASE WHEN r.holder_id <> 0 THEN (SELECT pl.place FROM places AS pl WHERE pl.site_id = r.held_site_id) END AS held_at,
    -- How many tasks wait for it, or waited when their process ended.
    (SELECT count(*) FROM board AS b WHERE b.state = 3 AND b.wait_object = r.resource_id
        AND b.wait_kind BETWEEN 13 AND 21 AND b.wait_kind <> 20) AS waiting_count,
    -- Of a lock: 0 when it is not known who has it, because events are missing since it was taken, given back or made, lost or switched
    -- off; else 1.
    r.is_certain AS is_holder_known
FROM (
    SELECT x.resource_id, x.kind, x.capacity, x.created_ns, x.created_site_id, x.held_ns, x.held_site_id,
        iif(d.until_ns IS NULL, x.holder_id, NULL) AS holder_id,
        CASE WHEN x.kind IS 1 OR x.held_ns IS NOT NULL THEN d.until_ns IS NULL END AS is_certain
    FROM resource AS x LEFT JOIN lost AS d ON d.process_id = x.resource_id >> 40
        AND d.until_ns >= max(coalesce(x.held_ns, x.created_ns, 0), coalesce(x.released_ns, 0))
) AS r;
