/* leftovers.c: what lies in a store's ring dir, and in folders of LTTng's traces. The contract is in leftovers.h. */
#include "leftovers.h"

#include "arena.h"
#include "command.h"
#include "ctf_check.h"
#include "output/output.h"
#include "progress.h"
#include "recorder.h"
#include "recorder_backlog.h"
#include "recorder_lock.h"
#include "ring_dir.h"
#include "supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool is_arena(const char *name)
{
    size_t length = strlen(name);
    size_t suffix = strlen(TT_ARENA_SUFFIX);
    return length > suffix && strcmp(name + length - suffix, TT_ARENA_SUFFIX) == 0;
}

static bool is_locked(const char *dir)
{
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_locked = dir_fd >= 0 && tt__recorder_has_lock(dir_fd);
    if (dir_fd >= 0)
        close(dir_fd);
    return is_locked;
}

struct tt_ring_dir_content tt__leftovers_look(const char *dir)
{
    struct tt_ring_dir_content content = {0};
    DIR *folder = opendir(dir);
    if (folder == NULL)
        return content;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        content.arena_count += is_arena(entry->d_name);
    closedir(folder);
    content.has_recorder = is_locked(dir);
    return content;
}

bool tt__leftovers_has_running(const char *dir)
{
    bool is_running = false;
    DIR *folder = opendir(dir);
    for (struct dirent *entry; folder != NULL && !is_running && (entry = readdir(folder)) != NULL;) {
        long pid = is_arena(entry->d_name) ? strtol(entry->d_name, NULL, 10) : 0;
        is_running = pid > 0 && pid <= INT_MAX && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
    }
    if (folder != NULL)
        closedir(folder);
    return is_running;
}

/* How often it is looked whether a recorder has ended. */
#define LOOK_MS 200

/* Waits for the recorder PID to end, and says so when that takes long. */
static void await_recorder(pid_t pid, const char *store)
{
    struct tt_progress progress = tt__progress_begin("recovering", store);
    struct pollfd wait = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (wait.fd < 0)
        return;
    for (int ready = 0; ready == 0 || (ready < 0 && errno == EINTR); ready = poll(&wait, 1, LOOK_MS))
        tt__progress_show(&progress);
    tt__progress_end(&progress);
    close(wait.fd);
}

/* The recorder runs as a process of its own here too: an arena that was cut off by somebody ends it and not the viewer. */
enum tt_leftovers_end tt__leftovers_read(const char *store, const char *dir, bool keeps, bool redacts, bool is_silent)
{
    const char *arguments[11] = {"telltale", "recorder", "--store", store, "--ring-dir", dir, "--recover"};
    size_t count = 7;
    if (keeps)
        arguments[count++] = "--keep";
    if (redacts) {
        arguments[count++] = "--redact";
        arguments[count++] = "messages";
    }
    int status = 0;
    char absolute[PATH_MAX]; /* a recorder wants a ring dir that means the same in every folder */
    if (realpath(dir, absolute) != NULL)
        arguments[5] = absolute;
    pid_t pid = fork();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (nowhere < 0 || dup2(nowhere, 0) < 0 || dup2(nowhere, 1) < 0 || (is_silent && dup2(nowhere, 2) < 0))
            _exit(127);
        execv(tt__supervisor_own_path(), (char **)arguments);
        _exit(127);
    }
    if (pid < 0)
        return TT_LEFTOVERS_FAILED;
    await_recorder(pid, store);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return TT_LEFTOVERS_FAILED;
    switch (WIFEXITED(status) ? WEXITSTATUS(status) : TT_EXIT_OUTSIDE) {
    case TT_EXIT_CLEAN:
        return TT_LEFTOVERS_READ;
    case TT_EXIT_UNCERTAIN:
        return TT_LEFTOVERS_PARTLY;
    case TT_EXIT_INPUT:
        return TT_LEFTOVERS_DAMAGED;
    default:
        return TT_LEFTOVERS_FAILED;
    }
}

/* Whether processes run on and nobody reads what they say. A supervisor starts another recorder at once, which may have waited for this one. */
static bool is_left_alone(const char *dir)
{
    enum { STEP_US = 20000, STEPS = 25 };
    for (int i = 0; i < STEPS && tt__leftovers_has_running(dir); i++) {
        if (is_locked(dir))
            return false;
        usleep(STEP_US);
    }
    return tt__leftovers_has_running(dir) && !is_locked(dir);
}

/* Who follows a store opens it again and again. */
static bool has_told_of_waiting, has_told_of_running;

/* Reads what is left in DIR into the store at PATH, which the user calls STORE. */
static enum tt_leftovers_end recover(const char *store, const char *path, const char *dir)
{
    enum tt_leftovers_end end = tt__leftovers_read(path, dir, false, false, false);
    if (end == TT_LEFTOVERS_FAILED) {
        tt__complain("%s: what is left in %s could not be read into it, and stays there; the store is shown without it; to make another store of "
                     "it: telltale import %s -o FILE",
                     store, dir, dir);
    } else if (!has_told_of_running && is_left_alone(dir)) {
        tt__complain("%s: its recorder is gone, and processes of it run on; what they say is read when somebody opens the store, and what "
                     "finds its ring full until then is lost",
                     store);
        has_told_of_running = true;
    }
    return end;
}

static bool find_dir(const char *store, char out_path[PATH_MAX], char out_dir[PATH_MAX])
{
    return tt__store_canonical_path(store, out_path, PATH_MAX) == 0 && tt__ring_dir_of_store(out_path, out_dir, PATH_MAX) == 0;
}

void tt__leftovers_recover(const char *store)
{
    char path[PATH_MAX], dir[PATH_MAX];
    if (find_dir(store, path, dir) && tt_recorder_is_needed(dir))
        (void)recover(store, path, dir);
}

/* A recorder that does not get on for so long stands still; of one that was stopped, and where that has been said, it is seen sooner. */
#define STILL_MS     5000
#define STILL_MS_MIN 300

/* How long is waited between two looks, at first and at last. */
#define LOOK_US_MIN 1000
#define LOOK_US_MAX 20000

/* Recoveries that are begun for one command: another recorder may be there first, again and again. */
#define RECOVERIES_MAX 3

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The recorder that has the lock of DIR; 0: there is none, or it cannot be seen from here. The lock is not touched. */
static long find_recorder(const char *dir)
{
    struct stat lock;
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/" TT_RING_DIR_LOCK, dir) >= (int)sizeof path || stat(path, &lock) < 0)
        return 0;
    return tt__leftovers_find_writer(&lock);
}

/* Whether it was stopped: by a signal, or a debugger. */
static bool is_stopped(long pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (file == NULL)
        return false;
    const char *name_end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    bool is_stopped = name_end != NULL && (strncmp(name_end, ") T", 3) == 0 || strncmp(name_end, ") t", 3) == 0);
    fclose(file);
    return is_stopped;
}

static bool is_without_store(const char *path)
{
    struct stat status;
    return stat(path, &status) < 0 ? errno == ENOENT : S_ISREG(status.st_mode) && status.st_size == 0;
}

struct waiting {
    const char *store, *path, *dir;
    struct tt__backlog backlog;
    struct tt_recorder_pause pause;
    unsigned recovery_count;
    int64_t came_on_ms;
    useconds_t look_us;
    struct tt_progress progress;
};

/* Whether there is something to wait for, or to be read. RECORDER: who has the lock, if that can be seen. */
static bool is_behind(const struct waiting *waiting, long recorder)
{
    if (waiting->backlog.count > 0 || (waiting->recovery_count == 0 && recorder == 0 && tt_recorder_is_needed(waiting->dir)))
        return true;
    return is_without_store(waiting->path) && (recorder != 0 || is_locked(waiting->dir));
}

static enum tt_leftovers_doubt doubt_of(enum tt_leftovers_end end)
{
    return end == TT_LEFTOVERS_READ ? TT_LEFTOVERS_NONE : end == TT_LEFTOVERS_FAILED ? TT_LEFTOVERS_UNWRITTEN : TT_LEFTOVERS_UNREADABLE;
}

/* Waits a moment for the recorder, or does its work where there is none. */
static enum tt_leftovers_doubt get_on(struct waiting *waiting, long recorder)
{
    if (recorder == 0 && waiting->recovery_count < RECOVERIES_MAX && tt_recorder_is_needed(waiting->dir)) {
        tt__progress_end(&waiting->progress);
        waiting->recovery_count++;
        return doubt_of(recover(waiting->store, waiting->path, waiting->dir));
    }
    if (tt_recorder_look(waiting->dir, &waiting->pause) == 1)
        return TT_LEFTOVERS_PAUSED;
    int64_t still_ms = now_ms() - waiting->came_on_ms;
    if (still_ms > STILL_MS || (still_ms > STILL_MS_MIN && (has_told_of_waiting || is_stopped(recorder))))
        return TT_LEFTOVERS_UNANSWERED;
    tt__progress_show(&waiting->progress);
    usleep(waiting->look_us);
    waiting->look_us = waiting->look_us < LOOK_US_MAX ? 2 * waiting->look_us : LOOK_US_MAX;
    return TT_LEFTOVERS_NONE;
}

static void tell_of_waiting(const char *store, const struct tt_leftovers *leftovers)
{
    if (leftovers->doubt == TT_LEFTOVERS_UNANSWERED && !has_told_of_waiting)
        tt__complain("%s: its recorder stands still: what waits in %s, %ju events at most, is not in the store; it is shown without them", store,
                     leftovers->dir, (uintmax_t)leftovers->event_count);
    has_told_of_waiting |= leftovers->doubt == TT_LEFTOVERS_UNANSWERED;
}

void tt__leftovers_catch_up(const char *store, struct tt_leftovers *out_leftovers)
{
    char path[PATH_MAX];
    *out_leftovers = (struct tt_leftovers){.doubt = TT_LEFTOVERS_NONE};
    if (!find_dir(store, path, out_leftovers->dir) || access(out_leftovers->dir, F_OK) < 0)
        return;
    struct waiting waiting = {.store = store, .path = path, .dir = out_leftovers->dir, .came_on_ms = now_ms(), .look_us = LOOK_US_MIN};
    waiting.progress = tt__progress_begin("waiting for the recorder of", store);
    tt__backlog_take(waiting.dir, &waiting.backlog);
    out_leftovers->arena_count = waiting.backlog.refused_count;
    long recorder = find_recorder(waiting.dir);
    while (out_leftovers->doubt == TT_LEFTOVERS_NONE && is_behind(&waiting, recorder)) {
        out_leftovers->doubt = get_on(&waiting, recorder);
        if (tt__backlog_look(waiting.dir, &waiting.backlog))
            waiting.came_on_ms = now_ms();
        recorder = find_recorder(waiting.dir);
    }
    tt__progress_end(&waiting.progress);
    if (out_leftovers->doubt == TT_LEFTOVERS_NONE && out_leftovers->arena_count > 0)
        out_leftovers->doubt = TT_LEFTOVERS_UNREADABLE;
    else if (out_leftovers->doubt == TT_LEFTOVERS_UNREADABLE && out_leftovers->arena_count == 0)
        out_leftovers->arena_count = tt__leftovers_look(waiting.dir).arena_count;
    out_leftovers->pause = waiting.pause;
    if (out_leftovers->doubt == TT_LEFTOVERS_UNANSWERED || out_leftovers->doubt == TT_LEFTOVERS_UNWRITTEN)
        out_leftovers->event_count = tt__backlog_count_events(waiting.dir, &waiting.backlog);
    tt__backlog_finish(&waiting.backlog);
    tell_of_waiting(store, out_leftovers);
}

/* The kernel tells its locks page by page: where others take and give back some meanwhile, as many viewers of one store do, one that
 * stays may be passed over. Nobody is passed over again and again. */
#define LOCK_LOOKS 8

static long find_in_locks(const struct stat *file)
{
    char *line = NULL;
    size_t size = 0;
    long found = 0, pid;
    unsigned long inode;
    unsigned major_number, minor_number;
    FILE *locks = fopen("/proc/locks", "re");
    while (locks != NULL && found == 0 && getline(&line, &size, locks) >= 0)
        if (sscanf(line, "%*s FLOCK %*s WRITE %ld %x:%x:%lu", &pid, &major_number, &minor_number, &inode) == 4 &&
            inode == file->st_ino && major_number == major(file->st_dev) && minor_number == minor(file->st_dev))
            found = pid;
    free(line);
    if (locks != NULL)
        fclose(locks);
    return found;
}

long tt__leftovers_find_writer(const struct stat *file)
{
    long found = 0;
    for (int i = 0; i < LOCK_LOOKS && found == 0; i++)
        found = find_in_locks(file);
    return found;
}

bool tt__leftovers_is_left(const char *store)
{
    struct stat file;
    char path[PATH_MAX], dir[PATH_MAX];
    if (stat(store, &file) < 0 || tt__store_canonical_path(store, path, sizeof path) < 0 ||
        tt__ring_dir_of_store(path, dir, sizeof dir) < 0)
        return false;
    struct tt_ring_dir_content content = tt__leftovers_look(dir);
    return content.arena_count == 0 && !content.has_recorder && tt__leftovers_find_writer(&file) == 0;
}

bool tt__leftovers_settle(const char *store)
{
    char path[PATH_MAX], dir[PATH_MAX];
    return access(store, W_OK) == 0 && tt__leftovers_is_left(store) && tt__store_canonical_path(store, path, sizeof path) == 0 &&
           tt__ring_dir_of_store(path, dir, sizeof dir) == 0 &&
           tt__leftovers_read(path, dir, false, false, true) == TT_LEFTOVERS_READ;
}

/* ------------------------------------------------------------------------------------------------- private folders */

int tt__leftovers_claim(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_private_name(const char *name)
{
    size_t prefix = strcspn(TT_LEFT_FOLDER, "X"), length = strlen(TT_LEFT_FOLDER);
    return strlen(name) == length && strncmp(name, TT_LEFT_FOLDER, prefix) == 0 &&
           name[prefix + strspn(name + prefix, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] ==
               '\0';
}

/* Whether it is this user's, and nobody's who lives. */
static bool is_left(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    /* Shared, and given back at once: a process that has just made it marks it in its next step, and does not mind. */
    bool is_free =
        fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == geteuid() && flock(fd, LOCK_SH | LOCK_NB) == 0;
    if (fd >= 0)
        close(fd);
    return is_free;
}

static bool has_trace(const char *folder)
{
    char path[PATH_MAX];
    struct tt_ctf_list list = {0};
    snprintf(path, sizeof path, "%s/trace", folder);
    bool has_any = tt_ctf_find(path, &list) == 0 && list.count > 0;
    tt_ctf_list_finish(&list);
    return has_any;
}

static size_t find_below(const char *base, struct tt_left_folder *out_folders, size_t capacity)
{
    size_t count = 0;
    DIR *entries = opendir(base);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        struct tt_left_folder folder;
        if (!is_private_name(entry->d_name) ||
            snprintf(folder.path, sizeof folder.path, "%s/%s", base, entry->d_name) >= (int)sizeof folder.path ||
            !is_left(folder.path))
            continue;
        folder.has_trace = has_trace(folder.path);
        if (count < capacity)
            out_folders[count] = folder;
        count++;
    }
    if (entries != NULL)
        closedir(entries);
    return count;
}

static bool is_recorded_below(const char *base, const char *store)
{
    bool is_recorded = false;
    DIR *entries = opendir(base);
    for (struct dirent *entry; entries != NULL && !is_recorded && (entry = readdir(entries)) != NULL;) {
        char folder[PATH_MAX], mark[PATH_MAX + sizeof TT_LEFT_STORE + 1], path[PATH_MAX];
        if (!is_private_name(entry->d_name) ||
            snprintf(folder, sizeof folder, "%s/%s", base, entry->d_name) >= (int)sizeof folder)
            continue;
        snprintf(mark, sizeof mark, "%s/" TT_LEFT_STORE, folder);
        ssize_t length = readlink(mark, path, sizeof path - 1);
        path[length > 0 ? length : 0] = '\0';
        is_recorded = length > 0 && strcmp(path, store) == 0 && !is_left(folder);
    }
    if (entries != NULL)
        closedir(entries);
    return is_recorded;
}

bool tt__leftovers_has_lttng(const char *store)
{
    const char *base = getenv("TMPDIR");
    return (base != NULL && base[0] == '/' && is_recorded_below(base, store)) || is_recorded_below("/tmp", store);
}

size_t tt__leftovers_find_folders(struct tt_left_folder *out_folders, size_t capacity)
{
    const char *base = getenv("TMPDIR");
    bool has_own = base != NULL && base[0] == '/' && strcmp(base, "/tmp") != 0;
    size_t count = has_own ? find_below(base, out_folders, capacity) : 0;
    size_t used = count < capacity ? count : capacity;
    return count + find_below("/tmp", out_folders + used, capacity - used);
}
