/* cmd_select.c: telltale select: what is recorded of programs that run, shown, and selected anew.
 *
 * What is here: where their arenas are, and what is said of each. How a process hears of it: tracer/select_outside.h.
 */
#include "command.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "leftovers.h"
#include "query.h"
#include "ring_dir.h"
#include "select_outside.h"
#include "session.h"
#include "telltale/trace.h"

/* A program that does anything takes a selection within a second; see tracer/select.c. */
#define WAIT_MS 2000

struct select_options {
    const char *events;
    uint64_t pid;
};

#define NO_PID UINT64_MAX

static const struct select_options defaults = {.pid = NO_PID};

static const struct tt_option options[] = {
    {0, "events", TT_OPTION_TEXT, "LIST",
     "select LIST from now on, as record --events does; +step or -user change what is selected",
     offsetof(struct select_options, events), NULL},
    {0, "pid", TT_OPTION_NUMBER, "N", "of this process alone", offsetof(struct select_options, pid), NULL},
};

struct telling {
    tt_output *output;
    bool has_wish;
    unsigned foreign_count;
};

/* What is selected, in words that --events takes: what differs from what is on by default. */
static void print_selection(tt_output *output, uint32_t categories, uint32_t step_every)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } all[] = {
#define TT_CATEGORY(bit, name, default_on, text) {#name, 1u << (bit)},
#include "events.def"
        {"vital", TT_TRACE_VITAL_ONLY}};
    uint32_t differing = categories ^ (uint32_t)TT_CATEGORY_DEFAULT;
    const char *comma = "";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if ((differing & all[i].bit) == 0)
            continue;
        tt__print(output, "%s%c%s", comma, (categories & all[i].bit) != 0 ? '+' : '-', all[i].name);
        if (all[i].bit == (uint32_t)TT_CATEGORY_step && (categories & all[i].bit) != 0 && step_every > 1)
            tt__print(output, "/%u", step_every);
        comma = ",";
    }
    if (*comma == '\0')
        tt__print(output, "default");
}

static void tell(void *context, const struct tt_select_outcome *outcome)
{
    struct telling *telling = context;
    const char *slash = strrchr(outcome->program, '/');
    tt__print(telling->output, "%s, pid %u: ", slash != NULL ? slash + 1 : outcome->program, outcome->pid);
    print_selection(telling->output, outcome->categories, outcome->step_every);
    if (outcome->is_foreign)
        tt__print(telling->output, " (may not be changed by you)");
    else if (!outcome->is_taken)
        tt__print(telling->output, " (is told, and will change when one of its tasks goes on)");
    tt__print(telling->output, "\n");
    telling->foreign_count += outcome->is_foreign;
}

/* The folder with the arenas of STORE, which may be that folder. */
static int find_ring_dir(const char *store, char out[PATH_MAX])
{
    char path[PATH_MAX];
    struct stat status;
    if (stat(store, &status) == 0 && S_ISDIR(status.st_mode)) {
        if (realpath(store, out) == NULL)
            return -errno;
        return 0;
    }
    int error = tt__store_canonical_path(store, path, sizeof path);
    return error < 0 ? error : tt__ring_dir_of_store(path, out, PATH_MAX);
}

static int complain_about_events(const struct tt_command *command, const char *list)
{
    static const char names[] = ""
#define TT_CATEGORY(bit, name, default_on, text) #name " "
#include "events.def"
        ;
    return tt__usage_error(command, "--events: '%s' makes no sense; there are: %sstep/N all default none vital", list, names);
}

static void count_only(void *context, const struct tt_select_outcome *outcome)
{
    (void)context;
    (void)outcome;
}

/* Whether STORE has processes that LTTng recorded, or will have. */
static bool is_of_lttng(struct tt_invocation *invocation, const char *store)
{
    char path[PATH_MAX], complaint[1024];
    tt_session *session = NULL;
    if (tt__store_canonical_path(store, path, sizeof path) == 0 && tt__leftovers_has_lttng(path))
        return true;
    if (access(store, R_OK) != 0 || tt__session_look(invocation, store, &session, complaint) >= 0)
        return false;
    bool has_any = tt__query_count(session, "SELECT count(*) FROM process WHERE is_boardless") > 0;
    tt__session_close(session, TT_EXIT_CLEAN);
    return has_any;
}

/* That there is nobody, or not PID (0: any), and what can be done then. */
static int complain_about_nobody(struct tt_invocation *invocation, const char *ring_dir, uint64_t pid)
{
    struct stat status;
    const char *store = invocation->arguments[0];
    int others = pid != 0 ? tt_select_outside(ring_dir, NULL, 0, 0, count_only, NULL) : 0;
    if (others > 0)
        tt__complain("%s: process %ju is not being recorded into it, %d %s; who is: telltale select %s", store,
                     (uintmax_t)pid, others, others == 1 ? "other is" : "others are", store);
    else if (is_of_lttng(invocation, store))
        tt__complain("%s: its programs are recorded by LTTng, and select reaches only those that telltale itself records; what they emit is "
                     "selected when they begin (telltale record --lttng --events LIST, or TELLTALE_EVENTS=LIST), or by themselves "
                     "(tt_trace_select)",
                     store);
    else if (stat(store, &status) != 0)
        tt__complain("%s: there is no such store, and no program that runs is being recorded into it; to record one: "
                     "telltale record -o %s -- PROGRAM",
                     store, store);
    else if (S_ISDIR(status.st_mode))
        tt__complain("%s: no program that runs has its arena in this folder; name the store that it is recorded into, "
                     "or its TELLTALE_RING_DIR",
                     store);
    else
        tt__complain(
            "%s: no program that runs is being recorded into it; what was recorded: telltale report %s; one that was "
            "started with a TELLTALE_RING_DIR of its own is found by that folder",
            store, store);
    return TT_EXIT_OUTSIDE;
}

static int run(struct tt_invocation *invocation)
{
    const struct select_options *given = invocation->options;
    const char *store = invocation->arguments[0];
    bool has_pid = given->pid != NO_PID;
    struct telling telling = {.output = &invocation->output, .has_wish = given->events != NULL};
    char ring_dir[PATH_MAX];
    if (has_pid && (given->pid == 0 || given->pid > INT32_MAX))
        return tt__usage_error(invocation->command, "--pid wants the number of a process; without it all are meant");
    if (given->events != NULL && given->events[strspn(given->events, " ,")] == '\0')
        return tt__usage_error(invocation->command, "--events names nothing; 'none' switches all off");
    int error = find_ring_dir(store, ring_dir);
    if (error < 0) {
        tt__complain("%s: %s", store, strerror(-error));
        return TT_EXIT_INPUT;
    }
    int count = tt_select_outside(ring_dir, given->events, has_pid ? (uint32_t)given->pid : 0, WAIT_MS, tell, &telling);
    if (count == -EINVAL)
        return complain_about_events(invocation->command, given->events);
    if (count < 0 && count != -ENOENT) {
        tt__complain("%s: %s", ring_dir, strerror(-count));
        return TT_EXIT_OUTSIDE;
    }
    if (count <= 0)
        return complain_about_nobody(invocation, ring_dir, has_pid ? given->pid : 0);
    return tt__finish_output(invocation,
                             telling.has_wish && telling.foreign_count > 0 ? TT_EXIT_OUTSIDE : TT_EXIT_CLEAN);
}

const struct tt_command tt__command_select = {
    .name = "select",
    .usage = "[OPTION...] STORE",
    .summary = "what is recorded of programs that run, shown, and selected anew",
    .details = "STORE: the store that they are recorded into, or the folder of their arenas. Without --events nothing "
               "is changed.\n"
               "Exit status: 0; 3 when there is no such place; 5 when no program that runs is recorded there, or may "
               "not be told.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .defaults = &defaults,
    .options_bytes = sizeof(struct select_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .run = run,
};
