/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixed_winograd.c - convolutions of bf16 images by few products of whole numbers against plain
 * loops in double, and beside a direct sum whose weights are rounded to bf16, as its results are.
 *
 * Errors are roots of the mean square, in units of that of what comes out. */
#include "net/fixed_winograd.h"
#include "../tap.h"
#include "../convolved.h"
#include "core/ctx.h"
#include <math.h>

/* How many times the error of a direct sum of bf16 errors may be; and the gradient of weights,
 * which a direct sum has exact. */
static const double times_3 = 1.3, times_5 = 3, weights_3 = 4e-3, weights_5 = 1.2e-2;

/* What a pass reads and writes in bf16. */
struct halves {
    mp_bf16 *x, *y, *dy, *dx;
};

static struct halves halve(struct images *i)
{
    struct halves h = { direct_memory(i->n_x, sizeof *h.x), direct_memory(i->n_y, sizeof *h.y),
                        direct_memory(i->n_y, sizeof *h.dy), direct_memory(i->n_x, sizeof *h.dx) };
    mp_to_bf16(i->x, h.x, i->n_x);
    mp_from_bf16(h.x, i->x, i->n_x);
    mp_to_bf16(i->dy, h.dy, i->n_y);
    mp_from_bf16(h.dy, i->dy, i->n_y);
    return h;
}

static void drop_halves(struct halves *h)
{
    free(h->x);
    free(h->y);
    free(h->dy);
    free(h->dx);
}

static double error_of(const float *got, const double *exact, size_t n)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        error += ((double)got[i] - exact[i]) * ((double)got[i] - exact[i]);
        size += exact[i] * exact[i];
    }
    return sqrt(error / (size > 0 ? size : 1));
}

static double error_of_halves(const mp_bf16 *got, const double *exact, size_t n)
{
    float *x = direct_memory(n, sizeof *x);
    mp_from_bf16(got, x, n);
    const double error = error_of(x, exact, n);
    free(x);
    return error;
}

/* Of outputs and gradients of inputs by direct sums of bf16. */
static void direct_errors(const struct images *i, double *y, double *dx)
{
    struct images t = make(i->d);
    memcpy(t.x, i->x, t.n_x * sizeof *t.x);
    memcpy(t.dy, i->dy, t.n_y * sizeof *t.dy);
    for (size_t k = 0; k < t.n_w; k++)
        t.w[k] = mp_float_of(mp_bf16_of(i->w[k]));
    plain(&t);
    for (size_t k = 0; k < t.n_y; k++)
        t.y[k] = mp_float_of(mp_bf16_of((float)t.true_y[k]));
    for (size_t k = 0; k < t.n_x; k++)
        t.dx[k] = mp_float_of(mp_bf16_of((float)t.true_dx[k]));
    *y = error_of(t.y, i->true_y, t.n_y);
    *dx = error_of(t.dx, i->true_dx, t.n_x);
    drop(&t);
}

static void test_shape(struct tap *t, struct mp_ctx *c, struct mp_conv_dims d)
{
    struct images i = make(d);
    struct halves h = halve(&i);
    char name[100];
    double y, dx;
    snprintf(name, sizeof name, "%zu of %d x %d x %d, %d filters of %d x %d px%s", d.n, d.in.h,
             d.in.w, d.in.c, d.out.c, d.kernel, d.kernel, d.top > 0 ? "" : ", valid");
    plain(&i);
    direct_errors(&i, &y, &dx);
    const bool ran =
        mp_fixed_winograd_forward(c, &d, h.x, i.w, i.b, h.y) == MP_OK &&
        mp_fixed_winograd_backward(c, &d, h.x, i.w, h.dy, i.dw, i.db, h.dx) == MP_OK;
    const double times = d.kernel == 3 ? times_3 : times_5;
    const double off_y = error_of_halves(h.y, i.true_y, i.n_y);
    const double off_dx = error_of_halves(h.dx, i.true_dx, i.n_x);
    const double off_dw = error_of(i.dw, i.true_dw, i.n_w);
    const bool near = off_y <= times * y && off_dx <= times * dx &&
                      off_dw <= (d.kernel == 3 ? weights_3 : weights_5);
    if (!near || getenv("WINOGRAD_ERRORS") != NULL)
        tap_note("outputs %.2g, direct %.2g; gradients of inputs %.2g, direct %.2g; of weights "
                 "%.2g", off_y, y, off_dx, dx, off_dw);
    tap_ok(t, ran && near, "%s: as exact as bf16, nearly", name);
    tap_ok(t, error_of(i.db, i.true_db, (size_t)d.out.c) < 1e-5, "%s: gradient of bias", name);
    drop_halves(&h);
    drop(&i);
}

/* Negative outputs are 0 and no number stays none; what is nothing gives nothing. */
static void test_options(struct tap *t, struct mp_ctx *c)
{
    struct mp_conv_dims d = dims(2, 9, 6, 16, 16, 3, true);
    struct images i = make(d);
    struct halves h = halve(&i);
    d.relu = true;
    h.x[0] = mp_bf16_of(NAN);
    bool good = mp_fixed_winograd_forward(c, &d, h.x, i.w, i.b, h.y) == MP_OK, positive = true;
    for (size_t k = i.n_y / 2; k < i.n_y; k++)
        positive = positive && mp_float_of(h.y[k]) >= 0;
    tap_ok(t, good && positive, "relu");
    tap_ok(t, good && isnan(mp_float_of(h.y[0])), "relu leaves what is no number");
    memset(h.dy, 0, i.n_y * sizeof *h.dy);
    h.x[0] = 0;
    good = mp_fixed_winograd_backward(c, &d, h.x, i.w, h.dy, i.dw, NULL, NULL) == MP_OK;
    for (size_t k = 0; k < i.n_w; k++)
        good = good && i.dw[k] == 0;
    tap_ok(t, good, "no gradient of outputs, none of weights");
    h.dy[5] = mp_bf16_of(INFINITY);
    good = mp_fixed_winograd_backward(c, &d, h.x, i.w, h.dy, i.dw, i.db, h.dx) == MP_OK;
    tap_ok(t, good && isnan(i.dw[0]) && isnan(mp_float_of(h.dx[0])), "infinity is no number");
    drop_halves(&h);
    drop(&i);
}

/* All as large as they get, of one sign: sums stay below 2^31. */
static void test_largest(struct tap *t, struct mp_ctx *c)
{
    struct mp_conv_dims d = dims(1, 28, 28, 128, 64, 3, true);
    struct images i = make(d);
    for (size_t k = 0; k < i.n_x; k++)
        i.x[k] = 1e30f;
    for (size_t k = 0; k < i.n_w; k++)
        i.w[k] = 1;
    for (size_t k = 0; k < i.n_y; k++)
        i.dy[k] = 1e-3f;
    struct halves h = halve(&i);
    plain(&i);
    const bool ran =
        mp_fixed_winograd_forward(c, &d, h.x, i.w, i.b, h.y) == MP_OK &&
        mp_fixed_winograd_backward(c, &d, h.x, i.w, h.dy, i.dw, i.db, h.dx) == MP_OK;
    const double y = error_of_halves(h.y, i.true_y, i.n_y);
    const double dw = error_of(i.dw, i.true_dw, i.n_w);
    tap_ok(t, ran && y < 4e-3 && dw < 4e-3, "sums as large as they get: errors %.2g, %.2g", y, dw);
    drop_halves(&h);
    drop(&i);
}

/* A row has the same bits alone and among others. */
static void test_rows(struct tap *t, struct mp_ctx *c)
{
    struct mp_conv_dims d = dims(5, 14, 14, 32, 48, 3, true);
    struct images i = make(d);
    struct halves h = halve(&i);
    bool good = mp_fixed_winograd_forward(c, &d, h.x, i.w, i.b, h.y) == MP_OK;
    const size_t one = mp_len(d.in), out = mp_len(d.out);
    mp_bf16 *y = direct_memory(out, sizeof *y);
    for (size_t k = 0; k < d.n; k++) {
        struct mp_conv_dims alone = d;
        alone.n = 1;
        good = good && mp_fixed_winograd_forward(c, &alone, h.x + k * one, i.w, i.b, y) == MP_OK &&
               memcmp(y, h.y + k * out, out * sizeof *y) == 0;
    }
    tap_ok(t, good, "a row has the same bits wherever it stands");
    free(y);
    drop_halves(&h);
    drop(&i);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    static const int kernels[] = { 3, 5 };
    for (int k = 0; k < 2; k++)
        for (int same = 0; same < 2; same++) {
            test_shape(&t, &c, dims(1, 8, 8, 16, 16, kernels[k], same));
            test_shape(&t, &c, dims(3, 7, 10, 20, 50, kernels[k], same));
            test_shape(&t, &c, dims(2, 13, 6, 3, 5, kernels[k], same));
            test_shape(&t, &c, dims(2, 5, 5, 1, 1, kernels[k], same));
            test_shape(&t, &c, dims(3, 14, 14, 32, 64, kernels[k], same));
        }
    test_shape(&t, &c, dims(2, 26, 26, 32, 64, 3, false));
    test_shape(&t, &c, dims(1, 6, 6, 130, 70, 3, true));
    test_options(&t, &c);
    test_largest(&t, &c);
    test_rows(&t, &c);
    mp_ctx_free(&c);
    return tap_end(&t);
}
