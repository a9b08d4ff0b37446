/* descriptor.c: see descriptor.h. */
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The end of a terminal that a program plays, opened anew, would be another terminal's. */
static bool is_played(int number)
{
    unsigned index;

    return ioctl(number, TIOCGPTN, &index) == 0;
}

int tt__descriptor_open_again(int number)
{
    int flags = fcntl(number, F_GETFL);
    struct stat about;
    char path[32];

    if (flags < 0 || fstat(number, &about) < 0)
        return -1;
    if (!S_ISFIFO(about.st_mode) && (!isatty(number) || is_played(number)))
        return -1;
    snprintf(path, sizeof path, "/proc/self/fd/%d", number);
    return open(path, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

bool tt__descriptor_is_non_blocking(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);

    return flags >= 0 && (flags & O_NONBLOCK);
}

void tt__descriptor_set_blocking(int descriptor, bool is_blocking)
{
    int error = errno, flags = fcntl(descriptor, F_GETFL);

    if (flags >= 0 && !(flags & O_NONBLOCK) != is_blocking)
        (void)fcntl(descriptor, F_SETFL, flags ^ O_NONBLOCK);
    errno = error;
}

bool tt__descriptor_may_be_read(int descriptor)
{
    struct pollfd about = {.fd = descriptor, .events = POLLIN};

    return tt__descriptor_is_non_blocking(descriptor) || poll(&about, 1, 0) != 0;
}

bool tt__descriptor_may_accept(int descriptor)
{
    int is_listening = 0;
    socklen_t size = sizeof is_listening;

    return tt__descriptor_may_be_read(descriptor) ||
           getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0 || !is_listening;
}
