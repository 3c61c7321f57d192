/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense_solver.c - truncated Newton for all classes at once.
 *
 * Method: a Newton step solves H p = -g, H = I + X'DX, by a few steps of conjugate gradients
 * with one preconditioner for all classes.  Every vector has its own step lengths but shares
 * the reads of X.  Rows without curvature, outside all margins, are left out of the
 * products with H; those that together have less than a hundredth of it, too; and of more
 * than `most` others as many are drawn, with weights that leave H what it is in the mean.
 * Where there are many more rows than features, it begins with a sample of them, whose
 * solution is the start for four times as many.
 * Rows that lie further beyond all margins than a small step moves scores are left out from then
 * on: four fifths of digits.  In the end they are looked at once more.  If they cost more than
 * nothing to speak of, it goes on with those that have come near.
 *
 * Cost: a pass over the rows for each Newton step and for each step that proves too long,
 * which may have to make every row anew (passes.h): three and a half times all of them for
 * digits, and once more for the samples; the rows drawn once more for each step;
 * of these a pass in memory for each product; and the preconditioner (preconditioner.h).
 * Memory: a block of rows, the rows drawn, and 20 bytes for each row that there is.
 *
 * Rows are kept, and made again, in 16 bits a value (short_row.h), where that costs no accuracy
 * (rounding.h); whether it does is told by the rows and the problem alone, so that what is found
 * does not depend on how many there is room for.  They become floats by the block, in a core's
 * cache.
 *
 * The rows are cut into MP_PASS_PARTS parts, whose sums are added in order: threads share the
 * parts, and so do ranks (ranks.h), of which each knows the rows of its own parts alone.  They
 * send each other, for each pass and each product, their share of the sums of each part, and of
 * all sums; nothing for each row.  The preconditioner all of them make and use.
 *
 * References: Lin, Weng, Keerthi 2008, "Trust region Newton method for
 * large-scale logistic regression"; Keerthi, DeCoste 2005, "A modified finite Newton
 * method for fast solution of large scale linear SVMs"; Byrd, Chin, Neveitt, Nocedal 2011,
 * "On the use of stochastic Hessian information in optimization methods for machine
 * learning". */
#include "linear/dense_solver.h"
#include "core/finite.h"
#include "core/ranks.h"
#include "linear/panel.h"
#include "linear/preconditioner.h"
#include "linear/rounding.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARTS = MP_PASS_PARTS,  /* of rows and of sums: part i has rows from n i / PARTS on */
    MAX_ROWS = 128,         /* at a time */
    MAX_STEPS = 200,        /* of Newton */
    MAX_PRODUCTS = 40,      /* in one of them */
    MAX_TRIES = 5,          /* of a step's length */
    BLOCK_VALUES = MP_PASS_VALUES / 4, /* of the rows of a pass that are made at a time */
    EXACT_ROWS = 1 << 13,   /* at least, of which the losses are worked out in double */
    LEVEL_BITS = 2          /* a sample is a 2^LEVEL_BITS-th of the next larger one */
};

/* Scores are f32: differences of the objective below this share of it are noise. */
static const double noise = 2e-7;

/* The tolerance on a sample, whose solution is a start, no more: on the largest, the next and
 * smaller ones; and how far the residual of a step is brought down, squared: further where a
 * pass over all rows costs more than what is done with the largest sample, or with the rows that
 * H is made of.  Few rows are told apart without errors, and their least takes many steps. */
enum { SAMPLES = 3 };
static const double rough[][SAMPLES] = { { 0.2, 0.2, 0.2 }, { 0.05, 0.2, 0.5 } };
static const double residual[] = { 0.09, 0.01 };

/* Rows are left out from when on a step is to lower the objective by no more than this share, as
 * those before move far more; and which lie so many times as far beyond all margins as it moves
 * those that cost something. */
static const double little = 0.1, safely = 1.5;

/* The rows in hand. */
struct rows {
    size_t n, near;   /* of all parts: how many, and at how many a pass looks */
    struct hand {     /* those of each part, known for our parts alone */
        size_t *row;  /* their numbers: ascending, then those that were left out together */
        float *weight; /* of the curvature of each at next_w; less than 0: none, as it lies so far
                          beyond all margins */
        size_t n, near;
    } part[PARTS];
    size_t *row;      /* where these lie */
    float *weight;
    double C;
};

/* What the rows of each part are together. */
struct tally {
    double weight;    /* of those whose curvature counts */
    uint64_t n;
};

/* Some of them, of one part. */
struct block {
    const struct solver *s;
    const struct hand *hand;
    size_t from, n;         /* of these */
    const void *const *x;   /* where each is, or NULL: they lie among all that are kept */
};

/* Of these the rows that H is made of. */
struct active {
    size_t most;      /* on average */
    size_t at[PARTS + 1], room; /* where those of each of our parts begin */
    double least, each; /* a weight below `least` does not count; one above `each` is drawn */
    size_t *row;
    float *scale;     /* one over the chance that each had */
    const void **x;
    void *values;
    int *y;
    float *h;
};

struct solver {
    const struct mp_dense_problem *p;
    struct mp_passes passes;          /* the problem's rows, as they are kept */
    struct mp_loss loss;
    struct mp_preconditioner inverse;
    struct mp_dense_result *result;
    size_t lanes, blocks, size;       /* size: floats in a set of panels */
    float bias;
    float *own, *rest, *live;         /* by lane */
    float *w, *step, *g, *residual, *direction, *product, *solved, *next_w, *next_g;
    float *parts;                     /* PARTS sets of panels */
    double *sums;                     /* PARTS x lanes */
    double *f, *next_f, *drop, *slope, *t; /* by lane: objectives, decrease foreseen, how steep
                                              the step goes down, its length */
    double *spare;                    /* SPARE times lanes, for who needs them within a call */
    struct rows rows;
    bool whole;                       /* no rows in hand are left out any more */
    double reach;                     /* how far beyond all margins those lie that are */
    struct tally tally[PARTS];
    size_t first, last;               /* the parts that are ours: [first, last) */
    size_t block;                     /* rows of one */
    void *room;                       /* for the values of a block of each of our parts */
    size_t *wanted;                   /* which rows these are */
    const void **at;                  /* and where; all three NULL: all rows are kept */
    struct active active;
    double progress, share;           /* of the bar: done, and of this level */
};

enum { SPARE = 7 };

static bool coupled(const struct solver *s)
{
    return s->loss.kind == MP_MULTINOMIAL;
}

/* Whether a pass over n rows costs more than a step's products with H. */
static bool costly(const struct solver *s, size_t n)
{
    return n > 4 * s->active.most;
}

/* ------------------------------------------------------ sums by lane */

/* A coupled problem is one: all lanes have the sum. */
static void couple(const struct solver *s, double *v)
{
    double sum = 0;
    if (!coupled(s))
        return;
    for (size_t k = 0; k < s->lanes; k++)
        sum += v[k];
    for (size_t k = 0; k < s->lanes; k++)
        v[k] = sum;
}

static void dot(const struct solver *s, const float *a, const float *b, double *sum)
{
    memset(sum, 0, s->lanes * sizeof *sum);
    for (size_t i = 0; i < s->blocks; i++) {
        const size_t at = mp_panel_at(i, s->passes.d);
        mp_panel_dot(a + at, b + at, s->passes.d + 1, sum + i * MP_PANEL);
    }
    couple(s, sum);
}

/* y = x + k z, with a factor for each lane. */
static void add(const struct solver *s, const float *x, const double *k, const float *z, float *y)
{
    for (size_t i = 0; i < s->blocks; i++) {
        float factor[MP_PANEL];
        const size_t at = mp_panel_at(i, s->passes.d), end = mp_panel_at(i + 1, s->passes.d);
        for (size_t v = 0; v < MP_PANEL; v++)
            factor[v] = (float)k[i * MP_PANEL + v];
        for (size_t j = at; j < end; j += MP_PANEL)
            for (size_t v = 0; v < MP_PANEL; v++)
                y[j + v] = x[j + v] + factor[v] * z[j + v];
    }
}

/* -------------------------------------------------- passes over rows */

/* Rows at a time: as many as stay in a core's cache until they are used again. */
static size_t rows_at_once(size_t d)
{
    const size_t fit = ((size_t)1 << 15) / (d + 1) / 8 * 8;
    return fit < 8 ? 8 : fit > MAX_ROWS ? MAX_ROWS : fit;
}

/* Scratch for the floats of so many. */
static float *sight(struct mp_ctx *c, const struct solver *s)
{
    const size_t d = s->passes.d;
    return mp_scratch(c, s->passes.rounded ? rows_at_once(d) * d : 1);
}

static void scores(const struct solver *s, const float *const *x, size_t n, const float *w,
                   float *z)
{
    for (size_t b = 0; b < s->blocks; b++)
        mp_panel_scores(x, n, s->passes.d, s->bias, w + mp_panel_at(b, s->passes.d),
                        z + b * MP_PANEL, s->lanes);
}

static void add_rows(const struct solver *s, const float *const *x, size_t n, const float *r,
                     float *g)
{
    for (size_t b = 0; b < s->blocks; b++)
        mp_panel_add(x, n, s->passes.d, s->bias, r + b * MP_PANEL, s->lanes,
                     g + mp_panel_at(b, s->passes.d));
}

/* Where the i-th of PARTS equal parts of n begins. */
static size_t part_at(size_t n, size_t i)
{
    return n * i / PARTS;
}

/* Our parts, side by side. */
struct ours {
    size_t first;
    int (*work)(struct mp_ctx *c, void *arg, size_t i);
    void *arg;
};

static int one_of_ours(struct mp_ctx *c, void *arg, size_t i)
{
    const struct ours *o = arg;
    return o->work(c, o->arg, o->first + i);
}

static int for_ours(struct mp_ctx *c, const struct solver *s,
                    int (*work)(struct mp_ctx *c, void *arg, size_t i), void *arg)
{
    struct ours o = { s->first, work, arg };
    return mp_parallel_for(c, s->last - s->first, one_of_ours, &o);
}

/* Work on a block of part i. */
typedef int block_part(struct mp_ctx *c, struct solver *s, const struct block *b, size_t i);

struct pass {
    struct solver *s;
    block_part *part;
    bool far;                    /* of the rows in hand those that were left out, not the others */
    size_t done;                 /* rows of each part that are behind us */
    size_t begin[PARTS + 1];     /* where in `at` the block of each part begins */
};

/* The next block of part i, of which so many rows are done. */
static struct block block_at(const struct pass *p, size_t i, size_t done)
{
    const struct hand *h = &p->s->rows.part[i];
    const size_t from = (p->far ? h->near : 0) + done, end = p->far ? h->n : h->near;
    const size_t left = from < end ? end - from : 0, most = p->s->block;
    return (struct block){ p->s, h, from, left < most ? left : most, NULL };
}

static int made_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct pass *p = arg;
    struct block b = block_at(p, i, p->done);
    b.x = p->s->at + p->begin[i];
    return p->part(c, p->s, &b, i);
}

/* Of rows that are there all blocks at once: sums are added in the same order. */
static int kept_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct pass *p = arg;
    int rc = MP_OK;
    for (size_t done = 0; rc == MP_OK; done += p->s->block) {
        const struct block b = block_at(p, i, done);
        if (b.n == 0)
            break;
        const int mark = mp_scratch_mark(c);
        rc = p->part(c, p->s, &b, i);
        mp_scratch_release(c, mark);
    }
    return rc;
}

/* Takes a block of each of our parts; 0: there is none left. */
static int take_blocks(struct mp_ctx *c, struct pass *p)
{
    const struct solver *s = p->s;
    size_t n = 0;
    for (size_t i = s->first; i < s->last; i++) {
        const struct block b = block_at(p, i, p->done);
        p->begin[i] = n;
        memcpy(s->wanted + n, b.hand->row + b.from, b.n * sizeof *s->wanted);
        n += b.n;
    }
    if (n > 0 && mp_passes_take(c, &s->passes, s->wanted, n, s->room, s->at) < 0)
        return -1;
    return n > 0;
}

/* Work on rows in hand, as far as they are of our parts, block by block. */
static int pass(struct mp_ctx *c, struct solver *s, bool far, block_part *part)
{
    struct pass p = { .s = s, .part = part, .far = far };
    int some;
    memset(s->sums, 0, PARTS * s->lanes * sizeof *s->sums);
    if (s->room == NULL)
        return for_ours(c, s, kept_part, &p);
    for (; (some = take_blocks(c, &p)) > 0; p.done += s->block)
        if (for_ours(c, s, made_part, &p) < 0)
            return -1;
    return some;
}

/* The losses of all parts, whoever has made them. */
static int collect_sums(struct mp_ctx *c, const struct solver *s, int rc)
{
    return mp_ranks_collect(c, rc, s->sums, s->lanes * sizeof *s->sums, PARTS, PARTS);
}

/* Rows at .. at + n - 1 of a block, MAX_ROWS at most, and their classes. */
static void find_rows(const struct block *b, size_t at, size_t n, float *room, const float **x,
                      int *y)
{
    const struct mp_passes *p = &b->s->passes;
    const size_t *row = b->hand->row + b->from + at;
    const void *lie[MAX_ROWS];
    for (size_t q = 0; q < n; q++) {
        lie[q] = b->x != NULL ? b->x[at + q] : mp_passes_row(p, row[q]);
        y[q] = p->y[row[q]];
    }
    mp_passes_see(p, lie, n, room, x);
}

/* Rows on the right side of all margins have no slope: they are left out.  How many are kept. */
static size_t keep_steep(const struct solver *s, const float *const *x, size_t n, float *slope,
                         const float **kept)
{
    size_t some = 0;
    for (size_t q = 0; q < n; q++) {
        float sum = 0, *to = slope + some * s->lanes;
        for (size_t k = 0; k < s->lanes; k++) {
            to[k] = slope[q * s->lanes + k] * s->live[k];
            sum += fabsf(to[k]);
        }
        kept[some] = x[q];
        some += sum > 0;
    }
    return some;
}

/* The loss and its gradient at next_w, and how much each row's curvature weighs. */
static int look_part(struct mp_ctx *c, struct solver *s, const struct block *b, size_t i)
{
    const size_t most = rows_at_once(s->passes.d), lanes = s->lanes;
    float *weight = b->hand->weight + b->from, *z = mp_scratch(c, MAX_ROWS * lanes),
          *slope = mp_scratch(c, MAX_ROWS * lanes), *h = mp_scratch(c, MAX_ROWS * lanes),
          *room = sight(c, s);
    if (z == NULL || slope == NULL || h == NULL || room == NULL)
        return -1;
    for (size_t at = 0, n; at < b->n; at += n) {
        const float *x[MAX_ROWS], *kept[MAX_ROWS];
        int y[MAX_ROWS];
        n = b->n - at < most ? b->n - at : most;
        find_rows(b, at, n, room, x, y);
        scores(s, x, n, s->next_w, z);
        /* A value that is no number makes scores that are none, whatever the weights. */
        if (!mp_all_finite(z, n * lanes) && mp_passes_check(c, x, n, s->passes.d) < 0)
            return -1;
        mp_loss_rows(&s->loss, z, y, n, s->sums + i * lanes, slope, h);
        for (size_t q = 0; q < n; q++) {
            const float bent = mp_loss_weight(&s->loss, h + q * lanes, y[q], s->live);
            weight[at + q] = bent > 0 ? bent : -mp_loss_beyond(&s->loss, z + q * lanes, y[q]);
        }
        const size_t some = keep_steep(s, x, n, slope, kept);
        if (some > 0)
            add_rows(s, kept, some, slope, s->parts + i * s->size);
    }
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

/* Part i of X'DX direction. */
static int curve_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct active *a = &s->active;
    const size_t most = rows_at_once(s->passes.d), to = a->at[i + 1];
    float *g = s->parts + i * s->size, *v = mp_scratch(c, MAX_ROWS * s->lanes),
          *room = sight(c, s);
    if (v == NULL || room == NULL)
        return -1;
    for (size_t at = a->at[i], n; at < to; at += n) {
        const float *x[MAX_ROWS];
        n = to - at < most ? to - at : most;
        mp_passes_see(&s->passes, a->x + at, n, room, x);
        scores(s, x, n, s->direction, v);
        mp_loss_curve(&s->loss, a->h + at * s->lanes, a->y + at, n, v);
        for (size_t q = 0; q < n; q++)
            for (size_t k = 0; k < s->lanes; k++)
                v[q * s->lanes + k] *= a->scale[at + q];
        add_rows(s, x, n, v, g);
    }
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

struct join {
    const struct solver *s;
    const float *add;
    float *out;
    size_t from, n;   /* the values that are ours */
};

static int join_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct join *j = arg;
    (void)c;
    mp_panel_join(j->add, j->s->parts, PARTS, j->s->size, j->from + part_at(j->n, i),
                  j->from + part_at(j->n, i + 1), j->out);
    return MP_OK;
}

/* out = x + the parts' sums.  Each rank adds its share of the values of all parts.  rc: of the
 * work on the parts. */
static int join(struct mp_ctx *c, const struct solver *s, int rc, const float *x, float *out)
{
    struct join j = { s, x, out, mp_share(c, s->size, mp_rank(c)), 0 };
    j.n = mp_share(c, s->size, mp_rank(c) + 1) - j.from;
    if (mp_ranks_turn(c, rc, s->parts, PARTS, s->size, NULL) < 0)
        return -1;
    rc = mp_parallel_for(c, PARTS, join_part, &j);
    mp_ranks_follow(c, out, s->size);
    return rc;
}

/* f = |w|^2 / 2 + the losses that the parts found. */
static void objective(struct solver *s, const float *w, double *f)
{
    double *loss = s->spare; /* find_step() has the others */
    dot(s, w, w, f);
    memset(loss, 0, s->lanes * sizeof *loss);
    for (size_t i = 0; i < PARTS; i++)
        for (size_t k = 0; k < s->lanes; k++)
            loss[k] += s->sums[i * s->lanes + k];
    couple(s, loss);
    for (size_t k = 0; k < s->lanes; k++)
        f[k] = f[k] / 2 + loss[k];
}

/* Objective and gradient at next_w, and the rows' weights. */
static int look(struct mp_ctx *c, struct solver *s)
{
    memset(s->parts, 0, PARTS * s->size * sizeof *s->parts);
    if (join(c, s, collect_sums(c, s, pass(c, s, false, look_part)), s->next_w, s->next_g) < 0)
        return -1;
    objective(s, s->next_w, s->next_f);
    return MP_OK;
}

#define SWAP(type, a, b) do { type was = a; a = b; b = was; } while (0)

/* What was next is now. */
static void move(struct solver *s)
{
    SWAP(float *, s->w, s->next_w);
    SWAP(float *, s->g, s->next_g);
    SWAP(double *, s->f, s->next_f);
}

/* -------------------------------------------------------- Newton's step */

/* Part i of the curvature of the rows drawn, at w. */
static int bend_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    struct active *a = &s->active;
    const size_t most = rows_at_once(s->passes.d), lanes = s->lanes, to = a->at[i + 1];
    float *z = mp_scratch(c, MAX_ROWS * lanes), *room = sight(c, s);
    double *unused = (double *)(void *)mp_scratch(c, 2 * lanes);
    if (z == NULL || unused == NULL || room == NULL)
        return -1;
    memset(unused, 0, lanes * sizeof *unused);
    for (size_t at = a->at[i], n; at < to; at += n) {
        const float *x[MAX_ROWS];
        n = to - at < most ? to - at : most;
        mp_passes_see(&s->passes, a->x + at, n, room, x);
        scores(s, x, n, s->w, z);
        mp_loss_rows(&s->loss, z, a->y + at, n, unused, NULL, a->h + at * lanes);
    }
    return MP_OK;
}

/* Room for n active rows. */
static int make_active(struct mp_ctx *c, struct solver *s, size_t n)
{
    struct active *a = &s->active;
    if (n <= a->room)
        return MP_OK;
    free(a->row);
    free(a->scale);
    free(a->x);
    free(a->values);
    free(a->y);
    free(a->h);
    a->values = NULL;
    n += n / 32; /* the next draw may be a little larger */
    a->room = n;
    a->row = mp_alloc(c, n, sizeof *a->row);
    a->scale = mp_alloc(c, n, sizeof *a->scale);
    a->x = mp_alloc(c, n, sizeof *a->x);
    a->y = mp_alloc(c, n, sizeof *a->y);
    a->h = mp_alloc(c, mp_product(n, s->lanes), sizeof *a->h);
    return a->row != NULL && a->scale != NULL && a->x != NULL && a->y != NULL && a->h != NULL
               ? mp_passes_room(c, &s->passes, n, &a->values) : -1;
}

/* Whether row i of those in hand is drawn, so that it counts as much as it weighs; 1 over the
 * chance that it had, or 0. */
static double drawn(struct mp_ctx *c, const struct solver *s, const struct hand *h, size_t i)
{
    const struct active *a = &s->active;
    const double weight = (double)h->weight[i];
    if (!(weight >= a->least))
        return 0;
    if (weight >= a->each)
        return 1;
    const uint64_t random = mp_random(c, h->row[i], (uint64_t)s->result->steps);
    return (double)(random >> 11) * 0x1p-53 < weight / a->each ? a->each / weight : 0;
}

/* Part i: what rows weigh that weigh as much as that at least. */
static int weigh_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct hand *h = &s->rows.part[i];
    struct tally t = { 0 };
    (void)c;
    for (size_t k = 0; k < h->near; k++)
        if ((double)h->weight[k] >= s->active.least) {
            t.weight += (double)h->weight[k];
            t.n++;
        }
    s->tally[i] = t;
    return MP_OK;
}

static int count_drawn(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct hand *h = &s->rows.part[i];
    s->tally[i].n = 0;
    for (size_t k = 0; k < h->near; k++)
        s->tally[i].n += drawn(c, s, h, k) > 0;
    return MP_OK;
}

static int take_drawn(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    struct active *a = &s->active;
    const struct hand *h = &s->rows.part[i];
    size_t n = a->at[i];
    for (size_t k = 0; k < h->near; k++) {
        const double scale = drawn(c, s, h, k);
        if (!(scale > 0))
            continue;
        a->row[n] = h->row[k];
        a->y[n] = s->passes.y[h->row[k]];
        a->scale[n++] = (float)scale;
    }
    return MP_OK;
}

/* What the rows of all parts are together, of which `work` tells those of ours. */
static int tally(struct mp_ctx *c, struct solver *s,
                 int (*work)(struct mp_ctx *c, void *arg, size_t i), struct tally *all)
{
    const int rc = for_ours(c, s, work, s);
    *all = (struct tally){ 0 };
    if (mp_ranks_collect(c, rc, s->tally, sizeof *s->tally, PARTS, PARTS) < 0)
        return -1;
    for (size_t i = 0; i < PARTS; i++) {
        all->weight += s->tally[i].weight;
        all->n += s->tally[i].n;
    }
    return MP_OK;
}

/* Rows whose curvature counts, together the others have less than a hundredth; or a draw.  Those
 * that are left out have none. */
static int find_active(struct mp_ctx *c, struct solver *s)
{
    struct active *a = &s->active;
    struct tally all;
    a->least = (double)FLT_TRUE_MIN;
    a->each = 0;
    if (tally(c, s, weigh_part, &all) < 0)
        return -1;
    a->least = fmax(0.01 * all.weight / (double)s->rows.n, a->least);
    if (tally(c, s, weigh_part, &all) < 0)
        return -1;
    if (all.n > a->most)
        a->each = all.weight / (double)a->most;
    int rc = for_ours(c, s, count_drawn, s);
    a->at[s->first] = 0;
    for (size_t i = s->first; i < s->last; i++)
        a->at[i + 1] = a->at[i] + s->tally[i].n;
    if (rc == MP_OK)
        rc = make_active(c, s, a->at[s->last]);
    if (rc == MP_OK)
        rc = for_ours(c, s, take_drawn, s);
    if (rc == MP_OK)
        rc = mp_passes_take(c, &s->passes, a->row, a->at[s->last], a->values, a->x);
    return rc == MP_OK ? for_ours(c, s, bend_part, s) : -1;
}

/* product = H direction. */
static int multiply(struct mp_ctx *c, struct solver *s)
{
    s->result->products++;
    memset(s->parts, 0, PARTS * s->size * sizeof *s->parts);
    return join(c, s, for_ours(c, s, curve_part, s), s->direction, s->product);
}

/* step = -H^-1 gradient, nearly; drop: what it lowers the quadratic model by. */
static int find_step(struct mp_ctx *c, struct solver *s)
{
    const size_t lanes = s->lanes;
    double *rz = s->spare + lanes, *next = rz + lanes, *first = next + lanes,
           *slope = first + lanes, *minus = slope + lanes, *k = minus + lanes;
    const double enough = residual[costly(s, s->rows.n)];
    for (size_t l = 0; l < lanes; l++)
        minus[l] = -(double)s->live[l];
    memset(s->step, 0, s->size * sizeof *s->step);
    add(s, s->step, minus, s->g, s->residual);
    if (mp_preconditioner_apply(c, &s->inverse, s->residual, s->direction) < 0)
        return -1;
    dot(s, s->residual, s->direction, rz);
    memcpy(first, rz, lanes * sizeof *rz);
    for (int i = 0; i < MAX_PRODUCTS; i++) {
        bool again = false;
        if (multiply(c, s) < 0)
            return -1;
        dot(s, s->direction, s->product, slope);
        for (size_t l = 0; l < lanes; l++)
            k[l] = slope[l] > 0 ? rz[l] / slope[l] : 0;
        add(s, s->step, k, s->direction, s->step);
        for (size_t l = 0; l < lanes; l++)
            k[l] = -k[l];
        add(s, s->residual, k, s->product, s->residual);
        if (mp_preconditioner_apply(c, &s->inverse, s->residual, s->solved) < 0)
            return -1;
        dot(s, s->residual, s->solved, next);
        for (size_t l = 0; l < lanes; l++) {
            const bool more = next[l] > enough * first[l] && rz[l] > 0;
            again = again || more;
            k[l] = more ? next[l] / rz[l] : 0;
            rz[l] = next[l];
        }
        if (!again)
            break;
        add(s, s->solved, k, s->direction, s->direction);
        /* A lane that is done moves no more. */
        for (size_t l = 0; l < lanes; l++)
            if (k[l] == 0)
                rz[l] = 0;
    }
    dot(s, s->step, s->residual, next);
    dot(s, s->step, s->g, s->slope);
    for (size_t l = 0; l < lanes; l++)
        s->drop[l] = (next[l] - s->slope[l]) / 2;
    return MP_OK;
}

/* Whether the lane's objective fell enough: by a ten-thousandth of what was foreseen. */
static bool fell(const struct solver *s, size_t k, double f)
{
    return f <= s->f[k] - 1e-4 * s->t[k] * s->drop[k] + noise * fabs(s->f[k]);
}

/* Where a parabola through both objectives is lowest, or near either end of what may be. */
static double shorter(const struct solver *s, size_t k)
{
    const double t = s->t[k], slope = t * s->slope[k], rise = s->next_f[k] - s->f[k] - slope;
    const double at = rise > 0 ? -slope / (2 * rise) : 0;
    return t * (at > 0.5 ? 0.5 : at > 0.0625 ? at : 0.0625);
}

/* Shortens steps until every lane's objective falls; 0 where none does, which is where f32
 * ends.  next_w and all that belongs to it follow. */
static int shorten(struct mp_ctx *c, struct solver *s)
{
    for (int i = 1; i <= MAX_TRIES; i++) {
        bool bad = false;
        for (size_t k = 0; k < s->lanes; k++)
            if (s->t[k] > 0 && !fell(s, k, s->next_f[k])) {
                s->t[k] = i < MAX_TRIES ? shorter(s, k) : 0;
                bad = true;
            }
        if (!bad)
            break;
        add(s, s->w, s->t, s->step, s->next_w);
        if (look(c, s) < 0)
            return -1;
    }
    return MP_OK;
}

/* ------------------------------------------------------- rows left out */

/* Part i of the squares by which the step moves the scores of the rows drawn, and what these
 * count. */
static int reach_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    const struct active *a = &s->active;
    const size_t most = rows_at_once(s->passes.d), to = a->at[i + 1];
    float *z = mp_scratch(c, MAX_ROWS * s->lanes), *room = sight(c, s);
    if (z == NULL || room == NULL)
        return -1;
    s->tally[i].weight = 0;
    for (size_t at = a->at[i], n; at < to; at += n) {
        const float *x[MAX_ROWS];
        n = to - at < most ? to - at : most;
        for (size_t q = 0; q < n; q++)
            s->tally[i].weight += (double)a->scale[at + q];
        mp_passes_see(&s->passes, a->x + at, n, room, x);
        scores(s, x, n, s->step, z);
        for (size_t q = 0; q < n; q++)
            for (size_t k = 0; k < s->lanes; k++)
                s->sums[i * s->lanes + k] += (double)(a->scale[at + q] * z[q * s->lanes + k] *
                                                      z[q * s->lanes + k]);
    }
    return MP_OK;
}

/* How far rows are to lie beyond all margins: by what the step moves the scores of the rows drawn,
 * in the lane where that is most, as the root of their mean square. */
static int find_reach(struct mp_ctx *c, struct solver *s)
{
    double rows = 0, most = 0;
    memset(s->sums, 0, PARTS * s->lanes * sizeof *s->sums);
    int rc = for_ours(c, s, reach_part, s);
    rc = mp_ranks_collect(c, rc, s->tally, sizeof *s->tally, PARTS, PARTS);
    if (collect_sums(c, s, rc) < 0)
        return -1;
    for (size_t i = 0; i < PARTS; i++)
        rows += s->tally[i].weight;
    for (size_t k = 0; k < s->lanes; k++) {
        double sum = 0;
        for (size_t i = 0; i < PARTS; i++)
            sum += s->sums[i * s->lanes + k];
        most = sum > most ? sum : most;
    }
    s->reach = rows > 0 ? safely * sqrt(most / rows) : 0;
    return MP_OK;
}

/* Of part i: rows that lie so far beyond all margins are left out; the others come before them, in
 * their order. */
static int leave_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    struct hand *h = &s->rows.part[i];
    size_t far = 0, near = 0;
    for (size_t k = 0; k < h->near; k++)
        far += (double)h->weight[k] < -s->reach;
    size_t *row = mp_alloc(c, far + 1, sizeof *row);
    if (row == NULL)
        return -1;
    far = 0;
    for (size_t k = 0; k < h->near; k++) {
        if ((double)h->weight[k] < -s->reach) {
            row[far++] = h->row[k];
        } else {
            h->row[near] = h->row[k];
            h->weight[near++] = h->weight[k];
        }
    }
    memcpy(h->row + near, row, far * sizeof *row);
    h->near = near;
    s->tally[i].n = near;
    free(row);
    return MP_OK;
}

/* Of part i: those left out that do not lie so far beyond any more come back. */
static int return_part(struct mp_ctx *c, void *arg, size_t i)
{
    struct solver *s = arg;
    struct hand *h = &s->rows.part[i];
    (void)c;
    for (size_t k = h->near; k < h->n; k++)
        if (!((double)h->weight[k] < -s->reach)) {
            const size_t row = h->row[k];
            h->row[k] = h->row[h->near];
            h->row[h->near++] = row;
        }
    s->tally[i].n = h->near;
    return MP_OK;
}

static int count_near(struct mp_ctx *c, struct solver *s,
                      int (*work)(struct mp_ctx *c, void *arg, size_t i))
{
    const int rc = for_ours(c, s, work, s);
    if (mp_ranks_collect(c, rc, s->tally, sizeof *s->tally, PARTS, PARTS) < 0)
        return -1;
    s->rows.near = 0;
    for (size_t i = 0; i < PARTS; i++)
        s->rows.near += s->tally[i].n;
    return MP_OK;
}

/* Leaves out rows that lie further beyond all margins than the step is to move them. */
static int leave_out(struct mp_ctx *c, struct solver *s)
{
    if (s->whole || s->loss.kind != MP_SQUARED_HINGE)
        return MP_OK;
    return find_reach(c, s) == MP_OK ? count_near(c, s, leave_part) : -1;
}

/* All rows in hand are looked at again. */
static void leave_none_out(struct solver *s)
{
    struct rows *r = &s->rows;
    for (size_t i = s->first; i < s->last; i++)
        r->part[i].near = r->part[i].n;
    r->near = r->n;
    s->whole = true;
}

/* Adds those left out to the objective at w; *missed: the largest share of a vector's objective
 * that they are. */
static int look_back(struct mp_ctx *c, struct solver *s, double *missed)
{
    memcpy(s->next_w, s->w, s->size * sizeof *s->w);
    if (collect_sums(c, s, pass(c, s, true, look_part)) < 0)
        return -1;
    *missed = 0;
    for (size_t k = 0; k < s->loss.vectors; k++) {
        double sum = 0;
        for (size_t i = 0; i < PARTS; i++)
            sum += s->sums[i * s->lanes + k];
        s->f[k] += sum;
        *missed = fmax(*missed, sum / s->f[k]);
    }
    return MP_OK;
}

/* --------------------------------------------------------------- levels */

/* Lanes whose step is to lower the objective by no more than a share of it are done with it;
 * how far the others are. */
static double settle(struct solver *s, double tolerance)
{
    double worst = 0;
    for (size_t k = 0; k < s->loss.vectors; k++) {
        const double left = s->f[k] - s->drop[k]; /* of the objective, after the step */
        const double share = left > 0 ? s->drop[k] / left : s->drop[k] > 0 ? INFINITY : 0;
        if (!(share > tolerance))
            s->live[k] = 0;
        else if (s->live[k] > 0 && share > worst)
            worst = share;
    }
    return worst;
}

/* Where no step lowers the objective, f32 ends. */
static bool any_live(struct solver *s)
{
    bool some = false;
    for (size_t k = 0; k < s->loss.vectors; k++) {
        s->live[k] = s->t[k] > 0 ? s->live[k] : 0;
        some = some || s->live[k] > 0;
    }
    return some;
}

/* Steps from w on until all lanes are done. */
static int descend(struct mp_ctx *c, struct solver *s, double tolerance)
{
    double worst = 1, first = 0;
    for (size_t k = 0; k < s->lanes; k++)
        s->live[k] = k < s->loss.vectors;
    memcpy(s->next_w, s->w, s->size * sizeof *s->w);
    if (look(c, s) < 0)
        return -1;
    move(s);
    for (int i = 0; worst > 0; i++) {
        if (i == MAX_STEPS) {
            s->result->gave_up = true;
            break;
        }
        s->result->steps++;
        if (find_active(c, s) < 0 || find_step(c, s) < 0)
            return -1;
        for (size_t k = 0; k < s->lanes; k++)
            s->t[k] = 1;
        worst = settle(s, tolerance);
        if (worst <= little && leave_out(c, s) < 0)
            return -1;
        add(s, s->w, s->t, s->step, s->next_w);
        if (look(c, s) < 0 || shorten(c, s) < 0)
            return -1;
        move(s);
        worst = any_live(s) ? worst : 0;
        first = first > worst ? first : worst;
        if (worst > 0 && first > tolerance)
            mp_progress(c, s->progress + s->share * log(first / worst) / log(first / tolerance),
                        1);
    }
    return MP_OK;
}

/* last: all rows are in hand, and what was left out is to have been so rightly: by what it costs
 * the objective may lie higher above its least.  Where that is too much, those that the steps have
 * come near to are taken back, in the end all. */
static int solve_level(struct mp_ctx *c, struct solver *s, double tolerance, bool last)
{
    enum { AGAIN = 2 };
    for (int i = 0; ; i++) {
        double missed = 0;
        if (descend(c, s, tolerance) < 0 ||
            (last && s->rows.near < s->rows.n && look_back(c, s, &missed) < 0))
            return -1;
        if (missed <= tolerance / 10)
            break;
        if (i == AGAIN)
            leave_none_out(s);
        else if (count_near(c, s, return_part) < 0)
            return -1;
    }
    s->progress += s->share;
    mp_progress(c, s->progress, 1);
    return MP_OK;
}

struct level {
    struct solver *s;
    uint64_t mask;
};

static int level_part(struct mp_ctx *c, void *arg, size_t i)
{
    const struct level *l = arg;
    const size_t all = l->s->passes.n;
    struct hand *h = &l->s->rows.part[i];
    h->n = 0;
    for (size_t k = part_at(all, i); k < part_at(all, i + 1); k++)
        if ((mp_random(c, k, 0) & l->mask) == 0)
            h->row[h->n++] = k;
    h->near = h->n;
    l->s->tally[i].n = h->n;
    return MP_OK;
}

/* The rows whose random number ends in so many zero bits; costs grow accordingly. */
static int take_level(struct mp_ctx *c, struct solver *s, int bits)
{
    const struct mp_dense_problem *p = s->p;
    struct level l = { s, ((uint64_t)1 << bits) - 1 };
    struct rows *r = &s->rows;
    const int rc = for_ours(c, s, level_part, &l);
    if (mp_ranks_collect(c, rc, s->tally, sizeof *s->tally, PARTS, PARTS) < 0)
        return -1;
    r->n = 0;
    for (size_t i = 0; i < PARTS; i++)
        r->n += s->tally[i].n;
    r->near = r->n;
    s->whole = false;
    r->C = p->C * (double)s->passes.n / (double)(r->n > 0 ? r->n : 1);
    for (size_t k = 0; k < s->loss.vectors; k++) {
        s->own[k] = (float)(r->C * p->factor[k]);
        s->rest[k] = (float)(r->C * (p->vectors == 1 ? p->factor[1] : 1));
    }
    return MP_OK;
}

/* How often the rows can be halved so that no fewer than so many stay. */
static int halvings(size_t n, size_t least, int step)
{
    int bits = 0;
    while (n >> (bits + step) >= least)
        bits += step;
    return bits;
}

/* A sample of the rows, one from each of as many equal parts. */
static int take_sample(struct mp_ctx *c, const struct mp_passes *p, size_t some, float *room,
                       const float **x)
{
    const size_t apart = p->n / (some > 0 ? some : 1);
    const void **at = mp_alloc(c, some + 1, sizeof *at);
    size_t *row = mp_alloc(c, some + 1, sizeof *row);
    int rc = at != NULL && row != NULL ? MP_OK : -1;
    for (size_t i = 0; i < some && rc == MP_OK; i++)
        row[i] = (size_t)((double)p->n / (double)some * (double)i) + mp_random(c, i, 1) % apart;
    if (rc == MP_OK)
        rc = mp_passes_take(c, p, row, some, room, at);
    if (rc == MP_OK)
        mp_passes_see(p, at, some, NULL, x);
    free(at);
    free(row);
    return rc == MP_OK ? mp_passes_check(c, x, some, p->d) : -1;
}

/* Whether rows are kept in 16 bits, by a sample.  Few stay what they are, as there is little to
 * gain. */
static int choose_bits(struct mp_ctx *c, const struct solver *s, const struct mp_sample *sample,
                       double curved, bool *rounded)
{
    const double few = 1 << 18;
    const struct mp_dense_problem *p = s->p;
    double factor = 1;
    for (size_t k = 0; k < (p->vectors > 1 ? p->vectors : 2); k++)
        factor = fmax(factor, p->factor[k]);
    *rounded = false;
    if ((double)s->passes.n * (double)s->passes.d < few)
        return MP_OK;
    return mp_rounding_may(c, sample->x, sample->n, sample->d,
                           curved * factor * p->C * (double)s->passes.n, p->tolerance / 10,
                           rounded);
}

/* What the first rows tell: how H looks, and how rows are to be kept. */
static int begin(struct mp_ctx *c, struct solver *s)
{
    const struct mp_passes *p = &s->passes;
    const size_t enough = 3 * (p->d + 1) > 7500 ? 3 * (p->d + 1) : 7500;
    const size_t some = p->n < enough ? p->n : enough;
    /* A twentieth of the rows lies inside a margin when it matters. */
    const double curved = s->loss.kind == MP_SQUARED_HINGE ? 0.1 : 0.05;
    void *room = NULL;
    bool rounded = false;
    const float **x = mp_alloc(c, some + 1, sizeof *x);
    int rc = x != NULL ? mp_passes_room(c, p, some, &room) : -1;
    if (rc == MP_OK)
        rc = take_sample(c, p, some, room, x);
    if (rc == MP_OK) {
        const double weight = curved * s->p->C * (double)p->n / (double)(some > 0 ? some : 1);
        const struct mp_sample sample = { x, some, p->d, s->bias };
        rc = mp_preconditioner_open(c, &s->inverse, &sample, weight, s->blocks);
        if (rc == MP_OK)
            rc = choose_bits(c, s, &sample, curved, &rounded);
    }
    free(room);
    free(x);
    return rc == MP_OK ? mp_passes_keep(c, &s->passes, rounded) : -1;
}

/* Room for the rows of a pass that are to be made. */
static int open_blocks(struct mp_ctx *c, struct solver *s)
{
    const struct mp_passes *p = &s->passes;
    if (mp_passes_kept(p))
        return MP_OK;
    const size_t one = p->n / PARTS + 1, block = s->block < one ? s->block : one;
    const size_t some = (s->last - s->first) * block;
    s->wanted = mp_alloc(c, some, sizeof *s->wanted);
    s->at = mp_alloc(c, some, sizeof *s->at);
    return s->wanted != NULL && s->at != NULL ? mp_passes_room(c, p, some, &s->room) : -1;
}

static int solve(struct mp_ctx *c, struct solver *s)
{
    const struct mp_dense_problem *p = s->p;
    const size_t least = 3 * (s->passes.d + 1) > 2048 ? 3 * (s->passes.d + 1) : 2048;
    const double *start = rough[costly(s, s->passes.n)];
    if (begin(c, s) < 0 || open_blocks(c, s) < 0)
        return -1;
    for (int bits = halvings(s->passes.n, least, LEVEL_BITS); bits >= 0; bits -= LEVEL_BITS) {
        s->share = bits > 0 ? (0.9 - s->progress) / 2 : 1 - s->progress;
        const int sample = bits < SAMPLES * LEVEL_BITS ? bits / LEVEL_BITS - 1 : SAMPLES - 1;
        const double tolerance = bits > 0 ? fmax(start[sample], p->tolerance) : p->tolerance;
        if (take_level(c, s, bits) < 0 || solve_level(c, s, tolerance, bits == 0) < 0)
            return -1;
    }
    return MP_OK;
}

/* ---------------------------------------------------------- the whole */

/* The losses with sums in double, whose scores lie panel after panel; of a sample less
 * those with sums in f32. */
static int exact_part(struct mp_ctx *c, struct solver *s, const struct block *b, size_t i)
{
    enum { MOST = 16 };
    const size_t d = s->passes.d, once = rows_at_once(d), most = once < MOST ? once : MOST;
    float *near = mp_scratch(c, MOST * s->lanes);
    double *z = (double *)(void *)mp_scratch(c, 2 * s->lanes);
    double *all = (double *)(void *)mp_scratch(c, 2 * MOST * s->lanes);
    double *f32 = (double *)(void *)mp_scratch(c, 2 * s->lanes);
    float *room = sight(c, s);
    if (near == NULL || z == NULL || all == NULL || f32 == NULL || room == NULL)
        return -1;
    memset(f32, 0, s->lanes * sizeof *f32);
    for (size_t at = 0; at < b->n; at += MOST) {
        const float *x[MOST];
        int y[MOST];
        const size_t n = b->n - at < most ? b->n - at : most;
        find_rows(b, at, n, room, x, y);
        if (s->rows.n < s->passes.n) {
            scores(s, x, n, s->w, near);
            mp_loss_rows(&s->loss, near, y, n, f32, NULL, NULL);
        }
        for (size_t k = 0; k < s->blocks; k++)
            mp_panel_scores_exact(x, n, d, s->bias, s->w + mp_panel_at(k, d),
                                  all + k * MOST * MP_PANEL);
        for (size_t q = 0; q < n; q++) {
            for (size_t k = 0; k < s->lanes; k++)
                z[k] = all[(k / MP_PANEL * MOST + q) * MP_PANEL + k % MP_PANEL];
            mp_loss_exact(&s->loss, z, y[q], s->sums + i * s->lanes);
        }
    }
    for (size_t k = 0; k < s->lanes; k++)
        s->sums[i * s->lanes + k] -= f32[k];
    return mp_stopped(c) ? mp_fail(c, "interrupted") : MP_OK;
}

/* The losses of all rows, of which the last pass has left f, less those. */
static void less_f32(struct solver *s, double *loss)
{
    double *size = s->spare + 2 * s->lanes;
    dot(s, s->w, s->w, size);
    for (size_t k = 0; k < s->lanes; k++)
        loss[k] -= s->f[k] - size[k] / 2;
}

/* The objective itself, of all vectors together, and how far f32 was from telling it: of many
 * rows by a sample. */
static int check(struct mp_ctx *c, struct solver *s)
{
    double *off = s->spare + s->lanes;
    struct mp_dense_result *r = s->result;
    if (take_level(c, s, halvings(s->passes.n, EXACT_ROWS, 1)) < 0 ||
        collect_sums(c, s, pass(c, s, false, exact_part)) < 0)
        return -1;
    memset(off, 0, s->lanes * sizeof *off);
    for (size_t i = 0; i < PARTS; i++)
        for (size_t k = 0; k < s->lanes; k++)
            off[k] += s->sums[i * s->lanes + k];
    couple(s, off);
    if (s->rows.n == s->passes.n)
        less_f32(s, off);
    for (size_t k = 0; k < s->loss.vectors; k++) {
        const double exact = s->f[k] + off[k];
        /* A vector that no step improved may be as far off as its last one was to go. */
        const double left = s->t[k] == 0 ? s->drop[k] : 0;
        const double doubt = (fabs(off[k]) + left) / (exact + 1e-300);
        r->doubt = doubt > r->doubt ? doubt : r->doubt;
        r->objective += coupled(s) && k > 0 ? 0 : exact;
    }
    return MP_OK;
}

static int open_rows(struct mp_ctx *c, struct solver *s)
{
    const struct mp_passes *p = &s->passes;
    const size_t once = rows_at_once(p->d), fit = BLOCK_VALUES / (p->d + 1) / (PARTS * once);
    s->active.most = s->p->drawn > 0 ? s->p->drawn : mp_pass_rows(p->d);
    s->block = once * (fit > 1 ? fit : 1);
    s->first = mp_share(c, PARTS, mp_rank(c));
    s->last = mp_share(c, PARTS, mp_rank(c) + 1);
    const size_t from = part_at(p->n, s->first), own = part_at(p->n, s->last) - from;
    s->rows.row = mp_alloc(c, own + 1, sizeof *s->rows.row);
    s->rows.weight = mp_alloc(c, own + 1, sizeof *s->rows.weight);
    if (s->rows.row == NULL || s->rows.weight == NULL)
        return -1;
    for (size_t i = s->first; i < s->last; i++) {
        const size_t at = part_at(p->n, i) - from;
        s->rows.part[i] = (struct hand){ .row = s->rows.row + at, .weight = s->rows.weight + at };
    }
    return MP_OK;
}

static int open_solver(struct mp_ctx *c, struct solver *s)
{
    const size_t lanes = s->lanes;
    float **panels[] = { &s->w, &s->step, &s->g, &s->residual, &s->direction, &s->product,
                         &s->solved, &s->next_w, &s->next_g };
    float **by_lane[] = { &s->own, &s->rest, &s->live };
    double **doubles[] = { &s->f, &s->next_f, &s->drop, &s->slope, &s->t };
    bool good = true;
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++)
        good = good && (*panels[i] = mp_alloc(c, s->size, sizeof(float))) != NULL;
    for (size_t i = 0; i < sizeof by_lane / sizeof *by_lane; i++)
        good = good && (*by_lane[i] = mp_alloc(c, lanes, sizeof(float))) != NULL;
    for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
        good = good && (*doubles[i] = mp_alloc(c, lanes, sizeof(double))) != NULL;
    good = good && (s->parts = mp_alloc(c, mp_product(PARTS, s->size), sizeof(float))) != NULL &&
           (s->sums = mp_alloc(c, PARTS * lanes, sizeof(double))) != NULL &&
           (s->spare = mp_alloc(c, SPARE * lanes, sizeof(double))) != NULL &&
           open_rows(c, s) == MP_OK;
    s->loss.own = s->own;
    s->loss.rest = s->rest;
    return good ? MP_OK : -1;
}

static void close_solver(struct solver *s)
{
    struct active *a = &s->active;
    void *all[] = { s->w, s->step, s->g, s->residual, s->direction, s->product, s->solved,
                    s->next_w, s->next_g, s->own, s->rest, s->live, s->f, s->next_f, s->drop,
                    s->slope, s->t, s->parts, s->sums, s->spare, s->rows.row, s->rows.weight,
                    s->room, s->wanted, (void *)s->at, a->row, a->scale, (void *)a->x, a->values,
                    a->y, a->h };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    mp_preconditioner_close(&s->inverse);
}

int mp_dense_solve(struct mp_ctx *c, const struct mp_dense_problem *p, double *w,
                   struct mp_dense_result *r)
{
    struct solver s = { .p = p, .passes = p->rows, .result = r, .bias = (float)p->bias };
    const size_t d = s.passes.d;
    s.blocks = (p->vectors + MP_PANEL - 1) / MP_PANEL;
    s.lanes = s.blocks * MP_PANEL;
    s.size = mp_panel_at(s.blocks, d);
    s.loss = (struct mp_loss){ .kind = p->loss, .vectors = p->vectors, .lanes = s.lanes };
    *r = (struct mp_dense_result){ 0 };
    int rc = open_solver(c, &s);
    if (rc == MP_OK)
        rc = solve(c, &s);
    if (rc == MP_OK)
        rc = check(c, &s);
    for (size_t k = 0; k < p->vectors && rc == MP_OK; k++) {
        const float *from = s.w + mp_panel_at(k / MP_PANEL, d) + k % MP_PANEL;
        for (size_t j = 0; j <= d; j++)
            w[k * (d + 1) + j] = (double)from[j * MP_PANEL];
    }
    close_solver(&s);
    return rc;
}
