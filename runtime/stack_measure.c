/*
 * How much of a stack its tenant uses. stack.h has the contract.
 *
 * A stack that is zero when its tenant comes shows afterwards how far down it wrote. Fresh ones are zero; one that was
 * measured before is zero but for what its last tenant used, which is cleared; of others nobody knows, and the kernel makes
 * them zero. What was never touched has no memory, and is not touched by looking either: the kernel says which pages are
 * there. So measuring does not make a stack larger than it was.
 */
#include "stack.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

/* Pages that the kernel is asked about at a time. */
#define PAGES_AT_ONCE 64

void tt__stack_measure_begin(struct tt_stack *stack)
{
    char *end = stack->bottom + stack->bytes;
    int error = errno;
    if (RUNNING_ON_VALGRIND)
        return;
    if (stack->dirty_from != stack->bottom)
        memset(stack->dirty_from, 0, (size_t)(end - stack->dirty_from));
    else if (madvise(stack->bottom, stack->bytes, MADV_DONTNEED) != 0) {
        errno = error; /* locked memory stays as it is: no measurement */
        return;
    }
    stack->is_measured = 1;
    stack->dirty_from = end;
}

/* The lowest page from FROM up to END that has memory; END: none has, or the kernel does not say. */
static char *first_page(char *from, char *end, size_t page_bytes)
{
    unsigned char is_there[PAGES_AT_ONCE];
    while (from < end) {
        size_t count = (size_t)(end - from) / page_bytes;
        count = count < PAGES_AT_ONCE ? count : PAGES_AT_ONCE;
        if (count == 0 || mincore(from, count * page_bytes, is_there) != 0)
            return end;
        for (size_t i = 0; i < count; i++)
            if ((is_there[i] & 1) != 0)
                return from + i * page_bytes;
        from += count * page_bytes;
    }
    return end;
}

/* Reads what frames have left, which the sanitizers would take for a mistake. */
__attribute__((no_sanitize("address", "thread"))) static char *first_word(char *from, const char *end)
{
    const volatile uintptr_t *word = (const volatile uintptr_t *)(void *)from;
    while ((const char *)word < end && *word == 0)
        word++;
    return (char *)(uintptr_t)word;
}

static uint32_t saturated(size_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

uint32_t tt__stack_measure_end(struct tt_stack *stack, uint32_t *out_bytes)
{
    int error = errno;
    if (stack == NULL || !stack->is_measured)
        return 0;
    char *end = stack->bottom + stack->bytes;
    stack->dirty_from = first_word(first_page(stack->bottom, end, (size_t)sysconf(_SC_PAGESIZE)), end);
    *out_bytes = saturated(stack->bytes);
    errno = error;
    return saturated((size_t)(end - stack->dirty_from));
}
