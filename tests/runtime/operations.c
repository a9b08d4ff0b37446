/* operations.c: see operations.h. */
#include "operations.h"

#include "hardship.h"

char much[MUCH], room[MUCH];

static const char *wrong; /* an operation that returned what it must not */
static open_ground_fn open_ground;

int check(bool is_right, const char *what)
{
    if (!is_right)
        wrong = what;
    return 0;
}

static int close_ground(void *arg)
{
    struct ground *ground = arg;

    if (ground->peer)
        tt_task_cancel(ground->peer, NULL);
    tt_task_unref(ground->peer);
    tt_stream_close(ground->stream);
    tt_listener_close(ground->listener);
    tt_udp_close(ground->udp);
    tt_process_destroy(ground->process);
    for (int i = 0; i < 2; i++)
        if (ground->pair[i] >= 0)
            close(ground->pair[i]);
    if (ground->file >= 0)
        close(ground->file);
    free(ground);
    return 0;
}

static int operate(void *arg)
{
    const struct operation *operation = arg;
    struct ground *ground = calloc(1, sizeof *ground); /* what is deferred runs when this has returned */

    if (!ground)
        return tt_raise(&tt_MemoryError, "no ground");
    ground->pair[0] = ground->pair[1] = ground->file = -1;
    if (tt_defer(close_ground, ground) < 0 || open_ground(ground, operation) < 0)
        return -1;
    ground->peer = tt_create_task(operation->peer, ground);
    return ground->peer ? operation->call(ground) : -1;
}

void try_each(open_ground_fn open, const struct operation *operations, size_t count)
{
    open_ground = open;
    for (size_t i = 0; i < MUCH; i++)
        much[i] = (char)(i * 7 + i / 251);
    for (size_t i = 0; i < count; i++) {
        void *operation = (void *)(uintptr_t)&operations[i];

        print_message("%s: ", operations[i].name);
        assert_true(stage_run(operate, operation));
        stage_turns(3);
        assert_true(cancel_everywhere(operate, operation) >= operations[i].cancelled_least);
        assert_true(fail_each_allocation(operate, operation) > 0);
        if (wrong)
            fail_msg("%s: %s", operations[i].name, wrong);
    }
    for (size_t i = 0; i < count; i++) {
        print_message("%s: loops closed\n", operations[i].name);
        close_over_everywhere(operate, (void *)(uintptr_t)&operations[i]);
    }
    if (wrong)
        fail_msg("%s", wrong);
}

/* --------------------------------------------------------------------------------------------------------------- peers */

int idle(void *ground)
{
    (void)ground;
    return 0;
}

int drain(void *arg)
{
    static char buffer[100000];
    struct ground *ground = arg;

    for (;;) {
        if (tt_sleep(0) < 0)
            return -1;
        if (read(ground->pair[1], buffer, sizeof buffer) == 0)
            return 0;
    }
}

int accept_them(void *arg)
{
    struct ground *ground = arg;

    for (;;) {
        int connection = accept4(ground->pair[1], NULL, NULL, SOCK_CLOEXEC);

        if (connection >= 0)
            close(connection);
        if (tt_sleep(0) < 0)
            return -1;
    }
}
