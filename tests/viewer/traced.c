/* traced.c: a traced program without the runtime: it emits what the viewer's tests want to see recorded.
 *
 *     traced fail           a task fails and is dropped; exit status 0
 *     traced hold           a task fails and is held; prints "ready" and waits for the end of its standard input
 *     traced fork COUNT     COUNT children, each with a task that returns
 *     traced bar COUNT      COUNT children that have something to say and cannot be recorded
 *     traced outlive        a child that goes on until the end of the standard input; prints its process id
 *     traced clean          a task that returns
 *     traced wait           prints its process id; at the end of its standard input a task that returns
 *     traced turns COUNT    COUNT tasks, woken at once, that have their turns one after the other, two milliseconds each
 *     traced obey           prints "ready"; for each line of the standard input, a number, so many tasks that return; prints it again
 *     traced interrupts     prints "ready", and at the end of its standard input how many SIGINTs it got; exit status 9
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "telltale/trace.h"

static void begin_trace(void)
{
    int status = tt_trace_start_from_environment();
    if (status < 0) {
        fprintf(stderr, "traced: cannot trace: %s\n", strerror(-status));
        exit(1);
    }
}

static uint64_t begin_task(const char *name)
{
    uint64_t task = tt_trace_new_id();
    TT_EMIT(task_created, .task_id = task, .parent_kind = TT_ACTOR_MAIN, .site = TT_SITE_HERE("work"), .has_handle = 1, .name = name);
    TT_EMIT(task_started, .task_id = task);
    return task;
}

static void end_task(uint64_t task, enum tt_outcome outcome)
{
    TT_EMIT(task_finished, .task_id = task, .step_count = 1, .outcome = (uint8_t)outcome);
}

static uint64_t fail_task(const char *name)
{
    uint64_t task = begin_task(name);
    uint64_t exception = tt_trace_new_id();
    tt_site *site = TT_HERE;
    TT_EMIT(exception_raised, .exception_id = exception, .task_id = task, .site = site, .type = "ValueError", .message = "nobody looks");
    TT_EMIT(failure_stored, .failure_id = task, .exception_id = exception, .kind = TT_OBJECT_KIND_TASK, .parent_kind = TT_ACTOR_MAIN,
            .how = TT_FAILURE_HOW_RAISED, .handle_count = 1, .created_site = site, .raised_site = site, .last_site = site, .name = name,
            .type = "ValueError", .message = "nobody looks");
    TT_EMIT(reference_taken, .object_id = task, .site = site, .handle_count = 1);
    end_task(task, TT_OUTCOME_FAILED);
    return task;
}

/* What is ready in front of others holds them up. */
static void take_turns(unsigned count)
{
    uint64_t tasks[64];
    for (unsigned i = 0; i < count; i++) {
        tasks[i] = tt_trace_new_id();
        TT_EMIT(task_created, .task_id = tasks[i], .parent_kind = TT_ACTOR_MAIN, .loop_id = 1, .name_number = i + 1, .site = TT_SITE_HERE("turn"));
        TT_EMIT(task_started, .task_id = tasks[i]);
        TT_EMIT(task_resumed, .task_id = tasks[i], .step_number = 1);
        TT_EMIT(task_suspended, .task_id = tasks[i], .wait_kind = TT_WAIT_KIND_FUTURE, .wait_site = TT_HERE, .state = TT_TASK_STATE_WAITING);
    }
    for (unsigned i = 0; i < count; i++)
        TT_EMIT(task_woken, .task_id = tasks[i], .by = TT_ACTOR_CALLBACK);
    for (unsigned i = 0; i < count; i++) {
        TT_EMIT(task_resumed, .task_id = tasks[i], .step_number = 2);
        usleep(2000);
        TT_EMIT(task_finished, .task_id = tasks[i], .step_count = 2, .outcome = TT_OUTCOME_RETURNED);
    }
}

static void drop_task(uint64_t task)
{
    TT_EMIT(reference_released, .object_id = task, .site = TT_HERE);
    TT_EMIT(failure_released, .failure_id = task, .site = TT_HERE);
}

static void wait_for_end_of_input(void)
{
    char byte;
    while (read(0, &byte, 1) > 0)
        ;
}

static volatile sig_atomic_t interrupt_count;

static void count_interrupt(int signal)
{
    (void)signal;
    interrupt_count++;
}

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static int fork_children(int count)
{
    begin_trace();
    for (int i = 0; i < count; i++) {
        if (fork() == 0) {
            begin_trace();
            end_task(begin_task("child"), TT_OUTCOME_RETURNED);
            exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    end_task(begin_task("parent"), TT_OUTCOME_RETURNED);
    return 0;
}

/* They can open no file, and so make no arena. */
static int bar_children(int count)
{
    const struct rlimit none = {0, 0};
    begin_trace();
    end_task(begin_task("parent"), TT_OUTCOME_RETURNED);
    for (int i = 0; i < count; i++) {
        if (fork() == 0) {
            if (setrlimit(RLIMIT_NOFILE, &none) == 0)
                end_task(begin_task("child"), TT_OUTCOME_RETURNED);
            exit(0);
        }
    }
    while (wait(NULL) > 0)
        ;
    return 0;
}

static int outlive(void)
{
    char line[24];
    int begun[2];
    if (pipe(begun) < 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        begin_trace();
        uint64_t task = begin_task("survivor");
        close(begun[0]);
        close(begun[1]);
        wait_for_end_of_input();
        end_task(task, TT_OUTCOME_RETURNED);
        exit(0);
    }
    close(begun[1]);
    if (read(begun[0], line, 1) != 0) /* the end of the pipe: the child has begun */
        return 1;
    snprintf(line, sizeof line, "%ld", (long)child);
    say(line);
    return 0;
}

static int wait_first(void)
{
    char line[24];
    snprintf(line, sizeof line, "%ld", (long)getpid());
    say(line);
    wait_for_end_of_input();
    end_task(begin_task("last"), TT_OUTCOME_RETURNED);
    return 0;
}

static int count_interrupts(void)
{
    char line[40];
    struct sigaction action = {.sa_handler = count_interrupt, .sa_flags = SA_RESTART};
    sigaction(SIGINT, &action, NULL);
    say("ready");
    wait_for_end_of_input();
    snprintf(line, sizeof line, "interrupts: %d", (int)interrupt_count);
    say(line);
    return 9;
}

static void obey(void)
{
    char line[24];
    say("ready");
    while (fgets(line, sizeof line, stdin)) {
        for (unsigned long i = strtoul(line, NULL, 10); i > 0; i--)
            end_task(begin_task("obeying"), TT_OUTCOME_RETURNED);
        line[strcspn(line, "\n")] = '\0';
        say(line);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "fork") == 0 && argc == 3)
        return fork_children(atoi(argv[2]));
    if (strcmp(what, "bar") == 0 && argc == 3)
        return bar_children(atoi(argv[2]));
    if (strcmp(what, "outlive") == 0)
        return outlive();
    begin_trace();
    if (strcmp(what, "fail") == 0) {
        drop_task(fail_task("dropped"));
    } else if (strcmp(what, "hold") == 0) {
        fail_task("held");
        say("ready");
        wait_for_end_of_input();
    } else if (strcmp(what, "turns") == 0 && argc == 3) {
        unsigned count = (unsigned)strtoul(argv[2], NULL, 10);
        take_turns(count < 64 ? count : 64);
    } else if (strcmp(what, "clean") == 0) {
        end_task(begin_task("clean"), TT_OUTCOME_RETURNED);
    } else if (strcmp(what, "wait") == 0) {
        return wait_first();
    } else if (strcmp(what, "obey") == 0) {
        obey();
    } else if (strcmp(what, "interrupts") == 0) {
        return count_interrupts();
    } else {
        fprintf(stderr, "usage: traced fail|hold|fork COUNT|bar COUNT|outlive|clean|wait|turns COUNT|obey|interrupts\n");
        return 2;
    }
    return 0;
}
