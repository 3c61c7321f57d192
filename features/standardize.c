/* SPDX-License-Identifier: GPL-3.0-or-later */
/* standardize.c - give every feature mean 0 and standard deviation 1.
 *
 * Method: moments.h.  Equal to StandardScaler of scikit-learn: the deviation is that of the
 * rows themselves (divided by n, not n - 1), and a constant feature is divided by 1.
 *
 * Cost: four flops a value to fit, two to apply.
 */
#include "core/learner.h"
#include "linear/moments.h"
#include <float.h>
#include <math.h>

struct params {
    double floor;
};

static const struct mp_param table[] = {
    MP_PARAM(floor, .def = "0", .min = 0, .max = 1e6,
             .doc = "smallest deviation divided by: keeps rarely used features small"),
    MP_END
};

struct state {
    struct mp_moments seen; /* after done() spread is 1 / deviation */
};

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    (void)params;
    return mp_moments_add(c, &s->seen, in);
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into;
    const struct state *b = from;
    return mp_moments_join(c, &a->seen, &b->seen);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct mp_moments *m = &((struct state *)state)->seen;
    const double n = (double)m->rows;

    if (m->rows == 0)
        return mp_fail(c, "no rows to learn from");
    for (size_t j = 0; j < m->d; j++) {
        /* Constant: what there is of variance can be rounding alone. */
        const double var = m->spread[j] / n, slip = n * m->mean[j] * DBL_EPSILON;
        const bool constant = var <= n * DBL_EPSILON * var + slip * slip;
        m->spread[j] = 1 / (constant ? 1 : fmax(p->floor, sqrt(var)));
    }
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    return mp_moments_io(io, &((struct state *)state)->seen, "scale");
}

static void clear(void *state)
{
    struct state *s = state;
    mp_moments_free(&s->seen);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct mp_moments *m = &((const struct state *)state)->seen;
    const double *mean = m->mean, *scale = m->spread;
    const size_t d = mp_len(in->shape);
    (void)params;

    if (d != m->d)
        return mp_fail(c, "learned from rows of %zu values, given %zu", (size_t)m->d, d);
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        float *y = out->x + i * d;
#pragma omp simd
        for (size_t j = 0; j < d; j++)
            y[j] = (float)(((double)x[j] - mean[j]) * scale[j]);
    }
    return MP_OK;
}

MP_STAGE(standardize) = {
    .brief = "Shift and scale every feature to mean 0, deviation 1",
    .doc = "Learns one mean and one standard deviation per feature from the training rows\n"
           "and applies them to any rows.  The values are those of scikit-learn's\n"
           "StandardScaler.  Pixels that are nearly always paper have a tiny deviation, and\n"
           "ink there becomes a huge value: floor=0.1 or so keeps it within reason.",
    .example = "standardize floor=0.05",
    .flags = MP_PIXELWISE | MP_INPLACE | MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.shard = io),
};
