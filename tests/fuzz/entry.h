/* entry.h: what libFuzzer calls. Each file of entries/ is one place where telltale takes bytes from others.
 *
 * An entry takes any bytes, does with them what telltale does, and returns 0; it crashes where telltale would, and aborts where a promise
 * is broken. Built by clang with -fsanitize=fuzzer it looks for such bytes (./dev fuzz); built by any compiler with replay.c it takes files
 * again, those of findings/ in the suite.
 *
 * Threads: one.
 */
#ifndef TT_TESTS_ENTRY_H
#define TT_TESTS_ENTRY_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Of drive.c and replay.c; the linker calls it otherwise where the program telltale is in it. */
int main(int argc, char **argv);

#define PROMISE(condition)                                                                 \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

/* A folder of this process on tmpfs, where there is one; removed with all that is in it at exit. */
const char *entry_folder(void);

#endif
