/* telltale/telltale.h: all of the runtime. Programs include this one.
 *
 * NULL. A pointer may be NULL where its header says so: the end of a pair (destroy, close, unref), the running loop, options,
 * an out parameter or a function that nobody needs; an array or a buffer of which no element is used (a count or size of
 * 0). Everywhere else it is a broken precondition: the process ends by SIGABRT with one line on stderr that names function and
 * argument, "telltale: precondition lock_locked.lock broken: lock != NULL", and the caller's place where that is known. Only the
 * room for an address that tt_sock_accept and tt_sock_recvfrom have the kernel fill is its own affair (OSError EFAULT).
 *
 * Options and arrays may be compound literals in C, in the calls whose headers say so; C++ takes no address of one, so that they have
 * names there. */
#ifndef TELLTALE_H
#define TELLTALE_H

#include <telltale/address.h>
#include <telltale/as_completed.h>
#include <telltale/barrier.h>
#include <telltale/condition.h>
#include <telltale/connection.h>
#include <telltale/event.h>
#include <telltale/context.h>
#include <telltale/dns.h>
#include <telltale/exc.h>
#include <telltale/exc_group.h>
#include <telltale/executor.h>
#include <telltale/fs.h>
#include <telltale/fs_watch.h>
#include <telltale/future.h>
#include <telltale/gather.h>
#include <telltale/guest.h>
#include <telltale/interval.h>
#include <telltale/link.h>
#include <telltale/lock.h>
#include <telltale/loop.h>
#include <telltale/process.h>
#include <telltale/queue.h>
#include <telltale/run.h>
#include <telltale/semaphore.h>
#include <telltale/server.h>
#include <telltale/shield.h>
#include <telltale/signal.h>
#include <telltale/sock.h>
#include <telltale/stream.h>
#include <telltale/task.h>
#include <telltale/task_group.h>
#include <telltale/threads.h>
#include <telltale/timeout.h>
#include <telltale/trace.h>
#include <telltale/udp.h>
#include <telltale/wait.h>

#endif
