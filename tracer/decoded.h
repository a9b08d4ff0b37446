/* decoded.h: an event as readers have it, whatever carried it: the arena, or a trace of LTTng.
 *
 * For each event NAME of events.def there is struct tt_decoded_NAME with its fields in the reader's terms: durations
 * are nanoseconds, places are the content hashes of the dictionary, texts are bytes with a length that belong to
 * whoever made the event and live until the function it was given to returns. Fields that its writer did not know are
 * 0 or empty.
 *
 * Threads: plain data.
 */
#ifndef TT_DECODED_H
#define TT_DECODED_H

#include <stdint.h>

#include "telltale/trace.h"

struct tt_decoded_text {
    const char *bytes; /* without NULs */
    uint32_t length;
};

#define TT_U8(name, text)                uint8_t name;
#define TT_U16(name, text)               uint16_t name;
#define TT_U32(name, text)               uint32_t name;
#define TT_U64(name, text)               uint64_t name;
#define TT_I32(name, text)               int32_t name;
#define TT_ID(name, text)                uint64_t name;
#define TT_TICKS(name, text)             uint64_t name;
#define TT_WORD(name, enumeration, text) uint8_t name;
#define TT_SITE(name, text)              uint64_t name;
#define TT_TEXT(name, limit, text)       struct tt_decoded_text name;
#define TT_EVENT(number, name, category, level, text, fields) \
    struct tt_decoded_##name {                                \
        fields                                                \
    };
#include "events.def"

struct tt_decoded_event {
    uint64_t sequence; /* number of the attempt to emit it in its thread */
    int64_t time_ns;   /* in the time of the recording */
    uint16_t number;   /* TT_EVENT_NAME: tells which one of the following */
    union {
#define TT_EVENT(number, name, category, level, text, fields) struct tt_decoded_##name name;
#include "events.def"
    };
};

#endif
