/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates.c - equal and nearly equal rows, against the plainest search there is: every
 * pair, every shift, pixel by pixel. */
#include "../tap.h"
#include "core/ctx.h"
#include "data/duplicates.h"
#include "data/near.h"
#include "core/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Smooth blots, so that some pairs are near; every tenth a changed copy, every 25th equal. */
/* Of several channels each is fainter than the one before. */
static void make(struct mp_data *d, size_t n, struct mp_shape s, uint64_t seed, bool label)
{
    struct mp_ctx c;
    const size_t len = mp_len(s), channels = (size_t)s.c, w = (size_t)s.w;
    *d = (struct mp_data){ .n = n, .shape = s, .x = calloc(n, len) };
    mp_ctx_init(&c, NULL);
    for (size_t i = 0; i < n; i++) {
        uint8_t *x = d->x + i * len;
        const double cy = (double)(mp_random_at(seed, i, 1, 0) % 97) / 97 * s.h,
                     cx = (double)(mp_random_at(seed, i, 2, 0) % 97) / 97 * s.w,
                     r = 1 + (double)(mp_random_at(seed, i, 3, 0) % 97) / 40;
        if (label)
            mp_data_label_number(&c, d, i, (int64_t)(i % 3));
        for (size_t j = 0; j < len; j++) {
            const size_t pixel = j / channels;
            const double dy = (double)(pixel / w) - cy, dx = (double)(pixel % w) - cx;
            x[j] = (uint8_t)(255 * exp(-(dy * dy + dx * dx) / (r * r)) /
                             (double)(1 + j % channels * (i % 3)));
        }
        if (i % 10 == 9) {
            memcpy(x, d->x + (i / 2) * len, len);
            x[i % len] ^= (uint8_t)(i % 25 == 24 ? 0 : 16);
        }
        if (i % 50 == 7)
            memset(x, 0, len);
    }
}

static void drop(struct mp_data *d)
{
    free(d->x);
    free(d->label);
    mp_names_free(&d->classes);
}

static const uint8_t *row_of(const struct mp_data *a, const struct mp_data *b, size_t i)
{
    const size_t len = mp_len(a->shape);
    return i < a->n ? a->x + i * len : b->x + (i - a->n) * len;
}

static double plain_difference(const uint8_t *a, const uint8_t *b, struct mp_shape s)
{
    const int h = s.h, w = s.w, c = s.c;
    double aa = 0, bb = 0, best = 0;
    for (int j = 0; j < h * w * c; j++) {
        aa += a[j] * a[j];
        bb += b[j] * b[j];
    }
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            double ab = 0;
            for (int y = 0; y < h; y++)
                for (int x = 0; x < w; x++)
                    for (int k = 0; k < c; k++)
                        if (y + dy >= 0 && y + dy < h && x + dx >= 0 && x + dx < w)
                            ab += a[(y * w + x) * c + k] * b[((y + dy) * w + x + dx) * c + k];
            best = ab > best ? ab : best;
        }
    return aa > 0 && bb > 0 ? sqrt(fmax(0, 2 - 2 * best / sqrt(aa * bb))) : INFINITY;
}

static void test_near(struct tap *t, size_t n, size_t m, struct mp_shape s, double limit)
{
    struct mp_data a, b;
    const size_t all = n + m;
    bool *skip = calloc(all, sizeof *skip), good = true;
    size_t found = 0;
    make(&a, n, s, 5, false);
    make(&b, m, s, 6, false);
    for (size_t i = 0; i < all; i++)
        skip[i] = i % 31 == 30;
    struct mp_near *near[2][2];
    for (int threads = 1; threads <= 2; threads++) {
        struct mp_run run = { .threads = threads == 1 ? 1 : 3 };
        struct mp_ctx c;
        mp_ctx_init(&c, &run);
        for (int k = 0; k < 2; k++)
            near[threads - 1][k] = calloc(all, sizeof **near[0]);
        good = mp_near_find(&c, &a, m > 0 ? &b : NULL, skip, limit, near[threads - 1]) == 0 && good;
        mp_ctx_free(&c);
    }
    for (size_t i = 0; i < all; i++)
        for (int k = 0; k < 2; k++) {
            struct mp_near want = { SIZE_MAX, INFINITY };
            for (size_t j = k == 0 ? 0 : n; j < (k == 0 ? n : all) && !skip[i]; j++) {
                const double d = i == j || skip[j] ? INFINITY
                                                   : plain_difference(row_of(&a, &b, i),
                                                                      row_of(&a, &b, j), s);
                if (d <= limit && d < want.difference)
                    want = (struct mp_near){ j, d };
            }
            found += want.row != SIZE_MAX;
            for (int r = 0; r < 2; r++)
                good = good && near[r][k][i].row == want.row &&
                       near[r][k][i].difference == want.difference;
        }
    tap_ok(t, good && (found > 0 || limit < 0.01),
           "%zu and %zu rows of %d x %d x %d, limit %g: the %zu nearest of the plain search, on one "
           "thread and three", n, m, s.h, s.w, s.c, limit, found);
    for (int r = 0; r < 4; r++)
        free(near[r / 2][r % 2]);
    free(skip);
    drop(&a);
    drop(&b);
}

/* Each row's group is that of the first row which is equal; labels of shared rows. */
static void test_equal(struct tap *t)
{
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    struct mp_data a, b;
    struct mp_groups g;
    struct mp_shared s;
    mp_ctx_init(&c, &run);
    make(&a, 300, (struct mp_shape){ 5, 7, 1 }, 1, true);
    make(&b, 120, (struct mp_shape){ 5, 7, 1 }, 2, true);
    for (size_t i = 0; i < 120; i += 11)
        memcpy(b.x + i * 35, a.x + 2 * i * 35, 35);
    bool good = mp_duplicates_find(&c, &a, &b, &g) == 0 && mp_shared_find(&c, &a, &b, &s) == 0;
    size_t groups = 0, shared = 0, agree = 0, at = 0;
    for (size_t i = 0; i < 420; i++) {
        size_t first = i, n = 1;
        for (size_t j = 420; j-- > 0;)
            if (j != i && memcmp(row_of(&a, &b, i), row_of(&a, &b, j), 35) == 0) {
                first = j < first ? j : first;
                n++;
            }
        if (first == i && n > 1) {
            good = good && groups < g.n && g.row[g.start[groups]] == i &&
                   g.start[groups + 1] - g.start[groups] == n;
            groups++;
            at += n;
        }
        bool same_label = false;
        for (size_t j = 0; j < 300 && i >= 300; j++)
            same_label = same_label || (a.label[j] == b.label[i - 300] &&
                                        memcmp(row_of(&a, &b, i), row_of(&a, &b, j), 35) == 0);
        shared += i >= 300 && first < 300;
        agree += same_label;
        good = good && (i < 300 || s.twin[i - 300] == (first < 300 ? first : SIZE_MAX));
    }
    tap_ok(t, good && groups == g.n && groups > 10 && g.start[g.n] == at,
           "equal rows: the %zu groups of the plain search, in order", groups);
    tap_ok(t, good && shared == s.rows && agree == s.agree && shared > agree && agree > 0,
           "%zu rows of the second set are in the first, %zu with the same label", shared, agree);
    mp_groups_free(&g);
    mp_shared_free(&s);
    drop(&a);
    drop(&b);
    mp_ctx_free(&c);
}

int main(void)
{
    struct tap t = { 0 };
    test_equal(&t);
    test_near(&t, 300, 0, (struct mp_shape){ 12, 12, 1 }, 0.2);
    test_near(&t, 620, 130, (struct mp_shape){ 9, 14, 1 }, 0.15);
    test_near(&t, 90, 60, (struct mp_shape){ 2, 3, 1 }, 0.3);
    test_near(&t, 40, 40, (struct mp_shape){ 1, 1, 1 }, 0.3);
    test_near(&t, 200, 200, (struct mp_shape){ 8, 8, 1 }, 0.001);
    test_near(&t, 300, 90, (struct mp_shape){ 9, 12, 3 }, 0.15);
    return tap_end(&t);
}
