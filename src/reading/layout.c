/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.c - parts of ink become digits, and digits lines.
 *
 * All lengths are in heights of a digit, the median height of the parts, of which each counts by
 * the root of its ink.  A part that is small or low beside a digit belongs to the nearest other
 * one that is at most NEAR away, a dot at most half its own size; of two large ones strokes of one
 * digit are those that stand above one another and nearly touch.  What remains small is a speck.
 */
#include "reading/layout.h"
#include "core/ctx.h"
#include "reading/mark.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double near = 0.16, dot = 0.03, small = 0.55, speck = 0.3, low = 0.38, high = 2.2,
                    wide = 6, tallest = 1.7, uneven = 2.6, mote = 0.08;
enum { MOST = 5000, LOOKED = 400 };

/* ------------------------------------------------------------------- size */

static int compare_heights(const void *a, const void *b)
{
    const struct mp_blob *const *p = a, *const *q = b;
    const int h = (*p)->bottom - (*p)->top, k = (*q)->bottom - (*q)->top;
    return (h > k) - (h < k);
}

/* Whether a part may be what a digit is: neither a line nor a frame. */
static bool plain(const struct mp_sheet *s, const struct mp_blob *p)
{
    const int h = p->bottom - p->top, w = p->right - p->left;
    return h >= 6 && w <= 3 * h && h <= 15 * w && h <= 0.95 * s->h &&
           p->area * 40 >= (size_t)h * (size_t)w;
}

static int find_size(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                     double *size)
{
    const struct mp_blob **order = mp_alloc(c, p->n, sizeof *order);
    size_t n = 0;
    double all = 0, below = 0;
    *size = 0;
    if (order == NULL)
        return -1;
    for (size_t i = 0; i < p->n; i++)
        if (plain(s, &p->at[i])) {
            order[n++] = &p->at[i];
            all += sqrt((double)p->at[i].area);
        }
    qsort(order, n, sizeof *order, compare_heights);
    for (size_t i = 0; i < n && below < all / 2; i++) {
        below += sqrt((double)order[i]->area);
        *size = order[i]->bottom - order[i]->top;
    }
    free(order);
    return MP_OK;
}

/* ------------------------------------------------------------------- joins */

static double apart(int a0, int a1, int b0, int b1)
{
    return a1 < b0 ? b0 - a1 : b1 < a0 ? a0 - b1 : 0;
}

/* How far the ink of two parts is apart, px, if that is at most `most`. */
static double gap(const struct mp_parts *p, const struct mp_blob *a, const struct mp_blob *b,
                  double most)
{
    double best = INFINITY;
    if (apart(a->left, a->right, b->left, b->right) > most ||
        apart(a->top, a->bottom, b->top, b->bottom) > most)
        return best;
    const struct mp_stretch *r = p->run + a->first, *q = p->run + b->first;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++) {
            const double dy = abs(r[i].y - q[k].y);
            if (dy > most)
                continue;
            best = fmin(best, hypot(dy, apart(r[i].from, r[i].to, q[k].from, q[k].to)));
        }
    return best;
}

static double overlap(int a0, int a1, int b0, int b1)
{
    const int from = a0 > b0 ? a0 : b0, to = a1 < b1 ? a1 : b1;
    const int shorter = a1 - a0 < b1 - b0 ? a1 - a0 : b1 - b0;
    return to > from ? (double)(to - from) / shorter : 0;
}

/* Whether both together are not much larger than a digit. */
static bool fits(const struct mp_blob *a, const struct mp_blob *b, double size)
{
    const int left = a->left < b->left ? a->left : b->left;
    const int right = a->right > b->right ? a->right : b->right;
    const int top = a->top < b->top ? a->top : b->top;
    const int bottom = a->bottom > b->bottom ? a->bottom : b->bottom;
    return bottom - top <= tallest * size && right - left <= tallest * size;
}

static double extent(const struct mp_blob *p)
{
    return p->bottom - p->top > p->right - p->left ? p->bottom - p->top : p->right - p->left;
}

static size_t root(const size_t *of, size_t i)
{
    while (of[i] != i)
        i = of[i];
    return i;
}

/* Parts by where they begin: lists of those of each cell, which is as large as what fits together,
 * so that a part's partners begin in its cell or beside it. */
struct cells {
    int side, rows, columns;
    size_t *head, *next; /* + 1; 0: none */
};

static int sort_cells(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                      double size, struct cells *k)
{
    k->side = (int)(tallest * size) + 1;
    k->rows = s->h / k->side + 1;
    k->columns = s->w / k->side + 1;
    k->head = mp_alloc(c, (size_t)k->rows * (size_t)k->columns, sizeof *k->head);
    k->next = mp_alloc(c, p->n, sizeof *k->next);
    if (k->head == NULL || k->next == NULL)
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        const struct mp_blob *a = &p->at[i];
        if (extent(a) < mote * size)
            continue;
        size_t *cell = &k->head[a->top / k->side * k->columns + a->left / k->side];
        k->next[i] = *cell;
        *cell = i + 1;
    }
    return MP_OK;
}

/* How far part i is from part k, if it may belong to it; otherwise INFINITY. */
static double belongs_to(const struct mp_parts *p, size_t i, size_t k, double size)
{
    const struct mp_blob *a = &p->at[i], *b = &p->at[k];
    const bool is_small = extent(a) < small * size || a->bottom - a->top < low * size;
    const double most = fmin(near, dot + extent(a) / size / 2) * size;
    const bool above = overlap(a->left, a->right, b->left, b->right) > 0.5 &&
                       overlap(a->top, a->bottom, b->top, b->bottom) < 0.7;
    if (k == i || b->area < a->area || (!is_small && !above) || !fits(a, b, size))
        return INFINITY;
    const double own = gap(p, a, b, most);
    return own <= most ? own : INFINITY;
}

/* The nearest part that part i belongs to, or i; of two as near the first. */
static size_t belongs(const struct mp_parts *p, const struct cells *c, size_t i, double size)
{
    const int row = p->at[i].top / c->side, column = p->at[i].left / c->side;
    double best = INFINITY;
    size_t to = i;
    for (int y = row - 1; y <= row + 1; y++)
        for (int x = column - 1; x <= column + 1; x++) {
            if (y < 0 || y >= c->rows || x < 0 || x >= c->columns)
                continue;
            for (size_t k = c->head[y * c->columns + x]; k > 0; k = c->next[k - 1]) {
                const double own = belongs_to(p, i, k - 1, size);
                if (own < best || (own == best && own < INFINITY && k - 1 < to)) {
                    best = own;
                    to = k - 1;
                }
            }
        }
    return to;
}

/* of[i]: the part that part i goes with.  Parts that are as nothing to a digit join none: they
 * would be looked for everywhere on a rough page. */
static int join(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p, double size,
                size_t *of)
{
    struct cells k = { .head = NULL };
    const int rc = sort_cells(c, s, p, size, &k);
    for (size_t i = 0; i < p->n; i++)
        of[i] = i;
    for (size_t i = 0; i < p->n && rc == MP_OK; i++) {
        if (extent(&p->at[i]) < mote * size || extent(&p->at[i]) > 1.5 * size)
            continue;
        const size_t to = belongs(p, &k, i, size);
        if (root(of, to) != i)
            of[i] = to;
    }
    free(k.head);
    free(k.next);
    return rc;
}

/* ------------------------------------------------------------------- kinds */

static int kind_of(const struct mp_sheet *s, const struct mp_glyph *g, double size)
{
    const bool edge = g->left <= 1 || g->top <= 1 || g->left + g->w >= s->w - 1 ||
                      g->top + g->h >= s->h - 1;
    if (g->h > high * size || g->w > wide * size)
        return MP_MARK_LARGE;
    const int around = (int)(size / 2);
    if ((edge && g->w + g->h < s->w + s->h - 8) ||
        mp_sheet_uneven(s, g->left - around, g->top - around, g->left + g->w + around,
                        g->top + g->h + around) > uneven)
        return MP_MARK_EDGE;
    return g->h < low * size ? MP_MARK_DASH : MP_MARK_DIGIT;
}

static bool is_speck(const struct mp_glyph *g, double size)
{
    return (g->h < speck * size && g->w < speck * size) ||
           (double)g->area < 0.008 * size * size || (g->w < 3 && g->h < 3);
}

int mp_glyphs_add(struct mp_ctx *c, struct mp_glyphs *g, const struct mp_glyph *one)
{
    if (g->n == g->room) {
        const size_t room = 2 * g->room + 16;
        struct mp_glyph *at = mp_alloc(c, room, sizeof *at);
        if (at == NULL)
            return -1;
        if (g->n > 0)
            memcpy(at, g->at, g->n * sizeof *at);
        free(g->at);
        g->at = at;
        g->room = room;
    }
    g->at[g->n++] = *one;
    return MP_OK;
}

/* n parts become a glyph. */
static int make(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                const size_t *list, size_t n, struct mp_glyphs *g)
{
    struct mp_glyph one;
    if (mp_glyph_of(c, s, p, list, n, &one) < 0) {
        free(one.ink);
        return -1;
    }
    if (is_speck(&one, g->size)) {
        g->specks++;
        free(one.ink);
        return MP_OK;
    }
    one.kind = kind_of(s, &one, g->size);
    if (mp_glyphs_add(c, g, &one) == MP_OK)
        return MP_OK;
    free(one.ink);
    return -1;
}

/* Lists of the parts of each root, then a glyph of each. */
static int make_all(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                    const size_t *of, size_t *room, struct mp_glyphs *g)
{
    size_t *list = room, *head = room + p->n, *next = room + 2 * p->n; /* numbers + 1 */
    for (size_t k = p->n; k-- > 0;) {
        const size_t i = root(of, k);
        next[k] = head[i];
        head[i] = k + 1;
    }
    for (size_t i = 0; i < p->n; i++) {
        size_t n = 0;
        for (size_t k = of[i] == i ? head[i] : 0; k > 0; k = next[k - 1])
            list[n++] = k - 1;
        if (n > 0 && extent(&p->at[i]) < mote * g->size)
            g->specks++;
        else if (n > 0 && make(c, s, p, list, n, g) < 0)
            return -1;
        if (g->n > MOST)
            return mp_fail(c, "the picture has more than %d marks as large as digits; expected a "
                              "page of handwriting", MOST);
    }
    return MP_OK;
}

int mp_glyphs_find(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                   struct mp_glyphs *g)
{
    size_t *of = mp_alloc(c, 4 * p->n, sizeof *of);
    *g = (struct mp_glyphs){ .n = 0 };
    int rc = of != NULL ? find_size(c, s, p, &g->size) : -1;
    if (rc == MP_OK)
        rc = join(c, s, p, g->size, of);
    if (rc == MP_OK)
        rc = make_all(c, s, p, of, of + p->n, g);
    free(of);
    return rc;
}

void mp_glyphs_free(struct mp_glyphs *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->at[i].ink);
    free(g->at);
    *g = (struct mp_glyphs){ .n = 0 };
}

/* ------------------------------------------------------------------- lines */

static double middle_x(const struct mp_glyph *g) { return g->left + g->w / 2.0; }
static double middle_y(const struct mp_glyph *g) { return g->top + g->h / 2.0; }

/* How much glyphs pile up along lines of a slope: each pair of glyphs that are at most ten
 * heights apart counts the more the less they differ in height. */
static double piled(const struct mp_glyphs *g, double slope)
{
    const double tight = 0.25 * g->size, reach = 10 * g->size;
    const size_t step = g->n / LOOKED + 1; /* of many, some */
    double sum = 0;
    for (size_t i = 0; i < g->n; i += step)
        for (size_t k = 0; k < i; k++) {
            const double dx = middle_x(&g->at[i]) - middle_x(&g->at[k]);
            const double dy = middle_y(&g->at[i]) - middle_y(&g->at[k]);
            if (fabs(dx) > reach || fabs(dy) > reach)
                continue;
            const double t = (dy - dx * slope) / tight;
            sum += g->at[i].kind == MP_MARK_DIGIT && g->at[k].kind == MP_MARK_DIGIT
                       ? exp(-t * t) : 0;
        }
    return sum;
}

double mp_lines_slope(const struct mp_glyphs *g, double start)
{
    double best = -1, at = start;
    if (g->n < 4)
        return start;
    for (int k = -45; k <= 45; k++) {
        const double slope = k * 0.005, own = piled(g, slope) * (1 - 0.3 * fabs(slope - start));
        if (own > best) {
            best = own;
            at = slope;
        }
    }
    return at;
}

static int across(const void *a, const void *b)
{
    const struct mp_glyph *p = a, *q = b;
    return (p->v > q->v) - (p->v < q->v);
}

static int along(const void *a, const void *b)
{
    const struct mp_glyph *p = a, *q = b;
    return p->line != q->line ? (p->line > q->line) - (p->line < q->line)
                              : (p->u > q->u) - (p->u < q->u);
}

int mp_lines_sort(struct mp_glyphs *g, double slope)
{
    int lines = 0;
    double sum = 0, n = 0;
    for (size_t i = 0; i < g->n; i++) {
        const double x = middle_x(&g->at[i]), y = middle_y(&g->at[i]);
        g->at[i].u = x + y * slope;
        g->at[i].v = y - x * slope;
    }
    qsort(g->at, g->n, sizeof *g->at, across);
    for (size_t i = 0; i < g->n; i++) {
        if (n > 0 && g->at[i].v - sum / n > 0.6 * g->size) {
            lines++;
            sum = n = 0;
        }
        g->at[i].line = lines;
        sum += g->at[i].v;
        n++;
    }
    qsort(g->at, g->n, sizeof *g->at, along);
    return g->n > 0 ? lines + 1 : 0;
}
