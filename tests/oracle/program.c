/* program.c: reads a program. Lines become words, words statements; indentation is two spaces a level. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "operation.h"

/* Pieces of memory that go together. */
struct memory {
    struct memory *next;
    max_align_t first[];
};

struct line {
    int number, depth; /* depth: spaces before it; -2: there is no line any more */
    char *text;
};

struct reader {
    struct program *program;
    char *rest;       /* of the text */
    struct line line; /* the one at hand */
    int number;       /* of the line at hand */
    const char *error;
    int error_line;
};

enum { WORDS_MAX = 32 };

static void *allocate(struct reader *reader, size_t size)
{
    struct memory *piece = calloc(1, sizeof *piece + size);

    if (!piece)
        abort();
    piece->next = reader->program->memory;
    reader->program->memory = piece;
    return piece->first;
}

static void *fail(struct reader *reader, const char *error)
{
    if (!reader->error) {
        reader->error = error;
        reader->error_line = reader->line.number;
    }
    return NULL;
}

/* Goes to the next line that is neither empty nor a comment. */
static void next_line(struct reader *reader)
{
    while (*reader->rest) {
        char *text = reader->rest, *end = strchr(text, '\n'), *first = text + strspn(text, " ");

        if (end)
            *end = '\0';
        reader->rest = end ? end + 1 : text + strlen(text);
        reader->number++;
        if (*first && *first != '#') {
            reader->line = (struct line){reader->number, (int)(first - text), first};
            return;
        }
    }
    reader->line = (struct line){0, -2, NULL};
}

/* Splits the line at hand into words, without the colon and commas. Returns how many; -1 when it is malformed. */
static int split_line(struct reader *reader, char **words)
{
    char *text = reader->line.text;
    int count = 0;

    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        char *end = *text == '"' ? strchr(text + 1, '"') : text + strcspn(text, " ");

        if (!end || count == WORDS_MAX)
            return fail(reader, "a quote is not closed, or there are too many words"), -1;
        words[count++] = text;
        text = end + (*end != '\0');
        *end = '\0';
        if (*words[count - 1] != '"')
            while (end > words[count - 1] && (end[-1] == ',' || end[-1] == ':'))
                *--end = '\0';
    }
    return count;
}

static char **keep_words(struct reader *reader, char **words, int count)
{
    char **kept = allocate(reader, (size_t)(count + 1) * sizeof *kept);

    if (count > 0)
        memcpy(kept, words, (size_t)count * sizeof *kept);
    return kept;
}

static struct statement *read_block(struct reader *reader, int depth);

static bool is_block(const char *name)
{
    return strcmp(name, "try") == 0 || strcmp(name, "timeout") == 0 || strcmp(name, "group") == 0 ||
           strcmp(name, "with") == 0;
}

static struct clause *read_clause(struct reader *reader, enum clause_head head, char **types, int type_count, int depth)
{
    struct clause *clause = allocate(reader, sizeof *clause);

    clause->head = head;
    clause->types = keep_words(reader, types, type_count);
    clause->type_count = type_count;
    clause->first = read_block(reader, depth + 2);
    return clause->first ? clause : NULL;
}

/* The clauses that follow the block of a try. */
static bool read_clauses(struct reader *reader, struct clause **end, int depth)
{
    static const char *const heads[] = {[CLAUSE_EXCEPT] = "except",
                                        [CLAUSE_EXCEPT_STAR] = "except*",
                                        [CLAUSE_ELSE] = "else",
                                        [CLAUSE_FINALLY] = "finally"};

    while (!reader->error && reader->line.depth == depth) {
        int head = CLAUSE_EXCEPT, count;
        char *words[WORDS_MAX];

        for (; head <= CLAUSE_FINALLY; head++) {
            size_t length = strlen(heads[head]);

            if (strncmp(reader->line.text, heads[head], length) == 0 && strchr(" :", reader->line.text[length]))
                break;
        }
        if (head > CLAUSE_FINALLY)
            return true;
        count = split_line(reader, words);
        next_line(reader);
        *end = count > 0 ? read_clause(reader, (enum clause_head)head, words + 1, count - 1, depth) : NULL;
        if (!*end)
            return false;
        end = &(*end)->next;
    }
    return !reader->error;
}

static struct statement *read_statement(struct reader *reader, int depth)
{
    struct statement *statement = allocate(reader, sizeof *statement);
    char *words[WORDS_MAX], **word = words;
    int count = split_line(reader, words);

    if (count <= 0)
        return NULL;
    statement->line = reader->line.number;
    if (count > 2 && strcmp(words[1], "=") == 0) {
        statement->slot = words[0];
        word += 2;
        count -= 2;
    }
    statement->operation = operation_named(*word);
    if (!statement->operation)
        return fail(reader, "there is no such operation");
    statement->arguments = keep_words(reader, word + 1, count - 1);
    statement->argument_count = count - 1;
    next_line(reader);
    if (!is_block(*word))
        return statement;
    statement->clauses = read_clause(reader, CLAUSE_BLOCK, NULL, 0, depth);
    if (!statement->clauses)
        return NULL;
    if (strcmp(*word, "try") == 0 && !read_clauses(reader, &statement->clauses->next, depth))
        return NULL;
    return statement;
}

static struct statement *read_block(struct reader *reader, int depth)
{
    struct statement *first = NULL, **end = &first;

    while (!reader->error && reader->line.depth == depth) {
        *end = read_statement(reader, depth);
        if (!*end)
            return NULL;
        end = &(*end)->next;
    }
    if (!reader->error && (reader->line.depth > depth || !first))
        return fail(reader, "a block is empty, or a line is indented too far");
    return reader->error ? NULL : first;
}

static bool read_body(struct reader *reader, struct body **end)
{
    static const char *const kinds[] = {[BODY_TASK] = "task", [BODY_CALLBACK] = "callback", [BODY_HANDLER] = "handler"};
    char *words[WORDS_MAX];
    int count = split_line(reader, words), kind = BODY_TASK;
    struct body *body = allocate(reader, sizeof *body);

    while (kind <= BODY_HANDLER && (count != 2 || strcmp(words[0], kinds[kind]) != 0))
        kind++;
    if (kind > BODY_HANDLER)
        return fail(reader, "neither a declaration nor a body"), false;
    next_line(reader);
    body->kind = (enum body_kind)kind;
    body->name = words[1];
    body->first = read_block(reader, 2);
    *end = body;
    return body->first != NULL;
}

static bool is_declaration(const char *text)
{
    static const char *const kinds[] = {"lock",  "semaphore", "bounded", "event",
                                        "queue", "condition", "barrier", "variable"};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t length = strlen(kinds[i]);

        if (strncmp(text, kinds[i], length) == 0 && text[length] == ' ')
            return true;
    }
    return false;
}

static bool read_declaration(struct reader *reader, struct declaration **end)
{
    char *words[WORDS_MAX];
    int count = split_line(reader, words);
    struct declaration *declaration = allocate(reader, sizeof *declaration);

    if (count < 2)
        return fail(reader, "a declaration without a name"), false;
    declaration->words = keep_words(reader, words, count);
    declaration->word_count = count;
    *end = declaration;
    next_line(reader);
    return true;
}

static void read_program(struct reader *reader)
{
    struct declaration **last_declaration = &reader->program->declarations;
    struct body **last_body = &reader->program->bodies;

    next_line(reader);
    while (!reader->error && reader->line.depth == 0) {
        if (is_declaration(reader->line.text)) {
            if (read_declaration(reader, last_declaration))
                last_declaration = &(*last_declaration)->next;
        } else if (read_body(reader, last_body)) {
            last_body = &(*last_body)->next;
        }
    }
    if (!reader->error && reader->line.depth > 0)
        fail(reader, "indented too far");
    if (!reader->error && (!reader->program->bodies || reader->program->bodies->kind != BODY_TASK))
        fail(reader, "the first body must be a task");
}

struct program *program_create(char *text, const char **out_error, int *out_line)
{
    struct reader reader = {.program = calloc(1, sizeof(struct program)), .rest = text};

    if (!reader.program)
        abort();
    read_program(&reader);
    if (!reader.error)
        return reader.program;
    *out_error = reader.error;
    *out_line = reader.error_line;
    program_destroy(reader.program);
    return NULL;
}

void program_destroy(struct program *program)
{
    if (!program)
        return;
    for (struct memory *piece = program->memory, *next; piece; piece = next) {
        next = piece->next;
        free(piece);
    }
    free(program);
}

struct body *program_body(const struct program *program, enum body_kind kind, const char *name)
{
    for (struct body *body = program->bodies; body; body = body->next)
        if (body->kind == kind && strcmp(body->name, name) == 0)
            return body;
    return NULL;
}
