INSERT INTO site (site_id, hash, file, line, func, text) VALUES
    (1, 11, 'server.c', 31, 'echo', NULL), (2, 12, 'server.c', 58, 'listen', 'echo'), (3, 13, NULL, NULL, NULL, NULL);
