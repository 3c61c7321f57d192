/* SPDX-License-Identifier: GPL-3.0-or-later */
/* convolved.h - a convolution with its gradients by plain loops in double, for tests. */
#ifndef MP_CONVOLVED_H
#define MP_CONVOLVED_H
#include "linear/products.h"
#include "direct.h"

/* Of d, all from the heap; what the loops of a test give, and what is expected. */
struct images {
    struct mp_conv_dims d;
    size_t n_x, n_w, n_y;
    float *x, *w, *b, *y, *dy, *dx, *dw, *db;
    double *true_y, *true_dx, *true_dw, *true_db;
};

static inline float *drawn(size_t n, uint64_t seed, bool positive)
{
    float *v = direct_memory(n, sizeof *v);
    for (size_t i = 0; i < n; i++) {
        uint64_t u = (i + 1 + seed * 1000003) * 0x9e3779b97f4a7c15u;
        u = (u ^ u >> 31) * 0xbf58476d1ce4e5b9u;
        v[i] = (float)((double)(u >> 40) / (1 << 23) - 1);
        v[i] = positive && v[i] < 0 ? 0 : v[i];
    }
    return v;
}

static inline struct mp_conv_dims dims(size_t n, int h, int w, int channels, int filters, int kernel,
                                bool same)
{
    const int before = same ? kernel / 2 : 0, less = same ? 0 : kernel - 1;
    return (struct mp_conv_dims){ .n = n, .in = { h, w, channels },
                                  .out = { h - less, w - less, filters }, .kernel = kernel,
                                  .stride = 1, .top = before, .left = before, .bias = true };
}

static inline struct images make(struct mp_conv_dims d)
{
    struct images t = { .d = d, .n_x = d.n * mp_len(d.in), .n_y = d.n * mp_len(d.out),
                        .n_w = (size_t)(d.kernel * d.kernel * d.in.c * d.out.c) };
    t.x = drawn(t.n_x, 1, true); /* as behind relu */
    t.w = drawn(t.n_w, 2, false);
    t.b = drawn((size_t)d.out.c, 3, false);
    t.dy = drawn(t.n_y, 4, false);
    t.y = direct_memory(t.n_y, sizeof *t.y);
    t.dx = direct_memory(t.n_x, sizeof *t.dx);
    t.dw = direct_memory(t.n_w, sizeof *t.dw);
    t.db = direct_memory((size_t)d.out.c, sizeof *t.db);
    t.true_y = direct_memory(t.n_y, sizeof *t.true_y);
    t.true_dx = direct_memory(t.n_x, sizeof *t.true_dx);
    t.true_dw = direct_memory(t.n_w, sizeof *t.true_dw);
    t.true_db = direct_memory((size_t)d.out.c, sizeof *t.true_db);
    return t;
}

static inline void drop(struct images *t)
{
    void *all[] = { t->x, t->w, t->b, t->y, t->dy, t->dx, t->dw, t->db, t->true_y, t->true_dx,
                    t->true_dw, t->true_db };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* One weight of one output: forward and both gradients. */
static inline void add_product(struct images *t, size_t x, size_t w, size_t y)
{
    t->true_y[y] += (double)t->x[x] * (double)t->w[w];
    t->true_dx[x] += (double)t->dy[y] * (double)t->w[w];
    t->true_dw[w] += (double)t->dy[y] * (double)t->x[x];
}

static inline void output(struct images *t, size_t image, int oy, int ox, int f)
{
    const struct mp_conv_dims *d = &t->d;
    const struct mp_shape in = d->in, out = d->out;
    const size_t y = ((image * (size_t)out.h + (size_t)oy) * (size_t)out.w + (size_t)ox) *
                         (size_t)out.c + (size_t)f;
    t->true_y[y] = (double)t->b[f];
    t->true_db[f] += (double)t->dy[y];
    for (int ky = 0; ky < d->kernel; ky++)
        for (int kx = 0; kx < d->kernel; kx++) {
            const int iy = oy + ky - d->top, ix = ox + kx - d->left;
            const size_t x = ((image * (size_t)in.h + (size_t)iy) * (size_t)in.w + (size_t)ix) *
                             (size_t)in.c;
            const size_t w = (size_t)((ky * d->kernel + kx) * in.c * out.c + f);
            for (int c = 0; c < in.c && iy >= 0 && ix >= 0 && iy < in.h && ix < in.w; c++)
                add_product(t, x + (size_t)c, w + (size_t)(c * out.c), y);
        }
}

static inline void plain(struct images *t)
{
    for (size_t i = 0; i < t->d.n; i++)
        for (int y = 0; y < t->d.out.h; y++)
            for (int x = 0; x < t->d.out.w; x++)
                for (int f = 0; f < t->d.out.c; f++)
                    output(t, i, y, x, f);
}
#endif
