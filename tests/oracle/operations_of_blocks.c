/* operations_of_blocks.c: blocks that a statement opens and closes, and what can be said of them meanwhile. */
#include "log.h"
#include "operation.h"

/* A block that the library calls. */
struct inside {
    struct frame *frame;
    const struct statement *statement;
    int rc;
};

static int call_inside(void *argument)
{
    struct inside *inside = argument;

    inside->rc = run_inside(inside->frame, inside->statement);
    return inside->rc < 0 ? -1 : 0;
}

static int with(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);
    struct inside inside = {frame, statement, 0};
    int rc;

    if (!slot)
        return -1;
    if (slot->kind == SLOT_LOCK)
        rc = tt_with_lock(slot->value, call_inside, &inside);
    else if (slot->kind == SLOT_SEMAPHORE)
        rc = tt_with_semaphore(slot->value, call_inside, &inside);
    else
        rc = tt_with_condition(slot->value, call_inside, &inside);
    return rc < 0 ? -1 : inside.rc;
}

/* Empties the scope's slot, if it is still the scope's. */
static void leave(const struct statement *statement, const void *scope)
{
    struct slot *slot = slot_named(statement->slot);

    if (slot->value == scope)
        slot_drop(slot);
}

static int timeout(struct frame *frame, const struct statement *statement)
{
    tt_timeout *scope = tt_timeout_enter(delay_argument(statement, 0));
    int rc = -1, exit_rc;

    if (scope) {
        slot_put(statement->slot, SLOT_BORROWED, scope, RANK_YOUNGEST);
        rc = run_inside(frame, statement);
    }
    exit_rc = tt_timeout_exit(scope, rc < 0 ? -1 : 0);
    leave(statement, scope);
    return exit_rc < 0 ? -1 : rc;
}

static int reschedule(struct frame *frame, const struct statement *statement)
{
    tt_timeout *scope = get(statement->arguments[0]);
    int64_t delay_ns = delay_argument(statement, 1);

    (void)frame;
    if (!scope)
        return -1;
    return tt_timeout_reschedule(scope, delay_ns == TT_NEVER ? TT_NEVER : tt_loop_time(run_loop()) + delay_ns);
}

static int expired(struct frame *frame, const struct statement *statement)
{
    tt_timeout *scope = get(statement->arguments[0]);

    (void)frame;
    if (!scope)
        return -1;
    log_bool(tt_timeout_expired(scope));
    return 0;
}

static int when(struct frame *frame, const struct statement *statement)
{
    tt_timeout *scope = get(statement->arguments[0]);

    (void)frame;
    if (!scope)
        return -1;
    if (tt_timeout_when(scope) == TT_NEVER)
        log_line("  = None");
    else
        log_number((long)(tt_timeout_when(scope) / TT_SEC(1)));
    return 0;
}

static int group(struct frame *frame, const struct statement *statement)
{
    tt_group *scope = tt_group_enter();
    int rc = -1, exit_rc;

    if (scope) {
        slot_put(statement->slot, SLOT_BORROWED, scope, RANK_YOUNGEST);
        rc = run_inside(frame, statement);
    }
    exit_rc = tt_group_exit(scope, rc < 0 ? -1 : 0);
    leave(statement, scope);
    return exit_rc < 0 ? -1 : rc;
}

static int create_child(struct frame *frame, const struct statement *statement)
{
    tt_group *scope = get(statement->arguments[0]);
    struct frame *made = scope ? frame_create(statement->arguments[1]) : NULL;
    struct tt_task_options options = {.drop = frame_drop, .stack_bytes = FRAME_STACK_BYTES};
    tt_task *task;
    int rank;

    (void)frame;
    if (!made)
        return -1;
    rank = made->rank;
    options.name = made->label;
    task = tt_group_create_task_with(scope, frame_run, made, &options);
    if (!task)
        return -1;
    slot_put(statement->slot, SLOT_FUTURE, task, rank);
    return 0;
}

const struct operation operations_of_blocks[] = {
    {"with", with}, {"timeout", timeout}, {"reschedule", reschedule}, {"expired", expired},
    {"when", when}, {"group", group},     {"child", create_child},    {NULL, NULL},
};
