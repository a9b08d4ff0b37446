/* import_ctf_graph.h: a graph of babeltrace2: sources, a muxer that puts their messages in order, a sink of ours.
 *
 * What it is for. Reading files and following sessions differ in the sources, and in how long they last.
 *
 * What it leaves to others. Which sources: import_ctf_reader.c, import_ctf_live.h. What the sinks do: import_ctf.h,
 * import_ctf_survey.h.
 *
 * Threads: one.
 */
#ifndef TT_IMPORT_CTF_GRAPH_H
#define TT_IMPORT_CTF_GRAPH_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>
#include <stdint.h>

#include "import_ctf.h"
#include "import_ctf_survey.h"

/* A graph in the making. */
struct tt__ctf_graph {
    bt_graph *graph;
    const bt_component_filter *muxer;
    uint64_t muxer_port; /* the next one to connect */
};

struct tt__ctf_graph_plan {
    /* Adds the sources with tt__ctf_add_source(). False: that failed. */
    bool (*add_sources)(struct tt__ctf_graph *graph, void *sources);
    void *sources;
    struct tt_ctf_run *run;       /* of the sink that makes a store; NULL: it is a survey */
    struct tt_ctf_survey *survey; /* of that */
    bt_interrupter *interrupter; /* or NULL */
};

/* Makes a graph, to be given back; NULL: something of babeltrace2, the trace or the sink was wrong. */
bt_graph *tt__ctf_make_graph(const struct tt__ctf_graph_plan *plan);

/* Makes one and runs it to its end. False: the same was wrong. */
bool tt__ctf_run_graph(const struct tt__ctf_graph_plan *plan);

/* Adds a source of CLASS as number NUMBER. */
bool tt__ctf_add_source(struct tt__ctf_graph *graph, const bt_component_class_source *class, const bt_value *params,
                        unsigned number);

/* A plugin of babeltrace2, to be given back; NULL: there is none of that name. */
const bt_plugin *tt__ctf_find_plugin(const char *name);

/* Prints why babeltrace2 failed, as a line `error REASON`, and clears that. */
void tt__ctf_print_causes(void);

#endif
