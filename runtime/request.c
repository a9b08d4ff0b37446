/* request.c: requests on the threads of libuv's pool: see request.h.
 *
 * The loop's thread, but for perform_on_thread. */
#include "request.h"

#include <assert.h>

static struct tt_request *request_of(tt_future *future)
{
    return tt_container_of(future, struct tt_request, future);
}

static void destroy(tt_future *future)
{
    struct tt_request *request = request_of(future);

    assert(!request->is_in_flight && "a flight holds a reference");
    tt__future_finish(future);
    request->ops->destroy(request);
}

static tt_future *cancel(tt_future *future, struct tt_cancel *cancel)
{
    struct tt_request *request = request_of(future);

    atomic_store_explicit(&request->is_unwanted, true, memory_order_relaxed);
    if (request->is_in_flight)
        (void)uv_cancel(&request->uv.any); /* it fails when a thread has taken it: then it goes on as an orphan */
    return tt__future_cancel_plain(future, cancel);
}

void tt__request_init_as(struct tt_request *request, tt_loop *loop, uint8_t kind, struct tt_who creator,
                         const struct tt_request_ops *ops, struct tt_wait_label label, tt_site *site)
{
    static const struct tt_future_ops future_ops = {.destroy = destroy, .cancel = cancel};

    tt__future_init(&request->future, loop, kind, &future_ops, creator, site);
    request->future.label = label;
    request->ops = ops;
}

void tt__request_init(struct tt_request *request, struct tt_task_object *task, const struct tt_request_ops *ops,
                      struct tt_wait_label label, tt_site *site)
{
    tt__request_init_as(request, task->future.loop, TT_OBJECT_KIND_FUTURE,
                        (struct tt_who){TT_ACTOR_TASK, task->future.id}, ops, label, site);
    request->future.is_of_call = true;
}

void tt__request_begin(struct tt_request *request)
{
    assert(!request->is_in_flight && request->future.state == TT_FUTURE_PENDING && "a request flies once");
    request->is_in_flight = true;
    tt__future_ref(&request->future);
}

void tt__request_refused(struct tt_request *request, tt_site *site)
{
    request->is_in_flight = false;
    tt__future_unref(&request->future, site);
}

void tt__request_ended(struct tt_request *request)
{
    tt_future *future = &request->future;

    assert(request->is_in_flight && "libuv tells once");
    request->is_in_flight = false;
    if (request->ops->ended) {
        request->ops->ended(request);
        return;
    }
    if (future->state == TT_FUTURE_PENDING)
        tt__future_finish_value(future, NULL, NULL);
    tt__future_unref(future, future->created_site);
}

int tt__request_await(struct tt_request *request, struct tt_task_object *task, tt_site *site)
{
    return tt__task_await(task, &request->future, site);
}

static void perform_on_thread(uv_work_t *work)
{
    struct tt_request *request = tt_container_of(work, struct tt_request, uv.work);

    request->ops->perform(request);
}

static void work_ended(uv_work_t *work, int status)
{
    (void)status; /* whether it ran at all, whoever began it knows by what it left */
    tt__request_ended(tt_container_of(work, struct tt_request, uv.work));
}

void tt__request_queue(struct tt_request *request)
{
    int rc;

    tt__request_begin(request);
    rc = uv_queue_work(request->future.loop->uv, &request->uv.work, perform_on_thread, work_ended);
    assert(rc == 0 && "libuv refuses only work without a function");
    (void)rc;
}

int tt__request_perform(struct tt_request *request, struct tt_task_object *task, tt_site *site)
{
    tt__request_queue(request);
    return tt__request_await(request, task, site);
}

void tt__request_unref(struct tt_request *request, tt_site *site)
{
    tt__future_unref(&request->future, site);
}
