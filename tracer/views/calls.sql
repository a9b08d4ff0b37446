-- The calls of stacks, the innermost first: what `telltale show` finds functions and lines for.
CREATE VIEW calls AS
SELECT
    -- The stack: column stack_id of stacks.
    c.stack_id AS stack_id,
    -- Its place in it: 0 is the innermost.
    c.position AS position,
    -- The program or library that it is in, as it was then.
    m.path AS path,
    -- What tells it from a later build, in hexadecimal digits; NULL when it has none.
    m.build_id AS build_id,
    -- Address of the instruction, as the symbols of that file have it.
    c.address AS address,
    -- "NAME+0xADDRESS": what can be said without symbols.
    coalesce(replace(m.path, rtrim(m.path, replace(m.path, '/', '')), ''), 'unknown') || '+' || printf('0x%x', c.address) AS call_text
FROM call AS c LEFT JOIN module AS m ON m.module_id = c.module_id;
