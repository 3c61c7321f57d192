/* SPDX-License-Identifier: GPL-3.0-or-later */
/* newton.c - a tree that makes a step down a loss.
 *
 * Sums by bin are made for the smaller side of a question; the other side has what is left of
 * those of both.  Then all borders between bins are tried at once: G^2 / (H + l2) on both sides,
 * of sums that lie one after another.
 *
 * Cost: for each leaf the values of half its rows that are not common, a nanosecond each, and some
 * nanoseconds for each bin of each value.  Memory: 8 bytes for each of these and leaf. */
#include "trees/newton.h"
#include "core/normal.h"
#include "core/random.h"
#include "core/simd.h"
#include <stdlib.h>
#include <string.h>

enum { RUN = 64 }; /* borders of which the best gain is kept, to find it again */

struct leaf {
    uint32_t node;
    size_t from, n, idle_from, idle_n, depth;
    int64_t all;
    int64_t *sums;     /* by slot; NULL: it is not split */
    double gain;       /* of its best question; 0: there is none */
    size_t value;
    uint8_t bin;
};

struct mp_newton {
    const struct mp_slots *slots;
    uint32_t *rows, *idle, *spare; /* that count; that do not */
    struct leaf *leaf;
    int64_t **sums;                /* tables, `held` of which are not in use */
    size_t leaves, held;
    int64_t *before;               /* sums up to each border of values drawn */
    uint32_t *block;               /* of values, that are drawn for the tree */
    size_t blocks;
    uint32_t *value, *first;       /* their values, and where the borders of each begin */
    size_t values;
};

struct mp_newton *mp_newton_open(struct mp_ctx *c, const struct mp_slots *s, size_t leaves)
{
    struct mp_newton *n = mp_alloc(c, 1, sizeof *n);
    if (n == NULL)
        return NULL;
    n->slots = s;
    n->leaves = leaves;
    n->rows = mp_alloc(c, s->bins->n, sizeof *n->rows);
    n->idle = mp_alloc(c, s->bins->n, sizeof *n->idle);
    n->spare = mp_alloc(c, s->bins->n, sizeof *n->spare);
    n->leaf = mp_alloc(c, leaves, sizeof *n->leaf);
    n->sums = mp_alloc(c, leaves, sizeof *n->sums);
    n->before = mp_alloc(c, s->n + RUN, sizeof *n->before);
    n->block = mp_alloc(c, s->blocks + 1, sizeof *n->block);
    n->value = mp_alloc(c, s->bins->d + 1, sizeof *n->value);
    n->first = mp_alloc(c, s->bins->d + 1, sizeof *n->first);
    if (n->rows != NULL && n->idle != NULL && n->spare != NULL && n->leaf != NULL &&
        n->sums != NULL && n->before != NULL && n->block != NULL && n->value != NULL &&
        n->first != NULL)
        return n;
    mp_newton_close(n);
    return NULL;
}

static void give_back(struct mp_newton *n, struct leaf *l)
{
    if (l->sums != NULL)
        n->sums[n->held++] = l->sums;
    l->sums = NULL;
}

void mp_newton_close(struct mp_newton *n)
{
    if (n == NULL)
        return;
    while (n->held > 0)
        free(n->sums[--n->held]);
    for (size_t i = 0; i < n->leaves && n->leaf != NULL; i++) /* of a tree that failed */
        free(n->leaf[i].sums);
    free(n->rows);
    free(n->idle);
    free(n->spare);
    free(n->leaf);
    free(n->sums);
    free(n->before);
    free(n->block);
    free(n->value);
    free(n->first);
    free(n);
}

/* ------------------------------------------------------------------ the best question */

static inline double g_of(int64_t pair)
{
    return (double)(pair >> 32);
}

static inline double h_of(int64_t pair)
{
    return (double)(pair & 0xffffffff);
}

/* What RUN borders are worth, G^2 / (H + l2) on both sides, by one division; 0 where a side has too
 * little.  The largest. */
MP_CLONES static double worths(const int64_t *restrict before, int64_t all, double least, double l2,
                               double *restrict worth)
{
    double most[8] = { 0 };
    for (size_t i = 0; i < RUN; i += 8)
        for (size_t l = 0; l < 8; l++) {
            const int64_t own = before[i + l], other = all - own;
            const double g = g_of(own), h = h_of(own), g_other = g_of(other);
            const double h_other = h_of(other), up = g * g * (h_other + l2);
            const double both = (up + g_other * g_other * (h + l2)) / ((h + l2) * (h_other + l2));
            worth[i + l] = h >= least && h_other >= least ? both : 0;
            most[l] = worth[i + l] > most[l] ? worth[i + l] : most[l];
        }
    double best = 0;
    for (size_t l = 0; l < 8; l++)
        best = most[l] > best ? most[l] : best;
    return best;
}

/* Blocks are drawn for a tree, one at least; of their values, where the borders begin. */
static void draw_values(struct mp_newton *n, const struct mp_newton_rules *r)
{
    const struct mp_slots *s = n->slots;
    uint32_t m = 0;
    n->blocks = n->values = 0;
    for (size_t b = 0; b < s->blocks; b++)
        if (r->features >= 1 || mp_uniform(mp_mix(r->key ^ b)) < r->features)
            n->block[n->blocks++] = (uint32_t)b;
    if (n->blocks == 0 && s->blocks > 0)
        n->block[n->blocks++] = (uint32_t)(mp_mix(r->key) % s->blocks);
    for (size_t b = 0; b < n->blocks; b++)
        for (size_t k = s->place[n->block[b]]; k < s->place[n->block[b] + 1]; k++) {
            n->value[n->values] = s->order[k];
            n->first[n->values++] = m;
            m += s->bins->count[s->order[k]];
        }
    n->first[n->values] = m;
}

/* Sums up to each border of these values, one after another, RUN at a time: how many. */
static size_t add_up(struct mp_newton *n, const struct leaf *l)
{
    const struct mp_slots *s = n->slots;
    size_t m = 0;
    for (size_t k = 0; k < n->values; k++) {
        const int64_t *own = l->sums + s->first[n->value[k]];
        int64_t sum = 0;
        for (size_t i = 0; i < s->bins->count[n->value[k]]; i++)
            n->before[m++] = sum += own[i];
    }
    memset(n->before + m, 0, RUN * sizeof *n->before);
    return m;
}

/* Where the best border lies, of equal ones the first. */
static void find_question(struct mp_newton *n, const struct mp_newton_rules *r, struct leaf *l)
{
    double best = 0, worth[RUN];
    const size_t m = add_up(n, l);
    size_t run = 0, at = 0, value = 0;
    for (size_t i = 0; i < m; i += RUN) {
        const double most = worths(n->before + i, l->all, r->least, r->l2, worth);
        if (most > best) {
            best = most;
            run = i;
        }
    }
    l->gain = best - g_of(l->all) * g_of(l->all) / (h_of(l->all) + r->l2);
    if (!(best > 0 && l->gain > 0))
        return;
    worths(n->before + run, l->all, r->least, r->l2, worth);
    while (worth[at] < best)
        at++;
    for (size_t end = n->values; end - value > 1;) {
        const size_t middle = (value + end) / 2;
        if (n->first[middle] <= run + at)
            value = middle;
        else
            end = middle;
    }
    l->value = n->value[value];
    l->bin = (uint8_t)(run + at - n->first[value]);
}

/* ------------------------------------------------------------------ leaves */

static bool may_split(const struct mp_newton_rules *r, const struct leaf *l)
{
    return (r->depth == 0 || l->depth < r->depth) && h_of(l->all) >= 2 * r->least;
}

static int take_sums(struct mp_ctx *c, struct mp_newton *n, struct leaf *l)
{
    l->sums = n->held > 0 ? n->sums[--n->held] : mp_alloc(c, n->slots->n, sizeof *l->sums);
    return l->sums != NULL ? MP_OK : -1;
}

static void look(struct mp_newton *n, const struct mp_newton_rules *r, struct leaf *l)
{
    l->gain = 0;
    if (l->sums != NULL && may_split(r, l))
        find_question(n, r, l);
    if (!(l->gain > 0)) {
        l->gain = 0;
        give_back(n, l);
    }
}

/* Sums by bin of the values drawn. */
static void sum_up(const struct mp_newton *n, const struct mp_newton_rules *r, struct leaf *l)
{
    for (size_t b = 0; b < n->blocks; b++)
        mp_slots_add(n->slots, n->block[b], n->rows + l->from, l->n, r->pair, l->all, l->sums);
}

static int begin(struct mp_ctx *c, struct mp_newton *n, const struct mp_newton_rules *r)
{
    struct leaf *l = &n->leaf[0];
    *l = (struct leaf){ 0 };
    for (size_t i = 0; i < n->slots->bins->n; i++) {
        const bool counts = r->pair[i] != 0;
        n->rows[l->n] = n->idle[l->idle_n] = (uint32_t)i;
        l->n += counts;
        l->idle_n += !counts;
        l->all += r->pair[i];
    }
    if (r->leaves > 1 && may_split(r, l)) {
        if (take_sums(c, n, l) < 0)
            return -1;
        draw_values(n, r);
        sum_up(n, r, l);
    }
    look(n, r, l);
    return MP_OK;
}

static int64_t sum_of(const struct mp_newton_rules *r, const uint32_t *rows, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += r->pair[rows[i]];
    return sum;
}

MP_CLONES static void take_off(int64_t *restrict from, const int64_t *restrict what, size_t n)
{
    for (size_t i = 0; i < n; i++)
        from[i] -= what[i];
}

/* The sums of both sides of a split; `few` is the one of fewer rows, and `many` has those of
 * both so far. */
static int part_sums(struct mp_ctx *c, struct mp_newton *n, const struct mp_newton_rules *r,
                     struct leaf *few, struct leaf *many)
{
    if (!may_split(r, few) && !may_split(r, many))
        return MP_OK;
    if (take_sums(c, n, few) < 0)
        return -1;
    sum_up(n, r, few);
    for (size_t b = 0; b < n->blocks && may_split(r, many); b++) {
        const size_t from = n->slots->slot[n->block[b]], end = n->slots->slot[n->block[b] + 1];
        take_off(many->sums + from, few->sums + from, end - from);
    }
    return MP_OK;
}

/* Leaf `at` stays the left side, leaf `k` becomes the right. */
static int split(struct mp_ctx *c, struct mp_newton *n, const struct mp_newton_rules *r,
                 struct mp_tree *tree, size_t at, size_t k)
{
    const struct mp_bins *b = n->slots->bins;
    struct leaf *l = &n->leaf[at], *right = &n->leaf[k];
    const uint8_t *column = b->at + l->value * b->n;
    struct leaf was = *l;
    if (mp_tree_split(c, tree, l->node, l->value, b->edge[l->value * MP_MOST_BINS + l->bin],
                      &l->node) < 0)
        return -1;
    l->depth++;
    l->n = mp_bins_part(column, l->bin, n->rows + l->from, was.n, n->spare);
    l->idle_n = mp_bins_part(column, l->bin, n->idle + l->idle_from, was.idle_n, n->spare);
    l->all = sum_of(r, n->rows + l->from, l->n);
    l->sums = NULL;
    *right = (struct leaf){ .node = l->node + 1, .from = l->from + l->n, .n = was.n - l->n,
                            .idle_from = l->idle_from + l->idle_n,
                            .idle_n = was.idle_n - l->idle_n, .depth = l->depth,
                            .all = was.all - l->all };
    struct leaf *few = l->n < right->n ? l : right, *many = few == l ? right : l;
    many->sums = was.sums;
    if (k + 1 < r->leaves && part_sums(c, n, r, few, many) < 0)
        return -1;
    if (few->sums == NULL)
        give_back(n, many);
    look(n, r, l);
    look(n, r, right);
    return MP_OK;
}

/* A Newton step, which no rows that count make 0. */
static void end_leaf(const struct mp_newton *n, const struct mp_newton_rules *r,
                     struct mp_tree *tree, const struct leaf *l, float *score)
{
    const double h = h_of(l->all) + r->l2;
    const float step = h > 0 ? (float)(-r->rate * g_of(l->all) / h) : 0;
    tree->node[l->node].has.score = step;
    for (size_t i = 0; i < l->n; i++)
        score[n->rows[l->from + i]] += step;
    for (size_t i = 0; i < l->idle_n; i++)
        score[n->idle[l->idle_from + i]] += step;
}

static int grow(struct mp_ctx *c, struct mp_newton *n, const struct mp_newton_rules *r,
                struct mp_tree *tree, float *score, double *gain)
{
    size_t leaves = 1;
    for (; leaves < r->leaves; leaves++) {
        size_t best = 0;
        for (size_t i = 1; i < leaves; i++)
            best = n->leaf[i].gain > n->leaf[best].gain ? i : best;
        if (!(n->leaf[best].gain > 0))
            break;
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        gain[n->leaf[best].value] += n->leaf[best].gain;
        if (split(c, n, r, tree, best, leaves) < 0)
            return -1;
    }
    for (size_t i = 0; i < leaves; i++) {
        end_leaf(n, r, tree, &n->leaf[i], score);
        give_back(n, &n->leaf[i]);
    }
    return MP_OK;
}

int mp_newton_grow(struct mp_ctx *c, struct mp_newton *n, const struct mp_newton_rules *r,
                   struct mp_tree *tree, float *score, double *gain)
{
    if (mp_tree_begin(c, tree) < 0 || begin(c, n, r) < 0)
        return -1;
    return grow(c, n, r, tree, score, gain);
}
