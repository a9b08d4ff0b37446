/* session.h: a store that a command reads.
 *
 * What it is for. Opening a store as viewer.md wants it: read only, after its recorder has written what was said until then, recovered when
 * a killed process left something behind, with limits and a deadline, and with complaints that say what to do next.
 *
 * What it leaves to others. Queries: query.h. How a store is opened and what its views are: telltale-store.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_SESSION_H
#define TT_VIEWER_SESSION_H

#include "command.h"

struct sqlite3;
struct tt_store_reader;

typedef struct tt_session tt_session;

/* Opens the store at PATH for INVOCATION; with --explain-sql what the command prints is dropped from here on and its
 * queries are printed instead. Returns -1 and the session, or the exit status after a complaint. */
int tt__session_open(struct tt_invocation *invocation, const char *path, tt_session **out_session);

/* The same, but nothing is recovered, and nothing is complained of: OUT_COMPLAINT says it. */
int tt__session_look(struct tt_invocation *invocation, const char *path, tt_session **out_session, char out_complaint[static 1024]);

/* The store: for query.c, and for doctor, what there is beside SQL (store_examine.h). */
struct tt_store_reader *tt__session_reader(const tt_session *session);

/* Ends the session. Returns STATUS, or that of the first query that failed when STATUS would hide it. */
int tt__session_close(tt_session *session, int status);

/* What belongs into the store, and is not in it: then an answer that rests on absence is a guess. */
struct tt_leftovers;
const struct tt_leftovers *tt__session_leftovers(const tt_session *session);

/* The store's path as the user gave it. */
const char *tt__session_path(const tt_session *session);

/* Whether a query of this session has asked for steps. */
bool tt__session_asks_steps(const tt_session *session);

/* Notes that a query failed or was stopped, and which exit status that deserves; for query.c. */
void tt__session_fail(tt_session *session, enum tt_exit status);

/* Whether that was noted. */
bool tt__session_has_failed(const tt_session *session);

/* Takes away what the terminal says about a query that takes long, because there is something to print; for query.c. */
void tt__session_hide_progress(tt_session *session);

/* Called with each query before it runs, bound values filled in; prints it once. For query.c. */
void tt__session_explain(tt_session *session, const char *sql);

/* What stands at PATH. A store may be damaged: it is one all the same. */
enum tt_file_kind { TT_FILE_MISSING, TT_FILE_STORE, TT_FILE_NEWER_STORE, TT_FILE_OTHER, TT_FILE_UNREADABLE };
enum tt_file_kind tt__session_file_kind(const char *path);

/* Version of the SQLite library that runs. */
const char *tt__session_sqlite_version(void);

#endif
