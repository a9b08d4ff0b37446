/* Decoding by description, and time by clock pairs: an older or a newer writer is understood as far as both sides know the words, and
 * times of a thread never run backwards. */
#include "harness.h"
#include "studio.h"

#include <time.h>

#include "decode.h"
#include "timeline.h"

static struct tt__timeline identity;

static int open_timeline(void **state)
{
    (void)state;
    tt__timeline_init_identity(&identity, 0);
    return 0;
}

static struct tt__decoder *make_decoder(const char *description)
{
    struct tt__decoder *decoder = tt__decoder_create(description, strlen(description), NULL);
    assert_non_null(decoder);
    return decoder;
}

/* task_finished (23) as LAYOUT describes it, decoded from PAYLOAD. */
static enum tt__decode_result decode_finished(const char *fields, const void *payload, size_t length,
                                              struct tt_decoded_event *out)
{
    char description[256];
    snprintf(description, sizeof description, "enum outcome 1=returned\nevent 23 task_finished task %s\n", fields);
    struct tt__decoder *decoder = make_decoder(description);
    enum tt__decode_result result = tt__decode(decoder, &identity, 23, payload, length, out);
    tt__decoder_destroy(decoder);
    return result;
}

#pragma pack(push, 1)
struct older { /* without step_count and outcome */
    uint64_t task_id, busy, ready, longest_step;
};
struct newer { /* with fields in between, and a wider one */
    uint16_t note_length;
    char note[4];
    uint64_t task_id;
    uint32_t unknown;
    uint64_t busy, ready, longest_step, step_count;
    uint8_t outcome;
};
#pragma pack(pop)

static void an_older_writers_missing_fields_are_0(void **state)
{
    (void)state;
    struct older older = {7, 10, 20, 30};
    struct tt_decoded_event event;
    assert_int_equal(
        decode_finished("task_id:id busy:ticks ready:ticks longest_step:ticks", &older, sizeof older, &event),
        TT__DECODED);
    assert_int_equal(event.number, TT_EVENT_task_finished);
    assert_int_equal(event.task_finished.task_id, 7);
    assert_int_equal(event.task_finished.longest_step, 30);
    assert_int_equal(event.task_finished.step_count, 0);
    assert_int_equal(event.task_finished.outcome, 0);
}

static void a_newer_writers_fields_are_skipped_and_narrowed(void **state)
{
    (void)state;
    struct newer newer = {4, "abcd", 7, 99, 10, 20, 30, 5, TT_OUTCOME_CANCELLED};
    struct tt_decoded_event event;
    assert_int_equal(
        decode_finished("comment:text:10 task_id:id extra:u32 busy:ticks ready:ticks longest_step:ticks step_count:u64 "
                        "outcome:word:outcome",
                        &newer, sizeof newer, &event),
        TT__DECODED);
    assert_int_equal(event.task_finished.task_id, 7);
    assert_int_equal(event.task_finished.busy, 10);
    assert_int_equal(event.task_finished.step_count, 5);
    assert_int_equal(event.task_finished.outcome, TT_OUTCOME_CANCELLED);
}

static void a_text_where_a_number_is_known_is_skipped(void **state)
{
    (void)state;
    static const unsigned char payload[] = {7, 0, 0, 0, 0, 0, 0, 0, 3, 0, 'a', 'b', 'c', 9, 0, 0, 0, 0, 0, 0, 0};
    struct tt_decoded_event event;
    assert_int_equal(decode_finished("task_id:id busy:text:3 ready:ticks", payload, sizeof payload, &event), TT__DECODED);
    assert_int_equal(event.task_finished.busy, 0);
    assert_int_equal(event.task_finished.ready, 9);
    assert_int_equal(decode_finished("task_id:text:3 busy:ticks", payload + 8, sizeof payload - 8, &event),
                     TT__DECODE_SENSELESS);
}

static void a_payload_that_is_too_short_is_damaged(void **state)
{
    (void)state;
    struct newer newer = {4, "abcd", 7, 99, 10, 20, 30, 5, 1};
    struct tt_decoded_event event;
    const char *fields = "comment:text:10 task_id:id extra:u32 busy:ticks ready:ticks longest_step:ticks "
                         "step_count:u64 outcome:word:outcome";
    for (size_t length = 0; length < sizeof newer; length++)
        assert_int_equal(decode_finished(fields, &newer, length, &event), TT__DECODE_DAMAGED);
    newer.note_length = 0xffff;
    assert_int_equal(decode_finished(fields, &newer, sizeof newer, &event), TT__DECODE_DAMAGED);
}

static void events_that_only_one_side_knows_are_told_apart(void **state)
{
    (void)state;
    struct tt_decoded_event event;
    unsigned char payload[64] = {0};
    struct tt__decoder *decoder =
        make_decoder("event 700 task_levitated task height:u32\nevent 20 something_else task x:u8\n");
    assert_int_equal(tt__decode(decoder, &identity, 700, payload, sizeof payload, &event), TT__DECODE_UNKNOWN);
    assert_int_equal(tt__decode(decoder, &identity, 20, payload, sizeof payload, &event), TT__DECODE_UNKNOWN);
    assert_int_equal(tt__decode(decoder, &identity, 21, payload, sizeof payload, &event), TT__DECODE_DAMAGED);
    assert_int_equal(tt__decode(decoder, &identity, 65535, payload, sizeof payload, &event), TT__DECODE_DAMAGED);
    tt__decoder_destroy(decoder);
}

static void a_text_ends_at_its_first_nul(void **state)
{
    (void)state;
    static const unsigned char payload[] = {7, 0, 0, 0, 0, 0, 0, 0, 5, 0, 'a', 'b', 0, 'c', 'd'};
    struct tt_decoded_event event;
    struct tt__decoder *decoder = make_decoder("event 22 task_renamed task task_id:id name:text:127\n");
    assert_int_equal(tt__decode(decoder, &identity, 22, payload, sizeof payload, &event), TT__DECODED);
    assert_int_equal(event.task_renamed.name.length, 2);
    tt__decoder_destroy(decoder);
}

static void descriptions_that_make_no_sense_do_no_harm(void **state)
{
    static const char *const descriptions[] = {
        "",
        "\n\n\n",
        "event",
        "event 20",
        "event x y z a:u8",
        "event 20 task_created task a",
        "event 20 task_created task a:u9",
        "event 99999999999999999999 task_created task a:u8",
        "event -1 task_created task a:u8",
        "enum",
        "enum a b=c d e=",
        "enum a 1",
        "event 20 task_created task a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 "
        "a:u8 a:u8 a:u8 a:u8 a:u8"
        " a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8 a:u8",
    };
    (void)state;
    unsigned char payload[64] = {0};
    for (size_t i = 0; i < sizeof descriptions / sizeof descriptions[0]; i++) {
        struct tt_decoded_event event;
        struct tt__decoder *decoder = make_decoder(descriptions[i]);
        assert_int_not_equal(tt__decode(decoder, &identity, 20, payload, sizeof payload, &event), TT__DECODED);
        tt__decoder_destroy(decoder);
    }
    /* And any bytes at all. */
    uint64_t seed = studio_seed();
    for (unsigned round = studio_rounds(2000); round > 0; round--) {
        static const char words[] = "event 20 task_created task name:text:127 task_id:id =\n\0:enum\xff";
        char bytes[300];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = words[studio_random(&seed) % (sizeof words - 1)];
        struct tt__decoder *decoder = tt__decoder_create(bytes, studio_random(&seed) % sizeof bytes, NULL);
        assert_non_null(decoder);
        struct tt_decoded_event event;
        tt__decode(decoder, &identity, 20, (const unsigned char *)bytes, sizeof bytes, &event);
        tt__decoder_destroy(decoder);
    }
}

/* ------------------------------------------------------------------------------------------------------------ time */

static void ticks_between_two_pairs_lie_on_the_line_between_them(void **state)
{
    (void)state;
    struct tt__timeline timeline;
    tt__timeline_init_pairs(&timeline, 1000, 5000, 1000 + 3000000, 5000 + 1000000); /* three ticks a nanosecond */
    assert_int_equal(tt__timeline_ns(&timeline, 1000), 5000);
    assert_int_equal(tt__timeline_ns(&timeline, 1000 + 1500000), 5000 + 500000);
    assert_int_equal(tt__timeline_ns(&timeline, 1000 + 30000000), 5000 + 10000000);
    assert_int_equal(tt__timeline_ns(&timeline, 400), 5000 - 200);
    assert_in_range(tt__timeline_duration_ns(&timeline, 3000), 999, 1000);
}

static void a_measured_timeline_agrees_with_the_kernels_clock(void **state)
{
    (void)state;
    struct tt__timeline timeline;
    struct timespec pause = {.tv_nsec = 200000000};
    uint64_t ticks;
    int64_t ns;
    if (tt__timeline_init_measured(&timeline) < 0)
        skip(); /* no time-stamp counter on this machine */
    nanosleep(&pause, NULL);
    assert_int_equal(tt__timeline_read_tsc_pair(&ticks, &ns), 0);
    int64_t error_ns = tt__timeline_ns(&timeline, ticks) - ns;
    assert_true(error_ns > -1000000 &&
                error_ns < 1000000); /* of 200 ms; a writer's pair that was interrupted was off by more */
}

static void time_never_runs_backwards_and_stays_near_the_clock(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned round = studio_rounds(50); round > 0; round--) {
        struct tt__timeline timeline;
        double slope = 0.25 + (double)(studio_random(&seed) % 1000) / 500;
        uint64_t ticks = 1000000, first = ticks;
        int64_t last_ns = INT64_MIN, start_ns = 777;
        tt__timeline_init_pairs(&timeline, ticks, start_ns, ticks + 1000000,
                                start_ns + (int64_t)(1000000 * slope) + 40);
        uint64_t pair_at = ticks;
        for (int i = 0; i < 20000; i++) {
            ticks += studio_random(&seed) % 100000;
            int64_t true_ns = start_ns + (int64_t)((double)(ticks - first) * slope);
            if (ticks - pair_at > 5000000) { /* each reading of a pair is a little wrong */
                tt__timeline_add_pair(&timeline, ticks, true_ns + (int64_t)(studio_random(&seed) % 200) - 100);
                pair_at = ticks;
            }
            int64_t ns = tt__timeline_ns(&timeline, ticks);
            assert_true(ns >= last_ns);
            last_ns = ns;
            /* The first slope is off by 40 in 1,000,000 ticks; after that the line keeps to the pairs. */
            if (llabs(ns - true_ns) > 500 + llabs(true_ns) / 10000)
                fail_msg("%lld ns off after %lld ns", (long long)(ns - true_ns), (long long)true_ns);
        }
    }
}

static void a_later_pair_does_not_move_what_was_converted_before(void **state)
{
    (void)state;
    struct tt__timeline timeline;
    tt__timeline_init_pairs(&timeline, 0, 0, 1000000, 1000000);
    int64_t before[100];
    for (uint64_t i = 0; i < 100; i++)
        before[i] = tt__timeline_ns(&timeline, i * 20000);
    for (int i = 0; i < 50; i++) {
        tt__timeline_add_pair(&timeline, 2000000 + (uint64_t)i * 1000000, 2000300 + i * 1000100);
        for (uint64_t j = 0; j < 100; j++)
            assert_int_equal(tt__timeline_ns(&timeline, j * 20000), before[j]);
    }
}

static void ticks_of_hours_ago_are_converted_as_they_were_then(void **state)
{
    (void)state;
    struct tt__timeline timeline;
    enum { HOUR_TICKS = 3600, STEPS = 4 * HOUR_TICKS };
    static int64_t then[STEPS];
    tt__timeline_init_pairs(&timeline, 0, 0, 1000000, 1000030); /* 30 ppm wrong at first */
    for (int i = 0; i < STEPS; i++) {
        uint64_t ticks = (uint64_t)(i + 1) * 1000000000;
        tt__timeline_add_pair(&timeline, ticks, (int64_t)ticks + (i % 7) * 20);
        then[i] = tt__timeline_ns(&timeline, ticks);
    }
    for (int i = 0; i < STEPS; i++)
        assert_in_range(tt__timeline_ns(&timeline, (uint64_t)(i + 1) * 1000000000) - then[i] + 100000, 0, 200000);
}

static void pairs_that_make_no_sense_are_passed_over(void **state)
{
    (void)state;
    struct tt__timeline timeline;
    tt__timeline_init_pairs(&timeline, 5000, 100, 5000, 100);
    assert_int_equal(tt__timeline_ns(&timeline, 6000), 1100);
    tt__timeline_init_pairs(&timeline, UINT64_MAX, INT64_MIN, 0, INT64_MAX);
    tt__timeline_ns(&timeline, 0);
    tt__timeline_ns(&timeline, UINT64_MAX);
    tt__timeline_add_pair(&timeline, 1, INT64_MAX);
    tt__timeline_duration_ns(&timeline, UINT64_MAX);
    tt__timeline_init_pairs(&timeline, 1000, 1000, 2000, 2000);
    tt__timeline_add_pair(&timeline, 1500, 900); /* back in time */
    tt__timeline_add_pair(&timeline, 900, 3000);
    assert_int_equal(tt__timeline_ns(&timeline, 3000), 3000);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup(an_older_writers_missing_fields_are_0, open_timeline),
    cmocka_unit_test_setup(a_newer_writers_fields_are_skipped_and_narrowed, open_timeline),
    cmocka_unit_test_setup(a_text_where_a_number_is_known_is_skipped, open_timeline),
    cmocka_unit_test_setup(a_payload_that_is_too_short_is_damaged, open_timeline),
    cmocka_unit_test_setup(events_that_only_one_side_knows_are_told_apart, open_timeline),
    cmocka_unit_test_setup(a_text_ends_at_its_first_nul, open_timeline),
    cmocka_unit_test_setup(descriptions_that_make_no_sense_do_no_harm, open_timeline),
    cmocka_unit_test(ticks_between_two_pairs_lie_on_the_line_between_them),
    cmocka_unit_test(a_measured_timeline_agrees_with_the_kernels_clock),
    cmocka_unit_test(time_never_runs_backwards_and_stays_near_the_clock),
    cmocka_unit_test(a_later_pair_does_not_move_what_was_converted_before),
    cmocka_unit_test(ticks_of_hours_ago_are_converted_as_they_were_then),
    cmocka_unit_test(pairs_that_make_no_sense_are_passed_over),
};

TT_TEST_MAIN(cases)
