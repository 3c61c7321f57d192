/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer.c - from gradients to weights.
 *
 * Weights are worked on in pieces, side by side; within a piece the items'
 * gradients are added in their order, so threads do not show in the sums, nor do ranks: these
 * send each other, for each step, the gradients of their items of the others' weights, and
 * the weights that they have stepped. */
#include "net/optimizer.h"
#include "core/ranks.h"
#include "core/simd.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct piece {
    size_t at, n;
    int layer;
    const struct mp_weight *tensor;
};

struct step {
    struct mp_optimizer *o;
    const struct mp_net *net;
    const struct mp_net_item *items;
    size_t n_items;
    float *w;
    double rate, scale;       /* scale: what clipping leaves of the gradient */
    struct piece *pieces;
    double *norm;             /* of the gradient of each, squared */
    size_t n_pieces, first, ours; /* ours: so many, from `first` on */
    size_t *piece, *weight;   /* where those of each rank begin, and last where all end */
    size_t *some;             /* the same of a part of the weights */
};

int mp_optimizer_open(struct mp_ctx *c, struct mp_optimizer *o, size_t weights)
{
    const bool two = o->kind == MP_ADAM || o->kind == MP_ADAMW;
    o->step = 0;
    o->sum = o->clip > 0 ? mp_alloc(c, weights, sizeof *o->sum) : NULL;
    o->first = mp_alloc(c, weights, sizeof *o->first);
    o->second = two ? mp_alloc(c, weights, sizeof *o->second) : NULL;
    o->mean = o->average > 0 ? mp_alloc(c, weights, sizeof *o->mean) : NULL;
    const bool all = (o->sum != NULL || o->clip <= 0) && o->first != NULL &&
                     (o->second != NULL || !two) && (o->mean != NULL || o->average <= 0);
    return all ? MP_OK : -1;
}

void mp_optimizer_close(struct mp_optimizer *o)
{
    free(o->sum);
    free(o->first);
    free(o->second);
    free(o->mean);
    o->sum = o->first = o->second = o->mean = NULL;
}

double mp_schedule_rate(int schedule, double rate, uint64_t step, uint64_t steps)
{
    const double pi = 3.14159265358979323846, t = (double)step / (double)steps, warm = 0.25;
    switch (schedule) {
    case MP_STEP:
        return t < 0.5 ? rate : t < 0.75 ? 0.1 * rate : 0.01 * rate;
    case MP_COSINE:
        return 0.5 * rate * (1 + cos(pi * t));
    case MP_ONECYCLE:
        return t < warm
                   ? rate * (1 / 25.0 + (1 - 1 / 25.0) * 0.5 * (1 - cos(pi * t / warm)))
                   : rate * (1e-4 + (1 - 1e-4) * 0.5 * (1 + cos(pi * (t - warm) / (1 - warm))));
    default:
        return rate;
    }
}

/* ------------------------------------------------------------ the gradient */

MP_CLONES static void add(float *restrict sum, const float *restrict g, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += g[i];
}

/* The batch's gradient of a piece. */
static int gradient(struct mp_ctx *c, const struct step *s, const struct piece *p, float *g)
{
    if (p->tensor->outer)
        return mp_net_gradient(c, s->net, p->layer, p->at - s->net->layers[p->layer].offset[0],
                               p->n, g);
    memcpy(g, s->items[0].dw + p->at, p->n * sizeof *g);
    for (size_t k = 1; k < s->n_items; k++)
        add(g, s->items[k].dw + p->at, p->n);
    return MP_OK;
}

/* Keeps it, and finds its length. */
static int sum_piece(struct mp_ctx *c, void *arg, size_t i)
{
    struct step *s = arg;
    const struct piece *p = &s->pieces[i];
    float *sum = s->o->sum + p->at;
    if (gradient(c, s, p, sum) < 0)
        return -1;
    s->norm[i] = 0;
    for (size_t j = 0; j < p->n && !p->tensor->fixed; j++)
        s->norm[i] += (double)sum[j] * (double)sum[j];
    return MP_OK;
}

/* ---------------------------------------------------------------- the step */

MP_CLONES static void sgd(float *restrict w, const float *restrict g, float *restrict m, size_t n,
                          float rate, float momentum, float decay, float scale, bool nesterov)
{
    for (size_t i = 0; i < n; i++) {
        const float d = g[i] * scale + decay * w[i];
        m[i] = momentum * m[i] + d;
        w[i] -= rate * (nesterov ? d + momentum * m[i] : m[i]);
    }
}

MP_CLONES static void rmsprop(float *restrict w, const float *restrict g, float *restrict v,
                              size_t n, float rate, float decay, float scale)
{
    for (size_t i = 0; i < n; i++) {
        const float d = g[i] * scale + decay * w[i];
        v[i] = 0.99f * v[i] + 0.01f * d * d;
        w[i] -= rate * d / (sqrtf(v[i]) + 1e-8f);
    }
}

/* Kingma and Ba 2015; with `apart`, the decay is apart from the gradient: Loshchilov
 * and Hutter 2019. */
MP_CLONES static void adam(float *restrict w, const float *restrict g, float *restrict m,
                           float *restrict v, size_t n, float rate, float decay, float scale,
                           bool apart, float first_left, float second_left)
{
    const float together = apart ? 0 : decay, shrink = apart ? 1 - rate * decay : 1;
    for (size_t i = 0; i < n; i++) {
        const float d = g[i] * scale + together * w[i];
        m[i] = 0.9f * m[i] + 0.1f * d;
        v[i] = 0.999f * v[i] + 0.001f * d * d;
        w[i] = shrink * w[i] - rate / first_left * m[i] / (sqrtf(v[i] / second_left) + 1e-8f);
    }
}

/* The weights after step k count average^(t - k): what is new after t steps has this share of the
 * sum, which is 1 at first, so that the mean does not remember where it began. */
MP_CLONES static void blend(float *restrict mean, const float *restrict w, size_t n, float share)
{
    for (size_t i = 0; i < n; i++)
        mean[i] += share * (w[i] - mean[i]);
}

/* Of piece p, whose gradient is g. */
static void move(const struct step *s, const struct piece *p, const float *g)
{
    const struct mp_optimizer *o = s->o;
    float *w = s->w + p->at, *m = o->first + p->at;
    const float rate = (float)s->rate, scale = (float)s->scale;
    const float decay = p->tensor->decay ? (float)o->decay : 0;
    const double t = (double)o->step;
    if (p->tensor->fixed) {
        const float part = (float)p->tensor->blend, share = part / (float)s->n_items;
        for (size_t j = 0; j < p->n; j++)
            w[j] = (1 - part) * w[j] + share * g[j];
    } else if (o->kind == MP_SGD || o->kind == MP_NESTEROV)
        sgd(w, g, m, p->n, rate, (float)o->momentum, decay, scale, o->kind == MP_NESTEROV);
    else if (o->kind == MP_RMSPROP)
        rmsprop(w, g, m, p->n, rate, decay, scale);
    else
        adam(w, g, m, o->second + p->at, p->n, rate, decay, scale, o->kind == MP_ADAMW,
             (float)(1 - pow(0.9, t)), (float)(1 - pow(0.999, t)));
    if (o->mean != NULL)
        blend(o->mean + p->at, w, p->n, (float)((1 - o->average) / (1 - pow(o->average, t))));
}

static int step_piece(struct mp_ctx *c, void *arg, size_t i)
{
    const struct step *s = arg;
    const struct piece *p = &s->pieces[i];
    (void)c;
    move(s, p, s->o->sum + p->at);
    mp_net_round(s->net, s->w, p->at, p->n);
    return MP_OK;
}

/* In one go, while the piece is in the cache: clipping alone needs all sums first. */
static int sum_and_step(struct mp_ctx *c, void *arg, size_t i)
{
    const struct step *s = arg;
    const struct piece *p = &s->pieces[i];
    const int mark = mp_scratch_mark(c);
    float *g = mp_scratch(c, p->n);
    const int rc = g != NULL ? gradient(c, s, p, g) : -1;
    if (rc == MP_OK) {
        move(s, p, g);
        mp_net_round(s->net, s->w, p->at, p->n);
    }
    mp_scratch_release(c, mark);
    return rc;
}

static int round_piece(struct mp_ctx *c, void *arg, size_t i)
{
    const struct step *s = arg;
    (void)c;
    mp_net_round(s->net, s->w, s->pieces[i].at, s->pieces[i].n);
    return MP_OK;
}

/* -------------------------------------------------------------- who steps what */

static int cut(struct mp_ctx *c, const struct mp_net *net, struct step *s)
{
    size_t n = 0;
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].n_weights; k++)
            n += net->layers[i].weight[k].size / mp_net_piece(&net->layers[i].weight[k]) + 1;
    if ((s->pieces = mp_alloc(c, n, sizeof *s->pieces)) == NULL)
        return -1;
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].n_weights; k++) {
            const struct mp_weight *t = &net->layers[i].weight[k];
            const size_t piece = mp_net_piece(t);
            for (size_t at = 0; at < t->size; at += piece)
                s->pieces[s->n_pieces++] = (struct piece){
                    .at = net->layers[i].offset[k] + at,
                    .n = t->size - at < piece ? t->size - at : piece, .layer = i, .tensor = t };
        }
    return MP_OK;
}

/* Each rank steps pieces that follow one another, and have about as many weights as the others'. */
static int share(struct mp_ctx *c, struct step *s)
{
    const int ranks = mp_ranks(c), mine = mp_rank(c);
    s->piece = mp_alloc(c, (size_t)ranks + 1, sizeof *s->piece);
    s->weight = mp_alloc(c, (size_t)ranks + 1, sizeof *s->weight);
    s->some = mp_alloc(c, (size_t)ranks + 1, sizeof *s->some);
    s->norm = mp_alloc(c, s->n_pieces, sizeof *s->norm);
    if (s->norm == NULL || s->piece == NULL || s->weight == NULL || s->some == NULL)
        return -1;
    for (int r = 0; r <= ranks; r++) {
        size_t i = r > 0 ? s->piece[r - 1] : 0;
        while (i < s->n_pieces && s->pieces[i].at < mp_share(c, s->net->weights, r))
            i++;
        s->piece[r] = i;
        s->weight[r] = i < s->n_pieces ? s->pieces[i].at : s->net->weights;
    }
    s->first = s->piece[mine];
    s->ours = s->piece[mine + 1] - s->first;
    return MP_OK;
}

static int open_step(struct mp_ctx *c, struct step *s)
{
    return cut(c, s->net, s) < 0 ? -1 : share(c, s);
}

static void close_step(struct step *s)
{
    free(s->pieces);
    free(s->norm);
    free(s->piece);
    free(s->weight);
    free(s->some);
}

/* The items' gradients of weights [from, to) go to those that step them. */
static int turn(struct mp_ctx *c, const struct step *s, size_t from, size_t to)
{
    for (int r = 0; r <= mp_ranks(c); r++) {
        const size_t at = s->weight[r] < from ? from : s->weight[r];
        s->some[r] = at < to ? at : to;
    }
    return mp_ranks_turn(c, MP_OK, s->items[0].dw, s->n_items, s->net->weights, s->some);
}

/* Of an `outer` tensor, whose gradient is made of all rows, the rows go round instead. */
static int exchange(struct mp_ctx *c, const struct step *s)
{
    const struct mp_net *net = s->net;
    size_t from = 0;
    for (int i = 0; i < net->n; i++) {
        const size_t at = net->layers[i].offset[0];
        if (net->layers[i].outer == NULL)
            continue;
        if (turn(c, s, from, at) < 0)
            return -1;
        for (int r = 0; r <= mp_ranks(c); r++)
            s->some[r] = mp_share(c, s->n_items, r) * MP_NET_ITEM;
        if (mp_net_collect(c, net, i, s->some) < 0)
            return -1;
        from = at + net->layers[i].weight[0].size;
    }
    return turn(c, s, from, net->weights);
}

/* The pieces that are ours, side by side. */
struct ours {
    struct step *s;
    int (*work)(struct mp_ctx *c, void *arg, size_t i);
};

static int one_of_ours(struct mp_ctx *c, void *arg, size_t i)
{
    const struct ours *o = arg;
    return o->work(c, o->s, o->s->first + i);
}

static int for_ours(struct mp_ctx *c, struct step *s,
                    int (*work)(struct mp_ctx *c, void *arg, size_t i))
{
    struct ours o = { s, work };
    return mp_parallel_for(c, s->ours, one_of_ours, &o);
}

/* Sums all gradients, and finds what is left of one that is too long. */
static int clip(struct mp_ctx *c, struct step *s)
{
    double norm = 0;
    const int rc = for_ours(c, s, sum_piece);
    if (mp_ranks_gather(c, rc, s->norm, sizeof *s->norm, s->piece) < 0)
        return -1;
    for (size_t i = 0; i < s->n_pieces; i++)
        norm += s->norm[i];
    if (sqrt(norm) > s->o->clip)
        s->scale = s->o->clip / (sqrt(norm) + 1e-6);
    return MP_OK;
}

/* The weights that other ranks have stepped. */
static int take_weights(struct mp_ctx *c, struct step *s)
{
    if (mp_ranks_gather(c, MP_OK, s->w, sizeof *s->w, s->weight) < 0)
        return -1;
    return mp_ranks(c) > 1 && s->net->rounded != NULL
               ? mp_parallel_for(c, s->n_pieces, round_piece, s) : MP_OK;
}

int mp_optimizer_step(struct mp_ctx *c, struct mp_optimizer *o, const struct mp_net *net, float *w,
                      const struct mp_net_item *items, size_t n_items, double rate)
{
    struct step s = {
        .o = o, .net = net, .items = items, .n_items = n_items, .w = w, .rate = rate, .scale = 1
    };
    o->step++;
    int rc = open_step(c, &s);
    if (rc == MP_OK && mp_ranks(c) > 1)
        rc = exchange(c, &s);
    if (rc == MP_OK && o->clip > 0)
        rc = clip(c, &s);
    if (rc == MP_OK)
        rc = for_ours(c, &s, o->clip > 0 ? step_piece : sum_and_step);
    if (rc == MP_OK)
        rc = take_weights(c, &s);
    close_step(&s);
    return rc;
}

int mp_optimizer_collect(struct mp_ctx *c, struct mp_optimizer *o, const struct mp_net *net)
{
    struct step s = { .o = o, .net = net };
    int rc = open_step(c, &s);
    if (rc == MP_OK)
        rc = mp_ranks_gather(c, rc, o->first, sizeof *o->first, s.weight);
    if (rc == MP_OK && o->second != NULL)
        rc = mp_ranks_gather(c, rc, o->second, sizeof *o->second, s.weight);
    if (rc == MP_OK && o->mean != NULL)
        rc = mp_ranks_gather(c, rc, o->mean, sizeof *o->mean, s.weight);
    close_step(&s);
    return rc;
}
