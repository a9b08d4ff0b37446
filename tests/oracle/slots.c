/* slots.c: see slots.h. */
#include "slots.h"

#include <stdlib.h>
#include <string.h>

#include "run.h"

enum { SLOTS_MAX = 64 };

static struct left_slots {
    struct slot memory[SLOTS_MAX];
    struct slot *by_name[SLOTS_MAX]; /* into this one's memory */
    int count;
} all;

struct slot *slot_named(const char *name)
{
    int place = 0;

    for (; place < all.count; place++) {
        int order = strcmp(all.by_name[place]->name, name);

        if (order == 0)
            return all.by_name[place];
        if (order > 0)
            break;
    }
    if (all.count == SLOTS_MAX)
        abort();
    memmove(all.by_name + place + 1, all.by_name + place, (size_t)(all.count - place) * sizeof all.by_name[0]);
    all.by_name[place] = &all.memory[all.count++];
    *all.by_name[place] = (struct slot){.name = name, .is_watched = strchr("tfrm", *name) != NULL, .shown = "empty"};
    return all.by_name[place];
}

struct slot *const *slots(int *out_count)
{
    *out_count = all.count;
    return all.by_name;
}

struct slot *slot_filled(const char *name)
{
    struct slot *slot = slot_named(name);

    if (slot->kind != SLOT_EMPTY)
        return slot;
    tt_raise(&tt_LookupError, "%s is empty", name);
    return NULL;
}

struct slot *slot_that_is_no_gather(const char *name)
{
    struct slot *slot = slot_filled(name);

    if (!slot || slot->kind != SLOT_GATHER)
        return slot;
    tt_raise(&tt_LookupError, "%s is a gather", name);
    return NULL;
}

void *get(const char *name)
{
    struct slot *slot = slot_filled(name);

    return slot ? slot->value : NULL;
}

static void release(enum slot_kind kind, void *value)
{
    switch (kind) {
    case SLOT_FUTURE:
    case SLOT_GATHER:
        tt_future_unref(value);
        break;
    case SLOT_THREAD_FUTURE:
        tt_thread_future_unref(value);
        break;
    case SLOT_HANDLE:
        tt_handle_unref(value);
        break;
    case SLOT_EXCEPTION:
        tt_exc_unref(value);
        break;
    default:
        break;
    }
}

void slot_put(const char *name, enum slot_kind kind, void *value, int rank)
{
    struct slot *slot = slot_named(name);
    enum slot_kind old_kind = slot->kind;
    void *old_value = slot->value;

    if (kind == SLOT_FUTURE || kind == SLOT_GATHER)
        run_see(value);
    slot->kind = kind;
    slot->value = value;
    slot->rank = rank;
    release(old_kind, old_value);
}

void slot_drop(struct slot *slot)
{
    slot_put(slot->name, SLOT_EMPTY, NULL, 0);
}

struct slot *get_younger(const struct frame *frame, const char *name)
{
    struct slot *slot = slot_filled(name);

    if (!slot || slot->rank > frame->rank)
        return slot;
    tt_raise(&tt_LookupError, "%s is older", name);
    return NULL;
}

void slots_clear(void)
{
    all.count = 0;
}

struct left_slots *slots_leave(void)
{
    struct left_slots *left = malloc(sizeof *left);

    if (!left)
        abort();
    *left = all;
    all.count = 0;
    return left;
}

void slots_resume(struct left_slots *left)
{
    all = *left;
    free(left);
}
