/* retention.c: see retention.h. */
#include "retention.h"

#include "arena.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const tt__redaction_words[] = {"nothing", "messages", NULL};

/* Seconds, also in minutes, hours or days: 90s, 15m, 24h, 7d. 0: that is none. */
static uint64_t parse_age(const char *text)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return 0;
    unsigned long long number = strtoull(text, &end, 10);
    uint64_t unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
    if (unit != 1 || *end == 's')
        end++;
    return errno == 0 && *end == '\0' && number <= TT_STORE_SECONDS_MAX / unit ? (uint64_t)number * unit : 0;
}

int tt__retention_check(const struct tt_command *command, uint64_t max_size, const char *max_age, uint64_t poll_ms,
                        uint64_t *out_seconds)
{
    *out_seconds = max_age != NULL ? parse_age(max_age) : 0;
    if (max_size != 0 && max_size < TT_STORE_BYTES_MIN)
        return tt__usage_error(command, "--max-size wants 1M or more");
    if (max_age != NULL && *out_seconds == 0)
        return tt__usage_error(command, "--max-age wants a time: 90s, 15m, 24h, 7d; not %s", max_age);
    if (poll_ms > TT_POLL_MS_MAX)
        return tt__usage_error(command, "--poll-ms wants 1 to %u", TT_POLL_MS_MAX);
    return -1;
}

int tt__ring_policy_check(const struct tt_command *command, const char *policy)
{
    char *end;
    if (policy == NULL || strcmp(policy, "drop") == 0 || strcmp(policy, "overwrite") == 0)
        return -1;
    if (strncmp(policy, "block:", 6) == 0 && policy[6] >= '1' && policy[6] <= '9') {
        unsigned long ms = strtoul(policy + 6, &end, 10);
        if (*end == '\0' && ms <= TT_BLOCK_MS_MAX)
            return -1;
    }
    return tt__usage_error(command, "--ring-policy wants drop, overwrite or block:MS with 1 to %u, not %s", TT_BLOCK_MS_MAX,
                           policy);
}
