/* exc_text.h: where the text of exceptions goes; for exc_repr.c and exc_print.c. */
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

void tt__exc_put(struct tt_exc_sink *sink, const char *text, size_t size);

/* FORMAT is for one long. */
void tt__exc_put_number(struct tt_exc_sink *sink, const char *format, long number);

/* Python's repr of the string TEXT. */
void tt__exc_put_quoted(struct tt_exc_sink *sink, const char *text, size_t size);

/* A character of text: decodes the one at TEXT, which ends at END. Returns its bytes, or 0 where there is no well-formed
 * UTF-8. */
size_t tt__exc_decode(const char *text, const char *end, uint32_t *out_point);

#endif
