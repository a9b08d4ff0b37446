/* state_dump.c: see state_dump.h. The loop's thread, requests apart. */
#include "state_dump.h"

#include "loop_internal.h"

/* Objects that are told in one poll, some hundred microseconds' worth: a loop with a million tasks goes on meanwhile. */
#define PART 1024

/* Any thread. A loop that is blocked does not answer; so that one sees that, the question is told, too. */
static void request(void *arg)
{
    tt_loop *loop = arg;

    TT_EMIT(loop_asked, .loop_id = loop->id, .site = loop->created_site);
    atomic_store_explicit(&loop->dump.is_due, true, memory_order_release);
    uv_async_send(&loop->wake);
}

void tt__dump_open(tt_loop *loop)
{
    loop->dump.dumper = (struct tt_trace_dumper){.fn = request, .argument = loop};
    tt_trace_add_dumper(&loop->dump.dumper);
}

void tt__dump_hold(tt_future *future)
{
    tt_loop *loop = future->loop;

    future->failed_link = &loop->dump.first_failure;
    future->failed_next = loop->dump.first_failure;
    if (future->failed_next)
        future->failed_next->failed_link = &future->failed_next;
    loop->dump.first_failure = future;
}

void tt__dump_let_go(tt_future *future)
{
    tt_loop *loop = future->loop;

    if (loop->dump.next_failure == future)
        loop->dump.next_failure = future->failed_next;
    *future->failed_link = future->failed_next;
    if (future->failed_next)
        future->failed_next->failed_link = future->failed_link;
}

/* ---------------------------------------------------------------------------------------- failures of no loop's thread */

static struct {
    pthread_mutex_t mutex; /* guards the two below, and is held while they are told: so none goes meanwhile */
    struct tt_held_failure *first;
    struct tt_trace_dumper dumper;
} shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void tell_shared(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&shared.mutex);
    for (struct tt_held_failure *held = shared.first; held; held = held->next)
        held->tell(held);
    pthread_mutex_unlock(&shared.mutex);
}

static void add_dumper(void)
{
    shared.dumper.fn = tell_shared;
    tt_trace_add_dumper(&shared.dumper);
}

void tt__dump_hold_shared(struct tt_held_failure *held, void (*tell)(struct tt_held_failure *held))
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, add_dumper);
    pthread_mutex_lock(&shared.mutex);
    held->tell = tell;
    held->link = &shared.first;
    held->next = shared.first;
    if (held->next)
        held->next->link = &held->next;
    shared.first = held;
    pthread_mutex_unlock(&shared.mutex);
}

void tt__dump_let_go_shared(struct tt_held_failure *held)
{
    pthread_mutex_lock(&shared.mutex);
    if (held->link) {
        *held->link = held->next;
        if (held->next)
            held->next->link = held->link;
        held->link = NULL;
    }
    pthread_mutex_unlock(&shared.mutex);
}

/* ---------------------------------------------------------------------------------------------------------- telling */

/* Comes last: by it one knows that all has been told. */
static void tell_loop(tt_loop *loop)
{
    TT_EMIT(loop_dumped, .loop_id = loop->id, .site = loop->created_site,
            .started_site = loop->is_running ? loop->run_site : NULL, .task_count = (uint32_t)loop->task_count);
}

/* A waiting task whose wake-up stands in the ready queue is ready. */
static enum tt_task_state state_of(const struct tt_task_object *task)
{
    if (task->phase == TT_TASK_RUNNING)
        return TT_TASK_STATE_RUNNING;
    return task->phase == TT_TASK_WAITING && !task->wake.ready.is_queued ? TT_TASK_STATE_WAITING : TT_TASK_STATE_READY;
}

/* Ticks since SINCE; 0 when that was not read, because tasks were not traced then. */
static uint64_t ticks_since(uint64_t since, uint64_t now)
{
    return since > tt_trace_tasks_since && now > since ? now - since : 0;
}

/* What a task does stands on the board as long as tasks are traced; when they were not for a while it is told anew. */
static void show_again(const struct tt_task_object *task, const struct tt_event_task_dumped *told, uint64_t now)
{
    const struct tt_board_entry entry = {
        .state = told->state,
        .wait_kind = told->wait_kind,
        .wait_object = told->wait_object,
        .wait_site = told->wait_site,
        .since = now - told->in_state,
        .step_count = told->step_count,
        .busy = told->busy,
        .ready = told->ready,
    };

    tt_board_write(task->board, &entry);
}

static void tell_task(const struct tt_task_object *task, uint64_t now)
{
    const tt_future *future = &task->future;
    enum tt_task_state state = state_of(task);
    bool is_waiting = state == TT_TASK_STATE_WAITING;
    uint64_t since = is_waiting                       ? task->waits_since
                     : state == TT_TASK_STATE_RUNNING ? task->step_began
                                                      : task->ready_since;

    const struct tt_event_task_dumped told = {
        .task_id = future->id,
        .parent_id = future->creator.id,
        .parent_kind = future->creator.kind,
        .site = future->created_site,
        .loop_id = (uint32_t)future->loop->id,
        .state = (uint8_t)state,
        .has_started = task->has_started,
        .wait_kind = is_waiting ? task->waiter->label.kind : TT_WAIT_KIND_NONE,
        .wait_object = is_waiting ? task->waiter->label.object : 0,
        .wait_site = is_waiting ? task->last_site : NULL,
        .in_state = ticks_since(since, now),
        .busy = task->busy,
        .ready = task->ready_total,
        .step_count = task->step_count,
        .request_count = task->cancel_count,
        .name = task->name,
        .name_number = task->name ? 0 : task->name_number,
    };

    if (tt_trace_on(TT_CATEGORY_OF_task_dumped))
        tt_emit_task_dumped(0, &told);
    if (task->board && tt_trace_on(TT_CATEGORY_task))
        show_again(task, &told, now);
}

static void tell_failure(const tt_future *future)
{
    const struct tt_task_object *task = future->kind == TT_OBJECT_KIND_TASK ? tt__task((tt_future *)future) : NULL;

    TT_EMIT(failure_dumped, .failure_id = future->id, .exception_id = tt_exc_id(future->exc),
            .parent_id = future->creator.id, .parent_kind = future->creator.kind, .loop_id = (uint32_t)future->loop->id,
            .kind = future->kind, .how = future->failed_how, .retrieved = !future->log_traceback,
            .discarded = future->is_discarded, .handle_count = future->handles,
            .user_touch_count = future->user_touch_count, .library_touch_count = future->library_touch_count,
            .forward_count = future->forward_count, .created_site = future->created_site,
            .raised_site = (tt_site *)tt_exc_raised_at(future->exc), .last_site = tt__ledger_telling_site(future),
            .name = task ? task->name : NULL, .name_number = task && !task->name ? task->name_number : 0,
            .type = tt_exc_type_of(future->exc)->name, .message = tt_exc_message(future->exc));
}

static void begin(tt_loop *loop)
{
    loop->dump.is_under_way = true;
    loop->dump.next_task = loop->first_task;
    loop->dump.next_failure = loop->dump.first_failure;
}

static void tell_part(tt_loop *loop)
{
    struct tt_loop_dump *dump = &loop->dump;
    uint64_t now = tt_trace_clock();
    int left = PART;

    for (; dump->next_task && left > 0; left--) {
        tell_task(dump->next_task, now);
        dump->next_task = dump->next_task->next;
    }
    for (; dump->next_failure && left > 0; left--) {
        tell_failure(dump->next_failure);
        dump->next_failure = dump->next_failure->failed_next;
    }
    dump->is_under_way = dump->next_task || dump->next_failure;
    if (!dump->is_under_way)
        tell_loop(loop);
}

static bool take_request(tt_loop *loop)
{
    return atomic_load_explicit(&loop->dump.is_due, memory_order_relaxed) &&
           atomic_exchange_explicit(&loop->dump.is_due, false, memory_order_acquire);
}

void tt__dump_if_due(tt_loop *loop)
{
    if (take_request(loop))
        begin(loop);
    if (loop->dump.is_under_way)
        tell_part(loop);
    if (loop->dump.is_under_way)
        uv_async_send(&loop->wake);
}

/* Whoever asked in vain until now gets the answer at last. */
void tt__dump_close(tt_loop *loop)
{
    tt_trace_remove_dumper(&loop->dump.dumper);
    if (take_request(loop))
        begin(loop);
    while (loop->dump.is_under_way)
        tell_part(loop);
}
