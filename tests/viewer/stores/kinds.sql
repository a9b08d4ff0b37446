-- One finding of each kind, and what is no finding, in two processes that have exited.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, started_ns, seen_ns, goodbye_ns, goodbye_reason, gone_ns, exit_status) VALUES
    (0, x'01', 100, 1, '/opt/app', 0, 3000000000, 3000000000, 1, 3100000000, 0),
    (1, x'02', 101, 100, '/opt/worker', 1000000000, 2000000000, 2000000000, 1, NULL, NULL);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 1, 'app.c', 10, 'main', 'start'), (2, 2, 'app.c', 20, 'start', 'work'), (3, 3, 'app.c', 30, 'work', NULL),
    (4, 4, 'app.c', 40, 'start', NULL), (5, 5, 'app.c', 50, 'work', NULL), (6, 6, 'app.c', 60, 'start', 'job'),
    (7, 7, 'app.c', 70, 'job', NULL), (8, 8, 'app.c', 80, 'stop', NULL), (9, 9, 'app.c', 90, 'start', 'helper');
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome,
    busy_ns, ready_ns, longest_step_ns, step_count, abandoned_ns, wait_kind, wait_object, wait_site_id) VALUES
    (2, 1, 0, NULL, 1000000, 1, 'main', 1, 2000000, 2900000000, 1, 500000, 1000, 90000, 9, NULL, NULL, NULL, NULL),
    (3, 1, 1, 2, 10000000, 2, 'dropped', 1, 11000000, 20000000, 2, 100, 10, 90, 1, NULL, NULL, NULL, NULL),
    (4, 1, 1, 2, 10000000, 6, 'gathered', 1, 11000000, 30000000, 2, 100, 10, 90, 1, NULL, NULL, NULL, NULL),
    (5, 1, 1, 2, 10000000, 2, 'ignored', 0, 11000000, 40000000, 2, 100, 10, 90, 1, NULL, NULL, NULL, NULL),
    (6, 1, 1, 2, 10000000, 2, 'missing', 0, 11000000, 45000000, 2, 100, 10, 90, 1, NULL, NULL, NULL, NULL),
    (7, 1, 1, 2, 10000000, 9, 'swallower', 1, 11000000, 60000000, 1, 100, 10, 90, 2, NULL, NULL, NULL, NULL),
    (8, 1, 3, 15, 10000000, 9, 'converter', 1, 11000000, 70000000, 2, 100, 10, 90, 2, NULL, NULL, NULL, NULL),
    (9, 1, 1, 2, 10000000, 9, 'orphan', 1, 11000000, NULL, NULL, NULL, NULL, NULL, NULL, 2950000000, 3, 12, 7),
    (10, 1, 2, NULL, 10000000, 9, 'delivered', 1, 11000000, 80000000, 2, 100, 10, 90, 1, NULL, NULL, NULL, NULL),
    (11, 1, 4, 102, 10000000, 9, 'discarded', 1, 11000000, 90000000, 2, 100, 10, 90, 1, NULL, NULL, NULL, NULL),
    (14, 1, 1, 2, 10000000, 9, 'cancelled', 1, NULL, 95000000, 3, 0, 10, 0, 0, NULL, NULL, NULL, NULL),
    (1099511627778, 1099511627777, 0, NULL, 1001000000, 1, 'main', 1, 1002000000, 1900000000, 2, 5000, 10, 90, 3, NULL, NULL, NULL, NULL);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id, cause_id, context_id) VALUES
    (103, 'ValueError', 'bad value 3', 19000000, 3, 3, 203, NULL), (203, 'KeyError', 'name', 18000000, 5, 3, NULL, 303),
    (303, 'OSError', 'disk gone', 17000000, 5, 3, NULL, NULL),
    (104, 'ValueError', 'of a child', 29000000, 3, 4, NULL, NULL), (105, 'RuntimeError', 'left pending', 39000000, 3, 5, NULL, NULL),
    (106, 'SystemError', 'error return without exception set', 44000000, 3, 6, NULL, NULL),
    (108, 'ValueError', 'while cleaning up', 69000000, 7, 8, NULL, NULL), (110, 'ValueError', 'seen', 79000000, 3, 10, NULL, NULL),
    (111, 'ValueError', 'who cares', 89000000, 3, 11, NULL, NULL), (112, 'ZeroDivisionError', 'division by zero', 120000000, 8, NULL, NULL, NULL),
    (113, 'ConnectionError', 'of a plain future', 130000000, 8, NULL, NULL, NULL),
    (1099511627900, 'MemoryError', 'in the worker', 1890000000, 3, 1099511627778, NULL, NULL);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, loop_id, name, created_site_id, raised_site_id, last_site_id,
    stored_ns, stored_handle_count, reported_ns, reported_kind, reported_site_id, released_ns, released_site_id, user_touch_count,
    library_touch_count, forward_count, is_retrieved, is_loop_closed) VALUES
    (3, 1, 1, 103, 1, 2, 1, 'dropped', 2, 3, 3, 20000000, 2, 520000000, 1, 4, 520000000, 4, 0, 0, 0, 0, 0),
    (4, 1, 1, 104, 1, 2, 1, 'gathered', 6, 3, 3, 30000000, 1, NULL, NULL, NULL, 31000000, 4, 0, 1, 0, 1, 0),
    (5, 1, 2, 105, 1, 2, 1, 'ignored', 2, 3, 5, 40000000, 0, 40000000, 2, NULL, 40000000, NULL, 0, 0, 0, 0, 0),
    (6, 1, 3, 106, 1, 2, 1, 'missing', 2, 3, 5, 45000000, 0, 45000000, 2, NULL, 45000000, NULL, 0, 0, 0, 0, 0),
    (8, 1, 1, 108, 3, 15, 1, 'converter', 9, 7, 7, 70000000, 1, NULL, NULL, NULL, 71000000, 4, 1, 0, 0, 1, 0),
    (10, 1, 1, 110, 2, NULL, 1, 'delivered', 9, 3, 3, 80000000, 1, NULL, NULL, NULL, 81000000, 4, 1, 0, 0, 1, 0),
    (11, 1, 1, 111, 4, 102, 1, 'discarded', 9, 3, 3, 90000000, 1, NULL, NULL, NULL, 91000000, 4, 0, 0, 0, 1, 0),
    (13, 2, 4, 113, 1, 2, 1, NULL, 6, 8, NULL, 130000000, 3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (1099511627778, 1, 1, 1099511627900, 0, NULL, 1099511627777, 'main', 1, 3, 3, 1900000000, 1, NULL, NULL, NULL, 1950000000, 1, 0, 0, 0, 0, 1);
INSERT INTO reference (object_id, happened_ns, thread_id, sequence, is_taken, site_id, handle_count) VALUES
    (3, 20000000, 1, 30, 1, 2, 1), (3, 20000000, 1, 31, 1, 6, 2), (3, 100000000, 1, 50, 0, 8, 1), (3, 520000000, 1, 90, 0, 4, 0),
    (4, 30000000, 1, 40, 1, 6, 1), (4, 31000000, 1, 45, 0, 4, 0),
    (13, 130000000, 1, 60, 1, 6, 1), (13, 130000000, 1, 61, 1, 9, 2), (13, 130000000, 1, 62, 1, 2, 3), (13, 140000000, 1, 63, 0, 8, 2);
INSERT INTO gather (gather_id, created_ns, created_site_id, by, by_id, child_count, is_returning_exceptions) VALUES (15, 12000000, 4, 1, 2, 2, 0);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user, site_id) VALUES
    (4, 30500000, 1, 42, 5, 15, 5, 0, 4), (8, 70500000, 1, 71, 1, 2, 1, 1, 4), (10, 80500000, 1, 81, 1, 2, 1, 1, 4);
INSERT INTO discard (object_id, discarded_ns, site_id, reason) VALUES (11, 90500000, 4, 'best effort');
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count, reason) VALUES
    (7, 50000000, 1, 65, 1, 2, 8, 1, 1, 'shutting down'), (8, 65000000, 1, 67, 3, 15, 8, 1, 1, NULL), (14, 94000000, 1, 69, 6, NULL, 8, 1, 1, NULL);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, is_before_start, request_count, exception_id) VALUES
    (7, 51000000, 1, 66, 'delivered', 7, 0, NULL, NULL), (7, 60000000, 1, 68, 'swallowed', NULL, NULL, 1, NULL),
    (8, 66000000, 1, 68, 'delivered', 7, 0, NULL, NULL), (8, 70000000, 1, 70, 'converted', NULL, NULL, NULL, 108),
    (14, 94500000, 1, 70, 'delivered', NULL, 1, NULL, NULL);
INSERT INTO handler_call (called_ns, thread_id, sequence, loop_id, kind, object_id, object_kind, exception_id, message) VALUES
    (120000000, 1, 75, 1, 1, NULL, 5, 112, 'Exception in callback on_done()'),
    (520000000, 1, 91, 1, 1, 3, 1, 103, 'Task exception was never retrieved');
INSERT INTO note (noted_ns, thread_id, sequence, task_id, site_id, key, text) VALUES (15000000, 1, 25, 3, 3, 'request', 'GET /');
INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns, by, by_id, site_id, end_site_id) VALUES
    (300000000, 1, 80, 1, 120000000, 1, 2, 4, 8), (600000000, 1, 92, 1, 250000000, 1, 3, 4, 8), (900000000, 1, 93, 1, 130000000, 2, NULL, 9, NULL),
    (1500000000, 1099511627777, 3, 1099511627777, 110000000, 1, 1099511627778, 1, NULL);
