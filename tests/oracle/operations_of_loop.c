/* operations_of_loop.c: time, callbacks of the loop, its handler, its end. */
#include <string.h>

#include "log.h"
#include "operation.h"

static int sleep_for(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return tt_sleep(delay_argument(statement, 0));
}

static int end_with(struct frame *frame, const struct statement *statement)
{
    frame->value = value_of_number(number_argument(statement, 0));
    return RETURNED;
}

static int soon(struct frame *frame, const struct statement *statement)
{
    struct body *body = callback_named(statement->arguments[0]);
    tt_handle *handle;

    (void)frame;
    if (!body || tt_loop_call_soon(run_loop(), callback_run, body, &handle) < 0)
        return -1;
    slot_put(statement->slot, SLOT_HANDLE, handle, RANK_YOUNGEST);
    return 0;
}

static int later(struct frame *frame, const struct statement *statement)
{
    struct body *body = callback_named(statement->arguments[1]);
    tt_handle *handle;

    (void)frame;
    if (!body || tt_loop_call_later(run_loop(), delay_argument(statement, 0), callback_run, body, &handle) < 0)
        return -1;
    slot_put(statement->slot, SLOT_HANDLE, handle, RANK_YOUNGEST);
    return 0;
}

static int unschedule(struct frame *frame, const struct statement *statement)
{
    tt_handle *handle = get(statement->arguments[0]);

    (void)frame;
    if (!handle)
        return -1;
    tt_handle_cancel(handle);
    return 0;
}

static int forget(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    if (!slot)
        return -1;
    slot_drop(slot);
    return 0;
}

static int set_handler(struct frame *frame, const struct statement *statement)
{
    struct body *body = program_body(run_program_at_work(), BODY_HANDLER, statement->arguments[0]);

    (void)frame;
    if (strcmp(statement->arguments[0], "default") == 0)
        tt_loop_set_exception_handler(run_loop(), NULL, NULL);
    else
        tt_loop_set_exception_handler(run_loop(), handler_run, body);
    return 0;
}

static int stop(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    (void)statement;
    tt_loop_stop(run_loop());
    return 0;
}

const struct operation operations_of_loop[] = {
    {"sleep", sleep_for}, {"return", end_with},     {"soon", soon}, {"later", later}, {"unschedule", unschedule},
    {"forget", forget},   {"handler", set_handler}, {"stop", stop}, {NULL, NULL},
};
