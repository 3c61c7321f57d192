/* SPDX-License-Identifier: GPL-3.0-or-later */
/* maxpool.c - the largest value of each window.
 *
 * Windows stand wholly inside the image, as in PyTorch's MaxPool2d: rows and columns
 * that are left over at the end are not read.  The gradient goes to the first of the
 * largest values, row by row; backward() finds it again by comparing, which is
 * cheaper than keeping where it was.
 *
 * Cost: size^2 comparisons a value; loops run over the channels.
 */
#include "core/layer.h"
#include "core/simd.h"
#include <string.h>

struct params {
    int size, stride;
};

static const struct mp_param table[] = {
    MP_PARAM(size, .def = "2", .min = 1, .max = 64, .unit = "px",
             .doc = "height and width of the window"),
    MP_PARAM(stride, .def = "0", .min = 0, .max = 64, .unit = "px",
             .doc = "from one window to the next; 0: size"),
    MP_END
};

static int step(const struct params *p)
{
    return p->stride > 0 ? p->stride : p->size;
}

static int shape(struct mp_ctx *c, const void *params, struct mp_shape in, struct mp_shape *out)
{
    const struct params *p = params;

    if (p->size > in.h || p->size > in.w)
        return mp_fail(c, "size=%d: images are %d x %d (height x width) here; must be at most %d",
                       p->size, in.h, in.w, in.h < in.w ? in.h : in.w);
    out->h = (in.h - p->size) / step(p) + 1;
    out->w = (in.w - p->size) / step(p) + 1;
    return MP_OK;
}

/* One image in numbers. */
struct pooling {
    size_t size, stride, c, row, in_h, out_h, out_w; /* row: values from one to the next */
    bool once;                                       /* every value is in exactly one window */
};

static struct pooling pooling_of(const struct mp_pass *p)
{
    const struct params *q = p->params;
    const size_t size = (size_t)q->size, stride = (size_t)step(q);
    return (struct pooling){
        .size = size, .stride = stride, .c = (size_t)p->in.c,
        .row = (size_t)p->in.w * (size_t)p->in.c, .in_h = (size_t)p->in.h,
        .out_h = (size_t)p->out.h, .out_w = (size_t)p->out.w,
        .once = size == stride && p->out.h * q->size == p->in.h && p->out.w * q->size == p->in.w,
    };
}

/* g where the two are equal, otherwise 0: by bits, since a branch here is a coin toss. */
static inline float where_equal(float a, float b, float g)
{
    uint32_t bits;
    memcpy(&bits, &g, sizeof bits);
    bits &= -(uint32_t)(a == b);
    memcpy(&g, &bits, sizeof g);
    return g;
}

static inline float larger(float a, float b)
{
    return a >= b || a != a ? a : b;
}

static inline mp_bf16 larger_bf16(mp_bf16 a, mp_bf16 b)
{
    const float x = mp_float_of(a), y = mp_float_of(b);
    return x >= y || x != x ? a : b;
}

#define VALUE float
#define NAME(x) x
#define LARGER(a, b) larger(a, b)
#define WHERE(x, y, g) where_equal(x, y, g)
#define LESS(g, hit) ((g) - (hit))
#define MORE(d, hit) ((d) + (hit))
#include "net/maxpool_kernel.h"

/* A window's largest value is found by its bits, which are those of one of its values. */
#define VALUE mp_bf16
#define NAME(x) x##_bf16
#define LARGER(a, b) larger_bf16(a, b)
#define WHERE(x, y, g) ((mp_bf16)((x) == (y) ? (g) : 0))
#define LESS(g, hit) ((mp_bf16)((g) ^ (hit)))
#define MORE(d, hit) mp_bf16_of(mp_float_of(d) + mp_float_of(hit))
#include "net/maxpool_kernel.h"

MP_LAYER(maxpool) = {
    .brief = "Keep the largest value of each window",
    .doc = "Windows of size x size pixels, stride pixels apart, channel by channel, as\n"
           "PyTorch's MaxPool2d: windows that would reach over the edge are left out.  Of\n"
           "equal values the first receives the gradient.",
    .example = "maxpool size=2",
    .reads = MP_READS_ROWS,
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .forward = pool_all,
    .backward = unpool_all,
    .forward_bf16 = pool_all_bf16,
    .backward_bf16 = unpool_all_bf16,
};
