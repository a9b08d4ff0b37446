/* stack_overflow.c: a task that ran over the end of its stack is told by its name before the process ends.
 *
 * The guard below a stack faults; a handler on a stack of its own (there is none left where it faulted) finds the running
 * task by its guard, writes one line to stderr and a note to the trace, and hands the signal on to whoever had it before:
 * usually nobody, so the process ends by SIGSEGV at the instruction that faulted, and a core shows it. All other faults
 * are handed on at once.
 *
 * The handler is installed in front of what is there when the process's first loop runs; a program that installs one
 * later replaces it. Each run of a loop lends its thread the alternate stack, if the thread has none.
 *
 * Threads: the handler runs on the thread that faulted and touches nothing of others. Everything in it may be called in
 * signal handlers. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loop_internal.h"

/* Room for the handler, for whoever it hands on to, and for the frame of the signal, 12 KiB with AVX-512. */
#define ALTERNATE_BYTES ((size_t)64 * 1024)

static struct sigaction before; /* of SIGSEGV, while ours is in front of it */

/* ------------------------------------------------------------------------------------------------------------- a text */

struct line {
    char text[256];
    size_t length;
};

static void add_text(struct line *line, const char *text)
{
    size_t length = strlen(text), room = sizeof line->text - 1 - line->length;

    if (length > room)
        length = room;
    memcpy(line->text + line->length, text, length);
    line->length += length;
    line->text[line->length] = '\0';
}

static void add_number(struct line *line, uint64_t number)
{
    char digits[24], *at = digits + sizeof digits - 1;

    *at = '\0';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    add_text(line, at);
}

void tt__stack_overflow_tell(struct tt_task_object *task)
{
    struct line line = {.length = 0};

    add_text(&line, "task ");
    if (task->name) {
        add_text(&line, task->name);
    } else {
        add_text(&line, "Task-");
        add_number(&line, task->name_number);
    }
    add_text(&line, " overflowed its ");
    add_number(&line, tt__stack_bytes(task->coro.stack) / 1024);
    add_text(&line, " KiB stack");
    TT_EMIT(note, .task_id = task->future.id, .site = task->last_site, .key = "stack_overflow", .text = line.text);
    add_text(&line, "; a larger one: stack_bytes in the options that it is created with\n");
    (void)!write(STDERR_FILENO, "telltale: ", strlen("telltale: "));
    (void)!write(STDERR_FILENO, line.text, line.length);
}

/* -------------------------------------------------------------------------------------------------------- the handler */

static void hand_on(int number, siginfo_t *info, void *context)
{
    if (before.sa_flags & SA_SIGINFO) {
        before.sa_sigaction(number, info, context);
    } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
        before.sa_handler(number);
    } else { /* the instruction is tried again, and ends the process */
        struct sigaction nobody = {.sa_handler = SIG_DFL};

        sigemptyset(&nobody.sa_mask);
        sigaction(number, &nobody, NULL);
        if (info->si_code <= 0) /* sent by somebody: it does not come again by itself */
            raise(number);
    }
}

static void faulted(int number, siginfo_t *info, void *context)
{
    int error = errno;
    tt_loop *loop = tt__running_loop;
    struct tt_task_object *task = loop ? loop->current : NULL;

    if (info->si_code > 0 && task && task->coro.stack && tt__stack_guard_contains(task->coro.stack, info->si_addr))
        tt__stack_overflow_tell(task);
    hand_on(number, info, context);
    errno = error;
}

static void install(void)
{
    struct sigaction ours = {.sa_sigaction = faulted, .sa_flags = SA_SIGINFO | SA_ONSTACK};

    sigemptyset(&ours.sa_mask);
    if (sigaction(SIGSEGV, NULL, &before) == 0)
        (void)sigaction(SIGSEGV, &ours, NULL);
}

/* ------------------------------------------------------------------------------------------------------ alternate stacks */

void tt__stack_overflow_begin(tt_loop *loop)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    stack_t now, ours = {.ss_size = ALTERNATE_BYTES};

    pthread_once(&once, install);
    if (sigaltstack(NULL, &now) < 0 || !(now.ss_flags & SS_DISABLE))
        return;
    if (!loop->alternate_stack) {
        void *memory = mmap(NULL, ALTERNATE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED) /* an overflow will end the process without a word */
            return;
        loop->alternate_stack = memory;
    }
    ours.ss_sp = loop->alternate_stack;
    loop->has_lent_stack = sigaltstack(&ours, NULL) == 0;
}

void tt__stack_overflow_end(tt_loop *loop)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    if (!loop->has_lent_stack)
        return;
    loop->has_lent_stack = false;
    (void)sigaltstack(&none, NULL);
}

void tt__stack_overflow_close(tt_loop *loop)
{
    if (loop->alternate_stack)
        munmap(loop->alternate_stack, ALTERNATE_BYTES);
    loop->alternate_stack = NULL;
}
