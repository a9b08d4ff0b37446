/* event_ids.c: see event_ids.h. The pairs of ids and words are found by their names, once for each event. */
#include "event_ids.h"

#include <pthread.h>
#include <string.h>

#include "event_fields.h"

#define FIELDS_MAX 32u

static struct {
    int8_t task_field;
    int8_t object, object_word; /* an object that need not be a task, and the word that says whether it is one */
    int8_t actor, actor_word;
    int8_t word_of[FIELDS_MAX];
} events[TT__EVENT_NUMBERS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Ids that a word stands beside, and that word. */
static const struct {
    const char *id, *word;
} pairs[] = {{"by_id", "by"}, {"parent_id", "parent_kind"}, {"wait_object", "wait_kind"}};

static int find(const struct tt__known_field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count && i < FIELDS_MAX; i++)
        if (strcmp(fields[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void fill(void)
{
    for (unsigned number = 0; number < TT__EVENT_NUMBERS; number++) {
        size_t count;
        const struct tt__known_field *fields = tt__event_fields(number, &count);
        events[number].task_field = (int8_t)find(fields, count, "task_id");
        events[number].object = (int8_t)find(fields, count, "failure_id");
        events[number].object_word = (int8_t)find(fields, count, "kind");
        if (events[number].object < 0) {
            events[number].object = (int8_t)find(fields, count, "object_id");
            events[number].object_word = (int8_t)find(fields, count, "object_kind");
        }
        events[number].actor = (int8_t)find(fields, count, "by_id");
        events[number].actor_word = (int8_t)find(fields, count, "by");
        memset(events[number].word_of, -1, sizeof events[number].word_of);
        for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
            int id = find(fields, count, pairs[i].id);
            if (id >= 0)
                events[number].word_of[id] = (int8_t)find(fields, count, pairs[i].word);
        }
    }
}

int tt__event_task_field(unsigned number)
{
    (void)pthread_once(&once, fill);
    return number < TT__EVENT_NUMBERS ? events[number].task_field : -1;
}

uint64_t tt__event_task(unsigned number, const uint64_t *fields)
{
    (void)pthread_once(&once, fill);
    if (number >= TT__EVENT_NUMBERS)
        return 0;
    if (events[number].task_field >= 0)
        return fields[events[number].task_field];
    if (events[number].object >= 0 && events[number].object_word >= 0 &&
        fields[events[number].object_word] == TT_OBJECT_KIND_TASK)
        return fields[events[number].object];
    if (events[number].actor >= 0 && events[number].actor_word >= 0 &&
        fields[events[number].actor_word] == TT_ACTOR_TASK)
        return fields[events[number].actor];
    return 0;
}

int tt__event_id_word(unsigned number, unsigned field)
{
    (void)pthread_once(&once, fill);
    return number < TT__EVENT_NUMBERS && field < FIELDS_MAX ? events[number].word_of[field] : -1;
}

bool tt__word_names_object(const char *enumeration, uint8_t word)
{
    return strcmp(enumeration, "wait_kind") == 0 ? tt__wait_names_object(word) : tt__actor_names_object(word);
}
