-- Tasks with what the board says about them, in numbers; tasks puts it into words.
CREATE VIEW task_facts AS
SELECT
    -- The task.
    t.task_id AS task_id,
    -- All that its events said.
    t.loop_id AS loop_id, t.parent_kind AS parent_kind, t.parent_id AS parent_id, t.created_ns AS created_ns,
    t.created_site_id AS created_site_id, t.started_ns AS started_ns, t.outcome AS outcome, t.abandoned_ns AS abandoned_ns,
    t.has_handle AS has_handle, t.longest_step_ns AS longest_step_ns,
    -- Its name, the default name Task-N included.
    coalesce(t.new_name, t.name, 'Task-' || t.name_number) AS name,
    -- When it ended or was abandoned.
    coalesce(t.ended_ns, t.abandoned_ns) AS ended_ns,
    -- Until when something is known about it: its end, its process's end, or now.
    coalesce(t.ended_ns, t.abandoned_ns, p.goodbye_ns, p.gone_ns, p.seen_ns) AS until_ns,
    -- Its state on the board, word task_state.
    b.state AS board_state,
    -- Time that it ran, and time that it waited for its turn, without what the board does not count yet: its present state.
    coalesce(t.busy_ns, b.busy_ns) AS busy_ns, coalesce(t.ready_ns, b.ready_ns) AS ready_ns,
    -- Since when it has been in its present state; NULL when it has ended.
    iif(t.outcome IS NULL AND t.abandoned_ns IS NULL, b.since_ns, NULL) AS since_ns,
    -- Steps begun.
    coalesce(t.step_count, b.step_count) AS step_count,
    -- What it waits for, word wait_kind, when it is pending or was abandoned.
    CASE WHEN t.abandoned_ns IS NOT NULL THEN t.wait_kind WHEN t.outcome IS NULL AND b.state = 3 THEN b.wait_kind END AS wait_kind,
    -- The id or descriptor that goes with it.
    CASE WHEN t.abandoned_ns IS NOT NULL THEN t.wait_object WHEN t.outcome IS NULL AND b.state = 3 THEN b.wait_object END AS wait_object,
    -- Where it waits.
    CASE WHEN t.abandoned_ns IS NOT NULL THEN t.wait_site_id WHEN t.outcome IS NULL AND b.state = 3 THEN b.wait_site_id END AS wait_site_id,
    -- Since when it waits.
    CASE WHEN t.outcome IS NULL AND b.state = 3 THEN b.since_ns END AS wait_since_ns,
    -- 1 when an event about its end may have been lost.
    coalesce(p.vital_drop_last_ns >= coalesce(t.created_ns, t.started_ns, p.vital_drop_last_ns), 0) AS may_have_lost_events
FROM task AS t
LEFT JOIN board AS b ON b.task_id = t.task_id
LEFT JOIN process AS p ON p.process_id = t.task_id >> 40;
