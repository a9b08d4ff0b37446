/* jobs.c: a program with tasks of its own kind, called jobs, that says what they do by telltale's events alone: no runtime, no loop,
 * nothing of libtelltale.
 *
 *     cc jobs.c $(pkg-config --cflags --libs telltale-trace) -o jobs
 *     telltale record -o run.telltale -- ./jobs
 *     telltale report run.telltale        one failure is lost: who created the job, where it failed, who dropped it
 *     telltale tree run.telltale          who created whom
 *     telltale ps run.telltale            what had not ended, and what it waited for
 *
 * A job is a function that is called again and again, each call a step, until it says that it has ended. The first half of this
 * file is what such a program adds for telltale; the second half is the program. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/trace.h>

struct job;
enum verdict { JOB_AGAIN, JOB_WAITS, JOB_ENDED, JOB_FAILED };
typedef enum verdict job_fn(struct job *job);

struct job {
    job_fn *fn;
    struct job *parent, *next;
    const char *name, *file;
    bool is_ended;
    int step_count;
    struct job *children[3];
    const char *error; /* of a job that failed: what it is, and the text */
    const char *text;

    /* For telltale: */
    uint64_t id, exception_id, busy, longest_step; /* durations in ticks */
    uint32_t read_count;
    tt_site *created, *failed;
    tt_board_slot *slot; /* NULL when nothing records: the functions below do not mind */
};

/* ----------------------------------------------------------------------------------------------- what telltale hears */

/* A job was made at CREATED, and whoever made it holds it. The first event about an object says who it is. */
static void tell_created(struct job *job, tt_site *created)
{
    uint64_t parent = job->parent ? job->parent->id : 0;
    job->id = tt_trace_new_id();
    job->created = created;
    TT_EMIT(task_created, .task_id = job->id, .parent_id = parent,
            .parent_kind = parent ? TT_ACTOR_TASK : TT_ACTOR_MAIN, .site = created, .has_handle = 1, .name = job->name);
    job->slot = tt_board_claim(job->id, parent, 0, created, job->name, 0);
}

/* The board shows what a job does now, also when nobody is left to say it. */
static void tell_state(struct job *job, enum tt_task_state state, enum tt_wait_kind kind, uint64_t object,
                       tt_site *site)
{
    tt_board_write(job->slot, &(struct tt_board_entry){.state = (uint8_t)state,
                                                       .wait_kind = (uint8_t)kind,
                                                       .wait_object = object,
                                                       .wait_site = site,
                                                       .since = tt_trace_clock(),
                                                       .busy = job->busy,
                                                       .step_count = (uint32_t)job->step_count});
}

/* Its failure can be read from now on; until it is read or dropped, telltale counts it as held. Handles of what has failed are told. */
static void tell_failure(const struct job *job)
{
    TT_EMIT(failure_stored, .failure_id = job->id, .exception_id = job->exception_id, .kind = TT_OBJECT_KIND_TASK,
            .parent_id = job->parent ? job->parent->id : 0, .parent_kind = job->parent ? TT_ACTOR_TASK : TT_ACTOR_MAIN,
            .how = TT_FAILURE_HOW_RAISED, .handle_count = 1, .created_site = job->created, .raised_site = job->failed,
            .last_site = job->failed, .name = job->name, .type = job->error, .message = job->text);
    TT_EMIT(reference_taken, .object_id = job->id, .site = job->created, .handle_count = 1);
}

static void tell_ended(struct job *job)
{
    if (job->error)
        tell_failure(job);
    TT_EMIT(task_finished, .task_id = job->id, .busy = job->busy, .longest_step = job->longest_step,
            .step_count = (uint32_t)job->step_count, .outcome = job->error ? TT_OUTCOME_FAILED : TT_OUTCOME_RETURNED);
    tell_state(job, TT_TASK_STATE_DONE, TT_WAIT_KIND_NONE, 0, NULL);
}

/* READER, a job, looked at the failure: so it is not lost, whatever becomes of it. */
static void tell_read(struct job *job, const struct job *reader, tt_site *site)
{
    if (!job->error)
        return;
    job->read_count++;
    TT_EMIT(failure_touched, .failure_id = job->id, .by_id = reader->id, .by = TT_ACTOR_TASK, .site = site,
            .how = TT_TOUCH_HOW_EXCEPTION, .is_user = 1);
}

/* Nobody can look at it any more. */
static void tell_dropped(struct job *job, tt_site *site)
{
    if (job->error) {
        TT_EMIT(reference_released, .object_id = job->id, .site = site);
        TT_EMIT(failure_released, .failure_id = job->id, .site = site, .user_touch_count = job->read_count,
                .counted = 1);
    }
    tt_board_release(job->slot);
}

/* ------------------------------------------------------------------------------------------------------- the program */

static struct job *queue; /* of jobs that have not ended, in the order in which they were made */

static struct job *make_job(job_fn *fn, const char *name, const char *file, struct job *parent, tt_site *site)
{
    struct job **last = &queue, *job = calloc(1, sizeof *job);
    if (!job)
        exit(1);
    *job = (struct job){.fn = fn, .name = name, .file = file, .parent = parent};
    while (*last)
        last = &(*last)->next;
    *last = job;
    tell_created(job, site);
    return job;
}

/* The place where this stands is where the job comes from; the text is the name of its function. */
#define MAKE_JOB(fn, name, file, parent) make_job((fn), (name), (file), (parent), TT_SITE_HERE(#fn))

static enum verdict fail_job(struct job *job, const char *error, const char *text, tt_site *site)
{
    job->error = error;
    job->text = text;
    job->failed = site;
    job->exception_id = tt_trace_new_id();
    TT_EMIT(exception_raised, .exception_id = job->exception_id, .task_id = job->id, .site = site, .type = error,
            .message = text);
    return JOB_FAILED;
}

static void drop_job(struct job *job, tt_site *site)
{
    tell_dropped(job, site);
    free(job);
}

static void run_step(struct job *job)
{
    uint64_t begun = tt_trace_clock();
    if (job->step_count++ == 0)
        TT_EMIT_AT(begun, task_started, .task_id = job->id);
    enum verdict verdict = job->fn(job);
    uint64_t step = tt_trace_clock() - begun;
    job->busy += step;
    job->longest_step = step > job->longest_step ? step : job->longest_step;
    if (verdict == JOB_AGAIN)
        tell_state(job, TT_TASK_STATE_READY, TT_WAIT_KIND_NONE, 0, NULL);
    if (verdict == JOB_AGAIN || verdict == JOB_WAITS)
        return;
    job->is_ended = true;
    tell_ended(job);
}

/* Each job that has not ended has its turn; those that have are not looked at again. False: nothing has happened. */
static bool run_turn(void)
{
    bool has_ended = false;
    struct job *next;
    for (struct job *job = queue; job; job = next) {
        next = job->next;
        run_step(job);
        has_ended |= job->is_ended;
    }
    for (struct job **link = &queue; *link;)
        if ((*link)->is_ended)
            *link = (*link)->next;
        else
            link = &(*link)->next;
    return has_ended;
}

static enum verdict read_file(struct job *job)
{
    if (strcmp(job->file, "june.csv") == 0)
        return fail_job(job, "FileMissing", "june.csv is not there", TT_HERE);
    if (job->step_count < 3)
        return JOB_AGAIN;
    if (strcmp(job->file, "july.csv") == 0)
        return fail_job(job, "ParseError", "july.csv, line 3: no price", TT_HERE);
    tt_trace_note(job->id, "rows", "17");
    return JOB_ENDED;
}

/* Reads three files. Of the first one it wants to know whether it was there. That the others can fail has been forgotten. */
static enum verdict import(struct job *job)
{
    static const char *const files[] = {"june.csv", "july.csv", "august.csv"};
    if (job->step_count == 1)
        for (int i = 0; i < 3; i++)
            job->children[i] = MAKE_JOB(read_file, files[i], files[i], job);
    for (int i = 0; i < 3; i++)
        if (!job->children[i]->is_ended) {
            tell_state(job, TT_TASK_STATE_WAITING, TT_WAIT_KIND_TASK, job->children[i]->id, TT_HERE);
            return JOB_WAITS;
        }
    tell_read(job->children[0], job, TT_HERE);
    if (job->children[0]->error)
        printf("import: %s\n", job->children[0]->text);
    for (int i = 0; i < 3; i++)
        drop_job(job->children[i], TT_HERE);
    return JOB_ENDED;
}

static enum verdict watch(struct job *job)
{
    tell_state(job, TT_TASK_STATE_WAITING, TT_WAIT_KIND_SIGNAL, 1, TT_HERE);
    return JOB_WAITS;
}

int main(void)
{
    int status = tt_trace_start_from_environment();
    if (status < 0)
        fprintf(stderr, "jobs: not recorded: %s\n", tt_trace_start_reason()); /* and the program goes on */
    struct job *import_job = MAKE_JOB(import, "import", NULL, NULL);
    struct job *watch_job = MAKE_JOB(watch, "watch", NULL, NULL);
    while (run_turn() || !import_job->is_ended)
        continue;
    drop_job(import_job, TT_HERE);
    free(watch_job); /* it has not ended: telltale sees it wait to the end */
    return 0;
}
