/* allocation.c: see allocation.h. Any thread. */
#include "allocation.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <uv.h>

static _Atomic long live, attempts, fail_at, libuv_attempts, libuv_fail_at;
static _Atomic bool fails_on, has_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__real_mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset);

/* Counts a call; true if it is to fail. */
static bool fails(void)
{
    long at = atomic_load(&fail_at), number;

    atomic_fetch_add(&attempts, 1);
    if (at == 0)
        return false;
    number = atomic_fetch_sub(&fail_at, 1);
    if (number != 1) {
        if (number > 1)
            return false;
        atomic_store(&fail_at, 0);
        return false;
    }
    if (atomic_load(&fails_on))
        atomic_store(&fail_at, 1);
    atomic_store(&has_failed, true);
    errno = ENOMEM;
    return true;
}

static void *counted(void *memory)
{
    if (memory)
        atomic_fetch_add(&live, 1);
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    void *result = fails() ? NULL : __real_realloc(memory, size);

    return memory ? result : counted(result);
}

void __wrap_free(void *memory)
{
    if (memory)
        atomic_fetch_sub(&live, 1);
    __real_free(memory);
}

char *__wrap_strdup(const char *text)
{
    char *copy = __wrap_malloc(strlen(text) + 1);

    return copy ? strcpy(copy, text) : NULL;
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    return fails() ? MAP_FAILED : __real_mmap(address, length, protection, flags, descriptor, offset);
}

/* ------------------------------------------------------------------------------------------------------------ libuv */

static bool libuv_fails(void)
{
    long at = atomic_load(&libuv_fail_at);

    atomic_fetch_add(&libuv_attempts, 1);
    if (at == 0 || atomic_fetch_sub(&libuv_fail_at, 1) != 1)
        return false;
    atomic_store(&has_failed, true);
    errno = ENOMEM;
    return true;
}

static void *libuv_malloc(size_t size)
{
    return libuv_fails() ? NULL : counted(__real_malloc(size));
}

static void *libuv_calloc(size_t count, size_t size)
{
    return libuv_fails() ? NULL : counted(__real_calloc(count, size));
}

static void *libuv_realloc(void *memory, size_t size)
{
    void *result = libuv_fails() ? NULL : __real_realloc(memory, size);

    return memory ? result : counted(result);
}

void allocation_count_libuv(void)
{
    uv_replace_allocator(libuv_malloc, libuv_realloc, libuv_calloc, __wrap_free);
}

/* ---------------------------------------------------------------------------------------------------------- answers */

long allocation_live(void)
{
    return atomic_load(&live);
}

long allocation_attempts(void)
{
    return atomic_load(&attempts);
}

void allocation_fail(long number, bool and_all_after)
{
    atomic_store(&has_failed, false);
    atomic_store(&fails_on, and_all_after);
    atomic_store(&fail_at, number);
}

bool allocation_has_failed(void)
{
    return atomic_load(&has_failed);
}

void allocation_fail_libuv(long number)
{
    atomic_store(&has_failed, false);
    atomic_store(&libuv_fail_at, number);
}

long allocation_libuv_attempts(void)
{
    return atomic_load(&libuv_attempts);
}
