/* pager.h: long answers on a terminal, page by page.
 *
 * What it is for. A command that prints to a terminal prints to a pager instead: $TELLTALE_PAGER, else $PAGER, else less. An empty
 * value, or cat, means none. Nothing happens where the output is no terminal.
 *
 * Threads. One thread; before anything was printed.
 */
#ifndef TT_VIEWER_PAGER_H
#define TT_VIEWER_PAGER_H

typedef struct tt_pager tt_pager;

/* Starts the pager and turns stdout into a pipe to it, and stderr, too, where that is a terminal. NULL when there is none to be
 * started, or it cannot be: then everything is printed as it would be without. */
tt_pager *tt__pager_start(void);

/* Ends what is printed and waits until the reader has seen enough. Takes NULL. */
void tt__pager_stop(tt_pager *pager);

#endif
