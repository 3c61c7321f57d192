/* SPDX-License-Identifier: GPL-3.0-or-later */
/* warp.c - images moved by one affine map.
 *
 * Where the pixels of the new image come from is the same for all images: it is worked out once a
 * chunk, with the weights of the 1, 2 or 4 pixels along each axis that are read there (cubic:
 * R. G. Keys 1981, a = -1/2).  Images are drawn into a frame of paper as wide as the weights
 * reach, so that the loops need no tests.
 *
 * Cost: for each pixel a multiply-add for each of 1, 4 or 16 pixels read. */
#include "image/warp.h"
#include "core/pixel.h"
#include "core/simd.h"
#include "image/planes.h"
#include <math.h>
#include <string.h>

enum { FRAME = 3 };

struct warp {
    int h, w;
    size_t n, pitch;  /* pixels; values of a row of the page */
    int taps;         /* pixels read along each axis: 1, 2 or 4 */
    float *page;      /* the image in its frame */
    int *at;          /* n: the first pixel that is read for each */
    float *down, *across; /* taps x n: weights of the rows and of the columns read */
};

bool mp_affine_inverts(const struct mp_affine *a)
{
    const double largest = fmax(fmax(fabs(a->xx), fabs(a->xy)), fmax(fabs(a->yx), fabs(a->yy)));
    return fabs(a->xx * a->yy - a->xy * a->yx) > 1e-9 * largest * largest;
}

/* The weights, along one axis, of the pixels around a place that lies `part` behind one. */
static void weigh(enum mp_warp_kernel kernel, double part, float *w, size_t step)
{
    const double t = part, u = 1 - part;

    switch (kernel) {
    case MP_WARP_NEAREST:
        w[0] = 1;
        break;
    case MP_WARP_LINEAR:
        w[0] = (float)u;
        w[step] = (float)t;
        break;
    case MP_WARP_CUBIC:
        w[0] = (float)(-0.5 * t * u * u);
        w[step] = (float)(1 + t * t * (1.5 * t - 2.5));
        w[2 * step] = (float)(1 + u * u * (1.5 * u - 2.5));
        w[3 * step] = (float)(-0.5 * u * t * t);
        break;
    }
}

/* Pixel i of the new image comes from (y, x) of the old one.  1e-9: a tie falls to the later in
 * spite of rounding, and a place on a pixel reads that alone. */
static void place(const struct warp *p, enum mp_warp_kernel kernel, size_t i, double y, double x)
{
    const double half = kernel == MP_WARP_NEAREST ? 0.5 : 0;
    const double fy = floor(y + half + 1e-9), fx = floor(x + half + 1e-9);
    const int before = kernel == MP_WARP_CUBIC;

    p->at[i] = 0;
    if (!(fy >= -2 && fy <= p->h && fx >= -2 && fx <= p->w)) {
        for (int k = 0; k < p->taps; k++)
            p->down[(size_t)k * p->n + i] = p->across[(size_t)k * p->n + i] = 0;
        return;
    }
    p->at[i] = ((int)fy - before + FRAME) * (int)p->pitch + (int)fx - before + FRAME;
    weigh(kernel, fmax(y - fy, 0), p->down + i, p->n);
    weigh(kernel, fmax(x - fx, 0), p->across + i, p->n);
}

static void place_all(const struct warp *p, const struct mp_affine *a, enum mp_warp_kernel kernel)
{
    const double area = a->xx * a->yy - a->xy * a->yx;
    const double cy = (p->h - 1) / 2.0, cx = (p->w - 1) / 2.0;

    for (int i = 0; i < p->h; i++)
        for (int k = 0; k < p->w; k++) {
            const double y = i - cy - a->down, x = k - cx - a->right;
            place(p, kernel, (size_t)i * (size_t)p->w + (size_t)k,
                  cy + (a->xx * y - a->yx * x) / area, cx + (a->yy * x - a->xy * y) / area);
        }
}

static inline void sample(const struct warp *p, int taps, float *to)
{
    for (size_t i = 0; i < p->n; i++) {
        const float *from = p->page + p->at[i];
        float sum = 0;
        for (int k = 0; k < taps; k++, from += p->pitch) {
            float row = 0;
            for (int j = 0; j < taps; j++)
                row += p->across[(size_t)j * p->n + i] * from[j];
            sum += p->down[(size_t)k * p->n + i] * row;
        }
        to[i] = taps == 4 ? mp_cut(sum) : sum;
    }
}

MP_CLONES static void sample_all(const struct warp *p, float *to)
{
    if (p->taps == 1)
        sample(p, 1, to);
    else if (p->taps == 2)
        sample(p, 2, to);
    else
        sample(p, 4, to);
}

static void move(void *arg, const float *plane, float *to)
{
    const struct warp *p = arg;
    for (size_t y = 0; y < (size_t)p->h; y++)
        memcpy(p->page + (y + FRAME) * p->pitch + FRAME, plane + y * (size_t)p->w,
               (size_t)p->w * sizeof *plane);
    sample_all(p, to);
}

int mp_warp(struct mp_ctx *c, const struct mp_chunk *in, struct mp_chunk *out,
            const struct mp_affine *a, enum mp_warp_kernel kernel)
{
    struct warp p = { .h = in->shape.h, .w = in->shape.w };
    p.taps = kernel == MP_WARP_NEAREST ? 1 : kernel == MP_WARP_LINEAR ? 2 : 4;
    p.n = (size_t)p.h * (size_t)p.w;
    p.pitch = (size_t)p.w + 2 * FRAME;
    const size_t page = ((size_t)p.h + 2 * FRAME) * p.pitch;

    p.page = mp_scratch(c, page);
    p.at = (int *)(void *)mp_scratch(c, p.n);
    p.down = mp_scratch(c, (size_t)p.taps * p.n);
    p.across = mp_scratch(c, (size_t)p.taps * p.n);
    if (p.page == NULL || p.at == NULL || p.down == NULL || p.across == NULL)
        return -1;
    memset(p.page, 0, page * sizeof *p.page);
    place_all(&p, a, kernel);
    return mp_each_plane(c, in, out, move, &p);
}
