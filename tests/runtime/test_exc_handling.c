/* Handling and putting aside: catches, cleanups, in which order they end, in tasks' states and in threads' own. */
#include "harness.h"

#include "exc_internal.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

static void catch_it(const tt_exc_type *type)
{
    assert_true(tt_catch(type));
    assert_null(tt_exc_pending());
}

/* -------------------------------------------------------------------------------------------------------- handling */

static void catch_takes_what_is_of_its_type_and_leaves_the_rest_pending(void **state)
{
    (void)state;
    assert_false(tt_catch(&tt_BaseException));
    tt_raise(&tt_KeyError, "k");
    assert_false(tt_catch(&tt_ValueError));
    assert_null(tt_exc_caught());
    assert_non_null(tt_exc_pending());
    catch_it(&tt_LookupError);
    assert_ptr_equal(tt_exc_type_of(tt_exc_caught()), &tt_KeyError);
    assert_int_equal(tt_catch_end(), 0);
    assert_null(tt_exc_caught());
}

static void caught_is_the_innermost(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "outer");
    catch_it(&tt_ValueError);
    tt_raise(&tt_TypeError, "inner");
    catch_it(&tt_TypeError);
    assert_string_equal(tt_exc_message(tt_exc_caught()), "inner");
    assert_int_equal(tt_catch_end(), 0);
    assert_string_equal(tt_exc_message(tt_exc_caught()), "outer");
    assert_int_equal(tt_catch_end(), 0);
}

static void handlings_nest_deeply(void **state)
{
    enum { DEPTH = 1000 };

    (void)state;
    for (int i = 0; i < DEPTH; i++) {
        tt_raise(&tt_ValueError, "%d", i);
        if (i % 3 == 0)
            tt_cleanup_begin();
        else
            catch_it(&tt_ValueError);
        assert_int_equal(atoi(tt_exc_message(tt_exc_caught())), i);
    }
    for (int i = DEPTH - 1; i >= 0; i--) {
        assert_int_equal(atoi(tt_exc_message(tt_exc_caught())), i);
        if (i % 3 == 0) {
            assert_int_equal(tt_cleanup_end(), -1);
            assert_int_equal(atoi(tt_exc_message(tt_exc_pending())), i);
            drop_pending();
        } else {
            assert_int_equal(tt_catch_end(), 0);
        }
    }
    assert_null(tt_exc_caught());
}

static void cleanup_puts_aside_what_is_pending_and_brings_it_back(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "aside");
    tt_exc *aside = tt_exc_pending();
    tt_cleanup_begin();
    assert_null(tt_exc_pending());
    assert_ptr_equal(tt_exc_caught(), aside);
    tt_raise(&tt_KeyError, "handled in the cleanup");
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), aside);
    catch_it(&tt_KeyError);
    assert_int_equal(tt_catch_end(), 0);
    assert_int_equal(tt_cleanup_end(), -1);
    assert_ptr_equal(tt_exc_pending(), aside);
    assert_null(tt_exc_context(aside));
    drop_pending();
}

static void cleanup_with_nothing_pending_ends_as_the_calls_in_between(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "handled outside");
    catch_it(&tt_ValueError);
    tt_cleanup_begin();
    assert_string_equal(tt_exc_message(tt_exc_caught()), "handled outside");
    assert_int_equal(tt_cleanup_end(), 0);
    tt_cleanup_begin();
    tt_raise(&tt_TypeError, "in the cleanup");
    assert_int_equal(tt_cleanup_end(), -1);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "in the cleanup");
    assert_int_equal(tt_catch_end(), -1);
    drop_pending();
}

static void what_a_cleanup_raises_has_the_other_as_context(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "aside");
    tt_exc *aside = tt_exc_pending();
    tt_cleanup_begin();
    tt_raise(&tt_TypeError, "raised");
    assert_int_equal(tt_cleanup_end(), -1);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "raised");
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), aside);
    drop_pending();
}

static void a_cleanup_may_raise_what_was_put_aside(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "aside");
    tt_exc *aside = tt_exc_pending();
    tt_cleanup_begin();
    tt_reraise();
    assert_int_equal(tt_cleanup_end(), -1);
    assert_ptr_equal(tt_exc_pending(), aside);
    assert_null(tt_exc_context(aside));
    drop_pending();
}

static void an_end_closes_what_was_left_open_inside(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "handled");
    catch_it(&tt_ValueError);
    tt_raise(&tt_TypeError, "aside");
    tt_cleanup_begin();
    assert_int_equal(tt_catch_end(), -1);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "aside");
    assert_null(tt_exc_caught());
    drop_pending();

    tt_raise(&tt_TypeError, "aside");
    tt_cleanup_begin();
    tt_raise(&tt_ValueError, "handled");
    catch_it(&tt_ValueError);
    assert_int_equal(tt_cleanup_end(), -1);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "aside");
    assert_null(tt_exc_caught());
    drop_pending();
}

/* Runs FN in a child and returns whether it ended with SIGABRT after a line that names the precondition. */
static bool breaks(const char *precondition, void (*fn)(void))
{
    char text[1000] = "";
    size_t used = 0;
    ssize_t size;
    int ends[2], status;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        signal(SIGABRT, SIG_DFL); /* cmocka's handler would go on with the next case */
        dup2(ends[1], STDERR_FILENO);
        fn();
        _exit(0);
    }
    close(ends[1]);
    while (used < sizeof text - 1 && (size = read(ends[0], text + used, sizeof text - 1 - used)) > 0)
        used += (size_t)size;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && strstr(text, precondition);
}

static void end_a_catch(void)
{
    if (tt_catch_end() < 0)
        _exit(1);
}

static void end_a_cleanup(void)
{
    if (tt_cleanup_end() < 0)
        _exit(1);
}

static void raise_no_type(void)
{
    tt_raise(NULL, "x");
}

static void print_to_no_stream(void)
{
    tt_exc_print(NULL, NULL);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    assert_true(breaks("catch_end.open", end_a_catch));
    assert_true(breaks("cleanup_end.open", end_a_cleanup));
    assert_true(breaks("raise.type", raise_no_type));
    assert_true(breaks("exc_print.stream", print_to_no_stream));
    tt_cleanup_begin();
    assert_true(breaks("catch_end.open", end_a_catch));
    assert_int_equal(tt_cleanup_end(), 0);
}

/* ---------------------------------------------------------------------------------------------------------- states */

static void states_are_apart(void **state)
{
    struct tt_exc_state task = {0}, *own = tt__exc_state_now();

    (void)state;
    tt_raise(&tt_ValueError, "outside");
    assert_ptr_equal(tt__exc_state_enter(&task), own);
    assert_null(tt_exc_pending());
    tt_raise(&tt_TypeError, "inside");
    assert_null(tt_exc_context(tt_exc_pending()));
    catch_it(&tt_TypeError);
    assert_ptr_equal(tt__exc_state_enter(NULL), &task);
    assert_ptr_equal(tt__exc_state_now(), own);
    assert_null(tt_exc_caught());
    assert_string_equal(tt_exc_message(tt_exc_pending()), "outside");
    drop_pending();
    tt__exc_state_enter(&task);
    assert_string_equal(tt_exc_message(tt_exc_caught()), "inside");
    assert_int_equal(tt_catch_end(), 0);
    tt__exc_state_enter(own);
}

static void a_state_closes_what_a_coroutine_left_open(void **state)
{
    struct tt_exc_state task = {0}, empty = {0}, *outer = tt__exc_state_enter(&task);

    (void)state;
    for (int i = 0; i < 10; i++) {
        tt_raise(&tt_ValueError, "caught");
        catch_it(&tt_ValueError);
        tt_cleanup_begin();
    }
    tt_raise(&tt_TypeError, "aside");
    tt_cleanup_begin();
    tt_raise(&tt_KeyError, "caught");
    catch_it(&tt_KeyError);
    tt__exc_state_enter(outer);
    tt__exc_state_close_handlings(&task);
    assert_string_equal(tt_exc_message(task.pending), "aside");
    tt__exc_state_finish(&task);
    assert_ptr_equal(task.pending, NULL);
    assert_int_equal(task.handling_count, 0);
    assert_ptr_equal(task.more, empty.more);
}

static void what_is_set_pending_keeps_the_others_as_context(void **state)
{
    struct tt_exc_state task = {0}, *outer = tt__exc_state_enter(&task);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "set");

    (void)state;
    tt_raise(&tt_TypeError, "handled");
    catch_it(&tt_TypeError);
    tt__exc_state_set(&task, tt_exc_ref(exc));
    assert_ptr_equal(task.pending, exc);
    assert_ptr_equal(tt_exc_context(exc), tt_exc_caught());
    assert_null(tt_exc_raised_at(exc));
    tt__exc_state_set(&task, tt_exc_new(&tt_KeyError, "newer"));
    assert_ptr_equal(tt_exc_context(task.pending), exc);
    tt__exc_state_finish(&task);
    tt__exc_state_enter(outer);
    tt_exc_unref(exc);
}

static pthread_key_t late_key;

static void raise_late(void *value)
{
    (void)value;
    tt_raise(&tt_ValueError, "in the destructor of a thread's data");
}

static void *leave_things_behind(void *arg)
{
    tt_exc **out_pending = arg;

    *out_pending = tt_exc_pending();
    pthread_setspecific(late_key, &late_key);
    for (int i = 0; i < 10; i++) {
        tt_raise(&tt_ValueError, "handled");
        if (!tt_catch(&tt_ValueError))
            return NULL;
    }
    tt_raise(&tt_TypeError, "pending");
    return NULL;
}

static void a_thread_has_a_state_of_its_own_and_frees_it_at_its_end(void **state)
{
    tt_exc *seen = NULL;
    pthread_t thread;

    (void)state;
    tt_raise(&tt_ValueError, "of the main thread");
    assert_int_equal(pthread_key_create(&late_key, raise_late), 0);
    assert_int_equal(pthread_create(&thread, NULL, leave_things_behind, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_null(seen);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "of the main thread");
    pthread_key_delete(late_key);
    drop_pending();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(catch_takes_what_is_of_its_type_and_leaves_the_rest_pending),
    cmocka_unit_test(caught_is_the_innermost),
    cmocka_unit_test(handlings_nest_deeply),
    cmocka_unit_test(cleanup_puts_aside_what_is_pending_and_brings_it_back),
    cmocka_unit_test(cleanup_with_nothing_pending_ends_as_the_calls_in_between),
    cmocka_unit_test(what_a_cleanup_raises_has_the_other_as_context),
    cmocka_unit_test(a_cleanup_may_raise_what_was_put_aside),
    cmocka_unit_test(an_end_closes_what_was_left_open_inside),
    cmocka_unit_test(mistakes_are_named),
    cmocka_unit_test(states_are_apart),
    cmocka_unit_test(a_state_closes_what_a_coroutine_left_open),
    cmocka_unit_test(what_is_set_pending_keeps_the_others_as_context),
    cmocka_unit_test(a_thread_has_a_state_of_its_own_and_frees_it_at_its_end),
};
TT_TEST_MAIN(cases)
