/* store_tables.h: the columns that rows are written with, in the order of their cells.
 *
 * What it is for. Ingest fills cells by name, TT__TASK_outcome, the store writes them; the names are those of
 * schema.sql, and a name that is not there makes the first statement fail, which a test sees. Keys stand first.
 * Tables that are only appended to leave their key to SQLite and do not list it.
 *
 * What it leaves to others: meaning and comments of the columns (schema.sql).
 */
#ifndef TT_STORE_TABLES_H
#define TT_STORE_TABLES_H

/* clang-format off */
#define TT__COLUMNS_PROCESS(X)                                                                              \
    X(PROCESS, process_id) X(PROCESS, uuid) X(PROCESS, pid) X(PROCESS, parent_pid) X(PROCESS, uid)          \
    X(PROCESS, start_ticks) X(PROCESS, boot_id) X(PROCESS, host) X(PROCESS, program) X(PROCESS, command)    \
    X(PROCESS, started_ns) X(PROCESS, started_realtime_ns) X(PROCESS, started_monotonic_ns)                 \
    X(PROCESS, started_boottime_ns) X(PROCESS, seen_ns) X(PROCESS, goodbye_ns) X(PROCESS, goodbye_reason)   \
    X(PROCESS, gone_ns) X(PROCESS, is_replaced) X(PROCESS, vital_drop_count) X(PROCESS, vital_drop_last_ns) \
    X(PROCESS, board_drop_count) X(PROCESS, dictionary_drop_count) X(PROCESS, is_balanced)                  \
    X(PROCESS, is_boardless) X(PROCESS, ring_bytes) X(PROCESS, ring_policy) X(PROCESS, block_ms)            \
    X(PROCESS, categories) X(PROCESS, categories_lacking) X(PROCESS, step_every) X(PROCESS, is_redacted)

/* A row has no more than 32 cells: what few processes have is written apart. */
#define TT__COLUMNS_PROCESS_MORE(X) \
    X(PROCESS_MORE, process_id) X(PROCESS_MORE, uuid) X(PROCESS_MORE, selected_last_ns) X(PROCESS_MORE, board_ns) \
    X(PROCESS_MORE, child_drop_count) X(PROCESS_MORE, clock_shift_ns)

#define TT__COLUMNS_THREAD(X)                                                                         \
    X(THREAD, thread_id) X(THREAD, tid) X(THREAD, name) X(THREAD, attached_ns) X(THREAD, detached_ns) \
    X(THREAD, attempt_count) X(THREAD, record_count) X(THREAD, drop_count) X(THREAD, hole_count) \
    X(THREAD, wait_ns)

#define TT__COLUMNS_CURSOR(X)                                                                            \
    X(CURSOR, process_id) X(CURSOR, ring) X(CURSOR, ordinal) X(CURSOR, position) X(CURSOR, attempt_base) \
    X(CURSOR, attempt_next) X(CURSOR, drop_base) X(CURSOR, record_count) X(CURSOR, missing_count)        \
    X(CURSOR, vital_drop_count) X(CURSOR, last_ns)

#define TT__COLUMNS_GAP(X)                                                                            \
    X(GAP, thread_id) X(GAP, count) X(GAP, from_ns) X(GAP, to_ns) X(GAP, first_sequence) X(GAP, what) \
    X(GAP, is_vital) X(GAP, detail)

#define TT__COLUMNS_RING_GAP(X)                                                                       \
    X(RING_GAP, told_ns) X(RING_GAP, thread_id) X(RING_GAP, sequence) X(RING_GAP, first_ns)           \
    X(RING_GAP, count) X(RING_GAP, vital_count)

#define TT__COLUMNS_CLOCK_SAMPLE(X)                                                                          \
    X(CLOCK_SAMPLE, sampled_ns) X(CLOCK_SAMPLE, thread_id) X(CLOCK_SAMPLE, sequence)                         \
    X(CLOCK_SAMPLE, monotonic_ns) X(CLOCK_SAMPLE, realtime_ns) X(CLOCK_SAMPLE, boottime_ns) X(CLOCK_SAMPLE, why)

#define TT__COLUMNS_SELECTION(X)                                                                  \
    X(SELECTION, selected_ns) X(SELECTION, thread_id) X(SELECTION, sequence) X(SELECTION, categories) \
    X(SELECTION, step_every) X(SELECTION, by)

#define TT__COLUMNS_METRIC(X)                                                                                \
    X(METRIC, told_ns) X(METRIC, pid) X(METRIC, process_count) X(METRIC, interval_ns) X(METRIC, event_count) \
    X(METRIC, batch_count) X(METRIC, failed_count) X(METRIC, cpu_ns) X(METRIC, lag_ns) X(METRIC, paused_ns)  \
    X(METRIC, pause_reason) X(METRIC, reader_pid) X(METRIC, reader) X(METRIC, store_bytes)                   \
    X(METRIC, log_bytes) X(METRIC, memory_bytes)

#define TT__COLUMNS_EVENT_TYPE(X)                                                                  \
    X(EVENT_TYPE, event_type_id) X(EVENT_TYPE, name) X(EVENT_TYPE, category) X(EVENT_TYPE, fields)

#define TT__COLUMNS_WORD(X) X(WORD, enumeration) X(WORD, number) X(WORD, word)

#define TT__COLUMNS_SITE(X) X(SITE, site_id) X(SITE, hash) X(SITE, file) X(SITE, line) X(SITE, func) X(SITE, text)

#define TT__COLUMNS_MODULE(X) X(MODULE, module_id) X(MODULE, build_id) X(MODULE, path)

#define TT__COLUMNS_STACK(X) X(STACK, stack_id) X(STACK, call_count) X(STACK, is_cut)

#define TT__COLUMNS_CALL(X) X(CALL, stack_id) X(CALL, position) X(CALL, module_id) X(CALL, address)

#define TT__COLUMNS_LOOP(X)                                                                 \
    X(LOOP, loop_id) X(LOOP, created_ns) X(LOOP, created_site_id) X(LOOP, started_ns)       \
    X(LOOP, started_site_id) X(LOOP, stopped_ns) X(LOOP, closed_ns) X(LOOP, closed_site_id) \
    X(LOOP, thread_id) X(LOOP, pending_count) X(LOOP, dumped_ns)

/* What a state dump tells of a loop. */
#define TT__COLUMNS_LOOP_FILL(X)                                                              \
    X(LOOP_FILL, loop_id) X(LOOP_FILL, created_site_id) X(LOOP_FILL, started_site_id) \
    X(LOOP_FILL, asked_ns)

/* What says whether a row is a whole one stands together (store_image.c). */
#define TT__COLUMNS_TASK(X)                                                                           \
    X(TASK, task_id) X(TASK, created_ns) X(TASK, outcome) X(TASK, ended_ns) X(TASK, loop_id)          \
    X(TASK, parent_kind) X(TASK, parent_id) X(TASK, created_site_id) X(TASK, name)                    \
    X(TASK, name_number) X(TASK, has_handle) X(TASK, started_ns) X(TASK, busy_ns) X(TASK, ready_ns)   \
    X(TASK, longest_step_ns) X(TASK, step_count) X(TASK, abandoned_ns) X(TASK, stack_used_bytes)      \
    X(TASK, stack_bytes) X(TASK, stack_id)

/* What few tasks have: without it the rows of all of them are that much smaller where they wait. */
#define TT__COLUMNS_TASK_MORE(X)                                                            \
    X(TASK_MORE, task_id) X(TASK_MORE, new_name) X(TASK_MORE, wait_kind)                    \
    X(TASK_MORE, wait_object) X(TASK_MORE, wait_site_id) X(TASK_MORE, dumped_ns)

/* What the board knows about a task that its events may not have said. */
#define TT__COLUMNS_TASK_FILL(X)                                                                  \
    X(TASK_FILL, task_id) X(TASK_FILL, loop_id) X(TASK_FILL, parent_kind) X(TASK_FILL, parent_id) \
    X(TASK_FILL, created_site_id) X(TASK_FILL, name) X(TASK_FILL, name_number)

#define TT__COLUMNS_BOARD(X)                                                                            \
    X(BOARD, task_id) X(BOARD, slot) X(BOARD, state) X(BOARD, wait_kind) X(BOARD, wait_object)          \
    X(BOARD, wait_site_id) X(BOARD, since_ns) X(BOARD, busy_ns) X(BOARD, ready_ns) X(BOARD, step_count)

#define TT__COLUMNS_EXCEPTION(X)                                                                      \
    X(EXCEPTION, exception_id) X(EXCEPTION, type) X(EXCEPTION, message) X(EXCEPTION, pattern)         \
    X(EXCEPTION, raised_ns) X(EXCEPTION, raised_site_id) X(EXCEPTION, task_id) X(EXCEPTION, cause_id) \
    X(EXCEPTION, context_id) X(EXCEPTION, stack_id)

#define TT__COLUMNS_EXCEPTION_MEMBER(X)                                                                   \
    X(EXCEPTION_MEMBER, group_id) X(EXCEPTION_MEMBER, told_ns) X(EXCEPTION_MEMBER, thread_id)             \
    X(EXCEPTION_MEMBER, sequence) X(EXCEPTION_MEMBER, position) X(EXCEPTION_MEMBER, member_id)

#define TT__COLUMNS_FAILURE(X)                                                                               \
    X(FAILURE, failure_id) X(FAILURE, kind) X(FAILURE, how) X(FAILURE, exception_id) X(FAILURE, parent_kind) \
    X(FAILURE, parent_id) X(FAILURE, loop_id) X(FAILURE, name) X(FAILURE, name_number)                       \
    X(FAILURE, created_site_id) X(FAILURE, raised_site_id) X(FAILURE, last_site_id) X(FAILURE, stored_ns)    \
    X(FAILURE, stored_handle_count) X(FAILURE, reported_ns) X(FAILURE, reported_kind)                        \
    X(FAILURE, reported_site_id) X(FAILURE, released_ns) X(FAILURE, released_site_id)                        \
    X(FAILURE, is_counted) X(FAILURE, user_touch_count) X(FAILURE, library_touch_count) X(FAILURE, forward_count)                   \
    X(FAILURE, is_retrieved) X(FAILURE, is_loop_closed) X(FAILURE, dumped_ns) X(FAILURE, is_discarded)

/* What a state dump tells of a failure that its own event may have told, too. */
#define TT__COLUMNS_FAILURE_FILL(X)                                                                    \
    X(FAILURE_FILL, failure_id) X(FAILURE_FILL, kind) X(FAILURE_FILL, how)                             \
    X(FAILURE_FILL, exception_id) X(FAILURE_FILL, parent_kind) X(FAILURE_FILL, parent_id)              \
    X(FAILURE_FILL, loop_id) X(FAILURE_FILL, name) X(FAILURE_FILL, name_number)                        \
    X(FAILURE_FILL, created_site_id) X(FAILURE_FILL, raised_site_id) X(FAILURE_FILL, last_site_id)     \
    X(FAILURE_FILL, stored_handle_count)

#define TT__COLUMNS_TOUCH(X)                                                                      \
    X(TOUCH, failure_id) X(TOUCH, touched_ns) X(TOUCH, thread_id) X(TOUCH, sequence) X(TOUCH, by) \
    X(TOUCH, by_id) X(TOUCH, how) X(TOUCH, is_user) X(TOUCH, site_id)

#define TT__COLUMNS_FORWARD(X)                                                              \
    X(FORWARD, failure_id) X(FORWARD, to_id) X(FORWARD, forwarded_ns) X(FORWARD, thread_id) \
    X(FORWARD, sequence) X(FORWARD, how) X(FORWARD, site_id)

#define TT__COLUMNS_LINK(X) \
    X(LINK, task_id) X(LINK, linked_ns) X(LINK, cause_arena) X(LINK, cause_lttng) X(LINK, cause_task_id) X(LINK, site_id)
#define TT__COLUMNS_DISCARD(X) X(DISCARD, object_id) X(DISCARD, discarded_ns) X(DISCARD, site_id) X(DISCARD, reason)

#define TT__COLUMNS_REFERENCE(X)                                                                     \
    X(REFERENCE, object_id) X(REFERENCE, happened_ns) X(REFERENCE, thread_id) X(REFERENCE, sequence) \
    X(REFERENCE, is_taken) X(REFERENCE, site_id) X(REFERENCE, handle_count)

#define TT__COLUMNS_CANCELLATION(X)                                                               \
    X(CANCELLATION, task_id) X(CANCELLATION, requested_ns) X(CANCELLATION, thread_id)             \
    X(CANCELLATION, sequence) X(CANCELLATION, by) X(CANCELLATION, by_id) X(CANCELLATION, site_id) \
    X(CANCELLATION, is_accepted) X(CANCELLATION, request_count) X(CANCELLATION, reason)

#define TT__COLUMNS_CANCELLATION_EFFECT(X)                                                                \
    X(CANCELLATION_EFFECT, task_id) X(CANCELLATION_EFFECT, happened_ns) X(CANCELLATION_EFFECT, thread_id) \
    X(CANCELLATION_EFFECT, sequence) X(CANCELLATION_EFFECT, what) X(CANCELLATION_EFFECT, site_id)         \
    X(CANCELLATION_EFFECT, is_before_start) X(CANCELLATION_EFFECT, request_count)                         \
    X(CANCELLATION_EFFECT, exception_id)

#define TT__COLUMNS_GATHER(X)                                                                            \
    X(GATHER, gather_id) X(GATHER, created_ns) X(GATHER, created_site_id) X(GATHER, by) X(GATHER, by_id) \
    X(GATHER, child_count) X(GATHER, is_returning_exceptions)

#define TT__COLUMNS_WAIT(X)                                                                                \
    X(WAIT, wait_id) X(WAIT, started_ns) X(WAIT, started_site_id) X(WAIT, by) X(WAIT, by_id) X(WAIT, until) \
    X(WAIT, child_count) X(WAIT, is_for_tasks) X(WAIT, timeout_ns)

#define TT__COLUMNS_SHIELD(X)                                                                                \
    X(SHIELD, shield_id) X(SHIELD, inner_id) X(SHIELD, created_ns) X(SHIELD, created_site_id) X(SHIELD, by) \
    X(SHIELD, by_id)

#define TT__COLUMNS_SCOPE(X)                                                                                  \
    X(SCOPE, scope_id) X(SCOPE, kind) X(SCOPE, task_id) X(SCOPE, outer_id) X(SCOPE, entered_ns)               \
    X(SCOPE, entered_site_id) X(SCOPE, deadline_ns) X(SCOPE, rescheduled_ns) X(SCOPE, expired_ns)             \
    X(SCOPE, is_keep_going) X(SCOPE, aborted_ns) X(SCOPE, abort_reason) X(SCOPE, aborted_by_id)               \
    X(SCOPE, aborted_count) X(SCOPE, exited_ns) X(SCOPE, exited_site_id) X(SCOPE, ending)                     \
    X(SCOPE, exception_id) X(SCOPE, is_left_open) X(SCOPE, child_count) X(SCOPE, failed_count)

#define TT__COLUMNS_SCOPE_MEMBER(X)                                                                           \
    X(SCOPE_MEMBER, task_id) X(SCOPE_MEMBER, scope_id) X(SCOPE_MEMBER, added_ns) X(SCOPE_MEMBER, site_id)

#define TT__COLUMNS_CHILD(X)                                                                               \
    X(CHILD, owner_id) X(CHILD, told_ns) X(CHILD, thread_id) X(CHILD, sequence) X(CHILD, future_id)

#define TT__COLUMNS_CYCLE_MEMBER(X)                                                                           \
    X(CYCLE_MEMBER, cycle_id) X(CYCLE_MEMBER, broken_ns) X(CYCLE_MEMBER, thread_id) X(CYCLE_MEMBER, sequence) \
    X(CYCLE_MEMBER, task_id) X(CYCLE_MEMBER, awaited_id) X(CYCLE_MEMBER, wait_kind)                           \
    X(CYCLE_MEMBER, wait_object) X(CYCLE_MEMBER, site_id)

#define TT__COLUMNS_STALL(X)                                                                           \
    X(STALL, ended_ns) X(STALL, thread_id) X(STALL, sequence) X(STALL, loop_id) X(STALL, duration_ns) \
    X(STALL, by) X(STALL, by_id) X(STALL, site_id) X(STALL, end_site_id)

#define TT__COLUMNS_IO(X)                                                                             \
    X(IO, io_id) X(IO, task_id) X(IO, what) X(IO, descriptor) X(IO, site_id) X(IO, size) X(IO, started_ns) \
    X(IO, finished_ns) X(IO, status) X(IO, byte_count) X(IO, error) X(IO, name)

#define TT__COLUMNS_HANDLER_CALL(X)                                                                          \
    X(HANDLER_CALL, called_ns) X(HANDLER_CALL, thread_id) X(HANDLER_CALL, sequence) X(HANDLER_CALL, loop_id) \
    X(HANDLER_CALL, kind) X(HANDLER_CALL, object_id) X(HANDLER_CALL, object_kind)                            \
    X(HANDLER_CALL, exception_id) X(HANDLER_CALL, message)

#define TT__COLUMNS_NOTE(X)                                                                               \
    X(NOTE, noted_ns) X(NOTE, thread_id) X(NOTE, sequence) X(NOTE, task_id) X(NOTE, site_id) X(NOTE, key) \
    X(NOTE, text)

#define TT__COLUMNS_TEST(X)                                                                               \
    X(TEST, test_id) X(TEST, thread_id) X(TEST, name) X(TEST, began_ns) X(TEST, began_site_id)             \
    X(TEST, ended_ns) X(TEST, ended_site_id) X(TEST, outcome) X(TEST, text)

/* What a state dump tells of a test that its own event may have told, too. */
#define TT__COLUMNS_TEST_FILL(X)                                                                   \
    X(TEST_FILL, test_id) X(TEST_FILL, name) X(TEST_FILL, began_ns) X(TEST_FILL, began_site_id)

#define TT__COLUMNS_RESOURCE(X)                                                                            \
    X(RESOURCE, resource_id) X(RESOURCE, kind) X(RESOURCE, capacity) X(RESOURCE, created_ns)               \
    X(RESOURCE, created_site_id) X(RESOURCE, by) X(RESOURCE, by_id) X(RESOURCE, holder_id)                 \
    X(RESOURCE, held_ns) X(RESOURCE, held_site_id) X(RESOURCE, released_ns)

#define TT__COLUMNS_CHUNK(X)                                                                              \
    X(CHUNK, chunk_id) X(CHUNK, thread_id) X(CHUNK, event_count) X(CHUNK, first_ns) X(CHUNK, last_ns)     \
    X(CHUNK, first_sequence) X(CHUNK, last_sequence) X(CHUNK, first_task_id) X(CHUNK, last_task_id)       \
    X(CHUNK, number_set) X(CHUNK, plain_bytes) X(CHUNK, checksum) X(CHUNK, data)

/* What happens when a row with the same key is there: see enum tt__conflict. X(NAME, "table", keys, conflict) */
#define TT__TABLES(X)                                             \
    X(PROCESS, "process", 1, TT__OVERRIDE)                        \
    X(PROCESS_MORE, "process", 1, TT__OVERRIDE)                   \
    X(THREAD, "thread", 1, TT__OVERRIDE)                          \
    X(CURSOR, "cursor", 2, TT__REPLACE)                           \
    X(GAP, "gap", 0, TT__APPEND)                                  \
    X(RING_GAP, "ring_gap", 0, TT__APPEND)                        \
    X(CLOCK_SAMPLE, "clock_sample", 0, TT__APPEND)                \
    X(SELECTION, "selection", 0, TT__APPEND)                      \
    X(METRIC, "metric", 0, TT__APPEND)                            \
    X(EVENT_TYPE, "event_type", 1, TT__REPLACE)                   \
    X(WORD, "word", 2, TT__REPLACE)                               \
    X(SITE, "site", 1, TT__OVERRIDE)                              \
    X(MODULE, "module", 1, TT__OVERRIDE)                          \
    X(STACK, "stack", 1, TT__OVERRIDE)                            \
    X(CALL, "call", 2, TT__REPLACE)                               \
    X(LOOP, "loop", 1, TT__OVERRIDE)                              \
    X(LOOP_FILL, "loop", 1, TT__FILL)                             \
    X(TASK, "task", 1, TT__OVERRIDE)                              \
    X(TASK_MORE, "task", 1, TT__OVERRIDE)                         \
    X(TASK_FILL, "task", 1, TT__FILL)                             \
    X(BOARD, "board", 1, TT__REPLACE)                             \
    X(EXCEPTION, "exception", 1, TT__OVERRIDE)                    \
    X(EXCEPTION_MEMBER, "exception_member", 0, TT__APPEND)        \
    X(FAILURE, "failure", 1, TT__OVERRIDE)                        \
    X(FAILURE_FILL, "failure", 1, TT__FILL)                       \
    X(TOUCH, "touch", 0, TT__APPEND)                              \
    X(FORWARD, "forward", 0, TT__APPEND)                          \
    X(DISCARD, "discard", 1, TT__OVERRIDE)                        \
    X(LINK, "link", 1, TT__OVERRIDE)                              \
    X(REFERENCE, "reference", 0, TT__APPEND)                      \
    X(CANCELLATION, "cancellation", 0, TT__APPEND)                \
    X(CANCELLATION_EFFECT, "cancellation_effect", 0, TT__APPEND)  \
    X(GATHER, "gather", 1, TT__OVERRIDE)                          \
    X(WAIT, "wait", 1, TT__OVERRIDE)                              \
    X(SHIELD, "shield", 1, TT__OVERRIDE)                          \
    X(SCOPE, "scope", 1, TT__OVERRIDE)                            \
    X(SCOPE_MEMBER, "scope_member", 1, TT__OVERRIDE)              \
    X(CHILD, "child", 0, TT__APPEND)                              \
    X(CYCLE_MEMBER, "cycle_member", 0, TT__APPEND)                \
    X(STALL, "stall", 0, TT__APPEND)                              \
    X(IO, "io", 1, TT__OVERRIDE)                                  \
    X(HANDLER_CALL, "handler_call", 0, TT__APPEND)                \
    X(NOTE, "note", 0, TT__APPEND)                                \
    X(TEST, "test", 1, TT__OVERRIDE)                              \
    X(TEST_FILL, "test", 1, TT__FILL)                             \
    X(RESOURCE, "resource", 1, TT__OVERRIDE)                      \
    X(CHUNK, "chunk", 1, TT__REPLACE)

/* clang-format on */

#define TT__NAME_COLUMN(table, column) TT__##table##_##column,
#define TT__NAME_COLUMNS(table, name, keys, conflict) \
    enum { TT__COLUMNS_##table(TT__NAME_COLUMN) TT__##table##_COLUMNS };
TT__TABLES(TT__NAME_COLUMNS)
#undef TT__NAME_COLUMN
#undef TT__NAME_COLUMNS

enum tt__table {
#define TT__NAME_TABLE(table, name, keys, conflict) TT__TABLE_##table,
    TT__TABLES(TT__NAME_TABLE)
#undef TT__NAME_TABLE
        TT__TABLE_COUNT
};

#define TT__TABLE_COLUMNS_MAX 32

#endif
