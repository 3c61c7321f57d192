/* SPDX-License-Identifier: GPL-3.0-or-later */
/* canny.c - lines along edges.
 *
 * J. Canny, "A computational approach to edge detection", IEEE Trans. PAMI 8 (1986) 679-698, as
 * OpenCV has it: the gradient by Sobel's 3 x 3 sums of levels, the edge pixel repeated outside;
 * a pixel stays if its gradient is above `low` and no smaller than its neighbours' along the
 * gradient, whose direction is rounded to 45 degrees; pixels above `high` are edges, and so are
 * those that hang together with one (image/spans.h).  Defined by cv2.Canny, which it equals.
 * There is no blur before it; canny of skimage has one, and interpolates between neighbours.
 */
#include "core/simd.h"
#include "image/border.h"
#include "image/planes.h"
#include "image/spans.h"
#include <string.h>

enum { L1, L2 }; /* order of .choices below */

struct params {
    int low, high, norm;
};

static const struct mp_param table[] = {
    MP_PARAM(low, .def = "100", .min = 0, .max = 32767, .unit = "levels",
             .doc = "gradients above this go on with an edge"),
    MP_PARAM(high, .def = "200", .min = 0, .max = 32767, .unit = "levels",
             .doc = "gradients above this begin an edge"),
    MP_PARAM(norm, .def = "l1", .choices = "l1|l2",
             .doc = "length of a gradient: |gx| + |gy|, or the root of the sum of squares"),
    MP_END
};

enum { TAN_22 = 13573 }; /* tan(22.5 degrees) in 1 / 2^15 */

/* An image's levels in a frame of one pixel, its gradients, and their lengths in a frame of 0. */
struct work {
    int h, w, low, high;
    bool squares;
    uint8_t *packed;
    int *gx, *gy, *length;
    float *marks;
    struct mp_spans spans;
    uint8_t *strong; /* of each span's part */
};

MP_CLONES static void gradients(const struct work *k)
{
    const int line = k->w + 2;

    for (int y = 0; y < k->h; y++) {
        const uint8_t *a = k->packed + y * line, *b = a + line, *c = b + line;
        int *gx = k->gx + y * k->w, *gy = k->gy + y * k->w;
        int *length = k->length + (y + 1) * line + 1;
        for (int x = 0; x < k->w; x++) {
            const int dx = a[x + 2] - a[x] + 2 * (b[x + 2] - b[x]) + c[x + 2] - c[x];
            const int dy = c[x] - a[x] + 2 * (c[x + 1] - a[x + 1]) + c[x + 2] - a[x + 2];
            const int ax = dx < 0 ? -dx : dx, ay = dy < 0 ? -dy : dy;
            gx[x] = dx;
            gy[x] = dy;
            length[x] = k->squares ? dx * dx + dy * dy : ax + ay;
        }
    }
}

/* 1 at pixels that begin an edge, 1/2 at those that may go on with one.  Of equal neighbours
 * the first counts, along diagonals neither. */
MP_CLONES static void thin(const struct work *k)
{
    const int line = k->w + 2;

    for (int y = 0; y < k->h; y++) {
        const int *at = k->length + (y + 1) * line + 1, *up = at - line, *down = at + line;
        const int *gx = k->gx + y * k->w, *gy = k->gy + y * k->w;
        float *mark = k->marks + y * k->w;
        for (int x = 0; x < k->w; x++) {
            const int m = at[x], dx = gx[x], dy = gy[x];
            const int ax = dx < 0 ? -dx : dx, ay = (dy < 0 ? -dy : dy) << 15;
            const int flat = ax * TAN_22, steep = flat + (ax << 16);
            const int across = (m > at[x - 1]) & (m >= at[x + 1]);
            const int along = (m > up[x]) & (m >= down[x]);
            const int falling = (m > up[x - 1]) & (m > down[x + 1]);
            const int rising = (m > up[x + 1]) & (m > down[x - 1]);
            const int slanting = (dx ^ dy) < 0 ? rising : falling;
            const int top = ay < flat ? across : ay > steep ? along : slanting;
            mark[x] = (top & (m > k->low)) == 0 ? 0 : m > k->high ? 1 : 0.5f;
        }
    }
}

/* Parts stay that have a pixel above `high`. */
static void follow(struct work *k, uint8_t *to)
{
    struct mp_spans *s = &k->spans;

    mp_spans_find(s, k->marks, 0, true, true);
    memset(k->strong, 0, (size_t)s->n);
    for (const struct mp_span *at = s->at; at < s->at + s->n; at++)
        for (int x = at->from; x < at->to; x++)
            k->strong[at->part] |= k->marks[at->y * k->w + x] > 0.5f;
    memset(to, 0, (size_t)k->h * (size_t)k->w);
    for (const struct mp_span *at = s->at; at < s->at + s->n; at++)
        if (k->strong[at->part])
            memset(to + (size_t)at->y * (size_t)k->w + at->from, 255, (size_t)(at->to - at->from));
}

static void trace(void *arg, const uint8_t *plane, uint8_t *to)
{
    struct work *k = arg;
    mp_pack((char *)k->packed, (const char *)plane, k->h, k->w, 1, 1, MP_NEAREST);
    gradients(k);
    thin(k);
    follow(k, to);
}

static int *ints(struct mp_ctx *c, size_t n)
{
    return (int *)(void *)mp_scratch(c, n);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;

    if (p->low > p->high)
        return mp_fail(c, "low=%d must not be above high=%d", p->low, p->high);
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t h = (size_t)in->shape.h, w = (size_t)in->shape.w, n = h * w;
    const size_t framed = (h + 2) * (w + 2);
    struct work k = { .h = in->shape.h, .w = in->shape.w, .squares = p->norm == L2 };
    (void)state;

    k.low = k.squares ? p->low * p->low : p->low;
    k.high = k.squares ? p->high * p->high : p->high;
    k.packed = (uint8_t *)mp_scratch(c, framed / sizeof(float) + 1);
    k.strong = (uint8_t *)mp_scratch(c, n / sizeof(float) + 1);
    k.marks = mp_scratch(c, n);
    k.gx = ints(c, n);
    k.gy = ints(c, n);
    k.length = ints(c, framed);
    if (k.packed == NULL || k.strong == NULL || k.marks == NULL || k.gx == NULL || k.gy == NULL ||
        k.length == NULL || mp_spans_new(c, &k.spans, k.h, k.w) < 0)
        return -1;
    memset(k.length, 0, framed * sizeof *k.length);
    return mp_each_plane_bytes(c, in, out, trace, &k);
}

MP_STAGE(canny) = {
    .brief = "Draw lines along edges",
    .doc = "Canny's edges (1986) as OpenCV finds them: pixels where the gradient is largest, seen\n"
           "along it, become 1 if it is above high, or above low and they hang together with\n"
           "such a pixel; all others become 0.  The gradient is Sobel's sum of differences of\n"
           "levels 0..255, up to 1020 along each axis.  There is no blur before it: write blur\n"
           "above it.  Pixels are rounded to 256 levels.  Each channel of a colour image has\n"
           "edges of its own.  Equals cv2.Canny with an aperture of 3; skimage.feature.canny\n"
           "blurs, scales and interpolates otherwise.",
    .example = "canny low=200 high=500",
    .flags = MP_INPLACE | MP_BYTES,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
};
