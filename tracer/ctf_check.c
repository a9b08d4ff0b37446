/* ctf_check.c: see ctf_check.h.
 *
 * Metadata is text, as it is or in packets. The head of a packet, in the byte order of its magic number:
 *
 *   offset  0 magic 0x75d11d57 · 4 uuid · 20 checksum · 24 content size, 28 packet size, both in bits and with the head
 *          32 compression, encryption and checksum scheme, a byte each, 0: none · 35 version, two bytes: 1, 8 · 37 text
 */
#include "ctf_check.h"

#include "ctf_clip.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define METADATA_MAGIC 0x75d11d57u
#define STREAM_MAGIC   0xc1fc1fc1u
#define HEAD_BYTES     37u
#define PROVIDER       "\"telltale:"

/* LTTng writes metadata when its buffer is full and when the session is stopped, so that of one that runs looks cut. */
#define IF_IT_RUNS "; stop or destroy the session first (lttng stop, lttng destroy), if it still runs"

static void judge(struct tt_ctf_trace *trace, enum tt_ctf_verdict verdict, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void judge(struct tt_ctf_trace *trace, enum tt_ctf_verdict verdict, const char *format, ...)
{
    va_list arguments;
    trace->verdict = verdict;
    va_start(arguments, format);
    vsnprintf(trace->reason, sizeof trace->reason, format, arguments);
    va_end(arguments);
}

/* --------------------------------------------------------------------------------------------------------- metadata */

/* The whole of a file as a text that ends with a NUL, *OUT_SIZE bytes without it. NULL: TRACE has been judged. */
static unsigned char *read_metadata(int dir_fd, struct tt_ctf_trace *trace, size_t *out_size)
{
    struct stat status;
    int fd = openat(dir_fd, "metadata", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) < 0) {
        judge(trace, TT_CTF_UNREADABLE, "its metadata cannot be read: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    unsigned char *bytes = NULL;
    size_t used = 0;
    ssize_t got = -1;
    if (!S_ISREG(status.st_mode))
        judge(trace, TT_CTF_DAMAGED, "its metadata is no regular file");
    else if (status.st_size > (off_t)TT_CTF_METADATA_MAX)
        judge(trace, TT_CTF_DAMAGED, "its metadata has more than %u MiB", TT_CTF_METADATA_MAX >> 20);
    else if (!(bytes = malloc((size_t)status.st_size + 1)))
        judge(trace, TT_CTF_UNREADABLE, "no memory to read its metadata");
    while (bytes && used < (size_t)status.st_size &&
           (got = read(fd, bytes + used, (size_t)status.st_size - used)) != 0) {
        if (got > 0)
            used += (size_t)got;
        else if (errno != EINTR)
            break;
    }
    if (bytes && got < 0 && status.st_size > 0) {
        judge(trace, TT_CTF_UNREADABLE, "its metadata cannot be read: %s", strerror(errno));
        free(bytes);
        bytes = NULL;
    }
    close(fd);
    if (bytes)
        bytes[used] = '\0';
    *out_size = used;
    return bytes;
}

static uint32_t read_u32(const unsigned char *at, bool is_swapped)
{
    uint32_t number;
    memcpy(&number, at, sizeof number);
    return is_swapped ? __builtin_bswap32(number) : number;
}

/* Takes the text out of the packets in BYTES, in place; returns its length, or -1: TRACE has been judged. */
static ssize_t unpack(unsigned char *bytes, size_t size, struct tt_ctf_trace *trace)
{
    size_t at = 0, text_length = 0;
    bool is_swapped = read_u32(bytes, false) != METADATA_MAGIC;
    for (unsigned packet = 0; at < size; packet++) {
        if (size - at < HEAD_BYTES) {
            judge(trace, TT_CTF_CUT, "its metadata is cut short in the head of packet %u" IF_IT_RUNS, packet);
            return -1;
        }
        const unsigned char *head = bytes + at;
        uint32_t content_bits = read_u32(head + 24, is_swapped), packet_bits = read_u32(head + 28, is_swapped);
        size_t packet_bytes = packet_bits / 8, content_bytes = content_bits / 8;
        if (read_u32(head, is_swapped) != METADATA_MAGIC || packet_bits % 8 != 0 || content_bits % 8 != 0 ||
            content_bytes < HEAD_BYTES || content_bytes > packet_bytes) {
            judge(trace, TT_CTF_DAMAGED, "packet %u of its metadata makes no sense", packet);
            return -1;
        }
        if (packet == 0)
            memcpy(trace->uuid, head + 4, sizeof trace->uuid);
        if (head[32] != 0 || head[33] != 0 || head[34] != 0 || head[35] != 1 || head[36] != 8 ||
            memcmp(trace->uuid, head + 4, sizeof trace->uuid) != 0) {
            judge(trace, TT_CTF_DAMAGED, "packet %u of its metadata is of a kind that is not known", packet);
            return -1;
        }
        if (packet_bytes > size - at) {
            judge(trace, TT_CTF_CUT, "its metadata is cut short: packet %u has %zu bytes, %zu are there" IF_IT_RUNS,
                  packet, packet_bytes, size - at);
            return -1;
        }
        memmove(bytes + text_length, head + HEAD_BYTES, content_bytes - HEAD_BYTES);
        text_length += content_bytes - HEAD_BYTES;
        at += packet_bytes;
    }
    bytes[text_length] = '\0';
    return (ssize_t)text_length;
}

/* Where a comment or a string that begins at AT ends; AT itself when none begins there. NULL: it has no end. */
static const char *skip_quoted(const char *at)
{
    if (at[0] == '/' && at[1] == '*') {
        at = strstr(at + 2, "*/");
        return at ? at + 2 : NULL;
    }
    if (at[0] == '/' && at[1] == '/')
        return at + strcspn(at, "\n");
    if (*at != '"')
        return at;
    for (at++; *at != '"'; at++)
        if (*at == '\0' || (*at == '\\' && *++at == '\0'))
            return NULL;
    return at + 1;
}

/* Whether TEXT is a sequence of complete statements. */
static bool is_complete(const char *text)
{
    long depth = 0;
    char last = '\0';
    while (*text != '\0') {
        const char *next = skip_quoted(text);
        if (!next)
            return false;
        if (next != text) {
            text = next;
            continue;
        }
        depth += (*text == '{') - (*text == '}');
        if (depth < 0)
            return false;
        if (*text != ' ' && *text != '\n' && *text != '\t' && *text != '\r')
            last = *text;
        text++;
    }
    return depth == 0 && last == ';';
}

/* Reads and judges the metadata. *OUT_HAS_MAGIC: it says that packets of streams begin with a magic number.
 * *OUT_IS_LTTNG: LTTng-UST wrote them. */
static void look_at_metadata(int dir_fd, struct tt_ctf_trace *trace, bool *out_has_magic, bool *out_is_lttng)
{
    size_t size;
    unsigned char *bytes = read_metadata(dir_fd, trace, &size);
    if (!bytes)
        return;
    uint32_t magic = size >= sizeof magic ? read_u32(bytes, false) : 0;
    ssize_t length = (ssize_t)size;
    if (magic == METADATA_MAGIC || magic == __builtin_bswap32(METADATA_MAGIC))
        length = unpack(bytes, size, trace);
    else if (size < 8)
        judge(trace, TT_CTF_CUT, "its metadata is cut short: %zu bytes are there" IF_IT_RUNS, size);
    else if (memcmp(bytes, "/* CTF 1", 8) != 0)
        judge(trace, TT_CTF_DAMAGED, "its metadata is not that of a trace in the Common Trace Format 1.8");
    const char *text = (const char *)bytes;
    if (trace->verdict != TT_CTF_GOOD) {
        free(bytes);
        return;
    }
    if (strlen(text) != (size_t)length)
        judge(trace, TT_CTF_DAMAGED, "its metadata is no text");
    else if (!is_complete(text))
        judge(trace, TT_CTF_CUT, "its metadata is cut short: a statement does not end" IF_IT_RUNS);
    else if (!strstr(text, PROVIDER))
        trace->verdict = TT_CTF_FOREIGN;
    *out_has_magic = strstr(text, "magic;") != NULL;
    *out_is_lttng = strstr(text, "tracer_name = \"lttng-ust\"") != NULL;
    free(bytes);
}

/* ---------------------------------------------------------------------------------------------------------- streams */

static void look_at_stream(int dir_fd, const char *name, bool has_magic, bool is_lttng, struct tt_ctf_trace *trace)
{
    struct stat status;
    unsigned char magic[4];
    if (fstatat(dir_fd, name, &status, 0) < 0 || !S_ISREG(status.st_mode))
        return; /* a folder, as that of indexes */
    trace->stream_count++;
    trace->bytes += (uint64_t)status.st_size;
    if (status.st_size == 0)
        return; /* a processor on which nothing happened */
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = fd >= 0 ? read(fd, magic, sizeof magic) : -1;
    if (got < 0)
        judge(trace, TT_CTF_UNREADABLE, "its stream file %s cannot be read: %s", name, strerror(errno));
    else if (has_magic &&
             (got < 4 || (read_u32(magic, false) != STREAM_MAGIC && read_u32(magic, true) != STREAM_MAGIC)))
        judge(trace, TT_CTF_DAMAGED, "its stream file %s does not begin as one", name);
    else if (has_magic && is_lttng)
        trace->cut_count += tt__ctf_complete_bytes(fd, (uint64_t)status.st_size) < (uint64_t)status.st_size;
    if (fd >= 0)
        close(fd);
}

void tt_ctf_look(const char *path, struct tt_ctf_trace *out_trace)
{
    bool has_magic = false, is_lttng = false;
    memset(out_trace, 0, sizeof *out_trace);
    snprintf(out_trace->path, sizeof out_trace->path, "%s", path);
    int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = dir_fd >= 0 ? fdopendir(dir_fd) : NULL;
    if (!dir) {
        judge(out_trace, TT_CTF_UNREADABLE, "it cannot be read: %s", strerror(errno));
        if (dir_fd >= 0)
            close(dir_fd);
        return;
    }
    look_at_metadata(dir_fd, out_trace, &has_magic, &is_lttng);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && out_trace->verdict <= TT_CTF_FOREIGN;)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "metadata") != 0)
            look_at_stream(dir_fd, entry->d_name, has_magic && out_trace->verdict == TT_CTF_GOOD, is_lttng, out_trace);
    closedir(dir);
}

/* ---------------------------------------------------------------------------------------------------------- finding */

static int add(struct tt_ctf_list *list, const char *path)
{
    if (list->count == TT_CTF_TRACES_MAX)
        return -E2BIG;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        struct tt_ctf_trace *traces = reallocarray(list->traces, capacity, sizeof *traces);
        if (!traces)
            return -ENOMEM;
        list->traces = traces;
        list->capacity = capacity;
    }
    tt_ctf_look(path, &list->traces[list->count++]);
    return 0;
}

/* Looks into the folder PATH, whose buffer is used for what is below it. */
static int search(char path[PATH_MAX], unsigned depth, struct tt_ctf_list *list)
{
    size_t length = strlen(path);
    struct stat status;
    struct dirent **entries;
    int result = 0;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0)
        return -errno;
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        bool fits = snprintf(path + length, PATH_MAX - length, "/%s", name) < (int)(PATH_MAX - length);
        bool is_hidden = name[0] == '.';
        if (result == 0 && fits && strcmp(name, "metadata") == 0) {
            path[length] = '\0';
            result = add(list, path);
        } else if (result == 0 && fits && !is_hidden && depth < TT_CTF_DEPTH_MAX && lstat(path, &status) == 0 &&
                   S_ISDIR(status.st_mode)) {
            result = search(path, depth + 1, list);
        }
        free(entries[i]);
    }
    free(entries);
    path[length] = '\0';
    return result;
}

int tt_ctf_find(const char *path, struct tt_ctf_list *list)
{
    char buffer[PATH_MAX];
    size_t length = strlen(path);
    if (length >= sizeof buffer)
        return -ENAMETOOLONG;
    memcpy(buffer, path, length + 1);
    while (length > 1 && buffer[length - 1] == '/')
        buffer[--length] = '\0';
    return search(buffer, 0, list);
}

void tt_ctf_list_finish(struct tt_ctf_list *list)
{
    free(list->traces);
    memset(list, 0, sizeof *list);
}
