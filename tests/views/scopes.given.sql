-- Timeouts in every state and with every end. A process that runs, and one that was killed.
INSERT INTO process (process_id, uuid, pid, seen_ns, gone_ns) VALUES (0, x'00', 100, 1000, NULL), (1, x'01', 101, 1000, 900);
INSERT INTO site (site_id, hash, file, line, func) VALUES (1, 11, 'a.c', 1, 'enter'), (2, 12, 'a.c', 2, 'leave');
INSERT INTO exception (exception_id, type, message) VALUES (70, 'TimeoutError', '');
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns, abandoned_ns) VALUES (1, 'main', 0, NULL, NULL, NULL), (2, 'abandoned', 0, NULL, NULL, 600);
INSERT INTO scope (scope_id, kind, task_id, outer_id, entered_ns, entered_site_id, deadline_ns, rescheduled_ns, expired_ns, exited_ns, exited_site_id, ending,
    exception_id, is_left_open) VALUES
    (10, 8, 1, NULL, 100, 1, 500, NULL, NULL, NULL, NULL, NULL, NULL, NULL), -- its task is inside
    (11, 8, 1, 10, 110, 1, 9223372036854775807, 120, NULL, 150, 2, 1, NULL, 0), -- disabled
    (12, 8, 1, 10, 160, 1, 200, NULL, 201, 210, 2, 3, 70, 0),
    (13, 8, 1, 10, 220, 1, 250, NULL, 251, 260, 2, 4, NULL, 1),
    (14, 8, 1, 10, 270, 1, 280, NULL, 281, 290, 2, 5, NULL, 0),
    (15, 8, 1, 10, 300, 1, 310, NULL, 311, 320, 2, 6, NULL, 0),
    (16, 8, 2, NULL, 400, 1, 450, NULL, 451, NULL, NULL, NULL, NULL, NULL),
    ((1 << 40) | 5, 8, (1 << 40) | 4, NULL, 400, NULL, 450, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- Groups: one that waits for one of its three tasks, of which another has failed; one that was left.
INSERT INTO task (task_id, name, created_ns, outcome, ended_ns) VALUES (3, 'failed', 500, 2, 520), (4, 'slow', 500, NULL, NULL), (5, 'fine', 500, 1, 510);
INSERT INTO failure (failure_id, kind, how, stored_ns) VALUES (3, 1, 1, 520);
INSERT INTO scope (scope_id, kind, task_id, outer_id, entered_ns, entered_site_id, is_keep_going, aborted_ns, abort_reason, aborted_by_id, aborted_count, exited_ns,
    exited_site_id, ending, exception_id, is_left_open, child_count, failed_count) VALUES
    (20, 6, 1, 10, 500, 1, 0, 530, 1, 3, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (21, 6, 1, 10, 600, 1, 1, NULL, NULL, NULL, NULL, 700, 2, 1, NULL, 0, 4, 2);
INSERT INTO scope_member (task_id, scope_id, added_ns, site_id) VALUES (3, 20, 500, 1), (4, 20, 501, 1), (5, 20, 502, 1);
