/* Random programs of synchronisation against CPython: python/random_sync.py and this file draw the same numbers and do
 * the same with them (see random_program.h).
 */
#include "random_program.h"

#include <regex.h>

enum { TASKS_MAX = 12 };

static int value;
static tt_lock *locks[2];
static tt_event *event;
static tt_condition *condition;
static tt_semaphore *semaphores[2];
static tt_barrier *barrier;
static tt_queue *queues[3];
static int favourite; /* the queue that is used most */

/* ------------------------------------------------------------------------------------------------- what tasks do */

static int by_remainder(const void *a, const void *b)
{
    return (int)((intptr_t)a % 3) - (int)((intptr_t)b % 3);
}

static int stay(void *arg)
{
    int count = draw(3);

    for (int i = 0; i < count; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return draw(4) == 0 ? tt_raise(&tt_ValueError, "w%d", (int)(intptr_t)arg) : 0;
}

static int wait_once(void *arg)
{
    (void)arg;
    return tt_condition_wait(condition);
}

static int is_enough(void *least)
{
    return value >= (int)(intptr_t)least ? value > 0 ? value : 0 : 0;
}

static int wait_for_value(void *arg)
{
    intptr_t least = draw(4);
    int answer = tt_condition_wait_for(condition, is_enough, (void *)least);

    (void)arg;
    if (answer < 0)
        return -1;
    add("value %d", answer);
    return 0;
}

static int change_value(void *arg)
{
    value += draw(3);
    if (tt_condition_notify(condition, (size_t)draw(3)) < 0)
        return -1;
    return stay(arg);
}

static int notify_all(void *arg)
{
    (void)arg;
    return tt_condition_notify_all(condition);
}

static int log_party(int party)
{
    if (party < 0)
        return -1;
    add("party %d", party);
    return 0;
}

static tt_queue *any_queue(void)
{
    return queues[draw(4) ? favourite : draw(3)];
}

static int put(bool nowait)
{
    tt_queue *queue = any_queue();
    void *item = (void *)(intptr_t)draw(30);

    return nowait ? tt_queue_put_nowait(queue, item) : tt_queue_put(queue, item);
}

static int get(bool nowait)
{
    tt_queue *queue = any_queue();
    void *item;

    if ((nowait ? tt_queue_get_nowait(queue, &item) : tt_queue_get(queue, &item)) < 0)
        return -1;
    add("item %d", (int)(intptr_t)item);
    return 0;
}

/* A repr without addresses and items. */
static void add_repr(const char *repr)
{
    static const char *const patterns[] = {" at 0x[0-9a-f]+", " _queue=\\[[^]]*\\]"};
    char shown[4096];

    snprintf(shown, sizeof shown, "%s", repr);
    for (int i = 0; i < 2; i++) {
        regex_t expression;
        regmatch_t match;

        if (regcomp(&expression, patterns[i], REG_EXTENDED) != 0)
            abort();
        if (regexec(&expression, shown, 1, &match, 0) == 0)
            memmove(shown + match.rm_so, shown + match.rm_eo, strlen(shown + match.rm_eo) + 1);
        regfree(&expression);
    }
    add("%s", shown);
}

static void log_objects(void)
{
    char repr[4096];

#define LOG(function, object) (function((object), repr, sizeof repr), add_repr(repr))
    LOG(tt_lock_repr, locks[0]);
    LOG(tt_lock_repr, locks[1]);
    LOG(tt_event_repr, event);
    LOG(tt_condition_repr, condition);
    LOG(tt_semaphore_repr, semaphores[0]);
    LOG(tt_semaphore_repr, semaphores[1]);
    LOG(tt_barrier_repr, barrier);
    for (int i = 0; i < 3; i++)
        LOG(tt_queue_repr, queues[i]);
#undef LOG
    add("%zu %zu %zu", tt_queue_qsize(queues[0]), tt_queue_qsize(queues[1]), tt_queue_qsize(queues[2]));
}

static void create(void);

/* The text that number N cancels with. */
static const char *name(char letter, int number)
{
    static char buffer[16];

    snprintf(buffer, sizeof buffer, "%c%d", letter, number);
    return buffer;
}

static void shut_down(void)
{
    tt_queue *queue;

    if (draw(6) != 0)
        return;
    queue = any_queue();
    tt_queue_shutdown(queue, draw(2) == 1);
}

static void cancel_any(int number)
{
    tt_task *task = random_tasks[draw(random_task_count)];

    add("cancel %s", tt_task_cancel(task, name('c', number)) ? "True" : "False");
}

/* Who is woken is perhaps cancelled. */
static int use_and_cancel(int number, int operation)
{
    void *item;

    if ((operation == 44 ? put(true) : tt_queue_get_nowait(any_queue(), &item)) < 0)
        return -1;
    cancel_any(number);
    return 0;
}

/* Operations on locks, the event, the condition and semaphores. */
static int synchronise(int operation, void *as_arg)
{
    switch (operation) {
    case 0:
        return tt_lock_acquire(locks[draw(2)]);
    case 1:
        return tt_lock_release(locks[draw(2)]);
    case 2:
    case 3:
        return tt_with_lock(locks[draw(2)], stay, as_arg);
    case 4:
        return tt_event_wait(event);
    case 5:
        tt_event_set(event);
        return 0;
    case 6:
        tt_event_clear(event);
        return 0;
    case 7:
        return tt_with_condition(condition, wait_once, NULL);
    case 8:
        return tt_with_condition(condition, wait_for_value, NULL);
    case 9:
        return tt_with_condition(condition, change_value, as_arg);
    case 10:
        return tt_with_condition(condition, notify_all, NULL);
    case 11:
        return tt_condition_wait(condition);
    case 12:
        return tt_condition_notify(condition, 1);
    case 13:
        return tt_semaphore_acquire(semaphores[draw(2)]);
    case 14:
        return tt_semaphore_release(semaphores[draw(2)]);
    default:
        return tt_with_semaphore(semaphores[draw(2)], stay, as_arg);
    }
}

static int operate(int number, int operation)
{
    if (operation <= 16)
        return synchronise(operation, (void *)(intptr_t)number);
    if (operation <= 19)
        return log_party(tt_barrier_wait(barrier));
    if (operation == 20)
        return tt_barrier_reset(barrier);
    if (operation == 21)
        return draw(2) ? tt_barrier_abort(barrier) : 0;
    if (operation <= 25)
        return put(operation == 25);
    if (operation <= 29)
        return get(operation == 29);
    if (operation == 30)
        return tt_queue_task_done(any_queue());
    if (operation == 31)
        return tt_queue_join(any_queue());
    if (operation == 32)
        shut_down();
    else if (operation <= 36)
        cancel_any(number);
    else if (operation <= 39 && random_task_count < TASKS_MAX)
        create();
    else if (operation == 40)
        tt_task_cancel(tt_current_task(), name('s', number));
    else if (operation == 41)
        log_objects();
    else if (operation == 44 || operation == 45)
        return use_and_cancel(number, operation);
    else if (operation > 41)
        return tt_sleep(0);
    return 0;
}

/* Most operations of a program are of one kind, so that its tasks meet. */
static const struct {
    int count, operations[12];
} themes[] = {
    {6, {0, 1, 1, 2, 2, 3}},
    {9, {7, 7, 8, 8, 9, 9, 10, 11, 12}},
    {5, {13, 14, 14, 15, 16}},
    {6, {17, 17, 17, 17, 20, 21}},
    {8, {22, 22, 22, 22, 45, 45, 26, 32}},
    {8, {26, 26, 26, 26, 44, 44, 22, 32}},
    {10, {22, 22, 26, 26, 25, 29, 30, 30, 31, 31}},
    {7, {25, 25, 25, 26, 26, 29, 33}},
    {3, {4, 5, 6}},
};
static int theme;

static int any_operation(void)
{
    int kind = draw(12);

    if (kind < 2)
        return draw(48);
    if (kind < 4)
        return 33; /* cancel */
    if (kind < 6)
        return 43; /* sleep */
    return themes[theme].operations[draw(themes[theme].count)];
}

static int body(void *arg)
{
    int number = (int)(intptr_t)arg, count = 1 + draw(8);

    for (int step = 0; step < count; step++) {
        int operation = any_operation();

        add("%d.%d %d", number, step, operation);
        if (operate(number, operation) == 0)
            add("%d.%d done", number, step);
        else if (random_aftermath(number, step, 6) < 0)
            return -1;
    }
    return 0;
}

static void create(void)
{
    random_tasks[random_task_count] = tt_create_task(body, (void *)(intptr_t)random_task_count);
    if (!random_tasks[random_task_count++])
        abort();
}

/* ----------------------------------------------------------------------------------------------------- the whole */

static void log_state(void)
{
    log_objects();
    for (int i = 0; i < random_task_count; i++)
        add("task %d %s %u", i, describe_outcome(random_tasks[i]), tt_task_cancelling(random_tasks[i]));
}

static void open_objects(void)
{
    value = 0;
    theme = draw(sizeof themes / sizeof themes[0]);
    favourite = draw(3);
    for (int i = 0; i < 2; i++)
        locks[i] = tt_lock_create();
    event = tt_event_create();
    condition = tt_condition_create(draw(2) ? locks[1] : NULL);
    semaphores[0] = tt_semaphore_create(draw(3));
    semaphores[1] = tt_bounded_semaphore_create(1 + draw(2));
    barrier = tt_barrier_create(1 + draw(3));
    queues[0] = tt_queue_create(draw(3), NULL);
    queues[1] = tt_lifo_queue_create(draw(3), NULL);
    queues[2] = tt_priority_queue_create(draw(8), by_remainder, NULL);
    if (tt_exc_pending())
        abort();
}

static void close_objects(void)
{
    for (int i = 0; i < 2; i++) {
        tt_lock_destroy(locks[i]);
        tt_semaphore_destroy(semaphores[i]);
    }
    tt_event_destroy(event);
    tt_condition_destroy(condition);
    tt_barrier_destroy(barrier);
    for (int i = 0; i < 3; i++)
        tt_queue_destroy(queues[i]);
}

static int unlock_all(void)
{
    for (int i = 0; i < 2; i++)
        if (tt_lock_locked(locks[i]) && tt_lock_release(locks[i]) < 0)
            return -1;
    return tt_condition_locked(condition) ? tt_condition_release(condition) : 0;
}

static int main_coroutine(void *arg)
{
    (void)arg;
    open_objects();
    for (int i = 0; i < 6; i++)
        create();
    for (int i = 0; i < 40; i++)
        if (tt_sleep(0) < 0)
            return -1;
    log_state();
    for (int i = 0; i < 200 && cancel_pending(); i++) {
        for (int j = 0; j < 3; j++)
            if (tt_sleep(0) < 0)
                return -1;
        if (unlock_all() < 0)
            return -1;
    }
    log_state();
    return 0;
}

static const struct random_program random_sync = {"random_sync", main_coroutine, close_objects};

static void random_synchronisation_runs_as_in_cpython(void **state)
{
    (void)state;
    expect_random_programs(&random_sync);
}

static void random_synchronisation_runs_as_in_this_machines_python(void **state)
{
    (void)state;
    expect_random_programs_of_this_machines_python(&random_sync);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(random_synchronisation_runs_as_in_cpython),
    cmocka_unit_test_on_stage(random_synchronisation_runs_as_in_this_machines_python),
};

TT_TEST_MAIN(cases)
