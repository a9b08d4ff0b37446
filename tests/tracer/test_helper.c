/* The program that records is found beside the library, as a build tree and an installed one have it, and does its
 * work. */
#include "harness.h"
#include "telltale/trace.h"

#include <glob.h>
#include <stdbool.h>
#include <sys/stat.h>

static char dir[64], rings[96], store[96];

static int make_dir(void **state)
{
    (void)state;
    static const char *const names[] = {"TELLTALE_PROGRAM", "TELLTALE_STORE", "TELLTALE_RING_DIR",
                                        "TELLTALE_SUPERVISED"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
    if (!mkdtemp(tt_test_template(dir, "test")))
        return -1;
    snprintf(rings, sizeof rings, "%s/rings", dir);
    snprintf(store, sizeof store, "%s/run.telltale", dir);
    return 0;
}

static void remove_files(const char *pattern)
{
    char path[160];
    glob_t found;
    snprintf(path, sizeof path, "%s/%s", dir, pattern);
    if (glob(path, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc; i++)
        unlink(found.gl_pathv[i]);
    globfree(&found);
}

/* The recorder may be about to end, and touch this or that until then. */
static int remove_dir(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        remove_files("rings/*");
        remove_files("run.telltale*");
        rmdir(rings);
        if (rmdir(dir) == 0)
            return 0;
        usleep(2000);
    }
    return -1;
}

static bool has_arena(void)
{
    char pattern[128];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.arena", rings);
    if (glob(pattern, 0, NULL, &found) != 0)
        return false;
    globfree(&found);
    return true;
}

static void the_program_beside_the_library_is_found_and_records(void **state)
{
    (void)state;
    const struct tt_trace_options options = {.store = store, .ring_dir = rings};
    struct stat status;
    assert_int_equal(tt_trace_categories, 0); /* a reference to it has the linker copy it into this program */
    assert_int_equal(tt_trace_start(&options), TT_TRACE_RECORDING);
    assert_int_not_equal(tt_trace_categories, 0);
    TT_EMIT(task_created, .task_id = 1, .name = "recorded");
    tt_trace_stop();
    for (unsigned i = 0; i < 10000 && has_arena(); i++)
        usleep(2000);
    assert_false(has_arena()); /* the recorder has it all, and deleted it */
    assert_int_equal(stat(store, &status), 0);
    assert_true(status.st_size > 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(the_program_beside_the_library_is_found_and_records, make_dir, remove_dir),
};

TT_TEST_MAIN(cases)
