/* cmd_completion.c: telltale completion: what a shell needs to complete telltale's command lines.
 *
 * What is here: three ways to write down the table of commands (main.c) and their options (options.c). So a shell
 * offers what telltale takes, and nothing else. Files are offered where a file is wanted, words where it is one of
 * some.
 */
#include "command.h"

#include <string.h>

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };

static const char *const shells[] = {"bash", "zsh", "fish", NULL};

static bool takes_file(const struct tt_option *option)
{
    return option->argument != NULL && (strcmp(option->argument, "FILE") == 0 || strcmp(option->argument, "DIR") == 0);
}

static void write_words(tt_output *output, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        tt__print_own(output, i > 0 ? " " : "");
        tt__print_own(output, words[i]);
    }
}

/* Writes what a shell needs to know of one option. */
typedef void option_fn(tt_output *output, const struct tt_command *command, const struct tt_option *option);

static void for_each_option(tt_output *output, const struct tt_command *command, option_fn *write)
{
    for (size_t i = 0; i < command->option_count; i++)
        write(output, command, &command->options[i]);
    for (const struct tt_option *option = tt__common_options; option->name != NULL; option++)
        if (tt__option_is_common_to(command, option))
            write(output, command, option);
}

static void for_each_command(tt_output *output, void (*write)(tt_output *output, const struct tt_command *command))
{
    for (const struct tt_command *const *command = tt__commands; *command != NULL; command++)
        if (!(*command)->is_hidden)
            write(output, *command);
}

/* ----------------------------------------------------------------------------------------------------------- bash */

static void write_bash_command_name(tt_output *output, const struct tt_command *command)
{
    tt__print(output, " %s", command->name);
}

static void write_bash_option_name(tt_output *output, const struct tt_command *command, const struct tt_option *option)
{
    (void)command;
    if (option->letter != 0)
        tt__print(output, " -%c", option->letter);
    tt__print(output, " --%s", option->name);
}

static void write_bash_value(tt_output *output, const struct tt_command *command, const struct tt_option *option)
{
    if (option->kind == TT_OPTION_FLAG)
        return;
    tt__print(output, "    '%s --%s'", command->name, option->name);
    if (option->letter != 0)
        tt__print(output, " | '%s -%c'", command->name, option->letter);
    if (option->kind == TT_OPTION_WORD) {
        tt__print_own(output, ") COMPREPLY=($(compgen -W '");
        write_words(output, option->words);
        tt__print_own(output, "' -- \"$current\")); return ;;\n");
    } else if (takes_file(option)) {
        tt__print_own(output, ") compopt -o default; return ;;\n");
    } else {
        tt__print_own(output, ") return ;;\n");
    }
}

static void write_bash_values(tt_output *output, const struct tt_command *command)
{
    for_each_option(output, command, write_bash_value);
}

static void write_bash_options(tt_output *output, const struct tt_command *command)
{
    tt__print(output, "    %s) options='", command->name);
    for_each_option(output, command, write_bash_option_name);
    tt__print_own(output, "' ;;\n");
}

static void write_bash_arguments(tt_output *output, const struct tt_command *command)
{
    if (command->ends_at_argument)
        tt__print(output, "    %s) COMPREPLY=($(compgen -c -- \"$current\")); compopt -o default ;;\n", command->name);
    if (command->argument_words != NULL) {
        tt__print(output, "    %s) COMPREPLY=($(compgen -W '", command->name);
        write_words(output, command->argument_words);
        tt__print_own(output, "' -- \"$current\")) ;;\n");
    }
}

static void write_bash(tt_output *output)
{
    tt__print_own(output, "# bash completion for telltale; made by: telltale completion bash\n"
                          "_telltale() {\n"
                          "  local commands='");
    for_each_command(output, write_bash_command_name);
    tt__print_own(output, " help'\n"
                          "  local options='' command=${COMP_WORDS[1]} current=${COMP_WORDS[COMP_CWORD]} "
                          "previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
                          "  COMPREPLY=()\n"
                          "  # NAME=VALUE is three words here.\n"
                          "  if [[ $current == = ]]; then current=''\n"
                          "  elif [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
                          "  if ((COMP_CWORD == 1)); then\n"
                          "    COMPREPLY=($(compgen -W \"$commands --help --version\" -- \"$current\")); return\n"
                          "  fi\n"
                          "  if [[ $command == help ]]; then\n"
                          "    COMPREPLY=($(compgen -W \"$commands\" -- \"$current\")); return\n"
                          "  fi\n"
                          "  case \"$command $previous\" in\n");
    for_each_command(output, write_bash_values);
    tt__print_own(output, "  esac\n"
                          "  case $command in\n");
    for_each_command(output, write_bash_options);
    tt__print_own(output, "  esac\n"
                          "  if [[ $current == -* ]]; then\n"
                          "    COMPREPLY=($(compgen -W \"$options\" -- \"$current\")); return\n"
                          "  fi\n"
                          "  case $command in\n");
    for_each_command(output, write_bash_arguments);
    tt__print_own(output, "    *) compopt -o default ;;\n"
                          "  esac\n"
                          "}\n"
                          "complete -F _telltale telltale\n");
}

/* ------------------------------------------------------------------------------------------------------------ zsh */

/* Text between single quotes, where brackets and colons mean something. */
static void write_zsh_text(tt_output *output, const char *text)
{
    for (; *text != '\0'; text++) {
        char piece[2] = {*text, '\0'};
        if (*text == '\'') {
            tt__print_own(output, "'\\''");
        } else {
            tt__print_own(output, strchr("[]:\\", *text) != NULL ? "\\" : "");
            tt__print_own(output, piece);
        }
    }
}

static void write_zsh_description(tt_output *output, const struct tt_command *command)
{
    tt__print(output, "    '%s:", command->name);
    write_zsh_text(output, command->summary);
    tt__print_own(output, "'\n");
}

static void write_zsh_option(tt_output *output, const struct tt_command *command, const struct tt_option *option)
{
    const char *repeats = option->kind == TT_OPTION_LIST ? "*" : "";
    const char *takes = option->kind == TT_OPTION_FLAG ? "" : "=";
    (void)command;
    tt__print_own(output, " \\\n        ");
    if (option->letter != 0 && *repeats == '\0')
        tt__print(output, "'(-%c --%s)'", option->letter, option->name);
    if (option->letter != 0)
        tt__print(output, "%s{-%c%s,--%s%s}'[", *repeats != '\0' ? "\\*" : "", option->letter,
                  *takes != '\0' ? "+" : "", option->name, takes);
    else
        tt__print(output, "'%s--%s%s[", repeats, option->name, takes);
    write_zsh_text(output, option->help);
    tt__print_own(output, "]");
    if (option->kind != TT_OPTION_FLAG) {
        tt__print_own(output, ":");
        write_zsh_text(output, option->argument);
        tt__print_own(output, ":");
        if (option->kind == TT_OPTION_WORD) {
            tt__print_own(output, "(");
            write_words(output, option->words);
            tt__print_own(output, ")");
        } else if (takes_file(option)) {
            tt__print_own(output, "_files");
        }
    }
    tt__print_own(output, "'");
}

static void write_zsh_command(tt_output *output, const struct tt_command *command)
{
    tt__print(output, "    %s)\n      _arguments -s%s", command->name, command->ends_at_argument ? " -S" : "");
    for_each_option(output, command, write_zsh_option);
    if (command->ends_at_argument) {
        tt__print_own(output, " \\\n        '*::command:_normal' ;;\n");
    } else if (command->argument_words != NULL) {
        tt__print_own(output, " \\\n        '1:argument:(");
        write_words(output, command->argument_words);
        tt__print_own(output, ")' ;;\n");
    } else {
        tt__print_own(output, " \\\n        '*:file:_files' ;;\n");
    }
}

static void write_zsh(tt_output *output)
{
    tt__print_own(output, "#compdef telltale\n"
                          "# zsh completion for telltale; made by: telltale completion zsh\n"
                          "_telltale() {\n"
                          "  local -a commands\n"
                          "  commands=(\n");
    for_each_command(output, write_zsh_description);
    tt__print_own(output, "    'help:this screen, or that of a command'\n"
                          "  )\n"
                          "  if ((CURRENT == 2)); then\n"
                          "    _describe command commands; return\n"
                          "  fi\n"
                          "  local command=$words[2]\n"
                          "  shift words\n"
                          "  ((CURRENT--))\n"
                          "  case $command in\n"
                          "    help) _describe command commands ;;\n");
    for_each_command(output, write_zsh_command);
    tt__print_own(output,
                  "  esac\n"
                  "}\n"
                  "if [[ $funcstack[1] == _telltale ]]; then _telltale \"$@\"; else compdef _telltale telltale; fi\n");
}

/* ----------------------------------------------------------------------------------------------------------- fish */

/* Text between single quotes. */
static void write_fish_text(tt_output *output, const char *text)
{
    for (; *text != '\0'; text++) {
        char piece[2] = {*text, '\0'};
        if (*text == '\'' || *text == '\\')
            tt__print_own(output, "\\");
        tt__print_own(output, piece);
    }
}

static void write_fish_option(tt_output *output, const struct tt_command *command, const struct tt_option *option)
{
    tt__print(output, "complete -c telltale -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
    if (option->letter != 0)
        tt__print(output, " -s %c", option->letter);
    if (option->kind == TT_OPTION_WORD) {
        tt__print_own(output, " -x -a '");
        write_words(output, option->words);
        tt__print_own(output, "'");
    } else if (option->kind != TT_OPTION_FLAG) {
        tt__print_own(output, takes_file(option) ? " -r -F" : " -x");
    }
    tt__print_own(output, " -d '");
    write_fish_text(output, option->help);
    tt__print_own(output, "'\n");
}

static void write_fish_command(tt_output *output, const struct tt_command *command)
{
    tt__print(output, "complete -c telltale -n __fish_use_subcommand -f -a %s -d '", command->name);
    write_fish_text(output, command->summary);
    tt__print_own(output, "'\n");
    tt__print(output, "complete -c telltale -n '__fish_seen_subcommand_from help' -f -a %s\n", command->name);
    if (command->argument_words != NULL) {
        tt__print(output, "complete -c telltale -n '__fish_seen_subcommand_from %s' -f -a '", command->name);
        write_words(output, command->argument_words);
        tt__print_own(output, "'\n");
    }
    for_each_option(output, command, write_fish_option);
}

static void write_fish(tt_output *output)
{
    tt__print_own(output,
                  "# fish completion for telltale; made by: telltale completion fish\n"
                  "complete -c telltale -n __fish_use_subcommand -f -a help -d 'this screen, or that of a command'\n"
                  "complete -c telltale -n __fish_use_subcommand -l version -d 'the version'\n");
    for_each_command(output, write_fish_command);
}

/* ------------------------------------------------------------------------------------------------------------- all */

static int run(struct tt_invocation *invocation)
{
    static void (*const writers[])(tt_output *) = {
        [SHELL_BASH] = write_bash, [SHELL_ZSH] = write_zsh, [SHELL_FISH] = write_fish};
    for (size_t i = 0; shells[i] != NULL; i++)
        if (strcmp(shells[i], invocation->arguments[0]) == 0) {
            writers[i](&invocation->output);
            return TT_EXIT_CLEAN;
        }
    return tt__usage_error(invocation->command, "bash, zsh or fish is wanted, not %s", invocation->arguments[0]);
}

const struct tt_command tt__command_completion = {
    .name = "completion",
    .usage = "SHELL",
    .summary = "what bash, zsh or fish need to complete command lines",
    .details = "Where telltale is installed shells find it by themselves. Elsewhere: . <(telltale completion bash), or "
               "the same with\n"
               "zsh; telltale completion fish | source.\n",
    .arguments_min = 1,
    .arguments_max = 1,
    .argument_words = shells,
    .run = run,
};
