SELECT process_id, category, is_on, from_ns, until_ns, step_every, by, is_vital, is_usual FROM selections ORDER BY process_id, category, from_ns
