/* cmd_schema.c: telltale schema: what views, tables and events there are, and what each of their columns says.
 *
 * What is here: how an entry looks, on a screen and as the source of telltale-store(5). What it says: tracer/reference.h.
 */
#include "command.h"

#include "reference.h"

#include <stdio.h>
#include <string.h>

struct schema_options {
    int format;
    bool is_all;
};

enum { FORMAT_TEXT, FORMAT_SCDOC };

/* Of lines where there is no terminal that has one. */
#define WIDTH_DEFAULT 100

static const char *const formats[] = {"text", "scdoc", NULL};

static const struct tt_option options[] = {
    {'a', "all", TT_OPTION_FLAG, NULL, "all of them, with their columns", offsetof(struct schema_options, is_all),
     NULL},
    {0, "format", TT_OPTION_WORD, "FORMAT", "text, or scdoc: the source of telltale-store(5)",
     offsetof(struct schema_options, format), formats},
};

static const struct {
    const char *heading, *text;
} kinds[] = {
    [TT_REFERENCE_VIEW] = {"VIEWS", "What a store says. They keep their columns."},
    [TT_REFERENCE_STREAM_TABLE] =
        {"EVENT STREAM",
         "Virtual tables, of telltale query and of the extension libtelltale-sqlite. A table NAME(T) takes a time."},
    [TT_REFERENCE_STREAM_VIEW] = {"VIEWS OVER THE EVENT STREAM", "With telltale query, or the extension libtelltale-sqlite; they are not in the file."},
    [TT_REFERENCE_TABLE] = {"TABLES", "What the views are made of; they change with the version of the schema."},
    [TT_REFERENCE_CATEGORY] = {"CATEGORIES OF EVENTS", "What is recorded is chosen by category."},
    [TT_REFERENCE_EVENT] = {"EVENTS", "What programs say. Vital ones find room where plain ones do not any more."},
    [TT_REFERENCE_WORDS] = {"WORDS", "What the numbers of fields and columns mean: table word."},
};

/* ------------------------------------------------------------------------------------------------- on a screen */

static void print_brief(tt_output *output, const struct tt_reference_entry *entry)
{
    /* The first sentence. */
    size_t length = strcspn(entry->text, ".:;(");
    tt__print(output, "  %-20s %.*s\n", entry->name, (int)length, entry->text);
}

/* TEXT in lines that begin with INDENT spaces. It is the program's own, and not cut. */
static void print_wrapped(tt_output *output, const char *text, size_t indent)
{
    size_t width = output->width > 2 * indent + 20 ? output->width : WIDTH_DEFAULT, at = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        char word[128];
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (at == 0 || at + 1 + length > width) {
            tt__print(output, at == 0 ? "%*s" : "\n%*s", (int)indent, "");
            at = indent;
        } else {
            tt__print_own(output, " ");
            at++;
        }
        tt__print_own(output, word);
        at += length;
        text += length + strspn(text + length, " ");
    }
    tt__print_own(output, "\n");
}

/* Columns FIRST up to the one before LAST share a sentence. */
static void print_columns(tt_output *output, const struct tt_reference_entry *entry, size_t first, size_t last)
{
    tt__print(output, "  ");
    for (size_t i = first; i < last; i++) {
        const struct tt_reference_column *column = &entry->columns[i];
        tt__style(output, TT_STYLE_BOLD);
        tt__print(output, "%s%s", i > first ? ", " : "", column->name);
        tt__style(output, TT_STYLE_PLAIN);
        if (column->facts != NULL)
            tt__print(output, " (%s)", column->facts);
    }
    tt__print(output, "\n");
    if (entry->columns[first].text != NULL)
        print_wrapped(output, entry->columns[first].text, 6);
}

static void print_entry(tt_output *output, const struct tt_reference_entry *entry)
{
    tt__style(output, TT_STYLE_BOLD);
    tt__print(output, "%s", entry->name);
    tt__style(output, TT_STYLE_PLAIN);
    if (entry->facts != NULL)
        tt__print(output, " (%s)", entry->facts);
    tt__print(output, "\n");
    print_wrapped(output, entry->text, 4);
    tt__print(output, "\n");
    for (size_t i = 0, last; i < entry->column_count; i = last) {
        for (last = i + 1; last < entry->column_count && entry->columns[last].text == NULL;)
            last++;
        print_columns(output, entry, i, last);
    }
}

static void print_heading(tt_output *output, enum tt_reference_kind kind)
{
    tt__style(output, TT_STYLE_BOLD);
    tt__print(output, "%s", kinds[kind].heading);
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, ": %s\n", kinds[kind].text);
}

static void print_all(tt_output *output, const struct tt_reference *reference, bool is_brief)
{
    for (size_t i = 0; i < reference->entry_count; i++) {
        const struct tt_reference_entry *entry = &reference->entries[i];
        bool is_first = i == 0 || entry[-1].kind != entry->kind;
        if (is_first && i > 0)
            tt__print(output, "\n");
        if (is_first)
            print_heading(output, entry->kind);
        if (is_brief)
            print_brief(output, entry);
        else {
            tt__print(output, "\n");
            print_entry(output, entry);
        }
    }
}

/* All entries called NAME: a table and an event may have one. */
static size_t print_named(tt_output *output, const struct tt_reference *reference, const char *name, bool is_first)
{
    size_t count = 0;
    for (size_t i = 0; i < reference->entry_count; i++) {
        const struct tt_reference_entry *entry = &reference->entries[i];
        if (strcmp(entry->name, name) != 0)
            continue;
        if (count++ > 0 || !is_first)
            tt__print(output, "\n");
        tt__print(output, "%s: ", kinds[entry->kind].heading);
        print_entry(output, entry);
    }
    return count;
}

/* --------------------------------------------------------------------------------------------- as a manual page */

/* TEXT with what scdoc takes for its own escaped. */
static void write_escaped(tt_output *output, const char *text)
{
    for (; *text != '\0'; text++)
        tt__print(output, strchr("\\*_<>#[]|", *text) != NULL ? "\\%c" : "%c", *text);
}

static void write_entry(tt_output *output, const struct tt_reference_entry *entry)
{
    tt__print(output, "## ");
    write_escaped(output, entry->name);
    tt__print(output, "\n\n");
    write_escaped(output, entry->text);
    tt__print(output, "\n");
    if (entry->facts != NULL)
        tt__print(output, "(%s.)\n", entry->facts);
    for (size_t i = 0, last; i < entry->column_count; i = last) {
        tt__print(output, "\n");
        for (last = i; last == i || (last < entry->column_count && entry->columns[last].text == NULL); last++) {
            tt__print(output, last > i ? ", *" : "*");
            write_escaped(output, entry->columns[last].name);
            tt__print(output, "*");
            if (entry->columns[last].facts != NULL) {
                tt__print(output, " (");
                write_escaped(output, entry->columns[last].facts);
                tt__print(output, ")");
            }
        }
        tt__print(output, "\n");
        if (entry->columns[i].text != NULL) {
            tt__print_own(output, "\t");
            write_escaped(output, entry->columns[i].text);
            tt__print(output, "\n");
        }
    }
    tt__print(output, "\n");
}

static void write_page(tt_output *output, const struct tt_reference *reference)
{
    tt__print(
        output,
        "telltale-store(5)\n\n# NAME\n\ntelltale-store - views, tables and events of a store, column by column\n\n"
        "# DESCRIPTION\n\nA store is an SQLite file. Ids of objects are (process\\_id \\<\\< 40) \\| local id. Times "
        "end in \\_ns: nanoseconds since time 0\n"
        "of the recording. NULL means not happened, or not known. Where several columns stand together the sentence is "
        "about all of\n"
        "them. *telltale schema* _NAME_ prints what is here about one of them, *telltale query* asks them.\n\n");
    for (size_t i = 0; i < reference->entry_count; i++) {
        const struct tt_reference_entry *entry = &reference->entries[i];
        if (i == 0 || entry[-1].kind != entry->kind)
            tt__print(output, "# %s\n\n%s\n\n", kinds[entry->kind].heading, kinds[entry->kind].text);
        write_entry(output, entry);
    }
    tt__print(output, "# SEE ALSO\n\n*telltale*(1), *telltale-schema*(1), *telltale-query*(1)\n");
}

/* ------------------------------------------------------------------------------------------------------ command */

static int print(struct tt_invocation *invocation, const struct tt_reference *reference)
{
    const struct schema_options *given = invocation->options;
    int status = TT_EXIT_CLEAN;
    if (given->format == FORMAT_SCDOC) {
        write_page(&invocation->output, reference);
    } else if (invocation->argument_count == 0) {
        print_all(&invocation->output, reference, !given->is_all);
    }
    for (int i = 0; i < invocation->argument_count; i++)
        if (print_named(&invocation->output, reference, invocation->arguments[i], i == 0) == 0)
            status = tt__usage_error(invocation->command, "there is no view, table, event or enumeration %s",
                                     invocation->arguments[i]);
    return status;
}

static int run(struct tt_invocation *invocation)
{
    const struct schema_options *given = invocation->options;
    if (invocation->argument_count > 0 && (given->is_all || given->format == FORMAT_SCDOC))
        return tt__usage_error(invocation->command, "either names, or all of them");
    struct tt_reference *reference = tt_reference_create();
    if (reference == NULL) {
        tt__complain("schema: not enough memory");
        return TT_EXIT_OUTSIDE;
    }
    int status = print(invocation, reference);
    tt_reference_destroy(reference);
    return status;
}

const struct tt_command tt__command_schema = {
    .name = "schema",
    .usage = "[OPTION...] [NAME...]",
    .summary = "views, tables and events, and what each column says",
    .details = "Without NAME: a line for each. NAME: a view, a table, an event, an enumeration.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct schema_options),
    .arguments_min = 0,
    .arguments_max = -1,
    .run = run,
};
