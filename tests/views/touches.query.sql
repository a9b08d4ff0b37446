SELECT * FROM touches ORDER BY touched_ns
