/* test_choice.c: lists of processes that are wanted: what they name, and what is wrong with some. */
#include "harness.h"

#include "import_choice.h"

static struct tt_decoded_process_started process(uint32_t pid, const char *program, uint64_t recording)
{
    struct tt_decoded_process_started started = {.pid = pid, .recording = recording};
    started.program = (struct tt_decoded_text){program, (uint32_t)strlen(program)};
    return started;
}

static bool takes(const char *list, const struct tt_decoded_process_started *started)
{
    struct tt_choice choice;
    assert_null(tt_choice_parse(list, &choice));
    return tt_choice_takes(&choice, started);
}

static void a_process_is_named_by_its_id_its_program_or_its_recording(void **state)
{
    (void)state;
    struct tt_decoded_process_started server = process(4711, "/usr/bin/server", 0x1f2e);
    static const char *const lists[] = {
        "4711", "04711", "server", "/usr/bin/server", "0x1f2e", "0X1F2E", "0x0000000000001f2e", "1,server", "x,y,4711"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (!takes(lists[i], &server))
            fail_msg("%s does not name it", lists[i]);
    static const char *const others[] = {"471",       "47110", "serve", "servers", "bin/server", "/bin/server",
                                         "/usr/bin/", "usr",   "0x1f2", "0x4711",  "1,2,3"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (takes(others[i], &server))
            fail_msg("%s names it", others[i]);
}

static void a_process_without_a_program_or_a_recording_is_named_by_its_id_only(void **state)
{
    (void)state;
    struct tt_decoded_process_started bare = process(12, "", 0);
    assert_true(takes("12", &bare));
    assert_false(takes("server,0x1", &bare));
    struct tt_decoded_process_started here = process(12, "server", 0); /* a path without a folder */
    assert_true(takes("server", &here));
}

static void no_list_names_all(void **state)
{
    (void)state;
    struct tt_choice choice = {.word_count = 0};
    struct tt_decoded_process_started server = process(4711, "/usr/bin/server", 0);
    assert_true(tt_choice_takes(&choice, &server));
}

static void words_that_name_nobody_are_known(void **state)
{
    (void)state;
    struct tt_choice choice;
    struct tt_decoded_process_started server = process(4711, "/usr/bin/server", 0);
    struct tt_decoded_process_started client = process(4712, "/usr/bin/client", 0);
    assert_null(tt_choice_parse("4711,client,gone", &choice));
    assert_true(tt_choice_takes(&choice, &server));
    assert_true(tt_choice_takes(&choice, &client));
    assert_int_equal(choice.word_count, 3);
    assert_true(choice.words[0].is_met);
    assert_true(choice.words[1].is_met);
    assert_false(choice.words[2].is_met);
    assert_int_equal(choice.words[2].length, 4);
    assert_memory_equal(choice.words[2].text, "gone", 4);
}

static void lists_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct tt_choice choice;
    static const char *const empty[] = {"", ",", "1,", ",1", "a,,b"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        assert_string_equal(tt_choice_parse(empty[i], &choice), "a word of it is empty");
    static const char *const ids[] = {"0", "4294967296", "18446744073709551616", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        assert_string_equal(tt_choice_parse(ids[i], &choice), "there is no such process id");
    static const char *const tokens[] = {"0x", "0x0", "0xg", "0x11112222333344445", "0x1 "};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (tt_choice_parse(tokens[i], &choice) == NULL)
            fail_msg("%s is taken", tokens[i]);
    assert_null(tt_choice_parse("4294967295,0xffffffffffffffff", &choice));
}

static void a_list_has_64_words_at_most(void **state)
{
    (void)state;
    struct tt_choice choice;
    char list[2 * (TT_CHOICE_WORDS_MAX + 1) + 1] = "";
    for (unsigned i = 0; i < TT_CHOICE_WORDS_MAX; i++)
        strcat(list, i == 0 ? "1" : ",1");
    assert_null(tt_choice_parse(list, &choice));
    assert_int_equal(choice.word_count, TT_CHOICE_WORDS_MAX);
    strcat(list, ",1");
    assert_string_equal(tt_choice_parse(list, &choice), "it has more than 64 words");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_process_is_named_by_its_id_its_program_or_its_recording),
    cmocka_unit_test(a_process_without_a_program_or_a_recording_is_named_by_its_id_only),
    cmocka_unit_test(no_list_names_all),
    cmocka_unit_test(words_that_name_nobody_are_known),
    cmocka_unit_test(lists_that_make_no_sense_are_refused),
    cmocka_unit_test(a_list_has_64_words_at_most),
};

TT_TEST_MAIN(cases)
