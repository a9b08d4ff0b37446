/* Start, stop and exit: what begins a recording, the helper that records, what the arena says about its process. */
#include "harness.h"
#include "recording.h"
#include "ring_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static void forget_environment(void)
{
    static const char *const names[] = {"TELLTALE_STORE",      "TELLTALE_RING_DIR", "TELLTALE_SUPERVISED",
                                        "TELLTALE_RING_BYTES", "TELLTALE_EVENTS",   "TELLTALE_PROGRAM"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(unsetenv(names[i]), 0);
}

static void read_file(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(out, 1, size - 1, file);
    out[length] = '\0';
    fclose(file);
}

/* -------------------------------------------------------------------------------------------------- starting at all */

static void nothing_starts_where_nothing_asks_for_it(void **state)
{
    (void)state;
    forget_environment();
    assert_int_equal(tt_trace_start_from_environment(), TT_TRACE_OFF);
    assert_int_equal(tt_trace_start_from_environment(), TT_TRACE_OFF);
    assert_int_equal(tt_trace_start(NULL), -EINVAL);
    assert_int_equal(tt_trace_categories, 0);
    tt_trace_stop();
}

static void a_store_in_the_environment_starts_a_recording(void **state)
{
    (void)state;
    char store[600], dir[256], written[1024];
    struct recording recording;
    forget_environment();
    recording_make_dir(&recording); /* the store's folder */
    snprintf(store, sizeof store, "%s/run.telltale", recording.dir);
    setenv("TELLTALE_STORE", store, 1);
    setenv("TELLTALE_PROGRAM", "/nonexistent", 1);
    assert_int_equal(tt_trace_start_from_environment(), TT_TRACE_ARENA_ONLY);
    assert_int_equal(tt_trace_start_from_environment(), TT_TRACE_RECORDING);
    assert_int_equal(tt_trace_start(NULL), TT_TRACE_RECORDING);
    assert_int_equal(tt__ring_dir_of_store(store, dir, sizeof dir), 0);
    assert_int_equal(tt__ring_dir_read_store(dir, written, sizeof written), 0);
    assert_string_equal(written, store);
    tt_trace_stop();
    assert_int_equal(tt_trace_start_from_environment(), TT_TRACE_OFF); /* who stopped it wants no more */
    recording_remove(&recording);

    snprintf(recording.dir, sizeof recording.dir, "%s", dir);
    recording.arena.base = NULL;
    recording_open(&recording, getpid());
    assert_int_equal(recording_count(&recording, "process_started"), 1);
    recording_remove(&recording);
    forget_environment();
}

static void a_store_in_a_folder_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    forget_environment();
    const struct tt_trace_options options = {.store = "/nonexistent/folder/run.telltale"};
    assert_int_equal(tt_trace_start(&options), -ENOENT);
    assert_int_equal(tt_trace_categories, 0);
}

static void sizes_of_rings_are_powers_of_two_within_limits(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: an error */
    } cases[] = {{"65536", 65536}, {"64K", 65536}, {"1M", 1 << 20}, {"1G", 1 << 30},
                 {"32K", 0},       {"2G", 0},      {"100000", 0},   {"-1", 0},
                 {"", 8 << 20},    {"1MB", 0},     {"M", 0},        {"99999999999999999999", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recording recording;
        forget_environment();
        recording_make_dir(&recording);
        setenv("TELLTALE_RING_DIR", recording.dir, 1);
        setenv("TELLTALE_SUPERVISED", "1", 1);
        setenv("TELLTALE_RING_BYTES", cases[i].text, 1);
        int status = tt_trace_start(NULL);
        if (cases[i].bytes == 0) {
            assert_int_equal(status, -EINVAL);
        } else {
            assert_int_equal(status, TT_TRACE_RECORDING);
            recording_open(&recording, getpid());
            assert_int_equal(recording.arena.header->ring_bytes, cases[i].bytes);
        }
        recording_end(&recording);
    }
    forget_environment();
}

/* ---------------------------------------------------------------------------------------------------- the ring dir */

static void a_ring_dir_that_others_could_write_to_is_refused(void **state)
{
    (void)state;
    struct recording recording;
    char link[300];
    recording_make_dir(&recording);
    forget_environment();
    struct tt_trace_options options = {.ring_dir = recording.dir, .program = "/nonexistent"};
    assert_int_equal(chmod(recording.dir, 0770), 0);
    assert_int_equal(tt_trace_start(&options), -EPERM);
    assert_int_equal(chmod(recording.dir, 0700), 0);
    snprintf(link, sizeof link, "%s-link", recording.dir);
    assert_int_equal(symlink(recording.dir, link), 0);
    options.ring_dir = link;
    assert_int_equal(tt_trace_start(&options), -ENOTDIR);
    assert_int_equal(unlink(link), 0);
    options.ring_dir = "relative";
    assert_int_equal(tt_trace_start(&options), -EINVAL);
    if (geteuid() == 0) {
        options.ring_dir = recording.dir;
        assert_int_equal(chown(recording.dir, 65534, 65534), 0);
        assert_int_equal(tt_trace_start(&options), -EPERM);
    }
    recording_remove(&recording);
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static void what_is_made_is_private_and_readable_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        struct recording recording;
        struct recording rings = {0};
        char store[300], path[400];
        forget_environment();
        recording_make_dir(&recording);
        assert_true(snprintf(rings.dir, sizeof rings.dir, "%s/rings", recording.dir) < (int)sizeof rings.dir);
        snprintf(store, sizeof store, "%s/run.telltale", recording.dir);
        const struct tt_trace_options options = {.store = store, .ring_dir = rings.dir, .program = "/nonexistent"};
        mode_t before = umask(masks[i]);
        int status = tt_trace_start(&options);
        umask(before);
        assert_int_equal(status, TT_TRACE_ARENA_ONLY);
        assert_int_equal(mode_of(rings.dir), 0700);
        snprintf(path, sizeof path, "%s/store", rings.dir);
        assert_int_equal(mode_of(path), 0600);
        assert_true(arena_find(rings.dir, getpid(), NULL, path, sizeof path));
        assert_int_equal(mode_of(path), 0600);
        tt_trace_stop();
        recording_remove(&rings);
        recording_remove(&recording);
    }
}

static void paths_of_a_store_are_canonical(void **state)
{
    (void)state;
    struct recording recording;
    char path[600], found[1024], first[1024], second[1024];
    recording_make_dir(&recording);
    assert_int_equal(chdir(recording.dir), 0);
    assert_int_equal(tt__store_canonical_path("x.telltale", found, sizeof found), 0);
    snprintf(path, sizeof path, "%s/x.telltale", recording.dir);
    assert_string_equal(found, path);
    assert_int_equal(tt__ring_dir_of_store("./x.telltale", first, sizeof first), 0);
    assert_int_equal(tt__ring_dir_of_store(path, second, sizeof second), 0);
    assert_string_equal(first, second);
    assert_int_equal(tt__ring_dir_of_store("y.telltale", second, sizeof second), 0);
    assert_string_not_equal(first, second);
    assert_int_equal(tt__store_canonical_path("/x", found, sizeof found), 0);
    assert_string_equal(found, "/x");
    assert_int_equal(tt__store_canonical_path("", found, sizeof found), -ENOENT);
    assert_int_equal(tt__store_canonical_path("/tmp/", found, sizeof found), -EISDIR);
    assert_int_equal(tt__store_canonical_path("..", found, sizeof found), -EISDIR);
    assert_int_equal(tt__store_canonical_path("x.telltale", found, 5), -ENAMETOOLONG);
    assert_int_equal(chdir("/"), 0);
    recording_remove(&recording);
}

/* ------------------------------------------------------------------------------------------- what the arena tells */

static void the_header_says_who_writes(void **state)
{
    (void)state;
    struct recording recording;
    struct utsname names;
    char text[4096], program[512] = "";
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    const struct tt_arena_header *header = recording.arena.header;
    assert_int_equal(header->pid, getpid());
    assert_int_equal(header->parent_pid, getppid());
    assert_int_equal(header->uid, geteuid());
    assert_int_equal(uname(&names), 0);
    assert_string_equal(header->host, names.nodename);
    assert_true(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
    assert_int_equal(strncmp(header->program, program, sizeof header->program - 1), 0);
    assert_non_null(strstr(header->command, "test_start"));

    unsigned long long start_ticks;
    read_file("/proc/self/stat", text, sizeof text);
    assert_int_equal(sscanf(strrchr(text, ')') + 1,
                            " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                            &start_ticks),
                     1);
    assert_true(header->start_ticks == start_ticks);

    char boot_id[40] = "", *at = boot_id;
    for (unsigned i = 0; i < 16; i++)
        at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", header->boot_id[i]);
    read_file("/proc/sys/kernel/random/boot_id", text, sizeof text);
    assert_int_equal(strncmp(text, boot_id, 36), 0);

    snprintf(text, sizeof text, "%s/%ld-%02x%02x%02x%02x.arena", recording.dir, (long)getpid(), header->process_uuid[0],
             header->process_uuid[1], header->process_uuid[2], header->process_uuid[3]);
    assert_string_equal(recording.path, text);
    recording_end(&recording);
}

static void the_description_names_all_events_and_words(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    const struct tt_arena_header *header = recording.arena.header;
    char *text = strndup((const char *)recording.arena.base + header->description_offset, header->description_bytes);
    assert_non_null(text);
    assert_int_equal(strlen(text), header->description_bytes);
#define TT_EVENT(number, name, category, level, sentence, fields) \
    assert_int_equal(arena_event(&recording.arena, #name), number);
#include "events.def"
    assert_non_null(strstr(text, "event 21 task_started task task_id:id\n"));
    assert_non_null(strstr(text, "event 42 cancel_swallowed cancel task_id:id request_count:u32\n"));
    assert_non_null(strstr(text, "event 90 note user task_id:id site:site key:text:63 text:text:1023\n"));
    assert_non_null(strstr(text, "enum outcome 1=returned 2=failed 3=cancelled\n"));
    assert_non_null(strstr(text, " outcome:word:outcome stack_used_bytes:u32 stack_bytes:u32\n"));
    free(text);
    recording_end(&recording);
}

/* ------------------------------------------------------------------------------------------------------ the end */

static void a_recording_may_be_stopped_and_started_again(void **state)
{
    (void)state;
    struct recording first, second;
    struct arena_record record;
    struct tt_trace_statistics statistics;
    recording_begin(&first, RECORDING_DROPS, 0, 0);
    TT_EMIT(task_started, .task_id = 1);
    tt_trace_stop();
    tt_trace_get_statistics(&statistics);
    assert_int_equal(statistics.attempt_count, 0);
    recording_begin(&second, RECORDING_DROPS, 0, 0);
    TT_EMIT(task_started, .task_id = 2);
    assert_int_equal(atomic_load(&first.arena.header->state), TT_ARENA_GOODBYE);
    assert_int_equal(atomic_load(&second.arena.header->state), TT_ARENA_ALIVE);
    assert_true(recording_find(&first, "process_ended", 0, &record));
    assert_int_equal(arena_number(&first.arena, &record, "reason"), TT_END_REASON_STOPPED);
    assert_int_equal(recording_count(&first, "task_started"), 1);
    assert_int_equal(recording_count(&second, "task_started"), 1);
    recording_remove(&first);
    recording_end(&second);
}

static void emit_at_exit(void)
{
    TT_EMIT(task_abandoned, .task_id = 77);
}

static void a_program_that_exits_says_goodbye_after_its_exit_handlers(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    recording_make_dir(&recording);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TELLTALE_RING_DIR", recording.dir, 1);
        setenv("TELLTALE_SUPERVISED", "1", 1);
        atexit(emit_at_exit); /* before start: runs last */
        exit(tt_trace_start(NULL) == TT_TRACE_RECORDING ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    recording_open(&recording, child);
    assert_int_equal(recording_count(&recording, "task_abandoned"), 1);
    assert_true(recording_find(&recording, "process_ended", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "reason"), TT_END_REASON_EXIT);
    assert_int_equal(arena_number(&recording.arena, &record, "attempt_count"), recording_count(&recording, NULL));
    assert_int_equal(atomic_load(&recording.arena.header->state), TT_ARENA_GOODBYE);
    recording_remove(&recording);
}

static void a_program_that_ends_by_underscore_exit_says_no_goodbye(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("TELLTALE_RING_DIR", recording.dir, 1);
        setenv("TELLTALE_SUPERVISED", "1", 1);
        _exit(tt_trace_start(NULL) == TT_TRACE_RECORDING ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    recording_open(&recording, child);
    assert_int_equal(recording_count(&recording, "process_ended"), 0);
    assert_int_equal(atomic_load(&recording.arena.header->state), TT_ARENA_ALIVE);
    recording_remove(&recording);
}

/* ----------------------------------------------------------------------------------------------------- the helper */

/* A program in the place of telltale that writes down how it was started. */
static void write_program(struct recording *recording, char *path, size_t size)
{
    snprintf(path, size, "%s/program", recording->dir);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\n"
          "exec > \"$5/.seen\"\n"
          "for word in \"$@\"; do echo \"argument $word\"; done\n"
          "while IFS= read -r line; do echo \"$line\"; done < /proc/$$/status\n" /* without a fork */
          "for fd in /proc/$$/fd/*; do echo \"descriptor ${fd##*/} $(readlink $fd)\"; done\n"
          "echo \"folder $(pwd)\"\n"
          "mv \"$5/.seen\" \"$5/seen\"\n",
          file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0700), 0);
}

static void wait_for_text(struct recording *recording, char *out, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/seen", recording->dir);
    for (unsigned i = 0; i < 5000 && access(path, F_OK) != 0; i++)
        usleep(2000);
    read_file(path, out, size);
}

static _Atomic unsigned child_signals;

static void count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&child_signals, 1);
}

static void the_helper_is_detached_from_the_program(void **state)
{
    (void)state;
    struct recording recording;
    char program[512], store[600], text[8192], line[1024];
    sigset_t blocked, before;
    forget_environment();
    recording_make_dir(&recording);
    write_program(&recording, program, sizeof program);
    snprintf(store, sizeof store, "%s/run.telltale", recording.dir);

    struct sigaction action = {.sa_handler = count_signal}, ignore = {.sa_handler = SIG_IGN};
    assert_int_equal(sigaction(SIGCHLD, &action, NULL), 0);
    assert_int_equal(sigaction(SIGPIPE, &ignore, NULL), 0);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
    int leaked = open("/etc/passwd", O_RDONLY); /* without O_CLOEXEC */
    assert_true(leaked >= 0);

    const struct tt_trace_options options = {.store = store, .ring_dir = recording.dir, .program = program};
    assert_int_equal(tt_trace_start(&options), TT_TRACE_RECORDING);
    sigset_t now;
    assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &now), 0);
    assert_true(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGTERM));
    assert_int_equal(wait(NULL), -1); /* the program has no child */
    assert_int_equal(errno, ECHILD);
    wait_for_text(&recording, text, sizeof text);
    assert_int_equal(wait(NULL), -1);
    assert_int_equal(errno, ECHILD);
    assert_int_equal(atomic_load(&child_signals), 0);

    snprintf(line, sizeof line, "argument recorder\nargument --store\nargument %s\nargument --ring-dir\nargument %s\n",
             store, recording.dir);
    assert_non_null(strstr(text, line));
    snprintf(line, sizeof line, "PPid:\t%ld\n", (long)getpid());
    assert_null(strstr(text, line));
    snprintf(line, sizeof line, "NSsid:\t%ld\n", (long)getsid(0));
    assert_null(strstr(text, line));
    assert_non_null(strstr(text, "SigBlk:\t0000000000000000\n"));
    assert_non_null(strstr(text, "SigIgn:\t0000000000000000\n"));
    assert_non_null(strstr(text, "descriptor 0 /dev/null\n"));
    assert_non_null(strstr(text, "descriptor 2 /dev/null\n"));
    assert_null(strstr(text, "/etc/passwd"));
    assert_non_null(strstr(text, "argument --guarded\n"));
    assert_non_null(strstr(text, "folder /\n"));

    recording_open(&recording, getpid());
    assert_int_equal(recording.arena.header->overwrite_oldest, 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    close(leaked);
    recording_end(&recording);
}

static void a_helper_that_cannot_be_executed_has_the_arena_overwrite(void **state)
{
    (void)state;
    struct recording recording;
    char program[512], store[600];
    forget_environment();
    recording_make_dir(&recording);
    snprintf(program, sizeof program, "%s/program", recording.dir);
    snprintf(store, sizeof store, "%s/run.telltale", recording.dir);
    FILE *file = fopen(program, "w");
    assert_non_null(file);
    fputs("\x7f"
          "ELF but not really",
          file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(program, 0700), 0);
    const struct tt_trace_options options = {.store = store, .ring_dir = recording.dir, .program = program};
    assert_int_equal(tt_trace_start(&options), TT_TRACE_RECORDING);
    recording_open(&recording, getpid());
    for (unsigned i = 0; i < 5000 && recording.arena.header->overwrite_oldest == 0; i++)
        usleep(2000);
    assert_int_equal(recording.arena.header->overwrite_oldest, 1);
    recording_end(&recording);
}

static void a_supervised_process_starts_no_helper_and_a_forked_child_of_another_one_does(void **state)
{
    (void)state;
    struct recording recording;
    char program[512], store[600], text[8192], seen[512];
    forget_environment();
    recording_make_dir(&recording);
    write_program(&recording, program, sizeof program);
    snprintf(store, sizeof store, "%s/run.telltale", recording.dir);
    snprintf(seen, sizeof seen, "%s/seen", recording.dir);
    setenv("TELLTALE_RING_DIR", recording.dir, 1);
    setenv("TELLTALE_STORE", store, 1);
    setenv("TELLTALE_PROGRAM", program, 1);
    setenv("TELLTALE_SUPERVISED", "1", 1);
    assert_int_equal(tt_trace_start(NULL), TT_TRACE_RECORDING);
    usleep(200 * 1000);
    assert_int_not_equal(access(seen, F_OK), 0);
    tt_trace_stop();

    unsetenv("TELLTALE_SUPERVISED");
    assert_int_equal(tt_trace_start(NULL), TT_TRACE_RECORDING);
    wait_for_text(&recording, text, sizeof text);
    assert_int_equal(unlink(seen), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        TT_EMIT(task_started, .task_id = 1);
        _exit(waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? 7 : 8);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 7);
    wait_for_text(&recording, text, sizeof text);
    forget_environment();
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(nothing_starts_where_nothing_asks_for_it),
    cmocka_unit_test(a_store_in_the_environment_starts_a_recording),
    cmocka_unit_test(a_store_in_a_folder_that_does_not_exist_is_an_error),
    cmocka_unit_test(sizes_of_rings_are_powers_of_two_within_limits),
    cmocka_unit_test(a_ring_dir_that_others_could_write_to_is_refused),
    cmocka_unit_test(what_is_made_is_private_and_readable_whatever_the_umask),
    cmocka_unit_test(paths_of_a_store_are_canonical),
    cmocka_unit_test(the_header_says_who_writes),
    cmocka_unit_test(the_description_names_all_events_and_words),
    cmocka_unit_test(a_recording_may_be_stopped_and_started_again),
    cmocka_unit_test(a_program_that_exits_says_goodbye_after_its_exit_handlers),
    cmocka_unit_test(a_program_that_ends_by_underscore_exit_says_no_goodbye),
    cmocka_unit_test(the_helper_is_detached_from_the_program),
    cmocka_unit_test(a_helper_that_cannot_be_executed_has_the_arena_overwrite),
    cmocka_unit_test(a_supervised_process_starts_no_helper_and_a_forked_child_of_another_one_does),
};

TT_TEST_MAIN(cases)
