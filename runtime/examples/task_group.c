/* task_group: three parts of a page, fetched at the same time by tasks of one group.
 *
 *   task_group               all arrive
 *   task_group --fails       one fails: the others are cancelled, and the group raises what failed, all of it
 *   task_group --interrupted the body is interrupted: what failed besides goes to the exception handler
 *   task_group --keep-going  one fails, the others go on; failures go to a callback (ours, asyncio has no such group)
 *   task_group --left-open   the exit is missing: it is waited for all the same, and the mistake is told
 */
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

struct part {
    const char *name;
    int64_t takes_ms;
    const char *trouble; /* NULL: none */
};

static int fetch(void *arg)
{
    const struct part *part = arg;

    if (tt_sleep(TT_MSEC(part->takes_ms)) < 0) {
        printf("%s: cancelled\n", part->name);
        if (part->trouble && tt_catch(&tt_CancelledError)) { /* and its cleanup fails */
            tt_raise(&tt_ValueError, "%s: %s", part->name, part->trouble);
            return tt_catch_end();
        }
        return -1;
    }
    if (part->trouble)
        return tt_raise(&tt_RuntimeError, "%s: %s", part->name, part->trouble);
    printf("%s: fetched\n", part->name);
    return 0;
}

static int fetch_all(tt_group *group, struct part *parts, int count)
{
    for (int i = 0; i < count; i++)
        if (tt_group_spawn_with(group, fetch, &parts[i], (&(struct tt_task_options){.name = parts[i].name})) < 0)
            return -1;
    return 0;
}

/* Handles the exception group that is pending: each member is a failure of its own. */
static int handle_failures(int rc)
{
    if (rc < 0 && tt_catch(&tt_ExceptionGroup)) {
        printf("%s\n", tt_exc_message(tt_exc_caught()));
        for (size_t i = 0; i < tt_exc_group_count(tt_exc_caught()); i++)
            printf("  %s\n", tt_exc_message(tt_exc_group_member(tt_exc_caught(), i)));
        rc = tt_catch_end();
    }
    return rc;
}

static int page(struct part *parts, int count)
{
    tt_group *group = tt_group_enter();
    int rc = fetch_all(group, parts, count);

    return handle_failures(tt_group_exit(group, rc));
}

static int interrupted_page(struct part *parts, int count)
{
    tt_group *group = tt_group_enter();
    int rc = fetch_all(group, parts, count);

    if (rc == 0 && tt_sleep(TT_SEC(10)) < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise(&tt_KeyboardInterrupt, NULL);
        rc = tt_catch_end();
    }
    rc = tt_group_exit(group, rc);
    if (rc < 0 && tt_catch(&tt_KeyboardInterrupt)) {
        printf("interrupted\n");
        rc = tt_catch_end();
    }
    return rc;
}

static int on_failure(tt_task *task, tt_exc *exc, void *arg)
{
    (void)arg;
    printf("failure of %s: %s\n", tt_task_name(task), tt_exc_message(exc));
    return 0;
}

static int patient_page(struct part *parts, int count)
{
    tt_group *group = tt_group_enter_keep_going(on_failure, NULL);
    int rc = fetch_all(group, parts, count);

    rc = tt_group_exit(group, rc);
    printf("left: %d\n", rc);
    return rc;
}

static int careless_page(struct part *parts, int count)
{
    return fetch_all(tt_group_enter(), parts, count);
}

static int app(void *mode)
{
    static struct part good[] = {{"head", 20, NULL}, {"body", 60, NULL}, {"foot", 40, NULL}};
    static struct part bad[] = {{"head", 20, "404"}, {"body", 60, NULL}, {"foot", 40, "cannot close"}};

    if (strcmp(mode, "--fails") == 0)
        return page(bad, 3);
    if (strcmp(mode, "--interrupted") == 0)
        return interrupted_page(bad, 1);
    if (strcmp(mode, "--keep-going") == 0)
        return patient_page(bad, 3);
    if (strcmp(mode, "--left-open") == 0)
        return careless_page(good, 3);
    return page(good, 3);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, argc > 1 ? argv[1] : "");
}
