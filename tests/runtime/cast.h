/* cast.h: tasks that play scripts, for tests about tasks that wait for each other.
 *
 * A script is words separated by spaces; each is an act that the test knows. Done, it is noted as "NAME WORD"; one that
 * raised as "NAME WORD: ERROR", and then the task ends with that, unless the word ends in '?': that one is caught and
 * the script goes on. Words that begin with '-' are not noted when they are done. "sleep" is known: one turn. A case
 * lets the tasks play by stage_turns. */
#ifndef TT_TESTS_CAST_H
#define TT_TESTS_CAST_H

#include "stage.h"

/* Does what WORD says, with what stands behind a ':' in it (or NULL). 0, or -1 with an exception pending. */
typedef int cast_act_fn(const char *word, const char *argument);

/* Everybody acts by ACT from now on. */
void cast_open(cast_act_fn *act);

/* Has a task called NAME play SCRIPT on stage_loop, from the next turn on. Both stay the caller's. */
tt_task *cast_play(const char *name, const char *script);

tt_task *cast_task(const char *name);
void cast_cancel(const char *name, const char *message);

/* Whether that task has ended. */
bool cast_is_done(const char *name);

/* Cancels everybody, a few times, and lets go of them; fails when somebody does not end. */
void cast_close(void);

/* The same with HELP called in between, for those who cannot end by themselves. */
void cast_close_helped(void (*help)(void));

#endif
