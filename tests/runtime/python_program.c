/* python_program.c: see python_program.h. */
#include "python_program.h"

static const char *folder(void)
{
    static char path[4096];
    const char *source = getenv("TELLTALE_TEST_SOURCE");

    if (!source)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    snprintf(path, sizeof path, "%s/tests/runtime/python", source);
    return path;
}

/* The whole of FILE, malloc'ed. */
static char *read_all(FILE *file)
{
    size_t size = 0, room = 1 << 16;
    char *text = malloc(room);

    while (text) {
        size += fread(text + size, 1, room - size - 1, file);
        if (size < room - 1)
            break;
        room *= 2;
        text = realloc(text, room);
    }
    text[size] = '\0';
    return text;
}

/* Fails the case at the first line in which TEXT and EXPECTED differ. */
static void expect_same(const char *what, const char *text, const char *expected)
{
    int line = 1;

    for (size_t i = 0; text[i] || expected[i]; i++) {
        if (text[i] != expected[i]) {
            print_error("%s differs in line %d; it wrote:\n%s\nexpected:\n%s\n", what, line, text, expected);
            assert_int_equal(text[i], expected[i]);
        }
        line += text[i] == '\n';
    }
}

/* The number in the first line "# since 3.N" of the program; 0 when there is none. */
static int minor_version_of(const char *name)
{
    char path[4300], line[64] = "";
    int minor = 0;
    FILE *file;

    snprintf(path, sizeof path, "%s/%s.py", folder(), name);
    file = fopen(path, "r");
    assert_non_null(file);
    if (fgets(line, sizeof line, file))
        (void)!sscanf(line, "# since 3.%d", &minor);
    fclose(file);
    return minor;
}

static char *expected_of(const char *name)
{
    char path[4300];
    FILE *file;
    char *text;

    snprintf(path, sizeof path, "%s/%s.expected", folder(), name);
    file = fopen(path, "r");
    assert_non_null(file);
    text = read_all(file);
    fclose(file);
    return text;
}

/* Compares what this machine's python3 writes, if there is one that is new enough. */
static void ask_python(const char *name, const char *expected)
{
    char command[8700];
    FILE *pipe;
    char *text;

    snprintf(command, sizeof command, "python3 -c 'import sys; sys.exit(sys.version_info < (3, %d))' >/dev/null 2>&1",
             minor_version_of(name) > 11 ? minor_version_of(name) : 11);
    if (system(command) != 0)
        return;
    snprintf(command, sizeof command, "python3 -u '%s/%s.py' 2>&1", folder(), name);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    text = read_all(pipe);
    assert_int_equal(pclose(pipe), 0);
    expect_same("python3", text, expected);
    free(text);
}

void expect_program(const char *name)
{
    char *expected = expected_of(name);

    expect_same("telltale", stage_notes(), expected);
    stage_forget_notes();
    ask_python(name, expected);
    free(expected);
}
