/* import_ctf_graph.c: see import_ctf_graph.h. */
#include "import_ctf_graph.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------ errors */

/* The first cause that babeltrace2 gives is the innermost one, and says most. */
void tt__ctf_print_causes(void)
{
    const bt_error *error = bt_current_thread_take_error();
    if (!error) {
        puts("error the reason is not known");
        return;
    }
    if (bt_error_get_cause_count(error) > 0) {
        const char *text = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
        printf("error %.*s\n", (int)strcspn(text, "\n"), text);
    }
    bt_error_release(error);
}

/* ------------------------------------------------------------------------------------------------------------- graph */

const bt_plugin *tt__ctf_find_plugin(const char *name)
{
    const bt_plugin *plugin = NULL;
    return bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &plugin) == BT_PLUGIN_FIND_STATUS_OK
               ? plugin
               : NULL;
}

static bool add_muxer(struct tt__ctf_graph *graph)
{
    const bt_plugin *plugin = tt__ctf_find_plugin("utils");
    const bt_component_class_filter *class =
        plugin ? bt_plugin_borrow_filter_component_class_by_name_const(plugin, "muxer") : NULL;
    bool is_added = class && bt_graph_add_filter_component(graph->graph, class, "order", NULL, BT_LOGGING_LEVEL_NONE,
                                                           &graph->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
    bt_plugin_put_ref(plugin);
    return is_added;
}

/* What a graph ends in. */
struct sink_class {
    const char *name;
    bt_component_class_sink_consume_method consume;
    bt_component_class_sink_initialize_method initialize;
    bt_component_class_sink_finalize_method finalize;
    bt_component_class_sink_graph_is_configured_method is_configured;
};
static const struct sink_class store_class = {"store", tt__ctf_consume, tt__ctf_initialize, tt__ctf_finalize,
                                              tt__ctf_graph_is_configured};
static const struct sink_class survey_class = {"survey", tt__ctf_survey_consume, tt__ctf_survey_initialize,
                                               tt__ctf_survey_finalize, tt__ctf_survey_graph_is_configured};

static bool add_sink(struct tt__ctf_graph *graph, const struct sink_class *kind, void *data)
{
    const bt_component_sink *sink = NULL;
    bt_component_class_sink *class = bt_component_class_sink_create(kind->name, kind->consume);
    bool is_added =
        class &&
        bt_component_class_sink_set_initialize_method(class, kind->initialize) ==
            BT_COMPONENT_CLASS_SET_METHOD_STATUS_OK &&
        bt_component_class_sink_set_finalize_method(class, kind->finalize) == BT_COMPONENT_CLASS_SET_METHOD_STATUS_OK &&
        bt_component_class_sink_set_graph_is_configured_method(class, kind->is_configured) ==
            BT_COMPONENT_CLASS_SET_METHOD_STATUS_OK &&
        bt_graph_add_sink_component_with_initialize_method_data(graph->graph, class, kind->name, NULL, data,
                                                                BT_LOGGING_LEVEL_NONE,
                                                                &sink) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
        bt_graph_connect_ports(graph->graph, bt_component_filter_borrow_output_port_by_index_const(graph->muxer, 0),
                               bt_component_sink_borrow_input_port_by_index_const(sink, 0),
                               NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
    bt_component_class_sink_put_ref(class);
    return is_added;
}

static bool connect_source(struct tt__ctf_graph *graph, const bt_component_source *source)
{
    uint64_t count = bt_component_source_get_output_port_count(source);
    for (uint64_t i = 0; i < count; i++)
        if (bt_graph_connect_ports(
                graph->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_filter_borrow_input_port_by_index_const(graph->muxer, graph->muxer_port++),
                NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
            return false;
    return true;
}

bool tt__ctf_add_source(struct tt__ctf_graph *graph, const bt_component_class_source *class, const bt_value *params,
                        unsigned number)
{
    char name[32];
    const bt_component_source *source;
    snprintf(name, sizeof name, "trace%u", number);
    return bt_graph_add_source_component(graph->graph, class, name, params, BT_LOGGING_LEVEL_NONE, &source) ==
               BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
           connect_source(graph, source);
}

bt_graph *tt__ctf_make_graph(const struct tt__ctf_graph_plan *plan)
{
    struct tt__ctf_graph graph = {.graph = bt_graph_create(0)};
    const struct sink_class *kind = plan->run ? &store_class : &survey_class;
    void *data = plan->run ? (void *)plan->run : (void *)plan->survey;
    bool is_made = graph.graph &&
                   (!plan->interrupter || bt_graph_add_interrupter(graph.graph, plan->interrupter) ==
                                              BT_GRAPH_ADD_INTERRUPTER_STATUS_OK) &&
                   add_muxer(&graph) && plan->add_sources(&graph, plan->sources) && add_sink(&graph, kind, data);
    if (is_made)
        return graph.graph;
    bt_graph_put_ref(graph.graph);
    return NULL;
}

bool tt__ctf_run_graph(const struct tt__ctf_graph_plan *plan)
{
    bt_graph *graph = tt__ctf_make_graph(plan);
    bool is_well = graph && bt_graph_run(graph) == BT_GRAPH_RUN_STATUS_OK;
    bt_graph_put_ref(graph);
    return is_well;
}
