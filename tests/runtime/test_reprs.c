/* What stands in reprs and in what is written for people: escaped as Python's repr does, whole however long, and in a
 * short form where there is no memory for it. The first case is the program python/reprs.py. */
#include "python_program.h"

#define TIMES_10(text)  text text text text text text text text text text
#define TIMES_100(text) TIMES_10(TIMES_10(text))

static const char *const texts[] = {
    "plain",
    "",
    "a\nb",
    "\r\t",
    "\033[31m",
    "\177",
    "\001",
    "back\\slash",
    "it's",
    "say \"it\"",
    "both'\"",
    "\u00e9",
    "\xc2\x9b",
    "\u200b",
    "\u202e",
    "\U0001f600",
    "\U000e0001",
    "\\'",
    TIMES_100("aaa") "'",
};

static int fails(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static tt_task *create(tt_coro_fn *fn, void *arg, const char *name)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = name};
    tt_task *task = tt_create_task_with(fn, arg, &options);

    assert_non_null(task);
    return task;
}

/* The repr, malloc'ed, of the length that was announced. */
static char *repr_of(const tt_future *future)
{
    int length = tt_future_repr(future, NULL, 0);
    char *text = malloc((size_t)length + 1);

    assert_non_null(text);
    assert_int_equal(tt_future_repr(future, text, (size_t)length + 1), length);
    assert_int_equal(strlen(text), length);
    return text;
}

/* Notes what stands in TEXT from BEGIN up to END (NULL: to its end), and frees it. */
static void note_between(char *text, const char *begin, const char *end)
{
    const char *from = strstr(text, begin);
    const char *to = !from ? NULL : end ? strstr(from, end) : from + strlen(from);

    if (!to)
        print_error("no \"%s\" in: %s\n", from ? end : begin, text);
    assert_non_null(to);
    note("%.*s", (int)(to - from), from);
    free(text);
}

static void note_names_and_failures(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tt_task *task = create(fails, (void *)texts[i], texts[i]);

        note_between(repr_of(task), " name=", " coro=");
        stage_turns(1);
        note_between(repr_of(task), " exception=", NULL);
        assert_int_equal(tt_task_exception(task, NULL), 0);
        tt_task_unref(task);
    }
}

static void note_long_failures(void)
{
    static const char *const longs[] = {TIMES_100("xxxx"), TIMES_100("\u00e9\u00e9\u00e9\u00e9"),
                                        TIMES_100(TIMES_10("\n\n\n\n\n"))};

    for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) {
        tt_task *task = create(fails, (void *)longs[i], NULL);

        stage_turns(1);
        note_between(repr_of(task), " exception=", NULL);
        stage_capture_stderr();
        tt_task_unref(task);
        note_between(stage_captured(), " exception=", "\nTraceback");
    }
}

static void note_inner_contexts(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        tt_exc *value = tt_exc_new(&tt_ValueError, "%s", texts[i]), *key = tt_exc_new(&tt_KeyError, "%s", texts[i]);
        tt_future *future = tt_create_future(stage_loop);
        const struct tt_handler_context inner = {.message = texts[i], .exception = value, .future = future};

        assert_int_equal(tt_future_set_exception(future, key), 0);
        assert_int_equal(tt_future_exception(future, NULL), 0);
        stage_capture_stderr();
        tt_loop_default_exception_handler(stage_loop,
                                          &(struct tt_handler_context){.message = "outer", .context = &inner});
        note_between(stage_captured(), "context: ", "\n");
        tt_future_unref(future);
        tt_exc_unref(value);
        tt_exc_unref(key);
    }
}

static void texts_are_escaped_and_whole_as_cpythons(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    note_names_and_failures();
    note_long_failures();
    note_inner_contexts();
    expect_program("reprs");
}

static void bytes_that_are_not_utf_8_are_escaped(void **state)
{
    tt_task *task = create(fails, "\xff\xc3", "a\xff\xe2\x82'\xed\xa0\x80");

    (void)state;
    note_between(repr_of(task), " name=", " coro=");
    stage_turns(1);
    note_between(repr_of(task), " exception=", NULL);
    expect_notes(" name=\"a\\xff\\xe2\\x82'\\xed\\xa0\\x80\"", " exception=ValueError('\\xff\\xc3')>");
    assert_int_equal(tt_task_exception(task, NULL), 0);
    tt_task_unref(task);
}

static void a_buffer_that_is_too_small_never_ends_inside_of_a_character(void **state)
{
    tt_task *task = create(fails, "", "\u00e9\u20ac\U0001f600\u00e9");
    char *whole = repr_of(task);
    int length = (int)strlen(whole);

    (void)state;
    for (size_t size = 1; size <= (size_t)length + 2; size++) {
        char small[1024];
        size_t end = size - 1 < (size_t)length ? size - 1 : (size_t)length;

        memset(small, '#', sizeof small);
        assert_int_equal(tt_future_repr(task, small, size), length);
        while (((unsigned char)whole[end] & 0xc0) == 0x80)
            end--;
        assert_int_equal(strlen(small), end);
        assert_memory_equal(small, whole, end);
        assert_int_equal(small[size], '#');
    }
    free(whole);
    stage_turns(1);
    assert_int_equal(tt_task_exception(task, NULL), 0);
    tt_task_unref(task);
}

/* --------------------------------------------------------------------------------------------- where it goes elsewhere */

static int await_itself(void *arg)
{
    int rc = tt_await(*(tt_task **)arg);

    note("%s", tt_exc_message(tt_exc_pending()));
    return rc < 0 && tt_catch(&tt_RuntimeError) ? tt_catch_end() : -1;
}

static char long_name[2001];

static void an_await_that_is_refused_tells_the_whole_task(void **state)
{
    tt_task *task;
    const char *notes;

    (void)state;
    memset(long_name, 'n', sizeof long_name - 1);
    task = create(await_itself, &task, long_name);
    stage_turns(2);
    notes = stage_notes();
    assert_non_null(strstr(notes, "Task cannot await on itself: <Task pending name='nnn"));
    assert_non_null(strstr(notes, long_name));
    assert_string_equal(notes + strlen(notes) - 2, ">\n");
    stage_forget_notes();
    tt_task_unref(task);
}

static int fail_in_callback(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

static int note_message(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)arg;
    note("%s", context->message);
    return 0;
}

#define LONG_FILE "/a/" TIMES_100("path") "/file.c"

/* A place as the compiler makes it of a source in a deep folder. */
static tt_site deep = {.file = LONG_FILE, .func = "f", .text = "fail_in_callback", .line = 7};

static void a_long_path_of_a_callback_is_told_whole(void **state)
{
    (void)state;
    tt_loop_set_exception_handler(stage_loop, note_message, NULL);
    assert_int_equal(tt_loop_call_soon_at(&deep, stage_loop, fail_in_callback, "x", NULL), 0);
    stage_turns(1);
    expect_notes("Exception in callback fail_in_callback() at " LONG_FILE ":7");
}

static int refuse_memory(void *exc)
{
    allocation_fail(1, true);
    return tt_raise_exc(exc);
}

static int note_message_with_memory(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    allocation_fail(0, false);
    return note_message(loop, context, arg);
}

static void without_memory_a_callbacks_message_is_short(void **state)
{
    tt_exc *exc = tt_exc_new(&tt_ValueError, "x");

    (void)state;
    tt_loop_set_exception_handler(stage_loop, note_message_with_memory, NULL);
    assert_int_equal(tt_loop_call_soon_at(&deep, stage_loop, refuse_memory, exc, NULL), 0);
    stage_turns(1);
    allocation_fail(0, false);
    tt_exc_unref(exc);
    expect_notes("Exception in callback ...");
}

static int await_itself_without_memory(void *arg)
{
    int rc;

    allocation_fail(1, false); /* the repr; there is some for the exception */
    rc = tt_await(*(tt_task **)arg);
    allocation_fail(0, false);
    note("%s", tt_exc_message(tt_exc_pending()));
    return rc < 0 && tt_catch(&tt_RuntimeError) ? tt_catch_end() : -1;
}

static void without_memory_a_task_is_told_in_short(void **state)
{
    tt_task *task = create(await_itself_without_memory, &task, NULL);

    (void)state;
    stage_turns(2);
    expect_notes("Task cannot await on itself: <Task ...>");
    tt_task_unref(task);
}

static void the_default_handler_needs_no_memory(void **state)
{
    tt_task *task;
    char *text;

    (void)state;
    tt_loop_set_exception_handler(stage_loop, NULL, NULL);
    memset(long_name, 'n', sizeof long_name - 1);
    task = create(fails, TIMES_100("xxxxxxxxxx"), long_name);
    stage_turns(1);
    stage_capture_stderr();
    allocation_fail(1, true);
    tt_task_unref(task);
    allocation_fail(0, false);
    text = stage_captured();
    assert_non_null(strstr(text, long_name));
    assert_non_null(strstr(text, " exception=ValueError('" TIMES_100("xxxxxxxxxx") "')>\n"));
    free(text);
}

static int linger(void *arg)
{
    (void)arg;
    for (int64_t until = tt_loop_time(stage_loop) + TT_MSEC(2); tt_loop_time(stage_loop) < until;)
        ;
    return 0;
}

static void what_takes_long_is_told_whole(void **state)
{
    tt_task *task;
    char *text;

    (void)state;
    tt_loop_set_debug(stage_loop, true);
    tt_loop_set_slow_callback_duration(stage_loop, TT_MSEC(1));
    memset(long_name, 'n', sizeof long_name - 1);
    task = create(linger, NULL, long_name);
    stage_capture_stderr();
    stage_turns(1);
    text = stage_captured();
    assert_non_null(strstr(text, "Executing <Task finished name='nnn"));
    assert_non_null(strstr(text, long_name));
    assert_non_null(strstr(text, "> took 0."));
    free(text);
    tt_task_unref(task);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(texts_are_escaped_and_whole_as_cpythons),
    cmocka_unit_test_on_stage(bytes_that_are_not_utf_8_are_escaped),
    cmocka_unit_test_on_stage(a_buffer_that_is_too_small_never_ends_inside_of_a_character),
    cmocka_unit_test_on_stage(an_await_that_is_refused_tells_the_whole_task),
    cmocka_unit_test_on_stage(a_long_path_of_a_callback_is_told_whole),
    cmocka_unit_test_on_stage(without_memory_a_callbacks_message_is_short),
    cmocka_unit_test_on_stage(without_memory_a_task_is_told_in_short),
    cmocka_unit_test_on_stage(the_default_handler_needs_no_memory),
    cmocka_unit_test_on_stage(what_takes_long_is_told_whole),
};

TT_TEST_MAIN(cases)
