/* text.c: foreign text and figures, made fit for people's eyes. The contract is in text.h. */
#include "output/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Decodes the character at TEXT, which has LENGTH bytes. Returns its bytes, or 0 when there is no valid UTF-8: overlong
 * forms, surrogates and what lies beyond Unicode count as invalid, because terminals disagree about them. */
static size_t decode(const unsigned char *text, size_t length, uint32_t *out_character)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = text[0];
    size_t bytes = first < 0x80 ? 1 : first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    if (bytes == 0 || bytes > length || first >= 0xf8)
        return 0;
    uint32_t character = bytes == 1 ? first : first & (0xffu >> (bytes + 1));
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        character = character << 6 | (text[i] & 0x3fu);
    }
    if (character < smallest[bytes] || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
        return 0;
    *out_character = character;
    return bytes;
}

struct range {
    uint32_t first, last;
};

/* Characters that no name needs and that change what stands around them, or that cannot be seen. */
static const struct range hidden[] = {
    {0x0000, 0x001f},   /* controls */
    {0x007f, 0x009f},   /* delete, and the 8-bit controls, which some terminals obey */
    {0x00ad, 0x00ad},   /* soft hyphen */
    {0x061c, 0x061c},   /* Arabic letter mark */
    {0x115f, 0x1160},   /* fillers without a shape */
    {0x17b4, 0x17b5},   /* invisible vowels */
    {0x180e, 0x180e},   /* Mongolian vowel separator */
    {0x200b, 0x200f},   /* zero-width characters, left-to-right and right-to-left marks */
    {0x2028, 0x202e},   /* line and paragraph separators, embeddings and overrides */
    {0x2060, 0x206f},   /* invisible operators, isolates */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xffa0, 0xffa0},   /* halfwidth filler */
    {0xfff0, 0xfffb},   /* interlinear annotation */
    {0xe0000, 0xe0fff}, /* tags and further variation selectors */
};

static bool is_hidden(uint32_t character)
{
    if (character >= 0x20 && character < 0x7f)
        return false;
    if ((character & 0xfffe) == 0xfffe) /* the last two of each plane are no characters */
        return true;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (character >= hidden[i].first && character <= hidden[i].last)
            return true;
    return false;
}

static void write_escaped(FILE *stream, uint32_t character)
{
    if (character == '\n')
        fputs("\\n", stream);
    else if (character == '\t')
        fputs("\\t", stream);
    else if (character == '\r')
        fputs("\\r", stream);
    else if (character < 0x80)
        fprintf(stream, "\\x%02" PRIx32, character);
    else
        fprintf(stream, character > 0xffff ? "\\U%08" PRIx32 : "\\u%04" PRIx32, character);
}

static bool is_line_character(uint32_t character)
{
    return character == '\n' || character == '\r' || character == '\t';
}

/* How many of the LENGTH bytes at TEXT, from the first on, are printable ASCII: of nearly all text it is all, which is
 * written at once. */
static size_t count_plain(const unsigned char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= 0x20 && text[count] < 0x7f)
        count++;
    return count;
}

size_t tt__text_escape(FILE *stream, const char *text, size_t length, size_t limit, enum tt_text_keep keep)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t count = 0;
    for (size_t at = 0; at < length; count++) {
        size_t room = limit != 0 && limit - count < length - at ? limit - count : length - at;
        size_t plain = count_plain(bytes + at, room);
        if (plain > 0)
            fwrite(bytes + at, 1, plain, stream);
        at += plain;
        count += plain;
        if (at == length)
            return count;
        if (limit != 0 && count == limit) {
            fputs("…", stream);
            return count + 1;
        }
        uint32_t character = 0;
        size_t taken = decode(bytes + at, length - at, &character);
        if (taken == 0)
            fprintf(stream, "\\x%02x", bytes[at++]);
        else if (is_hidden(character) && !(keep == TT_TEXT_KEEP_LINES && is_line_character(character)))
            write_escaped(stream, character);
        else
            fwrite(bytes + at, 1, taken, stream);
        at += taken;
    }
    return count;
}

static void write_json_character(FILE *stream, uint32_t character)
{
    if (character == '"' || character == '\\') {
        fprintf(stream, "\\%c", (int)character);
    } else if (character == '\n') {
        fputs("\\n", stream);
    } else if (character == '\t') {
        fputs("\\t", stream);
    } else if (character > 0xffff) {
        uint32_t pair = character - 0x10000;
        fprintf(stream, "\\u%04x\\u%04x", 0xd800u + (pair >> 10), 0xdc00u + (pair & 0x3ffu));
    } else {
        fprintf(stream, "\\u%04x", character);
    }
}

/* The same for what JSON takes as it is. */
static size_t count_plain_json(const unsigned char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= 0x20 && text[count] < 0x7f && text[count] != '"' && text[count] != '\\')
        count++;
    return count;
}

void tt__text_escape_json(FILE *stream, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    putc('"', stream);
    for (size_t at = 0; at < length;) {
        size_t plain = count_plain_json(bytes + at, length - at);
        if (plain > 0)
            fwrite(bytes + at, 1, plain, stream);
        at += plain;
        if (at == length)
            break;
        uint32_t character = 0xfffd;
        size_t taken = decode(bytes + at, length - at, &character);
        if (taken == 0 || is_hidden(character) || character == '"' || character == '\\')
            write_json_character(stream, character);
        else
            fwrite(bytes + at, 1, taken, stream);
        at += taken == 0 ? 1 : taken;
    }
    putc('"', stream);
}

/* Digits from the last on; printf, which can do more, takes several times as long, and exports are full of numbers. */
void tt__text_integer(FILE *stream, int64_t integer)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    if (integer < 0)
        digits[--at] = '-';
    fwrite(digits + at, 1, sizeof digits - at, stream);
}

void tt__text_hex(FILE *stream, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++)
        fprintf(stream, "%02x", byte[i]);
}

void tt__text_duration(char out_text[TT_DURATION_BYTES], int64_t duration_ns)
{
    const char *sign = duration_ns < 0 ? "-" : "";
    uint64_t ns = duration_ns < 0 ? 0 - (uint64_t)duration_ns : (uint64_t)duration_ns;
    uint64_t seconds = ns / 1000000000u;
    if (ns < 1000)
        snprintf(out_text, TT_DURATION_BYTES, "%s%" PRIu64 " ns", sign, ns);
    else if (ns < 1000000)
        snprintf(out_text, TT_DURATION_BYTES, "%s%.1f us", sign, (double)(ns / 100) / 10);
    else if (ns < 1000000000)
        snprintf(out_text, TT_DURATION_BYTES, "%s%.1f ms", sign, (double)(ns / 100000) / 10);
    else if (seconds < 600)
        snprintf(out_text, TT_DURATION_BYTES, "%s%.3f s", sign, (double)(ns / 1000000) / 1000);
    else if (seconds < 36000)
        snprintf(out_text, TT_DURATION_BYTES, "%s%" PRIu64 " min %" PRIu64 " s", sign, seconds / 60, seconds % 60);
    else
        snprintf(out_text, TT_DURATION_BYTES, "%s%" PRIu64 " h %" PRIu64 " min", sign, seconds / 3600, seconds / 60 % 60);
}

void tt__text_instant(char out_text[TT_DURATION_BYTES], int64_t instant_ns)
{
    snprintf(out_text, TT_DURATION_BYTES, "%.3f s", (double)instant_ns / 1e9);
}
