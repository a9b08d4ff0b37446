/* words.h: texts that come again and again in a trace, by number.
 *
 * What it is for. Places, functions, kinds of instants and names of notes are few, and stand in nearly every packet; a
 * trace that spells each of them out is three times as long. Here a text that was seen before gets a number, and is
 * spelled out once more, beside it.
 *
 * What it leaves to others. How a trace says what a number stands for: perfetto.c.
 *
 * Memory does not grow with the trace: a text that has not come for long is forgotten, and gets another number when it comes again.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_WORDS_H
#define TT_VIEWER_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest text that gets a number, in bytes: those of places are nearly all shorter. */
#define TT_WORD_MAX 104u

struct tt_words;

/* NULL: no memory. The caller destroys it. */
struct tt_words *tt__words_create(void);
void tt__words_destroy(struct tt_words *words);

/* The number of the text of LENGTH bytes at TEXT among those of KIND, less than 256; 0: it has none, and is to be spelled out.
 * *OUT_IS_NEW: it has got it now. One number is never given twice. */
uint64_t tt__words_find(struct tt_words *words, unsigned kind, const char *text, size_t length, bool *out_is_new);

#endif
