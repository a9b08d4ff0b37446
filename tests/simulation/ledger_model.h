/* ledger_model.h: what becomes of each failure, by the rules of the ledger, out of the records of an arena.
 *
 * It shares no code with ingest and views, which have to come to the same. */
#ifndef TT_SIMULATION_LEDGER_MODEL_H
#define TT_SIMULATION_LEDGER_MODEL_H

#include <stdio.h>

#include "arena_decoder.h"

/* Writes a line a failure to LINES: S id|state|reason. IS_OPEN: its process goes on, and somebody may still read what it holds; WAS_KILLED: it
 * has not said how it ended. Fails the test when a state does not move along the ledger's arrows. */
void ledger_model_write(const struct arena *arena, bool is_open, bool was_killed, FILE *lines);

#endif
