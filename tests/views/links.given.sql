-- Process 0 on host a has #3; of process 1 on host b, started with TELLTALE_PARENT by #3, the main program created #1, which is a cause of
-- nothing, and #2, which took a link of its own from process 0 outside of any task; #4 was created by #1. #5 names a process that
-- nobody recorded, #6 a task of process 0 that nobody recorded.
INSERT INTO process (process_id, uuid, host) VALUES
    (0, x'0102030405060708aaaaaaaaaaaaaaaa', 'a'), (1, x'1112131415161718bbbbbbbbbbbbbbbb', 'b');
INSERT INTO site (site_id, hash, file, line, func) VALUES (1, 1, 'b.c', 7, 'serve');
INSERT INTO task (task_id, parent_kind, parent_id, name) VALUES
    (3, 0, NULL, 'request'),
    ((1 << 40) | 1, 0, NULL, 'x'), ((1 << 40) | 2, 0, NULL, 'y'), ((1 << 40) | 4, 1, (1 << 40) | 1, 'z'),
    ((1 << 40) | 5, 2, NULL, 'v'), ((1 << 40) | 6, 2, NULL, 'w');
INSERT INTO link (task_id, linked_ns, cause_arena, cause_lttng, cause_task_id, site_id) VALUES
    (1 << 40, 10, x'0000000000000000', x'0102030405060708', 3, NULL),
    ((1 << 40) | 2, 20, x'0102030405060708', x'0000000000000000', 0, 1),
    ((1 << 40) | 5, 30, x'9999999999999999', x'0000000000000000', 3, 1),
    ((1 << 40) | 6, 40, x'0102030405060708', x'9999999999999999', 8, 1);
