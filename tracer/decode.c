/* decode.c: see decode.h.
 *
 * For each described event there is a plan: one step for each field in the order of the record, with how to read it and
 * where to put it. Everything that is read, description and payload, may be hostile.
 */
#include "decode.h"

#include <stdlib.h>
#include <string.h>

#include "event_fields.h"
#include "timeline.h"

#define FIELDS_MAX     32u
#define LINE_BYTES_MAX 2048u

enum kind { KIND_U8, KIND_U16, KIND_U32, KIND_U64, KIND_I32, KIND_TICKS, KIND_TEXT };

struct step {
    enum kind kind;                       /* as the writer has it */
    const struct tt__known_field *target; /* as this version has it; NULL: it does not know the field */
};

struct plan {
    uint8_t is_described;
    uint8_t is_known;
    uint8_t step_count;
    struct step steps[FIELDS_MAX];
};

struct tt__decoder {
    struct plan plans[TT__EVENT_NUMBERS];
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

static struct step make_step(unsigned number, const char *name, enum kind kind)
{
    struct step step = {kind, NULL};
    size_t count;
    const struct tt__known_field *fields = tt__event_fields(number, &count);
    for (size_t i = 0; i < count; i++) {
        /* A text stays a text; numbers may have become wider. */
        if (strcmp(fields[i].name, name) == 0 && (fields[i].kind == TT__FIELD_TEXT) == (kind == KIND_TEXT))
            step.target = &fields[i];
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

    if (parse_number(strtok_r(rest, " ", &save), TT__EVENT_NUMBERS, &number) < 0)
        return;
    const char *name = strtok_r(NULL, " ", &save);
    const char *category = strtok_r(NULL, " ", &save);
    if (!name || !category)
        return;
    const char *known = tt__event_name(number);
    plan.is_known = known && strcmp(known, name) == 0;
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
        plan.steps[plan.step_count++] = make_step(number, field, (enum kind)kind);
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

enum tt__decode_result tt__decode(const struct tt__decoder *decoder, const struct tt__timeline *timeline,
                                  unsigned number, const unsigned char *payload, size_t length,
                                  struct tt_decoded_event *out_event)
{
    const struct plan *plan = number < TT__EVENT_NUMBERS ? &decoder->plans[number] : NULL;
    if (!plan || !plan->is_described)
        return TT__DECODE_DAMAGED;
    if (!plan->is_known)
        return TT__DECODE_UNKNOWN;

    tt__event_clear(out_event, number);
    const unsigned char *end = payload + length;
    for (unsigned i = 0; i < plan->step_count; i++) {
        const struct step *step = &plan->steps[i];
        enum kind kind = step->kind;
        if ((size_t)(end - payload) < width_of_kind[kind])
            return TT__DECODE_DAMAGED;
        uint64_t value = read_number(kind, payload);
        payload += width_of_kind[kind];
        if (kind == KIND_TEXT) {
            if ((size_t)(end - payload) < value)
                return TT__DECODE_DAMAGED;
            if (step->target) {
                const void *nul = memchr(payload, '\0', (size_t)value);
                size_t text_length = nul ? (size_t)((const unsigned char *)nul - payload) : (size_t)value;
                struct tt_decoded_text text = {(const char *)payload, (uint32_t)text_length};
                tt__event_set_text(out_event, step->target, text);
            }
            payload += value;
        } else if (step->target) {
            if (kind == KIND_TICKS)
                value = tt__timeline_duration_ns(timeline, value);
            if (tt__field_forbids(step->target, value))
                return TT__DECODE_SENSELESS;
            tt__event_set_number(out_event, step->target, value);
        }
    }
    return tt__event_has_object(out_event) ? TT__DECODED : TT__DECODE_SENSELESS;
}
