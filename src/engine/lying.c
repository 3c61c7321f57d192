/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lying.c - whether rows lie on their side, beside those that a model has learned from.
 *
 * Method: a sample of the rows is predicted in each of the eight ways in which a page can lie.
 * What speaks for a way is, of rows with labels, that they are predicted rightly; of others by
 * how much the best score leads the second (of probabilities, their logarithms).  For each way
 * that is tested against the rows as they are given (Student's t, paired).  A first look at
 * few rows settles it where nothing speaks for another way; a second at more decides.
 *
 * Leads alone mislead where a model knows nothing of the rows at all, so the way that it is
 * surest of has to come near to what it is used to.  Both limits were chosen on the sample's
 * training rows, half to learn from, half to look at: by six of the pipelines that ship, all
 * classes, single ones, pairs.  Rows as they were never had a t above 3; on their side all
 * classes together had 13.8 or more, with leads of 0.95 of the usual and up.  Digits of another
 * make, enlarged from 8 x 8, had a t of up to 20 as they were, but leads of 0.8 at most.  With
 * labels the way has to make the model right about half of the rows: where ink and paper are
 * swapped, another way may be better than chance without being right.
 */
#include "engine/lying.h"
#include "core/ctx.h"
#include "engine/predictions.h"
#include "image/orient.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SHARE = 200, FIRST_LEAST = 32, FIRST_MOST = 256, SECOND = 400, LEARN = 256 };

static const double least_t = 4, least_lead = 0.85, least_right = 0.5;

/* n of the rows, spread evenly, in one way after the other. */
struct look {
    const struct mp_data *d;
    const int *y;
    size_t n;
    int way[MP_WAYS], ways; /* that keep the shape; the first is as they are */
};

static size_t row_of(const struct look *l, size_t i)
{
    return i * l->d->n / l->n;
}

static int turn_all(struct mp_ctx *c, const struct look *l, struct mp_data *turned)
{
    const struct mp_shape s = l->d->shape;
    const size_t len = mp_len(s);
    *turned = (struct mp_data){ .n = l->n * (size_t)l->ways, .shape = s };
    if ((turned->name = mp_data_name(c, l->d->name)) == NULL ||
        mp_data_room(c, turned, turned->n, len) < 0)
        return -1;
    for (size_t i = 0; i < l->n; i++) { /* one row's fault can map a large neighbourhood */
        const uint8_t *row = l->d->x + row_of(l, i) * len;
        for (int k = 0; k < l->ways; k++)
            mp_orient(turned->x + ((size_t)k * l->n + i) * len, row, s.h, s.w, (size_t)s.c,
                      mp_way_at(l->way[k]));
        mp_rows_let_go(&l->d->store, row, l->d->x + row_of(l, i + 1) * len);
    }
    return MP_OK;
}

/* Nobody has asked for this work: neither bars nor the stages' costs tell of it. */
static int predict(struct mp_ctx *c, struct mp_plan *p, const struct look *l,
                   struct mp_predictions *made)
{
    struct mp_bar *bar = c->run->bar;
    struct mp_data turned = { .n = 0 };
    struct mp_cost *cost = mp_alloc(c, (size_t)p->n_nodes, sizeof *cost);
    int rc = cost != NULL ? turn_all(c, l, &turned) : -1;
    memset(made, 0, sizeof *made);
    for (int k = 0; k < p->n_nodes && cost != NULL; k++)
        cost[k] = p->nodes[k].cost;
    c->run->bar = NULL;
    if (rc == MP_OK)
        rc = mp_predict(c, p, &turned, made);
    c->run->bar = bar;
    for (int k = 0; k < p->n_nodes && cost != NULL; k++)
        p->nodes[k].cost = cost[k];
    free(cost);
    mp_data_free(&turned);
    return rc;
}

double mp_lead(const struct mp_predictions *p, size_t row)
{
    const float *s = p->scores + row * (size_t)p->k;
    const bool shares = p->kind == MP_PROBABILITIES;
    double best = -INFINITY, second = -INFINITY;
    for (int j = 0; j < p->k; j++) {
        const double v = shares ? log(fmax((double)s[j], 1e-12)) : (double)s[j];
        second = v > best ? best : v > second ? v : second;
        best = v > best ? v : best;
    }
    return best - second;
}

/* What row i speaks for way k. */
static double worth(const struct look *l, const struct mp_predictions *p, int k, size_t i)
{
    const size_t row = (size_t)k * l->n + i;
    return l->y != NULL ? p->predicted[row] == l->y[row_of(l, i)] : mp_lead(p, row);
}

/* Student's t of way k against the first. */
static double test(const struct look *l, const struct mp_predictions *p, int k)
{
    const double n = (double)l->n;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < l->n; i++) {
        const double gap = worth(l, p, k, i) - worth(l, p, 0, i);
        sum += gap;
        squares += gap * gap;
    }
    const double mean = sum / n, spread = fmax(0, squares / n - mean * mean) / (n - 1);
    return spread > 0 ? mean / sqrt(spread) : mean > 0 ? INFINITY : mean < 0 ? -INFINITY : 0;
}

/* How far the model is itself in way k: with labels the share of which it is right, otherwise
 * by how much its best scores lead. */
static double mean_worth(const struct look *l, const struct mp_predictions *p, int k)
{
    double sum = 0;
    for (size_t i = 0; i < l->n; i++)
        sum += worth(l, p, k, i);
    return sum / (double)l->n;
}

/* *t: of the way for which most speaks, which is returned; *sure: its mean worth. */
static int best_way(struct mp_ctx *c, struct mp_plan *p, const struct look *l, double *t,
                    double *sure)
{
    struct mp_predictions made;
    int best = 0, rc = predict(c, p, l, &made);
    *t = -INFINITY;
    for (int k = 1; k < l->ways && rc == MP_OK; k++) {
        const double own = test(l, &made, k);
        best = own > *t ? k : best;
        *t = own > *t ? own : *t;
    }
    *sure = rc == MP_OK ? mean_worth(l, &made, best) : 0;
    mp_predictions_free(&made);
    return rc < 0 ? rc : l->way[best];
}

int mp_lying_learn(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, double *usual)
{
    const struct look l = { .d = d, .n = d->n < LEARN ? d->n : LEARN, .ways = 1 };
    struct mp_predictions made;
    const int rc = predict(c, p, &l, &made);
    *usual = rc == MP_OK ? mean_worth(&l, &made, 0) : 0;
    mp_predictions_free(&made);
    return rc;
}

int mp_lying(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
             double usual, const char *name, char text[MP_LYING_TEXT])
{
    const size_t share = d->n / FIRST_SHARE;
    struct look l = { .d = d, .y = y };
    double t = 0, sure = 0;
    int way = 0;
    *text = '\0';
    for (int i = 0; i < MP_WAYS; i++)
        if (d->shape.h == d->shape.w || !mp_way_at(i).transpose)
            l.way[l.ways++] = i;
    l.n = share < FIRST_LEAST ? FIRST_LEAST : share < FIRST_MOST ? share : FIRST_MOST;
    if (d->n < l.n || (y == NULL && !(usual > 0)))
        return MP_OK;
    if (best_way(c, p, &l, &t, &sure) < 0)
        return -1;
    if (t <= 0)
        return MP_OK;
    l.n = d->n < SECOND ? d->n : SECOND;
    if ((way = best_way(c, p, &l, &t, &sure)) < 0)
        return -1;
    if (t > least_t && sure > (y != NULL ? least_right : least_lead * usual))
        snprintf(text, MP_LYING_TEXT, "%s: the rows seem to lie otherwise than those that were "
                 "trained on: the model %s after `orient %s`", name,
                 y != NULL ? "is right about far more of them" : "is surer of them",
                 mp_way_text(way));
    return MP_OK;
}

int mp_lying_warn(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                  double usual, const char *name)
{
    char text[MP_LYING_TEXT];
    const int rc = mp_lying(c, p, d, y, usual, name, text);
    if (rc == MP_OK && *text != '\0')
        mp_warn(c, "%s", text);
    return rc;
}
