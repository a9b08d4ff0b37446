/* lttng_silence.c: see lttng_silence.h. */
#include "lttng_silence.h"

#include "command.h"
#include "lttng_probe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHM "/dev/shm"

/* LTTng takes a text that is no number for 0. A daemon that has time needs some ten milliseconds. */
#define REGISTER_MS_MIN 300

#define NOTHING "record: nothing was traced: "

uint64_t tt__lttng_shm_free(void)
{
    struct statvfs status;
    if (statvfs(SHM, &status) < 0)
        return UINT64_MAX;
    return (uint64_t)status.f_bavail * status.f_frsize;
}

uint64_t tt__lttng_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_CONF);
    return count > 0 ? (uint64_t)count : 1;
}

/* Buffers are of shared memory. */
static bool is_too_large(const struct tt_lttng_silence *silence)
{
    uint64_t count = tt__lttng_processors();
    uint64_t needed = silence->buffer_bytes * count;
    if (silence->shm_free_bytes >= needed)
        return false;
    tt__complain(NOTHING "LTTng's buffers do not fit into " SHM ": %ju MiB for each of %ju processors, and %ju MiB "
                         "were free; make it larger (mount -o remount,size=, docker run --shm-size), or the buffers "
                         "smaller: --ring-bytes",
                 (uintmax_t)(silence->buffer_bytes >> 20), (uintmax_t)count, (uintmax_t)(silence->shm_free_bytes >> 20));
    return true;
}

static bool does_not_wait(const struct tt_lttng_silence *silence)
{
    const char *timeout = getenv("LTTNG_UST_REGISTER_TIMEOUT");
    long milliseconds = timeout != NULL ? strtol(timeout, NULL, 10) : -1;
    if (timeout == NULL || milliseconds < 0 || milliseconds >= REGISTER_MS_MIN)
        return false;
    tt__complain(NOTHING
                 "LTTNG_UST_REGISTER_TIMEOUT is %s, so %s does not wait until LTTng has registered it, and what it "
                 "emits before is lost; unset it, or set it to " TT_LTTNG_REGISTER_MS,
                 timeout[0] != '\0' ? timeout : "empty", silence->program);
    return true;
}

static bool cannot_be_loaded(void)
{
    struct tt_lttng_probe probe;
    tt__lttng_probe(0, &probe);
    if (probe.is_loaded)
        return false;
    tt__complain(NOTHING
                 "libtelltale-lttng.so cannot be loaded (%s); apt-get install liblttng-ust1, or install telltale "
                 "anew",
                 probe.reason[0] != '\0' ? probe.reason : "it takes too long");
    return true;
}

bool tt__lttng_complain_about_silence(const struct tt_lttng_silence *silence)
{
    if (cannot_be_loaded() || is_too_large(silence))
        return true;
    if (does_not_wait(silence))
        return false;
    if (WIFSIGNALED(silence->wait_status))
        tt__complain(NOTHING
                     "%s was ended by a signal (%s), before LTTng had registered it or had what it emitted; or it "
                     "does not use telltale, or does not find libtelltale-lttng.so: see telltale doctor",
                     silence->program, strsignal(WTERMSIG(silence->wait_status)));
    else
        tt__complain(NOTHING
                     "%s emitted no events of telltale that LTTng recorded; it does not use telltale, or LTTng, busy, "
                     "had not registered it in time (LTTNG_UST_REGISTER_TIMEOUT), or it does not find "
                     "libtelltale-lttng.so: see telltale doctor",
                     silence->program);
    return false;
}
