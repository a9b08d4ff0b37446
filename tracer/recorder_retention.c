/* recorder_retention.c: see recorder_retention.h. */
#include "recorder_retention.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOK_NS     INT64_C(200000000)
#define WORK_NS     INT64_C(20000000) /* rings hold more than what comes in this time */
#define SECOND_NS   INT64_C(1000000000)
#define AGE_LOOKS   20                /* in the greatest age: what is over stays a twentieth longer */
#define AGE_LOOK_NS (600 * SECOND_NS) /* at least as often */
/* Deleting begins when nine tenths are used, and ends at eight: a commit has a tenth at least. */
#define TENTHS_FULL 9
#define TENTHS_KEPT 8
/* When a commit failed for want of room that was not enough, whatever it is that takes so much: every batch fits into half a store. */
#define TENTHS_LEAST 5
#define SLICES_MAX   64
/* Of a small store a slice must not be all. */
#define BYTES_A_ROW    UINT64_C(8192)
#define ROWS_SLICE_MIN 64
#define ROWS_SLICE_MAX 10000

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

struct limits {
    int64_t bytes_max, seconds_max;
};

static void read_limits(void *context, const struct tt__cell *row)
{
    struct limits *limits = context;
    limits->bytes_max = row[0].kind == TT__CELL_INTEGER && row[0].integer > 0 ? row[0].integer : 0;
    limits->seconds_max = row[1].kind == TT__CELL_INTEGER && row[1].integer > 0 ? row[1].integer : 0;
}

int tt__retention_begin(struct tt__retention *retention, struct tt__store_writer *writer, struct tt_ingest *ingest,
                        uint64_t bytes_max, uint64_t seconds_max, struct tt_store_error *out_error)
{
    struct limits limits = {0, 0};
    memset(retention, 0, sizeof *retention);
    retention->writer = writer;
    retention->ingest = ingest;
    int result = tt__store_run(writer, "SELECT bytes_max, seconds_max FROM recording", NULL, 0, read_limits, &limits);
    bool is_new = (bytes_max != 0 && bytes_max != (uint64_t)limits.bytes_max) ||
                  (seconds_max != 0 && seconds_max != (uint64_t)limits.seconds_max);
    retention->bytes_max = bytes_max != 0 ? bytes_max : (uint64_t)limits.bytes_max;
    retention->seconds_max = seconds_max != 0 ? seconds_max : (uint64_t)limits.seconds_max;
    struct tt__cell values[] = {
        {.integer = (int64_t)retention->bytes_max, .kind = retention->bytes_max ? TT__CELL_INTEGER : TT__CELL_NULL},
        {.integer = (int64_t)retention->seconds_max, .kind = retention->seconds_max ? TT__CELL_INTEGER : TT__CELL_NULL},
    };
    /* A store that has no room for it goes on without. */
    if (result == 0 && is_new)
        (void)!tt__store_run(writer, "UPDATE recording SET bytes_max = ?1, seconds_max = ?2", values, 2, NULL, NULL);
    if (retention->bytes_max == 0)
        retention->bytes_max = TT_STORE_BYTES_MAX;
    if (result == 0)
        result = tt__store_limit(writer, retention->bytes_max);
    if (result < 0)
        *out_error = *tt__store_writer_error(writer);
    return result;
}

static void look(struct tt__retention *retention, int64_t now)
{
    int64_t pause = (int64_t)retention->seconds_max * SECOND_NS / AGE_LOOKS;
    if (now - retention->looked_ns >= LOOK_NS) {
        retention->looked_ns = now;
        retention->is_too_large |= tt__store_used_bytes(retention->writer) > retention->bytes_max / 10 * TENTHS_FULL;
    }
    if (retention->seconds_max != 0 && now - retention->aged_ns >= (pause < AGE_LOOK_NS ? pause : AGE_LOOK_NS)) {
        retention->aged_ns = now;
        retention->is_too_old = true;
    }
}

static int64_t slice_rows(const struct tt__retention *retention)
{
    uint64_t rows = retention->bytes_max / BYTES_A_ROW;
    return rows < ROWS_SLICE_MIN ? ROWS_SLICE_MIN : rows > ROWS_SLICE_MAX ? ROWS_SLICE_MAX : (int64_t)rows;
}

/* One slice. False: there is no more of it, or it cannot be done now. */
static bool prune_old(struct tt__retention *retention)
{
    int64_t present_ns;
    return tt_ingest_present(retention->ingest, &present_ns) &&
           tt_ingest_prune(retention->ingest, false, slice_rows(retention),
                           present_ns - (int64_t)retention->seconds_max * SECOND_NS) > 0;
}

/* Down to so many tenths. */
static bool prune_large(struct tt__retention *retention, unsigned tenths)
{
    return tt__store_used_bytes(retention->writer) > retention->bytes_max / 10 * tenths &&
           tt_ingest_prune(retention->ingest, true, slice_rows(retention), INT64_MAX) > 0;
}

bool tt__retention_work(struct tt__retention *retention)
{
    int64_t began = now_ns();
    look(retention, began);
    while ((retention->is_too_old || retention->is_too_large) && now_ns() - began < WORK_NS) {
        if (retention->is_too_old)
            retention->is_too_old = prune_old(retention);
        if (retention->is_too_large)
            retention->is_too_large = prune_large(retention, TENTHS_KEPT);
    }
    return retention->is_too_old || retention->is_too_large;
}

bool tt__retention_make_room(struct tt__retention *retention)
{
    int slices = 0;
    while (slices < SLICES_MAX && prune_large(retention, TENTHS_LEAST))
        slices++;
    return slices > 0;
}
