SELECT * FROM cancellations ORDER BY cancellation_id
