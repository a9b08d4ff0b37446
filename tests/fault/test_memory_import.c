/* Memory that runs out during an import: each call that takes memory fails once. Then there is no store, or the earlier one as it was. */
#include "harness.h"
#include "trial.h"

#include <dirent.h>

#include "import.h"
#include "store_draft.h"

#define CALLS_IN_SUITE 8u

/* One event of each kind, of one process on one thread, with a hole in the numbers. */
static int hand_in(struct tt_import *import, struct tt_store_error *error)
{
    static const struct tt_decoded_text text = {"text", 4};
    uint64_t sequence = 0;
    struct tt_import_event event = {.process = 7, .time = {.monotonic_ns = 1000, .realtime_ns = 2000}};
#define TT_U8(field, text)                .field = 1,
#define TT_U16(field, text)               .field = 1,
#define TT_U32(field, text)               .field = 1,
#define TT_U64(field, text)               .field = 1,
#define TT_I32(field, text)               .field = 1,
#define TT_ID(field, text)                .field = sequence % 8 + 1,
#define TT_TICKS(field, text)             .field = 1,
#define TT_WORD(field, enumeration, text) .field = 1,
#define TT_SITE(field, text)              .field = tt_import_place(import, #field, 7, "function", NULL),
#define TT_TEXT(field, limit, ...)        .field = text,
#define TT_EVENT(number_, name_, category, level, text, fields)                        \
    {                                                                                  \
        struct tt_decoded_event decoded = {.number = number_, .sequence = sequence++}; \
        decoded.name_ = (struct tt_decoded_##name_){fields};                           \
        if (number_ == 1)                                                              \
            decoded.process_started.uuid_low = 7;                                      \
        event.time.monotonic_ns += 1000;                                               \
        event.event = &decoded;                                                        \
        sequence += sequence == 20; /* a hole */                                       \
        if (tt_import_event(import, &event, error) < 0)                                \
            return -1;                                                                 \
    }
#include "events.def"
    struct tt_import_discard discard = {.count = 1, .has_count = true, .from = {.monotonic_ns = 0}, .to = event.time};
    return tt_import_discarded(import, &discard, error);
}

/* As `telltale import` does. */
static bool import_once(void)
{
    struct tt_store_error error = {TT_STORE_OK, ""};
    struct tt_store_draft *draft = NULL;
    struct tt_import *import = NULL;
    struct tt_import_summary summary;
    bool is_done = false;
    if (tt_store_draft_open(trial_studio.store, true, &draft, &error) == 0) {
        struct tt_import_options options = {
            .store = tt_store_draft_path(draft), .is_appending = true, .exit_pid = 1, .exit_status = 3};
        is_done = tt_import_open(&options, &import, &error) == 0 && hand_in(import, &error) == 0 &&
                  tt_import_finish(import, true, &summary, &error) == 0;
        tt_import_close(import);
        if (is_done)
            is_done = tt_store_draft_publish(draft, &error) == 0;
        else
            tt_store_draft_discard(draft);
    }
    if (!is_done)
        assert_string_not_equal(error.text, "");
    return is_done;
}

/* The store is there, whole; or nothing is, no draft either. */
static void expect_store_or_nothing(bool is_done)
{
    unsigned count = 0;
    DIR *stream = opendir(trial_studio.ring_dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strncmp(entry->d_name, "run.telltale", 12) == 0)
            count++;
    closedir(stream);
    assert_int_equal(count, is_done);
    if (is_done)
        studio_expect(&trial_studio, "PRAGMA integrity_check", "ok");
}

static void an_import_without_memory_leaves_nothing(void **state)
{
    (void)state;
    trial_make_recording();
    trial_take_arenas(trial_studio.ring_dir, NULL);
    trial_run(&(struct trial){trial_delete_store, import_once, expect_store_or_nothing, false}, CALLS_IN_SUITE);
    trial_remove_recording();
}

/* Goes on with the recording's store, which must be what it was before, or have the import in it. */
static void copy_earlier(void)
{
    char earlier[sizeof trial_studio.store + 16];
    trial_path_of_earlier(earlier);
    trial_delete_store();
    trial_copy_file(earlier, trial_studio.store);
}

static void expect_earlier_store(bool is_done)
{
    expect_store_or_nothing(true);
    studio_expect(&trial_studio, "SELECT count(*) FROM process", is_done ? "3" : "2");
}

static void an_import_without_memory_leaves_the_earlier_store(void **state)
{
    char earlier[sizeof trial_studio.store + 16];
    (void)state;
    trial_make_recording();
    assert_true(trial_recover());
    trial_path_of_earlier(earlier);
    trial_copy_file(trial_studio.store, earlier);
    trial_run(&(struct trial){copy_earlier, import_once, expect_earlier_store, false}, 6);
    trial_remove_recording();
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(an_import_without_memory_leaves_nothing),
    cmocka_unit_test(an_import_without_memory_leaves_the_earlier_store),
};

TT_TEST_MAIN(cases)
