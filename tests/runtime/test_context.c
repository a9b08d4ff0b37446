/* Context variables: what a set changes and what not, tokens, contexts as objects. contextvars. In which context tasks and
 * callbacks run: test_context_of.c. */
#include "stage.h"

#include <pthread.h>

#include "context_internal.h"

static TT_CONTEXT_VAR(word, "default");
static TT_CONTEXT_VAR_NO_DEFAULT(other);
static TT_CONTEXT_VAR_NO_DEFAULT(owned);

static const char *get(const tt_context_var *var)
{
    return tt_context_var_get_or(var, var->has_default ? var->default_value : "nothing");
}

static int set(const tt_context_var *var, const char *value)
{
    return tt_context_var_set(var, (void *)value, NULL, NULL);
}

static int set_word(void *value)
{
    return set(&word, value);
}

static int say_word(void *label)
{
    note("%s: %s", (const char *)label, get(&word));
    return 0;
}

/* What a test sets on its thread must not stay there. */
static int close_context_stage(void **state)
{
    tt_context_unref(tt__thread_context);
    tt__thread_context = NULL;
    return stage_close(state);
}

#define cmocka_unit_test_in_context(...) STAGE_CASE(__VA_ARGS__, stage_open, close_context_stage)

/* ---------------------------------------------------------------------------------------------------- get, set, reset */

static void a_variable_that_is_not_set_has_its_default(void **state)
{
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_context_var_get(&word, &value), 0);
    assert_string_equal(value, "default");
    assert_string_equal(tt_context_var_get_or(&word, "fallback"), "fallback");
}

static void without_a_default_it_is_a_lookup_error(void **state)
{
    void *value = "untouched";
    char wanted[128];

    (void)state;
    assert_int_equal(tt_context_var_get(&other, &value), -1);
    snprintf(wanted, sizeof wanted, "<ContextVar name='other' at %p>", (const void *)&other);
    assert_string_equal(tt_exc_message(tt_exc_pending()), wanted);
    assert_true(tt_catch(&tt_LookupError));
    assert_int_equal(tt_catch_end(), 0);
    assert_string_equal(value, "untouched");
}

static void a_reset_brings_back_what_was_before(void **state)
{
    tt_context_token *first = NULL, *second = NULL;
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_context_var_set(&other, "42", NULL, &first), 0);
    assert_string_equal(get(&other), "42");
    assert_false(tt_context_token_old_value(first, &value));
    assert_ptr_equal(tt_context_token_var(first), &other);
    assert_int_equal(tt_context_var_set(&other, "spam", NULL, &second), 0);
    assert_string_equal(get(&other), "spam");
    assert_true(tt_context_token_old_value(second, &value));
    assert_string_equal(value, "42");
    assert_int_equal(tt_context_var_reset(&other, second), 0);
    assert_string_equal(get(&other), "42");
    assert_int_equal(tt_context_var_reset(&other, first), 0);
    assert_string_equal(get(&other), "nothing");
    tt_context_token_unref(first);
    tt_context_token_unref(second);
}

static void a_token_is_used_once(void **state)
{
    tt_context_token *token = NULL;
    char wanted[160];

    (void)state;
    assert_int_equal(tt_context_var_set(&word, "1", NULL, &token), 0);
    assert_int_equal(tt_context_var_reset(&word, token), 0);
    assert_int_equal(set(&word, "2"), 0);
    assert_int_equal(tt_context_var_reset(&word, token), -1);
    snprintf(wanted, sizeof wanted, "<Token used var=<ContextVar name='word' at %p> at %p> has already been used once",
             (const void *)&word, (void *)token);
    assert_string_equal(tt_exc_message(tt_exc_pending()), wanted);
    assert_true(tt_catch(&tt_RuntimeError));
    assert_int_equal(tt_catch_end(), 0);
    assert_string_equal(get(&word), "2");
    tt_context_token_unref(token);
}

static void a_token_belongs_to_its_variable(void **state)
{
    tt_context_token *token = NULL;

    (void)state;
    assert_int_equal(tt_context_var_set(&word, "1", NULL, &token), 0);
    assert_int_equal(tt_context_var_reset(&other, token), -1);
    assert_non_null(strstr(tt_exc_message(tt_exc_pending()), "> was created by a different ContextVar"));
    assert_true(tt_catch(&tt_ValueError));
    assert_int_equal(tt_catch_end(), 0);
    assert_string_equal(get(&word), "1");
    tt_context_token_unref(token);
}

static int set_with_token(void *token)
{
    return tt_context_var_set(&word, "within", NULL, token);
}

static void a_token_belongs_to_its_context(void **state)
{
    tt_context *context = tt_context_create();
    tt_context_token *token = NULL;

    (void)state;
    assert_int_equal(tt_context_run(context, set_with_token, &token), 0);
    assert_int_equal(tt_context_var_reset(&word, token), -1);
    assert_non_null(strstr(tt_exc_message(tt_exc_pending()), "> was created in a different Context"));
    assert_true(tt_catch(&tt_ValueError));
    assert_int_equal(tt_catch_end(), 0);
    tt_context_token_unref(token);
    tt_context_unref(context);
}

static void many_variables_are_kept_apart(void **state)
{
    static tt_context_var vars[100];
    tt_context *copy;
    void *value;

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        size_t at = i * 37 % 100; /* in no order */

        vars[at] = (tt_context_var){.name = "many"};
        assert_int_equal(tt_context_var_set(&vars[at], &vars[at], NULL, NULL), 0);
    }
    copy = tt_copy_context();
    assert_int_equal(tt_context_count(copy), 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(tt_context_var_get(&vars[i], &value), 0);
        assert_ptr_equal(value, &vars[i]);
        assert_ptr_equal(tt_context_var_at(copy, i), &vars[i]); /* sorted, but that is nobody's business */
    }
    assert_int_equal(set(&vars[50], "changed"), 0);
    assert_true(tt_context_get(copy, &vars[50], &value));
    assert_ptr_equal(value, &vars[50]);
    tt_context_unref(copy);
}

/* ------------------------------------------------------------------------------------------------------------ values */

static int released;

static void release(void *value)
{
    free(value);
    released++;
}

static void a_value_is_released_with_the_last_context_that_has_it(void **state)
{
    tt_context *copy, *second;

    (void)state;
    released = 0;
    assert_int_equal(tt_context_var_set(&owned, malloc(8), release, NULL), 0);
    copy = tt_copy_context();
    second = tt_context_copy(copy);
    assert_int_equal(tt_context_var_set(&owned, malloc(8), release, NULL), 0);
    assert_int_equal(released, 0); /* the copies have the first */
    tt_context_unref(copy);
    assert_int_equal(released, 0);
    tt_context_unref(second);
    assert_int_equal(released, 1);
    assert_int_equal(tt_context_var_set(&owned, malloc(8), release, NULL), 0);
    assert_int_equal(released, 2);
}

static void a_token_keeps_the_value_of_before(void **state)
{
    tt_context_token *token = NULL;
    void *value = NULL;

    (void)state;
    released = 0;
    assert_int_equal(tt_context_var_set(&owned, malloc(8), release, NULL), 0);
    assert_int_equal(tt_context_var_set(&owned, malloc(8), release, &token), 0);
    assert_true(tt_context_token_old_value(token, &value));
    assert_int_equal(tt_context_var_reset(&owned, token), 0);
    assert_int_equal(released, 1); /* the second value */
    assert_ptr_equal(tt_context_var_get_or(&owned, NULL), value);
    tt_context_token_unref(token);
    assert_int_equal(released, 1);
}

static void without_memory_a_value_that_was_to_be_set_is_released(void **state)
{
    long number = 0, before;
    bool has_failed;

    (void)state;
    released = 0;
    do {
        void *value = malloc(8);
        tt_context_token *token = NULL;
        int rc;

        before = released;
        allocation_fail(++number, false);
        rc = tt_context_var_set(&owned, value, release, &token);
        has_failed = allocation_has_failed();
        allocation_fail(0, false);
        assert_int_equal(rc, has_failed ? -1 : 0);
        if (has_failed) {
            assert_int_equal(released, before + 1);
            assert_true(tt_catch(&tt_MemoryError));
            assert_int_equal(tt_catch_end(), 0);
        }
        tt_context_token_unref(token);
    } while (has_failed);
    assert_true(number > 3);
}

/* ------------------------------------------------------------------------------------------------------- contexts, run */

static int look_around(void *context)
{
    void *value = NULL;

    note("word: %s", get(&word));
    note("in the context: %d", tt_context_get(context, &word, &value));
    if (set(&word, "42") < 0)
        return -1;
    note("word: %s", get(&word));
    note("in the context: %s", tt_context_get(context, &word, &value) ? (char *)value : "nothing");
    return 0;
}

static void what_a_run_sets_stays_in_its_context(void **state)
{
    tt_context *context = tt_context_create();

    (void)state;
    assert_int_equal(set(&word, "outside"), 0);
    assert_int_equal(tt_context_run(context, look_around, context), 0);
    expect_notes("word: default", "in the context: 0", "word: 42", "in the context: 42");
    assert_string_equal(get(&word), "outside");
    assert_int_equal(tt_context_run(context, say_word, "again"), 0);
    expect_notes("again: 42");
    tt_context_unref(context);
}

static int set_and_raise(void *arg)
{
    (void)arg;
    if (set(&other, "spam") < 0)
        return -1;
    return tt_raise(&tt_ZeroDivisionError, "division by zero");
}

static void an_exception_leaves_the_run_and_the_context_is_left(void **state)
{
    tt_context *context = tt_context_create();

    (void)state;
    assert_int_equal(tt_context_run(context, set_and_raise, NULL), -1);
    assert_int_equal(note_and_drop("run"), 0);
    expect_notes("run: ZeroDivisionError('division by zero')");
    assert_string_equal(get(&other), "nothing");
    assert_int_equal(tt_context_run(context, say_word, "can be entered again"), 0);
    expect_notes("can be entered again: default");
    tt_context_unref(context);
}

static int say_other(void *label)
{
    note("%s: %s", (const char *)label, get(&other));
    return 0;
}

static tt_context *copied;

static int run_nested(void *inner)
{
    say_other("first");
    if (set(&other, "spam") < 0 || tt_context_run(inner, say_other, "nested") < 0)
        return -1;
    say_other("after");
    copied = tt_copy_context();
    return copied ? 0 : -1;
}

static void runs_nest_and_do_not_see_each_other(void **state)
{
    tt_context *outer = tt_context_create(), *inner = tt_context_create();
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_context_run(outer, run_nested, inner), 0);
    expect_notes("first: nothing", "nested: nothing", "after: spam");
    assert_int_equal(tt_context_count(copied), 1);
    assert_true(tt_context_get(copied, &other, &value));
    assert_string_equal(value, "spam");
    assert_true(tt_context_get(outer, &other, &value));
    tt_context_unref(outer);
    tt_context_unref(inner);
    tt_context_unref(copied);
}

static int run_once_more(void *context)
{
    return tt_context_run(context, run_once_more, context);
}

static void a_context_is_entered_once_at_a_time(void **state)
{
    tt_context *context = tt_context_create();
    char wanted[128];

    (void)state;
    assert_int_equal(tt_context_run(context, run_once_more, context), -1);
    snprintf(wanted, sizeof wanted, "cannot enter context: <Context object at %p> is already entered", (void *)context);
    assert_string_equal(tt_exc_message(tt_exc_pending()), wanted);
    assert_true(tt_catch(&tt_RuntimeError));
    assert_int_equal(tt_catch_end(), 0);
    tt_context_unref(context);
}

static int change_copies(void *first)
{
    tt_context *second;
    void *value = NULL;

    if (set(&word, "10") < 0)
        return -1;
    second = tt_context_copy(first);
    if (set(&word, "20") < 0 || tt_context_run(second, set_word, "30") < 0)
        return -1;
    note("first: %s", tt_context_get(first, &word, &value) ? (char *)value : "nothing");
    note("second: %s", tt_context_get(second, &word, &value) ? (char *)value : "nothing");
    tt_context_unref(second);
    return 0;
}

static void a_copy_and_its_original_change_apart(void **state)
{
    tt_context *context = tt_context_create();

    (void)state;
    assert_int_equal(tt_context_run(context, change_copies, context), 0);
    expect_notes("first: 20", "second: 30");
    tt_context_unref(context);
}

static void a_copy_of_the_current_context_sees_nothing_that_is_set_later(void **state)
{
    tt_context_token *token = NULL;
    tt_context *before, *after;
    void *value = NULL;

    (void)state;
    assert_int_equal(tt_context_var_set(&other, "spam", NULL, &token), 0);
    before = tt_copy_context();
    assert_int_equal(tt_context_var_reset(&other, token), 0);
    after = tt_copy_context();
    assert_int_equal(tt_context_count(before), 1);
    assert_ptr_equal(tt_context_var_at(before, 0), &other);
    assert_true(tt_context_get(before, &other, &value));
    assert_string_equal(value, "spam");
    assert_int_equal(tt_context_count(after), 0);
    assert_false(tt_context_get(after, &other, &value));
    tt_context_token_unref(token);
    tt_context_unref(before);
    tt_context_unref(after);
}

static int suspend(void *arg)
{
    (void)arg;
    return tt_sleep(0);
}

static int suspend_in_a_run(void *arg)
{
    tt_context *context = tt_context_create();
    int rc = tt_context_run(context, suspend, NULL);

    (void)arg;
    tt_context_unref(context);
    return rc;
}

static void what_runs_in_a_context_cannot_suspend(void **state)
{
    (void)state;
    assert_false(stage_run(suspend_in_a_run, NULL));
    expect_notes("main: RuntimeError('a callback cannot suspend: only a task can')");
}

static void *set_often(void *number)
{
    char values[10][16];

    for (int i = 0; i < 10; i++) {
        snprintf(values[i], sizeof values[i], "%ld-%d", (long)(intptr_t)number, i);
        if (set(&word, values[i]) < 0 || get(&word) != values[i])
            return "failed";
        sched_yield();
    }
    return NULL;
}

static void each_thread_has_a_context_of_its_own(void **state)
{
    pthread_t threads[8];
    void *result;

    (void)state;
    assert_int_equal(set(&word, "ours"), 0);
    for (intptr_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, set_often, (void *)i), 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], &result);
        assert_null(result);
    }
    assert_string_equal(get(&word), "ours");
}

/* ------------------------------------------------------------------------------------------------------------- main */

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_context(a_variable_that_is_not_set_has_its_default),
    cmocka_unit_test_in_context(without_a_default_it_is_a_lookup_error),
    cmocka_unit_test_in_context(a_reset_brings_back_what_was_before),
    cmocka_unit_test_in_context(a_token_is_used_once),
    cmocka_unit_test_in_context(a_token_belongs_to_its_variable),
    cmocka_unit_test_in_context(a_token_belongs_to_its_context),
    cmocka_unit_test_in_context(many_variables_are_kept_apart),
    cmocka_unit_test_in_context(a_value_is_released_with_the_last_context_that_has_it),
    cmocka_unit_test_in_context(a_token_keeps_the_value_of_before),
    cmocka_unit_test_in_context(without_memory_a_value_that_was_to_be_set_is_released),
    cmocka_unit_test_in_context(what_a_run_sets_stays_in_its_context),
    cmocka_unit_test_in_context(an_exception_leaves_the_run_and_the_context_is_left),
    cmocka_unit_test_in_context(runs_nest_and_do_not_see_each_other),
    cmocka_unit_test_in_context(a_context_is_entered_once_at_a_time),
    cmocka_unit_test_in_context(a_copy_and_its_original_change_apart),
    cmocka_unit_test_in_context(a_copy_of_the_current_context_sees_nothing_that_is_set_later),
    cmocka_unit_test_in_context(what_runs_in_a_context_cannot_suspend),
    cmocka_unit_test_in_context(each_thread_has_a_context_of_its_own),
};

TT_TEST_MAIN(cases)
