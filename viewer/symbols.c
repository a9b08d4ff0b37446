/* symbols.c: asks telltale-symbols. The contract is in symbols.h, what is said in symbol_reader.c. */
#include "symbols.h"

#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READER "telltale-symbols"

/* How long one answer may take: debugging information of a large program is read within seconds, a server may be slow. */
#define ANSWER_MS        20000
#define ANSWER_SERVER_MS 120000

static struct {
    pid_t pid; /* 0: none */
    int fd;
    bool may_ask_servers;
    const char *trouble;
    char heard[PATH_MAX + 1024]; /* what of answers has come, from `at` */
    size_t used, at;
} reader;

void tt__symbols_allow_servers(bool is_allowed)
{
    reader.may_ask_servers = is_allowed;
}

const char *tt__symbols_trouble(void)
{
    return reader.trouble;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void become_reader(const char *path, int fd)
{
    char *const arguments[] = {READER, NULL};
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(nowhere, 2) < 0)
        _exit(127);
    if (!reader.may_ask_servers)
        unsetenv("DEBUGINFOD_URLS");
    execv(path, arguments);
    _exit(127);
}

static bool start(void)
{
    char path[PATH_MAX];
    int ends[2];
    if (reader.pid != 0 || reader.trouble != NULL)
        return reader.trouble == NULL;
    tt__agent_path(READER, path, sizeof path);
    if (access(path, X_OK) != 0) {
        reader.trouble = "the program " READER " is not installed";
        return false;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        reader.trouble = "no socket for " READER " could be made";
        return false;
    }
    fflush(NULL); /* else an exit in the child may print it once more */
    reader.pid = fork();
    if (reader.pid == 0)
        become_reader(path, ends[1]);
    close(ends[1]);
    reader.fd = ends[0];
    reader.used = reader.at = 0;
    if (reader.pid < 0) {
        close(reader.fd);
        reader.pid = 0;
        reader.trouble = READER " could not be started";
        return false;
    }
    return true;
}

void tt__symbols_stop(void)
{
    if (reader.pid == 0)
        return;
    close(reader.fd);
    kill(reader.pid, SIGKILL); /* it has nothing to put in order */
    while (waitpid(reader.pid, NULL, 0) < 0 && errno == EINTR)
        ;
    reader.pid = 0;
}

static void give_up(const char *why)
{
    tt__symbols_stop();
    reader.trouble = why;
}

static bool say(const char *line, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(reader.fd, line, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0) {
            give_up(READER " has ended unexpectedly");
            return false;
        }
        line += sent;
        length -= (size_t)sent;
    }
    return true;
}

/* Reads more. False: there will be no more, or not in time. */
static bool hear_more(int64_t until)
{
    struct pollfd wait = {.fd = reader.fd, .events = POLLIN};
    if (reader.at > 0)
        memmove(reader.heard, reader.heard + reader.at, reader.used - reader.at);
    reader.used -= reader.at;
    reader.at = 0;
    int64_t left = until - now_ms();
    int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
    if (ready < 0 && errno == EINTR)
        return true;
    ssize_t got = ready > 0 && reader.used < sizeof reader.heard
                      ? read(reader.fd, reader.heard + reader.used, sizeof reader.heard - reader.used)
                      : 0;
    if (got <= 0) {
        give_up(ready == 0 ? READER " took too long" : READER " has ended unexpectedly");
        return false;
    }
    reader.used += (size_t)got;
    return true;
}

/* The next line of the answer, without its end; it lives until the next call. NULL: there is none. */
static char *hear_line(int64_t until)
{
    for (;;) {
        char *start = reader.heard + reader.at, *end = memchr(start, '\n', reader.used - reader.at);
        if (end != NULL) {
            *end = '\0';
            reader.at = (size_t)(end + 1 - reader.heard);
            return start;
        }
        if (!hear_more(until))
            return NULL;
    }
}

static int64_t deadline(void)
{
    return now_ms() + (reader.may_ask_servers ? ANSWER_SERVER_MS : ANSWER_MS);
}

enum tt_symbols_module tt__symbols_module(const char *build_id, const char *path)
{
    static const char *const words[] = {"found", "differs", "missing", "unreadable", NULL}; /* in their order */
    char line[PATH_MAX + 256];
    if (path == NULL || strchr(path, '\n') != NULL)
        return TT_SYMBOLS_UNREADABLE;
    int length = snprintf(line, sizeof line, "M %s %s\n", build_id != NULL ? build_id : "-", path);
    if (length < 0 || (size_t)length >= sizeof line)
        return TT_SYMBOLS_UNREADABLE;
    const char *answer = start() && say(line, (size_t)length) ? hear_line(deadline()) : NULL;
    for (size_t i = 0; answer != NULL && words[i] != NULL; i++)
        if (strcmp(answer, words[i]) == 0)
            return (enum tt_symbols_module)i;
    return TT_SYMBOLS_NOBODY;
}

/* A field of LINE up to a tab, for the caller to free; moves on. NULL when it is empty. */
static char *take_field(char **line)
{
    size_t length = strcspn(*line, "\t");
    char *field = length > 0 ? strndup(*line, length) : NULL;
    *line += length + ((*line)[length] == '\t');
    return field;
}

size_t tt__symbols_find(uint64_t address, struct tt_symbol *out_symbols, size_t max)
{
    char line[64], *answer;
    size_t count = 0;
    int64_t until = deadline();
    int length = snprintf(line, sizeof line, "A %" PRIx64 "\n", address);
    if (reader.pid == 0 || !say(line, (size_t)length))
        return 0;
    while ((answer = hear_line(until)) != NULL && strcmp(answer, ".") != 0) {
        if (count == max)
            continue;
        struct tt_symbol *symbol = &out_symbols[count++];
        symbol->function = take_field(&answer);
        symbol->file = take_field(&answer);
        symbol->line = strtoll(answer, NULL, 10);
        symbol->is_inlined = false;
        if (count > 1)
            out_symbols[count - 2].is_inlined = true;
    }
    return count;
}

void tt__symbol_finish(struct tt_symbol *symbol)
{
    free(symbol->function);
    free(symbol->file);
}
