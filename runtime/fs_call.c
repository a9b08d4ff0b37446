/* fs_call.c: a call of telltale/fs.h under way: see fs_call.h.
 *
 * Threads: see fs_call.h. */
#include "fs_call.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "precond.h"
#include "sigpipe.h"

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

/* ------------------------------------------------------------------------------------------------ the program's descriptors */

static __thread struct tt_fs_file *held_files; /* by calls of this thread's loop */

static struct tt_fs_file *find_held(struct tt_fs_file *from, int number)
{
    while (from && from->number != number)
        from = from->next;
    return from;
}

static void hold(struct tt_fs_file *file)
{
    file->is_held = true;
    file->next = held_files;
    file->link = &held_files;
    if (held_files)
        held_files->link = &file->next;
    held_files = file;
}

/* The last one that lets go of what the program has closed meanwhile closes it. */
static void let_go(struct tt_fs_file *file)
{
    if (file->is_held) {
        *file->link = file->next;
        if (file->next)
            file->next->link = file->link;
        if (file->is_to_be_closed && !find_held(held_files, file->number))
            close(file->number);
    } else if (file->descriptor != file->number) {
        close(file->descriptor);
    }
}

bool tt__fs_defer_close(int number)
{
    struct tt_fs_file *file = find_held(held_files, number);
    bool is_held = file;

    for (; file; file = find_held(file->next, number))
        file->is_to_be_closed = true;
    return is_held;
}

int tt__fs_call_use(struct tt_fs_call *call, struct tt_fs_file *file, int number, tt_site *site)
{
    struct stat about;

    file->number = file->descriptor = number;
    if (fstat(number, &about) < 0)
        return 0; /* the thread finds that out too */
    if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) || S_ISBLK(about.st_mode)) {
        hold(file);
        return 0;
    }
    file->descriptor = fcntl(number, F_DUPFD_CLOEXEC, 3);
    if (file->descriptor >= 0)
        return 0;
    file->descriptor = number;
    return tt_raise_errno_at(site, errno, "%s descriptor %d", call->op->name, number);
}

/* ----------------------------------------------------------------------------------------------------------- the call */

static void destroy(struct tt_request *request)
{
    struct tt_fs_call *call = call_of(request);

    if (call->op->undo)
        call->op->undo(call);
    let_go(&call->file);
    let_go(&call->output);
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
    call->file.number = call->file.descriptor = call->output.number = call->output.descriptor = -1;
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
    return tt_raise_errno_at(site, call->error, "%s descriptor %d", name, call->file.number);
}

int tt__fs_call_run(struct tt_fs_call *call, tt_site *site)
{
    struct tt_io io = {.descriptor = call->file.number, .what = call->op->what, .size = call->size};
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

static int write_all(int descriptor, const char *data, size_t size, off_t *offset)
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

int tt__fs_write_all(int descriptor, const char *data, size_t size, off_t *offset)
{
    struct tt_sigpipe sigpipe;
    int rc;

    tt__sigpipe_block(&sigpipe);
    rc = write_all(descriptor, data, size, offset);
    tt__sigpipe_unblock(&sigpipe, rc < 0 && errno == EPIPE);
    return rc;
}
