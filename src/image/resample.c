/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resample.c - an axis of another length. */
#include "image/resample.h"
#include <math.h>

static double sinc(double x)
{
    return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x);
}

/* Half widths of the kernels, in order of enum mp_kernel, and their weights at a distance. */
static const double reach[] = { 0.5, 1, 2, 3 };

static double weight(enum mp_kernel kernel, double x)
{
    x = fabs(x);
    if (x >= reach[kernel])
        return 0;
    if (kernel == MP_KERNEL_LINEAR)
        return 1 - x;
    if (kernel == MP_KERNEL_LANCZOS)
        return sinc(x) * sinc(x / 3);
    return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((2.5 - 0.5 * x) * x - 4) * x + 2; /* Keys 1981 */
}

/* The pixel that a new one's centre lies in; 1e-9: a tie falls to the later in spite of
 * rounding. */
static int pick(struct mp_ctx *c, struct mp_axis *a, int from, int to)
{
    const double one = 1;

    if (mp_axis_new(c, a, from, to, 1) < 0)
        return -1;
    for (int i = 0; i < to; i++)
        mp_axis_set(a, i, (int)((i + 0.5) * from / to + 1e-9), 1, &one, MP_NEAREST);
    return MP_OK;
}

int mp_axis_resample(struct mp_ctx *c, struct mp_axis *a, int from, int to, enum mp_kernel kernel)
{
    const double step = (double)from / to, stretch = step > 1 ? step : 1;
    const double r = reach[kernel] * stretch;
    const int most = (int)(2 * r) + 2;

    if (kernel == MP_KERNEL_NEAREST)
        return pick(c, a, from, to);
    if (mp_axis_new(c, a, from, to, most) < 0)
        return -1;
    const int mark = mp_scratch_mark(c);
    double *w = (double *)mp_scratch(c, (size_t)most * (sizeof *w / sizeof(float)));
    if (w == NULL)
        return -1;
    for (int i = 0; i < to; i++) {
        const double centre = (i + 0.5) * step - 0.5;
        const int first = (int)ceil(centre - r), n = (int)floor(centre + r) - first + 1;
        double sum = 0;
        for (int k = 0; k < n; k++)
            sum += w[k] = weight(kernel, (first + k - centre) / stretch);
        for (int k = 0; k < n; k++)
            w[k] /= sum;
        mp_axis_set(a, i, first, n, w, MP_NEAREST);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

int mp_axis_means(struct mp_ctx *c, struct mp_axis *a, int from, int to)
{
    const double step = (double)from / to;

    if (mp_axis_new(c, a, from, to, (int)step + 2) < 0)
        return -1;
    const int mark = mp_scratch_mark(c);
    double *w = (double *)mp_scratch(c, ((size_t)step + 2) * (sizeof *w / sizeof(float)));
    if (w == NULL)
        return -1;
    for (int i = 0; i < to; i++) {
        /* In whole numbers: part i is from i * from to (i + 1) * from, pixels have length `to`. */
        const int64_t low = (int64_t)i * from, high = low + from;
        const int first = (int)(low / to), last = (int)((high - 1) / to);
        for (int k = first; k <= last; k++) {
            const int64_t left = (int64_t)k * to, right = left + to;
            w[k - first] = (double)((right < high ? right : high) - (left > low ? left : low)) /
                           from;
        }
        mp_axis_set(a, i, first, last - first + 1, w, MP_NEAREST);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}
