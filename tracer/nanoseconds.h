/* nanoseconds.h: times that others wrote down, added and subtracted. What does not fit is the greatest or the least that does: nobody's
 * clock is there, and nothing is undefined.
 *
 * Threads: any.
 */
#ifndef TT_NANOSECONDS_H
#define TT_NANOSECONDS_H

#include <stdint.h>

static inline int64_t tt__ns_add(int64_t left, int64_t right)
{
    int64_t sum;
    return !__builtin_add_overflow(left, right, &sum) ? sum : left < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t tt__ns_subtract(int64_t left, int64_t right)
{
    int64_t difference;
    return !__builtin_sub_overflow(left, right, &difference) ? difference : left < 0 ? INT64_MIN : INT64_MAX;
}

#endif
