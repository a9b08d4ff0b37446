/* datagrams.h: what the tests of datagram sockets share. See stage.h; one thread. */
#ifndef TT_TESTS_DATAGRAMS_H
#define TT_TESTS_DATAGRAMS_H

#include "stage.h"

/* Notes the error that is pending, with what was done to what; ports become PORT. Returns 0. */
int note_error(const char *label);

int port_of(const tt_udp *udp);
struct tt_address local_of(const tt_udp *udp);

/* For tt_defer. */
int close_udp(void *udp);
int end_task(void *task); /* cancels it, and lets go of it */

/* UDP, which the end of the task closes. NULL: an exception is pending. */
tt_udp *until_end(tt_udp *udp);
tt_udp *open_until_end(const char *host);

int send_to_itself(tt_udp *udp, const void *data, size_t size);

/* Coroutines. Sends the next datagram that comes to the socket ARG back. */
int answer_one(void *arg);

/* Asks a socket bound to the host ARG by one that is connected to it; notes the answer. */
int converse(void *arg);

#endif
