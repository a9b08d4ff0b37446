SELECT * FROM loop_turns ORDER BY loop_id
