-- The recording: which time it covers. One row.
CREATE VIEW recordings AS
SELECT
    -- Wall clock at time 0, nanoseconds since 1970; NULL when no process was traced.
    r.origin_realtime_ns AS origin_realtime_ns,
    -- Time 0 in words: "2026-01-31 12:00:00.250 UTC".
    strftime('%Y-%m-%d %H:%M:', r.origin_realtime_ns / 1000000000, 'unixepoch')
        || printf('%06.3f UTC', strftime('%S', r.origin_realtime_ns / 1000000000, 'unixepoch')
            + (r.origin_realtime_ns / 1000000 % 1000) / 1000.0) AS origin_text,
    -- CLOCK_MONOTONIC and CLOCK_BOOTTIME at time 0, nanoseconds; NULL when not known.
    r.origin_monotonic_ns AS origin_monotonic_ns,
    (SELECT p.started_boottime_ns - p.started_monotonic_ns + r.origin_monotonic_ns FROM process AS p
     WHERE p.boot_id = r.origin_boot_id AND p.started_boottime_ns IS NOT NULL
     ORDER BY p.process_id LIMIT 1) AS origin_boottime_ns,
    -- When the first process began to be traced.
    (SELECT min(p.started_ns) FROM process AS p) AS began_ns,
    -- The latest instant of which something is known: the end of its last process, or now.
    (SELECT max(coalesce(p.goodbye_ns, p.gone_ns, p.seen_ns)) FROM process AS p) AS ended_ns,
    -- 1 when a process still runs, or went on when tracing was stopped.
    EXISTS (SELECT 1 FROM process AS p WHERE p.gone_ns IS NULL AND p.goodbye_ns IS NULL AND p.is_balanced IS NULL) AS is_running,
    -- Version of telltale that made the store.
    r.telltale_version AS telltale_version,
    -- 1 when what programs say in their own words is left out (--redact messages).
    coalesce(r.is_redacted, 0) AS is_redacted,
    -- Bytes that the store may have, when its recorder was told (--max-size); NULL: 4 GiB.
    r.bytes_max AS bytes_max,
    -- Seconds that what is over is kept (--max-age); NULL: for ever.
    r.seconds_max AS seconds_max
FROM recording AS r;
