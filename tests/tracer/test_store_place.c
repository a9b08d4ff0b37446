/* Where a store may lie, and what a writer makes sure of before it writes there. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "store_check.h"
#include "store_writer_state.h"

static void expect_writer_refuses(enum tt_store_error_kind kind, const char *text)
{
    struct tt__store_writer *writer = NULL;
    struct tt_store_error error;
    assert_int_equal(tt__store_open_writer(studio.store, NULL, &writer, &error), -1);
    if (error.kind != kind || !strstr(error.text, text))
        fail_msg("kind %d: %s", error.kind, error.text);
}

/* ------------------------------------------------------------------------------------------------------------- links */

static void what_lies_beside_a_store_is_never_written_through_either(void **state)
{
    static const char *const suffixes[] = {"-wal", "-shm", "-journal"};
    (void)state;
    char beside[160], victim[160], text[16];
    snprintf(victim, sizeof victim, "%s/victim", studio.dir);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        snprintf(beside, sizeof beside, "%s%s", studio.store, suffixes[i]);
        for (int is_there = 0; is_there < 2; is_there++) {
            if (is_there)
                studio_make_store(&studio);
            int fd = open(victim, O_WRONLY | O_CREAT | O_TRUNC, 0600);
            assert_int_equal(write(fd, "precious", 9), 9);
            close(fd);
            assert_int_equal(symlink("victim", beside), 0);
            expect_writer_refuses(TT_STORE_NOT_REGULAR, "symbolic link, where a file of the store");
            assert_int_equal(access(studio.store, F_OK), is_there ? 0 : -1); /* no empty one is left */
            if (is_there) {
                tt_store_close_reader(studio_open_reader(&studio));
                assert_int_equal(unlink(studio.store), 0);
            }
            assert_int_equal(unlink(beside), 0);
            fd = open(victim, O_RDONLY);
            assert_int_equal(read(fd, text, sizeof text), 9);
            assert_string_equal(text, "precious");
            close(fd);
        }
        assert_int_equal(mkfifo(beside, 0600), 0);
        expect_writer_refuses(TT_STORE_NOT_REGULAR, "no regular file, where a file of the store");
        assert_int_equal(unlink(beside), 0);
    }
}

/* -------------------------------------------------------------------------------------------------- network file systems */

static void network_file_systems_are_known(void **state)
{
    (void)state;
    assert_true(tt__store_is_network(0x6969));              /* NFS */
    assert_true(tt__store_is_network((int32_t)0xff534d42)); /* CIFS, with a sign */
    assert_true(tt__store_is_network(0xfe534d42L));         /* SMB2 */
    assert_false(tt__store_is_network(0xef53));             /* ext4 */
    assert_false(tt__store_is_network(0x01021994));         /* tmpfs */
    assert_false(tt__store_is_network(0x9123683e));         /* btrfs */
}

static long claimed_type; /* of the file system; 0: as it is */

int __real_fstatfs(int fd, struct statfs *out);
int __wrap_fstatfs(int fd, struct statfs *out);

int __wrap_fstatfs(int fd, struct statfs *out)
{
    int result = __real_fstatfs(fd, out);
    if (claimed_type != 0)
        out->f_type = claimed_type;
    return result;
}

static void a_store_on_a_network_file_system_is_refused_and_none_is_left_there(void **state)
{
    (void)state;
    struct stat before, after;
    claimed_type = 0x6969;
    expect_writer_refuses(TT_STORE_NETWORK, "lies on a network file system");
    assert_int_equal(access(studio.store, F_OK), -1);
    claimed_type = 0;
    studio_make_store(&studio);
    assert_int_equal(stat(studio.store, &before), 0);
    claimed_type = 0x01021997; /* 9P, as the folders of the other side of a virtual machine are */
    expect_writer_refuses(TT_STORE_NETWORK, "choose a local one");
    assert_int_equal(stat(studio.store, &after), 0);
    assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
    tt_store_close_reader(studio_open_reader(&studio)); /* one that is finished needs no locks */
    claimed_type = 0;
}

/* ----------------------------------------------------------------------------------------------------------- settings */

static int64_t pragma(struct tt__store_writer *writer, const char *name)
{
    char sql[64];
    sqlite3_stmt *statement;
    snprintf(sql, sizeof sql, "PRAGMA %s", name);
    assert_int_equal(sqlite3_prepare_v2(writer->connection, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void a_writer_syncs_at_checkpoints_of_its_own_and_may_have_4_gib(void **state)
{
    (void)state;
    struct tt__store_writer *writer = studio_open_writer(&studio, NULL);
    assert_int_equal(pragma(writer, "synchronous"), 1);        /* NORMAL */
    assert_int_equal(pragma(writer, "wal_autocheckpoint"), 0); /* explicit ones, whose result is read */
    assert_int_equal(pragma(writer, "max_page_count") * pragma(writer, "page_size"), INT64_C(4) << 30);
    tt__store_close_writer(writer, true);
    writer = studio_open_writer(&studio, &(struct tt__store_writer_options){.bytes_max = 2 << 20});
    assert_int_equal(pragma(writer, "max_page_count") * pragma(writer, "page_size"), 2 << 20);
    tt__store_close_writer(writer, true);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(what_lies_beside_a_store_is_never_written_through_either),
    cmocka_unit_test_in_studio(network_file_systems_are_known),
    cmocka_unit_test_in_studio(a_store_on_a_network_file_system_is_refused_and_none_is_left_there),
    cmocka_unit_test_in_studio(a_writer_syncs_at_checkpoints_of_its_own_and_may_have_4_gib),
};

TT_TEST_MAIN(cases)
