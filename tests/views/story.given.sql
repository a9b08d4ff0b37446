-- A task of each kind of fact that a story can tell, two processes, and what is left when they end.
INSERT INTO process (process_id, uuid, started_ns, gone_ns, signal) VALUES (0, x'00', 0, 9000, 9), (1, x'01', 0, NULL, NULL);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 1, 'a.c', 1, 'main', 'work'), (2, 2, 'a.c', 2, 'work', NULL),
    (3, 3, NULL, NULL, NULL, NULL);
-- 1 main; 2 fails; 3 is cancelled before its first step; 4 swallows; 5 is destroyed while pending; 6 waits; 7 converts.
INSERT INTO task (task_id, loop_id, parent_kind, parent_id, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome,
    abandoned_ns, wait_kind, wait_site_id) VALUES
    (1, 1, 0, NULL, 10, 1, 'main', 1, 11, 8000, 1, NULL, NULL, NULL),
    (2, 1, 1, 1, 20, 1, 'fails', 1, 21, 400, 2, NULL, NULL, NULL),
    (3, 1, 3, 15, 30, 3, NULL, 0, NULL, 350, 3, NULL, NULL, NULL),
    (4, 1, 2, NULL, 40, NULL, NULL, 1, 41, 500, 1, NULL, NULL, NULL),
    (5, 1, 4, 77, 50, 1, 'left', 1, 51, NULL, NULL, 7000, 1, 2),
    (6, 1, 1, 1, 60, 1, 'waits', 1, 61, NULL, NULL, NULL, NULL, NULL),
    (7, 1, 1, 1, 70, 1, 'converts', 1, 71, 600, 2, NULL, NULL, NULL),
    ((1 << 40) | 1, 1, 0, NULL, NULL, 1, 'unseen', 1, NULL, NULL, NULL, NULL, NULL, NULL),
    ((1 << 40) | 2, 1, 1, (1 << 40) | 1, 80, 1, 'second', 1, 81, NULL, NULL, NULL, NULL, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES (6, 0, 3, 2, 1, 2, 100), ((1 << 40) | 2, 0, 3, 1, NULL, 2, 90);
INSERT INTO scope (scope_id, kind, task_id, entered_ns, entered_site_id, deadline_ns, expired_ns, aborted_ns, abort_reason, aborted_by_id,
    exited_ns, exited_site_id, ending, exception_id, is_left_open) VALUES
    (100, 6, 1, 15, 1, NULL, NULL, 450, 1, 2, 700, 2, 2, 201, 0),
    (101, 8, 1, 16, 1, 500000016, 500, NULL, NULL, NULL, 800, 2, 3, NULL, 1),
    (102, 8, 6, 62, 1, 9223372036854775807, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO scope_member (task_id, scope_id, added_ns, site_id) VALUES (2, 100, 20, 1);
INSERT INTO gather VALUES (110, 120, 2, 1, 1, 2, 1), (111, 125, 2, 0, NULL, 1, 0);
INSERT INTO wait VALUES (112, 130, 2, 1, 1, 3, 1, 0, 250000000);
INSERT INTO shield VALUES (113, 2, 140, 2, 1, 1);
INSERT INTO cancellation (task_id, requested_ns, thread_id, sequence, by, by_id, site_id, is_accepted, request_count, reason) VALUES
    (3, 300, 1, 1, 1, 1, 1, 1, 1, 'no need'), (4, 310, 1, 2, 6, NULL, 1, 1, 1, NULL), (4, 320, 1, 3, 9, 101, 1, 1, 2, NULL),
    (7, 330, 1, 4, 3, 15, NULL, 1, 1, NULL), (2, 410, 1, 9, 10, 100, 2, 0, 0, 'late'), (6, 420, 1, 10, 7, 7, 2, 1, 1, NULL);
INSERT INTO cancellation_effect (task_id, happened_ns, thread_id, sequence, what, site_id, is_before_start, request_count, exception_id) VALUES
    (3, 340, 1, 5, 'delivered', NULL, 1, NULL, NULL), (4, 345, 1, 6, 'delivered', 2, 0, NULL, NULL),
    (4, 346, 1, 7, 'uncancelled', 2, NULL, 1, NULL), (4, 500, 1, 8, 'swallowed', NULL, NULL, 1, NULL), (7, 590, 1, 11, 'converted', NULL, NULL, NULL, 202);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id, cause_id, context_id) VALUES
    (200, 'OSError', '', 380, 2, 2, NULL, NULL), (201, 'ValueError', 'bad', 390, 2, 2, 200, NULL), (202, NULL, NULL, 580, 2, 7, NULL, 200);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, parent_id, created_site_id, raised_site_id, last_site_id, stored_ns,
    stored_handle_count, released_ns, released_site_id, is_loop_closed) VALUES
    (2, 1, 1, 201, 1, 1, 1, 2, 2, 400, 1, 900, 2, 0), (7, 1, 2, 202, 1, 1, 1, NULL, 2, 600, 0, 910, NULL, 1),
    (110, 3, 5, 201, 1, 1, 2, 2, NULL, 430, 2, NULL, NULL, NULL), (120, 2, 4, NULL, 0, NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO reference (object_id, happened_ns, thread_id, sequence, is_taken, site_id, handle_count) VALUES
    (2, 400, 1, 20, 1, 1, 1), (2, 800, 1, 21, 0, 2, 0), (110, 435, 1, 22, 1, 2, 2), (110, 436, 1, 23, 0, 2, NULL);
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user, site_id) VALUES
    (2, 425, 1, 30, 5, 110, 5, 0, 2), (110, 440, 1, 31, 1, 1, 1, 1, 2);
INSERT INTO forward (failure_id, to_id, forwarded_ns, thread_id, sequence, how, site_id) VALUES (2, 110, 430, 1, 32, 2, 2), (7, NULL, 620, 1, 33, 4, 2);
INSERT INTO discard VALUES (7, 610, 2, 'best effort'), (120, 615, NULL, NULL);
INSERT INTO handler_call (called_ns, thread_id, sequence, loop_id, kind, object_id, object_kind, exception_id, message) VALUES
    (900, 1, 40, 1, 1, 2, 1, 201, 'Task exception was never retrieved'), (901, 1, 41, 1, 2, NULL, NULL, NULL, 'nobody''s');
INSERT INTO note (noted_ns, thread_id, sequence, task_id, site_id, key, text) VALUES (25, 1, 50, 2, 2, 'url', '/'), (26, 1, 51, 2, NULL, NULL, 'plain');
INSERT INTO stall (ended_ns, thread_id, sequence, loop_id, duration_ns, by, by_id, site_id, end_site_id) VALUES
    (55, 1, 60, 1, 30000000, 1, 1, 1, 2), (56, 1, 61, 1, 1, 2, NULL, 1, NULL);
-- A task that a link was taken for names the task of another process; what the main program of the second process creates has its cause
-- in the first one's; who is not in the recording is not named.
UPDATE process SET uuid = x'0102030405060708aaaaaaaaaaaaaaaa', host = 'a' WHERE process_id = 0;
UPDATE process SET uuid = x'1112131415161718bbbbbbbbbbbbbbbb', host = 'b' WHERE process_id = 1;
INSERT INTO link (task_id, linked_ns, cause_arena, cause_lttng, cause_task_id, site_id) VALUES
    (1 << 40, 5, x'0000000000000000', x'0102030405060708', 1, NULL),
    ((1 << 40) | 2, 82, x'0102030405060708', x'0000000000000000', 2, 2),
    (6, 65, x'9999999999999999', x'0000000000000000', 3, 2),
    (7, 75, x'1112131415161718', x'0000000000000000', 0, 2);
-- The failure of 2 is a part of a group that 1 raised, and of one of which nobody knows who raised it, or when.
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id) VALUES
    (210, 'ExceptionGroup', 'of a task group (2 sub-exceptions)', 650, 1, 1), (211, 'ExceptionGroup', 'made elsewhere', NULL, NULL, NULL);
INSERT INTO exception_member (group_id, told_ns, thread_id, sequence, position, member_id) VALUES
    (210, 650, 1, 70, 0, 202), (210, 650, 1, 71, 1, 201), (211, 660, 1, 72, 0, 201);
