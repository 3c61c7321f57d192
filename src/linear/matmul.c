/* SPDX-License-Identifier: GPL-3.0-or-later */
/* matmul.c - products of matrices in the fastest form in which they are right. */
#include "linear/matmul.h"
#include "linear/dnn.h"
#include "linear/dnn_matmul.h"
#include "linear/product_check.h"
#include "linear/staged.h"
#include <stdlib.h>

struct mp_matmul {
    struct mp_matmul_dims asked, done; /* what the caller has, and what the library is given */
    struct mp_dnn_matmul *by;
};

/* With `wide` in f32, whatever was asked for. */
static struct mp_matmul *open_as(struct mp_ctx *c, const struct mp_matmul_dims *d, bool wide)
{
    struct mp_matmul *v = mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->asked = v->done = *d;
    if (wide) {
        v->done.precision = MP_F32;
        v->done.ldc = d->round ? d->n : d->ldc;
    }
    if ((v->by = mp_dnn_matmul_open(c, &v->done)) == NULL) {
        mp_matmul_close(v);
        v = NULL;
    }
    return v;
}

static struct mp_matmul *open_right(struct mp_ctx *c, const struct mp_matmul_dims *d)
{
    char version[80];
    const int forms = d->precision == MP_BF16 ? 2 : 1;
    for (int i = 0; i < forms; i++) {
        struct mp_matmul *v = open_as(c, d, i > 0);
        const int rc = v != NULL ? mp_matmul_check(c, d, mp_matmul_run, v) : -1;
        mp_dnn_version(version, sizeof version);
        if (rc == MP_OK && i > 0)
            mp_warn(c, "oneDNN %s gives wrong numbers in bf16 for products of %zu x %zu and %zu x "
                       "%zu values: done in f32", version, d->m, d->k, d->k, d->n);
        if (rc == MP_OK)
            return v;
        mp_matmul_close(v);
        if (rc < 0)
            return NULL;
    }
    mp_fail(c, "oneDNN %s gives wrong numbers for products of %zu x %zu and %zu x %zu values, in "
               "f32 too: use another version of oneDNN, or other sizes of layers", version, d->m,
            d->k, d->k, d->n);
    return NULL;
}

struct mp_matmul *mp_matmul_open(struct mp_ctx *c, const struct mp_matmul_dims *d)
{
    if (mp_dnn_kernels_begin(c) < 0)
        return NULL;
    struct mp_matmul *v = open_right(c, d);
    mp_dnn_kernels_end();
    return v;
}

void mp_matmul_close(struct mp_matmul *v)
{
    if (v == NULL)
        return;
    mp_dnn_matmul_close(v->by);
    free(v);
}

/* rows x columns, or with `turned` stored the other way: all from the first to the last. */
static struct mp_staged matrix(const struct mp_matmul *v, size_t rows, size_t columns,
                               size_t apart, bool turned)
{
    const size_t n = ((turned ? columns : rows) - 1) * apart + (turned ? rows : columns);
    return mp_staged_rows(1, n, n, v->asked.precision, v->done.precision);
}

/* Between its rows there may be values of others. */
static struct mp_staged product_of(const struct mp_matmul *v)
{
    const struct mp_matmul_dims *a = &v->asked, *d = &v->done;
    const enum mp_precision was = a->round ? a->precision : MP_F32;
    const enum mp_precision is = d->round ? d->precision : MP_F32;
    return (struct mp_staged){ a->m, { a->n, d->n }, { a->ldc, d->ldc }, { was, is } };
}

int mp_matmul_run(struct mp_ctx *c, const struct mp_matmul *v, const void *a, const void *b,
                  void *y)
{
    const struct mp_matmul_dims *d = &v->asked;
    const struct mp_staged left = matrix(v, d->m, d->k, d->lda, d->ta),
                           right = matrix(v, d->k, d->n, d->ldb, d->tb), product = product_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = mp_staged_give(c, &left, a), *by = mp_staged_give(c, &right, b);
    void *to = d->add ? (void *)(uintptr_t)mp_staged_give(c, &product, y)
                      : mp_staged_room(c, &product, y);
    const int rc = from == NULL || by == NULL || to == NULL
                       ? -1
                       : mp_dnn_matmul_run(c, v->by, from, by, to);
    if (rc == MP_OK && v->done.spoil != NULL)
        v->done.spoil(v->done.precision, 0, to, mp_staged_bytes(&product));
    if (rc == MP_OK)
        mp_staged_take(&product, to, y);
    mp_scratch_release(c, mark);
    return rc;
}
