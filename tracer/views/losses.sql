-- Every run of events that is missing.
CREATE VIEW losses AS
SELECT
    -- The process.
    g.thread_id >> 40 AS process_id,
    -- The thread.
    g.thread_id AS thread_id,
    -- How many events are missing; NULL when nobody knows.
    g.count AS count,
    -- Time of the last event before them; NULL when there was none.
    g.from_ns AS from_ns,
    -- Time of the first event after them; NULL when there was none.
    g.to_ns AS to_ns,
    -- Why: dropped (the ring was full), in_flight (being written when the process ended), overwritten, unreadable,
    -- unbalanced; of an LTTng trace: discarded (LTTng had no room), missing (the trace does not say why),
    -- paused (the session was stopped for a while), cut_off (the trace ends before the process has said goodbye).
    g.what AS what,
    -- 1 when an event about failures, cancellations or ends of tasks may be among them.
    g.is_vital AS is_vital
FROM gap AS g;
