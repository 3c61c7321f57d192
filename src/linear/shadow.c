/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadow.c - short rows in place of long ones.
 *
 * The basis is found in double and turned within itself by a cosine transform, so that all values
 * of a shadow are about as large: rounded to levels of one size they lose least.
 *
 * Cost: of the basis some products of the sample with it, of a shadow one multiply-add for each
 * value of row and shadow. */
#include "linear/shadow.h"
#include "core/random.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double rounding = 0x1p-24; /* of a float, at most */
enum { PASSES = 3, NARROW = 32, WIDE = 128, STEP = 16, FEWEST = 4096 };

size_t mp_shadow_width(size_t n, size_t d)
{
    const size_t width = d / 8 / STEP * STEP;
    return n < FEWEST || width < NARROW ? 0 : width < WIDE ? width : WIDE;
}

/* ------------------------------------------------------------------ the basis */

MP_CLONES static double dot(const double *restrict a, const double *restrict b, size_t n)
{
    double sum[8] = { 0 };
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t l = 0; l < 8; l++)
            sum[l] += a[i + l] * b[i + l];
    for (; i < n; i++)
        sum[0] += a[i] * b[i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

MP_CLONES static double square_of(const float *x, size_t n)
{
    double sum[8] = { 0 };
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t l = 0; l < 8; l++)
            sum[l] += (double)x[i + l] * (double)x[i + l];
    for (; i < n; i++)
        sum[0] += (double)x[i] * (double)x[i];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

MP_CLONES static void add(double *restrict to, double factor, const double *restrict a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += factor * a[i];
}

/* m rows of d values become orthonormal, twice by Gram and Schmidt; what depends on those before
 * it becomes 0. */
static void orthonormalise(double *q, size_t m, size_t d)
{
    for (size_t i = 0; i < m; i++) {
        double *own = q + i * d;
        const double before = dot(own, own, d);
        for (int turn = 0; turn < 2; turn++)
            for (size_t j = 0; j < i; j++)
                add(own, -dot(q + j * d, own, d), q + j * d, d);
        const double after = dot(own, own, d);
        const double factor = after > 1e-12 * before && after > 0 ? 1 / sqrt(after) : 0;
        for (size_t j = 0; j < d; j++)
            own[j] *= factor;
    }
}

/* How far m rows are from orthonormal ones, or 0: root of the sum of squares. */
static double apart(const double *q, size_t m, size_t d)
{
    double sum = 0;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            const double v = dot(q + i * d, q + j * d, d);
            const double gap = i != j ? v : v > 0.5 ? v - 1 : v;
            sum += (i != j ? 2 : 1) * gap * gap;
        }
    return sqrt(sum);
}

/* basis = q' times the cosine transform; room: d values. */
static void mix(const double *q, size_t m, size_t d, double *room, float *basis)
{
    for (size_t j = 0; j < m; j++) {
        memset(room, 0, d * sizeof *room);
        for (size_t i = 0; i < m; i++) {
            const double angle = M_PI * (double)i * ((double)j + 0.5) / (double)m;
            add(room, sqrt((i == 0 ? 1.0 : 2.0) / (double)m) * cos(angle), q + i * d, d);
        }
        for (size_t v = 0; v < d; v++)
            basis[v * m + j] = (float)room[v];
    }
}

/* Rows lose their mean. */
static void centre_rows(float *x, size_t n, size_t d, float *centre, double *room)
{
    memset(room, 0, d * sizeof *room);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            room[j] += (double)x[i * d + j];
    for (size_t j = 0; j < d; j++)
        centre[j] = (float)(room[j] / (double)n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < d; j++)
            x[i * d + j] -= centre[j];
}

/* to = x'x times the basis as it is, which is then q, made orthonormal.  z: n x m. */
static int pass(const float *x, size_t n, size_t d, size_t m, float *basis, float *z, double *q)
{
    if (mp_gemm(false, false, n, m, d, 1, x, d, basis, m, 0, z, m) < 0 ||
        mp_gemm(true, false, d, m, n, 1, x, d, z, m, 0, basis, m) < 0)
        return -1;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < d; j++)
            q[i * d + j] = (double)basis[j * m + i];
    orthonormalise(q, m, d);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < d; j++)
            basis[j * m + i] = (float)q[i * d + j];
    return MP_OK;
}

static int find_basis(struct mp_shadow *s, float *x, size_t n)
{
    const size_t d = s->d, m = s->width - 1;
    double *q = calloc(m * d, sizeof *q), *room = calloc(d, sizeof *room);
    float *z = calloc(mp_product(n, m), sizeof *z);
    int rc = q != NULL && room != NULL && z != NULL ? MP_OK : -1;
    if (rc == MP_OK)
        centre_rows(x, n, d, s->centre, room);
    for (size_t i = 0; i < d * m; i++)
        s->basis[i] = (float)((double)(mp_random_at(0, 0, 0, i) >> 40) * 0x1p-23 - 1);
    for (int i = 0; i < PASSES && rc == MP_OK; i++)
        rc = pass(x, n, d, m, s->basis, z, q);
    if (rc == MP_OK) {
        const double off = apart(q, m, d);
        mix(q, m, d, room, s->basis);
        s->share = (((double)d + 16) * rounding) * sqrt((double)m) + off;
        s->far = sqrt(square_of(s->centre, d));
        rc = s->share < 2e-3 ? MP_OK : -1; /* not where something is no number either */
    }
    free(q);
    free(room);
    free(z);
    return rc;
}

struct mp_shadow *mp_shadow_open(float *sample, size_t n, size_t d)
{
    struct mp_shadow *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->d = d;
    s->width = mp_shadow_width(FEWEST, d);
    s->centre = calloc(d, sizeof *s->centre);
    s->basis = calloc(mp_product(d, s->width), sizeof *s->basis);
    if (s->centre == NULL || s->basis == NULL || s->width == 0 || find_basis(s, sample, n) < 0) {
        mp_shadow_close(s);
        return NULL;
    }
    return s;
}

void mp_shadow_close(struct mp_shadow *s)
{
    if (s == NULL)
        return;
    free(s->centre);
    free(s->basis);
    free(s);
}

/* ------------------------------------------------------------------ shadows */

double mp_shadow_off(const struct mp_shadow *s, double length)
{
    return s->share * length + 16 * rounding * (length + s->far);
}

int mp_shadow_cast(const struct mp_shadow *s, float *x, size_t n, float *w, double *square)
{
    const size_t d = s->d, m = s->width - 1;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++)
            x[i * d + j] -= s->centre[j];
        square[i] = square_of(x + i * d, d);
    }
    if (mp_gemm(false, false, n, m, d, 1, x, d, s->basis, m, 0, w, s->width) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) { /* rather longer than what is left, which products bound */
        const double left = square[i] * (1 + 3 * s->share) - square_of(w + i * s->width, m);
        w[i * s->width + m] = (float)(sqrt(left > 0 ? left : 0) * (1 + 2 * rounding));
    }
    return MP_OK;
}
