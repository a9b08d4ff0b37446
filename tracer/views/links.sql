-- What tasks of other processes, perhaps on other hosts, have caused, as the programs said: a row for each task that took a link, and
-- for each that was created by the main program of a process that was started with TELLTALE_PARENT.
CREATE VIEW links AS
SELECT
    -- The task that was caused.
    t.task_id AS task_id,
    -- The process of the cause; NULL when it is not in the recording.
    p.process_id AS cause_process_id,
    -- The task that caused it; NULL when it is not in the recording, or no task did.
    (SELECT x.task_id FROM task AS x
        WHERE x.task_id = (p.process_id << 40) + (l.cause_task_id & 1099511627775) AND l.cause_task_id > 0) AS cause_id,
    -- Who caused it, in words: p1#3 "request", process 2, a process that is not in the recording.
    coalesce(
        (SELECT x.label FROM task_labels AS x
            WHERE x.task_id = (p.process_id << 40) + (l.cause_task_id & 1099511627775) AND l.cause_task_id > 0),
        'process ' || p.process_id, 'a process that is not in the recording') AS cause_text,
    -- The host of the cause.
    p.host AS cause_host,
    -- When that was said.
    l.linked_ns AS linked_ns,
    -- Where: "FILE:LINE in FUNCTION"; NULL for TELLTALE_PARENT.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = l.site_id) AS place
FROM link AS l
JOIN task AS t ON t.task_id = l.task_id
    OR (l.task_id & 1099511627775 = 0 AND t.parent_kind = 0
        AND t.task_id BETWEEN l.task_id AND l.task_id + 1099511627775
        AND NOT EXISTS (SELECT 1 FROM link AS own WHERE own.task_id = t.task_id))
LEFT JOIN process AS p ON substr(p.uuid, 1, 8) IN (l.cause_arena, l.cause_lttng);
