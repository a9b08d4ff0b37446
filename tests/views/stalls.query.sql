SELECT * FROM stalls ORDER BY stall_id
