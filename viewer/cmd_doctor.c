/* cmd_doctor.c: telltale doctor: what recording and reading need of this machine, whether it is there, and what to do.
 *
 * What is here: a list of probes. Each looks at one thing, without changing anything, and says what it found and, where it
 * is not as it should be, a remedy. To add one: a function, and a line in `probes`.
 */
#include "command.h"

#include "arena.h"
#include "doctor.h"
#include "leftovers.h"
#include "output/text.h"
#include "ring_dir.h"
#include "session.h"
#include "supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* What an arena takes at most of a file's size and of address space; it is sparse, and takes what it uses of memory. */
static uint64_t arena_bytes(void)
{
    return TT_ARENA_HEADER_BYTES + TT_DICTIONARY_BYTES + TT_BOARD_SLOTS * UINT64_C(128) +
           TT_RINGS_MAX * (TT_RING_HEAD_BYTES + TT_RING_BYTES_DEFAULT);
}

/* Memory on tmpfs below which a busy program with a few threads fills its rings. */
#define RING_SPACE_MIN (UINT64_C(64) << 20)

/* The folder in which ring dirs are made. */
static int find_ring_base(char out_path[PATH_MAX])
{
    int error = tt__ring_dir_of_store("doctor.telltale", out_path, PATH_MAX);
    for (int i = 0; error == 0 && i < 2; i++)
        *strrchr(out_path, '/') = '\0';
    return error;
}

void tt__doctor_find_program(const char *name, char out_path[PATH_MAX])
{
    const char *folders = getenv("PATH");
    out_path[0] = '\0';
    while (folders != NULL && *folders != '\0') {
        size_t length = strcspn(folders, ":");
        int needed = snprintf(out_path, PATH_MAX, "%.*s/%s", (int)length, length > 0 ? folders : ".", name);
        if (needed < PATH_MAX && access(out_path, X_OK) == 0)
            return;
        folders += length + (folders[length] == ':');
    }
    out_path[0] = '\0';
}

/* --------------------------------------------------------------------------------------------------- software */

static void look_at_program(struct tt_finding *finding)
{
    TT_FOUND(finding, "telltale %s, %s", TELLTALE_VERSION, tt__supervisor_own_path());
}

static void look_at_libraries(struct tt_finding *finding)
{
    const char *smartcols = NULL;
    scols_get_library_version(&smartcols);
    TT_FOUND(finding, "SQLite %s, libsmartcols %s", tt__session_sqlite_version(), smartcols);
}

static void look_at_recorder(struct tt_finding *finding)
{
    char path[PATH_MAX];
    const char *asked = getenv("TELLTALE_PROGRAM");
    tt__doctor_find_program("telltale", path);
    if (asked != NULL && access(asked, X_OK) != 0) {
        finding->verdict = TT_DOCTOR_BAD;
        TT_FOUND(finding, "TELLTALE_PROGRAM is %s, which cannot be executed", asked);
        finding->remedy = "set TELLTALE_PROGRAM to the program telltale, or unset it";
    } else if (asked != NULL) {
        TT_FOUND(finding, "%s, from TELLTALE_PROGRAM", asked);
    } else if (access(TELLTALE_BINDIR "/telltale", X_OK) == 0) {
        TT_FOUND(finding, "%s", TELLTALE_BINDIR "/telltale");
    } else if (path[0] != '\0') {
        TT_FOUND(finding, "%s, from PATH", path);
    } else {
        finding->verdict = TT_DOCTOR_NOTE;
        TT_FOUND(finding, "programs under TELLTALE_STORE find no recorder to start; telltale record works");
        finding->remedy = "install telltale, or set TELLTALE_PROGRAM to it";
    }
}

/* --------------------------------------------------------------------------------------------------- ring dirs */

static void look_at_ring_base(struct tt_finding *finding)
{
    char path[PATH_MAX], space[TT_DURATION_BYTES];
    struct statvfs status;
    int error = find_ring_base(path);
    if (error != 0 || statvfs(path, &status) < 0) {
        finding->verdict = TT_DOCTOR_BAD;
        TT_FOUND(finding, "no folder for ring dirs: %s", strerror(error != 0 ? -error : errno));
        finding->remedy = "change to a folder that exists";
        return;
    }
    uint64_t bytes = (uint64_t)status.f_bavail * status.f_frsize;
    snprintf(space, sizeof space, "%" PRIu64 " MiB free", bytes >> 20);
    TT_FOUND(finding, "%s, %s", path, space);
    if (access(path, W_OK | X_OK) != 0) {
        finding->verdict = TT_DOCTOR_BAD;
        finding->remedy = "this folder has to be writable";
    } else if (bytes < RING_SPACE_MIN) {
        finding->verdict = TT_DOCTOR_BAD;
        finding->remedy = "make room there: 64 MiB is the least for a busy program; or use record --ring-bytes 1M";
    } else if (strcmp(path, "/dev/shm") != 0) {
        finding->verdict = TT_DOCTOR_NOTE;
        finding->remedy = "mount a tmpfs at /dev/shm: without it rings lie on a disk";
    }
}

/* What to do about the arenas in DIR: a command that looks at their store reads them into it; where there is none, import makes one. */
static const char *remedy_of_arenas(const char *dir)
{
    static char remedies[TT_DOCTOR_NAMED][3 * PATH_MAX];
    static size_t count;
    char store[PATH_MAX];
    char *remedy = remedies[count++ % TT_DOCTOR_NAMED];
    if (tt__ring_dir_read_store(dir, store, sizeof store) == 0 && access(store, F_OK) == 0)
        snprintf(remedy, sizeof *remedies, "telltale report %s reads them into the store", store);
    else
        snprintf(remedy, sizeof *remedies, "telltale import %s -o FILE makes a store of them", dir);
    return remedy;
}

/* A ring dir in which arenas were left. */
struct left_dir {
    struct timespec changed;
    char path[PATH_MAX];
};

static bool is_newer(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec : a->tv_nsec > b->tv_nsec;
}

/* Puts DIR into its place among the COUNT newest, of which there are at most TT_DOCTOR_NAMED. Returns how many there are then. */
static size_t keep_newest(struct left_dir *newest, size_t count, const struct left_dir *dir)
{
    size_t at = count;
    while (at > 0 && is_newer(&dir->changed, &newest[at - 1].changed))
        at--;
    if (at == TT_DOCTOR_NAMED)
        return count;
    count += count < TT_DOCTOR_NAMED;
    memmove(&newest[at + 1], &newest[at], (count - at - 1) * sizeof *newest);
    newest[at] = *dir;
    return count;
}

/* Arenas that no recorder reads: of killed processes, or of programs that found no recorder. What was left last is what somebody asks for. */
static void look_at_leftovers(struct tt_finding *finding)
{
    static struct left_dir newest[TT_DOCTOR_NAMED];
    char base[PATH_MAX], private[PATH_MAX + 32];
    size_t count = 0, named = 0;
    if (find_ring_base(base) != 0)
        return;
    snprintf(private, sizeof private, "%s/telltale-%u", base, (unsigned)geteuid());
    DIR *folder = opendir(private);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        struct left_dir dir;
        struct stat status;
        if (entry->d_name[0] == '.' || snprintf(dir.path, sizeof dir.path, "%s/%s", private, entry->d_name) >= (int)sizeof dir.path)
            continue;
        struct tt_ring_dir_content content = tt__leftovers_look(dir.path);
        if (content.arena_count == 0 || content.has_recorder || stat(dir.path, &status) < 0)
            continue;
        dir.changed = status.st_mtim;
        named = keep_newest(newest, named, &dir);
        count++;
    }
    if (folder != NULL)
        closedir(folder);
    for (size_t i = 0; i < named; i++)
        finding->further[finding->further_count++] = remedy_of_arenas(newest[i].path);
    if (count == 0) {
        TT_FOUND(finding, "none");
        return;
    }
    TT_FOUND(finding, "%zu ring %s with arenas that nobody reads%s", count, count == 1 ? "dir" : "dirs",
             count > TT_DOCTOR_NAMED ? ", the newest:" : "");
    finding->verdict = TT_DOCTOR_NOTE;
}

/* ------------------------------------------------------------------------------------------ kernel and limits */

static void look_at_kernel(struct tt_finding *finding)
{
    struct utsname name = {0};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool can_populate = page != MAP_FAILED && madvise(page, 4096, 23 /* MADV_POPULATE_WRITE, Linux 5.14 */) == 0;
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (page != MAP_FAILED)
        munmap(page, 4096);
    if (pidfd >= 0)
        close(pidfd);
    uname(&name);
    TT_FOUND(finding, "%s %s%s%s", name.sysname, name.release, can_populate ? "" : ", no MADV_POPULATE_WRITE", pidfd >= 0 ? "" : ", no pidfd_open");
    if (!can_populate || pidfd < 0) {
        finding->verdict = TT_DOCTOR_BAD;
        finding->remedy = "use Linux 5.14 or newer, and a container profile that allows pidfd_open";
    }
}

static void look_at_limit(struct tt_finding *finding, int resource, const char *name, const char *remedy)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) < 0) {
        TT_FOUND(finding, "unknown: %s", strerror(errno));
        return;
    }
    if (limit.rlim_cur == RLIM_INFINITY) {
        TT_FOUND(finding, "%s unlimited", name);
        return;
    }
    TT_FOUND(finding, "%s %" PRIu64 " MiB, an arena may take %" PRIu64 " MiB", name, (uint64_t)limit.rlim_cur >> 20, arena_bytes() >> 20);
    if (limit.rlim_cur < arena_bytes()) {
        finding->verdict = TT_DOCTOR_BAD;
        finding->remedy = remedy;
    }
}

static void look_at_file_size(struct tt_finding *finding)
{
    look_at_limit(finding, RLIMIT_FSIZE, "RLIMIT_FSIZE", "ulimit -f unlimited, or record --ring-bytes 64K");
}

static void look_at_address_space(struct tt_finding *finding)
{
    look_at_limit(finding, RLIMIT_AS, "RLIMIT_AS", "ulimit -v unlimited, or record --ring-bytes 64K");
}

static void look_at_maps(struct tt_finding *finding)
{
    unsigned long count = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    bool is_known = file != NULL && fscanf(file, "%lu", &count) == 1;
    if (file != NULL)
        fclose(file);
    if (!is_known) {
        TT_FOUND(finding, "unknown: /proc/sys/vm/max_map_count cannot be read");
        return;
    }
    TT_FOUND(finding, "vm.max_map_count %lu", count);
    if (count < 65530) {
        finding->verdict = TT_DOCTOR_NOTE;
        finding->remedy = "sysctl vm.max_map_count=262144: guarded stacks of many tasks need maps";
    }
}

static bool has_cpu_flag(const char *flags, const char *flag)
{
    const char *at = flags;
    size_t length = strlen(flag);
    while ((at = strstr(at, flag)) != NULL) {
        if (at[-1] == ' ' && (at[length] == ' ' || at[length] == '\n' || at[length] == '\0'))
            return true;
        at += length;
    }
    return false;
}

static double clock_cost_ns(void)
{
    enum { READINGS = 20000 };
    struct timespec begin, end, reading;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < READINGS; i++)
        clock_gettime(CLOCK_MONOTONIC, &reading);
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) / READINGS;
}

static void look_at_clock(struct tt_finding *finding)
{
    char *line = NULL;
    size_t size = 0;
    bool is_invariant = false;
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file != NULL && getline(&line, &size, file) >= 0)
        if (strncmp(line, "flags", 5) == 0) {
            is_invariant = has_cpu_flag(line, "constant_tsc") && has_cpu_flag(line, "nonstop_tsc");
            break;
        }
    free(line);
    if (file != NULL)
        fclose(file);
    double cost = clock_cost_ns();
    TT_FOUND(finding, "time-stamp counter %s, clock_gettime %.0f ns", is_invariant ? "invariant" : "not known to be invariant", cost);
    if (cost > 200) {
        finding->verdict = TT_DOCTOR_NOTE;
        finding->remedy = "the kernel's clock source is slow here; see /sys/devices/system/clocksource";
    }
}

static void look_at_folder(struct tt_finding *finding)
{
    char path[PATH_MAX];
    if (getcwd(path, sizeof path) == NULL)
        snprintf(path, sizeof path, ".");
    TT_FOUND(finding, "%s", path);
    if (access(".", W_OK | X_OK) == 0)
        return;
    finding->verdict = TT_DOCTOR_NOTE;
    finding->remedy = "stores cannot be written here: record -o FILE";
}

/* ---------------------------------------------------------------------------------------------------- command */

static const struct {
    const char *name;
    void (*look)(struct tt_finding *finding);
} probes[] = {
    {"program", look_at_program},     {"libraries", look_at_libraries},  {"recorder", look_at_recorder},
    {"ring dirs", look_at_ring_base}, {"left behind", look_at_leftovers}, {"this folder", look_at_folder},
    {"kernel", look_at_kernel},       {"file size", look_at_file_size},  {"address space", look_at_address_space},
    {"maps", look_at_maps},           {"clock", look_at_clock},          {"lttng", tt__doctor_lttng},
    {"provider", tt__doctor_provider}, {"daemon", tt__doctor_daemon},    {"buffers", tt__doctor_buffers},
    {"traces", tt__doctor_traces}, {"relay", tt__doctor_relay}, {"babeltrace2", tt__doctor_babeltrace}, {"plugin", tt__doctor_plugin},
};

void tt__doctor_print(tt_output *output, const char *name, const struct tt_finding *finding)
{
    static const char *const words[] = {[TT_DOCTOR_GOOD] = "ok", [TT_DOCTOR_NOTE] = "note", [TT_DOCTOR_BAD] = "BAD"};
    static const enum tt_style styles[] = {[TT_DOCTOR_GOOD] = TT_STYLE_GOOD, [TT_DOCTOR_NOTE] = TT_STYLE_WARNING, [TT_DOCTOR_BAD] = TT_STYLE_FAILURE};
    tt__style(output, styles[finding->verdict]);
    tt__print(output, "%-5s", words[finding->verdict]);
    tt__style(output, TT_STYLE_PLAIN);
    tt__print(output, "%-14s %s\n", name, finding->found);
    if (finding->remedy != NULL)
        tt__print(output, "%20s%s\n", "", finding->remedy);
    for (size_t i = 0; i < finding->further_count; i++)
        tt__print(output, "%20s%s\n", "", finding->further[i]);
}

static int run(struct tt_invocation *invocation)
{
    int status = TT_EXIT_CLEAN;
    if (invocation->argument_count > 0)
        return tt__doctor_store(invocation);
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        struct tt_finding finding = {0};
        probes[i].look(&finding);
        tt__doctor_print(&invocation->output, probes[i].name, &finding);
        if (finding.verdict == TT_DOCTOR_BAD)
            status = TT_EXIT_OUTSIDE;
    }
    return status;
}

const struct tt_command tt__command_doctor = {
    .name = "doctor",
    .usage = "[OPTION...] [STORE]",
    .summary = "what is installed, limits of this machine, the state of a store; remedies",
    .details = "Nothing is changed. Exit status: 0 when recording can work here, 5 when something that it needs is missing.\n"
               "STORE: who writes it, whether it is whole and complete, what it takes. 3 when it is damaged or no store,\n"
               "5 when that cannot be found out now.\n",
    .arguments_min = 0,
    .arguments_max = 1,
    .run = run,
};
