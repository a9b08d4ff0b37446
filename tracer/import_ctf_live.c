/* import_ctf_live.c: see import_ctf_live.h. */
#include "import_ctf_live.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "import_ctf_graph.h"

#define SESSIONS_MAX 256u /* each is a connection */
#define WAIT_NS      20000000
#define WORD_SECONDS 1 /* so often it says that it is there */

struct sessions {
    const bt_component_class_source *class;
    char *urls[SESSIONS_MAX];
    size_t count;
};

static bt_interrupter *interrupter;
static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
    bt_interrupter_set(interrupter); /* sets a flag, no more */
}

/* A signal that is ignored, because this runs in the background, stays so. */
static void listen_to_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt}, old; /* what waits is interrupted */
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- sessions */

/* How long the part of URL is that names the relay. */
static size_t relay_length(const char *url)
{
    const char *host = strstr(url, "://");
    return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/") : strlen(url);
}

static const char *text_of(const bt_value *map, const char *key)
{
    const bt_value *value = bt_value_is_map(map) ? bt_value_map_borrow_entry_value_const(map, key) : NULL;
    return value && bt_value_is_string(value) ? bt_value_string_get(value) : "";
}

/* A session without a timer is written to the relay's disk only. */
static bool is_live(const bt_value *session)
{
    const bt_value *timer =
        bt_value_is_map(session) ? bt_value_map_borrow_entry_value_const(session, "timer-us") : NULL;
    if (!timer)
        return false;
    return bt_value_is_unsigned_integer(timer)
               ? bt_value_integer_unsigned_get(timer) > 0
               : bt_value_is_signed_integer(timer) && bt_value_integer_signed_get(timer) > 0;
}

/* Whether SESSION is one that URL names: by what follows the relay. */
static bool is_named(const char *url, const bt_value *session)
{
    static const char host_word[] = "/host/";
    const char *rest = url + relay_length(url);
    if (*rest == '\0' || strcmp(rest, "/") == 0)
        return true;
    if (strncmp(rest, host_word, sizeof host_word - 1) != 0)
        return false;
    rest += sizeof host_word - 1;
    const char *host = text_of(session, "target-hostname"), *name = text_of(session, "session-name");
    size_t length = strcspn(rest, "/");
    if (strlen(host) != length || strncmp(rest, host, length) != 0)
        return false;
    rest += length;
    return *rest == '\0' || strcmp(rest, "/") == 0 || strcmp(rest + 1, name) == 0;
}

/* Asks the relay of URL for its sessions; NULL after a line `error`. */
static const bt_value *ask_relay(const bt_component_class_source *class, const char *url)
{
    char relay[300];
    const bt_value *result = NULL;
    bt_value *params = bt_value_map_create();
    bt_query_executor *query = NULL;
    snprintf(relay, sizeof relay, "%.*s", (int)relay_length(url), url);
    if (params && bt_value_map_insert_string_entry(params, "url", relay) == BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK)
        query = bt_query_executor_create(bt_component_class_source_as_component_class_const(class), "sessions", params);
    if (!query || bt_query_executor_query(query, &result) != BT_QUERY_EXECUTOR_QUERY_STATUS_OK) {
        bt_current_thread_clear_error();
        printf("error %s: no relay daemon answers there; is lttng-relayd running, and is that the port of its live "
               "connections (--live-port, 5344 if not given)?\n",
               relay);
        result = NULL;
    } else if (!bt_value_is_array(result)) {
        bt_value_put_ref(result);
        printf("error %s: it answers what makes no sense\n", relay);
        result = NULL;
    }
    bt_query_executor_put_ref(query);
    bt_value_put_ref(params);
    return result;
}

static bool add_session(struct sessions *sessions, const char *url, const bt_value *session)
{
    char *text;
    if (sessions->count == SESSIONS_MAX ||
        asprintf(&text, "%.*s/host/%s/%s", (int)relay_length(url), url, text_of(session, "target-hostname"),
                 text_of(session, "session-name")) < 0) {
        printf("error %s: has more than %u sessions, or there is no memory for them\n", url, SESSIONS_MAX);
        return false;
    }
    for (size_t i = 0; i < sessions->count; i++)
        if (strcmp(sessions->urls[i], text) == 0) { /* two URLs name it */
            free(text);
            return true;
        }
    sessions->urls[sessions->count++] = text;
    return true;
}

/* What URL names is not there: says what is. */
static void tell_others(const char *url, const bt_value *all)
{
    bool is_first = true;
    printf("error %s: the relay daemon has no such live session", url);
    for (uint64_t i = 0; i < bt_value_array_get_length(all); i++) {
        const bt_value *session = bt_value_array_borrow_element_by_index_const(all, i);
        printf("%s/host/%s/%s%s", is_first ? "; there are " : ", ", text_of(session, "target-hostname"),
               text_of(session, "session-name"), is_live(session) ? "" : " (not live)");
        is_first = false;
    }
    puts(is_first ? " at the moment; create one: lttng create NAME --live --set-url=net://RELAY" : "");
}

static bool find_sessions(struct sessions *sessions, const char *url)
{
    const bt_value *all = ask_relay(sessions->class, url);
    bool is_well = all != NULL, is_there = false;
    for (uint64_t i = 0; is_well && i < bt_value_array_get_length(all); i++) {
        const bt_value *session = bt_value_array_borrow_element_by_index_const(all, i);
        if (!is_live(session) || !is_named(url, session))
            continue;
        is_there = true;
        is_well = add_session(sessions, url, session);
    }
    if (is_well && !is_there)
        tell_others(url, all);
    bt_value_put_ref(all);
    return is_well && is_there;
}

/* ---------------------------------------------------------------------------------------------------------- following */

static bool add_url(struct tt__ctf_graph *graph, const bt_component_class_source *class, const char *url,
                    unsigned number)
{
    bt_value *inputs = bt_value_array_create(), *params = bt_value_map_create();
    bool is_added = inputs && params &&
                    bt_value_array_append_string_element(inputs, url) == BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK &&
                    bt_value_map_insert_entry(params, "inputs", inputs) == BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
                    bt_value_map_insert_string_entry(params, "session-not-found-action", "end") ==
                        BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
                    tt__ctf_add_source(graph, class, params, number);
    bt_value_put_ref(inputs);
    bt_value_put_ref(params);
    return is_added;
}

struct session {
    const bt_component_class_source *class;
    const char *url;
};

static bool add_session_source(struct tt__ctf_graph *graph, void *data)
{
    const struct session *session = data;
    return add_url(graph, session->class, session->url, 0);
}

/* What becomes of one session. */
enum turn { TURN_MORE, TURN_NOTHING, TURN_ENDED, TURN_LOST };

static enum turn take_turn(bt_graph *graph)
{
    switch (bt_graph_run_once(graph)) {
    case BT_GRAPH_RUN_ONCE_STATUS_OK:
        return TURN_MORE;
    case BT_GRAPH_RUN_ONCE_STATUS_AGAIN:
        return TURN_NOTHING;
    case BT_GRAPH_RUN_ONCE_STATUS_END:
        return TURN_ENDED;
    default:
        return TURN_LOST;
    }
}

/* Nothing has come for the moment, or for a second. */
static void wait_for_more(const struct sessions *sessions, bool has_something)
{
    static bool is_told;
    static time_t said;
    struct timespec now, duration = {0, WAIT_NS};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (is_told && now.tv_sec - said >= WORD_SECONDS) {
        said = now.tv_sec;
        puts("here 1");
        (void)fflush(stdout);
    }
    if (!is_told) { /* now all of them have been attached to */
        is_told = true;
        for (size_t i = 0; i < sessions->count; i++)
            printf("session %s\n", sessions->urls[i]);
        (void)fflush(stdout);
    }
    if (!has_something)
        nanosleep(&duration, NULL);
}

/* Each session has a graph of its own: in one graph the silence of one host, on which no program runs yet, would keep what
 * another one says waiting. */
static enum tt__ctf_live_end run_graphs(const struct sessions *sessions, bt_graph **graphs, struct tt_ctf_run *run)
{
    enum tt__ctf_live_end end = TT__CTF_LIVE_ENDED;
    bool is_over[SESSIONS_MAX] = {false};
    for (size_t left = sessions->count; left > 0 && !is_interrupted && !run->has_failed;) {
        bool has_something = false;
        for (size_t i = 0; i < sessions->count && !is_interrupted; i++) {
            enum turn turn = is_over[i] ? TURN_NOTHING : take_turn(graphs[i]);
            has_something |= turn == TURN_MORE;
            if (turn == TURN_MORE || turn == TURN_NOTHING || is_interrupted)
                continue;
            if (turn == TURN_LOST && !run->has_failed) {
                end = TT__CTF_LIVE_LOST;
                tt__ctf_print_causes();
            }
            is_over[i] = true;
            left--;
        }
        wait_for_more(sessions, has_something);
    }
    return is_interrupted ? TT__CTF_LIVE_INTERRUPTED : end;
}

static bool make_graphs(const struct sessions *sessions, bt_graph **graphs, struct tt_ctf_run *run)
{
    bool is_made = true;
    for (size_t i = 0; i < sessions->count && is_made; i++) {
        struct session session = {sessions->class, sessions->urls[i]};
        const struct tt__ctf_graph_plan plan = {
            .add_sources = add_session_source, .sources = &session, .run = run, .interrupter = interrupter};
        graphs[i] = tt__ctf_make_graph(&plan);
        is_made = graphs[i] != NULL;
    }
    if (!is_made)
        tt__ctf_print_causes();
    return is_made;
}

static void fail(struct tt_ctf_run *run, const struct tt_store_error *error)
{
    if (!run->has_failed)
        run->error = *error;
    run->has_failed = true;
}

static void follow(const struct sessions *sessions, struct tt_ctf_run *run, tt__ctf_live_fn on_end)
{
    struct tt_store_error error;
    bt_graph *graphs[SESSIONS_MAX] = {NULL};
    enum tt__ctf_live_end end = TT__CTF_LIVE_REFUSED;
    if (tt_import_open(&run->options, &run->shared, &error) < 0) {
        fail(run, &error);
        on_end(run, end);
        return;
    }
    if (make_graphs(sessions, graphs, run))
        end = run_graphs(sessions, graphs, run);
    run->is_complete = end == TT__CTF_LIVE_ENDED || end == TT__CTF_LIVE_INTERRUPTED;
    /* Before the graphs go, which know what the traces have declared. */
    if (!run->has_failed && tt_import_finish(run->shared, run->is_complete, &run->summary, &error) < 0)
        fail(run, &error);
    tt_import_close(run->shared);
    on_end(run, end);
    for (size_t i = 0; i < sessions->count; i++)
        bt_graph_put_ref(graphs[i]);
    if (end == TT__CTF_LIVE_INTERRUPTED)
        bt_current_thread_clear_error();
}

void tt__ctf_follow(char *const *urls, size_t count, struct tt_ctf_run *run, tt__ctf_live_fn on_end)
{
    struct sessions sessions = {0};
    const bt_plugin *plugin = tt__ctf_find_plugin("ctf");
    sessions.class = plugin ? bt_plugin_borrow_source_component_class_by_name_const(plugin, "lttng-live") : NULL;
    interrupter = bt_interrupter_create();
    bool is_well = sessions.class && interrupter;
    if (!is_well)
        puts("error babeltrace2 has no component source.ctf.lttng-live; install its plugins, or name them in "
             "BABELTRACE_PLUGIN_PATH");
    else
        listen_to_signals();
    for (size_t i = 0; i < count && is_well; i++)
        is_well = find_sessions(&sessions, urls[i]);
    if (is_well)
        follow(&sessions, run, on_end);
    else
        on_end(run, TT__CTF_LIVE_REFUSED);
    for (size_t i = 0; i < sessions.count; i++)
        free(sessions.urls[i]);
    bt_plugin_put_ref(plugin);
    bt_interrupter_put_ref(interrupter);
}
