SELECT * FROM resources ORDER BY resource_id
