/* options.c: command lines and help screens out of a command's table of options. The contract is in command.h. */
#include "command.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* What commands have behind their own options, in the order of the table below. */
enum common { COMMON_OUTPUT = 1000, COMMON_COLOR, COMMON_EXPLAIN, COMMON_TIMEOUT, COMMON_NO_PAGER, COMMON_FOLLOW, COMMON_HELP };

#define OPTION_MAX 24u

static const char *const color_words[] = {"auto", "always", "never", NULL};

const struct tt_option tt__common_options[] = {
    {'o', "output", TT_OPTION_TEXT, "FILE", "write to FILE, which appears when it is complete", 0, NULL},
    {0, "color", TT_OPTION_WORD, "WHEN", "auto, always or never; NO_COLOR is respected", 0, color_words},
    {0, "explain-sql", TT_OPTION_FLAG, NULL, "print the queries instead of what they say", 0, NULL},
    {0, "timeout", TT_OPTION_NUMBER, "SECONDS", "give up after that long; 300 if not given, 0: never", 0, NULL},
    {0, "no-pager", TT_OPTION_FLAG, NULL, "do not show long answers page by page on a terminal", 0, NULL},
    {0, "follow", TT_OPTION_FLAG, NULL, "look again and again until the recording ends", 0, NULL},
    {'h', "help", TT_OPTION_FLAG, NULL, "this screen", 0, NULL},
    {0, NULL, TT_OPTION_FLAG, NULL, NULL, 0, NULL},
};

static enum common code_of(const struct tt_option *common)
{
    return COMMON_OUTPUT + (enum common)(common - tt__common_options);
}

bool tt__option_is_common_to(const struct tt_command *command, const struct tt_option *option)
{
    switch (code_of(option)) {
    case COMMON_OUTPUT:
        for (size_t i = 0; i < command->option_count; i++)
            if (command->options[i].letter == option->letter) /* one of its own */
                return false;
        return command->is_reader;
    case COMMON_EXPLAIN:
        return command->is_query;
    case COMMON_TIMEOUT:
    case COMMON_NO_PAGER:
        return command->is_reader;
    case COMMON_FOLLOW:
        return command->can_follow;
    default:
        return true;
    }
}

int tt__usage_error(const struct tt_command *command, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    tt__complain("%s: %s; see: telltale %s --help", command->name, text != NULL ? text : "wrong command line", command->name);
    free(text);
    return TT_EXIT_USAGE;
}

int tt__finish_output(struct tt_invocation *invocation, int status)
{
    if (tt__output_finish(&invocation->output) == 0 || (invocation->is_paged && errno == EPIPE))
        return status;
    tt__complain("cannot write to the standard output: %s", strerror(errno));
    return TT_EXIT_OUTSIDE;
}

/* --------------------------------------------------------------------------------------------------- parsing */

/* The command's table in the form that getopt_long wants. */
struct table {
    struct option longs[OPTION_MAX + 8];
    char shorts[2 * OPTION_MAX + 10];
};

static void build_table(const struct tt_command *command, struct table *out_table)
{
    size_t longs = 0;
    char *letter = out_table->shorts;
    assert(command->option_count <= OPTION_MAX);
    /* "+": the first argument ends the options; ":" so that a missing argument is told from an unknown option. */
    if (command->ends_at_argument)
        *letter++ = '+';
    *letter++ = ':';
    *letter++ = 'h';
    for (size_t i = 0; i < command->option_count; i++) {
        const struct tt_option *option = &command->options[i];
        int has_argument = option->kind == TT_OPTION_FLAG ? no_argument : required_argument;
        out_table->longs[longs++] = (struct option){option->name, has_argument, NULL, (int)i + 256};
        if (option->letter != 0) {
            *letter++ = option->letter;
            if (has_argument == required_argument)
                *letter++ = ':';
        }
    }
    for (const struct tt_option *option = tt__common_options; option->name != NULL; option++)
        if (tt__option_is_common_to(command, option)) {
            int has_argument = option->kind == TT_OPTION_FLAG ? no_argument : required_argument;
            out_table->longs[longs++] = (struct option){option->name, has_argument, NULL, (int)code_of(option)};
            if (code_of(option) == COMMON_OUTPUT)
                letter = stpcpy(letter, "o:");
        }
    *letter = '\0';
    out_table->longs[longs] = (struct option){0};
}

static int find_word(const char *const *words, const char *text)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

static void list_words(char *out_text, size_t size, const char *const *words)
{
    *out_text = '\0';
    for (size_t i = 0; words[i] != NULL; i++) {
        size_t used = strlen(out_text);
        snprintf(out_text + used, size - used, "%s%s", i == 0 ? "" : ", ", words[i]);
    }
}

static int parse_number(const char *text, uint64_t *out_number)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return -1;
    unsigned long long number = strtoull(text, &end, 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    if (shift != 0)
        end++;
    if (errno != 0 || *end != '\0' || number > UINT64_MAX >> shift)
        return -1;
    *out_number = (uint64_t)number << shift;
    return 0;
}

/* Puts one option's value where it belongs. Returns -1, or the exit status of a complaint. */
static int take_value(const struct tt_command *command, const struct tt_option *option, void *options, const char *value)
{
    char *field = (char *)options + option->offset;
    char words[200];
    int word;
    switch (option->kind) {
    case TT_OPTION_FLAG:
        *(bool *)field = true;
        return -1;
    case TT_OPTION_TEXT:
        *(const char **)field = value;
        return -1;
    case TT_OPTION_NUMBER:
    case TT_OPTION_COUNT:
        if (parse_number(value, (uint64_t *)field) < 0)
            return tt__usage_error(command, "--%s wants a number, not %s", option->name, value);
        if (option->kind == TT_OPTION_COUNT && *(uint64_t *)field == 0)
            return tt__usage_error(command, "--%s wants a number above 0, not %s", option->name, value);
        return -1;
    case TT_OPTION_WORD:
        word = find_word(option->words, value);
        list_words(words, sizeof words, option->words);
        if (word < 0)
            return tt__usage_error(command, "--%s wants one of %s, not %s", option->name, words, value);
        *(int *)field = word;
        return -1;
    case TT_OPTION_LIST: {
        struct tt_text_list *list = (struct tt_text_list *)field;
        if (list->count == TT_OPTION_LIST_MAX)
            return tt__usage_error(command, "--%s was given more than %u times", option->name, TT_OPTION_LIST_MAX);
        list->items[list->count++] = value;
        return -1;
    }
    }
    assert(!"an option's kind is one of the above");
    return TT_EXIT_USAGE;
}

static const struct tt_option *find_option(const struct tt_command *command, int code)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (code == (int)i + 256 || (code < 256 && code == command->options[i].letter))
            return &command->options[i];
    return NULL;
}

/* One step of getopt: returns -1 to go on, else the exit status. */
static int take_option(struct tt_invocation *invocation, int code, char **argv)
{
    const struct tt_command *command = invocation->command;
    int word;
    switch (code) {
    case 'h':
    case COMMON_HELP:
        tt__options_help(&invocation->output, command);
        return tt__finish_output(invocation, TT_EXIT_CLEAN);
    case COMMON_COLOR:
        word = find_word(color_words, optarg);
        if (word < 0)
            return tt__usage_error(command, "--color wants one of auto, always, never, not %s", optarg);
        invocation->color = (enum tt_color_mode)word;
        return -1;
    case 'o':
    case COMMON_OUTPUT:
        if (find_option(command, code) != NULL) /* one of its own */
            return take_value(command, find_option(command, code), invocation->options, optarg);
        invocation->output_file = strcmp(optarg, "-") == 0 ? NULL : optarg;
        return -1;
    case COMMON_EXPLAIN:
        invocation->is_explaining = true;
        return -1;
    case COMMON_NO_PAGER:
        invocation->has_no_pager = true;
        return -1;
    case COMMON_FOLLOW:
        invocation->is_following = true;
        return -1;
    case COMMON_TIMEOUT:
        if (parse_number(optarg, &invocation->timeout_s) < 0 || invocation->timeout_s > UINT32_MAX)
            return tt__usage_error(command, "--timeout wants a number of seconds, not %s", optarg);
        return -1;
    case ':':
        return tt__usage_error(command, "option %s wants a value", argv[optind - 1]);
    case '?':
        if (optopt != 0 && optopt < 256)
            return tt__usage_error(command, "unknown option -%c", optopt);
        if (optopt != 0)
            return tt__usage_error(command, "option %s takes no value", argv[optind - 1]);
        return tt__usage_error(command, "unknown option %s", argv[optind - 1]);
    default: {
        const struct tt_option *option = find_option(command, code);
        assert(option != NULL);
        return take_value(command, option, invocation->options, optarg);
    }
    }
}

int tt__options_parse(struct tt_invocation *invocation, int argc, char **argv)
{
    const struct tt_command *command = invocation->command;
    struct table table;
    build_table(command, &table);
    invocation->timeout_s = TT_TIMEOUT_S;
    optind = 0; /* glibc: begin anew, and read "+" and POSIXLY_CORRECT again */
    opterr = 0;
    for (int code; (code = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1;) {
        int status = take_option(invocation, code, argv);
        if (status >= 0)
            return status;
    }
    invocation->arguments = argv + optind;
    invocation->argument_count = argc - optind;
    if (invocation->argument_count < command->arguments_min)
        return tt__usage_error(command, "something is missing: telltale %s %s", command->name, command->usage);
    if (invocation->output_file != NULL && invocation->is_following)
        return tt__usage_error(command, "--follow has no end to wait for, and -o writes when it is complete");
    if (command->arguments_max >= 0 && invocation->argument_count > command->arguments_max)
        return tt__usage_error(command, "one argument too many: %s", invocation->arguments[command->arguments_max]);
    return -1;
}

/* ------------------------------------------------------------------------------------------------------ help */

static void print_option(tt_output *output, char letter, const char *name, const char *argument, const char *help)
{
    char left[80];
    char short_form[8] = "    ";
    if (letter != 0)
        snprintf(short_form, sizeof short_form, "-%c, ", letter);
    snprintf(left, sizeof left, "%s--%s%s%s", short_form, name, argument != NULL ? " " : "", argument != NULL ? argument : "");
    tt__print(output, "  %-26s ", left);
    if (strlen(left) > 26)
        tt__print(output, "\n  %26s ", "");
    tt__print(output, "%s\n", help);
}

void tt__options_help(tt_output *output, const struct tt_command *command)
{
    tt__print(output, "telltale %s: %s\n\nusage: telltale %s %s\n\n", command->name, command->summary, command->name, command->usage);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct tt_option *option = &command->options[i];
        print_option(output, option->letter, option->name, option->argument, option->help);
    }
    for (const struct tt_option *option = tt__common_options; option->name != NULL; option++)
        if (tt__option_is_common_to(command, option))
            print_option(output, option->letter, option->name, option->argument, option->help);
    if (command->details != NULL) {
        tt__print_own(output, "\n");
        tt__print_own(output, command->details);
    }
}
