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

/* Arrays have rows of w + 2 values: levels and lengths of gradients lie in a frame of one pixel,
 * and loops run over the ends of rows. */
struct work {
    int h, w, low, high;
    bool squares;
    size_t line, n;  /* values of a row, and of all but the frame's rows */
    uint8_t *packed;
    int *gx, *gy, *length;
    float *marks;    /* the frame's columns are worked out, too, and left out in `plain` */
    float *plain;
    struct mp_spans spans;
    uint8_t *strong; /* of each span's part */
};

MP_CLONES static void gradients(const struct work *k)
{
    const uint8_t *a = k->packed, *b = a + k->line, *c = b + k->line;
    int *restrict gx = k->gx, *restrict gy = k->gy, *restrict length = k->length + k->line + 1;
    const bool squares = k->squares;

    for (size_t i = 0; i < k->n; i++) {
        const int dx = a[i + 2] - a[i] + 2 * (b[i + 2] - b[i]) + c[i + 2] - c[i];
        const int dy = c[i] - a[i] + 2 * (c[i + 1] - a[i + 1]) + c[i + 2] - a[i + 2];
        const int ax = dx < 0 ? -dx : dx, ay = dy < 0 ? -dy : dy;
        gx[i] = dx;
        gy[i] = dy;
        length[i] = squares ? dx * dx + dy * dy : ax + ay;
    }
    for (int y = 0; y < k->h; y++) /* the frame's columns, worked out across the ends */
        length[(size_t)y * k->line + (size_t)k->w] = length[(size_t)y * k->line + k->line - 1] = 0;
}

/* 1 at pixels that begin an edge, 1/2 at those that may go on with one.  Of equal neighbours
 * the first counts, along diagonals neither. */
MP_CLONES static void thin(const struct work *k)
{
    const int *at = k->length + k->line + 1, *up = at - k->line, *down = at + k->line;
    const int *gx = k->gx, *gy = k->gy, low = k->low, high = k->high;
    float *restrict marks = k->marks;

    for (size_t i = 0; i < k->n; i++) {
        const int m = at[i], dx = gx[i], dy = gy[i];
        const int ax = dx < 0 ? -dx : dx, ay = (dy < 0 ? -dy : dy) << 15;
        const int flat = ax * TAN_22, steep = flat + (ax << 16);
        const int across = (m > at[i - 1]) & (m >= at[i + 1]);
        const int along = (m > up[i]) & (m >= down[i]);
        const int falling = (m > up[i - 1]) & (m > down[i + 1]);
        const int rising = (m > up[i + 1]) & (m > down[i - 1]);
        const int slanting = (dx ^ dy) < 0 ? rising : falling;
        const int top = ay < flat ? across : ay > steep ? along : slanting;
        marks[i] = (top & (m > low)) == 0 ? 0 : m > high ? 1 : 0.5f;
    }
    for (size_t y = 0; y < (size_t)k->h; y++)
        memcpy(k->plain + y * (size_t)k->w, k->marks + y * k->line,
               (size_t)k->w * sizeof *k->plain);
}

/* Parts stay that have a pixel above `high`. */
static void follow(struct work *k, uint8_t *to)
{
    struct mp_spans *s = &k->spans;

    mp_spans_find(s, k->plain, 0, true, true);
    memset(k->strong, 0, (size_t)s->n);
    for (const struct mp_span *at = s->at; at < s->at + s->n; at++)
        for (int x = at->from; x < at->to; x++)
            k->strong[at->part] |= k->plain[at->y * k->w + x] > 0.5f;
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
    const size_t h = (size_t)in->shape.h, w = (size_t)in->shape.w, line = w + 2;
    struct work k = { .h = in->shape.h, .w = in->shape.w, .squares = p->norm == L2,
                      .line = line, .n = h * line };
    (void)state;

    k.low = k.squares ? p->low * p->low : p->low;
    k.high = k.squares ? p->high * p->high : p->high;
    k.packed = (uint8_t *)mp_scratch(c, (k.n + 2 * line + 2) / sizeof(float) + 1);
    k.strong = (uint8_t *)mp_scratch(c, h * w / sizeof(float) + 1);
    k.marks = mp_scratch(c, k.n);
    k.plain = mp_scratch(c, h * w);
    k.gx = ints(c, k.n);
    k.gy = ints(c, k.n);
    k.length = ints(c, k.n + 2 * line + 2);
    if (k.packed == NULL || k.strong == NULL || k.marks == NULL || k.plain == NULL ||
        k.gx == NULL || k.gy == NULL || k.length == NULL || mp_spans_new(c, &k.spans, k.h, k.w) < 0)
        return -1;
    memset(k.packed, 0, k.n + 2 * line + 2);
    memset(k.length, 0, (k.n + 2 * line + 2) * sizeof *k.length);
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
