/* Preconditions: a caller's mistake ends the process by SIGABRT with the name of the precondition on stderr. One case
 * for each, by name, and one that finds names without a case, here and in test_null.c.
 *
 * Past 600 lines: one table over the whole runtime, which a case compares with the sources. */
#include "stage.h"

#include <dirent.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <uv.h>

static int nothing(void *arg)
{
    (void)arg;
    return 0;
}

static int done_nothing(tt_future *future, void *arg)
{
    (void)future;
    (void)arg;
    return 0;
}

static tt_future *new_future(void)
{
    return tt_create_future(stage_loop);
}

/* --------------------------------------------------------------------------------------------------------- mistakes */

static void catch_end(void)
{
    (void)!tt_catch_end();
}

static void cleanup_end(void)
{
    (void)!tt_cleanup_end();
}

static void exc_print_stream(void)
{
    tt_exc_print(NULL, NULL);
}

static void create_future_with(void)
{
    (void)!tt_create_future_with(stage_loop, NULL, NULL);
}

/* Calls of a task's. */
static void in_task(tt_coro_fn *fn)
{
    (void)stage_run(fn, NULL);
}

static int open_nothing(void *arg)
{
    return tt_fs_open(arg, 0, 0);
}

static void fs_path(void)
{
    in_task(open_nothing);
}

static int read_before_the_file(void *arg)
{
    (void)!tt_fs_pread(0, arg, 0, -1);
    return 0;
}

static void fs_pread_offset(void)
{
    in_task(read_before_the_file);
}

static int write_before_the_file(void *arg)
{
    return tt_fs_pwrite(0, arg, 0, -1);
}

static void fs_pwrite_offset(void)
{
    in_task(write_before_the_file);
}

static int send_before_the_file(void *arg)
{
    (void)arg;
    (void)!tt_fs_sendfile(0, 0, -1, 0);
    return 0;
}

static void fs_sendfile_offset(void)
{
    in_task(send_before_the_file);
}

static int list_into_nothing(void *arg)
{
    (void)!tt_fs_readdir(".", arg);
    return 0;
}

static void fs_readdir_out_entries(void)
{
    in_task(list_into_nothing);
}

static int read_into_nothing(void *arg)
{
    return tt_fs_read_file(".", 1, arg, NULL);
}

static void fs_read_file_out_data(void)
{
    in_task(read_into_nothing);
}

static int look_up_into_nothing(void *arg)
{
    return tt_getaddrinfo("x", NULL, NULL, arg);
}

static void getaddrinfo_out(void)
{
    in_task(look_up_into_nothing);
}

static int name_nothing(void *arg)
{
    return tt_getnameinfo(arg, 0, NULL, 0, NULL, 0);
}

static void getnameinfo_address(void)
{
    in_task(name_nothing);
}

static void process_spawn_argv(void)
{
    (void)!tt_process_spawn(NULL, NULL);
}

static void process_wait_process(void)
{
    (void)!tt_process_wait(NULL, NULL);
}

static void process_send_signal_process(void)
{
    (void)!tt_process_kill(NULL);
}

static void process_communicate_process(void)
{
    (void)!tt_process_communicate(NULL, NULL, 0, 0, NULL);
}

static void process_take_descriptor_number(void)
{
    tt_process_take_descriptor(NULL, 3);
}

static void interval_init_period(void)
{
    tt_interval interval;

    tt_interval_init(&interval, 0);
}

static void interval_init_loop(void)
{
    tt_interval interval;

    tt_interval_init(&interval, 1);
}

static void interval_tick_interval(void)
{
    (void)!tt_interval_tick(NULL, NULL);
}

static void loop_attach_host(void)
{
    (void)!tt_loop_attach(NULL);
}

static void loop_detach_guest(void)
{
    tt_loop_detach(stage_loop);
}

static int detach_in_a_turn(void *arg)
{
    (void)arg;
    return tt_loop_detach(tt_loop_running());
}

static void loop_detach_between_turns(void)
{
    uv_loop_t host;
    tt_loop *loop = uv_loop_init(&host) == 0 ? tt_loop_attach(&host) : NULL;

    if (tt_loop_call_soon(loop, detach_in_a_turn, NULL, NULL) == 0)
        uv_run(&host, UV_RUN_DEFAULT);
}

static void raise_type(void)
{
    tt_raise(NULL, "x");
}

static void raise_not_group(void)
{
    tt_raise(&tt_ExceptionGroup, "x");
}

static void exc_group_new_type(void)
{
    tt_exc *exc = tt_exc_new(&tt_KeyError, "x");

    (void)!tt_exc_group_new(&tt_ValueError, &exc, 1, "x");
}

static void exc_group_derive_group(void)
{
    tt_exc *exc = tt_exc_new(&tt_KeyError, "x");

    (void)!tt_exc_group_derive(exc, &exc, 1);
}

static void exc_group_split_exception(void)
{
    tt_exc *half;

    (void)!tt_exc_group_split(NULL, &tt_KeyError, &half, NULL);
}

static void exc_group_split_match(void)
{
    tt_exc *half;

    (void)!tt_exc_group_split_if(tt_exc_new(&tt_KeyError, "x"), NULL, NULL, &half, NULL);
}

static void exc_set_data_type(void)
{
    tt_exc_set_data(NULL, NULL, NULL);
}

static void catch_group_open(void)
{
    (void)!tt_catch_group(&tt_KeyError);
}

static void catch_group_type(void)
{
    tt_raise(&tt_KeyError, "x");
    (void)!tt_catch_group_begin();
    (void)!tt_catch_group(&tt_ExceptionGroup);
}

static void catch_group_end(void)
{
    (void)!tt_catch_group_end();
}

static void create_task_coroutine(void)
{
    const struct tt_task_options options = {.loop = stage_loop};

    (void)!tt_create_task_with(NULL, NULL, &options);
}

static void task_name(void)
{
    (void)!tt_task_name(new_future());
}

static void task_set_name_task(void)
{
    (void)!tt_task_set_name(new_future(), "x");
}

static void task_set_name_name(void)
{
    const struct tt_task_options options = {.loop = stage_loop};

    (void)!tt_task_set_name(tt_create_task_with(nothing, NULL, &options), NULL);
}

static void task_cancelling(void)
{
    tt_task_cancelling(NULL);
}

static void task_uncancel(void)
{
    tt_task_uncancel(new_future());
}

static void ref_again(void *future)
{
    tt_future_ref(future);
}

static void future_ref_alive(void)
{
    tt_future *future = new_future();

    (void)!tt_future_set_result(future, future, ref_again); /* called when the last reference has gone */
    tt_future_unref(future);
}

static void future_unref_held(void)
{
    tt_future *future = new_future();

    (void)!tt_future_add_done_callback(future, done_nothing, NULL);
    (void)!tt_future_set_result(future, NULL, NULL); /* the callback holds it, the program does not */
    tt_future_unref(future);
    tt_future_unref(future);
}

static void set_result_future(void)
{
    (void)!tt_future_set_result(NULL, NULL, NULL);
}

static void set_exception_future(void)
{
    (void)!tt_future_set_exception(NULL, NULL);
}

static void set_exception_exception(void)
{
    (void)!tt_future_set_exception(new_future(), NULL);
}

static void future_result(void)
{
    (void)!tt_future_result(NULL, NULL);
}

static void future_exception(void)
{
    (void)!tt_future_exception(NULL, NULL);
}

static void future_cancel(void)
{
    tt_future_cancel(NULL, NULL);
}

static void add_done_callback(void)
{
    (void)!tt_future_add_done_callback(new_future(), NULL, NULL);
}

static void discard_future(void)
{
    tt_discard(NULL, "x");
}

static void discard_reason(void)
{
    tt_discard(new_future(), NULL);
}

static void gather_futures(void)
{
    (void)!tt_gather(((tt_future *[]){NULL}), 1, false);
}

static void gather_count(void)
{
    tt_gather_count(new_future());
}

static void gather_slot(void)
{
    (void)!tt_gather_slot(new_future(), 0, NULL, NULL);
}

static void lock_acquire_lock(void)
{
    (void)!tt_lock_acquire(NULL);
}

static void lock_release_lock(void)
{
    (void)!tt_lock_release(NULL);
}

static void event_set_event(void)
{
    tt_event_set(NULL);
}

static void event_wait_event(void)
{
    (void)!tt_event_wait(NULL);
}

static void semaphore_acquire_semaphore(void)
{
    (void)!tt_semaphore_acquire(NULL);
}

static void semaphore_release_semaphore(void)
{
    (void)!tt_semaphore_release(NULL);
}

static void condition_acquire_condition(void)
{
    (void)!tt_condition_acquire(NULL);
}

static void condition_release_condition(void)
{
    (void)!tt_condition_release(NULL);
}

static void condition_wait_condition(void)
{
    (void)!tt_condition_wait(NULL);
}

static void condition_wait_for_condition(void)
{
    (void)!tt_condition_wait_for(NULL, NULL, NULL);
}

static void condition_wait_for_predicate(void)
{
    (void)!tt_condition_wait_for(tt_condition_create(NULL), NULL, NULL);
}

static void condition_notify_condition(void)
{
    (void)!tt_condition_notify_all(NULL);
}

static void barrier_wait_barrier(void)
{
    (void)!tt_barrier_wait(NULL);
}

static void barrier_reset_barrier(void)
{
    (void)!tt_barrier_reset(NULL);
}

static void barrier_abort_barrier(void)
{
    (void)!tt_barrier_abort(NULL);
}

static void priority_queue_create_compare(void)
{
    (void)!tt_priority_queue_create(0, NULL, NULL);
}

static void queue_put_queue(void)
{
    (void)!tt_queue_put(NULL, NULL);
}

static void queue_put_nowait_queue(void)
{
    (void)!tt_queue_put_nowait(NULL, NULL);
}

static void queue_get_queue(void)
{
    (void)!tt_queue_get(NULL, NULL);
}

static void queue_get_out_item(void)
{
    (void)!tt_queue_get(tt_queue_create(0, NULL), NULL);
}

static void queue_get_nowait_queue(void)
{
    (void)!tt_queue_get_nowait(NULL, NULL);
}

static void queue_get_nowait_out_item(void)
{
    (void)!tt_queue_get_nowait(tt_queue_create(0, NULL), NULL);
}

static void queue_task_done_queue(void)
{
    (void)!tt_queue_task_done(NULL);
}

static void queue_join_queue(void)
{
    (void)!tt_queue_join(NULL);
}

static void queue_shutdown_queue(void)
{
    tt_queue_shutdown(NULL, true);
}

static int wait_for_nothing(void *arg)
{
    (void)arg;
    return tt_wait(((tt_future *[]){NULL}), 1, TT_ALL_COMPLETED, TT_NEVER, NULL);
}

static void wait_futures(void)
{
    stage_run(wait_for_nothing, NULL);
}

static void as_completed_create_futures(void)
{
    (void)!tt_as_completed_create(((tt_future *[]){NULL}), 1, TT_NEVER);
}

static int next_of_nothing(void *arg)
{
    tt_future *future;

    (void)arg;
    return tt_as_completed_next(NULL, &future);
}

static void as_completed_next_iterator(void)
{
    stage_run(next_of_nothing, NULL);
}

static void as_completed_awaitable_iterator(void)
{
    tt_future *future;

    (void)!tt_as_completed_awaitable(NULL, &future);
}

static void timeout_reschedule(void)
{
    (void)!tt_timeout_reschedule(NULL, 0);
}

static void with_timeout(void)
{
    (void)!tt_with_timeout(TT_NEVER, NULL, NULL);
}

static void group_create_task(void)
{
    (void)!tt_group_spawn(NULL, nothing, NULL);
}

static int exit_twice(void *arg)
{
    tt_timeout *timeout = tt_timeout_enter(TT_NEVER);

    (void)arg;
    return tt_timeout_exit(timeout, tt_timeout_exit(timeout, 0));
}

static void scope_exit_entered(void)
{
    stage_run(exit_twice, NULL);
}

static int exit_anothers(void *timeout)
{
    return tt_timeout_exit(timeout, 0);
}

static int have_another_exit(void *arg)
{
    tt_task *task = tt_create_task(exit_anothers, tt_timeout_enter(TT_NEVER));

    (void)arg;
    return tt_await(task);
}

static void scope_exit_own_task(void)
{
    stage_run(have_another_exit, NULL);
}

static void run_coroutine_threadsafe(void)
{
    (void)!tt_run_coroutine_threadsafe(NULL, nothing, NULL, NULL);
}

static int wait_for_itself(void *arg)
{
    (void)arg;
    return tt_thread_future_result(tt_run_coroutine_threadsafe(stage_loop, nothing, NULL, NULL), TT_NEVER, NULL);
}

static void thread_future_result(void)
{
    stage_run(wait_for_itself, NULL);
}

static void thread_future_unref(void)
{
    tt_thread_future *future = tt_run_coroutine_threadsafe(stage_loop, nothing, NULL, NULL);

    tt_thread_future_unref(future); /* the chain still holds it */
    tt_thread_future_unref(future);
}

static void loop_close_open(void)
{
    tt_future *keeps_memory = new_future();
    tt_loop *loop = stage_loop;

    stage_close_loop();
    tt_loop_close(loop);
    tt_future_unref(keeps_memory);
}

static void loop_close_no_foreign_handles(void)
{
    static uv_timer_t timer;

    uv_timer_init(tt_loop_uv(stage_loop), &timer);
    stage_close_loop();
}

static void loop_time_loop(void)
{
    (void)!tt_loop_time(NULL);
}

static void loop_uv_loop(void)
{
    (void)!tt_loop_uv(NULL);
}

static void loop_run_open(void)
{
    tt_future *keeps_memory = new_future();
    tt_loop *loop = stage_loop;

    stage_close_loop();
    (void)!tt_loop_run_forever(loop);
    tt_future_unref(keeps_memory);
}

static void loop_call_function(void)
{
    (void)!tt_loop_call_soon(stage_loop, NULL, NULL, NULL);
}

static void loop_call_soon_threadsafe(void)
{
    (void)!tt_loop_call_soon_threadsafe(NULL, nothing, NULL);
}

static void add_reader(void)
{
    (void)!tt_loop_add_reader(stage_loop, 0, NULL, NULL);
}

static void add_signal_handler(void)
{
    (void)!tt_loop_add_signal_handler(stage_loop, SIGUSR1, NULL, NULL);
}

static void defer_in_task(void)
{
    (void)!tt_defer(nothing, NULL);
}

static int defer_nothing(void *arg)
{
    (void)arg;
    return tt_defer(NULL, NULL);
}

static void defer_function(void)
{
    stage_run(defer_nothing, NULL);
}

static void return_in_task(void)
{
    tt_return(NULL, NULL);
}

static tt_runner *running;

static int close_running(void *arg)
{
    (void)arg;
    return tt_runner_destroy(running);
}

static void runner_close(void)
{
    running = tt_runner_create();
    (void)!tt_runner_run(running, close_running, NULL);
}

static TT_CONTEXT_VAR_NO_DEFAULT(unused);

static void context_copy(void)
{
    (void)!tt_context_copy(NULL);
}

static void context_run(void)
{
    (void)!tt_context_run(NULL, nothing, NULL);
}

static void context_get(void)
{
    tt_context_get(NULL, &unused, NULL);
}

static void context_var_at(void)
{
    tt_context_var_at(tt_context_create(), 0);
}

static void context_var_set(void)
{
    (void)!tt_context_var_set(NULL, NULL, NULL, NULL);
}

static void context_var_get(void)
{
    (void)!tt_context_var_get(&unused, NULL);
}

static void context_var_get_or(void)
{
    tt_context_var_get_or(NULL, NULL);
}

static void context_var_reset(void)
{
    (void)!tt_context_var_reset(&unused, NULL);
}

static void task_context(void)
{
    (void)!tt_task_context(new_future());
}

static void loop_call_context(void)
{
    (void)!tt_loop_call_soon_in(NULL, stage_loop, nothing, NULL, NULL);
}

static void handle_when(void)
{
    tt_handle *handle = NULL;

    (void)!tt_loop_call_soon(stage_loop, nothing, NULL, &handle);
    (void)!tt_handle_when(handle);
}

static void runner_loop(void)
{
    (void)!tt_runner_loop(NULL);
}

static void run_in_executor(void)
{
    (void)!tt_run_in_executor(stage_loop, NULL, NULL, NULL);
}

static int read_no_stream(void *arg)
{
    return (int)tt_stream_read(NULL, arg, 0);
}

static int watch_nothing(void *arg)
{
    return tt_fs_watch_next(arg, NULL);
}

static int watch_by_nothing(void *arg)
{
    return tt_fs_watch_add(arg, "/");
}

static void fs_watch_add_watch(void)
{
    in_task(watch_by_nothing);
}

static void fs_watch_remove_watch(void)
{
    tt_fs_watch_remove(NULL, "/");
}

static void fs_watch_next_watch(void)
{
    in_task(watch_nothing);
}

static int poll_all_the_time(void *arg)
{
    return tt_fs_poll_begin(arg, "/", 0);
}

static void fs_poll_begin_interval(void)
{
    in_task(poll_all_the_time);
}

static int receive_at_nothing(void *arg)
{
    return (int)tt_udp_receive(arg, arg, 0, NULL);
}

static void udp_udp(void)
{
    in_task(receive_at_nothing);
}

static void stream_stream(void)
{
    stage_run(read_no_stream, NULL);
}

static int send_from_before_the_file(void *arg)
{
    tt_stream *stream = tt_stream_open_standard(1);

    (void)arg;
    return (int)tt_stream_sendfile(stream, 0, -1, 1);
}

static void stream_sendfile_offset(void)
{
    stage_run(send_from_before_the_file, NULL);
}

static int accept_at_no_listener(void *arg)
{
    (void)arg;
    return tt_listener_accept(NULL) ? 0 : -1;
}

static void listener_accept_listener(void)
{
    stage_run(accept_at_no_listener, NULL);
}

static int serve_nothing(tt_stream *stream, void *arg)
{
    (void)stream;
    (void)arg;
    return 0;
}

static void start_server_function(void)
{
    (void)!tt_start_server(NULL, NULL, NULL, NULL);
}

static void start_server_listener(void)
{
    (void)!tt_start_server(NULL, serve_nothing, NULL, NULL);
}

static void serve_forever_server(void)
{
    (void)!tt_server_serve_forever(NULL);
}

static void to_thread(void)
{
    (void)!tt_to_thread(NULL, NULL, NULL, NULL);
}

static void shutdown_default_executor(void)
{
    (void)!tt_loop_shutdown_default_executor(NULL, TT_NEVER);
}

static void add_done_callback_in(void)
{
    (void)!tt_future_add_done_callback_in(NULL, new_future(), done_nothing, NULL);
}

static const struct mistake {
    const char *name;
    void (*make)(void);
} mistakes[] = {
    {"catch_end.open", catch_end},
    {"cleanup_end.open", cleanup_end},
    {"exc_print.stream", exc_print_stream},
    {"raise.type", raise_type},
    {"raise.not_group", raise_not_group},
    {"exc_group_new.type", exc_group_new_type},
    {"exc_group_derive.group", exc_group_derive_group},
    {"exc_group_split.exception", exc_group_split_exception},
    {"exc_group_split.match", exc_group_split_match},
    {"exc_set_data.type", exc_set_data_type},
    {"catch_group.open", catch_group_open},
    {"catch_group.type", catch_group_type},
    {"catch_group_end.open", catch_group_end},
    {"create_task.coroutine", create_task_coroutine},
    {"task_name.task", task_name},
    {"task_set_name.task", task_set_name_task},
    {"task_set_name.name", task_set_name_name},
    {"task_cancelling.task", task_cancelling},
    {"task_uncancel.task", task_uncancel},
    {"create_future_with.recall", create_future_with},
    {"fs.path", fs_path},
    {"fs_pread.offset", fs_pread_offset},
    {"fs_pwrite.offset", fs_pwrite_offset},
    {"fs_sendfile.offset", fs_sendfile_offset},
    {"fs_readdir.out_entries", fs_readdir_out_entries},
    {"fs_read_file.out_data", fs_read_file_out_data},
    {"getaddrinfo.out", getaddrinfo_out},
    {"getnameinfo.address", getnameinfo_address},
    {"process_spawn.argv", process_spawn_argv},
    {"process_wait.process", process_wait_process},
    {"process_send_signal.process", process_send_signal_process},
    {"process_communicate.process", process_communicate_process},
    {"process_take_descriptor.number", process_take_descriptor_number},
    {"interval_init.period", interval_init_period},
    {"interval_init.loop", interval_init_loop},
    {"interval_tick.interval", interval_tick_interval},
    {"loop_attach.host", loop_attach_host},
    {"loop_detach.guest", loop_detach_guest},
    {"loop_detach.between_turns", loop_detach_between_turns},
    {"future_ref.alive", future_ref_alive},
    {"future_unref.held", future_unref_held},
    {"future_set_result.future", set_result_future},
    {"future_set_exception.future", set_exception_future},
    {"future_set_exception.exception", set_exception_exception},
    {"future_result.future", future_result},
    {"future_exception.future", future_exception},
    {"future_cancel.future", future_cancel},
    {"future_add_done_callback.future", add_done_callback},
    {"discard.future", discard_future},
    {"discard.reason", discard_reason},
    {"gather.futures", gather_futures},
    {"gather_count.gather", gather_count},
    {"gather_slot.gather", gather_slot},
    {"lock_acquire.lock", lock_acquire_lock},
    {"lock_release.lock", lock_release_lock},
    {"event_set.event", event_set_event},
    {"event_wait.event", event_wait_event},
    {"semaphore_acquire.semaphore", semaphore_acquire_semaphore},
    {"semaphore_release.semaphore", semaphore_release_semaphore},
    {"condition_acquire.condition", condition_acquire_condition},
    {"condition_release.condition", condition_release_condition},
    {"condition_wait.condition", condition_wait_condition},
    {"condition_wait_for.condition", condition_wait_for_condition},
    {"condition_wait_for.predicate", condition_wait_for_predicate},
    {"condition_notify.condition", condition_notify_condition},
    {"barrier_wait.barrier", barrier_wait_barrier},
    {"barrier_reset.barrier", barrier_reset_barrier},
    {"barrier_abort.barrier", barrier_abort_barrier},
    {"priority_queue_create.compare", priority_queue_create_compare},
    {"queue_put.queue", queue_put_queue},
    {"queue_put_nowait.queue", queue_put_nowait_queue},
    {"queue_get.queue", queue_get_queue},
    {"queue_get.out_item", queue_get_out_item},
    {"queue_get_nowait.queue", queue_get_nowait_queue},
    {"queue_get_nowait.out_item", queue_get_nowait_out_item},
    {"queue_task_done.queue", queue_task_done_queue},
    {"queue_join.queue", queue_join_queue},
    {"queue_shutdown.queue", queue_shutdown_queue},
    {"wait.futures", wait_futures},
    {"as_completed_create.futures", as_completed_create_futures},
    {"as_completed_next.iterator", as_completed_next_iterator},
    {"as_completed_awaitable.iterator", as_completed_awaitable_iterator},
    {"timeout_reschedule.timeout", timeout_reschedule},
    {"with_timeout.function", with_timeout},
    {"group_create_task.group", group_create_task},
    {"scope_exit.entered", scope_exit_entered},
    {"scope_exit.own_task", scope_exit_own_task},
    {"run_coroutine_threadsafe.loop", run_coroutine_threadsafe},
    {"thread_future_result.other_thread", thread_future_result},
    {"thread_future_unref.held", thread_future_unref},
    {"loop_close.open", loop_close_open},
    {"loop_close.no_foreign_handles", loop_close_no_foreign_handles},
    {"loop_run.open", loop_run_open},
    {"loop_time.loop", loop_time_loop},
    {"loop_uv.loop", loop_uv_loop},
    {"loop_call.function", loop_call_function},
    {"loop_call_soon_threadsafe.loop", loop_call_soon_threadsafe},
    {"loop_add_reader.function", add_reader},
    {"loop_add_signal_handler.function", add_signal_handler},
    {"defer.in_task", defer_in_task},
    {"defer.function", defer_function},
    {"return.in_task", return_in_task},
    {"runner_close.not_running", runner_close},
    {"context_copy.context", context_copy},
    {"context_run.context", context_run},
    {"context_get.context", context_get},
    {"context_var_at.index", context_var_at},
    {"context_var_set.var", context_var_set},
    {"context_var_get.var", context_var_get},
    {"context_var_get_or.var", context_var_get_or},
    {"context_var_reset.token", context_var_reset},
    {"task_context.task", task_context},
    {"loop_call.context", loop_call_context},
    {"handle_when.timer", handle_when},
    {"runner_loop.runner", runner_loop},
    {"run_in_executor.function", run_in_executor},
    {"to_thread.function", to_thread},
    {"udp.udp", udp_udp},
    {"fs_watch_add.watch", fs_watch_add_watch},
    {"fs_watch_remove.watch", fs_watch_remove_watch},
    {"fs_watch_next.watch", fs_watch_next_watch},
    {"fs_poll_begin.interval", fs_poll_begin_interval},
    {"stream.stream", stream_stream},
    {"stream_sendfile.offset", stream_sendfile_offset},
    {"listener_accept.listener", listener_accept_listener},
    {"start_server.function", start_server_function},
    {"start_server.listener", start_server_listener},
    {"server_serve_forever.server", serve_forever_server},
    {"loop_shutdown_default_executor.loop", shutdown_default_executor},
    {"future_add_done_callback.context", add_done_callback_in},
};

enum { MISTAKES = sizeof mistakes / sizeof mistakes[0] };

/* ------------------------------------------------------------------------------------------------------------ cases */

static void make(void *arg)
{
    const struct mistake *mistake = arg;
    const struct rlimit no_core = {0, 0};

    setrlimit(RLIMIT_CORE, &no_core);
    mistake->make();
}

static void each_mistake_ends_the_process_with_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < MISTAKES; i++) {
        char output[2048], expected[128];
        int status = stage_in_child(make, (void *)&mistakes[i], output, sizeof output);

        snprintf(expected, sizeof expected, "telltale: precondition %s broken", mistakes[i].name);
        if (!strstr(output, expected) || !WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
            print_error("%s: status %#x, output: %s\n", mistakes[i].name, (unsigned)status, output);
        assert_non_null(strstr(output, expected));
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static void a_mistake_is_told_with_the_callers_place_and_the_condition(void **state)
{
    char output[2048], expected[256];
    const struct mistake mistake = {"discard.reason", discard_reason};

    (void)state;
    stage_in_child(make, (void *)&mistake, output, sizeof output);
    snprintf(expected, sizeof expected, " in discard_reason: reason != NULL\n");
    assert_non_null(strstr(output, expected));
    assert_non_null(strstr(output, "telltale: precondition discard.reason broken at "));
    assert_non_null(strstr(output, "test_precond.c:"));
}

static void what_has_no_begin_is_told_with_the_place(void **state)
{
    static const struct {
        struct mistake mistake;
        const char *place;
    } ends[] = {{{"catch_end.open", catch_end}, " in catch_end: was_open\n"},
                {{"cleanup_end.open", cleanup_end}, " in cleanup_end: was_open\n"},
                {{"return.in_task", return_in_task}, " in return_in_task: task != NULL\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char output[2048], expected[128];

        stage_in_child(make, (void *)&ends[i].mistake, output, sizeof output);
        snprintf(expected, sizeof expected, "telltale: precondition %s broken at ", ends[i].mistake.name);
        assert_non_null(strstr(output, expected));
        assert_non_null(strstr(output, "test_precond.c:"));
        assert_non_null(strstr(output, ends[i].place));
    }
}

static bool is_a_mistake(const char *name)
{
    for (int i = 0; i < MISTAKES; i++)
        if (strcmp(mistakes[i].name, name) == 0)
            return true;
    return false;
}

/* Whether test_null.c breaks it. */
static bool is_about_null(const char *name)
{
    static const char *const names[] = {
#define REFUSES(function, argument, precondition, ...) precondition,
#define ACCEPTS(function, argument, ...)
#include "null_arguments.def"
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Counts the preconditions in the source TEXT that have a case here, and says which have none anywhere. */
static int count_preconditions(const char *text, int *untested)
{
    regex_t expression;
    regmatch_t match[2];
    int count = 0;

    assert_int_equal(regcomp(&expression, "PRECOND[A-Z_]*\\(\"([a-z_.0-9]+)\"", REG_EXTENDED), 0);
    for (; regexec(&expression, text, 2, match, 0) == 0; text += match[0].rm_eo) {
        char name[128];

        snprintf(name, sizeof name, "%.*s", (int)(match[1].rm_eo - match[1].rm_so), text + match[1].rm_so);
        count += is_a_mistake(name);
        if (is_a_mistake(name) || is_about_null(name))
            continue;
        print_error("precondition %s has no case\n", name);
        ++*untested;
    }
    regfree(&expression);
    return count;
}

static void every_precondition_has_a_case(void **state)
{
    const char *source = getenv("TELLTALE_TEST_SOURCE");
    static char path[4096], text[1 << 18];
    struct dirent *entry;
    int count = 0, untested = 0;
    DIR *folder;

    (void)state;
    if (!source)
        TT_SKIP("TELLTALE_TEST_SOURCE is not set");
    snprintf(path, sizeof path, "%s/runtime", source);
    folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        size_t length = strlen(entry->d_name);
        FILE *file;

        if (length < 3 || strcmp(entry->d_name + length - 2, ".c") != 0)
            continue;
        snprintf(path, sizeof path, "%s/runtime/%s", source, entry->d_name);
        file = fopen(path, "r");
        assert_non_null(file);
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        count += count_preconditions(text, &untested);
    }
    closedir(folder);
    assert_int_equal(untested, 0);
    assert_int_equal(count, MISTAKES);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_on_stage(each_mistake_ends_the_process_with_its_name),
    cmocka_unit_test_on_stage(a_mistake_is_told_with_the_callers_place_and_the_condition),
    cmocka_unit_test_on_stage(what_has_no_begin_is_told_with_the_place),
    cmocka_unit_test_on_stage(every_precondition_has_a_case),
};

TT_TEST_MAIN(cases)
