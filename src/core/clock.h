/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.h - seconds that never run backwards. */
#ifndef MP_CLOCK_H
#define MP_CLOCK_H
#include <time.h>

static inline double mp_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#endif
