/* descriptor.h: descriptors that other processes have, too.
 *
 * O_NONBLOCK belongs to what was opened, not to the descriptor: a child, or whoever else has got it, clears it for everybody. A
 * pipe or a terminal can be opened anew, with flags of its own. For the rest nobody may rely on the flag whom a call that
 * blocks would hold up with all his tasks.
 *
 * Threads: any. */
#ifndef TT_DESCRIPTOR_H
#define TT_DESCRIPTOR_H

#include <stdbool.h>

/* Opens the pipe or terminal NUMBER again: non-blocking, close-on-exec, its flags its own. -1: it is none, or the system does
 * not let us. */
int tt__descriptor_open_again(int number);

/* Whether DESCRIPTOR is open and non-blocking. */
bool tt__descriptor_is_non_blocking(int descriptor);

/* Makes DESCRIPTOR non-blocking, or blocking, if it is not. errno stays. */
void tt__descriptor_set_blocking(int descriptor, bool is_blocking);

/* Whether an attempt to read DESCRIPTOR comes back at once: it is non-blocking, or there is something. */
bool tt__descriptor_may_be_read(int descriptor);

/* The same of an attempt to accept, which comes back at once, and fails, also where nobody listens. */
bool tt__descriptor_may_accept(int descriptor);

#endif
