/* ring_dir.h: where the arenas of a recording lie.
 *
 * What it is for. A store has one ring dir, a private folder on tmpfs whose name is made from the store's path, so that
 * traced processes, recorder and viewers find one another by the store alone. It holds
 *
 *   store                 a text file: the store's absolute path and a newline
 *   lock                  locked with flock by the one recorder at work
 *   PID-UUID8.arena       one for each traced process
 *
 * It is made by whoever comes first, and a default one is deleted by the recorder that has read its last arena.
 *
 * What it leaves to others: what is in an arena (arena.h), who records (recorder), environment variables (options.c).
 *
 * Threads: any; not in signal handlers. No memory is allocated by the functions themselves. All return 0 or a
 * negative errno value.
 */
#ifndef TT_RING_DIR_H
#define TT_RING_DIR_H

#include <stdbool.h>
#include <stddef.h>

#define TT_RING_DIR_STORE   "store"
#define TT_RING_DIR_LOCK    "lock"
#define TT_RING_DIR_REFUSED "refused"

/* The canonical absolute path of STORE, which need not exist: the real path of its folder, and its base name as it
 * stands. -ENOENT: the folder does not exist; -EISDIR: it names a folder; -ENAMETOOLONG: it does not fit into SIZE
 * bytes. */
int tt__store_canonical_path(const char *store, char *out, size_t size);

/* The default ring dir of STORE: /dev/shm/telltale-UID/HASH, where HASH is the FNV-1a 64 of the store's canonical
 * path in 16 hexadecimal digits; below $TMPDIR or /tmp where there is no /dev/shm. Only makes the name; errors as
 * above. */
int tt__ring_dir_of_store(const char *store, char *out, size_t size);

/* Makes DIR, and the private folder above a default one, with mode 0700, and writes STORE (absolute; NULL: not known)
 * into its file `store` unless there is one. Harmless when all is there. -EPERM: DIR or its private parent belongs to
 * somebody else or others may write to it, so that nothing in it could be trusted; -ENOTDIR: it is no folder, or is a
 * symbolic link. */
int tt__ring_dir_prepare(const char *dir, const char *store);

/* The same for a default one that was there before, and that a recorder may have deleted meanwhile. -ENOENT: DIR is no
 * default one, or the private folder above it is not there, as in another root. Async-signal-safe. */
int tt__ring_dir_renew(const char *dir, const char *store);

/* Notes in DIR that the file STORE, as it is now, is none that a recorder can write: damaged, or another program's. Best effort: who begins
 * to be recorded next hears of it by tt__ring_dir_refuses(), until another file is there, or the file has changed. */
void tt__ring_dir_refuse(const char *dir, const char *store);
bool tt__ring_dir_refuses(const char *dir, const char *store);

/* Reads the path of the store that DIR belongs to. -ENOENT: it says none. */
int tt__ring_dir_read_store(const char *dir, char *out, size_t size);

#endif
