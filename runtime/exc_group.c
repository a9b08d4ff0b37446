/* exc_group.c: exception groups: how they are made and what they hold. See telltale/exc_group.h and exc_object.h. */
#include "exc_object.h"
#include "precond.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- making */

/* TYPE, or what takes its place, for a group of COUNT MEMBERS. NULL with an exception raised at SITE if it cannot hold
 * them. */
static const tt_exc_type *check_members(tt_site *site, const tt_exc_type *type, tt_exc *const *members, size_t count)
{
    bool are_exceptions = true;

    if (count == 0) {
        tt_raise_at(site, &tt_ValueError, "second argument (exceptions) must be a non-empty sequence");
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (!members[i]) {
            tt_raise_at(site, &tt_ValueError, "Item %zu of second argument (exceptions) is not an exception", i);
            return NULL;
        }
        are_exceptions = are_exceptions && tt_exc_is(members[i], &tt_Exception);
    }
    if (type == &tt_BaseExceptionGroup && are_exceptions)
        return &tt_ExceptionGroup;
    if (are_exceptions || !tt__exc_type_is(type, &tt_Exception))
        return type;
    tt_raise_at(site, &tt_TypeError,
                type == &tt_ExceptionGroup ? "Cannot nest BaseExceptions in an %s"
                                           : "Cannot nest BaseExceptions in '%s'",
                type->name);
    return NULL;
}

static void set_members(struct tt_exc_group *group, tt_exc *const *members, size_t count)
{
    size_t leaf_end = 0;

    group->count = count;
    group->is_wrapper = false;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(leaf_end, tt_exc_leaf_count(members[i]), &leaf_end))
            leaf_end = SIZE_MAX;
        group->members[i] = (struct tt_exc_member){.exc = tt_exc_ref(members[i]), .leaf_end = leaf_end};
    }
}

/* The same as tt_exc_group_new_at. */
static tt_exc *make_group(tt_site *site, const tt_exc_type *type, tt_exc *const *members, size_t count,
                          const char *format, va_list args)
{
    int saved_errno = errno;
    char suffix[48];
    size_t size, suffix_size;
    tt_exc *exc;
    va_list again;

    TT_PRECOND("exc_group_new.type", site, type && tt__exc_type_is(type, &tt_BaseExceptionGroup));
    type = check_members(site, type, members, count);
    if (!type)
        return NULL;
    suffix_size = (size_t)snprintf(suffix, sizeof suffix, " (%zu sub-exception%s)", count, count == 1 ? "" : "s");
    va_copy(again, args);
    size = tt__exc_measure(format, args);
    exc = tt__exc_allocate(type, count, size + suffix_size + 1 + size + 1);
    if (exc) {
        errno = saved_errno;
        tt__exc_write(exc->text, size, format, again);
        size = strlen(exc->text);
        memcpy(exc->text + size, suffix, suffix_size + 1);
        exc->text_size = size + suffix_size;
        exc->group->message = memcpy(exc->text + exc->text_size + 1, exc->text, size);
        exc->text[exc->text_size + 1 + size] = '\0';
        exc->group->message_size = size;
        set_members(exc->group, members, count);
        exc->id = tt_trace_new_id();
        exc->site = site;
    }
    va_end(again);
    errno = saved_errno;
    if (!exc)
        tt_raise_exc_at(site, NULL);
    return exc;
}

tt_exc *tt_exc_group_new_at(tt_site *site, const tt_exc_type *type, tt_exc *const *members, size_t count,
                            const char *format, ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = make_group(site, type, members, count, format, args);
    va_end(args);
    return exc;
}

int tt_raise_group_at(tt_site *site, const tt_exc_type *type, tt_exc *const *members, size_t count, const char *format,
                      ...)
{
    va_list args;
    tt_exc *exc;

    va_start(args, format);
    exc = make_group(site, type, members, count, format, args);
    va_end(args);
    if (exc)
        tt_raise_exc_at(site, exc);
    tt_exc_unref(exc);
    return -1;
}

/* --------------------------------------------------------------------------------------------------- what they hold */

bool tt_exc_is_group(const tt_exc *exc)
{
    return exc && exc->group;
}

size_t tt_exc_group_count(const tt_exc *exc)
{
    return tt_exc_is_group(exc) ? exc->group->count : 0;
}

tt_exc *tt_exc_group_member(const tt_exc *exc, size_t index)
{
    return index < tt_exc_group_count(exc) ? exc->group->members[index].exc : NULL;
}

size_t tt_exc_leaf_count(const tt_exc *exc)
{
    if (!tt_exc_is_group(exc))
        return exc ? 1 : 0;
    return exc->group->members[exc->group->count - 1].leaf_end;
}

/* The member of GROUP that has leaf INDEX, which it does have. */
static size_t member_with_leaf(const struct tt_exc_group *group, size_t index)
{
    size_t first = 0, last = group->count - 1;

    while (first < last) {
        size_t middle = first + (last - first) / 2;

        if (group->members[middle].leaf_end > index)
            last = middle;
        else
            first = middle + 1;
    }
    return first;
}

tt_exc *tt_exc_leaf(const tt_exc *exc, size_t index)
{
    if (index >= tt_exc_leaf_count(exc))
        return NULL;
    while (exc->group) {
        size_t which = member_with_leaf(exc->group, index);

        index -= which > 0 ? exc->group->members[which - 1].leaf_end : 0;
        exc = exc->group->members[which].exc;
    }
    return (tt_exc *)exc;
}
