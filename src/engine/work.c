/* SPDX-License-Identifier: GPL-3.0-or-later */
/* work.c - takes a chunk of rows through the nodes of a plan. */
#include "engine/work.h"
#include "core/clock.h"
#include "core/progress.h"
#include "core/simd.h"
#include "engine/room.h"
#include <stdlib.h>
#include <string.h>

void mp_work_close(struct mp_work *e)
{
    for (int t = 0; e->workers != NULL && t < e->threads; t++) {
        struct mp_worker *w = &e->workers[t];
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
    mp_rows_free(&e->own.room);
    mp_reuse_close(e->reuse);
    free(e->lent);
    free(e->workers);
    free(e->needed);
    free(e->source);
    free(e->kept);
    free(e->room);
}

int mp_work_open(struct mp_ctx *c, struct mp_work *e)
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
        struct mp_worker *w = &e->workers[t];
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

static void *reserve(struct mp_ctx *c, struct mp_block *b, size_t size)
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

struct mp_span mp_work_span(const struct mp_work *e, size_t at, size_t end, size_t most)
{
    const size_t row0 = at % e->d->n, left = e->d->n - row0 < end - at ? e->d->n - row0 : end - at;
    return (struct mp_span){ .row0 = row0, .n = left < most ? left : most, .pass = at / e->d->n };
}

size_t mp_work_epoch(const struct mp_work *e, int k, const struct mp_span *s)
{
    return s->epoch + (mp_plan_passes(e->p, k) > 1 ? s->pass : 0);
}

/* Rows that learn is what some stages change; with copies, not the rows themselves. */
static bool is_active(const struct mp_work *e, const struct mp_node *n, const struct mp_span *s)
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

int mp_work_floats(struct mp_worker *w, int k, struct mp_chunk *in)
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

static int run_union(struct mp_worker *w, const struct mp_node *n, struct mp_chunk *out)
{
    const size_t d = mp_len(out->shape);
    size_t from = 0;
    for (int j = 0; j < n->n_inputs; j++) {
        struct mp_chunk in;
        if (mp_work_floats(w, n->inputs[j], &in) < 0)
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
static bool in_place(const struct mp_work *e, const struct mp_node *n)
{
    const int from = n->inputs[0];
    return (n->entry->stage->flags & MP_INPLACE) && from >= 0 && e->kept[from] == NULL &&
           e->p->nodes[from].n_uses == 1 && mp_len(n->in) == mp_len(n->out);
}

static int run_node(struct mp_work *e, struct mp_worker *w, int k, const struct mp_span *s)
{
    const struct mp_node *n = &e->p->nodes[k];
    struct mp_chunk *out = &w->view[k + 1], in = w->view[n->inputs[0] + 1];
    const bool is_union = n->entry == NULL;
    mp_plan_where(&w->c, e->p, k);
    if (!is_union && !n->bytes && mp_work_floats(w, n->inputs[0], &in) < 0)
        return -1;
    in.epoch = mp_work_epoch(e, k, s);
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
static void *rows_of(struct mp_worker *w, struct mp_block *b, const void *all, size_t row_bytes,
                     const struct mp_span *s)
{
    if (s->rows == NULL)
        return (char *)(uintptr_t)all + s->row0 * row_bytes;
    char *at = reserve(&w->c, b, s->n * row_bytes);
    for (size_t i = 0; i < s->n && at != NULL; i++)
        memcpy(at + i * row_bytes, (const char *)all + s->rows[i] * row_bytes, row_bytes);
    return at;
}

void mp_work_let_go(const struct mp_work *e, size_t from, size_t to)
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

static int view_kept(struct mp_work *e, struct mp_worker *w, int k, const struct mp_span *s)
{
    const struct mp_node *n = &e->p->nodes[k];
    const size_t row = mp_room_row(e->p, k);
    const char *pass = (char *)e->kept[k] + (n->passes > 1 ? s->pass : 0) * e->d->n * row;
    void *at = rows_of(w, &w->out[k + 1], pass, row, s);
    struct mp_chunk v = w->view[0];
    v.shape = n->out;
    v.epoch = mp_work_epoch(e, k, s);
    v.x = n->bytes ? NULL : at;
    v.b = n->bytes ? at : NULL;
    w->view[k + 1] = v;
    return at != NULL ? MP_OK : -1;
}

int mp_work_chunk(struct mp_work *e, struct mp_worker *w, struct mp_span s)
{
    const struct mp_data *d = e->d;
    mp_work_let_go(e, w->from, w->to);
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

void mp_work_need(struct mp_work *e, int target)
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

size_t mp_work_rows(const struct mp_plan *p, int last)
{
    size_t values = mp_len(p->shape), rows = MP_CHUNK_ROWS;
    for (int k = 0; k <= last; k++)
        values += mp_len(p->nodes[k].out);
    while (rows > 1 && rows * values > MP_CHUNK_VALUES)
        rows /= 2;
    return rows;
}

size_t mp_work_learned(const struct mp_work *e, int f)
{
    return e->d->n * (e->fresh ? mp_plan_passes(e->p, e->p->nodes[f].inputs[0]) : 1);
}
