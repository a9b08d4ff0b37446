SELECT * FROM places ORDER BY site_id
