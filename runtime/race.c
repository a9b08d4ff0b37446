/* race.c: connecting to one of several addresses.
 *
 *     an attempt:   waiting to be started --> open --ready--> made: it wins, the others are closed
 *                                              |       +---> failed: closed; the next one starts at once
 *                                              +--the delay passes: the next one starts beside it
 *
 * With no delay that is one after the other. All of it runs in the one task that connects: it waits for whatever is
 * first, an attempt or the delay.
 *
 * Inside a task. From: asyncio.staggered, base_events.create_connection; RFC 8305. */
#include "race.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"

struct attempt {
    struct tt_io io; /* its descriptor and error, as the trace is told; descriptor -1: not open */
    struct race *race;
    const struct tt_address *address;
    struct tt_watcher watcher;
    bool is_ready;
    bool is_local_missing;            /* none of the local addresses is of its family */
    const struct tt_address *refused; /* where it should come from and cannot; NULL: that was no hindrance */
};

/* On the task's stack. */
struct race {
    tt_future future; /* of the wait at hand */
    struct tt_timer timer;
    struct tt_ready alarm; /* of the timer */
    struct tt_task_object *task;
    tt_site *site;
    struct tt_address *addresses; /* owned */
    struct attempt *attempts;     /* owned */
    size_t count, started, open;
    bool is_alarm_due;
    bool has_last_failed; /* the one that was started last */
    struct attempt *winner;
    const struct tt_address *locals;
    size_t local_count;
    int64_t delay_ns; /* INT64_MAX: never */
};

static void complete(struct race *race)
{
    if (race->future.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&race->future, NULL, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- attempts */

/* In the poll. */
static void attempt_ready(struct tt_watcher *watcher)
{
    struct attempt *attempt = tt_container_of(watcher, struct attempt, watcher);

    attempt->is_ready = true;
    complete(attempt->race);
}

/* Gives up the descriptor without closing it. */
static void unwatch(struct attempt *attempt)
{
    tt_loop *loop = attempt->race->task->future.loop;

    if (attempt->watcher.watch)
        tt__watch_remove(loop, attempt->io.descriptor, true);
    attempt->race->open--;
}

static void give_up(struct attempt *attempt, bool is_cancelled)
{
    struct race *race = attempt->race;

    unwatch(attempt);
    close(attempt->io.descriptor);
    tt__io_tell_finished(race->task, &attempt->io, is_cancelled);
    attempt->io.descriptor = -1;
}

static void fail(struct attempt *attempt, int error)
{
    struct race *race = attempt->race;

    attempt->io.error = error;
    race->has_last_failed |= attempt == &race->attempts[race->started - 1];
    give_up(attempt, false);
}

static void win(struct attempt *attempt)
{
    unwatch(attempt);
    tt__io_tell_finished(attempt->race->task, &attempt->io, false);
    attempt->race->winner = attempt;
}

/* The descriptor is writable. */
static void settle(struct attempt *attempt)
{
    int error = 0;
    socklen_t length = sizeof error;

    attempt->is_ready = false;
    if (getsockopt(attempt->io.descriptor, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
        error = errno;
    if (error)
        fail(attempt, error);
    else
        win(attempt);
}

static int watch(struct attempt *attempt)
{
    static const struct tt_watcher_ops ops = {.ready = attempt_ready};

    attempt->watcher.ops = &ops;
    attempt->watcher.is_writer = true;
    return tt__watch_add(attempt->race->task->future.loop, attempt->io.descriptor, &attempt->watcher);
}

/* Has ATTEMPT come from where it should: 0, or a value of errno. */
static int bind_local(struct attempt *attempt)
{
    const struct race *race = attempt->race;
    int error = EADDRNOTAVAIL; /* for the trace, where there is none of the system's */

    attempt->is_local_missing = true;
    for (size_t i = 0; i < race->local_count; i++) {
        const struct tt_address *local = &race->locals[i];

        if (local->name.ss_family != attempt->address->name.ss_family)
            continue;
        attempt->is_local_missing = false;
        if (bind(attempt->io.descriptor, (const struct sockaddr *)&local->name, local->length) == 0)
            return 0;
        error = errno;
        attempt->refused = local;
    }
    return error;
}

/* Opens a socket for ATTEMPT and begins to connect it: 0, also when it is connected already; or a value of errno. */
static int begin(struct attempt *attempt)
{
    const struct sockaddr *name = (const struct sockaddr *)&attempt->address->name;
    int rc = attempt->race->local_count > 0 ? bind_local(attempt) : 0;

    if (rc != 0)
        return rc;
    if (connect(attempt->io.descriptor, name, attempt->address->length) == 0) {
        attempt->is_ready = true;
        return 0;
    }
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    return -watch(attempt);
}

static void start_next(struct race *race)
{
    struct attempt *attempt = &race->attempts[race->started++];
    int error;

    race->has_last_failed = false;
    attempt->race = race;
    attempt->io = (struct tt_io){.what = TT_IO_KIND_CONNECT};
    attempt->io.descriptor = socket(attempt->address->name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = errno;
    tt__io_tell_started(race->task, &attempt->io, race->site);
    if (attempt->io.descriptor < 0) {
        attempt->io.error = error;
        race->has_last_failed = true;
        tt__io_tell_finished(race->task, &attempt->io, false);
        return;
    }
    race->open++;
    error = begin(attempt);
    if (error)
        fail(attempt, error);
}

/* ----------------------------------------------------------------------------------------------------------- waiting */

static void run_alarm(struct tt_ready *ready)
{
    struct race *race = tt_container_of(ready, struct race, alarm);

    race->is_alarm_due = true;
    complete(race);
}

static void ignore(struct tt_ready *ready)
{
    (void)ready;
}

static void close_attempts(struct race *race)
{
    for (size_t i = 0; i < race->started; i++)
        if (race->attempts[i].io.descriptor >= 0 && &race->attempts[i] != race->winner)
            give_up(&race->attempts[i], true);
}

static void finish(struct race *race)
{
    tt_loop *loop = race->task->future.loop;

    close_attempts(race);
    tt__timers_cancel(&loop->timers, &race->timer);
    tt__loop_withdraw(loop, &race->alarm);
    free(race->attempts);
    free(race->addresses);
}

/* The task is abandoned, its loop is closing: the queues are empty. */
static void abandoned(tt_future *future)
{
    struct race *race = tt_container_of(future, struct race, future);

    close_attempts(race);
    free(race->attempts);
    free(race->addresses);
}

/* Suspends until an attempt is ready, or the next one is due. 0, or -1 with an exception pending. */
static int wait(struct race *race)
{
    static const struct tt_future_ops ops = {.destroy = abandoned, .cancel = tt__future_cancel_plain};
    struct tt_wait_label label = {.kind = TT_WAIT_KIND_CONNECT};
    tt_loop *loop = race->task->future.loop;
    int rc;

    if (race->started < race->count && !race->timer.is_pending && race->delay_ns != INT64_MAX &&
        tt__timers_push(&loop->timers, &race->timer, tt__loop_deadline(loop, race->delay_ns)) < 0)
        return tt_raise_at(race->site, &tt_MemoryError, "no memory for a timer");
    label.object = (uint64_t)race->attempts[race->started - 1].io.descriptor;
    tt__future_init_own(&race->future, race->task, &ops, label, race->site);
    rc = tt__task_await_own(race->task, &race->future, race->site);
    tt__future_finish_own(&race->future);
    return rc;
}

/* 0 when there is a winner or all have failed; -1 with an exception pending. */
static int run(struct race *race)
{
    tt_loop *loop = race->task->future.loop;

    for (;;) {
        for (size_t i = 0; i < race->started && !race->winner; i++)
            if (race->attempts[i].is_ready)
                settle(&race->attempts[i]);
        if (race->winner || (race->open == 0 && race->started == race->count))
            return 0;
        if (race->started < race->count && (race->open == 0 || race->has_last_failed || race->is_alarm_due)) {
            tt__timers_cancel(&loop->timers, &race->timer);
            tt__loop_withdraw(loop, &race->alarm);
            race->is_alarm_due = false;
            start_next(race);
        } else if (wait(race) < 0) {
            return -1;
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------ errors */

static int raise_attempt(const struct attempt *attempt, tt_site *site)
{
    char text[TT_ADDRESS_BYTES], local[TT_ADDRESS_BYTES];

    if (attempt->is_local_missing)
        return tt_raise_at(site, &tt_OSError, "no matching local address with family=<AddressFamily.%s> found",
                           attempt->address->name.ss_family == AF_INET6 ? "AF_INET6: 10" : "AF_INET: 2");
    tt_address_text(attempt->address, text, sizeof text);
    if (!attempt->refused)
        return tt_raise_errno_at(site, attempt->io.error, "connect to %s", text);
    tt_address_text(attempt->refused, local, sizeof local);
    return tt_raise_errno_at(site, attempt->io.error, "connect to %s from %s", text, local);
}

/* "Multiple exceptions: A, B". */
static int raise_joined(tt_exc *const *errors, size_t count, tt_site *site)
{
    size_t size = 1, length = 0;
    char *text;
    int rc;

    for (size_t i = 0; i < count; i++)
        size += strlen(tt_exc_message(errors[i])) + 2;
    text = malloc(size);
    if (!text)
        return tt_raise_at(site, &tt_MemoryError, "no memory for what went wrong");
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, size - length, "%s%s", i ? ", " : "", tt_exc_message(errors[i]));
    rc = tt_raise_at(site, &tt_OSError, "Multiple exceptions: %s", text);
    free(text);
    return rc;
}

static bool are_alike(tt_exc *const *errors, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(tt_exc_message(errors[i]), tt_exc_message(errors[0])) != 0)
            return false;
    return true;
}

/* All have failed. */
static int raise_errors(const struct race *race, bool all_errors)
{
    tt_exc **errors;
    size_t made = 0;
    int rc = -1;

    if (race->count == 1 && !all_errors)
        return raise_attempt(&race->attempts[0], race->site);
    errors = calloc(race->count, sizeof(tt_exc *));
    if (!errors)
        return tt_raise_at(race->site, &tt_MemoryError, "no memory for what went wrong");
    for (; made < race->count; made++) {
        raise_attempt(&race->attempts[made], race->site);
        errors[made] = tt__exc_state_take(tt__exc_state_now());
    }
    if (all_errors)
        rc = tt_raise_group_at(race->site, &tt_ExceptionGroup, errors, race->count, "create_connection failed");
    else if (are_alike(errors, race->count))
        rc = tt_raise_exc_at(race->site, errors[0]);
    else
        rc = raise_joined(errors, race->count, race->site);
    while (made > 0)
        tt_exc_unref(errors[--made]);
    free(errors);
    return rc;
}

int tt__race_connect(tt_site *site, struct tt_task_object *task, struct tt_address *addresses, size_t count,
                     const struct tt_address *locals, size_t local_count, const struct tt_connection_options *options,
                     struct tt_address *out_peer)
{
    static const struct tt_ready_ops alarm_ops = {run_alarm, ignore};
    struct race race = {.task = task,
                        .site = site,
                        .addresses = addresses,
                        .count = count,
                        .locals = locals,
                        .local_count = local_count};
    int rc, descriptor = -1;

    assert(count > 0 && "there is something to connect to");
    race.alarm.ops = &alarm_ops;
    race.timer.ready = &race.alarm;
    race.delay_ns = options->happy_eyeballs_delay_ns > 0 ? options->happy_eyeballs_delay_ns : INT64_MAX;
    race.attempts = calloc(count, sizeof *race.attempts);
    if (!race.attempts) {
        free(addresses);
        return tt_raise_at(site, &tt_MemoryError, "no memory to connect");
    }
    for (size_t i = 0; i < count; i++)
        race.attempts[i].address = &addresses[i];
    task->future.loop->has_connected = true;
    rc = run(&race);
    if (rc == 0 && race.winner) {
        descriptor = race.winner->io.descriptor;
        *out_peer = *race.winner->address;
    } else if (rc == 0) {
        raise_errors(&race, options->all_errors);
    }
    finish(&race);
    return descriptor;
}
