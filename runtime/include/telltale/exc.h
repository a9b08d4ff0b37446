/* telltale/exc.h: exceptions.
 *
 * An exception is an object: a type, a text, and links to what caused it and to what was being handled when it was
 * raised. It is raised by setting it *pending* on the running task (or, outside of tasks, on the thread); a function
 * that raised returns a negative number, or NULL. A pending exception is sticky: while there is one, a suspending call
 * does nothing and returns -1, so an ignored return code cannot lose it.
 *
 * Handling has a beginning and an end:
 *
 *     if (rc < 0 && tt_catch(&tt_ValueError)) {
 *         ... tt_exc_caught() ...          raising here sets the context of the new exception
 *         rc = tt_catch_end();             0, or -1 when something was raised in between
 *     }
 *
 * Cleanup has too: tt_cleanup_begin() puts what is pending aside so that cleanup can call and suspend, tt_cleanup_end()
 * brings it back.
 *
 * What it leaves to others: groups of exceptions, and Python's except* (telltale/exc_group.h).
 *
 * Threads: an exception belongs to the thread that raised it; the counts are plain. Only the thread-side future
 * (telltale/threads.h) carries one to another thread, as a deep copy with the same id.
 *
 * From: CPython's exception objects and hierarchy; the pending style is that of CPython's C API.
 */
#ifndef TELLTALE_EXC_H
#define TELLTALE_EXC_H

#include <stdbool.h>
#include <stdio.h>

#include <telltale/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------------------------------------------- types */

typedef struct tt_exc tt_exc;

/* A type of exceptions: static, compared by address. What is not named in an initializer is NULL, and then the type has
 * what its base has. */
typedef struct tt_exc_type {
    const char *name;
    const struct tt_exc_type *base;        /* NULL for BaseException only */
    const struct tt_exc_type *second_base; /* NULL for most; ExceptionGroup's is Exception */

    /* Of types of groups: makes the group that takes the place of GROUP when only MEMBERS, COUNT of its members or of
     * groups made from them, are left; Python's derive(). See tt_exc_group_split. Returns a group with one reference,
     * or NULL with an exception pending. NULL: a plain group with GROUP's message. */
    tt_exc *(*derive)(const tt_exc *group, tt_exc *const *members, size_t count);

    /* What becomes of tt_exc_data when the exception is freed, and a copy of it for another thread (telltale/threads.h).
     * Without free_data it is left alone; without copy_data, or where that returns NULL, the copy has none. */
    void (*free_data)(void *data);
    void *(*copy_data)(const void *data);
} tt_exc_type;

/* TT_EXC_TYPE(NetworkError, tt_OSError); defines a type of one's own, in one line at file scope. */
#define TT_EXC_TYPE(NAME, BASE) const tt_exc_type NAME = {#NAME, &(BASE), NULL, NULL, NULL, NULL}

/* The standard tree, as in CPython; X(NAME, BASE). */
#define TT_EXC_TYPES(X)                        \
    X(SystemExit, BaseException)               \
    X(KeyboardInterrupt, BaseException)        \
    X(CancelledError, BaseException)           \
    X(BaseExceptionGroup, BaseException)       \
    X(Exception, BaseException)                \
    X(ArithmeticError, Exception)              \
    X(OverflowError, ArithmeticError)          \
    X(ZeroDivisionError, ArithmeticError)      \
    X(AssertionError, Exception)               \
    X(AttributeError, Exception)               \
    X(BufferError, Exception)                  \
    X(EOFError, Exception)                     \
    X(InvalidStateError, Exception)            \
    X(LookupError, Exception)                  \
    X(IndexError, LookupError)                 \
    X(KeyError, LookupError)                   \
    X(MemoryError, Exception)                  \
    X(OSError, Exception)                      \
    X(BlockingIOError, OSError)                \
    X(ChildProcessError, OSError)              \
    X(ConnectionError, OSError)                \
    X(BrokenPipeError, ConnectionError)        \
    X(ConnectionAbortedError, ConnectionError) \
    X(ConnectionRefusedError, ConnectionError) \
    X(ConnectionResetError, ConnectionError)   \
    X(FileExistsError, OSError)                \
    X(FileNotFoundError, OSError)              \
    X(InterruptedError, OSError)               \
    X(IsADirectoryError, OSError)              \
    X(NotADirectoryError, OSError)             \
    X(PermissionError, OSError)                \
    X(ProcessLookupError, OSError)             \
    X(TimeoutError, OSError)                   \
    X(RuntimeError, Exception)                 \
    X(NotImplementedError, RuntimeError)       \
    X(RecursionError, RuntimeError)            \
    X(TypeError, Exception)                    \
    X(ValueError, Exception)                   \
    X(UnicodeError, ValueError)

TT_API extern const tt_exc_type tt_BaseException;
#define TT_EXC_DECLARE(NAME, BASE) TT_API extern const tt_exc_type tt_##NAME;
TT_EXC_TYPES(TT_EXC_DECLARE)
#undef TT_EXC_DECLARE
TT_API extern const tt_exc_type tt_ExceptionGroup; /* derived from BaseExceptionGroup and from Exception */

/* ----------------------------------------------------------------------------------------------------- raising */

/* Raises: makes a new exception of TYPE with the printf-formatted text (NULL: none; %m is errno's text, errno stays)
 * and sets it pending. What was pending already, or else what is being handled, becomes its context. Always returns -1,
 * so that it can be returned. When memory is short MemoryError is raised in its place, one that has neither text nor
 * context nor places; so if an exception is pending then, that one stays, and nothing else happens. In a task, in a
 * callback, or outside of loops. Preconditions raise.type: TYPE is not NULL; raise.not_group: it is none of exception
 * groups, which tt_raise_group makes. Event: exception_raised. */
#define tt_raise(type, ...) tt_raise_at(TT_HERE, (type), __VA_ARGS__)
TT_API int tt_raise_at(tt_site *site, const tt_exc_type *type, const char *format, ...) TT_PRINTF(3, 4);

/* The same with a cause (Python's `raise ... from cause`); CAUSE stays the caller's; NULL hides the context (`from
 * None`). */
#define tt_raise_from(cause, type, ...) tt_raise_from_at(TT_HERE, (cause), (type), __VA_ARGS__)
TT_API int tt_raise_from_at(tt_site *site, tt_exc *cause, const tt_exc_type *type, const char *format, ...)
    TT_PRINTF(4, 5);

/* Raises the child of OSError that belongs to ERROR, an errno value (or a negative one, as libuv returns; what libuv
 * numbers beyond errno, UV_EOF say, is an OSError "[Errno 4095] Unknown error 4095"). Its text is "[Errno N] text of
 * the error", followed by ": " and the formatted text if that is not empty; FORMAT may be NULL. */
#define tt_raise_errno(error, ...) tt_raise_errno_at(TT_HERE, (error), __VA_ARGS__)
TT_API int tt_raise_errno_at(tt_site *site, int error, const char *format, ...) TT_PRINTF(3, 4);

/* Raises an existing exception, also once more (Python's `raise error`). Takes a reference of its own. Its context is
 * set as tt_raise does, and it gets one more place; its cause stays. NULL, as tt_exc_new returns without memory:
 * MemoryError. Event: exception_raised, the first time. */
#define tt_raise_exc(exc) tt_raise_exc_at(TT_HERE, (exc))
TT_API int tt_raise_exc_at(tt_site *site, tt_exc *exc);

/* The same, and CAUSE becomes its cause (Python's `raise error from cause`); CAUSE stays the caller's; NULL: it has none
 * from now on, and its context is hidden (`from None`). */
#define tt_raise_exc_from(cause, exc) tt_raise_exc_from_at(TT_HERE, (cause), (exc))
TT_API int tt_raise_exc_from_at(tt_site *site, tt_exc *cause, tt_exc *exc);

/* Raises what is being handled once more (Python's bare `raise`, which adds no place). With nothing being handled:
 * RuntimeError "No active exception to reraise". */
#define tt_reraise() tt_reraise_at(TT_HERE)
TT_API int tt_reraise_at(tt_site *site);

/* ---------------------------------------------------------------------------------------------------- handling */

/* The pending exception, borrowed, or NULL. */
TT_API tt_exc *tt_exc_pending(void);

/* If what is pending is of TYPE or of a type derived from it: begins to handle it and returns true; it is not pending
 * any more. Otherwise false: nothing has changed. Each catch that returned true is ended by tt_catch_end; a coroutine
 * that returns with one open ends it. Catches and cleanups nest; from the fifth level on a level may need memory, and
 * where there is none a catch returns false, and a cleanup leaves pending what is pending. */
TT_API bool tt_catch(const tt_exc_type *type) TT_MUST_USE;

/* Ends the innermost catch, and what was left open inside of it. Returns 0, or -1 when an exception is pending now.
 * Precondition catch_end.open: a catch is open; the place of the call is told when none is. */
#define tt_catch_end() tt_catch_end_at(TT_HERE)
TT_API int tt_catch_end_at(tt_site *site) TT_MUST_USE;

/* What is being handled innermost, borrowed until that ends; NULL when nothing is. In a cleanup, also a deferred one,
 * that is what was put aside: so cleanup can tell whether it runs because of a failure. Python: sys.exception(). */
TT_API tt_exc *tt_exc_caught(void);

/* Puts what is pending (also nothing) aside. Calls in between may suspend and raise. */
TT_API void tt_cleanup_begin(void);

/* Ends the innermost cleanup, and what was left open inside of it: what was put aside is pending again. If the cleanup
 * raised, its exception stays pending with the other as context. Returns 0 when nothing is pending, else -1.
 * Precondition cleanup_end.open: a cleanup is open; the place of the call is told when none is. */
#define tt_cleanup_end() tt_cleanup_end_at(TT_HERE)
TT_API int tt_cleanup_end_at(tt_site *site) TT_MUST_USE;

/* ----------------------------------------------------------------------------------------------------- objects */

/* A new exception that is not raised, for tt_future_set_exception. One reference, the caller's. NULL without memory. */
#define tt_exc_new(type, ...) tt_exc_new_at(TT_HERE, (type), __VA_ARGS__)
TT_API tt_exc *tt_exc_new_at(tt_site *site, const tt_exc_type *type, const char *format, ...)
    TT_PRINTF(3, 4) TT_MUST_USE;

TT_API tt_exc *tt_exc_ref(tt_exc *exc); /* returns EXC; NULL ok */
TT_API void tt_exc_unref(tt_exc *exc);  /* NULL ok; frees long chains without recursion; errno stays */

/* What an exception is. All take NULL, as tt_exc_pending() may be. */
TT_API const tt_exc_type *tt_exc_type_of(const tt_exc *exc);       /* NULL for NULL */
TT_API bool tt_exc_is(const tt_exc *exc, const tt_exc_type *type); /* of TYPE or derived from it; false for NULL */
TT_API const char *tt_exc_message(const tt_exc *exc);              /* never NULL; borrowed; of a group: its own */
TT_API const char *tt_exc_text(const tt_exc *exc);                 /* the same, "(N sub-exceptions)" included */
TT_API bool tt_exc_has_text(const tt_exc *exc);                    /* made with one, be it empty: ValueError('') */
TT_API int tt_exc_errno(const tt_exc *exc);                        /* positive errno value of an OSError, EAI_... of a tt_gaierror, else 0 */
TT_API const char *tt_exc_errno_name(const tt_exc *exc);           /* of that, "ECONNREFUSED", "EAI_NONAME"; NULL: it has none */
TT_API tt_exc *tt_exc_cause(const tt_exc *exc);                    /* borrowed or NULL */
TT_API tt_exc *tt_exc_context(const tt_exc *exc);                  /* borrowed or NULL */
TT_API const tt_site *tt_exc_raised_at(const tt_exc *exc);         /* first place where it was raised; NULL: not yet */
TT_API uint64_t tt_exc_id(const tt_exc *exc);                      /* unique in the process, the same in copies */

/* Adds the printf-formatted text (%m is errno's text, errno stays) to the notes of EXC, which are printed below its
 * message in the order in which they were added; a note can have several lines. Python's add_note(). Returns 0, also
 * for NULL; -1 without memory, and MemoryError is raised as tt_raise does. */
#define tt_exc_add_note(exc, ...) tt_exc_add_note_at(TT_HERE, (exc), __VA_ARGS__)
TT_API int tt_exc_add_note_at(tt_site *site, tt_exc *exc, const char *format, ...) TT_PRINTF(3, 4);
TT_API size_t tt_exc_note_count(const tt_exc *exc);              /* 0 for NULL */
TT_API const char *tt_exc_note(const tt_exc *exc, size_t index); /* borrowed; NULL beyond the last one */

/* What a type of one's own carries beyond its text: a pointer, NULL until it is set, for exceptions of TYPE or of a type
 * derived from it. EXC owns it from now on, in the place of the one before; TYPE says how it is freed and copied. If EXC
 * is not of TYPE (NULL, or the MemoryError that was raised in its place) DATA is freed at once.
 *
 *     tt_raise(&HttpError, "%d %s", reply->status, reply->reason);
 *     tt_exc_set_data(tt_exc_pending(), &HttpError, reply);
 *
 * Precondition exc_set_data.type: TYPE is not NULL. */
TT_API void tt_exc_set_data(tt_exc *exc, const tt_exc_type *type, void *data);
TT_API void *tt_exc_data(const tt_exc *exc, const tt_exc_type *type); /* borrowed; NULL if EXC is not of TYPE */

/* Writes the text of Python's repr, "ValueError('boom')", cut to SIZE - 1 bytes or, where that were inside of a
 * character, to fewer; returns its full length as snprintf does. Without a text it is "ValueError()"; from errno
 * "ConnectionRefusedError(111, 'Connection refused')". BUFFER may be NULL if SIZE is 0. Of NULL: "None". */
TT_API int tt_exc_repr(const tt_exc *exc, char *buffer, size_t size);

/* The traceback as Python prints it, causes and contexts first, places of C in the place of Python's frames:
 *
 *     Traceback (most recent call last):
 *       File "server.c", line 31, in echo
 *     RuntimeError: the network is broken
 *
 * One that was never raised has its last line only. Types stand there by their name alone, also those that Python has
 * in a module ("asyncio.exceptions.CancelledError" there). The text of a KeyError is quoted, as in Python. Of a group, 15
 * members are printed, and 10 groups within each other. Of NULL: nothing.
 *
 * tt_exc_format: a malloc'ed string, the caller's to free; NULL without memory. tt_exc_print needs memory for groups
 * only, and where there is none it prints their members without causes and contexts of their own. */
TT_API char *tt_exc_format(const tt_exc *exc) TT_MUST_USE;
TT_API void tt_exc_print(const tt_exc *exc, FILE *stream);

#ifdef __cplusplus
}
#endif

#endif
