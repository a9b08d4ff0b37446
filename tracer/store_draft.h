/* store_draft.h: a store in the making, beside the name that it is to have.
 *
 * What it is for. Whoever writes a store from beginning to end at once, as an import does, must leave either what was
 * there or the new store, whole, when it is killed at any instant. So the new one is written in a folder of its own
 * beside it, PATH.new-XXXXXX, and gets its name by one rename when it is complete.
 *
 *   PATH               the store that is there, if any; its file is locked against recorders as long as there is a draft
 *   PATH.new-XXXXXX/   mode 0700; locked by the process that made it, so that one whose maker is dead can be told
 *     store            the new one, and what SQLite keeps beside it
 *
 * The log that a killed recorder leaves beside PATH belongs to the old store and would be taken for the new one's: it
 * is put into the old store before the name changes hands.
 *
 * What it leaves to others. Writing the store (store_writer.h); recordings in the making, which are under their name
 * from the beginning, because others read them meanwhile.
 *
 * Threads: any; a draft belongs to one.
 */
#ifndef TT_STORE_DRAFT_H
#define TT_STORE_DRAFT_H

#include <stdbool.h>

#include "store.h"

struct tt_store_draft;

/* Begins a store that is to be called PATH. IS_APPENDING: it begins as a copy of the store at PATH, if there is one.
 * Drafts of that name whose makers are dead are removed. Any other file at PATH, and a store that somebody is writing,
 * is refused. 0 and *OUT_DRAFT, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_store_draft_open(const char *path, bool is_appending, struct tt_store_draft **out_draft,
                                    struct tt_store_error *out_error);

/* Where to write it: a name in the draft's folder, where no file is unless it began as a copy. DRAFT's. */
const char *tt_store_draft_path(const struct tt_store_draft *draft);

/* Whether a store is at PATH, which publishing goes on with or replaces. */
bool tt_store_draft_has_earlier(const struct tt_store_draft *draft);

/* Gives the draft, which nobody may have open, its name. DRAFT is gone afterwards, also on failure; then what was at PATH
 * is as it was. 0, or -1 and *OUT_ERROR. */
TT_MUST_USE int tt_store_draft_publish(struct tt_store_draft *draft, struct tt_store_error *out_error);

/* Removes the draft; what is at PATH is as it was. NULL is fine. */
void tt_store_draft_discard(struct tt_store_draft *draft);

#endif
