/* perfetto.c: traces for perfetto: protocol buffers, message after message. The contract is in drawing.h.
 *
 * A trace is a message Trace, which is nothing but packets in a row; so it can be written piece by piece. Times
 * are those of CLOCK_MONOTONIC, which the first packet says for all; a snapshot of the clocks in it says what they are in
 * others. Texts that come again have numbers (words.h): the packet in which one comes first says what it stands for. So a
 * reader begins at the beginning.
 */
#include "export/drawing.h"

#include "output/text.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of fields and words, from the messages TracePacket, ClockSnapshot, TrackDescriptor, TrackEvent and what
 * is in them. */
enum { TRACE_PACKET = 1 };
enum {
    PACKET_CLOCK_SNAPSHOT = 6,
    PACKET_TIMESTAMP = 8,
    PACKET_SEQUENCE_ID = 10,
    PACKET_TRACK_EVENT = 11,
    PACKET_WORDS = 12,
    PACKET_SEQUENCE_FLAGS = 13,
    PACKET_DEFAULTS = 59,
    PACKET_TRACK_DESCRIPTOR = 60
};
enum { DEFAULTS_TIMESTAMP_CLOCK = 58 };
enum { SNAPSHOT_CLOCK = 1, SNAPSHOT_PRIMARY = 2, CLOCK_ID = 1, CLOCK_TIMESTAMP = 2 };
enum { CLOCK_IS_REALTIME = 1, CLOCK_IS_MONOTONIC = 3, CLOCK_IS_BOOTTIME = 6 };
enum { TRACK_UUID = 1, TRACK_NAME = 2, TRACK_PROCESS = 3, TRACK_THREAD = 4, TRACK_PARENT = 5, TRACK_COUNTER = 8 };
enum { PROCESS_PID = 1, PROCESS_COMMAND = 2, PROCESS_NAME = 6, THREAD_PID = 1, THREAD_TID = 2, THREAD_NAME = 5 };
enum {
    EVENT_CATEGORY_WORD = 3,
    EVENT_ANNOTATION = 4,
    EVENT_TYPE = 9,
    EVENT_NAME_WORD = 10,
    EVENT_TRACK = 11,
    EVENT_CATEGORY = 22,
    EVENT_NAME = 23,
    EVENT_VALUE = 30,
    EVENT_FLOW = 47,
    EVENT_FLOW_END = 48
};
enum {
    ANNOTATION_NAME_WORD = 1,
    ANNOTATION_INTEGER = 4,
    ANNOTATION_TEXT = 6,
    ANNOTATION_NAME = 10,
    ANNOTATION_TEXT_WORD = 17
};
enum { WORD_NUMBER = 1, WORD_TEXT = 2 };
enum { TYPE_BEGIN = 1, TYPE_END = 2, TYPE_INSTANT = 3, TYPE_COUNTER = 4 };

#define SEQUENCE              1 /* all packets are of one writer */
#define FLAG_STATE_IS_CLEARED 1
#define FLAG_STATE_IS_NEEDED  2

/* What a word may be, by the field of the packet's words that says what its number stands for; and the fields that hold it,
 * by number and spelled out. */
static const struct word_kind {
    unsigned said_in, number, text;
} category_words = {1, EVENT_CATEGORY_WORD, EVENT_CATEGORY}, name_words = {2, EVENT_NAME_WORD, EVENT_NAME},
  note_words = {3, ANNOTATION_NAME_WORD, ANNOTATION_NAME}, text_words = {29, ANNOTATION_TEXT_WORD, ANNOTATION_TEXT};

/* A number for a track: the same for one thing always, and not likely that of a track in another trace. */
static uint64_t track_number(unsigned kind, int64_t id)
{
    uint64_t number = ((uint64_t)kind << 60 ^ (uint64_t)id) + 0x9e3779b97f4a7c15u;
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
    number = (number ^ number >> 27) * 0x94d049bb133111ebu;
    return number ^ number >> 31;
}

static uint64_t track_of(const struct tt_trace_place *place)
{
    return track_number(place->track, place->id);
}

/* A level is told apart by its name. */
static uint64_t track_of_level(const struct tt_trace_thing *thing)
{
    uint64_t number = track_of(&thing->place);
    for (const char *at = thing->name; *at != '\0'; at++)
        number = (number ^ (unsigned char)*at) * 0x100000001b3u;
    return number;
}

/* Text of the store, made fit for whoever looks at it. Almost always it is fit already. */
static void write_text(struct tt_wire *wire, unsigned field, const char *text)
{
    char *escaped = NULL;
    size_t size = 0;
    const char *at = text;
    while (*at >= ' ' && *at < 0x7f)
        at++;
    if (*at == '\0') {
        tt__wire_bytes(wire, field, text, (size_t)(at - text));
        return;
    }
    FILE *memory = open_memstream(&escaped, &size);
    if (memory != NULL) {
        tt__text_escape(memory, text, strlen(text), 0, TT_TEXT_KEEP_NOTHING);
        if (fclose(memory) == 0)
            tt__wire_bytes(wire, field, escaped, size);
        else
            wire->has_failed = true;
        free(escaped);
    } else {
        wire->has_failed = true;
    }
}

static struct tt_wire *begin_packet(tt_trace_sink *sink)
{
    tt__wire_clear(&sink->wire);
    tt__wire_number(&sink->wire, PACKET_SEQUENCE_ID, SEQUENCE);
    return &sink->wire;
}

/* A text that may be a word. */
static void write_word(tt_trace_sink *sink, const struct word_kind *kind, const char *text)
{
    bool is_new = false;
    uint64_t number = sink->words != NULL ? tt__words_find(sink->words, kind->said_in, text, strlen(text), &is_new) : 0;
    if (number == 0) {
        write_text(&sink->wire, kind->text, text);
        return;
    }
    tt__wire_number(&sink->wire, kind->number, number);
    if (!is_new)
        return;
    tt__wire_begin(&sink->news, kind->said_in);
    tt__wire_number(&sink->news, WORD_NUMBER, number);
    write_text(&sink->news, WORD_TEXT, text);
    tt__wire_end(&sink->news);
}

static void end_packet(tt_trace_sink *sink)
{
    unsigned char head[11] = {TRACE_PACKET << 3 | 2};
    if (sink->news.size > 0) {
        tt__wire_bytes(&sink->wire, PACKET_WORDS, sink->news.bytes, sink->news.size);
        sink->wire.has_failed |= sink->news.has_failed;
        tt__wire_clear(&sink->news);
    }
    if (sink->wire.has_failed) {
        sink->has_failed = true;
        return;
    }
    fwrite(head, 1, 1 + tt__wire_varint(head + 1, sink->wire.size), sink->stream);
    fwrite(sink->wire.bytes, 1, sink->wire.size, sink->stream);
}

static void write_clock(struct tt_wire *wire, unsigned clock, int64_t ns)
{
    tt__wire_begin(wire, SNAPSHOT_CLOCK);
    tt__wire_number(wire, CLOCK_ID, clock);
    tt__wire_number(wire, CLOCK_TIMESTAMP, (uint64_t)ns);
    tt__wire_end(wire);
}

static void begin_perfetto(tt_trace_sink *sink, const struct tt_trace_clocks *clocks)
{
    struct tt_wire *wire = begin_packet(sink);
    sink->words = tt__words_create(); /* without memory for it all is spelled out */
    tt__wire_number(wire, PACKET_SEQUENCE_FLAGS, FLAG_STATE_IS_CLEARED);
    tt__wire_begin(wire, PACKET_DEFAULTS);
    tt__wire_number(wire, DEFAULTS_TIMESTAMP_CLOCK, CLOCK_IS_MONOTONIC);
    tt__wire_end(wire);
    tt__wire_begin(wire, PACKET_CLOCK_SNAPSHOT);
    write_clock(wire, CLOCK_IS_MONOTONIC, clocks->monotonic_ns);
    /* Without one, the two are taken to be one: readers count in this clock. */
    write_clock(wire, CLOCK_IS_BOOTTIME, clocks->has_boottime ? clocks->boottime_ns : clocks->monotonic_ns);
    if (clocks->has_realtime)
        write_clock(wire, CLOCK_IS_REALTIME, clocks->realtime_ns);
    tt__wire_number(wire, SNAPSHOT_PRIMARY, CLOCK_IS_MONOTONIC);
    tt__wire_end(wire);
    end_packet(sink);
}

static void write_track(tt_trace_sink *sink, const struct tt_trace_place *place, const char *name, const char *command)
{
    struct tt_wire *wire = begin_packet(sink);
    tt__wire_begin(wire, PACKET_TRACK_DESCRIPTOR);
    tt__wire_number(wire, TRACK_UUID, track_of(place));
    switch (place->track) {
    case TT_TRACE_PROCESS:
        tt__wire_begin(wire, TRACK_PROCESS);
        tt__wire_number(wire, PROCESS_PID, (uint64_t)place->pid);
        if (command != NULL)
            write_text(wire, PROCESS_COMMAND, command);
        write_text(wire, PROCESS_NAME, name);
        tt__wire_end(wire);
        break;
    case TT_TRACE_THREAD:
        tt__wire_begin(wire, TRACK_THREAD);
        tt__wire_number(wire, THREAD_PID, (uint64_t)place->pid);
        tt__wire_number(wire, THREAD_TID, (uint64_t)place->tid);
        write_text(wire, THREAD_NAME, name);
        tt__wire_end(wire);
        break;
    case TT_TRACE_TASK:
        write_text(wire, TRACK_NAME, name);
        tt__wire_number(wire, TRACK_PARENT, track_number(TT_TRACE_PROCESS, place->process_id));
        break;
    }
    tt__wire_end(wire);
    end_packet(sink);
}

/* The beginning of a packet with an event; end_event ends it. */
static struct tt_wire *begin_event(tt_trace_sink *sink, unsigned type, uint64_t track, int64_t ns)
{
    struct tt_wire *wire = begin_packet(sink);
    int64_t at = sink->clocks.monotonic_ns + ns;
    tt__wire_number(wire, PACKET_TIMESTAMP, at < 0 ? 0 : (uint64_t)at);
    tt__wire_number(wire, PACKET_SEQUENCE_FLAGS, FLAG_STATE_IS_NEEDED);
    tt__wire_begin(wire, PACKET_TRACK_EVENT);
    tt__wire_number(wire, EVENT_TYPE, type);
    tt__wire_number(wire, EVENT_TRACK, track);
    return wire;
}

static void end_event(tt_trace_sink *sink)
{
    tt__wire_end(&sink->wire);
    end_packet(sink);
}

static void write_event(tt_trace_sink *sink, unsigned type, const struct tt_trace_thing *thing)
{
    struct tt_wire *wire = begin_event(sink, type, track_of(&thing->place), thing->from_ns);
    write_word(sink, &category_words, thing->category);
    write_word(sink, &name_words, thing->name);
    if (thing->flow_out != 0)
        tt__wire_fixed(wire, EVENT_FLOW, thing->flow_out);
    if (thing->flow_in != 0)
        tt__wire_fixed(wire, EVENT_FLOW_END, thing->flow_in);
    for (size_t i = 0; i < thing->note_count; i++) {
        const struct tt_trace_note *note = &thing->notes[i];
        if (note->text == NULL && !note->is_number)
            continue;
        tt__wire_begin(wire, EVENT_ANNOTATION);
        write_word(sink, &note_words, note->name);
        if (note->is_number)
            tt__wire_number(wire, ANNOTATION_INTEGER, (uint64_t)note->number);
        else
            write_word(sink, &text_words, note->text);
        tt__wire_end(wire);
    }
    end_event(sink);
}

static void begin_slice(tt_trace_sink *sink, const struct tt_trace_thing *thing)
{
    write_event(sink, TYPE_BEGIN, thing);
}

static void end_slice(tt_trace_sink *sink, const struct tt_trace_thing *thing)
{
    begin_event(sink, TYPE_END, track_of(&thing->place), thing->to_ns);
    end_event(sink);
}

static void write_instant(tt_trace_sink *sink, const struct tt_trace_thing *thing)
{
    write_event(sink, TYPE_INSTANT, thing);
}

static void write_level(tt_trace_sink *sink, const struct tt_trace_thing *thing, int64_t level, bool is_first)
{
    struct tt_wire *wire;
    if (is_first) {
        wire = begin_packet(sink);
        tt__wire_begin(wire, PACKET_TRACK_DESCRIPTOR);
        tt__wire_number(wire, TRACK_UUID, track_of_level(thing));
        write_text(wire, TRACK_NAME, thing->name);
        tt__wire_number(wire, TRACK_PARENT, track_of(&thing->place));
        tt__wire_begin(wire, TRACK_COUNTER);
        tt__wire_end(wire);
        tt__wire_end(wire);
        end_packet(sink);
    }
    wire = begin_event(sink, TYPE_COUNTER, track_of_level(thing), thing->from_ns);
    tt__wire_number(wire, EVENT_VALUE, (uint64_t)level);
    end_event(sink);
}

static void end_perfetto(tt_trace_sink *sink)
{
    tt__wire_finish(&sink->wire);
    tt__wire_finish(&sink->news);
    tt__words_destroy(sink->words);
}

const struct tt_trace_format tt__trace_perfetto = {
    .is_binary = true,
    .has_bare_ends = true,
    .begin = begin_perfetto,
    .track = write_track,
    .begin_slice = begin_slice,
    .end_slice = end_slice,
    .instant = write_instant,
    .level = write_level,
    .end = end_perfetto,
};
