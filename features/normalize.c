/* SPDX-License-Identifier: GPL-3.0-or-later */
/* normalize.c - scale every row to norm 1.
 *
 * Equal to sklearn.preprocessing.normalize() of scikit-learn.  Sums are double,
 * in eight interleaved parts so that they need not wait for each other.
 * Cost: two passes over the row.
 */
#include "core/stage.h"
#include <math.h>

enum { L1, L2, MAX }; /* order of .choices below */
enum { PARTS = 8 };

struct params {
    int norm;
};

static const struct mp_param table[] = {
    MP_PARAM(norm, .def = "l2", .choices = "l1|l2|max",
             .doc = "sum of magnitudes, root of the sum of squares, or largest magnitude"),
    MP_END
};

static double norm_of(const float *x, size_t n, int norm)
{
    double part[PARTS] = { 0 }, sum = 0, top = 0;

    for (size_t i = 0; i < n; i++) {
        const double v = fabs((double)x[i]);
        part[i % PARTS] += norm == L2 ? v * v : v;
        top = v > top ? v : top;
    }
    for (int k = 0; k < PARTS; k++)
        sum += part[k];
    return norm == MAX ? top : norm == L2 ? sqrt(sum) : sum;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t d = mp_len(in->shape);
    (void)c;
    (void)state;

    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        float *y = out->x + i * d;
        const double norm = norm_of(x, d, p->norm);
#pragma omp simd
        for (size_t j = 0; j < d; j++)
            y[j] = norm > 0 ? (float)((double)x[j] / norm) : 0;
    }
    return MP_OK;
}

MP_STAGE(normalize) = {
    .brief = "Scale every row to norm 1",
    .doc = "Divides each row by its own norm, so that only the proportions within a row\n"
           "count; a row of zeros stays as it is.  Nothing is learned.  The values are those\n"
           "of scikit-learn's normalize().",
    .example = "normalize norm=l1",
    .flags = MP_PIXELWISE | MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
