/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.c - pages that are drawn here: what becomes of light, rules and strokes, and of memory
 * that is refused.  Pages of digits are read by tests/cli/read.sh. */
#include "core/ctx.h"
#include "reading/layout.h"
#include "reading/mark.h"
#include "../tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { H = 300, W = 400 };

/* Strokes: two upright bars of 8 x 60, and a dash. */
static bool inked(int y, int x)
{
    return (y >= 100 && y < 160 && ((x >= 100 && x < 108) || (x >= 160 && x < 168))) ||
           (y >= 128 && y < 134 && x >= 220 && x < 260);
}

/* light: how much of it is left at the right; rules: every 40 px one of 2 px that falls. */
static void draw(uint8_t *page, double light, bool swapped, bool rules)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const double lit = 1 - (1 - light) * x / W;
            const bool rule = rules && (int)floor(y - 0.06 * x + 400) % 40 < 2;
            const double paper = swapped ? 40 : 230, ink = swapped ? 220 : 40;
            const double v = inked(y, x) ? ink : rule ? (2 * paper + ink) / 3 : paper;
            page[y * W + x] = (uint8_t)lrint(v * lit);
        }
}

static int find(struct mp_ctx *c, const uint8_t *page, struct mp_sheet *s, struct mp_parts *p,
                struct mp_glyphs *g)
{
    *p = (struct mp_parts){ .n = 0 };
    *g = (struct mp_glyphs){ .n = 0 };
    if (mp_sheet_open(c, s, page, H, W) < 0)
        return -1;
    if (mp_sheet_unrule(c, s) < 0)
        return -1;
    mp_sheet_level(s);
    if (mp_parts_find(c, s, p) < 0 || mp_glyphs_find(c, s, p, g) < 0)
        return -1;
    mp_lines_sort(g, mp_lines_slope(g, 0));
    return MP_OK;
}

static void done(struct mp_ctx *c, struct mp_sheet *s, struct mp_parts *p, struct mp_glyphs *g)
{
    mp_glyphs_free(g);
    mp_parts_free(p);
    mp_sheet_close(s);
    mp_ctx_reuse(c);
}

static bool box(const struct mp_glyph *g, int left, int top, int w, int h)
{
    return abs(g->left - left) <= 1 && abs(g->top - top) <= 1 && abs(g->w - w) <= 2 &&
           abs(g->h - h) <= 2;
}

static void found(struct tap *t, struct mp_ctx *c, uint8_t *page, double light, bool swapped,
                  bool rules, const char *what)
{
    struct mp_sheet s = { .h = 0 };
    struct mp_parts p;
    struct mp_glyphs g;
    draw(page, light, swapped, rules);
    tap_ok(t, find(c, page, &s, &p, &g) == MP_OK && g.n == 3 && s.light == swapped &&
              box(&g.at[0], 100, 100, 8, 60) && box(&g.at[1], 160, 100, 8, 60) &&
              box(&g.at[2], 220, 128, 40, 6) && g.at[2].kind == MP_MARK_DASH &&
              g.at[0].kind == MP_MARK_DIGIT && g.at[0].line == g.at[1].line,
           "two bars and a dash: %s", what);
    tap_ok(t, s.ruled == rules, "%s: rules are %sthere", what, rules ? "" : "not ");
    done(c, &s, &p, &g);
}

/* A block of 40 x 100 px becomes 8 x 20, its centre of mass at (14, 14) or the half pixel before. */
static void normal(struct tap *t, struct mp_ctx *c)
{
    struct mp_glyph g = { .w = 40, .h = 100 };
    uint8_t row[784];
    int wrong = 0;
    g.ink = calloc(42 * 102, 1);
    for (int y = 1; y <= 100; y++)
        memset(g.ink + y * 42 + 1, 255, 40);
    g.area = 4000;
    tap_ok(t, mp_glyph_row(c, &g, 0, (struct mp_shape){ 28, 28, 1 }, row) == MP_OK, "a block");
    for (int y = 0; y < 28; y++)
        for (int x = 0; x < 28; x++)
            wrong += row[y * 28 + x] != (y >= 4 && y < 24 && x >= 10 && x < 18 ? 255 : 0);
    tap_ok(t, wrong == 0, "its longer side is 20 px, whole pixels, in the middle (%d differ)",
           wrong);
    tap_ok(t, fabs(mp_glyph_stroke(&g) - 2 * 4000 / (280 * M_PI / 4)) < 1e-9,
           "stroke width is twice the area by the length of the edge");
    free(g.ink);
}

/* A line of 2 px on 200 px would be 0.2 px wide. */
static void bold(struct tap *t, struct mp_ctx *c)
{
    struct mp_glyph g = { .w = 2, .h = 200, .area = 400 };
    uint8_t row[784];
    double sum = 0;
    g.ink = calloc(4 * 202, 1);
    for (int y = 1; y <= 200; y++)
        memset(g.ink + y * 4 + 1, 255, 2);
    tap_ok(t, mp_glyph_row(c, &g, 0, (struct mp_shape){ 28, 28, 1 }, row) == MP_OK, "a thin line");
    for (int x = 0; x < 28; x++)
        sum += row[14 * 28 + x] / 255.0;
    tap_ok(t, fabs(sum - 1.5) < 0.3, "is drawn 1.5 px wide (%.2f)", sum);
    free(g.ink);
}

/* Ink that falls along its line comes to lie level. */
static void level(struct tap *t, struct mp_ctx *c)
{
    struct mp_glyph g = { .w = 100, .h = 20 };
    uint8_t row[784];
    int high = 0;
    g.ink = calloc(102 * 22, 1);
    for (int x = 0; x < 100; x++)
        for (int y = 0; y < 10; y++, g.area++)
            g.ink[(y + x / 10 + 1) * 102 + x + 1] = 255;
    mp_glyph_row(c, &g, 0.1, (struct mp_shape){ 28, 28, 1 }, row);
    for (int y = 0; y < 28; y++)
        high += row[y * 28 + 14] > 20;
    tap_ok(t, high <= 4, "a bar that falls by one in ten is level (%d px high)", high);
    free(g.ink);
}

/* The page lies on a table, on which lie things; or something throws a shadow on it, which is no
 * table. */
static void surrounded(struct tap *t, struct mp_ctx *c, uint8_t *page, bool swapped, bool shadow,
                       const char *what)
{
    struct mp_sheet s = { .h = 0 };
    struct mp_parts p;
    struct mp_glyphs g;
    draw(page, 1, swapped, false);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const bool thing = (x / 8 % 9 == 2 && y / 30 % 2 == 1) || hypot(x - 372, y - 22) < 20;
            uint8_t *at = &page[y * W + x];
            if (shadow)
                *at = (uint8_t)lrint(*at * (1 - 0.5 * fmin(1, fmax(0, (x - 180) / 24.0))));
            else if (y < 45 || y >= 230 || x < 50 || x >= 310)
                *at = thing ? 240 : 110;
        }
    tap_ok(t, find(c, page, &s, &p, &g) == MP_OK && g.n == 3 && s.light == swapped &&
              box(&g.at[0], 100, 100, 8, 60) && box(&g.at[1], 160, 100, 8, 60) &&
              box(&g.at[2], 220, 128, 40, 6), "two bars and a dash: %s", what);
    done(c, &s, &p, &g);
}

/* Both sides of a cut are all of it. */
static void cuts(struct tap *t, struct mp_ctx *c)
{
    struct mp_glyph g = { .left = 7, .top = 3, .w = 30, .h = 20, .area = 600 }, a, b;
    const struct mp_cut cut = { 12, 0.35 };
    g.ink = calloc(32 * 22, 1);
    for (int y = 1; y <= 20; y++)
        memset(g.ink + y * 32 + 1, 255, 30);
    tap_ok(t, mp_glyph_cut(c, &g, &cut, false, &a) == 0 && mp_glyph_cut(c, &g, &cut, true, &b) == 0,
           "a cut");
    tap_ok(t, a.area + b.area == 600 && a.left == 7 && b.left + b.w == 37 && a.w > 12 && b.w > 18,
           "has all of it on its sides");
    free(a.ink);
    free(b.ink);
    free(g.ink);
}

/* Each allocation in turn is refused: a failure, and nothing that sanitizers would hear of. */
static void refused(struct tap *t, uint8_t *page)
{
    int failed = 0, rc = -1;
    draw(page, 0.5, false, true);
    for (long k = 1; k < 2000 && rc < 0; k++) {
        struct mp_sheet s = { .h = 0 };
        struct mp_parts p = { .n = 0 };
        struct mp_glyphs g = { .n = 0 };
        struct mp_ctx c;
        mp_ctx_init(&c, NULL);
        c.fail_at = k;
        rc = find(&c, page, &s, &p, &g);
        failed += rc < 0 && c.msg[0] != '\0';
        done(&c, &s, &p, &g);
        mp_ctx_free(&c);
    }
    tap_ok(t, rc == MP_OK && failed > 20, "memory that is refused: %d failures, each said", failed);
}

int main(void)
{
    struct tap t = { 0 };
    struct mp_ctx c;
    uint8_t *page = calloc(H * W, 1);
    mp_ctx_init(&c, NULL);
    found(&t, &c, page, 1, false, false, "dark on light");
    found(&t, &c, page, 0.4, false, false, "light that falls off by 60 %");
    found(&t, &c, page, 1, true, false, "light on dark");
    found(&t, &c, page, 0.5, true, false, "light on dark, falling light");
    found(&t, &c, page, 1, false, true, "rules that fall");
    found(&t, &c, page, 0.5, false, true, "rules in falling light");
    surrounded(&t, &c, page, false, false, "dark on light, on a table");
    surrounded(&t, &c, page, true, false, "light on dark, on a table");
    surrounded(&t, &c, page, false, true, "half in a shadow");
    normal(&t, &c);
    bold(&t, &c);
    level(&t, &c);
    cuts(&t, &c);
    refused(&t, page);
    mp_ctx_free(&c);
    free(page);
    return tap_end(&t);
}
