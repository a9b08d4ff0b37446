-- A thread that ended, one without a number, the emergency ring, and a thread of another process.
INSERT INTO thread (thread_id, tid, name, attached_ns, detached_ns) VALUES
    (1, 100, 'main', 5, 500), (2, 0, NULL, 6, NULL), (0, 0, NULL, 1, NULL), ((1 << 40) | 1, 101, 'main', 7, NULL), (1 << 40, 0, NULL, 1, NULL);
