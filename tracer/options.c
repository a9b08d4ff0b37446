/* options.c: what tt_trace_start is asked for, by its caller and by the environment. See struct tt_trace_options.
 *
 * The environment of a program with raised privileges is not believed (secure_getenv).
 */
#include "writer.h"

#include "ring_dir.h"
#include "select_list.h"
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *read_variable(const char *name)
{
    const char *value = secure_getenv(name);
    return value && *value ? value : NULL;
}

/* And of which tasks the steps are told. */
static int choose_categories(uint32_t wanted, uint32_t wanted_every, uint32_t *out, uint32_t *out_step_every)
{
    uint32_t every = 1;
    const char *list = wanted == 0 ? read_variable("TELLTALE_EVENTS") : NULL;
    *out = wanted != 0 ? wanted : (uint32_t)TT_CATEGORY_DEFAULT;
    int result = list ? tt__select_read_list(list, out, &every) : 0;
    if (wanted_every != 0)
        every = wanted_every;
    *out_step_every = every;
    *out = tt__select_complete(*out);
    return result;
}

static int choose_policy(const struct tt_trace_options *options, struct tt__plan *plan)
{
    const char *text = options->ring_policy == 0 ? read_variable("TELLTALE_RING_POLICY") : NULL;
    plan->ring_policy = options->ring_policy != 0 ? options->ring_policy : TT_RING_POLICY_DROP;
    plan->block_ms = options->block_ms;
    int result = text ? tt__setting_policy(text, &plan->ring_policy, &plan->block_ms) : 0;
    if (plan->ring_policy > TT_RING_POLICY_OVERWRITE || plan->block_ms > TT_BLOCK_MS_MAX ||
        (plan->ring_policy == TT_RING_POLICY_BLOCK && plan->block_ms == 0))
        return -EINVAL;
    return result;
}

/* messages, or nothing. */
static int choose_redaction(const struct tt_trace_options *options, struct tt__plan *plan)
{
    const char *text = read_variable("TELLTALE_REDACT");
    plan->redacts = options->redacts_messages != 0 || text; /* a word that makes no sense must not make texts appear */
    return text && strcmp(text, "messages") != 0 ? -EINVAL : 0;
}

/* Returns where its value belongs. */
static char *add_recorder_option(struct tt__plan *plan, const char *name)
{
    unsigned at = 0;
    while (plan->recorder_options[at].name)
        at++;
    plan->recorder_options[at].name = name;
    plan->recorder_options[at + 1].name = NULL;
    return plan->recorder_options[at].value;
}

static void add_recorder_number(struct tt__plan *plan, const char *name, uint64_t value)
{
    if (value != 0)
        snprintf(add_recorder_option(plan, name), TT_RECORDER_VALUE_BYTES, "%" PRIu64, value);
}

/* What the recorder is to be told: numbers, which it understands whatever its version, and that others who join are redacted, too. */
static int choose_recorder_options(const struct tt_trace_options *options, struct tt__plan *plan)
{
    uint64_t poll_ms = options->poll_ms, bytes = options->store_bytes_max, seconds = options->store_seconds_max;
    const char *text = poll_ms == 0 ? read_variable("TELLTALE_POLL_MS") : NULL;
    plan->recorder_options[0].name = NULL;
    if (text && (poll_ms = tt__setting_number(text)) == 0)
        return -EINVAL;
    text = bytes == 0 ? read_variable("TELLTALE_MAX_SIZE") : NULL;
    if (text && (tt__setting_bytes(text, &bytes) < 0 || bytes == 0))
        return -EINVAL;
    text = seconds == 0 ? read_variable("TELLTALE_MAX_AGE") : NULL;
    if (text && tt__setting_seconds(text, &seconds) < 0)
        return -EINVAL;
    if (poll_ms > TT_POLL_MS_MAX || (bytes != 0 && bytes < TT_STORE_BYTES_MIN))
        return -EINVAL;
    add_recorder_number(plan, "--poll-ms", poll_ms);
    add_recorder_number(plan, "--max-size", bytes);
    add_recorder_number(plan, "--max-age", seconds);
    if (plan->redacts)
        snprintf(add_recorder_option(plan, "--redact"), TT_RECORDER_VALUE_BYTES, "messages");
    return 0;
}

static int choose_ring_bytes(uint64_t wanted, uint64_t *out)
{
    const char *text = wanted == 0 ? read_variable("TELLTALE_RING_BYTES") : NULL;
    *out = wanted != 0 ? wanted : TT_RING_BYTES_DEFAULT;
    int result = text ? tt__setting_bytes(text, out) : 0;
    if (result == 0 && ((*out & (*out - 1)) != 0 || *out < TT_RING_BYTES_MIN || *out > TT_RING_BYTES_MAX))
        result = -EINVAL;
    return result;
}

static int copy_path(const char *path, char out[PATH_MAX])
{
    if (strlen(path) >= PATH_MAX)
        return -ENAMETOOLONG;
    strcpy(out, path);
    return 0;
}

/* Whether a recorder with this process's rights could write the store PATH, as far as can be told without opening it: a descriptor that is closed
 * takes SQLite's locks of the whole process with it. A recorder itself could tell nobody, and its arenas would stay for ever. */
static int check_store(const char *path)
{
    struct stat status;
    char folder[PATH_MAX];
    bool is_there = lstat(path, &status) == 0;
    if (is_there && !S_ISREG(status.st_mode))
        return S_ISLNK(status.st_mode) ? -ELOOP : S_ISDIR(status.st_mode) ? -EISDIR : -EEXIST;
    size_t length = (size_t)(strrchr(path, '/') - path);
    memcpy(folder, path, length);
    strcpy(folder + length, length == 0 ? "/" : "");
    if (is_there && faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) < 0)
        return -errno;
    /* SQLite has its log beside the store. */
    return faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* Where the arena goes, and which store it is for. A store that was given for a ring dir that knows its own is not
 * needed. */
static int choose_places(const char *store, const char *ring_dir, struct tt__plan *plan)
{
    int result;
    if (!ring_dir) {
        result = tt__store_canonical_path(store, plan->store, sizeof plan->store);
        if (result == 0)
            result = tt__ring_dir_of_store(store, plan->ring_dir, sizeof plan->ring_dir);
    } else {
        result = copy_path(ring_dir, plan->ring_dir);
        if (tt__ring_dir_read_store(ring_dir, plan->store, sizeof plan->store) < 0 &&
            (!store || tt__store_canonical_path(store, plan->store, sizeof plan->store) < 0))
            plan->store[0] = '\0';
    }
    return result;
}

/* Who writes the store: "" nobody that is started from here. */
static void choose_program(const struct tt_trace_options *options, const char *ring_dir, struct tt__plan *plan)
{
    const char *supervised = read_variable("TELLTALE_SUPERVISED");
    plan->is_supervised = ring_dir && !options->ring_dir && supervised && strcmp(supervised, "1") == 0;
    if (plan->is_supervised || !plan->store[0] ||
        tt__helper_find(options->program, plan->program, sizeof plan->program) < 0)
        plan->program[0] = '\0';
}

bool tt__options_have_arena(const struct tt_trace_options *options)
{
    return (options && (options->store || options->ring_dir)) || read_variable("TELLTALE_STORE") ||
           read_variable("TELLTALE_RING_DIR");
}

int tt__options_read_lttng(const struct tt_trace_options *options)
{
    if (options && options->lttng != TT_TRACE_LTTNG_ENVIRONMENT)
        return options->lttng <= TT_TRACE_LTTNG_ON ? (int)options->lttng : -EINVAL;
    const char *word = read_variable("TELLTALE_LTTNG");
    return word ? tt__setting_lttng(word) : TT_TRACE_LTTNG_OFF;
}

int tt__options_read(const struct tt_trace_options *options, bool needs_arena, struct tt__plan *out_plan)
{
    static const struct tt_trace_options nothing;
    if (!options)
        options = &nothing;
    const char *store = options->store ? options->store : read_variable("TELLTALE_STORE");
    const char *ring_dir = options->ring_dir ? options->ring_dir : read_variable("TELLTALE_RING_DIR");

    int result =
        choose_categories(options->categories, options->step_every, &out_plan->categories, &out_plan->step_every);
    if (result == 0)
        out_plan->step_limit = UINT32_MAX / out_plan->step_every;
    if (result == 0)
        result = choose_policy(options, out_plan);
    if (result == 0)
        result = choose_redaction(options, out_plan);
    if (result == 0)
        result = choose_recorder_options(options, out_plan);
    if (result == 0)
        result = choose_ring_bytes(options->ring_bytes, &out_plan->ring_bytes);
    out_plan->store[0] = out_plan->ring_dir[0] = out_plan->program[0] = '\0';
    if (result == 0 && !store && !ring_dir)
        return needs_arena ? -EINVAL : 0;
    if (result == 0)
        result = choose_places(store, ring_dir, out_plan);
    if (result < 0)
        return result;
    choose_program(options, ring_dir, out_plan);
    /* Of a ring dir that was given somebody else may be the recorder. */
    if (out_plan->program[0] && !ring_dir)
        result = check_store(out_plan->store);
    if (result == 0 && out_plan->program[0] && !ring_dir && tt__ring_dir_refuses(out_plan->ring_dir, out_plan->store))
        result = -EUCLEAN;
    return result < 0 ? result : tt__ring_dir_prepare(out_plan->ring_dir, out_plan->store[0] ? out_plan->store : NULL);
}
