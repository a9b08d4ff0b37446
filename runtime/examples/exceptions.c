/* exceptions: chains, groups, and how to take groups apart.
 *
 *   exceptions           B is raised while A is handled: catching B shows B, its traceback shows A first
 *   exceptions --tree    a group of groups, printed whole, filtered by a predicate, split by a type
 *   exceptions --star    groups nested three deep; three arms of except* take one part each, with its nesting
 *
 * Nothing here suspends: exceptions work in every function, in a task or not.
 */
#include <stdio.h>
#include <string.h>

#include <telltale/telltale.h>

static TT_EXC_TYPE(A, tt_Exception);
static TT_EXC_TYPE(B, tt_Exception);
static TT_EXC_TYPE(C, tt_Exception);

static void print_repr(const char *title, const tt_exc *exc)
{
    char repr[256];

    tt_exc_repr(exc, repr, sizeof repr);
    printf("%s%s\n", title, repr);
}

/* ----------------------------------------------------------------------------------------------------------- chains */

static int fail_while_handling(void)
{
    int rc = tt_raise(&A, "first trouble");

    if (rc < 0 && tt_catch(&A)) {
        tt_raise(&B, "second trouble"); /* what is being handled becomes its context */
        rc = tt_catch_end();
    }
    return rc;
}

static int show_chain(void *arg)
{
    int rc = fail_while_handling();

    (void)arg;
    if (rc < 0 && tt_catch(&B)) {
        const tt_exc *exc = tt_exc_caught();

        printf("caught: %s\n", tt_exc_type_of(exc)->name);
        print_repr("its context: ", tt_exc_context(exc));
        print_repr("its cause: ", tt_exc_cause(exc));
        printf("--- printed\n");
        tt_exc_print(exc, stdout);
        rc = tt_catch_end();
    }
    return rc;
}

/* ------------------------------------------------------------------------------------------------------------- trees */

/* A group of new references, which it takes over. */
static tt_exc *group_of(const char *name, tt_exc *first, tt_exc *second, tt_exc *third)
{
    tt_exc *members[] = {first, second, third};
    size_t count = third ? 3 : second ? 2 : 1;
    tt_exc *group = tt_exc_group_new(&tt_ExceptionGroup, members, count, "%s", name);

    for (size_t i = 0; i < count; i++)
        tt_exc_unref(members[i]);
    return group;
}

static int is_type_error(const tt_exc *exc, void *arg)
{
    (void)arg;
    return tt_exc_is(exc, &tt_TypeError);
}

static void show_part(const char *title, tt_exc *part)
{
    printf("--- %s\n", title);
    tt_exc_print(part, stdout);
}

static int take_apart(tt_exc *tree)
{
    tt_exc *only_types, *rest, *none;

    show_part("whole tree", tree);
    if (tt_exc_group_split_if(tree, is_type_error, NULL, &only_types, NULL) < 0)
        return -1;
    show_part("subgroup: TypeError", only_types);
    printf("--- its members\n");
    for (size_t i = 0; i < tt_exc_group_count(only_types); i++)
        print_repr("", tt_exc_group_member(only_types, i));
    tt_exc_unref(only_types);
    if (tt_exc_group_split(tree, &tt_TypeError, NULL, &rest) < 0)
        return -1;
    show_part("split: the rest", rest);
    tt_exc_unref(rest);
    if (tt_exc_group_split(tree, &tt_KeyError, &none, NULL) < 0)
        return -1;
    print_repr("--- no match: ", none);
    return 0;
}

static int show_tree(void *arg)
{
    tt_exc *left = group_of("left", tt_exc_new(&tt_TypeError, "2"), tt_exc_new(&tt_ValueError, "3"), NULL);
    tt_exc *right = group_of("right", tt_exc_new(&tt_OSError, "4"), NULL, NULL);
    tt_exc *tree = group_of("top", tt_exc_new(&tt_TypeError, "1"), left, right);
    int rc = tree ? take_apart(tree) : -1;

    (void)arg;
    tt_exc_unref(tree);
    return rc;
}

/* ----------------------------------------------------------------------------------------------------------- except* */

/* Raises a group of what is being handled, if anything, and a new exception of TYPE. */
static int fail_together(const tt_exc_type *type, const char *text, const char *name)
{
    tt_exc *exc = tt_exc_new(type, "%s", text), *caught = tt_exc_caught();
    int rc = caught ? tt_raise_group(&tt_ExceptionGroup, ((tt_exc *[]){caught, exc}), 2, "%s", name)
                    : tt_raise_group(&tt_ExceptionGroup, &exc, 1, "%s", name);

    tt_exc_unref(exc);
    return rc;
}

static int fail_at_level_2(void)
{
    int rc = fail_together(&A, "a", "level 1");

    if (rc < 0 && tt_catch(&tt_ExceptionGroup)) {
        fail_together(&B, "b", "level 2");
        rc = tt_catch_end();
    }
    return rc;
}

static int fail_at_level_3(void)
{
    int rc = fail_at_level_2();

    if (rc < 0 && tt_catch(&tt_ExceptionGroup)) {
        fail_together(&C, "c", "level 3");
        rc = tt_catch_end();
    }
    return rc;
}

static int show_star(void *arg)
{
    int rc = fail_at_level_3();

    (void)arg;
    if (rc < 0 && tt_catch_group_begin()) {
        if (tt_catch_group(&A))
            print_repr("A part: ", tt_exc_caught());
        if (tt_catch_group(&B))
            print_repr("B part: ", tt_exc_caught());
        if (tt_catch_group(&C))
            print_repr("C part: ", tt_exc_caught());
        rc = tt_catch_group_end();
    }
    if (rc == 0)
        printf("all parts handled\n");
    return rc;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return tt_run(show_chain, NULL);
    if (argc == 2 && strcmp(argv[1], "--tree") == 0)
        return tt_run(show_tree, NULL);
    if (argc == 2 && strcmp(argv[1], "--star") == 0)
        return tt_run(show_star, NULL);
    fprintf(stderr, "usage: %s [--tree | --star]\n", argv[0]);
    return 2;
}
