-- What recorders did, a row for each of their reports.
CREATE VIEW metrics AS
SELECT
    -- Number of the report.
    m.metric_id AS metric_id,
    -- The time that it is about.
    m.told_ns - m.interval_ns AS from_ns,
    m.told_ns AS to_ns,
    -- The recorder's process id.
    m.pid AS pid,
    -- Processes that it read.
    m.process_count AS process_count,
    -- Events that it read.
    m.event_count AS event_count,
    -- Of these, how many a second.
    iif(m.interval_ns > 0, CAST(m.event_count * 1e9 / m.interval_ns AS INTEGER), NULL) AS events_per_s,
    -- Transactions that it committed.
    m.batch_count AS batch_count,
    -- Transactions that failed, and were tried again.
    m.failed_count AS failed_count,
    -- Processor time that it used.
    m.cpu_ns AS cpu_ns,
    -- The same for each event; NULL when there was none.
    iif(m.event_count > 0, m.cpu_ns / m.event_count, NULL) AS cpu_ns_per_event,
    -- The oldest event that it found in a ring had waited for so long.
    m.lag_ns AS lag_ns,
    -- How long it read nothing, because nothing could be written.
    m.paused_ns AS paused_ns,
    -- Why: full (no room on the disk or in the store), log (a reader kept an old state, and the write-ahead log had its
    -- full length), failed (the system refused); NULL: it did not pause.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'pause_reason' AND w.number = m.pause_reason) AS pause_reason,
    -- The reader that kept the write-ahead log long: process id and name; NULL: there was none.
    m.reader_pid AS reader_pid,
    m.reader AS reader,
    -- At the end: bytes of the store that are in use, of the write-ahead log, of the recorder's memory.
    m.store_bytes AS store_bytes,
    m.log_bytes AS log_bytes,
    m.memory_bytes AS memory_bytes
FROM metric AS m;
