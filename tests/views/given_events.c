/* given_events.c: see given_events.h. */
#include "given_events.h"

#include "harness.h"

#include "event_fields.h"
#include "ingest.h"

#define THREADS_MAX 8
#define BLANKS      " \t"

static struct tt_decoded_text text_of(const char *word)
{
    return (struct tt_decoded_text){word, word ? (uint32_t)strlen(word) : 0};
}

static unsigned long long number_of(const char *word)
{
    char *end;
    unsigned long long number = strtoull(word, &end, 10);
    if (*end != '\0')
        fail_msg("%s is no number", word);
    return number;
}

static unsigned long long number_of_word(const char *enumeration, const char *word)
{
    for (unsigned number = 0; number < 256; number++) {
        const char *known = tt__event_word(enumeration, number);
        if (known && strcmp(known, word) == 0)
            return number;
    }
    fail_msg("%s has no word %s", enumeration, word);
    return 0;
}

static void set_field(struct tt_decoded_event *event, const char *name, const char *value)
{
    size_t count;
    const struct tt__known_field *fields = tt__event_fields(event->number, &count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) != 0)
            continue;
        if (fields[i].kind == TT__FIELD_TEXT)
            tt__event_set_text(event, &fields[i], text_of(value));
        else
            tt__event_set_number(event, &fields[i],
                                 fields[i].kind == TT__FIELD_WORD ? number_of_word(fields[i].enumeration, value)
                                                                  : number_of(value));
        return;
    }
    fail_msg("%s has no field %s", tt__event_name(event->number), name);
}

/* The next word of *REST; fails the test when there is none. */
static char *next_word(char **rest)
{
    char *word = strtok_r(NULL, BLANKS, rest);
    if (!word)
        fail_msg("a line has too few words");
    return word;
}

static void give_site(struct tt_ingest *ingest, char **rest)
{
    uint64_t hash = number_of(next_word(rest));
    const char *file = next_word(rest);
    unsigned line = (unsigned)number_of(next_word(rest));
    const char *func = next_word(rest);
    tt_ingest_define_site(ingest, hash, line, text_of(file), text_of(func), text_of(strtok_r(NULL, BLANKS, rest)));
}

static void give_event(struct tt_ingest *ingest, uint32_t process_id, const char *thread_word, uint64_t *sequences,
                       char **rest)
{
    struct tt_decoded_event event = {0};
    unsigned long long thread = number_of(thread_word);
    long long time_ns = (long long)number_of(next_word(rest));
    const char *name = next_word(rest);
    int number = tt__event_number(name, strlen(name));
    if (thread >= THREADS_MAX || number < 0)
        fail_msg("there is no thread %llu, or no event %s", thread, name);
    tt__event_clear(&event, (unsigned)number);
    event.sequence = ++sequences[thread];
    event.time_ns = time_ns;
    for (char *word; (word = strtok_r(NULL, BLANKS, rest)) != NULL;) {
        char *value = strchr(word, '=');
        if (!value)
            fail_msg("%s is no field", word);
        *value++ = '\0';
        set_field(&event, word, value);
    }
    tt_ingest_event(ingest, process_id, (uint32_t)thread, &event);
}

void give_events(struct tt__store_writer *writer, char *text)
{
    const struct tt_ingest_process process = {.pid = 100,
                                              .uuid = {1},
                                              .host = "h",
                                              .program = "/p",
                                              .command = "p",
                                              .categories = UINT32_MAX,
                                              .has_stream = true};
    struct tt_ingest *ingest;
    struct tt_store_error error;
    uint32_t process_id;
    bool is_known;
    uint64_t sequences[THREADS_MAX] = {0};
    if (tt_ingest_create(writer, &ingest, &error) < 0 ||
        tt_ingest_attach_process(ingest, &process, &process_id, &is_known, &error) < 0)
        fail_msg("%s", error.text);
    char *lines = NULL;
    for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
        char *rest = NULL, *first = strtok_r(line, BLANKS, &rest);
        if (!first || *first == '#')
            continue;
        if (strcmp(first, "site") == 0)
            give_site(ingest, &rest);
        else
            give_event(ingest, process_id, first, sequences, &rest);
    }
    if (tt_ingest_commit(ingest, &error) < 0)
        fail_msg("%s", error.text);
    tt_ingest_destroy(ingest);
}
