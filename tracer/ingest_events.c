/* ingest_events.c: what each event does to rows. One function for each event; the table at the end finds it. It has more than
 * 600 lines because there are so many events, each of which can be read alone. */
#include "event_fields.h"
#include "ingest_state.h"
#include "nanoseconds.h"

#include <string.h>

/* Deadline of a timeout that has none. */
#define TT__NO_DEADLINE INT64_MAX

struct origin {
    uint32_t process_id;
    int64_t thread_id;
    int64_t time_ns;
    int64_t sequence;
};

#define CELL TT__CELL
#define SET  TT__SET
#define SET_TEXT(ingest, row, TABLE, column, value) \
    tt__batch_set_text(&(ingest)->batch, CELL(row, TABLE, column), (value).bytes, (value).length)
#define SET_ID(row, TABLE, column, origin, local)  set_id(CELL(row, TABLE, column), (origin)->process_id, (local))
#define SET_SITE(ingest, row, TABLE, column, hash) set_site((ingest), CELL(row, TABLE, column), (hash))
/* When, in which thread, and its number there. */
#define SET_ORIGIN(row, TABLE, time_column, origin)      \
    do {                                                 \
        SET(row, TABLE, time_column, (origin)->time_ns); \
        SET(row, TABLE, thread_id, (origin)->thread_id); \
        SET(row, TABLE, sequence, (origin)->sequence);   \
    } while (0)

static void set_id(struct tt__cell *cell, uint32_t process_id, uint64_t local)
{
    if (local != 0)
        tt__cell_set_integer(cell, tt__compose_id(process_id, local));
}

static void set_site(struct tt_ingest *ingest, struct tt__cell *cell, uint64_t hash)
{
    if (hash != 0)
        tt__cell_set_integer(cell, tt__ingest_site_id(ingest, hash));
}

/* The id beside an actor: an object of the process, a plain number, or nothing. */
static void set_actor_id(struct tt__cell *cell, uint32_t process_id, uint8_t actor, uint64_t id)
{
    if (tt__actor_names_object(actor))
        set_id(cell, process_id, id);
    else if (id != 0 || actor == TT_ACTOR_SIGNAL || actor == TT_ACTOR_THREAD || actor == TT_ACTOR_POLL)
        tt__cell_set_integer(cell, (int64_t)id); /* a number; or this version does not know that kind of actor */
}

static void set_wait_object(struct tt__cell *cell, uint32_t process_id, uint8_t wait_kind, uint64_t object)
{
    if (tt__wait_names_object(wait_kind))
        set_id(cell, process_id, object);
    else
        tt__cell_set_integer(cell, (int64_t)object);
}

static struct tt__cell *row_of(struct tt_ingest *ingest, enum tt__table table, const struct origin *origin,
                               uint64_t local)
{
    return tt__batch_row(&ingest->batch, table, tt__compose_id(origin->process_id, local));
}

/* -------------------------------------------------------------------------------------------- processes, threads */

static void process_started(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_process_started *event)
{
    struct tt__cell *row = tt__ingest_process_row(ingest, origin->process_id);
    SET(row, PROCESS, pid, event->pid);
    SET(row, PROCESS, parent_pid, event->parent_pid);
    SET_TEXT(ingest, row, PROCESS, host, event->host);
    SET_TEXT(ingest, row, PROCESS, program, event->program);
    SET_TEXT(ingest, row, PROCESS, command, event->command);
    if (event->categories != 0)
        tt__ingest_set_categories(ingest, row, event->categories);
    if (event->categories != 0 && ingest->processes[origin->process_id].selected == 0)
        ingest->processes[origin->process_id].selected = ingest->processes[origin->process_id].ever_selected =
            event->categories;
}

static void process_ended(struct tt_ingest *ingest, const struct origin *origin,
                          const struct tt_decoded_process_ended *event)
{
    struct tt__cell *row = tt__ingest_process_row(ingest, origin->process_id);
    SET(row, PROCESS, goodbye_ns, origin->time_ns);
    SET(row, PROCESS, goodbye_reason, event->reason);
}

static void thread_attached(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_thread_attached *event)
{
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_THREAD, origin->thread_id);
    SET(row, THREAD, tid, event->tid);
    if (!event->is_repeated)
        SET(row, THREAD, attached_ns, origin->time_ns);
    SET_TEXT(ingest, row, THREAD, name, event->name);
}

static void thread_detached(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_thread_detached *event)
{
    (void)event;
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_THREAD, origin->thread_id);
    SET(row, THREAD, detached_ns, origin->time_ns);
}

static void clock_sampled(struct tt_ingest *ingest, const struct origin *origin,
                          const struct tt_decoded_clock_sampled *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_CLOCK_SAMPLE);
    int64_t shift_ns = ingest->processes[origin->process_id].clock_shift_ns;
    int64_t monotonic_ns = tt__ns_add((int64_t)event->monotonic_ns, shift_ns);
    SET_ORIGIN(row, CLOCK_SAMPLE, sampled_ns, origin);
    SET(row, CLOCK_SAMPLE, sampled_ns, tt_ingest_time(ingest, origin->process_id, monotonic_ns));
    SET(row, CLOCK_SAMPLE, monotonic_ns, monotonic_ns);
    SET(row, CLOCK_SAMPLE, realtime_ns, event->realtime_ns);
    SET(row, CLOCK_SAMPLE, boottime_ns, tt__ns_add((int64_t)event->boottime_ns, shift_ns));
    SET(row, CLOCK_SAMPLE, why, event->why);
}

static void recorder_gap(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_recorder_gap *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_RING_GAP);
    SET_ORIGIN(row, RING_GAP, told_ns, origin);
    SET(row, RING_GAP, first_ns, (uint64_t)origin->time_ns - event->duration);
    SET(row, RING_GAP, count, event->count);
    SET(row, RING_GAP, vital_count, event->vital_count);
}

static void categories_selected(struct tt_ingest *ingest, const struct origin *origin,
                                const struct tt_decoded_categories_selected *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_SELECTION);
    SET_ORIGIN(row, SELECTION, selected_ns, origin);
    SET(row, SELECTION, categories, event->categories);
    SET(row, SELECTION, step_every, event->step_every);
    SET(row, SELECTION, by, event->by);
    tt__ingest_select(ingest, origin->process_id, event->categories, origin->time_ns);
}

static void recorder_stats(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_recorder_stats *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_METRIC);
    SET(row, METRIC, told_ns, origin->time_ns);
    SET(row, METRIC, pid, event->pid);
    SET(row, METRIC, process_count, event->process_count);
    SET(row, METRIC, interval_ns, event->interval);
    SET(row, METRIC, event_count, event->event_count);
    SET(row, METRIC, batch_count, event->batch_count);
    SET(row, METRIC, failed_count, event->failed_count);
    SET(row, METRIC, cpu_ns, event->cpu);
    SET(row, METRIC, lag_ns, event->lag);
    SET(row, METRIC, paused_ns, event->paused);
    if (event->pause_reason != 0)
        SET(row, METRIC, pause_reason, event->pause_reason);
    if (event->reader_pid != 0)
        SET(row, METRIC, reader_pid, event->reader_pid);
    SET_TEXT(ingest, row, METRIC, reader, event->reader);
    SET(row, METRIC, store_bytes, event->store_bytes);
    SET(row, METRIC, log_bytes, event->log_bytes);
    SET(row, METRIC, memory_bytes, event->memory_bytes);
}

void tt_ingest_recorder_stats(struct tt_ingest *ingest, int64_t time_ns, const struct tt_decoded_recorder_stats *event)
{
    recorder_stats(ingest, &(struct origin){.time_ns = time_ns}, event);
}

/* ----------------------------------------------------------------------------------------------------------- loops */

static void loop_created(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_loop_created *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_LOOP, origin, event->loop_id);
    SET(row, LOOP, created_ns, origin->time_ns);
    SET_SITE(ingest, row, LOOP, created_site_id, event->site);
}

static void loop_started(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_loop_started *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_LOOP, origin, event->loop_id);
    SET(row, LOOP, started_ns, origin->time_ns);
    SET(row, LOOP, thread_id, origin->thread_id);
    SET_SITE(ingest, row, LOOP, started_site_id, event->site);
}

static void loop_stopped(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_loop_stopped *event)
{
    SET(row_of(ingest, TT__TABLE_LOOP, origin, event->loop_id), LOOP, stopped_ns, origin->time_ns);
}

static void loop_closed(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_loop_closed *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_LOOP, origin, event->loop_id);
    SET(row, LOOP, closed_ns, origin->time_ns);
    SET(row, LOOP, pending_count, event->pending_count);
    SET_SITE(ingest, row, LOOP, closed_site_id, event->site);
}

static void handler_called(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_handler_called *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_HANDLER_CALL);
    SET_ORIGIN(row, HANDLER_CALL, called_ns, origin);
    SET_ID(row, HANDLER_CALL, loop_id, origin, event->loop_id);
    SET(row, HANDLER_CALL, kind, event->kind);
    SET_ID(row, HANDLER_CALL, object_id, origin, event->object_id);
    SET_ID(row, HANDLER_CALL, exception_id, origin, event->exception_id);
    if (event->object_kind != 0)
        SET(row, HANDLER_CALL, object_kind, event->object_kind);
    SET_TEXT(ingest, row, HANDLER_CALL, message, event->message);
}

static void stall_detected(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_stall_detected *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_STALL);
    SET_ORIGIN(row, STALL, ended_ns, origin);
    SET_ID(row, STALL, loop_id, origin, event->loop_id);
    SET(row, STALL, duration_ns, event->duration);
    SET(row, STALL, by, event->by);
    set_actor_id(CELL(row, STALL, by_id), origin->process_id, event->by, event->by_id);
    SET_SITE(ingest, row, STALL, site_id, event->site);
    SET_SITE(ingest, row, STALL, end_site_id, event->end_site);
}

/* The first question counts: what was before it is what may be missing. */
static void loop_asked(struct tt_ingest *ingest, const struct origin *origin, const struct tt_decoded_loop_asked *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_LOOP_FILL, origin, event->loop_id);
    SET_SITE(ingest, row, LOOP_FILL, created_site_id, event->site);
    if (CELL(row, LOOP_FILL, asked_ns)->kind == TT__CELL_NULL)
        SET(row, LOOP_FILL, asked_ns, origin->time_ns);
}

/* Fills what loop_created did not say; when that was stays unknown. */
static void loop_dumped(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_loop_dumped *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_LOOP_FILL, origin, event->loop_id);
    SET_SITE(ingest, row, LOOP_FILL, created_site_id, event->site);
    SET_SITE(ingest, row, LOOP_FILL, started_site_id, event->started_site);
    SET(row_of(ingest, TT__TABLE_LOOP, origin, event->loop_id), LOOP, dumped_ns, origin->time_ns);
}

/* --------------------------------------------------------------------------------------------------------------- io */

static void io_started(struct tt_ingest *ingest, const struct origin *origin, const struct tt_decoded_io_started *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_IO, origin, event->io_id);
    SET_ID(row, IO, task_id, origin, event->task_id);
    SET(row, IO, what, event->what);
    SET(row, IO, descriptor, event->descriptor);
    SET_SITE(ingest, row, IO, site_id, event->site);
    SET(row, IO, size, (int64_t)event->size);
    SET(row, IO, started_ns, origin->time_ns);
}

static void io_finished(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_io_finished *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_IO, origin, event->io_id);
    SET_ID(row, IO, task_id, origin, event->task_id);
    SET(row, IO, what, event->what);
    SET(row, IO, descriptor, event->descriptor);
    SET_SITE(ingest, row, IO, site_id, event->site);
    SET(row, IO, size, (int64_t)event->size);
    SET(row, IO, started_ns, tt__ns_subtract(origin->time_ns, (int64_t)event->duration));
    SET(row, IO, finished_ns, origin->time_ns);
    SET(row, IO, status, event->status);
    SET(row, IO, byte_count, (int64_t)event->byte_count);
    if (event->error != 0)
        SET(row, IO, error, event->error);
}

static void io_named(struct tt_ingest *ingest, const struct origin *origin, const struct tt_decoded_io_named *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_IO, origin, event->io_id);
    SET_TEXT(ingest, row, IO, name, event->name);
}

/* ----------------------------------------------------------------------------------------------------------- tasks */

static void task_created(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_task_created *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TASK, origin, event->task_id);
    SET(row, TASK, created_ns, origin->time_ns);
    SET(row, TASK, parent_kind, event->parent_kind);
    set_actor_id(CELL(row, TASK, parent_id), origin->process_id, event->parent_kind, event->parent_id);
    SET_ID(row, TASK, loop_id, origin, event->loop_id);
    SET(row, TASK, has_handle, event->has_handle);
    if (event->name_number != 0)
        SET(row, TASK, name_number, event->name_number);
    SET_TEXT(ingest, row, TASK, name, event->name);
    SET_SITE(ingest, row, TASK, created_site_id, event->site);
}

static void task_started(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_task_started *event)
{
    SET(row_of(ingest, TT__TABLE_TASK, origin, event->task_id), TASK, started_ns, origin->time_ns);
}

static void set_uuid_half(struct tt_ingest *ingest, struct tt__cell *cell, uint64_t half)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(half >> 8 * i);
    tt__batch_set_blob(&ingest->batch, cell, bytes, sizeof bytes);
}

static void task_linked(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_task_linked *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_LINK, origin, event->task_id);
    SET(row, LINK, linked_ns, origin->time_ns);
    SET(row, LINK, cause_task_id, event->cause_task_id);
    set_uuid_half(ingest, CELL(row, LINK, cause_arena), event->cause_arena);
    set_uuid_half(ingest, CELL(row, LINK, cause_lttng), event->cause_lttng);
    SET_SITE(ingest, row, LINK, site_id, event->site);
}

static void task_renamed(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_task_renamed *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TASK_MORE, origin, event->task_id);
    SET_TEXT(ingest, row, TASK_MORE, new_name, event->name);
}

static void task_finished(struct tt_ingest *ingest, const struct origin *origin,
                          const struct tt_decoded_task_finished *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TASK, origin, event->task_id);
    SET(row, TASK, ended_ns, origin->time_ns);
    SET(row, TASK, outcome, event->outcome);
    SET(row, TASK, busy_ns, event->busy);
    SET(row, TASK, ready_ns, event->ready);
    SET(row, TASK, longest_step_ns, event->longest_step);
    SET(row, TASK, step_count, event->step_count);
    if (event->stack_used_bytes != 0)
        SET(row, TASK, stack_used_bytes, event->stack_used_bytes);
    if (event->stack_bytes != 0)
        SET(row, TASK, stack_bytes, event->stack_bytes);
    /* Should failure_stored be missing, the failure is there all the same: unknown. */
    if (event->outcome == TT_OUTCOME_FAILED)
        row_of(ingest, TT__TABLE_FAILURE, origin, event->task_id);
}

static void task_abandoned(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_task_abandoned *event)
{
    SET(row_of(ingest, TT__TABLE_TASK, origin, event->task_id), TASK, abandoned_ns, origin->time_ns);
    struct tt__cell *row = row_of(ingest, TT__TABLE_TASK_MORE, origin, event->task_id);
    SET(row, TASK_MORE, wait_kind, event->wait_kind);
    set_wait_object(CELL(row, TASK_MORE, wait_object), origin->process_id, event->wait_kind, event->wait_object);
    SET_SITE(ingest, row, TASK_MORE, wait_site_id, event->wait_site);
}

/* Fills what task_created did not say, and shows the task as the board would, until there is a later dump. */
static void task_dumped(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_task_dumped *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TASK_FILL, origin, event->task_id);
    SET(row, TASK_FILL, parent_kind, event->parent_kind);
    set_actor_id(CELL(row, TASK_FILL, parent_id), origin->process_id, event->parent_kind, event->parent_id);
    SET_ID(row, TASK_FILL, loop_id, origin, event->loop_id);
    if (event->name_number != 0)
        SET(row, TASK_FILL, name_number, event->name_number);
    SET_TEXT(ingest, row, TASK_FILL, name, event->name);
    SET_SITE(ingest, row, TASK_FILL, created_site_id, event->site);

    SET(row_of(ingest, TT__TABLE_TASK_MORE, origin, event->task_id), TASK_MORE, dumped_ns, origin->time_ns);

    row = row_of(ingest, TT__TABLE_BOARD, origin, event->task_id);
    SET(row, BOARD, slot, -1);
    SET(row, BOARD, state, event->state);
    SET(row, BOARD, wait_kind, event->wait_kind);
    set_wait_object(CELL(row, BOARD, wait_object), origin->process_id, event->wait_kind, event->wait_object);
    CELL(row, BOARD, wait_site_id)->kind = CELL(row, BOARD, since_ns)->kind = TT__CELL_NULL;
    SET_SITE(ingest, row, BOARD, wait_site_id, event->wait_site);
    if (event->in_state != 0)
        SET(row, BOARD, since_ns, tt__ns_subtract(origin->time_ns, (int64_t)event->in_state));
    SET(row, BOARD, busy_ns, event->busy);
    SET(row, BOARD, ready_ns, event->ready);
    SET(row, BOARD, step_count, event->step_count);
}

/* 0 where there was no room for it, which is not the same as that nobody asked. */
static void stack_taken(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_stack_taken *event)
{
    int64_t stack_id = event->stack != 0 ? tt__ingest_site_id(ingest, event->stack) : 0;
    if (event->of == TT_STACK_OF_RAISED)
        SET(row_of(ingest, TT__TABLE_EXCEPTION, origin, event->object_id), EXCEPTION, stack_id, stack_id);
    else if (event->of == TT_STACK_OF_CREATED)
        SET(row_of(ingest, TT__TABLE_TASK, origin, event->object_id), TASK, stack_id, stack_id);
}

/* -------------------------------------------------------------------------------------------------------- failures */

/* Copies TEXT to OUT with addresses as <address> and numbers as <n>; returns the length, at most SIZE. *OUT_IS_SAME:
 * there were none. */
static size_t make_pattern(struct tt_decoded_text text, char *out, size_t size, bool *out_is_same)
{
    size_t length = 0;
    *out_is_same = true;
    for (size_t i = 0; i < text.length;) {
        const char *piece = &text.bytes[i];
        size_t piece_length = 1, taken = 1;
        if (text.bytes[i] >= '0' && text.bytes[i] <= '9') {
            bool is_address = text.bytes[i] == '0' && i + 2 < text.length && text.bytes[i + 1] == 'x' &&
                              memchr("0123456789abcdefABCDEF", text.bytes[i + 2], 22);
            const char *digits = is_address ? "0123456789abcdefABCDEF" : "0123456789";
            taken = is_address ? 2 : 0;
            while (i + taken < text.length && memchr(digits, text.bytes[i + taken], strlen(digits)))
                taken++;
            piece = is_address ? "<address>" : "<n>";
            piece_length = strlen(piece);
            *out_is_same = false;
        }
        if (length + piece_length > size)
            break;
        memcpy(out + length, piece, piece_length);
        length += piece_length;
        i += taken;
    }
    return length;
}

static struct tt__cell *describe_exception(struct tt_ingest *ingest, const struct origin *origin, uint64_t exception_id,
                                           struct tt_decoded_text type, struct tt_decoded_text message)
{
    char pattern[2048];
    bool is_same;
    struct tt__cell *row = row_of(ingest, TT__TABLE_EXCEPTION, origin, exception_id);
    size_t length = make_pattern(message, pattern, sizeof pattern, &is_same);
    if (type.length == 0)
        return row; /* nothing is said about it here */
    SET_TEXT(ingest, row, EXCEPTION, type, type);
    SET_TEXT(ingest, row, EXCEPTION, message, message);
    if (message.length == 0)
        tt__cell_set_static_text(CELL(row, EXCEPTION, message), ""); /* known to be empty */
    if (!is_same)
        tt__batch_set_text(&ingest->batch, CELL(row, EXCEPTION, pattern), pattern, length);
    return row;
}

static void exception_raised(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_exception_raised *event)
{
    struct tt__cell *row = describe_exception(ingest, origin, event->exception_id, event->type, event->message);
    SET(row, EXCEPTION, raised_ns, origin->time_ns);
    SET_ID(row, EXCEPTION, task_id, origin, event->task_id);
    SET_ID(row, EXCEPTION, cause_id, origin, event->cause_id);
    SET_ID(row, EXCEPTION, context_id, origin, event->context_id);
    SET_SITE(ingest, row, EXCEPTION, raised_site_id, event->site);
}

static void exception_member(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_exception_member *event)
{
    if (event->exception_id != 0)
        describe_exception(ingest, origin, event->exception_id, event->type, event->message);
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_EXCEPTION_MEMBER);
    SET_ID(row, EXCEPTION_MEMBER, group_id, origin, event->group_id);
    SET_ORIGIN(row, EXCEPTION_MEMBER, told_ns, origin);
    SET(row, EXCEPTION_MEMBER, position, event->position);
    SET_ID(row, EXCEPTION_MEMBER, member_id, origin, event->exception_id);
}

static void failure_stored(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_failure_stored *event)
{
    if (event->exception_id != 0)
        describe_exception(ingest, origin, event->exception_id, event->type, event->message);
    struct tt__cell *row = row_of(ingest, TT__TABLE_FAILURE, origin, event->failure_id);
    SET(row, FAILURE, stored_ns, origin->time_ns);
    SET(row, FAILURE, kind, event->kind);
    SET(row, FAILURE, how, event->how);
    SET(row, FAILURE, parent_kind, event->parent_kind);
    set_actor_id(CELL(row, FAILURE, parent_id), origin->process_id, event->parent_kind, event->parent_id);
    SET_ID(row, FAILURE, exception_id, origin, event->exception_id);
    SET_ID(row, FAILURE, loop_id, origin, event->loop_id);
    SET(row, FAILURE, stored_handle_count, event->handle_count);
    if (event->name_number != 0)
        SET(row, FAILURE, name_number, event->name_number);
    SET_TEXT(ingest, row, FAILURE, name, event->name);
    SET_SITE(ingest, row, FAILURE, created_site_id, event->created_site);
    SET_SITE(ingest, row, FAILURE, raised_site_id, event->raised_site);
    SET_SITE(ingest, row, FAILURE, last_site_id, event->last_site);
}

static void failure_touched(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_failure_touched *event)
{
    row_of(ingest, TT__TABLE_FAILURE, origin, event->failure_id); /* it may arrive before, or without, failure_stored */
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_TOUCH);
    SET_ID(row, TOUCH, failure_id, origin, event->failure_id);
    SET_ORIGIN(row, TOUCH, touched_ns, origin);
    SET(row, TOUCH, by, event->by);
    set_actor_id(CELL(row, TOUCH, by_id), origin->process_id, event->by, event->by_id);
    SET(row, TOUCH, how, event->how);
    SET(row, TOUCH, is_user, event->is_user != 0);
    SET_SITE(ingest, row, TOUCH, site_id, event->site);
}

static void failure_forwarded(struct tt_ingest *ingest, const struct origin *origin,
                              const struct tt_decoded_failure_forwarded *event)
{
    row_of(ingest, TT__TABLE_FAILURE, origin, event->failure_id);
    if (event->to_id != 0)
        row_of(ingest, TT__TABLE_FAILURE, origin, event->to_id);
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_FORWARD);
    SET_ID(row, FORWARD, failure_id, origin, event->failure_id);
    SET_ID(row, FORWARD, to_id, origin, event->to_id);
    SET_ORIGIN(row, FORWARD, forwarded_ns, origin);
    SET(row, FORWARD, how, event->how);
    SET_SITE(ingest, row, FORWARD, site_id, event->site);
}

static void failure_reported(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_failure_reported *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_FAILURE, origin, event->failure_id);
    SET(row, FAILURE, reported_ns, origin->time_ns);
    SET(row, FAILURE, reported_kind, event->kind);
    SET_SITE(ingest, row, FAILURE, reported_site_id, event->site);
}

static void failure_discarded(struct tt_ingest *ingest, const struct origin *origin,
                              const struct tt_decoded_failure_discarded *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_DISCARD, origin, event->failure_id);
    SET(row, DISCARD, discarded_ns, origin->time_ns);
    SET_TEXT(ingest, row, DISCARD, reason, event->reason);
    SET_SITE(ingest, row, DISCARD, site_id, event->site);
}

static void failure_released(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_failure_released *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_FAILURE, origin, event->failure_id);
    SET(row, FAILURE, released_ns, origin->time_ns);
    SET(row, FAILURE, is_counted, event->counted != 0);
    if (event->counted) {
        SET(row, FAILURE, user_touch_count, event->user_touch_count);
        SET(row, FAILURE, library_touch_count, event->library_touch_count);
        SET(row, FAILURE, forward_count, event->forward_count);
    }
    SET(row, FAILURE, is_retrieved, event->retrieved != 0);
    SET(row, FAILURE, is_loop_closed, event->loop_closed != 0);
    if (event->discarded)
        SET(row, FAILURE, is_discarded, 1);
    SET_SITE(ingest, row, FAILURE, released_site_id, event->site);
}

/* Fills what failure_stored did not say; when it failed stays unknown. The counts only grow, so the latest are right. */
static void failure_dumped(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_failure_dumped *event)
{
    if (event->exception_id != 0)
        describe_exception(ingest, origin, event->exception_id, event->type, event->message);
    struct tt__cell *row = row_of(ingest, TT__TABLE_FAILURE_FILL, origin, event->failure_id);
    SET(row, FAILURE_FILL, kind, event->kind);
    SET(row, FAILURE_FILL, how, event->how);
    SET(row, FAILURE_FILL, parent_kind, event->parent_kind);
    set_actor_id(CELL(row, FAILURE_FILL, parent_id), origin->process_id, event->parent_kind, event->parent_id);
    SET_ID(row, FAILURE_FILL, exception_id, origin, event->exception_id);
    SET_ID(row, FAILURE_FILL, loop_id, origin, event->loop_id);
    SET(row, FAILURE_FILL, stored_handle_count, event->handle_count);
    if (event->name_number != 0)
        SET(row, FAILURE_FILL, name_number, event->name_number);
    SET_TEXT(ingest, row, FAILURE_FILL, name, event->name);
    SET_SITE(ingest, row, FAILURE_FILL, created_site_id, event->created_site);
    SET_SITE(ingest, row, FAILURE_FILL, raised_site_id, event->raised_site);
    SET_SITE(ingest, row, FAILURE_FILL, last_site_id, event->last_site);

    row = row_of(ingest, TT__TABLE_FAILURE, origin, event->failure_id);
    SET(row, FAILURE, dumped_ns, origin->time_ns);
    SET(row, FAILURE, is_discarded, event->discarded != 0);
    SET(row, FAILURE, user_touch_count, event->user_touch_count);
    SET(row, FAILURE, library_touch_count, event->library_touch_count);
    SET(row, FAILURE, forward_count, event->forward_count);
}

/* --------------------------------------------------------------------------------------------------- cancellations */

static void cancel_requested(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_cancel_requested *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_CANCELLATION);
    SET_ID(row, CANCELLATION, task_id, origin, event->task_id);
    SET_ORIGIN(row, CANCELLATION, requested_ns, origin);
    SET(row, CANCELLATION, by, event->by);
    set_actor_id(CELL(row, CANCELLATION, by_id), origin->process_id, event->by, event->by_id);
    SET(row, CANCELLATION, is_accepted, event->accepted != 0);
    SET(row, CANCELLATION, request_count, event->request_count);
    SET_TEXT(ingest, row, CANCELLATION, reason, event->reason);
    SET_SITE(ingest, row, CANCELLATION, site_id, event->site);
}

static struct tt__cell *add_effect(struct tt_ingest *ingest, const struct origin *origin, uint64_t task_id,
                                   const char *what)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_CANCELLATION_EFFECT);
    SET_ID(row, CANCELLATION_EFFECT, task_id, origin, task_id);
    SET_ORIGIN(row, CANCELLATION_EFFECT, happened_ns, origin);
    tt__cell_set_static_text(CELL(row, CANCELLATION_EFFECT, what), what);
    return row;
}

static void cancel_delivered(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_cancel_delivered *event)
{
    struct tt__cell *row = add_effect(ingest, origin, event->task_id, "delivered");
    SET(row, CANCELLATION_EFFECT, is_before_start, event->before_start != 0);
    SET_SITE(ingest, row, CANCELLATION_EFFECT, site_id, event->site);
}

static void cancel_swallowed(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_cancel_swallowed *event)
{
    struct tt__cell *row = add_effect(ingest, origin, event->task_id, "swallowed");
    SET(row, CANCELLATION_EFFECT, request_count, event->request_count);
}

static void cancel_converted(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_cancel_converted *event)
{
    struct tt__cell *row = add_effect(ingest, origin, event->task_id, "converted");
    SET_ID(row, CANCELLATION_EFFECT, exception_id, origin, event->exception_id);
}

static void cycle_broken(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_cycle_broken *event)
{
    if (event->cycle_id == 0 || event->task_id == 0)
        return;
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_CYCLE_MEMBER);
    SET_ID(row, CYCLE_MEMBER, cycle_id, origin, event->cycle_id);
    SET_ORIGIN(row, CYCLE_MEMBER, broken_ns, origin);
    SET_ID(row, CYCLE_MEMBER, task_id, origin, event->task_id);
    SET_ID(row, CYCLE_MEMBER, awaited_id, origin, event->awaited_id);
    SET(row, CYCLE_MEMBER, wait_kind, event->wait_kind);
    set_wait_object(CELL(row, CYCLE_MEMBER, wait_object), origin->process_id, event->wait_kind, event->wait_object);
    SET_SITE(ingest, row, CYCLE_MEMBER, site_id, event->site);
}

static void uncancelled(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_uncancelled *event)
{
    struct tt__cell *row = add_effect(ingest, origin, event->task_id, "uncancelled");
    SET(row, CANCELLATION_EFFECT, request_count, event->request_count);
    SET_SITE(ingest, row, CANCELLATION_EFFECT, site_id, event->site);
}

/* ------------------------------------------------------------------------------------- scopes, references, the user */

static void gather_created(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_gather_created *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_GATHER, origin, event->gather_id);
    SET(row, GATHER, created_ns, origin->time_ns);
    SET(row, GATHER, by, event->by);
    set_actor_id(CELL(row, GATHER, by_id), origin->process_id, event->by, event->by_id);
    SET(row, GATHER, child_count, event->child_count);
    SET(row, GATHER, is_returning_exceptions, event->return_exceptions != 0);
    SET_SITE(ingest, row, GATHER, created_site_id, event->site);
}

static void wait_started(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_wait_started *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_WAIT, origin, event->wait_id);
    SET(row, WAIT, started_ns, origin->time_ns);
    SET(row, WAIT, by, event->by);
    set_actor_id(CELL(row, WAIT, by_id), origin->process_id, event->by, event->by_id);
    SET(row, WAIT, until, event->until);
    SET(row, WAIT, child_count, event->child_count);
    SET(row, WAIT, is_for_tasks, event->are_tasks != 0);
    if (event->has_timeout)
        SET(row, WAIT, timeout_ns, (int64_t)event->timeout_ns);
    SET_SITE(ingest, row, WAIT, started_site_id, event->site);
}

static void shield_created(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_shield_created *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SHIELD, origin, event->shield_id);
    SET(row, SHIELD, created_ns, origin->time_ns);
    SET(row, SHIELD, by, event->by);
    set_actor_id(CELL(row, SHIELD, by_id), origin->process_id, event->by, event->by_id);
    SET_ID(row, SHIELD, inner_id, origin, event->inner_id);
    SET_SITE(ingest, row, SHIELD, created_site_id, event->site);
}

static void children_told(struct tt_ingest *ingest, const struct origin *origin,
                          const struct tt_decoded_children_told *event)
{
    const uint64_t children[] = {event->child_1, event->child_2, event->child_3, event->child_4,
                                 event->child_5, event->child_6, event->child_7, event->child_8};
    for (size_t i = 0; event->owner_id != 0 && i < sizeof children / sizeof *children; i++) {
        if (children[i] == 0)
            continue;
        struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_CHILD);
        SET_ID(row, CHILD, owner_id, origin, event->owner_id);
        SET_ORIGIN(row, CHILD, told_ns, origin);
        SET_ID(row, CHILD, future_id, origin, children[i]);
    }
}

static void group_entered(struct tt_ingest *ingest, const struct origin *origin,
                          const struct tt_decoded_group_entered *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE, origin, event->group_id);
    SET(row, SCOPE, kind, TT_OBJECT_KIND_GROUP);
    SET_ID(row, SCOPE, task_id, origin, event->task_id);
    SET_ID(row, SCOPE, outer_id, origin, event->outer_id);
    SET(row, SCOPE, entered_ns, origin->time_ns);
    SET_SITE(ingest, row, SCOPE, entered_site_id, event->site);
    SET(row, SCOPE, is_keep_going, event->keep_going != 0);
}

static void group_child_added(struct tt_ingest *ingest, const struct origin *origin,
                              const struct tt_decoded_group_child_added *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE_MEMBER, origin, event->task_id);
    SET_ID(row, SCOPE_MEMBER, scope_id, origin, event->group_id);
    SET(row, SCOPE_MEMBER, added_ns, origin->time_ns);
    SET_SITE(ingest, row, SCOPE_MEMBER, site_id, event->site);
}

static void group_aborted(struct tt_ingest *ingest, const struct origin *origin,
                          const struct tt_decoded_group_aborted *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE, origin, event->group_id);
    SET(row, SCOPE, kind, TT_OBJECT_KIND_GROUP);
    SET(row, SCOPE, aborted_ns, origin->time_ns);
    SET(row, SCOPE, abort_reason, event->reason);
    SET_ID(row, SCOPE, aborted_by_id, origin, event->task_id);
    SET(row, SCOPE, aborted_count, event->asked_count);
}

static void group_exited(struct tt_ingest *ingest, const struct origin *origin,
                         const struct tt_decoded_group_exited *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE, origin, event->group_id);
    SET(row, SCOPE, kind, TT_OBJECT_KIND_GROUP);
    SET_ID(row, SCOPE, task_id, origin, event->task_id);
    SET(row, SCOPE, exited_ns, origin->time_ns);
    SET_ID(row, SCOPE, exception_id, origin, event->exception_id);
    SET_SITE(ingest, row, SCOPE, exited_site_id, event->site);
    SET(row, SCOPE, ending, event->end);
    SET(row, SCOPE, is_left_open, event->is_left_open != 0);
    SET(row, SCOPE, child_count, event->child_count);
    SET(row, SCOPE, failed_count, event->failed_count);
}

static void timeout_entered(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_timeout_entered *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE, origin, event->timeout_id);
    SET(row, SCOPE, kind, TT_OBJECT_KIND_TIMEOUT);
    SET_ID(row, SCOPE, task_id, origin, event->task_id);
    SET_ID(row, SCOPE, outer_id, origin, event->outer_id);
    SET_SITE(ingest, row, SCOPE, entered_site_id, event->site);
    if (event->is_rescheduled)
        SET(row, SCOPE, rescheduled_ns, origin->time_ns);
    else
        SET(row, SCOPE, entered_ns, origin->time_ns);
    SET(row, SCOPE, deadline_ns, TT__NO_DEADLINE);
    if (event->has_deadline && event->delay_ns <= INT64_MAX)
        SET(row, SCOPE, deadline_ns, tt__ns_add(origin->time_ns, (int64_t)event->delay_ns));
}

static void timeout_expired(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_timeout_expired *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE, origin, event->timeout_id);
    SET(row, SCOPE, kind, TT_OBJECT_KIND_TIMEOUT);
    SET_ID(row, SCOPE, task_id, origin, event->task_id);
    SET(row, SCOPE, expired_ns, origin->time_ns);
}

static void timeout_exited(struct tt_ingest *ingest, const struct origin *origin,
                           const struct tt_decoded_timeout_exited *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_SCOPE, origin, event->timeout_id);
    SET(row, SCOPE, kind, TT_OBJECT_KIND_TIMEOUT);
    SET_ID(row, SCOPE, task_id, origin, event->task_id);
    SET(row, SCOPE, exited_ns, origin->time_ns);
    SET_ID(row, SCOPE, exception_id, origin, event->exception_id);
    SET_SITE(ingest, row, SCOPE, exited_site_id, event->site);
    SET(row, SCOPE, ending, event->end);
    SET(row, SCOPE, is_left_open, event->is_left_open != 0);
}

static void add_reference(struct tt_ingest *ingest, const struct origin *origin, uint64_t object_id, uint64_t site,
                          uint32_t handle_count, bool is_taken)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_REFERENCE);
    SET_ID(row, REFERENCE, object_id, origin, object_id);
    SET_ORIGIN(row, REFERENCE, happened_ns, origin);
    SET(row, REFERENCE, is_taken, is_taken);
    SET(row, REFERENCE, handle_count, handle_count);
    SET_SITE(ingest, row, REFERENCE, site_id, site);
}

static void reference_taken(struct tt_ingest *ingest, const struct origin *origin,
                            const struct tt_decoded_reference_taken *event)
{
    add_reference(ingest, origin, event->object_id, event->site, event->handle_count, true);
}

static void reference_released(struct tt_ingest *ingest, const struct origin *origin,
                               const struct tt_decoded_reference_released *event)
{
    add_reference(ingest, origin, event->object_id, event->site, event->handle_count, false);
}

static void note(struct tt_ingest *ingest, const struct origin *origin, const struct tt_decoded_note *event)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_NOTE);
    SET_ORIGIN(row, NOTE, noted_ns, origin);
    SET_ID(row, NOTE, task_id, origin, event->task_id);
    SET_SITE(ingest, row, NOTE, site_id, event->site);
    SET_TEXT(ingest, row, NOTE, key, event->key);
    SET_TEXT(ingest, row, NOTE, text, event->text);
}

static void test_begun(struct tt_ingest *ingest, const struct origin *origin, const struct tt_decoded_test_begun *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TEST, origin, event->test_id);
    SET(row, TEST, thread_id, origin->thread_id);
    SET_TEXT(ingest, row, TEST, name, event->name);
    SET(row, TEST, began_ns, origin->time_ns);
    SET_SITE(ingest, row, TEST, began_site_id, event->site);
}

/* Fills what test_begun did not say; which thread began it stays unknown, and what happened before. */
static void test_dumped(struct tt_ingest *ingest, const struct origin *origin,
                        const struct tt_decoded_test_dumped *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TEST_FILL, origin, event->test_id);
    SET_TEXT(ingest, row, TEST_FILL, name, event->name);
    SET(row, TEST_FILL, began_ns, tt__ns_subtract(origin->time_ns, (int64_t)event->age));
    SET_SITE(ingest, row, TEST_FILL, began_site_id, event->site);
}

static void test_ended(struct tt_ingest *ingest, const struct origin *origin, const struct tt_decoded_test_ended *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_TEST, origin, event->test_id);
    SET(row, TEST, ended_ns, origin->time_ns);
    SET_SITE(ingest, row, TEST, ended_site_id, event->site);
    SET(row, TEST, outcome, event->outcome);
    SET_TEXT(ingest, row, TEST, text, event->text);
}

/* ------------------------------------------------------------------------------------------------------- resources */

static void resource_created(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_resource_created *event)
{
    struct tt__cell *row = row_of(ingest, TT__TABLE_RESOURCE, origin, event->resource_id);
    SET(row, RESOURCE, kind, event->kind);
    if (event->capacity != 0)
        SET(row, RESOURCE, capacity, (int64_t)event->capacity);
    SET(row, RESOURCE, created_ns, origin->time_ns);
    SET_SITE(ingest, row, RESOURCE, created_site_id, event->site);
    SET(row, RESOURCE, by, event->by);
    set_actor_id(CELL(row, RESOURCE, by_id), origin->process_id, event->by, event->by_id);
}

/* A lock has one holder. Units of a semaphore belong to nobody; who took some stands in the event stream. */
static void resource_granted(struct tt_ingest *ingest, const struct origin *origin,
                             const struct tt_decoded_resource_granted *event)
{
    if (event->wait_kind != TT_WAIT_KIND_LOCK)
        return;
    struct tt__cell *row = row_of(ingest, TT__TABLE_RESOURCE, origin, event->resource_id);
    SET_ID(row, RESOURCE, holder_id, origin, event->task_id);
    SET(row, RESOURCE, held_ns, origin->time_ns);
    SET_SITE(ingest, row, RESOURCE, held_site_id, event->site);
}

static void resource_released(struct tt_ingest *ingest, const struct origin *origin,
                              const struct tt_decoded_resource_released *event)
{
    if (event->kind != TT_RESOURCE_KIND_LOCK)
        return;
    struct tt__cell *row = row_of(ingest, TT__TABLE_RESOURCE, origin, event->resource_id);
    SET(row, RESOURCE, holder_id, 0);
    SET(row, RESOURCE, released_ns, origin->time_ns);
}

/* -------------------------------------------------------------------------------------------------- steps, turns */

/* They are too many for rows: they go into the event stream, where the virtual tables steps and turns find them. */
#define STREAM_ONLY(event_name)                                                   \
    static void event_name(struct tt_ingest *ingest, const struct origin *origin, \
                           const struct tt_decoded_##event_name *event)           \
    {                                                                             \
        (void)ingest, (void)origin, (void)event;                                  \
    }
STREAM_ONLY(task_suspended)
STREAM_ONLY(task_woken)
STREAM_ONLY(task_resumed)
STREAM_ONLY(turn_ended)
STREAM_ONLY(resource_waited)

void tt_ingest_event(struct tt_ingest *ingest, uint32_t process_id, uint32_t thread_ordinal,
                     const struct tt_decoded_event *event)
{
    struct origin origin = {process_id, tt__compose_id(process_id, thread_ordinal), event->time_ns,
                            (int64_t)event->sequence};
    struct tt_decoded_event redacted;
    if (ingest->is_redacting) {
        redacted = *event;
        tt__event_redact(&redacted);
        event = &redacted;
    }
    if (event->number == 0 || !tt__event_has_object(event))
        return; /* this version does not know it; or about nothing: who read it has counted it */
    if (ingest->processes[process_id].has_stream && ingest->is_shedding)
        tt__ingest_shed(ingest, process_id, event->time_ns);
    else if (ingest->processes[process_id].has_stream &&
             !tt__stream_add(ingest->stream, ingest, origin.thread_id, event))
        ingest->batch.is_out_of_memory = true;
    switch (event->number) {
#define TT_EVENT(number, event_name, category, level, text, fields) \
    case number:                                                    \
        event_name(ingest, &origin, &event->event_name);            \
        break;
#include "events.def"
    default:
        break;
    }
}
