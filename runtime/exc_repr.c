/* exc_repr.c: Python's repr of an exception, word for word; what differs on purpose:
 *
 *   - bytes that are not UTF-8 are shown as \xNN;
 *   - where groups are nested more than 50 deep, "..." stands for the members of the innermost.
 *
 * Nothing here allocates. The thread of the exception.
 */
#include "exc_text.h"
#include "precond.h"

#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- where it goes */

struct tt_exc_sink tt__exc_sink_into(char *buffer, size_t size)
{
    return (struct tt_exc_sink){.buffer = size > 0 ? buffer : NULL, .size = size > 0 ? size - 1 : 0};
}

int tt__exc_sink_end(struct tt_exc_sink *sink)
{
    size_t end = sink->length;

    if (end > sink->size) {
        size_t begin = sink->size;
        uint32_t point;

        end = sink->size;
        while (begin > 0 && end - begin < 4 && ((unsigned char)sink->buffer[begin - 1] & 0xc0) == 0x80)
            begin--;
        if (begin > 0 && (unsigned char)sink->buffer[begin - 1] >= 0xc0 &&
            !tt__exc_decode(sink->buffer + begin - 1, sink->buffer + end, &point))
            end = begin - 1;
    }
    if (sink->buffer)
        sink->buffer[end] = '\0';
    return sink->length > INT_MAX ? INT_MAX : (int)sink->length;
}

void tt__exc_put(struct tt_exc_sink *sink, const char *text, size_t size)
{
    size_t room = sink->length < sink->size ? sink->size - sink->length : 0;

    if (sink->stream)
        (void)fwrite(text, 1, size, sink->stream); /* a stream keeps its own error indicator */
    else if (size > 0 && room > 0)
        memcpy(sink->buffer + sink->length, text, size < room ? size : room);
    sink->length += size;
}

void tt__exc_put_format(struct tt_exc_sink *sink, const char *format, ...)
{
    size_t room = sink->length < sink->size ? sink->size - sink->length : 0;
    va_list arguments;
    int length;

    va_start(arguments, format);
    if (sink->stream)
        length = vfprintf(sink->stream, format, arguments);
    else
        length = vsnprintf(room ? sink->buffer + sink->length : NULL, room ? room + 1 : 0, format, arguments);
    va_end(arguments);
    if (length > 0)
        sink->length += (size_t)length;
}

static void put_text(struct tt_exc_sink *sink, const char *text)
{
    tt__exc_put(sink, text, strlen(text));
}

void tt__exc_put_number(struct tt_exc_sink *sink, const char *format, long number)
{
    char text[40];

    snprintf(text, sizeof text, format, number);
    put_text(sink, text);
}

/* ------------------------------------------------------------------------------------------------------------ repr */

/* Code points from 0x80 on that Python's repr escapes, in order. Among them are the marks that turn the direction of text
 * around, and so could make an output say what is not there. */
static const struct {
    uint32_t first, last;
} escaped_ranges[] = {
#define R(first, last) {first, last},
#include "unprintable.def"
#undef R
};

static bool is_printable(uint32_t point)
{
    size_t low = 0, high = sizeof escaped_ranges / sizeof escaped_ranges[0];

    if (point < 0x80)
        return point >= ' ' && point < 0x7f;
    while (low < high) {
        size_t middle = (low + high) / 2;

        if (point > escaped_ranges[middle].last)
            low = middle + 1;
        else if (point < escaped_ranges[middle].first)
            high = middle;
        else
            return false;
    }
    return true;
}

size_t tt__exc_decode(const char *text, const char *end, uint32_t *out_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* that needs so many bytes */
    unsigned char first = (unsigned char)*text;
    size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf8 ? 4 : 0;
    uint32_t point = size == 1 ? first : first & (0x7fu >> size);

    if (size == 0 || (size_t)(end - text) < size)
        return 0;
    for (size_t i = 1; i < size; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | ((unsigned char)text[i] & 0x3f);
    }
    if (point < smallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    *out_point = point;
    return size;
}

static void put_escaped(struct tt_exc_sink *sink, uint32_t point)
{
    if (point == '\n')
        put_text(sink, "\\n");
    else if (point == '\r')
        put_text(sink, "\\r");
    else if (point == '\t')
        put_text(sink, "\\t");
    else
        tt__exc_put_number(sink, point < 0x100 ? "\\x%02lx" : point < 0x10000 ? "\\u%04lx" : "\\U%08lx", (long)point);
}

void tt__exc_put_quoted(struct tt_exc_sink *sink, const char *text, size_t size)
{
    const char *end = text + size, *plain = text; /* from PLAIN on nothing needs an escape; it is put at once */
    char quote = memchr(text, '\'', size) && !memchr(text, '"', size) ? '"' : '\'';

    tt__exc_put(sink, &quote, 1);
    while (text < end) {
        uint32_t point = (unsigned char)*text;
        size_t width = tt__exc_decode(text, end, &point);
        bool is_shown = width > 0 && is_printable(point);

        if (!is_shown || point == (unsigned char)quote || point == '\\') {
            tt__exc_put(sink, plain, (size_t)(text - plain));
            put_text(sink, is_shown ? "\\" : "");
            if (!is_shown)
                put_escaped(sink, point);
            plain = is_shown ? text : text + (width > 0 ? width : 1);
        }
        text += width > 0 ? width : 1;
    }
    tt__exc_put(sink, plain, (size_t)(end - plain));
    tt__exc_put(sink, &quote, 1);
}

/* Groups that a repr goes into; those nested more deeply are shown without their members. A group takes some 100 bytes
 * of stack. */
#define REPR_DEPTH_MAX 50

static void put_repr(struct tt_exc_sink *sink, const tt_exc *exc, int depth);

/* What stands between the parentheses of a group's repr. */
static void put_members(struct tt_exc_sink *sink, const struct tt_exc_group *group, int depth)
{
    tt__exc_put_quoted(sink, group->message, group->message_size);
    put_text(sink, group->is_wrapper ? ", (" : ", [");
    for (size_t i = 0; i < group->count && depth < REPR_DEPTH_MAX; i++) {
        put_text(sink, i > 0 ? ", " : "");
        put_repr(sink, group->members[i].exc, depth + 1);
    }
    if (depth == REPR_DEPTH_MAX)
        put_text(sink, "...");
    put_text(sink, group->is_wrapper ? ",)" : "]");
}

static void put_repr(struct tt_exc_sink *sink, const tt_exc *exc, int depth)
{
    put_text(sink, exc->type->name);
    put_text(sink, "(");
    if (exc->group) {
        put_members(sink, exc->group, depth);
    } else if (exc->has_error) {
        tt__exc_put_number(sink, "%ld, ", exc->error);
        tt__exc_put_quoted(sink, exc->text + exc->error_text_begin, exc->error_text_size);
    } else if (exc->has_text) {
        tt__exc_put_quoted(sink, exc->text, exc->text_size);
    }
    put_text(sink, ")");
}

void tt__exc_put_repr(struct tt_exc_sink *sink, const tt_exc *exc)
{
    if (exc)
        put_repr(sink, exc, 1);
    else
        put_text(sink, "None");
}

int tt_exc_repr(const tt_exc *exc, char *buffer, size_t size)
{
    struct tt_exc_sink sink = tt__exc_sink_into(buffer, size);

    TT_PRECOND("exc_repr.buffer", NULL, buffer != NULL || size == 0);
    tt__exc_put_repr(&sink, exc);
    return tt__exc_sink_end(&sink);
}
