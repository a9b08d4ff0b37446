/* source.c: lines of source behind places. The contract is in source.h. */
#include "source.h"

#include "query.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Larger files are no sources that anybody wrote. */
#define FILE_BYTES_MAX (16 << 20)

/* Characters of a line that are shown. */
#define LINE_MAX_SHOWN 100

static struct {
    tt_session *session; /* NULL: nothing is quoted */
    const char *dir;
    struct timespec built; /* what is newer than this has changed since */
    const char *newer;     /* how that is said */
} quoting;

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

/* The recording's first program tells until when its sources may have been written; where it is gone, or has been
 * built anew, the beginning of the recording does. */
static const char select_program[] = "SELECT p.program, r.origin_realtime_ns + coalesce(p.started_ns, 0) AS ns\n"
                                     "FROM processes AS p CROSS JOIN recordings AS r ORDER BY p.process_id LIMIT 1";

static void find_time(tt_session *session)
{
    struct stat status;
    quoting.built = (struct timespec){.tv_sec = LONG_MAX};
    quoting.newer = "the file has changed since the recording began";
    tt_query *query = tt__query_open(session, select_program);
    if (tt__query_next(query)) {
        const char *program = tt__query_text(query, "program");
        int64_t ns = tt__query_integer(query, "ns");
        if (!tt__query_is_null(query, "ns"))
            quoting.built = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
        if (program != NULL && stat(program, &status) == 0 && S_ISREG(status.st_mode) &&
            !is_later(status.st_mtim, quoting.built)) {
            quoting.built = status.st_mtim;
            quoting.newer = "the file is newer than the program";
        }
    }
    tt__query_close(query);
}

void tt__source_start(tt_session *session, const struct tt_source_options *given)
{
    if (given->is_off)
        return;
    quoting.session = session;
    quoting.dir = given->dir;
    find_time(session);
}

void tt__source_stop(void)
{
    quoting.session = NULL;
}

/* ----------------------------------------------------------------------------------------------------------- files */

static bool is_source_name(const char *path)
{
    static const char *const ends[] = {".c",   ".h",   ".cc",  ".cpp", ".cxx", ".c++", ".hh",
                                       ".hpp", ".hxx", ".inc", ".def", ".m",   ".rs",  ".go"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot != NULL && i < sizeof ends / sizeof *ends; i++)
        if (strcmp(dot, ends[i]) == 0)
            return true;
    return false;
}

/* Opens PATH if it is what a source can be. NULL when it is not. */
static FILE *open_source(const char *path, struct stat *out_status)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0)
        return NULL;
    if (fstat(descriptor, out_status) == 0 && S_ISREG(out_status->st_mode) && out_status->st_size <= FILE_BYTES_MAX) {
        FILE *file = fdopen(descriptor, "r");
        if (file != NULL)
            return file;
    }
    close(descriptor);
    return NULL;
}

/* Looks for FILE below the user's folder: with all of its path, then with less and less of it, down to its name. */
static FILE *open_below(const char *dir, const char *file, struct stat *out_status)
{
    char path[PATH_MAX];
    while (file != NULL) {
        file += strspn(file, "/");
        bool goes_up = strncmp(file, "../", 3) == 0 || strstr(file, "/../") != NULL;
        if (!goes_up && *file != '\0' && snprintf(path, sizeof path, "%s/%s", dir, file) < (int)sizeof path) {
            FILE *source = open_source(path, out_status);
            if (source != NULL)
                return source;
        }
        file = strchr(file, '/');
    }
    return NULL;
}

static FILE *find_source(const char *file, struct stat *out_status)
{
    FILE *source = NULL;
    if (!is_source_name(file))
        return NULL;
    if (quoting.dir != NULL)
        source = open_below(quoting.dir, file, out_status);
    return source != NULL ? source : open_source(file, out_status);
}

/* Line NUMBER of SOURCE, for the caller to free; NULL when it has no such line. */
static char *read_line(FILE *source, int64_t number)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length = -1;
    for (int64_t i = 0; i < number; i++)
        if ((length = getline(&line, &size, source)) < 0)
            break;
    if (length < 0) {
        free(line);
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; *at != '\0'; at++)
        if (*at == '\t')
            *at = ' ';
    return line;
}

/* -------------------------------------------------------------------------------------------------------- quoting */

static const char select_place[] = "SELECT file, line FROM places WHERE place = ?1 AND line > 0 LIMIT 1";

static void print_quote(tt_output *output, int indent, int64_t number, const char *line, bool is_newer)
{
    line += strspn(line, " ");
    tt__style(output, TT_STYLE_FAINT);
    tt__print(output, "%*s%jd | %.*s", indent, "", (intmax_t)number, LINE_MAX_SHOWN, line);
    tt__style(output, TT_STYLE_PLAIN);
    if (is_newer) {
        tt__style(output, TT_STYLE_WARNING);
        tt__print(output, "  (%s)", quoting.newer);
        tt__style(output, TT_STYLE_PLAIN);
    }
    tt__print(output, "\n");
}

void tt__source_quote_line(tt_output *output, const char *file, int64_t number, int indent)
{
    struct stat status;
    if (quoting.session == NULL || file == NULL)
        return;
    FILE *source = find_source(file, &status);
    char *line = source != NULL ? read_line(source, number) : NULL;
    if (line != NULL && line[strspn(line, " ")] != '\0')
        print_quote(output, indent, number, line, is_later(status.st_mtim, quoting.built));
    free(line);
    if (source != NULL)
        fclose(source);
}

void tt__source_quote(tt_output *output, const char *place, int indent)
{
    if (quoting.session == NULL || place == NULL)
        return;
    tt_query *query = tt__query_open(quoting.session, select_place);
    tt__query_bind_text(query, 1, place);
    if (tt__query_next(query) && !tt__query_is_null(query, "file"))
        tt__source_quote_line(output, tt__query_text(query, "file"), tt__query_integer(query, "line"), indent);
    tt__query_close(query);
}
