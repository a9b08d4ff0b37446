/* pause.h: a recorder whose store takes nothing, told beside each answer of that store.
 *
 * What it leaves to others. Finding it out: tt_recorder_look() (recorder.h). What pauses that are over came to: the view metrics.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_PAUSE_H
#define TT_VIEWER_PAUSE_H

#include "output/output.h"
#include "recorder.h"
#include "session.h"

/* Whether the recorder of the store at PATH pauses, and how. */
bool tt__pause_find(const char *path, struct tt_recorder_pause *out_pause);

/* Why: "because ...". */
const char *tt__pause_cause(const struct tt_recorder_pause *pause, char out_text[static 160]);

/* What waits, and what is lost meanwhile: "500 events wait in their rings, 20 more were dropped". */
const char *tt__pause_counts(const struct tt_recorder_pause *pause, char out_text[static 160]);

/* Prints a line, indented, about PAUSE of SESSION's store. */
void tt__pause_print(tt_session *session, tt_output *output, const struct tt_recorder_pause *pause);

#endif
