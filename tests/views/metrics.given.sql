-- Five seconds of work; a pause because a reader held up the log; nothing read at all.
INSERT INTO metric (told_ns, pid, process_count, interval_ns, event_count, batch_count, failed_count, cpu_ns, lag_ns, paused_ns,
    pause_reason, reader_pid, reader, store_bytes, log_bytes, memory_bytes) VALUES
    (5000000000, 77, 2, 5000000000, 1000, 50, 0, 60000, 20000000, 0, NULL, NULL, NULL, 409600, 8192, 1048576),
    (10000000000, 77, 2, 5000000000, 0, 1, 3, 5000, 0, 4000000000, 2, 123, 'sqlite3', 409600, 1073741824, 1048576),
    (10000000000, 78, 0, 0, 7, 1, 0, 70, 9, 1, 1, NULL, NULL, 409600, 0, 1048576);
