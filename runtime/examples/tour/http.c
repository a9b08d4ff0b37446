/* http.c: see http.h. */
#include "http.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* -------------------------------------------------------------------------------------------------- what is asked for */

/* Whether TEXT, with its %41 for A, has been written to PATH, which has room for all of it. */
static bool decode(struct http_text text, char *path)
{
    for (size_t i = 0; i < text.size; i++, path++) {
        *path = text.at[i];
        if (*path == '%') {
            char digits[3] = {i + 2 < text.size ? text.at[i + 1] : '\0', i + 2 < text.size ? text.at[i + 2] : '\0'};
            unsigned code;

            if (strspn(digits, "0123456789abcdefABCDEF") != 2 || sscanf(digits, "%x", &code) != 1)
                return false;
            *path = (char)code;
            i += 2;
        }
        if (*path == '\0') /* a name ends there for the system, and would not for us */
            return false;
    }
    *path = '\0';
    return true;
}

/* The path in what is asked for, as it came; at NULL if that makes no sense. */
static struct http_text path_of(const struct http_request *request)
{
    struct http_parser_url url;

    http_parser_url_init(&url);
    if (http_parser_parse_url(request->target.at, request->target.size, false, &url) != 0)
        return (struct http_text){NULL, 0};
    if (!(url.field_set & (1 << UF_PATH)))
        return (struct http_text){"/", 1};
    return (struct http_text){request->target.at + url.field_data[UF_PATH].off, url.field_data[UF_PATH].len};
}

/* Writes the path. 200, or the status to refuse the request with. */
static int find_path(struct http_request *request)
{
    static const char index[] = "index.html";
    struct http_text text = path_of(request);
    char *path = request->path;
    size_t skip, size;

    if (!text.at || text.at[0] != '/' || !decode(text, path))
        return 400;
    skip = strspn(path, "/"); /* relative, also where somebody writes // */
    size = strlen(path + skip);
    memmove(path, path + skip, size + 1);
    if (size > 0 && path[size - 1] != '/')
        return 200;
    if (size + sizeof index > HTTP_TARGET_BYTES)
        return 414;
    memcpy(path + size, index, sizeof index);
    return 200;
}

/* ------------------------------------------------------------------------------------------------- reading a request */

static struct http_request *request_of(http_parser *parser)
{
    return parser->data;
}

static bool is_text(struct http_text text, const char *other)
{
    return text.size == strlen(other) && strncasecmp(text.at, other, text.size) == 0;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    request_of(parser)->target = (struct http_text){at, size};
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t size)
{
    request_of(parser)->name = (struct http_text){at, size};
    request_of(parser)->host_count += is_text(request_of(parser)->name, "host");
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t size)
{
    struct http_request *request = request_of(parser);

    if (is_text(request->name, "range"))
        request->range = (struct http_text){at, size};
    if (is_text(request->name, "if-range"))
        request->if_range = (struct http_text){at, size};
    if (is_text(request->name, "if-modified-since"))
        request->if_modified_since = (struct http_text){at, size};
    return 0;
}

/* Nobody reads a body here: its request is the last one. */
static int on_headers_complete(http_parser *parser)
{
    struct http_request *request = request_of(parser);

    request->has_body =
        (parser->flags & F_CHUNKED) || (parser->content_length > 0 && parser->content_length != ULLONG_MAX);
    return request->has_body; /* 1: there is none to parse */
}

static int on_message_complete(http_parser *parser)
{
    struct http_request *request = request_of(parser);

    request->is_complete = true;
    request->is_head = parser->method == HTTP_HEAD;
    request->keeps_alive = http_should_keep_alive(parser) && !request->has_body;
    http_parser_pause(parser, 1); /* what follows is the next request */
    return 0;
}

/* What is to be said to a request whose head is well formed. */
static int judge(struct http_request *request)
{
    const http_parser *parser = &request->parser;

    if (parser->http_major != 1)
        return 505;
    if (parser->http_minor > 0 && request->host_count != 1)
        return 400;
    if (parser->method != HTTP_GET && parser->method != HTTP_HEAD)
        return 405;
    if (request->has_body)
        return 413;
    return request->target.size < HTTP_TARGET_BYTES ? find_path(request) : 414;
}

/* From the beginning each time: so no name or value comes in pieces, and most heads come at once. */
int http_parse(struct http_request *request)
{
    static const http_parser_settings settings = {.on_url = on_url,
                                                  .on_header_field = on_header_field,
                                                  .on_header_value = on_header_value,
                                                  .on_headers_complete = on_headers_complete,
                                                  .on_message_complete = on_message_complete};
    size_t parsed;

    request->size -= request->parsed;
    memmove(request->bytes, request->bytes + request->parsed, request->size);
    memset(request, 0, offsetof(struct http_request, path));
    http_parser_init(&request->parser, HTTP_REQUEST);
    request->parser.data = request;
    if (request->size == 0)
        return 0;
    parsed = http_parser_execute(&request->parser, &settings, request->bytes, request->size);
    if (request->is_complete) {
        request->parsed = parsed;
        return judge(request);
    }
    if (HTTP_PARSER_ERRNO(&request->parser) != HPE_OK)
        return 400;
    if (request->size < sizeof request->bytes)
        return 0;
    return request->name.at ? 431 : 414;
}

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
    char date[DATE_BYTES];

    return request->range.at && !request->is_head &&
           (!request->if_range.at || is_text(request->if_range, write_date(modified, date)));
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
    struct http_text path;
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
        path = path_of(request);
        slash = memrchr(path.at, '/', path.size);
        put(buffer, size, &at, "Location: ./%.*s/\r\n", (int)(path.at + path.size - slash - 1), slash + 1);
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
