/* Processes that go on as another program: the first program's end is told as that, however short the second one lives. */
#include "harness.h"
#include "process_identity.h"
#include "studio_case.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* This program, run with that word and a number, is what others become: it is traced, and becomes itself so many times more. */
#define BECOME "become"

static char own_path[PATH_MAX];

static int begin_with_own_path(void **state)
{
    ssize_t length = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
    assert_in_range(length, 1, sizeof own_path - 2);
    own_path[length] = '\0';
    return studio_case_begin(state);
}

static _Noreturn void become(const char *times)
{
    execl(own_path, own_path, BECOME, times, (char *)NULL);
    _exit(9);
}

static int be_another(char *const *arguments)
{
    char times[2] = {(char)(arguments[2][0] - 1), '\0'};
    snprintf(own_path, sizeof own_path, "%s", arguments[0]);
    if (tt_trace_start(NULL) != TT_TRACE_RECORDING)
        return 8;
    tt_trace_note(0, "became", arguments[2]);
    if (times[0] >= '0')
        become(times);
    return 0;
}

static void become_another(void *argument)
{
    tt_trace_note(0, "was", "");
    become(argument);
}

#define ENDS "SELECT process_id, end_reason, end_text FROM processes ORDER BY process_id"

/* ------------------------------------------------------------------------------------------- into what is traced as well */

static void an_exec_into_a_traced_program_is_told_however_short_that_lives(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    for (int i = 0; i < 10; i++)
        assert_int_equal(studio_wait(studio_start_program(&studio, become_another, "0", 0)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, "SELECT count(*), count(DISTINCT pid) FROM processes", "20|10");
    studio_expect(
        &studio,
        "SELECT end_reason, end_text, count(*), sum((SELECT count(*) FROM note AS n WHERE n.thread_id >> 40 = "
        "p.process_id"
        " AND n.key = iif(p.end_reason = 'exec', 'was', 'became'))) FROM processes AS p GROUP BY 1, 2 ORDER BY 1",
        "exec|replaced by another program|10|10\nexit|exited|10|10");
    /* Of two that are one process the first was replaced. */
    studio_expect(&studio,
                  "SELECT count(*) FROM processes AS p JOIN processes AS q USING (pid)"
                  " WHERE p.end_reason = 'exec' AND q.end_reason = 'exit' AND p.started_ns < q.started_ns",
                  "10");
}

static void each_of_several_programs_of_a_process_but_the_last_was_replaced(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    assert_int_equal(studio_wait(studio_start_program(&studio, become_another, "2", 0)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, ENDS,
                  "0|exec|replaced by another program\n1|exec|replaced by another program\n"
                  "2|exec|replaced by another program\n3|exit|exited");
}

static void an_exec_is_told_to_who_comes_when_all_is_over(void **state)
{
    (void)state;
    assert_int_equal(studio_wait(studio_start_program(&studio, become_another, "1", 0)), 0);
    studio_recover(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, ENDS,
                  "0|exec|replaced by another program\n1|exec|replaced by another program\n2|exit|exited");
}

static void start_by_vfork(void *argument)
{
    int status;
    (void)argument;
    tt_trace_note(0, "was", "");
    pid_t child = vfork();
    if (child == 0) {
        execl(own_path, own_path, BECOME, "0", (char *)NULL);
        _exit(9);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        _exit(7);
    tt_trace_note(0, "was", "");
}

static void a_child_of_vfork_that_executes_a_program_replaces_nobody(void **state)
{
    (void)state;
    studio_start_recorder(&studio, NULL);
    assert_int_equal(studio_wait(studio_start_program(&studio, start_by_vfork, NULL, 0)), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
    studio_expect(&studio, ENDS, "0|exit|exited\n1|exit|exited");
    studio_expect(&studio, "SELECT count(*) FROM note", "3");
}

/* ----------------------------------------------------------------------------------------------- into what is not traced */

static void become_sleep(void *argument)
{
    tt_trace_note(0, "was", "");
    execl("/bin/sleep", "sleep", argument, (char *)NULL);
    _exit(9);
}

/* Who sleeps for that long may be overlooked on a busy machine, now and then. */
static void an_exec_into_an_untraced_program_is_seen_within_fractions_of_a_second(void **state)
{
    enum { TRIES = 20 };
    int64_t seen = 0;
    (void)state;
    studio_start_recorder(&studio, NULL);
    for (int i = 0; i < TRIES && seen == 0; i++) {
        assert_int_equal(studio_wait(studio_start_program(&studio, become_sleep, "0.3", 0)), 0);
        studio_expect_within(&studio, 20000, "SELECT count(*) FROM processes WHERE end_reason = 'running'", "0");
        seen = studio_number(&studio, "SELECT count(*) FROM processes WHERE end_reason = 'exec'");
    }
    assert_int_equal(seen, 1);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

/* ------------------------------------------------------------------------------------------------------ how it is seen */

/* A child that becomes another program, which waits, when it is told to. */
static pid_t start_child(int *out_go)
{
    int go[2];
    char word;
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(go[1]);
        if (read(go[0], &word, 1) == 1)
            execl("/bin/sleep", "sleep", "3600", (char *)NULL);
        _exit(9);
    }
    close(go[0]);
    *out_go = go[1];
    return child;
}

static uint64_t start_ticks_of(pid_t pid)
{
    char path[64], text[1024];
    unsigned long long ticks = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_int_equal(sscanf(strrchr(text, ')') + 1,
                            " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                            &ticks),
                     1);
    return ticks;
}

static void read_boot_id(uint8_t out_id[16])
{
    char text[64] = "", *at = text;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    fclose(file);
    for (int i = 0; i < 16; i++, at += 2) {
        unsigned byte;
        at += *at == '-';
        assert_int_equal(sscanf(at, "%2x", &byte), 1);
        out_id[i] = (uint8_t)byte;
    }
}

static void a_process_that_executes_loses_its_memory_and_lives(void **state)
{
    (void)state;
    int go;
    uint8_t boot_id[16];
    struct tt__process_watch watch;
    struct stat own;
    pid_t child = start_child(&go);
    read_boot_id(boot_id);
    tt__process_watch_begin(&watch, (uint32_t)child, start_ticks_of(child), boot_id, -1);
    assert_int_equal(stat(own_path, &own), 0);
    assert_false(tt__process_watch_has_ended(&watch, studio_now_ns()));
    assert_false(tt__process_watch_lost_memory(&watch));
    if (!studio_is_under_valgrind()) /* which maps the program itself */
        assert_true(tt__process_watch_maps(&watch, own.st_dev, own.st_ino, own_path));
    assert_int_equal(write(go, "x", 1), 1);
    while (!tt__process_watch_lost_memory(&watch))
        studio_sleep_us(1000);
    /* Between the old memory and the new one there is none. */
    while (tt__process_watch_maps(&watch, own.st_dev, own.st_ino, own_path))
        studio_sleep_us(1000);
    assert_false(tt__process_watch_has_ended(&watch, studio_now_ns()));
    assert_int_equal(kill(child, SIGKILL), 0);
    studio_wait(child);
    while (!tt__process_watch_has_ended(&watch, studio_now_ns())) /* at once by a descriptor, else a look later */
        studio_sleep_us(1000);
    assert_true(tt__process_watch_lost_memory(&watch));
    tt__process_watch_end(&watch);
    tt__process_watch_end(&watch);
    assert_false(tt__process_watch_lost_memory(&watch)); /* it cannot be told any more */
    close(go);
}

/* A child that has FILE in its memory, and so many other parts in front of it that a list of them takes several looks. */
static pid_t start_large_child(int file)
{
    enum { PARTS = 2000 };
    int ready[2];
    char word;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        char *parts = mmap(NULL, PARTS * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        bool is_made = parts != MAP_FAILED;
        for (size_t i = 1; i < PARTS && is_made; i += 2)
            is_made = mprotect(parts + i * page, page, PROT_READ | PROT_WRITE) == 0;
        is_made =
            is_made && mmap(parts + (PARTS - 1) * page, page, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) != MAP_FAILED;
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && is_made && write(ready[1], "x", 1) == 1)
            for (;;)
                pause();
        _exit(9);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &word, 1), 1);
    close(ready[0]);
    return child;
}

static pid_t start_killer(pid_t victim, int64_t delay_us)
{
    pid_t killer = fork();
    assert_true(killer >= 0);
    if (killer == 0) {
        studio_sleep_us(delay_us);
        _exit(kill(victim, SIGKILL) == 0 ? 0 : 1);
    }
    return killer;
}

/* Its memory may go while the list of its parts is read. */
static void a_process_that_is_killed_while_it_is_looked_at_has_executed_nothing(void **state)
{
    (void)state;
    char path[256];
    uint8_t boot_id[16];
    struct stat status;
    struct tt__process_watch watch;
    snprintf(path, sizeof path, "%s/mapped", studio.dir);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(ftruncate(file, sysconf(_SC_PAGESIZE)), 0);
    assert_int_equal(fstat(file, &status), 0);
    read_boot_id(boot_id);
    for (unsigned i = studio_rounds(40); i > 0; i--) {
        pid_t child = start_large_child(file);
        tt__process_watch_begin(&watch, (uint32_t)child, start_ticks_of(child), boot_id, -1);
        pid_t killer = start_killer(child, i * 100);
        do
            assert_true(tt__process_watch_maps(&watch, status.st_dev, status.st_ino, path));
        while (!tt__process_watch_has_ended(&watch, studio_now_ns()));
        assert_true(WIFSIGNALED(studio_wait(child)));
        assert_int_equal(studio_wait(killer), 0);
        tt__process_watch_end(&watch);
    }
    close(file);
    assert_int_equal(unlink(path), 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio_with(an_exec_into_a_traced_program_is_told_however_short_that_lives,
                                    begin_with_own_path),
    cmocka_unit_test_in_studio_with(each_of_several_programs_of_a_process_but_the_last_was_replaced,
                                    begin_with_own_path),
    cmocka_unit_test_in_studio_with(an_exec_is_told_to_who_comes_when_all_is_over, begin_with_own_path),
    cmocka_unit_test_in_studio_with(a_child_of_vfork_that_executes_a_program_replaces_nobody, begin_with_own_path),
    cmocka_unit_test_in_studio_with(an_exec_into_an_untraced_program_is_seen_within_fractions_of_a_second,
                                    begin_with_own_path),
    cmocka_unit_test_in_studio_with(a_process_that_executes_loses_its_memory_and_lives, begin_with_own_path),
    cmocka_unit_test_in_studio(a_process_that_is_killed_while_it_is_looked_at_has_executed_nothing),
};

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], BECOME) == 0)
        return be_another(argv);
    return tt_test_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
