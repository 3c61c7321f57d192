/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nearest.c - the nearest rows are those that a comparison with all, done plainly, finds. */
#include "linear/nearest.h"
#include "core/ctx.h"
#include "core/random.h"
#include "../tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 77, AMONG = 1300, ROWS = 300, K = 5 };

static const char *const metrics[] = { "l2", "l1", "l3", "cosine" };

/* Rows as levels, and floats of them or of other values, some of them the same. */
struct set {
    uint8_t b[AMONG * D];
    float x[AMONG * D];
};

enum kind { LEVELS, FLOATS, LARGE };

static void fill(struct set *s, uint64_t key, unsigned levels, enum kind kind)
{
    for (size_t i = 0; i < AMONG * D; i++) {
        const size_t at = i / D % 200 == 7 ? i % D : i; /* rows 7, 207, 407 ... are row 7 */
        const uint64_t bits = mp_random_at(key, 0, 0, at);
        s->b[i] = (uint8_t)(bits % levels * (255 / (levels - 1)));
        s->x[i] = (float)s->b[i] / 255.0f;
        if (kind != LEVELS)
            s->x[i] += (float)(bits >> 40) * 0x1p-26f;
        if (kind == LARGE)
            s->x[i] *= 1e30f;
    }
}

static double apart(const struct set *a, size_t i, const struct set *b, size_t j, int metric,
                    enum kind kind)
{
    double sum = 0, one = 0, two = 0;
    for (size_t v = 0; v < D; v++) {
        double x = (double)a->x[i * D + v], y = (double)b->x[j * D + v];
        if (kind == LEVELS) { /* whole numbers, so that equals are equal */
            x = a->b[i * D + v];
            y = b->b[j * D + v];
        }
        const double gap = fabs(x - y);
        sum += metric == MP_L2 ? gap * gap : metric == MP_L1 ? gap
               : metric == MP_L3 ? gap * gap * gap : x * y;
        one += x * x;
        two += y * y;
    }
    const double unit = kind == LEVELS ? 255 : 1;
    return metric == MP_L2   ? sqrt(sum) / unit
           : metric == MP_L1 ? sum / unit
           : metric == MP_L3 ? cbrt(sum) / unit
                             : one > 0 && two > 0 ? 1 - sum / sqrt(one) / sqrt(two) : 1;
}

/* No other is nearer than those given, which ascend; of those that plain sums tell apart, too. */
static bool right(const struct set *a, const struct set *b, int metric, enum kind kind,
                  const struct mp_found *found)
{
    static double away[AMONG];
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < AMONG; j++)
            away[j] = apart(a, i, b, j, metric, kind);
        for (size_t k = 0; k < K; k++) {
            size_t best = 0;
            for (size_t j = 1; j < AMONG; j++)
                best = away[j] < away[best] ? j : best;
            const struct mp_found *f = &found[i * K + k];
            /* Of levels as floats, which are rounded, and as whole numbers. */
            const double slack = (kind == FLOATS ? 1e-7 : 1e-12) *
                                 (metric == MP_COSINE ? 1 : away[best]);
            if (fabs(f->distance - away[best]) > slack || fabs(away[f->row] - away[best]) > slack ||
                (metric != MP_COSINE && kind != FLOATS && f->row != best))
                return false;
            away[f->row] = INFINITY;
        }
    }
    return true;
}

static void check(struct tap *t, struct mp_ctx *c, unsigned levels, enum kind kind, bool bytes)
{
    static struct set among, rows;
    static struct mp_found found[ROWS * K];
    fill(&among, levels, levels, bytes ? LEVELS : kind);
    fill(&rows, levels + 1, levels, kind);
    memcpy(rows.x, among.x, D * sizeof(float)); /* itself */
    memcpy(rows.b, among.b, D);
    memset(rows.x + D, 0, D * sizeof(float));
    memset(rows.b + D, 0, D);
    for (int m = 0; m < 4; m++) {
        const struct mp_nearest_rows r = { AMONG, D, bytes ? NULL : among.x,
                                           bytes ? among.b : NULL };
        struct mp_nearest *s = mp_nearest_open(c, &r, (enum mp_metric)m);
        tap_ok(t, s != NULL && mp_nearest_find(c, s, rows.x, ROWS, K, found) == 0 &&
                      right(&rows, &among, m, kind, found),
               "%s of %u levels as %s, rows of %s", metrics[m], levels, bytes ? "bytes" : "floats",
               kind == LEVELS ? "levels" : kind == FLOATS ? "other values" : "large values");
        mp_nearest_close(s);
    }
}

/* Many long rows: what is found by their shadows, which come with the 513th row that is asked for,
 * is what was found without. */
enum { LONG = 264, MANY = 4100, ASKED = 180, TURNS = 4 };

/* What differs of rows goes in so many directions, and some by itself. */
static void fill_long(float *x, uint8_t *b, size_t n, int directions, double noise, uint64_t key)
{
    static double wave[12 * LONG];
    double share[12];
    for (size_t i = 0; i < 12 * LONG; i++)
        wave[i] = sin((double)(i % LONG * (i / LONG + 1)) * 0.11) / 3;
    for (size_t i = 0; i < n * LONG; i++) {
        const size_t r = i / LONG % 1000 == 7 ? 7 : i / LONG, v = i % LONG; /* some the same */
        for (int k = 0; k < directions && v == 0; k++)
            share[k] = (double)(mp_random_at(key, 2, r, (uint64_t)k) >> 40) * 0x1p-24 - 0.5;
        double sum = 0.5;
        if (noise > 0)
            sum += noise * ((double)(mp_random_at(key, 1, r, v) >> 40) * 0x1p-24 - 0.5);
        for (int k = 0; k < directions; k++)
            sum += wave[k * LONG + (int)v] * share[k];
        b[i] = (uint8_t)(255 * fmin(1, fmax(0, sum)) + 0.5);
        x[i] = (float)b[i] / 255.0f;
    }
}

static void check_shadows(struct tap *t, struct mp_ctx *c, int metric, bool bytes, int directions,
                          double noise)
{
    static float among[MANY * LONG], rows[ASKED * LONG];
    static uint8_t b[MANY * LONG], of_rows[ASKED * LONG];
    static struct mp_found first[ASKED * K], last[ASKED * K];
    fill_long(among, b, MANY, directions, noise, 1);
    fill_long(rows, of_rows, ASKED, directions, noise, 2);
    memcpy(rows, among + 7 * LONG, LONG * sizeof *rows); /* some rows' own, and nothing */
    memset(rows + LONG, 0, LONG * sizeof *rows);
    for (size_t i = 0; i < MANY * LONG && !bytes; i++)
        among[i] = among[i] * 3 - 1;
    const struct mp_nearest_rows r = { MANY, LONG, bytes ? NULL : among, bytes ? b : NULL };
    struct mp_nearest *s = mp_nearest_open(c, &r, (enum mp_metric)metric);
    bool good = s != NULL;
    for (int i = 0; i < TURNS && good; i++)
        good = mp_nearest_find(c, s, rows, ASKED, K, i == 0 ? first : last) == 0;
    for (size_t i = 0; i < ASKED * K && good; i++)
        good = first[i].row == last[i].row && !(first[i].distance < last[i].distance) &&
               !(first[i].distance > last[i].distance);
    const uint64_t turns = metric == MP_L3 ? 0 : directions == 0 ? 1 : 2; /* or it is given up */
    tap_ok(t, good && mp_nearest_by_shadows(s) == turns * ASKED * MANY,
           "%s, by shadows: %s in %d directions and %g more", metrics[metric],
           bytes ? "bytes" : "floats", directions, noise);
    mp_nearest_close(s);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_run run = { .threads = 1 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    check(&t, &c, 256, LEVELS, true);
    check(&t, &c, 2, LEVELS, true); /* many ties */
    check(&t, &c, 256, FLOATS, true);
    check(&t, &c, 256, FLOATS, false);
    check(&t, &c, 2, FLOATS, false);
    check(&t, &c, 256, LARGE, false);
    for (int i = 0; i < 2; i++) {
        check_shadows(&t, &c, MP_L2, i > 0, 12, 0.1);
        check_shadows(&t, &c, MP_COSINE, i > 0, 12, 0.1);
    }
    check_shadows(&t, &c, MP_L2, true, 0, 1); /* in all: shadows tell nothing */
    check_shadows(&t, &c, MP_L2, true, 3, 0); /* in fewer than a shadow has values */
    check_shadows(&t, &c, MP_L3, true, 3, 0);
    mp_ctx_free(&c);
    return tap_end(&t);
}
