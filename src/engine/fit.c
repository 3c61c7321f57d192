/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fit.c - a whole pipeline learns from training rows. */
#include "engine/fit.h"
#include "core/ctx.h"
#include "data/fold.h"
#include "data/split.h"
#include "engine/engine.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Which random numbers draw the rows held back; nodes have places from 1 on, the
 * holdout has 0. */
#define HELD_PLACE UINT64_MAX

struct job {
    struct mp_ctx *c;
    struct mp_plan *p;
    const struct mp_held *held; /* NULL: no stage takes scores */
    int scored;                 /* the node that does */
    bool *before, *after;       /* nodes that learn: before the scores, from them */
    int stack;                  /* the node that stacks models, in neither; -1: none does */
    float *scores;              /* out of fold, that it learns from */
    int *fold;
    struct mp_subset most, few;   /* the rows held back are few */
};

static bool takes_scores(const struct mp_node *n)
{
    return mp_needs(n->entry, MP_HELD);
}

static bool stacks(const struct mp_node *n)
{
    return mp_needs(n->entry, MP_STACKED);
}

/* How rows are held back; NULL: no stage takes scores. */
static const struct mp_held *find_held(const struct mp_plan *p)
{
    for (int k = 0; k < p->n_nodes; k++)
        if (takes_scores(&p->nodes[k]))
            return p->nodes[k].params;
    return NULL;
}

int mp_fit_held(struct mp_ctx *c, const struct mp_plan *p, const struct mp_data *d, const int *y,
                bool *marks)
{
    const struct mp_held *held = find_held(p);
    memset(marks, 0, d->n * sizeof *marks);
    return held == NULL ? MP_OK : mp_split_mark(c, y, d->n, held->share, HELD_PLACE, marks);
}

/* Sorts the nodes that learn. */
static int sort_nodes(struct job *j)
{
    const size_t n = (size_t)j->p->n_nodes + 1;
    j->held = find_held(j->p);
    j->before = mp_alloc(j->c, n, sizeof *j->before);
    j->after = mp_alloc(j->c, n, sizeof *j->after);
    if (j->before == NULL || j->after == NULL)
        return -1;
    for (int k = 0; k < j->p->n_nodes; k++) {
        const struct mp_node *node = &j->p->nodes[k];
        if (takes_scores(node))
            j->scored = k;
        if (stacks(node))
            j->stack = k;
        else if (node->entry != NULL && node->entry->stage->io != NULL)
            *(takes_scores(node) ? &j->after[k] : &j->before[k]) = true;
    }
    return MP_OK;
}

static int hold_back(struct job *j, const struct mp_data *d, const int *y)
{
    bool *marks = mp_alloc(j->c, d->n, sizeof *marks);
    int rc = marks != NULL ? mp_fit_held(j->c, j->p, d, y, marks) : -1;
    if (rc == MP_OK && memchr(marks, true, d->n) == NULL) {
        mp_plan_where(j->c, j->p, j->scored);
        rc = mp_fail(j->c, "holds back one row of two, and no label has two in these %zu training "
                           "rows; it needs more of them", d->n);
    }
    if (rc == MP_OK)
        rc = mp_split_pick(j->c, d, y, marks, false, &j->most);
    if (rc == MP_OK)
        rc = mp_split_pick(j->c, d, y, marks, true, &j->few);
    free(marks);
    return rc;
}

static int fit_before(struct job *j, const struct mp_data *d, const int *y)
{
    return mp_engine_fit_nodes(j->c, j->p, d, y, j->before, true);
}

/* From the rows that are not held back. */
static int fit_most(struct job *j)
{
    struct mp_run *run = j->c->run;
    const char *was = run->fit.held_for;
    run->fit.held_for = was != NULL ? was : j->p->nodes[j->scored].entry->name;
    const int rc = fit_before(j, &j->most.d, j->most.y);
    run->fit.held_for = was;
    return rc;
}

/* Training that will be repeated from all rows: what it records is not of the model that
 * stays, and its checkpoint is a file of its own beside the other, so that --resume
 * finds both. */
static int rehearse(struct job *j)
{
    struct mp_run *run = j->c->run;
    const struct mp_run was = *run;
    char *own = NULL;
    if (was.checkpoint.file != NULL) {
        const size_t size = strlen(was.checkpoint.file) + sizeof ".held";
        if ((own = mp_alloc(j->c, size, 1)) == NULL)
            return -1;
        snprintf(own, size, "%s.held", was.checkpoint.file);
    }
    run->checkpoint.file = own;
    run->diary = (struct mp_diary){ .arg = NULL };
    const int rc = fit_most(j);
    run->checkpoint.file = was.checkpoint.file;
    run->diary = was.diary;
    free(own);
    return rc;
}

/* A complete fit leaves no checkpoint of its rehearsal. */
static void forget_rehearsal(const struct mp_run *run)
{
    char path[4096];
    if (run->checkpoint.file != NULL &&
        snprintf(path, sizeof path, "%s.held", run->checkpoint.file) < (int)sizeof path)
        unlink(path);
}

static int fit_held(struct job *j, const struct mp_data *d, const int *y)
{
    if (y == NULL)
        return mp_fail(j->c, "%s: needs labels to learn from", d->name);
    if (hold_back(j, d, y) < 0 ||
        (j->held->refit ? rehearse(j) : fit_most(j)) < 0 ||
        mp_engine_fit_nodes(j->c, j->p, &j->few.d, j->few.y, j->after, false) < 0)
        return -1;
    if (j->held->refit && fit_before(j, d, y) < 0)
        return -1;
    forget_rehearsal(j->c->run);
    return MP_OK;
}

static int fit_all(struct job *j, const struct mp_data *d, const int *y)
{
    const int rc = j->held != NULL ? fit_held(j, d, y) : fit_before(j, d, y);
    mp_subset_free(&j->most);
    mp_subset_free(&j->few);
    return rc;
}

/* ---------------------------------------------------------------- stacking */

/* A fold's rows, in the places that they have among all. */
struct places {
    float *scores;
    const size_t *row;
};

static int put_scores(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    const struct places *to = arg;
    const size_t len = mp_len(out->shape);
    (void)c;
    for (size_t i = 0; i < out->n; i++)
        memcpy(to->scores + to->row[out->row0 + i] * len, out->x + i * len,
               len * sizeof *out->x);
    return MP_OK;
}

/* What stages tell of a fold's training is not of the model that stays. */
static int score_fold(struct job *j, const struct mp_data *d, const int *y, int f)
{
    struct mp_run *run = j->c->run;
    const struct mp_run was = *run;
    const int input = j->p->nodes[j->stack].inputs[0];
    struct mp_fold part;
    int rc = mp_fold_open(j->c, d, y, j->fold, f, &part);
    run->checkpoint.file = NULL;
    run->diary = (struct mp_diary){ .arg = NULL };
    run->fit.held_for = j->p->nodes[j->stack].entry->name;
    if (rc == MP_OK)
        rc = fit_all(j, &part.train, part.train_y);
    run->fit.held_for = was.fit.held_for;
    run->checkpoint.file = was.checkpoint.file;
    run->diary = was.diary;
    struct places to = { j->scores, part.held_row };
    if (rc == MP_OK)
        rc = mp_engine_apply(j->c, j->p, &part.held, input, "stack", put_scores, &to);
    mp_fold_close(&part);
    return rc;
}

/* As many folds as asked for, or as the rarest class has rows, each of which one fold tests; one
 * row alone is learned from in all of them. */
static int count_folds(struct job *j, size_t n, const int *y, int *k)
{
    const int classes = j->c->run->n_classes;
    size_t *rows = mp_alloc(j->c, (size_t)classes, sizeof *rows);
    int rarest = -1;
    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < n; i++)
        rows[y[i]]++;
    for (int m = 0; m < classes; m++)
        if (rows[m] == 1)
            mp_warn(j->c, "label %s has one row: the branches learn from it, and what stacks them "
                          "has no scores for it", j->c->run->classes[m]);
        else if (rows[m] > 0 && (rarest < 0 || rows[m] < rows[rarest]))
            rarest = m;
    if (rarest >= 0 && rows[rarest] < (size_t)*k) {
        mp_warn(j->c, "label %s has %zu rows, fewer than the %d folds: some folds would test none "
                      "of it; %zu folds are made", j->c->run->classes[rarest], rows[rarest], *k,
                rows[rarest]);
        *k = (int)rows[rarest];
    }
    free(rows);
    return MP_OK;
}

/* The scores first, then the branches from all rows, then what stacks them. */
static int fit_stack(struct job *j, const struct mp_data *d, const int *y)
{
    const struct mp_node *n = &j->p->nodes[j->stack];
    int k = ((const struct mp_stack *)n->params)->folds;
    if (y == NULL)
        return mp_fail(j->c, "%s: needs labels to learn from", d->name);
    j->fold = mp_alloc(j->c, d->n, sizeof *j->fold);
    j->scores = mp_alloc(j->c, mp_product(d->n, mp_len(n->in)), sizeof *j->scores);
    if (j->fold == NULL || j->scores == NULL)
        return -1;
    mp_plan_where(j->c, j->p, j->stack);
    int rc = count_folds(j, d->n, y, &k);
    if (rc == MP_OK)
        rc = mp_folds_assign(j->c, y, d->n, j->c->run->n_classes, k, j->c->run->seed, j->fold);
    for (int f = 0; f < k && rc == MP_OK; f++)
        rc = score_fold(j, d, y, f);
    if (rc == MP_OK)
        rc = fit_all(j, d, y);
    return rc < 0 ? rc : mp_engine_fit_from(j->c, j->p, d, y, j->stack, j->scores);
}

int mp_fit(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y)
{
    struct job j = { .c = c, .p = p, .stack = -1 };
    const struct mp_data *was = c->run->fit.whole;
    int rc = sort_nodes(&j);
    c->run->fit.whole = d;
    if (rc == MP_OK)
        rc = j.stack >= 0 ? fit_stack(&j, d, y) : fit_all(&j, d, y);
    c->run->fit.whole = was;
    free(j.scores);
    free(j.fold);
    free(j.before);
    free(j.after);
    return rc;
}
