/* store_recording.h: what a recording takes as a whole: how long to begin, how much a second, how long after a kill.
 *
 * Threads: none but the caller's.
 */
#ifndef TT_BENCH_STORE_RECORDING_H
#define TT_BENCH_STORE_RECORDING_H

#include <stdbool.h>

/* Measures and prints all of it; stores lie in FOLDER. False when one is below its least. */
bool measure_recording(const char *folder);

#endif
