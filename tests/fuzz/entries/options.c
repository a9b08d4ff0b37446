/* Command lines: the first byte chooses a command, words follow, each ended by a NUL. They are read, and nothing is done. Lists of lints, of
 * processes and of events are taken apart, too. */
#include "entry.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "import_choice.h"
#include "lints.h"

#define WORDS_MAX 60

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    /* Help screens. */
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    PROMISE(nowhere >= 0 && dup2(nowhere, 1) == 1);
    tt__output_set_locale();
    return 0;
}

static void parse_command(const struct tt_command *command, int count, char **words)
{
    union {
        unsigned char bytes[TT_OPTIONS_BYTES];
        uint64_t number;
        void *pointer;
    } options;
    struct tt_invocation invocation = {.command = command, .options = &options};
    memset(&options, 0, sizeof options);
    if (command->defaults)
        memcpy(&options, command->defaults, command->options_bytes);
    tt__output_init(&invocation.output, stdout, TT_COLOR_NEVER);
    tt__output_init(&invocation.messages, stderr, TT_COLOR_NEVER);
    int status = tt__options_parse(&invocation, count, words);
    PROMISE(status >= -1 && status <= TT_EXIT_OUTSIDE);
    if (status == -1) {
        PROMISE(invocation.argument_count >= command->arguments_min);
        PROMISE(command->arguments_max < 0 || invocation.argument_count <= command->arguments_max);
    }
    tt__output_finish(&invocation.output);
}

static void parse_lists(int count, char **words)
{
    struct tt_lint_options lints = {.warn.count = 0};
    struct tt_text_list *const lists[] = {&lints.warn, &lints.allow, &lints.thresholds};
    struct tt_lint_choice chosen;
    struct tt_choice choice;
    for (int i = 1; i < count; i++) {
        struct tt_text_list *list = lists[i % 3];
        if (list->count < TT_OPTION_LIST_MAX)
            list->items[list->count++] = words[i];
        if (!tt_choice_parse(words[i], &choice)) {
            struct tt_decoded_process_started started = {.pid = 1, .program = {"/bin/x", 6}};
            PROMISE(choice.word_count <= TT_CHOICE_WORDS_MAX);
            (void)tt_choice_takes(&choice, &started);
        }
    }
    int status = tt__lints_choose(&tt__command_check, &lints, &chosen);
    PROMISE(status == -1 || status == TT_EXIT_USAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *words[WORDS_MAX + 1], name[] = "command";
    int count = 1, commands = 0;
    if (size < 2)
        return 0;
    while (tt__commands[commands])
        commands++;
    char *text = malloc(size);
    PROMISE(text);
    memcpy(text, bytes + 1, size - 1);
    text[size - 1] = '\0';
    words[0] = name;
    for (char *at = text; at < text + size && count < WORDS_MAX; at += strlen(at) + 1)
        words[count++] = at;
    words[count] = NULL;
    parse_lists(count, words);
    parse_command(tt__commands[bytes[0] % commands], count, words);
    free(text);
    return 0;
}
