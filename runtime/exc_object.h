/* exc_object.h: the inside of an exception, for the files exc*.c. All others use telltale/exc.h and exc_internal.h.
 *
 * Exceptions and their links (cause, context) make a graph. Every link is a counted reference that points to an
 * exception which was there before, or the links that would close a cycle are cut (tt__exc_set_context). So the graph
 * has no cycles, counting is enough to free it, and whoever follows links from one exception to the next comes to an
 * end.
 *
 * Graphs can be long (a retry loop that raises while it handles makes a chain), so nothing here recurses along links:
 * the fields `next` and `twin` let a walk keep its list in the exceptions themselves, which needs no memory.
 *
 * tt__exc_no_memory is what is raised when there is no memory for an exception. It is static, all threads share it, and
 * so nobody writes to it: its count, places, cause and context stay as they are.
 *
 * Threads: an exception is used by one thread at a time, readers too, because walks write into it.
 */
#ifndef TT_EXC_OBJECT_H
#define TT_EXC_OBJECT_H

#include "exc_internal.h"

#include <stdarg.h>

/* Places that an exception keeps; most programs await less deeply than this. Beyond it, the half nearest to the raise
 * and the half nearest to the reader stay. */
#define TT_EXC_PLACES_MAX 32
/* Of these, how many fit into the exception itself. */
#define TT_EXC_PLACES_INLINE 4

struct tt_exc {
    const tt_exc_type *type;
    uint64_t id;
    uint32_t ref_count;
    int error; /* errno value; valid if has_error */
    bool has_error;
    bool is_raised;          /* exception_raised was emitted */
    bool is_context_hidden;  /* raised with a cause, or with none on purpose: printing passes over the context */
    tt_exc *cause, *context; /* counted references, or NULL */
    tt_exc *next;            /* in a walk: the list; NULL outside of walks */
    tt_exc *twin;            /* while it is copied: the copy; NULL at other times */
    tt_site *site;           /* where it was raised first; until is_raised, where it was made; or NULL */
    tt_site **places; /* inline_places or an array of TT_EXC_PLACES_MAX; the raise first, outer awaits after it */
    uint32_t place_count;
    uint32_t
        left_out_count; /* places that were dropped from the middle: they were between the two halves of a full array */
    tt_site *inline_places[TT_EXC_PLACES_INLINE];
    size_t text_size;                         /* of text, without its NUL */
    size_t error_text_begin, error_text_size; /* the part of text that describes errno; valid if has_error */
    char *text; /* behind the struct, in the same allocation; tt__exc_no_memory: a literal */
};

extern tt_exc tt__exc_no_memory;

static inline bool tt__exc_is_static(const tt_exc *exc)
{
    return exc == &tt__exc_no_memory;
}

/* How many places fit without dropping. */
static inline uint32_t tt__exc_place_capacity(const tt_exc *exc)
{
    return exc->places == exc->inline_places ? TT_EXC_PLACES_INLINE : TT_EXC_PLACES_MAX;
}

/* A new exception whose text is PREFIX, then what FORMAT (NULL: nothing) makes of ARGS; if there is both, ": " between
 * them. Where ARGS cannot be formatted (%ls of what the locale does not have), FORMAT itself stands there. NULL without
 * memory. errno stays, and is what %m shows. */
tt_exc *tt__exc_make(tt_site *site, const tt_exc_type *type, const char *prefix, const char *format, va_list args);

/* The same with "[Errno N] text of the error" for prefix, and the type that belongs to ERROR, an errno value or a
 * negative one. */
tt_exc *tt__exc_make_from_errno(tt_site *site, int error, const char *format, va_list args);

/* Sets the context of EXC, a reference to which is the caller's own: if it is the only one nothing links to EXC, so
 * that no walk has to look for such links, and a chain of n is raised in n steps instead of n * n. */
void tt__exc_adopt_context(tt_exc *exc, tt_exc *context);

/* The child of OSError that belongs to ERROR (an errno value); OSError itself if none does. Any thread. */
const tt_exc_type *tt__exc_type_of_errno(int error);

#endif
