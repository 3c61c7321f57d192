/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fixed_winograd.c - convolutions by the values of polynomials, as winograd.c makes them, whose
 * products are of whole numbers.
 *
 * At the points values are sums and differences, whose errors the way back enlarges some ten
 * times: bf16, which keeps eight bits, is too coarse there.  16 bits whose unit is common to an
 * image are finer, and as fast: AVX-512's VNNI multiplies 32 of them and adds them in 32 bits, as
 * AVX512_BF16 does bf16.  Sums are exact, so their order does not matter.
 *
 * Units.  The rows of B' and of A are divided by the sums of their magnitudes, so that nothing at
 * the points is larger than the largest value of an image, which is LARGEST units.  Weights get a
 * unit for each point and filter: as small as sums over channels allow.  Sums over the tiles of
 * an image, for the gradient of weights, are no larger than the product of both sides' norms; the
 * gradient of outputs gives away bits where that is too large.
 *
 * Points are 0, infinity, and pairs a, -a: those that make the smallest errors, see POINTS.
 *
 * One image at a time; some tiles of it, 16 channels of what comes out, go from products to the
 * image while they are in the innermost cache. */
#include "net/fixed_winograd.h"
#include "linear/dnn.h"
#include "net/fixed_loops.h"
#include <math.h>
#include <string.h>

enum { MOST_WEIGHTS = 1 << 13, /* channels times filters: weights at the points fit the cache */
       LEAST_TILES = 9,        /* of an image: fewer leave little to sum before units change */
       MOST_TILES = 64,
       LARGEST = 32700 };

#define SUMS 0x1p31 /* what sums stay below */

static const struct mp_fixed_loops *loops_here(void)
{
#ifdef MP_CLONED
    if (__builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16") &&
        __builtin_cpu_supports("x86-64-v4"))
        return &mp_fixed_vnni;
#endif
    return &mp_fixed_plain;
}

/* ----------------------------------------------------------------- matrices */

/* B', A and G: of each point a row; `in_unit` and `out_unit` are what rows of B' and A are
 * divided by, and `back` is G times both. */
struct matrices {
    size_t n, kernel;
    double in[MP_FIXED_SIDE][MP_FIXED_SIDE], out[MP_FIXED_SIDE][MP_FIXED_SIDE];
    double weights[MP_FIXED_SIDE][MP_FIXED_SIDE], back[MP_FIXED_SIDE][MP_FIXED_SIDE];
    double in_unit[MP_FIXED_SIDE], out_unit[MP_FIXED_SIDE];
};

static double norm(const double *row)
{
    double sum = 0;
    for (size_t j = 0; j < MP_FIXED_SIDE; j++)
        sum += fabs(row[j]);
    return sum;
}

/* to = from (x - root), of so many coefficients before. */
static void times_root(double *p, size_t n, double root)
{
    for (size_t j = n; j > 0; j--)
        p[j] = p[j - 1] - root * (j < n ? p[j] : 0);
    p[0] *= -root;
}

/* Rows of B' are products of all x - point but one's own, of infinity with all. */
static void set_point(struct matrices *m, const double *points, size_t i)
{
    const size_t n = m->n;
    const bool last = i + 1 == n;
    double own = 1, power = 1;
    size_t degree = 0;
    m->in[i][0] = 1;
    for (size_t j = 0; j + 1 < n; j++)
        if (j != i) {
            times_root(m->in[i], ++degree, points[j]);
            own *= last ? 1 : points[i] - points[j];
        }
    for (size_t j = 0; j < n && !last; j++, power *= points[i]) {
        m->out[i][j] = j < MP_FIXED_TILE ? power : 0;
        m->weights[i][j] = j < m->kernel ? power / own : 0;
    }
    if (last)
        m->out[i][MP_FIXED_TILE - 1] = m->weights[i][m->kernel - 1] = 1;
    m->in_unit[i] = norm(m->in[i]);
    m->out_unit[i] = norm(m->out[i]);
    for (size_t j = 0; j < m->kernel; j++)
        m->back[i][j] = m->weights[i][j] * m->in_unit[i] * m->out_unit[i];
}

/* Found by trying: of products of 3 x 3 and 5 x 5 as in tests/unit/fixed_winograd.c these made the
 * smallest errors; 1, 2, and 1/2, as usual for floats, make twice the errors. */
static void set_matrices(struct matrices *m, size_t kernel)
{
    static const double for_3[] = { 0, 0.625, -0.625, 1.5, -1.5 };
    static const double for_5[] = { 0, 1, -1, 2, -2, 0.5, -0.5 };
    *m = (struct matrices){ .n = kernel + MP_FIXED_TILE - 1, .kernel = kernel };
    for (size_t i = 0; i < m->n; i++)
        set_point(m, kernel == 3 ? for_3 : for_5, i);
}

/* In floats; each row over its unit, if there are any. */
static void table(double (*m)[MP_FIXED_SIDE], const double *unit, float *to)
{
    for (size_t i = 0; i < MP_FIXED_SIDE; i++)
        for (size_t j = 0; j < MP_FIXED_SIDE; j++)
            to[i * MP_FIXED_SIDE + j] =
                (float)(m[i][j] / (unit != NULL && unit[i] > 0 ? unit[i] : 1));
}

enum { TABLE = MP_FIXED_SIDE * MP_FIXED_SIDE };

static void scale_table(const float *from, double scale, float *to)
{
    for (size_t i = 0; i < TABLE; i++)
        to[i] = from[i] * (float)scale;
}

/* ------------------------------------------------------------------- images */

/* An image with the zeros around it that tiles reach, channels filled up to vectors.  `same`: it
 * is so itself, and stays where it lies. */
struct frame {
    struct mp_shape image;
    size_t row, column, size, before; /* values: before the first of the image */
    mp_bf16 *at;
    bool same;
};

static int open_frame(struct mp_ctx *c, struct mp_shape image, size_t rows, size_t columns,
                      size_t top, size_t left, struct frame *f)
{
    const size_t wide = (size_t)mp_lanes(image.c);
    *f = (struct frame){ .image = image, .row = columns * wide, .column = wide,
                         .size = rows * columns * wide, .before = (top * columns + left) * wide };
    f->same = f->size == mp_len(image) && columns == (size_t)image.w;
    f->at = f->same ? NULL : (mp_bf16 *)mp_scratch(c, f->size / 2);
    if (!f->same && f->at == NULL)
        return -1;
    if (!f->same)
        memset(f->at, 0, f->size * sizeof *f->at);
    return MP_OK;
}

/* Where tiles read the image. */
static const mp_bf16 *copy_in(const struct frame *f, const mp_bf16 *image)
{
    const size_t c = (size_t)f->image.c, w = (size_t)f->image.w;
    if (f->same)
        return image;
    for (size_t y = 0; y < (size_t)f->image.h; y++) {
        mp_bf16 *row = f->at + f->before + y * f->row;
        if (c == f->column)
            memcpy(row, image + y * w * c, w * c * sizeof *row);
        else
            for (size_t x = 0; x < w; x++)
                memcpy(row + x * f->column, image + (y * w + x) * c, c * sizeof *row);
    }
    return f->at;
}

static void copy_out(const struct frame *f, mp_bf16 *image)
{
    const size_t c = (size_t)f->image.c, w = (size_t)f->image.w;
    for (size_t y = 0; !f->same && y < (size_t)f->image.h; y++) {
        const mp_bf16 *row = f->at + f->before + y * f->row;
        if (c == f->column)
            memcpy(image + y * w * c, row, w * c * sizeof *row);
        else
            for (size_t x = 0; x < w; x++)
                memcpy(image + (y * w + x) * c, row + x * f->column, c * sizeof *row);
    }
}

/* ---------------------------------------------------------------- all tiles */

struct work {
    const struct mp_conv_dims *d;
    struct matrices m;
    size_t n, points;           /* on a side, and in all */
    size_t across, tiles;       /* of a row, and of an image */
    size_t block;               /* tiles that go from products to the image at a time */
    size_t channels, filters;   /* filled up to vectors */
    struct frame in, out;
    const struct mp_fixed_loops *loops;
    float plain_in[TABLE], plain_out[TABLE], second_in[TABLE], second_out[TABLE];
    float *bias;                /* or its gradient, filled up */
    int16_t *rows;              /* a block at the points: of each a row of channels a tile */
    int32_t *sums;              /* of a block at the points, 16 channels of it */
};

/* Weights at the points: pairs of rows of 16 columns, of 16 columns all points; and what sums
 * are to be multiplied by. */
struct weights {
    size_t rows, columns;
    int32_t *pairs;
    float *undo;
};

static int open(struct mp_ctx *c, const struct mp_conv_dims *d, struct work *q)
{
    const size_t down = (size_t)(d->out.h + MP_FIXED_TILE - 1) / MP_FIXED_TILE;
    *q = (struct work){ .d = d, .across = (size_t)(d->out.w + MP_FIXED_TILE - 1) / MP_FIXED_TILE,
                        .channels = (size_t)mp_lanes(d->in.c),
                        .filters = (size_t)mp_lanes(d->out.c), .loops = loops_here() };
    set_matrices(&q->m, (size_t)d->kernel);
    q->n = q->m.n;
    q->points = q->n * q->n;
    q->tiles = q->across * down;
    q->block = q->n == 6 ? 12 : 8;
    const size_t reach = q->n - MP_FIXED_TILE, most = q->channels + q->filters;
    q->bias = mp_scratch(c, most);
    q->rows = (int16_t *)(void *)mp_scratch(c, q->points * q->block * most / 2);
    q->sums = (int32_t *)(void *)mp_scratch(c, q->points * q->block * MP_LANES);
    if (q->bias == NULL || q->rows == NULL || q->sums == NULL ||
        open_frame(c, d->in, MP_FIXED_TILE * down + reach, MP_FIXED_TILE * q->across + reach,
                   (size_t)d->top, (size_t)d->left, &q->in) < 0 ||
        open_frame(c, d->out, MP_FIXED_TILE * down, MP_FIXED_TILE * q->across, 0, 0, &q->out) < 0)
        return -1;
    memset(q->bias, 0, most * sizeof *q->bias);
    memset(q->rows, 0, q->points * q->block * most * sizeof *q->rows);
    table(q->m.in, NULL, q->plain_in);
    table(q->m.out, NULL, q->plain_out);
    table(q->m.in, q->m.in_unit, q->second_in);
    table(q->m.out, q->m.out_unit, q->second_out);
    return MP_OK;
}

/* Where a tile begins in a frame. */
static size_t tile_at(const struct work *q, const struct frame *f, size_t tile)
{
    return MP_FIXED_TILE * (tile / q->across * f->row + tile % q->across * f->column);
}

static size_t up(size_t n)
{
    return (n + 3) / 4 * 4;
}

/* -------------------------------------------------------------------- units */

/* Of an image: from values to units and back. */
struct unit {
    double there, back;
};

/* What is below 1e-30 is nothing; what is no number comes back as none. */
static struct unit unit_of(const struct work *q, const mp_bf16 *x, size_t n)
{
    const double most = (double)mp_float_of(q->loops->largest(x, n));
    if (!(most < HUGE_VAL))
        return (struct unit){ 0, (double)NAN };
    return most < 1e-30 ? (struct unit){ 0, 0 }
                        : (struct unit){ LARGEST / most, most / LARGEST };
}

/* ------------------------------------------------------------------ weights */

/* G w G' of the pair of a row and 16 columns; w: kernel x kernel vectors, so far apart. */
MP_CLONES static void kernel_to_points(const struct matrices *m, const float *w, size_t step,
                                       float *to, size_t to_step)
{
    mp_vector half[MP_FIXED_SIDE][5];
    const size_t k = m->kernel;
    for (size_t x = 0; x < k; x++)
        for (size_t y = 0; y < m->n; y++) {
            mp_vector sum = { 0 };
            for (size_t i = 0; i < k; i++)
                sum += (float)m->weights[y][i] * *(const mp_vector *)(w + (i * k + x) * step);
            half[y][x] = sum;
        }
    for (size_t y = 0; y < m->n; y++)
        for (size_t x = 0; x < m->n; x++) {
            mp_vector sum = { 0 };
            for (size_t i = 0; i < k; i++)
                sum += (float)m->weights[x][i] * half[y][i];
            *(mp_vector *)(to + (y * m->n + x) * to_step) = sum;
        }
}

/* 16 columns at one point; u: rows of them.  `value`: of units of what they are multiplied by. */
MP_CLONES static void to_units(const float *u, size_t rows, double value, int32_t *pairs,
                               float *undo)
{
    const double room = SUMS / (LARGEST + 1) - 0.5 * (double)rows - 1;
    float sum[MP_LANES] = { 0 }, most[MP_LANES] = { 0 }, unit[MP_LANES];
    for (size_t i = 0; i < rows; i++)
        for (size_t l = 0; l < MP_LANES; l++) {
            const float v = fabsf(u[i * MP_LANES + l]);
            sum[l] += v;
            most[l] = v > most[l] ? v : most[l];
        }
    for (size_t l = 0; l < MP_LANES; l++) {
        const double units = fmin(room / (double)sum[l], LARGEST / (double)most[l]);
        const bool some = sum[l] > 1e-30f && sum[l] < HUGE_VALF;
        unit[l] = some ? (float)units : 0;
        undo[l] = some ? (float)(value / (double)unit[l]) : sum[l] <= 1e-30f ? 0 : NAN;
    }
    for (size_t i = 0; i < rows; i += 2)
        for (size_t l = 0; l < MP_LANES; l++) {
            const float a = u[i * MP_LANES + l] * unit[l], b = u[(i + 1) * MP_LANES + l] * unit[l];
            uint32_t low, high;
            const float x = a + 12582912.0f, y = b + 12582912.0f; /* see fixed_loops.h */
            memcpy(&low, &x, sizeof low);
            memcpy(&high, &y, sizeof high);
            pairs[i / 2 * MP_LANES + l] = (int32_t)((low & 0xffff) | high << 16);
        }
}

/* The kernels as rows of columns, filled up, of all places: channels x filters or the reverse. */
static float *spread(struct mp_ctx *c, const struct work *q, const float *w, bool turned)
{
    const size_t n_in = (size_t)q->d->in.c, n_out = (size_t)q->d->out.c, k = q->m.kernel;
    const size_t one = q->channels * q->filters;
    float *wide = mp_scratch(c, k * k * one);
    if (wide == NULL)
        return NULL;
    memset(wide, 0, k * k * one * sizeof *wide);
    for (size_t t = 0; t < k * k; t++, w += n_in * n_out)
        if (turned)
            mp_transpose(wide + t * one, q->channels, w, n_out, n_in, n_out);
        else
            for (size_t i = 0; i < n_in; i++)
                memcpy(wide + t * one + i * q->filters, w + i * n_out, n_out * sizeof *w);
    return wide;
}

/* From channels to filters, or `turned` from filters to channels. */
static int take_weights(struct mp_ctx *c, const struct work *q, const float *w, bool turned,
                        struct weights *to)
{
    const double *unit = turned ? q->m.out_unit : q->m.in_unit;
    to->rows = turned ? q->filters : q->channels;
    to->columns = turned ? q->channels : q->filters;
    const size_t step = to->rows * MP_LANES, one = to->rows * to->columns;
    to->pairs = (int32_t *)(void *)mp_scratch(c, q->points * one / 2);
    to->undo = mp_scratch(c, q->points * to->columns);
    const int mark = mp_scratch_mark(c);
    float *wide = spread(c, q, w, turned), *u = mp_scratch(c, q->points * step);
    if (to->pairs == NULL || to->undo == NULL || wide == NULL || u == NULL)
        return -1;
    for (size_t j = 0; j < to->columns; j += MP_LANES) {
        int32_t *pairs = to->pairs + q->points * to->rows / 2 * j;
        float *undo = to->undo + q->points * j;
        for (size_t i = 0; i < to->rows; i++)
            kernel_to_points(&q->m, wide + i * to->columns + j, one, u + i * MP_LANES, step);
        for (size_t p = 0; p < q->points; p++)
            to_units(u + p * step, to->rows, unit[p / q->n] * unit[p % q->n],
                     pairs + p * step / 2, undo + p * MP_LANES);
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

/* Sums of n tiles, whose rows lie at the points, for 16 columns from j on. */
static void multiply(const struct work *q, const struct weights *w, size_t n, size_t j)
{
    const int32_t *b = w->pairs + q->points * w->rows / 2 * j;
    for (size_t p = 0; p < q->points; p++)
        q->loops->multiply(&(struct mp_fixed_product){
            .a = q->rows + p * q->block * w->rows, .b = b + p * w->rows / 2 * MP_LANES,
            .c = q->sums + p * q->block * MP_LANES, .rows = up(n), .pairs = w->rows / 2 });
}

/* ------------------------------------------------------------------ forward */

static void give_outputs(const struct work *q, const struct weights *w, size_t first, size_t n,
                         double scale, mp_bf16 *y)
{
    for (size_t j = 0; j < q->filters; j += MP_LANES) {
        multiply(q, w, n, j);
        for (size_t i = 0; i < n; i++)
            q->loops->give(false, q->n, &(struct mp_fixed_give){
                .from = q->sums + i * MP_LANES, .point = q->block * MP_LANES,
                .undo = w->undo + q->points * j, .first = q->plain_out, .second = q->plain_out,
                .bias = q->bias + j, .scale = (float)scale, .relu = q->d->relu,
                .to = y + tile_at(q, &q->out, first + i) + j, .row = q->out.row,
                .column = q->out.column });
    }
}

static void forward_image(struct work *q, const struct weights *w, const mp_bf16 *x,
                          mp_bf16 *y)
{
    float first[TABLE];
    const struct unit unit = unit_of(q, x, mp_len(q->d->in));
    const mp_bf16 *from = copy_in(&q->in, x);
    mp_bf16 *to = q->out.same ? y : q->out.at;
    scale_table(q->second_in, unit.there, first);
    for (size_t t = 0; t < q->tiles; t += q->block) {
        const size_t n = q->tiles - t < q->block ? q->tiles - t : q->block;
        for (size_t i = 0; i < n; i++)
            q->loops->take(MP_FIXED_INPUT, q->n, &(struct mp_fixed_take){
                .from = from + tile_at(q, &q->in, t + i), .row = q->in.row,
                .column = q->in.column, .channels = q->channels, .first = first,
                .second = q->second_in, .rows = q->rows + i * q->channels,
                .rows_point = q->block * q->channels });
        give_outputs(q, w, t, n, unit.back, to);
    }
    copy_out(&q->out, y);
}

int mp_fixed_winograd_forward(struct mp_ctx *c, const struct mp_conv_dims *d, const mp_bf16 *x,
                              const float *w, const float *b, mp_bf16 *y)
{
    const int mark = mp_scratch_mark(c);
    struct work q;
    struct weights u;
    if (open(c, d, &q) < 0 || take_weights(c, &q, w, false, &u) < 0)
        return -1;
    if (d->bias)
        memcpy(q.bias, b, (size_t)d->out.c * sizeof *b);
    for (size_t i = 0; i < d->n; i++) {
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        forward_image(&q, &u, x + i * mp_len(d->in), y + i * mp_len(d->out));
    }
    mp_scratch_release(c, mark);
    return MP_OK;
}

/* ----------------------------------------------------------------- backward */

/* What a backward pass has besides. */
struct back {
    struct weights u;         /* if gradients of inputs are wanted */
    size_t pairs;             /* of tiles, of an image */
    int32_t *x, *dy;          /* an image's pairs of tiles at the points */
    float *x_squares, *dy_squares;
    float *frame;             /* gradients of inputs, with what tiles reach beyond them */
    float *sums;              /* gradients of weights at the points */
};

static int open_back(struct mp_ctx *c, const struct work *q, const float *w, bool inputs,
                     struct back *b)
{
    *b = (struct back){ .pairs = (q->tiles + 1) / 2 };
    b->x = (int32_t *)(void *)mp_scratch(c, q->points * b->pairs * q->channels);
    b->dy = (int32_t *)(void *)mp_scratch(c, q->points * b->pairs * q->filters);
    b->x_squares = mp_scratch(c, q->n * q->channels);
    b->dy_squares = mp_scratch(c, q->n * q->filters);
    b->sums = mp_scratch(c, q->points * q->channels * q->filters);
    b->frame = inputs ? mp_scratch(c, q->in.size) : NULL;
    if (b->x == NULL || b->dy == NULL || b->x_squares == NULL || b->dy_squares == NULL ||
        b->sums == NULL || (inputs && b->frame == NULL) ||
        (inputs && take_weights(c, q, w, true, &b->u) < 0))
        return -1;
    memset(b->sums, 0, q->points * q->channels * q->filters * sizeof *b->sums);
    return MP_OK;
}

static void take_inputs(struct work *q, const struct back *b, const mp_bf16 *x,
                        struct unit unit)
{
    float first[TABLE];
    const mp_bf16 *from = copy_in(&q->in, x);
    scale_table(q->second_in, unit.there, first);
    memset(b->x_squares, 0, q->n * q->channels * sizeof *b->x_squares);
    for (size_t t = 0; t < q->tiles; t++)
        q->loops->take(MP_FIXED_INPUT_PAIRS, q->n, &(struct mp_fixed_take){
            .from = from + tile_at(q, &q->in, t), .row = q->in.row, .column = q->in.column,
            .channels = q->channels, .first = first, .second = q->second_in,
            .pairs = b->x + t / 2 * q->channels, .pairs_point = b->pairs * q->channels,
            .odd = t % 2 != 0, .squares = b->x_squares });
}

static void give_gradients(const struct work *q, const struct back *b, size_t first, size_t n,
                           const float *second)
{
    for (size_t j = 0; j < q->channels; j += MP_LANES) {
        multiply(q, &b->u, n, j);
        for (size_t i = 0; i < n; i++)
            q->loops->give(true, q->n, &(struct mp_fixed_give){
                .from = q->sums + i * MP_LANES, .point = q->block * MP_LANES,
                .undo = b->u.undo + q->points * j, .first = q->plain_in, .second = second,
                .sum = b->frame + tile_at(q, &q->in, first + i) + j, .row = q->in.row,
                .column = q->in.column });
    }
}

static void take_gradients(struct work *q, const struct back *b, const mp_bf16 *dy,
                           struct unit unit)
{
    float first[TABLE], second[TABLE];
    const mp_bf16 *from = copy_in(&q->out, dy);
    scale_table(q->plain_in, unit.back, second);
    scale_table(q->second_out, unit.there, first);
    memset(b->dy_squares, 0, q->n * q->filters * sizeof *b->dy_squares);
    if (b->frame != NULL)
        memset(b->frame, 0, q->in.size * sizeof *b->frame);
    for (size_t t = 0; t < q->tiles; t += q->block) {
        const size_t n = q->tiles - t < q->block ? q->tiles - t : q->block;
        for (size_t i = t; i < t + n; i++)
            q->loops->take(MP_FIXED_GRADIENT, q->n, &(struct mp_fixed_take){
                .from = from + tile_at(q, &q->out, i), .row = q->out.row,
                .column = q->out.column, .channels = q->filters, .first = first,
                .second = q->second_out, .rows = q->rows + (i - t) * q->filters,
                .rows_point = q->block * q->filters, .pairs = b->dy + i / 2 * q->filters,
                .pairs_point = b->pairs * q->filters, .odd = i % 2 != 0,
                .squares = b->dy_squares, .sums = q->bias });
        if (b->frame != NULL)
            give_gradients(q, b, t, n, second);
    }
}

/* The largest norm of a channel over the tiles, in units, after they were rounded. */
static double largest_norm(const float *squares, size_t n, size_t tiles)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = squares[i] > most ? squares[i] : most;
    return sqrt((double)most) + 0.5 * sqrt((double)tiles);
}

/* Adds what an image says of weights at the points, at a row of them at a time. */
static void add_weights(const struct work *q, const struct back *b, double scale)
{
    for (size_t y = 0; y < q->n; y++) {
        const size_t size = q->n * b->pairs * q->filters;
        const double x = largest_norm(b->x_squares + y * q->channels, q->channels, q->tiles);
        const double dy = largest_norm(b->dy_squares + y * q->filters, q->filters, q->tiles);
        int bits = 0;
        while (x * (ldexp(dy, -bits) + sqrt((double)q->tiles)) > 0.99 * SUMS && bits < 15)
            bits++;
        if (bits > 0)
            q->loops->give_away(b->dy + y * size, size, bits);
        for (size_t p = y * q->n; p < (y + 1) * q->n; p++)
            q->loops->gather(&(struct mp_fixed_gather){
                .a = b->x + p * b->pairs * q->channels, .b = b->dy + p * b->pairs * q->filters,
                .c = b->sums + p * q->channels * q->filters, .rows = q->channels,
                .columns = q->filters, .pairs = b->pairs, .scale = (float)ldexp(scale, bits) });
    }
}

static void give_inputs(const struct work *q, const struct back *b, mp_bf16 *dx)
{
    const size_t c = (size_t)q->d->in.c, w = (size_t)q->d->in.w;
    for (size_t y = 0; y < (size_t)q->d->in.h; y++) {
        const float *row = b->frame + q->in.before + y * q->in.row;
        if (c == q->in.column)
            mp_to_bf16(row, dx + y * w * c, w * c);
        else
            for (size_t x = 0; x < w; x++)
                mp_to_bf16(row + x * q->in.column, dx + (y * w + x) * c, c);
    }
}

/* G' s G of 16 filters of one channel. */
MP_CLONES static void kernel_from_points(const struct matrices *m, const float *s, size_t step,
                                         float *to, size_t to_step)
{
    mp_vector half[5][MP_FIXED_SIDE];
    for (size_t x = 0; x < m->n; x++)
        for (size_t y = 0; y < m->kernel; y++) {
            mp_vector sum = { 0 };
            for (size_t i = 0; i < m->n; i++)
                sum += (float)m->back[i][y] * *(const mp_vector *)(s + (i * m->n + x) * step);
            half[y][x] = sum;
        }
    for (size_t y = 0; y < m->kernel; y++)
        for (size_t x = 0; x < m->kernel; x++) {
            mp_vector sum = { 0 };
            for (size_t i = 0; i < m->n; i++)
                sum += (float)m->back[i][x] * half[y][i];
            *(mp_vector *)(to + (y * m->kernel + x) * to_step) = sum;
        }
}

static void give_weights(const struct work *q, const struct back *b, float *dw)
{
    const size_t k = q->m.kernel, n_in = (size_t)q->d->in.c, n_out = (size_t)q->d->out.c;
    _Alignas(64) float made[25 * MP_LANES];
    for (size_t i = 0; i < n_in; i++)
        for (size_t j = 0; j < n_out; j += MP_LANES) {
            const size_t n = n_out - j < MP_LANES ? n_out - j : MP_LANES;
            kernel_from_points(&q->m, b->sums + i * q->filters + j, q->channels * q->filters, made,
                               MP_LANES);
            for (size_t t = 0; t < k * k; t++)
                memcpy(dw + (t * n_in + i) * n_out + j, made + t * MP_LANES, n * sizeof *dw);
        }
}

int mp_fixed_winograd_backward(struct mp_ctx *c, const struct mp_conv_dims *d, const mp_bf16 *x,
                               const float *w, const mp_bf16 *dy, float *dw, float *db,
                               mp_bf16 *dx)
{
    const int mark = mp_scratch_mark(c);
    struct work q;
    struct back b;
    if (open(c, d, &q) < 0 || open_back(c, &q, w, dx != NULL, &b) < 0)
        return -1;
    for (size_t i = 0; i < d->n; i++) {
        const mp_bf16 *from = x + i * mp_len(d->in), *up = dy + i * mp_len(d->out);
        const struct unit in = unit_of(&q, from, mp_len(d->in)),
                          out = unit_of(&q, up, mp_len(d->out));
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        take_inputs(&q, &b, from, in);
        take_gradients(&q, &b, up, out);
        add_weights(&q, &b, in.back * out.back);
        if (dx != NULL)
            give_inputs(&q, &b, dx + i * mp_len(d->in));
    }
    give_weights(&q, &b, dw);
    if (db != NULL)
        memcpy(db, q.bias, (size_t)d->out.c * sizeof *db);
    mp_scratch_release(c, mark);
    return MP_OK;
}

/* ------------------------------------------------------------------- choice */

double mp_fixed_winograd_gain(const struct mp_conv_dims *d)
{
    const double n = d->kernel + MP_FIXED_TILE - 1;
    const double down = (d->out.h + MP_FIXED_TILE - 1) / MP_FIXED_TILE;
    const double across = (d->out.w + MP_FIXED_TILE - 1) / MP_FIXED_TILE;
    const double channels = mp_lanes(d->in.c), filters = mp_lanes(d->out.c);
    const double direct = (double)d->kernel * d->kernel * d->in.c * (double)mp_len(d->out);
    const double made = n * n * down * across * channels * filters;
    /* The way to the points and back costs as much as 32 more channels, or filters. */
    const double there_and_back = 1 + 32 / channels + 32 / filters;
    const bool possible = (d->kernel == 3 || d->kernel == 5) && d->stride == 1 &&
                          channels * filters <= MOST_WEIGHTS && down * across >= LEAST_TILES &&
                          down * across <= MOST_TILES &&
                          loops_here() != &mp_fixed_plain && mp_dnn_bf16_doubles();
    return possible ? direct / (made * there_and_back) : 0;
}

bool mp_fixed_winograd_fits(const struct mp_conv_dims *d)
{
    return d->precision == MP_BF16 && mp_fixed_winograd_gain(d) > 1.1;
}
