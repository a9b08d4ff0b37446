#!/bin/sh
# test_resources.sh: who has a lock and who waits for what, from the calls of a program to the report.
# shellcheck source-path=SCRIPTDIR source=case.sh disable=SC2154 # telltale and work are case.sh's
. "$(dirname "$0")/case.sh"

record_program() { # [OPTION...]
    install_prefix
    compile telltale program.c
    run "$telltale" record -o run.telltale "$@" -- ./program
}

# Two tasks take two locks, each in its own order.
write_deadlock() {
    cat >program.c <<'END'
#include <signal.h>
#include <telltale/telltale.h>
static tt_lock *ham, *eggs;
static int cook(void *arg)
{
    tt_lock *first = arg ? ham : eggs, *second = arg ? eggs : ham;
    if (tt_lock_acquire(first) < 0 || tt_sleep(0) < 0)
        return -1;
    return tt_lock_acquire(second);
}
static int app(void *arg)
{
    (void)arg;
    ham = tt_lock_create();
    eggs = tt_lock_create();
    (void)!tt_create_task_named(cook, ham, "first");
    (void)!tt_create_task_named(cook, NULL, "second");
    if (tt_sleep(TT_MSEC(20)) < 0)
        return -1;
    raise(SIGKILL);
    return 0;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
}

case_a_circle_through_locks_is_found() {
    write_deadlock
    record_program --events +resource
    expect_equal "$(ask run.telltale "SELECT kind, holder_text IS NOT NULL, waiting_count, created_at LIKE 'program.c:%' FROM resources
        ORDER BY resource_id")" 'lock|1|1|1
lock|1|1|1' 'the locks'
    expect_equal "$(ask run.telltale "SELECT t.name, h.name FROM tasks AS t JOIN resources AS r ON r.resource_id = t.wait_object
        JOIN tasks AS h ON h.task_id = r.holder_id WHERE t.wait_kind = 'lock' ORDER BY t.name")" 'first|second
second|first' 'who waits for whom'
    expect_equal "$(ask run.telltale "SELECT count(*) FROM leaks WHERE lint = 'await-cycle'")" 1 'circles'
}

case_without_the_category_nothing_is_said_of_holders() {
    write_deadlock
    record_program
    expect_equal "$(ask run.telltale "SELECT count(*) + (SELECT count(*) FROM leaks WHERE lint = 'await-cycle') FROM resources")" 0 'resources'
}

# Events resource_created, resource_waited, resource_granted, resource_released.
case_each_taking_and_giving_back_is_told_in_order() {
    cat >program.c <<'END'
#include <telltale/telltale.h>
static tt_lock *lock;
static tt_semaphore *semaphore;
static tt_queue *queue;
static tt_condition *condition;
static tt_event *event;
static tt_barrier *barrier;
static int worker(void *arg)
{
    void *item;
    (void)arg;
    if (tt_lock_acquire(lock) < 0 || tt_lock_release(lock) < 0)
        return -1;
    if (tt_semaphore_acquire(semaphore) < 0 || tt_semaphore_release(semaphore) < 0)
        return -1;
    if (tt_queue_get(queue, &item) < 0 || tt_event_wait(event) < 0)
        return -1;
    if (tt_condition_acquire(condition) < 0 || tt_condition_wait(condition) < 0 || tt_condition_release(condition) < 0)
        return -1;
    return tt_barrier_wait(barrier);
}
static int app(void *arg)
{
    (void)arg;
    lock = tt_lock_create();
    semaphore = tt_semaphore_create(1);
    queue = tt_queue_create(4, NULL);
    condition = tt_condition_create(NULL);
    event = tt_event_create();
    barrier = tt_barrier_create(2);
    tt_task *task = tt_create_task_named(worker, NULL, "worker");
    if (tt_lock_acquire(lock) < 0 || tt_semaphore_acquire(semaphore) < 0 || tt_sleep(0) < 0)
        return -1;
    if (tt_lock_release(lock) < 0 || tt_sleep(0) < 0 || tt_semaphore_release(semaphore) < 0 || tt_sleep(0) < 0)
        return -1;
    if (tt_queue_put(queue, queue) < 0 || tt_sleep(0) < 0)
        return -1;
    tt_event_set(event);
    if (tt_sleep(0) < 0 || tt_condition_acquire(condition) < 0 || tt_condition_notify(condition, 1) < 0 ||
        tt_condition_release(condition) < 0 || tt_barrier_wait(barrier) < 0 || tt_await(task) < 0)
        return -1;
    tt_task_unref(task);
    tt_lock_destroy(lock);
    tt_semaphore_destroy(semaphore);
    tt_queue_destroy(queue);
    tt_condition_destroy(condition);
    tt_event_destroy(event);
    tt_barrier_destroy(barrier);
    return 0;
}
int main(void)
{
    return tt_run(app, NULL);
}
END
    record_program --events +resource
    expect_status 0 record
    expect_equal "$(ask run.telltale 'SELECT kind, capacity, holder_id, waiting_count FROM resources ORDER BY resource_id')" 'lock|||0
semaphore|1||0
queue|4||0
condition|||0
lock|||0
event|||0
barrier|2||0
lock|||0' 'resources'
    "$telltale" query --format csv run.telltale "
        SELECT t.name || ' ' || substr(e.name, 10) || ' ' || r.kind AS line FROM event AS e
            JOIN resources AS r ON r.resource_id = json_extract(e.fields, '\$.resource_id') JOIN tasks AS t ON t.task_id = e.task_id
        WHERE e.category = 'resource' AND e.name <> 'resource_created' ORDER BY e.sequence" | tail -n +2 >told
    cat >expected <<'END'
Task-1 granted lock
Task-1 granted semaphore
worker waited lock
Task-1 released lock
worker granted lock
worker released lock
worker waited semaphore
Task-1 released semaphore
worker granted semaphore
worker released semaphore
worker waited queue
worker granted queue
worker waited event
worker granted event
worker granted lock
worker released lock
worker waited condition
Task-1 granted lock
Task-1 released lock
END
    head -n 19 told >beginning
    diff expected beginning >difference || fail "what is told: $(cat difference)"
    expect_equal "$(grep -c 'granted barrier' told)" 1 'the one that waited for the barrier'
    expect_equal "$(grep -c 'granted lock' told) $(grep -c 'granted semaphore' told)" \
        "$(grep -c 'released lock' told) $(grep -c 'released semaphore' told)" 'what is taken is given back'
    expect_equal "$("$telltale" query --format csv run.telltale "SELECT count(*) FROM event WHERE name = 'resource_created'" | tail -n 1)" 8 'created'
}

run_case "$@"
