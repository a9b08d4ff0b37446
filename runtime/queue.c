/* queue.c: queues of items, for tasks that produce and tasks that consume. See telltale/queue.h.
 *
 * Items stand in a ring that grows. What comes out next is the kind's business: the oldest, the newest, or the least by
 * the program's comparison, for which the ring begins at 0 and is a binary heap that makes the same steps as CPython's
 * heapq, because items that compare as equal come out in an order that programs can see.
 *
 * An item that is put wakes the first getter, and an item that is taken the first putter; each that runs looks again,
 * since another task may have been there before. One that was woken and is cancelled wakes the next in its stead.
 *
 * The loop's thread. From: asyncio.Queue, LifoQueue, PriorityQueue; heapq. */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/queue.h>

#include "lock_internal.h"
#include "loop_internal.h"
#include "precond.h"

const tt_exc_type tt_QueueEmpty = {.name = "QueueEmpty", .base = &tt_Exception};
const tt_exc_type tt_QueueFull = {.name = "QueueFull", .base = &tt_Exception};
const tt_exc_type tt_QueueShutDown = {.name = "QueueShutDown", .base = &tt_Exception};

/* What a queue has room for when it gets its first item. */
enum { ITEMS_AT_FIRST = 8 };

struct queue_kind {
    const char *name;
    void (*put)(tt_queue *queue, void *item); /* there is room in the ring */
    void *(*take)(tt_queue *queue);           /* it is not empty */
};

struct tt_queue {
    struct tt_waitable waitable;
    const struct queue_kind *kind;
    struct tt_line getters, putters;
    tt_event finished; /* set while no item is unfinished */
    long size_max;     /* zero or less: without limit */
    size_t unfinished_count;
    bool is_shutdown;
    tt_free_fn *free_item;
    tt_compare_fn *compare;
    void **items; /* a ring of `capacity`, a power of two; NULL while that is 0 */
    size_t capacity, first, count;
};

/* ------------------------------------------------------------------------------------------------- kinds of queues */

static void **item_at(const tt_queue *queue, size_t index)
{
    return &queue->items[(queue->first + index) & (queue->capacity - 1)];
}

static void put_last(tt_queue *queue, void *item)
{
    *item_at(queue, queue->count++) = item;
}

static void *take_first(tt_queue *queue)
{
    void *item = *item_at(queue, 0);

    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->count--;
    return item;
}

static void *take_last(tt_queue *queue)
{
    return *item_at(queue, --queue->count);
}

static bool is_less(const tt_queue *queue, const void *a, const void *b)
{
    int order;

    tt__no_suspend++;
    order = queue->compare(a, b);
    tt__no_suspend--;
    return order < 0;
}

/* The item at INDEX moves towards the root of the heap, not beyond TOP. heapq: _siftdown. */
static void rise(tt_queue *queue, size_t top, size_t index)
{
    void *item = queue->items[index];

    while (index > top) {
        size_t parent = (index - 1) / 2;

        if (!is_less(queue, item, queue->items[parent]))
            break;
        queue->items[index] = queue->items[parent];
        index = parent;
    }
    queue->items[index] = item;
}

/* The item at the root moves down to a leaf, along the lesser children, and rises from there. heapq: _siftup. */
static void sink(tt_queue *queue)
{
    void *item = queue->items[0];
    size_t index = 0, child;

    while ((child = 2 * index + 1) < queue->count) {
        if (child + 1 < queue->count && !is_less(queue, queue->items[child], queue->items[child + 1]))
            child++;
        queue->items[index] = queue->items[child];
        index = child;
    }
    queue->items[index] = item;
    rise(queue, 0, index);
}

static void push_heap(tt_queue *queue, void *item)
{
    put_last(queue, item);
    rise(queue, 0, queue->count - 1);
}

static void *pop_heap(tt_queue *queue)
{
    void *last = take_last(queue), *least;

    if (queue->count == 0)
        return last;
    least = queue->items[0];
    queue->items[0] = last;
    sink(queue);
    return least;
}

static const struct queue_kind fifo = {"Queue", put_last, take_first};
static const struct queue_kind lifo = {"LifoQueue", put_last, take_last};
static const struct queue_kind priority = {"PriorityQueue", push_heap, pop_heap};

/* Makes room for one more item. False: no memory. */
static bool reserve(tt_queue *queue)
{
    size_t capacity = queue->capacity ? 2 * queue->capacity : ITEMS_AT_FIRST;
    void **items;

    if (queue->count < queue->capacity)
        return true;
    items = malloc(capacity * sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        items[i] = *item_at(queue, i);
    free(queue->items);
    queue->items = items;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

/* --------------------------------------------------------------------------------------------------- life of a queue */

static tt_queue *queue_of(struct tt_waitable *waitable)
{
    return tt_container_of(waitable, tt_queue, waitable);
}

static int repr_queue(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return tt_queue_repr(queue_of((struct tt_waitable *)waitable), buffer, size);
}

/* Has the program free ITEM. An exception goes to the handler of the queue's loop; where there is none it stays
 * pending. */
static void free_item(tt_queue *queue, void *item)
{
    tt_loop *loop = queue->waitable.loop ? queue->waitable.loop : tt__running_loop;

    if (!queue->free_item)
        return;
    if (loop)
        tt__loop_run_release(loop, queue->free_item, item);
    else
        queue->free_item(item);
}

static void dismiss_queue(struct tt_waitable *waitable)
{
    tt_queue *queue = queue_of(waitable);

    queue->is_shutdown = true;
    while (queue->count > 0)
        free_item(queue, queue->kind->take(queue));
    tt__line_wake(&queue->getters, SIZE_MAX);
    tt__line_wake(&queue->putters, SIZE_MAX);
    tt__line_wake(&queue->finished.line, SIZE_MAX);
}

static void free_queue(struct tt_waitable *waitable)
{
    tt_queue *queue = queue_of(waitable);

    assert(queue->count == 0 && "a queue that was destroyed takes no items");
    tt__waitable_finish(&queue->finished.waitable);
    tt__waitable_finish(waitable);
    free(queue->items);
    free(queue);
}

static tt_queue *create(tt_site *site, const struct queue_kind *kind, long size_max, tt_compare_fn *compare,
                        tt_free_fn *free_fn)
{
    static const struct tt_waitable_ops ops = {repr_queue, dismiss_queue, free_queue};
    tt_queue *queue = calloc(1, sizeof *queue);

    if (!queue) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a queue");
        return NULL;
    }
    tt__waitable_init(&queue->waitable, &queue->waitable, &ops);
    tt__event_init(&queue->finished, &queue->waitable);
    queue->finished.is_set = true;
    queue->kind = kind;
    queue->size_max = size_max;
    queue->compare = compare;
    queue->free_item = free_fn;
    tt__waitable_tell_created(&queue->waitable, TT_RESOURCE_KIND_QUEUE, size_max > 0 ? (uint64_t)size_max : 0, site);
    return queue;
}

tt_queue *tt_queue_create_at(tt_site *site, long size_max, tt_free_fn *free_fn)
{
    return create(site, &fifo, size_max, NULL, free_fn);
}

tt_queue *tt_lifo_queue_create_at(tt_site *site, long size_max, tt_free_fn *free_fn)
{
    return create(site, &lifo, size_max, NULL, free_fn);
}

tt_queue *tt_priority_queue_create_at(tt_site *site, long size_max, tt_compare_fn *compare, tt_free_fn *free_fn)
{
    TT_PRECOND("priority_queue_create.compare", site, compare != NULL);
    return create(site, &priority, size_max, compare, free_fn);
}

void tt_queue_destroy(tt_queue *queue)
{
    if (queue)
        tt__waitable_destroy(&queue->waitable);
}

size_t tt_queue_qsize(const tt_queue *queue)
{
    TT_PRECOND("queue_qsize.queue", NULL, queue != NULL);
    return queue->count;
}

long tt_queue_maxsize(const tt_queue *queue)
{
    TT_PRECOND("queue_maxsize.queue", NULL, queue != NULL);
    return queue->size_max;
}

bool tt_queue_empty(const tt_queue *queue)
{
    TT_PRECOND("queue_empty.queue", NULL, queue != NULL);
    return queue->count == 0;
}

bool tt_queue_full(const tt_queue *queue)
{
    TT_PRECOND("queue_full.queue", NULL, queue != NULL);
    return queue->size_max > 0 && queue->count >= (size_t)queue->size_max;
}

/* ------------------------------------------------------------------------------------------------- putting and getting */

int tt_queue_put_nowait_at(tt_site *site, tt_queue *queue, void *item)
{
    TT_PRECOND("queue_put_nowait.queue", site, queue != NULL);
    if (queue->is_shutdown)
        return tt_raise_at(site, &tt_QueueShutDown, NULL);
    if (tt_queue_full(queue))
        return tt_raise_at(site, &tt_QueueFull, NULL);
    if (!reserve(queue))
        return tt_raise_at(site, &tt_MemoryError, "no memory for an item of a queue");
    queue->kind->put(queue, item);
    queue->unfinished_count++;
    tt_event_clear(&queue->finished);
    tt__line_pop_and_wake(&queue->getters);
    return 0;
}

/* Waits until the queue is not full. */
static int wait_for_room(tt_queue *queue, const struct tt_waiting *waiting)
{
    while (tt_queue_full(queue)) {
        bool was_woken;

        if (queue->is_shutdown)
            return tt_raise_at(waiting->site, &tt_QueueShutDown, NULL);
        if (tt__line_wait(&queue->putters, &queue->waitable, waiting, &was_woken) == 0)
            continue;
        if (was_woken && !tt_queue_full(queue)) /* the room is another one's */
            tt__line_pop_and_wake(&queue->putters);
        return -1;
    }
    return 0;
}

static int put(tt_queue *queue, void *item, const struct tt_waiting *waiting)
{
    if (wait_for_room(queue, waiting) < 0)
        return -1;
    if (tt_queue_put_nowait_at(waiting->site, queue, item) == 0)
        return 0;
    if (!queue->is_shutdown) /* no memory; another one has perhaps a smaller wish */
        tt__line_pop_and_wake(&queue->putters);
    return -1;
}

int tt_queue_put_at(tt_site *site, tt_queue *queue, void *item)
{
    struct tt_waiting waiting;

    TT_PRECOND("queue_put.queue", site, queue != NULL);
    if (!tt__waiting_begin(&waiting, &queue->waitable, TT_WAIT_KIND_QUEUE_PUT, site))
        return -1;
    return tt__waiting_end(&waiting, put(queue, item, &waiting));
}

int tt_queue_get_nowait_at(tt_site *site, tt_queue *queue, void **out_item)
{
    TT_PRECOND("queue_get_nowait.queue", site, queue != NULL);
    TT_PRECOND("queue_get_nowait.out_item", site, out_item != NULL);
    if (queue->count == 0)
        return tt_raise_at(site, queue->is_shutdown ? &tt_QueueShutDown : &tt_QueueEmpty, NULL);
    *out_item = queue->kind->take(queue);
    tt__line_pop_and_wake(&queue->putters);
    return 0;
}

static int get(tt_queue *queue, void **out_item, const struct tt_waiting *waiting)
{
    while (queue->count == 0) {
        bool was_woken;

        if (queue->is_shutdown)
            return tt_raise_at(waiting->site, &tt_QueueShutDown, NULL);
        if (tt__line_wait(&queue->getters, &queue->waitable, waiting, &was_woken) == 0)
            continue;
        if (was_woken && queue->count > 0) /* the item is another one's */
            tt__line_pop_and_wake(&queue->getters);
        return -1;
    }
    return tt_queue_get_nowait_at(waiting->site, queue, out_item);
}

int tt_queue_get_at(tt_site *site, tt_queue *queue, void **out_item)
{
    struct tt_waiting waiting;

    TT_PRECOND("queue_get.queue", site, queue != NULL);
    TT_PRECOND("queue_get.out_item", site, out_item != NULL);
    if (!tt__waiting_begin(&waiting, &queue->waitable, TT_WAIT_KIND_QUEUE_GET, site))
        return -1;
    return tt__waiting_end(&waiting, get(queue, out_item, &waiting));
}

/* --------------------------------------------------------------------------------------------------- join, shutdown */

int tt_queue_task_done_at(tt_site *site, tt_queue *queue)
{
    TT_PRECOND("queue_task_done.queue", site, queue != NULL);
    if (queue->unfinished_count == 0)
        return tt_raise_at(site, &tt_ValueError, "task_done() called too many times");
    if (--queue->unfinished_count == 0)
        tt_event_set(&queue->finished);
    return 0;
}

int tt_queue_join_at(tt_site *site, tt_queue *queue)
{
    struct tt_waiting waiting;

    TT_PRECOND("queue_join.queue", site, queue != NULL);
    if (!tt__waiting_begin(&waiting, &queue->waitable, TT_WAIT_KIND_QUEUE_JOIN, site))
        return -1;
    return tt__waiting_end(&waiting, queue->unfinished_count > 0 ? tt__event_wait(&queue->finished, &waiting) : 0);
}

void tt_queue_shutdown(tt_queue *queue, bool immediate)
{
    TT_PRECOND("queue_shutdown.queue", NULL, queue != NULL);
    queue->is_shutdown = true;
    if (immediate) {
        while (queue->count > 0) {
            void *item = queue->kind->take(queue);

            if (queue->unfinished_count > 0)
                queue->unfinished_count--;
            free_item(queue, item);
        }
        if (queue->unfinished_count == 0)
            tt_event_set(&queue->finished);
    }
    while (tt__line_pop_and_wake(&queue->getters))
        ;
    while (tt__line_pop_and_wake(&queue->putters))
        ;
}

/* ------------------------------------------------------------------------------------------------------------ repr */

/* A buffer that is written past its end without harm: `length` counts on. */
struct text {
    char *buffer;
    size_t size, length;
};

static void TT_PRINTF(2, 3) add(struct text *text, const char *format, ...)
{
    size_t room = text->length < text->size ? text->size - text->length : 0;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(room ? text->buffer + text->length : NULL, room, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->length += (size_t)length;
}

int tt_queue_repr(const tt_queue *queue, char *buffer, size_t size)
{
    struct text text = {buffer, size, 0};

    TT_PRECOND("queue_repr.queue", NULL, queue != NULL);
    TT_PRECOND("queue_repr.buffer", NULL, buffer != NULL || size == 0);
    add(&text, "<%s at %p maxsize=%ld", queue->kind->name, (const void *)queue, queue->size_max);
    for (size_t i = 0; i < queue->count; i++) {
        const void *item = *item_at(queue, i);

        add(&text, i ? ", " : " _queue=[");
        if (item)
            add(&text, "%p", item);
        else
            add(&text, "None");
    }
    if (queue->count)
        add(&text, "]");
    if (queue->getters.count)
        add(&text, " _getters[%zu]", queue->getters.count);
    if (queue->putters.count)
        add(&text, " _putters[%zu]", queue->putters.count);
    if (queue->unfinished_count)
        add(&text, " tasks=%zu", queue->unfinished_count);
    if (queue->is_shutdown)
        add(&text, " shutdown");
    add(&text, ">");
    return (int)text.length;
}
