/* Unix sockets with somebody else's program at the other end: OpenBSD's nc. */
#include "stage.h"

#include <errno.h>

static char folder[TT_TEST_PATH_MAX], path[TT_TEST_PATH_MAX + 8];

static int echo(tt_stream *stream, void *arg)
{
    char bytes[256];
    ssize_t size;

    (void)arg;
    while ((size = tt_stream_read(stream, bytes, sizeof bytes)) > 0)
        if (tt_stream_write(stream, bytes, (size_t)size) < 0)
            return -1;
    return (int)size;
}

/* What comes back to nc as a client. */
static int serve_nc(void *arg)
{
    const struct tt_process_options pipes = {.in = {.kind = TT_STDIO_PIPE}, .out = {.kind = TT_STDIO_PIPE}};
    tt_server *server = tt_start_server(tt_listen_unix(path), echo, NULL, NULL);
    tt_process *nc = server ? tt_process_spawn((char *[]){"nc", "-N", "-U", path, NULL}, &pipes) : NULL;
    struct tt_process_output output = {0};
    int rc = nc ? tt_process_communicate(nc, "one\ntwo\n", 8, 1000, &output) : -1;

    (void)arg;
    if (rc == 0)
        note("%s", output.out);
    free(output.out);
    tt_process_destroy(nc);
    return tt_server_stop(server, TT_SEC(5)) < 0 ? -1 : rc;
}

static void nc_is_served(void **state)
{
    (void)state;
    if (system("command -v nc >/dev/null 2>&1") != 0)
        TT_SKIP("there is no nc");
    assert_true(stage_run(serve_nc, NULL));
    expect_notes("one\ntwo\n");
}

/* nc as a server, which may take a while until it listens. */
static int ask_nc(void *arg)
{
    const struct tt_process_options pipes = {.out = {.kind = TT_STDIO_PIPE}};
    tt_process *nc = tt_process_spawn((char *[]){"sh", "-c", "echo answer | nc -N -l -U \"$0\"", path, NULL}, &pipes);
    struct tt_process_output output = {0};
    tt_stream *stream = NULL;
    char answer[8] = "";
    int rc;

    (void)arg;
    while (nc && !(stream = tt_open_unix_connection(path)))
        if (!tt_catch(&tt_OSError) || tt_catch_end() < 0 || tt_sleep(TT_MSEC(5)) < 0)
            return -1;
    rc = stream ? tt_stream_write(stream, "question\n", 9) : -1;
    if (rc == 0)
        rc = tt_stream_read_exactly(stream, answer, 7);
    if (rc == 0)
        rc = tt_stream_write_eof(stream);
    if (rc == 0)
        rc = tt_process_communicate(nc, NULL, 0, 1000, &output);
    note("%s%s", output.out ? output.out : "", answer);
    free(output.out);
    tt_stream_close(stream);
    tt_process_destroy(nc);
    return rc;
}

static void nc_serves(void **state)
{
    (void)state;
    if (system("command -v nc >/dev/null 2>&1") != 0)
        TT_SKIP("there is no nc");
    assert_true(stage_run(ask_nc, NULL));
    expect_notes("question\nanswer\n");
}

static int open_folder(void **state)
{
    if (!mkdtemp(tt_test_template(folder, "nc")))
        return -1;
    snprintf(path, sizeof path, "%s/socket", folder);
    return stage_open(state);
}

static int close_folder(void **state)
{
    unlink(path);
    return rmdir(folder) < 0 || stage_close(state) < 0 ? -1 : 0;
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_setup_teardown(nc_is_served, open_folder, close_folder),
    cmocka_unit_test_setup_teardown(nc_serves, open_folder, close_folder),
};

TT_TEST_MAIN(cases)
