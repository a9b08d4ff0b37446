/* Disks on which a store cannot be written for a while: full, limited, broken. The program does not notice, recording goes on as soon as
 * it can, and what was dropped meanwhile is counted, exactly. */
#include "harness.h"
#include "bad_disk.h"
#include "tracer/truth.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/wait.h>

#define PATIENCE_MS 30000

struct disk {
    void (*prepare)(struct studio *studio);                 /* before anything is written; may be NULL */
    void (*spoil)(struct studio *studio, uint64_t *random); /* from now on it is bad */
    void (*mend)(struct studio *studio);                    /* and good again */
    void (*give_back)(struct studio *studio);               /* at the end; may be NULL */
    uint64_t rate;                                          /* events a second, or ten times that */
    bool looks_damaged; /* a recorder may take the store for a damaged one, and end */
};

static int64_t failures; /* commits that failed and were tried again */

/* A recorder that gave up, because it was told that its store is damaged, is started again, as its supervisor does. */
static void keep_recorder(struct studio *studio, const struct disk *disk)
{
    int status;
    if (waitpid(studio->recorder, &status, WNOHANG) != studio->recorder)
        return;
    assert_true(disk->looks_damaged);
    assert_false(WIFSIGNALED(status));
    close(studio->control);
    studio->control = -1;
    studio->recorder = 0;
    studio_start_recorder(studio, NULL);
}

/* With the disk good again, what is emitted from now on gets into the store. */
static void expect_recording(struct studio *studio, const struct disk *disk)
{
    int64_t before = studio_number(studio, "SELECT count(*) FROM note");
    int64_t end_ns = studio_now_ns() + INT64_C(1000000) * PATIENCE_MS;
    while (studio_number(studio, "SELECT count(*) FROM note") <= before) {
        assert_true(studio_now_ns() < end_ns);
        keep_recorder(studio, disk);
        studio_sleep_us(5000);
    }
}

static void record_on(const struct disk *disk, uint64_t seed)
{
    struct studio studio;
    uint64_t random = seed;
    const struct truth_options options = {.threads = 1 + (unsigned)(studio_random(&random) % 4),
                                          .rate = studio_random(&random) % 2 ? disk->rate : 10 * disk->rate};
    truth_begin(&options);
    studio_open(&studio);
    if (disk->prepare)
        disk->prepare(&studio);
    studio_start_recorder(&studio, NULL);
    pid_t program = studio_start_program(&studio, truth_emit, NULL, 65536);
    truth_await_start();
    expect_recording(&studio, disk);
    for (unsigned i = 1 + (unsigned)(studio_random(&random) % 3); i > 0; i--) {
        disk->spoil(&studio, &random);
        studio_sleep_us((int64_t)(studio_random(&random) % 150000));
        truth_expect_progress(); /* the program lives */
        disk->mend(&studio);
        expect_recording(&studio, disk);
    }
    truth_end_program();
    assert_int_equal(studio_wait(program), 0);
    studio_finish(&studio);
    truth_expect(&studio, true, false);
    studio_expect(&studio, "SELECT end_reason FROM processes", "exit");
    failures += studio_number(&studio, "SELECT sum(failed_count) FROM metric");
    if (disk->give_back)
        disk->give_back(&studio);
    studio_close(&studio);
}

#define ROUNDS_ENOUGH 50u /* a round may be over before the recorder has noticed, but not so many */

static void record_often(const struct disk *disk)
{
    uint64_t seed = studio_seed();
    unsigned rounds = studio_rounds(4);
    failures = 0;
    for (unsigned i = rounds; i > 0; i--)
        record_on(disk, studio_next_seed(&seed));
    fprintf(stderr, "%lld commits failed\n", (long long)failures);
    assert_true(failures > 0 || rounds < ROUNDS_ENOUGH);
}

/* ---------------------------------------------------------------------------------------------- a limit on file sizes */

static void limit_files(struct studio *studio, uint64_t *random)
{
    struct rlimit limit;
    assert_int_equal(prlimit(studio->recorder, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = studio_random(random) % (4 << 20);
    assert_int_equal(prlimit(studio->recorder, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void unlimit_files(struct studio *studio)
{
    struct rlimit limit;
    assert_int_equal(prlimit(studio->recorder, RLIMIT_FSIZE, NULL, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(prlimit(studio->recorder, RLIMIT_FSIZE, &limit, NULL), 0);
}

static void a_limit_on_file_sizes_pauses_the_recording_for_as_long_as_it_holds(void **state)
{
    static const struct disk disk = {.spoil = limit_files, .mend = unlimit_files, .rate = 40000};
    (void)state;
    record_often(&disk);
}

/* -------------------------------------------------------------------------------------------------------- a full disk */

#define DISK_OPTIONS "size=8m"

static char filler[160];

static void mount_disk(struct studio *studio)
{
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", studio->dir, "tmpfs", 0, DISK_OPTIONS) < 0)
        TT_SKIP("no file system of its own can be mounted here");
    snprintf(filler, sizeof filler, "%s/filler", studio->dir);
}

static void unmount_disk(struct studio *studio)
{
    assert_int_equal(umount2(studio->dir, MNT_DETACH), 0);
}

/* Leaves LEFT bytes of the disk. */
static void fill_up_to(struct studio *studio, uint64_t left)
{
    static char block[4096];
    struct statfs before;
    assert_int_equal(statfs(studio->dir, &before), 0);
    uint64_t room = (uint64_t)before.f_bavail * (uint64_t)before.f_bsize;
    int fd = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    for (uint64_t size = 0; size + left < room; size += sizeof block)
        if (write(fd, block, sizeof block) != sizeof block)
            break; /* the recorder was faster */
    close(fd);
}

/* Up to the last byte, or nearly so; what the recorder gives back meanwhile, out of its log, is filled, too. */
static void fill_disk(struct studio *studio, uint64_t *random)
{
    uint64_t left = studio_random(random) % 4 == 0 ? studio_random(random) % (256 * 1024) : 0;
    int64_t end_ns = studio_now_ns() + (int64_t)(studio_random(random) % 300000000);
    do {
        fill_up_to(studio, left);
        studio_sleep_us(1000);
    } while (studio_now_ns() < end_ns);
}

static void clear_disk(struct studio *studio)
{
    (void)studio;
    assert_int_equal(unlink(filler), 0);
}

/* Few events, so that 8 MiB hold them all, and the log that they went through, also where all is slow. */
static void a_disk_of_8_mib_that_gets_full_pauses_the_recording(void **state)
{
    static const struct disk disk = {
        .prepare = mount_disk, .spoil = fill_disk, .mend = clear_disk, .give_back = unmount_disk, .rate = 1000};
    (void)state;
    record_often(&disk);
}

/* ------------------------------------------------------------------------------------------------------ a broken disk */

static void break_disk(struct studio *studio, uint64_t *random)
{
    static const unsigned every[] = {1, 2, 7, 31};
    unsigned faults = 1u << studio_random(random) % 7;
    (void)studio;
    bad_disk_set(faults > BAD_DISK_ALL ? BAD_DISK_ALL : faults, every[studio_random(random) % 4]);
}

static void repair_disk(struct studio *studio)
{
    (void)studio;
    bad_disk_set(0, 0);
}

static void a_disk_that_fails_to_write_read_or_sync_costs_nothing_uncounted(void **state)
{
    static const struct disk disk = {.spoil = break_disk, .mend = repair_disk, .rate = 40000, .looks_damaged = true};
    (void)state;
    bad_disk_install();
    record_often(&disk);
    fprintf(stderr, "%llu operations went wrong\n", (unsigned long long)bad_disk_count());
    assert_true(bad_disk_count() > 0);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(a_limit_on_file_sizes_pauses_the_recording_for_as_long_as_it_holds),
    cmocka_unit_test(a_disk_of_8_mib_that_gets_full_pauses_the_recording),
    cmocka_unit_test(a_disk_that_fails_to_write_read_or_sync_costs_nothing_uncounted),
};

TT_TEST_MAIN(cases)
