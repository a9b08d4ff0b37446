/* stage.c: see stage.h. */
#include "stage.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "exc_internal.h"
#include "loop_internal.h"
#include "stack.h"

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

enum { NOTES_BYTES = 1 << 20 };

tt_loop *stage_loop;

static struct {
    pthread_mutex_t mutex;
    size_t length;
    char text[NOTES_BYTES];
} notes = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static long live_before;
static int descriptors_before;
static uint64_t random_state = 1;

/* ------------------------------------------------------------------------------------------------------------ notes */

void note(const char *format, ...)
{
    va_list arguments;

    pthread_mutex_lock(&notes.mutex);
    va_start(arguments, format);
    if (notes.length < sizeof notes.text)
        notes.length +=
            (size_t)vsnprintf(notes.text + notes.length, sizeof notes.text - notes.length, format, arguments);
    va_end(arguments);
    if (notes.length + 1 < sizeof notes.text) {
        notes.text[notes.length++] = '\n';
        notes.text[notes.length] = '\0';
    }
    pthread_mutex_unlock(&notes.mutex);
}

void note_pending(const char *label)
{
    char repr[256];

    if (!tt_exc_pending()) {
        note("%s: nothing", label);
        return;
    }
    tt_exc_repr(tt_exc_pending(), repr, sizeof repr);
    note("%s: %s", label, repr);
}

int note_and_drop(const char *label)
{
    note_pending(label);
    if (tt_exc_pending() && tt_catch(&tt_BaseException))
        return tt_catch_end();
    return 0;
}

const char *stage_notes(void)
{
    return notes.text;
}

void stage_forget_notes(void)
{
    notes.length = 0;
    notes.text[0] = '\0';
}

void expect_notes_at(const char *file, int line, const char *const *lines)
{
    static char wanted[NOTES_BYTES];
    size_t length = 0;

    wanted[0] = '\0';
    for (; *lines; lines++)
        length += (size_t)snprintf(wanted + length, sizeof wanted - length, "%s\n", *lines);
    if (strcmp(wanted, notes.text) != 0)
        print_error("expected:\n%sgot:\n%s", wanted, notes.text);
    _assert_string_equal(notes.text, wanted, file, line);
    stage_forget_notes();
}

/* ------------------------------------------------------------------------------------------------------------ stage */

int stage_handler(tt_loop *loop, const struct tt_handler_context *context, void *arg)
{
    char keys[128], repr[256];

    (void)loop;
    (void)arg;
    tt_handler_context_keys(context, keys, sizeof keys);
    tt_exc_repr(context->exception, repr, sizeof repr);
    if (context->future && context->future->kind == TT_OBJECT_KIND_TASK)
        note("handler: %s [%s] %s of %s", context->message, keys, repr, tt_task_name(context->future));
    else if (context->task)
        note("handler: %s [%s] %s of %s", context->message, keys, repr, tt_task_name(context->task));
    else
        note("handler: %s [%s] %s", context->message, keys, repr);
    return 0;
}

int stage_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    if (!folder)
        return -1;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int open_stage(tt_loop *create(tt_site *site))
{
    static bool is_counting;

    if (!is_counting) {
        allocation_count_libuv();
        is_counting = true;
    }
    stage_forget_notes();
    tt__exc_state_now(); /* what a thread keeps to its end is not a leak */
    stage_loop = tt_loop_create();
    if (stage_loop)
        stage_close_loop(); /* libuv opens its pipe for signals with the first loop, and keeps it */
    live_before = allocation_live();
    descriptors_before = stage_descriptors();
    stage_loop = create(TT_HERE);
    if (!stage_loop)
        return -1;
    tt_loop_set_exception_handler(stage_loop, stage_handler, NULL);
    return 0;
}

int stage_open(void **state)
{
    (void)state;
    return open_stage(tt_loop_create_at);
}

int stage_open_virtual(void **state)
{
    (void)state;
    return open_stage(tt_loop_create_virtual_at);
}

void stage_close_loop(void)
{
    int rc = tt_loop_close(stage_loop);

    stage_loop = NULL;
    if (rc != 0)
        note("the loop did not close");
}

/* Says what is left behind, if anything. */
static bool is_clean(void)
{
    struct tt_stack_counts stacks;
    long live = allocation_live() - live_before;
    int descriptors = stage_descriptors();

    tt__stack_pool_drain();
    tt__stack_counts(&stacks);
    if (tt_exc_pending())
        print_error("an exception is left: %s %s\n", tt_exc_type_of(tt_exc_pending())->name,
                    tt_exc_message(tt_exc_pending()));
    if (live)
        print_error("pieces of memory that are left: %ld\n", live);
    if (stacks.in_use || stacks.arenas)
        print_error("stacks in use that are left: %zu, arenas: %zu\n", stacks.in_use, stacks.arenas);
    if (descriptors != descriptors_before)
        print_error("descriptors: %d before, %d after\n", descriptors_before, descriptors);
    if (tt__loop_count())
        print_error("loops that are open: %u\n", tt__loop_count());
    return !tt_exc_pending() && !live && !stacks.in_use && !stacks.arenas && !tt__loop_count() &&
           descriptors == descriptors_before;
}

int stage_close(void **state)
{
    (void)state;
    if (stage_loop)
        stage_close_loop();
    if (notes.length) {
        print_error("notes that nobody expected:\n%s", notes.text);
        return -1;
    }
    return is_clean() ? 0 : -1;
}

bool stage_run(tt_coro_fn *fn, void *arg)
{
    const struct tt_task_options options = {.loop = stage_loop, .name = "main"};
    tt_task *task = tt_create_task_with(fn, arg, &options);
    int rc;

    if (!task)
        return false;
    rc = tt_loop_run_until_complete(stage_loop, task);
    tt_task_unref(task);
    if (rc < 0)
        note_and_drop("main");
    return rc == 0;
}

void stage_turns(int count)
{
    for (int i = 0; i < count; i++) {
        tt_loop_stop(stage_loop);
        if (tt_loop_run_forever(stage_loop) < 0)
            note_and_drop("turn");
    }
}

/* ------------------------------------------------------------------------------------------------ stderr, processes */

static int capture_file = -1, stderr_before = -1;

void stage_capture_stderr(void)
{
    fflush(stderr);
    capture_file = memfd_create("stderr", MFD_CLOEXEC);
    stderr_before = dup(STDERR_FILENO);
    dup2(capture_file, STDERR_FILENO);
}

char *stage_captured(void)
{
    off_t size;
    char *text;

    fflush(stderr);
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    size = lseek(capture_file, 0, SEEK_END);
    text = calloc(1, (size_t)size + 1);
    if (text && pread(capture_file, text, (size_t)size, 0) != (ssize_t)size)
        text[0] = '\0';
    close(capture_file);
    return text;
}

int stage_in_child(void (*fn)(void *arg), void *arg, char *out, size_t size)
{
    int file = memfd_create("stderr", MFD_CLOEXEC), status = -1;
    ssize_t length;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(file, STDERR_FILENO);
        fn(arg);
        fflush(NULL);
        _exit(0);
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (out) {
        length = pread(file, out, size - 1, 0);
        out[length > 0 ? length : 0] = '\0';
    }
    close(file);
    return status;
}

bool stage_is_watched(void)
{
    return TT_ASAN || TT_TSAN || RUNNING_ON_VALGRIND;
}

/* ----------------------------------------------------------------------------------------------------------- chance */

long stage_count(long count)
{
    const char *text = getenv("TT_COUNT");
    long asked = text ? strtol(text, NULL, 10) : 0;

    return asked > 0 ? asked : count;
}

void stage_seed(void)
{
    const char *text = getenv("TT_SEED");

    random_state = text ? strtoull(text, NULL, 10) : 1;
    if (random_state == 0)
        random_state = 1;
}

unsigned stage_random(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % below);
}
