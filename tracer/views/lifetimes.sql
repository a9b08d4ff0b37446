-- How long each task lived, from its own row alone: for sums over very many. What is not in that row is in tasks.
CREATE VIEW lifetimes AS
SELECT
    -- The task.
    t.task_id AS task_id,
    -- Where it was created: a place, see places.
    t.created_site_id AS created_site_id,
    -- When it was created, and when it ended or was abandoned; NULL when that has not happened or is not known.
    t.created_ns AS created_ns,
    coalesce(t.ended_ns, t.abandoned_ns) AS ended_ns,
    -- From one to the other; of that, the time that it ran, and that it could have run and waited for its turn, and the rest: the
    -- time that it was suspended.
    coalesce(t.ended_ns, t.abandoned_ns) - t.created_ns AS lived_ns,
    t.busy_ns AS busy_ns,
    t.ready_ns AS ready_ns,
    max(0, t.ended_ns - t.created_ns - t.busy_ns - t.ready_ns) AS waiting_ns
FROM task AS t;
