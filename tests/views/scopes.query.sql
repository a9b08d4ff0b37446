SELECT * FROM scopes ORDER BY scope_id
