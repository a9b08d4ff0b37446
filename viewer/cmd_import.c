/* cmd_import.c: telltale import: traces of LTTng, or arenas that were left behind, into a store.
 *
 * What is here: what each path is, and what is said about it. Traces: trace_reader.c. Arenas: the recorder, through
 * leftovers.c. Which file is written: target.c.
 */
#include "command.h"

#include "ctf_check.h"
#include "import_choice.h"
#include "import_live.h"
#include "leftovers.h"
#include "query.h"
#include "report.h"
#include "retention.h"
#include "session.h"
#include "store_draft.h"
#include "target.h"
#include "trace_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct import_options {
    const char *store;
    const char *only;
    uint64_t cpu_seconds;
    bool is_appending;
    int redacts;
};

static const struct tt_option options[] = {
    {'o', "output", TT_OPTION_TEXT, "FILE", "the store to write; run.telltale if not given",
     offsetof(struct import_options, store), NULL},
    {0, "append", TT_OPTION_FLAG, NULL, "go on with a store that is there, instead of replacing it",
     offsetof(struct import_options, is_appending), NULL},
    {0, "only", TT_OPTION_TEXT, "LIST", "these processes of the traces: ids, names of programs, 0xTOKEN of recordings",
     offsetof(struct import_options, only), NULL},
    {0, "redact", TT_OPTION_WORD, "WHAT", "messages: exceptions' texts, reasons and notes are left out of the store",
     offsetof(struct import_options, redacts), tt__redaction_words},
    {0, "cpu-seconds", TT_OPTION_COUNT, "N", "processor time that reading traces may take; by their size if not given",
     offsetof(struct import_options, cpu_seconds), NULL},
};

/* What the arguments came to. */
struct sources {
    struct tt_ctf_list list;              /* all traces */
    const struct tt_ctf_trace **readable; /* those that can be read */
    size_t readable_count, foreign_count;
    const char **ring_dirs;
    size_t ring_dir_count;
    bool has_unreadable;           /* of some that were passed over nobody knows what is in them */
    int status;                    /* TT_EXIT_INPUT once something was left out */
    struct tt_trace_result traces; /* what came of them */
};

/* ----------------------------------------------------------------------------------------------------------- paths */

static void leave_out(struct sources *sources)
{
    sources->status = TT_EXIT_INPUT;
}

/* The same for what may have had events of telltale: the store has to tell. */
static void pass_over(struct sources *sources)
{
    sources->has_unreadable = true;
    leave_out(sources);
}

/* A folder: of traces, or of arenas. */
static void look_at_folder(struct sources *sources, const char *path)
{
    size_t before = sources->list.count;
    int error = tt_ctf_find(path, &sources->list);
    if (error < 0) {
        tt__complain("import: %s: %s", path,
                     error == -E2BIG ? "holds too many traces; import a part of them" : strerror(-error));
        pass_over(sources);
    } else if (sources->list.count == before && tt__leftovers_look(path).arena_count > 0) {
        sources->ring_dirs[sources->ring_dir_count++] = path;
    } else if (sources->list.count == before) {
        tt__complain("import: %s: no trace and no arena: neither it nor a folder in it has a file called metadata",
                     path);
        leave_out(sources);
    }
}

static void look_at_path(struct sources *sources, const char *path)
{
    struct stat status;
    if (stat(path, &status) < 0)
        tt__complain("import: %s: %s", path, strerror(errno));
    else if (S_ISDIR(status.st_mode)) {
        look_at_folder(sources, path);
        return;
    } else
        tt__complain("import: %s: is a file; name the folder that the trace, or the arena, is in", path);
    leave_out(sources);
}

/* Sorts out what can be read. */
static void choose_traces(struct sources *sources)
{
    for (size_t i = 0; i < sources->list.count; i++) {
        const struct tt_ctf_trace *trace = &sources->list.traces[i];
        if (trace->verdict == TT_CTF_GOOD) {
            sources->readable[sources->readable_count++] = trace;
        } else if (trace->verdict == TT_CTF_FOREIGN) {
            sources->foreign_count++;
        } else {
            tt__complain("import: %s: %s", trace->path, trace->reason);
            pass_over(sources);
        }
    }
    if (sources->foreign_count > 0 && sources->foreign_count == sources->list.count) {
        tt__complain("import: %s: has no events of telltale; was the program run with TELLTALE_LTTNG=1, were events "
                     "'telltale:*' enabled, and was the session stopped (lttng stop)?",
                     sources->list.traces[0].path);
        leave_out(sources);
    } else if (sources->foreign_count > 0) {
        tt__complain("import: %zu of %zu traces have no events of telltale and were passed over",
                     sources->foreign_count, sources->list.count);
    }
}

static int find_sources(struct tt_invocation *invocation, struct sources *sources)
{
    sources->ring_dirs = calloc((size_t)invocation->argument_count, sizeof *sources->ring_dirs);
    for (int i = 0; i < invocation->argument_count && sources->ring_dirs != NULL; i++)
        look_at_path(sources, invocation->arguments[i]);
    sources->readable = calloc(sources->list.count + 1, sizeof *sources->readable);
    if (sources->ring_dirs == NULL || sources->readable == NULL) {
        tt__complain("import: no memory");
        return TT_EXIT_OUTSIDE;
    }
    choose_traces(sources);
    return sources->readable_count + sources->ring_dir_count > 0 ? -1 : TT_EXIT_INPUT;
}

/* --------------------------------------------------------------------------------------------------------- reading */

/* Returns -1 when something was read, else the exit status. */
static int read_traces(struct tt_invocation *invocation, const struct tt_target *target, struct sources *sources)
{
    const struct import_options *given = invocation->options;
    struct tt_trace_reading reading = {
        .command = "import",
        .store = tt_store_draft_path(target->draft),
        .traces = sources->readable,
        .trace_count = sources->readable_count,
        .is_appending = target->was_there,
        .cpu_seconds = given->cpu_seconds,
        .only = given->only,
        .redacts = given->redacts != 0,
        .is_incomplete = sources->has_unreadable,
    };
    struct tt_trace_result result = sources->traces = tt__trace_read(&reading);
    if (result.nobody[0] != '\0') {
        tt__complain("import: --only: no process of the traces is %s", result.nobody);
        leave_out(sources);
    }
    switch (result.end) {
    case TT_TRACE_READ:
        return -1;
    case TT_TRACE_PARTLY:
        leave_out(sources);
        return -1;
    case TT_TRACE_NOTHING:
        if (result.nobody[0] == '\0' && !result.was_damaged)
            tt__complain(
                "import: %s: no event of telltale was recorded in it; nothing was written; stop or destroy the "
                "session first (lttng stop, lttng destroy), if it still runs",
                sources->readable[0]->path);
        return TT_EXIT_INPUT;
    case TT_TRACE_FAILED:
    case TT_TRACE_REFUSED: /* of live sessions only */
        break;
    }
    return TT_EXIT_OUTSIDE;
}

/* Events of the store at PATH that were damaged; 0 also when it cannot be read, which whoever reads it next says. */
static int64_t count_damaged(struct tt_invocation *invocation, const char *path)
{
    char complaint[1024];
    tt_session *session = NULL;
    if (tt__session_look(invocation, path, &session, complaint) >= 0)
        return 0;
    int64_t count =
        tt__query_count(session, "SELECT coalesce(sum(coalesce(abs(count), 1)), 0) FROM losses WHERE what IN ('unreadable', 'unbalanced')");
    tt__session_close(session, TT_EXIT_CLEAN);
    return count;
}

/* The same for an arena's folder. Its arenas stay until what they say is in the store under its own name. */
static int read_ring_dir(struct tt_invocation *invocation, const struct tt_target *target, struct sources *sources, const char *dir)
{
    const struct import_options *given = invocation->options;
    const char *draft = tt_store_draft_path(target->draft);
    if (tt__leftovers_look(dir).has_recorder) {
        tt__complain("import: %s: is being recorded; its recorder will read it", dir);
        return TT_EXIT_OUTSIDE;
    }
    int64_t before = count_damaged(invocation, draft);
    enum tt_leftovers_end end = tt__leftovers_read(draft, dir, true, given->redacts != 0, false);
    if (end == TT_LEFTOVERS_FAILED || end == TT_LEFTOVERS_DAMAGED) {
        tt__complain("import: %s: could not be read into %s", dir, target->name);
        return TT_EXIT_INPUT;
    }
    int64_t damaged = count_damaged(invocation, draft) - before;
    if (damaged > 0)
        tt__complain("import: %s: %jd %s damaged, see the view losses", dir, (intmax_t)damaged, damaged == 1 ? "event is" : "events are");
    if (end == TT_LEFTOVERS_PARTLY || damaged > 0)
        pass_over(sources);
    return -1;
}

/* The store knows how far they were read, so nothing is read twice. */
static void clear_ring_dir(const struct tt_target *target, const char *dir)
{
    if (tt__leftovers_read(target->path, dir, false, false, true) == TT_LEFTOVERS_READ && tt__leftovers_look(dir).arena_count > 0)
        tt__complain("import: %s: some of its processes still run; what is there was read", dir);
}

/* Signals that interrupt wait until all is as it was before, and then do what they do; those that are ignored stay so. */
static void hold_signals(sigset_t *out_held)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action;
    sigemptyset(out_held);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(out_held, signals[i]);
    sigprocmask(SIG_BLOCK, out_held, NULL);
}

static bool is_interrupted(const sigset_t *held)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && ((sigismember(held, SIGINT) && sigismember(&pending, SIGINT)) ||
                                         (sigismember(held, SIGTERM) && sigismember(&pending, SIGTERM)) ||
                                         (sigismember(held, SIGHUP) && sigismember(&pending, SIGHUP)));
}

/* Writes the draft. Returns -1 when there is something in it, else the exit status. */
static int write_draft(struct tt_invocation *invocation, struct tt_target *target, struct sources *sources,
                       const sigset_t *held)
{
    bool has_read = false;
    int status = TT_EXIT_INPUT;
    if (sources->readable_count > 0) {
        status = read_traces(invocation, target, sources);
        has_read = status < 0;
        if (status == TT_EXIT_OUTSIDE)
            return status;
        if (!has_read)
            leave_out(sources);
    }
    for (size_t i = 0; i < sources->ring_dir_count && !is_interrupted(held); i++) {
        int result = read_ring_dir(invocation, target, sources, sources->ring_dirs[i]);
        has_read |= result < 0;
        if (result >= 0)
            leave_out(sources);
        status = result < 0 ? status : result;
    }
    if (is_interrupted(held))
        return TT_EXIT_OUTSIDE;
    return has_read ? -1 : status;
}

/* Signals are held. *OUT_HAS_STORE: there is a new one, and a report may be made of it. */
static int read_all(struct tt_invocation *invocation, struct tt_target *target, struct sources *sources,
                    const sigset_t *held, bool *out_has_store)
{
    const struct import_options *given = invocation->options;
    int status = tt__target_check(target, given->is_appending);
    if (status < 0)
        status = tt__target_draft(target);
    if (status >= 0)
        return status;
    status = write_draft(invocation, target, sources, held);
    if (status >= 0) {
        tt__target_restore(target);
        return status;
    }
    status = tt__target_keep(target);
    if (status >= 0)
        return status;
    if (sources->readable_count > 0)
        tt__trace_tell_kept("import", &sources->traces);
    for (size_t i = 0; i < sources->ring_dir_count; i++)
        clear_ring_dir(target, sources->ring_dirs[i]);
    *out_has_store = true;
    return sources->status;
}

/* A signal that came meanwhile ends this program once the files are as they are to be. */
static int read_held(struct tt_invocation *invocation, struct tt_target *target, struct sources *sources)
{
    sigset_t held;
    bool has_store = false;
    hold_signals(&held);
    int status = read_all(invocation, target, sources, &held, &has_store);
    sigprocmask(SIG_UNBLOCK, &held, NULL);
    if (has_store)
        tt__report_summary(invocation, target->name, "no process", false);
    return status;
}

static int check_only(const struct tt_command *command, const char *list)
{
    struct tt_choice choice;
    const char *wrong = list != NULL ? tt_choice_parse(list, &choice) : NULL;
    return wrong != NULL ? tt__usage_error(command, "--only: %s", wrong) : -1;
}

static int run(struct tt_invocation *invocation)
{
    const struct import_options *given = invocation->options;
    struct sources sources = {.status = TT_EXIT_CLEAN};
    struct tt_target target;
    if (tt__import_is_live(invocation))
        return tt__import_live(invocation, given->store, given->is_appending, given->only);
    int status = check_only(invocation->command, given->only);
    if (status < 0)
        status = find_sources(invocation, &sources);
    if (status < 0 && given->only != NULL && sources.ring_dir_count > 0)
        status = tt__usage_error(invocation->command, "--only: %s has arenas, and only traces can be read in part",
                                 sources.ring_dirs[0]);
    if (status < 0)
        status = tt__target_find("import", given->store != NULL ? given->store : TT_TARGET_DEFAULT, &target);
    if (status < 0)
        status = read_held(invocation, &target, &sources);
    tt_ctf_list_finish(&sources.list);
    free(sources.readable);
    free(sources.ring_dirs);
    return status;
}

const struct tt_command tt__command_import = {
    .name = "import",
    .usage = "[OPTION...] PATH...",
    .summary = "makes a store of LTTng's traces, live sessions, or arenas",
    .details =
        "PATH is a folder: one in which, or below which, LTTng wrote a trace, or a ring dir whose recorder is gone.\n"
        "Or it is the URL of live sessions, which are followed until they end: net://RELAY[:PORT][/host/HOST[/SESSION]].\n"
        "All paths go into one store; give all parts of a recording at once. Damaged traces are left out, or kept as\n"
        "far as they can be read; then the exit status is 3. A recording that is in FILE is replaced, any other file\n"
        "is left alone.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct import_options),
    .arguments_min = 1,
    .arguments_max = -1,
    .run = run,
};
