/* import_ctf.h: the sink of babeltrace2 that turns a trace into a store.
 *
 * What it is for. One component class, sink.telltale.store, in two places: as a plugin for the program babeltrace2
 * (import_ctf_plugin.c), and inside the reader that `telltale import` runs (import_ctf_reader.c). It takes messages
 * one by one and hands what they say to an importer.
 *
 * What it leaves to others. Reading the files of a trace and putting messages in order: babeltrace2's own components.
 *
 * Parameters: path (text), the store; append (true or false), go on with the one that is there. Others are refused.
 * (One that is given twice babeltrace2 itself takes for the last one.)
 *
 * The end. When all messages have been taken the store is complete. When the graph ends before, because the trace is
 * damaged, what was taken until then is in the store, and marked as not complete. The plugin's store is a draft until
 * then, which replaces a store that is there, as `telltale import` does; it is given up, and the graph fails, when no
 * event of telltale came, or somebody interrupted the graph.
 *
 * Threads: those of a graph: one.
 */
#ifndef TT_IMPORT_CTF_H
#define TT_IMPORT_CTF_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>
#include <stdint.h>

#include "import.h"

/* What a caller that makes the component itself gives and gets; the initialization data of the class. */
struct tt_ctf_run {
    struct tt_import_options options; /* in place of the parameters */
    struct tt_import_summary summary; /* valid when the component is gone */
    uint64_t foreign_event_count;     /* of other providers */
    uint64_t strange_event_count;     /* of others that call themselves telltale: without its head, or a clock */
    uint64_t strange_class_count;     /* how many kinds those are */
    uint64_t unknown_event_count;     /* of ours, and this version does not know them: a newer one wrote them */
    uint64_t unknown_class_count;     /* how many kinds those are */
    uint64_t unknown_field_count;     /* fields of known events that this version does not know */
    bool is_complete;                 /* all messages were taken */
    bool has_process_buffers;         /* of live sessions: one has buffers per process, of which a relay hands on a part */
    /* Of several components that make one store: its importer, which is the caller's, who also finishes it. Else NULL. */
    struct tt_import *shared;
    bool has_failed;                  /* the store could not be written: error says why */
    struct tt_store_error error;
};

bt_component_class_initialize_method_status tt__ctf_initialize(bt_self_component_sink *self,
                                                               bt_self_component_sink_configuration *configuration,
                                                               const bt_value *params, void *data);
void tt__ctf_finalize(bt_self_component_sink *self);
bt_component_class_sink_graph_is_configured_method_status tt__ctf_graph_is_configured(bt_self_component_sink *self);
bt_component_class_sink_consume_method_status tt__ctf_consume(bt_self_component_sink *self);

#endif
