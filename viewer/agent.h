/* agent.h: telltale's own programs for what may hang: each does one thing, says so in a line, and is ended when it is
 * late.
 *
 * What it is for. LTTng's and babeltrace2's libraries wait for daemons, abort, or run for ever; and loading them takes
 * longer than most commands do. So the program telltale knows neither: programs beside it, in libexec, do.
 *
 * What it leaves to others. What they are asked.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_AGENT_H
#define TT_VIEWER_AGENT_H

#include <stddef.h>

/* Where the program NAME is; it need not be there. */
void tt__agent_path(const char *name, char *out_path, size_t size);

enum tt_agent_answer {
    TT_AGENT_DONE,    /* it ended with 0 */
    TT_AGENT_REFUSED, /* it ended otherwise */
    TT_AGENT_LATE,    /* it was ended, or ended itself by SIGALRM, because what it asked gives no answer */
    TT_AGENT_MISSING  /* there is no such program, or it could not be started */
};

/* Runs ARGUMENTS[0], found as above, with LTTNG_HOME if that is not NULL, for MILLISECONDS at most. OUT_TEXT gets the
 * first line that it says, empty when it says nothing. AWAITED, if that is not NULL, is complained about with the limit when it
 * takes more than a second: whoever waits is to know for what. */
enum tt_agent_answer tt__agent_ask(const char *const *arguments, const char *lttng_home, int milliseconds,
                                   const char *awaited, char *out_text, size_t size);

/* After so long somebody who waits is told for what. */
#define TT_AGENT_PATIENCE_MS 1000

#endif
