/* measure.h: what the measurements share: rounds in turn, medians, and the lines that tests/bench/run reads.
 *
 * Machines are noisy, so variants are run in turn, round by round, and what counts is the median of the ratios taken within a
 * round. A program prints
 *
 *     figure NAME VALUE UNIT                        a median
 *     ratio NAME VALUE atleast LEAST reach GOAL     higher is better; VALUE below LEAST is a failure
 *     skipped: REASON
 */
#ifndef TT_BENCH_MEASURE_H
#define TT_BENCH_MEASURE_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MEASURE_ROUNDS_MAX = 64 };

/* The samples of one variant, one a round. */
struct series {
    const char *name;
    size_t count;
    double samples[MEASURE_ROUNDS_MAX];
};

static inline double now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* What this process has used of the processors: for work that waits for nothing, where others' work must not count. */
static inline double cpu_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static inline void add_sample(struct series *series, double sample)
{
    if (series->count == MEASURE_ROUNDS_MAX) {
        fprintf(stderr, "more than %d rounds of %s\n", MEASURE_ROUNDS_MAX, series->name);
        exit(2);
    }
    series->samples[series->count++] = sample;
}

static inline int compare_samples(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static inline double median_of(const double *samples, size_t count)
{
    double sorted[MEASURE_ROUNDS_MAX];

    memcpy(sorted, samples, count * sizeof *samples);
    qsort(sorted, count, sizeof *sorted, compare_samples);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

static inline double least_of(const struct series *series)
{
    double least = series->samples[0];

    for (size_t i = 1; i < series->count; i++)
        least = series->samples[i] < least ? series->samples[i] : least;
    return least;
}

static inline double greatest_of(const struct series *series)
{
    double greatest = series->samples[0];

    for (size_t i = 1; i < series->count; i++)
        greatest = series->samples[i] > greatest ? series->samples[i] : greatest;
    return greatest;
}

/* Prints the ratios of the rounds for a person. */
static inline void print_spread(const char *name, const struct series *ratios)
{
    printf("  %-36s %12.3f  (%.3f to %.3f in %zu rounds)\n", name, median_of(ratios->samples, ratios->count),
           least_of(ratios), greatest_of(ratios), ratios->count);
}

/* Prints a series for a person, with its least and greatest sample, and its median as a figure. Returns the median. */
static inline double print_series(const struct series *series, const char *unit)
{
    double middle = median_of(series->samples, series->count);

    printf("  %-36s %12.2f %s  (%.2f to %.2f)\n", series->name, middle, unit, least_of(series), greatest_of(series));
    printf("figure %s %.2f %s\n", series->name, middle, unit);
    return middle;
}

/* Prints VALUE as a ratio that has to be LEAST. False if it is not. */
static inline bool print_ratio(const char *name, double value, double least, double reach)
{
    printf("ratio %s %.3f atleast %.2f reach %.2f\n", name, value, least, reach);
    return value >= least;
}

/* ABOVE / BELOW, round by round. */
static inline struct series paired_ratios(const struct series *above, const struct series *below)
{
    struct series ratios = {.count = above->count < below->count ? above->count : below->count};

    for (size_t i = 0; i < ratios.count; i++)
        ratios.samples[i] = above->samples[i] / below->samples[i];
    return ratios;
}

/* The median of that. */
static inline double paired_ratio(const struct series *above, const struct series *below)
{
    struct series ratios = paired_ratios(above, below);

    return median_of(ratios.samples, ratios.count);
}

/* A core of its own for this process, where the machine has so many. */
static inline void pin_to_core(int core)
{
    cpu_set_t cores;

    CPU_ZERO(&cores);
    CPU_SET(core % (int)sysconf(_SC_NPROCESSORS_ONLN), &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

/* Whether this machine has cores for THREADS that emit and a recorder; if not, a line says so. Goals are judged where it has. */
static inline bool has_cores_for(int threads)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);

    if (threads < cores)
        return true;
    printf("skipped: goals with %d threads: they and a recorder need %d cores, and here are %d\n", threads, threads + 1, cores);
    return false;
}

/* The cores from FIRST on, where there are so many. */
static inline void pin_to_cores_from(int first)
{
    int count = (int)sysconf(_SC_NPROCESSORS_ONLN);
    cpu_set_t cores;

    CPU_ZERO(&cores);
    for (int core = first < count ? first : 0; core < count; core++)
        CPU_SET(core, &cores);
    sched_setaffinity(0, sizeof cores, &cores);
}

#endif
