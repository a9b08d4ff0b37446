#!/bin/sh
# test_redact.sh: with --redact messages no byte of what a program says in its own words is in any file, however the program
# ends and whoever reads what it left.
# shellcheck source-path=SCRIPTDIR source=case.sh disable=SC2154 # telltale and work are case.sh's
. "$(dirname "$0")/case.sh"

# Says SeCrEt in every way there is, in the parent and in a child, then waits for a file called go, if there is an argument.
write_program() {
    cat >program.c <<'END'
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <telltale/telltale.h>
#include <telltale/trace.h>
#include <unistd.h>
static int fails(void *arg)
{
    (void)arg;
    return tt_raise(tt_ValueError, "SeCrEt-message %d", 17);
}
static int chained(void *arg)
{
    (void)arg;
    tt_trace_note(0, "SeCrEt-key", "SeCrEt-note");
    if (fails(NULL) < 0)
        return tt_raise(tt_RuntimeError, "SeCrEt-second");
    return 0;
}
static int waits(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(600));
}
static int app(void *arg)
{
    tt_task *one = tt_create_task(fails, NULL), *two = tt_create_task(chained, NULL), *three = tt_create_task(waits, NULL);
    tt_task_discard(two, "SeCrEt-reason");
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    tt_task_cancel(three, "SeCrEt-cancel");
    tt_task_release(one);
    tt_task_release(two);
    tt_task_release(three);
    if (tt_sleep(TT_MSEC(5)) < 0)
        return -1;
    while (arg && access("go", F_OK) < 0)
        if (tt_sleep(TT_MSEC(20)) < 0)
            return -1;
    return 0;
}
int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "kill") == 0) {
        tt_run(app, NULL);
        raise(SIGKILL);
    }
    pid_t child = fork();
    if (child == 0)
        exit(tt_run(app, NULL) != 0);
    waitpid(child, NULL, 0);
    return tt_run(app, argc > 1 ? "" : NULL);
}
END
}
