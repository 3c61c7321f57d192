/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net.c - a net: layers one after another. */
#include "net/net.h"
#include "core/clock.h"
#include "core/param.h"
#include "core/random.h"
#include "core/ranks.h"
#include "linear/dnn.h"
#include "linear/matmul.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PAD = 32, /* so many bf16 are 64 bytes */
       PIECE = 1 << 14 };

/* What a batch's gradient of an `outer` tensor is made from: kept until all rows are there,
 * for one product of many rows reads and writes far less than many of few. */
struct mp_net_outer {
    size_t batch;
    bool bf16;
    void *x, *dy;                   /* batch x fan_in, batch x fan_out */
    struct mp_matmul *piece, *rest; /* rest: for the tensor's last rows, or NULL */
};

static size_t padded(size_t n)
{
    return (n + PAD - 1) / PAD * PAD;
}

static void close_outer(struct mp_net_outer *o)
{
    if (o == NULL)
        return;
    mp_matmul_close(o->piece);
    mp_matmul_close(o->rest);
    free(o->x);
    free(o->dy);
    free(o);
}

void mp_net_close(struct mp_net *net)
{
    for (int i = 0; i < net->n; i++) {
        struct mp_net_layer *l = &net->layers[i];
        close_outer(l->outer);
        if (l->plan != NULL && l->layer->close != NULL)
            l->layer->close(l->plan);
        if (l->rest != NULL && l->layer->close != NULL)
            l->layer->close(l->rest);
        if (l->own_params != NULL)
            mp_params_free(l->layer->params, l->own_params);
        free(l->own_params);
    }
    free(net->layers);
    free(net->rounded);
    memset(net, 0, sizeof *net);
}

size_t mp_at_once(size_t n, double work)
{
    const double most = (double)(1ull << 32);
    size_t parts = 1;
    while (parts < n && (n % parts != 0 || work * (double)(n / parts) > most))
        parts++;
    return n > 0 ? n / parts : 1;
}

/* --------------------------------------------------------------- placing */

static int place(struct mp_ctx *c, struct mp_net *net, struct mp_net_layer *l)
{
    l->in = l->out = net->n > 0 ? net->layers[net->n - 1].out : net->in;
    if (l->layer->shape != NULL && l->layer->shape(c, l->params, l->in, &l->out) < 0)
        return -1;
    if (l->out.h < 1 || l->out.w < 1 || l->out.c < 1 ||
        (double)l->out.h * l->out.w * l->out.c > 1 << 20)
        return mp_fail(c, "makes %d x %d x %d of %d x %d x %d, which is no possible shape",
                       l->out.h, l->out.w, l->out.c, l->in.h, l->in.w, l->in.c);
    if (l->layer->weights != NULL)
        l->n_weights = l->layer->weights(l->params, l->in, l->out, l->weight);
    if (l->n_weights < 0 || l->n_weights > MP_LAYER_WEIGHTS)
        return mp_fail(c, "lists %d tensors of weights", l->n_weights);
    for (int k = 0; k < l->n_weights; k++) {
        l->offset[k] = net->weights;
        net->weights += padded(l->weight[k].size);
    }
    l->saved = l->layer->saved != NULL ? l->layer->saved(l->params, l->in, l->out) : 0;
    net->n++;
    return MP_OK;
}

/* The last layer: a dense one with one output a class and no activation. */
static int add_output(struct mp_ctx *c, struct mp_net *net)
{
    struct mp_net_layer *l = &net->layers[net->n];
    char units[32];
    for (int i = 0; mp_layers_found[i].name != NULL; i++)
        if (strcmp(mp_layers_found[i].name, "dense") == 0)
            l->layer = mp_layers_found[i].layer;
    l->name = "dense";
    snprintf(units, sizeof units, "%d", net->classes > 0 ? net->classes : 1);
    l->own_params = mp_alloc(c, 1, l->layer->params_size);
    l->params = l->own_params;
    if (l->own_params == NULL ||
        mp_params_default(c, l->layer->params, l->own_params, l->layer->params_size) < 0 ||
        mp_params_set(c, l->layer->params, l->own_params, "units", units) < 0 ||
        mp_params_set(c, l->layer->params, l->own_params, "act", "none") < 0)
        return -1;
    return place(c, net, l);
}

int mp_net_open(struct mp_ctx *c, struct mp_net *net, const struct mp_layers *lines,
                struct mp_shape in, int classes)
{
    memset(net, 0, sizeof *net);
    net->in = in;
    net->classes = classes;
    net->layers = mp_alloc(c, (size_t)lines->n + 1, sizeof *net->layers);
    int rc = net->layers != NULL ? MP_OK : -1;
    for (int i = 0; i < lines->n && rc == MP_OK; i++) {
        const struct mp_layer_line *line = &lines->at[i];
        const struct mp_where before = mp_layer_where(c, line->line, line->name);
        struct mp_net_layer *l = &net->layers[net->n];
        l->layer = line->layer;
        l->name = line->name;
        l->params = line->params;
        l->line = line->line;
        rc = place(c, net, l);
        mp_where_restore(c, &before);
    }
    if (rc == MP_OK)
        rc = add_output(c, net);
    if (rc < 0)
        mp_net_close(net);
    return rc;
}

size_t mp_net_layer_values(const struct mp_net_layer *l)
{
    size_t sum = 0;
    for (int k = 0; k < l->n_weights; k++)
        sum += l->weight[k].size;
    return sum;
}

size_t mp_net_values(const struct mp_net *net)
{
    size_t sum = 0;
    for (int i = 0; i < net->n; i++)
        sum += mp_net_layer_values(&net->layers[i]);
    return sum;
}

/* What gives the vectors that layer i reads: a layer before it, or a stage; NULL: nothing. */
static const char *vectors_of(struct mp_ctx *c, const struct mp_net *net, int i)
{
    for (int k = i - 1; k >= 0; k--)
        if (net->layers[k].in.h > 1)
            return net->layers[k].name;
    return mp_pull_from(c);
}

/* A vector is one row of values, or one step, in an order that means nothing. */
void mp_net_warn(struct mp_ctx *c, const struct mp_net *net)
{
    for (int i = 0; i < net->n; i++) {
        const struct mp_net_layer *l = &net->layers[i];
        const bool steps = l->layer->reads == MP_READS_STEPS;
        const bool vector = l->in.h == 1 && (steps || (l->in.c == 1 && l->in.w > 1));
        const char *from = vector && l->layer->reads != MP_READS_VALUES ? vectors_of(c, net, i)
                                                                        : NULL;
        if (from == NULL)
            continue;
        const struct mp_where before = mp_layer_where(c, l->line, l->name);
        mp_warn(c, "reads 1 %s of %zu values: its input is no image (%s)", steps ? "step" : "row",
                mp_len(l->in), from);
        mp_where_restore(c, &before);
    }
}

/* How many of layers 0 .. i have the name of layer i. */
static int nth(const struct mp_net *net, int i)
{
    int n = 0;
    for (int k = 0; k <= i; k++)
        n += strcmp(net->layers[k].name, net->layers[i].name) == 0;
    return n;
}

int mp_net_find(struct mp_ctx *c, const struct mp_net *net, const char *name)
{
    const int output = net->n - 1;
    char own[80], all[512] = "";
    if (strcmp(name, "output") == 0)
        return output;
    for (int i = output - 1; i >= 0; i--) {
        snprintf(own, sizeof own, "%.64s%d", net->layers[i].name, nth(net, i));
        if (*name == '\0' || strcmp(name, net->layers[i].name) == 0 || strcmp(name, own) == 0)
            return i;
    }
    for (int i = 0; i < output; i++) {
        const size_t n = strlen(all);
        snprintf(all + n, sizeof all - n, "%.64s%d ", net->layers[i].name, nth(net, i));
    }
    return mp_fail(c, "layer=%s: the net has no such layer; it has %soutput", name, all);
}

static bool alone(const struct mp_net *net, int i)
{
    for (int k = i + 1; k < net->n - 1; k++)
        if (strcmp(net->layers[k].name, net->layers[i].name) == 0)
            return false;
    return nth(net, i) == 1;
}

struct mp_net_view mp_net_view(const struct mp_net *net, int layer)
{
    const struct mp_net_layer *l = &net->layers[layer];
    struct mp_net_view v = { .shape = l->layer->seen != NULL
                                          ? l->layer->seen(l->params, l->in, l->out)
                                          : l->out,
                             .new = l->n_weights > 0 || mp_len(l->in) != mp_len(l->out) };
    if (layer == net->n - 1)
        snprintf(v.name, sizeof v.name, "output");
    else if (alone(net, layer))
        snprintf(v.name, sizeof v.name, "%.50s", l->name);
    else
        snprintf(v.name, sizeof v.name, "%.50s%d", l->name, nth(net, layer));
    return v;
}

/* Scores are made in f32: the last layer costs little. */
static enum mp_precision precision_of(const struct mp_net *net, int i)
{
    return i == net->n - 1 ? MP_F32 : net->precision;
}

/* Whether layer i reads and writes bf16. */
static bool takes_bf16(const struct mp_net *net, int i)
{
    return i >= 0 && i < net->n && precision_of(net, i) == MP_BF16 &&
           net->layers[i].layer->forward_bf16 != NULL;
}

size_t mp_net_piece(const struct mp_weight *t)
{
    const size_t rows = t->outer && t->fan_out > 0 ? PIECE / t->fan_out : PIECE;
    return (rows > 0 ? rows : 1) * (t->outer ? t->fan_out : 1);
}

static struct mp_matmul *plan_rows(struct mp_ctx *c, const struct mp_net_outer *o,
                                   const struct mp_weight *t, size_t rows)
{
    return mp_matmul_open(c, &(struct mp_matmul_dims){
        .m = rows, .n = t->fan_out, .k = o->batch, .ta = true, .lda = t->fan_in,
        .ldb = t->fan_out, .ldc = t->fan_out, .precision = o->bf16 ? MP_BF16 : MP_F32 });
}

/* Of a layer whose first tensor is `outer`; no other tensor can be. */
static int plan_outer(struct mp_ctx *c, struct mp_net *net, int i, size_t batch)
{
    struct mp_net_layer *l = &net->layers[i];
    const struct mp_weight *t = &l->weight[0];
    close_outer(l->outer);
    l->outer = NULL;
    if (l->n_weights == 0 || !t->outer || batch == 0)
        return MP_OK;
    struct mp_net_outer *o = l->outer = mp_alloc(c, 1, sizeof *o);
    if (o == NULL)
        return -1;
    o->batch = batch;
    o->bf16 = takes_bf16(net, i);
    const size_t size = o->bf16 ? sizeof(mp_bf16) : sizeof(float);
    const size_t rows = mp_net_piece(t) / t->fan_out, rest = t->fan_in % rows;
    o->x = mp_alloc(c, mp_product(batch, t->fan_in), size);
    o->dy = mp_alloc(c, mp_product(batch, t->fan_out), size);
    if (o->x == NULL || o->dy == NULL ||
        (t->fan_in >= rows && (o->piece = plan_rows(c, o, t, rows)) == NULL) ||
        (rest > 0 && (o->rest = plan_rows(c, o, t, rest)) == NULL))
        return -1;
    return MP_OK;
}

/* For items of n rows; 0: there are none. */
static int plan_item(struct mp_ctx *c, const struct mp_net *net, int i, size_t n, bool training,
                     void **plan)
{
    const struct mp_net_layer *l = &net->layers[i];
    if (*plan != NULL)
        l->layer->close(*plan);
    *plan = NULL;
    return n == 0 || l->layer->open == NULL
               ? MP_OK
               : l->layer->open(c, l->params, l->in, l->out, n, precision_of(net, i), training,
                                plan);
}

/* How many multiply-adds of a layer are left to do. */
static double left_to_do(const struct mp_net_layer *l, enum mp_precision precision)
{
    const struct mp_layer *s = l->layer;
    const double work = s->work != NULL ? s->work(l->params, l->in, l->out) : 0;
    return s->spares != NULL ? work / fmax(s->spares(l->params, l->in, l->out, precision), 1)
                             : work;
}

/* Whether layers spare more multiplications in f32 than the half that bf16 is worth. */
static bool f32_spares_more(const struct mp_net *net)
{
    double f32 = 0, bf16 = 0;
    for (int i = 0; i < net->n; i++) {
        f32 += left_to_do(&net->layers[i], MP_F32);
        bf16 += left_to_do(&net->layers[i], MP_BF16) / 2;
    }
    return f32 < bf16;
}

static enum mp_precision precision_for(struct mp_ctx *c, const struct mp_net *net, int asked)
{
    const bool f32 = asked == MP_ASKED_AUTO && mp_dnn_bf16_doubles() && f32_spares_more(net);
    return mp_dnn_precision(c, f32 ? MP_ASKED_F32 : asked);
}

int mp_net_plan(struct mp_ctx *c, struct mp_net *net, int asked, size_t batch)
{
    net->precision = precision_for(c, net, asked);
    if (net->precision == MP_BF16 && net->rounded == NULL &&
        (net->rounded = aligned_alloc(64, padded(net->weights) * sizeof(mp_bf16))) == NULL)
        return mp_fail(c, "no memory for %zu weights", net->weights);
    for (int i = 0; i < net->n; i++) {
        struct mp_net_layer *l = &net->layers[i];
        if (plan_outer(c, net, i, batch) < 0)
            return -1;
        if (plan_item(c, net, i, MP_NET_ITEM, batch > 0, &l->plan) < 0 ||
            plan_item(c, net, i, batch % MP_NET_ITEM, batch > 0, &l->rest) < 0)
            return -1;
    }
    return MP_OK;
}

void mp_net_round(const struct mp_net *net, const float *w, size_t at, size_t n)
{
    if (net->rounded != NULL)
        mp_to_bf16(w + at, net->rounded + at, n);
}

/* --------------------------------------------------------- first weights */

static double uniform(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

/* Box and Muller 1958. */
static double normal(struct mp_ctx *c, uint64_t a, uint64_t b)
{
    const double u = 1 - uniform(mp_random(c, a, 2 * b)), v = uniform(mp_random(c, a, 2 * b + 1));
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}

/* Gram and Schmidt on normal draws (Saxe and others 2014): u x u at w, rows `stride`
 * apart. */
static int orthogonal(struct mp_ctx *c, uint64_t key, size_t u, size_t stride, float *w)
{
    double *v = mp_alloc(c, u * u, sizeof *v);
    if (v == NULL)
        return -1;
    for (size_t i = 0; i < u; i++) {
        double *a = v + i * u, norm = 0;
        if (mp_stopped(c)) {
            free(v);
            return mp_fail(c, "interrupted");
        }
        for (size_t j = 0; j < u; j++)
            a[j] = normal(c, key, i * u + j);
        for (size_t k = 0; k < i; k++) {
            double dot = 0;
            for (size_t j = 0; j < u; j++)
                dot += a[j] * v[k * u + j];
            for (size_t j = 0; j < u; j++)
                a[j] -= dot * v[k * u + j];
        }
        for (size_t j = 0; j < u; j++)
            norm += a[j] * a[j];
        for (size_t j = 0; j < u; j++) {
            a[j] /= sqrt(norm);
            w[i * stride + j] = (float)a[j];
        }
    }
    free(v);
    return MP_OK;
}

static int begin_orthogonal(struct mp_ctx *c, const struct mp_weight *t, uint64_t key, float *w)
{
    const size_t u = t->fan_in, wide = t->fan_out;
    for (size_t at = 0; at < t->size; at += u * wide)
        for (size_t q = 0; q < wide; q += u)
            if (orthogonal(c, mp_mix(key ^ (at + q)), u, wide, w + at + q) < 0)
                return -1;
    return MP_OK;
}

static int begin_tensor(struct mp_ctx *c, const struct mp_weight *t, enum mp_net_init init,
                        uint64_t key, float *w)
{
    /* He and others 2015, Glorot and Bengio 2010: uniform with that variance. */
    const double fan =
        init == MP_NET_HE ? (double)t->fan_in : 0.5 * (double)(t->fan_in + t->fan_out);
    const double limit = sqrt((init == MP_NET_HE ? 6.0 : 3.0) / (fan > 0 ? fan : 1));
    if (t->init == MP_INIT_ORTHOGONAL)
        return begin_orthogonal(c, t, key, w);
    for (size_t i = 0; i < t->size; i++) {
        if (i % PIECE == 0 && mp_stopped(c))
            return mp_fail(c, "interrupted");
        w[i] = t->init == MP_INIT_ZERO  ? 0
               : t->init == MP_INIT_ONE ? 1
                                        : (float)(limit * (2 * uniform(mp_random(c, key, i)) - 1));
    }
    return MP_OK;
}

int mp_net_begin(struct mp_ctx *c, const struct mp_net *net, enum mp_net_init init, float *w)
{
    memset(w, 0, net->weights * sizeof *w);
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].n_weights; k++)
            if (begin_tensor(c, &net->layers[i].weight[k], init,
                             (uint64_t)(i * MP_LAYER_WEIGHTS + k + 1),
                             w + net->layers[i].offset[k]) < 0)
                return -1;
    return MP_OK;
}

/* ------------------------------------------------------------- one item */

size_t mp_net_item_size(const struct mp_net *net, bool training)
{
    size_t most = mp_len(net->in), floats = padded(MP_NET_ITEM * mp_len(net->in));
    for (int i = 0; i < net->n; i++) {
        const size_t out = mp_len(net->layers[i].out);
        most = out > most ? out : most;
        floats += padded(MP_NET_ITEM * out) + padded(MP_NET_ITEM * net->layers[i].saved);
    }
    return floats + (training ? 2 * padded(MP_NET_ITEM * most) : 0);
}

void mp_net_item_place(const struct mp_net *net, bool training, float *memory,
                       struct mp_net_item *item)
{
    size_t most = mp_len(net->in);
    *item = (struct mp_net_item){ .x = memory };
    item->rest = memory + padded(MP_NET_ITEM * mp_len(net->in));
    float *at = item->rest;
    for (int i = 0; i < net->n; i++) {
        const size_t out = mp_len(net->layers[i].out);
        most = out > most ? out : most;
        at += padded(MP_NET_ITEM * out) + padded(MP_NET_ITEM * net->layers[i].saved);
    }
    item->scores = at - padded(MP_NET_ITEM * net->layers[net->n - 1].saved) -
                   padded(MP_NET_ITEM * mp_len(net->layers[net->n - 1].out));
    item->up = training ? at : NULL;
    item->down = training ? at + padded(MP_NET_ITEM * most) : NULL;
}

/* Output and saved values of layer i lie one after the other, layer after layer. */
static float *output(const struct mp_net *net, const struct mp_net_item *item, int i)
{
    float *at = item->rest;
    if (i < 0)
        return item->x;
    for (int k = 0; k < i; k++)
        at += padded(MP_NET_ITEM * mp_len(net->layers[k].out)) +
              padded(MP_NET_ITEM * net->layers[k].saved);
    return at;
}

static struct mp_pass pass_of(struct mp_ctx *c, const struct mp_net *net, int i, const float *w,
                              struct mp_net_item *item, size_t n, bool training, uint64_t key)
{
    const struct mp_net_layer *l = &net->layers[i];
    struct mp_pass p = { .c = c, .params = l->params, .in = l->in, .out = l->out, .n = n,
                         .plan = n == MP_NET_ITEM ? l->plan : l->rest, .training = training,
                         .precision = precision_of(net, i),
                         .key = mp_mix(key ^ (uint64_t)(i + 1)) };
    p.saved = output(net, item, i) + padded(MP_NET_ITEM * mp_len(l->out));
    for (int k = 0; k < l->n_weights; k++) {
        p.w[k] = w + l->offset[k];
        p.wb[k] = net->rounded != NULL ? net->rounded + l->offset[k] : NULL;
        p.dw[k] = item->dw != NULL && !l->weight[k].outer ? item->dw + l->offset[k] : NULL;
    }
    return p;
}

static double lap(const struct mp_net_item *item, int k, double start)
{
    const double now = item->seconds != NULL ? mp_seconds() : start;
    if (item->seconds != NULL)
        item->seconds[k] += now - start;
    return now;
}

/* n values that are bf16 or floats, as `from` says, in the form that `to` says: as they
 * lie, or turned over in scratch; NULL after an mp_fail(). */
static void *in_form(struct mp_ctx *c, void *x, bool from, bool to, size_t n)
{
    if (from == to)
        return x;
    float *y = mp_scratch(c, n);
    if (y != NULL && to)
        mp_to_bf16(x, (mp_bf16 *)y, n);
    else if (y != NULL)
        mp_from_bf16(x, y, n);
    return y;
}

static int forward(const struct mp_net *net, int i, struct mp_pass *p, struct mp_net_item *item)
{
    const struct mp_layer *l = net->layers[i].layer;
    const bool bf16 = takes_bf16(net, i);
    void *x = in_form(p->c, output(net, item, i - 1), takes_bf16(net, i - 1), bf16,
                      p->n * mp_len(p->in));
    void *y = output(net, item, i);
    if (x == NULL)
        return -1;
    return bf16 ? l->forward_bf16(p, x, y) : l->forward(p, x, y);
}

static void keep_outer(struct mp_net_outer *o, size_t row, const struct mp_pass *p, const void *x,
                       const void *dy)
{
    const size_t size = o->bf16 ? sizeof(mp_bf16) : sizeof(float);
    const size_t in = mp_len(p->in) * size, out = mp_len(p->out) * size;
    memcpy((char *)o->x + row * in, x, p->n * in);
    memcpy((char *)o->dy + row * out, dy, p->n * out);
}

/* dy comes in the form of the layer above, dx leaves in that of layer i. */
static int backward(const struct mp_net *net, int i, struct mp_pass *p, struct mp_net_item *item,
                    void *dy, void *dx)
{
    const struct mp_layer *l = net->layers[i].layer;
    const bool bf16 = takes_bf16(net, i);
    void *x = in_form(p->c, output(net, item, i - 1), takes_bf16(net, i - 1), bf16,
                      p->n * mp_len(p->in));
    void *y = output(net, item, i);
    dy = in_form(p->c, dy, takes_bf16(net, i + 1), bf16, p->n * mp_len(p->out));
    if (x == NULL || dy == NULL)
        return -1;
    const int rc = bf16 ? l->backward_bf16(p, x, y, dy, dx) : l->backward(p, x, y, dy, dx);
    if (rc >= 0 && net->layers[i].outer != NULL)
        keep_outer(net->layers[i].outer, item->row, p, x, dy);
    return rc;
}

static int forward_to(struct mp_ctx *c, const struct mp_net *net, const float *w,
                      struct mp_net_item *item, size_t n, bool training, uint64_t key, int last)
{
    const int mark = mp_scratch_mark(c);
    double start = mp_seconds();
    for (int i = 0; i <= last; i++) {
        struct mp_pass p = pass_of(c, net, i, w, item, n, training, key);
        const int rc = mp_stopped(c) ? mp_fail(c, "interrupted") : forward(net, i, &p, item);
        mp_scratch_release(c, mark);
        start = lap(item, i, start);
        if (rc < 0)
            return -1;
    }
    return MP_OK;
}

int mp_net_forward(struct mp_ctx *c, const struct mp_net *net, const float *w,
                   struct mp_net_item *item, size_t n, bool training, uint64_t key)
{
    return forward_to(c, net, w, item, n, training, key, net->n - 1);
}

int mp_net_reveal(struct mp_ctx *c, const struct mp_net *net, const float *w,
                  struct mp_net_item *item, int layer, size_t n, float *y)
{
    const size_t values = n * mp_len(net->layers[layer].out);
    if (forward_to(c, net, w, item, MP_NET_ITEM, false, 0, layer) < 0)
        return -1;
    const float *got = output(net, item, layer);
    if (takes_bf16(net, layer))
        mp_from_bf16((const mp_bf16 *)got, y, values);
    else
        memcpy(y, got, values * sizeof *y);
    return MP_OK;
}

int mp_net_watch(struct mp_ctx *c, const struct mp_net *net, const float *w,
                 struct mp_net_item *item, int layer, size_t n, float *y)
{
    if (net->layers[layer].layer->watch == NULL)
        return mp_net_reveal(c, net, w, item, layer, n, y);
    if (forward_to(c, net, w, item, MP_NET_ITEM, false, 0, layer) < 0)
        return -1;
    struct mp_pass p = pass_of(c, net, layer, w, item, MP_NET_ITEM, false, 0);
    float *all = mp_scratch(c, MP_NET_ITEM * mp_len(mp_net_view(net, layer).shape));
    if (all == NULL)
        return -1;
    net->layers[layer].layer->watch(&p, all);
    memcpy(y, all, n * mp_len(mp_net_view(net, layer).shape) * sizeof *y);
    return MP_OK;
}

int mp_net_backward(struct mp_ctx *c, const struct mp_net *net, const float *w,
                    struct mp_net_item *item, size_t n, uint64_t key)
{
    const int mark = mp_scratch_mark(c);
    float *dy = item->up, *dx = item->down;
    double start = mp_seconds();
    for (int i = net->n - 1; i >= 0; i--) {
        struct mp_pass p = pass_of(c, net, i, w, item, n, true, key);
        const int rc = mp_stopped(c) ? mp_fail(c, "interrupted")
                                     : backward(net, i, &p, item, dy, i > 0 ? dx : NULL);
        float *next = dx;
        mp_scratch_release(c, mark);
        start = lap(item, net->n + i, start);
        if (rc < 0)
            return -1;
        dx = dy;
        dy = next;
    }
    return MP_OK;
}

int mp_net_collect(struct mp_ctx *c, const struct mp_net *net, int i, size_t *cut)
{
    const struct mp_weight *t = &net->layers[i].weight[0];
    const struct mp_net_outer *o = net->layers[i].outer;
    const size_t size = o->bf16 ? sizeof(mp_bf16) : sizeof(float);
    for (int r = 0; r <= mp_ranks(c); r++)
        cut[r] = cut[r] < o->batch ? cut[r] : o->batch;
    return mp_ranks_gather(c, MP_OK, o->x, t->fan_in * size, cut) < 0
               ? -1 : mp_ranks_gather(c, MP_OK, o->dy, t->fan_out * size, cut);
}

int mp_net_gradient(struct mp_ctx *c, const struct mp_net *net, int i, size_t at, size_t n,
                    float *g)
{
    const struct mp_weight *t = &net->layers[i].weight[0];
    const struct mp_net_outer *o = net->layers[i].outer;
    const size_t size = o->bf16 ? sizeof(mp_bf16) : sizeof(float);
    return mp_matmul_run(c, n == mp_net_piece(t) ? o->piece : o->rest,
                         (const char *)o->x + at / t->fan_out * size, o->dy, g);
}
