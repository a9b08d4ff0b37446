-- Tasks with what the board says about them, in numbers; tasks puts it into words.
CREATE VIEW task_facts AS
SELECT
    -- The task.
    t.task_id AS task_id,
    -- All that its events said.
    t.loop_id AS loop_id, t.parent_kind AS parent_kind, t.parent_id AS parent_id, t.created_ns AS created_ns,
    t.created_site_id AS created_site_id, t.started_ns AS started_ns, t.outcome AS outcome, t.abandoned_ns
        AS abandoned_ns,
    t.has_handle AS has_handle, t.longest_step_ns AS longest_step_ns, t.stack_used_bytes AS stack_used_bytes,
    t.stack_bytes AS stack_bytes,
    -- Its name, the default name Task-N included.
    coalesce(t.new_name, t.name, 'Task-' || t.name_number) AS name,
    -- When it ended or was abandoned; of one whose end is missing and that is known to have failed, when it failed.
    coalesce(t.ended_ns, t.abandoned_ns, t.failed_ns) AS ended_ns,
    -- Until when something is known about it: its end, when it was told last if its end may be missing since, its
    -- process's end, or now.
    coalesce(t.ended_ns, t.abandoned_ns, t.failed_ns,
        (SELECT iif(x.is_boardless AND max(coalesce(x.vital_drop_last_ns, x.selected_last_ns), coalesce(x.selected_last_ns, x.vital_drop_last_ns)) >= t.dumped_ns, t.dumped_ns,
            coalesce(x.goodbye_ns, x.gone_ns, x.seen_ns)) FROM process AS x WHERE x.process_id = t.task_id >> 40)) AS until_ns,
    -- Its state, word task_state: that of the board, where a task stands from its first suspension on; before that
    -- its events say it all: a task that was created is ready, one that began runs. NULL when it has neither, when it
    -- has ended, and when its end may be missing since it was told.
    CASE WHEN t.is_stale THEN NULL WHEN t.state IS NOT NULL THEN t.state WHEN t.is_told_by_events
        THEN iif(t.started_ns IS NULL, 1, 2) END AS board_state,
    -- Time that it ran, and time that it waited for its turn, without what the board does not count yet: its present
    -- state.
    coalesce(t.busy_ns, t.board_busy_ns, iif(t.is_told_by_events, 0, NULL)) AS busy_ns,
    coalesce(t.ready_ns, t.board_ready_ns, iif(t.is_told_by_events, coalesce(t.started_ns - t.created_ns, 0), NULL))
        AS ready_ns,
    -- Since when it has been in its present state; NULL when it has ended.
    CASE WHEN t.outcome IS NULL AND t.abandoned_ns IS NULL AND NOT t.is_stale
        THEN coalesce(t.board_since_ns, iif(t.is_told_by_events, coalesce(t.started_ns, t.created_ns), NULL)) END
            AS since_ns,
    -- Steps begun.
    coalesce(t.step_count, t.board_step_count, iif(t.is_told_by_events, t.started_ns IS NOT NULL, NULL)) AS step_count,
    -- What it waits for, word wait_kind, when it is pending or was abandoned; what it waited for when it was told last,
    -- when its end may be missing since.
    CASE WHEN t.abandoned_ns IS NOT NULL THEN t.wait_kind WHEN t.outcome IS NULL AND t.state = 3
        THEN t.board_wait_kind END AS wait_kind,
    -- The id or descriptor that goes with it.
    CASE WHEN t.abandoned_ns IS NOT NULL THEN t.wait_object WHEN t.outcome IS NULL AND t.state = 3
        THEN t.board_wait_object END AS wait_object,
    -- Where it waits.
    CASE WHEN t.abandoned_ns IS NOT NULL THEN t.wait_site_id WHEN t.outcome IS NULL AND t.state = 3
        THEN t.board_wait_site_id END AS wait_site_id,
    -- Since when it waits.
    CASE WHEN t.outcome IS NULL AND t.state = 3 THEN t.board_since_ns END AS wait_since_ns,
    -- 1 when an event about its end may have been lost.
    coalesce(t.vital_drop_last_ns >= coalesce(t.told_ns, t.created_ns, t.started_ns, t.vital_drop_last_ns), 0)
        AS may_have_lost_events
FROM (
    SELECT
        t.*,
        b.state AS state, b.busy_ns AS board_busy_ns, b.ready_ns AS board_ready_ns, b.since_ns AS board_since_ns,
        b.step_count AS board_step_count, b.wait_kind AS board_wait_kind, b.wait_object AS board_wait_object,
        b.wait_site_id AS board_wait_site_id,
        max(coalesce(p.vital_drop_last_ns, p.selected_last_ns), coalesce(p.selected_last_ns, p.vital_drop_last_ns)) AS vital_drop_last_ns,
        iif(t.outcome IS NULL, (SELECT f.stored_ns FROM failure AS f WHERE f.failure_id = t.task_id), NULL) AS failed_ns,
        -- A process without a board tells its tasks now and then, and any does when what was off is on again; what was lost before
        -- that, it made up for.
        t.dumped_ns AS told_ns,
        coalesce(p.is_boardless AND max(coalesce(p.vital_drop_last_ns, p.selected_last_ns), coalesce(p.selected_last_ns, p.vital_drop_last_ns)) >= t.dumped_ns, 0) AS is_stale,
        -- Whether its events alone tell what a task that never suspended does: only if none was lost.
        t.outcome IS NULL AND t.abandoned_ns IS NULL AND b.task_id IS NULL AND p.process_id IS NOT NULL
            AND NOT coalesce(p.drop_count, 0) AND NOT coalesce(p.board_drop_count, 0) AND p.is_boardless IS NULL
                AND p.vital_drop_last_ns IS NULL AND p.selected_last_ns IS NULL AS is_told_by_events
    FROM task AS t
    -- What they know does not matter when the task itself says it all, as nearly all do: nothing is looked up then.
    LEFT JOIN board AS b ON b.task_id = iif(t.outcome IS NULL OR t.ended_ns IS NULL, t.task_id, NULL)
    LEFT JOIN process AS p ON p.process_id = iif(t.outcome IS NULL OR t.ended_ns IS NULL, t.task_id >> 40, NULL)
) AS t;
