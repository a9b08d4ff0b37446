/* invariants.c: see invariants.h.
 *
 * A task that is not done stands in exactly one place:
 *
 *     phase       its step     its wake-up                                     what it awaits
 *     SCHEDULED   queued       nowhere                                         nothing
 *     WAITING     not queued   registered there, or queued                     pending, or done: then the wake-up is queued
 *
 * and between two entries of the queue none runs. */
#include "invariants.h"

#include <inttypes.h>

#include "arena.h"
#include "lock_internal.h"
#include "loop_internal.h"
#include "run.h"
#include "scope.h"

/* More than a program that the generator makes can ever have. */
enum { ENTRIES_MAX = 100000, CANCELS_MAX = 1000000, SCOPES_MAX = 1000 };

static int64_t last_time_ns;

void invariants_begin(const tt_loop *loop)
{
    last_time_ns = tt_loop_time(loop);
}

static const char *name_of(const struct tt_task_object *task)
{
    return tt_task_name(&task->future);
}

/* -------------------------------------------------------------------------------------------------- queue and timers */

/* What the queue has: how many entries, and how many of them are steps and wake-ups of tasks. */
struct queued {
    size_t count, steps, wakes;
};

static void check_wake(const tt_loop *loop, const struct tt_ready *ready)
{
    const struct tt_task_object *task = tt_container_of(ready, struct tt_task_object, wake.ready);

    HOLDS(task->phase == TT_TASK_WAITING, "task %s is woken, and is in phase %d", name_of(task), task->phase);
    HOLDS(task->future.loop == loop, "task %s is woken on another loop", name_of(task));
    HOLDS(task->wake.future == task->waiter, "task %s is woken by something that it does not wait for", name_of(task));
    HOLDS(task->waiter->refs > 0, "task %s is woken by a future that is gone", name_of(task));
}

static struct queued check_queue(const tt_loop *loop)
{
    const struct tt_ready_queue *queue = &loop->ready;
    struct tt_ready *const *link = &queue->first;
    struct queued queued = {0};

    for (; *link && queued.count < ENTRIES_MAX; link = &(*link)->next, queued.count++) {
        HOLDS((*link)->is_queued, "an entry of the ready queue does not know that it is there");
        if ((*link)->ops == &tt__task_step_ops)
            queued.steps++;
        if ((*link)->ops == &tt__task_wake_ops) {
            queued.wakes++;
            check_wake(loop, *link);
        }
    }
    HOLDS(queued.count < ENTRIES_MAX, "the ready queue has a circle");
    HOLDS(queued.count == queue->count, "the ready queue has %zu entries, and counts %zu", queued.count, queue->count);
    HOLDS(queue->end == link, "the ready queue ends somewhere else than its last entry");
    HOLDS(loop->turn_left <= queue->count, "%zu entries are left to the turn, and %zu are there", loop->turn_left,
          queue->count);
    return queued;
}

/* How many timers are pending. */
static size_t check_timers(const struct tt_timers *timers)
{
    size_t pending = 0;

    for (size_t i = 0; i < timers->count; i++) {
        const struct tt_timer_entry *entry = &timers->entries[i];

        HOLDS(i == 0 || timers->entries[(i - 1) / 2].when_ns <= entry->when_ns, "timer %zu is due before its parent",
              i);
        if (!entry->timer)
            continue;
        pending++;
        HOLDS(entry->timer->is_pending && entry->timer->index == i, "timer %zu does not know its place", i);
        HOLDS(!entry->timer->ready->is_queued, "timer %zu is pending, and what it makes ready is", i);
    }
    return pending;
}

void invariants_check_turn(const tt_loop *loop)
{
    const struct tt_timers *timers = &loop->timers;
    int64_t now_ns = tt_loop_time(loop);

    HOLDS(now_ns >= last_time_ns, "time goes back from %" PRId64 " to %" PRId64, last_time_ns, now_ns);
    last_time_ns = now_ns;
    for (size_t i = 0; i < timers->count; i++)
        HOLDS(!timers->entries[i].timer || timers->entries[i].when_ns > now_ns,
              "a timer is due, and nothing is ready for it");
}

/* ------------------------------------------------------------------------------------------------------------ tasks */

/* How often NODE is registered at FUTURE. */
static size_t count_registered(const tt_future *future, const struct tt_done_node *node)
{
    struct tt_done_node *const *link = &future->callbacks.first;
    size_t found = 0, count = 0;

    for (; *link && count < ENTRIES_MAX; link = &(*link)->next, count++)
        found += *link == node;
    HOLDS(count < ENTRIES_MAX, "the callbacks of #%" PRIu64 " have a circle", future->id);
    HOLDS(future->callbacks.end == link, "the callbacks of #%" PRIu64 " end somewhere else than the last one",
          future->id);
    return found;
}

static void check_waiting(const struct tt_task_object *task)
{
    const tt_future *waiter = task->waiter;
    bool is_woken = task->wake.ready.is_queued;

    HOLDS(waiter, "task %s waits for nothing", name_of(task));
    HOLDS(!task->step.is_queued, "task %s waits, and its step is ready", name_of(task));
    HOLDS(waiter->refs > 0, "task %s waits for a future that is gone", name_of(task));
    HOLDS(waiter->state <= TT_FUTURE_CANCELLED, "task %s waits for what is no future", name_of(task));
    if (waiter->state != TT_FUTURE_PENDING) {
        HOLDS(is_woken, "task %s waits for %s %" PRIu64 ", which is done, and nobody wakes it", name_of(task),
              waiter->kind == TT_OBJECT_KIND_TASK ? "task" : "future", waiter->id);
        HOLDS(!waiter->callbacks.first, "#%" PRIu64 " is done, and has callbacks", waiter->id);
        return;
    }
    HOLDS(count_registered(waiter, &task->wake) == !is_woken, "task %s is %s and registered %zu times", name_of(task),
          is_woken ? "woken" : "not woken", count_registered(waiter, &task->wake));
    if (waiter->kind == TT_OBJECT_KIND_TASK)
        HOLDS(tt__task((tt_future *)waiter)->phase != TT_TASK_ENDED, "task %s waits for a task that has ended",
              name_of(task));
}

static void check_board(const struct tt_task_object *task)
{
    const struct tt_board_slot *slot = task->board;
    bool is_waiting = task->phase == TT_TASK_WAITING && !task->wake.ready.is_queued;

    if (!slot)
        return;
    HOLDS(slot->task_id == task->future.id, "the board's slot of task %s is that of #%" PRIu64, name_of(task),
          slot->task_id);
    HOLDS(slot->loop_id == task->future.loop->id, "the board has task %s on another loop", name_of(task));
    HOLDS(slot->state == (is_waiting ? TT_TASK_STATE_WAITING : TT_TASK_STATE_READY),
          "the board has task %s in state %d", name_of(task), slot->state);
    HOLDS(slot->step_count == task->step_count, "the board has %u steps of task %s, which has made %u",
          slot->step_count, name_of(task), task->step_count);
    if (is_waiting)
        HOLDS(slot->wait_kind == task->waiter->label.kind && slot->wait_object == task->waiter->label.object,
              "the board has task %s wait for something else", name_of(task));
}

static void check_scopes(const struct tt_task_object *task)
{
    size_t count = 0;

    for (const struct tt_scope *scope = task->scopes; scope && count < SCOPES_MAX; scope = scope->next, count++)
        HOLDS(scope->task == task, "a scope of task %s is another one's", name_of(task));
    HOLDS(count < SCOPES_MAX, "the scopes of task %s have a circle", name_of(task));
}

static void check_task(const tt_loop *loop, const struct tt_task_object *task)
{
    HOLDS(task->future.loop == loop && task->future.kind == TT_OBJECT_KIND_TASK,
          "what is in the list is no task of the loop");
    HOLDS(task->future.refs > 0 && task->future.handles < task->future.refs,
          "task %s has %u references, and %u handles", name_of(task), task->future.refs, task->future.handles);
    HOLDS(task->future.state == TT_FUTURE_PENDING, "task %s is done, and the loop has it", name_of(task));
    HOLDS(!task->future.is_being_cancelled, "task %s is still being asked to end", name_of(task));
    HOLDS(task->cancel_count < CANCELS_MAX, "task %s was asked to end %u times", name_of(task), task->cancel_count);
    HOLDS(!task->must_cancel || task->cancel_count > 0, "task %s must be cancelled, and nobody asks for it",
          name_of(task));
    HOLDS(task->has_started || task->phase == TT_TASK_SCHEDULED, "task %s waits, and has not begun", name_of(task));
    count_registered(&task->future, NULL);
    check_scopes(task);
    check_board(task);
    if (task->phase == TT_TASK_WAITING) {
        check_waiting(task);
        return;
    }
    HOLDS(task->phase == TT_TASK_SCHEDULED, "task %s is in phase %d, and nothing runs", name_of(task), task->phase);
    HOLDS(task->step.is_queued, "task %s is scheduled, and not ready", name_of(task));
    HOLDS(!task->wake.ready.is_queued, "task %s is in the ready queue twice", name_of(task));
    HOLDS(!task->waiter, "task %s is scheduled, and waits", name_of(task));
}

/* The places of all tasks, added up. */
static struct queued check_tasks(const tt_loop *loop)
{
    const struct tt_task_object *previous = NULL;
    struct queued places = {0};

    for (const struct tt_task_object *task = loop->first_task; task && places.count < ENTRIES_MAX;
         previous = task, task = task->next, places.count++) {
        HOLDS(task->previous == previous, "the list of tasks is linked one way only, at %s", name_of(task));
        check_task(loop, task);
        places.steps += task->step.is_queued;
        places.wakes += task->wake.ready.is_queued;
    }
    HOLDS(places.count == loop->task_count, "%zu tasks are pending, and %zu are counted", places.count,
          loop->task_count);
    HOLDS(loop->last_task == previous, "the list of tasks ends somewhere else than its last one");
    return places;
}

/* --------------------------------------------------------------------------------------------------------- failures */

/* What comes out of the loop by itself is delivered so, and reported all the same, as asyncio does. */
static bool comes_out(const tt_exc *exc)
{
    return tt_exc_is(exc, &tt_SystemExit) || tt_exc_is(exc, &tt_KeyboardInterrupt);
}

static void check_failures(const tt_loop *loop)
{
    tt_future *const *link = &loop->dump.first_failure;
    size_t count = 0;

    for (; *link && count < ENTRIES_MAX; link = &(*link)->failed_next, count++) {
        const tt_future *failed = *link;

        HOLDS(failed->failed_link == link, "the list of failures is linked one way only, at #%" PRIu64, failed->id);
        HOLDS(failed->refs > 0 && failed->handles <= failed->refs,
              "failure #%" PRIu64 " has %u references, and %u handles", failed->id, failed->refs, failed->handles);
        HOLDS(failed->state == TT_FUTURE_FINISHED && failed->exc && failed->is_failed_told,
              "#%" PRIu64 " has not failed, and is in the list of failures", failed->id);
        HOLDS(!failed->callbacks.first, "failure #%" PRIu64 " has callbacks that nobody calls", failed->id);
        HOLDS(!failed->log_traceback || comes_out(failed->exc) ||
                  (!failed->is_discarded && failed->user_touch_count == 0),
              "failure #%" PRIu64 " was read, and will be reported", failed->id);
    }
    HOLDS(count < ENTRIES_MAX, "the list of failures has a circle");
}

/* ----------------------------------------------------------------------------------------------------------- lines */

/* Whoever is first in line at what is open has been woken, or was cancelled, and passes that on. */
static void check_line(const struct slot *slot, const struct tt_line *line, bool is_open)
{
    const tt_future *first = (const tt_future *)line->first; /* a waiter begins with what its task awaits */

    HOLDS(!line->first == !line->count, "the line at %s counts %zu", slot->name, line->count);
    HOLDS(!is_open || !first || first->state != TT_FUTURE_PENDING, "%s is open, and nobody wakes the first in line",
          slot->name);
}

static void check_lines(void)
{
    int count;
    struct slot *const *all = slots(&count);

    for (int i = 0; i < count; i++) {
        const tt_lock *lock = all[i]->kind == SLOT_LOCK        ? all[i]->value
                              : all[i]->kind == SLOT_CONDITION ? ((const tt_condition *)all[i]->value)->lock
                                                               : NULL;
        const tt_event *event = all[i]->value && *all[i]->name == 'e' ? all[i]->value : NULL;

        if (lock)
            check_line(all[i], &lock->line, !lock->is_locked);
        if (event)
            check_line(all[i], &event->line, event->is_set);
    }
}

void invariants_check(const tt_loop *loop)
{
    struct queued queued = check_queue(loop), places = check_tasks(loop);

    HOLDS(!loop->current && !loop->is_at_home && !loop->host_call.fn, "a task runs between two steps");
    HOLDS(queued.steps == places.steps, "%zu steps are ready, of %zu tasks", queued.steps, places.steps);
    HOLDS(queued.wakes == places.wakes, "%zu wake-ups are ready, of %zu tasks", queued.wakes, places.wakes);
    check_timers(&loop->timers);
    check_failures(loop);
    check_lines();
}

/* ------------------------------------------------------------------------------------------------------------ quiet */

/* Whether what stands in SLOT would let a task go on that waits for it as KIND says. A semaphore for which somebody waits says that it
 * is locked in any case, and is not asked. */
static bool would_let_on(const struct slot *slot, uint8_t kind)
{
    switch (kind) {
    case TT_WAIT_KIND_LOCK:
        return slot->kind == SLOT_LOCK && !tt_lock_locked(slot->value);
    case TT_WAIT_KIND_EVENT:
        return *slot->name == 'e' && tt_event_is_set(slot->value);
    case TT_WAIT_KIND_QUEUE_GET:
        return *slot->name == 'q' && !tt_queue_empty(slot->value);
    case TT_WAIT_KIND_QUEUE_PUT:
        return *slot->name == 'q' && !tt_queue_full(slot->value);
    default:
        return false;
    }
}

/* What a task waits at begins with a tt_waitable, whatever it is. */
static uint64_t id_of_thing(const struct slot *slot)
{
    return ((const struct tt_waitable *)slot->value)->id;
}

static void check_thing(const struct tt_task_object *task)
{
    int count;
    struct slot *const *all = slots(&count);
    struct tt_wait_label label = task->waiter->label;

    for (int i = 0; i < count; i++)
        if (all[i]->value && strchr("leq", *all[i]->name) && id_of_thing(all[i]) == label.object)
            HOLDS(!would_let_on(all[i], label.kind), "task %s waits at %s, which would let it go on", name_of(task),
                  all[i]->name);
}

void invariants_check_quiet(const tt_loop *loop)
{
    for (const struct tt_task_object *task = loop->first_task; task; task = task->next) {
        HOLDS(task->phase == TT_TASK_WAITING, "task %s could go on, and nothing happens", name_of(task));
        HOLDS(task->waiter->label.kind != TT_WAIT_KIND_SLEEP, "task %s sleeps on and on", name_of(task));
        check_thing(task);
    }
}
