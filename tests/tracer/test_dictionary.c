/* The dictionary: places are defined before they are used, once for each arena, by ids that depend on what they are. */
#include "harness.h"
#include "recording.h"

#include <pthread.h>

static uint64_t hash(const char *bytes, size_t length)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        value = (value ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return value;
}

static void a_place_has_the_hash_of_what_it_is(void **state)
{
    (void)state;
    static const char bytes[] = "a.c\0main\0\x02\x01\0\0\0worker";
    static tt_site site = {"a.c", "main", "worker", 0x0102, 0, 0};
    struct recording recording;
    struct arena_record record;
    struct arena_place place;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    TT_EMIT(loop_created, .loop_id = 1, .site = &site);
    assert_true(recording_find(&recording, "loop_created", 0, &record));
    uint64_t id = arena_number(&recording.arena, &record, "site");
    assert_true(id == hash(bytes, sizeof bytes - 1));
    assert_true(arena_place(&recording.arena, id, &place));
    assert_string_equal(place.file, "a.c");
    assert_string_equal(place.func, "main");
    assert_string_equal(place.text, "worker");
    assert_int_equal(place.line, 0x0102);
    recording_end(&recording);
}

static void a_place_in_an_initializer_is_where_it_stands(void **state)
{
    (void)state;
    const struct tt_event_loop_created first = {.loop_id = 1, .site = TT_HERE};
    struct tt_event_loop_created second = {.loop_id = 1, .site = TT_SITE_HERE("text")};
    assert_string_equal(first.site->func, __func__);
    assert_string_equal(first.site->file, __FILE__);
    assert_int_equal(first.site->line, __LINE__ - 4);
    assert_string_equal(second.site->func, __func__);
    assert_string_equal(second.site->text, "text");
}

static void a_place_is_defined_once_however_often_it_is_used(void **state)
{
    (void)state;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    for (unsigned i = 0; i < 100; i++)
        TT_EMIT(loop_created, .loop_id = 1, .site = TT_HERE);
    assert_int_equal(arena_count_definitions(&recording.arena, UINT64_MAX), 1);
    recording_end(&recording);
}

static void another_arena_of_the_process_gets_its_own_definition(void **state)
{
    (void)state;
    static tt_site site = {"b.c", "serve", NULL, 7, 0, 0};
    uint64_t ids[2];
    for (unsigned i = 0; i < 2; i++) {
        struct recording recording;
        struct arena_record record;
        recording_begin(&recording, RECORDING_DROPS, 0, 0);
        TT_EMIT(loop_created, .loop_id = 1, .site = &site);
        assert_true(recording_find(&recording, "loop_created", 0, &record));
        ids[i] = arena_number(&recording.arena, &record, "site");
        assert_int_equal(arena_count_definitions(&recording.arena, ids[i]), 1);
        recording_end(&recording);
    }
    assert_true(ids[0] == ids[1] && ids[0] != 0);
}

static void a_place_of_empty_strings_has_an_id_and_long_ones_are_cut(void **state)
{
    (void)state;
    static tt_site nothing;
    static char name[5000];
    static tt_site lengthy = {name, name, name, 1, 0, 0};
    struct recording recording;
    struct arena_record record;
    struct arena_place place;
    memset(name, 'n', sizeof name - 1);
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    TT_EMIT(loop_created, .loop_id = 1, .site = &nothing);
    TT_EMIT(loop_created, .loop_id = 2, .site = &lengthy);
    assert_true(recording_find(&recording, "loop_created", 0, &record));
    assert_true(arena_place(&recording.arena, arena_number(&recording.arena, &record, "site"), &place));
    assert_string_equal(place.file, "");
    assert_true(recording_find(&recording, "loop_created", 1, &record));
    assert_true(arena_place(&recording.arena, arena_number(&recording.arena, &record, "site"), &place));
    assert_int_equal(strlen(place.file), 1023);
    assert_int_equal(strlen(place.text), 1023);
    recording_end(&recording);
}

static void a_full_dictionary_is_counted_and_ids_stay_right(void **state)
{
    (void)state;
    enum { COUNT = 20000 }; /* of some 1,000 bytes each: more than the dictionary has */
    static char name[1000];
    struct recording recording;
    struct arena_record record;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    memset(name, 'n', sizeof name - 1);
    tt_site *sites = calloc(COUNT, sizeof *sites);
    assert_non_null(sites);
    for (unsigned i = 0; i < COUNT; i++) {
        sites[i] = (tt_site){name, "f", NULL, i, 0, 0};
        TT_EMIT(loop_created, .loop_id = i, .site = &sites[i]);
    }
    uint64_t defined = arena_count_definitions(&recording.arena, UINT64_MAX);
    uint64_t dropped = atomic_load(&recording.arena.header->dictionary_drop_count);
    assert_int_equal(defined + dropped, COUNT);
    assert_in_range(defined, TT_DICTIONARY_BYTES / 1100, COUNT - 1);
    TT_EMIT(loop_created, .loop_id = 1, .site = &sites[COUNT - 1]); /* it is not counted again */
    assert_int_equal(atomic_load(&recording.arena.header->dictionary_drop_count), dropped);
    assert_true(recording_find(&recording, "loop_created", COUNT - 1, &record));
    assert_true(arena_number(&recording.arena, &record, "site") == sites[COUNT - 1].tt__id);
    free(sites);
    recording_end(&recording);
}

enum { THREADS = 4, PLACES = 2000 };
static tt_site shared_places[PLACES];
static pthread_barrier_t barrier;

static void *use_all_places(void *argument)
{
    pthread_barrier_wait(&barrier);
    for (unsigned i = 0; i < PLACES; i++)
        TT_EMIT(loop_created, .loop_id = i, .site = &shared_places[i]);
    return argument;
}

static void threads_may_define_the_same_place_at_the_same_time(void **state)
{
    (void)state;
    struct recording recording;
    pthread_t threads[THREADS];
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    for (unsigned i = 0; i < PLACES; i++)
        shared_places[i] = (tt_site){"shared.c", "f", NULL, i, 0, 0};
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_all_places, NULL), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pthread_barrier_destroy(&barrier);
    for (unsigned i = 0; i < PLACES; i++) {
        uint64_t count = arena_count_definitions(&recording.arena, shared_places[i].tt__id);
        assert_in_range(count, 1, THREADS);
    }
    assert_in_range(arena_count_definitions(&recording.arena, UINT64_MAX), PLACES, THREADS * PLACES);
    recording_end(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_place_has_the_hash_of_what_it_is),
    cmocka_unit_test(a_place_in_an_initializer_is_where_it_stands),
    cmocka_unit_test(a_place_is_defined_once_however_often_it_is_used),
    cmocka_unit_test(another_arena_of_the_process_gets_its_own_definition),
    cmocka_unit_test(a_place_of_empty_strings_has_an_id_and_long_ones_are_cut),
    cmocka_unit_test(a_full_dictionary_is_counted_and_ids_stay_right),
    cmocka_unit_test(threads_may_define_the_same_place_at_the_same_time),
};

TT_TEST_MAIN(cases)
