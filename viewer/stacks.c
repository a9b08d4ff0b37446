/* stacks.c: see stacks.h. */
#include "stacks.h"

#include "parts.h"
#include "query.h"
#include "source.h"
#include "symbols.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Functions that one call can be in, inlined ones included. */
#define SYMBOLS_MAX 32

/* Columns where a call begins, and what is quoted below it. */
#define CALL_COLUMN  18
#define QUOTE_COLUMN 22

static const char select_stack[] =
    "SELECT stack_id, call_count, is_cut, func FROM stacks WHERE object_id = ?1 AND stack_of = ?2";

static const char select_calls[] =
    "SELECT path, build_id, address, call_text FROM calls WHERE stack_id = ?1 ORDER BY position";

/* One line of the stack in the making. */
struct line {
    struct tt_symbol symbol;
    char *call_text;     /* what can be said without symbols; NULL: said by the line before */
    const char *trouble; /* why there are none; NULL */
};

struct lines {
    struct line *items;
    size_t count;
};

/* Without a start none are printed: they are many lines. */
static bool are_wanted;

void tt__stacks_start(const struct tt_stack_options *given)
{
    are_wanted = true;
    tt__symbols_allow_servers(given->may_ask_servers);
}

void tt__stacks_stop(tt_output *output)
{
    const char *trouble = tt__symbols_trouble();
    tt__symbols_stop();
    are_wanted = false;
    if (trouble == NULL)
        return;
    tt__style(output, TT_STYLE_FAINT);
    tt__print(output, "\ncalls have no names: %s\n", trouble);
    tt__style(output, TT_STYLE_PLAIN);
}

static bool append(struct lines *lines, const struct line *line)
{
    struct line *items = reallocarray(lines->items, lines->count + 1, sizeof *items);
    if (items == NULL)
        return false;
    lines->items = items;
    items[lines->count++] = *line;
    return true;
}

static void finish_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        tt__symbol_finish(&lines->items[i].symbol);
        free(lines->items[i].call_text);
    }
    free(lines->items);
}

static const char *trouble_with(enum tt_symbols_module module)
{
    switch (module) {
    case TT_SYMBOLS_DIFFERS:
        return "the file is another build now: build id differs";
    case TT_SYMBOLS_MISSING:
        return "the file is not there any more";
    case TT_SYMBOLS_UNREADABLE:
        return "the file cannot be read";
    default:
        return NULL;
    }
}

/* The lines of the present row of CALLS. */
static void add_call(struct lines *lines, tt_query *calls)
{
    struct tt_symbol symbols[SYMBOLS_MAX];
    enum tt_symbols_module module =
        tt__symbols_module(tt__query_text(calls, "build_id"), tt__query_text(calls, "path"));
    size_t count = 0;
    if (module == TT_SYMBOLS_FOUND)
        count = tt__symbols_find((uint64_t)tt__query_integer(calls, "address"), symbols, SYMBOLS_MAX);
    const char *text = tt__query_text(calls, "call_text");
    struct line first = {.call_text = text != NULL ? strdup(text) : NULL, .trouble = trouble_with(module)};
    if (count > 0)
        first.symbol = symbols[0];
    if (!append(lines, &first))
        free(first.call_text);
    for (size_t i = 1; i < count; i++)
        append(lines, &(struct line){.symbol = symbols[i]});
}

/* What the library did inside of the call that the program made is left out, if the function that made it is known. */
static size_t first_of_interest(const struct lines *lines, const char *function)
{
    for (size_t i = 0; function != NULL && i < lines->count; i++)
        if (lines->items[i].symbol.function != NULL && strcmp(lines->items[i].symbol.function, function) == 0)
            return i;
    return 0;
}

/* Where the library begins that called the coroutine: what is from there on is the same in each task. */
static size_t end_of_interest(const struct lines *lines, size_t first)
{
    size_t end = lines->count;
    for (size_t i = first + 1; i < lines->count; i++)
        if (lines->items[i].symbol.function != NULL && strcmp(lines->items[i].symbol.function, "run_coroutine") == 0)
            return i;
    /* Without its debugging information. */
    while (end > first + 1 && lines->items[end - 1].symbol.function == NULL && lines->items[end - 1].call_text != NULL &&
           strstr(lines->items[end - 1].call_text, "libtelltale.so") != NULL)
        end--;
    return end;
}

static void print_line(const struct line *line, tt_output *output, const char *said_trouble)
{
    const struct tt_symbol *symbol = &line->symbol;
    if (symbol->file != NULL && symbol->line > 0)
        tt__print(output, "%s:%jd", symbol->file, (intmax_t)symbol->line);
    else
        tt__print(output, "%s", tt__part_or_unknown(line->call_text));
    if (symbol->function != NULL)
        tt__print(output, " in %s", symbol->function);
    if (symbol->is_inlined)
        tt__print(output, " (inlined)");
    if (line->trouble != NULL && line->trouble != said_trouble)
        tt__print(output, " (%s)", line->trouble);
    tt__print(output, "\n");
    if (symbol->file != NULL && symbol->line > 0)
        tt__source_quote_line(output, symbol->file, symbol->line, QUOTE_COLUMN);
}

static void print_calls(tt_session *session, tt_output *output, int64_t stack_id, const char *function, bool is_cut)
{
    struct lines lines = {0};
    const char *trouble = NULL;
    tt_query *calls = tt__query_open(session, select_calls);
    tt__query_bind_integer(calls, 1, stack_id);
    while (tt__query_next(calls))
        add_call(&lines, calls);
    tt__query_close(calls);
    size_t first = first_of_interest(&lines, function), end = end_of_interest(&lines, first);
    for (size_t i = first; i < end; i++) {
        if (i > first)
            tt__print(output, "%*s", CALL_COLUMN, "");
        print_line(&lines.items[i], output, trouble);
        trouble = lines.items[i].trouble;
    }
    if (is_cut)
        tt__print(output, "%*sand more\n", lines.count > first ? CALL_COLUMN : 0, "");
    else if (lines.count == 0)
        tt__print(output, "unknown\n");
    finish_lines(&lines);
}

void tt__stack_print(tt_session *session, tt_output *output, int64_t object_id, const char *stack_of, const char *label)
{
    if (!are_wanted)
        return;
    tt_query *stack = tt__query_open(session, select_stack);
    tt__query_bind_integer(stack, 1, object_id);
    tt__query_bind_text(stack, 2, stack_of);
    if (tt__query_next(stack)) {
        tt__part_label(output, label);
        if (tt__query_integer(stack, "stack_id") == 0)
            tt__print(output, "not kept: there were too many different ones\n");
        else
            print_calls(session, output, tt__query_integer(stack, "stack_id"), tt__query_text(stack, "func"),
                        tt__query_integer(stack, "is_cut") != 0);
    }
    tt__query_close(stack);
}
