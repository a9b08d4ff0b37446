/* operation.h: the operations of the oracle's language, as the interpreter finds them.
 *
 * An operation is one function and one line in the table of its file (operations_*.c). It returns as functions of the
 * library do: 0, or -1 with an exception pending. What it gives is written with log_value and its like (log.h), before
 * it returns. The statement's beginning and what it raised are written by the interpreter. */
#ifndef TT_ORACLE_OPERATION_H
#define TT_ORACLE_OPERATION_H

#include "program.h"
#include "run.h"

/* RETURNED: the body is to end, its value is in FRAME. */
enum { RETURNED = 1 };

typedef int operation_fn(struct frame *frame, const struct statement *statement);

struct operation {
    const char *name;
    operation_fn *fn;
};

/* Each ends with a name that is NULL. */
extern const struct operation operations_of_tasks[], operations_of_loop[], operations_of_exceptions[],
    operations_of_blocks[], operations_of_waits[], operations_of_locks[];
#define OPERATION_TABLES                                                                                          \
    operations_of_tasks, operations_of_loop, operations_of_exceptions, operations_of_blocks, operations_of_waits, \
        operations_of_locks

/* NULL if there is none of that name. */
const struct operation *operation_named(const char *name);

/* Statements one after the other: 0, RETURNED, or -1. */
int run_block(struct frame *frame, const struct statement *statement);

/* Writes that the block of STATEMENT was entered, and runs it. */
int run_inside(struct frame *frame, const struct statement *statement);

/* Arguments. N: 0 is the first. */
const char *text_argument(const struct statement *statement, int n); /* without its quote; NULL if there is none */
int number_argument(const struct statement *statement, int n);       /* of digits */
int64_t delay_argument(const struct statement *statement, int n);    /* nanoseconds; TT_NEVER for - */
const tt_exc_type *type_argument(const struct statement *statement, int n);
const tt_exc_type *type_named(const char *name);

#endif
