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

/* --------------------------------------------------------------------------------------------------------- parts */

/* A group that has MEMBERS, COUNT of them, in the place of those of GROUP, as its type derives it; Python's derive().
 * One reference, the caller's; it has GROUP's message, nothing else. NULL with an exception pending, as tt_exc_group_new;
 * also what the type's derive raised, and TypeError if it returned something that is no group. Precondition
 * exc_group_derive.group: GROUP is one. */
#define tt_exc_group_derive(group, members, count) tt_exc_group_derive_at(TT_HERE, (group), (members), (count))
TT_API tt_exc *tt_exc_group_derive_at(tt_site *site, const tt_exc *group, tt_exc *const *members,
                                      size_t count) TT_MUST_USE;

/* Splits a group in two: *OUT_MATCH gets what is of TYPE, *OUT_REST all else; either is NULL when nothing is left for
 * it. A group that is of TYPE itself matches as a whole: *OUT_MATCH is then that same object, as it is with each member.
 * Otherwise the halves are derived from the group: nested in the same way, without empty groups, with its message,
 * places, cause, context and notes; their contexts are hidden. An EXC that is no group is in one half as it is.
 *
 * Each half is one reference, the caller's; either pointer may be NULL: then that half is not made (with OUT_REST NULL
 * this is Python's subgroup()). Returns 0, or -1 with an exception pending and nothing in either: MemoryError, and what
 * derive or MATCH raised. Precondition exc_group_split.exception: EXC is not NULL. */
TT_API int tt_exc_group_split(tt_exc *exc, const tt_exc_type *type, tt_exc **out_match, tt_exc **out_rest) TT_MUST_USE;

/* The same for what is of one of COUNT types. */
TT_API int tt_exc_group_split_types(tt_exc *exc, const tt_exc_type *const *types, size_t count, tt_exc **out_match,
                                    tt_exc **out_rest) TT_MUST_USE;

/* The same for what MATCH returns 1 for; 0: not, and if it was asked about a group its members are asked; -1 with an
 * exception pending: the split fails with that. */
typedef int (*tt_exc_match_fn)(const tt_exc *exc, void *arg);
TT_API int tt_exc_group_split_if(tt_exc *exc, tt_exc_match_fn match, void *arg, tt_exc **out_match,
                                 tt_exc **out_rest) TT_MUST_USE;

/* ------------------------------------------------------------------------------------------------------- except* */

/* Python's except*: each arm handles the part of what is pending that is of its type.
 *
 *     if (rc < 0 && tt_catch_group_begin()) {
 *         if (tt_catch_group(&tt_ValueError))
 *             report(tt_exc_caught());           a group, of ValueErrors only
 *         if (tt_catch_group(&tt_OSError))
 *             rc = give_up();                    raising does not keep the other arms from their parts
 *         rc = tt_catch_group_end();             0, or -1 with what was raised and what nobody handled
 *     }
 *
 * tt_catch_group_begin takes what is pending, and returns false when nothing is, or there is no memory to begin: then
 * nothing has changed. Each that returned true is ended by tt_catch_group_end; a coroutine that returns with one open
 * ends it. Handlings, catches and cleanups nest. */
TT_API bool tt_catch_group_begin(void) TT_MUST_USE;

/* Ends the arm before, and what was left open inside of it: what is pending then is kept for the end. If something of
 * TYPE is left takes it out and returns true: tt_exc_caught() is a group of it until the next arm (a single exception
 * that matches is wrapped in a group without message). False: not, or there is no memory for it, or deriving that group
 * raised; what failed is pending. Preconditions catch_group.open: one has begun; catch_group.type: TYPE is none of
 * groups, for which tt_catch is there. */
#define tt_catch_group(type) tt_catch_group_at(TT_HERE, (type))
TT_API bool tt_catch_group_at(tt_site *site, const tt_exc_type *type) TT_MUST_USE;

/* The same for what is of one of COUNT types. */
#define tt_catch_group_types(types, count) tt_catch_group_types_at(TT_HERE, (types), (count))
TT_API bool tt_catch_group_types_at(tt_site *site, const tt_exc_type *const *types, size_t count) TT_MUST_USE;

/* Ends the last arm, and the whole. What arms raised and what none of them matched is pending then: one alone as it is,
 * several in an ExceptionGroup without message. Parts of the original, that is what was not matched and what an arm
 * raised once more by tt_reraise, are put together in the shape of the original, as one. Where there is no memory for a
 * group, or deriving one raises, they are linked as contexts instead: nothing is lost. Returns 0 when nothing is
 * pending, else -1. Precondition catch_group_end.open: one has begun. Event: exception_raised, for a new group. */
#define tt_catch_group_end() tt_catch_group_end_at(TT_HERE)
TT_API int tt_catch_group_end_at(tt_site *site) TT_MUST_USE;

#ifdef __cplusplus
}
#endif

#endif
