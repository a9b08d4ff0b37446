/* identity.c: who this process is, as far as the kernel tells. Reads with plain system calls into memory of the
 * caller, so that a forked child can call it at its first event. What cannot be read stays empty or 0.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "nanoseconds.h"

#define STAT_FIELD_AFTER_NAME 3 /* the field that follows the name in parentheses */
#define STAT_FIELD_START_TIME 22

/* Reads up to SIZE - 1 bytes of the file at PATH and a NUL; returns how many, 0 when there are none. */
static size_t read_file(const char *path, char *out, size_t size)
{
    size_t length = 0;
    out[0] = '\0';
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (length < size - 1) {
        ssize_t got = read(fd, out + length, size - 1 - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    close(fd);
    out[length] = '\0';
    return length;
}

static uint64_t read_start_ticks(void)
{
    char text[1024];
    read_file("/proc/self/stat", text, sizeof text);
    const char *at = strrchr(text, ')'); /* the name may hold anything */
    for (int field = STAT_FIELD_AFTER_NAME; at && field <= STAT_FIELD_START_TIME; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_boot_id(uint8_t out[16])
{
    char text[64];
    int count = 0;
    read_file("/proc/sys/kernel/random/boot_id", text, sizeof text);
    memset(out, 0, 16);
    for (const char *at = text; *at && count < 32; at++) {
        int digit = hex_digit(*at);
        if (digit < 0)
            continue;
        out[count / 2] = (uint8_t)(out[count / 2] << 4 | digit);
        count++;
    }
}

static uint64_t read_namespace(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (uint64_t)status.st_ino : 0;
}

/* The number in TEXT behind NAME, nanoseconds; two words in a line of /proc/self/timens_offsets. */
static int64_t read_offset(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    char *end;
    if (!at)
        return 0;
    int64_t seconds = strtoll(at + strlen(name), &end, 10), ns;
    return __builtin_mul_overflow(seconds, INT64_C(1000000000), &ns) ? 0 : tt__ns_add(ns, strtoll(end, NULL, 10));
}

/* How far the clocks of this process's time namespace are ahead of the machine's. The kernel tells it of the namespace in which children
 * begin; of one who has made that for them alone nothing is known. */
static void read_time_offsets(int64_t *out_monotonic_ns, int64_t *out_boottime_ns)
{
    char text[256];
    *out_monotonic_ns = *out_boottime_ns = 0;
    if (read_namespace("/proc/self/ns/time") != read_namespace("/proc/self/ns/time_for_children"))
        return;
    read_file("/proc/self/timens_offsets", text, sizeof text);
    *out_monotonic_ns = read_offset(text, "monotonic");
    *out_boottime_ns = read_offset(text, "boottime");
}

static void copy_text(char *out, size_t size, const char *text)
{
    size_t length = tt__text_cut(text, size - 1);
    memcpy(out, text, length);
    out[length] = '\0';
}

static void read_command(char *out, size_t size)
{
    char text[2048];
    size_t length = read_file("/proc/self/cmdline", text, sizeof text);
    while (length > 0 && text[length - 1] == '\0')
        length--;
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = ' ';
    text[length] = '\0';
    copy_text(out, size, text);
}

void tt__identity_fill(struct tt_arena_header *header)
{
    struct utsname names;
    char program[PATH_MAX];
    header->pid = (uint32_t)getpid();
    header->parent_pid = (uint32_t)getppid();
    header->uid = (uint32_t)geteuid();
    header->start_ticks = read_start_ticks();
    read_boot_id(header->boot_id);
    header->pid_namespace = read_namespace("/proc/self/ns/pid");
    header->time_namespace = read_namespace("/proc/self/ns/time");
    if (uname(&names) == 0)
        copy_text(header->host,
                  sizeof names.nodename < sizeof header->host ? sizeof names.nodename : sizeof header->host,
                  names.nodename);
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    copy_text(header->program, sizeof header->program, program);
    read_command(header->command, sizeof header->command);
}

static uint64_t number_of(const uint8_t bytes[8])
{
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | bytes[i];
    return number;
}

void tt__identity_tell(const struct tt_arena_header *identity, struct tt_event_process_started *out)
{
    int64_t monotonic_ahead_ns, boottime_ahead_ns;
    read_time_offsets(&monotonic_ahead_ns, &boottime_ahead_ns);
    *out = (struct tt_event_process_started){
        .pid = identity->pid,
        .parent_pid = identity->parent_pid,
        .realtime_ns = tt__clock_read_ns(CLOCK_REALTIME),
        .monotonic_ns = tt__clock_read_ns(CLOCK_MONOTONIC),
        .boottime_ns = tt__clock_read_ns(CLOCK_BOOTTIME),
        .host = identity->host,
        .program = identity->program,
        .command = identity->command,
        .uuid_low = number_of(identity->process_uuid),
        .uuid_high = number_of(identity->process_uuid + 8),
        .boot_id_low = number_of(identity->boot_id),
        .boot_id_high = number_of(identity->boot_id + 8),
        .start_ticks = identity->start_ticks,
        .uid = identity->uid,
        .monotonic_ahead_ns = (uint64_t)monotonic_ahead_ns,
        .boottime_ahead_ns = (uint64_t)boottime_ahead_ns,
    };
}
