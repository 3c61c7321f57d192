/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sharpen.c - unsharp mask.
 *
 * out = in + amount (in - blurred), cut to 0 .. 1.  Cost: that of the blur, see
 * blur.c, and a few percent.  Defined by skimage.filters.unsharp_mask(radius=sigma)
 * with border=reflect, which it equals to 1e-6.
 */
#include "core/pixel.h"
#include "core/simd.h"
#include "image/axis.h"

struct params {
    double sigma, amount;
    int border;
};

static const struct mp_param table[] = {
    MP_PARAM(sigma, .def = "1.0", .min = 0.1, .max = 10, .unit = "px",
             .doc = "standard deviation of the blur that is taken away"),
    MP_PARAM(amount, .def = "1.0", .min = 0, .max = 10,
             .doc = "how strongly the difference from the blurred image is added"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* to may be x. */
MP_CLONES static void add_difference(const float *x, const float *blurred, size_t n, float amount,
                                     float *to)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = mp_cut(x[i] + amount * (x[i] - blurred[i]));
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape);
    float *blurred = mp_scratch(c, len);
    struct mp_axes m;
    (void)state;

    if (blurred == NULL || mp_axes_gauss(c, &m, in->shape, p->sigma, (enum mp_border)p->border) < 0)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len) {
        mp_axes_map(&m, in->x + i, blurred);
        add_difference(in->x + i, blurred, len, (float)p->amount, out->x + i);
    }
    return MP_OK;
}

MP_STAGE(sharpen) = {
    .brief = "Sharpen each image with an unsharp mask",
    .doc = "Adds `amount` times what a Gaussian blur takes away, so that soft edges\n"
           "get steeper; the result is cut to 0 .. 1.  amount=0 changes nothing.  With\n"
           "border=reflect it equals skimage.filters.unsharp_mask.",
    .example = "sharpen sigma=1 amount=0.5",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
