/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dense.c - the dense solver against liblinear itself and against its own objective, written
 * here once more in double: the objective within 1e-3, predictions, no slope left. */
#include "../tap.h"
#include "../direct.h"
#include "linear/dense_solver.h"
#include "core/random.h"
#include "core/short_row.h"
#include <linear.h>

struct set {
    size_t n, d, k;
    float *x;
    const float **rows;
    int *y;
    size_t given; /* rows that the solver had made */
    size_t before, behind; /* of rows that are kept when it asks: those that are not */
    bool asked, rounded;   /* it did, for 16 bits */
    void *kept;
};

struct task {
    const char *name;
    size_t n, d, k;
    double C, bias, factor; /* on C of class 1 */
    int missing;            /* a class without rows, or -1 */
    bool constant;          /* every third feature is */
    size_t drawn;           /* rows that curvature is taken from; 0: all */
};

/* Half a normal distribution's shape, which is all that counts here. */
static double draw(uint64_t a, uint64_t b)
{
    double sum = 0;
    for (uint64_t i = 0; i < 4; i++)
        sum += (double)(mp_random_at(7, a, b, i) >> 11) * 0x1p-53 - 0.5;
    return sum;
}

/* Clusters that overlap: class k has its own centre in each feature. */
static struct set make(const struct task *t)
{
    struct set s = { .n = t->n, .d = t->d, .k = t->k,
                     .x = direct_memory(t->n * t->d, sizeof *s.x),
                     .rows = direct_memory(t->n, sizeof *s.rows),
                     .y = direct_memory(t->n, sizeof *s.y) };
    for (size_t i = 0; i < t->n; i++) {
        int y = (int)(mp_random_at(1, 2, i, 0) % t->k);
        if (y == t->missing)
            y = (y + 1) % (int)t->k;
        s.y[i] = y;
        s.rows[i] = s.x + i * t->d;
        for (size_t j = 0; j < t->d; j++)
            s.x[i * t->d + j] = t->constant && j % 3 == 0
                                    ? 0.5f
                                    : (float)(draw(i + 1, j) + 0.7 * draw((uint64_t)y << 32, j));
    }
    return s;
}

static void drop(struct set *s)
{
    free(s->kept);
    free(s->x);
    free(s->rows);
    free(s->y);
}

/* Objective of weights w, k vectors of d + 1; slope: its gradient. */
static double objective(const struct set *s, const struct mp_dense_problem *p, const double *w,
                        double *slope)
{
    const size_t d = s->d, k = p->vectors;
    double f = 0, z[64];
    for (size_t i = 0; i < k * (d + 1); i++) {
        f += w[i] * w[i] / 2;
        slope[i] = w[i];
    }
    for (size_t i = 0; i < s->n; i++) {
        double all = 0, r[64];
        for (size_t v = 0; v < k; v++) {
            z[v] = w[v * (d + 1) + d] * p->bias;
            for (size_t j = 0; j < d; j++)
                z[v] += w[v * (d + 1) + j] * (double)s->rows[i][j];
            all += exp(z[v]);
        }
        const size_t y = (size_t)s->y[i];
        for (size_t v = 0; v < k; v++) {
            const double sign = y == v ? 1 : -1, m = sign * z[v];
            const double c = p->C * (y == v || p->loss == MP_MULTINOMIAL ? p->factor[y]
                                     : k == 1                            ? p->factor[1]
                                                                         : 1);
            if (p->loss == MP_SQUARED_HINGE) {
                f += m < 1 ? c * (1 - m) * (1 - m) : 0;
                r[v] = m < 1 ? -2 * c * sign * (1 - m) : 0;
            } else if (p->loss == MP_LOGISTIC) {
                f += c * log1p(exp(-m));
                r[v] = -c * sign / (1 + exp(m));
            } else {
                f += v == y ? c * (log(all) - z[v]) : 0;
                r[v] = c * (exp(z[v]) / all - (v == y ? 1 : 0));
            }
            for (size_t j = 0; j < d; j++)
                slope[v * (d + 1) + j] += r[v] * (double)s->rows[i][j];
            slope[v * (d + 1) + d] += r[v] * p->bias;
        }
    }
    return f;
}

static double length(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += v[i] * v[i];
    return sqrt(sum);
}

static void silent(const char *text)
{
    (void)text;
}

/* liblinear's weights of the same problem, near its optimum. */
static void by_liblinear(const struct set *s, const struct mp_dense_problem *p, double *w)
{
    const size_t d = s->d, wide = d + 2;
    struct feature_node *nodes = direct_memory(s->n * wide, sizeof *nodes);
    struct feature_node **x = direct_memory(s->n, sizeof *x);
    double *y = direct_memory(s->n, sizeof *y);
    for (size_t i = 0; i < s->n; i++) {
        x[i] = nodes + i * wide;
        for (size_t j = 0; j <= d; j++)
            x[i][j] = (struct feature_node){ (int)j + 1, j < d ? (double)s->rows[i][j] : p->bias };
        x[i][d + 1].index = -1;
    }
    for (size_t v = 0; v < p->vectors; v++) {
        int labels[2] = { 1, -1 };
        double factors[2] = { p->factor[v], p->vectors == 1 ? p->factor[1] : 1 };
        const int number = p->loss == MP_LOGISTIC ? L2R_LR : L2R_L2LOSS_SVC;
        const struct parameter how = { .eps = 1e-8, .C = p->C, .nr_weight = 2,
                                       .solver_type = number,
                                       .weight_label = labels, .weight = factors };
        const struct problem given = { .l = (int)s->n, .n = (int)d + 1, .y = y, .x = x,
                                       .bias = p->bias };
        for (size_t i = 0; i < s->n; i++)
            y[i] = (size_t)s->y[i] == v ? 1 : -1;
        set_print_string_function(silent);
        struct model *m = train(&given, &how);
        for (size_t j = 0; j <= d; j++)
            w[v * (d + 1) + j] = m->label[0] == 1 ? m->w[j] : -m->w[j];
        free_and_destroy_model(&m);
    }
    free(nodes);
    free(x);
    free(y);
}

static size_t disagree(const struct set *s, const struct mp_dense_problem *p, const double *a,
                       const double *b)
{
    size_t differ = 0;
    for (size_t i = 0; i < s->n; i++) {
        const double *w[2] = { a, b };
        size_t best[2] = { 0, 0 };
        for (int q = 0; q < 2; q++) {
            double top = -INFINITY;
            for (size_t v = 0; v < p->vectors; v++) {
                const double *at = w[q] + v * (s->d + 1);
                double z = at[s->d] * p->bias;
                for (size_t j = 0; j < s->d; j++)
                    z += at[j] * (double)s->rows[i][j];
                if (p->vectors == 1)
                    best[q] = z > 0;
                else if (z > top)
                    best[q] = v, top = z;
            }
        }
        differ += best[0] != best[1];
    }
    return differ;
}

/* Gives rows by number, as the engine does where memory has no room for all. */
static int give(struct mp_ctx *c, void *arg, const size_t *rows, size_t n, bool training,
                size_t epoch, float *x)
{
    struct set *s = arg;
    s->given += n;
    for (size_t i = 0; i < n; i++)
        memcpy(x + i * s->d, s->rows[rows[i]], s->d * sizeof *x);
    return training && epoch == 0 ? MP_OK : mp_fail(c, "rows of another kind were asked for");
}

/* Keeps rows as the engine does: but for so many at both ends. */
static int keep(struct mp_ctx *c, void *arg, bool rounded, struct mp_kept_rows *kept)
{
    struct set *s = arg;
    const size_t some = s->n - s->before - s->behind;
    (void)c;
    s->asked = true;
    s->rounded = rounded;
    free(s->kept);
    s->kept = direct_memory(some * mp_pass_row(s->d, rounded) + 1, 1);
    if (rounded)
        mp_short_from(s->x + s->before * s->d, some, s->d, s->kept);
    else
        memcpy(s->kept, s->x + s->before * s->d, some * s->d * sizeof *s->x);
    *kept = (struct mp_kept_rows){ some > 0 ? s->kept : NULL, s->before, s->behind, rounded };
    return MP_OK;
}

static int solve(const struct set *s, const struct mp_dense_problem *p, int threads, double *w,
                 struct mp_dense_result *r)
{
    struct mp_run run = { .seed = 1, .threads = threads };
    struct mp_puller puller = { .n = s->n, .pull = give, .keep = keep,
                                .arg = (void *)(uintptr_t)s };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    c.puller = &puller;
    const int rc = mp_dense_solve(&c, p, w, r);
    mp_ctx_free(&c);
    return rc;
}

/* With rows that each pass has made anew, and with those alone at the ends: the same weights to the
 * bit. */
static bool same_made_again(const struct set *s, const struct mp_dense_problem *p, const double *w,
                            double *other, size_t size)
{
    struct mp_dense_problem made = *p, ends = *p;
    struct mp_dense_result r;
    made.rows.x = NULL;
    ends.rows.before = s->n / 3;
    ends.rows.behind = s->n / 5;
    ends.rows.x = s->rows[ends.rows.before];
    return solve(s, &made, 2, other, &r) == MP_OK && memcmp(w, other, size * sizeof *w) == 0 &&
           solve(s, &ends, 2, other, &r) == MP_OK && memcmp(w, other, size * sizeof *w) == 0;
}

static void one(struct tap *t, const struct task *task, enum mp_loss_kind loss)
{
    static const char *const losses[] = { "squared hinge", "logistic", "multinomial" };
    struct set s = make(task);
    double factor[64];
    const size_t vectors = task->k == 2 && loss != MP_MULTINOMIAL ? 1 : task->k;
    const size_t size = vectors * (task->d + 1);
    for (size_t i = 0; i < task->k; i++)
        factor[i] = i == 1 ? task->factor : 1;
    struct mp_dense_problem p = { .rows = { s.n, s.d, s.y, s.rows[0] }, .drawn = task->drawn,
                                  .vectors = vectors, .loss = loss, .C = task->C,
                                  .bias = task->bias, .factor = factor, .tolerance = 1e-3 };
    double *w = direct_memory(4 * size, sizeof *w), *other = w + size, *slope = w + 2 * size;
    struct mp_dense_result r, again;
    const char *name = losses[loss];
    tap_ok(t, solve(&s, &p, 1, w, &r) == MP_OK, "%s, %s: solves", task->name, name);
    const double f = objective(&s, &p, w, slope);
    tap_ok(t, fabs(r.objective - f) < 1e-6 * f && !r.gave_up,
           "%s, %s: the objective that it tells is that of its weights", task->name, name);
    bool same = true;
    for (int threads = 2; threads <= 4; threads += 2)
        same = same && solve(&s, &p, threads, other, &again) == MP_OK &&
               memcmp(w, other, size * sizeof *w) == 0;
    tap_ok(t, same, "%s, %s: the same bits with 1, 2 and 4 threads", task->name, name);
    tap_ok(t, same_made_again(&s, &p, w, other, size), "%s, %s: the same of rows made again",
           task->name, name);
    if (loss != MP_MULTINOMIAL) {
        by_liblinear(&s, &p, other);
        const double best = objective(&s, &p, other, slope);
        tap_ok(t, f <= best * (1 + 1e-3), "%s, %s: objective %.7g, liblinear's %.7g", task->name,
               name, f, best);
        const size_t differ = disagree(&s, &p, w, other);
        tap_ok(t, differ * 200 <= s.n, "%s, %s: %zu of %zu predictions differ from liblinear's",
               task->name, name, differ, s.n);
    }
    /* The objective less its least is at most half the square of its gradient. */
    p.tolerance = 1e-9;
    tap_ok(t, solve(&s, &p, 2, other, &again) == MP_OK && again.objective <= f * (1 + 1e-7),
           "%s, %s: a small tolerance lowers the objective: %.9g", task->name, name,
           again.objective);
    const double least = objective(&s, &p, other, slope), left = length(slope, size);
    tap_ok(t, f <= least * (1 + 1e-3), "%s, %s: the first was within 1e-3 of it", task->name, name);
    tap_ok(t, left * left / 2 < 1e-3 * least || left < 1e-3 * task->C * (double)s.n,
           "%s, %s: no slope is left: %.2g", task->name, name, left);
    free(w);
    drop(&s);
}

/* Rows that lie far beyond all margins are not made for each step: of 16 000, rows are made 184 963
 * times, and 204 671 times without that. */
static void test_left_out(struct tap *t)
{
    const struct task task = { "far rows", 16000, 40, 4, 0.1, 1, 1, -1, false, 0 };
    struct set s = make(&task);
    const double factor[] = { 1, 1, 1, 1 };
    double w[4 * 41];
    struct mp_dense_problem p = { .rows = { .n = s.n, .d = s.d, .y = s.y }, .vectors = 4,
                                  .loss = MP_SQUARED_HINGE, .C = task.C, .bias = 1,
                                  .factor = factor, .tolerance = 1e-6 };
    struct mp_dense_result r;
    s.behind = s.n; /* none are kept */
    const int rc = solve(&s, &p, 2, w, &r);
    tap_ok(t, rc == MP_OK && s.given < 195000,
           "far rows: left out of some steps, so that rows are made %zu times", s.given);
    drop(&s);
}

/* More than a few rows, most in [-2, 2], are kept in 16 bits: the same bits whether all are, or some,
 * or none; and the objective, of the rows as they were, stays within 1e-3 of liblinear's.  Where a
 * feature of 1e6 stands beside the others, or C is large, all stay floats. */
static void test_rounded(struct tap *t)
{
    const struct task task = { "kept in 16 bits", 7000, 40, 3, 0.1, 1, 1, -1, false, 0 };
    struct set s = make(&task);
    const double factor[] = { 1, 1, 1 };
    double w[3][3 * 41], slope[3 * 41];
    struct mp_dense_problem p = { .rows = { .n = s.n, .d = s.d, .y = s.y }, .vectors = 3,
                                  .loss = MP_SQUARED_HINGE, .C = task.C, .bias = 1,
                                  .factor = factor, .tolerance = 1e-3 };
    struct mp_dense_result r;
    bool good = true, rounded = true;
    for (int i = 0; i < 3; i++) {
        s.before = i == 1 ? s.n / 5 : 0;
        s.behind = i == 1 ? s.n / 3 : i == 2 ? s.n : 0;
        good = solve(&s, &p, 2, w[i], &r) == MP_OK && good;
        rounded = rounded && s.asked && s.rounded;
    }
    tap_ok(t, good && rounded && memcmp(w[0], w[1], sizeof w[0]) == 0 &&
              memcmp(w[0], w[2], sizeof w[0]) == 0,
           "%s: the same bits whether all rows are, some or none", task.name);
    by_liblinear(&s, &p, w[1]);
    const double f = objective(&s, &p, w[0], slope), best = objective(&s, &p, w[1], slope);
    tap_ok(t, f <= best * (1 + 1e-3), "%s: objective %.7g, liblinear's %.7g", task.name, f, best);
    tap_ok(t, fabs(r.objective - f) < 1e-5 * f, "%s: of rows as they were %.7g, as it tells %.7g",
           task.name, f, r.objective);
    p.C = 1e6;
    tap_ok(t, solve(&s, &p, 2, w[0], &r) == MP_OK && !s.rounded, "a large C: floats");
    p.C = task.C;
    for (size_t i = 0; i < s.n; i++)
        s.x[i * s.d] *= 1e6f;
    s.before = s.behind = 0;
    tap_ok(t, solve(&s, &p, 2, w[0], &r) == MP_OK && !s.rounded, "a feature of 1e6: floats");
    drop(&s);
}

int main(void)
{
    static const struct task tasks[] = {
        { "many rows", 9000, 20, 5, 0.1, 1, 1, -1, false, 0 },
        { "rows drawn", 9000, 20, 5, 0.1, 1, 1, -1, false, 400 },
        { "weighed rows drawn", 3000, 30, 4, 0.5, 3, 7, -1, false, 500 },
        { "weights and another bias", 3000, 30, 4, 0.5, 3, 7, -1, false, 0 },
        { "two classes, weighed", 2500, 25, 2, 0.3, 1, 3, -1, false, 0 },
        { "no offset", 1500, 24, 3, 1, 0, 1, -1, false, 0 },
        { "a class without rows", 1200, 16, 4, 1, 1, 1, 2, false, 0 },
        { "fewer rows than features", 60, 150, 3, 1, 1, 1, -1, false, 0 },
        { "constant features", 1500, 21, 3, 1, 1, 1, -1, true, 0 },
        { "more classes than lanes", 2000, 18, 19, 0.2, 1, 1, -1, false, 0 },
        { "one feature", 700, 1, 2, 1, 1, 1, -1, false, 0 },
        { "large C", 1000, 10, 3, 1e5, 1, 1, -1, false, 0 },
        { "small C", 1000, 10, 3, 1e-6, 1, 1, -1, false, 0 },
    };
    struct tap t = { 0 };
    test_left_out(&t);
    test_rounded(&t);
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++)
        for (int loss = MP_SQUARED_HINGE; loss <= MP_MULTINOMIAL; loss++)
            one(&t, &tasks[i], (enum mp_loss_kind)loss);
    return tap_end(&t);
}
