/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folds.c - out-of-fold scores. */
#include "engine/folds.h"
#include "core/clock.h"
#include "core/ctx.h"
#include "engine/fit.h"
#include "engine/metrics.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Fits a fresh plan on the other folds, and puts this fold's scores in their places. */
static int score_fold(struct mp_ctx *c, const struct mp_script *s, const struct mp_fold *part,
                      int f, struct mp_out_of_fold *out)
{
    struct mp_plan plan;
    struct mp_predictions p = { .n = 0 };
    const size_t k = (size_t)out->p.k;
    int rc = mp_plan_build(c, s, &plan);
    if (rc == MP_OK)
        rc = mp_fold_score(c, &plan, part, &p, &out->fit_seconds);
    if (rc == MP_OK && out->fitted != NULL)
        rc = out->fitted(c, out->arg, f, &plan);
    for (size_t i = 0; i < p.n; i++) {
        memcpy(out->p.scores + part->held_row[i] * k, p.scores + i * k, k * sizeof *p.scores);
        out->p.predicted[part->held_row[i]] = p.predicted[i];
    }
    out->p.kind = p.kind;
    out->p.seconds += p.seconds;
    mp_predictions_free(&p);
    mp_plan_free(&plan);
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
    for (int f = 0; f < k && rc == MP_OK; f++) {
        struct mp_fold part;
        rc = mp_fold_open(c, d, y, out->fold, f, &part);
        if (rc == MP_OK)
            rc = score_fold(c, s, &part, f, out);
        mp_fold_close(&part);
    }
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
