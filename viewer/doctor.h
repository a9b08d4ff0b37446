/* doctor.h: what the probes of doctor share: what a finding is.
 *
 * What it is for. A probe looks at one thing, changes nothing, and fills a finding. Those about LTTng are in
 * doctor_lttng.c, those about a store in doctor_store.c, all others in cmd_doctor.c.
 *
 * Threads. One thread.
 */
#ifndef TT_VIEWER_DOCTOR_H
#define TT_VIEWER_DOCTOR_H

#include "command.h"

#include <limits.h>
#include <stdio.h>

enum tt_verdict { TT_DOCTOR_GOOD, TT_DOCTOR_NOTE, TT_DOCTOR_BAD };

/* Things of which each has a remedy of its own; of more of them it is said how many. */
#define TT_DOCTOR_NAMED 8

struct tt_finding {
    enum tt_verdict verdict;
    char found[2 * PATH_MAX + 200];
    const char *remedy; /* NULL: none is needed */
    const char *further[TT_DOCTOR_NAMED]; /* more of them, a line each */
    size_t further_count;
};

#define TT_FOUND(finding, ...) snprintf((finding)->found, sizeof(finding)->found, __VA_ARGS__)

/* Prints a finding called NAME, with its verdict. */
void tt__doctor_print(tt_output *output, const char *name, const struct tt_finding *finding);

/* The state of the store that INVOCATION names, finding by finding. The exit status. */
int tt__doctor_store(struct tt_invocation *invocation);

/* Where PATH has the program NAME; empty: nowhere. */
void tt__doctor_find_program(const char *name, char out_path[PATH_MAX]);

void tt__doctor_lttng(struct tt_finding *finding);
void tt__doctor_provider(struct tt_finding *finding);
void tt__doctor_daemon(struct tt_finding *finding);
void tt__doctor_buffers(struct tt_finding *finding);
void tt__doctor_traces(struct tt_finding *finding);
void tt__doctor_relay(struct tt_finding *finding);
void tt__doctor_babeltrace(struct tt_finding *finding);
void tt__doctor_plugin(struct tt_finding *finding);

#endif
