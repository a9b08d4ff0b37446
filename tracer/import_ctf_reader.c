/* import_ctf_reader.c: the program telltale-ctf-reader: reads traces into a store, in a process of its own.
 *
 * `telltale import` runs it, under limits, because babeltrace2 may run for ever or abort on what it is given. It is no
 * command for people. Arguments: options, then folders with traces; those with the same uuid are parts of one trace.
 *
 *   --store FILE        the store; it must not be there
 *   --append            go on with one that is
 *   --incomplete        something is missing from the traces, as their reader knows
 *   --exited PID:N      the process PID exited with status N
 *   --signaled PID:N    it was ended by signal N
 *   --only LIST         leave out processes that say that they are none of these, see import_choice.h
 *
 * `--probe` alone says whether babeltrace2 has what is needed to read.
 *
 * What it has to say goes to its standard output, a line each: a word, a blank, and a number or a text; `events` after
 * each commit, what else there is to count once. The last line
 * is `end` and how it went: complete, partial (the trace ended it; an `error` line says why), or failed (the store
 * did).
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf_check.h"
#include "import_ctf.h"
#include "import_ctf_survey.h"

/* A graph in the making: sources, a muxer that puts their messages in order, the sink. */
struct reading {
    bt_graph *graph;
    const bt_component_filter *muxer;
    uint64_t muxer_port; /* the next one to connect */
};

/* ------------------------------------------------------------------------------------------------------------ errors */

/* The first cause that babeltrace2 gives is the innermost one, and says most. */
static void print_causes(void)
{
    const bt_error *error = bt_current_thread_take_error();
    if (!error) {
        puts("error the reason is not known");
        return;
    }
    if (bt_error_get_cause_count(error) > 0) {
        const char *text = bt_error_cause_get_message(bt_error_borrow_cause_by_index(error, 0));
        printf("error %.*s\n", (int)strcspn(text, "\n"), text);
    }
    bt_error_release(error);
}

/* ------------------------------------------------------------------------------------------------------------- graph */

static const bt_plugin *find_plugin(const char *name)
{
    const bt_plugin *plugin = NULL;
    return bt_plugin_find(name, BT_TRUE, BT_FALSE, BT_TRUE, BT_TRUE, BT_FALSE, &plugin) == BT_PLUGIN_FIND_STATUS_OK
               ? plugin
               : NULL;
}

static bool add_muxer(struct reading *reading)
{
    const bt_plugin *plugin = find_plugin("utils");
    const bt_component_class_filter *class =
        plugin ? bt_plugin_borrow_filter_component_class_by_name_const(plugin, "muxer") : NULL;
    bool is_added = class && bt_graph_add_filter_component(reading->graph, class, "order", NULL, BT_LOGGING_LEVEL_NONE,
                                                           &reading->muxer) == BT_GRAPH_ADD_COMPONENT_STATUS_OK;
    bt_plugin_put_ref(plugin);
    return is_added;
}

/* What a graph ends in. */
struct sink_class {
    const char *name;
    bt_component_class_sink_consume_method consume;
    bt_component_class_sink_initialize_method initialize;
    bt_component_class_sink_finalize_method finalize;
    bt_component_class_sink_graph_is_configured_method is_configured;
};
static const struct sink_class store_class = {"store", tt__ctf_consume, tt__ctf_initialize, tt__ctf_finalize,
                                              tt__ctf_graph_is_configured};
static const struct sink_class survey_class = {"survey", tt__ctf_survey_consume, tt__ctf_survey_initialize,
                                               tt__ctf_survey_finalize, tt__ctf_survey_graph_is_configured};

static bool add_sink(struct reading *reading, const struct sink_class *kind, void *data)
{
    const bt_component_sink *sink = NULL;
    bt_component_class_sink *class = bt_component_class_sink_create(kind->name, kind->consume);
    bool is_added =
        class &&
        bt_component_class_sink_set_initialize_method(class, kind->initialize) ==
            BT_COMPONENT_CLASS_SET_METHOD_STATUS_OK &&
        bt_component_class_sink_set_finalize_method(class, kind->finalize) == BT_COMPONENT_CLASS_SET_METHOD_STATUS_OK &&
        bt_component_class_sink_set_graph_is_configured_method(class, kind->is_configured) ==
            BT_COMPONENT_CLASS_SET_METHOD_STATUS_OK &&
        bt_graph_add_sink_component_with_initialize_method_data(reading->graph, class, kind->name, NULL, data,
                                                                BT_LOGGING_LEVEL_NONE,
                                                                &sink) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
        bt_graph_connect_ports(reading->graph, bt_component_filter_borrow_output_port_by_index_const(reading->muxer, 0),
                               bt_component_sink_borrow_input_port_by_index_const(sink, 0),
                               NULL) == BT_GRAPH_CONNECT_PORTS_STATUS_OK;
    bt_component_class_sink_put_ref(class);
    return is_added;
}

/* What src.ctf.fs is told: the folders of one trace, whose clocks are to be comparable with those of others. */
static bt_value *make_params(const struct tt_ctf_trace *traces, size_t count)
{
    bt_value *inputs = bt_value_array_create();
    bt_value *params = bt_value_map_create();
    bool is_made = inputs && params;
    for (size_t i = 0; i < count && is_made; i++)
        is_made =
            bt_value_array_append_string_element(inputs, traces[i].path) == BT_VALUE_ARRAY_APPEND_ELEMENT_STATUS_OK;
    is_made = is_made && bt_value_map_insert_entry(params, "inputs", inputs) == BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK &&
              bt_value_map_insert_bool_entry(params, "force-clock-class-origin-unix-epoch", BT_TRUE) ==
                  BT_VALUE_MAP_INSERT_ENTRY_STATUS_OK;
    bt_value_put_ref(inputs);
    if (is_made)
        return params;
    bt_value_put_ref(params);
    return NULL;
}

static bool connect_source(struct reading *reading, const bt_component_source *source)
{
    uint64_t count = bt_component_source_get_output_port_count(source);
    for (uint64_t i = 0; i < count; i++)
        if (bt_graph_connect_ports(
                reading->graph, bt_component_source_borrow_output_port_by_index_const(source, i),
                bt_component_filter_borrow_input_port_by_index_const(reading->muxer, reading->muxer_port++),
                NULL) != BT_GRAPH_CONNECT_PORTS_STATUS_OK)
            return false;
    return true;
}

/* The trace in COUNT folders, as source number NUMBER. */
static bool add_source(struct reading *reading, const bt_component_class_source *class,
                       const struct tt_ctf_trace *traces, size_t count, unsigned number)
{
    char name[32];
    const bt_component_source *source;
    snprintf(name, sizeof name, "trace%u", number);
    bt_value *params = make_params(traces, count);
    bool is_added = params &&
                    bt_graph_add_source_component(reading->graph, class, name, params, BT_LOGGING_LEVEL_NONE,
                                                  &source) == BT_GRAPH_ADD_COMPONENT_STATUS_OK &&
                    connect_source(reading, source);
    bt_value_put_ref(params);
    return is_added;
}

static int compare_traces(const void *a, const void *b)
{
    const struct tt_ctf_trace *left = a, *right = b;
    int order = memcmp(left->uuid, right->uuid, sizeof left->uuid);
    return order != 0 ? order : strcmp(left->path, right->path);
}

/* Whether B is a part of the same trace as A. */
static bool is_same_trace(const struct tt_ctf_trace *a, const struct tt_ctf_trace *b)
{
    static const uint8_t none[16];
    return memcmp(a->uuid, none, sizeof none) != 0 && memcmp(a->uuid, b->uuid, sizeof none) == 0;
}

static bool add_sources(struct reading *reading, struct tt_ctf_list *list)
{
    const bt_plugin *plugin = find_plugin("ctf");
    const bt_component_class_source *class =
        plugin ? bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs") : NULL;
    bool is_added = class != NULL;
    unsigned number = 0;
    qsort(list->traces, list->count, sizeof *list->traces, compare_traces);
    for (size_t first = 0, end; first < list->count && is_added; first = end) {
        for (end = first + 1; end < list->count && is_same_trace(&list->traces[first], &list->traces[end]);)
            end++;
        is_added = add_source(reading, class, &list->traces[first], end - first, number++);
    }
    if (!class)
        puts("error babeltrace2 has no component source.ctf.fs; install its plugins, or name them in "
             "BABELTRACE_PLUGIN_PATH");
    bt_plugin_put_ref(plugin);
    return is_added;
}

/* Runs a graph that ends in KIND to its end. False: something of babeltrace2, the trace or the sink was wrong. */
static bool run_graph(struct tt_ctf_list *list, const struct sink_class *kind, void *data)
{
    struct reading reading = {.graph = bt_graph_create(0)};
    bool is_well = reading.graph && add_muxer(&reading) && add_sources(&reading, list) &&
                   add_sink(&reading, kind, data) && bt_graph_run(reading.graph) == BT_GRAPH_RUN_STATUS_OK;
    bt_graph_put_ref(reading.graph);
    return is_well;
}

static bool read_traces(struct tt_ctf_list *list, struct tt_ctf_run *run)
{
    bool is_well = run_graph(list, &store_class, run);
    if (!is_well && !run->has_failed)
        print_causes();
    return is_well;
}

/* Finds those that are to be left out. What is wrong with the trace is told when it is read. */
static bool find_strangers(struct tt_ctf_list *list, struct tt_ctf_survey *survey, struct tt_ctf_run *run)
{
    if (survey->choice.word_count == 0)
        return true;
    if (!run_graph(list, &survey_class, survey))
        bt_current_thread_clear_error();
    run->options.strangers = survey->strangers;
    run->options.stranger_count = survey->stranger_count;
    return !survey->has_failed;
}

/* ------------------------------------------------------------------------------------------------------ command line */

/* PID:NUMBER. */
static bool read_end(const char *text, struct tt_import_options *options, bool is_signal)
{
    char *end;
    unsigned long pid = strtoul(text, &end, 10);
    if (*end != ':' || pid == 0 || pid > UINT32_MAX)
        return false;
    options->exit_pid = (uint32_t)pid;
    *(is_signal ? &options->exit_signal : &options->exit_status) = (int)strtol(end + 1, NULL, 10);
    return true;
}

static bool read_options(int argc, char **argv, struct tt_import_options *options, struct tt_choice *out_choice)
{
    static const struct option table[] = {{"store", required_argument, NULL, 's'},
                                          {"append", no_argument, NULL, 'a'},
                                          {"incomplete", no_argument, NULL, 'i'},
                                          {"exited", required_argument, NULL, 'e'},
                                          {"signaled", required_argument, NULL, 'k'},
                                          {"only", required_argument, NULL, 'o'},
                                          {0}};
    int code;
    bool is_good = true;
    while ((code = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (code == 's')
            options->store = optarg;
        else if (code == 'a')
            options->is_appending = true;
        else if (code == 'i')
            options->is_incomplete = true;
        else if (code == 'e' || code == 'k')
            is_good &= read_end(optarg, options, code == 'k');
        else if (code == 'o')
            is_good &= tt_choice_parse(optarg, out_choice) == NULL;
        else
            is_good = false;
    }
    return is_good && options->store && optind < argc;
}

static bool look_at_traces(int argc, char **argv, struct tt_ctf_list *out_list)
{
    out_list->traces = calloc((size_t)(argc - optind), sizeof *out_list->traces);
    if (!out_list->traces)
        return false;
    for (int i = optind; i < argc; i++)
        tt_ctf_look(argv[i], &out_list->traces[out_list->count++]);
    return true;
}

/* Told at once, for it is all that is known of what this process has read when it is killed. */
static void print_progress(uint64_t event_count)
{
    printf("events %" PRIu64 "\n", event_count);
    (void)fflush(stdout);
}

/* What was asked for, and is not in the trace. */
static void print_missing(const struct tt_choice *choice)
{
    for (size_t i = 0; i < choice->word_count; i++)
        if (!choice->words[i].is_met)
            printf("nobody %.*s\n", (int)choice->words[i].length, choice->words[i].text);
}

static void print_figures(const struct tt_ctf_run *run)
{
    printf("events %" PRIu64 "\nrepeated %" PRIu64 "\nmissing %" PRIu64 "\ndiscarded %" PRIu64 "\nprocesses %" PRIu32
           "\npauses %" PRIu64 "\ncut_off %" PRIu32 "\npartial %" PRIu32 "\nforeign %" PRIu64 "\nstrange_events %" PRIu64
           "\nstrange_kinds %" PRIu64 "\nunknown_events %" PRIu64
           "\nunknown_kinds %" PRIu64 "\nunknown_fields %" PRIu64 "\n",
           run->summary.event_count, run->summary.repeated_count, run->summary.missing_count,
           run->summary.discarded_count, run->summary.process_count, run->summary.pause_count,
           run->summary.cut_off_count, run->summary.partial_count, run->foreign_event_count, run->strange_event_count,
           run->strange_class_count, run->unknown_event_count, run->unknown_class_count,
           run->unknown_field_count);
}

static int probe(void)
{
    const bt_plugin *plugin = find_plugin("ctf");
    if (!plugin || !bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs")) {
        puts("babeltrace2 has no component source.ctf.fs");
        return 1;
    }
    printf("libbabeltrace2 %u.%u.%u, source.ctf.fs in %s\n", bt_version_get_major(), bt_version_get_minor(),
           bt_version_get_patch(), bt_plugin_get_path(plugin) ? bt_plugin_get_path(plugin) : "itself");
    bt_plugin_put_ref(plugin);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--probe") == 0)
        return probe();
    struct tt_ctf_run run = {.options = {.on_commit = print_progress}};
    struct tt_ctf_list list = {0};
    struct tt_ctf_survey survey = {0};
    (void)signal(SIGXFSZ, SIG_IGN); /* a store that is as large as it may be is an error of writing */
    if (!read_options(argc, argv, &run.options, &survey.choice) || !look_at_traces(argc, argv, &list)) {
        fputs("telltale-ctf-reader: is started by telltale import\n", stderr);
        return 2;
    }
    if (!find_strangers(&list, &survey, &run)) {
        puts("error no memory to look at the trace\nend failed");
        return 1;
    }
    bool is_read = read_traces(&list, &run);
    free(survey.strangers);
    tt_ctf_list_finish(&list);
    print_missing(&survey.choice);
    print_figures(&run);
    if (run.has_failed)
        printf("error %s\nend failed\n", run.error.text);
    else
        puts(is_read && run.is_complete ? "end complete" : "end partial");
    return fflush(stdout) == 0 && is_read && run.is_complete ? 0 : 1;
}
