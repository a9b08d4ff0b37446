/* arena.c: makes, maps and gives up the file that a traced process writes. The format: arena.h.
 *
 * The file is mapped once and its descriptor closed, so that nothing the program does with descriptors, folders or
 * users can harm it. It is sparse; memory comes by MADV_POPULATE_WRITE, which says that a disk is full where a plain
 * store would end the program with SIGBUS.
 *
 * Threads: under the lock of start.c, populate and retire apart. Nothing here allocates, so that a forked child can
 * make an arena at its first event, wherever that is.
 */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define DESCRIPTION_OFFSET 4096u
#define PAGE_BYTES_USUAL   4096u

static struct tt__life no_life;
_Atomic(struct tt__life *) tt__life_page = &no_life;

/* The mapping of this process, or, after a fork, the one that it has inherited. */
static struct {
    void *start;
    size_t bytes;
} mapped;

/* That of the process that this one was forked from, until this one has an arena or is told that it can have none; NULL: none. */
static struct tt_arena_header *parent;

int tt__life_prepare(void)
{
    if (tt__life() != &no_life)
        return 0;
    size_t bytes = sizeof(struct tt__life);
    void *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -ENOMEM;
    /* Where the kernel cannot do this, the handler of pthread_atfork in start.c still can, raw clones apart. */
    (void)madvise(page, bytes, MADV_WIPEONFORK);
    struct tt__life *expected = &no_life;
    if (!atomic_compare_exchange_strong(&tt__life_page, &expected, (struct tt__life *)page))
        munmap(page, bytes); /* another thread was first */
    return 0;
}

int tt__arena_populate(void *start, uint64_t bytes)
{
    static _Atomic uintptr_t page_bytes;
    uintptr_t page = atomic_load_explicit(&page_bytes, memory_order_relaxed);
    int error = errno;
    if (page == 0) {
        long size = sysconf(_SC_PAGESIZE);
        page = size > 0 ? (uintptr_t)size : PAGE_BYTES_USUAL;
        atomic_store_explicit(&page_bytes, page, memory_order_relaxed);
    }
    uintptr_t first = (uintptr_t)start & ~(page - 1);
    uintptr_t end = ((uintptr_t)start + bytes + page - 1) & ~(page - 1);
    int result = mprotect((void *)first, end - first, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno;
    while (result == 0 && madvise((void *)first, end - first, MADV_POPULATE_WRITE) < 0)
        result = errno == EINTR || errno == EAGAIN ? 0 : -errno;
    errno = error;
    if (result == -EFAULT)
        return -ENOSPC; /* what would have been SIGBUS */
    return result == -EINVAL ? -ENOTSUP : result; /* a kernel older than Linux 5.14 */
}

/* ------------------------------------------------------------------------------------------------------ the file */

void tt__uuid_make(uint8_t uuid[16])
{
    uint64_t words[2];
    if (getrandom(words, sizeof words, GRND_NONBLOCK) != (ssize_t)sizeof words) {
        /* Too early after boot: what tells this process from all others on this machine since then. */
        words[0] = tt_trace_clock() * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)getpid();
        words[1] = (uint64_t)(uintptr_t)&words ^ (words[0] << 21) ^ (uint64_t)getppid() << 40;
    }
    memcpy(uuid, words, 16);
    uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40); /* RFC 4122: random */
    uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}

static int make_path(const char *dir, const uint8_t uuid[16], char out[PATH_MAX])
{
    int length = snprintf(out, PATH_MAX, "%s/%ld-%02x%02x%02x%02x" TT_ARENA_SUFFIX, dir, (long)getpid(), uuid[0],
                          uuid[1], uuid[2], uuid[3]);
    return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Descriptors 0 to 2 are what programs print to, also when they closed them. */
static int open_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    if (fd <= STDERR_FILENO) {
        int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        int error = errno;
        close(fd);
        if (higher < 0) {
            unlink(path);
            return -error;
        }
        fd = higher;
    }
    if (fchmod(fd, 0600) < 0) { /* whatever the umask */
        int error = errno;
        close(fd);
        unlink(path);
        return -error;
    }
    return fd;
}

/* Growing a file past the limit raises SIGXFSZ, so it is asked for first. */
static uint64_t find_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return UINT64_MAX;
    return limit.rlim_cur;
}

/* Sizes and maps the file; as large as the limits of the process allow. */
static int map_file(int fd, uint64_t ring_bytes, struct tt__layout *layout)
{
    uint64_t limit = find_file_limit();
    for (int why = -EFBIG;;) {
        if (tt__layout_make(ring_bytes, limit, layout) < 0)
            return why;
        if (ftruncate(fd, (off_t)layout->file_bytes) == 0) {
            void *start = mmap(NULL, layout->file_bytes, PROT_NONE, MAP_SHARED | MAP_NORESERVE, fd, 0);
            if (start != MAP_FAILED) {
                mapped.start = start;
                mapped.bytes = layout->file_bytes;
                return 0;
            }
        }
        why = -errno;
        if (why != -ENOMEM && why != -EFBIG)
            return why;
        limit = layout->file_bytes / 2; /* a limit on address space, or one of the file system */
    }
}

/* ---------------------------------------------------------------------------------------------------- the content */

static void fill_header(struct tt_arena_header *header, const struct tt__layout *layout, const uint8_t uuid[16],
                        const struct tt__plan *plan, bool overwrites)
{
    size_t length;
    const char *description = tt__describe_events(&length);
    header->version = TT_ARENA_VERSION;
    header->header_bytes = TT_ARENA_HEADER_BYTES;
    header->file_bytes = layout->file_bytes;
    memcpy(header->process_uuid, uuid, 16);
    tt__identity_fill(header);
    header->clock = tt__clock_kind();
    header->dictionary_offset = TT_ARENA_HEADER_BYTES;
    header->dictionary_bytes = layout->dictionary_bytes;
    header->board_offset = layout->board_offset;
    header->board_slots = layout->board_slots;
    header->rings_offset = layout->rings_offset;
    header->ring_stride = TT_RING_HEAD_BYTES + layout->ring_bytes;
    header->ring_bytes = layout->ring_bytes;
    header->ring_count_max = layout->ring_count_max;
    header->overwrite_oldest = overwrites;
    header->categories = plan->categories;
    header->ring_policy = plan->ring_policy;
    header->block_ms = plan->block_ms;
    header->step_every = plan->step_every;
    atomic_store_explicit(&header->selected_categories, plan->categories, memory_order_relaxed);
    atomic_store_explicit(&header->selected_step_every, plan->step_every, memory_order_relaxed);
    header->redacts = plan->redacts;
    header->description_offset = DESCRIPTION_OFFSET;
    header->description_bytes = (uint32_t)length;
    memcpy((char *)header + DESCRIPTION_OFFSET, description, length);
    atomic_store_explicit(&header->state, TT_ARENA_ALIVE, memory_order_relaxed);
    tt__clock_read_pair(&header->clock_first);
    tt__clock_read_pair(&header->clock_last);
}

static void fill_life(struct tt__life *life, unsigned char *start, const struct tt__layout *layout)
{
    life->header = (struct tt_arena_header *)(void *)start;
    life->dictionary = start + TT_ARENA_HEADER_BYTES;
    life->dictionary_bytes = layout->dictionary_bytes;
    life->board = (struct tt_board_slot *)(void *)(start + layout->board_offset);
    life->board_slots = layout->board_slots;
    life->rings = start + layout->rings_offset;
    life->ring_stride = TT_RING_HEAD_BYTES + layout->ring_bytes;
    life->ring_bytes = layout->ring_bytes;
    life->ring_count_max = layout->ring_count_max;
    atomic_store(&life->dictionary_populated, 0);
    atomic_store(&life->dictionary_patience, 0);
    atomic_store(&life->board_populated, 0);
    atomic_store(&life->board_patience, 0);
    atomic_store(&life->ring_patience, 0);
    atomic_store(&life->thread_count, 0);
    life->board_chains = 0;
}

/* The emergency ring has slots from the beginning: whoever cannot have a ring can at least be counted. */
static int prepare_emergency_ring(struct tt__life *life)
{
    struct tt_ring *ring = tt__life_ring(life, 0);
    int result = tt__arena_populate(ring, TT_RING_HEAD_BYTES + TT_RING_BYTES_MIN);
    if (result < 0)
        return result;
    atomic_store_explicit(&ring->populated, TT_RING_BYTES_MIN / TT_SLOT_BYTES, memory_order_relaxed);
    __atomic_store_n(&ring->slot_count, life->ring_bytes / TT_SLOT_BYTES, __ATOMIC_RELEASE);
    atomic_store_explicit(&life->header->ring_count, 1, memory_order_release);
    return 0;
}

static int make_content(struct tt__life *life, const struct tt__layout *layout, const uint8_t uuid[16],
                        const struct tt__plan *plan, bool overwrites)
{
    (void)madvise(mapped.start, mapped.bytes, MADV_DONTDUMP); /* a core need not hold it: it is a file of its own */
    int result = tt__arena_populate(mapped.start, TT_ARENA_HEADER_BYTES);
    if (result < 0)
        return result;
    fill_life(life, mapped.start, layout);
    life->block_ns = plan->ring_policy == TT_RING_POLICY_BLOCK ? (uint64_t)plan->block_ms * UINT64_C(1000000) : 0;
    fill_header(life->header, layout, uuid, plan, overwrites);
    atomic_store(&life->vain_tail, UINT64_MAX);
    atomic_store(&life->wait_ns, 0);
    tt__clock_sample_begin(life, &life->header->clock_first);
    return prepare_emergency_ring(life);
}

int tt__arena_create(struct tt__life *life, const struct tt__plan *plan, bool overwrites)
{
    uint8_t uuid[16];
    char path[PATH_MAX];
    struct tt__layout layout;
    if (mapped.start)
        tt__arena_inherit(); /* a child of a bare clone, for which no handler ran */
    tt__uuid_make(uuid);
    int result = make_path(plan->ring_dir, uuid, path);
    if (result < 0)
        return result;
    int fd = open_file(path);
    if (fd < 0)
        return fd;
    result = map_file(fd, plan->ring_bytes, &layout);
    close(fd);
    if (result == 0) {
        result = make_content(life, &layout, uuid, plan, overwrites);
        if (result < 0) {
            munmap(mapped.start, mapped.bytes);
            mapped.start = NULL;
        }
    }
    if (result < 0)
        unlink(path);
    return result;
}

void tt__arena_publish(struct tt__life *life)
{
    __atomic_store_n(&life->header->magic, TT_ARENA_MAGIC, __ATOMIC_RELEASE);
}

/* The address range stays taken, so that a pointer into it, such as a task's board slot, never means something else. */
static void cover(void *start, size_t bytes)
{
    (void)mmap(start, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

void tt__arena_retire(void)
{
    if (mapped.start)
        cover(mapped.start, mapped.bytes);
    mapped.start = NULL;
}

void tt__arena_inherit(void)
{
    if (!mapped.start)
        return;
    cover((unsigned char *)mapped.start + TT_ARENA_HEADER_BYTES, mapped.bytes - TT_ARENA_HEADER_BYTES);
    parent = mapped.start;
    mapped.start = NULL;
}

void tt__arena_disown(bool is_lost)
{
    if (!parent)
        return;
    if (is_lost)
        atomic_fetch_add_explicit(&parent->child_drop_count, 1, memory_order_relaxed);
    cover(parent, TT_ARENA_HEADER_BYTES);
    parent = NULL;
}
