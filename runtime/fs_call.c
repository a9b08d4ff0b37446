/* fs_call.c: a call of telltale/fs.h under way: see fs_call.h.
 *
 * Threads: see fs_call.h. */
#include "fs_call.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "precond.h"

static struct tt_fs_call *call_of(struct tt_request *request)
{
    return tt_container_of(request, struct tt_fs_call, request);
}

void tt__fs_check_path(const char *path, tt_site *site)
{
    TT_PRECOND("fs.path", site, path != NULL);
}

static void perform_on_thread(struct tt_request *request)
{
    struct tt_fs_call *call = call_of(request);

    call->result = call->op->perform(call);
    call->error = call->result < 0 ? errno : 0;
    call->has_run = true;
}

static void destroy(struct tt_request *request)
{
    struct tt_fs_call *call = call_of(request);

    if (call->op->undo)
        call->op->undo(call);
    free(call->made);
    free(call);
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

struct tt_fs_call *tt__fs_call_create(const struct tt_fs_op *op, const char *path, const char *to, size_t room_bytes,
                                      tt_site *site)
{
    static const struct tt_request_ops ops = {.perform = perform_on_thread, .destroy = destroy};
    struct tt_task_object *task = tt__task_that_may_suspend(site);
    size_t path_bytes = text_bytes(path), to_bytes = text_bytes(to);
    struct tt_fs_call *call;
    char *room;

    if (!task)
        return NULL;
    call = malloc(sizeof *call + path_bytes + to_bytes + room_bytes);
    if (!call) {
        tt_raise_at(site, &tt_MemoryError, "no memory to %s", op->name);
        return NULL;
    }
    memset(call, 0, sizeof *call);
    room = (char *)(call + 1);
    call->task = task;
    call->op = op;
    call->descriptor = call->output = -1;
    call->offset = -1;
    call->result = -1;
    call->room = room;
    if (path)
        call->path = memcpy(room + room_bytes, path, path_bytes);
    if (to)
        call->to = memcpy(room + room_bytes + path_bytes, to, to_bytes);
    tt__request_init(&call->request, task, &ops, (struct tt_wait_label){TT_WAIT_KIND_FILE, 0}, site);
    return call;
}

static int raise_error(const struct tt_fs_call *call, tt_site *site)
{
    const char *name = call->op->name;

    assert(call->error && "what failed says why");
    if (call->to)
        return tt_raise_errno_at(site, call->error, "%s %s to %s", name, call->path, call->to);
    if (call->path)
        return tt_raise_errno_at(site, call->error, "%s %s", name, call->path);
    return tt_raise_errno_at(site, call->error, "%s descriptor %d", name, call->descriptor);
}

int tt__fs_call_run(struct tt_fs_call *call, tt_site *site)
{
    struct tt_io io = {.descriptor = call->descriptor, .what = call->op->what, .size = call->size};
    int rc;

    tt__io_tell_started(call->task, &io, site);
    if (call->path)
        tt__io_tell_named(&io, call->path, call->to);
    rc = tt__request_perform(&call->request, call->task, site);
    if (rc == 0) {
        io.result = io.what == TT_IO_KIND_WRITE && call->result == 0 ? (ssize_t)call->size : call->result;
        io.error = call->error;
    }
    tt__io_tell_finished(call->task, &io, rc < 0);
    return rc;
}

ssize_t tt__fs_call_perform(struct tt_fs_call *call, tt_site *site)
{
    if (tt__fs_call_run(call, site) < 0)
        return -1;
    assert(call->has_run && "only a cancelled request is not begun");
    return call->result < 0 ? raise_error(call, site) : call->result;
}

ssize_t tt__fs_call_finish(struct tt_fs_call *call, tt_site *site)
{
    ssize_t result = call ? tt__fs_call_perform(call, site) : -1;

    tt__fs_call_end(call, site);
    return result;
}

void tt__fs_call_end(struct tt_fs_call *call, tt_site *site)
{
    if (call)
        tt__request_unref(&call->request, site);
}

bool tt__fs_call_is_unwanted(struct tt_fs_call *call)
{
    return atomic_load_explicit(&call->request.is_unwanted, memory_order_relaxed);
}

int tt__fs_write_all(int descriptor, const char *data, size_t size, off_t *offset)
{
    while (size > 0) {
        ssize_t written = *offset < 0 ? write(descriptor, data, size) : pwrite(descriptor, data, size, *offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        data += written;
        size -= (size_t)written;
        if (*offset >= 0)
            *offset += written;
    }
    return 0;
}
