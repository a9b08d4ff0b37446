/* things.c: makes and frees what programs declare. */
#include "things.h"

#include <stdlib.h>
#include <string.h>

#include "run.h"

enum { THINGS_MAX = 32 };

struct thing {
    void *value;
    void (*destroy)(void *value);
};

static struct things {
    struct thing things[THINGS_MAX];
    int count;
} all;

static void destroy_lock(void *lock)
{
    tt_lock_destroy(lock);
}

static void destroy_semaphore(void *semaphore)
{
    tt_semaphore_destroy(semaphore);
}

static void destroy_event(void *event)
{
    tt_event_destroy(event);
}

static void destroy_condition(void *condition)
{
    tt_condition_destroy(condition);
}

static void destroy_queue(void *queue)
{
    tt_queue_destroy(queue);
}

static void destroy_barrier(void *barrier)
{
    tt_barrier_destroy(barrier);
}

static int compare_numbers(const void *a, const void *b)
{
    return ((intptr_t)a > (intptr_t)b) - ((intptr_t)a < (intptr_t)b);
}

static tt_queue *create_queue(const char *kind, long maxsize)
{
    if (strcmp(kind, "lifo") == 0)
        return tt_lifo_queue_create(maxsize, NULL);
    if (strcmp(kind, "priority") == 0)
        return tt_priority_queue_create(maxsize, compare_numbers, NULL);
    return tt_queue_create(maxsize, NULL);
}

static void *create_variable(int number)
{
    tt_context_var *variable = malloc(sizeof *variable);

    if (variable)
        *variable = (tt_context_var){"v", value_of_number(number), true};
    return variable;
}

static struct thing create(char **words, int word_count)
{
    const char *kind = words[0];
    int number = word_count > 2 ? atoi(words[2]) : 0;

    if (strcmp(kind, "lock") == 0)
        return (struct thing){tt_lock_create(), destroy_lock};
    if (strcmp(kind, "semaphore") == 0)
        return (struct thing){tt_semaphore_create(number), destroy_semaphore};
    if (strcmp(kind, "bounded") == 0)
        return (struct thing){tt_bounded_semaphore_create(number), destroy_semaphore};
    if (strcmp(kind, "event") == 0)
        return (struct thing){tt_event_create(), destroy_event};
    if (strcmp(kind, "condition") == 0)
        return (struct thing){tt_condition_create(word_count > 2 ? get(words[2]) : NULL), destroy_condition};
    if (strcmp(kind, "queue") == 0)
        return (struct thing){create_queue(words[2], word_count > 3 ? atol(words[3]) : 0), destroy_queue};
    if (strcmp(kind, "barrier") == 0)
        return (struct thing){tt_barrier_create(number), destroy_barrier};
    return (struct thing){create_variable(number), free};
}

static enum slot_kind kind_of(const char *word)
{
    return strcmp(word, "lock") == 0                                        ? SLOT_LOCK
           : strcmp(word, "semaphore") == 0 || strcmp(word, "bounded") == 0 ? SLOT_SEMAPHORE
           : strcmp(word, "condition") == 0                                 ? SLOT_CONDITION
                                                                            : SLOT_BORROWED;
}

void things_create(const struct program *program)
{
    for (const struct declaration *declaration = program->declarations; declaration; declaration = declaration->next) {
        struct thing thing = create(declaration->words, declaration->word_count);

        if (!thing.value || all.count == THINGS_MAX)
            abort();
        all.things[all.count++] = thing;
        slot_put(declaration->words[1], kind_of(declaration->words[0]), thing.value, RANK_YOUNGEST);
    }
}

void things_destroy(void)
{
    while (all.count > 0) {
        all.count--;
        all.things[all.count].destroy(all.things[all.count].value);
    }
}

struct things *things_leave(void)
{
    struct things *left = malloc(sizeof *left);

    if (!left)
        abort();
    *left = all;
    all.count = 0;
    return left;
}

void things_resume(struct things *left)
{
    all = *left;
    free(left);
}
