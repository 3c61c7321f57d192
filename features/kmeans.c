/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kmeans.c - how near a row is to the centres of clusters.
 *
 * Method: k-means of training rows drawn at random (linear/kmeans.h), which begins with k of them,
 * the farther from those there are the likelier: D. Arthur and S. Vassilvitskii, "k-means++: the
 * advantages of careful seeding" (2007).  Distances are those of scikit-learn's
 * KMeans.transform(); answer=triangle is Coates and Ng's, 0 for centres that are farther than all
 * are on the mean.
 *
 * Cost: 2 values x clusters flops a row and pass, and the same to apply.
 */
#include "core/learner.h"
#include "core/normal.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include "linear/kmeans.h"
#include "linear/rows_times.h"
#include "linear/sample.h"
#include <stdlib.h>
#include <string.h>

enum { DISTANCE, TRIANGLE }; /* order of .choices below */
enum { MAX_CLUSTERS = 16384, MAX_VALUES = 1 << 28 };
enum { PART = 256, STRETCH = 256 }; /* rows at a time; values after which a row may be too far */

struct params {
    int clusters, answer, rows, times;
};

static const struct mp_param table[] = {
    MP_PARAM(clusters, .def = "50", .min = 1, .max = MAX_CLUSTERS,
             .doc = "how many; fewer are made of fewer rows"),
    MP_PARAM(answer, .def = "triangle", .choices = "distance|triangle",
             .doc = "distance to each centre, or how much nearer it is than all on the mean, else "
                    "0"),
    MP_PARAM(rows, .def = "10000", .min = 1, .max = 10000000,
             .doc = "training rows to learn from at most, drawn at random"),
    MP_PARAM(times, .def = "20", .min = 1, .max = 10000,
             .doc = "that centres are moved at most"),
    MP_END
};

struct state {
    struct mp_sample seen; /* until done() */
    uint64_t d, k;         /* values, clusters */
    float *centres;        /* k x d */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state;
    if (mp_product(mp_len(in), (size_t)p->clusters) > MAX_VALUES)
        return mp_fail(c, "clusters=%d: more than %d numbers for rows of %zu values; fewer "
                       "clusters", p->clusters, MAX_VALUES, mp_len(in));
    *out = (struct mp_shape){ 1, p->clusters, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params, (void)in;
    snprintf(text, size, "kmeans[%zu]", i);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    s->d = mp_len(in->shape);
    return mp_sample_add(c, &s->seen, (size_t)p->rows, in);
}

struct seeding {
    const float *x, *centre;
    size_t n, d;
    float *gap;  /* of each row its squared distance to the nearest centre so far */
    double *sum; /* of the gaps of each part */
};

/* |x - y|^2, or what is not less than `most`. */
static inline float distance(const float *restrict x, const float *restrict y, size_t d, float most)
{
    mp_vector sum = { 0 };
    float rest = 0, far = 0;
    for (size_t j = 0; j < d && far < most;) {
        const size_t end = d - j < STRETCH ? d : j + STRETCH;
        for (; j + MP_LANES <= end; j += MP_LANES) {
            mp_vector a, b;
            memcpy(&a, x + j, sizeof a);
            memcpy(&b, y + j, sizeof b);
            sum += (a - b) * (a - b);
        }
        for (; j < end; j++)
            rest += (x[j] - y[j]) * (x[j] - y[j]);
        far = rest;
        for (size_t l = 0; l < MP_LANES; l++)
            far += sum[l];
    }
    return far;
}

MP_CLONES static double approach_rows(const float *x, size_t n, size_t d, const float *centre,
                                      float *gap)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++, x += d) {
        const float far = distance(x, centre, d, gap[i]);
        gap[i] = far < gap[i] ? far : gap[i];
        sum += (double)gap[i];
    }
    return sum;
}

static int approach(struct mp_ctx *c, void *arg, size_t p)
{
    const struct seeding *s = arg;
    const size_t from = p * PART, left = s->n - from;
    (void)c;
    s->sum[p] = approach_rows(s->x + from * s->d, left < PART ? left : PART, s->d, s->centre,
                              s->gap + from);
    return MP_OK;
}

/* Each next centre is a row, with a chance that grows with its squared distance to those before;
 * where all rows are centres, centres come twice. */
static int seed_with(struct mp_ctx *c, const struct state *s, struct seeding *b)
{
    const size_t parts = (b->n + PART - 1) / PART;
    double sum = 0;
    for (size_t i = 0; i < b->n; i++)
        b->gap[i] = INFINITY;
    for (size_t k = 0; k < s->k; k++) {
        double left = sum * mp_uniform(mp_random(c, UINT64_MAX, k));
        size_t at = k == 0 || !(sum > 0) ? k % b->n : 0;
        for (; sum > 0 && at + 1 < b->n && (left -= (double)b->gap[at]) >= 0;)
            at++;
        b->centre = memcpy(s->centres + k * s->d, b->x + at * s->d, s->d * sizeof *b->x);
        if (mp_parallel_for(c, parts, approach, b) < 0)
            return -1;
        sum = 0;
        for (size_t p = 0; p < parts; p++)
            sum += b->sum[p];
    }
    return MP_OK;
}

static int seed(struct mp_ctx *c, const struct state *s, const float *x, size_t n)
{
    struct seeding b = { .x = x, .n = n, .d = s->d };
    b.gap = mp_alloc(c, n, sizeof *b.gap);
    b.sum = b.gap == NULL ? NULL : mp_alloc(c, n / PART + 1, sizeof *b.sum);
    const int rc = b.sum == NULL ? -1 : seed_with(c, s, &b);
    free(b.gap);
    free(b.sum);
    return rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    double error = 0;
    const float *x = mp_sample_end(c, &s->seen, false);
    s->k = (uint64_t)p->clusters;
    s->centres = x == NULL ? NULL : mp_alloc(c, s->k * s->d, sizeof *s->centres);
    if (s->centres == NULL || seed(c, s, x, s->seen.n) < 0 ||
        mp_kmeans(c, x, s->seen.n, s->d, s->centres, s->k, p->times, &error) < 0)
        return -1;
    if (!isfinite(error))
        return mp_fail(c, "distances of the rows are not finite; make the values smaller");
    mp_remark(c, "the mean squared distance to the nearest centre is %.6g",
              error / (double)s->seen.n);
    mp_sample_free(&s->seen);
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "clusters", &s->k) < 0)
        return -1;
    if (s->k > MAX_CLUSTERS || mp_product(s->d, s->k) > MAX_VALUES)
        return mp_fail(mp_io_ctx(io), "%llu clusters of %llu values: damaged",
                       (unsigned long long)s->k, (unsigned long long)s->d);
    return mp_io_f32s(io, "centres", &s->centres, s->k * s->d);
}

static void clear(void *state)
{
    struct state *s = state;
    mp_sample_free(&s->seen);
    free(s->centres);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    (void)params, (void)state, (void)in;
    return mp_dnn_load(c);
}

/* n x k squared distances become answers. */
MP_CLONES static void answer(float *z, size_t n, size_t k, int how)
{
    for (size_t i = 0; i < n; i++, z += k) {
        double sum = 0;
        for (size_t j = 0; j < k; j++)
            z[j] = sqrtf(z[j]);
        for (size_t j = 0; j < k && how == TRIANGLE; j++)
            sum += (double)z[j];
        const float mean = (float)(sum / (double)k);
        for (size_t j = 0; j < k && how == TRIANGLE; j++)
            z[j] = z[j] < mean ? mean - z[j] : 0;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct state *s = state;
    const size_t d = s->d, k = s->k;
    if (mp_len(in->shape) != d || mp_len(out->shape) != k)
        return mp_fail(c, "learned %zu clusters of %zu values, not %zu of %zu", k, d,
                       mp_len(out->shape), mp_len(in->shape));
    float *size = mp_scratch(c, in->n), *centre = mp_scratch(c, k);
    if (size == NULL || centre == NULL ||
        mp_rows_times(c, in->x, in->n, d, s->centres, k, true, out->x) < 0)
        return -1;
    mp_squares(in->x, in->n, d, size);
    mp_squares(s->centres, k, d, centre);
    mp_distances(out->x, size, centre, in->n, k);
    answer(out->x, in->n, k, p->answer);
    return MP_OK;
}

/* The centres of images. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    for (size_t k = 0; k < s->k && mp_len(image) == s->d; k++) {
        char name[32];
        snprintf(name, sizeof name, "centre %zu", k);
        if (mp_see(c, v, name, s->centres + k * s->d, image, 1) < 0)
            return -1;
    }
    return MP_OK;
}

MP_STAGE(kmeans) = {
    .brief = "Measure how near rows are to centres of clusters",
    .doc = "Finds clusters of training rows, without their classes, and tells of every row how\n"
           "near their centres are: something a linear model can draw bent borders with.\n"
           "\n"
           "k-means: centres are the means of the rows that are nearest to them.  They begin with\n"
           "rows, each the likelier the farther it is from those before (k-means++), and are\n"
           "moved until no row changes its centre, or `times`.  answer=distance is what\n"
           "scikit-learn's KMeans.transform() gives; answer=triangle is max(0, mean of all\n"
           "distances - distance).  What is drawn depends on the seed.\n"
           "Reference: Arthur and Vassilvitskii 2007, k-means++: the advantages of careful\n"
           "seeding; Coates, Ng, Lee 2011, An analysis of single-layer networks.",
    .example = "kmeans clusters=12",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .prepare = mp_dnn_load, .ready = ready,
                          .pictures = pictures),
};
