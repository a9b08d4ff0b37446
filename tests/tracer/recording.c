/* recording.c: see recording.h. */
#include "recording.h"

#include "harness.h"

#include <dirent.h>

void recording_make_dir(struct recording *recording)
{
    const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    memset(recording, 0, sizeof *recording);
    snprintf(recording->dir, sizeof recording->dir, "%s/telltale-test-XXXXXX", base);
    assert_non_null(mkdtemp(recording->dir));
}

void recording_open(struct recording *recording, long pid)
{
    assert_true(arena_find(recording->dir, pid, NULL, recording->path, sizeof recording->path));
    assert_true(arena_open(recording->path, &recording->arena));
}

void recording_begin(struct recording *recording, enum recording_mode mode, uint64_t ring_bytes, uint32_t categories)
{
    struct tt_trace_options options = {.ring_bytes = ring_bytes, .categories = categories, .program = "/nonexistent"};
    recording_make_dir(recording);
    assert_int_equal(setenv("TELLTALE_RING_DIR", recording->dir, 1), 0);
    if (mode == RECORDING_DROPS)
        assert_int_equal(setenv("TELLTALE_SUPERVISED", "1", 1), 0);
    else
        assert_int_equal(unsetenv("TELLTALE_SUPERVISED"), 0);
    assert_int_equal(tt_trace_start(&options), mode == RECORDING_DROPS ? TT_TRACE_RECORDING : TT_TRACE_ARENA_ONLY);
    recording_open(recording, getpid());
    assert_int_equal(recording->arena.header->overwrite_oldest, mode == RECORDING_OVERWRITES);
}

void recording_remove(struct recording *recording)
{
    char path[1024];
    if (recording->arena.base)
        arena_close(&recording->arena);
    DIR *stream = opendir(recording->dir);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        snprintf(path, sizeof path, "%s/%s", recording->dir, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            assert_int_equal(unlink(path), 0);
    }
    closedir(stream);
    assert_int_equal(rmdir(recording->dir), 0);
}

void recording_end(struct recording *recording)
{
    tt_trace_stop();
    recording_remove(recording);
}

static unsigned scan(struct recording *recording, const char *event, unsigned number, struct arena_record *out)
{
    uint16_t wanted = event ? arena_event(&recording->arena, event) : 0;
    uint32_t rings = atomic_load(&recording->arena.header->ring_count);
    unsigned count = 0;
    for (uint32_t i = 0; i < rings; i++) {
        struct arena_record record;
        uint64_t position = arena_first_position(&recording->arena, i);
        for (int got; (got = arena_next(&recording->arena, i, &position, true, &record)) != 0;) {
            if (got < 0 || (event && record.event != wanted))
                continue;
            if (out && count == number) {
                *out = record;
                return count + 1;
            }
            count++;
        }
    }
    return count;
}

bool recording_find(struct recording *recording, const char *event, unsigned number, struct arena_record *out)
{
    return scan(recording, event, number, out) > number;
}

unsigned recording_count(struct recording *recording, const char *event)
{
    return scan(recording, event, 0, NULL);
}

unsigned recording_rounds(unsigned count)
{
    const char *text = getenv("TT_COUNT");
    unsigned long wanted = text ? strtoul(text, NULL, 10) : 0;
    return wanted > 0 ? (unsigned)wanted : count;
}

bool recording_is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}
