/* exc_split.c: parts of exception groups: derive and split. See telltale/exc_group.h.
 *
 * A split goes through the tree without recursion, because groups can be nested as deeply as memory allows: each group
 * that it is inside of has a struct level, on the heap. From: CPython's BaseExceptionGroup.split.
 */
#include "exc_object.h"
#include "precond.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- derive */

/* What the nearest base that says so derives; NULL: none does. */
static tt_exc *(*derive_of(const tt_exc_type *type))(const tt_exc *, tt_exc *const *, size_t)
{
    while (type && !type->derive)
        type = type->base;
    return type ? type->derive : NULL;
}

tt_exc *tt_exc_group_derive_at(tt_site *site, const tt_exc *group, tt_exc *const *members, size_t count)
{
    tt_exc *(*derive)(const tt_exc *, tt_exc *const *, size_t), *exc;

    TT_PRECOND("exc_group_derive.group", site, tt_exc_is_group(group));
    derive = derive_of(group->type);
    if (!derive)
        return tt_exc_group_new_at(site, &tt_BaseExceptionGroup, members, count, "%s", group->group->message);
    exc = derive(group, members, count);
    if (!exc && !tt_exc_pending())
        tt_raise_exc_at(site, NULL);
    if (exc && !tt_exc_is_group(exc)) {
        tt_exc_unref(exc);
        exc = NULL;
        tt_raise_at(site, &tt_TypeError, "derive must return an instance of BaseExceptionGroup");
    }
    return exc;
}

/* The part of GROUP that has MEMBERS (NULL: there are none) in *OUT_PART: with its places, links and notes. -1 with an
 * exception pending if it cannot be made. */
static int make_part(tt_exc *group, tt_exc *const *members, size_t count, tt_exc **out_part)
{
    tt_exc *part = NULL;

    if (count > 0) {
        part = tt_exc_group_derive_at(group->site, group, members, count);
        if (!part)
            return -1;
        if (!tt__exc_copy_places(part, group) || !tt__exc_copy_notes(part, group)) {
            tt_exc_unref(part);
            return tt_raise_exc_at(group->site, NULL);
        }
        tt__exc_set_context(part, group->context);
        tt__exc_set_cause(part, group->cause);
        part->site = group->site;
    }
    *out_part = part;
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------- split */

/* Parts of one side; counted references. */
struct side {
    tt_exc **parts;
    size_t count;
};

/* A group whose members are being split. */
struct level {
    struct level *outer;
    tt_exc *group;
    size_t next; /* member that is split next */
    struct side match, rest;
    tt_exc *room[]; /* of both sides */
};

/* The two halves of something; counted references, or NULL. */
struct halves {
    tt_exc *match, *rest;
};

static struct level *open_level(struct level *outer, tt_exc *group)
{
    size_t count = group->group->count;
    struct level *level = malloc(sizeof(*level) + 2 * count * sizeof(level->room[0]));

    if (!level) {
        tt_raise_exc_at(group->site, NULL);
        return NULL;
    }
    *level = (struct level){.outer = outer, .group = group};
    level->match.parts = level->room;
    level->rest.parts = level->room + count;
    return level;
}

static void add(struct side *side, tt_exc *part)
{
    if (part)
        side->parts[side->count++] = part;
}

static void drop(struct side *side)
{
    while (side->count > 0)
        tt_exc_unref(side->parts[--side->count]);
}

/* Frees LEVEL and returns the one outside of it. */
static struct level *close_level(struct level *level)
{
    struct level *outer = level->outer;

    drop(&level->match);
    drop(&level->rest);
    free(level);
    return outer;
}

/* All members of LEVEL's group are split: makes its own halves. -1: not, and an exception is pending. */
static int finish_level(struct level *level, bool want_rest, struct halves *out_halves)
{
    struct halves halves = {0};

    if (make_part(level->group, level->match.parts, level->match.count, &halves.match) < 0)
        return -1;
    if (want_rest && make_part(level->group, level->rest.parts, level->rest.count, &halves.rest) < 0) {
        tt_exc_unref(halves.match);
        return -1;
    }
    *out_halves = halves;
    return 0;
}

/* Asks MATCH about EXC. If that tells how EXC is split sets *OUT_HALVES; for a group whose members have to be asked
 * puts a new level in front of *LEVELS. Returns 1 with halves, 0 with a level, -1 with an exception pending. */
static int begin_split(tt_exc *exc, tt_exc_match_fn match, void *arg, struct level **levels, struct halves *out_halves)
{
    int answer = match(exc, arg);
    struct level *level;

    if (answer < 0)
        return tt_exc_pending() ? -1 : tt_raise_at(exc->site, &tt_RuntimeError, "a match returned -1 without raising");
    if (answer > 0 || !exc->group) {
        *out_halves = answer > 0 ? (struct halves){.match = tt_exc_ref(exc)} : (struct halves){.rest = tt_exc_ref(exc)};
        return 1;
    }
    level = open_level(*levels, exc);
    if (!level)
        return -1;
    *levels = level;
    return 0;
}

/* Splits EXC. Returns 0, or -1 with an exception pending. */
static int split(tt_exc *exc, tt_exc_match_fn match, void *arg, bool want_rest, struct halves *out_halves)
{
    struct level *levels = NULL;
    struct halves halves = {0};
    int rc = begin_split(exc, match, arg, &levels, &halves);

    while (rc >= 0 && levels) {
        if (levels->next < levels->group->group->count) {
            rc = begin_split(levels->group->group->members[levels->next++].exc, match, arg, &levels, &halves);
        } else {
            rc = finish_level(levels, want_rest, &halves) < 0 ? -1 : 1;
            levels = close_level(levels);
        }
        if (rc == 1 && levels) { /* halves of a member of this level */
            add(&levels->match, halves.match);
            if (want_rest)
                add(&levels->rest, halves.rest);
            else
                tt_exc_unref(halves.rest);
        }
    }
    while (levels)
        levels = close_level(levels);
    if (rc < 0)
        return -1;
    *out_halves = halves;
    return 0;
}

int tt_exc_group_split_if(tt_exc *exc, tt_exc_match_fn match, void *arg, tt_exc **out_match, tt_exc **out_rest)
{
    struct halves halves = {0};

    TT_PRECOND("exc_group_split.exception", NULL, exc != NULL);
    TT_PRECOND("exc_group_split.match", NULL, match != NULL);
    if (split(exc, match, arg, out_rest != NULL, &halves) < 0)
        return -1;
    if (out_match)
        *out_match = halves.match;
    else
        tt_exc_unref(halves.match);
    if (out_rest)
        *out_rest = halves.rest;
    else
        tt_exc_unref(halves.rest);
    return 0;
}

struct types {
    const tt_exc_type *const *types;
    size_t count;
};

static int is_of_types(const tt_exc *exc, void *arg)
{
    const struct types *types = arg;

    for (size_t i = 0; i < types->count; i++)
        if (tt_exc_is(exc, types->types[i]))
            return 1;
    return 0;
}

int tt_exc_group_split_types(tt_exc *exc, const tt_exc_type *const *types, size_t count, tt_exc **out_match,
                             tt_exc **out_rest)
{
    struct types wanted = {types, count};

    TT_PRECOND("exc_group_split_types.types", NULL, types != NULL || count == 0);
    return tt_exc_group_split_if(exc, is_of_types, &wanted, out_match, out_rest);
}

int tt_exc_group_split(tt_exc *exc, const tt_exc_type *type, tt_exc **out_match, tt_exc **out_rest)
{
    return tt_exc_group_split_types(exc, &type, 1, out_match, out_rest);
}
