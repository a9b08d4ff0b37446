-- Every stall with those who were held up, all at once: the stream is read once for all of them.
CREATE VIEW stall_reports AS
WITH victim AS MATERIALIZED (
    SELECT h.stall_id AS stall_id, h.task_text AS task_text,
        row_number() OVER (PARTITION BY h.stall_id ORDER BY h.held_up_ns DESC, h.task_id) AS place,
        count(*) OVER (PARTITION BY h.stall_id) AS count
    FROM held_up AS h
)
SELECT
    -- The stall, and what the view stalls says about it.
    s.stall_id AS stall_id,
    s.process_id AS process_id,
    s.loop_id AS loop_id,
    s.by AS by,
    s.task_id AS task_id,
    s.by_text AS by_text,
    s.began_ns AS began_ns,
    s.ended_ns AS ended_ns,
    s.duration_ns AS duration_ns,
    s.from_at AS from_at,
    s.to_at AS to_at,
    -- How many tasks were held up.
    coalesce((SELECT v.count FROM victim AS v WHERE v.stall_id = s.stall_id AND v.place = 1), 0) AS held_up_count,
    -- Those that were held up longest, five at most: #4 "late", #5 "other".
    (SELECT group_concat(v.task_text, ', ') FROM (SELECT x.task_text FROM victim AS x
        WHERE x.stall_id = s.stall_id AND x.place <= 5 ORDER BY x.place) AS v) AS held_up_text
FROM stalls AS s;
