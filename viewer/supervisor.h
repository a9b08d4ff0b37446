/* supervisor.h: a command and its recorder, run together.
 *
 * What it is for. `telltale record` is a small process that starts the recorder, then the command, restarts the recorder if
 * it dies, passes signals on, tells the recorder how the command ended, and waits until the last attached process is gone.
 * It maps no arena and opens no store, so that nothing in a recording can harm it.
 *
 * What it leaves to others. Which file is written and what is said at the end: cmd_record.c. Recording: the recorder.
 *
 * Threads. One thread; while it runs it owns SIGCHLD and the signals that it passes on.
 */
#ifndef TT_VIEWER_SUPERVISOR_H
#define TT_VIEWER_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#define TT_RECORDER_WORDS_MAX 8u

struct tt_supervision {
    const char *store;    /* absolute path */
    const char *ring_dir; /* absolute path */
    const char *events;   /* TELLTALE_EVENTS for the command; NULL: as it is */
    const char *ring_bytes; /* TELLTALE_RING_BYTES for the command; NULL: as it is */
    const char *const *recorder_options; /* TT_RECORDER_WORDS_MAX words at most, ended by NULL; NULL: none */
    char **command;       /* ended by NULL */
    bool has_recorder;    /* another recorder is at work on the store: none is started */
    bool is_unrecorded;   /* nobody is to record it into an arena: no recorder, neither store nor ring dir */
    const char *const *variables; /* for the command, besides: NAME, value, NAME, value ..., NULL; NULL: none */
};

enum tt_supervision_end {
    TT_SUPERVISION_ENDED,       /* the command ran and ended: wait_status says how */
    TT_SUPERVISION_LEFT,        /* the same, and the recorder was left to go on with processes that still run */
    TT_SUPERVISION_NO_RECORDER, /* the recorder did not start, and has said why; the command was not run */
    TT_SUPERVISION_NO_COMMAND   /* the command could not be executed: error says why */
};

struct tt_supervision_result {
    enum tt_supervision_end end;
    pid_t pid;             /* of the command */
    int wait_status;       /* as waitpid gives it */
    int error;             /* errno of exec */
    bool has_lost_recorder; /* the recorder kept dying and was given up; what it left is recovered by whoever opens the store */
};

/* Runs PLAN to its end. FD_CLOEXEC descriptors only are open in this process besides 0 to 2. */
struct tt_supervision_result tt__supervise(const struct tt_supervision *plan);

/* Absolute path of the running program, for starting it anew. Static. */
const char *tt__supervisor_own_path(void);

#endif
