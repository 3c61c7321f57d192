/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smo.c - sequential minimal optimisation, some hundred rows at a time.
 *
 * Of all rows those that violate the conditions of the optimum most become the working set
 * (Joachims 1998, "Making large-scale SVM learning practical"), half of it new, half from before.
 * Their kernels with all rows are a product of matrices, and are kept while there is room.  Among
 * themselves pairs are improved until they violate little (Platt 1998; the second of a pair is the
 * one that gains most, Fan, Chen, Lin 2005, "Working set selection using second order
 * information"); then the gradient of all rows follows.  A pair is so a matter of some hundred
 * rows, not of all.  Wen and others 2018, "ThunderSVM", do the same on graphics processors.
 *
 * Cost: for each row that is ever in the working set, kernels with all others; each pair some
 * thousand operations. */
#include "linear/smo.h"
#include "core/simd.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORKING = 512, FEWEST = 16, LANES = 8 };
static const uint64_t at_a_time = 100000; /* pairs of one working set */
static const double flat = 1e-12; /* where a pair's curvature is none */

/* One row of kernels for each slot. */
struct cache {
    float *row;       /* slots x rows */
    size_t slots;
    uint32_t *held;   /* of each slot, the row behind 0; 0: none */
    uint64_t *used;   /* when it was asked for last */
    uint32_t *slot;   /* of each row, behind 0 */
    uint64_t now;
};

struct solver {
    const struct mp_smo *rules;
    struct mp_kernel_part *part;
    size_t n, all;    /* rows of the first class, of both */
    double *a;        /* 0 .. C */
    double *f;        /* y times the gradient: sum a_j y_j K_ij - y_i */
    struct cache cache;
    size_t room;      /* of the working set, */
    uint32_t *set;    /* of `size` rows */
    size_t size;
    uint64_t steps;   /* that are left */
    uint8_t *in;      /* of each row, whether it is in there */
    /* of the rows in there */
    float *kernel;    /* with each other, size x size; and with all, in the cache: */
    const float **row;
    double *own, *local_a, *local_f, *up, *low;
};

static double sign(const struct solver *s, size_t i)
{
    return i < s->n ? 1 : -1;
}

static double most(const struct solver *s, size_t i)
{
    return s->rules->C[i < s->n ? 0 : 1];
}

/* Whether a y may grow, or shrink. */
static bool may_grow(const struct solver *s, size_t i, double a)
{
    return i < s->n ? a < most(s, i) : a > 0;
}

static bool may_shrink(const struct solver *s, size_t i, double a)
{
    return i < s->n ? a > 0 : a < most(s, i);
}

/* ------------------------------------------------------------------ kernels */

static size_t oldest(const struct cache *k)
{
    size_t at = 0;
    for (size_t i = 1; i < k->slots; i++)
        if (k->used[i] < k->used[at])
            at = i;
    return at;
}

/* Slots for the rows of the working set; those that have none yet are made, which lie behind each
 * other in `fresh` until they are copied: slots are where they are free. */
static int fetch(struct mp_ctx *c, struct solver *s, uint32_t *missing, float *fresh)
{
    struct cache *k = &s->cache;
    size_t some = 0;
    k->now++;
    for (size_t i = 0; i < s->size; i++)
        if (k->slot[s->set[i]] > 0)
            k->used[k->slot[s->set[i]] - 1] = k->now;
        else
            missing[some++] = s->set[i];
    if (some > 0 && mp_kernel_part_make(c, s->part, missing, some, fresh) < 0)
        return -1;
    for (size_t i = 0; i < some; i++) {
        const size_t at = oldest(k);
        if (k->held[at] > 0)
            k->slot[k->held[at] - 1] = 0;
        k->held[at] = missing[i] + 1;
        k->used[at] = k->now;
        k->slot[missing[i]] = (uint32_t)at + 1;
        memcpy(k->row + at * s->all, fresh + i * s->all, s->all * sizeof *fresh);
    }
    for (size_t i = 0; i < s->size; i++)
        s->row[i] = k->row + (k->slot[s->set[i]] - 1) * s->all;
    return MP_OK;
}

/* ------------------------------------------------------------------ the working set */

/* A row, and where it stands: the least first; of equals the first. */
struct candidate {
    double f;
    uint32_t row;
};

static bool before(const struct candidate *a, const struct candidate *b)
{
    return a->f < b->f || (!(a->f > b->f) && a->row < b->row);
}

/* A heap whose first is the last of them. */
static void sift(struct candidate *heap, size_t n, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && before(&heap[child], &heap[child + 1]))
            child++;
        if (!before(&heap[at], &heap[child]))
            return;
        const struct candidate swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/* The first `want` of those that may grow, by f, or with `low` of those that may shrink, by -f;
 * beyond `limit` none; in ascending order.  Returns how many. */
static size_t first_of(const struct solver *s, bool low, double limit, size_t want,
                       struct candidate *heap)
{
    size_t n = 0;
    for (size_t i = 0; i < s->all && want > 0; i++) {
        const struct candidate one = { low ? -s->f[i] : s->f[i], (uint32_t)i };
        if (!(one.f < limit) || s->in[i] > 0 ||
            !(low ? may_shrink(s, i, s->a[i]) : may_grow(s, i, s->a[i])))
            continue;
        if (n < want) {
            heap[n++] = one;
            for (size_t j = n / 2; n == want && j-- > 0;)
                sift(heap, n, j);
        } else if (before(&one, &heap[0])) {
            heap[0] = one;
            sift(heap, n, 0);
        }
    }
    for (size_t j = n / 2; n < want && j-- > 0;)
        sift(heap, n, j);
    for (size_t end = n; end-- > 1;) {
        const struct candidate swap = heap[0];
        heap[0] = heap[end];
        heap[end] = swap;
        sift(heap, end, 0);
    }
    return n;
}

/* By how much the worst pair of all rows violates; the least f of those that may grow and the
 * largest of those that may shrink. */
static double violation(const struct solver *s, double *up, double *low)
{
    *up = INFINITY;
    *low = -INFINITY;
    for (size_t i = 0; i < s->all; i++) {
        if (may_grow(s, i, s->a[i]) && s->f[i] < *up)
            *up = s->f[i];
        if (may_shrink(s, i, s->a[i]) && s->f[i] > *low)
            *low = s->f[i];
    }
    return *low - *up;
}

static void put(struct solver *s, uint32_t row)
{
    if (s->in[row] == 0 && s->size < s->room) {
        s->in[row] = 1;
        s->set[s->size++] = row;
    }
}

/* The later half stays; then the worst of both sides in turns.  What room is left goes to those
 * that were in there before, the last first. */
static void choose_set(struct solver *s, double up, double low, uint32_t *old,
                       struct candidate *heaps)
{
    const size_t were = s->size, stay = were < s->room / 2 ? were : s->room / 2;
    struct candidate *grow = heaps, *shrink = heaps + s->room;
    memcpy(old, s->set, were * sizeof *old);
    memset(s->in, 0, s->all);
    s->size = 0;
    for (size_t i = were - stay; i < were; i++)
        put(s, old[i]);
    const size_t want = s->room - s->size;
    const size_t ups = first_of(s, false, low, want, grow);
    const size_t downs = first_of(s, true, -up, want, shrink);
    for (size_t i = 0; i < ups || i < downs; i++) {
        if (i < ups)
            put(s, grow[i].row);
        if (i < downs)
            put(s, shrink[i].row);
    }
    for (size_t i = were - stay; i-- > 0;)
        put(s, old[i]);
}

/* ------------------------------------------------------------------ pairs */

/* The least of n values, a multiple of LANES, the first of a lane: in *at its number. */
MP_CLONES static double least(const double *restrict f, const double *restrict barrier, size_t n,
                              size_t *at)
{
    double best[LANES];
    int64_t where[LANES];
    for (size_t l = 0; l < LANES; l++) {
        best[l] = INFINITY;
        where[l] = 0;
    }
    for (size_t i = 0; i < n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const double v = f[i + l] + barrier[i + l];
            where[l] = v < best[l] ? (int64_t)i : where[l];
            best[l] = v < best[l] ? v : best[l];
        }
    size_t first = 0;
    for (size_t l = 1; l < LANES; l++)
        first = best[l] < best[first] ? l : first;
    *at = (size_t)where[first] + first;
    return best[first];
}

/* Of rows that may shrink the one whose pair with a row of `f` gains most; *worst: how much the
 * largest f of them is above it. */
MP_CLONES static size_t partner(const double *restrict f, const double *restrict barrier,
                                const double *restrict own, const float *restrict kernel,
                                size_t n, double at, double itself, double *worst)
{
    double best[LANES], far[LANES];
    int64_t where[LANES];
    for (size_t l = 0; l < LANES; l++) {
        best[l] = 0;
        far[l] = -INFINITY;
        where[l] = 0;
    }
    for (size_t i = 0; i < n; i += LANES)
        for (size_t l = 0; l < LANES; l++) {
            const double gap = f[i + l] - barrier[i + l] - at, gain = gap > 0 ? gap : 0;
            const double bend = itself + own[i + l] - 2 * (double)kernel[i + l];
            const double v = gain * gain / (bend > flat ? bend : flat);
            far[l] = gap > far[l] ? gap : far[l];
            where[l] = v > best[l] ? (int64_t)i : where[l];
            best[l] = v > best[l] ? v : best[l];
        }
    size_t first = 0;
    *worst = far[0];
    for (size_t l = 1; l < LANES; l++) {
        first = best[l] > best[first] ? l : first;
        *worst = far[l] > *worst ? far[l] : *worst;
    }
    return (size_t)where[first] + first;
}

MP_CLONES static void follow_pair(double *restrict f, const float *restrict u,
                                  const float *restrict v, double step, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f[i] += step * ((double)u[i] - (double)v[i]);
}

/* Where row i of the set may go: 0, or INFINITY in its way. */
static void bar(struct solver *s, size_t i)
{
    s->up[i] = may_grow(s, s->set[i], s->local_a[i]) ? 0 : INFINITY;
    s->low[i] = may_shrink(s, s->set[i], s->local_a[i]) ? 0 : INFINITY;
}

/* What is left for a y of row i to grow by, or to shrink. */
static double left(const struct solver *s, size_t i, bool grow)
{
    const double a = s->local_a[i];
    return grow == (s->set[i] < s->n) ? most(s, s->set[i]) - a : a;
}

/* a y grows or shrinks by `step`; by all that is left it ends at the end. */
static void move(struct solver *s, size_t i, bool grow, double step, double left)
{
    const bool more = grow == (s->set[i] < s->n);
    s->local_a[i] = step < left ? s->local_a[i] + (more ? step : -step)
                                : more ? most(s, s->set[i]) : 0;
    bar(s, i);
}

/* The set among itself: rows are filled up to whole lanes with some that may not move. */
static void gather(struct solver *s, size_t wide)
{
    for (size_t i = 0; i < s->size; i++) {
        const size_t row = s->set[i];
        s->local_a[i] = s->a[row];
        s->local_f[i] = s->f[row];
        s->own[i] = mp_kernel_part_own(s->part, row);
        bar(s, i);
        for (size_t j = 0; j < s->size; j++)
            s->kernel[i * wide + j] = s->row[i][s->set[j]];
        for (size_t j = s->size; j < wide; j++)
            s->kernel[i * wide + j] = 0;
    }
    for (size_t i = s->size; i < wide; i++) {
        s->local_f[i] = s->own[i] = 0;
        s->up[i] = s->low[i] = INFINITY;
    }
}

/* Until no pair violates by more than `tolerance`.  Returns how far a went altogether. */
static double improve(struct solver *s, double tolerance)
{
    const size_t wide = (s->size + LANES - 1) / LANES * LANES;
    double moved = 0, worst;
    gather(s, wide);
    for (uint64_t most = s->steps < at_a_time ? s->steps : at_a_time; most > 0; most--) {
        size_t u, v;
        const double at = least(s->local_f, s->up, wide, &u);
        if (isinf(at))
            break;
        v = partner(s->local_f, s->low, s->own, s->kernel + u * wide, wide, at, s->own[u], &worst);
        if (!(worst > tolerance))
            break;
        const double bend = s->own[u] + s->own[v] - 2 * (double)s->kernel[u * wide + v];
        const double of_u = left(s, u, true), of_v = left(s, v, false);
        double step = (s->local_f[v] - at) / (bend > flat ? bend : flat);
        step = fmin(step, fmin(of_u, of_v));
        move(s, u, true, step, of_u);
        move(s, v, false, step, of_v);
        follow_pair(s->local_f, s->kernel + u * wide, s->kernel + v * wide, step, wide);
        moved += step;
        s->steps--;
    }
    return moved;
}

/* ------------------------------------------------------------------ all rows */

MP_CLONES static void follow(double *restrict f, const float *restrict kernel, double by, size_t n)
{
    for (size_t i = 0; i < n; i++)
        f[i] += by * (double)kernel[i];
}

static void follow_all(struct solver *s)
{
    for (size_t i = 0; i < s->size; i++) {
        const size_t row = s->set[i];
        const double by = (s->local_a[i] - s->a[row]) * sign(s, row);
        if (by > 0 || by < 0)
            follow(s->f, s->row[i], by, s->all);
        s->a[row] = s->local_a[i];
    }
}

/* As libsvm has it: the mean f of rows that may go both ways, or the middle. */
static double border(const struct solver *s, double up, double low)
{
    double sum = 0;
    size_t some = 0;
    for (size_t i = 0; i < s->all; i++)
        if (may_grow(s, i, s->a[i]) && may_shrink(s, i, s->a[i])) {
            sum += s->f[i];
            some++;
        }
    return some > 0 ? sum / (double)some : (up + low) / 2;
}

static int optimise(struct mp_ctx *c, struct solver *s, double *rho, bool *early)
{
    const double tolerance = s->rules->tolerance;
    uint32_t *missing = mp_alloc(c, 2 * s->room, sizeof *missing);
    float *fresh = mp_alloc(c, mp_product(s->room, s->all), sizeof *fresh);
    struct candidate *heaps = mp_alloc(c, 2 * s->room, sizeof *heaps);
    double up = 0, low = 0, gap = 0, moved = 1;
    int rc = missing != NULL && fresh != NULL && heaps != NULL ? MP_OK : -1;
    while (rc == MP_OK && (gap = violation(s, &up, &low)) > tolerance && moved > 0 &&
           s->steps > 0) {
        if (mp_stopped(c)) {
            rc = mp_fail(c, "interrupted");
            break;
        }
        choose_set(s, up, low, missing + s->room, heaps);
        rc = fetch(c, s, missing, fresh);
        if (rc == MP_OK) {
            moved = improve(s, fmax(tolerance, gap / 10) * 0.999);
            follow_all(s);
        }
    }
    if (rc == MP_OK)
        *rho = border(s, up, low);
    *early = gap > tolerance && s->steps == 0;
    free(missing);
    free(fresh);
    free(heaps);
    return rc;
}

static int open_solver(struct mp_ctx *c, struct solver *s)
{
    const size_t all = s->all, fits = (size_t)(s->rules->cache * 0x1p20 / sizeof(float)) / all;
    s->room = all < WORKING ? all : fits < FEWEST ? FEWEST : fits < WORKING ? fits : WORKING;
    s->room = s->room < all ? s->room : all;
    s->cache.slots = fits > all ? all : fits > s->room ? fits : s->room;
    const size_t wide = s->room + LANES;
    s->f = mp_alloc(c, all, sizeof *s->f);
    s->in = mp_alloc(c, all, sizeof *s->in);
    s->set = mp_alloc(c, s->room, sizeof *s->set);
    s->row = mp_alloc(c, s->room, sizeof *s->row);
    s->kernel = mp_alloc(c, mp_product(s->room, wide), sizeof *s->kernel);
    s->own = mp_alloc(c, 5 * wide, sizeof *s->own);
    s->cache.row = mp_alloc(c, mp_product(s->cache.slots, all), sizeof *s->cache.row);
    s->cache.held = mp_alloc(c, s->cache.slots, sizeof *s->cache.held);
    s->cache.used = mp_alloc(c, s->cache.slots, sizeof *s->cache.used);
    s->cache.slot = mp_alloc(c, all, sizeof *s->cache.slot);
    if (s->f == NULL || s->in == NULL || s->set == NULL || s->row == NULL || s->kernel == NULL ||
        s->own == NULL || s->cache.row == NULL || s->cache.held == NULL ||
        s->cache.used == NULL || s->cache.slot == NULL)
        return -1;
    s->local_a = s->own + wide;
    s->local_f = s->own + 2 * wide;
    s->up = s->own + 3 * wide;
    s->low = s->own + 4 * wide;
    for (size_t i = 0; i < all; i++)
        s->f[i] = -sign(s, i);
    return MP_OK;
}

static void close_solver(struct solver *s)
{
    mp_kernel_part_close(s->part);
    free(s->f);
    free(s->in);
    free(s->set);
    free(s->row);
    free(s->kernel);
    free(s->own);
    free(s->cache.row);
    free(s->cache.held);
    free(s->cache.used);
    free(s->cache.slot);
}

int mp_smo_solve(struct mp_ctx *c, const struct mp_smo *rules, const struct mp_kernel_rows *r,
                 const uint32_t *rows, size_t n, size_t m, double *a, double *rho, bool *early)
{
    struct solver s = { .rules = rules, .n = n, .all = n + m, .a = a, .steps = rules->steps };
    memset(a, 0, s.all * sizeof *a);
    int rc = open_solver(c, &s);
    if (rc == MP_OK)
        s.part = mp_kernel_part_open(c, r, &rules->kernel, rows, s.all, s.room);
    rc = s.part != NULL ? optimise(c, &s, rho, early) : -1;
    close_solver(&s);
    for (size_t i = 0; i < n + m && rc == MP_OK; i++)
        a[i] *= i < n ? 1 : -1;
    return rc;
}
