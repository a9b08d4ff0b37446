-- The state of each failure, derived from the facts: the rules of the ledger.
CREATE VIEW failure_states AS
WITH RECURSIVE
    -- What the facts say about each failure alone.
    fact AS MATERIALIZED (
        SELECT
            f.failure_id AS failure_id,
            f.how AS how,
            -- Only its release was told.
            f.stored_ns IS NULL AND f.dumped_ns IS NULL AS is_untold,
            -- A thread-side future that failed with its task's failure: the library made it.
            f.kind IS 4 AND f.how IS 5 AS is_chained,
            f.released_ns IS NOT NULL AS is_released,
            coalesce(f.is_loop_closed, 0) AS is_loop_closed,
            -- User code received it by a touch of its own.
            coalesce(f.user_touch_count, 0) > 0
                OR EXISTS (SELECT 1 FROM touch AS u WHERE u.failure_id = f.failure_id AND u.is_user) AS is_received,
            -- The library looked at it or made another failure out of it.
            coalesce(f.library_touch_count, 0) > 0 OR coalesce(f.forward_count, 0) > 0
                OR EXISTS (SELECT 1 FROM touch AS u WHERE u.failure_id = f.failure_id AND NOT u.is_user)
                OR EXISTS (SELECT 1 FROM forward AS w WHERE w.failure_id = f.failure_id) AS is_seen_by_library,
            coalesce(f.is_discarded, 0)
                OR EXISTS (SELECT 1 FROM discard AS d WHERE d.object_id = f.failure_id) AS is_discarded,
            -- Its process runs, or went on when tracing was stopped.
            p.goodbye_reason IS 2 OR (p.goodbye_reason IS NULL AND p.gone_ns IS NULL) AS is_open,
            p.goodbye_reason IS 1 AS said_goodbye,
            -- A state that rests on absence cannot be told: events may be missing.
            CASE
                WHEN f.released_ns IS NULL OR f.is_counted IS NOT 1
                    -- What was lost before its process told it again is in what it told then.
                    THEN coalesce(f.dumped_ns, f.stored_ns) IS NULL
                        OR coalesce(max(coalesce(p.vital_drop_last_ns, p.selected_last_ns), coalesce(p.selected_last_ns, p.vital_drop_last_ns)) >= max(coalesce(f.dumped_ns, f.stored_ns),
                            coalesce(f.stored_ns, f.dumped_ns)), 0)
                        OR coalesce(f.forward_count > (SELECT count(*) FROM forward AS w
                            WHERE w.failure_id = f.failure_id), 0)
                ELSE f.forward_count > (SELECT count(*) FROM forward AS w WHERE w.failure_id = f.failure_id)
                    OR (f.is_retrieved AND NOT f.user_touch_count AND NOT f.library_touch_count AND NOT f.forward_count)
            END AS is_uncertain
        FROM failure AS f
        LEFT JOIN process AS p ON p.process_id = f.failure_id >> 40
    ),
    -- What decides about a failure that was forwarded: what holds for those that it was forwarded to: 1 received by user code,
    -- 2 discarded by it, 3 not to be told, 4 held by somebody.
    inherited (failure_id, rank) AS (
        SELECT w.failure_id, k.rank
        FROM forward AS w CROSS JOIN fact ON fact.failure_id = w.to_id
        CROSS JOIN (SELECT 1 AS rank UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) AS k
        WHERE CASE k.rank
            WHEN 1 THEN fact.is_received
            WHEN 2 THEN fact.is_discarded
            WHEN 3 THEN fact.is_uncertain
            ELSE NOT fact.is_released AND fact.is_open
        END
        UNION
        SELECT w.failure_id, i.rank FROM inherited AS i JOIN forward AS w ON w.to_id = i.failure_id
    ),
    decided AS MATERIALIZED (
        SELECT
            fact.*,
            CASE min(coalesce(i.rank, 5), CASE WHEN fact.is_received THEN 1 WHEN fact.is_discarded THEN 2
                    WHEN fact.is_uncertain THEN 3 WHEN NOT fact.is_released AND fact.is_open THEN 4 ELSE 5 END)
                WHEN 1 THEN 'delivered'
                WHEN 2 THEN 'discarded'
                WHEN 3 THEN 'unknown'
                WHEN 4 THEN 'held'
                ELSE iif(fact.is_seen_by_library OR (fact.is_chained AND fact.is_released), 'absorbed', 'lost')
            END AS state
        FROM fact LEFT JOIN (SELECT failure_id, min(rank) AS rank FROM inherited GROUP BY failure_id) AS i
            ON i.failure_id = fact.failure_id
    )
SELECT
    -- The failure.
    decided.failure_id AS failure_id,
    -- delivered, discarded, held, absorbed, lost or unknown.
    decided.state AS state,
    -- lost: dropped, ignored, loop_closed, held_at_exit or killed. absorbed: what the library did with it last: gather,
    -- unread_value, thread_chain, cancel_after_done, wait, shield, group ... held: group, when a task group that has not
    -- ended keeps it. NULL otherwise, or when not known.
    CASE decided.state
        WHEN 'lost' THEN CASE
            WHEN decided.is_released AND decided.is_loop_closed THEN 'loop_closed'
            WHEN decided.is_released AND decided.is_untold THEN NULL
            WHEN decided.is_released AND decided.how IS 2 THEN 'ignored'
            WHEN decided.is_released THEN 'dropped'
            WHEN decided.said_goodbye THEN 'held_at_exit'
            ELSE 'killed'
        END
        WHEN 'absorbed' THEN coalesce(
            (SELECT CASE
                WHEN u.how = 5 AND (SELECT g.is_returning_exceptions FROM gather AS g
                    WHERE g.gather_id = u.by_id) THEN 'unread_value'
                ELSE (SELECT w.word FROM word AS w WHERE w.enumeration = 'touch_how' AND w.number = u.how)
             END
             FROM touch AS u WHERE u.failure_id = decided.failure_id AND NOT u.is_user
             ORDER BY u.touched_ns DESC, u.sequence DESC LIMIT 1),
            (SELECT (SELECT w.word FROM word AS w WHERE w.enumeration = 'forward_how' AND w.number = v.how)
             FROM forward AS v WHERE v.failure_id = decided.failure_id
             ORDER BY v.forwarded_ns DESC, v.sequence DESC LIMIT 1),
            CASE WHEN decided.is_chained THEN 'thread_chain' END)
        WHEN 'held' THEN CASE WHEN EXISTS (SELECT 1 FROM scope_member AS m JOIN scope AS s ON s.scope_id = m.scope_id
            WHERE m.task_id = decided.failure_id AND s.exited_ns IS NULL) AND EXISTS (SELECT 1 FROM touch AS u
            WHERE u.failure_id = decided.failure_id AND u.how = 12) THEN 'group' END
    END AS reason,
    -- 1 when a report tells it with another failure: the one in which it lives on, or, of the future of another thread that nobody
    -- asked, its task, which has a name and places.
    decided.failure_id IN (
        SELECT iif(o.state = 'absorbed' AND t.kind IS 4, w.to_id, w.failure_id)
        FROM forward AS w
        JOIN failure AS t ON t.failure_id = w.to_id
        JOIN decided AS o ON o.failure_id = w.to_id
        WHERE o.state IN ('lost', 'absorbed', 'held')) AS is_told_elsewhere
FROM decided;
