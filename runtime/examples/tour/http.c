/* http.c: see http.h. */
#include "http.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ------------------------------------------------------------------------------------------------- reading a request */

static struct http_request *request_of(http_parser *parser)
{
    return parser->data;
}

/* The parser hands out a text in as many pieces as it came in. Here they lie one behind the other. */
static void append(struct http_text *text, const char *at, size_t size)
{
    if (!text->at)
        text->at = at;
    text->size += size;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    append(&request_of(parser)->target, at, size);
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t size)
{
    struct http_request *request = request_of(parser);

    if (request->value || !request->name.at) { /* the header before has ended */
        request->name = (struct http_text){at, 0};
        request->value = NULL;
    }
    append(&request->name, at, size);
    return 0;
}

static bool is_text(struct http_text text, const char *other)
{
    return text.size == strlen(other) && strncasecmp(text.at, other, text.size) == 0;
}

/* Where the value of the header whose name has been read belongs. */
static struct http_text *find_place(struct http_request *request)
{
    if (is_text(request->name, "range"))
        return &request->range;
    if (is_text(request->name, "if-range"))
        return &request->if_range;
    if (is_text(request->name, "if-modified-since"))
        return &request->if_modified_since;
    request->host_count += is_text(request->name, "host");
    return &request->ignored;
}

static int on_header_value(http_parser *parser, const char *at, size_t size)
{
    struct http_request *request = request_of(parser);

    if (!request->value) {
        request->value = find_place(request);
        *request->value = (struct http_text){at, 0};
    }
    append(request->value, at, size);
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

void http_init(struct http_request *request)
{
    request->size = 0;
    request->parsed = 0;
    http_next(request);
}

void http_next(struct http_request *request)
{
    const size_t left = request->size - request->parsed;

    memmove(request->bytes, request->bytes + request->parsed, left);
    memset(request, 0, offsetof(struct http_request, bytes));
    request->size = left;
    http_parser_init(&request->parser, HTTP_REQUEST);
    request->parser.data = request;
}

char *http_room(struct http_request *request, size_t *out_size)
{
    *out_size = sizeof request->bytes - request->size;
    return request->bytes + request->size;
}

/* What is to be said to a request whose head is well formed. */
static int judge(const struct http_request *request)
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
    return request->target.size < HTTP_TARGET_BYTES ? 200 : 414;
}

int http_take(struct http_request *request, size_t count)
{
    static const http_parser_settings settings = {.on_url = on_url,
                                                  .on_header_field = on_header_field,
                                                  .on_header_value = on_header_value,
                                                  .on_headers_complete = on_headers_complete,
                                                  .on_message_complete = on_message_complete};

    request->size += count;
    if (request->parsed == request->size)
        return 0;
    request->parsed += http_parser_execute(&request->parser, &settings, request->bytes + request->parsed,
                                           request->size - request->parsed);
    if (request->is_complete)
        return judge(request);
    if (HTTP_PARSER_ERRNO(&request->parser) != HPE_OK)
        return 400;
    if (request->size < sizeof request->bytes)
        return 0;
    return request->name.at ? 431 : 414;
}

/* -------------------------------------------------------------------------------------------------- what is asked for */

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *found = c ? strchr(digits, c) : NULL;

    return !found ? -1 : found - digits < 16 ? (int)(found - digits) : (int)(found - digits) - 6;
}

/* Whether TEXT, with its %41 for A, has been written to PATH, which has room for all of it. */
static bool decode(struct http_text text, char *path)
{
    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];

        if (c == '%') {
            int high = i + 2 < text.size ? hex_digit(text.at[i + 1]) : -1, low;

            low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;
            if (low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        }
        if (c == '\0') /* a name ends there for the system, and would not for us */
            return false;
        *path++ = c;
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

int http_path(const struct http_request *request, char path[HTTP_TARGET_BYTES])
{
    static const char index[] = "index.html";
    struct http_text text = path_of(request);
    size_t skip, size;

    if (!text.at || text.at[0] != '/' || !decode(text, path))
        return 400;
    skip = strspn(path, "/"); /* relative, also where somebody writes // */
    size = strlen(path + skip);
    memmove(path, path + skip, size + 1);
    if (size > 0 && path[size - 1] != '/')
        return 0;
    if (size + sizeof index > HTTP_TARGET_BYTES)
        return 414;
    memcpy(path + size, index, sizeof index);
    return 0;
}

void http_write_location(const struct http_request *request, char *buffer, size_t size)
{
    struct http_text text = path_of(request);
    const char *slash = memrchr(text.at, '/', text.size);

    snprintf(buffer, size, "Location: ./%.*s/", (int)(text.at + text.size - slash - 1), slash + 1);
}

/* ------------------------------------------------------------------------------------------------- what of it is sent */

enum { DATE_BYTES = sizeof "Sun, 06 Nov 1994 08:49:37 GMT" };

static void write_date(time_t time, char date[DATE_BYTES])
{
    struct tm parts;

    gmtime_r(&time, &parts);
    strftime(date, DATE_BYTES, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

/* TEXT as a string; what does not fit is none of what is looked for. */
static const char *as_string(struct http_text text, char *buffer, size_t size)
{
    if (text.size >= size)
        return "";
    memcpy(buffer, text.at ? text.at : "", text.size);
    buffer[text.size] = '\0';
    return buffer;
}

static bool is_unmodified(const struct http_request *request, time_t modified)
{
    struct tm parts = {0};
    char text[64];

    if (!request->if_modified_since.at)
        return false;
    as_string(request->if_modified_since, text, sizeof text);
    return strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &parts) && timegm(&parts) >= modified;
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

    if (!request->range.at || request->is_head)
        return false;
    write_date(modified, date);
    return !request->if_range.at || is_text(request->if_range, date);
}

void http_choose(const struct http_request *request, struct http_answer *answer)
{
    char text[64];

    answer->status = 200;
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

const char *http_type(const char *path)
{
    static const struct {
        const char *ending, *type;
    } types[] = {
        {"html", "text/html"}, {"css", "text/css"},          {"js", "text/javascript"},  {"txt", "text/plain"},
        {"md", "text/plain"},  {"json", "application/json"}, {"svg", "image/svg+xml"},   {"png", "image/png"},
        {"jpg", "image/jpeg"}, {"webp", "image/webp"},       {"pdf", "application/pdf"}, {"wasm", "application/wasm"},
    };
    const char *dot = strrchr(path, '.');

    for (size_t i = 0; dot && i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* ------------------------------------------------------------------------------------------------- writing an answer */

/* Once a second is enough. */
static const char *date_now(void)
{
    static char date[DATE_BYTES];
    static time_t written;
    time_t now = time(NULL);

    if (now != written)
        write_date(now, date);
    written = now;
    return date;
}

size_t http_head(const struct http_answer *answer, char *buffer, size_t size)
{
    char date[DATE_BYTES];
    int length = snprintf(buffer, size, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: %s\r\n", answer->status,
                          http_status_str((enum http_status)answer->status), date_now(),
                          answer->keeps_alive ? "keep-alive" : "close");

    if (answer->modified) {
        write_date(answer->modified, date);
        length +=
            snprintf(buffer + length, size - (size_t)length, "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n", date);
    }
    if (answer->status != 304)
        length += snprintf(buffer + length, size - (size_t)length, "Content-Type: %s\r\nContent-Length: %lld\r\n",
                           answer->type, answer->count);
    if (answer->status == 206)
        length += snprintf(buffer + length, size - (size_t)length, "Content-Range: bytes %lld-%lld/%lld\r\n",
                           answer->begin, answer->begin + answer->count - 1, answer->size);
    if (answer->header)
        length += snprintf(buffer + length, size - (size_t)length, "%s\r\n", answer->header);
    length += snprintf(buffer + length, size - (size_t)length, "\r\n");
    return (size_t)length;
}
