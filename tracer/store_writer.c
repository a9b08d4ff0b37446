/* store_writer.c: creating stores, transactions, the write-ahead log. See store_writer.h; rows are store_rows.c. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "store_check.h"
#include "store_claim.h"
#include "store_image.h"
#include "store_migrate.h"
#include "store_summary.h"
#include "store_views.h"
#include "store_writer_state.h"

#define BUSY_MS        2000
#define RESTART_MS     20
#define LONG_LOG_BYTES (UINT64_C(64) << 20) /* what a log may have and be no matter */
#define REPLACED_MAX   10                   /* times that a file may be replaced while it is opened */
#define GIVE_WAY_STEPS 20000                /* of SQLite's machine between two looks: less than a millisecond */
#define FD_MIN         3 /* 0 to 2 are never used: what a library prints must not end up in a store */

/* ------------------------------------------------------------------------------------------------------ the file */

static int raise_fd(int fd)
{
    if (fd < 0 || fd >= FD_MIN)
        return fd;
    int raised = fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
    int error = errno;
    close(fd);
    errno = error;
    return raised;
}

static int fail_to_open(struct tt_store_error *error, const char *path)
{
    if (errno == ELOOP)
        return tt__store_fail(error, TT_STORE_NOT_REGULAR,
                              "%s: is a symbolic link, and stores are not written through links", path);
    if (errno == EISDIR)
        return tt__store_fail(error, TT_STORE_DIRECTORY, "%s: is a directory, and no store", path);
    if (errno == ENOENT || errno == ENOTDIR)
        return tt__store_fail(error, TT_STORE_MISSING, "%s: its folder does not exist", path);
    if (errno == ENXIO)
        return tt__store_fail(error, TT_STORE_NOT_REGULAR, "%s: is no regular file, so it is no store", path);
    if (errno == ENOSPC || errno == EDQUOT)
        return tt__store_fail(error, TT_STORE_FULL, "%s: cannot be created: %s", path, strerror(errno));
    return tt__store_fail(error, TT_STORE_UNREADABLE, "%s: cannot be opened for writing: %s", path, strerror(errno));
}

/* Opens or creates the file; *OUT_IS_EMPTY: nothing is in it yet. */
static int open_file(const char *path, int *out_fd, bool *out_is_empty, bool *out_is_created,
                     struct tt_store_error *error)
{
    struct stat stat_buffer;
    int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = raise_fd(open(path, flags | O_CREAT | O_EXCL, 0600));
    *out_is_created = fd >= 0;
    if (fd < 0 && errno == EEXIST) {
        /* A device or a pipe must not even be opened. */
        if (lstat(path, &stat_buffer) == 0 && !S_ISREG(stat_buffer.st_mode)) {
            errno = S_ISLNK(stat_buffer.st_mode) ? ELOOP : S_ISDIR(stat_buffer.st_mode) ? EISDIR : ENXIO;
            return fail_to_open(error, path);
        }
        fd = raise_fd(open(path, flags));
    }
    if (fd < 0)
        return fail_to_open(error, path);
    if (fstat(fd, &stat_buffer) < 0 || !S_ISREG(stat_buffer.st_mode)) {
        close(fd);
        return tt__store_fail(error, TT_STORE_NOT_REGULAR, "%s: is no regular file, so it is no store", path);
    }
    *out_is_empty = stat_buffer.st_size == 0;
    /* A umask may have taken even the owner's rights. */
    if ((*out_is_created && fchmod(fd, 0600) < 0) || (!*out_is_empty && tt__store_check_header(fd, path, error) < 0)) {
        if (*out_is_created)
            fail_to_open(error, path);
        close(fd);
        return -1;
    }
    *out_fd = fd;
    return 0;
}

/* Refuses what would not keep its locks, and what somebody else is writing. */
static int claim_file(int fd, const char *path, bool gives_way, struct tt_store_error *error)
{
    struct statfs stat_buffer;
    if (fstatfs(fd, &stat_buffer) == 0 && tt__store_is_network((long)stat_buffer.f_type))
        return tt__store_fail(
            error, TT_STORE_NETWORK,
            "%s: lies on a network file system, where a store cannot be written safely; choose a local one", path);
    if (gives_way)
        tt__store_give_way(fd); /* before it is had, so that there is no instant without */
    if (tt__store_claim(fd) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return tt__store_fail(error, TT_STORE_BUSY, "%s: another recorder is writing it", path);
    return tt__store_fail(error, TT_STORE_FAILED, "%s: cannot be locked: %s", path, strerror(errno));
}

/* What SQLite writes beside a store must not lead elsewhere: SQLite follows no link either, but does not say why it cannot go on. */
static int check_beside(const char *path, struct tt_store_error *error)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    struct stat stat_buffer;
    char beside[PATH_MAX];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (snprintf(beside, sizeof beside, "%s%s", path, suffixes[i]) < (int)sizeof beside &&
            lstat(beside, &stat_buffer) == 0 && !S_ISREG(stat_buffer.st_mode))
            return tt__store_fail(error, TT_STORE_NOT_REGULAR,
                                  "%s: is %s, where a file of the store %s belongs; delete it if nobody needs it", beside,
                                  S_ISLNK(stat_buffer.st_mode) ? "a symbolic link" : "no regular file", path);
    return 0;
}

static bool is_named(int fd, const char *path)
{
    struct stat by_name, by_fd;
    return lstat(path, &by_name) == 0 && fstat(fd, &by_fd) == 0 && by_name.st_dev == by_fd.st_dev &&
           by_name.st_ino == by_fd.st_ino;
}

/* An import may have replaced the file between the two. */
static int open_and_claim(const char *path, bool gives_way, int *out_fd, bool *out_is_empty, bool *out_is_created,
                          struct tt_store_error *error)
{
    for (int i = 0; i < REPLACED_MAX; i++) {
        int result = open_file(path, out_fd, out_is_empty, out_is_created, error);
        if (result == 0)
            result = claim_file(*out_fd, path, gives_way, error);
        if (result == 0)
            result = check_beside(path, error);
        if (result < 0 || is_named(*out_fd, path))
            return result;
        close(*out_fd);
        *out_fd = -1;
    }
    return tt__store_fail(error, TT_STORE_BUSY, "%s: is replaced again and again by others", path);
}

/* --------------------------------------------------------------------------------------------------- the database */

static int execute(struct tt__store_writer *writer, const char *sql, const char *what)
{
    if (sqlite3_exec(writer->connection, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    return tt__store_fail_sqlite(&writer->error, writer->connection, what, writer->path);
}

/* What the connection would have of its views it does not need. */
static int write_views(struct tt__store_writer *writer)
{
    sqlite3_db_config(writer->connection, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    int code = tt__store_write_views(writer->connection);
    if (code != SQLITE_OK)
        tt__store_fail_sqlite(&writer->error, writer->connection, "creating its views", writer->path);
    sqlite3_db_config(writer->connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return code == SQLITE_OK ? 0 : -1;
}

/* The recording's own row. */
static int create_recording(struct tt__store_writer *writer)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tt__cell values[] = {
        {.text = TELLTALE_VERSION, .length = sizeof TELLTALE_VERSION - 1, .kind = TT__CELL_TEXT},
        {.integer = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec, .kind = TT__CELL_INTEGER},
    };
    return tt__store_run(writer,
                         "INSERT INTO recording (recording_id, uuid, telltale_version, created_realtime_ns)"
                         " VALUES (1, randomblob(16), ?, ?)",
                         values, 2, NULL, NULL);
}

/* All in one transaction, so that a kill leaves an empty file or a store. It is still in SQLite's rollback mode then:
 * the first page, which says whose file it is, gets into the file itself. */
static int create_schema(struct tt__store_writer *writer)
{
    char page[64], header[128];
    snprintf(page, sizeof page, "PRAGMA page_size = %d", TT__STORE_PAGE_BYTES);
    snprintf(header, sizeof header, "PRAGMA application_id = %d; PRAGMA user_version = %d", TT_STORE_APPLICATION_ID,
             TT_STORE_SCHEMA_VERSION);
    /* Should the machine fail now there is nothing to lose yet; waiting for the disk would hold up the program's
     * start. */
    if (execute(writer, page, "creating it") == 0 &&
        execute(writer, "PRAGMA synchronous = OFF; PRAGMA auto_vacuum = NONE; BEGIN IMMEDIATE", "creating it") == 0) {
        if (execute(writer, header, "creating it") == 0 &&
            execute(writer, tt_store_schema, "creating its tables") == 0 && write_views(writer) == 0 &&
            create_recording(writer) == 0 && execute(writer, "COMMIT", "creating it") == 0)
            return 0;
        sqlite3_exec(writer->connection, "ROLLBACK", NULL, NULL, NULL);
    }
    return -1;
}

static int count_log_pages(void *context, sqlite3 *connection, const char *database, int pages)
{
    struct tt__store_writer *writer = context;
    (void)connection, (void)database;
    writer->log_pages = pages;
    return SQLITE_OK;
}

static int keep_number(void *context, int count, char **values, char **names)
{
    (void)names;
    if (count > 0 && values[0])
        *(int *)context = atoi(values[0]);
    return 0;
}

static int keep_text(void *context, int count, char **values, char **names)
{
    char *text = context;
    (void)names;
    if (count > 0 && values[0])
        snprintf(text, 16, "%s", values[0]);
    return 0;
}

/* Whether nothing is left of the file when SQLite has rolled back what a recorder that was killed while it created the store
 * had written of it: the first read does that. 0 or 1; -1: the writer's error says why it cannot be read. */
static int is_rolled_back(struct tt__store_writer *writer)
{
    struct stat stat_buffer;
    if (execute(writer, "SELECT count(*) FROM sqlite_schema", "opening") < 0)
        return -1;
    return fstat(writer->fd, &stat_buffer) == 0 && stat_buffer.st_size == 0;
}

static int set_up(struct tt__store_writer *writer, uint64_t bytes_max, bool is_empty)
{
    char mode[16] = "";
    sqlite3 *connection = writer->connection;
    sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_busy_timeout(connection, BUSY_MS);
    int is_to_be_created = is_empty ? 1 : is_rolled_back(writer);
    if (is_to_be_created < 0)
        return -1;
    if (is_to_be_created ? create_schema(writer) < 0
                         : tt__store_migrate(connection, writer->path, &writer->error) < 0 ||
                               tt__store_check_tables(connection, writer->path, &writer->error) < 0)
        return -1;
    if (sqlite3_exec(connection, "PRAGMA journal_mode = WAL", keep_text, mode, NULL) != SQLITE_OK ||
        strcmp(mode, "wal") != 0)
        return tt__store_fail(&writer->error, TT_STORE_FAILED,
                              "%s: its file system does not allow a write-ahead log; choose a local one", writer->path);
    if (sqlite3_exec(connection, "PRAGMA page_size", keep_number, &writer->page_bytes, NULL) != SQLITE_OK)
        return tt__store_fail_sqlite(&writer->error, connection, "setting it up", writer->path);
    if (tt__store_limit(writer, bytes_max) < 0 ||
        execute(writer,
                "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
                "PRAGMA cache_size = -16384; PRAGMA secure_delete = OFF; PRAGMA mmap_size = 0; PRAGMA "
                "cell_size_check = ON",
                "setting it up") < 0)
        return -1;
    if (!is_empty && tt__store_forget_summary(writer) < 0)
        return -1;
    sqlite3_wal_hook(connection, count_log_pages, writer); /* last: wal_autocheckpoint takes the place of a hook */
    return 0;
}

/* SQLite calls it now and then; not 0 ends the statement. */
static int look_whether_wanted(void *context)
{
    const struct tt__store_writer *writer = context;
    return tt__store_is_wanted(writer->fd);
}

int tt__store_open_writer(const char *path, const struct tt__store_writer_options *options,
                          struct tt__store_writer **out_writer, struct tt_store_error *out_error)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    bool is_empty = false, is_created = false;
    uint64_t bytes_max = options && options->bytes_max ? options->bytes_max : TT_STORE_BYTES_MAX;
    struct tt__store_writer *writer = calloc(1, sizeof *writer);
    char *plain = tt__store_sqlite_path(path);
    if (!writer || !plain || !(writer->path = strdup(path))) {
        free(plain);
        free(writer);
        return tt__store_fail(out_error, TT_STORE_FAILED, "%s: no memory to open it", path);
    }
    writer->fd = writer->index_fd = writer->log_fd = -1;
    writer->page_bytes = TT__STORE_PAGE_BYTES;
    writer->gives_way = options && options->gives_way;
    int result = open_and_claim(path, writer->gives_way, &writer->fd, &is_empty, &is_created, &error);
    if (result == 0) {
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
        if (sqlite3_open_v2(plain, &writer->connection, flags, NULL) != SQLITE_OK)
            result = tt__store_fail_sqlite(&error, writer->connection, "opening", path);
        else if ((result = set_up(writer, bytes_max, is_empty)) < 0)
            error = writer->error;
    }
    free(plain);
    if (result == 0) {
        if (writer->gives_way)
            sqlite3_progress_handler(writer->connection, GIVE_WAY_STEPS, look_whether_wanted, writer);
        *out_writer = writer;
        return 0;
    }
    *out_error = error;
    if (is_created)
        unlink(path);
    tt__store_close_writer(writer, false);
    return -1;
}

/* What is in the log gets into the file, wherever that is now; but what SQLite deletes when it closes it deletes by name. */
static void leave_names_alone(struct tt__store_writer *writer)
{
    sqlite3_wal_checkpoint_v2(writer->connection, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_db_config(writer->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void tt__store_close_writer(struct tt__store_writer *writer, bool is_finished)
{
    if (!writer)
        return;
    tt__store_drop_statements(writer);
    if (writer->connection && is_finished && !tt__store_is_log_cut(writer))
        tt__store_summarise(writer);
    if (writer->connection && tt__store_is_log_cut(writer)) {
        sqlite3_db_config(writer->connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    } else if (writer->connection && !is_named(writer->fd, writer->path)) {
        leave_names_alone(writer);
    } else if (writer->connection && is_finished && !(writer->gives_way && tt__store_is_wanted(writer->fd))) {
        sqlite3_wal_checkpoint_v2(writer->connection, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        /* Fails while somebody reads: then it stays as it is, which is as good, only more files. */
        sqlite3_exec(writer->connection, "PRAGMA main.journal_mode = DELETE", NULL, NULL, NULL);
    }
    sqlite3_close(writer->connection);
    tt__image_finish(writer);
    if (writer->fd >= 0)
        close(writer->fd); /* after SQLite: its locks belong to the process and go with any descriptor of the file */
    if (writer->index_fd >= 0)
        close(writer->index_fd); /* the same */
    if (writer->log_fd >= 0)
        close(writer->log_fd);
    free(writer->path);
    free(writer);
}

const struct tt_store_error *tt__store_writer_error(const struct tt__store_writer *writer)
{
    return &writer->error;
}

int tt__store_writer_no_memory(struct tt__store_writer *writer)
{
    return tt__store_fail(&writer->error, TT_STORE_FAILED, "%s: writing: no memory", writer->path);
}

int tt__store_begin(struct tt__store_writer *writer)
{
    if (tt__store_is_log_cut(writer))
        return tt__store_fail(&writer->error, TT_STORE_DAMAGED, "%s: its write-ahead log was cut while it was written", writer->path);
    return execute(writer, "BEGIN IMMEDIATE", "writing");
}

int tt__store_commit(struct tt__store_writer *writer)
{
    return execute(writer, "COMMIT", "writing");
}

void tt__store_rollback(struct tt__store_writer *writer)
{
    if (!sqlite3_get_autocommit(writer->connection))
        sqlite3_exec(writer->connection, "ROLLBACK", NULL, NULL, NULL);
}

/* Copied or not, the log is written from its beginning again only when nobody reads it any more. Readers that overlap can
 * keep that from happening for ever; they are waited for a moment, in which those that come read the store alone. */
static bool is_begun_anew(struct tt__store_writer *writer)
{
    sqlite3_busy_timeout(writer->connection, RESTART_MS);
    int code = sqlite3_wal_checkpoint_v2(writer->connection, "main", SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(writer->connection, BUSY_MS);
    return code == SQLITE_OK;
}

uint64_t tt__store_checkpoint(struct tt__store_writer *writer)
{
    int pages = 0, copied = 0;
    if (tt__store_is_log_cut(writer))
        return tt__store_log_bytes(writer);
    int code = sqlite3_wal_checkpoint_v2(writer->connection, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
    if (code != SQLITE_OK || pages < 0)
        return tt__store_log_bytes(writer);
    bool is_long = (uint64_t)pages * (uint64_t)writer->page_bytes > LONG_LOG_BYTES;
    writer->log_pages = copied < pages || (is_long && !is_begun_anew(writer)) ? pages : 0;
    return tt__store_log_bytes(writer);
}

bool tt__store_cut_log(struct tt__store_writer *writer)
{
    if (tt__store_is_log_cut(writer))
        return false;
    sqlite3_busy_timeout(writer->connection, RESTART_MS);
    int code = sqlite3_wal_checkpoint_v2(writer->connection, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(writer->connection, BUSY_MS);
    if (code == SQLITE_OK)
        writer->log_pages = 0;
    return code == SQLITE_OK;
}

bool tt__store_has_its_name(const struct tt__store_writer *writer)
{
    return is_named(writer->fd, writer->path);
}

uint64_t tt__store_free_bytes(const struct tt__store_writer *writer)
{
    struct statvfs disk;
    return fstatvfs(writer->fd, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

int tt__store_limit(struct tt__store_writer *writer, uint64_t bytes_max)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA max_page_count = %llu",
             (unsigned long long)(bytes_max / (uint64_t)writer->page_bytes));
    return execute(writer, sql, "setting it up");
}

uint64_t tt__store_used_bytes(struct tt__store_writer *writer)
{
    int pages = 0, free_pages = 0;
    sqlite3_stmt *statement = NULL;
    static const char sql[] = "SELECT (SELECT page_count FROM pragma_page_count), (SELECT freelist_count FROM "
                              "pragma_freelist_count)";
    if (sqlite3_prepare_v2(writer->connection, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        pages = sqlite3_column_int(statement, 0);
        free_pages = sqlite3_column_int(statement, 1);
    }
    sqlite3_finalize(statement);
    return pages > free_pages ? (uint64_t)(pages - free_pages) * (uint64_t)writer->page_bytes : 0;
}

uint64_t tt__store_log_bytes(const struct tt__store_writer *writer)
{
    return (uint64_t)writer->log_pages * (uint64_t)writer->page_bytes;
}
