/* reader_end.c: see reader_end.h. */
#include "reader_end.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The hard limit of processor time ends whoever ignores SIGXCPU by SIGKILL; the kernel counts in ticks. */
static bool has_used_its_time(const struct tt_reader_end *end)
{
    return end->cpu_us + 100000 >= end->cpu_seconds_max * 1000000;
}

static void tell_kill(const struct tt_reader_end *end, char *text, size_t size)
{
    if (end->is_late && end->still_seconds > 0)
        snprintf(text, size,
                 "the reader stood still for %u s and was ended: it had been stopped, or a disk does not answer; that "
                 "says nothing about the trace: import it again",
                 end->still_seconds);
    else if (end->is_late)
        snprintf(text, size, "the trace cannot be read to its end: the reader was stopped, it took too long");
    else if (end->oom_count > 0)
        snprintf(text, size,
                 "the reader was killed while the kernel was out of memory; free some, or import fewer traces at once");
    else
        snprintf(text, size,
                 "the reader was killed from outside (SIGKILL), after %" PRIu64 ".%01" PRIu64
                 " s of processor time; that says nothing about the trace: import it again",
                 end->cpu_us / 1000000, end->cpu_us / 100000 % 10);
}

static void tell_signal(const struct tt_reader_end *end, int signal, char *text, size_t size)
{
    switch (signal) {
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
    case SIGQUIT:
        snprintf(text, size, "the reader was interrupted (%s)", strsignal(signal));
        return;
    case SIGABRT:
    case SIGTRAP:
        snprintf(text, size,
                 "the trace is damaged, or %" PRIu64 " MiB of memory are not enough for it: the reader gave up (%s)",
                 end->memory_bytes_max >> 20, strsignal(signal));
        return;
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
        snprintf(text, size, "the trace is damaged: the reader fell over it (%s)", strsignal(signal));
        return;
    default:
        snprintf(text, size, "the reader was ended from outside by a signal (%s); import the trace again",
                 strsignal(signal));
    }
}

void tt__reader_end_text(const struct tt_reader_end *end, char *out_text, size_t size)
{
    int signal = WIFSIGNALED(end->wait_status) ? WTERMSIG(end->wait_status) : 0;
    if (signal == SIGXCPU || (signal == SIGKILL && !end->is_late && has_used_its_time(end)))
        snprintf(out_text, size,
                 "the trace cannot be read to its end: the reader was stopped after %" PRIu64
                 " s of processor time; --cpu-seconds gives it more, if the trace is sound",
                 end->cpu_seconds_max);
    else if (signal == SIGKILL)
        tell_kill(end, out_text, size);
    else if (signal != 0)
        tell_signal(end, signal, out_text, size);
    else
        snprintf(out_text, size, "the reader ended without a word, with status %d", WEXITSTATUS(end->wait_status));
}

uint64_t tt__reader_oom_count(void)
{
    uint64_t count = 0;
    char line[128];
    FILE *file = fopen("/proc/vmstat", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "oom_kill ", 9) == 0)
            count = strtoull(line + 9, NULL, 10);
    if (file != NULL)
        fclose(file);
    return count;
}
