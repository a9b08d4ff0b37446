/* retention.c: see retention.h. */
#include "retention.h"

#include "arena.h"
#include "settings.h"

const char *const tt__redaction_words[] = {"nothing", "messages", NULL};

int tt__retention_check(const struct tt_command *command, uint64_t max_size, const char *max_age, uint64_t poll_ms,
                        uint64_t *out_seconds)
{
    *out_seconds = 0;
    if (max_size != 0 && max_size < TT_STORE_BYTES_MIN)
        return tt__usage_error(command, "--max-size wants 1M or more");
    if (max_age != NULL && tt__setting_seconds(max_age, out_seconds) < 0)
        return tt__usage_error(command, "--max-age wants a time: 90s, 15m, 24h, 7d; not %s", max_age);
    if (poll_ms > TT_POLL_MS_MAX)
        return tt__usage_error(command, "--poll-ms wants 1 to %u", TT_POLL_MS_MAX);
    return -1;
}

int tt__ring_policy_check(const struct tt_command *command, const char *policy)
{
    if (policy == NULL || tt__settings[TT__SETTING_RING_POLICY].is_sound(policy))
        return -1;
    return tt__usage_error(command, "--ring-policy wants drop, overwrite or block:MS with 1 to %u, not %s", TT_BLOCK_MS_MAX,
                           policy);
}
