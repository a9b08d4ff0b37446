/* sigpipe.c: see sigpipe.h. */
#include "sigpipe.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static sigset_t only_sigpipe(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

void tt__sigpipe_block(struct tt_sigpipe *sigpipe)
{
    sigset_t pipe = only_sigpipe(), pending;

    sigpending(&pending);
    sigpipe->was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &sigpipe->before);
}

void tt__sigpipe_unblock(const struct tt_sigpipe *sigpipe, bool may_be_raised)
{
    sigset_t pipe = only_sigpipe();
    int saved_errno = errno;

    if (may_be_raised && !sigpipe->was_pending)
        while (sigtimedwait(&pipe, NULL, &(struct timespec){0}) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &sigpipe->before, NULL);
    errno = saved_errno;
}
