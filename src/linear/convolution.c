/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convolution.c - convolutions in the fastest form in which they are right. */
#include "linear/convolution.h"
#include "linear/dnn.h"
#include "linear/dnn_conv.h"
#include "linear/product_check.h"
#include "linear/staged.h"
#include <stdlib.h>

struct mp_conv {
    struct mp_conv_dims asked, done; /* what the caller has, and what the library is given */
    struct mp_dnn_conv *by;
};

/* ------------------------------------------------------------------- forms */

/* In which it may be right, the fastest first. */
enum { FORMS = 3 };

static int conv_forms(const struct mp_conv_dims *d, struct mp_conv_dims *form, const char **name)
{
    int n = 0;
    form[n] = *d;
    name[n++] = d->precision == MP_BF16 ? "bf16" : "f32";
    if (d->precision == MP_F32)
        return n;
    if (d->in.c % 2 != 0) { /* what is multiplied in pairs goes wrong at an odd end */
        form[n] = *d;
        form[n].in.c++;
        name[n++] = "bf16 with one input channel more";
    }
    form[n] = *d;
    form[n].precision = MP_F32;
    name[n++] = "f32";
    return n;
}

static struct mp_conv *open_as(struct mp_ctx *c, const struct mp_conv_dims *asked,
                               const struct mp_conv_dims *done)
{
    struct mp_conv *v = mp_alloc(c, 1, sizeof *v);
    if (v == NULL)
        return NULL;
    *v = (struct mp_conv){ *asked, *done, mp_dnn_conv_open(c, done) };
    if (v->by == NULL) {
        mp_conv_close(v);
        v = NULL;
    }
    return v;
}

static struct mp_conv *open_right(struct mp_ctx *c, const struct mp_conv_dims *d)
{
    static const struct mp_conv_calls calls = { mp_conv_forward, mp_conv_backward_data,
                                                mp_conv_backward_weights };
    struct mp_conv_dims form[FORMS];
    const char *name[FORMS];
    char version[80];
    const int n = conv_forms(d, form, name);
    for (int i = 0; i < n; i++) {
        struct mp_conv *v = open_as(c, d, &form[i]);
        const int rc = v != NULL ? mp_conv_check(c, d, &calls, v) : -1;
        mp_dnn_version(version, sizeof version);
        if (rc == MP_OK && i > 0)
            mp_warn(c, "oneDNN %s gives wrong numbers in %s for %d filters of %d x %d px on %d x "
                       "%d x %d: done in %s", version, name[0], d->out.c, d->kernel, d->kernel,
                    d->in.h, d->in.w, d->in.c, name[i]);
        if (rc == MP_OK)
            return v;
        mp_conv_close(v);
        if (rc < 0)
            return NULL;
    }
    mp_fail(c, "oneDNN %s gives wrong numbers for %d filters of %d x %d px on %d x %d x %d, in f32 "
               "too: use another version of oneDNN, or another kernel size or number of filters",
            version, d->out.c, d->kernel, d->kernel, d->in.h, d->in.w, d->in.c);
    return NULL;
}

struct mp_conv *mp_conv_open(struct mp_ctx *c, const struct mp_conv_dims *d)
{
    if (mp_dnn_kernels_begin(c) < 0)
        return NULL;
    struct mp_conv *v = open_right(c, d);
    mp_dnn_kernels_end();
    return v;
}

void mp_conv_close(struct mp_conv *v)
{
    if (v == NULL)
        return;
    mp_dnn_conv_close(v->by);
    free(v);
}

/* ------------------------------------------------------------------- calls */

static struct mp_staged input_of(const struct mp_conv *v)
{
    const struct mp_conv_dims *a = &v->asked, *d = &v->done;
    return mp_staged_rows(a->n * (size_t)a->in.h * (size_t)a->in.w, (size_t)a->in.c,
                          (size_t)d->in.c, a->precision, d->precision);
}

static struct mp_staged output_of(const struct mp_conv *v)
{
    const size_t d = mp_len(v->asked.out);
    return mp_staged_rows(v->asked.n, d, d, v->asked.precision, v->done.precision);
}

static struct mp_staged weights_of(const struct mp_conv *v)
{
    const struct mp_conv_dims *a = &v->asked, *d = &v->done;
    const size_t filters = (size_t)a->out.c;
    return mp_staged_rows((size_t)a->kernel * (size_t)a->kernel, (size_t)a->in.c * filters,
                          (size_t)d->in.c * filters, a->precision, d->precision);
}

static struct mp_staged gradient_of(const struct mp_conv *v)
{
    struct mp_staged s = weights_of(v);
    s.precision[0] = s.precision[1] = MP_F32;
    return s;
}

static void take(const struct mp_conv *v, const struct mp_staged *s, void *made, void *y)
{
    if (v->done.spoil != NULL)
        v->done.spoil(v->done.precision, v->done.in.c, made, mp_staged_bytes(s));
    mp_staged_take(s, made, y);
}

int mp_conv_forward(struct mp_ctx *c, const struct mp_conv *v, const void *x, const void *w,
                    const float *b, void *y)
{
    const struct mp_staged input = input_of(v), weights = weights_of(v), output = output_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = mp_staged_give(c, &input, x), *by = mp_staged_give(c, &weights, w);
    void *to = mp_staged_room(c, &output, y);
    const int rc = from == NULL || by == NULL || to == NULL
                       ? -1
                       : mp_dnn_conv_forward(c, v->by, from, by, b, to);
    if (rc == MP_OK)
        take(v, &output, to, y);
    mp_scratch_release(c, mark);
    return rc;
}

int mp_conv_backward_data(struct mp_ctx *c, const struct mp_conv *v, const void *w,
                          const void *dy, void *dx)
{
    const struct mp_staged input = input_of(v), weights = weights_of(v), output = output_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = mp_staged_give(c, &output, dy), *by = mp_staged_give(c, &weights, w);
    void *to = mp_staged_room(c, &input, dx);
    const int rc = from == NULL || by == NULL || to == NULL
                       ? -1
                       : mp_dnn_conv_backward_data(c, v->by, by, from, to);
    if (rc == MP_OK)
        take(v, &input, to, dx);
    mp_scratch_release(c, mark);
    return rc;
}

int mp_conv_backward_weights(struct mp_ctx *c, const struct mp_conv *v, const void *x,
                             const void *dy, float *dw, float *db)
{
    const struct mp_staged input = input_of(v), output = output_of(v), gradient = gradient_of(v);
    const int mark = mp_scratch_mark(c);
    const void *from = mp_staged_give(c, &input, x), *up = mp_staged_give(c, &output, dy);
    void *to = mp_staged_room(c, &gradient, dw);
    const int rc = from == NULL || up == NULL || to == NULL
                       ? -1
                       : mp_dnn_conv_backward_weights(c, v->by, from, up, to, db);
    if (rc == MP_OK)
        take(v, &gradient, to, dw);
    mp_scratch_release(c, mark);
    return rc;
}
