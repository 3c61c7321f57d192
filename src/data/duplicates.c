/* SPDX-License-Identifier: GPL-3.0-or-later */
/* duplicates.c - equal rows.
 *
 * Method: a 64-bit hash of every row; sorted by hash, then by content, label and row, equal
 * rows lie side by side.  Contents are only compared where hashes are equal.
 */
#include "data/duplicates.h"
#include "core/ctx.h"
#include "core/random.h"
#include "core/ranks.h"
#include <stdlib.h>
#include <string.h>

enum { LET_GO = 4096 }; /* rows at a time, of which there may be more than memory holds */

struct item {
    uint64_t hash;
    const uint8_t *x;
    size_t row, len;
    int label; /* where it matters */
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
    if (order != 0 || p->label != q->label)
        return order != 0 ? order : p->label < q->label ? -1 : 1;
    return p->row < q->row ? -1 : p->row > q->row;
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
        item[i] = (struct item){ hash_row(x, len), x, i, len, 0 };
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

/* What the test calls each class of the training rows; -1: nothing. */
static int *class_names(struct mp_ctx *c, const struct mp_data *train, const struct mp_data *test)
{
    int *theirs = mp_alloc(c, train->classes.n, sizeof *theirs);
    for (size_t k = 0; k < train->classes.n && theirs != NULL; k++)
        theirs[k] = mp_names_find(&test->classes, mp_names_at(&train->classes, k));
    return theirs;
}

int mp_shared_of(struct mp_ctx *c, const struct mp_groups *g, const struct mp_data *train,
                 const struct mp_data *test, struct mp_shared *s)
{
    memset(s, 0, sizeof *s);
    if ((s->twin = mp_alloc(c, test->n, sizeof *s->twin)) == NULL)
        return -1;
    for (size_t i = 0; i < test->n; i++)
        s->twin[i] = SIZE_MAX;
    size_t *last = mp_alloc(c, test->classes.n, sizeof *last); /* group that a class was last in */
    int *theirs = class_names(c, train, test);
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

/* Test rows by their contents, and of each content what training rows have it: training rows may be
 * many, and pass once, on all threads, or each rank's share (ranks.h). */
struct twins {
    const struct mp_data *train, *test;
    const int *theirs;       /* what the test calls each class of the training rows */
    struct item *item;       /* the test's rows, sorted */
    size_t *end;             /* of a content, by its first item */
    uint32_t *slot, mask;    /* by hash: 1 + the first item of a content; 0: none */
    uint64_t *first;         /* training row, by that item; UINT64_MAX: none */
    bool *agree;             /* by item: some such training row has its label */
    size_t from, to;         /* training rows */
};

static void twins_free(struct twins *w)
{
    free(w->item);
    free(w->end);
    free(w->slot);
    free(w->first);
    free(w->agree);
}

static int twins_open(struct mp_ctx *c, struct twins *w)
{
    const size_t n = w->test->n, len = mp_len(w->test->shape);
    size_t slots = 16;
    while (slots < 2 * n)
        slots *= 2;
    w->mask = (uint32_t)(slots - 1);
    w->item = mp_alloc(c, n, sizeof *w->item);
    w->end = mp_alloc(c, n, sizeof *w->end);
    w->slot = mp_alloc(c, slots, sizeof *w->slot);
    w->first = mp_alloc(c, n, sizeof *w->first);
    w->agree = mp_alloc(c, n, sizeof *w->agree);
    if (w->item == NULL || w->end == NULL || w->slot == NULL || w->first == NULL ||
        w->agree == NULL)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *x = w->test->x + i * len;
        const int label = w->test->label != NULL ? w->test->label[i] : 0;
        w->item[i] = (struct item){ hash_row(x, len), x, i, len, label };
        w->first[i] = UINT64_MAX;
    }
    qsort(w->item, n, sizeof *w->item, by_item);
    for (size_t i = 0; i < n; i = w->end[i]) {
        size_t at = w->item[i].hash & w->mask;
        for (w->end[i] = i + 1; w->end[i] < n && by_content(&w->item[i], &w->item[w->end[i]]) == 0;)
            w->end[i]++;
        while (w->slot[at] != 0)
            at = (at + 1) & w->mask;
        w->slot[at] = (uint32_t)i + 1;
    }
    return MP_OK;
}

/* The training row `row` is the content that begins with item i. */
static void meet(struct twins *w, size_t i, size_t row)
{
    const int class = w->train->label != NULL ? w->theirs[w->train->label[row]] : -1;
    size_t low = i, high = w->end[i];
    w->first[i] = row < w->first[i] ? row : w->first[i];
    while (low < high) { /* the first of that label */
        const size_t middle = low + (high - low) / 2;
        if (w->item[middle].label < class)
            low = middle + 1;
        else
            high = middle;
    }
    for (; class >= 0 && w->test->label != NULL && low < w->end[i] &&
           w->item[low].label == class && !w->agree[low]; low++)
        w->agree[low] = true;
}

static int pass_block(struct mp_ctx *c, void *arg, size_t b)
{
    struct twins *w = arg;
    const size_t len = mp_len(w->train->shape), from = w->from + b * LET_GO;
    const size_t to = from + LET_GO < w->to ? from + LET_GO : w->to;
    const uint8_t *x = w->train->x + from * len;
    (void)c;
    for (size_t row = from; row < to; row++) {
        const struct item own = { hash_row(w->train->x + row * len, len),
                                  w->train->x + row * len, row, len, 0 };
        for (size_t at = own.hash & w->mask; w->slot[at] != 0; at = (at + 1) & w->mask) {
            const size_t i = w->slot[at] - 1;
            if (by_content(&own, &w->item[i]) != 0)
                continue;
#pragma omp critical(mp_twins)
            meet(w, i, row);
            break;
        }
    }
    mp_rows_let_go(&w->train->store, x, x + (to - from) * len);
    return MP_OK;
}

/* What other ranks have met, too. */
static int join_twins(struct mp_ctx *c, int rc, struct twins *w)
{
    const size_t n = w->test->n, ranks = (size_t)mp_ranks(c), mine = (size_t)mp_rank(c);
    uint64_t *first = mp_alloc(c, mp_product(n, ranks), sizeof *first);
    bool *agree = mp_alloc(c, mp_product(n, ranks), sizeof *agree);
    if (first == NULL || agree == NULL)
        rc = -1;
    if (rc == MP_OK) {
        memcpy(first + mine * n, w->first, n * sizeof *first);
        memcpy(agree + mine * n, w->agree, n * sizeof *agree);
    }
    rc = mp_ranks_collect(c, rc, first, n * sizeof *first, ranks, ranks);
    rc = rc == MP_OK ? mp_ranks_collect(c, rc, agree, n * sizeof *agree, ranks, ranks) : rc;
    for (size_t i = 0; i < n * ranks && rc == MP_OK; i++) {
        w->first[i % n] = first[i] < w->first[i % n] ? first[i] : w->first[i % n];
        w->agree[i % n] = w->agree[i % n] || agree[i];
    }
    free(first);
    free(agree);
    return rc;
}

static int take_twins(struct mp_ctx *c, const struct twins *w, struct mp_shared *s)
{
    if ((s->twin = mp_alloc(c, w->test->n, sizeof *s->twin)) == NULL)
        return -1;
    for (size_t i = 0, first = 0; i < w->test->n; i++) {
        if (by_content(&w->item[first], &w->item[i]) != 0)
            first = i;
        const bool met = w->first[first] != UINT64_MAX;
        s->twin[w->item[i].row] = met ? (size_t)w->first[first] : SIZE_MAX;
        s->rows += met;
        s->agree += w->agree[i];
    }
    return MP_OK;
}

int mp_shared_find(struct mp_ctx *c, const struct mp_data *train, const struct mp_data *test,
                   struct mp_shared *s)
{
    const size_t n = train->n;
    struct twins w = { .train = train, .test = test, .from = mp_share(c, n, mp_rank(c)),
                       .to = mp_share(c, n, mp_rank(c) + 1) };
    int *theirs = class_names(c, train, test), rc = theirs != NULL ? MP_OK : -1;
    memset(s, 0, sizeof *s);
    w.theirs = theirs;
    if (rc == MP_OK)
        rc = twins_open(c, &w);
    if (rc == MP_OK)
        rc = mp_parallel_for(c, (w.to - w.from + LET_GO - 1) / LET_GO, pass_block, &w);
    if (mp_ranks(c) > 1)
        rc = join_twins(c, rc, &w);
    if (rc == MP_OK)
        rc = take_twins(c, &w, s);
    twins_free(&w);
    free(theirs);
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
