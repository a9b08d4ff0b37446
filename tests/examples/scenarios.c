/* scenarios.c: see scenarios.h. */
#include "scenarios.h"

#include <signal.h>
#include <sys/socket.h>

#include "harness.h"

/* ---------------------------------------------------------------------------------------------- clients of a server */

enum { HELD_USEC = 5000 }; /* a failure is held at least that long, so that a report can tell how long */

/* Waits until the store has what PROGRAM, if it is recorded, has said about its TASK_COUNT tasks: nobody kills it
 * before its recorder has looked at it once. */
static void wait_until_recorded(const struct program *program, int task_count)
{
    char command[1024], expected[32];
    bool is_there = false;

    if (!program->store)
        return;
    snprintf(command, sizeof command,
             "\"$TELLTALE_PROGRAM\" query --format csv '%s' 'SELECT count(*) AS tasks FROM tasks'", program->store);
    snprintf(expected, sizeof expected, "tasks\n%d\n", task_count);
    for (int tries = 0; !is_there && tries < PROGRAM_SECONDS_MAX * 20; tries++) {
        int status;
        char *answer = run_command(command, "", &status);

        is_there = status == 0 && strcmp(answer, expected) == 0;
        free(answer);
        if (!is_there)
            usleep(50000);
    }
    if (!is_there)
        fail_msg("%s has not got %d tasks within %d s", program->store, task_count, PROGRAM_SECONDS_MAX);
}

/* One client makes its task fail; afterwards another one is served. When that one has its answer, the server is done
 * with whatever the failure made it do. */
static void send_boom(struct program *program, const struct scenario *scenario)
{
    int first = client_connect(program_port(program)), second;

    client_send(first, "hello\r\n");
    client_receive(program, first, "client 1");
    client_send(first, "boom\r\n");
    if (scenario->boom_text)
        program_read_until(program, scenario->boom_text);
    second = client_connect(program_port(program));
    client_send(second, "is anybody there?\r\n");
    client_receive(program, second, "client 2");
    client_look(program, first, "client 1");
    wait_until_recorded(program, 4);
    usleep(HELD_USEC);
    program_signal(program, scenario->end_signal);
    program_finish(program);
    close(first);
    close(second);
}

/* Nobody waits for anybody: the first client is silent for most of the time. Lines come in pieces and together. */
static void send_lines(struct program *program, const struct scenario *scenario)
{
    int first = client_connect(program_port(program)), second = client_connect(program_port(program)), third;

    client_send(second, "one\r\ntwo\r\n");
    client_receive(program, second, "client 2");
    client_receive(program, second, "client 2");
    client_send(first, "not ");
    client_send(second, "three\r\n");
    client_receive(program, second, "client 2");
    client_send(first, "to be hurried\r\n");
    client_receive(program, first, "client 1");
    client_send(second, "half a li");
    shutdown(second, SHUT_WR);
    client_receive(program, second, "client 2");
    third = client_connect(program_port(program));
    client_send(third, "booms\r\n");
    client_receive(program, third, "client 3");
    program_signal(program, scenario->end_signal);
    program_finish(program);
    close(first);
    close(second);
    close(third);
}

static const char told[] = "RuntimeError: Unexpected network error\n";

static const struct scenario scenarios[] = {
    {"exception_handler", "exception_handler", NULL, NULL, 0, NULL},
    {"exception_handler_all_kept", "exception_handler", "--all-kept", NULL, 0, NULL},
    {"exception_handler_released_later", "exception_handler", "--released-later", NULL, 0, NULL},
    {"done_callback", "done_callback", NULL, NULL, 0, NULL},
    {"done_callback_await", "done_callback", "--await", NULL, 0, NULL},
    {"done_callback_bare", "done_callback", "--bare", NULL, 0, NULL},
    {"threadsafe", "threadsafe", NULL, NULL, 0, NULL},
    {"threadsafe_dropped", "threadsafe", "--dropped", NULL, 0, NULL},
    {"threadsafe_callback", "threadsafe", "--callback", NULL, 0, NULL},
    {"threadsafe_callback_on_thread_future", "threadsafe", "--callback-on-thread-future", NULL, 0, NULL},
    {"graceful_shutdown", "graceful_shutdown", NULL, NULL, 0, NULL},
    {"graceful_shutdown_handler", "graceful_shutdown", "--handler", NULL, 0, NULL},
    {"graceful_shutdown_orphan", "graceful_shutdown", "--orphan", NULL, 0, NULL},
    {"graceful_shutdown_bad_cleanup", "graceful_shutdown", "--bad-cleanup", NULL, 0, NULL},
    {"shield", "shield", NULL, NULL, 0, NULL},
    {"shield_unshielded", "shield", "--unshielded", NULL, 0, NULL},
    {"shield_fails", "shield", "--fails", NULL, 0, NULL},
    {"shield_forgotten", "shield", "--forgotten", NULL, 0, NULL},
    {"callback_future", "callback_future", NULL, NULL, 0, NULL},
    {"guest", "guest", NULL, NULL, 0, NULL},
    {"processes", "processes", NULL, NULL, 0, NULL},
    {"wait", "wait", NULL, NULL, 0, NULL},
    {"wait_exception", "wait", "--exception", NULL, 0, NULL},
    {"wait_unread", "wait", "--unread", NULL, 0, NULL},
    {"wait_timeout", "wait", "--timeout", NULL, 0, NULL},
    {"wait_completed", "wait", "--completed", NULL, 0, NULL},
    {"echo_server", "echo_server", NULL, send_boom, SIGTERM, told},
    {"echo_server_lines", "echo_server", NULL, send_lines, SIGTERM, NULL},
    {"echo_server_hold", "echo_server", "--hold", send_boom, SIGTERM, NULL},
    {"echo_server_hold_interrupted", "echo_server", "--hold", send_boom, SIGINT, NULL},
    {"echo_server_await", "echo_server", "--await", send_boom, SIGTERM, NULL},
    {"echo_server_log_and_close", "echo_server", "--log-and-close", send_boom, SIGTERM, told},
    {"echo_server_killed", "echo_server", NULL, send_boom, SIGKILL, told},
    {"echo_server_hold_killed", "echo_server", "--hold", send_boom, SIGKILL, NULL},
    {"echo_server_log_and_close_killed", "echo_server", "--log-and-close", send_boom, SIGKILL, told},
    {"blocking_server", "blocking_server", NULL, NULL, 0, NULL},
    {"blocking_server_hang_up", "blocking_server", "--hang-up", NULL, 0, NULL},
    {"blocking_server_two", "blocking_server", "--two", NULL, 0, NULL},
    {"readers", "readers", NULL, NULL, 0, NULL},
    {"readers_polling", "readers", "--polling", NULL, 0, NULL},
    {"http_status", "http_status", NULL, NULL, 0, NULL},
    {"http_status_values", "http_status", "--values", NULL, 0, NULL},
    {"http_status_wait", "http_status", "--wait", NULL, 0, NULL},
    {"http_status_wait_read", "http_status", "--wait-read", NULL, 0, NULL},
    {"http_status_refused", "http_status", "--refused", NULL, 0, NULL},
    {"queue_workers", "queue_workers", NULL, NULL, 0, NULL},
    {"queue_workers_impatient", "queue_workers", "--impatient", NULL, 0, NULL},
    {"semaphore", "semaphore", NULL, NULL, 0, NULL},
    {"gather", "gather", NULL, NULL, 0, NULL},
    {"gather_goes_on", "gather", "--goes-on", NULL, 0, NULL},
    {"gather_values", "gather", "--values", NULL, 0, NULL},
    {"exceptions", "exceptions", NULL, NULL, 0, NULL},
    {"exceptions_tree", "exceptions", "--tree", NULL, 0, NULL},
    {"exceptions_star", "exceptions", "--star", NULL, 0, NULL},
    {"timeout", "timeout", NULL, NULL, 0, NULL},
    {"timeout_progress", "timeout", "--progress", NULL, 0, NULL},
    {"timeout_nested", "timeout", "--nested", NULL, 0, NULL},
    {"timeout_deaf", "timeout", "--deaf", NULL, 0, NULL},
    {"task_group", "task_group", NULL, NULL, 0, NULL},
    {"task_group_fails", "task_group", "--fails", NULL, 0, NULL},
    {"task_group_interrupted", "task_group", "--interrupted", NULL, 0, NULL},
    {"task_group_keep_going", "task_group", "--keep-going", NULL, 0, NULL},
    {"task_group_left_open", "task_group", "--left-open", NULL, 0, NULL},
    {"result_in_callback", "result_in_callback", NULL, NULL, 0, NULL},
    {"threads_and_processes", "threads_and_processes", NULL, NULL, 0, NULL},
    {"time_limits", "time_limits", NULL, NULL, 0, NULL},
    {"group_failures", "group_failures", NULL, NULL, 0, NULL},
    {"group_failures_at_once", "group_failures", "--at-once", NULL, 0, NULL},
};

const struct scenario *get_scenario(size_t index)
{
    return index < sizeof scenarios / sizeof *scenarios ? &scenarios[index] : NULL;
}

const struct scenario *find_scenario(const char *name)
{
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    fail_msg("no scenario is called %s", name);
    return NULL;
}

/* --------------------------------------------------------------------------------------------------------- players */

char *play_scenario(const struct scenario *scenario, const char *const *command, int *out_status)
{
    const char *argv[PROGRAM_ARGUMENTS_MAX + 1] = {NULL};
    struct program program;
    size_t count = 0;

    while (command[count] && count < PROGRAM_ARGUMENTS_MAX - 1) {
        argv[count] = command[count];
        count++;
    }
    assert_null(command[count]);
    argv[count] = scenario->option;
    program_start(&program, argv);
    if (scenario->play) {
        program_read_until(&program, "\n");
        scenario->play(&program, scenario);
    } else {
        program_finish(&program);
    }
    if (out_status)
        *out_status = program.status;
    return program.transcript.bytes;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    if (!value)
        fail_msg("%s is not set: see tests/README.md", name);
    return value;
}

static void example_path(char *path, size_t size, const struct scenario *scenario)
{
    assert_in_range(snprintf(path, size, "%s/examples/%s", environment("TELLTALE_TEST_BIN"), scenario->program), 1,
                    size - 1);
}

/* Appends the words that have what follows run by the clock of waiting_clock.c. */
static size_t preload_clock(const char **command, char *preload, size_t size)
{
    assert_in_range(snprintf(preload, size, "LD_PRELOAD=%s", environment("TELLTALE_TEST_CLOCK")), 1, size - 1);
    command[0] = "env";
    command[1] = preload;
    return 2;
}

/* The example runs under the launcher of this build's tests, valgrind or nothing: its words are separated by blanks. */
char *play_in_c(const struct scenario *scenario)
{
    const char *launcher = getenv("TELLTALE_TEST_LAUNCHER");
    const char *command[PROGRAM_ARGUMENTS_MAX] = {NULL};
    char path[4096], preload[4096], words[1024], *rest = words, *word;
    size_t count = preload_clock(command, preload, sizeof preload);

    assert_in_range(snprintf(words, sizeof words, "%s", launcher ? launcher : ""), 0, sizeof words - 1);
    while ((word = strtok_r(rest, " ", &rest)) && count < PROGRAM_ARGUMENTS_MAX - 2)
        command[count++] = word;
    example_path(path, sizeof path, scenario);
    command[count] = path;
    return play_scenario(scenario, command, NULL);
}

char *play_recorded(const struct scenario *scenario, const char *store, int *out_status)
{
    char path[4096];

    example_path(path, sizeof path, scenario);
    return play_scenario(scenario,
                         (const char *[]){environment("TELLTALE_PROGRAM"), "record", "-o", store, "--", path, NULL},
                         out_status);
}

char *play_in_python(const struct scenario *scenario)
{
    /* 3.11 is enough, unless a line of the program says "# since 3.N". The clock is for Python itself: `python3` may be
     * a script that looks for it. */
    static const char find_what_it_takes[] =
        "python3 -c 'import re, sys; since = re.search(r\"^# since 3\\.([0-9]+)\", open(sys.argv[1]).read(), re.M); "
        "print(sys.executable, end=\"\"); "
        "sys.exit(sys.version_info < (3, int(since[1]) if since else 11))'";
    const char *words[PROGRAM_ARGUMENTS_MAX] = {NULL};
    char path[4096], preload[4096], command[8192], *python, *transcript;
    size_t count = preload_clock(words, preload, sizeof preload);
    int status;

    assert_in_range(
        snprintf(path, sizeof path, "%s/tests/examples/%s.py", environment("TELLTALE_TEST_SOURCE"), scenario->program),
        1, sizeof path - 1);
    assert_in_range(snprintf(command, sizeof command, "%s '%s'", find_what_it_takes, path), 1, sizeof command - 1);
    python = run_command(command, "", &status);
    if (status != 0) {
        free(python);
        return NULL;
    }
    words[count++] = python;
    words[count] = path;
    transcript = play_scenario(scenario, words, NULL);
    free(python);
    return transcript;
}

/* --------------------------------------------------------------------------------------------------------- the mask */

char *mask(const char *text)
{
    char command[4096], *masked;
    int status;

    assert_in_range(snprintf(command, sizeof command, "LC_ALL=C sed -E -f '%s/tests/examples/mask.sed'",
                             environment("TELLTALE_TEST_SOURCE")),
                    1, sizeof command - 1);
    masked = run_command(command, text, &status);
    if (status != 0)
        fail_msg("sed ended with status %d: %s", status, masked);
    return masked;
}
