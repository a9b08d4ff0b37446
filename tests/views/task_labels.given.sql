INSERT INTO task (task_id, name, name_number, new_name) VALUES
    (1, 'main', NULL, NULL), (2, NULL, 7, NULL), (3, 'client', NULL, 'client-3'), (4, NULL, NULL, NULL), ((2 << 40) | 17, NULL, 1, 'renamed');
