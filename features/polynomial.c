/* SPDX-License-Identifier: GPL-3.0-or-later */
/* polynomial.c - the values, and the products of each two of them.
 *
 * With them a linear model draws borders of the second degree.  Equal to scikit-learn's
 * PolynomialFeatures(degree=2, include_bias=False), in its order.
 *
 * Cost: a multiplication for each product; d (d + 3) / 2 values of d.
 */
#include "core/simd.h"
#include "core/stage.h"

enum { ALL, CROSS, SQUARES }; /* order of .choices below */
enum { MOST_VALUES = 1 << 20 }; /* that a row may have */

struct params {
    int products;
};

static const struct mp_param table[] = {
    MP_PARAM(products, .def = "all", .choices = "all|cross|squares",
             .doc = "of each two values, the same twice included; not included; or squares "
                    "alone"),
    MP_END
};

/* Products that begin with value i of d. */
static size_t row_of(int products, size_t d, size_t i)
{
    return products == ALL ? d - i : products == CROSS ? d - i - 1 : 1;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const size_t d = mp_len(in);
    const size_t all = p->products == ALL ? mp_product(d, d + 1) / 2
                       : p->products == CROSS ? mp_product(d, d - 1) / 2 : d;
    (void)state;
    if (all > MOST_VALUES - d)
        return mp_fail(c, "makes %zu products of %zu values; with these at most %d: pca before it",
                       all, d, MOST_VALUES);
    *out = (struct mp_shape){ 1, (int)(d + all), 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct params *p = params;
    const size_t d = mp_len(in);
    size_t a = 0;
    if (i < d) {
        snprintf(text, size, "polynomial[%zu]", i);
        return;
    }
    for (i -= d; i >= row_of(p->products, d, a); a++)
        i -= row_of(p->products, d, a);
    snprintf(text, size, "polynomial[%zu*%zu]", a, a + i + (p->products == CROSS));
}

MP_CLONES static void multiply(const struct params *p, const float *restrict x, size_t d,
                               float *restrict to)
{
    for (size_t i = 0; i < d; i++)
        *to++ = x[i];
    for (size_t i = 0; i < d; i++) {
        const size_t n = row_of(p->products, d, i);
        const float *from = x + i + (p->products == CROSS);
        for (size_t j = 0; j < n; j++)
            to[j] = x[i] * from[j];
        to += n;
    }
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t d = mp_len(in->shape), made = mp_len(out->shape);
    (void)c, (void)state;
    for (size_t i = 0; i < in->n; i++)
        multiply(params, in->x + i * d, d, out->x + i * made);
    return MP_OK;
}

MP_STAGE(polynomial) = {
    .brief = "Add the products of each two values",
    .doc = "With products of values a linear model draws borders of the second degree: bent\n"
           "ones, and ones that hold where two things come together.\n"
           "\n"
           "The values themselves come first, then the products of the first with itself and all\n"
           "after it, of the second with itself and all after it, and so on: of d values\n"
           "d (d + 3) / 2.  products=cross leaves squares out, products=squares all else.  Of\n"
           "100 values there are 5150, so that pca before it is usual.  Equal to scikit-learn's\n"
           "PolynomialFeatures(degree=2, include_bias=False).",
    .example = "polynomial products=squares",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
