/* SPDX-License-Identifier: GPL-3.0-or-later */
/* branches.c - how good the branches of a vote or a stack are, each by itself. */
#include "engine/branches.h"
#include "engine/engine.h"
#include "engine/metrics.h"
#include <stdlib.h>
#include <string.h>

struct counting {
    struct mp_branch_scores *scores;
    const int *y;
};

/* A row is the branches' scores side by side. */
static int count(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    const struct counting *k = arg;
    const int n = k->scores->of->n, classes = (int)mp_len(out->shape) / n;
    (void)c;
    for (size_t i = 0; i < out->n; i++)
        for (int b = 0; b < n; b++) {
            const float *x = out->x + (i * (size_t)n + (size_t)b) * (size_t)classes;
            k->scores->errors[b] += mp_argmax(x, classes) != k->y[out->row0 + i];
        }
    return MP_OK;
}

static const struct mp_node *last_joint(const struct mp_plan *p)
{
    for (int i = p->n_nodes - 1; i >= 0; i--)
        if (mp_has_branches(p->nodes[i].entry))
            return &p->nodes[i];
    return NULL;
}

int mp_branches_predict(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                        struct mp_predictions *out, struct mp_branch_scores *scores)
{
    const struct mp_node *joint = y != NULL ? last_joint(p) : NULL;
    struct counting k = { scores, y };
    *scores = (struct mp_branch_scores){ .n = d->n };
    if (joint == NULL)
        return mp_predict(c, p, d, out);
    const struct mp_sight side_by_side = { joint->inputs[0], count, &k };
    scores->of = joint->params; /* they begin with it: see MP_BRANCHES */
    scores->stage = joint->entry->name;
    scores->errors = mp_alloc(c, (size_t)scores->of->n, sizeof *scores->errors);
    if (scores->errors != NULL && mp_predict_seen(c, p, d, &side_by_side, out) == MP_OK)
        return MP_OK;
    mp_branch_scores_free(scores);
    return -1;
}

void mp_branches_warn(struct mp_ctx *c, const struct mp_branch_scores *s, size_t errors)
{
    int best = 0;
    for (int b = 1; s->of != NULL && b < s->of->n; b++)
        best = s->errors[b] < s->errors[best] ? b : best;
    if (s->of != NULL && s->errors[best] < errors)
        mp_warn(c, "%s is worse than one of its branches alone: %zu errors, where line %d (%s) "
                   "makes %zu", s->stage, errors, s->of->at[best].line, s->of->at[best].name,
                s->errors[best]);
}

void mp_branch_scores_free(struct mp_branch_scores *s)
{
    free(s->errors);
    *s = (struct mp_branch_scores){ .of = NULL };
}
