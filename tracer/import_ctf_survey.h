/* import_ctf_survey.h: a first look at a trace: which of its processes are somebody else's.
 *
 * What it is for. A session of LTTng records all programs of a daemon, and not all of them may be wanted
 * (import_choice.h). Who somebody is may come later in a trace than what he does; so that is found out first, by a sink of
 * its own.
 *
 * What it leaves to others. Everything else: import_ctf.h. A process that never says who it is, is nobody's stranger.
 *
 * Threads: those of a graph: one.
 */
#ifndef TT_IMPORT_CTF_SURVEY_H
#define TT_IMPORT_CTF_SURVEY_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import_choice.h"

struct tt_ctf_survey {
    struct tt_choice choice; /* those that are asked for */
    uint64_t *strangers;     /* the others, as tt_import_event.process names them; to be freed */
    size_t stranger_count;
    bool has_failed; /* no memory */
};

/* The methods of its component class, whose initialization data is a struct tt_ctf_survey. */
bt_component_class_initialize_method_status
tt__ctf_survey_initialize(bt_self_component_sink *self, bt_self_component_sink_configuration *configuration,
                          const bt_value *params, void *data);
void tt__ctf_survey_finalize(bt_self_component_sink *self);
bt_component_class_sink_graph_is_configured_method_status
tt__ctf_survey_graph_is_configured(bt_self_component_sink *self);
bt_component_class_sink_consume_method_status tt__ctf_survey_consume(bt_self_component_sink *self);

#endif
