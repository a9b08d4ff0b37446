-- Threads that emitted events.
CREATE VIEW threads AS
SELECT
    -- The thread, unique in the recording.
    t.thread_id AS thread_id,
    -- Its process.
    t.thread_id >> 40 AS process_id,
    -- Kernel thread id; NULL when not known.
    nullif(t.tid, 0) AS tid,
    -- Its name.
    t.name AS name,
    -- When it emitted its first event.
    t.attached_ns AS attached_ns,
    -- When it ended; NULL while it runs, or when that is not known.
    t.detached_ns AS detached_ns
FROM thread AS t
-- The emergency ring is nobody's.
WHERE t.thread_id & 1099511627775;
