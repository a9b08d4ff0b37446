/* lttng_keeper.c: see lttng_keeper.h.
 *
 * The lock is one of the folder that root's daemon has its own folder in. Nothing else locks that, and it is there.
 */
#include "lttng_keeper.h"

#include "agent.h"
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AGENT       "telltale-lttng-session"
#define LOCK_FOLDER "/var/run"
#define LOCK_MS     20000 /* whoever has it asks a daemon that may be frozen, and that is bounded */
#define ASK_MS      3000
#define LOOK_MS     500 /* so often the keeper looks whether the daemon is still used */
#define STEP_MS     20

static void sleep_ms(long milliseconds)
{
    struct timespec duration = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&duration, NULL);
}

int tt__lttng_lock(void)
{
    int fd = geteuid() == 0 ? open(LOCK_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    for (int waited = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || waited >= LOCK_MS) {
            close(fd);
            return -1;
        }
        if (waited == TT_AGENT_PATIENCE_MS)
            tt__complain("record: waiting for another recording, which begins or ends, at most %d s", LOCK_MS / 1000);
        sleep_ms(STEP_MS);
    }
    return fd;
}

void tt__lttng_unlock(int lock)
{
    if (lock >= 0)
        close(lock);
}

/* ------------------------------------------------------------------------------------------------ who uses the daemon */

/* Asks for the sessions beside SESSION; -1: no answer. */
static long count_others(const char *session)
{
    const char *arguments[] = {AGENT, "others", session, NULL};
    char text[64];
    if (tt__agent_ask(arguments, NULL, ASK_MS, TT_LTTNG_AWAITED, text, sizeof text) != TT_AGENT_DONE)
        return -1;
    return strtol(text, NULL, 10);
}

unsigned tt__lttng_other_sessions(const char *session)
{
    long count = count_others(session);
    return count > 0 ? (unsigned)count : 0;
}

/* --------------------------------------------------------------------------------------------------------- the keeper */

static bool has_gone(int daemon_fd)
{
    struct pollfd end = {.fd = daemon_fd, .events = POLLIN};
    return poll(&end, 1, 0) != 0;
}

/* What a recording leaves that was killed. */
static void end_session(const char *session)
{
    const char *arguments[] = {AGENT, "end", session, "1000", NULL};
    char text[300];
    (void)tt__agent_ask(arguments, NULL, ASK_MS + 1000, NULL, text, sizeof text);
}

/* Ends the daemon once nobody uses it. */
static void look_after(int daemon_fd, const char *session)
{
    for (; !has_gone(daemon_fd); sleep_ms(LOOK_MS)) {
        int lock = tt__lttng_lock();
        bool is_unused = lock >= 0 && count_others(session) == 0;
        if (is_unused) {
            (void)syscall(SYS_pidfd_send_signal, daemon_fd, SIGTERM, NULL, 0);
            struct pollfd end = {.fd = daemon_fd, .events = POLLIN};
            (void)poll(&end, 1, ASK_MS);
        }
        tt__lttng_unlock(lock);
    }
}

static void become_keeper(int fd, int daemon_fd, const char *session)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    char word;
    ssize_t got;
    /* The lock is among what is open here; and whoever reads what the recording prints shall not wait for this. */
    enum { WORDS = 3, DAEMON, FIRST_OTHER };
    int words_fd = fcntl(fd, F_DUPFD, FIRST_OTHER), end_fd = fcntl(daemon_fd, F_DUPFD, FIRST_OTHER);
    int nowhere = open("/dev/null", O_RDWR);
    if (words_fd < 0 || end_fd < 0 || nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 ||
        dup2(nowhere, 2) < 0 || dup2(words_fd, WORDS) < 0 || dup2(end_fd, DAEMON) < 0 ||
        syscall(SYS_close_range, FIRST_OTHER, ~0u, 0) < 0 || chdir("/") < 0)
        _exit(1);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    setsid();
    prctl(PR_SET_NAME, "telltale-keeper");
    while ((got = read(WORDS, &word, 1)) < 0 && errno == EINTR)
        ;
    if (got == 1 && word == 'e')
        _exit(0);
    if (got != 1)
        end_session(session);
    look_after(DAEMON, session);
    _exit(0);
}

bool tt__lttng_keep(struct tt_lttng_keeper *out_keeper, pid_t daemon, const char *session)
{
    int ends[2], daemon_fd = (int)syscall(SYS_pidfd_open, daemon, 0);
    *out_keeper = (struct tt_lttng_keeper){.fd = -1};
    if (daemon_fd < 0)
        return false;
    if (pipe2(ends, O_CLOEXEC) < 0) {
        close(daemon_fd);
        return false;
    }
    out_keeper->pid = fork();
    if (out_keeper->pid == 0) {
        close(ends[1]);
        become_keeper(ends[0], daemon_fd, session);
    }
    close(ends[0]);
    close(daemon_fd);
    if (out_keeper->pid < 0)
        close(ends[1]);
    else
        out_keeper->fd = ends[1];
    out_keeper->pid = out_keeper->pid < 0 ? 0 : out_keeper->pid;
    return out_keeper->pid > 0;
}

void tt__lttng_leave(struct tt_lttng_keeper *keeper, bool has_ended)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN}, old;
    if (keeper->pid == 0)
        return;
    sigaction(SIGPIPE, &ignored, &old); /* somebody may have killed it */
    (void)!write(keeper->fd, has_ended ? "e" : "l", 1);
    sigaction(SIGPIPE, &old, NULL);
    close(keeper->fd);
    while (has_ended && waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    keeper->pid = 0;
}
