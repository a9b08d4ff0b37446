/* sigpipe.h: writing to what nobody reads any more, without the signal.
 *
 * write, writev and sendfile have no flag that keeps SIGPIPE from being raised, also by a call that has written a part and says
 * so. It is blocked meanwhile, and taken back. One that was pending before is somebody else's.
 *
 * Threads: any; a pair of calls is one thread's, which SIGPIPE of writing is sent to. */
#ifndef TT_SIGPIPE_H
#define TT_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

struct tt_sigpipe {
    sigset_t before;
    bool was_pending;
};

void tt__sigpipe_block(struct tt_sigpipe *sigpipe);

/* MAY_BE_RAISED: the call in between has not written all that it was to. errno stays. */
void tt__sigpipe_unblock(const struct tt_sigpipe *sigpipe, bool may_be_raised);

#endif
