/* moment.c: instants on a command line. The contract is in moment.h. */
#include "moment.h"

#include "output/text.h"
#include "query.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)

/* Times beyond some 95 years are mistakes, and sums of them would not fit. */
#define LARGEST_NS (INT64_C(3000000000) * SECOND_NS)

/* Reads digits and a fraction as a number of billionths. Returns what follows, or NULL when there is no number. */
static const char *read_decimal(const char *text, int64_t *out_billionths)
{
    int64_t whole = 0, fraction = 0, place = SECOND_NS / 10;
    bool has_digits = false;
    for (; isdigit((unsigned char)*text); text++, has_digits = true) {
        whole = whole * 10 + (*text - '0');
        if (whole > LARGEST_NS / SECOND_NS)
            return NULL;
    }
    if (*text == '.')
        for (text++; isdigit((unsigned char)*text); text++, place /= 10, has_digits = true)
            fraction += (*text - '0') * place;
    *out_billionths = whole * SECOND_NS + fraction;
    return has_digits ? text : NULL;
}

/* "12.3s": a duration. */
static int parse_duration(const char *text, int64_t *out_ns)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"", SECOND_NS}, {"s", SECOND_NS},        {"ms", 1000000},        {"us", 1000},
                 {"ns", 1},       {"min", 60 * SECOND_NS}, {"h", 3600 * SECOND_NS}};
    int64_t billionths = 0;
    const char *unit = read_decimal(text, &billionths);
    for (size_t i = 0; unit != NULL && i < sizeof units / sizeof *units; i++)
        if (strcmp(unit, units[i].name) == 0) {
            __int128 ns = (__int128)billionths * units[i].ns / SECOND_NS;
            if (ns > LARGEST_NS)
                return -1;
            *out_ns = (int64_t)ns;
            return 0;
        }
    return -1;
}

static int parse_percentage(const struct tt_moment_frame *frame, const char *text, int64_t *out_ns)
{
    int64_t billionths = 0;
    const char *rest = read_decimal(text, &billionths);
    if (rest == NULL || strcmp(rest, "%") != 0 || billionths > 100 * SECOND_NS)
        return -1;
    __int128 part = (__int128)(frame->ended_ns - frame->began_ns) * billionths / (100 * SECOND_NS);
    *out_ns = frame->began_ns + (int64_t)part;
    return 0;
}

bool tt__moment_is_day(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && is_leap);
}

/* What stands behind the seconds of a wall clock: "", "Z", "+02:00", "+0200". Returns -1 when it is none of them. */
static int parse_zone(const char *text, bool *out_is_local, int64_t *out_offset_s)
{
    int hours = 0, minutes = 0, length = 0;
    *out_is_local = *text == '\0';
    *out_offset_s = 0;
    if (*text == '\0' || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return 0;
    if (*text != '+' && *text != '-')
        return -1;
    if ((sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &length) != 2 &&
         sscanf(text + 1, "%2d%2d%n", &hours, &minutes, &length) != 2) ||
        text[1 + length] != '\0' || hours > 23 || minutes > 59 || hours < 0 || minutes < 0)
        return -1;
    *out_offset_s = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return 0;
}

/* Readings of the clocks of time 0's boot, in order; ?1 is shown by the wall clock. From one to the next it shows what follows from the
 * first. What it shows twice, because it was set back, is the first time that it does; what it never shows, because it was set
 * forward, is the instant at which that was found. */
static const char select_wall_clock[] =
    "WITH reading AS (SELECT c.from_ns, ?1 - c.wall_offset_ns AS ns FROM clocks AS c JOIN process AS p USING "
    "(process_id), recording AS r\n"
    "    WHERE p.boot_id IS r.origin_boot_id),\n"
    "span AS (SELECT ns, lead(from_ns) OVER in_order AS to_ns,\n"
    "        iif(row_number() OVER in_order = 1, -9223372036854775808, from_ns) AS from_ns\n"
    "    FROM reading WINDOW in_order AS (ORDER BY from_ns))\n"
    "SELECT max(ns, from_ns) AS ns FROM span WHERE coalesce(ns < to_ns, 1) ORDER BY ns < from_ns, from_ns LIMIT 1";

/* When the wall clock showed REALTIME_NS, nanoseconds since 1970. */
static int64_t find_wall_clock(const struct tt_moment_frame *frame, int64_t realtime_ns)
{
    int64_t ns = realtime_ns - frame->origin_realtime_ns;
    tt_query *query = tt__query_open(frame->session, select_wall_clock);
    tt__query_bind_integer(query, 1, realtime_ns);
    if (tt__query_next(query))
        ns = tt__query_integer(query, "ns");
    tt__query_close(query);
    return ns;
}

/* "2026-01-31T12:00:00.25Z" */
static int parse_wall_clock(const struct tt_moment_frame *frame, const char *text, int64_t *out_ns)
{
    struct tm tm = {.tm_isdst = -1};
    int64_t billionths = 0, offset_s = 0;
    bool is_local = true;
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (rest == NULL || (*rest != 'T' && *rest != 't' && *rest != ' ') ||
        !tt__moment_is_day(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday))
        return -1;
    rest = strptime(rest + 1, "%H:%M", &tm);
    if (rest != NULL && *rest == ':')
        rest = isdigit((unsigned char)rest[1]) ? read_decimal(rest + 1, &billionths) : NULL;
    if (rest == NULL || billionths >= 61 * SECOND_NS || parse_zone(rest, &is_local, &offset_s) < 0 ||
        !frame->has_origin)
        return -1;
    time_t seconds = is_local ? mktime(&tm) : timegm(&tm) - (time_t)offset_s;
    if (seconds < -LARGEST_NS / SECOND_NS || seconds > LARGEST_NS / SECOND_NS)
        return -1;
    *out_ns = find_wall_clock(frame, (int64_t)seconds * SECOND_NS + billionths);
    return 0;
}

static int parse(const struct tt_moment_frame *frame, const char *text, int64_t *out_ns)
{
    int64_t before_end = 0;
    if (strcmp(text, "start") == 0) {
        *out_ns = frame->began_ns;
        return 0;
    }
    if (strcmp(text, "end") == 0) {
        *out_ns = frame->ended_ns;
        return 0;
    }
    if (*text == '-') {
        if (parse_duration(text + 1, &before_end) < 0)
            return -1;
        *out_ns = frame->ended_ns - before_end;
        return 0;
    }
    if (parse_duration(text, out_ns) == 0 || parse_percentage(frame, text, out_ns) == 0)
        return 0;
    return parse_wall_clock(frame, text, out_ns);
}

struct tt_moment_frame tt__moment_frame(tt_session *session)
{
    struct tt_moment_frame frame = {.session = session};
    tt_query *query = tt__query_open(session, "SELECT began_ns, ended_ns, origin_realtime_ns FROM recordings");
    if (tt__query_next(query)) {
        frame.began_ns = tt__query_integer(query, "began_ns");
        frame.ended_ns = tt__query_integer(query, "ended_ns");
        frame.has_origin = !tt__query_is_null(query, "origin_realtime_ns");
        frame.origin_realtime_ns = tt__query_integer(query, "origin_realtime_ns");
    }
    tt__query_close(query);
    return frame;
}

int tt__moment_find(tt_session *session, const struct tt_command *command, const char *option, const char *text,
                    int64_t *out_ns)
{
    if (text == NULL)
        return -1;
    struct tt_moment_frame frame = tt__moment_frame(session);
    if (parse(&frame, text, out_ns) == 0)
        return -1;
    return tt__usage_error(
        command, "--%s wants a time, not %s: 12.3s (from the start), -1s (before the end), 50%%, 2026-01-31T12:00:00Z",
        option, text);
}

int tt__moment_find_inside(tt_session *session, const struct tt_command *command, const char *option, const char *text,
                           int64_t *out_ns)
{
    char from[TT_DURATION_BYTES], to[TT_DURATION_BYTES];
    int status = tt__moment_find(session, command, option, text, out_ns);
    if (status >= 0 || text == NULL)
        return status;
    struct tt_moment_frame frame = tt__moment_frame(session);
    if (*out_ns >= frame.began_ns && *out_ns <= frame.ended_ns)
        return -1;
    tt__text_instant(from, frame.began_ns);
    tt__text_instant(to, frame.ended_ns);
    return tt__usage_error(command, "--%s: %s is not in the recording, which goes from %s to %s", option, text, from,
                           to);
}
