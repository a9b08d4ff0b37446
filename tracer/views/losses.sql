-- Every run of events that is missing, and every loop that never told what it had.
CREATE VIEW losses AS
SELECT
    -- The process; one that was there then, when what is unattributed.
    g.thread_id >> 40 AS process_id,
    -- The thread; 0 of its process when it is not known.
    g.thread_id AS thread_id,
    -- How many events are missing; NULL when nobody knows.
    g.count AS count,
    -- Time of the last event before them; NULL when there was none.
    g.from_ns AS from_ns,
    -- Time of the first event after them; NULL when there was none.
    g.to_ns AS to_ns,
    -- Why: dropped (the ring was full), in_flight (being written when the process ended), overwritten, unreadable,
    -- unbalanced; of an LTTng trace: discarded (LTTng had no room), missing (the trace does not say why),
    -- paused (the session was stopped for a while), cut_off (the trace ends before the process has said goodbye),
    -- not_recorded (the session did not ask for all events that answers rest on),
    -- unattributed (LTTng had no room, and it is not known for whose events: several processes of the trace may lack them,
    -- or none does, and they are another one's, which is not in the trace),
    -- unanswered (a loop that was there before the session never told its tasks and failures: it was blocked).
    g.what AS what,
    -- 1 when an event about failures, cancellations or ends of tasks may be among them.
    g.is_vital AS is_vital,
    -- The loop that never told; NULL otherwise.
    NULL AS loop_id
FROM gap AS g
UNION ALL
SELECT
    l.loop_id >> 40,
    l.loop_id >> 40 << 40,
    NULL,
    NULL,
    l.asked_ns,
    'unanswered',
    1,
    l.loop_id
FROM loop AS l
WHERE l.asked_ns IS NOT NULL AND l.created_ns IS NULL AND l.dumped_ns IS NULL;
