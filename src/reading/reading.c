/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.c - from a page to lines of digits.
 *
 * Digits that touch are one part.  What is wider than a digit usually is is cut where a column has
 * least ink, at each of a few such columns, and the bundle looks at both sides: a cut stands if it
 * is surer of the worse side than of the whole. */
#include "reading/reading.h"
#include "core/ctx.h"
#include "core/text.h"
#include "engine/lying.h"
#include "engine/metrics.h"
#include "reading/layout.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- the bundle */

int mp_reading_check(struct mp_ctx *c, const char *name, const struct mp_bundle *b)
{
    char text[MP_SHAPE_TEXT];
    const struct mp_shape s = b->plan.shape;
    if (s.c != 1 || s.h < 8 || s.w < 8)
        return mp_fail(c, "%s: takes rows of %s; read makes images of one channel, of 8 x 8 pixels "
                       "or more, such as 28 x 28", name, mp_shape_text(s, text));
    for (size_t k = 0; k < b->classes.n; k++) {
        const char *class = mp_names_at(&b->classes, k);
        if (strlen(class) != 1 || *class < '0' || *class > '9')
            return mp_fail(c, "%s: has a class \"%s\"; read finds digits, expected classes among "
                           "0 .. 9", name, class);
    }
    return MP_OK;
}

/* The images of glyphs, as rows like those that the bundle was trained on. */
static int make_rows(struct mp_ctx *c, const struct mp_bundle *b, const struct mp_glyph *const *g,
                     size_t n, double slope, struct mp_data *d)
{
    const size_t len = mp_len(b->plan.shape);
    const bool swapped = b->glance.rows > 0 && b->glance.border > 127.5;
    *d = (struct mp_data){ .n = n, .shape = b->plan.shape };
    if ((d->name = mp_data_name(c, "page")) == NULL || mp_data_room(c, d, n, len) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        uint8_t *row = d->x + i * len;
        if (mp_glyph_row(c, g[i], slope, d->shape, row) < 0)
            return -1;
        for (size_t k = 0; k < len && swapped; k++)
            row[k] = (uint8_t)(255 - row[k]);
    }
    return MP_OK;
}

static int predict(struct mp_ctx *c, struct mp_bundle *b, const struct mp_glyph *const *g, size_t n,
                   double slope, struct mp_data *d, struct mp_predictions *p)
{
    struct mp_bar *bar = c->run != NULL ? c->run->bar : NULL;
    int rc = make_rows(c, b, g, n, slope, d);
    if (rc == MP_OK && bar != NULL)
        c->run->bar = NULL;
    if (rc == MP_OK)
        rc = mp_predict(c, &b->plan, d, p);
    if (bar != NULL)
        c->run->bar = bar;
    return rc;
}

static double sure_of(const struct mp_predictions *p, size_t i)
{
    return mp_confidence(p->kind, p->scores + i * (size_t)p->k, p->k);
}

/* --------------------------------------------------------- digits that touch */

enum { CUTS = 5 };
static const double touching = 1.1, narrow = 0.12;

/* Where a column has less ink than those around, the least first; how many. */
static int find_cuts(const struct mp_glyph *g, double size, int at[CUTS])
{
    const int first = (int)(narrow * size) + 1, last = g->w - first;
    const int apart = (int)(0.1 * size) + 1;
    int n = 0;
    while (n < CUTS) {
        int best = -1;
        double least = INFINITY;
        for (int x = first; x < last; x++) {
            bool near_one = false;
            for (int k = 0; k < n; k++)
                near_one |= abs(at[k] - x) < apart;
            double ink = 0;
            for (int y = 1; y <= g->h; y++)
                ink += g->ink[(size_t)y * (size_t)(g->w + 2) + (size_t)x + 1];
            if (!near_one && ink < least) {
                least = ink;
                best = x;
            }
        }
        if (best < 0)
            break;
        at[n++] = best;
    }
    return n;
}

/* Halves of glyphs, two for each cut, and which glyph each is of. */
struct halves {
    struct mp_glyphs of;
    size_t *whose, n;
};

static int cut_all(struct mp_ctx *c, const struct mp_glyphs *g, struct halves *h)
{
    h->whose = mp_alloc(c, 2 * CUTS * g->n, sizeof *h->whose);
    if (h->whose == NULL)
        return -1;
    for (size_t i = 0; i < g->n; i++) {
        const struct mp_glyph *one = &g->at[i];
        int at[CUTS];
        if (one->kind != MP_MARK_DIGIT || one->w < touching * g->size || one->w < 0.8 * one->h)
            continue;
        const int n = find_cuts(one, g->size, at);
        for (int k = 0; k < 2 * n; k++) {
            struct mp_glyph half = { .ink = NULL };
            if (mp_glyph_cut(c, one, at[k / 2], k % 2 == 1, &half) < 0 ||
                mp_glyphs_add(c, &h->of, &half) < 0) {
                free(half.ink);
                return -1;
            }
            h->whose[h->of.n - 1] = i;
        }
    }
    return MP_OK;
}

/* The best cut of each glyph takes its place. */
static int take_cuts(struct mp_ctx *c, struct mp_glyphs *g, struct halves *h,
                     const struct mp_predictions *p, bool *any)
{
    const size_t n = h->of.n;
    for (size_t i = 0, next; i < n; i = next) {
        const size_t own = h->whose[i];
        double best = sure_of(p, n + own);
        size_t at = n;
        for (next = i; next < n && h->whose[next] == own; next += 2) {
            const double worse = fmin(sure_of(p, next), sure_of(p, next + 1));
            const double height = fmin(h->of.at[next].h, h->of.at[next + 1].h);
            if (worse > best && height > 0.5 * g->size) {
                best = worse;
                at = next;
            }
        }
        if (at == n)
            continue;
        *any = true;
        free(g->at[own].ink);
        g->at[own] = h->of.at[at];
        if (mp_glyphs_add(c, g, &h->of.at[at + 1]) < 0)
            return -1;
        h->of.at[at].ink = h->of.at[at + 1].ink = NULL;
    }
    return MP_OK;
}

/* One round: each glyph is cut in two at most. */
static int split(struct mp_ctx *c, struct mp_bundle *b, struct mp_glyphs *g, double slope,
                 bool *any)
{
    struct halves h = { .whose = NULL };
    struct mp_data d = { .n = 0 };
    struct mp_predictions p = { .n = 0 };
    const struct mp_glyph **all = NULL;
    *any = false;
    int rc = cut_all(c, g, &h);
    if (rc == MP_OK && h.of.n > 0) {
        const size_t n = h.of.n + g->n;
        if ((all = mp_alloc(c, n, sizeof *all)) == NULL)
            rc = -1;
        for (size_t i = 0; i < n && rc == MP_OK; i++)
            all[i] = i < h.of.n ? &h.of.at[i] : &g->at[i - h.of.n];
        if (rc == MP_OK)
            rc = predict(c, b, all, n, slope, &d, &p);
        if (rc == MP_OK)
            rc = take_cuts(c, g, &h, &p, any);
    }
    free(all);
    free(h.whose);
    mp_glyphs_free(&h.of);
    mp_data_free(&d);
    mp_predictions_free(&p);
    return rc;
}

/* ----------------------------------------------------------------- results */

static int second_of(const float *s, int k, int first)
{
    int second = first == 0 && k > 1 ? 1 : 0;
    for (int j = 0; j < k; j++)
        if (j != first && s[j] > s[second])
            second = j;
    return second;
}

static void put_marks(const struct mp_glyphs *g, const struct mp_sheet *s, struct mp_reading *r)
{
    int place = 0;
    for (size_t i = 0; i < g->n; i++) {
        const struct mp_glyph *one = &g->at[i];
        struct mp_mark *m = &r->at[i];
        place = i > 0 && g->at[i - 1].line == one->line ? place + 1 : 0;
        *m = (struct mp_mark){ .kind = (enum mp_mark_kind)one->kind, .line = one->line,
                               .place = place, .left = one->left * s->by, .top = one->top * s->by,
                               .w = one->w * s->by, .h = one->h * s->by };
        if (m->kind == MP_MARK_DIGIT)
            m->row = r->digits++;
    }
}

static void put_classes(const struct mp_bundle *b, struct mp_reading *r)
{
    const struct mp_predictions *p = &r->scores;
    double sum = 0;
    r->margins = p->kind == MP_MARGINS;
    for (size_t i = 0; i < r->n; i++) {
        struct mp_mark *m = &r->at[i];
        if (m->kind != MP_MARK_DIGIT)
            continue;
        m->class = p->predicted[m->row];
        m->second = second_of(p->scores + m->row * (size_t)p->k, p->k, m->class);
        m->sure = sure_of(p, m->row) / (r->margins && b->lead > 0 ? b->lead : 1);
        sum += mp_lead(p, m->row);
    }
    r->usual = b->lead > 0 ? sum / (double)r->digits / b->lead : 0;
}

static int read_glyphs(struct mp_ctx *c, struct mp_bundle *b, const struct mp_glyphs *g,
                       const struct mp_sheet *s, double slope, struct mp_reading *r)
{
    const struct mp_glyph **digits = mp_alloc(c, g->n, sizeof *digits);
    size_t n = 0;
    r->at = mp_alloc(c, g->n, sizeof *r->at);
    r->n = g->n;
    int rc = digits != NULL && r->at != NULL ? MP_OK : -1;
    if (rc == MP_OK)
        put_marks(g, s, r);
    for (size_t i = 0; i < g->n && rc == MP_OK; i++)
        if (g->at[i].kind == MP_MARK_DIGIT)
            digits[n++] = &g->at[i];
    if (rc == MP_OK && n > 0)
        rc = predict(c, b, digits, n, slope, &r->rows, &r->scores);
    if (rc == MP_OK && n > 0)
        put_classes(b, r);
    free(digits);
    return rc;
}

static int read_sheet(struct mp_ctx *c, struct mp_sheet *s, struct mp_bundle *b,
                      struct mp_reading *r)
{
    enum { ROUNDS = 4 };
    struct mp_parts p = { .n = 0 };
    struct mp_glyphs g = { .n = 0 };
    if (mp_sheet_unrule(c, s) < 0)
        return -1;
    mp_sheet_level(s);
    int rc = mp_parts_find(c, s, &p) < 0 || mp_glyphs_find(c, s, &p, &g) < 0 ? -1 : MP_OK;
    const double slope = mp_lines_slope(&g, s->ruled ? s->slope : 0);
    bool more = true;
    for (int k = 0; k < ROUNDS && rc == MP_OK && more; k++)
        rc = split(c, b, &g, slope, &more);
    if (rc == MP_OK) {
        r->lines = mp_lines_sort(&g, slope);
        r->angle = atan(slope) * 180 / M_PI;
        r->size = g.size * s->by;
        r->specks = g.specks;
        rc = read_glyphs(c, b, &g, s, slope, r);
    }
    mp_glyphs_free(&g);
    mp_parts_free(&p);
    return rc;
}

int mp_reading_page(struct mp_ctx *c, const char *name, const uint8_t *grey, int h, int w,
                    struct mp_bundle *b, struct mp_reading *r)
{
    struct mp_sheet s;
    *r = (struct mp_reading){ .h = h, .w = w };
    if (h < 8 || w < 8)
        return mp_fail(c, "%s: has %d x %d pixels; a page to be read has at least 8 x 8", name, h,
                       w);
    if (mp_sheet_open(c, &s, grey, h, w) < 0)
        return -1;
    r->light = s.light;
    const int rc = s.blank ? MP_OK : read_sheet(c, &s, b, r);
    mp_sheet_close(&s);
    if (rc < 0)
        mp_reading_free(r);
    return rc;
}

static int read_page(struct mp_ctx *c, const char *name, struct mp_bundle *b, struct mp_page *own,
                     struct mp_page *page, struct mp_reading *r)
{
    const int rc = mp_reading_page(c, name, own->grey, own->h, own->w, b, r);
    if (page != NULL && rc == MP_OK)
        *page = *own;
    else
        mp_page_free(own);
    return rc;
}

int mp_reading_memory(struct mp_ctx *c, const char *name, const uint8_t *p, size_t n,
                      struct mp_bundle *b, struct mp_page *page, struct mp_reading *r)
{
    struct mp_page own;
    *r = (struct mp_reading){ .h = 0 };
    return mp_page_decode(c, name, p, n, &own) < 0 ? -1 : read_page(c, name, b, &own, page, r);
}

int mp_reading_file(struct mp_ctx *c, const char *file, struct mp_bundle *b, struct mp_page *page,
                    struct mp_reading *r)
{
    struct mp_page own;
    *r = (struct mp_reading){ .h = 0 };
    return mp_page_read(c, file, &own) < 0 ? -1 : read_page(c, file, b, &own, page, r);
}

void mp_reading_free(struct mp_reading *r)
{
    free(r->at);
    mp_data_free(&r->rows);
    mp_predictions_free(&r->scores);
    *r = (struct mp_reading){ .h = 0 };
}

const char *mp_mark_name(enum mp_mark_kind kind)
{
    static const char *const names[] = { "digit", "dash", "large", "edge" };
    return names[kind];
}

bool mp_mark_unsure(const struct mp_mark *m, double threshold)
{
    return m->kind == MP_MARK_DIGIT && m->sure < threshold;
}

char *mp_reading_line(struct mp_ctx *c, const struct mp_reading *r, const struct mp_bundle *b,
                      int k)
{
    const struct mp_mark *before = NULL;
    struct mp_text t;
    if (mp_text_open(c, &t) < 0)
        return NULL;
    for (size_t i = 0; i < r->n; i++) {
        const struct mp_mark *m = &r->at[i];
        if (m->line != k || m->kind != MP_MARK_DIGIT)
            continue;
        if (before != NULL && m->left - before->left - before->w > 0.6 * r->size)
            fputc(' ', t.f);
        fputs(mp_names_at(&b->classes, (size_t)m->class), t.f);
        before = m;
    }
    return mp_text_end(c, &t);
}
