/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rules.c - printed lines, taken out of the ink.
 *
 * Which way they lie is the slope along which sums of ink differ most from one line of pixels to
 * the next (W. Postl, "Detection of linear oblique structures and skew scan in digitized
 * documents", ICPR 1986), first of the whole page, then of each of its tiles.  Along that slope a
 * rule is what FEW of the pixels in a long window stay below: strokes, however dark, are paper
 * again after a while.  That level is also the rule's where it ends within the window.  It is
 * taken out as a layer of paint below the pen's: what is left is s' with s = r + s' (1 - r).
 * Where the rule is too dark for that, pixels count as ink that have ink above and below.
 *
 * Rules that stand are those that lie on the page turned on its side.  Cost: 40 ns a pixel. */
#include "reading/sheet.h"
#include "core/ctx.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    POINTS = 50000,  /* of ink, by which the slope is found */
    WINDOW = 96,      /* samples along a rule */
    PARTS = 4,        /* of the page's width, of which a window has one */
    FEW = 20, MOST = 60, /* percent of a window */
    DARK = 110,       /* rules above this are cut out */
    DOWN = 4, ACROSS = 3, /* tiles of the page */
};
static const double steepest = 0.2, bend = 0.08;

/* A part of the page, and the slope of the rules there: perspective and curled paper make it
 * another one in each. */
struct tile {
    int left, top, right, bottom; /* right and bottom are the first pixels outside */
    double slope;
};

static int middle(const struct tile *t)
{
    return (t->left + t->right) / 2;
}

/* ------------------------------------------------------------------ slope */

struct points {
    size_t n;
    int32_t *x, *y;
};

static int take_points(struct mp_ctx *c, const struct mp_sheet *s, int level, struct points *p)
{
    size_t ink = 0, room = 0;
    for (size_t i = 0; i < (size_t)s->h * (size_t)s->w; i++)
        ink += s->ink[i] > level;
    const int step = (int)(ink / POINTS) + 1;
    for (int x = 0; x < s->w; x += step)
        for (int y = 0; y < s->h; y++)
            room += s->ink[(size_t)y * (size_t)s->w + (size_t)x] > level;
    p->n = 0;
    p->x = mp_alloc(c, room, sizeof *p->x);
    p->y = mp_alloc(c, room, sizeof *p->y);
    if (p->x == NULL || p->y == NULL)
        return -1;
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x += step)
            if (s->ink[(size_t)y * (size_t)s->w + (size_t)x] > level) {
                p->x[p->n] = x;
                p->y[p->n++] = y;
            }
    return MP_OK;
}

/* Squares of differences between sums along lines of that slope, `bin` px thick, within a tile. */
static double contrast(const struct points *p, const struct tile *t, double slope, int bin,
                       uint32_t *sums)
{
    const int reach = (int)(2 * steepest * (t->right - t->left) / 2) + 2, xc = middle(t);
    const int n = (t->bottom - t->top + 2 * reach) / bin + 2;
    double score = 0;
    memset(sums, 0, (size_t)n * sizeof *sums);
    for (size_t i = 0; i < p->n; i++)
        if (p->x[i] >= t->left && p->x[i] < t->right && p->y[i] >= t->top && p->y[i] < t->bottom)
            sums[(int)(p->y[i] - t->top - (p->x[i] - xc) * slope + reach) / bin]++;
    for (int i = 1; i < n; i++) {
        const double gap = (double)sums[i] - (double)sums[i - 1];
        score += gap * gap;
    }
    return score;
}

static void improve(const struct points *p, struct tile *t, double by, double step, int bin,
                    uint32_t *sums)
{
    const double from = t->slope - by;
    double best = -1;
    for (int k = 0; k <= (int)(2 * by / step); k++) {
        const double slope = from + k * step, own = contrast(p, t, slope, bin, sums);
        if (own > best) {
            best = own;
            t->slope = slope;
        }
    }
}

/* Of a tile: the points that lie in it alone, so that others are not looked at again and again. */
static int tile_slope(struct mp_ctx *c, const struct points *p, double start, struct tile *t,
                      uint32_t *sums)
{
    const double coarse = 3.0 / (t->right - t->left);
    struct points own = { .n = 0 };
    own.x = mp_alloc(c, p->n, sizeof *own.x);
    own.y = mp_alloc(c, p->n, sizeof *own.y);
    const int rc = own.x != NULL && own.y != NULL ? MP_OK : -1;
    for (size_t i = 0; i < p->n && rc == MP_OK; i++)
        if (p->x[i] >= t->left && p->x[i] < t->right && p->y[i] >= t->top && p->y[i] < t->bottom) {
            own.x[own.n] = p->x[i];
            own.y[own.n++] = p->y[i];
        }
    t->slope = start;
    if (rc == MP_OK && own.n > 0) {
        improve(&own, t, bend, coarse, 3, sums);
        improve(&own, t, coarse, coarse / 6, 1, sums);
    }
    free(own.x);
    free(own.y);
    return rc;
}

/* ------------------------------------------------------------------ rules */

/* A line of pixels along the slope, of which every `step`th is a sample. */
struct line {
    int step, n, first; /* samples; x of the first */
    uint8_t *v;         /* the darkest of the pixel, the one above and the one below */
    uint8_t *few, *most; /* what few of those in the window around stay below; and most */
    uint8_t *rule;      /* the level of the rule there, 0: none */
};

static int fall(const struct tile *t, int x)
{
    return (int)lrint((x - middle(t)) * t->slope);
}

/* From half a window before the tile to half a window behind it. */
static void take_line(const struct mp_sheet *s, const struct tile *t, int row, struct line *l)
{
    const size_t w = (size_t)s->w;
    const int half = WINDOW / 2 * l->step;
    l->n = 0;
    for (int x = t->left > half ? t->left - half : 0; x < s->w && x < t->right + half;
         x += l->step) {
        const int y = row + fall(t, x);
        if (y < 1 || y + 1 >= s->h)
            continue;
        const uint8_t *at = s->ink + (size_t)y * w + (size_t)x;
        const uint8_t beside = at[w] > at[-(ptrdiff_t)w] ? at[w] : at[-(ptrdiff_t)w];
        if (l->n == 0)
            l->first = x;
        l->v[l->n++] = *at > beside ? *at : beside;
    }
}

static uint8_t rank(const unsigned seen[256], unsigned n, unsigned percent)
{
    unsigned below = 0;
    int v = 0;
    while (v < 255 && (below + seen[v]) * 100 <= n * percent)
        below += seen[v++];
    return (uint8_t)v;
}

/* A line most of whose samples are paper has no rule: only the others are ranked. */
static bool rank_line(struct line *l, int level)
{
    unsigned seen[256] = { 0 };
    const int width = l->n < WINDOW ? l->n : WINDOW;
    int first = 0, dark = 0;
    bool any = false;
    for (int i = 0; i < width; i++) {
        seen[l->v[i]]++;
        dark += l->v[i] > level;
    }
    for (int i = 0; i < l->n; i++) {
        const int want = i - width / 2;
        while (first < want && first + width < l->n) {
            seen[l->v[first]]--;
            seen[l->v[first + width]]++;
            dark += (l->v[first + width] > level) - (l->v[first] > level);
            first++;
        }
        const bool may = dark * 100 >= width * (100 - FEW);
        l->few[i] = may ? rank(seen, (unsigned)width, FEW) : 0;
        l->most[i] = may ? rank(seen, (unsigned)width, MOST) : 0;
        any |= may;
    }
    return any;
}

/* The highest level of all windows that a sample lies in. */
static void spread(struct line *l, int level)
{
    const int half = (l->n < WINDOW ? l->n : WINDOW) / 2;
    memset(l->rule, 0, (size_t)l->n);
    for (int i = 0; i < l->n; i++) {
        if (l->few[i] <= level)
            continue;
        const int cap = l->few[i] + l->few[i] / 2 + 8;
        const uint8_t own = (uint8_t)(l->most[i] < cap ? l->most[i] : cap > 255 ? 255 : cap);
        for (int k = i - half < 0 ? 0 : i - half; k <= i + half && k < l->n; k++)
            if (l->rule[k] < own)
                l->rule[k] = own;
    }
}

static void put_line(struct mp_sheet *s, const struct tile *t, int row, const struct line *l)
{
    for (int i = 0; i < l->n; i++) {
        if (l->rule[i] == 0)
            continue;
        const int from = l->first + i * l->step;
        for (int x = from; x < from + l->step && x < t->right; x++) {
            const int y = row + fall(t, x);
            if (x >= t->left && y >= t->top && y < t->bottom)
                s->room[(size_t)y * (size_t)s->w + (size_t)x] = l->rule[i];
        }
    }
}

static void rule_tile(struct mp_sheet *s, const struct tile *t, struct line *l, bool *any)
{
    const int reach = (int)(fabs(t->slope) * (t->right - t->left) / 2) + 2;
    for (int row = t->top - reach; row < t->bottom + reach; row++) {
        take_line(s, t, row, l);
        if (l->n < WINDOW / 2 || !rank_line(l, s->level / 4))
            continue;
        spread(l, s->level / 4);
        put_line(s, t, row, l);
        *any = true;
    }
}

/* Leaves the rules' levels in s->room; whether there are any, and the slope of the whole. */
static int find_rules(struct mp_ctx *c, struct mp_sheet *s, double *slope, bool *any)
{
    struct tile whole = { .right = s->w, .bottom = s->h };
    struct line l = { .step = s->w / (PARTS * WINDOW) + 1 };
    struct points p = { .n = 0 };
    const size_t most = (size_t)(s->w / l.step) + 1;
    uint8_t *room = mp_alloc(c, 4 * most, 1);
    uint32_t *sums = mp_alloc(c, (size_t)s->h + (size_t)s->w + 16, sizeof *sums);
    int rc = room != NULL && sums != NULL ? take_points(c, s, s->level / 2, &p) : -1;
    *any = false;
    if (rc == MP_OK) {
        l.v = room;
        l.few = room + most;
        l.most = room + 2 * most;
        l.rule = room + 3 * most;
        memset(s->room, 0, (size_t)s->h * (size_t)s->w);
        improve(&p, &whole, steepest, 3.0 / s->w, 3, sums);
        improve(&p, &whole, 3.0 / s->w, 0.5 / s->w, 1, sums);
    }
    for (int k = 0; k < DOWN * ACROSS && rc == MP_OK; k++) {
        const int i = k / ACROSS, j = k % ACROSS;
        struct tile t = { j * s->w / ACROSS, i * s->h / DOWN, (j + 1) * s->w / ACROSS,
                          (i + 1) * s->h / DOWN, 0 };
        rc = tile_slope(c, &p, whole.slope, &t, sums);
        if (rc == MP_OK)
            rule_tile(s, &t, &l, any);
    }
    *slope = whole.slope;
    free(p.x);
    free(p.y);
    free(sums);
    free(room);
    return rc;
}

/* ---------------------------------------------------------------- removal */

static uint8_t paint_off(uint8_t ink, uint8_t rule)
{
    if (rule == 0)
        return ink;
    if (ink <= rule || rule > DARK)
        return 0;
    return (uint8_t)((ink - rule) * 255 / (255 - rule));
}

/* The darkest of three pixels beside each other. */
static uint8_t dark_at(const struct mp_sheet *s, int x, int y, int reach)
{
    uint8_t most = 0;
    for (int k = x - reach; k <= x + reach; k++)
        if (k >= 0 && k < s->w && y >= 0 && y < s->h) {
            const size_t at = (size_t)y * (size_t)s->w + (size_t)k;
            if (s->room[at] == 0 && s->ink[at] > most)
                most = s->ink[at];
        }
    return most;
}

/* Within a rule from y0 to y1 - 1 of a column: ink that goes on on both sides. */
static void bridge(struct mp_sheet *s, int x, int y0, int y1)
{
    const int across = (y1 - y0) / 2 + 1;
    const uint8_t above = dark_at(s, x, y0 - 1, across), below = dark_at(s, x, y1, across);
    const uint8_t through = above < below ? above : below;
    for (int y = y0; y < y1 && through > s->level; y++) {
        const size_t at = (size_t)y * (size_t)s->w + (size_t)x;
        const uint8_t most = s->ink[at] < through ? s->ink[at] : through;
        if (most <= paint_off(s->ink[at], s->room[at]))
            continue;
        s->ink[at] = most;
        s->room[at] = 0;
    }
}

static void remove_rules(struct mp_sheet *s)
{
    for (int x = 0; x < s->w; x++)
        for (int y = 0; y < s->h; y++) {
            const int from = y;
            while (y < s->h && s->room[(size_t)y * (size_t)s->w + (size_t)x] > 0)
                y++;
            if (y > from)
                bridge(s, x, from, y);
        }
    for (size_t i = 0; i < (size_t)s->h * (size_t)s->w; i++)
        s->ink[i] = paint_off(s->ink[i], s->room[i]);
}

static int unrule(struct mp_ctx *c, struct mp_sheet *s, double *slope, bool *any)
{
    if (find_rules(c, s, slope, any) < 0)
        return -1;
    if (*any)
        remove_rules(s);
    return MP_OK;
}

/* On its side, by squares that stay in the cache. */
static void turn(struct mp_sheet *s)
{
    enum { SQUARE = 32 };
    for (int y = 0; y < s->h; y += SQUARE)
        for (int x = 0; x < s->w; x += SQUARE)
            for (int i = y; i < y + SQUARE && i < s->h; i++)
                for (int k = x; k < x + SQUARE && k < s->w; k++)
                    s->room[(size_t)k * (size_t)s->h + (size_t)i] =
                        s->ink[(size_t)i * (size_t)s->w + (size_t)k];
    uint8_t *ink = s->ink;
    s->ink = s->room;
    s->room = ink;
    const int h = s->h;
    s->h = s->w;
    s->w = h;
}

int mp_sheet_unrule(struct mp_ctx *c, struct mp_sheet *s)
{
    double standing;
    bool stand = false;
    if (s->h < WINDOW || s->w < WINDOW)
        return MP_OK;
    if (unrule(c, s, &s->slope, &s->ruled) < 0)
        return -1;
    turn(s);
    const int rc = unrule(c, s, &standing, &stand);
    turn(s);
    return rc;
}
