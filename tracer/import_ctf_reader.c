/* import_ctf_reader.c: the program telltale-ctf-reader: reads traces into a store, in a process of its own.
 *
 * `telltale import` runs it, under limits, because babeltrace2 may run for ever or abort on what it is given. It is no
 * command for people. Arguments: options, then folders with traces; those with the same uuid are parts of one trace.
 * With --live they are URLs of sessions that a relay daemon hands on, see import_ctf_live.h.
 *
 *   --store FILE        the store; it must not be there
 *   --append            go on with one that is
 *   --live              follow sessions
 *   --incomplete        something is missing from the traces, as their reader knows
 *   --exited PID:N      the process PID exited with status N
 *   --signaled PID:N    it was ended by signal N
 *   --only LIST         leave out processes that say that they are none of these, see import_choice.h
 *
 * `--probe` alone says whether babeltrace2 has what is needed to read.
 *
 * What it has to say goes to its standard output, a line each: a word, a blank, and a number or a text; `events` after
 * each commit, what else there is to count once. The last line
 * is `end` and how it went: complete, partial (the trace, or the relay daemon, ended it; an `error` line says why), failed (the store
 * did), interrupted (of --live: it was asked to end) or refused (of --live: there is nothing to follow).
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf_check.h"
#include "import_ctf.h"
#include "import_ctf_graph.h"
#include "import_ctf_live.h"
#include "import_ctf_survey.h"

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

/* The trace in COUNT folders, as source number NUMBER. */
static bool add_trace(struct tt__ctf_graph *graph, const bt_component_class_source *class,
                      const struct tt_ctf_trace *traces, size_t count, unsigned number)
{
    bt_value *params = make_params(traces, count);
    bool is_added = params && tt__ctf_add_source(graph, class, params, number);
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

static bool add_sources(struct tt__ctf_graph *graph, void *data)
{
    struct tt_ctf_list *list = data;
    const bt_plugin *plugin = tt__ctf_find_plugin("ctf");
    const bt_component_class_source *class =
        plugin ? bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs") : NULL;
    bool is_added = class != NULL;
    unsigned number = 0;
    qsort(list->traces, list->count, sizeof *list->traces, compare_traces);
    for (size_t first = 0, end; first < list->count && is_added; first = end) {
        for (end = first + 1; end < list->count && is_same_trace(&list->traces[first], &list->traces[end]);)
            end++;
        is_added = add_trace(graph, class, &list->traces[first], end - first, number++);
    }
    if (!class)
        puts("error babeltrace2 has no component source.ctf.fs; install its plugins, or name them in "
             "BABELTRACE_PLUGIN_PATH");
    bt_plugin_put_ref(plugin);
    return is_added;
}

static bool read_traces(struct tt_ctf_list *list, struct tt_ctf_run *run)
{
    const struct tt__ctf_graph_plan plan = {.add_sources = add_sources, .sources = list, .run = run};
    bool is_well = tt__ctf_run_graph(&plan);
    if (!is_well && !run->has_failed)
        tt__ctf_print_causes();
    return is_well;
}

/* Finds those that are to be left out. What is wrong with the trace is told when it is read. */
static bool find_strangers(struct tt_ctf_list *list, struct tt_ctf_survey *survey, struct tt_ctf_run *run)
{
    const struct tt__ctf_graph_plan plan = {.add_sources = add_sources, .sources = list, .survey = survey};
    if (survey->choice.word_count == 0)
        return true;
    if (!tt__ctf_run_graph(&plan))
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
                                          {"live", no_argument, NULL, 'l'},
                                          {"incomplete", no_argument, NULL, 'i'},
                                          {"exited", required_argument, NULL, 'e'},
                                          {"signaled", required_argument, NULL, 'k'},
                                          {"only", required_argument, NULL, 'o'},
                                          {"redact", no_argument, NULL, 'r'},
                                          {0}};
    int code;
    bool is_good = true;
    while ((code = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (code == 's')
            options->store = optarg;
        else if (code == 'a')
            options->is_appending = true;
        else if (code == 'l')
            options->is_live = true;
        else if (code == 'i')
            options->is_incomplete = true;
        else if (code == 'r')
            options->redacts = true;
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
           "\npauses %" PRIu64 "\ncut_off %" PRIu32 "\npartial %" PRIu32 "\nlate %" PRIu32 "\nforeign %" PRIu64 "\nstrange_events %" PRIu64
           "\nstrange_kinds %" PRIu64 "\nunknown_events %" PRIu64
           "\nunknown_kinds %" PRIu64 "\nunknown_fields %" PRIu64 "\n",
           run->summary.event_count, run->summary.repeated_count, run->summary.missing_count,
           run->summary.discarded_count, run->summary.process_count, run->summary.pause_count,
           run->summary.cut_off_count, run->summary.partial_count, run->summary.late_count, run->foreign_event_count, run->strange_event_count,
           run->strange_class_count, run->unknown_event_count, run->unknown_class_count,
           run->unknown_field_count);
}

static int probe(void)
{
    const bt_plugin *plugin = tt__ctf_find_plugin("ctf");
    if (!plugin || !bt_plugin_borrow_source_component_class_by_name_const(plugin, "fs")) {
        puts("babeltrace2 has no component source.ctf.fs");
        return 1;
    }
    printf("libbabeltrace2 %u.%u.%u, source.ctf.fs in %s\n", bt_version_get_major(), bt_version_get_minor(),
           bt_version_get_patch(), bt_plugin_get_path(plugin) ? bt_plugin_get_path(plugin) : "itself");
    bt_plugin_put_ref(plugin);
    return 0;
}

/* Says what came of it. Returns the exit status. */
static int end(const struct tt_ctf_run *run, const struct tt_choice *choice, const char *how)
{
    bool is_complete = run->is_complete && !run->has_failed;
    print_missing(choice);
    print_figures(run);
    printf("process_buffers %d\n", run->has_process_buffers);
    if (run->has_failed)
        printf("error %s\nend failed\n", run->error.text);
    else
        printf("end %s\n", how);
    return fflush(stdout) == 0 && is_complete ? 0 : 1;
}

static int follow_status;

static void tell_end(const struct tt_ctf_run *run, enum tt__ctf_live_end how)
{
    static const char *const words[] = {[TT__CTF_LIVE_ENDED] = "complete",
                                        [TT__CTF_LIVE_INTERRUPTED] = "interrupted",
                                        [TT__CTF_LIVE_LOST] = "partial",
                                        [TT__CTF_LIVE_REFUSED] = "refused"};
    static const struct tt_choice all;
    follow_status = end(run, &all, words[how]);
}

static int follow(char *const *urls, size_t count, struct tt_ctf_run *run)
{
    tt__ctf_follow(urls, count, run, tell_end);
    return follow_status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--probe") == 0)
        return probe();
    struct tt_ctf_run run = {.options = {.on_commit = print_progress}};
    struct tt_ctf_list list = {0};
    struct tt_ctf_survey survey = {0};
    (void)signal(SIGXFSZ, SIG_IGN); /* a store that is as large as it may be is an error of writing */
    bool is_called_well = read_options(argc, argv, &run.options, &survey.choice);
    if (is_called_well && run.options.is_live)
        return follow(argv + optind, (size_t)(argc - optind), &run);
    if (!is_called_well || !look_at_traces(argc, argv, &list)) {
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
    return end(&run, &survey.choice, is_read && run.is_complete ? "complete" : "partial");
}
