/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net.c - a convolutional or recurrent net, trained by stochastic gradient descent.
 *
 * Batches are drawn from the training rows in a new order every epoch.  A batch
 * is cut into items of MP_NET_ITEM rows; each goes forward and backward on one
 * thread of one rank, and the items' gradients are added in order, so that any number of
 * threads and ranks gives the same bytes.  Where products read bf16, layers may pass it on
 * (see layer.h); weights, their gradients and the last layer stay f32.
 *
 * Cost: three times the multiply-adds of a forward pass, for each row and epoch;
 * memory: activations of an item a thread, and one gradient an item. */
#include "core/clock.h"
#include "core/finite.h"
#include "core/learner.h"
#include "core/random.h"
#include "core/ranks.h"
#include "data/split.h"
#include "linear/dnn.h"
#include "net/net.h"
#include "net/optimizer.h"
#include "linear/class_weights.h"
#include "text/layout.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct params {
    struct mp_layers layers;
    double lr, momentum, decay, clip, smoothing, average, validation;
    int epochs, plain, batch, optimizer, schedule, init, patience, precision;
    char *weights;
};

static const struct mp_param table[] = {
    MP_PARAM(epochs, .def = "8", .min = 1, .max = 10000,
             .doc = "how often the training rows are seen"),
    MP_PARAM(plain, .def = "0", .min = 0, .max = 10000, .unit = "epochs",
             .doc = "of the epochs so many last ones see the rows as they are, though stages "
                    "before change training rows"),
    MP_PARAM(batch, .def = "128", .min = 2, .max = 65536, .unit = "rows",
             .doc = "rows of one step; rows left over at an epoch's end wait for the next"),
    MP_PARAM(optimizer, .def = "adam", .choices = MP_OPTIMIZERS, .doc = "how a step is made"),
    MP_PARAM(lr, .def = "0.001", .min = 1e-9, .max = 100,
             .doc = "learning rate; of a schedule, its largest"),
    MP_PARAM(schedule, .def = "onecycle", .choices = MP_SCHEDULES,
             .doc = "how the learning rate runs over all steps"),
    MP_PARAM(momentum, .def = "0.9", .min = 0, .max = 0.9999,
             .doc = "of optimizer=sgd and nesterov"),
    MP_PARAM(decay, .def = "0", .min = 0, .max = 10,
             .doc = "weight decay; apart from the gradient with adamw, part of it otherwise"),
    MP_PARAM(clip, .def = "0", .min = 0, .max = 1e6,
             .doc = "largest norm of the whole gradient; 0: any"),
    MP_PARAM(smoothing, .def = "0", .min = 0, .max = 0.9,
             .doc = "share of the label that is spread over all classes"),
    MP_CLASS_WEIGHTS(struct params, "the gradient of rows"),
    MP_PARAM(average, .def = "0", .min = 0, .max = 0.99999,
             .doc = "the net takes a mean of the weights of all steps, which at each step keeps "
                    "this share of itself; 0: those of the last step"),
    MP_PARAM(init, .def = "he", .choices = "he|glorot", .doc = "spread of the first weights"),
    MP_PARAM(precision, .def = "auto", .choices = MP_PRECISIONS,
             .doc = "what products read, summed in f32; auto: bf16 where the processor multiplies "
                    "that faster, unless convolutions need far fewer products in f32"),
    MP_PARAM(validation, .def = "0", .min = 0, .max = 0.5,
             .doc = "share of each class's training rows that only judges: the weights of the "
                    "epoch of the highest accuracy are kept, of equals of the smallest loss"),
    MP_PARAM(patience, .def = "0", .min = 0, .max = 10000, .unit = "epochs",
             .doc = "stop when so many epochs have been no better than that one; 0: never"),
    MP_END
};

struct state {
    uint64_t n;            /* weights */
    float *w;
    struct mp_net net;     /* made by ready() */
};

/* Recorded each epoch. */
enum { LOSS, ACCURACY, VALIDATION_LOSS, VALIDATION_ACCURACY, SERIES };

/* Fewer that judge tell epochs apart by chance. */
enum { JUDGES = 50, CLASS_JUDGES = 10 };

/* Training, while it lasts. */
struct training {
    const struct params *p;
    struct mp_net net;
    struct mp_optimizer o;
    float *w, *best, *x;
    float *gradients;      /* of each item, as long as the weights */
    const int *y;
    double *weight;        /* of each class */
    size_t *learners, *order, *judges, n_train, n_judges;
    struct mp_net_item *items; /* what is left of them: gradients */
    size_t n_items;
    /* How far it has come; what a checkpoint has, with w, best and the optimizer. */
    uint64_t epoch, kept;  /* trained; which of them `best` is of, 1 .. epoch */
    double *history;       /* SERIES values an epoch */
    double spent, start;   /* seconds of training; when it would have begun without a stop */
    double *loss;          /* of each item */
    double *seconds;       /* of each layer, item by item: see net.h */
    size_t *hits;
    /* The step in hand. */
    size_t first, ours;    /* the items that are ours, so many from `first` on */
    const size_t *rows;
    size_t n_rows;
    uint64_t key;
};

/* ------------------------------------------------------------- the loss */

/* Softmax cross-entropy of n rows and, in g, its gradient for a mean over `batch`
 * rows, each times its class's weight.  Returns the sum of losses, without weights; *hits counts
 * rows whose best score is right. */
static double cross_entropy(const float *z, size_t n, int k, const int *y, const size_t *rows,
                            double smoothing, size_t batch, const double *weight, float *g,
                            size_t *hits)
{
    double loss = 0;
    *hits = 0;
    for (size_t i = 0; i < n; i++, z += k) {
        const int truth = y[rows[i]];
        double sum = 0, spread = 0;
        int top = 0;
        for (int j = 1; j < k; j++)
            top = z[j] > z[top] ? j : top;
        for (int j = 0; j < k; j++) {
            sum += exp((double)(z[j] - z[top]));
            spread += (double)(z[j] - z[top]);
        }
        *hits += top == truth;
        loss += log(sum) - (1 - smoothing) * (double)(z[truth] - z[top]) - smoothing * spread / k;
        for (int j = 0; j < k && g != NULL; j++) {
            const double target = smoothing / k + (j == truth ? 1 - smoothing : 0);
            g[i * (size_t)k + (size_t)j] =
                (float)((exp((double)(z[j] - z[top])) / sum - target) * weight[truth] /
                        (double)batch);
        }
    }
    return loss;
}

static size_t item_rows(const struct training *t, size_t i)
{
    const size_t left = t->n_rows - i * MP_NET_ITEM;
    return left < MP_NET_ITEM ? left : MP_NET_ITEM;
}

/* Which of n items are ours, and their rows: those of the step in hand. */
static int take_ours(struct mp_ctx *c, struct training *t, size_t n, bool training,
                     uint64_t epoch)
{
    const size_t first = mp_share(c, n, mp_rank(c)), last = mp_share(c, n, mp_rank(c) + 1);
    const size_t from = first * MP_NET_ITEM;
    const size_t to = last * MP_NET_ITEM < t->n_rows ? last * MP_NET_ITEM : t->n_rows;
    t->first = first;
    t->ours = last - first;
    return to <= from ? MP_OK : mp_pull(c, t->rows + from, to - from, training, epoch,
                                        t->x + from * mp_len(t->net.in));
}

/* Losses and hits of n items, whoever has made them. */
static int collect(struct mp_ctx *c, const struct training *t, size_t n, int rc)
{
    rc = mp_ranks_collect(c, rc, t->loss, sizeof *t->loss, n, n);
    return mp_ranks_collect(c, rc, t->hits, sizeof *t->hits, n, n);
}

/* Item i of the step in hand, its n rows in place, in this thread's memory. */
static int take_item(struct mp_ctx *c, const struct training *t, size_t i, size_t n,
                     struct mp_net_item *item)
{
    const size_t len = mp_len(t->net.in);
    float *memory = mp_scratch(c, mp_net_item_size(&t->net, true));
    if (memory == NULL)
        return -1;
    mp_net_item_place(&t->net, true, memory, item);
    memcpy(item->x, t->x + i * MP_NET_ITEM * len, n * len * sizeof *item->x);
    memset(item->x + n * len, 0, (MP_NET_ITEM - n) * len * sizeof *item->x);
    return MP_OK;
}

static int train_item(struct mp_ctx *c, void *arg, size_t k)
{
    struct training *t = arg;
    struct mp_net_item item;
    const size_t i = t->first + k;
    const size_t n = item_rows(t, i);
    const uint64_t key = mp_mix(t->key ^ (i + 1));
    if (take_item(c, t, i, n, &item) < 0)
        return -1;
    item.row = i * MP_NET_ITEM;
    item.dw = t->items[i].dw;
    item.seconds = t->items[i].seconds;
    if (mp_net_forward(c, &t->net, t->w, &item, n, true, key) < 0)
        return -1;
    t->loss[i] = cross_entropy(item.scores, n, t->net.classes, t->y, t->rows + i * MP_NET_ITEM,
                               t->p->smoothing, (size_t)t->p->batch, t->weight, item.up,
                               &t->hits[i]);
    return mp_net_backward(c, &t->net, t->w, &item, n, key);
}

/* The weights that the net would have, did training end here. */
static const float *learned(const struct training *t)
{
    return t->o.mean != NULL ? t->o.mean : t->w;
}

/* Loss and hits of the item's rows without training; a smaller item is filled up. */
static int judge_item(struct mp_ctx *c, void *arg, size_t k)
{
    const struct training *t = arg;
    struct mp_net_item item;
    const size_t i = t->first + k;
    const size_t n = item_rows(t, i);
    if (take_item(c, t, i, n, &item) < 0 ||
        mp_net_forward(c, &t->net, learned(t), &item, MP_NET_ITEM, false, 0) < 0)
        return -1;
    t->loss[i] = cross_entropy(item.scores, n, t->net.classes, t->y, t->rows + i * MP_NET_ITEM, 0,
                               1, NULL, NULL, &t->hits[i]);
    return MP_OK;
}

/* ------------------------------------------------------------- an epoch */

/* Fisher and Yates; the order depends on seed and epoch alone. */
static void shuffle(struct mp_ctx *c, const size_t *from, size_t *rows, size_t n, uint64_t epoch)
{
    memcpy(rows, from, n * sizeof *rows);
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)(mp_random(c, (1ull << 40) + epoch, i) % i), was = rows[i - 1];
        rows[i - 1] = rows[j];
        rows[j] = was;
    }
}

struct score {
    double loss, accuracy;
};

static int train_epoch(struct mp_ctx *c, struct training *t, uint64_t epoch, struct score *s)
{
    const size_t batch = (size_t)t->p->batch, steps = t->n_train / batch;
    const uint64_t all = steps * (uint64_t)t->p->epochs;
    const bool plain = epoch + (uint64_t)t->p->plain >= (uint64_t)t->p->epochs;
    double loss = 0;
    size_t hits = 0;
    shuffle(c, t->learners, t->order, t->n_train, epoch);
    for (size_t b = 0; b < steps; b++) {
        const double rate = mp_schedule_rate(t->p->schedule, t->p->lr, t->o.step, all);
        t->rows = t->order + b * batch;
        t->n_rows = batch;
        t->key = mp_random(c, (1ull << 41) + epoch, b);
        if (take_ours(c, t, t->n_items, !plain, epoch) < 0 ||
            collect(c, t, t->n_items, mp_parallel_for(c, t->ours, train_item, t)) < 0 ||
            mp_optimizer_step(c, &t->o, &t->net, t->w, t->items, t->n_items, rate) < 0)
            return -1;
        for (size_t i = 0; i < t->n_items; i++) {
            loss += t->loss[i];
            hits += t->hits[i];
        }
        /* Relu makes 0 of what is no number, so the loss alone may not show it. */
        if (!isfinite(loss) || (b + 1 == steps && !mp_all_finite(t->w, t->net.weights)))
            return mp_fail(c, "the loss is no number after step %zu of epoch %llu: training "
                              "diverged; a smaller lr than %g, or clip=1, may help", b + 1,
                           (unsigned long long)epoch + 1, t->p->lr);
        if (mp_stopped(c))
            return mp_fail(c, "interrupted");
        mp_progress_label(c, "epoch %llu of %d, loss %.4f", (unsigned long long)epoch + 1,
                          t->p->epochs, loss / (double)((b + 1) * batch));
        mp_progress(c, (double)(epoch * steps + b + 1), (double)all);
    }
    const double n = (double)(steps * batch);
    *s = (struct score){ loss / n, (double)hits / n };
    return MP_OK;
}

static int judge_all(struct mp_ctx *c, struct training *t, struct score *s)
{
    const size_t batch = (size_t)t->p->batch;
    double loss = 0;
    size_t hits = 0;
    for (size_t at = 0; at < t->n_judges; at += batch) {
        t->rows = t->judges + at;
        t->n_rows = t->n_judges - at < batch ? t->n_judges - at : batch;
        const size_t n_items = (t->n_rows + MP_NET_ITEM - 1) / MP_NET_ITEM;
        if (take_ours(c, t, n_items, false, 0) < 0 ||
            collect(c, t, n_items, mp_parallel_for(c, t->ours, judge_item, t)) < 0)
            return -1;
        for (size_t i = 0; i < n_items; i++) {
            loss += t->loss[i];
            hits += t->hits[i];
        }
    }
    *s = (struct score){ loss / (double)t->n_judges, (double)hits / (double)t->n_judges };
    return MP_OK;
}

static int judge(struct mp_ctx *c, struct training *t, struct score *s)
{
    mp_net_round(&t->net, learned(t), 0, t->net.weights);
    const int rc = judge_all(c, t, s);
    mp_net_round(&t->net, t->w, 0, t->net.weights);
    return rc;
}

/* ---------------------------------------------------------- all epochs */

/* Marks the rows that judge, of every class its share. */
static int draw_judges(struct mp_ctx *c, const struct training *t, size_t n, bool *marks)
{
    return mp_split_mark(c, t->y, n, t->p->validation, mp_random(c, 1ull << 42, 0), marks);
}

/* A choice that a few rows make is nearly a matter of chance. */
static int warn_of_few(struct mp_ctx *c, const struct training *t)
{
    const char *const *names;
    const int k = mp_classes(c, &names);
    size_t *rows = mp_alloc(c, (size_t)k, sizeof *rows);
    int rarest = 0;
    if (rows == NULL)
        return -1;
    for (size_t i = 0; i < t->n_judges; i++)
        rows[t->y[t->judges[i]]]++;
    for (int j = 1; j < k; j++)
        rarest = rows[j] < rows[rarest] ? j : rarest;
    if (!mp_trial(c) && (t->n_judges < JUDGES || rows[rarest] < CLASS_JUDGES))
        mp_warn(c, "validation=%g: %zu row%s judge%s the epochs, %zu of label %s; below %d, or %d "
                   "of a label, which epoch is kept is nearly chance: take a larger share, or none",
                t->p->validation, t->n_judges, t->n_judges == 1 ? "" : "s",
                t->n_judges == 1 ? "s" : "", rows[rarest], names[rarest], JUDGES, CLASS_JUDGES);
    free(rows);
    return MP_OK;
}

/* By the classes of the rows that the net learns from. */
static int weigh_classes(struct mp_ctx *c, struct training *t)
{
    int *y = mp_alloc(c, t->n_train, sizeof *y);
    t->weight = mp_alloc(c, (size_t)mp_classes(c, NULL), sizeof *t->weight);
    for (size_t i = 0; i < t->n_train && y != NULL; i++)
        y[i] = t->y[t->learners[i]];
    const int rc = y == NULL || t->weight == NULL
                       ? -1
                       : mp_class_weights(c, t->p->weights, y, t->n_train, t->weight);
    free(y);
    return rc;
}

/* Rows that learn, and rows that judge. */
static int split(struct mp_ctx *c, struct training *t)
{
    const size_t n = mp_pull_rows(c, &t->y);
    if (t->y == NULL)
        return mp_fail(c, "needs labels to learn from");
    bool *marks = mp_alloc(c, n, sizeof *marks);
    t->learners = mp_alloc(c, n, sizeof *t->learners);
    t->order = mp_alloc(c, n, sizeof *t->order);
    t->judges = mp_alloc(c, n, sizeof *t->judges);
    int rc = marks == NULL || t->learners == NULL || t->order == NULL || t->judges == NULL ? -1
                                                                                           : MP_OK;
    if (rc == MP_OK && t->p->validation > 0)
        rc = draw_judges(c, t, n, marks);
    for (size_t i = 0; i < n && rc == MP_OK; i++)
        if (marks[i])
            t->judges[t->n_judges++] = i;
        else
            t->learners[t->n_train++] = i;
    free(marks);
    if (rc == MP_OK && t->n_train < (size_t)t->p->batch)
        rc = mp_fail(c, "batch=%d: there are only %zu rows to train on; batch=%zu or less takes "
                        "them (--set net.batch=%zu)", t->p->batch, t->n_train, t->n_train,
                     t->n_train);
    if (rc == MP_OK && t->p->validation > 0 && t->n_judges == 0)
        rc = mp_fail(c, "validation=%g: no label has two of the %zu rows, so that one could judge; "
                        "validation=0 learns from all", t->p->validation, n);
    if (rc == MP_OK)
        rc = weigh_classes(c, t);
    return rc == MP_OK && t->n_judges > 0 ? warn_of_few(c, t) : rc;
}

static int prepare(struct mp_ctx *c, struct training *t)
{
    t->n_items = ((size_t)t->p->batch + MP_NET_ITEM - 1) / MP_NET_ITEM;
    t->items = mp_alloc(c, t->n_items, sizeof *t->items);
    t->loss = mp_alloc(c, t->n_items, sizeof *t->loss);
    t->seconds = mp_alloc(c, mp_product(t->n_items, 2 * (size_t)t->net.n), sizeof *t->seconds);
    t->hits = mp_alloc(c, t->n_items, sizeof *t->hits);
    t->x = mp_alloc(c, mp_product((size_t)t->p->batch, mp_len(t->net.in)), sizeof *t->x);
    t->w = mp_alloc(c, t->net.weights, sizeof *t->w);
    t->best = mp_alloc(c, t->net.weights, sizeof *t->best);
    t->history = mp_alloc(c, SERIES * (size_t)t->p->epochs, sizeof *t->history);
    if (t->items == NULL || t->loss == NULL || t->seconds == NULL || t->hits == NULL ||
        t->x == NULL || t->w == NULL || t->best == NULL || t->history == NULL)
        return -1;
    const size_t bytes = mp_product(mp_product(t->net.weights, t->n_items), sizeof(float));
    if (bytes == SIZE_MAX || (t->gradients = aligned_alloc(64, bytes)) == NULL)
        return mp_fail(c, "no memory for a batch of %d rows", t->p->batch);
    for (size_t i = 0; i < t->n_items; i++)
        t->items[i] = (struct mp_net_item){ .dw = t->gradients + i * t->net.weights,
                                            .seconds = t->seconds + i * 2 * (size_t)t->net.n };
    t->o = (struct mp_optimizer){ .kind = t->p->optimizer, .momentum = t->p->momentum,
                                  .decay = t->p->decay, .clip = t->p->clip,
                                  .average = t->p->average };
    if (mp_optimizer_open(c, &t->o, t->net.weights) < 0 ||
        mp_net_plan(c, &t->net, t->p->precision, (size_t)t->p->batch) < 0)
        return -1;
    return mp_net_begin(c, &t->net, (enum mp_net_init)t->p->init, t->w);
}

static int visit(struct mp_io *io, void *arg)
{
    struct training *t = arg;
    const size_t n = t->net.weights;
    if (mp_io_f64(io, "seconds", &t->spent) < 0 || mp_io_u64(io, "epoch", &t->epoch) < 0 ||
        mp_io_u64(io, "kept", &t->kept) < 0 || mp_io_u64(io, "step", &t->o.step) < 0 ||
        mp_io_f64s(io, "history", &t->history, SERIES * (size_t)t->p->epochs) < 0 ||
        mp_io_f32s(io, "weights", &t->w, n) < 0 ||
        mp_io_f32s(io, "best_weights", &t->best, n) < 0 ||
        mp_io_f32s(io, "first", &t->o.first, n) < 0 ||
        (t->o.mean != NULL && mp_io_f32s(io, "mean", &t->o.mean, n) < 0))
        return -1;
    return t->o.second != NULL ? mp_io_f32s(io, "second", &t->o.second, n) : MP_OK;
}

static void record(struct mp_ctx *c, const struct training *t, uint64_t epoch)
{
    static const char *const names[SERIES] = { "loss", "accuracy", "validation_loss",
                                               "validation_accuracy" };
    for (int k = 0; k < (t->n_judges > 0 ? SERIES : VALIDATION_LOSS); k++)
        mp_record(c, names[k], t->history[epoch * SERIES + (uint64_t)k]);
}

/* Whether the last epoch is better than the one that is kept.  Few rows judge, so equal
 * accuracies are common; of these the loss tells which net is surer of what is right. */
static bool is_better(const struct training *t)
{
    if (t->kept == 0 || t->n_judges == 0)
        return true;
    const double *last = t->history + (t->epoch - 1) * SERIES;
    const double *kept = t->history + (t->kept - 1) * SERIES;
    if (last[VALIDATION_ACCURACY] == kept[VALIDATION_ACCURACY])
        return last[VALIDATION_LOSS] < kept[VALIDATION_LOSS];
    return last[VALIDATION_ACCURACY] > kept[VALIDATION_ACCURACY];
}

static int one_epoch(struct mp_ctx *c, struct training *t)
{
    struct score s = { 0, 0 }, v = { 0, 0 };
    if (train_epoch(c, t, t->epoch, &s) < 0 || mp_optimizer_collect(c, &t->o, &t->net) < 0 ||
        (t->n_judges > 0 && judge(c, t, &v) < 0))
        return -1;
    const double values[SERIES] = { [LOSS] = s.loss, [ACCURACY] = s.accuracy,
                                    [VALIDATION_LOSS] = v.loss,
                                    [VALIDATION_ACCURACY] = v.accuracy };
    memcpy(t->history + t->epoch * SERIES, values, sizeof values);
    record(c, t, t->epoch);
    t->epoch++;
    if (is_better(t)) {
        t->kept = t->epoch;
        memcpy(t->best, learned(t), t->net.weights * sizeof *t->best);
    }
    t->spent = mp_seconds() - t->start;
    return mp_checkpoint_save(c, visit, t);
}

/* What a run that was stopped has done of this one. */
static int go_on(struct mp_ctx *c, struct training *t)
{
    const unsigned long long done = t->epoch, kept = t->kept;
    if (done > (uint64_t)t->p->epochs)
        return mp_fail(c, "the checkpoint has %llu epochs", done);
    if (kept < 1 || kept > done)
        return mp_fail(c, "the checkpoint has the weights of epoch %llu, of %llu", kept, done);
    if (!(t->spent >= 0 && t->spent < 1e12))
        return mp_fail(c, "the checkpoint says %g seconds", t->spent);
    for (uint64_t e = 0; e < done; e++)
        record(c, t, e);
    mp_resumed(c, (double)done, (double)t->p->epochs, t->spent);
    mp_remark(c, "resumed %s epoch %llu of %d; what came before had taken %.1f s",
              done < (uint64_t)t->p->epochs ? "at" : "after",
              done < (uint64_t)t->p->epochs ? done + 1 : done, t->p->epochs, t->spent);
    return MP_OK;
}

/* The least loss of a net that gives all rows the same scores: that of guessing by how many
 * rows each class has. */
static int guessing(struct mp_ctx *c, const struct training *t, double *loss)
{
    const int k = t->net.classes;
    size_t *rows = mp_alloc(c, (size_t)k, sizeof *rows);
    if (rows == NULL)
        return -1;
    *loss = 0;
    for (size_t i = 0; i < t->n_train; i++)
        rows[t->y[t->learners[i]]]++;
    for (int j = 0; j < k; j++) {
        const double share = (double)rows[j] / (double)t->n_train;
        const double target = (1 - t->p->smoothing) * share + t->p->smoothing / k;
        *loss -= target > 0 ? target * log(target) : 0;
    }
    free(rows);
    return MP_OK;
}

/* Whether the rows that the net learns from are all the same; *same. */
static int compare_rows(struct mp_ctx *c, struct training *t, bool *same)
{
    const size_t len = mp_len(t->net.in), batch = (size_t)t->p->batch;
    float *first = mp_alloc(c, len, sizeof *first);
    int rc = first != NULL ? MP_OK : -1;
    *same = true;
    for (size_t at = 0; at < t->n_train && *same && rc == MP_OK; at += batch) {
        const size_t n = t->n_train - at < batch ? t->n_train - at : batch;
        rc = mp_pull(c, t->learners + at, n, false, 0, t->x);
        if (at == 0 && rc == MP_OK)
            memcpy(first, t->x, len * sizeof *first);
        for (size_t i = 0; i < n && *same && rc == MP_OK; i++)
            *same = memcmp(first, t->x + i * len, len * sizeof *first) == 0;
    }
    free(first);
    return rc;
}

/* What may have gone wrong where the net is no better than guessing: a loss that was much
 * better once, or never as good as guessing, speaks of steps that are too large. */
static int warn_of_loss(struct mp_ctx *c, struct training *t)
{
    const double last = t->history[(t->epoch - 1) * SERIES + LOSS];
    double guess, least = last;
    bool same = false;
    if (guessing(c, t, &guess) < 0)
        return -1;
    if (last < 0.98 * guess)
        return MP_OK;
    if (compare_rows(c, t, &same) < 0)
        return -1;
    for (uint64_t e = 0; e < t->epoch; e++)
        least = fmin(least, t->history[e * SERIES + LOSS]);
    const char *from = mp_pull_from(c);
    if (same)
        mp_warn(c, "all training images are the same%s%s: nothing tells the classes apart",
                from != NULL ? " behind " : "", from != NULL ? from : "");
    else if (last > 2 * guess || least < 0.9 * guess)
        mp_warn(c, "the loss ended at %.3g, where guessing has %.3g: a smaller lr than %g may help",
                last, guess, t->p->lr);
    else if (last > guess)
        mp_warn(c, "the loss ended at %.3g, no better than guessing, which has %.3g: more epochs, "
                   "or another lr than %g, may help", last, guess, t->p->lr);
    return MP_OK;
}

/* From the beginning, or from where a checkpoint left off. */
static int all_epochs(struct mp_ctx *c, struct training *t)
{
    const int loaded = mp_checkpoint_load(c, visit, t);
    if (loaded < 0)
        return -1;
    mp_net_round(&t->net, t->w, 0, t->net.weights);
    if (loaded > 0 && go_on(c, t) < 0)
        return -1;
    t->start = mp_seconds() - t->spent;
    while (t->epoch < (uint64_t)t->p->epochs &&
           !(t->p->patience > 0 && t->epoch - t->kept >= (uint64_t)t->p->patience))
        if (one_epoch(c, t) < 0)
            return -1;
        else if (mp_trial(c))
            break;
    if (t->n_judges > 0)
        mp_record(c, "kept_epoch", (double)t->kept);
    return mp_trial(c) ? MP_OK : warn_of_loss(c, t);
}

/* What each layer has cost; how results depend on the machine. */
static int tell(struct mp_ctx *c, const struct training *t)
{
    const size_t one = 2 * (size_t)t->net.n * sizeof *t->seconds;
    if (mp_ranks_collect(c, MP_OK, t->seconds, one, t->n_items, t->n_items) < 0)
        return -1;
    const double rows = (double)t->o.step * t->p->batch;
    for (int i = 0; i < t->net.n; i++) {
        const struct mp_net_layer *l = &t->net.layers[i];
        const double work = l->layer->work != NULL ? l->layer->work(l->params, l->in, l->out) : 0;
        /* The gradient of the input, and that of the weights, unless a batch makes it. */
        const int products = (i > 0) + (l->outer == NULL);
        struct mp_part part = { .name = l->name, .line = l->line, .work = rows * work,
                                .back_work = rows * work * products };
        for (size_t k = 0; k < t->n_items; k++) {
            part.forward += t->items[k].seconds[i];
            part.backward += t->items[k].seconds[t->net.n + i];
        }
        mp_record_part(c, &part);
    }
    mp_remark(c, "products of the net read %s, sums are f32: the same bytes for any number of "
                 "threads; other instructions than %s may round otherwise",
              t->net.precision == MP_BF16 ? "bf16" : "f32", mp_dnn_isa());
    mp_dnn_remark(c);
    return MP_OK;
}

static void training_free(struct training *t)
{
    mp_net_close(&t->net);
    mp_optimizer_close(&t->o);
    free(t->w);
    free(t->best);
    free(t->history);
    free(t->gradients);
    free(t->x);
    free(t->weight);
    free(t->learners);
    free(t->order);
    free(t->judges);
    free(t->items);
    free(t->loss);
    free(t->seconds);
    free(t->hits);
}

static int shape(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in,
                 struct mp_shape *out)
{
    const struct params *p = params;
    struct mp_net net;
    (void)state;
    (void)out;
    if (p->patience > 0 && p->validation <= 0)
        return mp_fail(c, "patience=%d: needs validation=SHARE, rows that judge the epochs",
                       p->patience);
    if (p->plain > p->epochs)
        return mp_fail(c, "plain=%d: there are %d epochs; must be at most %d", p->plain, p->epochs,
                       p->epochs);
    if (mp_class_weights_check(c, p->weights) < 0)
        return -1;
    /* Layers that do not fit are found here; the classes may not be known yet. */
    if (mp_net_open(c, &net, &p->layers, in, mp_classes(c, NULL)) < 0)
        return -1;
    mp_net_close(&net);
    return MP_OK;
}

static int describe(struct mp_ctx *c, const void *params, struct mp_shape in, FILE *f)
{
    static const struct mp_tabular_column column[] = {
        { "line", 'l' }, { "layer", 'l' }, { "gives", 'r' }, { "weights", 'r' },
        { "multiply-adds", 'r' }
    };
    const struct params *p = params;
    struct mp_net net;
    struct mp_tabular t;
    double all_work = 0;
    if (mp_net_open(c, &net, &p->layers, in, mp_classes(c, NULL)) < 0)
        return -1;
    mp_tabular_open(&t, column, sizeof column / sizeof *column, 2);
    for (int i = 0; i < net.n; i++) {
        const struct mp_net_layer *l = &net.layers[i];
        const double work = l->layer->work != NULL ? l->layer->work(l->params, l->in, l->out) : 0;
        mp_tabular_cell(&t, "%d", l->line);
        mp_tabular_cell(&t, "%s", l->name);
        mp_tabular_cell(&t, "%d x %d x %d", l->out.h, l->out.w, l->out.c);
        mp_tabular_cell(&t, "%zu", mp_net_layer_values(l));
        mp_tabular_cell(&t, "%.0f", work);
        all_work += work;
    }
    mp_tabular_print(&t, f, &mp_plain);
    mp_say(f, "", 0, "in all %zu weights, %.0f multiply-adds a row, forward", mp_net_values(&net),
           all_work);
    mp_net_close(&net);
    return MP_OK;
}

static int done(struct mp_ctx *c, const void *params, void *state)
{
    struct state *s = state;
    struct training t = { .p = params };
    if (mp_classes(c, NULL) < 2)
        return mp_fail(c, "needs rows of at least two classes, got %d", mp_classes(c, NULL));
    int rc = mp_net_open(c, &t.net, &t.p->layers, mp_pull_shape(c), mp_classes(c, NULL));
    if (rc == MP_OK) {
        mp_net_warn(c, &t.net);
        rc = split(c, &t);
    }
    if (rc == MP_OK)
        rc = prepare(c, &t);
    if (rc == MP_OK)
        rc = all_epochs(c, &t);
    if (rc == MP_OK)
        rc = tell(c, &t);
    if (rc == MP_OK) {
        s->n = t.net.weights;
        s->w = t.best;
        t.best = NULL;
    }
    training_free(&t);
    return rc;
}

static int io(struct mp_io *io, void *state)
{
    struct state *s = state;
    if (mp_io_u64(io, "weights", &s->n) < 0)
        return -1;
    return mp_io_f32s(io, "values", &s->w, s->n);
}

static int values(struct mp_ctx *c, const void *state, uint64_t *values)
{
    const struct state *s = state;
    (void)c;
    *values = mp_net_values(&s->net);
    return MP_OK;
}

static int ready(struct mp_ctx *c, const void *params, void *state, struct mp_shape in)
{
    const struct params *p = params;
    struct state *s = state;
    mp_net_close(&s->net);
    if (mp_net_open(c, &s->net, &p->layers, in, mp_classes(c, NULL)) < 0)
        return -1;
    if (s->net.weights != s->n)
        return mp_fail(c, "the state has %llu weights, these layers need %zu",
                       (unsigned long long)s->n, s->net.weights);
    if (mp_net_plan(c, &s->net, p->precision, 0) < 0)
        return -1;
    mp_net_round(&s->net, s->w, 0, s->n);
    return MP_OK;
}

static void clear(void *state)
{
    struct state *s = state;
    mp_net_close(&s->net);
    free(s->w);
}

static int inside(struct mp_ctx *c, const void *params, struct mp_shape in, const char *name,
                  struct mp_shape *out)
{
    const struct params *p = params;
    struct mp_net net;
    if (mp_net_open(c, &net, &p->layers, in, mp_classes(c, NULL)) < 0)
        return -1;
    const int layer = mp_net_find(c, &net, name);
    if (layer >= 0)
        *out = net.layers[layer].out;
    mp_net_close(&net);
    return layer;
}

/* Rows through the net as far as a layer, item by item; the last item is filled up.  get:
 * mp_net_reveal() or mp_net_watch(), which give k values a row. */
static int through(struct mp_ctx *c, const struct state *s, int layer, size_t given,
                   const struct mp_chunk *in, struct mp_chunk *out,
                   int (*get)(struct mp_ctx *c, const struct mp_net *net, const float *w,
                              struct mp_net_item *item, int layer, size_t n, float *y))
{
    const size_t len = mp_len(in->shape), k = mp_len(out->shape);
    struct mp_net_item item;
    if (len != mp_len(s->net.in) || k != given)
        return mp_fail(c, "trained on rows of %zu values and %d classes, given %zu and %zu",
                       mp_len(s->net.in), s->net.classes, len, k);
    float *memory = mp_scratch(c, mp_net_item_size(&s->net, false));
    if (memory == NULL)
        return -1;
    mp_net_item_place(&s->net, false, memory, &item);
    for (size_t i = 0; i < in->n; i += MP_NET_ITEM) {
        const size_t n = in->n - i < MP_NET_ITEM ? in->n - i : MP_NET_ITEM;
        memset(item.x, 0, MP_NET_ITEM * len * sizeof *item.x);
        memcpy(item.x, in->x + i * len, n * len * sizeof *item.x);
        const int mark = mp_scratch_mark(c);
        if (get(c, &s->net, s->w, &item, layer, n, out->x + i * k) < 0)
            return -1;
        mp_scratch_release(c, mark);
    }
    return MP_OK;
}

static int reveal(struct mp_ctx *c, const void *params, const void *state, int layer,
                  const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    (void)params;
    if (layer < 0 || layer >= s->net.n)
        return mp_fail(c, "has no layer %d", layer);
    return through(c, s, layer, mp_len(s->net.layers[layer].out), in, out, mp_net_reveal);
}

/* Number of the i-th layer that there is something new to see of; -1: there are no more. */
static int seen_layer(const struct mp_net *net, int i)
{
    for (int layer = 0; layer < net->n; layer++)
        if (mp_net_view(net, layer).new && i-- == 0)
            return layer;
    return -1;
}

static int view(struct mp_ctx *c, const void *params, const void *state, struct mp_shape in, int i,
                struct mp_view *view)
{
    const struct params *p = params;
    struct mp_net net;
    (void)state;
    if (mp_net_open(c, &net, &p->layers, in, mp_classes(c, NULL)) < 0)
        return -1;
    const int layer = seen_layer(&net, i);
    if (layer >= 0) {
        const struct mp_net_view v = mp_net_view(&net, layer);
        memcpy(view->name, v.name, sizeof view->name);
        view->shape = v.shape;
        view->part = layer;
    }
    mp_net_close(&net);
    return layer >= 0;
}

static int watch(struct mp_ctx *c, const void *params, const void *state, int i,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    const int layer = seen_layer(&s->net, i);
    (void)params;
    if (layer < 0)
        return mp_fail(c, "has no layer %d to look at", i);
    return through(c, s, layer, mp_len(mp_net_view(&s->net, layer).shape), in, out, mp_net_watch);
}

static int apply(struct mp_ctx *c, const void *params, const void *state,
                 const struct mp_chunk *in, struct mp_chunk *out)
{
    const struct state *s = state;
    return reveal(c, params, state, s->net.n - 1, in, out);
}

/* What the first layer has learned. */
static int pictures(struct mp_ctx *c, const void *params, const void *state,
                    struct mp_shape image, const struct mp_viewer *v)
{
    const struct state *s = state;
    const struct mp_net_layer *l = &s->net.layers[0];
    const float *w[MP_LAYER_WEIGHTS] = { NULL };
    (void)params;
    if (s->net.n == 0 || l->layer->pictures == NULL || mp_len(image) != mp_len(l->in))
        return MP_OK;
    for (int k = 0; k < l->n_weights; k++)
        w[k] = s->w + l->offset[k];
    return l->layer->pictures(c, l->params, image, l->out, w, v);
}

MP_STAGE(net) = {
    .brief = "Train a net of the layers indented below",
    .doc = "Layers are lines indented below it, from the image to the last hidden layer;\n"
           "`mnistpipe list` shows them, `mnistpipe help LAYER` explains one.  The net adds\n"
           "a last dense layer with one output a class; a score is its value before the\n"
           "softmax.  The loss is softmax cross-entropy.  Optimizers have PyTorch's formulas.\n"
           "average=0.999 evens out steps where the rate stays high, as with schedule=constant\n"
           "(Polyak and Juditsky 1992, \"Acceleration of stochastic approximation by\n"
           "averaging\"); after schedule=onecycle, which ends at nothing, it changes little.",
    .example = "net epochs=30 batch=32 lr=0.01\n  dense units=32 act=relu",
    .params = table,
    .params_size = sizeof(struct params),
    .state_size = sizeof(struct state),
    .shape = shape,
    .done = done, .io = io, .clear = clear,
    .apply = apply,
    .learner = MP_LEARNER(.learns = MP_IN_EPOCHS, .needs = MP_LAYERS, .scores = MP_LOGITS,
                          .prepare = mp_dnn_load, .ready = ready, .values = values,
                          .inside = inside, .reveal = reveal, .view = view, .watch = watch,
                          .describe = describe, .pictures = pictures),
};
