/* trial.c: see trial.h. */
#include "trial.h"

#include "harness.h"
#include "tracer/each_event.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

#include "arena.h"

struct studio trial_studio;
char trial_kept_dir[160];

/* --------------------------------------------------------------------------------------------------- what is recorded */

void trial_live(void *argument)
{
    (void)argument;
    emit_each_event();
    for (uint64_t i = 1; i <= 40; i++) {
        uint64_t task = studio_create_task(i % 3 ? "worker" : "other", TT_HERE), exception = tt_trace_new_id();
        TT_EMIT(task_started, .task_id = task);
        TT_EMIT(task_resumed, .task_id = task, .step_number = 1);
        TT_EMIT(task_suspended, .task_id = task, .wait_object = task - 1, .wait_site = TT_HERE,
                .wait_kind = TT_WAIT_KIND_TASK, .state = TT_TASK_STATE_WAITING);
        tt_trace_note(task, "key", "text");
        if (i % 4 == 0)
            continue;
        TT_EMIT(task_woken, .task_id = task, .by = TT_ACTOR_TIMER);
        if (i % 2 == 0) {
            TT_EMIT(exception_raised, .exception_id = exception, .task_id = task, .site = TT_HERE, .type = "ValueError",
                    .message = "it failed");
            TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK,
                    .parent_kind = TT_ACTOR_MAIN, .how = TT_FAILURE_HOW_RAISED, .handle_count = 1,
                    .created_site = TT_HERE, .raised_site = TT_HERE, .type = "ValueError", .message = "it failed");
        }
        TT_EMIT(task_finished, .task_id = task, .step_count = 2, .busy = 1000,
                .outcome = (uint8_t)(i % 2 == 0 ? TT_OUTCOME_FAILED : TT_OUTCOME_RETURNED));
    }
    for (uint64_t i = 1; i <= 4; i++) {
        tt_board_slot *slot = tt_board_claim(i, 0, 1, TT_SITE_HERE("wait"), i % 2 ? "named" : NULL, (uint32_t)i);
        tt_board_write(slot, &(struct tt_board_entry){.state = TT_TASK_STATE_WAITING,
                                                      .wait_kind = TT_WAIT_KIND_SLEEP,
                                                      .wait_site = TT_HERE,
                                                      .since = tt_trace_clock(),
                                                      .step_count = 3});
    }
    if (argument)
        kill(getpid(), SIGKILL);
}

/* Copies a file that has holes. */
void trial_copy_file(const char *from, const char *to)
{
    static char buffer[65536];
    struct stat status;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0 && fstat(in, &status) == 0);
    for (off_t at = lseek(in, 0, SEEK_DATA), end; at >= 0; at = lseek(in, end, SEEK_DATA)) {
        assert_true((end = lseek(in, at, SEEK_HOLE)) > at);
        while (at < end) {
            size_t wanted = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
            ssize_t length = pread(in, buffer, wanted, at);
            assert_true(length > 0 && pwrite(out, buffer, (size_t)length, at) == length);
            at += length;
        }
    }
    assert_int_equal(ftruncate(out, status.st_size), 0);
    close(in);
    close(out);
}

/* Does with each arena in FROM: copies it to TO, or deletes it when that is NULL. */
void trial_take_arenas(const char *from, const char *to)
{
    char source[PATH_MAX], target[PATH_MAX];
    DIR *stream = opendir(from);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (!strstr(entry->d_name, TT_ARENA_SUFFIX))
            continue;
        snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        snprintf(target, sizeof target, "%s/%s", to ? to : "", entry->d_name);
        if (to)
            trial_copy_file(source, target);
        else
            assert_int_equal(unlink(source), 0);
    }
    closedir(stream);
}

void trial_delete_store(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char path[sizeof trial_studio.store + 16];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(path, sizeof path, "%s%s", trial_studio.store, ends[i]);
        assert_true(unlink(path) == 0 || errno == ENOENT);
    }
}

/* Two programs have run, one of them was killed, and nobody has read their arenas. The store lies on tmpfs, too. */
void trial_make_recording(void)
{
    studio_open(&trial_studio);
    scarcity_begin();
    snprintf(trial_kept_dir, sizeof trial_kept_dir, "%s/kept", trial_studio.dir);
    assert_int_equal(mkdir(trial_kept_dir, 0700), 0);
    assert_int_equal(setenv("TELLTALE_EVENTS", "all", 1), 0);
    studio_wait(studio_start_program(&trial_studio, trial_live, NULL, 65536));
    studio_wait(studio_start_program(&trial_studio, trial_live, &trial_studio, 65536));
    unsetenv("TELLTALE_EVENTS");
    assert_int_equal(studio_count_arenas(&trial_studio), 2);
    trial_take_arenas(trial_studio.ring_dir, trial_kept_dir);
    snprintf(trial_studio.store, sizeof trial_studio.store, "%.100s/run.telltale", trial_studio.ring_dir);
}

void trial_remove_recording(void)
{
    trial_delete_store();
    trial_take_arenas(trial_kept_dir, NULL);
    assert_int_equal(rmdir(trial_kept_dir), 0);
    studio_close(&trial_studio);
}

/* ------------------------------------------------------------------------------------------------------------ rounds */

static int count_descriptors(void)
{
    int count = 0;
    DIR *stream = opendir("/proc/self/fd");
    assert_non_null(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

/* Runs the trial with a call that fails, again and again, each time another one. */
static void fail_calls(const struct trial *trial, enum scarcity_of of, unsigned rounds)
{
    unsigned done = 0, refused = 0;
    uint64_t random = studio_seed();
    long before = scarcity_live();
    trial->prepare();
    scarcity_set(of, 0, false);
    assert_true(trial->attempt());
    long calls = scarcity_calls(), step = calls > (long)rounds ? calls / (long)rounds : 1;
    trial->settle(true);
    assert_int_equal(scarcity_live(), before);
    int descriptors = count_descriptors();
    for (long number = 1 + (long)(studio_random(&random) % (uint64_t)step); number <= calls; number += step) {
        trial->prepare();
        scarcity_set(of, number, trial->is_lasting);
        bool is_done = trial->attempt();
        scarcity_set(of, 0, false);
        trial->settle(is_done);
        if (scarcity_live() != before)
            fail_msg("%ld pieces of memory are left behind after call %ld of %ld failed", scarcity_live() - before,
                     number, calls);
        assert_int_equal(count_descriptors(), descriptors);
        done += is_done;
        refused += !is_done;
    }
    fprintf(stderr, "%u of %ld calls%s failed%s: %u times it was done all the same\n", done + refused, calls,
            of == SCARCITY_OF_OWN ? " of telltale" : "", trial->is_lasting ? " with all after them" : "", done);
    assert_true(refused > 0 || calls == 0);
}

/* telltale's own calls are few, and SQLite has been tested by others. */
void trial_run(const struct trial *trial, unsigned rounds)
{
    fail_calls(trial, SCARCITY_OF_OWN, studio_rounds(2 * rounds));
    fail_calls(trial, SCARCITY_OF_ALL, studio_rounds(rounds));
}

void trial_expect_shortage(const struct tt_store_error *error)
{
    if (error->kind != TT_STORE_FAILED || !strstr(error->text, "memory"))
        fail_msg("told as error %d: %s", (int)error->kind, error->text);
}
bool trial_run_recorder(struct tt_recorder_options options)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    options.store = trial_studio.store;
    options.ring_dir = trial_studio.ring_dir;
    options.ready_fd = -1;
    if (tt_recorder_run(&options, &error) == 0)
        return true;
    assert_string_not_equal(error.text, "");
    return false;
}

bool trial_recover(void)
{
    return trial_run_recorder((struct tt_recorder_options){.control_fd = -1, .recover = 1});
}

void trial_path_of_earlier(char path[static sizeof trial_studio.store + 16])
{
    snprintf(path, sizeof trial_studio.store + 16, "%s/earlier", trial_studio.dir);
}
