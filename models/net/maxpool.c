/* maxpool.c - the largest value of each window.
 *
 * Windows stand wholly inside the image, as in PyTorch's MaxPool2d: rows and columns
 * that are left over at the end are not read.  The gradient goes to the first of the
 * largest values, row by row; backward() finds it again by comparing, which is
 * cheaper than keeping where it was.
 *
 * Cost: size^2 comparisons a value; loops run over the channels.
 */
#include "layer.h"
#include "simd.h"
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

MP_CLONES static void pool(const struct params *p, const float *restrict x, struct mp_shape in,
                           float *restrict y, struct mp_shape out)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    const size_t size = (size_t)p->size, stride = (size_t)step(p);

    for (size_t v = 0; v < (size_t)out.h; v++)
        for (size_t u = 0; u < (size_t)out.w; u++, y += c) {
            const float *window = x + v * stride * row + u * stride * c;
            for (size_t k = 0; k < c; k++)
                y[k] = window[k];
            for (size_t i = 0; i < size; i++)
                for (size_t j = i == 0; j < size; j++) {
                    const float *from = window + i * row + j * c;
                    for (size_t k = 0; k < c; k++)
                        y[k] = from[k] <= y[k] ? y[k] : from[k]; /* a NaN stays to be seen */
                }
        }
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

/* What a value has received is taken out of dy, so the next equal one gets nothing.
 * Windows that lie side by side and fill the image write each gradient once. */
MP_CLONES static void unpool(const struct params *p, const float *restrict x,
                             float *restrict dx, struct mp_shape in, const float *restrict y,
                             float *restrict dy, struct mp_shape out)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    const size_t size = (size_t)p->size, stride = (size_t)step(p);

    const bool once = size == stride && out.h * p->size == in.h && out.w * p->size == in.w;

    if (!once)
        memset(dx, 0, mp_len(in) * sizeof *dx);
    for (size_t v = 0; v < (size_t)out.h; v++)
        for (size_t u = 0; u < (size_t)out.w; u++, y += c, dy += c)
            for (size_t i = 0; i < size; i++)
                for (size_t j = 0; j < size; j++) {
                    const size_t at = (v * stride + i) * row + (u * stride + j) * c;
                    for (size_t k = 0; k < c && once; k++) {
                        dx[at + k] = where_equal(x[at + k], y[k], dy[k]);
                        dy[k] -= dx[at + k];
                    }
                    for (size_t k = 0; k < c && !once; k++) {
                        const float hit = where_equal(x[at + k], y[k], dy[k]);
                        dx[at + k] += hit;
                        dy[k] -= hit;
                    }
                }
}

MP_CLONES static void pool_bf16(const struct params *p, const mp_bf16 *restrict x,
                                struct mp_shape in, mp_bf16 *restrict y, struct mp_shape out)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    const size_t size = (size_t)p->size, stride = (size_t)step(p);

    for (size_t v = 0; v < (size_t)out.h; v++)
        for (size_t u = 0; u < (size_t)out.w; u++, y += c) {
            const mp_bf16 *window = x + v * stride * row + u * stride * c;
            for (size_t k = 0; k < c; k++)
                y[k] = window[k];
            for (size_t i = 0; i < size; i++)
                for (size_t j = i == 0; j < size; j++) {
                    const mp_bf16 *from = window + i * row + j * c;
                    for (size_t k = 0; k < c; k++)
                        y[k] = mp_float_of(from[k]) <= mp_float_of(y[k]) ? y[k] : from[k];
                }
        }
}

/* As unpool(); a window's largest value is found by its bits. */
MP_CLONES static void unpool_bf16(const struct params *p, const mp_bf16 *restrict x,
                                  mp_bf16 *restrict dx, struct mp_shape in,
                                  const mp_bf16 *restrict y, mp_bf16 *restrict dy,
                                  struct mp_shape out)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    const size_t size = (size_t)p->size, stride = (size_t)step(p);
    const bool once = size == stride && out.h * p->size == in.h && out.w * p->size == in.w;

    if (!once)
        memset(dx, 0, mp_len(in) * sizeof *dx);
    for (size_t v = 0; v < (size_t)out.h; v++)
        for (size_t u = 0; u < (size_t)out.w; u++, y += c, dy += c)
            for (size_t i = 0; i < size; i++)
                for (size_t j = 0; j < size; j++) {
                    const size_t at = (v * stride + i) * row + (u * stride + j) * c;
                    for (size_t k = 0; k < c && once; k++) {
                        const mp_bf16 hit = x[at + k] == y[k] ? dy[k] : 0;
                        dx[at + k] = hit;
                        dy[k] ^= hit;
                    }
                    for (size_t k = 0; k < c && !once; k++) {
                        const mp_bf16 hit = x[at + k] == y[k] ? dy[k] : 0;
                        dx[at + k] = mp_bf16_of(mp_float_of(dx[at + k]) + mp_float_of(hit));
                        dy[k] ^= hit;
                    }
                }
}

static int forward(struct mp_pass *p, const float *x, float *y)
{
    const size_t len = mp_len(p->in), d = mp_len(p->out);

    for (size_t i = 0; i < p->n; i++)
        pool(p->params, x + i * len, p->in, y + i * d, p->out);
    return MP_OK;
}

static int backward(struct mp_pass *p, const float *x, const float *y, float *dy, float *dx)
{
    const size_t len = mp_len(p->in), d = mp_len(p->out);

    for (size_t i = 0; dx != NULL && i < p->n; i++)
        unpool(p->params, x + i * len, dx + i * len, p->in, y + i * d, dy + i * d, p->out);
    return MP_OK;
}

static int forward_bf16(struct mp_pass *p, const mp_bf16 *x, mp_bf16 *y)
{
    const size_t len = mp_len(p->in), d = mp_len(p->out);

    for (size_t i = 0; i < p->n; i++)
        pool_bf16(p->params, x + i * len, p->in, y + i * d, p->out);
    return MP_OK;
}

static int backward_bf16(struct mp_pass *p, const mp_bf16 *x, const mp_bf16 *y, mp_bf16 *dy,
                         mp_bf16 *dx)
{
    const size_t len = mp_len(p->in), d = mp_len(p->out);

    for (size_t i = 0; dx != NULL && i < p->n; i++)
        unpool_bf16(p->params, x + i * len, dx + i * len, p->in, y + i * d, dy + i * d, p->out);
    return MP_OK;
}

MP_LAYER(maxpool) = {
    .brief = "Keep the largest value of each window",
    .doc = "Windows of size x size pixels, stride pixels apart, channel by channel, as\n"
           "PyTorch's MaxPool2d: windows that would reach over the edge are left out.  Of\n"
           "equal values the first receives the gradient.",
    .example = "maxpool size=2",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .forward = forward,
    .backward = backward,
    .forward_bf16 = forward_bf16,
    .backward_bf16 = backward_bf16,
};
