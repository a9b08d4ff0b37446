/* shield: a save that must not be cut short, behind a shield, while the request that waits for it is cancelled.
 *
 *   shield              the request is cancelled, the save goes on and is awaited before the program ends
 *   shield --unshielded the same without a shield: the cancellation goes through to the save
 *   shield --fails      the save fails after the request was cancelled; whoever awaits it later still gets its failure
 *   shield --forgotten  the same, and nobody awaits it any more: reported when its last handle goes
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

static bool fails;

static int save(void *arg)
{
    (void)arg;
    printf("save begins\n");
    if (tt_sleep(TT_MSEC(100)) < 0) {
        printf("save is cut short\n");
        return -1;
    }
    if (fails)
        return tt_raise(&tt_RuntimeError, "the disk is full");
    printf("saved\n");
    return 0;
}

/* Waits for the save, directly or behind a shield. */
static int request(void *saving)
{
    tt_future *shield = tt_shield(saving);
    int rc = tt_await(shield);

    if (rc < 0)
        printf("request is cancelled: %d\n", tt_future_cancelled(shield));
    tt_future_unref(shield);
    return rc;
}

static int request_unshielded(void *saving)
{
    return tt_await(saving);
}

/* Handles the cancellation of TASK, which is awaited. */
static int await_cancelled(tt_task *task)
{
    if (tt_await(task) == 0 || !tt_catch(&tt_CancelledError))
        return -1;
    return tt_catch_end();
}

static int await_save(tt_task *saving)
{
    if (tt_await(saving) == 0) {
        printf("the save is done\n");
        return 0;
    }
    if (tt_catch(&tt_CancelledError))
        printf("the save was cancelled\n");
    else if (tt_catch(&tt_RuntimeError))
        printf("the save failed: %s\n", tt_exc_message(tt_exc_caught()));
    else
        return -1;
    return tt_catch_end();
}

static int on_error(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)arg;
    printf("handler: %s\n  %s\n", context->message, tt_exc_message(context->exception));
    return 0;
}

static int app(void *mode)
{
    bool is_unshielded = strcmp(mode, "--unshielded") == 0, is_forgotten = strcmp(mode, "--forgotten") == 0;
    tt_task *saving, *requesting;
    int rc = -1;

    fails = strcmp(mode, "--fails") == 0 || is_forgotten;
    tt_loop_set_exception_handler(tt_loop_running(), on_error, NULL);
    saving = tt_create_task_named(save, NULL, "save");
    requesting = tt_create_task_named(is_unshielded ? request_unshielded : request, saving, "request");
    if (tt_sleep(TT_MSEC(20)) == 0) {
        tt_task_cancel(requesting, NULL);
        rc = await_cancelled(requesting);
    }
    if (rc == 0)
        rc = is_forgotten ? tt_sleep(TT_MSEC(150)) : await_save(saving);
    tt_task_unref(requesting);
    tt_task_unref(saving);
    return rc;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, argc > 1 ? argv[1] : "");
}
