/* Notes of exceptions, and what types of one's own carry. */
#include "harness.h"

#include "exc_internal.h"

#include <errno.h>

static int freed_count; /* of the data of HttpError */

static void free_status(void *data)
{
    freed_count++;
    free(data);
}

static void *copy_status(const void *data)
{
    int *copy = malloc(sizeof(*copy));

    if (copy)
        *copy = *(const int *)data;
    return copy;
}

static const tt_exc_type HttpError = {
    .name = "HttpError", .base = &tt_Exception, .free_data = free_status, .copy_data = copy_status};
TT_EXC_TYPE(NotFound, HttpError);
TT_EXC_TYPE(Borrowing, tt_Exception);

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

static int *status(int value)
{
    int *data = malloc(sizeof(*data));

    assert_non_null(data);
    *data = value;
    return data;
}

static void notes_are_kept_in_order(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");

    (void)state;
    assert_int_equal(tt_exc_note_count(exc), 0);
    assert_null(tt_exc_note(exc, 0));
    for (int i = 0; i < 9; i++)
        assert_int_equal(tt_exc_add_note(exc, "note %d", i), 0);
    assert_int_equal(tt_exc_note_count(exc), 9);
    assert_string_equal(tt_exc_note(exc, 0), "note 0");
    assert_string_equal(tt_exc_note(exc, 8), "note 8");
    assert_null(tt_exc_note(exc, 9));
    assert_string_equal(tt_exc_message(exc), "x");
    tt_exc_unref(exc);
}

static void a_note_can_show_errno_which_stays(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");

    (void)state;
    errno = ENOENT;
    tt_exc_add_note(exc, "%m");
    assert_int_equal(errno, ENOENT);
    assert_string_equal(tt_exc_note(exc, 0), strerror(ENOENT));
    tt_exc_add_note(exc, NULL);
    assert_string_equal(tt_exc_note(exc, 1), "");
    tt_exc_unref(exc);
}

static void nothing_and_the_memory_error_without_memory_have_no_notes(void **state)
{
    (void)state;
    assert_int_equal(tt_exc_add_note(NULL, "x"), 0);
    assert_int_equal(tt_exc_note_count(NULL), 0);
    tt_raise_exc(NULL);
    assert_int_equal(tt_exc_add_note(tt_exc_pending(), "x"), -1);
    assert_int_equal(tt_exc_note_count(tt_exc_pending()), 0);
    drop_pending();
}

static void a_copy_has_notes_of_its_own(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x"), *copy;

    (void)state;
    tt_exc_add_note(exc, "first");
    copy = tt__exc_copy(exc);
    tt_exc_add_note(copy, "second");
    assert_int_equal(tt_exc_note_count(exc), 1);
    tt_exc_unref(exc);
    assert_string_equal(tt_exc_note(copy, 0), "first");
    assert_string_equal(tt_exc_note(copy, 1), "second");
    tt_exc_unref(copy);
}

static void data_is_freed_with_its_exception(void **state)
{
    tt_exc *exc = tt_exc_new(&NotFound, "x");

    (void)state;
    freed_count = 0;
    assert_null(tt_exc_data(exc, &HttpError));
    tt_exc_set_data(exc, &HttpError, status(404));
    assert_int_equal(*(int *)tt_exc_data(exc, &HttpError), 404);
    assert_int_equal(*(int *)tt_exc_data(exc, &NotFound), 404);
    assert_null(tt_exc_data(exc, &tt_ValueError));
    assert_null(tt_exc_data(NULL, &HttpError));
    tt_exc_set_data(exc, &NotFound, status(410));
    assert_int_equal(freed_count, 1);
    tt_exc_set_data(exc, &HttpError, NULL);
    assert_int_equal(freed_count, 2);
    tt_exc_set_data(exc, &HttpError, status(404));
    tt_exc_unref(exc);
    assert_int_equal(freed_count, 3);
}

static void data_for_an_exception_of_another_type_is_freed_at_once(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");
    int borrowed = 1;

    (void)state;
    freed_count = 0;
    tt_exc_set_data(exc, &NotFound, status(1));
    assert_int_equal(freed_count, 1);
    tt_exc_set_data(NULL, &HttpError, status(1));
    assert_int_equal(freed_count, 2);
    tt_raise_exc(NULL);
    tt_exc_set_data(tt_exc_pending(), &HttpError, status(1));
    assert_int_equal(freed_count, 3);
    tt_exc_set_data(tt_exc_pending(), &tt_MemoryError, &borrowed);
    assert_null(tt_exc_data(tt_exc_pending(), &tt_MemoryError));
    drop_pending();
    tt_exc_set_data(exc, &HttpError, NULL);
    tt_exc_set_data(exc, &Borrowing, &borrowed); /* which frees nothing */
    assert_int_equal(freed_count, 3);
    tt_exc_unref(exc);
}

static void a_copy_has_a_copy_of_the_data_if_the_type_makes_one(void **state)
{
    tt_exc *exc = tt_exc_new(&NotFound, "x"), *borrowing = tt_exc_new(&Borrowing, "x"), *copy;
    int borrowed = 1;

    (void)state;
    freed_count = 0;
    tt_exc_set_data(exc, &HttpError, status(404));
    copy = tt__exc_copy(exc);
    tt_exc_unref(exc);
    assert_int_equal(freed_count, 1);
    assert_int_equal(*(int *)tt_exc_data(copy, &NotFound), 404);
    tt_exc_unref(copy);
    assert_int_equal(freed_count, 2);
    tt_exc_set_data(borrowing, &Borrowing, &borrowed);
    copy = tt__exc_copy(borrowing);
    assert_ptr_equal(tt_exc_data(borrowing, &Borrowing), &borrowed);
    assert_null(tt_exc_data(copy, &Borrowing));
    tt_exc_unref(copy);
    tt_exc_unref(borrowing);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(notes_are_kept_in_order),
    cmocka_unit_test(a_note_can_show_errno_which_stays),
    cmocka_unit_test(nothing_and_the_memory_error_without_memory_have_no_notes),
    cmocka_unit_test(a_copy_has_notes_of_its_own),
    cmocka_unit_test(data_is_freed_with_its_exception),
    cmocka_unit_test(data_for_an_exception_of_another_type_is_freed_at_once),
    cmocka_unit_test(a_copy_has_a_copy_of_the_data_if_the_type_makes_one),
};
TT_TEST_MAIN(cases)
