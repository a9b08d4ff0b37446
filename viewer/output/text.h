/* text.h: foreign text and figures, made fit for people's eyes.
 *
 * What it is for. Names, messages and places in a store come from a program that may be hostile, and so may the store be.
 * Everything that reaches a screen or a data format goes through the escaping here, and through nothing else. Durations
 * and the quoting of words live here too, because they are text for the same eyes.
 *
 * What it leaves to others. Where text goes, and in which colour: output.h. Which text: the views.
 *
 * Threads. No state; any thread.
 */
#ifndef TT_VIEWER_TEXT_H
#define TT_VIEWER_TEXT_H

#include <stdint.h>
#include <stdio.h>

/* Longest foreign text on a screen, in characters: an exception's text has at most 1,023 bytes in a store that telltale
 * wrote, so this cuts what is absurd and nothing else. Data formats have no such limit. */
#define TT_TEXT_LIMIT 1200u

/* Room for what tt__text_duration writes. */
#define TT_DURATION_BYTES 40

enum tt_text_keep {
    TT_TEXT_KEEP_NOTHING = 0, /* a screen: every control character is escaped */
    TT_TEXT_KEEP_LINES = 1    /* a quoted field of a file: line ends and tabs stay what they are */
};

/* Writes LENGTH bytes at TEXT to STREAM. Control characters, marks that reorder or hide text, and bytes that are no UTF-8
 * come out as \n, \t, \x1b, \u202e, \xff. After LIMIT characters (0: no limit) the rest is cut and "…" written. Returns
 * the number of characters written. */
size_t tt__text_escape(FILE *stream, const char *text, size_t length, size_t limit, enum tt_text_keep keep);

/* Writes LENGTH bytes at TEXT to STREAM as a JSON string with its quotes. The same characters as above become \uXXXX, so
 * that what reads the JSON gets them back and a terminal never does; bytes that are no UTF-8 become U+FFFD. */
void tt__text_escape_json(FILE *stream, const char *text, size_t length);

/* Writes INTEGER to STREAM in decimal digits. */
void tt__text_integer(FILE *stream, int64_t integer);

/* Writes LENGTH bytes of BYTES to STREAM in hexadecimal digits. */
void tt__text_hex(FILE *stream, const void *bytes, size_t length);

/* Writes a duration in nanoseconds as people say it: "450 ns", "12.3 us", "87.1 ms", "8.667 s", "12 min 30 s", "26 h 3 min". */
void tt__text_duration(char out_text[TT_DURATION_BYTES], int64_t duration_ns);

/* Writes an instant of a recording, nanoseconds since its origin, always in seconds: "1.204 s". */
void tt__text_instant(char out_text[TT_DURATION_BYTES], int64_t instant_ns);

#endif
