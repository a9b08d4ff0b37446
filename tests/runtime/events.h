/* events.h: what the runtime tells the trace, for tests that look at it: the emit functions come here (the linker's
 * --wrap) instead of writing to an arena.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_EVENTS_H
#define TT_TESTS_EVENTS_H

#include <telltale/telltale.h>

/* Begins and ends to listen; begin forgets what was heard. */
void events_begin(void);
void events_end(void);

/* From now on OBJECT is called LABEL in the log. */
void events_label(const tt_future *object, const char *label);

/* What was told about failures, references and cancellations, in order, a line each:
 *
 *     stored LABEL how=RAISED handles=1           touched LABEL by=task user=1 how=await
 *     forwarded LABEL to=LABEL how=await          reported LABEL
 *     member POSITION TYPE
 *     discarded LABEL REASON                      released LABEL user=1 library=0 forwards=0 bit=1 closed=0
 *     taken LABEL 2                               let go LABEL 1
 *     cancel LABEL by=task accepted=1 count=1     delivered LABEL before_start=0
 *     swallowed LABEL 1                           converted LABEL
 *     uncancelled LABEL 0
 */
const char *events_log(void);

/* Lines of the places in the last failure_stored: where it was raised, where its task last did anything; and in the
 * last failure_released. 0: no place. */
uint32_t events_raised_line(void);
uint32_t events_last_line(void);
uint32_t events_released_line(void);

#endif
