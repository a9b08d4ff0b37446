/* operations_of_exceptions.c: raising, keeping, looking into exceptions. */
#include "log.h"
#include "operation.h"

static int raise_new(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return tt_raise(type_argument(statement, 0), "%s", text_argument(statement, 1));
}

static int raise_from(struct frame *frame, const struct statement *statement)
{
    tt_exc *cause = get(statement->arguments[0]);

    (void)frame;
    return cause ? tt_raise_from(cause, type_argument(statement, 1), "%s", text_argument(statement, 2)) : -1;
}

static int raise_from_none(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    return tt_raise_from(NULL, type_argument(statement, 0), "%s", text_argument(statement, 1));
}

static int throw(struct frame * frame, const struct statement *statement)
{
    tt_exc *exc = get(statement->arguments[0]);

    (void)frame;
    return exc ? tt_raise_exc(exc) : -1;
}

static int reraise(struct frame *frame, const struct statement *statement)
{
    (void)frame;
    (void)statement;
    return tt_reraise();
}

/* Nothing is handled: the slot is emptied. */
static int keep(struct frame *frame, const struct statement *statement)
{
    tt_exc *exc = tt_exc_ref(tt_exc_caught());

    (void)frame;
    slot_put(statement->arguments[0], exc ? SLOT_EXCEPTION : SLOT_EMPTY, exc, RANK_YOUNGEST);
    return 0;
}

static int create(struct frame *frame, const struct statement *statement)
{
    tt_exc *exc = tt_exc_new(type_argument(statement, 0), "%s", text_argument(statement, 1));

    (void)frame;
    if (!exc)
        return -1;
    slot_put(statement->slot, SLOT_EXCEPTION, exc, RANK_YOUNGEST);
    return 0;
}

static int show(struct frame *frame, const struct statement *statement)
{
    tt_exc *exc = get(statement->arguments[0]);

    (void)frame;
    if (!exc)
        return -1;
    log_exception_value(exc);
    return 0;
}

static int discard(struct frame *frame, const struct statement *statement)
{
    struct slot *slot = slot_filled(statement->arguments[0]);

    (void)frame;
    if (!slot)
        return -1;
    slot_drop(slot);
    return 0;
}

const struct operation operations_of_exceptions[] = {
    {"raise", raise_new},
    {"raise_from", raise_from},
    {"raise_from_none", raise_from_none},
    {"throw", throw},
    {"reraise", reraise},
    {"keep", keep},
    {"new", create},
    {"show", show},
    {"discard", discard},
    {NULL, NULL},
};
