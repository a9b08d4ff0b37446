/* queue_cast.h: what the tests of queues have in common: one queue of any kind, and the words that tasks play with it. */
#ifndef TT_TESTS_QUEUE_CAST_H
#define TT_TESTS_QUEUE_CAST_H

#include "cast.h"

static tt_queue *queue; /* of the case */
static int freed_count;

static inline void count_freed(void *item)
{
    (void)item;
    freed_count++;
}

static inline int by_value(const void *a, const void *b)
{
    return ((intptr_t)a > (intptr_t)b) - ((intptr_t)a < (intptr_t)b);
}

static inline void *item_of(long number)
{
    return (void *)(intptr_t)number;
}

static inline int note_item(int rc, void *item)
{
    if (rc == 0)
        note("%s got %ld", tt_task_name(tt_current_task()), (long)(intptr_t)item);
    return rc;
}

static inline int act(const char *word, const char *argument)
{
    void *item = NULL;
    int rc;

    if (strcmp(word, "put") == 0)
        return tt_queue_put(queue, item_of(atol(argument)));
    if (strcmp(word, "put-nowait") == 0)
        return tt_queue_put_nowait(queue, item_of(atol(argument)));
    if (strcmp(word, "get") == 0) {
        rc = tt_queue_get(queue, &item);
        return note_item(rc, item);
    }
    if (strcmp(word, "get-nowait") == 0) {
        rc = tt_queue_get_nowait(queue, &item);
        return note_item(rc, item);
    }
    if (strcmp(word, "done") == 0)
        return tt_queue_task_done(queue);
    if (strcmp(word, "join") == 0)
        return tt_queue_join(queue);
    return tt_raise(&tt_NotImplementedError, "%s", word);
}

static inline void begin_with(tt_queue *new_queue)
{
    queue = new_queue;
    assert_non_null(queue);
    freed_count = 0;
    cast_open(act);
}

static inline void begin(long maxsize)
{
    begin_with(tt_queue_create(maxsize, count_freed));
}

static inline void end(void)
{
    cast_close();
    tt_queue_destroy(queue);
    stage_forget_notes();
}

/* The kinds that have the same tests. */
enum { KINDS = 3 };

static inline tt_queue *queue_of_kind(int kind, long maxsize)
{
    return kind == 0   ? tt_queue_create(maxsize, count_freed)
           : kind == 1 ? tt_lifo_queue_create(maxsize, count_freed)
                       : tt_priority_queue_create(maxsize, by_value, count_freed);
}

static inline void put_now(long number)
{
    assert_int_equal(tt_queue_put_nowait(queue, item_of(number)), 0);
}

static inline long get_now(void)
{
    void *item = NULL;

    assert_int_equal(tt_queue_get_nowait(queue, &item), 0);
    return (long)(intptr_t)item;
}

/* What stands behind the address. */
static inline void expect_repr(const char *name, const char *rest)
{
    char repr[512], expected[512];

    snprintf(expected, sizeof expected, "<%s at %p %s>", name, (void *)queue, rest);
    assert_int_equal(tt_queue_repr(queue, repr, sizeof repr), strlen(expected));
    assert_string_equal(repr, expected);
    assert_int_equal(tt_queue_repr(queue, NULL, 0), strlen(expected));
}

#endif
