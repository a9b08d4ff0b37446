/* agent.c: see agent.h. */
#include "agent.h"

#include "output/output.h"
#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void tt__agent_path(const char *name, char *out_path, size_t size)
{
    char own[PATH_MAX];
    snprintf(own, sizeof own, "%s", tt__supervisor_own_path());
    char *slash = strrchr(own, '/');
    if (slash != NULL)
        *slash = '\0';
    snprintf(out_path, size, "%s/" TELLTALE_BIN_TO_LIBEXEC "/%s", own, name);
}

static void become_agent(const char *path, int fd, const char *const *arguments, const char *lttng_home)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(fd, 1) < 0 || dup2(nowhere, 2) < 0)
        _exit(127);
    if (lttng_home != NULL && setenv("LTTNG_HOME", lttng_home, 1) < 0)
        _exit(127);
    setpgid(0, 0); /* Ctrl-C is not for it */
    execv(path, (char **)arguments);
    _exit(127);
}

/* Reads what the agent says until it ends. False: it did not within MILLISECONDS. */
static bool hear(int fd, int milliseconds, const char *awaited, char *out, size_t size)
{
    int64_t from = now_ms(), until = from + milliseconds, told = until;
    size_t used = 0;
    ssize_t got = 1;
    if (awaited != NULL && milliseconds > TT_AGENT_PATIENCE_MS)
        told = from + TT_AGENT_PATIENCE_MS;
    while (got != 0) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int64_t left = told - now_ms();
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready == 0 && told == until)
            break;
        if (ready == 0) {
            tt__complain("%s, at most %d s", awaited, (milliseconds + 999) / 1000);
            told = until;
            continue;
        }
        if (ready > 0 && used + 1 < size)
            got = read(fd, out + used, size - 1 - used);
        used += got > 0 && ready > 0 ? (size_t)got : 0;
        if (used + 1 == size)
            break;
    }
    out[used] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return got == 0 || used + 1 == size;
}

enum tt_agent_answer tt__agent_ask(const char *const *arguments, const char *lttng_home, int milliseconds,
                                   const char *awaited, char *out_text, size_t size)
{
    char path[PATH_MAX];
    int ends[2], status = 0;
    out_text[0] = '\0';
    tt__agent_path(arguments[0], path, sizeof path);
    if (access(path, X_OK) != 0 || pipe2(ends, O_CLOEXEC) < 0)
        return TT_AGENT_MISSING;
    fflush(NULL); /* else an exit in the child may print it once more */
    pid_t agent = fork();
    if (agent == 0)
        become_agent(path, ends[1], arguments, lttng_home);
    close(ends[1]);
    bool has_ended = agent > 0 && hear(ends[0], milliseconds, awaited, out_text, size);
    close(ends[0]);
    if (agent < 0)
        return TT_AGENT_MISSING;
    if (!has_ended)
        kill(agent, SIGKILL);
    while (waitpid(agent, &status, 0) < 0 && errno == EINTR)
        ;
    if (!has_ended || (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM))
        return TT_AGENT_LATE;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? TT_AGENT_DONE : TT_AGENT_REFUSED;
}
