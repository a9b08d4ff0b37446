-- Tests that programs told, and what happened in their processes from the beginning to the end of each.
CREATE VIEW tests AS
-- What a test loses is looked for once, not once for each test.
WITH found AS MATERIALIZED (
    SELECT l.process_id AS process_id, l.since_ns AS since_ns FROM leaks AS l WHERE l.is_definite AND EXISTS (SELECT 1 FROM test)
)
SELECT
    -- The test, unique in the recording.
    t.test_id AS test_id,
    -- Its process.
    t.test_id >> 40 AS process_id,
    -- The thread that began it; NULL when its beginning was not recorded, and it was told later that it is under way.
    t.thread_id AS thread_id,
    -- Its name; NULL when the event that told it is missing.
    t.name AS name,
    -- When it began.
    t.began_ns AS began_ns,
    -- When it was over, tear-down included; NULL when it was not.
    t.ended_ns AS ended_ns,
    -- How long it lasted: until its end, its process's end, or now.
    max(0, coalesce(t.ended_ns, t.over_ns) - t.began_ns) AS duration_ns,
    -- passed, failed, skipped; running; unfinished: its process ended before it did; unknown: whoever ended it did not know, or events
    -- are missing.
    CASE
        WHEN t.ended_ns IS NOT NULL THEN (SELECT w.word FROM word AS w WHERE w.enumeration = 'test_outcome' AND w.number = t.outcome)
        WHEN t.may_have_lost_events THEN 'unknown'
        WHEN t.is_over THEN 'unfinished'
        ELSE 'running'
    END AS outcome,
    -- What it said about that.
    t.text AS text,
    -- Where its beginning was said: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.began_site_id) AS began_at,
    -- Where its end was said.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.ended_site_id) AS ended_at,
    -- Failures in its process meanwhile, those that the test wanted included; NULL when its beginning is missing or was told
    -- later, as those below: what happened before that is not known.
    iif(t.began_ns IS NULL OR t.thread_id IS NULL, NULL, (SELECT count(*) FROM failure AS f WHERE f.failure_id BETWEEN t.first_id AND t.last_id
        AND f.stored_ns BETWEEN t.began_ns AND coalesce(t.ended_ns, t.over_ns))) AS failure_count,
    -- Tasks that were created in its process meanwhile and had not ended when it did.
    iif(t.began_ns IS NULL OR t.thread_id IS NULL, NULL, (SELECT count(*) FROM task AS k WHERE k.task_id BETWEEN t.first_id AND t.last_id
        AND k.created_ns BETWEEN t.began_ns AND coalesce(t.ended_ns, t.over_ns)
        AND coalesce(k.ended_ns, k.abandoned_ns, 9223372036854775807) > coalesce(t.ended_ns, t.over_ns))) AS pending_count,
    -- Findings about what happened in its process meanwhile, as the view leaks has them: failures that nobody saw, cancellations that
    -- were swallowed, and so on. Those in doubt are not counted.
    iif(t.began_ns IS NULL OR t.thread_id IS NULL, NULL, (SELECT count(*) FROM found AS l WHERE l.process_id = t.test_id >> 40
        AND l.since_ns BETWEEN t.began_ns AND coalesce(t.ended_ns, t.over_ns))) AS leak_count
FROM (
    SELECT x.*, x.test_id >> 40 << 40 AS first_id, (x.test_id >> 40 << 40) + 1099511627775 AS last_id,
        coalesce(p.goodbye_ns, p.gone_ns, p.seen_ns) AS over_ns, coalesce(p.goodbye_ns, p.gone_ns) IS NOT NULL AS is_over,
        coalesce(p.drop_count, 0) > 0 OR p.vital_drop_last_ns IS NOT NULL OR p.selected_last_ns IS NOT NULL AS may_have_lost_events
    FROM test AS x LEFT JOIN process AS p ON p.process_id = x.test_id >> 40
) AS t;
