/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.h - seconds that never run backwards, and those that processors have worked. */
#ifndef MP_CLOCK_H
#define MP_CLOCK_H
#include <time.h>

static inline double mp_clock_seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline double mp_seconds(void)
{
    return mp_clock_seconds(CLOCK_MONOTONIC);
}

/* Of all threads of this process. */
static inline double mp_work_seconds(void)
{
    return mp_clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}
#endif
