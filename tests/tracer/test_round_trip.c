/* Every event of events.def: what is emitted stands in the arena, field by field, and nothing else does. */
#include "harness.h"
#include "recording.h"

#include <errno.h>

static uint64_t next_value(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return state;
}

/* A text of LENGTH bytes that differs from call to call. */
static const char *make_text(char *out, unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        out[i] = (char)('a' + next_value() % 26);
    out[length] = '\0';
    return out;
}

static void check_place(struct recording *recording, const struct arena_record *record, const char *field,
                        const tt_site *site)
{
    struct arena_place place;
    assert_true(arena_place(&recording->arena, arena_number(&recording->arena, record, field), &place));
    assert_string_equal(place.file, site->file);
    assert_string_equal(place.func, site->func);
    assert_string_equal(place.text, site->text ? site->text : "");
    assert_int_equal(place.line, site->line);
}

static void check_text(struct recording *recording, const struct arena_record *record, const char *field,
                       const char *text)
{
    char found[2048];
    arena_text(&recording->arena, record, field, found);
    assert_string_equal(found, text);
}

/* For each event two functions: fill its struct with values, texts of LENGTH bytes or their limit; compare with a
 * record. */
#define TT_U8(name, text)                event.name = (uint8_t)next_value();
#define TT_U16(name, text)               event.name = (uint16_t)next_value();
#define TT_U32(name, text)               event.name = (uint32_t)next_value();
#define TT_U64(name, text)               event.name = next_value();
#define TT_I32(name, text)               event.name = (int32_t)next_value();
#define TT_ID(name, text)                event.name = next_value();
#define TT_TICKS(name, text)             event.name = next_value();
#define TT_WORD(name, enumeration, text) event.name = (uint8_t)(next_value() % 4);
#define TT_SITE(name, text)              event.name = TT_SITE_HERE(#name);
#define TT_TEXT(name, limit, text)  \
    char name##_bytes[(limit) + 1]; \
    event.name = make_text(name##_bytes, length < (limit) ? length : (limit));
#define TT_EVENT(number, event_name, category, level, text, fields)                                \
    static void check_##event_name(struct recording *recording, const struct arena_record *record, \
                                   const struct tt_event_##event_name *event);                     \
    static void try_##event_name(struct recording *recording, unsigned length)                     \
    {                                                                                              \
        struct tt_event_##event_name event;                                                        \
        struct arena_record record;                                                                \
        unsigned before = recording_count(recording, #event_name);                                 \
        uint64_t time = tt_trace_clock();                                                          \
        (void)length;                                                                              \
        fields tt_emit_##event_name(time, &event);                                                 \
        assert_int_equal(recording_count(recording, #event_name), before + 1);                     \
        assert_true(recording_find(recording, #event_name, before, &record));                      \
        assert_int_equal(record.event, TT_EVENT_##event_name);                                     \
        assert_int_equal(record.time, time);                                                       \
        check_##event_name(recording, &record, &event);                                            \
    }
#include "events.def"

#define check_number(name) assert_true(arena_number(&recording->arena, record, #name) == event->name);
#define check_signed(name) assert_true((int32_t)arena_number(&recording->arena, record, #name) == event->name);

#define TT_U8(name, text)                check_number(name)
#define TT_U16(name, text)               check_number(name)
#define TT_U32(name, text)               check_number(name)
#define TT_U64(name, text)               check_number(name)
#define TT_I32(name, text)               check_signed(name)
#define TT_ID(name, text)                check_number(name)
#define TT_TICKS(name, text)             check_number(name)
#define TT_WORD(name, enumeration, text) check_number(name)
#define TT_SITE(name, text)              check_place(recording, record, #name, event->name);
#define TT_TEXT(name, limit, text)       check_text(recording, record, #name, event->name);
#define TT_EVENT(number, event_name, category, level, text, fields)                                \
    static void check_##event_name(struct recording *recording, const struct arena_record *record, \
                                   const struct tt_event_##event_name *event)                      \
    {                                                                                              \
        fields                                                                                     \
    }
#include "events.def"

static void every_event_is_read_back_as_it_was_emitted(void **state)
{
    (void)state;
    static const unsigned lengths[] = {0, 1, 5, 39, 40, 41, 96, 127, 5000};
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 1 << 20, UINT32_MAX);
    tt_trace_dump(); /* what is told again goes to an arena when somebody asked */
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
#define TT_EVENT(number, event_name, category, level, text, fields) try_##event_name(&recording, lengths[i]);
#include "events.def"
    }
    recording_end(&recording);
}

static void a_text_is_cut_in_front_of_a_character_that_does_not_fit(void **state)
{
    (void)state;
    static const struct {
        const char *tail;   /* stands at the end of the 127 bytes that a name may have */
        unsigned tail_kept; /* bytes of it that fit whole */
    } cases[] = {
        {"abc", 3}, {"ab\xc3\xa4", 2}, {"ab\xe2\x82\xac", 2}, {"a\xf0\x9f\x98\x80", 1}, {"\x80\x80\x80\x80\x80", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recording recording;
        struct arena_record record;
        char name[256] = "", found[2048];
        memset(name, 'x', 124);
        strcat(name, cases[i].tail);
        recording_begin(&recording, RECORDING_DROPS, 1 << 20, 0);
        TT_EMIT(task_renamed, .task_id = 1, .name = name);
        assert_true(recording_find(&recording, "task_renamed", 0, &record));
        arena_text(&recording.arena, &record, "name", found);
        assert_int_equal(strlen(found), 124 + cases[i].tail_kept);
        assert_int_equal(strncmp(found, name, strlen(found)), 0);
        recording_end(&recording);
    }
}

static void a_text_that_is_null_is_empty_and_a_place_that_is_null_is_none(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    char found[2048];
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    TT_EMIT(note, .task_id = 7);
    assert_true(recording_find(&recording, "note", 0, &record));
    assert_int_equal(arena_number(&recording.arena, &record, "site"), 0);
    arena_text(&recording.arena, &record, "key", found);
    assert_string_equal(found, "");
    arena_text(&recording.arena, &record, "text", found);
    assert_string_equal(found, "");
    recording_end(&recording);
}

static void a_note_says_where_it_was_written(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    struct arena_place place;
    char found[2048];
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    const uint32_t line = __LINE__ + 1;
    tt_trace_note(9, "colour", "green");
    assert_true(recording_find(&recording, "note", 0, &record));
    assert_true(arena_place(&recording.arena, arena_number(&recording.arena, &record, "site"), &place));
    assert_string_equal(place.file, __FILE__);
    assert_string_equal(place.func, __func__);
    assert_int_equal(place.line, line);
    assert_int_equal(arena_number(&recording.arena, &record, "task_id"), 9);
    arena_text(&recording.arena, &record, "key", found);
    assert_string_equal(found, "colour");
    recording_end(&recording);
}

static void a_time_of_zero_has_the_clock_read(void **state)
{
    (void)state;
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    uint64_t before = tt_trace_clock();
    TT_EMIT(task_started, .task_id = 1);
    uint64_t after = tt_trace_clock();
    assert_true(recording_find(&recording, "task_started", 0, &record));
    assert_true(before <= record.time && record.time <= after);
    recording_end(&recording);
}

static void events_of_categories_that_are_off_are_not_written(void **state)
{
    (void)state;
    struct recording recording;
    TT_EMIT(task_started, .task_id = 1); /* nothing records yet */
    recording_begin(&recording, RECORDING_DROPS, 0, TT_CATEGORY_loop | TT_CATEGORY_task);
    assert_int_equal(tt_trace_categories, TT_CATEGORY_loop | TT_CATEGORY_task | TT_CATEGORY_process);
    TT_EMIT(task_started, .task_id = 2);
    TT_EMIT(loop_stopped, .loop_id = 3);
    tt_emit_uncancelled(0, &(struct tt_event_uncancelled){.task_id = 2});
    tt_trace_note(0, NULL, "nobody hears this");
    assert_int_equal(recording_count(&recording, "task_started"), 1);
    assert_int_equal(recording_count(&recording, "loop_stopped"), 1);
    assert_int_equal(recording_count(&recording, "uncancelled"), 0);
    assert_int_equal(recording_count(&recording, "note"), 0);
    tt_trace_stop();
    assert_int_equal(tt_trace_categories, 0);
    TT_EMIT(task_started, .task_id = 4);
    assert_int_equal(recording_count(&recording, "task_started"), 1);
    recording_end(&recording);
}

static void the_list_of_events_chooses_categories(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        uint32_t categories; /* without process, which is always on */
    } cases[] = {
        {"task", TT_CATEGORY_task},
        {"task,failure", TT_CATEGORY_task | TT_CATEGORY_failure},
        {"none", 0},
        {"all,-task,-user", ~(uint32_t)(TT_CATEGORY_task | TT_CATEGORY_user)},
        {"-task", TT_CATEGORY_DEFAULT & ~(uint32_t)TT_CATEGORY_task},
        {"task,none,loop", TT_CATEGORY_loop},
        {"default", TT_CATEGORY_DEFAULT},
        {"default,step", TT_CATEGORY_DEFAULT | TT_CATEGORY_step},
        {"io,default,-user", (TT_CATEGORY_DEFAULT | TT_CATEGORY_io) & ~(uint32_t)TT_CATEGORY_user},
        {"all,-default", ~(uint32_t)TT_CATEGORY_DEFAULT},
        {"none,default", TT_CATEGORY_DEFAULT},
        {"", TT_CATEGORY_DEFAULT},
    };
    uint32_t all = 0;
#define TT_CATEGORY(bit, name, default_on, text) all |= 1u << (bit);
#include "events.def"
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct recording recording;
        assert_int_equal(setenv("TELLTALE_EVENTS", cases[i].list, 1), 0);
        recording_begin(&recording, RECORDING_DROPS, 0, 0);
        assert_int_equal(tt_trace_categories, (cases[i].categories & all) | TT_CATEGORY_process);
        recording_end(&recording);
    }
    unsetenv("TELLTALE_EVENTS");
}

static void a_list_of_events_with_an_unknown_name_is_an_error(void **state)
{
    (void)state;
    static const char *const lists[] = {"tasks", "defaults", "default/2", ",task", "task,,loop", "-none", "TASK", "task loop", "-", "task,tas"};
    struct recording recording;
    recording_make_dir(&recording);
    setenv("TELLTALE_RING_DIR", recording.dir, 1);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        setenv("TELLTALE_EVENTS", lists[i], 1);
        assert_int_equal(tt_trace_start(NULL), -EINVAL);
        assert_int_equal(tt_trace_categories, 0);
    }
    unsetenv("TELLTALE_EVENTS");
    recording_remove(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(every_event_is_read_back_as_it_was_emitted),
    cmocka_unit_test(a_text_is_cut_in_front_of_a_character_that_does_not_fit),
    cmocka_unit_test(a_text_that_is_null_is_empty_and_a_place_that_is_null_is_none),
    cmocka_unit_test(a_note_says_where_it_was_written),
    cmocka_unit_test(a_time_of_zero_has_the_clock_read),
    cmocka_unit_test(events_of_categories_that_are_off_are_not_written),
    cmocka_unit_test(the_list_of_events_chooses_categories),
    cmocka_unit_test(a_list_of_events_with_an_unknown_name_is_an_error),
};

TT_TEST_MAIN(cases)
