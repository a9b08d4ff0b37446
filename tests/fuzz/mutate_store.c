/* mutate_store.c: see mutate_store.h. */
#include "mutate_store.h"

#include "harness.h"
#include "mutate.h"
#include "schema_pages.h"
#include "tracer/studio.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE_BYTES_MAX 65536u

char mutant_path[160];
static struct studio studio;
static unsigned char *sound; /* the bytes of a sound store */
static size_t sound_bytes, page_bytes, pages;
static bool is_of_schema[SCHEMA_PAGES_MAX]; /* what opening reads */

/* ---------------------------------------------------------------------------------------------------- a sound store */

/* Some of everything: tasks that wait, failures lost and read, a group, steps, more than one thread and process. */
static void do_things(void *argument)
{
    (void)argument;
    for (uint64_t i = 1; i <= 12; i++) {
        uint64_t task = studio_create_task(i % 3 ? "worker" : "other", TT_HERE), exception = tt_trace_new_id();
        TT_EMIT(task_started, .task_id = task);
        TT_EMIT(task_resumed, .task_id = task, .step_number = 1);
        TT_EMIT(task_suspended, .task_id = task, .wait_object = task - 1, .wait_site = TT_HERE,
                .wait_kind = TT_WAIT_KIND_TASK, .state = TT_TASK_STATE_WAITING);
        if (i % 4 == 0)
            continue;
        TT_EMIT(task_woken, .task_id = task, .by = TT_ACTOR_TIMER);
        TT_EMIT(cancel_requested, .task_id = task, .by = TT_ACTOR_MAIN, .site = TT_HERE, .accepted = 1,
                .reason = "enough");
        if (i % 2 == 0) {
            TT_EMIT(exception_raised, .exception_id = exception, .task_id = task, .site = TT_HERE, .type = "ValueError",
                    .message = "it is \033[31mred");
            TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK,
                    .parent_kind = TT_ACTOR_MAIN, .how = TT_FAILURE_HOW_RAISED, .handle_count = 1,
                    .created_site = TT_HERE, .raised_site = TT_HERE, .type = "ValueError",
                    .message = "it is \033[31mred");
            if (i % 6 == 0)
                TT_EMIT(failure_touched, .failure_id = task, .by = TT_ACTOR_MAIN, .how = TT_TOUCH_HOW_RESULT,
                        .is_user = 1);
            TT_EMIT(failure_released, .failure_id = task, .site = TT_HERE);
        }
        TT_EMIT(task_finished, .task_id = task, .step_count = 2, .busy = 1000,
                .outcome = (uint8_t)(i % 2 == 0 ? TT_OUTCOME_FAILED : TT_OUTCOME_RETURNED));
        tt_trace_note(task, "key", "text");
    }
}

void mutate_store_begin(void)
{
    struct stat stat_buffer;
    studio_open(&studio);
    assert_int_equal(setenv("TELLTALE_EVENTS", "all", 1), 0);
    studio_start_recorder(&studio, NULL);
    studio_wait(studio_start_program(&studio, do_things, NULL, 65536));
    studio_wait(studio_start_program(&studio, do_things, NULL, 65536));
    studio_finish(&studio);
    unsetenv("TELLTALE_EVENTS");
    int fd = open(studio.store, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &stat_buffer) == 0);
    sound_bytes = (size_t)stat_buffer.st_size;
    sound = mmap(NULL, sound_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    assert_ptr_not_equal(sound, MAP_FAILED);
    close(fd);
    pages = schema_pages(studio.store, &page_bytes, is_of_schema);
    assert_true(pages > 0 && page_bytes <= PAGE_BYTES_MAX && pages * page_bytes == sound_bytes);
    /* Beside the arenas, on tmpfs. */
    snprintf(mutant_path, sizeof mutant_path, "%s/mutant.telltale", studio.ring_dir);
}

/* ---------------------------------------------------------------------------------------------------------- mutants */

static void write_file(const unsigned char *bytes, size_t length)
{
    int fd = open(mutant_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

/* The change counter, by which a connection knows that what it read before is old: another one for each mutant. */
static void count_change(uint64_t number)
{
    uint32_t count = (uint32_t)(1000 + 4 * number); /* who changes values by SQLite counts, too */
    for (int i = 0; i < 4; i++)
        sound[24 + i] = sound[92 + i] = (unsigned char)(count >> (24 - 8 * i));
}

static size_t choose_page(bool is_behind_schema, uint64_t *random)
{
    size_t page = studio_random(random) % pages;
    if (!is_behind_schema)
        return page % 4 == 0 ? 0 : studio_random(random) % pages;
    while (is_of_schema[page])
        page = (page + 1) % pages;
    return page;
}

/* Bytes of some pages: where each begins, with its header and the pointers to its cells, where it ends, with the first cells, or
 * anywhere. One mutant in eight has changes in pages with the schema, which takes ten
 * times as long to look at. */
static bool change_bytes(uint64_t *random)
{
    struct mutation mutation = {.count = 0};
    bool is_behind_schema = studio_random(random) % 8 != 0;
    for (unsigned changes = 1 + (unsigned)(studio_random(random) % 8); changes > 0; changes--) {
        unsigned char *page = sound + choose_page(is_behind_schema, random) * page_bytes;
        switch (studio_random(random) % 3) {
        case 0:
            mutate_once(&mutation, page, 112, random);
            break;
        case 1:
            mutate_once(&mutation, page + page_bytes - 512, 512, random);
            break;
        default:
            mutate_once(&mutation, page, page_bytes, random);
            break;
        }
    }
    write_file(sound, sound_bytes);
    mutate_undo(&mutation);
    return is_behind_schema;
}

/* A page becomes another one, or nothing, or the file ends early. */
static bool change_pages(uint64_t *random)
{
    static unsigned char kept[PAGE_BYTES_MAX];
    size_t page = studio_random(random) % pages, from = studio_random(random) % pages;
    unsigned char *at = sound + page * page_bytes;
    if (studio_random(random) % 3 == 0) {
        write_file(sound, studio_random(random) % sound_bytes);
        return false;
    }
    memcpy(kept, at, page_bytes);
    if (studio_random(random) % 3 == 0)
        memset(at, 0, page_bytes);
    else
        memmove(at, sound + from * page_bytes, page_bytes);
    write_file(sound, sound_bytes);
    memcpy(at, kept, page_bytes);
    return !is_of_schema[page];
}

static char *one_text(sqlite3 *connection, const char *sql)
{
    sqlite3_stmt *statement;
    char *text = NULL;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        text = sqlite3_mprintf("%s", sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

/* Values of other kinds and sizes than were ever written, and a schema that says other things; the file is sound as a database. */
static bool change_values(uint64_t *random)
{
    static const char *const values[] = {"NULL",
                                         "0",
                                         "-1",
                                         "1",
                                         "9223372036854775807",
                                         "(-9223372036854775807 - 1)",
                                         "1e300",
                                         "-1.5",
                                         "'text'",
                                         "''",
                                         "x'00ff'",
                                         "zeroblob(100000)",
                                         "printf('%*s', 20000, 'x')",
                                         "char(27) || '[2J'",
                                         "x'fffefd'",
                                         "(1 << 40)",
                                         "1000000007"};
    static const char *const schemas[] = {
        "CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
        "DROP VIEW tasks; CREATE VIEW tasks AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT "
        "n AS task_id FROM r",
        "CREATE TRIGGER surprise AFTER INSERT ON task BEGIN DELETE FROM task; END",
        "CREATE TABLE more AS SELECT * FROM task",
        "ALTER TABLE task ADD COLUMN more",
        "DROP VIEW failures",
        "CREATE INDEX more ON task(name)",
        "UPDATE sqlite_schema SET sql = replace(sql, 'CREATE', 'CREAT') WHERE name = 'note'",
        "UPDATE sqlite_schema SET rootpage = 3 WHERE name = 'note'",
        "UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'task') WHERE name = "
        "'site'",
    };
    sqlite3 *connection;
    write_file(sound, sound_bytes);
    assert_int_equal(sqlite3_open(mutant_path, &connection), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(connection, "PRAGMA synchronous = OFF; PRAGMA writable_schema = ON; BEGIN", NULL, NULL, NULL),
        SQLITE_OK);
    for (unsigned changes = 1 + (unsigned)(studio_random(random) % 6); changes > 0; changes--) {
        char *sql = sqlite3_mprintf(
            "SELECT s.name || '\" SET \"' || c.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE"
            " s.type = 'table' AND s.name NOT LIKE 'sqlite%%' ORDER BY s.name, c.cid LIMIT 1 OFFSET %d %% (SELECT "
            "count(*)"
            " FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE s.type = 'table' AND s.name NOT LIKE "
            "'sqlite%%')",
            (int)(studio_random(random) % 100000));
        char *column = one_text(connection, sql);
        sqlite3_free(sql);
        sql = sqlite3_mprintf("UPDATE OR IGNORE \"%s\" = %s WHERE rowid %% %d = 0", column ? column : "",
                              values[studio_random(random) % (sizeof values / sizeof *values)],
                              (int)(1 + studio_random(random) % 3));
        (void)sqlite3_exec(connection, sql, NULL, NULL, NULL);
        sqlite3_free(sql);
        sqlite3_free(column);
    }
    bool is_behind_schema = studio_random(random) % 4 != 0;
    if (!is_behind_schema)
        (void)sqlite3_exec(connection, schemas[studio_random(random) % (sizeof schemas / sizeof *schemas)], NULL, NULL,
                           NULL);
    (void)sqlite3_exec(connection, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(connection);
    return is_behind_schema;
}

void mutate_store_not(void)
{
    write_file(sound, sound_bytes);
}

bool mutate_store(uint64_t seed, uint64_t number)
{
    uint64_t random = (seed + number * UINT64_C(0x9e3779b97f4a7c15)) | 1;
    studio_random(&random);
    count_change(number);
    switch (studio_random(&random) % 8) {
    case 0:
        return change_pages(&random);
    case 1:
    case 2:
        return change_values(&random);
    default:
        return change_bytes(&random);
    }
}

void mutate_store_end(void)
{
    munmap(sound, sound_bytes);
    (void)unlink(mutant_path);
    studio_close(&studio);
}
