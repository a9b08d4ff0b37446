/* log.h: the log of a program, in the words of judge.py.
 *
 * Numbers of exceptions are given in the order in which they are first written. */
#ifndef TT_ORACLE_LOG_H
#define TT_ORACLE_LOG_H

#include <telltale/telltale.h>

void log_begin(void); /* forgets everything */
void log_end(void);   /* frees everything */
void log_line(const char *format, ...) TT_PRINTF(1, 2);
const char *log_text(size_t *out_length);

/* The same with the exception, described with all that it hangs together with, at the end. */
void log_exception(const tt_exc *exc, const char *format, ...) TT_PRINTF(2, 3);

void log_value(void *value); /* of a future */
void log_number(long number);
void log_bool(bool value);
void log_exception_value(const tt_exc *exc);

/* "  = [1, None, ...]": a gather's slots. -1 with what reading one raised pending. */
int log_gather(tt_future *gather);

/* Type and number: "ValueError#3". Into BUFFER of SIZE bytes. */
void log_short_name(const tt_exc *exc, char *buffer, size_t size);

/* What a handler was told; WHO is "handler" or "default handler". */
void log_told(const char *who, const struct tt_handler_context *context);

/* The operations that began, in order, each with the number of its task, 0 in callbacks: "1:spawn,2:await". */
void log_operation(int task, const char *name);
const char *log_operations(void);

#endif
