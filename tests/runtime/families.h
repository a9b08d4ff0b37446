/* families.h: operations of input and output, each with a peer that never pauses: it does its part, with plain system calls, right
 * before the operation or after it, so that the operation never has a reason to wait. One thread. */
#ifndef TT_TESTS_FAMILIES_H
#define TT_TESTS_FAMILIES_H

#include "stage.h"

#include <sys/socket.h>

struct ground;

struct family {
    const char *name;
    int (*open)(struct ground *ground);
    int (*produce)(struct ground *ground, int number); /* the peer's part before the call; NULL: none */
    int (*operate)(struct ground *ground, int number); /* the call: 0, or -1 with an exception pending */
    int (*settle)(struct ground *ground, int number);  /* after it: takes exactly one thing away. NULL: none */
    void (*end)(struct ground *ground); /* lets go of what the call is about; NULL: that is not allowed */
};

extern const struct family families[];
extern const size_t family_count;

/* Numbers up to this can be operated on. */
enum { NUMBERS_MAX = 1024 };

/* What a family works with. Descriptors that are not there are -1. */
struct ground {
    const struct family *family;
    int pair[2]; /* the task's end, if it is not a stream's; the peer's */
    int file;
    tt_stream *stream; /* of pair[0] */
    tt_udp *udp, *other_udp;
    tt_listener *listener;
    tt_fs_watch *watch;
    struct sockaddr_storage address; /* of pair[1], if that listens */
    socklen_t length;
    char path[108];
};

/* A ground of FAMILY, which goes with the running task; NULL with an exception pending. */
struct ground *create_ground(const struct family *family);

/* Produces, operates and settles. 0, or -1 with an exception pending. */
int call_once(struct ground *ground, int number);

/* 0, or raises WHAT is wrong with the test or the library. */
int expect(bool is_right, const char *what);

#endif
