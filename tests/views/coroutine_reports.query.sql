SELECT * FROM coroutine_reports ORDER BY coroutine
