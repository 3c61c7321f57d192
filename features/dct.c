/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dct.c - the lowest frequencies of the discrete cosine transform.
 *
 * Method: the orthonormal transform of type II along both axes, as maps of axis.h that have no
 * more rows than are kept.  Equal to scipy.fft.dctn(norm="ortho").
 *
 * Cost: as many multiply-adds a pixel as rows are kept, about sqrt(2 keep).
 */
#include "core/stage.h"
#include "image/axis.h"
#include "image/describe.h"
#include <math.h>

struct params {
    int keep;
};

static const struct mp_param table[] = {
    MP_PARAM(keep, .def = "64", .min = 1, .max = 1 << 16, .doc = "how many coefficients"),
    MP_END
};

/* The place of a coefficient, walked along in zigzag over h x w. */
struct place {
    int y, x;
};

static struct place next(struct place p, int h, int w)
{
    const bool up = (p.y + p.x) % 2 == 0; /* the way that its diagonal is walked */
    if (up && p.x + 1 < w && p.y > 0)
        return (struct place){ p.y - 1, p.x + 1 };
    if (!up && p.y + 1 < h && p.x > 0)
        return (struct place){ p.y + 1, p.x - 1 };
    const bool right = up ? p.x + 1 < w : p.y + 1 == h;
    return right ? (struct place){ p.y, p.x + 1 } : (struct place){ p.y + 1, p.x };
}

struct work {
    int keep;
    struct mp_shape s;
    struct mp_axes axes;
    float *all; /* the lowest of both axes */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const int keep = ((const struct params *)params)->keep, n = in.h * in.w;
    (void)state;
    if (keep > n)
        return mp_fail(c, "keep=%d: an image of %dx%d has %d coefficients; must be at most %d",
                       keep, in.h, in.w, n, n);
    return mp_described(c, in, keep, out);
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    const struct mp_described d = mp_which(i, (size_t)((const struct params *)params)->keep);
    struct place p = { 0, 0 };
    for (size_t k = 0; k < d.i; k++)
        p = next(p, in.h, in.w);
    mp_describe_name(text, size, in, d.channel, "dct[y=%d,x=%d", p.y, p.x);
}

static void describe(void *work, const float *plane, float *to)
{
    const struct work *k = work;
    struct place p = { 0, 0 };
    mp_axes_map(&k->axes, plane, k->all);
    for (int i = 0; i < k->keep; i++, p = next(p, k->s.h, k->s.w))
        to[i] = k->all[p.y * k->axes.across.to + p.x];
}

/* The first `to` cosines over n pixels. */
static int cosines(struct mp_ctx *c, struct mp_axis *a, int n, int to)
{
    if (mp_axis_new(c, a, n, to, n) < 0)
        return -1;
    const int mark = mp_scratch_mark(c);
    double *w = (double *)mp_scratch(c, (size_t)n * (sizeof *w / sizeof(float)));
    if (w == NULL)
        return -1;
    for (int i = 0; i < to; i++) {
        for (int j = 0; j < n; j++)
            w[j] = sqrt((i == 0 ? 1.0 : 2.0) / n) * cos(M_PI * (2 * j + 1) * i / (2.0 * n));
        mp_axis_set(a, i, 0, n, w, MP_ZERO);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    struct work k = { .keep = ((const struct params *)params)->keep, .s = in->shape,
                      .axes.channels = 1 };
    struct place p = { 0, 0 }, most = p;
    (void)state;

    for (int i = 1; i < k.keep; i++) {
        p = next(p, k.s.h, k.s.w);
        most.y = p.y > most.y ? p.y : most.y;
        most.x = p.x > most.x ? p.x : most.x;
    }
    k.all = mp_scratch(c, ((size_t)most.y + 1) * ((size_t)most.x + 1));
    if (k.all == NULL || cosines(c, &k.axes.down, k.s.h, most.y + 1) < 0 ||
        cosines(c, &k.axes.across, k.s.w, most.x + 1) < 0 || mp_axes_room(c, &k.axes) < 0)
        return -1;
    return mp_describe_planes(c, in, out, describe, &k);
}

MP_STAGE(dct) = {
    .brief = "Take the lowest frequencies of the cosine transform",
    .doc = "The image as a sum of cosines, of which those that change least are kept, in the\n"
           "zigzag of JPEG: (0, 0), (0, 1), (1, 0), (2, 0), (1, 1), (0, 2) ..., y and x being\n"
           "half waves from top to bottom and from left to right.  The coefficients are those of\n"
           "the orthonormal transform, scipy.fft.dctn(norm=\"ortho\"), so with all of them\n"
           "distances between images are what they were.  Each channel of a colour image has\n"
           "coefficients of its own, one channel after another.",
    .example = "dct keep=100",
    .flags = MP_IMAGES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .label = label,
    .apply = apply,
};
