/* exc_print.c: the traceback of an exception, with its chain of causes and contexts, its notes, and the members of
 * groups. As Python prints it, word for word, with places of C where Python has frames; what differs on purpose:
 *
 *   - types are printed by their name alone, where Python puts the module before it
 *     (asyncio.exceptions.CancelledError);
 *   - there are no source lines below the places.
 *
 * Each exception of a chain is printed once, also where the chain goes in a circle. With groups it matters in which of
 * several places that is: Python decides before it prints, and the plan here is made in its order: of a group first its
 * own chain, then its members from the last to the first. A plan takes memory. Without groups none is needed: the way
 * back along a chain is kept in the exceptions (`next`). And where there is no memory members are printed without the
 * chains of their own. Recursion goes into groups only, of which at most GROUP_DEPTH_MAX + 1 are printed within each
 * other.
 *
 * The thread of the exception.
 */
#include "exc_text.h"
#include "precond.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Groups in groups, and members of a group, that are printed: Python's numbers. */
#define GROUP_DEPTH_MAX 10
#define GROUP_WIDTH_MAX 15

/* ------------------------------------------------------------------------------------------------------- the plan */

/* An exception at one place of the output. */
struct shown {
    const tt_exc *exc;
    struct shown *before;  /* its cause or context; NULL: there is none, or it is printed elsewhere */
    struct shown *members; /* of a group: as many as it has */
    struct shown *next;    /* while planning: the stack; while printing: the way back along the chain */
};

struct block {
    struct block *next;
    size_t count;
    struct shown shown[];
};

struct plan {
    struct shown root;
    struct block *blocks;
};

/* EXC goes to SHOWN. The static one is never marked; nothing comes before it, so it makes no circle. */
static void plan_at(struct shown *shown, const tt_exc *exc)
{
    *shown = (struct shown){.exc = exc};
    if (!tt__exc_is_static(exc))
        ((tt_exc *)exc)->is_marked = true;
}

/* What would be printed before EXC, or NULL. */
static tt_exc *printed_before(const tt_exc *exc)
{
    if (exc->cause)
        return exc->cause;
    return exc->is_context_hidden ? NULL : exc->context;
}

/* Plans what SHOWN leads to, and puts it on STACK. False without memory. */
static bool plan_around(struct plan *plan, struct shown *shown, struct shown **stack)
{
    const tt_exc *before = printed_before(shown->exc);
    size_t member_count = tt_exc_group_count(shown->exc), count;
    struct block *block;

    if (before && before->is_marked)
        before = NULL;
    count = member_count + (before ? 1 : 0);
    if (count == 0)
        return true;
    block = malloc(sizeof(*block) + count * sizeof(block->shown[0]));
    if (!block)
        return false;
    block->next = plan->blocks;
    block->count = count;
    plan->blocks = block;
    shown->members = block->shown + count - member_count;
    if (before) {
        shown->before = block->shown;
        plan_at(shown->before, before);
    }
    for (size_t i = 0; i < member_count; i++)
        plan_at(&shown->members[i], tt_exc_group_member(shown->exc, i));
    for (size_t i = 0; i < count; i++) {
        block->shown[i].next = *stack;
        *stack = &block->shown[i];
    }
    return true;
}

static void finish_plan(struct plan *plan)
{
    ((tt_exc *)plan->root.exc)->is_marked = false;
    for (struct block *block = plan->blocks, *next; block; block = next) {
        next = block->next;
        for (size_t i = 0; i < block->count; i++)
            if (!tt__exc_is_static(block->shown[i].exc))
                ((tt_exc *)block->shown[i].exc)->is_marked = false;
        free(block);
    }
    plan->blocks = NULL;
}

/* Whether EXC or what is before it in its chain is a group. */
static bool has_groups(const tt_exc *exc)
{
    const tt_exc *slow = exc;

    for (bool is_even = false; exc; exc = printed_before(exc), is_even = !is_even) {
        if (exc->group)
            return true;
        if (is_even && slow == exc)
            return false; /* the chain goes in a circle, and all of it has been looked at */
        if (is_even)
            slow = printed_before(slow);
    }
    return false;
}

/* Makes the plan for EXC, if it needs one and there is memory. */
static bool make_plan(struct plan *plan, const tt_exc *exc)
{
    struct shown *stack = &plan->root;

    plan->blocks = NULL;
    if (!exc || !has_groups(exc))
        return false;
    plan_at(&plan->root, exc);
    while (stack) {
        struct shown *shown = stack;

        stack = shown->next;
        if (!plan_around(plan, shown, &stack)) {
            finish_plan(plan);
            return false;
        }
    }
    return true;
}

/* ------------------------------------------------------------------------------------------------------- margins */

struct page {
    struct tt_exc_sink sink;
    int depth; /* groups around what is printed now */
    bool is_in_line;
    bool is_after_return; /* a \r ended the line before; a \n belongs to it */
    bool is_end_due;      /* the line below the last member of a group is still to be printed */
};

static void put_text(struct page *page, const char *text)
{
    tt__exc_put(&page->sink, text, strlen(text));
}

static void indent(struct page *page)
{
    for (int i = 0; i < page->depth; i++)
        put_text(page, "  ");
}

/* Bytes of what ends a line at TEXT, as Python's str.splitlines has it; 0: nothing. */
static size_t line_end(const char *text, const char *end)
{
    uint32_t point = 0;
    size_t width = tt__exc_decode(text, end, &point);

    switch (point) {
    case '\n':
    case '\v':
    case '\f':
    case '\r':
    case 0x1c:
    case 0x1d:
    case 0x1e:
    case 0x85:
    case 0x2028:
    case 0x2029:
        return width;
    default:
        return 0;
    }
}

/* Writes TEXT with the margin of the groups around it, MARGIN being its last column. */
static void emit_with(struct page *page, const char *text, size_t size, const char *margin)
{
    const char *end = text + size;

    while (text < end) {
        const char *next = text;
        size_t width = 0;

        if (!page->is_in_line && !(page->is_after_return && *text == '\n') && page->depth > 0) {
            indent(page);
            put_text(page, margin);
        }
        while (next < end && (width = line_end(next, end)) == 0)
            next++;
        tt__exc_put(&page->sink, text, (size_t)(next - text) + width);
        page->is_in_line = width == 0;
        page->is_after_return = width > 0 && *next == '\r';
        text = next + width;
    }
}

static void emit(struct page *page, const char *text)
{
    emit_with(page, text, strlen(text), "| ");
}

static void emit_number(struct page *page, const char *format, long number)
{
    char text[80];

    emit_with(page, text, (size_t)snprintf(text, sizeof text, format, number), "| ");
}

/* ------------------------------------------------------------------------------------------------- one exception */

static void put_place(struct page *page, const tt_site *site)
{
    emit(page, "  File \"");
    emit(page, site->file);
    emit_number(page, "\", line %ld", (long)site->line);
    emit(page, ", in ");
    emit(page, site->func);
    emit(page, "\n");
}

/* The outermost place first, where it was raised last. */
static void put_places(struct page *page, const tt_exc *exc)
{
    uint32_t gap = exc->left_out_count > 0 ? tt__exc_place_capacity(exc) / 2 : 0;

    for (uint32_t i = exc->place_count; i > 0; i--) {
        if (i == gap)
            emit_number(page, exc->left_out_count > 1 ? "  [%ld places left out]\n" : "  [%ld place left out]\n",
                        (long)exc->left_out_count);
        put_place(page, exc->places[i - 1]);
    }
}

static void put_last_line(struct page *page, const tt_exc *exc)
{
    bool is_quoted = exc->has_text && tt_exc_is(exc, &tt_KeyError); /* a lone key would often be unreadable */

    emit(page, exc->type->name);
    if (exc->text_size > 0 || is_quoted) {
        emit(page, ": ");
        if (is_quoted)
            tt__exc_put_quoted(&page->sink, exc->text, exc->text_size); /* has no ends of lines in it */
        else
            emit_with(page, exc->text, exc->text_size, "| ");
    }
    emit(page, "\n");
    for (size_t i = 0; i < tt_exc_note_count(exc); i++) {
        emit(page, tt_exc_note(exc, i));
        emit(page, "\n");
    }
}

static void put_chain(struct page *page, const tt_exc *exc, struct shown *shown);

/* The line above member INDEX of a group. */
static void put_title(struct page *page, size_t index)
{
    indent(page);
    put_text(page, index == 0 ? "+-+---------------- " : "  +---------------- ");
    if (index < GROUP_WIDTH_MAX)
        tt__exc_put_number(&page->sink, "%ld", (long)index + 1);
    else
        put_text(page, "...");
    put_text(page, " ----------------\n");
}

/* The members of a group: those of SHOWN (NULL: there is no plan), with a line below the last one, unless a group in
 * its place ended with that already. */
static void put_members(struct page *page, const tt_exc *exc, struct shown *shown)
{
    size_t all = exc->group->count, count = all <= GROUP_WIDTH_MAX ? all : GROUP_WIDTH_MAX + 1;

    for (size_t i = 0; i < count; i++) {
        if (i == count - 1)
            page->is_end_due = true;
        put_title(page, i);
        page->depth++;
        if (i < GROUP_WIDTH_MAX)
            put_chain(page, exc->group->members[i].exc, shown ? &shown->members[i] : NULL);
        else
            emit_number(page, all - i > 1 ? "and %ld more exceptions\n" : "and %ld more exception\n", (long)(all - i));
        if (i == count - 1 && page->is_end_due) {
            indent(page);
            put_text(page, "+------------------------------------\n");
            page->is_end_due = false;
        }
        page->depth--;
    }
}

static void put_group(struct page *page, const tt_exc *exc, struct shown *shown)
{
    static const char title[] = "Exception Group Traceback (most recent call last):\n";
    bool is_outermost = page->depth == 0;

    if (is_outermost)
        page->depth++;
    if (exc->place_count > 0) {
        emit_with(page, title, strlen(title), is_outermost ? "+ " : "| ");
        put_places(page, exc);
    }
    put_last_line(page, exc);
    put_members(page, exc, shown);
    if (is_outermost)
        page->depth--;
}

/* EXC without what is before it. */
static void put_alone(struct page *page, const tt_exc *exc, struct shown *shown)
{
    if (exc->group && page->depth > GROUP_DEPTH_MAX) {
        emit_number(page, "... (max_group_depth is %ld)\n", GROUP_DEPTH_MAX);
    } else if (exc->group) {
        put_group(page, exc, shown);
    } else {
        if (exc->place_count > 0) {
            emit(page, "Traceback (most recent call last):\n");
            put_places(page, exc);
        }
        put_last_line(page, exc);
    }
}

/* -------------------------------------------------------------------------------------------------------- chains */

static void put_link(struct page *page, const tt_exc *exc)
{
    emit(page, exc->cause ? "\nThe above exception was the direct cause of the following exception:\n\n"
                          : "\nDuring handling of the above exception, another exception occurred:\n\n");
}

/* The chain of SHOWN, the earliest first. */
static void put_planned_chain(struct page *page, struct shown *shown)
{
    shown->next = NULL;
    for (; shown->before; shown = shown->before)
        shown->before->next = shown;
    put_alone(page, shown->exc, shown);
    while (shown->next) {
        shown = shown->next;
        put_link(page, shown->exc);
        put_alone(page, shown->exc, shown);
    }
}

/* The end of the way back; nothing is before the static exception, so no way leads back to it. */
#define CHAIN_END (&tt__exc_no_memory)

/* The chain of LAST without a plan. On the way to the earliest one, each exception notes which one comes after it; one
 * that has such a note was there before, as in a circle. */
static void put_unplanned_chain(struct page *page, const tt_exc *last)
{
    tt_exc *exc = (tt_exc *)last, *after = CHAIN_END; /* written to by the walk only, which leaves it as it was */

    for (tt_exc *before; (before = printed_before(exc)) != NULL && !before->next && before != exc; exc = before) {
        exc->next = after;
        after = exc;
    }
    put_alone(page, exc, NULL);
    while (after != CHAIN_END) {
        exc = after;
        after = exc->next;
        exc->next = NULL;
        put_link(page, exc);
        put_alone(page, exc, NULL);
    }
}

static void put_chain(struct page *page, const tt_exc *exc, struct shown *shown)
{
    if (shown)
        put_planned_chain(page, shown);
    else if (page->depth > 0)
        put_alone(page, exc, NULL); /* a member; in a chain that is under way its own may be noted already */
    else
        put_unplanned_chain(page, exc);
}

char *tt_exc_format(const tt_exc *exc)
{
    struct page measure = {0}, page = {0};
    struct plan plan;
    bool is_planned = make_plan(&plan, exc);

    if (exc)
        put_chain(&measure, exc, is_planned ? &plan.root : NULL);
    page.sink.size = measure.sink.length;
    page.sink.buffer = malloc(page.sink.size + 1);
    if (page.sink.buffer && exc)
        put_chain(&page, exc, is_planned ? &plan.root : NULL);
    if (page.sink.buffer)
        page.sink.buffer[page.sink.size] = '\0';
    if (is_planned)
        finish_plan(&plan);
    return page.sink.buffer;
}

void tt_exc_print(const tt_exc *exc, FILE *stream)
{
    struct page page = {.sink = {.stream = stream}};
    struct plan plan;
    bool is_planned;

    TT_PRECOND("exc_print.stream", NULL, stream != NULL);
    if (!exc)
        return;
    is_planned = make_plan(&plan, exc);
    flockfile(stream);
    put_chain(&page, exc, is_planned ? &plan.root : NULL);
    funlockfile(stream);
    if (is_planned)
        finish_plan(&plan);
}
