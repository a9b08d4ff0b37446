/* reader_end.h: why the reader of traces ended without having said how it went.
 *
 * What it is for. It may have met one of its limits, fallen over a damaged trace, or been ended by somebody who had his
 * reasons; only the second says something about the trace. This module tells them apart, and has a sentence for each.
 *
 * What it leaves to others. Running it, and what becomes of what it had written: trace_reader.h.
 *
 * Threads: any.
 */
#ifndef TT_VIEWER_READER_END_H
#define TT_VIEWER_READER_END_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of an end. */
struct tt_reader_end {
    int wait_status;          /* as waitpid gives it */
    bool is_late;             /* it took longer than it may, and was killed for that */
    unsigned still_seconds;   /* so long it had done nothing then; 0: it had worked */
    uint64_t cpu_us;          /* processor time that it has used */
    uint64_t cpu_seconds_max; /* its limit */
    uint64_t memory_bytes_max;
    uint64_t oom_count; /* processes that the kernel killed meanwhile for want of memory, by tt__reader_oom_count() */
};

/* Writes a sentence: no capital, no full stop. */
void tt__reader_end_text(const struct tt_reader_end *end, char *out_text, size_t size);

/* How many processes the kernel has killed for want of memory since it began; 0 also when it does not say. */
uint64_t tt__reader_oom_count(void);

#endif
