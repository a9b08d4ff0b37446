/* Exceptions as objects: long chains, copies, places; the one that needs no memory. */
#include "harness.h"

#include "exc_internal.h"

#include <errno.h>
#include <pthread.h>

/* Links of a chain that nobody may follow by recursion. */
#define LONG_CHAIN 100000

/* Stack of a thread in which such recursion would not fit: 100,000 frames take some MiB. */
#define SMALL_STACK_BYTES ((size_t)512 * 1024)

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

/* ---------------------------------------------------------------------------------------------- those of no memory */

static void *use_the_static_one(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        tt_raise_exc(NULL);
        tt_exc *exc = tt_exc_ref(tt_exc_pending());
        if (!tt_catch(&tt_MemoryError))
            return NULL;
        tt_raise(&tt_ValueError, "x");
        tt__exc_set_context(exc, tt_exc_pending());
        tt__exc_add_place(exc, TT_HERE);
        *(uint64_t *)arg = tt_exc_id(exc);
        tt_exc_unref(exc);
        drop_pending();
        if (tt_catch_end() < 0)
            return NULL;
    }
    return arg;
}

static void the_memory_error_without_memory_is_shared_by_threads(void **state)
{
    pthread_t threads[4];
    uint64_t ids[4] = {0};
    void *ok;

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_the_static_one, &ids[i]), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], &ok), 0);
        assert_ptr_equal(ok, &ids[i]);
        assert_true(ids[i] != 0);
        assert_int_equal(ids[i], ids[0]);
    }
    tt_raise_exc(NULL);
    assert_null(tt_exc_context(tt_exc_pending()));
    assert_ptr_equal(tt__exc_copy(tt_exc_pending()), tt_exc_pending());
    drop_pending();
}

/* --------------------------------------------------------------------------------------------------- cancellations */

static void a_cancellation_is_raised_where_it_is_made(void **state)
{
    tt_site *site = TT_HERE;
    tt_exc *exc = tt__exc_new_cancelled(site, "too 100%s slow"), *plain = tt__exc_new_cancelled(NULL, NULL);

    (void)state;
    assert_ptr_equal(tt_exc_type_of(exc), &tt_CancelledError);
    assert_string_equal(tt_exc_message(exc), "too 100%s slow");
    assert_ptr_equal(tt_exc_raised_at(exc), site);
    assert_string_equal(tt_exc_message(plain), "");
    assert_null(tt_exc_raised_at(plain));
    assert_null(tt_exc_pending());
    tt_exc_unref(exc);
    tt_exc_unref(plain);
}

/* ---------------------------------------------------------------------------------------------- long chains, copies */

/* A chain of LONG_CHAIN exceptions, each raised while the one before was handled, and from it. The last one, owned. */
static tt_exc *make_long_chain(void)
{
    tt_raise(&tt_ValueError, "0");
    for (int i = 1; i < LONG_CHAIN; i++) {
        if (!tt_catch(&tt_ValueError))
            return NULL;
        tt_raise_from(tt_exc_caught(), &tt_ValueError, "%d", i);
        if (tt_catch_end() == 0)
            return NULL;
    }
    return tt__exc_state_take(tt__exc_state_now());
}

/* Does with a long chain all that follows links. */
static void *use_long_chain(void *arg)
{
    tt_exc *last = make_long_chain(), *first = last, *copy = tt__exc_copy(last);
    char *text = tt_exc_format(last);
    size_t size = text ? strlen(text) : 0;

    while (tt_exc_cause(first))
        first = tt_exc_cause(first);
    tt_raise_exc(last);
    if (!tt_catch(&tt_ValueError))
        return NULL;
    tt_raise_exc(first); /* cuts it out of the end of the chain and links it to its beginning */
    if (tt_exc_context(first) != last || tt_catch_end() == 0)
        return NULL;
    tt_exc_unref(last);
    drop_pending();
    tt_exc_unref(copy);
    free(text);
    return size > (size_t)LONG_CHAIN * 100 ? arg : NULL;
}

static void nothing_recurses_along_a_long_chain(void **state)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *ok = NULL;

    (void)state;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, SMALL_STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, use_long_chain, &ok), 0);
    assert_int_equal(pthread_join(thread, &ok), 0);
    assert_non_null(ok);
    pthread_attr_destroy(&attributes);
}

static void a_copy_is_the_same_and_shares_nothing(void **state)
{
    char text[100], text_of_copy[100];

    (void)state;
    tt_raise(&tt_ConnectionError, "cause");
    assert_true(tt_catch(&tt_ConnectionError));
    tt_raise_from(tt_exc_caught(), &tt_ValueError, "effect");
    assert_int_equal(tt_catch_end(), -1);
    assert_true(tt_catch(&tt_ValueError));
    tt_raise_errno(ENOENT, "detail");
    assert_int_equal(tt_catch_end(), -1);
    tt_exc *exc = tt__exc_state_take(tt__exc_state_now());
    for (int i = 0; i < 20; i++)
        tt__exc_add_place(exc, i % 2 ? TT_HERE : TT_HERE);
    char *format = tt_exc_format(exc);

    tt_exc *copy = tt__exc_copy(exc), *effect = tt_exc_context(copy);
    assert_ptr_not_equal(copy, exc);
    assert_int_equal(tt_exc_id(copy), tt_exc_id(exc));
    assert_int_equal(tt_exc_errno(copy), ENOENT);
    assert_ptr_equal(tt_exc_type_of(copy), tt_exc_type_of(exc));
    assert_ptr_equal(tt_exc_raised_at(copy), tt_exc_raised_at(exc));
    assert_ptr_not_equal(effect, tt_exc_context(exc));
    assert_int_equal(tt_exc_id(effect), tt_exc_id(tt_exc_context(exc)));
    assert_ptr_equal(tt_exc_cause(effect), tt_exc_context(effect)); /* one exception stays one */
    assert_ptr_not_equal(tt_exc_cause(effect), tt_exc_cause(tt_exc_context(exc)));
    tt_exc_repr(exc, text, sizeof text);
    tt_exc_unref(exc);
    char *format_of_copy = tt_exc_format(copy);
    tt_exc_repr(copy, text_of_copy, sizeof text_of_copy);
    assert_string_equal(text, text_of_copy);
    assert_string_equal(format, format_of_copy);
    free(format);
    free(format_of_copy);
    tt_exc_unref(copy);
}

/* ---------------------------------------------------------------------------------------------------------- places */

static void places_are_bounded_and_the_raise_is_always_kept(void **state)
{
    static tt_site sites[1000];

    (void)state;
    tt_raise(&tt_ValueError, "x");
    tt_exc *exc = tt__exc_state_take(tt__exc_state_now());
    const tt_site *raised_at = tt_exc_raised_at(exc);
    for (uint32_t i = 0; i < 1000; i++) {
        sites[i] = (tt_site){"f.c", "f", NULL, i + 1, 0, 0};
        tt__exc_add_place(exc, &sites[i]);
        tt__exc_add_place(exc, &sites[i]); /* the same in succession counts once */
        tt__exc_add_place(exc, NULL);
        assert_int_equal(tt__exc_place_count(exc), i + 2);
    }
    assert_ptr_equal(tt_exc_raised_at(exc), raised_at);
    assert_ptr_equal(tt__exc_site(exc), raised_at);
    char *text = tt_exc_format(exc);
    assert_non_null(strstr(text, "  File \"f.c\", line 15, in f\n  File"));
    assert_non_null(strstr(text, "  [969 places left out]\n  File \"f.c\", line 15, in f\n"));
    assert_non_null(strstr(text, "  File \"f.c\", line 985, in f\n  [969 places left out]\n"));
    assert_null(strstr(text, "line 16,"));
    assert_null(strstr(text, "line 984,"));
    free(text);
    tt_exc_unref(exc);
}

static void places_go_back_to_what_they_were(void **state)
{
    static tt_site sites[100];

    (void)state;
    for (uint32_t kept = 0; kept <= 100; kept++) {
        tt_exc *exc = tt_exc_new(&tt_ValueError, "x"), *other = tt_exc_new(&tt_ValueError, "x");

        for (uint32_t i = 0; i < 100; i++) {
            sites[i] = (tt_site){"f.c", "f", NULL, i + 1, 0, 0};
            tt__exc_add_place(exc, &sites[i]);
            if (i < kept)
                tt__exc_add_place(other, &sites[i]);
        }
        assert_int_equal(tt__exc_place_count(exc), 100);
        tt__exc_rewind_places(exc, 1000);
        assert_int_equal(tt__exc_place_count(exc), 100);
        tt__exc_rewind_places(exc, kept);
        assert_int_equal(tt__exc_place_count(exc), kept);
        if (kept <= 16 || kept == 100) { /* those between are gone for good */
            char *text = tt_exc_format(exc), *text_of_other = tt_exc_format(other);
            assert_string_equal(text, text_of_other);
            free(text);
            free(text_of_other);
        }
        for (uint32_t i = 0; i < 50; i++)
            tt__exc_add_place(exc, &sites[i]);
        tt_exc_unref(exc);
        tt_exc_unref(other);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(the_memory_error_without_memory_is_shared_by_threads),
    cmocka_unit_test(a_cancellation_is_raised_where_it_is_made),
    cmocka_unit_test(nothing_recurses_along_a_long_chain),
    cmocka_unit_test(a_copy_is_the_same_and_shares_nothing),
    cmocka_unit_test(places_are_bounded_and_the_raise_is_always_kept),
    cmocka_unit_test(places_go_back_to_what_they_were),
};
TT_TEST_MAIN(cases)
