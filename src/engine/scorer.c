/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scorer.c - a few rows through a fitted plan, now. */
#include "engine/scorer.h"
#include "engine/work.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct mp_scorer {
    struct mp_work e;
    struct mp_data d;
    int last;
    size_t step;
};

struct mp_scorer *mp_scorer_open(struct mp_ctx *c, struct mp_plan *p, int last)
{
    struct mp_scorer *s = mp_alloc(c, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->d.shape = p->shape;
    s->last = last;
    s->e = (struct mp_work){ .p = p, .d = &s->d };
    s->step = mp_work_rows(p, last);
    if (mp_work_open(c, &s->e) < 0) {
        mp_scorer_close(s);
        return NULL;
    }
    mp_work_need(&s->e, last);
    return s;
}

void mp_scorer_close(struct mp_scorer *s)
{
    if (s == NULL)
        return;
    for (int t = 0; s->e.workers != NULL && t < s->e.threads; t++) {
        free(s->e.workers[t].cost); /* nobody asks what it cost, and others look at the plan */
        s->e.workers[t].cost = NULL;
    }
    mp_work_close(&s->e);
    free(s);
}

static int take(struct mp_ctx *c, const struct mp_chunk *out, float *scores)
{
    const size_t k = mp_len(out->shape), n = out->n * k;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(out->x[i]))
            return mp_fail(c, "row %zu: the model gave a score that is no finite number",
                           out->row0 + i / k + 1);
    memcpy(scores, out->x, n * sizeof *scores);
    return MP_OK;
}

int mp_scorer_apply(struct mp_ctx *c, struct mp_scorer *s, const uint8_t *rows, size_t n,
                    float *scores)
{
    const struct mp_plan *p = s->e.p;
    const size_t k = mp_len(s->last < 0 ? p->shape : p->nodes[s->last].out);
    struct mp_worker *w = &s->e.workers[0];
    s->d.x = (uint8_t *)(uintptr_t)rows;
    s->d.n = n;
    w->from = w->to = 0;
    for (size_t at = 0; at < n; at += s->step) {
        const struct mp_span span = { .row0 = at, .n = mp_work_left(at, n, s->step) };
        w->c.msg[0] = '\0';
        struct mp_chunk out;
        if (mp_work_chunk(&s->e, w, span) < 0 || mp_work_floats(w, s->last, &out) < 0) {
            mp_ctx_take(c, &w->c);
            return -1;
        }
        if (take(c, &out, scores + at * k) < 0)
            return -1;
    }
    return MP_OK;
}
