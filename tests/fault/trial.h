/* trial.h: something done without memory, again and again, each time another call that takes memory fails; and a small recording to do it
 * with.
 *
 * TT_COUNT calls fail, spread over all there are from TT_SEED on; when it is greater than their number, each of them.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_TRIAL_H
#define TT_TESTS_TRIAL_H

#include "scarcity.h"
#include "tracer/studio.h"

struct trial {
    void (*prepare)(void);        /* with memory */
    bool (*attempt)(void);        /* returns whether it did what it does with enough of it */
    void (*settle)(bool is_done); /* looks at what that left */
    bool is_lasting;              /* all calls after the first that fails fail too */
};

/* Runs it without shortage, then with ROUNDS calls that fail, one at a time, if TT_COUNT says nothing else: first of telltale's own calls,
 * which are few, then of all, most of which are SQLite's. Fails the test when memory or a descriptor is left behind. */
void trial_run(const struct trial *trial, unsigned rounds);

/* Fails the test when ERROR is not about memory. */
void trial_expect_shortage(const struct tt_store_error *error);

/* ---------------------------------------------------------------------------------------------------- the recording */

extern struct studio trial_studio;
extern char trial_kept_dir[160]; /* arenas as their programs left them */

/* Some of everything; ends with SIGKILL unless ARGUMENT is NULL. */
void trial_live(void *argument);

/* Two programs have run, one of them was killed, and nobody has read their arenas. The store's folder is the ring dir, on tmpfs. */
void trial_make_recording(void);
void trial_remove_recording(void);

/* Copies each arena in FROM to TO, or deletes it when that is NULL. */
void trial_take_arenas(const char *from, const char *to);

/* Copies a file that has holes. */
void trial_copy_file(const char *from, const char *to);
void trial_delete_store(void);

/* Where a test keeps another store. */
void trial_path_of_earlier(char path[static sizeof trial_studio.store + 16]);

/* Runs a recorder on it; whether it ended well. */
bool trial_run_recorder(struct tt_recorder_options options);
bool trial_recover(void);

#endif
