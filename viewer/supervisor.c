/* supervisor.c: a command and its recorder, run together. The contract is in supervisor.h.
 *
 *             recorder ready        exec done            command gone         recorder gone
 *   starting ---------------> armed ----------> running -------------> ending ---------------> over
 *       |                       |                  |  recorder gone: a new one |
 *       +-- no recorder         +-- no command     +---------------------------+
 *
 * A new recorder is told everything that the old one was told: the store's cursors see to it that nothing is read twice.
 */
#include "supervisor.h"

#include "leftovers.h"
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A recorder opens a file and maps an arena; on a machine so slow that this takes longer, recording is no use. */
#define READY_MS_MAX 30000

/* Recorders that die faster than one in RESTART_S_MIN, so many times in a row, will not do better the next time. */
#define RESTART_MAX 5u
#define RESTART_S_MIN 10

/* The command is gone and the recorder is not: after this long the user is told what is waited for. */
#define NOTICE_MS 2000

static const int forwarded_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

struct supervisor {
    const struct tt_supervision *plan;
    sigset_t old_mask;                     /* these three: what the command gets back, so that it runs as it would alone */
    void (*old_pipe_action)(int);
    void (*old_child_action)(int);
    int signal_fd;
    int control_fd; /* to the recorder; -1: none */
    pid_t recorder_pid; /* 0: none runs */
    pid_t command_pid;  /* 0: not started, or gone */
    time_t recorder_started_s;
    unsigned restart_count;
    char told[256]; /* all lines that the recorder was told */
    bool has_noticed;
    struct tt_supervision_result result;
};

const char *tt__supervisor_own_path(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0 || length >= (ssize_t)sizeof path - 1)
        return "/proc/self/exe";
    path[length] = '\0';
    /* A program that was replaced while it ran has a name that leads nowhere; this one leads to itself. */
    return access(path, X_OK) == 0 ? path : "/proc/self/exe";
}

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* ------------------------------------------------------------------------------------------------- recorder */

static void write_to_recorder(struct supervisor *supervisor, const char *text)
{
    size_t length = strlen(text);
    /* A recorder that has just died is noticed by SIGCHLD; its successor is told again. */
    while (supervisor->control_fd >= 0 && write(supervisor->control_fd, text, length) < 0 && errno == EINTR)
        ;
}

static void tell_recorder(struct supervisor *supervisor, const char *line)
{
    size_t used = strlen(supervisor->told);
    snprintf(supervisor->told + used, sizeof supervisor->told - used, "%s", line);
    write_to_recorder(supervisor, line);
}

/* In the child: becomes the recorder. Terminal signals must not reach it, hence the session of its own. */
static void become_recorder(const struct supervisor *supervisor, int control_fd, int ready_fd)
{
    char control[16], ready[16];
    snprintf(control, sizeof control, "%d", control_fd);
    snprintf(ready, sizeof ready, "%d", ready_fd);
    const char *arguments[11 + TT_RECORDER_WORDS_MAX + 1] = {
        "telltale",     "recorder",     "--store", supervisor->plan->store, "--ring-dir", supervisor->plan->ring_dir,
        "--supervised", "--control-fd", control,   "--ready-fd",            ready};
    for (size_t i = 0; supervisor->plan->recorder_options != NULL && supervisor->plan->recorder_options[i] != NULL; i++)
        arguments[11 + i] = supervisor->plan->recorder_options[i];
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || fcntl(control_fd, F_SETFD, 0) < 0 ||
        fcntl(ready_fd, F_SETFD, 0) < 0)
        _exit(127);
    setsid();
    sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
    execv(tt__supervisor_own_path(), (char **)arguments);
    tt__complain("the recorder cannot be started: %s: %s", tt__supervisor_own_path(), strerror(errno));
    _exit(127);
}

/* Waits for the recorder's sign that it is at work. Returns whether it came; without it the recorder is gone, or was ended. */
static bool await_ready(struct supervisor *supervisor, int ready_fd)
{
    char sign;
    struct pollfd wait = {.fd = ready_fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&wait, 1, READY_MS_MAX);
    while (ready < 0 && errno == EINTR);
    if (ready > 0 && read(ready_fd, &sign, 1) == 1)
        return true;
    if (ready == 0) {
        tt__complain("the recorder was not ready after %d s", READY_MS_MAX / 1000);
        kill(supervisor->recorder_pid, SIGKILL);
    }
    return false;
}

/* Starts a recorder and waits until it is at work. Returns 0; or -1: it has said why; or 1: it was killed before. */
static int start_recorder(struct supervisor *supervisor)
{
    int control[2], ready[2];
    if (pipe2(control, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0) {
        tt__complain("cannot make a pipe to the recorder: %s", strerror(errno));
        return -1;
    }
    supervisor->recorder_pid = fork();
    if (supervisor->recorder_pid == 0)
        become_recorder(supervisor, control[0], ready[1]);
    close(control[0]);
    close(ready[1]);
    supervisor->control_fd = control[1];
    supervisor->recorder_started_s = now_s();
    bool is_ready = supervisor->recorder_pid > 0 && await_ready(supervisor, ready[0]);
    close(ready[0]);
    if (is_ready) {
        write_to_recorder(supervisor, supervisor->told);
        return 0;
    }
    int status = 0;
    if (supervisor->recorder_pid < 0)
        tt__complain("cannot start the recorder: %s", strerror(errno));
    else
        waitpid(supervisor->recorder_pid, &status, 0);
    close(supervisor->control_fd);
    supervisor->control_fd = -1;
    supervisor->recorder_pid = 0;
    return WIFSIGNALED(status) ? 1 : -1;
}

/* Asks the recorder to end, before there was anything to record. */
static void end_recorder(struct supervisor *supervisor)
{
    write_to_recorder(supervisor, "finish\n");
    if (supervisor->control_fd >= 0)
        close(supervisor->control_fd);
    supervisor->control_fd = -1;
    if (supervisor->recorder_pid > 0)
        waitpid(supervisor->recorder_pid, NULL, 0);
    supervisor->recorder_pid = 0;
}

static void recorder_is_gone(struct supervisor *supervisor, int status)
{
    supervisor->recorder_pid = 0;
    close(supervisor->control_fd);
    supervisor->control_fd = -1;
    if (WIFEXITED(status) && supervisor->command_pid == 0) {
        if (WEXITSTATUS(status) == 0)
            return;
        /* It has tried for long enough, and said what keeps it. */
        supervisor->result.has_lost_recorder = true;
        tt__complain("not all is in the store; what is missing is in %s, and is read when the store is next opened",
                     supervisor->plan->ring_dir);
        return;
    }
    if (now_s() - supervisor->recorder_started_s >= RESTART_S_MIN)
        supervisor->restart_count = 0;
    /* One that was killed while it began is none that cannot begin. */
    for (int result = 1; result > 0 && supervisor->restart_count++ < RESTART_MAX;)
        if ((result = start_recorder(supervisor)) == 0)
            return;
    supervisor->result.has_lost_recorder = true;
    tt__complain("the recorder keeps ending and was given up; what it has not read is read when the store is next opened");
}

/* -------------------------------------------------------------------------------------------------- command */

static void set_variable(const char *name, const char *value)
{
    if (value != NULL && setenv(name, value, 1) < 0)
        _exit(127);
}

/* In the child: becomes the command; on failure errno goes through ERROR_FD, which exec closes. */
static void become_command(const struct supervisor *supervisor, int error_fd)
{
    const struct tt_supervision *plan = supervisor->plan;
    if (plan->is_unrecorded) {
        unsetenv("TELLTALE_STORE");
        unsetenv("TELLTALE_RING_DIR");
    } else {
        set_variable("TELLTALE_STORE", plan->store);
        set_variable("TELLTALE_RING_DIR", plan->ring_dir);
    }
    for (const char *const *variable = plan->variables; variable != NULL && *variable != NULL; variable += 2)
        set_variable(variable[0], variable[1]);
    set_variable("TELLTALE_EVENTS", plan->events);
    set_variable("TELLTALE_RING_BYTES", plan->ring_bytes);
    if (getenv("TELLTALE_PROGRAM") == NULL)
        set_variable("TELLTALE_PROGRAM", tt__supervisor_own_path());
    signal(SIGPIPE, supervisor->old_pipe_action);
    signal(SIGCHLD, supervisor->old_child_action);
    sigprocmask(SIG_SETMASK, &supervisor->old_mask, NULL);
    execvp(plan->command[0], plan->command);
    int error = errno;
    if (write(error_fd, &error, sizeof error) != sizeof error)
        _exit(126);
    _exit(127);
}

static int start_command(struct supervisor *supervisor)
{
    int failure[2], error = 0;
    char line[64];
    if (pipe2(failure, O_CLOEXEC) < 0)
        return errno;
    supervisor->command_pid = fork();
    if (supervisor->command_pid < 0)
        error = errno;
    if (supervisor->command_pid == 0)
        become_command(supervisor, failure[1]);
    close(failure[1]);
    ssize_t count = 0;
    while (supervisor->command_pid > 0 && (count = read(failure[0], &error, sizeof error)) < 0 && errno == EINTR)
        ;
    close(failure[0]);
    if (error != 0) {
        if (supervisor->command_pid > 0)
            waitpid(supervisor->command_pid, NULL, 0);
        supervisor->command_pid = 0;
        return error;
    }
    supervisor->result.pid = supervisor->command_pid;
    snprintf(line, sizeof line, "started %d\n", (int)supervisor->command_pid);
    tell_recorder(supervisor, line);
    return 0;
}

static void command_is_gone(struct supervisor *supervisor, int status)
{
    char line[64];
    if (WIFSIGNALED(status))
        snprintf(line, sizeof line, "signaled %d %d\nfinish\n", (int)supervisor->command_pid, WTERMSIG(status));
    else
        snprintf(line, sizeof line, "exited %d %d\nfinish\n", (int)supervisor->command_pid, WEXITSTATUS(status));
    supervisor->command_pid = 0;
    supervisor->result.wait_status = status;
    tell_recorder(supervisor, line);
}

/* ------------------------------------------------------------------------------------------------- together */

static void reap(struct supervisor *supervisor)
{
    int status;
    if (supervisor->command_pid > 0 && waitpid(supervisor->command_pid, &status, WNOHANG) == supervisor->command_pid)
        command_is_gone(supervisor, status);
    if (supervisor->recorder_pid > 0 && waitpid(supervisor->recorder_pid, &status, WNOHANG) == supervisor->recorder_pid)
        recorder_is_gone(supervisor, status);
}

/* A signal from the terminal has reached the command by itself: the kernel sends it to the whole foreground group. Anybody
 * else has sent it to this process alone. Returns whether waiting is to end. */
static bool pass_on(struct supervisor *supervisor, const struct signalfd_siginfo *signal)
{
    if (supervisor->command_pid > 0 && signal->ssi_code != SI_KERNEL)
        kill(supervisor->command_pid, (int)signal->ssi_signo);
    return supervisor->command_pid == 0 && supervisor->has_noticed;
}

static void notice(struct supervisor *supervisor)
{
    supervisor->has_noticed = true;
    if (tt__leftovers_has_running(supervisor->plan->ring_dir))
        tt__complain("the command has ended, other processes of the recording run on; recording goes on until they end, "
                     "and Ctrl-C leaves it to the recorder");
    else
        tt__complain("the command has ended, and not all that was recorded is in the store yet; Ctrl-C leaves it to the recorder");
}

/* Waits until command and recorder are gone, or the user has enough of waiting. */
static void run(struct supervisor *supervisor)
{
    struct pollfd wait = {.fd = supervisor->signal_fd, .events = POLLIN};
    struct signalfd_siginfo signal;
    while (supervisor->command_pid > 0 || supervisor->recorder_pid > 0) {
        bool is_ending = supervisor->command_pid == 0 && !supervisor->has_noticed;
        int ready = poll(&wait, 1, is_ending ? NOTICE_MS : -1);
        if (ready == 0)
            notice(supervisor);
        if (ready <= 0 || read(supervisor->signal_fd, &signal, sizeof signal) != sizeof signal)
            continue;
        if (signal.ssi_signo == SIGCHLD) {
            reap(supervisor);
        } else if (pass_on(supervisor, &signal)) {
            supervisor->result.end = TT_SUPERVISION_LEFT;
            break;
        }
    }
    if (supervisor->control_fd >= 0)
        close(supervisor->control_fd);
}

static int take_signals(struct supervisor *supervisor)
{
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    for (size_t i = 0; i < sizeof forwarded_signals / sizeof *forwarded_signals; i++)
        sigaddset(&mask, forwarded_signals[i]);
    supervisor->old_pipe_action = signal(SIGPIPE, SIG_IGN);
    supervisor->old_child_action = signal(SIGCHLD, SIG_DFL); /* an ignored one, inherited, would take our children's status away */
    if (sigprocmask(SIG_BLOCK, &mask, &supervisor->old_mask) < 0)
        return -1;
    supervisor->signal_fd = signalfd(-1, &mask, SFD_CLOEXEC);
    return supervisor->signal_fd < 0 ? -1 : 0;
}

static void start(struct supervisor *supervisor)
{
    bool needs_recorder = !supervisor->plan->has_recorder && !supervisor->plan->is_unrecorded;
    if (needs_recorder && start_recorder(supervisor) != 0) {
        supervisor->result.end = TT_SUPERVISION_NO_RECORDER;
        return;
    }
    supervisor->result.error = start_command(supervisor);
    if (supervisor->result.error != 0) {
        end_recorder(supervisor);
        supervisor->result.end = TT_SUPERVISION_NO_COMMAND;
    }
}

struct tt_supervision_result tt__supervise(const struct tt_supervision *plan)
{
    struct supervisor supervisor = {.plan = plan, .signal_fd = -1, .control_fd = -1, .result = {.end = TT_SUPERVISION_ENDED}};
    if (take_signals(&supervisor) < 0) {
        tt__complain("cannot wait for signals: %s", strerror(errno));
        supervisor.result.end = TT_SUPERVISION_NO_RECORDER;
        return supervisor.result;
    }
    start(&supervisor);
    if (supervisor.result.end == TT_SUPERVISION_ENDED)
        run(&supervisor);
    close(supervisor.signal_fd);
    sigprocmask(SIG_SETMASK, &supervisor.old_mask, NULL);
    return supervisor.result;
}
