/* threads_and_processes: a loop, a thread of the executor, a second loop in a thread of its own, and a child process; a
 * failure comes back from each.
 */
#define _GNU_SOURCE 1 /* pthread_setname_np */
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <telltale/telltale.h>

extern char **environ;

/* -------------------------------------------------------------------------------------------- a thread of the executor */

static int fail_in_thread(void *arg)
{
    (void)arg;
    return tt_raise(&tt_LookupError, "from the executor's thread");
}

/* Handles what is pending if it is of TYPE. */
static int print_caught(int rc, const tt_exc_type *type, const char *where)
{
    if (rc < 0 && tt_catch(type)) {
        printf("%s: %s\n", where, tt_exc_message(tt_exc_caught()));
        rc = tt_catch_end();
    }
    return rc;
}

/* -------------------------------------------------------------------------------------------------- the second loop */

static int fail_elsewhere(void *arg)
{
    char name[16] = "";

    (void)arg;
    if (tt_sleep(TT_MSEC(100)) < 0)
        return -1;
    pthread_getname_np(pthread_self(), name, sizeof name);
    return tt_raise(&tt_ArithmeticError, "from the loop in %s", name);
}

/* The second thread's; the loop is closed where it ran. */
static void *run_loop(void *loop)
{
    if (tt_loop_run_forever(loop) < 0 || tt_loop_close(loop) < 0)
        tt_exc_print(tt_exc_pending(), stderr);
    return NULL;
}

static int stop(void *loop)
{
    tt_loop_stop(loop);
    return 0;
}

/* Blocks, so a thread of the executor does it. */
static int wait_for_thread_future(void *future)
{
    return tt_thread_future_result(future, TT_NEVER, NULL);
}

static int ask_second_loop(void)
{
    tt_loop *other = tt_loop_create();
    tt_thread_future *future;
    pthread_t thread;
    int rc;

    if (!other || pthread_create(&thread, NULL, run_loop, other) != 0)
        return tt_exc_pending() ? -1 : tt_raise(&tt_RuntimeError, "no thread for the second loop");
    pthread_setname_np(thread, "second-thread");
    future = tt_run_coroutine_threadsafe(other, fail_elsewhere, NULL, NULL);
    rc = future ? tt_to_thread(wait_for_thread_future, future, NULL, NULL) : -1;
    rc = print_caught(rc, &tt_ArithmeticError, "second loop");
    tt_thread_future_unref(future);
    if (tt_loop_call_soon_threadsafe(other, stop, other) < 0)
        return tt_raise(&tt_RuntimeError, "cannot stop the second loop");
    pthread_join(thread, NULL);
    return rc;
}

/* -------------------------------------------------------------------------------------------------- a child process */

static int wait_for_child(void *pid)
{
    static int status;

    if (waitpid(*(pid_t *)pid, &status, 0) < 0)
        return tt_raise_errno(ECHILD, "no child");
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return tt_return(&status, NULL);
}

static int ask_child(void)
{
    char *argv[] = {"sh", "-c", "exit 3", NULL};
    void *status;
    pid_t pid;
    int error = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);

    if (error)
        return tt_raise_errno(error, "cannot start a shell");
    if (tt_to_thread(wait_for_child, &pid, NULL, &status) < 0)
        return -1;
    printf("child process: exit status %d\n", *(int *)status);
    return 0;
}

static int run(void *arg)
{
    int rc = print_caught(tt_to_thread(fail_in_thread, arg, NULL, NULL), &tt_LookupError, "executor");

    if (rc == 0)
        rc = ask_second_loop();
    if (rc == 0)
        rc = ask_child();
    return rc;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(run, NULL);
}
