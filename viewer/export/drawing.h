/* drawing.h: a recording as a trace: tracks with slices, instants, flows and counters on them.
 *
 * What it is for. perfetto and chrome draw the same things and write them in different ways. What there is to draw
 * is asked from the store here, once; a format (struct tt_trace_format) writes what it is given, one thing after
 * another, and keeps nothing, so that memory does not grow with the recording.
 *
 * What it leaves to others. Bytes: perfetto.c, chrome.c. The file: result_file.h.
 *
 * Order. A track is declared before anything stands on it. Ends and beginnings of slices on one track at one time
 * come in the order in which they happened: readers sort by time and leave what has one time as it is. Apart from
 * that times are in no order.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_DRAWING_H
#define TT_VIEWER_DRAWING_H

#include "export/wire.h"
#include "export/words.h"
#include "session.h"

#include <stdint.h>

enum tt_trace_track { TT_TRACE_PROCESS = 1, TT_TRACE_THREAD, TT_TRACE_TASK };

/* Where something stands. Ids are those of the store; numbers of processes and threads are the system's. */
struct tt_trace_place {
    enum tt_trace_track track;
    int64_t id;
    int64_t process_id, pid, tid;
};

/* What is said about a thing besides its name: a text, or a number; what is neither is left out. */
struct tt_trace_note {
    const char *name;
    const char *text; /* NULL: none */
    bool is_number;   /* the next one counts, and there is no text */
    int64_t number;
};

#define TT_TRACE_OPEN INT64_MAX /* to_ns of what had not ended */

struct tt_trace_thing {
    struct tt_trace_place place;
    const char *category; /* a word of our own */
    const char *name;
    int64_t from_ns, to_ns;
    uint64_t flow_out, flow_in; /* arrows go from out to in of one number; 0: none */
    const struct tt_trace_note *notes;
    size_t note_count;
};

/* The clocks at time 0 of the trace, nanoseconds. */
struct tt_trace_clocks {
    int64_t monotonic_ns, boottime_ns, realtime_ns;
    bool has_boottime, has_realtime;
};

typedef struct tt_trace_sink tt_trace_sink;

struct tt_trace_format {
    bool is_binary;
    bool has_bare_ends; /* end_slice takes a thing's place and time, and nothing else */
    void (*begin)(tt_trace_sink *sink, const struct tt_trace_clocks *clocks);
    /* Declares a track; COMMAND is a process's command line, or NULL. */
    void (*track)(tt_trace_sink *sink, const struct tt_trace_place *place, const char *name, const char *command);
    /* The two ends of a slice, the second only if it is over. */
    void (*begin_slice)(tt_trace_sink *sink, const struct tt_trace_thing *thing);
    void (*end_slice)(tt_trace_sink *sink, const struct tt_trace_thing *thing);
    void (*instant)(tt_trace_sink *sink, const struct tt_trace_thing *thing);
    /* A level of a process from FROM_NS on, by the thing's name; IS_FIRST: of that process and name. */
    void (*level)(tt_trace_sink *sink, const struct tt_trace_thing *thing, int64_t level, bool is_first);
    void (*end)(tt_trace_sink *sink);
};

struct tt_trace_sink {
    const struct tt_trace_format *format;
    FILE *stream;
    uint64_t thing_count;
    bool has_failed; /* memory ran out, and something is missing */
    struct tt_trace_clocks clocks;
    struct tt_wire wire, news; /* perfetto: the packet at hand, and what it says of words */
    struct tt_words *words;
};

extern const struct tt_trace_format tt__trace_perfetto, tt__trace_chrome;

/* What is wanted of a recording: what lasted until SINCE_NS or longer and began before UNTIL_NS. */
struct tt_trace_span {
    int64_t since_ns, until_ns;
};

/* Writes the session's recording to the invocation's output. Returns the exit status; what could not be written
 * shows at the output's end. */
int tt__trace_write(struct tt_invocation *invocation, tt_session *session, const struct tt_trace_format *format,
                    struct tt_trace_span span);

#endif
