/* arena_decoder.c: see arena_decoder.h. */
#include "arena_decoder.h"

#include "harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

bool arena_open(const char *path, struct arena *out)
{
    struct stat status;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    out->bytes = (size_t)status.st_size;
    out->base = mmap(NULL, out->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(out->base, MAP_FAILED);
    close(fd);
    out->header = (struct tt_arena_header *)(void *)out->base;
    if (__atomic_load_n(&out->header->magic, __ATOMIC_ACQUIRE) != TT_ARENA_MAGIC) {
        arena_close(out);
        return false;
    }
    assert_int_equal(out->header->version, TT_ARENA_VERSION);
    assert_int_equal(out->header->header_bytes, TT_ARENA_HEADER_BYTES);
    assert_int_equal(out->header->file_bytes, out->bytes);
    return true;
}

void arena_close(struct arena *arena)
{
    munmap(arena->base, arena->bytes);
    arena->base = NULL;
}

bool arena_find(const char *dir, long pid, const char *skip, char *out, size_t size)
{
    char prefix[32];
    snprintf(prefix, sizeof prefix, "%ld-", pid);
    DIR *stream = opendir(dir);
    assert_non_null(stream);
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(stream)) != NULL;) {
        size_t length = strlen(entry->d_name);
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
            length != strlen(prefix) + 8 + strlen(TT_ARENA_SUFFIX))
            continue;
        assert_string_equal(entry->d_name + length - strlen(TT_ARENA_SUFFIX), TT_ARENA_SUFFIX);
        assert_true((size_t)snprintf(out, size, "%s/%s", dir, entry->d_name) < size);
        found = !skip || strcmp(skip, out) != 0;
    }
    closedir(stream);
    return found;
}

struct tt_ring *arena_ring(const struct arena *arena, uint32_t index)
{
    assert_true(index < arena->header->ring_count_max);
    return (struct tt_ring *)(void *)(arena->base + arena->header->rings_offset + index * arena->header->ring_stride);
}

static const unsigned char *slot_at(const struct arena *arena, uint32_t ring, uint64_t position)
{
    struct tt_ring *head = arena_ring(arena, ring);
    return (const unsigned char *)head + 4096 + position % head->slot_count * 64;
}

static uint64_t commit_at(const struct arena *arena, uint32_t ring, uint64_t position)
{
    return __atomic_load_n((const uint64_t *)(const void *)slot_at(arena, ring, position), __ATOMIC_ACQUIRE);
}

uint64_t arena_first_position(const struct arena *arena, uint32_t ring)
{
    struct tt_ring *head = arena_ring(arena, ring);
    uint64_t end = atomic_load(&head->head), tail = atomic_load(&head->tail);
    uint64_t first = end > head->slot_count ? end - head->slot_count : 0;
    return first > tail ? first : tail;
}

int arena_next(const struct arena *arena, uint32_t ring, uint64_t *position, bool writer_is_gone,
               struct arena_record *out)
{
    struct tt_ring *head = arena_ring(arena, ring);
    uint64_t end = atomic_load_explicit(&head->head, memory_order_acquire), at = *position;
    if (at >= end)
        return 0;
    const unsigned char *slot = slot_at(arena, ring, at);
    bool is_whole = commit_at(arena, ring, at) == ((at + 1) << 1 | 1);
    unsigned count = is_whole ? slot[22] : 1;
    for (unsigned i = 1; i < count; i++)
        is_whole = is_whole && commit_at(arena, ring, at + i) == (at + i + 1) << 1;
    if (!is_whole || count == 0 || at + count > end) {
        *position = at + writer_is_gone;
        return writer_is_gone ? -1 : 0;
    }

    out->ring = ring;
    out->position = at;
    memcpy(&out->time, slot + 8, 8);
    memcpy(&out->attempt, slot + 16, 4);
    memcpy(&out->event, slot + 20, 2);
    assert_int_equal(slot[23], 0);
    memcpy(out->payload, slot + 24, 40);
    for (unsigned i = 1; i < count; i++)
        memcpy(out->payload + 40 + (i - 1) * 56, slot_at(arena, ring, at + i) + 8, 56);
    out->size = 40 + (count - 1) * 56;
    out->tid = 0;
    if (ring == 0) {
        memcpy(&out->tid, out->payload, 4);
        out->size -= 4;
        memmove(out->payload, out->payload + 4, out->size);
    }
    *position = at + count;
    return 1;
}

struct arena_count arena_count_ring(const struct arena *arena, uint32_t ring)
{
    struct tt_ring *head = arena_ring(arena, ring);
    struct arena_count count = {
        0, 0, atomic_load(&head->attempts), atomic_load(&head->drops), atomic_load(&head->vital_drops), 0};
    struct arena_record record;
    uint64_t position = arena_first_position(arena, ring);
    uint32_t expected = 0;
    for (int got; (got = arena_next(arena, ring, &position, true, &record)) != 0;) {
        if (got < 0) {
            count.holes++;
            continue;
        }
        if (ring != 0) { /* in the emergency ring numbers and positions are drawn apart */
            assert_true(record.attempt - expected < UINT32_MAX / 2);
            count.missing += record.attempt - expected;
            expected = record.attempt + 1;
        }
        count.records++;
    }
    return count;
}

uint64_t arena_drain(const struct arena *arena, void (*on_record)(const struct arena_record *record, void *argument),
                     void *argument)
{
    uint64_t count = 0;
    uint32_t ring_count = atomic_load_explicit(&arena->header->ring_count, memory_order_acquire);
    for (uint32_t i = 0; i < ring_count; i++) {
        struct tt_ring *ring = arena_ring(arena, i);
        struct arena_record record;
        if (__atomic_load_n(&ring->slot_count, __ATOMIC_ACQUIRE) == 0)
            continue;
        bool is_detached = atomic_load_explicit(&ring->is_detached, memory_order_acquire) == 1;
        uint64_t position = atomic_load_explicit(&ring->tail, memory_order_relaxed);
        while (arena_next(arena, i, &position, false, &record) > 0) {
            on_record(&record, argument);
            count++;
        }
        atomic_store_explicit(&ring->tail, position, memory_order_release);
        if (is_detached && position == atomic_load(&ring->head) && atomic_load(&ring->is_drained) == 0)
            atomic_store_explicit(&ring->is_drained, 1, memory_order_release);
    }
    return count;
}

/* ----------------------------------------------------------------------------------------------- the description */

static const char *description(const struct arena *arena)
{
    static char text[TT_ARENA_HEADER_BYTES + 1];
    assert_true(arena->header->description_offset + arena->header->description_bytes <= TT_ARENA_HEADER_BYTES);
    memcpy(text, arena->base + arena->header->description_offset, arena->header->description_bytes);
    text[arena->header->description_bytes] = '\0';
    return text;
}

uint16_t arena_event(const struct arena *arena, const char *name)
{
    unsigned number;
    char found[64];
    for (const char *line = description(arena); line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (sscanf(line, "event %u %63s", &number, found) == 2 && strcmp(found, name) == 0)
            return (uint16_t)number;
    fail_msg("no event %s is described", name);
    return 0;
}

static size_t width_of(const char *kind, const unsigned char *at)
{
    static const struct {
        const char *name;
        size_t width;
    } kinds[] = {{"u8", 1}, {"u16", 2}, {"u32", 4}, {"u64", 8}, {"i32", 4}, {"id", 8}, {"ticks", 8}, {"site", 8}};
    if (strncmp(kind, "word:", 5) == 0)
        return 1;
    if (strncmp(kind, "text:", 5) == 0) {
        uint16_t length;
        memcpy(&length, at, 2);
        return 2u + length;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].name, kind) == 0)
            return kinds[i].width;
    fail_msg("no kind of field is called %s", kind);
    return 0;
}

/* Where a field of a record is, and its kind. */
static const unsigned char *find_field(const struct arena *arena, const struct arena_record *record, const char *field,
                                       char kind[64], size_t *out_width)
{
    unsigned number;
    int consumed;
    char name[64], category[64];
    for (const char *line = description(arena); line && *line;
         line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (sscanf(line, "event %u %63s %63s%n", &number, name, category, &consumed) != 3 || number != record->event)
            continue;
        const unsigned char *at = record->payload;
        for (line += consumed; sscanf(line, " %63[^: \n]:%63[^ \n]%n", name, kind, &consumed) == 2; line += consumed) {
            *out_width = width_of(kind, at);
            assert_true(at + *out_width <= record->payload + record->size);
            if (strcmp(name, field) == 0)
                return at;
            at += *out_width;
            if (line[consumed] == '\n')
                break;
        }
    }
    fail_msg("event %u has no field %s", record->event, field);
    return NULL;
}

uint64_t arena_number(const struct arena *arena, const struct arena_record *record, const char *field)
{
    char kind[64];
    size_t width;
    uint64_t number = 0;
    const unsigned char *at = find_field(arena, record, field, kind, &width);
    assert_true(width <= 8 && strncmp(kind, "text:", 5) != 0);
    memcpy(&number, at, width);
    return number;
}

void arena_text(const struct arena *arena, const struct arena_record *record, const char *field, char out[2048])
{
    char kind[64];
    size_t width;
    const unsigned char *at = find_field(arena, record, field, kind, &width);
    assert_int_equal(strncmp(kind, "text:", 5), 0);
    assert_true(width < 2048 && width - 2 <= strtoul(kind + 5, NULL, 10));
    memcpy(out, at + 2, width - 2);
    out[width - 2] = '\0';
}

/* ------------------------------------------------------------------------------------------------- the dictionary */

static void copy_part(char out[1024], const unsigned char **text, uint16_t length)
{
    assert_true(length < 1024);
    memcpy(out, *text, length);
    out[length] = '\0';
    *text += length;
}

/* Goes through the definitions; returns how many have ID, and the first of them. */
static uint64_t scan_dictionary(const struct arena *arena, uint64_t id, struct arena_place *out)
{
    const unsigned char *start = arena->base + arena->header->dictionary_offset;
    uint64_t used = atomic_load(&arena->header->dictionary_used), count = 0;
    assert_true(used <= arena->header->dictionary_bytes);
    for (uint64_t at = 0; at + TT_DEFINITION_BYTES <= used;) {
        const unsigned char *definition = start + at, *text = definition + TT_DEFINITION_BYTES;
        uint32_t length = __atomic_load_n((const uint32_t *)(const void *)definition, __ATOMIC_ACQUIRE);
        uint64_t found;
        uint16_t lengths[3];
        if (length == 0)
            break;
        memcpy(&found, definition + 8, 8);
        memcpy(lengths, definition + 16, sizeof lengths);
        assert_int_equal(length % 8, 0);
        assert_int_equal(length, (TT_DEFINITION_BYTES + lengths[0] + lengths[1] + lengths[2] + 7) / 8 * 8);
        at += length;
        if (id != UINT64_MAX && found != id)
            continue;
        if (count++ == 0 && out) {
            memcpy(&out->line, definition + 4, 4);
            copy_part(out->file, &text, lengths[0]);
            copy_part(out->func, &text, lengths[1]);
            copy_part(out->text, &text, lengths[2]);
        }
    }
    return count;
}

bool arena_place(const struct arena *arena, uint64_t id, struct arena_place *out)
{
    return scan_dictionary(arena, id, out) != 0;
}

uint64_t arena_count_definitions(const struct arena *arena, uint64_t id)
{
    return scan_dictionary(arena, id, NULL);
}
