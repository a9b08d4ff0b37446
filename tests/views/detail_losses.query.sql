SELECT * FROM detail_losses ORDER BY process_id, category
