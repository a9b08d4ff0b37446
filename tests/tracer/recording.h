/* recording.h: records this process into a folder of the test's own, and gives the test the arena to look at. */
#ifndef TT_TESTS_RECORDING_H
#define TT_TESTS_RECORDING_H

#include "arena_decoder.h"
#include "telltale/trace.h"

struct recording {
    char dir[256];  /* the ring dir, private, on tmpfs where there is one */
    char path[512]; /* of the arena */
    struct arena arena;
};

/* Whether full rings drop (as under `telltale record`, the test being the recorder) or overwrite (no recorder to be
 * had). */
enum recording_mode { RECORDING_DROPS, RECORDING_OVERWRITES };

/* Makes the folder only. */
void recording_make_dir(struct recording *recording);

/* Starts tracing with rings of RING_BYTES (0: the default) and CATEGORIES (0: the default), and opens the arena. */
void recording_begin(struct recording *recording, enum recording_mode mode, uint64_t ring_bytes, uint32_t categories);

/* Opens the arena of process PID that is in the folder. */
void recording_open(struct recording *recording, long pid);

/* Stops tracing, if that has not been done, and removes the folder. */
void recording_end(struct recording *recording);

/* Removes the folder and all that is in it. */
void recording_remove(struct recording *recording);

/* Reads the NUMBER-th record, from 0, of event EVENT over all rings; false when there are fewer. */
bool recording_find(struct recording *recording, const char *event, unsigned number, struct arena_record *out);

/* How many records of event EVENT there are; of all events for NULL. */
unsigned recording_count(struct recording *recording, const char *event);

/* How often to do what is done at random: COUNT, or the environment's TT_COUNT. */
unsigned recording_rounds(unsigned count);

/* Whether this program runs under valgrind. */
bool recording_is_under_valgrind(void);

#endif
