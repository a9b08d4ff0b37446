/* stacks.h: the calls that were open when an exception was raised or a task created, where that was recorded.
 *
 * What it is for. Printing them with functions and lines, found now (symbols.h), and with what can be said without: the name of
 * the file that a call was in, and its address there.
 *
 * Threads. One thread; one session at a time.
 */
#ifndef TT_VIEWER_STACKS_H
#define TT_VIEWER_STACKS_H

#include "session.h"

/* What the user chose; a part of a command's struct of options. */
struct tt_stack_options {
    bool may_ask_servers; /* --debuginfod */
};

/* The option of a command; FIELD is where its struct of options has the above. */
#define TT_DEBUGINFOD_OPTION(options_type, field)                                                                  \
    {                                                                                                              \
        0, "debuginfod", TT_OPTION_FLAG, NULL, "ask the servers of DEBUGINFOD_URLS for symbols that are not here", \
            offsetof(options_type, field.may_ask_servers), NULL                                                    \
    }

/* From the start on stacks are printed, until the stop, which says why names are missing. */
void tt__stacks_start(const struct tt_stack_options *given);
void tt__stacks_stop(tt_output *output);

/* Prints the calls that were open when the object, an exception ("raised") or a task ("created"), was: LABEL first, each call
 * in a line of its own. Nothing when nothing was recorded. */
void tt__stack_print(tt_session *session, tt_output *output, int64_t object_id, const char *stack_of,
                     const char *label);

#endif
