-- Every failure: a future or task that ended with an exception, and whether user code ever saw it.
CREATE VIEW failures AS
SELECT
    -- The failure: the id of the future or task.
    f.failure_id AS failure_id,
    -- The id as it is printed: #17, in the recording's second process p1#17.
    iif(f.failure_id >> 40 = 0, '#', 'p' || (f.failure_id >> 40) || '#') || (f.failure_id & 1099511627775) AS id_text,
    -- Its process.
    f.failure_id >> 40 AS process_id,
    -- What failed: task, future, gather, thread_future, shield.
    coalesce((SELECT w.word FROM word AS w WHERE w.enumeration = 'object_kind' AND w.number = f.kind),
        (SELECT 'task' FROM task AS t WHERE t.task_id = f.failure_id)) AS kind,
    -- The name of the task or future.
    coalesce((SELECT l.name FROM task_labels AS l WHERE l.task_id = f.failure_id),
        f.name, 'Task-' || nullif(f.name_number, 0)) AS name,
    -- The function that the task ran.
    (SELECT s.text FROM site AS s WHERE s.site_id
        = coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t
            WHERE t.task_id = f.failure_id))) AS coroutine,
    -- The exception.
    f.exception_id AS exception_id,
    -- Name of the exception's type.
    e.type AS type,
    -- The exception's text.
    e.message AS message,
    -- delivered, discarded, held, absorbed, lost or unknown.
    st.state AS state,
    -- lost: dropped, ignored, loop_closed, held_at_exit, killed; absorbed: gather, thread_chain, cancel_after_done,
    -- unread_value, group ...; held: group.
    st.reason AS reason,
    -- How it came to fail: raised, ignored (it returned 0 with the exception pending), missing (it returned -1 with
    -- none), set, forwarded.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'failure_how' AND w.number = f.how) AS how,
    -- When it failed.
    f.stored_ns AS stored_ns,
    -- Where the exception was raised: "FILE:LINE in FUNCTION"; NULL when not known, and when nothing was raised: how is missing.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = iif(f.how = 3, NULL, coalesce(f.raised_site_id, e.raised_site_id))) AS raised_at,
    -- Of that, the file.
    (SELECT s.file FROM site AS s WHERE s.site_id = iif(f.how = 3, NULL, coalesce(f.raised_site_id, e.raised_site_id))) AS raised_file,
    -- Of that, the line.
    (SELECT s.line FROM site AS s WHERE s.site_id = iif(f.how = 3, NULL, coalesce(f.raised_site_id, e.raised_site_id))) AS raised_line,
    -- Of that, the function.
    (SELECT s.func FROM site AS s WHERE s.site_id = iif(f.how = 3, NULL, coalesce(f.raised_site_id, e.raised_site_id))) AS raised_func,
    -- Where the future or task was created: "FILE:LINE in FUNCTION".
    (SELECT pl.place FROM places AS pl WHERE pl.site_id
        = coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t
            WHERE t.task_id = f.failure_id))) AS created_at,
    -- Of that, the file.
    (SELECT s.file FROM site AS s WHERE s.site_id
        = coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t
            WHERE t.task_id = f.failure_id))) AS created_file,
    -- Of that, the line.
    (SELECT s.line FROM site AS s WHERE s.site_id
        = coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t
            WHERE t.task_id = f.failure_id))) AS created_line,
    -- Of that, the function.
    (SELECT s.func FROM site AS s WHERE s.site_id
        = coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t
            WHERE t.task_id = f.failure_id))) AS created_func,
    -- The last place where the coroutine raised, awaited or was asked to.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = f.last_site_id) AS last_at,
    -- When the last reference went; NULL when that has not happened.
    f.released_ns AS released_ns,
    -- Where the last reference went.
    (SELECT pl.place FROM places AS pl WHERE pl.site_id = f.released_site_id) AS released_at,
    -- The handler that it was reported to as never retrieved: default, custom; NULL when it was not.
    (SELECT w.word FROM word AS w WHERE w.enumeration = 'handler_kind' AND w.number = f.reported_kind) AS reported_to,
    -- When that was.
    f.reported_ns AS reported_ns,
    -- Times that user code read it.
    max(coalesce(f.user_touch_count, 0),
        (SELECT count(*) FROM touch AS u WHERE u.failure_id = f.failure_id AND u.is_user)) AS user_touch_count,
    -- Times that the library read it.
    max(coalesce(f.library_touch_count, 0),
        (SELECT count(*) FROM touch AS u WHERE u.failure_id = f.failure_id AND NOT u.is_user)) AS library_touch_count,
    -- Failures that it was forwarded to.
    max(coalesce(f.forward_count, 0), (SELECT count(*) FROM forward AS v
        WHERE v.failure_id = f.failure_id)) AS forward_count,
    -- Handles that remain.
    CASE WHEN f.released_ns IS NOT NULL THEN 0 ELSE coalesce(
        (SELECT r.handle_count FROM reference AS r WHERE r.object_id = f.failure_id
         ORDER BY r.happened_ns DESC, r.sequence DESC LIMIT 1), f.stored_handle_count) END AS handle_count,
    -- The task group that keeps it until all of its tasks have ended: task group #7 of #3 "main", entered at FILE:LINE in
    -- FUNCTION, which waits for 2 tasks.
    CASE WHEN st.state = 'held' AND st.reason = 'group' THEN
        (SELECT 'task group ' || g.id_text || ' of ' || g.task_text || ', entered at ' || coalesce(g.entered_at, 'unknown place')
            || CASE g.pending_count WHEN 0 THEN '' WHEN 1 THEN ', which waits for 1 task'
                ELSE ', which waits for ' || g.pending_count || ' tasks' END
         FROM scope_member AS m JOIN scopes AS g ON g.scope_id = m.scope_id WHERE m.task_id = f.failure_id) END AS held_by,
    -- How long nobody looked: from its failing to the first touch by user code, to the last release, to its process's
    -- end, or to now.
    max(0, coalesce((SELECT min(u.touched_ns) FROM touch AS u WHERE u.failure_id = f.failure_id AND u.is_user),
        f.released_ns, p.goodbye_ns, p.gone_ns, p.seen_ns) - f.stored_ns) AS unread_ns,
    -- The places where handles were taken, oldest first, one a line.
    (SELECT group_concat(r.place, char(10)) FROM
        (SELECT (SELECT pl.place FROM places AS pl WHERE pl.site_id = x.site_id) AS place FROM reference AS x
         WHERE x.object_id = f.failure_id AND x.is_taken ORDER BY x.happened_ns, x.sequence) AS r) AS taken_at,
    -- The places where handles were released, oldest first, one a line.
    (SELECT group_concat(r.place, char(10)) FROM
        (SELECT (SELECT pl.place FROM places AS pl WHERE pl.site_id = x.site_id) AS place FROM reference AS x
         WHERE x.object_id = f.failure_id AND NOT x.is_taken ORDER BY x.happened_ns, x.sequence) AS r) AS released_from,
    -- The failures that it lives on in, and by what, one a line: #3 "main" (await).
    (SELECT group_concat(v.text, char(10)) FROM
        (SELECT coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = x.to_id) || ' ',
                iif(x.to_id >> 40 = 0, '#', 'p' || (x.to_id >> 40) || '#') || (x.to_id & 1099511627775) || ' ', '')
            || '(' || (SELECT w.word FROM word AS w WHERE w.enumeration = 'forward_how'
                AND w.number = x.how) || ')' AS text
         FROM forward AS x WHERE x.failure_id = f.failure_id ORDER BY x.forwarded_ns, x.sequence) AS v) AS forwarded_to,
    -- Why user code said that it does not matter.
    (SELECT d.reason FROM discard AS d WHERE d.object_id = f.failure_id) AS discard_reason,
    -- A sentence about an unusual way to fail.
    CASE f.how
        WHEN 2 THEN 'the coroutine got the exception'
            || coalesce(' at ' || (SELECT pl.place FROM places AS pl WHERE pl.site_id = f.last_site_id), '')
            || ', went on all the same, and returned 0'
        WHEN 3 THEN 'the coroutine returned a negative number with no exception pending'
            || coalesce(', last at ' || (SELECT pl.place FROM places AS pl WHERE pl.site_id = f.last_site_id
                AND pl.site_id IS NOT coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t WHERE t.task_id = f.failure_id))), '')
    END AS note,
    -- The same for failures of one kind: type, text without numbers and addresses, where it was raised, where the
    -- task was created.
    coalesce(e.type, 'unknown') || ': ' || coalesce(e.pattern, e.message, '')
        || ' | raised at ' || coalesce((SELECT pl.place FROM places AS pl
            WHERE pl.site_id = coalesce(f.raised_site_id, e.raised_site_id)), 'unknown place')
        || ' | created at ' || coalesce((SELECT pl.place FROM places AS pl WHERE pl.site_id
            = coalesce(f.created_site_id, (SELECT t.created_site_id FROM task AS t
                WHERE t.task_id = f.failure_id))), 'unknown place') AS fingerprint,
    -- Who created the future or task, in words: #3 "main", signal SIGTERM, callback, main program.
    CASE f.parent_kind
        WHEN 0 THEN 'main program'
        WHEN 1 THEN coalesce((SELECT l.label FROM task_labels AS l WHERE l.task_id = f.parent_id),
            iif(f.parent_id >> 40 = 0, '#', 'p' || (f.parent_id >> 40) || '#') || (f.parent_id & 1099511627775))
        WHEN 3 THEN 'signal ' || coalesce(
            (SELECT w.word FROM word AS w WHERE w.enumeration = 'signal' AND w.number = f.parent_id), f.parent_id)
        WHEN 4 THEN 'thread ' || f.parent_id
        ELSE (SELECT w.word FROM word AS w WHERE w.enumeration = 'actor' AND w.number = f.parent_kind)
    END AS parent_text,
    -- 1 when a report tells it with another failure.
    st.is_told_elsewhere AS is_told_elsewhere
FROM failure AS f
JOIN failure_states AS st ON st.failure_id = f.failure_id
LEFT JOIN exception AS e ON e.exception_id = f.exception_id
LEFT JOIN process AS p ON p.process_id = f.failure_id >> 40;
