/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glance.c - what one look at rows tells. */
#include "sources/glance.h"
#include "core/ctx.h"
#include "core/ranks.h"
#include "core/simd.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ looking */

struct sums {
    uint64_t all, border;
    uint8_t low, high;
};

enum { PIECE = 1 << 24 };

/* At most PIECE values. */
MP_CLONES static void add_values(const uint8_t *x, size_t len, struct sums *s)
{
    uint8_t low = 255, high = 0;
    uint32_t sum = 0; /* PIECE values of 255 are below 2^32 */
    for (size_t i = 0; i < len; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        sum += x[i];
    }
    s->all += sum;
    s->low = low < s->low ? low : s->low;
    s->high = high > s->high ? high : s->high;
}

static void add_row(const uint8_t *x, size_t len, struct sums *s)
{
    for (size_t i = 0; i < len; i += PIECE)
        add_values(x + i, len - i < PIECE ? len - i : PIECE, s);
}

static uint64_t border_sum(const uint8_t *x, struct mp_shape s)
{
    const size_t h = (size_t)s.h, w = (size_t)s.w, c = (size_t)s.c;
    uint64_t sum = 0;
    for (size_t y = 0; y < h; y++)
        for (size_t i = 0; i < w; i += y == 0 || y == h - 1 || w == 1 ? 1 : w - 1)
            for (size_t k = 0; k < c; k++)
                sum += x[(y * w + i) * c + k];
    return sum;
}

enum { BLOCK = 512 };

static struct sums look_block(const struct mp_data *d, size_t b)
{
    const size_t len = mp_len(d->shape), end = (b + 1) * BLOCK < d->n ? (b + 1) * BLOCK : d->n;
    struct sums s = { .low = 255 };
    for (size_t i = b * BLOCK; i < end; i++) {
        add_row(d->x + i * len, len, &s);
        s.border += border_sum(d->x + i * len, d->shape);
    }
    mp_rows_let_go(&d->store, d->x + b * BLOCK * len, d->x + end * len);
    return s;
}

/* Of the blocks from .. to - 1 of rows.  One block, as a server asks for, begins no team. */
static struct sums look(const struct mp_ctx *c, const struct mp_data *d, size_t from, size_t to)
{
    const int threads = mp_threads(c);
    uint64_t all = 0, border = 0;
    uint8_t low = 255, high = 0;
    if (to - from == 1)
        return look_block(d, from);
#pragma omp parallel for num_threads(threads) reduction(+ : all, border) reduction(min : low) \
    reduction(max : high)
    for (size_t b = from; b < to; b++) {
        const struct sums s = look_block(d, b);
        all += s.all;
        border += s.border;
        low = s.low < low ? s.low : low;
        high = s.high > high ? s.high : high;
    }
    return (struct sums){ all, border, low, high };
}

/* By all ranks. */
static int look_shared(struct mp_ctx *c, const struct mp_data *d, struct sums *s)
{
    const size_t blocks = (d->n + BLOCK - 1) / BLOCK, ranks = (size_t)mp_ranks(c);
    const int mine = mp_rank(c);
    struct sums *each = mp_alloc(c, ranks, sizeof *each);
    if (each != NULL)
        each[mine] = look(c, d, mp_share(c, blocks, mine), mp_share(c, blocks, mine + 1));
    const int rc = mp_ranks_collect(c, each != NULL ? MP_OK : -1, each, sizeof *each, ranks, ranks);
    *s = (struct sums){ .low = 255 };
    for (size_t r = 0; r < ranks && rc == MP_OK; r++) {
        s->all += each[r].all;
        s->border += each[r].border;
        s->low = each[r].low < s->low ? each[r].low : s->low;
        s->high = each[r].high > s->high ? each[r].high : s->high;
    }
    free(each);
    return rc;
}

int mp_glance(struct mp_ctx *c, const struct mp_data *d, struct mp_glance *g)
{
    const size_t len = mp_len(d->shape);
    const int h = d->shape.h, w = d->shape.w;
    const size_t inside = h > 2 && w > 2 ? (size_t)(h - 2) * (size_t)(w - 2) * (size_t)d->shape.c
                                         : 0;
    struct sums s;
    if (look_shared(c, d, &s) < 0)
        return -1;
    *g = (struct mp_glance){ .rows = d->n, .colour = d->shape.c > 1, .low = s.low, .high = s.high,
                             .mean = (double)s.all / ((double)d->n * (double)len),
                             .border = (double)s.border / ((double)d->n * (double)(len - inside)),
                             .same = true };
    for (size_t i = 1; i < d->n && g->same; i++)
        g->same = memcmp(d->x, d->x + i * len, len) == 0;
    return MP_OK;
}

/* ------------------------------------------------------------------ remarks */

enum kind { EMPTY, SAME, RANGE, INK, KINDS };

static bool remark(const struct mp_glance *g, enum kind kind, const char *name, char *text,
                   size_t size)
{
    const unsigned high = (unsigned)g->high;
    const bool one = g->low == g->high;
    *text = '\0';
    if (kind == EMPTY && one)
        snprintf(text, size, "%s: every pixel has the value %u", name, high);
    if (kind == SAME && !one && g->same && g->rows > 1)
        snprintf(text, size, "%s: all %llu images are the same", name,
                 (unsigned long long)g->rows);
    if (kind == RANGE && !one && high < 128)
        snprintf(text, size, "%s: no value is above %u, and 255 is %s; were they meant as 0..%u? "
                 "range=%u reads them so", name, high,
                 g->colour ? "full light: the images are nearly black"
                           : "black: the images are nearly white", high, high);
    if (kind == INK && !one && !g->colour && g->border > 127.5)
        snprintf(text, size, "%s: the outermost pixels are mostly ink (%.0f of 255 on the "
                 "average): white on black? the stage `invert` turns that round", name, g->border);
    return *text != '\0';
}

bool mp_glance_remark(const struct mp_glance *g, const char *name, int i, char *text, size_t size)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (remark(g, (enum kind)kind, name, text, size) && i-- == 0)
            return true;
    return false;
}

static bool differs(const struct mp_glance *a, const struct mp_glance *g, enum kind kind,
                    const char *name, char *text, size_t size)
{
    enum { FAR = 96, TIMES = 4 };
    *text = '\0';
    if (kind == EMPTY || kind == SAME)
        return remark(g, kind, name, text, size);
    if (a->low == a->high || g->low == g->high)
        return false;
    if (kind == RANGE && g->high * TIMES <= a->high)
        snprintf(text, size, "%s: values reach %u, those of the training rows %u; range=%u reads "
                 "0..%u as 0..255", name, (unsigned)g->high, (unsigned)a->high,
                 (unsigned)g->high, (unsigned)g->high);
    if (kind == RANGE && a->high * TIMES <= g->high)
        snprintf(text, size, "%s: values reach %u, those of the training rows %u only: do both "
                 "mean the same?", name, (unsigned)g->high, (unsigned)a->high);
    if (kind == INK && fabs(g->border - a->border) > FAR)
        snprintf(text, size, "%s: the outermost pixels have %.0f of 255 on the average, those of "
                 "the training rows %.0f%s", name, g->border, a->border,
                 g->colour ? "" : ": ink and paper may be swapped");
    return *text != '\0';
}

bool mp_glance_differs(const struct mp_glance *learned, const struct mp_glance *g,
                       const char *name, int i, char *text, size_t size)
{
    for (int kind = 0; kind < KINDS; kind++)
        if (differs(learned, g, (enum kind)kind, name, text, size) && i-- == 0)
            return true;
    return false;
}

static bool any_stage(const struct mp_plan *p, unsigned flag)
{
    for (int i = 0; p != NULL && i < p->n_nodes; i++)
        if (p->nodes[i].entry != NULL && (p->nodes[i].entry->stage->flags & flag))
            return true;
    return false;
}

void mp_glance_warn(struct mp_ctx *c, const struct mp_glance *g, const char *name,
                    const struct mp_plan *p)
{
    char text[1024];
    for (int kind = 0; kind < KINDS; kind++) {
        const bool good = (kind == RANGE && any_stage(p, MP_STRETCHES)) ||
                          (kind == INK && any_stage(p, MP_INVERTS));
        if (!good && remark(g, (enum kind)kind, name, text, sizeof text))
            mp_warn(c, "%s", text);
    }
}

void mp_glance_warn_new(struct mp_ctx *c, const struct mp_glance *learned,
                        const struct mp_glance *g, const char *name)
{
    char text[1024];
    if (learned->rows == 0)
        mp_glance_warn(c, g, name, NULL);
    for (int i = 0; learned->rows > 0 &&
                    mp_glance_differs(learned, g, name, i, text, sizeof text); i++)
        mp_warn(c, "%s", text);
}
