/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd.c - convolutions with few multiplications against plain loops in double: sizes that
 * are no multiple of a tile or of a vector, borders, one image and several.
 *
 * Errors are measured in units of the root of the mean square of what comes out.  Of a direct sum
 * in f32 they are some 2e-7, the largest 1e-6; of what is made here up to 3.4e-6, the largest
 * 3.5e-5, and the bounds are three times that.  Rounding to bf16 alone makes 2e-3. */
#include "net/winograd.h"
#include "../tap.h"
#include "../convolved.h"
#include "core/ctx.h"
#include <math.h>

static const double usual = 1e-5, largest = 1e-4;

/* Whether n values are near enough; what was found is noted where not. */
static bool near(const char *what, const float *got, const double *exact, size_t n)
{
    double most = 0, error = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        const double off = (double)got[i] - exact[i];
        most = fabs(off) <= most ? most : fabs(off); /* NaN, too */
        error += off * off;
        size += exact[i] * exact[i];
    }
    size = sqrt(size / (double)n);
    error = sqrt(error / (double)n);
    const bool good = error <= usual * size && most <= largest * size;
    if (!good || getenv("WINOGRAD_ERRORS") != NULL)
        tap_note("%s: errors %.2g, the largest %.2g", what, error / size, most / size);
    return good;
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static void test_shape(struct tap *t, struct mp_ctx *c, struct mp_conv_dims d)
{
    struct images i = make(d);
    char name[100];
    snprintf(name, sizeof name, "%zu of %d x %d x %d, %d filters of %d x %d px%s", d.n, d.in.h,
             d.in.w, d.in.c, d.out.c, d.kernel, d.kernel, d.top > 0 ? "" : ", valid");
    plain(&i);
    const bool ran = mp_winograd_forward(c, &d, i.x, i.w, i.b, i.y) == MP_OK &&
                     mp_winograd_backward(c, &d, i.x, i.w, i.dy, i.dw, i.db, i.dx) == MP_OK;
    const bool y = near("outputs", i.y, i.true_y, i.n_y);
    const bool dw = near("gradient of weights", i.dw, i.true_dw, i.n_w);
    const bool db = near("gradient of bias", i.db, i.true_db, (size_t)d.out.c);
    const bool dx = near("gradient of inputs", i.dx, i.true_dx, i.n_x);
    tap_ok(t, ran && y && dw && db && dx, "%s: as plain loops have it", name);

    /* A convolution is linear in each: all of these are the same number. */
    memset(i.b, 0, (size_t)d.out.c * sizeof *i.b);
    const bool again = mp_winograd_forward(c, &d, i.x, i.w, i.b, i.y) == MP_OK;
    const double one = dot(i.dy, i.y, i.n_y), two = dot(i.dx, i.x, i.n_x);
    const double three = dot(i.dw, i.w, i.n_w), size = sqrt(dot(i.dy, i.dy, i.n_y)) *
                                                       sqrt(dot(i.y, i.y, i.n_y));
    tap_ok(t, again && fabs(one - two) <= 1e-5 * size && fabs(one - three) <= 1e-5 * size,
           "%s: gradients are those of what is computed", name);
    drop(&i);
}

/* Negative outputs are 0 and no number stays none; gradients that nobody needs are left out. */
static void test_options(struct tap *t, struct mp_ctx *c)
{
    struct mp_conv_dims d = dims(2, 9, 6, 16, 16, 3, true);
    struct images i = make(d);
    plain(&i);
    d.relu = true;
    bool good = mp_winograd_forward(c, &d, i.x, i.w, i.b, i.y) == MP_OK;
    for (size_t k = 0; k < i.n_y; k++)
        i.true_y[k] = fmax(0, i.true_y[k]);
    tap_ok(t, good && near("outputs", i.y, i.true_y, i.n_y), "relu");
    i.x[0] = NAN;
    good = mp_winograd_forward(c, &d, i.x, i.w, i.b, i.y) == MP_OK;
    tap_ok(t, good && isnan(i.y[0]), "relu leaves what is no number");
    drop(&i);

    i = make(d);
    plain(&i);
    good = mp_winograd_backward(c, &d, i.x, i.w, i.dy, i.dw, NULL, NULL) == MP_OK;
    tap_ok(t, good && near("gradient of weights", i.dw, i.true_dw, i.n_w),
           "the gradient of weights alone");
    drop(&i);
}

/* A row has the same bits alone and among others. */
static void test_rows(struct tap *t, struct mp_ctx *c)
{
    struct mp_conv_dims d = dims(7, 14, 14, 32, 48, 3, true);
    struct images i = make(d);
    bool good = mp_winograd_forward(c, &d, i.x, i.w, i.b, i.y) == MP_OK;
    const size_t one = mp_len(d.in), out = mp_len(d.out);
    float *y = direct_memory(out, sizeof *y);
    for (size_t k = 0; k < d.n; k++) {
        struct mp_conv_dims alone = d;
        alone.n = 1;
        good = good && mp_winograd_forward(c, &alone, i.x + k * one, i.w, i.b, y) == MP_OK &&
               memcmp(y, i.y + k * out, out * sizeof *y) == 0;
    }
    tap_ok(t, good, "a row has the same bits wherever it stands");
    free(y);
    drop(&i);
}

/* Where it is faster, by what was measured. */
static void test_choice(struct tap *t)
{
    static const struct { int side, channels, filters, kernel; bool fits; } all[] = {
        { 28, 32, 32, 5, true },  { 14, 32, 64, 3, true },   { 14, 64, 64, 3, true },
        { 28, 16, 16, 5, true },  { 14, 16, 32, 3, true },   { 7, 64, 64, 3, true },
        { 14, 16, 16, 3, false }, { 14, 6, 16, 5, false },   { 5, 64, 64, 3, false },
        { 14, 8, 32, 3, false },  { 7, 256, 256, 3, false }, { 28, 32, 32, 7, false },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct mp_conv_dims d = dims(32, all[i].side, all[i].side, all[i].channels,
                                           all[i].filters, all[i].kernel, true);
        tap_ok(t, mp_winograd_fits(&d) == all[i].fits, "%d filters of %d x %d px on %d x %d x %d",
               d.out.c, d.kernel, d.kernel, d.in.h, d.in.w, d.in.c);
    }
    struct mp_conv_dims d = dims(32, 28, 28, 32, 32, 5, true);
    d.precision = MP_BF16;
    tap_ok(t, !mp_winograd_fits(&d), "not in bf16");
    d = dims(32, 28, 28, 32, 32, 5, true);
    d.stride = 2;
    tap_ok(t, !mp_winograd_fits(&d), "nor with steps of two");
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
            test_shape(&t, &c, dims(9, 14, 14, 32, 64, kernels[k], same));
        }
    test_shape(&t, &c, dims(2, 1, 2, 4, 4, 5, true));
    test_shape(&t, &c, dims(1, 6, 6, 130, 70, 3, true));
    test_options(&t, &c);
    test_rows(&t, &c);
    test_choice(&t);
    mp_ctx_free(&c);
    return tap_end(&t);
}
