/* program.c: see program.h. */
#include "program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "harness.h"

extern char **environ;

/* ----------------------------------------------------------------------------------------------------------- texts */

void text_append(struct text *text, const char *bytes, size_t size)
{
    text->bytes = realloc(text->bytes, text->size + size + 1);
    assert_non_null(text->bytes);
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
    text->bytes[text->size] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
    va_list arguments;
    char *line;
    int size;

    va_start(arguments, format);
    size = vasprintf(&line, format, arguments);
    va_end(arguments);
    assert_true(size >= 0);
    text_append(text, line, (size_t)size);
    free(line);
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

/* Moves the first SIZE bytes of FROM to the end of TO. */
static void move_text(struct text *to, struct text *from, size_t size)
{
    if (size == 0)
        return;
    text_append(to, from->bytes, size);
    from->size -= size;
    memmove(from->bytes, from->bytes + size, from->size + 1);
}

/* ------------------------------------------------------------------------------------------------------ the process */

static void fail_with_transcript(struct program *program, const char *why, const char *what)
{
    if (program->pid > 0)
        kill(program->pid, SIGKILL);
    fprintf(stderr, "%s%s\n--- transcript so far\n%s--- read after it\n%s---\n", why, what,
            program->transcript.bytes ? program->transcript.bytes : "",
            program->pending.bytes ? program->pending.bytes : "");
    fail();
}

static void clean_environment(void)
{
    for (char **entry = environ; *entry;) {
        const char *end = strchr(*entry, '=');
        char name[64];

        if (strncmp(*entry, "PYTHON", 6) == 0 && end && (size_t)(end - *entry) < sizeof name) {
            snprintf(name, sizeof name, "%.*s", (int)(end - *entry), *entry);
            unsetenv(name); /* the entries behind it move up */
        } else {
            entry++;
        }
    }
}

/* In the child, which is to be as a shell's command in the foreground. */
static void become(const char *const *argv, int output)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGPIPE};
    sigset_t none;
    int input = open("/dev/null", O_RDONLY);
    char pid[16];

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    clean_environment();
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WAITING_CLOCK_PID", pid, 1);
    dup2(2, PROGRAM_LAUNCHER_LOG);
    dup2(input, 0);
    dup2(output, 1);
    dup2(output, 2);
    execvp(argv[0], (char *const *)argv);
    dprintf(2, "cannot run %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

void program_start(struct program *program, const char *const *argv)
{
    bool is_recorder = argv[1] && strcmp(argv[1], "record") == 0; /* record -o STORE */
    int ends[2];

    *program = (struct program){
        .pid = -1, .is_recorder = is_recorder, .store = is_recorder ? argv[3] : getenv("TELLTALE_STORE")};
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    program->pid = fork();
    assert_true(program->pid >= 0);
    if (program->pid == 0)
        become(argv, ends[1]);
    close(ends[1]);
    program->output = ends[0];
}

static int64_t now_ms(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Waits until DESCRIPTOR has something to read. False when DEADLINE has passed. */
static bool wait_readable(int descriptor, int64_t deadline_ms)
{
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};

    for (;;) {
        int64_t left = deadline_ms - now_ms();
        int count = poll(&entry, 1, left > 0 ? (int)left : 0);

        if (count > 0)
            return true;
        if (count == 0)
            return false;
        assert_int_equal(errno, EINTR);
    }
}

/* Reads some output into `pending`; closes it at its end. */
static void read_some(struct program *program, int64_t deadline_ms, const char *what)
{
    char bytes[4096];
    ssize_t size;

    if (!wait_readable(program->output, deadline_ms))
        fail_with_transcript(program, "waited in vain for ", what);
    size = read(program->output, bytes, sizeof bytes);
    assert_true(size >= 0);
    if (size > 0) {
        text_append(&program->pending, bytes, (size_t)size);
        return;
    }
    close(program->output);
    program->output = -1;
}

void program_read_until(struct program *program, const char *text)
{
    int64_t deadline_ms = now_ms() + PROGRAM_SECONDS_MAX * 1000;

    for (;;) {
        const char *found = program->pending.bytes ? strstr(program->pending.bytes, text) : NULL;

        if (found) {
            move_text(&program->transcript, &program->pending, (size_t)(found - program->pending.bytes) + strlen(text));
            return;
        }
        if (program->output < 0)
            fail_with_transcript(program, "the program ended before it printed ", text);
        read_some(program, deadline_ms, text);
    }
}

void program_finish(struct program *program)
{
    int64_t deadline_ms = now_ms() + PROGRAM_SECONDS_MAX * 1000;
    int status;

    while (program->output >= 0)
        read_some(program, deadline_ms, "the end of the output");
    move_text(&program->transcript, &program->pending, program->pending.size);
    text_free(&program->pending);
    assert_int_equal(waitpid(program->pid, &status, 0), program->pid);
    program->pid = -1;
    program->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (WIFSIGNALED(status))
        text_print(&program->transcript, "ended by signal %d\n", WTERMSIG(status));
    else
        text_print(&program->transcript, "exit status %d\n", WEXITSTATUS(status));
}

/* The child of RECORDER that is no telltale itself. */
static pid_t find_recorded(pid_t recorder)
{
    char path[64], name[32] = "";
    pid_t child, found = -1;
    FILE *children, *comm;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", recorder, recorder);
    children = fopen(path, "r");
    assert_non_null(children);
    while (found < 0 && fscanf(children, "%d", &child) == 1) {
        snprintf(path, sizeof path, "/proc/%d/comm", child);
        comm = fopen(path, "r");
        if (comm && fscanf(comm, "%31s", name) == 1 && strcmp(name, "telltale") != 0)
            found = child;
        if (comm)
            fclose(comm);
    }
    fclose(children);
    assert_true(found > 0);
    return found;
}

void program_signal(struct program *program, int signal_number)
{
    assert_true(program->pid > 0);
    assert_int_equal(kill(program->is_recorder ? find_recorded(program->pid) : program->pid, signal_number), 0);
}

int program_port(const struct program *program)
{
    int port = atoi(program->transcript.bytes);

    assert_in_range(port, 1, 65535);
    return port;
}

char *run_command(const char *command, const char *input, int *out_status)
{
    struct program program;
    FILE *file = tmpfile();
    char script[4096];
    char *output;

    assert_non_null(file);
    assert_int_equal(fwrite(input, 1, strlen(input), file), strlen(input));
    rewind(file);
    /* The descriptor is inherited; the child's own input is /dev/null. */
    assert_in_range(snprintf(script, sizeof script, "{ %s\n} <&%d", command, fileno(file)), 0, sizeof script - 1);
    program_start(&program, (const char *[]){"sh", "-c", script, NULL});
    while (program.output >= 0)
        read_some(&program, now_ms() + PROGRAM_SECONDS_MAX * 1000, command);
    fclose(file);
    output = program.pending.bytes ? program.pending.bytes : calloc(1, 1);
    program.pending = (struct text){0};
    program_finish(&program);
    *out_status = program.status;
    text_free(&program.transcript);
    return output;
}

/* ---------------------------------------------------------------------------------------------------------- clients */

int client_connect(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(client >= 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

void client_send(int client, const char *bytes)
{
    size_t size = strlen(bytes);

    assert_int_equal(send(client, bytes, size, MSG_NOSIGNAL), size);
}

void client_receive(struct program *program, int client, const char *who)
{
    int64_t deadline_ms = now_ms() + PROGRAM_SECONDS_MAX * 1000;
    char line[256];
    size_t size = 0;

    while (size < sizeof line && (size == 0 || line[size - 1] != '\n')) {
        ssize_t received;

        if (!wait_readable(client, deadline_ms))
            fail_with_transcript(program, who, " waited in vain");
        received = recv(client, line + size, 1, 0);
        assert_true(received >= 0);
        if (received == 0)
            break;
        size++;
    }
    if (size == 0) {
        text_print(&program->transcript, "%s: the server hung up\n", who);
        return;
    }
    while (size > 0 && (line[size - 1] == '\n' || line[size - 1] == '\r'))
        size--;
    text_print(&program->transcript, "%s received: %.*s\n", who, (int)size, line);
}

void client_look(struct program *program, int client, const char *who)
{
    if (wait_readable(client, now_ms()))
        client_receive(program, client, who);
    else
        text_print(&program->transcript, "%s: nothing, not even the end of the stream\n", who);
}
