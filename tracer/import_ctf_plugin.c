/* import_ctf_plugin.c: the component class sink.telltale.store as a plugin for the program babeltrace2:
 *
 *     babeltrace2 TRACE -c sink.telltale.store -p 'path="run.telltale"'
 */
#include "import_ctf.h"

BT_PLUGIN_MODULE();
BT_PLUGIN(telltale);
BT_PLUGIN_DESCRIPTION("Stores of telltale");
BT_PLUGIN_AUTHOR("The telltale authors");
BT_PLUGIN_LICENSE("MIT");

BT_PLUGIN_SINK_COMPONENT_CLASS(store, tt__ctf_consume);
BT_PLUGIN_SINK_COMPONENT_CLASS_DESCRIPTION(store, "Makes a store of the events of telltale in a trace");
BT_PLUGIN_SINK_COMPONENT_CLASS_HELP(store, "path=\"FILE\": the store; one that is there is replaced when the new one "
                                               "is complete. append=true: go on with one that is there.");
BT_PLUGIN_SINK_COMPONENT_CLASS_INITIALIZE_METHOD(store, tt__ctf_initialize);
BT_PLUGIN_SINK_COMPONENT_CLASS_FINALIZE_METHOD(store, tt__ctf_finalize);
BT_PLUGIN_SINK_COMPONENT_CLASS_GRAPH_IS_CONFIGURED_METHOD(store, tt__ctf_graph_is_configured);
