/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gather.c - rows by number, which stages that train in epochs ask for. */
#include "engine/gather.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Of rows, each in its pass and named by its number among all that pass, the first ones that
 * lie in one pass: n at most.  Those that follow one another are a span of their own. */
static struct mp_span span_of(const struct mp_work *e, const size_t *rows, size_t n, size_t *room)
{
    const size_t pass = rows[0] / e->d->n;
    struct mp_span s = { .row0 = rows[0] % e->d->n, .pass = pass };
    bool run = true;
    for (; s.n < n && rows[s.n] / e->d->n == pass; s.n++) {
        room[s.n] = rows[s.n] % e->d->n;
        run = run && room[s.n] == s.row0 + s.n;
    }
    s.rows = run ? NULL : room;
    return s;
}

/* What of the data and of what was kept has been read for the span. */
static void let_span_go(const struct mp_work *e, const struct mp_span *s)
{
    size_t from = e->d->n, to = 0;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = s->rows != NULL ? s->rows[i] : s->row0 + i;
        from = row < from ? row : from;
        to = row >= to ? row + 1 : to;
    }
    mp_work_let_go(e, from, to);
}

/* A worker's part of mp_gather(). */
static int gather_some(struct mp_work *e, struct mp_worker *w, int last, const size_t *rows,
                       size_t n, size_t epoch, size_t pass, float *x)
{
    size_t room[MP_CHUNK_ROWS];
    for (size_t at = 0, some; at < n; at += some) {
        struct mp_chunk in = { .n = 0 };
        struct mp_span s = span_of(e, rows + at, n - at, room);
        s.epoch = epoch;
        s.pass += pass;
        some = s.n;
        if (mp_work_chunk(e, w, s) < 0 || mp_work_floats(w, last, &in) < 0)
            return -1;
        const size_t len = mp_len(in.shape);
        memcpy(x + at * len, in.x, some * len * sizeof *x);
        let_span_go(e, &s);
    }
    return MP_OK;
}

int mp_gather(struct mp_ctx *c, struct mp_work *e, int last, const size_t *rows, size_t n,
              size_t epoch, size_t pass, float *x)
{
    const size_t len = mp_len(last < 0 ? e->p->shape : e->p->nodes[last].out);
    const size_t even = n / (size_t)e->threads / 4 + 1, most = mp_work_rows(e->p, last);
    const size_t step = even < most ? even : most;
    int failed = 0;
#pragma omp parallel for schedule(dynamic, 1) num_threads(e->threads)
    for (size_t at = 0; at < n; at += step) {
        struct mp_worker *w = &e->workers[omp_get_thread_num()];
        const int rc = gather_some(e, w, last, rows + at, mp_work_left(at, n, step), epoch, pass,
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
    struct mp_work *e = arg;
    e->training = training && e->fresh;
    return mp_gather(c, e, e->p->nodes[e->puller].inputs[0], rows, n, epoch, 0, x);
}

/* The stage that makes vectors of what node n reads; NULL: it reads images. */
static const char *vectors_of(const struct mp_plan *p, const struct mp_node *n)
{
    const struct mp_node *from = n->inputs[0] >= 0 ? &p->nodes[n->inputs[0]] : NULL;
    if (from == NULL || from->image)
        return NULL;
    return from->entry != NULL ? from->entry->name : "union";
}

static void name_value(void *arg, size_t i, char *text, size_t size)
{
    const struct mp_work *e = arg;
    mp_plan_label(e->p, e->p->nodes[e->puller].inputs[0], i, text, size);
}

struct mp_puller mp_gather_puller(struct mp_work *e, int f)
{
    const struct mp_node *n = &e->p->nodes[f];
    e->puller = f;
    return (struct mp_puller){ .n = e->d->n, .all = mp_work_learned(e, f), .y = e->y,
                               .shape = n->in, .pull = pull_rows, .name = name_value, .arg = e,
                               .from = vectors_of(e->p, n) };
}
