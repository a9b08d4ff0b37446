-- A lock that a task has and another one wants, one that was given back, a condition, a queue, a semaphore, an event and a barrier; a lock whose creation is missing; in two processes.
INSERT INTO site (site_id, hash, file, line, func, text) VALUES (1, 11, 'a.c', 1, 'make', NULL), (2, 12, 'a.c', 2, 'take', NULL);
INSERT INTO task (task_id, name) VALUES (20, 'holder'), (21, 'other'), ((1 << 40) | 5, 'remote');
INSERT INTO resource (resource_id, kind, capacity, created_ns, created_site_id, by, by_id, holder_id, held_ns, held_site_id, released_ns) VALUES
    (1, 1, NULL, 10, 1, 1, 20, 20, 50, 2, 40), (2, 1, NULL, 11, 1, 1, 20, 0, 30, 2, 60), (3, 3, NULL, 12, 1, 0, NULL, NULL, NULL, NULL, NULL),
    (4, 6, 8, 13, 1, 0, NULL, NULL, NULL, NULL, NULL), (5, 4, 2, 14, NULL, 0, NULL, NULL, NULL, NULL, NULL), (6, 2, NULL, 15, 1, 0, NULL, NULL, NULL, NULL, NULL),
    (7, 5, 3, 16, 1, 0, NULL, NULL, NULL, NULL, NULL), ((1 << 40) | 9, NULL, NULL, NULL, NULL, NULL, NULL, (1 << 40) | 6, 70, 2, NULL);
INSERT INTO board (task_id, slot, state, wait_kind, wait_object) VALUES (21, 0, 3, 13, 1), (22, 1, 3, 18, 4), (23, 2, 3, 21, 4), (24, 3, 1, 13, 1), (25, 4, 3, 20, 1);
-- Locks of a process in which the category was switched off for a while: taken before, given back before, made before, taken and given back since, and an event.
INSERT INTO process (process_id, uuid, categories) VALUES (2, x'02', 8191);
INSERT INTO selection (selected_ns, thread_id, sequence, categories, step_every, by) VALUES (100, (2 << 40) | 1, 1, 4095, 1, 1), (200, (2 << 40) | 1, 2, 8191, 1, 1);
INSERT INTO resource (resource_id, kind, created_ns, holder_id, held_ns, held_site_id, released_ns) VALUES ((2 << 40) | 1, 1, 10, (2 << 40) | 9, 50, 2, NULL),
    ((2 << 40) | 2, 1, 10, 0, 50, 2, 60), ((2 << 40) | 3, 1, 10, NULL, NULL, NULL, NULL), ((2 << 40) | 4, 1, 10, (2 << 40) | 9, 250, 2, 60), ((2 << 40) | 5, 1, 10, 0, 50, 2, 250), ((2 << 40) | 6, 2, 10, NULL, NULL, NULL, NULL);
