/* cmd_recorder.c: telltale recorder: the recorder as a program. Not for people: `telltale record`, traced programs under
 * TELLTALE_STORE, and viewers that find something left behind start it.
 *
 * What is here: its command line. What it does: tracer/recorder.h.
 */
#include "command.h"

#include "recorder.h"
#include "retention.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NICE 10 /* of what nobody waits for */

/* Recorders that die faster than one in RESTART_S_MIN, so many times in a row, will not do better the next time. */
#define RESTART_MAX 5u
#define RESTART_S_MIN 10

struct recorder_options {
    const char *store;
    const char *ring_dir;
    const char *ready_fd;
    const char *control_fd;
    bool is_supervised;
    bool is_until_idle;
    bool is_recovering;
    bool is_keeping;
    bool is_guarded;
    int redacts;
    const char *max_age;
    uint64_t max_size, poll_ms;
};

static const struct tt_option options[] = {
    {0, "store", TT_OPTION_TEXT, "FILE", "the store to write", offsetof(struct recorder_options, store), NULL},
    {0, "ring-dir", TT_OPTION_TEXT, "DIR", "the folder with the arenas", offsetof(struct recorder_options, ring_dir), NULL},
    {0, "ready-fd", TT_OPTION_TEXT, "N", "descriptor that is told when it is at work", offsetof(struct recorder_options, ready_fd), NULL},
    {0, "control-fd", TT_OPTION_TEXT, "N", "descriptor on which the supervisor speaks", offsetof(struct recorder_options, control_fd), NULL},
    {0, "supervised", TT_OPTION_FLAG, NULL, "goes on until the supervisor says finish", offsetof(struct recorder_options, is_supervised), NULL},
    {0, "until-idle", TT_OPTION_FLAG, NULL, "ends when no process is left", offsetof(struct recorder_options, is_until_idle), NULL},
    {0, "recover", TT_OPTION_FLAG, NULL, "reads what is there, once", offsetof(struct recorder_options, is_recovering), NULL},
    {0, "redact", TT_OPTION_WORD, "WHAT", "what is left out: nothing or messages", offsetof(struct recorder_options, redacts), tt__redaction_words},
    {0, "max-size", TT_OPTION_NUMBER, "N", "bytes that the store may have", offsetof(struct recorder_options, max_size), NULL},
    {0, "max-age", TT_OPTION_TEXT, "AGE", "how long what is over is kept", offsetof(struct recorder_options, max_age), NULL},
    {0, "poll-ms", TT_OPTION_NUMBER, "N", "the longest wait between two looks at rings", offsetof(struct recorder_options, poll_ms), NULL},
    {0, "keep", TT_OPTION_FLAG, NULL, "with --recover: leaves the arenas as they are", offsetof(struct recorder_options, is_keeping), NULL},
    {0, "guarded", TT_OPTION_FLAG, NULL, "another one takes its place when it is killed", offsetof(struct recorder_options, is_guarded), NULL},
};

/* The descriptor that TEXT names, which must be open and none of the standard ones; -1 for NULL; -2 when it is neither. */
static int parse_descriptor(const char *text)
{
    char *end;
    if (text == NULL)
        return -1;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 3 || number > INT_MAX || fcntl((int)number, F_GETFD) < 0)
        return -2;
    return (int)number;
}

/* What whoever waits for a recovery need not wait for is done by a process that nobody waits for, and that holds nothing of theirs. */
static void summarise_later(const char *store)
{
    if (fork() != 0)
        return; /* without it views are slower, and say the same */
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(nowhere, 2) < 0 || setsid() < 0)
        _exit(1);
    (void)!nice(NICE);
    tt_recorder_summarise(store);
    _exit(0);
}

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Returns in a process that is to record, and in a new one whenever a signal has ended the one before: it goes on where the store ends.
 * Behind it waits a small process that does nothing else, and ends as the last of them: a traced program, which `telltale record` does
 * not care for, cannot do that itself without its own waits, threads and filters of system calls being in the way. */
static void guard(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE}; /* they are for the programs that are recorded */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        (void)signal(signals[i], SIG_IGN);
    for (unsigned count = 0; count <= RESTART_MAX;) {
        int status;
        time_t started_s = now_s();
        pid_t pid = fork();
        if (pid <= 0)
            return; /* when there is no other process to be had, this one records, unguarded */
        (void)prctl(PR_SET_NAME, "telltale-guard");
        while (waitpid(pid, &status, 0) < 0)
            if (errno != EINTR)
                _exit(TT_EXIT_OUTSIDE);
        if (!WIFSIGNALED(status))
            _exit(WEXITSTATUS(status));
        count = now_s() - started_s >= RESTART_S_MIN ? 1 : count + 1;
    }
    _exit(TT_EXIT_OUTSIDE);
}

static unsigned refused_count;

static void tell_refused(const char *arena, const char *reason)
{
    refused_count++;
    tt__complain("recorder: %s cannot be read, and was left as it is: %s", arena, reason);
}

static void tell_nameless(const char *store, const char *aside)
{
    if (aside != NULL)
        tt__complain("recorder: the write-ahead log of %s was cut while it was recorded; what it had before is %s, and a new one is begun, with what is not "
                     "overwritten yet", store, aside);
    else
        tt__complain("recorder: %s was deleted or renamed while it was recorded; a new one is begun, with what is not overwritten yet", store);
}

/* What a recovery has read says the exit status: all, some of it, none. */
static int status_of(const struct tt_recorder_options *recorder)
{
    if (!recorder->recover || refused_count == 0)
        return TT_EXIT_CLEAN;
    return *recorder->out_read_count > 0 ? TT_EXIT_UNCERTAIN : TT_EXIT_INPUT;
}

static int run(struct tt_invocation *invocation)
{
    int is_unsummarised = 0;
    unsigned read_count = 0;
    const struct recorder_options *given = invocation->options;
    struct tt_store_error error = {0};
    struct tt_recorder_options recorder = {
        .store = given->store,
        .ring_dir = given->ring_dir,
        .ready_fd = parse_descriptor(given->ready_fd),
        .control_fd = parse_descriptor(given->control_fd),
        .supervised = given->is_supervised,
        .until_idle = given->is_until_idle,
        .recover = given->is_recovering,
        .keep = given->is_keeping,
        .redacts = given->redacts,
        .store_bytes_max = given->max_size,
        .wait_ms_max = (int)given->poll_ms,
        .out_is_unsummarised = &is_unsummarised,
        .on_refused = tell_refused,
        .on_nameless = tell_nameless,
        .out_read_count = &read_count,
    };
    int status = tt__retention_check(invocation->command, given->max_size, given->max_age, given->poll_ms, &recorder.seconds_max);
    if (status >= 0)
        return status;
    if (recorder.store == NULL)
        return tt__usage_error(invocation->command, "--store is missing");
    if (recorder.ready_fd == -2 || recorder.control_fd == -2)
        return tt__usage_error(invocation->command, "--ready-fd and --control-fd want open descriptors behind the standard ones");
    if (given->is_guarded)
        guard();
    if (tt_recorder_run(&recorder, &error) == 0) {
        if (is_unsummarised && !given->is_keeping) /* else it is somebody's private copy */
            summarise_later(recorder.store);
        return status_of(&recorder);
    }
    tt__complain("recorder: %s", error.text);
    return TT_EXIT_OUTSIDE;
}

const struct tt_command tt__command_recorder = {
    .name = "recorder",
    .usage = "--store FILE [OPTION...]",
    .summary = "the recorder; started by record and by traced programs",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct recorder_options),
    .arguments_min = 0,
    .arguments_max = 0,
    .is_hidden = true,
    .run = run,
};
