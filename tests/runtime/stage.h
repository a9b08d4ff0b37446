/* stage.h: what most tests of the runtime begin and end with: a loop, a log, and the proof that nothing is left.
 *
 * Nothing asserts inside a coroutine or callback: cmocka leaves a failed case by longjmp, which cannot cross stacks.
 * They write notes, and the case compares the notes with what it expects, in order.
 *
 * Threads: one, but for note(), which any may call.
 */
#ifndef TT_TESTS_STAGE_H
#define TT_TESTS_STAGE_H

#include "../harness.h"

#include <telltale/telltale.h>

#include "allocation.h"

/* cmocka_unit_test_on_stage(CASE) in the list of cases: CASE with setup and teardown. The first makes stage_loop, whose
 * handler writes "handler: MESSAGE [keys] EXCEPTION OF" into the notes. The second closes the loop, unless the case has
 * done it (stage_close_loop), and fails when a descriptor, a stack, a piece of memory or an exception is left. */
#define cmocka_unit_test_on_stage(...) STAGE_CASE(__VA_ARGS__, stage_open, stage_close)
#define STAGE_CASE(name, open, close)  cmocka_unit_test_setup_teardown(name, open, close)
extern tt_loop *stage_loop;

/* The same with virtual time: nothing waits, also where a case has tasks sleep. */
#define cmocka_unit_test_on_virtual_stage(...) STAGE_CASE(__VA_ARGS__, stage_open_virtual, stage_close)
int stage_open_virtual(void **state);
int stage_open(void **state);
int stage_close(void **state);

/* Closes the loop in the middle of a case. */
void stage_close_loop(void);

/* Runs FN(ARG) as task "main" until it is done; what it raised is noted as "main: ...". Returns whether it returned. */
bool stage_run(tt_coro_fn *fn, void *arg);

/* Runs the loop for COUNT turns. */
void stage_turns(int count);

/* Adds a line to the notes. */
void note(const char *format, ...) TT_PRINTF(1, 2);

/* Notes "LABEL: REPR" of what is pending, "LABEL: nothing" when nothing is. It stays pending. */
void note_pending(const char *label);

/* Notes what is pending, and handles it. Returns 0. */
int note_and_drop(const char *label);

/* Fails the case unless the notes are exactly these lines; then forgets them. */
void expect_notes_at(const char *file, int line, const char *const *lines);
#define expect_notes(...) expect_notes_at(__FILE__, __LINE__, (const char *const[]){__VA_ARGS__, NULL})
#define expect_no_notes() expect_notes_at(__FILE__, __LINE__, (const char *const[]){NULL})

/* The notes so far, lines that end in a newline each. */
const char *stage_notes(void);
void stage_forget_notes(void);

/* A handler as stage_loop's, for loops of the case's own. */
int stage_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg);

/* What is written to stderr from the first to the second is returned by the second, a malloc'ed string (with plain
 * malloc's count). */
void stage_capture_stderr(void);
char *stage_captured(void);

/* Descriptors that are open in this process. */
int stage_descriptors(void);

/* Runs FN(ARG) in a child process, with stderr captured into OUT (may be NULL). Returns wait's status. */
int stage_in_child(void (*fn)(void *arg), void *arg, char *out, size_t size);

/* Whether a tool makes everything slow: a sanitizer or valgrind. */
bool stage_is_watched(void);

/* How often to do what is done at random: COUNT, or the environment's TT_COUNT. */
long stage_count(long count);

/* A generator of numbers that repeats: the seed is TT_SEED of the environment, or 1. */
void stage_seed(void);
unsigned stage_random(unsigned below);

#endif
