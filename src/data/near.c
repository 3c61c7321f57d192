/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near.c - nearly equal rows.
 *
 * Method: by Plancherel's theorem the distance of two images is that of their Fourier
 * transforms; a shift turns phases only; and ||z| - |w|| <= |z - w|.  So the distance between
 * the magnitudes of some frequencies is never larger than the smallest distance over all
 * shifts, and rules out most pairs.  These distances come block by block from matrix products.
 * What is left is compared pixel by pixel, in whole numbers, at nine shifts: results do not
 * depend on rounding, blocks or threads.
 *
 * The channels of an image are summed before the transform, and divided by the root of how
 * many they are, which makes no distance larger (Cauchy and Schwarz).
 *
 * Frequencies: those of at most 4 waves across the image each way, 79 % of the energy of
 * MNIST's images; with 3 (25 values in place of 41) three times as many pairs are left.
 */
#include "data/near.h"
#include "core/ctx.h"
#include "core/progress.h"
#include "core/simd.h"
#include "linear/dnn.h"
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { WAVES = 4, BLOCK = 512, SLICE = 1 << 14, SHIFTS = 9 };

struct search {
    size_t n;              /* rows that are looked at */
    size_t *row;           /* which these are */
    struct mp_shape shape;
    size_t first;          /* rows before the second set */
    size_t stride, size;   /* padded image: bytes from line to line, and in all */
    uint8_t *padded;       /* n images with an empty line above and below and an empty column
                              between the end of a line and the beginning of the next */
    double *energy;        /* n sums of squares */
    int d;                 /* frequencies */
    float *wave;           /* n x d: their magnitudes, of images of length 1 */
    float *level;          /* n: a pair may be near if wave . wave' >= level + level' */
    double limit;
    struct mp_near **near;
    int failed;
};

/* -------------------------------------------------------------- preparing */

/* Squares and products of bytes, as whole numbers; parts of 2^15 fit 32 bits. */
MP_CLONES static uint64_t dot(const uint8_t *a, const uint8_t *b, size_t n)
{
    uint64_t all = 0;
    for (size_t from = 0; from < n; from += 1u << 15) {
        const size_t end = n - from < 1u << 15 ? n : from + (1u << 15);
        uint32_t sum = 0;
        for (size_t i = from; i < end; i++)
            sum += (uint32_t)(a[i] * b[i]);
        all += sum;
    }
    return all;
}

static int waves_of(int side)
{
    return WAVES < (side - 1) / 2 ? WAVES : (side - 1) / 2;
}

/* Cosine and sine of every frequency, 2 d columns a value, for n values, on a torus one line and
 * one column larger than the image: a shift by 1 px then meets no ink from the other side. */
static void make_basis(const struct search *s, size_t first, size_t n, float *basis)
{
    const int H = s->shape.h + 1, W = s->shape.w + 1, kh = waves_of(H), kw = waves_of(W);
    int at = 0;
    for (int l = 0; l <= kw; l++)
        for (int k = l > 0 ? -kh : 0; k <= kh; k++, at++) {
            const size_t channels = (size_t)s->shape.c, line = (size_t)s->shape.w * channels;
            const double scale = sqrt((k == 0 && l == 0 ? 1 : 2) /
                                      ((double)H * W * (double)channels));
            for (size_t i = 0; i < n; i++) {
                const size_t y = (first + i) / line, x = (first + i) % line / channels;
                const double turn = 2 * M_PI * ((double)k * (double)y / H +
                                                (double)l * (double)x / W);
                float *to = basis + 2 * (i * (size_t)s->d + (size_t)at);
                to[0] = (float)(scale * cos(turn));
                to[1] = (float)(scale * sin(turn));
            }
        }
}

/* Room for one block of rows; pixels are taken SLICE at a time, however many an image has. */
struct block {
    size_t slice;
    float *basis; /* slice x 2 d */
    float *x;     /* BLOCK x slice */
    float *both;  /* BLOCK x 2 d: the transforms */
};

static const uint8_t *pixels(const struct search *s, const struct mp_data *a,
                             const struct mp_data *b, size_t i)
{
    const size_t len = mp_len(s->shape), row = s->row[i];
    return row < a->n ? a->x + row * len : b->x + (row - a->n) * len;
}

static int transform(struct search *s, const struct mp_data *a, const struct mp_data *b,
                     const struct block *k, size_t from, size_t n)
{
    const size_t len = mp_len(s->shape), d = (size_t)s->d;
    for (size_t first = 0; first < len; first += k->slice) {
        const size_t m = len - first < k->slice ? len - first : k->slice;
        if (from == 0 || len > k->slice) /* one slice is the same for all blocks */
            make_basis(s, first, m, k->basis);
        for (size_t i = 0; i < n; i++) {
            const uint8_t *px = pixels(s, a, b, from + i) + first;
            const float scale = (float)(1 / sqrt(s->energy[from + i]));
            for (size_t j = 0; j < m; j++)
                k->x[i * m + j] = (float)px[j] * scale;
        }
        if (mp_gemm(false, false, n, 2 * d, m, 1, k->x, m, k->basis, 2 * d, first > 0, k->both,
                    2 * d) < 0)
            return -1;
    }
    return MP_OK;
}

/* One block of rows: magnitudes, and how near two rows have to be. */
static int prepare_block(struct search *s, const struct mp_data *a, const struct mp_data *b,
                         const struct block *k, size_t from, size_t n)
{
    const size_t len = mp_len(s->shape), d = (size_t)s->d;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *px = pixels(s, a, b, from + i);
        uint8_t *to = s->padded + (from + i) * s->size + s->stride;
        const size_t line = (size_t)s->shape.w * (size_t)s->shape.c;
        for (size_t y = 0; y < (size_t)s->shape.h; y++)
            memcpy(to + y * s->stride, px + y * line, line);
        s->energy[from + i] = (double)dot(px, px, len);
    }
    if (transform(s, a, b, k, from, n) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        float *w = s->wave + (from + i) * d, sum = 0;
        for (size_t j = 0; j < d; j++) {
            const float re = k->both[(i * d + j) * 2], im = k->both[(i * d + j) * 2 + 1];
            w[j] = sqrtf(re * re + im * im);
            sum += w[j] * w[j];
        }
        /* |w|^2 + |w'|^2 - 2 w.w' <= limit^2, with room for rounding. */
        s->level[from + i] = (sum - (float)(s->limit * s->limit / 2) - 1e-4f) / 2;
    }
    return MP_OK;
}

static int prepare(struct mp_ctx *c, struct search *s, const struct mp_data *a,
                   const struct mp_data *b)
{
    const size_t len = mp_len(s->shape);
    const int kh = waves_of(s->shape.h + 1), kw = waves_of(s->shape.w + 1);
    s->d = kh + 1 + kw * (2 * kh + 1);
    s->stride = ((size_t)s->shape.w + 1) * (size_t)s->shape.c;
    s->size = s->stride * ((size_t)s->shape.h + 2);
    s->padded = mp_alloc(c, s->n + 1, s->size);
    s->energy = mp_alloc(c, s->n, sizeof *s->energy);
    s->level = mp_alloc(c, s->n, sizeof *s->level);
    s->wave = mp_alloc(c, mp_product(s->n, (size_t)s->d), sizeof *s->wave);
    struct block k = { .slice = len < SLICE ? len : SLICE };
    k.basis = mp_alloc(c, k.slice * 2 * (size_t)s->d, sizeof *k.basis);
    k.x = mp_alloc(c, k.slice * BLOCK, sizeof *k.x);
    k.both = mp_alloc(c, 2 * (size_t)s->d * BLOCK, sizeof *k.both);
    int rc = s->padded != NULL && s->energy != NULL && s->level != NULL && s->wave != NULL &&
             k.basis != NULL && k.x != NULL && k.both != NULL ? MP_OK : -1;
    for (size_t from = 0; from < s->n && rc == MP_OK; from += BLOCK)
        rc = prepare_block(s, a, b, &k, from, s->n - from < BLOCK ? s->n - from : BLOCK);
    free(k.basis);
    free(k.x);
    free(k.both);
    return rc;
}

/* --------------------------------------------------------------- comparing */

/* The largest product of image i with image j, over the shifts. */
static uint64_t best_product(const struct search *s, size_t i, size_t j)
{
    const uint8_t *a = s->padded + i * s->size + s->stride;
    const uint8_t *b = s->padded + j * s->size + s->stride;
    const ptrdiff_t line = (ptrdiff_t)s->stride, pixel = s->shape.c;
    const size_t n = s->stride * (size_t)s->shape.h;
    uint64_t best = 0;
    for (int k = 0; k < SHIFTS; k++) {
        const ptrdiff_t off = (k / 3 - 1) * line + (k % 3 - 1) * pixel;
        /* The empty line before a padded image is the last of the one before it. */
        const size_t skip = off < -line ? (size_t)pixel : 0;
        const uint64_t p = dot(a + skip, b + off + (ptrdiff_t)skip, n - skip);
        best = p > best ? p : best;
    }
    return best;
}

static void keep_nearer(struct mp_near *to, size_t row, double difference)
{
    if (difference < to->difference || (difference == to->difference && row < to->row))
        *to = (struct mp_near){ row, difference };
}

static void compare(struct search *s, size_t i, size_t j)
{
    const double p = (double)best_product(s, i, j);
    const double cosine = p / sqrt(s->energy[i] * s->energy[j]);
    const double difference = sqrt(fmax(0, 2 - 2 * cosine));
    const size_t row_i = s->row[i], row_j = s->row[j];
    if (difference > s->limit)
        return;
#pragma omp critical(mp_near)
    {
        keep_nearer(&s->near[row_j >= s->first][row_i], row_j, difference);
        keep_nearer(&s->near[row_i >= s->first][row_j], row_i, difference);
    }
}

MP_CLONES static bool any_above(const float *x, const float *level, float own, size_t n)
{
    int found = 0;
    for (size_t i = 0; i < n; i++)
        found |= x[i] - level[i] >= own;
    return found != 0;
}

/* Rows of block i against those of block j >= i. */
static int compare_blocks(struct search *s, size_t i0, size_t j0, float *products)
{
    const size_t d = (size_t)s->d, m = s->n - i0 < BLOCK ? s->n - i0 : BLOCK,
                 n = s->n - j0 < BLOCK ? s->n - j0 : BLOCK;
    if (mp_gemm(false, true, m, n, d, 1, s->wave + i0 * d, d, s->wave + j0 * d, d, 0, products,
                n) < 0)
        return -1;
    for (size_t i = 0; i < m; i++) {
        const float *x = products + i * n, *level = s->level + j0, own = s->level[i0 + i];
        if (!any_above(x, level, own, n))
            continue;
        for (size_t j = i0 == j0 ? i + 1 : 0; j < n; j++)
            if (x[j] - level[j] >= own)
                compare(s, i0 + i, j0 + j);
    }
    return MP_OK;
}

static int search_all(struct mp_ctx *c, struct search *s)
{
    const size_t blocks = (s->n + BLOCK - 1) / BLOCK;
    const int threads = mp_threads(c);
    float *products = mp_alloc(c, (size_t)threads * BLOCK * BLOCK, sizeof *products);
    if (products == NULL)
        return -1;
    mp_bar_begin(c->run->bar, "near duplicates", (double)blocks * (double)(blocks + 1) / 2,
                 "blocks");
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < blocks; i++) {
        float *own = products + (size_t)omp_get_thread_num() * BLOCK * BLOCK;
        for (size_t j = i; j < blocks; j++) {
            int stop;
#pragma omp atomic read
            stop = s->failed;
            if (stop || mp_stopped(c))
                break;
            if (compare_blocks(s, i * BLOCK, j * BLOCK, own) < 0) {
#pragma omp atomic write
                s->failed = 1;
            }
        }
        mp_bar_add(c->run->bar, (double)(blocks - i));
    }
    mp_bar_end(c->run->bar);
    free(products);
    if (s->failed)
        return mp_fail(c, "no memory to compare rows");
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

static bool blank(const uint8_t *x, size_t len)
{
    return x[0] == 0 && memcmp(x, x + 1, len - 1) == 0;
}

int mp_near_find(struct mp_ctx *c, const struct mp_data *a, const struct mp_data *b,
                 const bool *skip, double limit, struct mp_near *near[2])
{
    const size_t n = a->n + (b != NULL ? b->n : 0), len = mp_len(a->shape);
    struct search s = { .shape = a->shape, .first = a->n, .limit = limit, .near = near };
    int rc = -1;
    if (mp_dnn_load(c) < 0 || (s.row = mp_alloc(c, n, sizeof *s.row)) == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        near[0][i] = near[1][i] = (struct mp_near){ SIZE_MAX, INFINITY };
        if (!skip[i] && !blank(i < a->n ? a->x + i * len : b->x + (i - a->n) * len, len))
            s.row[s.n++] = i;
    }
    if (prepare(c, &s, a, b) == MP_OK)
        rc = search_all(c, &s);
    free(s.row);
    free(s.padded);
    free(s.energy);
    free(s.level);
    free(s.wave);
    return rc;
}
