-- Process 0: started, read after half a minute, then the wall clock was set back by 2 s, then the machine slept for 10 s and the
-- wall clock went on. Process 1: another boot, never read again.
INSERT INTO process (process_id, uuid, started_ns, started_monotonic_ns, started_realtime_ns, started_boottime_ns) VALUES
    (0, x'00', 0, 1000, 5000000000000, 7000), (1, x'01', 50, 90, 5000000000050, 90), (2, x'02', NULL, NULL, NULL, NULL);
INSERT INTO clock_sample (sampled_ns, thread_id, sequence, monotonic_ns, realtime_ns, boottime_ns, why) VALUES
    (30000000000, 1, 10, 30000001000, 5030000000000, 30000007000, 1),
    (31000000000, 2, 20, 31000001000, 5029000000000, 31000007000, 2),
    (32000000000, 1, 30, 32000001000, 5040000000000, 42000007000, 3);
