/* each_event.h: a recording with some of everything. */
#ifndef TT_TESTS_EACH_EVENT_H
#define TT_TESTS_EACH_EVENT_H

/* Emits each event of events.def once, with small ids, so that events are about the same objects; with texts and places. */
void emit_each_event(void);

#endif
