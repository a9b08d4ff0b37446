-- The same facts as in the case of story, and failures of each state.
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
-- 300 lost by exit; 301 absorbed by gather; 302 discarded; 303 unknown; 304 held; 305 delivered.
INSERT INTO process (process_id, uuid, started_ns, goodbye_ns, goodbye_reason) VALUES (2, x'02', 0, 5000000000, 1);
INSERT INTO failure (failure_id, kind, how, parent_kind, created_site_id, stored_ns, stored_handle_count, released_ns, released_site_id,
    is_loop_closed, is_retrieved, user_touch_count, library_touch_count, forward_count) VALUES
    ((2 << 40) | 300, 2, 4, 0, 1, 1000000000, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ((2 << 40) | 301, 2, 4, 0, 1, 1000000000, 0, 2000000000, 2, 0, 1, 0, 1, 0),
    ((2 << 40) | 302, 2, 4, 0, 1, 1000000000, 0, 2000000000, 2, 0, 1, 0, 0, 0),
    ((2 << 40) | 303, 2, 4, 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ((1 << 40) | 304, 2, 4, 0, 1, 1000, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    ((2 << 40) | 305, 2, 4, 0, 1, 1000000000, 0, 2000000000, 2, 0, 1, 1, 0, 0),
    ((2 << 40) | 306, 2, 4, 0, 1, 1000000000, 0, 2000000000, 2, 1, 0, 0, 0, 0),
    ((2 << 40) | 307, 2, 2, 0, 1, 1000000000, 0, 2000000000, 2, 0, 0, 0, 0, 0);
INSERT INTO discard VALUES ((2 << 40) | 302, 1500000000, 2, 'best effort');
INSERT INTO touch (failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user, site_id) VALUES
    ((2 << 40) | 301, 1500000000, 3, 1, 5, 999, 5, 0, 2), ((2 << 40) | 305, 1250000000, 3, 2, 0, NULL, 2, 1, 2);
-- One that waits for a lock, which another one has; and what is unknown of a process of which LTTng did not write the end, of one whose
-- beginning is missing, and of one that lost events beside that.
INSERT INTO task (task_id, parent_kind, created_ns, name, started_ns) VALUES (8, 0, 60, 'wants it', 61);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES (8, 1, 3, 13, 400, 2, 1000);
INSERT INTO resource (resource_id, holder_id) VALUES (400, 6);
INSERT INTO process (process_id, uuid, started_ns, is_boardless, vital_drop_last_ns) VALUES (3, x'03', 0, 1, 9000), (4, x'04', 0, 1, 9000), (5, x'05', 0, 1, 9000);
INSERT INTO gap (thread_id, count, from_ns, what, is_vital) VALUES ((3 << 40) | 1, NULL, 5000, 'cut_off', 1), (4 << 40, NULL, 0, 'late', 1),
    (5 << 40, NULL, 0, 'late', 1), ((5 << 40) | 1, 4, 100, 'discarded', 1);
INSERT INTO task (task_id, parent_kind, created_ns, name, dumped_ns) VALUES ((3 << 40) | 1, 0, 10, 'cut off', 10), ((4 << 40) | 1, 0, 10, 'late', 10), ((5 << 40) | 1, 0, 10, 'both', 10);
-- One that waits for a lock of which nobody knows who has it by now.
INSERT INTO process (process_id, uuid, started_ns, seen_ns) VALUES (6, x'06', 0, 2000);
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES (500, (6 << 40) | 1, 1, 511, 1, 1);
INSERT INTO task (task_id, parent_kind, created_ns, name, started_ns) VALUES ((6 << 40) | 1, 0, 60, 'wants it', 61), ((6 << 40) | 2, 0, 60, 'had it', 61);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object, wait_site_id, since_ns) VALUES ((6 << 40) | 1, 1, 3, 13, (6 << 40) | 40, 2, 1000);
INSERT INTO resource (resource_id, holder_id, held_ns) VALUES ((6 << 40) | 40, (6 << 40) | 2, 400);
