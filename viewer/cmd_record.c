/* cmd_record.c: telltale record: runs a command and records it and its children.
 *
 * What is here: which file is written, what becomes of one that is there, what is said at the end. Processes and signals:
 * supervisor.c. The summary: the report's.
 *
 * Nothing is written for a command that cannot be started, and a recording that was there before is then still there: it is
 * set aside under another name until the command runs.
 */
#include "command.h"

#include "leftovers.h"
#include "report.h"
#include "ring_dir.h"
#include "session.h"
#include "supervisor.h"

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
    uint64_t ring_bytes;
    bool is_appending;
    bool is_checking;
};

static const struct tt_option options[] = {
    {'o', "output", TT_OPTION_TEXT, "FILE", "the store to write; run.telltale if not given", offsetof(struct record_options, store), NULL},
    {0, "append", TT_OPTION_FLAG, NULL, "go on with a store that is there, instead of replacing it",
     offsetof(struct record_options, is_appending), NULL},
    {0, "events", TT_OPTION_TEXT, "LIST", "categories of events: process,loop,task,failure,...",
     offsetof(struct record_options, events), NULL},
    {0, "ring-bytes", TT_OPTION_NUMBER, "N", "size of each thread's ring, a power of two: 64K to 1G",
     offsetof(struct record_options, ring_bytes), NULL},
    {0, "check", TT_OPTION_FLAG, NULL, "fail when there are findings: exit status 1 if CMD's is 0",
     offsetof(struct record_options, is_checking), NULL},
};

/* ------------------------------------------------------------------------------------------------- arguments */

static bool is_category(const char *word, size_t length)
{
    static const char *const names[] = {
#define TT_CATEGORY(bit, name, default_on, text) #name,
#include "events.def"
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && memcmp(names[i], word, length) == 0)
            return true;
    return false;
}

static int check_events(const struct tt_command *command, const char *events)
{
    for (const char *word = events; word != NULL && *word != '\0';) {
        size_t length = strcspn(word, ",");
        if (!is_category(word, length))
            return tt__usage_error(command, "--events: there is no category %.*s", (int)length, word);
        word += length + (word[length] == ',');
    }
    return -1;
}

static int check_ring_bytes(const struct tt_command *command, uint64_t bytes)
{
    if (bytes == 0 || (bytes >= 64u << 10 && bytes <= 1u << 30 && (bytes & (bytes - 1)) == 0))
        return -1;
    return tt__usage_error(command, "--ring-bytes wants a power of two from 64K to 1G");
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

/* ----------------------------------------------------------------------------------------------------- store */

/* The store and what is kept of an earlier one while it is not known whether the command runs. */
struct target {
    const char *name; /* as the user gave it */
    char path[PATH_MAX];
    char ring_dir[PATH_MAX];
    bool was_there;    /* and may not be removed: --append */
    bool has_recorder; /* somebody else is recording into it: --append */
    bool is_set_aside; /* it is called something else until the command runs */
};

static const char *const companions[] = {"", "-wal", "-shm"};

static void name_aside(char *out_path, size_t size, const struct target *target, const char *companion)
{
    if (snprintf(out_path, size, "%s.replaced-%ld%s", target->path, (long)getpid(), companion) >= (int)size)
        out_path[0] = '\0';
}

/* Gives the earlier store another name, or its name back. */
static int move_store(struct target *target, bool is_back)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        char here[PATH_MAX + 8], aside[PATH_MAX + 40];
        snprintf(here, sizeof here, "%s%s", target->path, companions[i]);
        name_aside(aside, sizeof aside, target, companions[i]);
        int result = is_back ? rename(aside, here) : rename(here, aside);
        if (result < 0 && errno != ENOENT)
            return -1;
    }
    target->is_set_aside = !is_back;
    return 0;
}

static void remove_store(const char *path)
{
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++) {
        char file[PATH_MAX + 48];
        snprintf(file, sizeof file, "%s%s", path, companions[i]);
        unlink(file);
    }
}

static void forget_earlier_store(struct target *target)
{
    char aside[PATH_MAX + 40];
    name_aside(aside, sizeof aside, target, "");
    if (target->is_set_aside)
        remove_store(aside);
}

/* The command did not run: what was there before is there again. */
static void restore_earlier_store(struct target *target)
{
    if (!target->was_there)
        remove_store(target->path);
    if (target->is_set_aside && move_store(target, true) < 0)
        tt__complain("record: the earlier recording is now called %s.replaced-%ld: %s", target->path, (long)getpid(), strerror(errno));
}

static int find_target(const char *name, struct target *out_target)
{
    out_target->name = name;
    int error = tt__store_canonical_path(name, out_target->path, sizeof out_target->path);
    if (error == 0)
        error = tt__ring_dir_of_store(out_target->path, out_target->ring_dir, sizeof out_target->ring_dir);
    if (error == 0)
        return -1;
    tt__complain("record: cannot write %s: %s; name another file with -o", name, strerror(-error));
    return TT_EXIT_OUTSIDE;
}

/* Whether the store's name stands for something that is neither replaced nor gone on with; then says so. */
static bool is_taken(const struct target *target, enum tt_file_kind kind)
{
    struct stat status;
    const char *what = NULL;
    if (lstat(target->path, &status) == 0 && S_ISLNK(status.st_mode))
        what = "is a symbolic link, and stores are not written through links";
    else if (kind == TT_FILE_NEWER_STORE)
        what = "was written by a newer telltale";
    else if (kind == TT_FILE_OTHER || kind == TT_FILE_UNREADABLE)
        what = "is there and is not a telltale store that can be read";
    if (what != NULL)
        tt__complain("record: %s %s; name another file with -o", target->name, what);
    return what != NULL;
}

/* Sees to it that the store's name is free, or with --append that a store can be gone on with. Returns -1 or a status. */
static int clear_target(struct target *target, bool is_appending)
{
    struct stat status;
    if (stat(target->path, &status) == 0 && S_ISDIR(status.st_mode)) {
        tt__complain("record: cannot write %s: %s; name a file with -o", target->name, strerror(EISDIR));
        return TT_EXIT_OUTSIDE;
    }
    enum tt_file_kind kind = tt__session_file_kind(target->path);
    if (is_taken(target, kind))
        return TT_EXIT_INPUT;
    target->was_there = is_appending && kind == TT_FILE_STORE;
    struct tt_ring_dir_content content = tt__leftovers_look(target->ring_dir);
    target->has_recorder = content.has_recorder;
    if (is_appending)
        return -1;
    tt__leftovers_recover(target->path);
    content = tt__leftovers_look(target->ring_dir);
    if (content.has_recorder || content.arena_count > 0) {
        tt__complain("record: %s is still being recorded; name another file with -o, or join it with --append", target->name);
        return TT_EXIT_OUTSIDE;
    }
    if (kind == TT_FILE_MISSING && tt__session_file_kind(target->path) == TT_FILE_MISSING)
        return -1;
    if (move_store(target, false) == 0) {
        tt__complain("record: replacing the recording in %s", target->name);
        return -1;
    }
    tt__complain("record: cannot replace %s: %s; name another file with -o", target->name, strerror(errno));
    restore_earlier_store(target);
    return TT_EXIT_OUTSIDE;
}

/* ------------------------------------------------------------------------------------------------- the end */

static int status_of_command(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

static int finish(struct tt_invocation *invocation, const struct target *target, int wait_status)
{
    const struct record_options *given = invocation->options;
    int status = status_of_command(wait_status);
    int found = tt__report_summary(invocation, target->name);
    return given->is_checking && status == 0 ? found : status;
}

/* Somebody else's recorder reads the command's arena; it deletes it when all of it is in the store. */
static void await_other_recorder(const struct target *target, pid_t pid)
{
    enum { STEP_US = 10000, STEPS = 200 };
    for (int i = 0; i < STEPS && tt__leftovers_has_arena_of(target->ring_dir, pid); i++)
        usleep(STEP_US);
}

static int supervise(struct tt_invocation *invocation, struct target *target)
{
    const struct record_options *given = invocation->options;
    char ring_bytes[24];
    snprintf(ring_bytes, sizeof ring_bytes, "%ju", (uintmax_t)given->ring_bytes);
    struct tt_supervision plan = {
        .store = target->path,
        .ring_dir = target->ring_dir,
        .events = given->events,
        .ring_bytes = given->ring_bytes > 0 ? ring_bytes : NULL,
        .command = invocation->arguments,
        .has_recorder = target->has_recorder,
    };
    struct tt_supervision_result result = tt__supervise(&plan);
    switch (result.end) {
    case TT_SUPERVISION_ENDED:
        forget_earlier_store(target);
        if (target->has_recorder)
            await_other_recorder(target, result.pid);
        return finish(invocation, target, result.wait_status);
    case TT_SUPERVISION_LEFT:
        forget_earlier_store(target);
        return status_of_command(result.wait_status);
    case TT_SUPERVISION_NO_COMMAND:
        restore_earlier_store(target);
        return complain_about_command(plan.command[0], result.error);
    case TT_SUPERVISION_NO_RECORDER:
        break;
    }
    restore_earlier_store(target);
    tt__complain("record: %s was not run, because it cannot be recorded", plan.command[0]);
    return TT_EXIT_OUTSIDE;
}

static int run(struct tt_invocation *invocation)
{
    const struct record_options *given = invocation->options;
    struct target target = {0};
    int status = check_events(invocation->command, given->events);
    if (status < 0)
        status = check_ring_bytes(invocation->command, given->ring_bytes);
    int error = status < 0 ? why_not_found(invocation->arguments[0]) : 0;
    if (error != 0)
        return complain_about_command(invocation->arguments[0], error);
    if (status < 0)
        status = find_target(given->store != NULL ? given->store : "run.telltale", &target);
    if (status < 0)
        status = clear_target(&target, given->is_appending);
    return status < 0 ? supervise(invocation, &target) : status;
}

const struct tt_command tt__command_record = {
    .name = "record",
    .usage = "[OPTION...] -- CMD [ARGUMENT...]",
    .summary = "runs CMD and records it and its children",
    .details = "The exit status is CMD's, 128 + N when signal N ended it; 5 when CMD could not be started.\n"
               "A recording that is in FILE is replaced, any other file is left alone. Recording ends when the last\n"
               "traced process is gone. A program can be recorded without this command, too:\n"
               "TELLTALE_STORE=run.telltale ./server\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct record_options),
    .arguments_min = 1,
    .arguments_max = -1,
    .ends_at_argument = true,
    .run = run,
};
