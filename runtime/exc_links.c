/* exc_links.c: the graph that exceptions and their links make: references, circles, copies. See exc_object.h.
 *
 * Counting frees what is on no circle. What is marked as being on one is looked at when a reference to it goes and
 * others remain: of all that its links lead to, those are alive which somebody outside refers to, and what these lead
 * to; the rest keeps only itself alive, and is freed. That costs a walk, but only where a circle was made, which takes
 * raising something older than what is being handled.
 *
 * An exception is used by one thread at a time.
 */
#include "exc_object.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------------------------------------------- walks */

static size_t link_count(const tt_exc *exc)
{
    return 2 + (exc->group ? exc->group->count : 0);
}

/* Link INDEX of EXC: its cause, its context, then its members. The link may be NULL. */
static tt_exc **link_at(tt_exc *exc, size_t index)
{
    return index == 0 ? &exc->cause : index == 1 ? &exc->context : &exc->group->members[index - 2].exc;
}

/* The end of a walk's list. The static exception is never in one, so it can stand for that. */
#define LIST_END (&tt__exc_no_memory)

/* Puts EXC behind LAST, unless it is nothing, cannot be walked, or is in the list already. Returns the last one. */
static tt_exc *append(tt_exc *last, tt_exc *exc)
{
    if (!exc || tt__exc_is_static(exc) || exc->next)
        return last;
    exc->next = LIST_END;
    last->next = exc;
    return exc;
}

/* Makes a list, along `next`, of START (not the static one) and all that its links lead to. */
static void collect(tt_exc *start)
{
    tt_exc *last = start;

    assert(!start->next && "one walk at a time");
    start->next = LIST_END;
    for (tt_exc *exc = start; exc != LIST_END; exc = exc->next)
        for (size_t i = 0; i < link_count(exc); i++)
            last = append(last, *link_at(exc, i));
}

static void dissolve(tt_exc *list)
{
    while (list != LIST_END) {
        tt_exc *next = list->next;

        list->next = NULL;
        list->twin = NULL;
        list = next;
    }
}

/* ------------------------------------------------------------------------------------------------------ references */

tt_exc *tt_exc_ref(tt_exc *exc)
{
    if (exc && !tt__exc_is_static(exc)) {
        assert(exc->ref_count > 0 && exc->ref_count < UINT32_MAX && "who takes a reference has one");
        exc->ref_count++;
    }
    return exc;
}

/* Of the list that begins with FIRST: makes a second list, along `twin`, of those that somebody outside refers to and
 * all that these lead to. */
static void find_alive(tt_exc *first)
{
    tt_exc *alive = LIST_END;

    for (tt_exc *exc = first; exc != LIST_END; exc = exc->next)
        exc->inner_count = 0;
    for (tt_exc *exc = first; exc != LIST_END; exc = exc->next)
        for (size_t i = 0; i < link_count(exc); i++)
            if (*link_at(exc, i) && !tt__exc_is_static(*link_at(exc, i)))
                (*link_at(exc, i))->inner_count++;
    for (tt_exc *exc = first; exc != LIST_END; exc = exc->next) {
        assert(exc->ref_count >= exc->inner_count);
        if (exc->ref_count > exc->inner_count) {
            exc->twin = alive;
            alive = exc;
        }
    }
    while (alive != LIST_END) {
        tt_exc *exc = alive;

        alive = exc->twin;
        for (size_t i = 0; i < link_count(exc); i++) {
            tt_exc *linked = *link_at(exc, i);

            if (linked && !tt__exc_is_static(linked) && !linked->twin) {
                linked->twin = alive;
                alive = linked;
            }
        }
    }
}

/* EXC lives on, maybe by a circle only. If so, puts all that does before LIST, to be freed, without links among
 * themselves. Returns the list. */
static tt_exc *drop_circle(tt_exc *list, tt_exc *exc)
{
    tt_exc *next;

    collect(exc);
    find_alive(exc);
    for (tt_exc *dead = exc; dead != LIST_END; dead = dead->next) {
        if (dead->twin)
            continue;
        for (size_t i = 0; i < link_count(dead); i++) {
            tt_exc **link = link_at(dead, i);

            if (*link && !tt__exc_is_static(*link) && !(*link)->twin) {
                (*link)->ref_count--;
                *link = NULL;
            }
        }
    }
    for (tt_exc *each = exc; each != LIST_END; each = next) {
        bool is_alive = each->twin != NULL;

        next = each->next;
        each->next = each->twin = NULL;
        if (!is_alive) {
            assert(each->ref_count == 0 && "only dead ones referred to it");
            each->next = list;
            list = each;
        }
    }
    return list;
}

/* Frees EXC, which has neither references nor links any more. */
static void destroy(tt_exc *exc)
{
    tt__exc_free_data(exc);
    tt__exc_free_notes(exc);
    if (exc->places != exc->inline_places)
        free(exc->places);
    free(exc);
}

/* Drops one reference of EXC (NULL ok); if it was the last, puts EXC before LIST, to be freed. Returns the list, which
 * ends in LIST_END. */
static tt_exc *drop_into(tt_exc *list, tt_exc *exc)
{
    if (!exc || tt__exc_is_static(exc))
        return list;
    assert(exc->ref_count > 0 && "who releases a reference has one");
    assert(!exc->next && "no walk is under way where references are dropped");
    if (--exc->ref_count > 0)
        return exc->may_be_in_cycle ? drop_circle(list, exc) : list;
    exc->next = list;
    return exc;
}

void tt_exc_unref(tt_exc *exc)
{
    int saved_errno = errno;

    for (tt_exc *list = drop_into(LIST_END, exc); list != LIST_END;) {
        tt_exc *dead = list;

        list = dead->next;
        for (size_t i = 0; i < link_count(dead); i++)
            list = drop_into(list, *link_at(dead, i));
        destroy(dead);
    }
    errno = saved_errno;
}

/* ----------------------------------------------------------------------------------------------------------- links */

/* EXC is about to link to TARGET: if that closes a circle, marks all that may be on it. */
static void mark_circle(tt_exc *exc, tt_exc *target)
{
    if (!target || tt__exc_is_static(target) || (exc != target && exc->ref_count == 1))
        return;
    collect(target);
    if (exc->next)
        for (tt_exc *each = target; each != LIST_END; each = each->next)
            each->may_be_in_cycle = true;
    dissolve(target);
}

void tt__exc_adopt_context(tt_exc *exc, tt_exc *context)
{
    tt_exc *before = exc->context;

    if (exc == context || tt__exc_is_static(exc))
        return;
    if (context && exc->ref_count > 1) {
        for (tt_exc *each = context; each; each = each->context) {
            if (each->context == exc) {
                each->context = NULL;
                tt_exc_unref(exc);
                break;
            }
        }
        mark_circle(exc, context);
    }
    exc->context = tt_exc_ref(context);
    tt_exc_unref(before);
}

void tt__exc_set_context(tt_exc *exc, tt_exc *context)
{
    tt_exc_ref(exc); /* the caller's may be the link that is about to be cut */
    tt__exc_adopt_context(exc, context);
    tt_exc_unref(exc);
}

void tt__exc_set_cause(tt_exc *exc, tt_exc *cause)
{
    tt_exc *before = exc->cause;

    if (tt__exc_is_static(exc))
        return;
    mark_circle(exc, cause);
    exc->cause = tt_exc_ref(cause);
    exc->is_context_hidden = true;
    tt_exc_unref(before);
}

/* --------------------------------------------------------------------------------------------------------- members */

static void tell_members_alone(tt_exc *exc)
{
    if (exc->are_members_told)
        return;
    exc->are_members_told = true;
    for (size_t i = 0; i < exc->group->count; i++) {
        const tt_exc *member = exc->group->members[i].exc;

        TT_EMIT(exception_member, .group_id = exc->id, .exception_id = tt_exc_id(member), .position = (uint32_t)i,
                .type = member->type->name, .message = member->text);
    }
}

void tt__exc_tell_members(tt_exc *exc)
{
    tt_exc *last = exc;

    if (!exc->group || exc->are_members_told)
        return;
    exc->next = LIST_END;
    for (tt_exc *group = exc; group != LIST_END; group = group->next) {
        tell_members_alone(group);
        for (size_t i = 0; i < group->group->count; i++)
            if (group->group->members[i].exc->group)
                last = append(last, group->group->members[i].exc);
    }
    dissolve(exc);
}

/* --------------------------------------------------------------------------------------------------------- copying */

/* A copy without links and without references; NULL without memory. */
static tt_exc *copy_alone(const tt_exc *exc)
{
    size_t member_count = tt_exc_group_count(exc);
    size_t size = exc->text_size + 1 + (exc->group ? exc->group->message_size + 1 : 0);
    tt_exc *copy = tt__exc_allocate(exc->type, member_count, size);
    struct tt_exc_group *group;
    char *text;

    if (!copy)
        return NULL;
    group = copy->group;
    text = memcpy(copy->text, exc->text, size);
    *copy = *exc;
    copy->text = text;
    copy->group = group;
    if (group) {
        memcpy(group, exc->group, sizeof(*group) + member_count * sizeof(*group->members));
        group->message = text + exc->text_size + 1;
        for (size_t i = 0; i < member_count; i++)
            group->members[i].exc = NULL;
    }
    copy->ref_count = 0;
    copy->cause = copy->context = copy->next = copy->twin = NULL;
    copy->places = copy->inline_places;
    copy->notes = NULL;
    copy->note_count = copy->note_capacity = 0;
    copy->data = NULL;
    if (!tt__exc_copy_places(copy, exc) || !tt__exc_copy_notes(copy, exc)) {
        destroy(copy);
        return NULL;
    }
    tt__exc_copy_data(copy, exc);
    return copy;
}

/* A counted reference to the copy of EXC. */
static tt_exc *ref_twin(tt_exc *exc)
{
    if (!exc || tt__exc_is_static(exc))
        return exc;
    exc->twin->ref_count++;
    return exc->twin;
}

/* Gives each exception of LIST a copy, still without links. False without memory: then none has one. */
static bool copy_each(tt_exc *list)
{
    for (tt_exc *exc = list; exc != LIST_END; exc = exc->next) {
        exc->twin = copy_alone(exc);
        if (exc->twin)
            continue;
        for (tt_exc *done = list; done != exc; done = done->next) {
            done->twin->ref_count = 1;
            done->twin->may_be_in_cycle = false; /* it has no links yet */
            tt_exc_unref(done->twin);
        }
        return false;
    }
    return true;
}

tt_exc *tt__exc_copy(const tt_exc *original)
{
    tt_exc *list = (tt_exc *)original; /* written to by the walk only, which leaves it as it was */
    tt_exc *copy = NULL;

    if (tt__exc_is_static(list))
        return list;
    collect(list);
    if (copy_each(list)) {
        for (tt_exc *exc = list; exc != LIST_END; exc = exc->next)
            for (size_t i = 0; i < link_count(exc); i++)
                *link_at(exc->twin, i) = ref_twin(*link_at(exc, i));
        copy = ref_twin(list);
    }
    dissolve(list);
    return copy;
}
