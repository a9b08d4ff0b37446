/* import_live.c: see import_live.h. */
#include "import_live.h"

#include "report.h"
#include "target.h"
#include "trace_reader.h"

#include <signal.h>
#include <string.h>
#include <time.h>

static bool is_url(const char *argument)
{
    static const char *const schemes[] = {"net://", "net4://", "net6://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strncmp(argument, schemes[i], strlen(schemes[i])) == 0)
            return true;
    return false;
}

bool tt__import_is_live(const struct tt_invocation *invocation)
{
    for (int i = 0; i < invocation->argument_count; i++)
        if (is_url(invocation->arguments[i]))
            return true;
    return false;
}

static int check_arguments(const struct tt_invocation *invocation, const char *only)
{
    for (int i = 0; i < invocation->argument_count; i++)
        if (!is_url(invocation->arguments[i]))
            return tt__usage_error(invocation->command,
                                   "%s is no URL; live sessions and folders are imported one after "
                                   "the other: --append",
                                   invocation->arguments[i]);
    if (only != NULL)
        return tt__usage_error(invocation->command,
                               "--only goes with folders; who a process is may come late in a live "
                               "session: choose with lttng track, or when the store is read");
    return -1;
}

/* Those that end the following; one that is ignored, because this runs in the background, stays so. */
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

/* The terminal's came to the reader, too, which may have ended before it was looked for here. */
static void release_signals(const sigset_t *held)
{
    const struct timespec none = {0, 0};
    while (sigtimedwait(held, NULL, &none) > 0)
        ;
    sigprocmask(SIG_UNBLOCK, held, NULL);
}

/* Whether there is a store now; *OUT_STATUS is the exit status as far as reading goes. */
static bool has_store(const struct tt_trace_result *result, int *out_status)
{
    *out_status = TT_EXIT_CLEAN;
    switch (result->end) {
    case TT_TRACE_READ:
        return true;
    case TT_TRACE_PARTLY:
        *out_status = TT_EXIT_OUTSIDE;
        return true;
    case TT_TRACE_NOTHING:
        *out_status = TT_EXIT_INPUT;
        if (!result->was_damaged)
            tt__complain("import: no event of telltale came; nothing was written; were the programs run with "
                         "TELLTALE_LTTNG=1, and events 'telltale:*' enabled?");
        return false;
    case TT_TRACE_FAILED:
    case TT_TRACE_REFUSED:
        *out_status = TT_EXIT_OUTSIDE;
    }
    return false;
}

static int follow(struct tt_invocation *invocation, struct tt_target *target, bool is_appending)
{
    sigset_t held;
    int status;
    hold_signals(&held);
    struct tt_trace_reading reading = {
        .command = "import",
        .store = target->path,
        .urls = (const char *const *)invocation->arguments,
        .url_count = (size_t)invocation->argument_count,
        .is_appending = is_appending,
        .stopping = &held,
    };
    struct tt_trace_result result = tt__trace_read(&reading);
    release_signals(&held);
    if (has_store(&result, &status)) {
        (void)tt__target_keep(target); /* there is no draft */
        tt__trace_tell_kept("import", &result);
        tt__report_summary(invocation, target->name, "no process", false);
    } else {
        if (result.end == TT_TRACE_FAILED && result.events > 0)
            target->is_cleared = false; /* what has the name now is not what was written */
        tt__target_restore(target);
    }
    return status;
}

int tt__import_live(struct tt_invocation *invocation, const char *store, bool is_appending, const char *only)
{
    struct tt_target target;
    int status = check_arguments(invocation, only);
    if (status < 0)
        status = tt__target_find("import", store != NULL ? store : TT_TARGET_DEFAULT, &target);
    if (status < 0)
        status = tt__target_check(&target, is_appending);
    if (status < 0)
        status = tt__target_clear(&target, is_appending, false);
    return status >= 0 ? status : follow(invocation, &target, is_appending);
}
