-- What is known to have happened to each task, and to each future that failed: a sentence each, with the event it rests on.
CREATE VIEW story AS
SELECT
    -- The task, or the future that failed, that the sentence is about.
    t.task_id AS object_id,
    -- When it happened.
    t.created_ns AS ns,
    -- The order of what has one time: facts in the order in which they follow from one another.
    0 AS rank,
    -- The order of what has one time and one rank: the number of the event in its thread, where that is known.
    0 AS sequence,
    -- What it is, in a word: created, caused, joined, started, entered, expired, aborted, left, gathered, awaited, shielded, waits, asked,
    -- delivered, uncancelled, swallowed, converted, asked_other, raised, inherited, failed, taken, released, read, forwarded, grouped,
    -- discarded, told, noted, stalled, ended, forgotten, process_ended.
    'created' AS kind,
    -- The event that says so, as events.def calls it; NULL where it is not one event.
    'task_created' AS event,
    -- What happened, in a sentence about "it", without its place.
    CASE t.parent_kind
        WHEN 0 THEN 'the main program'
        WHEN 1 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = t.parent_id),
        iif(t.parent_id >> 40 = 0, '#', 'p' || (t.parent_id >> 40) || '#')
            || (t.parent_id & 1099511627775))
        WHEN 2 THEN 'a callback'
        WHEN 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = t.parent_id), t.parent_id)
        WHEN 4 THEN 'thread ' || t.parent_id
        WHEN 5 THEN 'gather ' || iif(t.parent_id >> 40 = 0, '#', 'p' || (t.parent_id >> 40) || '#')
            || (t.parent_id & 1099511627775)
        WHEN 6 THEN 'the runner'
        WHEN 7 THEN 'its awaiter ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = t.parent_id),
        iif(t.parent_id >> 40 = 0, '#', 'p' || (t.parent_id >> 40) || '#')
            || (t.parent_id & 1099511627775))
        WHEN 8 THEN 'the exception handler'
        WHEN 9 THEN 'timeout ' || iif(t.parent_id >> 40 = 0, '#', 'p' || (t.parent_id >> 40) || '#')
            || (t.parent_id & 1099511627775)
        WHEN 10 THEN 'task group ' || iif(t.parent_id >> 40 = 0, '#', 'p' || (t.parent_id >> 40) || '#')
            || (t.parent_id & 1099511627775)
        ELSE 'somebody'
    END || ' created it'
        || coalesce(', to run ' || (SELECT s.text FROM site AS s WHERE s.site_id = t.created_site_id) || '()', '')
        || iif(t.has_handle = 0, ', without a handle', '') AS sentence,
    -- Where: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.created_site_id) AS place,
    -- The other task, future, scope or exception that it is about.
    CASE WHEN t.parent_kind = 1 THEN t.parent_id END AS other_id
FROM task AS t
WHERE t.created_ns IS NOT NULL
UNION ALL
-- Of a future is not told when it was made.
SELECT f.failure_id, NULL, 0, 0, 'created', NULL,
    CASE f.parent_kind WHEN 0 THEN 'the main program' WHEN 1 THEN coalesce(
            (SELECT l.label FROM task_labels AS l WHERE l.task_id = f.parent_id),
            iif(f.parent_id >> 40 = 0, '#', 'p' || (f.parent_id >> 40) || '#') || (f.parent_id & 1099511627775))
        WHEN 2 THEN 'a callback' WHEN 4 THEN 'thread ' || f.parent_id ELSE 'somebody' END
        || ' created it, ' || coalesce((SELECT iif(w.word GLOB '[aeiou]*', 'an ', 'a ') || replace(w.word, '_', ' ') FROM word AS w
            WHERE w.enumeration = 'object_kind' AND w.number = f.kind), 'of unknown kind'),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = f.created_site_id),
    CASE WHEN f.parent_kind = 1 THEN f.parent_id END
FROM failure AS f
WHERE f.kind IS NOT 1 AND f.failure_id NOT IN (SELECT t.task_id FROM task AS t WHERE t.task_id = f.failure_id)
UNION ALL
-- What it took a link for. Then what its process was started for, which holds for what the main program creates.
SELECT k.task_id, k.linked_ns, 1, 0, 'caused', 'task_linked',
    coalesce((SELECT x.label FROM task_labels AS x
            WHERE x.task_id = (p.process_id << 40) + (k.cause_task_id & 1099511627775) AND k.cause_task_id > 0),
        'process ' || p.process_id, 'a process that is not in the recording')
        || coalesce(iif(p.host IS NOT o.host, ' on host ' || p.host, NULL), '') || ' caused what it does',
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = k.site_id),
    iif(k.cause_task_id > 0, (p.process_id << 40) + (k.cause_task_id & 1099511627775), NULL)
FROM link AS k
LEFT JOIN process AS p ON substr(p.uuid, 1, 8) IN (k.cause_arena, k.cause_lttng)
LEFT JOIN process AS o ON o.process_id = k.task_id >> 40
WHERE k.task_id & 1099511627775 > 0
UNION ALL
SELECT t.task_id, k.linked_ns, 0, 0, 'caused', 'task_linked',
    coalesce((SELECT x.label FROM task_labels AS x
            WHERE x.task_id = (p.process_id << 40) + (k.cause_task_id & 1099511627775) AND k.cause_task_id > 0),
        'process ' || p.process_id, 'a process that is not in the recording')
        || coalesce(iif(p.host IS NOT o.host, ' on host ' || p.host, NULL), '') || ' caused what its main program does',
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = k.site_id),
    iif(k.cause_task_id > 0, (p.process_id << 40) + (k.cause_task_id & 1099511627775), NULL)
FROM task AS t
JOIN link AS k ON k.task_id = t.task_id >> 40 << 40
LEFT JOIN process AS p ON substr(p.uuid, 1, 8) IN (k.cause_arena, k.cause_lttng)
LEFT JOIN process AS o ON o.process_id = t.task_id >> 40
WHERE t.parent_kind = 0 AND NOT EXISTS (SELECT 1 FROM link AS own WHERE own.task_id = t.task_id)
UNION ALL
SELECT m.task_id, m.added_ns, 1, 0, 'joined', 'group_child_added',
    'it is one of the tasks of task group ' || iif(m.scope_id >> 40 = 0, '#', 'p' || (m.scope_id >> 40) || '#')
            || (m.scope_id & 1099511627775)
        || coalesce(', which ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.task_id),
        iif(s.task_id >> 40 = 0, '#', 'p' || (s.task_id >> 40) || '#')
            || (s.task_id & 1099511627775)) || ' is in', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = m.site_id), m.scope_id
FROM scope_member AS m LEFT JOIN scope AS s ON s.scope_id = m.scope_id
WHERE m.added_ns IS NOT NULL
UNION ALL
SELECT t.task_id, t.started_ns, 2, 0, 'started', 'task_started',
    'it began to run',
    NULL, NULL
FROM task AS t
WHERE t.started_ns IS NOT NULL
UNION ALL
SELECT s.task_id, s.entered_ns, 3, 0, 'entered', iif(s.kind = 6, 'group_entered', 'timeout_entered'),
    'it entered ' || iif(s.kind = 6, 'task group ', 'timeout ')
        || iif(s.scope_id >> 40 = 0, '#', 'p' || (s.scope_id >> 40) || '#')
            || (s.scope_id & 1099511627775)
        || coalesce(' of ' || round((nullif(s.deadline_ns, 9223372036854775807)
            - coalesce(s.rescheduled_ns, s.entered_ns)) / 1e9, 3) || ' s', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.entered_site_id), s.scope_id
FROM scope AS s
WHERE s.entered_ns IS NOT NULL
UNION ALL
SELECT s.task_id, s.expired_ns, 4, 0, 'expired', 'timeout_expired',
    'timeout ' || iif(s.scope_id >> 40 = 0, '#', 'p' || (s.scope_id >> 40) || '#')
            || (s.scope_id & 1099511627775) || ' expired',
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.entered_site_id), s.scope_id
FROM scope AS s
WHERE s.expired_ns IS NOT NULL
UNION ALL
SELECT s.task_id, s.aborted_ns, 4, 0, 'aborted', 'group_aborted',
    'task group ' || iif(s.scope_id >> 40 = 0, '#', 'p' || (s.scope_id >> 40) || '#')
            || (s.scope_id & 1099511627775) || ' cancelled its tasks' || CASE s.abort_reason
        WHEN 1 THEN ', because ' || coalesce(
            coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.aborted_by_id),
        iif(s.aborted_by_id >> 40 = 0, '#', 'p' || (s.aborted_by_id >> 40) || '#')
            || (s.aborted_by_id & 1099511627775)), 'one of them') || ' failed'
        WHEN 2 THEN ', because its body raised' WHEN 3 THEN ', because it was cancelled' ELSE '' END,
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.entered_site_id), s.scope_id
FROM scope AS s
WHERE s.aborted_ns IS NOT NULL
UNION ALL
SELECT g.by_id, g.created_ns, 5, 0, 'gathered', 'gather_created',
    'it made gather ' || iif(g.gather_id >> 40 = 0, '#', 'p' || (g.gather_id >> 40) || '#')
            || (g.gather_id & 1099511627775) || ' of ' || g.child_count || iif(g.child_count = 1, ' future', ' futures')
        || iif(g.is_returning_exceptions, ', whose failures become values', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = g.created_site_id), g.gather_id
FROM gather AS g
WHERE g.by = 1 AND g.created_ns IS NOT NULL
UNION ALL
SELECT a.task_id, a.started_ns, 5, 0, 'awaited', 'wait_started',
    'it began to wait for ' || coalesce(a.text, 'several futures')
        || coalesce(' (' || replace(a.until, '_', ' ') || ')', '')
        || coalesce(', for ' || round(a.timeout_ns / 1e9, 3) || ' s at most', ''),
    a.started_at, a.wait_id
FROM waits AS a
WHERE a.task_id IS NOT NULL AND a.started_ns IS NOT NULL
UNION ALL
SELECT h.by_id, h.created_ns, 5, 0, 'shielded', 'shield_created',
    'it shielded ' || coalesce(coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = h.inner_id),
        iif(h.inner_id >> 40 = 0, '#', 'p' || (h.inner_id >> 40) || '#')
            || (h.inner_id & 1099511627775)), 'a future'),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = h.created_site_id), h.inner_id
FROM shield AS h
WHERE h.by = 1 AND h.created_ns IS NOT NULL
UNION ALL
SELECT c.task_id, c.requested_ns, 6, c.sequence, 'asked', 'cancel_requested',
    CASE c.by
        WHEN 0 THEN 'the main program'
        WHEN 1 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = c.by_id),
        iif(c.by_id >> 40 = 0, '#', 'p' || (c.by_id >> 40) || '#')
            || (c.by_id & 1099511627775))
        WHEN 2 THEN 'a callback'
        WHEN 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = c.by_id), c.by_id)
        WHEN 4 THEN 'thread ' || c.by_id
        WHEN 5 THEN 'gather ' || iif(c.by_id >> 40 = 0, '#', 'p' || (c.by_id >> 40) || '#')
            || (c.by_id & 1099511627775)
        WHEN 6 THEN 'the runner'
        WHEN 7 THEN 'its awaiter ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = c.by_id),
        iif(c.by_id >> 40 = 0, '#', 'p' || (c.by_id >> 40) || '#')
            || (c.by_id & 1099511627775))
        WHEN 8 THEN 'the exception handler'
        WHEN 9 THEN 'timeout ' || iif(c.by_id >> 40 = 0, '#', 'p' || (c.by_id >> 40) || '#')
            || (c.by_id & 1099511627775)
        WHEN 10 THEN 'task group ' || iif(c.by_id >> 40 = 0, '#', 'p' || (c.by_id >> 40) || '#')
            || (c.by_id & 1099511627775)
        ELSE 'somebody'
    END || ' asked for its cancellation'
        || CASE c.by WHEN 7 THEN coalesce((SELECT ', because ' || iif(o.by IN ('callback', 'handler', 'runner', 'main'), 'the ', '')
                || o.by_text || ' had asked for that of the awaiter' FROM cancellations AS o
                WHERE o.task_id = c.by_id AND o.accepted AND o.requested_ns <= c.requested_ns
                ORDER BY o.cancellation_id DESC LIMIT 1), '')
            WHEN 10 THEN coalesce((SELECT CASE s.abort_reason
                WHEN 1 THEN ', because ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = s.aborted_by_id),
                    'one of its tasks') || ' failed'
                    || coalesce((SELECT ' with ' || coalesce(x.type, 'an exception') || coalesce(': ' || nullif(x.message, ''), '')
                        FROM failure AS f JOIN exception AS x ON x.exception_id = f.exception_id
                        WHERE f.failure_id = s.aborted_by_id), '')
                WHEN 2 THEN ', because its body raised' WHEN 3 THEN ', because it was cancelled' END
                FROM scope AS s WHERE s.scope_id = c.by_id AND s.aborted_ns IS NOT NULL), '')
            ELSE '' END
        || coalesce(': "' || c.reason || '"', '') || iif(c.is_accepted, '', '; it was done already'),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = c.site_id), c.by_id
FROM cancellation AS c
UNION ALL
SELECT c.by_id, c.requested_ns, 6, c.sequence, 'asked_other', 'cancel_requested',
    'it asked for the cancellation of ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = c.task_id),
        iif(c.task_id >> 40 = 0, '#', 'p' || (c.task_id >> 40) || '#')
            || (c.task_id & 1099511627775))
        || coalesce(': "' || c.reason || '"', '') || iif(c.is_accepted, '', ', which was done already'),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = c.site_id), c.task_id
FROM cancellation AS c
WHERE c.by = 1
UNION ALL
SELECT e.task_id, e.happened_ns, 7, e.sequence, e.what,
    CASE e.what WHEN 'uncancelled' THEN 'uncancelled' ELSE 'cancel_' || e.what END,
    CASE e.what
        WHEN 'delivered' THEN iif(e.is_before_start, 'it was cancelled before its first step: its coroutine never ran',
            'CancelledError was raised in it, where it was suspended')
        WHEN 'swallowed' THEN 'it returned, although it had been cancelled'
        WHEN 'converted' THEN 'it answered its cancellation with another exception'
        ELSE 'a request for its cancellation was taken back' || coalesce(': ' || e.request_count
            || iif(e.request_count = 1, ' remains', ' remain'), '')
    END,
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = e.site_id), e.exception_id
FROM cancellation_effect AS e
UNION ALL
SELECT x.task_id, x.raised_ns, 8, 0, 'raised', 'exception_raised',
    'it raised ' || coalesce(x.type, 'an exception') || coalesce(': ' || nullif(x.message, ''), '')
        || coalesce((SELECT iif(x.cause_id IS NULL, ', while it handled ', ', because of ')
            || coalesce(y.type, 'another exception')
            || coalesce(': ' || nullif(y.message, ''), '') FROM exception AS y
            WHERE y.exception_id = coalesce(x.cause_id, x.context_id)), ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = x.raised_site_id), x.exception_id
FROM exception AS x
WHERE x.task_id IS NOT NULL AND x.raised_ns IS NOT NULL
    -- What the library made of -1 without an exception nobody raised.
    AND NOT EXISTS (SELECT 1 FROM failure AS f WHERE f.failure_id = x.task_id AND f.exception_id = x.exception_id AND f.how = 3)
UNION ALL
SELECT v.to_id, v.forwarded_ns, 9, v.sequence, 'inherited', 'failure_forwarded',
    'it took over the failure of ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = v.failure_id),
        iif(v.failure_id >> 40 = 0, '#', 'p' || (v.failure_id >> 40) || '#')
            || (v.failure_id & 1099511627775))
        || coalesce(', by ' || (SELECT w.word FROM word AS w WHERE w.enumeration = 'forward_how' AND w.number = v.how), ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = v.site_id), v.failure_id
FROM forward AS v
WHERE v.to_id IS NOT NULL
UNION ALL
SELECT f.failure_id, f.stored_ns, 10, 0, 'failed', 'failure_stored',
    'it failed with ' || coalesce((SELECT coalesce(x.type, 'an exception') || coalesce(': ' || nullif(x.message, ''), '')
            FROM exception AS x WHERE x.exception_id = f.exception_id), 'an exception')
        || CASE f.how WHEN 2 THEN ', with which it had gone on, and returned 0'
            WHEN 3 THEN ': it returned a negative number and raised nothing'
            ELSE '' END
        || CASE WHEN f.stored_handle_count = 0 THEN '; nobody had a handle'
            WHEN f.stored_handle_count = 1 THEN '; one handle was held'
            WHEN f.stored_handle_count > 1 THEN '; ' || f.stored_handle_count || ' handles were held' ELSE '' END,
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = CASE
        WHEN f.how IS NOT 3 THEN coalesce(f.raised_site_id, f.last_site_id)
        -- The last place that it came by, if it ever came by one behind the one where it was created.
        WHEN f.last_site_id IS NOT coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t WHERE t.task_id = f.failure_id))
        THEN f.last_site_id END), f.exception_id
FROM failure AS f
WHERE f.stored_ns IS NOT NULL
UNION ALL
SELECT r.object_id, r.happened_ns, 11, r.sequence,
    iif(r.is_taken, 'taken', 'released'), iif(r.is_taken, 'reference_taken', 'reference_released'),
    iif(r.is_taken, 'a reference to it has been taken', 'a reference to it was released') || CASE WHEN r.handle_count IS NULL THEN ''
        WHEN r.handle_count = 0 THEN iif(r.is_taken, ', and was given back before it failed', ': none was left')
        WHEN r.handle_count = 1 THEN ': one is held' ELSE ': ' || r.handle_count || ' are held' END,
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = r.site_id), NULL
FROM reference AS r
UNION ALL
SELECT u.failure_id, u.touched_ns, 12, u.sequence, 'read', 'failure_touched',
    iif(u.is_user, '', 'the library, for ') || CASE u.by
        WHEN 0 THEN 'the main program'
        WHEN 1 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = u.by_id),
        iif(u.by_id >> 40 = 0, '#', 'p' || (u.by_id >> 40) || '#')
            || (u.by_id & 1099511627775))
        WHEN 2 THEN 'a callback'
        WHEN 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = u.by_id), u.by_id)
        WHEN 4 THEN 'thread ' || u.by_id
        WHEN 5 THEN 'gather ' || iif(u.by_id >> 40 = 0, '#', 'p' || (u.by_id >> 40) || '#')
            || (u.by_id & 1099511627775)
        WHEN 6 THEN 'the runner'
        WHEN 7 THEN 'its awaiter ' || coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = u.by_id),
        iif(u.by_id >> 40 = 0, '#', 'p' || (u.by_id >> 40) || '#')
            || (u.by_id & 1099511627775))
        WHEN 8 THEN 'the exception handler'
        WHEN 9 THEN 'timeout ' || iif(u.by_id >> 40 = 0, '#', 'p' || (u.by_id >> 40) || '#')
            || (u.by_id & 1099511627775)
        WHEN 10 THEN 'task group ' || iif(u.by_id >> 40 = 0, '#', 'p' || (u.by_id >> 40) || '#')
            || (u.by_id & 1099511627775)
        ELSE 'somebody'
    END || iif(u.is_user, ' saw its failure', ', looked at its failure')
        || coalesce(' (' || replace(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'touch_how' AND w.number = u.how), '_', ' ') || ')', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = u.site_id), u.by_id
FROM touch AS u
UNION ALL
SELECT v.failure_id, v.forwarded_ns, 13, v.sequence, 'forwarded', 'failure_forwarded',
    iif(v.to_id IS NULL, 'a callback raised its failure again', 'its failure lives on in ' || coalesce(
            (SELECT l.label FROM task_labels AS l WHERE l.task_id = v.to_id),
        iif(v.to_id >> 40 = 0, '#', 'p' || (v.to_id >> 40) || '#')
            || (v.to_id & 1099511627775))
        || coalesce(', by ' || (SELECT w.word FROM word AS w WHERE w.enumeration = 'forward_how' AND w.number = v.how), '')),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = v.site_id), v.to_id
FROM forward AS v
UNION ALL
-- What a task group, or user code, made of it with others.
SELECT f.failure_id, max(g.raised_ns, coalesce(f.stored_ns, g.raised_ns)), 13, m.sequence, 'grouped', 'exception_member',
    'its exception became part ' || (m.position + 1) || ' of ' || coalesce(g.type, 'an exception group')
        || coalesce(': ' || nullif(g.message, ''), '')
        || coalesce(', which ' || (SELECT l.label FROM task_labels AS l WHERE l.task_id = g.task_id) || ' raised', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = g.raised_site_id), g.task_id
FROM failure AS f
JOIN exception_member AS m ON m.member_id = f.exception_id
JOIN exception AS g ON g.exception_id = m.group_id
WHERE g.raised_ns IS NOT NULL
UNION ALL
SELECT d.object_id, d.discarded_ns, 14, 0, 'discarded', 'failure_discarded',
    'user code said that its failure does not matter' || coalesce(': "' || d.reason || '"', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = d.site_id), NULL
FROM discard AS d
UNION ALL
SELECT h.object_id, h.called_ns, 15, h.sequence, 'told', 'handler_called',
    'the ' || coalesce((SELECT w.word FROM word AS w WHERE w.enumeration = 'handler_kind' AND w.number = h.kind)
        || ' ', '')
        || 'exception handler was told: ' || coalesce(h.message, 'nothing'),
    NULL, h.exception_id
FROM handler_call AS h
WHERE h.object_id IS NOT NULL
UNION ALL
SELECT n.task_id, n.noted_ns, 16, n.sequence, 'noted', 'note',
    'it noted ' || coalesce(n.key || ': ', '') || coalesce(n.text, ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = n.site_id), NULL
FROM note AS n
WHERE n.task_id IS NOT NULL
UNION ALL
SELECT s.task_id, s.ended_ns, 17, 0, 'stalled', 'stall_detected',
    'it had run' || coalesce(' for ' || round(s.duration_ns / 1e6, 1) || ' ms', '') || ' without a pause, and held up its loop',
    s.to_at, s.loop_id
FROM stalls AS s
WHERE s.task_id IS NOT NULL AND s.is_over
UNION ALL
SELECT s.task_id, s.exited_ns, 18, 0, 'left', iif(s.kind = 6, 'group_exited', 'timeout_exited'),
    iif(s.is_left_open, 'nobody left ', 'it left ') || iif(s.kind = 6, 'task group ', 'timeout ')
        || iif(s.scope_id >> 40 = 0, '#', 'p' || (s.scope_id >> 40) || '#')
            || (s.scope_id & 1099511627775)
        || iif(s.is_left_open, ', which was closed over it', '')
        || coalesce((SELECT ', with ' || x.type || coalesce(': ' || nullif(x.message, ''), '') FROM exception AS x
            WHERE x.exception_id = s.exception_id), ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = s.exited_site_id), s.scope_id
FROM scope AS s
WHERE s.exited_ns IS NOT NULL
UNION ALL
SELECT t.task_id, t.wait_since_ns, 19, 0, 'waits', NULL,
    iif((SELECT p.ended_ns FROM processes AS p WHERE p.process_id = t.process_id) IS NULL,
        'it waits for ', 'it waited for ')
        || t.wait_text || coalesce(', for ' || iif(t.wait_ns < 1000000, round(t.wait_ns / 1e3, 1) || ' us', round(t.wait_ns / 1e9, 3) || ' s'), ''),
    t.wait_at, t.wait_object
FROM tasks AS t
WHERE t.wait_text IS NOT NULL AND t.wait_since_ns IS NOT NULL
UNION ALL
SELECT t.task_id, t.ended_ns, 20, 0, 'ended', 'task_finished',
    CASE t.outcome WHEN 1 THEN 'it returned' WHEN 3 THEN 'it ended as cancelled' ELSE 'it ended' END,
    NULL, NULL
FROM task AS t
WHERE t.ended_ns IS NOT NULL AND t.outcome IS NOT 2
    AND t.task_id NOT IN (SELECT e.task_id FROM cancellation_effect AS e
        WHERE e.task_id = t.task_id AND e.what = 'swallowed')
UNION ALL
SELECT t.task_id, t.abandoned_ns, 20, 0, 'ended', 'task_abandoned',
    'it was destroyed while it was pending, because its loop was closed',
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = t.wait_site_id), t.loop_id
FROM task AS t
WHERE t.abandoned_ns IS NOT NULL
UNION ALL
SELECT f.failure_id, f.released_ns, 21, 0, 'forgotten', 'failure_released',
    'the last reference to it went' || iif(f.is_loop_closed, ', because its loop was closed', ''),
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = f.released_site_id), NULL
FROM failure AS f
WHERE f.released_ns IS NOT NULL
UNION ALL
-- What was not over then.
SELECT o.object_id, p.ended_ns, 22, 0, 'process_ended', iif(p.end_reason IN ('exit', 'stopped'), 'process_ended', NULL),
    'its process: ' || p.end_text,
    NULL, p.process_id
FROM (SELECT t.task_id AS object_id FROM task AS t WHERE t.ended_ns IS NULL AND t.abandoned_ns IS NULL
    UNION ALL SELECT f.failure_id FROM failure AS f WHERE f.released_ns IS NULL AND f.failure_id NOT IN (
        SELECT t.task_id FROM task AS t
        WHERE t.task_id = f.failure_id AND t.ended_ns IS NULL AND t.abandoned_ns IS NULL)) AS o
JOIN processes AS p ON p.process_id = o.object_id >> 40
WHERE p.ended_ns IS NOT NULL;
