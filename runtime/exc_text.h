/* exc_text.h: where the text of exceptions, futures and handles goes; for exc_repr.c, exc_print.c, repr.c and those who
 * print what these write. */
#ifndef TT_EXC_TEXT_H
#define TT_EXC_TEXT_H

#include "exc_object.h"

/* Either a stream, or a buffer of which SIZE bytes may be written; LENGTH counts what was to be written in both. */
struct tt_exc_sink {
    FILE *stream;
    char *buffer;
    size_t size;
    size_t length;
};

/* A sink that fills BUFFER (NULL if SIZE is 0) with at most SIZE - 1 bytes. */
struct tt_exc_sink tt__exc_sink_into(char *buffer, size_t size);

/* Ends what is in the buffer with '\0', before a character that did not fit whole. Returns the full length. */
int tt__exc_sink_end(struct tt_exc_sink *sink);

void tt__exc_put(struct tt_exc_sink *sink, const char *text, size_t size);

/* As printf does. */
void tt__exc_put_format(struct tt_exc_sink *sink, const char *format, ...) TT_PRINTF(2, 3);

/* FORMAT is for one long. */
void tt__exc_put_number(struct tt_exc_sink *sink, const char *format, long number);

/* Python's repr of the string TEXT. */
void tt__exc_put_quoted(struct tt_exc_sink *sink, const char *text, size_t size);

/* Python's repr of EXC; "None" for NULL. */
void tt__exc_put_repr(struct tt_exc_sink *sink, const tt_exc *exc);

/* A character of text: decodes the one at TEXT, which ends at END. Returns its bytes, or 0 where there is no well-formed
 * UTF-8. */
size_t tt__exc_decode(const char *text, const char *end, uint32_t *out_point);

#endif
