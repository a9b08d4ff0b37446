/* lookup: the addresses of names, and the names that these addresses have: all at once, each for no longer than five seconds.
 *
 *   lookup NAME...
 *
 * Names are looked up on threads, as the C library does it, and what is given up here goes on there. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include <telltale/telltale.h>

/* ADDRESS, and its name if it has one. That it has none is no failure. */
static int print_address(const char *name, const struct addrinfo *address)
{
    char number[NI_MAXHOST], host[NI_MAXHOST] = "";

    if (tt_getnameinfo(address->ai_addr, NI_NUMERICHOST, number, sizeof number, NULL, 0) < 0)
        return -1;
    if (tt_getnameinfo(address->ai_addr, NI_NAMEREQD, host, sizeof host, NULL, 0) < 0) {
        if (!tt_catch(&tt_gaierror))
            return -1;
        if (tt_catch_end() < 0)
            return -1;
    }
    printf("%s: %s%s%s\n", name, number, *host ? " is " : "", host);
    return 0;
}

static int look_up(void *name)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int rc = tt_getaddrinfo(name, NULL, &hints, &list);

    if (rc < 0)
        return -1;
    for (const struct addrinfo *address = list; address && rc == 0; address = address->ai_next)
        rc = print_address(name, address);
    freeaddrinfo(list);
    return rc;
}

/* A name that is not known, or takes too long, is told, and the others go on; whatever else goes wrong ends all of them. */
static int look_up_in_time(void *name)
{
    int rc = tt_with_timeout(TT_SEC(5), look_up, name);

    if (rc < 0 && (tt_catch(&tt_gaierror) || tt_catch(&tt_TimeoutError))) {
        const char *why = tt_exc_message(tt_exc_caught());

        fprintf(stderr, "%s: %s\n", (char *)name, *why ? why : "no answer in time");
        rc = tt_catch_end();
    }
    return rc;
}

static int app(void *names)
{
    tt_group *group = tt_group_enter();
    int rc = 0;

    for (char **name = names; *name && rc == 0; name++)
        rc = tt_group_spawn(group, look_up_in_time, *name);
    return tt_group_exit(group, rc);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s NAME...\n", argv[0]);
        return 2;
    }
    return tt_run(app, argv + 1);
}
