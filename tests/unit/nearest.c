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
    mp_ctx_free(&c);
    return tap_end(&t);
}
