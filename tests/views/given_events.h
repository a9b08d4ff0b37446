/* given_events.h: given events, out of which a store's rows and its event stream are made: the file stream.events.
 *
 *     # a comment
 *     site NUMBER FILE LINE FUNC [TEXT]
 *     THREAD TIME EVENT FIELD=VALUE ...
 *
 * All are of one process, which records whatever there is; TIME is in nanoseconds of the recording, and a thread's events are
 * in the order of their lines. Fields are those of events.def: sites by their NUMBER, words by themselves.
 */
#ifndef TT_TESTS_VIEWS_GIVEN_EVENTS_H
#define TT_TESTS_VIEWS_GIVEN_EVENTS_H

struct tt__store_writer;

/* Writes what TEXT, which is changed, has into the store of WRITER. Fails the test when that makes no sense. */
void give_events(struct tt__store_writer *writer, char *text);

#endif
