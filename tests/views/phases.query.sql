SELECT task_id, step_number, state, from_ns, until_ns, wait_kind, wait_text, wait_at FROM phases ORDER BY task_id, from_ns, until_ns IS NULL, until_ns
