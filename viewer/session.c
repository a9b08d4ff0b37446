/* session.c: a store that a command reads. The contract is in session.h. */
#include "session.h"

#include "leftovers.h"
#include "query.h"
#include "store.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* Queries that --explain-sql remembers, values included, so that each is printed once. */
#define EXPLAINED_MAX 1024u

/* From when on it is said that a query takes long. */
#define PROGRESS_NS INT64_C(1000000000)

struct tt_session {
    bool has_progress; /* a line about it stands on the terminal */
    struct tt_store_reader *reader;
    struct tt_invocation *invocation;
    struct tt_leftovers leftovers;
    int failure; /* exit status for the first query that failed; 0: none did */
    FILE *nowhere;     /* --explain-sql: where the command prints to; NULL otherwise */
    tt_output explain; /* --explain-sql: where its queries go */
    char *explained[EXPLAINED_MAX];
    size_t explained_count;
};

static int status_of(enum tt_store_error_kind kind)
{
    return kind == TT_STORE_BUSY || kind == TT_STORE_FULL || kind == TT_STORE_FAILED ? TT_EXIT_OUTSIDE : TT_EXIT_INPUT;
}

/* SQLite's, through the reader: a query has been running for so long. */
static void show_progress(void *context, int64_t elapsed_ns)
{
    tt_session *session = context;
    if (elapsed_ns < PROGRESS_NS)
        return;
    tt_output terminal = {.stream = session->invocation->progress};
    tt__print(&terminal, "\rtelltale: reading %s: %jd s", tt__session_path(session), (intmax_t)(elapsed_ns / 1000000000));
    fflush(terminal.stream);
    session->has_progress = true;
}

void tt__session_hide_progress(tt_session *session)
{
    if (!session->has_progress)
        return;
    fputs("\r\033[K", session->invocation->progress);
    fflush(session->invocation->progress);
    session->has_progress = false;
}

static int begin_explaining(tt_session *session)
{
    tt_output *output = &session->invocation->output;
    session->nowhere = fopen("/dev/null", "w");
    if (session->nowhere == NULL)
        return -1;
    session->explain = *output;
    output->stream = session->nowhere;
    return 0;
}

enum look { LOOK_AT_STORE, LOOK_AT_SETTLED_COPY };

static int open_reader(const struct tt_invocation *invocation, const char *path, enum look look, struct tt_store_reader **out_reader,
                       struct tt_store_error *out_error)
{
    if (look == LOOK_AT_SETTLED_COPY)
        return tt_store_open_settled_reader(path, out_reader, out_error);
    return invocation->command->reads_all ? tt_store_open_large_reader(path, out_reader, out_error)
                                          : tt_store_open_reader(path, out_reader, out_error);
}

static int look_at(struct tt_invocation *invocation, const char *path, enum look look, tt_session **out_session,
                   char out_complaint[static 1024])
{
    struct tt_store_error error = {0};
    tt_session *session = calloc(1, sizeof *session);
    if (session == NULL) {
        snprintf(out_complaint, 1024, "not enough memory to open %s", path);
        return TT_EXIT_OUTSIDE;
    }
    session->invocation = invocation;
    /* Nobody asks how much memory SQLite has, and counting it is a lock at each allocation. The first session says so; later SQLite
     * refuses to hear it. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (open_reader(invocation, path, look, &session->reader, &error) < 0) {
        snprintf(out_complaint, 1024, "%s", error.text);
        free(session);
        return status_of(error.kind);
    }
    if (invocation->progress != NULL)
        tt_store_set_progress(session->reader, show_progress, session);
    tt_store_set_deadline(session->reader, (int64_t)invocation->timeout_s * 1000000000);
    /* One command, one state of the store, also while it grows. */
    sqlite3_stmt *begin = NULL;
    if (tt_store_prepare(session->reader, "BEGIN", &begin, NULL) != SQLITE_OK || sqlite3_step(begin) != SQLITE_DONE)
        tt__complain("%s: %s", path, tt_store_reader_message(session->reader));
    sqlite3_finalize(begin);
    *out_session = session;
    return -1;
}

int tt__session_look(struct tt_invocation *invocation, const char *path, tt_session **out_session, char out_complaint[static 1024])
{
    return look_at(invocation, path, LOOK_AT_STORE, out_session, out_complaint);
}

/* Whether processes seem to run that nobody records any more. */
static bool is_cut_off(tt_session *session)
{
    return tt__query_count(session, "SELECT EXISTS (SELECT 1 FROM process WHERE is_balanced IS NULL)") > 0 &&
           tt__leftovers_is_left(tt__session_path(session)) && !tt_store_reader_has_writer(session->reader);
}

/* As tt__session_look(); of a store that nobody writes any more nobody is told that its processes run. */
static int look_settled(struct tt_invocation *invocation, const char *path, tt_session **out_session, char out_complaint[static 1024])
{
    int status = tt__session_look(invocation, path, out_session, out_complaint);
    if (status >= 0 || !is_cut_off(*out_session))
        return status;
    tt__session_close(*out_session, -1);
    return look_at(invocation, path, tt__leftovers_settle(path) ? LOOK_AT_STORE : LOOK_AT_SETTLED_COPY, out_session, out_complaint);
}

/* Says why there is no store: COMPLAINT, unless it is about to be made. Returns the exit status, which is STATUS as a rule. */
static int complain_about_store(const char *path, const char *complaint, const struct tt_leftovers *leftovers, int status)
{
    struct stat file;
    bool is_there = stat(path, &file) == 0 && file.st_size > 0;
    if (is_there || (leftovers->doubt != TT_LEFTOVERS_UNANSWERED && leftovers->doubt != TT_LEFTOVERS_UNWRITTEN)) {
        tt__complain("%s", complaint);
        return status;
    }
    tt__complain("%s: there is no store yet: what belongs into it, %ju events at most, is in %s", path, (uintmax_t)leftovers->event_count,
                 leftovers->dir);
    return TT_EXIT_OUTSIDE;
}

int tt__session_open(struct tt_invocation *invocation, const char *path, tt_session **out_session)
{
    char complaint[1024];
    struct tt_leftovers leftovers;
    tt_session *session = NULL;
    tt__leftovers_catch_up(path, &leftovers);
    int status = look_settled(invocation, path, &session, complaint);
    if (status >= 0)
        return complain_about_store(path, complaint, &leftovers, status);
    session->leftovers = leftovers;
    if (invocation->is_explaining && begin_explaining(session) < 0) {
        tt__complain("cannot open /dev/null; --explain-sql needs it");
        tt_store_close_reader(session->reader);
        free(session);
        return TT_EXIT_OUTSIDE;
    }
    *out_session = session;
    return -1;
}

struct tt_store_reader *tt__session_reader(const tt_session *session)
{
    return session->reader;
}

int tt__session_close(tt_session *session, int status)
{
    if (session == NULL)
        return status;
    tt__session_hide_progress(session);
    bool is_hidden = status == TT_EXIT_CLEAN || status == TT_EXIT_FINDINGS || status == TT_EXIT_UNCERTAIN;
    if (session->failure != 0 && is_hidden)
        status = session->failure;
    if (session->nowhere != NULL) {
        session->invocation->output = session->explain;
        fclose(session->nowhere);
    }
    for (size_t i = 0; i < session->explained_count; i++)
        free(session->explained[i]);
    tt_store_close_reader(session->reader);
    free(session);
    return status;
}

const struct tt_leftovers *tt__session_leftovers(const tt_session *session)
{
    return &session->leftovers;
}

const char *tt__session_path(const tt_session *session)
{
    return tt_store_reader_path(session->reader);
}

bool tt__session_asks_steps(const tt_session *session)
{
    return tt_store_reader_asks_steps(session->reader) != 0;
}

void tt__session_fail(tt_session *session, enum tt_exit status)
{
    if (session->failure == 0)
        session->failure = (int)status;
}

bool tt__session_has_failed(const tt_session *session)
{
    return session->failure != 0;
}

void tt__session_explain(tt_session *session, const char *sql)
{
    if (session->nowhere == NULL)
        return;
    for (size_t i = 0; i < session->explained_count; i++)
        if (strcmp(session->explained[i], sql) == 0)
            return;
    char *copy = session->explained_count < EXPLAINED_MAX ? strdup(sql) : NULL;
    if (copy != NULL)
        session->explained[session->explained_count++] = copy;
    /* The values may be foreign, the line ends are ours. */
    for (const char *line = sql; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        char *text = strndup(line, length);
        if (text != NULL)
            tt__print(&session->explain, "%s\n", text);
        free(text);
        line += length + (line[length] == '\n');
    }
    tt__print(&session->explain, ";\n");
}

enum tt_file_kind tt__session_file_kind(const char *path)
{
    struct tt_store_error error = {0};
    struct tt_store_reader *reader = NULL;
    if (tt_store_open_reader(path, &reader, &error) == 0) {
        tt_store_close_reader(reader);
        return TT_FILE_STORE;
    }
    switch (error.kind) {
    case TT_STORE_MISSING:
        return TT_FILE_MISSING;
    case TT_STORE_DAMAGED:
        return TT_FILE_STORE;
    case TT_STORE_NEWER_SCHEMA:
        return TT_FILE_NEWER_STORE;
    case TT_STORE_UNREADABLE:
    case TT_STORE_BUSY:
    case TT_STORE_FULL:
    case TT_STORE_FAILED:
        return TT_FILE_UNREADABLE;
    default:
        return TT_FILE_OTHER;
    }
}

const char *tt__session_sqlite_version(void)
{
    return sqlite3_libversion();
}
