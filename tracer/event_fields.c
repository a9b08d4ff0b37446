/* event_fields.c: see event_fields.h. */
#include "event_fields.h"

#include <assert.h>
#include <string.h>

#include "ring.h"

/* One function for each event, so that the fields can name the struct that they are in. */
#define FIELD(field, field_kind)         {#field, NULL, field_kind, offsetof(current, field)},
#define TT_U8(name, text)                FIELD(name, TT__FIELD_U8)
#define TT_U16(name, text)               FIELD(name, TT__FIELD_U16)
#define TT_U32(name, text)               FIELD(name, TT__FIELD_U32)
#define TT_U64(name, text)               FIELD(name, TT__FIELD_U64)
#define TT_I32(name, text)               FIELD(name, TT__FIELD_I32)
#define TT_ID(name, text)                FIELD(name, TT__FIELD_ID)
#define TT_TICKS(name, text)             FIELD(name, TT__FIELD_TICKS)
#define TT_WORD(name, enumeration, text) {#name, #enumeration, TT__FIELD_WORD, offsetof(current, name)},
#define TT_SITE(name, text)              FIELD(name, TT__FIELD_SITE)
#define TT_TEXT(name, limit, text)       FIELD(name, TT__FIELD_TEXT)
#define TT_EVENT(number, name, category, level, text, the_fields)            \
    static const struct tt__known_field *fields_of_##name(size_t *out_count) \
    {                                                                        \
        typedef struct tt_decoded_##name current;                            \
        static const struct tt__known_field fields[] = {the_fields};         \
        *out_count = sizeof fields / sizeof fields[0];                       \
        return fields;                                                       \
    }
#include "events.def"
#undef FIELD

static const struct {
    const char *name, *category;
    bool is_vital;
    size_t bytes; /* of its struct */
    const struct tt__known_field *(*fields)(size_t *out_count);
} known_events[TT__EVENT_NUMBERS] = {
#define TT_EVENT(number, name, category, level, text, fields) \
    [number] = {#name, #category, level == TT_LEVEL_VITAL, sizeof(struct tt_decoded_##name), fields_of_##name},
#include "events.def"
};

const char *tt__event_name(unsigned number)
{
    return number < TT__EVENT_NUMBERS ? known_events[number].name : NULL;
}

const char *tt__event_category(unsigned number)
{
    return number < TT__EVENT_NUMBERS ? known_events[number].category : NULL;
}

bool tt__event_is_vital(unsigned number)
{
    return number < TT__EVENT_NUMBERS && known_events[number].is_vital;
}

const char *tt__event_word(const char *enumeration, unsigned number)
{
    static const struct {
        const char *enumeration, *word;
        unsigned number;
    } words[] = {
#define TT_ENUM_BEGIN(name, text)
#define TT_ENUM_VALUE(name, CONSTANT, value, word, text) {#name, #word, value},
#include "events.def"
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].number == number && strcmp(words[i].enumeration, enumeration) == 0)
            return words[i].word;
    return NULL;
}

int tt__event_number(const char *name, size_t length)
{
    for (unsigned number = 0; number < TT__EVENT_NUMBERS; number++) {
        const char *known = known_events[number].name;
        if (known && strlen(known) == length && memcmp(known, name, length) == 0)
            return (int)number;
    }
    return -1;
}

const struct tt__known_field *tt__event_fields(unsigned number, size_t *out_count)
{
    *out_count = 0;
    return tt__event_name(number) ? known_events[number].fields(out_count) : NULL;
}

/* Where an event's own struct begins in the union: all members of the union begin there. */
static unsigned char *event_struct(struct tt_decoded_event *event)
{
    return (unsigned char *)&event->process_started;
}

void tt__event_clear(struct tt_decoded_event *event, unsigned number)
{
    memset(event_struct(event), 0, number < TT__EVENT_NUMBERS ? known_events[number].bytes : 0);
    event->number = (uint16_t)number;
}

void tt__event_set_number(struct tt_decoded_event *event, const struct tt__known_field *field, uint64_t number)
{
    /* Little and big ends alike: the width decides which type is stored. */
    uint16_t u16 = (uint16_t)number;
    uint32_t u32 = (uint32_t)number;
    unsigned char *to = event_struct(event) + field->offset;
    switch (field->kind) {
    case TT__FIELD_U8:
    case TT__FIELD_WORD:
        *to = (unsigned char)number;
        return;
    case TT__FIELD_U16:
        memcpy(to, &u16, sizeof u16);
        return;
    case TT__FIELD_U32:
    case TT__FIELD_I32:
        memcpy(to, &u32, sizeof u32);
        return;
    case TT__FIELD_U64:
    case TT__FIELD_ID:
    case TT__FIELD_TICKS:
    case TT__FIELD_SITE:
        memcpy(to, &number, sizeof number);
        return;
    case TT__FIELD_TEXT:
        break;
    }
    assert(!"a number goes into a field for numbers");
}

uint64_t tt__event_get_number(const struct tt_decoded_event *event, const struct tt__known_field *field)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    int32_t i32;
    const unsigned char *from = (const unsigned char *)&event->process_started + field->offset;
    switch (field->kind) {
    case TT__FIELD_U8:
    case TT__FIELD_WORD:
        return *from;
    case TT__FIELD_U16:
        memcpy(&u16, from, sizeof u16);
        return u16;
    case TT__FIELD_U32:
        memcpy(&u32, from, sizeof u32);
        return u32;
    case TT__FIELD_I32:
        memcpy(&i32, from, sizeof i32);
        return (uint64_t)(int64_t)i32;
    case TT__FIELD_U64:
    case TT__FIELD_ID:
    case TT__FIELD_TICKS:
    case TT__FIELD_SITE:
    case TT__FIELD_TEXT:
        break;
    }
    assert(field->kind != TT__FIELD_TEXT);
    memcpy(&u64, from, sizeof u64);
    return u64;
}

bool tt__event_has_ids(const struct tt_decoded_event *event)
{
    size_t count;
    const struct tt__known_field *fields = tt__event_fields(event->number, &count);
    for (size_t i = 0; i < count; i++)
        if (fields[i].kind == TT__FIELD_ID && tt__field_forbids(&fields[i], tt__event_get_number(event, &fields[i])))
            return false;
    return true;
}

struct tt_decoded_text tt__event_get_text(const struct tt_decoded_event *event, const struct tt__known_field *field)
{
    struct tt_decoded_text text;
    assert(field->kind == TT__FIELD_TEXT);
    memcpy(&text, (const unsigned char *)&event->process_started + field->offset, sizeof text);
    return text;
}

void tt__event_set_text(struct tt_decoded_event *event, const struct tt__known_field *field,
                        struct tt_decoded_text text)
{
    assert(field->kind == TT__FIELD_TEXT);
    memcpy(event_struct(event) + field->offset, &text, sizeof text);
}

#define TT_U8(name, text)
#define TT_U16(name, text)
#define TT_U32(name, text)
#define TT_U64(name, text)
#define TT_I32(name, text)
#define TT_ID(name, text)
#define TT_TICKS(name, text)
#define TT_WORD(name, enumeration, text)
#define TT_SITE(name, text)
#define TT_TEXT(name, limit, text)
#define TT_MESSAGE(name, limit, text) own->name.length = 0;
#define TT_EVENT(number, event_name, category, level, text, fields) \
    case number: {                                                  \
        struct tt_decoded_##event_name *own = &event->event_name;   \
        (void)own;                                                  \
        fields break;                                               \
    }
void tt__event_redact(struct tt_decoded_event *event)
{
    switch (event->number) {
#include "events.def"
    default:
        break;
    }
}
