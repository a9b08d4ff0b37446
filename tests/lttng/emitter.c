/* emitter.c: a program that emits events in one way or another, for the scripts of this folder. It starts tracing as the
 * environment says, and prints what tt_trace_start() and tt_trace_lttng_status() came to, where a script asks for it.
 *
 *   emitter every               each event of the table once; prints them as babeltrace2 does
 *   emitter long                texts that are too long, or end inside of a character
 *   emitter absent              texts that are absent, or look like what stands for that; names that are given, and not
 *   emitter notes N             N notes, numbered
 *   emitter status              prints both statuses and how many milliseconds starting took
 *   emitter fork|exec|vfork|clone   a note, then a child that writes another one, by that way
 *   emitter fork_as UID             the same as fork, as another user
 *   emitter inherit             a task and a failure, then a child that tells of them, and of a task of its own
 *   emitter threads N M         N threads, M notes each
 *   emitter signals N           N notes, while a timer's handler writes others; prints how many
 *   emitter for MS              notes for so long
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <telltale/trace.h>

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void note_number(const char *key, unsigned long number)
{
    char text[32];

    snprintf(text, sizeof text, "%lu", number);
    tt_trace_note(0, key, text);
}

/* ------------------------------------------------------------------------------------------------------------- every */

static tt_site place = {"dir/file.c", "a_function", "what stands \"there\"", 4711, 0, 0};

static void print_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static const char *word_of(const char *enumeration, unsigned number)
{
#define TT_ENUM_BEGIN(name, text)        \
    if (strcmp(enumeration, #name) == 0) \
        switch (number) {
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) \
    case number:                                          \
        return #word;
#define TT_ENUM_END(name) }
#include "events.def"
    return NULL;
}

/* The smallest number above 0 that is a word. */
static uint8_t some_word(const char *enumeration)
{
    uint8_t number = 1;

    while (!word_of(enumeration, number))
        number++;
    return number;
}

/* Durations have so many nanoseconds as LTTng is told; that they are right has a test of its own. */
#define TT_U8(name, about)                event.name = 200;
#define TT_U16(name, about)               event.name = 60000;
#define TT_U32(name, about)               event.name = 4000000000u;
#define TT_U64(name, about)               event.name = 18000000000000000000u;
#define TT_I32(name, about)               event.name = -2000000000;
#define TT_ID(name, about)                event.name = 12345678901234567890u;
#define TT_TICKS(name, about)             event.name = 0;
#define TT_WORD(name, enumeration, about) event.name = some_word(#enumeration);
#define TT_SITE(name, about)              event.name = &place;
#define TT_TEXT(name, limit, about)       event.name = "the " #name;
#define TT_EVENT(number, event_name, category, level, about, fields) \
    static void emit_##event_name(void)                              \
    {                                                                \
        struct tt_event_##event_name event;                          \
        fields tt_emit_##event_name(0, &event);                      \
    }
#include "events.def"

#define TT_U8(name, about)    printf(", " #name " = 200");
#define TT_U16(name, about)   printf(", " #name " = 60000");
#define TT_U32(name, about)   printf(", " #name " = 4000000000");
#define TT_U64(name, about)   printf(", " #name " = 18000000000000000000");
#define TT_I32(name, about)   printf(", " #name " = -2000000000");
#define TT_ID(name, about)    printf(", " #name " = 12345678901234567890");
#define TT_TICKS(name, about) printf(", " #name " = 0");
#define TT_WORD(name, enumeration, about)                                                               \
    printf(", " #name " = ( \"%s\" : container = %d )", word_of(#enumeration, some_word(#enumeration)), \
           some_word(#enumeration));
#define TT_SITE(name, about)                                                                                       \
    printf(", " #name "_file = \"%s\", " #name "_line = 4711, " #name "_func = \"a_function\", " #name "_text = ", \
           place.file);                                                                                            \
    print_text(place.text);
#define TT_TEXT(name, limit, about) printf(", " #name " = \"the " #name "\"");
#define TT_EVENT(number, event_name, category, level, about, fields) \
    static void print_##event_name(void)                             \
    {                                                                \
        printf(#event_name);                                         \
        fields printf("\n");                                         \
    }
#include "events.def"

/* Events of the process and its threads are the tracer's own: each carrier gets them when it is due. */
static void emit_every(void)
{
#define TT_EVENT(number, event_name, category, level, about, fields) \
    if (TT_CATEGORY_##category != (uint32_t)TT_CATEGORY_process) {   \
        emit_##event_name();                                         \
        print_##event_name();                                        \
    }
#include "events.def"
}

static void emit_long(void)
{
    static char path[2000], text[3000];
    tt_site far = {path, path, path, 1, 0, 0};

    memset(path, 'p', sizeof path - 1);
    memset(text, 't', sizeof text - 1);
    memcpy(&text[1021], "\xe2\x82\xac", 3); /* the limit of 1,023 bytes falls into this character */
    tt_trace_note_at(0, text, text, NULL);
    TT_EMIT(failure_stored, .failure_id = 1, .created_site = &far, .raised_site = &far, .last_site = &far, .name = text,
            .type = text, .message = text);
    TT_EMIT(task_renamed, .task_id = 1);
    TT_EMIT(task_created, .task_id = 1, .site = &far);
}

static void emit_absent(void)
{
    static char dashes[1025];
    tt_site nowhere = {"", "", "", 0, 0, 0}, marked = {"-", "--", "-> there", 7, 0, 0};

    memset(dashes, '-', sizeof dashes - 1);
    tt_trace_note_at(0, "-", "--", &marked);
    tt_trace_note_at(0, "", "-", &nowhere);
    tt_trace_note_at(0, "-x", "", NULL);
    tt_trace_note_at(0, "many", dashes, NULL);
    TT_EMIT(task_created, .task_id = 1, .name_number = UINT32_MAX, .site = &marked);
    TT_EMIT(task_created, .task_id = 2, .name = "Task-7", .site = &marked);
    TT_EMIT(task_created, .task_id = 3, .name = "-", .site = &marked);
    TT_EMIT(task_dumped, .task_id = 4, .name_number = 10, .site = &marked);
    TT_EMIT(failure_stored, .failure_id = 4, .name_number = 10, .created_site = &marked, .type = "ValueError");
    TT_EMIT(failure_dumped, .failure_id = 5, .name_number = 205, .created_site = &marked, .type = "ValueError",
            .message = "-");
}

/* ------------------------------------------------------------------------------------------- processes, threads, signals */

static int finish_child(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, __WALL) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

static int make_child(const char *how, const char *self)
{
    pid_t child;

    tt_trace_note(0, "who", "parent before");
    child = strcmp(how, "vfork") == 0   ? vfork()
            : strcmp(how, "clone") == 0 ? (pid_t)syscall(SYS_clone, (unsigned long)SIGCHLD, NULL, NULL, NULL, NULL)
                                        : fork();
    if (child == 0) {
        if (strcmp(how, "vfork") == 0 || strcmp(how, "exec") == 0) {
            execl(self, self, "notes", "1", (char *)NULL);
            _exit(9);
        }
        tt_trace_note(0, "who", "child");
        if (strcmp(how, "clone") == 0)
            _exit(0);
        exit(0);
    }
    if (child < 0)
        return 3;
    tt_trace_note(0, "who", "parent after");
    return finish_child(child);
}

static int tell_what_was_inherited(void)
{
    uint64_t inherited = tt_trace_new_id();
    pid_t child;

    TT_EMIT(task_created, .task_id = inherited, .name = "the parent's");
    child = fork();
    if (child == 0) {
        uint64_t own = tt_trace_new_id();

        TT_EMIT(failure_released, .failure_id = inherited);
        TT_EMIT(task_finished, .task_id = inherited, .outcome = TT_OUTCOME_FAILED);
        TT_EMIT(task_created, .task_id = own, .name = "the child's");
        exit(0);
    }
    if (child < 0)
        return 3;
    TT_EMIT(task_finished, .task_id = inherited, .outcome = TT_OUTCOME_RETURNED);
    return finish_child(child);
}

static void *run_thread(void *count)
{
    for (unsigned long i = 0; i < *(unsigned long *)count; i++)
        note_number("thread", i);
    return NULL;
}

static int run_threads(unsigned thread_count, unsigned long count)
{
    pthread_t threads[64];

    for (unsigned i = 0; i < thread_count; i++)
        if (pthread_create(&threads[i], NULL, run_thread, &count) != 0)
            return 3;
    for (unsigned i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static volatile sig_atomic_t handled;

static void handle(int number)
{
    int error = errno;

    (void)number;
    TT_EMIT(note, .key = "handler");
    handled++;
    if (errno != error)
        abort();
}

static int storm(unsigned long count)
{
    const struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned long i = 0; i < count; i++)
        tt_trace_note(0, "program", "x");
    setitimer(ITIMER_REAL, &never, NULL);
    printf("%d\n", (int)handled);
    return 0;
}

int main(int argc, char **argv)
{
    const char *how = argc > 1 ? argv[1] : "";
    unsigned long number = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    double begin = now_ms();
    int status = tt_trace_start_from_environment();

    if (strcmp(how, "status") == 0) {
        printf("%d %d %.0f\n", status, tt_trace_lttng_status(), now_ms() - begin);
    } else if (strcmp(how, "every") == 0) {
        emit_every();
    } else if (strcmp(how, "long") == 0) {
        emit_long();
    } else if (strcmp(how, "absent") == 0) {
        emit_absent();
    } else if (strcmp(how, "notes") == 0) {
        for (unsigned long i = 0; i < number; i++)
            note_number("number", i);
    } else if (strcmp(how, "for") == 0) {
        for (unsigned long i = 0; now_ms() < begin + (double)number; i++) {
            note_number("number", i);
            if (i % 64 == 0)
                usleep(1000);
        }
    } else if (strcmp(how, "threads") == 0) {
        return run_threads((unsigned)number, argc > 3 ? strtoul(argv[3], NULL, 10) : 1);
    } else if (strcmp(how, "signals") == 0) {
        return storm(number);
    } else if (strcmp(how, "inherit") == 0) {
        return tell_what_was_inherited();
    } else if (strcmp(how, "fork_as") == 0) {
        return setuid((uid_t)number) < 0 ? 3 : make_child("fork", argv[0]);
    } else {
        return make_child(how, argv[0]);
    }
    return 0;
}
