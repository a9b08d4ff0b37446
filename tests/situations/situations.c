/* situations.c: plays one situation; and what all of them share. See situations.h. */
#include "situations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPR_BYTES = 256, HELD_MAX = 4 };

static tt_task *held[HELD_MAX];
static int held_count;

int print_context(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    static const char callback[] = "Exception in callback"; /* its name and place differ between languages */
    bool is_callback = strncmp(context->message, callback, sizeof callback - 1) == 0;
    char repr[REPR_BYTES];

    (void)loop;
    (void)arg;
    tt_exc_repr(context->exception, repr, sizeof repr);
    printf("handler: %s%s%s\n", is_callback ? callback : context->message, context->exception ? ": " : "",
           context->exception ? repr : "");
    return 0;
}

int fail(void *text)
{
    return tt_raise(&tt_ValueError, "%s", (const char *)text);
}

int fail_later(void *text)
{
    return turns(3) < 0 ? -1 : fail(text);
}

int fail_much_later(void *text)
{
    return turns(4) < 0 ? -1 : fail(text);
}

int sleep_long(void *arg)
{
    (void)arg;
    return tt_sleep(TT_SEC(1000));
}

int return_soon(void *arg)
{
    (void)arg;
    return turns(1);
}

int fail_in_cleanup(void *text)
{
    if (sleep_long(NULL) < 0 && tt_catch(&tt_CancelledError)) {
        tt_raise_from(NULL, &tt_ValueError, "%s", (const char *)text);
        return tt_catch_end();
    }
    return -1;
}

int swallow(void *arg)
{
    if (sleep_long(arg) < 0 && tt_catch(&tt_CancelledError)) {
        printf("swallowed\n");
        return tt_catch_end();
    }
    return -1;
}

int turns(int count)
{
    for (int i = 0; i < count; i++)
        if (tt_sleep(0) < 0)
            return -1;
    return 0;
}

int print_caught(int rc, const tt_exc_type *type)
{
    char repr[REPR_BYTES];

    if (rc < 0 && tt_catch(type)) {
        tt_exc_repr(tt_exc_caught(), repr, sizeof repr);
        printf("caught: %s\n", repr);
        return tt_catch_end();
    }
    return rc;
}

void hold_to_the_end(tt_task *task)
{
    if (held_count < HELD_MAX)
        held[held_count++] = task;
}

void let_look(void)
{
    const char *command = getenv("SITUATION_LOOK");

    if (command && system(command) != 0) {
        fprintf(stderr, "cannot look: %s\n", command);
        exit(EXIT_FAILURE);
    }
}

/* ---------------------------------------------------------------------------------------------------------- playing */

static int play_main(void *situation)
{
    tt_loop_set_exception_handler(tt_loop_running(), print_context, NULL);
    return ((const struct situation *)situation)->play(NULL);
}

static int play(const struct situation *situation)
{
    int status = situation->play ? tt_run(play_main, (void *)situation) : situation->play_alone();

    while (held_count > 0)
        tt_task_unref(held[--held_count]);
    return status;
}

int main(int argc, char **argv)
{
    static const struct situation *const rooms[] = {reference_situations, awaitable_situations, scope_situations,
                                                    end_situations};

    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc == 2 && i < sizeof rooms / sizeof *rooms; i++)
        for (const struct situation *situation = rooms[i]; situation->name; situation++)
            if (strcmp(situation->name, argv[1]) == 0)
                return play(situation);
    fprintf(stderr, "usage: %s NAME (see situations.list)\n", argv[0]);
    return 2;
}
