/* select_list.h: which events are recorded, in words: TELLTALE_EVENTS, tt_trace_select_list(), telltale select.
 *
 * What it leaves to others: what is done about it (options.c, select.c, select_outside.c).
 *
 * Threads: any; signal handlers.
 */
#ifndef TT_SELECT_LIST_H
#define TT_SELECT_LIST_H

#include <stddef.h>
#include <stdint.h>

/* Reads LIST into *CATEGORIES and *STEP_EVERY, which a list that begins with a sign changes and any other replaces. 0, or -EINVAL: a word
 * that makes no sense; then they may be anything. */
int tt__select_read_list(const char *list, uint32_t *categories, uint32_t *step_every);

/* The number at AT, which ends with a comma or the text; 0 when it makes no sense. *OUT_LENGTH: its characters. */
uint32_t tt__select_read_number(const char *at, size_t *out_length);

/* CATEGORIES with what they need, without what are none; UINT32_MAX: all. */
uint32_t tt__select_complete(uint32_t categories);

#endif
