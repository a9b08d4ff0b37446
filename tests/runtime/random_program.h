/* random_program.h: programs that are drawn from a seed, written twice, in a test and in python/NAME.py, whose logs must
 * be the same text. The hashes of the first seeds' logs, made by CPython 3.13, are python/NAME.expected.
 *
 * TT_SEED=N prints the log of one program (to compare with NAME.py --log N); TT_COUNT=N compares N programs with the
 * python3 of this machine, if that is 3.13 or later.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_RANDOM_PROGRAM_H
#define TT_TESTS_RANDOM_PROGRAM_H

#include "stage.h"

struct random_program {
    const char *name;
    tt_coro_fn *main;     /* of the program whose numbers draw() draws */
    void (*let_go)(void); /* of all that is left after the run but random_tasks; may be NULL */
};

/* At least as many programs as this are in a file of expected hashes. */
enum { RANDOM_PROGRAMS_EXPECTED = 2000 };

/* The cases of a test: each compares programs, and fails with the first that differs. */
void expect_random_programs(const struct random_program *program);
void expect_random_programs_of_this_machines_python(const struct random_program *program);

/* The same without a case around it, for a child process: false when a program differs, or when there is no file. */
bool random_programs_are_as_expected(const struct random_program *program);

/* The next number of the program, from 0 to BELOW - 1. */
int draw(int below);

/* A line of the log. */
void add(const char *format, ...) TT_PRINTF(1, 2);

/* Type and text, and those of the contexts, five at most; "None" for NULL. Valid until the next call. */
const char *describe(const tt_exc *exc);

/* "pending", "cancelled", "finished", or "failed " and what failed. Valid until the next call. */
const char *describe_outcome(const tt_future *future);

/* The program's tasks; who adds one puts a reference of its own here. */
enum { RANDOM_TASKS_MAX = 14 };
extern tt_task *random_tasks[RANDOM_TASKS_MAX];
extern int random_task_count;

/* Asks all tasks that are pending to end. False when none is. */
bool cancel_pending(void);

/* Has the body of task NUMBER go on after what its operation raised, or not, as a draw below CHANCES says. Returns what
 * the body's step returns: 0, it goes on; -1, with something pending, it ends. */
int random_aftermath(int number, int step, int chances);

#endif
