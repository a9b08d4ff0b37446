/* records.c: see records.h. */
#include "records.h"

#include "harness.h"

enum { EVENTS_MAX = 256, FIELDS_MAX = 32 };

struct field {
    char name[32];
    unsigned width; /* 0: a text */
};

struct event {
    char name[32];
    unsigned field_count;
    struct field fields[FIELDS_MAX];
};

static struct event *events; /* by number */
static const struct arena *arena;
static uint32_t ring;
static uint64_t position;
static uint32_t attempt_next;
static struct arena_record record;

static unsigned width_of(const char *kind)
{
    static const struct {
        const char *name;
        unsigned width;
    } kinds[] = {{"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8}, {"i32", 4}, {"id", 8}, {"ticks", 8}, {"site", 8}};

    if (strncmp(kind, "text:", 5) == 0)
        return 0;
    if (strncmp(kind, "word:", 5) == 0)
        return 1;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].width;
    fail_msg("no kind of field is called %s", kind);
    return 0;
}

/* "event 21 task_started task task_id:id" */
static void read_line(char *line)
{
    char *rest = line, *word = strsep(&rest, " ");
    struct event *event;
    unsigned long number;

    if (!rest || strcmp(word, "event") != 0)
        return;
    number = strtoul(strsep(&rest, " "), NULL, 10);
    assert_true(number < EVENTS_MAX);
    event = &events[number];
    assert_true(strlen(rest) > 0);
    snprintf(event->name, sizeof event->name, "%s", strsep(&rest, " "));
    strsep(&rest, " "); /* the category */
    while ((word = strsep(&rest, " ")) != NULL && *word) {
        struct field *field = &event->fields[event->field_count++];

        assert_true(event->field_count < FIELDS_MAX);
        snprintf(field->name, sizeof field->name, "%s", strsep(&word, ":"));
        field->width = width_of(word);
    }
}

void records_begin(const struct arena *of)
{
    char *text = strndup((const char *)of->base + of->header->description_offset, of->header->description_bytes);
    char *rest = text, *line;

    events = calloc(EVENTS_MAX, sizeof *events);
    assert_true(text && events);
    while ((line = strsep(&rest, "\n")) != NULL)
        read_line(line);
    free(text);
    arena = of;
    ring = 1; /* the first one is for threads that have none */
    position = 0;
    attempt_next = 0;
}

void records_end(void)
{
    free(events);
    events = NULL;
}

bool records_next(void)
{
    uint32_t ring_count = atomic_load(&arena->header->ring_count);

    for (; ring < ring_count; ring++, position = 0, attempt_next = 0) {
        int got = arena_next(arena, ring, &position, true, &record);

        if (got == 0)
            continue;
        assert_int_equal(got, 1);
        assert_int_equal(record.attempt, attempt_next);
        attempt_next++;
        return true;
    }
    return false;
}

bool record_is(const char *event)
{
    return strcmp(events[record.event].name, event) == 0;
}

uint64_t record_number(const char *name)
{
    const struct event *event = &events[record.event];
    const unsigned char *at = record.payload;

    for (unsigned i = 0; i < event->field_count; i++) {
        const struct field *field = &event->fields[i];
        uint16_t length = 0;
        uint64_t number = 0;

        if (strcmp(field->name, name) == 0) {
            assert_true(field->width > 0);
            memcpy(&number, at, field->width);
            return number;
        }
        if (field->width == 0)
            memcpy(&length, at, 2);
        at += field->width ? field->width : 2u + length;
    }
    fail_msg("event %s has no field %s", event->name, name);
    return 0;
}
