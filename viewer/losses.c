/* losses.c: what is missing from a recording. The contract is in losses.h. */
#include "losses.h"

#include "leftovers.h"
#include "nanoseconds.h"
#include "output/text.h"
#include "pause.h"
#include "query.h"
#include "report.h"

#include <string.h>

/* Where nothing came before one of them, or after one, together they have no beginning, or no end. */
static const char select_losses[] =
    "SELECT process_id, what, detail, why, sum(count) AS count, count(*) AS rows,\n"
    "    iif(count(from_ns) < count(*), NULL, min(from_ns)) AS from_ns, iif(count(to_ns) < count(*), NULL, max(to_ns)) AS to_ns\n"
    "FROM losses WHERE loop_id IS NULL GROUP BY process_id, what, detail, why, count IS NULL\n"
    "ORDER BY process_id, what, detail, why, count";

/* Loops that did not answer, and are named one by one. */
#define NAMED_LOOPS 10

static const char select_loops[] =
    "SELECT iif(process_id = 0, '#', 'p' || process_id || '#') || (loop_id & 1099511627775) AS id_text, to_ns,\n"
    "    count(*) OVER () AS count\n"
    "FROM losses WHERE loop_id IS NOT NULL ORDER BY loop_id LIMIT ?1";

static const char *words_of_loss(const char *what, int64_t count)
{
    if (strcmp(what, "in_flight") == 0)
        return count == 1 ? "event was being written when the process ended"
                          : "events were being written when the process ended";
    if (strcmp(what, "overwritten") == 0)
        return count == 1 ? "event overwritten" : "events overwritten";
    if (strcmp(what, "unreadable") == 0)
        return count == 1 ? "event unreadable" : "events unreadable";
    if (strcmp(what, "unattributed") == 0)
        return count == 1 ? "event lost, of which process is not known" : "events lost, of which process is not known";
    if (strcmp(what, "unbalanced") == 0)
        return count == 1 ? "event not accounted for" : "events not accounted for";
    if (strcmp(what, "late") == 0)
        return count == 1 ? "event not recorded" : "events not recorded";
    return count == 1 ? "event lost" : "events lost";
}

/* What was there, and was deleted. */
static void print_pruned(tt_query *query, tt_output *output, int64_t count)
{
    static const struct {
        const char *detail, *one, *many;
    } all[] = {{"stream", "event of the event stream", "events of the event stream"},
               {"io", "operation at a descriptor", "operations at descriptors"},
               {"task", "finished task", "finished tasks"},
               {"note", "note", "notes"},
               {"failure", "released failure", "released failures"}};
    const char *detail = tt__query_text(query, "detail"), *why = tt__query_text(query, "why"), *words = "facts";
    for (size_t i = 0; detail != NULL && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].detail, detail) == 0)
            words = count == 1 ? all[i].one : all[i].many;
    if (why != NULL && strcmp(why, "log") == 0)
        tt__print(output, "  %jd %s not written, because a reader that stood still kept the log of the store long", (intmax_t)count, words);
    else
        tt__print(output, "  %jd %s deleted, because %s", (intmax_t)count, words,
                  why != NULL && strcmp(why, "age") == 0 ? "of age (--max-age)" : "of the size of the store (--max-size)");
}

/* Names of DETAIL that are printed, of events or categories; of more of them it is said how many. */
#define NAMED_EVENTS 5

static void print_names(tt_output *output, const char *detail)
{
    size_t count = 1;
    const char *end = detail + strlen(detail);
    for (const char *comma = strchr(detail, ','); comma != NULL; comma = strchr(comma + 1, ','))
        if (count++ == NAMED_EVENTS)
            end = comma;
    tt__print(output, "%.*s", (int)(end - detail), detail);
    if (count > NAMED_EVENTS)
        tt__print(output, " and %zu more", count - NAMED_EVENTS);
}

/* What was not asked for: failures and ends of which such events tell may be missing. */
static void print_not_recorded(tt_query *query, tt_output *output)
{
    const char *detail = tt__query_text(query, "detail"), *why = tt__query_text(query, "why");
    tt__print(output, why != NULL && strcmp(why, "categories") == 0 ? "  events of categories that were off (--events)"
                                                                   : "  events that LTTng's session did not ask for");
    if (detail != NULL) {
        tt__print(output, ": ");
        print_names(output, detail);
    }
}

/* Children of which nothing is recorded, with what they began. */
static void print_children(tt_query *query, tt_output *output)
{
    const char *detail = tt__query_text(query, "detail");
    bool is_one = detail != NULL && strcmp(detail, "1") == 0;
    tt__print(output, "  %s %s nothing is recorded: no arena could be made there, for want of rights or of room", detail != NULL ? detail : "?",
              is_one ? "child process of which" : "child processes of which");
}

/* What was switched off while the process ran. */
static void print_unselected(tt_query *query, tt_output *output)
{
    const char *detail = tt__query_text(query, "detail"), *why = tt__query_text(query, "why");
    int64_t rows = tt__query_integer(query, "rows");
    tt__print(output, "  events of category %s were %s", detail != NULL ? detail : "?", why != NULL ? "switched off" : "off");
    if (rows > 1)
        tt__print(output, " %jd times", (intmax_t)rows);
    if (why != NULL)
        tt__print(output, strcmp(why, "outside") == 0 ? " from outside" : " by the program");
}

/* Times that nobody listened to. */
static void print_uncounted(tt_query *query, tt_output *output, const char *what)
{
    if (strcmp(what, "paused") == 0)
        tt__print(output, "  %jd %s of the session", TT_COUNTED(tt__query_integer(query, "rows"), "pause"));
    else if (strcmp(what, "cut_off") == 0)
        tt__print(output, "  nothing recorded");
    else if (strcmp(what, "incomplete") == 0)
        tt__print(output, "  LTTng's trace is not whole: nobody knows whether events are missing");
    else if (strcmp(what, "not_recorded") == 0)
        print_not_recorded(query, output);
    else if (strcmp(what, "unselected") == 0)
        print_unselected(query, output);
    else if (strcmp(what, "children") == 0)
        print_children(query, output);
    else
        tt__print(output, "  events lost, nobody knows how many");
}

/* What was before the trace begins. */
static void print_late(tt_query *query, tt_output *output, bool has_processes)
{
    char text[TT_DURATION_BYTES], of[32] = "";
    int64_t to_ns = tt__query_integer(query, "to_ns");
    if (has_processes)
        snprintf(of, sizeof of, " of p%jd", (intmax_t)tt__query_integer(query, "process_id"));
    if (tt__query_is_null(query, "from_ns")) {
        tt__text_instant(text, to_ns);
        tt__print(output, "  what was%s before %s was not recorded; failures of that time are unknown\n", of, text);
    } else {
        tt__text_duration(text, tt__ns_subtract(to_ns, tt__query_integer(query, "from_ns")));
        tt__print(output, "  the first %s%s were not recorded; failures of that time are unknown\n", text, of);
    }
}

static void print_loss(tt_query *query, tt_output *output, bool has_processes)
{
    char from[TT_DURATION_BYTES], to[TT_DURATION_BYTES];
    const char *what = tt__query_text(query, "what");
    int64_t count = tt__query_integer(query, "count");
    tt__text_instant(from, tt__query_integer(query, "from_ns"));
    tt__text_instant(to, tt__query_integer(query, "to_ns"));
    if (what != NULL && strcmp(what, "late") == 0 && tt__query_is_null(query, "count")) {
        print_late(query, output, has_processes);
        return;
    }
    if (tt__query_is_null(query, "count"))
        print_uncounted(query, output, what != NULL ? what : "");
    else if (what != NULL && strcmp(what, "pruned") == 0)
        print_pruned(query, output, count);
    else
        tt__print(output, "  %jd %s", (intmax_t)count, words_of_loss(what != NULL ? what : "", count));
    if (has_processes && (what == NULL || strcmp(what, "unattributed") != 0))
        tt__print(output, " in p%jd", (intmax_t)tt__query_integer(query, "process_id"));
    if (!tt__query_is_null(query, "from_ns") && !tt__query_is_null(query, "to_ns"))
        tt__print(output, " between %s and %s", from, to);
    else if (!tt__query_is_null(query, "from_ns"))
        tt__print(output, " after %s", from);
    else if (!tt__query_is_null(query, "to_ns"))
        tt__print(output, " before %s", to);
    tt__print(output, "\n");
}

/* Loops that were there before a session of LTTng began, and were blocked as long as it was there. How many. */
static size_t print_loops(tt_session *session, tt_output *output)
{
    char asked[TT_DURATION_BYTES];
    int64_t count = 0;
    tt_query *query = tt__query_open(session, select_loops);
    tt__query_bind_integer(query, 1, NAMED_LOOPS);
    while (tt__query_next(query)) {
        count = tt__query_integer(query, "count");
        tt__text_instant(asked, tt__query_integer(query, "to_ns"));
        tt__print(output, "  loop %s was asked at %s for its tasks and failures, and never answered: those of before may be missing\n",
                  tt__query_text(query, "id_text"), asked);
    }
    tt__query_close(query);
    if (count > NAMED_LOOPS)
        tt__print(output, "  and %jd more loops\n", (intmax_t)count - NAMED_LOOPS);
    return (size_t)count;
}

/* What belongs into the store, and is not in it. How many lines. */
static size_t print_leftovers(tt_session *session, tt_output *output)
{
    const struct tt_leftovers *leftovers = tt__session_leftovers(session);
    switch (leftovers->doubt) {
    case TT_LEFTOVERS_PAUSED:
        tt__pause_print(session, output, &leftovers->pause);
        return 1;
    case TT_LEFTOVERS_NONE:
        return 0;
    case TT_LEFTOVERS_UNREADABLE:
        tt__print(output, "  what is in %zu %s that cannot be read, in %s\n", leftovers->arena_count,
                  leftovers->arena_count == 1 ? "arena" : "arenas", leftovers->dir);
        return 1;
    case TT_LEFTOVERS_UNANSWERED:
    case TT_LEFTOVERS_UNWRITTEN:
        break;
    }
    if (leftovers->event_count > 0)
        tt__print(output, "  up to %jd %s", TT_COUNTED((intmax_t)leftovers->event_count, "event"));
    else
        tt__print(output, "  ends of processes");
    tt__print(output, " that wait in %s: %s\n", leftovers->dir,
              leftovers->doubt == TT_LEFTOVERS_UNWRITTEN ? "the store cannot be written" : "the recorder stands still");
    return 1;
}

bool tt__losses_any(tt_session *session)
{
    return tt__session_leftovers(session)->doubt != TT_LEFTOVERS_NONE || tt__query_count(session, "SELECT count(*) FROM losses") > 0;
}

size_t tt__losses_print(tt_session *session, tt_output *output)
{
    size_t count = 0;
    bool has_processes = tt__query_count(session, "SELECT count(*) FROM processes") > 1;
    tt_query *query = tt__query_open(session, select_losses);
    tt__style(output, TT_STYLE_WARNING);
    for (; tt__query_next(query); count++)
        print_loss(query, output, has_processes);
    count += print_loops(session, output);
    count += print_leftovers(session, output);
    tt__style(output, TT_STYLE_PLAIN);
    tt__query_close(query);
    return count;
}

void tt__losses_say(tt_session *session, tt_output *output)
{
    if (!tt__losses_any(session))
        return;
    tt__print(output, "telltale: %s is not complete:\n", tt__session_path(session));
    tt__losses_print(session, output);
    int64_t unknown = tt__query_count(session, "SELECT count(*) FROM tasks\n"
                                              "WHERE task_id IN (SELECT a.task_id FROM task AS a WHERE a.outcome IS NULL) AND outcome = 'unknown'");
    if (unknown > 0)
        tt__print(output, "  %jd %s unknown\n", TT_COUNTED(unknown, "task"));
}

/* The stretches of time in which a category was what it is not as a rule: recorded, or not. */
static void say_selected(tt_session *session, tt_output *output, tt_query *query)
{
    char from[TT_DURATION_BYTES], to[TT_DURATION_BYTES];
    const char *category = tt__query_text(query, "category"), *held = "were recorded";
    int64_t count = tt__query_integer(query, "count");
    tt__text_instant(from, tt__query_integer(query, "from_ns"));
    tt__text_instant(to, tt__query_integer(query, "until_ns"));
    if (tt__query_integer(query, "is_usual") != 0)
        held = "were not recorded";
    tt__print(output, "telltale: %s: ", tt__session_path(session));
    if (strcmp(category, "step") == 0)
        tt__print(output, "steps %s", held);
    else if (strcmp(category, "details") == 0)
        tt__print(output, "events that are not vital %s", held);
    else
        tt__print(output, "events of category %s %s", category, held);
    if (tt__query_integer(query, "process_count") > 1)
        tt__print(output, " of p%jd", (intmax_t)tt__query_integer(query, "process_id"));
    if (count > 1)
        tt__print(output, " %jd times", (intmax_t)count);
    if (!tt__query_is_null(query, "from_ns"))
        tt__print(output, " from %s", from);
    if (!tt__query_is_null(query, "until_ns"))
        tt__print(output, " to %s", to);
    tt__print(output, tt__query_integer(query, "is_usual") != 0 ? "\n" : " only\n");
}

void tt__selections_say(tt_session *session, tt_output *output, const char *category)
{
    tt_query *query = tt__query_open(session,
        "SELECT category, is_usual, process_id, count(*) AS count, (SELECT count(*) FROM processes) AS process_count,\n"
        "    min(from_ns) AS from_ns, iif(count(until_ns) < count(*), NULL, max(until_ns)) AS until_ns\n"
        "FROM selections WHERE is_on <> is_usual AND NOT is_vital AND (?1 IS NULL OR category = ?1)\n"
        "GROUP BY category, process_id ORDER BY process_id, category");
    if (category != NULL)
        tt__query_bind_text(query, 1, category);
    while (tt__query_next(query))
        say_selected(session, output, query);
    tt__query_close(query);
}

void tt__sampling_say(tt_session *session, tt_output *output)
{
    tt__selections_say(session, output, "step");
    tt_query *query = tt__query_open(session,
        "SELECT min(step_every) AS least, max(step_every) AS most FROM processes WHERE step_every > 1");
    if (tt__query_next(query) && !tt__query_is_null(query, "least")) {
        int64_t least = tt__query_integer(query, "least"), most = tt__query_integer(query, "most");
        tt__print(output, "telltale: %s: steps were recorded of one task in %jd", tt__session_path(session), (intmax_t)least);
        if (most > least)
            tt__print(output, " to %jd", (intmax_t)most);
        tt__print(output, " (--events step/N): when the others ran and what they waited for is not known\n");
    }
    tt__query_close(query);
}

void tt__sampling_say_of(tt_session *session, tt_output *output, int64_t task_id)
{
    tt_query *query = tt__query_open(session, "SELECT NOT EXISTS (SELECT 1 FROM steps WHERE task_id = ?1) AS is_left_out\n"
                                              "FROM processes AS p WHERE p.process_id = ?1 >> 40 AND p.step_every > 1\n"
                                              "    AND EXISTS (SELECT 1 FROM task WHERE task_id = ?1 AND started_ns IS NOT NULL)");
    tt__query_bind_integer(query, 1, task_id);
    if (tt__query_next(query) && tt__query_integer(query, "is_left_out") != 0)
        tt__sampling_say(session, output);
    tt__query_close(query);
}
