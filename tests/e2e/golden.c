/* golden LOG: two hundred tasks that come to all the ends there are; then the program kills itself. What it does it writes to
 * LOG before it does it, a fact a line, words separated by tabs:
 *
 *   create NAME CREATOR FUNCTION LINE    CREATOR is a task's name, main or callback
 *   id NAME ID                           of a task or a future, as tt_future_id says it
 *   end NAME OUTCOME                     returned, failed, cancelled
 *   fail NAME TYPE MESSAGE LINE          and where it is raised; - of a future that fails with what a task raised
 *   ledger NAME STATE REASON             from here on; - when there is no reason
 *   cancel NAME KIND BY MESSAGE          who asks, as words of enum actor: BY is a task, the task in whose scope it is, a signal, or -
 *   answer NAME ENDING                   how its task answers that
 *   mark N                               an instant, of which the trace has a note
 *   kill                                 nothing comes after it
 *
 * golden.py compares the log with what telltale says. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <telltale/telltale.h>

enum { TEAMS = 6, WORKERS = 25, SLEEPERS = 20, LISTED = 3, TURNS = 12 };

static int log_fd;

/* A write is in the page cache when it returns, and outlives the process. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    char line[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= (int)sizeof line || write(log_fd, line, (size_t)length) != length)
        abort();
}

static const char *self(void)
{
    tt_task *task = tt_current_task();
    return task ? tt_task_name(task) : "callback";
}

static tt_task *created(const char *name, tt_task *task)
{
    if (task == NULL)
        abort();
    say("id\t%s\t%llu\n", name, (unsigned long long)tt_future_id(task));
    return task;
}

#define SAY_CREATE(fn, name) say("create\t%s\t%s\t%s\t%d\n", (name), self(), #fn, __LINE__)
#define START(fn, arg, name) (SAY_CREATE(fn, name), created((name), tt_create_task_named(fn, (arg), (name))))
#define JOIN(group, fn, arg, name) \
    (SAY_CREATE(fn, name), created((name), tt_group_create_task_named((group), fn, (arg), (name))))
#define FAIL(type, text) \
    (say("fail\t%s\t" #type "\t%s\t%d\n", self(), (text), __LINE__), end("failed"), tt_raise(&tt_##type, "%s", (text)))

static void end(const char *outcome)
{
    say("end\t%s\t%s\n", self(), outcome);
}

static int return_now(void)
{
    end("returned");
    return 0;
}

/* What is pending is a cancellation, which goes on. */
static int go_cancelled(void)
{
    say("answer\t%s\tcancelled\n", self());
    end("cancelled");
    return -1;
}

static void ledger(const char *name, const char *state, const char *reason)
{
    say("ledger\t%s\t%s\t%s\n", name, state, reason);
}

static void cancel(tt_task *task, const char *name, const char *message)
{
    say("cancel\t%s\ttask\t%s\t%s\n", name, self(), message);
    if (!tt_future_cancel(task, message))
        abort();
}

static void must(int status)
{
    if (status < 0)
        abort();
}

static void turns(int count)
{
    for (int i = 0; i < count; i++)
        must(tt_sleep(0));
}

/* Tasks bear the time at which the step began that created them: so this one ends here. */
static void mark(int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    say("mark\t%d\n", number);
    tt_trace_note(0, "mark", text);
    turns(1);
}

static void catch_and_drop(const tt_exc_type *type)
{
    if (!tt_catch(type))
        abort();
    must(tt_catch_end());
}

/* Of each name one, for as long as the process lives. */
static const char *numbered(const char *word, int first, int second)
{
    char *name = NULL;
    if ((second < 0 ? asprintf(&name, "%s-%d", word, first) : asprintf(&name, "%s-%d-%d", word, first, second)) < 0)
        abort();
    return name;
}

/* ------------------------------------------------------------------------------------------------ nested groups */

static tt_event *go;

static int work(void *arg)
{
    (void)arg;
    return tt_event_wait(go) < 0 ? go_cancelled() : return_now();
}

static int break_off(void *arg)
{
    (void)arg;
    must(tt_event_wait(go));
    say("cancel\tteam-%d\tgroup\tteam-%d\t-\n", TEAMS - 1, TEAMS - 1);
    say("answer\tteam-%d\tuncancelled\n", TEAMS - 1);
    return FAIL(ValueError, "a worker broke off");
}

/* The last team has a worker that fails, and sees it. */
static int lead(void *arg)
{
    const int team = (int)(intptr_t)arg;
    tt_group *group = tt_group_enter();
    int broken = -1;

    for (int i = 0; i < WORKERS; i++) {
        const char *name = numbered("worker", team, i);
        if (team == TEAMS - 1 && i == 0)
            tt_task_unref(JOIN(group, break_off, NULL, name)), broken = i;
        else
            tt_task_unref(JOIN(group, work, NULL, name));
    }
    if (tt_group_exit(group, 0) < 0) {
        if (broken < 0)
            abort();
        catch_and_drop(&tt_ExceptionGroup);
    }
    return return_now();
}

/* A team of its own inside of which everybody waits for ever, but one who fails. */
static tt_event *never;

static int wait_for_ever(void *arg)
{
    (void)arg;
    return tt_event_wait(never) < 0 ? go_cancelled() : -1;
}

static int fail_in_group(void *arg)
{
    (void)arg;
    turns(2);
    for (int i = 0; i < 4; i++)
        say("cancel\tsibling-%d\tgroup\taborted\t-\n", i);
    say("cancel\taborted\tgroup\taborted\t-\n");
    say("answer\taborted\tuncancelled\n");
    ledger("first-to-fail", "delivered", "-");
    return FAIL(KeyError, "the first of its group");
}

static int lead_aborted(void *arg)
{
    (void)arg;
    tt_group *group = tt_group_enter();
    for (int i = 0; i < 4; i++)
        tt_task_unref(JOIN(group, wait_for_ever, NULL, numbered("sibling", i, -1)));
    tt_task_unref(JOIN(group, fail_in_group, NULL, "first-to-fail"));
    if (tt_group_exit(group, 0) == 0)
        abort();
    catch_and_drop(&tt_ExceptionGroup);
    return return_now();
}

static int groups(void)
{
    tt_group *outer = tt_group_enter();
    go = tt_event_create();
    for (int i = 0; i < TEAMS; i++)
        tt_task_unref(JOIN(outer, lead, (void *)(intptr_t)i, numbered("team", i, -1)));
    tt_task_unref(JOIN(outer, lead_aborted, NULL, "aborted"));
    turns(TURNS);
    mark(1);
    ledger(numbered("worker", TEAMS - 1, 0), "delivered", "-");
    tt_event_set(go);
    must(tt_group_exit(outer, 0));
    mark(2);
    return 0;
}

/* --------------------------------------------------------------------------------------------- gather and wait */

static int fail_after(void *arg)
{
    turns((int)(intptr_t)arg);
    return FAIL(ValueError, self());
}

static int return_after(void *arg)
{
    turns((int)(intptr_t)arg);
    return return_now();
}

static void gathering(void)
{
    tt_task *children[] = {START(fail_after, (void *)1, "gathered-1"), START(fail_after, (void *)3, "gathered-2"),
                           START(return_after, (void *)2, "gathered-3"), START(return_after, (void *)4, "gathered-4")};
    tt_future *gather = tt_gather(children, 4, false);
    say("id\tgather\t%llu\n", (unsigned long long)tt_future_id(gather));
    say("fail\tgather\tValueError\tgathered-1\t-\n");
    ledger("gather", "delivered", "-");
    ledger("gathered-1", "delivered", "-");
    if (tt_await(gather) == 0)
        abort();
    catch_and_drop(&tt_ValueError);
    turns(TURNS);
    ledger("gathered-2", "absorbed", "gather");
    tt_future_unref(gather);
    for (int i = 0; i < 4; i++)
        tt_task_unref(children[i]);
}

static void waiting(void)
{
    tt_task *waited[] = {START(fail_after, (void *)1, "waited-1"), START(return_after, (void *)TURNS, "waited-2")};
    tt_task *both[] = {waited[0], waited[1]};
    size_t done = 0;
    must(tt_wait(both, 2, TT_FIRST_EXCEPTION, TT_NEVER, &done));
    turns(2 * TURNS);
    ledger("waited-1", "absorbed", "wait");
    tt_task_unref(waited[0]);
    tt_task_unref(waited[1]);
}

/* ------------------------------------------------------------------------------------------------- cancellations */

static tt_event *inner_may_end;

static int inner(void *arg)
{
    (void)arg;
    must(tt_event_wait(inner_may_end));
    return return_now();
}

static int wait_behind_shield(void *arg)
{
    tt_future *shield = tt_shield(arg);
    say("id\tshield\t%llu\n", (unsigned long long)tt_future_id(shield));
    int status = tt_await(shield);
    tt_future_unref(shield);
    return status < 0 ? go_cancelled() : return_now();
}

static void shielding(void)
{
    inner_may_end = tt_event_create();
    tt_task *shielded = START(inner, NULL, "shielded");
    tt_task *waits = START(wait_behind_shield, shielded, "behind-the-shield");
    turns(2);
    say("cancel\tshield\tawaiter\tbehind-the-shield\tno need any more\n");
    cancel(waits, "behind-the-shield", "no need any more");
    turns(TURNS);
    tt_event_set(inner_may_end);
    turns(TURNS);
    tt_task_unref(waits);
    tt_task_unref(shielded);
}

static int be_slow(void *arg)
{
    (void)arg;
    tt_timeout *timeout = tt_timeout_enter(TT_MSEC(5));
    say("cancel\tslow\ttimeout\tslow\t-\n");
    say("answer\tslow\ttimed_out\n");
    if (tt_timeout_exit(timeout, tt_event_wait(never)) == 0)
        abort();
    catch_and_drop(&tt_TimeoutError);
    return return_now();
}

static int swallow(void *arg)
{
    (void)arg;
    if (tt_event_wait(never) == 0)
        abort();
    catch_and_drop(&tt_CancelledError);
    say("answer\tstubborn\tswallowed\n");
    return return_now();
}

static int convert(void *arg)
{
    (void)arg;
    if (tt_event_wait(never) == 0 || !tt_catch(&tt_CancelledError))
        abort();
    say("answer\tconverter\tconverted\n");
    (void)FAIL(RuntimeError, "not like this");
    return tt_catch_end();
}

static int await_next(void *arg)
{
    return tt_await(arg) < 0 ? go_cancelled() : -1;
}

static int on_signal(void *arg)
{
    say("cancel\tvictim\tsignal\tSIGUSR1\tthe signal came\n");
    if (!tt_future_cancel(arg, "the signal came"))
        abort();
    return 0;
}

static void cancelling(void)
{
    tt_task *slow = START(be_slow, NULL, "slow");
    must(tt_await(slow));
    tt_task_unref(slow);

    tt_task *stubborn = START(swallow, NULL, "stubborn");
    tt_task *converter = START(convert, NULL, "converter");
    tt_task *last = START(wait_for_ever, NULL, "chain-3");
    tt_task *middle = START(await_next, last, "chain-2");
    tt_task *first = START(await_next, middle, "chain-1");
    tt_task *victim = START(wait_for_ever, NULL, "victim");
    must(tt_loop_add_signal_handler(tt_future_loop(victim), SIGUSR1, on_signal, victim));
    turns(4);
    mark(3);
    cancel(stubborn, "stubborn", "please");
    cancel(converter, "converter", "please");
    say("cancel\tchain-2\tawaiter\tchain-1\tall of you\n");
    say("cancel\tchain-3\tawaiter\tchain-2\tall of you\n");
    cancel(first, "chain-1", "all of you");
    turns(TURNS);
    ledger("converter", "delivered", "-");
    if (tt_await(converter) == 0)
        abort();
    catch_and_drop(&tt_RuntimeError);
    if (kill(getpid(), SIGUSR1) < 0)
        abort();
    while (!tt_task_done(victim))
        must(tt_sleep(TT_MSEC(1)));
    tt_task *const all[] = {stubborn, converter, last, middle, first, victim};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        tt_task_unref(all[i]);
}

/* ------------------------------------------------------------------------------------- failures nobody sees */

static int go_on(void *arg)
{
    (void)arg;
    (void)FAIL(LookupError, "a coroutine goes on");
    return 0;
}

static int create_in_callback(void *arg)
{
    (void)arg;
    tt_task_unref(START(return_after, (void *)1, "of-a-callback"));
    return 0;
}

static tt_task *list[LISTED];

static void losing(void)
{
    tt_task *dropped = START(fail_after, (void *)1, "dropped");
    tt_task *ignored = START(go_on, NULL, "ignored");
    tt_task *discarded = START(fail_after, (void *)1, "discarded");
    tt_task *asked = START(fail_after, (void *)1, "asked");
    tt_exc *exc;

    for (int i = 0; i < LISTED; i++)
        list[i] = START(fail_after, (void *)1, numbered("listed", i, -1));
    must(tt_loop_call_soon(tt_future_loop(dropped), create_in_callback, NULL, NULL));
    turns(TURNS);
    ledger("dropped", "lost", "dropped");
    tt_task_unref(dropped);
    ledger("ignored", "lost", "ignored");
    tt_task_unref(ignored);
    ledger("discarded", "discarded", "-");
    tt_discard(discarded, "best effort");
    tt_task_unref(discarded);
    ledger("asked", "delivered", "-");
    must(tt_task_exception(asked, &exc));
    tt_task_unref(asked);
    mark(4);
}

static int app(void *arg)
{
    (void)arg;
    say("id\tapp\t%llu\n", (unsigned long long)tt_future_id(tt_current_task()));
    must(tt_task_set_name(tt_current_task(), "app"));
    never = tt_event_create();
    must(groups());
    gathering();
    waiting();
    shielding();
    cancelling();
    losing();
    for (int i = 0; i < SLEEPERS; i++)
        (void)START(wait_for_ever, NULL, numbered("sleeper", i, -1));
    turns(TURNS);
    mark(5);
    for (int i = 0; i < LISTED; i++)
        ledger(numbered("listed", i, -1), "lost", "killed");
    say("kill\n");
    return raise(SIGKILL);
}

int main(int argc, char **argv)
{
    if (argc != 2 || (log_fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)) < 0)
        return 2;
    say("create\tapp\tmain\tapp\t%d\n", __LINE__ + 1);
    return tt_run(app, NULL);
}
