/* race.h: connecting to one of several addresses: one after the other, or beside each other. Inside a task. */
#ifndef TT_RACE_H
#define TT_RACE_H

#include <telltale/connection.h>

#include "address_internal.h"
#include "loop_internal.h"

/* Connects by TCP to one of ADDRESSES, COUNT (at least one) in the order in which they are tried; the malloc'ed array is
 * taken over. LOCALS, borrowed, are where connections come from, each for its family, LOCAL_COUNT; 0: anywhere. Returns the connected
 * descriptor, the caller's, and *OUT_PEER. -1 with an exception pending; then no descriptor is left. */
int tt__race_connect(tt_site *site, struct tt_task_object *task, struct tt_address *addresses, size_t count,
                     const struct tt_address *locals, size_t local_count,
                     const struct tt_connection_options *options, struct tt_address *out_peer);

#endif
