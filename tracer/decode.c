/* decode.c: see decode.h.
 *
 * For each described event there is a plan: one step for each field in the order of the record, with how to read it and
 * where to put it. Everything that is read, description and payload, may be hostile.
 */
#include "decode.h"

#include <stdlib.h>
#include <string.h>

#include "timeline.h"

#define EVENT_NUMBERS  1024u /* events.def has numbers below 100; a description with larger ones is passed over */
#define FIELDS_MAX     32u
#define LINE_BYTES_MAX 2048u
#define FIELD_NOWHERE  UINT16_MAX /* a field that this version does not know */

enum kind { KIND_U8, KIND_U16, KIND_U32, KIND_U64, KIND_I32, KIND_TICKS, KIND_TEXT };

struct known_field {
    const char *name;
    enum kind kind;
    size_t offset;
};

struct known_event {
    const char *name;
    const struct known_field *(*fields)(size_t *out_count);
};

/* One function for each event, so that the fields can name the struct that they are in. */
#define FIELD(field, field_kind)         {#field, field_kind, offsetof(current, field)},
#define TT_U8(name, text)                FIELD(name, KIND_U8)
#define TT_U16(name, text)               FIELD(name, KIND_U16)
#define TT_U32(name, text)               FIELD(name, KIND_U32)
#define TT_U64(name, text)               FIELD(name, KIND_U64)
#define TT_I32(name, text)               FIELD(name, KIND_I32)
#define TT_ID(name, text)                FIELD(name, KIND_U64)
#define TT_TICKS(name, text)             FIELD(name, KIND_TICKS)
#define TT_WORD(name, enumeration, text) FIELD(name, KIND_U8)
#define TT_SITE(name, text)              FIELD(name, KIND_U64)
#define TT_TEXT(name, limit, text)       FIELD(name, KIND_TEXT)
#define TT_EVENT(number, name, category, level, text, the_fields)        \
    static const struct known_field *fields_of_##name(size_t *out_count) \
    {                                                                    \
        typedef struct tt_decoded_##name current;                        \
        static const struct known_field fields[] = {the_fields};         \
        *out_count = sizeof fields / sizeof fields[0];                   \
        return fields;                                                   \
    }
#include "events.def"
#undef FIELD

static const struct known_event known_events[EVENT_NUMBERS] = {
#define TT_EVENT(number, name, category, level, text, fields) [number] = {#name, fields_of_##name},
#include "events.def"
};

struct step {
    uint8_t kind;        /* enum kind, as the writer has it */
    uint8_t target_kind; /* as this version has it */
    uint16_t target;     /* offset in the event's struct, or FIELD_NOWHERE */
};

struct plan {
    uint8_t is_described;
    uint8_t is_known;
    uint8_t step_count;
    struct step steps[FIELDS_MAX];
};

struct tt__decoder {
    struct plan plans[EVENT_NUMBERS];
};

/* ------------------------------------------------------------------------------------------- reading descriptions */

/* KIND is a word as in arena.h. Returns -1 for one that this version does not know: the record cannot be read then. */
static int parse_kind(const char *kind)
{
    static const struct {
        const char *word;
        enum kind kind;
    } words[] = {{"u8", KIND_U8},   {"u16", KIND_U16}, {"u32", KIND_U32},  {"u64", KIND_U64},
                 {"i32", KIND_I32}, {"id", KIND_U64},  {"site", KIND_U64}, {"ticks", KIND_TICKS}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(kind, words[i].word) == 0)
            return words[i].kind;
    if (strncmp(kind, "text:", 5) == 0)
        return KIND_TEXT;
    if (strncmp(kind, "word:", 5) == 0)
        return KIND_U8;
    return -1;
}

static struct step make_step(const struct known_event *known, const char *name, enum kind kind)
{
    struct step step = {(uint8_t)kind, (uint8_t)kind, FIELD_NOWHERE};
    size_t count = 0;
    const struct known_field *fields = known->name ? known->fields(&count) : NULL;
    for (size_t i = 0; i < count; i++) {
        /* A text stays a text; numbers may have become wider. */
        if (strcmp(fields[i].name, name) == 0 && (fields[i].kind == KIND_TEXT) == (kind == KIND_TEXT)) {
            step.target = (uint16_t)fields[i].offset;
            step.target_kind = (uint8_t)fields[i].kind;
        }
    }
    return step;
}

static int parse_number(const char *word, unsigned limit, unsigned *out)
{
    char *end;
    unsigned long number = word ? strtoul(word, &end, 10) : 0;
    if (!word || end == word || *end != '\0' || number >= limit)
        return -1;
    *out = (unsigned)number;
    return 0;
}

/* event NUMBER NAME CATEGORY FIELD:KIND ... */
static void parse_event(struct tt__decoder *decoder, char *rest, const struct tt__description_sink *sink)
{
    char *save = NULL;
    unsigned number;
    char fields_text[LINE_BYTES_MAX] = "";
    size_t fields_length = 0;
    struct plan plan = {.is_described = 1};

    if (parse_number(strtok_r(rest, " ", &save), EVENT_NUMBERS, &number) < 0)
        return;
    const char *name = strtok_r(NULL, " ", &save);
    const char *category = strtok_r(NULL, " ", &save);
    if (!name || !category)
        return;
    const struct known_event *known = &known_events[number];
    plan.is_known = known->name != NULL && strcmp(known->name, name) == 0;
    for (char *field = strtok_r(NULL, " ", &save); field; field = strtok_r(NULL, " ", &save)) {
        size_t length = strlen(field);
        if (fields_length > 0)
            fields_text[fields_length++] = ' ';
        memcpy(fields_text + fields_length, field, length + 1); /* fits: it is shorter than the line */
        fields_length += length;
        char *colon = strchr(field, ':');
        if (!colon)
            return;
        *colon = '\0';
        int kind = parse_kind(colon + 1);
        if (kind < 0 || plan.step_count == FIELDS_MAX)
            return;
        plan.steps[plan.step_count++] = make_step(known, field, (enum kind)kind);
    }
    decoder->plans[number] = plan;
    if (sink)
        sink->on_event(sink->context, number, name, category, fields_text);
}

/* enum NAME NUMBER=WORD ... */
static void parse_enum(char *rest, const struct tt__description_sink *sink)
{
    char *save = NULL;
    const char *name = strtok_r(rest, " ", &save);
    if (!name || !sink)
        return;
    for (char *value = strtok_r(NULL, " ", &save); value; value = strtok_r(NULL, " ", &save)) {
        unsigned number;
        char *equals = strchr(value, '=');
        if (!equals)
            continue;
        *equals = '\0';
        if (parse_number(value, 256, &number) == 0)
            sink->on_word(sink->context, name, number, equals + 1);
    }
}

struct tt__decoder *tt__decoder_create(const char *description, size_t length, const struct tt__description_sink *sink)
{
    struct tt__decoder *decoder = calloc(1, sizeof *decoder);
    if (!decoder)
        return NULL;
    const char *end = description + length;
    for (const char *line = description; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        size_t line_length = (size_t)((newline ? newline : end) - line);
        char copy[LINE_BYTES_MAX];
        if (line_length < sizeof copy && !memchr(line, '\0', line_length)) {
            memcpy(copy, line, line_length);
            copy[line_length] = '\0';
            if (strncmp(copy, "event ", 6) == 0)
                parse_event(decoder, copy + 6, sink);
            else if (strncmp(copy, "enum ", 5) == 0)
                parse_enum(copy + 5, sink);
        }
        line += line_length + 1;
    }
    return decoder;
}

void tt__decoder_destroy(struct tt__decoder *decoder)
{
    free(decoder);
}

/* ------------------------------------------------------------------------------------------------ reading records */

static const uint8_t width_of_kind[] = {
    [KIND_U8] = 1, [KIND_U16] = 2, [KIND_U32] = 4, [KIND_U64] = 8, [KIND_I32] = 4, [KIND_TICKS] = 8, [KIND_TEXT] = 2};

static uint64_t read_number(enum kind kind, const unsigned char *at)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    int32_t i32;
    switch (kind) {
    case KIND_U8:
        return *at;
    case KIND_U16:
    case KIND_TEXT: /* its length */
        memcpy(&u16, at, sizeof u16);
        return u16;
    case KIND_U32:
        memcpy(&u32, at, sizeof u32);
        return u32;
    case KIND_I32:
        memcpy(&i32, at, sizeof i32);
        return (uint64_t)(int64_t)i32;
    case KIND_U64:
    case KIND_TICKS:
        break;
    }
    memcpy(&u64, at, sizeof u64);
    return u64;
}

static void write_number(enum kind kind, uint64_t number, unsigned char *to)
{
    /* Little and big ends alike: the width decides which type is stored. */
    uint16_t u16 = (uint16_t)number;
    uint32_t u32 = (uint32_t)number;
    switch (width_of_kind[kind]) {
    case 1:
        *to = (unsigned char)number;
        break;
    case 2:
        memcpy(to, &u16, sizeof u16);
        break;
    case 4:
        memcpy(to, &u32, sizeof u32);
        break;
    default:
        memcpy(to, &number, sizeof number);
        break;
    }
}

/* Where an event's own struct begins in the union: all members of the union begin there. */
static unsigned char *event_struct(struct tt_decoded_event *event)
{
    return (unsigned char *)&event->process_started;
}

enum tt__decode_result tt__decode(const struct tt__decoder *decoder, const struct tt__timeline *timeline,
                                  unsigned number, const unsigned char *payload, size_t length,
                                  struct tt_decoded_event *out_event)
{
    const struct plan *plan = number < EVENT_NUMBERS ? &decoder->plans[number] : NULL;
    if (!plan || !plan->is_described)
        return TT__DECODE_DAMAGED;
    if (!plan->is_known)
        return TT__DECODE_UNKNOWN;

    unsigned char *target = event_struct(out_event);
    memset(target, 0, sizeof *out_event - (size_t)(target - (unsigned char *)out_event));
    out_event->number = (uint16_t)number;

    const unsigned char *end = payload + length;
    for (unsigned i = 0; i < plan->step_count; i++) {
        const struct step *step = &plan->steps[i];
        enum kind kind = (enum kind)step->kind;
        if ((size_t)(end - payload) < width_of_kind[kind])
            return TT__DECODE_DAMAGED;
        uint64_t value = read_number(kind, payload);
        payload += width_of_kind[kind];
        if (kind == KIND_TEXT) {
            if ((size_t)(end - payload) < value)
                return TT__DECODE_DAMAGED;
            if (step->target != FIELD_NOWHERE) {
                const void *nul = memchr(payload, '\0', (size_t)value);
                size_t text_length = nul ? (size_t)((const unsigned char *)nul - payload) : (size_t)value;
                struct tt_decoded_text text = {(const char *)payload, (uint32_t)text_length};
                memcpy(target + step->target, &text, sizeof text);
            }
            payload += value;
        } else if (step->target != FIELD_NOWHERE) {
            if (kind == KIND_TICKS)
                value = tt__timeline_duration_ns(timeline, value);
            write_number((enum kind)step->target_kind, value, target + step->target);
        }
    }
    return TT__DECODED;
}
