/* arena.h: the format of an arena, the shared file mapping that is all a traced process writes.
 *
 * The writer (arena.c, emit.c, board.c, in the traced process) and the readers (the recorder, live or after a kill)
 * share this file and nothing else. Numbers are in the machine's byte order; an arena is read on the machine that
 * wrote it.
 *
 *   offset                 bytes                       what
 *   0                      64 KiB                      struct tt_arena_header, at its end the description of the events
 *   dictionary_offset      dictionary_bytes            definitions of places, appended
 *   board_offset           board_slots * 128           the board: what is
 *   rings_offset           ring_count_max * ring_stride  the rings: what happened; ring 0 is the emergency ring
 *
 * The file is sparse. The writer makes the pages it is about to use real with MADV_POPULATE_WRITE, so that a full
 * disk is an error and never SIGBUS; readers must not write anywhere but to the fields marked "recorder".
 *
 * What a kill leaves. Every record whose commit words are in place is whole. A record whose head is missing is a
 * hole: the emit call had not returned. Readers of a dead arena go on at the next slot with a head; readers of a
 * living one wait.
 */
#ifndef TT_ARENA_H
#define TT_ARENA_H

#include <stdatomic.h>
#include <stdint.h>

#define TT_ARENA_MAGIC UINT64_C(0x314e455241545454) /* "TTTAREN1" */
#define TT_ARENA_VERSION 1u
#define TT_ARENA_HEADER_BYTES (64u * 1024)
#define TT_ARENA_SUFFIX ".arena"

/* Limits. Address space is cheap, and tmpfs gives memory to touched pages only; 1,048,576 tasks is the runtime's goal
 * for one process; 256 threads with a ring each is more than libuv programs have, later ones share the emergency
 * ring. */
#define TT_DICTIONARY_BYTES (16u * 1024 * 1024)
#define TT_BOARD_SLOTS (1u << 20)
#define TT_RINGS_MAX 256u
#define TT_RING_BYTES_DEFAULT (UINT64_C(8) * 1024 * 1024)
#define TT_RING_BYTES_MIN (UINT64_C(64) * 1024)
#define TT_RING_BYTES_MAX (UINT64_C(1024) * 1024 * 1024)

/* An emit call that waits longer for its recorder than this is taken for a mistake. */
#define TT_BLOCK_MS_MAX 60000u
/* A recorder that looks less often finds full rings; that of a store which may not grow past a megabyte has no room for
 * its tables. A hundred years is what fits in nanoseconds of 63 bits, and more than anybody means. */
#define TT_POLL_MS_MAX 1000u
#define TT_STORE_BYTES_MIN (UINT64_C(1024) * 1024)
#define TT_STORE_SECONDS_MAX (UINT64_C(100) * 365 * 86400)

/* ------------------------------------------------------------------------------------------------------- header */

enum tt_arena_state {
    TT_ARENA_ALIVE = 1,  /* its process writes, or died without goodbye */
    TT_ARENA_GOODBYE = 2 /* process_ended was emitted; nothing more will come */
};

enum tt_arena_clock { TT_ARENA_CLOCK_MONOTONIC = 1, TT_ARENA_CLOCK_TSC = 2 };

/* Two clocks read together: ticks of tt_trace_clock() and the kernel's. A pair is valid when `sequence` is even and
 * not 0. */
struct tt_clock_pair {
    _Atomic uint32_t sequence;
    uint32_t reserved;
    _Atomic uint64_t ticks;
    _Atomic uint64_t monotonic_ns;
    _Atomic uint64_t realtime_ns;
    _Atomic uint64_t boottime_ns;
};

struct tt_arena_header {
    uint64_t magic; /* written last: an arena without it is not ready */
    uint32_t version;
    uint32_t header_bytes;
    uint64_t file_bytes;
    uint8_t process_uuid[16]; /* random; names this arena in a recording */
    uint8_t boot_id[16];      /* of the kernel's boot, so that a reused pid after a reboot is not mistaken */
    uint32_t pid;             /* in the writer's pid namespace */
    uint32_t parent_pid;
    uint64_t start_ticks; /* field 22 of /proc/PID/stat: with the pid it identifies the process */
    uint32_t uid;
    uint32_t clock; /* enum tt_arena_clock */
    struct tt_clock_pair clock_first; /* at start */
    struct tt_clock_pair clock_last;  /* renewed by the writer about once a second, as it emits */
    char host[72];
    char program[256];
    char command[1024];
    uint64_t dictionary_offset, dictionary_bytes;
    uint64_t board_offset, board_slots;
    uint64_t rings_offset, ring_stride, ring_bytes, ring_count_max; /* ring_stride = 4096 + ring_bytes */
    /* 1: full rings overwrite (it was asked for, or no recorder was to be had); 0: they drop and count, at once or after
     * a wait. It may turn from 0 to 1, when the recorder's program could not be executed, never back. */
    uint32_t overwrite_oldest;
    uint32_t description_offset, description_bytes; /* of the events, inside the header: see below */
    uint32_t categories; /* of events that were on at the start: bits TT_CATEGORY_ */
    _Atomic uint32_t state;       /* enum tt_arena_state */
    _Atomic uint32_t ring_count;  /* rings handed out so far, the emergency ring included */
    _Atomic uint64_t dictionary_used; /* bytes appended; a definition is complete once its length word is not 0 */
    _Atomic uint64_t dictionary_drop_count;
    _Atomic uint32_t board_used;  /* slots ever handed out */
    _Atomic uint32_t is_read_anew; /* recorder: 1 when who read it before wrote into a store that is gone; see below */
    _Atomic uint64_t board_drop_count;
    _Atomic uint32_t recorder_pid; /* recorder: who reads, 0 = nobody yet */
    _Atomic uint32_t stop_reading; /* recorder: set when it has given the arena up (unlinked) */
    uint32_t ring_policy; /* enum tt_ring_policy: what was asked for; 0 in arenas of writers that knew one only */
    uint32_t block_ms;    /* with TT_RING_POLICY_BLOCK */
    uint32_t step_every;  /* steps are told of one task in so many; 0: as above */
    uint32_t redacts;     /* 1: texts of the program were left out of its events */
    /* What is on now; `categories` and `step_every` are what was at the start. 0: a writer that knows no selecting. */
    _Atomic uint32_t selected_categories, selected_step_every;
    /* Somebody from outside, under the lock of the arena's folder or not: what is to be selected, step_every << 32 | categories; the writer
     * puts 0 there when it has taken it. 0: nothing. */
    _Atomic uint64_t wanted_selection;
    /* Numbers of the namespaces that `pid`, and `start_ticks` and the clocks, are told in; 0: not known. A reader in others can make nothing
     * of them. */
    uint64_t pid_namespace, time_namespace;
    _Atomic uint32_t child_drop_count; /* children: those of them that had something to say, and could have no arena to say it in */
    uint32_t reserved_3;
    /* recorder: since when it reads nothing, because its store takes nothing (CLOCK_MONOTONIC in nanoseconds; 0: it reads), written last; why, enum
     * tt_pause_reason; whom it waits for, of those who read the store (0: nobody); and what all rings had dropped by then. */
    _Atomic uint64_t pause_since_ns;
    _Atomic uint32_t pause_reason, pause_reader_pid;
    _Atomic uint64_t pause_drop_count;
};

/* Who reads an arena anew begins with the oldest records that are still there: their room was given back, so writers may overwrite them
 * meanwhile, and what they have overwritten is missing. For readers that is a ring that overwrites; writers do not mind. */

/* The description of the events makes an arena readable by older and newer readers. It is text, one line each:
 *
 *   event NUMBER NAME CATEGORY FIELD:KIND FIELD:KIND ...
 *   enum NAME NUMBER=WORD NUMBER=WORD ...
 *
 * KIND is u8 u16 u32 u64 i32 id ticks site, text:LIMIT, or word:ENUMERATION. Fields stand in a record in this order. */

/* --------------------------------------------------------------------------------------------------- dictionary */

/* One definition, appended before its id is first used, padded with zeros to 8 bytes:
 *
 *   0   4  length of the whole definition in bytes, a multiple of 8; written last (release)
 *   4   4  line
 *   8   8  id: content hash of file, function, line and text; never 0: the FNV-1a 64 of file, a NUL, function, a NUL,
 *          the line in 4 bytes, least first, a NUL, text
 *   16  2  length of file      18 2 length of function      20 2 length of text      22 2 zero
 *   24  .. file, function, text, without NULs
 *
 * A hole (the writer was killed inside an append) has length 0 and ends what can be read, unless `dictionary_used` says
 * that more was reserved: a reader then looks for nothing further, ids without definition are shown as unknown
 * places. */
#define TT_DEFINITION_BYTES 24u

/* -------------------------------------------------------------------------------------------------------- rings */

/* The head of a ring, 4096 bytes in front of its slots. Positions count slots since the ring began and never wrap; the
 * slot of position P is P modulo slot_count. */
struct tt_ring {
    _Atomic uint64_t head;     /* writer: position after the last slot reserved */
    /* writer: emit calls for this ring, over all threads that had it. A record carries the low 32 bits of its number,
     * the first being 0: so a gap between two records is the count of what was dropped there. */
    _Atomic uint64_t attempts;
    _Atomic uint64_t drops;    /* writer: of these, dropped because the ring was full */
    _Atomic uint64_t populated; /* writer: slots that have memory */
    uint64_t slot_count;       /* a power of two */
    uint32_t ordinal;          /* of the thread in its process: 0 emergency ring, 1, 2, ... never reused */
    _Atomic uint32_t tid;      /* kernel thread id, 0 for the emergency ring */
    /* writer: 1: its thread ended, and it may be reused when the reader has drained it; 2: another thread is taking it,
     * leave it alone; 0: in use, by the thread that `ordinal` and `tid` name from now on. */
    _Atomic uint32_t is_detached;
    uint8_t padding[4];
    /* writer: of the drops, those of TT_LEVEL_VITAL; without any, nothing about failures is missing */
    _Atomic uint64_t vital_drops;
    _Atomic uint64_t wait_ns;  /* writer: how long emit calls of this thread have waited for room */
    uint8_t gap_1[48];
    _Atomic uint64_t tail;     /* recorder: position up to which everything is safely in the store */
    /* recorder: from 0 to 1 when is_detached is 1 and all of the ring is in the store; the writer sets it to 0 */
    _Atomic uint32_t is_drained;
};
#define TT_RING_HEAD_BYTES 4096u

/* A slot, 64 bytes. A record is one head slot and as many continuation slots as it needs, at consecutive positions.
 *
 *   head slot           0   8  commit: (position + 1) << 1 | 1, written last (release)
 *                       8   8  time: tt_trace_clock()
 *                       16  4  low 32 bits of the number of the attempt in this ring
 *                       20  2  event number
 *                       22  1  slots of the record, 1 to 255
 *                       23  1  zero
 *                       24 40  payload
 *   continuation slot   0   8  commit: (position + 1) << 1, written before the head's
 *                       8  56  payload
 *
 * The payload is the fields in the order of the description, unaligned: numbers in their width (id, ticks, site: 8
 * bytes, word: 1), a text as 2 bytes length and its bytes. In the emergency ring the payload begins with the 4-byte
 * kernel id of the thread that emitted. Threads that have a ring use it alone and without locked instructions; an
 * emit that interrupts another emit of its thread (a signal handler), or comes from a thread without a ring, goes to
 * the emergency ring, where reservation is a compare-and-swap. */
#define TT_SLOT_BYTES 64u
#define TT_SLOT_HEAD_PAYLOAD 40u
#define TT_SLOT_MORE_PAYLOAD 56u
#define TT_SLOT_HEAD_PAYLOAD_OFFSET 24u
#define TT_SLOT_MORE_PAYLOAD_OFFSET 8u

struct tt_slot {
    _Atomic uint64_t commit;
    uint64_t time;
    uint32_t attempt;
    uint16_t event;
    uint8_t slots;
    uint8_t zero;
    uint8_t payload[TT_SLOT_HEAD_PAYLOAD];
};

static inline uint64_t tt_commit_word(uint64_t position, int is_head)
{
    return (position + 1) << 1 | (uint64_t)(is_head != 0);
}

/* -------------------------------------------------------------------------------------------------------- board */

/* One slot of the board, 128 bytes, two cache lines: the first is rewritten at each change, the second at claim only.
 * `sequence` is odd while its writer changes the slot. task_id 0: the slot is free. */
struct tt_board_slot {
    _Atomic uint32_t sequence;
    uint8_t state;
    uint8_t wait_kind;
    uint16_t reserved;
    _Atomic uint64_t task_id;
    uint64_t wait_object;
    uint64_t wait_site;
    uint64_t since;
    uint64_t busy;
    uint64_t ready;
    uint32_t step_count;
    uint32_t name_number;
    uint64_t parent_id;
    uint64_t loop_id;
    uint64_t created_site;
    char name[40]; /* cut, NUL-terminated; empty: the name is Task-<name_number> */
};

_Static_assert(sizeof(struct tt_slot) == TT_SLOT_BYTES, "a slot is a cache line");
_Static_assert(sizeof(struct tt_board_slot) == 128, "a board slot is two cache lines");
_Static_assert(sizeof(struct tt_ring) <= TT_RING_HEAD_BYTES, "the head of a ring fits in front of its slots");
_Static_assert(sizeof(struct tt_arena_header) <= 4096, "the header leaves room for the description of the events");

#endif
