/* telltale/exc_group.h: exception groups.
 *
 * A group is an exception that holds others, its members, in order; members can be groups. Its members never change.
 * It is raised, caught and printed as any exception is. What it leaves to others: all that groups have in common with
 * other exceptions (telltale/exc.h).
 *
 * Types: a BaseExceptionGroup can hold anything; an ExceptionGroup holds Exceptions only, and is one: tt_catch(
 * &tt_Exception) catches it. Types of one's own are derived from either:
 *
 *     TT_EXC_TYPE(StartupErrors, tt_ExceptionGroup);
 *
 * Threads: as in telltale/exc.h. A copy for another thread has copies of the members, all with the same ids.
 *
 * From: CPython's exception groups (PEP 654).
 */
#ifndef TELLTALE_EXC_GROUP_H
#define TELLTALE_EXC_GROUP_H

#include <telltale/exc.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------- making */

/* A new group of TYPE with the printf-formatted message (NULL: none) and COUNT MEMBERS, in this order; each may be there
 * several times. The group takes references of its own; the array stays the caller's. One reference, the caller's; it
 * is not raised. TYPE BaseExceptionGroup becomes ExceptionGroup when all members are Exceptions.
 *
 * NULL with an exception pending, with Python's texts: ValueError if COUNT is 0 or a member is NULL; TypeError if TYPE
 * is derived from Exception and a member is not; MemoryError. tt_raise_exc(NULL) then leaves that one pending.
 * Precondition exc_group_new.type: TYPE is BaseExceptionGroup or derived from it. */
#define tt_exc_group_new(type, members, count, ...) \
    tt_exc_group_new_at(TT_HERE, (type), (members), (count), __VA_ARGS__)
TT_API tt_exc *tt_exc_group_new_at(tt_site *site, const tt_exc_type *type, tt_exc *const *members, size_t count,
                                   const char *format, ...) TT_PRINTF(5, 6) TT_MUST_USE;

/* Makes such a group and raises it; always returns -1. What could not be made is pending in its place. */
#define tt_raise_group(type, members, count, ...) tt_raise_group_at(TT_HERE, (type), (members), (count), __VA_ARGS__)
TT_API int tt_raise_group_at(tt_site *site, const tt_exc_type *type, tt_exc *const *members, size_t count,
                             const char *format, ...) TT_PRINTF(5, 6);

/* ------------------------------------------------------------------------------------------------- what it holds */

/* All take NULL and exceptions that are no groups. */
TT_API bool tt_exc_is_group(const tt_exc *exc);
TT_API size_t tt_exc_group_count(const tt_exc *exc);                 /* members; 0 if EXC is no group */
TT_API tt_exc *tt_exc_group_member(const tt_exc *exc, size_t index); /* borrowed; NULL beyond the last one */

/* The exceptions at the ends of the tree, from left to right, those which are no groups: an exception that is no group
 * is its own only leaf. One that is in several places counts as often. Borrowed; NULL beyond the last one.
 *
 *     for (size_t i = 0; i < tt_exc_leaf_count(group); i++)
 *         log_error(tt_exc_leaf(group, i));
 */
TT_API size_t tt_exc_leaf_count(const tt_exc *exc); /* 0 for NULL */
TT_API tt_exc *tt_exc_leaf(const tt_exc *exc, size_t index);

#ifdef __cplusplus
}
#endif

#endif
