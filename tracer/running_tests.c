/* running_tests.c: tests that programs tell of, from the beginning of each to its end; those under way are told again to a session that
 * begins in the middle of one, with when they began.
 *
 * A test is remembered in a slot, whose id is 0 while nobody has it: taken and read under the mutex, given back without, since a test may end in a
 * signal handler. A name stays as it is for as long as its slot is not taken again.
 *
 * Threads: any.
 */
#include "dump.h"

#include <pthread.h>
#include <string.h>

#include "writer.h"

#define RUNNING_MAX 32 /* at a time; of more the name is not told again */
#define NAME_BYTES  260 /* more than the event has, so that it is cut there, in front of a character */

struct running_test {
    _Atomic uint64_t test_id; /* 0: free */
    uint64_t began;           /* in ticks of the clock */
    tt_site *site;
    char name[NAME_BYTES];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct running_test tests[RUNNING_MAX];
static struct tt_trace_dumper dumper;
static bool has_dumper; /* guarded by the mutex */

/* Called with the lock of dumpers, before this one. */
static void tell_again(void *argument)
{
    (void)argument;
    pthread_mutex_lock(&mutex);
    uint64_t now = tt_trace_clock();
    for (size_t i = 0; i < RUNNING_MAX; i++) {
        const struct running_test *test = &tests[i];
        uint64_t test_id = atomic_load(&test->test_id);
        if (test_id != 0)
            TT_EMIT_AT(now, test_dumped, .test_id = test_id, .site = test->site, .age = now - test->began,
                       .name = test->name);
    }
    pthread_mutex_unlock(&mutex);
}

/* Whether somebody has to add the dumper. */
static bool remember(uint64_t test_id, const char *name, tt_site *site)
{
    pthread_mutex_lock(&mutex);
    size_t i = 0;
    while (i < RUNNING_MAX && atomic_load(&tests[i].test_id) != 0)
        i++;
    if (i < RUNNING_MAX) {
        size_t length = name ? strnlen(name, NAME_BYTES - 1) : 0;
        memcpy(tests[i].name, name ? name : "", length);
        tests[i].name[length] = '\0';
        tests[i].site = site;
        tests[i].began = tt_trace_clock();
        atomic_store(&tests[i].test_id, test_id);
    }
    bool lacks_dumper = !has_dumper;
    has_dumper = true;
    pthread_mutex_unlock(&mutex);
    return lacks_dumper;
}

uint64_t tt_trace_test_begin_at(const char *name, tt_site *site)
{
    (void)tt_trace_start_from_environment(); /* a set-up comes before the first loop */
    uint64_t test_id = tt_trace_new_id();
    if (remember(test_id, name, site)) {
        dumper.fn = tell_again;
        tt_trace_add_dumper(&dumper);
    }
    TT_EMIT(test_begun, .test_id = test_id, .site = site, .name = name);
    return test_id;
}

void tt_trace_test_end_at(uint64_t test_id, enum tt_test_outcome outcome, const char *text, tt_site *site)
{
    TT_EMIT(test_ended, .test_id = test_id, .outcome = (uint8_t)outcome, .site = site, .text = text);
    for (size_t i = 0; i < RUNNING_MAX && test_id != 0; i++) {
        uint64_t expected = test_id;
        if (atomic_compare_exchange_strong(&tests[i].test_id, &expected, 0))
            break;
    }
}

void tt__tests_after_fork(void)
{
    pthread_mutex_init(&mutex, NULL);
    has_dumper = false;
    for (size_t i = 0; i < RUNNING_MAX; i++)
        atomic_store(&tests[i].test_id, 0);
}
