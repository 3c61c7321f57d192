/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glyph.c - ink that may be a digit, and the image that is made of it.
 *
 * NIST's digits were black and white; the makers of MNIST scaled them so that the longer side is
 * 20 pixels, grey by anti-aliasing, and moved them by whole pixels so that the centre of mass
 * lies in the middle of 28 x 28 (Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database").
 * Here every pixel of the page is a square that is laid where it comes to lie, turned and scaled:
 * its ink is shared among the pixels that the square covers.  So each new pixel is the mean of
 * what it covers, as with Pillow's BOX.
 *
 * A fine pen on a large digit would leave lines much thinner than the model has seen; below
 * THIN px of the new image strokes are drawn with a pen that makes them that wide. */
#include "reading/glyph.h"
#include "core/ctx.h"
#include "image/distance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double thin = 1.5, share = 20.0 / 28;

/* ------------------------------------------------------------------ cut out */

static uint8_t *at(const struct mp_glyph *g, int x, int y)
{
    return g->ink + (size_t)(y + 1) * (size_t)(g->w + 2) + (size_t)(x + 1);
}

static void take(const struct mp_sheet *s, const struct mp_stretch *r, struct mp_glyph *g)
{
    for (int y = r->y - 1; y <= r->y + 1; y++)
        for (int x = r->from - 1; x <= r->to; x++)
            if (y >= 0 && y < s->h && x >= 0 && x < s->w)
                *at(g, x - g->left, y - g->top) = s->ink[(size_t)y * (size_t)s->w + (size_t)x];
}

/* The level of its strokes: what the darker half of its ink has at least. */
static int level_of(const struct mp_glyph *g, int floor)
{
    const size_t n = (size_t)(g->w + 2) * (size_t)(g->h + 2);
    size_t seen[256] = { 0 }, all = 0, above = 0;
    int v = 255;
    for (size_t i = 0; i < n; i++) {
        seen[g->ink[i]]++;
        all += g->ink[i] > floor;
    }
    while (v > floor && 3 * (above + seen[v]) < all)
        above += seen[v--];
    return v > 0 ? v : 1;
}

/* Edges are blurred; half of the strokes' level is where they are. */
static void sharpen(struct mp_glyph *g, int level)
{
    const size_t n = (size_t)(g->w + 2) * (size_t)(g->h + 2);
    g->area = 0;
    for (size_t i = 0; i < n; i++) {
        const int v = (2 * 255 * g->ink[i] / level) - 127;
        g->ink[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        g->area += g->ink[i] > 127;
    }
}

/* The box around what is more ink than paper. */
static int tighten(struct mp_ctx *c, struct mp_glyph *g)
{
    struct mp_glyph to = *g;
    int x0 = g->w, x1 = -1, y0 = g->h, y1 = -1;
    for (int y = 0; y < g->h; y++)
        for (int x = 0; x < g->w; x++)
            if (*at(g, x, y) > 127) {
                x0 = x < x0 ? x : x0;
                x1 = x > x1 ? x : x1;
                y0 = y < y0 ? y : y0;
                y1 = y > y1 ? y : y1;
            }
    if (x1 < 0)
        x0 = y0 = x1 = y1 = 0;
    to.w = x1 - x0 + 1;
    to.h = y1 - y0 + 1;
    to.left += x0;
    to.top += y0;
    to.ink = mp_alloc(c, (size_t)(to.w + 2) * (size_t)(to.h + 2), 1);
    if (to.ink == NULL)
        return -1;
    for (int y = -1; y <= to.h; y++)
        memcpy(at(&to, -1, y), at(g, x0 - 1, y0 + y), (size_t)to.w + 2);
    free(g->ink);
    *g = to;
    return MP_OK;
}

int mp_glyph_of(struct mp_ctx *c, const struct mp_sheet *s, const struct mp_parts *p,
                const size_t *part, size_t n, struct mp_glyph *g)
{
    struct mp_blob box = p->at[part[0]];
    for (size_t k = 1; k < n; k++) {
        const struct mp_blob *a = &p->at[part[k]];
        box.left = a->left < box.left ? a->left : box.left;
        box.top = a->top < box.top ? a->top : box.top;
        box.right = a->right > box.right ? a->right : box.right;
        box.bottom = a->bottom > box.bottom ? a->bottom : box.bottom;
    }
    *g = (struct mp_glyph){ .left = box.left, .top = box.top, .w = box.right - box.left,
                            .h = box.bottom - box.top };
    g->ink = mp_alloc(c, (size_t)(g->w + 2) * (size_t)(g->h + 2), 1);
    if (g->ink == NULL)
        return -1;
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < p->at[part[k]].n; i++)
            take(s, &p->run[p->at[part[k]].first + i], g);
    sharpen(g, level_of(g, s->level));
    return tighten(c, g);
}

int mp_glyph_cut(struct mp_ctx *c, const struct mp_glyph *g, const struct mp_cut *cut, bool right,
                 struct mp_glyph *to)
{
    *to = *g;
    to->area = 0;
    to->ink = mp_alloc(c, (size_t)(to->w + 2) * (size_t)(to->h + 2), 1);
    if (to->ink == NULL)
        return -1;
    for (int y = 0; y < g->h; y++) {
        const int column = mp_cut_column(cut, g, y);
        const int from = right ? column : 0, end = right ? g->w : column;
        for (int x = from; x < end; x++) {
            *at(to, x, y) = *at(g, x, y);
            to->area += *at(g, x, y) > 127;
        }
    }
    return tighten(c, to);
}

/* ------------------------------------------------------------------- strokes */

/* Twice the area by the length of its edge, which steps along pixels' sides make longer by
 * 4 / pi. */
double mp_glyph_stroke(const struct mp_glyph *g)
{
    int sides = 0;
    for (int y = 0; y < g->h; y++)
        for (int x = 0; x < g->w; x++)
            if (*at(g, x, y) > 127)
                sides += (*at(g, x - 1, y) <= 127) + (*at(g, x + 1, y) <= 127) +
                         (*at(g, x, y - 1) <= 127) + (*at(g, x, y + 1) <= 127);
    return sides > 0 ? 2 * (double)g->area / (sides * M_PI / 4) : 0;
}

/* A glyph whose strokes reach `by` px further to each side; pixels beyond its box are room for
 * that. */
static int embolden(struct mp_ctx *c, const struct mp_glyph *g, double by, struct mp_glyph *to)
{
    const int more = (int)ceil(by) + 1, mark = mp_scratch_mark(c);
    *to = *g;
    to->left -= more;
    to->top -= more;
    to->w += 2 * more;
    to->h += 2 * more;
    const size_t w = (size_t)to->w, n = w * (size_t)to->h;
    int32_t *square = (int32_t *)(void *)mp_scratch(c, n);
    int32_t *room = (int32_t *)(void *)mp_scratch(c, mp_distance_room(to->w));
    to->ink = square != NULL && room != NULL ? mp_alloc(c, (w + 2) * (size_t)(to->h + 2), 1) : NULL;
    if (to->ink == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        square[i] = MP_FAR;
    for (int y = 0; y < g->h; y++)
        for (int x = 0; x < g->w; x++)
            if (*at(g, x, y) > 127)
                square[(size_t)(y + more) * w + (size_t)(x + more)] = 0;
    mp_distance(square, to->h, to->w, more, room);
    for (int y = 0; y < to->h; y++)
        for (int x = 0; x < to->w; x++) {
            const double d = sqrt(square[(size_t)y * w + (size_t)x]), v = 255 * (by + 0.5 - d);
            *at(to, x, y) = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
        }
    mp_scratch_release(c, mark);
    return tighten(c, to);
}

/* ----------------------------------------------------------------- the image */

/* Where pixels come to lie: turned, then scaled by f. */
struct lay {
    double cos, sin, left, top, f;
};

static struct lay lay_of(const struct mp_glyph *g, double slope, double longer)
{
    struct lay l = { .cos = 1 / sqrt(1 + slope * slope), .left = INFINITY, .top = INFINITY };
    double right = -INFINITY, bottom = -INFINITY;
    l.sin = slope * l.cos;
    for (int y = 0; y < g->h; y++)
        for (int x = 0; x < g->w; x++)
            if (*at(g, x, y) > 127) {
                const double u = x * l.cos + y * l.sin, v = y * l.cos - x * l.sin;
                l.left = fmin(l.left, u);
                l.top = fmin(l.top, v);
                right = fmax(right, u);
                bottom = fmax(bottom, v);
            }
    l.f = longer / (fmax(right - l.left, bottom - l.top) + 1);
    return l;
}

/* Shares v among the pixels that [x, x + f) x [y, y + f) covers. */
static void share_out(double *plane, struct mp_shape s, double x, double y, double f, double v)
{
    for (int i = (int)floor(y); i < y + f; i++)
        for (int k = (int)floor(x); k < x + f; k++) {
            if (i < 0 || i >= s.h || k < 0 || k >= s.w)
                continue;
            const double down = fmin(i + 1, y + f) - fmax(i, y);
            const double across = fmin(k + 1, x + f) - fmax(k, x);
            plane[i * s.w + k] += v * down * across;
        }
}

/* The next whole number; of two as near the lower one, whatever the last bits are. */
static int whole(double v)
{
    return (int)ceil(v - 0.5 - 1e-6);
}

/* By whole pixels, so that the centre of mass lies in the middle. */
static void centre(const double *plane, struct mp_shape s, uint8_t *row)
{
    double sum = 0, sx = 0, sy = 0;
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++) {
            const double v = plane[y * s.w + x];
            sum += v;
            sx += v * x;
            sy += v * y;
        }
    const int right = sum > 0 ? whole(s.w / 2.0 - sx / sum) : 0;
    const int down = sum > 0 ? whole(s.h / 2.0 - sy / sum) : 0;
    for (int y = 0; y < s.h; y++)
        for (int x = 0; x < s.w; x++) {
            const int i = y - down, k = x - right;
            const double v = i >= 0 && i < s.h && k >= 0 && k < s.w ? plane[i * s.w + k] : 0;
            row[y * s.w + x] = (uint8_t)lrint(fmin(255, v));
        }
}

static int put(struct mp_ctx *c, const struct mp_glyph *g, double slope, struct mp_shape shape,
               uint8_t *row)
{
    const int side = shape.h < shape.w ? shape.h : shape.w;
    const double longer = fmax(1, round(share * side));
    const struct lay l = lay_of(g, slope, longer);
    double *plane = mp_alloc(c, mp_len(shape), sizeof *plane);
    if (plane == NULL)
        return -1;
    const double left = floor((shape.w - longer) / 2), top = floor((shape.h - longer) / 2);
    for (int y = -1; y <= g->h; y++)
        for (int x = -1; x <= g->w; x++) {
            const double u = x * l.cos + y * l.sin - l.left, v = y * l.cos - x * l.sin - l.top;
            if (*at(g, x, y) > 0)
                share_out(plane, shape, left + u * l.f, top + v * l.f, l.f, *at(g, x, y));
        }
    centre(plane, shape, row);
    free(plane);
    return MP_OK;
}

int mp_glyph_row(struct mp_ctx *c, const struct mp_glyph *g, double slope, struct mp_shape shape,
                 uint8_t *row)
{
    const int side = shape.h < shape.w ? shape.h : shape.w;
    const double f = share * side / (g->h > g->w ? g->h : g->w), width = mp_glyph_stroke(g);
    if (width * f >= thin * side / 28)
        return put(c, g, slope, shape, row);
    struct mp_glyph bold;
    if (embolden(c, g, (thin * side / 28 / f - width) / 2, &bold) < 0)
        return -1;
    const int rc = put(c, &bold, slope, shape, row);
    free(bold.ink);
    return rc;
}
