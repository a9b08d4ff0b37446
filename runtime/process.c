/* process.c: child processes: see telltale/process.h and process_internal.h.
 *
 * libuv spawns and waits for SIGCHLD. Beside that each child's pidfd is polled, because a program that calls waitpid(-1) takes
 * a status away without libuv noticing; who of both sees the end first reaps.
 *
 * In the child libuv makes 0 to 2 blocking, which programs expect of them, and with them what this process shares with it. A pipe or
 * a terminal that is non-blocking here is therefore opened anew for the child; what cannot be is made non-blocking again
 * when uv_spawn returns: the child has begun its program then, or failed to.
 *
 * The loop's thread. From: asyncio.base_subprocess, asyncio.subprocess. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "descriptor.h"
#include "precond.h"
#include "process_internal.h"
#include "watch.h"

/* What asyncio says of a child whose status somebody else took. */
enum { RETURNCODE_UNKNOWN = 255 };

/* ------------------------------------------------------------------------------------------------------------- life */

static struct tt_process *process_of(const struct tt_waitable *waitable)
{
    return (struct tt_process *)waitable;
}

static int repr(const struct tt_waitable *waitable, char *buffer, size_t size)
{
    return snprintf(buffer, size, "<Process %d>", (int)process_of(waitable)->pid);
}

static void dismiss(struct tt_waitable *waitable)
{
    struct tt_process *process = process_of(waitable);

    tt__line_wake(&process->line, SIZE_MAX);
    if (process->exchange)
        tt__exchange_wake(process->exchange);
    for (int i = 0; i < 3; i++)
        tt__process_close_pipe(process, i);
}

static void free_process(struct tt_waitable *waitable)
{
    struct tt_process *process = process_of(waitable);

    assert(!process->handles && !process->link && "libuv knows nothing of it any more");
    tt__waitable_finish(waitable);
    free(process);
}

static struct tt_process *create(tt_loop *loop, tt_site *site)
{
    static const struct tt_waitable_ops ops = {repr, dismiss, free_process};
    struct tt_process *process = calloc(1, sizeof *process);

    if (!process) {
        tt_raise_at(site, &tt_MemoryError, "no memory for a process");
        return NULL;
    }
    tt__waitable_init(&process->waitable, &process->waitable, &ops);
    process->waitable.loop = tt__loop_ref(loop);
    process->loop = loop;
    process->pidfd = -1;
    for (int i = 0; i < 3; i++)
        process->descriptors[i] = -1;
    return process;
}

static void enter_list(struct tt_process *process)
{
    process->next = process->loop->processes;
    process->link = &process->loop->processes;
    if (process->next)
        process->next->link = &process->next;
    process->loop->processes = process;
}

static void leave_list(struct tt_process *process)
{
    if (!process->link)
        return;
    *process->link = process->next;
    if (process->next)
        process->next->link = process->link;
    process->link = NULL;
}

static void handle_closed(uv_handle_t *handle)
{
    struct tt_process *process = handle->data;

    if (--process->handles == 0)
        tt__waitable_unref(&process->waitable);
}

/* Lets go of the child: libuv will not call any more but for the end of closing. */
static void close_handles(struct tt_process *process)
{
    leave_list(process);
    if (process->pidfd >= 0) {
        uv_close((uv_handle_t *)&process->end, handle_closed);
        close(process->pidfd);
        process->pidfd = -1;
    }
    uv_close((uv_handle_t *)&process->child, handle_closed);
}

static void ended(struct tt_process *process, int returncode)
{
    if (process->has_ended)
        return;
    process->has_ended = true;
    process->returncode = returncode;
    close_handles(process);
    tt__line_wake(&process->line, SIZE_MAX);
    if (process->exchange)
        tt__exchange_wake(process->exchange);
}

static void child_exited(uv_process_t *child, int64_t status, int signal_number)
{
    ended(child->data, signal_number ? -signal_number : (int)status);
}

/* The pidfd is readable: the child has ended, and perhaps somebody else has taken its status. */
static void pidfd_readable(uv_poll_t *end, int status, int events)
{
    struct tt_process *process = end->data;
    int how;
    pid_t pid;

    (void)status;
    (void)events;
    do
        pid = waitpid(process->pid, &how, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid == process->pid)
        ended(process, WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how));
    else if (pid < 0)
        ended(process, RETURNCODE_UNKNOWN);
}

/* Watches the child's end beside libuv, where the kernel can. */
static void watch_end(struct tt_process *process)
{
#ifdef SYS_pidfd_open
    int pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);

    if (pidfd < 0) {
        if (errno == ESRCH) /* somebody has taken it already */
            ended(process, RETURNCODE_UNKNOWN);
        return;
    }
    if (uv_poll_init(process->loop->uv, &process->end, pidfd) < 0) {
        close(pidfd);
        return;
    }
    process->pidfd = pidfd;
    process->handles++;
    process->end.data = process;
    uv_poll_start(&process->end, UV_READABLE, pidfd_readable);
#endif
}

void tt__processes_close(tt_loop *loop)
{
    struct tt_process *process;

    while ((process = loop->processes) != NULL) {
        pid_t pid = process->was_killed ? process->pid : 0;

        close_handles(process);
        while (pid && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
}

/* ------------------------------------------------------------------------------------------------------------- stdio */

/* The ends of the child, while it is spawned. */
struct stdio {
    int descriptors[3];      /* what the child gets */
    bool is_ours[3];         /* closed afterwards */
    bool is_non_blocking[3]; /* shared with the child, and made non-blocking again */
};

/* Makes the pipe NUMBER: the child's end in *OUT_CHILD, ours in PROCESS. 0 or -1 and errno. */
static int make_pipe(struct tt_process *process, int number, int *out_child)
{
    int ends[2], ours;

    if ((number == 0 ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) : pipe2(ends, O_CLOEXEC)) < 0)
        return -1;
    ours = number == 0 ? ends[1] : ends[0];
    *out_child = number == 0 ? ends[0] : ends[1];
    process->descriptors[number] = ours;
    return fcntl(ours, F_SETFL, fcntl(ours, F_GETFL) | O_NONBLOCK);
}

/* The child's NUMBER is to be DESCRIPTOR, or the same pipe or terminal with flags of its own. */
static void share(struct stdio *stdio, int number, int descriptor)
{
    int again = -1;

    if (tt__descriptor_is_non_blocking(descriptor)) {
        again = tt__descriptor_open_again(descriptor);
        stdio->is_non_blocking[number] = again < 0;
    }
    stdio->is_ours[number] = again >= 0;
    stdio->descriptors[number] = again >= 0 ? again : descriptor;
}

static void make_non_blocking_again(const struct stdio *stdio)
{
    for (int i = 0; i < 3; i++)
        if (stdio->is_non_blocking[i])
            tt__descriptor_set_blocking(stdio->descriptors[i], false);
}

/* 0 or -1 and errno; what is open then is closed by close_stdio. */
static int open_stdio(struct tt_process *process, struct stdio *stdio, const struct tt_process_stdio *wanted,
                      int number)
{
    stdio->is_ours[number] = wanted->kind == TT_STDIO_NULL || wanted->kind == TT_STDIO_PIPE;
    switch (wanted->kind) {
    case TT_STDIO_NULL:
        stdio->descriptors[number] = open("/dev/null", O_RDWR | O_CLOEXEC);
        return stdio->descriptors[number] < 0 ? -1 : 0;
    case TT_STDIO_PIPE:
        return make_pipe(process, number, &stdio->descriptors[number]);
    case TT_STDIO_DESCRIPTOR:
        share(stdio, number, wanted->descriptor);
        return fcntl(wanted->descriptor, F_GETFD) < 0 ? -1 : 0;
    case TT_STDIO_STDOUT:
        stdio->descriptors[number] = stdio->descriptors[1];
        return 0;
    case TT_STDIO_INHERIT:
        break;
    }
    share(stdio, number, number);
    return 0;
}

static void close_stdio(const struct stdio *stdio)
{
    for (int i = 0; i < 3; i++)
        if (stdio->is_ours[i] && stdio->descriptors[i] >= 0)
            close(stdio->descriptors[i]);
}

void tt__process_close_pipe(struct tt_process *process, int number)
{
    int descriptor = process->descriptors[number];

    if (descriptor < 0)
        return;
    process->descriptors[number] = -1;
    if (!process->loop->is_closed)
        (void)tt__watch_remove(process->loop, descriptor, number == 0);
    close(descriptor);
}

int tt_process_take_descriptor(tt_process *process, int number)
{
    int descriptor;

    TT_PRECOND("process_take_descriptor.number", NULL, process != NULL && number >= 0 && number < 3);
    descriptor = process->descriptors[number];
    if (process->exchange)
        return -1;
    process->descriptors[number] = -1;
    return descriptor;
}

/* ------------------------------------------------------------------------------------------------------------- spawn */

static int start(struct tt_process *process, char *const *argv, const struct tt_process_options *options,
                 const struct stdio *stdio)
{
    uv_stdio_container_t containers[3];
    uv_process_options_t wanted = {.exit_cb = child_exited,
                                   .file = options->file ? options->file : argv[0],
                                   .args = (char **)(uintptr_t)argv,
                                   .env = (char **)(uintptr_t)options->env,
                                   .cwd = options->directory,
                                   .flags = options->has_session ? UV_PROCESS_DETACHED : 0,
                                   .stdio_count = 3,
                                   .stdio = containers};
    int rc;

    for (int i = 0; i < 3; i++) {
        containers[i].flags = UV_INHERIT_FD;
        containers[i].data.fd = stdio->descriptors[i];
    }
    tt__waitable_ref(&process->waitable); /* the handles' */
    process->handles = 1;
    process->child.data = process;
    rc = uv_spawn(process->loop->uv, &process->child, &wanted);
    make_non_blocking_again(stdio);
    process->child.data = process;
    enter_list(process);
    if (rc < 0) {
        close_handles(process);
        return rc;
    }
    process->pid = process->child.pid;
    watch_end(process);
    return 0;
}

static int raise_spawn(tt_site *site, int error, char *const *argv, const struct tt_process_options *options)
{
    const char *file = options->file ? options->file : argv[0];

    if (options->directory)
        return tt_raise_errno_at(site, error, "spawn %s in %s", file, options->directory);
    return tt_raise_errno_at(site, error, "spawn %s", file);
}

tt_process *tt_process_spawn_at(tt_site *site, char *const *argv, const struct tt_process_options *options)
{
    static const struct tt_process_options defaults;
    tt_loop *loop = tt__running_loop;
    struct stdio stdio = {{-1, -1, -1}, {false}, {false}};
    struct tt_process *process;
    int rc;

    TT_PRECOND("process_spawn.argv", site, argv != NULL && argv[0] != NULL);
    if (!options)
        options = &defaults;
    if (tt_exc_pending())
        return NULL;
    if (!loop) {
        tt_raise_at(site, &tt_RuntimeError, "no running event loop");
        return NULL;
    }
    process = create(loop, site);
    if (!process)
        return NULL;
    process->kill_on_cancel = options->kill_on_cancel;
    rc = open_stdio(process, &stdio, &options->in, 0) < 0 || open_stdio(process, &stdio, &options->out, 1) < 0 ||
                 open_stdio(process, &stdio, &options->err, 2) < 0
             ? -errno
             : start(process, argv, options, &stdio);
    close_stdio(&stdio);
    if (rc == 0)
        return process;
    raise_spawn(site, rc, argv, options);
    tt_process_destroy(process);
    return NULL;
}

void tt_process_destroy(tt_process *process)
{
    int error = errno;

    if (process)
        tt__waitable_destroy(&process->waitable);
    errno = error;
}

/* ------------------------------------------------------------------------------------------------------- calls at it */

pid_t tt_process_pid(const tt_process *process)
{
    TT_PRECOND("process_pid.process", NULL, process != NULL);
    return process->pid;
}

bool tt_process_has_ended(const tt_process *process, int *out_returncode)
{
    TT_PRECOND("process_has_ended.process", NULL, process != NULL);
    if (process->has_ended && out_returncode)
        *out_returncode = process->returncode;
    return process->has_ended;
}

/* The pidfd stands for this child, whoever has got its number since. */
static int send_signal(const struct tt_process *process, int signal_number)
{
#ifdef SYS_pidfd_send_signal
    if (process->pidfd >= 0)
        return (int)syscall(SYS_pidfd_send_signal, process->pidfd, signal_number, NULL, 0);
#endif
    return kill(process->pid, signal_number);
}

int tt_process_send_signal_at(tt_site *site, tt_process *process, int signal_number)
{
    TT_PRECOND("process_send_signal.process", site, process != NULL);
    if (process->has_ended || !process->link)
        return tt_raise_errno_at(site, ESRCH, "signal %d to process %d", signal_number, (int)process->pid);
    if (send_signal(process, signal_number) < 0)
        return tt_raise_errno_at(site, errno, "signal %d to process %d", signal_number, (int)process->pid);
    return 0;
}

int tt__process_end_call(struct tt_process *process, int rc)
{
    if (rc < 0 && process->kill_on_cancel && process->link && tt_exc_is(tt_exc_pending(), &tt_CancelledError))
        process->was_killed = send_signal(process, SIGKILL) == 0;
    return rc;
}

int tt_process_wait_at(tt_site *site, tt_process *process, int *out_returncode)
{
    struct tt_waiting waiting;
    int rc = 0;

    TT_PRECOND("process_wait.process", site, process != NULL);
    if (!tt__waiting_begin(&waiting, &process->waitable, TT_WAIT_KIND_PROCESS, site))
        return -1;
    waiting.label.object = (uint64_t)process->pid;
    if (!process->has_ended)
        rc = tt__process_end_call(process, tt__line_wait(&process->line, &process->waitable, &waiting, NULL));
    if (rc == 0 && out_returncode)
        *out_returncode = process->returncode;
    return tt__waiting_end(&waiting, rc);
}
