/* SPDX-License-Identifier: GPL-3.0-or-later */
/* boost.c - many small trees, each of which mends what those before it get wrong.
 *
 * Gradient boosting of the softmax's log loss, a tree for each class and round (Friedman 2001,
 * "Greedy function approximation: a gradient boosting machine"), from sums by bin and with leaves
 * that are Newton steps (Chen, Guestrin 2016, "XGBoost"; Ke and others 2017, "LightGBM").  As in
 * scikit-learn's HistGradientBoostingClassifier.
 *
 * Derivatives are rounded to whole numbers, small ones at random, up or down by how near they are
 * (Shi and others 2022, "Quantized training of gradient boosting decision trees"): sums are exact.
 * Rows of which next to nothing is to be learned, in the end most of them, count by chance, and
 * then for all of their kind, so that they cost next to nothing, too (as minimal variance sampling
 * does: Ibragimov, Gusev 2019).
 *
 * Cost: see newton.c; the trees of a round grow side by side.  Memory: 3 bytes and some for each
 * value of the rows, 12 for each row and class, sums for each thread. */
#include "core/clock.h"
#include "core/exp.h"
#include "core/learner.h"
#include "core/normal.h"
#include "core/random.h"
#include "core/simd.h"
#include "linear/class_weights.h"
#include "trees/newton.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 128, PIECE = 1024 }; /* rows at a time: asked; learned from */
enum { LARGE = 1024, TRIAL_ROUNDS = 10, UNLEARNED = 3, FOUR = 4 };
enum { FOR_ROUNDING, FOR_ROWS, FOR_VALUES, FOR_HELD }; /* streams of random numbers */

struct params {
    int rounds, leaves, depth, bins, patience;
    double rate, l2, min_weight, subsample, small, features, held;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(rounds, .def = "100", .min = 1, .max = 100000, .unit = "trees a class",
             .doc = "how often a tree for each class is added"),
    MP_PARAM(rate, .def = "0.1", .min = 1e-6, .max = 10,
             .doc = "what part of each step is made; with less, more rounds are better"),
    MP_PARAM(leaves, .def = "31", .min = 2, .max = 4096, .unit = "leaves",
             .doc = "that a tree has at most"),
    MP_PARAM(depth, .def = "0", .min = 0, .max = 1e9, .unit = "questions",
             .doc = "that a row is asked at most; 1: stumps; 0: any number"),
    MP_PARAM(min_weight, .def = "1", .min = 1e-3, .max = 1e9,
             .doc = "sum of p (1 - p) over the rows that must be left on either side of a "
                    "question, p the probability of the class so far; of a class of fewer than "
                    "four rows so many fourths of it"),
    MP_PARAM(l2, .def = "1", .min = 0, .max = 1e9, .doc = "penalty on the squares of steps"),
    MP_PARAM(subsample, .def = "1", .min = 1e-3, .max = 1,
             .doc = "share of the rows that each round learns from, drawn anew"),
    MP_PARAM(small, .def = "0.03", .min = 0, .max = 1,
             .doc = "derivatives below this, 1 being the largest, or below a third of the share of "
                    "the class's rows, count as this, but only so often that their sum is right; "
                    "0: all as they are"),
    MP_PARAM(features, .def = "1", .min = 1e-6, .max = 1,
             .doc = "share of the values that a tree may ask about, drawn anew for each"),
    MP_PARAM(bins, .def = "64", .min = 2, .max = MP_MOST_BINS,
             .doc = "most different values that a value of a row is told apart by"),
    MP_PARAM(patience, .def = "0", .min = 0, .max = 100000, .unit = "rounds",
             .doc = "stop when rows held back have not become better for so long; 0: never"),
    MP_PARAM(held, .def = "0.1", .min = 0.001, .max = 0.9,
             .doc = "share of the training rows that are held back where there is a patience"),
    MP_CLASS_WEIGHTS(struct params, "the losses of rows"),
    MP_END
};

/* Two classes have one column of scores, the second's; the first's are 0. */
struct state {
    uint64_t d, classes, columns;
    struct mp_trees trees; /* of round 0 all columns, of round 1 ... */
    float *base;           /* of each column: the score without trees */
    float *gain;           /* of each value: what its questions were worth */
    struct mp_bins bins;   /* until done() */
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)in, (void)out;
    return mp_class_weights_check(c, p->weights);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    (void)params;
    return mp_bins_add(c, &((struct state *)state)->bins, in);
}

/* ------------------------------------------------------------------ what is to be learned */

struct boost {
    const struct params *p;
    struct state *s;
    const struct mp_bins *bins;
    struct mp_slots slots;
    size_t n, columns, first;  /* first: the class of column 0 */
    double unit;               /* what a derivative of 1 is in pairs */
    double *weight;            /* of each class */
    double *small, *least;     /* of each column: what derivatives count as, what sides need */
    float *score;              /* columns x n */
    int64_t *pair;             /* columns x n */
    uint8_t *held;             /* of each row: whether it is held back */
    double *loss;              /* of each piece of rows: weight and loss of those it learns from,
                                  then of those held back */
    double *gain;              /* columns x d */
    struct mp_newton **grower; /* columns of them, as many as threads in use */
    uint8_t *busy;             /* whether a tree grows there */
    struct mp_tree *tree;      /* of each column */
    uint64_t round, key[3];
    bool half;                 /* a trial learns from one row in two */
    double seconds[2];         /* of rounds of all rows, of half of them, and how many */
    int rounds[2];
};

/* A share between 0 and 1 that belongs to a row. */
static double share_of(uint64_t key, size_t row)
{
    return mp_uniform(mp_mix(key ^ row));
}

/* Of each row of a piece the softmax of its scores, in place: columns x PIECE, some of them; `top`
 * and `sum` are room.  What is left of 1 is class 0's where it has no column. */
MP_CLONES static void softmax(float *restrict p, size_t columns, bool two, float *restrict top,
                              float *restrict sum)
{
    for (size_t i = 0; i < PIECE; i++) {
        top[i] = two ? 0 : p[i];
        sum[i] = 0;
    }
    for (size_t k = 0; k < columns; k++)
        for (size_t i = 0; i < PIECE; i++)
            top[i] = p[k * PIECE + i] > top[i] ? p[k * PIECE + i] : top[i];
    for (size_t i = 0; i < PIECE && two; i++)
        sum[i] = mp_exp(-top[i]);
    for (size_t k = 0; k < columns; k++)
        for (size_t i = 0; i < PIECE; i++) {
            p[k * PIECE + i] = mp_exp(p[k * PIECE + i] - top[i]);
            sum[i] += p[k * PIECE + i];
        }
    for (size_t k = 0; k < columns; k++)
        for (size_t i = 0; i < PIECE; i++)
            p[k * PIECE + i] /= sum[i];
}

/* Rounded up or down, by how near it is, so that the sum of many small ones is right; share is even
 * over 0 .. 1.  Of large ones to the nearest, so that rows that are alike stay so. */
static int32_t rounded(double x, double share)
{
    return (int32_t)floor(x + (fabs(x) < LARGE ? share : 0.5));
}

/* Of derivatives so small a row counts with this chance, and so many times more.  Before anything
 * is learned those of all other classes' rows are the share of a class's own: only what is well
 * below is small, or where classes are many trees would be of few rows drawn. */
static double chance(double g, double small)
{
    return fabs(g) < small ? fabs(g) / small : 1;
}

static void make_pairs(struct boost *b, size_t from, size_t n, size_t column, const float *p)
{
    const uint64_t key = mp_mix(b->key[FOR_ROUNDING] ^ column), kept = mp_mix(key);
    int64_t *pair = b->pair + column * b->n + from;
    for (size_t i = 0; i < n; i++) {
        const size_t row = from + i, class = b->bins->class[row];
        const double own = (double)p[i], g = own - (class == column + b->first);
        const double h = fmax(0, own * (1 - own)), often = chance(g, b->small[column]);
        const double w = b->unit * b->weight[class] / often;
        const uint64_t bits = mp_mix(key ^ row);
        const bool counts = !b->held[row] && !(b->half && row % 2 > 0) &&
                            (often >= 1 || share_of(kept, row) < often) &&
                            (b->p->subsample >= 1 ||
                             share_of(b->key[FOR_ROWS], row) < b->p->subsample);
        pair[i] = counts ? mp_pair(rounded(w * g, (double)(bits >> 32) * 0x1p-32),
                                   (uint32_t)rounded(w * h, (double)(uint32_t)bits * 0x1p-32))
                         : 0;
    }
}

/* What the scores of a piece of rows cost, and which way they should go. */
static int look_at_piece(struct mp_ctx *c, void *arg, size_t piece)
{
    struct boost *b = arg;
    const size_t from = piece * PIECE, n = b->n - from < PIECE ? b->n - from : PIECE;
    const size_t all = b->columns * PIECE;
    float *p = mp_alloc(c, all + 2 * PIECE, sizeof *p);
    double *loss = b->loss + 4 * piece;
    if (p == NULL)
        return -1;
    for (size_t k = 0; k < b->columns; k++)
        memcpy(p + k * PIECE, b->score + k * b->n + from, n * sizeof *p);
    softmax(p, b->columns, b->first > 0, p + all, p + all + PIECE);
    memset(loss, 0, 4 * sizeof *loss);
    for (size_t i = 0; i < n; i++) {
        const size_t class = b->bins->class[from + i];
        double own = class >= b->first ? (double)p[(class - b->first) * PIECE + i]
                                       : 1 - (double)p[i];
        loss[2 * b->held[from + i]] += b->weight[class];
        loss[2 * b->held[from + i] + 1] -= b->weight[class] * log(fmax(own, 1e-30));
    }
    for (size_t k = 0; k < b->columns; k++)
        make_pairs(b, from, n, k, p + k * PIECE);
    free(p);
    return MP_OK;
}

/* ------------------------------------------------------------------ rounds */

/* A grower that no other thread has; there are as many as trees at a time. */
static struct mp_newton *take_grower(struct mp_ctx *c, struct boost *b, size_t *at)
{
    size_t i = 0;
    while (__atomic_exchange_n(&b->busy[i], 1, __ATOMIC_ACQUIRE) != 0)
        i = i + 1 < b->columns ? i + 1 : 0;
    *at = i;
    if (b->grower[i] == NULL)
        b->grower[i] = mp_newton_open(c, &b->slots, (size_t)b->p->leaves);
    return b->grower[i];
}

static int grow_tree(struct mp_ctx *c, void *arg, size_t k)
{
    struct boost *b = arg;
    size_t at;
    struct mp_newton *n = take_grower(c, b, &at);
    const struct mp_newton_rules rules = {
        .slots = &b->slots, .pair = b->pair + k * b->n, .leaves = (size_t)b->p->leaves,
        .depth = (size_t)b->p->depth, .least = fmax(1, b->least[k] * b->unit),
        .l2 = b->p->l2 * b->unit, .rate = b->p->rate,
        .features = b->p->features, .key = mp_mix(b->key[FOR_VALUES] ^ k),
    };
    const int rc = n != NULL ? mp_newton_grow(c, n, &rules, &b->tree[k], b->score + k * b->n,
                                              b->gain + k * b->bins->d) : -1;
    __atomic_store_n(&b->busy[at], 0, __ATOMIC_RELEASE);
    return rc;
}

/* The mean loss of the rows that are learned from, or of those held back. */
static double mean_loss(const struct boost *b, bool held)
{
    double mass = 0, sum = 0;
    for (size_t i = 0; i < (b->n + PIECE - 1) / PIECE; i++) {
        mass += b->loss[4 * i + 2 * held];
        sum += b->loss[4 * i + 2 * held + 1];
    }
    return mass > 0 ? sum / mass : 0;
}

static void begin_round(struct mp_ctx *c, struct boost *b, size_t round)
{
    b->key[FOR_ROUNDING] = mp_random(c, round, FOR_ROUNDING);
    b->key[FOR_ROWS] = mp_random(c, round, FOR_ROWS);
    b->key[FOR_VALUES] = mp_random(c, round, FOR_VALUES);
}

/* A tree for each class.  In a trial every other round has half of the rows, to tell what a round
 * costs however few they are. */
static int grow_round(struct mp_ctx *c, struct boost *b)
{
    const double start = mp_seconds();
    if (mp_parallel_for(c, b->columns, grow_tree, b) < 0 ||
        mp_trees_add(c, &b->s->trees, b->tree, b->columns) < 0)
        return -1;
    b->seconds[b->half] += mp_seconds() - start;
    b->rounds[b->half]++;
    b->half = mp_trial(c) && !b->half;
    return MP_OK;
}

/* Adds trees until there are enough, or the rows held back have been better for too long. */
static int run_rounds(struct mp_ctx *c, struct boost *b)
{
    const size_t rounds = (size_t)b->p->rounds, patience = (size_t)b->p->patience;
    const size_t pieces = (b->n + PIECE - 1) / PIECE;
    size_t best = 0, round = 0;
    double least = INFINITY;
    for (;; round++) {
        begin_round(c, b, round);
        if (mp_parallel_for(c, pieces, look_at_piece, b) < 0)
            return -1;
        const double loss = mean_loss(b, false), held = mean_loss(b, true);
        if (round > 0) {
            mp_record(c, "loss", loss);
            if (patience > 0)
                mp_record(c, "loss of the rows held back", held);
        }
        if (held < least) {
            least = held;
            best = round;
        }
        mp_progress_label(c, "round %zu of %zu, loss %.4f", round, rounds, loss);
        mp_progress(c, (double)round, (double)rounds);
        if (round == rounds || (patience > 0 && round - best >= patience) ||
            (mp_trial(c) && round == TRIAL_ROUNDS))
            break;
        if (grow_round(c, b) < 0)
            return -1;
    }
    if (b->rounds[1] > 0)
        mp_trial_fixed(c, (double)round * (2 * b->seconds[1] / b->rounds[1] -
                                           b->seconds[0] / b->rounds[0]));
    if (patience == 0 || mp_trial(c))
        return MP_OK;
    best = best > 0 ? best : 1;
    b->s->trees.n = best * b->columns;
    b->s->trees.nodes = b->s->trees.root[b->s->trees.n];
    mp_remark(c, "kept %zu of %zu rounds, by the loss of %.4f of the rows held back", best, round,
              least);
    return MP_OK;
}

/* ------------------------------------------------------------------ beginning and end */

/* Scores without trees: logarithms of how many rows the classes have.  At first p (1 - p) sum to
 * about as many, so that of three rows or two hardly a side of a question would have 1. */
static int begin_scores(struct mp_ctx *c, struct boost *b)
{
    uint64_t *rows = mp_alloc(c, b->s->classes, sizeof *rows);
    double mass = 0;
    for (size_t i = 0; i < b->n && rows != NULL; i++)
        rows[b->bins->class[i]]++;
    if (rows == NULL || mp_class_weights_counted(c, b->p->weights, rows, b->weight) < 0) {
        free(rows);
        return -1;
    }
    for (size_t k = 0; k < b->s->classes; k++)
        mass += (double)rows[k] * b->weight[k];
    /* Sums of g stay below 2^31, those of h below 2^32. */
    b->unit = 0x1p30 / (mass + (double)b->n);
    for (size_t k = 0; k < b->columns; k++) {
        const size_t class = k + b->first;
        const double own = fmax((double)rows[class], 0.1) * b->weight[class];
        const double other = b->first > 0 ? fmax((double)rows[0], 0.1) * b->weight[0] : mass;
        const double there = b->first > 0 ? fmin(own, other) : own;
        b->s->base[k] = (float)log(own / other);
        b->small[k] = fmin(b->p->small, there / mass / UNLEARNED);
        b->least[k] = b->p->min_weight * fmin(1, there / FOUR);
        for (size_t i = 0; i < b->n; i++)
            b->score[k * b->n + i] = b->s->base[k];
    }
    free(rows);
    for (size_t i = 0; i < b->n && b->p->patience > 0; i++)
        b->held[i] = share_of(mp_random(c, 0, FOR_HELD), i) < b->p->held;
    return MP_OK;
}

static int open_boost(struct mp_ctx *c, struct boost *b)
{
    struct state *s = b->s;
    const size_t n = b->n, k = b->columns;
    b->weight = mp_alloc(c, s->classes, sizeof *b->weight);
    b->small = mp_alloc(c, k, sizeof *b->small);
    b->least = mp_alloc(c, k, sizeof *b->least);
    b->score = mp_alloc(c, mp_product(k, n), sizeof *b->score);
    b->pair = mp_alloc(c, mp_product(k, n), sizeof *b->pair);
    b->held = mp_alloc(c, n, sizeof *b->held);
    b->loss = mp_alloc(c, n / PIECE + 1, 4 * sizeof *b->loss);
    b->gain = mp_alloc(c, mp_product(k, s->d), sizeof *b->gain);
    b->grower = mp_alloc(c, k, sizeof *b->grower);
    b->busy = mp_alloc(c, k, sizeof *b->busy);
    b->tree = mp_alloc(c, k, sizeof *b->tree);
    s->base = mp_alloc(c, k, sizeof *s->base);
    s->gain = mp_alloc(c, s->d, sizeof *s->gain);
    if (b->weight == NULL || b->small == NULL || b->least == NULL || b->score == NULL ||
        b->pair == NULL || b->held == NULL || b->loss == NULL || b->gain == NULL ||
        b->grower == NULL || b->busy == NULL || b->tree == NULL || s->base == NULL ||
        s->gain == NULL)
        return -1;
    return mp_slots_open(c, &b->slots, b->bins, b->p->features) < 0 ? -1 : begin_scores(c, b);
}

static void close_boost(struct boost *b)
{
    for (size_t k = 0; k < b->columns; k++) {
        if (b->grower != NULL)
            mp_newton_close(b->grower[k]);
        if (b->tree != NULL)
            free(b->tree[k].node);
    }
    mp_slots_close(&b->slots);
    free(b->weight);
    free(b->small);
    free(b->least);
    free(b->score);
    free(b->pair);
    free(b->held);
    free(b->loss);
    free(b->gain);
    free(b->grower);
    free(b->busy);
    free(b->tree);
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const int classes = mp_classes(c, NULL);
    if (s->bins.n > 0 && classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", classes);
    if (mp_bins_finish(c, &s->bins, (size_t)p->bins) < 0)
        return -1;
    s->d = s->bins.d;
    s->classes = (uint64_t)classes;
    s->columns = classes == 2 ? 1 : s->classes;
    struct boost b = { .p = p, .s = s, .bins = &s->bins, .n = s->bins.n, .columns = s->columns,
                       .first = s->classes - s->columns };
    int rc = open_boost(c, &b);
    if (rc == MP_OK)
        rc = run_rounds(c, &b);
    for (size_t j = 0; j < s->d && rc == MP_OK; j++)
        for (size_t k = 0; k < s->columns; k++)
            s->gain[j] += (float)(b.gain[k * s->d + j] / b.unit);
    close_boost(&b);
    mp_bins_free(&s->bins);
    return rc;
}

/* ------------------------------------------------------------------ saving, asking */

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_u64(io, "columns", &s->columns) < 0)
        return -1;
    if (s->classes < 2 || s->columns != (s->classes == 2 ? 1 : s->classes))
        return mp_fail(mp_io_ctx(io), "%llu scores of %llu classes: damaged",
                       (unsigned long long)s->columns, (unsigned long long)s->classes);
    if (mp_io_f32s(io, "base", &s->base, s->columns) < 0 ||
        mp_io_f32s(io, "gain", &s->gain, s->d) < 0 || mp_trees_io(io, &s->trees, s->d) < 0)
        return -1;
    for (size_t i = 0; i < s->trees.nodes && mp_io_loading(io); i++)
        if (mp_is_leaf(s->trees.node, (uint32_t)i) && !isfinite(s->trees.node[i].has.score))
            return mp_fail(mp_io_ctx(io), "leaf %zu is no number: damaged", i);
    return MP_OK;
}

static void clear(void *state)
{
    struct state *s = state;
    mp_bins_free(&s->bins);
    mp_trees_free(&s->trees);
    free(s->base);
    free(s->gain);
}

static int values(struct mp_ctx *c, const void *state, uint64_t *values)
{
    const struct state *s = state;
    (void)c;
    *values = s->trees.nodes + s->columns;
    return MP_OK;
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), k = s->classes, first = k - s->columns;
    uint32_t end[ROWS];
    (void)params;
    if (d != s->d || mp_len(out->shape) != k)
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu",
                       k, (size_t)s->d, mp_len(out->shape), d);
    for (size_t i = 0; i < in->n; i++)
        for (size_t j = 0; j < k; j++)
            out->x[i * k + j] = j < first ? 0 : s->base[j - first];
    for (size_t i = 0; i < in->n; i += ROWS) {
        const size_t n = in->n - i < ROWS ? in->n - i : ROWS;
        float *score = out->x + i * k + first;
        for (size_t tree = 0; tree < s->trees.n; tree++) {
            mp_trees_walk(&s->trees, tree, in->x + i * d, n, d, end);
            for (size_t r = 0; r < n; r++)
                score[r * k + tree % s->columns] += s->trees.node[end[r]].has.score;
        }
    }
    return MP_OK;
}

/* Which values the questions were about. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    return mp_len(image) == s->d ? mp_see(c, v, "what each value tells", s->gain, image, 1) : MP_OK;
}

MP_STAGE(boost) = {
    .brief = "Add up small trees, each of which mends what is wrong so far",
    .doc = "In each round each class gets one more tree of a few questions about single values,\n"
           "which adds to its score where that was too low and takes off where it was too high.\n"
           "\n"
           "Gradient boosting of the softmax's log loss, from sums by bin.  A tree splits the\n"
           "leaf that gains most until it has `leaves` of them; depth=1 are stumps, of one\n"
           "question each.  With a lower `rate` and more rounds it becomes better, slowly; with a\n"
           "`patience` some training rows are held back, and what is kept are the rounds up to\n"
           "the one that was best on them.  Values are told apart by `bins` levels.  Derivatives\n"
           "are rounded to whole numbers, small ones at random, so that sums are exact; those\n"
           "below `small`, of rows that are right already, count only now and then, and then for\n"
           "all of their kind, which saves half of the time or more.  With `features` below 1\n"
           "trees differ more, and many of them are better.\n"
           "The time goes with the values that are not the most common of all rows, such as\n"
           "paper.  Scores are logarithms of probabilities but for what all have in common.\n"
           "About what scikit-learn's HistGradientBoostingClassifier, XGBoost and LightGBM do.\n"
           "Reference: Friedman 2001, Greedy function approximation: a gradient boosting machine;\n"
           "Chen, Guestrin 2016, XGBoost; Ke and others 2017, LightGBM; Ibragimov, Gusev 2019,\n"
           "Minimal variance sampling in stochastic gradient boosting.",
    .example = "boost rounds=20 leaves=8",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .scores = MP_LOGITS, .values = values,
                          .pictures = pictures),
};
