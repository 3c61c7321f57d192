/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sheet.c - a page's ink.
 *
 * Method: paper is the median of each of some hundred squares, and of that the median over 5 x 5
 * of them, so that neither strokes nor a shadow's edge is paper; between the middles of squares
 * it is interpolated.  Ink is how far a pixel is from paper as a share of the paper's level,
 * in which uneven light, which multiplies both, cancels.  Of the two directions, darker and
 * lighter, the one is ink that more stands out in: strokes lie on one side of paper.
 * A table that the paper lies on is no paper, and has no ink (outline.h).
 * The level is Otsu's (1979) over what stands out from the noise, but at least LEAST_NOISE times
 * the noise. */
#include "reading/sheet.h"
#include "core/ctx.h"
#include "reading/outline.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_PIXELS = 12 * 1000000, /* larger pages are shrunk */
    SQUARES = 40,               /* along the shorter side */
    SQUARE_LEAST = 8, SQUARE_MOST = 64,
    AROUND = 2,                 /* squares to each side, of which the median is taken */
    FINE = 4096,                /* steps of a share of paper, which is cut at SHARE_MOST */
    PEAK = 300,                 /* the darkest so many pixels are full ink */
};
static const double share_most = 8, least_noise = 5, least_ink = 0.06;

/* --------------------------------------------------------------- the page */

/* The means of by x by pixels. */
static void shrink(const uint8_t *grey, int w, struct mp_sheet *s)
{
    const int by = s->by, half = by * by / 2;
    for (int y = 0; y < s->h; y++)
        for (int x = 0; x < s->w; x++) {
            const uint8_t *from = grey + (size_t)y * (size_t)by * (size_t)w + (size_t)(x * by);
            int sum = half;
            for (int i = 0; i < by; i++)
                for (int j = 0; j < by; j++)
                    sum += from[(size_t)i * (size_t)w + (size_t)j];
            s->ink[(size_t)y * (size_t)s->w + (size_t)x] = (uint8_t)(sum / (by * by));
        }
}

/* Noise is smoothed by 1 2 1 each way, where the page has room for strokes of some pixels. */
static void smooth(struct mp_sheet *s)
{
    const size_t w = (size_t)s->w, h = (size_t)s->h;
    if (s->w < 64 || s->h < 64)
        return;
    for (size_t y = 0; y < h; y++) {
        const uint8_t *at = s->ink + y * w;
        const uint8_t *up = y > 0 ? at - w : at, *down = y + 1 < h ? at + w : at;
        for (size_t x = 0; x < w; x++)
            s->room[y * w + x] = (uint8_t)((up[x] + 2 * at[x] + down[x] + 2) >> 2);
    }
    for (size_t y = 0; y < h; y++) {
        const uint8_t *at = s->room + y * w;
        uint8_t *to = s->ink + y * w;
        for (size_t x = 0; x < w; x++)
            to[x] = (uint8_t)((at[x > 0 ? x - 1 : x] + 2 * at[x] + at[x + 1 < w ? x + 1 : x] + 2)
                              >> 2);
    }
}

/* ------------------------------------------------------------------ paper */

static int byte_median(const unsigned seen[256], unsigned n)
{
    unsigned below = 0;
    int v = 0;
    while (v < 255 && 2 * (below + seen[v]) < n)
        below += seen[v++];
    return v;
}

static float square_median(const struct mp_sheet *s, const struct mp_ground *p, int row, int column)
{
    unsigned seen[256] = { 0 }, n = 0;
    for (int y = row * p->side; y < (row + 1) * p->side && y < s->h; y++)
        for (int x = column * p->side; x < (column + 1) * p->side && x < s->w; x++, n++)
            seen[s->ink[(size_t)y * (size_t)s->w + (size_t)x]]++;
    return (float)byte_median(seen, n);
}

/* Of the squares around that are marked. */
static float median_around(const struct mp_ground *p, const float *from, const bool *of, int row,
                           int column)
{
    unsigned seen[256] = { 0 }, n = 0;
    for (int i = row - AROUND; i <= row + AROUND; i++)
        for (int j = column - AROUND; j <= column + AROUND; j++)
            if (i >= 0 && i < p->rows && j >= 0 && j < p->columns && of[i * p->columns + j]) {
                seen[(int)from[i * p->columns + j]]++;
                n++;
            }
    return (float)byte_median(seen, n);
}

/* The medians are steps of whole levels; a mean over 3 x 3 makes a slope of them. */
static float mean_around(const struct mp_ground *p, const float *from, const bool *of, int row,
                         int column)
{
    float sum = 0;
    int n = 0;
    for (int i = row - 1; i <= row + 1; i++)
        for (int j = column - 1; j <= column + 1; j++)
            if (i >= 0 && i < p->rows && j >= 0 && j < p->columns && of[i * p->columns + j]) {
                sum += from[i * p->columns + j];
                n++;
            }
    return fmaxf(1, n > 0 ? sum / (float)n : 0);
}

/* The medians `own` of the squares' medians, of those that are marked; and in their place the
 * means of these. */
static void find_levels(struct mp_ground *p, float *own, const bool *of)
{
    const int n = p->rows * p->columns;
    for (int i = 0; i < n; i++)
        own[i] = median_around(p, p->at, of, i / p->columns, i % p->columns);
}

static void find_slopes(struct mp_ground *p, const float *own, const bool *of)
{
    const int n = p->rows * p->columns;
    for (int i = 0; i < n; i++)
        p->at[i] = mean_around(p, own, of, i / p->columns, i % p->columns);
}

/* Where a sheet lies on something, its own squares alone tell of it, and nothing else has ink. */
static int leave_table(struct mp_ctx *c, struct mp_ground *p, float *own, bool *of)
{
    const int n = p->rows * p->columns;
    bool *sheet = mp_alloc(c, 2 * (size_t)n, sizeof *sheet), found = false;
    if (sheet == NULL || mp_outline(c, own, p->rows, p->columns, sheet, sheet + n, &found) < 0) {
        free(sheet);
        return -1;
    }
    if (!found) {
        free(sheet);
        return MP_OK;
    }
    memcpy(of, sheet, (size_t)n * sizeof *of);
    find_levels(p, own, of);
    for (int i = 0; i < n; i++)
        sheet[i] = !sheet[n + i];
    p->table = sheet;
    return MP_OK;
}

static int find_paper(struct mp_ctx *c, struct mp_sheet *s)
{
    struct mp_ground *p = &s->paper;
    const int shorter = s->h < s->w ? s->h : s->w, side = shorter / SQUARES;
    p->side = side < SQUARE_LEAST ? SQUARE_LEAST : side > SQUARE_MOST ? SQUARE_MOST : side;
    p->rows = (s->h + p->side - 1) / p->side;
    p->columns = (s->w + p->side - 1) / p->side;
    const int n = p->rows * p->columns;
    float *own = mp_alloc(c, (size_t)n, sizeof *own);
    p->at = mp_alloc(c, (size_t)n, sizeof *p->at);
    bool *of = mp_alloc(c, (size_t)n, sizeof *of); /* squares that tell of paper */
    int rc = own != NULL && p->at != NULL && of != NULL ? MP_OK : -1;
    if (rc == MP_OK) {
        for (int i = 0; i < n; i++) {
            p->at[i] = square_median(s, p, i / p->columns, i % p->columns);
            of[i] = true;
        }
        find_levels(p, own, of);
        rc = leave_table(c, p, own, of);
    }
    if (rc == MP_OK)
        find_slopes(p, own, of);
    free(own);
    free(of);
    return rc;
}

/* Between which squares position v lies, and how far from the first. */
static float between(int v, int side, int n, int *first, int *second)
{
    const float at = ((float)v + 0.5f) / (float)side - 0.5f;
    const int below = (int)floorf(at);
    *first = below < 0 ? 0 : below;
    *second = below + 1 < n ? below + 1 : n - 1;
    return at - (float)below;
}

/* Paper along row y. */
static void paper_row(const struct mp_ground *p, int y, int w, float *to)
{
    int i, k;
    const float down = between(y, p->side, p->rows, &i, &k);
    const float *a = p->at + (size_t)i * (size_t)p->columns;
    const float *b = p->at + (size_t)k * (size_t)p->columns;
    for (int x = 0; x < w; x++) {
        int j, m;
        const float across = between(x, p->side, p->columns, &j, &m);
        const float above = a[j] + across * (a[m] - a[j]), below = b[j] + across * (b[m] - b[j]);
        to[x] = above + down * (below - above);
    }
}

/* -------------------------------------------------------------------- ink */

/* How often each share of paper occurs, on either side. */
struct shares {
    size_t dark[FINE + 1], light[FINE + 1];
};

static int step_of(float share)
{
    const float v = share * (float)(FINE / 8);
    return v > FINE ? FINE : (int)v;
}

/* The squares along row y that have no ink; NULL: all may have some. */
static const bool *table_row(const struct mp_ground *p, int y)
{
    return p->table != NULL ? p->table + (size_t)(y / p->side) * (size_t)p->columns : NULL;
}

/* Returns of how many pixels. */
static size_t count(const struct mp_sheet *s, const struct mp_ground *p, float *row,
                    struct shares *n)
{
    size_t all = 0;
    for (int y = 0; y < s->h; y++) {
        const uint8_t *at = s->ink + (size_t)y * (size_t)s->w;
        const bool *table = table_row(p, y);
        paper_row(p, y, s->w, row);
        for (int x = 0; x < s->w; x++) {
            const float share = ((float)at[x] - row[x]) / row[x];
            if (table != NULL && table[x / p->side])
                continue;
            all++;
            if (share < 0)
                n->dark[step_of(-share)]++;
            else
                n->light[step_of(share)]++;
        }
    }
    return all;
}

/* 1.48 times the median of how far pixels are from paper: the sigma of a normal distribution. */
static double noise_of(const struct shares *n, size_t all)
{
    size_t below = 0;
    int v = 0;
    while (v < FINE && 2 * (below + n->dark[v] + n->light[v]) < all) {
        below += n->dark[v] + n->light[v];
        v++;
    }
    return 1.48 * fmax(0.5, v) * share_most / FINE;
}

/* How much stands out by more than the noise. */
static double standing_out(const size_t *seen, double noise)
{
    double sum = 0;
    for (int v = (int)(least_noise * noise * FINE / share_most) + 1; v <= FINE; v++)
        sum += (double)seen[v] * v;
    return sum;
}

/* The share of paper that the PEAK darkest pixels have, at least. */
static double peak_of(const size_t *seen, size_t all)
{
    const size_t want = all / 20 < PEAK ? all / 20 + 1 : PEAK;
    size_t above = 0;
    int v = FINE;
    while (v > 0 && above + seen[v] < want)
        above += seen[v--];
    return (v + 1) * share_most / FINE;
}

static void fill(struct mp_sheet *s, const struct mp_ground *p, float *row, double peak)
{
    const float by = (float)(255 / peak) * (s->light ? 1 : -1);
    for (int y = 0; y < s->h; y++) {
        uint8_t *at = s->ink + (size_t)y * (size_t)s->w;
        const bool *table = table_row(p, y);
        paper_row(p, y, s->w, row);
        for (int x = 0; x < s->w; x++) {
            const float v = ((float)at[x] - row[x]) / row[x] * by + 0.5f;
            at[x] = (uint8_t)(v < 0 || (table != NULL && table[x / p->side]) ? 0
                              : v > 255 ? 255 : v);
        }
    }
}

static int find_ink(struct mp_ctx *c, struct mp_sheet *s)
{
    const struct mp_ground *p = &s->paper;
    float *row = mp_alloc(c, (size_t)s->w, sizeof *row);
    struct shares *n = mp_alloc(c, 1, sizeof *n);
    if (row != NULL && n != NULL) {
        const size_t all = count(s, p, row, n);
        const double noise = noise_of(n, all);
        const double dark = standing_out(n->dark, noise), light = standing_out(n->light, noise);
        s->light = light > dark;
        const double peak = peak_of(s->light ? n->light : n->dark, all);
        s->blank = peak < fmax(least_ink, least_noise * noise);
        s->level = (int)fmin(254, ceil(least_noise * noise * 255 / peak));
        fill(s, p, row, peak);
    }
    const int rc = row != NULL && n != NULL ? MP_OK : -1;
    free(row);
    free(n);
    return rc;
}

/* Otsu's threshold of the values from `floor` on. */
static int otsu(const size_t seen[256], int floor)
{
    double n = 0, sum = 0, below = 0, part = 0, best = -1;
    int at = floor;
    for (int v = floor; v < 256; v++) {
        n += (double)seen[v];
        sum += (double)seen[v] * v;
    }
    for (int v = floor; v < 255; v++) {
        below += (double)seen[v];
        part += (double)seen[v] * v;
        if (below <= 0 || below >= n)
            continue;
        const double gap = part / below - (sum - part) / (n - below);
        const double between_them = below * (n - below) * gap * gap;
        if (between_them > best) {
            best = between_them;
            at = v;
        }
    }
    return at;
}

/* Strokes have edges, so that most levels occur: what Otsu calls ink has the strokes' own level as
 * its mean, and half of that is their edge. */
void mp_sheet_level(struct mp_sheet *s)
{
    const size_t n = (size_t)s->h * (size_t)s->w;
    size_t seen[256] = { 0 };
    double above = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        seen[s->ink[i]]++;
    for (int v = otsu(seen, s->level) + 1; v < 256; v++) {
        above += (double)seen[v];
        sum += (double)seen[v] * v;
    }
    if (above > 0)
        s->level = (int)fmax(s->level, 0.4 * sum / above);
}

int mp_sheet_open(struct mp_ctx *c, struct mp_sheet *s, const uint8_t *grey, int h, int w)
{
    *s = (struct mp_sheet){ .by = 1 };
    while ((double)h * w / s->by / s->by > MOST_PIXELS)
        s->by++;
    s->h = h / s->by;
    s->w = w / s->by;
    const size_t n = (size_t)s->h * (size_t)s->w;
    s->ink = mp_alloc(c, n, 1);
    s->room = mp_alloc(c, n, 1);
    int rc = s->ink != NULL && s->room != NULL ? MP_OK : -1;
    if (rc == MP_OK) {
        shrink(grey, w, s);
        smooth(s);
        rc = find_paper(c, s);
    }
    if (rc == MP_OK)
        rc = find_ink(c, s);
    if (rc < 0)
        mp_sheet_close(s);
    return rc;
}

void mp_sheet_close(struct mp_sheet *s)
{
    free(s->ink);
    free(s->room);
    free(s->paper.at);
    free(s->paper.table);
    s->paper.table = NULL;
    s->ink = s->room = NULL;
    s->paper.at = NULL;
}

static int square_at(int v, int side, int n)
{
    const int k = v < 0 ? 0 : v / side;
    return k < n ? k : n - 1;
}

double mp_sheet_uneven(const struct mp_sheet *s, int left, int top, int right, int bottom)
{
    const struct mp_ground *p = &s->paper;
    float least = INFINITY, most = 1;
    const int last = square_at(bottom - 1, p->side, p->rows);
    for (int i = square_at(top, p->side, p->rows); i <= last; i++)
        for (int j = square_at(left, p->side, p->columns);
             j <= square_at(right - 1, p->side, p->columns); j++) {
            least = fminf(least, p->at[i * p->columns + j]);
            most = fmaxf(most, p->at[i * p->columns + j]);
        }
    return (double)most / fmax(1, (double)least);
}
