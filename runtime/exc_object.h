/* exc_object.h: the inside of an exception, for the files exc*.c. All others use telltale/exc.h and exc_internal.h.
 *
 * Exceptions and their links (cause, context, members) make a graph. Every link is a counted reference. As in CPython,
 * following contexts alone comes to an end, because a context that would close a circle is cut; a circle with a cause or
 * a member in it can be: whoever handles a group and raises a member has one. The link that closes a circle marks all
 * that are on it (`may_be_in_cycle`); where a reference to such an exception goes and it lives on, exc_links.c looks
 * whether only the circle keeps it alive. Members are never changed, and without contexts and causes they make no
 * circles.
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

struct tt_exc_member {
    tt_exc *exc;     /* counted reference, never NULL */
    size_t leaf_end; /* leaves of this one and of those before it, so that a leaf is found by its number */
};

/* What a group has more. */
struct tt_exc_group {
    size_t count; /* > 0 */
    size_t message_size;
    const char *message; /* without the number of members; text has it with that */
    bool is_wrapper;     /* made by except* around a single exception: Python's repr shows a tuple then */
    struct tt_exc_member members[];
};

struct tt_exc {
    const tt_exc_type *type;
    uint64_t id;
    uint32_t ref_count;
    int error; /* errno value; valid if has_error */
    bool has_error;
    bool has_text;              /* it was made with a text, be it empty: ValueError('') is not ValueError() */
    bool is_raised;             /* exception_raised was emitted */
    bool is_context_hidden;     /* raised with a cause, or with none on purpose: printing passes over the context */
    bool may_be_in_cycle;       /* a link once closed a circle that it is on */
    bool are_members_told;      /* exception_member was emitted for each of them */
    bool is_marked;             /* scratch of one function; false outside of it */
    tt_exc *cause, *context;    /* counted references, or NULL */
    struct tt_exc_group *group; /* in the same allocation; NULL: it is no group */
    tt_exc *next;               /* in a walk: the list; NULL outside of walks */
    tt_exc *twin;     /* while it is copied: the copy; while a circle is looked at: a second list; else NULL */
    tt_site *site;    /* where it was raised first; until is_raised, where it was made; or NULL */
    tt_site **places; /* inline_places or an array of TT_EXC_PLACES_MAX; the raise first, outer awaits after it */
    uint32_t place_count;
    uint32_t
        left_out_count; /* places that were dropped from the middle: they were between the two halves of a full array */
    uint32_t inner_count; /* while a circle is looked at: references from inside of it */
    tt_site *inline_places[TT_EXC_PLACES_INLINE];
    char **notes; /* note_count of them, each with an allocation of its own; NULL while there are none */
    uint32_t note_count, note_capacity;
    void *data;                               /* of what the program set, as its type frees and copies it */
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

/* ----------------------------------------------------------------------------------------------------- exc_object.c */

/* An exception with nothing in it but room for MEMBER_COUNT members (0: it is no group) and TEXT_SIZE bytes of text, in
 * which its NUL is counted in. One reference. NULL without memory. */
tt_exc *tt__exc_allocate(const tt_exc_type *type, size_t member_count, size_t text_size);

/* Bytes that FORMAT makes of ARGS; where ARGS cannot be formatted (%ls of what the locale does not have), FORMAT itself
 * stands there. FORMAT may be NULL. */
size_t tt__exc_measure(const char *format, va_list args);

/* Writes them to OUT, at most SIZE and a NUL. The text may have changed since it was measured. */
void tt__exc_write(char *out, size_t size, const char *format, va_list args);

/* A new exception whose text is PREFIX, then what FORMAT (NULL: nothing) makes of ARGS; if there is both, ": " between
 * them. NULL without memory. errno stays, and is what %m shows. Precondition raise.not_group: TYPE is none of groups. */
tt_exc *tt__exc_make(tt_site *site, const tt_exc_type *type, const char *prefix, const char *format, va_list args);

/* The same with "[Errno NUMBER] MEANING" for prefix; NUMBER is its tt_exc_errno. */
tt_exc *tt__exc_make_numbered(tt_site *site, const tt_exc_type *type, int number, const char *meaning,
                              const char *format, va_list args);

/* The same with "[Errno N] text of the error" for prefix, and the type that belongs to ERROR, an errno value or a
 * negative one. */
tt_exc *tt__exc_make_from_errno(tt_site *site, int error, const char *format, va_list args);

/* Adds a place as tt__exc_add_place does, without having raised EXC. */
void tt__exc_push_place(tt_exc *exc, tt_site *site);

/* If EXC has not been raised before, this is its first raise, at SITE (may be NULL). Event: exception_raised, then. */
void tt__exc_tell_raised(tt_exc *exc, tt_site *site);

/* EXC gets the places of FROM in the place of its own. False without memory: nothing has changed. */
bool tt__exc_copy_places(tt_exc *exc, const tt_exc *from);

/* Frees what EXC's data is, if its type says how. */
void tt__exc_free_data(tt_exc *exc);

/* EXC, which has none, gets a copy of the data of FROM, if its type says how. */
void tt__exc_copy_data(tt_exc *exc, const tt_exc *from);

/* ------------------------------------------------------------------------------------------------------ exc_note.c */

void tt__exc_free_notes(tt_exc *exc);

/* EXC gets copies of the notes of FROM in the place of its own. False without memory: nothing has changed. */
bool tt__exc_copy_notes(tt_exc *exc, const tt_exc *from);

/* ----------------------------------------------------------------------------------------------------------- exc.c */

/* Opens a handling for STAR (taken over on success); what is pending stays pending. False without memory. */
bool tt__exc_open_star(struct tt_exc_state *state, struct tt_exc_star *star);

/* Ends what was left open inside of the innermost one and returns it; NULL if none is open. */
struct tt_exc_star *tt__exc_innermost_star(struct tt_exc_state *state);

/* Ends the innermost one, at SITE. False if none is open. */
bool tt__exc_close_star(struct tt_exc_state *state, tt_site *site);

/* ------------------------------------------------------------------------------------------------------ exc_star.c */

/* What STAR handles; borrowed. */
tt_exc *tt__exc_star_handled(const struct tt_exc_star *star);

/* Ends STAR, which is freed; STATE has no handling for it any more. What comes out of it is pending in STATE. SITE: where
 * that happens, or NULL. */
void tt__exc_star_finish(struct tt_exc_state *state, struct tt_exc_star *star, tt_site *site);

/* ------------------------------------------------------------------------------------------------------ exc_links.c */

/* Sets the context of EXC, a reference to which is the caller's own: if it is the only one nothing links to EXC, so
 * that no walk has to look for such links, and a chain of n is raised in n steps instead of n * n. */
void tt__exc_adopt_context(tt_exc *exc, tt_exc *context);

/* ------------------------------------------------------------------------------------------------------ exc_types.c */

/* Whether OWN (may be NULL) is TYPE or derived from it. Any thread. */
bool tt__exc_type_is(const tt_exc_type *own, const tt_exc_type *type);

/* The child of OSError that belongs to ERROR (an errno value); OSError itself if none does. Any thread. */
const tt_exc_type *tt__exc_type_of_errno(int error);

#endif
