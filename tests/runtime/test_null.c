/* NULL as an argument: each public function, and each of its pointers, one at a time. What has no meaning is refused by
 * a precondition with a name, never by a crash; what has one returns. The table is null_arguments.def; a case finds
 * pointers of the headers that are not in it. */
#include "stage.h"

#include <ctype.h>
#include <dirent.h>
#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <uv.h>

/* ------------------------------------------------------------------------------- what is right for the other arguments */

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int done_nothing(tt_future *future, void *arg)
{
    (void)future;
    (void)arg;
    return 0;
}

static void drop(void *arg)
{
    (void)arg;
}

static void recall(tt_future *future, void *arg)
{
    (void)future;
    (void)arg;
}

static int is_true(void *arg)
{
    (void)arg;
    return 1;
}

static int compare(const void *one, const void *other)
{
    return one < other ? -1 : one > other;
}

static int thread_done(tt_thread_future *future, void *arg)
{
    (void)future;
    (void)arg;
    return 0;
}

static int serve(tt_stream *stream, void *arg)
{
    (void)stream;
    (void)arg;
    return 0;
}

static int match(const tt_exc *exc, void *arg)
{
    (void)exc;
    (void)arg;
    return 0;
}

static const tt_exc_type *const types[] = {&tt_KeyError};
static const struct iovec piece = {"x", 1};
static const struct tt_handler_context told = {.message = "message"};
static char *const program[] = {"true", NULL};
static TT_CONTEXT_VAR_NO_DEFAULT(variable);
static char bytes[256] = "x", room[1024];
static void *place[8];
static tt_exc *exceptions_out[2];

static tt_future *a_future(void)
{
    tt_future *future = tt_create_future(stage_loop);

    (void)!tt_future_set_result(future, NULL, NULL);
    return future;
}

static tt_future **futures(void)
{
    static tt_future *all[1];

    all[0] = a_future();
    return all;
}

static tt_task *a_task(void)
{
    return tt_create_task(nothing, NULL);
}

static tt_exc *an_exception(void)
{
    return tt_exc_new(&tt_KeyError, "x");
}

static tt_exc *const *exceptions(void)
{
    static tt_exc *all[1];

    all[0] = an_exception();
    return all;
}

static tt_as_completed *an_iterator(void)
{
    return tt_as_completed_create(futures(), 1, TT_NEVER);
}

static tt_interval *an_interval(void)
{
    static tt_interval interval;

    tt_interval_init(&interval, 1000);
    return &interval;
}

static tt_context_token *a_token(void)
{
    tt_context_token *token = NULL;

    (void)!tt_context_var_set(&variable, bytes, NULL, &token);
    return token;
}

static tt_handle *a_handle(void)
{
    tt_handle *handle = NULL;

    (void)!tt_loop_call_later(stage_loop, TT_SEC(1000), nothing, NULL, &handle);
    return handle;
}

static tt_process *a_process(void)
{
    return tt_process_spawn(program, NULL);
}

static tt_listener *a_listener(void)
{
    return tt_listen("127.0.0.1", 0);
}

/* Five bytes, a line, have come; nobody is at the other end any more. */
static tt_stream *a_stream(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0 || write(pair[1], "line\n", 5) < 5)
        return NULL;
    close(pair[1]);
    return tt_stream_open(pair[0], 0);
}

static struct tt_address address; /* none */

/* A datagram of its own has come. */
static tt_udp *a_udp(void)
{
    tt_udp *udp = tt_udp_open("127.0.0.1", 0);
    struct tt_address own;

    if (!udp)
        return NULL;
    tt_udp_local_address(udp, &own);
    (void)!sendto(tt_udp_descriptor(udp), "x", 1, 0, (const struct sockaddr *)&own.name, own.length);
    return udp;
}

static tt_thread_future *a_thread_future(void)
{
    return tt_run_coroutine_threadsafe(stage_loop, nothing, NULL, NULL);
}

/* ------------------------------------------------------------------------------------------------------------ the table */

#define REFUSES(function, argument, precondition, ...)   \
    static int refuse_##function##_##argument(void *arg) \
    {                                                    \
        (void)arg;                                       \
        __VA_ARGS__;                                     \
        return 0;                                        \
    }
#define ACCEPTS(function, argument, ...)                 \
    static int accept_##function##_##argument(void *arg) \
    {                                                    \
        (void)arg;                                       \
        __VA_ARGS__;                                     \
        return 0;                                        \
    }
#include "null_arguments.def"
#undef REFUSES
#undef ACCEPTS

static const struct entry {
    const char *function, *argument;
    const char *precondition; /* NULL: it is accepted */
    tt_coro_fn *call;
} entries[] = {
#define REFUSES(function, argument, precondition, ...) \
    {#function, #argument, precondition, refuse_##function##_##argument},
#define ACCEPTS(function, argument, ...) {#function, #argument, NULL, accept_##function##_##argument},
#include "null_arguments.def"
};

enum { ENTRIES = sizeof entries / sizeof entries[0] };

/* ------------------------------------------------------------------------------------------------------------ cases */

/* In a task. Who survives says so, and leaves everything as it is. */
static void call(void *arg)
{
    const struct entry *entry = arg;
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    stage_run(entry->call, NULL);
    fputs("\nsurvived\n", stderr);
    fflush(stderr);
    raise(SIGKILL);
}

/* Whether the process of ENTRY ended as it should; else says how it did. */
static bool ends_well(const struct entry *entry)
{
    char output[4096], expected[128];
    int status = stage_in_child(call, (void *)entry, output, sizeof output);
    int wanted = entry->precondition ? SIGABRT : SIGKILL;

    if (entry->precondition)
        snprintf(expected, sizeof expected, "telltale: precondition %s broken", entry->precondition);
    else
        snprintf(expected, sizeof expected, "\nsurvived\n");
    if (WIFSIGNALED(status) && WTERMSIG(status) == wanted && strstr(output, expected))
        return true;
    print_error("%s, %s: status %#x, output: %s\n", entry->function, entry->argument, (unsigned)status, output);
    return false;
}

static void expect_ends(bool are_refused)
{
    int failed = 0;

    for (int i = 0; i < ENTRIES; i++)
        if ((entries[i].precondition != NULL) == are_refused)
            failed += !ends_well(&entries[i]);
    assert_int_equal(failed, 0);
}

static void what_has_no_meaning_is_refused_by_name(void **state)
{
    (void)state;
    expect_ends(true);
}

static void what_has_a_meaning_is_accepted(void **state)
{
    (void)state;
    expect_ends(false);
}

/* ---------------------------------------------------------------------------------------------------------- the headers */

/* Comments and lines of the preprocessor become blanks. */
static void blank_out(char *text)
{
    bool is_line_start = true;

    for (char *at = text; *at; at++) {
        if (strncmp(at, "/*", 2) == 0) {
            while (strncmp(at, "*/", 2) != 0)
                *at++ = ' ';
            at[0] = at[1] = ' ';
        } else if (*at == '#' && is_line_start) {
            for (; *at != '\n'; at++) {
                if (at[0] == '\\' && at[1] == '\n')
                    at[1] = ' ';
                *at = ' ';
            }
        }
        if (*at == '\n')
            is_line_start = true;
        else if (*at != ' ')
            is_line_start = false;
    }
}

static bool is_listed(const char *function, const char *argument)
{
    for (int i = 0; i < ENTRIES; i++)
        if (strcmp(entries[i].function, function) == 0 && strcmp(entries[i].argument, argument) == 0)
            return true;
    return false;
}

/* The last name in the LENGTH bytes at TEXT. */
static void copy_last_name(char *name, size_t size, const char *text, size_t length)
{
    size_t end = length, begin;

    while (end > 0 && text[end - 1] == ' ')
        end--;
    for (begin = end; begin > 0 && (isalnum((unsigned char)text[begin - 1]) || text[begin - 1] == '_');)
        begin--;
    snprintf(name, size, "%.*s", (int)(end - begin), text + begin);
}

/* Looks up the pointers among the parameters of FUNCTION, which TEXT begins with. Returns how many there are. */
static int check_parameters(const char *function, const char *text, int *missing)
{
    int count = 0;
    size_t length;

    for (; *text != ')'; text += length + (text[length] == ',')) {
        char parameter[256], name[64];

        length = strcspn(text, ",)");
        snprintf(parameter, sizeof parameter, "%.*s", (int)length, text);
        copy_last_name(name, sizeof name, text, length);
        if ((!strchr(parameter, '*') && !strstr(parameter, "_fn ")) || strcmp(name, "site") == 0 ||
            strcmp(name, "arg") == 0)
            continue;
        count++;
        if (is_listed(function, name))
            continue;
        print_error("%s, %s: not in null_arguments.def\n", function, name);
        ++*missing;
    }
    return count;
}

/* The same of each function that the header TEXT declares. */
static int check_header(char *text, int *missing)
{
    int count = 0;

    blank_out(text);
    for (char *at = text; (at = strstr(at, "TT_API ")) != NULL; at++) {
        const char *open = strchr(at, '('), *end = strchr(at, ';');
        char function[64];

        if (!open || !end || end < open || strncmp(at, "TT_API extern", 13) == 0)
            continue;
        copy_last_name(function, sizeof function, at, (size_t)(open - at));
        count += check_parameters(function, open + 1, missing);
    }
    return count;
}

static void every_pointer_of_every_public_function_is_in_the_table(void **state)
{
    const char *source = getenv("TELLTALE_TEST_SOURCE");
    static char path[4096], text[1 << 16];
    struct dirent *file;
    int count = 0, missing = 0;
    DIR *folder;

    (void)state;
    if (!source)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    snprintf(path, sizeof path, "%s/runtime/include/telltale", source);
    folder = opendir(path);
    assert_non_null(folder);
    while ((file = readdir(folder)) != NULL) {
        FILE *header;

        if (file->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/runtime/include/telltale/%s", source, file->d_name);
        header = fopen(path, "r");
        assert_non_null(header);
        text[fread(text, 1, sizeof text - 1, header)] = '\0';
        fclose(header);
        count += check_header(text, &missing);
    }
    closedir(folder);
    assert_int_equal(missing, 0);
    assert_int_equal(count, ENTRIES); /* and nothing else is */
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(what_has_no_meaning_is_refused_by_name),
    cmocka_unit_test_on_stage(what_has_a_meaning_is_accepted),
    cmocka_unit_test_on_stage(every_pointer_of_every_public_function_is_in_the_table),
};

TT_TEST_MAIN(cases)
