/* SPDX-License-Identifier: GPL-3.0-or-later */
/* center.c - moves the ink's centre of mass to the middle of the image.
 *
 * The middle is ((w - 1) / 2, (h - 1) / 2), counting pixels from 0.  The shift is
 * rounded to whole pixels, or kept and interpolated between 2 x 2 pixels; outside
 * the image is paper.  Reference: scipy.ndimage.center_of_mass and shift(order=1,
 * mode="grid-constant").  MNIST's own digits were centred like this, by whole
 * pixels.  Cost: about 0.4 us for an image of 28 x 28.
 */
#include "core/simd.h"
#include "core/stage.h"
#include "image/planes.h"
#include <math.h>
#include <string.h>

enum { PIXEL, LINEAR };

struct params {
    int method;
};

static const struct mp_param table[] = {
    MP_PARAM(method, .def = "pixel", .choices = "pixel|linear",
             .doc = "shift by whole pixels, which changes none of them, or exactly, which "
                    "interpolates"),
    MP_END
};

struct shift {
    double x, y; /* px to the right, down */
};

/* `spread` is a copy of the image whose rows lie `wide` values after a gap of
 * `wide` zeros; behind the last lies another gap, and below the image one row of
 * paper.  The inner loops need no tests, and the output may be the input. */
static size_t spread_len(int h, int wide)
{
    return (2 * (size_t)h + 3) * (size_t)wide + MP_LANES;
}

static void put(float *spread, const float *x, int h, int w, int wide)
{
    for (int y = 0; y < h; y++, x += w)
        memcpy(spread + (2 * (size_t)y + 1) * (size_t)wide, x, (size_t)w * sizeof *x);
}

/* Sums run down the columns; `sums` is for twice `wide` values. */
MP_CLONES
static struct shift measure(const float *spread, int h, int w, int wide, float *sums)
{
    float *s0 = sums, *s1 = sums + wide;
    double m00 = 0, m10 = 0, m01 = 0;

    memset(sums, 0, 2 * (size_t)wide * sizeof *sums);
    for (int y = 0; y < h; y++) {
        const float *row = spread + (2 * (size_t)y + 1) * (size_t)wide;
        const float fy = (float)y;
#pragma omp simd
        for (int x = 0; x < wide; x++) {
            s0[x] += row[x];
            s1[x] += row[x] * fy;
        }
    }
    for (int x = 0; x < wide; x++) {
        m00 += s0[x];
        m10 += s0[x] * (double)x;
        m01 += s1[x];
    }
    if (!(m00 > 0))
        return (struct shift){0, 0};
    return (struct shift){(w - 1) / 2.0 - m10 / m00, (h - 1) / 2.0 - m01 / m00};
}

/* Moves the image in `spread` by s into dst.  A whole-pixel shift has parts of
 * exactly 0 and so copies. */
MP_CLONES
static void move(const float *spread, int h, int w, int wide, struct shift s, float *dst)
{
    const int ix = (int)floor(-s.x), iy = (int)floor(-s.y);
    const float px = (float)(-s.x - ix), py = (float)(-s.y - iy);

    for (int y = 0; y < h; y++, dst += w) {
        const int ya = y + iy >= 0 && y + iy < h ? y + iy : h;
        const int yb = y + iy + 1 >= 0 && y + iy + 1 < h ? y + iy + 1 : h;
        const float *a = spread + (2 * (size_t)ya + 1) * (size_t)wide + ix;
        const float *b = spread + (2 * (size_t)yb + 1) * (size_t)wide + ix;
#pragma omp simd
        for (int x = 0; x < w; x++) {
            const float upper = a[x] + px * (a[x + 1] - a[x]);
            const float lower = b[x] + px * (b[x + 1] - b[x]);
            dst[x] = upper + py * (lower - upper);
        }
    }
}

/* A centre of mass of pixels 0..1 lies in the image; one of values below 0 need
 * not.  1e-5: sums of floats must not decide which way a half is rounded. */
static double settle(double d, int size, int method)
{
    d = d > -size ? d : -size;
    d = d < size ? d : size;
    return method == PIXEL ? floor(d + 0.5 + 1e-5) : d;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const int h = in->shape.h, w = in->shape.w, wide = mp_lanes(w);
    const size_t len = mp_len(in->shape), n = (size_t)h * (size_t)w, channels = len / n;
    float *spread = mp_scratch(c, spread_len(h, wide)), *sums = mp_scratch(c, 2 * (size_t)wide);
    float *room = mp_scratch(c, n);
    (void)state;

    if (spread == NULL || sums == NULL || room == NULL)
        return -1;
    memset(spread, 0, spread_len(h, wide) * sizeof *spread);
    for (size_t i = 0; i < in->n; i++) {
        const float *x = in->x + i * len;
        float *y = out->x + i * len;
        put(spread, mp_plane_sum(x, n, channels, room), h, w, wide);
        struct shift s = measure(spread, h, w, wide, sums);
        s.x = settle(s.x, w, p->method);
        s.y = settle(s.y, h, p->method);
        for (size_t k = 0; k < channels; k++) {
            if (channels > 1)
                put(spread, mp_plane_out(x, n, channels, k, room), h, w, wide);
            move(spread, h, w, wide, s, mp_plane_for(y, channels, room));
            mp_plane_in(y, n, channels, k, room);
        }
    }
    return MP_OK;
}

MP_STAGE(center) = {
    .brief = "Move the ink's centre of mass to the middle",
    .doc = "method=pixel rounds the shift to whole pixels (halves go right and down) and\n"
           "leaves every pixel as it is; method=linear shifts exactly and interpolates,\n"
           "which blurs a little.  What enters at the border is paper.  Ink pushed over\n"
           "the border is lost: pad first if strokes come near it.  An image without ink\n"
           "stays as it is.  Colour images are measured by the sum of their channels, which\n"
           "move alike.",
    .example = "center method=linear",
    .flags = MP_INPLACE,
    .params = table,
    .params_size = sizeof(struct params),
    .apply = apply,
};
