SELECT * FROM recordings;
