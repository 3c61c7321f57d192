/* standardize.c - give every feature mean 0 and standard deviation 1.
 *
 * Method: fit() keeps a count, a mean and a sum of squared differences per
 * feature (Welford 1962); merge() joins two such sums (Chan, Golub, LeVeque
 * 1979).  Unlike "sum of squares minus square of sum" neither cancels when the
 * mean is large beside the deviation.  Equal to StandardScaler of scikit-learn:
 * the deviation is that of the rows themselves (divided by n, not n - 1), and a
 * constant feature is divided by 1.
 *
 * Cost: four flops a value to fit, two to apply.
 */
#include "stage.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

struct params {
    double floor;
};

static const struct mp_param table[] = {
    MP_PARAM(floor, .def = "0", .min = 0, .max = 1e6,
             .doc = "smallest deviation divided by: keeps rarely used features small"),
    MP_END
};

struct state {
    uint64_t rows, d;      /* rows seen, values per row */
    double *mean, *spread; /* d each; spread: sum of squares, after done() 1 / deviation */
};

static int reserve(struct mp_ctx *c, struct state *s, size_t d)
{
    if (s->d == d)
        return MP_OK;
    if (s->d != 0)
        return mp_fail(c, "rows of %zu values after rows of %zu", d, (size_t)s->d);
    free(s->mean);
    free(s->spread);
    s->mean = mp_alloc(c, d, sizeof *s->mean);
    s->spread = mp_alloc(c, d, sizeof *s->spread);
    if (s->mean == NULL || s->spread == NULL)
        return -1;
    s->d = d;
    return MP_OK;
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    const size_t d = mp_len(in->shape);
    (void)params;

    if (reserve(c, s, d) < 0)
        return -1;
    double *restrict mean = s->mean, *restrict spread = s->spread;
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * d;
        const double share = 1 / (double)++s->rows;
        for (size_t j = 0; j < d; j++) {
            const double step = (double)x[j] - mean[j];
            mean[j] += step * share;
            spread[j] += step * ((double)x[j] - mean[j]);
        }
    }
    return MP_OK;
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into;
    const struct state *b = from;

    if (b->rows == 0)
        return MP_OK;
    if (reserve(c, a, b->d) < 0)
        return -1;
    const double share = (double)b->rows / (double)(a->rows + b->rows);
    for (size_t j = 0; j < a->d; j++) {
        const double gap = b->mean[j] - a->mean[j];
        a->spread[j] += b->spread[j] + gap * gap * (double)a->rows * share;
        a->mean[j] += gap * share;
    }
    a->rows += b->rows;
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const double n = (double)s->rows;

    if (s->rows == 0)
        return mp_fail(c, "no rows to learn from");
    for (size_t j = 0; j < s->d; j++) {
        /* Constant: what there is of variance can be rounding alone. */
        const double var = s->spread[j] / n, slip = n * s->mean[j] * DBL_EPSILON;
        const bool constant = var <= n * DBL_EPSILON * var + slip * slip;
        s->spread[j] = 1 / (constant ? 1 : fmax(p->floor, sqrt(var)));
    }
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "rows", &s->rows) < 0 || mp_io_u64(io, "values", &s->d) < 0 ||
        mp_io_f64s(io, "mean", &s->mean, s->d) < 0)
        return -1;
    return mp_io_f64s(io, "scale", &s->spread, s->d);
}

static void clear(void *state)
{
    struct state *s = state;
    free(s->mean);
    free(s->spread);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const double *mean = s->mean, *scale = s->spread;
    const size_t d = mp_len(in->shape);
    (void)params;

    if (d != s->d)
        return mp_fail(c, "learned from rows of %zu values, given %zu", (size_t)s->d, d);
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
};
