/* group_stage.c: see group_stage.h. */
#include "group_stage.h"

static int raise_labelled(const tt_exc_type *type, const char *label)
{
    return label ? tt_raise(type, "%s", label) : tt_raise(type, NULL);
}

int follow(void *arg)
{
    const struct plan *plan = arg;
    int rc = tt_sleep(TT_MSEC(plan->sleep_ms));

    if (rc < 0) {
        if (plan->label)
            note("%s cancelled", plan->label);
        if (plan->cleanup_ms) {
            tt_cleanup_begin();
            if (tt_sleep(TT_MSEC(plan->cleanup_ms)) == 0 && plan->label)
                note("%s cleaned up", plan->label);
            rc = tt_cleanup_end();
        }
        if ((plan->on_cancel || plan->swallows) && tt_catch(&tt_CancelledError)) {
            if (plan->on_cancel)
                raise_labelled(plan->on_cancel, plan->label);
            rc = tt_catch_end();
        }
        return rc;
    }
    if (plan->raise)
        return raise_labelled(plan->raise, plan->label);
    if (plan->label)
        note("%s returns", plan->label);
    return tt_return((void *)plan->label, NULL);
}

int spawn_copy(tt_group *group, const struct plan *plan)
{
    tt_task *task = tt_group_create_task_copy(group, follow, plan, sizeof *plan, NULL);

    tt_task_unref(task);
    return task ? 0 : -1;
}

size_t write_tree(const tt_exc *exc, char *out, size_t size)
{
    size_t length = 0;

    if (!tt_exc_is_group(exc))
        return (size_t)tt_exc_repr(exc, out, size);
    length += (size_t)snprintf(out, size, "%s[", tt_exc_is(exc, &tt_Exception) ? "" : "base");
    for (size_t i = 0; i < tt_exc_group_count(exc); i++) {
        if (i)
            length += (size_t)snprintf(out + length, size - length, ", ");
        length += write_tree(tt_exc_group_member(exc, i), out + length, size - length);
    }
    return length + (size_t)snprintf(out + length, size - length, "]");
}

int note_outcome(const char *label)
{
    char tree[1024];

    if (!tt_exc_pending()) {
        note("%s: nothing", label);
        return 0;
    }
    write_tree(tt_exc_pending(), tree, sizeof tree);
    note("%s: %s", label, tree);
    return tt_catch(&tt_BaseException) ? tt_catch_end() : -1;
}
