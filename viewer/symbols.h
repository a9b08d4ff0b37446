/* symbols.h: functions and lines of addresses in programs and libraries.
 *
 * What it is for. A store keeps calls as (build id, address); what they are called is found when somebody looks, by the
 * program telltale-symbols, in a process of its own (symbol_reader.c).
 *
 * What it leaves to others. Printing stacks: stacks.h.
 *
 * Failing. Where there is no such program, or it dies or takes too long, nothing has a name any more; that is no error, and
 * tt__symbols_trouble() says why.
 *
 * Threads. One thread; one process for all.
 */
#ifndef TT_VIEWER_SYMBOLS_H
#define TT_VIEWER_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether a debuginfod server may be asked: both the user's word and DEBUGINFOD_URLS are needed. Before the first question. */
void tt__symbols_allow_servers(bool is_allowed);

/* Ends the process, if there is one. */
void tt__symbols_stop(void);

enum tt_symbols_module {
    TT_SYMBOLS_FOUND,
    TT_SYMBOLS_DIFFERS,    /* another build is at the path now, and this one was not found elsewhere */
    TT_SYMBOLS_MISSING,    /* there is nothing at the path */
    TT_SYMBOLS_UNREADABLE, /* what is there is no program and no library, or may not be read */
    TT_SYMBOLS_NOBODY      /* there is nobody to ask */
};

/* Turns to the build BUILD_ID (NULL: it has none) of the file at PATH. */
enum tt_symbols_module tt__symbols_module(const char *build_id, const char *path);

/* A function that an address is in. */
struct tt_symbol {
    char *function; /* NULL: not known */
    char *file;     /* NULL: not known */
    int64_t line;
    bool is_inlined; /* into the next one */
};

/* Finds the functions of ADDRESS in the module turned to last, the innermost first, at most MAX. Returns how many; each is for
 * tt__symbol_finish. */
size_t tt__symbols_find(uint64_t address, struct tt_symbol *out_symbols, size_t max);
void tt__symbol_finish(struct tt_symbol *symbol);

/* Why nobody can be asked, a static text; NULL when somebody can, or nobody was asked yet. */
const char *tt__symbols_trouble(void);

#endif
