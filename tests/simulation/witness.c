/* witness.c: see witness.h.
 *
 * Who is seen gets other `ops`, whose destroy tells the final state, then does what it did before. Nothing holds a reference, since the
 * moment of the last one is what much of the state is about. */
#include "witness.h"

#include <inttypes.h>
#include <stdlib.h>

#include "arena.h"
#include "invariants.h"
#include "loop_internal.h"
#include "scope.h"

enum { OPS_MAX = 16, SEEN_MAX = 4096 };

struct watched_ops {
    struct tt_future_ops ops; /* first */
    const struct tt_future_ops *own;
};

struct loop_line {
    uint64_t id, abandoned_count;
    tt_loop *loop; /* of a run that is left; NULL: closed */
};

static struct watched_ops all_ops[OPS_MAX];
static size_t ops_count;
static tt_future **seen; /* those that are there; of the present run from first_of_run on */
static size_t seen_count, seen_room, first_of_run;
static struct loop_line *loops;
static size_t loop_count, loop_room;
static FILE *lines; /* NULL: all has been told */

static void *grown(void *memory, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return memory;
    *room = *room ? 2 * *room : 256;
    memory = realloc(memory, *room * size);
    if (!memory)
        abort();
    return memory;
}

/* ------------------------------------------------------------------------------------------------------------ lines */

static const char *outcome_of(const struct tt_task_object *task)
{
    const tt_future *future = &task->future;

    if (future->state == TT_FUTURE_CANCELLED)
        return "cancelled";
    if (future->state == TT_FUTURE_FINISHED)
        return future->exc ? "failed" : "returned";
    return task->phase == TT_TASK_ENDED ? "abandoned" : "pending";
}

/* "lock|17|tests/oracle/operations.c:12": what a task that is left waits for. */
static void tell_wait(const struct tt_task_object *task, bool is_waiting)
{
    struct tt_wait_label label = is_waiting ? task->waiter->label : (struct tt_wait_label){TT_WAIT_KIND_NONE, 0};

    if (is_waiting)
        fprintf(lines, "|%d|%" PRIu64 "|%s:%u", label.kind, label.object, task->last_site->file, task->last_site->line);
    else
        fputs("|0|0|", lines);
}

static void tell_scopes(const struct tt_task_object *task)
{
    uint64_t sum = 0, count = 0;

    for (const struct tt_scope *scope = task->scopes; scope; scope = scope->next, count++)
        sum += scope->id;
    fprintf(lines, "|%" PRIu64 " %" PRIu64, count, sum);
}

static void tell_task(const struct tt_task_object *task)
{
    const tt_future *future = &task->future;
    const char *outcome = outcome_of(task);
    bool is_pending = *outcome == 'p', is_abandoned = *outcome == 'a';
    bool is_waiting = is_pending && task->phase == TT_TASK_WAITING && !task->wake.ready.is_queued;

    fprintf(lines, "T %020" PRIu64 "|%s|%s|%s|%" PRIu64 "|%d|%" PRIu64 "|%d", future->id, tt_task_name(future), outcome,
            is_waiting   ? "waiting"
            : is_pending ? "ready"
                         : "done",
            future->loop->id, future->creator.kind, future->creator.id, task->has_started);
    fprintf(lines, is_abandoned ? "|" : "|%u", task->step_count);
    fprintf(lines, "|%u", task->cancel_count);
    /* Who raises CancelledError unasked is cancelled, and nothing was delivered. */
    fprintf(lines, *outcome == 'c' ? "|" : "|%d", task->was_cancelled);
    tell_wait(task, is_waiting);
    if (is_pending)
        tell_scopes(task);
    else
        fputs("|", lines);
    fputc('\n', lines);
}

static void tell_failure(const tt_future *future, bool is_released)
{
    fprintf(lines, "F %020" PRIu64 "|%d|%s|%s|%d|%u|%u|%d|%d|%u|", future->id, future->kind,
            tt_exc_type_of(future->exc)->name, tt_exc_text(future->exc) ? tt_exc_text(future->exc) : "",
            future->failed_how, future->user_touch_count, future->library_touch_count, is_released,
            future->is_discarded, future->handles);
    fprintf(lines, is_released ? "%u\n" : "\n", future->forward_count);
}

static void tell(const tt_future *future, bool is_released)
{
    const struct tt_task_object *task = future->kind == TT_OBJECT_KIND_TASK ? tt__task((tt_future *)future) : NULL;

    if (task)
        tell_task(task);
    if (task && task->board && !is_released)
        fprintf(lines, "B %020" PRIu64 "|%d|%u\n", future->id,
                task->phase == TT_TASK_ENDED                                    ? TT_TASK_STATE_DONE
                : task->phase == TT_TASK_WAITING && !task->wake.ready.is_queued ? TT_TASK_STATE_WAITING
                                                                                : TT_TASK_STATE_READY,
                task->step_count);
    if (future->state == TT_FUTURE_FINISHED && future->exc)
        tell_failure(future, is_released);
}

/* ------------------------------------------------------------------------------------------------------------ seeing */

static void destroy(tt_future *future)
{
    const struct watched_ops *watched = (const struct watched_ops *)future->ops;
    size_t i = seen_count;

    HOLDS(future->refs == 0, "#%" PRIu64 " is destroyed with %u references", future->id, future->refs);
    while (i > 0 && seen[i - 1] != future)
        i--;
    HOLDS(i > 0, "#%" PRIu64 " is destroyed twice", future->id);
    seen[i - 1] = NULL;
    if (lines && future->kind == TT_OBJECT_KIND_TASK && future->state == TT_FUTURE_PENDING)
        loops[loop_count - 1].abandoned_count++;
    if (lines)
        tell(future, true);
    future->ops = watched->own;
    watched->own->destroy(future);
}

static const struct tt_future_ops *watched_for(const struct tt_future_ops *own)
{
    size_t i = 0;

    while (i < ops_count && all_ops[i].own != own)
        i++;
    if (i == OPS_MAX)
        abort();
    if (i == ops_count) {
        all_ops[ops_count++] = (struct watched_ops){*own, own};
        all_ops[i].ops.destroy = destroy;
    }
    return &all_ops[i].ops;
}

void witness_see(tt_future *future)
{
    if (future->ops->destroy == destroy || future->is_on_stack)
        return;
    future->ops = watched_for(future->ops);
    seen = grown(seen, seen_count, &seen_room, sizeof *seen);
    seen[seen_count++] = future;
}

/* Who has ended is done on the board, as long as somebody may look. */
static void check_ended(void)
{
    for (size_t i = first_of_run; i < seen_count; i++) {
        const struct tt_task_object *task = seen[i] && seen[i]->kind == TT_OBJECT_KIND_TASK ? tt__task(seen[i]) : NULL;

        if (task && task->phase == TT_TASK_ENDED && task->board)
            HOLDS(task->board->state == TT_TASK_STATE_DONE, "task %s has ended, and is in state %d on the board",
                  tt_task_name(seen[i]), task->board->state);
    }
}

void witness_look(tt_loop *loop)
{
    for (struct tt_task_object *task = loop->last_task; task && task->future.ops->destroy != destroy;
         task = task->previous)
        witness_see(&task->future);
    for (tt_future *failed = loop->dump.first_failure; failed; failed = failed->failed_next)
        witness_see(failed);
    check_ended();
}

tt_future *witness_pick(size_t number)
{
    size_t count = seen_count - first_of_run;
    tt_future *picked = count > 0 ? seen[first_of_run + number % count] : NULL;

    return picked && picked->handles > 0 ? picked : NULL;
}

/* ---------------------------------------------------------------------------------------------- beginnings and ends */

void witness_begin(FILE *file)
{
    lines = file;
    seen_count = loop_count = 0;
}

void witness_loop(tt_loop *loop)
{
    loops = grown(loops, loop_count, &loop_room, sizeof *loops);
    loops[loop_count++] = (struct loop_line){.id = loop->id, .loop = loop};
    first_of_run = seen_count;
}

void witness_end_run(bool is_left)
{
    if (is_left)
        return;
    for (size_t i = first_of_run; i < seen_count; i++)
        HOLDS(!seen[i],
              "#%" PRIu64
              ", of kind %d, is there when its loop is closed and nobody holds it: it has %u references, %u handles",
              seen[i]->id, seen[i]->kind, seen[i]->refs, seen[i]->handles);
    seen_count = first_of_run;
    loops[loop_count - 1].loop = NULL;
}

void witness_end(void)
{
    for (size_t i = 0; i < seen_count; i++)
        if (seen[i])
            tell(seen[i], false);
    for (size_t i = 0; i < loop_count; i++)
        fprintf(lines, "L %020" PRIu64 "|%d|%" PRIu64 "\n", loops[i].id, !loops[i].loop, loops[i].abandoned_count);
    if (fflush(lines) != 0)
        abort();
    lines = NULL;
}

void witness_finish(void)
{
    first_of_run = 0;
    witness_end_run(false);
    free(seen);
    free(loops);
    seen = NULL;
    loops = NULL;
    seen_room = loop_room = 0;
}
