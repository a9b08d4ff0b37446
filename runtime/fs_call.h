/* fs_call.h: a call of telltale/fs.h under way: a request with what it is asked for and what it made.
 *
 *     create: the running task's, with copies of everything --perform: on a thread, awaited--> take, end
 *
 * What nobody took when the last reference goes is undone by op->undo: a file that was opened for a call that has been
 * cancelled is closed.
 *
 * Threads: op->perform runs on a thread of the pool; the rest is the loop's thread's. */
#ifndef TT_FS_CALL_H
#define TT_FS_CALL_H

#include <sys/stat.h>
#include <sys/types.h>

#include "request.h"

/* A descriptor of the program's that a call works with. What a thread does cannot be recalled, and the program may close the
 * descriptor and get its number again meanwhile, for another file. Therefore a call never works with a number that can be reused:
 * of sockets, pipes and terminals it has a copy of its own; files (of which a copy would, when it is closed, take the program's
 * record locks away, fcntl(2)) are held, and tt__fs_defer_close leaves the closing of what is held to the last call that holds it. */
struct tt_fs_file {
    int number;     /* the program's; -1: none */
    int descriptor; /* what the thread uses; another one if it is a copy */
    bool is_held, is_to_be_closed;
    struct tt_fs_file *next, **link; /* while it is held: in this thread's list */
};

struct tt_fs_call;

struct tt_fs_op {
    const char *name;                            /* as texts of errors begin */
    ssize_t (*perform)(struct tt_fs_call *call); /* the result, or -1 and errno */
    void (*undo)(struct tt_fs_call *call);       /* NULL: there is nothing to undo */
    uint8_t what;                                /* for the trace: enum tt_io_kind */
};

struct tt_fs_call {
    struct tt_request request;
    struct tt_task_object *task;
    const struct tt_fs_op *op;

    /* what is asked for; what is not said is zero, a descriptor -1 */
    const char *path, *to; /* copies; NULL: it is about descriptors */
    char *room;            /* as many bytes as creation was asked for */
    struct tt_fs_file file, output;
    int flags;
    mode_t mode;
    off_t offset; /* negative: the file's own position */
    size_t size;

    /* what was made, valid once the flight has ended */
    bool has_run;
    ssize_t result; /* -1 once it is taken */
    int error;
    void *made; /* memory, freed with the call unless it is taken */
    struct stat stat;
};

/* Precondition fs.path: PATH is not NULL. */
void tt__fs_check_path(const char *path, tt_site *site);

/* A call of OP in the running task, about PATH and TO (copied; either may be NULL), with ROOM_BYTES of room. NULL: an
 * exception is pending. */
struct tt_fs_call *tt__fs_call_create(const struct tt_fs_op *op, const char *path, const char *to, size_t room_bytes,
                                      tt_site *site);

/* Has FILE, a part of CALL, be NUMBER. 0, or -1 with an exception pending: there is no descriptor left for a copy. */
int tt__fs_call_use(struct tt_fs_call *call, struct tt_fs_file *file, int number, tt_site *site);

/* Whether a call works with NUMBER, a file: it is closed when the last of them has ended. */
bool tt__fs_defer_close(int number);

/* Has CALL run, and tells the trace. 0, whatever it did; -1 with an exception pending. */
int tt__fs_call_run(struct tt_fs_call *call, tt_site *site);

/* Performs CALL: its result, or -1 with an exception pending. */
ssize_t tt__fs_call_perform(struct tt_fs_call *call, tt_site *site);

/* Performs CALL, which made nothing that has to be taken, and ends it. NULL: -1. */
ssize_t tt__fs_call_finish(struct tt_fs_call *call, tt_site *site);

/* Lets go of CALL. NULL ok. */
void tt__fs_call_end(struct tt_fs_call *call, tt_site *site);

/* Whether the program has lost interest: what takes long on a thread asks from time to time. */
bool tt__fs_call_is_unwanted(struct tt_fs_call *call);

/* Writes all of DATA to DESCRIPTOR, at *OFFSET unless it is negative, and moves that. 0, or -1 and errno. On a thread. */
int tt__fs_write_all(int descriptor, const char *data, size_t size, off_t *offset);

#endif
