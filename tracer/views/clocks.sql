-- How each process's clocks hang together: one row from each reading of all of them to the next.
CREATE VIEW clocks AS
WITH reading AS (
    SELECT p.process_id AS process_id, p.started_ns AS ns, p.started_monotonic_ns AS monotonic_ns,
        p.started_realtime_ns AS realtime_ns, p.started_boottime_ns AS boottime_ns, NULL AS why
    FROM process AS p WHERE p.started_realtime_ns IS NOT NULL
    UNION ALL
    SELECT c.thread_id >> 40, c.sampled_ns, c.monotonic_ns, c.realtime_ns, c.boottime_ns, c.why FROM clock_sample AS c
)
SELECT
    -- The process.
    r.process_id AS process_id,
    -- From when on these hold: when they were read.
    r.ns AS from_ns,
    -- When they were read next; NULL when they were not.
    lead(r.ns) OVER process_readings AS to_ns,
    -- Why they were read: started, interval (it was time), set (the wall clock was set, or is being led to another time),
    -- slept (the machine was suspended).
    iif(r.why IS NULL, 'started', (SELECT w.word FROM word AS w WHERE w.enumeration = 'sample_reason'
        AND w.number = r.why)) AS why,
    -- What they showed: CLOCK_MONOTONIC, the wall clock since 1970, CLOCK_BOOTTIME, nanoseconds.
    r.monotonic_ns AS monotonic_ns,
    r.realtime_ns AS realtime_ns,
    r.boottime_ns AS boottime_ns,
    -- The wall clock's time at an instant from here on is that instant and this.
    r.realtime_ns - r.ns AS wall_offset_ns,
    -- By how much the wall clock was set since the reading before, below zero: back. Being suspended is no setting.
    r.realtime_ns - r.boottime_ns - lag(r.realtime_ns - r.boottime_ns) OVER process_readings AS set_by_ns,
    -- For how long the machine was suspended since the reading before.
    r.boottime_ns - r.monotonic_ns - lag(r.boottime_ns - r.monotonic_ns) OVER process_readings AS slept_ns
FROM reading AS r
WINDOW process_readings AS (PARTITION BY r.process_id ORDER BY r.ns);
