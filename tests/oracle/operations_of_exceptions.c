/* operations_of_exceptions.c: raising, keeping, looking into exceptions. */
#include "log.h"
#include "operation.h"

enum { MEMBERS_MAX = 16 };

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

static int create_group(struct frame *frame, const struct statement *statement)
{
    tt_exc *members[MEMBERS_MAX], *group;
    int count = statement->argument_count - 1;

    (void)frame;
    for (int i = 0; i < count; i++) {
        members[i] = get(statement->arguments[i + 1]);
        if (!members[i])
            return -1;
    }
    group = tt_exc_group_new(&tt_BaseExceptionGroup, members, (size_t)count, "%s", text_argument(statement, 0));
    if (!group)
        return -1;
    slot_put(statement->slot, SLOT_EXCEPTION, group, RANK_YOUNGEST);
    return 0;
}

static int split(struct frame *frame, const struct statement *statement)
{
    tt_exc *exc = get(statement->arguments[0]), *match, *rest;

    (void)frame;
    if (!exc)
        return -1;
    if (!tt_exc_is_group(exc))
        return tt_raise(&tt_LookupError, "%s is no group", statement->arguments[0]);
    if (tt_exc_group_split(exc, type_argument(statement, 1), &match, &rest) < 0)
        return -1;
    log_exception_value(match);
    log_exception_value(rest);
    tt_exc_unref(match);
    tt_exc_unref(rest);
    return 0;
}

static int add_note(struct frame *frame, const struct statement *statement)
{
    tt_exc *exc = get(statement->arguments[0]);

    (void)frame;
    return exc ? tt_exc_add_note(exc, "%s", text_argument(statement, 1)) : -1;
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
    {"new_group", create_group},
    {"split", split},
    {"note", add_note},
    {"show", show},
    {"discard", discard},
    {NULL, NULL},
};
