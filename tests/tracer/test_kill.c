/* SIGKILL in the middle of emitting: what emit calls had returned from is in the arena, or counted, and nothing is
 * torn. */
#include "harness.h"
#include "recording.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

enum { THREADS = 4 };
#define CHECK UINT64_C(0x5a5a5a5a5a5a5a5a)

/* What the program that is killed knows about itself, in memory that outlives it. */
struct truth {
    struct {
        _Alignas(64) _Atomic uint64_t returned; /* emit calls */
    } threads[THREADS];
    _Atomic bool is_ready;
};

static struct truth *truth;

static void *emit_as_fast_as_possible(void *argument)
{
    static const char text[] =
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    uint64_t thread = (uint64_t)(uintptr_t)argument;
    for (uint64_t number = 1;; number++) {
        uint64_t id = thread << 56 | number;
        const char *tail = text + sizeof text - 1 - number % 100;
        tt_emit_exception_raised(
            0, &(struct tt_event_exception_raised){
                   .exception_id = id, .task_id = ~id, .cause_id = id ^ CHECK, .site = TT_HERE, .message = tail});
        atomic_store_explicit(&truth->threads[thread].returned, number, memory_order_release);
        atomic_store_explicit(&truth->is_ready, true, memory_order_relaxed);
    }
    return NULL;
}

static _Noreturn void run_program(unsigned threads)
{
    pthread_t thread;
    for (uintptr_t i = 1; i < threads; i++)
        if (pthread_create(&thread, NULL, emit_as_fast_as_possible, (void *)i) != 0)
            _exit(3);
    emit_as_fast_as_possible(NULL);
    _exit(4);
}

struct tally {
    uint64_t seen[THREADS], last_ring_records[TT_RINGS_MAX];
    uint32_t ring_of[THREADS];
};

static void tally_record(const struct arena_record *record, void *argument)
{
    struct tally *tally = argument;
    uint64_t ids[3];
    uint16_t length;
    tally->last_ring_records[record->ring]++;
    if (record->event != TT_EVENT_exception_raised)
        return;
    memcpy(ids, record->payload, sizeof ids);
    memcpy(&length, record->payload + 42, 2);
    assert_true(ids[1] == ~ids[0] && ids[2] == (ids[0] ^ CHECK));
    unsigned thread = (unsigned)(ids[0] >> 56);
    assert_in_range(thread, 0, THREADS - 1);
    assert_int_equal(length, (ids[0] & UINT64_C(0xffffffffffffff)) % 100);
    for (unsigned i = 0; i < length; i++)
        assert_int_equal(record->payload[44 + length - 1 - i], 'z' - i % 26);
    tally->seen[thread]++;
    tally->ring_of[thread] = record->ring;
}

/* After the kill: the rest, holes included. */
static void read_the_dead(struct recording *recording, struct tally *tally)
{
    for (uint32_t i = 0; i < atomic_load(&recording->arena.header->ring_count); i++) {
        struct tt_ring *ring = arena_ring(&recording->arena, i);
        struct arena_record record;
        unsigned holes = 0;
        uint64_t position = atomic_load(&ring->tail), last = 0;
        for (int got; (got = arena_next(&recording->arena, i, &position, true, &record)) != 0;) {
            if (got > 0)
                tally_record(&record, tally);
            else if (holes++ == 0)
                last = position;
        }
        assert_true(holes == 0 || position - last < 4); /* slots of one record, the last one */
        uint64_t known = tally->last_ring_records[i] + atomic_load(&ring->drops), tried = atomic_load(&ring->attempts);
        assert_in_range(tried - known, 0, 1);
    }
}

static void kill_at_random(unsigned threads, uint64_t ring_bytes, unsigned seed, bool is_read)
{
    struct recording recording;
    struct tally tally = {.seen = {0}};
    memset(truth, 0, sizeof *truth);
    recording_make_dir(&recording);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* should this test fail, it must not go on for ever */
        setenv("TELLTALE_RING_DIR", recording.dir, 1);
        setenv("TELLTALE_SUPERVISED", "1", 1);
        const struct tt_trace_options options = {.ring_bytes = ring_bytes};
        if (tt_trace_start(&options) != TT_TRACE_RECORDING)
            _exit(2);
        run_program(threads);
    }
    int status;
    while (!atomic_load_explicit(&truth->is_ready, memory_order_relaxed)) {
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
        usleep(200);
    }
    recording_open(&recording, child);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    long wait_ns = (long)(seed * 2654435761u % 20000000u); /* up to 20 ms, differently each time */
    do {
        if (is_read)
            arena_drain(&recording.arena, tally_record, &tally);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < wait_ns);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status))
        fail_msg("the program ended by itself, with status %d", WEXITSTATUS(status));

    read_the_dead(&recording, &tally);
    for (unsigned i = 0; i < threads; i++) {
        uint64_t returned = atomic_load(&truth->threads[i].returned);
        if (returned == 0)
            continue;
        assert_in_range(tally.ring_of[i], 1, TT_RINGS_MAX - 1);
        uint64_t drops = atomic_load(&arena_ring(&recording.arena, tally.ring_of[i])->drops);
        assert_in_range(tally.seen[i] + drops, returned, returned + 1);
    }
    assert_int_equal(atomic_load(&recording.arena.header->state), TT_ARENA_ALIVE);
    recording_remove(&recording);
}

static void kill_often(unsigned threads, bool is_read)
{
    truth = mmap(NULL, sizeof *truth, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(truth, MAP_FAILED);
    for (unsigned seed = 1; seed <= recording_rounds(25); seed++)
        kill_at_random(threads, UINT64_C(1) << (16 + seed % 7), seed, is_read);
    munmap(truth, sizeof *truth);
}

static void nothing_that_was_emitted_is_missing_after_a_kill(void **state)
{
    (void)state;
    kill_often(1, false);
}

static void nothing_that_four_threads_emitted_is_missing_after_a_kill(void **state)
{
    (void)state;
    kill_often(4, false);
}

static void nothing_is_missing_or_doubled_when_it_was_read_until_the_kill(void **state)
{
    (void)state;
    kill_often(4, true);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(nothing_that_was_emitted_is_missing_after_a_kill),
    cmocka_unit_test(nothing_that_four_threads_emitted_is_missing_after_a_kill),
    cmocka_unit_test(nothing_is_missing_or_doubled_when_it_was_read_until_the_kill),
};

TT_TEST_MAIN(cases)
