/* truth.c: see truth.h. */
#include "truth.h"

#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "telltale/trace.h"

#define STORM_INTERVAL_NS 100000 /* 10,000 signals a second */
#define BURSTS_A_SECOND   10     /* a tenth of a second's events at once, at most */

struct counter {
    _Alignas(64) _Atomic uint64_t returned; /* emit calls that have returned */
};

static struct truth {
    struct counter threads[TRUTH_THREADS_MAX];
    struct counter stormed, handler; /* the thread that is interrupted, and what interrupts it */
    _Atomic uint32_t is_started;
    _Atomic uint32_t is_over; /* the program is to end by itself */
    struct truth_options options;
} * truth;

void truth_begin(const struct truth_options *options)
{
    if (!truth)
        truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(truth, MAP_FAILED);
    memset(truth, 0, sizeof *truth);
    truth->options = *options;
}

/* --------------------------------------------------------------------------------------------------------- the program */

/* A note whose key says by whom it is, and whose text is its number. */
static void emit_note(const char *key, struct counter *counter)
{
    char text[24];
    uint64_t number = atomic_load_explicit(&counter->returned, memory_order_relaxed);
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    tt_trace_note(0, key, text);
    atomic_store_explicit(&counter->returned, number + 1, memory_order_release);
}

static void *emit_notes(void *argument)
{
    unsigned thread = (unsigned)(uintptr_t)argument;
    struct counter *counter = &truth->threads[thread];
    uint64_t rate = truth->options.rate / truth->options.threads;
    int64_t start_ns = studio_now_ns();
    uint64_t left_out = 0; /* where the thread did not run for a while: a rate is no burst afterwards */
    char key[16];
    snprintf(key, sizeof key, "%u", thread);
    while (!atomic_load_explicit(&truth->is_over, memory_order_relaxed)) {
        uint64_t due = atomic_load_explicit(&counter->returned, memory_order_relaxed) + 1;
        if (rate != 0) {
            uint64_t most = due + rate / BURSTS_A_SECOND;
            due = (uint64_t)(studio_now_ns() - start_ns) * rate / 1000000000 - left_out;
            left_out += due > most ? due - most : 0;
            due = due > most ? most : due;
        }
        while (atomic_load_explicit(&counter->returned, memory_order_relaxed) < due)
            emit_note(key, counter);
        if (due > 0)
            atomic_store_explicit(&truth->is_started, 1, memory_order_relaxed);
        if (rate != 0)
            studio_sleep_us(1000);
    }
    return NULL;
}

static void on_signal(int number)
{
    int error = errno;
    (void)number;
    emit_note("h", &truth->handler);
    errno = error;
}

static void *emit_in_a_storm(void *argument)
{
    timer_t timer;
    sigset_t set;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    const struct itimerspec times = {{0, STORM_INTERVAL_NS}, {0, STORM_INTERVAL_NS}};
    (void)argument;
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (pthread_sigmask(SIG_UNBLOCK, &set, NULL) != 0 || timer_create(CLOCK_MONOTONIC, &event, &timer) < 0 ||
        timer_settime(timer, 0, &times, NULL) < 0)
        _exit(4);
    while (!atomic_load_explicit(&truth->is_over, memory_order_relaxed))
        emit_note("s", &truth->stormed);
    timer_delete(timer);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return NULL;
}

void truth_emit(void *argument)
{
    pthread_t threads[TRUTH_THREADS_MAX + 1];
    sigset_t set;
    unsigned count = truth->options.threads;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)argument;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0 || sigaction(SIGUSR1, &action, NULL) < 0)
        _exit(3);
    for (uintptr_t i = 1; i < count; i++)
        if (pthread_create(&threads[i], NULL, emit_notes, (void *)i) != 0)
            _exit(3);
    if (truth->options.has_storm && pthread_create(&threads[count], NULL, emit_in_a_storm, NULL) != 0)
        _exit(3);
    emit_notes(NULL);
    for (uintptr_t i = 1; i < count + truth->options.has_storm; i++)
        pthread_join(threads[i], NULL);
}

void truth_await_start(void)
{
    for (int i = 0; i < 20000 && !atomic_load(&truth->is_started); i++)
        studio_sleep_us(1000);
    assert_int_equal(atomic_load(&truth->is_started), 1);
}

void truth_end_program(void)
{
    atomic_store(&truth->is_over, 1);
}

uint64_t truth_returned(void)
{
    uint64_t sum = atomic_load(&truth->stormed.returned) + atomic_load(&truth->handler.returned);
    for (unsigned i = 0; i < truth->options.threads; i++)
        sum += atomic_load(&truth->threads[i].returned);
    return sum;
}

void truth_await(uint64_t count)
{
    while (truth_returned() < count)
        truth_expect_progress();
}

void truth_expect_progress(void)
{
    uint64_t before = truth_returned();
    for (int i = 0; i < 20000 && truth_returned() == before; i++)
        studio_sleep_us(1000);
    assert_true(truth_returned() > before);
}

/* ---------------------------------------------------------------------------------------------------------- the store */

/* With the category step on the stream has every event that was read, each once and in its place; notes are rows too. */
static void expect_stream(const struct studio *studio)
{
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
#define OWN \
    "WITH own AS (SELECT thread_id, sequence FROM ring_gap UNION ALL SELECT thread_id, sequence FROM clock_sample) "
#define TOLD                                                                                                         \
    "WITH own AS (SELECT thread_id, sequence FROM ring_gap UNION ALL SELECT thread_id, sequence FROM clock_sample)," \
    " told AS (SELECT *, sum(text IS NULL) OVER (PARTITION BY thread_id ORDER BY sequence) AS own FROM"              \
    "  (SELECT thread_id, sequence, key, text FROM note UNION ALL SELECT thread_id, sequence, NULL, NULL FROM own)) "

/* Notes of one thread stand under one thread_id, each once, each with the number of its attempt. Other events of the thread, those of
 * the process among them, come before its first note; an own one in between may have been dropped, which is counted as the notes are. */
static void expect_numbers(const struct studio *studio)
{
    studio_expect(
        studio,
        TOLD ", numbered AS (SELECT key, thread_id, CAST(text AS INTEGER) AS number,"
             "  sequence - own - CAST(text AS INTEGER) AS before FROM told WHERE key NOT IN ('s', 'h'))"
             " SELECT n.key, count(DISTINCT n.thread_id), count(*) - count(DISTINCT n.number),"
             "  max(n.before) - min(n.before), max(t.drop_count) FROM numbered AS n JOIN thread AS t USING (thread_id)"
             " GROUP BY n.key HAVING count(DISTINCT n.thread_id) <> 1 OR count(*) <> count(DISTINCT n.number) OR"
             "  max(n.before) - min(n.before) > max(t.drop_count) - (max(n.number) - min(n.number) + 1 - count(*))",
        "");
}

/* The notes of one thread, in a ring that nobody else writes to. */
static void expect_thread(const struct studio *studio, unsigned thread, uint64_t returned, bool was_killed)
{
    char sql[2048];
    /* Attempts: those that returned, those before the first note, and at most one that had not returned. */
    snprintf(sql, sizeof sql,
             OWN "SELECT t.attempt_count - (SELECT count(*) FROM own WHERE own.thread_id = n.thread_id"
                 " AND own.sequence > n.sequence) - (n.sequence - CAST(n.text AS INTEGER)) - %llu"
                 " FROM note AS n JOIN thread AS t ON t.thread_id = n.thread_id WHERE n.key = '%u'"
                 " ORDER BY n.note_id LIMIT 1",
             (unsigned long long)returned, thread);
    int64_t in_flight = studio_number(studio, sql);
    snprintf(sql, sizeof sql,
             OWN "SELECT t.record_count - (SELECT count(*) FROM note AS n WHERE n.thread_id = t.thread_id)"
                 " - (SELECT count(*) FROM own WHERE own.thread_id = t.thread_id) FROM thread AS t"
                 " WHERE thread_id = (SELECT thread_id FROM note WHERE key = '%u' LIMIT 1)",
             thread);
    int64_t others = studio_number(studio, sql);
    /* Killed: the one in flight. Ended: the events of its end. */
    assert_in_range(in_flight, 0, was_killed ? 1 : 2);
    /* thread_attached; in the main thread process_started and process_ended; thread_detached */
    assert_in_range(others, 1, 3);
    /* What returned is there, or counted; the one in flight may have been dropped. */
    snprintf(sql, sizeof sql,
             "SELECT count(*) + (SELECT t.drop_count FROM thread AS t WHERE t.thread_id = n.thread_id) FROM note AS n"
             " WHERE key = '%u' AND CAST(text AS INTEGER) < %llu",
             thread, (unsigned long long)returned);
    assert_in_range(studio_number(studio, sql), (int64_t)returned, (int64_t)returned + 1);
}

/* A handler that interrupts an emit writes to the emergency ring, else to that of its thread. */
static void expect_storm(const struct studio *studio)
{
    char sql[1024];
    uint64_t stormed = atomic_load(&truth->stormed.returned), handled = atomic_load(&truth->handler.returned);
    if (stormed == 0)
        return;
    studio_expect(studio, "SELECT key FROM note WHERE key IN ('s', 'h') GROUP BY key, text HAVING count(*) > 1", "");
    snprintf(sql, sizeof sql,
             "SELECT (SELECT count(*) FROM note WHERE key = 's' AND CAST(text AS INTEGER) < %llu)"
             " + (SELECT count(*) FROM note WHERE key = 'h' AND CAST(text AS INTEGER) < %llu)"
             " + (SELECT coalesce(sum(drop_count), 0) FROM thread WHERE thread_id & 1099511627775 = 0"
             "    OR thread_id = (SELECT thread_id FROM note WHERE key = 's' LIMIT 1))",
             (unsigned long long)stormed, (unsigned long long)handled);
    /* In flight: one of the thread, one of its handler. */
    assert_in_range(studio_number(studio, sql), (int64_t)(stormed + handled), (int64_t)(stormed + handled) + 2);
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

void truth_expect(const struct studio *studio, bool may_drop, bool was_killed)
{
    studio_expect_sound(studio);
    studio_expect(studio, "SELECT count(*), count(uuid), count(origin_realtime_ns) FROM recording", "1|1|1");
    expect_numbers(studio);
    for (unsigned i = 0; i < truth->options.threads; i++) {
        uint64_t returned = atomic_load(&truth->threads[i].returned);
        if (returned != 0)
            expect_thread(studio, i, returned, was_killed);
    }
    expect_storm(studio);
    if (!may_drop)
        studio_expect(studio, "SELECT sum(drop_count) FROM process", "0");
    if (was_killed)
        expect_gaps_in_their_places(studio);
    if (truth->options.has_steps)
        expect_stream(studio);
}
