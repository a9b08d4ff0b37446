-- Until when details may be missing on which rows of other views rest: what a task did at a descriptor and has not ended as far as is
-- known, or a lock that nobody has given back, may have since then. A row for each process and category where that is so.
CREATE VIEW detail_losses AS
SELECT
    -- The process.
    d.process_id AS process_id,
    -- The category: io, resource.
    d.category AS category,
    -- What was told after that is whole; 9223372036854775807: nothing is.
    max(d.until_ns) AS until_ns
FROM (
    -- Lost. One record that was being written when its process was killed is not counted: what was so an instant before is told.
    SELECT g.thread_id >> 40 AS process_id, c.column1 AS category, g.to_ns AS until_ns
    FROM (SELECT thread_id, max(coalesce(to_ns, 9223372036854775807)) AS to_ns FROM gap WHERE what <> 'in_flight' GROUP BY thread_id >> 40) AS g
    CROSS JOIN (VALUES ('io'), ('resource')) AS c
    UNION ALL
    -- Switched off, alone or with all that is not vital: what is told after that is of a time in which it was on again.
    SELECT n.thread_id >> 40, c.column1, n.selected_ns
    FROM selection AS n CROSS JOIN (VALUES ('io', 1 << 9), ('resource', 1 << 12)) AS c
    WHERE NOT n.categories & c.column2 OR n.categories & (1 << 28)
) AS d
GROUP BY d.process_id, d.category;
