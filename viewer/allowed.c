/* allowed.c: reading a file of findings that are known. The contract is in allowed.h. */
#include "allowed.h"

#include "command.h"
#include "moment.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* More lines than this are no list of exceptions but a way of life. */
#define ALLOWED_MAX 1000u
/* So many bytes of a file are read: what such a list can need, and no device or log that was given by mistake. */
#define ALLOWED_BYTES_MAX (1u << 20)

#define BLANKS " \t"
#define UNTIL  "until "

static int complain_about_line(const char *name, int number, const char *what)
{
    tt__complain("check: %s:%d: %s", name, number, what);
    return TT_EXIT_INPUT;
}

static bool is_day(const char *text)
{
    struct tm day = {0};
    const char *end = strptime(text, "%Y-%m-%d", &day);
    return end != NULL && *end == '\0' && strlen(text) == strlen("YYYY-MM-DD") &&
           tt__moment_is_day(day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
}

/* Whether the last day, YYYY-MM-DD, is over here. */
static bool is_over(const char *last_day)
{
    char today[16] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local) != NULL)
        (void)strftime(today, sizeof today, "%Y-%m-%d", &local);
    return strcmp(today, last_day) > 0;
}

/* Cuts LINE off at the first semicolon that ends something, and at the blanks before it. Returns what follows; NULL: there is
 * no such semicolon. */
static char *cut(char *line)
{
    char *found = strchr(line, ';');
    while (found != NULL && found[1] != '\0' && strchr(BLANKS, found[1]) == NULL)
        found = strchr(found + 1, ';');
    if (found == NULL)
        return NULL;
    char *end = found++;
    while (end > line && strchr(BLANKS, end[-1]) != NULL)
        end--;
    *end = '\0';
    return found + strspn(found, BLANKS);
}

/* Takes what follows the pattern apart. Returns -1, or the exit status of a complaint. */
static int take_rest(struct tt_allowed *allowed, char *rest, const char *name)
{
    char *reason = rest;
    if (rest != NULL && strncmp(rest, UNTIL, strlen(UNTIL)) == 0) {
        reason = cut(rest);
        allowed->until = strdup(rest + strlen(UNTIL));
        if (allowed->until != NULL && !is_day(allowed->until))
            return complain_about_line(name, allowed->line, "a day is written YYYY-MM-DD, and is one of the calendar");
        allowed->is_expired = allowed->until != NULL && is_over(allowed->until);
    }
    if (reason != NULL && *reason != '\0')
        allowed->reason = strdup(reason);
    return -1;
}

/* Adds one line. Returns -1, or the exit status of a complaint. */
static int take_line(struct tt_allowed_list *list, const char *(*find_class)(const char *word, size_t length),
                     const char *name, char *line, int number)
{
    size_t end = strcspn(line, "\r");
    while (end > 0 && strchr(BLANKS, line[end - 1]) != NULL)
        end--;
    line[end] = '\0';
    line += strspn(line, BLANKS);
    if (*line == '\0' || *line == '#')
        return -1;
    char *rest = cut(line), *colon = strchr(line, ':');
    if (colon == NULL || colon[1] == '\0')
        return complain_about_line(name, number, "CLASS:PATTERN is wanted here");
    const char *class = strncmp(line, "*:", 2) == 0 ? "*" : find_class(line, (size_t)(colon - line));
    if (class == NULL)
        return complain_about_line(name, number, "there is no such class");
    if (list->count == ALLOWED_MAX)
        return complain_about_line(name, number, "the file has more than 1000 lines");
    struct tt_allowed *more = realloc(list->items, (list->count + 1) * sizeof *more);
    if (more == NULL)
        return complain_about_line(name, number, "not enough memory");
    list->items = more;
    more += list->count++;
    *more = (struct tt_allowed){
        .class = strdup(class), .pattern = strdup(colon + 1), .line = number};
    if (more->class == NULL || more->pattern == NULL)
        return complain_about_line(name, number, "not enough memory");
    return take_rest(more, rest, name);
}

/* All of FILE, for the caller to free, or NULL, which was complained of. */
static char *read_file(FILE *file, const char *name)
{
    char *text = malloc(ALLOWED_BYTES_MAX + 2);
    size_t length = text != NULL ? fread(text, 1, ALLOWED_BYTES_MAX + 1, file) : 0;
    if (text != NULL && !ferror(file) && length <= ALLOWED_BYTES_MAX && memchr(text, '\0', length) == NULL) {
        text[length] = '\0';
        return text;
    }
    if (text == NULL || ferror(file))
        tt__complain("check: cannot read %s: %s", name, strerror(errno));
    else
        tt__complain("check: %s is no list of findings: %s", name,
                     length > ALLOWED_BYTES_MAX ? "it has more than 1 MiB" : "there is a byte 0 in it");
    free(text);
    return NULL;
}

int tt__allowed_read(const char *name, const char *(*find_class)(const char *word, size_t length),
                     struct tt_allowed_list *out_list)
{
    int status = -1, number = 0;
    *out_list = (struct tt_allowed_list){0};
    if (name == NULL)
        return -1;
    FILE *file = fopen(name, "re");
    if (file == NULL) {
        tt__complain("check: cannot read %s: %s", name, strerror(errno));
        return TT_EXIT_INPUT;
    }
    char *text = read_file(file, name), *rest = text, *line;
    fclose(file);
    if (text == NULL)
        return TT_EXIT_INPUT;
    while (status < 0 && (line = strsep(&rest, "\n")) != NULL)
        status = take_line(out_list, find_class, name, line, ++number);
    free(text);
    return status;
}

void tt__allowed_finish(struct tt_allowed_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].class);
        free(list->items[i].pattern);
        free(list->items[i].until);
        free(list->items[i].reason);
    }
    free(list->items);
    *list = (struct tt_allowed_list){0};
}
