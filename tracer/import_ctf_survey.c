/* import_ctf_survey.c: see import_ctf_survey.h. */
#include "import_ctf_survey.h"

#include <stdlib.h>
#include <string.h>

#include "import_ctf_plan.h"

#define EVENT "telltale:process_started"

struct sink {
    struct tt_ctf_survey *survey;
    bt_message_iterator *messages;
};

static bool is_known(const struct tt_ctf_survey *survey, uint64_t process)
{
    for (size_t i = 0; i < survey->stranger_count; i++)
        if (survey->strangers[i] == process)
            return true;
    return false;
}

static bool add_stranger(struct tt_ctf_survey *survey, uint64_t process)
{
    if (is_known(survey, process))
        return true;
    uint64_t *grown = reallocarray(survey->strangers, survey->stranger_count + 1, sizeof *grown);
    if (!grown)
        return false;
    survey->strangers = grown;
    survey->strangers[survey->stranger_count++] = process;
    return true;
}

/* False: no memory. */
static bool take(struct tt_ctf_survey *survey, const bt_message *message)
{
    if (bt_message_get_type(message) != BT_MESSAGE_TYPE_EVENT)
        return true;
    struct tt__ctf_plan plan;
    struct tt_decoded_event decoded;
    struct tt_import_event event = {.event = &decoded};
    const bt_event *source = bt_message_event_borrow_event_const(message);
    const bt_event_class *class = bt_event_borrow_class_const(source);
    const char *name = bt_event_class_get_name(class);
    if (!name || strcmp(name, EVENT) != 0)
        return true;
    bool is_well = tt__ctf_plan_init(&plan, class, NULL);
    if (is_well && plan.has_head) {
        tt__ctf_decode(&plan, bt_event_borrow_payload_field_const(source), NULL, &event);
        if (!tt_choice_takes(&survey->choice, &decoded.process_started))
            is_well = add_stranger(survey, event.process);
    }
    tt__ctf_plan_finish(&plan);
    return is_well;
}

bt_component_class_sink_consume_method_status tt__ctf_survey_consume(bt_self_component_sink *self)
{
    struct sink *sink = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
    bt_message_array_const messages;
    uint64_t count;
    switch (bt_message_iterator_next(sink->messages, &messages, &count)) {
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_OK:
        break;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_END:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_END;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_AGAIN:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_AGAIN;
    case BT_MESSAGE_ITERATOR_NEXT_STATUS_MEMORY_ERROR:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_MEMORY_ERROR;
    default:
        return BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_ERROR;
    }
    for (uint64_t i = 0; i < count; i++) {
        if (!sink->survey->has_failed && !take(sink->survey, messages[i]))
            sink->survey->has_failed = true;
        bt_message_put_ref(messages[i]);
    }
    return sink->survey->has_failed ? BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_MEMORY_ERROR
                                    : BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_OK;
}

bt_component_class_initialize_method_status
tt__ctf_survey_initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *configuration,
                          const bt_value *params, void *data)
{
    (void)configuration, (void)params;
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
    sink->survey = data;
    if (bt_self_component_sink_add_input_port(self, "in", NULL, NULL) != BT_SELF_COMPONENT_ADD_PORT_STATUS_OK) {
        free(sink);
        return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
    }
    bt_self_component_set_data(bt_self_component_sink_as_self_component(self), sink);
    return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

bt_component_class_sink_graph_is_configured_method_status
tt__ctf_survey_graph_is_configured(bt_self_component_sink *self)
{
    struct sink *sink = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
    bt_self_component_port_input *port = bt_self_component_sink_borrow_input_port_by_index(self, 0);
    return bt_message_iterator_create_from_sink_component(self, port, &sink->messages) ==
                   BT_MESSAGE_ITERATOR_CREATE_FROM_SINK_COMPONENT_STATUS_OK
               ? BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK
               : BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_ERROR;
}

void tt__ctf_survey_finalize(bt_self_component_sink *self)
{
    struct sink *sink = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
    bt_message_iterator_put_ref(sink->messages);
    free(sink);
}
