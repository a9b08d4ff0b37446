/* output.h: the one way from the program to people.
 *
 * What it is for. A command prints through a tt_output and complains through tt__complain; both escape every string that
 * they are given, so that no command can forget to. Colour, the terminal's width and errors of writing are kept here.
 *
 * What it leaves to others. Tables and data formats: rows.h. What is said: the commands.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_OUTPUT_H
#define TT_VIEWER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TT__PRINTF(string, first) __attribute__((format(printf, string, first)))

enum tt_color_mode { TT_COLOR_AUTO, TT_COLOR_ALWAYS, TT_COLOR_NEVER };

enum tt_style { TT_STYLE_PLAIN, TT_STYLE_BOLD, TT_STYLE_FAILURE, TT_STYLE_WARNING, TT_STYLE_GOOD, TT_STYLE_FAINT };

typedef struct tt_output {
    FILE *stream;
    bool is_terminal;
    bool has_color;
    size_t width; /* columns of the terminal; 0: not a terminal, nothing is cut */
} tt_output;

/* Chooses a character set in which names of all languages have a width. Called once, first. */
void tt__output_set_locale(void);

/* Whether the user's own locale has UTF-8: lines and bars are drawn with what it has. Text from a store is UTF-8 always. */
bool tt__output_is_utf8(void);

/* Prepares OUT_OUTPUT to print to STREAM, which stays the caller's. Colour is on with TT_COLOR_ALWAYS, or with
 * TT_COLOR_AUTO on a terminal that has colours, unless NO_COLOR is set. */
void tt__output_init(tt_output *out_output, FILE *stream, enum tt_color_mode color);

/* Writes what is buffered. Returns 0, or -1 when something could not be written (errno says why). */
int tt__output_finish(tt_output *output);

/* Prints as printf does. Arguments of %s are foreign text: escaped, cut at TT_TEXT_LIMIT characters, padded by characters;
 * a NULL is printed as "-". FORMAT itself is written as it is. %n, %p and long double are not known. */
void tt__print(tt_output *output, const char *format, ...) TT__PRINTF(2, 3);

/* Prints TEXT, which is the program's own and of any length, as it is. */
void tt__print_own(tt_output *output, const char *text);

/* What follows is printed in STYLE, until the next call. Nothing happens without colour. */
void tt__style(tt_output *output, enum tt_style style);

/* Prints "telltale: ", the message and a line end to stderr; FORMAT as in tt__print. A message says what happened, where,
 * and what to do next, without a capital and without a full stop. */
void tt__complain(const char *format, ...) TT__PRINTF(1, 2);

#endif
