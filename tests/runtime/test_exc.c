/* Raising: what is pending then, and what it has for type, text, cause and context. Handling is test_exc_handling.c's,
 * the objects test_exc_object.c's, their text test_exc_print.c's. */
#include "harness.h"

#include "exc_internal.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <wchar.h>

TT_EXC_TYPE(NetworkError, tt_OSError);
TT_EXC_TYPE(PeerGone, NetworkError);

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

/* What is pending, taken: the caller owns it. It must be of TYPE. */
static tt_exc *take(const tt_exc_type *type)
{
    tt_exc *exc = tt__exc_state_take(tt__exc_state_now());

    assert_non_null(exc);
    assert_ptr_equal(tt_exc_type_of(exc), type);
    return exc;
}

static void catch_it(const tt_exc_type *type)
{
    assert_true(tt_catch(type));
    assert_null(tt_exc_pending());
}

/* --------------------------------------------------------------------------------------------------------- raising */

static void raising_returns_minus_one_and_leaves_it_pending(void **state)
{
    (void)state;
    assert_null(tt_exc_pending());
    assert_int_equal(tt_raise(&tt_ValueError, "no data for %s", "alpha"), -1);
    tt_exc *exc = tt_exc_pending();
    assert_string_equal(tt_exc_message(exc), "no data for alpha");
    assert_ptr_equal(tt_exc_type_of(exc), &tt_ValueError);
    assert_int_equal(tt_exc_raised_at(exc)->line, __LINE__ - 4);
    assert_string_equal(tt_exc_raised_at(exc)->func, __func__);
    assert_null(tt_exc_cause(exc));
    assert_null(tt_exc_context(exc));
    assert_int_equal(tt_exc_errno(exc), 0);
    drop_pending();
    assert_null(tt_exc_pending());
}

static void an_exception_is_of_its_type_and_of_the_bases_of_its_type(void **state)
{
    (void)state;
    tt_raise(&PeerGone, "x");
    tt_exc *exc = tt_exc_pending();
    assert_true(tt_exc_is(exc, &PeerGone));
    assert_true(tt_exc_is(exc, &NetworkError));
    assert_true(tt_exc_is(exc, &tt_OSError));
    assert_true(tt_exc_is(exc, &tt_Exception));
    assert_true(tt_exc_is(exc, &tt_BaseException));
    assert_false(tt_exc_is(exc, &tt_ConnectionError));
    assert_false(tt_exc_is(exc, NULL));
    drop_pending();
    tt_raise(&tt_CancelledError, NULL);
    assert_false(tt_exc_is(tt_exc_pending(), &tt_Exception));
    drop_pending();
}

static void nothing_is_of_no_type_and_says_nothing(void **state)
{
    (void)state;
    assert_false(tt_exc_is(NULL, &tt_BaseException));
    assert_null(tt_exc_type_of(NULL));
    assert_string_equal(tt_exc_message(NULL), "");
    assert_int_equal(tt_exc_errno(NULL), 0);
    assert_null(tt_exc_cause(NULL));
    assert_null(tt_exc_context(NULL));
    assert_null(tt_exc_raised_at(NULL));
    assert_int_equal(tt_exc_id(NULL), 0);
    assert_null(tt_exc_ref(NULL));
    tt_exc_unref(NULL);
}

static void a_text_may_be_empty_or_long_and_is_formatted_with_the_callers_errno(void **state)
{
    char *text = malloc(100001);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', 100000);
    text[100000] = '\0';
    tt_raise(&tt_ValueError, NULL);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "");
    drop_pending();
    tt_raise(&tt_ValueError, "<%s>", text);
    assert_int_equal(strlen(tt_exc_message(tt_exc_pending())), 100002);
    assert_memory_equal(tt_exc_message(tt_exc_pending()) + 1, text, 100000);
    drop_pending();
    free(text);
    errno = ENOENT;
    tt_raise(&tt_ValueError, "%m");
    assert_int_equal(errno, ENOENT);
    assert_string_equal(tt_exc_message(tt_exc_pending()), strerror(ENOENT));
    drop_pending();
    assert_int_equal(errno, ENOENT);
}

static void a_text_that_cannot_be_formatted_is_replaced_by_its_format(void **state)
{
    (void)state;
    assert_non_null(setlocale(LC_ALL, "C"));
    tt_raise(&tt_ValueError, "the name %ls", L"\x4e00");
    assert_ptr_equal(tt_exc_type_of(tt_exc_pending()), &tt_ValueError);
    assert_string_equal(tt_exc_message(tt_exc_pending()), "the name %ls");
    drop_pending();
}

static void errno_values_raise_the_child_of_oserror_that_cpython_raises(void **state)
{
    static const struct {
        int error;
        const tt_exc_type *type;
    } rows[] = {
        {EAGAIN, &tt_BlockingIOError},
        {EWOULDBLOCK, &tt_BlockingIOError},
        {EALREADY, &tt_BlockingIOError},
        {EINPROGRESS, &tt_BlockingIOError},
        {EPIPE, &tt_BrokenPipeError},
        {ESHUTDOWN, &tt_BrokenPipeError},
        {ECHILD, &tt_ChildProcessError},
        {ECONNABORTED, &tt_ConnectionAbortedError},
        {ECONNREFUSED, &tt_ConnectionRefusedError},
        {ECONNRESET, &tt_ConnectionResetError},
        {EEXIST, &tt_FileExistsError},
        {ENOENT, &tt_FileNotFoundError},
        {EINTR, &tt_InterruptedError},
        {EISDIR, &tt_IsADirectoryError},
        {ENOTDIR, &tt_NotADirectoryError},
        {EACCES, &tt_PermissionError},
        {EPERM, &tt_PermissionError},
        {ESRCH, &tt_ProcessLookupError},
        {ETIMEDOUT, &tt_TimeoutError},
        {EBADF, &tt_OSError},
        {ENOMEM, &tt_OSError},
        {0, &tt_OSError},
        {4095, &tt_OSError},
        {INT_MAX, &tt_OSError},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int sign = 1; sign >= -1; sign -= 2) {
            errno = EDOM;
            assert_int_equal(tt_raise_errno(sign * rows[i].error, NULL), -1);
            assert_int_equal(errno, EDOM);
            tt_exc *exc = take(rows[i].type);
            assert_int_equal(tt_exc_errno(exc), rows[i].error);
            tt_exc_unref(exc);
        }
    }
    tt_raise_errno(INT_MIN, NULL);
    assert_int_equal(tt_exc_errno(tt_exc_pending()), INT_MAX);
    drop_pending();
}

static const char *name_of_errno(int error)
{
    const char *name;

    tt_raise_errno(error, NULL);
    name = tt_exc_errno_name(tt_exc_pending());
    assert_true(tt_catch(&tt_BaseException));
    assert_int_equal(tt_catch_end(), 0);
    return name;
}

static void an_errno_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(name_of_errno(ECONNREFUSED), "ECONNREFUSED");
    assert_string_equal(name_of_errno(-EAGAIN), "EAGAIN");
    assert_string_equal(name_of_errno(-4095), "EOF"); /* libuv's own */
    assert_null(name_of_errno(4000));
    assert_null(name_of_errno(INT_MAX));
    assert_null(tt_exc_errno_name(NULL));
    tt_raise(&tt_ValueError, "none");
    assert_null(tt_exc_errno_name(tt_exc_pending()));
    assert_true(tt_catch(&tt_ValueError));
    assert_int_equal(tt_catch_end(), 0);
}

static void the_text_of_an_errno_says_number_meaning_and_what_was_added(void **state)
{
    char text[200];

    (void)state;
    tt_raise_errno(ECONNREFUSED, NULL);
    snprintf(text, sizeof text, "[Errno %d] %s", ECONNREFUSED, strerror(ECONNREFUSED));
    assert_string_equal(tt_exc_message(tt_exc_pending()), text);
    drop_pending();
    tt_raise_errno(-ECONNREFUSED, "connect to port %d", 80);
    snprintf(text, sizeof text, "[Errno %d] %s: connect to port 80", ECONNREFUSED, strerror(ECONNREFUSED));
    assert_string_equal(tt_exc_message(tt_exc_pending()), text);
    drop_pending();
    tt_raise_errno(ENOENT, "%s", "");
    snprintf(text, sizeof text, "[Errno %d] %s", ENOENT, strerror(ENOENT));
    assert_string_equal(tt_exc_message(tt_exc_pending()), text);
    drop_pending();
}

/* -------------------------------------------------------------------------------------------------- cause, context */

static void raising_while_one_is_pending_keeps_that_one_as_context(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "first");
    tt_exc *first = tt_exc_pending();
    tt_raise(&tt_TypeError, "second");
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), first);
    tt_raise(&tt_KeyError, "third");
    assert_ptr_equal(tt_exc_context(tt_exc_context(tt_exc_pending())), first);
    drop_pending();
}

static void raising_while_one_is_handled_sets_it_as_context(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "handled");
    catch_it(&tt_ValueError);
    tt_exc *handled = tt_exc_caught();
    assert_int_equal(tt_raise(&tt_TypeError, "new"), -1);
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), handled);
    assert_null(tt_exc_cause(tt_exc_pending()));
    assert_int_equal(tt_catch_end(), -1);
    assert_string_equal(tt_exc_message(tt_exc_context(tt_exc_pending())), "handled");
    drop_pending();
}

static void what_is_pending_counts_before_what_is_handled(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "handled");
    catch_it(&tt_ValueError);
    tt_raise(&tt_TypeError, "pending");
    tt_exc *pending = tt_exc_pending();
    tt_raise(&tt_KeyError, "new");
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), pending);
    assert_ptr_equal(tt_exc_context(pending), tt_exc_caught());
    assert_int_equal(tt_catch_end(), -1);
    drop_pending();
}

static void raise_from_sets_the_cause_and_the_context_too(void **state)
{
    tt_exc *cause = tt_exc_new(&tt_LookupError, "cause");

    (void)state;
    assert_null(tt_exc_raised_at(cause));
    tt_raise(&tt_ValueError, "handled");
    catch_it(&tt_ValueError);
    assert_int_equal(tt_raise_from(cause, &tt_TypeError, "new %d", 1), -1);
    assert_ptr_equal(tt_exc_cause(tt_exc_pending()), cause);
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), tt_exc_caught());
    assert_int_equal(tt_catch_end(), -1);
    drop_pending();
    tt_raise_from(NULL, &tt_TypeError, "new");
    assert_null(tt_exc_cause(tt_exc_pending()));
    drop_pending();
    tt_exc_unref(cause);
}

static void raising_an_object_takes_a_reference_of_its_own(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "made");

    (void)state;
    assert_int_equal(tt_raise_exc(exc), -1);
    assert_ptr_equal(tt_exc_pending(), exc);
    assert_int_equal(tt_exc_raised_at(exc)->line, __LINE__ - 2);
    assert_int_equal(tt_raise_exc(exc), -1);
    assert_ptr_equal(tt_exc_pending(), exc);
    assert_null(tt_exc_context(exc));
    drop_pending();
    assert_string_equal(tt_exc_message(exc), "made");
    tt_exc_unref(exc);
}

static void raising_no_object_is_a_memory_error(void **state)
{
    (void)state;
    assert_int_equal(tt_raise_exc(NULL), -1);
    assert_ptr_equal(tt_exc_type_of(tt_exc_pending()), &tt_MemoryError);
    drop_pending();
}

static void reraise_raises_what_is_handled_and_changes_nothing_about_it(void **state)
{
    (void)state;
    tt_raise(&tt_KeyError, "context");
    catch_it(&tt_KeyError);
    tt_raise(&tt_ValueError, "again");
    catch_it(&tt_ValueError);
    tt_exc *exc = tt_exc_caught();
    uint32_t place_count = tt__exc_place_count(exc);
    assert_int_equal(tt_reraise(), -1);
    assert_ptr_equal(tt_exc_pending(), exc);
    assert_int_equal(tt__exc_place_count(exc), place_count);
    assert_int_equal(tt_catch_end(), -1);
    assert_ptr_equal(tt_exc_context(exc), tt_exc_caught());
    assert_int_equal(tt_catch_end(), -1);
    assert_ptr_equal(tt_exc_pending(), exc);
    drop_pending();
}

static void reraise_keeps_what_is_pending_as_context(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "handled");
    catch_it(&tt_ValueError);
    tt_raise(&tt_TypeError, "pending");
    tt_exc *pending = tt_exc_pending();
    assert_int_equal(tt_reraise(), -1);
    assert_ptr_equal(tt_exc_pending(), tt_exc_caught());
    assert_ptr_equal(tt_exc_context(tt_exc_pending()), pending);
    assert_null(tt_exc_context(pending)); /* it was the other way round, and that would be a cycle */
    assert_int_equal(tt_catch_end(), -1);
    drop_pending();
}

static void reraise_with_nothing_handled_is_a_runtime_error(void **state)
{
    (void)state;
    assert_int_equal(tt_reraise(), -1);
    tt_exc *exc = take(&tt_RuntimeError);
    assert_string_equal(tt_exc_message(exc), "No active exception to reraise");
    tt_exc_unref(exc);
}

static void raising_what_is_in_the_chain_of_the_handled_one_cuts_it_out_there(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "a");
    catch_it(&tt_ValueError);
    tt_exc *a = tt_exc_ref(tt_exc_caught());
    tt_raise(&tt_TypeError, "b");
    catch_it(&tt_TypeError);
    tt_raise(&tt_KeyError, "c");
    catch_it(&tt_KeyError);
    tt_exc *c = tt_exc_caught(), *b = tt_exc_context(c);
    assert_ptr_equal(tt_exc_context(b), a);
    tt_raise_exc(a);
    assert_ptr_equal(tt_exc_context(a), c);
    assert_ptr_equal(tt_exc_context(c), b);
    assert_null(tt_exc_context(b));
    for (int i = 0; i < 3; i++)
        assert_int_equal(tt_catch_end(), -1);
    drop_pending();
    tt_exc_unref(a);
}

static void raising_the_cause_of_the_handled_one_makes_a_circle(void **state)
{
    (void)state;
    tt_raise(&tt_ValueError, "cause");
    catch_it(&tt_ValueError);
    tt_exc *cause = tt_exc_caught();
    tt_raise_from(cause, &tt_TypeError, "effect");
    catch_it(&tt_TypeError);
    tt_exc *effect = tt_exc_caught();
    assert_ptr_equal(tt_exc_cause(effect), cause);
    tt_raise_exc(cause);
    assert_ptr_equal(tt_exc_context(cause), effect);
    assert_ptr_equal(tt_exc_cause(effect), cause);
    assert_null(tt_exc_context(effect)); /* a chain of contexts alone is none */
    assert_int_equal(tt_catch_end(), -1);
    assert_int_equal(tt_catch_end(), -1);
    drop_pending();
}

static void setting_the_context_takes_the_place_of_the_one_before(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "exc"), *context = tt_exc_new(&tt_KeyError, "context");

    (void)state;
    tt__exc_set_context(exc, context);
    tt__exc_set_context(exc, exc); /* never its own */
    assert_ptr_equal(tt_exc_context(exc), context);
    tt_exc_unref(context);
    tt__exc_set_context(tt_exc_context(exc), exc); /* the only reference to the one is the link that is cut */
    assert_null(tt_exc_context(exc));
    tt__exc_set_context(exc, NULL);
    assert_null(tt_exc_context(exc));
    tt_exc_unref(exc);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(raising_returns_minus_one_and_leaves_it_pending),
    cmocka_unit_test(an_exception_is_of_its_type_and_of_the_bases_of_its_type),
    cmocka_unit_test(nothing_is_of_no_type_and_says_nothing),
    cmocka_unit_test(a_text_may_be_empty_or_long_and_is_formatted_with_the_callers_errno),
    cmocka_unit_test(a_text_that_cannot_be_formatted_is_replaced_by_its_format),
    cmocka_unit_test(errno_values_raise_the_child_of_oserror_that_cpython_raises),
    cmocka_unit_test(an_errno_has_a_name),
    cmocka_unit_test(the_text_of_an_errno_says_number_meaning_and_what_was_added),
    cmocka_unit_test(raising_while_one_is_pending_keeps_that_one_as_context),
    cmocka_unit_test(raising_while_one_is_handled_sets_it_as_context),
    cmocka_unit_test(what_is_pending_counts_before_what_is_handled),
    cmocka_unit_test(raise_from_sets_the_cause_and_the_context_too),
    cmocka_unit_test(raising_an_object_takes_a_reference_of_its_own),
    cmocka_unit_test(raising_no_object_is_a_memory_error),
    cmocka_unit_test(reraise_raises_what_is_handled_and_changes_nothing_about_it),
    cmocka_unit_test(reraise_keeps_what_is_pending_as_context),
    cmocka_unit_test(reraise_with_nothing_handled_is_a_runtime_error),
    cmocka_unit_test(raising_what_is_in_the_chain_of_the_handled_one_cuts_it_out_there),
    cmocka_unit_test(raising_the_cause_of_the_handled_one_makes_a_circle),
    cmocka_unit_test(setting_the_context_takes_the_place_of_the_one_before),
};
TT_TEST_MAIN(cases)
