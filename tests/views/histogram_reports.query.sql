SELECT * FROM histogram_reports ORDER BY coroutine, what, from_ns
