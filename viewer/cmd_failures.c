/* cmd_failures.c: telltale failures: a table of everything that failed, with what became of it.
 *
 * What is here: which columns there are and what they are called. What stands in them: the views failures and failure_groups. How rows and
 * columns are chosen: listing.h.
 */
#include "listing.h"

struct failures_options {
    struct tt_listing_options listing; /* first: draft.h takes it */
    bool is_grouped;
};

static const struct tt_option options[] = {
    {'g', "group", TT_OPTION_FLAG, NULL, "a row for each kind of failure: the same fingerprint",
     offsetof(struct failures_options, is_grouped), NULL},
    TT_LISTING_OPTIONS("columns: id,state,reason,... or any of the view failures; 'all' for all of them",
                       "only failures for which this holds: \"state = 'lost' AND type = 'OSError'\""),
};

static const struct tt_listing_column columns[] = {
    {"id", "id_text", "ID", TT_UNIT_NONE, false},
    {"kind", "kind", "KIND", TT_UNIT_NONE, false},
    {"state", "state", "STATE", TT_UNIT_NONE, false},
    {"reason", "reason", "REASON", TT_UNIT_NONE, false},
    {"name", "name", "NAME", TT_UNIT_NONE, true},
    {"type", "type", "TYPE", TT_UNIT_NONE, false},
    {"message", "message", "MESSAGE", TT_UNIT_NONE, true},
    {"raised", "coalesce(raised_at, iif(how = 'missing', 'nowhere; created at ' || created_at, NULL))", "RAISED AT",
     TT_UNIT_NONE, true},
    {"created", "created_at", "CREATED AT", TT_UNIT_NONE, true},
    {"by", "parent_text", "BY", TT_UNIT_NONE, true},
    {"failed", "stored_ns", "FAILED", TT_UNIT_INSTANT, false},
    {"unread", "unread_ns", "UNREAD", TT_UNIT_DURATION, false},
    {"reads", "user_touch_count", "READS", TT_UNIT_NONE, false},
    {"reported", "reported_to", "REPORTED", TT_UNIT_NONE, false},
    {"fingerprint", "fingerprint", "FINGERPRINT", TT_UNIT_NONE, true},
    /* How many of what the filter leaves are of this kind. */
    {"count", "count(*) OVER (PARTITION BY fingerprint)", "COUNT", TT_UNIT_NONE, false},
};

static const char *const durations[] = {"unread_ns", NULL};

static const struct tt_listing failures = {
    .view = "failures",
    .key = "failure_id",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .default_columns = "id,state,reason,name,type,message,raised,failed,unread,reads,reported,count",
    .durations = durations,
    .begins = "stored_ns",
    .ends = "stored_ns",
};

static const struct tt_listing_column group_columns[] = {
    {"count", "failure_count", "COUNT", TT_UNIT_NONE, false},
    {"lost", "lost_count", "LOST", TT_UNIT_NONE, false},
    {"absorbed", "absorbed_count", "ABSORBED", TT_UNIT_NONE, false},
    {"held", "held_count", "HELD", TT_UNIT_NONE, false},
    {"unknown", "unknown_count", "UNKNOWN", TT_UNIT_NONE, false},
    {"delivered", "delivered_count", "DELIVERED", TT_UNIT_NONE, false},
    {"discarded", "discarded_count", "DISCARDED", TT_UNIT_NONE, false},
    {"type", "type", "TYPE", TT_UNIT_NONE, false},
    {"message", "message", "MESSAGE", TT_UNIT_NONE, true},
    {"raised", "raised_at", "RAISED AT", TT_UNIT_NONE, true},
    {"created", "created_at", "CREATED AT", TT_UNIT_NONE, true},
    {"first", "first_ns", "FIRST", TT_UNIT_INSTANT, false},
    {"last", "last_ns", "LAST", TT_UNIT_INSTANT, false},
    {"id", "first_id_text", "FIRST ID", TT_UNIT_NONE, false},
    {"fingerprint", "fingerprint", "FINGERPRINT", TT_UNIT_NONE, true},
};

static const struct tt_listing groups = {
    .view = "failure_groups",
    .key = "first_id",
    .columns = group_columns,
    .column_count = sizeof group_columns / sizeof *group_columns,
    .default_columns = "count,lost,absorbed,held,unknown,delivered,discarded,type,message,raised,first,last,id",
    .durations = durations,
    .begins = "first_ns",
    .ends = "last_ns",
};

static int run(struct tt_invocation *invocation)
{
    const struct failures_options *given = invocation->options;
    return tt__listing_run(invocation, given->is_grouped ? &groups : &failures);
}

const struct tt_command tt__command_failures = {
    .name = "failures",
    .usage = "[OPTION...] STORE",
    .summary = "a table of all failures, seen or not",
    .details =
        "Columns: id, kind, state, reason, name, type, message, raised, created, by, failed, unread, reads,\n"
        "reported, fingerprint, count (of the same fingerprint, among what the filter leaves); with --group:\n"
        "count, lost, absorbed, held, unknown, delivered, discarded, type, message, raised, created, first, last,\n"
        "id (of the first), fingerprint; and those of the views failures and failure_groups.\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .options_bytes = sizeof(struct failures_options),
    .arguments_min = 1,
    .arguments_max = 1,
    .is_reader = true,
    .is_query = true,
    .can_follow = true,
    .run = run,
};
