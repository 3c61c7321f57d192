/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optimizer.h - from gradients to weights; formulas and names as PyTorch has them. */
#ifndef MP_OPTIMIZER_H
#define MP_OPTIMIZER_H
#include "net/net.h"

#define MP_OPTIMIZERS "sgd|nesterov|rmsprop|adam|adamw"
enum mp_optimizer_kind { MP_SGD, MP_NESTEROV, MP_RMSPROP, MP_ADAM, MP_ADAMW };

#define MP_SCHEDULES "constant|step|cosine|onecycle"
enum mp_schedule { MP_CONSTANT, MP_STEP, MP_COSINE, MP_ONECYCLE };

struct mp_optimizer {
    int kind;
    double momentum, decay, clip; /* clip: largest norm of the whole gradient; 0: any */
    double average;               /* what `mean` keeps of itself at each step; 0: there is none */
    uint64_t step;                /* steps made */
    float *first, *second;        /* moments; as long as the weights; NULL if the kind has none */
    float *sum;                   /* the batch's gradient, if it may be clipped */
    float *mean;                  /* of the weights after each step, early ones counting less */
};

int mp_optimizer_open(struct mp_ctx *c, struct mp_optimizer *o, size_t weights);
void mp_optimizer_close(struct mp_optimizer *o);

/* Adds the items' gradients in their order and makes one step on w.  The items' dw lie side by
 * side.  Of several ranks (ranks.h) each has made the gradients of its share of the items, makes
 * the steps of its share of the weights, and gets all weights. */
int mp_optimizer_step(struct mp_ctx *c, struct mp_optimizer *o, const struct mp_net *net, float *w,
                      const struct mp_net_item *items, size_t n_items, double rate);

/* The moments and the mean, of which each rank has those of its share of the weights: all of them,
 * for a checkpoint. */
int mp_optimizer_collect(struct mp_ctx *c, struct mp_optimizer *o, const struct mp_net *net);

/* Learning rate of step `step` of `steps`: constant; a tenth at one half and at three
 * quarters; half a cosine down to 0; or up from rate / 25 for a quarter of the steps
 * and down to nothing, both along cosines (Smith and Topin 2018). */
double mp_schedule_rate(int schedule, double rate, uint64_t step, uint64_t steps);
#endif
