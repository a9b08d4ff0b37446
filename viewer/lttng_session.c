/* lttng_session.c: see lttng_session.h.
 *
 *            daemon answers            session started            stopped, data written        folder gone
 *   planned ----------------> served -----------------> recording --------------------> ended ------------> closed
 *      |  none: one is started  ^
 *      +------------------------+
 *
 * Every state can be closed.
 */
#include "lttng_session.h"

#include "agent.h"
#include "command.h"
#include "leftovers.h"
#include "output/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AGENT  "telltale-lttng-session"
#define DAEMON "lttng-sessiond"

/* A daemon answers within milliseconds; one that takes longer than these is frozen or gone. Of the requests at the end the agent
 * itself gives up the first one that takes too long. */
#define ALIVE_MS   3000
#define BEGIN_MS   10000
#define PENDING_MS 15000 /* for its data to be written */
#define END_MS     (PENDING_MS + 5000)
#define START_MS   10000 /* for a new daemon */
#define STOP_MS    3000  /* for it to end by SIGTERM */
#define STEP_MS    20

/* A socket's name has 108 bytes, and LTTng puts up to 50 behind its home. */
#define HOME_BYTES_MAX 48

static void sleep_ms(long milliseconds)
{
    struct timespec duration = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&duration, NULL);
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --------------------------------------------------------------------------------------------------- asking a daemon */

/* Has the agent do what ARGUMENTS say, in MILLISECONDS at most. OUT_TEXT gets what it says. */
static enum tt_agent_answer ask(const struct tt_lttng_session *session, int milliseconds, const char *const *arguments,
                                char *out_text, size_t size)
{
    const char *awaited = session->folder[0] != '\0' ? TT_LTTNG_AWAITED : NULL; /* doctor says what it finds */
    return tt__agent_ask(arguments, session->is_private ? session->folder : NULL, milliseconds, awaited, out_text,
                         size);
}

int tt__lttng_daemon_answers(const struct tt_lttng_session *session)
{
    const char *arguments[] = {AGENT, "alive", NULL};
    char text[200];
    enum tt_agent_answer answer = ask(session, ALIVE_MS, arguments, text, sizeof text);
    return answer == TT_AGENT_DONE ? 1 : answer == TT_AGENT_REFUSED ? 0 : -1;
}

/* ---------------------------------------------------------------------------------------------------- its own daemon */

static void become_daemon(const struct tt_lttng_session *session, pid_t parent)
{
    char log[sizeof session->folder + 16];
    snprintf(log, sizeof log, "%s/daemon.log", session->folder);
    int output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600); /* it hangs on a pipe */
    int nowhere = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (output < 0 || nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
        _exit(127);
    if (session->is_private && setenv("LTTNG_HOME", session->folder, 1) < 0)
        _exit(127);
    setsid();
    /* Should this program be killed, the daemon goes, too; of root's, which others may use, there is a keeper. */
    if (session->is_private && (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent))
        _exit(127);
    execlp(DAEMON, DAEMON, "--no-kernel", NULL);
    _exit(errno == ENOENT ? 126 : 127);
}

static int complain_about_daemon(const struct tt_lttng_session *session, int status)
{
    char log[sizeof session->folder + 16], line[300] = "", last[300] = "it said nothing";
    snprintf(log, sizeof log, "%s/daemon.log", session->folder);
    FILE *file = fopen(log, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (line[0] != '\n')
            snprintf(last, sizeof last, "%.*s", (int)strcspn(line, "\n"), line);
    if (file != NULL)
        fclose(file);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 126)
        tt__complain("record: %s is not installed; apt-get install lttng-tools", DAEMON);
    else
        tt__complain("record: %s does not start: %s", DAEMON, last);
    return TT_EXIT_OUTSIDE;
}

/* Starts one and waits until it answers. Returns -1 or the exit status after a complaint. */
static int start_daemon(struct tt_lttng_session *session)
{
    int64_t from = now_ms(), until = from + START_MS;
    int status = 0;
    bool is_told = false;
    pid_t self = getpid();
    session->is_private = geteuid() != 0;
    session->daemon = fork();
    if (session->daemon == 0)
        become_daemon(session, self);
    if (session->daemon < 0) {
        session->daemon = 0;
        tt__complain("record: cannot start %s: %s", DAEMON, strerror(errno));
        return TT_EXIT_OUTSIDE;
    }
    if (!session->is_private && !tt__lttng_keep(&session->keeper, session->daemon, session->name)) {
        tt__complain("record: cannot start what looks after %s: %s", DAEMON, strerror(errno));
        return TT_EXIT_OUTSIDE;
    }
    while (now_ms() < until) {
        if (waitpid(session->daemon, &status, WNOHANG) == session->daemon) {
            session->daemon = 0;
            return complain_about_daemon(session, status);
        }
        if (tt__lttng_daemon_answers(session) == 1)
            return -1;
        if (!is_told && now_ms() - from > TT_AGENT_PATIENCE_MS) {
            tt__complain("record: waiting for %s to start, at most %d s", DAEMON, START_MS / 1000);
            is_told = true;
        }
        sleep_ms(STEP_MS);
    }
    tt__complain("record: %s was started and does not answer", DAEMON);
    return TT_EXIT_OUTSIDE;
}

/* The state of the process PID as /proc has it; '\0': there is none. */
static char state_of(pid_t pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    if (file != NULL)
        fclose(file);
    const char *state = strrchr(line, ')'); /* the name may hold anything */
    return state != NULL && state[1] == ' ' ? state[2] : '\0';
}

/* Whether the process PID, no child of this one, runs; one that nobody has waited for does not. */
static bool is_running(pid_t pid)
{
    return strchr("ZX", state_of(pid)) == NULL; /* or there is none */
}

/* Whether somebody stopped it: it heeds no signal but one. */
static bool is_frozen(pid_t pid)
{
    return state_of(pid) == 'T';
}

/* Waits until the process PID, a child of this one or not, is gone; not for one that is stopped. */
static bool has_gone(pid_t pid, bool is_child, int milliseconds)
{
    for (int64_t until = now_ms() + milliseconds; now_ms() < until; sleep_ms(STEP_MS)) {
        if (is_child ? waitpid(pid, NULL, WNOHANG) != 0 : !is_running(pid))
            return true;
        if (is_frozen(pid))
            break;
    }
    return false;
}

static bool is_consumer(pid_t pid)
{
    char path[64], name[32] = "";
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)pid);
    FILE *file = fopen(path, "re");
    if (file != NULL && fgets(name, sizeof name, file) == NULL)
        name[0] = '\0';
    if (file != NULL)
        fclose(file);
    return strncmp(name, "lttng-", 6) == 0;
}

static void add_consumer(struct tt_lttng_session *session, pid_t pid)
{
    for (size_t i = 0; i < session->consumer_count; i++)
        if (session->consumers[i] == pid)
            return;
    if (session->consumer_count < TT_LTTNG_CONSUMERS_MAX && is_consumer(pid))
        session->consumers[session->consumer_count++] = pid;
}

/* Notes the children of the daemon: consumer daemons, which outlive one that is killed, and helpers of both. Each thread
 * has children of its own, and it is not the main one that has the consumers. */
static void note_consumers(struct tt_lttng_session *session)
{
    char tasks[64], path[sizeof tasks + 280];
    const struct dirent *entry;
    snprintf(tasks, sizeof tasks, "/proc/%ld/task", (long)session->daemon);
    DIR *folder = session->daemon > 0 ? opendir(tasks) : NULL;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        long child;
        snprintf(path, sizeof path, "%s/%s/children", tasks, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "re") : NULL;
        while (file != NULL && fscanf(file, "%ld", &child) == 1)
            add_consumer(session, (pid_t)child);
        if (file != NULL)
            fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
}

static void kill_daemon(struct tt_lttng_session *session)
{
    note_consumers(session);
    for (size_t i = 0; i < session->consumer_count; i++)
        if (is_frozen(session->consumers[i]) && is_consumer(session->consumers[i]))
            kill(session->consumers[i], SIGKILL); /* else the daemon waits for it */
    kill(session->daemon, SIGTERM);
    if (!has_gone(session->daemon, true, STOP_MS)) {
        kill(session->daemon, SIGKILL);
        while (waitpid(session->daemon, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    int milliseconds = STOP_MS; /* for all together */
    for (size_t i = 0; i < session->consumer_count; i++)
        if (!has_gone(session->consumers[i], false, milliseconds) && is_consumer(session->consumers[i])) {
            kill(session->consumers[i], SIGKILL);
            milliseconds = STEP_MS;
        }
}

/* Ends the daemon that was started, or leaves it to its keeper where others use it. */
static void stop_daemon(struct tt_lttng_session *session)
{
    bool is_shared = session->daemon > 0 && !session->is_private;
    int lock = is_shared ? tt__lttng_lock() : -1;
    /* One that gives no answer has nobody who could use it. */
    bool is_used = is_shared && !session->is_silent && tt__lttng_other_sessions(session->name) > 0;
    if (is_used)
        tt__complain(
            "record: other sessions use LTTng's session daemon, which was started for this one; it stays until "
            "they have ended");
    else if (session->daemon > 0)
        kill_daemon(session);
    tt__lttng_leave(&session->keeper, !is_used);
    tt__lttng_unlock(lock);
    session->daemon = 0;
}

/* ----------------------------------------------------------------------------------------------------------- session */

int tt__lttng_plan(struct tt_lttng_session *session, const char *keep, unsigned snapshot_count)
{
    const char *base = getenv("TMPDIR");
    char folder[PATH_MAX];
    uint64_t token = 0;
    *session = (struct tt_lttng_session){.folder_fd = -1, .snapshot_count = snapshot_count};
    if (base == NULL || base[0] != '/' || strlen(base) > HOME_BYTES_MAX - sizeof("/" TT_LEFT_FOLDER))
        base = "/tmp";
    snprintf(session->name, sizeof session->name, "telltale-%ld", (long)getpid());
    snprintf(session->folder, sizeof session->folder, "%s/" TT_LEFT_FOLDER, base);
    if (getrandom(&token, sizeof token, 0) != sizeof token)
        token = (uint64_t)now_ms() << 22 | (uint64_t)getpid(); /* a kernel that has no more than that */
    snprintf(session->recording, sizeof session->recording, "0x%" PRIx64, token != 0 ? token : 1);
    session->is_private = false;
    if (keep == NULL)
        return -1;
    if (keep[0] != '/' && getcwd(folder, sizeof folder) == NULL) {
        tt__complain("record: --keep-trace %s: %s", keep, strerror(errno));
        return TT_EXIT_OUTSIDE;
    }
    if (snprintf(session->trace, sizeof session->trace, "%s%s%s", keep[0] != '/' ? folder : "",
                 keep[0] != '/' ? "/" : "", keep) >= (int)sizeof session->trace) {
        tt__complain("record: --keep-trace %s: %s", keep, strerror(ENAMETOOLONG));
        return TT_EXIT_OUTSIDE;
    }
    return -1;
}

/* Folders that only this user may look into. */
static int make_folders(struct tt_lttng_session *session)
{
    if (mkdtemp(session->folder) == NULL) {
        tt__complain("record: cannot make a private folder %s: %s", session->folder, strerror(errno));
        session->folder[0] = '\0';
        return TT_EXIT_OUTSIDE;
    }
    session->folder_fd = tt__leftovers_claim(session->folder);
    char mark[sizeof session->folder + sizeof TT_LEFT_STORE + 1];
    snprintf(mark, sizeof mark, "%s/" TT_LEFT_STORE, session->folder);
    if (session->store != NULL && symlink(session->store, mark) < 0)
        session->store = NULL; /* nobody finds it by that, then */
    if (session->trace[0] == '\0')
        snprintf(session->trace, sizeof session->trace, "%s/trace", session->folder);
    if (mkdir(session->trace, 0700) == 0)
        return -1;
    tt__complain("record: cannot write a trace to %s: %s; name a folder that does not exist", session->trace,
                 strerror(errno));
    return TT_EXIT_OUTSIDE;
}

static int complain_about_answer(enum tt_agent_answer answer, const char *text)
{
    char path[PATH_MAX];
    tt__agent_path(AGENT, path, sizeof path);
    if (answer == TT_AGENT_MISSING)
        tt__complain(TELLTALE_HAS_LTTNG
                         ? "record: %s cannot be executed; install telltale anew"
                         : "record: this telltale was built without LTTng, and there is no %s; build it with "
                           "-DTELLTALE_LTTNG=ON, or record without --lttng",
                     path);
    else if (answer == TT_AGENT_LATE)
        tt__complain("record: LTTng's session daemon does not answer; it may be frozen: see telltale doctor");
    else
        tt__complain("record: LTTng: %s", text);
    return TT_EXIT_OUTSIDE;
}

/* The daemon, and the session in it. Returns -1, or the exit status after a complaint. */
static int begin_session(struct tt_lttng_session *session, uint64_t buffer_bytes)
{
    char bytes[24], count[24], snapshots[24], text[300];
    const char *alive[] = {AGENT, "alive", NULL};
    int status = -1;
    enum tt_agent_answer answer = ask(session, ALIVE_MS, alive, text, sizeof text);
    if (answer == TT_AGENT_REFUSED)
        status = start_daemon(session);
    else if (answer != TT_AGENT_DONE)
        status = complain_about_answer(answer, text);
    if (status >= 0)
        return status;
    snprintf(bytes, sizeof bytes, "%" PRIu64, buffer_bytes / TT_LTTNG_SUBBUF_COUNT);
    snprintf(count, sizeof count, "%u", TT_LTTNG_SUBBUF_COUNT);
    snprintf(snapshots, sizeof snapshots, "%u", session->snapshot_count);
    const char *begin[] = {AGENT, "begin", session->name, session->trace, bytes, count, NULL};
    const char *flight[] = {AGENT, "flight", session->name, session->trace, bytes, count, snapshots, NULL};
    answer = ask(session, BEGIN_MS, session->snapshot_count > 0 ? flight : begin, text, sizeof text);
    if (answer != TT_AGENT_DONE)
        return complain_about_answer(answer, text);
    session->has_begun = true;
    note_consumers(session); /* now, for a daemon that is killed has none */
    return -1;
}

int tt__lttng_begin(struct tt_lttng_session *session, uint64_t buffer_bytes)
{
    int status = make_folders(session);
    if (status >= 0)
        return status;
    int lock = tt__lttng_lock(); /* a daemon that answers now is there until the session is in it */
    status = begin_session(session, buffer_bytes);
    tt__lttng_unlock(lock);
    return status;
}

bool tt__lttng_end(struct tt_lttng_session *session)
{
    char milliseconds[24], snapshots[24], text[300];
    if (!session->has_begun)
        return true;
    session->has_begun = false;
    snprintf(milliseconds, sizeof milliseconds, "%d", PENDING_MS);
    snprintf(snapshots, sizeof snapshots, "%u", session->snapshot_count);
    const char *end[] = {AGENT, "end", session->name, milliseconds, NULL};
    const char *land[] = {AGENT, "land", session->name, milliseconds, snapshots, NULL};
    enum tt_agent_answer answer = ask(session, END_MS, session->snapshot_count > 0 ? land : end, text, sizeof text);
    session->is_silent = answer == TT_AGENT_LATE;
    if (answer == TT_AGENT_LATE)
        tt__complain("record: LTTng's session daemon does not answer any more; what it has written is read%s%s",
                     session->daemon == 0 ? ", and its session stays: lttng destroy " : "",
                     session->daemon == 0 ? session->name : "");
    else if (answer != TT_AGENT_DONE)
        tt__complain("record: LTTng: %s; what it has written is read", text[0] != '\0' ? text : "its daemon is gone");
    return answer == TT_AGENT_DONE;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *position)
{
    (void)status, (void)kind, (void)position;
    (void)remove(path); /* what cannot be removed keeps its folder */
    return 0;
}

void tt__lttng_close(struct tt_lttng_session *session, bool keeps_trace)
{
    bool is_inside = strncmp(session->trace, session->folder, strlen(session->folder)) == 0;
    stop_daemon(session);
    if (session->folder_fd >= 0)
        close(session->folder_fd);
    session->folder_fd = -1;
    if (session->folder[0] == '\0' || strstr(session->folder, "XXXXXX") != NULL)
        return;
    if (keeps_trace && is_inside) {
        tt__complain("record: the trace is kept: %s", session->trace);
        return;
    }
    nftw(session->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
