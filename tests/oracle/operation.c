/* operation.c: the table of operations, and their arguments. */
#include "operation.h"

#include <stdlib.h>
#include <string.h>

static const struct operation block_of_try = {"try", NULL};

const struct operation *operation_named(const char *name)
{
    static const struct operation *const tables[] = {OPERATION_TABLES};

    if (strcmp(name, block_of_try.name) == 0)
        return &block_of_try;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct operation *operation = tables[i]; operation->name; operation++)
            if (strcmp(operation->name, name) == 0)
                return operation;
    return NULL;
}

const char *text_argument(const struct statement *statement, int n)
{
    if (n >= statement->argument_count)
        return NULL;
    return statement->arguments[n] + (*statement->arguments[n] == '"');
}

int number_argument(const struct statement *statement, int n)
{
    return atoi(statement->arguments[n]);
}

int64_t delay_argument(const struct statement *statement, int n)
{
    return strcmp(statement->arguments[n], "-") == 0 ? TT_NEVER : TT_SEC(number_argument(statement, n));
}

TT_EXC_TYPE(Urgent, tt_BaseException);

const tt_exc_type *type_named(const char *name)
{
    static const tt_exc_type *const types[] = {
#define TYPE(NAME, BASE) &tt_##NAME,
        TT_EXC_TYPES(TYPE)
#undef TYPE
            & tt_BaseException,
        &Urgent,
        &tt_QueueShutDown,
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i]->name, name) == 0)
            return types[i];
    abort();
}

const tt_exc_type *type_argument(const struct statement *statement, int n)
{
    return type_named(statement->arguments[n]);
}
