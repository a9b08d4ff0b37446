/* studio_store.h: the studio's store in the test's own hands: opened, written and changed without a recorder.
 *
 * Whatever fails here fails the test, with what the store says about it. What must be able to fail is called as it is: store.h,
 * store_writer.h, ingest.h.
 */
#ifndef TT_TESTS_STUDIO_STORE_H
#define TT_TESTS_STUDIO_STORE_H

#include "ingest.h"
#include "store.h"
#include "store_writer.h"
#include "studio.h"

/* Opens the store, which is made when there is none; OPTIONS may be NULL. Close it with tt__store_close_writer(). */
struct tt__store_writer *studio_open_writer(const struct studio *studio,
                                            const struct tt__store_writer_options *options);

/* Makes a store with nothing in it, or has one that is there brought to its end. */
void studio_make_store(const struct studio *studio);

/* Opens the store as a viewer does. Close it with tt_store_close_reader(). */
struct tt_store_reader *studio_open_reader(const struct studio *studio);

/* Runs all of SQL with plain SQLite, as anybody may change a store. */
void studio_run_sql(const struct studio *studio, const char *sql);

/* VALUE, to be written into a column. */
struct tt__cell studio_cell(int64_t value);

/* Ingest into WRITER's store, destroyed with tt_ingest_destroy(); a process for it, whose id is returned (*OUT_IS_KNOWN may be NULL); and a
 * commit. */
struct tt_ingest *studio_create_ingest(struct tt__store_writer *writer);
uint32_t studio_attach_process(struct tt_ingest *ingest, const struct tt_ingest_process *process, bool *out_is_known);
void studio_commit(struct tt_ingest *ingest);

#endif
