/* SPDX-License-Identifier: GPL-3.0-or-later */
/* training.c - how a net learns.
 *
 * The optimizers step for step with PyTorch's (tests/oracle/net.py): the same first
 * weights, the same batches, the layers driven by hand as models/net.c drives them.
 * Then models/net.c itself, through the engine: its losses are those of the same
 * steps by hand; threads do not show; it stops when it should. */
#define ORACLE_RUNS
#include "../oracle/net.h"
#include "../tap.h"
#include "core/ctx.h"
#include "engine/engine.h"
#include "linear/dnn.h"
#include "net/optimizer.h"
#include "core/random.h"
#include "data/split.h"
#include "core/state.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 10 };
static const char *const labels[MOST_CLASSES] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9" };

static double wave(int seed, size_t at)
{
    const double i = (double)at;
    return sin((0.7 * i + 1.3) * i + 2.9 * seed);
}

static void *memory(size_t n, size_t size)
{
    void *p = NULL;
    if (posix_memalign(&p, 64, n * size + 64) != 0) {
        printf("Bail out! no memory for the test itself\n");
        exit(1);
    }
    return memset(p, 0, n * size + 64);
}

/* "net SETTINGS" with these layers, one a line, indented. */
static bool build(struct mp_ctx *c, const char *settings, const char *layers, struct mp_plan *plan)
{
    struct mp_script s = { 0 };
    char text[1000];
    int n = snprintf(text, sizeof text, "net %s\n  ", settings);
    for (const char *at = layers; *at != '\0' && n < (int)sizeof text - 8; at++)
        n += snprintf(text + n, sizeof text - (size_t)n, *at == '\n' ? "\n  " : "%c", *at);
    snprintf(text + n, sizeof text - (size_t)n, "\n");
    memset(plan, 0, sizeof *plan);
    const bool good = mp_script_parse(c, "test", text, &s) == MP_OK &&
                      mp_plan_build(c, &s, plan) == MP_OK;
    mp_script_free(&s);
    return good;
}

/* ------------------------------------------------------------ steps by hand */

/* A net, its weights, and the items of a batch. */
struct hand {
    struct mp_net net;
    struct mp_optimizer o;
    float *w, *memory;
    struct mp_net_item *items;
    size_t n_items, batch;
};

static bool hand_open(struct mp_ctx *c, struct hand *h, const struct mp_plan *plan,
                      struct mp_shape in, int classes, size_t batch)
{
    h->batch = batch;
    h->n_items = (batch + MP_NET_ITEM - 1) / MP_NET_ITEM;
    if (mp_net_open(c, &h->net, plan->nodes[0].params, in, classes) < 0 ||
        mp_net_plan(c, &h->net, MP_ASKED_F32, batch) < 0 ||
        mp_optimizer_open(c, &h->o, h->net.weights) < 0)
        return false;
    const size_t size = (mp_net_item_size(&h->net, true) + 15) / 16 * 16 + h->net.weights;
    h->w = memory(h->net.weights, sizeof *h->w);
    h->memory = memory(size * h->n_items, sizeof *h->memory);
    h->items = memory(h->n_items, sizeof *h->items);
    for (size_t i = 0; i < h->n_items; i++) {
        float *at = h->memory + i * size;
        mp_net_item_place(&h->net, true, at + h->net.weights, &h->items[i]);
        h->items[i].dw = at;
    }
    return true;
}

static void hand_close(struct hand *h)
{
    mp_net_close(&h->net);
    mp_optimizer_close(&h->o);
    free(h->w);
    free(h->memory);
    free(h->items);
}

/* Softmax cross-entropy of one row, and its gradient for a mean over `batch` rows. */
static double row_loss(const float *z, int k, int truth, double smoothing, size_t batch, float *g)
{
    double top = (double)z[0], sum = 0, loss = 0;
    for (int j = 1; j < k; j++)
        top = fmax(top, (double)z[j]);
    for (int j = 0; j < k; j++)
        sum += exp((double)z[j] - top);
    for (int j = 0; j < k; j++) {
        const double target = smoothing / k + (j == truth ? 1 - smoothing : 0);
        const double part = (double)z[j] - top - log(sum);
        loss -= target * part;
        g[j] = (float)((exp(part) - target) / (double)batch);
    }
    return loss;
}

/* One step on the rows x; the mean loss before it. */
static double hand_step(struct mp_ctx *c, struct hand *h, const float *x, const int *y,
                        double smoothing, double rate)
{
    const size_t d = mp_len(h->net.in), k = (size_t)h->net.classes;
    double loss = 0;
    for (size_t i = 0; i < h->n_items; i++) {
        struct mp_net_item *item = &h->items[i];
        const size_t from = i * MP_NET_ITEM, left = h->batch - from;
        const size_t n = left < MP_NET_ITEM ? left : MP_NET_ITEM;
        item->row = from;
        memcpy(item->x, x + from * d, n * d * sizeof *x);
        if (mp_net_forward(c, &h->net, h->w, item, n, true, 1) < 0)
            return NAN;
        for (size_t r = 0; r < n; r++)
            loss += row_loss(item->scores + r * k, (int)k, y[from + r], smoothing, h->batch,
                             item->up + r * k);
        if (mp_net_backward(c, &h->net, h->w, item, n, 1) < 0)
            return NAN;
    }
    if (mp_optimizer_step(c, &h->o, &h->net, h->w, h->items, h->n_items, rate) < 0)
        return NAN;
    return loss / (double)h->batch;
}

/* Scores of n rows. */
static bool hand_scores(struct mp_ctx *c, struct hand *h, const float *x, size_t n, float *scores)
{
    const size_t d = mp_len(h->net.in), k = (size_t)h->net.classes;
    for (size_t at = 0; at < n; at += MP_NET_ITEM) {
        const size_t part = n - at < MP_NET_ITEM ? n - at : MP_NET_ITEM;
        memcpy(h->items[0].x, x + at * d, part * d * sizeof *x);
        if (mp_net_forward(c, &h->net, h->w, &h->items[0], MP_NET_ITEM, false, 0) < 0)
            return false;
        memcpy(scores + at * k, h->items[0].scores, part * k * sizeof *scores);
    }
    return true;
}

/* ---------------------------------------------------------------- PyTorch */

static int kind_of(const char *name)
{
    static const char *const names[] = { "sgd", "nesterov", "rmsprop", "adam", "adamw" };
    int k = 0;
    while (strcmp(names[k], name) != 0)
        k++;
    return k;
}

/* The beginning that net.py has too. */
static void set_weights(const struct mp_net *net, float *w)
{
    for (int i = 0; i < net->n; i++)
        for (int k = 0; k < net->layers[i].n_weights; k++) {
            const struct mp_weight *t = &net->layers[i].weight[k];
            const bool drawn = t->init == MP_INIT_FAN || t->init == MP_INIT_ORTHOGONAL;
            const bool norm = strcmp(net->layers[i].name, "batchnorm") == 0;
            for (size_t j = 0; j < t->size; j++) {
                const double v = wave(100 + 4 * i + k, j);
                w[net->layers[i].offset[k] + j] =
                    (float)(norm ? t->init == MP_INIT_ONE
                                 : drawn ? v * 1.5 / sqrt((double)t->fan_in) : 0.1 * v);
            }
        }
}

static void oracle_rows(const struct oracle_run *o, float *x, int *y)
{
    const size_t d = mp_len(o->in);
    for (size_t i = 0; i < 2 * o->batch; i++) {
        y[i] = (int)(i * 7 % (size_t)o->classes);
        for (size_t j = 0; j < d; j++)
            x[i * d + j] = (float)(0.5 * wave(50, i * d + j) +
                                   (j % (size_t)o->classes == (size_t)y[i] ? 0.8 : 0));
    }
}

static bool scores_near(const struct oracle_run *o, const float *z)
{
    const size_t n = 2 * o->batch * (size_t)o->classes;
    double product = 0;
    bool good = true;
    for (size_t i = 0; i < n; i++)
        product += (double)z[i] * wave(20, i);
    for (int i = 0; i < ORACLE_PROBES; i++) {
        const double got = i == ORACLE_PROBES - 1 ? product / sqrt((double)n)
                                                  : (double)z[(size_t)i * 7919 % n];
        if (fabs(got - o->scores[i]) > 1e-3 && good)
            tap_note("score, probe %d: %.7g, PyTorch has %.7g", i, got, o->scores[i]);
        good = good && fabs(got - o->scores[i]) <= 1e-3;
    }
    return good;
}

static bool twenty_steps(struct mp_ctx *c, struct hand *h, const struct oracle_run *o)
{
    const size_t d = mp_len(o->in), rows = 2 * o->batch;
    float *x = memory(rows * d, sizeof *x), *z = memory(rows * (size_t)o->classes, sizeof *z);
    int *y = memory(rows, sizeof *y);
    bool good = true;
    oracle_rows(o, x, y);
    set_weights(&h->net, h->w);
    for (int k = 0; k < ORACLE_STEPS && good; k++) {
        const size_t at = (size_t)(k % 2) * o->batch;
        const double loss = hand_step(c, h, x + at * d, y + at, o->smoothing, o->rate);
        good = fabs(loss - o->loss[k]) <= 1e-4;
        if (!good)
            tap_note("step %d: loss %.7g, PyTorch has %.7g %s", k + 1, loss, o->loss[k], c->msg);
    }
    good = good && hand_scores(c, h, x, rows, z) && scores_near(o, z);
    free(x);
    free(z);
    free(y);
    return good;
}

static void test_oracle(struct tap *t)
{
    for (size_t i = 0; i < sizeof oracle_runs / sizeof *oracle_runs; i++) {
        const struct oracle_run *o = &oracle_runs[i];
        struct mp_run run = { .seed = 1, .threads = 2 };
        struct hand h = { .o = { .kind = kind_of(o->optimizer), .momentum = o->momentum,
                                 .decay = o->decay, .clip = o->clip } };
        struct mp_plan plan;
        struct mp_ctx c;
        mp_ctx_init(&c, &run);
        const bool good = build(&c, "", o->layers, &plan) &&
                          hand_open(&c, &h, &plan, o->in, o->classes, o->batch) &&
                          twenty_steps(&c, &h, o);
        if (c.msg[0] != '\0')
            tap_note("%s", c.msg);
        tap_ok(t, good, "%.*s ...: twenty steps of %s, lr %g, momentum %g, decay %g, clip %g, "
               "smoothing %g, are PyTorch's", (int)strcspn(o->layers, "\n"), o->layers,
               o->optimizer, o->rate, o->momentum, o->decay, o->clip, o->smoothing);
        hand_close(&h);
        mp_plan_free(&plan);
        mp_ctx_free(&c);
    }
}

/* ----------------------------------------------------------- first weights */

/* Uniform, of the variance 2 / fan_in (he) or 2 / (fan_in + fan_out) (glorot). */
static bool is_drawn(const struct mp_weight *t, enum mp_net_init init, const float *w)
{
    const double variance = 2 / (double)(init == MP_NET_HE ? t->fan_in : t->fan_in + t->fan_out);
    double sum = 0, squares = 0, most = 0;
    for (size_t i = 0; i < t->size; i++) {
        sum += (double)w[i];
        squares += (double)w[i] * (double)w[i];
        most = fmax(most, fabs((double)w[i]));
    }
    const double n = (double)t->size, mean = sum / n, found = squares / n;
    if (most <= sqrt(3 * variance) * 1.0001 && most > 0.9 * sqrt(3 * variance) &&
        fabs(mean) < 5 * sqrt(variance / n) && fabs(found / variance - 1) < 5 / sqrt(n))
        return true;
    tap_note("%s: mean %g, variance %g, expected %g", t->name, mean, found, variance);
    return false;
}

/* Rows i and j of the fan_in x fan_in matrix at w, whose rows are fan_out apart. */
static double rows_product(const struct mp_weight *t, const float *w, size_t i, size_t j)
{
    double dot = 0;
    for (size_t k = 0; k < t->fan_in; k++)
        dot += (double)w[i * t->fan_out + k] * (double)w[j * t->fan_out + k];
    return dot;
}

/* Each of the square matrices side by side in each fan_in x fan_out. */
static bool is_orthogonal(const struct mp_weight *t, const float *w)
{
    const size_t u = t->fan_in;
    for (size_t at = 0; at < t->size; at += u * t->fan_out)
        for (size_t q = 0; q < t->fan_out; q += u)
            for (size_t i = 0; i < u; i++)
                for (size_t j = 0; j <= i; j++)
                    if (fabs(rows_product(t, w + at + q, i, j) - (i == j)) > 1e-5) {
                        tap_note("%s: rows %zu and %zu at %zu: product %g", t->name, i, j, at + q,
                                 rows_product(t, w + at + q, i, j));
                        return false;
                    }
    return true;
}

static void test_begin(struct tap *t, const char *layers, enum mp_net_init init)
{
    struct mp_run run = { .seed = 1, .threads = 1 };
    struct mp_plan plan;
    struct hand h = { .n_items = 0 };
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    bool good = build(&c, "", layers, &plan) &&
                hand_open(&c, &h, &plan, (struct mp_shape){ 8, 8, 1 }, 10, 32) &&
                mp_net_begin(&c, &h.net, init, h.w) == MP_OK;
    for (int i = 0; i < h.net.n && good; i++)
        for (int k = 0; k < h.net.layers[i].n_weights && good; k++) {
            const struct mp_weight *w = &h.net.layers[i].weight[k];
            const float *v = h.w + h.net.layers[i].offset[k];
            good = w->init == MP_INIT_FAN          ? is_drawn(w, init, v)
                   : w->init == MP_INIT_ORTHOGONAL ? is_orthogonal(w, v)
                                                   : v[0] == (w->init == MP_INIT_ONE ? 1 : 0);
        }
    if (c.msg[0] != '\0')
        tap_note("%s", c.msg);
    tap_ok(t, good, "%.*s ...: first weights, %s", (int)strcspn(layers, "\n"), layers,
           init == MP_NET_HE ? "he" : "glorot");
    hand_close(&h);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
}

static void test_first_weights(struct tap *t)
{
    static const char *const layers[] = {
        "conv filters=24\nbatchnorm\nconv filters=20 kernel=5\ndense units=50",
        "lstm units=20", "lstm units=12 layers=4 directions=2",
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        test_begin(t, layers[i], MP_NET_HE);
        test_begin(t, layers[i], MP_NET_GLOROT);
    }
}

/* --------------------------------------------------------------- schedules */

static bool near(double got, double expected)
{
    if (fabs(got - expected) <= 1e-12)
        return true;
    tap_note("%.15g, expected %.15g", got, expected);
    return false;
}

static void test_schedules(struct tap *t)
{
    bool good = near(mp_schedule_rate(MP_CONSTANT, 0.3, 0, 9), 0.3);
    good &= near(mp_schedule_rate(MP_CONSTANT, 0.3, 8, 9), 0.3);
    tap_ok(t, good, "constant: the rate itself");
    good = near(mp_schedule_rate(MP_STEP, 2, 49, 100), 2);
    good &= near(mp_schedule_rate(MP_STEP, 2, 50, 100), 0.2);
    good &= near(mp_schedule_rate(MP_STEP, 2, 74, 100), 0.2);
    good &= near(mp_schedule_rate(MP_STEP, 2, 75, 100), 0.02);
    tap_ok(t, good, "step: a tenth at one half, a hundredth at three quarters");
    good = near(mp_schedule_rate(MP_COSINE, 2, 0, 60), 2);
    good &= near(mp_schedule_rate(MP_COSINE, 2, 20, 60), 1.5);
    good &= near(mp_schedule_rate(MP_COSINE, 2, 30, 60), 1);
    good &= near(mp_schedule_rate(MP_COSINE, 2, 40, 60), 0.5);
    tap_ok(t, good, "cosine: 1, 3/4, 1/2, 1/4 at 0, 1/3, 1/2, 2/3");
    good = near(mp_schedule_rate(MP_ONECYCLE, 1, 0, 80), 0.04);
    good &= near(mp_schedule_rate(MP_ONECYCLE, 1, 10, 80), 0.52);
    good &= near(mp_schedule_rate(MP_ONECYCLE, 1, 20, 80), 1);
    good &= near(mp_schedule_rate(MP_ONECYCLE, 1, 50, 80), 0.50005);
    good &= near(mp_schedule_rate(MP_ONECYCLE, 1, 80, 80), 1e-4);
    tap_ok(t, good, "onecycle: 1/25 at the beginning, 1 at a quarter, 1/10000 at the end");
    double was = 0;
    good = true;
    for (uint64_t k = 0; k < 1000; k++) {
        const double rate = mp_schedule_rate(MP_ONECYCLE, 1, k, 1000);
        good = good && rate > 0 && fabs(rate - was) < 0.05 && (rate > was) == (k <= 250);
        was = rate;
    }
    tap_ok(t, good, "onecycle: rises, then falls, without leaps");
}

/* -------------------------------------------------------------- the trainer */

enum { SIDE = 8, CLASSES = 4, RECORDS = 256 };

/* What a run through the engine leaves behind. */
struct outcome {
    bool good;
    char msg[1024];
    float *scores;
    size_t n_scores;
    struct mp_io state;
    double loss[RECORDS], judged_loss[RECORDS], validation[RECORDS];
    int n_losses, n_judged_losses, n_validations, kept;
};

static void keep_record(void *arg, const char *series, double value)
{
    struct outcome *o = arg;
    if (strcmp(series, "loss") == 0 && o->n_losses < RECORDS)
        o->loss[o->n_losses++] = value;
    if (strcmp(series, "validation_accuracy") == 0 && o->n_validations < RECORDS)
        o->validation[o->n_validations++] = value;
    if (strcmp(series, "validation_loss") == 0 && o->n_judged_losses < RECORDS)
        o->judged_loss[o->n_judged_losses++] = value;
    if (strcmp(series, "kept_epoch") == 0)
        o->kept = (int)value;
}

static int take(struct mp_ctx *c, void *arg, const struct mp_chunk *out)
{
    struct outcome *o = arg;
    const size_t n = out->n * mp_len(out->shape);
    (void)c;
    o->scores = realloc(o->scores, (o->n_scores + n) * sizeof *o->scores);
    memcpy(o->scores + o->n_scores, out->x, n * sizeof *o->scores);
    o->n_scores += n;
    return MP_OK;
}

/* n pages of noise, each with one quarter a little darker: its class. */
static void make_data(struct mp_data *d, int *y, size_t n)
{
    *d = (struct mp_data){ .n = n, .shape = { SIDE, SIDE, 1 }, .x = memory(n, SIDE * SIDE) };
    for (size_t i = 0; i < n; i++) {
        y[i] = (int)(mp_random_at(2, i, 0, 0) % CLASSES);
        for (int v = 0; v < SIDE; v++)
            for (int u = 0; u < SIDE; u++) {
                const uint64_t bits = mp_random_at(1, i, (uint64_t)v, (uint64_t)u);
                const bool mine = (v >= SIDE / 2) * 2 + (u >= SIDE / 2) == y[i];
                d->x[(i * SIDE + (size_t)v) * SIDE + (size_t)u] =
                    (uint8_t)(bits % 180 + (mine ? 30 : 0));
            }
    }
}

static struct outcome train(const char *settings, const char *layers, size_t n, int threads,
                            uint64_t seed)
{
    struct outcome o = { .good = false };
    struct mp_run run = { .seed = seed, .threads = threads, .n_classes = CLASSES,
                          .classes = labels, .diary = { .record = keep_record, .arg = &o } };
    int *y = memory(n, sizeof *y);
    struct mp_plan plan;
    struct mp_data d;
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    make_data(&d, y, n);
    o.good = build(&c, settings, layers, &plan) && mp_plan_shape(&c, &plan, d.shape) == MP_OK &&
             mp_engine_fit(&c, &plan, &d, y, 0) == MP_OK &&
             mp_engine_apply(&c, &plan, &d, 0, "test", take, &o) == MP_OK &&
             mp_state_save(&c, plan.nodes[0].entry->stage, plan.nodes[0].state, &o.state) == MP_OK;
    snprintf(o.msg, sizeof o.msg, "%s", c.msg);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
    free(d.x);
    free(y);
    return o;
}

static void done(struct outcome *o)
{
    free(o->scores);
    free(o->state.buf);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->good && b->good && a->n_scores == b->n_scores && a->state.len == b->state.len &&
           a->n_losses == b->n_losses &&
           memcmp(a->scores, b->scores, a->n_scores * sizeof *a->scores) == 0 &&
           memcmp(a->state.buf, b->state.buf, a->state.len) == 0 &&
           memcmp(a->loss, b->loss, (size_t)a->n_losses * sizeof *a->loss) == 0;
}

static const char *const nets[] = {
    "conv filters=8 kernel=3\nbatchnorm\nmaxpool size=2\ndropout rate=0.2\n"
    "conv filters=8 kernel=3 act=gelu\nglobalpool\ndense units=16",
    "sequence by=both\nlstm units=8 layers=2 directions=2 last=no\nlstm units=6\ndropout",
};

static void test_threads(struct tap *t)
{
    static const char *const settings[] = {
        "epochs=2 batch=100 validation=0.2 optimizer=adamw decay=0.01 clip=1 smoothing=0.1",
        "epochs=2 batch=64 optimizer=nesterov lr=0.02",
    };
    for (size_t k = 0; k < sizeof nets / sizeof *nets; k++)
        for (size_t j = 0; j < sizeof settings / sizeof *settings; j++) {
            struct outcome one = train(settings[j], nets[k], 400, 1, 1);
            struct outcome two = train(settings[j], nets[k], 400, 2, 1);
            struct outcome four = train(settings[j], nets[k], 400, 4, 1);
            struct outcome other = train(settings[j], nets[k], 400, 2, 2);
            if (!one.good)
                tap_note("%s", one.msg);
            tap_ok(t, same(&one, &two) && same(&one, &four),
                   "net %zu, %s: 1, 2 and 4 threads give the same weights and scores", k,
                   settings[j]);
            tap_ok(t, other.good && !same(&one, &other), "net %zu: another seed, another net", k);
            done(&one);
            done(&two);
            done(&four);
            done(&other);
        }
}

/* The same as the net sees them. */
static void make_rows(struct mp_data *d, float *x, int *y, size_t n)
{
    make_data(d, y, n);
    for (size_t i = 0; i < n * SIDE * SIDE; i++)
        x[i] = (float)d->x[i] / 255.0f;
}

/* With all rows in one batch, an epoch is one step, whatever the order. */
static void test_by_hand(struct tap *t)
{
    enum { ROWS = 72, EPOCHS = 12 };
    const char *layers = "conv filters=4 kernel=3\nmaxpool size=2\ndense units=12 act=tanh";
    struct outcome o = train("epochs=12 batch=72 optimizer=nesterov lr=0.1 schedule=cosine "
                             "momentum=0.8 decay=0.01 clip=0.7 smoothing=0.1 init=glorot "
                             "precision=f32",
                             layers, ROWS, 2, 5);
    struct mp_run run = { .seed = 5, .threads = 2, .n_classes = CLASSES, .classes = labels };
    struct hand h = { .o = { .kind = MP_NESTEROV, .momentum = 0.8, .decay = 0.01, .clip = 0.7 } };
    float x[ROWS * SIDE * SIDE], z[ROWS * CLASSES];
    int y[ROWS];
    struct mp_plan plan;
    struct mp_data d;
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    make_rows(&d, x, y, ROWS);
    bool good = o.good && build(&c, "", layers, &plan) && o.n_losses == EPOCHS &&
                hand_open(&c, &h, &plan, d.shape, CLASSES, ROWS);
    c.place = 1;
    good = good && mp_net_begin(&c, &h.net, MP_NET_GLOROT, h.w) == MP_OK;
    for (int e = 0; e < EPOCHS && good; e++) {
        const double rate = mp_schedule_rate(MP_COSINE, 0.1, (uint64_t)e, EPOCHS);
        const double loss = hand_step(&c, &h, x, y, 0.1, rate);
        good = fabs(loss - o.loss[e]) < 1e-5;
        if (!good)
            tap_note("epoch %d: loss %.9g, by hand %.9g", e + 1, o.loss[e], loss);
    }
    good = good && hand_scores(&c, &h, x, ROWS, z) && o.n_scores == ROWS * CLASSES;
    for (size_t i = 0; i < ROWS * CLASSES && good; i++)
        good = fabs((double)z[i] - (double)o.scores[i]) < 1e-3;
    if (!good)
        tap_note("%s%s", o.msg, c.msg);
    tap_ok(t, good, "the trainer's losses and last scores are those of its steps by hand");
    hand_close(&h);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
    free(d.x);
    done(&o);
}

/* The net's weights are the mean of those after steps 1 .. t, that after step k counting d^(t - k);
 * what it learns in each step is not changed by that. */
static void test_average(struct tap *t)
{
    enum { ROWS = 72, EPOCHS = 7 };
    const char *settings = "epochs=7 batch=72 lr=0.01 schedule=constant precision=f32 average=0.6";
    const char *layers = "conv filters=4 kernel=3\nmaxpool size=2\ndense units=12";
    struct outcome o = train(settings, layers, ROWS, 2, 5);
    struct mp_run run = { .seed = 5, .threads = 2, .n_classes = CLASSES, .classes = labels };
    struct hand h = { .o = { .kind = MP_ADAM } };
    float x[ROWS * SIDE * SIDE], z[ROWS * CLASSES];
    double mean[4096] = { 0 }, share = 0;
    int y[ROWS];
    struct mp_plan plan;
    struct mp_data d;
    struct mp_ctx c;
    mp_ctx_init(&c, &run);
    make_rows(&d, x, y, ROWS);
    bool good = o.good && build(&c, "", layers, &plan) && o.n_losses == EPOCHS &&
                hand_open(&c, &h, &plan, d.shape, CLASSES, ROWS) && h.net.weights <= 4096;
    c.place = 1;
    good = good && mp_net_begin(&c, &h.net, MP_NET_HE, h.w) == MP_OK;
    for (int e = 0; e < EPOCHS && good; e++) {
        const double loss = hand_step(&c, &h, x, y, 0, 0.01);
        good = fabs(loss - o.loss[e]) < 1e-4;
        if (!good)
            tap_note("epoch %d: loss %.9g, by hand %.9g", e + 1, o.loss[e], loss);
        share = 0.6 * share + 1;
        for (size_t i = 0; i < h.net.weights; i++)
            mean[i] = 0.6 * mean[i] + (double)h.w[i];
    }
    for (size_t i = 0; i < h.net.weights && good; i++)
        h.w[i] = (float)(mean[i] / share);
    good = good && hand_scores(&c, &h, x, ROWS, z) && o.n_scores == ROWS * CLASSES;
    for (size_t i = 0; i < ROWS * CLASSES && good; i++)
        good = fabs((double)z[i] - (double)o.scores[i]) < 1e-4;
    if (!tap_ok(t, good, "average: the mean of the weights of all steps, early ones counting less"))
        tap_note("%s%s", o.msg, c.msg);
    hand_close(&h);
    mp_plan_free(&plan);
    mp_ctx_free(&c);
    free(d.x);
    done(&o);
}

static bool right(const float *scores, size_t row, int y)
{
    int top = 0;
    for (int k = 1; k < CLASSES; k++)
        top = scores[row * CLASSES + (size_t)k] > scores[row * CLASSES + (size_t)top] ? k : top;
    return top == y;
}

/* Accuracy of the kept weights on the rows that judge, which are drawn class by class. */
static double judged(const struct outcome *o, size_t n, double share, uint64_t seed)
{
    struct mp_run run = { .seed = seed };
    struct mp_data d;
    struct mp_ctx c;
    int *y = memory(n, sizeof *y);
    bool *judge = memory(n, sizeof *judge);
    size_t judges = 0, hits = 0;
    mp_ctx_init(&c, &run);
    make_data(&d, y, n);
    mp_split_mark(&c, y, n, share, mp_random_at(seed, 1, 1ull << 42, 0), judge);
    for (size_t i = 0; i < n; i++)
        if (judge[i]) {
            judges++;
            hits += right(o->scores, i, y[i]);
        }
    mp_ctx_free(&c);
    free(d.x);
    free(y);
    free(judge);
    return (double)hits / (double)judges;
}

static void test_validation(struct tap *t)
{
    enum { ROWS = 500, SEEDS = 4 };
    bool good = true, not_last = false;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct outcome o = train("epochs=10 batch=32 validation=0.3 optimizer=sgd lr=0.5 "
                                 "schedule=constant", "dense units=24", ROWS, 2, seed);
        double best = 0;
        for (int e = 0; e < o.n_validations; e++)
            best = fmax(best, o.validation[e]);
        const double kept = o.good ? judged(&o, ROWS, 0.3, seed) : 0;
        if (!o.good || o.n_validations != 10 || fabs(kept - best) > 1e-9) {
            tap_note("seed %llu: %s %d epochs, best %.6g, kept %.6g", (unsigned long long)seed,
                     o.msg, o.n_validations, best, kept);
            good = false;
        }
        not_last = not_last || (o.n_validations > 0 && o.validation[o.n_validations - 1] < best);
        done(&o);
    }
    tap_ok(t, good, "validation: the kept weights are those of the epoch that judged best");
    tap_ok(t, not_last, "validation: that was not always the last");
}

/* The rule, once more: the highest accuracy, of equals the smallest loss, of those the first;
 * counted from 1, among the first n epochs. */
static int best_of(const struct outcome *o, int n)
{
    int best = 0;
    for (int e = 1; e < n; e++)
        if (o->validation[e] > o->validation[best] ||
            (o->validation[e] == o->validation[best] && o->judged_loss[e] < o->judged_loss[best]))
            best = e;
    return best + 1;
}

/* Few rows judge, and many epochs get all of them right.  A run that ends with the epoch that
 * the rule names has that epoch's weights. */
static void test_ties(struct tap *t)
{
    const char *rest = "batch=32 validation=0.02 optimizer=sgd lr=0.1 schedule=constant";
    int ties = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        char settings[160];
        snprintf(settings, sizeof settings, "epochs=20 %s", rest);
        struct outcome o = train(settings, "dense units=24", 500, 2, seed);
        const int best = o.n_validations > 0 ? best_of(&o, o.n_validations) : 0;
        for (int e = 0; e < best - 1; e++)
            ties += o.validation[e] == o.validation[best - 1];
        snprintf(settings, sizeof settings, "epochs=%d %s", best, rest);
        struct outcome cut = train(settings, "dense units=24", 500, 2, seed);
        if (!tap_ok(t, o.good && cut.good && o.kept == best && cut.kept == best &&
                    o.state.len == cut.state.len &&
                    memcmp(o.state.buf, cut.state.buf, o.state.len) == 0,
                    "seed %d: of equal accuracies the epoch of the smallest loss is kept",
                    (int)seed))
            tap_note("%s%s kept %d and %d, expected %d", o.msg, cut.msg, o.kept, cut.kept, best);
        done(&o);
        done(&cut);
    }
    tap_ok(t, ties > 0, "and there were equal accuracies before it: %d", ties);
}

static void test_stops(struct tap *t)
{
    struct outcome o = train("epochs=60 batch=32 validation=0.3 patience=2 optimizer=sgd lr=0.5 "
                             "schedule=constant", "dense units=8", 200, 2, 1);
    bool good = o.good && o.n_losses > 2 && o.n_losses < 60 && o.n_validations == o.n_losses;
    for (int n = 1; n <= o.n_losses && good; n++)
        good = (n - best_of(&o, n) >= 2) == (n == o.n_losses);
    if (!tap_ok(t, good, "patience=2: stops after two epochs that are no better than the best"))
        tap_note("%s%d epochs", o.msg, o.n_losses);
    done(&o);
    o = train("epochs=40 batch=32 optimizer=sgd lr=100 schedule=constant momentum=0.99",
              "dense units=32 act=none\ndense units=32 act=none", 400, 2, 1);
    int step = 0, epoch = 0, end = 0;
    sscanf(o.msg, "test:1: net: the loss is no number after step %d of epoch %d: training "
           "diverged; a smaller lr than 100, or clip=1, may help%n", &step, &epoch, &end);
    if (!tap_ok(t, !o.good && end == (int)strlen(o.msg) && end > 0 && step > 0 && epoch > 0,
                "lr=100: stopped, and says what may help"))
        tap_note("%s", o.good ? "did not fail" : o.msg);
    done(&o);
    o = train("batch=128", "dense units=8", 100, 2, 1);
    if (!tap_ok(t, !o.good && strcmp(o.msg, "test:1: net: batch=128: there are only 100 rows to "
                "train on; batch=100 or less takes them (--set net.batch=100)") == 0,
                "a batch larger than the rows is refused"))
        tap_note("%s", o.good ? "did not fail" : o.msg);
    done(&o);
    o = train("epochs=20 batch=32 lr=0.01", nets[0], 400, 2, 1);
    if (!tap_ok(t, o.good && o.n_losses == 20 && o.loss[19] < 0.5 * o.loss[0],
                "twenty epochs of a convolutional net halve the loss"))
        tap_note("%s%g, then %g", o.msg, o.loss[0], o.loss[19]);
    done(&o);
}

int main(void)
{
    struct tap t = { 0 };
    test_oracle(&t);
    test_first_weights(&t);
    test_schedules(&t);
    test_by_hand(&t);
    test_average(&t);
    test_threads(&t);
    test_validation(&t);
    test_ties(&t);
    test_stops(&t);
    return tap_end(&t);
}
