-- Failures of one kind together: the same type, the same text but for numbers and addresses, raised and created at the same places.
CREATE VIEW failure_groups AS
SELECT
    -- What they have in common, as in failures.
    f.fingerprint AS fingerprint,
    -- Name of the exception's type.
    f.type AS type,
    -- The exception's text, of the first of them.
    f.message AS message,
    -- Where the exception was raised: "FILE:LINE in FUNCTION".
    f.raised_at AS raised_at,
    -- Where the future or task was created.
    f.created_at AS created_at,
    -- How many there are, and in which state; the words are those of failures.state.
    f.failure_count AS failure_count,
    f.lost_count AS lost_count,
    f.absorbed_count AS absorbed_count,
    f.held_count AS held_count,
    f.unknown_count AS unknown_count,
    f.delivered_count AS delivered_count,
    f.discarded_count AS discarded_count,
    -- The first one; when it failed.
    f.failure_id AS first_id,
    f.id_text AS first_id_text,
    f.name AS first_name,
    f.stored_ns AS first_ns,
    -- When the last one failed.
    f.last_ns AS last_ns
FROM (
    SELECT x.*, row_number() OVER (PARTITION BY x.fingerprint ORDER BY x.stored_ns IS NULL, x.stored_ns, x.failure_id) AS place,
        count(*) OVER kind AS failure_count, max(x.stored_ns) OVER kind AS last_ns,
        sum(x.state = 'lost') OVER kind AS lost_count, sum(x.state = 'absorbed') OVER kind AS absorbed_count,
        sum(x.state = 'held') OVER kind AS held_count, sum(x.state = 'unknown') OVER kind AS unknown_count,
        sum(x.state = 'delivered') OVER kind AS delivered_count, sum(x.state = 'discarded') OVER kind AS discarded_count
    FROM failures AS x
    WINDOW kind AS (PARTITION BY x.fingerprint)
) AS f
WHERE f.place = 1;
