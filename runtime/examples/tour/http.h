/* http.h: as much of HTTP/1.1 as serving files takes, and nothing of telltale: bytes become a request, a file becomes an
 * answer, an answer becomes bytes.
 *
 * http-parser reads the syntax. What is not here because a server of files needs none of it: bodies of requests, chunks,
 * several ranges at a time.
 *
 * Threads: one, for the clock of the Date header. */
#ifndef TOUR_HTTP_H
#define TOUR_HTTP_H

#include <http_parser.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

enum {
    HTTP_HEAD_BYTES = 8192,   /* of a request: its line and its headers; 431 beyond */
    HTTP_TARGET_BYTES = 4096, /* of them, what stands between the method and the version; 414 beyond */
};

/* Lies where it came, in the bytes of its request; at NULL: it did not come. */
struct http_text {
    const char *at;
    size_t size;
};

struct http_request {
    bool is_complete;
    bool is_head;     /* the answer's head alone is asked for */
    bool keeps_alive; /* another request may follow */
    struct http_text target, range, if_range, if_modified_since;

    /* ---- http.c's */
    http_parser parser;
    struct http_text name, *value, ignored; /* of the header that is being read, and where its value goes */
    bool has_body;
    int host_count;
    size_t parsed, size; /* of the bytes */
    char bytes[HTTP_HEAD_BYTES];
};

/* What is to be said of a file, or without one. */
struct http_answer {
    int status;
    bool keeps_alive;
    const char *header; /* one more, "Name: value"; NULL: none */
    const char *type;
    time_t modified;        /* when the file was, 0: there is none */
    long long size;         /* of all of it */
    long long begin, count; /* the part that is sent */
};

void http_init(struct http_request *request);

/* Forgets the request that was answered. What came after it is the beginning of the next. */
void http_next(struct http_request *request);

/* Where what comes next is to be put: *OUT_SIZE bytes, at least one. */
char *http_room(struct http_request *request, size_t *out_size);

/* COUNT bytes more have been put there. 0: more are needed; 200: the request is complete; else the status to refuse it
 * with. */
int http_take(struct http_request *request, size_t count);

/* Writes the path of what is asked for, relative to the folder that is served: decoded, without its query, a folder's with
 * index.html. Returns 0, or the status to refuse it with. */
int http_path(const struct http_request *request, char path[HTTP_TARGET_BYTES]);

/* Writes the header that sends whoever asked for the folder "a/b" to "a/b/". It is relative to what was asked for, so that
 * no path, however it is written, leads to another host. */
void http_write_location(const struct http_request *request, char *buffer, size_t size);

/* Of the file in ANSWER, its size and modified, decides what of it REQUEST wants: status (200, 206, 304, 416), begin and
 * count. */
void http_choose(const struct http_request *request, struct http_answer *answer);

/* Writes ANSWER's head; returns its size, which is less than SIZE. */
size_t http_head(const struct http_answer *answer, char *buffer, size_t size);

/* "text/html", by what the name ends in. */
const char *http_type(const char *path);

#endif
