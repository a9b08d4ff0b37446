/* store_image.h: many rows handed over to SQLite as a database of their own.
 *
 * What it is for. A row that is bound value by value, worked on by SQLite's machine and packed again costs more than twice what
 * it costs to put a packed row into its place. So where very many rows of a table come at once they are packed here, into the
 * pages of a database in memory, as SQLite's file format has them. SQLite attaches it as schema "image" and copies all of it by
 * one statement, INSERT INTO main.TABLE SELECT * FROM image.TABLE, for which it takes no row apart (its "transfer
 * optimisation"). A version of SQLite that does not do so is slower, and the store is the same.
 *
 * What it leaves to others. Rows that cannot go that way, because there are few of them, the store has them already, or an
 * index is about them (store_rows.c).
 *
 * Threads: as the writer.
 */
#ifndef TT_STORE_IMAGE_H
#define TT_STORE_IMAGE_H

#include "store_writer.h"

/* Fewer rows are not worth an image. */
#define TT__IMAGE_ROWS_MIN 1000u

/* Packs those of COUNT rows of TABLE at CELLS that can go that way for the next transaction, which must not have begun. The cells
 * must stay as they are until tt__image_drop(). Where anything is in the way, memory too, nothing is packed: that is as good. */
void tt__image_pack(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *cells, size_t count);

/* Inserts what was packed of these rows. 1: they are in, see tt__image_has_row(); 0: there is no image of them, or the store has
 * one of them already, and nothing has changed; -1: the writer's error. */
TT_MUST_USE int tt__image_insert(struct tt__store_writer *writer, enum tt__table table, const struct tt__cell *cells,
                                 size_t count);

/* Whether the row NUMBER of those that were packed is in the image. */
bool tt__image_has_row(const struct tt__store_writer *writer, size_t number);

/* Forgets the rows; keeps the memory for the next ones. */
void tt__image_drop(struct tt__store_writer *writer);

/* Gives up its memory, after the connection was closed. */
void tt__image_finish(struct tt__store_writer *writer);

#endif
