/* datagrams.c: see datagrams.h. */
#include "datagrams.h"

int note_error(const char *label)
{
    char text[512];
    const char *at = tt_exc_message(tt_exc_pending());
    size_t length = 0;

    for (; *at && length + 8 < sizeof text; at++) {
        text[length++] = *at;
        if (*at == ':' && at[1] >= '0' && at[1] <= '9' && at[-1] != ':') {
            length += (size_t)snprintf(text + length, sizeof text - length, "PORT");
            while (at[1] >= '0' && at[1] <= '9')
                at++;
        }
    }
    text[length] = '\0';
    note("%s: %s: %s", label, tt_exc_type_of(tt_exc_pending())->name, text);
    return tt_catch(&tt_BaseException) ? tt_catch_end() : -1;
}

int port_of(const tt_udp *udp)
{
    struct tt_address local;

    tt_udp_local_address(udp, &local);
    return tt_address_port(&local);
}

struct tt_address local_of(const tt_udp *udp)
{
    struct tt_address local;

    tt_udp_local_address(udp, &local);
    return local;
}

int close_udp(void *udp)
{
    tt_udp_close(udp);
    return 0;
}

tt_udp *until_end(tt_udp *udp)
{
    return udp && tt_defer(close_udp, udp) == 0 ? udp : NULL;
}

tt_udp *open_until_end(const char *host)
{
    return until_end(tt_udp_open(host, 0));
}

int end_task(void *task)
{
    tt_task_cancel(task, NULL);
    tt_task_unref(task);
    return 0;
}

int send_to_itself(tt_udp *udp, const void *data, size_t size)
{
    struct tt_address self = local_of(udp);

    return tt_udp_send_to(udp, data, size, &self);
}

int answer_one(void *arg)
{
    tt_udp *udp = arg;
    struct tt_datagram from;
    char buffer[32];
    ssize_t size = tt_udp_receive(udp, buffer, sizeof buffer, &from);

    return size < 0 ? -1 : tt_udp_send_to(udp, buffer, (size_t)size, &from.peer);
}

int converse(void *arg)
{
    const char *host = arg;
    tt_udp *server = open_until_end(host), *client;
    struct tt_datagram from;
    struct tt_address peer, local;
    tt_task *task;
    char buffer[32];
    ssize_t size;

    client = server ? until_end(tt_udp_connect(host, port_of(server))) : NULL;
    task = client ? tt_create_task(answer_one, server) : NULL;
    if (!task || tt_defer(end_task, task) < 0 || tt_sleep(0) < 0 || tt_udp_send(client, "hello", 5) < 0)
        return -1;
    size = tt_udp_receive(client, buffer, sizeof buffer, &from);
    if (size < 0)
        return -1;
    local = local_of(server);
    tt_udp_peer_address(client, &peer);
    note("%.*s, %zu%s, from the server %d %d", (int)size, buffer, from.size, from.is_truncated ? " cut" : "",
         tt_address_equal(&from.peer, &local), tt_address_equal(&peer, &local));
    return tt_await(task);
}
