/* record_lttng.c: see record_lttng.h.
 *
 * Signals. While the command runs they are the supervisor's, which passes them on. Before and after, the terminal's and
 * SIGTERM are only noted: before the command runs they end the recording, afterwards the rest is done all the same,
 * for all waits in it are bounded. One that came before the command ran ends this program in the end, as it would have.
 */
#include "record_lttng.h"

#include "command.h"
#include "ctf_check.h"
#include "import.h"
#include "lttng_probe.h"
#include "lttng_session.h"
#include "lttng_silence.h"
#include "store_draft.h"
#include "supervisor.h"
#include "trace_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a flight recorder has overwritten of a task, or of a program, is told again so often. */
#define DUMP_VARIABLE "TELLTALE_LTTNG_DUMP"
#define DUMP_SECONDS  "5"

/* So long a program waits for a daemon that it has to register with as well, and that may be frozen. */
#define PROBE_MS 1000

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

/* Nobody but root is told by root's daemon that it is frozen: programs notice. */
static void look_at_root_daemon(const char *command)
{
    struct tt_lttng_probe probe;
    if (geteuid() == 0 || access(TT_LTTNG_ROOT_SOCKET, F_OK) != 0)
        return;
    tt__lttng_probe(PROBE_MS, &probe);
    if (probe.is_late)
        tt__complain(
            "record: a session daemon is there and registers no programs, root's probably; %s "
            "waits " TT_LTTNG_REGISTER_MS
            " ms for it at its start and at each fork; LTTNG_UST_REGISTER_TIMEOUT=300 makes that less: see telltale "
            "doctor",
            command);
}

static struct tt_supervision_result run_command(const struct tt_lttng_recording *recording,
                                                const struct tt_lttng_session *session)
{
    const char *timeout = getenv("LTTNG_UST_REGISTER_TIMEOUT");
    if (timeout == NULL)
        look_at_root_daemon(recording->command[0]);
    const char *variables[] = {
        "TELLTALE_LTTNG",
        "1",
        "TELLTALE_LTTNG_RECORDING",
        session->recording,
        "LTTNG_UST_REGISTER_TIMEOUT",
        timeout != NULL ? timeout : TT_LTTNG_REGISTER_MS,
        recording->redacts ? "TELLTALE_REDACT" : "TELLTALE_LTTNG", /* a second time does no harm */
        recording->redacts ? "messages" : "1",
        session->is_private ? "LTTNG_HOME" : NULL,
        session->folder,
        NULL,
    };
    if (recording->snapshot_count > 0 && getenv(DUMP_VARIABLE) == NULL)
        setenv(DUMP_VARIABLE, DUMP_SECONDS, 1);
    struct tt_supervision plan = {
        .events = recording->events,
        .command = recording->command,
        .is_unrecorded = true,
        .variables = variables,
    };
    return tt__supervise(&plan);
}

/* A disk that is full takes no trace, and LTTng does not say so. */
static bool is_full(const char *folder)
{
    struct statvfs status;
    return statvfs(folder, &status) == 0 && status.f_bavail == 0;
}

/* The traces of LIST that can be read. Notes what cannot. */
static size_t choose(const struct tt_ctf_list *list, const struct tt_ctf_trace **out_traces,
                     struct tt_lttng_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->traces[i].verdict == TT_CTF_GOOD)
            out_traces[count++] = &list->traces[i];
        if (list->traces[i].verdict == TT_CTF_GOOD || list->traces[i].verdict == TT_CTF_FOREIGN)
            continue;
        tt__complain("record: %s: %s", list->traces[i].path, list->traces[i].reason);
        result->is_incomplete = true;
    }
    return count;
}

/* What LTTng's buffers have for each processor. */
static uint64_t buffer_bytes_of(const struct tt_lttng_recording *recording)
{
    return recording->buffer_bytes != 0 ? recording->buffer_bytes : TT_LTTNG_BUFFER_BYTES;
}

static void complain_about_nothing(const struct tt_lttng_recording *recording, struct tt_lttng_result *result,
                                   uint64_t shm_free_bytes)
{
    struct tt_lttng_silence silence = {
        .program = recording->command[0],
        .wait_status = result->wait_status,
        .buffer_bytes = buffer_bytes_of(recording),
        .shm_free_bytes = shm_free_bytes,
    };
    if (result->is_incomplete)
        tt__complain("record: nothing is recorded, and what %s emitted is not known", recording->command[0]);
    else
        result->was_hindered = tt__lttng_complain_about_silence(&silence);
}

/* As for any recording, the name is this run's once the command has run: an earlier store there would be taken for it. False after
 * a complaint: that one is there. */
static bool write_empty_store(struct tt_target *target, bool redacts)
{
    struct tt_import *import = NULL;
    struct tt_import_summary summary;
    struct tt_store_error error;
    if (tt__target_draft(target) >= 0)
        return false;
    const struct tt_import_options options = {.store = tt_store_draft_path(target->draft), .redacts = redacts};
    bool is_written =
        tt_import_open(&options, &import, &error) == 0 && tt_import_finish(import, true, &summary, &error) == 0;
    tt_import_close(import);
    if (!is_written)
        tt__complain("record: %s", error.text);
    is_written = is_written && tt__target_keep(target) < 0;
    tt__target_restore(target);
    return is_written;
}

/* There is nothing of the command. What a store that is there has is then of before, and that is said, or it goes. */
static void settle_nothing(const struct tt_lttng_recording *recording, const struct tt_lttng_result *result)
{
    struct tt_target *target = recording->target;
    struct stat status;
    struct tm when;
    char text[32] = "";
    if (target->was_there || (!result->is_incomplete && write_empty_store(target, recording->redacts)) || stat(target->path, &status) < 0)
        return;
    if (localtime_r(&status.st_mtime, &when) != NULL)
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &when);
    tt__complain("record: the recording in %s is an earlier one, of %s", target->name, text);
}

/* The store gets its name when all of it is there; what was there before stays until then. */
static void read_into_draft(struct tt_target *target, struct tt_trace_reading *reading, struct tt_lttng_result *result)
{
    if (tt__target_draft(target) >= 0) {
        result->is_incomplete = true;
        return;
    }
    reading->store = tt_store_draft_path(target->draft);
    struct tt_trace_result read = tt__trace_read(reading);
    bool is_kept = read.end == TT_TRACE_READ || read.end == TT_TRACE_PARTLY;
    result->has_store = is_kept && tt__target_keep(target) < 0;
    if (result->has_store)
        tt__trace_tell_kept("record", &read);
    tt__target_restore(target);
    result->is_incomplete |= read.end == TT_TRACE_PARTLY || read.end == TT_TRACE_FAILED || read.was_damaged ||
                             (is_kept && !result->has_store);
}

/* Reads the trace into the store. *OUT_KEEPS_TRACE: nothing else has what it says. */
static void import(const struct tt_lttng_recording *recording, const struct tt_lttng_session *session, pid_t pid,
                   uint64_t shm_free_bytes, struct tt_lttng_result *result, bool *out_keeps_trace)
{
    struct tt_ctf_list list = {0};
    int error = tt_ctf_find(session->trace, &list);
    const struct tt_ctf_trace **traces = calloc(list.count + 1, sizeof *traces);
    struct tt_trace_reading reading = {
        .command = "record",
        .traces = traces,
        .is_appending = recording->target->was_there,
        .exit_pid = pid,
        .wait_status = result->wait_status,
        .only = session->recording,
        .redacts = recording->redacts,
        .is_flight = recording->snapshot_count > 0,
    };
    if (is_full(session->trace)) {
        tt__complain("record: the disk of %s is full; what LTTng could not write is missing", session->trace);
        result->is_incomplete = true;
    }
    if (error < 0 || traces == NULL) {
        tt__complain("record: the trace cannot be read: %s", strerror(error < 0 ? -error : ENOMEM));
        result->is_incomplete = true;
    } else if ((reading.trace_count = choose(&list, traces, result)) > 0) {
        reading.is_incomplete = result->is_incomplete;
        read_into_draft(recording->target, &reading, result);
    }
    if (!result->has_store) {
        complain_about_nothing(recording, result, shm_free_bytes);
        settle_nothing(recording, result);
    }
    *out_keeps_trace = !result->has_store && result->is_incomplete && list.count > 0;
    free(traces);
    tt_ctf_list_finish(&list);
}

/* Everything between the first folder and the last. *OUT_KEEPS_TRACE: nothing else has what it says. */
static struct tt_lttng_result record(const struct tt_lttng_recording *recording, struct tt_lttng_session *session,
                                     bool *out_keeps_trace)
{
    struct tt_lttng_result result = {0};
    uint64_t shm_free_bytes = tt__lttng_shm_free();
    if (tt__lttng_begin(session, buffer_bytes_of(recording)) >= 0 || noted_signal != 0) {
        if (noted_signal == 0)
            tt__complain("record: %s was not run, because it cannot be recorded", recording->command[0]);
        tt__lttng_end(session);
        return result;
    }
    struct tt_supervision_result run = run_command(recording, session);
    result.is_incomplete = !tt__lttng_end(session);
    result.error = run.end == TT_SUPERVISION_NO_COMMAND ? run.error : 0;
    result.has_run = run.end == TT_SUPERVISION_ENDED;
    result.wait_status = run.wait_status;
    if (result.has_run)
        import(recording, session, run.pid, shm_free_bytes, &result, out_keeps_trace);
    return result;
}

struct tt_lttng_result tt__record_lttng(const struct tt_lttng_recording *recording)
{
    struct tt_lttng_result result = {0};
    struct tt_lttng_session session;
    struct sigaction old[NOTED_COUNT];
    bool keeps_trace = false;
    begin_noting(old);
    if (tt__lttng_plan(&session, recording->keep_trace, recording->snapshot_count) < 0) {
        session.store = recording->target->path;
        result = record(recording, &session, &keeps_trace);
        tt__lttng_close(&session, keeps_trace);
    }
    end_noting(old);
    if (noted_signal != 0 && !result.has_run)
        raise(noted_signal);
    return result;
}

/* ----------------------------------------------------------------------------------------------------------- dry run */

/* A word as a shell takes it. */
static void print_quoted(tt_output *output, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        tt__print_own(output, word);
        return;
    }
    tt__print(output, "'");
    for (const char *at = word; *at != '\0'; at++) {
        char letter[2] = {*at, '\0'};
        if (*at == '\'')
            tt__print(output, "'\\''");
        else
            tt__print_own(output, letter);
    }
    tt__print(output, "'");
}

/* The next word of a command. */
static void print_word(tt_output *output, const char *word)
{
    tt__print(output, " ");
    print_quoted(output, word);
}

/* Channels, events and triggers of the session that was created. */
static void print_session(tt_output *output, const struct tt_lttng_recording *recording)
{
    bool overwrites = recording->snapshot_count > 0;
    if (!overwrites)
        tt__print(output, "\nlttng enable-channel --session=telltale --userspace --switch-timer=500000 metadata");
    tt__print(output,
              "\nlttng enable-channel --session=telltale --userspace --buffers-uid --%s --subbuf-size=%" PRIu64
              " --num-subbuf=%u %stelltale\n",
              overwrites ? "overwrite" : "discard", buffer_bytes_of(recording) / TT_LTTNG_SUBBUF_COUNT,
              TT_LTTNG_SUBBUF_COUNT, overwrites ? "" : "--switch-timer=500000 ");
    tt__print(output, "lttng enable-event --session=telltale --userspace --channel=telltale 'telltale:*'\n"
                      "lttng start telltale\n");
    for (unsigned i = 0, n = 1; i < recording->snapshot_count; i++, n *= 10)
        tt__print(output,
                  "lttng add-trigger --name=telltale-failure-%u --condition=event-rule-matches --type=user "
                  "--name='telltale:failure_reported' --action=snapshot-session telltale --rate-policy=once-after:%u\n",
                  n, n);
}

int tt__record_lttng_print(const struct tt_lttng_recording *recording, tt_output *output)
{
    struct tt_lttng_session session;
    int status = tt__lttng_plan(&session, recording->keep_trace, recording->snapshot_count);
    if (status >= 0)
        return status;
    const char *trace = recording->keep_trace != NULL ? session.trace : "\"$folder\"/trace";
    int daemon = tt__lttng_daemon_answers(&session);
    bool starts_daemon = daemon == 0;
    if (daemon < 0)
        tt__complain("record: LTTng's session daemon does not answer, and these commands would wait for it; it may be "
                     "frozen: see telltale doctor");
    if (starts_daemon || recording->keep_trace == NULL)
        tt__print(output, "folder=$(mktemp -d)\n");
    if (starts_daemon && geteuid() != 0)
        tt__print(output, "export LTTNG_HOME=\"$folder\"\n");
    if (starts_daemon)
        tt__print(output, "lttng-sessiond --daemonize --no-kernel --pidfile=\"$folder\"/pid\n");
    if (recording->keep_trace != NULL) {
        tt__print(output, "mkdir -m 700");
        print_word(output, trace);
        tt__print(output, "\n");
    }
    tt__print(output, "lttng create telltale %s--output=", recording->snapshot_count > 0 ? "--snapshot " : "");
    if (recording->keep_trace != NULL)
        print_quoted(output, trace);
    else
        tt__print_own(output, trace);
    print_session(output, recording);
    tt__print(output, "status=0\nTELLTALE_LTTNG=1 %sLTTNG_UST_REGISTER_TIMEOUT=\"${LTTNG_UST_REGISTER_TIMEOUT-"
                      TT_LTTNG_REGISTER_MS "}\"",
              recording->snapshot_count > 0 ? DUMP_VARIABLE "=\"${" DUMP_VARIABLE "-" DUMP_SECONDS "}\" " : "");
    if (recording->events != NULL)
        tt__print(output, " TELLTALE_EVENTS=%s", recording->events);
    if (recording->redacts)
        tt__print(output, " TELLTALE_REDACT=messages");
    for (char **word = recording->command; *word != NULL; word++)
        print_word(output, *word);
    tt__print(output, " || status=$?\n");
    for (unsigned i = 0, n = 1; i < recording->snapshot_count; i++, n *= 10)
        tt__print(output, "lttng remove-trigger telltale-failure-%u\n", n);
    if (recording->snapshot_count > 0)
        tt__print(output, "lttng snapshot record --session=telltale\n");
    tt__print(output, "lttng stop telltale\nlttng destroy telltale\n");
    if (starts_daemon) /* which others may have come to use */
        tt__print(output, "if lttng --mi xml list | grep -q '<session>'\n"
                          "then echo 'others have sessions in the session daemon, which runs on' >&2\n"
                          "else kill \"$(cat \"$folder\"/pid)\"\nfi\n");
    tt__print(output, "telltale import%s", recording->redacts ? " --redact messages" : "");
    if (recording->keep_trace != NULL)
        print_word(output, trace);
    else
        tt__print(output, " \"$folder\"/trace");
    tt__print(output, " -o");
    print_word(output, recording->target->name);
    tt__print(output, "%s\n", recording->is_appending ? " --append" : "");
    if (starts_daemon || recording->keep_trace == NULL)
        tt__print(output, "rm -r \"$folder\"\n");
    tt__print(output, "exit \"$status\"\n");
    return TT_EXIT_CLEAN;
}
