/* tls: TLS over streams, by OpenSSL: a server that sends lines back, and a client for it.
 *
 *   tls serve CERTIFICATE KEY [PORT [MILLISECONDS]]    PORT of 127.0.0.1, 0 or nothing: a free one; the first line printed is the
 *                                                      port; a handshake may take so long, five seconds unless it is said. SIGTERM
 *                                                      ends it
 *   tls talk HOST PORT CERTIFICATES                    sends its input, prints what comes back; the server's certificate is for
 *                                                      HOST, and signed by one of CERTIFICATES
 *
 * OpenSSL reads and writes no socket here. It works on two pieces of memory (memory BIOs), and says when it wants more in the
 * one; this program moves bytes between them and the stream. So whatever takes time is a call on the stream, which suspends the
 * task, ends by timeouts and cancellation, and is seen in the trace; OpenSSL itself never waits.
 *
 *     program -- SSL_write --> SSL -- bytes to send --> `out` -- tt_stream_write --> stream
 *     program <-- SSL_read -- SSL <-- bytes received -- `in` <-- tt_stream_read -- stream
 *
 * Two rules. OpenSSL's queue of errors belongs to the thread, which all tasks of a loop share: it is emptied before each call and
 * read right after it, and nothing suspends in between. And one task at a time reads, while another one may write. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <telltale/telltale.h>

static TT_EXC_TYPE(SSLError, tt_OSError);

/* ------------------------------------------------------------------------------------------------------- a TLS stream */

struct tls {
    tt_stream *stream; /* borrowed */
    SSL *ssl;          /* owns both BIOs */
    BIO *in, *out;
};

/* Raises the oldest of OpenSSL's errors, of what was DOING. Returns -1. */
static int raise_ssl(const char *doing)
{
    unsigned long error = ERR_get_error();
    char text[256] = "the connection ended without a goodbye";

    if (error)
        ERR_error_string_n(error, text, sizeof text);
    ERR_clear_error();
    return tt_raise(&SSLError, "%s: %s", doing, text);
}

/* Frees TLS, and not its stream. A coroutine, for tt_defer. */
static int tls_destroy(void *arg)
{
    struct tls *tls = arg;

    SSL_free(tls->ssl);
    free(tls);
    return 0;
}

/* TLS over STREAM, which is the caller's and outlives it; the end of the task frees it. NULL: an exception is pending. */
static struct tls *tls_create(SSL_CTX *context, tt_stream *stream)
{
    struct tls *tls = calloc(1, sizeof *tls);

    if (!tls || !(tls->ssl = SSL_new(context))) {
        free(tls);
        tt_raise(&tt_MemoryError, "no memory for TLS");
        return NULL;
    }
    tls->stream = stream;
    tls->in = BIO_new(BIO_s_mem());
    tls->out = BIO_new(BIO_s_mem());
    SSL_set_bio(tls->ssl, tls->in, tls->out); /* either may be NULL for want of memory */
    if (!tls->in || !tls->out) {
        tls_destroy(tls);
        tt_raise(&tt_MemoryError, "no memory for TLS");
        return NULL;
    }
    return tt_defer(tls_destroy, tls) < 0 ? NULL : tls;
}

/* Sends what OpenSSL has to send. What is taken out of the BIO is in the order of records, and tasks that write to a stream take
 * turns in the order of their calls: so it stays that order also when two tasks are in here. */
static int flush(struct tls *tls)
{
    char buffer[16 * 1024];
    int size;

    while ((size = BIO_read(tls->out, buffer, sizeof buffer)) > 0)
        if (tt_stream_write(tls->stream, buffer, (size_t)size) < 0)
            return -1;
    return 0;
}

/* Receives something for OpenSSL; the end of the stream is one for it too, and it decides whether that is an error. */
static int fill(struct tls *tls)
{
    char buffer[16 * 1024];
    ssize_t size = tt_stream_read(tls->stream, buffer, sizeof buffer);

    if (size < 0)
        return -1;
    if (size == 0)
        BIO_set_mem_eof_return(tls->in, 0);
    else if (BIO_write(tls->in, buffer, (int)size) != size)
        return tt_raise(&tt_MemoryError, "no memory for TLS");
    return 0;
}

/* A call of OpenSSL's returned RESULT, which is not success: does what it wants, so that it can be called again. 0; 1: the other
 * end has said goodbye; -1 with an exception pending. */
static int advance(struct tls *tls, int result, const char *doing)
{
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return flush(tls) < 0 ? -1 : fill(tls);
    case SSL_ERROR_ZERO_RETURN:
        return 1;
    default:
        raise_ssl(doing);
        tt_cleanup_begin(); /* the other end is told why, if it can be */
        (void)!flush(tls);
        return tt_cleanup_end();
    }
}

/* A coroutine, so that it can have a time limit. */
static int handshake(void *arg)
{
    struct tls *tls = arg;
    int result;

    while (ERR_clear_error(), (result = SSL_do_handshake(tls->ssl)) != 1)
        if (advance(tls, result, "handshake") != 0)
            return tt_exc_pending() ? -1 : tt_raise(&SSLError, "handshake: the other end has gone");
    return flush(tls);
}

/* As tt_stream_read. 0 is the other end's goodbye; a stream that ends without one raises, since anybody on the way may have cut it. */
static int tls_read(struct tls *tls, void *buffer, int size)
{
    int result, rc;

    while (ERR_clear_error(), (result = SSL_read(tls->ssl, buffer, size)) <= 0)
        if ((rc = advance(tls, result, "read")) != 0)
            return rc > 0 ? 0 : -1;
    return flush(tls) < 0 ? -1 : result; /* reading may have made an answer, to a change of keys say */
}

/* As tt_stream_write. */
static int tls_write(struct tls *tls, const void *data, int size)
{
    if (size == 0)
        return 0;
    ERR_clear_error();
    if (SSL_write(tls->ssl, data, size) <= 0) /* it takes all, there is memory to write to */
        return raise_ssl("write");
    return flush(tls);
}

/* Tells the other end that nothing more comes (close_notify). What it sends can still be read. */
static int tls_write_eof(struct tls *tls)
{
    ERR_clear_error();
    if (SSL_shutdown(tls->ssl) < 0)
        return raise_ssl("shutdown");
    return flush(tls);
}

/* ------------------------------------------------------------------------------------------------------------- server */

struct service {
    const char *certificate, *key;
    int port;
    int64_t patience_ns; /* for a handshake */
    SSL_CTX *context;
};

static int close_context(void *context)
{
    SSL_CTX_free(context);
    return 0;
}

/* A connection. The server closes the stream. */
static int echo(tt_stream *stream, void *arg)
{
    const struct service *service = arg;
    struct tls *tls = tls_create(service->context, stream);
    char buffer[4096];
    int size;

    if (!tls)
        return -1;
    SSL_set_accept_state(tls->ssl);
    if (tt_with_timeout(service->patience_ns, handshake, tls) < 0)
        return -1;
    while ((size = tls_read(tls, buffer, sizeof buffer)) > 0)
        if (tls_write(tls, buffer, size) < 0)
            return -1;
    return size < 0 ? -1 : tls_write_eof(tls);
}

static int close_server(void *server)
{
    tt_server_close(server);
    return 0;
}

static int stop_server(void *server)
{
    return tt_server_stop(server, TT_MSEC(200));
}

static int serve(void *arg)
{
    struct service *service = arg;
    tt_server *server;

    service->context = SSL_CTX_new(TLS_server_method());
    if (!service->context || tt_defer(close_context, service->context) < 0)
        return tt_exc_pending() ? -1 : raise_ssl("context");
    if (SSL_CTX_use_certificate_chain_file(service->context, service->certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(service->context, service->key, SSL_FILETYPE_PEM) != 1)
        return raise_ssl("certificate and key");
    server = tt_start_server(tt_listen("127.0.0.1", service->port), echo, service, NULL);
    if (!server || tt_defer(stop_server, server) < 0 ||
        tt_loop_add_signal_handler(NULL, SIGTERM, close_server, server) < 0)
        return -1;
    printf("%d\n", tt_listener_port(tt_server_listener(server)));
    return tt_server_serve_forever(server);
}

/* ------------------------------------------------------------------------------------------------------------- client */

struct client {
    const char *host;
    int port;
    const char *certificates;
    struct tls *tls;
    tt_stream *input;
};

static int close_stream(void *stream)
{
    tt_stream_close(stream);
    return 0;
}

static int send_input(void *arg)
{
    struct client *client = arg;
    char buffer[4096];
    ssize_t size;

    while ((size = tt_stream_read(client->input, buffer, sizeof buffer)) > 0)
        if (tls_write(client->tls, buffer, (int)size) < 0)
            return -1;
    return size < 0 ? -1 : tls_write_eof(client->tls);
}

static int print_answers(struct client *client)
{
    char buffer[4096];
    int size;

    while ((size = tls_read(client->tls, buffer, sizeof buffer)) > 0) {
        fwrite(buffer, 1, (size_t)size, stdout);
        fflush(stdout);
    }
    return size;
}

/* Connects, and has OpenSSL look whether it is who it should be. */
static int begin(struct client *client, SSL_CTX *context)
{
    tt_stream *stream = tt_open_connection(client->host, client->port);

    if (!stream || tt_defer(close_stream, stream) < 0)
        return -1;
    client->tls = tls_create(context, stream);
    if (!client->tls)
        return -1;
    SSL_set_connect_state(client->tls->ssl);
    SSL_set_verify(client->tls->ssl, SSL_VERIFY_PEER, NULL);
    if (SSL_set1_host(client->tls->ssl, client->host) != 1 ||
        SSL_set_tlsext_host_name(client->tls->ssl, client->host) != 1)
        return raise_ssl("name of the host");
    return tt_with_timeout(TT_SEC(30), handshake, client->tls);
}

static int talk(void *arg)
{
    struct client *client = arg;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    tt_group *group;
    int rc;

    if (!context || tt_defer(close_context, context) < 0)
        return tt_exc_pending() ? -1 : raise_ssl("context");
    if (SSL_CTX_load_verify_file(context, client->certificates) != 1)
        return raise_ssl("certificates");
    if (begin(client, context) < 0)
        return -1;
    client->input = tt_stream_open_standard(0);
    if (!client->input || tt_defer(close_stream, client->input) < 0)
        return -1;
    group = tt_group_enter();
    rc = tt_group_spawn(group, send_input, client);
    if (rc == 0)
        rc = print_answers(client);
    return tt_group_exit(group, rc);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc >= 4 && argc <= 6 && strcmp(argv[1], "serve") == 0) {
        struct service service = {.certificate = argv[2], .key = argv[3], .patience_ns = TT_SEC(5)};

        service.port = argc > 4 ? atoi(argv[4]) : 0;
        if (argc > 5)
            service.patience_ns = TT_MSEC(atoi(argv[5]));
        return tt_run(serve, &service);
    }
    if (argc == 5 && strcmp(argv[1], "talk") == 0) {
        struct client client = {.host = argv[2], .port = atoi(argv[3]), .certificates = argv[4]};

        return tt_run(talk, &client);
    }
    fprintf(stderr, "usage: %s serve CERTIFICATE KEY [PORT [MILLISECONDS]]\n       %s talk HOST PORT CERTIFICATES\n",
            argv[0], argv[0]);
    return 2;
}
