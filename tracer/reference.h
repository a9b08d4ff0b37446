/* reference.h: what tables, views and events are, out of the texts that define them.
 *
 * What it is for. schema.sql, views/, the declarations of the virtual tables and events.def are embedded with their comments. This reads
 * them back as entries: a name, a sentence, columns with a sentence each. So a manual made of it cannot say anything else than what
 * the store has.
 *
 * What it leaves to others. How an entry looks: the program telltale.
 *
 * Threads. Any; a reference belongs to one thread.
 */
#ifndef TT_REFERENCE_H
#define TT_REFERENCE_H

#include <stddef.h>

#include "telltale/trace.h"

enum tt_reference_kind {
    TT_REFERENCE_VIEW,         /* in the file, for whoever reads it */
    TT_REFERENCE_STREAM_TABLE, /* virtual tables over the event stream */
    TT_REFERENCE_STREAM_VIEW,  /* views over these */
    TT_REFERENCE_TABLE,
    TT_REFERENCE_CATEGORY, /* of events; all of them are columns of one entry */
    TT_REFERENCE_EVENT,    /* its fields are columns */
    TT_REFERENCE_WORDS     /* an enumeration; its words are columns */
};

struct tt_reference_column {
    char *name;
    char *facts; /* a type, a number; NULL: none */
    char *text;  /* NULL: the sentence of the column before is about both */
};

struct tt_reference_entry {
    enum tt_reference_kind kind;
    char *name;
    char *facts; /* number, category and level of an event; NULL: none */
    char *text;
    struct tt_reference_column *columns;
    size_t column_count;
};

struct tt_reference {
    struct tt_reference_entry *entries; /* by kind, then in the order of the texts */
    size_t entry_count;
};

/* NULL: no memory. */
struct tt_reference *tt_reference_create(void);
void tt_reference_destroy(struct tt_reference *reference);

#endif
