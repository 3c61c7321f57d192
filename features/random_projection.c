/* SPDX-License-Identifier: GPL-3.0-or-later */
/* random_projection.c - rows on random directions, which keep distances about as they are.
 *
 * Method: a matrix of normal random numbers of variance 1 / components (W. B. Johnson and J.
 * Lindenstrauss 1984), or one that is mostly 0: of values d one in sqrt(d) is +-sqrt(sqrt(d) /
 * components) (P. Li, T. J. Hastie, K. W. Church 2006, "Very sparse random projections").  The
 * laws of scikit-learn's GaussianRandomProjection and SparseRandomProjection; the draws are our
 * own.
 *
 * Cost: values x components multiply-adds a row, as products of matrices.
 */
#include "core/learner.h"
#include "core/normal.h"
#include "linear/dnn.h"
#include "linear/rows_times.h"
#include <stdlib.h>

enum { GAUSSIAN, SPARSE }; /* order of .choices below */
enum { MAX_COMPONENTS = 65536, MAX_WEIGHTS = 1 << 28 };

struct params {
    double density;
    int components, kind;
};

static const struct mp_param table[] = {
    MP_PARAM(components, .def = "100", .min = 1, .max = MAX_COMPONENTS,
             .doc = "how many directions; distances are off by about 1 / sqrt(components)"),
    MP_PARAM(kind, .def = "gaussian", .choices = "gaussian|sparse",
             .doc = "normal random numbers, or few of +-1 of one size among zeros"),
    MP_PARAM(density, .def = "0", .min = 0, .max = 1,
             .doc = "of kind=sparse: share of numbers that are not 0; 0: one in sqrt(values)"),
    MP_END
};

struct state {
    uint64_t d, k; /* values, components */
    float *w;      /* d x k */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (mp_product(mp_len(in), (size_t)p->components) > MAX_WEIGHTS)
        return mp_fail(c, "components=%d: more than %d numbers for rows of %zu values; fewer "
                       "components", p->components, MAX_WEIGHTS, mp_len(in));
    *out = (struct mp_shape){ 1, p->components, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params, (void)in;
    snprintf(text, size, "random_projection[%zu]", i);
}

/* All that is learned is how long rows are. */
static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    (void)params;
    if (s->d != 0 && s->d != mp_len(in->shape))
        return mp_fail(c, "rows of %zu values after rows of %zu", mp_len(in->shape),
                       (size_t)s->d);
    s->d = mp_len(in->shape);
    return MP_OK;
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into;
    const struct state *b = from;
    (void)c;
    a->d = a->d != 0 ? a->d : b->d;
    return MP_OK;
}

/* One direction. */
static void draw(struct mp_ctx *c, const struct params *p, const struct state *s, size_t j)
{
    const double density = p->density > 0 ? p->density : 1 / sqrt((double)s->d);
    const float size = (float)sqrt(1 / density / (double)s->k);
    if (p->kind == GAUSSIAN) {
        mp_normals(c, j, 1 / sqrt((double)s->k), s->d, s->w + j, s->k);
        return;
    }
    for (size_t i = 0; i < s->d; i++) {
        const uint64_t bits = mp_random(c, j, i);
        s->w[i * s->k + j] = mp_uniform(bits) >= density ? 0 : bits & 1 ? size : -size;
    }
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    if (s->d == 0)
        return mp_fail(c, "no rows to learn from");
    s->k = (uint64_t)p->components;
    s->w = mp_alloc(c, s->d * s->k, sizeof *s->w);
    for (size_t j = 0; j < s->k && s->w != NULL; j++)
        draw(c, p, s, j);
    return s->w == NULL ? -1 : MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "components", &s->k) < 0)
        return -1;
    if (s->k > MAX_COMPONENTS || mp_product(s->d, s->k) > MAX_WEIGHTS)
        return mp_fail(mp_io_ctx(io), "%llu components of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    return mp_io_f32s(io, "directions", &s->w, s->d * s->k);
}

static int shard(struct mp_io *io, void *state)
{
    return mp_io_u64(io, "values", &((struct state *)state)->d);
}

static void clear(void *state)
{
    free(((struct state *)state)->w);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    (void)params, (void)state, (void)in;
    return mp_dnn_load(c);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    (void)params;
    if (mp_len(in->shape) != s->d || mp_len(out->shape) != s->k)
        return mp_fail(c, "learned %zu components of %zu values, not %zu of %zu", (size_t)s->k,
                       (size_t)s->d, mp_len(out->shape), mp_len(in->shape));
    return mp_rows_times(c, in->x, in->n, s->d, s->w, s->k, false, out->x);
}

MP_STAGE(random_projection) = {
    .brief = "Project rows on random directions, which keeps distances",
    .doc = "Fewer values of which the distances between rows can still be told, and nothing has\n"
           "to be learned for it.\n"
           "\n"
           "kind=gaussian: sums of the values by normal random numbers of variance 1 over\n"
           "components.  kind=sparse: numbers of one size and either sign at a share `density` of\n"
           "the values, and zeros.  The mean is not taken off.  The laws are those of\n"
           "scikit-learn's GaussianRandomProjection and SparseRandomProjection; the draws depend\n"
           "on the seed.  pca of as many components keeps more, and takes longer to learn.\n"
           "Reference: Li, Hastie, Church 2006, Very sparse random projections.",
    .example = "random_projection components=30",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.prepare = mp_dnn_load, .ready = ready, .shard = shard),
};
