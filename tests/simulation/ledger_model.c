/* ledger_model.c: see ledger_model.h.
 *
 * A failure is delivered when user code read it, or one that it was forwarded to; else discarded, when user code said so of one of them; else
 * held, while somebody holds one of them; else nobody can read it any more: absorbed, when the library looked at it or made another
 * failure of it, otherwise lost. All but held is final:
 *
 *     held ---> delivered    discarded ---> delivered (who said that it does not matter may read it all the same)
 *       +-----> discarded, absorbed, lost
 */
#include "ledger_model.h"

#include <inttypes.h>

#include <telltale/trace.h>

#include "harness.h"
#include "records.h"

enum { FORWARDS_MAX = 64 };

enum state { HELD, DELIVERED, DISCARDED, ABSORBED, LOST };

static const char *const state_words[] = {"held", "delivered", "discarded", "absorbed", "lost"};

struct failure {
    uint64_t id;
    uint64_t how, kind;
    bool is_released, is_loop_closed, is_read, is_discarded;
    uint64_t touch_how, touch_by; /* by the library, last; 0: none */
    uint64_t forward_how;         /* last; 0: none */
    bool is_kept;                 /* read by its group for its exit */
    uint64_t group;               /* that it is a task of; 0: none */
    uint64_t forwards[FORWARDS_MAX];
    size_t forward_count;
    size_t visit;
    enum state state; /* after the last record */
};

/* A gather that returns exceptions, a task group that was left, a task in a group. */
struct fact {
    uint64_t id, of;
};

struct facts {
    struct fact *all;
    size_t count, room;
};

static struct failure *failures;
static size_t failure_count, failure_room, first_of_run, visit;
static struct facts returning_gathers, left_groups, members;

static void *grown(void *memory, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return memory;
    *room = *room ? 2 * *room : 256;
    memory = realloc(memory, *room * size);
    assert_non_null(memory);
    return memory;
}

static void add_fact(struct facts *facts, uint64_t id, uint64_t of)
{
    facts->all = grown(facts->all, facts->count, &facts->room, sizeof *facts->all);
    facts->all[facts->count++] = (struct fact){id, of};
}

/* What stands beside ID; 0 when nothing does. */
static uint64_t find_fact(const struct facts *facts, uint64_t id)
{
    for (size_t i = facts->count; i > 0; i--)
        if (facts->all[i - 1].id == id)
            return facts->all[i - 1].of;
    return 0;
}

/* Failures of one run refer to each other only. */
static struct failure *find(uint64_t id)
{
    for (size_t i = failure_count; i > first_of_run; i--)
        if (failures[i - 1].id == id)
            return &failures[i - 1];
    return NULL;
}

/* The failure of the record, which is there even when its first record is not: then its kind is 0. */
static struct failure *find_or_add(uint64_t id)
{
    struct failure *found = find(id);

    if (found)
        return found;
    failures = grown(failures, failure_count, &failure_room, sizeof *failures);
    failures[failure_count] = (struct failure){.id = id};
    return &failures[failure_count++];
}

/* -------------------------------------------------------------------------------------------------------- the rules */

/* What holds for FAILURE or one that it lives on in. */
struct sum {
    bool is_read, is_discarded, is_held;
};

static void add_up(struct failure *failure, bool is_open, struct sum *sum)
{
    if (failure->visit == visit)
        return;
    failure->visit = visit;
    sum->is_read |= failure->is_read;
    sum->is_discarded |= failure->is_discarded;
    sum->is_held |= !failure->is_released && is_open;
    for (size_t i = 0; i < failure->forward_count; i++) {
        struct failure *other = find(failure->forwards[i]);

        if (other)
            add_up(other, is_open, sum);
    }
}

static bool is_chained(const struct failure *failure)
{
    return failure->kind == TT_OBJECT_KIND_THREAD_FUTURE && failure->how == TT_FAILURE_HOW_FORWARDED;
}

static enum state state_of(struct failure *failure, bool is_open)
{
    struct sum sum = {0};

    visit++;
    add_up(failure, is_open, &sum);
    if (sum.is_read)
        return DELIVERED;
    if (sum.is_discarded)
        return DISCARDED;
    if (sum.is_held)
        return HELD;
    return failure->touch_how || failure->forward_how || (is_chained(failure) && failure->is_released) ? ABSORBED
                                                                                                       : LOST;
}

static const char *word_of(const char *enumeration, uint64_t number)
{
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) {#name, number, #word},
    static const struct {
        const char *enumeration;
        uint64_t number;
        const char *word;
    } words[] = {
#include "events.def"
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].number == number && strcmp(words[i].enumeration, enumeration) == 0)
            return words[i].word;
    return "";
}

static const char *reason_of(const struct failure *failure, bool was_killed)
{
    switch (failure->state) {
    case LOST:
        if (failure->is_released)
            return failure->is_loop_closed                  ? "loop_closed"
                   : failure->how == TT_FAILURE_HOW_IGNORED ? "ignored"
                                                            : "dropped";
        return was_killed ? "killed" : "held_at_exit";
    case ABSORBED:
        if (failure->touch_how == TT_TOUCH_HOW_GATHER && find_fact(&returning_gathers, failure->touch_by))
            return "unread_value";
        if (failure->touch_how)
            return word_of("touch_how", failure->touch_how);
        return failure->forward_how ? word_of("forward_how", failure->forward_how) : "thread_chain";
    case HELD:
        return failure->is_kept && failure->group && !find_fact(&left_groups, failure->group) ? "group" : "";
    default:
        return "";
    }
}

/* ------------------------------------------------------------------------------------------------------ the records */

static void check_arrows(void)
{
    for (size_t i = first_of_run; i < failure_count; i++) {
        struct failure *failure = &failures[i];
        enum state state = state_of(failure, true);

        if (state != failure->state && failure->state != HELD && !(failure->state == DISCARDED && state == DELIVERED))
            fail_msg("failure #%" PRIu64 " was %s, and is %s", failure->id, state_words[failure->state],
                     state_words[state]);
        failure->state = state;
    }
}

static void add_touch(struct failure *failure)
{
    if (record_number("is_user")) {
        failure->is_read = true;
        return;
    }
    failure->touch_how = record_number("how");
    failure->touch_by = record_number("by_id");
    failure->is_kept |= failure->touch_how == TT_TOUCH_HOW_GROUP;
}

static void add_forward(struct failure *failure)
{
    failure->forward_how = record_number("how");
    assert_true(failure->forward_count < FORWARDS_MAX);
    failure->forwards[failure->forward_count++] = record_number("to_id");
}

static void add_stored(struct failure *failure)
{
    failure->kind = record_number("kind");
    failure->how = record_number("how");
    failure->group = find_fact(&members, failure->id);
}

/* A record about a failure. */
static void add_failure_record(void)
{
    struct failure *failure = find_or_add(record_number("failure_id"));

    if (record_is("failure_stored"))
        add_stored(failure);
    else if (record_is("failure_touched"))
        add_touch(failure);
    else if (record_is("failure_forwarded"))
        add_forward(failure);
    else if (record_is("failure_discarded"))
        failure->is_discarded = true;
    else if (record_is("failure_released")) {
        failure->is_released = true;
        failure->is_loop_closed = record_number("loop_closed");
    }
    check_arrows();
}

static void add_record(void)
{
    static const char *const of_failures[] = {"failure_stored", "failure_touched", "failure_forwarded",
                                              "failure_discarded", "failure_released"};

    for (size_t i = 0; i < sizeof of_failures / sizeof of_failures[0]; i++)
        if (record_is(of_failures[i])) {
            add_failure_record();
            return;
        }
    if (record_is("loop_created")) /* the next run */
        first_of_run = failure_count;
    else if (record_is("gather_created") && record_number("return_exceptions"))
        add_fact(&returning_gathers, record_number("gather_id"), 1);
    else if (record_is("group_child_added"))
        add_fact(&members, record_number("task_id"), record_number("group_id"));
    else if (record_is("group_exited"))
        add_fact(&left_groups, record_number("group_id"), 1);
}

static void finish(struct facts *facts)
{
    free(facts->all);
    *facts = (struct facts){0};
}

void ledger_model_write(const struct arena *arena, bool is_open, bool was_killed, FILE *lines)
{
    failure_count = first_of_run = 0;
    records_begin(arena);
    while (records_next())
        add_record();
    records_end();
    first_of_run = 0;
    for (size_t i = 0; i < failure_count; i++) {
        struct failure *failure = &failures[i];

        if (failure->kind == 0) /* what was discarded and has not failed */
            continue;
        failure->state = state_of(failure, is_open);
        fprintf(lines, "S %020" PRIu64 "|%s|%s\n", failure->id, state_words[failure->state],
                reason_of(failure, was_killed));
    }
    free(failures);
    failures = NULL;
    failure_room = 0;
    finish(&returning_gathers);
    finish(&left_groups);
    finish(&members);
}
