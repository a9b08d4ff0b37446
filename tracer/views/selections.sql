-- What was recorded when, of processes for which it was selected anew while they ran: a row for each stretch of time in which a
-- category that changed, or that answers rest on and never was on, was on or off.
CREATE VIEW selections AS
WITH
    -- The categories of events.def: whether answers about failures, cancellations and ends of tasks rest on them, and whether they
    -- are on unless somebody says otherwise.
    category (bit, name, is_vital, is_usual) AS (VALUES
        (0, 'process', 1, 1), (1, 'loop', 1, 1), (2, 'task', 1, 1), (3, 'failure', 1, 1), (4, 'cancel', 1, 1),
        (5, 'scope', 1, 1), (6, 'reference', 1, 1), (7, 'user', 0, 1), (8, 'state', 0, 1), (9, 'io', 0, 0),
        (10, 'step', 0, 0), (11, 'turn', 0, 0), (12, 'resource', 0, 0), (13, 'stack', 0, 0), (14, 'creation', 0, 0),
        (28, 'details', 0, 1)),
    -- What held from when on: at the beginning, and after each selection.
    held AS (
        SELECT p.process_id AS process_id, p.started_ns AS from_ns, -1 AS number, p.categories AS categories,
            p.step_every AS step_every, NULL AS by
        FROM process AS p
        WHERE p.process_id IN (SELECT n.thread_id >> 40 FROM selection AS n)
        UNION ALL
        SELECT n.thread_id >> 40, n.selected_ns, n.selection_id, n.categories, n.step_every, n.by FROM selection AS n
    ),
    -- Of each category; the level of details is on unless its bit is. Sampled steps are told apart by how many.
    told AS (
        SELECT h.process_id, h.from_ns, h.number, h.by, c.bit, c.name, c.is_vital, c.is_usual,
            ((h.categories >> c.bit) & 1) <> (c.bit = 28) AS is_on,
            iif(c.bit = 10 AND (h.categories >> 10) & 1, h.step_every, NULL) AS step_every
        FROM held AS h CROSS JOIN category AS c
    ),
    changed AS (
        SELECT t.*,
            lag(t.is_on) OVER category_of AS was_on,
            lag(t.step_every) OVER category_of AS was_every
        FROM told AS t
        WINDOW category_of AS (PARTITION BY t.process_id, t.bit ORDER BY t.from_ns, t.number)
    ),
    stretch AS (
        SELECT c.*,
            lead(c.from_ns) OVER category_of AS until_ns,
            count(*) OVER (PARTITION BY c.process_id, c.bit) AS stretch_count
        FROM changed AS c
        WHERE c.was_on IS NULL OR c.was_on <> c.is_on OR c.was_every IS NOT c.step_every
        WINDOW category_of AS (PARTITION BY c.process_id, c.bit ORDER BY c.from_ns, c.number)
    )
SELECT
    -- The process.
    s.process_id AS process_id,
    -- The category; details: what is not vital of all of them.
    s.name AS category,
    -- 1 when its events were recorded, 0 when not.
    s.is_on AS is_on,
    -- From when on; NULL: from before the recording began.
    s.from_ns AS from_ns,
    -- Until when; NULL: until the end.
    s.until_ns AS until_ns,
    -- With step, while they were recorded: of one task in so many.
    s.step_every AS step_every,
    -- Who selected it: program (tt_trace_select), outside (telltale select); NULL: it was so at the start.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'selector' AND w.number = s.by) AS by,
    -- 1 when answers about failures, cancellations and ends of tasks rest on it.
    s.is_vital AS is_vital,
    -- 1 when it is on unless somebody says otherwise.
    s.is_usual AS is_usual
FROM stretch AS s
WHERE s.stretch_count > 1 OR (s.is_vital AND NOT s.is_on);
