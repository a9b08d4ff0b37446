/* session.c: the program telltale-lttng-session: one request to LTTng's session daemon, in a process of its own.
 *
 * `telltale record --lttng` runs it, because a daemon that is frozen keeps whoever asks it waiting for ever: this
 * process can be ended. It is no command for people.
 *
 *   alive                                    whether a daemon answers, the user's or root's
 *   begin NAME DIR SUBBUF-BYTES SUBBUFS      a session that records telltale's events to DIR, started
 *   flight NAME DIR SUBBUF-BYTES SUBBUFS N   the same for one that overwrites its oldest events; at the 1st, 10th, 100th
 *                                            ... event failure_reported, N times, what is there is written to DIR
 *   end NAME MILLISECONDS                    stops it, waits so long for its data, destroys it
 *   land NAME MILLISECONDS N                 the same for one that overwrites; before, what is there is written once more
 *   others NAME                              how many sessions there are beside NAME and those of recordings that
 *                                            were killed
 *   left                                     the names of the latter, separated by blanks
 *
 * Exit status: 0; or 1, and a line about the reason on the standard output; 2 for a wrong call. SIGALRM ends it when the daemon
 * leaves a request at the end unanswered.
 */
#include <errno.h>
#include <inttypes.h>
#include <lttng/lttng.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define CHANNEL "telltale"
#define EVENTS  "telltale:*"
#define FAILURE "telltale:failure_reported"

/* What `record` calls its sessions; its process id follows. */
#define RECORDING "telltale-"

/* The channel of the metadata, which LTTng makes by itself, and writes at the end only, if it is not told otherwise. */
#define METADATA              "metadata"
#define METADATA_SUBBUF_BYTES 4096u
#define METADATA_SUBBUF_COUNT 2u

/* Buffers that are not full are written so often: what a killed daemon never fetched is that young, and what it did
 * fetch can be read, for its description is there, too. */
#define SWITCH_TIMER_US 500000u

#define PENDING_STEP_MS 20

/* A daemon that works answers at once. Before it stops a session it waits for each program, 5 s for one that is stopped. */
#define ANSWER_SECONDS 5u
#define WORK_SECONDS   15u

static int fail(const char *what, int code)
{
    printf("%s: %s\n", what, lttng_strerror(code < 0 ? code : -code));
    return 1;
}

/* --------------------------------------------------------------------------------------------------------- triggers */

/* Snapshots the session NAME once, after THRESHOLD failures were reported; NULL: no memory. */
static struct lttng_action *make_action(const char *name, uint64_t threshold)
{
    struct lttng_action *action = lttng_action_snapshot_session_create();
    struct lttng_rate_policy *policy = lttng_rate_policy_once_after_n_create(threshold);
    bool is_made = action && policy &&
                   lttng_action_snapshot_session_set_session_name(action, name) == LTTNG_ACTION_STATUS_OK &&
                   lttng_action_snapshot_session_set_rate_policy(action, policy) == LTTNG_ACTION_STATUS_OK;
    lttng_rate_policy_destroy(policy);
    if (is_made)
        return action;
    lttng_action_destroy(action);
    return NULL;
}

static struct lttng_condition *make_condition(void)
{
    struct lttng_event_rule *rule = lttng_event_rule_user_tracepoint_create();
    struct lttng_condition *condition = NULL;
    if (rule && lttng_event_rule_user_tracepoint_set_name_pattern(rule, FAILURE) == LTTNG_EVENT_RULE_STATUS_OK)
        condition = lttng_condition_event_rule_matches_create(rule);
    lttng_event_rule_destroy(rule);
    return condition;
}

static int register_trigger(struct lttng_trigger *trigger, const char *trigger_name)
{
    enum lttng_error_code code = lttng_register_trigger_with_name(trigger, trigger_name);
    return code == LTTNG_OK ? 0 : -(int)code;
}

/* One is known by its name, so it is looked for. */
static int unregister_trigger(struct lttng_trigger *trigger, const char *trigger_name)
{
    struct lttng_triggers *all = NULL;
    unsigned count = 0;
    (void)trigger;
    if (lttng_list_triggers(&all) != LTTNG_OK || lttng_triggers_get_count(all, &count) != LTTNG_TRIGGER_STATUS_OK)
        count = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct lttng_trigger *one = lttng_triggers_get_at_index(all, i);
        const char *name = NULL;
        if (lttng_trigger_get_name(one, &name) == LTTNG_TRIGGER_STATUS_OK && strcmp(name, trigger_name) == 0)
            (void)lttng_unregister_trigger(one);
    }
    lttng_triggers_destroy(all);
    return 0;
}

/* Calls DO_THIS for COUNT triggers of the session NAME: at the 1st, 10th, 100th ... failure. Returns 0, or what the first one
 * returned that failed. */
static int for_each_trigger(const char *name, long count, int (*do_this)(struct lttng_trigger *, const char *))
{
    uint64_t threshold = 1;
    int result = 0;
    for (long i = 0; i < count && result == 0; i++, threshold *= 10) {
        char trigger_name[128];
        struct lttng_action *action = make_action(name, threshold);
        struct lttng_condition *condition = make_condition();
        struct lttng_trigger *trigger = action && condition ? lttng_trigger_create(condition, action) : NULL;
        snprintf(trigger_name, sizeof trigger_name, "%s-failure-%" PRIu64, name, threshold);
        result = trigger ? do_this(trigger, trigger_name) : -LTTNG_ERR_NOMEM;
        lttng_trigger_destroy(trigger);
        lttng_condition_destroy(condition);
        lttng_action_destroy(action);
    }
    return result;
}

/* ------------------------------------------------------------------------------------------------------------ begin */

static int enable_channel(struct lttng_handle *handle, const char *name, uint64_t bytes, uint64_t count, bool overwrites)
{
    struct lttng_channel *channel = lttng_channel_create(&handle->domain);
    if (!channel)
        return -LTTNG_ERR_NOMEM;
    snprintf(channel->name, sizeof channel->name, "%s", name);
    channel->attr.overwrite = overwrites;
    channel->attr.subbuf_size = bytes;
    channel->attr.num_subbuf = count;
    channel->attr.switch_timer_interval = overwrites ? 0 : SWITCH_TIMER_US;
    channel->attr.output = LTTNG_EVENT_MMAP;
    int result = lttng_enable_channel(handle, channel);
    lttng_channel_destroy(channel);
    return result;
}

static int enable_events(struct lttng_handle *handle)
{
    struct lttng_event *event = lttng_event_create();
    if (!event)
        return -LTTNG_ERR_NOMEM;
    snprintf(event->name, sizeof event->name, "%s", EVENTS);
    event->type = LTTNG_EVENT_TRACEPOINT;
    event->loglevel_type = LTTNG_EVENT_LOGLEVEL_ALL;
    int result = lttng_enable_event_with_exclusions(handle, event, CHANNEL, NULL, 0, NULL);
    lttng_event_destroy(event);
    return result;
}

static int create(const char *name, const char *dir, bool overwrites)
{
    struct lttng_session_descriptor *descriptor = overwrites
                                                      ? lttng_session_descriptor_snapshot_local_create(name, dir)
                                                      : lttng_session_descriptor_local_create(name, dir);
    if (!descriptor)
        return -LTTNG_ERR_INVALID;
    enum lttng_error_code code = lttng_create_session_ext(descriptor);
    lttng_session_descriptor_destroy(descriptor);
    return code == LTTNG_OK ? 0 : -(int)code;
}

/* SNAPSHOTS: of one that overwrites its oldest events, how often they are written; 0: it does not overwrite. */
static int begin(const char *name, const char *dir, uint64_t bytes, uint64_t count, long snapshots)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};
    bool overwrites = snapshots > 0;
    int result = create(name, dir, overwrites);
    if (result < 0)
        return fail("cannot create a session", result);
    struct lttng_handle *handle = lttng_create_handle(name, &domain);
    const char *what = "cannot enable a channel";
    result = handle ? 0 : -LTTNG_ERR_NOMEM;
    if (result >= 0 && !overwrites)
        result = enable_channel(handle, METADATA, METADATA_SUBBUF_BYTES, METADATA_SUBBUF_COUNT, false);
    if (result >= 0)
        result = enable_channel(handle, CHANNEL, bytes, count, overwrites);
    if (result >= 0) {
        what = "cannot enable events";
        result = enable_events(handle);
    }
    if (result >= 0) {
        what = "cannot start the session";
        result = lttng_start_tracing(name);
    }
    if (result >= 0) {
        what = "cannot register a trigger";
        result = for_each_trigger(name, snapshots, register_trigger);
    }
    lttng_destroy_handle(handle);
    if (result >= 0)
        return 0;
    (void)for_each_trigger(name, snapshots, unregister_trigger);
    (void)lttng_destroy_session_no_wait(name); /* the reason that counts is known */
    return fail(what, result);
}

/* -------------------------------------------------------------------------------------------------------------- end */

static void sleep_ms(long milliseconds)
{
    struct timespec duration = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&duration, NULL);
}

/* The consumer daemon writes the trace. A session whose consumer was killed is stopped and destroyed as if nothing had
 * happened; but the session daemon answers no question about its channels any more. */
static bool has_consumer(const char *name)
{
    struct lttng_domain domain = {.type = LTTNG_DOMAIN_UST, .buf_type = LTTNG_BUFFER_PER_UID};
    struct lttng_channel *channels = NULL;
    struct lttng_handle *handle = lttng_create_handle(name, &domain);
    int count = handle ? lttng_list_channels(handle, &channels) : 0;
    free(channels);
    lttng_destroy_handle(handle);
    return count >= 0;
}

static int end(const char *name, long milliseconds)
{
    alarm(ANSWER_SECONDS);
    bool is_written = has_consumer(name);
    alarm(WORK_SECONDS);
    int result = lttng_stop_tracing_no_wait(name);
    if (result == -LTTNG_ERR_NO_SESSIOND) {
        puts("its session daemon is gone");
        return 1;
    }
    if (result < 0 && result != -LTTNG_ERR_TRACE_ALREADY_STOPPED)
        return fail("cannot stop the session", result);
    for (long waited = 0; lttng_data_pending(name) == 1 && waited < milliseconds; waited += PENDING_STEP_MS) {
        alarm(ANSWER_SECONDS);
        sleep_ms(PENDING_STEP_MS);
    }
    bool is_pending = lttng_data_pending(name) == 1;
    alarm(WORK_SECONDS);
    result = lttng_destroy_session_no_wait(name);
    if (result < 0)
        return fail("cannot destroy the session", result);
    if (!is_written)
        puts("its consumer daemon is gone, and what it had not written with it");
    else if (is_pending)
        puts("the daemons had not written all data in time");
    return !is_written || is_pending;
}

/* What happened last is in no snapshot but this one. A session in which no program ever was has nothing to write. */
static int land(const char *name, long milliseconds, long snapshots)
{
    alarm(ANSWER_SECONDS);
    (void)for_each_trigger(name, snapshots, unregister_trigger);
    alarm(WORK_SECONDS);
    int result = lttng_snapshot_record(name, NULL, 0);
    if (result < 0 && result != -LTTNG_ERR_SNAPSHOT_NODATA) {
        (void)end(name, milliseconds);
        return fail("cannot take the last snapshot", result);
    }
    return end(name, milliseconds);
}

/* -------------------------------------------------------------------------------------------------------------- alive */

/* A frozen daemon can be connected to; it is asked something, and answers or not. */
static int look_for_daemon(void)
{
    struct lttng_session *sessions = NULL;
    if (lttng_session_daemon_alive() != 1)
        return 1;
    int count = lttng_list_sessions(&sessions);
    free(sessions);
    return count < 0;
}

/* ------------------------------------------------------------------------------------------------------------- others */

/* Whether NAME is what `record` calls a session, by its process id, and that process is gone. */
static bool is_left_behind(const char *name)
{
    char *end;
    if (strncmp(name, RECORDING, sizeof RECORDING - 1) != 0)
        return false;
    long pid = strtol(name + sizeof RECORDING - 1, &end, 10);
    return *end == '\0' && pid > 0 && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

static int count_others(const char *own)
{
    struct lttng_session *sessions = NULL;
    int count = lttng_list_sessions(&sessions), others = 0;
    for (int i = 0; i < count; i++)
        others += strcmp(sessions[i].name, own) != 0 && !is_left_behind(sessions[i].name);
    free(sessions);
    if (count < 0)
        return fail("cannot list the sessions", count);
    printf("%d\n", others);
    return 0;
}

static int print_left(void)
{
    struct lttng_session *sessions = NULL;
    int count = lttng_list_sessions(&sessions), printed = 0;
    for (int i = 0; i < count; i++)
        if (is_left_behind(sessions[i].name))
            printf("%s%s", printed++ > 0 ? " " : "", sessions[i].name);
    free(sessions);
    return count < 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    (void)signal(SIGALRM, SIG_DFL); /* whoever started this may ignore it */
    (void)sigprocmask(SIG_UNBLOCK, &alarms, NULL);
    if (strcmp(what, "alive") == 0 && argc == 2)
        return look_for_daemon();
    if (strcmp(what, "begin") == 0 && argc == 6)
        return begin(argv[2], argv[3], strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10), 0);
    if (strcmp(what, "flight") == 0 && argc == 7)
        return begin(argv[2], argv[3], strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10),
                     strtol(argv[6], NULL, 10));
    if (strcmp(what, "land") == 0 && argc == 5)
        return land(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
    if (strcmp(what, "end") == 0 && argc == 4)
        return end(argv[2], strtol(argv[3], NULL, 10));
    if (strcmp(what, "others") == 0 && argc == 3)
        return count_others(argv[2]);
    if (strcmp(what, "left") == 0 && argc == 2)
        return print_left();
    fputs("telltale-lttng-session: is started by telltale record --lttng\n", stderr);
    return 2;
}
