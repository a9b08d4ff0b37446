/* command.h: what a subcommand is, and its options as a table.
 *
 * What it is for. A command is one `struct tt_command`: its name, what it takes, a table of options, a function. Parsing,
 * the help screen and the checks of what was given come from that table alone (options.c), so they cannot disagree.
 *
 * What it leaves to others. What a command does: cmd_*.c. The list of commands: main.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_COMMAND_H
#define TT_VIEWER_COMMAND_H

#include "output/output.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the program's exit status says. */
enum tt_exit {
    TT_EXIT_CLEAN = 0,
    TT_EXIT_FINDINGS = 1,  /* report and check found something */
    TT_EXIT_USAGE = 2,     /* the command line makes no sense */
    TT_EXIT_INPUT = 3,     /* what was to be read is unreadable or damaged */
    TT_EXIT_UNCERTAIN = 4, /* --strict: events were lost, so a clean answer would be a guess */
    TT_EXIT_OUTSIDE = 5    /* something outside of telltale is not available */
};

/* Kinds of options; the C type of the field that receives the value stands behind. */
enum tt_option_kind {
    TT_OPTION_FLAG,   /* bool */
    TT_OPTION_TEXT,   /* const char * */
    TT_OPTION_NUMBER, /* uint64_t; K, M and G multiply by powers of 1,024 */
    TT_OPTION_COUNT,  /* the same, and 1 at least: a field that is 0 was not given */
    TT_OPTION_WORD,   /* int: index into `words` */
    TT_OPTION_LIST    /* struct tt_text_list: the option may be given more than once */
};

#define TT_OPTION_LIST_MAX 32u /* more on one command line is a mistake */

struct tt_text_list {
    const char *items[TT_OPTION_LIST_MAX];
    size_t count;
};

struct tt_option {
    char letter; /* 0: none */
    const char *name;
    enum tt_option_kind kind;
    const char *argument; /* its name on the help screen; NULL for flags */
    const char *help;
    size_t offset;            /* of the field in the command's struct of options */
    const char *const *words; /* TT_OPTION_WORD: the words, ended by NULL */
};

struct tt_invocation;

struct tt_command {
    const char *name;
    const char *usage;   /* what follows the name: "[OPTION...] STORE" */
    const char *summary; /* one line */
    const char *details; /* what the help screen says below the options */
    const struct tt_option *options;
    size_t option_count;
    const void *defaults; /* the struct of options when none is given; NULL: all zero */
    size_t options_bytes; /* its size, TT_OPTIONS_BYTES at most */
    int arguments_min, arguments_max; /* -1: any number */
    const char *const *argument_words; /* what the argument must be one of, ended by NULL; NULL: a file, or anything */
    bool is_reader;           /* reads a store: has --timeout */
    bool is_query;            /* with queries of its own: has --explain-sql */
    bool reads_all;           /* all that a store has, in order: sorts in files */
    bool can_follow;          /* a list of a store that may be growing: has --follow */
    bool is_hidden;           /* not for people: not in the list of commands */
    bool ends_at_argument;    /* options end at the first argument: what follows belongs to another program */
    int (*run)(struct tt_invocation *invocation);
};

/* One call of a command. */
struct tt_invocation {
    const struct tt_command *command;
    void *options; /* the command's struct, filled */
    char **arguments;
    int argument_count;
    enum tt_color_mode color;
    uint64_t timeout_s; /* --timeout: for all queries together; 0: no limit */
    bool is_explaining; /* --explain-sql: print the queries, not what they say */
    bool has_no_pager;  /* --no-pager */
    bool is_following;  /* --follow */
    const char *output_file; /* -o of commands that have none of their own; NULL: the standard output */
    bool has_answer;    /* what was printed is an answer, whatever the exit status says of it: report, check */
    bool is_paged;      /* output goes to a pager, whose reader may leave */
    FILE *progress;     /* a terminal to say on that it takes long; NULL: none */
    tt_output output;   /* stdout */
    tt_output messages; /* stderr */
};

/* Seconds that a command's queries may take if --timeout does not say otherwise: longer than any honest answer, and an end
 * for a store that was made so that a query has none. */
#define TT_TIMEOUT_S 300u

/* Most bytes that a command's struct of options may have. */
#define TT_OPTIONS_BYTES 2048u

/* All commands, ended by NULL. In main.c. */
extern const struct tt_command *const tt__commands[];

/* The options that commands have besides their own, ended by one without a name, and which of them COMMAND has. Only for
 * telling them: what they set belongs to the invocation. */
extern const struct tt_option tt__common_options[];
bool tt__option_is_common_to(const struct tt_command *command, const struct tt_option *option);

/* Reads argv[1..] (argv[0] is the command's name) into INVOCATION, whose `command` and `options` are set. Returns -1 when
 * the command may run; otherwise the exit status, after printing the help screen or one line that says what is wrong. */
int tt__options_parse(struct tt_invocation *invocation, int argc, char **argv);

/* Prints the help screen of COMMAND. */
void tt__options_help(tt_output *output, const struct tt_command *command);

/* One line on stderr about what is wrong with the command line, with where to look. Returns TT_EXIT_USAGE. */
int tt__usage_error(const struct tt_command *command, const char *format, ...) TT__PRINTF(2, 3);

/* Ends printing to stdout. Returns STATUS, or TT_EXIT_OUTSIDE with a complaint when something could not be written. */
int tt__finish_output(struct tt_invocation *invocation, int status);

extern const struct tt_command tt__command_record, tt__command_import, tt__command_report, tt__command_check, tt__command_ps, tt__command_failures,
    tt__command_tree, tt__command_timeline, tt__command_stats, tt__command_explain, tt__command_show, tt__command_query, tt__command_diff, tt__command_export, tt__command_completion, tt__command_schema, tt__command_doctor, tt__command_select, tt__command_recorder;

#endif
