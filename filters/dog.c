/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dog.c - the difference of two Gaussian blurs.
 *
 * D. Marr and E. Hildreth, "Theory of edge detection", Proc. Royal Society B 207 (1980) 187-217:
 * at 1 : 1.6 it is nearly the Laplacian of a Gaussian.  Cost: that of two blurs, see blur.c.
 * Defined by skimage.filters.difference_of_gaussians, which it equals.
 */
#include "core/simd.h"
#include "image/axis.h"
#include "image/sign.h"

struct params {
    double low, high;
    int negative, border;
};

static const struct mp_param table[] = {
    MP_PARAM(low, .def = "1", .min = 0, .max = 10, .unit = "px",
             .doc = "standard deviation of the blur that is kept; 0: the image as it is"),
    MP_PARAM(high, .def = "1.6", .min = 0.1, .max = 10, .unit = "px",
             .doc = "standard deviation of the blur that is taken away"),
    MP_PARAM(negative, .def = "keep", .choices = MP_NEGATIVES, .doc = MP_NEGATIVE_DOC),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* to may be x. */
MP_CLONES static void subtract(const float *x, const float *y, size_t n, enum mp_negative negative,
                               float *to)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = mp_signed(x[i] - y[i], negative);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;

    if (p->low >= p->high)
        return mp_fail(c, "low=%g must be below high=%g", p->low, p->high);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape);
    const enum mp_border border = (enum mp_border)p->border;
    float *fine = mp_scratch(c, len), *coarse = mp_scratch(c, len);
    struct mp_axes low, high;
    (void)state;

    if (fine == NULL || coarse == NULL ||
        (p->low > 0 && mp_axes_gauss(c, &low, in->shape, p->low, border) < 0) ||
        mp_axes_gauss(c, &high, in->shape, p->high, border) < 0)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len) {
        const float *x = in->x + i;
        if (p->low > 0)
            mp_axes_map(&low, x, fine);
        mp_axes_map(&high, x, coarse);
        subtract(p->low > 0 ? fine : x, coarse, len, (enum mp_negative)p->negative, out->x + i);
    }
    return MP_OK;
}

MP_STAGE(dog) = {
    .brief = "Take a coarse blur away from a fine one: a band-pass",
    .doc = "The image blurred with a Gaussian of sigma low, less the image blurred with sigma\n"
           "high: a band-pass that keeps what is wider than low and narrower than high, such as\n"
           "strokes, and takes away both specks and slow changes of the paper.  Strokes are\n"
           "above 0, what lies beside them below; flat parts are 0, with border=zero except\n"
           "near the border.  With low=0 it is a high-pass.  Equals\n"
           "skimage.filters.difference_of_gaussians, whose high is 1.6 low unless given.",
    .example = "dog low=0.7 high=2.5 negative=drop",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
