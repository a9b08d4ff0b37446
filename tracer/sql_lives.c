/* sql_lives.c: the functions life_figures() and life_classes(): what the views coroutines and histograms tell, of all tasks in one pass.
 *
 *   life_figures(coroutine, task_id, outcome, duration_ns, latency_ns, busy_ns, ready_ns, waiting_ns, longest_step_ns)
 *
 * is an aggregate over rows of tasks. It groups them by their coroutine itself, since GROUP BY and windows would sort every row there
 * is, and keeps of a task its two times, eight bytes each. Its result is an array of JSON with an array for each group, of integers and
 * null in the order of the view coroutine_reports: first the id of one of its tasks, which leads to the coroutine's name.
 *
 * Percentiles are exact, nearest rank: the digits of the value are found one by one, from the highest on, by counting the values
 * that have those found so far. Nothing is moved, and no order of the values makes it slower.
 *
 *   life_classes(coroutine, task_id, outcome, duration_ns, latency_ns)
 *
 * groups them alike, and keeps how many times there are in each class. Its result is an array of JSON of arrays: the id of one of the
 * group's tasks, 0 (durations) or 1 (latencies), the number of the class, and how many there are, where there is one.
 *
 * Threads: as the connection.
 */
#include <stdlib.h>
#include <string.h>

#include "sql_table.h"

#define ARGUMENTS       9
#define CLASS_ARGUMENTS 5
#define CLASSES         28 /* as many as the view histograms has */
#define DIGIT_BITS      16u
#define DIGITS          (1u << DIGIT_BITS)
#define CAPACITY_MIN    64u

enum { COROUTINE, TASK_ID, OUTCOME, DURATION, LATENCY, BUSY, READY, WAITING, LONGEST };

/* In the order in which they are told. */
static const char *const outcomes[] = {"returned", "failed", "cancelled", "abandoned", "pending", "unknown"};
enum { OUTCOMES = sizeof outcomes / sizeof *outcomes, ENDINGS = 3 /* the first: of these the duration counts */ };

/* What is NULL as long as nothing is known. */
struct figure {
    int64_t value;
    bool is_known;
};

/* Times of tasks, none less than 0, and whose the greatest is: of several that with the greatest id. */
struct times {
    int64_t *values;
    size_t count, capacity;
    int64_t greatest, greatest_id;
};

struct group {
    char *coroutine;
    size_t length;
    uint64_t hash;
    int64_t task_id, task_count, outcome_counts[OUTCOMES];
    struct times durations, latencies;
    int64_t classes[2][CLASSES]; /* of life_classes(), which has nothing of the rest */
    struct figure busy, ready, waiting, longest;
};

struct lives {
    struct group **slots; /* open addressing; a power of two */
    size_t capacity, count;
    struct group *last;
    const char *error; /* the first; what comes behind it is not looked at */
    bool is_out_of_memory;
};

/* ----------------------------------------------------------------------------------------------------------- groups */

static struct group **find_slot(struct group **slots, size_t capacity, const char *coroutine, size_t length,
                                uint64_t hash)
{
    size_t at = (size_t)hash & (capacity - 1);
    while (slots[at] && (slots[at]->hash != hash || slots[at]->length != length ||
                         memcmp(slots[at]->coroutine, coroutine, length) != 0))
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static bool grow(struct lives *lives)
{
    size_t capacity = lives->capacity ? 2 * lives->capacity : CAPACITY_MIN;
    struct group **slots = calloc(capacity, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < lives->capacity; i++) {
        struct group *group = lives->slots[i];
        if (group)
            *find_slot(slots, capacity, group->coroutine, group->length, group->hash) = group;
    }
    free(lives->slots);
    lives->slots = slots;
    lives->capacity = capacity;
    return true;
}

static struct group *create_group(const char *coroutine, size_t length, uint64_t hash)
{
    struct group *group = calloc(1, sizeof *group);
    if (!group)
        return NULL;
    *group = (struct group){.coroutine = malloc(length + 1), .length = length, .hash = hash};
    if (!group->coroutine) {
        free(group);
        return NULL;
    }
    memcpy(group->coroutine, coroutine, length);
    return group;
}

/* The group of COROUTINE; NULL: no memory. */
static struct group *find_group(struct lives *lives, const char *coroutine, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    if (lives->last && lives->last->length == length && memcmp(lives->last->coroutine, coroutine, length) == 0)
        return lives->last;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)coroutine[i]) * UINT64_C(1099511628211);
    if (2 * lives->count >= lives->capacity && !grow(lives))
        return NULL;
    struct group **slot = find_slot(lives->slots, lives->capacity, coroutine, length, hash);
    if (!*slot) {
        if (!(*slot = create_group(coroutine, length, hash)))
            return NULL;
        lives->count++;
    }
    return lives->last = *slot;
}

static void destroy_groups(struct lives *lives)
{
    for (size_t i = 0; i < lives->capacity; i++) {
        struct group *group = lives->slots[i];
        if (!group)
            continue;
        free(group->durations.values);
        free(group->latencies.values);
        free(group->coroutine);
        free(group);
    }
    free(lives->slots);
}

/* ------------------------------------------------------------------------------------------------------------ a row */

static bool is_null(sqlite3_value *value)
{
    return sqlite3_value_type(value) == SQLITE_NULL;
}

static void add_time(struct lives *lives, struct times *times, sqlite3_value *value, int64_t task_id)
{
    if (is_null(value))
        return;
    int64_t time = sqlite3_value_int64(value);
    time = time < 0 ? 0 : time;
    if (times->count == times->capacity) {
        size_t capacity = times->capacity ? 2 * times->capacity : CAPACITY_MIN;
        int64_t *grown = reallocarray(times->values, capacity, sizeof *grown);
        if (!grown) {
            lives->is_out_of_memory = true;
            return;
        }
        times->values = grown;
        times->capacity = capacity;
    }
    if (times->count == 0 || time > times->greatest || (time == times->greatest && task_id > times->greatest_id)) {
        times->greatest = time;
        times->greatest_id = task_id;
    }
    times->values[times->count++] = time;
}

/* As sum() does. */
static void add(struct lives *lives, struct figure *sum, sqlite3_value *value)
{
    if (is_null(value))
        return;
    sum->is_known = true;
    if (__builtin_add_overflow(sum->value, sqlite3_value_int64(value), &sum->value))
        lives->error = "integer overflow";
}

static int outcome_of(sqlite3_value *value)
{
    const char *word = (const char *)sqlite3_value_text(value);
    for (int i = 0; word && i < OUTCOMES; i++)
        if (strcmp(word, outcomes[i]) == 0)
            return i;
    return -1;
}

static void take_row(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct lives *lives = sqlite3_aggregate_context(context, sizeof *lives);
    (void)count;
    if (!lives) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (lives->error || lives->is_out_of_memory)
        return;
    const char *coroutine = (const char *)sqlite3_value_text(values[COROUTINE]);
    struct group *group =
        find_group(lives, coroutine ? coroutine : "", coroutine ? (size_t)sqlite3_value_bytes(values[COROUTINE]) : 0);
    if (!group) {
        lives->is_out_of_memory = true;
        return;
    }
    int outcome = outcome_of(values[OUTCOME]);
    int64_t task_id = sqlite3_value_int64(values[TASK_ID]);
    group->task_id = task_id;
    group->task_count++;
    if (outcome >= 0)
        group->outcome_counts[outcome]++;
    if (outcome >= 0 && outcome < ENDINGS)
        add_time(lives, &group->durations, values[DURATION], task_id);
    add_time(lives, &group->latencies, values[LATENCY], task_id);
    if (!is_null(values[BUSY])) { /* the three are shares of one whole */
        add(lives, &group->busy, values[BUSY]);
        add(lives, &group->ready, values[READY]);
        add(lives, &group->waiting, values[WAITING]);
    }
    if (!is_null(values[LONGEST])) {
        int64_t longest = sqlite3_value_int64(values[LONGEST]);
        if (!group->longest.is_known || longest > group->longest.value)
            group->longest = (struct figure){longest, true};
    }
}

/* ----------------------------------------------------------------------------------------------------------- the end */

/* The smallest value that PERCENT of a hundred do not exceed; there is one at least. COUNTS has room for DIGITS. */
static int64_t find_percentile(const struct times *times, unsigned percent, size_t *counts)
{
    /* As many are not greater than it; of those that begin with the digits found. */
    size_t rank = times->count / 100 * percent + (times->count % 100 * percent + 99) / 100;
    uint64_t found = 0;
    for (unsigned shift = 64; shift > 0;) {
        shift -= DIGIT_BITS;
        memset(counts, 0, DIGITS * sizeof *counts);
        for (size_t i = 0; i < times->count; i++) {
            uint64_t digits = (uint64_t)times->values[i] >> shift;
            if (digits >> DIGIT_BITS == found)
                counts[digits & (DIGITS - 1)]++;
        }
        size_t digit = 0;
        while (counts[digit] < rank)
            rank -= counts[digit++];
        found = found << DIGIT_BITS | digit;
    }
    return (int64_t)found;
}

static void tell_times(sqlite3_str *json, const struct times *times, size_t *counts)
{
    if (times->count == 0) {
        sqlite3_str_appendall(json, ",null,null,null,null,null");
        return;
    }
    sqlite3_str_appendf(json, ",%lld,%lld,%lld,%lld,%lld", (long long)find_percentile(times, 50, counts),
                        (long long)find_percentile(times, 90, counts), (long long)find_percentile(times, 99, counts),
                        (long long)times->greatest, (long long)times->greatest_id);
}

static void tell_figure(sqlite3_str *json, struct figure figure)
{
    if (figure.is_known)
        sqlite3_str_appendf(json, ",%lld", (long long)figure.value);
    else
        sqlite3_str_appendall(json, ",null");
}

static void tell_group(sqlite3_str *json, const struct group *group, size_t *counts)
{
    sqlite3_str_appendf(json, "%s[%lld,%lld", sqlite3_str_length(json) > 1 ? "," : "", (long long)group->task_id,
                        (long long)group->task_count);
    for (int i = 0; i < OUTCOMES; i++)
        sqlite3_str_appendf(json, ",%lld", (long long)group->outcome_counts[i]);
    tell_times(json, &group->durations, counts);
    tell_times(json, &group->latencies, counts);
    tell_figure(json, group->busy);
    tell_figure(json, group->ready);
    tell_figure(json, group->waiting);
    tell_figure(json, group->longest);
    sqlite3_str_appendchar(json, 1, ']');
}

/* Hands JSON over as the result, or says why not. */
static void finish(sqlite3_context *context, sqlite3_str *json)
{
    int code = sqlite3_str_errcode(json);
    char *text = sqlite3_str_finish(json);
    if (code == SQLITE_OK && text)
        sqlite3_result_text(context, text, -1, sqlite3_free);
    else if (code == SQLITE_TOOBIG)
        sqlite3_result_error_toobig(context);
    else
        sqlite3_result_error_nomem(context);
    if (code != SQLITE_OK)
        sqlite3_free(text);
}

static void tell_groups(sqlite3_context *context, const struct lives *lives, size_t *counts)
{
    sqlite3_str *json = sqlite3_str_new(sqlite3_context_db_handle(context));
    sqlite3_str_appendchar(json, 1, '[');
    for (size_t i = 0; i < lives->capacity; i++)
        if (lives->slots[i])
            tell_group(json, lives->slots[i], counts);
    sqlite3_str_appendchar(json, 1, ']');
    finish(context, json);
}

static void tell(sqlite3_context *context)
{
    struct lives *lives = sqlite3_aggregate_context(context, 0);
    if (!lives) { /* there was no row */
        sqlite3_result_text(context, "[]", -1, SQLITE_STATIC);
        return;
    }
    size_t *counts = calloc(DIGITS, sizeof *counts);
    if (lives->error)
        sqlite3_result_error(context, lives->error, -1);
    else if (lives->is_out_of_memory || !counts)
        sqlite3_result_error_nomem(context);
    else
        tell_groups(context, lives, counts);
    free(counts);
    destroy_groups(lives);
}

/* ----------------------------------------------------------------------------------------------------------- classes */

/* Up to 1, 2, 5 us; 10, 20, 50 us ... 500 s; what is longer is in the last class. */
static int class_of(int64_t time)
{
    int64_t end = 1000;
    int class = 0;
    for (; class < CLASSES - 1 && time >= end; class ++)
        end = class % 3 == 1 ? end / 2 * 5 : end * 2;
    return class;
}

/* A duration counts when the task did not end before it was created; who began before that waited for nothing. */
static void take_class_row(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct lives *lives = sqlite3_aggregate_context(context, sizeof *lives);
    (void)count;
    if (!lives) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (lives->is_out_of_memory)
        return;
    const char *coroutine = (const char *)sqlite3_value_text(values[COROUTINE]);
    struct group *group =
        find_group(lives, coroutine ? coroutine : "", coroutine ? (size_t)sqlite3_value_bytes(values[COROUTINE]) : 0);
    if (!group) {
        lives->is_out_of_memory = true;
        return;
    }
    int outcome = outcome_of(values[OUTCOME]);
    int64_t duration = sqlite3_value_int64(values[DURATION]), latency = sqlite3_value_int64(values[LATENCY]);
    group->task_id = sqlite3_value_int64(values[TASK_ID]);
    if (outcome >= 0 && outcome < ENDINGS && !is_null(values[DURATION]) && duration >= 0)
        group->classes[0][class_of(duration)]++;
    if (!is_null(values[LATENCY]))
        group->classes[1][class_of(latency)]++;
}

static void tell_classes(sqlite3_context *context)
{
    struct lives *lives = sqlite3_aggregate_context(context, 0);
    if (!lives) {
        sqlite3_result_text(context, "[]", -1, SQLITE_STATIC);
        return;
    }
    sqlite3_str *json = sqlite3_str_new(sqlite3_context_db_handle(context));
    sqlite3_str_appendchar(json, 1, '[');
    for (size_t i = 0; i < lives->capacity; i++)
        for (int at = 0; lives->slots[i] && at < 2 * CLASSES; at++) {
            const struct group *group = lives->slots[i];
            int64_t task_count = group->classes[at / CLASSES][at % CLASSES];
            if (task_count > 0)
                sqlite3_str_appendf(json, "%s[%lld,%d,%d,%lld]", sqlite3_str_length(json) > 1 ? "," : "",
                                    (long long)group->task_id, at / CLASSES, at % CLASSES, (long long)task_count);
        }
    sqlite3_str_appendchar(json, 1, ']');
    if (lives->is_out_of_memory) {
        sqlite3_free(sqlite3_str_finish(json));
        sqlite3_result_error_nomem(context);
    } else {
        finish(context, json);
    }
    destroy_groups(lives);
}

int tt__sql_register_lives(sqlite3 *connection)
{
    const int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int code =
        sqlite3_create_function_v2(connection, "life_figures", ARGUMENTS, flags, NULL, NULL, take_row, tell, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_create_function_v2(connection, "life_classes", CLASS_ARGUMENTS, flags, NULL, NULL,
                                          take_class_row, tell_classes, NULL);
    return code;
}
