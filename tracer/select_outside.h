/* select_outside.h: selecting from outside what is recorded of processes that run: telltale select.
 *
 * What it is for. The wish is written into the headers of their arenas; each process takes it when one of its tasks is suspended or goes on,
 * or by the next event that it emits after a second at most (select.c).
 *
 * Threads: any.
 */
#ifndef TT_SELECT_OUTSIDE_H
#define TT_SELECT_OUTSIDE_H

#include <stdbool.h>
#include <stdint.h>

/* What is told of a process. Strings and struct live during the call. */
struct tt_select_outcome {
    uint32_t pid;
    const char *program;
    bool is_taken;                   /* else it has not said anything yet, and will take it when it does */
    bool is_foreign;                 /* its arena cannot be written: nothing was asked */
    uint32_t categories, step_every; /* as selected now */
};
typedef void (*tt_select_fn)(void *context, const struct tt_select_outcome *outcome);

/* Has LIST (words as in TELLTALE_EVENTS; with a sign in front: a change of what each process has selected) selected in all processes that
 * are being recorded through RING_DIR, or in PID alone (0: all); waits WAIT_MS milliseconds at most until they have taken it, and tells what came
 * of it. LIST NULL: only tells what is selected. Returns how many there are; -EINVAL: a word of LIST makes no sense; -ENOENT: there is no such folder, nobody is being recorded. */
int tt_select_outside(const char *ring_dir, const char *list, uint32_t pid, int wait_ms, tt_select_fn on_process,
                      void *context);

#endif
