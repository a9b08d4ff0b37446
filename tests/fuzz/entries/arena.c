/* An arena, changed as the input tells (sound.h): walked through by its own description, and read into an ingest as a recorder does. */
#include "arena_walk.h"
#include "entry.h"
#include "sound.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest.h"
#include "recorder_process.h"
#include "store_writer.h"

#define PENDING_BYTES (UINT64_C(4) << 20)

static int dir_fd;
static char name[NAME_MAX + 1];
static struct window windows[8];
static struct tt__store_writer *writer;

static void find_windows(unsigned char *bytes)
{
    struct tt__arena_reader arena;
    const char *reason;
    PROMISE(tt__arena_open(dir_fd, name, &arena, &reason) == TT__ARENA_OPENED);
    struct tt_arena_header *header = (struct tt_arena_header *)(void *)bytes;
    unsigned char *ring = bytes + arena.rings_offset + arena.ring_stride;
    size_t count = 0;
    windows[count++] = (struct window){bytes + sizeof header->magic, sizeof *header - sizeof header->magic};
    windows[count++] =
        (struct window){bytes + (arena.description - (const char *)arena.base), arena.description_length};
    windows[count++] = (struct window){bytes + arena.dictionary_offset, 4096};
    windows[count++] = (struct window){bytes + arena.board_offset, 6 * sizeof(struct tt_board_slot)};
    windows[count++] = (struct window){ring, sizeof(struct tt_ring)};
    while (count < sizeof windows / sizeof *windows)
        windows[count++] = (struct window){ring + TT_RING_HEAD_BYTES, 300u * TT_SLOT_BYTES};
    tt__arena_close(&arena);
}

static void close_writer(void)
{
    tt__store_close_writer(writer, true);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct tt_store_error error;
    struct stat status;
    char path[160];
    (void)argc, (void)argv;
    sound_arena(entry_folder());
    DIR *stream = opendir(entry_folder());
    PROMISE(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strstr(entry->d_name, TT_ARENA_SUFFIX))
            snprintf(name, sizeof name, "%s", entry->d_name);
    closedir(stream);
    dir_fd = open(entry_folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
    PROMISE(fd >= 0 && fstat(fd, &status) == 0);
    unsigned char *bytes =
        mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    PROMISE(bytes != MAP_FAILED);
    close(fd);
    find_windows(bytes);
    snprintf(path, sizeof path, "%s/run.telltale", entry_folder());
    PROMISE(tt__store_open_writer(path, NULL, &writer, &error) == 0 && atexit(close_writer) == 0);
    return 0;
}

static void walk(void)
{
    struct tt__arena_reader arena;
    struct tt__timeline timeline;
    const char *reason;
    if (tt__arena_open(dir_fd, name, &arena, &reason) != TT__ARENA_OPENED)
        return;
    struct tt__decoder *decoder = tt__decoder_create(arena.description, arena.description_length, NULL);
    PROMISE(decoder);
    tt__timeline_init_identity(&timeline, 0);
    (void)walk_arena(&arena, decoder, &timeline);
    tt__decoder_destroy(decoder);
    tt__arena_close(&arena);
}

/* Nothing of it is written. */
static void take_in(void)
{
    struct tt__process_reader *process;
    struct tt_store_error error;
    struct tt_ingest *ingest;
    PROMISE(tt_ingest_create(writer, &ingest, &error) == 0);
    enum tt__attach_result result = tt__process_attach(dir_fd, name, ingest, &process, &error);
    PROMISE(result != TT__ATTACH_FAILED);
    if (result == TT__ATTACHED) {
        struct tt__reading reading = {0};
        for (int i = 0; i < 4 && tt__process_read(process, PENDING_BYTES, &reading); i++)
            continue;
        tt__process_save(process);
        tt__process_finish(process);
        tt__process_detach(process);
    }
    tt_ingest_destroy(ingest);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    sound_change(windows, sizeof windows / sizeof *windows, bytes, size);
    walk();
    take_in();
    sound_restore();
    return 0;
}
