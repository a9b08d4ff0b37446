/* operations.h: calls that can wait, each in every hardship (hardship.h): with a peer that lets it wait as often as it can, it is cancelled
 * after each turn, fails at each allocation, and has its loop closed over it after each turn. Nothing may be left of it, and
 * what it returns has to be right.
 *
 * One thread. */
#ifndef TT_TESTS_OPERATIONS_H
#define TT_TESTS_OPERATIONS_H

#include "stage.h"

#include <sys/socket.h>

enum { MUCH = 600000, GROUND_PATH_BYTES = 128 };

extern char much[MUCH]; /* bytes that are easily told apart, to be sent */
extern char room[MUCH]; /* for what is received */

/* What an operation has, and what its peer, a task beside it, does something with in each turn. Whatever of it is left is closed in the end,
 * as a program's cleanup would do it, also when the loop is closed over the operation. */
struct ground {
    int pair[2]; /* the other end is the peer's; -1: closed */
    int file;    /* with MUCH in it; -1: none */
    tt_task *peer;
    tt_stream *stream;
    tt_listener *listener;
    tt_server *server; /* whoever starts one stops it */
    int64_t grace_ns;
    tt_udp *udp;
    tt_process *process;
    struct sockaddr_storage address; /* of pair[1], if that listens */
    socklen_t length;
    char folder[GROUND_PATH_BYTES];
};

struct operation {
    const char *name;
    int (*call)(struct ground *ground);
    tt_coro_fn *peer;
    int cancelled_least; /* how often it waits at least; fewer, and the peer does not do what it is for */
    int kind;            /* of ground: a word of the test's own */
};

/* Opens what OPERATION needs; -1: something is pending. Runs in the operation's task, and may defer. Outside conditions abort. */
typedef int (*open_ground_fn)(struct ground *ground, const struct operation *operation);

/* Fails the case with the first operation that goes wrong. */
void try_each(open_ground_fn open_ground, const struct operation *operations, size_t count);
#define TRY(open_ground, operations) try_each(open_ground, operations, sizeof(operations) / sizeof(operations)[0])

/* 0, or notes that something is not as it should be: the case fails with WHAT. */
int check(bool is_right, const char *what);

/* Peers; the argument is the ground. The first does nothing, the second takes what comes to pair[1], some of it in each turn, the third
 * accepts at pair[1] and hangs up. */
int idle(void *ground);
int drain(void *ground);
int accept_them(void *ground);

#endif
