/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net.h - a net: layers one after another, their weights in one vector.
 *
 * The net adds the last layer: a dense one with one output a class. */
#ifndef MP_NET_H
#define MP_NET_H
#include "core/layer.h"

/* Rows that go through the layers together, on one thread: enough to keep a core
 * busy, few enough to share a batch among cores. */
enum { MP_NET_ITEM = 32 };

/* A layer in its place. */
struct mp_net_layer {
    const struct mp_layer *layer;
    const char *name;
    const void *params;
    void *own_params;                  /* of layers that the net added */
    int line;                          /* in the pipeline; 0: added */
    struct mp_shape in, out;
    int n_weights;
    struct mp_weight weight[MP_LAYER_WEIGHTS];
    size_t offset[MP_LAYER_WEIGHTS];   /* in the net's vector */
    size_t saved;                      /* floats a row */
    void *plan;                        /* for items of MP_NET_ITEM rows */
    void *rest;                        /* for the batch's last, smaller item, or NULL */
    struct mp_net_outer *outer;        /* of a layer with such a tensor, in training; or NULL */
};

struct mp_net {
    struct mp_net_layer *layers;
    int n;
    struct mp_shape in;
    int classes;
    size_t weights;                    /* floats in all, each tensor filled up to whole vectors */
    enum mp_precision precision;       /* what products read; sums and weights are f32 */
    mp_bf16 *rounded;                  /* the weights as mp_net_round() saw them; or NULL */
};

enum mp_net_init { MP_NET_HE, MP_NET_GLOROT };

/* Places the layers; errors name the layer and both shapes.  No plans yet. */
int mp_net_open(struct mp_ctx *c, struct mp_net *net, const struct mp_layers *lines,
                struct mp_shape in, int classes);
void mp_net_close(struct mp_net *net);

/* Numbers that a layer, or the whole net, learns: `weights` without what fills vectors up. */
size_t mp_net_layer_values(const struct mp_net_layer *l);
size_t mp_net_values(const struct mp_net *net);

/* Warns of layers that read neighbours in what is no image; in done(). */
void mp_net_warn(struct mp_ctx *c, const struct mp_net *net);

/* Plans for whole items, and for training in batches of `batch` rows if that is not 0; passes
 * then read what `asked` says, an enum mp_precision_asked: with auto what is faster here. */
int mp_net_plan(struct mp_ctx *c, struct mp_net *net, int asked, size_t batch);

/* The weights from `at` on have changed, n of them: to be said before the next pass. */
void mp_net_round(const struct mp_net *net, const float *w, size_t at, size_t n);

/* First weights, drawn by mp_random(). */
int mp_net_begin(struct mp_ctx *c, const struct mp_net *net, enum mp_net_init init, float *w);

/* One item's place in memory: `x` takes the rows, `scores` gets what the net says
 * of them; `up` takes the gradient of the scores, `dw`, which the caller owns, gets
 * that of the weights.  The rest is free again after the backward pass: one place a
 * thread will do, and stays in its cache. */
struct mp_net_item {
    size_t row;            /* its first row in the batch */
    float *x, *rest, *scores;
    float *up, *down;      /* NULL without training */
    float *dw;
    double *seconds;       /* of each layer forward, then backward, are added; NULL: not */
};
size_t mp_net_item_size(const struct mp_net *net, bool training); /* floats */
void mp_net_item_place(const struct mp_net *net, bool training, float *memory,
                       struct mp_net_item *item);

/* From n rows in item->x to item->scores.  `key` draws dropout. */
int mp_net_forward(struct mp_ctx *c, const struct mp_net *net, const float *w,
                   struct mp_net_item *item, size_t n, bool training, uint64_t key);

/* Number of the layer that `name` names: "conv2" is the second conv from the front, "conv"
 * the last one, "output" the layer that the net added, "" the last before that. */
int mp_net_find(struct mp_ctx *c, const struct mp_net *net, const char *name);

/* From MP_NET_ITEM rows in item->x to what that layer gives, without training: the first
 * n rows of it, in y. */
int mp_net_reveal(struct mp_ctx *c, const struct mp_net *net, const float *w,
                  struct mp_net_item *item, int layer, size_t n, float *y);

/* What people may look at: a layer's name, "conv2" where there are several, and the shape of
 * what mp_net_watch() gives of it, as mp_net_reveal() does.  new: it shows something that the
 * layer before did not, if in other places. */
struct mp_net_view {
    char name[64];
    struct mp_shape shape;
    bool new;
};
struct mp_net_view mp_net_view(const struct mp_net *net, int layer);
int mp_net_watch(struct mp_ctx *c, const struct mp_net *net, const float *w,
                 struct mp_net_item *item, int layer, size_t n, float *y);

/* From item->up to item->dw, after a forward pass in training. */
int mp_net_backward(struct mp_ctx *c, const struct mp_net *net, const float *w,
                    struct mp_net_item *item, size_t n, uint64_t key);

/* Floats of one piece of a tensor: what fits the cache, and the size of whole rows. */
size_t mp_net_piece(const struct mp_weight *t);

/* Of several ranks each has sent rows of a batch through layer i, whose first tensor is `outer`:
 * all get what its gradient is made of.  cut: where the rows of each begin, and last where whole
 * items would end; it is changed to where they do. */
int mp_net_collect(struct mp_ctx *c, const struct mp_net *net, int i, size_t *cut);

/* The batch's gradient of n values of layer i's `outer` tensor, a piece, from value `at`
 * on; after the backward passes of all its items. */
int mp_net_gradient(struct mp_ctx *c, const struct mp_net *net, int i, size_t at, size_t n,
                    float *g);
#endif
