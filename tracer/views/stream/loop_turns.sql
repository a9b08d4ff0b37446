-- The turns of each loop, when they were recorded: how many, how long they took, what lay between them. Percentiles are exact, nearest
-- rank.
CREATE VIEW loop_turns AS
WITH turn AS MATERIALIZED (
    SELECT t.*, row_number() OVER (PARTITION BY t.loop_id, t.process_id ORDER BY t.run_ns, t.ended_ns) AS rank,
        count(*) OVER (PARTITION BY t.loop_id, t.process_id) AS count
    FROM turns AS t
)
SELECT
    -- The loop.
    n.loop_id AS loop_id,
    -- Its process.
    n.process_id AS process_id,
    -- How many turns.
    count(*) AS turn_count,
    -- How long a turn took: percentiles, the longest, and when that began.
    min(CASE WHEN n.rank * 100 >= n.count * 50 THEN n.run_ns END) AS run_p50_ns,
    min(CASE WHEN n.rank * 100 >= n.count * 90 THEN n.run_ns END) AS run_p90_ns,
    min(CASE WHEN n.rank * 100 >= n.count * 99 THEN n.run_ns END) AS run_p99_ns,
    max(n.run_ns) AS run_max_ns,
    max(CASE WHEN n.rank = n.count THEN n.began_ns END) AS run_max_began_ns,
    -- How long all turns took together, and what lay between them: waiting, and what libuv ran.
    sum(n.run_ns) AS run_ns,
    sum(n.poll_ns) AS poll_ns,
    -- Turns' part of both, in percent.
    round(sum(n.run_ns) * 100.0 / nullif(sum(n.run_ns) + sum(n.poll_ns), 0), 1) AS run_share,
    -- Steps and callbacks that they ran.
    sum(n.callback_count) AS callback_count,
    -- The most that were ready for the next turn at the end of one.
    max(n.ready_count) AS ready_max
FROM turn AS n
GROUP BY n.loop_id, n.process_id;
