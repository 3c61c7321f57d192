/* SPDX-License-Identifier: GPL-3.0-or-later */
/* apply.c - takes rows through a plan that has learned. */
#include "engine/engine.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "engine/gather.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Who gets the results; sight: NULL, or what else is looked at. */
struct taker {
    int last;
    int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out);
    void *arg;
    const struct mp_sight *sight;
};

static int hand_over(struct mp_ctx *c, const struct taker *t, const struct mp_chunk *seen,
                     const struct mp_chunk *out)
{
    if (t->sight != NULL && t->sight->see(c, t->sight->arg, seen) < 0)
        return -1;
    return t->take(c, t->arg, out);
}

/* Each chunk on one thread, and handed over as soon as those before it are. */
static int apply_chunks(struct mp_ctx *c, struct mp_work *e, const struct taker *t)
{
    const size_t n = e->d->n, passes = e->training ? mp_plan_passes(e->p, t->last) : 1;
    const size_t step = mp_work_rows(e->p, t->last), chunks = (n + step - 1) / step; /* of a pass */
    const size_t all = chunks * passes;
    const int seen = t->sight != NULL ? t->sight->on_the_way : t->last;
    int failed = 0;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = 0; i < all; i++) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        const size_t row0 = i % chunks * step;
        const struct mp_span s = { .row0 = row0, .n = mp_work_left(row0, n, step),
                                   .pass = i / chunks };
        int stop, rc = -1;
#pragma omp atomic read
        stop = failed;
        if (!stop)
            rc = mp_work_chunk(e, w, s);
#pragma omp ordered
        {
            if (rc == MP_OK && !failed)
                rc = hand_over(c, t, &w->view[seen + 1], &w->view[t->last + 1]);
            if (rc < 0 && !failed) {
                mp_ctx_take(c, &w->c);
#pragma omp atomic write
                failed = 1;
            }
        }
        mp_bar_add(c->run->bar, (double)s.n);
    }
    return failed ? -1 : MP_OK;
}

/* Whether ranks make node k's rows faster than they would send them: scores, not features. */
static bool worth_sending(const struct mp_work *e, int k)
{
    return k >= 0 && !e->p->nodes[k].bytes && mp_len(e->p->nodes[k].out) <= 256;
}

/* What node k gives for some chunks, of which each rank makes its share. */
struct gathered {
    int k;
    size_t len, first, step; /* the chunks from number `first` on, of `step` rows at most */
    float *x;
};

static int gathered_open(struct mp_ctx *c, const struct mp_work *e, struct gathered *g, int k,
                         size_t step, size_t chunks)
{
    *g = (struct gathered){ .k = k, .len = mp_len(e->p->nodes[k].out), .step = step };
    g->x = mp_alloc(c, mp_product(chunks * step, g->len), sizeof *g->x);
    return g->x != NULL ? MP_OK : -1;
}

static struct mp_chunk gathered_at(const struct mp_work *e, const struct gathered *g, size_t i)
{
    return (struct mp_chunk){ .n = mp_work_left(i * g->step, e->d->n, g->step),
                              .shape = e->p->nodes[g->k].out, .row0 = i * g->step,
                              .x = g->x + (i - g->first) * g->step * g->len };
}

/* Our share of m chunks, after so many nodes. */
static int make_ours(struct mp_ctx *c, struct mp_work *e, const struct gathered *g, int nodes,
                     size_t m)
{
    const size_t from = g->first + mp_share(c, m, mp_rank(c));
    const size_t to = g->first + mp_share(c, m, mp_rank(c) + 1);
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = from; i < to; i++) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        const struct mp_chunk first = gathered_at(e, g, i);
        const struct mp_span s = { .row0 = first.row0, .n = first.n };
        const bool good = mp_work_chunk(e, w, s) == MP_OK;
        for (int j = 0; j < nodes && good; j++)
            memcpy(gathered_at(e, &g[j], i).x, w->view[g[j].k + 1].x,
                   first.n * g[j].len * sizeof *first.x);
#pragma omp critical(mp_make_ours)
        if (!good && !failed) {
            failed = 1;
            mp_ctx_take(c, &w->c);
        }
    }
    return failed ? -1 : MP_OK;
}

/* The chunks are shared among ranks, and all of them are handed over on each. */
static int apply_shared(struct mp_ctx *c, struct mp_work *e, const struct taker *t)
{
    const size_t step = mp_work_rows(e->p, t->last), chunks = (e->d->n + step - 1) / step;
    const size_t many = (size_t)(4 * e->threads * mp_ranks(c));
    const int nodes = t->sight != NULL ? 2 : 1;
    const int node[2] = { t->last, nodes > 1 ? t->sight->on_the_way : -1 };
    struct gathered g[2] = { { .k = -1 }, { .k = -1 } };
    int rc = MP_OK;
    for (int j = 0; j < nodes && rc == MP_OK; j++)
        rc = gathered_open(c, e, &g[j], node[j], step, many);
    for (size_t at = 0, m; at < chunks && rc == MP_OK; at += m) {
        m = mp_work_left(at, chunks, many);
        g[0].first = g[1].first = at;
        rc = make_ours(c, e, g, nodes, m);
        for (int j = 0; j < nodes; j++)
            rc = mp_ranks_collect(c, rc, g[j].x, step * g[j].len * sizeof *g[j].x, m, m);
        for (size_t i = at; i < at + m && rc == MP_OK; i++) {
            const struct mp_chunk out = gathered_at(e, &g[0], i);
            const struct mp_chunk seen = nodes > 1 ? gathered_at(e, &g[1], i) : out;
            rc = hand_over(c, t, &seen, &out);
            mp_bar_add(c->run->bar, (double)out.n);
        }
    }
    free(g[0].x);
    free(g[1].x);
    return rc;
}

static int apply_all(struct mp_ctx *c, struct mp_work *e, const char *what, const struct taker *t)
{
    const size_t passes = e->training ? mp_plan_passes(e->p, t->last) : 1;
    const bool shared = mp_ranks(c) > 1 && !e->training && worth_sending(e, t->last) &&
                        (t->sight == NULL || worth_sending(e, t->sight->on_the_way));
    int rc = mp_work_open(c, e);
    mp_bar_begin(c->run->bar, what, (double)(e->d->n * passes), "rows");
    if (rc == MP_OK) {
        mp_work_need(e, t->last);
        rc = shared ? apply_shared(c, e, t) : apply_chunks(c, e, t);
    }
    mp_work_close(e);
    mp_bar_end(c->run->bar);
    mp_ctx_where(c, "%s", "");
    return rc;
}

int mp_engine_apply(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                    const char *what,
                    int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                    void *arg)
{
    return mp_engine_apply_seen(c, p, d, last, what, take, arg, NULL);
}

int mp_engine_apply_seen(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                         const char *what,
                         int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                         void *arg, const struct mp_sight *sight)
{
    struct mp_work e = { .p = p, .d = d };
    return apply_all(c, &e, what, &(const struct taker){ last, take, arg, sight });
}

int mp_engine_apply_training(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                             const char *what,
                             int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                             void *arg)
{
    struct mp_work e = { .p = p, .d = d, .training = true };
    return apply_all(c, &e, what, &(const struct taker){ last, take, arg, NULL });
}

int mp_engine_rows(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                   const size_t *rows, size_t n, int last, bool training, size_t draw, float *x)
{
    struct mp_work e = { .p = p, .d = d, .training = training };
    const bool copied = training && mp_plan_passes(p, last) > 1;
    int rc = mp_work_open(c, &e);
    if (rc == MP_OK) {
        mp_work_need(&e, last);
        rc = mp_gather(c, &e, last, rows, n, copied ? 0 : draw, copied ? draw + 1 : 0, x);
    }
    mp_work_close(&e);
    mp_ctx_where(c, "%s", "");
    return rc;
}
