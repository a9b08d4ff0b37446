/* lttng.c: opens the provider for LTTng-UST, and numbers the events that go to it. See lttng.h.
 *
 * Opening. LTTng's library waits in its constructor until its daemons have answered, 3 s unless LTTNG_UST_REGISTER_TIMEOUT
 * says otherwise. A daemon that is frozen must not freeze every program, and no wait at all would lose the beginning of
 * short runs: so it is 300 ms here, if the user has not chosen. setenv() may take memory away from under a thread that is
 * reading the environment; so what the constructor sees is a copy of the environment with that one line more, which stays
 * where it is for ever.
 *
 * Processes. What is known of LTTng stands in the page that the kernel clears in a child. The handlers of pthread_atfork
 * tell LTTng of the fork, and then the child becomes a process of its own at its first event; the child of a raw clone,
 * of which LTTng was not told, emits nothing. Where liblttng-ust-fork.so was preloaded it does the telling.
 */
#include "lttng.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "description.h"
#include "process_link.h"
#include "listeners.h"

#define LIBRARY          "libtelltale-lttng.so"
#define TIMEOUT_VARIABLE "LTTNG_UST_REGISTER_TIMEOUT"
#define RECORDING_VARIABLE "TELLTALE_LTTNG_RECORDING"
#define TIMEOUT_MS       "300"
/* A library with this in its name tells LTTng of forks by itself. */
#define FORK_LIBRARY "liblttng-ust-fork"

_Atomic(const struct tt_lttng_table *) tt__lttng_table;

static pthread_mutex_t load_mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int load_status;                 /* 0: not tried yet; 1: loaded; or a negative errno value */
static _Atomic uint32_t life_count;             /* ordinals handed out in this process and its ancestors */
static bool is_told_of_forks;                   /* by a library that was preloaded */
static bool is_forking;                         /* between before and after */
static sigset_t fork_mask;                      /* LTTng's, between before and after */
static struct tt_arena_header identity;         /* who this process is; only the facts in it are used */
static struct tt_event_process_started started; /* what it says of itself, with the strings of `identity` */
static bool has_told_before;                    /* this process has told who it is, or tried to */
static struct tt__listeners listeners;          /* guarded by the flag */
static atomic_flag is_looking = ATOMIC_FLAG_INIT;
static uint64_t recording;                      /* whose this process is; children have it by fork, or by the environment */

/* -------------------------------------------------------------------------------------------------------- opening */

static bool exists(const char *path)
{
    return access(path, R_OK) == 0;
}

/* Beside what this code is in, or where it was installed; else its bare name, for the linker to find. */
static void find_library(char *out, size_t size)
{
    char self[PATH_MAX];
    Dl_info info;
    /* The address of a function that is not exported: a variable may have been copied into the executable. */
    if (dladdr((void *)(uintptr_t)find_library, &info) != 0 && info.dli_fname && realpath(info.dli_fname, self)) {
        char *slash = strrchr(self, '/');
        static const char *const places[] = {"/" LIBRARY, "/../lib/" LIBRARY};
        for (size_t i = 0; slash && i < sizeof places / sizeof places[0]; i++) {
            *slash = '\0';
            if (snprintf(out, size, "%s%s", self, places[i]) < (int)size && exists(out))
                return;
        }
    }
    if (snprintf(out, size, "%s", TELLTALE_LIBDIR "/" LIBRARY) >= (int)size || !exists(out))
        snprintf(out, size, "%s", LIBRARY);
}

/* A copy of the environment with a limit for the wait, or NULL if it has one, or there is no memory. */
static char **limit_wait(char **environment)
{
    static char line[] = TIMEOUT_VARIABLE "=" TIMEOUT_MS;
    size_t count = 0;
    if (getenv(TIMEOUT_VARIABLE))
        return NULL;
    while (environment && environment[count])
        count++;
    char **copy = malloc((count + 2) * sizeof *copy);
    if (!copy)
        return NULL;
    if (count > 0)
        memcpy(copy, environment, count * sizeof *copy);
    copy[count] = line;
    copy[count + 1] = NULL;
    return copy;
}

static void *open_library(const char *path)
{
    static char **kept; /* somebody may still be reading it */
    char **before = environ, **limited = limit_wait(before);
    if (limited)
        environ = kept = limited;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (limited && environ == limited)
        environ = before;
    (void)kept;
    return library;
}

static bool is_ours(const struct tt_lttng_table *table)
{
    return table && table->version == TT_LTTNG_TABLE_VERSION && table->bytes == sizeof *table &&
           strcmp(table->events, tt__description) == 0;
}

static int load(void)
{
    char path[PATH_MAX];
    const char *token = secure_getenv(RECORDING_VARIABLE);
    recording = token ? strtoull(token, NULL, 16) : 0;
    find_library(path, sizeof path);
    void *library = open_library(path);
    if (!library)
        return strchr(path, '/') ? -ELIBACC : -ENOENT;
    tt_lttng_provider_fn *find_table;
    void *symbol = dlsym(library, TT_LTTNG_TABLE_NAME);
    memcpy(&find_table, &symbol, sizeof find_table); /* C has no cast from a pointer to a function */
    const struct tt_lttng_table *table = symbol ? find_table(tt__trace_end_lttng) : NULL;
    if (!is_ours(table))
        return -EPROTO;

    Dl_info info;
    void *fork_function = dlsym(RTLD_DEFAULT, "fork");
    is_told_of_forks = fork_function && dladdr(fork_function, &info) != 0 && info.dli_fname &&
                       strstr(info.dli_fname, FORK_LIBRARY) != NULL;
    tt__clock_measure_tick();
    atomic_store(&tt__lttng_table, table);
    atomic_store(&tt__life()->lttng.may_begin, 1);
    return 1;
}

int tt__lttng_load(void)
{
    int status = atomic_load(&load_status);
    if (status == 0) {
        pthread_mutex_lock(&load_mutex);
        status = atomic_load(&load_status);
        if (status == 0) {
            status = load();
            atomic_store(&load_status, status);
        }
        pthread_mutex_unlock(&load_mutex);
    }
    return status < 0 ? status : 0;
}

int tt_trace_lttng_status(void)
{
    return atomic_load(&load_status);
}

/* ----------------------------------------------------------------------------------------------- life of a process */

/* What was selected last while the process ran; step_every 0: nothing was. */
static _Atomic uint32_t selected_categories, selected_step_every, selected_by;

static void find_identity(uint32_t categories)
{
    atomic_store(&selected_step_every, 0);
    memset(&identity, 0, sizeof identity);
    tt__uuid_make(identity.process_uuid);
    tt__identity_fill(&identity);
    tt__identity_tell(&identity, &started);
    __atomic_store_n(&has_told_before, false, __ATOMIC_RELAXED);
    started.recording = recording;
    started.categories = categories;
}

/* Writes an event of the tracer's own, which no arena gets; BEGIN is one of the two functions that number it. */
#define TELL(begin, name, event)                                                               \
    do {                                                                                       \
        struct tt__lttng_writing writing;                                                      \
        if (__atomic_load_n(table->wanted_##name, __ATOMIC_RELAXED) != 0 && begin(&writing)) { \
            table->write_##name(&writing.head, (event));                                       \
            tt__lttng_write_end(&writing);                                                     \
        }                                                                                      \
    } while (0)

static void write_selection(const struct tt_lttng_table *table)
{
    struct tt_event_categories_selected event = {.categories = atomic_load(&selected_categories),
                                                 .step_every = atomic_load(&selected_step_every),
                                                 .by = (uint8_t)atomic_load(&selected_by)};
    TELL(tt__lttng_write_begin, categories_selected, &event);
}

/* Comes first of all, so that a reader knows whose the rest is. Whoever finds somebody else looking at the listeners, in a signal
 * handler perhaps, does not wait: who listens is not known then, and a reader thinks the worst. */
static void tell_process(void)
{
    const struct tt_lttng_table *table = atomic_load(&tt__lttng_table);
    struct tt_event_process_started event = started;
    struct tt_event_task_linked parent;
    event.is_repeated = __atomic_exchange_n(&has_told_before, true, __ATOMIC_RELAXED);
    if (!atomic_flag_test_and_set(&is_looking)) {
        tt__listeners_look(&listeners, table);
        tt__listeners_tell(&listeners, &event);
        atomic_flag_clear(&is_looking);
    }
    TELL(tt__lttng_write_first, process_started, &event);
    if (tt__link_find_parent(&parent))
        TELL(tt__lttng_write_begin, task_linked, &parent);
    if (atomic_load(&selected_step_every) != 0)
        write_selection(table);
}

void tt__lttng_tell_selection(struct tt__life *life, const struct tt_event_categories_selected *event)
{
    if (atomic_load(&life->lttng.ordinal) == 0)
        return;
    atomic_store(&selected_categories, event->categories);
    atomic_store(&selected_by, event->by);
    atomic_store(&selected_step_every, event->step_every);
    write_selection(atomic_load(&tt__lttng_table));
}

uint64_t tt__lttng_process(void)
{
    return started.uuid_low;
}

bool tt__lttng_look(void)
{
    bool is_untold = true;
    if (!atomic_flag_test_and_set(&is_looking)) {
        tt__listeners_look(&listeners, atomic_load(&tt__lttng_table));
        is_untold = tt__listeners_are_untold(&listeners);
        atomic_flag_clear(&is_looking);
    }
    return is_untold;
}

bool tt__lttng_begin(struct tt__life *life, uint32_t categories)
{
    if (atomic_load(&life->lttng.ordinal) != 0)
        return true;
    if (!atomic_load(&tt__lttng_table) || atomic_load(&life->lttng.may_begin) == 0)
        return false;
    find_identity(categories);
    if (!atomic_flag_test_and_set(&is_looking)) {
        memset(&listeners, 0, sizeof listeners); /* to them, this is another process */
        atomic_flag_clear(&is_looking);
    }
    atomic_store(&life->lttng.thread_count, 0);
    atomic_store(&life->lttng.told, 1);
    for (uint32_t i = 0; i < TT_LTTNG_COUNTED_THREADS + 2; i++)
        atomic_store(&life->lttng.attempts[i], 0);
    atomic_store(&life->lttng.ordinal, atomic_fetch_add(&life_count, 1) + 1);
    tell_process();
    return true;
}

void tt__lttng_tell_again(struct tt__life *life)
{
    if (atomic_load(&life->lttng.ordinal) == 0)
        return;
    tell_process();
    atomic_fetch_add(&life->lttng.told, 1);
}

void tt__lttng_end(struct tt__life *life, uint8_t reason)
{
    const struct tt_lttng_table *table = atomic_load(&tt__lttng_table);
    struct tt_event_process_ended event = {.reason = reason};
    struct tt__lttng_writing writing;
    if (atomic_load(&life->lttng.ordinal) == 0)
        return;
    if (tt__lttng_look()) /* who has begun since the last look, for the second time perhaps, would not know it */
        tell_process();
    /* Counted when this event, and the calling thread's word about itself that may come before it, have their numbers. */
    if (__atomic_load_n(table->wanted_process_ended, __ATOMIC_RELAXED) != 0 && tt__lttng_write_begin(&writing)) {
        for (uint32_t i = 0; i < TT_LTTNG_COUNTED_THREADS + 2; i++)
            event.attempt_count += atomic_load(&life->lttng.attempts[i]);
        table->write_process_ended(&writing.head, &event);
        tt__lttng_write_end(&writing);
    }
    atomic_store(&life->lttng.ordinal, 0);
}

/* --------------------------------------------------------------------------------------------------------- writing */

/* LTTng allocates memory for each thread. A handler that came in the middle of that, and emitted, would wait for ever for what
 * its own thread has locked. */
static void init_thread(void)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    atomic_load(&tt__lttng_table)->init_thread();
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void join(struct tt__thread *self, struct tt__life *life, uint32_t process)
{
    if (self->lttng_process == 0)
        init_thread();
    self->lttng_thread = atomic_fetch_add_explicit(&life->lttng.thread_count, 1, memory_order_relaxed) + 1;
    self->lttng_attempts = 0;
    self->lttng_told = 0;
    self->lttng_process = process;
    tt__thread_watch_safely(self);
}

static void number(struct tt__thread *self, struct tt__life *life, struct tt_lttng_head *head)
{
    head->process = started.uuid_low;
    head->tick_ns_2_32 = tt__clock_tick_ns_2_32();
    head->thread = self->lttng_thread;
    head->sequence = self->lttng_attempts++;
    if (tt__likely(head->thread <= TT_LTTNG_COUNTED_THREADS))
        atomic_store_explicit(&life->lttng.attempts[head->thread], self->lttng_attempts, memory_order_relaxed);
    else
        atomic_fetch_add_explicit(&life->lttng.attempts[TT_LTTNG_COUNTED_THREADS + 1], 1, memory_order_relaxed);
}

/* The thread says who it is: before its first event, and again when somebody has begun to listen. */
static void tell_thread(struct tt__thread *self, struct tt__life *life, uint32_t told)
{
    const struct tt_lttng_table *table = atomic_load_explicit(&tt__lttng_table, memory_order_relaxed);
    struct tt_lttng_head head;
    char name[16] = "";
    bool is_repeated = self->lttng_told != 0;
    self->lttng_told = told;
    if (__atomic_load_n(table->wanted_thread_attached, __ATOMIC_RELAXED) == 0)
        return;
    (void)prctl(PR_GET_NAME, name);
    name[sizeof name - 1] = '\0';
    number(self, life, &head);
    table->write_thread_attached(
        &head, &(struct tt_event_thread_attached){.tid = (uint32_t)gettid(), .name = name, .is_repeated = is_repeated});
}

static inline __attribute__((always_inline)) bool begin(struct tt__lttng_writing *writing, bool is_first)
{
    struct tt__thread *self = &tt__thread;
    struct tt__life *life = tt__life();
    uint32_t process = atomic_load_explicit(&life->lttng.ordinal, memory_order_acquire);
    if (tt__unlikely(process == 0)) {
        if (!tt__trace_revive_lttng())
            return false;
        process = atomic_load_explicit(&life->lttng.ordinal, memory_order_acquire);
    }
    writing->error = errno;
    writing->is_nested = atomic_load_explicit(&self->lttng_depth, memory_order_relaxed) != 0 || self->is_ended != 0;
    if (tt__unlikely(writing->is_nested)) {
        writing->head = (struct tt_lttng_head){
            .process = started.uuid_low,
            .tick_ns_2_32 = tt__clock_tick_ns_2_32(),
            .sequence = atomic_fetch_add_explicit(&life->lttng.attempts[0], 1, memory_order_relaxed),
        };
        return true;
    }
    atomic_store_explicit(&self->lttng_depth, 1, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (tt__unlikely(self->lttng_process != process))
        join(self, life, process);
    uint32_t told = atomic_load_explicit(&life->lttng.told, memory_order_relaxed);
    if (tt__unlikely(self->lttng_told != told) && !is_first)
        tell_thread(self, life, told);
    number(self, life, &writing->head);
    return true;
}

bool tt__lttng_write_begin(struct tt__lttng_writing *writing)
{
    return begin(writing, false);
}

bool tt__lttng_write_first(struct tt__lttng_writing *writing)
{
    return begin(writing, true);
}

void tt__lttng_write_end(const struct tt__lttng_writing *writing)
{
    if (!writing->is_nested) {
        atomic_signal_fence(memory_order_seq_cst);
        atomic_store_explicit(&tt__thread.lttng_depth, 0, memory_order_relaxed);
    }
    errno = writing->error;
}

void tt__lttng_thread_ends(struct tt__thread *self, struct tt__life *life)
{
    uint32_t process = atomic_load_explicit(&life->lttng.ordinal, memory_order_acquire);
    const struct tt_lttng_table *table = atomic_load(&tt__lttng_table);
    const struct tt_event_thread_detached event = {.tid = (uint32_t)gettid()};
    if (process != 0 && self->lttng_process == process)
        TELL(tt__lttng_write_begin, thread_detached, &event);
}

/* ------------------------------------------------------------------------------------------------------------ forks */

void tt__lttng_before_fork(void)
{
    const struct tt_lttng_table *table = atomic_load(&tt__lttng_table);
    if (!table || is_told_of_forks)
        return;
    sigset_t mask;
    table->before_fork(&mask); /* takes LTTng's locks: from here on nobody else forks */
    fork_mask = mask;
    is_forking = true;
}

void tt__lttng_after_fork_parent(void)
{
    if (!is_forking)
        return;
    sigset_t mask = fork_mask;
    is_forking = false;
    atomic_load(&tt__lttng_table)->after_fork_parent(&mask);
}

void tt__lttng_after_fork_child(struct tt__life *life)
{
    sigset_t mask = fork_mask;
    bool was_told = is_forking || is_told_of_forks;
    if (is_forking) {
        is_forking = false;
        atomic_load(&tt__lttng_table)->after_fork_child(&mask);
    }
    atomic_flag_clear(&is_looking); /* a thread that this process does not have may have been */
    if (was_told)
        atomic_store(&life->lttng.may_begin, 1);
    if (atomic_load(&load_status) == 0)
        pthread_mutex_init(&load_mutex, NULL); /* a thread that this process does not have may have been loading */
}
