/* import_match.c: see import_match.h.
 *
 * The greedy way is the best one. Take the span that ends first, of either side: all that it overlaps with, it overlaps with at
 * its end. Of these, the one that ends first is matched with it, since whatever else overlaps with that one overlaps with the
 * others, too. So no choice is ever regretted.
 */
#include "import_match.h"

#include <stdlib.h>
#include <string.h>

/* Spans of a side, in the order of their ends. */
struct side {
    struct tt__import_span **spans;
    size_t count, next;
};

static int compare_ends(const void *a, const void *b)
{
    const struct tt__import_span *const *left = a, *const *right = b;
    return ((*left)->to_ns > (*right)->to_ns) - ((*left)->to_ns < (*right)->to_ns);
}

static bool sort(struct side *side, struct tt__import_span *spans, size_t count)
{
    *side = (struct side){.spans = calloc(count + 1, sizeof(struct tt__import_span *)), .count = count};
    if (!side->spans)
        return false;
    for (size_t i = 0; i < count; i++)
        side->spans[i] = &spans[i];
    qsort(side->spans, count, sizeof *side->spans, compare_ends);
    return true;
}

static bool is_same_host(const struct tt__import_span *a, const struct tt__import_span *b)
{
    return memcmp(a->boot_id, b->boot_id, 16) == 0;
}

/* Matches SPAN with those of OTHERS that end no earlier. */
static void match(struct tt__import_span *span, struct side *others, bool is_loose)
{
    while (others->next < others->count && others->spans[others->next]->left == 0)
        others->next++;
    for (size_t i = others->next; i < others->count && span->left > 0; i++) {
        struct tt__import_span *other = others->spans[i];
        if (other->left == 0 || (!is_loose && other->from_ns > span->to_ns) || !is_same_host(span, other))
            continue;
        uint64_t taken = span->left < other->left ? span->left : other->left;
        span->left -= taken;
        other->left -= taken;
    }
}

static void match_overlaps(struct side *a, struct side *b)
{
    while (a->next < a->count && b->next < b->count) {
        struct side *first = a->spans[a->next]->to_ns <= b->spans[b->next]->to_ns ? a : b;
        match(first->spans[first->next++], first == a ? b : a, false);
    }
}

bool tt__import_match(struct tt__import_span *holes, size_t hole_count, struct tt__import_span *stretches,
                      size_t stretch_count, bool is_loose)
{
    struct side a, b = {0};
    bool has_memory = sort(&a, holes, hole_count) && sort(&b, stretches, stretch_count);
    if (has_memory) {
        match_overlaps(&a, &b);
        a.next = b.next = 0;
        for (size_t i = 0; is_loose && i < a.count; i++)
            match(a.spans[i], &b, true);
    }
    free(a.spans);
    free(b.spans);
    return has_memory;
}
