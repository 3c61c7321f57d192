/* SPDX-License-Identifier: GPL-3.0-or-later */
/* knn.c - the class of the nearest training rows.
 *
 * The k nearest rows vote (Fix and Hodges 1951, "Discriminatory analysis; nonparametric
 * discrimination: consistency properties"; Cover and Hart 1967, "Nearest neighbor pattern
 * classification").  nearest.h finds them, exactly.  Equal to scikit-learn's
 * KNeighborsClassifier(algorithm="brute").
 *
 * Learning is keeping the rows: as bytes where that loses nothing, which pixels are. */
#include "core/finite.h"
#include "core/learner.h"
#include "image/tangent.h"
#include "linear/class_weights.h"
#include "linear/dnn.h"
#include "linear/nearest.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNIFORM, DISTANCE, MOST_NEIGHBOURS = 10000 }; /* order of .choices below */
enum { TANGENT = MP_COSINE + 1 };

struct params {
    int k, metric, vote, candidates;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(k, .def = "3", .min = 1, .max = MOST_NEIGHBOURS, .unit = "rows",
             .doc = "how many of the nearest training rows vote"),
    MP_PARAM(metric, .def = "l2", .choices = MP_METRICS "|tangent",
             .doc = "distance: root of the sum of squares, sum of differences, cube root of the "
                    "sum of cubes, 1 less the cosine, of images that may move a little"),
    MP_PARAM(candidates, .def = "100", .min = 1, .max = MOST_NEIGHBOURS, .unit = "rows",
             .doc = "tangent: how many, the nearest by l2, are compared so"),
    MP_PARAM(vote, .def = "uniform", .choices = "uniform|distance",
             .doc = "uniform: all the same; distance: each by one over its distance"),
    MP_CLASS_WEIGHTS(struct params, "the votes of rows"),
    MP_END
};

struct state {
    uint64_t rows, room, d, classes;
    uint64_t floats; /* 1: rows are x; 0: they are b */
    uint8_t *b;      /* rows x d levels */
    float *x;        /* as many floats */
    uint8_t *class;  /* of each row, two bytes, the lower first */
    double *weight;  /* of each class's votes */
    struct mp_nearest *nearest;
};

static size_t class_of(const struct state *s, size_t row)
{
    return (size_t)s->class[2 * row] + 256 * (size_t)s->class[2 * row + 1];
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)out;
    if (p->metric == TANGENT && (in.h < 2 || in.w < 2))
        return mp_fail(c, "metric=tangent moves images, not rows of %d x %d x %d", in.h, in.w,
                       in.c);
    if (p->metric == TANGENT && p->candidates < p->k)
        return mp_fail(c, "candidates=%d: fewer than k=%d", p->candidates, p->k);
    return mp_class_weights_check(c, p->weights);
}

/* ------------------------------------------------------------------ keeping rows */

static int begin(struct mp_ctx *c, const struct params *p, struct state *s, size_t d)
{
    const int *y;
    const size_t n = mp_pull_rows(c, &y), room = mp_fit_rows(c);
    *s = (struct state){ .room = room, .d = d, .classes = (uint64_t)mp_classes(c, NULL) };
    s->b = mp_alloc(c, mp_product(room, d), sizeof *s->b);
    s->class = mp_alloc(c, mp_product(room, 2), sizeof *s->class);
    s->weight = mp_alloc(c, s->classes, sizeof *s->weight);
    if (s->b == NULL || s->class == NULL || s->weight == NULL)
        return -1;
    return mp_class_weights(c, p->weights, y, n, s->weight);
}

/* From here on rows are floats. */
static int grow_to_floats(struct mp_ctx *c, struct state *s)
{
    s->x = mp_alloc(c, mp_product(s->room, s->d), sizeof *s->x);
    if (s->x == NULL)
        return -1;
    mp_of_levels(s->b, s->rows * s->d, s->x);
    free(s->b);
    s->b = NULL;
    s->floats = 1;
    return MP_OK;
}

/* Rows by which threads share the work. */
enum { PART = 512 };

struct arrived {
    struct state *s;
    const struct mp_chunk *in;
    bool levels; /* all are */
};

/* Levels of a part of a chunk, which go behind the rows that are there. */
static int take_levels(struct mp_ctx *c, void *arg, size_t part)
{
    struct arrived *a = arg;
    const struct state *s = a->s;
    const size_t d = s->d, first = part * PART, n = a->in->n - first;
    (void)c;
    if (!mp_levels(a->in->x + first * d, (n < PART ? n : PART) * d, s->b + (s->rows + first) * d))
        __atomic_store_n(&a->levels, false, __ATOMIC_RELAXED);
    return MP_OK;
}

/* Values that are levels are numbers. */
static int take_floats(struct mp_ctx *c, struct state *s, const struct mp_chunk *in)
{
    const size_t d = s->d;
    for (size_t i = 0; i < in->n; i++)
        if (!mp_all_finite(in->x + i * d, d))
            return mp_fail(c, "a value of row %zu is infinite or not a number", mp_row(in, i) + 1);
    if (s->floats == 0 && grow_to_floats(c, s) < 0)
        return -1;
    memcpy(s->x + s->rows * d, in->x, in->n * d * sizeof *s->x);
    return MP_OK;
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    const size_t d = mp_len(in->shape);
    struct arrived a = { .s = s, .in = in, .levels = true };
    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (s->class == NULL && begin(c, params, s, d) < 0)
        return -1;
    if (s->d != d || in->n > s->room - s->rows)
        return mp_fail(c, "%zu rows of %zu values where %zu of %zu were to come", in->n, d,
                       (size_t)(s->room - s->rows), (size_t)s->d);
    if (s->floats == 0 && mp_parallel_for(c, (in->n + PART - 1) / PART, take_levels, &a) < 0)
        return -1;
    if ((s->floats > 0 || !a.levels) && take_floats(c, s, in) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++, s->rows++) {
        s->class[2 * s->rows] = (uint8_t)(in->y[i] % 256);
        s->class[2 * s->rows + 1] = (uint8_t)(in->y[i] / 256);
    }
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    const struct state *s = state;
    if ((uint64_t)p->k > s->rows && !mp_trial(c))
        return mp_fail(c, "k=%d: there are only %zu rows to learn from; must be at most that",
                       p->k, (size_t)s->rows);
    return MP_OK;
}

/* Of what is loaded nothing is trusted. */
static int check(struct mp_ctx *c, const struct state *s, size_t levels, size_t labels)
{
    if (s->rows == 0 || s->floats > 1 || labels != mp_product(2, s->rows) || s->d == 0 ||
        levels != (s->floats > 0 ? 0 : mp_product(s->rows, s->d)))
        return mp_fail(c, "%llu rows of %llu values have %zu levels and labels of %zu bytes: "
                       "damaged", (unsigned long long)s->rows, (unsigned long long)s->d, levels,
                       labels);
    for (size_t i = 0; i < s->rows; i++)
        if (class_of(s, i) >= s->classes)
            return mp_fail(c, "row %zu is of class %zu of %llu: damaged", i, class_of(s, i),
                           (unsigned long long)s->classes);
    return MP_OK;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    size_t levels = s->floats > 0 ? 0 : s->rows * s->d, labels = 2 * s->rows;
    if (mp_io_u64(io, "rows", &s->rows) < 0 || mp_io_u64(io, "values", &s->d) < 0 ||
        mp_io_u64(io, "classes", &s->classes) < 0 || mp_io_u64(io, "floats", &s->floats) < 0 ||
        mp_io_f64s(io, "weight", &s->weight, s->classes) < 0 ||
        mp_io_bytes(io, "class", &s->class, &labels) < 0 ||
        mp_io_bytes(io, "levels", &s->b, &levels) < 0 ||
        (mp_io_loading(io) && check(mp_io_ctx(io), s, levels, labels) < 0))
        return -1;
    return mp_io_f32s(io, "rows as floats", &s->x, s->floats > 0 ? mp_product(s->rows, s->d) : 0);
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    const struct params *p = params;
    struct state *s = state;
    (void)in;
    s->nearest = mp_nearest_open(c, &(struct mp_nearest_rows){ .n = s->rows, .d = s->d,
                                     .x = s->floats > 0 ? s->x : NULL,
                                     .b = s->floats > 0 ? NULL : s->b },
                                 p->metric == TANGENT ? MP_L2 : (enum mp_metric)p->metric);
    return s->nearest != NULL ? MP_OK : -1;
}

static void clear(void *state)
{
    struct state *s = state;
    mp_nearest_close(s->nearest);
    free(s->b);
    free(s->x);
    free(s->class);
    free(s->weight);
}

static int values(struct mp_ctx *c, const void *state, uint64_t *values)
{
    const struct state *s = state;
    (void)c;
    *values = s->rows * s->d;
    return MP_OK;
}

/* ------------------------------------------------------------------ voting */

/* Rows that are no distance away are alone, if any is. */
static double vote_of(const struct params *p, const struct mp_found *nearest, size_t i)
{
    if (p->vote == UNIFORM)
        return 1;
    if (nearest[0].distance > 0) /* relative to the first, so that nothing overflows */
        return nearest[0].distance / nearest[i].distance;
    return nearest[i].distance > 0 ? 0 : 1;
}

static void count_votes(const struct params *p, const struct state *s,
                        const struct mp_found *nearest, size_t k, double *votes, float *out)
{
    double all = 0;
    for (size_t j = 0; j < s->classes; j++)
        votes[j] = 0;
    for (size_t i = 0; i < k; i++) {
        const size_t class = class_of(s, nearest[i].row);
        const double vote = s->weight[class] * vote_of(p, nearest, i);
        votes[class] += vote;
        all += vote;
    }
    for (size_t j = 0; j < s->classes; j++)
        out[j] = (float)(votes[j] / all);
}

static bool is_nearer(const struct mp_found *a, const struct mp_found *b)
{
    return a->distance < b->distance || (!(a->distance > b->distance) && a->row < b->row);
}

/* A kept row as floats, in `room` unless it lies so. */
static const float *row_of(const struct state *s, size_t i, float *room)
{
    if (s->floats > 0)
        return s->x + i * s->d;
    mp_of_levels(s->b + i * s->d, s->d, room);
    return room;
}

/* Of n candidates for each row of the chunk, nearest by l2, the k nearest by tangent distance come
 * to be the first. */
static int compare_tangents(struct mp_ctx *c, const struct state *s, const struct mp_chunk *in,
                            size_t n, size_t k, struct mp_found *found)
{
    const size_t d = s->d;
    float *own = mp_scratch(c, mp_tangent_values(in->shape));
    float *other = mp_scratch(c, mp_tangent_values(in->shape)), *room = mp_scratch(c, d);
    if (own == NULL || other == NULL || room == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++, found += n) {
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        mp_tangents(in->x + i * d, in->shape, own);
        for (size_t j = 0; j < n; j++) {
            size_t at = j < k ? j : k;
            struct mp_found f = found[j];
            mp_tangents(row_of(s, f.row, room), in->shape, other);
            f.distance = mp_tangent_distance(own, other, d);
            for (; at > 0 && is_nearer(&f, &found[at - 1]); at--)
                if (at < k)
                    found[at] = found[at - 1];
            if (at < k)
                found[at] = f;
        }
    }
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const struct state *s = state;
    const size_t d = mp_len(in->shape), most = (size_t)p->candidates;
    const size_t k = (size_t)p->k < s->rows ? (size_t)p->k : s->rows; /* fewer in a trial */
    const size_t n = p->metric != TANGENT ? k : most < s->rows ? most : s->rows;
    const size_t size = sizeof(struct mp_found) / sizeof(float);
    if (d != s->d || mp_len(out->shape) != s->classes)
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu",
                       (size_t)s->classes, (size_t)s->d, mp_len(out->shape), d);
    double *votes = (double *)(void *)mp_scratch(c, 2 * s->classes);
    struct mp_found *found = (struct mp_found *)(void *)mp_scratch(c, mp_product(in->n, n * size));
    if (votes == NULL || found == NULL ||
        mp_nearest_find(c, s->nearest, in->x, in->n, n, found) < 0 ||
        (p->metric == TANGENT && compare_tangents(c, s, in, n, k, found) < 0))
        return -1;
    for (size_t i = 0; i < in->n; i++)
        count_votes(p, s, found + i * n, k, votes, out->x + i * s->classes);
    return MP_OK;
}

/* The first row of each class. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    const size_t d = s->d;
    const char *const *names;
    (void)params;
    if (mp_len(image) != d || (uint64_t)mp_classes(c, &names) != s->classes)
        return MP_OK;
    float *x = mp_alloc(c, d, sizeof *x);
    int rc = x != NULL ? MP_OK : -1;
    for (size_t k = 0; k < s->classes && rc == MP_OK; k++) {
        char name[600];
        size_t i = 0;
        while (i < s->rows && class_of(s, i) != k)
            i++;
        if (i == s->rows)
            continue;
        snprintf(name, sizeof name, "class %s, its first row", names[k]);
        rc = mp_see(c, v, name, row_of(s, i, x), image, 1);
    }
    free(x);
    return rc;
}

MP_STAGE(knn) = {
    .brief = "Let the nearest training rows vote",
    .doc = "Learns nothing but keeps all training rows.  A row is of the class that most of the\n"
           "k rows nearest to it have.\n"
           "\n"
           "The nearest are found exactly, by comparing with all: the time for a row grows with\n"
           "the training rows and the values of each, and so does the bundle, a byte a pixel,\n"
           "or four where values are no grey levels.  What distances see is what counts: with\n"
           "`deskew` and `blur` in front a digit is nearer to others of its kind.  metric=l3 is\n"
           "Minkowski's with p = 3; l1 and l3 take some times longer than l2 and cosine, which\n"
           "are products of matrices.  metric=tangent is for images that are blurred by about a\n"
           "pixel: the distance, of the `candidates` nearest by l2, if both images may be\n"
           "shifted, turned, stretched and made bolder as much as brings them nearest, to first\n"
           "order; a millisecond or more a row.  A class's score is its share of the votes, which\n"
           "vote=distance divides by the distances; where a row is no distance away, only such\n"
           "rows vote.  `weights` are factors on the votes of a class.  Of rows at one distance\n"
           "the first is nearer, and of classes with as many votes the first wins.  Equal to\n"
           "scikit-learn's KNeighborsClassifier.\n"
           "Reference: Cover, Hart 1967, Nearest neighbor pattern classification; Simard, LeCun,\n"
           "Denker 1993, Efficient pattern recognition using a new transformation distance.",
    .example = "knn k=5 vote=distance",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .scores = MP_PROBABILITIES,
                          .prepare = mp_dnn_load, .ready = ready, .values = values,
                          .pictures = pictures),
};
