/* SPDX-License-Identifier: GPL-3.0-or-later */
/* select.c - keeps the values of a row that tell most.
 *
 * Method: every value has a score of its own, from the training rows.  variance, anova and
 * fisher come from means and sums of squares of each class, added row by row (Welford 1962) and
 * joined (Chan, Golub and LeVeque 1979).  mutual counts how often each class has a value in
 * which of at most BINS bins.  Bins are as wide as the power of two that lets them hold all
 * values seen, and begin at a multiple of it; wider ones are made by joining two, so the counts
 * in the end depend neither on the rows' order nor on shards.
 *
 * Cost: five flops a value to fit, or a few steps and 4 BINS bytes for each class; a copy to
 * apply.
 */
#include "core/learner.h"
#include "core/simd.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VARIANCE, ANOVA, MUTUAL, FISHER }; /* order of .choices below */
enum { BINS = 64, FINEST = -60 };         /* of the least wide bins the power of two */
static const size_t most_cells = (size_t)1 << 27;
static const double top_score = 1e30;     /* where classes are told apart without a rest */

struct params {
    int keep, by;
};

static const struct mp_param table[] = {
    MP_PARAM(keep, .def = "100", .min = 1, .max = 1e6, .doc = "how many values"),
    MP_PARAM(by, .def = "anova", .choices = "variance|anova|mutual|fisher",
             .doc = "what scores a value: its variance, the F of an analysis of variance "
                    "between classes, its mutual information with the class, Fisher's score"),
    MP_END
};

struct state {
    uint64_t d, kept;
    float *score;    /* d */
    double *column;  /* kept: which values, in the order that they came in */
    /* Until done(): */
    size_t groups;   /* classes; 1 for variance */
    double *rows;    /* groups: rows seen of each */
    double *mean, *spread; /* groups x d; of mutual: NULL */
    uint32_t *count; /* d x BINS x groups, of mutual */
    double *first;   /* d: the first bin's number */
    double *width;   /* d: of bins; 0: no value seen yet */
};

static int reserve(struct mp_ctx *c, const struct params *p, struct state *s, size_t d)
{
    const size_t groups = p->by == VARIANCE ? 1 : (size_t)mp_classes(c, NULL);
    const size_t cells = mp_product(mp_product(d, groups), p->by == MUTUAL ? BINS : 2);
    if (s->d == d)
        return MP_OK;
    if (s->d != 0)
        return mp_fail(c, "rows of %zu values after rows of %zu", d, (size_t)s->d);
    if (cells > most_cells)
        return mp_fail(c, "%zu classes and rows of %zu values are too many for by=%s: at most %zu "
                       "values; by=variance or pca takes more", groups, d,
                       p->by == MUTUAL ? "mutual" : p->by == ANOVA ? "anova" : "fisher",
                       most_cells / groups / (p->by == MUTUAL ? BINS : 2));
    s->groups = groups;
    s->rows = mp_alloc(c, groups, sizeof *s->rows);
    if (s->rows == NULL)
        return -1;
    if (p->by == MUTUAL) {
        s->count = mp_alloc(c, cells, sizeof *s->count);
        s->first = s->count == NULL ? NULL : mp_alloc(c, d, sizeof *s->first);
        s->width = s->first == NULL ? NULL : mp_alloc(c, d, sizeof *s->width);
        if (s->width == NULL)
            return -1;
    } else {
        s->mean = mp_alloc(c, cells / 2, sizeof *s->mean);
        s->spread = s->mean == NULL ? NULL : mp_alloc(c, cells / 2, sizeof *s->spread);
        if (s->spread == NULL)
            return -1;
    }
    s->d = d;
    return MP_OK;
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const size_t d = mp_len(in);
    (void)state;
    if ((size_t)p->keep > d)
        return mp_fail(c, "keep=%d: rows have %zu values; must be at most %zu", p->keep, d, d);
    *out = (struct mp_shape){ 1, p->keep, 1 };
    return MP_OK;
}

static void label(const void *params, struct mp_shape in, size_t i, char *text, size_t size)
{
    (void)params;
    (void)in;
    snprintf(text, size, "select[%zu]", i);
}

/* ------------------------------------------------------------------ means of classes */

MP_CLONES static void add_row(const float *restrict x, size_t d, double rows,
                              double *restrict mean, double *restrict spread)
{
    for (size_t j = 0; j < d; j++) {
        const double v = (double)x[j], gap = v - mean[j];
        mean[j] += gap / rows;
        spread[j] += gap * (v - mean[j]);
    }
}

static void join_moments(struct state *a, const struct state *b)
{
    for (size_t g = 0; g < a->groups; g++) {
        const double rows = a->rows[g] + b->rows[g];
        for (size_t j = g * a->d; j < (g + 1) * a->d && b->rows[g] > 0; j++) {
            const double gap = b->mean[j] - a->mean[j], share = b->rows[g] / rows;
            a->mean[j] += gap * share;
            a->spread[j] += b->spread[j] + gap * gap * share * a->rows[g];
        }
    }
}

/* ------------------------------------------------------------------ bins */

/* Bins of column j that have counts: from *low to *high, numbered from its first. */
static void used(const struct state *s, size_t j, size_t *low, size_t *high)
{
    const uint32_t *count = s->count + j * BINS * s->groups;
    *low = BINS;
    *high = 0;
    for (size_t i = 0; i < BINS * s->groups; i++)
        if (count[i] > 0) {
            *low = *low == BINS ? i / s->groups : *low;
            *high = i / s->groups;
        }
}

/* Joins bins of column j until they are so wide, a power of two times what they are. */
static void widen(struct state *s, size_t j, double wide)
{
    uint32_t *count = s->count + j * BINS * s->groups;
    const double times = wide / s->width[j], first = floor(s->first[j] / times);
    for (size_t k = 0; k < BINS && times > 1; k++) {
        const size_t to = (size_t)(floor((s->first[j] + (double)k) / times) - first);
        for (size_t g = 0; g < s->groups && to < k; g++) {
            count[to * s->groups + g] += count[k * s->groups + g];
            count[k * s->groups + g] = 0;
        }
    }
    s->first[j] = first;
    s->width[j] = wide;
}

/* Column j's bins begin at `first`, without losing any that is used. */
static void move(struct state *s, size_t j, double first, size_t low, size_t high)
{
    const size_t one = s->groups, n = (high - low + 1) * one;
    uint32_t *count = s->count + j * BINS * one;
    const size_t to = (size_t)(s->first[j] + (double)low - first);
    memmove(count + to * one, count + low * one, n * sizeof *count);
    memset(count, 0, to * one * sizeof *count);
    memset(count + to * one + n, 0, (BINS * one - to * one - n) * sizeof *count);
    s->first[j] = first;
}

/* Gives column j room for values in the bins low .. high of some width: its own become as wide
 * as those at least, and as that they hold all. */
static void make_room(struct state *s, size_t j, double width, double low, double high)
{
    size_t first, last;
    if (!(s->width[j] > 0)) {
        s->width[j] = width;
        s->first[j] = low;
    }
    used(s, j, &first, &last);
    double wide = fmax(width, s->width[j]);
    low = floor(low * width / wide);
    high = floor(high * width / wide);
    if (first < BINS) {
        low = fmin(low, floor((s->first[j] + (double)first) * s->width[j] / wide));
        high = fmax(high, floor((s->first[j] + (double)last) * s->width[j] / wide));
    }
    for (; high - low >= BINS; wide *= 2) {
        low = floor(low / 2);
        high = floor(high / 2);
    }
    widen(s, j, wide);
    used(s, j, &first, &last);
    if (first < BINS)
        move(s, j, low, first, last);
    s->first[j] = low;
}

static void add_value(struct state *s, size_t j, double v, size_t group)
{
    const double finest = ldexp(1, FINEST);
    double at = s->width[j] > 0 ? floor(v / s->width[j]) - s->first[j] : -1;
    if (!(at >= 0 && at < BINS)) {
        const double bin = floor(v / (s->width[j] > 0 ? s->width[j] : finest));
        make_room(s, j, s->width[j] > 0 ? s->width[j] : finest, bin, bin);
        at = floor(v / s->width[j]) - s->first[j];
    }
    s->count[(j * BINS + (size_t)at) * s->groups + group]++;
}

static void join_bins(struct state *a, const struct state *b)
{
    for (size_t j = 0; j < a->d; j++) {
        const uint32_t *count = b->count + j * BINS * b->groups;
        size_t first, last;
        used(b, j, &first, &last);
        if (first == BINS)
            continue;
        make_room(a, j, b->width[j], b->first[j] + (double)first, b->first[j] + (double)last);
        for (size_t k = first; k <= last; k++) {
            const double bin = floor((b->first[j] + (double)k) * b->width[j] / a->width[j]);
            const size_t to = (size_t)(bin - a->first[j]);
            for (size_t g = 0; g < a->groups; g++)
                a->count[(j * BINS + to) * a->groups + g] += count[k * a->groups + g];
        }
    }
}

/* ------------------------------------------------------------------ learning */

static int fit(struct mp_ctx *c, const void *params, void *state, const struct mp_chunk *in)
{
    const struct params *p = params;
    struct state *s = state;
    const size_t d = mp_len(in->shape);

    if (reserve(c, p, s, d) < 0)
        return -1;
    if (in->y == NULL && p->by != VARIANCE)
        return mp_fail(c, "needs labels to learn from; without, only by=variance selects");
    for (size_t i = 0; i < in->n; i++) {
        const size_t g = p->by == VARIANCE ? 0 : (size_t)in->y[i];
        const float *x = in->x + i * d;
        s->rows[g]++;
        if (p->by != MUTUAL)
            add_row(x, d, s->rows[g], s->mean + g * d, s->spread + g * d);
        for (size_t j = 0; j < d && p->by == MUTUAL; j++) {
            if (!isfinite(x[j]))
                return mp_fail(c, "value %zu of row %zu is not finite; it has no bin", j,
                               mp_row(in, i));
            add_value(s, j, (double)x[j], g);
        }
    }
    return MP_OK;
}

static int merge(struct mp_ctx *c, void *into, void *from)
{
    struct state *a = into, *b = from;
    if (b->d == 0)
        return MP_OK;
    if (a->d == 0) { /* take all that it has; it gets what there was, to clear */
        const struct state was = *a;
        *a = *b;
        *b = was;
        return MP_OK;
    }
    if (a->d != b->d)
        return mp_fail(c, "rows of %zu values after rows of %zu", (size_t)b->d, (size_t)a->d);
    if (a->count != NULL)
        join_bins(a, b);
    else
        join_moments(a, b);
    for (size_t g = 0; g < a->groups; g++)
        a->rows[g] += b->rows[g];
    return MP_OK;
}

/* Between classes over within them, `rest` being the degrees of freedom of the second over
 * those of the first.  What is constant is so exactly, and scores 0. */
static double ratio(const struct state *s, size_t j, double rest)
{
    double rows = 0, mean = 0, between = 0, within = 0;
    for (size_t g = 0; g < s->groups; g++) {
        if (!(s->rows[g] > 0))
            continue;
        const double gap = s->mean[g * s->d + j] - mean, share = s->rows[g] / (rows + s->rows[g]);
        between += gap * gap * share * rows;
        within += s->spread[g * s->d + j];
        mean += gap * share;
        rows += s->rows[g];
    }
    return within > 0 ? between / within * rest : between > 0 ? top_score : 0;
}

/* In nats, of the counts of column j. */
static double information(const struct state *s, size_t j, double rows)
{
    const uint32_t *count = s->count + j * BINS * s->groups;
    double sum = 0;
    for (size_t k = 0; k < BINS; k++, count += s->groups) {
        double all = 0;
        for (size_t g = 0; g < s->groups; g++)
            all += count[g];
        for (size_t g = 0; g < s->groups; g++)
            if (count[g] > 0)
                sum += count[g] * log(count[g] * rows / (all * s->rows[g]));
    }
    return fmax(0, sum / rows);
}

struct ranked {
    float score;
    size_t column;
};

/* The best first, of equals the one that comes first in the row. */
static int by_score(const void *a, const void *b)
{
    const struct ranked *p = a, *q = b;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    return p->column < q->column ? -1 : 1;
}

static int by_column(const void *a, const void *b)
{
    const double *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

/* The best by name, and where the line was drawn. */
static void tell(struct mp_ctx *c, const struct state *s, const struct ranked *rank)
{
    enum { BEST = 5 };
    char best[BEST * 96] = "", name[64];
    for (size_t k = 0, used = 0; k < BEST && k < s->kept; k++) {
        mp_pull_name(c, rank[k].column, name, sizeof name);
        used += (size_t)snprintf(best + used, sizeof best - used, "%s%s %.4g", k > 0 ? ", " : "",
                                 name, (double)rank[k].score);
    }
    if (s->kept == s->d)
        mp_remark(c, "keeps all %zu values; the best are %s", (size_t)s->d, best);
    else
        mp_remark(c, "keeps %zu of %zu values, down to a score of %.4g where the next has %.4g; "
                  "the best are %s", (size_t)s->kept, (size_t)s->d, (double)rank[s->kept - 1].score,
                  (double)rank[s->kept].score, best);
}

static int choose(struct mp_ctx *c, const struct params *p, struct state *s)
{
    struct ranked *rank = mp_alloc(c, s->d, sizeof *rank);
    s->column = rank == NULL ? NULL : mp_alloc(c, s->kept, sizeof *s->column);
    if (s->column == NULL) {
        free(rank);
        return -1;
    }
    size_t telling = 0;
    for (size_t j = 0; j < s->d; j++) {
        rank[j] = (struct ranked){ s->score[j], j };
        telling += s->score[j] > 0;
    }
    qsort(rank, s->d, sizeof *rank, by_score);
    for (size_t k = 0; k < s->kept; k++)
        s->column[k] = (double)rank[k].column;
    if (telling < s->kept)
        mp_warn(c, "keep=%d: only %zu of %zu values score more than 0; the others that are kept "
                "tell nothing", p->keep, telling, (size_t)s->d);
    tell(c, s, rank);
    qsort(s->column, s->kept, sizeof *s->column, by_column);
    free(rank);
    return MP_OK;
}

static void forget(struct state *s)
{
    free(s->rows);
    free(s->mean);
    free(s->spread);
    free(s->count);
    free(s->first);
    free(s->width);
    s->rows = s->mean = s->spread = s->first = s->width = NULL;
    s->count = NULL;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    const struct params *p = params;
    struct state *s = state;
    double rows = 0, classes = 0;

    if (s->d == 0)
        return mp_fail(c, "no rows to learn from");
    if ((size_t)p->keep > s->d)
        return mp_fail(c, "keep=%d: rows have %zu values", p->keep, (size_t)s->d);
    for (size_t g = 0; g < s->groups; g++) {
        rows += s->rows[g];
        classes += s->rows[g] > 0;
    }
    if (classes < 2 && p->by != VARIANCE)
        return mp_fail(c, "all %.0f training rows are of one class; without others, only "
                       "by=variance selects", rows);
    size_t wrong = s->d;
    s->kept = (uint64_t)p->keep;
    s->score = mp_alloc(c, s->d, sizeof *s->score);
    for (size_t j = 0; s->score != NULL && j < s->d; j++) {
        const double v = p->by == VARIANCE ? s->spread[j] / rows
                       : p->by == MUTUAL ? information(s, j, rows)
                       : ratio(s, j, p->by == ANOVA ? (rows - classes) / (classes - 1) : 1);
        s->score[j] = (float)fmin(v, top_score);
        wrong = isfinite(v) ? wrong : j;
    }
    int rc = s->score == NULL ? -1 : MP_OK;
    if (wrong < s->d)
        rc = mp_fail(c, "the variance of value %zu is not finite; make the values smaller", wrong);
    if (rc == MP_OK)
        rc = choose(c, p, s);
    forget(s);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "values", &s->d) < 0 || mp_io_u64(io, "kept", &s->kept) < 0)
        return -1;
    if (s->kept > s->d)
        return mp_fail(mp_io_ctx(io), "%llu of %llu values: damaged",
                       (unsigned long long)s->kept, (unsigned long long)s->d);
    if (mp_io_f32s(io, "scores", &s->score, s->d) < 0 ||
        mp_io_f64s(io, "columns", &s->column, s->kept) < 0)
        return -1;
    for (size_t k = 0; k < s->kept; k++) {
        const double least = k == 0 ? 0 : s->column[k - 1] + 1;
        if (!(s->column[k] >= least && s->column[k] < (double)s->d &&
              s->column[k] == floor(s->column[k])))
            return mp_fail(mp_io_ctx(io), "value %.17g of %llu: damaged", s->column[k],
                           (unsigned long long)s->d);
    }
    return MP_OK;
}

static void clear(void *state)
{
    struct state *s = state;
    forget(s);
    free(s->score);
    free(s->column);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const size_t d = mp_len(in->shape), n = mp_len(out->shape);
    (void)params;

    if (d != s->d || n != s->kept)
        return mp_fail(c, "learned to keep %zu of %zu values, not %zu of %zu", (size_t)s->kept,
                       (size_t)s->d, n, d);
    for (size_t i = 0; i < in->n; i++)
        for (size_t k = 0; k < n; k++)
            out->x[i * n + k] = in->x[i * d + (size_t)s->column[k]];
    return MP_OK;
}

static size_t origin(const void *state, size_t i)
{
    return (size_t)((const struct state *)state)->column[i];
}

/* The score of each pixel. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    (void)params;
    return mp_len(image) == s->d ? mp_see(c, v, "scores", s->score, image, 1) : MP_OK;
}

MP_STAGE(select) = {
    .brief = "Keep the values that tell most",
    .doc = "Scores every value by the training rows and keeps the best, in the order in which\n"
           "they came in; of equal ones the first.  Behind a union of features it leaves those\n"
           "that are worth their cost.\n"
           "\n"
           "by=variance: how much a value varies, whatever the classes.  anova: the F of a\n"
           "one-way analysis of variance, how much the classes' means vary beside the values\n"
           "within classes (scikit-learn's f_classif).  fisher: Fisher's score, the same\n"
           "without the degrees of freedom, so that it ranks alike.  mutual: how much the value\n"
           "tells of the class, in nats (scikit-learn's mutual_info_score), of values in up to\n"
           "64 bins as wide as a power of two; it sees more than means.\n"
           "All look at one value at a time: of two that say the same both are kept.  The\n"
           "report names the best.",
    .example = "select keep=50 by=mutual",
    .flags = MP_SUMS,
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .label = label,
    .fit = fit, .merge = merge, .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.pictures = pictures, .origin = origin),
};
