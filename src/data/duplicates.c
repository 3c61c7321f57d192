/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates.c - equal rows.
 *
 * Method: a 64-bit hash of every row; sorted by hash, then by content, then by row, equal
 * rows lie side by side.  Contents are only compared where hashes are equal.
 */
#include "data/duplicates.h"
#include "core/ctx.h"
#include "core/random.h"
#include <stdlib.h>
#include <string.h>

enum { LET_GO = 4096 }; /* rows at a time, of which there may be more than memory holds */

struct item {
    uint64_t hash;
    const uint8_t *x;
    size_t row, len;
};

static uint64_t hash_row(const uint8_t *x, size_t len)
{
    uint64_t h = len;
    for (size_t i = 0; i < len; i += sizeof h) {
        uint64_t word = 0;
        memcpy(&word, x + i, len - i < sizeof word ? len - i : sizeof word);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    return mp_mix(h);
}

static int by_content(const struct item *p, const struct item *q)
{
    if (p->hash != q->hash)
        return p->hash < q->hash ? -1 : 1;
    return memcmp(p->x, q->x, p->len);
}

static int by_item(const void *a, const void *b)
{
    const struct item *p = a, *q = b;
    const int order = by_content(p, q);
    return order != 0 ? order : p->row < q->row ? -1 : p->row > q->row;
}

/* A group as a piece of the sorted items. */
struct piece {
    const struct item *at;
    size_t n;
};

static int by_first_row(const void *a, const void *b)
{
    const struct piece *p = a, *q = b;
    return p->at->row < q->at->row ? -1 : p->at->row > q->at->row;
}

static int collect(struct mp_ctx *c, const struct item *item, size_t n, struct mp_groups *g)
{
    struct piece *piece = mp_alloc(c, n / 2 + 1, sizeof *piece);
    size_t rows = 0;
    if (piece == NULL)
        return -1;
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && by_content(&item[i], &item[end]) == 0;)
            end++;
        if (end - i < 2)
            continue;
        piece[g->n++] = (struct piece){ &item[i], end - i };
        rows += end - i;
    }
    qsort(piece, g->n, sizeof *piece, by_first_row);
    g->start = mp_alloc(c, g->n + 1, sizeof *g->start);
    g->row = mp_alloc(c, rows, sizeof *g->row);
    const int rc = g->start != NULL && g->row != NULL ? MP_OK : -1;
    for (size_t k = 0; k < g->n && rc == MP_OK; k++) {
        g->start[k + 1] = g->start[k] + piece[k].n;
        for (size_t i = 0; i < piece[k].n; i++)
            g->row[g->start[k] + i] = piece[k].at[i].row;
    }
    free(piece);
    return rc;
}

int mp_duplicates_find(struct mp_ctx *c, const struct mp_data *a, const struct mp_data *b,
                       struct mp_groups *g)
{
    const size_t len = mp_len(a->shape), n = a->n + (b != NULL ? b->n : 0);
    struct item *item = mp_alloc(c, n, sizeof *item);
    memset(g, 0, sizeof *g);
    if (item == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *x = i < a->n ? a->x + i * len : b->x + (i - a->n) * len;
        item[i] = (struct item){ hash_row(x, len), x, i, len };
        if (i < a->n && (i + 1) % LET_GO == 0)
            mp_rows_let_go(&a->store, x + len - LET_GO * len, x + len);
    }
    qsort(item, n, sizeof *item, by_item);
    const int rc = collect(c, item, n, g);
    free(item);
    if (rc < 0)
        mp_groups_free(g);
    return rc;
}

void mp_groups_free(struct mp_groups *g)
{
    free(g->start);
    free(g->row);
    memset(g, 0, sizeof *g);
}

/* ------------------------------------------------------------ train and test */

int mp_shared_of(struct mp_ctx *c, const struct mp_groups *g, const struct mp_data *train,
                 const struct mp_data *test, struct mp_shared *s)
{
    memset(s, 0, sizeof *s);
    if ((s->twin = mp_alloc(c, test->n, sizeof *s->twin)) == NULL)
        return -1;
    for (size_t i = 0; i < test->n; i++)
        s->twin[i] = SIZE_MAX;
    /* What the test calls each class of the training rows, and in which group it was last. */
    size_t *last = mp_alloc(c, test->classes.n, sizeof *last);
    int *theirs = mp_alloc(c, train->classes.n, sizeof *theirs);
    for (size_t k = 0; k < train->classes.n && theirs != NULL; k++)
        theirs[k] = mp_names_find(&test->classes, mp_names_at(&train->classes, k));
    for (size_t k = 0; k < g->n && last != NULL && theirs != NULL; k++)
        for (size_t i = g->start[k]; i < g->start[k + 1]; i++) {
            const size_t row = g->row[i], own = row - train->n;
            if (row < train->n && train->label != NULL && theirs[train->label[row]] >= 0)
                last[theirs[train->label[row]]] = k + 1;
            if (row < train->n || g->row[g->start[k]] >= train->n)
                continue;
            s->twin[own] = g->row[g->start[k]];
            s->rows++;
            s->agree += test->label != NULL && last[test->label[own]] == k + 1;
        }
    const bool good = last != NULL && theirs != NULL;
    free(last);
    free(theirs);
    return good ? MP_OK : -1;
}

int mp_shared_find(struct mp_ctx *c, const struct mp_data *train, const struct mp_data *test,
                   struct mp_shared *s)
{
    struct mp_groups g;
    memset(s, 0, sizeof *s);
    if (mp_duplicates_find(c, train, test, &g) < 0)
        return -1;
    const int rc = mp_shared_of(c, &g, train, test, s);
    mp_groups_free(&g);
    return rc;
}

void mp_shared_free(struct mp_shared *s)
{
    free(s->twin);
    memset(s, 0, sizeof *s);
}

void mp_shared_text(const struct mp_shared *s, const struct mp_data *test, char *text,
                    size_t size)
{
    const bool one = s->rows == 1;
    int n = snprintf(text, size, "%zu of %zu test rows %s also %s: what a model remembers of %s "
                     "is no evidence that it has learned", s->rows, test->n, one ? "is" : "are",
                     one ? "a training row" : "training rows", one ? "it" : "them");
    if (test->label != NULL && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, "; remembering alone can bring up to %.2f points of "
                 "accuracy", 100 * (double)s->agree / (double)test->n);
}
