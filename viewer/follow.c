/* follow.c: see follow.h. */
#include "follow.h"

#include "output/rows.h"
#include "query.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Between two looks. A recorder writes every 20 ms at most, and nobody reads faster than this. */
#define LOOK_MS 500

/* What a look printed. */
struct look {
    char *text, *messages;
    size_t text_bytes, messages_bytes;
};

static void finish_look(struct look *look)
{
    free(look->text);
    free(look->messages);
    *look = (struct look){0};
}

/* Whether the recording goes on; *OUT_STATUS is the exit status after a complaint when the store cannot be read. */
static bool is_running(struct tt_invocation *invocation, int *out_status)
{
    tt_session *session = NULL;
    *out_status = tt__session_open(invocation, invocation->arguments[0], &session);
    if (*out_status >= 0)
        return false;
    bool is_running = tt__query_count(session, "SELECT count(*) FROM processes WHERE end_reason = 'running'") > 0;
    *out_status = tt__session_close(session, -1);
    return is_running && *out_status < 0;
}

/* Runs the command once, into OUT_LOOK. Returns its exit status. */
static int take_look(struct tt_invocation *invocation, struct look *out_look)
{
    FILE *output = invocation->output.stream, *messages = invocation->messages.stream;
    int status = TT_EXIT_OUTSIDE;
    *out_look = (struct look){0};
    invocation->output.stream = open_memstream(&out_look->text, &out_look->text_bytes);
    invocation->messages.stream = open_memstream(&out_look->messages, &out_look->messages_bytes);
    if (invocation->output.stream != NULL && invocation->messages.stream != NULL)
        status = invocation->command->run(invocation);
    bool is_whole = invocation->output.stream != NULL && invocation->messages.stream != NULL;
    if (invocation->output.stream != NULL)
        is_whole &= fclose(invocation->output.stream) == 0;
    if (invocation->messages.stream != NULL)
        is_whole &= fclose(invocation->messages.stream) == 0;
    invocation->output.stream = output;
    invocation->messages.stream = messages;
    if (is_whole)
        return status;
    tt__complain("%s: not enough memory to follow", invocation->command->name);
    return TT_EXIT_OUTSIDE;
}

/* ------------------------------------------------------------------------------------------------------- printing */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The lines of TEXT, whose line ends become NULs, in their order; for the caller to free. NULL without memory. */
static const char **split_lines(char *text, size_t *out_count)
{
    size_t count = 0, capacity = 0;
    const char **lines = NULL;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (count == capacity) {
            capacity = capacity == 0 ? 64 : 2 * capacity;
            const char **more = reallocarray(lines, capacity, sizeof *more);
            if (more == NULL) {
                free(lines);
                return NULL;
            }
            lines = more;
        }
        lines[count++] = line;
    }
    *out_count = count;
    return lines != NULL ? lines : calloc(1, sizeof *lines);
}

/* Prints the lines of NOW that BEFORE does not have. */
static void print_new_lines(struct tt_invocation *invocation, const struct look *before, const struct look *now)
{
    char *old_text = strdup(before->text != NULL ? before->text : ""), *new_text = strdup(now->text);
    size_t old_count = 0, new_count = 0;
    const char **old_lines = old_text != NULL ? split_lines(old_text, &old_count) : NULL;
    const char **new_lines = new_text != NULL ? split_lines(new_text, &new_count) : NULL;
    if (old_lines != NULL && new_lines != NULL) {
        qsort(old_lines, old_count, sizeof *old_lines, compare_lines);
        for (size_t i = 0; i < new_count; i++)
            if (bsearch(&new_lines[i], old_lines, old_count, sizeof *old_lines, compare_lines) == NULL) {
                tt__print_own(&invocation->output, new_lines[i]);
                tt__print_own(&invocation->output, "\n");
            }
    } else {
        tt__complain("%s: not enough memory to compare what there is", invocation->command->name);
    }
    free(old_lines);
    free(new_lines);
    free(old_text);
    free(new_text);
}

static bool is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static void print_look(struct tt_invocation *invocation, const struct look *before, const struct look *now, bool is_data)
{
    if (is_data)
        print_new_lines(invocation, before, now);
    else if (!is_same(before->text, now->text)) {
        if (invocation->output.is_terminal)
            tt__print_own(&invocation->output, "\033[H\033[2J"); /* to the corner, and the screen is empty */
        else if (before->text != NULL)
            tt__print_own(&invocation->output, "\n");
        tt__print_own(&invocation->output, now->text);
    }
    if (!is_same(before->messages, now->messages) || (invocation->messages.is_terminal && !is_data))
        tt__print_own(&invocation->messages, now->messages);
    fflush(invocation->messages.stream);
}

/* ------------------------------------------------------------------------------------------------------------ run */

/* The format that the command was given: its option is called so everywhere. */
static enum tt_format format_of(const struct tt_invocation *invocation)
{
    int format = TT_FORMAT_TABLE;
    for (size_t i = 0; i < invocation->command->option_count; i++) {
        const struct tt_option *option = &invocation->command->options[i];
        const char *field = (const char *)invocation->options + option->offset;
        if (strcmp(option->name, "json") == 0 && *(const bool *)field)
            return TT_FORMAT_JSON;
        if (strcmp(option->name, "format") == 0)
            format = *(const int *)(const void *)field;
    }
    return (enum tt_format)format;
}

static void wait_a_while(void)
{
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000L}, NULL);
}

int tt__follow(struct tt_invocation *invocation)
{
    struct look before = {0}, now;
    enum tt_format format = format_of(invocation);
    int status = -1;
    if (format == TT_FORMAT_JSON)
        return tt__usage_error(invocation->command, "--follow has no end of a JSON array; --format ndjson has lines");
    if (invocation->is_explaining)
        return invocation->command->run(invocation);
    for (bool is_last = false; !is_last;) {
        /* Asked before the look, so that the last look has all that the recording has. */
        is_last = !is_running(invocation, &status);
        if (status >= 0)
            break;
        status = take_look(invocation, &now);
        bool is_bad = status != TT_EXIT_CLEAN && status != TT_EXIT_FINDINGS && status != TT_EXIT_UNCERTAIN;
        if (now.text != NULL && now.messages != NULL)
            print_look(invocation, &before, &now, format != TT_FORMAT_TABLE);
        finish_look(&before);
        before = now;
        if (is_bad || tt__output_finish(&invocation->output) < 0)
            break;
        if (!is_last)
            wait_a_while();
    }
    finish_look(&before);
    return status;
}
