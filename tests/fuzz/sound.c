/* sound.c: see sound.h. */
#include "sound.h"

#include "entry.h"
#include "tracer/each_event.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "recorder.h"
#include "telltale/trace.h"

#define CHANGES_MAX 256u

static struct change {
    unsigned char *at, before[CHANGE_BYTES];
    size_t length;
} changes[CHANGES_MAX];
static size_t change_count;

/* In the child. */
static _Noreturn void write_arena(const char *dir)
{
    struct tt_trace_options options = {.ring_bytes = 65536, .program = "/nonexistent"};
    if (setenv("TELLTALE_RING_DIR", dir, 1) < 0 || setenv("TELLTALE_SUPERVISED", "1", 1) < 0 ||
        setenv("TELLTALE_EVENTS", "all", 1) < 0 || tt_trace_start(&options) != TT_TRACE_RECORDING)
        _exit(99);
    emit_each_event();
    for (uint64_t i = 1; i <= 4; i++) {
        tt_board_slot *slot = tt_board_claim(i, 0, 1, TT_SITE_HERE("wait"), i % 2 ? "named" : NULL, (uint32_t)i);
        tt_board_write(slot, &(struct tt_board_entry){.state = TT_TASK_STATE_WAITING,
                                                      .wait_kind = TT_WAIT_KIND_SLEEP,
                                                      .wait_site = TT_HERE,
                                                      .since = tt_trace_clock(),
                                                      .step_count = 3});
    }
    kill(getpid(), SIGKILL);
    _exit(98);
}

void sound_arena(const char *dir)
{
    int status;
    pid_t child = fork();
    PROMISE(child >= 0);
    if (child == 0)
        write_arena(dir);
    PROMISE(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

void sound_store(const char *dir, const char *path)
{
    struct tt_recorder_options options = {
        .store = path, .ring_dir = dir, .ready_fd = -1, .control_fd = -1, .recover = 1};
    struct tt_store_error error;
    sound_arena(dir);
    PROMISE(tt_recorder_run(&options, &error) == 0);
}

void sound_change(const struct window *windows, size_t count, const uint8_t *input, size_t size)
{
    while (size > 5 && change_count < CHANGES_MAX) {
        const struct window *window = &windows[input[0] % count];
        size_t at = (input[1] | (size_t)input[2] << 8 | (size_t)input[3] << 16) % window->length;
        size_t length = input[4] % CHANGE_BYTES + 1;
        input += 5, size -= 5;
        length = length < size ? length : size;
        size_t put = length < window->length - at ? length : window->length - at;
        struct change *change = &changes[change_count++];
        *change = (struct change){.at = window->at + at, .length = put};
        memcpy(change->before, change->at, put);
        memcpy(change->at, input, put);
        input += length, size -= length;
    }
}

void sound_restore(void)
{
    while (change_count > 0) {
        const struct change *change = &changes[--change_count];
        memcpy(change->at, change->before, change->length);
    }
}
