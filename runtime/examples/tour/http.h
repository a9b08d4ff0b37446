/* http.h: as much of HTTP/1.1 as serving files takes, and nothing of telltale: bytes become a request, a file becomes an
 * answer, an answer becomes bytes. Whoever reads the tour needs no more of it than this header.
 *
 * http-parser reads the syntax. What is not here because a server of files needs none of it: bodies of requests, chunks,
 * several ranges at a time. Threads: one, for the clock of the Date header. */
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

/* What came of it, and what that means. All zero: nothing came. */
struct http_request {
    bool is_complete;
    bool is_head;     /* the answer's head alone is asked for */
    bool keeps_alive; /* another request may follow */
    int host_count;
    struct http_text target; /* what is asked for; once the request is complete: its path alone, as it came */
    struct http_text range, if_range, if_modified_since;
    struct http_text name; /* of the header that is being read */
    http_parser parser;
    size_t parsed; /* of the bytes: this request; what is behind is the next one's */

    /* Relative to the folder that is served: decoded, without a query, a folder's with index.html. */
    char path[HTTP_TARGET_BYTES];
    size_t size; /* of the bytes; the caller puts what comes behind them, and counts it here */
    char bytes[HTTP_HEAD_BYTES];
};

/* What is to be said, of a file where there is one. */
struct http_answer {
    int status;
    bool keeps_alive;
    const char *type;
    time_t modified;        /* when the file was; 0: there is none */
    long long size;         /* of all of it */
    long long begin, count; /* the part that is sent */
};

/* What the bytes are: 0: more are needed; 200: a request that is complete; else the status to refuse it with. One that was
 * complete before is forgotten: what came after it is the beginning of the next. */
int http_parse(struct http_request *request);

/* Of a file, whose size and time of change are in ANSWER, decides what REQUEST wants, and fills the rest. */
void http_choose(const struct http_request *request, struct http_answer *answer);

/* Writes ANSWER's head, with what else its status asks for; returns its size, which is less than SIZE, at least 8192. */
size_t http_head(const struct http_request *request, const struct http_answer *answer, char *buffer, size_t size);

/* The same without a file, and a body that says in words what the status is. */
size_t http_message(const struct http_request *request, const struct http_answer *answer, char *buffer, size_t size);

/* The status for a file that the system does not open for this reason; 500 for those that nobody expects. */
int http_status_of(int error);

#endif
