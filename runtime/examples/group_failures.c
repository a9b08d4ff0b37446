/* group_failures: five tasks in a group, three of which are to raise.
 *
 *   group_failures            one of the three is first: the other four are cancelled before they come to their end, and
 *                             the group holds one exception
 *   group_failures --at-once  two raise in the same turn of the loop, before the group can cancel anybody: it holds both
 */
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

enum { CHILD_COUNT = 5 };

struct child {
    int tenths;              /* when it comes to its end, from the start */
    const tt_exc_type *type; /* what it raises then; NULL: nothing */
    const char *text;
    int64_t when_ns;
};

static int be_due(void *future)
{
    return tt_future_set_result(future, NULL, NULL);
}

/* Equal times fire in the same turn, unlike two sleeps. */
static int wait_until(int64_t when_ns)
{
    tt_future *due = tt_create_future(tt_loop_running());
    tt_handle *timer = NULL;
    int rc = due ? tt_loop_call_at(NULL, when_ns, be_due, due, &timer) : -1;

    if (rc == 0)
        rc = tt_await(due);
    tt_handle_cancel(timer);
    tt_handle_unref(timer);
    tt_future_unref(due);
    return rc;
}

static int run_child(void *arg)
{
    const struct child *child = arg;

    if (wait_until(child->when_ns) < 0) {
        printf("child cancelled\n");
        return -1;
    }
    printf("child runs to its end\n");
    return child->type ? tt_raise(child->type, "%s", child->text) : 0;
}

static void print_group(const tt_exc *group)
{
    printf("%s\n", tt_exc_text(group));
    for (size_t i = 0; i < tt_exc_group_count(group); i++) {
        char repr[64];

        tt_exc_repr(tt_exc_group_member(group, i), repr, sizeof repr);
        printf("  %s\n", repr);
    }
}

static int run(void *arg)
{
    struct child *children = arg;
    int64_t start_ns = tt_loop_time(NULL);
    tt_group *group = tt_group_enter();
    int rc = 0;

    for (int i = 0; rc == 0 && i < CHILD_COUNT; i++) {
        children[i].when_ns = start_ns + TT_MSEC(100) * children[i].tenths;
        rc = tt_group_spawn(group, run_child, &children[i]);
    }
    rc = tt_group_exit(group, rc);
    if (rc < 0 && tt_catch(&tt_ExceptionGroup)) {
        print_group(tt_exc_caught());
        rc = tt_catch_end();
    }
    return rc;
}

int main(int argc, char **argv)
{
    static struct child one[CHILD_COUNT] = {{.tenths = 3},
                                            {.tenths = 4},
                                            {2, &tt_TypeError, "wrong type", 0},
                                            {5, &tt_TypeError, "wrong type", 0},
                                            {1, &tt_ValueError, "wrong value", 0}};
    static struct child two[CHILD_COUNT] = {{.tenths = 3},
                                            {.tenths = 4},
                                            {1, &tt_TypeError, "wrong type", 0},
                                            {1, &tt_TypeError, "wrong type", 0},
                                            {2, &tt_ValueError, "wrong value", 0}};

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 2 && strcmp(argv[1], "--at-once") == 0)
        return tt_run(run, two);
    if (argc != 1) {
        fprintf(stderr, "usage: %s [--at-once]\n", argv[0]);
        return 2;
    }
    return tt_run(run, one);
}
