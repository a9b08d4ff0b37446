/* The recorder is killed at its system calls, in front of each and behind it, in all that it does: when it makes a store, when it goes on
 * with one that a killed recorder has left, while rings run over, in a viewer's recovery, at its end. Nothing that was emitted is missing
 * uncounted or there twice, the program goes on, viewers can look, and the next recorder goes on. See stops.h. */
#include "harness.h"
#include "stops.h"
#include "tracer/truth.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "store.h"

#define RECORDING_STOPS 600 /* of a recorder that was ready, after which the program is told to end */
#define RING_BYTES_MIN  UINT64_C(65536)
#define RING_EVENTS     1024u /* that such a ring has room for, at most: each has a slot or more */

/* What the recorder that is killed does. */
enum life {
    FIRST,    /* makes the store, and records */
    NEXT,     /* goes on with the store of a recorder that was killed */
    TIGHT,    /* the same as the first; rings are small and run over, and before it is killed they are filled again */
    RECOVERY, /* is the next viewer, after program and recorder were killed */
    LIFE_COUNT
};
static const char *const life_names[] = {"first", "next", "tight", "recovery"};

static const struct truth_options programs[] = {
    [FIRST] = {.threads = 4, .rate = 20000},
    [NEXT] = {.threads = 4, .rate = 20000},
    [TIGHT] = {.threads = 2},
    [RECOVERY] = {.threads = 4, .rate = 20000},
};

enum stage { BEGINNING, RECORDING, ENDING };

/* A recorder that is stopped at its calls. */
struct traced {
    struct studio *studio;
    struct stops stops;
    bool is_recovery;
    int control[2], ready[2]; /* the supervisor's ends are control[1] and ready[0] */
    bool is_ready;
};

static int record(void *argument)
{
    struct traced *traced = argument;
    struct tt_store_error error;
    struct tt_recorder_options options = {.store = traced->studio->store,
                                          .ring_dir = traced->studio->ring_dir,
                                          .supervised = !traced->is_recovery,
                                          .recover = traced->is_recovery,
                                          .control_fd = traced->is_recovery ? -1 : traced->control[0],
                                          .ready_fd = traced->ready[1]};
    close(traced->control[1]);
    close(traced->ready[0]);
    if (tt_recorder_run(&options, &error) == 0)
        return 0;
    fprintf(stderr, "recorder: %s\n", error.text);
    return 1;
}

static void start_traced(struct traced *traced, struct studio *studio, bool is_recovery)
{
    *traced = (struct traced){.studio = studio, .is_recovery = is_recovery};
    assert_int_equal(pipe2(traced->control, O_CLOEXEC), 0);
    assert_int_equal(pipe2(traced->ready, O_CLOEXEC | O_NONBLOCK), 0);
    stops_start(&traced->stops, record, traced);
    close(traced->control[0]);
    close(traced->ready[1]);
}

static void close_traced(struct traced *traced)
{
    close(traced->control[1]);
    close(traced->ready[0]);
}

static void hear_whether_ready(struct traced *traced)
{
    char word[8];
    if (!traced->is_ready)
        traced->is_ready = read(traced->ready[0], word, sizeof word) == 6;
}

/* As viewers see it that come now. Once a recorder was ready there is a store. */
static void look(const struct studio *studio, bool was_ready)
{
    struct tt_store_reader *reader;
    struct tt_store_error error = {TT_STORE_OK, ""};
    if (tt_store_open_reader(studio->store, &reader, &error) == 0)
        tt_store_close_reader(reader);
    else if (was_ready)
        fail_msg("a viewer is told: %s", error.text);
    else
        assert_true(error.kind == TT_STORE_MISSING || error.kind == TT_STORE_NOT_SQLITE);
}

/* Until all rings have been filled, as far as their writers may. */
static void fill_rings(void)
{
    uint64_t before = truth_returned();
    while (truth_returned() < before + 4 * RING_EVENTS * programs[TIGHT].threads)
        truth_expect_progress();
}

/* What was there before the recorder that is killed. */
static pid_t prepare(struct studio *studio, enum life life)
{
    uint64_t ring_bytes = life == TIGHT ? RING_BYTES_MIN : 0;
    truth_begin(&programs[life]);
    studio_open(studio);
    if (life == FIRST || life == TIGHT)
        return 0;
    studio_start_recorder(studio, NULL);
    pid_t program = studio_start_program(studio, truth_emit, NULL, ring_bytes);
    truth_await_start();
    studio_expect_within(studio, 20000, "SELECT count(*) > 0 FROM note", "1");
    studio_kill_recorder(studio);
    truth_expect_progress();
    if (life == RECOVERY) {
        assert_int_equal(kill(program, SIGKILL), 0);
        studio_wait(program);
        return 0;
    }
    return program;
}

/* A life that ends at the TIMES-th coming to PLACE, if it does; else by itself. Its places are added to OUT_PLACES, unless that is
 * NULL. Returns whether it was killed. */
static bool live(struct studio *studio, enum life life, uint32_t place, unsigned times, struct places *out_places)
{
    struct traced traced;
    uint32_t now;
    unsigned seen = 0, stops = 0;
    enum stage stage = BEGINNING;
    bool was_killed = false;
    pid_t program = prepare(studio, life);
    start_traced(&traced, studio, life == RECOVERY);
    if (life == FIRST || life == TIGHT) {
        program = studio_start_program(studio, truth_emit, NULL, life == TIGHT ? RING_BYTES_MIN : 0);
        truth_await_start();
    }
    while (!was_killed && (now = stops_next(&traced.stops, stage)) != 0) {
        if (out_places)
            places_add(out_places, now);
        was_killed = now == place && ++seen == times;
        hear_whether_ready(&traced);
        if (stage == BEGINNING && traced.is_ready)
            stage = RECORDING;
        if (!was_killed && life != RECOVERY && stage == RECORDING && ++stops == RECORDING_STOPS) {
            stage = ENDING;
            truth_end_program();
            assert_int_equal(studio_wait(program), 0);
            assert_int_equal(write(traced.control[1], "finish\n", 7), 7);
        }
    }
    if (was_killed) {
        if (life == TIGHT && stage != ENDING)
            fill_rings();
        stops_kill(&traced.stops);
        look(studio, traced.is_ready);
    }
    close_traced(&traced);
    if (life != RECOVERY && stage != ENDING) {
        truth_expect_progress();
        studio_start_recorder(studio, NULL);
        truth_expect_progress();
        truth_end_program();
        assert_int_equal(studio_wait(program), 0);
        studio_finish(studio);
    }
    return was_killed;
}

static void expect_all(struct studio *studio, enum life life)
{
    if (tt_recorder_is_needed(studio->ring_dir))
        studio_recover(studio);
    assert_int_equal(studio_count_arenas(studio), 0);
    look(studio, true);
    truth_expect(studio, life == TIGHT, life == RECOVERY);
    int64_t notes = studio_number(studio, "SELECT count(*) FROM note");
    if (life == RECOVERY) /* one of each thread may have been on its way */
        assert_in_range(notes, truth_returned(), truth_returned() + programs[life].threads);
    else if (life != TIGHT)
        assert_int_equal(notes, truth_returned());
    studio_expect(studio, "SELECT end_reason FROM processes", life == RECOVERY ? "killed_without_goodbye" : "exit");
    studio_close(studio);
}

static bool kill_at(enum life life, uint32_t place, unsigned times)
{
    struct studio studio;
    fprintf(stderr, "repeat with TT_COUNT=1 TT_STOP=%s:%x:%u\n", life_names[life], place, times);
    bool was_killed = live(&studio, life, place, times, NULL);
    expect_all(&studio, life);
    return was_killed;
}

/* TT_STOP=LIFE:PLACE:TIMES */
static bool repeat(const char *stop)
{
    char name[16];
    unsigned place, times;
    assert_int_equal(sscanf(stop, "%15[a-z]:%x:%u", name, &place, &times), 3);
    for (enum life life = 0; life < LIFE_COUNT; life++)
        if (strcmp(life_names[life], name) == 0)
            return kill_at(life, place, times);
    fail_msg("TT_STOP: there is no life %s", name);
    return false;
}

static void a_recorder_killed_at_each_of_its_system_calls_loses_and_doubles_nothing(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("valgrind's own calls cannot be told from the recorder's");
    static struct places places[LIFE_COUNT];
    const char *stop = getenv("TT_STOP");
    unsigned rounds = studio_rounds(12), killed = 0, known = 0;
    uint64_t seed = studio_seed();
    for (enum life life = 0; life < LIFE_COUNT && !stop; life++) {
        struct studio studio;
        live(&studio, life, 0, 0, &places[life]);
        expect_all(&studio, life);
        places_shuffle(&places[life], &seed);
        known += places[life].count;
        fprintf(stderr, "%s: %u places\n", life_names[life], places[life].count);
    }
    for (unsigned i = 0; i < rounds; i++) {
        enum life life = i % LIFE_COUNT;
        unsigned turn = i / LIFE_COUNT;
        if (stop) {
            killed += repeat(stop);
            continue;
        }
        /* All places of a life once, when it comes to them first; then again, at any time. */
        const struct place *place = &places[life].all[turn % places[life].count];
        unsigned times = turn < places[life].count ? 1 : 1 + (unsigned)(studio_random(&seed) % place->count);
        killed += kill_at(life, place->number, times);
    }
    fprintf(stderr, "%u rounds, killed %u times, of %u places\n", rounds, killed, known);
    assert_true(stop || killed > rounds / 2);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_recorder_killed_at_each_of_its_system_calls_loses_and_doubles_nothing),
};

TT_TEST_MAIN(cases)
