/* settings.c: see settings.h. */
#include "settings.h"

#include "arena.h"
#include "select_list.h"
#include "telltale/trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------- readings */

uint32_t tt__setting_number(const char *text)
{
    size_t length;
    uint32_t number = tt__select_read_number(text, &length);
    return text[length] == '\0' ? number : 0;
}

int tt__setting_bytes(const char *text, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    end += shift != 0;
    if (errno != 0 || *end != '\0' || number > (UINT64_MAX >> shift))
        return -EINVAL;
    *out = (uint64_t)number << shift;
    return 0;
}

int tt__setting_seconds(const char *text, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    uint64_t unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
    end += unit != 1 || *end == 's';
    if (errno != 0 || *end != '\0' || number == 0 || number > TT_STORE_SECONDS_MAX / unit)
        return -EINVAL;
    *out = (uint64_t)number * unit;
    return 0;
}

int tt__setting_policy(const char *text, uint32_t *out_policy, uint32_t *out_block_ms)
{
    bool is_block = strncmp(text, "block:", 6) == 0;
    uint32_t milliseconds = is_block ? tt__setting_number(text + 6) : 0;
    if (is_block && (milliseconds == 0 || milliseconds > TT_BLOCK_MS_MAX))
        return -EINVAL;
    if (!is_block && strcmp(text, "drop") != 0 && strcmp(text, "overwrite") != 0)
        return -EINVAL;
    *out_policy = is_block ? TT_RING_POLICY_BLOCK : *text == 'd' ? TT_RING_POLICY_DROP : TT_RING_POLICY_OVERWRITE;
    if (is_block)
        *out_block_ms = milliseconds;
    return 0;
}

int tt__setting_lttng(const char *text)
{
    if (strcmp(text, "0") == 0)
        return TT_TRACE_LTTNG_OFF;
    if (strcmp(text, "1") == 0)
        return TT_TRACE_LTTNG_ON;
    return strcmp(text, "auto") == 0 ? TT_TRACE_LTTNG_AUTO : -EINVAL;
}

/* ------------------------------------------------------------------------------------------------------- the table */

static bool are_events(const char *value)
{
    uint32_t categories = TT_CATEGORY_DEFAULT, step_every = 1;
    return tt__select_read_list(value, &categories, &step_every) == 0;
}

static bool is_policy(const char *value)
{
    return tt__setting_policy(value, &(uint32_t){0}, &(uint32_t){0}) == 0;
}

static bool is_redaction(const char *value)
{
    return strcmp(value, "messages") == 0;
}

static bool is_poll(const char *value)
{
    uint32_t number = tt__setting_number(value);
    return number != 0 && number <= TT_POLL_MS_MAX;
}

static bool is_size(const char *value)
{
    uint64_t bytes;
    return tt__setting_bytes(value, &bytes) == 0 && bytes >= TT_STORE_BYTES_MIN;
}

static bool is_age(const char *value)
{
    return tt__setting_seconds(value, &(uint64_t){0}) == 0;
}

static bool are_ring_bytes(const char *value)
{
    uint64_t bytes;
    return tt__setting_bytes(value, &bytes) == 0 && bytes >= TT_RING_BYTES_MIN && bytes <= TT_RING_BYTES_MAX &&
           (bytes & (bytes - 1)) == 0;
}

static bool is_lttng(const char *value)
{
    return tt__setting_lttng(value) >= 0;
}

#define SETTING(variable, wants, is_sound)                  \
    {                                                       \
        variable, wants, variable " wants " wants, is_sound \
    }

const struct tt__setting tt__settings[TT__SETTING_COUNT] = {
    [TT__SETTING_EVENTS] =
        SETTING("TELLTALE_EVENTS",
                "categories of events, or default, all, none, vital: task,failure,...; +step/100 adds to those on by default, "
                "for one task in 100",
                are_events),
    [TT__SETTING_RING_POLICY] =
        SETTING("TELLTALE_RING_POLICY", "drop, overwrite or block:MS with 1 to 60000", is_policy),
    [TT__SETTING_REDACT] = SETTING("TELLTALE_REDACT", "messages, or nothing", is_redaction),
    [TT__SETTING_POLL_MS] = SETTING("TELLTALE_POLL_MS", "milliseconds: 1 to 1000", is_poll),
    [TT__SETTING_MAX_SIZE] = SETTING("TELLTALE_MAX_SIZE", "bytes: 1M or more, in K, M or G", is_size),
    [TT__SETTING_MAX_AGE] = SETTING("TELLTALE_MAX_AGE", "a time: 90s, 15m, 24h, 7d", is_age),
    [TT__SETTING_RING_BYTES] = SETTING("TELLTALE_RING_BYTES", "a power of two from 64K to 1G", are_ring_bytes),
    [TT__SETTING_LTTNG] = SETTING("TELLTALE_LTTNG", "0, 1 or auto", is_lttng),
};
