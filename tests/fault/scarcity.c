/* scarcity.c: see scarcity.h. Any thread. */
#include "scarcity.h"

#include "harness.h"

#include <dirent.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/types.h>

/* What ZSTD_isError() takes for an error: minus ZSTD_error_memory_allocation, whose number is stable. */
#define ZSTD_NO_MEMORY ((size_t)-64)

static _Atomic long live, calls, fail_at;
static _Atomic bool fails_on, is_own_only;
static sqlite3_mem_methods sqlite_methods;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void __real_free(void *memory);
char *__real_strdup(const char *text);
void *__real_mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset);
FILE *__real_fopen(const char *path, const char *mode);
DIR *__real_opendir(const char *path);
DIR *__real_fdopendir(int fd);
void *__real_ZSTD_createCCtx(void);
size_t __real_ZSTD_decompress(void *to, size_t capacity, const void *from, size_t length);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
void __wrap_free(void *memory);
char *__wrap_strdup(const char *text);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset);
FILE *__wrap_fopen(const char *path, const char *mode);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_fdopendir(int fd);
void *__wrap_ZSTD_createCCtx(void);
size_t __wrap_ZSTD_decompress(void *to, size_t capacity, const void *from, size_t length);

/* Counts a call; true if it is to fail. */
static bool fails(bool is_own)
{
    if (!is_own && atomic_load(&is_own_only))
        return false;
    long number = atomic_fetch_add(&calls, 1) + 1, at = atomic_load(&fail_at);
    if (at == 0 || (atomic_load(&fails_on) ? number < at : number != at))
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *memory)
{
    if (memory)
        atomic_fetch_add(&live, 1);
    return memory;
}

/* -------------------------------------------------------------------------------------------------- the C library's */

void *__wrap_malloc(size_t size)
{
    return fails(true) ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails(true) ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    void *result = fails(true) ? NULL : __real_realloc(memory, size);
    return memory ? result : counted(result);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    void *result = fails(true) ? NULL : __real_reallocarray(memory, count, size);
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
    return fails(true) ? NULL : counted(__real_strdup(text));
}

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset)
{
    return fails(true) ? MAP_FAILED : __real_mmap(address, length, protection, flags, descriptor, offset);
}

FILE *__wrap_fopen(const char *path, const char *mode)
{
    return fails(true) ? NULL : __real_fopen(path, mode);
}

DIR *__wrap_opendir(const char *path)
{
    return fails(true) ? NULL : __real_opendir(path);
}

DIR *__wrap_fdopendir(int fd)
{
    return fails(true) ? NULL : __real_fdopendir(fd);
}

/* --------------------------------------------------------------------------------------------------------- libraries */

void *__wrap_ZSTD_createCCtx(void)
{
    return fails(true) ? NULL : __real_ZSTD_createCCtx();
}

size_t __wrap_ZSTD_decompress(void *to, size_t capacity, const void *from, size_t length)
{
    return fails(true) ? ZSTD_NO_MEMORY : __real_ZSTD_decompress(to, capacity, from, length);
}

static void *sqlite_malloc(int size)
{
    return fails(false) ? NULL : counted(sqlite_methods.xMalloc(size));
}

static void *sqlite_realloc(void *memory, int size)
{
    return fails(false) ? NULL : sqlite_methods.xRealloc(memory, size);
}

static void sqlite_free(void *memory)
{
    if (memory)
        atomic_fetch_sub(&live, 1);
    sqlite_methods.xFree(memory);
}

/* ----------------------------------------------------------------------------------------------------------- answers */

void scarcity_begin(void)
{
    if (sqlite_methods.xMalloc) /* several cases in one process */
        return;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_methods), SQLITE_OK);
    sqlite3_mem_methods methods = sqlite_methods;
    methods.xMalloc = sqlite_malloc;
    methods.xRealloc = sqlite_realloc;
    methods.xFree = sqlite_free;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
}

void scarcity_set(enum scarcity_of of, long number, bool and_all_after)
{
    atomic_store(&is_own_only, of == SCARCITY_OF_OWN);
    atomic_store(&fails_on, and_all_after);
    atomic_store(&calls, 0);
    atomic_store(&fail_at, number);
}

long scarcity_calls(void)
{
    return atomic_load(&calls);
}

long scarcity_live(void)
{
    return atomic_load(&live);
}
