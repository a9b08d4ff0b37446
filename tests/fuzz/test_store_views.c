/* Stores that were changed (mutate_store.h), opened by the library, with the first rows of tables over the event stream and of some views, the next
 * ones of the next store: an answer, or an error with a word about it. No crash, no hang. So it takes milliseconds, and there can be many:
 * TT_COUNT stores from number TT_FIRST on. */
#include "harness.h"
#include "look.h"
#include "mutate_store.h"
#include "tracer/studio.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define BATCH         2000u /* stores that one child looks at: a crash is found out, and what it is made of is known */
#define COMPARED      16u   /* one in so many of those that are not opened is opened, too */
#define VIEWS_EACH    6u
#define VIEWS_OPENED  3u /* of those that are opened: preparing a question takes longer than the answer */
#define SECONDS       10 /* a question's limit; none takes a tenth of a second */
#define SECONDS_ALARM 60 /* of what no question's limit ends */

/* What a child tells; the number first, so that a crash is known by it. */
static struct progress {
    _Atomic uint64_t number;
    _Atomic unsigned results[LOOK_TOO_LONG + 1];
    char message[256]; /* what should not be */
} * progress;
static uint64_t seed;

static enum look_result open_and_look(unsigned first, unsigned count)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    enum look_result result = look_at_store(mutant_path, first, count, SECONDS, &error);
    if (result == LOOK_REFUSED && (error.kind == TT_STORE_OK || error.text[0] == '\0'))
        snprintf(progress->message, sizeof progress->message, "it was refused without a word");
    return result;
}

/* LOOK has seen the sound store. What it says of a store whose schema is as it was, who opens that store says too. */
static void look_at(struct look *look, uint64_t number)
{
    unsigned first = (unsigned)(number * VIEWS_EACH % 1000003);
    enum look_result result;
    if (!mutate_store(seed, number)) {
        result = open_and_look(first, VIEWS_OPENED);
    } else {
        enum look_result of_stream = look_again(look, 0, LOOK_STREAM, SECONDS);
        result = look_again(look, first, VIEWS_EACH, SECONDS);
        if (number % COMPARED == 0 && open_and_look(first, VIEWS_EACH) != result)
            snprintf(progress->message, sizeof progress->message, "it is another one for who opens it");
        result = of_stream > result ? of_stream : result;
    }
    atomic_fetch_add(&progress->results[result], 1);
}

static _Noreturn void look_at_batch(uint64_t first, uint64_t end)
{
    const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGALRM}; /* cmocka's */
    const struct rlimit none = {0, 0};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &none);
    mutate_store_not();
    struct look *look = look_create(mutant_path);
    for (uint64_t number = first; number < end && progress->message[0] == '\0'; number++) {
        atomic_store(&progress->number, number);
        alarm(SECONDS_ALARM);
        look_at(look, number);
    }
    look_destroy(look);
    _exit(0);
}

static void mutated_stores_have_rows_or_an_error(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a store takes seconds");
    struct tt_store_error error;
    seed = studio_seed();
    const char *begin = getenv("TT_FIRST");
    uint64_t first = begin ? strtoull(begin, NULL, 10) : 0, end = first + studio_rounds(60);
    unsetenv("TT_FIRST");
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(progress, MAP_FAILED);
    mutate_store_begin();
    mutate_store_not();
    assert_int_equal(look_at_store(mutant_path, 0, look_questions(), SECONDS, &error), LOOK_ANSWERED);
    for (uint64_t number = first; number < end; number += BATCH) {
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            look_at_batch(number, number + BATCH < end ? number + BATCH : end);
        int status = studio_wait(child);
        bool is_well = WIFEXITED(status) && WEXITSTATUS(status) == 0 && progress->message[0] == '\0';
        if (!is_well || atomic_load(&progress->results[LOOK_TOO_LONG]) > 0)
            fail_msg("store %llu: %s (status %x); repeat with TT_COUNT=1 TT_FIRST=%llu TT_SEED=%llu",
                     (unsigned long long)progress->number, is_well ? "a question had no end" : progress->message,
                     (unsigned)status, (unsigned long long)progress->number, (unsigned long long)seed);
    }
    fprintf(stderr, "%llu stores: %u answered, %u refused, %u damaged\n", (unsigned long long)(end - first),
            progress->results[LOOK_ANSWERED], progress->results[LOOK_REFUSED], progress->results[LOOK_DAMAGED]);
    mutate_store_end();
    munmap(progress, sizeof *progress);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(mutated_stores_have_rows_or_an_error),
};

TT_TEST_MAIN(cases)
