/* telltale/process.h: child processes.
 *
 * A child is spawned, its ends of pipes are read and written, and any number of tasks can wait for its end, while the loop
 * goes on. It is the program's business: cancelling a task that waits for it leaves it alone, unless kill_on_cancel was
 * asked for.
 *
 * Whoever else calls waitpid. The loop waits for its own children only, so that a program's waitpid for other ones goes
 * undisturbed. A program that waits for all (waitpid(-1), SIGCHLD ignored) takes the status of these children too: where the
 * kernel has pidfds (Linux 5.3) that is noticed, and the return code is 255, as in asyncio; elsewhere such a child would
 * never end.
 *
 * What is non-blocking here. O_NONBLOCK is of what was opened and not of one process. A child that is given or inherits a
 * pipe or terminal that is non-blocking here gets it opened anew: blocking for the child, as programs expect, and here as
 * it was. What cannot be opened anew, a socket above all, has the same flags in both, as with Python's subprocess: the
 * child finds a non-blocking socket so; clear O_NONBLOCK before the spawn where only the child uses it.
 *
 * Threads: the loop's. Errors: -1 or NULL with OSError's children pending, "[Errno 2] No such file or directory: spawn nothing".
 * From: asyncio.create_subprocess_exec, asyncio.subprocess.Process. */
#ifndef TELLTALE_PROCESS_H
#define TELLTALE_PROCESS_H

#include <signal.h>
#include <sys/types.h>

#include <telltale/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tt_process tt_process;

/* What a child's descriptor 0, 1 or 2 is. */
enum tt_stdio {
    TT_STDIO_INHERIT,    /* the same as here */
    TT_STDIO_NULL,       /* /dev/null */
    TT_STDIO_PIPE,       /* the other end is here; stdin is one of a pair of sockets, as in asyncio */
    TT_STDIO_DESCRIPTOR, /* a copy of `descriptor`, which stays the caller's; see above */
    TT_STDIO_STDOUT      /* of stderr only: what stdout is */
};

struct tt_process_stdio {
    enum tt_stdio kind;
    int descriptor;
};

struct tt_process_options {
    const char *file;      /* what is executed, found by PATH if it has no slash; NULL: argv[0] */
    char *const *env;      /* "NAME=value" ... NULL; NULL: the environment of this process */
    const char *directory; /* it begins there; NULL: here */
    struct tt_process_stdio in, out, err;
    bool kill_on_cancel; /* a cancellation that ends tt_process_wait or tt_process_communicate kills it by SIGKILL */
    bool has_session;    /* it leads a session of its own (setsid) */
};

/* Starts a child; ARGV has a member at least and ends in NULL (process_spawn.argv), OPTIONS may be NULL. Everything is copied. This thread is held up for the time of a fork
 * and an exec, whose failure is raised here. Returns a child that the caller lets go of by tt_process_destroy; NULL with
 * OSError, RuntimeError "no running event loop" or MemoryError pending. asyncio: create_subprocess_exec. */
#define tt_process_spawn(...) tt_process_spawn_at(TT_HERE, __VA_ARGS__) /* (argv, options), compound literals perhaps */
TT_API tt_process *tt_process_spawn_at(tt_site *site, char *const *argv,
                                       const struct tt_process_options *options) TT_MUST_USE;

/* Lets go of PROCESS: NULL ok. The child lives on if it has not ended, and is waited for by the loop as long as that is
 * open; its pipes are closed. Tasks that wait get RuntimeError "<Process 123> was destroyed while a task waited for it". */
TT_API void tt_process_destroy(tt_process *process);

TT_API pid_t tt_process_pid(const tt_process *process);

/* Whether the child has ended, and how: its exit status, or -N if signal N killed it (OUT_RETURNCODE may be NULL). asyncio:
 * returncode. */
TT_API bool tt_process_has_ended(const tt_process *process, int *out_returncode);

/* Suspends until the child has ended: 0 and its return code in *OUT_RETURNCODE (NULL: not wanted). A child whose pipe is
 * full and not read never ends; see tt_process_communicate. asyncio: wait. */
#define tt_process_wait(process, out_returncode) tt_process_wait_at(TT_HERE, (process), (out_returncode))
TT_API int tt_process_wait_at(tt_site *site, tt_process *process, int *out_returncode) TT_MUST_USE;

/* Sends SIGNAL_NUMBER: 0, or -1 with ProcessLookupError pending, when the child is known to have ended, or another OSError.
 * Never reaches another process that got its number. asyncio: send_signal, terminate, kill. */
#define tt_process_send_signal(process, signal_number) tt_process_send_signal_at(TT_HERE, (process), (signal_number))
#define tt_process_terminate(process)                  tt_process_send_signal((process), SIGTERM)
#define tt_process_kill(process)                       tt_process_send_signal((process), SIGKILL)
TT_API int tt_process_send_signal_at(tt_site *site, tt_process *process, int signal_number) TT_MUST_USE;

/* --------------------------------------------------------------------------------------------------------- pipes */

/* What a child wrote; not NULL for streams that are pipes and were not taken, and then followed by a zero byte that does
 * not count. What an earlier call has read is not in it: a second one gets "". */
struct tt_process_output {
    char *out, *err; /* the caller's to free */
    size_t out_size, err_size;
};

/* Writes SIZE bytes of INPUT to stdin and closes it, reads stdout and stderr to their ends, each as far as it is a pipe,
 * and waits for the child's end: 0, and what it wrote in *OUTPUT (may be NULL), which stays untouched on failure. A child
 * that does not want its input is not an error. A stream of more than SIZE_MAX bytes: ValueError. What was read so far is lost
 * when it fails or is cancelled; the child lives on. One task at a time: RuntimeError. asyncio: communicate. */
#define tt_process_communicate(process, input, size, size_max, output) \
    tt_process_communicate_at(TT_HERE, (process), (input), (size), (size_max), (output))
TT_API int tt_process_communicate_at(tt_site *site, tt_process *process, const void *input, size_t size,
                                     size_t size_max, struct tt_process_output *output) TT_MUST_USE;

/* Takes the end here of the child's descriptor NUMBER (0, 1, 2), a pipe: non-blocking, close-on-exec, the caller's to use and
 * to close from now on (stdin: a socket that only writes; the others a pipe that only reads). -1 when it is no pipe, was
 * closed or taken already; nothing is raised. */
TT_API int tt_process_take_descriptor(tt_process *process, int number);

#ifdef __cplusplus
}
#endif

#endif
