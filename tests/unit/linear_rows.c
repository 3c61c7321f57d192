/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear_rows.c - training rows in memory and in a file: all there, in order. */
#include "../tap.h"
#include "core/ctx.h"
#include "linear/linear_rows.h"
#include <math.h>
#include <string.h>

enum { ROWS = 40, VALUES = 300 };

/* Row i of all that a test adds. */
static float value(size_t i, size_t j)
{
    return (i + j) % 3 == 0 ? 0 : (float)(i * VALUES + j);
}

static int add(struct mp_ctx *c, struct mp_linear_rows *r, size_t from)
{
    float x[ROWS * VALUES];
    int y[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        y[i] = (int)(from + i);
        for (size_t j = 0; j < VALUES; j++)
            x[i * VALUES + j] = value(from + i, j);
    }
    const struct mp_chunk in = { .n = ROWS, .shape = { 1, VALUES, 1 }, .x = x, .y = y };
    return mp_linear_rows_add(c, r, &in);
}

/* Whether all rows are there, and how many blocks lie in the file. */
static bool whole(const struct mp_linear_rows *r, size_t n, size_t *filed)
{
    size_t row = 0, some = 0;
    bool good = r->n == n;
    *filed = 0;
    for (const struct mp_linear_block *b = r->first; b != NULL; b = b->next) {
        *filed += b->filed;
        for (size_t i = 0; i < b->n; i++, row++) {
            good = good && b->y[i] == (int)row;
            for (size_t j = 0; j < VALUES; j++) {
                good = good && b->x[i * VALUES + j] == value(row, j);
                some += value(row, j) != 0;
            }
        }
        mp_rows_let_go(&r->file, b->x, b->x + b->n * VALUES);
    }
    return good && row == n && some == r->values;
}

/* Shards of rows merged, with room in memory for some of them. */
static void test_merge(struct tap *t, struct mp_ctx *c, size_t most, size_t want)
{
    enum { SHARDS = 5 };
    struct mp_linear_rows all = { .most = most };
    size_t filed;
    int rc = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        struct mp_linear_rows one = { .first = NULL };
        rc += add(c, &one, 2 * ROWS * i) + add(c, &one, 2 * ROWS * i + ROWS);
        rc += mp_linear_rows_merge(c, &all, &one);
        tap_ok(t, one.first == NULL && one.n == 0, "shard %zu is taken over", i);
    }
    mp_linear_rows_find(&all);
    tap_ok(t, rc == 0 && whole(&all, (size_t)2 * ROWS * SHARDS, &filed) && filed == want,
           "with memory for %zu bytes %zu of 5 shards are in a file, rows in order", most, want);
    tap_ok(t, whole(&all, (size_t)2 * ROWS * SHARDS, &filed), "and are there after being let go");
    mp_linear_rows_drop(&all);
    tap_ok(t, all.first != NULL && all.first->y[0] == 2 * ROWS, "the first can be dropped");
    mp_linear_rows_free(&all);
    tap_ok(t, all.first == NULL && all.n == 0 && all.file.at == NULL, "freed");
}

/* Solvers look for a smaller gradient until there is one; with these there never is. */
static void test_not_finite(struct tap *t)
{
    const float wrong[] = { INFINITY, -INFINITY, NAN };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        float x[] = { 1, 2, 3, 4, 5, wrong[i] };
        int y[] = { 0, 1 };
        const struct mp_chunk in = { .n = 2, .shape = { 1, 3, 1 }, .x = x, .y = y };
        struct mp_linear_rows r = { .first = NULL };
        struct mp_ctx c;
        mp_ctx_init(&c, NULL);
        tap_ok(t, mp_linear_rows_add(&c, &r, &in) < 0 && r.n == 0 &&
                  strncmp(c.msg, "a value of the rows is no finite number", 39) == 0,
               "%g among the rows is refused", (double)wrong[i]);
        mp_linear_rows_free(&r);
        mp_ctx_free(&c);
    }
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_ctx c;
    const size_t shard = (size_t)2 * ROWS * VALUES * sizeof(float);
    mp_ctx_init(&c, NULL);
    test_merge(&t, &c, 10 * shard, 0);
    test_merge(&t, &c, 2 * shard, 3);
    test_merge(&t, &c, 1, 5);
    test_not_finite(&t);
    mp_ctx_free(&c);
    return tap_end(&t);
}
