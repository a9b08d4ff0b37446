/*
 * Stacks: arenas, pools, guards. stack.h has the contract.
 *
 * From the outside inwards:
 *   pool    one a thread: its size classes, its arenas, and the stacks that other threads sent back
 *   class   one per size of stack: the warm stacks (free, memory kept, last in first out, at most WARM_MAX) and the
 *           arenas that still have a slot to give
 *   arena   one mapping of 2 MiB or one stack, whichever is larger: slots carved off from its low end, and the idle
 *           ones (free, memory given back). An arena whose carved slots are all idle is unmapped
 *
 *             carve             release           WARM_MAX reached
 *   (unused) ------> in use <--------------> warm ----------------> idle ----> (unmapped with its arena)
 *                      ^      acquire                                |
 *                      +---------------------------------------------+
 *                                         acquire
 *
 * The pool's thread alone touches all of that, without locks. Another thread that releases a stack puts it on
 * pool->returned under `returns_lock`. A pool outlives its thread while stacks of it are in use: then the releasing
 * threads take turns as its owner, under the same lock, and the last one frees it.
 */
#include "stack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What the tools are told; nothing in a build without them. Valgrind needs no build of its own: where its header is
 * found, a flag says at run time whether it is there. */
#if TT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#define REGISTER_ROOT(stack)   __lsan_register_root_region((stack)->bottom, (stack)->bytes)
#define UNREGISTER_ROOT(stack) __lsan_unregister_root_region((stack)->bottom, (stack)->bytes)
#define POISON(stack)          ASAN_POISON_MEMORY_REGION((stack)->bottom, (stack)->bytes)
#define UNPOISON(stack)        ASAN_UNPOISON_MEMORY_REGION((stack)->bottom, (stack)->bytes)
#else
#define REGISTER_ROOT(stack)   ((void)0)
#define UNREGISTER_ROOT(stack) ((void)0)
#define POISON(stack)          ((void)0)
#define UNPOISON(stack)        ((void)0)
#endif
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#else
#define RUNNING_ON_VALGRIND                       0
#define VALGRIND_STACK_REGISTER(start, end)       0
#define VALGRIND_STACK_DEREGISTER(id)             ((void)(id))
#define VALGRIND_MAKE_MEM_UNDEFINED(start, bytes) ((void)(start))
#define VALGRIND_MAKE_MEM_NOACCESS(start, bytes)  ((void)(start))
#endif

/* Linux 6.13; the headers of Debian 12 do not have it. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

/* 30 default stacks a system call. Larger arenas would save nothing: neighbouring mappings merge in the kernel. */
#define ARENA_BYTES (2u * 1024u * 1024u)

/* Warm stacks a class keeps: a burst of this size is served without a page fault. Each holds what its tasks touched,
 * 4 to 8 KiB as a rule and 64 MiB for all of them at worst. */
#define WARM_MAX 1024

/* 192 bytes are three cache lines, which is prime to the number of sets; 15 steps stay within the highest page, so
 * that a shallow task still touches one page only. */
#define OFFSET_STEP  192
#define OFFSET_STEPS 15

/* Mappings that are left to the program when stacks take theirs: libraries, its own mmaps, thread stacks. A process
 * that hits the limit cannot even load a library. */
#define MAPS_RESERVED    4096
#define MAPS_MAX_DEFAULT 65530

struct size_class {
    size_t bytes; /* usable bytes of each stack */
    struct tt_stack *warm;
    size_t warm_count;
    LIST_HEAD(, tt_arena) open; /* arenas with an idle or uncarved slot */
    unsigned next_step;         /* of the offset */
    struct size_class *next;
};

struct tt_arena {
    struct pool *pool;
    struct size_class *class;
    LIST_ENTRY(tt_arena) in_pool;
    LIST_ENTRY(tt_arena) in_open; /* valid while is_open */
    char *base;
    size_t map_bytes;
    size_t slot_bytes; /* guard and usable bytes */
    size_t slot_count;
    size_t carved_count; /* slots[0 .. carved_count) have been handed out at least once */
    size_t idle_count;
    struct tt_stack *idle;
    int is_open;
    struct tt_stack slots[];
};

struct pool {
    struct size_class *classes; /* most recently added first; the default one never leaves */
    struct size_class *default_class;
    LIST_HEAD(, tt_arena) arenas; /* all; read by signal handlers of this thread */
    size_t arena_count;
    size_t in_use_count; /* includes those in `returned` */
    struct tt_stack *_Atomic returned;
    int is_orphan; /* its thread has ended; guarded by returns_lock */
};

/* Initial-exec: one instruction to reach, and never an allocation inside a signal handler. */
static __thread struct pool *this_pool __attribute__((tls_model("initial-exec")));

static pthread_mutex_t returns_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static pthread_key_t pool_key;
static int pool_key_error;
static size_t page_bytes;
static int on_valgrind;

/* The process's guards. Light ones are tried until the kernel turns out to have none. */
enum { LIGHT_UNTRIED, LIGHT_PROVEN, LIGHT_REFUSED };
static atomic_int light_guards = LIGHT_UNTRIED;
static atomic_size_t guard_pages;
static atomic_size_t guard_pages_max;

static size_t guard_page_limit(void)
{
    size_t maps_max = MAPS_MAX_DEFAULT;
    char text[32];
    int fd = open("/proc/sys/vm/max_map_count", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t n = read(fd, text, sizeof text - 1);
        if (n > 0) {
            text[n] = '\0';
            maps_max = strtoul(text, NULL, 10);
        }
        close(fd);
    }
    return maps_max > MAPS_RESERVED ? (maps_max - MAPS_RESERVED) / 2 : 0; /* a guard and the stack above it */
}

static void end_thread_pool(void *arg);

static void init_process(void)
{
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    pool_key_error = pthread_key_create(&pool_key, end_thread_pool);
    atomic_store(&guard_pages_max, guard_page_limit());
    on_valgrind = RUNNING_ON_VALGRIND != 0;
}

/* ---- what the tools are told ---- */

/* A slot that is carved: valgrind would take a jump of the stack pointer for a huge frame. */
static void announce_slot(struct tt_stack *stack)
{
    if (on_valgrind)
        stack->valgrind_id = VALGRIND_STACK_REGISTER(stack->bottom, stack->bottom + stack->bytes - 1);
}

static void withdraw_slot(struct tt_stack *stack)
{
    if (on_valgrind)
        VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
}

/* A stack that is handed out: what it will point to is no leak. */
static void announce_use(struct tt_stack *stack)
{
    REGISTER_ROOT(stack);
    if (on_valgrind)
        (void)VALGRIND_MAKE_MEM_UNDEFINED(stack->bottom, stack->bytes);
}

static void withdraw_use(struct tt_stack *stack)
{
    UNREGISTER_ROOT(stack);
    if (on_valgrind)
        (void)VALGRIND_MAKE_MEM_NOACCESS(stack->bottom, stack->bytes);
}

/* ---- guards ---- */

/* Emulators accept an advice that they do not know and do nothing, so the first guard of a process is tried out: the
 * kernel cannot write where a guard is. */
static int install_light_guard(char *page)
{
    int state = atomic_load_explicit(&light_guards, memory_order_relaxed);
    if (state == LIGHT_REFUSED)
        return 0;
    if (madvise(page, page_bytes, MADV_GUARD_INSTALL) == 0) {
        if (state == LIGHT_PROVEN || uname((struct utsname *)page) != 0) {
            atomic_store_explicit(&light_guards, LIGHT_PROVEN, memory_order_relaxed);
            return 1;
        }
        memset(page, 0, sizeof(struct utsname)); /* as a canary wants it */
    } else if (errno == ENOMEM || errno == EAGAIN) {
        return 0; /* may pass */
    }
    atomic_store_explicit(&light_guards, LIGHT_REFUSED, memory_order_relaxed);
    return 0;
}

static int protect_guard_page(char *page)
{
    size_t max = atomic_load_explicit(&guard_pages_max, memory_order_relaxed);
    size_t count = atomic_fetch_add_explicit(&guard_pages, 1, memory_order_relaxed);
    if (count < max && mprotect(page, page_bytes, PROT_NONE) == 0)
        return 1;
    atomic_fetch_sub_explicit(&guard_pages, 1, memory_order_relaxed);
    return 0;
}

static enum tt_stack_guard guard_slot(char *page)
{
    if (install_light_guard(page))
        return TT_STACK_GUARD_LIGHT;
    if (protect_guard_page(page))
        return TT_STACK_GUARD_PAGE;
    return TT_STACK_GUARD_CANARY;
}

/* ---- arenas ---- */

static void open_arena(struct tt_arena *arena)
{
    arena->is_open = 1;
    LIST_INSERT_HEAD(&arena->class->open, arena, in_open);
}

static void close_arena(struct tt_arena *arena)
{
    arena->is_open = 0;
    LIST_REMOVE(arena, in_open);
}

static struct tt_arena *map_arena(struct pool *pool, struct size_class *class)
{
    size_t slot_bytes = class->bytes + page_bytes;
    size_t count = slot_bytes < ARENA_BYTES ? ARENA_BYTES / slot_bytes : 1;
    struct tt_arena *arena = calloc(1, sizeof *arena + count * sizeof arena->slots[0]);
    if (arena == NULL)
        return NULL;
    size_t map_bytes = count * slot_bytes;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    void *base = mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (base == MAP_FAILED) {
        free(arena);
        errno = ENOMEM; /* whatever it was called: locked memory and valgrind have other names for it */
        return NULL;
    }
    /* Huge pages would make a task that uses 4 KiB cost 2 MiB. A kernel without them refuses, which is as good. */
    (void)madvise(base, map_bytes, MADV_NOHUGEPAGE);

    arena->pool = pool;
    arena->class = class;
    arena->base = base;
    arena->map_bytes = map_bytes;
    arena->slot_bytes = slot_bytes;
    arena->slot_count = count;
    atomic_signal_fence(memory_order_release); /* tt__stack_find_guard may meet it from here on */
    LIST_INSERT_HEAD(&pool->arenas, arena, in_pool);
    pool->arena_count++;
    open_arena(arena);
    return arena;
}

/* All its slots are idle. */
static void unmap_arena(struct tt_arena *arena)
{
    struct pool *pool = arena->pool;
    size_t guarded = 0;
    assert(arena->idle_count == arena->carved_count);
    for (size_t i = 0; i < arena->carved_count; i++) {
        withdraw_slot(&arena->slots[i]);
        guarded += arena->slots[i].guard == TT_STACK_GUARD_PAGE;
    }
    close_arena(arena);
    LIST_REMOVE(arena, in_pool);
    pool->arena_count--;
    atomic_signal_fence(memory_order_release); /* out of the list before it is gone */
    if (munmap(arena->base, arena->map_bytes) == 0)
        atomic_fetch_sub_explicit(&guard_pages, guarded, memory_order_relaxed);
    else /* a hole needs a mapping more, and the program has taken the last: the range is lost, its memory is not */
        (void)madvise(arena->base, arena->map_bytes, MADV_DONTNEED);
    free(arena);
}

static struct tt_stack *carve_slot(struct tt_arena *arena)
{
    struct size_class *class = arena->class;
    struct tt_stack *stack = &arena->slots[arena->carved_count];
    char *slot = arena->base + arena->carved_count * arena->slot_bytes;
    stack->arena = arena;
    stack->guard = (unsigned char)guard_slot(slot);
    stack->bottom = slot + page_bytes;
    stack->bytes = class->bytes;
    stack->dirty_from = stack->bottom + stack->bytes;
    stack->top = stack->bottom + stack->bytes - (size_t) class->next_step * OFFSET_STEP;
    class->next_step = (class->next_step + 1) % OFFSET_STEPS;
    announce_slot(stack);
    arena->carved_count++;
    return stack;
}

static struct tt_stack *take_from_arena(struct pool *pool, struct size_class *class)
{
    struct tt_arena *arena = LIST_FIRST(&class->open);
    if (arena == NULL && (arena = map_arena(pool, class)) == NULL)
        return NULL;
    struct tt_stack *stack = arena->idle;
    if (stack != NULL) {
        arena->idle = stack->next;
        arena->idle_count--;
    } else {
        stack = carve_slot(arena);
    }
    if (arena->idle == NULL && arena->carved_count == arena->slot_count)
        close_arena(arena);
    return stack;
}

/* Gives the memory of a free stack back: to its arena, and to the kernel. */
static void give_to_arena(struct tt_stack *stack)
{
    struct tt_arena *arena = stack->arena;
    UNPOISON(stack); /* what its tenant's frames have left would trip the next one, or the next mapping */
    stack->next = arena->idle;
    arena->idle = stack;
    arena->idle_count++;
    if (!arena->is_open)
        open_arena(arena);
    if (arena->idle_count == arena->carved_count)
        unmap_arena(arena);
    else if (madvise(stack->bottom, stack->bytes, MADV_DONTNEED) == 0) /* refused (locked memory): it stays */
        stack->dirty_from = stack->bottom + stack->bytes;
}

/* ---- classes and pools ---- */

/* The class of stacks of so many bytes, rounded to pages and to the minimum. NULL: no memory, errno. */
static struct size_class *find_class(struct pool *pool, size_t bytes)
{
    if (bytes > SIZE_MAX / 2) { /* more than an address can be; less would wrap below */
        errno = ENOMEM;
        return NULL;
    }
    if (bytes < TT_STACK_BYTES_MIN)
        bytes = TT_STACK_BYTES_MIN;
    bytes = (bytes + page_bytes - 1) / page_bytes * page_bytes;
    for (struct size_class *class = pool->classes; class != NULL; class = class->next)
        if (class->bytes == bytes)
            return class;
    struct size_class *class = calloc(1, sizeof *class);
    if (class == NULL)
        return NULL;
    class->bytes = bytes;
    class->next = pool->classes;
    pool->classes = class;
    return class;
}

static void destroy_pool(struct pool *pool)
{
    assert(pool->in_use_count == 0 && LIST_EMPTY(&pool->arenas));
    for (struct size_class *class = pool->classes, *next; class != NULL; class = next) {
        next = class->next;
        free(class);
    }
    free(pool);
}

static struct pool *create_pool(void)
{
    pthread_once(&process_once, init_process);
    if (pool_key_error != 0) {
        errno = pool_key_error;
        return NULL;
    }
    struct pool *pool = calloc(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->default_class = find_class(pool, TT_STACK_BYTES_DEFAULT);
    if (pool->default_class == NULL) {
        free(pool);
        return NULL;
    }
    int error = pthread_setspecific(pool_key, pool);
    if (error != 0) {
        destroy_pool(pool);
        errno = error;
        return NULL;
    }
    this_pool = pool;
    return pool;
}

/* By the pool's owner: the thread, or whoever holds returns_lock once that has ended. */
static void keep_stack(struct pool *pool, struct tt_stack *stack)
{
    struct size_class *class = stack->arena->class;
    pool->in_use_count--;
    if (class->warm_count < WARM_MAX) {
        POISON(stack); /* whoever still uses a variable on it is caught */
        stack->next = class->warm;
        class->warm = stack;
        class->warm_count++;
    } else {
        give_to_arena(stack);
    }
}

static void keep_all(struct pool *pool, struct tt_stack *list)
{
    while (list != NULL) {
        struct tt_stack *next = list->next;
        keep_stack(pool, list);
        list = next;
    }
}

static void take_returned(struct pool *pool)
{
    if (atomic_load_explicit(&pool->returned, memory_order_relaxed) == NULL)
        return;
    pthread_mutex_lock(&returns_lock);
    struct tt_stack *list = atomic_exchange_explicit(&pool->returned, NULL, memory_order_relaxed);
    pthread_mutex_unlock(&returns_lock);
    keep_all(pool, list);
}

static void drain_warm(struct pool *pool)
{
    for (struct size_class *class = pool->classes; class != NULL; class = class->next) {
        while (class->warm != NULL) {
            struct tt_stack *stack = class->warm;
            class->warm = stack->next;
            class->warm_count--;
            give_to_arena(stack);
        }
    }
}

/* From a thread that does not own the stack's pool. */
static void send_home(struct tt_stack *stack)
{
    struct pool *pool = stack->arena->pool;
    pthread_mutex_lock(&returns_lock);
    if (pool->is_orphan) {
        pool->in_use_count--;
        give_to_arena(stack);
        if (pool->in_use_count == 0)
            destroy_pool(pool);
    } else {
        stack->next = atomic_load_explicit(&pool->returned, memory_order_relaxed);
        atomic_store_explicit(&pool->returned, stack, memory_order_relaxed);
    }
    pthread_mutex_unlock(&returns_lock);
}

/* The destructor of pool_key. What is still in use finds its way later, by send_home. */
static void end_thread_pool(void *arg)
{
    struct pool *pool = arg;
    this_pool = NULL;
    pthread_mutex_lock(&returns_lock);
    keep_all(pool, atomic_exchange_explicit(&pool->returned, NULL, memory_order_relaxed));
    drain_warm(pool);
    pool->is_orphan = 1;
    if (pool->in_use_count == 0)
        destroy_pool(pool);
    pthread_mutex_unlock(&returns_lock);
}

struct tt_stack *tt__stack_acquire(size_t bytes)
{
    struct pool *pool = this_pool;
    if (pool == NULL && (pool = create_pool()) == NULL)
        return NULL;
    struct size_class *class = bytes == 0 ? pool->default_class : find_class(pool, bytes);
    if (class == NULL)
        return NULL;
    if (class->warm == NULL)
        take_returned(pool);
    struct tt_stack *stack = class->warm;
    if (stack != NULL) {
        class->warm = stack->next;
        class->warm_count--;
        UNPOISON(stack);
    } else if ((stack = take_from_arena(pool, class)) == NULL) {
        return NULL;
    }
    stack->next = NULL;
    stack->is_pooled = 0;
    pool->in_use_count++;
    announce_use(stack);
    return stack;
}

void tt__stack_release(struct tt_stack *stack)
{
    if (stack == NULL)
        return;
    assert(!stack->is_pooled);
    int error = errno;
    stack->is_pooled = 1;
    if (!stack->is_measured)
        stack->dirty_from = stack->bottom;
    stack->is_measured = 0;
    withdraw_use(stack);
    struct pool *pool = stack->arena->pool;
    if (pool == this_pool)
        keep_stack(pool, stack);
    else
        send_home(stack);
    errno = error;
}

void tt__stack_pool_drain(void)
{
    struct pool *pool = this_pool;
    if (pool == NULL)
        return;
    int error = errno;
    take_returned(pool);
    drain_warm(pool);
    if (pool->in_use_count == 0) {
        this_pool = NULL;
        (void)pthread_setspecific(pool_key, NULL); /* cannot fail: the slot exists since create_pool */
        destroy_pool(pool);
    }
    errno = error;
}

/* ---- questions ---- */

int tt__stack_canary_intact(const struct tt_stack *stack)
{
    const uint64_t *low = (const uint64_t *)(stack->bottom - page_bytes);
    const uint64_t *high = (const uint64_t *)stack->bottom - TT_STACK_CANARY_WORDS;
    uint64_t any = 0;
    for (int i = 0; i < TT_STACK_CANARY_WORDS; i++)
        any |= low[i] | high[i];
    return any == 0;
}

int tt__stack_guard_contains(const struct tt_stack *stack, const void *address)
{
    uintptr_t bottom = (uintptr_t)stack->bottom;
    uintptr_t at = (uintptr_t)address;
    return stack->guard != TT_STACK_GUARD_CANARY && at < bottom && bottom - at <= page_bytes;
}

struct tt_stack *tt__stack_find_guard(const void *address)
{
    const struct pool *pool = this_pool;
    uintptr_t at = (uintptr_t)address;
    if (pool == NULL)
        return NULL;
    for (struct tt_arena *arena = LIST_FIRST(&pool->arenas); arena != NULL; arena = LIST_NEXT(arena, in_pool)) {
        uintptr_t base = (uintptr_t)arena->base;
        if (at < base || at - base >= arena->map_bytes)
            continue;
        size_t index = (at - base) / arena->slot_bytes;
        struct tt_stack *stack = &arena->slots[index];
        return index < arena->carved_count && tt__stack_guard_contains(stack, address) ? stack : NULL;
    }
    return NULL;
}

void tt__stack_counts(struct tt_stack_counts *out_counts)
{
    struct tt_stack_counts counts = {.guard_pages = atomic_load_explicit(&guard_pages, memory_order_relaxed)};
    struct pool *pool = this_pool;
    if (pool != NULL) {
        take_returned(pool);
        counts.in_use = pool->in_use_count;
        counts.arenas = pool->arena_count;
        for (const struct size_class *class = pool->classes; class != NULL; class = class->next)
            counts.pooled += class->warm_count;
    }
    *out_counts = counts;
}

void tt__stack_restrict_guards(int allow_light, size_t pages_max)
{
    pthread_once(&process_once, init_process);
    size_t limit = guard_page_limit();
    atomic_store(&light_guards, allow_light ? LIGHT_UNTRIED : LIGHT_REFUSED);
    atomic_store(&guard_pages_max, pages_max < limit ? pages_max : limit);
}
