/* main.c: oracle FILE [logs]: runs each program of a file on telltale's runtime, and writes for each a line
 *
 *     NAME CRC LENGTH OPERATIONS         crc32 and length of its log, its operations in the order in which they began
 *
 * as judge.py does, or with "logs" the logs themselves. A program begins with a line "program NAME".
 *
 * Programs run in a child process. One that crashes, hangs or is refused is reported as such ("crashed" and the signal
 * in the place of the crc), and a new child goes on behind it. Exit status: 0, also when programs crashed; 1 when a
 * program is malformed or a file cannot be read. What a sanitizer finds at the child's end is its own exit status, 3. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "operation.h"

/* A program ends within milliseconds; seconds are for valgrind. */
enum { SECONDS_MAX = 60, ERROR_BYTES_MAX = 4096 };

/* What the child tells: how many programs it has finished. */
struct progress {
    volatile size_t finished;
    volatile bool is_malformed;
};

struct source {
    char *name, *text;
};

static uint32_t crc32_of(const char *bytes, size_t length)
{
    static uint32_t table[256];
    uint32_t crc = 0xffffffff;

    if (!table[1])
        for (uint32_t i = 0; i < 256; i++) {
            table[i] = i;
            for (int bit = 0; bit < 8; bit++)
                table[i] = table[i] & 1 ? table[i] >> 1 ^ 0xedb88320 : table[i] >> 1;
        }
    for (size_t i = 0; i < length; i++)
        crc = table[(crc ^ (unsigned char)bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}

static char *read_file(const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room);

    while (file && text) {
        size += fread(text + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        room *= 2;
        text = realloc(text, room);
    }
    if (!file || !text || ferror(file)) {
        fprintf(stderr, "oracle: cannot read %s: %s\n", path, strerror(errno));
        exit(1);
    }
    text[size] = '\0';
    if (file != stdin)
        fclose(file);
    return text;
}

/* The programs of TEXT, which it changes. */
static struct source *split(char *text, size_t *out_count)
{
    struct source *sources = NULL;
    size_t count = 0, room = 0;
    char *program = strncmp(text, "program ", 8) == 0 ? text : NULL;

    while (program) {
        char *next = strstr(program, "\nprogram "), *end = strchr(program, '\n');

        if (count == room) {
            room = room ? 2 * room : 64;
            sources = realloc(sources, room * sizeof *sources);
            if (!sources)
                abort();
        }
        if (next)
            *next++ = '\0';
        if (end)
            *end = '\0';
        sources[count++] = (struct source){program + 8, end ? end + 1 : program + strlen(program)};
        program = next;
    }
    *out_count = count;
    return sources;
}

static bool run_source(struct source *source, bool wants_logs)
{
    const char *error, *text;
    int line;
    size_t length;
    struct program *program = program_create(source->text, &error, &line);

    if (!program) {
        fprintf(stderr, "oracle: %s, line %d: %s\n", source->name, line, error);
        return false;
    }
    run_program(program);
    text = log_text(&length);
    if (wants_logs)
        printf("program %s\n%s", source->name, text);
    else
        printf("%s %08x %zu %s\n", source->name, crc32_of(text, length), length, log_operations());
    program_destroy(program);
    return fflush(stdout) == 0;
}

/* The child: the programs from FIRST on. */
static void run_sources(struct source *sources, size_t first, size_t count, bool wants_logs, struct progress *progress)
{
    for (size_t i = first; i < count; i++) {
        alarm(SECONDS_MAX);
        if (!run_source(&sources[i], wants_logs)) {
            progress->is_malformed = true;
            exit(1);
        }
        progress->finished = i + 1;
    }
    log_end();
    exit(0);
}

/* The file that has the child's stderr. */
static int errors_open(void)
{
    FILE *file = tmpfile();

    if (!file)
        exit(1);
    return fileno(file);
}

/* What a tool or a failed assertion said last; before it stand the default handler's reports. */
static void show_errors(int errors)
{
    char buffer[ERROR_BYTES_MAX];
    off_t size = lseek(errors, 0, SEEK_END);
    ssize_t length =
        pread(errors, buffer, sizeof buffer, size > (off_t)sizeof buffer ? size - (off_t)sizeof buffer : 0);

    if (length > 0)
        fwrite(buffer, 1, (size_t)length, stderr);
}

static void report_crash(const struct source *source, int status, bool wants_logs)
{
    char how[64];

    if (WIFSIGNALED(status))
        snprintf(how, sizeof how, "%s", WTERMSIG(status) == SIGALRM ? "hangs" : strsignal(WTERMSIG(status)));
    else
        snprintf(how, sizeof how, "exit status %d", WEXITSTATUS(status));
    for (char *c = how; *c; c++)
        *c = *c == ' ' ? '-' : *c;
    printf(wants_logs ? "program %s\ncrashed %s\n" : "%s crashed %s -\n", source->name, how);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    bool wants_logs = argc == 3 && strcmp(argv[2], "logs") == 0;
    struct progress *progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    size_t count, first = 0;
    struct source *sources;
    char *text;

    if (argc != 2 + wants_logs || progress == MAP_FAILED) {
        fprintf(stderr, "usage: oracle FILE [logs]\n");
        return 2;
    }
    text = read_file(argv[1]);
    sources = split(text, &count);
    while (first < count && !progress->is_malformed) {
        int errors = errors_open();
        pid_t child = fork();

        if (child == 0 && dup2(errors, STDERR_FILENO) == STDERR_FILENO)
            run_sources(sources, first, count, wants_logs, progress);
        if (child < 0 || waitpid(child, &status, 0) != child)
            return 1;
        if (status != 0)
            show_errors(errors);
        close(errors);
        if (progress->finished < count && !progress->is_malformed)
            report_crash(&sources[progress->finished++], status, wants_logs);
        first = progress->finished;
    }
    free(sources);
    free(text);
    return progress->is_malformed ? 1 : WIFEXITED(status) && WEXITSTATUS(status) != 0 ? 3 : 0;
}
