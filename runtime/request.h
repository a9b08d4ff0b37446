/* request.h: requests on the threads of libuv's pool.
 *
 * A request that a thread has taken cannot be recalled. So it never touches what is the caller's: its memory, with a
 * copy of everything that it reads and room for everything that it makes, is its own and lives until libuv has told of
 * its end.
 *
 *     in flight --libuv tells--> ended, the call goes on and takes what was made
 *         |
 *         +--cancelled, or the task abandoned--> an orphan: a request that no thread has taken is not begun any more,
 *                                                another one ends as it will; then what it made is undone
 *
 * Two references: that of who made it, and the flight's. The last one to go has ops->destroy undo what nobody took, and
 * free the memory. A loop that closes waits for orphans, since libuv's loop does.
 *
 * Most requests are awaited by the call that makes them. Those of executor.c, whose functions are the program's, are futures
 * that the program has; what libuv tells of them goes through the ready queue first (ops->ended).
 *
 * Threads: `perform` runs on a thread of the pool and may touch what lies behind struct tt_request, and `is_unwanted`;
 * libuv orders that with everything else, which is the loop's thread's. */
#ifndef TT_REQUEST_H
#define TT_REQUEST_H

#include <stdatomic.h>

#include "loop_internal.h"

struct tt_request;

struct tt_request_ops {
    void (*perform)(struct tt_request *request); /* on a thread; of tt__request_queue and _perform only */
    void (*destroy)(struct tt_request *request); /* on the loop's: the last reference went */
    /* On the loop's: libuv has told; the flight's reference is the function's now. NULL: the future is done, with nothing. */
    void (*ended)(struct tt_request *request);
};

struct tt_request {
    tt_future future; /* done when libuv has told, or when the call is cancelled */
    union {
        uv_req_t any;
        uv_work_t work;
        uv_getaddrinfo_t getaddrinfo;
        uv_getnameinfo_t getnameinfo;
    } uv;
    const struct tt_request_ops *ops;
    bool is_in_flight;
    _Atomic bool is_unwanted; /* the call was cancelled: what takes long may stop */
};

/* Makes REQUEST, whose memory is all zero and the caller's until now, a request of TASK that shows LABEL while it waits.
 * One reference, the call's. */
void tt__request_init(struct tt_request *request, struct tt_task_object *task, const struct tt_request_ops *ops,
                      struct tt_wait_label label, tt_site *site);

/* The same for a request that is more than a part of a call: its future is an object of KIND, made by CREATOR. */
void tt__request_init_as(struct tt_request *request, tt_loop *loop, uint8_t kind, struct tt_who creator,
                         const struct tt_request_ops *ops, struct tt_wait_label label, tt_site *site);

/* Has ops->perform run on a thread. */
void tt__request_queue(struct tt_request *request);

/* The same, and suspends TASK until it has. 0, or -1 with an exception pending. The call's
 * reference stays. */
int tt__request_perform(struct tt_request *request, struct tt_task_object *task, tt_site *site);

/* For requests that libuv has functions for: begins the flight before that function is called; when it refuses,
 * `refused` takes that back, and when it calls back, `ended` ends the flight. */
void tt__request_begin(struct tt_request *request);
void tt__request_refused(struct tt_request *request, tt_site *site);
void tt__request_ended(struct tt_request *request);

/* Suspends TASK until a flight that has begun ends. */
int tt__request_await(struct tt_request *request, struct tt_task_object *task, tt_site *site);

/* Lets go of the call's reference. */
void tt__request_unref(struct tt_request *request, tt_site *site);

#endif
