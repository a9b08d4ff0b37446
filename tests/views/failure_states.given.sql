-- Every state that a failure can have, and every reason, one failure each. Process 0 runs, 1 exited, 2 was killed, 3 stopped tracing, 4
-- was killed and has lost vital events at 500.
INSERT INTO process (process_id, uuid, pid, seen_ns, goodbye_ns, goodbye_reason, gone_ns, vital_drop_count, vital_drop_last_ns) VALUES
    (0, x'00', 100, 1000, NULL, NULL, NULL, 0, NULL),
    (1, x'01', 101, 1000, 900, 1, 950, 0, NULL),
    (2, x'02', 102, 1000, NULL, NULL, 950, 0, NULL),
    (3, x'03', 103, 1000, 900, 2, NULL, 0, NULL),
    (4, x'04', 104, 1000, NULL, NULL, 950, 3, 500);

-- Process 0: all that was released, or is held while it runs.
INSERT INTO failure (failure_id, how, stored_ns, released_ns, user_touch_count, library_touch_count, forward_count, is_retrieved, is_loop_closed) VALUES
    (1, 1, 10, 20, 1, 0, 0, 1, 0),           -- delivered: its summary says that user code read it, though no touch is known
    (2, 1, 10, NULL, NULL, NULL, NULL, NULL, NULL), -- delivered: touched, still held
    (3, 1, 10, 20, 0, 1, 1, 1, 0),           -- delivered: gather forwarded it to 4
    (4, 5, 10, 20, 0, 1, 1, 1, 0),           -- delivered: forwarded to 5
    (5, 5, 10, 20, 1, 0, 0, 1, 0),           -- delivered: by a touch of its own
    (6, 1, 10, 20, 0, 0, 0, 0, 0),           -- discarded
    (7, 1, 10, 20, 0, 1, 1, 1, 0),           -- discarded: forwarded to 6
    (8, 1, 10, NULL, NULL, NULL, NULL, NULL, NULL), -- held
    (9, 1, 10, 20, 0, 1, 1, 1, 0),           -- held: forwarded to 8
    (10, 1, 10, NULL, NULL, NULL, NULL, NULL, NULL), -- held, although the library looked at it
    (11, 1, 10, 20, 0, 1, 0, 1, 0),          -- absorbed: gather
    (12, 1, 10, 20, 0, 1, 0, 1, 0),          -- absorbed: a value of a list that nobody read
    (13, 1, 10, 20, 0, 1, 0, 1, 0),          -- absorbed: the thread chain
    (14, 1, 10, 20, 0, 2, 0, 1, 0),          -- absorbed: gather first, cancelled when it was done last
    (15, 1, 10, 20, 0, 1, 0, 1, 0),          -- absorbed, by something of which no touch is known
    (16, 1, 10, 20, 0, 1, 1, 1, 0),          -- absorbed: gather forwarded it to 17, which was lost
    (17, 5, 10, 20, 0, 0, 0, 0, 0),          -- lost: dropped
    (18, 2, 10, 20, 0, 0, 0, 0, 0),          -- lost: ignored by its coroutine
    (19, 1, 10, 20, 0, 0, 0, 0, 1),          -- lost: the loop was closed
    (20, 2, 10, 20, 0, 0, 0, 0, 1),          -- lost: the loop was closed, although it was ignored, too
    (21, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), -- unknown: only a touch by the library is known
    (22, 1, 10, 20, 0, 1, 2, 1, 0),          -- unknown: one of its two forwards is missing
    (23, 1, 10, 20, 0, 1, 1, 1, 0),          -- unknown: forwarded to 21
    (24, 1, 10, 20, 0, 0, 0, 1, 0),          -- unknown: its bit is cleared and nothing says by whom
    (25, NULL, NULL, 20, 0, 0, 0, 0, 0),     -- lost: its beginning is missing; its end says that, not why
    (26, 1, 10, 20, 0, 1, 1, 1, 0),          -- a circle of forwards ends: both absorbed
    (27, 5, 10, 20, 0, 1, 1, 1, 0),
    (30, 1, 10, 20, 0, 1, 0, 1, 0),          -- absorbed: wait
    (31, 1, 10, 20, 0, 1, 0, 1, 0),          -- absorbed: a shield that was cancelled
    (32, 1, 10, 20, 0, 1, 1, 1, 0),          -- absorbed: forwarded to an awaitable of as_completed that was lost
    (33, 5, 10, 20, 0, 0, 0, 0, 0),          -- lost: that awaitable
    (34, 1, 10, 20, 0, 1, 1, 1, 0),          -- delivered: forwarded to a shield that user code awaited
    (35, 5, 10, 20, 1, 0, 0, 1, 0),          -- delivered: that shield
    (36, 1, 10, 20, 1, 1, 0, 1, 0);          -- delivered: wait read it, and user code did
-- A thread-side future that failed with its task's failure, and nobody asked it: absorbed by the thread chain.
INSERT INTO failure (failure_id, kind, how, stored_ns, released_ns, user_touch_count, library_touch_count, forward_count, is_retrieved) VALUES
    (28, 4, 5, 10, 20, 0, 0, 0, 0);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES
    (2, 15, 1, 1, 1, 90, 1, 1), (3, 12, 1, 2, 5, 4, 5, 0), (5, 15, 1, 3, 1, 90, 2, 1), (9, 12, 1, 4, 5, 8, 5, 0),
    (10, 12, 1, 5, 5, 80, 5, 0), (11, 12, 1, 6, 5, 81, 5, 0), (12, 12, 1, 7, 5, 82, 5, 0), (13, 12, 1, 8, 2, NULL, 6, 0),
    (14, 12, 1, 9, 5, 81, 5, 0), (14, 14, 1, 10, 1, 90, 7, 0), (16, 12, 1, 11, 5, 17, 5, 0), (21, 12, 1, 12, 5, 81, 5, 0),
    (22, 12, 1, 13, 5, 81, 5, 0), (23, 12, 1, 14, 5, 21, 5, 0), (26, 12, 1, 15, 5, 27, 5, 0), (27, 12, 1, 16, 5, 26, 5, 0),
    (30, 12, 1, 40, 1, 90, 9, 0), (31, 12, 1, 41, 1, 90, 10, 0), (32, 12, 1, 42, 1, 90, 11, 0), (34, 12, 1, 43, 1, 90, 10, 0),
    (35, 15, 1, 44, 1, 90, 1, 1), (36, 12, 1, 45, 1, 90, 9, 0), (36, 15, 1, 46, 1, 90, 3, 1);
INSERT INTO forward (failure_id, to_id, forwarded_ns, thread_id, sequence, how) VALUES
    (3, 4, 13, 1, 20, 2), (4, 5, 13, 1, 21, 1), (7, 6, 13, 1, 22, 2), (9, 8, 13, 1, 23, 2), (16, 17, 13, 1, 24, 2),
    (32, 33, 13, 1, 47, 6), (34, 35, 13, 1, 48, 5),
    (22, 17, 13, 1, 25, 2), (23, 21, 13, 1, 26, 2), (26, 27, 13, 1, 27, 2), (27, 26, 13, 1, 28, 2);
INSERT INTO discard (object_id, discarded_ns, reason) VALUES (6, 12, 'best effort'), (99, 12, 'it never failed');
INSERT INTO gather (gather_id, child_count, is_returning_exceptions) VALUES (81, 2, 0), (82, 2, 1);

-- The other processes: held when it ended, seen by the library and held when it ended, and delivered all the same.
INSERT INTO failure (failure_id, how, stored_ns) VALUES
    ((1 << 40) | 1, 1, 10), ((1 << 40) | 2, 1, 10), ((1 << 40) | 3, 1, 10),
    ((2 << 40) | 1, 1, 10), ((2 << 40) | 2, 1, 10), ((2 << 40) | 3, 1, 10),
    ((3 << 40) | 1, 1, 10),
    ((4 << 40) | 1, 1, 400), ((4 << 40) | 2, 1, 600), ((4 << 40) | 3, 1, 400);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES
    ((1 << 40) | 2, 12, 1, 1, 5, 81, 5, 0), ((1 << 40) | 3, 12, 1, 2, 2, NULL, 3, 1),
    ((2 << 40) | 2, 12, 1, 1, 2, NULL, 6, 0), ((2 << 40) | 3, 12, 1, 2, 4, 77, 2, 1),
    ((4 << 40) | 3, 450, 1, 1, 1, 90, 1, 1);
-- Tasks of groups: kept by one that waits still; raised by one that is left; not raised by it; and its process was killed while it waited.
INSERT INTO scope (scope_id, kind, task_id, exited_ns) VALUES (700, 6, 1, NULL), (701, 6, 1, 50), ((2 << 40) | 702, 6, 1, NULL);
INSERT INTO scope_member (task_id, scope_id) VALUES (710, 700), (711, 701), (712, 701), ((2 << 40) | 713, (2 << 40) | 702);
INSERT INTO failure (failure_id, how, stored_ns, released_ns, user_touch_count, library_touch_count, forward_count, is_retrieved, is_loop_closed) VALUES
    (710, 1, 10, NULL, NULL, NULL, NULL, NULL, NULL), (711, 1, 10, 60, 1, 1, 0, 1, 0), (712, 1, 10, 60, 0, 1, 0, 1, 0),
    ((2 << 40) | 713, 1, 10, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user) VALUES (710, 20, 1, 7001, 10, 700, 12, 0),
    (711, 20, 1, 7002, 10, 701, 12, 0), (711, 50, 1, 7003, 1, 1, 12, 1), (712, 20, 1, 7004, 10, 701, 12, 0),
    ((2 << 40) | 713, 20, 1, 7005, 10, (2 << 40) | 702, 12, 0);
-- Told again to somebody who began to listen (event failure_dumped): held; delivered, discarded and forwarded before that, of which nothing
-- else is known; released later without more; and lost events before, and after, it was told again.
INSERT INTO failure (failure_id, how, stored_ns, dumped_ns, is_discarded, released_ns, user_touch_count, library_touch_count, forward_count, is_retrieved, is_loop_closed) VALUES
    (800, 1, NULL, 30, 0, NULL, 0, 0, 0, NULL, NULL),          -- held
    (801, 1, NULL, 30, 0, NULL, 1, 0, 0, NULL, NULL),          -- delivered
    (802, 1, NULL, 30, 1, NULL, 0, 0, 0, NULL, NULL),          -- discarded
    (803, 1, NULL, 30, 0, NULL, 0, 1, 1, NULL, NULL),          -- unknown: to what it was forwarded nobody heard
    (804, 1, NULL, 30, 0, 40, 0, 0, 0, 0, 0),                  -- lost: dropped
    ((4 << 40) | 805, 1, 400, 600, 0, NULL, 0, 0, 0, NULL, NULL), -- lost: killed; what was lost at 500 was told again at 600
    ((4 << 40) | 806, 1, NULL, 450, 0, NULL, 0, 0, 0, NULL, NULL); -- unknown: something was lost after it

-- Failures were switched off in process 40 from 100 to 200, and are off in process 41 since 100: those of before that nothing is known of
-- are unknown, those told again or stored afterwards are held.
INSERT INTO process (process_id, uuid, pid, seen_ns, selected_last_ns) VALUES (40, x'40', 40, 1000, 200), (41, x'41', 41, 1000, 9223372036854775807);
INSERT INTO failure (failure_id, kind, how, stored_ns, dumped_ns) VALUES
    ((40 << 40) | 1, 1, 1, 50, NULL), ((40 << 40) | 2, 1, 1, 50, 210), ((40 << 40) | 3, 1, 1, 250, NULL), ((41 << 40) | 1, 1, 1, 50, NULL);

-- All that was released above was counted by then; of two others it was not said, and one of them may have been read where events are missing.
UPDATE failure SET is_counted = 1 WHERE released_ns IS NOT NULL;
INSERT INTO failure (failure_id, how, stored_ns, released_ns, is_counted) VALUES (900, 1, 10, 20, 0), ((4 << 40) | 901, 1, 400, 600, 0);
