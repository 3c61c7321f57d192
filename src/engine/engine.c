/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.c - lets the stages of a plan learn, one after another. */
#include "engine/engine.h"
#include "core/clock.h"
#include "core/diary.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "engine/reread.h"
#include "engine/learn.h"
#include "engine/room.h"
#include <stdlib.h>

/* By the clock, as far as threads share it evenly. */
static double fit_seconds(const struct mp_work *e, int f)
{
    double sum = 0;
    for (int t = 0; t < e->threads; t++)
        sum += e->workers[t].cost[f].fit;
    return sum / e->threads;
}

static int learn_node(struct mp_ctx *c, struct mp_work *e, int f, const bool *which)
{
    const struct mp_node *n = &e->p->nodes[f];
    const int input = n->inputs[0];
    bool again = false;
    char what[80];
    for (int k = f + 1; k < e->p->n_nodes; k++)
        again = again || (which[k] && mp_room_depends(e->p, k, input));
    mp_reread_borrow(e, input);
    mp_work_need(e, input);
    const enum mp_learns how = mp_learner(n->entry)->learns;
    /* And keeps what it needs itself. */
    const bool pulls = how == MP_IN_EPOCHS || how == MP_IN_PASSES;
    /* A rank does not make all rows. */
    bool keep = again && !pulls && input >= 0 && e->kept[input] == NULL && mp_ranks(c) == 1;
    if (keep) {
        const size_t size = mp_product(mp_work_learned(e, f), mp_room_row(e->p, input));
        /* Held in the spare last slot until the pass is over.  Not in a file: for one more
         * pass, writing and reading that takes longer than most stages do. */
        keep = size < mp_rows_limit() && mp_rows_resize(&e->room[e->p->n_nodes], size);
        e->kept[e->p->n_nodes] = e->room[e->p->n_nodes].at;
    }
    snprintf(what, sizeof what, "fit %s", n->entry->name);
    mp_bar_begin(c->run->bar, what, (double)mp_work_learned(e, f), "rows");
    e->training = e->fresh;
    const double start = mp_seconds(), own = fit_seconds(e, f);
    if (!pulls)
        mp_reread_begin(e, input);
    int rc = pulls                ? mp_reread_prepare(c, e, f)
             : how == MP_IN_ORDER ? mp_learn_in_order(c, e, f, keep)
             : mp_ranks(c) > 1 && mp_learner(n->entry)->shard != NULL
                 ? mp_learn_shared(c, e, f)
                 : mp_learn_shards(c, e, f, keep);
    mp_reread_end(e, input, rc == MP_OK, mp_seconds() - start - (fit_seconds(e, f) - own));
    if (keep && rc == MP_OK) {
        e->kept[input] = e->kept[e->p->n_nodes];
        e->room[input] = e->room[e->p->n_nodes];
        e->room[e->p->n_nodes] = (struct mp_rows){ .at = NULL };
    } else {
        mp_rows_free(&e->room[e->p->n_nodes]);
    }
    e->kept[e->p->n_nodes] = NULL;
    if (rc == MP_OK)
        rc = mp_learn_done(c, e, f);
    mp_reread_drop(e);
    if (rc < 0)
        return -1;
    return mp_plan_fitted(c, e->p, f);
}

/* What costs are measured for the cache is in the nodes, too. */
static void settle_fit(struct mp_work *e, int f)
{
    struct mp_cost *to = &e->p->nodes[f].cost;
    for (int t = 0; t < e->threads; t++) {
        struct mp_cost *from = &e->workers[t].cost[f];
        to->fit += from->fit;
        to->fit_rows += from->fit_rows;
        from->fit = 0;
        from->fit_rows = 0;
    }
}

/* From the cache, or by learning. */
static int fit_node(struct mp_ctx *c, struct mp_work *e, int f, const bool *which)
{
    const int had = mp_reuse_state(c, e->reuse, f);
    if (had != 0)
        return had < 0 ? -1 : MP_OK;
    const int rc = learn_node(c, e, f, which);
    settle_fit(e, f);
    mp_reuse_learned(c, e->reuse, f, rc == MP_OK);
    return rc;
}

/* What one of several stages that train tells of it carries its line: "line 5.loss". */
static int fit_named(struct mp_ctx *c, struct mp_work *e, int f, const bool *which)
{
    const struct mp_node *n = e->p->nodes;
    struct mp_named_diary own;
    int training = 0;
    for (int k = 0; k < e->p->n_nodes; k++)
        training += mp_learns(n[k].entry, MP_IN_EPOCHS);
    if (training < 2 || !mp_learns(n[f].entry, MP_IN_EPOCHS))
        return fit_node(c, e, f, which);
    snprintf(own.name, sizeof own.name, "line %d", n[f].line);
    mp_diary_name(c->run, &own);
    const int rc = fit_node(c, e, f, which);
    mp_diary_unname(c->run, &own);
    return rc;
}

int mp_engine_fit_nodes(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                        const bool *which, bool training)
{
    struct mp_work e = { .p = p, .d = d, .y = y, .fresh = training };
    for (int f = 0; f < p->n_nodes; f++)
        if (which[f])
            mp_plan_forget(p, f);
    int rc = mp_plan_shape(c, p, p->shape);
    if (rc == MP_OK)
        rc = mp_work_open(c, &e);
    if (rc == MP_OK)
        e.reuse = mp_reuse_open(c, p, d, y, training);
    for (int f = 0; f < p->n_nodes && rc == MP_OK; f++)
        if (which[f])
            rc = fit_named(c, &e, f, which);
    mp_work_close(&e);
    mp_bar_end(c->run->bar);
    mp_ctx_where(c, "%s", "");
    return rc;
}

int mp_engine_fit_from(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                       int f, float *rows)
{
    struct mp_work e = { .p = p, .d = d, .y = y };
    const int input = p->nodes[f].inputs[0];
    bool *which = mp_alloc(c, (size_t)p->n_nodes, sizeof *which);
    mp_plan_forget(p, f);
    int rc = which != NULL ? mp_plan_shape(c, p, p->shape) : -1;
    if (rc == MP_OK)
        rc = mp_work_open(c, &e);
    if (rc == MP_OK) {
        e.kept[input] = rows;
        e.lent[input] = true;
        which[f] = true;
        rc = learn_node(c, &e, f, which);
    }
    mp_work_close(&e);
    free(which);
    mp_bar_end(c->run->bar);
    mp_ctx_where(c, "%s", "");
    return rc;
}

int mp_engine_fit(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                  int last)
{
    bool *which = mp_alloc(c, (size_t)p->n_nodes + 1, sizeof *which);
    for (int f = 0; f <= last && which != NULL; f++)
        which[f] = p->nodes[f].entry != NULL && p->nodes[f].entry->stage->io != NULL;
    const int rc = which != NULL ? mp_engine_fit_nodes(c, p, d, y, which, true) : -1;
    free(which);
    return rc;
}

int mp_engine_add_costs(struct mp_ctx *c, struct mp_plan *p)
{
    const size_t n = (size_t)p->n_nodes, ranks = (size_t)mp_ranks(c);
    struct mp_cost *all = mp_alloc(c, n * ranks, sizeof *all), *own;
    if (all == NULL)
        return -1;
    own = all + (size_t)mp_rank(c) * n;
    for (size_t k = 0; k < n; k++)
        own[k] = p->nodes[k].cost;
    const int rc = mp_ranks_collect(c, MP_OK, all, n * sizeof *all, ranks, ranks);
    for (size_t i = 0; i < n * ranks && rc == MP_OK; i++) {
        struct mp_cost *to = &p->nodes[i % n].cost;
        if (all + i - i % n == own)
            continue;
        to->fit += all[i].fit;
        to->apply += all[i].apply;
        to->fit_rows += all[i].fit_rows;
        to->apply_rows += all[i].apply_rows;
    }
    free(all);
    return rc;
}
