/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folds.c - out-of-fold scores. */
#include "engine/folds.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "core/handed.h"
#include "data/split.h"
#include "engine/fit.h"
#include "engine/metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Random numbers of a holdout. */
#define HOLDOUT_PLACE (UINT64_MAX - 1)

int mp_hold_out(struct mp_ctx *c, const int *y, size_t n, int n_classes, int k, double holdout,
                int *fold)
{
    if (holdout <= 0)
        return mp_folds_assign(c, y, n, n_classes, k, c->run->seed, fold) < 0
                   ? -1
                   : mp_folds_warn(c, y, n, n_classes, k);
    bool *marks = mp_alloc(c, n, sizeof *marks);
    const int rc = marks != NULL ? mp_split_mark(c, y, n, holdout, HOLDOUT_PLACE, marks) : -1;
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        fold[i] = marks[i] ? 0 : 1;
    free(marks);
    return rc;
}

/* ------------------------------------------------------------- out of fold */

int mp_fold_score(struct mp_ctx *c, struct mp_plan *plan, const struct mp_fold *part,
                  struct mp_predictions *p, double *fit_seconds)
{
    const double start = mp_seconds();
    memset(p, 0, sizeof *p);
    int rc = mp_plan_shape(c, plan, part->train.shape);
    if (rc == MP_OK && !plan->has_model)
        rc = mp_fail(c, "%s: has no model, so it gives no scores", plan->file);
    if (rc == MP_OK)
        rc = mp_fit(c, plan, &part->train, part->train_y);
    *fit_seconds += mp_seconds() - start;
    return rc == MP_OK ? mp_predict(c, plan, &part->held, p) : rc;
}

struct cross {
    const struct mp_script *s;
    const struct mp_data *d;
    const int *y;
    struct mp_out_of_fold *out;
    struct mp_predictions *part; /* of each fold's rows, until they are in their places */
    double *fit_seconds;         /* of each fold */
};

/* Fits a fresh plan on the other folds, and scores the rows of this one. */
static int score_fold(struct mp_ctx *c, void *arg, size_t f)
{
    struct cross *x = arg;
    struct mp_plan plan = { 0 };
    struct mp_fold part;
    int rc = mp_fold_open(c, x->d, x->y, x->out->fold, (int)f, &part);
    if (rc == MP_OK)
        rc = mp_plan_build(c, x->s, &plan);
    if (rc == MP_OK)
        rc = mp_fold_score(c, &plan, &part, &x->part[f], &x->fit_seconds[f]);
    if (rc == MP_OK && x->out->fitted != NULL)
        rc = x->out->fitted(c, x->out->arg, (int)f, &plan);
    mp_plan_free(&plan);
    mp_fold_close(&part);
    return rc;
}

/* The scores of a fold that another rank has made. */
static int fold_io(struct mp_io *io, void *arg, size_t f)
{
    struct cross *x = arg;
    struct mp_predictions *p = &x->part[f];
    uint64_t n = p->n, kind = (uint64_t)p->kind;
    unsigned char *predicted = (unsigned char *)p->predicted;
    size_t size = p->n * sizeof *p->predicted;
    int rc = mp_io_u64(io, "rows", &n) < 0 || mp_io_u64(io, "kind", &kind) < 0 ||
                     mp_io_f64(io, "seconds", &p->seconds) < 0 ||
                     mp_io_f64(io, "fit_seconds", &x->fit_seconds[f]) < 0
                 ? -1 : MP_OK;
    if (rc == MP_OK && n > x->d->n)
        rc = mp_fail(mp_io_ctx(io), "a fold of more rows than there are");
    if (rc == MP_OK)
        rc = mp_io_f32s(io, "scores", &p->scores, (size_t)n * (size_t)x->out->p.k);
    if (rc == MP_OK)
        rc = mp_io_bytes(io, "predicted", &predicted, &size);
    p->n = (size_t)n;
    p->predicted = (int *)(void *)predicted;
    p->kind = (enum mp_scores)kind;
    return rc;
}

/* They go to the places of their rows. */
static int take_fold(struct mp_ctx *c, void *arg, size_t f, const struct mp_kept *said)
{
    struct cross *x = arg;
    struct mp_predictions *p = &x->part[f], *all = &x->out->p;
    const size_t k = (size_t)all->k;
    for (int i = 0; i < mp_kept_count(said); i++)
        mp_warn(c, "%s", mp_kept_at(said, i));
    for (size_t i = 0, n = 0; i < all->n && n < p->n; i++) {
        if (x->out->fold[i] != (int)f)
            continue;
        memcpy(all->scores + i * k, p->scores + n * k, k * sizeof *p->scores);
        all->predicted[i] = p->predicted[n++];
    }
    all->kind = p->kind;
    all->seconds += p->seconds;
    x->out->fit_seconds += x->fit_seconds[f];
    mp_predictions_free(p);
    return MP_OK;
}

static int score_folds(struct mp_ctx *c, struct cross *x, int k)
{
    const struct mp_handed h = { score_fold, fold_io, take_fold, x, true };
    x->part = mp_alloc(c, (size_t)k, sizeof *x->part);
    x->fit_seconds = mp_alloc(c, (size_t)k, sizeof *x->fit_seconds);
    const int rc = x->part != NULL && x->fit_seconds != NULL ? mp_hand_out(c, (size_t)k, &h) : -1;
    for (int f = 0; f < k && x->part != NULL; f++)
        mp_predictions_free(&x->part[f]);
    free(x->part);
    free(x->fit_seconds);
    return rc;
}

int mp_out_of_fold(struct mp_ctx *c, const struct mp_script *s, const struct mp_data *d,
                   const int *y, int k, uint64_t seed, struct mp_out_of_fold *out)
{
    out->k = k;
    out->p = (struct mp_predictions){ .n = d->n, .k = c->run->n_classes };
    out->fold = mp_alloc(c, d->n, sizeof *out->fold);
    out->p.scores = mp_alloc(c, mp_product(d->n, (size_t)out->p.k), sizeof *out->p.scores);
    out->p.predicted = mp_alloc(c, d->n, sizeof *out->p.predicted);
    int rc = out->fold != NULL && out->p.scores != NULL && out->p.predicted != NULL ? MP_OK : -1;
    if (rc == MP_OK)
        rc = mp_folds_assign(c, y, d->n, out->p.k, k, seed, out->fold);
    if (rc == MP_OK)
        rc = score_folds(c, &(struct cross){ .s = s, .d = d, .y = y, .out = out }, k);
    for (size_t i = 0; i < d->n && rc == MP_OK; i++)
        if (out->fold[i] == MP_NO_FOLD)
            out->p.predicted[i] = y[i];
    if (rc < 0)
        mp_out_of_fold_free(out);
    return rc;
}

void mp_out_of_fold_free(struct mp_out_of_fold *o)
{
    mp_predictions_free(&o->p);
    free(o->fold);
    o->fold = NULL;
}

/* ------------------------------------------------------------- fold by fold */

void mp_spread(const double *v, int n, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        sum += v[i];
    *mean = n > 0 ? sum / n : NAN;
    for (int i = 0; i < n; i++)
        squares += (v[i] - *mean) * (v[i] - *mean);
    *deviation = n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

int mp_cross_score(struct mp_ctx *c, const struct mp_out_of_fold *o, const int *y,
                   struct mp_cross *x)
{
    double *accuracy = mp_alloc(c, (size_t)o->k, sizeof *accuracy);
    *x = (struct mp_cross){ .k = o->k, .fit_seconds = o->fit_seconds };
    x->fold = mp_alloc(c, (size_t)o->k, sizeof *x->fold);
    if (accuracy == NULL || x->fold == NULL) {
        free(accuracy);
        return -1;
    }
    for (size_t i = 0; i < o->p.n; i++) {
        if (o->fold[i] == MP_NO_FOLD)
            continue;
        x->fold[o->fold[i]].rows++;
        x->fold[o->fold[i]].errors += o->p.predicted[i] != y[i];
    }
    for (int f = 0; f < o->k; f++) {
        struct mp_cross_fold *q = &x->fold[f];
        accuracy[f] = q->accuracy = (double)(q->rows - q->errors) / (double)q->rows;
        mp_wilson(q->rows - q->errors, q->rows, &q->low, &q->high);
    }
    mp_spread(accuracy, o->k, &x->mean, &x->deviation);
    free(accuracy);
    return MP_OK;
}

void mp_cross_free(struct mp_cross *x)
{
    free(x->fold);
    memset(x, 0, sizeof *x);
}
