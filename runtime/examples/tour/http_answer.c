/* http_answer.c: a file becomes an answer, an answer becomes bytes. See http.h. */
#define _GNU_SOURCE 1 /* strptime, memrchr */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

/* ------------------------------------------------------------------------------------------------- what of it is sent */

#define DATE "%a, %d %b %Y %H:%M:%S GMT"
enum { DATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" };

static const char *write_date(time_t time, char date[DATE_BYTES])
{
    struct tm parts;

    strftime(date, DATE_BYTES, DATE, gmtime_r(&time, &parts));
    return date;
}

/* TEXT as a string; what does not fit is none of what is looked for. */
static const char *as_string(struct http_text text, char *buffer, size_t size)
{
    snprintf(buffer, size, "%.*s", text.size < size ? (int)text.size : 0, text.at ? text.at : "");
    return buffer;
}

static bool is_unmodified(const struct http_request *request, time_t modified)
{
    struct tm parts = {0};
    char text[64];

    return strptime(as_string(request->if_modified_since, text, sizeof text), DATE, &parts) &&
           timegm(&parts) >= modified;
}

/* Digits at *TEXT, which is moved behind them; -1: there are none, or a number beyond what files have. */
static long long read_number(const char **text)
{
    size_t length = strspn(*text, "0123456789");
    long long number = length > 0 && length < 19 ? strtoll(*text, NULL, 10) : -1;

    *text += length;
    return number;
}

/* "bytes=FIRST-LAST", "bytes=FIRST-", "bytes=-LENGTH". False: nothing of that, and the whole file is sent, as the standard
 * has it; else begin and count, which is 0 where the file has nothing of that range. */
static bool read_range(const char *text, struct http_answer *answer)
{
    long long first, last;

    if (strncasecmp(text, "bytes=", 6) != 0)
        return false;
    text += 6;
    first = read_number(&text);
    if (*text++ != '-')
        return false;
    last = read_number(&text);
    if (*text || (first < 0 && last < 0) || (last >= 0 && last < first))
        return false;
    if (first < 0) {
        first = last < answer->size ? answer->size - last : 0;
        last = answer->size - 1;
    }
    if (last < 0 || last >= answer->size)
        last = answer->size - 1;
    answer->begin = first;
    answer->count = last >= first ? last - first + 1 : 0;
    return true;
}

/* A part is wanted only of the file that the other part was of: If-Range says when that was modified. */
static bool wants_range(const struct http_request *request, time_t modified)
{
    char date[DATE_BYTES], text[64];

    return request->range.at && !request->is_head &&
           (!request->if_range.at ||
            strcmp(as_string(request->if_range, text, sizeof text), write_date(modified, date)) == 0);
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {"html", "text/html"}, {"css", "text/css"},          {"js", "text/javascript"},  {"txt", "text/plain"},
        {"md", "text/plain"},  {"json", "application/json"}, {"svg", "image/svg+xml"},   {"png", "image/png"},
        {"jpg", "image/jpeg"}, {"webp", "image/webp"},       {"pdf", "application/pdf"}, {"wasm", "application/wasm"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot + 1, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

void http_choose(const struct http_request *request, struct http_answer *answer)
{
    char text[64];

    answer->status = 200;
    answer->type = type_of(request->path);
    answer->begin = 0;
    answer->count = answer->size;
    if (is_unmodified(request, answer->modified)) {
        answer->status = 304;
        answer->count = 0;
    } else if (wants_range(request, answer->modified) &&
               read_range(as_string(request->range, text, sizeof text), answer)) {
        answer->status = answer->count > 0 ? 206 : 416;
    }
}

/* ------------------------------------------------------------------------------------------------- writing an answer */

/* Appends to the *AT bytes that BUFFER has. */
static __attribute__((format(printf, 4, 5))) void put(char *buffer, size_t size, size_t *at, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    *at += (size_t)vsnprintf(buffer + *at, size - *at, format, args);
    va_end(args);
}

size_t http_head(const struct http_request *request, const struct http_answer *answer, char *buffer, size_t size)
{
    const struct http_text *path = &request->target;
    const char *slash;
    char date[DATE_BYTES];
    size_t at = 0;

    put(buffer, size, &at, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: %s\r\n", answer->status,
        http_status_str((enum http_status)answer->status), write_date(time(NULL), date),
        answer->keeps_alive ? "keep-alive" : "close");
    if (answer->modified)
        put(buffer, size, &at, "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n", write_date(answer->modified, date));
    if (answer->status != 304)
        put(buffer, size, &at, "Content-Type: %s\r\nContent-Length: %lld\r\n", answer->type, answer->count);
    switch (answer->status) {
    case 206:
        put(buffer, size, &at, "Content-Range: bytes %lld-%lld/%lld\r\n", answer->begin,
            answer->begin + answer->count - 1, answer->size);
        break;
    case 301: /* from "a/b" to "./b/": relative, so that no path, however it is written, leads to another host */
        slash = memrchr(path->at, '/', path->size);
        put(buffer, size, &at, "Location: ./%.*s/\r\n", (int)(path->at + path->size - slash - 1), slash + 1);
        break;
    case 405:
        put(buffer, size, &at, "Allow: GET, HEAD\r\n");
        break;
    case 416:
        put(buffer, size, &at, "Content-Range: bytes */%lld\r\n", answer->size);
        break;
    case 503:
        put(buffer, size, &at, "Retry-After: 1\r\n");
        break;
    }
    put(buffer, size, &at, "\r\n");
    return at;
}

size_t http_message(const struct http_request *request, const struct http_answer *answer, char *buffer, size_t size)
{
    struct http_answer message = {
        .status = answer->status, .keeps_alive = answer->keeps_alive, .size = answer->size, .type = "text/plain"};
    char text[64];
    size_t at;

    message.count =
        snprintf(text, sizeof text, "%d %s\n", answer->status, http_status_str((enum http_status)answer->status));
    at = http_head(request, &message, buffer, size);
    if (!request->is_head)
        put(buffer, size, &at, "%s", text);
    return at;
}

int http_status_of(int error)
{
    static const int statuses[][2] = {{ENOENT, 404}, {ENOTDIR, 404}, {ENAMETOOLONG, 404}, {ELOOP, 404},
                                      {EXDEV, 404},  {ENXIO, 404},   {EACCES, 403},       {EPERM, 403},
                                      {EMFILE, 503}, {ENFILE, 503},  {ENOMEM, 503},       {EAGAIN, 503}};

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i][0] == error)
            return statuses[i][1];
    return 500;
}
