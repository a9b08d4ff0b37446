/* schema_pages.h: which pages of a store are read when it is opened. */
#ifndef TT_TESTS_SCHEMA_PAGES_H
#define TT_TESTS_SCHEMA_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define SCHEMA_PAGES_MAX 1024u

/* Of the sound store at PATH: how many pages there are, the size of one, and which of them hold the schema; the first one, with the file's
 * header, is among them. 0: it cannot be told. */
size_t schema_pages(const char *path, size_t *out_page_bytes, bool out_is_of_schema[SCHEMA_PAGES_MAX]);

#endif
