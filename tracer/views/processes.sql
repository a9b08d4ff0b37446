-- Every traced process, and how it ended.
CREATE VIEW processes AS
SELECT
    -- Ordinal of the process in the recording: 0, 1, 2, ...
    p.process_id AS process_id,
    -- Process id.
    p.pid AS pid,
    -- Process id of the parent.
    p.parent_pid AS parent_pid,
    -- Host name.
    p.host AS host,
    -- Path of the executable.
    p.program AS program,
    -- Command line, words separated by spaces.
    p.command AS command,
    -- When it began to be traced.
    p.started_ns AS started_ns,
    -- When it ended, or tracing was stopped; NULL while it runs, or when that is not known.
    coalesce(p.goodbye_ns, p.gone_ns) AS ended_ns,
    -- running, exit, signal, stopped (tracing was stopped while it went on), exec (it went on as another program),
    -- killed_without_goodbye (it is gone, and nothing more is known), unknown (an LTTng trace that does not tell).
    CASE
        WHEN p.is_replaced THEN 'exec'
        WHEN p.signal IS NOT NULL THEN 'signal'
        WHEN p.goodbye_reason IS NULL AND p.exit_status IS NOT NULL THEN 'exit'
        WHEN p.goodbye_reason IS NOT NULL
            THEN (SELECT w.word FROM word AS w WHERE w.enumeration = 'end_reason' AND w.number = p.goodbye_reason)
        WHEN p.gone_ns IS NOT NULL THEN 'killed_without_goodbye'
        WHEN p.is_boardless AND p.is_balanced IS NOT NULL THEN 'unknown'
        ELSE 'running'
    END AS end_reason,
    -- Its exit status, when a parent told the recorder.
    p.exit_status AS exit_status,
    -- The number of the signal that ended it, when a parent told the recorder.
    p.signal AS signal,
    -- How it ended, in words: "exit status 0", "ended by SIGKILL", "ended without goodbye", "tracing was stopped",
    -- "replaced by another program", "end not recorded" (by LTTng), "running".
    CASE
        WHEN p.is_replaced THEN 'replaced by another program'
        WHEN p.signal IS NOT NULL THEN 'ended by ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal'
                AND w.number = p.signal), 'signal ' || p.signal)
        WHEN p.exit_status IS NOT NULL
            THEN 'exit status ' || p.exit_status || iif(p.goodbye_reason IS NULL, ', without goodbye', '')
        WHEN p.goodbye_reason = 1 THEN 'exited'
        WHEN p.goodbye_reason = 2 THEN 'tracing was stopped'
        WHEN p.gone_ns IS NOT NULL THEN 'ended without goodbye'
        WHEN p.is_boardless AND p.is_balanced IS NOT NULL THEN 'end not recorded'
        ELSE 'running'
    END AS end_text,
    -- Tasks that are known of.
    (SELECT count(*) FROM task AS t WHERE t.task_id BETWEEN p.process_id << 40
        AND ((p.process_id + 1) << 40) - 1) AS task_count,
    -- Failures that are known of.
    (SELECT count(*) FROM failure AS f WHERE f.failure_id BETWEEN p.process_id << 40
        AND ((p.process_id + 1) << 40) - 1) AS failure_count,
    -- Events that its threads tried to emit.
    coalesce(p.attempt_count, 0) AS attempt_count,
    -- Of these, those that are in the store.
    coalesce(p.record_count, 0) AS record_count,
    -- Of these, those that were dropped because a ring was full.
    coalesce(p.drop_count, 0) AS drop_count,
    -- Of these, those that were being written when the process ended.
    coalesce(p.hole_count, 0) AS hole_count,
    -- Tasks that found no slot on the board: their waits are not known.
    coalesce(p.board_drop_count, 0) AS board_drop_count,
    -- 1 when attempts = records + drops + holes held at its end; 0 when not; NULL while it runs.
    p.is_balanced AS is_balanced
FROM process AS p;
