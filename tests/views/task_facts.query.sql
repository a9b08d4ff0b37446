SELECT task_id, until_ns, since_ns, wait_kind, wait_object, wait_since_ns, may_have_lost_events FROM task_facts ORDER BY task_id
