/* SPDX-License-Identifier: GPL-3.0-or-later */
/* search.c - the combinations of a pipeline's sets of values, scored and put in order.
 *
 * Equal means go to the combination whose fitted pipeline keeps fewer numbers, then to the
 * one that stands first.  Neither depends on a clock, so the same seed gives the same order.
 *
 * Folds of combinations are handed to ranks (handed.h).  A rank tries its own one after another in
 * its process, each on all threads.  Small runs side
 * by side (job.c) save what starts and reports of theirs cost, which a combination has none of:
 * on 2 threads and the sample, hog_svm, pixels_svm and mlp keep both at work for 93 to 98 % of
 * the time. */
#include "study/search.h"
#include "core/clock.h"
#include "core/handed.h"
#include "core/param.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "data/split.h"
#include "engine/metrics.h"
#include "files/output.h"
#include "pipeline/options.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Random numbers of the rows of small budgets. */
#define BUDGET_PLACE (UINT64_MAX - 2)
enum { DEFAULT_FOLDS = 5, THIRD = 3, CLASS_ROWS = 20, NAMES = 1024 };

/* ---------------------------------------------------------------- planning */

static int set_error(struct mp_ctx *c, char **error, const char *text)
{
    free(*error);
    *error = strdup(text);
    return *error != NULL ? MP_OK : mp_fail(c, "no memory");
}

static int choose_trials(struct mp_ctx *c, struct mp_search *s)
{
    const struct mp_grid *g = &s->grid;
    const bool some = s->ask.trials > 0 && (uint64_t)s->ask.trials < g->total;
    if (!some && g->total > MP_SEARCH_MOST)
        return mp_fail(c, "%s: %llu combinations are too many to try all; --trials N tries N of "
                          "them, at most %d", s->ask.file, (unsigned long long)g->total,
                       MP_SEARCH_MOST);
    s->n = some ? s->ask.trials : (int)g->total;
    uint64_t *index = mp_alloc(c, (size_t)s->n, sizeof *index);
    s->trials = mp_alloc(c, (size_t)s->n, sizeof *s->trials);
    s->order = mp_alloc(c, (size_t)s->n, sizeof *s->order);
    int rc = index != NULL && s->trials != NULL && s->order != NULL ? MP_OK : -1;
    if (rc == MP_OK && some)
        rc = mp_grid_draw(c, g, s->n, c->run->seed, index);
    for (int i = 0; i < s->n && rc == MP_OK; i++) {
        s->trials[i] = (struct mp_trial){ .index = some ? index[i] : (uint64_t)i, .rung = -1 };
        s->order[i] = i;
    }
    free(index);
    return rc;
}

/* The plan of combination t, as far as it can be made before the rows are read; the first
 * that is right becomes the experiment's. */
static int plan_trial(struct mp_ctx *c, struct mp_search *s, const struct mp_trial *t, bool first)
{
    struct mp_plan own = { 0 }, *p = first ? &s->x.plan : &own;
    int rc = mp_grid_choose(c, &s->grid, t->index);
    if (rc == MP_OK && first)
        rc = mp_experiment_build(c, &s->x);
    else if (rc == MP_OK && (rc = mp_plan_build(c, &s->x.script, p)) == MP_OK)
        rc = mp_plan_shape(c, p, s->x.plan.shape);
    if (rc == MP_OK && !p->has_model)
        rc = mp_fail(c, "%s: has no model to train", s->ask.file);
    mp_plan_free(&own);
    if (rc < 0 && first) {
        mp_plan_free(&s->x.plan);
        free(s->x.train_path);
        free(s->x.test_path);
        s->x.train_path = s->x.test_path = NULL;
    }
    return rc;
}

static int plan_trials(struct mp_ctx *c, struct mp_search *s)
{
    bool found = false, alike = true;
    for (int i = 0; i < s->n; i++) {
        struct mp_ctx own;
        mp_ctx_init(&own, c->run);
        const bool good = plan_trial(&own, s, &s->trials[i], !found) == MP_OK;
        const int rc = good ? MP_OK : set_error(c, &s->trials[i].error, own.msg);
        mp_ctx_free(&own);
        if (rc < 0)
            return -1;
        found = found || good;
        alike = alike && !good && strcmp(s->trials[i].error, s->trials[0].error) == 0;
    }
    return found ? MP_OK : mp_fail(c, "%s%s", s->trials[0].error,
                                   alike ? "" : " (the other combinations fail, too)");
}

/* The rows are read here, and again by the last run. */
static int check_pipes(struct mp_ctx *c, const struct mp_search *s)
{
    const char *pipe = mp_experiment_pipe(&s->x);
    if (pipe == NULL)
        return MP_OK;
    return mp_fail(c, "%s: is no file; a search reads its rows more than once, which a pipe does "
                      "not allow", pipe);
}

static int assign(struct mp_ctx *c, struct mp_search *s)
{
    const struct mp_experiment *x = &s->x;
    if ((s->fold = mp_alloc(c, x->train.n, sizeof *s->fold)) == NULL)
        return -1;
    return mp_hold_out(c, x->train_y, x->train.n, x->n_classes, s->k, s->ask.holdout, s->fold);
}

/* ------------------------------------------------------------------ budgets */

static const struct mp_param *epochs_of(const struct mp_node *n)
{
    return n->entry != NULL ? mp_param_find(n->entry->stage->params, "epochs") : NULL;
}

/* The fewest epochs of any stage of the plan that trains in epochs; 0: none does. */
static size_t epochs_of_plan(const struct mp_plan *p)
{
    size_t least = 0;
    for (int i = 0; i < p->n_nodes; i++) {
        const struct mp_param *e = epochs_of(&p->nodes[i]);
        char text[64];
        if (e == NULL)
            continue;
        mp_param_text(e, p->nodes[i].params, text, sizeof text);
        const size_t own = strtoul(text, NULL, 10);
        least = least == 0 || own < least ? own : least;
    }
    return least;
}

/* Training rows of a fold. */
static size_t fold_rows(const struct mp_search *s)
{
    const size_t n = s->x.train.n;
    return s->ask.holdout > 0 ? n - (size_t)((double)n * s->ask.holdout + 0.5)
                              : n - n / (size_t)s->k;
}

/* How many of n combinations go on to the next rung. */
static int survivors(int n)
{
    return (n + THIRD - 1) / THIRD;
}

/* As many rungs as it takes to come from n combinations to three by thirds; fewer, if the
 * first budget would be less than 20 rows of each class, or less than one epoch. */
static int set_rungs(struct mp_ctx *c, struct mp_search *s)
{
    const size_t least = s->ask.halving == MP_BY_ROWS ? CLASS_ROWS * (size_t)s->x.n_classes : 1;
    size_t budget = s->ask.halving == MP_BY_ROWS ? fold_rows(s) : epochs_of_plan(&s->x.plan);
    s->rungs = 1;
    if (s->ask.halving == MP_BY_EPOCHS && budget == 0)
        return mp_fail(c, "--halving epochs: no stage of %s trains in epochs; --halving rows "
                          "takes fewer rows", s->ask.file);
    for (int i = 0; i < s->grid.n && s->ask.halving == MP_BY_EPOCHS; i++) {
        const char *name = s->grid.sets[i].name, *dot = strrchr(name, '.');
        if (strcmp(dot, ".epochs") == 0)
            return mp_fail(c, "--halving epochs: %s is one of the sets; --halving rows takes fewer "
                              "rows", name);
    }
    if (s->ask.halving == MP_ALL_AT_ONCE)
        return MP_OK;
    for (int n = s->n; n > THIRD && budget / THIRD >= least; n = survivors(n)) {
        budget /= THIRD;
        s->rungs++;
    }
    return MP_OK;
}

static int make_room(struct mp_ctx *c, struct mp_search *s)
{
    for (int i = 0; i < s->n; i++) {
        struct mp_trial *t = &s->trials[i];
        t->fold = mp_alloc(c, (size_t)s->k, sizeof *t->fold);
        t->means = mp_alloc(c, (size_t)s->rungs, sizeof *t->means);
        if (t->fold == NULL || t->means == NULL)
            return -1;
    }
    return MP_OK;
}

/* 1 on the last rung, a third on the one before ... */
static double share_of(const struct mp_search *s, int rung)
{
    return pow(THIRD, -(s->rungs - 1 - rung));
}

/* The plan trains for a part of its epochs. */
static int cut_epochs(struct mp_ctx *c, struct mp_plan *p, double share, size_t *budget)
{
    *budget = 0;
    for (int i = 0; i < p->n_nodes; i++) {
        struct mp_node *n = &p->nodes[i];
        const struct mp_param *e = epochs_of(n);
        char text[64];
        if (e == NULL)
            continue;
        mp_param_text(e, n->params, text, sizeof text);
        const double part = fmax(1, round(strtod(text, NULL) * share));
        snprintf(text, sizeof text, "%.0f", part);
        if (mp_params_set(c, n->entry->stage->params, n->params, "epochs", text) < 0)
            return -1;
        *budget = (size_t)part > *budget ? (size_t)part : *budget;
    }
    return MP_OK;
}

/* The fold learns from a part of its rows, of every class its share; those of a small part
 * are among those of a larger one. */
static int cut_rows(struct mp_ctx *c, struct mp_fold *part, double share)
{
    struct mp_subset some = { .y = NULL };
    bool *marks = mp_alloc(c, part->train.n, sizeof *marks);
    int rc = marks == NULL ? -1
                           : mp_split_mark(c, part->train_y, part->train.n, share, BUDGET_PLACE,
                                           marks);
    if (rc == MP_OK)
        rc = mp_split_pick(c, &part->train, part->train_y, marks, true, &some);
    free(marks);
    if (rc < 0)
        return -1;
    mp_data_free(&part->train);
    free(part->train_y);
    part->train = some.d;
    part->train_y = some.y;
    return MP_OK;
}

/* ------------------------------------------------------------------ scoring */

/* A fold of a combination, and what became of it. */
struct unit {
    struct mp_cross_fold score;
    uint64_t budget, values; /* of the first fold: numbers that the fitted pipeline keeps */
    double seconds;
    char *error;
};

/* All folds of the combinations that are still tried. */
struct rung {
    struct mp_search *s;
    const int *now;
    struct unit *units;
    struct mp_bar *bar;
    int number;
};

static int count_values(struct mp_ctx *c, const struct mp_plan *p, uint64_t *values)
{
    uint64_t own;
    for (int i = 0; i < p->n_nodes; i++) {
        if (mp_plan_values(c, &p->nodes[i], &own) < 0)
            return -1;
        *values += own;
    }
    return MP_OK;
}

static struct mp_cross_fold count_errors(const struct mp_fold *part, const struct mp_predictions *p)
{
    struct mp_cross_fold q = { .rows = p->n };
    for (size_t i = 0; i < p->n; i++)
        q.errors += p->predicted[i] != part->held_y[i];
    q.accuracy = (double)(q.rows - q.errors) / (double)q.rows;
    mp_wilson(q.rows - q.errors, q.rows, &q.low, &q.high);
    return q;
}

static int score_fold(struct mp_ctx *c, struct mp_search *s, int f, int rung, struct unit *u)
{
    const double share = share_of(s, rung);
    struct mp_plan plan = { 0 };
    struct mp_predictions p = { .n = 0 };
    struct mp_fold part;
    double seconds = 0;
    int rc = mp_fold_open(c, &s->x.train, s->x.train_y, s->fold, f, &part);
    if (rc == MP_OK)
        rc = mp_plan_build(c, &s->x.script, &plan);
    if (rc == MP_OK && s->ask.halving == MP_BY_ROWS && share < 1)
        rc = cut_rows(c, &part, share);
    size_t budget = part.train.n;
    if (rc == MP_OK && s->ask.halving == MP_BY_EPOCHS)
        rc = cut_epochs(c, &plan, share, &budget);
    u->budget = budget;
    const double reused = c->run->reused.seconds;
    if (rc == MP_OK)
        rc = mp_fold_score(c, &plan, &part, &p, &seconds);
    u->seconds = seconds + fmax(0, c->run->reused.seconds - reused);
    if (rc == MP_OK)
        u->score = count_errors(&part, &p);
    if (rc == MP_OK && f == 0)
        rc = count_values(c, &plan, &u->values);
    mp_predictions_free(&p);
    mp_plan_free(&plan);
    mp_fold_close(&part);
    return rc;
}

static struct mp_trial *trial_of(const struct rung *g, size_t i)
{
    return &g->s->trials[g->now[i / (size_t)g->s->k]];
}

/* What the combination cannot do is the unit's error. */
static int score_unit(struct mp_ctx *c, void *arg, size_t i)
{
    struct rung *g = arg;
    struct mp_search *s = g->s;
    const struct mp_trial *t = trial_of(g, i);
    char what[NAMES];
    int rc = MP_OK;
    if (t->error == NULL) {
        struct mp_ctx own;
        mp_ctx_init(&own, c->run);
        mp_grid_text(&s->grid, t->index, "", what, sizeof what);
        mp_bar_label(g->bar, what);
        rc = mp_grid_choose(&own, &s->grid, t->index);
        if (rc == MP_OK)
            rc = score_fold(&own, s, (int)(i % (size_t)s->k), g->number, &g->units[i]);
        if (rc < 0)
            rc = mp_stopped(c) ? mp_fail(c, "interrupted")
                               : set_error(c, &g->units[i].error, own.msg);
        mp_ctx_free(&own);
    }
    mp_bar_add(g->bar, 1);
    return rc;
}

static int unit_io(struct mp_io *io, void *arg, size_t i)
{
    enum { LONGEST = 1 << 20 };
    struct unit *u = &((struct rung *)arg)->units[i];
    struct mp_cross_fold *q = &u->score;
    uint64_t failed = u->error != NULL;
    int rc = mp_io_u64(io, "rows", &q->rows) < 0 || mp_io_u64(io, "errors", &q->errors) < 0 ||
                     mp_io_f64(io, "accuracy", &q->accuracy) < 0 ||
                     mp_io_f64(io, "low", &q->low) < 0 || mp_io_f64(io, "high", &q->high) < 0 ||
                     mp_io_u64(io, "budget", &u->budget) < 0 ||
                     mp_io_u64(io, "values", &u->values) < 0 ||
                     mp_io_f64(io, "seconds", &u->seconds) < 0 ||
                     mp_io_u64(io, "failed", &failed) < 0
                 ? -1 : MP_OK;
    return rc == MP_OK && failed ? mp_io_text(io, "error", &u->error, LONGEST) : rc;
}

static int sum_up(struct mp_ctx *c, const struct mp_search *s, struct mp_trial *t)
{
    double *accuracy = mp_alloc(c, (size_t)s->k, sizeof *accuracy);
    if (accuracy == NULL)
        return -1;
    for (int f = 0; f < s->k; f++)
        accuracy[f] = t->fold[f].accuracy;
    mp_spread(accuracy, s->k, &t->mean, &t->deviation);
    t->means[t->rung] = t->mean;
    t->standard_error = s->k > 1 ? t->deviation / sqrt(s->k)
                                 : sqrt(t->mean * (1 - t->mean) / (double)t->rows);
    mp_wilson(t->rows - t->errors, t->rows, &t->low, &t->high);
    free(accuracy);
    return MP_OK;
}

/* Each remark once for a combination.  What is behind a fold that failed is not asked. */
static int take_unit(struct mp_ctx *c, void *arg, size_t i, const struct mp_kept *said)
{
    struct rung *g = arg;
    struct unit *u = &g->units[i];
    struct mp_trial *t = trial_of(g, i);
    const int f = (int)(i % (size_t)g->s->k);
    if (t->error != NULL)
        return MP_OK;
    if (f == 0)
        t->rows = t->errors = t->values = 0;
    for (int k = 0; k < mp_kept_count(said); k++)
        mp_keep(&t->warnings, mp_kept_at(said, k));
    t->rung = g->number;
    t->budget = (size_t)u->budget;
    t->seconds += u->seconds;
    t->error = u->error;
    u->error = NULL;
    if (t->error != NULL)
        return MP_OK;
    t->fold[f] = u->score;
    t->rows += u->score.rows;
    t->errors += u->score.errors;
    t->values += u->values;
    return f + 1 == g->s->k ? sum_up(c, g->s, t) : MP_OK;
}

/* ------------------------------------------------------------------ order */

/* Whether a comes before b. */
static bool before(const struct mp_trial *a, const struct mp_trial *b)
{
    /* Sums of the same numbers in another order are equal, too. */
    const double p = round(a->mean * 1e12), q = round(b->mean * 1e12);
    if ((a->error != NULL) != (b->error != NULL))
        return a->error == NULL;
    if (a->error == NULL && a->rung != b->rung)
        return a->rung > b->rung;
    if (a->error == NULL && (p < q || p > q))
        return p > q;
    if (a->error == NULL && a->values != b->values)
        return a->values < b->values;
    return a->index < b->index;
}

static void sort_trials(struct mp_search *s)
{
    for (int i = 1; i < s->n; i++) {
        const int one = s->order[i];
        int to = i;
        for (; to > 0 && before(&s->trials[one], &s->trials[s->order[to - 1]]); to--)
            s->order[to] = s->order[to - 1];
        s->order[to] = one;
    }
}

/* Breiman's rule (1984): of those whose mean is within one standard error of the best, the
 * simplest: that keeps the fewest numbers, of equals the one that stands first. */
static int find_simplest(const struct mp_search *s)
{
    const struct mp_trial *best = &s->trials[s->order[0]];
    int found = s->order[0];
    for (int i = 0; i < s->n; i++) {
        const struct mp_trial *t = &s->trials[i], *f = &s->trials[found];
        if (t->error != NULL || t->rung != best->rung ||
            t->mean < best->mean - best->standard_error - 1e-12)
            continue;
        if (t->values < f->values || (t->values == f->values && t->index < f->index))
            found = i;
    }
    return found;
}

/* ------------------------------------------------------------------ running */

static double fits(const struct mp_search *s)
{
    double sum = 0;
    for (int r = 0, n = s->n; r < s->rungs; r++, n = survivors(n))
        sum += (double)n * s->k;
    return sum;
}

/* The n combinations that stand first are tried. */
static int run_rung(struct mp_ctx *c, struct mp_search *s, int number, int n, struct mp_bar *bar)
{
    const size_t units = (size_t)n * (size_t)s->k;
    int *now = mp_alloc(c, (size_t)n, sizeof *now), rc = -1;
    struct rung g = { s, now, mp_alloc(c, units, sizeof *g.units), bar, number };
    const struct mp_handed h = { score_unit, unit_io, take_unit, &g, false };
    if (now != NULL && g.units != NULL) {
        memcpy(now, s->order, (size_t)n * sizeof *now);
        rc = mp_hand_out(c, units, &h);
    }
    for (size_t i = 0; i < units && g.units != NULL; i++)
        free(g.units[i].error);
    free(g.units);
    free(now);
    return rc;
}

static int run_rungs(struct mp_ctx *c, struct mp_search *s, struct mp_bar *bar)
{
    int rc = MP_OK, n = s->n;
    for (int rung = 0; rung < s->rungs && rc == MP_OK; rung++) {
        rc = run_rung(c, s, rung, n, bar);
        sort_trials(s);
        n = survivors(n);
    }
    return rc;
}

/* The bar is the search's, not of what is inside a fit; of several ranks, what this one does. */
int mp_search_run(struct mp_ctx *c, struct mp_search *s)
{
    struct mp_run *run = c->run;
    struct mp_bar *bar = run->bar;
    const double start = mp_seconds();
    mp_bar_begin(bar, "search", ceil(fits(s) / mp_ranks(c)), "fits");
    run->bar = mp_bar_within(bar);
    int rc = run_rungs(c, s, bar);
    mp_bar_free(run->bar);
    run->bar = bar;
    mp_bar_end(bar);
    s->seconds = mp_seconds() - start;
    if (rc == MP_OK && s->trials[s->order[0]].error != NULL)
        rc = mp_fail(c, "%s%s", s->trials[s->order[0]].error,
                     s->n > 1 ? " (nor has any other combination a score)" : "");
    if (rc == MP_OK)
        s->simplest = find_simplest(s);
    return rc;
}

/* ------------------------------------------------------------------ opening */

/* The seed, and how rows are held out. */
static int read_source(struct mp_ctx *c, struct mp_search *s)
{
    struct mp_source source;
    if (mp_plan_source(c, &s->x.script, &source) < 0)
        return -1;
    c->run->seed = (uint64_t)source.seed;
    s->k = s->ask.folds > 0 ? s->ask.folds : source.folds > 0 ? source.folds : DEFAULT_FOLDS;
    if (s->ask.holdout > 0)
        s->k = 1;
    s->has_test = *source.test != '\0';
    /* The last run scores the test rows. */
    const bool other = s->has_test && source.folds > 0;
    mp_params_free(mp_source_table, &source);
    return other ? mp_script_set_data(c, &s->x.script, "folds", "0") : MP_OK;
}

int mp_search_open(struct mp_ctx *c, const struct mp_search_ask *ask, struct mp_search *s)
{
    memset(s, 0, sizeof *s);
    s->ask = *ask;
    if (mp_experiment_script(c, ask->file, &s->x) < 0 || read_source(c, s) < 0 ||
        mp_grid_open(c, &s->x.script, &s->grid) < 0 || choose_trials(c, s) < 0 ||
        plan_trials(c, s) < 0 || check_pipes(c, s) < 0)
        return -1;
    s->x.plan.source.folds = DEFAULT_FOLDS; /* the test file is not read */
    if (mp_plan_prepare(c, &s->x.plan) < 0 || mp_experiment_read(c, &s->x) < 0 || assign(c, s) < 0)
        return -1;
    return set_rungs(c, s) < 0 ? -1 : make_room(c, s);
}

static void trial_free(struct mp_trial *t)
{
    mp_kept_free(&t->warnings);
    free(t->error);
    free(t->fold);
    free(t->means);
}

void mp_search_free(struct mp_search *s)
{
    for (int i = 0; i < s->n && s->trials != NULL; i++)
        trial_free(&s->trials[i]);
    free(s->trials);
    free(s->order);
    free(s->fold);
    mp_job_free(&s->final);
    mp_grid_close(&s->grid);
    mp_experiment_free(&s->x);
    memset(s, 0, sizeof *s);
}

/* ------------------------------------------------------------------- winner */

static int write_best(struct mp_ctx *c, struct mp_search *s, const char *path)
{
    const struct mp_trial *best = &s->trials[s->order[0]];
    struct mp_output out;
    char set[NAMES];
    char *text = mp_grid_choose(c, &s->grid, best->index) == MP_OK
                     ? mp_script_text(c, &s->x.script, true) : NULL;
    if (text == NULL)
        return -1;
    int rc = mp_output_open(c, &out, path);
    if (rc == MP_OK) {
        mp_grid_text(&s->grid, best->index, "", set, sizeof set);
        fprintf(out.f, "# best.txt - the best of %d combinations of %s: %s\n%s", s->n, s->ask.file,
                set, text);
        rc = mp_output_commit(c, &out);
    }
    free(text);
    return rc;
}

/* In a process of its own, as `mnistpipe run best.txt` does it. */
int mp_search_final(struct mp_ctx *c, struct mp_search *s, const char *folder)
{
    const struct mp_asked *asked = c->run->command.asked;
    struct mp_asked own = *asked;
    struct mp_experiment x = { .n_classes = 0 };
    char path[4096], set[32], *file = path;
    if (snprintf(path, sizeof path, "%s/best.txt", folder) >= (int)sizeof path)
        return mp_fail(c, "%s: this folder's name is too long", folder);
    if (mp_make_folder(c, folder) < 0 || write_best(c, s, path) < 0)
        return -1;
    /* What the command line changed stands in the file. */
    own.train = own.test = own.train_labels = own.test_labels = own.seed = own.set = (char[]){ "" };
    snprintf(set, sizeof set, "data.folds=%d", s->k > 1 ? s->k : DEFAULT_FOLDS);
    if (!s->has_test)
        own.set = set;
    c->run->command.asked = &own;
    int rc = mp_jobs_plan(c, &file, 1, folder, &s->final, &x);
    if (rc == MP_OK)
        rc = mp_jobs_run(c, "best", &s->final, 1, 1, &x);
    c->run->command.asked = asked;
    mp_experiment_free(&x);
    return rc;
}
