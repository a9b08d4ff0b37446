/* sqlite_memory.c: see sqlite_memory.h.
 *
 * A block is a head of 16 bytes, which is poisoned, and room of a size that is its class's: multiples of 16 up to 1 KiB, then powers of
 * two. Blocks that were given back wait until as many others were as REST says, and go to the list of their class then, from where the last
 * one is used first. Room comes from a reservation, page by page as it is touched, and is never given back to the system.
 *
 * This file is compiled without sanitizers. It writes into the address sanitizer's shadow itself, where there is one: asking for it
 * takes as long as all the rest. */
#include "sqlite_memory.h"

#include "entry.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define RESERVED_BYTES ((size_t)4 << 30)
#define STEP_BYTES     16u
#define SMALL_BYTES    1024u
#define SMALL_LOG2     10u
#define LARGEST_LOG2   30u
#define SMALL_CLASSES  (SMALL_BYTES / STEP_BYTES)
#define CLASSES        (SMALL_CLASSES + LARGEST_LOG2 - SMALL_LOG2 + 1)
#define REST           512u
#define POISON         0xf7 /* "poisoned by the user", in the sanitizer's reports */

struct block {
    struct block *next;     /* in the queue */
    uint32_t class, length; /* the latter as SQLite was given it: a multiple of 8 */
    unsigned char room[];
};
_Static_assert(sizeof(struct block) == STEP_BYTES, "room is aligned as malloc's");

static struct block *lists[CLASSES], *resting[REST];
static unsigned given_back;
static unsigned char *unused, *end;
static size_t in_use;

/* Of the address sanitizer, if it is there. */
extern void __asan_get_shadow_mapping(size_t *scale, size_t *offset) __attribute__((weak));
static size_t shadow_scale, shadow_offset; /* 0: none */

/* Not by memset(), which is the sanitizer's, and would look into the shadow of the shadow. */
static void set_shadow(const void *at, size_t length, unsigned char value)
{
    if (shadow_scale == 0)
        return;
    volatile unsigned char *byte = (unsigned char *)(((uintptr_t)at >> shadow_scale) + shadow_offset);
    volatile unsigned char *last = byte + (length >> shadow_scale);
    for (; byte < last && (uintptr_t)byte % 8 != 0; byte++)
        *byte = value;
    for (; last - byte >= 8; byte += 8)
        *(volatile uint64_t *)byte = value * UINT64_C(0x0101010101010101);
    for (; byte < last; byte++)
        *byte = value;
}

static uint32_t class_of(size_t length)
{
    if (length <= SMALL_BYTES)
        return (uint32_t)((length + STEP_BYTES - 1) / STEP_BYTES);
    return SMALL_CLASSES + (64 - SMALL_LOG2 - (uint32_t)__builtin_clzll(length - 1));
}

static size_t room_of(uint32_t class)
{
    return class <= SMALL_CLASSES ? class * STEP_BYTES : (size_t)1 << (class - SMALL_CLASSES + SMALL_LOG2);
}

static struct block *block_of(void *room)
{
    return (struct block *)((unsigned char *)room - sizeof(struct block));
}

/* Its room is poisoned. */
static struct block *new_block(uint32_t class)
{
    size_t bytes = sizeof(struct block) + room_of(class);
    if ((size_t)(end - unused) < bytes)
        return NULL;
    struct block *block = (struct block *)unused;
    unused += bytes;
    block->class = class;
    set_shadow(block, bytes, POISON);
    return block;
}

static void *take(int asked)
{
    size_t length = ((size_t)asked + 7) & ~(size_t)7;
    uint32_t class = asked > 0 ? class_of(length) : CLASSES;
    if (class >= CLASSES)
        return NULL;
    struct block *block = lists[class];
    if (block)
        lists[class] = block->next;
    else if (!(block = new_block(class)))
        return NULL;
    block->length = (uint32_t)length;
    set_shadow(block->room, length, 0);
    in_use++;
    return block->room;
}

static void give_back(void *room)
{
    if (!room)
        return;
    struct block *block = block_of(room), **rest = &resting[given_back++ % REST];
    set_shadow(room, block->length, POISON);
    in_use--;
    struct block *rested = *rest;
    *rest = block;
    if (rested) {
        rested->next = lists[rested->class];
        lists[rested->class] = rested;
    }
}

static int length_of(void *room)
{
    return room ? (int)block_of(room)->length : 0;
}

static void *change(void *room, int asked)
{
    int before = length_of(room);
    void *moved = take(asked);
    if (!moved)
        return NULL;
    memcpy(moved, room, (size_t)(before < asked ? before : asked));
    give_back(room);
    return moved;
}

static int round_up(int asked)
{
    return (asked + 7) & ~7;
}

static int begin(void *nothing)
{
    (void)nothing;
    if (unused)
        return SQLITE_OK;
    unused = mmap(NULL, RESERVED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (unused == MAP_FAILED)
        return SQLITE_NOMEM;
    end = unused + RESERVED_BYTES;
    return SQLITE_OK;
}

static void finish(void *nothing)
{
    (void)nothing;
}

void sqlite_memory_begin(void)
{
    static const sqlite3_mem_methods methods = {take, give_back, change, length_of, round_up, begin, finish, NULL};
    if (__asan_get_shadow_mapping)
        __asan_get_shadow_mapping(&shadow_scale, &shadow_offset);
    PROMISE(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
    PROMISE(sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK);
}

size_t sqlite_memory_in_use(void)
{
    return in_use;
}
