/* pager.c: long answers on a terminal, page by page. The contract is in pager.h. */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct tt_pager {
    pid_t process;
};

/* Whether PROGRAM is in one of the folders of $PATH. */
static bool is_installed(const char *program)
{
    const char *folders = getenv("PATH");
    for (size_t length; folders != NULL && *folders != '\0'; folders += length + (folders[length] == ':')) {
        char *path = NULL;
        length = strcspn(folders, ":");
        bool is_there = asprintf(&path, "%.*s/%s", (int)length, folders, program) > 0 && access(path, X_OK) == 0;
        free(path);
        if (is_there)
            return true;
    }
    return false;
}

/* The pager's command line for the shell; NULL: none. */
static const char *find_command(void)
{
    const char *command = getenv("TELLTALE_PAGER");
    if (command == NULL)
        command = getenv("PAGER");
    if (command == NULL)
        command = is_installed("less") ? "less" : "";
    return *command == '\0' || strcmp(command, "cat") == 0 ? NULL : command;
}

/* In the child: never returns. */
static void become(const char *command, int pipe_end)
{
    if (dup2(pipe_end, STDIN_FILENO) < 0)
        _exit(127);
    close(pipe_end);
    signal(SIGPIPE, SIG_DFL);
    /* What fits on a screen stays on it; colours are let through; lines are not folded. */
    setenv("LESS", "FRSX", 0);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static int redirect(int pipe_end)
{
    fflush(stdout);
    if (dup2(pipe_end, STDOUT_FILENO) < 0)
        return -1;
    if (isatty(STDERR_FILENO) == 1)
        dup2(pipe_end, STDERR_FILENO); /* else messages would stand where the pager draws */
    return 0;
}

tt_pager *tt__pager_start(void)
{
    int ends[2];
    const char *command = find_command();
    if (command == NULL || isatty(STDOUT_FILENO) != 1 || pipe2(ends, O_CLOEXEC) < 0)
        return NULL;
    tt_pager *pager = malloc(sizeof *pager);
    pid_t process = pager != NULL ? fork() : -1;
    if (process == 0)
        become(command, ends[0]);
    close(ends[0]);
    /* A reader who has seen enough ends the pager; what is printed then goes nowhere, and is no error. */
    signal(SIGPIPE, SIG_IGN);
    if (process < 0 || redirect(ends[1]) < 0) {
        close(ends[1]);
        free(pager);
        return NULL;
    }
    close(ends[1]);
    pager->process = process;
    return pager;
}

void tt__pager_stop(tt_pager *pager)
{
    if (pager == NULL)
        return;
    fclose(stdout);
    fclose(stderr); /* the pager waits for the last writer */
    while (waitpid(pager->process, NULL, 0) < 0 && errno == EINTR)
        ;
    free(pager);
}
