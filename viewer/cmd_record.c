/* cmd_record.c: telltale record: runs a command and records it and its children.
 *
 * What is here: its options, and what is said at the end. Processes and signals: supervisor.c. Which file is written, and
 * what becomes of one that is there: target.c. The summary: the report's.
 *
 * Nothing is written for a command that cannot be started, and a recording that was there before is then still there.
 */
#include "command.h"

#include "leftovers.h"
#include "lttng_session.h"
#include "query.h"
#include "record_lttng.h"
#include "report.h"
#include "retention.h"
#include "ring_dir.h"
#include "session.h"
#include "settings.h"
#include "supervisor.h"
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct record_options {
    const char *store;
    const char *events;
    uint64_t ring_bytes, max_size, poll_ms;
    const char *ring_policy, *max_age;
    int redacts;
    uint64_t snapshot_count;
    const char *keep_trace;
    bool is_appending;
    bool is_checking;
    bool is_lttng;
    bool is_dry_run;
};

static const struct tt_option options[] = {
    {'o', "output", TT_OPTION_TEXT, "FILE", "the store to write; run.telltale if not given", offsetof(struct record_options, store), NULL},
    {0, "append", TT_OPTION_FLAG, NULL, "go on with a store that is there, instead of replacing it",
     offsetof(struct record_options, is_appending), NULL},
    {0, "events", TT_OPTION_TEXT, "LIST", "categories of events: task,failure,...; +step adds to those on by default; see the manual",
     offsetof(struct record_options, events), NULL},
    {0, "ring-bytes", TT_OPTION_COUNT, "N", "size of each thread's ring, a power of two: 64K to 1G",
     offsetof(struct record_options, ring_bytes), NULL},
    {0, "ring-policy", TT_OPTION_TEXT, "POLICY",
     "a full ring: drop (the newest event), overwrite (the oldest), block:MS (wait so long)",
     offsetof(struct record_options, ring_policy), NULL},
    {0, "poll-ms", TT_OPTION_COUNT, "N", "the recorder looks at rings every N ms at least; 20 if not given",
     offsetof(struct record_options, poll_ms), NULL},
    {0, "max-size", TT_OPTION_COUNT, "N", "the store may have N bytes; 4G if not given; what is oldest goes: see the manual",
     offsetof(struct record_options, max_size), NULL},
    {0, "max-age", TT_OPTION_TEXT, "AGE", "what is over is kept so long: 90s, 15m, 24h, 7d; for ever if not given",
     offsetof(struct record_options, max_age), NULL},
    {0, "redact", TT_OPTION_WORD, "WHAT", "messages: exceptions' texts, reasons and notes are written nowhere",
     offsetof(struct record_options, redacts), tt__redaction_words},
    {0, "check", TT_OPTION_FLAG, NULL, "when CMD's status is 0: 0 only if all of it was recorded, without findings; see the manual",
     offsetof(struct record_options, is_checking), NULL},
    {0, "lttng", TT_OPTION_FLAG, NULL, "record through LTTng, with a session of its own", offsetof(struct record_options, is_lttng), NULL},
    {0, "snapshots", TT_OPTION_COUNT, "N", "with --lttng: only what is before the end, and N failures: 1st, 10th, 100th ...",
     offsetof(struct record_options, snapshot_count), NULL},
    {0, "keep-trace", TT_OPTION_TEXT, "DIR", "with --lttng: leave LTTng's trace in DIR, which is made",
     offsetof(struct record_options, keep_trace), NULL},
    {0, "dry-run", TT_OPTION_FLAG, NULL, "with --lttng: print the commands that do the same, and do nothing",
     offsetof(struct record_options, is_dry_run), NULL},
};

/* ------------------------------------------------------------------------------------------------- arguments */

static int check_events(const struct tt_command *command, const char *events)
{
    const struct tt__setting *setting = &tt__settings[TT__SETTING_EVENTS];
    if (events == NULL || *events == '\0' || setting->is_sound(events))
        return -1;
    return tt__usage_error(command, "--events: %s makes no sense: it wants %s", events, setting->wants);
}

static int check_ring_bytes(const struct tt_command *command, uint64_t bytes)
{
    if (bytes == 0 || (bytes >= 64u << 10 && bytes <= 1u << 30 && (bytes & (bytes - 1)) == 0))
        return -1;
    return tt__usage_error(command, "--ring-bytes wants a power of two from 64K to 1G");
}

/* A program that is started with a variable that makes no sense runs unrecorded. Options stand in front of variables. */
static int check_environment(const struct tt_command *command, const struct record_options *given)
{
    const bool is_given[TT__SETTING_COUNT] = {
        [TT__SETTING_EVENTS] = given->events != NULL,           [TT__SETTING_RING_POLICY] = given->ring_policy != NULL,
        [TT__SETTING_REDACT] = given->redacts != 0,             [TT__SETTING_POLL_MS] = given->poll_ms > 0,
        [TT__SETTING_MAX_SIZE] = given->max_size > 0,           [TT__SETTING_MAX_AGE] = given->max_age != NULL,
        [TT__SETTING_RING_BYTES] = given->ring_bytes > 0,
    };
    for (unsigned i = 0; i < TT__SETTING_COUNT; i++) {
        const struct tt__setting *setting = &tt__settings[i];
        const char *value = is_given[i] ? NULL : getenv(setting->variable);
        if (value != NULL && *value != '\0' && !setting->is_sound(value))
            return tt__usage_error(command, "%s=%s makes no sense, and nothing would be recorded: it wants %s", setting->variable, value,
                                   setting->wants);
    }
    return -1;
}

static int check_lttng_options(const struct tt_command *command, const struct record_options *given)
{
    if (!given->is_lttng && (given->keep_trace != NULL || given->is_dry_run || given->snapshot_count > 0))
        return tt__usage_error(command, "--keep-trace, --snapshots and --dry-run go with --lttng");
    if (given->snapshot_count > TT_LTTNG_SNAPSHOTS_MAX)
        return tt__usage_error(command, "--snapshots wants at most %u: the last one is at the millionth failure",
                               TT_LTTNG_SNAPSHOTS_MAX);
    if (given->is_lttng && (given->ring_policy != NULL || given->poll_ms > 0 || given->max_size > 0 || given->max_age != NULL))
        return tt__usage_error(command, "--ring-policy, --poll-ms, --max-size and --max-age do not go with --lttng");
    return -1;
}

/* errno of executing FILE, as far as one can tell without doing it. */
static int why_not_executable(const char *file)
{
    struct stat status;
    if (stat(file, &status) < 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    return access(file, X_OK) < 0 ? errno : 0;
}

/* The same for a command as the shell finds it. */
static int why_not_found(const char *name)
{
    const char *path = getenv("PATH");
    int error = ENOENT;
    if (strchr(name, '/') != NULL)
        return why_not_executable(name);
    if (path == NULL)
        return 0; /* exec has a path of its own then */
    for (const char *folder = path;;) {
        char file[PATH_MAX];
        size_t length = strcspn(folder, ":");
        int needed = snprintf(file, sizeof file, "%.*s%s%s", (int)length, folder, length > 0 ? "/" : "", name);
        int found = needed < (int)sizeof file ? why_not_executable(file) : ENAMETOOLONG;
        if (found == 0)
            return 0;
        if (found == EACCES)
            error = EACCES;
        if (folder[length] == '\0')
            return error;
        folder += length + 1;
    }
}

static int complain_about_command(const char *name, int error)
{
    tt__complain("record: cannot start %s: %s; nothing was recorded", name, strerror(error));
    return TT_EXIT_OUTSIDE;
}

/* ------------------------------------------------------------------------------------------------- the end */

static int status_of_command(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* Processes that a store which is gone on with has; 0: it cannot be read, which whoever writes it says; -1: not all of them are in it. */
static int64_t count_processes(struct tt_invocation *invocation, const struct tt_target *target)
{
    tt_session *session = NULL;
    if (tt__session_open(invocation, target->name, &session) >= 0)
        return 0;
    int64_t count = tt__query_count(session, "SELECT count(*) FROM process");
    if (tt__session_leftovers(session)->doubt != TT_LEFTOVERS_NONE)
        count = -1;
    tt__session_close(session, TT_EXIT_CLEAN);
    return count;
}

/* EARLIER_COUNT: processes that were in the store before. */
static int finish(struct tt_invocation *invocation, const struct tt_target *target, int wait_status, int64_t earlier_count)
{
    const struct record_options *given = invocation->options;
    int status = status_of_command(wait_status);
    int found = tt__report_summary(invocation, target->name, "no process of this user", given->is_checking);
    if (!given->is_checking || status != 0)
        return status;
    int64_t count = earlier_count > 0 ? count_processes(invocation, target) : -1;
    if (count >= 0 && count <= earlier_count) {
        tt__complain("record: nothing was traced: no process of %s used telltale as this user", invocation->arguments[0]);
        return found == TT_EXIT_CLEAN ? TT_EXIT_UNCERTAIN : found;
    }
    return found;
}

static int record_through_lttng(struct tt_invocation *invocation, struct tt_target *target)
{
    const struct record_options *given = invocation->options;
    struct tt_lttng_recording recording = {
        .target = target,
        .command = invocation->arguments,
        .events = given->events,
        .buffer_bytes = given->ring_bytes,
        .snapshot_count = (unsigned)given->snapshot_count,
        .keep_trace = given->keep_trace,
        .is_appending = given->is_appending,
        .redacts = given->redacts != 0,
    };
    struct tt_lttng_result result = tt__record_lttng(&recording);
    if (result.error != 0)
        return complain_about_command(invocation->arguments[0], result.error);
    if (!result.has_run)
        return TT_EXIT_OUTSIDE;
    int status =
        result.has_store ? finish(invocation, target, result.wait_status, 0) : status_of_command(result.wait_status);
    if (!given->is_checking || status != 0)
        return status;
    if (result.has_store)
        return result.is_incomplete ? TT_EXIT_UNCERTAIN : TT_EXIT_CLEAN;
    return result.is_incomplete || result.was_hindered ? TT_EXIT_OUTSIDE : TT_EXIT_UNCERTAIN;
}

/* What the recorder is told, and the command's library, which starts a recorder itself should this one be gone. */
struct recorder_words {
    char max_size[24], poll_ms[24];
    const char *options[TT_RECORDER_WORDS_MAX + 1];
    const char *variables[2 * (TT_RECORDER_WORDS_MAX / 2 + 1) + 1];
    size_t option_count, variable_count;
};

/* VALUE NULL: it was not given; then what the environment says of it is for the recorder, too. */
static void add_word(struct recorder_words *words, const char *option, const char *variable, const char *value)
{
    if (value != NULL) {
        words->variables[words->variable_count++] = variable;
        words->variables[words->variable_count++] = value;
    } else if ((value = getenv(variable)) == NULL || *value == '\0') {
        return;
    }
    if (option != NULL) {
        words->options[words->option_count++] = option;
        words->options[words->option_count++] = value;
    }
}

static void fill_words(struct recorder_words *words, const struct record_options *given)
{
    snprintf(words->max_size, sizeof words->max_size, "%ju", (uintmax_t)given->max_size);
    snprintf(words->poll_ms, sizeof words->poll_ms, "%ju", (uintmax_t)given->poll_ms);
    add_word(words, NULL, "TELLTALE_RING_POLICY", given->ring_policy);
    add_word(words, "--max-size", "TELLTALE_MAX_SIZE", given->max_size > 0 ? words->max_size : NULL);
    add_word(words, "--poll-ms", "TELLTALE_POLL_MS", given->poll_ms > 0 ? words->poll_ms : NULL);
    add_word(words, "--max-age", "TELLTALE_MAX_AGE", given->max_age);
    add_word(words, "--redact", "TELLTALE_REDACT", given->redacts ? "messages" : NULL);
}

static int supervise(struct tt_invocation *invocation, struct tt_target *target)
{
    const struct record_options *given = invocation->options;
    char ring_bytes[24];
    struct recorder_words words = {0};
    snprintf(ring_bytes, sizeof ring_bytes, "%ju", (uintmax_t)given->ring_bytes);
    fill_words(&words, given);
    struct tt_supervision plan = {
        .store = target->path,
        .ring_dir = target->ring_dir,
        .events = given->events,
        .ring_bytes = given->ring_bytes > 0 ? ring_bytes : NULL,
        .command = invocation->arguments,
        .has_recorder = target->has_recorder,
        .recorder_options = words.options,
        .variables = words.variables,
    };
    int64_t earlier_count = given->is_checking && target->was_there ? count_processes(invocation, target) : 0;
    struct tt_supervision_result result = tt__supervise(&plan);
    switch (result.end) {
    case TT_SUPERVISION_ENDED:
        (void)tt__target_keep(target); /* there is no draft */
        return finish(invocation, target, result.wait_status, earlier_count);
    case TT_SUPERVISION_LEFT:
        (void)tt__target_keep(target); /* there is no draft */
        return status_of_command(result.wait_status);
    case TT_SUPERVISION_NO_COMMAND:
        tt__target_restore(target);
        return complain_about_command(plan.command[0], result.error);
    case TT_SUPERVISION_NO_RECORDER:
        break;
    }
    tt__target_restore(target);
    tt__complain("record: %s was not run, because it cannot be recorded", plan.command[0]);
    return TT_EXIT_OUTSIDE;
}

static int print_commands(struct tt_invocation *invocation, struct tt_target *target)
{
    const struct record_options *given = invocation->options;
    struct tt_lttng_recording recording = {
        .target = target,
        .command = invocation->arguments,
        .events = given->events,
        .buffer_bytes = given->ring_bytes,
        .snapshot_count = (unsigned)given->snapshot_count,
        .keep_trace = given->keep_trace,
        .is_appending = given->is_appending,
        .redacts = given->redacts != 0,
    };
    return tt__record_lttng_print(&recording, &invocation->output);
}

static int run(struct tt_invocation *invocation)
{
    const struct record_options *given = invocation->options;
    struct tt_target target = {0};
    int status = check_events(invocation->command, given->events);
    if (status < 0)
        status = check_ring_bytes(invocation->command, given->ring_bytes);
    if (status < 0)
        status = tt__ring_policy_check(invocation->command, given->ring_policy);
    if (status < 0)
        status = tt__retention_check(invocation->command, given->max_size, given->max_age, given->poll_ms, &(uint64_t){0});
    if (status < 0)
        status = check_environment(invocation->command, given);
    int error = status < 0 && !given->is_dry_run ? why_not_found(invocation->arguments[0]) : 0;
    if (error != 0)
        return complain_about_command(invocation->arguments[0], error);
    if (status < 0)
        status = check_lttng_options(invocation->command, given);
    if (status < 0)
        status = tt__target_find("record", given->store != NULL ? given->store : TT_TARGET_DEFAULT, &target);
    if (status < 0 && given->is_dry_run)
        return print_commands(invocation, &target);
    if (status < 0)
        status = tt__target_check(&target, given->is_appending);
    if (status < 0 && !given->is_lttng)
        status = tt__target_clear(&target, given->is_appending, true);
    if (status >= 0)
        return status;
    return given->is_lttng ? record_through_lttng(invocation, &target) : supervise(invocation, &target);
}

const struct tt_command tt__command_record = {
    .name = "record",
    .usage = "[OPTION...] -- CMD [ARGUMENT...]",
    .summary = "runs CMD and records it and its children",
    .details = "The exit status is CMD's, 128 + N when signal N ended it, 5 when CMD could not be started. A recording that is\n"
               "in FILE is replaced, any other file is left alone. Recording ends with the last traced process; with --lttng it\n"
               "ends with CMD, and --ring-bytes is a processor's buffer. Without this: TELLTALE_STORE=run.telltale ./server\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct record_options),
    .arguments_min = 1,
    .arguments_max = -1,
    .ends_at_argument = true,
    .run = run,
};
