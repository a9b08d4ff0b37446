/* select_list.c: see select_list.h. */
#include "select_list.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "telltale/trace.h"

static const struct {
    const char *name;
    uint32_t bit;
} categories[] = {
#define TT_CATEGORY(bit, name, default_on, text) {#name, 1u << (bit)},
#include "events.def"
};

enum {
    ALL_CATEGORIES = 0
#define TT_CATEGORY(bit, name, default_on, text) | 1 << (bit)
#include "events.def"
};

static uint32_t find_category(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof categories / sizeof categories[0]; i++)
        if (strlen(categories[i].name) == length && memcmp(categories[i].name, name, length) == 0)
            return categories[i].bit;
    if (length == 7 && memcmp(name, "default", 7) == 0)
        return (uint32_t)TT_CATEGORY_DEFAULT;
    return length == 3 && memcmp(name, "all", 3) == 0 ? ALL_CATEGORIES : 0;
}

uint32_t tt__select_read_number(const char *at, size_t *out_length)
{
    uint64_t every = 0;
    size_t length = strcspn(at, ",");
    *out_length = length;
    for (size_t i = 0; i < length; i++) {
        if (at[i] < '0' || at[i] > '9' || length > 9)
            return 0;
        every = every * 10 + (uint64_t)(at[i] - '0');
    }
    return (uint32_t)every;
}

/* A list of names, `all`, `default`, `none`, separated by commas; a leading `-` takes one out, a leading `+` adds one. A list that
 * begins with such a sign begins with what is there. `step/N`: steps of one task in N. Steps are nothing without their
 * tasks, so that step brings task with it. `vital`: of what is chosen, only events of that level. */
int tt__select_read_list(const char *list, uint32_t *categories_at, uint32_t *step_every)
{
    bool is_change = list[0] == '-' || list[0] == '+';
    uint32_t chosen = is_change ? *categories_at : 0;
    if (!is_change)
        *step_every = 1;
    for (const char *at = list; *at; at += *at == ',') {
        bool is_removed = *at == '-', is_signed = is_removed || *at == '+';
        at += is_signed;
        size_t length = strcspn(at, ",/"), every_length;
        uint32_t bits = length == 5 && memcmp(at, "vital", 5) == 0 ? TT_TRACE_VITAL_ONLY : find_category(at, length);
        bool is_none = length == 4 && memcmp(at, "none", 4) == 0;
        if (bits == 0 && (!is_none || is_signed))
            return -EINVAL;
        if (bits == (uint32_t)TT_CATEGORY_step && !is_removed)
            bits |= (uint32_t)TT_CATEGORY_task;
        chosen = is_none ? 0 : is_removed ? chosen & ~bits : chosen | bits;
        at += length;
        if (*at == '/') {
            if ((bits & (uint32_t)TT_CATEGORY_step) == 0 || is_removed ||
                (*step_every = tt__select_read_number(at + 1, &every_length)) == 0)
                return -EINVAL;
            at += 1 + every_length;
        }
    }
    *categories_at = chosen;
    return 0;
}

uint32_t tt__select_complete(uint32_t chosen)
{
    if (chosen == UINT32_MAX)
        return (uint32_t)ALL_CATEGORIES;
    if ((chosen & (uint32_t)TT_CATEGORY_creation) != 0)
        chosen |= (uint32_t)TT_CATEGORY_stack;
    chosen |= TT_CATEGORY_process; /* without it the rest would be nobody's */
    return chosen & ((uint32_t)ALL_CATEGORIES | TT_TRACE_VITAL_ONLY);
}
