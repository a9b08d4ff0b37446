/* task_argument.c: which task was meant. The contract is in task_argument.h. */
#include "task_argument.h"

#include "parts.h"
#include "query.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Tasks that an ambiguous name lists. */
#define CANDIDATES_MAX 20

/* What has the id ?2 if that is how ?1 is printed: so it is looked up, and 017 is no id. */
static const char select_by_id[] =
    "SELECT task_id FROM tasks WHERE task_id = ?2 AND ?1 IN (id_text, substr(id_text, 2))\n"
    "UNION SELECT failure_id FROM failures WHERE failure_id = (SELECT f.failure_id FROM failure AS f WHERE "
    "f.failure_id = ?2)\n"
    "    AND ?1 IN (id_text, substr(id_text, 2))";

/* Tasks of the name ?1, and futures and tasks of which nothing but their failure is known: what a session of LTTng's that began later
 * was told. */
#define NAMED                                                                                                   \
    "WITH named AS MATERIALIZED (\n"                                                                            \
    "    SELECT task_id FROM tasks WHERE name = ?1\n"                                                           \
    "    UNION SELECT f.failure_id FROM failure AS f\n"                                                         \
    "    WHERE coalesce(f.name, 'Task-' || nullif(f.name_number, 0)) = ?1\n"                                    \
    "        AND NOT EXISTS (SELECT 1 FROM task AS t WHERE t.task_id = f.failure_id))\n"

static const char select_by_name[] =
    NAMED "SELECT n.task_id,\n"
          "    iif(n.task_id >> 40 = 0, '#', 'p' || (n.task_id >> 40) || '#') || (n.task_id & 1099511627775) AS id_text,\n"
          "    coalesce((SELECT t.outcome FROM tasks AS t WHERE t.task_id = n.task_id), 'failed') AS outcome,\n"
          "    coalesce((SELECT t.created_at FROM tasks AS t WHERE t.task_id = n.task_id),\n"
          "        (SELECT f.created_at FROM failures AS f WHERE f.failure_id = n.task_id)) AS created_at,\n"
          "    count(*) OVER () AS total\n"
          "FROM named AS n ORDER BY n.task_id LIMIT ?2";

static const char select_by_number[] = NAMED "SELECT task_id FROM named ORDER BY task_id LIMIT 1 OFFSET ?2 - 1";

/* The number at *TEXT, which is less than LIMIT; *TEXT is then behind it. Less than 0: there is none. */
static int64_t read_number(const char **text, int64_t limit)
{
    int64_t number = isdigit((unsigned char)**text) ? 0 : -1;
    for (; isdigit((unsigned char)**text); ++*text) {
        number = number * 10 + (**text - '0');
        if (number >= limit)
            return -1;
    }
    return number;
}

/* The id that TEXT can be: 17, #17, p1#17. Less than 0: none. */
static int64_t read_id(const char *text)
{
    int64_t process_id = 0;
    if (*text == 'p') {
        text++;
        process_id = read_number(&text, INT64_C(1) << 23);
        if (process_id < 0 || *text != '#')
            return -1;
    }
    text += *text == '#';
    int64_t number = read_number(&text, INT64_C(1) << 40);
    return number >= 0 && *text == '\0' ? process_id << 40 | number : -1;
}

/* Finds by id. Returns whether there is one. */
static bool find_by_id(tt_session *session, const char *text, int64_t *out_id)
{
    int64_t id = read_id(text);
    if (id < 0)
        return false;
    tt_query *query = tt__query_open(session, select_by_id);
    tt__query_bind_text(query, 1, text);
    tt__query_bind_integer(query, 2, id);
    bool is_found = tt__query_next(query);
    if (is_found)
        *out_id = tt__query_integer(query, "task_id");
    tt__query_close(query);
    return is_found;
}

/* Finds by "name#n": the n-th task of that name, in the order of their creation. */
static bool find_by_number(tt_session *session, const char *text, int64_t *out_id)
{
    const char *hash = strrchr(text, '#');
    char *end;
    long number = hash != NULL ? strtol(hash + 1, &end, 10) : 0;
    char *name = number > 0 && *end == '\0' ? strndup(text, (size_t)(hash - text)) : NULL;
    if (name == NULL)
        return false;
    tt_query *query = tt__query_open(session, select_by_number);
    tt__query_bind_text(query, 1, name);
    tt__query_bind_integer(query, 2, number);
    bool is_found = tt__query_next(query);
    if (is_found)
        *out_id = tt__query_integer(query, "task_id");
    tt__query_close(query);
    free(name);
    return is_found;
}

static void print_candidate(tt_query *query, tt_output *output, const char *name, int64_t number)
{
    tt__print(output, "  %s, or %s#%jd: %s, created at %s\n", tt__query_text(query, "id_text"), name, (intmax_t)number,
              tt__query_text(query, "outcome"), tt__part_or_unknown(tt__query_text(query, "created_at")));
}

/* Finds by name. Returns how many tasks have it; more than one are listed on stderr. */
static int64_t find_by_name(tt_session *session, struct tt_invocation *invocation, const char *name, int64_t *out_id)
{
    int64_t total = 0;
    tt_query *query = tt__query_open(session, select_by_name);
    tt__query_bind_text(query, 1, name);
    tt__query_bind_integer(query, 2, CANDIDATES_MAX);
    for (int64_t number = 1; tt__query_next(query); number++) {
        total = tt__query_integer(query, "total");
        if (number == 1)
            *out_id = tt__query_integer(query, "task_id");
        if (number == 1 && total > 1)
            tt__complain("%s: %jd tasks are called %s; which one:", invocation->command->name, (intmax_t)total, name);
        if (total > 1)
            print_candidate(query, &invocation->messages, name, number);
    }
    tt__query_close(query);
    if (total > CANDIDATES_MAX)
        tt__print(&invocation->messages, "  and %jd more\n", (intmax_t)total - CANDIDATES_MAX);
    return total;
}

int tt__task_argument_find(struct tt_invocation *invocation, tt_session *session, const char *text, int64_t *out_id)
{
    if (find_by_id(session, text, out_id))
        return -1;
    int64_t total = find_by_name(session, invocation, text, out_id);
    if (total == 1 || (total == 0 && find_by_number(session, text, out_id)))
        return -1;
    if (total == 0)
        tt__complain("%s: %s has no task %s; see: telltale ps %s", invocation->command->name, tt__session_path(session),
                     text, tt__session_path(session));
    return TT_EXIT_USAGE;
}
