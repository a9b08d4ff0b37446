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

static void write_time(FILE *stream, int64_t ns)
{
    uint64_t distance = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    unsigned rest = (unsigned)(distance % 1000);
    fputs(ns < 0 ? ",\"ts\":-" : ",\"ts\":", stream);
    tt__text_integer(stream, (int64_t)(distance / 1000));
    const char fraction[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    fwrite(fraction, 1, sizeof fraction, stream);
}

/* A number in hexadecimal digits, as a string. */
static void write_hexadecimal(FILE *stream, uint64_t number)
{
    char digits[17];
    size_t at = sizeof digits;
    digits[--at] = '"';
    do
        digits[--at] = "0123456789abcdef"[number & 0xf];
    while ((number >>= 4) != 0);
    fputs("\"0x", stream);
    fwrite(digits + at, 1, sizeof digits - at, stream);
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
    FILE *stream = sink->stream;
    fputs(sink->thing_count == 0 ? "\n{\"ph\":\"" : ",\n{\"ph\":\"", stream);
    fputs(phase, stream);
    fputs("\",\"pid\":", stream);
    tt__text_integer(stream, place->pid);
    fputs(",\"tid\":", stream);
    tt__text_integer(stream, place->track == TT_TRACE_THREAD ? place->tid : place->pid);
    if (place->track == TT_TRACE_TASK && *phase != 'M') {
        fputs(",\"id2\":{\"local\":", stream);
        write_hexadecimal(stream, (uint64_t)place->id);
        putc('}', stream);
    }
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
        const struct tt_trace_note *note = &thing->notes[i];
        if (note->text == NULL && !note->is_number)
            continue;
        putc(',', stream);
        write_text(stream, note->name);
        putc(':', stream);
        if (note->is_number) { /* readers in JavaScript have no integers of 64 bits */
            putc('"', stream);
            tt__text_integer(stream, note->number);
            putc('"', stream);
        } else {
            write_text(stream, note->text);
        }
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
    write_time(stream, thing->from_ns);
    if (*phase == 'i')
        fputs(thing->place.track == TT_TRACE_PROCESS ? ",\"s\":\"p\"" : ",\"s\":\"t\"", stream);
    if (thing->flow_out != 0 || thing->flow_in != 0) {
        fputs(",\"bind_id\":", stream);
        write_hexadecimal(stream, thing->flow_out != 0 ? thing->flow_out : thing->flow_in);
        fputs(thing->flow_out != 0 ? ",\"flow_out\":true" : ",\"flow_in\":true", stream);
    }
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
    write_time(sink->stream, thing->from_ns);
    fputs(",\"args\":{\"value\":", sink->stream);
    tt__text_integer(sink->stream, level);
    fputs("}}", sink->stream);
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
