/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mine.c - the class whose mean is nearest. FILL IN: what it is, in a line.
 *
 * FILL IN: the method, its reference, what learning and predicting cost.
 */
#include "core/learner.h"
#include <stdlib.h>

/* What was learned.  FILL IN: fields; counts are uint64_t or double, for io(). */
struct state {
    uint64_t d, classes;
    double *mean;  /* classes x d; sums until done() */
    double *count; /* rows of each class */
};

static int make(struct mp_ctx *c, struct state *s, size_t d, size_t classes)
{
    s->d = d;
    s->classes = classes;
    s->mean = mp_alloc(c, mp_product(classes, d), sizeof *s->mean);
    s->count = mp_alloc(c, classes, sizeof *s->count);
    return s->mean != NULL && s->count != NULL ? MP_OK : -1;
}

/* Training rows come in shards, on all threads; each has a state of its own, zeroed before its
 * first chunk.  FILL IN: what the chunk adds to it. */
static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    struct state *s = state;
    const size_t d = mp_len(in->shape);
    (void)params;

    if (in->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    if (s->mean == NULL && make(c, s, d, (size_t)mp_classes(c, NULL)) < 0)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        double *sum = s->mean + (size_t)in->y[i] * d;
        s->count[in->y[i]]++;
        for (size_t j = 0; j < d; j++)
            sum[j] += (double)in->x[i * d + j];
    }
    return MP_OK;
}

/* FILL IN: `from` learned from rows after those of `into`, which now knows both. */
static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into;
    const struct state *b = from;

    if (b->mean == NULL)
        return MP_OK;
    if (a->mean == NULL && make(c, a, b->d, b->classes) < 0)
        return -1;
    for (size_t i = 0; i < a->classes * a->d; i++)
        a->mean[i] += b->mean[i];
    for (size_t k = 0; k < a->classes; k++)
        a->count[k] += b->count[k];
    return MP_OK;
}

/* Once, when all rows were seen.  FILL IN: sums become what apply() reads. */
static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct state *s = state;
    (void)params;

    if (s->mean == NULL)
        return mp_fail(c, "no rows to learn from");
    for (size_t k = 0; k < s->classes; k++)
        for (size_t j = 0; j < s->d && s->count[k] > 0; j++)
            s->mean[k * s->d + j] /= s->count[k];
    return MP_OK;
}

/* Saves and loads, by the same calls.  FILL IN: every field that apply() reads. */
static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_f64s(io, "count", &s->count, s->classes) < 0)
        return -1;
    return mp_io_f64s(io, "mean", &s->mean, mp_product(s->classes, s->d));
}

/* FILL IN: releases what the state owns; the state may be half made. */
static void clear(void *state)
{
    struct state *s = state;
    free(s->mean);
    free(s->count);
}

/* FILL IN: a score of each class for each row; the highest is the model's choice. */
static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape);
    (void)params;

    if (d != s->d)
        return mp_fail(c, "learned from rows of %zu values, given %zu", (size_t)s->d, d);
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < s->classes; k++) {
            double apart = 0;
            for (size_t j = 0; j < d; j++) {
                const double gap = (double)in->x[i * d + j] - s->mean[k * d + j];
                apart += gap * gap;
            }
            out->x[i * s->classes + k] = (float)-apart;
        }
    return MP_OK;
}

MP_STAGE(mine) = {
    .brief = "Choose the class whose mean is nearest", /* FILL IN: verb first, no full stop */
    .doc = "A class's score is the squared distance to the mean of its training rows, less than\n"
           "0: the nearest wins.", /* FILL IN: the manual */
    .example = "mine", /* FILL IN: with a parameter: filters/deskew.c */
    .flags = MP_SUMS,  /* FILL IN: leave it out if done() takes longer for more rows */
    .state_size = sizeof(struct state),
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.scores = MP_MARGINS), /* FILL IN: what scores mean; see learner.h */
};
