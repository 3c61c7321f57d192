/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.c - squared hinge, logistic and multinomial loss of many rows at once. */
#include "linear/loss.h"
#include "core/simd.h"
#include <math.h>

enum { TOGETHER = 256 }; /* lanes of which a row's sides are known at a time */

/* The sign of the margins of n lanes from the one numbered `first`, and what the row costs
 * there. */
static inline void sides(const struct mp_loss *l, int y, size_t first, size_t n, float *sign,
                         float *cost)
{
    for (size_t k = 0; k < n; k++) {
        const bool own = (size_t)y == first + k;
        sign[k] = own ? 1.0f : -1.0f;
        cost[k] = own ? l->own[first + k] : l->rest[first + k];
    }
}

MP_CLONES static void hinge_lanes(const struct mp_loss *l, const float *z, const int *y,
                                  size_t n, size_t first, double *sum, float *r, float *h)
{
    const size_t lanes = l->lanes, some = lanes - first < TOGETHER ? lanes - first : TOGETHER;
    float sign[TOGETHER], cost[TOGETHER];
    for (size_t i = 0; i < n; i++) {
        const size_t at = i * lanes + first;
        sides(l, y[i], first, some, sign, cost);
        for (size_t k = 0; k < some; k++) {
            const float gap = 1 - sign[k] * z[at + k], slack = gap > 0 ? gap : 0;
            sum[first + k] += (double)(cost[k] * slack * slack);
            if (r != NULL)
                r[at + k] = -2 * cost[k] * sign[k] * slack;
            if (h != NULL)
                h[at + k] = slack > 0 ? 2 * cost[k] : 0;
        }
    }
}

static void logistic_lanes(const struct mp_loss *l, const float *z, const int *y, size_t n,
                           size_t first, double *sum, float *r, float *h)
{
    const size_t lanes = l->lanes, some = lanes - first < TOGETHER ? lanes - first : TOGETHER;
    float sign[TOGETHER], cost[TOGETHER];
    for (size_t i = 0; i < n; i++) {
        sides(l, y[i], first, some, sign, cost);
        for (size_t k = 0; k < some; k++) {
            const size_t at = i * lanes + first + k;
            const bool counts = cost[k] != 0;
            const float m = sign[k] * z[at], e = counts ? expf(-fabsf(m)) : 1;
            const float wrong = (m > 0 ? e : 1) / (1 + e); /* probability of the other side */
            if (counts)
                sum[first + k] += (double)(cost[k] * (log1pf(e) + (m < 0 ? -m : 0)));
            if (r != NULL)
                r[at] = -cost[k] * sign[k] * wrong;
            if (h != NULL)
                h[at] = cost[k] * e / ((1 + e) * (1 + e));
        }
    }
}

static void multinomial_rows(const struct mp_loss *l, const float *z, const int *y, size_t n,
                             double *sum, float *r, float *h)
{
    const size_t lanes = l->lanes;
    float p[TOGETHER]; /* those beyond are worked out again */
    for (size_t i = 0; i < n; i++) {
        const float *at = z + i * lanes, cost = l->own[y[i]];
        float most = at[0], all = 0;
        for (size_t k = 1; k < l->vectors; k++)
            most = at[k] > most ? at[k] : most;
        for (size_t k = 0; k < l->vectors; k++) {
            const float e = expf(at[k] - most);
            all += e;
            if (k < TOGETHER)
                p[k] = e;
        }
        sum[0] += (double)(cost * (logf(all) + most - at[y[i]]));
        for (size_t k = 0; k < lanes && (r != NULL || h != NULL); k++) {
            const float e = k >= l->vectors ? 0 : k < TOGETHER ? p[k] : expf(at[k] - most);
            if (r != NULL)
                r[i * lanes + k] = cost * (e / all - ((size_t)y[i] == k ? 1.0f : 0.0f));
            if (h != NULL)
                h[i * lanes + k] = e / all;
        }
    }
}

void mp_loss_rows(const struct mp_loss *l, const float *z, const int *y, size_t n, double *sum,
                  float *r, float *h)
{
    for (size_t first = 0; first < l->lanes && l->kind != MP_MULTINOMIAL; first += TOGETHER)
        if (l->kind == MP_SQUARED_HINGE)
            hinge_lanes(l, z, y, n, first, sum, r, h);
        else
            logistic_lanes(l, z, y, n, first, sum, r, h);
    if (l->kind == MP_MULTINOMIAL)
        multinomial_rows(l, z, y, n, sum, r, h);
}

void mp_loss_exact(const struct mp_loss *l, const double *z, int y, double *sum)
{
    double most = z[0], all = 0;
    for (size_t k = 0; k < l->vectors; k++) {
        const bool own = (size_t)y == k;
        const double cost = (double)(own ? l->own[k] : l->rest[k]), m = own ? z[k] : -z[k];
        if (l->kind == MP_SQUARED_HINGE)
            sum[k] += m < 1 ? cost * (1 - m) * (1 - m) : 0;
        else if (l->kind == MP_LOGISTIC)
            sum[k] += cost * (log1p(exp(-fabs(m))) + (m < 0 ? -m : 0));
        most = z[k] > most ? z[k] : most;
    }
    if (l->kind != MP_MULTINOMIAL)
        return;
    for (size_t k = 0; k < l->vectors; k++)
        all += exp(z[k] - most);
    sum[0] += (double)l->own[y] * (log(all) + most - z[y]);
}

void mp_loss_curve(const struct mp_loss *l, const float *h, const int *y, size_t n, float *v)
{
    const size_t lanes = l->lanes;
    for (size_t i = 0; i < n; i++, h += lanes, v += lanes) {
        float mean = 0, cost = 1;
        if (l->kind == MP_MULTINOMIAL) {
            for (size_t k = 0; k < l->vectors; k++)
                mean += h[k] * v[k];
            cost = l->own[y[i]];
        }
        for (size_t k = 0; k < lanes; k++)
            v[k] = cost * h[k] * (v[k] - mean);
    }
}

float mp_loss_weight(const struct mp_loss *l, const float *h, int y, const float *live)
{
    float sum = 0;
    for (size_t k = 0; k < l->lanes; k++)
        sum += l->kind == MP_MULTINOMIAL ? l->own[y] * h[k] * (1 - h[k]) : live[k] * h[k];
    return sum;
}

float mp_loss_beyond(const struct mp_loss *l, const float *z, int y)
{
    float least = l->kind == MP_SQUARED_HINGE ? INFINITY : 0;
    for (size_t k = 0; k < l->vectors; k++) {
        const float gap = ((size_t)y == k ? z[k] : -z[k]) - 1;
        least = gap < least ? gap : least;
    }
    return least > 0 ? least : 0;
}
