/* first_event.c: a thread whose first event is interrupted wherever memory is allocated on its way to LTTng.
 *
 *     first_event        exits with 0 when no handler ran in the middle of an allocation; says how many allocations there were
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "telltale/trace.h"

extern void *__libc_malloc(size_t size);

/* Of the thread under test alone; initial-exec, because malloc itself looks at them. */
static __thread __attribute__((tls_model("initial-exec"))) volatile sig_atomic_t is_watched, is_allocating;
static volatile sig_atomic_t allocation_count, handled_count, middle_count;

/* Takes the place of the C library's, also for the dynamic linker. */
__attribute__((visibility("default"))) void *malloc(size_t size)
{
    is_allocating = is_allocating + 1;
    if (is_watched) {
        allocation_count = allocation_count + 1;
        raise(SIGUSR1);
    }
    void *memory = __libc_malloc(size);
    is_allocating = is_allocating - 1;
    return memory;
}

static void handle(int signal)
{
    (void)signal;
    handled_count = handled_count + 1;
    middle_count = middle_count + (is_allocating != 0);
    is_watched = 0; /* the event's own way is not of interest */
    tt_trace_note(0, "handler", "there");
}

static void *run_thread(void *context)
{
    is_watched = 1;
    tt_trace_note(0, "first", "there");
    is_watched = 0;
    tt_trace_note(0, "second", "there");
    return context;
}

int main(void)
{
    pthread_t thread;
    struct sigaction action = {.sa_handler = handle};
    if (sigaction(SIGUSR1, &action, NULL) < 0 || tt_trace_start_from_environment() < 0 ||
        pthread_create(&thread, NULL, run_thread, NULL) != 0 || pthread_join(thread, NULL) != 0)
        return 2;
    printf("%d allocations, %d handled, %d in the middle of one\n", (int)allocation_count, (int)handled_count,
           (int)middle_count);
    return allocation_count > 0 && handled_count > 0 && middle_count == 0 ? 0 : 1;
}
