/* Arenas whose bytes were changed: header, description, places, board, heads of rings, records. Whatever they say, reading them ends,
 * within the mapping, with events or without; and what the recorder makes of them is a sound store. Each is read, walked through and decoded;
 * one in INGESTED goes the recorder's whole way. TT_COUNT arenas; a failure's seed repeats it. */
#include "harness.h"
#include "arena_walk.h"
#include "mutate.h"
#include "tracer/each_event.h"
#include "tracer/studio.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "arena_reader.h"
#include "decode.h"
#include "ingest.h"
#include "recorder_process.h"
#include "recorder_ring.h"
#include "store_writer.h"
#include "timeline.h"

#define INGESTED    32u   /* one mutant in so many is ingested */
#define COMMITTED   64u   /* of these, so many come into one commit */
#define STORED      4096u /* and so many into one store */
#define BATCH_BYTES (UINT64_C(16) << 20)

static struct studio studio;
static char name[NAME_MAX + 1];
static int dir_fd;
static unsigned char *bytes; /* the arena, which each mutant is made of in place */
static size_t byte_count;

/* ---------------------------------------------------------------------------------------------------- a sound arena */

static void *emit_beside(void *argument)
{
    tt_trace_note(0, "beside", "another thread");
    return argument;
}

/* Each event once, with texts and places; tasks on the board; a second thread, which has ended; and no goodbye. */
static void write_sound_arena(void *argument)
{
    pthread_t thread;
    (void)argument;
    emit_each_event();
    if (pthread_create(&thread, NULL, emit_beside, NULL) != 0 || pthread_join(thread, NULL) != 0)
        _exit(3);
    for (uint64_t i = 1; i <= 4; i++) {
        tt_board_slot *slot = tt_board_claim(i, 0, 1, TT_SITE_HERE("wait"), i % 2 ? "named" : NULL, (uint32_t)i);
        tt_board_write(slot, &(struct tt_board_entry){.state = TT_TASK_STATE_WAITING,
                                                      .wait_kind = TT_WAIT_KIND_SLEEP,
                                                      .wait_site = TT_HERE,
                                                      .since = tt_trace_clock(),
                                                      .step_count = 3});
    }
    kill(getpid(), SIGKILL);
}

static void make_sound_arena(void)
{
    studio_open(&studio);
    studio_wait(studio_start_program(&studio, write_sound_arena, NULL, 65536));
    DIR *stream = opendir(studio.ring_dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strstr(entry->d_name, TT_ARENA_SUFFIX))
            snprintf(name, sizeof name, "%s", entry->d_name);
    closedir(stream);
    dir_fd = open(studio.ring_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir_fd >= 0);
    struct stat stat_buffer;
    int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &stat_buffer) == 0);
    byte_count = (size_t)stat_buffer.st_size;
    bytes = mmap(NULL, byte_count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    assert_ptr_not_equal(bytes, MAP_FAILED);
    close(fd);
}

/* -------------------------------------------------------------------------------------------------------- ingesting */

static struct tt__store_writer *writer;
static struct tt_ingest *ingest;
static unsigned ingested;

static void begin_store(void)
{
    struct tt_store_error error;
    unlink(studio.store);
    if (tt__store_open_writer(studio.store, NULL, &writer, &error) < 0 || tt_ingest_create(writer, &ingest, &error) < 0)
        fail_msg("%s", error.text);
}

static void commit(void)
{
    struct tt_store_error error;
    if (tt_ingest_commit(ingest, &error) < 0)
        fail_msg("commit: %s", error.text);
}

static void end_store(void)
{
    commit();
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, true);
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
    studio_number(&studio, "SELECT count(*) FROM tasks");
    studio_number(&studio, "SELECT count(*) FROM failures");
    ingested = 0;
}

/* The recorder's way: found, attached, read to its end. Each mutant is a process of its own, unless its uuid was changed into
 * that of another one. */
static void ingest_arena(uint64_t number)
{
    struct tt__process_reader *process;
    struct tt_store_error error;
    struct tt_arena_header *header = (struct tt_arena_header *)(void *)bytes;
    if (ingested == 0)
        begin_store();
    memcpy(header->process_uuid, &number, sizeof number);
    enum tt__attach_result result = tt__process_attach(dir_fd, name, ingest, &process, &error);
    if (result == TT__ATTACH_FAILED)
        fail_msg("attach: %s", error.text);
    if (result == TT__ATTACHED) {
        struct tt__reading reading = {0};
        for (int i = 0; i < 8 && tt__process_read(process, BATCH_BYTES, &reading); i++)
            if (tt_ingest_pending_bytes(ingest) > BATCH_BYTES)
                commit();
        tt__process_save(process);
        tt__process_finish(process);
        tt__process_detach(process);
    }
    if (++ingested % COMMITTED == 0)
        commit();
    if (ingested == STORED)
        end_store();
}

/* ---------------------------------------------------------------------------------------------------------- mutants */

/* Where something stands, and how often it is changed. */
static void change(struct mutation *mutation, const struct tt__arena_reader *sound, uint64_t *random)
{
    struct tt_arena_header *header = (struct tt_arena_header *)(void *)bytes;
    unsigned char *ring = bytes + sound->rings_offset + studio_random(random) % 3 * sound->ring_stride;
    switch (studio_random(random) % 16) {
    case 0: /* all of the header but the magic */
        mutate_once(mutation, bytes + sizeof header->magic, sizeof *header - sizeof header->magic, random);
        break;
    case 1:
        mutate_once(mutation, bytes + ((const unsigned char *)sound->description - sound->base),
                    sound->description_length, random);
        break;
    case 2:
    case 3:
        mutate_once(mutation, bytes + sound->dictionary_offset, 2048, random);
        break;
    case 4:
        mutate_once(mutation, bytes + sound->board_offset, 5 * sizeof(struct tt_board_slot), random);
        break;
    case 5:
        mutate_once(mutation, ring, sizeof(struct tt_ring), random);
        break;
    default:
        mutate_once(mutation, ring + TT_RING_HEAD_BYTES, 200u * TT_SLOT_BYTES, random);
        break;
    }
}

/* What the header and the description say is looked at once, when an arena is opened. */
static bool is_header_changed(const struct mutation *mutation)
{
    for (unsigned i = 0; i < mutation->count; i++)
        if (mutation->changes[i].at < bytes + TT_ARENA_HEADER_BYTES)
            return true;
    return false;
}

/* Reads one by its own description, and closes it. */
static uint64_t read_described(struct tt__arena_reader *arena, const struct tt__timeline *timeline)
{
    struct tt__decoder *decoder = tt__decoder_create(arena->description, arena->description_length, NULL);
    assert_non_null(decoder);
    uint64_t count = walk_arena(arena, decoder, timeline);
    tt__decoder_destroy(decoder);
    tt__arena_close(arena);
    return count;
}

static void mutated_arenas_are_read_to_their_end_within_their_bounds(void **state)
{
    (void)state;
    struct tt__arena_reader sound, mutant;
    const char *reason;
    struct tt__timeline timeline;
    struct mutation mutation = {.count = 0};
    uint64_t seed = studio_seed(), decoded = 0, refused = 0,
             count = studio_rounds(studio_is_under_valgrind() ? 500 : 20000), random = seed;
    assert_int_equal(setenv("TELLTALE_EVENTS", "all", 1), 0);
    make_sound_arena();
    assert_int_equal(tt__arena_open(dir_fd, name, &sound, &reason), TT__ARENA_OPENED);
    tt__timeline_init_identity(&timeline, 0);
    struct tt__decoder *sound_decoder = tt__decoder_create(sound.description, sound.description_length, NULL);
    assert_non_null(sound_decoder);
    uint64_t whole = walk_arena(&sound, sound_decoder, &timeline);
    assert_true(whole > 50);
    for (uint64_t i = 0; i < count; i++) {
        random = seed + i * UINT64_C(0x9e3779b97f4a7c15);
        random |= 1;
        studio_random(&random);
        for (unsigned changes = 1 + (unsigned)(studio_random(&random) % 8); changes > 0; changes--)
            change(&mutation, &sound, &random);
        if (!is_header_changed(&mutation))
            decoded += walk_arena(&sound, sound_decoder, &timeline);
        else if (tt__arena_open(dir_fd, name, &mutant, &reason) == TT__ARENA_OPENED)
            decoded += read_described(&mutant, &timeline);
        else
            refused++;
        if (i % INGESTED == 0)
            ingest_arena(i);
        mutate_undo(&mutation);
    }
    if (ingested > 0)
        end_store();
    fprintf(stderr, "%llu arenas: %llu refused, %llu of %llu events read\n", (unsigned long long)count,
            (unsigned long long)refused, (unsigned long long)decoded, (unsigned long long)(whole * count));
    assert_true(refused < count / 2 && decoded > count);
    tt__decoder_destroy(sound_decoder);
    tt__arena_close(&sound);
    munmap(bytes, byte_count);
    close(dir_fd);
    studio_close(&studio);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(mutated_arenas_are_read_to_their_end_within_their_bounds),
};

TT_TEST_MAIN(cases)
