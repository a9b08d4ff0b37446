/* import_ctf_plan.c: see import_ctf_plan.h. The contract of the payload is in lttng/README.md.
 *
 * A place takes four members of the payload, X_file, X_line, X_func and X_text, one after the other; its id is made
 * when all members have been read.
 */
#include "import_ctf_plan.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_fields.h"

#define PROVIDER  "telltale:"
#define SITES_MAX 8u /* of one event: events.def has three at most */

/* What becomes of a member. */
enum part {
    PART_NONE,    /* nothing: this version does not know it */
    PART_PROCESS, /* the head */
    PART_THREAD,
    PART_SEQUENCE,
    PART_FIELD,
    PART_SITE_FILE,
    PART_SITE_LINE,
    PART_SITE_FUNC,
    PART_SITE_TEXT
};

enum form { FORM_OTHER, FORM_UNSIGNED, FORM_SIGNED, FORM_STRING };

struct tt__ctf_step {
    enum part part;
    enum form form;
    uint8_t site; /* which place of the event; for PART_SITE_ */
    const struct tt__known_field *field;
};

struct place {
    const struct tt__known_field *field;
    const char *file, *func, *text;
    uint32_t line;
};

/* ---------------------------------------------------------------------------------------------------------- planning */

static enum form form_of(const bt_field_class *class)
{
    bt_field_class_type type = bt_field_class_get_type(class);
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER))
        return FORM_UNSIGNED;
    if (bt_field_class_type_is(type, BT_FIELD_CLASS_TYPE_SIGNED_INTEGER))
        return FORM_SIGNED;
    return type == BT_FIELD_CLASS_TYPE_STRING ? FORM_STRING : FORM_OTHER;
}

/* Whether NAME is FIELD followed by SUFFIX. */
static bool is_part(const char *name, const char *field, const char *suffix)
{
    size_t length = strlen(field);
    return strncmp(name, field, length) == 0 && strcmp(name + length, suffix) == 0;
}

static enum part head_part(const char *name)
{
    return strcmp(name, "tt_process") == 0    ? PART_PROCESS
           : strcmp(name, "tt_thread") == 0   ? PART_THREAD
           : strcmp(name, "tt_sequence") == 0 ? PART_SEQUENCE
                                              : PART_NONE;
}

static enum part site_part(const char *name, const char *field)
{
    return is_part(name, field, "_file")   ? PART_SITE_FILE
           : is_part(name, field, "_line") ? PART_SITE_LINE
           : is_part(name, field, "_func") ? PART_SITE_FUNC
           : is_part(name, field, "_text") ? PART_SITE_TEXT
                                           : PART_NONE;
}

static bool is_number(enum form form)
{
    return form == FORM_UNSIGNED || form == FORM_SIGNED;
}

/* Where the member NAME goes, if its form is what that wants; sites are numbered as they are found in SITES. */
static struct tt__ctf_step find_step(unsigned number, const char *name, enum form form, const char *sites[SITES_MAX],
                                     size_t *site_count)
{
    size_t count;
    struct tt__ctf_step step = {.part = head_part(name), .form = form};
    const struct tt__known_field *fields = tt__event_fields(number, &count);
    for (size_t i = 0; i < count && step.part == PART_NONE; i++) {
        const struct tt__known_field *field = &fields[i];
        if (field->kind != TT__FIELD_SITE)
            step.part = strcmp(field->name, name) == 0 ? PART_FIELD : PART_NONE;
        else
            step.part = site_part(name, field->name);
        step.field = field;
    }
    bool wants_text = step.part == PART_SITE_FILE || step.part == PART_SITE_FUNC || step.part == PART_SITE_TEXT ||
                      (step.part == PART_FIELD && step.field->kind == TT__FIELD_TEXT);
    if (wants_text ? form != FORM_STRING : !is_number(form))
        step.part = PART_NONE;
    if (step.part < PART_SITE_FILE)
        return step;
    while (step.site < *site_count && sites[step.site] != step.field->name)
        step.site++;
    if (step.site == SITES_MAX) {
        step.part = PART_NONE;
    } else if (step.site == *site_count) {
        sites[step.site] = step.field->name;
        ++*site_count;
    }
    return step;
}

/* The words of an enumeration, as the trace has them: a newer writer may have more of them. */
static void tell_words(struct tt_import *import, const char *enumeration, const bt_field_class *class)
{
    if (bt_field_class_get_type(class) != BT_FIELD_CLASS_TYPE_UNSIGNED_ENUMERATION)
        return;
    uint64_t count = bt_field_class_enumeration_get_mapping_count(class);
    for (uint64_t i = 0; i < count; i++) {
        const bt_field_class_enumeration_unsigned_mapping *mapping =
            bt_field_class_enumeration_unsigned_borrow_mapping_by_index_const(class, i);
        const bt_integer_range_set_unsigned *ranges =
            bt_field_class_enumeration_unsigned_mapping_borrow_ranges_const(mapping);
        const char *word = bt_field_class_enumeration_mapping_get_label(
            bt_field_class_enumeration_unsigned_mapping_as_mapping_const(mapping));
        if (bt_integer_range_set_get_range_count(bt_integer_range_set_unsigned_as_range_set_const(ranges)) != 1)
            continue;
        const bt_integer_range_unsigned *range = bt_integer_range_set_unsigned_borrow_range_by_index_const(ranges, 0);
        uint64_t lower = bt_integer_range_unsigned_get_lower(range);
        if (lower == bt_integer_range_unsigned_get_upper(range) && lower <= UINT8_MAX)
            tt_import_word(import, enumeration, (unsigned)lower, word);
    }
}

static void find_clock(struct tt__ctf_plan *plan)
{
    const bt_stream_class *stream = bt_event_class_borrow_stream_class_const(plan->class);
    const bt_clock_class *clock = bt_stream_class_borrow_default_clock_class_const(stream);
    if (!clock)
        return;
    plan->has_clock = true;
    plan->frequency = bt_clock_class_get_frequency(clock);
    bt_uuid uuid = bt_clock_class_get_uuid(clock);
    if (uuid)
        memcpy(plan->clock_uuid, uuid, sizeof plan->clock_uuid);
}

/* Makes the steps of an event of ours. */
static bool plan_members(struct tt__ctf_plan *plan, const bt_field_class *payload, struct tt_import *import)
{
    const char *sites[SITES_MAX];
    bool has[PART_SITE_TEXT + 1] = {false};
    uint64_t count = bt_field_class_structure_get_member_count(payload);
    plan->steps = calloc(count + 1, sizeof *plan->steps);
    if (!plan->steps)
        return false;
    plan->step_count = count;
    for (uint64_t i = 0; i < count; i++) {
        const bt_field_class_structure_member *member =
            bt_field_class_structure_borrow_member_by_index_const(payload, i);
        const bt_field_class *class = bt_field_class_structure_member_borrow_field_class_const(member);
        struct tt__ctf_step *step = &plan->steps[i];
        *step = find_step(plan->number, bt_field_class_structure_member_get_name(member), form_of(class), sites,
                          &plan->site_count);
        has[step->part] = true;
        plan->unknown_field_count += step->part == PART_NONE;
        if (import && step->part == PART_FIELD && step->field->kind == TT__FIELD_WORD)
            tell_words(import, step->field->enumeration, class);
        if (step->part == PART_FIELD && strcmp(step->field->name, "name") == 0)
            plan->name_step = i + 1;
        if (step->part == PART_FIELD && strcmp(step->field->name, "name_number") == 0)
            plan->name_number_step = i + 1;
    }
    plan->has_head = has[PART_PROCESS] && has[PART_THREAD] && has[PART_SEQUENCE];
    return true;
}

/* The number of our event of CLASS; -1: it is none, or not known. */
static int number_of(const bt_event_class *class)
{
    const char *name = bt_event_class_get_name(class);
    if (!name || strncmp(name, PROVIDER, strlen(PROVIDER)) != 0)
        return -1;
    name += strlen(PROVIDER);
    return tt__event_number(name, strlen(name));
}

bool tt__ctf_plan_init(struct tt__ctf_plan *plan, const bt_event_class *class, struct tt_import *import)
{
    const char *name = bt_event_class_get_name(class);
    const bt_field_class *payload = bt_event_class_borrow_payload_field_class_const(class);
    *plan = (struct tt__ctf_plan){.class = class};
    bt_event_class_get_ref(class);
    find_clock(plan);
    plan->is_ours = name && strncmp(name, PROVIDER, strlen(PROVIDER)) == 0;
    if (!plan->is_ours)
        return true;
    int number = number_of(class);
    plan->number = number > 0 ? (unsigned)number : 0;
    return !payload || plan_members(plan, payload, import);
}

void tt__ctf_plan_finish(struct tt__ctf_plan *plan)
{
    bt_event_class_put_ref(plan->class);
    free(plan->steps);
}

/* A session declares the events that it asks for, in each of its channels those of that channel. */
void tt__ctf_plan_kinds(const bt_event_class *class, struct tt_import_kinds *out_kinds)
{
    const bt_trace_class *trace =
        bt_stream_class_borrow_trace_class_const(bt_event_class_borrow_stream_class_const(class));
    *out_kinds = (struct tt_import_kinds){{0}};
    for (uint64_t i = 0; i < bt_trace_class_get_stream_class_count(trace); i++) {
        const bt_stream_class *stream = bt_trace_class_borrow_stream_class_by_index_const(trace, i);
        for (uint64_t j = 0; j < bt_stream_class_get_event_class_count(stream); j++) {
            int number = number_of(bt_stream_class_borrow_event_class_by_index_const(stream, j));
            if (number >= 0)
                out_kinds->bits[number / 64] |= UINT64_C(1) << number % 64;
        }
    }
}

/* ---------------------------------------------------------------------------------------------------------- decoding */

static uint64_t read_number(enum form form, const bt_field *field)
{
    return form == FORM_SIGNED ? (uint64_t)bt_field_integer_signed_get_value(field)
                               : bt_field_integer_unsigned_get_value(field);
}

/* The text of FIELD. What is nothing but dashes has one too many: "-" stands for none. A string may be empty in traces of
 * telltale 0.1.0; in babeltrace2 2.0.4 it then has length 0 and still the bytes of an earlier event. */
static struct tt_decoded_text text_of(const bt_field *field)
{
    const char *text = bt_field_string_get_value(field);
    uint32_t length = (uint32_t)bt_field_string_get_length(field);
    if (length != 0 && *text == '-' && strspn(text, "-") == length) {
        text++;
        length--;
    }
    return (struct tt_decoded_text){length != 0 ? text : "", length};
}

static void take_member(const struct tt__ctf_step *step, const bt_field *field, struct place *places,
                        struct tt_import_event *out)
{
    struct place *place = &places[step->site];
    switch (step->part) {
    case PART_NONE:
        break;
    case PART_PROCESS:
        out->process = read_number(step->form, field);
        break;
    case PART_THREAD:
        out->thread = (uint32_t)read_number(step->form, field);
        break;
    case PART_SEQUENCE:
        out->event->sequence = read_number(step->form, field);
        break;
    case PART_FIELD:
        if (step->form == FORM_STRING)
            tt__event_set_text(out->event, step->field, text_of(field));
        else
            tt__event_set_number(out->event, step->field, read_number(step->form, field));
        break;
    case PART_SITE_FILE:
        place->field = step->field;
        place->file = text_of(field).bytes;
        break;
    case PART_SITE_LINE:
        place->field = step->field;
        place->line = (uint32_t)read_number(step->form, field);
        break;
    case PART_SITE_FUNC:
        place->field = step->field;
        place->func = text_of(field).bytes;
        break;
    case PART_SITE_TEXT:
        place->field = step->field;
        place->text = text_of(field).bytes;
        break;
    }
}

/* Whether the event has the default name, in full, beside its number: then nobody gave it. */
static bool has_default_name(const struct tt__ctf_plan *plan, const bt_field *payload)
{
    char name[24];
    if (plan->name_step == 0 || plan->name_number_step == 0)
        return false;
    size_t number = plan->name_number_step - 1;
    snprintf(
        name, sizeof name, "Task-%" PRIu64,
        read_number(plan->steps[number].form, bt_field_structure_borrow_member_field_by_index_const(payload, number)));
    struct tt_decoded_text text =
        text_of(bt_field_structure_borrow_member_field_by_index_const(payload, plan->name_step - 1));
    return strcmp(text.bytes, name) == 0;
}

void tt__ctf_decode(const struct tt__ctf_plan *plan, const bt_field *payload, struct tt_import *import,
                    struct tt_import_event *out_event)
{
    struct place places[SITES_MAX] = {{0}};
    assert(plan->has_head);
    tt__event_clear(out_event->event, plan->number);
    for (size_t i = 0; i < plan->step_count; i++)
        take_member(&plan->steps[i], bt_field_structure_borrow_member_field_by_index_const(payload, i), places,
                    out_event);
    if (has_default_name(plan, payload))
        tt__event_set_text(out_event->event, plan->steps[plan->name_step - 1].field, (struct tt_decoded_text){"", 0});
    for (size_t i = 0; i < plan->site_count; i++)
        tt__event_set_number(out_event->event, places[i].field,
                             tt_import_place(import, places[i].file, places[i].line, places[i].func, places[i].text));
}
