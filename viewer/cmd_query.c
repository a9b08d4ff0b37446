/* cmd_query.c: telltale query: SQL over views and tables.
 *
 * What is here: where the SQL comes from and in which format its rows go. What it may do: query.c.
 */
#include "command.h"

#include "losses.h"
#include "query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct query_options {
    const char *file;
    int format; /* index into formats */
    bool is_json;
};

static const char *const formats[] = {"auto", "table", "json", "ndjson", "csv", NULL};

static const struct tt_option options[] = {
    {'f', "file", TT_OPTION_TEXT, "FILE", "read the SQL from FILE; - is the standard input", offsetof(struct query_options, file), NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "table, json, ndjson, csv; auto: table on a terminal, else csv",
     offsetof(struct query_options, format), formats},
    {0, "json", TT_OPTION_FLAG, NULL, "the same as --format json", offsetof(struct query_options, is_json), NULL},
};

/* SQLite's own limit for the text of a statement is 1 GB; more than this was not written by hand. */
#define SQL_BYTES_MAX (16u << 20)

static char *read_stream(FILE *stream, const char *name)
{
    char *text = NULL;
    size_t size = 0, used = 0;
    do {
        size = size == 0 ? 65536 : size * 2;
        char *more = size <= SQL_BYTES_MAX ? realloc(text, size + 1) : NULL;
        if (more == NULL) {
            tt__complain("query: %s is too long", name);
            free(text);
            return NULL;
        }
        text = more;
        used += fread(text + used, 1, size - used, stream);
    } while (used == size);
    text[used] = '\0';
    if (!ferror(stream) && strlen(text) == used)
        return text;
    if (ferror(stream))
        tt__complain("query: cannot read %s: %s", name, strerror(errno));
    else
        tt__complain("query: %s is no text: byte %zu of it is 0", name, strlen(text) + 1);
    free(text);
    return NULL;
}

static char *read_file(const char *name)
{
    if (strcmp(name, "-") == 0)
        return read_stream(stdin, "the standard input");
    FILE *stream = fopen(name, "re");
    if (stream == NULL) {
        tt__complain("query: cannot open %s: %s", name, strerror(errno));
        return NULL;
    }
    char *text = read_stream(stream, name);
    fclose(stream);
    return text;
}

static enum tt_format choose_format(const struct tt_invocation *invocation)
{
    const struct query_options *given = invocation->options;
    if (given->is_json)
        return TT_FORMAT_JSON;
    if (given->format > 0)
        return (enum tt_format)(given->format - 1);
    return invocation->output.is_terminal ? TT_FORMAT_TABLE : TT_FORMAT_CSV;
}

static int run(struct tt_invocation *invocation)
{
    const struct query_options *given = invocation->options;
    tt_session *session = NULL;
    if ((given->file != NULL) == (invocation->argument_count == 2))
        return tt__usage_error(invocation->command, "give either SQL or -f FILE");
    char *sql = given->file != NULL ? read_file(given->file) : strdup(invocation->arguments[1]);
    if (sql == NULL)
        return TT_EXIT_INPUT;
    int status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (status < 0) {
        status = tt__query_run_user_sql(session, &invocation->output, choose_format(invocation), sql);
        if (tt__session_asks_steps(session))
            tt__sampling_say(session, &invocation->messages);
        tt__losses_say(session, &invocation->messages);
        status = tt__session_close(session, status);
    }
    free(sql);
    return status;
}

const struct tt_command tt__command_query = {
    .name = "query",
    .usage = "[OPTION...] STORE SQL",
    .summary = "SQL over the views and tables of a store",
    .details = "Views: tasks, failures, leaks, cancellations, processes, losses. What a view has:\n"
               "telltale schema tasks. Only reading is allowed.\n"
               "Recorded with --events +step,turn: tables event, steps, steps(TIME), turns.\n"
               "Times end in _ns: nanoseconds since the recording began.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct query_options),
    .arguments_min = 1,
    .arguments_max = 2,
    .is_reader = true,
    .run = run,
};
