/* harness.h: main() of a test program.
 *
 * A test program is one file about one behaviour. Its cases are functions whose names are claims, listed in an array of
 * struct CMUnitTest, and it ends with TT_TEST_MAIN(that array). Without argument it runs all of them; with the name of a
 * case, that one alone: so CTest gives each case a process of its own. A name that is no case is an error.
 *
 * What it leaves to others: assertions are cmocka's; finding the cases and the limits of time is tests/CMakeLists.txt's.
 *
 * Exit status: 0 passed, 77 skipped (TT_SKIP), anything else failed.
 */
#ifndef TT_TESTS_HARNESS_H
#define TT_TESTS_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TT_TEST_SKIPPED 77

/* Seconds after which a test program that runs by hand is ended by SIGALRM; CTest sets its own limit for each case. */
#define TT_TEST_SECONDS_MAX 300u

/* Weak: one for all files of a test program. */
__attribute__((weak)) int tt_test_is_skipped;

/* Ends the running case as skipped: WHY is a text for people. CTest counts it and ./dev test prints it. Plain skip() of
 * cmocka would count as passed, so it is the same here, without a reason. */
#define TT_SKIP(why)                             \
    do {                                         \
        fprintf(stderr, "skipped: %s\n", (why)); \
        tt_test_is_skipped = 1;                  \
        _skip(__FILE__, __LINE__);               \
    } while (0)
#undef skip
#define skip() TT_SKIP("no reason given")

static inline unsigned tt_test_seconds(void)
{
    const char *text = getenv("TELLTALE_TEST_SECONDS");
    long seconds = text ? strtol(text, NULL, 10) : 0;
    return seconds > 0 ? (unsigned)seconds : TT_TEST_SECONDS_MAX;
}

/* Writes the name of something new of this test's to OUT_PATH, for mkdtemp and mkstemp: below $TMPDIR, or /tmp where there is none or the name of a
 * socket in it would not fit an address. Returns OUT_PATH. Whoever makes it removes it, also when the test fails. */
#define TT_TEST_PATH_MAX 64
static inline char *tt_test_template(char out_path[static TT_TEST_PATH_MAX], const char *name)
{
    const char *base = getenv("TMPDIR");
    if (!base || base[0] != '/' ||
        snprintf(out_path, TT_TEST_PATH_MAX, "%s/telltale-%s-XXXXXX", base, name) >= TT_TEST_PATH_MAX)
        snprintf(out_path, TT_TEST_PATH_MAX, "/tmp/telltale-%s-XXXXXX", name);
    return out_path;
}

static inline int tt_test_main(int argc, char **argv, const struct CMUnitTest *cases, size_t count)
{
    size_t first = 0, number = count;
    if (argc > 2) {
        fprintf(stderr, "usage: %s [CASE]\n", argv[0]);
        return 2;
    }
    if (argc == 2) {
        while (first < count && strcmp(cases[first].name, argv[1]) != 0)
            first++;
        if (first == count) {
            fprintf(stderr, "%s: no case is called %s\n", argv[0], argv[1]);
            return 2;
        }
        number = 1;
    }
    alarm(tt_test_seconds());
    int failed = _cmocka_run_group_tests(argc == 2 ? argv[1] : argv[0], cases + first, number, NULL, NULL);
    if (failed != 0)
        return 1;
    return number == 1 && tt_test_is_skipped ? TT_TEST_SKIPPED : 0;
}

#define TT_TEST_MAIN(cases)                                                           \
    int main(int argc, char **argv)                                                   \
    {                                                                                 \
        return tt_test_main(argc, argv, (cases), sizeof(cases) / sizeof((cases)[0])); \
    }

#endif
