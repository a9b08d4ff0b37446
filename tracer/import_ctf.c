/* import_ctf.c: see import_ctf.h. */
#include "import_ctf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import_ctf_plan.h"
#include "nanoseconds.h"
#include "store_check.h"
#include "store_draft.h"

/* What is known of a trace whose events came. */
struct trace {
    const bt_trace_class *class;       /* referenced by the plans of its events */
    const bt_event_class *event_class; /* one of these */
    uint64_t event_class_count;        /* when kinds was made: a live trace gets more */
    struct tt_import_kinds kinds;
    struct trace *next;
};

/* Of a trace whose first event of a process is not its word about itself, so much is looked at for that word before any of it is
 * taken: so many messages, and so long after the first one. The process tells within a tenth of a second, unless its machine is busy. */
#define HELD_MESSAGES 20000u
#define HELD_NS       INT64_C(1000000000)

struct sink {
    struct tt_import *import;
    struct tt_ctf_run *run; /* the caller's, or own_run */
    struct tt_ctf_run own_run;
    struct tt_store_draft *draft; /* of the plugin; NULL: the caller of the class sees to the file, or it is done */
    bool is_damaged;              /* messages came to an end before the trace did */
    bt_self_component_sink *self;
    bt_message_iterator *messages;
    struct tt__ctf_plan *plans; /* open addressing by the address of the class */
    size_t plan_count, plan_capacity;
    struct trace *traces;
    struct tt_import_time latest; /* of all messages */
    const bt_message *
        *held; /* until it is known since when there is something; NULL: that is settled, or nothing was held */
    size_t held_count;
    int64_t held_ns; /* of the first event among them, CLOCK_MONOTONIC */
};

/* Notes why the store cannot be written, for the caller and for babeltrace2. */
static void fail(struct sink *sink, const struct tt_store_error *error)
{
    sink->run->has_failed = true;
    sink->run->error = *error;
    BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(bt_self_component_sink_as_self_component(sink->self), "%s",
                                                        error->text);
}

static void fail_for_memory(struct sink *sink)
{
    struct tt_store_error error = {TT_STORE_FAILED, "no memory to import more"};
    fail(sink, &error);
}

/* ------------------------------------------------------------------------------------------------------------ plans */

static struct tt__ctf_plan *plan_slot(struct tt__ctf_plan *plans, size_t capacity, const bt_event_class *class)
{
    size_t at = (size_t)((uintptr_t) class >> 4) * UINT64_C(0x9e3779b97f4a7c15) & (capacity - 1);
    while (plans[at].class && plans[at].class != class)
        at = (at + 1) & (capacity - 1);
    return &plans[at];
}

static bool grow_plans(struct sink *sink)
{
    size_t capacity = sink->plan_capacity ? 2 * sink->plan_capacity : 128;
    struct tt__ctf_plan *plans = calloc(capacity, sizeof *plans);
    if (!plans)
        return false;
    for (size_t i = 0; i < sink->plan_capacity; i++)
        if (sink->plans[i].class)
            *plan_slot(plans, capacity, sink->plans[i].class) = sink->plans[i];
    free(sink->plans);
    sink->plans = plans;
    sink->plan_capacity = capacity;
    return true;
}

/* Whether somebody else calls his provider telltale. That each event says of which process and thread it is, and its
 * number there, is a contract, which a newer telltale keeps, too. */
static bool is_strange(const struct tt__ctf_plan *plan)
{
    return !plan->has_head || !plan->has_clock;
}

static uint64_t count_event_classes(const bt_trace_class *class)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < bt_trace_class_get_stream_class_count(class); i++)
        count += bt_stream_class_get_event_class_count(bt_trace_class_borrow_stream_class_by_index_const(class, i));
    return count;
}

/* Programs that join a live session bring kinds of events with them. */
static void renew_kinds(struct trace *trace)
{
    uint64_t count = count_event_classes(trace->class);
    if (count == trace->event_class_count)
        return;
    trace->event_class_count = count;
    tt__ctf_plan_kinds(trace->event_class, &trace->kinds);
}

/* Each process has a trace of its own then, and what becomes of one that a viewer is not told of in time nobody counts. */
static void notice_buffers(struct sink *sink, const bt_event *event)
{
    const bt_trace *trace = bt_stream_borrow_trace_const(bt_event_borrow_stream_const(event));
    const bt_value *scheme = bt_trace_borrow_environment_entry_value_by_name_const(trace, "tracer_buffering_scheme");
    if (!sink->run->options.is_live || !scheme || !bt_value_is_string(scheme) ||
        strcmp(bt_value_string_get(scheme), "pid") != 0)
        return;
    sink->run->has_process_buffers = true;
    tt_import_is_lacking(sink->import);
}

/* The events that the trace of CLASS, EVENT's, declares; NULL: no memory. */
static const struct tt_import_kinds *find_kinds(struct sink *sink, const bt_event_class *class, const bt_event *event)
{
    const bt_trace_class *of =
        bt_stream_class_borrow_trace_class_const(bt_event_class_borrow_stream_class_const(class));
    struct trace *trace = sink->traces;
    while (trace && trace->class != of)
        trace = trace->next;
    if (!trace) {
        trace = calloc(1, sizeof *trace);
        if (!trace)
            return NULL;
        trace->class = of;
        trace->event_class = class;
        trace->next = sink->traces;
        sink->traces = trace;
        notice_buffers(sink, event);
    }
    renew_kinds(trace);
    return &trace->kinds;
}

/* The rest of what is to be done from time to time. False: the store cannot be written. */
static bool tick(struct sink *sink)
{
    struct tt_store_error error;
    for (struct trace *trace = sink->traces; trace; trace = trace->next)
        renew_kinds(trace);
    if (tt_import_tick(sink->import, &error) == 0)
        return true;
    fail(sink, &error);
    return false;
}

/* The plan of EVENT's class; NULL: no memory. */
static const struct tt__ctf_plan *find_plan(struct sink *sink, const bt_event *event)
{
    const bt_event_class *class = bt_event_borrow_class_const(event);
    if (2 * sink->plan_count >= sink->plan_capacity && !grow_plans(sink))
        return NULL;
    struct tt__ctf_plan *plan = plan_slot(sink->plans, sink->plan_capacity, class);
    if (plan->class)
        return plan;
    const struct tt_import_kinds *kinds = find_kinds(sink, class, event);
    if (!kinds || !tt__ctf_plan_init(plan, class, sink->import))
        return NULL;
    plan->kinds = kinds;
    sink->plan_count++;
    if (plan->is_ours && is_strange(plan))
        sink->run->strange_class_count++;
    else if (plan->is_ours && plan->number == 0)
        sink->run->unknown_class_count++;
    else if (plan->is_ours)
        sink->run->unknown_field_count += plan->unknown_field_count;
    return plan;
}

/* ------------------------------------------------------------------------------------------------------------ times */

/* False: it is out of range. */
static bool read_clock(const bt_clock_snapshot *snapshot, uint64_t frequency, const uint8_t uuid[16],
                       struct tt_import_time *out)
{
    uint64_t cycles = bt_clock_snapshot_get_value(snapshot);
    unsigned __int128 ns = frequency == UINT64_C(1000000000)
                               ? cycles
                               : (unsigned __int128)cycles * 1000000000 / (frequency ? frequency : 1);
    if (ns > INT64_MAX || bt_clock_snapshot_get_ns_from_origin(snapshot, &out->realtime_ns) !=
                              BT_CLOCK_SNAPSHOT_GET_NS_FROM_ORIGIN_STATUS_OK)
        return false;
    out->monotonic_ns = (int64_t)ns;
    memcpy(out->boot_id, uuid, sizeof out->boot_id);
    return true;
}

/* --------------------------------------------------------------------------------------------------------- messages */

static uint64_t read_member(const bt_field *structure, const char *name, char *out_text, size_t size)
{
    const bt_field *member = structure && bt_field_get_class_type(structure) == BT_FIELD_CLASS_TYPE_STRUCTURE
                                 ? bt_field_structure_borrow_member_field_by_name_const(structure, name)
                                 : NULL;
    bt_field_class_type type = member ? bt_field_get_class_type(member) : BT_FIELD_CLASS_TYPE_BOOL;
    if (out_text && type == BT_FIELD_CLASS_TYPE_STRING)
        snprintf(out_text, size, "%s", bt_field_string_get_value(member));
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
        return (uint64_t)bt_field_integer_signed_get_value(member);
    return bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER)
               ? bt_field_integer_unsigned_get_value(member)
               : 0;
}

/* LTTng's contexts vpid and procname; or, of a trace of one process (buffers per process), what is said of all of it. */
static void find_who(const void *source, struct tt_import_who *out_who)
{
    const bt_event *event = source;
    const bt_field *context = bt_event_borrow_common_context_field_const(event);
    const bt_trace *trace = bt_stream_borrow_trace_const(bt_event_borrow_stream_const(event));
    uint64_t pid = read_member(context, "vpid", NULL, 0);
    (void)read_member(context, "procname", out_who->program, sizeof out_who->program);
    const bt_value *value = bt_trace_borrow_environment_entry_value_by_name_const(trace, "vpid");
    if (pid == 0 && value && bt_value_is_signed_integer(value))
        pid = (uint64_t)bt_value_integer_signed_get(value);
    value = bt_trace_borrow_environment_entry_value_by_name_const(trace, "procname");
    if (out_who->program[0] == '\0' && value && bt_value_is_string(value))
        snprintf(out_who->program, sizeof out_who->program, "%s", bt_value_string_get(value));
    out_who->pid = pid <= UINT32_MAX ? (uint32_t)pid : 0;
}

static bool take_event(struct sink *sink, const bt_message *message)
{
    struct tt_store_error error;
    struct tt_decoded_event decoded;
    struct tt_import_event event = {.event = &decoded};
    const bt_event *source = bt_message_event_borrow_event_const(message);
    const struct tt__ctf_plan *plan = find_plan(sink, source);
    if (!plan) {
        fail_for_memory(sink);
        return false;
    }
    if (!plan->is_ours) {
        sink->run->foreign_event_count++;
        return true;
    }
    if (is_strange(plan) || !read_clock(bt_message_event_borrow_default_clock_snapshot_const(message), plan->frequency,
                                        plan->clock_uuid, &event.time)) {
        sink->run->strange_event_count++;
        return true;
    }
    sink->run->unknown_event_count += plan->number == 0;
    sink->latest = event.time;
    event.kinds = plan->kinds;
    event.find_who = find_who;
    event.source = source;
    tt__ctf_decode(plan, bt_event_borrow_payload_field_const(source), sink->import, &event);
    if (tt_import_event(sink->import, &event, &error) == 0)
        return true;
    fail(sink, &error);
    return false;
}

/* Reads both ends of the time in which events or packets were discarded; what is not told is as wide as it can be. */
static void read_ends(const struct sink *sink, const bt_stream *stream, bool has_times, const bt_clock_snapshot *from,
                      const bt_clock_snapshot *to, struct tt_import_discard *out)
{
    const bt_clock_class *clock =
        bt_stream_class_borrow_default_clock_class_const(bt_stream_borrow_class_const(stream));
    static const uint8_t zero[16];
    bt_uuid uuid = clock ? bt_clock_class_get_uuid(clock) : NULL;
    uint64_t frequency = clock ? bt_clock_class_get_frequency(clock) : 0;
    out->from = out->to = sink->latest;
    if (!has_times || !read_clock(from, frequency, uuid ? uuid : zero, &out->from))
        out->from.monotonic_ns = 0;
    if (!has_times || !read_clock(to, frequency, uuid ? uuid : zero, &out->to))
        out->to = sink->latest;
}

static bool hand_in_discard(struct sink *sink, const struct tt_import_discard *discard)
{
    struct tt_store_error error;
    if (tt_import_discarded(sink->import, discard, &error) == 0)
        return true;
    fail(sink, &error);
    return false;
}

static bool take_discarded_events(struct sink *sink, const bt_message *message)
{
    struct tt_import_discard discard = {0};
    const bt_stream *stream = bt_message_discarded_events_borrow_stream_const(message);
    bool has_times =
        bt_stream_class_discarded_events_have_default_clock_snapshots(bt_stream_borrow_class_const(stream));
    read_ends(sink, stream, has_times,
              has_times ? bt_message_discarded_events_borrow_beginning_default_clock_snapshot_const(message) : NULL,
              has_times ? bt_message_discarded_events_borrow_end_default_clock_snapshot_const(message) : NULL,
              &discard);
    discard.stream = (uintptr_t)stream;
    discard.has_count =
        bt_message_discarded_events_get_count(message, &discard.count) == BT_PROPERTY_AVAILABILITY_AVAILABLE;
    return hand_in_discard(sink, &discard);
}

/* How many events were in them is not known; the numbers of the threads tell. */
static bool take_discarded_packets(struct sink *sink, const bt_message *message)
{
    struct tt_import_discard discard = {0};
    const bt_stream *stream = bt_message_discarded_packets_borrow_stream_const(message);
    bool has_times =
        bt_stream_class_discarded_packets_have_default_clock_snapshots(bt_stream_borrow_class_const(stream));
    read_ends(sink, stream, has_times,
              has_times ? bt_message_discarded_packets_borrow_beginning_default_clock_snapshot_const(message) : NULL,
              has_times ? bt_message_discarded_packets_borrow_end_default_clock_snapshot_const(message) : NULL,
              &discard);
    return hand_in_discard(sink, &discard);
}

static bool take(struct sink *sink, const bt_message *message)
{
    switch (bt_message_get_type(message)) {
    case BT_MESSAGE_TYPE_EVENT:
        return take_event(sink, message);
    case BT_MESSAGE_TYPE_DISCARDED_EVENTS:
        return take_discarded_events(sink, message);
    case BT_MESSAGE_TYPE_DISCARDED_PACKETS:
        return take_discarded_packets(sink, message);
    default:
        return true;
    }
}

/* --------------------------------------------------------------------------------------------------------- instant 0 */

/* Takes what was held, and holds nothing more. */
static bool let_go(struct sink *sink)
{
    bool is_well = true;
    const bt_message **held = sink->held;
    sink->held = NULL;
    for (size_t i = 0; i < sink->held_count; i++) {
        is_well = is_well && take(sink, held[i]);
        bt_message_put_ref(held[i]);
    }
    sink->held_count = 0;
    free(held);
    return is_well;
}

/* Looks at an event that is held. True: nothing is to be held any more. */
static bool look_at(struct sink *sink, const bt_event *source, const bt_message *message)
{
    struct tt_decoded_event decoded;
    struct tt_import_event event = {.event = &decoded};
    const struct tt__ctf_plan *plan = find_plan(sink, source);
    if (!plan || !plan->is_ours || is_strange(plan) ||
        !read_clock(bt_message_event_borrow_default_clock_snapshot_const(message), plan->frequency, plan->clock_uuid,
                    &event.time))
        return !plan;
    if (sink->held_ns == 0)
        sink->held_ns = event.time.monotonic_ns;
    if (plan->number == TT_EVENT_process_started) {
        tt__ctf_decode(plan, bt_event_borrow_payload_field_const(source), sink->import, &event);
        tt_import_begin(sink->import, &event);
        if (!decoded.process_started.is_repeated)
            return true;
    }
    return tt__ns_subtract(event.time.monotonic_ns, sink->held_ns) > HELD_NS;
}

/* Takes a message, or holds it: all times of a store are since the beginning of its first process, as far as that is known. */
static bool hand_on(struct sink *sink, const bt_message *message)
{
    bool is_first = !sink->held && !sink->run->options.is_live && !tt_import_has_origin(sink->import);
    if (is_first)
        sink->held = calloc(HELD_MESSAGES, sizeof *sink->held);
    if (!sink->held)
        return take(sink, message);
    bt_message_get_ref(message);
    sink->held[sink->held_count++] = message;
    bool is_over = bt_message_get_type(message) == BT_MESSAGE_TYPE_EVENT &&
                   look_at(sink, bt_message_event_borrow_event_const(message), message);
    return (!is_over && sink->held_count < HELD_MESSAGES) || let_go(sink);
}

/* Gives the plugin's store its name, if there is something in it. */
static bool publish(struct sink *sink)
{
    struct tt_store_error error = {TT_STORE_FAILED,
                                   "no event of telltale was recorded in the trace; nothing was written"};
    struct tt_store_draft *draft = sink->draft;
    sink->draft = NULL;
    if (!draft)
        return true;
    if (sink->run->summary.event_count > 0) {
        if (tt_store_draft_publish(draft, &error) == 0)
            return true;
    } else {
        tt_store_draft_discard(draft);
    }
    fail(sink, &error);
    return false;
}

static bool finish(struct sink *sink, bool is_complete)
{
    struct tt_store_error error;
    struct tt_import *import = sink->import;
    sink->import = NULL;
    if (sink->run->shared)
        return true;
    bool is_written = tt_import_finish(import, is_complete, &sink->run->summary, &error) == 0;
    tt_import_close(import);
    if (!is_written)
        fail(sink, &error);
    is_written = is_written && publish(sink);
    sink->run->is_complete = is_written && is_complete;
    return is_written;
}

bt_component_class_sink_consume_method_status tt__ctf_consume(bt_self_component_sink *self)
{
    struct sink *sink = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
    bt_message_array_const messages;
    uint64_t count;
    switch (bt_message_iterator_next(sink->messages, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return let_go(sink) && finish(sink, true) ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END
                                                  : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return tick(sink) ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_AGAIN
                          : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
        sink->is_damaged = true;
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_MEMORY_ERROR;
    default:
        sink->is_damaged = true;
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    }
    bool is_well = true;
    for (uint64_t i = 0; i < count; i++) {
        is_well = is_well && hand_on(sink, messages[i]);
        bt_message_put_ref(messages[i]);
    }
    is_well = is_well && (!sink->run->options.is_live || tick(sink));
    return is_well ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK
                   : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
}

/* ------------------------------------------------------------------------------------------------ beginning and end */

/* A parameter of somebody who uses the plugin; DATA is a text, empty until one makes no sense. */
static bt_value_map_foreach_entry_const_func_status check_param(const char *key, const bt_value *value, void *data)
{
    struct tt_store_error *error = data;
    bool is_path = strcmp(key, "path") == 0;
    if (!is_path && strcmp(key, "append") != 0)
        tt__store_fail(error, TT_STORE_FAILED, "there is no parameter %s; there are path and append", key);
    else if (is_path ? !bt_value_is_string(value) || *bt_value_string_get(value) == '\0' : !bt_value_is_bool(value))
        tt__store_fail(error, TT_STORE_FAILED,
                       is_path ? "path is not a text; give -p 'path=\"run.telltale\"'"
                               : "append is neither true nor false; give -p 'path=\"run.telltale\",append=true'");
    return error->text[0] == '\0' ? BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_OK
                                  : BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_INTERRUPT;
}

/* Begins the store of somebody who uses the plugin. */
static bool open_draft(struct sink *sink, const bt_value *params)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    const bt_value *path = bt_value_map_borrow_entry_value_const(params, "path");
    const bt_value *append = bt_value_map_borrow_entry_value_const(params, "append");
    bool is_appending = append && bt_value_is_bool(append) && bt_value_bool_get(append);
    (void)bt_value_map_foreach_entry_const(params, check_param, &error);
    if (error.text[0] == '\0' && !path)
        tt__store_fail(&error, TT_STORE_FAILED, "the store is not named; give -p 'path=\"run.telltale\"'");
    if (error.text[0] != '\0' ||
        tt_store_draft_open(bt_value_string_get(path), is_appending, &sink->draft, &error) < 0) {
        fail(sink, &error);
        return false;
    }
    sink->run->options.store = tt_store_draft_path(sink->draft);
    sink->run->options.is_appending = is_appending;
    return true;
}

bt_component_class_initialize_method_status tt__ctf_initialize(bt_self_component_sink *self,
                                                               bt_self_component_sink_configuration *configuration,
                                                               const bt_value *params, void *data)
{
    (void)configuration;
    struct tt_store_error error;
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
    sink->self = self;
    sink->run = data ? data : &sink->own_run;
    if ((data || open_draft(sink, params)) &&
        bt_self_component_sink_add_input_port(self, "in", NULL, NULL) == BT_SELF_COMPONENT_ADD_PORT_STATUS_OK) {
        sink->import = sink->run->shared;
        if (sink->import || tt_import_open(&sink->run->options, &sink->import, &error) == 0) {
            bt_self_component_set_data(bt_self_component_sink_as_self_component(self), sink);
            return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
        }
        fail(sink, &error);
    }
    tt_store_draft_discard(sink->draft);
    free(sink);
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
}

bt_component_class_sink_graph_is_configured_method_status tt__ctf_graph_is_configured(bt_self_component_sink *self)
{
    struct sink *sink = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
    bt_self_component_port_input *port = bt_self_component_sink_borrow_input_port_by_index(self, 0);
    if (bt_message_iterator_create_from_sink_component(self, port, &sink->messages) !=
        BT_MESSAGE_ITERATOR_CREATE_FROM_SINK_COMPONENT_STATUS_OK)
        return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_ERROR;
    return BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

/* What was taken of a trace that was not seen to its end. */
static void finish_partly(struct sink *sink)
{
    struct tt_store_error error;
    struct tt_import *import = sink->import;
    sink->import = NULL;
    bool is_wanted = !sink->run->has_failed && (!sink->draft || sink->is_damaged);
    if (is_wanted && tt_import_finish(import, false, &sink->run->summary, &error) < 0) {
        sink->run->has_failed = true;
        sink->run->error = error;
        is_wanted = false;
    }
    tt_import_close(import);
    struct tt_store_draft *draft = sink->draft;
    sink->draft = NULL;
    if (!is_wanted || sink->run->summary.event_count == 0)
        tt_store_draft_discard(draft);
    else if (draft && tt_store_draft_publish(draft, &error) < 0)
        sink->run->error = error; /* the graph has failed, and nobody is left to tell */
}

void tt__ctf_finalize(bt_self_component_sink *self)
{
    struct sink *sink = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
    bool is_whole = let_go(sink);
    if (sink->import && !sink->run->shared && is_whole)
        finish_partly(sink);
    tt_store_draft_discard(sink->draft);
    bt_message_iterator_put_ref(sink->messages);
    for (size_t i = 0; i < sink->plan_capacity; i++)
        if (sink->plans[i].class)
            tt__ctf_plan_finish(&sink->plans[i]);
    free(sink->plans);
    while (sink->traces) {
        struct trace *trace = sink->traces;
        sink->traces = trace->next;
        free(trace);
    }
    free(sink);
}
