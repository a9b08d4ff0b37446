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

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* Prints a series for a person, with its least and greatest sample, and its median as a figure. Returns the median. */
static inline double print_series(const struct series *series, const char *unit)
{
    double sorted[MEASURE_ROUNDS_MAX], middle = median_of(series->samples, series->count);

    memcpy(sorted, series->samples, series->count * sizeof *sorted);
    qsort(sorted, series->count, sizeof *sorted, compare_samples);
    printf("  %-36s %12.2f %s  (%.2f to %.2f)\n", series->name, middle, unit, sorted[0], sorted[series->count - 1]);
    printf("figure %s %.2f %s\n", series->name, middle, unit);
    return middle;
}

/* Prints VALUE as a ratio that has to be LEAST. False if it is not. */
static inline bool print_ratio(const char *name, double value, double least, double reach)
{
    printf("ratio %s %.3f atleast %.2f reach %.2f\n", name, value, least, reach);
    return value >= least;
}

/* The median over the rounds of ABOVE / BELOW. */
static inline double paired_ratio(const struct series *above, const struct series *below)
{
    double ratios[MEASURE_ROUNDS_MAX];
    size_t count = above->count < below->count ? above->count : below->count;

    for (size_t i = 0; i < count; i++)
        ratios[i] = above->samples[i] / below->samples[i];
    return median_of(ratios, count);
}

#endif
