/* run.c: the program that runs: coroutines, callbacks, the loop, and the order of its end. judge.py, class Run, is
 * the other half of what stands here. */
#include "run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "future_internal.h"
#include "log.h"
#include "operation.h"
#include "things.h"

enum { ROUNDS_MAX = 60, TYPES_MAX = 8, LEFT_MAX = 1024 };

/* When nothing else is left to wait for. */
#define HORIZON TT_SEC(1000)

static struct program *program;
static tt_loop *loop;
static struct frame *first_frame, *last_frame; /* begun and not ended, in that order */
static int task_count;
static bool is_quiet;
static const struct run_watcher *watcher; /* NULL: nobody */
static enum run_end cut;

tt_loop *run_loop(void)
{
    return loop;
}

struct program *run_program_at_work(void)
{
    return program;
}

static long now(void)
{
    return (long)(tt_loop_time(loop) / TT_SEC(1));
}

/* --------------------------------------------------------------------------------------------------------- watching */

/* What watch() writes of FUTURE, into BUFFER. */
static void write_state(tt_future *future, char *buffer, size_t size)
{
    bool is_task = future->kind == TT_OBJECT_KIND_TASK;
    char exception[96];
    const char *state = "finished";
    int length;

    if (!tt_future_done(future)) {
        state = "pending";
    } else if (tt_future_cancelled(future)) {
        state = "cancelled";
    } else if (tt_future_peek(future)) {
        length = snprintf(exception, sizeof exception, "failed ");
        log_short_name(tt_future_peek(future), exception + length, sizeof exception - (size_t)length);
        state = exception;
    }
    length = snprintf(buffer, size, "%s%s", state, future->log_traceback ? " unread" : "");
    if (is_task && tt_task_cancelling(future) > 0)
        length += snprintf(buffer + length, size - (size_t)length, " cancelling=%u", tt_task_cancelling(future));
    if (is_task && tt__task(future)->must_cancel)
        snprintf(buffer + length, size - (size_t)length, " must_cancel");
}

void watch(void)
{
    int count;
    struct slot *const *all = slots(&count);

    for (int i = 0; i < count; i++) {
        struct slot *slot = all[i];
        char state[sizeof slot->shown] = "empty";

        if (!slot->is_watched)
            continue;
        if (slot->kind != SLOT_EMPTY)
            write_state(slot->value, state, sizeof state);
        if (strcmp(state, slot->shown) == 0)
            continue;
        memcpy(slot->shown, state, sizeof state);
        log_line("~ %s %s", slot->name, state);
    }
}

void *value_of_number(int number)
{
    return (void *)((intptr_t)number * 2 + 1);
}

/* ------------------------------------------------------------------------------------------------------- statements */

int run_inside(struct frame *frame, const struct statement *statement)
{
    watch();
    log_line("%ld %s:%d entered", now(), frame->label, statement->line);
    return run_block(frame, statement->clauses->first);
}

/* One statement that is no try: writes where it begins and what it raises. */
static int run_step(struct frame *frame, const struct statement *statement)
{
    int rc;

    watch();
    log_line("%ld %s:%d %s", now(), frame->label, statement->line, statement->operation->name);
    log_operation(frame->rank, statement->operation->name);
    rc = statement->operation->fn(frame, statement);
    if (rc < 0) {
        assert(tt_exc_pending() && "what returns -1 has raised");
        watch();
        log_exception(tt_exc_pending(), "%ld %s:%d ! ", now(), frame->label, statement->line);
    } else {
        assert(!tt_exc_pending() && "what returns 0 has not raised");
    }
    return rc;
}

/* Has the clause handle what is pending, if it is for it. *OUT_RC is what came of it. */
static bool handle(struct frame *frame, const struct statement *statement, const struct clause *clause, int *out_rc)
{
    for (int i = 0; i < clause->type_count; i++) {
        if (!tt_catch(type_named(clause->types[i])))
            continue;
        watch();
        log_exception(tt_exc_caught(), "%ld %s:%d handles ", now(), frame->label, statement->line);
        *out_rc = run_block(frame, clause->first);
        if (tt_catch_end() < 0)
            *out_rc = -1;
        return true;
    }
    return false;
}

/* The clauses except*: each gets its part of what is pending. */
static int handle_parts(struct frame *frame, const struct statement *statement, const struct clause *clause)
{
    if (!tt_catch_group_begin())
        return -1;
    for (; clause && clause->head == CLAUSE_EXCEPT_STAR; clause = clause->next) {
        const tt_exc_type *types[TYPES_MAX];

        for (int i = 0; i < clause->type_count; i++)
            types[i] = type_named(clause->types[i]);
        if (!tt_catch_group_types(types, (size_t)clause->type_count))
            continue;
        watch();
        log_exception(tt_exc_caught(), "%ld %s:%d handles ", now(), frame->label, statement->line);
        run_block(frame, clause->first);
    }
    return tt_catch_group_end();
}

static int run_try(struct frame *frame, const struct statement *statement)
{
    const struct clause *clause = statement->clauses;
    int rc = run_block(frame, clause->first);
    bool is_handled = rc != 0; /* then an else is passed over */

    if (rc < 0 && clause->next && clause->next->head == CLAUSE_EXCEPT_STAR)
        rc = handle_parts(frame, statement, clause->next);
    else if (rc < 0)
        for (clause = clause->next; clause && clause->head == CLAUSE_EXCEPT; clause = clause->next)
            if (handle(frame, statement, clause, &rc))
                break;
    for (clause = statement->clauses->next; clause; clause = clause->next) {
        if (clause->head == CLAUSE_ELSE && !is_handled)
            rc = run_block(frame, clause->first);
        if (clause->head == CLAUSE_FINALLY) {
            tt_cleanup_begin();
            run_block(frame, clause->first);
            if (tt_cleanup_end() < 0)
                rc = -1;
        }
    }
    return rc;
}

int run_block(struct frame *frame, const struct statement *statement)
{
    int rc = 0;

    for (; statement && rc == 0; statement = statement->next)
        rc = statement->operation->fn ? run_step(frame, statement) : run_try(frame, statement);
    return rc;
}

/* ------------------------------------------------------------------------------------------------ tasks and callbacks */

struct frame *frame_create(const char *body_name)
{
    struct body *body = program_body(program, BODY_TASK, body_name);
    struct frame *frame;

    if (!body) {
        tt_raise(&tt_LookupError, "there is no task %s", body_name);
        return NULL;
    }
    frame = calloc(1, sizeof *frame);
    if (!frame)
        abort();
    frame->body = body;
    frame->rank = ++task_count;
    snprintf(frame->label, sizeof frame->label, "%s.%d", body->name, ++body->begun_count);
    return frame;
}

void frame_drop(void *frame)
{
    free(frame);
}

tt_future *frame_hold(struct frame *frame, tt_future *future)
{
    assert(frame->held_count < FUTURES_MAX && "an operation has so many arguments");
    frame->held[frame->held_count++] = future;
    return tt_future_ref(future);
}

void frame_release(struct frame *frame, tt_future *future)
{
    int i = 0;

    while (frame->held[i] != future)
        i++;
    frame->held[i] = frame->held[--frame->held_count];
    tt_future_unref(future);
}

/* Runs the body of FRAME between the lines that say so. */
static int run_body(struct frame *frame)
{
    int rc;

    watch();
    log_line("%ld %s begins", now(), frame->label);
    rc = run_block(frame, frame->body->first);
    watch();
    if (rc < 0)
        log_exception(tt_exc_pending(), "%ld %s raises ", now(), frame->label);
    else
        log_line("%ld %s ends", now(), frame->label);
    return rc;
}

int frame_run(void *argument)
{
    struct frame *frame = argument;
    void *value;
    int rc;

    frame->task = tt_current_task();
    run_see(frame->task);
    frame->previous = last_frame;
    *(last_frame ? &last_frame->next : &first_frame) = frame;
    last_frame = frame;
    rc = run_body(frame);
    *(frame->previous ? &frame->previous->next : &first_frame) = frame->next;
    *(frame->next ? &frame->next->previous : &last_frame) = frame->previous;
    value = frame->value;
    free(frame);
    return rc < 0 ? -1 : tt_return(value, NULL);
}

struct body *callback_named(const char *name)
{
    struct body *body = program_body(program, BODY_CALLBACK, name);

    if (!body)
        tt_raise(&tt_LookupError, "there is no callback %s", name);
    return body;
}

int callback_run(void *argument)
{
    struct frame frame = {.body = argument};

    snprintf(frame.label, sizeof frame.label, "%s", frame.body->name);
    return run_body(&frame) < 0 ? -1 : 0;
}

int callback_run_done(tt_future *future, void *body)
{
    (void)future;
    return callback_run(body);
}

/* What asyncio tells in later versions only; see deviations.txt. */
static bool is_ours(const struct tt_handler_context *context)
{
    return strncmp(context->message, "TaskGroup task exception was not propagated", 43) == 0;
}

int handler_run(tt_loop *of, const struct tt_handler_context *context, void *handler)
{
    (void)of;
    if (is_ours(context))
        return 0;
    log_told("handler", context);
    return handler ? callback_run(handler) : 0;
}

/* ------------------------------------------------------------------------------------------------------------ the run */

static int stop_run(void *argument)
{
    (void)argument;
    is_quiet = true;
    tt_loop_stop(loop);
    return 0;
}

static void run_until_quiet(void)
{
    is_quiet = false;
    if (tt_loop_call_later(loop, HORIZON, stop_run, NULL, NULL) < 0)
        abort();
    while (!is_quiet && !cut) {
        if (tt_loop_run_forever(loop) == 0) {
            if (!is_quiet && !cut)
                log_line("stopped");
            continue;
        }
        watch();
        if (!tt_catch(&tt_BaseException))
            abort();
        log_exception(tt_exc_caught(), "loop raised ");
        if (tt_catch_end() < 0)
            abort();
    }
}

static void begin(void)
{
    struct frame *frame = frame_create(program->bodies->name);
    struct tt_task_options options = {
        .loop = loop, .name = frame->label, .drop = frame_drop, .stack_bytes = FRAME_STACK_BYTES};
    int rank = frame->rank;

    slot_put("main", SLOT_FUTURE, tt_create_task_with(frame_run, frame, &options), rank);
    if (!get("main"))
        abort();
}

/* Opens the locks that nobody will open any more: who waits to get one back for a condition cannot be cancelled. */
static void unlock_all(void)
{
    int count;
    struct slot *const *all = slots(&count);

    for (int i = 0; i < count; i++)
        if (all[i]->kind == SLOT_LOCK && tt_lock_locked(all[i]->value) && tt_lock_release(all[i]->value) < 0)
            abort();
    for (int i = 0; i < count; i++)
        if (all[i]->kind == SLOT_CONDITION && tt_condition_locked(all[i]->value) &&
            tt_condition_release(all[i]->value) < 0)
            abort();
}

/* Cancels the tasks, and when all have ended the plain futures, of which gathers may wait for ever. False if nothing is
 * left. */
static bool end_what_is_left(void)
{
    tt_future *left[LEFT_MAX];
    int count = 0, slot_count;
    struct slot *const *all = slots(&slot_count);

    for (struct frame *frame = first_frame; frame && count < LEFT_MAX; frame = frame->next)
        left[count++] = frame->task;
    for (int i = 0; i < slot_count && !first_frame; i++)
        if (*all[i]->name == 'f' && all[i]->kind != SLOT_EMPTY && !tt_future_done(all[i]->value))
            left[count++] = all[i]->value;
    for (int i = 0; i < count; i++)
        tt_future_cancel(left[i], "end");
    unlock_all();
    return count > 0;
}

/* The first slot behind NAME that is not empty; NULL if there is none. */
static struct slot *next_slot(const char *name)
{
    int count;
    struct slot *const *all = slots(&count);

    for (int i = 0; i < count; i++)
        if (all[i]->kind != SLOT_EMPTY && strcmp(all[i]->name, name) > 0)
            return all[i];
    return NULL;
}

/* Empties all slots, in the order of their names; handlers that are called meanwhile may change others. */
static void let_go(void)
{
    struct slot *slot;

    log_line("over");
    for (const char *name = ""; (slot = next_slot(name)); name = slot->name) {
        log_line("dropped %s", slot->name);
        slot_drop(slot);
    }
}

/* The coroutines that will never go on, whose frames nobody else frees. */
static void free_frames(void)
{
    while (first_frame) {
        struct frame *frame = first_frame;

        first_frame = frame->next;
        tt_as_completed_destroy(frame->iterator);
        while (frame->held_count > 0)
            frame_release(frame, frame->held[frame->held_count - 1]);
        free(frame);
    }
    last_frame = NULL;
}

static void close_loop(void)
{
    if (tt_loop_close(loop) < 0)
        abort();
    log_line("closed");
}

/* The end of a run, in the order that was asked for. */
static void end_run(void)
{
    if (cut == RUN_CLOSES_FIRST)
        close_loop();
    let_go();
    if (cut != RUN_CLOSES_FIRST && cut != RUN_GOES_ON) /* what tasks wait at goes after them */
        close_loop();
    things_destroy();
    if (cut == RUN_GOES_ON)
        close_loop();
    free_frames();
}

static int run_in_context(void *of)
{
    program = of;
    slots_clear();
    task_count = 0;
    first_frame = last_frame = NULL;
    cut = RUN_GOES_ON;
    log_begin();
    loop = tt_loop_create_virtual();
    if (!loop)
        abort();
    tt_loop_set_exception_handler(loop, handler_run, NULL);
    if (watcher)
        watcher->begun(loop);
    things_create(program);
    begin();
    for (int i = 0; i < ROUNDS_MAX; i++) {
        run_until_quiet();
        if (cut)
            break;
        log_line("quiet at %ld", now());
        watch();
        if (watcher)
            watcher->quiet(loop);
        if (!end_what_is_left())
            break;
    }
    if (cut != RUN_STAYS)
        end_run();
    return 0;
}

/* In a context of its own: what handlers set outside of the loop must not meet the next program's variables. */
void run_program(struct program *of)
{
    tt_context *context = tt_context_create();

    if (!context || tt_context_run(context, run_in_context, of) < 0)
        abort();
    tt_context_unref(context);
}

/* ------------------------------------------------------------------------------------------------ runs that are cut off */

struct left_run {
    struct program *program;
    tt_loop *loop;
    struct left_slots *slots;
    struct frame *first_frame;
    struct things *things;
};

void run_watch(const struct run_watcher *of)
{
    watcher = of;
}

void run_see(tt_future *future)
{
    if (watcher)
        watcher->seen(future);
}

void run_cut(enum run_end end)
{
    cut = end;
    tt_loop_stop(loop);
}

struct left_run *run_left(void)
{
    struct left_run *left = cut == RUN_STAYS ? malloc(sizeof *left) : NULL;

    if (cut != RUN_STAYS)
        return NULL;
    if (!left)
        abort();
    left->program = program;
    left->loop = loop;
    left->slots = slots_leave();
    left->first_frame = first_frame;
    left->things = things_leave();
    cut = RUN_GOES_ON;
    return left;
}

void run_end_left(struct left_run *left)
{
    program = left->program;
    loop = left->loop;
    slots_resume(left->slots);
    first_frame = left->first_frame;
    things_resume(left->things);
    free(left);
    log_begin();
    cut = RUN_CLOSES_FIRST;
    end_run();
}
