/* Stores that were changed, and what the program telltale says of each: an answer, or an error with a word about it. It does not crash, does
 * not hang, does not take all memory. What is changed: bytes anywhere, whole pages, the end of the file, and, with SQLite's own help,
 * values and schema of a file that is sound as a database. TT_COUNT stores; TT_FIRST begins at another one.
 *
 * The program runs in forked children of this one, which have its objects linked in: so a store takes milliseconds. One command looks at
 * each store, the next one at the next; report and check, whose questions take SQLite longest to understand, at fewer. */
#include "harness.h"
#include "mutate.h"
#include "tracer/studio.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define CPU_SECONDS   20 /* a command's limit: 100 times what the longest takes */
#define MEMORY_BYTES  (UINT64_C(1) << 30)
#define REPORTS       40u /* one store in so many is reported and checked */
#define PAGE_BYTES    4096u
#define MESSAGE_BYTES 512u

/* main() of the program telltale; the linker wraps this program's. */
int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

static struct studio studio;
static char path[160], messages[160];
static unsigned char *sound; /* the bytes of a sound store */
static size_t sound_bytes;

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

static void make_sound_store(void)
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
    /* Beside the arenas, on tmpfs. */
    snprintf(path, sizeof path, "%s/mutant.telltale", studio.ring_dir);
    snprintf(messages, sizeof messages, "%s/messages", studio.ring_dir);
}

/* ---------------------------------------------------------------------------------------------------------- mutants */

static void write_file(const unsigned char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    close(fd);
}

/* Bytes of a page: its header, the pointers to its cells, or anything. Page 1, with the schema, is a page like others. */
static void change_bytes(uint64_t *random)
{
    struct mutation mutation = {.count = 0};
    size_t pages = sound_bytes / PAGE_BYTES;
    for (unsigned changes = 1 + (unsigned)(studio_random(random) % 8); changes > 0; changes--) {
        uint64_t chance = studio_random(random);
        size_t page = chance % 4 == 0 ? 0 : studio_random(random) % pages, length = PAGE_BYTES;
        if ((chance >> 2) % 3 == 0)
            length = 112; /* the header of the file, or of the page and its first cells */
        mutate_once(&mutation, sound + page * PAGE_BYTES, length, random);
    }
    write_file(sound, sound_bytes);
    mutate_undo(&mutation);
}

/* A page becomes another one, or nothing, or the file ends early. */
static void change_pages(uint64_t *random)
{
    unsigned char kept[PAGE_BYTES];
    size_t pages = sound_bytes / PAGE_BYTES;
    size_t at = studio_random(random) % pages * PAGE_BYTES, from = studio_random(random) % pages * PAGE_BYTES;
    if (studio_random(random) % 3 == 0) {
        write_file(sound, studio_random(random) % sound_bytes);
        return;
    }
    memcpy(kept, sound + at, sizeof kept);
    if (studio_random(random) % 3 == 0)
        memset(sound + at, 0, PAGE_BYTES);
    else
        memcpy(sound + at, sound + from, PAGE_BYTES);
    write_file(sound, sound_bytes);
    memcpy(sound + at, kept, sizeof kept);
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
static void change_values(uint64_t *random)
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
    assert_int_equal(sqlite3_open(path, &connection), SQLITE_OK);
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
    if (studio_random(random) % 4 == 0)
        (void)sqlite3_exec(connection, schemas[studio_random(random) % (sizeof schemas / sizeof *schemas)], NULL, NULL,
                           NULL);
    (void)sqlite3_exec(connection, "COMMIT", NULL, NULL, NULL);
    sqlite3_close(connection);
}

/* --------------------------------------------------------------------------------------------------------- commands */

static const char *const commands[][5] = {
    {"ps", path},
    {"failures", path},
    {"query", path, "SELECT * FROM tasks"},
    {"tree", path},
    {"query", path, "SELECT count(*), max(time_ns), max(fields) FROM event"},
    {"show", path, "1"},
    {"query", path, "SELECT * FROM steps LIMIT 100"},
    {"failures", path, "--group"},
    {"query", path, "SELECT * FROM losses"},
    {"ps", path, "--format", "json"},
    /* The last two are seldom asked. */
    {"report", path},
    {"check", path},
};
enum { COMMANDS = sizeof commands / sizeof commands[0], SELDOM = 2 };

/* In the child: its output to nowhere, its messages to a file, limits on time and memory. */
static _Noreturn void run_command(const char *const *command)
{
    char *argv[8] = {(char *)"telltale"};
    int argc = 1, nowhere = open("/dev/null", O_RDWR), file = open(messages, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const struct rlimit seconds = {CPU_SECONDS, CPU_SECONDS + 1}, none = {0, 0};
    for (; argc < 6 && command[argc - 1]; argc++)
        argv[argc] = (char *)command[argc - 1];
    if (nowhere < 0 || file < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || dup2(file, 2) < 0)
        _exit(98);
    signal(SIGSEGV, SIG_DFL); /* cmocka's */
    signal(SIGABRT, SIG_DFL);
    signal(SIGBUS, SIG_DFL);
    signal(SIGFPE, SIG_DFL);
    signal(SIGILL, SIG_DFL);
    setrlimit(RLIMIT_CPU, &seconds);
    setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const struct rlimit bytes = {MEMORY_BYTES, MEMORY_BYTES};
    setrlimit(RLIMIT_AS, &bytes);
#endif
    int status = __real_main(argc, argv);
    fflush(NULL);
    _exit(status);
}

static const char *read_messages(void)
{
    static char text[MESSAGE_BYTES];
    int fd = open(messages, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0)
        close(fd);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static unsigned answers, errors;

static void expect_answer(const char *const *command, uint64_t number, uint64_t seed)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        run_command(command);
    int status = studio_wait(child);
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const char *text = read_messages();
    bool is_answer = code == 0 || code == 1 || code == 4, is_error = code == 2 || code == 3 || code == 5;
    answers += is_answer;
    errors += is_error;
    if (is_answer || (is_error && strncmp(text, "telltale: ", 10) == 0))
        return;
    /* The store stays where it is found: beside the tests' other folders. */
    char kept[160];
    snprintf(kept, sizeof kept, "/tmp/telltale-mutant-%llu", (unsigned long long)number);
    (void)rename(path, kept);
    fail_msg("telltale %s %s ended with status %d, signal %d (%s)\nthe store is %s; repeat with TT_COUNT=1 "
             "TT_FIRST=%llu TT_SEED=%llu",
             command[0], command[2] ? command[2] : "", code, WIFSIGNALED(status) ? WTERMSIG(status) : 0, text, kept,
             (unsigned long long)number, (unsigned long long)seed);
}

static void mutated_stores_have_an_answer_or_an_error(void **state)
{
    (void)state;
    if (studio_is_under_valgrind())
        TT_SKIP("under valgrind a report takes half a minute");
    uint64_t seed = studio_seed();
    const char *begin = getenv("TT_FIRST");
    uint64_t first = begin ? strtoull(begin, NULL, 10) : 0, count = studio_rounds(150);
    unsetenv("TT_FIRST");
    make_sound_store();
    for (unsigned i = 0; i < COMMANDS; i++) {
        write_file(sound, sound_bytes);
        expect_answer(commands[i], 0, seed);
    }
    assert_int_equal(errors, 0);
    for (uint64_t number = first; number < first + count; number++) {
        uint64_t random = (seed + number * UINT64_C(0x9e3779b97f4a7c15)) | 1;
        studio_random(&random);
        switch (studio_random(&random) % 8) {
        case 0:
            change_pages(&random);
            break;
        case 1:
        case 2:
            change_values(&random);
            break;
        default:
            change_bytes(&random);
            break;
        }
        expect_answer(commands[number % (COMMANDS - SELDOM)], number, seed);
        if (number % REPORTS == 0)
            expect_answer(commands[COMMANDS - SELDOM + number / REPORTS % SELDOM], number, seed);
    }
    fprintf(stderr, "%llu stores: %u answers, %u errors\n", (unsigned long long)count, answers - COMMANDS, errors);
    assert_true(answers > COMMANDS);
    munmap(sound, sound_bytes);
    studio_close(&studio);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(mutated_stores_have_an_answer_or_an_error),
};

int __wrap_main(int argc, char **argv)
{
    return tt_test_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
