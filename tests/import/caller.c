/* caller.c: two programs, one of which has the other one do something.
 *
 *     caller ask       a task "request" says its link on the standard output, and has ended when the standard input has
 *     caller answer    a task "serve" takes the link that it reads from a line of its standard input, and creates a task "work"
 *     caller plain     a task "serve" that creates a task "work", and knows of no link
 */
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

static int nap(void *arg)
{
    (void)arg;
    return tt_sleep(TT_MSEC(1));
}

static int await_child(tt_coro_fn *fn, void *arg, const char *name)
{
    tt_task *task = tt_create_task_named(fn, arg, name);
    if (!task)
        return -1;
    int rc = tt_await(task);
    tt_task_unref(task);
    return rc;
}

static int request(void *arg)
{
    char link[TT_LINK_BYTES];
    (void)arg;
    if (!tt_link_write(link))
        return tt_raise(&tt_RuntimeError, "nobody records this");
    puts(link);
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

static int serve(void *arg)
{
    char line[200] = "";
    bool takes_link = strcmp(arg, "answer") == 0;
    if (takes_link && !fgets(line, sizeof line, stdin))
        return tt_raise(&tt_RuntimeError, "there is no link");
    line[strcspn(line, "\n")] = '\0';
    if (takes_link && !tt_link_take(line))
        return tt_raise(&tt_ValueError, "%s is no link", line);
    return await_child(nap, NULL, "work");
}

static int app(void *mode)
{
    return strcmp(mode, "ask") == 0 ? await_child(request, NULL, "request") : await_child(serve, mode, "serve");
}

int main(int argc, char **argv)
{
    return tt_run(app, argc > 1 ? argv[1] : "plain");
}
