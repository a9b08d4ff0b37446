/* lints.c: the table of all lints, and choosing among them. The contract is in lints.h. */
#include "lints.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS INT64_C(1000000)
#define S  INT64_C(1000000000)

/* The turns of loops are in the event stream, which only telltale reads: no view in the store can ask for them. */
static const char slow_turns[] =
    "(SELECT 'slow-turn' AS lint, 0 AS is_definite, u.process_id, u.loop_id AS object_id,\n"
    "        'loop ' || iif(u.loop_id >> 40 = 0, '#', 'p' || (u.loop_id >> 40) || '#') || (u.loop_id & 1099511627775) "
    "AS id_text,\n"
    "        NULL AS name, 'slow-turn | loop created at ' || coalesce(pl.place, 'unknown place') AS fingerprint, "
    "u.began_ns AS since_ns,\n"
    "        u.run_ns AS lasted_ns, 'a turn of the loop that was created at ' || coalesce(pl.place, 'unknown place') "
    "|| ' ran '\n"
    "            || u.callback_count || iif(u.callback_count = 1, ' step or callback for ', ' steps and callbacks for ')\n"
     "            || round(u.run_ns / 1e6, 1) || ' ms' AS sentence, "
    "u.run_ns AS amount\n"
    "    FROM turns AS u LEFT JOIN loop AS o ON o.loop_id = u.loop_id LEFT JOIN places AS pl ON pl.site_id = "
    "o.created_site_id)";

const struct tt_lint tt__lints[] = {
    {"lost-failure", "leaks", true, TT_LINT_ALWAYS, 0, "LOST FAILURE", "failure", "lost failure", "",
     "a task or future failed, nobody looked at it, and nobody can any more",
     "tasks or futures failed, nobody looked at them, and nobody can any more"},
    {"absorbed-failure", "leaks", true, TT_LINT_ALWAYS, 0, "ABSORBED FAILURE", "failure", "absorbed failure", "",
     "only the library looked at a failure: gather, wait, a shield, a group, the future of another thread",
     "only the library looked at failures: gather, wait, a shield, a group, the future of another thread"},
    {"held-failure", "leaks", false, TT_LINT_TIME, 5 * S, "HELD FAILURE", "failure", "held failure", "",
     "nobody has looked at a failure for so long, and somebody still holds it",
     "nobody has looked at failures for so long, and somebody still holds them"},
    {"swallowed-cancel", "leaks", true, TT_LINT_ALWAYS, 0, "SWALLOWED CANCELLATION", "cancellation",
     "swallowed cancellation", "", "a task, or the body of a time limit, was cancelled and returned all the same",
     "tasks, or bodies of time limits, were cancelled and returned all the same"},
    {"scope-left-open", "leaks", true, TT_LINT_ALWAYS, 0, "SCOPE LEFT OPEN", "scope", "scope", " left open",
     "a task group or a time limit was entered and not left by the code that entered it",
     "task groups or time limits were entered and not left by the code that entered them"},
    {"await-cycle", "leaks", true, TT_LINT_ALWAYS, 0, "AWAIT CYCLE", "cycle", "await cycle", "",
     "tasks wait for each other in a circle, also behind gathers, waits, shields and groups: none of them can go on",
     "circles of tasks wait for each other, also behind gathers, waits, shields and groups: none of them can go on"},
    {"never-started", "leaks", true, TT_LINT_ALWAYS, 0, "NEVER STARTED", "task", "task", " never started",
     "a task was created and its coroutine never began, though nobody cancelled it",
     "tasks were created and their coroutines never began, though nobody cancelled them"},
    {"destroyed-pending", "leaks", true, TT_LINT_ALWAYS, 0, "DESTROYED WHILE PENDING", "task", "task",
     " destroyed while pending", "a loop was closed while a task had not ended",
     "loops were closed while tasks had not ended"},
    {"stall", "hints", false, TT_LINT_TIME, 25 * MS, "STALL", "step", "stall", "",
     "a step of a task, or a callback, ran so long that nothing else of its loop could",
     "steps of tasks, or callbacks, ran so long that nothing else of their loops could"},
    {"slow-turn", slow_turns, false, TT_LINT_TIME, 100 * MS, "SLOW TURN", "turn", "slow turn", "",
     "one turn of a loop took so long: what became ready meanwhile waited (where the category turn was recorded)",
     "turns of loops took so long: what became ready meanwhile waited (where the category turn was recorded)"},
    {"never-yielded", "hints", false, TT_LINT_TIME, 1 * S, "NEVER YIELDED", "task", "task", " that never yielded",
     "a task ran from its beginning, and never let others have their turn",
     "tasks ran from their beginning, and never let others have their turn"},
    {"busy-loop", "hints", false, TT_LINT_COUNT, 10000, "BUSY LOOP", "task", "busy loop", "",
     "a task made so many steps and hardly ever waited: it asks again and again instead of being woken",
     "tasks made so many steps and hardly ever waited: they ask again and again instead of being woken"},
    {"slow-cancel", "hints", false, TT_LINT_TIME, 1 * S, "SLOW CANCELLATION", "task", "slow cancellation", "",
     "a task was cancelled and took so long to end, or has not ended",
     "tasks were cancelled and took so long to end, or have not ended"},
    {"never-woken", "hints", false, TT_LINT_TIME, 10 * S, "NEVER WOKEN", "task", "task", " never woken",
     "a task waits for a future, a lock, an event or a queue, and no task of its loop is in a state to bring that",
     "tasks wait for futures, locks, events or queues, and no task of their loops is in a state to bring that"},
    {"task-flood", "hints", false, TT_LINT_COUNT, 10000, "TASK FLOOD", "place", "task flood", "",
     "so many tasks that were created at one place were alive at once",
     "so many tasks that were created at one place each were alive at once"},
    {"stack-nearly-full", "hints", false, TT_LINT_PERCENT, 80, "STACK NEARLY FULL", "task", "task",
     " with a stack nearly full", "a task used that much of its stack (where the category stack was recorded)",
     "tasks used that much of their stacks (where the category stack was recorded)"},
};

const size_t tt__lint_count = sizeof tt__lints / sizeof *tt__lints;
_Static_assert(sizeof tt__lints / sizeof *tt__lints <= TT_LINT_MAX, "choices have room for all lints");

int tt__lint_find(const char *name, size_t length)
{
    int found = -1;
    size_t found_count = 0;
    for (size_t i = 0; i < tt__lint_count; i++) {
        const char *lint = tt__lints[i].name;
        if (strncmp(lint, name, length) != 0 || (lint[length] != '\0' && lint[length] != '-'))
            continue;
        found = (int)i;
        if (lint[length] == '\0')
            return found;
        found_count++;
    }
    return found_count == 1 ? found : -1;
}

/* ------------------------------------------------------------------------------------------------- choosing */

void tt__lints_default(struct tt_lint_choice *out_choice)
{
    *out_choice = (struct tt_lint_choice){0};
    for (size_t i = 0; i < tt__lint_count; i++) {
        out_choice->is_on[i] = true;
        out_choice->counts[i] = tt__lints[i].is_definite;
        out_choice->threshold[i] = tt__lints[i].threshold;
    }
}

/* Does SET to each lint that LIST names. */
static int choose(const struct tt_command *command, const char *option, const struct tt_text_list *list,
                  struct tt_lint_choice *choice, void (*set)(struct tt_lint_choice *choice, size_t i))
{
    for (size_t item = 0; item < list->count; item++) {
        const char *name = list->items[item];
        int found = tt__lint_find(name, strlen(name));
        bool is_all = strcmp(name, "all") == 0;
        if (found < 0 && !is_all)
            return tt__usage_error(command, "%s: there is no lint %s", option, name);
        for (size_t i = 0; i < tt__lint_count; i++)
            if (is_all || (size_t)found == i)
                set(choice, i);
    }
    return -1;
}

static void leave_out(struct tt_lint_choice *choice, size_t i)
{
    choice->is_on[i] = false;
}

static void warn_of(struct tt_lint_choice *choice, size_t i)
{
    choice->is_on[i] = choice->counts[i] = true;
}

/* Reads TEXT as a threshold of LINT. Returns whether it is one. */
static bool read_threshold(const struct tt_lint *lint, const char *text, int64_t *out_threshold)
{
    static const struct {
        const char *unit;
        double ns;
    } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};
    char *end;
    errno = 0;
    double number = (*text >= '0' && *text <= '9') ? strtod(text, &end) : -1;
    if (number < 0 || errno != 0 || strspn(text, "0123456789.") != (size_t)(end - text))
        return false;
    double factor = *end == '\0' && (lint->unit != TT_LINT_TIME || number <= 0) ? 1 : 0;
    for (size_t i = 0; lint->unit == TT_LINT_TIME && i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0)
            factor = units[i].ns;
    if (lint->unit == TT_LINT_PERCENT && strcmp(end, "%") == 0)
        factor = 1;
    if (factor <= 0 || number * factor >= 9e18)
        return false;
    *out_threshold = (int64_t)ceil(number * factor);
    return true;
}

static int choose_threshold(const struct tt_command *command, const char *item, struct tt_lint_choice *choice)
{
    size_t length = strcspn(item, "=");
    int found = tt__lint_find(item, length);
    if (item[length] == '\0')
        return tt__usage_error(command, "--lint wants NAME=N, not %s", item);
    if (found < 0)
        return tt__usage_error(command, "--lint: there is no lint %.*s", (int)length, item);
    const struct tt_lint *lint = &tt__lints[found];
    if (lint->unit == TT_LINT_ALWAYS)
        return tt__usage_error(command, "--lint: %s has no threshold", lint->name);
    if (!read_threshold(lint, item + length + 1, &choice->threshold[found]))
        return tt__usage_error(command, "--lint: %s wants %s, not %s", lint->name,
                               lint->unit == TT_LINT_TIME      ? "a time as 25ms or 1.5s"
                               : lint->unit == TT_LINT_PERCENT ? "a share as 80%"
                                                               : "a number",
                               item + length + 1);
    return -1;
}

int tt__lints_choose(const struct tt_command *command, const struct tt_lint_options *options,
                     struct tt_lint_choice *out_choice)
{
    tt__lints_default(out_choice);
    int status = choose(command, "-A", &options->allow, out_choice, leave_out);
    if (status < 0)
        status = choose(command, "-W", &options->warn, out_choice, warn_of);
    for (size_t i = 0; status < 0 && i < options->thresholds.count; i++)
        status = choose_threshold(command, options->thresholds.items[i], out_choice);
    return status;
}

/* ------------------------------------------------------------------------------------------------------ asking */

static bool is_of(const char *view, size_t i)
{
    return strcmp(tt__lints[i].view, view) == 0;
}

/* Whether a case of lint I is told when it has the amount of the threshold. */
static void write_condition(FILE *stream, const struct tt_lint_choice *choice, size_t i)
{
    if (tt__lints[i].unit == TT_LINT_ALWAYS)
        fprintf(stream, " OR v.lint = '%s'", tt__lints[i].name);
    else
        fprintf(stream, " OR (v.lint = '%s' AND v.amount >= %jd)", tt__lints[i].name, (intmax_t)choice->threshold[i]);
}

/* The names of lints of VIEW that were chosen; those that count, or all of them. */
static void write_names(FILE *stream, const struct tt_lint_choice *choice, const char *view, bool has_all)
{
    fprintf(stream, "(''");
    for (size_t i = 0; i < tt__lint_count; i++)
        if (is_of(view, i) && choice->is_on[i] && (has_all || choice->counts[i]))
            fprintf(stream, ", '%s'", tt__lints[i].name);
    fprintf(stream, ")");
}

/* The cases of VIEW by one selection: much of them comes out of one scan, and a view that is named once is planned once. What
 * nobody asks for is not looked for, because of the list of names, which SQLite compares with those of the view's parts. */
static void write_view(FILE *stream, const struct tt_lint_choice *choice, const char *view)
{
    fprintf(stream, "    SELECT CASE v.lint");
    for (size_t i = 0; i < tt__lint_count; i++)
        if (is_of(view, i))
            fprintf(stream, " WHEN '%s' THEN %zu", tt__lints[i].name, i);
    fprintf(stream, " END,\n        v.lint IN ");
    write_names(stream, choice, view, false);
    fprintf(stream, ", v.*\n    FROM %s AS v WHERE v.lint IN ", view);
    write_names(stream, choice, view, true);
    fprintf(stream, " AND (0");
    for (size_t i = 0; i < tt__lint_count; i++)
        if (is_of(view, i) && choice->is_on[i])
            write_condition(stream, choice, i);
    fprintf(stream, ")");
}

/* The views of all lints, each once, as they follow each other in the table. */
static void write_views(FILE *stream, const struct tt_lint_choice *choice)
{
    bool has_one = false;
    for (size_t i = 0; i < tt__lint_count; i++) {
        bool is_first = true, is_on = false;
        for (size_t j = 0; j < tt__lint_count; j++) {
            is_first &= j >= i || !is_of(tt__lints[i].view, j);
            is_on |= choice->is_on[j] && is_of(tt__lints[i].view, j);
        }
        if (!is_first || (!is_on && !is_of("leaks", i)))
            continue;
        fprintf(stream, has_one ? "\n    UNION ALL\n" : "");
        write_view(stream, choice, tt__lints[i].view);
        has_one = true;
    }
}

tt_query *tt__lints_open(tt_session *session, const struct tt_lint_choice *choice, const char *rest)
{
    char *sql = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&sql, &bytes);
    tt_query *query = NULL;
    if (stream != NULL) {
        fprintf(stream, "WITH finding (rank, counts, lint, is_definite, process_id, object_id, id_text, name, "
                        "fingerprint, since_ns,\n"
                        "    lasted_ns, sentence, amount) AS MATERIALIZED (\n");
        write_views(stream, choice);
        fprintf(stream, ")%s", rest);
    }
    if (stream != NULL && fclose(stream) == 0) {
        query = tt__query_open(session, sql);
    } else {
        tt__complain("not enough memory for a query");
        tt__session_fail(session, TT_EXIT_OUTSIDE);
    }
    free(sql);
    return query;
}
