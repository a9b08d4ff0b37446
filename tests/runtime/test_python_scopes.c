/* Random programs of timeouts, task groups and wait_for, nested in each other and cancelled from outside: python/scopes.py,
 * written again. python/scopes.expected is what CPython 3.13 wrote; both make the same programs out of the same random numbers,
 * drawn while they run, so that one step in another order makes everything after it differ. */
#include "group_stage.h"
#include "python_program.h"

enum { PROGRAMS = 150, UNIT_NS = 1953125 /* 1/512 s */ };

static uint64_t random_state;

static int draw(int below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (uint64_t)below);
}

static long long now(void)
{
    return (long long)(tt_loop_time(stage_loop) / UNIT_NS);
}

/* What one body does. Lies in its task, or in the frame of the body around it. */
struct body {
    char label[48];
    int depth;
};

struct draws {
    int kind, duration, act, limit, children;
};

static int run_body(void *arg);

static struct body body_in(const struct body *outer, const char *suffix)
{
    struct body body = {.depth = outer->depth + 1};

    snprintf(body.label, sizeof body.label, "%.40s%s", outer->label, suffix);
    return body;
}

static int inner(const struct body *body, const struct draws *draws)
{
    if (tt_sleep((int64_t)draws->duration * UNIT_NS) < 0)
        return -1;
    if (draws->act == 7)
        return tt_raise(&tt_ValueError, "%s", body->label);
    if (body->depth < 4 && (draws->act == 4 || draws->act == 5)) {
        struct body nested = body_in(body, "i");

        return run_body(&nested);
    }
    return 0;
}

static int in_timeout(const struct body *body, const struct draws *draws)
{
    tt_timeout *timeout = tt_timeout_enter((int64_t)draws->limit * UNIT_NS);

    return tt_timeout_exit(timeout, inner(body, draws));
}

static int in_group(const struct body *body, const struct draws *draws)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    for (int i = 0; i < draws->children && rc == 0; i++) {
        struct body child = body_in(body, (char[]){(char)('0' + i), '\0'});
        tt_task *task = tt_group_create_task_copy(group, run_body, &child, sizeof child, NULL);

        rc = task ? 0 : -1;
        tt_task_unref(task);
    }
    if (rc == 0)
        rc = inner(body, draws);
    return tt_group_exit(group, rc);
}

static int in_wait_for(const struct body *body, const struct draws *draws)
{
    struct body waited = body_in(body, "w");
    tt_task *task = tt_create_task_copy(run_body, &waited, sizeof waited, NULL);
    int rc = tt_wait_for(task, (int64_t)draws->limit * UNIT_NS, NULL);

    tt_task_unref(task);
    return rc;
}

static int run_body(void *arg)
{
    static int (*const kinds[])(const struct body *, const struct draws *) = {in_timeout, in_group, in_wait_for, inner};
    const struct body *body = arg;
    struct draws draws;
    char tree[1024];
    int rc;

    note("%lld %s begins", now(), body->label);
    draws.kind = body->depth < 4 ? draw(4) : 3;
    draws.duration = draw(40);
    draws.act = draw(8);
    draws.limit = draw(60);
    draws.children = 1 + draw(3);
    rc = kinds[draws.kind](body, &draws);
    if (rc == 0) {
        note("%lld %s returns, cancelling %u", now(), body->label, tt_task_cancelling(tt_current_task()));
        return 0;
    }
    write_tree(tt_exc_pending(), tree, sizeof tree);
    note("%lld %s %s cancelling %u", now(), body->label, tree, tt_task_cancelling(tt_current_task()));
    return draws.act == 6 && tt_catch(&tt_BaseException) ? tt_catch_end() : rc;
}

static int run_programs(void *arg)
{
    char tree[1024];

    (void)arg;
    for (int program = 0; program < PROGRAMS; program++) {
        struct body body = {.depth = 0};
        tt_task *task;

        random_state = (uint64_t)program;
        snprintf(body.label, sizeof body.label, "%d:", program);
        task = tt_create_task_copy(run_body, &body, sizeof body, NULL);
        if (draw(2)) {
            if (tt_sleep((int64_t)draw(50) * UNIT_NS) < 0)
                return -1;
            tt_task_cancel(task, NULL);
        }
        if (tt_await(task) < 0) {
            write_tree(tt_exc_pending(), tree, sizeof tree);
            note("%lld %d %s", now(), program, tree);
            if (tt_catch(&tt_BaseException) && tt_catch_end() < 0)
                return -1;
        }
        tt_task_unref(task);
    }
    return 0;
}

static void random_programs_of_scopes_run_as_in_cpython(void **state)
{
    (void)state;
    assert_true(stage_run(run_programs, NULL));
    expect_program("scopes");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_virtual_stage(random_programs_of_scopes_run_as_in_cpython),
};

TT_TEST_MAIN(cases)
