-- Two calls in one library, one in a program without build id, and one of which the library is not known.
INSERT INTO module (module_id, build_id, path) VALUES (3, 'ab12', '/usr/lib/libserver.so.1'), (4, NULL, 'server');
INSERT INTO stack (stack_id, call_count, is_cut) VALUES (1, 3, 0), (2, 1, 1);
INSERT INTO call (stack_id, position, module_id, address) VALUES (1, 0, 3, 4660), (1, 1, 3, 17), (1, 2, 4, 255), (2, 0, NULL, 16);
