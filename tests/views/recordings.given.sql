-- Two processes: one has ended, one was seen last a little later.
INSERT INTO process (process_id, uuid, started_ns, seen_ns, goodbye_ns, gone_ns) VALUES
    (0, x'00', 0, 1400000000, 1500000000, 1510000000),
    (1, x'01', -250, 1600000000, NULL, NULL);
UPDATE process SET boot_id = x'beef', started_monotonic_ns = 7000000, started_boottime_ns = 9000000 WHERE process_id = 0;
UPDATE recording SET origin_monotonic_ns = 7000000, origin_boot_id = x'beef', origin_realtime_ns = 1769860800250000000, telltale_version = 'x';
