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
    -- killed_without_goodbye (it is gone, and nothing more is known), unknown (an LTTng trace does not tell, or nobody recorded it to its
    -- end: the machine went down, say, or this is a copy of a store that was being written; see losses, cut_off). A store that nobody
    -- writes any more says running until telltale has opened it; plain SQLite cannot see that.
    CASE
        WHEN p.is_replaced THEN 'exec'
        WHEN p.signal IS NOT NULL THEN 'signal'
        WHEN p.goodbye_reason IS NULL AND p.exit_status IS NOT NULL THEN 'exit'
        WHEN p.goodbye_reason IS NOT NULL
            THEN (SELECT w.word FROM word AS w WHERE w.enumeration = 'end_reason' AND w.number = p.goodbye_reason)
        WHEN p.gone_ns IS NOT NULL THEN 'killed_without_goodbye'
        WHEN p.is_balanced IS NOT NULL THEN 'unknown'
        ELSE 'running'
    END AS end_reason,
    -- Its exit status, when a parent told the recorder.
    p.exit_status AS exit_status,
    -- The number of the signal that ended it, when a parent told the recorder.
    p.signal AS signal,
    -- How it ended, in words: "exit status 0", "ended by SIGKILL", "ended without goodbye", "tracing was stopped",
    -- "replaced by another program", "end not recorded", "running".
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
        WHEN p.is_balanced IS NOT NULL THEN 'end not recorded'
        ELSE 'running'
    END AS end_text,
    -- Tasks that are known of.
    coalesce((SELECT sum(s.task_count) FROM task_span AS s WHERE s.first_task_id BETWEEN p.process_id << 40
            AND ((p.process_id + 1) << 40) - 1),
        (SELECT count(*) FROM task AS t WHERE t.task_id BETWEEN p.process_id << 40
            AND ((p.process_id + 1) << 40) - 1)) AS task_count,
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
    -- Children that had something to say and could have no arena, for want of rights or of room: nothing of them is recorded.
    coalesce(p.child_drop_count, 0) AS child_drop_count,
    -- 1 when attempts = records + drops + holes held at its end; 0 when not; NULL while it runs.
    p.is_balanced AS is_balanced,
    -- What the wall clock showed at started_ns and ended_ns, nanoseconds since 1970, as far as it is known how it was set
    -- in between.
    p.started_realtime_ns AS started_realtime_ns,
    coalesce(p.goodbye_ns, p.gone_ns) + coalesce(
        (SELECT c.realtime_ns - c.sampled_ns FROM clock_sample AS c WHERE c.thread_id BETWEEN p.process_id << 40
            AND ((p.process_id + 1) << 40) - 1 AND c.sampled_ns <= coalesce(p.goodbye_ns, p.gone_ns)
         ORDER BY c.sampled_ns DESC LIMIT 1), p.started_realtime_ns - p.started_ns) AS ended_realtime_ns,
    -- Bytes of each thread's ring; NULL when it has none.
    p.ring_bytes AS ring_bytes,
    -- What an event did that found its ring full: drop (dropped and counted), block (its thread waited for at most block_ms
    -- milliseconds, then it was dropped), overwrite (it took the place of the oldest).
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'ring_policy' AND w.number = p.ring_policy) AS ring_policy,
    p.block_ms AS block_ms,
    -- How long its threads have waited for room, all in all.
    (SELECT coalesce(sum(t.wait_ns), 0) FROM thread AS t WHERE t.thread_id BETWEEN p.process_id << 40
        AND ((p.process_id + 1) << 40) - 1) AS wait_ns,
    -- When steps were recorded: those of one task in so many; the others have no steps and no waits in the event stream. Of several
    -- samples that were selected one after the other the smallest; selections has them all.
    (SELECT max(e.step_every) FROM (SELECT iif(p.categories & 1024, p.step_every, NULL) AS step_every UNION ALL
        SELECT n.step_every FROM selection AS n WHERE n.thread_id >> 40 = p.process_id AND n.categories & 1024) AS e) AS step_every,
    -- 1 when what it said in its own words (messages, reasons, notes) was left out of the recording.
    coalesce(p.is_redacted, 0) OR coalesce((SELECT r.is_redacted FROM recording AS r), 0) AS is_redacted
FROM process AS p;
