/* viewers.c: see viewers.h. */
#include "viewers.h"

#include "harness.h"
#include "tracer/studio.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "store.h"

#define PATIENCE_MS 60000 /* for one more look, or for something new to see; under valgrind ten times that */
#define PAUSE_US    20000 /* between two looks */

/* Notes of thread 0, the number that they should have by their texts, and what the view of losses says, in one state. */
#define QUESTION                                                                                  \
    "SELECT count(*), coalesce(max(CAST(text AS INTEGER)) + 1, 0), (SELECT count(*) FROM losses)" \
    " FROM note WHERE key = '0'"

enum manner { KEPT, ANEW, PROGRAM, MANNER_COUNT };

struct answer {
    long long count, next, losses;
};

/* What viewers and test share. */
static struct crowd {
    _Atomic uint32_t is_over;
    _Atomic uint64_t looks[VIEWERS_MAX];
    _Atomic int64_t counts[VIEWERS_MAX];
    char complaint[600]; /* of one that ended badly */
} * crowd;

static pid_t pids[VIEWERS_MAX];
static unsigned viewer_count;
static uint64_t look_count;

static void share_memory(void)
{
    if (!crowd)
        crowd = mmap(NULL, sizeof *crowd, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(crowd, MAP_FAILED);
}

/* --------------------------------------------------------------------------------------------------------- a viewer */

static _Noreturn void complain(const char *what)
{
    snprintf(crowd->complaint, sizeof crowd->complaint, "%s", what);
    _exit(1);
}

/* NULL: there is no store yet, and the viewer is early. */
static struct tt_store_reader *open_store(const char *path, bool is_early)
{
    struct tt_store_reader *reader;
    struct tt_store_error error;
    if (tt_store_open_reader(path, &reader, &error) == 0)
        return reader;
    if (!is_early || (error.kind != TT_STORE_MISSING && error.kind != TT_STORE_NOT_SQLITE))
        complain(error.text);
    return NULL;
}

static struct answer ask(struct tt_store_reader *reader)
{
    struct answer answer = {0};
    sqlite3_stmt *statement;
    tt_store_set_deadline(reader, 0); /* it would be about the connection, which is kept */
    if (tt_store_prepare(reader, QUESTION, &statement, NULL) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW)
        complain(tt_store_reader_message(reader));
    answer.count = sqlite3_column_int64(statement, 0);
    answer.next = sqlite3_column_int64(statement, 1);
    answer.losses = sqlite3_column_int64(statement, 2);
    sqlite3_finalize(statement);
    return answer;
}

/* What the program `telltale` prints, and whether it printed anything but that. */
static struct answer ask_program(const char *path)
{
    char text[512];
    int output[2];
    struct answer answer;
    const char *program = getenv("TELLTALE_PROGRAM");
    if (pipe2(output, O_CLOEXEC) < 0)
        complain("no pipe");
    pid_t viewer = getpid(), child = fork();
    if (child == 0) {
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == viewer && dup2(output[1], 1) == 1 &&
            dup2(output[1], 2) == 2)
            execl(program, program, "query", "--format", "csv", path, QUESTION, (char *)NULL);
        _exit(127);
    }
    close(output[1]);
    size_t length = 0;
    for (ssize_t got; length < sizeof text - 1 && (got = read(output[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(output[0]);
    int status = 0;
    const char *row = strchr(text, '\n');
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 || !row ||
        sscanf(row, "\n%lld,%lld,%lld", &answer.count, &answer.next, &answer.losses) != 3)
        complain(text);
    return answer;
}

static void take_answer(unsigned number, const struct answer *answer, bool is_first)
{
    char text[160];
    long long last = atomic_load(&crowd->counts[number]);
    snprintf(text, sizeof text, "%lld notes up to number %lld, %lld losses; before that %lld notes", answer->count,
             answer->next, answer->losses, last);
    if ((!is_first && answer->count < last) || (answer->losses == 0 && answer->next != answer->count))
        complain(text);
    atomic_store(&crowd->counts[number], answer->count);
    atomic_fetch_add(&crowd->looks[number], 1);
}

static _Noreturn void look(const char *path, unsigned number, enum viewers_kind kind)
{
    bool is_early = kind == VIEWERS_EARLY;
    enum manner manner = is_early ? ANEW : number % (kind == VIEWERS_OF_ALL_KINDS ? MANNER_COUNT : PROGRAM);
    struct tt_store_reader *reader = NULL;
    for (bool is_first = true; !atomic_load(&crowd->is_over);) {
        if (manner != PROGRAM && !reader && !(reader = open_store(path, is_early && is_first)))
            continue;
        struct answer answer = manner == PROGRAM ? ask_program(path) : ask(reader);
        take_answer(number, &answer, is_first);
        is_first = false;
        if (manner == ANEW) {
            tt_store_close_reader(reader);
            reader = NULL;
        }
        if (!is_early)
            studio_sleep_us(PAUSE_US);
    }
    tt_store_close_reader(reader);
    _exit(0);
}

static _Noreturn void stand_still(const char *path)
{
    struct tt_store_reader *reader = open_store(path, false);
    sqlite3 *connection = tt_store_reader_connection(reader);
    if (sqlite3_exec(connection, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        complain(sqlite3_errmsg(connection));
    struct answer before = ask(reader);
    raise(SIGSTOP);
    struct answer after = ask(reader);
    tt_store_close_reader(reader);
    if (before.count != after.count)
        complain("what it saw has changed while it stood still in a transaction");
    _exit(0);
}

/* -------------------------------------------------------------------------------------------------------- the crowd */

void viewers_start(const char *path, unsigned count, enum viewers_kind kind)
{
    share_memory();
    assert_true(viewer_count == 0 && count <= VIEWERS_MAX);
    memset(crowd, 0, sizeof *crowd);
    for (; viewer_count < count; viewer_count++) {
        pids[viewer_count] = studio_fork();
        if (pids[viewer_count] == 0)
            look(path, viewer_count, kind);
    }
}

/* Waits until what *REACHED was for NUMBER, and it was BEFORE, is at least MORE more. */
static void await(unsigned number, int64_t (*reached)(unsigned number), int64_t before, unsigned more, const char *what)
{
    int status;
    int64_t patience_ms = studio_is_under_valgrind() ? 10 * PATIENCE_MS : PATIENCE_MS;
    for (int64_t end_ns = studio_now_ns() + patience_ms * 1000000; reached(number) < before + more;) {
        if (waitpid(pids[number], &status, WNOHANG) != 0)
            fail_msg("viewer %u: %s", number, crowd->complaint);
        if (studio_now_ns() > end_ns)
            fail_msg("viewer %u of %u has %s for %lld ms", number, viewer_count, what, (long long)patience_ms);
        studio_sleep_us(1000);
    }
}

static int64_t looks_of(unsigned number)
{
    return (int64_t)atomic_load(&crowd->looks[number]);
}

static int64_t count_of(unsigned number)
{
    return atomic_load(&crowd->counts[number]);
}

void viewers_await_looks(unsigned looks)
{
    int64_t before[VIEWERS_MAX];
    for (unsigned i = 0; i < viewer_count; i++)
        before[i] = looks_of(i);
    for (unsigned i = 0; i < viewer_count; i++)
        await(i, looks_of, before[i], looks, "had no answer");
}

void viewers_await_growth(void)
{
    int64_t before[VIEWERS_MAX];
    viewers_await_looks(1);
    for (unsigned i = 0; i < viewer_count; i++)
        before[i] = count_of(i);
    for (unsigned i = 0; i < viewer_count; i++)
        await(i, count_of, before[i], 1, "seen nothing new");
}

void viewers_stop(void)
{
    atomic_store(&crowd->is_over, 1);
    for (; viewer_count > 0; viewer_count--) {
        if (studio_wait(pids[viewer_count - 1]) != 0)
            fail_msg("viewer %u: %s", viewer_count - 1, crowd->complaint);
        look_count += atomic_load(&crowd->looks[viewer_count - 1]);
    }
}

uint64_t viewers_look_count(void)
{
    return look_count;
}

pid_t viewers_start_still(const char *path)
{
    int status;
    share_memory();
    pid_t still = studio_fork();
    if (still == 0)
        stand_still(path);
    assert_int_equal(waitpid(still, &status, WUNTRACED), still);
    if (!WIFSTOPPED(status))
        fail_msg("the viewer that is to stand still: %s", crowd->complaint);
    return still;
}

void viewers_end_still(pid_t still)
{
    assert_int_equal(kill(still, SIGCONT), 0);
    if (studio_wait(still) != 0)
        fail_msg("the viewer that stood still: %s", crowd->complaint);
}
