/* communicate.c: everything that a child reads and writes, exchanged in one call: see telltale/process.h.
 *
 *     try all three pipes --nothing left to do, and the child has ended--> done
 *          ^          |
 *          |    all would block
 *          |          v
 *          +--- wait for any of them, or for the child's end
 *
 * The call lies on the stack of its task, with a handle for each pipe and one future that any of them completes. What it
 * has read is on the heap, and goes also when the task is abandoned.
 *
 * Inside a task. From: asyncio.subprocess.Process.communicate. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "precond.h"
#include "process_internal.h"
#include "watch.h"

enum { FIRST_BYTES = 4096 };

/* Reads of one stream before the loop goes on, however fast the child writes. */
enum { READS_MAX = 16 };

struct output {
    char *bytes;
    size_t size, capacity;
};

struct pipe_watcher {
    struct tt_watcher watcher;
    struct tt_exchange *exchange;
};

struct tt_exchange {
    struct tt_process *process;
    const char *input; /* what is left to write */
    size_t input_size;
    size_t size_max;
    struct output outputs[2];
    int error; /* a value of errno */
    bool is_too_long[2];
    tt_future future; /* while it waits */
    bool is_waiting;
    struct pipe_watcher watchers[3];
};

static void free_outputs(struct tt_exchange *exchange)
{
    free(exchange->outputs[0].bytes);
    free(exchange->outputs[1].bytes);
    exchange->outputs[0].bytes = exchange->outputs[1].bytes = NULL;
}

/* --------------------------------------------------------------------------------------------------------- the pipes */

static bool would_block(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* Writes what goes in, up to TT_STEP_IO_BYTES before the loop goes on, however fast the child reads. Closes the pipe when all
 * is written, or the child does not want it. */
static void feed(struct tt_exchange *exchange)
{
    struct tt_process *process = exchange->process;
    size_t moved = 0;

    while (exchange->input_size > 0) {
        ssize_t sent;

        if (moved >= TT_STEP_IO_BYTES)
            return;
        sent = send(process->descriptors[0], exchange->input, exchange->input_size, MSG_NOSIGNAL);

        if (sent < 0 && would_block())
            return;
        if (sent < 0 && errno != EPIPE && errno != ECONNRESET)
            exchange->error = errno;
        if (sent < 0)
            break;
        exchange->input += sent;
        exchange->input_size -= (size_t)sent;
        moved += (size_t)sent;
    }
    tt__process_close_pipe(process, 0);
}

/* Room for at least one more byte and the zero byte. False: there is no memory. */
static bool make_room(struct output *output)
{
    size_t capacity = output->capacity ? 2 * output->capacity : FIRST_BYTES;
    char *bytes;

    if (output->capacity - output->size > 1)
        return true;
    bytes = realloc(output->bytes, capacity);
    if (!bytes)
        return false;
    output->bytes = bytes;
    output->capacity = capacity;
    return true;
}

/* Reads what has come from stream 1 or 2, and closes the pipe at its end. */
static void collect(struct tt_exchange *exchange, int number)
{
    struct output *output = &exchange->outputs[number - 1];

    for (int i = 0;; i++) {
        ssize_t length;

        if (i == READS_MAX)
            return;
        if (!make_room(output)) {
            exchange->error = ENOMEM;
            return;
        }
        length = read(exchange->process->descriptors[number], output->bytes + output->size,
                      output->capacity - output->size - 1);
        if (length < 0 && would_block())
            return;
        if (length < 0)
            exchange->error = errno;
        if (length <= 0)
            break;
        output->size += (size_t)length;
        if (output->size > exchange->size_max) {
            exchange->is_too_long[number - 1] = true;
            return;
        }
    }
    output->bytes[output->size] = '\0';
    exchange->process->was_read[number - 1] = true;
    tt__process_close_pipe(exchange->process, number);
}

static bool has_failed(const struct tt_exchange *exchange)
{
    return exchange->error || exchange->is_too_long[0] || exchange->is_too_long[1];
}

/* True: it is over. */
static bool attempt(struct tt_exchange *exchange)
{
    const int *descriptors = exchange->process->descriptors;

    if (descriptors[0] >= 0)
        feed(exchange);
    for (int i = 1; i < 3; i++)
        if (descriptors[i] >= 0)
            collect(exchange, i);
    return has_failed(exchange) || exchange->process->waitable.is_destroyed ||
           (descriptors[0] < 0 && descriptors[1] < 0 && descriptors[2] < 0 && exchange->process->has_ended);
}

/* ----------------------------------------------------------------------------------------------------------- waiting */

void tt__exchange_wake(struct tt_exchange *exchange)
{
    if (exchange->is_waiting && exchange->future.state == TT_FUTURE_PENDING)
        tt__future_finish_value(&exchange->future, NULL, NULL);
}

/* In the poll. */
static void pipe_ready(struct tt_watcher *watcher)
{
    tt__exchange_wake(tt_container_of(watcher, struct pipe_watcher, watcher)->exchange);
}

/* The task is abandoned: its call will never end. */
static void abandoned(tt_future *future)
{
    struct tt_exchange *exchange = tt_container_of(future, struct tt_exchange, future);

    free_outputs(exchange);
    exchange->process->exchange = NULL;
    tt__waitable_unref(&exchange->process->waitable);
}

static void watch_pipes(struct tt_exchange *exchange)
{
    static const struct tt_watcher_ops ops = {.ready = pipe_ready};
    struct tt_process *process = exchange->process;

    for (int i = 0; i < 3; i++) {
        int rc;

        exchange->watchers[i] =
            (struct pipe_watcher){.watcher = {.ops = &ops, .is_writer = i == 0}, .exchange = exchange};
        if (process->descriptors[i] < 0)
            continue;
        rc = tt__watch_add(process->loop, process->descriptors[i], &exchange->watchers[i].watcher);
        if (rc < 0)
            exchange->error = -rc;
    }
}

static void unwatch_pipes(struct tt_exchange *exchange)
{
    struct tt_process *process = exchange->process;

    for (int i = 0; i < 3; i++)
        if (exchange->watchers[i].watcher.watch)
            tt__watch_remove(process->loop, process->descriptors[i], i == 0);
}

/* 0 when it is worth trying again, or -1 with an exception pending. */
static int wait_for_any(struct tt_exchange *exchange, const struct tt_waiting *waiting)
{
    static const struct tt_future_ops ops = {.destroy = abandoned, .cancel = tt__future_cancel_plain};
    struct tt_task_object *task = waiting->task;
    int rc = 0;

    tt__future_init_own(&exchange->future, task, &ops, waiting->label, waiting->site);
    exchange->is_waiting = true;
    watch_pipes(exchange);
    if (!exchange->error)
        rc = tt__task_await_own(task, &exchange->future, waiting->site);
    unwatch_pipes(exchange);
    exchange->is_waiting = false;
    tt__future_finish_own(&exchange->future);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------------- the call */

static int raise_failure(const struct tt_exchange *exchange, tt_site *site)
{
    int pid = (int)exchange->process->pid;

    if (exchange->error == ENOMEM)
        return tt_raise_at(site, &tt_MemoryError, "no memory for what process %d writes", pid);
    if (exchange->error)
        return tt_raise_errno_at(site, exchange->error, "communicate with process %d", pid);
    if (exchange->process->waitable.is_destroyed)
        return tt_raise_at(site, &tt_RuntimeError, "<Process %d> was destroyed while a task waited for it", pid);
    return tt_raise_at(site, &tt_ValueError, "%s of process %d is longer than %zu bytes",
                       exchange->is_too_long[0] ? "stdout" : "stderr", pid, exchange->size_max);
}

/* Of a pipe that was read to its end before there is nothing, which is not the same as no pipe. */
static void begin_with_nothing(struct tt_exchange *exchange)
{
    for (int i = 0; i < 2; i++) {
        if (!exchange->process->was_read[i])
            continue;
        if (make_room(&exchange->outputs[i]))
            exchange->outputs[i].bytes[0] = '\0';
        else
            exchange->error = ENOMEM;
    }
}

static int run(struct tt_exchange *exchange, const struct tt_waiting *waiting)
{
    begin_with_nothing(exchange);
    while (!attempt(exchange))
        if (wait_for_any(exchange, waiting) < 0)
            return -1;
    if (has_failed(exchange) || exchange->process->waitable.is_destroyed)
        return raise_failure(exchange, waiting->site);
    return 0;
}

static void hand_over(struct tt_exchange *exchange, struct tt_process_output *output)
{
    *output = (struct tt_process_output){.out = exchange->outputs[0].bytes,
                                         .out_size = exchange->outputs[0].size,
                                         .err = exchange->outputs[1].bytes,
                                         .err_size = exchange->outputs[1].size};
    exchange->outputs[0].bytes = exchange->outputs[1].bytes = NULL;
}

int tt_process_communicate_at(tt_site *site, tt_process *process, const void *input, size_t size, size_t size_max,
                              struct tt_process_output *output)
{
    struct tt_exchange exchange = {.process = process, .input = input, .input_size = size, .size_max = size_max};
    struct tt_waiting waiting;
    int rc;

    TT_PRECOND("process_communicate.process", site, process != NULL);
    if (!tt__waiting_begin(&waiting, &process->waitable, TT_WAIT_KIND_PROCESS, site))
        return -1;
    waiting.label.object = (uint64_t)process->pid;
    if (process->exchange) {
        rc = tt_raise_at(site, &tt_RuntimeError, "another task communicates with process %d", (int)process->pid);
        return tt__waiting_end(&waiting, rc);
    }
    process->exchange = &exchange;
    rc = tt__process_end_call(process, run(&exchange, &waiting));
    process->exchange = NULL;
    if (rc == 0 && output)
        hand_over(&exchange, output);
    free_outputs(&exchange);
    return tt__waiting_end(&waiting, rc);
}
