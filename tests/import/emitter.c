/* emitter.c: a traced program that says as much as it is told to.
 *
 *     emitter COUNT [hold]   COUNT notes as fast as it can; with hold it prints "ready" and waits for the end of its
 *                            standard input, having failed a task before; for each byte that it reads it says a note more
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telltale/trace.h"

static void fail_task(void)
{
    uint64_t task = tt_trace_new_id(), exception = tt_trace_new_id();
    tt_site *site = TT_SITE_HERE("work");
    TT_EMIT(task_created, .task_id = task, .parent_kind = TT_ACTOR_MAIN, .site = site, .has_handle = 1, .name = "held");
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK,
            .parent_kind = TT_ACTOR_MAIN, .how = TT_FAILURE_HOW_RAISED, .handle_count = 1, .created_site = site,
            .raised_site = site, .last_site = site, .name = "held", .type = "ValueError", .message = "nobody looks");
    TT_EMIT(task_finished, .task_id = task, .step_count = 1, .outcome = TT_OUTCOME_FAILED);
}

int main(int argc, char **argv)
{
    char byte;
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    int status = tt_trace_start_from_environment();
    if (status < 0) {
        fprintf(stderr, "emitter: cannot trace: %s\n", strerror(-status));
        return 1;
    }
    if (argc > 2)
        fail_task();
    for (long i = 0; i < count; i++)
        tt_trace_note(0, "count", "a note as long as a note may well be, so that buffers are full soon");
    if (argc > 2) {
        puts("ready");
        fflush(stdout);
        while (read(0, &byte, 1) > 0)
            tt_trace_note(0, "count", "one more");
    }
    return 0;
}
