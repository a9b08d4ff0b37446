/* Texts of a trace by number: which get one, and which of them keep it. */
#include "harness.h"

#include <string.h>

#include "export/words.h"

enum { NAME = 1, PLACE = 2 };

static uint64_t find(struct tt_words *words, unsigned kind, const char *text, bool *out_is_new)
{
    return tt__words_find(words, kind, text, strlen(text), out_is_new);
}

static void a_text_that_comes_again_gets_a_number_and_keeps_it(void **state)
{
    (void)state;
    struct tt_words *words = tt__words_create();
    bool is_new = true;
    assert_non_null(words);
    assert_int_equal(find(words, NAME, "runs", &is_new), 0);
    assert_false(is_new);
    uint64_t number = find(words, NAME, "runs", &is_new);
    assert_true(number != 0 && is_new);
    assert_int_equal(find(words, NAME, "runs", &is_new), number);
    assert_false(is_new);
    tt__words_destroy(words);
}

static void the_same_text_of_another_kind_is_another_word(void **state)
{
    (void)state;
    struct tt_words *words = tt__words_create();
    bool is_new;
    assert_non_null(words);
    (void)find(words, NAME, "step", &is_new);
    uint64_t name = find(words, NAME, "step", &is_new);
    assert_int_equal(find(words, PLACE, "step", &is_new), 0);
    uint64_t place = find(words, PLACE, "step", &is_new);
    assert_true(place != 0 && is_new && place != name);
    assert_int_equal(find(words, NAME, "step", &is_new), name);
    tt__words_destroy(words);
}

static void the_empty_text_and_the_longest_are_words_and_a_longer_one_is_not(void **state)
{
    (void)state;
    struct tt_words *words = tt__words_create();
    char text[TT_WORD_MAX + 1];
    bool is_new;
    assert_non_null(words);
    memset(text, 'x', sizeof text);
    for (int i = 0; i < 3; i++) {
        uint64_t nothing = tt__words_find(words, NAME, "", 0, &is_new);
        uint64_t longest = tt__words_find(words, NAME, text, TT_WORD_MAX, &is_new);
        assert_int_equal(nothing != 0, i > 0);
        assert_int_equal(longest != 0, i > 0);
        assert_int_equal(tt__words_find(words, NAME, text, TT_WORD_MAX + 1, &is_new), 0);
        assert_false(is_new);
    }
    tt__words_destroy(words);
}

/* Far more texts than there is room for come twice each; one comes all the time. */
static void what_comes_often_stays_and_no_number_is_given_twice(void **state)
{
    (void)state;
    struct tt_words *words = tt__words_create();
    char text[32];
    bool is_new;
    uint64_t last = 0;
    assert_non_null(words);
    (void)find(words, NAME, "often", &is_new);
    uint64_t often = find(words, NAME, "often", &is_new);
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "task %d", i);
        assert_int_equal(find(words, NAME, text, &is_new), 0);
        uint64_t number = find(words, NAME, text, &is_new);
        assert_true(is_new && number > last && number != often);
        last = number;
        assert_int_equal(find(words, NAME, "often", &is_new), often);
    }
    assert_int_equal(find(words, NAME, "task 1", &is_new), 0);
    tt__words_destroy(words);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_text_that_comes_again_gets_a_number_and_keeps_it),
    cmocka_unit_test(the_same_text_of_another_kind_is_another_word),
    cmocka_unit_test(the_empty_text_and_the_longest_are_words_and_a_longer_one_is_not),
    cmocka_unit_test(what_comes_often_stays_and_no_number_is_given_twice),
};

TT_TEST_MAIN(cases)
