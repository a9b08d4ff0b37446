/* lttng_probe.c: see lttng_probe.h. */
#include "lttng_probe.h"

#include "supervisor.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROVIDER "libtelltale-lttng.so"

/* A linker that takes longer than this, beside the wait for daemons, is stuck. */
#define LOAD_SECONDS 5

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* In the child. */
static void load(const char *path, int milliseconds, int fd)
{
    char limit[16];
    snprintf(limit, sizeof limit, "%d", milliseconds);
    setenv("LTTNG_UST_REGISTER_TIMEOUT", limit, 1);
    alarm(LOAD_SECONDS + (unsigned)milliseconds / 1000);
    int64_t from = now_ms();
    bool is_loaded = dlopen(path, RTLD_NOW | RTLD_LOCAL) != NULL;
    const char *reason = is_loaded ? "" : dlerror();
    bool is_late = milliseconds > 0 && now_ms() - from >= milliseconds;
    _exit(write(fd, reason, strlen(reason)) < 0 || !is_loaded ? 1 : is_late ? 2 : 0);
}

void tt__lttng_probe(int milliseconds, struct tt_lttng_probe *out_probe)
{
    int ends[2], status = -1;
    char own[PATH_MAX];
    *out_probe = (struct tt_lttng_probe){0};
    snprintf(own, sizeof own, "%s", tt__supervisor_own_path());
    char *slash = strrchr(own, '/');
    if (slash != NULL)
        *slash = '\0';
    if (snprintf(out_probe->path, sizeof out_probe->path, "%s/" TELLTALE_BIN_TO_LIB "/" PROVIDER, own) >=
            (int)sizeof out_probe->path ||
        access(out_probe->path, R_OK) != 0)
        snprintf(out_probe->path, sizeof out_probe->path, PROVIDER);
    if (pipe(ends) < 0)
        return;
    fflush(NULL); /* what a library does at its load or at an exit must not print our buffers once more */
    pid_t loader = fork();
    if (loader == 0)
        load(out_probe->path, milliseconds, ends[1]);
    close(ends[1]);
    ssize_t length = read(ends[0], out_probe->reason, sizeof out_probe->reason - 1);
    out_probe->reason[length > 0 ? length : 0] = '\0';
    close(ends[0]);
    while (loader > 0 && waitpid(loader, &status, 0) < 0 && errno == EINTR)
        ;
    bool has_ended = loader > 0 && WIFEXITED(status);
    out_probe->is_loaded = has_ended && WEXITSTATUS(status) != 1;
    out_probe->is_late = has_ended && WEXITSTATUS(status) == 2;
}
