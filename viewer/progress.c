/* progress.c: see progress.h. */
#include "progress.h"

#include "output/output.h"

#include <time.h>

static FILE *terminal;

void tt__progress_use(FILE *stream)
{
    terminal = stream;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct tt_progress tt__progress_begin(const char *what, const char *name)
{
    return (struct tt_progress){.what = what, .name = name, .began_ms = now_ms()};
}

void tt__progress_show(struct tt_progress *progress)
{
    int64_t passed_ms = now_ms() - progress->began_ms;
    if (passed_ms < TT_PROGRESS_MS || terminal == NULL)
        return;
    tt_output output = {.stream = terminal};
    tt__print(&output, "\rtelltale: %s %s: %jd s", progress->what, progress->name, (intmax_t)(passed_ms / 1000));
    fflush(terminal);
    progress->is_shown = true;
}

void tt__progress_end(struct tt_progress *progress)
{
    if (!progress->is_shown)
        return;
    fputs("\r\033[K", terminal);
    fflush(terminal);
    progress->is_shown = false;
}
