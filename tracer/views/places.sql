-- Places in the source, as one reads them.
CREATE VIEW places AS
SELECT
    -- The place.
    s.site_id AS site_id,
    -- File.
    s.file AS file,
    -- Line.
    s.line AS line,
    -- Function.
    s.func AS func,
    -- What stands there, if that helps: where a task is created, the name of its coroutine.
    s.text AS text,
    -- "FILE:LINE in FUNCTION", or "unknown place" when its definition is missing.
    coalesce(s.file || ':' || s.line || ' in ' || s.func, 'unknown place') AS place
FROM site AS s
-- Not the numbers of stacks and of what their calls are in.
WHERE s.file IS NOT '';
