/* arena_reader.h: an arena as its readers see it: mapped, checked, and read without trusting a byte of it.
 *
 * What it is for. The recorder maps the arenas of traced processes, live ones and those left by a kill, and reads
 * places, records and the board out of them. The format is arena.h. All sizes and offsets are copied and checked
 * once, when the arena is opened; what is read later is copied out before it is looked at, so that whatever the
 * writer does, nothing outside of the mapping is read, and nothing but the fields marked "recorder" is written.
 *
 * What it leaves to others. What records mean (decode.h), counting what is missing (recorder_ring.h).
 *
 * Threads. One reader belongs to one thread at a time.
 */
#ifndef TT_ARENA_READER_H
#define TT_ARENA_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "arena.h"

struct tt__arena_reader {
    unsigned char *base;
    uint64_t mapped_bytes;
    dev_t device; /* the file, for looking it up in the process's memory map */
    ino_t inode;
    /* The file itself, where nothing but that tells whether the writer lives: it is in other namespaces. Else -1. */
    int fd;

    /* Copies of the header, checked: */
    uint8_t process_uuid[16], boot_id[16];
    uint32_t pid, parent_pid, uid, clock, categories;
    uint32_t selected_categories; /* when the arena was opened */
    uint32_t ring_policy, block_ms, step_every;
    bool is_redacted;
    uint64_t start_ticks;
    uint64_t pid_namespace, time_namespace;
    char host[73], program[257], command[1025]; /* NUL-terminated */
    uint64_t dictionary_offset, dictionary_bytes;
    uint64_t board_offset, board_slots;
    uint64_t rings_offset, ring_stride, ring_slots, ring_count_max;
    const char *description;
    size_t description_length;
    bool can_write; /* the fields marked "recorder" can be written */
};

enum tt__arena_open_result {
    TT__ARENA_OPENED,
    TT__ARENA_NOT_READY, /* its writer is still making it: try again */
    TT__ARENA_REFUSED,   /* it is no arena, of another version, of another user, cut, or its layout makes no sense */
    TT__ARENA_NO_ROOM    /* no memory or no descriptor: try again */
};

/* Maps the arena NAME in the folder DIR_FD. *OUT_REASON is set to why it was refused, a static text. */
enum tt__arena_open_result tt__arena_open(int dir_fd, const char *name, struct tt__arena_reader *out_reader,
                                          const char **out_reason);
void tt__arena_close(struct tt__arena_reader *reader);

/* The header as it is now; only its atomic fields may be looked at. */
struct tt_arena_header *tt__arena_header(const struct tt__arena_reader *reader);

/* Rings that can be read now, at most ring_count_max. */
uint32_t tt__arena_ring_count(const struct tt__arena_reader *reader);
struct tt_ring *tt__arena_ring(const struct tt__arena_reader *reader, uint32_t index);

/* Whether full rings overwrite what is oldest, as far as a reader is concerned. */
bool tt__arena_overwrites(const struct tt__arena_reader *reader);

/* Nothing is known of who may have read it before: if somebody has, it is read anew, from the oldest records that are still there. */
void tt__arena_read_anew(const struct tt__arena_reader *reader);

struct tt__clock_reading {
    uint64_t ticks;
    int64_t monotonic_ns, realtime_ns, boottime_ns;
};

/* Reads the header's first (IS_LAST 0) or last clock pair. False: there is none, or its writer was killed while
 * writing it. */
bool tt__arena_clock(const struct tt__arena_reader *reader, bool is_last, struct tt__clock_reading *out_reading);

/* ------------------------------------------------------------------------------------------------------ dictionary */

struct tt__definition {
    uint64_t id;
    uint32_t line;
    uint16_t file_length, func_length, text_length;
    const char *file, *func, *text; /* in the mapping: bytes may change while a hostile writer lives, lengths do not */
};

/* Reads the definition at *POSITION (0 at first) and moves on. False: there is none (yet). */
bool tt__arena_next_definition(const struct tt__arena_reader *reader, uint64_t *position,
                               struct tt__definition *out_definition);

/* --------------------------------------------------------------------------------------------------------- records */

#define TT_RECORD_PAYLOAD_MAX (TT_SLOT_HEAD_PAYLOAD + 254u * TT_SLOT_MORE_PAYLOAD)

struct tt__record {
    uint64_t time;
    uint32_t attempt;
    uint16_t event;
    uint8_t slots;
    uint16_t length; /* bytes of payload: all that its slots have */
    unsigned char payload[TT_RECORD_PAYLOAD_MAX];
};

enum tt__ring_read {
    TT__RING_RECORD, /* a record; *POSITION is behind it */
    TT__RING_END,    /* nothing more up to LIMIT */
    TT__RING_BUSY    /* the record at *POSITION is being written; only while IS_ALIVE */
};

/* Reads the next record of RING from *POSITION, at most to LIMIT (a value of head). What a kill left half-written,
 * and what was overwritten meanwhile, is passed over when IS_ALIVE is false or nothing else is possible. */
enum tt__ring_read tt__arena_next_record(const struct tt__arena_reader *reader, const struct tt_ring *ring,
                                         uint64_t *position, uint64_t limit, bool is_alive,
                                         struct tt__record *out_record);

/* ----------------------------------------------------------------------------------------------------------- board */

/* Slots of the board that were ever in use. */
uint32_t tt__arena_board_used(const struct tt__arena_reader *reader);

/* Copies slot INDEX when its sequence is not *SEQUENCE any more, and sets *SEQUENCE. False: it has not changed, or
 * its writer is writing it, or was killed while doing so. The copy's name is NUL-terminated. */
bool tt__arena_read_board(const struct tt__arena_reader *reader, uint32_t index, uint32_t *sequence,
                          struct tt_board_slot *out_slot);

#endif
