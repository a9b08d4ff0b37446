/* studio.h: a recording of a test's own: a folder, programs that are recorded, the recorder, and questions to the store.
 *
 * Programs and recorders are forked children of the test, so that it can kill them.
 */
#ifndef TT_TESTS_STUDIO_H
#define TT_TESTS_STUDIO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "recorder.h"
#include "telltale/trace.h"

struct studio {
    char dir[64];       /* of the store, private */
    char store[128];    /* path of the store */
    char ring_dir[128]; /* on tmpfs where there is one */
    pid_t recorder;     /* 0: none */
    int control;        /* the supervisor's end of the recorder's control pipe; -1: none */
};

/* What a recorded program does. It runs in a child that has begun to trace; returning ends it with exit status 0. */
typedef void (*studio_program_fn)(void *argument);

void studio_open(struct studio *studio);

/* Ends the recorder if there is one, and removes everything. */
void studio_close(struct studio *studio);

/* Starts a recorder that ends when it is told to by studio_finish(); returns when it is ready. OPTIONS may be NULL; its store, ring dir
 * and descriptors are filled in. */
void studio_start_recorder(struct studio *studio, const struct tt_recorder_options *options);

/* Writes LINE to the recorder as its supervisor does. */
void studio_tell(struct studio *studio, const char *line);

/* Tells the recorder to finish, and waits until it has. Fails the test if it does not end with 0. */
void studio_finish(struct studio *studio);

/* Lets go of a recorder that ends by itself, and waits until it has; returns its status as of waitpid. */
int studio_wait_recorder(struct studio *studio);

/* Kills the recorder with SIGKILL. */
void studio_kill_recorder(struct studio *studio);

/* Runs a recorder in this process until it has nothing to do, as the next viewer would. Fails the test when that fails. */
void studio_recover(struct studio *studio);

/* Forks a child that ends with the test, however that ends. */
pid_t studio_fork(void);

/* Starts PROGRAM with rings of RING_BYTES (0: the default). */
pid_t studio_start_program(struct studio *studio, studio_program_fn program, void *argument, uint64_t ring_bytes);

/* Runs PROGRAM to its end, and tells the recorder how it ended, as a supervisor does. */
void studio_run(struct studio *studio, studio_program_fn program);

/* Records PROGRAM from its beginning to its end, by a recorder of its own. */
void studio_record(struct studio *studio, const struct tt_recorder_options *options, studio_program_fn program);

/* Arenas that are in the ring dir. */
unsigned studio_count_arenas(const struct studio *studio);

/* Waits for a child; returns its status as of waitpid. */
int studio_wait(pid_t child);

/* The first column of the first row that SQL gives, asked with plain SQLite: as a number (0 for NULL), or as a text in OUT. Fails the
 * test when there is none. */
int64_t studio_number(const struct studio *studio, const char *sql);
const char *studio_text(const struct studio *studio, const char *sql, char *out, size_t size);

/* All rows that SQL gives, columns separated by |, rows by newlines. Free it with sqlite3_free(). */
char *studio_rows(const struct studio *studio, const char *sql);

/* Fails the test with what SQL gave, unless its rows, as studio_rows() has them, are EXPECTED. */
void studio_expect(const struct studio *studio, const char *sql, const char *expected);

/* The same, asked again and again until they are or MILLISECONDS have passed. */
void studio_expect_within(const struct studio *studio, int milliseconds, const char *sql, const char *expected);

/* Asserts what must hold for any store that was written to its end: integrity, and that all counts add up. */
void studio_expect_sound(const struct studio *studio);

/* A stage that a program and the test share, so that the test can act while the program stands still. One program at a time. */
struct studio_stage {
    _Atomic int step;       /* that the program has reached */
    _Atomic int may_pass;   /* it may go on past this one */
    _Atomic uint64_t count; /* of whatever the program counts */
};
extern struct studio_stage *studio_stage; /* of the studio that is open */

/* In the program: says that it has come to STEP, and waits until the test lets it pass. */
void studio_reach(int step);

/* In the test: waits until the program has come to STEP; lets it go on past STEP. */
void studio_await(int step);
void studio_let_pass(int step);

/* In the program: emits that a task was created, and returns its id. */
uint64_t studio_create_task(const char *name, struct tt_site *site);

void studio_sleep_us(int64_t microseconds);
int64_t studio_now_ns(void);

/* Whether this program runs under valgrind, where a recorder is some 30 times slower and threads take turns. */
bool studio_is_under_valgrind(void);

/* How often to do what is done at random: COUNT, or the environment's TT_COUNT. */
unsigned studio_rounds(unsigned count);

/* A seed for what is random, from TT_SEED or the clock; printed, so that a failure can be repeated. */
uint64_t studio_seed(void);

/* The seed of one round: *SEED, which moves on. It is printed: where a test fails the last line of these repeats the round alone. */
uint64_t studio_next_seed(uint64_t *seed);

/* The next random number, xorshift. */
uint64_t studio_random(uint64_t *state);

#endif
