/* reason.c: why tt_trace_start() failed, in words: for whoever prints them, which is not this library. The texts are constant, so that a
 * program may keep them.
 *
 * Threads: any.
 */
#include "settings.h"
#include "writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static _Atomic(const char *) reason = "";

const char *tt_trace_start_reason(void)
{
    return atomic_load(&reason);
}

/* The variable whose value makes no sense, among those for which OPTIONS have nothing; NULL: none. */
static const char *find_variable(const struct tt_trace_options *options)
{
    const bool is_given[TT__SETTING_COUNT] = {
        [TT__SETTING_EVENTS] = options->categories != 0,
        [TT__SETTING_RING_POLICY] = options->ring_policy != 0,
        [TT__SETTING_POLL_MS] = options->poll_ms != 0,
        [TT__SETTING_MAX_SIZE] = options->store_bytes_max != 0,
        [TT__SETTING_MAX_AGE] = options->store_seconds_max != 0,
        [TT__SETTING_RING_BYTES] = options->ring_bytes != 0,
        [TT__SETTING_LTTNG] = options->lttng != TT_TRACE_LTTNG_ENVIRONMENT,
    };
    for (unsigned i = 0; i < TT__SETTING_COUNT; i++) {
        const char *value = is_given[i] ? NULL : secure_getenv(tt__settings[i].variable);
        if (value && *value && !tt__settings[i].is_sound(value))
            return tt__settings[i].reason;
    }
    return NULL;
}

static const char *explain_invalid(const struct tt_trace_options *options)
{
    static const struct tt_trace_options nothing;
    const char *found = find_variable(options ? options : &nothing);
    if (found)
        return found;
    if (!tt__options_have_arena(options))
        return "nothing says where to record: neither store nor ring dir, neither TELLTALE_STORE nor TELLTALE_RING_DIR";
    const char *ring_dir = options && options->ring_dir ? options->ring_dir : secure_getenv("TELLTALE_RING_DIR");
    if (ring_dir && *ring_dir && *ring_dir != '/')
        return "the ring dir is not an absolute path";
    return "a number in the options is out of range";
}

static const char *explain(const struct tt_trace_options *options, int result)
{
    switch (result) {
    case -EINVAL:
        return explain_invalid(options);
    case -ENOENT:
        return "the folder of the store or of the ring dir does not exist";
    case -EPERM:
        return "the ring dir belongs to somebody else, or others may write to it";
    case -ENOTDIR:
        return "the ring dir is no folder, or a symbolic link";
    case -EISDIR:
        return "the store is a folder";
    case -ENOSPC:
        return "no memory is left where the ring dir is";
    case -EFBIG:
        return "the limit on the size of files leaves no room for an arena";
    case -ENOTSUP:
        return "the kernel is older than Linux 5.14";
    case -EACCES:
        return "no permission to write the store, or to make a folder or file for the recording";
    case -EROFS:
        return "the file system of the store or of the ring dir is read-only";
    case -ELOOP:
        return "the store is a symbolic link, and stores are not written through links";
    case -EUCLEAN:
        return "the file in the store's place is damaged, no store, or a newer telltale's: telltale doctor tells which";
    case -EEXIST:
        return "the store is no regular file";
    case -ENAMETOOLONG:
        return "the name of the store or of the ring dir is too long";
    case -ENOMEM:
        return "no memory";
    case -EMFILE:
    case -ENFILE:
        return "too many open files";
    default:
        return "the system does not make a folder or a file for the recording";
    }
}

void tt__reason_tell(const struct tt_trace_options *options, int result)
{
    atomic_store(&reason, result < 0 ? explain(options, result) : "");
}

void tt__reason_tell_lttng(int result)
{
    atomic_store(&reason, result == -ENOENT ? "libtelltale-lttng.so is not installed"
                          : result == -ELIBACC
                              ? "libtelltale-lttng.so cannot be loaded: LTTng-UST is missing, or of another version"
                              : "libtelltale-lttng.so belongs to another version of telltale");
}
