/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bars.c - vectors as bars: drawn by hand, pixel by pixel, and what scale they have. */
#include "../tap.h"
#include "core/ctx.h"
#include "pages/bars.h"
#include <math.h>
#include <stdlib.h>

enum { INK = 100 }; /* darker is a bar; the axis is not */

struct drawn {
    struct mp_bars b;
    struct mp_picture p;
};

/* Row 0 of n vectors of d values. */
static bool draw(struct drawn *k, float *x, size_t n, int d)
{
    const struct mp_contact rows = { .n = n };
    const struct mp_contact_column col = { .shape = { 1, d, 1 }, .x = x, .folded = true };
    struct mp_ctx c;
    mp_ctx_init(&c, NULL);
    const bool good = mp_bars_open(&c, &rows, &col, &k->b) == MP_OK &&
                      mp_picture_open(&c, &k->p, k->b.h, k->b.w, 1, 255) == MP_OK;
    if (good)
        mp_bars_draw(&k->b, 0, &k->p, 0, 0);
    mp_ctx_free(&c);
    return good;
}

static void drop(struct drawn *k)
{
    mp_bars_close(&k->b);
    mp_picture_close(&k->p);
}

/* Pixels of ink in column x from the top, and where the first is. */
static int ink(const struct drawn *k, int x, int *first)
{
    int n = 0;
    *first = -1;
    for (int y = 0; y < k->p.h; y++)
        if (k->p.px[y * k->p.w + x] < INK) {
            *first = n == 0 ? y : *first;
            n++;
        }
    return n;
}

static void test_heights(struct tap *t)
{
    float x[4] = { 0, 1, 2, 4 };
    struct drawn k;
    int top, found[4];
    tap_ok(t, draw(&k, x, 1, 4) && k.p.w == 40 && k.p.h == 26, "four values: 40 x 26 px");
    for (int j = 0; j < 4; j++)
        found[j] = ink(&k, 10 * j + 5, &top);
    /* 25 px lie between 0 and the most, and the axis' own. */
    tap_ok(t, found[0] == 0 && found[1] == 7 && found[2] == 13 && found[3] == 26,
           "as high as they are large: %d %d %d %d", found[0], found[1], found[2], found[3]);
    tap_ok(t, ink(&k, 10, &top) == 0 && ink(&k, 11, &top) == 7, "with paper between");
    drop(&k);
}

static void test_signs(struct tap *t)
{
    float x[2] = { 1, -1 };
    struct drawn k;
    int up, down;
    const bool good = draw(&k, x, 1, 2);
    const int above = ink(&k, 10, &up), below = ink(&k, 30, &down);
    tap_ok(t, good && up == 0 && above > 12 && down + below == k.p.h && below > 12 && down > 10,
           "below zero they hang: %d px from %d, %d px from %d", above, up, below, down);
    drop(&k);
}

static void test_scales(struct tap *t)
{
    float alike[6] = { 1, 2, 3, 0, 0, 0 }, apart[6] = { 1, 2, 900, 0, 0, 100 };
    float broken[4] = { NAN, INFINITY, 1, 2 };
    struct drawn k;
    int top;
    tap_ok(t, draw(&k, alike, 2, 3) && !k.b.each && ink(&k, 5, &top) < k.p.h,
           "values of one size have one scale");
    drop(&k);
    tap_ok(t, draw(&k, apart, 2, 3) && k.b.each && ink(&k, 5, &top) == k.p.h &&
                  ink(&k, 35, &top) == k.p.h, "of others each has its own");
    drop(&k);
    tap_ok(t, draw(&k, broken, 2, 2) && ink(&k, 10, &top) == 0, "what is no number is no bar");
    drop(&k);
}

static void test_many(struct tap *t)
{
    float x[300];
    struct drawn k;
    int top;
    for (int i = 0; i < 300; i++)
        x[i] = i % 2 == 0 ? 2 : 1;
    tap_ok(t, draw(&k, x, 1, 300) && k.b.d == 64 && k.p.w == 64 && ink(&k, 0, &top) == k.p.h &&
                  ink(&k, 1, &top) < k.p.h, "of 300 values the first 64, a pixel each");
    drop(&k);
    tap_ok(t, draw(&k, x, 1, 128) && k.b.d == 128 && k.p.w == 64 &&
                  ink(&k, 0, &top) == ink(&k, 1, &top) && ink(&k, 0, &top) < k.p.h,
           "of 128 values every two share a pixel");
    drop(&k);
}

int main(void)
{
    struct tap t = { 0 };
    test_heights(&t);
    test_signs(&t);
    test_scales(&t);
    test_many(&t);
    return tap_end(&t);
}
