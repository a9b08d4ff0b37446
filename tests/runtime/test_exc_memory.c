/* Exceptions without memory: each allocation of a scenario fails, one after the other, and then each and all after it.
 * Whatever fails, a raise leaves an exception pending, what was raised before is not lost to one that says nothing, and
 * nothing leaks.
 *
 * Linked with --wrap for malloc, calloc, realloc, free and strdup, so that the calls of the runtime's objects come through
 * here.
 *
 * Past 600 lines: all scenarios share the allocator that fails, which stands here.
 */
#include "harness.h"

#include "exc_internal.h"

#include <errno.h>
#include <limits.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
char *__wrap_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static long live_count;                 /* blocks that are allocated */
static long attempt_count;              /* allocations tried since the scenario began */
static long fail_first, fail_last = -1; /* numbers of those that fail */

static bool may_have_memory(void)
{
    attempt_count++;
    return attempt_count < fail_first || attempt_count > fail_last;
}

static void *counted(void *block)
{
    if (block)
        live_count++;
    else
        errno = ENOMEM;
    return block;
}

void *__wrap_malloc(size_t size)
{
    return counted(may_have_memory() ? __real_malloc(size) : NULL);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return counted(may_have_memory() ? __real_calloc(count, size) : NULL);
}

void *__wrap_realloc(void *block, size_t size)
{
    void *moved = may_have_memory() ? __real_realloc(block, size) : NULL;

    if (!moved)
        errno = ENOMEM;
    return block ? moved : counted(moved);
}

void __wrap_free(void *block)
{
    if (block)
        live_count--;
    __real_free(block);
}

char *__wrap_strdup(const char *text)
{
    char *copy = __wrap_malloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

static void drop_pending(void)
{
    tt_exc_unref(tt__exc_state_take(tt__exc_state_now()));
}

/* Runs SCENARIO with its n-th allocation failing, for every n, then with all from the n-th on; each run must give back
 * what it took. At least AT_LEAST allocations must have been there to fail. */
static void fail_each(void (*scenario)(void), long at_least)
{
    for (int all_after = 0; all_after < 2; all_after++) {
        long n = 0;

        do {
            long live_before = live_count;

            attempt_count = 0;
            fail_first = ++n;
            fail_last = all_after ? LONG_MAX : n;
            scenario();
            fail_last = -1;
            assert_null(tt_exc_pending());
            assert_null(tt_exc_caught());
            assert_int_equal(live_count, live_before);
        } while (attempt_count >= n);
        assert_true(n > at_least);
    }
}

/* Whether what is pending is of TYPE, or says that there was no memory. */
static bool pending_is(const tt_exc_type *type)
{
    return tt_exc_is(tt_exc_pending(), type) || tt_exc_is(tt_exc_pending(), &tt_MemoryError);
}

/* ------------------------------------------------------------------------------------------------------- scenarios */

static void raise_in_all_ways(void)
{
    tt_exc *cause = tt_exc_new(&tt_KeyError, "cause");

    assert_int_equal(tt_raise(&tt_ValueError, "text %d", 1), -1);
    assert_true(pending_is(&tt_ValueError));
    drop_pending();
    errno = EBADF;
    assert_int_equal(tt_raise_errno(ENOENT, "text"), -1);
    assert_int_equal(errno, EBADF);
    assert_true(pending_is(&tt_FileNotFoundError));
    drop_pending();
    assert_int_equal(tt_raise_from(cause, &tt_ValueError, "effect"), -1);
    assert_true(pending_is(&tt_ValueError));
    drop_pending();
    assert_int_equal(tt_raise_exc(cause), -1);
    assert_true(pending_is(&tt_KeyError));
    drop_pending();
    assert_int_equal(tt_reraise(), -1);
    assert_true(pending_is(&tt_RuntimeError));
    drop_pending();
    tt_exc_unref(cause);
    cause = tt__exc_new_cancelled(TT_HERE, "cancelled");
    assert_non_null(cause);
    tt_exc_unref(cause);
}

static void raise_without_memory_leaves_an_exception_pending(void **state)
{
    (void)state;
    fail_each(raise_in_all_ways, 6);
}

static void raise_while_one_is_pending(void)
{
    tt_exc *first = tt_exc_new(&tt_ValueError, "first");

    if (!first)
        return;
    tt_raise_exc(first);
    tt_raise(&tt_TypeError, "second");
    assert_true(tt_exc_pending() == first || tt_exc_context(tt_exc_pending()) == first);
    drop_pending();

    tt_raise_exc(first);
    tt_raise_exc(NULL);
    assert_ptr_equal(tt_exc_pending(), first);
    drop_pending();

    tt_raise_exc(first);
    tt_cleanup_begin();
    tt_raise(&tt_TypeError, "in the cleanup");
    assert_int_equal(tt_cleanup_end(), -1);
    assert_true(tt_exc_pending() == first || tt_exc_context(tt_exc_pending()) == first);
    drop_pending();
    tt_exc_unref(first);
}

static void what_was_raised_before_is_not_lost_to_a_memory_error(void **state)
{
    (void)state;
    fail_each(raise_while_one_is_pending, 3);
}

/* Nests as many handlings as there is memory for: a catch that cannot be opened leaves pending what is, and a cleanup
 * too. */
static void nest(int depth)
{
    tt_exc *before;

    if (depth == 0)
        return;
    tt_raise(&tt_ValueError, "%d", depth);
    before = tt_exc_pending();
    assert_non_null(before);
    if (tt_catch(&tt_Exception)) {
        assert_ptr_equal(tt_exc_caught(), before);
        nest(depth - 1);
        drop_pending();
        assert_ptr_equal(tt_exc_caught(), before);
        assert_int_equal(tt_catch_end(), 0);
    } else {
        assert_ptr_equal(tt_exc_pending(), before);
        drop_pending();
    }
    tt_raise(&tt_TypeError, "%d", depth);
    before = tt_exc_pending();
    tt_cleanup_begin();
    assert_ptr_equal(tt_exc_pending() ? tt_exc_pending() : tt_exc_caught(), before);
    if (!tt_exc_pending())
        nest(depth - 1);
    assert_int_equal(tt_cleanup_end(), -1);
    assert_ptr_equal(tt_exc_pending(), before);
    drop_pending();
}

static void nest_deeply(void)
{
    nest(8);
}

static void handlings_without_memory_nest_and_end_in_order(void **state)
{
    (void)state;
    fail_each(nest_deeply, 500);
}

/* A state whose next handling needs memory. */
static struct tt_exc_state *fill(struct tt_exc_state *task)
{
    *task = (struct tt_exc_state){0};
    struct tt_exc_state *outer = tt__exc_state_enter(task);

    for (int i = 0; i < TT_EXC_HANDLINGS_INLINE; i++) {
        tt_raise(&tt_ValueError, "handled");
        assert_true(tt_catch(&tt_Exception));
    }
    tt_raise(&tt_TypeError, "pending");
    return outer;
}

/* Begins a cleanup for which there is no memory; afterwards there is. */
static void begin_refused_cleanup(void)
{
    tt_exc *pending = tt_exc_pending();

    attempt_count = 0;
    fail_first = 1;
    fail_last = LONG_MAX;
    tt_cleanup_begin();
    fail_last = -1;
    assert_int_equal(attempt_count, 1);
    assert_ptr_equal(tt_exc_pending(), pending);
}

static void inside_of_a_refused_cleanup_nothing_is_opened_until_it_ends(void **state)
{
    struct tt_exc_state task, *outer = fill(&task);

    (void)state;
    begin_refused_cleanup();
    tt_cleanup_begin();
    assert_non_null(tt_exc_pending());
    assert_false(tt_catch(&tt_TypeError));
    assert_int_equal(tt_cleanup_end(), -1);
    assert_int_equal(tt_cleanup_end(), -1);
    assert_true(tt_catch(&tt_TypeError));
    assert_int_equal(tt_catch_end(), 0);
    tt__exc_state_finish(&task);
    tt__exc_state_enter(outer);
    assert_int_equal(live_count, 0);
}

static void a_refused_cleanup_may_be_left_open(void **state)
{
    struct tt_exc_state task, *outer = fill(&task);

    (void)state;
    begin_refused_cleanup();
    assert_int_equal(tt_catch_end(), -1);
    tt_cleanup_begin();
    assert_null(tt_exc_pending());
    tt__exc_state_finish(&task);

    fill(&task);
    begin_refused_cleanup();
    tt__exc_state_close_handlings(&task);
    assert_string_equal(tt_exc_message(task.pending), "pending");
    tt_cleanup_begin();
    assert_null(tt_exc_pending());
    tt__exc_state_finish(&task);
    tt__exc_state_enter(outer);
    assert_int_equal(live_count, 0);
}

static void an_arm_ends_a_refused_cleanup_that_was_left_open(void **state)
{
    struct tt_exc_state task = {0}, *outer = tt__exc_state_enter(&task);

    (void)state;
    tt_raise(&tt_ValueError, "alone");
    assert_true(tt_catch_group_begin());
    for (int i = 1; i < TT_EXC_HANDLINGS_INLINE; i++) {
        tt_raise(&tt_TypeError, "handled");
        assert_true(tt_catch(&tt_Exception));
    }
    tt_raise(&tt_TypeError, "pending");
    begin_refused_cleanup();
    assert_true(tt_catch_group(&tt_ValueError));
    tt_raise(&tt_KeyError, "in the arm");
    assert_true(tt_catch(&tt_KeyError)); /* nothing is opened inside of a refused one */
    assert_int_equal(tt_catch_end(), 0);
    assert_int_equal(tt_catch_group_end(), -1);
    assert_string_equal(tt_exc_message(task.pending), "pending");
    tt__exc_state_finish(&task);
    tt__exc_state_enter(outer);
    assert_int_equal(live_count, 0);
}

static void use_objects(void)
{
    tt_exc *copy, *exc;
    char *text;

    tt_raise(&tt_KeyError, "cause");
    for (int i = 0; i < 3; i++) {
        if (!tt_catch(&tt_Exception))
            fail();
        tt_raise_from(tt_exc_caught(), &tt_ValueError, "effect");
        for (int k = 0; k < 20; k++)
            tt__exc_add_place(tt_exc_pending(), k % 2 ? TT_HERE : TT_HERE);
        assert_int_equal(tt_catch_end(), -1);
    }
    exc = tt__exc_state_take(tt__exc_state_now());
    copy = tt__exc_copy(exc);
    if (copy)
        assert_int_equal(tt_exc_id(copy), tt_exc_id(exc));
    text = tt_exc_format(exc);
    if (text)
        assert_non_null(strstr(text, "Error"));
    free(text);
    tt_exc_unref(copy);
    assert_true(tt_exc_is(exc, &tt_ValueError) || tt_exc_is(exc, &tt_MemoryError));
    tt_exc_unref(exc);
}

static void copies_and_texts_without_memory_are_null_and_leave_all_as_it_was(void **state)
{
    (void)state;
    fail_each(use_objects, 10);
}

/* ----------------------------------------------------------------------------------------------------- groups */

/* A raised group of a ValueError, a TypeError, and a group with a KeyError, with a note; NULL without memory. */
static tt_exc *raise_tree(void)
{
    tt_exc *inner = tt_exc_new(&tt_KeyError, "k"), *members[3] = {NULL}, *group = NULL;

    members[0] = tt_exc_new(&tt_ValueError, "v");
    members[1] = tt_exc_new(&tt_TypeError, "t");
    if (inner && members[0] && members[1]) {
        members[2] = tt_exc_group_new(&tt_ExceptionGroup, &inner, 1, "inner");
        if (members[2])
            group = tt_exc_group_new(&tt_ExceptionGroup, members, 3, "outer");
    }
    tt_exc_unref(inner);
    for (int i = 0; i < 3; i++)
        tt_exc_unref(members[i]);
    if (group)
        tt_exc_add_note(group, "note");
    drop_pending();
    if (group)
        tt_raise_exc(group);
    return group;
}

static void use_groups(void)
{
    tt_exc *group = raise_tree(), *copy, *match = NULL, *rest = NULL;
    char *text;
    FILE *null;

    drop_pending();
    if (!group)
        return;
    for (int k = 0; k < 20; k++)
        tt__exc_add_place(group, k % 2 ? TT_HERE : TT_HERE);
    copy = tt__exc_copy(group);
    if (copy) {
        assert_int_equal(tt_exc_leaf_count(copy), 3);
        assert_int_equal(tt_exc_note_count(copy), tt_exc_note_count(group));
    }
    if (tt_exc_group_split(group, &tt_KeyError, &match, &rest) == 0)
        assert_int_equal(tt_exc_leaf_count(match) + tt_exc_leaf_count(rest), 3);
    else
        assert_true(tt_exc_is(tt_exc_pending(), &tt_MemoryError) && !match && !rest);
    drop_pending();
    text = tt_exc_format(group);
    if (text)
        assert_non_null(strstr(text, "KeyError: 'k'"));
    free(text);
    null = fmemopen((char[4000]){0}, 4000, "w");
    if (null) {
        tt_exc_print(group, null);
        fclose(null);
    }
    tt_exc_unref(match);
    tt_exc_unref(rest);
    tt_exc_unref(copy);
    tt_exc_unref(group);
}

static void groups_without_memory_are_not_made_and_nothing_else_changes(void **state)
{
    (void)state;
    fail_each(use_groups, 20);
}

/* Whether EXC or what its links lead to is WANTED. */
static bool leads_to(const tt_exc *exc, const tt_exc *wanted, int depth)
{
    if (!exc || depth > 12)
        return false;
    if (exc == wanted || leads_to(tt_exc_context(exc), wanted, depth + 1) ||
        leads_to(tt_exc_cause(exc), wanted, depth + 1))
        return true;
    for (size_t i = 0; i < tt_exc_group_count(exc); i++)
        if (leads_to(tt_exc_group_member(exc, i), wanted, depth + 1))
            return true;
    return false;
}

/* Whether it says that there was no memory, and so may take the place of what is expected. */
static bool is_excused(const tt_exc *exc)
{
    return tt_exc_is(exc, &tt_MemoryError);
}

static void handle_parts(void)
{
    tt_exc *group = raise_tree(), *raised[2] = {NULL}, *result;
    bool is_key_handled = false;

    if (!group)
        return;
    if (tt_catch_group_begin()) {
        if (tt_catch_group(&tt_ValueError)) {
            tt_raise(&tt_ArithmeticError, "first");
            raised[0] = tt_exc_ref(tt_exc_pending());
        }
        if (tt_catch_group(&tt_KeyError))
            is_key_handled = true;
        if (tt_catch_group(&tt_TypeError)) {
            tt_raise(&tt_LookupError, "second");
            raised[1] = tt_exc_ref(tt_exc_pending());
        }
        (void)!tt_catch_group_end();
    } else {
        assert_ptr_equal(tt_exc_pending(), group);
    }
    result = tt__exc_state_take(tt__exc_state_now());
    assert_null(tt_exc_caught());
    for (int i = 0; i < 2; i++)
        assert_true(!raised[i] || is_excused(raised[i]) || leads_to(result, raised[i], 0));
    assert_true(raised[0] || leads_to(result, tt_exc_leaf(group, 0), 0));
    assert_true(raised[1] || leads_to(result, tt_exc_leaf(group, 1), 0));
    assert_true(is_key_handled || leads_to(result, tt_exc_leaf(group, 2), 0));
    for (int i = 0; i < 2; i++)
        tt_exc_unref(raised[i]);
    tt_exc_unref(result);
    tt_exc_unref(group);
}

static void what_arms_raise_and_what_they_do_not_handle_is_not_lost_without_memory(void **state)
{
    (void)state;
    fail_each(handle_parts, 15);
}

/* Arms without any memory from the first on, and more raised between them than there is room for. */
static void what_is_raised_between_arms_is_not_lost_without_memory(void **state)
{
    tt_exc *group = raise_tree(), *raised[12], *result;

    (void)state;
    assert_non_null(group);
    for (int i = 0; i < 12; i++)
        raised[i] = tt_exc_new(&tt_LookupError, "%d", i);
    assert_true(tt_catch_group_begin());
    attempt_count = 0;
    fail_first = 1;
    fail_last = LONG_MAX;
    for (int i = 0; i < 12; i++) {
        tt_raise_exc(raised[i]);
        assert_false(tt_catch_group(&tt_BufferError));
        drop_pending(); /* the MemoryError of a split */
    }
    assert_int_equal(tt_catch_group_end(), -1);
    fail_last = -1;
    result = tt__exc_state_take(tt__exc_state_now());
    for (int i = 0; i < 12; i++) {
        bool is_there = false;

        for (const tt_exc *exc = result; exc; exc = tt_exc_context(exc))
            is_there = is_there || exc == raised[i];
        assert_true(is_there);
        tt_exc_unref(raised[i]);
    }
    assert_true(leads_to(result, group, -100));
    tt_exc_unref(result);
    tt_exc_unref(group);
    assert_int_equal(live_count, 0);
}

/* ------------------------------------------------------------------------------------------------------ circles */

/* A generator of its own, so that a run can be repeated anywhere. */
static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % below;
}

/* Raises old and new exceptions and groups in any order, handled or not. Whatever links and circles that makes, all of
 * it must be freed. */
static void raise_at_random(uint32_t seed)
{
    struct tt_exc_state task = {0}, *outer = tt__exc_state_enter(&task);
    tt_exc *held[6] = {0};

    for (int step = 0; step < 300; step++) {
        uint32_t which = draw(&seed, 6);

        switch (draw(&seed, 12)) {
        case 0:
            tt_raise(&tt_ValueError, "new");
            break;
        case 1:
            tt_raise_from(held[which], &tt_TypeError, "new");
            break;
        case 2:
            if (held[which])
                tt_raise_exc(held[which]);
            break;
        case 3:
            tt_exc_unref(held[which]);
            held[which] = tt_exc_ref(tt_exc_pending() ? tt_exc_pending() : tt_exc_caught());
            break;
        case 4:
            if (task.handling_count < 10 && !tt_catch(&tt_Exception))
                tt_cleanup_begin();
            break;
        case 5:
            if (task.handling_count > 0)
                tt__exc_state_close_handlings(&task);
            break;
        case 6:
            if (held[which] && held[0])
                tt__exc_set_context(held[which], held[0]);
            break;
        case 7:
            drop_pending();
            break;
        case 8:
            if (held[which] && held[0]) {
                tt_exc *members[] = {held[which], held[0]};
                tt_exc *group = tt_exc_group_new(&tt_BaseExceptionGroup, members, 2, "g");
                if (tt_exc_leaf_count(group) > 100) {
                    tt_exc_unref(group);
                    group = NULL;
                }
                tt_exc_unref(held[1]);
                held[1] = group;
            }
            break;
        case 9:
            if (held[which])
                tt_raise_exc_from(held[0], held[which]);
            break;
        case 10:
            if (task.handling_count < 10)
                (void)!tt_catch_group_begin();
            break;
        default:
            for (uint32_t i = 0; i < task.handling_count && i < TT_EXC_HANDLINGS_INLINE; i++)
                if (task.first[i].kind == TT_EXC_STAR && !tt_catch_group(which % 2 ? &tt_ValueError : &tt_Exception))
                    break;
        }
    }
    for (size_t i = 0; i < sizeof held / sizeof held[0]; i++) {
        char *text = held[i] ? tt_exc_format(held[i]) : NULL;
        free(text);
        tt_exc_unref(held[i]);
    }
    tt__exc_state_finish(&task);
    tt__exc_state_enter(outer);
}

static void no_order_of_raising_leaves_anything(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 1000; seed++) {
        long live_before = live_count;

        raise_at_random(seed);
        if (live_count != live_before)
            fail_msg("seed %u leaves %ld blocks", seed, live_count - live_before);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(raise_without_memory_leaves_an_exception_pending),
    cmocka_unit_test(what_was_raised_before_is_not_lost_to_a_memory_error),
    cmocka_unit_test(handlings_without_memory_nest_and_end_in_order),
    cmocka_unit_test(inside_of_a_refused_cleanup_nothing_is_opened_until_it_ends),
    cmocka_unit_test(a_refused_cleanup_may_be_left_open),
    cmocka_unit_test(an_arm_ends_a_refused_cleanup_that_was_left_open),
    cmocka_unit_test(copies_and_texts_without_memory_are_null_and_leave_all_as_it_was),
    cmocka_unit_test(groups_without_memory_are_not_made_and_nothing_else_changes),
    cmocka_unit_test(what_arms_raise_and_what_they_do_not_handle_is_not_lost_without_memory),
    cmocka_unit_test(what_is_raised_between_arms_is_not_lost_without_memory),
    cmocka_unit_test(no_order_of_raising_leaves_anything),
};
TT_TEST_MAIN(cases)
