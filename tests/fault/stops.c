/* stops.c: see stops.h. */
#include "stops.h"

#include "harness.h"
#include "tracer/studio.h"

#include <limits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define CALL_STOP (SIGTRAP | 0x80)

/* Ends of names of what a recorder has open. */
static const char *const objects[] = {".telltale", "-journal", "-wal", "-shm", ".arena"};

/* Calls whose first argument is a descriptor, and that can change or tell something. */
static const long calls_of_descriptors[] = {
    SYS_pwrite64, SYS_pread64, SYS_write,  SYS_read,  SYS_fcntl,    SYS_ftruncate, SYS_fdatasync,
    SYS_fsync,    SYS_close,   SYS_fchmod, SYS_flock, SYS_unlinkat, SYS_openat,    SYS_getdents64,
};

/* Calls after which nothing outside of the child is different: behind them is the same place as in front. */
static const long calls_without_effect[] = {
    SYS_pread64,       SYS_newfstatat, SYS_fstatfs,   SYS_readlinkat, SYS_faccessat, SYS_getdents64,
    SYS_brk,           SYS_mmap,       SYS_munmap,    SYS_mprotect,   SYS_madvise,   SYS_getpid,
    SYS_clock_gettime, SYS_geteuid,    SYS_fdatasync, SYS_fsync,      SYS_getrusage,
#if defined(SYS_readlink)
    SYS_readlink,      SYS_access,     SYS_poll,
#endif
};

static bool has_effect(long call)
{
    for (size_t i = 0; i < sizeof calls_without_effect / sizeof *calls_without_effect; i++)
        if (calls_without_effect[i] == call)
            return false;
    return true;
}

static unsigned object_of(pid_t pid, uint64_t descriptor)
{
    char link[64], name[PATH_MAX];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", pid, (int)descriptor);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0)
        return 0;
    name[length] = '\0';
    for (unsigned i = 0; i < sizeof objects / sizeof *objects; i++) {
        size_t end = strlen(objects[i]);
        if ((size_t)length >= end && strcmp(name + (size_t)length - end, objects[i]) == 0)
            return i + 1;
    }
    return sizeof objects / sizeof *objects + 1; /* a folder, a pipe ... */
}

static uint32_t name_call(pid_t pid, long call, uint64_t argument)
{
    unsigned object = 0;
    for (size_t i = 0; i < sizeof calls_of_descriptors / sizeof *calls_of_descriptors; i++)
        if (calls_of_descriptors[i] == call)
            object = object_of(pid, argument);
    return (uint32_t)call << 4 | object;
}

static uint32_t number_place(const struct stops *stops, unsigned stage, bool is_behind)
{
    bool is_own = is_behind && has_effect((long)(stops->now >> 4));
    uint32_t parts[] = {stage, stops->before, stops->now, is_own}, sum = 2166136261u;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        sum = (sum ^ parts[i]) * 16777619u;
    return sum | 1;
}

static void describe(struct stops *stops, bool is_behind)
{
    unsigned object = stops->now & 15;
    bool is_known = object != 0 && object <= sizeof objects / sizeof *objects;
    snprintf(stops->text, sizeof stops->text, "%s call %u%s%s", is_behind ? "behind" : "in front of", stops->now >> 4,
             is_known ? " to *" : "", is_known ? objects[object - 1] : "");
}

void stops_start(struct stops *stops, int (*run)(void *argument), void *argument)
{
    pid_t test = getpid();
    int status;
    memset(stops, 0, sizeof *stops);
    fflush(NULL);
    stops->pid = fork();
    assert_true(stops->pid >= 0);
    if (stops->pid == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != test || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(TT_TEST_SKIPPED);
        raise(SIGSTOP);
        _exit(run(argument));
    }
    assert_int_equal(waitpid(stops->pid, &status, 0), stops->pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TT_TEST_SKIPPED)
        TT_SKIP("processes cannot be traced here");
    assert_true(WIFSTOPPED(status));
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, stops->pid, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)),
                     0);
}

/* Lets it go on to its next stop at a call. False: it has ended. */
static bool go_on(const struct stops *stops)
{
    int status, signal = 0;
    for (;;) {
        assert_int_equal(ptrace(PTRACE_SYSCALL, stops->pid, NULL, (void *)(intptr_t)signal), 0);
        assert_int_equal(waitpid(stops->pid, &status, 0), stops->pid);
        if (!WIFSTOPPED(status)) {
            assert_int_equal(status, 0);
            return false;
        }
        if (WSTOPSIG(status) == CALL_STOP)
            return true;
        signal = WSTOPSIG(status);
    }
}

uint32_t stops_next(struct stops *stops, unsigned stage)
{
    struct __ptrace_syscall_info info = {0};
    if (!go_on(stops))
        return 0;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, stops->pid, (void *)sizeof info, &info) <= 0)
        TT_SKIP("the kernel does not say at which call a process has been stopped");
    bool is_behind = info.op == PTRACE_SYSCALL_INFO_EXIT;
    if (!is_behind) {
        stops->before = stops->now;
        stops->now = name_call(stops->pid, (long)info.entry.nr, info.entry.args[0]);
    }
    describe(stops, is_behind);
    return number_place(stops, stage, is_behind);
}

void stops_kill(struct stops *stops)
{
    assert_int_equal(kill(stops->pid, SIGKILL), 0);
    studio_wait(stops->pid);
}

/* ----------------------------------------------------------------------------------------------------------- places */

void places_add(struct places *places, uint32_t number)
{
    unsigned i = 0;
    while (i < places->count && places->all[i].number != number)
        i++;
    assert_true(i < PLACES_MAX);
    if (i == places->count)
        places->all[places->count++] = (struct place){.number = number};
    places->all[i].count++;
}

void places_shuffle(struct places *places, uint64_t *random)
{
    for (unsigned i = places->count; i > 1; i--) {
        unsigned other = (unsigned)(studio_random(random) % i);
        struct place kept = places->all[i - 1];
        places->all[i - 1] = places->all[other];
        places->all[other] = kept;
    }
}
