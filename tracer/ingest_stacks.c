/* ingest_stacks.c: the calls that were open, told as a place without file (call_stack.h), become rows.
 *
 * A stack, and each program or library that calls of it are in, has a number out of the sequence that places have, by a
 * hash of its content: the same one in two processes is one row. Their rows of site only keep the number; an empty file
 * says so.
 *
 * What is read may be hostile: a stack that makes no sense ends where it stops doing so.
 */
#include "ingest_state.h"

#include <string.h>

#include "call_stack.h"
#include "place_hash.h"

#define HEX "0123456789abcdef"

bool tt__ingest_is_stack(struct tt_decoded_text file, uint32_t line, struct tt_decoded_text text)
{
    size_t length = strlen(TT_CALLS_WORD);
    return file.length == 0 && line == 0 && text.length >= length && memcmp(text.bytes, TT_CALLS_WORD, length) == 0 &&
           (text.length == length || text.bytes[length] == ' ');
}

/* The number of what has HASH, whose row of site says that it is no place. 0: no memory. */
static int64_t number_of(struct tt_ingest *ingest, uint64_t hash)
{
    int64_t number = tt__ingest_site_id(ingest, hash);
    if (number == 0)
        return 0;
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_SITE, number);
    TT__SET(row, SITE, hash, hash);
    tt__cell_set_static_text(TT__CELL(row, SITE, file), "");
    ingest->sites[number - 1].is_defined = true;
    return number;
}

/* One line of the list of modules: BUILDID PATH. Returns its number, 0 when it makes no sense. */
static int64_t define_module(struct tt_ingest *ingest, const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    size_t id_length = space ? (size_t)(space - line) : 0, path_length = space ? length - id_length - 1 : 0;
    bool has_id = id_length != 1 || line[0] != '-';
    if (id_length == 0 || id_length > 2 * TT_BUILD_ID_BYTES_MAX || path_length > TT_PLACE_TEXT_BYTES_MAX)
        return 0;
    for (size_t i = 0; has_id && i < id_length; i++)
        if (!memchr(HEX, line[i], strlen(HEX)))
            return 0;
    const char *const texts[3] = {"", line, space + 1};
    const size_t lengths[3] = {0, id_length, path_length};
    int64_t module_id = number_of(ingest, tt__place_hash(texts, lengths, 0));
    if (module_id == 0)
        return 0;
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_MODULE, module_id);
    if (has_id)
        tt__batch_set_text(&ingest->batch, TT__CELL(row, MODULE, build_id), line, id_length);
    tt__batch_set_text(&ingest->batch, TT__CELL(row, MODULE, path), space + 1, path_length);
    return module_id;
}

static size_t define_modules(struct tt_ingest *ingest, struct tt_decoded_text modules, int64_t out[TT_CALLS_MAX])
{
    size_t count = 0;
    const char *at = modules.bytes, *end = modules.bytes + modules.length;
    while (count < TT_CALLS_MAX && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((newline ? newline : end) - at);
        out[count++] = define_module(ingest, at, length);
        at += length + (newline != NULL);
    }
    return count;
}

/* Reads digits of BASE at *AT and moves on. False: there are none, or too many. */
static bool read_number(const char **at, const char *end, unsigned base, uint64_t *out)
{
    const char *start = *at;
    for (*out = 0; *at < end; ++*at) {
        const char *digit = memchr(HEX, **at, base);
        if (!digit)
            break;
        if (*out > UINT64_MAX / base)
            return false;
        *out = *out * base + (uint64_t)(digit - HEX);
    }
    return *at > start;
}

/* Reads " MODULE+ADDRESS". */
static bool read_call(const char **at, const char *end, uint64_t *out_module, uint64_t *out_address)
{
    if (*at == end || **at != ' ')
        return false;
    ++*at;
    if (!read_number(at, end, 10, out_module) || *at == end || **at != '+')
        return false;
    ++*at;
    return read_number(at, end, 16, out_address);
}

/* A row with two keys: it is looked up by neither in a batch, for a stack is told once. */
static void add_call(struct tt_ingest *ingest, int64_t stack_id, size_t position, int64_t module_id, uint64_t address)
{
    struct tt__cell *row = tt__batch_append(&ingest->batch, TT__TABLE_CALL);
    TT__SET(row, CALL, stack_id, stack_id);
    TT__SET(row, CALL, position, position);
    TT__SET(row, CALL, module_id, module_id);
    TT__SET(row, CALL, address, address);
}

void tt__ingest_define_stack(struct tt_ingest *ingest, uint64_t hash, struct tt_decoded_text modules,
                             struct tt_decoded_text text)
{
    int64_t numbers[TT_CALLS_MAX], stack_id = number_of(ingest, hash);
    uint64_t module, address;
    size_t count = 0, module_count = stack_id != 0 ? define_modules(ingest, modules, numbers) : 0;
    const char *at = text.bytes + strlen(TT_CALLS_WORD), *end = text.bytes + text.length;
    if (stack_id == 0)
        return;
    for (const char *next = at; count < TT_CALLS_MAX && read_call(&next, end, &module, &address); at = next) {
        if (module >= module_count || numbers[module] == 0)
            break;
        add_call(ingest, stack_id, count++, numbers[module], address);
    }
    struct tt__cell *row = tt__batch_row(&ingest->batch, TT__TABLE_STACK, stack_id);
    TT__SET(row, STACK, call_count, count);
    TT__SET(row, STACK, is_cut, at != end);
}
