-- How each task ended, in one word, for other views.
CREATE VIEW task_outcomes AS
SELECT
    -- The task.
    t.task_id AS task_id,
    -- returned, failed, cancelled, abandoned (its loop was closed over it); pending when it had not ended, also when its process
    -- was killed; unknown when the event that says so may be missing.
    CASE
        WHEN t.outcome IS NOT NULL
            THEN (SELECT w.word FROM word AS w WHERE w.enumeration = 'outcome' AND w.number = t.outcome)
        WHEN t.abandoned_ns IS NOT NULL THEN 'abandoned'
        WHEN EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = t.task_id) THEN 'failed'
        WHEN coalesce(t.board_state BETWEEN 1 AND 3, 0) OR NOT t.may_have_lost_events THEN 'pending'
        ELSE 'unknown'
    END AS outcome
FROM task_facts AS t;
