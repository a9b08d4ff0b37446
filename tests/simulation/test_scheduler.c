/* The scheduler under virtual time, with its ready queue in an order that a seed makes: what must hold after each entry (invariants.h), and
 * whether the recorded trace rebuilds the state in which the runtime itself ended (witness.h, ledger_model.h).
 *
 * Programs are the oracle's random ones. Many of them are recorded into one arena, by a child that then stops tracing, exits or is killed;
 * the store is made of what it left. What a seed does depends on nothing but the seed, so that it can be repeated alone. */
#include "harness.h"
#include "studio.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "invariants.h"
#include "ledger_model.h"
#include "log.h"
#include "schedule.h"
#include "witness.h"

enum {
    BATCH = 50,
    COUNT = 150,
    COUNT_UNDER_VALGRIND = 20,
    RUN_SECONDS_MAX = 60,
    VIOLATED = 3,
    TEXT_BYTES_MAX = 1 << 24
};
#define RING_BYTES (UINT64_C(64) << 20)

/* How the process of a batch ends. */
enum ending { STOPS, EXITS, IS_KILLED, ENDINGS };

/* A batch, and what its child tells of itself in memory that it shares. */
struct batch {
    uint64_t first;
    size_t count;
    size_t begun;              /* runs */
    size_t entries;            /* that they ran */
    uint64_t first_ids[BATCH]; /* of the objects of each */
    char *text;                /* of its programs */
    char lines[256];           /* path of what the runtime's objects told */
};

/* What was looked at. */
struct sum {
    size_t runs, entries;
    size_t tasks, pending, abandoned, failures, slots, loops;
};

static struct studio studio;
static struct sum sum;
static FILE *next_programs; /* being made; NULL: none */
static int own_stderr = STDERR_FILENO;

/* A program that exits leaves loops open: what only their timers point into valgrind takes for lost. */
static enum ending ending_of(const struct batch *batch)
{
    enum ending ending = (enum ending)(batch->first / BATCH % ENDINGS);

    return ending == EXITS && studio_is_under_valgrind() ? STOPS : ending;
}

static bool has_all_events(const struct batch *batch)
{
    return batch->first / BATCH % 2 == 1;
}

/* ---------------------------------------------------------------------------------------------------------- the child */

_Noreturn void violated(const char *format, ...)
{
    va_list arguments;

    dprintf(own_stderr, "seed %" PRIu64 ", after entry %zu: expected otherwise: ", schedule_place.seed,
            schedule_place.entry);
    va_start(arguments, format);
    vdprintf(own_stderr, format, arguments);
    va_end(arguments);
    dprintf(own_stderr, "\n");
    _exit(VIOLATED);
}

/* The programs of a batch, each behind its line "program NAME". Moves *TEXT on. */
static struct program *next_program(char **text)
{
    char *begin = strchr(*text, '\n'), *end = begin ? strstr(begin, "\nprogram ") : NULL;
    const char *error;
    int line;
    struct program *program;

    HOLDS(begin, "there are fewer programs than seeds");
    if (end)
        *end++ = '\0';
    program = program_create(begin + 1, &error, &line);
    HOLDS(program, "line %d: %s", line, error);
    *text = end ? end : begin + strlen(begin);
    return program;
}

static void run_all(struct batch *batch, struct left_run **left, struct program **programs)
{
    char *text = batch->text;

    for (size_t i = 0; i < batch->count; i++) {
        alarm(RUN_SECONDS_MAX);
        batch->first_ids[i] = tt_trace_new_id();
        batch->begun = i + 1;
        programs[i] = next_program(&text);
        left[i] = schedule_run(programs[i], batch->first + i);
        batch->entries += schedule_place.entry;
    }
    alarm(RUN_SECONDS_MAX);
}

/* What exists in the store for ever, now goes. */
static void let_go(struct batch *batch, struct left_run **left, struct program **programs)
{
    for (size_t i = 0; i < batch->count; i++) {
        if (left[i])
            run_end_left(left[i]);
        program_destroy(programs[i]);
    }
    witness_finish();
    log_end();
}

/* In a child that records itself. */
static void play(void *argument)
{
    static struct left_run *left[BATCH];
    static struct program *programs[BATCH];
    struct batch *batch = argument;
    FILE *lines = fopen(batch->lines, "w"), *errors = tmpfile();

    own_stderr = dup(STDERR_FILENO);
    if (!lines || !errors || own_stderr < 0 || dup2(fileno(errors), STDERR_FILENO) < 0)
        _exit(1);
    witness_begin(lines);
    run_all(batch, left, programs);
    witness_end();
    if (ending_of(batch) == IS_KILLED)
        raise(SIGKILL);
    if (ending_of(batch) == STOPS) {
        tt_trace_stop();
        let_go(batch, left, programs);
    }
    fclose(lines);
    fclose(errors);
    dup2(own_stderr, STDERR_FILENO);
}

/* --------------------------------------------------------------------------------------------------------- comparing */

/* The same columns as those of witness.h, and those of ledger_model.h, out of the store. */
static const char rebuilt[] =
    "SELECT printf('T %020d|%s|%s|%s|%d|%d|%d|%d|%s|%d|%s', v.task_id, v.name, v.outcome, v.state, v.loop_id, "
    "t.parent_kind,"
    " t.parent_id, t.started_ns IS NOT NULL, iif(v.outcome = 'abandoned', NULL, v.step_count),"
    " (SELECT count(*) FROM cancellation AS c WHERE c.task_id = t.task_id AND c.is_accepted)"
    " - (SELECT count(*) FROM cancellation_effect AS e WHERE e.task_id = t.task_id AND e.what = 'uncancelled'),"
    " iif(v.outcome = 'cancelled', NULL, EXISTS (SELECT 1 FROM cancellation_effect AS e WHERE e.task_id = t.task_id"
    " AND e.what = 'delivered')))"
    " || iif(v.outcome = 'pending', printf('|%d|%d|%s|%d %d', f.wait_kind, f.wait_object,"
    " (SELECT s.file || ':' || s.line FROM site AS s WHERE s.site_id = f.wait_site_id),"
    " (SELECT count(*) FROM scope AS s WHERE s.task_id = t.task_id AND s.exited_ns IS NULL),"
    " (SELECT sum(s.scope_id) FROM scope AS s WHERE s.task_id = t.task_id AND s.exited_ns IS NULL)), '|0|0||') AS line"
    " FROM tasks AS v JOIN task AS t ON t.task_id = v.task_id JOIN task_facts AS f ON f.task_id = v.task_id"
    " UNION ALL"
    " SELECT printf('F %020d|%d|%s|%s|%d|%d|%d|%d|%d|%d|%s', f.failure_id, f.kind, v.type, v.message, f.how,"
    " (SELECT count(*) FROM touch AS u WHERE u.failure_id = f.failure_id AND u.is_user),"
    " (SELECT count(*) FROM touch AS u WHERE u.failure_id = f.failure_id AND NOT u.is_user),"
    " f.released_ns IS NOT NULL, EXISTS (SELECT 1 FROM discard AS d WHERE d.object_id = f.failure_id), v.handle_count,"
    " iif(f.released_ns IS NULL, NULL, f.forward_count))"
    " FROM failure AS f JOIN failures AS v ON v.failure_id = f.failure_id WHERE f.kind <> 4"
    " UNION ALL SELECT printf('S %020d|%s|%s', failure_id, state, reason) FROM failures"
    " UNION ALL SELECT printf('B %020d|%d|%d', task_id, state, step_count) FROM board"
    " UNION ALL SELECT printf('L %020d|%d|%d', loop_id, closed_ns IS NOT NULL, pending_count) FROM loop"
    " ORDER BY line";

/* Lines of a text, which it changes, in the order of their bytes. */
struct lines {
    char **all;
    size_t count;
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct lines split(char *text)
{
    struct lines lines = {calloc(strlen(text) + 1, sizeof *lines.all), 0};
    char *line;

    assert_non_null(lines.all);
    while ((line = strsep(&text, "\n")) != NULL)
        if (*line)
            lines.all[lines.count++] = line;
    qsort(lines.all, lines.count, sizeof *lines.all, compare_lines);
    return lines;
}

static char *read_file(FILE *file)
{
    char *text = calloc(1, TEXT_BYTES_MAX);
    size_t size;

    assert_true(text && file);
    size = fread(text, 1, TEXT_BYTES_MAX - 1, file);
    assert_true(!ferror(file) && size < TEXT_BYTES_MAX - 1);
    return text;
}

static _Noreturn void fail_at(uint64_t seed)
{
    if (next_programs) /* whoever makes them does not hear of the failure */
        free(read_file(next_programs));
    fprintf(stderr,
            "the program: python3 tests/oracle/generate.py %" PRIu64 " 1\nrepeat with TT_COUNT=1 TT_FIRST=%" PRIu64
            "\n",
            seed, seed);
    fail();
    abort();
}

/* The seed whose run made what LINE is about. */
static uint64_t seed_of(const struct batch *batch, const char *line)
{
    uint64_t id = strtoull(line + 2, NULL, 10);
    size_t i = batch->begun;

    while (i > 1 && batch->first_ids[i - 1] > id)
        i--;
    return batch->first + i - 1;
}

static void compare(const struct batch *batch, struct lines told, struct lines found)
{
    for (size_t i = 0; i < told.count || i < found.count; i++) {
        const char *of_runtime = i < told.count ? told.all[i] : NULL, *of_store = i < found.count ? found.all[i] : NULL;
        uint64_t seed;

        if (of_runtime && of_store && strcmp(of_runtime, of_store) == 0)
            continue;
        seed = seed_of(batch, of_runtime && (!of_store || strcmp(of_runtime, of_store) < 0) ? of_runtime : of_store);
        fprintf(stderr, "seed %" PRIu64 ": expected as the runtime ended: %s; found in the store: %s\n", seed,
                of_runtime ? of_runtime : "nothing more", of_store ? of_store : "nothing more");
        fail_at(seed);
    }
}

/* What the objects said, and what becomes of the failures by the arena's records. */
static char *read_told(const struct batch *batch, pid_t child)
{
    char path[512], *text;
    struct arena arena;
    FILE *lines = fopen(batch->lines, "a");

    assert_non_null(lines);
    assert_true(arena_find(studio.ring_dir, child, NULL, path, sizeof path));
    assert_true(arena_open(path, &arena));
    ledger_model_write(&arena, ending_of(batch) == STOPS, ending_of(batch) == IS_KILLED, lines);
    arena_close(&arena);
    fclose(lines);
    lines = fopen(batch->lines, "r");
    text = read_file(lines);
    fclose(lines);
    return text;
}

static void count_lines(struct lines lines)
{
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.all[i];

        sum.tasks += *line == 'T';
        sum.pending += *line == 'T' && strstr(line, "|pending|");
        sum.abandoned += *line == 'T' && strstr(line, "|abandoned|");
        sum.failures += *line == 'S';
        sum.slots += *line == 'B';
        sum.loops += *line == 'L';
    }
}

static void compare_with_store(const struct batch *batch, pid_t child)
{
    char *told = read_told(batch, child), *found = calloc(1, TEXT_BYTES_MAX);
    struct lines told_lines, found_lines;

    assert_non_null(found);
    studio_recover(&studio);
    studio_expect(&studio, "SELECT sum(drop_count), sum(hole_count), sum(board_drop_count), count(*) FROM process",
                  "0|0|0|1");
    studio_text(&studio, rebuilt, found, TEXT_BYTES_MAX);
    told_lines = split(told);
    found_lines = split(found);
    compare(batch, told_lines, found_lines);
    count_lines(told_lines);
    free(told_lines.all);
    free(found_lines.all);
    free(told);
    free(found);
}

/* ----------------------------------------------------------------------------------------------------------- batches */

static FILE *generate(uint64_t first, size_t count)
{
    char command[512];
    FILE *programs;

    snprintf(command, sizeof command, "'%s' '%s/tests/oracle/generate.py' %" PRIu64 " %zu", TT_PYTHON,
             getenv("TELLTALE_TEST_SOURCE"), first, count);
    programs = popen(command, "r");
    assert_non_null(programs);
    return programs;
}

static void run_batch(struct batch *batch, FILE *programs)
{
    int status;
    bool is_as_expected;
    pid_t child;

    batch->text = read_file(programs);
    assert_int_equal(pclose(programs), 0);
    studio_open(&studio);
    snprintf(batch->lines, sizeof batch->lines, "%s/lines", studio.dir);
    assert_int_equal(has_all_events(batch) ? setenv("TELLTALE_EVENTS", "all", 1) : unsetenv("TELLTALE_EVENTS"), 0);
    child = studio_start_program(&studio, play, batch, RING_BYTES);
    status = studio_wait(child);
    is_as_expected = ending_of(batch) == IS_KILLED ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0;
    if (!is_as_expected) {
        fprintf(stderr, "the runs ended with status %d, signal %d\n", WEXITSTATUS(status), WTERMSIG(status));
        fail_at(batch->first + batch->begun - (batch->begun > 0));
    }
    compare_with_store(batch, child);
    sum.runs += batch->begun;
    sum.entries += batch->entries;
    studio_close(&studio);
    free(batch->text);
}

static size_t count_of_batch(uint64_t first, size_t left)
{
    size_t count = BATCH - first % BATCH;

    return count < left ? count : left;
}

static void a_shuffled_ready_queue_breaks_nothing_and_its_trace_rebuilds_how_the_runtime_ended(void **state)
{
    const char *text = getenv("TT_FIRST");
    uint64_t first = text ? strtoull(text, NULL, 10) : 1;
    size_t left = studio_rounds(studio_is_under_valgrind() ? COUNT_UNDER_VALGRIND : COUNT),
           count = count_of_batch(first, left);
    struct batch *batch = mmap(NULL, sizeof *batch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FILE *programs = generate(first, count);

    (void)state;
    assert_ptr_not_equal(batch, MAP_FAILED);
    while (left > 0) {
        left -= count;
        *batch = (struct batch){.first = first, .count = count};
        next_programs = left > 0 ? generate(first + count, count_of_batch(first + count, left)) : NULL;
        run_batch(batch, programs);
        first += count;
        count = count_of_batch(first, left);
        programs = next_programs;
    }
    munmap(batch, sizeof *batch);
    printf("%zu runs, %zu entries, %zu tasks (%zu pending, %zu abandoned), %zu failures, %zu slots of the board\n",
           sum.runs, sum.entries, sum.tasks, sum.pending, sum.abandoned, sum.failures, sum.slots);
    assert_int_equal(sum.loops, sum.runs);
    if (sum.runs >= COUNT) /* so many have some of each kind */
        assert_true(sum.pending && sum.abandoned && sum.failures && sum.slots);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_shuffled_ready_queue_breaks_nothing_and_its_trace_rebuilds_how_the_runtime_ended),
};

TT_TEST_MAIN(cases)
