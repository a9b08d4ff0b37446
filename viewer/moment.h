/* moment.h: an instant of a recording, as people write it on a command line.
 *
 *   12.3s  350ms  80us  2min  1h   that long after time 0 of the recording; a bare number counts seconds
 *   -1s                            that long before the recording's end
 *   50%                            so much of the recording
 *   start  end
 *   2026-01-31T12:00:00.25Z        the wall clock; with an offset (+02:00); without Z and offset it is local time. It is that of the
 *                                  host of time 0, and when it was set meanwhile, as it was set.
 *
 * What it leaves to others. What time the recording covers: the view recordings. How the wall clock was set: the view clocks.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_MOMENT_H
#define TT_VIEWER_MOMENT_H

#include "session.h"

/* What is needed to tell what a text means. */
struct tt_moment_frame {
    int64_t began_ns, ended_ns; /* of the recording */
    int64_t origin_realtime_ns; /* wall clock at its time 0 */
    bool has_origin;            /* whether the wall clock is known */
    tt_session *session;
};

/* The frame of the session's recording. */
struct tt_moment_frame tt__moment_frame(tt_session *session);

/* Reads the value TEXT of COMMAND's option OPTION; NULL leaves *OUT_NS as it is. Returns -1, or the exit status after a complaint. */
int tt__moment_find(tt_session *session, const struct tt_command *command, const char *option, const char *text,
                    int64_t *out_ns);

/* The same, and the instant must be one of the recording. */
int tt__moment_find_inside(tt_session *session, const struct tt_command *command, const char *option, const char *text,
                           int64_t *out_ns);

/* Whether the calendar has this day: strptime takes any month to have 31. */
bool tt__moment_is_day(int year, int month, int day);

#endif
