/* Stacks: what tt_trace_stack() gives, that it is the same one for the same calls and bounded, and what ingest makes of it, also
 * where it makes no sense. What functions and lines become of it: tests/e2e/test_stacks.sh. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call_stack.h"
#include "place_hash.h"

#define NOINLINE __attribute__((noinline))

/* Each call is followed by something, or it would be a jump. */
static volatile int after;

static NOINLINE tt_site *take(void)
{
    tt_site *site = tt_trace_stack();
    after++;
    return site;
}

static NOINLINE tt_site *descend(unsigned depth)
{
    tt_site *site = depth == 0 ? take() : descend(depth - 1);
    after++;
    return site;
}

/* --------------------------------------------------------------------------------------------------- what is taken */

static uintptr_t load_address;

static int on_object(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size, (void)argument;
    load_address = info->dlpi_addr; /* the program is the first one */
    return 1;
}

/* Address and module of call NUMBER of SITE. */
static bool call_of(const tt_site *site, unsigned number, unsigned *out_module, uintmax_t *out_address)
{
    const char *at = site->text;
    for (unsigned i = 0; at != NULL && i <= number; i++)
        at = strchr(at + 1, ' ');
    return at != NULL && sscanf(at, " %u+%jx", out_module, out_address) == 2;
}

static void the_first_call_is_the_one_that_asked_and_the_next_ones_called_it(void **state)
{
    (void)state;
    const tt_site *site = descend(2);
    unsigned module;
    uintmax_t address;
    assert_non_null(site);
    assert_string_equal(site->file, "");
    assert_int_equal(site->line, 0);
    dl_iterate_phdr(on_object, NULL);
    assert_true(call_of(site, 0, &module, &address));
    assert_in_range(address + load_address, (uintptr_t)take, (uintptr_t)take + 255);
    for (unsigned i = 1; i <= 3; i++) {
        assert_true(call_of(site, i, &module, &address));
        assert_in_range(address + load_address, (uintptr_t)descend, (uintptr_t)descend + 255);
        assert_int_equal(module, 0);
    }
    char path[4096] = "", line[4200];
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    snprintf(line, sizeof line, " %s\n", path);
    const char *found = strstr(site->func, line);
    assert_non_null(found);
    /* Hexadecimal digits in pairs stand before the path. */
    assert_true((found - site->func) % 2 == 0);
    assert_int_equal(strspn(site->func, "0123456789abcdef"), found - site->func);
}

static void the_same_calls_are_the_same_stack_and_others_are_another_one(void **state)
{
    (void)state;
    tt_site *first = NULL;
    for (int i = 0; i < 3; i++) {
        tt_site *site = descend(1);
        assert_true(i == 0 || site == first);
        first = site;
    }
    assert_ptr_not_equal(descend(2), descend(3)); /* other depths */
    assert_non_null(first);
}

static void what_is_deeper_than_a_stack_may_be_is_cut(void **state)
{
    (void)state;
    const tt_site *site = descend(TT_CALLS_MAX + 5);
    unsigned module, count = 0;
    uintmax_t address;
    assert_non_null(site);
    while (call_of(site, count, &module, &address))
        count++;
    assert_int_equal(count, TT_CALLS_MAX);
    assert_string_equal(site->text + strlen(site->text) - strlen(TT_CALLS_MORE), TT_CALLS_MORE);
}

/* Of two functions that call each other in any order there are as many stacks as one likes. */
static tt_site *branch(unsigned path, unsigned depth);

static NOINLINE tt_site *branch_left(unsigned path, unsigned depth)
{
    tt_site *site = branch(path, depth);
    after++;
    return site;
}

static NOINLINE tt_site *branch_right(unsigned path, unsigned depth)
{
    tt_site *site = branch(path, depth);
    after += 2;
    return site;
}

static NOINLINE tt_site *branch(unsigned path, unsigned depth)
{
    tt_site *site = depth == 0 ? take()
                    : path & 1 ? branch_left(path >> 1, depth - 1)
                               : branch_right(path >> 1, depth - 1);
    after++;
    return site;
}

static void so_many_stacks_are_kept_and_those_that_are_stay(void **state)
{
    (void)state;
    enum { DEPTH = 13, PATHS = 1 << DEPTH };
    tt_site *first = branch(0, DEPTH);
    unsigned count = 0;
    assert_non_null(first);
    for (unsigned path = 0; path < PATHS; path++)
        count += branch(path, DEPTH) != NULL;
    assert_int_equal(count, 4096 - 1); /* with the first one, which was called from another line */
    assert_non_null(first);
    assert_null(descend(1));
}

/* ------------------------------------------------------------------------------------------------- what becomes of it */

static tt_site *shared;

static void emit_stacks(void *argument)
{
    (void)argument;
    shared = descend(1);
    TT_EMIT(exception_raised, .exception_id = 5, .type = "Exception", .message = "");
    TT_EMIT(stack_taken, .object_id = 5, .of = TT_STACK_OF_RAISED, .stack = shared);
    TT_EMIT(stack_taken, .object_id = 6, .of = TT_STACK_OF_RAISED, .stack = NULL);
    TT_EMIT(task_created, .task_id = 7, .site = TT_HERE);
    TT_EMIT(stack_taken, .object_id = 7, .of = TT_STACK_OF_CREATED, .stack = shared);
}

static void an_arena_carries_it_to_the_store(void **state)
{
    (void)state;
    setenv("TELLTALE_EVENTS", "+creation", 1);
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, emit_stacks, NULL, 0);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect(&studio,
                  "SELECT object_id, stack_of, stack_id = (SELECT max(stack_id) FROM stack) FROM stacks ORDER BY 1",
                  "5|raised|1\n6|raised|0\n7|created|1");
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM stack"), 1);
    assert_true(studio_number(&studio, "SELECT call_count FROM stack") > 2);
    assert_int_equal(studio_number(&studio, "SELECT count(*) = (SELECT call_count FROM stack) FROM calls"), 1);
    assert_int_equal(
        studio_number(&studio, "SELECT count(*) FROM calls WHERE build_id IS NULL OR path IS NULL OR address IS NULL"),
        0);
    assert_int_equal(studio_number(&studio, "SELECT count(*) FROM places WHERE file IS NULL OR file = ''"), 0);
    studio_expect_sound(&studio);
}

static struct tt_decoded_text text_of(const char *text)
{
    return (struct tt_decoded_text){text, (uint32_t)strlen(text)};
}

/* What ingest makes of a stack with these texts: the number of calls, and whether it says that there were more. */
static void expect_calls(const char *modules, const char *text, const char *expected)
{
    studio_case_begin_anew();
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    struct tt_ingest *ingest = studio_create_ingest(writer);
    for (int i = 0; i < 2; i++) /* telling it again is harmless */
        tt_ingest_define_site(ingest, 77, 0, text_of(""), text_of(modules), text_of(text));
    studio_commit(ingest);
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, true);
    studio_expect(&studio,
                  "SELECT call_count, is_cut, (SELECT group_concat(position || '=' || coalesce(build_id, '-') || ' ' "
                  "|| path || ' ' || address, '; ')"
                  " FROM calls) FROM stack",
                  expected);
}

static void what_makes_no_sense_ends_a_stack_where_it_does(void **state)
{
    (void)state;
    expect_calls("ab12 /bin/x\n- /bin/y z\n", "calls 0+10 1+ff 0+0",
                 "3|0|0=ab12 /bin/x 16; 1=- /bin/y z 255; 2=ab12 /bin/x 0");
    expect_calls("ab12 /bin/x\n", "calls 0+10 more", "1|1|0=ab12 /bin/x 16");
    expect_calls("ab12 /bin/x\n", "calls", "0|0|NULL");
    expect_calls("ab12 /bin/x\n", "calls 1+10", "0|1|NULL");                       /* no such module */
    expect_calls("AB /bin/x\n- /bin/y\n", "calls 1+10 0+10", "1|1|0=- /bin/y 16"); /* that is no build id */
    expect_calls("ab12\n", "calls 0+10", "0|1|NULL");
    expect_calls("", "calls 0+10", "0|1|NULL");
    expect_calls("ab /x\n", "calls 0+", "0|1|NULL");
    expect_calls("ab /x\n", "calls +10", "0|1|NULL");
    expect_calls("ab /x\n", "calls 0+ffffffffffffffff", "1|0|0=ab /x -1");
    expect_calls("ab /x\n", "calls 0+1ffffffffffffffff", "0|1|NULL"); /* no number of 64 bits */
    expect_calls("ab /x\n", "calls 0+1  0+2", "1|1|0=ab /x 1");
}

/* As many calls as a record of an arena can have, of which 32 make sense; and one whose list of modules is long. */
static void a_stack_without_end_ends(void **state)
{
    (void)state;
    static char text[60000] = "calls", modules[60000];
    while (strlen(text) < sizeof text - 8)
        strcat(text, " 0+1");
    while (strlen(modules) < sizeof modules - 8)
        strcat(modules, "ab /x\n");
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    struct tt_ingest *ingest = studio_create_ingest(writer);
    tt_ingest_define_site(ingest, 77, 0, text_of(""), text_of(modules), text_of(text));
    studio_commit(ingest);
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, true);
    studio_expect(&studio,
                  "SELECT call_count, is_cut, (SELECT count(*) FROM call), (SELECT count(*) FROM module) FROM stack",
                  "32|1|32|1");
}

static void a_place_that_looks_like_a_stack_is_a_place(void **state)
{
    (void)state;
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    struct tt_ingest *ingest = studio_create_ingest(writer);
    tt_ingest_define_site(ingest, 1, 0, text_of("a.c"), text_of("f"), text_of("calls 0+1"));
    tt_ingest_define_site(ingest, 2, 7, text_of(""), text_of("g"), text_of("calls 0+1"));
    tt_ingest_define_site(ingest, 3, 0, text_of(""), text_of("h"), text_of("callsomething"));
    studio_commit(ingest);
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "SELECT (SELECT count(*) FROM stack), group_concat(func, ' ') FROM places", "0|f g h");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(the_first_call_is_the_one_that_asked_and_the_next_ones_called_it),
    cmocka_unit_test(the_same_calls_are_the_same_stack_and_others_are_another_one),
    cmocka_unit_test(what_is_deeper_than_a_stack_may_be_is_cut),
    cmocka_unit_test(so_many_stacks_are_kept_and_those_that_are_stay),
    cmocka_unit_test_in_studio(an_arena_carries_it_to_the_store),
    cmocka_unit_test_in_studio(what_makes_no_sense_ends_a_stack_where_it_does),
    cmocka_unit_test_in_studio(a_stack_without_end_ends),
    cmocka_unit_test_in_studio(a_place_that_looks_like_a_stack_is_a_place),
};

TT_TEST_MAIN(cases)
