/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.c - from a page to lines of digits.
 *
 * Digits that touch are one part.  What is wider than a digit usually is, or what the bundle is
 * unsure of, is cut along each of a few lines that go through little ink, upright and leaning, and
 * the bundle looks at both sides: a cut stands if it is surer of the worse side than of the whole.
 * (Over-segmentation: R. G. Casey and E. Lecolinet, IEEE PAMI 18, 1996, 690-706.) */
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

/* Leads are as parts of what they are in training rows. */
static double sure_of(const struct mp_bundle *b, const struct mp_predictions *p, size_t i)
{
    const double usual = p->kind == MP_MARGINS && b->lead > 0 ? b->lead : 1;
    return mp_confidence(p->kind, p->scores + i * (size_t)p->k, p->k) / usual;
}

/* --------------------------------------------------------- digits that touch */

enum { CUTS = 5, LEANS = 3, HALVES = 2 * CUTS * LEANS };
static const double leans[LEANS] = { 0, 0.35, -0.35 };

/* In heights of a digit: what is wider is cut if the halves are as sure as the whole, what is wider
 * than SLIM if the whole is unsure and the halves are surer by GAIN; of what is wider than TWO one
 * half may be two digits, which are cut in the next round.  A cut goes through so many strokes. */
static const double wide = 1.25, slim = 0.75, two = 1.25, narrow = 0.12, unsure = 0.5, gain = 0.4,
                    through = 2.3;

static double ink_along(const struct mp_glyph *g, const struct mp_cut *cut)
{
    double sum = 0;
    for (int y = 0; y < g->h; y++)
        sum += g->ink[(size_t)(y + 1) * (size_t)(g->w + 2) +
                      (size_t)mp_cut_column(cut, g, y) + 1];
    return sum;
}

/* The cuts of one lean that go through least ink, not all at one place, and none through more
 * than `most`; how many. */
static int find_cuts(const struct mp_glyph *g, double size, double lean, double most,
                     struct mp_cut *to)
{
    const int first = (int)(narrow * size) + 1, last = g->w - first;
    const int apart = (int)(0.1 * size) + 1;
    int n = 0;
    while (n < CUTS) {
        struct mp_cut best = { -1, lean };
        double least = most;
        for (int x = first; x < last; x++) {
            const struct mp_cut own = { x, lean };
            bool near_one = false;
            for (int k = 0; k < n; k++)
                near_one |= abs(to[k].at - x) < apart;
            const double ink = near_one ? INFINITY : ink_along(g, &own);
            if (ink < least) {
                least = ink;
                best = own;
            }
        }
        if (best.at < 0)
            break;
        to[n++] = best;
    }
    return n;
}

/* Halves of glyphs, two for each cut, and which glyph each is of. */
struct halves {
    struct mp_glyphs of;
    size_t *whose;
};

static int cut_one(struct mp_ctx *c, const struct mp_glyph *one, double size, size_t number,
                   struct halves *h)
{
    struct mp_cut cut[CUTS * LEANS];
    const double most = 255 * through * mp_glyph_stroke(one);
    int n = 0;
    for (int k = 0; k < LEANS; k++)
        n += find_cuts(one, size, leans[k], most, cut + n);
    for (int k = 0; k < 2 * n; k++) {
        struct mp_glyph half = { .ink = NULL };
        if (mp_glyph_cut(c, one, &cut[k / 2], k % 2 == 1, &half) < 0 ||
            mp_glyphs_add(c, &h->of, &half) < 0) {
            free(half.ink);
            return -1;
        }
        h->whose[h->of.n - 1] = number;
    }
    return MP_OK;
}

/* sure: of each glyph as it is. */
static int cut_all(struct mp_ctx *c, const struct mp_glyphs *g, const double *sure,
                   struct halves *h)
{
    int rc = MP_OK;
    h->whose = mp_alloc(c, HALVES * g->n, sizeof *h->whose);
    if (h->whose == NULL)
        return -1;
    for (size_t i = 0; i < g->n && rc == MP_OK; i++) {
        const struct mp_glyph *one = &g->at[i];
        const bool may = one->w > wide * g->size ||
                         (one->w > slim * g->size && sure[i] < unsure);
        if (one->kind == MP_MARK_DIGIT && may)
            rc = cut_one(c, one, g->size, i, h);
    }
    return rc;
}

/* What a half that may be a digit is worth; the other is cut in the next round. */
static double worth(const struct mp_glyph *half, double size, double sure)
{
    if (half->h < 0.6 * size || half->area < 0.01 * size * size)
        return 0;
    return half->w > two * size ? HUGE_VAL : sure;
}

/* The best cut of each glyph takes its place. */
static int take_cuts(struct mp_ctx *c, struct mp_glyphs *g, struct halves *h, const double *whole,
                     const double *sure, bool *any)
{
    const size_t n = h->of.n;
    for (size_t i = 0, next; i < n; i = next) {
        const size_t own = h->whose[i];
        double best = whole[own] + (g->at[own].w > wide * g->size ? 0 : gain);
        size_t at = n;
        for (next = i; next < n && h->whose[next] == own; next += 2) {
            const double worse = fmin(worth(&h->of.at[next], g->size, sure[next]),
                                      worth(&h->of.at[next + 1], g->size, sure[next + 1]));
            if (worse > best) {
                best = worse;
                at = next;
            }
        }
        if (at == n)
            continue;
        *any = true;
        free(g->at[own].ink);
        g->at[own] = h->of.at[at];
        h->of.at[at].ink = NULL;
        if (mp_glyphs_add(c, g, &h->of.at[at + 1]) < 0)
            return -1;
        h->of.at[at + 1].ink = NULL;
    }
    return MP_OK;
}

/* How sure the bundle is of each of them, from 0 to about 1. */
static int weigh(struct mp_ctx *c, struct mp_bundle *b, const struct mp_glyphs *g, double slope,
                 double *sure)
{
    struct mp_data d = { .n = 0 };
    struct mp_predictions p = { .n = 0 };
    const struct mp_glyph **all = mp_alloc(c, g->n, sizeof *all);
    int rc = all != NULL ? MP_OK : -1;
    for (size_t i = 0; i < g->n && rc == MP_OK; i++)
        all[i] = &g->at[i];
    if (rc == MP_OK)
        rc = predict(c, b, all, g->n, slope, &d, &p);
    for (size_t i = 0; i < g->n && rc == MP_OK; i++)
        sure[i] = sure_of(b, &p, i);
    free(all);
    mp_data_free(&d);
    mp_predictions_free(&p);
    return rc;
}

/* One round: each glyph is cut in two at most. */
static int split(struct mp_ctx *c, struct mp_bundle *b, struct mp_glyphs *g, double slope,
                 bool *any)
{
    struct halves h = { .whose = NULL };
    double *whole = mp_alloc(c, g->n, sizeof *whole), *sure = NULL;
    int rc = whole != NULL && g->n > 0 ? weigh(c, b, g, slope, whole) : whole != NULL ? 0 : -1;
    *any = false;
    if (rc == MP_OK)
        rc = cut_all(c, g, whole, &h);
    if (rc == MP_OK && h.of.n > 0) {
        sure = mp_alloc(c, h.of.n, sizeof *sure);
        rc = sure != NULL ? weigh(c, b, &h.of, slope, sure) : -1;
        if (rc == MP_OK)
            rc = take_cuts(c, g, &h, whole, sure, any);
    }
    free(sure);
    free(whole);
    free(h.whose);
    mp_glyphs_free(&h.of);
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
        m->sure = sure_of(b, p, m->row);
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
    mp_ctx_where(c, "%s: ", name);
    const int rc = s.blank ? MP_OK : read_sheet(c, &s, b, r);
    if (rc == MP_OK)
        mp_ctx_where(c, "%s", "");
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
