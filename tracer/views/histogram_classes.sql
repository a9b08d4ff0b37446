-- The classes in which histograms count: a scale of 1, 2, 5, 10 ... microseconds.
CREATE VIEW histogram_classes AS
WITH RECURSIVE class (number, from_ns, to_ns) AS (
    SELECT 0, 0, 1000
    UNION ALL
    -- 1, 2, 5 us; 10, 20, 50 us ... up to 500 s, and what is longer.
    SELECT number + 1, to_ns, CASE number % 3 WHEN 0 THEN to_ns * 2 WHEN 1 THEN to_ns / 2 * 5 ELSE to_ns * 2 END
    FROM class WHERE number < 27
)
SELECT
    -- Its place on the scale, from 0.
    c.number AS number,
    -- From, and up to but without; the last one has no end (NULL).
    c.from_ns AS from_ns,
    iif(c.number = 27, NULL, c.to_ns) AS to_ns
FROM class AS c;
