/* chrome.c: traces in the format of JSON that chrome's tools read. The contract is in drawing.h.
 *
 * An object with an array of events, one a line. Threads have events that begin and end (B, E), tasks nestable
 * asynchronous ones (b, e, n) of their own id, which may lie over each other; levels are counters (C), names are
 * metadata (M). Arrows are flow attributes of events (bind_id), since those of their own (s, f) find threads only.
 * Times are microseconds since the beginning; which instant that was on which clock is said in otherData.
 */
#include "export/drawing.h"

#include "output/text.h"

#include <inttypes.h>
#include <string.h>

/* Asynchronous events belong together by category and id: all of a task have this one. */
#define TASK_CATEGORY "task"

static void write_text(FILE *stream, const char *text)
{
    tt__text_escape_json(stream, text, strlen(text));
}

static void write_time(FILE *stream, const char *name, int64_t ns)
{
    fprintf(stream, ",\"%s\":%s%" PRIu64 ".%03" PRIu64, name, ns < 0 ? "-" : "",
            (ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns) / 1000, (ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns) % 1000);
}

static void begin_chrome(tt_trace_sink *sink, const struct tt_trace_clocks *clocks)
{
    fprintf(sink->stream, "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"producer\":\"telltale %s\"", TELLTALE_VERSION);
    fprintf(sink->stream, ",\"monotonic_ns_at_0\":\"%" PRId64 "\"", clocks->monotonic_ns);
    if (clocks->has_boottime)
        fprintf(sink->stream, ",\"boottime_ns_at_0\":\"%" PRId64 "\"", clocks->boottime_ns);
    if (clocks->has_realtime)
        fprintf(sink->stream, ",\"realtime_ns_at_0\":\"%" PRId64 "\"", clocks->realtime_ns);
    fputs("},\"traceEvents\":[", sink->stream);
}

/* What all events have. */
static void begin_event(tt_trace_sink *sink, const char *phase, const struct tt_trace_place *place)
{
    fprintf(sink->stream, "%s\n{\"ph\":\"%s\",\"pid\":%" PRId64 ",\"tid\":%" PRId64, sink->thing_count == 0 ? "" : ",",
            phase, place->pid, place->track == TT_TRACE_THREAD ? place->tid : place->pid);
    if (place->track == TT_TRACE_TASK && strcmp(phase, "M") != 0)
        fprintf(sink->stream, ",\"id2\":{\"local\":\"0x%" PRIx64 "\"}", (uint64_t)place->id);
    sink->thing_count++;
}

static void write_name_of(tt_trace_sink *sink, const char *what, const struct tt_trace_place *place, const char *name)
{
    begin_event(sink, "M", place);
    fprintf(sink->stream, ",\"name\":\"%s\",\"args\":{\"name\":", what);
    write_text(sink->stream, name);
    fputs("}}", sink->stream);
}

static void write_track(tt_trace_sink *sink, const struct tt_trace_place *place, const char *name, const char *command)
{
    (void)command;
    if (place->track == TT_TRACE_PROCESS)
        write_name_of(sink, "process_name", place, name);
    else if (place->track == TT_TRACE_THREAD)
        write_name_of(sink, "thread_name", place, name);
}

static void write_notes(FILE *stream, const struct tt_trace_thing *thing)
{
    fputs(",\"args\":{\"kind\":", stream);
    write_text(stream, thing->category);
    for (size_t i = 0; i < thing->note_count; i++) {
        if (thing->notes[i].text == NULL)
            continue;
        putc(',', stream);
        write_text(stream, thing->notes[i].name);
        putc(':', stream);
        write_text(stream, thing->notes[i].text);
    }
    putc('}', stream);
}

static void write_event(tt_trace_sink *sink, const char *phase, const struct tt_trace_thing *thing)
{
    FILE *stream = sink->stream;
    begin_event(sink, phase, &thing->place);
    fputs(",\"cat\":", stream);
    write_text(stream, thing->place.track == TT_TRACE_TASK ? TASK_CATEGORY : thing->category);
    fputs(",\"name\":", stream);
    write_text(stream, thing->name);
    write_time(stream, "ts", thing->from_ns);
    if (*phase == 'i')
        fputs(thing->place.track == TT_TRACE_PROCESS ? ",\"s\":\"p\"" : ",\"s\":\"t\"", stream);
    if (thing->flow_out != 0 || thing->flow_in != 0)
        fprintf(stream, ",\"bind_id\":\"0x%" PRIx64 "\",\"%s\":true",
                thing->flow_out != 0 ? thing->flow_out : thing->flow_in, thing->flow_out != 0 ? "flow_out" : "flow_in");
    write_notes(stream, thing);
    putc('}', stream);
}

static void begin_slice(tt_trace_sink *sink, const struct tt_trace_thing *thing)
{
    write_event(sink, thing->place.track == TT_TRACE_TASK ? "b" : "B", thing);
}

/* The end tells the same as the beginning: some readers put the two together by it. */
static void end_slice(tt_trace_sink *sink, const struct tt_trace_thing *thing)
{
    struct tt_trace_thing end = *thing;
    end.from_ns = thing->to_ns;
    end.flow_out = end.flow_in = 0;
    write_event(sink, thing->place.track == TT_TRACE_TASK ? "e" : "E", &end);
}

static void write_instant(tt_trace_sink *sink, const struct tt_trace_thing *thing)
{
    /* Arrows end at what has a beginning and an end. */
    if (thing->flow_out != 0 || thing->flow_in != 0) {
        struct tt_trace_thing slice = *thing;
        slice.to_ns = slice.from_ns;
        begin_slice(sink, &slice);
        end_slice(sink, &slice);
    } else {
        write_event(sink, thing->place.track == TT_TRACE_TASK ? "n" : "i", thing);
    }
}

static void write_level(tt_trace_sink *sink, const struct tt_trace_thing *thing, int64_t level, bool is_first)
{
    (void)is_first;
    begin_event(sink, "C", &thing->place);
    fputs(",\"name\":", sink->stream);
    write_text(sink->stream, thing->name);
    write_time(sink->stream, "ts", thing->from_ns);
    fprintf(sink->stream, ",\"args\":{\"value\":%" PRId64 "}}", level);
}

static void end_chrome(tt_trace_sink *sink)
{
    fputs("\n]}\n", sink->stream);
}

const struct tt_trace_format tt__trace_chrome = {
    .begin = begin_chrome,
    .track = write_track,
    .begin_slice = begin_slice,
    .end_slice = end_slice,
    .instant = write_instant,
    .level = write_level,
    .end = end_chrome,
};
