-- Failures of one kind together, as in failure_groups, but without the lines of their places: so that kinds of two versions of a program
-- can be compared.
CREATE VIEW failure_kinds AS
SELECT
    -- What they have in common: "ValueError: bad value # | raised in work of app.c | created in start of app.c".
    f.what || coalesce(' | raised in ' || f.raised_func || ' of ' || f.raised_file, '')
        || coalesce(' | created in ' || f.created_func || ' of ' || f.created_file, '') AS kind,
    -- Of that, type and text, without numbers and addresses.
    f.what AS what,
    -- How many there are, and in which state; the words are those of failures.state.
    count(*) AS failure_count,
    sum(f.state = 'lost') AS lost_count,
    sum(f.state = 'absorbed') AS absorbed_count,
    sum(f.state = 'held') AS held_count,
    sum(f.state = 'unknown') AS unknown_count,
    sum(f.state = 'delivered') AS delivered_count,
    sum(f.state = 'discarded') AS discarded_count,
    -- The first one.
    min(f.failure_id) AS first_id
FROM (SELECT x.*, substr(x.fingerprint, 1, instr(x.fingerprint, ' | raised at ') - 1) AS what FROM failures AS x) AS f
GROUP BY 1;
