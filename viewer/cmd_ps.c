/* cmd_ps.c: telltale ps: a table of tasks.
 *
 * What is here: which columns there are and what they are called. What stands in them: the view tasks. How rows and
 * columns are chosen: listing.h.
 */
#include "listing.h"

static const struct tt_option options[] = {
    TT_LISTING_OPTIONS("columns: id,state,name,... or any of the view tasks; 'all' for all of them",
                       "only tasks for which this holds: \"outcome = 'failed' AND busy_ns > 1e6\""),
};

const struct tt_listing_column tt__task_columns[TT_TASK_COLUMN_COUNT] = {
    {"id", "id_text", "ID", TT_UNIT_NONE, false},
    {"state", "CASE outcome WHEN 'pending' THEN coalesce(state, outcome) ELSE outcome END", "STATE", TT_UNIT_NONE,
     false},
    {"name", "name", "NAME", TT_UNIT_NONE, true},
    {"coroutine", "coroutine", "COROUTINE", TT_UNIT_NONE, true},
    {"created", "created_at", "CREATED AT", TT_UNIT_NONE, true},
    {"by", "parent_text", "BY", TT_UNIT_NONE, true},
    {"age", "age_ns", "AGE", TT_UNIT_DURATION, false},
    {"busy", "busy_ns", "BUSY", TT_UNIT_DURATION, false},
    {"ready", "ready_ns", "READY", TT_UNIT_DURATION, false},
    {"waiting", "waiting_ns", "WAITING", TT_UNIT_DURATION, false},
    {"steps", "step_count", "STEPS", TT_UNIT_NONE, false},
    {"host", "(SELECT p.host FROM processes AS p WHERE p.process_id = tasks.process_id)", "HOST", TT_UNIT_NONE, true},
    {"for", "wait_text", "WAITING FOR", TT_UNIT_NONE, true},
    {"at", "wait_at", "WAITING AT", TT_UNIT_NONE, true},
    {"since", "wait_since_ns", "SINCE", TT_UNIT_INSTANT, false},
};

static const char *const durations[] = {"age_ns",  "busy_ns",         "ready_ns", "waiting_ns",
                                        "wait_ns", "longest_step_ns", NULL};

static const struct tt_listing tasks = {
    .view = "tasks",
    .key = "task_id",
    .columns = tt__task_columns,
    .column_count = TT_TASK_COLUMN_COUNT,
    .default_columns = "id,state,name,coroutine,created,by,age,busy,ready,waiting,steps,for",
    .host_columns = "id,host,state,name,coroutine,created,by,age,busy,ready,waiting,steps,for",
    .durations = durations,
    .begins = "created_ns",
    .ends = "coalesce(ended_ns, created_ns + age_ns)",
};

static int run(struct tt_invocation *invocation)
{
    return tt__listing_run(invocation, &tasks);
}

const struct tt_command tt__command_ps = {
    .name = "ps",
    .usage = "[OPTION...] STORE",
    .summary = "a table of tasks",
    .details = "Columns: id, host, state, name, coroutine, created, by, age, busy, ready, waiting, steps, for, at, since;\n"
               "and those of the view: telltale query STORE \"SELECT name FROM pragma_table_xinfo('tasks')\".\n"
               "Data formats have nanoseconds where the table has durations. A recording of several hosts has host.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct tt_listing_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .can_follow = true,
    .run = run,
};
