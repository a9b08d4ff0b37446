/* waiting_clock.c: a clock that runs only while somebody waits; a library to be preloaded into an example.
 *
 * What an example prints depends on the order of its delays. On a machine that is busy, or under valgrind, the way from
 * one of them to the next takes longer than both: delays of 20 and of 40 ms are over at the same time, and their order
 * is that of the code. So computing takes no time here: CLOCK_MONOTONIC stands still while no thread of the process
 * waits, and does not pass the end of a wait that is limited. What comes from outside (clients, children, threads) takes
 * the time that was waited for it. It works for everything that is linked dynamically: the examples and Python alike.
 *
 *     waiting = 0   stands, but for LOOK_NS at each look
 *     waiting = 1   runs as the real one does, up to the limit of the wait
 *     waiting > 1   runs as the real one does
 *
 * It is for the process that WAITING_CLOCK_PID in its environment names and for its forks; what these execute, a recorder
 * say, has the real clock. Not for recordings whose times matter: events have those of this clock. Waits that are not
 * listed below pass while the clock stands. A signal handler that asks for the time deadlocks if it interrupts somebody who asks; the
 * examples have none, and Python's only writes to a descriptor. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

enum { NS_PER_MS = 1000000, NS_PER_SEC = 1000000000 };

/* What a look at the clock takes: so it passes for somebody who waits by looking at it again and again. */
enum { LOOK_NS = 1000 };

static bool is_active; /* written before main() */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    int waiting;      /* threads */
    int64_t now_ns;   /* of this clock, at since_ns of the real one; 0: nobody has asked yet */
    int64_t since_ns; /* valid while somebody waits */
    int64_t limit_ns; /* of the wait of the only one who waits; INT64_MAX: none */
} state = {.limit_ns = INT64_MAX};

/* The function that this one stands before. */
#define NEXT(name)                                                 \
    static __typeof__(&(name)) next;                               \
    if (!__atomic_load_n(&next, __ATOMIC_ACQUIRE)) {               \
        void *found = dlsym(RTLD_NEXT, #name);                     \
        __atomic_store_n((void **)&next, found, __ATOMIC_RELEASE); \
    }

static int64_t to_ns(const struct timespec *time)
{
    return (int64_t)time->tv_sec * NS_PER_SEC + time->tv_nsec;
}

static struct timespec from_ns(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC};
}

static int64_t real_ns(clockid_t clock)
{
    struct timespec time;

    NEXT(clock_gettime)
    next(clock, &time);
    return to_ns(&time);
}

/* ---------------------------------------------------------------------------------------------------------- the clock */

/* Brings now_ns up to date. The mutex is held. */
static void settle(void)
{
    int64_t real = real_ns(CLOCK_MONOTONIC);

    if (state.now_ns == 0)
        state.now_ns = real;
    if (state.waiting > 0) {
        int64_t passed = real - state.since_ns;

        if (passed > state.limit_ns)
            passed = state.limit_ns;
        state.now_ns += passed;
        if (state.limit_ns != INT64_MAX)
            state.limit_ns -= passed;
    }
    state.since_ns = real;
}

static int64_t now_ns(void)
{
    int64_t now;

    pthread_mutex_lock(&mutex);
    settle();
    now = state.waiting > 0 ? state.now_ns : (state.now_ns += LOOK_NS);
    pthread_mutex_unlock(&mutex);
    return now;
}

static void begin_wait(int64_t limit_ns)
{
    pthread_mutex_lock(&mutex);
    settle();
    state.limit_ns = state.waiting++ == 0 ? limit_ns : INT64_MAX;
    pthread_mutex_unlock(&mutex);
}

static void end_wait(void)
{
    int error = errno;

    pthread_mutex_lock(&mutex);
    settle();
    state.waiting--;
    state.limit_ns = INT64_MAX;
    pthread_mutex_unlock(&mutex);
    errno = error;
}

static bool is_replaced(clockid_t clock)
{
    return is_active && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW);
}

/* A child of a fork is alone, and does not wait. */
static void lock_for_fork(void)
{
    pthread_mutex_lock(&mutex);
    settle();
}

static void unlock_after_fork(void)
{
    pthread_mutex_unlock(&mutex);
}

static void begin_child(void)
{
    state.waiting = 0;
    state.limit_ns = INT64_MAX;
    pthread_mutex_unlock(&mutex);
}

__attribute__((constructor)) static void activate(void)
{
    const char *pid = getenv("WAITING_CLOCK_PID");

    is_active = pid && atol(pid) == (long)getpid();
    if (is_active && pthread_atfork(lock_for_fork, unlock_after_fork, begin_child) != 0)
        _exit(127);
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *out_time)
{
    NEXT(clock_gettime)
    if (!is_replaced(clock))
        return next(clock, out_time);
    *out_time = from_ns(now_ns());
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------- the waits */

static int64_t limit_of(int timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : (int64_t)timeout_ms * NS_PER_MS;
}

EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int count_max, int timeout_ms, const sigset_t *mask)
{
    int count;

    NEXT(epoll_pwait)
    begin_wait(limit_of(timeout_ms));
    count = next(epoll, events, count_max, timeout_ms, mask);
    end_wait();
    return count;
}

EXPORT int epoll_wait(int epoll, struct epoll_event *events, int count_max, int timeout_ms)
{
    int count;

    NEXT(epoll_wait)
    begin_wait(limit_of(timeout_ms));
    count = next(epoll, events, count_max, timeout_ms);
    end_wait();
    return count;
}

EXPORT int nanosleep(const struct timespec *duration, struct timespec *out_left)
{
    int rc;

    NEXT(nanosleep)
    begin_wait(to_ns(duration));
    rc = next(duration, out_left);
    end_wait();
    return rc;
}

EXPORT int usleep(useconds_t duration_us)
{
    struct timespec duration = from_ns((int64_t)duration_us * 1000);

    return nanosleep(&duration, NULL);
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *out_left)
{
    int64_t duration_ns = to_ns(request);
    struct timespec duration;
    int error;

    NEXT(clock_nanosleep)
    if (!is_replaced(clock) && (flags & TIMER_ABSTIME) != 0)
        return next(clock, flags, request, out_left);
    if ((flags & TIMER_ABSTIME) != 0)
        duration_ns -= now_ns();
    if (duration_ns <= 0)
        return 0;
    duration = from_ns(duration_ns);
    begin_wait(duration_ns);
    error = next(CLOCK_MONOTONIC, 0, &duration, (flags & TIMER_ABSTIME) != 0 ? NULL : out_left);
    end_wait();
    return error;
}

/* A deadline of this clock, as one of the real clock. Who waits for another thread does not move the clock: helpers of the
 * tracer do so all the time. */
static struct timespec to_real(const struct timespec *deadline)
{
    if (!is_active)
        return *deadline;
    return from_ns(to_ns(deadline) + real_ns(CLOCK_MONOTONIC) - now_ns());
}

EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline)
{
    struct timespec real = is_replaced(clock) ? to_real(deadline) : *deadline;

    NEXT(sem_clockwait)
    return next(semaphore, clock, &real);
}

/* The clock of a condition cannot be asked for: times since the start of the machine are decades before today. */
EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *held, const struct timespec *deadline)
{
    bool is_today = to_ns(deadline) > real_ns(CLOCK_REALTIME) / 2;
    struct timespec real = is_today ? *deadline : to_real(deadline);

    NEXT(pthread_cond_timedwait)
    return next(condition, held, &real);
}
