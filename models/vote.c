/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vote.c - several models as one: the mean of their probabilities, or the majority of
 * their choices.  Cost: a pass over their scores. */
#include "core/learner.h"
#include <math.h>
#include <string.h>

enum { MEAN, MAJORITY };

struct params {
    struct mp_branches branches; /* first, for the engine */
    int by;
};

static const struct mp_param table[] = {
    MP_PARAM(by, .def = "mean", .choices = "mean|majority",
             .doc = "mean: of the branches' probabilities; majority: of their choices"),
    MP_END
};

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    const int k = mp_classes(c, NULL);
    (void)state, (void)out;
    if (in.h != 1 || in.w != p->branches.n * k || in.c != 1)
        return mp_fail(c, "takes %d scores from each of %d branches, not rows of %d x %d x %d", k,
                       p->branches.n, in.h, in.w, in.c);
    for (int i = 0; i < p->branches.n && p->by == MEAN; i++) {
        const struct mp_branch *b = &p->branches.at[i];
        if (b->scores == MP_MARGINS)
            return mp_fail(c, "by=mean: needs probabilities, line %d (%s) gives margins; put "
                              "calibrate below it, or take by=majority", b->line, b->name);
    }
    return MP_OK;
}

static size_t highest(const float *x, size_t k)
{
    size_t top = 0;
    for (size_t j = 1; j < k; j++)
        top = x[j] > x[top] ? j : top;
    return top;
}

/* Adds a branch's probabilities, or softmax of its logits; e: room for k doubles. */
static void add_mean(enum mp_scores scores, const float *x, size_t k, double *e, double *sum)
{
    const double top = (double)x[highest(x, k)];
    double all = 0;
    for (size_t j = 0; j < k; j++)
        all += e[j] = scores == MP_LOGITS ? exp((double)x[j] - top) : (double)x[j];
    for (size_t j = 0; j < k; j++)
        sum[j] += scores == MP_LOGITS ? e[j] / all : e[j];
}

static void mean(const struct params *p, const float *x, size_t k, double *room, float *out)
{
    double *sum = room + k;
    memset(sum, 0, k * sizeof *sum);
    for (int i = 0; i < p->branches.n; i++)
        add_mean(p->branches.at[i].scores, x + (size_t)i * k, k, room, sum);
    for (size_t j = 0; j < k; j++)
        out[j] = (float)(sum[j] / p->branches.n);
}

/* Shares of the votes.  Of classes with equally many, the one wins that the first of
 * their branches has chosen. */
static void majority(const struct params *p, const float *x, size_t k, double *room, float *out)
{
    int *votes = (int *)(void *)room, most = 0;
    size_t winner = 0;
    memset(votes, 0, k * sizeof *votes);
    for (int i = 0; i < p->branches.n; i++) {
        int *v = &votes[highest(x + (size_t)i * k, k)];
        most = ++*v > most ? *v : most;
    }
    for (int i = p->branches.n - 1; i >= 0; i--) {
        const size_t choice = highest(x + (size_t)i * k, k);
        winner = votes[choice] == most ? choice : winner;
    }
    for (size_t j = 0; j < k; j++)
        out[j] = (float)votes[j] / (float)p->branches.n;
    out[winner] = nextafterf(out[winner], 2);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct params *p = params;
    const size_t k = mp_len(out->shape), d = mp_len(in->shape);
    (void)state;
    if (d != k * (size_t)p->branches.n)
        return mp_fail(c, "takes %zu scores from each of %d branches, got %zu", k, p->branches.n,
                       d);
    double *room = (double *)(void *)mp_scratch(c, 4 * k);
    if (room == NULL)
        return -1;
    for (size_t i = 0; i < in->n; i++) {
        if (p->by == MEAN)
            mean(p, in->x + i * d, k, room, out->x + i * k);
        else
            majority(p, in->x + i * d, k, room, out->x + i * k);
    }
    return MP_OK;
}

MP_STAGE(vote) = {
    .brief = "Let several models decide together",
    .doc = "Each branch below it is a pipeline with a model of its own; all start from the\n"
           "rows that reach this line.  mean takes the mean of their probabilities: of a net\n"
           "its softmax, of other models what calibrate, below them, makes of their scores.\n"
           "majority counts each model's choice, and gives shares of the votes; where\n"
           "classes have equally many, the branch that comes first decides.  stack, in place\n"
           "of vote, learns which branch to believe.",
    .example = "vote by=majority\n  branch\n    svm\n  branch\n    logistic",
    .params = table,
    .params_size = sizeof(struct params),
    .shape = shape,
    .apply = apply,
    .learner = MP_LEARNER(.needs = MP_BRANCHES, .scores = MP_PROBABILITIES),
};
