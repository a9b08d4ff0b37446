/* settings.h: what the environment may say to a program that is to be recorded: the TELLTALE_ variables whose values have a form.
 *
 * What it is for. The traced program reads them (options.c) and gives reasons (reason.c); `telltale record` looks at them before it starts a
 * program that could not be recorded. Both have the same reading of a value, and the same words about it.
 *
 * What it leaves to others: variables that name a file or a program, and those that a stranger may have set (TELLTALE_PARENT).
 *
 * Threads: any.
 */
#ifndef TT_SETTINGS_H
#define TT_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum tt__setting_index {
    TT__SETTING_EVENTS,
    TT__SETTING_RING_POLICY,
    TT__SETTING_REDACT,
    TT__SETTING_POLL_MS,
    TT__SETTING_MAX_SIZE,
    TT__SETTING_MAX_AGE,
    TT__SETTING_RING_BYTES,
    TT__SETTING_LTTNG,
    TT__SETTING_COUNT
};

struct tt__setting {
    const char *variable;
    const char *wants;  /* what it wants, in words */
    const char *reason; /* "VARIABLE wants ..." */
    bool (*is_sound)(const char *value);
};
extern const struct tt__setting tt__settings[TT__SETTING_COUNT];

/* Readings of a value; those that return int give 0 or -EINVAL, and then *OUT is as it was. */
int tt__setting_bytes(const char *text, uint64_t *out);   /* a number, also in K, M or G */
int tt__setting_seconds(const char *text, uint64_t *out); /* 1 to TT_STORE_SECONDS_MAX: 90s, 15m, 24h, 7d */
uint32_t tt__setting_number(const char *text);            /* 1 to 999,999,999; 0: it is none */
int tt__setting_policy(const char *text, uint32_t *out_policy, uint32_t *out_block_ms); /* drop, overwrite, block:MS */
int tt__setting_lttng(const char *text); /* enum tt_trace_lttng: 0, 1 or auto; or -EINVAL */

#endif
