/* decode.h: from the bytes of a record to a decoded event, by the description that the writer gave of its events.
 *
 * What it is for. An arena describes its events in words (see arena.h). A decoder is made from that description and
 * this version's own events.def: fields are matched by name, those that only one side knows are skipped or left 0. So
 * an older or newer reader copes with the events that it knows.
 *
 * What it leaves to others. Where records come from (arena_reader.h), what ticks mean (timeline.h).
 *
 * Threads. A decoder belongs to one thread at a time.
 */
#ifndef TT_DECODE_H
#define TT_DECODE_H

#include <stdint.h>

#include "decoded.h"

struct tt__timeline;
struct tt__decoder;

/* What a description says, for whoever wants to keep it. Strings live during the call. */
struct tt__description_sink {
    void *context;
    void (*on_event)(void *context, unsigned number, const char *name, const char *category, const char *fields);
    void (*on_word)(void *context, const char *enumeration, unsigned number, const char *word);
};

/* Makes a decoder from the LENGTH bytes of DESCRIPTION, and tells SINK (may be NULL) what it says. Lines that make no
 * sense are passed over: their events are then unknown. Returns NULL when there is no memory. */
struct tt__decoder *tt__decoder_create(const char *description, size_t length, const struct tt__description_sink *sink);
void tt__decoder_destroy(struct tt__decoder *decoder);

enum tt__decode_result {
    TT__DECODED,         /* *OUT_EVENT has it */
    TT__DECODE_UNKNOWN,  /* the event is described and this version does not know it */
    TT__DECODE_DAMAGED,  /* the event is not described, or the payload is shorter than its fields */
    TT__DECODE_SENSELESS /* the program gave an id that is none, or none for what the event is about */
};

/* Decodes PAYLOAD (LENGTH bytes) of event NUMBER. Sets all of OUT_EVENT but sequence and time_ns; texts point into
 * PAYLOAD. TIMELINE converts durations. */
enum tt__decode_result tt__decode(const struct tt__decoder *decoder, const struct tt__timeline *timeline,
                                  unsigned number, const unsigned char *payload, size_t length,
                                  struct tt_decoded_event *out_event);

#endif
