-- What is to be thought of each task and each failure in the end, and what to do about it: the last sentences of its story.
CREATE VIEW verdicts AS
SELECT
    -- The task, or the future that failed.
    f.failure_id AS object_id,
    -- delivered, discarded, held, absorbed, lost, unknown; of tasks that have not failed: returned, swallowed, cancelled,
    -- pending, destroyed, unknown.
    f.state AS verdict,
    -- 1 when something should be done about it.
    f.state IN ('lost', 'absorbed', 'unknown') AS is_finding,
    -- Why that is so, in a sentence.
    CASE f.state
        WHEN 'delivered' THEN CASE
            WHEN f.user_touch_count > 0 THEN 'user code saw the failure' || coalesce(' after ' || iif(f.unread_ns < 1000000, round(f.unread_ns / 1e3, 1) || ' us', round(f.unread_ns / 1e9, 3) || ' s'), '')
            ELSE 'user code saw a failure that it lives on in: ' || coalesce(replace(f.forwarded_to, char(10), ', '), 'another one')
        END
        WHEN 'discarded' THEN 'user code said that it does not matter' || coalesce(': "' || f.discard_reason || '"', '')
        WHEN 'held' THEN CASE
            WHEN f.held_by IS NOT NULL THEN 'nobody has looked at the failure yet; ' || f.held_by || ', keeps it'
            WHEN f.forward_count > 0 THEN 'nobody has looked yet at what it lives on in: '
                || coalesce(replace(f.forwarded_to, char(10), ', '), 'another failure')
            ELSE 'nobody has looked at the failure yet, and '
                || CASE WHEN f.handle_count = 1 THEN 'one reference remains' WHEN f.handle_count > 1
                    THEN f.handle_count || ' references remain' ELSE 'somebody still holds it' END
        END
        WHEN 'absorbed' THEN CASE
            WHEN f.forward_count > 0 THEN 'only the library looked at it, and user code never saw what it lives on in: '
                || coalesce(replace(f.forwarded_to, char(10), ', '), 'another failure')
            ELSE 'only the library looked at the failure' || coalesce(' (' || replace(f.reason, '_', ' ') || ')', '')
                || ', user code never did'
        END
        WHEN 'lost' THEN CASE f.reason
            WHEN 'dropped' THEN 'the last reference went' || coalesce(' at ' || f.released_at, '') || ' and nobody had looked at the failure'
            WHEN 'ignored' THEN 'the coroutine went on with the exception pending, and nobody looked at the failure'
            WHEN 'loop_closed' THEN 'the loop was closed and nobody had looked at the failure'
            WHEN 'held_at_exit' THEN 'the process exited while the failure was held, and nobody had looked at it'
            WHEN 'killed' THEN 'the process was killed and nobody had looked at the failure'
            ELSE 'the last reference went and nobody had looked at the failure'
        END || coalesce('; unseen for ' || iif(f.unread_ns < 1000000, round(f.unread_ns / 1e3, 1) || ' us', round(f.unread_ns / 1e9, 3) || ' s'), '')
        ELSE 'events about it are missing, so nothing can be said'
    END AS reason,
    -- What to do next, in a sentence; NULL when nothing is to be done.
    CASE
        WHEN f.state = 'held' THEN 'await ' || f.id_text || ' or ask for its exception while it is held'
            || coalesce(', where it was taken: ' || replace(f.taken_at, char(10), ', '), '')
        WHEN f.state = 'absorbed' THEN CASE f.reason
            WHEN 'gather' THEN 'gather passes on the first failure only: use return_exceptions and read each slot, or a task group'
            WHEN 'unread_value' THEN 'read its slot in the list that gather returned'
            WHEN 'wait' THEN 'ask each task that wait returned as done for its exception'
            WHEN 'thread_chain' THEN 'ask the future of the other thread for its result'
            WHEN 'cancel_after_done' THEN 'await the task after it was cancelled: it had failed before'
            WHEN 'shield' THEN 'keep a handle of what is shielded, and await it after the shield was cancelled'
            WHEN 'group' THEN 'look at the exception that came out of the task group, and at what was lost beside it'
            ELSE 'await what it lives on in, or call tt_discard with a reason'
        END
        WHEN f.state = 'lost' THEN CASE
            WHEN f.reason = 'ignored' THEN 'handle the exception' || coalesce(' at ' || f.last_at, '') || ', or return a negative number'
            WHEN f.reason = 'loop_closed' THEN 'await ' || f.id_text || ' before the loop is closed, or call tt_discard with a reason'
            WHEN f.taken_at IS NOT NULL THEN 'await ' || f.id_text || ' where its handle was taken ('
                || replace(f.taken_at, char(10), ', ') || '), or call tt_discard with a reason'
            WHEN f.kind = 'task' AND (SELECT t.has_handle FROM task AS t WHERE t.task_id = f.failure_id) = 0
                THEN 'keep the handle that its creation returns'
                    || coalesce(' (' || f.created_at || ')', '') || ' and await it, or create it in a task group'
            ELSE 'await ' || f.id_text || ' where it is created' || coalesce(' (' || f.created_at || ')', '')
                || ', or call tt_discard with a reason'
        END
        WHEN f.state = 'unknown' THEN coalesce((SELECT CASE g.what
                    WHEN 'cut_off' THEN iif((SELECT x.is_boardless FROM process AS x WHERE x.process_id = f.process_id),
                        'nothing brings back what LTTng had not written when the program ended; telltale record without --lttng keeps it',
                        'nothing brings back what was not in the store yet; copy a store when its recording is over')
                    WHEN 'late' THEN 'have the session begin before the program'
                    ELSE 'record without pauses of the session' END
                FROM gap AS g WHERE g.thread_id >> 40 = f.process_id AND g.what IN ('cut_off', 'late', 'paused')
                    AND NOT EXISTS (SELECT 1 FROM gap AS d WHERE d.thread_id >> 40 = f.process_id AND d.what IN ('dropped', 'discarded'))
                ORDER BY g.what LIMIT 1), 'record again with larger rings: telltale record --ring-bytes 64M')
    END AS advice
FROM failures AS f
UNION ALL
SELECT t.task_id,
    CASE
        WHEN t.outcome = 'returned' AND EXISTS (SELECT 1 FROM cancellation_effect AS e
            WHERE e.task_id = t.task_id AND e.what = 'swallowed') THEN 'swallowed'
        WHEN t.outcome = 'abandoned' THEN 'destroyed'
        ELSE t.outcome
    END,
    t.outcome IN ('abandoned', 'unknown') OR EXISTS (SELECT 1 FROM cancellation_effect AS e
        WHERE e.task_id = t.task_id AND e.what = 'swallowed'),
    CASE t.outcome
        WHEN 'returned' THEN CASE WHEN EXISTS (SELECT 1 FROM cancellation_effect AS e
                WHERE e.task_id = t.task_id AND e.what = 'swallowed') THEN 'it was cancelled and returned all the same'
            ELSE 'it returned' || coalesce(' after ' || iif(t.age_ns < 1000000, round(t.age_ns / 1e3, 1) || ' us', round(t.age_ns / 1e9, 3) || ' s'), '') END
        WHEN 'cancelled' THEN 'it was cancelled' || coalesce((SELECT ', as ' || iif(c.by IN ('runner', 'main', 'callback', 'handler'), 'the ', '') || c.by_text || ' had asked'
                || coalesce(' at ' || c.requested_at, '')
                || coalesce('; the request reached it after ' || iif(c.latency_ns < 1000000, round(c.latency_ns / 1e3, 1) || ' us', round(c.latency_ns / 1e9, 3) || ' s'), '') FROM cancellations AS c
            WHERE c.task_id = t.task_id AND c.ending = 'cancelled' ORDER BY c.cancellation_id LIMIT 1), '')
        WHEN 'abandoned' THEN 'its loop was closed while it was pending' || coalesce(', waiting for ' || t.wait_text, '')
        WHEN 'unknown' THEN 'events about it are missing, so nothing can be said'
        ELSE iif(p.ended_ns IS NULL, 'it is pending', 'it was pending when its process ended')
            || coalesce(', waiting for ' || t.wait_text
                || iif(t.wait_kind = 'lock', coalesce((SELECT ', which ' || l.label || ' has,' FROM resource AS r
                    JOIN task_labels AS l ON l.task_id = r.holder_id WHERE r.resource_id = t.wait_object
                        AND NOT EXISTS (SELECT 1 FROM detail_losses AS d WHERE d.process_id = r.resource_id >> 40
                            AND d.category = 'resource' AND d.until_ns >= r.held_ns)), ''), '')
                || coalesce(' for ' || iif(t.wait_ns < 1000000, round(t.wait_ns / 1e3, 1) || ' us', round(t.wait_ns / 1e9, 3) || ' s'), ''),
                ', ' || t.state, '')
    END,
    CASE
        WHEN t.outcome = 'abandoned' THEN 'await it, or cancel it and await it, before its loop is closed'
        WHEN t.outcome = 'unknown' THEN coalesce((SELECT CASE g.what
                    WHEN 'cut_off' THEN iif((SELECT x.is_boardless FROM process AS x WHERE x.process_id = t.process_id),
                        'nothing brings back what LTTng had not written when the program ended; telltale record without --lttng keeps it',
                        'nothing brings back what was not in the store yet; copy a store when its recording is over')
                    WHEN 'late' THEN 'have the session begin before the program'
                    ELSE 'record without pauses of the session' END
                FROM gap AS g WHERE g.thread_id >> 40 = t.process_id AND g.what IN ('cut_off', 'late', 'paused')
                    AND NOT EXISTS (SELECT 1 FROM gap AS d WHERE d.thread_id >> 40 = t.process_id AND d.what IN ('dropped', 'discarded'))
                ORDER BY g.what LIMIT 1), 'record again with larger rings: telltale record --ring-bytes 64M')
        WHEN EXISTS (SELECT 1 FROM cancellation_effect AS e WHERE e.task_id = t.task_id AND e.what = 'swallowed')
            THEN 'clean up and let CancelledError pass'
                || coalesce(' where it was delivered: ' || (SELECT c.delivered_at FROM cancellations AS c
                    WHERE c.task_id = t.task_id AND c.ending = 'swallowed' ORDER BY c.cancellation_id LIMIT 1), '')
                || '; or take the request back with tt_task_uncancel'
    END
FROM tasks AS t
LEFT JOIN processes AS p ON p.process_id = t.process_id
WHERE t.failure_id IS NULL;
