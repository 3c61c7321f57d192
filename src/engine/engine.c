/* SPDX-License-Identifier: GPL-3.0-or-later */
/* engine.c - runs a plan over rows: chunks, threads, shards, learning. */
#include "engine/engine.h"
#include "cache/reuse.h"
#include "core/clock.h"
#include "core/diary.h"
#include "core/progress.h"
#include "core/ranks.h"
#include "core/simd.h"
#include "core/state.h"
#include "engine/room.h"
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct block {
    void *at;
    size_t size;
};

/* One thread's place of work; node -1, the data, has index 0 in the arrays. */
struct worker {
    struct mp_ctx c;
    struct mp_chunk *view;       /* each node's output for the chunk in hand */
    struct block *out, *floats;  /* memory of outputs, and of bytes made floats */
    bool *converted;             /* floats holds this chunk's output of that node */
    size_t from, to;             /* the rows of that chunk, until they are let go */
    struct mp_cost *cost;
};

/* Rows [from, to) of a node's output: what there is room for, or one of several ranks keeps. */
struct share {
    const float *at; /* NULL: none are kept */
    size_t from, to;
};

struct engine {
    bool training;               /* stages that change training rows only do so */
    bool fresh;                  /* they may, in this fit */
    int puller;                  /* the node whose done() may pull */
    struct mp_plan *p;
    const struct mp_data *d;
    const int *y;
    bool *needed;                /* nodes to run in this pass */
    bool *source;                /* kept nodes that these read */
    void **kept;                 /* a node's output for all rows, or NULL */
    struct mp_rows *room;        /* where that lies, if it is ours */
    bool *lent;                  /* it is the cache's, not ours */
    struct share own;            /* of what the stage at work reads in passes */
    struct mp_reuse *reuse;      /* NULL: no cache */
    struct mp_cache_writer *save; /* the cache's copy of the rows that a fit reads, or NULL */
    struct worker *workers;
    int threads;
};

/* ---------------------------------------------------------------- memory */

static void engine_close(struct engine *e)
{
    for (int t = 0; e->workers != NULL && t < e->threads; t++) {
        struct worker *w = &e->workers[t];
        for (int k = 0; k <= e->p->n_nodes; k++) {
            if (w->out != NULL)
                free(w->out[k].at);
            if (w->floats != NULL)
                free(w->floats[k].at);
            if (w->cost != NULL && k < e->p->n_nodes) {
                struct mp_cost *to = &e->p->nodes[k].cost, *from = &w->cost[k];
                to->fit += from->fit;
                to->apply += from->apply;
                to->fit_rows += from->fit_rows;
                to->apply_rows += from->apply_rows;
            }
        }
        mp_ctx_free(&w->c);
        free(w->view);
        free(w->out);
        free(w->floats);
        free(w->cost);
        free(w->converted);
    }
    for (int k = 0; e->room != NULL && k <= e->p->n_nodes; k++)
        mp_rows_free(&e->room[k]);
    mp_reuse_close(e->reuse);
    free(e->lent);
    free(e->workers);
    free(e->needed);
    free(e->source);
    free(e->kept);
    free(e->room);
}

static int engine_open(struct mp_ctx *c, struct engine *e)
{
    const size_t n = (size_t)e->p->n_nodes + 1;
    e->threads = mp_threads(c);
    e->needed = mp_alloc(c, n, sizeof *e->needed);
    e->source = mp_alloc(c, n, sizeof *e->source);
    e->kept = mp_alloc(c, n, sizeof *e->kept);
    e->room = mp_alloc(c, n, sizeof *e->room);
    e->lent = mp_alloc(c, n, sizeof *e->lent);
    e->workers = mp_alloc(c, (size_t)e->threads, sizeof *e->workers);
    if (e->needed == NULL || e->source == NULL || e->kept == NULL || e->room == NULL ||
        e->lent == NULL || e->workers == NULL)
        return -1;
    for (int t = 0; t < e->threads; t++) {
        struct worker *w = &e->workers[t];
        mp_ctx_init(&w->c, c->run);
        w->view = mp_alloc(c, n, sizeof *w->view);
        w->out = mp_alloc(c, n, sizeof *w->out);
        w->floats = mp_alloc(c, n, sizeof *w->floats);
        w->cost = mp_alloc(c, n, sizeof *w->cost);
        w->converted = mp_alloc(c, n, sizeof *w->converted);
        if (w->view == NULL || w->out == NULL || w->floats == NULL || w->cost == NULL ||
            w->converted == NULL)
            return -1;
    }
    return MP_OK;
}

static void *reserve(struct mp_ctx *c, struct block *b, size_t size)
{
    if (b->size < size) {
        free(b->at);
        b->at = aligned_alloc(64, (size / 64 + 1) * 64);
        b->size = b->at != NULL ? size : 0;
        if (b->at == NULL)
            mp_fail(c, "no memory for %zu bytes of rows", size);
    }
    return b->at;
}

/* ---------------------------------------------------------- one chunk */

/* Which rows a chunk has: n from row0 on, or those listed. */
struct span {
    size_t row0, n;
    const size_t *rows;
    size_t epoch; /* of a model that pulls; 0 for others */
    size_t pass;  /* where rows have copies: 0 the rows themselves, then each copy */
};

/* From row `at` of all that pass a node with copies, and before `end`: one pass's rows. */
static struct span span_at(const struct engine *e, size_t at, size_t end, size_t most)
{
    const size_t row0 = at % e->d->n, left = e->d->n - row0 < end - at ? e->d->n - row0 : end - at;
    return (struct span){ .row0 = row0, .n = left < most ? left : most, .pass = at / e->d->n };
}

/* What node k keys its draws by: before copies are made, all passes are the same. */
static size_t epoch_at(const struct engine *e, int k, const struct span *s)
{
    return s->epoch + (mp_plan_passes(e->p, k) > 1 ? s->pass : 0);
}

/* Rows that learn is what some stages change; with copies, not the rows themselves. */
static bool is_active(const struct engine *e, const struct mp_node *n, const struct span *s)
{
    return !(n->entry->stage->flags & MP_TRAIN_ONLY) ||
           (e->training && (n->passes == 1 || s->pass > 0));
}

/* x[i] = b[i] / 255.0f, to the bit for all 256 of them, but without a division. */
MP_CLONES static void to_floats(const uint8_t *restrict b, size_t n, float *restrict x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(b[i] * (1 / 255.0));
}

/* The output of node k as floats; bytes are converted once per chunk. */
static int as_floats(struct worker *w, int k, struct mp_chunk *in)
{
    *in = w->view[k + 1];
    if (in->b == NULL)
        return MP_OK;
    const size_t n = in->n * mp_len(in->shape);
    float *x = reserve(&w->c, &w->floats[k + 1], n * sizeof *x);
    if (x == NULL)
        return -1;
    if (!w->converted[k + 1])
        to_floats(in->b, n, x);
    w->converted[k + 1] = true;
    in->x = x;
    in->b = NULL;
    return MP_OK;
}

static int run_union(struct worker *w, const struct mp_node *n, struct mp_chunk *out)
{
    const size_t d = mp_len(out->shape);
    size_t from = 0;
    for (int j = 0; j < n->n_inputs; j++) {
        struct mp_chunk in;
        if (as_floats(w, n->inputs[j], &in) < 0)
            return -1;
        const size_t own = mp_len(in.shape);
        for (size_t i = 0; i < in.n; i++)
            memcpy(out->x + i * d + from, in.x + i * own, own * sizeof *in.x);
        from += own;
    }
    return MP_OK;
}

/* Whether a node may write over its input: nobody else reads it, it lies in
 * this thread's own memory, and rows keep their size. */
static bool in_place(const struct engine *e, const struct mp_node *n)
{
    const int from = n->inputs[0];
    return (n->entry->stage->flags & MP_INPLACE) && from >= 0 && e->kept[from] == NULL &&
           e->p->nodes[from].n_uses == 1 && mp_len(n->in) == mp_len(n->out);
}

static int run_node(struct engine *e, struct worker *w, int k, const struct span *s)
{
    const struct mp_node *n = &e->p->nodes[k];
    struct mp_chunk *out = &w->view[k + 1], in = w->view[n->inputs[0] + 1];
    const bool is_union = n->entry == NULL;
    mp_plan_where(&w->c, e->p, k);
    if (!is_union && !n->bytes && as_floats(w, n->inputs[0], &in) < 0)
        return -1;
    in.epoch = epoch_at(e, k, s);
    *out = in;
    out->shape = n->out;
    out->x = NULL;
    out->b = NULL;
    const size_t size = in.n * mp_len(n->out) * (n->bytes ? 1 : sizeof(float));
    void *at = !is_union && in_place(e, n) ? (n->bytes ? (void *)in.b : (void *)in.x)
                                              : reserve(&w->c, &w->out[k + 1], size);
    if (at == NULL)
        return -1;
    if (n->bytes)
        out->b = at;
    else
        out->x = at;
    const double start = mp_seconds();
    mp_ctx_reuse(&w->c);
    int rc = MP_OK;
    if (is_union)
        rc = run_union(w, n, out);
    else if (is_active(e, n, s))
        rc = n->entry->stage->apply(&w->c, n->params, n->state, &in, out);
    else if (at != in.x)
        memcpy(at, n->bytes ? (void *)in.b : (void *)in.x, size);
    w->cost[k].apply += mp_seconds() - start;
    w->cost[k].apply_rows += in.n;
    return rc;
}

/* Rows of a matrix as they lie there, or gathered into this thread's memory. */
static void *rows_of(struct worker *w, struct block *b, const void *all, size_t row_bytes,
                     const struct span *s)
{
    if (s->rows == NULL)
        return (char *)(uintptr_t)all + s->row0 * row_bytes;
    char *at = reserve(&w->c, b, s->n * row_bytes);
    for (size_t i = 0; i < s->n && at != NULL; i++)
        memcpy(at + i * row_bytes, (const char *)all + s->rows[i] * row_bytes, row_bytes);
    return at;
}

/* Rows from `from` to `to`, of the data and of what was kept, are done with for now: there may
 * be more of them than memory holds. */
static void let_go(const struct engine *e, size_t from, size_t to)
{
    const size_t image = mp_len(e->d->shape);
    mp_rows_let_go(&e->d->store, e->d->x + from * image, e->d->x + to * image);
    for (int k = 0; k < e->p->n_nodes; k++)
        for (size_t pass = 0; e->room[k].file != 0 && pass < e->p->nodes[k].passes; pass++) {
            const size_t row = mp_room_row(e->p, k);
            const char *at = (char *)e->room[k].at + pass * e->d->n * row;
            mp_rows_let_go(&e->room[k], at + from * row, at + to * row);
        }
}

static int view_kept(struct engine *e, struct worker *w, int k, const struct span *s)
{
    const struct mp_node *n = &e->p->nodes[k];
    const size_t row = mp_room_row(e->p, k);
    const char *pass = (char *)e->kept[k] + (n->passes > 1 ? s->pass : 0) * e->d->n * row;
    void *at = rows_of(w, &w->out[k + 1], pass, row, s);
    struct mp_chunk v = w->view[0];
    v.shape = n->out;
    v.epoch = epoch_at(e, k, s);
    v.x = n->bytes ? NULL : at;
    v.b = n->bytes ? at : NULL;
    w->view[k + 1] = v;
    return at != NULL ? MP_OK : -1;
}

/* Takes these rows through all needed nodes. */
static int run_chunk(struct engine *e, struct worker *w, struct span s)
{
    const struct mp_data *d = e->d;
    let_go(e, w->from, w->to);
    w->from = s.row0;
    w->to = s.row0 + (s.rows == NULL ? s.n : 0);
    if (mp_stopped(&w->c)) {
        mp_ctx_where(&w->c, "%s", "");
        return mp_fail(&w->c, "interrupted");
    }
    w->view[0] = (struct mp_chunk){ .n = s.n, .shape = d->shape, .row0 = s.row0, .rows = s.rows,
                                    .epoch = s.epoch,
                                    .y = e->y != NULL && s.rows == NULL ? e->y + s.row0 : NULL };
    w->view[0].b = rows_of(w, &w->out[0], d->x, mp_len(d->shape), &s);
    if (w->view[0].b == NULL)
        return -1;
    memset(w->converted, 0, ((size_t)e->p->n_nodes + 1) * sizeof *w->converted);
    for (int k = 0; k < e->p->n_nodes; k++)
        if ((e->source[k] && view_kept(e, w, k, &s) < 0) ||
            (e->needed[k] && run_node(e, w, k, &s) < 0))
            return -1;
    return MP_OK;
}

/* Marks what must run so that `target` has an output, and what that reads. */
static void need(struct engine *e, int target)
{
    const size_t size = ((size_t)e->p->n_nodes + 1) * sizeof(bool);
    memset(e->needed, 0, size);
    memset(e->source, 0, size);
    for (int k = target; k >= 0; k--) {
        const struct mp_node *n = &e->p->nodes[k];
        if (k != target && !e->needed[k])
            continue;
        e->needed[k] = e->kept[k] == NULL;
        e->source[k] = e->kept[k] != NULL;
        for (int j = 0; j < n->n_inputs && e->needed[k]; j++)
            if (n->inputs[j] >= 0)
                e->needed[n->inputs[j]] = true;
    }
}

/* Rows of a chunk that goes through nodes 0 .. last. */
static size_t chunk_rows(const struct mp_plan *p, int last)
{
    size_t values = mp_len(p->shape), rows = MP_CHUNK_ROWS;
    for (int k = 0; k <= last; k++)
        values += mp_len(p->nodes[k].out);
    while (rows > 1 && rows * values > MP_CHUNK_VALUES)
        rows /= 2;
    return rows;
}

static size_t rows_left(size_t row0, size_t end, size_t most)
{
    return end - row0 < most ? end - row0 : most;
}

/* ------------------------------------------------------------- learning */

/* How many rows node f learns from. */
static size_t rows_learned(const struct engine *e, int f)
{
    return e->d->n * (e->fresh ? mp_plan_passes(e->p, e->p->nodes[f].inputs[0]) : 1);
}

/* Puts what node k gave for this thread's chunk, whose first row is number `at` of all that
 * pass, where it is kept and into the cache. */
static void store_rows(struct engine *e, const struct worker *w, int k, size_t at, bool keep)
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

/* One shard: zeroed state, rows [from, to) in order. */
static int fit_shard(struct engine *e, struct worker *w, int f, void *state, size_t from,
                     size_t to, bool keep)
{
    const struct mp_node *n = &e->p->nodes[f];
    const int input = n->inputs[0];
    const size_t step = chunk_rows(e->p, input);
    for (size_t at = from; at < to;) {
        struct mp_chunk in;
        const struct span span = span_at(e, at, to, step);
        if (run_chunk(e, w, span) < 0)
            return -1;
        store_rows(e, w, input, at, keep);
        mp_plan_where(&w->c, e->p, f);
        if (as_floats(w, input, &in) < 0)
            return -1;
        const double start = mp_seconds();
        mp_ctx_reuse(&w->c);
        const int rc = n->entry->stage->fit(&w->c, n->params, state, &in);
        w->cost[f].fit += mp_seconds() - start;
        w->cost[f].fit_rows += in.n;
        if (rc < 0)
            return -1;
        mp_bar_add(w->c.run->bar, (double)in.n);
        at += span.n;
    }
    return MP_OK;
}

/* In row order, one thread at a time: the first shard's state becomes the
 * node's, later ones are merged into it. */
static int join(struct engine *e, struct worker *w, int f, void *state, size_t shard)
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

/* The rows of `s`, from number `at` of all that pass, as floats in x: on all threads, and each
 * rank its share of them. */
static int prepare_batch(struct mp_ctx *c, struct engine *e, int input, const struct span *s,
                         size_t at, bool keep, float *x)
{
    const size_t step = chunk_rows(e->p, input);
    const size_t len = mp_len(input < 0 ? e->p->shape : e->p->nodes[input].out);
    const size_t begin = mp_share(c, s->n, mp_rank(c)), end = mp_share(c, s->n, mp_rank(c) + 1);
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = begin; i < end; i += step) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        const struct span part = { .row0 = s->row0 + i, .n = rows_left(i, end, step),
                                   .pass = s->pass };
        struct mp_chunk in = { .n = 0 };
        const bool good = run_chunk(e, w, part) == MP_OK && as_floats(w, input, &in) == MP_OK;
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
    return mp_ranks_collect(c, failed ? -1 : MP_OK, x, len * sizeof *x, s->n, s->n);
}

/* Of rows, each in its pass and named by its number among all that pass, the first ones that
 * lie in one pass: n at most.  Those that follow one another are a span of their own. */
static struct span span_of(const struct engine *e, const size_t *rows, size_t n, size_t *room)
{
    const size_t pass = rows[0] / e->d->n;
    struct span s = { .row0 = rows[0] % e->d->n, .pass = pass };
    bool run = true;
    for (; s.n < n && rows[s.n] / e->d->n == pass; s.n++) {
        room[s.n] = rows[s.n] % e->d->n;
        run = run && room[s.n] == s.row0 + s.n;
    }
    s.rows = run ? NULL : room;
    return s;
}

/* What of the data and of what was kept has been read for the span. */
static void let_span_go(const struct engine *e, const struct span *s)
{
    size_t from = e->d->n, to = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = s->rows != NULL ? s->rows[i] : s->row0 + i;
        from = row < from ? row : from;
        to = row >= to ? row + 1 : to;
    }
    let_go(e, from, to);
}

/* A worker's part of gather(). */
static int gather_some(struct engine *e, struct worker *w, int last, const size_t *rows, size_t n,
                       size_t epoch, size_t pass, float *x)
{
    size_t room[MP_CHUNK_ROWS];
    for (size_t at = 0, some; at < n; at += some) {
        struct mp_chunk in = { .n = 0 };
        struct span s = span_of(e, rows + at, n - at, room);
        s.epoch = epoch;
        s.pass += pass;
        some = s.n;
        if (run_chunk(e, w, s) < 0 || as_floats(w, last, &in) < 0)
            return -1;
        const size_t len = mp_len(in.shape);
        memcpy(x + at * len, in.x, some * len * sizeof *x);
        let_span_go(e, &s);
    }
    return MP_OK;
}

/* Rows by number as node `last` gives them, side by side on all threads. */
static int gather(struct mp_ctx *c, struct engine *e, int last, const size_t *rows, size_t n,
                  size_t epoch, size_t pass, float *x)
{
    const size_t len = mp_len(last < 0 ? e->p->shape : e->p->nodes[last].out);
    const size_t even = n / (size_t)e->threads / 4 + 1, most = chunk_rows(e->p, last);
    const size_t step = even < most ? even : most;
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t at = 0; at < n; at += step) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        const int rc = gather_some(e, w, last, rows + at, rows_left(at, n, step), epoch, pass,
                                   x + at * len);
#pragma omp critical(mp_gather)
        if (rc < 0 && !failed) {
            failed = 1;
            mp_ctx_take(c, &w->c);
        }
    }
    return failed ? -1 : MP_OK;
}

/* The engine's part of mp_pull(). */
static int pull_rows(struct mp_ctx *c, void *arg, const size_t *rows, size_t n, bool training,
                     size_t epoch, float *x)
{
    struct engine *e = arg;
    e->training = training && e->fresh;
    return gather(c, e, e->p->nodes[e->puller].inputs[0], rows, n, epoch, 0, x);
}

/* The stage that makes vectors of what node n reads; NULL: it reads images. */
static const char *vectors_of(const struct mp_plan *p, const struct mp_node *n)
{
    const struct mp_node *from = n->inputs[0] >= 0 ? &p->nodes[n->inputs[0]] : NULL;
    if (from == NULL || from->image)
        return NULL;
    return from->entry != NULL ? from->entry->name : "union";
}

/* What node f can ask of its training rows: mp_pull_rows() and so on. */
static void name_value(void *arg, size_t i, char *text, size_t size)
{
    const struct engine *e = arg;
    mp_plan_label(e->p, e->p->nodes[e->puller].inputs[0], i, text, size);
}

static struct mp_puller puller_of(struct engine *e, int f)
{
    const struct mp_node *n = &e->p->nodes[f];
    e->puller = f;
    return (struct mp_puller){ .n = e->d->n, .y = e->y, .shape = n->in, .pull = pull_rows,
                               .name = name_value, .arg = e, .from = vectors_of(e->p, n) };
}

/* MP_IN_ORDER: many rows at a time, and the stage's own work on all threads. */
static int fit_in_order(struct mp_ctx *c, struct engine *e, int f, bool keep)
{
    const struct mp_node *n = &e->p->nodes[f];
    const int input = n->inputs[0];
    const size_t len = mp_len(n->in), all = rows_learned(e, f), most = MP_CHUNK_VALUES / len;
    const size_t step = most > MP_ORDER_ROWS ? MP_ORDER_ROWS : most + 1;
    const struct mp_puller puller = puller_of(e, f);
    float *x = mp_alloc(c, mp_product(step, len), sizeof *x);
    int rc = x != NULL ? MP_OK : -1;
    for (size_t at = 0; at < all && rc == MP_OK;) {
        const struct span s = span_at(e, at, all, step);
        rc = prepare_batch(c, e, input, &s, at, keep, x);
        if (rc < 0)
            break;
        const struct mp_chunk in = { .n = s.n, .shape = n->in, .x = x, .row0 = s.row0,
                                     .y = e->y != NULL ? e->y + s.row0 : NULL,
                                     .epoch = epoch_at(e, input, &s) };
        const double start = mp_seconds();
        mp_plan_where(c, e->p, f);
        mp_ctx_reuse(c);
        c->puller = &puller;
        rc = n->entry->stage->fit(c, n->params, n->state, &in);
        c->puller = NULL;
        e->workers[0].cost[f].fit += (mp_seconds() - start) * e->threads;
        e->workers[0].cost[f].fit_rows += mp_rank(c) == 0 ? in.n : 0;
        mp_bar_add(c->run->bar, (double)in.n);
        at += s.n;
    }
    free(x);
    return rc;
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

static int fit_shards(struct mp_ctx *c, struct engine *e, int f, bool keep)
{
    const struct mp_node *n = &e->p->nodes[f];
    const struct mp_stage *s = n->entry->stage;
    const size_t all = rows_learned(e, f), rows = shard_rows(all), shards = (all + rows - 1) / rows;
    int failed = 0;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = 0; i < shards; i++) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        int stop, rc = -1;
        void *state = NULL;
#pragma omp atomic read
        stop = failed;
        if (!stop && (state = mp_alloc(&w->c, 1, s->state_size)) != NULL)
            rc = fit_shard(e, w, f, state, i * rows, i * rows + rows_left(i * rows, all, rows),
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

static int learn_ours(struct mp_ctx *c, struct engine *e, const struct shared *h)
{
    const struct mp_entry *entry = e->p->nodes[h->f].entry;
    const size_t from = mp_share(c, h->n, mp_rank(c)), to = mp_share(c, h->n, mp_rank(c) + 1);
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = from; i < to; i++) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        const size_t at = (h->first + i) * h->rows;
        void *state = h->state + i * entry->stage->state_size;
        h->saved[i].c = &w->c;
        int rc = fit_shard(e, w, h->f, state, at, at + rows_left(at, h->all, h->rows), false);
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
static int load_others(struct mp_ctx *c, struct engine *e, const struct shared *h, size_t size,
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

static int merge_shared(struct mp_ctx *c, struct engine *e, const struct shared *h)
{
    struct worker *w = &e->workers[0];
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

/* The shards are shared among ranks, some at a time, and merged by each. */
static int fit_shared(struct mp_ctx *c, struct engine *e, int f)
{
    const struct mp_stage *s = e->p->nodes[f].entry->stage;
    const size_t all = rows_learned(e, f), rows = shard_rows(all), shards = (all + rows - 1) / rows;
    const size_t many = (size_t)(e->threads * mp_ranks(c));
    struct shared h = { .f = f, .rows = rows, .all = all };
    int rc = MP_OK;
    for (; h.first < shards && rc == MP_OK; h.first += h.n) {
        h.n = rows_left(h.first, shards, many);
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

/* What learns MP_IN_PASSES is told of each copy of a row, too, and where all of them lie. */
static int tell_passes(struct mp_ctx *c, const struct engine *e, int f, struct mp_puller *to,
                       int **repeated)
{
    const int input = e->p->nodes[f].inputs[0];
    const size_t all = rows_learned(e, f), n = e->d->n;
    to->n = all;
    if (e->own.at != NULL) {
        to->kept = e->own.at;
        to->before = e->own.from;
        to->behind = all - e->own.to;
    } else if (input >= 0 && !e->p->nodes[input].bytes) {
        to->kept = e->kept[input];
    }
    if (all == n || e->y == NULL)
        return MP_OK;
    if ((*repeated = mp_alloc(c, all, sizeof **repeated)) == NULL)
        return -1;
    for (size_t i = 0; i < all; i++)
        (*repeated)[i] = e->y[i % n];
    to->y = *repeated;
    return MP_OK;
}

/* done() on the leading thread. */
static int finish(struct mp_ctx *c, struct engine *e, int f)
{
    struct mp_node *n = &e->p->nodes[f];
    const struct mp_stage *s = n->entry->stage;
    struct mp_puller puller = puller_of(e, f);
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
    mp_plan_where(c, e->p, f);
    mp_ctx_reuse(c);
    c->puller = &puller;
    const int rc = s->done(c, n->params, n->state);
    c->puller = NULL;
    free(repeated);
    n->cost.done += mp_seconds() + c->run->reused.seconds - start;
    return rc;
}

/* Takes what the cache has of the rows that node k's output is made of, or that output. */
static void borrow(struct engine *e, int k)
{
    if (e->reuse == NULL || k < 0 || e->kept[k] != NULL)
        return;
    if (mp_room_steady(e->p, k) && (e->kept[k] = mp_reuse_rows(e->reuse, k)) != NULL) {
        e->lent[k] = true;
        return;
    }
    for (int j = 0; j < e->p->nodes[k].n_inputs; j++)
        borrow(e, e->p->nodes[k].inputs[j]);
}

/* Seconds that a row costs up to node k, by the clock: of the fastest of some trials with the
 * first chunk, as the first finds cold memory, and others may have to wait for a processor. */
static double row_seconds(struct engine *e, int k)
{
    const struct span s = { .n = rows_left(0, e->d->n, chunk_rows(e->p, k)) };
    double least = INFINITY;
    for (int i = 0; i < 4; i++) {
        const double start = mp_seconds();
        if (run_chunk(e, &e->workers[0], s) < 0)
            return 0; /* all rows will fail the same way, and say so */
        least = fmin(least, mp_seconds() - start);
    }
    return least / (double)s.n / e->threads;
}

/* The rows that a fit is about to read: into the cache, if that is worth it. */
static void begin_save(struct engine *e, int k)
{
    e->save = NULL;
    if (e->reuse != NULL && k >= 0 && e->kept[k] == NULL && mp_room_steady(e->p, k) &&
        mp_reuse_worth(e->reuse, k, row_seconds(e, k)))
        e->save = mp_reuse_begin(e->reuse, k);
}

static void end_save(struct engine *e, int k, bool good, double seconds)
{
    if (e->save != NULL && good)
        mp_reuse_keep(e->reuse, k, e->save, seconds);
    else
        mp_cache_abandon(e->save);
    e->save = NULL;
}

/* Room for rows that node f reads again and again.  For how many: each pass makes the others. */
static size_t room_for(struct mp_ctx *c, struct engine *e, int f, int k, size_t rows)
{
    size_t size, free, some = 0;
    char kept[80];
    const bool small = mp_room_fits(e->p, k, rows, &size, &free);
    const double gib = ldexp((double)size, -30), free_gib = ldexp((double)free, -30);
    if ((small || mp_room_slow(e->p, k, row_seconds(e, k))) && mp_rows_resize(&e->room[k], size)) {
        if (!small)
            mp_remark(c, "%zu rows take %.1f GiB, and %.1f GiB of memory are free for them: %s",
                      rows, gib, free_gib,
                      e->room[k].file != 0 ? "they lie on disk"
                                           : "they are there, for want of a place for files");
        return rows;
    }
    some = mp_room_some(e->p, f, k, rows, free);
    if (some > 0 && !mp_rows_resize(&e->room[k], some * mp_room_row(e->p, k)))
        some = 0;
    if (some > 0 && e->room[k].file != 0) { /* others have taken memory meanwhile */
        mp_rows_free(&e->room[k]);
        some = 0;
    }
    snprintf(kept, sizeof kept, "%zu are kept there, and ", some);
    mp_remark(c, "%zu rows take %.1f GiB, and %.1f GiB of memory are free for them: %seach pass "
              "makes %s again", rows, gib, free_gib, some > 0 ? kept : "",
              some > 0 ? "the others" : "them");
    return some;
}

/* How many rows a thread makes at a time: those of several huge pages, where two threads in one
 * page would both have the system clear it, but enough shares for all threads. */
static size_t share_of(const struct engine *e, size_t rows, size_t row, size_t step)
{
    const size_t pages = ((size_t)8 << 20) / row, even = rows / (4 * (size_t)e->threads);
    const size_t most = pages < even ? pages : even;
    return most > step ? most / step * step : step;
}

/* Runs rows [begin, last), of those of all passes, once up to node k; its output goes to `all`. */
static int make_rows(struct mp_ctx *c, struct engine *e, int k, size_t begin, size_t last,
                     char *all)
{
    const struct mp_node *n = &e->p->nodes[k];
    const size_t row = mp_room_row(e->p, k), step = chunk_rows(e->p, k);
    const size_t share = share_of(e, last - begin, row, step);
    int failed = 0;
    mp_bar_begin(c->run->bar, "prepare rows", (double)(last - begin), "rows");
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t at = begin; at < last; at += share) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        const size_t end = at + rows_left(at, last, share);
        bool good = true;
        for (size_t from = at; from < end && good;) {
            const struct span s = span_at(e, from, end, step);
            good = run_chunk(e, w, s) == MP_OK;
            const struct mp_chunk *v = &w->view[k + 1];
            if (good) {
                char *to = all + (from - begin) * row;
                memcpy(to, n->bytes ? (void *)v->b : (void *)v->x, s.n * row);
                mp_rows_let_go(&e->room[k], to, to + s.n * row);
            }
            from += s.n;
        }
#pragma omp critical(mp_keep_node)
        if (!good && !failed) {
            failed = 1;
            mp_ctx_take(c, &w->c);
        }
        mp_bar_add(c->run->bar, (double)(end - at));
    }
    return failed ? -1 : MP_OK;
}

/* Keeps the output of node k for `rows` rows, those of all passes, or some of them, as far as there
 * is room. */
static int keep_node(struct mp_ctx *c, struct engine *e, int f, int k, size_t rows)
{
    const size_t size = mp_product(rows, mp_room_row(e->p, k));
    borrow(e, k);
    need(e, k);
    const size_t kept = e->kept[k] != NULL ? 0 : room_for(c, e, f, k, rows);
    if (kept == 0)
        return MP_OK;
    char *all = e->room[k].at;
    const double start = mp_seconds();
    if (make_rows(c, e, k, 0, kept, all) < 0)
        return -1;
    if (kept < rows) {
        e->own = (struct share){ e->room[k].at, 0, kept };
        return MP_OK;
    }
    e->kept[k] = all;
    const double seconds = mp_seconds() - start;
    if (rows == e->d->n && mp_reuse_worth(e->reuse, k, seconds / (double)rows) &&
        (e->save = mp_reuse_begin(e->reuse, k)) != NULL) {
        mp_cache_write(e->save, 0, all, size);
        end_save(e, k, true, seconds);
    }
    return MP_OK;
}

/* Of several ranks each keeps the rows that it reads in every pass. */
static int keep_share(struct mp_ctx *c, struct engine *e, int f, int k, size_t rows)
{
    const int r = mp_rank(c);
    const size_t parts = MP_PASS_PARTS, from = rows * mp_share(c, parts, r) / parts;
    const size_t to = rows * mp_share(c, parts, r + 1) / parts;
    need(e, k);
    const size_t kept = e->kept[k] != NULL || e->p->nodes[k].bytes || from == to
                            ? 0 : room_for(c, e, f, k, to - from);
    if (kept == 0)
        return MP_OK;
    e->own = (struct share){ e->room[k].at, from, from + kept };
    return make_rows(c, e, k, from, from + kept, e->room[k].at);
}

/* Rows that were kept in part are of no use for another stage. */
static void drop_share(struct engine *e)
{
    for (int k = 0; k < e->p->n_nodes; k++)
        if (e->own.at != NULL && e->room[k].at == e->own.at)
            mp_rows_free(&e->room[k]);
    e->own = (struct share){ .at = NULL };
}

/* Of what was kept for stages that learn in one pass: what changes with the epoch. */
static void drop_unsteady(struct engine *e)
{
    for (int k = 0; k < e->p->n_nodes; k++)
        if (e->kept[k] != NULL && !mp_room_steady(e->p, k)) {
            mp_rows_free(&e->room[k]);
            e->kept[k] = NULL;
        }
}

/* Keeps what node f will read again and again: for one that learns in epochs each row once, without
 * its copies, which change. */
static int prepare_pull(struct mp_ctx *c, struct engine *e, int f)
{
    const bool passes = mp_learns(e->p->nodes[f].entry, MP_IN_PASSES);
    const size_t rows = passes ? rows_learned(e, f) : e->d->n;
    const bool shared = passes && mp_ranks(c) > 1;
    if (!passes)
        drop_unsteady(e);
    for (int k = 0; k < f; k++)
        if (mp_room_wanted(e->p, f, k) &&
            (shared ? keep_share(c, e, f, k, rows) : keep_node(c, e, f, k, rows)) < 0)
            return -1;
    need(e, e->p->nodes[f].inputs[0]);
    e->workers[0].cost[f].fit_rows += mp_rank(c) == 0 ? rows : 0;
    return MP_OK;
}

/* By the clock, as far as threads share it evenly. */
static double fit_seconds(const struct engine *e, int f)
{
    double sum = 0;
    for (int t = 0; t < e->threads; t++)
        sum += e->workers[t].cost[f].fit;
    return sum / e->threads;
}

static int learn_node(struct mp_ctx *c, struct engine *e, int f, const bool *which)
{
    const struct mp_node *n = &e->p->nodes[f];
    const int input = n->inputs[0];
    bool again = false;
    char what[80];
    for (int k = f + 1; k < e->p->n_nodes; k++)
        again = again || (which[k] && mp_room_depends(e->p, k, input));
    borrow(e, input);
    need(e, input);
    const enum mp_learns how = mp_learner(n->entry)->learns;
    /* And keeps what it needs itself. */
    const bool pulls = how == MP_IN_EPOCHS || how == MP_IN_PASSES;
    /* A rank does not make all rows. */
    bool keep = again && !pulls && input >= 0 && e->kept[input] == NULL && mp_ranks(c) == 1;
    if (keep) {
        const size_t size = mp_product(rows_learned(e, f), mp_room_row(e->p, input));
        /* Held in the spare last slot until the pass is over.  Not in a file: for one more
         * pass, writing and reading that takes longer than most stages do. */
        keep = size < mp_rows_limit() && mp_rows_resize(&e->room[e->p->n_nodes], size);
        e->kept[e->p->n_nodes] = e->room[e->p->n_nodes].at;
    }
    snprintf(what, sizeof what, "fit %s", n->entry->name);
    mp_bar_begin(c->run->bar, what, (double)rows_learned(e, f), "rows");
    e->training = e->fresh;
    const double start = mp_seconds(), own = fit_seconds(e, f);
    if (!pulls)
        begin_save(e, input);
    int rc = pulls                ? prepare_pull(c, e, f)
             : how == MP_IN_ORDER ? fit_in_order(c, e, f, keep)
             : mp_ranks(c) > 1 && mp_learner(n->entry)->shard != NULL
                 ? fit_shared(c, e, f)
                 : fit_shards(c, e, f, keep);
    end_save(e, input, rc == MP_OK, mp_seconds() - start - (fit_seconds(e, f) - own));
    if (keep && rc == MP_OK) {
        e->kept[input] = e->kept[e->p->n_nodes];
        e->room[input] = e->room[e->p->n_nodes];
        e->room[e->p->n_nodes] = (struct mp_rows){ .at = NULL };
    } else {
        mp_rows_free(&e->room[e->p->n_nodes]);
    }
    e->kept[e->p->n_nodes] = NULL;
    if (rc == MP_OK)
        rc = finish(c, e, f);
    drop_share(e);
    if (rc < 0)
        return -1;
    return mp_plan_fitted(c, e->p, f);
}

/* What costs are measured for the cache is in the nodes, too. */
static void settle_fit(struct engine *e, int f)
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
static int fit_node(struct mp_ctx *c, struct engine *e, int f, const bool *which)
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
static int fit_named(struct mp_ctx *c, struct engine *e, int f, const bool *which)
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
    struct engine e = { .p = p, .d = d, .y = y, .fresh = training };
    for (int f = 0; f < p->n_nodes; f++)
        if (which[f])
            mp_plan_forget(p, f);
    int rc = mp_plan_shape(c, p, p->shape);
    if (rc == MP_OK)
        rc = engine_open(c, &e);
    if (rc == MP_OK)
        e.reuse = mp_reuse_open(c, p, d, y, training);
    for (int f = 0; f < p->n_nodes && rc == MP_OK; f++)
        if (which[f])
            rc = fit_named(c, &e, f, which);
    engine_close(&e);
    mp_bar_end(c->run->bar);
    mp_ctx_where(c, "%s", "");
    return rc;
}

int mp_engine_fit_from(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, const int *y,
                       int f, float *rows)
{
    struct engine e = { .p = p, .d = d, .y = y };
    const int input = p->nodes[f].inputs[0];
    bool *which = mp_alloc(c, (size_t)p->n_nodes, sizeof *which);
    mp_plan_forget(p, f);
    int rc = which != NULL ? mp_plan_shape(c, p, p->shape) : -1;
    if (rc == MP_OK)
        rc = engine_open(c, &e);
    if (rc == MP_OK) {
        e.kept[input] = rows;
        e.lent[input] = true;
        which[f] = true;
        rc = learn_node(c, &e, f, which);
    }
    engine_close(&e);
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

/* -------------------------------------------------------------- applying */

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
static int apply_chunks(struct mp_ctx *c, struct engine *e, const struct taker *t)
{
    const size_t n = e->d->n, passes = e->training ? mp_plan_passes(e->p, t->last) : 1;
    const size_t step = chunk_rows(e->p, t->last), chunks = (n + step - 1) / step; /* of a pass */
    const size_t all = chunks * passes;
    const int seen = t->sight != NULL ? t->sight->on_the_way : t->last;
    int failed = 0;
#pragma omp parallel for ordered schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = 0; i < all; i++) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        const size_t row0 = i % chunks * step;
        const struct span s = { .row0 = row0, .n = rows_left(row0, n, step), .pass = i / chunks };
        int stop, rc = -1;
#pragma omp atomic read
        stop = failed;
        if (!stop)
            rc = run_chunk(e, w, s);
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
static bool worth_sending(const struct engine *e, int k)
{
    return k >= 0 && !e->p->nodes[k].bytes && mp_len(e->p->nodes[k].out) <= 256;
}

/* What node k gives for some chunks, of which each rank makes its share. */
struct gathered {
    int k;
    size_t len, first, step; /* the chunks from number `first` on, of `step` rows at most */
    float *x;
};

static int gathered_open(struct mp_ctx *c, const struct engine *e, struct gathered *g, int k,
                         size_t step, size_t chunks)
{
    *g = (struct gathered){ .k = k, .len = mp_len(e->p->nodes[k].out), .step = step };
    g->x = mp_alloc(c, mp_product(chunks * step, g->len), sizeof *g->x);
    return g->x != NULL ? MP_OK : -1;
}

static struct mp_chunk gathered_at(const struct engine *e, const struct gathered *g, size_t i)
{
    return (struct mp_chunk){ .n = rows_left(i * g->step, e->d->n, g->step),
                              .shape = e->p->nodes[g->k].out, .row0 = i * g->step,
                              .x = g->x + (i - g->first) * g->step * g->len };
}

/* Our share of m chunks, after so many nodes. */
static int make_ours(struct mp_ctx *c, struct engine *e, const struct gathered *g, int nodes,
                     size_t m)
{
    const size_t from = g->first + mp_share(c, m, mp_rank(c));
    const size_t to = g->first + mp_share(c, m, mp_rank(c) + 1);
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t i = from; i < to; i++) {
        struct worker *w = &e->workers[omp_get_thread_num()];
        const struct mp_chunk first = gathered_at(e, g, i);
        const bool good = run_chunk(e, w, (struct span){ .row0 = first.row0, .n = first.n }) == 0;
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
static int apply_shared(struct mp_ctx *c, struct engine *e, const struct taker *t)
{
    const size_t step = chunk_rows(e->p, t->last), chunks = (e->d->n + step - 1) / step;
    const size_t many = (size_t)(4 * e->threads * mp_ranks(c));
    const int nodes = t->sight != NULL ? 2 : 1;
    const int node[2] = { t->last, nodes > 1 ? t->sight->on_the_way : -1 };
    struct gathered g[2] = { { .k = -1 }, { .k = -1 } };
    int rc = MP_OK;
    for (int j = 0; j < nodes && rc == MP_OK; j++)
        rc = gathered_open(c, e, &g[j], node[j], step, many);
    for (size_t at = 0, m; at < chunks && rc == MP_OK; at += m) {
        m = rows_left(at, chunks, many);
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

static int apply_all(struct mp_ctx *c, struct engine *e, const char *what, const struct taker *t)
{
    const size_t passes = e->training ? mp_plan_passes(e->p, t->last) : 1;
    const bool shared = mp_ranks(c) > 1 && !e->training && worth_sending(e, t->last) &&
                        (t->sight == NULL || worth_sending(e, t->sight->on_the_way));
    int rc = engine_open(c, e);
    mp_bar_begin(c->run->bar, what, (double)(e->d->n * passes), "rows");
    if (rc == MP_OK) {
        need(e, t->last);
        rc = shared ? apply_shared(c, e, t) : apply_chunks(c, e, t);
    }
    engine_close(e);
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
    struct engine e = { .p = p, .d = d };
    return apply_all(c, &e, what, &(const struct taker){ last, take, arg, sight });
}

int mp_engine_apply_training(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d, int last,
                             const char *what,
                             int (*take)(struct mp_ctx *c, void *arg, const struct mp_chunk *out),
                             void *arg)
{
    struct engine e = { .p = p, .d = d, .training = true };
    return apply_all(c, &e, what, &(const struct taker){ last, take, arg, NULL });
}

int mp_engine_rows(struct mp_ctx *c, struct mp_plan *p, const struct mp_data *d,
                   const size_t *rows, size_t n, int last, bool training, size_t draw, float *x)
{
    struct engine e = { .p = p, .d = d, .training = training };
    const bool copied = training && mp_plan_passes(p, last) > 1;
    int rc = engine_open(c, &e);
    if (rc == MP_OK) {
        need(&e, last);
        rc = gather(c, &e, last, rows, n, copied ? 0 : draw, copied ? draw + 1 : 0, x);
    }
    engine_close(&e);
    mp_ctx_where(c, "%s", "");
    return rc;
}
