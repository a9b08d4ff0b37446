SELECT * FROM wait_objects ORDER BY wait_kind, object_id
