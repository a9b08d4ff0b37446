/* random_program.c: the numbers and the log of a drawn program, and the comparing with its counterpart in Python. */
#include "random_program.h"

enum { LOG_BYTES = 1 << 18 };

tt_task *random_tasks[RANDOM_TASKS_MAX];
int random_task_count;

static uint64_t random_state;
static char text[LOG_BYTES];
static size_t text_length;

int draw(int below)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (int)((random_state >> 33) % (uint64_t)below);
}

void add(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_length += (size_t)vsnprintf(text + text_length, sizeof text - text_length, format, arguments);
    va_end(arguments);
    if (text_length + 2 >= sizeof text)
        abort();
    text[text_length++] = '\n';
    text[text_length] = '\0';
}

const char *describe(const tt_exc *exc)
{
    static char description[1024];
    size_t length = 0;

    if (!exc)
        return "None";
    for (int i = 0; exc && i < 5; i++, exc = tt_exc_context(exc))
        length += (size_t)snprintf(description + length, sizeof description - length, "%s%s(%s)", i ? " < " : "",
                                   tt_exc_type_of(exc)->name, tt_exc_message(exc));
    return description;
}

const char *describe_outcome(const tt_future *future)
{
    static char outcome[1100];

    if (!tt_future_done(future))
        return "pending";
    if (tt_future_cancelled(future))
        return "cancelled";
    if (!tt_future_peek(future))
        return "finished";
    snprintf(outcome, sizeof outcome, "failed %s", describe(tt_future_peek(future)));
    return outcome;
}

bool cancel_pending(void)
{
    bool is_pending[RANDOM_TASKS_MAX] = {false}, any = false;
    int count = random_task_count;

    for (int i = 0; i < count; i++)
        any |= is_pending[i] = !tt_task_done(random_tasks[i]);
    for (int i = 0; i < count; i++)
        if (is_pending[i])
            tt_task_cancel(random_tasks[i], "end");
    return any;
}

int random_aftermath(int number, int step, int chances)
{
    int answer;

    add("%d.%d raised %s", number, step, describe(tt_exc_pending()));
    answer = draw(chances);
    if (answer == 0 || !tt_catch(&tt_BaseException))
        return -1;
    if (answer == 1)
        tt_raise(&tt_KeyError, "k%d", number);
    return tt_catch_end();
}

/* ------------------------------------------------------------------------------------------------------- one program */

static int be_silent(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    (void)loop;
    (void)context;
    (void)arg;
    return 0;
}

static int main_of_program(void *arg)
{
    const struct random_program *program = arg;

    tt_loop_set_exception_handler(tt_loop_running(), be_silent, NULL);
    return program->main(NULL);
}

/* Runs the program of SEED; the hash of its log. */
static uint64_t run_program(const struct random_program *program, uint64_t seed)
{
    tt_runner *runner = tt_runner_create();
    uint64_t hash = 0xcbf29ce484222325u;

    random_state = seed;
    text_length = 0;
    text[0] = '\0';
    for (int i = 0; i < 3; i++)
        draw(2);
    assert_non_null(runner);
    assert_int_equal(tt_runner_run(runner, main_of_program, (void *)program), 0);
    assert_int_equal(tt_runner_destroy(runner), 0);
    while (random_task_count > 0)
        tt_task_unref(random_tasks[--random_task_count]);
    if (program->let_go)
        program->let_go();
    for (size_t i = 0; i < text_length; i++)
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    return hash;
}

/* --------------------------------------------------------------------------------------------------------- comparing */

/* Compares with the lines of FILE, a seed and a hash each. Returns how many there are, -1 when one differs. */
static long compare(const struct random_program *program, FILE *file)
{
    unsigned long long seed, expected;
    long count = 0;

    for (; fscanf(file, "%llu %llx", &seed, &expected) == 2; count++)
        if (run_program(program, seed) != expected) {
            print_error("program %llu differs: compare TT_SEED=%llu with python/%s.py --log %llu\n", seed, seed,
                        program->name, seed);
            return -1;
        }
    return count;
}

static const char *source(void)
{
    const char *folder = getenv("TELLTALE_TEST_SOURCE");

    if (!folder)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    return folder;
}

bool random_programs_are_as_expected(const struct random_program *program)
{
    char path[4096];
    FILE *file;
    long count;

    snprintf(path, sizeof path, "%s/tests/runtime/python/%s.expected", source(), program->name);
    file = fopen(path, "r");
    if (!file)
        return false;
    count = compare(program, file);
    fclose(file);
    return count >= RANDOM_PROGRAMS_EXPECTED;
}

void expect_random_programs(const struct random_program *program)
{
    if (getenv("TT_SEED")) {
        run_program(program, strtoull(getenv("TT_SEED"), NULL, 10));
        printf("%s", text);
        return;
    }
    assert_true(random_programs_are_as_expected(program));
}

void expect_random_programs_of_this_machines_python(const struct random_program *program)
{
    char command[4200];
    FILE *pipe;

    if (system("python3 -c 'import sys; sys.exit(sys.version_info < (3, 13))' >/dev/null 2>&1") != 0)
        TT_SKIP("there is no python3 of version 3.13 or later");
    snprintf(command, sizeof command, "python3 '%s/tests/runtime/python/%s.py' 100000 %ld", source(), program->name,
             stage_count(300));
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(compare(program, pipe), stage_count(300));
    assert_int_equal(pclose(pipe), 0);
}
