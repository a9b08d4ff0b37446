-- Every run of events that is missing, every loop that never told what it had, and what was deleted to save room.
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
    -- Why: pruned (it was there; the store had its greatest size, or it was too old: detail says what), dropped (the ring was
    -- full), in_flight (being written when the process ended), overwritten, unreadable,
    -- unbalanced; of an LTTng trace: discarded (LTTng had no room), missing (the trace does not say why),
    -- paused (the session was stopped for a while), cut_off (the trace ends before the process has said goodbye; without LTTng: nobody
    -- recorded the process to its end, and its arena is gone, with the machine perhaps, or is not where this copy of the store is),
    -- late (the trace begins after the process did: its session came later, or what was before was overwritten or is in another
    -- part; count is that of one thread's numbers, or NULL, for what nobody listened to has none),
    -- not_recorded (the session did not ask for all events that answers rest on, or the process did not say them: detail says which),
    -- incomplete (the trace is known not to have all: a daemon froze or was killed, a disk was full, it is damaged, or one beside it
    -- could not be read; other processes may be missing whole),
    -- unattributed (LTTng had no room, and it is not known for whose events: several processes of the trace may lack them,
    -- or none does, and they are another one's, which is not in the trace),
    -- children (children of the process had something to say and could have no arena, after setuid or chroot, say: detail says how many; nothing
    -- of them, and of what they began, is recorded),
    -- unanswered (a loop that was there before the session never told its tasks and failures: it was blocked),
    -- unselected (while the process ran events were switched off, or on that had been off, that answers rest on: see the view selections).
    g.what AS what,
    -- 1 when an event about failures, cancellations or ends of tasks may be among them.
    max(g.is_vital, (SELECT coalesce(sum(r.vital_count), 0) > 0 FROM ring_gap AS r WHERE g.what = 'dropped' AND r.thread_id = g.thread_id
        AND r.told_ns > coalesce(g.from_ns, -1 << 62) AND r.told_ns <= g.to_ns)) AS is_vital,
    -- The loop that never told; NULL otherwise.
    NULL AS loop_id,
    -- When the first of them was to be written, and how many are about failures, cancellations and ends; NULL when their
    -- thread did not tell.
    (SELECT max(min(r.first_ns), coalesce(g.from_ns, min(r.first_ns))) FROM ring_gap AS r WHERE g.what = 'dropped' AND r.thread_id = g.thread_id
        AND r.told_ns > coalesce(g.from_ns, -1 << 62) AND r.told_ns <= g.to_ns) AS first_ns,
    (SELECT sum(r.vital_count) FROM ring_gap AS r WHERE g.what = 'dropped' AND r.thread_id = g.thread_id
        AND r.told_ns > coalesce(g.from_ns, -1 << 62) AND r.told_ns <= g.to_ns) AS vital_count,
    -- pruned: what count is about, stream (events of it), io, task, note or failure; these are gone with what belongs to them.
    -- children: how many. not_recorded: names of events or of categories, separated by commas; NULL when not known. unselected: the category. NULL
    -- otherwise.
    g.detail AS detail,
    -- pruned: size, age, or log (a reader kept the write-ahead log so long that the event stream was no longer written).
    -- not_recorded: session (it did not ask for them) or categories (they were off: --events). unselected: who switched them off,
    -- program or outside. NULL otherwise.
    iif(g.what = 'not_recorded', 'session', NULL) AS why
FROM gap AS g
UNION ALL
SELECT
    p.process_id,
    p.process_id << 40,
    NULL,
    NULL,
    NULL,
    'not_recorded',
    1,
    NULL,
    NULL,
    NULL,
    p.categories_lacking,
    'categories'
FROM process AS p
WHERE p.categories_lacking IS NOT NULL AND NOT EXISTS (SELECT 1 FROM selection AS n WHERE n.thread_id >> 40 = p.process_id)
UNION ALL
SELECT
    p.process_id,
    p.process_id << 40,
    NULL,
    NULL,
    NULL,
    'children',
    1,
    NULL,
    NULL,
    NULL,
    CAST(p.child_drop_count AS TEXT),
    NULL
FROM process AS p
WHERE p.child_drop_count > 0
UNION ALL
SELECT
    s.process_id,
    s.process_id << 40,
    NULL,
    s.from_ns,
    s.until_ns,
    'unselected',
    s.is_vital,
    NULL,
    NULL,
    NULL,
    s.category,
    s.by
FROM selections AS s
WHERE NOT s.is_on AND s.is_vital
UNION ALL
SELECT
    l.loop_id >> 40,
    l.loop_id >> 40 << 40,
    NULL,
    NULL,
    l.asked_ns,
    'unanswered',
    1,
    l.loop_id,
    NULL,
    NULL,
    NULL,
    NULL
FROM loop AS l
WHERE l.asked_ns IS NOT NULL AND l.created_ns IS NULL AND l.dumped_ns IS NULL
UNION ALL
SELECT
    p.process_id,
    p.process_id << 40,
    p.count,
    p.first_ns,
    p.last_ns,
    'pruned',
    p.what = 'failure',
    NULL,
    NULL,
    NULL,
    p.what,
    p.why
FROM pruned AS p;
