/* import_ctf_plan.h: how events of one class of a trace become decoded events.
 *
 * What it is for. A trace describes its events itself. For each class of events there is a plan: which member of the
 * payload goes where in this version's event. Fields are matched by name; what only one side knows is skipped or left
 * 0, and counted, so that somebody can say so.
 *
 * What it leaves to others. Messages, clocks: import_ctf.c.
 *
 * Threads: plain data of one sink.
 */
#ifndef TT_IMPORT_CTF_PLAN_H
#define TT_IMPORT_CTF_PLAN_H

#include <babeltrace2/babeltrace.h>
#include <stdbool.h>
#include <stdint.h>

#include "import.h"

struct tt__ctf_step;

struct tt__ctf_plan {
    const bt_event_class *class; /* referenced, so that no other one gets its address */
    unsigned number;             /* of the event in this version; 0: it has none of that name */
    bool is_ours;                /* an event of the provider telltale */
    bool has_head;               /* and it says of which process and thread, and its number there */
    bool has_clock;
    uint8_t clock_uuid[16]; /* LTTng's clock has the id of the kernel's boot */
    uint64_t frequency;
    struct tt__ctf_step *steps;
    size_t step_count;
    const struct tt_import_kinds *kinds; /* of its trace; set by whoever keeps them */
    size_t unknown_field_count; /* of the trace's */
    size_t site_count;
    size_t name_step, name_number_step; /* 1 + which step; 0: it has none */
};

/* Makes the plan of CLASS, and tells IMPORT, unless that is NULL, the words of its enumerations. False: no memory. */
bool tt__ctf_plan_init(struct tt__ctf_plan *plan, const bt_event_class *class, struct tt_import *import);
void tt__ctf_plan_finish(struct tt__ctf_plan *plan);

/* Which events the trace of CLASS declares. */
void tt__ctf_plan_kinds(const bt_event_class *class, struct tt_import_kinds *out_kinds);

/* Decodes PAYLOAD into OUT_EVENT by PLAN, which has a head: of an event that is not known, the head. Sets process,
 * thread and the event's own, not its time. Texts live as long as PAYLOAD. */
void tt__ctf_decode(const struct tt__ctf_plan *plan, const bt_field *payload, struct tt_import *import,
                    struct tt_import_event *out_event);

#endif
