/* records.h: the records of an arena, one after the other, with fields by name: as quick as many thousand of them need.
 *
 * It reads the arena's own description once, as tests/tracer/arena_decoder.c does for each field. */
#ifndef TT_SIMULATION_RECORDS_H
#define TT_SIMULATION_RECORDS_H

#include "arena_decoder.h"

/* What the description says, and the record at which the reading is. One at a time. */
void records_begin(const struct arena *arena);
void records_end(void);

/* Goes on to the next record. False at the end. Fails the test where one is missing. */
bool records_next(void);

/* Whether it is an EVENT; its fields. A field that it does not have fails the test. */
bool record_is(const char *event);
uint64_t record_number(const char *field);

#endif
