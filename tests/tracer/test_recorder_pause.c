/* A recorder whose disk is full says so in the arenas that it reads, with what waits there and what was dropped, and takes it back. */
#include "harness.h"
#include "studio_case.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "recorder.h"

#define PATIENCE_MS  20000
#define CLOCK_EVENTS 2     /* the program tells its clocks now and then */
#define RING_BYTES   65536 /* 1,024 slots, of which a note takes one, and notes three quarters */

/* Says notes while it is not told to stop, until there are as many as are wanted. */
static _Atomic uint64_t *wanted;

static void note_as_wanted(void *argument)
{
    (void)argument;
    studio_reach(1);
    while (atomic_load(&studio_stage->may_pass) < 2) {
        if (atomic_load(&studio_stage->count) == atomic_load(wanted)) {
            studio_sleep_us(1000);
            continue;
        }
        tt_trace_note(0, "note", "");
        atomic_fetch_add(&studio_stage->count, 1);
    }
}

static void say(uint64_t count)
{
    atomic_fetch_add(wanted, count);
    while (atomic_load(&studio_stage->count) < atomic_load(wanted))
        studio_sleep_us(1000);
}

/* The store lies on a disk of its own, in a mount namespace of this process. */
static void mount_disk(void)
{
    wanted = mmap(NULL, sizeof *wanted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(wanted, MAP_FAILED);
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", studio.dir, "tmpfs", 0, "size=4m") < 0)
        TT_SKIP("no file system of its own can be mounted here");
}

/* A recording on a disk of its own, of a program that says nothing yet. */
static pid_t start_on_disk(void)
{
    mount_disk();
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, note_as_wanted, NULL, RING_BYTES);
    studio_await(1);
    studio_let_pass(1);
    return program;
}

/* Its recording ends with it. */
static void end_program(pid_t program)
{
    studio_let_pass(2);
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    studio_expect_sound(&studio);
}

static const char *filler(void)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/filler", studio.dir);
    return path;
}

static void fill_disk(void)
{
    static const char block[4096];
    int fd = open(filler(), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        continue;
    close(fd);
}

/* Whether the recorder has said that it pauses, or else has all notes but those of which DROPPED were dropped before. */
static bool has_come_on(uint64_t dropped, struct tt_recorder_pause *out_pause, bool *out_is_paused)
{
    *out_is_paused = tt_recorder_look(studio.ring_dir, out_pause) == 1;
    return *out_is_paused ||
           (uint64_t)studio_number(&studio, "SELECT count(*) FROM note") + dropped == atomic_load(&studio_stage->count);
}

/* Fills the disk, and has the program go on until the room that the log has is used up; a few notes at a time, which have room in the ring however slow
 * the recorder is. */
static struct tt_recorder_pause bring_to_pause(uint64_t dropped)
{
    struct tt_recorder_pause pause = {0};
    bool is_paused = false;
    fill_disk();
    while (!is_paused) {
        say(50);
        while (!has_come_on(dropped, &pause, &is_paused))
            studio_sleep_us(2000);
    }
    return pause;
}

static struct tt_recorder_pause look(void)
{
    struct tt_recorder_pause pause;
    assert_int_equal(tt_recorder_look(studio.ring_dir, &pause), 1);
    return pause;
}

static void a_full_disk_is_told_with_what_waits_and_what_is_lost(void **state)
{
    struct tt_recorder_pause pause;
    (void)state;
    pid_t program = start_on_disk();
    /* What was dropped before is nothing that the pause has done. */
    assert_int_equal(kill(studio.recorder, SIGSTOP), 0);
    say(2000);
    assert_int_equal(kill(studio.recorder, SIGCONT), 0);
    studio_expect_within(&studio, PATIENCE_MS, "SELECT count(*) > 0 FROM note", "1");
    say(1); /* the recorder learns of what is missing by what comes next */
    studio_expect_within(
        &studio, PATIENCE_MS,
        "SELECT sum(drop_count) > 500 AND (SELECT count(*) FROM note) + sum(drop_count) = 2001 FROM processes", "1");
    uint64_t earlier = (uint64_t)studio_number(&studio, "SELECT sum(drop_count) FROM processes");
    assert_int_equal(tt_recorder_look(studio.ring_dir, &pause), 0);

    int64_t before_ns = studio_now_ns();
    pause = bring_to_pause(earlier);
    assert_int_equal(pause.reason, TT_PAUSE_REASON_FULL);
    assert_in_range(pause.since_ns, before_ns, studio_now_ns());
    assert_false(pause.is_overwritten);
    /* What was said is in the store or waits: a note is an event. */
    pause = look();
    uint64_t stored = (uint64_t)studio_number(&studio, "SELECT count(*) FROM note");
    uint64_t waiting = atomic_load(&studio_stage->count) - stored - earlier;
    assert_int_equal(pause.drop_count, 0);
    assert_in_range(pause.waiting_count, waiting, waiting + CLOCK_EVENTS);
    say(100);
    assert_in_range(look().waiting_count, waiting + 100, waiting + 100 + CLOCK_EVENTS);
    /* More than there is room for. */
    say(2000);
    struct tt_recorder_pause later = look();
    assert_int_equal(later.since_ns, pause.since_ns);
    assert_in_range(later.waiting_count + later.drop_count, waiting + 2100, waiting + 2100 + CLOCK_EVENTS);
    assert_in_range(later.waiting_count, 512, 1024);

    assert_int_equal(unlink(filler()), 0);
    char expected[48];
    snprintf(expected, sizeof expected, "%llu",
             (unsigned long long)(atomic_load(&studio_stage->count) - later.drop_count - earlier));
    studio_expect_within(&studio, PATIENCE_MS, "SELECT count(*) FROM note", expected);
    while (tt_recorder_look(studio.ring_dir, &pause) == 1)
        studio_sleep_us(1000);
    end_program(program);
    snprintf(expected, sizeof expected, "%llu|full", (unsigned long long)(later.drop_count + earlier));
    studio_expect(
        &studio,
        "SELECT sum(drop_count), (SELECT pause_reason FROM metrics WHERE pause_reason IS NOT NULL) FROM processes",
        expected);
    assert_int_equal(umount2(studio.dir, MNT_DETACH), 0);
}

/* Its words stay in the arena, but nobody stands for them; and the next recorder takes them back. */
static void a_killed_recorder_pauses_no_longer(void **state)
{
    struct tt_recorder_pause pause;
    (void)state;
    pid_t program = start_on_disk();
    (void)bring_to_pause(0);
    studio_kill_recorder(&studio);
    assert_int_equal(tt_recorder_look(studio.ring_dir, &pause), 0);
    assert_int_equal(unlink(filler()), 0);
    studio_start_recorder(&studio, NULL);
    studio_expect_within(&studio, PATIENCE_MS, "SELECT count(*) > 0 FROM note", "1");
    assert_int_equal(tt_recorder_look(studio.ring_dir, &pause), 0);
    end_program(program);
    assert_int_equal(umount2(studio.dir, MNT_DETACH), 0);
}

static void nobody_pauses_where_there_is_nobody(void **state)
{
    struct tt_recorder_pause pause;
    (void)state;
    assert_int_equal(tt_recorder_look("/nonexistent", &pause), 0);
    assert_int_equal(tt_recorder_look(studio.dir, &pause), 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(a_full_disk_is_told_with_what_waits_and_what_is_lost),
    cmocka_unit_test_in_studio(a_killed_recorder_pauses_no_longer),
    cmocka_unit_test_in_studio(nobody_pauses_where_there_is_nobody),
};

TT_TEST_MAIN(cases)
