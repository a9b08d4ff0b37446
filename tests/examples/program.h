/* program.h: an example as a process, the clients of a server, and the transcript of both.
 *
 * A transcript is what an observer writes down: what the program printed, standard output and standard error as one
 * stream, what its clients received, and how it ended. The program's output is read at points that a scenario names,
 * so that a transcript does not depend on how fast anybody is. Nothing sleeps: whoever waits reads, and after
 * PROGRAM_SECONDS_MAX without what it waits for the test fails and shows the transcript so far.
 *
 * What it leaves to others: which programs, and what is done with them (scenarios.h); comparing (the tests).
 * One thread, the test's; a test has one transcript.
 */
#ifndef TT_TESTS_PROGRAM_H
#define TT_TESTS_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Much more than a scenario takes on a machine that is busy with other tests, under a sanitizer. */
enum { PROGRAM_SECONDS_MAX = 60, PROGRAM_ARGUMENTS_MAX = 24 };

/* The descriptor, in the program, of the test's own standard error: there a launcher writes what is not the program's
 * (see CMakeLists.txt). */
enum { PROGRAM_LAUNCHER_LOG = 200 };

struct text {
    char *bytes; /* ends in NUL; NULL while it is empty */
    size_t size;
};

void text_append(struct text *text, const char *bytes, size_t size);
void text_print(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

struct program {
    pid_t pid;
    bool is_recorder;    /* it is `telltale record`, and runs the example */
    const char *store;   /* where it is recorded, borrowed; NULL: it is not */
    int status;          /* after program_finish: exit status, 128 + N after signal N */
    int output;          /* the reading end of its standard output and standard error; -1: end of file */
    struct text pending; /* read and not yet in the transcript */
    struct text transcript;
};

/* Runs ARGV, NULL-terminated, its first word looked up in PATH: no input, signals as a shell in the foreground has
 * them, no variables that begin with PYTHON. */
void program_start(struct program *program, const char *const *argv);

/* Reads until the program has printed TEXT, and writes down all up to its end. */
void program_read_until(struct program *program, const char *text);

/* Reads to the end, waits for the program, and writes down all that was left and how it ended. */
void program_finish(struct program *program);

/* Sends a signal to the program; if it is `telltale record`, to the example that this runs. */
void program_signal(struct program *program, int signal_number);

/* What a shell's COMMAND prints, for the test to free; *OUT_STATUS is its exit status. INPUT is its standard input. */
char *run_command(const char *command, const char *input, int *out_status);

/* The number that the program has printed as its first line. */
int program_port(const struct program *program);

/* A connection to PORT of 127.0.0.1. */
int client_connect(int port);
void client_send(int client, const char *bytes);
/* Reads a line, or to the end of the stream, and writes down what WHO received. */
void client_receive(struct program *program, int client, const char *who);
/* Writes down whether there is something to be received now. */
void client_look(struct program *program, int client, const char *who);

#endif
