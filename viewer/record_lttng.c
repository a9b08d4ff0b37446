/* record_lttng.c: see record_lttng.h.
 *
 * Signals. While the command runs they are the supervisor's, which passes them on. Before and after, the terminal's and
 * SIGTERM are only noted: before the command runs they end the recording, afterwards the rest is done all the same,
 * for all waits in it are bounded. One that came before the command ran ends this program in the end, as it would have.
 */
#include "record_lttng.h"

#include "command.h"
#include "ctf_check.h"
#include "lttng_session.h"
#include "supervisor.h"
#include "trace_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BUFFER_BYTES_DEFAULT (UINT64_C(8) << 20)

/* A daemon is known to be there, so a program waits as long for it as LTTng itself would have it. */
#define REGISTER_TIMEOUT_MS "3000"

static const int noted_signals[] = {SIGINT, SIGTERM, SIGHUP};
#define NOTED_COUNT (sizeof noted_signals / sizeof *noted_signals)

static volatile sig_atomic_t noted_signal;

static void note_signal(int signal)
{
    noted_signal = signal;
}

/* A signal that is ignored, because this runs in the background, stays so. */
static void begin_noting(struct sigaction out_old[NOTED_COUNT])
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < NOTED_COUNT; i++)
        if (sigaction(noted_signals[i], NULL, &out_old[i]) == 0 && out_old[i].sa_handler != SIG_IGN)
            sigaction(noted_signals[i], &action, NULL);
}

static void end_noting(const struct sigaction old[NOTED_COUNT])
{
    for (size_t i = 0; i < NOTED_COUNT; i++)
        sigaction(noted_signals[i], &old[i], NULL);
}

/* --------------------------------------------------------------------------------------------------------- the steps */

static struct tt_supervision_result run_command(const struct tt_lttng_recording *recording,
                                                const struct tt_lttng_session *session)
{
    const char *timeout = getenv("LTTNG_UST_REGISTER_TIMEOUT");
    const char *variables[] = {
        "TELLTALE_LTTNG",
        "1",
        "LTTNG_UST_REGISTER_TIMEOUT",
        timeout != NULL ? timeout : REGISTER_TIMEOUT_MS,
        session->is_private ? "LTTNG_HOME" : NULL,
        session->folder,
        NULL,
    };
    struct tt_supervision plan = {
        .events = recording->events,
        .command = recording->command,
        .is_unrecorded = true,
        .variables = variables,
    };
    return tt__supervise(&plan);
}

/* Reads the trace into the store. Whether there is something in it now. */
static bool import(const struct tt_lttng_recording *recording, const struct tt_lttng_session *session, pid_t pid,
                   int wait_status)
{
    struct tt_ctf_list list = {0};
    bool has_store = false;
    int error = tt_ctf_find(session->trace, &list);
    const struct tt_ctf_trace **traces = calloc(list.count + 1, sizeof *traces);
    struct tt_trace_reading reading = {
        .command = "record",
        .store = recording->target->path,
        .traces = traces,
        .is_appending = recording->target->was_there,
        .exit_pid = pid,
        .wait_status = wait_status,
    };
    for (size_t i = 0; i < list.count && traces != NULL; i++)
        if (list.traces[i].verdict == TT_CTF_GOOD)
            traces[reading.trace_count++] = &list.traces[i];
        else if (list.traces[i].verdict != TT_CTF_FOREIGN)
            tt__complain("record: %s: %s", list.traces[i].path, list.traces[i].reason);
    if (error < 0 || traces == NULL)
        tt__complain("record: the trace cannot be read: %s", strerror(error < 0 ? -error : ENOMEM));
    else if (reading.trace_count > 0) {
        struct tt_trace_result result = tt__trace_read(&reading);
        has_store = result.end == TT_TRACE_READ || result.end == TT_TRACE_PARTLY;
    }
    if (!has_store)
        tt__complain("record: nothing was traced: %s emitted no events of telltale that LTTng recorded",
                     recording->command[0]);
    free(traces);
    tt_ctf_list_finish(&list);
    return has_store;
}

static void settle_target(struct tt_target *target, bool has_store)
{
    if (has_store)
        tt__target_forget(target);
    else
        tt__target_restore(target);
}

/* Everything between the first folder and the last. *OUT_KEEPS_TRACE: nothing else has what it says. */
static struct tt_lttng_result record(const struct tt_lttng_recording *recording, struct tt_lttng_session *session,
                                     bool *out_keeps_trace)
{
    struct tt_lttng_result result = {0};
    uint64_t bytes = recording->buffer_bytes != 0 ? recording->buffer_bytes : BUFFER_BYTES_DEFAULT;
    if (tt__lttng_begin(session, bytes) >= 0 || noted_signal != 0) {
        if (noted_signal == 0)
            tt__complain("record: %s was not run, because it cannot be recorded", recording->command[0]);
        tt__lttng_end(session);
        return result;
    }
    struct tt_supervision_result run = run_command(recording, session);
    tt__lttng_end(session);
    result.error = run.end == TT_SUPERVISION_NO_COMMAND ? run.error : 0;
    result.has_run = run.end == TT_SUPERVISION_ENDED;
    result.wait_status = run.wait_status;
    if (result.has_run)
        result.has_store = import(recording, session, run.pid, run.wait_status);
    *out_keeps_trace = result.has_run && !result.has_store;
    return result;
}

struct tt_lttng_result tt__record_lttng(const struct tt_lttng_recording *recording)
{
    struct tt_lttng_result result = {0};
    struct tt_lttng_session session;
    struct sigaction old[NOTED_COUNT];
    bool keeps_trace = false;
    begin_noting(old);
    if (tt__lttng_plan(&session, recording->keep_trace) < 0) {
        result = record(recording, &session, &keeps_trace);
        tt__lttng_close(&session, keeps_trace);
    }
    settle_target(recording->target, result.has_store);
    end_noting(old);
    if (noted_signal != 0 && !result.has_run)
        raise(noted_signal);
    return result;
}

/* ----------------------------------------------------------------------------------------------------------- dry run */

/* A word as a shell takes it. */
static void print_word(tt_output *output, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        tt__print(output, " %s", word);
        return;
    }
    tt__print(output, " '");
    for (const char *at = word; *at != '\0'; at++) {
        char letter[2] = {*at, '\0'};
        if (*at == '\'')
            tt__print(output, "'\\''");
        else
            tt__print_own(output, letter);
    }
    tt__print(output, "'");
}

int tt__record_lttng_print(const struct tt_lttng_recording *recording, tt_output *output)
{
    struct tt_lttng_session session;
    int status = tt__lttng_plan(&session, recording->keep_trace);
    if (status >= 0)
        return status;
    uint64_t bytes = recording->buffer_bytes != 0 ? recording->buffer_bytes : BUFFER_BYTES_DEFAULT;
    const char *trace = recording->keep_trace != NULL ? session.trace : "\"$folder\"/trace";
    int daemon = tt__lttng_daemon_answers(&session);
    bool starts_daemon = daemon == 0;
    if (starts_daemon || recording->keep_trace == NULL)
        tt__print(output, "folder=$(mktemp -d)\n");
    if (starts_daemon && geteuid() != 0)
        tt__print(output, "export LTTNG_HOME=\"$folder\"\n");
    if (starts_daemon)
        tt__print(output, "lttng-sessiond --daemonize --no-kernel --pidfile=\"$folder\"/pid\n");
    tt__print(output, "lttng create telltale --output=");
    if (recording->keep_trace != NULL)
        print_word(output, trace);
    else
        tt__print_own(output, trace);
    tt__print(output,
              "\nlttng enable-channel --session=telltale --userspace --switch-timer=500000 metadata"
              "\nlttng enable-channel --session=telltale --userspace --buffers-uid --discard --subbuf-size=%" PRIu64
              " --num-subbuf=%u --switch-timer=500000 telltale\n",
              bytes / TT_LTTNG_SUBBUF_COUNT, TT_LTTNG_SUBBUF_COUNT);
    tt__print(output, "lttng enable-event --session=telltale --userspace --channel=telltale 'telltale:*'\n"
                      "lttng start telltale\nTELLTALE_LTTNG=1");
    if (recording->events != NULL)
        tt__print(output, " TELLTALE_EVENTS=%s", recording->events);
    for (char **word = recording->command; *word != NULL; word++)
        print_word(output, *word);
    tt__print(output, "\nlttng stop telltale\nlttng destroy telltale\n");
    if (starts_daemon)
        tt__print(output, "kill \"$(cat \"$folder\"/pid)\"\n");
    tt__print(output, "telltale import");
    if (recording->keep_trace != NULL)
        print_word(output, trace);
    else
        tt__print(output, " \"$folder\"/trace");
    tt__print(output, " -o");
    print_word(output, recording->target->name);
    tt__print(output, "%s\n", recording->is_appending ? " --append" : "");
    if (starts_daemon || recording->keep_trace == NULL)
        tt__print(output, "rm -r \"$folder\"\n");
    return TT_EXIT_CLEAN;
}
