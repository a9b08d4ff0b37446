/* failer.c: a traced program that fails as often as it is told to.
 *
 *     failer    for each line NOTES FAILURES of its standard input: NOTES notes, then as many failures, each with a note "before"
 *               in front, and "done" on its standard output
 */
#include <stdio.h>
#include <string.h>

#include "telltale/trace.h"

static void fail_task(unsigned number)
{
    char text[40];
    uint64_t task = tt_trace_new_id(), exception = tt_trace_new_id();
    tt_site *site = TT_SITE_HERE("work");
    snprintf(text, sizeof text, "failure %u", number);
    tt_trace_note(0, "before", text);
    TT_EMIT(task_created, .task_id = task, .parent_kind = TT_ACTOR_MAIN, .site = site, .has_handle = 1, .name = text);
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK,
            .parent_kind = TT_ACTOR_MAIN, .how = TT_FAILURE_HOW_RAISED, .handle_count = 1, .created_site = site,
            .raised_site = site, .last_site = site, .name = text, .type = "ValueError", .message = text);
    TT_EMIT(task_finished, .task_id = task, .step_count = 1, .outcome = TT_OUTCOME_FAILED);
    TT_EMIT(failure_reported, .failure_id = task, .site = site);
    TT_EMIT(failure_released, .failure_id = task, .site = site, .counted = 1);
}

int main(void)
{
    unsigned notes, failures, number = 0;
    int status = tt_trace_start_from_environment();
    if (status < 0) {
        fprintf(stderr, "failer: cannot trace: %s\n", strerror(-status));
        return 1;
    }
    while (scanf("%u %u", &notes, &failures) == 2) {
        for (unsigned i = 0; i < notes; i++)
            tt_trace_note(0, "count", "a note as long as a note may well be, so that buffers are full soon");
        for (unsigned i = 0; i < failures; i++)
            fail_task(++number);
        puts("done");
        fflush(stdout);
    }
    return 0;
}
