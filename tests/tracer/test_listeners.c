/* Listeners: who ceases to listen and begins again gets another number, however quickly; who listens all the time keeps its own. */
#include "harness.h"

#include <string.h>

#include "listeners.h"
#include "lttng_table.h"

/* LTTng's list as the next look finds it: a letter for each listener, which of them lack events, and a number for the list. */
static const char *list_members, *list_lacking = "";
static uintptr_t list_number;

static size_t list_listeners(const void **out_who, size_t max, uint64_t *out_lacking, uintptr_t *out_list)
{
    static const char letters[128];
    size_t count = strlen(list_members);
    *out_lacking = 0;
    for (size_t i = 0; i < count && i < max; i++) {
        out_who[i] = &letters[(unsigned char)list_members[i]];
        *out_lacking |= (uint64_t)(strchr(list_lacking, list_members[i]) != NULL) << i;
    }
    *out_list = count > 0 ? list_number : 0;
    return count;
}

static const struct tt_lttng_table table = {.process_listeners = list_listeners};

/* Somebody began or ceased, and LTTng made the list anew. */
static void change(const char *members)
{
    list_members = members;
    list_number++;
}

static struct tt_event_process_started tell(struct tt__listeners *listeners)
{
    struct tt_event_process_started event = {0};
    tt__listeners_look(listeners, &table);
    tt__listeners_tell(listeners, &event);
    return event;
}

static void expect(struct tt_event_process_started told, uint32_t first, uint64_t set, uint64_t new)
{
    assert_int_equal(told.listener_first, first);
    assert_true(told.listener_set == set);
    assert_true(told.listener_new == new);
}

static void who_listens_all_the_time_keeps_its_number(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    change("A");
    expect(tell(&listeners), 1, 1, 1);
    expect(tell(&listeners), 1, 1, 0);
    change("AB");
    expect(tell(&listeners), 1, 3, 2);
    change("ABC");
    expect(tell(&listeners), 1, 7, 4);
    change("AC");
    expect(tell(&listeners), 1, 5, 0);
    change("A");
    expect(tell(&listeners), 1, 1, 0);
}

/* LTTng's list has it, and its session does not take events yet: what is told now it does not hear. */
static void who_is_about_to_begin_is_told_when_it_has_begun(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    change("A");
    expect(tell(&listeners), 1, 1, 1);
    list_members = "AB";
    uintptr_t next = list_number + 1;
    list_number = 0;
    expect(tell(&listeners), 1, 1, 0);
    tt__listeners_look(&listeners, &table);
    assert_false(tt__listeners_are_untold(&listeners));
    list_number = next;
    tt__listeners_look(&listeners, &table);
    assert_true(tt__listeners_are_untold(&listeners));
    expect(tell(&listeners), 1, 3, 2);
    assert_false(tt__listeners_are_untold(&listeners));
}

/* It is told with the others, since somebody may have begun; when all have, it is told again. */
static void who_is_about_to_begin_at_the_first_look_is_told_again(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    list_members = "AB";
    uintptr_t next = list_number + 1;
    list_number = 0;
    expect(tell(&listeners), 1, 3, 3);
    list_number = next;
    tt__listeners_look(&listeners, &table);
    assert_true(tt__listeners_are_untold(&listeners));
    expect(tell(&listeners), 1, 5, 4);
}

static void who_ceases_and_begins_between_two_looks_has_another_number(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    change("A");
    expect(tell(&listeners), 1, 1, 1);
    change("");
    change("A");
    tt__listeners_look(&listeners, &table);
    assert_true(tt__listeners_are_untold(&listeners));
    expect(tell(&listeners), 2, 1, 1);
    assert_false(tt__listeners_are_untold(&listeners));
}

static void nobody_has_to_be_told_that_nobody_listens(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    change("A");
    expect(tell(&listeners), 1, 1, 1);
    change("");
    tt__listeners_look(&listeners, &table);
    assert_false(tt__listeners_are_untold(&listeners));
    change("A");
    tt__listeners_look(&listeners, &table);
    assert_true(tt__listeners_are_untold(&listeners));
}

static void a_pause_of_one_is_none_of_another(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    change("AB");
    expect(tell(&listeners), 1, 3, 3);
    change("B");
    change("BA"); /* A stands behind B now */
    expect(tell(&listeners), 2, 3, 2);
    change("B");
    change("BA"); /* the same members, in another list */
    expect(tell(&listeners), 2, 5, 4);
}

static void more_listeners_than_are_told_apart_do_no_harm(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    char many[TT_LISTENERS_MAX + 8];
    memset(many, 'A', sizeof many);
    for (size_t i = 0; i < sizeof many; i++)
        many[i] = (char)(1 + i);
    many[sizeof many - 1] = '\0';
    change(many);
    expect(tell(&listeners), 1, UINT64_MAX, UINT64_MAX);
    expect(tell(&listeners), 1, UINT64_MAX, 0);
}

/* Without a change of the list that they are in: events are enabled one by one. */
static void who_lacks_events_is_told_and_so_is_who_does_not_any_more(void **state)
{
    (void)state;
    struct tt__listeners listeners = {0};
    change("XA");
    (void)tell(&listeners);
    change("ABC"); /* 2, 3, 4: X has ceased */
    list_lacking = "BC";
    struct tt_event_process_started told = tell(&listeners);
    expect(told, 2, 7, 6);
    assert_true(told.listener_lacking == 6);
    list_lacking = "B";
    tt__listeners_look(&listeners, &table);
    assert_true(tt__listeners_are_untold(&listeners));
    told = tell(&listeners);
    expect(told, 2, 7, 0);
    assert_true(told.listener_lacking == 2);
    tt__listeners_look(&listeners, &table);
    assert_false(tt__listeners_are_untold(&listeners));
    list_lacking = "";
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(who_listens_all_the_time_keeps_its_number),
    cmocka_unit_test(who_is_about_to_begin_is_told_when_it_has_begun),
    cmocka_unit_test(who_is_about_to_begin_at_the_first_look_is_told_again),
    cmocka_unit_test(who_ceases_and_begins_between_two_looks_has_another_number),
    cmocka_unit_test(nobody_has_to_be_told_that_nobody_listens),
    cmocka_unit_test(a_pause_of_one_is_none_of_another),
    cmocka_unit_test(who_lacks_events_is_told_and_so_is_who_does_not_any_more),
    cmocka_unit_test(more_listeners_than_are_told_apart_do_no_harm),
};

TT_TEST_MAIN(cases)
