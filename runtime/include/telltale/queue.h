/* telltale/queue.h: queues of items, for tasks that produce and tasks that consume.
 *
 * Three kinds: first in first out, last in first out, and the least first by a comparison of the program's. An item is a
 * pointer, NULL too. A queue owns the items that are in it: they are the queue's once put returned 0, and the caller's
 * again once get returned 0. Those that are left when it is destroyed, or shut down at once, are released with the
 * function that its creation was given, which must not suspend.
 *
 * What it has in common with other objects is in telltale/lock.h. From: asyncio.Queue, asyncio.LifoQueue,
 * asyncio.PriorityQueue. */
#ifndef TELLTALE_QUEUE_H
#define TELLTALE_QUEUE_H

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

TT_API extern const tt_exc_type tt_QueueEmpty; /* Exceptions */
TT_API extern const tt_exc_type tt_QueueFull;
TT_API extern const tt_exc_type tt_QueueShutDown;

typedef struct tt_queue tt_queue;

/* Negative when A is to come out before B. It must neither suspend nor raise. */
typedef int tt_compare_fn(const void *a, const void *b);

/* A new queue for at most MAXSIZE items (zero or less: any number); FREE_ITEM may be NULL. The caller destroys it. NULL
 * with MemoryError pending. Of items that compare as equal, neither order is promised; it is that of CPython's heapq.
 * Precondition priority_queue_create.compare: not NULL. */
#define tt_queue_create(maxsize, free_item)      tt_queue_create_at(TT_HERE, (maxsize), (free_item))
#define tt_lifo_queue_create(maxsize, free_item) tt_lifo_queue_create_at(TT_HERE, (maxsize), (free_item))
#define tt_priority_queue_create(maxsize, compare, free_item) \
    tt_priority_queue_create_at(TT_HERE, (maxsize), (compare), (free_item))
TT_API tt_queue *tt_queue_create_at(tt_site *site, long maxsize, tt_free_fn *free_item) TT_MUST_USE;
TT_API tt_queue *tt_lifo_queue_create_at(tt_site *site, long maxsize, tt_free_fn *free_item) TT_MUST_USE;
TT_API tt_queue *tt_priority_queue_create_at(tt_site *site, long maxsize, tt_compare_fn *compare,
                                             tt_free_fn *free_item) TT_MUST_USE;
TT_API void tt_queue_destroy(tt_queue *queue); /* NULL ok */

/* Puts ITEM into QUEUE; suspends the running task while it is full. Returns 0, or -1 with an exception pending, ITEM
 * still the caller's: QueueShutDown, MemoryError. Precondition queue_put.queue: not NULL. */
#define tt_queue_put(queue, item) tt_queue_put_at(TT_HERE, (queue), (item))
TT_API int tt_queue_put_at(tt_site *site, tt_queue *queue, void *item) TT_MUST_USE;

/* The same without waiting, inside or outside of tasks: QueueFull. Precondition queue_put_nowait.queue. */
#define tt_queue_put_nowait(queue, item) tt_queue_put_nowait_at(TT_HERE, (queue), (item))
TT_API int tt_queue_put_nowait_at(tt_site *site, tt_queue *queue, void *item) TT_MUST_USE;

/* Takes the next item out of QUEUE; suspends the running task while it is empty. Returns 0 and *OUT_ITEM, or -1 with an
 * exception pending: QueueShutDown. Preconditions queue_get.queue, queue_get.out_item: not NULL. */
#define tt_queue_get(queue, out_item) tt_queue_get_at(TT_HERE, (queue), (out_item))
TT_API int tt_queue_get_at(tt_site *site, tt_queue *queue, void **out_item) TT_MUST_USE;

/* The same without waiting, inside or outside of tasks: QueueEmpty. Preconditions queue_get_nowait.queue, .out_item. */
#define tt_queue_get_nowait(queue, out_item) tt_queue_get_nowait_at(TT_HERE, (queue), (out_item))
TT_API int tt_queue_get_nowait_at(tt_site *site, tt_queue *queue, void **out_item) TT_MUST_USE;

/* Says that the work for an item that was taken is done. Returns 0, or -1 with ValueError "task_done() called too many
 * times" pending. Precondition queue_task_done.queue: not NULL. */
#define tt_queue_task_done(queue) tt_queue_task_done_at(TT_HERE, (queue))
TT_API int tt_queue_task_done_at(tt_site *site, tt_queue *queue) TT_MUST_USE;

/* Suspends the running task until tt_queue_task_done was called for each item that was put. Returns 0, or -1 with an
 * exception pending. Precondition queue_join.queue: not NULL. */
#define tt_queue_join(queue) tt_queue_join_at(TT_HERE, (queue))
TT_API int tt_queue_join_at(tt_site *site, tt_queue *queue) TT_MUST_USE;

/* From now on nothing can be put, and when the queue is empty nothing be taken: QueueShutDown, also for those who wait.
 * With IMMEDIATE its items are released, each as if its work were done. Precondition queue_shutdown.queue: not NULL.
 * asyncio: shutdown (3.13). */
TT_API void tt_queue_shutdown(tt_queue *queue, bool immediate);

TT_API size_t tt_queue_qsize(const tt_queue *queue);
TT_API long tt_queue_maxsize(const tt_queue *queue);
TT_API bool tt_queue_empty(const tt_queue *queue);
TT_API bool tt_queue_full(const tt_queue *queue); /* never, without a limit */

/* Writes the repr, "<Queue at 0x55d0c8a3e2a0 maxsize=0 _queue=[0x7ffd2c10] _getters[1] tasks=1 shutdown>", items as
 * addresses, NULL as None, as tt_lock_repr. */
TT_API int tt_queue_repr(const tt_queue *queue, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
