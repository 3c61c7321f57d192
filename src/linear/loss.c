/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.c - squared hinge, logistic and multinomial loss of many rows at once. */
#include "linear/loss.h"
#include "core/simd.h"
#include <math.h>

enum { MAX_LANES = 256 };

/* The sign of each lane's margin and what the row costs there. */
static inline void sides(const struct mp_loss *l, int y, float *sign, float *cost)
{
    for (size_t k = 0; k < l->lanes; k++) {
        const bool own = (size_t)y == k;
        sign[k] = own ? 1.0f : -1.0f;
        cost[k] = own ? l->own[k] : l->rest[k];
    }
}

MP_CLONES static void hinge_rows(const struct mp_loss *l, const float *z, const int *y, size_t n,
                                 double *sum, float *r, float *h)
{
    const size_t lanes = l->lanes;
    float sign[MAX_LANES], cost[MAX_LANES];
    for (size_t i = 0; i < n; i++) {
        sides(l, y[i], sign, cost);
        for (size_t k = 0; k < lanes; k++) {
            const float gap = 1 - sign[k] * z[i * lanes + k], slack = gap > 0 ? gap : 0;
            sum[k] += (double)(cost[k] * slack * slack);
            if (r != NULL)
                r[i * lanes + k] = -2 * cost[k] * sign[k] * slack;
            if (h != NULL)
                h[i * lanes + k] = slack > 0 ? 2 * cost[k] : 0;
        }
    }
}

static void logistic_rows(const struct mp_loss *l, const float *z, const int *y, size_t n,
                          double *sum, float *r, float *h)
{
    const size_t lanes = l->lanes;
    float sign[MAX_LANES], cost[MAX_LANES];
    for (size_t i = 0; i < n; i++) {
        sides(l, y[i], sign, cost);
        for (size_t k = 0; k < lanes; k++) {
            const size_t at = i * lanes + k;
            const bool counts = cost[k] != 0;
            const float m = sign[k] * z[at], e = counts ? expf(-fabsf(m)) : 1;
            const float wrong = (m > 0 ? e : 1) / (1 + e); /* probability of the other side */
            if (counts)
                sum[k] += (double)(cost[k] * (log1pf(e) + (m < 0 ? -m : 0)));
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
    float p[MAX_LANES] = { 0 };
    for (size_t i = 0; i < n; i++) {
        const float *at = z + i * lanes, cost = l->own[y[i]];
        float most = at[0], all = 0;
        for (size_t k = 1; k < l->vectors; k++)
            most = at[k] > most ? at[k] : most;
        for (size_t k = 0; k < l->vectors; k++)
            all += p[k] = expf(at[k] - most);
        sum[0] += (double)(cost * (logf(all) + most - at[y[i]]));
        for (size_t k = 0; k < lanes; k++) {
            if (r != NULL)
                r[i * lanes + k] = cost * (p[k] / all - ((size_t)y[i] == k ? 1.0f : 0.0f));
            if (h != NULL)
                h[i * lanes + k] = p[k] / all;
        }
    }
}

void mp_loss_rows(const struct mp_loss *l, const float *z, const int *y, size_t n, double *sum,
                  float *r, float *h)
{
    if (l->kind == MP_SQUARED_HINGE)
        hinge_rows(l, z, y, n, sum, r, h);
    else if (l->kind == MP_LOGISTIC)
        logistic_rows(l, z, y, n, sum, r, h);
    else
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
