/* sql_api.h: SQLite's functions, in the program, which links it, and in the extension, to which the program that
 * loads it hands them. */
#ifndef TT_SQL_API_H
#define TT_SQL_API_H

#ifdef TELLTALE_SQL_EXTENSION
#include <sqlite3ext.h>
extern const sqlite3_api_routines *sqlite3_api;
#else
#include <sqlite3.h>
#endif

#endif
