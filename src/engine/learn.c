/* SPDX-License-Identifier: GPL-3.0-or-later */
/* learn.c - how a stage learns: shard by shard, in order, or by what its done() pulls. */
#include "engine/learn.h"
#include "core/clock.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "core/state.h"
#include "engine/gather.h"
#include "engine/reread.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Puts what node k gave for this thread's chunk, whose first row is number `at` of all that
 * pass, where it is kept and into the cache. */
static void store_rows(struct mp_work *e, const struct mp_worker *w, int k, size_t at, bool keep)
{
    const struct mp_chunk *v = &w->view[k + 1];
    const size_t size = mp_len(v->shape) * (v->b != NULL ? 1 : sizeof(float));
    const void *rows = v->b != NULL ? (void *)v->b : (void *)v->x;
    char *to = keep ? (char *)e->kept[e->p->n_nodes] + at * size : NULL;
    if (keep) {
        memcpy(to, rows, v->n * size);
        mp_rows_let_go(&e->room[e->p->n_nodes], to, to + v->n * size);
    }
    if (e->save != NULL)
        mp_cache_write(e->save, at * size, rows, v->n * size);
}

/* The stage learns from one in so many rows. */
static size_t every_of(const struct mp_work *e, int f)
{
    const struct mp_node *n = &e->p->nodes[f];
    const struct mp_learner *l = mp_learner(n->entry);
    return l->every != NULL ? l->every(n->params, mp_work_learned(e, f)) : 1;
}

/* Of a chunk that begins with row `at` of all that pass, those that are learned from. */
static int thin(struct mp_worker *w, struct mp_chunk *in, size_t at, size_t every)
{
    const size_t len = mp_len(in->shape);
    float *x = every > 1 ? mp_scratch(&w->c, (in->n / every + 1) * len) : in->x;
    size_t n = every > 1 ? 0 : in->n;
    if (x == NULL)
        return -1;
    for (size_t i = (every - at % every) % every; every > 1 && i < in->n; i += every)
        memcpy(x + n++ * len, in->x + i * len, len * sizeof *x);
    in->x = x;
    in->n = n;
    return MP_OK;
}

/* Takes the rows of `s`, the first of which is number `at` of all that pass, through the nodes
 * before f, and those that it learns from into the state. */
static int fit_span(struct mp_work *e, struct mp_worker *w, int f, void *state,
                    struct mp_span s, size_t at, bool keep, size_t every)
{
    const struct mp_node *n = &e->p->nodes[f];
    struct mp_chunk in;
    if (mp_work_chunk(e, w, s) < 0)
        return -1;
    if (s.rows == NULL)
        store_rows(e, w, n->inputs[0], at, keep);
    mp_plan_where(&w->c, e->p, f);
    if (mp_work_floats(w, n->inputs[0], &in) < 0)
        return -1;
    const double start = mp_seconds();
    mp_ctx_reuse(&w->c);
    if (thin(w, &in, at, every) < 0)
        return -1;
    const int rc = in.n > 0 ? n->entry->stage->fit(&w->c, n->params, state, &in) : MP_OK;
    w->cost[f].fit += mp_seconds() - start;
    w->cost[f].fit_rows += in.n;
    return rc;
}

/* Rows from number `at` of those learned from, every so manyth of all that pass: of one pass. */
static struct mp_span sparse_span(const struct mp_work *e, size_t at, size_t end, size_t every,
                                  size_t most, size_t *room)
{
    const size_t rows = e->d->n, pass = at * every / rows;
    struct mp_span s = { .row0 = at * every % rows, .pass = pass, .rows = room };
    for (; s.n < most && at + s.n < end && (at + s.n) * every / rows == pass; s.n++)
        room[s.n] = (at + s.n) * every % rows;
    return s;
}

/* One shard: zeroed state, rows [from, to) of those learned from, in order.  The others are made
 * only if they are wanted later on. */
static int fit_shard(struct mp_work *e, struct mp_worker *w, int f, void *state, size_t from,
                     size_t to, bool keep)
{
    const size_t step = mp_work_rows(e->p, e->p->nodes[f].inputs[0]);
    const size_t every = every_of(e, f), all = mp_work_learned(e, f);
    const bool sparse = every > 1 && !keep && e->save == NULL;
    const size_t end = sparse || to * every < all ? to * every : all;
    size_t room[MP_CHUNK_ROWS];
    for (size_t at = from * every; at < end;) {
        const struct mp_span s = sparse ? sparse_span(e, at / every, to, every, step, room)
                                        : mp_work_span(e, at, end, step);
        if (fit_span(e, w, f, state, s, at, keep, sparse ? 1 : every) < 0)
            return -1;
        if (sparse)
            mp_work_let_go(e, s.row0, room[s.n - 1] + 1);
        at += sparse ? s.n * every : s.n;
        mp_bar_add(w->c.run->bar, (double)(sparse ? s.n * every : s.n));
    }
    return MP_OK;
}

/* In row order, one thread at a time: the first shard's state becomes the
 * node's, later ones are merged into it. */
static int join(struct mp_work *e, struct mp_worker *w, int f, void *state, size_t shard)
{
    struct mp_node *n = &e->p->nodes[f];
    const struct mp_stage *s = n->entry->stage;
    if (shard == 0) {
        if (s->clear != NULL)
            s->clear(n->state);
        memcpy(n->state, state, s->state_size);
        memset(state, 0, s->state_size);
        return MP_OK;
    }
    const double start = mp_seconds();
    mp_ctx_reuse(&w->c);
    const int rc = s->merge(&w->c, n->state, state);
    w->cost[f].fit += mp_seconds() - start;
    return rc;
}

/* The rows of `s`, from number `at` of all that pass, as floats in x: on all threads, and if
 * `shared`, each rank its share of them. */
static int prepare_batch(struct mp_ctx *c, struct mp_work *e, int input, const struct mp_span *s,
                         size_t at, bool shared, bool keep, float *x)
{
    const size_t step = mp_work_rows(e->p, input);
    const size_t len = mp_len(input < 0 ? e->p->shape : e->p->nodes[input].out);
    const size_t begin = shared ? mp_share(c, s->n, mp_rank(c)) : 0;
    const size_t end = shared ? mp_share(c, s->n, mp_rank(c) + 1) : s->n;
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = begin; i < end; i += step) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        const struct mp_span part = { .row0 = s->row0 + i, .n = mp_work_left(i, end, step),
                                   .pass = s->pass };
        struct mp_chunk in = { .n = 0 };
        const bool good = mp_work_chunk(e, w, part) == MP_OK &&
                          mp_work_floats(w, input, &in) == MP_OK;
        if (good) {
            store_rows(e, w, input, at + i, keep);
            memcpy(x + i * len, in.x, in.n * len * sizeof *x);
        }
#pragma omp critical(mp_prepare_batch)
        if (!good && !failed) {
            failed = 1;
            mp_ctx_take(c, &w->c);
        }
    }
    return shared ? mp_ranks_collect(c, failed ? -1 : MP_OK, x, len * sizeof *x, s->n, s->n)
                  : failed ? -1 : MP_OK;
}

static size_t order_rows(size_t len)
{
    const size_t most = MP_CHUNK_VALUES / len;
    return most > MP_ORDER_ROWS ? MP_ORDER_ROWS : most + 1;
}

static int fit_in_order(struct mp_ctx *c, struct mp_work *e, int f, struct mp_chunk *in)
{
    const struct mp_node *n = &e->p->nodes[f];
    const struct mp_puller puller = mp_gather_puller(e, f);
    const double start = mp_seconds();
    in->shape = n->in;
    in->y = e->y != NULL ? e->y + in->row0 : NULL;
    mp_plan_where(c, e->p, f);
    mp_ctx_reuse(c);
    c->puller = &puller;
    const int rc = n->entry->stage->fit(c, n->params, n->state, in);
    c->puller = NULL;
    e->workers[0].cost[f].fit += (mp_seconds() - start) * e->threads;
    return rc;
}

/* Rows [from, to) of those learned from; shared: each rank gets them all, and makes some. */
static int learn_stretch(struct mp_ctx *c, struct mp_work *e, int f, size_t from, size_t to,
                         bool shared, bool keep, float *x)
{
    const int input = e->p->nodes[f].inputs[0];
    const size_t step = order_rows(mp_len(e->p->nodes[f].in)), ranks = (size_t)mp_ranks(c);
    int rc = MP_OK;
    for (size_t at = from; at < to && rc == MP_OK;) {
        const struct mp_span s = mp_work_span(e, at, to, step);
        struct mp_chunk in = { .n = s.n, .x = x, .row0 = s.row0,
                               .epoch = mp_work_epoch(e, input, &s) };
        rc = prepare_batch(c, e, input, &s, at, shared, keep, x);
        if (rc == MP_OK)
            rc = fit_in_order(c, e, f, &in);
        e->workers[0].cost[f].fit_rows += mp_rank(c) == 0 || !shared ? in.n : 0;
        mp_bar_add(c->run->bar, (double)(shared ? in.n : in.n * ranks));
        at += s.n;
    }
    return rc;
}

/* Each rank its own parts; one that has none is to know that there are some. */
static int learn_parts(struct mp_ctx *c, struct mp_work *e, int f, float *x)
{
    const struct mp_node *n = &e->p->nodes[f];
    const size_t all = mp_work_learned(e, f), ranks = (size_t)mp_ranks(c);
    const size_t rows = mp_learner(n->entry)->part(all, mp_len(n->in));
    const size_t first = (size_t)mp_rank(c) * rows;
    int rc = first < all ? MP_OK : fit_in_order(c, e, f, &(struct mp_chunk){ .x = x });
    for (size_t at = first; at < all && rc == MP_OK; at += ranks * rows)
        rc = learn_stretch(c, e, f, at, at + mp_work_left(at, all, rows), false, false, x);
    return rc;
}

int mp_learn_in_order(struct mp_ctx *c, struct mp_work *e, int f, bool keep)
{
    const struct mp_node *n = &e->p->nodes[f];
    const size_t len = mp_len(n->in);
    float *x = mp_alloc(c, mp_product(order_rows(len), len), sizeof *x);
    const int rc = x == NULL ? -1
                   : mp_ranks(c) > 1 && mp_learner(n->entry)->part != NULL
                       ? learn_parts(c, e, f, x)
                       : learn_stretch(c, e, f, 0, mp_work_learned(e, f), true, keep, x);
    free(x);
    return rc;
}

/* How many rows a stage that learns in shards learns from. */
static size_t chosen_rows(const struct mp_work *e, int f)
{
    const size_t every = every_of(e, f);
    return (mp_work_learned(e, f) + every - 1) / every;
}

/* Rows of a shard, of so many.  More shards than some take longer to merge, and for ranks to
 * send, than their threads would save. */
static size_t shard_rows(size_t all)
{
    size_t rows = MP_SHARD_ROWS;
    while ((all + rows - 1) / rows > MP_SHARDS)
        rows *= 2;
    return rows;
}

int mp_learn_shards(struct mp_ctx *c, struct mp_work *e, int f, bool keep)
{
    const struct mp_node *n = &e->p->nodes[f];
    const struct mp_stage *s = n->entry->stage;
    const size_t all = chosen_rows(e, f), rows = shard_rows(all);
    const size_t shards = (all + rows - 1) / rows;
    int failed = 0;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = 0; i < shards; i++) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        int stop, rc = -1;
        void *state = NULL;
#pragma omp atomic read
        stop = failed;
        if (!stop && (state = mp_alloc(&w->c, 1, s->state_size)) != NULL)
            rc = fit_shard(e, w, f, state, i * rows, i * rows + mp_work_left(i * rows, all, rows),
                           keep);
#pragma omp ordered
        {
            if (rc == MP_OK && !failed)
                rc = join(e, w, f, state, i);
            if (rc < 0 && !failed) {
                mp_ctx_take(c, &w->c);
#pragma omp atomic write
                failed = 1;
            }
        }
        if (state != NULL && s->clear != NULL)
            s->clear(state);
        free(state);
    }
    return failed ? -1 : MP_OK;
}

/* Some shards, of which each rank learns its share. */
struct shared {
    int f;
    size_t first, n, rows, all; /* n shards from number `first` on; rows of one, and of all */
    char *state;                /* of each */
    struct mp_io *saved;        /* of ours */
    uint64_t *length;           /* of what is saved of each */
};

static int learn_ours(struct mp_ctx *c, struct mp_work *e, const struct shared *h)
{
    const struct mp_entry *entry = e->p->nodes[h->f].entry;
    const size_t from = mp_share(c, h->n, mp_rank(c)), to = mp_share(c, h->n, mp_rank(c) + 1);
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = from; i < to; i++) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        const size_t at = (h->first + i) * h->rows;
        void *state = h->state + i * entry->stage->state_size;
        h->saved[i].c = &w->c;
        int rc = fit_shard(e, w, h->f, state, at, at + mp_work_left(at, h->all, h->rows), false);
        mp_ctx_reuse(&w->c);
        if (rc == MP_OK)
            rc = mp_learner(entry)->shard(&h->saved[i], state);
        h->length[i] = h->saved[i].len;
#pragma omp critical(mp_learn_ours)
        if (rc < 0 && !failed) {
            failed = 1;
            mp_ctx_take(c, &w->c);
        }
    }
    return failed ? -1 : MP_OK;
}

/* What others have learned, each in a place of `size` bytes. */
static int load_others(struct mp_ctx *c, struct mp_work *e, const struct shared *h, size_t size,
                       unsigned char *bytes)
{
    const struct mp_entry *entry = e->p->nodes[h->f].entry;
    const size_t from = mp_share(c, h->n, mp_rank(c)), to = mp_share(c, h->n, mp_rank(c) + 1);
    for (size_t i = from; i < to; i++)
        memcpy(bytes + i * size, h->saved[i].buf, h->saved[i].len);
    if (mp_ranks_collect(c, MP_OK, bytes, size, h->n, h->n) < 0)
        return -1;
    for (size_t i = 0; i < h->n; i++) {
        struct mp_io io = { .c = c, .loading = true, .buf = bytes + i * size,
                            .len = h->length[i] };
        if ((i < from || i >= to) &&
            mp_learner(entry)->shard(&io, h->state + i * entry->stage->state_size) < 0)
            return -1;
    }
    return MP_OK;
}

static int merge_shared(struct mp_ctx *c, struct mp_work *e, const struct shared *h)
{
    struct mp_worker *w = &e->workers[0];
    size_t size = 1;
    int rc = learn_ours(c, e, h);
    rc = mp_ranks_collect(c, rc, h->length, sizeof *h->length, h->n, h->n);
    for (size_t i = 0; i < h->n; i++)
        size = h->length[i] > size ? h->length[i] : size;
    unsigned char *bytes = rc == MP_OK ? mp_alloc(c, h->n, size) : NULL;
    rc = bytes != NULL ? load_others(c, e, h, size, bytes) : -1;
    free(bytes);
    for (size_t i = 0; i < h->n && rc == MP_OK; i++) {
        void *state = h->state + i * e->p->nodes[h->f].entry->stage->state_size;
        mp_plan_where(&w->c, e->p, h->f);
        if ((rc = join(e, w, h->f, state, h->first + i)) < 0)
            mp_ctx_take(c, &w->c);
    }
    return rc;
}

int mp_learn_shared(struct mp_ctx *c, struct mp_work *e, int f)
{
    const struct mp_stage *s = e->p->nodes[f].entry->stage;
    const size_t all = chosen_rows(e, f), rows = shard_rows(all);
    const size_t shards = (all + rows - 1) / rows;
    const size_t many = (size_t)(e->threads * mp_ranks(c));
    struct shared h = { .f = f, .rows = rows, .all = all };
    int rc = MP_OK;
    for (; h.first < shards && rc == MP_OK; h.first += h.n) {
        h.n = mp_work_left(h.first, shards, many);
        h.state = mp_alloc(c, h.n, s->state_size);
        h.saved = mp_alloc(c, h.n, sizeof *h.saved);
        h.length = mp_alloc(c, h.n, sizeof *h.length);
        rc = h.state != NULL && h.saved != NULL && h.length != NULL ? merge_shared(c, e, &h) : -1;
        for (size_t i = 0; i < h.n && h.state != NULL && s->clear != NULL; i++)
            s->clear(h.state + i * s->state_size);
        for (size_t i = 0; i < h.n && h.saved != NULL; i++)
            free(h.saved[i].buf);
        free(h.state);
        free(h.saved);
        free(h.length);
    }
    return rc;
}

/* What learns MP_IN_PASSES is told of each copy of a row, too, and may have all of them kept. */
static int tell_passes(struct mp_ctx *c, const struct mp_work *e, int f, struct mp_puller *to,
                       int **repeated)
{
    const size_t all = mp_work_learned(e, f), n = e->d->n;
    to->n = all;
    to->keep = mp_reread_keep;
    if (all == n || e->y == NULL)
        return MP_OK;
    if ((*repeated = mp_alloc(c, all, sizeof **repeated)) == NULL)
        return -1;
    for (size_t i = 0; i < all; i++)
        (*repeated)[i] = e->y[i % n];
    to->y = *repeated;
    return MP_OK;
}

int mp_learn_done(struct mp_ctx *c, struct mp_work *e, int f)
{
    struct mp_node *n = &e->p->nodes[f];
    const struct mp_stage *s = n->entry->stage;
    struct mp_puller puller = mp_gather_puller(e, f);
    int *repeated = NULL;
    char what[80];
    if (s->done == NULL)
        return MP_OK;
    if (mp_learner(n->entry)->learns == MP_IN_PASSES &&
        tell_passes(c, e, f, &puller, &repeated) < 0)
        return -1;
    snprintf(what, sizeof what, "train %s", n->entry->name);
    mp_bar_begin(c->run->bar, what, 100, "%");
    /* A pipeline inside may take what it learns from the cache: it counts as it was made. */
    const double start = mp_seconds() + c->run->reused.seconds;
    e->keeping = 0;
    mp_plan_where(c, e->p, f);
    mp_ctx_reuse(c);
    c->puller = &puller;
    const int rc = s->done(c, n->params, n->state);
    c->puller = NULL;
    free(repeated);
    n->cost.done += mp_seconds() + c->run->reused.seconds - start - e->keeping;
    return rc;
}
