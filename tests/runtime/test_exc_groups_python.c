/* Exception groups against CPython 3.13: what the functions here and in exc_python/groups.py raise must read the same,
 * places masked, and random programs must leave the same exceptions. exc_python/groups.expected is what groups.py
 * wrote; where this machine has a python3 of version 3.13.2 or later that is asked too.
 *
 * Past 600 lines: the C half of all of groups.py stands here, so that each function can be read beside its Python half.
 */
#include "harness.h"

#include "exc_internal.h"

#include <unistd.h>

TT_EXC_TYPE(Plain, tt_ExceptionGroup);
static tt_exc *derive_derived(const tt_exc *group, tt_exc *const *members, size_t count);
static tt_exc *derive_any_errors(const tt_exc *group, tt_exc *const *members, size_t count);
static const tt_exc_type Derived = {.name = "Derived", .base = &tt_ExceptionGroup, .derive = derive_derived};
static const tt_exc_type AnyErrors = {.name = "AnyErrors", .base = &tt_BaseExceptionGroup, .derive = derive_any_errors};

static tt_exc *derive_derived(const tt_exc *group, tt_exc *const *members, size_t count)
{
    return tt_exc_group_new(&Derived, members, count, "%s", tt_exc_message(group));
}

static tt_exc *derive_any_errors(const tt_exc *group, tt_exc *const *members, size_t count)
{
    return tt_exc_group_new(&AnyErrors, members, count, "%s", tt_exc_message(group));
}

/* Takes what is pending. */
static tt_exc *taken(void)
{
    assert_non_null(tt_exc_pending());
    return tt__exc_state_take(tt__exc_state_now());
}

/* ------------------------------------------------------------------------------------------------------- by name */

/* A group that is not raised, of members that it takes over; those beyond are NULL. */
static tt_exc *made(const tt_exc_type *type, const char *message, tt_exc *a, tt_exc *b, tt_exc *c)
{
    tt_exc *members[] = {a, b, c}, *group;
    size_t count = c ? 3 : b ? 2 : 1;

    group = tt_exc_group_new(type, members, count, "%s", message);
    assert_non_null(group);
    for (size_t i = 0; i < count; i++)
        tt_exc_unref(members[i]);
    return group;
}

static tt_exc *eg(const char *message, tt_exc *a, tt_exc *b)
{
    return made(&tt_ExceptionGroup, message, a, b, NULL);
}

/* Raises EXC, which is taken over, at the place of the caller. */
#define RAISE(exc)                   \
    do {                             \
        tt_exc *raised_ = (exc);     \
        (void)tt_raise_exc(raised_); \
        tt_exc_unref(raised_);       \
    } while (0)

#define V(text) tt_exc_new(&tt_ValueError, text)
#define T(text) tt_exc_new(&tt_TypeError, text)
#define K(text) tt_exc_new(&tt_KeyError, text)

static tt_exc *caught(void)
{
    assert_true(tt_catch(&tt_BaseException));
    return tt_exc_caught();
}

static void ended(void)
{
    (void)!tt_catch_end();
}

static void basic(void)
{
    RAISE(eg("outer", V("a"), T("b")));
}

static void one_member(void)
{
    RAISE(eg("eg", V("a"), NULL));
}

/* Puts it where a raise would, without being one. */
static void never_raised(void)
{
    tt__exc_state_set(tt__exc_state_now(), eg("made", V("a"), K("b")));
}

static void nested(void)
{
    RAISE(eg("outer", V("a"), eg("inner", T("b"), K("c"))));
}

static void nested_last_and_more(void)
{
    RAISE(eg("outer", eg("inner", eg("innermost", T("b"), NULL), K("c")), V("a")));
}

static void of_anything(void)
{
    RAISE(made(&tt_BaseExceptionGroup, "any", tt_exc_new(&tt_KeyboardInterrupt, NULL), tt_exc_new(&tt_SystemExit, "3"),
               NULL));
}

static void own_type(void)
{
    RAISE(made(&Derived, "own", V("a"), NULL, NULL));
}

static void several_lines(void)
{
    RAISE(eg("one\ntwo", V("three\nfour\n\nfive"),
             T("six\r\nseven\x0b"
               "eight\u2028nine")));
}

static void without_text(void)
{
    RAISE(eg("", V(NULL), K("k")));
}

static void notes(void)
{
    tt_exc *inner = V("a"), *group;

    tt_exc_add_note(inner, "of %s", "a");
    tt_exc_add_note(inner, "two\nlines of a");
    group = eg("g", inner, T("b"));
    tt_exc_add_note(group, "of the group");
    tt_exc_add_note(group, NULL);
    RAISE(group);
}

static void notes_alone(void)
{
    tt_exc *error = V(NULL);

    tt_exc_add_note(error, "first");
    tt_exc_add_note(error, "second\nthird");
    RAISE(error);
}

static tt_exc *wide(size_t count)
{
    tt_exc *members[20], *group;

    for (size_t i = 0; i < count; i++)
        members[i] = tt_exc_new(&tt_ValueError, "%zu", i);
    group = tt_exc_group_new(&tt_ExceptionGroup, members, count, "wide");
    for (size_t i = 0; i < count; i++)
        tt_exc_unref(members[i]);
    return group;
}

static void fifteen_members(void)
{
    RAISE(wide(15));
}

static void sixteen_members(void)
{
    RAISE(wide(16));
}

static void seventeen_members(void)
{
    RAISE(wide(17));
}

static void deep(int depth)
{
    tt_exc *error = V("leaf");
    char message[20];

    for (int i = 0; i < depth; i++) {
        snprintf(message, sizeof message, "eg%d", i);
        error = eg(message, error, T("beside"));
    }
    tt__exc_state_set(tt__exc_state_now(), error);
}

static void ten_deep(void)
{
    deep(10);
}

static void eleven_deep(void)
{
    deep(11);
}

static void thirty_deep(void)
{
    deep(30);
}

static void cause(void)
{
    RAISE(eg("cause", V("a"), NULL));
    tt_exc *error = caught();
    tt_raise_from(error, &tt_TypeError, "effect");
    ended();
}

static void context(void)
{
    RAISE(K("context"));
    caught();
    RAISE(eg("group", V("a"), T("b")));
    ended();
}

static void group_of_context_of_group(void)
{
    tt_exc *error, *third;

    RAISE(eg("first", V("a"), NULL));
    caught();
    RAISE(eg("second", V("b"), NULL));
    ended();
    error = caught();
    third = eg("third", V("c"), NULL);
    tt_raise_exc_from(error, third);
    tt_exc_unref(third);
    ended();
}

static void raised_members(void)
{
    tt_exc *errors[2], *inner;

    for (int i = 0; i < 2; i++) {
        tt_raise(i == 0 ? &tt_ZeroDivisionError : &tt_ValueError, "1");
        errors[i] = tt_exc_ref(caught());
        ended();
    }
    RAISE(eg("eg1", errors[0], errors[1]));
    inner = tt_exc_ref(caught());
    ended();
    RAISE(eg("eg2", inner, V("2")));
}

static void context_with_context(void)
{
    RAISE(eg("eg1", V("1"), T("2")));
    caught();
    RAISE(eg("eg2", V("3"), T("4")));
    ended();
    caught();
    tt_raise(&tt_LookupError, "5");
    ended();
}

static void nested_in_context(void)
{
    tt_exc *inner;

    RAISE(eg("nested", T("2"), T("3")));
    inner = tt_exc_ref(caught());
    ended();
    RAISE(made(&tt_ExceptionGroup, "eg", V("1"), inner, V("4")));
    caught();
    RAISE(eg("top", V("5"), NULL));
    ended();
}

static tt_exc *chain(tt_site *first, tt_site *second)
{
    tt_exc *group = eg("first", V("a"), NULL);

    tt_raise_exc_at(first, group);
    tt_exc_unref(group);
    caught();
    tt_raise_at(second, &tt_TypeError, "in between");
    ended();
    return caught();
}

static void chain_in_member(void)
{
    tt_exc *error = chain(TT_HERE, TT_HERE), *second = eg("second", K("k"), tt_exc_ref(error));

    tt_raise_exc_from(NULL, second);
    tt_exc_unref(second);
    ended();
}

static void chain_in_first_member(void)
{
    tt_exc *error = chain(TT_HERE, TT_HERE), *second = eg("second", tt_exc_ref(error), K("k"));

    tt_raise_exc_from(NULL, second);
    tt_exc_unref(second);
    ended();
}

static void context_shared_by_members(void)
{
    tt_exc *members[2];

    tt_raise(&tt_KeyError, "shared");
    caught();
    for (int i = 0; i < 2; i++) {
        tt_raise(&tt_ValueError, i == 0 ? "a" : "b");
        members[i] = tt_exc_ref(caught());
        ended();
    }
    ended();
    RAISE(eg("group", members[0], members[1]));
}

static void member_of_the_handled(void)
{
    RAISE(eg("group", V("a"), T("b")));
    tt_raise_exc(tt_exc_group_member(caught(), 1));
    ended();
}

static void one_member_twice(void)
{
    tt_exc *member;

    tt_raise(&tt_KeyError, "context");
    caught();
    tt_raise(&tt_ValueError, "twice");
    member = tt_exc_ref(caught());
    ended();
    ended();
    RAISE(eg("group", tt_exc_ref(member), member));
}

static void begun(void)
{
    assert_true(tt_catch_group_begin());
}

static void star_unmatched(void)
{
    RAISE(eg("eg", V("a"), T("b")));
    begun();
    assert_false(tt_catch_group(&tt_KeyError));
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_some(void)
{
    RAISE(made(&tt_ExceptionGroup, "eg", V("a"), T("b"), eg("in", V("c"), NULL)));
    begun();
    assert_true(tt_catch_group(&tt_ValueError));
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_raising(void)
{
    RAISE(made(&tt_ExceptionGroup, "eg", V("a"), T("b"), K("c")));
    begun();
    if (tt_catch_group(&tt_ValueError))
        tt_raise(&tt_IndexError, "1");
    if (tt_catch_group(&tt_TypeError))
        tt_raise_from(tt_exc_caught(), &tt_IndexError, "2");
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_reraising(void)
{
    RAISE(made(&tt_ExceptionGroup, "eg", V("a"), T("b"), K("c")));
    begun();
    if (tt_catch_group(&tt_ValueError))
        tt_reraise();
    assert_true(tt_catch_group(&tt_TypeError));
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_naked(void)
{
    tt_raise(&tt_ValueError, "naked");
    begun();
    if (tt_catch_group(&tt_ValueError))
        tt_reraise();
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_naked_raising(void)
{
    tt_raise(&tt_ValueError, "naked");
    begun();
    if (tt_catch_group(&tt_ValueError))
        tt_raise(&tt_KeyError, "in the arm");
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_naked_unmatched(void)
{
    tt_raise(&tt_ValueError, "naked");
    begun();
    assert_false(tt_catch_group(&tt_TypeError));
    assert_int_equal(tt_catch_group_end(), -1);
}

static void star_own_type(void)
{
    RAISE(made(&Plain, "eg", V("a"), T("b"), NULL));
    begun();
    assert_true(tt_catch_group(&tt_ValueError));
    assert_int_equal(tt_catch_group_end(), -1);
}

/* ------------------------------------------------------------------------------------------------------- comparing */

static const char *folder(void)
{
    static char path[4000];
    const char *source = getenv("TELLTALE_TEST_SOURCE");

    if (!source)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    snprintf(path, sizeof path, "%s/tests/runtime/exc_python", source);
    return path;
}

/* The whole of FILE, malloc'ed. */
static char *read_all(FILE *file)
{
    size_t size = 0, room = 1 << 18;
    char *text = malloc(room);

    assert_non_null(text);
    assert_non_null(file);
    size = fread(text, 1, room - 1, file);
    assert_true(size > 0 && size < room - 1);
    text[size] = '\0';
    return text;
}

static char *all_expected(void)
{
    char path[4100], *text;
    FILE *file;

    snprintf(path, sizeof path, "%s/groups.expected", folder());
    file = fopen(path, "r");
    text = read_all(file);
    fclose(file);
    return text;
}

/* What is expected of NAME; malloc'ed. */
static char *expected_of(const char *name)
{
    char *all = all_expected(), title[80], *begin, *end, *text;

    snprintf(title, sizeof title, "== %s\n", name);
    begin = strstr(all, title);
    assert_non_null(begin);
    begin += strlen(title);
    end = strstr(begin, "\n== ");
    text = strndup(begin, end ? (size_t)(end + 1 - begin) : strlen(begin));
    free(all);
    return text;
}

/* A line of TEXT that is a place: where its file begins; NULL if it is none. */
static char *place_in(char *line)
{
    line += strspn(line, " |");
    return strncmp(line, "File \"", 6) == 0 ? line : NULL;
}

/* Replaces the file and the line of every place in TEXT by asterisks. */
static void mask(char *text)
{
    char *out = text;

    while (*text) {
        char *end = strchr(text, '\n') + 1, *place = place_in(text);

        if (place) {
            char *function = strstr(place, ", in ");

            memmove(out, text, (size_t)(place - text));
            out = stpcpy(out + (place - text), "File \"*\", line *");
            text = function;
        }
        memmove(out, text, (size_t)(end - text));
        out += end - text;
        text = end;
    }
    *out = '\0';
}

/* Repr and traceback of EXC, malloc'ed. */
static char *text_of(const tt_exc *exc, void (*edit)(char *))
{
    char *traceback = tt_exc_format(exc), *text;
    size_t size = (size_t)tt_exc_repr(exc, NULL, 0), room;

    assert_non_null(traceback);
    edit(traceback);
    room = size + strlen(traceback) + 2;
    text = malloc(room);
    assert_non_null(text);
    tt_exc_repr(exc, text, size + 1);
    snprintf(text + size, room - size, "\n%s", traceback);
    free(traceback);
    return text;
}

static void compare(const char *name, void (*fn)(void))
{
    char *expected = expected_of(name), *text;
    tt_exc *exc;

    fn();
    assert_null(tt_exc_caught());
    exc = taken();
    text = text_of(exc, mask);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
    tt_exc_unref(exc);
}

#define READS_AS_IN_PYTHON(name)                        \
    static void name##_reads_as_in_python(void **state) \
    {                                                   \
        (void)state;                                    \
        compare(#name, name);                           \
    }

READS_AS_IN_PYTHON(basic)
READS_AS_IN_PYTHON(one_member)
READS_AS_IN_PYTHON(never_raised)
READS_AS_IN_PYTHON(nested)
READS_AS_IN_PYTHON(nested_last_and_more)
READS_AS_IN_PYTHON(of_anything)
READS_AS_IN_PYTHON(own_type)
READS_AS_IN_PYTHON(several_lines)
READS_AS_IN_PYTHON(without_text)
READS_AS_IN_PYTHON(notes)
READS_AS_IN_PYTHON(notes_alone)
READS_AS_IN_PYTHON(fifteen_members)
READS_AS_IN_PYTHON(sixteen_members)
READS_AS_IN_PYTHON(seventeen_members)
READS_AS_IN_PYTHON(ten_deep)
READS_AS_IN_PYTHON(eleven_deep)
READS_AS_IN_PYTHON(thirty_deep)
READS_AS_IN_PYTHON(cause)
READS_AS_IN_PYTHON(context)
READS_AS_IN_PYTHON(group_of_context_of_group)
READS_AS_IN_PYTHON(raised_members)
READS_AS_IN_PYTHON(context_with_context)
READS_AS_IN_PYTHON(nested_in_context)
READS_AS_IN_PYTHON(chain_in_member)
READS_AS_IN_PYTHON(chain_in_first_member)
READS_AS_IN_PYTHON(context_shared_by_members)
READS_AS_IN_PYTHON(member_of_the_handled)
READS_AS_IN_PYTHON(one_member_twice)
READS_AS_IN_PYTHON(star_unmatched)
READS_AS_IN_PYTHON(star_some)
READS_AS_IN_PYTHON(star_raising)
READS_AS_IN_PYTHON(star_reraising)
READS_AS_IN_PYTHON(star_naked)
READS_AS_IN_PYTHON(star_naked_raising)
READS_AS_IN_PYTHON(star_naked_unmatched)
READS_AS_IN_PYTHON(star_own_type)

static void python_of_this_machine_writes_what_is_expected(void **state)
{
    char command[4200], *expected, *text;
    FILE *python;

    (void)state;
    if (system("exec python3 -c 'import sys; sys.exit(sys.version_info < (3, 13, 2))' 2>/dev/null") != 0)
        TT_SKIP("there is no python3 of version 3.13.2 or later");
    expected = all_expected();
    snprintf(command, sizeof command, "exec python3 '%s/groups.py'", folder());
    python = popen(command, "r");
    text = read_all(python);
    assert_int_equal(pclose(python), 0);
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

/* ------------------------------------------------------------------------------------------------- random programs */

static const char *const texts[] = {"plain",
                                    "two\nlines",
                                    NULL,
                                    "a\rb\r\nc\x0b"
                                    "d\x0c"
                                    "e\x1c"
                                    "f\x1dg\x1eh\xc2\x85i\u2028j\u2029k",
                                    "it's",
                                    "\n"};
static const tt_exc_type *const types[] = {&tt_ValueError, &tt_TypeError,         &tt_OSError,
                                           &tt_KeyError,   &tt_KeyboardInterrupt, &tt_ConnectionError};
static const tt_exc_type *const caught_types[] = {&tt_ValueError,  &tt_TypeError, &tt_OSError,
                                                  &tt_LookupError, &tt_Exception, &tt_BaseException};
static const tt_exc_type *const group_types[] = {&tt_BaseExceptionGroup, &tt_ExceptionGroup, &Derived, &Plain,
                                                 &AnyErrors};

#define POOL 7

struct program {
    uint32_t seed;
    tt_exc *pool[POOL];
};

static uint32_t draw(struct program *program, uint32_t below)
{
    program->seed = program->seed * 1664525u + 1013904223u;
    return (program->seed >> 8) % below;
}

static tt_exc *drawn(struct program *program)
{
    return program->pool[draw(program, POOL)];
}

/* Takes EXC over; NULL ok. */
static void put(struct program *program, tt_exc *exc)
{
    uint32_t where = draw(program, POOL);

    if (!exc)
        return;
    tt_exc_unref(program->pool[where]);
    program->pool[where] = exc;
}

static void make_new(struct program *program)
{
    const tt_exc_type *type = types[draw(program, 6)];
    const char *text = texts[draw(program, 6)];

    put(program, text ? tt_exc_new(type, "%s", text) : tt_exc_new(type, NULL));
}

static void make_group(struct program *program, uint32_t count)
{
    const tt_exc_type *type = group_types[draw(program, 5)];
    const char *text = texts[draw(program, 6)];
    tt_exc *members[20], *group;

    for (uint32_t i = 0; i < count; i++)
        members[i] = drawn(program);
    group = tt_exc_group_new(type, members, count, "%s", text ? text : "");
    put(program, group ? group : taken());
}

static void wrap(struct program *program)
{
    tt_exc *exc = tt_exc_ref(drawn(program));

    for (uint32_t i = draw(program, 14); i > 0; i--)
        exc = made(&tt_BaseExceptionGroup, "wrapped", exc, NULL, NULL);
    put(program, exc);
}

static void handle(struct program *program)
{
    tt_exc *handled = drawn(program), *exc = drawn(program);

    tt_raise_exc(handled);
    caught();
    tt_raise_exc(exc);
    put(program, taken());
    ended();
}

static void raise_from(struct program *program)
{
    tt_exc *exc = drawn(program), *reason = drawn(program);

    if (draw(program, 4) == 0)
        reason = NULL;
    tt_raise_exc_from(reason, exc);
    put(program, taken());
}

static void add_note(struct program *program)
{
    tt_exc *exc = drawn(program);
    const char *text = texts[draw(program, 6)];

    tt_exc_add_note(exc, "%s", text ? text : "");
}

static void split(struct program *program)
{
    tt_exc *exc = drawn(program), *match, *rest;
    const tt_exc_type *type = caught_types[draw(program, 6)];

    if (!tt_exc_is_group(exc))
        return;
    assert_int_equal(tt_exc_group_split(exc, type, &match, &rest), 0);
    put(program, match);
    put(program, rest);
}

static void run_arm(uint32_t which, tt_site *first, tt_site *second)
{
    switch (which) {
    case 1:
        tt_reraise();
        break;
    case 2:
        tt_raise_at(first, &tt_KeyError, "in the arm");
        break;
    case 3:
        tt_raise_exc_at(first, tt_exc_group_member(tt_exc_caught(), 0));
        break;
    case 4:
        tt_raise_exc_at(second, tt_exc_caught());
        break;
    case 5:
        tt_raise_from_at(first, tt_exc_caught(), &tt_TypeError, "from");
        break;
    default:
        break;
    }
}

static void star(struct program *program)
{
    tt_exc *exc = drawn(program);
    const tt_exc_type *type1 = caught_types[draw(program, 6)];
    uint32_t arm1 = draw(program, 6);
    const tt_exc_type *type2 = caught_types[draw(program, 6)];
    uint32_t arm2 = draw(program, 6);

    tt_raise_exc(exc);
    begun();
    if (tt_catch_group(type1))
        run_arm(arm1, TT_HERE, TT_HERE);
    if (tt_catch_group(type2))
        run_arm(arm2, TT_HERE, TT_HERE);
    if (tt_catch_group_end() < 0)
        put(program, taken());
}

static void step(struct program *program)
{
    switch (draw(program, 12)) {
    case 0:
    case 1:
        make_new(program);
        break;
    case 2:
    case 3:
        make_group(program, 1 + draw(program, 4));
        break;
    case 4: {
        uint32_t count = draw(program, 4) == 0;
        uint32_t more = count ? draw(program, 5) : 0;
        make_group(program, count ? 14 + more : 2);
        break;
    }
    case 5:
        if (draw(program, 3) == 0)
            wrap(program);
        break;
    case 6:
        handle(program);
        break;
    case 7:
        raise_from(program);
        break;
    case 8:
        add_note(program);
        break;
    case 9:
        split(program);
        break;
    default:
        star(program);
    }
}

/* Takes the places out of TEXT, and the titles above them. */
static void forget_places(char *text)
{
    char *out = text;

    while (*text) {
        char *end = strchr(text, '\n') + 1, *begin = text + strspn(text, " |+");

        if (!place_in(text) && strncmp(begin, "Traceback (", 11) != 0 &&
            strncmp(begin, "Exception Group Traceback (", 27) != 0 && !strstr(begin, "left out]\n")) {
            memmove(out, text, (size_t)(end - text));
            out += end - text;
        }
        text = end;
    }
    *out = '\0';
}

/* What the program of SEED leaves, malloc'ed. */
static char *random_text(uint32_t seed)
{
    struct program program = {.seed = seed};
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    assert_non_null(stream);
    program.pool[0] = V("first");
    for (int i = 1; i < POOL; i++)
        program.pool[i] = tt_exc_ref(program.pool[0]);
    for (int i = 0; i < 30; i++) {
        step(&program);
        for (int k = 0; k < POOL; k++) {
            if (tt_exc_leaf_count(program.pool[k]) < 200)
                continue;
            tt_exc_unref(program.pool[k]);
            program.pool[k] = V("too many");
        }
    }
    assert_null(tt_exc_pending());
    assert_null(tt_exc_caught());
    for (int i = 0; i < POOL; i++) {
        char *each = text_of(program.pool[i], forget_places);
        fputs(each, stream);
        free(each);
        tt_exc_unref(program.pool[i]);
    }
    assert_int_equal(fclose(stream), 0);
    return text;
}

static uint64_t hash(const char *text)
{
    uint64_t value = 0xcbf29ce484222325;

    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * 0x100000001b3;
    return value;
}

static void random_programs_leave_what_they_leave_in_python(void **state)
{
    char *expected = expected_of("random"), *end;
    int count = 0;

    (void)state;
    for (char *line = expected; *line; line = end) {
        unsigned seed = (unsigned)strtoul(line, &end, 10);
        size_t size = strtoul(end, &end, 10);
        uint64_t value = strtoull(end, &end, 16);
        char *text = random_text(seed);

        if (strlen(text) != size || hash(text) != value) {
            fprintf(stderr, "groups.py %u writes something else than this:\n", seed);
            fputs(text, stderr);
            fail();
        }
        free(text);
        end += strspn(end, "\n");
        count++;
    }
    assert_int_equal(count, 400);
    free(expected);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(basic_reads_as_in_python),
    cmocka_unit_test(one_member_reads_as_in_python),
    cmocka_unit_test(never_raised_reads_as_in_python),
    cmocka_unit_test(nested_reads_as_in_python),
    cmocka_unit_test(nested_last_and_more_reads_as_in_python),
    cmocka_unit_test(of_anything_reads_as_in_python),
    cmocka_unit_test(own_type_reads_as_in_python),
    cmocka_unit_test(several_lines_reads_as_in_python),
    cmocka_unit_test(without_text_reads_as_in_python),
    cmocka_unit_test(notes_reads_as_in_python),
    cmocka_unit_test(notes_alone_reads_as_in_python),
    cmocka_unit_test(fifteen_members_reads_as_in_python),
    cmocka_unit_test(sixteen_members_reads_as_in_python),
    cmocka_unit_test(seventeen_members_reads_as_in_python),
    cmocka_unit_test(ten_deep_reads_as_in_python),
    cmocka_unit_test(eleven_deep_reads_as_in_python),
    cmocka_unit_test(thirty_deep_reads_as_in_python),
    cmocka_unit_test(cause_reads_as_in_python),
    cmocka_unit_test(context_reads_as_in_python),
    cmocka_unit_test(group_of_context_of_group_reads_as_in_python),
    cmocka_unit_test(raised_members_reads_as_in_python),
    cmocka_unit_test(context_with_context_reads_as_in_python),
    cmocka_unit_test(nested_in_context_reads_as_in_python),
    cmocka_unit_test(chain_in_member_reads_as_in_python),
    cmocka_unit_test(chain_in_first_member_reads_as_in_python),
    cmocka_unit_test(context_shared_by_members_reads_as_in_python),
    cmocka_unit_test(member_of_the_handled_reads_as_in_python),
    cmocka_unit_test(one_member_twice_reads_as_in_python),
    cmocka_unit_test(star_unmatched_reads_as_in_python),
    cmocka_unit_test(star_some_reads_as_in_python),
    cmocka_unit_test(star_raising_reads_as_in_python),
    cmocka_unit_test(star_reraising_reads_as_in_python),
    cmocka_unit_test(star_naked_reads_as_in_python),
    cmocka_unit_test(star_naked_raising_reads_as_in_python),
    cmocka_unit_test(star_naked_unmatched_reads_as_in_python),
    cmocka_unit_test(star_own_type_reads_as_in_python),
    cmocka_unit_test(python_of_this_machine_writes_what_is_expected),
    cmocka_unit_test(random_programs_leave_what_they_leave_in_python),
};
TT_TEST_MAIN(cases)
