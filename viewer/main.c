/* main.c: the program telltale: which commands there are, and finding the one that was meant.
 *
 * What it leaves to others. Command lines: options.c. Each command: its cmd_*.c. Nothing here reads a store.
 */
#include "command.h"
#include "follow.h"
#include "pager.h"
#include "progress.h"
#include "result_file.h"

#include <assert.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const struct tt_command *const tt__commands[] = {
    &tt__command_record, &tt__command_import, &tt__command_report, &tt__command_check, &tt__command_ps,
    &tt__command_failures, &tt__command_tree, &tt__command_timeline, &tt__command_stats, &tt__command_show, &tt__command_explain, &tt__command_query,
    &tt__command_schema, &tt__command_diff, &tt__command_export, &tt__command_completion, &tt__command_doctor, &tt__command_select, &tt__command_recorder, NULL,
};

static const struct tt_command *find_command(const char *name)
{
    for (size_t i = 0; tt__commands[i] != NULL; i++)
        if (strcmp(tt__commands[i]->name, name) == 0)
            return tt__commands[i];
    return NULL;
}

static void print_overview(tt_output *output)
{
    tt__print(output, "telltale %s: which tasks failed and nobody saw it\n\n"
                      "usage: telltale COMMAND [OPTION...] [ARGUMENT...]\n\n",
              TELLTALE_VERSION);
    for (size_t i = 0; tt__commands[i] != NULL; i++)
        if (!tt__commands[i]->is_hidden)
            tt__print(output, "  %-10s %s\n", tt__commands[i]->name, tt__commands[i]->summary);
    tt__print(output, "  %-10s %s\n", "help", "[COMMAND]: this screen, or a command's");
    tt__print(output, "\n  telltale record -- ./server     then: telltale report run.telltale\n\n"
                      "STORE is what record wrote: finished, still being written, or left by a killed process.\n"
                      "Exit status: 0 clean, 1 findings (report, check), 2 wrong usage, 3 input unreadable or damaged,\n"
                      "4 uncertain because events were lost (--strict), 5 something outside is not available.\n");
}

/* The terminal behind stderr, also when a pager stands before it; NULL when it is none. */
static FILE *open_progress(void)
{
    int descriptor = isatty(STDERR_FILENO) == 1 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
    FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (stream == NULL && descriptor >= 0)
        close(descriptor);
    return stream;
}

static int run(struct tt_invocation *invocation)
{
    return invocation->is_following ? tt__follow(invocation) : invocation->command->run(invocation);
}

/* The same into the file that -o names. */
static int run_into_file(struct tt_invocation *invocation)
{
    struct tt_result_file file;
    const tt_output standard = invocation->output;
    for (int i = 0; i < invocation->argument_count; i++)
        if (tt__result_file_is(invocation->output_file, invocation->arguments[i]))
            return tt__usage_error(invocation->command, "%s is what is read; name another file with -o", invocation->output_file);
    int status = tt__result_file_open(&file, invocation->command->name, invocation->output_file, NULL);
    if (status >= 0)
        return status;
    tt__output_init(&invocation->output, file.stream, invocation->color);
    status = run(invocation);
    invocation->output = standard;
    bool has_answer = invocation->has_answer || status == TT_EXIT_CLEAN || status == TT_EXIT_FINDINGS || status == TT_EXIT_UNCERTAIN;
    int written = tt__result_file_close(&file, has_answer ? TT_EXIT_CLEAN : status);
    return written == TT_EXIT_CLEAN ? status : written;
}

static int run_command(const struct tt_command *command, int argc, char **argv)
{
    _Alignas(16) char options[TT_OPTIONS_BYTES] = {0};
    struct tt_invocation invocation = {.command = command, .options = options};
    assert(command->options_bytes <= sizeof options);
    if (command->defaults != NULL)
        memcpy(options, command->defaults, command->options_bytes);
    tt__output_init(&invocation.output, stdout, TT_COLOR_NEVER);
    int status = tt__options_parse(&invocation, argc, argv);
    if (status >= 0)
        return status;
    tt__output_init(&invocation.output, stdout, invocation.color);
    tt__output_init(&invocation.messages, stderr, invocation.color);
    invocation.progress = command->is_hidden ? NULL : open_progress();
    tt__progress_use(invocation.progress);
    bool is_for_pages = command->is_reader && !invocation.has_no_pager && !invocation.is_following && invocation.output_file == NULL;
    tt_pager *pager = is_for_pages ? tt__pager_start() : NULL;
    invocation.is_paged = pager != NULL;
    status = invocation.output_file != NULL ? run_into_file(&invocation) : run(&invocation);
    status = tt__finish_output(&invocation, status);
    tt__pager_stop(pager);
    tt__progress_use(NULL);
    if (invocation.progress != NULL)
        fclose(invocation.progress);
    return status;
}

static int run_help(int argc, char **argv)
{
    struct tt_invocation invocation = {0};
    tt__output_init(&invocation.output, stdout, TT_COLOR_NEVER);
    if (argc > 2) {
        tt__complain("help: one argument too many: %s; see: telltale help", argv[2]);
        return TT_EXIT_USAGE;
    }
    const struct tt_command *command = argc == 2 ? find_command(argv[1]) : NULL;
    if (argc == 2 && command == NULL) {
        tt__complain("there is no command %s; see: telltale help", argv[1]);
        return TT_EXIT_USAGE;
    }
    if (command != NULL)
        tt__options_help(&invocation.output, command);
    else
        print_overview(&invocation.output);
    return tt__finish_output(&invocation, TT_EXIT_CLEAN);
}

static int run_version(void)
{
    struct tt_invocation invocation = {0};
    tt__output_init(&invocation.output, stdout, TT_COLOR_NEVER);
    tt__print(&invocation.output, "telltale %s\n", TELLTALE_VERSION);
    return tt__finish_output(&invocation, TT_EXIT_CLEAN);
}

/* A store or a pipe that got descriptor 0, 1 or 2, because the caller had closed it, would receive what is printed. What nobody can
 * read is still no answer: a standard output that was closed cannot be written to. */
static int fill_standard_descriptors(void)
{
    int descriptor;
    do {
        descriptor = open("/dev/null", O_RDWR);
        if (descriptor == STDOUT_FILENO && close(descriptor) == 0)
            descriptor = open("/dev/null", O_RDONLY);
    } while (descriptor >= 0 && descriptor <= 2);
    return descriptor < 0 ? -1 : close(descriptor);
}

int main(int argc, char **argv)
{
    if (fill_standard_descriptors() < 0)
        return TT_EXIT_OUTSIDE;
    tt__output_set_locale();
    if (argc < 2) {
        tt__complain("no command was given; see: telltale help");
        return TT_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return run_version();
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return run_help(argc - 1, argv + 1);
    const struct tt_command *command = find_command(argv[1]);
    if (command != NULL)
        return run_command(command, argc - 1, argv + 1);
    tt__complain(argv[1][0] == '-' ? "unknown option %s; see: telltale help" : "there is no command %s; see: telltale help", argv[1]);
    return TT_EXIT_USAGE;
}
