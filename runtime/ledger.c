/* ledger.c: tells the trace what becomes of failures, and decides nothing else.
 *
 * asyncio's bit is kept in future.c, because messages depend on it. Here are the facts beside it: a failure was stored,
 * touched by whom, forwarded to what, held from where, released where. What they amount to (delivered, held, absorbed,
 * lost) is derived by whoever reads the trace.
 *
 * The loop's thread.
 */
#include "loop_internal.h"

#include <errno.h>

static const struct tt_who actor_main = {TT_ACTOR_MAIN, 0};

struct tt_who tt__actor_now(const tt_loop *loop)
{
    if (!loop)
        loop = tt__running_loop;
    if (!loop || !loop->is_running || loop != tt__running_loop)
        return actor_main;
    if (tt__handler_depth)
        return (struct tt_who){TT_ACTOR_HANDLER, 0};
    if (loop->current)
        return (struct tt_who){TT_ACTOR_TASK, loop->current->future.id};
    return loop->actor;
}

/* Tells the last takings of a handle, oldest first, and the last release, now that they matter. */
static void tell_references(tt_future *future)
{
    for (unsigned i = 0; i < TT_TAKEN_PLACES; i++) {
        tt_site *site = future->taken[(future->taken_next + i) % TT_TAKEN_PLACES];

        if (site)
            TT_EMIT(reference_taken, .object_id = future->id, .site = site, .handle_count = future->handles);
    }
    if (future->released_site)
        TT_EMIT(reference_released, .object_id = future->id, .site = future->released_site,
                .handle_count = future->handles);
}

/* The place to name beside the raise: where a coroutine got the exception that it then ignored; else where it awaited
 * last. */
tt_site *tt__ledger_telling_site(const tt_future *future)
{
    if (future->kind != TT_OBJECT_KIND_TASK)
        return NULL;
    return future->failed_how == TT_FAILURE_HOW_IGNORED ? tt__exc_last_place(future->exc) : tt__task((tt_future *)future)->last_site;
}

void tt__ledger_stored(tt_future *future, enum tt_failure_how how)
{
    struct tt_task_object *task = future->kind == TT_OBJECT_KIND_TASK ? tt__task(future) : NULL;
    const tt_site *raised_at = tt_exc_raised_at(future->exc);

    future->is_failed_told = true;
    tt__exc_tell_members(future->exc);
    future->failed_how = (uint8_t)how;
    tt__dump_hold(future);
    TT_EMIT(failure_stored, .failure_id = future->id, .exception_id = tt_exc_id(future->exc),
            .parent_id = future->creator.id, .parent_kind = future->creator.kind, .loop_id = (uint32_t)future->loop->id,
            .kind = future->kind, .how = (uint8_t)how, .handle_count = future->handles,
            .created_site = future->created_site, .raised_site = (tt_site *)raised_at,
            .last_site = tt__ledger_telling_site(future), .name = task ? task->name : NULL,
            .name_number = task && !task->name ? task->name_number : 0, .type = tt_exc_type_of(future->exc)->name,
            .message = tt_exc_text(future->exc));
    tell_references(future);
}

void tt__ledger_touched(tt_future *future, enum tt_touch_how how, bool is_user, tt_site *site)
{
    tt__ledger_touched_by(tt__actor_now(future->loop), future, how, is_user, site);
}

void tt__ledger_touched_by(struct tt_who actor, tt_future *future, enum tt_touch_how how, bool is_user, tt_site *site)
{
    if (is_user)
        future->user_touch_count++;
    else
        future->library_touch_count++;
    TT_EMIT(failure_touched, .failure_id = future->id, .by = actor.kind, .by_id = actor.id, .how = (uint8_t)how,
            .is_user = is_user, .site = site);
}

void tt__ledger_forwarded(tt_future *from, uint64_t to_id, enum tt_forward_how how, tt_site *site)
{
    from->forward_count++;
    TT_EMIT(failure_forwarded, .failure_id = from->id, .to_id = to_id, .how = (uint8_t)how, .site = site);
}

void tt__ledger_taken(tt_future *future, tt_site *site)
{
    future->taken[future->taken_next] = site;
    future->taken_next = (uint8_t)((future->taken_next + 1) % TT_TAKEN_PLACES);
    if (future->is_failed_told)
        TT_EMIT(reference_taken, .object_id = future->id, .site = site, .handle_count = future->handles);
}

void tt__ledger_released(tt_future *future, tt_site *site)
{
    future->released_site = site;
    if (future->is_failed_told)
        TT_EMIT(reference_released, .object_id = future->id, .site = site, .handle_count = future->handles);
}

void tt__ledger_last_release(tt_future *future, tt_site *site)
{
    bool retrieved = !future->log_traceback;
    int error = errno;

    if (future->log_traceback) {
        future->log_traceback = false; /* the message is due once */
        tt__handler_report_never_retrieved(future, site);
    }
    if (future->refs == 1)
        TT_EMIT(failure_released, .failure_id = future->id, .site = site, .user_touch_count = future->user_touch_count,
                .library_touch_count = future->library_touch_count, .forward_count = future->forward_count,
                .retrieved = retrieved, .loop_closed = future->loop->is_closing, .discarded = future->is_discarded,
                .counted = 1);
    errno = error;
}
