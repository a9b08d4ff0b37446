/* Programs that fork, execute, become daemons, close all their descriptors, lock themselves up, and forget their umask, in any order and
 * while threads of theirs emit: each process has its own events and no others, and an end of its own. */
#include "harness.h"
#include "tracer/studio.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "arena.h"

#define PROCESSES_MAX 64u
#define DEPTH_MAX     3u

/* How a process ended, as the store should have it. */
enum end { END_EXIT = 1, END_KILLED, END_EXEC };

#if defined(__SANITIZE_ADDRESS__)
/* To a child of a thread, or of a raw clone, what others had on their stacks looks lost. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}
#endif

/* What each process says of itself, in memory that outlives it. */
static struct family {
    _Atomic uint32_t count;
    struct member {
        _Atomic pid_t pid;
        _Atomic uint32_t notes, end;
    } members[PROCESSES_MAX];
    uint64_t seed;
    _Atomic uint32_t trouble; /* a line of this file */
} * family;

#define MUST(condition)                                                                  \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            atomic_store(&family->trouble, __LINE__);                                    \
            fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
            _exit(9);                                                                    \
        }                                                                                \
    } while (0)

/* ------------------------------------------------------------------------------------------------------- a process */

static struct member *self;
static uint64_t chance; /* each process has its own, so that a seed makes the same family again */

static unsigned choose(unsigned count)
{
    return (unsigned)(studio_random(&chance) % count);
}

static uint32_t reserve_place(void)
{
    uint32_t index = atomic_fetch_add(&family->count, 1);
    MUST(index < PROCESSES_MAX);
    return index;
}

static void take_place(uint32_t index)
{
    self = &family->members[index];
    atomic_store(&self->pid, getpid());
    chance = family->seed + index * UINT64_C(0x9e3779b97f4a7c15);
    chance |= 1;
    choose(1);
}

/* Notes whose text is who says them. */
static void emit(unsigned count)
{
    char text[16];
    snprintf(text, sizeof text, "%d", (int)syscall(SYS_getpid));
    for (; count > 0; count--) {
        tt_trace_note(0, "descent", text);
        atomic_fetch_add(&self->notes, 1);
    }
}

static _Atomic uint32_t is_over;

static void *emit_beside(void *argument)
{
    while (!atomic_load(&is_over)) {
        emit(1);
        studio_sleep_us(100);
    }
    return argument;
}

static void end(enum end how)
{
    atomic_store(&self->end, how);
    switch (how) {
    case END_EXIT:
        exit(0);
    case END_KILLED:
        if (choose(2))
            _exit(0);
        kill(getpid(), SIGKILL);
        break;
    case END_EXEC:
        execl("/bin/sleep", "sleep", "0.01", (char *)NULL);
        break;
    }
    MUST(false);
}

static void live(unsigned depth);

static void wait_for_child(pid_t child)
{
    int status;
    MUST(child > 0 && waitpid(child, &status, 0) == child);
    MUST(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
}

static void have_child(unsigned depth, bool is_raw)
{
    uint32_t place = reserve_place();
    pid_t child = is_raw ? (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL) : fork();
    MUST(child >= 0);
    if (child == 0) {
        take_place(place);
        live(depth + 1);
    }
    wait_for_child(child);
}

/* A child of vfork that executes something else at once, and emits nothing. */
static void have_vforked_child(void)
{
    pid_t child = vfork();
    if (child == 0) {
        execl("/bin/true", "true", (char *)NULL);
        _exit(9);
    }
    wait_for_child(child);
}

/* As daemons do it: two forks, a session of its own, no descriptor of before. */
static void become_daemon(void)
{
    pid_t child = fork();
    MUST(child >= 0);
    if (child == 0) {
        MUST(setsid() >= 0);
        uint32_t place = reserve_place();
        pid_t daemon = fork();
        MUST(daemon >= 0);
        if (daemon > 0) {
            atomic_store(&family->members[place].pid, daemon);
            _exit(0); /* it has said nothing, so it is nobody in the store */
        }
        take_place(place);
        MUST(syscall(SYS_close_range, 0u, ~0u, 0u) == 0);
        MUST(chdir("/") == 0);
        umask(0);
        emit(5);
        end(choose(2) ? END_EXIT : END_KILLED);
    }
    wait_for_child(child);
}

static void lock_itself_up(void)
{
    char path[TT_TEST_PATH_MAX];
    if (geteuid() != 0)
        return;
    MUST(mkdtemp(tt_test_template(path, "test")));
    char *name = strrchr(path, '/') + 1;
    name[-1] = '\0';
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    name[-1] = '/';
    MUST(fd >= 0 && chroot(path) == 0 && chdir("/") == 0);
    MUST(unlinkat(fd, name, AT_REMOVEDIR) == 0);
    close(fd);
}

/* One process: some of all this, and notes in between. */
static void live(unsigned depth)
{
    pthread_t thread;
    bool has_thread = depth == 0 && choose(2), is_locked_up = false;
    emit(1 + choose(20));
    if (has_thread)
        MUST(pthread_create(&thread, NULL, emit_beside, NULL) == 0);
    for (unsigned i = choose(4) + 1; i > 0; i--) {
        switch (choose(8)) {
        case 0:
        case 1:
            if (depth < DEPTH_MAX && !is_locked_up)
                have_child(depth, false);
            break;
        case 2:
            if (!is_locked_up)
                have_vforked_child();
            break;
        case 3:
            if (depth < DEPTH_MAX && !is_locked_up)
                become_daemon();
            break;
        case 4:
            MUST(syscall(SYS_close_range, 0u, ~0u, 0u) == 0);
            break;
        case 5:
            umask(0);
            break;
        case 6:
            if (!is_locked_up)
                lock_itself_up();
            is_locked_up = geteuid() == 0;
            break;
        case 7:
            if (depth < DEPTH_MAX && !is_locked_up && !has_thread)
                have_child(depth, true);
            break;
        }
        emit(choose(20));
    }
    atomic_store(&is_over, 1);
    if (has_thread)
        pthread_join(thread, NULL);
    atomic_store(&is_over, 0);
    end((enum end)(1 + choose(is_locked_up ? 2 : 3)));
}

static void run_family(void *argument)
{
    (void)argument;
    take_place(reserve_place());
    live(0);
}

/* -------------------------------------------------------------------------------------------------------- the store */

static void expect_private(const struct studio *studio)
{
    struct stat stat_buffer;
    assert_int_equal(stat(studio->store, &stat_buffer), 0);
    assert_int_equal(stat_buffer.st_mode & 07777, 0600);
}

static void expect_member(const struct studio *studio, const struct member *member)
{
    /* One that executed something else, which was over before anybody looked, is gone, and nothing more is known. */
    static const char *const ends[] = {[END_EXIT] = "'exit'",
                                       [END_KILLED] = "'killed_without_goodbye'",
                                       [END_EXEC] = "'exec', 'killed_without_goodbye'"};
    char sql[384];
    snprintf(sql, sizeof sql,
             "SELECT count(*), (SELECT count(*) FROM note WHERE key = 'descent' AND thread_id >> 40 = p.process_id)"
             " + drop_count - %u, end_reason IN (%s) OR end_reason FROM processes AS p WHERE pid = %d",
             atomic_load(&member->notes), ends[atomic_load(&member->end)], (int)atomic_load(&member->pid));
    studio_expect(studio, sql, "1|0|1");
}

/* Daemons go on for a while. */
static void await_end(pid_t pid)
{
    for (int i = 0; i < 20000; i++) {
        (void)waitpid(pid, NULL, WNOHANG);
        if (kill(pid, 0) < 0 && errno == ESRCH)
            return;
        studio_sleep_us(1000);
    }
    fail_msg("process %d does not end", (int)pid);
}

static void each_process_of_a_family_has_its_own_events_and_its_own_end(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("valgrind does not know close_range, nor raw clones");
    uint64_t seed = studio_seed();
    family = mmap(NULL, sizeof *family, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(family, MAP_FAILED);
    for (unsigned i = studio_rounds(10); i > 0; i--) {
        struct studio studio;
        memset(family, 0, sizeof *family);
        family->seed = studio_next_seed(&seed);
        studio_open(&studio);
        studio_start_recorder(&studio, NULL);
        assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        studio_wait(studio_start_program(&studio, run_family, NULL, 0));
        for (uint32_t m = 0; m < atomic_load(&family->count); m++)
            await_end(atomic_load(&family->members[m].pid));
        studio_finish(&studio);
        assert_int_equal(atomic_load(&family->trouble), 0);
        studio_expect_sound(&studio);
        studio_expect(
            &studio,
            "SELECT * FROM note AS n JOIN process AS p ON p.process_id = n.thread_id >> 40 WHERE n.text <> p.pid", "");
        for (uint32_t m = 0; m < atomic_load(&family->count); m++)
            expect_member(&studio, &family->members[m]);
        expect_private(&studio);
        studio_close(&studio);
    }
    munmap(family, sizeof *family);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(each_process_of_a_family_has_its_own_events_and_its_own_end),
};

TT_TEST_MAIN(cases)
