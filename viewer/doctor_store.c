/* doctor_store.c: telltale doctor STORE: what the state of a store is, and what to do.
 *
 * What is here: findings about the file (what it is, who writes it, what lies beside it), about what is in it (whether it is whole,
 * whether all that was read is there), and about its size. Nothing is changed: what killed processes left is counted, and not read. Of a
 * store that cannot be opened the findings about the file are made all the same.
 *
 * Who writes it. A recorder holds a lock of flock on the file; /proc/locks says whose it is. Trying to take it would turn away a
 * recorder that starts in this moment.
 */
#include "doctor.h"

#include "leftovers.h"
#include "output/text.h"
#include "pause.h"
#include "query.h"
#include "report.h"
#include "ring_dir.h"
#include "store_examine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct examination {
    struct tt_invocation *invocation;
    const char *path;
    tt_session *session; /* NULL: it cannot be opened */
    bool is_there;
    long writer;         /* process id of who writes it; 0: nobody, or nobody who can be seen here */
    bool is_written;     /* somebody has its lock, whom the list of locks may not name: in another pid namespace, say */
    int status;
};

/* Prints FINDING, and remembers what it means for the exit status. */
static void tell(struct examination *examination, const char *name, const struct tt_finding *finding)
{
    tt__doctor_print(&examination->invocation->output, name, finding);
    if (finding->verdict == TT_DOCTOR_BAD && examination->status == TT_EXIT_CLEAN)
        examination->status = TT_EXIT_INPUT;
}

/* ---------------------------------------------------------------------------------------------------- the file */

/* The writer, called NAME if that is known, waits. */
static void tell_pause(struct examination *examination, const char *name, const struct tt_recorder_pause *pause)
{
    struct tt_finding finding = {.verdict = TT_DOCTOR_NOTE};
    struct timespec now;
    char lasted[TT_DURATION_BYTES], cause[160], counts[160];
    clock_gettime(CLOCK_MONOTONIC, &now);
    tt__text_duration(lasted, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec - pause->since_ns);
    TT_FOUND(&finding, "process %ld%s%s has written nothing for %s, %s; %s", examination->writer, name[0] != '\0' ? ", " : "", name, lasted,
             tt__pause_cause(pause, cause), tt__pause_counts(pause, counts));
    finding.remedy = pause->reason == TT_PAUSE_REASON_FULL ? "make room; recording goes on by itself, and what finds its ring full until then is lost"
                     : pause->reason == TT_PAUSE_REASON_LOG ? "end that process, or let it go on; recording goes on by itself then"
                                                            : "look at the disk and at the limits of the recorder; it tries again and again";
    tell(examination, "writer", &finding);
}

static void tell_writer(struct examination *examination)
{
    struct tt_finding finding = {0};
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", examination->writer);
    FILE *file = examination->writer != 0 ? fopen(path, "re") : NULL;
    if (file != NULL) {
        if (fgets(name, sizeof name, file) != NULL)
            name[strcspn(name, "\n")] = '\0';
        fclose(file);
    }
    struct tt_recorder_pause pause;
    if (examination->writer != 0 && tt__pause_find(examination->path, &pause)) {
        tell_pause(examination, name, &pause);
        return;
    }
    if (examination->writer == 0)
        TT_FOUND(&finding, "%s", examination->is_written ? "a process that cannot be seen from here is writing it" : "nobody writes it");
    else
        TT_FOUND(&finding, "process %ld%s%s is writing it", examination->writer, name[0] != '\0' ? ", " : "", name);
    tell(examination, "writer", &finding);
}

/* Only of a file that SQLite does not have open in this process: closing it would drop SQLite's locks. */
static bool is_sqlite(const char *path)
{
    char magic[16] = "";
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool is_read = fread(magic, sizeof magic, 1, file) == 1;
    fclose(file);
    return is_read && memcmp(magic, "SQLite format 3", sizeof magic) == 0;
}

/* Whether this user could make the file at PATH. */
static bool can_make(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t length = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= sizeof folder)
        return false;
    memcpy(folder, path, length);
    folder[length] = '\0';
    return access(length > 0 ? folder : ".", W_OK | X_OK) == 0 || errno == ENOENT;
}

static void tell_file(struct examination *examination, const struct stat *file, const char *complaint)
{
    struct tt_finding finding = {0};
    if (complaint != NULL) {
        finding.verdict = TT_DOCTOR_BAD;
        TT_FOUND(&finding, "%s", complaint);
        if (examination->status == TT_EXIT_INPUT)
            finding.remedy = file != NULL && S_ISREG(file->st_mode) && is_sqlite(examination->path)
                                 ? "what is readable of a damaged store: sqlite3 STORE .dump"
                             : file == NULL && !can_make(examination->path)
                                 ? "it cannot be made either: this user may not write to its folder, nor may a recorder that this user starts"
                                 : "give the path of a file that telltale record or import wrote";
    } else {
        TT_FOUND(&finding, "%s, schema %" PRId64 ", %" PRIu64 " KiB, mode %03o", examination->path,
                 tt__query_count(examination->session, "PRAGMA user_version"), (uint64_t)file->st_size >> 10,
                 (unsigned)(file->st_mode & 0777));
        if ((file->st_mode & 077) != 0) {
            finding.verdict = TT_DOCTOR_NOTE;
            finding.remedy = "others may read it; telltale makes stores with mode 600: chmod 600 STORE";
        }
    }
    tell(examination, "file", &finding);
}

/* What lies beside the file. */
static void tell_log(struct examination *examination)
{
    struct tt_finding finding = {0};
    struct stat log, journal;
    char path[PATH_MAX];
    bool has_log = snprintf(path, sizeof path, "%s-wal", examination->path) < (int)sizeof path &&
                   stat(path, &log) == 0 && log.st_size > 0;
    bool has_journal = snprintf(path, sizeof path, "%s-journal", examination->path) < (int)sizeof path &&
                       stat(path, &journal) == 0 && journal.st_size > 0;
    if (has_log)
        TT_FOUND(&finding, "%s-wal, %" PRIu64 " KiB", examination->path, (uint64_t)log.st_size >> 10);
    else
        TT_FOUND(&finding, has_journal ? "%s-journal" : "none", examination->path);
    if ((has_log || has_journal) && !examination->is_written) {
        finding.verdict = TT_DOCTOR_NOTE;
        finding.remedy = "its recorder was killed, or readers kept it from making one file; whoever copies the store "
                         "has to copy both";
    }
    tell(examination, "log", &finding);
}

static void tell_arenas(struct examination *examination)
{
    struct tt_finding finding = {0};
    char path[PATH_MAX], dir[PATH_MAX];
    struct tt_ring_dir_content content = {0};
    bool is_running = false;
    if (tt__store_canonical_path(examination->path, path, sizeof path) == 0 &&
        tt__ring_dir_of_store(path, dir, sizeof dir) == 0) {
        content = tt__leftovers_look(dir);
        is_running = tt__leftovers_has_running(dir);
    }
    if (content.arena_count == 0 && !examination->is_there)
        return;
    if (content.arena_count == 0)
        TT_FOUND(&finding, "no arenas");
    else if (content.has_recorder)
        TT_FOUND(&finding, "%zu %s, which a recorder reads", content.arena_count,
                 content.arena_count == 1 ? "arena" : "arenas");
    else
        TT_FOUND(&finding, "%zu %s in %s that nobody reads%s", content.arena_count,
                 content.arena_count == 1 ? "arena" : "arenas", dir, is_running ? ", of programs that run" : "");
    if (content.arena_count > 0 && !content.has_recorder) {
        finding.verdict = TT_DOCTOR_NOTE;
        finding.remedy = "telltale report STORE, like each command that reads it, has them read into it first";
    }
    tell(examination, "left behind", &finding);
}

/* ------------------------------------------------------------------------------------------------- what is in it */

/* SQLite's own check: of pages, rows and indexes. */
static bool tell_structure(struct examination *examination)
{
    struct tt_finding finding = {0};
    size_t count = 0;
    tt_query *query = tt__query_open(examination->session, "PRAGMA integrity_check(100)");
    while (tt__query_next(query)) {
        const char *complaint = tt__query_text(query, "integrity_check");
        if (complaint == NULL || strcmp(complaint, "ok") == 0)
            break;
        if (count++ == 0)
            TT_FOUND(&finding, "%.300s", complaint);
    }
    tt__query_close(query);
    bool has_failed = tt__session_has_failed(examination->session);
    if (count == 0)
        TT_FOUND(&finding, has_failed ? "SQLite cannot read it to its end" : "pages, rows and indexes are whole");
    if (count > 0 || has_failed) {
        finding.verdict = TT_DOCTOR_BAD;
        finding.remedy = "what is readable: sqlite3 STORE .dump; what is printed of such a store may be wrong";
    }
    tell(examination, "structure", &finding);
    return count == 0 && !has_failed;
}

static void tell_stream(struct examination *examination)
{
    struct tt_finding finding = {0};
    struct tt_store_stream stream;
    bool is_read = tt_store_examine_stream(tt__session_reader(examination->session), &stream) == 0;
    if (stream.damaged_count > 0)
        TT_FOUND(&finding, "%s%s; %" PRId64 " of %" PRId64 " chunks are damaged", stream.damage,
                 is_read ? "" : "; it cannot be read to its end", stream.damaged_count,
                 stream.damaged_count + stream.chunk_count);
    else if (!is_read)
        TT_FOUND(&finding, "it cannot be read to its end");
    else if (stream.chunk_count == 0)
        TT_FOUND(&finding, "none; record --events +step has one");
    else
        TT_FOUND(&finding, "%" PRId64 " events in %" PRId64 " chunks, all whole", stream.event_count,
                 stream.chunk_count);
    if (stream.damaged_count > 0 || !is_read) {
        finding.verdict = TT_DOCTOR_BAD;
        finding.remedy = "tasks and failures do not rest on it; to ask of the stream at other times: WHERE time_ns ...";
    }
    tell(examination, "event stream", &finding);
}

/* Processes that were read to their end, and whose counts add up: attempts are records, drops and holes, and where there is an event
 * stream each record is in it or was pruned. Traces of LTTng have no such counts. */
static const char select_counts[] =
    "WITH streamed AS (SELECT thread_id >> 40 AS process_id, sum(event_count) AS count FROM chunk GROUP BY 1),\n"
    "pruned_stream AS (SELECT process_id, sum(count) AS count FROM pruned WHERE what = 'stream' GROUP BY 1),\n"
    "counted AS (SELECT p.process_id, p.is_balanced, p.is_boardless, p.gone_ns, p.ring_bytes,\n"
    "        EXISTS (SELECT 1 FROM losses AS l WHERE l.process_id = p.process_id AND l.count IS NULL) AS is_unknown,\n"
    "        EXISTS (SELECT 1 FROM gap AS g WHERE g.thread_id >> 40 = p.process_id AND g.what = 'cut_off') AS is_cut_off,\n"
    "        iif(p.ring_bytes IS NOT NULL AND (s.count IS NOT NULL OR g.count IS NOT NULL OR p.categories & 7680),\n"
    "            coalesce(p.record_count, 0) - coalesce(s.count, 0) - coalesce(g.count, 0), 0) AS missing\n"
    "    FROM process AS p LEFT JOIN streamed AS s USING (process_id) LEFT JOIN pruned_stream AS g USING "
    "(process_id))\n"
    "SELECT count(*) AS processes, sum(is_balanced IS NULL AND gone_ns IS NULL) AS running,\n"
    "    sum(is_balanced IS NULL AND gone_ns IS NOT NULL) AS unread, sum(is_balanced IS 0 AND is_boardless IS NOT 1 AND NOT is_cut_off) AS unbalanced,\n"
    "    sum(is_unknown) AS unknown,\n"
    "    sum(missing <> 0) AS untold, sum(abs(missing)) AS missing FROM counted";

static void tell_completeness(struct examination *examination)
{
    struct tt_finding finding = {0};
    tt_query *query = tt__query_open(examination->session, select_counts);
    if (!tt__query_next(query)) {
        tt__query_close(query);
        return;
    }
    int64_t processes = tt__query_integer(query, "processes"), running = tt__query_integer(query, "running");
    int64_t unread = tt__query_integer(query, "unread"), unbalanced = tt__query_integer(query, "unbalanced");
    int64_t missing = tt__query_integer(query, "missing"), untold = tt__query_integer(query, "untold");
    int64_t unknown = tt__query_integer(query, "unknown");
    bool is_left = running > 0 && !examination->is_written && tt__leftovers_is_left(examination->path);
    if (unbalanced > 0)
        TT_FOUND(&finding, "counts do not add up for %" PRId64 " of %" PRId64 " processes", unbalanced, processes);
    else if (untold > 0)
        TT_FOUND(&finding,
                 "%" PRId64 " events of %" PRId64
                 " %s are not in the event stream, or are too many there, and nothing says why",
                 missing, untold, untold == 1 ? "process" : "processes");
    else if (unread > 0)
        TT_FOUND(&finding, "%" PRId64 " of %" PRId64 " processes were not read to their end", unread, processes);
    else if (processes == 0)
        TT_FOUND(&finding, "no process has been recorded");
    else if (is_left)
        TT_FOUND(&finding, "%" PRId64 " of %" PRId64 " processes were not recorded to their end, and nobody writes the store any more", running,
                 processes);
    else if (unknown > 0)
        TT_FOUND(&finding, "of %" PRId64 " of %" PRId64 " processes nobody knows whether all is here", unknown, processes);
    else
        TT_FOUND(&finding, "%" PRId64 " %s, %" PRId64 " not over; all counts add up", processes,
                 processes == 1 ? "process" : "processes", running);
    tt__query_close(query);
    if (unbalanced > 0 || untold > 0) {
        finding.verdict = TT_DOCTOR_BAD;
        finding.remedy =
            "rows were changed or lost after they were written; take answers that rest on absence for uncertain";
    } else if (unread > 0) {
        finding.verdict = TT_DOCTOR_NOTE;
        finding.remedy = "their recorder was killed; telltale report STORE reads what is left of them, if it is";
    } else if (is_left) {
        finding.verdict = TT_DOCTOR_NOTE;
        finding.remedy = "what was not in the store yet is gone, or this is a copy of a store that was being written; telltale report STORE "
                         "takes what rests on it for unknown";
    } else if (unknown > 0) {
        finding.verdict = TT_DOCTOR_NOTE;
        finding.remedy = "what rests on events that may be missing is unknown; see losses";
    }
    tell(examination, "completeness", &finding);
}

static void tell_losses(struct examination *examination)
{
    struct tt_finding finding = {0};
    tt_query *query =
        tt__query_open(examination->session,
                       "SELECT count(*) AS rows, count(*) - count(count) AS uncounted, coalesce(sum(count) FILTER (WHERE what <> 'pruned'), 0) AS lost,\n"
                       "    coalesce(sum(count) FILTER (WHERE what = 'pruned'), 0) AS pruned FROM losses");
    if (tt__query_next(query)) {
        int64_t rows = tt__query_integer(query, "rows");
        int64_t uncounted = tt__query_integer(query, "uncounted");
        char rest[80] = "";
        if (uncounted > 0)
            snprintf(rest, sizeof rest, ", and %" PRId64 " %s nobody knows how many", uncounted, uncounted == 1 ? "time" : "times");
        TT_FOUND(&finding, rows == 0 ? "none" : "%" PRId64 " events lost%s, %" PRId64 " facts and events pruned",
                 tt__query_integer(query, "lost"), rest, tt__query_integer(query, "pruned"));
        if (rows > 0) {
            finding.verdict = TT_DOCTOR_NOTE;
            finding.remedy = "where and why: telltale query STORE \"SELECT * FROM losses\"";
        }
        tell(examination, "losses", &finding);
    }
    tt__query_close(query);
}

/* --------------------------------------------------------------------------------------------------------- sizes */

/* The largest tables, and the sum of the others. */
#define TABLES_TOLD 5

struct sizes {
    char text[400];
    size_t used, count;
    int64_t rest;
};

static void add_size(void *context, const char *name, int64_t bytes)
{
    struct sizes *sizes = context;
    if (sizes->count++ >= TABLES_TOLD) {
        sizes->rest += bytes;
        return;
    }
    int length = snprintf(sizes->text + sizes->used, sizeof sizes->text - sizes->used, "%s%.40s %" PRId64,
                          sizes->used > 0 ? ", " : "", name, bytes >> 10);
    sizes->used += length > 0 && sizes->used + (size_t)length < sizeof sizes->text ? (size_t)length : 0;
}

static void tell_sizes(struct examination *examination)
{
    struct tt_finding finding = {0};
    struct sizes sizes = {"", 0, 0, 0};
    int64_t page_bytes = tt__query_count(examination->session, "PRAGMA page_size");
    int64_t pages = tt__query_count(examination->session, "PRAGMA page_count") * page_bytes;
    int64_t unused = tt__query_count(examination->session, "PRAGMA freelist_count") * page_bytes;
    int64_t most = tt__query_count(examination->session, "SELECT bytes_max FROM recording");
    if (tt_store_examine_sizes(tt__session_reader(examination->session), add_size, &sizes) < 0)
        TT_FOUND(&finding, "%" PRId64 " KiB, of which %" PRId64 " are free", pages >> 10, unused >> 10);
    else
        TT_FOUND(&finding, "%" PRId64 " KiB: %s, others %" PRId64 ", free %" PRId64, pages >> 10, sizes.text,
                 sizes.rest >> 10, unused >> 10);
    if (most > 0 && pages - unused > most / 10 * 9) {
        finding.verdict = TT_DOCTOR_NOTE;
        finding.remedy = "it is nearly as large as --max-size allows: what is oldest is being deleted";
    }
    tell(examination, "size", &finding);
}

/* ----------------------------------------------------------------------------------------------------------- all */

int tt__doctor_store(struct tt_invocation *invocation)
{
    struct examination examination = {
        .invocation = invocation, .path = invocation->arguments[0], .status = TT_EXIT_CLEAN};
    struct stat file;
    char complaint[1024];
    bool is_there = examination.is_there = stat(examination.path, &file) == 0;
    examination.writer = is_there ? tt__leftovers_find_writer(&file) : 0;
    invocation->timeout_s = 0; /* to look at all of it takes as long as it is; none of these queries is without an end */
    int status = tt__session_look(invocation, examination.path, &examination.session, complaint);
    if (status >= 0)
        examination.status = status;
    examination.is_written = examination.writer != 0 || (examination.session != NULL && tt_store_reader_has_writer(tt__session_reader(examination.session)) != 0);
    tell_file(&examination, is_there ? &file : NULL, status >= 0 ? complaint : NULL);
    if (is_there && S_ISREG(file.st_mode)) {
        tell_writer(&examination);
        tell_log(&examination);
    }
    if (!is_there || S_ISREG(file.st_mode))
        tell_arenas(&examination);
    if (examination.session == NULL)
        return examination.status;
    bool is_whole = tell_structure(&examination);
    tell_stream(&examination);
    if (is_whole) { /* else counts of what can be read would say more than is known */
        tell_completeness(&examination);
        tell_losses(&examination);
        tell_sizes(&examination);
    }
    return tt__session_close(examination.session, examination.status);
}
