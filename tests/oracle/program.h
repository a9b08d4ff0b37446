/* program.h: a program of the oracle's language, read from its text. See README.md for the language; language.py reads
 * the same.
 *
 * What is read lives until program_destroy. The operations' own functions are in operation.h. */
#ifndef TT_ORACLE_PROGRAM_H
#define TT_ORACLE_PROGRAM_H

#include <stddef.h>

struct operation; /* operation.h */

enum clause_head { CLAUSE_BLOCK, CLAUSE_EXCEPT, CLAUSE_EXCEPT_STAR, CLAUSE_ELSE, CLAUSE_FINALLY };

struct clause {
    enum clause_head head;
    char **types; /* of except: names; type_count of them */
    int type_count;
    struct statement *first;
    struct clause *next;
};

/* ARGUMENTS are texts; a quoted one begins with its quote, and has none at its end. */
struct statement {
    int line;
    char *slot; /* NULL: it gives no value to keep */
    const struct operation *operation;
    char **arguments;
    int argument_count;
    struct clause *clauses; /* NULL: no block */
    struct statement *next;
};

enum body_kind { BODY_TASK, BODY_CALLBACK, BODY_HANDLER };

struct body {
    enum body_kind kind;
    char *name;
    int begun_count; /* coroutines made from it so far */
    struct statement *first;
    struct body *next;
};

struct declaration {
    char **words; /* kind, name, arguments */
    int word_count;
    struct declaration *next;
};

struct program {
    struct declaration *declarations;
    struct body *bodies; /* the first is main */
    struct memory *memory;
};

/* Reads TEXT, which it changes. NULL when it is malformed: then *OUT_ERROR, a text for people, and *OUT_LINE say why. */
struct program *program_create(char *text, const char **out_error, int *out_line);
void program_destroy(struct program *program); /* NULL ok */

/* The body of that kind and name; NULL if there is none. */
struct body *program_body(const struct program *program, enum body_kind kind, const char *name);

#endif
