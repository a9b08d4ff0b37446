/* virtual_time.c: loops whose clock jumps: to the next timer as soon as nothing else can happen, and the report when
 * nothing can happen at all.
 *
 *     ready? --yes--> the turn, at the same time                                           (loop.c)
 *       | no
 *     something may come from outside? --yes--> wait for it; meanwhile the clock runs as the real one does, but not
 *       | no                                    past the next timer
 *     a timer? --yes--> the clock jumps to it
 *       | no
 *     somebody waits on this loop? --yes--> stuck: the run ends with tt_StuckError
 *       | no
 *     wait for a call from another thread
 *
 * From outside comes what keeps libuv's loop alive: descriptors that are polled, signals, work in its pool, handles of
 * the program's own. The loop's own handles do not count, nor does a runner's watch for SIGINT (signals.c).
 *
 * The loop's thread. From: nothing in asyncio. */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "loop_internal.h"
#include "precond.h"

/* Tasks that a report of being stuck names; a text of thousands helps nobody. */
enum { STUCK_TASKS_MAX = 100 };

const tt_exc_type tt_StuckError = {.name = "StuckError", .base = &tt_RuntimeError};

tt_loop *tt_loop_create_virtual_at(tt_site *site)
{
    tt_loop *loop = tt_loop_create_at(site);

    if (loop)
        loop->is_virtual = true;
    return loop;
}

bool tt_loop_is_virtual(const tt_loop *loop)
{
    TT_PRECOND("loop_is_virtual.loop", NULL, loop != NULL);
    return loop->is_virtual;
}

/* ------------------------------------------------------------------------------------------------------- the report */

/* The word of events.def for what is waited for. */
static const char *wait_word(uint8_t kind)
{
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) {#name, number, #word},
    static const struct {
        const char *enumeration;
        int number;
        const char *word;
    } words[] = {
#include "events.def"
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].number == kind && strcmp(words[i].enumeration, "wait_kind") == 0)
            return words[i].word;
    return "something";
}

/* A text that is first measured, then written. */
struct text {
    char *buffer; /* NULL while it is measured */
    size_t size, length;
};

static void TT_PRINTF(2, 3) add(struct text *text, const char *format, ...)
{
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(text->buffer ? text->buffer + text->length : NULL, text->buffer ? text->size - text->length : 0,
                       format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t)length;
    assert((!text->buffer || text->length < text->size) && "the text was measured");
}

static void add_waiter(struct text *text, const tt_future *waiter)
{
    if (waiter->kind == TT_OBJECT_KIND_TASK)
        add(text, "task '%s'", tt_task_name(waiter));
    else
        add(text, "%s #%" PRIu64, wait_word(waiter->label.kind), waiter->label.object);
}

/* "\n  task 'a' (f) waits for task 'b' at server.c:12" */
static void add_task(struct text *text, const struct tt_task_object *task)
{
    const tt_site *created = task->future.created_site;

    assert(task->phase == TT_TASK_WAITING && task->waiter && "who is stuck waits");
    add(text, "\n  task '%s' (%s) waits for ", tt_task_name(&task->future),
        created->text ? created->text : "coroutine");
    add_waiter(text, task->waiter);
    add(text, " at %s:%u", task->last_site->file, task->last_site->line);
}

static void add_report(struct text *text, const tt_loop *loop)
{
    const struct tt_task_object *task = loop->first_task;
    size_t count = 0;

    add(text, "nothing can happen any more, and ");
    if (task)
        add(text, "%zu %s", loop->task_count, loop->task_count == 1 ? "task waits" : "tasks wait");
    else
        add(text, "the run waits for %s #%" PRIu64, wait_word(loop->run_for->label.kind), loop->run_for->id);
    for (; task && count < STUCK_TASKS_MAX; task = task->next, count++)
        add_task(text, task);
    if (count < loop->task_count)
        add(text, "\n  and %zu more", loop->task_count - count);
}

/* The text of the report, malloc'ed; NULL without memory. */
static char *report_text(const tt_loop *loop)
{
    struct text text = {0};

    add_report(&text, loop);
    text.size = text.length + 1;
    text.length = 0;
    text.buffer = malloc(text.size);
    if (text.buffer)
        add_report(&text, loop);
    return text.buffer;
}

/* Ends the run with the report. */
static void report_stuck(tt_loop *loop)
{
    struct tt_exc_state state = {0}, *outer = tt__exc_state_enter(&state);
    char *text = report_text(loop);
    tt_exc *exc;

    tt_raise_at(loop->run_site, &tt_StuckError, "%s", text ? text : "nothing can happen any more");
    free(text);
    exc = tt__exc_state_take(&state);
    tt__exc_state_enter(outer);
    tt__loop_set_fatal(loop, exc);
    tt_exc_unref(exc);
}

/* -------------------------------------------------------------------------------------------------------- the clock */

/* Whether something may come from outside. libuv knows, once the loop's own handles are left out of its count. */
static bool is_alive(tt_loop *loop)
{
    uv_handle_t *const own[] = {(uv_handle_t *)&loop->wake, (uv_handle_t *)&loop->prepare, (uv_handle_t *)&loop->check,
                                (uv_handle_t *)&loop->idle, (uv_handle_t *)&loop->alarm};
    bool result;

    tt__watches_check_fresh(loop, false); /* who waits for a descriptor that is closed waits for nothing */
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        uv_unref(own[i]);
    result = uv_loop_alive(loop->uv) != 0;
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        uv_ref(own[i]);
    return result;
}

bool tt__virtual_time_pass(tt_loop *loop, int64_t when_ns)
{
    assert(loop->is_virtual && !loop->ready.count && "nobody can run now");
    if (is_alive(loop) || (when_ns == INT64_MAX && !loop->task_count && !loop->run_for)) {
        loop->blocked_since_ns = (int64_t)uv_hrtime();
        loop->blocked_until_ns = when_ns;
        return false;
    }
    if (when_ns == INT64_MAX)
        report_stuck(loop);
    else if (when_ns > loop->virtual_ns)
        loop->virtual_ns = when_ns;
    return true;
}

void tt__virtual_time_poll_ended(tt_loop *loop)
{
    int64_t passed_ns = (int64_t)uv_hrtime() - loop->blocked_since_ns;

    loop->blocked_since_ns = 0;
    if (passed_ns > loop->blocked_until_ns - loop->virtual_ns)
        passed_ns = loop->blocked_until_ns - loop->virtual_ns;
    if (passed_ns > 0)
        loop->virtual_ns += passed_ns;
}
