/* tasks.c: a program whose tasks wait for one thing each, and that holds failures which were looked at in one way each, for
 * the scripts of this folder.
 *
 *   tasks held          tasks and failures as below; prints "ready" when all of them are there, and goes on until its
 *                       standard input ends. Nothing else wakes its loop.
 *   tasks ready         a task that is ready in every turn beside a task that has not begun
 *   tasks many N        N sleeping tasks; prints "ready", then how many there are when its standard input ends
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <telltale/telltale.h>

static int sleeper(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(3600));
}

static int waiter(void *arg)
{
    return tt_await(arg);
}

static int reader(void *arg)
{
    char byte;

    return tt_sock_recv(*(int *)arg, &byte, 1) < 0 ? -1 : 0;
}

static int failing(void *arg)
{
    return tt_raise(&tt_ValueError, "%s went wrong", (const char *)arg);
}

static int restless(void *arg)
{
    for (bool *is_over = arg; !*is_over;)
        if (tt_sleep(0) < 0)
            return -1;
    return 0;
}

/* Waits until standard input, a socket, ends. */
static int wait_for_end(void)
{
    char byte;
    ssize_t got;

    printf("ready\n");
    fflush(stdout);
    while ((got = tt_sock_recv(STDIN_FILENO, &byte, 1)) > 0)
        continue;
    return got < 0 ? -1 : 0;
}

static int hold(void *arg)
{
    int sockets[2], rc;
    tt_task *waiting[3], *failed[3];
    tt_future *future = tt_create_future(NULL);
    tt_exc *exc;

    (void)arg;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sockets) < 0)
        return tt_raise(&tt_OSError, "no sockets");
    waiting[0] = tt_create_task(sleeper, NULL); /* has the default name */
    waiting[1] = tt_create_task_named(waiter, waiting[0], "the waiter");
    waiting[2] = tt_create_task_named(reader, &sockets[0], "an old name");
    failed[0] = tt_create_task_named(failing, "untouched", "untouched");
    failed[1] = tt_create_task_named(failing, "seen", "seen");
    failed[2] = tt_create_task_named(failing, "dismissed", "dismissed");
    exc = tt_exc_new(&tt_TypeError, "set from outside");
    rc = tt_future_set_exception(future, exc);
    tt_exc_unref(exc);
    if (rc < 0 || tt_sleep(TT_MSEC(10)) < 0)
        return -1;
    if (tt_task_set_name(waiting[2], "the reader") < 0 || tt_task_exception(failed[1], &exc) < 0)
        return -1;
    tt_discard(failed[2], "best effort");
    rc = wait_for_end();
    for (int i = 0; i < 3; i++) {
        tt_task_unref(waiting[i]);
        tt_task_unref(failed[i]);
    }
    tt_future_unref(future);
    return rc;
}

static int be_ready(void *arg)
{
    bool is_over = false;
    tt_task *task = tt_create_task_named(restless, &is_over, "restless");
    int rc = wait_for_end();

    (void)arg;
    is_over = true;
    if (rc == 0)
        rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static int be_many(void *arg)
{
    int count = *(int *)arg, rc;

    for (int i = 0; i < count; i++)
        if (tt_spawn(sleeper, NULL) < 0)
            return -1;
    if (tt_sleep(TT_MSEC(1)) < 0)
        return -1;
    rc = wait_for_end();
    printf("%d\n", count);
    return rc;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    int count = argc > 2 ? atoi(argv[2]) : 0;

    if (fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) < 0)
        return 2;
    if (strcmp(how, "held") == 0)
        return tt_run(hold, NULL);
    if (strcmp(how, "ready") == 0)
        return tt_run(be_ready, NULL);
    if (strcmp(how, "many") == 0)
        return tt_run(be_many, &count);
    return 2;
}
