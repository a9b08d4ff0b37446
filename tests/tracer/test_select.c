/* What is recorded is selected anew while the program runs, by itself and from outside, and the store says what was recorded when: event
 * categories_selected, view selections. */
#include "harness.h"
#include "studio_case.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "select_outside.h"
#include "writer.h"

static void record(studio_program_fn program)
{
    studio_record(&studio, NULL, program);
    studio_expect_sound(&studio);
}

static uint64_t store_failure(void)
{
    uint64_t id = studio_create_task("fails", TT_HERE);
    TT_EMIT(failure_stored, .failure_id = id, .kind = TT_OBJECT_KIND_TASK, .how = TT_FAILURE_HOW_RAISED,
            .handle_count = 1, .loop_id = 1);
    TT_EMIT(task_finished, .task_id = id, .outcome = TT_OUTCOME_FAILED, .step_count = 1);
    return id;
}

/* ------------------------------------------------------------------------------------------------------- what is told */

static void select_details(void *argument)
{
    (void)argument;
    tt_trace_note(0, "a", "on");
    assert_int_equal(tt_trace_select_list("+io,-user"), TT_TRACE_RECORDING);
    tt_trace_note(0, "b", "off");
    TT_EMIT(io_started, .io_id = tt_trace_new_id());
    assert_int_equal(tt_trace_select(TT_CATEGORY_DEFAULT, 0), TT_TRACE_RECORDING);
    tt_trace_note(0, "c", "on");
    TT_EMIT(io_started, .io_id = tt_trace_new_id());
}

static void what_is_off_is_not_recorded_and_the_store_says_when(void **state)
{
    (void)state;
    record(select_details);
    studio_expect(&studio, "SELECT group_concat(key) FROM (SELECT key FROM note ORDER BY noted_ns)", "a,c");
    studio_expect(&studio, "SELECT count(*) FROM io", "1");
    studio_expect(&studio, "SELECT category, is_on, by FROM selections ORDER BY category, from_ns",
                  "io|0|NULL\nio|1|program\nio|0|program\nuser|1|NULL\nuser|0|program\nuser|1|program");
    studio_expect(
        &studio,
        "SELECT (SELECT noted_ns FROM note WHERE key = 'a') <= from_ns AND until_ns <= (SELECT noted_ns FROM note"
        " WHERE key = 'c') FROM selections WHERE category = 'user' AND NOT is_on",
        "1");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0"); /* no answer rests on these */
}

static void change_nothing(void *argument)
{
    (void)argument;
    assert_int_equal(tt_trace_select(TT_CATEGORY_DEFAULT, 1), TT_TRACE_RECORDING);
    assert_int_equal(tt_trace_select_list("+user"), TT_TRACE_RECORDING);
    assert_int_equal(tt_trace_select_list("default"), TT_TRACE_RECORDING);
    uint32_t categories, step_every;
    tt_trace_get_selection(&categories, &step_every); /* and nothing was */
    assert_int_equal(categories, TT_CATEGORY_DEFAULT);
    assert_int_equal(step_every, 1);
}

static void what_changes_nothing_is_not_told(void **state)
{
    (void)state;
    record(change_nothing);
    studio_expect(&studio, "SELECT count(*) FROM selection", "0");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
}

static void select_vital(void *argument)
{
    (void)argument;
    assert_int_equal(tt_trace_select_list("+vital"), TT_TRACE_RECORDING);
    tt_trace_note(0, "plain", "event");
    store_failure();
    assert_int_equal(tt_trace_select_list("-vital"), TT_TRACE_RECORDING);
    tt_trace_note(0, "again", "event");
}

static void vital_leaves_out_details_alone(void **state)
{
    (void)state;
    record(select_vital);
    studio_expect(&studio, "SELECT key FROM note", "again");
    studio_expect(&studio, "SELECT outcome, created_ns IS NULL FROM tasks", "failed|1");
    studio_expect(&studio, "SELECT state FROM failures", "lost"); /* held when its process exited */
    studio_expect(&studio, "SELECT category, is_on FROM selections ORDER BY from_ns",
                  "details|1\ndetails|0\ndetails|1");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
}

/* ------------------------------------------------------------------------------------- what answers must not rest on */

static uint64_t dumped_failure, dumped_task;

static void tell_again(void *argument)
{
    (void)argument;
    if (dumped_failure)
        TT_EMIT(failure_dumped, .failure_id = dumped_failure, .kind = TT_OBJECT_KIND_TASK, .handle_count = 1,
                .loop_id = 1);
    if (dumped_task)
        TT_EMIT(task_dumped, .task_id = dumped_task, .state = TT_TASK_STATE_READY, .loop_id = 1);
}

/* Two failures and two tasks: of each one goes while nothing is told of such. */
static void select_vital_categories(void *argument)
{
    struct tt_trace_dumper dumper = {.fn = tell_again};
    bool comes_back = *(bool *)argument;
    tt_trace_add_dumper(&dumper);
    uint64_t seen = store_failure(), task = studio_create_task("ends", TT_HERE);
    dumped_failure = store_failure();
    dumped_task = studio_create_task("stays", TT_HERE);
    assert_int_equal(tt_trace_select_list("-failure,-task"), TT_TRACE_RECORDING);
    TT_EMIT(failure_touched, .failure_id = seen, .is_user = 1);
    TT_EMIT(failure_released, .failure_id = seen, .user_touch_count = 1);
    TT_EMIT(task_finished, .task_id = task, .outcome = TT_OUTCOME_RETURNED);
    if (comes_back)
        assert_int_equal(tt_trace_select_list("+failure,+task"), TT_TRACE_RECORDING);
    studio_reach(1); /* is killed here */
}

static void run_vital(bool comes_back)
{
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, select_vital_categories, &comes_back, 0);
    studio_await(1);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM selection", comes_back ? "2" : "1");
    if (comes_back)
        studio_expect_within(&studio, 20000, "SELECT count(*) FROM task WHERE dumped_ns IS NOT NULL", "1");
    studio_expect(&studio, "SELECT f.state FROM failures AS f ORDER BY f.failure_id",
                  comes_back ? "unknown\nheld" : "unknown\nunknown");
    studio_expect(&studio, "SELECT t.outcome FROM tasks AS t WHERE name IN ('ends', 'stays') ORDER BY name",
                  comes_back ? "unknown\npending" : "unknown\nunknown");
    studio_expect(&studio, "SELECT detail, why, is_vital, to_ns IS NOT NULL FROM losses ORDER BY detail",
                  comes_back ? "failure|program|1|1\ntask|program|1|1" : "failure|program|1|0\ntask|program|1|0");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
}

static void what_may_have_ended_while_it_was_off_is_unknown_and_what_is_told_again_is_there(void **state)
{
    (void)state;
    run_vital(true);
}

static void what_is_off_until_the_end_leaves_everything_unknown(void **state)
{
    (void)state;
    run_vital(false);
}

static void add_a_detail(void *argument)
{
    (void)argument;
    store_failure();
    assert_int_equal(tt_trace_select_list("+io"), TT_TRACE_RECORDING);
    assert_int_equal(tt_trace_select_list("-io"), TT_TRACE_RECORDING);
    studio_reach(1);
}

static void a_detail_that_comes_and_goes_makes_no_failure_uncertain(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, add_a_detail, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM selection", "2");
    studio_expect(&studio, "SELECT state FROM failures", "held");
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
}

/* ------------------------------------------------------------------------------------------------------------- steps */

static void take_step(uint64_t task, uint32_t number)
{
    if (tt_trace_steps_on(task))
        TT_EMIT(task_resumed, .task_id = task, .step_number = number);
    if (tt_trace_steps_on(task))
        TT_EMIT(task_suspended, .task_id = task, .state = TT_TASK_STATE_WAITING, .wait_kind = TT_WAIT_KIND_SLEEP);
    if (tt_trace_steps_on(task) && number != 3) /* that wait goes on when steps are switched off */
        TT_EMIT(task_woken, .task_id = task, .by = TT_ACTOR_TIMER);
}

static void select_steps(void *argument)
{
    (void)argument;
    uint64_t task = studio_create_task("walks", TT_HERE);
    for (uint32_t number = 1; number <= 6; number++) {
        if (number == 2 || number == 5)
            assert_int_equal(tt_trace_select_list("+step"), TT_TRACE_RECORDING);
        if (number == 4)
            assert_int_equal(tt_trace_select_list("-step"), TT_TRACE_RECORDING);
        take_step(task, number);
    }
}

static void steps_that_were_not_recorded_join_nothing(void **state)
{
    (void)state;
    record(select_steps);
    studio_expect(
        &studio,
        "SELECT step_number, after_kind, ready_ns IS NULL, wait_kind, wait_ended_ns IS NULL FROM steps ORDER BY 1",
        "2|NULL|1|sleep|0\n3|sleep|0|sleep|1\n5|NULL|1|sleep|0\n6|sleep|0|sleep|0");
}

/* A task reads, has a lock and waits; all of that is over while nothing is told of it. */
static void select_in_the_middle(void *argument)
{
    (void)argument;
    assert_int_equal(tt_trace_select_list("+io,resource,step"), TT_TRACE_RECORDING);
    uint64_t task = studio_create_task("reads", TT_HERE), io = tt_trace_new_id(), lock = tt_trace_new_id();
    TT_EMIT(task_started, .task_id = task);
    take_step(task, 1);
    TT_EMIT(resource_created, .resource_id = lock, .kind = TT_RESOURCE_KIND_LOCK);
    TT_EMIT(resource_granted, .resource_id = lock, .task_id = task, .wait_kind = TT_WAIT_KIND_LOCK);
    TT_EMIT(io_started, .io_id = io, .task_id = task, .what = TT_IO_KIND_READ);
    take_step(task, 3); /* it waits */
    tt_trace_note(task, "waits", "");
    assert_int_equal(tt_trace_select_list("-io,-resource,-step"), TT_TRACE_RECORDING);
    TT_EMIT(io_finished, .io_id = io, .task_id = task, .what = TT_IO_KIND_READ, .status = TT_IO_END_DONE);
    TT_EMIT(resource_released, .resource_id = lock, .kind = TT_RESOURCE_KIND_LOCK);
    take_step(task, 4);
    tt_trace_note(task, "is dark", "");
    studio_reach(1);
}

static void what_was_under_way_when_its_category_went_off_is_not_taken_for_open(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, select_in_the_middle, NULL, 0);
    studio_await(1);
    studio_expect_within(&studio, 20000, "SELECT count(*) FROM note", "2");
    studio_expect(&studio, "SELECT what, state, ended_ns FROM ios", "read|unknown|NULL");
    studio_expect(&studio, "SELECT kind, holder_id, is_holder_known FROM resources", "lock|NULL|0");
    studio_expect(&studio, "SELECT state, wait_kind FROM instant((SELECT noted_ns FROM note WHERE key = 'waits'))",
                  "waiting|sleep");
    studio_expect(&studio, "SELECT count(*) FROM instant((SELECT noted_ns FROM note WHERE key = 'is dark'))", "0");
    studio_let_pass(1);
    assert_int_equal(studio_wait(program), 0);
}

/* ---------------------------------------------------------------------------------------------------- threads, children */

enum { THREADS = 4, SELECTIONS = 200 };

static void *emit_and_select(void *argument)
{
    (void)argument;
    for (int i = 0; i < SELECTIONS; i++) {
        if (tt_trace_select(i % 2 ? TT_CATEGORY_DEFAULT : TT_CATEGORY_DEFAULT | TT_CATEGORY_io, 0) !=
            TT_TRACE_RECORDING)
            return argument;
        for (int j = 0; j < 10; j++)
            TT_EMIT(io_started, .io_id = tt_trace_new_id());
        tt_trace_note(0, "thread", "goes on");
    }
    return NULL;
}

static void select_on_threads(void *argument)
{
    pthread_t threads[THREADS];
    void *result;
    (void)argument;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, emit_and_select, &studio), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], &result), 0);
        assert_null(result);
    }
}

static void threads_that_select_and_emit_lose_nothing(void **state)
{
    (void)state;
    record(select_on_threads);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), THREADS * SELECTIONS);
    studio_expect(&studio, "SELECT count(*) FROM losses", "0");
}

static void fork_after_selecting(void *argument)
{
    uint32_t categories, step_every;
    (void)argument;
    assert_int_equal(tt_trace_select_list("+step/7,-user"), TT_TRACE_RECORDING);
    pid_t child = fork();
    if (child == 0) {
        tt_trace_get_selection(&categories, &step_every);
        tt_trace_note(0, "child", "off");
        studio_create_task("of the child", TT_HERE);
        exit(categories == ((TT_CATEGORY_DEFAULT | TT_CATEGORY_step) & ~(uint32_t)TT_CATEGORY_user) && step_every == 7
                 ? 0
                 : 1);
    }
    assert_int_equal(studio_wait(child), 0);
}

static void a_child_begins_with_what_its_parent_has_selected(void **state)
{
    (void)state;
    record(fork_after_selecting);
    studio_expect(&studio, "SELECT count(*), max(step_every) FROM processes", "2|7");
    studio_expect(&studio, "SELECT count(*) FROM note", "0");
    studio_expect(&studio, "SELECT categories & 1024 FROM process WHERE process_id = 1", "1024");
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    uint32_t categories = 5, step_every = 5;
    assert_int_equal(tt_trace_select(TT_CATEGORY_task, 1), TT_TRACE_OFF);
    assert_int_equal(tt_trace_select_list("+io"), TT_TRACE_OFF);
    assert_int_equal(tt_trace_select(1u << 20, 1), -EINVAL);
    assert_int_equal(tt_trace_select(TT_TRACE_VITAL_ONLY, 1), -EINVAL);
    assert_int_equal(tt_trace_select_list("+nonsense"), -EINVAL);
    assert_int_equal(tt_trace_select_list("step/0"), -EINVAL);
    assert_int_equal(tt_trace_select_list(""), -EINVAL);
    assert_int_equal(tt_trace_select_list(NULL), -EINVAL);
    tt_trace_get_selection(&categories, &step_every);
    assert_int_equal(categories, 0);
    assert_int_equal(step_every, 0);
}

/* ------------------------------------------------------------------------------------------------------ from outside */

static void wait_on_board(void *argument)
{
    struct tt_board_entry entry = {.state = TT_TASK_STATE_WAITING, .wait_kind = TT_WAIT_KIND_SLEEP};
    (void)argument;
    uint64_t task = studio_create_task("server", TT_HERE);
    tt_board_slot *slot = tt_board_claim(task, 0, 1, TT_HERE, "server", 0);
    studio_reach(1); /* says nothing while it stands still */
    tt_board_write(slot, &entry);
    TT_EMIT(io_started, .io_id = tt_trace_new_id(), .task_id = task);
    studio_reach(2);
    tt_board_release(slot);
}

static unsigned told_count, taken_count;

static void count_outcome(void *context, const struct tt_select_outcome *outcome)
{
    (void)context;
    told_count++;
    taken_count += outcome->is_taken;
    assert_false(outcome->is_foreign);
}

static void somebody_else_selects_and_the_process_takes_it_when_a_task_goes_on(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    assert_int_equal(tt_select_outside(studio.ring_dir, "+io", 0, 0, count_outcome, NULL), 0);
    pid_t program = studio_start_program(&studio, wait_on_board, NULL, 0);
    studio_await(1);
    assert_int_equal(tt_select_outside(studio.ring_dir, "+nonsense", 0, 0, count_outcome, NULL), -EINVAL);
    assert_int_equal(tt_select_outside("/nowhere", "+io", 0, 0, count_outcome, NULL), -ENOENT);
    assert_int_equal(tt_select_outside(studio.ring_dir, "+io", 1, 0, count_outcome, NULL), 0);
    told_count = taken_count = 0;
    assert_int_equal(tt_select_outside(studio.ring_dir, "+io", (uint32_t)program, 20, count_outcome, NULL), 1);
    assert_int_equal(told_count, 1);
    assert_int_equal(taken_count, 0);                                                            /* it says nothing */
    assert_int_equal(tt_select_outside(studio.ring_dir, "+turn", 0, 0, count_outcome, NULL), 1); /* as well */
    studio_let_pass(1);
    studio_await(2);
    studio_expect_within(&studio, 20000, "SELECT by, categories & 2560 FROM selection", "2|2560");
    studio_let_pass(2);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect(&studio, "SELECT count(*) FROM io", "1");
    studio_expect(&studio, "SELECT category, by FROM selections WHERE is_on ORDER BY category",
                  "io|outside\nturn|outside");
}

/* The names in the view are those of events.def. */
static void the_view_knows_each_category(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned bit, is_usual;
    } all[] = {
#define TT_CATEGORY(bit, name, default_on, text) {#name, bit, default_on},
#include "events.def"
    };
    uint32_t vital = 0;
#define TT_EVENT(number, name, category, level, text, fields) \
    vital |= (level) == 1 ? (uint32_t)TT_CATEGORY_##category : 0;
    enum { TT_LEVEL_PLAIN, TT_LEVEL_VITAL };
#include "events.def"
    record(select_details);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char text[64];
        snprintf(text, sizeof text, "(%u, '%s', %u, %u)", all[i].bit, all[i].name, vital >> all[i].bit & 1,
                 all[i].is_usual);
        char sql[256];
        snprintf(sql, sizeof sql, "SELECT instr(sql, \"%s\") > 0 FROM sqlite_master WHERE name = 'selections'", text);
        if (studio_number(&studio, sql) != 1)
            fail_msg("views/selections.sql has no line %s", text);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(what_is_off_is_not_recorded_and_the_store_says_when),
    cmocka_unit_test_in_studio(what_changes_nothing_is_not_told),
    cmocka_unit_test_in_studio(vital_leaves_out_details_alone),
    cmocka_unit_test_in_studio(what_may_have_ended_while_it_was_off_is_unknown_and_what_is_told_again_is_there),
    cmocka_unit_test_in_studio(what_is_off_until_the_end_leaves_everything_unknown),
    cmocka_unit_test_in_studio(a_detail_that_comes_and_goes_makes_no_failure_uncertain),
    cmocka_unit_test_in_studio(steps_that_were_not_recorded_join_nothing),
    cmocka_unit_test_in_studio(what_was_under_way_when_its_category_went_off_is_not_taken_for_open),
    cmocka_unit_test_in_studio(threads_that_select_and_emit_lose_nothing),
    cmocka_unit_test_in_studio(a_child_begins_with_what_its_parent_has_selected),
    cmocka_unit_test_in_studio(mistakes_are_refused),
    cmocka_unit_test_in_studio(somebody_else_selects_and_the_process_takes_it_when_a_task_goes_on),
    cmocka_unit_test_in_studio(the_view_knows_each_category),
};

TT_TEST_MAIN(cases)
