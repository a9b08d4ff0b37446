/* Ingest: events become the same rows in whatever order threads deliver them and wherever commits fall, and each fact of the ledger
 * leads to its state. Nothing here knows of arenas: it is what an import would do, too. It has more than 600 lines because one script
 * has all events. */
#include "harness.h"
#include "studio_case.h"
#include "studio_store.h"

#include <sqlite3.h>

enum { THREADS = 3, EVENTS_MAX = 64 };

/* What happens, by thread; times are numbers of the line. */
struct script {
    struct tt_decoded_event events[THREADS][EVENTS_MAX];
    size_t counts[THREADS];
    int64_t time_ns;
};

static struct script script;

#define TEXT(literal)                  \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

/* Adds an event NAME with the fields given to the end of THREAD. */
#define SAY(thread, event_name, ...)                                                     \
    do {                                                                                 \
        struct tt_decoded_event *said = &script.events[thread][script.counts[thread]++]; \
        said->number = TT_EVENT_##event_name;                                            \
        said->sequence = script.counts[thread];                                          \
        said->time_ns = ++script.time_ns;                                                \
        said->event_name = (struct tt_decoded_##event_name){__VA_ARGS__};                \
    } while (0)

static struct tt__store_writer *writer;
static struct tt_ingest *ingest;

/* A recorder comes, and goes: when IS_FINISHED, with the recording at its end. */
static void begin(void)
{
    writer = studio_open_writer(&studio, NULL);
    ingest = studio_create_ingest(writer);
}

static void end(bool is_finished)
{
    tt_ingest_destroy(ingest);
    tt__store_close_writer(writer, is_finished);
}

enum { CREATED = 101, RAISED, TOUCHED, RELEASED, ASKED, WAITING };

static const char *const places[] = {"created", "raised", "touched", "released", "asked", "waiting"};

/* A task FAILURE of thread 0 that fails. Its failure is told by thread 1, so that all may come before its creation. */
static void fail_task(uint64_t task, enum tt_failure_how how)
{
    SAY(0, task_created, .task_id = task, .parent_id = 1, .parent_kind = TT_ACTOR_TASK, .site = CREATED, .loop_id = 900,
        .name_number = (uint32_t)task, .has_handle = 1);
    SAY(0, task_started, .task_id = task);
    SAY(1, exception_raised, .exception_id = task + 500, .task_id = task, .site = RAISED, .type = TEXT("Exception"),
        .message = TEXT("no 17 at 0xdeadbeef"));
    SAY(1, failure_stored, .failure_id = task, .exception_id = task + 500, .parent_id = 1, .parent_kind = TT_ACTOR_TASK,
        .kind = TT_OBJECT_KIND_TASK, .how = (uint8_t)how, .handle_count = 1, .created_site = CREATED,
        .raised_site = RAISED, .name_number = (uint32_t)task, .type = TEXT("Exception"),
        .message = TEXT("no 17 at 0xdeadbeef"));
    SAY(0, task_finished, .task_id = task, .busy = 5, .ready = 3, .longest_step = 4, .step_count = 2,
        .outcome = TT_OUTCOME_FAILED);
}

static void release(uint64_t failure, uint32_t user, uint32_t library, uint32_t forwards, bool is_loop_closed)
{
    SAY(2, failure_released, .failure_id = failure, .site = RELEASED, .user_touch_count = user,
        .library_touch_count = library, .forward_count = forwards, .retrieved = user + library > 0,
        .loop_closed = is_loop_closed);
}

static void touch(uint64_t failure, enum tt_touch_how how, bool is_user, enum tt_actor by, uint64_t by_id)
{
    SAY(2, failure_touched, .failure_id = failure, .by = (uint8_t)by, .by_id = by_id, .how = (uint8_t)how,
        .is_user = is_user, .site = TOUCHED);
}

static void write_script(void)
{
    memset(&script, 0, sizeof script);
    SAY(0, loop_created, .loop_id = 900, .site = CREATED);
    SAY(0, task_created, .task_id = 1, .parent_kind = TT_ACTOR_MAIN, .site = CREATED, .name = TEXT("main"),
        .loop_id = 900);
    SAY(1, task_renamed, .task_id = 1, .name = TEXT("first"));

    fail_task(10, TT_FAILURE_HOW_RAISED); /* delivered by a touch of user code */
    touch(10, TT_TOUCH_HOW_AWAIT, true, TT_ACTOR_TASK, 1);
    release(10, 1, 0, 0, false);
    fail_task(11, TT_FAILURE_HOW_RAISED); /* delivered through gather 60, which user code read */
    SAY(0, gather_created, .gather_id = 60, .by = TT_ACTOR_TASK, .by_id = 1, .site = CREATED, .child_count = 2);
    touch(11, TT_TOUCH_HOW_GATHER, false, TT_ACTOR_GATHER, 60);
    SAY(2, failure_forwarded, .failure_id = 11, .to_id = 60, .site = TOUCHED, .how = TT_FORWARD_HOW_GATHER);
    SAY(1, failure_stored, .failure_id = 60, .exception_id = 511, .kind = TT_OBJECT_KIND_GATHER,
        .how = TT_FAILURE_HOW_FORWARDED);
    touch(60, TT_TOUCH_HOW_RESULT, true, TT_ACTOR_TASK, 1);
    release(11, 0, 1, 1, false);
    release(60, 1, 0, 0, false);
    SAY(1, exception_member, .group_id = 511, .exception_id = 580, .position = 0, .type = TEXT("ExceptionGroup"),
        .message = TEXT("inner (1 sub-exception)"));
    SAY(1, exception_member, .group_id = 511, .exception_id = 582, .position = 1, .type = TEXT("ValueError"),
        .message = TEXT("never raised"));
    SAY(1, exception_member, .group_id = 580, .exception_id = 581, .position = 0, .type = TEXT("KeyError"));
    fail_task(12, TT_FAILURE_HOW_RAISED); /* discarded, before it failed as it were */
    SAY(2, failure_discarded, .failure_id = 12, .site = TOUCHED, .reason = TEXT("best effort"));
    release(12, 0, 0, 0, false);
    fail_task(13, TT_FAILURE_HOW_RAISED); /* held */
    SAY(1, reference_taken, .object_id = 13, .site = CREATED, .handle_count = 1);
    SAY(1, reference_taken, .object_id = 13, .site = TOUCHED, .handle_count = 2);
    SAY(1, reference_released, .object_id = 13, .site = RELEASED, .handle_count = 1);
    fail_task(14, TT_FAILURE_HOW_RAISED); /* absorbed: gather */
    touch(14, TT_TOUCH_HOW_GATHER, false, TT_ACTOR_GATHER, 60);
    release(14, 0, 1, 0, false);
    fail_task(15, TT_FAILURE_HOW_RAISED); /* absorbed: a value that nobody read */
    SAY(0, gather_created, .gather_id = 61, .child_count = 1, .return_exceptions = 1);
    touch(15, TT_TOUCH_HOW_GATHER, false, TT_ACTOR_GATHER, 61);
    release(15, 0, 1, 0, false);
    fail_task(16, TT_FAILURE_HOW_RAISED); /* absorbed: thread chain, whose future was lost */
    touch(16, TT_TOUCH_HOW_THREAD_CHAIN, false, TT_ACTOR_CALLBACK, 0);
    SAY(2, failure_forwarded, .failure_id = 16, .to_id = 62, .site = TOUCHED, .how = TT_FORWARD_HOW_THREAD_CHAIN);
    SAY(1, failure_stored, .failure_id = 62, .exception_id = 516, .kind = TT_OBJECT_KIND_THREAD_FUTURE,
        .how = TT_FAILURE_HOW_FORWARDED);
    release(16, 0, 1, 1, false);
    release(62, 0, 0, 0, false);
    fail_task(17, TT_FAILURE_HOW_RAISED); /* absorbed: cancelled when done */
    SAY(2, cancel_requested, .task_id = 17, .by = TT_ACTOR_TASK, .by_id = 1, .site = ASKED, .accepted = 0);
    touch(17, TT_TOUCH_HOW_CANCEL_AFTER_DONE, false, TT_ACTOR_TASK, 1);
    release(17, 0, 1, 0, false);
    fail_task(18, TT_FAILURE_HOW_RAISED); /* lost: dropped, and reported */
    SAY(2, failure_reported, .failure_id = 18, .loop_id = 900, .kind = TT_HANDLER_KIND_DEFAULT, .site = RELEASED);
    SAY(2, handler_called, .loop_id = 900, .object_id = 18, .exception_id = 518, .kind = TT_HANDLER_KIND_DEFAULT,
        .message = TEXT("Task exception was never retrieved"));
    release(18, 0, 0, 0, false);
    fail_task(19, TT_FAILURE_HOW_IGNORED); /* lost: ignored */
    release(19, 0, 0, 0, false);
    fail_task(20, TT_FAILURE_HOW_RAISED); /* lost: loop closed */
    release(20, 0, 0, 0, true);
    /* unknown: its storing is missing, its task says that it failed */
    SAY(0, task_finished, .task_id = 21, .outcome = TT_OUTCOME_FAILED, .step_count = 1);

    /* What is done at descriptors: done, failed, of the third the beginning is known only, and of the fourth the end. */
    SAY(0, io_started, .io_id = 80, .task_id = 1, .site = WAITING, .size = 64, .descriptor = 7,
        .what = TT_IO_KIND_READ);
    SAY(0, io_finished, .io_id = 80, .task_id = 1, .site = WAITING, .size = 64, .descriptor = 7,
        .what = TT_IO_KIND_READ, .duration = 30, .byte_count = 12, .status = TT_IO_END_DONE);
    SAY(1, io_started, .io_id = 81, .task_id = 31, .site = ASKED, .descriptor = 8, .what = TT_IO_KIND_CONNECT);
    SAY(1, io_finished, .io_id = 81, .task_id = 31, .site = ASKED, .descriptor = 8, .what = TT_IO_KIND_CONNECT,
        .duration = 40, .error = 111, .status = TT_IO_END_FAILED);
    SAY(1, io_started, .io_id = 82, .task_id = 31, .descriptor = -1, .what = TT_IO_KIND_RESOLVE);
    SAY(1, io_finished, .io_id = 83, .task_id = 31, .descriptor = 9, .what = TT_IO_KIND_WRITE, .size = 100,
        .byte_count = 40, .duration = 50, .status = TT_IO_END_CANCELLED);

    SAY(1, stall_detected, .loop_id = 900, .by_id = 1, .duration = 250, .site = WAITING, .end_site = ASKED,
        .by = TT_ACTOR_TASK);

    /* Cancellations: cancelled, swallowed, converted. */
    SAY(0, task_created, .task_id = 30, .parent_id = 2, .parent_kind = TT_ACTOR_SIGNAL, .site = CREATED,
        .name = TEXT("cancelled"));
    SAY(2, cancel_requested, .task_id = 30, .by = TT_ACTOR_SIGNAL, .by_id = 15, .site = ASKED, .accepted = 1,
        .request_count = 1, .reason = TEXT("bye"));
    SAY(2, cancel_delivered, .task_id = 30, .site = WAITING);
    SAY(0, task_finished, .task_id = 30, .outcome = TT_OUTCOME_CANCELLED);
    SAY(0, task_created, .task_id = 31, .site = CREATED, .name = TEXT("swallows"));
    SAY(2, cancel_requested, .task_id = 31, .by = TT_ACTOR_RUNNER, .site = ASKED, .accepted = 1, .request_count = 1);
    SAY(2, cancel_delivered, .task_id = 31, .site = WAITING);
    SAY(2, cancel_swallowed, .task_id = 31, .request_count = 1);
    SAY(0, task_finished, .task_id = 31, .outcome = TT_OUTCOME_RETURNED);
    SAY(0, task_created, .task_id = 32, .site = CREATED, .name = TEXT("abandoned"));
    SAY(1, task_abandoned, .task_id = 32, .wait_object = 13, .wait_site = WAITING, .wait_kind = TT_WAIT_KIND_TASK);
    SAY(0, loop_closed, .loop_id = 900, .pending_count = 1, .site = RELEASED);
    SAY(0, wait_started, .wait_id = 70, .by = TT_ACTOR_TASK, .by_id = 1, .site = WAITING, .child_count = 3,
        .until = TT_WAIT_UNTIL_FIRST_EXCEPTION, .are_tasks = 1, .has_timeout = 1, .timeout_ns = 5000);
    SAY(0, wait_started, .wait_id = 71, .by = TT_ACTOR_MAIN, .child_count = 1, .until = TT_WAIT_UNTIL_AS_COMPLETED);
    SAY(0, shield_created, .shield_id = 72, .inner_id = 13, .by = TT_ACTOR_TASK, .by_id = 1, .site = CREATED);
    SAY(0, group_entered, .group_id = 75, .task_id = 1, .site = WAITING, .keep_going = 0);
    SAY(0, children_told, .owner_id = 60, .child_1 = 11, .child_2 = 30, .child_8 = 31);
    SAY(1, cycle_broken, .cycle_id = 90, .task_id = 31, .awaited_id = 30, .wait_kind = TT_WAIT_KIND_GATHER,
        .wait_object = 60, .site = WAITING);
    SAY(1, cycle_broken, .cycle_id = 90, .task_id = 30, .awaited_id = 31, .wait_kind = TT_WAIT_KIND_TASK,
        .wait_object = 31);
    SAY(0, group_child_added, .group_id = 75, .task_id = 30, .site = CREATED);
    SAY(0, group_child_added, .group_id = 75, .task_id = 31, .site = CREATED);
    SAY(1, group_aborted, .group_id = 75, .task_id = 31, .reason = TT_ABORT_REASON_FAILURE, .asked_count = 1);
    SAY(2, group_exited, .group_id = 75, .task_id = 1, .exception_id = 511, .site = RELEASED, .child_count = 2,
        .failed_count = 1, .end = TT_SCOPE_END_RAISED);
    SAY(0, timeout_entered, .timeout_id = 73, .task_id = 31, .site = WAITING, .delay_ns = 7, .has_deadline = 1);
    SAY(0, timeout_entered, .timeout_id = 74, .task_id = 31, .outer_id = 73, .site = WAITING, .has_deadline = 1,
        .delay_ns = UINT64_MAX);
    SAY(0, timeout_entered, .timeout_id = 73, .task_id = 31, .site = WAITING, .delay_ns = 100, .has_deadline = 1,
        .is_rescheduled = 1);
    SAY(2, timeout_expired, .timeout_id = 73, .task_id = 31);
    SAY(0, timeout_exited, .timeout_id = 74, .task_id = 31, .site = RELEASED, .end = TT_SCOPE_END_RETURNED,
        .is_left_open = 1);
    SAY(1, timeout_exited, .timeout_id = 73, .task_id = 31, .exception_id = 511, .site = RELEASED,
        .end = TT_SCOPE_END_CONVERTED);
    SAY(1, note, .task_id = 1, .site = CREATED, .key = TEXT("said"), .text = TEXT("all"));
    SAY(1, test_begun, .test_id = 110, .site = CREATED, .name = TEXT("adds"));
    SAY(2, test_ended, .test_id = 110, .outcome = TT_TEST_OUTCOME_FAILED, .site = RELEASED, .text = TEXT("1 is not 2"));
    SAY(1, test_begun, .test_id = 111, .name = TEXT("is under way"));
    SAY(2, test_dumped, .test_id = 111, .site = WAITING, .age = 1, .name = TEXT("is under way"));
    SAY(2, test_dumped, .test_id = 112, .site = CREATED, .age = 1000, .name = TEXT("was under way"));
}

/* ------------------------------------------------------------------------------------------------------ performing it */

static void define_places(void)
{
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++)
        tt_ingest_define_site(ingest, CREATED + i, i + 1, (struct tt_decoded_text)TEXT("a.c"),
                              (struct tt_decoded_text){places[i], (uint32_t)strlen(places[i])},
                              (struct tt_decoded_text){NULL, 0});
}

static void describe_words(void)
{
#define TT_ENUM_VALUE(name, CONSTANT, number, word, text) tt_ingest_describe_word(ingest, #name, number, #word);
#include "events.def"
}

/* Writes the script into a store. SEED 0: thread after thread, one commit; else at random, with commits and restarts in between. */
static void perform(uint64_t seed)
{
    const struct tt_ingest_process process = {.pid = 100,
                                              .uuid = {1},
                                              .host = "h",
                                              .program = "/p",
                                              .command = "p",
                                              .monotonic_ns = 1000,
                                              .realtime_ns = 5000};
    bool is_known = true, has_places = false;
    size_t next[THREADS] = {0}, left = 0;
    for (int i = 0; i < THREADS; i++)
        left += script.counts[i];

    begin();
    uint32_t process_id = studio_attach_process(ingest, &process, &is_known);
    assert_false(is_known);
    assert_int_equal(process_id, 0);
    describe_words();
    for (; left > 0; left--) {
        unsigned thread = seed ? (unsigned)(studio_random(&seed) % THREADS) : 0;
        while (next[thread] == script.counts[thread])
            thread = (thread + 1) % THREADS;
        if (!has_places && (!seed || studio_random(&seed) % 16 == 0)) {
            define_places();
            has_places = true;
        }
        tt_ingest_event(ingest, process_id, thread + 1, &script.events[thread][next[thread]++]);
        if (seed && studio_random(&seed) % 8 == 0)
            studio_commit(ingest);
        if (seed && studio_random(&seed) % 16 == 0) { /* another recorder takes over */
            studio_commit(ingest);
            end(studio_random(&seed) % 2);
            begin();
            process_id = studio_attach_process(ingest, &process, &is_known);
            assert_true(is_known);
            assert_int_equal(process_id, 0);
        }
    }
    define_places();
    tt_ingest_process_seen(ingest, process_id, 1000);
    studio_commit(ingest);
    end(true);
    studio_expect(&studio, "PRAGMA integrity_check", "ok");
}

static const char states[] =
    "10|delivered|NULL\n11|delivered|NULL\n12|discarded|NULL\n13|held|NULL\n14|absorbed|gather\n15|absorbed|unread_"
    "value\n"
    "16|absorbed|thread_chain\n17|absorbed|cancel_after_done\n18|lost|dropped\n19|lost|ignored\n20|lost|loop_closed\n"
    "21|unknown|NULL\n60|delivered|NULL\n62|absorbed|thread_chain";

static void members_of_groups_have_type_and_text_also_when_they_were_never_raised(void **state)
{
    (void)state;
    write_script();
    perform(0);
    studio_expect(&studio,
                  "SELECT group_id, position, member_id, type, message, member_count"
                  " FROM exception_members ORDER BY group_id, position",
                  "511|0|580|ExceptionGroup|inner (1 sub-exception)|1\n511|1|582|ValueError|never "
                  "raised|0\n580|0|581|KeyError||0");
}

/* The event that says so may have come before a session that began later, or be lost: the release tells it again. */
static void what_was_discarded_is_known_by_its_release_alone(void **state)
{
    (void)state;
    for (uint8_t discarded = 0; discarded <= 1; discarded++) {
        studio_case_begin_anew();
        memset(&script, 0, sizeof script);
        fail_task(10, TT_FAILURE_HOW_RAISED);
        SAY(2, failure_released, .failure_id = 10, .site = RELEASED, .retrieved = discarded, .discarded = discarded);
        perform(0);
        studio_expect(&studio, "SELECT state, reason, discard_reason FROM failures",
                      discarded ? "discarded|NULL|NULL" : "lost|dropped|NULL");
        studio_expect(&studio, "SELECT count(*) FROM leaks WHERE lint = 'lost-failure'", discarded ? "0" : "1");
    }
}

static void each_fact_leads_to_its_state(void **state)
{
    (void)state;
    write_script();
    perform(0);
    studio_expect(&studio, "SELECT failure_id, state, reason FROM failures ORDER BY failure_id", states);
    studio_expect(
        &studio,
        "SELECT task_id, name, outcome, parent_text, created_at FROM tasks WHERE task_id IN (1, 10, 21, 30, 32)",
        "1|first|pending|main program|a.c:1 in created\n10|Task-10|failed|#1 \"first\"|a.c:1 in "
        "created\n21|NULL|failed|NULL|NULL\n"
        "30|cancelled|cancelled|signal SIGINT|a.c:1 in created\n32|abandoned|abandoned|main program|a.c:1 in created");
    studio_expect(&studio, "SELECT id_text, ending, by_text, reason, delivered_at FROM cancellations ORDER BY task_id",
                  "#17|ignored|#1 \"first\"|NULL|NULL\n#30|cancelled|signal SIGTERM|bye|a.c:6 in "
                  "waiting\n#31|swallowed|runner|NULL|a.c:6 in waiting");
    studio_expect(
        &studio,
        "SELECT type, message, fingerprint, taken_at, released_from, handle_count FROM failures WHERE failure_id = 13",
        "Exception|no 17 at 0xdeadbeef|Exception: no <n> at <address> | raised at a.c:2 in raised | created at a.c:1 "
        "in created|"
        "a.c:1 in created\na.c:3 in touched|a.c:4 in released|1");
    studio_expect(&studio, "SELECT count(*), (SELECT message FROM handler_call) FROM note",
                  "1|Task exception was never retrieved");
    studio_expect(
        &studio, "SELECT test_id, name, outcome, text, began_at, ended_at, duration_ns > 0 FROM tests ORDER BY test_id",
        "110|adds|failed|1 is not 2|a.c:1 in created|a.c:4 in released|1\n111|is under way|running|NULL|a.c:6 in waiting|NULL|1\n112|was under way|running|NULL|a.c:1 in created|NULL|1");
    studio_expect(&studio, "SELECT wait_id, task_id, started_at, until, text, timeout_ns FROM waits ORDER BY wait_id",
                  "70|1|a.c:6 in waiting|first_exception|3 tasks|5000\n71|NULL|NULL|as_completed|1 future|NULL");
    studio_expect(&studio,
                  "SELECT h.shield_id, h.inner_id, h.by, h.by_id, pl.place FROM shield AS h"
                  " JOIN places AS pl ON pl.site_id = h.created_site_id",
                  "72|13|1|1|a.c:1 in created");
    studio_expect(
        &studio,
        "SELECT scope_id, kind, task_text, outer_id, state, entered_at, exited_at, ending, exception_type,"
        " left_open, deadline_ns - rescheduled_ns, rescheduled_ns > entered_ns, expired_ns < exited_ns"
        " FROM scopes ORDER BY scope_id",
        "73|timeout|#31 \"swallows\"|NULL|left|a.c:6 in waiting|a.c:4 in released|converted|Exception|0|100|1|1\n"
        "74|timeout|#31 \"swallows\"|73|left|a.c:6 in waiting|a.c:4 in released|returned|NULL|1|NULL|NULL|NULL"
        "\n75|group|#1 \"first\"|NULL|left|a.c:6 in waiting|a.c:4 in released|raised|Exception|0|NULL|NULL|NULL");
    studio_expect(&studio,
                  "SELECT keep_going, child_count, pending_count, failed_count, abort_reason, aborted_by,"
                  " (SELECT group_concat(task_id, ' ') FROM scope_member) FROM scopes WHERE kind = 'group'",
                  "0|2|0|1|failure|#31 \"swallows\"|30 31");
    studio_expect(&studio, "SELECT owner_id, group_concat(future_id, ' ') FROM child GROUP BY owner_id", "60|11 30 31");
    studio_expect(&studio, "SELECT cycle_id, task_id, awaited_id, wait_kind, wait_object, wait_at FROM await_cycles",
                  "30|30|31|task|31|NULL\n30|31|30|gather|60|a.c:6 in waiting");
    studio_expect(&studio,
                  "SELECT io_id, task_id, what, descriptor, state, duration_ns, size, byte_count, error, at,"
                  " ended_ns - began_ns = duration_ns FROM ios ORDER BY io_id",
                  "80|1|read|7|done|30|64|12|NULL|a.c:6 in waiting|1\n"
                  "81|31|connect|8|failed|40|NULL|NULL|111|a.c:5 in asked|1\n"
                  "82|31|resolve|NULL|begun|NULL|NULL|NULL|NULL|NULL|NULL\n"
                  "83|31|write|9|cancelled|50|100|40|NULL|NULL|1");
    studio_expect(&studio, "SELECT loop_id, task_id, by_text, duration_ns, from_at, to_at FROM stalls",
                  "900|1|#1 \"first\"|250|a.c:6 in waiting|a.c:5 in asked");
    studio_expect(
        &studio, "SELECT lint, count(*) FROM leaks GROUP BY lint",
        "absorbed-failure|4\nawait-cycle|1\ndestroyed-pending|1\nheld-failure|1\nlost-failure|3\nscope-left-open|1\n"
        "swallowed-cancel|1");
}

static const char *const everything[] = {
    "SELECT * FROM tasks ORDER BY task_id",
    "SELECT * FROM failures ORDER BY failure_id",
    "SELECT * FROM leaks ORDER BY object_id, lint",
    ("SELECT id_text, name, requested_ns, by_text, reason, requested_at, accepted, delivered_ns, delivered_at, "
     "latency_ns, before_start, ending FROM cancellations ORDER BY task_id"),
    "SELECT failure_id, touched_ns, thread_id, sequence, by, by_id, how, is_user FROM touch"
    " ORDER BY thread_id, sequence",
    "SELECT file, line, func, text FROM site ORDER BY hash",
    "SELECT loop_id, created_ns, closed_ns, pending_count FROM loop",
    "SELECT * FROM waits ORDER BY wait_id",
    "SELECT * FROM scopes ORDER BY scope_id",
    "SELECT * FROM stalls ORDER BY ended_ns",
    "SELECT * FROM ios ORDER BY io_id",
    "SELECT test_id, thread_id, name, began_ns, ended_ns, outcome, text FROM test ORDER BY test_id",
    "SELECT shield_id, inner_id, created_ns, by, by_id FROM shield ORDER BY shield_id",
};

static void the_order_between_threads_and_the_places_of_commits_change_nothing(void **state)
{
    (void)state;
    char *expected[sizeof everything / sizeof everything[0]];
    uint64_t seed = studio_seed();
    write_script();
    perform(0);
    for (size_t i = 0; i < sizeof everything / sizeof everything[0]; i++)
        expected[i] = studio_rows(&studio, everything[i]);
    for (unsigned round = studio_rounds(20); round > 0; round--) {
        studio_case_begin_anew();
        perform(seed);
        studio_random(&seed);
        for (size_t i = 0; i < sizeof everything / sizeof everything[0]; i++)
            studio_expect(&studio, everything[i], expected[i]);
    }
    for (size_t i = 0; i < sizeof everything / sizeof everything[0]; i++)
        sqlite3_free(expected[i]);
}

/* ----------------------------------------------------------------------------------------------------------- corners */

static uint32_t attach(uint8_t uuid, uint32_t pid, uint8_t boot, int64_t monotonic_ns, int64_t realtime_ns)
{
    const struct tt_ingest_process process = {
        .uuid = {uuid}, .boot_id = {boot}, .pid = pid, .monotonic_ns = monotonic_ns, .realtime_ns = realtime_ns};
    return studio_attach_process(ingest, &process, NULL);
}

static void processes_of_one_boot_share_its_clock_and_others_are_placed_by_the_wall_clock(void **state)
{
    (void)state;
    begin();
    uint32_t first = attach(1, 100, 7, 1000, 50000);
    uint32_t second = attach(2, 101, 7, 1500, 99999); /* the wall clock was set meanwhile */
    uint32_t other = attach(3, 102, 8, 10, 50700);
    assert_int_equal(tt_ingest_time(ingest, first, 1000), 0);
    assert_int_equal(tt_ingest_time(ingest, second, 1600), 600);
    assert_int_equal(tt_ingest_time(ingest, other, 10), 700);
    studio_commit(ingest);
    end(true);
    studio_expect(&studio, "SELECT process_id, started_ns FROM processes", "0|0\n1|500\n2|700");
    studio_expect(&studio, "SELECT origin_realtime_ns, origin_monotonic_ns FROM recording", "50000|1000");
}

static void an_exit_status_finds_its_process_before_or_after_it_is_known(void **state)
{
    (void)state;
    begin();
    tt_ingest_process_exit(ingest, 100, 3, 0);
    tt_ingest_process_exit(ingest, 555, 4, 0); /* never traced */
    studio_commit(ingest);
    attach(1, 100, 1, 0, 0);
    attach(2, 101, 1, 0, 0);
    studio_commit(ingest);
    tt_ingest_process_exit(ingest, 101, 0, 9);
    studio_commit(ingest);
    end(true);
    studio_expect(&studio, "SELECT pid, exit_status, signal, end_text FROM processes",
                  "100|3|NULL|exit status 3, without goodbye\n101|NULL|9|ended by SIGKILL");
}

static void events_about_nothing_and_unknown_events_make_no_rows(void **state)
{
    (void)state;
    begin();
    uint32_t process_id = attach(1, 100, 1, 0, 0);
    struct tt_decoded_event event = {0};
    for (unsigned number = 0; number < 1024; number++) {
        event.number = (uint16_t)number;
        if (number != TT_EVENT_note && number != TT_EVENT_handler_called)
            tt_ingest_event(ingest, process_id, 1, &event);
    }
    studio_commit(ingest);
    end(true);
    studio_expect(
        &studio,
        "SELECT (SELECT count(*) FROM task) + (SELECT count(*) FROM failure) + (SELECT count(*) FROM touch)"
        " + (SELECT count(*) FROM forward) + (SELECT count(*) FROM cancellation) + (SELECT count(*) FROM reference)"
        " + (SELECT count(*) FROM exception) + (SELECT count(*) FROM exception_member) + (SELECT count(*) FROM gather) "
        "+ (SELECT count(*) FROM loop)",
        "0");
}

/* An arena whose bytes were changed may say anything. Sums over it must not make each commit fail, of the other processes too. */
static void counts_that_nobody_can_have_do_not_stop_the_recording(void **state)
{
    (void)state;
    const uint64_t most = INT64_MAX;
    begin();
    uint32_t process_id = attach(1, 100, 1, 0, 0);
    for (uint32_t thread = 1; thread < 40; thread++) {
        tt_ingest_thread_counts(ingest, process_id, thread,
                                &(struct tt_ingest_thread_counts){.attempt_count = most,
                                                                  .record_count = thread % 2 ? most : UINT64_MAX,
                                                                  .drop_count = most,
                                                                  .hole_count = most,
                                                                  .wait_ns = most});
        tt_ingest_gap(ingest, process_id, thread, &(struct tt_ingest_gap){.count = INT64_MAX, .what = "dropped"});
    }
    studio_commit(ingest);
    end(true);
    studio_expect(&studio, "SELECT attempt_count > 0, drop_count > 0, wait_ns > 0 FROM processes", "1|1|1");
    studio_expect(&studio, "SELECT sum(count) > 0 FROM losses", "1");
}

static void tasks_on_the_board_come_and_go(void **state)
{
    (void)state;
    begin();
    describe_words();
    uint32_t process_id = attach(1, 100, 1, 0, 0);
    struct tt_ingest_board_entry entry = {.task_id = 5,
                                          .created_site = CREATED,
                                          .wait_site = WAITING,
                                          .state = TT_TASK_STATE_WAITING,
                                          .slot = 3,
                                          .wait_kind = TT_WAIT_KIND_RECV,
                                          .wait_object = 7,
                                          .since_ns = 100,
                                          .is_new = true,
                                          .name = "lonely",
                                          .parent_id = 4,
                                          .loop_id = 900};
    tt_ingest_board(ingest, process_id, &entry);
    define_places();
    tt_ingest_process_seen(ingest, process_id, 150);
    studio_commit(ingest);
    studio_expect(&studio, "SELECT name, state, wait_text, wait_at, wait_ns, parent_text, created_at FROM tasks",
                  "lonely|waiting|recv on descriptor 7|a.c:6 in waiting|50|#4|a.c:1 in created");
    /* Its events, later, say more than the board did, and are believed. */
    struct tt_decoded_event created = {.number = TT_EVENT_task_created, .time_ns = 50};
    created.task_created = (struct tt_decoded_task_created){.task_id = 5,
                                                            .site = CREATED,
                                                            .name = TEXT("lonely, and cut by the board"),
                                                            .parent_kind = TT_ACTOR_CALLBACK,
                                                            .has_handle = 1};
    tt_ingest_event(ingest, process_id, 1, &created);
    entry.wait_kind = TT_WAIT_KIND_NONE;
    entry.state = TT_TASK_STATE_RUNNING;
    entry.wait_site = 0;
    entry.is_new = false;
    tt_ingest_board(ingest, process_id, &entry);
    studio_commit(ingest);
    studio_expect(&studio, "SELECT name, state, wait_text, wait_at, parent_text, created_ns FROM tasks",
                  "lonely, and cut by the board|running|NULL|NULL|callback|50");
    tt_ingest_board_gone(ingest, process_id, 5);
    studio_commit(ingest);
    studio_expect(&studio, "SELECT count(*) FROM board", "0");
    end(true);
}

static const struct CMUnitTest cases[] = {
    cmocka_unit_test_in_studio(members_of_groups_have_type_and_text_also_when_they_were_never_raised),
    cmocka_unit_test_in_studio(each_fact_leads_to_its_state),
    cmocka_unit_test_in_studio(what_was_discarded_is_known_by_its_release_alone),
    cmocka_unit_test_in_studio(the_order_between_threads_and_the_places_of_commits_change_nothing),
    cmocka_unit_test_in_studio(processes_of_one_boot_share_its_clock_and_others_are_placed_by_the_wall_clock),
    cmocka_unit_test_in_studio(an_exit_status_finds_its_process_before_or_after_it_is_known),
    cmocka_unit_test_in_studio(events_about_nothing_and_unknown_events_make_no_rows),
    cmocka_unit_test_in_studio(counts_that_nobody_can_have_do_not_stop_the_recording),
    cmocka_unit_test_in_studio(tasks_on_the_board_come_and_go),
};

TT_TEST_MAIN(cases)
