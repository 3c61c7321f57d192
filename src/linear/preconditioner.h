/* SPDX-License-Identifier: GPL-3.0-or-later */
/* preconditioner.h - an approximate inverse of I + X'DX, for all vectors of a problem.
 *
 * The matrix is estimated from a sample of the rows, factored once, and the factor
 * inverted: applying it is two triangular products, which all weight vectors share.
 * Private to linear/. */
#ifndef MP_PRECONDITIONER_H
#define MP_PRECONDITIONER_H
#include "core/stage.h"

struct mp_preconditioner {
    size_t n;         /* values of a vector, the constant feature's too */
    size_t pad;       /* distance between the rows of the factor */
    float *factor;    /* inverse of Cholesky's factor, lower triangle; NULL: `diagonal` */
    float *diagonal;  /* of the inverse */
    float **rows;     /* of the factor */
    float *parts;     /* sums that threads make, joined in order */
    size_t blocks;    /* panels of vectors that it is applied to */
};

/* What it is estimated from. */
struct mp_sample {
    const float *const *x; /* n rows of d values */
    size_t n, d;
    float bias;            /* a value more in each */
};

/* Of I + weight * sum x x'.  Where the factor would cost more than it saves, the diagonal is
 * used. */
int mp_preconditioner_open(struct mp_ctx *c, struct mp_preconditioner *p,
                           const struct mp_sample *s, double weight, size_t blocks);
void mp_preconditioner_close(struct mp_preconditioner *p);

/* y = inverse times v: panels as of panel.h, one after the other. */
int mp_preconditioner_apply(struct mp_ctx *c, const struct mp_preconditioner *p, const float *v,
                            float *y);
#endif
