/* What exception handlers are told, case by case: the message, the keys, the context they run in, and what the default
 * handler makes of it. The cases are those of python/messages.py, in its order; what CPython 3.13 wrote for them is
 * python/messages.expected. */
#include "stage.h"

#include <ctype.h>

#include "context_internal.h"

static TT_CONTEXT_VAR(where, "nowhere");

static tt_loop *loop; /* of the case at hand; it may close it */

static const char *where_now(void)
{
    return tt_context_var_get_or(&where, where.default_value);
}

static int set_where(const char *value)
{
    return tt_context_var_set(&where, (void *)value, NULL, NULL);
}

/* MESSAGE without what follows "callback", which is about the function. */
static const char *shortened(const char *message)
{
    static char text[256];
    char *callback;

    snprintf(text, sizeof text, "%s", message);
    callback = strstr(text, "callback ");
    if (callback)
        callback[strlen("callback")] = '\0';
    return text;
}

static int say(tt_loop *from, const struct tt_handler_context *context, void *arg)
{
    char keys[128];

    (void)from;
    (void)arg;
    tt_handler_context_keys(context, keys, sizeof keys);
    note("handler: %s [%s] in %s", shortened(context->message), keys, where_now());
    return 0;
}

/* Notes what the default handler wrote: its first line, the keys, the last line of the traceback. */
static void note_default(char *text)
{
    const char *last = "";
    char *line, *rest = text;
    bool is_first = true;

    while ((line = strsep(&rest, "\n")) != NULL && (*line || rest)) {
        size_t key = strspn(line, "abcdefghijklmnopqrstuvwxyz_");

        if (is_first)
            note("default: %s", shortened(line));
        else if (key && line[key] == ':')
            note("  key %.*s", (int)key, line);
        else if (isupper((unsigned char)*line) && !strchr(line, '('))
            last = line;
        is_first = false;
    }
    if (*last)
        note("  %s", last);
}

enum { CUSTOM = 1, DEBUG = 2 };

/* Runs FN with a loop, which it may close. */
static void run_case(const char *name, int options, void (*fn)(void))
{
    char *written;

    note("-- %s", name);
    loop = tt_loop_create();
    tt_loop_set_debug(loop, options & DEBUG);
    if (options & CUSTOM)
        tt_loop_set_exception_handler(loop, say, NULL);
    assert_int_equal(set_where("the main program"), 0);
    stage_capture_stderr();
    fn();
    written = stage_captured();
    if (tt_exc_pending()) {
        note("raised %s: %s", tt_exc_type_of(tt_exc_pending())->name, tt_exc_message(tt_exc_pending()));
        assert_true(tt_catch(&tt_BaseException));
        assert_int_equal(tt_catch_end(), 0);
    }
    note_default(written);
    free(written);
    assert_int_equal(tt_loop_close(loop), 0);
}

static void turn(void)
{
    tt_loop_stop(loop);
    (void)!tt_loop_run_forever(loop);
}

static void close_now(void)
{
    assert_int_equal(tt_loop_close(loop), 0);
    loop = NULL;
}

/* -------------------------------------------------------------------------------------------------- what goes wrong */

static int fails(void *arg)
{
    (void)arg;
    if (set_where("the task") < 0)
        return -1;
    return tt_raise(&tt_ValueError, "boom");
}

static int raises(void *arg)
{
    (void)arg;
    if (set_where("the callback") < 0)
        return -1;
    return tt_raise(&tt_ValueError, "boom");
}

static int raises_done(tt_future *future, void *arg)
{
    (void)future;
    return raises(arg);
}

static int waits(void *arg)
{
    (void)arg;
    return set_where("the task") < 0 ? -1 : tt_sleep(TT_SEC(1000));
}

static int fails_when_cancelled(void *arg)
{
    (void)arg;
    if (tt_sleep(TT_SEC(1000)) < 0 && tt_catch(&tt_CancelledError) && tt_catch_end() < 0)
        return -1;
    return tt_raise(&tt_ValueError, "boom");
}

static void spawn(tt_coro_fn *fn)
{
    assert_int_equal(tt_spawn_with(fn, NULL, &(struct tt_task_options){.loop = loop}), 0);
}

static void task_is_dropped(void)
{
    spawn(fails);
    turn();
}

static void future_is_dropped(void)
{
    tt_future *future = tt_create_future(loop);
    tt_exc *exc = tt_exc_new(&tt_ValueError, "boom");

    assert_int_equal(tt_future_set_exception(future, exc), 0);
    tt_exc_unref(exc);
    tt_future_unref(future);
}

static int drop_a_gather(void *arg)
{
    tt_task *child = tt_create_task(fails, NULL);

    (void)arg;
    tt_future_unref(tt_gather(&child, 1, false));
    tt_task_unref(child);
    for (int i = 0; i < 4; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return 0;
}

static void gather_is_dropped(void)
{
    tt_task *task = tt_create_task_with(drop_a_gather, NULL, &(struct tt_task_options){.loop = loop});

    assert_int_equal(tt_loop_run_until_complete(loop, task), 0);
    tt_task_unref(task);
}

static void task_is_dropped_late(void)
{
    tt_task *task = tt_create_task_with(fails, NULL, &(struct tt_task_options){.loop = loop});

    turn();
    close_now();
    note("closed");
    tt_task_unref(task);
}

static void task_is_destroyed(void)
{
    spawn(waits);
    turn();
    close_now();
}

static void callback_raises(void)
{
    assert_int_equal(tt_loop_call_soon(loop, raises, NULL, NULL), 0);
    turn();
}

static void timer_raises(void)
{
    assert_int_equal(tt_loop_call_later(loop, -1, raises, NULL, NULL), 0);
    turn();
}

static void done_callback_raises(void)
{
    tt_future *future = tt_create_future(loop);

    assert_int_equal(tt_future_add_done_callback(future, raises_done, NULL), 0);
    assert_int_equal(tt_future_set_result(future, NULL, NULL), 0);
    turn();
    tt_future_unref(future);
}

static int leave_one_behind(void *arg)
{
    (void)arg;
    tt_loop_set_exception_handler(tt_loop_running(), say, NULL);
    return tt_spawn(fails_when_cancelled, NULL) < 0 ? -1 : tt_sleep(0);
}

static void task_fails_at_shutdown(void)
{
    close_now();
    assert_int_equal(tt_run(leave_one_behind, NULL), 0);
}

static int hello(void *arg)
{
    (void)arg;
    tt_loop_call_exception_handler(loop, &(struct tt_handler_context){.message = "hello"});
    return 0;
}

static void program_calls(void)
{
    hello(NULL);
}

static void no_message(void)
{
    tt_loop_call_exception_handler(loop, &(struct tt_handler_context){.message = ""});
}

static void callback_calls(void)
{
    assert_int_equal(tt_loop_call_soon(loop, hello, NULL, NULL), 0);
    turn();
}

static int raise_from_handler(tt_loop *from, const struct tt_handler_context *context, void *type)
{
    const char *text = type == &tt_KeyError ? "broken" : type == &tt_SystemExit ? "3" : "";

    (void)from;
    note("handler: %s", context->message);
    return tt_raise(type, "%s", text);
}

static void handler_raises(void)
{
    tt_loop_set_exception_handler(loop, raise_from_handler, (void *)&tt_KeyError);
    hello(NULL);
}

static void handler_exits(void)
{
    tt_loop_set_exception_handler(loop, raise_from_handler, (void *)&tt_SystemExit);
    callback_calls();
}

static void handler_is_interrupted(void)
{
    tt_loop_set_exception_handler(loop, raise_from_handler, (void *)&tt_KeyboardInterrupt);
    callback_calls();
}

static void handler_is_taken_away(void)
{
    tt_loop_set_exception_handler(loop, NULL, NULL);
    hello(NULL);
}

static const struct {
    const char *name;
    int options;
    void (*fn)(void);
} all[] = {
    {"a task is dropped", CUSTOM, task_is_dropped},
    {"a future is dropped", CUSTOM, future_is_dropped},
    {"a gather is dropped", CUSTOM, gather_is_dropped},
    {"a task is dropped after its loop was closed", CUSTOM, task_is_dropped_late},
    {"a task is destroyed", CUSTOM, task_is_destroyed},
    {"a callback raises", CUSTOM, callback_raises},
    {"a timer raises", CUSTOM, timer_raises},
    {"a done-callback raises", CUSTOM, done_callback_raises},
    {"a task fails while the runner shuts down", CUSTOM, task_fails_at_shutdown},
    {"the program calls it", CUSTOM, program_calls},
    {"default: a task is dropped", 0, task_is_dropped},
    {"default: a task is destroyed", 0, task_is_destroyed},
    {"default: a callback raises", 0, callback_raises},
    {"default: no message", 0, no_message},
    {"default: debug mode, a task is dropped", DEBUG, task_is_dropped},
    {"default: debug mode, a callback raises", DEBUG, callback_raises},
    {"default: debug mode, a callback calls it", DEBUG, callback_calls},
    {"debug mode, a task is dropped", CUSTOM | DEBUG, task_is_dropped},
    {"debug mode, a callback raises", CUSTOM | DEBUG, callback_raises},
    {"debug mode, a task is destroyed", CUSTOM | DEBUG, task_is_destroyed},
    {"the handler raises", CUSTOM, handler_raises},
    {"the handler exits", CUSTOM, handler_exits},
    {"the handler is interrupted", CUSTOM, handler_is_interrupted},
    {"the handler is taken away", CUSTOM, handler_is_taken_away},
};

static void handlers_are_told_what_cpythons_are(void **state)
{
    const char *source = getenv("TELLTALE_TEST_SOURCE");
    static char expected[1 << 16];
    char path[4300];
    FILE *file;

    (void)state;
    if (!source)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    snprintf(path, sizeof path, "%s/tests/runtime/python/messages.expected", source);
    file = fopen(path, "r");
    assert_non_null(file);
    expected[fread(expected, 1, sizeof expected - 1, file)] = '\0';
    fclose(file);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        run_case(all[i].name, all[i].options, all[i].fn);
    if (strcmp(stage_notes(), expected) != 0)
        print_error("got:\n%s", stage_notes());
    assert_string_equal(stage_notes(), expected);
    stage_forget_notes();
    tt_context_unref(tt__thread_context);
    tt__thread_context = NULL;
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(handlers_are_told_what_cpythons_are),
};

TT_TEST_MAIN(cases)
