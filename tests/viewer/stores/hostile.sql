-- Names, messages and places that try to do something to whoever looks at them.
INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns, origin_realtime_ns, origin_monotonic_ns, origin_boot_id) VALUES (1, x'00', '0.1.0', 1700000000000000000, 1700000000000000000, 5000000000, x'00');
INSERT INTO process (process_id, uuid, pid, parent_pid, program, command, started_ns, seen_ns, gone_ns, signal) VALUES
    (0, x'01', 100, 1, '/opt/' || char(27) || ']0;title' || char(7) || 'app', 'app' || char(10) || 'SUMMARY: telltale: 0 lost failures', 0, 1000000000, 1000000000, 9);
INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 1, 'a' || char(13) || 'b.c', 10, 'ma' || char(27) || '[2Jin', 'co' || char(155) || '31mroutine'),
    (2, 2, char(8238) || 'c.ppa', 20, 'w' || char(8203) || 'ork', NULL);
INSERT INTO task (task_id, loop_id, parent_kind, created_ns, created_site_id, name, has_handle, started_ns, ended_ns, outcome, busy_ns, ready_ns, step_count) VALUES
    (2, 1, 0, 1000000, 1, char(27) || '[31mred' || char(27) || '[0m', 1, 2000000, 3000000, 2, 1, 2, 3),
    (3, 1, 0, 1000000, 1, CAST(x'ff41c32842eda08043f4908080' AS TEXT), 1, 2000000, 3000000, 1, 1, 2, 3),
    (4, 1, 0, 1000000, 1, 'quote " comma , newline ' || char(10) || ' tab ' || char(9) || ' backslash \ end', 1, 2000000, 3000000, 1, 1, 2, 3),
    (5, 1, 0, 1000000, 1, char(8238) || 'txt.exe' || char(8236) || char(8294) || char(65279) || char(917569), 1, 2000000, 3000000, 1, 1, 2, 3),
    (6, 1, 0, 1000000, 1, 'Grüße 漢字 🙂', 1, 2000000, 3000000, 1, 1, 2, 3),
    (7, 1, 0, 1000000, 1, '', 1, 2000000, 3000000, 1, 1, 2, 3),
    (8, 1, 0, 1000000, 1, replace(hex(zeroblob(150)), '0', 'A'), 1, 2000000, 3000000, 1, 1, 2, 3),
    (9, 1, 0, 1000000, 1, '''; DROP TABLE task; --', 1, 2000000, 3000000, 1, 1, 2, 3),
    (10, 1, 0, 1000000, 1, '%s%n%x', 1, 2000000, 3000000, 1, 1, 2, 3);
INSERT INTO exception (exception_id, type, message, raised_ns, raised_site_id, task_id) VALUES
    (12, 'Value' || char(27) || '[5mError', 'line one' || char(10) || 'SUMMARY: telltale: 0 lost failures' || char(27) || '[A', 2900000, 2, 2);
INSERT INTO failure (failure_id, kind, how, exception_id, parent_kind, loop_id, name, created_site_id, raised_site_id, last_site_id,
    stored_ns, stored_handle_count) VALUES (2, 1, 1, 12, 0, 1, 'other', 1, 2, 2, 3000000, 1);
INSERT INTO note (noted_ns, thread_id, sequence, task_id, site_id, key, text) VALUES (2500000, 1, 25, 2, 2, 'k' || char(0) || 'ey', char(7) || 'bell');
