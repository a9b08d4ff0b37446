/* doctor_lttng.c: what `record --lttng` and `import` need, whether it is there, and what to do. See doctor.h.
 *
 * Nothing of this is needed to record without LTTng, so nothing here is BAD.
 */
#include "agent.h"
#include "doctor.h"
#include "leftovers.h"
#include "lttng_probe.h"
#include "lttng_session.h"
#include "lttng_silence.h"
#include "supervisor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLUGIN "babeltrace-plugin-telltale.so"
#define GROUP  "tracing" /* its members may use root's daemon */

/* A daemon registers a program within milliseconds. */
#define REGISTER_MS 1000

#define PROBE_MS 5000

#define LIVE_PORT 5344u /* a relay daemon's, unless it was told another one */

static bool lacks_lttng(struct tt_finding *finding)
{
    if (TELLTALE_HAS_LTTNG)
        return false;
    TT_FOUND(finding, "this telltale was built without LTTng; nothing needs it");
    return true;
}

static void note(struct tt_finding *finding, const char *remedy)
{
    finding->verdict = TT_DOCTOR_NOTE;
    finding->remedy = remedy;
}

/* A file below the folder of libraries that belongs to this program. */
static void library_path(const char *name, char *out_path, size_t size)
{
    char own[PATH_MAX];
    snprintf(own, sizeof own, "%s", tt__supervisor_own_path());
    char *slash = strrchr(own, '/');
    if (slash != NULL)
        *slash = '\0';
    snprintf(out_path, size, "%s/" TELLTALE_BIN_TO_LIB "/%s", own, name);
}

void tt__doctor_lttng(struct tt_finding *finding)
{
    char tools[PATH_MAX], daemon[PATH_MAX], agent[PATH_MAX];
    if (lacks_lttng(finding))
        return;
    tt__doctor_find_program("lttng", tools);
    tt__doctor_find_program("lttng-sessiond", daemon);
    tt__agent_path("telltale-lttng-session", agent, sizeof agent);
    if (access(agent, X_OK) != 0) {
        TT_FOUND(finding, "%s is missing: record --lttng does not work", agent);
        note(finding, "install telltale anew");
    } else if (daemon[0] == '\0') {
        TT_FOUND(finding, "lttng-sessiond is not installed: record --lttng does not work");
        note(finding, "apt-get install lttng-tools");
    } else if (tools[0] == '\0') {
        TT_FOUND(finding, "%s; the program lttng is not installed, which record --lttng does not need", daemon);
    } else {
        TT_FOUND(finding, "%s, %s", tools, daemon);
    }
}

void tt__doctor_provider(struct tt_finding *finding)
{
    struct tt_lttng_probe probe;
    if (lacks_lttng(finding))
        return;
    tt__lttng_probe(0, &probe);
    if (probe.is_loaded) {
        TT_FOUND(finding, "%s", probe.path);
        return;
    }
    TT_FOUND(finding, "%s cannot be loaded: %s", probe.path,
             probe.reason[0] != '\0' ? probe.reason : "it takes too long");
    note(finding, "apt-get install liblttng-ust1, or install telltale anew: programs emit nothing to LTTng without it");
}

/* A daemon that nobody here may ask, or that answers and registers nobody. */
static bool keeps_programs_waiting(struct tt_finding *finding)
{
    struct tt_lttng_probe probe;
    tt__lttng_probe(REGISTER_MS, &probe);
    if (!probe.is_late)
        return false;
    TT_FOUND(finding,
             "%s is there and registers no programs: each traced program waits for it, at its start and each fork",
             access(TT_LTTNG_ROOT_SOCKET, F_OK) == 0 ? "root's" : "one");
    note(finding, "it may be stopped (kill -CONT) or stuck: have it started anew; LTTNG_UST_REGISTER_TIMEOUT=300 makes "
                  "programs wait 300 ms at most");
    return true;
}

static bool is_in_group(void)
{
    gid_t groups[256];
    const struct group *group = getgrnam(GROUP);
    int count = getgroups(sizeof groups / sizeof *groups, groups);
    for (int i = 0; group != NULL && i < count; i++)
        if (groups[i] == group->gr_gid)
            return true;
    return false;
}

/* Sessions of recordings that were killed, or could not end them, in a daemon that goes on. */
static void look_at_left_sessions(struct tt_finding *finding)
{
    static char names[300], remedies[TT_DOCTOR_NAMED][sizeof names + 16];
    const char *arguments[] = {"telltale-lttng-session", "left", NULL};
    if (tt__agent_ask(arguments, NULL, PROBE_MS, NULL, names, sizeof names) != TT_AGENT_DONE || names[0] == '\0')
        return;
    size_t used = strlen(finding->found);
    snprintf(finding->found + used, sizeof finding->found - used,
             "; sessions of recordings that are gone still record in it: %s", names);
    finding->verdict = TT_DOCTOR_NOTE;
    for (char *rest = names, *name; finding->further_count < TT_DOCTOR_NAMED && (name = strsep(&rest, " ")) != NULL;) {
        char *remedy = remedies[finding->further_count];
        if (*name == '\0')
            continue;
        snprintf(remedy, sizeof *remedies, "lttng destroy %s", name);
        finding->further[finding->further_count++] = remedy;
    }
}

/* Which daemon record --lttng would use. */
void tt__doctor_daemon(struct tt_finding *finding)
{
    struct tt_lttng_session session = {0};
    const char *home = getenv("LTTNG_HOME");
    if (lacks_lttng(finding))
        return;
    bool is_root = geteuid() == 0, is_there = access(TT_LTTNG_ROOT_SOCKET, F_OK) == 0;
    int answers = tt__lttng_daemon_answers(&session);
    if (answers < 0) {
        TT_FOUND(finding, "one is there and does not answer");
        note(finding,
             "it may be stopped (kill -CONT) or stuck: end lttng-sessiond and lttng-consumerd, and start them anew");
    } else if (keeps_programs_waiting(finding)) {
        return;
    } else if (answers > 0) {
        TT_FOUND(finding, "%s is used",
                 is_root        ? "root's, which runs,"
                 : home != NULL ? "the one in LTTNG_HOME, which runs,"
                                : "yours or root's, which runs,");
        look_at_left_sessions(finding);
    } else if (is_root) {
        TT_FOUND(finding, "none runs; record --lttng starts root's, in /var/run/lttng, and ends it again");
    } else if (is_there && !is_in_group()) {
        TT_FOUND(finding, "root's runs, and you are not in the group " GROUP "; record --lttng starts one of its own");
        note(finding, "to use root's: usermod --append --groups " GROUP " USER, and log in anew");
    } else {
        TT_FOUND(finding, "none runs; record --lttng starts one in a private folder, and ends it again");
    }
}

/* Whether there is room for the buffers of a recording: where there is not, LTTng records nothing, and does not say so. */
void tt__doctor_buffers(struct tt_finding *finding)
{
    if (lacks_lttng(finding))
        return;
    uint64_t free_bytes = tt__lttng_shm_free(), needed = tt__lttng_processors() * TT_LTTNG_BUFFER_BYTES;
    if (free_bytes == UINT64_MAX) {
        TT_FOUND(finding, "/dev/shm is not there, and LTTng's buffers lie in it: record --lttng records nothing");
        note(finding, "mount a tmpfs at /dev/shm");
        return;
    }
    TT_FOUND(finding, "record --lttng takes %ju MiB of /dev/shm, and %ju MiB are free", (uintmax_t)(needed >> 20),
             (uintmax_t)(free_bytes >> 20));
    if (free_bytes < needed)
        note(finding, "LTTng would record nothing: make /dev/shm larger (mount -o remount,size=, docker run --shm-size), or "
                      "the buffers smaller: record --lttng --ring-bytes");
}

/* What to do about a folder: one that has a trace may have the only one of a run. */
static const char *remedy_of_folder(const struct tt_left_folder *folder, size_t number)
{
    static char remedies[TT_DOCTOR_NAMED][2 * PATH_MAX + 80];
    if (folder->has_trace)
        snprintf(remedies[number], sizeof *remedies, "telltale import %s/trace -o FILE reads it; then: rm -r %s", folder->path,
                 folder->path);
    else
        snprintf(remedies[number], sizeof *remedies, "rm -r %s", folder->path);
    return remedies[number];
}

/* Folders of recordings that were killed. Imports and readers of stores make such folders, too, and there is nothing in these that is not
 * elsewhere. */
void tt__doctor_traces(struct tt_finding *finding)
{
    struct tt_left_folder folders[TT_DOCTOR_NAMED];
    if (lacks_lttng(finding))
        return;
    size_t count = tt__leftovers_find_folders(folders, TT_DOCTOR_NAMED), used;
    if (count == 0) {
        TT_FOUND(finding, "none is left behind");
        return;
    }
    TT_FOUND(finding, "left behind by commands that were killed, or could not write a store: ");
    for (size_t i = 0; i < count && i < TT_DOCTOR_NAMED; i++) {
        used = strlen(finding->found);
        snprintf(finding->found + used, sizeof finding->found - used, "%s%s%s", i > 0 ? ", " : "", folders[i].path,
                 folders[i].has_trace ? "" : " (no trace in it)");
        finding->further[finding->further_count++] = remedy_of_folder(&folders[i], i);
    }
    used = strlen(finding->found);
    if (count > TT_DOCTOR_NAMED)
        snprintf(finding->found + used, sizeof finding->found - used, " and %zu more", count - TT_DOCTOR_NAMED);
    finding->verdict = TT_DOCTOR_NOTE;
}

/* Whether somebody listens at PORT of this machine. */
static bool is_listened_at(unsigned short port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is_there = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return is_there;
}

/* Live sessions come from a relay daemon, on this machine or another one. */
void tt__doctor_relay(struct tt_finding *finding)
{
    char relay[PATH_MAX];
    if (lacks_lttng(finding))
        return;
    tt__doctor_find_program("lttng-relayd", relay);
    if (is_listened_at(LIVE_PORT))
        TT_FOUND(finding, "somebody listens at port %u here: telltale import net://127.0.0.1", LIVE_PORT);
    else if (relay[0] == '\0')
        TT_FOUND(finding, "lttng-relayd is not installed here, and nobody listens at port %u; live sessions of other "
                          "machines can be imported",
                 LIVE_PORT);
    else
        TT_FOUND(finding, "%s; nobody listens at port %u here, for live sessions", relay, LIVE_PORT);
}

void tt__doctor_babeltrace(struct tt_finding *finding)
{
    char text[300], path[PATH_MAX];
    const char *arguments[] = {"telltale-ctf-reader", "--probe", NULL};
    if (lacks_lttng(finding))
        return;
    switch (tt__agent_ask(arguments, NULL, PROBE_MS, NULL, text, sizeof text)) {
    case TT_AGENT_DONE:
        TT_FOUND(finding, "%s", text);
        return;
    case TT_AGENT_REFUSED:
        TT_FOUND(finding, "%s", text[0] != '\0' ? text : "its library cannot be loaded");
        note(finding, "apt-get install libbabeltrace2-0; import does not work without its component source.ctf.fs");
        return;
    case TT_AGENT_LATE:
        TT_FOUND(finding, "its plugins take too long to load");
        note(finding, "look at BABELTRACE_PLUGIN_PATH");
        return;
    case TT_AGENT_MISSING:
        tt__agent_path(arguments[0], path, sizeof path);
        TT_FOUND(finding, "%s is missing: import does not work", path);
        note(finding, "install telltale anew");
    }
}

/* Whether babeltrace2 finds telltale's plugin by itself. */
void tt__doctor_plugin(struct tt_finding *finding)
{
    char path[PATH_MAX], folder[PATH_MAX];
    const char *asked = getenv("BABELTRACE_PLUGIN_PATH");
    if (lacks_lttng(finding))
        return;
    library_path("babeltrace2/plugins/" PLUGIN, path, sizeof path);
    if (realpath(path, folder) == NULL) {
        TT_FOUND(finding, "%s is not installed; telltale import does not need it", path);
        return;
    }
    TT_FOUND(finding, "sink.telltale.store, %s", folder);
    *strrchr(folder, '/') = '\0';
    bool is_system = strncmp(folder, "/usr/lib/", 9) == 0;
    if (!is_system && (asked == NULL || strstr(asked, folder) == NULL))
        note(finding, "for the program babeltrace2: --plugin-path, or BABELTRACE_PLUGIN_PATH, with that folder");
}
