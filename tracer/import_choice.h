/* import_choice.h: which processes of a trace are wanted.
 *
 * What it is for. A session of LTTng records all programs of a daemon. Whoever imports its trace names those that he
 * wants, in a list of words separated by commas, each of which is one of these:
 *
 *   4711            the process with this id
 *   server          those whose program has this name
 *   /usr/bin/server the same, with its path: a word with a slash
 *   0x1f2e3d4c      those of the recording with this token, see TELLTALE_LTTNG_RECORDING; babeltrace2 shows it as the
 *                   field recording of process_started
 *
 * A process is what its process_started says; its children are other processes.
 *
 * Threads: plain data.
 */
#ifndef TT_IMPORT_CHOICE_H
#define TT_IMPORT_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decoded.h"

#define TT_CHOICE_WORDS_MAX 64u /* of a list that a person writes */

struct tt_choice_word {
    enum { TT_CHOICE_PID, TT_CHOICE_RECORDING, TT_CHOICE_PROGRAM } kind;
    uint64_t number; /* of the first two */
    const char *text;
    size_t length;
    bool is_met; /* a process was named by it */
};

struct tt_choice {
    struct tt_choice_word words[TT_CHOICE_WORDS_MAX];
    size_t word_count; /* 0: all processes are wanted */
};

/* Takes LIST apart, which is to live as long as *OUT_CHOICE. Returns NULL, or what is wrong with it: no capital, no full
 * stop. */
TT_MUST_USE const char *tt_choice_parse(const char *list, struct tt_choice *out_choice);

/* Whether a process that says so of itself is wanted. Marks the words that name it. */
bool tt_choice_takes(struct tt_choice *choice, const struct tt_decoded_process_started *started);

#endif
