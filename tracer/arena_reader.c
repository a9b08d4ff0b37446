/* arena_reader.c: see arena_reader.h. */
#include "arena_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process_identity.h"

/* Bounds for what a header may say: far above what writers make, small enough that no sum of them overflows. */
#define FILE_BYTES_MAX (UINT64_C(1) << 46)
#define RINGS_LIMIT    4096u
#define SEQLOCK_TRIES  16

/* ------------------------------------------------------------------------------------------------- opening an arena */

static void copy_text(char *to, size_t to_size, const char *from, size_t from_size)
{
    size_t length = strnlen(from, from_size < to_size ? from_size : to_size - 1);
    memcpy(to, from, length);
    to[length] = '\0';
}

/* Whether [OFFSET, OFFSET + BYTES) lies in a file of FILE_BYTES behind the header, aligned to ALIGNMENT. */
static bool is_inside(uint64_t offset, uint64_t bytes, uint64_t file_bytes, uint64_t alignment)
{
    return offset >= TT_ARENA_HEADER_BYTES && offset % alignment == 0 && offset <= file_bytes &&
           bytes <= file_bytes - offset;
}

/* Copies and checks what the header says. Returns NULL, or why it makes no sense. */
static const char *copy_header(struct tt__arena_reader *reader, uint64_t file_bytes)
{
    const volatile struct tt_arena_header *shared = (const volatile struct tt_arena_header *)(void *)reader->base;
    struct tt_arena_header header;
    memcpy(&header, (const void *)(uintptr_t)shared, sizeof header);

    if (header.version != TT_ARENA_VERSION || header.header_bytes != TT_ARENA_HEADER_BYTES)
        return "of another version";
    if (header.file_bytes > file_bytes)
        return "cut";
    if (header.clock != TT_ARENA_CLOCK_MONOTONIC && header.clock != TT_ARENA_CLOCK_TSC)
        return "of an unknown clock";
    if (!is_inside(header.dictionary_offset, header.dictionary_bytes, header.file_bytes, 8) ||
        header.board_slots > FILE_BYTES_MAX / sizeof(struct tt_board_slot) ||
        !is_inside(header.board_offset, header.board_slots * sizeof(struct tt_board_slot), header.file_bytes, 64))
        return "of a layout that makes no sense";
    if (header.ring_bytes < TT_RING_BYTES_MIN || header.ring_bytes > TT_RING_BYTES_MAX ||
        (header.ring_bytes & (header.ring_bytes - 1)) != 0 ||
        header.ring_stride < header.ring_bytes + TT_RING_HEAD_BYTES || header.ring_stride > 2 * TT_RING_BYTES_MAX ||
        header.ring_count_max > RINGS_LIMIT ||
        !is_inside(header.rings_offset, header.ring_count_max * header.ring_stride, header.file_bytes, 64) ||
        header.ring_stride % 64 != 0)
        return "of rings that make no sense";
    if (header.description_offset < sizeof header || header.description_offset > TT_ARENA_HEADER_BYTES ||
        header.description_bytes > TT_ARENA_HEADER_BYTES - header.description_offset)
        return "of a description that makes no sense";

    memcpy(reader->process_uuid, header.process_uuid, sizeof reader->process_uuid);
    memcpy(reader->boot_id, header.boot_id, sizeof reader->boot_id);
    reader->pid = header.pid;
    reader->parent_pid = header.parent_pid;
    reader->categories = header.categories;
    reader->selected_categories = header.selected_categories;
    reader->ring_policy = header.ring_policy;
    reader->block_ms = header.block_ms;
    reader->step_every = header.step_every;
    reader->is_redacted = header.redacts != 0;
    reader->uid = header.uid;
    reader->clock = header.clock;
    reader->start_ticks = header.start_ticks;
    reader->pid_namespace = header.pid_namespace;
    reader->time_namespace = header.time_namespace;
    copy_text(reader->host, sizeof reader->host, header.host, sizeof header.host);
    copy_text(reader->program, sizeof reader->program, header.program, sizeof header.program);
    copy_text(reader->command, sizeof reader->command, header.command, sizeof header.command);
    reader->dictionary_offset = header.dictionary_offset;
    reader->dictionary_bytes = header.dictionary_bytes;
    reader->board_offset = header.board_offset;
    reader->board_slots = header.board_slots;
    reader->rings_offset = header.rings_offset;
    reader->ring_stride = header.ring_stride;
    reader->ring_slots = header.ring_bytes / TT_SLOT_BYTES;
    reader->ring_count_max = header.ring_count_max;
    reader->description = (const char *)reader->base + header.description_offset;
    reader->description_length = header.description_bytes;
    return NULL;
}

/* Opens the file: only regular ones of this user. Returns the descriptor or -1, errno set. */
static int open_own_file(int dir_fd, const char *name, struct stat *out_stat, bool *out_can_write)
{
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    int fd = openat(dir_fd, name, O_RDWR | flags);
    *out_can_write = fd >= 0;
    if (fd < 0 && (errno == EACCES || errno == EROFS))
        fd = openat(dir_fd, name, O_RDONLY | flags);
    if (fd < 0)
        return -1;
    if (fstat(fd, out_stat) == 0 && S_ISREG(out_stat->st_mode) && out_stat->st_uid == geteuid())
        return fd;
    close(fd);
    errno = EPERM;
    return -1;
}

enum tt__arena_open_result tt__arena_open(int dir_fd, const char *name, struct tt__arena_reader *out_reader,
                                          const char **out_reason)
{
    struct tt__arena_reader reader = {.fd = -1};
    struct stat stat;
    *out_reason = NULL;
    int fd = open_own_file(dir_fd, name, &stat, &reader.can_write);
    if (fd < 0) {
        if (errno == ENOENT || errno == EMFILE || errno == ENFILE || errno == ENOMEM)
            return TT__ARENA_NO_ROOM;
        *out_reason = "not a regular file of this user";
        return TT__ARENA_REFUSED;
    }
    if (stat.st_size < (off_t)TT_ARENA_HEADER_BYTES) {
        close(fd);
        return TT__ARENA_NOT_READY;
    }
    if ((uint64_t)stat.st_size > FILE_BYTES_MAX) {
        close(fd);
        *out_reason = "too large";
        return TT__ARENA_REFUSED;
    }
    reader.mapped_bytes = (uint64_t)stat.st_size;
    reader.device = stat.st_dev;
    reader.inode = stat.st_ino;
    void *base = mmap(NULL, reader.mapped_bytes, PROT_READ | (reader.can_write ? PROT_WRITE : 0),
                      MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == MAP_FAILED) {
        close(fd);
        return TT__ARENA_NO_ROOM;
    }
    reader.base = base;
    uint64_t magic = __atomic_load_n(&((struct tt_arena_header *)base)->magic, __ATOMIC_ACQUIRE);
    if (magic == TT_ARENA_MAGIC)
        *out_reason = copy_header(&reader, reader.mapped_bytes);
    else if (magic != 0)
        *out_reason = "no arena";
    if (magic == TT_ARENA_MAGIC && !*out_reason) {
        if (tt__namespaces_are_ours(reader.pid_namespace, reader.time_namespace))
            close(fd);
        else
            reader.fd = fd;
        *out_reader = reader;
        return TT__ARENA_OPENED;
    }
    munmap(base, reader.mapped_bytes);
    close(fd);
    return magic == 0 ? TT__ARENA_NOT_READY : TT__ARENA_REFUSED;
}

void tt__arena_close(struct tt__arena_reader *reader)
{
    if (reader->base)
        munmap(reader->base, reader->mapped_bytes);
    if (reader->base && reader->fd >= 0)
        close(reader->fd);
    reader->base = NULL;
}

struct tt_arena_header *tt__arena_header(const struct tt__arena_reader *reader)
{
    return (struct tt_arena_header *)(void *)reader->base;
}

uint32_t tt__arena_ring_count(const struct tt__arena_reader *reader)
{
    uint32_t count = atomic_load_explicit(&tt__arena_header(reader)->ring_count, memory_order_acquire);
    return count < reader->ring_count_max ? count : (uint32_t)reader->ring_count_max;
}

struct tt_ring *tt__arena_ring(const struct tt__arena_reader *reader, uint32_t index)
{
    return (struct tt_ring *)(void *)(reader->base + reader->rings_offset + index * reader->ring_stride);
}

bool tt__arena_overwrites(const struct tt__arena_reader *reader)
{
    const struct tt_arena_header *header = tt__arena_header(reader);
    return __atomic_load_n(&header->overwrite_oldest, __ATOMIC_RELAXED) != 0 ||
           atomic_load_explicit(&header->is_read_anew, memory_order_relaxed) != 0;
}

void tt__arena_read_anew(const struct tt__arena_reader *reader)
{
    for (uint32_t i = 0; i < tt__arena_ring_count(reader); i++)
        if (atomic_load_explicit(&tt__arena_ring(reader, i)->tail, memory_order_relaxed) != 0)
            atomic_store_explicit(&tt__arena_header(reader)->is_read_anew, 1, memory_order_relaxed);
}

bool tt__arena_clock(const struct tt__arena_reader *reader, bool is_last, struct tt__clock_reading *out_reading)
{
    struct tt_arena_header *header = tt__arena_header(reader);
    struct tt_clock_pair *pair = is_last ? &header->clock_last : &header->clock_first;
    for (int i = 0; i < SEQLOCK_TRIES; i++) {
        uint32_t before = atomic_load_explicit(&pair->sequence, memory_order_acquire);
        struct tt__clock_reading reading = {
            atomic_load_explicit(&pair->ticks, memory_order_relaxed),
            (int64_t)atomic_load_explicit(&pair->monotonic_ns, memory_order_relaxed),
            (int64_t)atomic_load_explicit(&pair->realtime_ns, memory_order_relaxed),
            (int64_t)atomic_load_explicit(&pair->boottime_ns, memory_order_relaxed),
        };
        atomic_thread_fence(memory_order_acquire);
        uint32_t after = atomic_load_explicit(&pair->sequence, memory_order_relaxed);
        if (before != 0 && (before & 1) == 0 && before == after) {
            *out_reading = reading;
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------------ dictionary */

bool tt__arena_next_definition(const struct tt__arena_reader *reader, uint64_t *position,
                               struct tt__definition *out_definition)
{
    uint64_t used = atomic_load_explicit(&tt__arena_header(reader)->dictionary_used, memory_order_acquire);
    uint64_t end = used < reader->dictionary_bytes ? used : reader->dictionary_bytes;
    if (*position > end || end - *position < TT_DEFINITION_BYTES)
        return false;
    const unsigned char *at = reader->base + reader->dictionary_offset + *position;
    uint32_t length = __atomic_load_n((const uint32_t *)(const void *)at, __ATOMIC_ACQUIRE);
    struct tt__definition definition = {0};
    memcpy(&definition.line, at + 4, 4);
    memcpy(&definition.id, at + 8, 8);
    memcpy(&definition.file_length, at + 16, 2);
    memcpy(&definition.func_length, at + 18, 2);
    memcpy(&definition.text_length, at + 20, 2);
    uint64_t needed =
        TT_DEFINITION_BYTES + (uint64_t)definition.file_length + definition.func_length + definition.text_length;
    /* Length 0: not complete (yet), or a hole that ends what can be read. */
    if (length == 0 || length % 8 != 0 || length < needed || length > end - *position)
        return false;
    definition.file = (const char *)at + TT_DEFINITION_BYTES;
    definition.func = definition.file + definition.file_length;
    definition.text = definition.func + definition.func_length;
    *position += length;
    *out_definition = definition;
    return true;
}

/* --------------------------------------------------------------------------------------------------------- records */

static const struct tt_slot *slot_at(const struct tt__arena_reader *reader, const struct tt_ring *ring,
                                     uint64_t position)
{
    const unsigned char *slots = (const unsigned char *)ring + TT_RING_HEAD_BYTES;
    return (const struct tt_slot *)(const void *)(slots + (position & (reader->ring_slots - 1)) * TT_SLOT_BYTES);
}

static uint64_t load_commit(const struct tt__arena_reader *reader, const struct tt_ring *ring, uint64_t position)
{
    return atomic_load_explicit(&slot_at(reader, ring, position)->commit, memory_order_acquire);
}

/* Whether the record of SLOTS slots at POSITION stands there whole. */
static bool is_whole(const struct tt__arena_reader *reader, const struct tt_ring *ring, uint64_t position,
                     unsigned slots)
{
    for (unsigned i = 0; i < slots; i++)
        if (load_commit(reader, ring, position + i) != tt_commit_word(position + i, i == 0))
            return false;
    return true;
}

/* Whether slots at POSITION may have been overwritten while they were copied. Commit words do not tell: they are what is
 * written last. Before it writes, a writer moves head, and fences. */
static bool is_overwritten(const struct tt__arena_reader *reader, const struct tt_ring *ring, uint64_t position)
{
    atomic_thread_fence(memory_order_acquire);
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    return head > position && head - position > reader->ring_slots;
}

static void copy_record(const struct tt__arena_reader *reader, const struct tt_ring *ring, uint64_t position,
                        struct tt__record *out)
{
    const struct tt_slot *head = slot_at(reader, ring, position);
    memcpy(out->payload, head->payload, TT_SLOT_HEAD_PAYLOAD);
    unsigned char *to = out->payload + TT_SLOT_HEAD_PAYLOAD;
    for (unsigned i = 1; i < out->slots; i++, to += TT_SLOT_MORE_PAYLOAD)
        memcpy(to, (const unsigned char *)slot_at(reader, ring, position + i) + TT_SLOT_MORE_PAYLOAD_OFFSET,
               TT_SLOT_MORE_PAYLOAD);
    out->length = (uint16_t)(to - out->payload);
}

enum tt__ring_read tt__arena_next_record(const struct tt__arena_reader *reader, const struct tt_ring *ring,
                                         uint64_t *position, uint64_t limit, bool is_alive,
                                         struct tt__record *out_record)
{
    bool overwrites = tt__arena_overwrites(reader);
    while (*position < limit) {
        if (limit - *position > reader->ring_slots) /* overwritten, or a head that makes no sense */
            *position = limit - reader->ring_slots;
        const struct tt_slot *head = slot_at(reader, ring, *position);
        uint64_t commit = load_commit(reader, ring, *position);
        if (commit == tt_commit_word(*position, 1)) {
            out_record->time = head->time;
            out_record->attempt = head->attempt;
            out_record->event = head->event;
            out_record->slots = head->slots;
            bool is_sound = out_record->slots > 0 && out_record->slots <= limit - *position &&
                            is_whole(reader, ring, *position, out_record->slots);
            if (is_sound) {
                copy_record(reader, ring, *position, out_record);
                if (!overwrites || !is_overwritten(reader, ring, *position)) {
                    *position += out_record->slots;
                    return TT__RING_RECORD;
                }
            }
            ++*position; /* damaged, or overwritten while it was copied */
        } else if (is_alive && commit < tt_commit_word(*position, 0)) {
            return TT__RING_BUSY;
        } else {
            ++*position; /* a hole, or what follows the missing head of one, or overwritten */
        }
    }
    return TT__RING_END;
}

/* ----------------------------------------------------------------------------------------------------------- board */

uint32_t tt__arena_board_used(const struct tt__arena_reader *reader)
{
    uint32_t used = atomic_load_explicit(&tt__arena_header(reader)->board_used, memory_order_acquire);
    return used < reader->board_slots ? used : (uint32_t)reader->board_slots;
}

bool tt__arena_read_board(const struct tt__arena_reader *reader, uint32_t index, uint32_t *sequence,
                          struct tt_board_slot *out_slot)
{
    const struct tt_board_slot *slot =
        (const struct tt_board_slot *)(const void *)(reader->base + reader->board_offset) + index;
    for (int i = 0; i < SEQLOCK_TRIES; i++) {
        uint32_t before = atomic_load_explicit(&slot->sequence, memory_order_acquire);
        if (before == *sequence)
            return false;
        if ((before & 1) != 0)
            continue;
        memcpy((void *)out_slot, (const void *)slot, sizeof *slot);
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&slot->sequence, memory_order_relaxed) == before) {
            *sequence = before;
            out_slot->name[sizeof out_slot->name - 1] = '\0';
            return true;
        }
    }
    return false;
}
