/* ingest_stream.h: the event stream on its way into the store.
 *
 * What it is for. Events of a thread gather here until some thousand make a chunk. What has gathered is written with
 * every commit all the same, for an event is in the store once its cursor is: as *pieces*, chunks of fewer events,
 * which later commits replace by larger ones and at last by a full chunk. A piece is replaced when as many events as
 * it has, or nearly, have come after it, so that an event is written some five times at most however slowly they
 * come.
 *
 * What it leaves to others. The format (chunk.h); when to commit (ingest_commit.c); that rows, chunks and cursors are
 * one transaction.
 *
 * Threads: as ingest.h says.
 */
#ifndef TT_INGEST_STREAM_H
#define TT_INGEST_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chunk.h"
#include "decoded.h"

struct tt_ingest;
struct tt__store_writer;
struct tt__stream;

/* NULL: no memory. NEXT_CHUNK_ID: the first that no chunk of the store has. */
struct tt__stream *tt__stream_create(int64_t next_chunk_id);
void tt__stream_destroy(struct tt__stream *stream);

/* Adds EVENT of THREAD_ID. What it points to is copied. False: no memory, then it is not there. */
bool tt__stream_add(struct tt__stream *stream, struct tt_ingest *ingest, int64_t thread_id,
                    const struct tt_decoded_event *event);

/* Bytes that were added since they were written last. */
size_t tt__stream_pending_bytes(const struct tt__stream *stream);

/* Writes what was added, in a transaction that WRITER is in. 0, or -1 as store_writer.h says. Nothing of it counts as
 * written until tt__stream_written() is called: after a failure it can be called again. */
int tt__stream_write(struct tt__stream *stream, struct tt__store_writer *writer);

/* The transaction was committed. */
void tt__stream_written(struct tt__stream *stream);

#endif
