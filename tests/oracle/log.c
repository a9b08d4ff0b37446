/* log.c: the log of the program that runs. */
#include "log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exc_object.h"
#include "future_internal.h"

/* A text that grows. */
struct text {
    char *text;
    size_t length, capacity;
};

static struct text log_so_far, operations;

/* Ids of exceptions in the order of their numbers, the first has number 1. */
static uint64_t *ids;
static size_t id_count, id_capacity;

static void add_bytes(struct text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > text->capacity) {
        text->capacity = 2 * (text->length + length + 1);
        text->text = realloc(text->text, text->capacity);
        if (!text->text)
            abort();
    }
    memcpy(text->text + text->length, bytes, length);
    text->length += length;
    text->text[text->length] = '\0';
}

static void add_string(struct text *text, const char *string)
{
    add_bytes(text, string, strlen(string));
}

static void TT_PRINTF(2, 0) add_arguments(struct text *text, const char *format, va_list arguments)
{
    char *string;
    int length = vasprintf(&string, format, arguments);

    if (length < 0)
        abort();
    add_bytes(text, string, (size_t)length);
    free(string);
}

static void TT_PRINTF(2, 3) add(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_arguments(text, format, arguments);
    va_end(arguments);
}

/* -------------------------------------------------------------------------------------------------------- the errors */

/* What the library writes to stderr itself are the default handler's reports, of which the first lines are logged. They
 * go to a file, which is looked at before each line of the log. */
static off_t errors_seen;

/* "MESSAGE" for a line that begins a report; the others show places, which differ. */
static void add_report(char *line)
{
    static const char *const messages[] = {"Task exception was never retrieved",
                                           "Future exception was never retrieved",
                                           "_GatheringFuture exception was never retrieved",
                                           "Exception in callback",
                                           "Task was destroyed but it is pending!",
                                           "Unhandled error in exception handler"};

    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        if (strncmp(line, messages[i], strlen(messages[i])) == 0)
            add(&log_so_far, "default handler \"%s\"\n", messages[i]);
}

/* Writes what came to stderr since the last time. */
static void add_reports(void)
{
    off_t end = lseek(STDERR_FILENO, 0, SEEK_END);
    char *text, *rest, *line;

    if (end <= errors_seen)
        return;
    text = calloc(1, (size_t)(end - errors_seen) + 1);
    if (!text || pread(STDERR_FILENO, text, (size_t)(end - errors_seen), errors_seen) != end - errors_seen)
        abort();
    errors_seen = end;
    for (rest = text; (line = strsep(&rest, "\n"));)
        add_report(line);
    free(text);
}

void log_begin(void)
{
    errors_seen = lseek(STDERR_FILENO, 0, SEEK_END);
    log_so_far.length = operations.length = id_count = 0;
    add_string(&log_so_far, "");
    add_string(&operations, "");
}

void log_end(void)
{
    free(log_so_far.text);
    free(operations.text);
    free(ids);
    log_so_far = operations = (struct text){0};
    ids = NULL;
    id_count = id_capacity = 0;
}

void log_line(const char *format, ...)
{
    va_list arguments;

    add_reports();
    va_start(arguments, format);
    add_arguments(&log_so_far, format, arguments);
    va_end(arguments);
    add_string(&log_so_far, "\n");
}

const char *log_text(size_t *out_length)
{
    *out_length = log_so_far.length;
    return log_so_far.text;
}

void log_operation(int task, const char *name)
{
    add(&operations, operations.length > 0 ? ",%d:%s" : "%d:%s", task, name);
}

const char *log_operations(void)
{
    return operations.text;
}

/* ------------------------------------------------------------------------------------------------------- exceptions */

/* Exceptions are asked for again soon after the first time, so the search begins with the last one. */
static size_t number_of(const tt_exc *exc)
{
    uint64_t id = tt_exc_id(exc);

    for (size_t i = id_count; i > 0; i--)
        if (ids[i - 1] == id)
            return i;
    if (id_count == id_capacity) {
        id_capacity = id_capacity ? 2 * id_capacity : 256;
        ids = realloc(ids, id_capacity * sizeof *ids);
        if (!ids)
            abort();
    }
    ids[id_count++] = id;
    return id_count;
}

/* Without what differs from run to run: from the first < to the last > is a repr. */
static char *clean(const char *message)
{
    char *text = strdup(message), *first, *last;

    if (!text)
        abort();
    first = strchr(text, '<');
    last = strrchr(text, '>');
    if (first && last && last > first)
        memmove(first + 1, last, strlen(last) + 1);
    if (strncmp(text, "Exception in callback", 21) == 0)
        text[21] = '\0';
    return text;
}

/* As Python writes a string. */
static void add_quoted(struct text *text, const char *string)
{
    char quote = strchr(string, '\'') && !strchr(string, '"') ? '"' : '\'';

    add_bytes(text, &quote, 1);
    for (; *string; string++) {
        if (*string == '\\' || *string == quote)
            add_string(text, "\\");
        if (*string == '\n')
            add_string(text, "\\n");
        else
            add_bytes(text, string, 1);
    }
    add_bytes(text, &quote, 1);
}

enum { SEEN_MAX = 256 };

struct seen {
    const tt_exc *excs[SEEN_MAX];
    int count;
};

/* Whether EXC was described before; from now on it was. */
static bool is_seen(struct seen *seen, const tt_exc *exc)
{
    for (int i = 0; i < seen->count; i++)
        if (seen->excs[i] == exc)
            return true;
    if (seen->count == SEEN_MAX)
        abort();
    seen->excs[seen->count++] = exc;
    return false;
}

/* Whether EXC is a copy, made for another reader, of one that was described: CPython, which has one object, cut the chain
 * there. */
static bool is_copy_of_seen(const struct seen *seen, const tt_exc *exc)
{
    for (int i = 0; i < seen->count; i++)
        if (seen->excs[i] != exc && tt_exc_id(seen->excs[i]) == tt_exc_id(exc))
            return true;
    return false;
}

static void describe(struct text *text, const tt_exc *exc, struct seen *seen);

static void describe_members(struct text *text, const tt_exc *group, struct seen *seen)
{
    add_string(text, " [");
    for (size_t i = 0; i < tt_exc_group_count(group); i++) {
        if (i > 0)
            add_string(text, ", ");
        describe(text, tt_exc_group_member(group, i), seen);
    }
    add_string(text, "]");
}

static void describe(struct text *text, const tt_exc *exc, struct seen *seen)
{
    const tt_exc *cause, *context;
    char *message;

    if (!exc) {
        add_string(text, "None");
        return;
    }
    add(text, "%s#%zu", tt_exc_type_of(exc)->name, number_of(exc));
    if (is_seen(seen, exc))
        return;
    message = clean(tt_exc_message(exc));
    add_string(text, "(");
    if (tt_exc_has_text(exc))
        add_quoted(text, message);
    free(message);
    if (tt_exc_is_group(exc))
        describe_members(text, exc, seen);
    add_string(text, ")");
    for (size_t i = 0; i < tt_exc_note_count(exc); i++) {
        add_string(text, " noted ");
        add_quoted(text, tt_exc_note(exc, i));
    }
    cause = tt_exc_cause(exc);
    context = tt_exc_context(exc);
    if (cause) {
        add_string(text, " from <");
        describe(text, cause, seen);
        add_string(text, ">");
    } else if (exc->is_context_hidden) {
        add_string(text, " from None");
    }
    if (context && context != cause && !is_copy_of_seen(seen, context)) {
        add_string(text, " while <");
        describe(text, context, seen);
        add_string(text, ">");
    }
}

static void add_exception(const tt_exc *exc)
{
    struct seen *seen = calloc(1, sizeof *seen); /* large for the stack of a task */

    if (!seen)
        abort();
    describe(&log_so_far, exc, seen);
    free(seen);
}

void log_exception(const tt_exc *exc, const char *format, ...)
{
    va_list arguments;

    add_reports();
    va_start(arguments, format);
    add_arguments(&log_so_far, format, arguments);
    va_end(arguments);
    add_exception(exc);
    add_string(&log_so_far, "\n");
}

void log_short_name(const tt_exc *exc, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s#%zu", tt_exc_type_of(exc)->name, number_of(exc));
}

/* ----------------------------------------------------------------------------------------------------------- values */

static void add_value(void *value)
{
    if (value)
        add(&log_so_far, "%" PRIdPTR, (intptr_t)value >> 1);
    else
        add_string(&log_so_far, "None");
}

void log_value(void *value)
{
    add_reports();
    add_string(&log_so_far, "  = ");
    add_value(value);
    add_string(&log_so_far, "\n");
}

void log_number(long number)
{
    log_line("  = %ld", number);
}

void log_bool(bool value)
{
    log_line("  = %s", value ? "True" : "False");
}

void log_exception_value(const tt_exc *exc)
{
    log_exception(exc, "  = ");
}

int log_gather(tt_future *gather)
{
    size_t count = tt_gather_count(gather);

    add_reports();
    add_string(&log_so_far, "  = [");
    for (size_t i = 0; i < count; i++) {
        void *value;
        tt_exc *exc;

        if (tt_gather_slot(gather, i, &value, &exc) < 0)
            return -1;
        if (i > 0)
            add_string(&log_so_far, ", ");
        if (exc)
            add_exception(exc);
        else
            add_value(value);
    }
    add_string(&log_so_far, "]\n");
    return 0;
}

/* --------------------------------------------------------------------------------------------------------- handlers */

static void add_name(const char *key, const tt_future *future)
{
    const char *name = future && future->kind == TT_OBJECT_KIND_TASK ? tt_task_name(future) : NULL;

    if (name)
        add(&log_so_far, " %s=%s", key, strncmp(name, "Task-", 5) == 0 ? "unnamed" : name);
}

void log_told(const char *who, const struct tt_handler_context *context)
{
    char keys[128], *message = clean(context->message);

    add_reports();
    tt_handler_context_keys(context, keys, sizeof keys);
    add(&log_so_far, "%s \"%s\" [%s]", who, message, keys);
    free(message);
    if (context->exception) {
        add_string(&log_so_far, " ");
        add_exception(context->exception);
    }
    add_name("future", context->future);
    add_name("task", context->task);
    if (context->context) {
        message = clean(context->context->message);
        add(&log_so_far, " of \"%s\"", message);
        free(message);
    }
    add_string(&log_so_far, "\n");
}
