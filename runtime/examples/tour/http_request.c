/* http_request.c: bytes become a request. See http.h. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "http.h"

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

/* Leaves of the target what is its path; false: it has none that makes sense. */
static bool narrow_to_path(struct http_text *target)
{
    struct http_parser_url url;

    http_parser_url_init(&url);
    if (http_parser_parse_url(target->at, target->size, false, &url) != 0)
        return false;
    *target = url.field_set & (1 << UF_PATH)
                  ? (struct http_text){target->at + url.field_data[UF_PATH].off, url.field_data[UF_PATH].len}
                  : (struct http_text){"/", 1};
    return target->at[0] == '/';
}

/* Writes the path. 200, or the status to refuse the request with. */
static int find_path(struct http_request *request)
{
    static const char index[] = "index.html";
    char *path = request->path;
    size_t skip, size;

    if (!narrow_to_path(&request->target) || !decode(request->target, path))
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

static bool is_text(struct http_text text, const char *other)
{
    return text.size == strlen(other) && strncasecmp(text.at, other, text.size) == 0;
}

static int on_url(http_parser *parser, const char *at, size_t size)
{
    struct http_request *request = parser->data;

    request->target = (struct http_text){at, size};
    return 0;
}

static int on_header_field(http_parser *parser, const char *at, size_t size)
{
    struct http_request *request = parser->data;

    request->name = (struct http_text){at, size};
    request->host_count += is_text(request->name, "host");
    return 0;
}

static int on_header_value(http_parser *parser, const char *at, size_t size)
{
    struct http_request *request = parser->data;
    struct http_text *wanted = is_text(request->name, "range")               ? &request->range
                               : is_text(request->name, "if-range")          ? &request->if_range
                               : is_text(request->name, "if-modified-since") ? &request->if_modified_since
                                                                             : NULL;

    if (wanted)
        *wanted = (struct http_text){at, size};
    return 0;
}

/* Nobody reads a body here: 2 ends the request with its head, and what follows is the next one, or is not looked at. */
static int on_headers_complete(http_parser *parser)
{
    struct http_request *request = parser->data;

    request->is_complete = true;
    return 2;
}

/* What is to be said to a request whose head is well formed. */
static int judge(struct http_request *request)
{
    const http_parser *parser = &request->parser;
    bool has_body = (parser->flags & F_CHUNKED) || (parser->content_length > 0 && parser->content_length != ULLONG_MAX);

    request->is_head = parser->method == HTTP_HEAD;
    request->keeps_alive = http_should_keep_alive(parser) && !has_body;
    if (parser->http_major != 1)
        return 505;
    if (parser->http_minor > 0 && request->host_count != 1)
        return 400;
    if (parser->method != HTTP_GET && parser->method != HTTP_HEAD)
        return 405;
    if (has_body)
        return 413;
    return request->target.size < HTTP_TARGET_BYTES ? find_path(request) : 414;
}

/* From the beginning each time: so no name or value comes in pieces, and most heads come at once. */
int http_parse(struct http_request *request)
{
    static const http_parser_settings settings = {.on_url = on_url,
                                                  .on_header_field = on_header_field,
                                                  .on_header_value = on_header_value,
                                                  .on_headers_complete = on_headers_complete};
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
