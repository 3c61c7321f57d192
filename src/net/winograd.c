/* SPDX-License-Identifier: GPL-3.0-or-later */
/* winograd.c - convolutions by the values of polynomials (Winograd 1980; Lavin and Gray 2016,
 * "Fast algorithms for convolutional neural networks").
 *
 * A tile of 4 x 4 outputs comes from n x n inputs, n = 4 + kernel - 1.  Inputs d and kernel g
 * are taken to n x n points, multiplied point by point, and brought back:
 *
 *     y = A' [ (G g G') . (B' d B) ] A
 *
 * with the points 0, 1, -1, 2, -2, infinity and, for 5 x 5, 1/2, -1/2.  A sum over channels is
 * made at the points, where it is n^2 products of matrices, tiles x channels by channels x
 * filters.  36 multiplications a tile in place of 144, and 64 in place of 400.  Gradients are
 * the transposed of each step:
 *
 *     dg = G' [ (A dy A') . (B' d B) ] G,     dd = B [ (G g G') . (A dy A') ] B',
 *
 * so that both share A dy A', and dg is brought back once for all tiles.  Some tiles at a time
 * go all the way, so that their points stay in the cache.
 *
 * Channels are filled up to vectors at the points, and images get their borders: a copy of one
 * at a time, unless it needs neither. */
#include "net/winograd.h"
#include "net/winograd_loops.h"
#include <string.h>

enum { MOST = 1 << 14, /* channels times filters: weights at the points fit the cache */
       ROWS = 8,       /* tiles are filled up to a multiple */
       LINE = 16 };    /* floats in a line of the cache */

static const struct mp_winograd_loops *loops_here(void)
{
#ifdef MP_CLONED
    if (__builtin_cpu_supports("x86-64-v4"))
        return &mp_winograd_avx512;
    if (__builtin_cpu_supports("x86-64-v3"))
        return &mp_winograd_avx2;
#endif
    return &mp_winograd_plain;
}

/* ------------------------------------------------------------------- images */

/* Images with the zeros around them that tiles reach, channels filled up to vectors: one at a
 * time.  `same`: they are so themselves, and stay where they lie. */
struct frame {
    struct mp_shape image;
    size_t row, column, size, before; /* floats: before the first value of the image */
    float *at;
    bool same;
};

static int open_frame(struct mp_ctx *c, struct mp_shape image, size_t rows, size_t columns,
                      size_t top, size_t left, struct frame *f)
{
    const size_t wide = (size_t)mp_lanes(image.c);
    *f = (struct frame){ .image = image, .row = columns * wide, .column = wide,
                         .size = rows * columns * wide, .before = (top * columns + left) * wide };
    f->same = f->size == mp_len(image) && columns == (size_t)image.w;
    f->at = f->same ? NULL : mp_scratch(c, f->size);
    if (!f->same && f->at == NULL)
        return -1;
    if (!f->same)
        memset(f->at, 0, f->size * sizeof *f->at);
    return MP_OK;
}

static void copy_pixels(float *to, size_t to_step, const float *from, size_t from_step, size_t n,
                        size_t size)
{
    if (to_step == size && from_step == size)
        memcpy(to, from, n * size * sizeof *to);
    else
        for (size_t i = 0; i < n; i++)
            memcpy(to + i * to_step, from + i * from_step, size * sizeof *to);
}

static void copy_in(const struct frame *f, const float *image)
{
    const size_t c = (size_t)f->image.c, w = (size_t)f->image.w;
    for (size_t y = 0; !f->same && y < (size_t)f->image.h; y++)
        copy_pixels(f->at + f->before + y * f->row, f->column, image + y * w * c, c, w, c);
}

static void copy_out(const struct frame *f, float *image)
{
    const size_t c = (size_t)f->image.c, w = (size_t)f->image.w;
    for (size_t y = 0; !f->same && y < (size_t)f->image.h; y++)
        copy_pixels(image + y * w * c, c, f->at + f->before + y * f->row, f->column, w, c);
}

/* ---------------------------------------------------------------- all tiles */

/* Tiles at the points: of each point a row of channels a tile. */
struct tiles {
    size_t wide, point; /* floats: of a row, and from point to point */
    float *at;
};

struct work {
    const struct mp_conv_dims *d;
    size_t n, points;             /* on a side, and in all */
    size_t across, per_image, all; /* tiles: of a row, an image, all images */
    size_t block;                 /* tiles at a time */
    struct frame in, out, back;   /* back: gradients of the inputs */
    struct tiles v, m;            /* inputs, outputs */
    float *u, *bias;              /* weights at the points; bias or its gradient, filled up */
    const struct mp_winograd_loops *loops;
};

/* Inputs and outputs of a block of tiles stay in the cache together. */
enum { CACHE = 1 << 19 }; /* bytes */

static size_t up(size_t n)
{
    return (n + ROWS - 1) / ROWS * ROWS;
}

static int open_tiles(struct mp_ctx *c, const struct work *q, int channels, struct tiles *t)
{
    const size_t wide = (size_t)mp_lanes(channels);
    /* A line more, so that points do not share a set of the cache. */
    *t = (struct tiles){ .wide = wide, .point = q->block * wide + LINE };
    t->at = mp_scratch(c, q->points * t->point);
    return t->at != NULL ? MP_OK : -1;
}

/* Inputs with what tiles reach beyond them. */
static int open_inputs(struct mp_ctx *c, const struct work *q, struct frame *f)
{
    const size_t reach = q->n - MP_TILE, down = q->per_image / q->across;
    return open_frame(c, q->d->in, MP_TILE * down + reach, MP_TILE * q->across + reach,
                      (size_t)q->d->top, (size_t)q->d->left, f);
}

static int open(struct mp_ctx *c, const struct mp_conv_dims *d, struct work *q)
{
    const size_t down = (size_t)(d->out.h + MP_TILE - 1) / MP_TILE;
    const size_t wide = (size_t)(mp_lanes(d->in.c) + mp_lanes(d->out.c));
    *q = (struct work){ .d = d, .n = (size_t)(d->kernel + MP_TILE - 1),
                        .across = (size_t)(d->out.w + MP_TILE - 1) / MP_TILE,
                        .loops = loops_here() };
    q->points = q->n * q->n;
    q->per_image = q->across * down;
    q->all = d->n * q->per_image;
    q->block = up(CACHE / sizeof(float) / q->points / wide + 1);
    if (open_tiles(c, q, d->in.c, &q->v) < 0 || open_tiles(c, q, d->out.c, &q->m) < 0 ||
        open_inputs(c, q, &q->in) < 0 ||
        open_frame(c, d->out, MP_TILE * down, MP_TILE * q->across, 0, 0, &q->out) < 0)
        return -1;
    q->u = mp_scratch(c, q->points * q->v.wide * q->m.wide);
    q->bias = mp_scratch(c, wide);
    if (q->u == NULL || q->bias == NULL)
        return -1;
    memset(q->bias, 0, wide * sizeof *q->bias);
    return MP_OK;
}

static bool begins(const struct work *q, size_t tile)
{
    return tile % q->per_image == 0;
}

static bool ends(const struct work *q, size_t tile)
{
    return (tile + 1) % q->per_image == 0;
}

/* The image that a tile is of. */
static float *image_of(const struct work *q, const struct frame *f, const float *images,
                       size_t tile)
{
    return (float *)(uintptr_t)images + tile / q->per_image * mp_len(f->image);
}

/* The side of a tile that lies in images. */
static struct mp_square in_image(const struct work *q, const struct frame *f, const float *images,
                              size_t tile)
{
    const size_t here = tile % q->per_image, y = here / q->across, x = here % q->across;
    float *at = f->same ? image_of(q, f, images, tile) : f->at;
    return (struct mp_square){ at + MP_TILE * (y * f->row + x * f->column), f->row, f->column };
}

/* The side at the points, of tile i of a block. */
static struct mp_square at_points(const struct work *q, const struct tiles *t, size_t i)
{
    return (struct mp_square){ t->at + i * t->wide, q->n * t->point, t->point };
}

/* Rows of points that no tile has, up to whole ROWS. */
static void fill_up(const struct work *q, const struct tiles *t, size_t n)
{
    for (size_t p = 0; n % ROWS != 0 && p < q->points; p++)
        memset(t->at + p * t->point + n * t->wide, 0, (up(n) - n) * t->wide * sizeof *t->at);
}

/* ------------------------------------------------------------------- passes */

/* Weights at the points: u, channels x filters of each, or with `turned` filters x channels. */
static int take_weights(struct mp_ctx *c, const struct work *q, const float *w, bool turned)
{
    const size_t n_in = (size_t)q->d->in.c, n_out = (size_t)q->d->out.c;
    const size_t one = q->v.wide * q->m.wide, columns = turned ? q->v.wide : q->m.wide;
    const size_t k = (size_t)q->d->kernel;
    const int mark = mp_scratch_mark(c);
    float *wide = mp_scratch(c, k * k * one);
    if (wide == NULL)
        return -1;
    memset(wide, 0, k * k * one * sizeof *wide);
    for (size_t t = 0; t < k * k; t++, w += n_in * n_out)
        if (turned)
            mp_transpose(wide + t * one, columns, w, n_out, n_in, n_out);
        else
            copy_pixels(wide + t * one, columns, w, n_out, n_in, n_out);
    q->loops->turn_kernels(false, k, (struct mp_square){ wide, k * one, one },
                                   (struct mp_square){ q->u, q->n * one, one }, one);
    mp_scratch_release(c, mark);
    return MP_OK;
}

static void take_inputs(const struct work *q, const float *x, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (begins(q, first + i))
            copy_in(&q->in, image_of(q, &q->in, x, first + i));
        q->loops->turn(MP_INPUT, q->n, in_image(q, &q->in, x, first + i), at_points(q, &q->v, i),
                                      q->v.wide, q->bias, false);
    }
    fill_up(q, &q->v, n);
}

/* to = from u, for n tiles, at all points. */
static void multiply_weights(const struct work *q, const struct tiles *from,
                             const struct tiles *to, size_t n)
{
    for (size_t p = 0; p < q->points; p++)
        q->loops->multiply(&(struct mp_product){
            .a = from->at + p * from->point, .a_row = from->wide, .a_step = 1,
            .b = q->u + p * from->wide * to->wide, .b_step = to->wide,
            .c = to->at + p * to->point, .c_row = to->wide,
            .rows = up(n), .k = from->wide, .columns = to->wide });
}

static void give_outputs(const struct work *q, float *y, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        q->loops->turn(MP_OUTPUT, q->n, at_points(q, &q->m, i),
                                        in_image(q, &q->out, y, first + i), q->m.wide, q->bias,
                                        q->d->relu);
        if (ends(q, first + i))
            copy_out(&q->out, image_of(q, &q->out, y, first + i));
    }
}

int mp_winograd_forward(struct mp_ctx *c, const struct mp_conv_dims *d, const float *x,
                        const float *w, const float *b, float *y)
{
    const int mark = mp_scratch_mark(c);
    struct work q;
    if (open(c, d, &q) < 0 || take_weights(c, &q, w, false) < 0)
        return -1;
    if (d->bias)
        memcpy(q.bias, b, (size_t)d->out.c * sizeof *b);
    for (size_t t = 0; t < q.all; t += q.block) {
        const size_t n = q.all - t < q.block ? q.all - t : q.block;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        take_inputs(&q, x, t, n);
        multiply_weights(&q, &q.v, &q.m, n);
        give_outputs(&q, y, t, n);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

static void take_gradients(const struct work *q, const float *dy, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (begins(q, first + i))
            copy_in(&q->out, image_of(q, &q->out, dy, first + i));
        q->loops->turn(MP_BACK_OUTPUT, q->n, in_image(q, &q->out, dy, first + i),
                                                  at_points(q, &q->m, i), q->m.wide, q->bias,
                                                  false);
    }
    fill_up(q, &q->m, n);
}

/* The sum of a tile is its value at point (1, 1). */
static void add_bias(const struct work *q, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct mp_square s = at_points(q, &q->m, i);
        for (size_t f = 0; f < q->m.wide; f++)
            q->bias[f] += s.at[s.row + s.column + f];
    }
}

/* The gradient of weights at the points, of some tiles more. */
static void add_weights(const struct work *q, size_t n, bool more, float *sums)
{
    const struct tiles *v = &q->v, *m = &q->m;
    for (size_t p = 0; p < q->points; p++)
        q->loops->multiply(&(struct mp_product){
            .a = v->at + p * v->point, .a_row = 1, .a_step = v->wide,
            .b = m->at + p * m->point, .b_step = m->wide,
            .c = sums + p * v->wide * m->wide, .c_row = m->wide,
            .rows = v->wide, .k = n, .columns = m->wide, .add = more });
}

/* Of the inputs; their values at the points give way to it. */
static void give_gradients(const struct work *q, size_t first, size_t n, float *dx)
{
    multiply_weights(q, &q->m, &q->v, n);
    for (size_t i = 0; i < n; i++) {
        float *image = image_of(q, &q->back, dx, first + i);
        if (begins(q, first + i))
            memset(q->back.same ? image : q->back.at, 0, q->back.size * sizeof *image);
        q->loops->turn(MP_BACK_INPUT, q->n, at_points(q, &q->v, i),
                                                in_image(q, &q->back, dx, first + i), q->v.wide,
                                                q->bias, false);
        if (ends(q, first + i))
            copy_out(&q->back, image);
    }
}

static int give_weights(struct mp_ctx *c, const struct work *q, float *sums, float *dw)
{
    const size_t one = q->v.wide * q->m.wide, k = (size_t)q->d->kernel;
    const size_t n_in = (size_t)q->d->in.c, n_out = (size_t)q->d->out.c;
    float *wide = mp_scratch(c, k * k * one);
    if (wide == NULL)
        return -1;
    q->loops->turn_kernels(true, k, (struct mp_square){ sums, q->n * one, one },
                                             (struct mp_square){ wide, k * one, one }, one);
    for (size_t t = 0; t < k * k; t++)
        copy_pixels(dw + t * n_in * n_out, n_out, wide + t * one, q->m.wide, n_in, n_out);
    return MP_OK;
}

int mp_winograd_backward(struct mp_ctx *c, const struct mp_conv_dims *d, const float *x,
                         const float *w, const float *dy, float *dw, float *db, float *dx)
{
    const int mark = mp_scratch_mark(c);
    struct work q;
    if (open(c, d, &q) < 0 ||
        (dx != NULL && (open_inputs(c, &q, &q.back) < 0 || take_weights(c, &q, w, true) < 0)))
        return -1;
    float *sums = mp_scratch(c, q.points * q.v.wide * q.m.wide);
    if (sums == NULL)
        return -1;
    for (size_t t = 0; t < q.all; t += q.block) {
        const size_t n = q.all - t < q.block ? q.all - t : q.block;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        take_inputs(&q, x, t, n);
        take_gradients(&q, dy, t, n);
        add_bias(&q, n);
        add_weights(&q, n, t > 0, sums);
        if (dx != NULL)
            give_gradients(&q, t, n, dx);
    }
    const int rc = give_weights(c, &q, sums, dw);
    if (rc == MP_OK && db != NULL)
        memcpy(db, q.bias, (size_t)d->out.c * sizeof *db);
    mp_scratch_release(c, mark);
    return rc;
}

double mp_winograd_gain(const struct mp_conv_dims *d)
{
    const double n = d->kernel + MP_TILE - 1, down = (d->out.h + MP_TILE - 1) / MP_TILE;
    const double across = (d->out.w + MP_TILE - 1) / MP_TILE;
    const double channels = mp_lanes(d->in.c), filters = mp_lanes(d->out.c);
    const double direct = (double)d->kernel * d->kernel * d->in.c * (double)mp_len(d->out);
    const double made = n * n * down * across * channels * filters;
    /* The way to the points and back costs as much as 16 more channels, or filters. */
    const double there_and_back = 1 + 16 / channels + 16 / filters;
    const bool possible = (d->kernel == 3 || d->kernel == 5) && d->stride == 1 &&
                          channels * filters <= MOST;
    return possible ? direct / (made * there_and_back) : 0;
}

/* Measured beside oneDNN 2.6.3 with AVX-512 on 32 images, all passes: 2.8 times its speed where
 * 5 x 5 see 32 channels of 28 x 28 px, 2.2 times for 3 x 3 and 64 channels there, 1.7 times on
 * 14 x 14; 1.2 times for 16 channels and 32 filters, and none is left for 16 of each, for images
 * of 5 x 5 px, and where a product's weights alone are a megabyte.  With AVX2 and SSE gains are
 * larger. */
bool mp_winograd_fits(const struct mp_conv_dims *d)
{
    return d->precision == MP_F32 && mp_winograd_gain(d) > 1.2;
}
