SELECT * FROM coroutines ORDER BY coroutine;
