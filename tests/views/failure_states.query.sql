SELECT failure_id >> 40 AS process, failure_id & 1099511627775 AS failure, state, reason, is_told_elsewhere FROM failure_states ORDER BY failure_id
