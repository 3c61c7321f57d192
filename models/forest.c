/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forest.c - many trees of questions, each grown a little differently, which vote.
 *
 * kind=random: each tree learns from rows drawn with replacement, and each question is the best by
 * Gini's impurity of a few values drawn (Breiman 2001, "Random forests"); kind=extra: from all
 * rows, and of each value drawn one border drawn (Geurts, Ernst, Wehenkel 2006, "Extremely
 * randomized trees").  As in scikit-learn's RandomForestClassifier and ExtraTreesClassifier.
 *
 * Cost: for each tree the rows times its depth times the values that are tried, about a
 * nanosecond each (gini.c); trees grow side by side, each from random numbers of its own.  Memory:
 * a byte for each value of the rows, and as much again while rows come; 30 bytes a row and
 * thread. */
#include "core/learner.h"
#include "linear/class_weights.h"
#include "trees/gini.h"
#include "trees/trees.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM, EXTRA, AUTO = 0, YES, ROWS = 128 }; /* order of .choices below; rows at a time */
enum { VOTE = 1 << 16, TRIAL_TREES = 2 };

struct params {
    int kind, trees, depth, min_leaf, bootstrap, bins;
    char *features, *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(kind, .def = "random", .choices = "random|extra",
             .doc = "random: the best border of each value tried; extra: one drawn"),
    MP_PARAM(trees, .def = "100", .min = 1, .max = 10000, .unit = "trees", .doc = "how many vote"),
    MP_PARAM(depth, .def = "0", .min = 0, .max = 1e9, .unit = "questions",
             .doc = "that a row is asked at most; 0: as many as part the classes"),
    MP_PARAM(min_leaf, .def = "1", .min = 1, .max = 1e9, .unit = "rows",
             .doc = "that must be left on either side of a question"),
    MP_PARAM(features, .def = "sqrt", .unit = "sqrt|all|number",
             .doc = "how many values are tried for a question; sqrt: the root of all"),
    MP_PARAM(bootstrap, .def = "auto", .choices = "auto|yes|no",
             .doc = "each tree learns from as many rows, drawn with replacement; auto: random "
                    "ones do"),
    MP_PARAM(bins, .def = "256", .min = 2, .max = MP_MOST_BINS,
             .doc = "most different values that a value of a row is told apart by"),
    MP_CLASS_WEIGHTS(struct params, "the number of rows"),
    MP_END
};

struct state {
    uint64_t d, classes, mixed;
    struct mp_trees trees; /* leaf k: all of class k; classes + i: share i */
    float *share;          /* mixed x classes */
    float *gain;           /* of each value: how much purer its questions make */
    struct mp_bins bins;   /* until done() */
};

/* How many of d values are tried; 0: that is no number of them. */
static size_t tries_of(const char *text, size_t d)
{
    char *end;
    if (strcmp(text, "sqrt") == 0)
        return (size_t)fmax(1, sqrt((double)d));
    if (strcmp(text, "all") == 0)
        return d;
    const long n = strtol(text, &end, 10);
    return end == text || *end != '\0' || n < 1 ? 0 : (size_t)n < d ? (size_t)n : d;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    (void)state, (void)out;
    if (tries_of(p->features, mp_len(in)) == 0)
        return mp_fail(c, "features=%s: expected sqrt, all or a whole number from 1 on",
                       p->features);
    return mp_class_weights_check(c, p->weights);
}

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    (void)params;
    return mp_bins_add(c, &((struct state *)state)->bins, in);
}

/* ------------------------------------------------------------------ a tree */

/* What one tree has learned. */
struct grown {
    struct mp_tree tree;
    float *share, *gain;
    size_t mixed, room;
};

struct forest {
    const struct params *p;
    const struct mp_bins *bins;
    size_t classes, tries, n;
    bool draws;
    double *weight;
    struct grown *grown;
    uint32_t *votes; /* of trees that had not seen the row, for each class, in 1 / VOTE */
    size_t done;
};

/* A leaf that may be split: some of the rows that the tree learns from, some of the others. */
struct part {
    uint32_t node, depth;
    size_t from, n, out_from, out_n;
};

struct grower {
    const struct forest *f;
    struct grown *to;
    struct mp_gini gini;
    size_t number, draws;
    uint16_t *times;               /* how often each row was drawn; NULL: all once */
    uint32_t *rows, *out, *spare;  /* those that were; the others */
    uint32_t *order;               /* of values, for drawing some */
    struct part *part;             /* that wait */
    size_t parts, room;
};

/* Two streams of random numbers for each tree: rows, and what its questions take. */
static uint64_t bits_for_row(struct mp_ctx *c, const struct grower *g, size_t i)
{
    return mp_random(c, 2 * g->number, i);
}

static uint64_t next_bits(struct mp_ctx *c, struct grower *g)
{
    return mp_random(c, 2 * g->number + 1, g->draws++);
}

/* A whole number below n < 2^32. */
static size_t below(uint64_t bits, size_t n)
{
    return (size_t)((bits >> 32) * (uint64_t)n >> 32);
}

static int push(struct mp_ctx *c, struct grower *g, struct part part)
{
    if (g->parts == g->room) {
        const size_t room = 2 * g->room + 64;
        struct part *more = realloc(g->part, room * sizeof *more);
        if (more == NULL)
            return mp_fail(c, "no memory for %zu nodes of a tree", room);
        g->part = more;
        g->room = room;
    }
    g->part[g->parts++] = part;
    return MP_OK;
}

static int open_grower(struct mp_ctx *c, struct grower *g)
{
    const struct mp_bins *b = g->f->bins;
    struct part all = { 0 };
    g->gini = (struct mp_gini){ .bins = b, .weight = g->f->weight, .classes = g->f->classes,
                                .least = (size_t)g->f->p->min_leaf };
    g->rows = mp_alloc(c, b->n, sizeof *g->rows);
    g->out = mp_alloc(c, b->n, sizeof *g->out);
    g->spare = mp_alloc(c, b->n, sizeof *g->spare);
    g->order = mp_alloc(c, b->d, sizeof *g->order);
    g->times = g->f->draws ? mp_alloc(c, b->n, sizeof *g->times) : NULL;
    g->to->gain = mp_alloc(c, b->d, sizeof *g->to->gain);
    if (g->rows == NULL || g->out == NULL || g->spare == NULL || g->order == NULL ||
        (g->f->draws && g->times == NULL) || g->to->gain == NULL ||
        mp_gini_open(c, &g->gini) < 0 || mp_tree_begin(c, &g->to->tree) < 0)
        return -1;
    for (size_t j = 0; j < b->d; j++)
        g->order[j] = (uint32_t)j;
    for (size_t i = 0; i < b->n && g->f->draws; i++) {
        uint16_t *times = &g->times[below(bits_for_row(c, g, i), b->n)];
        *times = (uint16_t)(*times + (*times < UINT16_MAX));
    }
    for (size_t i = 0; i < b->n; i++) {
        if (g->times == NULL || g->times[i] > 0)
            g->rows[all.n++] = (uint32_t)i;
        else
            g->out[all.out_n++] = (uint32_t)i;
    }
    return push(c, g, all);
}

static void close_grower(struct grower *g)
{
    mp_gini_close(&g->gini);
    free(g->times);
    free(g->rows);
    free(g->out);
    free(g->spare);
    free(g->order);
    free(g->part);
}

/* Trees vote side by side, in whole numbers: in whatever order, the sum is the same. */
static void vote(const struct grower *g, const struct part *part, uint32_t leaf)
{
    const size_t k = g->f->classes;
    for (size_t i = 0; i < part->out_n && g->f->votes != NULL; i++) {
        uint32_t *votes = g->f->votes + g->out[part->out_from + i] * k;
        if (leaf < k)
            __atomic_fetch_add(&votes[leaf], VOTE, __ATOMIC_RELAXED);
        for (size_t j = 0; j < k && leaf >= k; j++)
            __atomic_fetch_add(&votes[j], (uint32_t)lrintf(g->to->share[(leaf - k) * k + j] * VOTE),
                               __ATOMIC_RELAXED);
    }
}

static int make_leaf(struct mp_ctx *c, struct grower *g, const struct part *part)
{
    const size_t k = g->f->classes;
    struct grown *to = g->to;
    uint32_t *leaf = &to->tree.node[part->node].has.leaf;
    if (g->gini.kinds == 1) {
        *leaf = (uint32_t)g->gini.kind;
        vote(g, part, *leaf);
        return MP_OK;
    }
    if (to->mixed == to->room) {
        const size_t room = 2 * to->room + 16;
        float *more = realloc(to->share, mp_product(mp_product(room, k), sizeof *more));
        if (more == NULL || room + k > UINT32_MAX)
            return mp_fail(c, "no memory for %zu leaves of a tree", room);
        to->share = more;
        to->room = room;
    }
    for (size_t j = 0; j < k; j++)
        to->share[to->mixed * k + j] = (float)(g->gini.all[j] / g->gini.mass);
    *leaf = (uint32_t)(k + to->mixed++);
    vote(g, part, *leaf);
    return MP_OK;
}

/* Values are drawn without replacement; once enough were, one by which rows differ will do. */
static void find_cut(struct mp_ctx *c, struct grower *g, struct mp_cut *best)
{
    const size_t d = g->f->bins->d;
    bool differ = false;
    for (size_t i = 0; i < d && (i < g->f->tries || !differ); i++) {
        const size_t j = i + below(next_bits(c, g), d - i);
        const uint32_t value = g->order[j];
        g->order[j] = g->order[i];
        g->order[i] = value;
        differ |= g->f->p->kind == EXTRA
                      ? mp_gini_random(&g->gini, value, next_bits(c, g), best)
                      : mp_gini_best(&g->gini, value, best);
    }
}

static int split(struct mp_ctx *c, struct grower *g, const struct part *part,
                 const struct mp_cut *cut)
{
    const struct mp_bins *b = g->f->bins;
    const uint8_t *column = b->at + cut->value * b->n, bin = mp_gini_bin(&g->gini, cut);
    struct part left = *part, right = *part;
    if (mp_tree_split(c, &g->to->tree, part->node, cut->value,
                      b->edge[cut->value * MP_MOST_BINS + bin], &left.node) < 0)
        return -1;
    left.depth = right.depth = part->depth + 1;
    left.n = mp_bins_part(column, bin, g->rows + part->from, part->n, g->spare);
    left.out_n = mp_bins_part(column, bin, g->out + part->out_from, part->out_n, g->spare);
    right = (struct part){ left.node + 1, left.depth, part->from + left.n, part->n - left.n,
                           part->out_from + left.out_n, part->out_n - left.out_n };
    g->to->gain[cut->value] += (float)(cut->score - g->gini.square / g->gini.mass);
    return push(c, g, right) < 0 ? -1 : push(c, g, left);
}

static int grow_part(struct mp_ctx *c, struct grower *g, const struct part *part)
{
    const struct params *p = g->f->p;
    struct mp_cut cut = { 0 };
    mp_gini_rows(&g->gini, g->rows + part->from, part->n, g->times);
    const bool may = g->gini.kinds > 1 && g->gini.count / 2 >= (size_t)p->min_leaf &&
                     (p->depth == 0 || part->depth < (uint32_t)p->depth);
    if (may)
        find_cut(c, g, &cut);
    return cut.score > 0 ? split(c, g, part, &cut) : make_leaf(c, g, part);
}

static int grow_tree(struct mp_ctx *c, void *arg, size_t i)
{
    struct forest *f = arg;
    struct grower g = { .f = f, .to = &f->grown[i], .number = i };
    int rc = open_grower(c, &g);
    for (size_t parts = 0; g.parts > 0 && rc == MP_OK; parts++) {
        const struct part part = g.part[--g.parts];
        rc = parts % 64 == 0 && mp_stopped(c) ? mp_fail(c, "interrupted") : grow_part(c, &g, &part);
    }
    close_grower(&g);
    mp_progress(c, (double)__atomic_add_fetch(&f->done, 1, __ATOMIC_RELAXED), f->p->trees);
    return rc;
}

/* ------------------------------------------------------------------ all trees */

static int join(struct mp_ctx *c, struct state *s, struct forest *f)
{
    const size_t k = s->classes;
    size_t mixed = 0;
    for (size_t i = 0; i < f->n; i++)
        mixed += f->grown[i].mixed;
    s->share = mp_alloc(c, mp_product(mixed, k) + 1, sizeof *s->share);
    s->gain = mp_alloc(c, s->d, sizeof *s->gain);
    if (s->share == NULL || s->gain == NULL)
        return -1;
    if (mixed + k > UINT32_MAX)
        return mp_fail(c, "%zu leaves of several classes; there may be %u", mixed, UINT32_MAX);
    for (size_t i = 0; i < f->n; i++) {
        struct grown *g = &f->grown[i];
        for (uint32_t j = 0; j < g->tree.n; j++)
            if (mp_is_leaf(g->tree.node, j) && g->tree.node[j].has.leaf >= k)
                g->tree.node[j].has.leaf += (uint32_t)s->mixed;
        if (g->mixed > 0)
            memcpy(s->share + s->mixed * k, g->share, g->mixed * k * sizeof *s->share);
        s->mixed += g->mixed;
        for (size_t j = 0; j < s->d; j++)
            s->gain[j] += g->gain[j] / (float)f->n;
        if (mp_trees_add(c, &s->trees, &g->tree, 1) < 0)
            return -1;
    }
    return MP_OK;
}

/* How good the votes are of trees that had not seen the rows. */
static void tell(struct mp_ctx *c, const struct forest *f)
{
    const size_t k = f->classes;
    size_t seen = 0, right = 0;
    for (size_t i = 0; i < f->bins->n && f->votes != NULL; i++) {
        const uint32_t *votes = f->votes + i * k;
        size_t best = 0;
        for (size_t j = 1; j < k; j++)
            best = votes[j] > votes[best] ? j : best;
        seen += votes[best] > 0;
        right += votes[best] > 0 && best == f->bins->class[i];
    }
    if (seen > 0)
        mp_remark(c, "out of bag, %.2f %% of %zu training rows are right: by the trees that had "
                  "not seen them", 100 * (double)right / (double)seen, seen);
}

static int plant(struct mp_ctx *c, struct state *s, struct forest *f)
{
    uint64_t *rows = mp_alloc(c, f->classes, sizeof *rows);
    f->weight = mp_alloc(c, f->classes + MP_MOST_BINS, sizeof *f->weight);
    f->grown = mp_alloc(c, f->n, sizeof *f->grown);
    if (f->draws)
        f->votes = mp_alloc(c, mp_product(f->bins->n, f->classes), sizeof *f->votes);
    int rc = rows != NULL && f->weight != NULL && f->grown != NULL &&
             (!f->draws || f->votes != NULL) ? MP_OK : -1;
    for (size_t i = 0; i < f->bins->n && rc == MP_OK; i++)
        rows[f->bins->class[i]]++;
    if (rc == MP_OK)
        rc = mp_class_weights_counted(c, f->p->weights, rows, f->weight);
    if (rc == MP_OK)
        rc = mp_parallel_for(c, f->n, grow_tree, f);
    if (rc == MP_OK && !mp_trial(c))
        tell(c, f);
    free(rows);
    return rc == MP_OK ? join(c, s, f) : rc;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    const int classes = mp_classes(c, NULL), trees = p->trees;
    if (s->bins.n > 0 && classes < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", classes);
    if (mp_bins_finish(c, &s->bins, (size_t)p->bins) < 0)
        return -1;
    s->d = s->bins.d;
    s->classes = (uint64_t)classes;
    struct forest f = { .p = p, .bins = &s->bins, .classes = s->classes,
                        .tries = tries_of(p->features, s->d),
                        .n = (size_t)(mp_trial(c) && trees > TRIAL_TREES ? TRIAL_TREES : trees),
                        .draws = p->bootstrap == AUTO ? p->kind == RANDOM : p->bootstrap == YES };
    const int rc = plant(c, s, &f);
    for (size_t i = 0; i < f.n && f.grown != NULL; i++) {
        free(f.grown[i].tree.node);
        free(f.grown[i].share);
        free(f.grown[i].gain);
    }
    free(f.grown);
    free(f.weight);
    free(f.votes);
    mp_bins_free(&s->bins);
    return rc;
}

/* ------------------------------------------------------------------ saving, asking */

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "classes", &s->classes) < 0 ||
        mp_io_u64(io, "mixed", &s->mixed) < 0 || mp_io_f32s(io, "gain", &s->gain, s->d) < 0 ||
        mp_io_f32s(io, "share", &s->share, mp_product(s->mixed, s->classes)) < 0 ||
        mp_trees_io(io, &s->trees, s->d) < 0)
        return -1;
    for (size_t i = 0; i < s->trees.nodes && mp_io_loading(io); i++)
        if (s->trees.node[i].has.leaf >= s->classes + s->mixed)
            return mp_fail(mp_io_ctx(io), "leaf %u of %llu: damaged", s->trees.node[i].has.leaf,
                           (unsigned long long)(s->classes + s->mixed));
    return MP_OK;
}

static void clear(void *state)
{
    struct state *s = state;
    mp_bins_free(&s->bins);
    mp_trees_free(&s->trees);
    free(s->share);
    free(s->gain);
}

static int values(struct mp_ctx *c, const void *state, uint64_t *values)
{
    const struct state *s = state;
    (void)c;
    *values = s->trees.nodes + s->mixed * s->classes;
    return MP_OK;
}

static void add_vote(const struct state *s, uint32_t leaf, float *out)
{
    if (leaf < s->classes) {
        out[leaf]++;
        return;
    }
    const float *share = s->share + (leaf - s->classes) * s->classes;
    for (size_t k = 0; k < s->classes; k++)
        out[k] += share[k];
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), k = s->classes;
    uint32_t end[ROWS];
    (void)params;
    if (d != s->d || mp_len(out->shape) != k)
        return mp_fail(c, "learned %zu classes of rows of %zu values, asked for %zu of %zu",
                       k, (size_t)s->d, mp_len(out->shape), d);
    for (size_t i = 0; i < in->n * k; i++)
        out->x[i] = 0;
    for (size_t i = 0; i < in->n; i += ROWS) {
        const size_t n = in->n - i < ROWS ? in->n - i : ROWS;
        for (size_t tree = 0; tree < s->trees.n; tree++) {
            mp_trees_walk(&s->trees, tree, in->x + i * d, n, d, end);
            for (size_t r = 0; r < n; r++)
                add_vote(s, s->trees.node[end[r]].has.leaf, out->x + (i + r) * k);
        }
    }
    for (size_t i = 0; i < in->n * k; i++)
        out->x[i] /= (float)s->trees.n;
    return MP_OK;
}

/* Which values make the rows purer. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    return mp_len(image) == s->d ? mp_see(c, v, "what each value tells", s->gain, image, 1) : MP_OK;
}

MP_STAGE(forest) = {
    .brief = "Let many trees of questions vote, each grown by chance",
    .doc = "A tree asks of one value after another whether it is above some border, and ends in\n"
           "a leaf that says what classes the training rows there had.\n"
           "\n"
           "Each tree is grown a little differently, and all are as good as they can be on the\n"
           "rows that they learn from; the mean of what they say is much better than any of\n"
           "them.  kind=random draws the rows of each tree, and asks the best question by a few\n"
           "values drawn; kind=extra draws the questions' borders, too, which is faster and\n"
           "often as good.  Values are told apart by `bins` levels, which are all there are of\n"
           "pixels; others are cut into as many rows each.  More trees are never worse, but\n"
           "take time and room.  Scores are means of leaves' shares.  Of random ones the report\n"
           "tells how many rows are right by the trees that had not drawn them: an estimate of\n"
           "the accuracy without test rows.  Equal to scikit-learn's RandomForestClassifier and\n"
           "ExtraTreesClassifier but for the random numbers.\n"
           "Reference: Breiman 2001, Random forests; Geurts, Ernst, Wehenkel 2006, Extremely\n"
           "randomized trees.",
    .example = "forest trees=20",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .fit = fit, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_ORDER, .scores = MP_PROBABILITIES, .values = values,
                          .pictures = pictures),
};
