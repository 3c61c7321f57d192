/* SPDX-License-Identifier: GPL-3.0-or-later */
/* direct.h - one stage called by hand, without the engine, for tests.
 *
 * Every call gets its rows in memory of their very size, so that the address
 * sanitizer sees a read or write one value past them; without it, words around
 * the output are watched. */
#ifndef MP_DIRECT_H
#define MP_DIRECT_H
#include "core/ctx.h"
#include "pipeline/registry.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct rows {
    size_t n;
    struct mp_shape shape;
    float *x;   /* n * mp_len(shape) */
    uint8_t *b; /* the same as bytes, or NULL: x is no picture of bytes */
    int *y;     /* n class numbers, or NULL */
};

/* How apply() is called. */
struct how {
    size_t step; /* rows a chunk; 0: all */
    size_t row0; /* number of the first row */
    bool in_place, bytes, no_labels;
    uint8_t fill; /* what output memory holds before */
};

enum { DIRECT_GUARD = 16 };

static inline void *direct_memory(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (p == NULL) {
        printf("Bail out! no memory for the test itself\n");
        exit(1);
    }
    return p;
}

static inline void *direct_copy(const void *from, size_t n, size_t size)
{
    void *p = direct_memory(n, size);
    if (n * size > 0)
        memcpy(p, from, n * size);
    return p;
}

static inline struct rows direct_part(const struct rows *r, size_t from, size_t n)
{
    const size_t d = mp_len(r->shape);
    return (struct rows){ n, r->shape, r->x + from * d, r->b != NULL ? r->b + from * d : NULL,
                          r->y != NULL ? r->y + from : NULL };
}

static inline void direct_free(struct rows *r)
{
    free(r->x);
    free(r->b);
    free(r->y);
    memset(r, 0, sizeof *r);
}

/* A negative value must come with a text, and a text with a negative value. */
static inline int direct_said(struct mp_ctx *c, const char *what, int rc)
{
    if (rc < 0 && c->msg[0] == '\0')
        return mp_fail(c, "%s() failed without saying why", what);
    if (rc >= 0 && c->msg[0] != '\0') {
        char text[sizeof c->msg];
        snprintf(text, sizeof text, "%s", c->msg);
        c->msg[0] = '\0';
        return mp_fail(c, "%s() did not fail but said: %.900s", what, text);
    }
    return rc;
}

/* The stage learns from one in so many rows. */
static inline size_t direct_every(const struct mp_stage *s, const void *params, size_t rows)
{
    return s->learner != NULL && s->learner->every != NULL ? s->learner->every(params, rows) : 1;
}

/* One shard into `state`, in chunks of `step` rows, or one by one those that are learned from. */
static inline int direct_fit_shard(struct mp_ctx *c, const struct mp_stage *s, const void *params,
                                   void *state, const struct rows *r, size_t from, size_t to,
                                   size_t step)
{
    const size_t d = mp_len(r->shape), every = direct_every(s, params, r->n);
    int rc = MP_OK;
    for (size_t i = from; i < to && rc >= 0; i += every > 1 ? 1 : step) {
        const size_t n = every > 1 ? 1 : i + step < to ? step : to - i;
        if (i % every != 0)
            continue;
        float *x = direct_copy(r->x + i * d, n * d, sizeof *x);
        int *y = r->y != NULL ? direct_copy(r->y + i, n, sizeof *y) : NULL;
        const struct mp_chunk in = { .n = n, .shape = r->shape, .x = x, .y = y, .row0 = i };
        rc = direct_said(c, "fit", s->fit(c, params, state, &in));
        mp_ctx_reuse(c);
        if (rc >= 0 && memcmp(x, r->x + i * d, n * d * sizeof *x) != 0)
            rc = mp_fail(c, "fit() wrote to its input");
        free(x);
        free(y);
    }
    return rc;
}

static inline void direct_clear(const struct mp_stage *s, void *state)
{
    if (state != NULL && s->clear != NULL)
        s->clear(state);
    free(state);
}

/* All rows in `shards` shards, as the engine does it: each from a zeroed state,
 * the first moved into `state`, the others merged into that in row order. */
static inline int direct_shards(struct mp_ctx *c, const struct mp_stage *s, const void *params,
                                void *state, const struct rows *r, size_t shards, size_t step)
{
    int rc = MP_OK;
    for (size_t k = 0; k < shards && rc >= 0; k++) {
        void *part = direct_memory(1, s->state_size);
        rc = direct_fit_shard(c, s, params, part, r, r->n * k / shards, r->n * (k + 1) / shards,
                              step);
        if (rc >= 0 && k > 0) {
            rc = direct_said(c, "merge", s->merge(c, state, part));
        } else if (rc >= 0) {
            memcpy(state, part, s->state_size);
            memset(part, 0, s->state_size);
        }
        mp_ctx_reuse(c);
        direct_clear(s, part);
    }
    return rc;
}

/* Rows by number for a stage that learns MP_IN_EPOCHS. */
static inline int direct_pull(struct mp_ctx *c, void *arg, const size_t *numbers, size_t n,
                              bool training, size_t epoch, float *x)
{
    const struct rows *r = arg;
    const size_t d = mp_len(r->shape);
    (void)c, (void)training, (void)epoch;
    for (size_t i = 0; i < n; i++)
        memcpy(x + i * d, r->x + numbers[i] * d, d * sizeof *x);
    return MP_OK;
}

/* Rows that a stage asks to be kept lie there, as long as they are floats. */
static inline int direct_keep(struct mp_ctx *c, void *arg, bool rounded,
                              struct mp_kept_rows *kept)
{
    const struct rows *r = arg;
    (void)c;
    kept->at = rounded ? NULL : r->x;
    return MP_OK;
}

/* What the engine does once a stage has learned or has been loaded. */
static inline int direct_ready(struct mp_ctx *c, const struct mp_stage *s, const void *params,
                               void *state, struct mp_shape in)
{
    return s->learner != NULL && s->learner->ready != NULL
               ? direct_said(c, "ready", s->learner->ready(c, params, state, in)) : MP_OK;
}

/* Learns from the rows.  The state that it gives, failed (see c->msg) or not, is
 * to be released with direct_clear(). */
static inline void *direct_fit(struct mp_ctx *c, const struct mp_stage *s, const void *params,
                               const struct rows *r, size_t shards, size_t step)
{
    void *state = direct_memory(1, s->state_size);
    const struct mp_puller puller = { .n = r->n, .all = r->n, .y = r->y, .shape = r->shape,
                                      .pull = direct_pull, .arg = (void *)(uintptr_t)r,
                                      .keep = shards == 1 ? direct_keep : NULL };
    int rc = MP_OK;
    step = step > 0 ? step : r->n;
    c->puller = &puller;
    if (s->fit != NULL)
        rc = direct_shards(c, s, params, state, r, s->merge != NULL ? shards : 1, step);
    if (rc >= 0 && s->done != NULL) {
        rc = direct_said(c, "done", s->done(c, params, state));
        mp_ctx_reuse(c);
    }
    c->puller = NULL;
    if (rc >= 0)
        direct_ready(c, s, params, state, r->shape);
    return state;
}

static inline bool direct_guards_whole(const uint8_t *p, size_t n, uint8_t fill)
{
    for (size_t i = 0; i < DIRECT_GUARD; i++)
        if (p[-1 - (ptrdiff_t)i] != fill || p[n + i] != fill)
            return false;
    return true;
}

/* One chunk; the output goes to `to` as floats. */
static inline int direct_chunk(struct mp_ctx *c, const struct mp_stage *s, const void *params,
                               const void *state, const struct rows *r, struct mp_shape shape,
                               const struct how *how, float *to)
{
    const size_t d = mp_len(r->shape), m = mp_len(shape), size = how->bytes ? 1 : sizeof(float);
    const void *from = how->bytes ? (const void *)r->b : (const void *)r->x;
    /* Without the sanitizer the guards lie around; with it, nothing does. */
#ifdef __SANITIZE_ADDRESS__
    const size_t guard = 0;
#else
    const size_t guard = DIRECT_GUARD;
#endif
    uint8_t *block = direct_memory(r->n * m * size + 2 * guard, 1), *y = block + guard;
    void *x = how->in_place ? y : direct_copy(from, r->n * d, size);
    memset(block, how->fill, r->n * m * size + 2 * guard);
    if (how->in_place)
        memcpy(y, from, r->n * d * size);
    int *labels = r->y != NULL && !how->no_labels ? direct_copy(r->y, r->n, sizeof *labels) : NULL;
    struct mp_chunk in = { .n = r->n, .shape = r->shape, .y = labels, .row0 = how->row0 };
    struct mp_chunk out = in;
    out.shape = shape;
    if (how->bytes) {
        in.b = x;
        out.b = y;
    } else {
        in.x = x;
        out.x = (float *)(void *)y;
    }
    int rc = direct_said(c, "apply", s->apply(c, params, state, &in, &out));
    mp_ctx_reuse(c);
    if (rc >= 0 && guard > 0 && !direct_guards_whole(y, r->n * m * size, how->fill))
        rc = mp_fail(c, "apply() wrote beside its output");
    if (rc >= 0 && !how->in_place && memcmp(x, from, r->n * d * size) != 0)
        rc = mp_fail(c, "apply() wrote to its input");
    for (size_t i = 0; i < r->n * m && rc >= 0; i++)
        to[i] = how->bytes ? (float)y[i] / 255.0f : out.x[i];
    if (!how->in_place)
        free(x);
    free(labels);
    free(block);
    return rc;
}

/* All rows; the output, as floats, is the caller's.  NULL: c->msg says why. */
static inline float *direct_apply(struct mp_ctx *c, const struct mp_stage *s, const void *params,
                                  const void *state, const struct rows *r, struct mp_shape shape,
                                  struct how how)
{
    const size_t m = mp_len(shape), step = how.step > 0 ? how.step : r->n;
    float *y = direct_memory(r->n * m, sizeof *y);
    for (size_t i = 0; i < r->n; i += step, how.row0 += step) {
        const struct rows part = direct_part(r, i, i + step < r->n ? step : r->n - i);
        if (direct_chunk(c, s, params, state, &part, shape, &how, y + i * m) < 0) {
            free(y);
            return NULL;
        }
    }
    return y;
}

/* The shape of the output; models give a score per class. */
static inline int direct_shape(struct mp_ctx *c, const struct mp_entry *e, const void *params,
                               const void *state, struct mp_shape in,
                               struct mp_shape *out)
{
    *out = in;
    if (e->stage->shape != NULL &&
        direct_said(c, "shape", e->stage->shape(c, params, state, in, out)) < 0)
        return -1;
    if (mp_is_model(e))
        *out = (struct mp_shape){ 1, mp_classes(c, NULL), 1 };
    return MP_OK;
}
#endif
