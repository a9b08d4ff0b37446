/* pause.c: a recorder whose store takes nothing. The contract is in pause.h. */
#include "pause.h"

#include "nanoseconds.h"
#include "output/text.h"
#include "query.h"
#include "report.h"
#include "ring_dir.h"

#include <inttypes.h>
#include <limits.h>

bool tt__pause_find(const char *path, struct tt_recorder_pause *out_pause)
{
    char store[PATH_MAX], dir[PATH_MAX];
    return tt__store_canonical_path(path, store, sizeof store) == 0 && tt__ring_dir_of_store(store, dir, sizeof dir) == 0 &&
           tt_recorder_look(dir, out_pause) == 1;
}

const char *tt__pause_cause(const struct tt_recorder_pause *pause, char out_text[static 160])
{
    if (pause->reason == TT_PAUSE_REASON_FULL)
        return "because there is no room, on the disk or in the store";
    if (pause->reason != TT_PAUSE_REASON_LOG)
        return "because the system refuses to write the store";
    if (pause->reader_pid == 0)
        return "because somebody reads an old state of the store, and its log has its full length";
    snprintf(out_text, 160, "because process %" PRIu32 " reads an old state of the store, and its log has its full length",
             pause->reader_pid);
    return out_text;
}

const char *tt__pause_counts(const struct tt_recorder_pause *pause, char out_text[static 160])
{
    int used = snprintf(out_text, 160, "%jd %s in their rings%s", (intmax_t)pause->waiting_count,
                    pause->waiting_count == 1 ? "event waits" : "events wait",
                    pause->is_overwritten ? ", of which the oldest are being overwritten" : "");
    if (pause->drop_count > 0 && used > 0 && used < 160)
        snprintf(out_text + used, (size_t)(160 - used), ", %jd more %s dropped", (intmax_t)pause->drop_count,
                 pause->drop_count == 1 ? "was" : "were");
    return out_text;
}

void tt__pause_print(tt_session *session, tt_output *output, const struct tt_recorder_pause *pause)
{
    char since[TT_DURATION_BYTES], cause[160], counts[160];
    tt__print(output, "  nothing has been recorded");
    tt_query *query = tt__query_open(session, "SELECT origin_monotonic_ns FROM recording WHERE origin_monotonic_ns IS NOT NULL");
    if (tt__query_next(query)) {
        tt__text_instant(since, tt__ns_subtract(pause->since_ns, tt__query_integer(query, "origin_monotonic_ns")));
        tt__print(output, " since %s", since);
    }
    tt__query_close(query);
    tt__print(output, ", %s: %s\n", tt__pause_cause(pause, cause), tt__pause_counts(pause, counts));
}
