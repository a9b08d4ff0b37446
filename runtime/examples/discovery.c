/* discovery: programs on a network that find each other by a multicast group.
 *
 *   discovery serve NAME GROUP PORT INTERFACE    answers whoever asks the group; SIGTERM ends it
 *   discovery find COUNT GROUP PORT INTERFACE    asks the group until COUNT names have answered, at most ten seconds
 *
 * for example with 239.255.77.7 5077 lo, which is this machine only. PORT 0 lets a server choose one, which it prints as its first
 * line. A question is the datagram "who?", an answer "I am NAME"; since both may get lost, who asks asks again. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <telltale/telltale.h>

enum { NAMES_MAX = 64, NAME_BYTES = 32 };

struct arguments {
    const char *what; /* the name, or the count */
    const char *group;
    int port;
    const char *interface;
};

static int close_udp(void *udp)
{
    tt_udp_close(udp);
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------- serving */

struct service {
    const char *name;
    tt_udp *udp;
};

/* Answers each question to whoever asked it. That one asker cannot be reached is told, and no reason to stop. */
static int answer(void *arg)
{
    struct service *service = arg;
    struct tt_datagram from;
    char question[16], text[64];
    ssize_t size;
    int length = snprintf(text, sizeof text, "I am %s", service->name);

    while ((size = tt_udp_receive(service->udp, question, sizeof question, &from)) >= 0) {
        if (from.is_truncated || size != 4 || memcmp(question, "who?", 4) != 0)
            continue;
        if (tt_udp_send_to(service->udp, text, (size_t)length, &from.peer) < 0) {
            if (!tt_catch(&tt_OSError))
                break;
            fprintf(stderr, "%s\n", tt_exc_message(tt_exc_caught()));
            if (tt_catch_end() < 0)
                break;
        }
    }
    return -1;
}

static int serve(void *arg)
{
    const struct arguments *arguments = arg;
    const struct tt_udp_options options = {.reuse_address = true}; /* others on this machine may serve too */
    struct service service = {arguments->what, tt_udp_open_with(NULL, arguments->port, &options)};
    struct tt_address local;
    tt_task *answerer;
    tt_group *group;
    int rc;

    if (!service.udp || tt_defer(close_udp, service.udp) < 0 ||
        tt_udp_join(service.udp, arguments->group, arguments->interface) < 0)
        return -1;
    tt_udp_local_address(service.udp, &local);
    printf("%d\n", tt_address_port(&local));
    group = tt_group_enter();
    answerer = tt_group_create_task(group, answer, &service);
    rc = answerer ? tt_signal_wait(SIGTERM, NULL) : -1;
    if (rc == 0)
        tt_task_cancel(answerer, NULL);
    tt_task_unref(answerer);
    return tt_group_exit(group, rc); /* should answering have failed, this task was cancelled, and here it says why */
}

/* ----------------------------------------------------------------------------------------------------------- finding */

struct search {
    const struct arguments *arguments;
    int wanted, found;
    char names[NAMES_MAX][NAME_BYTES];
    tt_udp *udp;
};

static void take_answer(struct search *search, const char *text, const struct tt_address *peer)
{
    char address[TT_ADDRESS_BYTES], name[NAME_BYTES];

    if (sscanf(text, "I am %31s", name) != 1)
        return;
    for (int i = 0; i < search->found; i++)
        if (strcmp(search->names[i], name) == 0)
            return;
    strcpy(search->names[search->found++], name);
    tt_address_text(peer, address, sizeof address);
    printf("%s is at %.*s\n", name, (int)(strrchr(address, ':') - address), address);
}

static int hear_answers(void *arg)
{
    struct search *search = arg;
    struct tt_datagram from;
    char text[64];
    ssize_t size;

    while (search->found < search->wanted) {
        size = tt_udp_receive(search->udp, text, sizeof text - 1, &from);
        if (size < 0)
            return -1;
        text[size] = '\0';
        take_answer(search, text, &from.peer);
    }
    return 0;
}

static int ask_until_found(void *arg)
{
    struct search *search = arg;
    const struct arguments *arguments = search->arguments;
    struct tt_address group;

    if (tt_address_resolve(arguments->group, arguments->port, 0, &group) < 0)
        return -1;
    while (search->found < search->wanted) {
        if (tt_udp_send_to(search->udp, "who?", 4, &group) < 0)
            return -1;
        /* Time for answers: that it passes is no failure, and cancellation and the rest are. */
        if (tt_with_timeout(TT_MSEC(250), hear_answers, search) < 0 &&
            (!tt_catch(&tt_TimeoutError) || tt_catch_end() < 0))
            return -1;
    }
    return 0;
}

static int find(void *arg)
{
    struct search search = {.arguments = arg};

    search.wanted = atoi(search.arguments->what);
    if (search.wanted < 1 || search.wanted > NAMES_MAX)
        return tt_raise(&tt_ValueError, "cannot look for %s names", search.arguments->what);
    search.udp = tt_udp_open(NULL, 0);
    if (!search.udp || tt_defer(close_udp, search.udp) < 0 ||
        tt_udp_set_interface(search.udp, search.arguments->interface) < 0)
        return -1;
    return tt_with_timeout(TT_SEC(10), ask_until_found, &search);
}

int main(int argc, char **argv)
{
    struct arguments arguments;

    if (argc != 6 || (strcmp(argv[1], "serve") != 0 && strcmp(argv[1], "find") != 0)) {
        fprintf(stderr, "usage: %s serve NAME GROUP PORT INTERFACE\n       %s find COUNT GROUP PORT INTERFACE\n",
                argv[0], argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    arguments = (struct arguments){argv[2], argv[3], atoi(argv[4]), argv[5]};
    return tt_run(argv[1][0] == 's' ? serve : find, &arguments);
}
