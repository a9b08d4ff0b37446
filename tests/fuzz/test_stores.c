/* Stores that were changed, and what the program telltale says of each: an answer, or an error with a word about it. It does not crash, does
 * not hang, does not take all memory. What is changed: bytes anywhere, whole pages, the end of the file, and, with SQLite's own help,
 * values and schema of a file that is sound as a database. TT_COUNT stores; TT_FIRST begins at another one.
 *
 * The program runs in forked children of this one, which have its objects linked in: so a store takes milliseconds. One command looks at
 * each store, the next one at the next; report and check, whose questions take SQLite longest to understand, at fewer. */
#include "harness.h"
#include "mutate_store.h"
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
#define MESSAGE_BYTES 512u

/* main() of the program telltale; the linker wraps this program's. */
int __real_main(int argc, char **argv);
int __wrap_main(int argc, char **argv);

static char messages[sizeof mutant_path + 16];

/* --------------------------------------------------------------------------------------------------------- commands */

static const char *const commands[][5] = {
    {"ps", mutant_path},
    {"failures", mutant_path},
    {"query", mutant_path, "SELECT * FROM tasks"},
    {"tree", mutant_path},
    {"query", mutant_path, "SELECT count(*), max(time_ns), max(fields) FROM event"},
    {"show", mutant_path, "1"},
    {"query", mutant_path, "SELECT * FROM steps LIMIT 100"},
    {"failures", mutant_path, "--group"},
    {"query", mutant_path, "SELECT * FROM losses"},
    {"ps", mutant_path, "--format", "json"},
    /* The last two are seldom asked. */
    {"report", mutant_path},
    {"check", mutant_path},
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
    char kept[512];
    snprintf(kept, sizeof kept, "%s/telltale-mutant-%llu", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp",
             (unsigned long long)number);
    (void)rename(mutant_path, kept);
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
    uint64_t first = begin ? strtoull(begin, NULL, 10) : 0, count = studio_rounds(60);
    unsetenv("TT_FIRST");
    mutate_store_begin();
    snprintf(messages, sizeof messages, "%s.messages", mutant_path);
    for (unsigned i = 0; i < COMMANDS; i++) {
        mutate_store_not();
        expect_answer(commands[i], 0, seed);
    }
    assert_int_equal(errors, 0);
    for (uint64_t number = first; number < first + count; number++) {
        mutate_store(seed, number);
        expect_answer(commands[number % (COMMANDS - SELDOM)], number, seed);
        if (number % REPORTS == 0)
            expect_answer(commands[COMMANDS - SELDOM + number / REPORTS % SELDOM], number, seed);
    }
    answers -= COMMANDS; /* those of the store that nobody had changed */
    fprintf(stderr, "%llu stores, %u commands: %u answered, %u ended with an error\n", (unsigned long long)count,
            answers + errors, answers, errors);
    assert_true(answers > 0);
    mutate_store_end();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(mutated_stores_have_an_answer_or_an_error),
};

int __wrap_main(int argc, char **argv)
{
    return tt_test_main(argc, argv, cases, sizeof cases / sizeof cases[0]);
}
