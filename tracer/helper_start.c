/* helper_start.c: finds the telltale program and starts it as the recorder of this process.
 *
 * The recorder must not look like a child of the program: a server that waits for any child must not reap it, and
 * SIGCHLD must not come. So it is started by a process in between that was cloned with no exit signal, which only
 * __WCLONE waits for; that one forks and ends, and the recorder, in a session of its own, belongs to nobody here. So nobody here
 * sees it killed either: it comes with a guard, see `telltale recorder --guarded`.
 *
 * Threads: as trace.h says of start. Between clone and exec there are only async-signal-safe calls, and the memory is
 * a copy, so it does not matter what other threads were doing. Starting is async-signal-safe as a whole, finding is
 * not.
 */
#include "writer.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM_NAME              "telltale"
#define SIGNALS_MAX               64
#define DESCRIPTORS_WITHOUT_LIMIT 65536

/* --------------------------------------------------------------------------------------------------------- finding */

static int take_if_executable(const char *path, char *out, size_t size)
{
    struct stat status;
    char real[PATH_MAX];
    if (!realpath(path, real) || stat(real, &status) < 0 || !S_ISREG(status.st_mode) || access(real, X_OK) < 0)
        return -ENOENT;
    if (strlen(real) >= size)
        return -ENOENT;
    strcpy(out, real);
    return 0;
}

/* Beside what this code is in, as a build tree has it (lib/ and bin/) and an installed one (lib/ARCHITECTURE/ and
 * bin/). */
static int find_nearby(char *out, size_t size)
{
    static const char *const places[] = {"/../bin/" PROGRAM_NAME, "/../../bin/" PROGRAM_NAME, "/" PROGRAM_NAME};
    char self[PATH_MAX], path[PATH_MAX + 32];
    Dl_info info;
    /* The address of a function that is not exported: a variable may have been copied into the executable. */
    if (dladdr((void *)(uintptr_t)find_nearby, &info) == 0 || !info.dli_fname || info.dli_fname[0] != '/' ||
        !realpath(info.dli_fname, self)) {
        /* The executable itself, of which dladdr says what argv[0] says. */
        if (!realpath("/proc/self/exe", self))
            return -ENOENT;
    }
    char *slash = strrchr(self, '/');
    if (!slash)
        return -ENOENT;
    *slash = '\0';
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%s%s", self, places[i]);
        if (take_if_executable(path, out, size) == 0)
            return 0;
    }
    return -ENOENT;
}

static int find_in_path(char *out, size_t size)
{
    char path[PATH_MAX];
    const char *folders = secure_getenv("PATH");
    for (const char *at = folders; at && *at; at += *at == ':') {
        int length = (int)strcspn(at, ":");
        int needed = snprintf(path, sizeof path, "%.*s/" PROGRAM_NAME, length, at);
        if (length > 0 && needed < (int)sizeof path && take_if_executable(path, out, size) == 0)
            return 0;
        at += length;
    }
    return -ENOENT;
}

int tt__helper_find(const char *wanted, char *out, size_t size)
{
    if (!wanted)
        wanted = secure_getenv("TELLTALE_PROGRAM");
    if (wanted && *wanted)
        return take_if_executable(wanted, out, size);
    if (take_if_executable(TELLTALE_BINDIR "/" PROGRAM_NAME, out, size) == 0 || find_nearby(out, size) == 0 ||
        find_in_path(out, size) == 0)
        return 0;
    return -ENOENT;
}

/* -------------------------------------------------------------------------------------------------------- starting */

static void close_descriptors(void)
{
    struct rlimit limit;
    if (syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
        return;
    rlim_t end = DESCRIPTORS_WITHOUT_LIMIT;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end)
        end = limit.rlim_cur;
    for (rlim_t fd = 3; fd < end; fd++)
        close((int)fd);
}

/* What the program did to its signals, files and folder is no business of the recorder. */
static void forget_program(void)
{
    struct sigaction usual;
    sigset_t none;
    memset(&usual, 0, sizeof usual);
    usual.sa_handler = SIG_DFL;
    for (int number = 1; number <= SIGNALS_MAX; number++)
        sigaction(number, &usual, NULL); /* some cannot be changed */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
        if (fd != null)
            dup2(null, fd);
    close_descriptors();
    if (chdir("/") < 0)
        return; /* then it stays where it is */
}

static long clone_process(void)
{
    return syscall(SYS_clone, 0ul, NULL, NULL, NULL, NULL); /* a fork without exit signal */
}

static _Noreturn void end_process(void)
{
    for (;;)
        syscall(SYS_exit_group, 0);
}

static _Noreturn void become_recorder(const char *const arguments[], struct tt_arena_header *header)
{
    setsid();
    if (clone_process() != 0)
        end_process(); /* the one in between; also where it could not clone: the arena waits for the next recorder */
    forget_program();
    execve(arguments[0], (char *const *)arguments, environ);
    /* Nobody will read: the newest is worth more than the oldest. The mapping is shared with the program. */
    __atomic_store_n(&header->overwrite_oldest, 1, __ATOMIC_RELEASE);
    end_process();
}

int tt__helper_start(const struct tt__plan *plan, struct tt_arena_header *header)
{
    const char *arguments[7 + 2 * TT_RECORDER_OPTIONS_MAX + 1] = {
        plan->program, "recorder", "--store", plan->store, "--ring-dir", plan->ring_dir, "--guarded"};
    for (int i = 0, at = 7; plan->recorder_options[i].name; i++) {
        arguments[at++] = plan->recorder_options[i].name;
        arguments[at++] = plan->recorder_options[i].value;
    }
    long child = clone_process();
    if (child < 0)
        return -errno;
    if (child == 0)
        become_recorder(arguments, header);
    while (waitpid((pid_t)child, NULL, __WCLONE) < 0 && errno == EINTR)
        continue; /* ECHILD: a thread that waits for all processes, __WALL, was first */
    return 0;
}
