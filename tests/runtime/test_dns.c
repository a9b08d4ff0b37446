/* Names and addresses. No network is asked: numbers need none, and where a lookup has to last, getaddrinfo is this
 * program's own. */
#include "exc_internal.h"
#include "stage.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <semaphore.h>

static sem_t has_begun, may_end;
static bool is_held;          /* lookups of "held" wait for the test */
static int lookups, released; /* of "held" */

/* What libuv calls, since a program's own functions come before the libraries'. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints, struct addrinfo **out)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
        (int (*)(const char *, const char *, const struct addrinfo *, struct addrinfo **))dlsym(RTLD_NEXT,
                                                                                                "getaddrinfo");

    if (is_held && node && strcmp(node, "held") == 0) {
        sem_post(&has_begun);
        while (sem_wait(&may_end) < 0 && errno == EINTR)
            ;
        __atomic_add_fetch(&lookups, 1, __ATOMIC_RELAXED);
        node = "192.0.2.1";
    }
    return real(node, service, hints, out);
}

__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *addresses)
{
    void (*real)(struct addrinfo *) = (void (*)(struct addrinfo *))dlsym(RTLD_NEXT, "freeaddrinfo");

    __atomic_add_fetch(&released, 1, __ATOMIC_RELAXED);
    real(addresses);
}

static int open_dns(void **state)
{
    sem_init(&has_begun, 0, 0);
    sem_init(&may_end, 0, 0);
    is_held = true;
    lookups = released = 0;
    return stage_open(state);
}

#define cmocka_unit_test_of_names(...) STAGE_CASE(__VA_ARGS__, open_dns, stage_close)

static tt_task *begin(tt_coro_fn *fn, void *arg)
{
    return tt_create_task_with(fn, arg, (&(struct tt_task_options){.loop = stage_loop, .name = "t"}));
}

static int look_up_number(void *arg)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *addresses = NULL;
    const struct sockaddr_in *address;

    (void)arg;
    if (tt_getaddrinfo("127.0.0.1", "80", &hints, &addresses) < 0)
        return -1;
    address = (const struct sockaddr_in *)(const void *)addresses->ai_addr;
    note("%d %s:%d, more %d", address->sin_family == AF_INET, inet_ntoa(address->sin_addr), ntohs(address->sin_port),
         addresses->ai_next != NULL);
    freeaddrinfo(addresses);
    return 0;
}

static void a_name_has_addresses(void **state)
{
    (void)state;
    assert_true(stage_run(look_up_number, NULL));
    expect_notes("1 127.0.0.1:80, more 0");
}

static int look_up_nonsense(void *arg)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *addresses = NULL;

    (void)arg;
    (void)!tt_getaddrinfo("no.number", NULL, &hints, &addresses);
    note("%s", tt_exc_message(tt_exc_pending()));
    note("code %d errno %d %s", tt_gaierror_code(tt_exc_pending()) == EAI_NONAME,
         tt_exc_errno(tt_exc_pending()) == EAI_NONAME, tt_exc_errno_name(tt_exc_pending()));
    note_and_drop("number");
    (void)!tt_getaddrinfo(NULL, NULL, NULL, &addresses);
    note("%s", tt_exc_message(tt_exc_pending()));
    note_and_drop("nothing");
    (void)!tt_getaddrinfo("127.0.0.1", "no such service", NULL, &addresses);
    note("code %d %s", tt_gaierror_code(tt_exc_pending()) == EAI_SERVICE, tt_exc_errno_name(tt_exc_pending()));
    if (!tt_catch(&tt_OSError))
        return -1;
    return tt_catch_end();
}

static void a_name_without_an_address_is_a_gaierror(void **state)
{
    (void)state;
    assert_true(stage_run(look_up_nonsense, NULL));
    expect_notes("[Errno -2] Name or service not known: getaddrinfo no.number", "code 1 errno 1 EAI_NONAME",
                 "number: gaierror(-2, 'Name or service not known')",
                 "[Errno -2] Name or service not known: getaddrinfo of nothing",
                 "nothing: gaierror(-2, 'Name or service not known')", "code 1 EAI_SERVICE");
    assert_int_equal(tt_gaierror_code(NULL), 0);
}

/* A gaierror keeps its code in a copy for another thread; one of the program's own has none. */
static int fail_on_thread(void *arg)
{
    (void)arg;
    return tt_raise(&tt_gaierror, "made up");
}

static int keep_codes(void *arg)
{
    const struct tt_connection_options options = {.local_host = "no.number"};
    tt_exc *copy;

    (void)arg;
    if (tt_open_connection_with("127.0.0.1", 1, &options)) /* found out without a thread */
        return -1;
    copy = tt__exc_copy(tt_exc_pending());
    note("%s %d %s", tt_exc_message(copy), tt_gaierror_code(copy) == EAI_NONAME, tt_exc_errno_name(copy));
    tt_exc_unref(copy);
    note_and_drop("local");
    if (tt_to_thread(fail_on_thread, NULL, NULL, NULL) == 0)
        return -1;
    note("%d %d", tt_gaierror_code(tt_exc_pending()), tt_exc_errno_name(tt_exc_pending()) == NULL);
    return note_and_drop("own");
}

static void its_code_goes_with_it(void **state)
{
    (void)state;
    assert_true(stage_run(keep_codes, NULL));
    expect_notes("[Errno -2] Name or service not known: getaddrinfo no.number 1 EAI_NONAME",
                 "local: gaierror(-2, 'Name or service not known')", "0 1", "own: gaierror('made up')");
}

static int look_up_held(void *arg)
{
    struct addrinfo *addresses = NULL;
    int rc = tt_getaddrinfo("held", NULL, NULL, &addresses);

    (void)arg;
    note("%d %d", rc, addresses != NULL);
    if (rc == 0)
        freeaddrinfo(addresses);
    return rc;
}

static tt_task *begin_lookup(void)
{
    tt_task *task = begin(look_up_held, NULL);

    stage_turns(2);
    sem_wait(&has_begun);
    return task;
}

static void the_loop_goes_on_while_a_name_is_looked_up(void **state)
{
    tt_task *task = begin_lookup();

    (void)state;
    stage_turns(3);
    assert_false(tt_task_done(task));
    sem_post(&may_end);
    assert_int_equal(tt_loop_run_until_complete(stage_loop, task), 0);
    tt_task_unref(task);
    expect_notes("0 1");
    assert_int_equal(released, 1);
}

static void a_lookup_that_is_cancelled_ends_at_once_and_its_addresses_are_released(void **state)
{
    tt_task *task = begin_lookup();

    (void)state;
    tt_task_cancel(task, NULL);
    stage_turns(2);
    assert_true(tt_task_cancelled(task));
    tt_task_unref(task);
    expect_notes("-1 0");
    assert_int_equal(lookups, 0);
    sem_post(&may_end);
    stage_close_loop();
    assert_int_equal(lookups, 1);
    assert_int_equal(released, 1);
}

static void an_abandoned_lookup_is_waited_for(void **state)
{
    tt_task *task = begin_lookup();

    (void)state;
    sem_post(&may_end);
    stage_close_loop();
    tt_task_unref(task);
    expect_notes("handler: Task was destroyed but it is pending! [message, task] None of t");
    assert_int_equal(released, 1);
}

enum { MANY = 20 };

static void lookups_that_wait_for_a_thread_are_not_begun_when_they_are_cancelled(void **state)
{
    tt_task *tasks[MANY];

    (void)state;
    for (int i = 0; i < MANY; i++)
        tasks[i] = begin(look_up_held, NULL);
    stage_turns(2);
    sem_wait(&has_begun);
    sem_wait(&has_begun); /* half of four threads */
    for (int i = 0; i < MANY; i++)
        tt_task_cancel(tasks[i], NULL);
    stage_turns(2);
    for (int i = 0; i < MANY; i++) {
        assert_true(tt_task_cancelled(tasks[i]));
        tt_task_unref(tasks[i]);
    }
    sem_post(&may_end);
    sem_post(&may_end);
    stage_close_loop();
    assert_int_equal(lookups, 2);
    assert_int_equal(released, 2);
    stage_forget_notes();
}

static int name_address(void *arg)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(4711), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr other = {.sa_family = AF_UNIX};
    char host[64], service[16], small[4] = "old";

    (void)arg;
    if (tt_getnameinfo((struct sockaddr *)&address, NI_NUMERICHOST | NI_NUMERICSERV, host, sizeof host, service,
                       sizeof service) < 0)
        return -1;
    note("%s %s", host, service);
    if (tt_getnameinfo((struct sockaddr *)&address, NI_NUMERICHOST | NI_NUMERICSERV, NULL, 0, NULL, 0) < 0)
        return -1;
    (void)!tt_getnameinfo((struct sockaddr *)&address, NI_NUMERICHOST | NI_NUMERICSERV, host, sizeof host, small,
                          sizeof small);
    note("%s, code %d", small, tt_gaierror_code(tt_exc_pending()) == EAI_OVERFLOW);
    if (!tt_catch(&tt_gaierror) || tt_catch_end() < 0)
        return -1;
    (void)!tt_getnameinfo(&other, 0, host, sizeof host, service, sizeof service);
    return note_and_drop("other");
}

static void an_address_has_a_name(void **state)
{
    (void)state;
    assert_true(stage_run(name_address, NULL));
    expect_notes("127.0.0.1 4711", "old, code 1", "other: OSError(22, 'Invalid argument')");
}

static int look_up_without_memory(void *arg)
{
    (void)arg;
    allocation_fail(1, false);
    (void)!look_up_number(NULL);
    allocation_fail(0, false);
    note_and_drop("ours");
    allocation_fail_libuv(1);
    (void)!look_up_number(NULL);
    allocation_fail_libuv(0);
    return note_and_drop("libuv's");
}

static void without_memory_it_raises(void **state)
{
    (void)state;
    assert_true(stage_run(look_up_without_memory, NULL));
    expect_notes("ours: MemoryError('no memory to look up a name')", "libuv's: OSError(12, 'Cannot allocate memory')");
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_of_names(a_name_has_addresses),
    cmocka_unit_test_of_names(a_name_without_an_address_is_a_gaierror),
    cmocka_unit_test_of_names(its_code_goes_with_it),
    cmocka_unit_test_of_names(the_loop_goes_on_while_a_name_is_looked_up),
    cmocka_unit_test_of_names(a_lookup_that_is_cancelled_ends_at_once_and_its_addresses_are_released),
    cmocka_unit_test_of_names(an_abandoned_lookup_is_waited_for),
    cmocka_unit_test_of_names(lookups_that_wait_for_a_thread_are_not_begun_when_they_are_cancelled),
    cmocka_unit_test_of_names(an_address_has_a_name),
    cmocka_unit_test_of_names(without_memory_it_raises),
};

TT_TEST_MAIN(cases)
