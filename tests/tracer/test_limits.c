/* Limits and hard times: what the process may have, what the program does to itself, a disk that is full. */
#include "harness.h"
#include "recording.h"
#include "writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void emit(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        TT_EMIT(task_started, .task_id = i + 1);
}

/* Runs BODY in a process of its own, which may harm itself; its exit status must be 0. */
static void run_alone(void (*body)(struct recording *recording), struct recording *recording)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body(recording);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == TT_TEST_SKIPPED)
        TT_SKIP("see above");
    if (status != 0)
        fail_msg("the process ended with status %#x", status);
}

#define must(condition)                                                                 \
    do {                                                                                \
        if (!(condition)) {                                                             \
            dprintf(2, "%s:%d: %s, errno %d\n", __FILE__, __LINE__, #condition, errno); \
            _exit(1);                                                                   \
        }                                                                               \
    } while (0)

static int start_supervised(struct recording *recording, uint64_t ring_bytes)
{
    const struct tt_trace_options options = {.ring_bytes = ring_bytes};
    setenv("TELLTALE_RING_DIR", recording->dir, 1);
    setenv("TELLTALE_SUPERVISED", "1", 1);
    return tt_trace_start(&options);
}

/* -------------------------------------------------------------------------------------------------------- the
 * layout */

static void the_usual_layout_has_all_that_arena_h_promises(void **state)
{
    (void)state;
    struct tt__layout layout;
    assert_int_equal(tt__layout_make(TT_RING_BYTES_DEFAULT, UINT64_MAX, &layout), 0);
    assert_int_equal(layout.dictionary_bytes, TT_DICTIONARY_BYTES);
    assert_int_equal(layout.board_slots, TT_BOARD_SLOTS);
    assert_int_equal(layout.ring_count_max, TT_RINGS_MAX);
    assert_int_equal(layout.board_offset, TT_ARENA_HEADER_BYTES + TT_DICTIONARY_BYTES);
    assert_int_equal(layout.rings_offset % 4096, 0);
}

static void the_layout_of_any_size_fits_into_any_limit_that_has_room(void **state)
{
    (void)state;
    for (uint64_t ring = TT_RING_BYTES_MIN; ring <= TT_RING_BYTES_MAX; ring *= 2) {
        for (uint64_t limit = 1024 * 1024; limit < UINT64_C(1) << 40; limit += limit / 3) {
            struct tt__layout layout;
            assert_int_equal(tt__layout_make(ring, limit, &layout), 0);
            assert_true(layout.file_bytes <= limit);
            assert_true(layout.ring_count_max >= 2 && layout.ring_count_max <= TT_RINGS_MAX);
            assert_true(layout.ring_bytes >= TT_RING_BYTES_MIN && layout.ring_bytes <= ring);
            assert_true((layout.ring_bytes & (layout.ring_bytes - 1)) == 0);
            assert_int_equal(layout.board_slots % 2048, 0); /* steps in which it grows */
            assert_int_equal(layout.file_bytes,
                             layout.rings_offset + layout.ring_count_max * (4096 + layout.ring_bytes));
        }
    }
}

static void a_limit_without_room_is_an_error(void **state)
{
    (void)state;
    struct tt__layout layout = {.file_bytes = 42};
    uint64_t smallest = 1;
    while (tt__layout_make(TT_RING_BYTES_DEFAULT, smallest, &layout) == -EFBIG)
        smallest++;
    assert_int_equal(layout.file_bytes, smallest);
    assert_int_equal(layout.ring_count_max, 2);
    struct tt__layout untouched = {.file_bytes = 42};
    assert_int_equal(tt__layout_make(TT_RING_BYTES_DEFAULT, smallest - 1, &untouched), -EFBIG);
    assert_int_equal(untouched.file_bytes, 42);
    assert_true(smallest <= 1024 * 1024);
}

/* ------------------------------------------------------------------------------------------------ limits of a
 * process */

static void start_with_small_files(struct recording *recording)
{
    const struct rlimit limit = {4 << 20, 4 << 20};
    must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    must(start_supervised(recording, 0) == TT_TRACE_RECORDING); /* and no SIGXFSZ */
    emit(20000);
}

static void a_limit_on_file_size_makes_a_smaller_arena(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(start_with_small_files, &recording);
    recording.path[0] = '\0';
    DIR *stream = opendir(recording.dir);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;)
        if (strstr(entry->d_name, TT_ARENA_SUFFIX))
            snprintf(recording.path, sizeof recording.path, "%s/%s", recording.dir, entry->d_name);
    closedir(stream);
    assert_true(arena_open(recording.path, &recording.arena));
    assert_true(recording.arena.bytes <= 4 << 20);
    struct arena_count count = arena_count_ring(&recording.arena, 1);
    assert_true(count.records > 0 && count.drops > 0);
    assert_int_equal(count.records + count.drops, count.attempts);
    recording_remove(&recording);
}

static void start_with_tiny_files(struct recording *recording)
{
    const struct rlimit limit = {100000, 100000};
    must(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    must(start_supervised(recording, 0) == -EFBIG);
    must(tt_trace_categories == 0);
    emit(10);
}

static void a_limit_on_file_size_without_room_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(start_with_tiny_files, &recording);
    assert_int_equal(rmdir(recording.dir), 0);
}

static void start_in_little_address_space(struct recording *recording)
{
    const struct rlimit limit = {300 << 20, 300 << 20};
    must(setrlimit(RLIMIT_AS, &limit) == 0);
    must(start_supervised(recording, 0) == TT_TRACE_RECORDING);
    emit(1000);
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    must(statistics.attempt_count == 1002 && statistics.drop_count == 0);
}

static void a_limit_on_address_space_makes_a_smaller_arena(void **state)
{
    (void)state;
    struct recording recording;
    const char *sanitizers = getenv("TELLTALE_TEST_SANITIZE");
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    sanitizers = "yes";
#endif
    if ((sanitizers && *sanitizers) || recording_is_under_valgrind())
        TT_SKIP("this tool needs more address space than the test leaves");
    recording_make_dir(&recording);
    run_alone(start_in_little_address_space, &recording);
    recording_remove(&recording);
}

/* ------------------------------------------------------------------------------------ what a program does to itself */

static void close_all_and_emit(struct recording *recording)
{
    must(start_supervised(recording, 8 << 20) == TT_TRACE_RECORDING);
    must(syscall(SYS_close_range, 0u, ~0u, 0u) == 0);
    emit(60000); /* past what was populated at the beginning */
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    if (statistics.attempt_count != 60002 || statistics.drop_count != 0)
        _exit(2);
}

static void closing_all_descriptors_does_no_harm(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(close_all_and_emit, &recording);
    recording_remove(&recording);
}

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *stream = opendir("/proc/self/fd");
    must(stream);
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

static void start_without_standard_descriptors(struct recording *recording)
{
    unsigned before;
    must(syscall(SYS_close_range, 0u, ~0u, 0u) == 0);
    before = count_descriptors();
    must(start_supervised(recording, 0) == TT_TRACE_RECORDING);
    must(count_descriptors() == before); /* none is left open, so none of 0 to 2 is the arena */
    emit(100);
}

static void a_program_without_standard_descriptors_is_recorded(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(start_without_standard_descriptors, &recording);
    recording_remove(&recording);
}

static void lock_up_and_emit(struct recording *recording)
{
    must(start_supervised(recording, 8 << 20) == TT_TRACE_RECORDING);
    if (geteuid() != 0) {
        fprintf(stderr, "skipped: chroot and setuid need root\n");
        _exit(TT_TEST_SKIPPED);
    }
    must(chroot(recording->dir) == 0 && chdir("/") == 0);
    must(setgid(65534) == 0 && setuid(65534) == 0);
    emit(60000);
    struct tt_trace_statistics statistics;
    tt_trace_get_statistics(&statistics);
    must(statistics.attempt_count == 60002 && statistics.drop_count == 0);
}

static void chroot_and_setuid_do_no_harm(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(lock_up_and_emit, &recording);
    recording_remove(&recording);
}

/* -------------------------------------------------------------------------------------------------------------
 * errno */

static void *emit_and_check_errno(void *argument)
{
    errno = 4711; /* the first event attaches the thread */
    for (unsigned i = 0; i < 200000; i++) {
        TT_EMIT(loop_created, .loop_id = 1, .site = TT_HERE);
        if (errno != 4711)
            return argument;
    }
    return NULL;
}

/* How many bytes of the file at PATH are mapped, and how many of these a core leaves out. */
static void count_mapped(const char *path, uint64_t *out_mapped, uint64_t *out_left_out)
{
    char line[1024];
    unsigned long from = 0, to = 0;
    bool is_it = false;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    assert_non_null(smaps);
    *out_mapped = *out_left_out = 0;
    while (fgets(line, sizeof line, smaps)) {
        unsigned long first, end;
        if (sscanf(line, "%lx-%lx ", &first, &end) == 2) {
            from = first;
            to = end;
            is_it = strstr(line, path) != NULL;
        }
        if (!is_it || strncmp(line, "VmFlags:", 8) != 0)
            continue;
        *out_mapped += to - from;
        *out_left_out += strstr(line, " dd") != NULL ? to - from : 0;
    }
    fclose(smaps);
}

static void a_core_does_not_hold_the_arena(void **state)
{
    (void)state;
    uint64_t mapped, left_out;
    struct recording recording;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    tt_trace_note(0, "rings", "have pages of their own by now");
    count_mapped(recording.path, &mapped, &left_out);
    assert_true(mapped >= 2 * recording.arena.bytes); /* by the tracer, and by this test, whose own mapping has no such mark */
    assert_int_equal(mapped - left_out, recording.arena.bytes);
    recording_end(&recording);
}

static void emitting_keeps_errno(void **state)
{
    (void)state;
    struct recording recording;
    pthread_t thread;
    void *failed;
    recording_begin(&recording, RECORDING_DROPS, 0, 0);
    assert_int_equal(pthread_create(&thread, NULL, emit_and_check_errno, &recording), 0);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
    assert_true(atomic_load(&arena_ring(&recording.arena, 2)->drops) > 0); /* so the ring went through all its states */
    errno = 4711;
    tt_trace_clock();
    tt_trace_new_id();
    tt_board_release(tt_board_claim(1, 0, 0, TT_HERE, "name", 0));
    assert_int_equal(errno, 4711);
    recording_end(&recording);
}

/* -------------------------------------------------------------------------------------------------------- a full
 * disk */

/* A tmpfs of SIZE on the recording's folder, in a mount namespace of this process. */
static void mount_small(struct recording *recording, const char *size)
{
    char option[64];
    snprintf(option, sizeof option, "size=%s", size);
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) < 0 ||
        mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("none", recording->dir, "tmpfs", 0, option) < 0) {
        fprintf(stderr, "skipped: no tmpfs of its own can be mounted here\n");
        _exit(TT_TEST_SKIPPED);
    }
    must(chmod(recording->dir, 0700) == 0);
}

/* Leaves BYTES of the disk free. */
static int fill_disk(struct recording *recording, off_t bytes)
{
    char path[512];
    static char block[4096];
    snprintf(path, sizeof path, "%s/filler", recording->dir);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    must(fd >= 0);
    while (write(fd, block, sizeof block) == sizeof block)
        continue;
    must(errno == ENOSPC);
    off_t size = lseek(fd, 0, SEEK_END);
    must(size > bytes && ftruncate(fd, size - bytes) == 0);
    return fd;
}

static void emit_on_a_full_disk(struct recording *recording)
{
    struct tt_trace_statistics statistics;
    mount_small(recording, "16m");
    must(start_supervised(recording, 8 << 20) == TT_TRACE_RECORDING);
    int filler = fill_disk(recording, 512 * 1024);
    must(arena_find(recording->dir, getpid(), NULL, recording->path, sizeof recording->path));
    must(arena_open(recording->path, &recording->arena));
    struct tt_ring *ring = arena_ring(&recording->arena, 1);

    emit(60000); /* needs 4 MiB */
    tt_trace_get_statistics(&statistics);
    must(statistics.attempt_count == 60002);
    must(arena_count_ring(&recording->arena, 1).records + statistics.drop_count == 60002);
    must(atomic_load(&ring->head) >= 1024 * 1024 / TT_SLOT_BYTES && statistics.drop_count > 10000);

    static char name[1000]; /* places and tasks find no memory either */
    memset(name, 'n', sizeof name - 1);
    tt_site *sites = calloc(1000, sizeof *sites);
    must(sites);
    for (unsigned i = 0; i < 1000; i++) {
        sites[i] = (tt_site){name, "f", NULL, i, 0, 0};
        TT_EMIT(loop_created, .loop_id = 1, .site = &sites[i]);
    }
    must(atomic_load(&recording->arena.header->dictionary_drop_count) > 0);
    unsigned claimed = 0;
    for (unsigned i = 0; i < 10000; i++)
        claimed += tt_board_claim(i + 1, 0, 0, NULL, NULL, i) != NULL;
    must(claimed < 10000 && atomic_load(&recording->arena.header->board_drop_count) == 10000 - claimed);

    uint64_t head = atomic_load(&ring->head), drops = atomic_load(&ring->drops);
    must(ftruncate(filler, 0) == 0); /* room again */
    emit(5000);
    must(atomic_load(&ring->head) > head);
    /* And one that says how many there was no room for. */
    must(atomic_load(&ring->head) - head + atomic_load(&ring->drops) - drops == 5001);
    unsigned claimed_again = 0;
    for (unsigned i = 0; i < 10000; i++)
        claimed_again += tt_board_claim(i + 1, 0, 0, NULL, NULL, i) != NULL;
    must(claimed_again > 0);
    free(sites);
    arena_close(&recording->arena);
}

static void a_disk_that_gets_full_costs_events_and_never_the_program(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(emit_on_a_full_disk, &recording);
    recording_remove(&recording);
}

static void start_on_a_full_disk(struct recording *recording)
{
    mount_small(recording, "1m");
    int filler = fill_disk(recording, 0);
    must(start_supervised(recording, 0) == -ENOSPC);
    must(tt_trace_categories == 0);
    must(!arena_find(recording->dir, getpid(), NULL, recording->path, sizeof recording->path));
    emit(10);
    must(ftruncate(filler, 0) == 0);
    must(start_supervised(recording, 0) == TT_TRACE_RECORDING);
    emit(10);
}

static void a_full_disk_at_the_start_is_an_error_and_leaves_nothing(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(start_on_a_full_disk, &recording);
    recording_remove(&recording);
}

static void *emit_ten(void *argument)
{
    emit(10);
    return argument;
}

static void attach_on_a_full_disk(struct recording *recording)
{
    pthread_t thread;
    struct tt_trace_statistics statistics;
    mount_small(recording, "16m");
    must(start_supervised(recording, 0) == TT_TRACE_RECORDING);
    fill_disk(recording, 0);
    must(pthread_create(&thread, NULL, emit_ten, NULL) == 0);
    must(pthread_join(thread, NULL) == 0);
    tt_trace_get_statistics(&statistics);
    must(statistics.attempt_count == 12 && statistics.drop_count == 0 && statistics.thread_count == 1);
    must(arena_find(recording->dir, getpid(), NULL, recording->path, sizeof recording->path));
    must(arena_open(recording->path, &recording->arena));
    must(atomic_load(&arena_ring(&recording->arena, 0)->head) == 10);
    arena_close(&recording->arena);
}

static void a_thread_that_begins_on_a_full_disk_uses_the_emergency_ring(void **state)
{
    (void)state;
    struct recording recording;
    recording_make_dir(&recording);
    run_alone(attach_on_a_full_disk, &recording);
    recording_remove(&recording);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test(the_usual_layout_has_all_that_arena_h_promises),
    cmocka_unit_test(the_layout_of_any_size_fits_into_any_limit_that_has_room),
    cmocka_unit_test(a_limit_without_room_is_an_error),
    cmocka_unit_test(a_limit_on_file_size_makes_a_smaller_arena),
    cmocka_unit_test(a_limit_on_file_size_without_room_is_an_error_and_leaves_nothing),
    cmocka_unit_test(a_limit_on_address_space_makes_a_smaller_arena),
    cmocka_unit_test(closing_all_descriptors_does_no_harm),
    cmocka_unit_test(a_program_without_standard_descriptors_is_recorded),
    cmocka_unit_test(chroot_and_setuid_do_no_harm),
    cmocka_unit_test(a_core_does_not_hold_the_arena),
    cmocka_unit_test(emitting_keeps_errno),
    cmocka_unit_test(a_disk_that_gets_full_costs_events_and_never_the_program),
    cmocka_unit_test(a_full_disk_at_the_start_is_an_error_and_leaves_nothing),
    cmocka_unit_test(a_thread_that_begins_on_a_full_disk_uses_the_emergency_ring),
};

TT_TEST_MAIN(cases)
