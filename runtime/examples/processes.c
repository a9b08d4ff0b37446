/* processes: children that are fed, read, timed out and killed, and a file that is written and read meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

#define ARGV(...) ((char *[]){__VA_ARGS__, NULL})

/* What goes in comes out in upper case. */
static int talk(void)
{
    const struct tt_process_options pipes = {.in = {TT_STDIO_PIPE, 0}, .out = {TT_STDIO_PIPE, 0}};
    tt_process *process = tt_process_spawn(ARGV("tr", "a-z", "A-Z"), &pipes);
    struct tt_process_output output;
    int code, rc;

    if (!process)
        return -1;
    rc = tt_process_communicate(process, "hello child\n", 12, 1000, &output);
    if (rc == 0 && tt_process_has_ended(process, &code)) {
        printf("tr: %d %s", code, output.out);
        free(output.out);
    }
    tt_process_destroy(process);
    return rc;
}

static int wait_for_it(void *process)
{
    return tt_process_wait(process, NULL);
}

/* A child that takes too long is killed. */
static int lose_patience(void)
{
    tt_process *process = tt_process_spawn(ARGV("sleep", "1000"), NULL);
    int code, rc;

    if (!process)
        return -1;
    rc = tt_with_timeout(TT_MSEC(50), wait_for_it, process);
    if (rc < 0 && tt_catch(&tt_TimeoutError)) {
        printf("sleep: takes too long\n");
        if (tt_process_kill(process) == 0 && tt_process_wait(process, &code) == 0)
            printf("sleep: %d\n", code);
        rc = tt_catch_end();
    }
    tt_process_destroy(process);
    return rc;
}

static int start_nothing(void)
{
    tt_process *process = tt_process_spawn(ARGV("/no/such/program"), NULL);

    tt_process_destroy(process);
    if (!process && tt_catch(&tt_FileNotFoundError)) {
        printf("/no/such/program: not found\n");
        return tt_catch_end();
    }
    return -1;
}

/* A file of its own, written, read and removed on threads. */
static int keep(void *arg)
{
    char path[] = "/tmp/processes-XXXXXX", *data = NULL;
    int file = tt_fs_mkstemp(path), rc;

    (void)arg;
    if (file < 0 || tt_fs_close(file) < 0)
        return -1;
    rc = tt_fs_write_file(path, "kept\n", 5, 0600);
    if (rc == 0)
        rc = tt_fs_read_file(path, 100, &data, NULL);
    if (rc == 0)
        rc = tt_fs_unlink(path);
    if (rc == 0)
        rc = tt_return(data, free);
    else
        free(data);
    return rc;
}

static int app(void *arg)
{
    tt_task *task = tt_create_task(keep, arg);
    void *data;
    int rc = talk() < 0 || lose_patience() < 0 || start_nothing() < 0 ? -1 : 0;

    if (rc == 0)
        rc = tt_await(task);
    if (rc == 0 && (rc = tt_task_result(task, &data)) == 0)
        printf("file: %s", (char *)data);
    tt_task_unref(task);
    return rc;
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    return tt_run(app, NULL);
}
