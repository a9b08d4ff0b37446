/* SIGKILL of recorded programs and of the recorder, at random instants: nothing that was emitted is missing without having been counted,
 * and nothing is there twice. The truth is what programs write into memory that they share with the test, not with the recorder. */
#include "harness.h"
#include "studio.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "telltale/trace.h"

enum { THREADS = 4 };

struct truth {
    struct {
        _Alignas(64) _Atomic uint64_t returned; /* emit calls of this thread that have returned */
    } threads[THREADS];
    _Atomic uint32_t is_started;
    _Atomic uint32_t is_over; /* the program is to end by itself */
    uint64_t rate;            /* events a second of all threads together; 0: as fast as they can */
};

static struct truth *truth;

static void make_truth(uint64_t rate)
{
    if (!truth)
        truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(truth, MAP_FAILED);
    memset(truth, 0, sizeof *truth);
    truth->rate = rate;
}

/* Notes with the thread as key and its running number as text. */
static void *emit_notes(void *argument)
{
    unsigned thread = (unsigned)(uintptr_t)argument;
    char key[16], text[32];
    uint64_t number = 0;
    int64_t start_ns = studio_now_ns();
    snprintf(key, sizeof key, "%u", thread);
    while (!atomic_load_explicit(&truth->is_over, memory_order_relaxed)) {
        uint64_t due = number + 1;
        if (truth->rate != 0)
            due = (uint64_t)(studio_now_ns() - start_ns) * (truth->rate / THREADS) / 1000000000;
        for (; number < due; number++) {
            snprintf(text, sizeof text, "%llu", (unsigned long long)number);
            tt_trace_note(0, key, text);
            atomic_store_explicit(&truth->threads[thread].returned, number + 1, memory_order_release);
            atomic_store_explicit(&truth->is_started, 1, memory_order_relaxed);
        }
        if (truth->rate != 0)
            studio_sleep_us(1000);
    }
    return NULL;
}

static void run_threads(void *argument)
{
    pthread_t threads[THREADS];
    (void)argument;
    for (uintptr_t i = 1; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, emit_notes, (void *)i) != 0)
            _exit(3);
    emit_notes(NULL);
    for (uintptr_t i = 1; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void wait_for_start(void)
{
    for (int i = 0; i < 20000 && !atomic_load(&truth->is_started); i++)
        studio_sleep_us(1000);
    assert_int_equal(atomic_load(&truth->is_started), 1);
}

/* With the category step on the stream has every event that was read, each once and in its place; notes are rows too. */
static void expect_stream(const struct studio *studio)
{
    if (!getenv("TELLTALE_EVENTS"))
        return;
    studio_expect(studio,
                  "SELECT count(*) FROM (SELECT thread_id, sequence, noted_ns, text FROM note EXCEPT SELECT thread_id,"
                  " sequence, time_ns, json_extract(fields, '$.text') FROM event WHERE name = 'note')",
                  "0");
    studio_expect(studio,
                  "SELECT count(*) > 0, sum(event_count) = (SELECT sum(record_count) FROM thread),"
                  " (SELECT count(*) - count(DISTINCT sequence << 24 | thread_id) FROM event),"
                  " (SELECT count(*) FROM event WHERE name = 'note') - (SELECT count(*) FROM note) FROM chunk",
                  "1|1|0|0");
}

/* Events that the tracer puts between notes; and notes with the count of those before them. */
#define OWN "WITH own AS (SELECT thread_id, sequence FROM ring_gap UNION ALL SELECT thread_id, sequence FROM clock_sample) "
#define TOLD                                                                                                         \
    "WITH own AS (SELECT thread_id, sequence FROM ring_gap UNION ALL SELECT thread_id, sequence FROM clock_sample)," \
    " told AS (SELECT *, sum(text IS NULL) OVER (PARTITION BY thread_id ORDER BY sequence) AS own FROM"              \
    "  (SELECT thread_id, sequence, key, text FROM note UNION ALL SELECT thread_id, sequence, NULL, NULL FROM own)) "

/* What must hold for the notes of each thread, whatever was killed. */
static void expect_truth(const struct studio *studio, bool may_drop, bool was_killed)
{
    char sql[2048];
    studio_expect_sound(studio);
    /* Notes of one thread stand under one thread_id, each once, each with the number of its attempt. Other events of the
     * thread, those of the process among them, come before its first note. */
    studio_expect(studio,
                  TOLD "SELECT key, count(DISTINCT thread_id), count(*) - count(DISTINCT text),"
                       " count(DISTINCT sequence - own - CAST(text AS INTEGER)) FROM told WHERE key IS NOT NULL"
                       " GROUP BY key HAVING count(DISTINCT thread_id) <> 1 OR count(*) <> count(DISTINCT text)"
                       " OR count(DISTINCT sequence - own - CAST(text AS INTEGER)) <> 1",
                  "");
    for (unsigned i = 0; i < THREADS; i++) {
        uint64_t returned = atomic_load(&truth->threads[i].returned);
        if (returned == 0)
            continue;
        /* Attempts: those that returned, those before the first note, and at most one that had not returned. */
        snprintf(sql, sizeof sql,
                 OWN "SELECT t.attempt_count - (SELECT count(*) FROM own WHERE own.thread_id = n.thread_id"
                     " AND own.sequence > n.sequence) - (n.sequence - CAST(n.text AS INTEGER)) - %llu"
                     " FROM note AS n JOIN thread AS t ON t.thread_id = n.thread_id WHERE n.key = '%u'"
                     " ORDER BY n.note_id LIMIT 1",
                 (unsigned long long)returned, i);
        int64_t in_flight = studio_number(studio, sql);
        snprintf(
            sql, sizeof sql,
            OWN "SELECT t.record_count - (SELECT count(*) FROM note AS n WHERE n.thread_id = t.thread_id)"
            " - (SELECT count(*) FROM own WHERE own.thread_id = t.thread_id) FROM thread AS t"
            " WHERE thread_id = (SELECT thread_id FROM note WHERE key = '%u' LIMIT 1)",
            i);
        int64_t others = studio_number(studio, sql);
        /* Killed: the one in flight. Ended: the events of its end. */
        assert_in_range(in_flight, 0, was_killed ? 1 : 2);
        assert_in_range(others, 1,
                        3); /* thread_attached; in the main thread process_started and process_ended; thread_detached */
    }
    if (!may_drop)
        studio_expect(studio, "SELECT sum(drop_count) FROM process", "0");
    expect_stream(studio);
}

/* Each gap tells where it is: from its beginning to that of the next one, all that is no note is missing. */
static void expect_gaps_in_their_places(const struct studio *studio)
{
    studio_expect(
        studio,
        "WITH mark AS (SELECT thread_id, first_sequence AS sequence, sum(count) AS missing FROM gap GROUP BY 1, 2"
        "              UNION ALL SELECT thread_id, sequence, NULL FROM note"
        "              UNION ALL SELECT thread_id, sequence, NULL FROM ring_gap"
        "              UNION ALL SELECT thread_id, sequence, NULL FROM clock_sample),"
        " run AS (SELECT thread_id, sequence, missing, count(missing) OVER (PARTITION BY thread_id ORDER BY sequence) "
        "AS run FROM mark),"
        " part AS (SELECT thread_id, min(sequence) AS first, sum(missing) AS missing, count(*) - count(missing) AS "
        "notes"
        "          FROM run WHERE run > 0 GROUP BY thread_id, run),"
        " place AS (SELECT p.*, coalesce(lead(first) OVER (PARTITION BY p.thread_id ORDER BY first), t.attempt_count) "
        "AS next"
        "           FROM part AS p JOIN thread AS t USING (thread_id))"
        " SELECT thread_id, first, next, missing, notes FROM place WHERE next - first - notes <> missing",
        "");
}

/* Every event whose emit call returned is in the store or counted as dropped: the notes there are, and what gaps tell of, are all. */
static void expect_each_note(const struct studio *studio)
{
    char sql[2048];
    for (unsigned i = 0; i < THREADS; i++) {
        uint64_t returned = atomic_load(&truth->threads[i].returned);
        if (returned == 0)
            continue;
        snprintf(
            sql, sizeof sql,
            "SELECT count(*) + (SELECT t.drop_count FROM thread AS t WHERE t.thread_id = n.thread_id) FROM note AS n"
            " WHERE key = '%u' AND CAST(text AS INTEGER) < %llu",
            i, (unsigned long long)returned);
        int64_t accounted = studio_number(studio, sql);
        assert_in_range(accounted, (int64_t)returned,
                        (int64_t)returned + 1); /* the one in flight may have been dropped */
    }
}

static void kill_at_random(uint64_t seed, uint64_t rate, uint64_t delay_us_max)
{
    struct studio studio;
    uint64_t random = seed;
    uint64_t ring_bytes = rate != 0 ? 0 : UINT64_C(65536) << studio_random(&random) % 7;
    make_truth(rate);
    studio_open(&studio);
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, run_threads, NULL, ring_bytes);
    wait_for_start();
    studio_sleep_us((int64_t)(studio_random(&random) % delay_us_max));
    assert_int_equal(kill(program, SIGKILL), 0);
    assert_true(WIFSIGNALED(studio_wait(program)));
    studio_finish(&studio);
    expect_truth(&studio, rate == 0, true);
    expect_each_note(&studio);
    expect_gaps_in_their_places(&studio);
    studio_expect(&studio, "SELECT end_reason, end_text FROM processes",
                  "killed_without_goodbye|ended without goodbye");
    studio_close(&studio);
}

static void a_program_killed_while_it_emits_as_fast_as_it_can_loses_nothing_uncounted(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(20); i > 0; i--) {
        kill_at_random(seed, 0, 60000);
        studio_random(&seed);
    }
}

static void a_program_killed_at_100000_events_a_second_has_dropped_none(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a recorder is too slow for 100,000 events a second");
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--) {
        kill_at_random(seed, 100000, 600000);
        studio_random(&seed);
    }
}

/* ----------------------------------------------------------------------------------------------------- the recorder */

enum { RECORDER_KILLS = 8 };

/* Kills the recorder again and again while a program emits, which ends by itself at last. */
static void kill_recorders(uint64_t seed, uint64_t rate, uint64_t ring_bytes, uint64_t delay_us_max)
{
    struct studio studio;
    uint64_t random = seed, returned = 0;
    make_truth(rate);
    studio_open(&studio);
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, run_threads, NULL, ring_bytes);
    wait_for_start();
    for (unsigned i = 0; i < RECORDER_KILLS; i++) {
        studio_sleep_us((int64_t)(studio_random(&random) % delay_us_max));
        studio_kill_recorder(&studio);
        studio_start_recorder(&studio, NULL);
    }
    atomic_store(&truth->is_over, 1);
    assert_int_equal(studio_wait(program), 0);
    studio_kill_recorder(&studio); /* and once more, while it may be about to finish */
    studio_recover(&studio);
    expect_truth(&studio, rate == 0, false);
    expect_each_note(&studio);
    for (unsigned i = 0; i < THREADS; i++)
        returned += atomic_load(&truth->threads[i].returned);
    if (rate != 0)
        assert_int_equal(studio_number(&studio, "SELECT count(*) FROM note"), returned);
    studio_expect(&studio, "SELECT end_reason FROM processes", "exit");
    studio_close(&studio);
}

static void a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a recorder is too slow for 100,000 events a second");
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--) {
        kill_recorders(seed, 100000, 0, 60000);
        studio_random(&seed);
    }
}

static void a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event_of_the_stream(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    assert_int_equal(setenv("TELLTALE_EVENTS", "+step", 1), 0);
    for (unsigned i = studio_rounds(4); i > 0; i--) {
        kill_recorders(seed, i % 2 != 0 ? 20000 : 0, i % 2 != 0 ? 0 : 65536, 30000);
        studio_random(&seed);
    }
    unsetenv("TELLTALE_EVENTS");
}

static void a_recorder_killed_while_rings_overflow_keeps_the_counts_exact(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--) {
        kill_recorders(seed, 0, 65536, 20000);
        studio_random(&seed);
    }
}

static void a_program_and_its_recorder_killed_together_are_recovered_by_the_next_viewer(void **state)
{
    (void)state;
    uint64_t seed = studio_seed();
    for (unsigned i = studio_rounds(5); i > 0; i--) {
        struct studio studio;
        make_truth(0);
        studio_open(&studio);
        studio_start_recorder(&studio, NULL);
        pid_t program = studio_start_program(&studio, run_threads, NULL, UINT64_C(1) << 20);
        wait_for_start();
        studio_sleep_us((int64_t)(studio_random(&seed) % 40000));
        assert_int_equal(kill(studio.recorder, SIGKILL), 0);
        assert_int_equal(kill(program, SIGKILL), 0);
        studio_wait(program);
        studio_kill_recorder(&studio);
        assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 1);
        studio_recover(&studio);
        assert_int_equal(tt_recorder_is_needed(studio.ring_dir), 0);
        expect_truth(&studio, true, true);
        expect_each_note(&studio);
        expect_gaps_in_their_places(&studio);
        studio_close(&studio);
    }
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_program_killed_while_it_emits_as_fast_as_it_can_loses_nothing_uncounted),
    cmocka_unit_test(a_program_killed_at_100000_events_a_second_has_dropped_none),
    cmocka_unit_test(a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event),
    cmocka_unit_test(a_recorder_killed_again_and_again_neither_loses_nor_doubles_an_event_of_the_stream),
    cmocka_unit_test(a_recorder_killed_while_rings_overflow_keeps_the_counts_exact),
    cmocka_unit_test(a_program_and_its_recorder_killed_together_are_recovered_by_the_next_viewer),
};

TT_TEST_MAIN(cases)
