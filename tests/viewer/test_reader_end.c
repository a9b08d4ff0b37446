/* test_reader_end.c: each way in which the reader of traces may end has a sentence of its own. */
#include "harness.h"

#include <signal.h>

#include "reader_end.h"

/* Of a reader that signal SIGNAL ended, or, when that is 0, its own STATUS. */
static struct tt_reader_end end_by(int signal, int status)
{
    return (struct tt_reader_end){.wait_status = signal != 0 ? signal : status << 8,
                                  .cpu_us = 300000,
                                  .cpu_seconds_max = 86,
                                  .memory_bytes_max = UINT64_C(2) << 30};
}

static void expect_text(const struct tt_reader_end *end, const char *part)
{
    char text[256];
    tt__reader_end_text(end, text, sizeof text);
    if (!strstr(text, part))
        fail_msg("\"%s\" does not say \"%s\"", text, part);
    assert_null(strchr(text, '\n'));
}

static void a_limit_of_processor_time_is_told_whichever_signal_it_took(void **state)
{
    (void)state;
    struct tt_reader_end end = end_by(SIGXCPU, 0);
    expect_text(&end, "was stopped after 86 s of processor time; --cpu-seconds gives it more");
    end = end_by(SIGKILL, 0);
    end.cpu_us = 88000000;
    expect_text(&end, "was stopped after 86 s of processor time");
    end.cpu_us = 85000000;
    expect_text(&end, "killed from outside");
}

static void a_kill_by_somebody_else_says_nothing_about_the_trace(void **state)
{
    (void)state;
    struct tt_reader_end end = end_by(SIGKILL, 0);
    expect_text(&end, "killed from outside (SIGKILL), after 0.3 s of processor time");
    expect_text(&end, "import it again");
}

static void a_kill_while_the_kernel_lacked_memory_is_told(void **state)
{
    (void)state;
    struct tt_reader_end end = end_by(SIGKILL, 0);
    end.oom_count = 1;
    expect_text(&end, "while the kernel was out of memory");
    end = end_by(SIGTERM, 0); /* which the kernel does not send for that */
    end.oom_count = 1;
    expect_text(&end, "was interrupted");
}

static void a_reader_that_took_too_long_is_told(void **state)
{
    (void)state;
    struct tt_reader_end end = end_by(SIGKILL, 0);
    end.is_late = true;
    end.oom_count = 1;
    expect_text(&end, "was stopped, it took too long");
    end.still_seconds = 30;
    expect_text(&end, "stood still for 30 s and was ended");
    expect_text(&end, "import it again");
}

static void what_a_reader_falls_over_is_damage_and_an_abort_may_be_want_of_memory(void **state)
{
    (void)state;
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++) {
        struct tt_reader_end end = end_by(crashes[i], 0);
        expect_text(&end, "the trace is damaged: the reader fell over it");
    }
    struct tt_reader_end end = end_by(SIGABRT, 0);
    expect_text(&end, "the trace is damaged, or 2048 MiB of memory are not enough for it");
    end = end_by(SIGTRAP, 0); /* glib's */
    expect_text(&end, "the trace is damaged, or 2048 MiB of memory are not enough for it");
}

static void what_else_ends_it_is_told_by_name(void **state)
{
    (void)state;
    struct tt_reader_end end = end_by(SIGUSR1, 0);
    expect_text(&end, "ended from outside by a signal (User defined signal 1)");
    end = end_by(SIGHUP, 0);
    expect_text(&end, "was interrupted (Hangup)");
    end = end_by(0, 3);
    expect_text(&end, "ended without a word, with status 3");
}

static void a_sentence_that_does_not_fit_is_cut(void **state)
{
    (void)state;
    struct tt_reader_end end = end_by(SIGXCPU, 0);
    char text[8];
    tt__reader_end_text(&end, text, sizeof text);
    assert_int_equal(strlen(text), sizeof text - 1);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_limit_of_processor_time_is_told_whichever_signal_it_took),
    cmocka_unit_test(a_kill_by_somebody_else_says_nothing_about_the_trace),
    cmocka_unit_test(a_kill_while_the_kernel_lacked_memory_is_told),
    cmocka_unit_test(a_reader_that_took_too_long_is_told),
    cmocka_unit_test(what_a_reader_falls_over_is_damage_and_an_abort_may_be_want_of_memory),
    cmocka_unit_test(what_else_ends_it_is_told_by_name),
    cmocka_unit_test(a_sentence_that_does_not_fit_is_cut),
};

TT_TEST_MAIN(cases)
