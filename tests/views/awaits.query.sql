SELECT task_id, process_id, coalesce(wait_kind || ' ' || coalesce(wait_object, ''), '?') AS wait, since_ns, wait_at, coalesce(awaited_kind, '?') || ' ' || coalesce(awaited_id, '') AS awaited, awaited_task_id, is_needed
FROM awaits ORDER BY task_id, awaited_kind, awaited_id
