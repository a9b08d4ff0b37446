/* exc_print.c: the text of an exception: its repr, and the traceback with its chain of causes and contexts. As Python
 * prints them, word for word, with places of C where Python has frames; what differs on purpose:
 *
 *   - types are printed by their name alone, where Python puts the module before it
 *     (asyncio.exceptions.CancelledError);
 *   - there are no source lines below the places;
 *   - bytes that are not UTF-8 are shown as \xNN in a repr; of code points that no version of Unicode has assigned, a
 *     repr shows the character where Python escapes it.
 *
 * Nothing here allocates but the one block that tt_exc_format returns, and nothing recurses: the way back along a chain
 * is kept in the exceptions (`next`). The thread of the exception.
 */
#include "exc_object.h"
#include "precond.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------------------------------------- where it goes */

/* Either a stream, or a buffer of which SIZE bytes may be written; LENGTH counts what was to be written in both. */
struct sink {
    FILE *stream;
    char *buffer;
    size_t size;
    size_t length;
};

static void put(struct sink *sink, const char *text, size_t size)
{
    size_t room = sink->length < sink->size ? sink->size - sink->length : 0;

    if (sink->stream)
        (void)fwrite(text, 1, size, sink->stream); /* a stream keeps its own error indicator */
    else if (size > 0 && room > 0)
        memcpy(sink->buffer + sink->length, text, size < room ? size : room);
    sink->length += size;
}

static void put_text(struct sink *sink, const char *text)
{
    put(sink, text, strlen(text));
}

/* FORMAT is for one long. */
static void put_number(struct sink *sink, const char *format, long number)
{
    char text[40];

    snprintf(text, sizeof text, format, number);
    put_text(sink, text);
}

/* ------------------------------------------------------------------------------------------------------------ repr */

/* Code points from 0x80 on that Python's repr escapes: categories Cc, Cf, Zs, Zl, Zp and Co of Unicode 15.1. Among them
 * are the marks that turn the direction of text around, and so could make an output say what is not there. */
static const struct {
    uint32_t first, last;
} escaped_ranges[] = {
    {0x80, 0xa0},       {0xad, 0xad},         {0x600, 0x605},     {0x61c, 0x61c},     {0x6dd, 0x6dd},
    {0x70f, 0x70f},     {0x890, 0x891},       {0x8e2, 0x8e2},     {0x1680, 0x1680},   {0x180e, 0x180e},
    {0x2000, 0x200f},   {0x2028, 0x202f},     {0x205f, 0x2064},   {0x2066, 0x206f},   {0x3000, 0x3000},
    {0xe000, 0xf8ff},   {0xfeff, 0xfeff},     {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},   {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
    {0xf0000, 0xffffd}, {0x100000, 0x10fffd},
};

static bool is_printable(uint32_t point)
{
    if (point < 0x80)
        return point >= ' ' && point < 0x7f;
    for (size_t i = 0; i < sizeof escaped_ranges / sizeof escaped_ranges[0]; i++)
        if (point >= escaped_ranges[i].first && point <= escaped_ranges[i].last)
            return false;
    return true;
}

/* Decodes the character at TEXT, which ends at END. Returns its bytes, or 0 where there is no well-formed UTF-8. */
static size_t decode(const char *text, const char *end, uint32_t *out_point)
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

static void put_escaped(struct sink *sink, uint32_t point)
{
    if (point == '\n')
        put_text(sink, "\\n");
    else if (point == '\r')
        put_text(sink, "\\r");
    else if (point == '\t')
        put_text(sink, "\\t");
    else
        put_number(sink, point < 0x100 ? "\\x%02lx" : point < 0x10000 ? "\\u%04lx" : "\\U%08lx", (long)point);
}

/* Python's repr of the string TEXT. */
static void put_quoted(struct sink *sink, const char *text, size_t size)
{
    const char *end = text + size;
    char quote = memchr(text, '\'', size) && !memchr(text, '"', size) ? '"' : '\'';

    put(sink, &quote, 1);
    while (text < end) {
        uint32_t point = (unsigned char)*text;
        size_t width = decode(text, end, &point);

        if (point == (unsigned char)quote || point == '\\')
            put_text(sink, "\\");
        if (width > 0 && is_printable(point))
            put(sink, text, width);
        else
            put_escaped(sink, point);
        text += width > 0 ? width : 1;
    }
    put(sink, &quote, 1);
}

static void put_repr(struct sink *sink, const tt_exc *exc)
{
    put_text(sink, exc->type->name);
    put_text(sink, "(");
    if (exc->has_error) {
        put_number(sink, "%ld, ", exc->error);
        put_quoted(sink, exc->text + exc->error_text_begin, exc->error_text_size);
    } else if (exc->text_size > 0) {
        put_quoted(sink, exc->text, exc->text_size);
    }
    put_text(sink, ")");
}

int tt_exc_repr(const tt_exc *exc, char *buffer, size_t size)
{
    struct sink sink = {.buffer = buffer, .size = size > 0 ? size - 1 : 0};

    if (exc)
        put_repr(&sink, exc);
    else
        put_text(&sink, "None");
    if (size > 0)
        buffer[sink.length < sink.size ? sink.length : sink.size] = '\0';
    return sink.length > INT_MAX ? INT_MAX : (int)sink.length;
}

/* ------------------------------------------------------------------------------------------------------- traceback */

static void put_place(struct sink *sink, const tt_site *site)
{
    put_text(sink, "  File \"");
    put_text(sink, site->file);
    put_number(sink, "\", line %ld", (long)site->line);
    put_text(sink, ", in ");
    put_text(sink, site->func);
    put_text(sink, "\n");
}

/* The outermost place first, where it was raised last. */
static void put_places(struct sink *sink, const tt_exc *exc)
{
    uint32_t gap = exc->left_out_count > 0 ? tt__exc_place_capacity(exc) / 2 : 0;

    for (uint32_t i = exc->place_count; i > 0; i--) {
        if (i == gap)
            put_number(sink, exc->left_out_count > 1 ? "  [%ld places left out]\n" : "  [%ld place left out]\n",
                       (long)exc->left_out_count);
        put_place(sink, exc->places[i - 1]);
    }
}

static void put_alone(struct sink *sink, const tt_exc *exc)
{
    if (exc->place_count > 0) {
        put_text(sink, "Traceback (most recent call last):\n");
        put_places(sink, exc);
    }
    put_text(sink, exc->type->name);
    if (exc->text_size > 0) {
        put_text(sink, ": ");
        if (tt_exc_is(exc, &tt_KeyError)) /* as in Python, where a lone key would often be unreadable */
            put_quoted(sink, exc->text, exc->text_size);
        else
            put(sink, exc->text, exc->text_size);
    }
    put_text(sink, "\n");
}

/* What is to be printed before EXC, or NULL. */
static tt_exc *printed_before(const tt_exc *exc)
{
    if (exc->cause)
        return exc->cause;
    return exc->is_context_hidden ? NULL : exc->context;
}

static void put_link(struct sink *sink, bool is_cause)
{
    put_text(sink, is_cause ? "\nThe above exception was the direct cause of the following exception:\n\n"
                            : "\nDuring handling of the above exception, another exception occurred:\n\n");
}

/* The end of the way back; the static exception has nothing before it, so no way leads back to it. */
#define CHAIN_END (&tt__exc_no_memory)

/* EXC and its chain, the earliest first. On the way to the earliest one, each exception notes which one comes after it;
 * one that has such a note was there before, as in a circle of causes. */
static void put_chain(struct sink *sink, const tt_exc *last)
{
    tt_exc *exc = (tt_exc *)last, *after = CHAIN_END; /* written to by the walk only, which leaves it as it was */

    for (tt_exc *before; (before = printed_before(exc)) != NULL && !before->next && before != exc; exc = before) {
        exc->next = after;
        after = exc;
    }
    put_alone(sink, exc);
    while (after != CHAIN_END) {
        exc = after;
        after = exc->next;
        exc->next = NULL;
        put_link(sink, exc->cause != NULL);
        put_alone(sink, exc);
    }
}

char *tt_exc_format(const tt_exc *exc)
{
    struct sink measure = {0}, sink = {0};

    if (exc)
        put_chain(&measure, exc);
    sink.size = measure.length;
    sink.buffer = malloc(sink.size + 1);
    if (!sink.buffer)
        return NULL;
    if (exc)
        put_chain(&sink, exc);
    sink.buffer[sink.size] = '\0';
    return sink.buffer;
}

void tt_exc_print(const tt_exc *exc, FILE *stream)
{
    struct sink sink = {.stream = stream};

    TT_PRECOND("exc_print.stream", NULL, stream != NULL);
    if (!exc)
        return;
    flockfile(stream);
    put_chain(&sink, exc);
    funlockfile(stream);
}
