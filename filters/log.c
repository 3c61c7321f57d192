/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.c - the Laplacian of a Gaussian.
 *
 * The sum of the second derivatives down and across of the blurred image, each a convolution with
 * the second derivative of the Gaussian along one axis and the Gaussian along the other (axis.h);
 * times -sigma^2, so that ink is above 0 and sizes can be compared.  D. Marr and E. Hildreth,
 * "Theory of edge detection", Proc. Royal Society B 207 (1980) 187-217; T. Lindeberg, "Feature
 * detection with automatic scale selection", IJCV 30 (1998) 79-116.  Cost: two blurs.  Defined by
 * scipy.ndimage.gaussian_laplace times -sigma^2, which it equals.
 */
#include "core/simd.h"
#include "image/axis.h"
#include "image/sign.h"

struct params {
    double sigma;
    int negative, border;
};

static const struct mp_param table[] = {
    MP_PARAM(sigma, .def = "1", .min = 0.3, .max = 10, .unit = "px",
             .doc = "standard deviation of the Gaussian"),
    MP_PARAM(negative, .def = "keep", .choices = MP_NEGATIVES, .doc = MP_NEGATIVE_DOC),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

MP_CLONES static void add(const float *x, const float *y, size_t n, enum mp_negative negative,
                          float *to)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        to[i] = mp_signed(x[i] + y[i], negative);
}

static int prepare(struct mp_ctx *c, const struct params *p, struct mp_shape s, bool across,
                   struct mp_axes *m)
{
    const int r = mp_gauss_radius(p->sigma), side = 2 * r + 1;
    const enum mp_border border = (enum mp_border)p->border;
    double even[2 * MP_GAUSS_MOST + 1], bent[2 * MP_GAUSS_MOST + 1];

    mp_gauss(p->sigma, even);
    for (int i = 0; i < side; i++) {
        const double x = (i - r) / p->sigma;
        bent[i] = even[i] * (1 - x * x); /* -sigma^2 times the second derivative */
    }
    m->channels = (size_t)s.c;
    if (mp_axis_convolve(c, &m->down, s.h, across ? even : bent, r, border) < 0 ||
        mp_axis_convolve(c, &m->across, s.w, across ? bent : even, r, border) < 0)
        return -1;
    return mp_axes_room(c, m);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t len = mp_len(in->shape);
    float *xx = mp_scratch(c, len), *yy = mp_scratch(c, len);
    struct mp_axes across, down;
    (void)state;

    if (xx == NULL || yy == NULL || prepare(c, p, in->shape, true, &across) < 0 ||
        prepare(c, p, in->shape, false, &down) < 0)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len) {
        mp_axes_map(&across, in->x + i, xx);
        mp_axes_map(&down, in->x + i, yy);
        add(xx, yy, len, (enum mp_negative)p->negative, out->x + i);
    }
    return MP_OK;
}

MP_STAGE(log) = {
    .brief = "Bring out strokes of one width: the Laplacian of a Gaussian",
    .doc = "The Laplacian of the image blurred by a Gaussian, times -sigma^2: largest in the\n"
           "middle of strokes about 2 sigma wide and of dots about 3 sigma wide, below 0 beside\n"
           "them, 0 where the image is flat and on its edges.  The factor makes values of\n"
           "different sigmas comparable.  With border=zero the border of an inked image is an\n"
           "edge, too.  Equals scipy.ndimage.gaussian_laplace times -sigma^2, as in\n"
           "skimage.feature.blob_log.",
    .example = "log sigma=1.5 negative=drop",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
